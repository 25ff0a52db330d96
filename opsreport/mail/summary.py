"""What a mail says, taken from an executed review and its manifest: nothing is measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from nbformat import NotebookNode

from opsreport.errors import MailError
from opsreport.language import filled, mark, translated
from opsreport.mail.model import Chart, Part, Score, Summary
from opsreport.schemas.scorecard import NAMES

#: Charts that a mail shows where the client's file names none.
MOST_CHARTS = 3
_PREHEADER = 140
#: A bar says how far a target was used; a share that is to be high makes none.
_BARS = {"money", "count", "number", "hours", "minutes", "duration", "elapsed", "seconds", "bytes"}
_MOST_CHANGED = 8
_PLOTLY = "application/vnd.plotly.v1+json"

_ALL_MET = mark("{client}, {month}: all {all} targets met")
_MISSED = mark("{client}, {month}: {missed} of {all} targets missed")
_UNSURE = mark("{client}, {month}: {unknown} of {all} targets cannot be judged")
_NO_TARGET = mark("{client}, {month}: operations review")
_CORRECTED = mark("Corrected: {subject}")
_WHAT_CORRECTED = mark("What was corrected")
_CHANGED = mark("{measure}: {before} before, {now} now.")
_TARGET = mark("{measure}: a target of {agreed} before, {agrees} now.")
_BOTH = mark("{measure}: {before} against {agreed} before, {now} against {agrees} now.")
_ONLY_VERDICT = mark("{measure}: still {now}.")
_VERDICT = mark("It read {before}, and reads {now}.")
_FURTHER_IN = mark("{count} more figures of the review have changed, in: {sections}.")
_FURTHER = mark("{count} more figures of the review have changed.")
_NONE_CHANGED = mark("No figure of the scorecard has changed.")


def summary(
    notebook: NotebookNode, manifest: Mapping[str, Any], *, chosen: tuple[str, ...] = (),
    draw: Callable[[dict[str, Any]], bytes], alt: Callable[[dict[str, Any], str, str, str], str],
) -> Summary:  # fmt: skip
    """What the first mail of a review says.

    Parameters
    ----------
    notebook : NotebookNode
        The executed review.
    manifest : mapping
        The review's.
    chosen : tuple of str
        Ids of the charts to show; by default the first of each section that the summary tells of, if it can be drawn.
    draw : callable
        A picture of plotly's JSON; empty where its kind is not known.
    alt : callable
        What a picture shows, of figure, title, subtitle and language.

    Raises
    ------
    MailError
        When the review has no cover or summary, or no chart of a chosen id.
    """
    shown = dict(_exhibits(notebook))
    if not {"cover", "summary"} <= shown.keys():
        raise MailError("the review has no cover and summary", hint="make it again with this version")
    cover, told = shown["cover"][0], shown["summary"][0]
    scores = tuple(_scores(shown, {one["id"]: one for one in manifest["figures"]}))
    charts = _charts(shown, chosen, tuple(told.get("sections", ())), draw, alt, cover["language"])
    parts = tuple(Part(one["kind"], one["title"], tuple(one["items"])) for one in told["said"])
    return Summary(
        client=cover["client"], display_name=cover["display_name"], month=cover["month"], period=cover["period"],
        language=cover["language"], colour=cover["colour"], subject=_subject(cover, scores),
        preheader=_preheader(parts, told["opening"]), opening=tuple(told["opening"]), parts=parts, scores=scores,
        charts=charts, prepared=cover["prepared"],
    )  # fmt: skip


def corrected(
    made: Summary, manifest: Mapping[str, Any], before: Mapping[str, Any], revision: int, why: str
) -> Summary:
    """The same as a correction: what changed since the review that was sent, and why, stands first.

    Parameters
    ----------
    manifest, before : mapping
        The manifests of this review and of the one that was sent.
    why : str
        Why the month was restated.
    """
    language = made.language
    old, new = ({one["id"]: one["text"] for one in told["figures"]} for told in (before, manifest))
    verdicts = {one["id"]: one["verdict"] for one in before["verdicts"]}
    named = [said for id, score in zip((one["id"] for one in manifest["verdicts"]), made.scores, strict=True)
             if (said := _turned(id, score, old, verdicts.get(id, ""), language))]  # fmt: skip
    items = [*([why] if why else []), *named[:_MOST_CHANGED]]
    if not named:
        items.append(translated(_NONE_CHANGED, language))
    told = {f"scorecard.{one['id']}.{name}" for one in manifest["verdicts"] for name in ("this_month", "target")}
    rest = [id for id in {**old, **new} if old.get(id) != new.get(id) and id not in told]
    if rest or len(named) > _MOST_CHANGED:
        parts = dict.fromkeys(part for id in rest if (part := id.split(".")[id.startswith("scorecard.")]) in NAMES)
        where = ", ".join(translated(NAMES[part], language) for part in parts)
        words = _FURTHER_IN if where else _FURTHER
        count = len(rest) + len(named[_MOST_CHANGED:])
        items.append(filled(translated(words, language), {"count": count, "sections": where}))
    part = Part("corrected", translated(_WHAT_CORRECTED, language), tuple(items))
    subject = filled(translated(_CORRECTED, language), {"subject": made.subject})
    return replace(made, parts=(part, *made.parts), subject=subject, preheader=_cut(items[0]), revision=revision)


def _turned(id: str, score: Score, old: Mapping[str, str], verdict: str, language: str) -> str:
    """What of a target is another than was said before: its figure, what was agreed, or its verdict."""
    was = {name: old.get(f"scorecard.{id}.{name}", "–") for name in ("this_month", "target")}
    now = {"this_month": score.this_month, "target": score.target}
    if was == now and verdict == score.verdict:
        return ""
    templates = {(True, True): _ONLY_VERDICT, (False, True): _CHANGED, (True, False): _TARGET, (False, False): _BOTH}
    words = templates[was["this_month"] == now["this_month"], was["target"] == now["target"]]
    said = filled(translated(words, language), {
        "measure": score.measure, "before": was["this_month"], "now": now["this_month"],
        "agreed": was["target"], "agrees": now["target"],
    })  # fmt: skip
    if verdict == score.verdict:
        return said
    turned = {"before": translated(verdict or "unknown", language), "now": score.said}
    return f"{said} {filled(translated(_VERDICT, language), turned)}"


def _exhibits(notebook: NotebookNode) -> Iterator[tuple[str, tuple[dict[str, Any], Any]]]:
    """Each exhibit by its id: what it says of itself, and its data."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if about := output.get("metadata", {}).get("opsreport"):
                yield about["id"], (about, output.data)


def _scores(shown: dict[str, Any], figures: dict[str, dict[str, Any]]) -> Iterator[Score]:
    for one in shown.get("scorecard", ({},))[0].get("scores", ()):
        now, target = (figures.get(f"scorecard.{one['id']}.{name}", {}) for name in ("this_month", "target"))
        yield Score(
            section=one["section"], measure=one["measure"], this_month=one["this_month"], target=one["target"],
            last_month=one["last_month"], verdict=one["verdict"], said=one["said"], reached=_reached(now, target),
        )  # fmt: skip


def _reached(now: Mapping[str, Any], target: Mapping[str, Any]) -> float | None:
    """This month over its target, where both are amounts of the same kind. [ratio]"""
    known = (now.get("value"), target.get("value"))
    same = now.get("unit") == target.get("unit") in _BARS and now.get("currency") == target.get("currency")
    if not same or None in known:
        return None
    this, agreed = (Decimal(str(one)) for one in known)
    return float(this / agreed) if agreed > 0 and this >= 0 else None


def _charts(
    shown: dict[str, Any], chosen: tuple[str, ...], sections: tuple[str, ...], draw: Callable[..., bytes],
    alt: Callable[..., str], language: str,
) -> tuple[Chart, ...]:  # fmt: skip
    charts = {id: one for id, one in shown.items() if one[0]["kind"] == "chart"}
    for id in chosen:
        if id not in charts:
            known = ", ".join(charts)
            raise MailError(f"the review has no chart {id}", hint=f"mail.charts may name: {known}")
    made: list[Chart] = []
    for id in chosen or [id for name in sections for id in charts if id.startswith(f"{name}.")]:
        if not chosen and (len(made) == MOST_CHARTS or any(_section(id) == _section(one.id) for one in made)):
            continue
        about, data = charts[id]
        picture = draw(data[_PLOTLY])
        if picture or chosen:
            said = alt(data[_PLOTLY], about["title"], about["subtitle"], language)
            made.append(
                Chart(id, about["title"], about["subtitle"], data[_PLOTLY], data["text/html"], said, picture)
            )
    return tuple(made)


def _section(id: str) -> str:
    return id.partition(".")[0]


def _subject(cover: Mapping[str, Any], scores: tuple[Score, ...]) -> str:
    count = {verdict: sum(one.verdict == verdict for one in scores) for verdict in ("missed", "unknown")}
    template = _NO_TARGET if not scores else _MISSED if count["missed"] else _UNSURE if count["unknown"] else _ALL_MET
    said = {"client": cover["display_name"], "month": cover["period"], "all": len(scores), **count}
    return filled(translated(template, cover["language"]), said)


def _preheader(parts: tuple[Part, ...], opening: list[str]) -> str:
    """What an inbox shows beside the subject: what is asked, else what changed."""
    items = {part.kind: part.items for part in parts}
    return _cut(" ".join(items.get("asked") or items.get("changed") or tuple(opening)))


def _cut(text: str) -> str:
    return text if len(text) <= _PREHEADER else text[:_PREHEADER].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"

"""The summary that a director reads in one minute: what changed, why, what is asked, what still holds."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, prose
from opsreport.language import mark
from opsreport.narrative.sections import Sections
from opsreport.schemas.scorecard import NAMES
from opsreport.schemas.words import KEY_FIGURES
from opsreport.theme import Style

#: Sections that other parts of the summary speak for.
_APART = ("timeline", "findings", "decisions", "restated")
#: Always told: what was done for the client, and what it cost.
_ALWAYS = ("work", "cost")
_MOST_CHANGES, _MOST_NAMED = 6, 6


def executive(
    review: Sections, style: Style, *, why: Sequence[Exhibit] = (), asked: Sequence[Exhibit] = (),
    since: Sequence[Exhibit] = (),
) -> Exhibit:  # fmt: skip
    """What a director reads in one minute.

    Parameters
    ----------
    review : Sections
        The first sentences of a section stand here when it missed something agreed, or nearly
        did; of cost and of the work done always. The others are named in a sentence.
    why, asked, since : sequences of Exhibit
        What explains the changes, what the client is to decide, and what became of last
        month's review; each may be empty.
    """
    known = {name: finding for name, finding in review.findings.items() if name not in _APART}
    told = [name for name in known if known[name].kind != "notice" and _is_told(name, review)]
    told.sort(key=lambda name: ("missed" not in _verdicts(name, review), name not in _ALWAYS))
    parts = [_counts(review.scorecard, style), *_missed(review.scorecard, style)]
    changed = [_linked(name, known[name], style) for name in told[:_MOST_CHANGES]]
    blocks = {
        mark("What changed"): changed, mark("Why"): why, mark("What we ask you to decide"): asked,
        mark("What became of last month's review"): since,
    }  # fmt: skip
    for title, items in blocks.items():
        if items:
            said = style.say(title)
            parts += [Exhibit("", "prose", f"<h3>{html.escape(said)}</h3>", f"{said}:"), _list(items)]
    parts += _rest(told[_MOST_CHANGES:], known, review, style)
    return Exhibit(
        id="summary", kind="prose", html="".join(part.html for part in parts),
        text=" ".join(part.text for part in parts),
        facts=tuple(fact for part in parts for fact in part.facts), about={"role": "finding"},
    )  # fmt: skip


def _verdicts(section: str, review: Sections) -> set[str]:
    scores = review.scorecard
    return set(scores.loc[(scores["section"] == section) & scores["target"].notna(), "verdict"])


def _is_told(section: str, review: Sections) -> bool:
    return section in _ALWAYS or bool(_verdicts(section, review) & {"missed", "at risk"})


def _linked(section: str, finding: Exhibit, style: Style) -> Exhibit:
    first = finding.lead or finding
    words = html.escape(style.say("See {section}", section=_name(section, style)))
    link = f'<a href="#{html.escape(section)}">{words}</a>'
    return Exhibit("", "prose", f"{_body(first)} {link}", first.text, first.facts)


def _list(items: Sequence[Exhibit]) -> Exhibit:
    items = [item.lead or item for item in items]
    body = "".join(f"<li>{_body(item)}</li>" for item in items)
    return Exhibit("", "prose", f"<ul>{body}</ul>", " ".join(item.text for item in items),
                   tuple(fact for item in items for fact in item.facts))  # fmt: skip


def _rest(also: list[str], known: Mapping[str, Exhibit], review: Sections, style: Style) -> list[Exhibit]:
    """The sections that are not told, by what is known of them."""
    kept = [name for name in known if _verdicts(name, review) and _verdicts(name, review) <= {"met"}]
    unsure = [name for name in known if "unknown" in _verdicts(name, review) and known[name].kind != "notice"]
    blind = [name for name in known if known[name].kind == "notice"]
    free = [name for name in known if not _verdicts(name, review) and name not in (*_ALWAYS, *blind)]
    said = {
        mark("Missed or nearly missed as well"): also,
        mark("As agreed in every target"): [name for name in kept if name not in _ALWAYS],
        mark("Not to be judged in part"): unsure, mark("Nothing was agreed of"): free,
        mark("Nothing is known of"): blind,
    }  # fmt: skip
    lines = [(style.say(words), names) for words, names in said.items() if names]
    made = "".join(f"{words}: {', '.join(_link(name, style) for name in names)}. " for words, names in lines)
    text = " ".join(f"{words}: {', '.join(_name(name, style) for name in names)}." for words, names in lines)
    return [Exhibit("", "prose", f'<p class="rest">{made.strip()}</p>', text)] if lines else []


def _link(section: str, style: Style) -> str:
    return f'<a href="#{html.escape(section)}">{html.escape(_name(section, style))}</a>'


def _name(section: str, style: Style) -> str:
    return style.say(NAMES.get(section, section))


def _missed(scorecard: pd.DataFrame, style: Style) -> list[Exhibit]:
    rows = scorecard[(scorecard["verdict"] == "missed") & scorecard["target"].notna()]
    if rows.empty:
        return []
    head = rows.head(_MOST_NAMED)
    named = [(section, style.again(measure, KEY_FIGURES))
             for section, measure in zip(head["section"], head["measure"], strict=True)]  # fmt: skip
    links = [f'<a href="#{html.escape(section)}">{html.escape(measure)}</a>' for section, measure in named]
    words = style.say("Missed: {names} and others." if len(rows) > len(named) else "Missed: {names}.")
    text = words.format(names="; ".join(measure for _, measure in named))
    shown = html.escape(words, quote=False).format(names="; ".join(links))
    return [Exhibit("", "prose", f'<p class="missed">{shown}</p>', text)]


def _counts(scorecard: pd.DataFrame, style: Style) -> Exhibit:
    judged = scorecard[scorecard["target"].notna()]["verdict"]
    if judged.empty:
        return prose("summary.counts", "No targets were agreed for these days.", style)
    count = {verdict: int((judged == verdict).sum()) for verdict in ("met", "at risk", "missed", "unknown")}
    template = "Of {all} targets agreed, {met} met and {missed} missed"
    template += "; {risk} of those met nearly missed" if count["at risk"] else ""
    template += "; {unknown} could not be judged, and each says why" if count["unknown"] else ""
    facts = {
        "all": len(judged), "met": count["met"] + count["at risk"], "missed": count["missed"],
        "risk": count["at risk"], "unknown": count["unknown"],
    }  # fmt: skip
    used = {name: Fact(f"summary.{name}", n, "count") for name, n in facts.items() if f"{{{name}}}" in template}
    return prose("summary.counts", f"{template}.", style, **used)


def _body(part: Exhibit) -> str:
    return part.html.removeprefix("<p>").removesuffix("</p>")

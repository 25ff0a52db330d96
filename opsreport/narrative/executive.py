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
#: Always told: what it cost, and what was done for the client.
_ALWAYS = ("cost", "work")
#: What weighs most is told first: outages, what is open to attack or lost, money, then the rest.
_WEIGHT = ("uptime", "patches", "access", "backups", "cost", "incidents", "performance", "support", "spending", "work")
_MOST_CHANGES, _MOST_NAMED = 6, 15
#: What the summary says, in this order.
_TITLES = {
    "changed": mark("What changed"), "why": mark("Why"), "asked": mark("What we ask you to decide"),
    "since": mark("What became of last month's review"), "ahead": mark("What comes next"),
}  # fmt: skip


def executive(
    review: Sections, style: Style, *, why: Sequence[Exhibit] = (), asked: Sequence[Exhibit] = (),
    since: Sequence[Exhibit] = (), ahead: Sequence[Exhibit] = (),
) -> Exhibit:  # fmt: skip
    """What a director reads in one minute.

    Parameters
    ----------
    review : Sections
        The first sentences of a section stand here when it missed something agreed, or nearly
        did; of cost and of the work done always. The others are named in a sentence.
    why, asked, since, ahead : sequences of Exhibit
        What explains the changes, what the client is to decide, what became of last month's
        review, and what comes next; each may be empty.
    """
    known = {name: finding for name, finding in review.findings.items() if name not in _APART}
    told = _told(known, review)
    opening = [_counts(review.scorecard, style), *_missed(review.scorecard, style)]
    parts, said = list(opening), []
    items = {
        "changed": [_linked(name, known[name], style) for name in told], "why": why, "asked": asked,
        "since": since, "ahead": ahead,
    }  # fmt: skip
    for kind, title in _TITLES.items():
        if items[kind]:
            title = style.say(title)
            leads = [item.lead or item for item in items[kind]]
            parts += [Exhibit("", "prose", f"<h3>{html.escape(title)}</h3>", f"{title}:"), _list(leads)]
            said.append({"kind": kind, "title": title, "items": [item.text for item in leads]})
    parts += _rest(told, known, review, style)
    return Exhibit(
        id="summary", kind="prose", html="".join(part.html for part in parts),
        text=" ".join(part.text for part in parts),
        facts=tuple(fact for part in parts for fact in part.facts),
        # The mail says the same in a form of its own.
        about={"role": "finding", "opening": [part.text for part in opening], "said": said, "sections": told},
    )  # fmt: skip


def _verdicts(section: str, review: Sections) -> set[str]:
    scores = review.scorecard
    return set(scores.loc[(scores["section"] == section) & scores["target"].notna(), "verdict"])


def _is_missed(section: str, review: Sections) -> bool:
    return bool(_verdicts(section, review) & {"missed", "at risk"})


def _told(known: Mapping[str, Exhibit], review: Sections) -> list[str]:
    """The sections whose finding stands in the summary: those always told, and of the rest the weightiest missed."""
    can = [name for name in known if known[name].kind != "notice"]
    always = [name for name in _ALWAYS if name in can]
    missed = sorted((name for name in can if name not in always and _is_missed(name, review)), key=_weight)
    told = [*missed[: _MOST_CHANGES - len(always)], *always]
    return sorted(told, key=lambda name: (not _is_missed(name, review), _weight(name)))


def _weight(section: str) -> tuple[int, str]:
    return (_WEIGHT.index(section) if section in _WEIGHT else len(_WEIGHT), section)


def _linked(section: str, finding: Exhibit, style: Style) -> Exhibit:
    first = finding.lead or finding
    words = html.escape(style.say("See {section}", section=_name(section, style)))
    link = f'<a href="#{html.escape(section)}">{words}</a>'
    return Exhibit("", "prose", f"{_body(first)} {link}", first.text, first.facts)


def _list(items: Sequence[Exhibit]) -> Exhibit:
    body = "".join(f"<li>{_body(item)}</li>" for item in items)
    return Exhibit("", "prose", f"<ul>{body}</ul>", " ".join(item.text for item in items),
                   tuple(fact for item in items for fact in item.facts))  # fmt: skip


def _rest(told: list[str], known: Mapping[str, Exhibit], review: Sections, style: Style) -> list[Exhibit]:
    """The sections that are not told, by what is known of them."""
    blind = [name for name in known if known[name].kind == "notice"]
    rest = {name: _verdicts(name, review) for name in known if name not in (*told, *blind)}
    also = [name for name in rest if _is_missed(name, review)]
    said = {
        mark("Missed or nearly missed as well"): also,
        mark("As agreed in every target"): [name for name, verdicts in rest.items() if verdicts == {"met"}],
        mark("Not to be judged in part"): [name for name in rest if "unknown" in rest[name] and name not in also],
        mark("No target was agreed of"): [name for name, verdicts in rest.items() if not verdicts],
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


#: By whether some were nearly missed, and whether some could not be judged.
_COUNTED = {
    (False, False): mark("Of {all} targets on the scorecard, {met} met and {missed} missed."),
    (True, False): mark("Of {all} targets on the scorecard, {met} met and {missed} missed; {risk} of those met nearly "
                        "missed."),
    (False, True): mark("Of {all} targets on the scorecard, {met} met and {missed} missed; {unknown} cannot be "
                        "judged."),
    (True, True): mark("Of {all} targets on the scorecard, {met} met and {missed} missed; {risk} of those met nearly "
                       "missed, and {unknown} cannot be judged."),
}  # fmt: skip


#: Of a single target, by its verdict.
_ONE = {
    "met": mark("The one target on the scorecard was met."),
    "at risk": mark("The one target on the scorecard was met, and nearly missed."),
    "missed": mark("The one target on the scorecard was missed."),
    "unknown": mark("Whether the one target on the scorecard was met cannot be judged."),
}


def _counts(scorecard: pd.DataFrame, style: Style) -> Exhibit:
    judged = scorecard[scorecard["target"].notna()]["verdict"]
    if judged.empty:
        return prose("summary.counts", "No targets were agreed for these days.", style)
    if len(judged) == 1:
        return prose("summary.counts", _ONE[judged.iloc[0]], style)
    count = {verdict: int((judged == verdict).sum()) for verdict in ("met", "at risk", "missed", "unknown")}
    template = _COUNTED[bool(count["at risk"]), bool(count["unknown"])]
    facts = {
        "all": len(judged), "met": count["met"] + count["at risk"], "missed": count["missed"],
        "risk": count["at risk"], "unknown": count["unknown"],
    }  # fmt: skip
    used = {name: Fact(f"summary.{name}", n, "count") for name, n in facts.items() if f"{{{name}}}" in template}
    return prose("summary.counts", template, style, **used)


def _body(part: Exhibit) -> str:
    return part.html.removeprefix("<p>").removesuffix("</p>")

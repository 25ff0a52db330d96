"""The mail's own sentences, and what becomes of other people's words before they are shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from opsreport.errors import MailError
from opsreport.language import filled, mark, translated
from opsreport.mail.lint import LINK
from opsreport.mail.model import Part, Score, Summary

#: A state is told by a word and a mark, and by colour only beside them.
MARKS = {"met": "✓", "at risk": "△", "missed": "✕", "unknown": "?"}
#: What a director looks for first.
_URGENCY = {"missed": 0, "at risk": 1, "unknown": 2, "met": 3}
#: A name that we gave a file: the client's id, the month, and what it is.
_OWN_FILE = re.compile(r"[a-z0-9-]+-\d{4}-\d{2}(-[a-z0-9-]+)?\.(pdf|html|zip|csv)")
#: What stands before the scorecard, in this order; corrections are before all.
_FIRST = ("changed", "why", "asked")

_REVIEW = mark("Operations review")
_CORRECTED = mark("Operations review, corrected (revision {revision})")
_SCORECARD = mark("Scorecard")
_HEADS = (mark("Measure"), mark("This month"), mark("Target"), mark("Last month"), mark("Verdict"))
_AGAINST = mark("target {target} · last month {last_month}")
_BAR = mark("A bar shows this month against its target, the upright line.")
_CHARTS = mark("Charts")
_OPEN = mark("Open the full page")
_PAGE = mark("The full page")
_UNTIL = mark("The link works until {until}. Please do not pass it on: whoever has it can open the page.")
_ATTACHED = mark("The full page is attached: {files}.")
_ATTACHED_TOO = mark("Attached: {files}.")
_HOLDS = mark("It holds every figure, what stands behind it, and how it was worked out.")
_ANSWERS = mark("{person} answers: just reply to this mail.")
_AUTOMATIC = mark("It was sent automatically by the team that looks after the systems of {client}.")
_DATA = mark("Data of {prepared}.")
_ROWS = mark("The first {shown} of {count} rows; the full page has them all.")
_COLUMNS = mark("The full page has {count} more columns.")
_TARGETS = mark("{count} more targets were met; they are on the full page.")
_ITEMS = mark("{count} more on the full page.")


@dataclass(frozen=True)
class Words:
    """What a mail says beside its summary's own fields, in the client's language.

    Attributes
    ----------
    kind : str
        What it is: an operations review, or a corrected one.
    page, open, until, attached, holds : str
        About the full page: its name, the button, when the link runs out, and what is attached, as it
        is `shown` already: our own file names are left as they are.
    footer : tuple of str
        Who answers, that it was sent automatically and for whom, and the date of the data.
    """

    kind: str
    scorecard: str
    heads: tuple[str, ...]
    bar: str
    charts: str
    page: str
    open: str
    until: str
    attached: str
    holds: str
    footer: tuple[str, ...]


def words(summary: Summary) -> Words:
    """The sentences of one mail.

    Raises
    ------
    MailError
        When its link is not a plain https address.
    """
    check_link(summary.link)

    def say(text: str, **values: object) -> str:
        return filled(translated(text, summary.language), values)

    files = ", ".join(name if _OWN_FILE.fullmatch(name) else shown(name) for name in summary.attachments)
    attached = say(_ATTACHED_TOO if summary.link else _ATTACHED, files=files) if files else ""
    footer = (
        say(_ANSWERS, person=summary.reply_to) if summary.reply_to else "",
        say(_AUTOMATIC, client=summary.display_name),
        say(_DATA, prepared=summary.prepared) if summary.prepared else "",
    )
    return Words(
        kind=say(_CORRECTED, revision=summary.revision) if summary.revision > 1 else say(_REVIEW),
        scorecard=say(_SCORECARD), heads=tuple(say(head) for head in _HEADS), bar=say(_BAR), charts=say(_CHARTS),
        page=say(_PAGE), open=say(_OPEN), until=say(_UNTIL, until=summary.link_until) if summary.link_until else "",
        attached=attached, holds=say(_HOLDS), footer=tuple(filter(None, footer)),
    )  # fmt: skip


def against(target: str, last_month: str, language: str) -> str:
    """What a figure is compared with."""
    return filled(translated(_AGAINST, language), {"target": target, "last_month": last_month})


def left_out(what: str, language: str, count: int, shown: int = 0) -> str:
    """That something is on the full page only: rows, columns, targets or items."""
    text = {"rows": _ROWS, "columns": _COLUMNS, "targets": _TARGETS, "items": _ITEMS}[what]
    return filled(translated(text, language), {"count": count, "shown": shown})


def by_verdict(scores: tuple[Score, ...]) -> list[Score]:
    """The scores with those that were missed first, then at risk, unknown, and met; each in the review's order."""
    return sorted(scores, key=lambda score: (_URGENCY.get(score.verdict, _URGENCY["unknown"]), score.said))


def in_order(parts: tuple[Part, ...]) -> tuple[list[Part], list[Part], list[Part]]:
    """Parts that have something to say: what was corrected, what stands before the scorecard, and the rest."""
    told = [part for part in parts if part.items]
    first = [part for kind in _FIRST for part in told if part.kind == kind]
    rest = [part for part in told if part.kind not in (*_FIRST, "corrected")]
    return [part for part in told if part.kind == "corrected"], first, rest


def check_link(link: str) -> None:
    """That a link is one that may stand in a mail.

    Raises
    ------
    MailError
        When it is not empty, and not a plain https address.
    """
    if link and not LINK.fullmatch(link):
        raise MailError(f"{link[:80]!r} cannot be linked to", hint="a page's address begins with https://")


# Other people's words: an incident's title, a decision, a file's name.


def shown(text: str) -> str:
    """A text without signs that are not seen or turn it round, and in which a client finds no address to link.

    A zero-width space after a dot or an at sign keeps a mail client from making a link of
    ``evil.example``; `sought` takes it out again.

    Examples
    --------
    >>> shown("a\\u202eb\\x07 c")
    'ab c'
    >>> shown("at 3.5 h, ask x@evil.example")
    'at 3.5 h, ask x@\\u200bevil.\\u200bexample'
    """
    seen = "".join(_seen(text))
    seen = re.sub(r"[ \t\r\n\f\v]+", " ", seen).strip(" ")
    return re.sub(r"(?<=\w)[.@](?=[^\W\d_]{2})|(?<=\w)[.@](?=xn--)|(?<=\w):(?=//)", r"\g<0>" + "\u200b", seen)


def sought(text: str) -> str:
    """What `shown` was given, but for the signs that it took out: for a search.

    Examples
    --------
    >>> sought(shown("x@evil.example"))
    'x@evil.example'
    """
    return text.replace("\u200b", "")


def _seen(text: str) -> Iterator[str]:
    for char in text:
        kind = unicodedata.category(char)
        if kind in ("Zl", "Zp") or char in "\t\r\n\f\v":
            yield " "
        # Two joiners are letters' business: emoji and several scripts need them.
        elif kind not in ("Cc", "Cf", "Cs", "Co", "Cn") or char in "\u200c\u200d":
            yield char

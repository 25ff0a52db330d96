"""A mail's plain text, from the same summary as its HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from opsreport.mail.model import Part, Score, Summary
from opsreport.mail.words import MARKS, against, by_verdict, in_order, shown, words

WIDTH = 72  # RFC 3676, section 4.2, and room for a reply's quotation signs [characters]
#: Below this a measure's name breaks into too many lines beside its figures, and a list reads better.
_LEAST_NAME = 26


def as_text(summary: Summary) -> str:
    """What a mail says, as plain text.

    Parameters
    ----------
    summary : Summary

    Returns
    -------
    str
        Lines of at most 72 characters, but for the link, which stands alone on its line;
        the same summary always gives the same text.

    Raises
    ------
    MailError
        When the summary's link is not a plain https address.
    """
    said = words(summary)
    corrected, first, rest = in_order(summary.parts)
    blocks = [
        *_wrapped(said.kind), *_wrapped(f"{shown(summary.display_name)}, {shown(summary.period)}"), "",
        *_parts(corrected),
        *(line for sentence in summary.opening for line in (*_wrapped(shown(sentence)), "")),
        *((*_wrapped(f"{said.open}:"), summary.link, "") if summary.link else ()),
        *_parts(first),
    ]  # fmt: skip
    if summary.scores:
        blocks += [*_heading(said.scorecard), *_scorecard(by_verdict(summary.scores), said.heads, summary.language), ""]
    if summary.charts:
        blocks += _heading(said.charts)
    for chart in summary.charts:
        told = [text for text in (chart.title, chart.subtitle) if text not in chart.alt]
        blocks += [line for text in (*told, chart.alt) for line in _wrapped(shown(text))] + [""]
    blocks += [*_parts(rest), *_page(summary), "-" * 40]
    blocks += [line for sentence in said.footer for line in _wrapped(shown(sentence))]
    return "\n".join(line.rstrip() for line in blocks) + "\n"


def _page(summary: Summary) -> Iterator[str]:
    said = words(summary)
    if summary.link or said.attached:
        yield from _heading(said.page)
    if summary.link:
        yield summary.link
        yield from _wrapped(shown(said.until))
    if said.attached:
        yield from _wrapped(said.attached)
    if summary.link or said.attached:
        yield from (*_wrapped(said.holds), "")


def _parts(parts: list[Part]) -> Iterator[str]:
    for part in parts:
        yield from _heading(part.title)
        for number, item in enumerate(part.items, 1):
            point = f"{number}. " if part.kind == "asked" else "- "
            yield from _wrapped(shown(item), point)
        yield ""


def _heading(title: str) -> Iterator[str]:
    lines = _wrapped(shown(title).upper())
    yield from lines
    yield "=" * max(map(len, lines), default=0)


def _scorecard(scores: list[Score], heads: tuple[str, ...], language: str) -> Iterator[str]:
    """A table where the figures leave room for the measures' names, else a list."""
    rows = [[shown(text) for text in _cells(score)] for score in scores]
    widths = [max(map(len, column)) for column in zip(*(row[1:] for row in rows), heads[1:], strict=True)]
    room = WIDTH - sum(width + 2 for width in widths)
    name = min(room, max(len(text) for text in (heads[0], *(row[0] for row in rows))))
    if room < _LEAST_NAME:
        yield from _list(scores, language)
        return
    yield from _row(list(heads), name, widths)
    yield "  ".join("-" * width for width in (name, *widths))
    for row in rows:
        yield from _row(row, name, widths)


def _cells(score: Score) -> tuple[str, ...]:
    verdict = f"{MARKS.get(score.verdict, '?')} {score.said}"
    return f"{score.measure} ({score.section})", score.this_month, score.target, score.last_month, verdict


def _row(cells: list[str], name: int, widths: list[int]) -> Iterator[str]:
    """One row; figures are to the right, and the measure's name takes several lines where it must."""
    first, *rest = textwrap.wrap(cells[0], name, subsequent_indent="  ") or [""]
    figures = [text.rjust(width) for text, width in zip(cells[1:-1], widths[:-1], strict=True)]
    yield "  ".join([first.ljust(name), *figures, cells[-1]])
    yield from rest


def _list(scores: list[Score], language: str) -> Iterator[str]:
    for score in scores:
        measure, *figures = (shown(text) for text in _cells(score))
        now, target, last_month, verdict = (text.replace(" ", "\u00a0") for text in figures)  # no line breaks there
        yield from _wrapped(f"{measure}: {now}, {verdict}", "- ")
        yield from _wrapped(against(target, last_month, language), "  ")


def _wrapped(text: str, point: str = "") -> list[str]:
    """Lines of a text; those after the first stand under its first word."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=point, subsequent_indent=" " * len(point), break_on_hyphens=False
    )  # fmt: skip

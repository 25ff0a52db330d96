"""How a mail looks: one column of tables and cells, which Word's engine lays out as a browser does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import css_inline
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from PIL import Image

from opsreport.errors import MailError
from opsreport.mail.colours import palette
from opsreport.mail.lint import MOST_BYTES
from opsreport.mail.model import Chart, Score, Summary
from opsreport.mail.plain import as_text
from opsreport.mail.words import MARKS, against, by_verdict, in_order, left_out, shown, words

__all__ = ["as_html", "as_text"]

TEMPLATE = Path(__file__).parent / "template"
#: How wide a picture is shown, on its card within a column of 600. [px]
PICTURE = 570
_MOST_ROWS, _MOST_COLUMNS, _MOST_ITEMS = 10, 5, 3
#: A bar's length, where its target stands, and what it stops at. [px, px, ratio]
_BAR, _TARGET, _LONGEST = 90, 60, 1.5


def as_html(summary: Summary) -> str:
    """What a mail says, as HTML with its styles inlined.

    Parameters
    ----------
    summary : Summary

    Returns
    -------
    str
        The scorecard begins with what was missed; of a target that was met it has one line. At most
        80 KB, by leaving out what the full page has: first targets that were met,
        then all but a part's first sentences; each time it says so. The same summary
        always gives the same HTML.

    Raises
    ------
    MailError
        When it cannot be made so short, or its link is not a plain https address.
    """
    for form in (summary, _without_met(summary), _shortened(_without_met(summary))):
        html = _inlined(_page(form, hidden=len(summary.scores) - len(form.scores)))
        if (size := len(html.encode())) <= MOST_BYTES:
            return html
    raise MailError(
        f"the mail of {summary.client}, {summary.month} comes to {size:,} bytes of HTML; {MOST_BYTES:,} are the most",
        hint="name fewer charts in mail.charts, or shorten the texts of decisions and of the commentary",
    )


def _page(summary: Summary, hidden: int) -> str:
    corrected, first, rest = in_order(summary.parts)
    light, dark = palette(summary.colour)
    said = words(summary)
    return _template().render(
        summary=summary,
        said=said,
        attached=Markup(escape(said.attached)),
        corrected=corrected,
        first=first,
        rest=rest,
        groups=_groups(summary),
        hidden=left_out("targets", summary.language, hidden) if hidden else "",
        pictures=[_Picture.of(chart, summary.language) for chart in summary.charts],
        has_bars=any(score.reached is not None and score.verdict != "met" for score in summary.scores),
        against=lambda score: _against(score, summary.language),
        section=lambda score: "·\u00a0" + score.section,
        figure=_figure,
        bar=_bar,
        marks=MARKS,
        link=Markup(escape(summary.link)),
        light={name.replace("-", "_"): Markup(value) for name, value in light.items()},
        dark={name.replace("-", "_"): Markup(value) for name, value in dark.items()},
        width=PICTURE,
        language=Markup(escape(re.sub("[^A-Za-z0-9-]", "", summary.language))),
    )


@lru_cache(maxsize=1)
def _template() -> Any:
    """Everything that is put in is cleaned and escaped, but for our own Markup."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=lambda value: shown(value) if type(value) is str else value,
    )  # fmt: skip
    return environment.get_template("mail.html.j2")


def _inlined(page: str) -> str:
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)
    html = inliner.inline(page).replace(' data-css-inline="keep"', "")
    return re.sub(r">\s*\n\s*<", ">\n<", html)


def _figure(text: str) -> str:
    """A figure that does not break at its spaces; Word knows no other way to say so."""
    return text.replace(" ", "\u00a0")


# Scores.


def _groups(summary: Summary) -> list[tuple[str, list[Score]]]:
    """The scores under their verdicts, as these are said."""
    scores = by_verdict(summary.scores)
    return [(said[:1].upper() + said[1:], list(own)) for said, own in groupby(scores, lambda one: one.said)]


def _against(score: Score, language: str) -> str:
    """What a figure is compared with; a line may break before a dot, and nowhere else."""
    return _figure(f"· {against(score.target, score.last_month, language)}").replace("\u00a0·", " ·")


def _bar(score: Score) -> list[tuple[str, int]]:
    """A bar as cells, each with a colour's name and a length: what was reached, and the target's line. [px]"""
    if score.reached is None:
        return []
    own = score.verdict.replace(" ", "-") if score.verdict in MARKS else "unknown"
    reached = round(min(max(score.reached, 0), _LONGEST) * _TARGET)
    before, after = min(reached, _TARGET), max(reached - _TARGET - 2, 0)
    cells = [
        (own, before), ("grid", _TARGET - before), ("ink", 2), (own, after), ("grid", _BAR - _TARGET - 2 - after),
    ]  # fmt: skip
    return [(colour, length) for colour, length in cells if length > 0]


# Charts.


@dataclass(frozen=True)
class _Picture:
    """A chart as the template shows it: a picture, or the numbers where there is none."""

    chart: Chart
    source: Markup
    height: int
    heads: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool]]]
    notes: list[str]

    @classmethod
    def of(cls, chart: Chart, language: str) -> _Picture:
        if chart.png:
            return cls(chart, Markup(escape(f"cid:{chart.cid}")), _height(chart), [], [], [])
        heads, rows = _numbers(chart.table)
        notes = list(_left_out(len(heads), len(rows), language))
        few = [row[:_MOST_COLUMNS] for row in rows[:_MOST_ROWS]]
        return cls(chart, Markup(""), 0, heads[:_MOST_COLUMNS], few, notes)


def _height(chart: Chart) -> int:
    """How tall the picture is where it is shown. [px]"""
    with Image.open(BytesIO(chart.png)) as picture:
        return round(PICTURE * picture.height / picture.width)


def _numbers(table: str) -> tuple[list[tuple[str, bool]], list[list[tuple[str, bool]]]]:
    """A table's heads and rows as texts, each with whether it is a number."""
    soup = BeautifulSoup(table, "html.parser")
    lines = [
        [(cell.get_text(" ", strip=True), "num" in cell.get("class", [])) for cell in row.find_all(["th", "td"])]
        for row in soup.find_all("tr")
    ]
    return (lines[0], lines[1:]) if lines else ([], [])


def _left_out(columns: int, rows: int, language: str) -> Iterator[str]:
    if rows > _MOST_ROWS:
        yield left_out("rows", language, rows, _MOST_ROWS)
    if columns > _MOST_COLUMNS:
        yield left_out("columns", language, columns - _MOST_COLUMNS)


# Shorter forms.


def _without_met(summary: Summary) -> Summary:
    return replace(summary, scores=tuple(score for score in summary.scores if score.verdict != "met"))


def _shortened(summary: Summary) -> Summary:
    """With the first sentences of each part; what is asked stays whole."""
    parts = []
    for part in summary.parts:
        rest = len(part.items) - _MOST_ITEMS
        if part.kind != "asked" and rest > 0:
            items = (*part.items[:_MOST_ITEMS], left_out("items", summary.language, rest))
            part = replace(part, items=items)
        parts.append(part)
    return replace(summary, parts=tuple(parts))

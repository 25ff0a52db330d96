"""One table function: formatted by the schema's units, always escaped, every number a fact."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows
from opsreport.language import mark
from opsreport.schemas import FRAMES, MEASURES, SECTIONS, Measure
from opsreport.schemas.frame import ANY, MISSING
from opsreport.schemas.scorecard import NAMES
from opsreport.schemas.words import ALL_WORDS, KEY_FIGURES
from opsreport.theme import Style, is_unknown

_GLYPHS = {mark("met"): "✓", mark("missed"): "✕", mark("at risk"): "△", mark("unknown"): "?"}
_SCORE_HEADS = (mark("Measure"), mark("This month"), mark("Target"), mark("Last month"), mark("Baseline"),
                mark("13 months"), mark("Seen"), mark("Verdict"))  # fmt: skip
_ENGLISH = Style()
_NOTHING_BETTER: Mapping[str, str] = MappingProxyType({})
_WORDS = ("text", "instant", "time", "day", "date", "month")


def table(
    rows: pd.DataFrame, id: str, title: str, style: Style, *,
    columns: Sequence[str] = (), note: str = "", limit: int = 20, nothing: str = "",
    unknown: Mapping[str, str] = _NOTHING_BETTER, of: str = "", when: str = "this_month",
) -> Exhibit:  # fmt: skip
    """A metric's result as a table.

    Parameters
    ----------
    rows : DataFrame
        Columns named as in `opsreport.schemas.MEASURES`; a ``coverage`` column bounds the
        row's facts, a ``billing_currency`` column is its money's currency. A value that is
        a `Fact` is written in its own unit, for columns of figures of several kinds.
    columns : sequence of str
        Which columns, in order; all by default.
    limit : int
        Rows shown; what is left out is said.
    nothing : str
        The sentence that stands in the table's place when there is no row.
    unknown : mapping of str to str
        By column, what an unknown figure reads where there is a better word, such as "still
        open"; a row of which nothing was seen keeps to unknown.
    of : str
        The frame whose rows stand behind the figures, by default the section's; a row's are
        those with its values in the frame's `groups`.
    when : str
        Of which days these are, as `opsreport.exhibit.Rows` says.

    Returns
    -------
    Exhibit
        Of kind table; its facts are ``<id>.<row>.<column>``.

    Raises
    ------
    KeyError
        When a column has no definition.
    """
    title, nothing = style.say(title), style.say(nothing)
    if nothing and rows.empty:
        return Exhibit(id=id, kind="prose", html=f"<p>{html.escape(nothing)}</p>", text=nothing, about={"role": "note"})
    shown = rows.head(limit)
    names = [name for name in columns or rows.columns if not _says_nothing(shown[name], MEASURES[name])]
    measures, keys = [MEASURES[name] for name in names], _row_keys(shown, names)
    facts: list[Fact | None] = []
    body = []
    for key, (_, row) in zip(keys, shown.iterrows(), strict=True):
        behind = _behind(row, of or SECTIONS.get(id.partition(".")[0], ""), when)
        cells = [_cell(f"{id}.{key}.{n}", row, n, style, unknown, behind) for n in names]
        facts += [fact for _, fact in cells if fact is not None]
        first = cells[0][0].replace("<td", '<th scope="row"', 1).removesuffix("</td>") + "</th>"
        body.append(f"<tr>{first}{''.join(markup for markup, _ in cells[1:])}</tr>")
    head = "".join(_head(measure, style) for measure in measures)
    left_out = style.say("Showing {shown} of {all} rows.", shown=len(shown), all=len(rows))
    left_out = left_out if len(rows) > len(shown) else ""
    return Exhibit(
        id=id,
        kind="table",
        html=f"<table><caption>{html.escape(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>",
        text=f"{title}\n{_in_words(shown[names], style).to_string(index=False)}",
        facts=tuple(fact.record(style) for fact in facts),
        about={"title": title, "note": " ".join(filter(None, [style.say(note), left_out]))},
    )


def scorecard(rows: pd.DataFrame, style: Style) -> Exhibit:
    """The key figures of every section: this month against target, last month and baseline.

    Parameters
    ----------
    rows : DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists, each figure in its own unit.
    """
    facts: list[Fact] = []
    body, section = "", ""
    for _, row in rows.iterrows():
        body += _group(row["section"], len(_SCORE_HEADS), style) if row["section"] != section else ""
        body += _score_row(row, style, facts)
        section = row["section"]
    numbers = ("This month", "Target", "Last month", "Baseline", "Seen")
    head = "".join(f'<th scope="col"{_number_class(h in numbers)}>{style.say(h)}</th>' for h in _SCORE_HEADS)
    title = style.say("Scorecard")
    return Exhibit(
        id="scorecard",
        kind="scorecard",
        html=f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
        text=_score_text(rows, style),
        facts=tuple(fact.record(style) for fact in facts),
        about={"title": title, "note": "", "verdicts": _verdicts(rows)},
    )


def _score_text(rows: pd.DataFrame, style: Style) -> str:
    told = rows[["measure", "this_month", "target", "last_month", "verdict"]]
    told = told.assign(measure=[style.again(one, KEY_FIGURES) for one in told["measure"]],
                       verdict=[style.say(one) for one in told["verdict"]])  # fmt: skip
    return told.to_string(index=False)


def _verdicts(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Each target's verdict, for the manifest."""
    agreed = rows[rows["target"].notna()]
    return [{name: str(row[name]) for name in ("id", "measure", "section", "verdict")} for _, row in agreed.iterrows()]


def badge(verdict: str, style: Style = _ENGLISH) -> str:
    """A verdict as a word with a glyph, so that colour is never needed to read it."""
    known = verdict if verdict in _GLYPHS else "unknown"
    glyph = f'<span aria-hidden="true">{_GLYPHS[known]}</span>'
    return f'<span class="verdict {known.replace(" ", "-")}">{glyph} {style.say(known)}</span>'


def spark(values: Sequence[Any]) -> str:
    """A small line of the last months, the newest marked; gaps where a month is unknown."""
    numbers = [None if is_unknown(v) else float(v) for v in values]
    known = [v for v in numbers if v is not None]
    if len(known) < 2:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = 88 / max(len(numbers) - 1, 1)
    points = [None if v is None else (4 + i * step, 20 - 16 * (v - low) / span) for i, v in enumerate(numbers)]
    lines = "".join(f'<polyline points="{run}"/>' for run in _runs(points))
    dot = f'<circle cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" r="2.5"/>' if points[-1] else ""
    return f'<svg class="spark" viewBox="0 0 96 24" aria-hidden="true">{lines}{dot}</svg>'


def _runs(points: list[tuple[float, float] | None]) -> list[str]:
    runs: list[list[str]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(f"{point[0]:.1f},{point[1]:.1f}")
    return [" ".join(run) for run in runs if len(run) > 1]


def _group(section: str, width: int, style: Style) -> str:
    """The line above a section's key figures."""
    name = html.escape(style.say(NAMES.get(section, section)))
    return (
        f'<tr class="group"><th scope="colgroup" colspan="{width}">'
        f'<a href="#{html.escape(section)}">{name[:1].upper()}{name[1:]}</a></th></tr>'
    )


def _score_row(row: pd.Series, style: Style, facts: list[Fact]) -> str:
    name, this_month, target, last_month, baseline, trend, seen_head, verdict = map(style.say, _SCORE_HEADS)
    cells = [f'<th scope="row" data-label="{name}">{html.escape(style.again(row["measure"], KEY_FIGURES))}</th>']
    for column, heading in (("this_month", this_month), ("target", target),
                            ("last_month", last_month), ("baseline", baseline)):  # fmt: skip
        if column == "target" and is_unknown(row[column]):
            cells.append(f'<td class="num absent" data-label="{heading}">{style.say("none agreed")}</td>')
            continue
        covered = row["coverage"] if column == "this_month" else None
        behind = _score_rows(row, column)
        fact = Fact(f"scorecard.{row['id']}.{column}", row[column], row["unit"], covered, row["currency"], rows=behind)
        facts.append(fact)
        cells.append(f'<td class="num" data-label="{heading}">{fact.html(style)}</td>')
    seen = Fact(f"scorecard.{row['id']}.coverage", row["coverage"], "share")
    facts.append(seen)
    cells.append(f'<td data-label="{trend}">{spark(row["trend"])}</td>')
    cells.append(f'<td class="num" data-label="{seen_head}">{seen.html(style)}</td>')
    # Where nothing was agreed there is nothing to be met or missed.
    judged = badge(row["verdict"], style) if not is_unknown(row["target"]) else '<span class="absent">–</span>'
    cells.append(f'<td data-label="{verdict}">{judged}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _score_rows(row: pd.Series, column: str) -> Rows | None:
    """The rows behind a key figure, of the days that the column tells of; none behind what was agreed."""
    if column == "target":
        return None
    given = row["rows"] if isinstance(row["rows"], Rows) else Rows(SECTIONS.get(row["section"], ""))
    return replace(given, when=column) if given.frame else None


def _cell(
    id: str, row: pd.Series, name: str, style: Style, unknown: Mapping[str, str], behind: Rows | None
) -> tuple[str, Fact | None]:
    measure = MEASURES[name]
    value = style.say(FRAMES[row[name]].title) if name == "frame" and row[name] in FRAMES else row[name]
    label = f'data-label="{html.escape(style.say(measure.heading))}"'
    if name == "verdict":
        return f"<td {label}>{badge(value, style)}</td>", None
    if isinstance(value, Fact):
        fact = replace(value, id=id)
        return f"<td{_number_class(measure.unit not in _WORDS)} {label}>{fact.html(style)}</td>", fact
    if name == "trend":
        return f"<td {label}>{'' if is_unknown(value) else spark(value)}</td>", None
    if measure.unit == "text":
        return f"<td {label}>{'' if is_unknown(value) else html.escape(_worded(value, measure, style))}</td>", None
    currency = row.get("billing_currency", "") if measure.unit == "money" else ""
    coverage = row.get("coverage") if name != "coverage" else None
    better = "" if row.get("coverage") == 0 else unknown.get(name, "")
    fact = Fact(id, value, measure.unit, coverage, currency, measure.signed, better, name, behind)
    return f"<td{_number_class(measure.unit not in _WORDS)} {label}>{fact.html(style)}</td>", fact


def _worded(value: Any, measure: Measure, style: Style) -> str:
    if value in MISSING + ANY:  # what a group without a key is called, in any column
        return style.say(value)
    return style.again(value, ALL_WORDS) if measure.is_words else str(value)


def _in_words(rows: pd.DataFrame, style: Style) -> pd.DataFrame:
    """A table in plain words; times and numbers as they are."""

    def said(value: Any, name: str) -> Any:
        if isinstance(value, Fact):
            return value.text(style)
        return _worded(value, MEASURES[name], style) if isinstance(value, str) else value

    return rows.apply(lambda column: column.map(lambda one: said(one, column.name)))


def _behind(row: pd.Series, frame: str, when: str) -> Rows | None:
    """The rows of a frame that agree with a table's row in what tells the frame's rows apart."""
    if frame not in FRAMES:
        return None
    shared = {name: row[name] for name in FRAMES[frame].groups if name in row.index}
    shared = {name: None if is_unknown(value) or value in MISSING else value for name, value in shared.items()}
    return Rows(frame, {name: value for name, value in shared.items() if value not in ANY}, when)


def _says_nothing(values: pd.Series, measure: Measure) -> bool:
    """Whether a column of words, such as notes, is empty in every row."""
    return measure.unit == "text" and len(values) > 0 and all(is_unknown(v) or str(v) == "" for v in values)


def _head(measure: Measure, style: Style) -> str:
    return f'<th scope="col"{_number_class(measure.unit not in _WORDS)}>{html.escape(style.say(measure.heading))}</th>'


def _number_class(is_number: bool) -> str:
    return ' class="num"' if is_number else ""


def _row_keys(rows: pd.DataFrame, names: list[str]) -> list[str]:
    """A short, unique key a row: its first column, numbered where that repeats."""
    keys: list[str] = []
    for value in rows[names[0]] if names else []:
        slug = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")[:48] or "row"
        same = sum(key == slug or key.startswith(f"{slug}~") for key in keys)
        keys.append(f"{slug}~{same + 1}" if same else slug)
    return keys

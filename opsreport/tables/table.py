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
from opsreport.schemas import FRAMES, MEASURES, SECTIONS, Measure
from opsreport.schemas.frame import ANY, MISSING
from opsreport.schemas.words import ALL_WORDS
from opsreport.tables.marks import badge, number_class, spark
from opsreport.theme import Style, is_unknown

#: Rows beyond a limit that are shown all the same: leaving out three of twenty-three helps nobody.
_SPARE = 5
#: Columns that hold the day that their row tells of.
_OF_A_DAY = ("charge_day", "load_day", "deployed_on", "ran_on", "happened_on")
#: Columns that tell of other days than their row does.
_OF_OTHER_DAYS: Mapping[str, str] = MappingProxyType({
    **dict.fromkeys(("last_spend", "last_requests", "access_before"), "last_month"),
    **dict.fromkeys(
        ("spend_change", "spend_change_share", "same_days_change", "same_days_change_share", "total_change",
         "days_change", "usage_change", "price_change", "new_change", "removed_change", "other_change", "effect_change",
         "resource_change", "requests_change", "stored_growth"), "since_last_month"),
    # A change may have begun, and an alarm last fired, in any month before.
    **dict.fromkeys(("changes", "lead_median", "lead_p90", "last_fired_at"), "history"),
})  # fmt: skip
_NOTHING_BETTER: Mapping[str, str] = MappingProxyType({})
_WORDS = ("text", "instant", "time", "day", "date", "month")


def table(
    rows: pd.DataFrame, id: str, title: str, style: Style, *,
    columns: Sequence[str] = (), note: str = "", limit: int = 20, nothing: str | None = "",
    unknown: Mapping[str, str] = _NOTHING_BETTER, of: str | Mapping[str, str] = "", when: str = "this_month",
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
        Rows shown, or some few more where those are the rest; what is left out is said.
    nothing : str or None
        The sentence that stands in the table's place when there is no row; None for nothing at all.
    unknown : mapping of str to str
        By column, what an unknown figure reads where there is a better word, such as "still
        open"; a row of which nothing was seen keeps to unknown.
    of : str or mapping of str to str
        The frame whose rows stand behind the figures, by default the section's; or a column
        that names each row's frame; or by column, where they are of several. A row's are those
        with its values in the frame's `groups`.
    when : str
        Of which days these are, as `opsreport.exhibit.Rows` says; of a row that tells of a
        single day, that day.

    Returns
    -------
    Exhibit
        Of kind table; its facts are ``<id>.<row>.<column>``.

    Raises
    ------
    KeyError
        When a column has no definition.
    """
    title = style.say(title)
    if nothing != "" and rows.empty:
        said = style.say(nothing or "")
        markup = f"<p>{html.escape(said)}</p>" if said else ""
        return Exhibit(id=id, kind="prose", html=markup, text=said, about={"role": "note"})
    shown = rows.head(limit) if len(rows) > limit + _SPARE else rows
    names = [name for name in columns or rows.columns if not _says_nothing(shown[name], MEASURES[name])]
    measures, keys = [MEASURES[name] for name in names], _row_keys(shown, names)
    facts: list[Fact | None] = []
    body = []
    for key, (_, row) in zip(keys, shown.iterrows(), strict=True):
        given = {n: of if isinstance(of, str) else of.get(n, "") for n in names}
        # Some frames are called as a column is: a name of a frame is one.
        frames = {n: frame if frame in FRAMES else row[frame] if frame else SECTIONS.get(id.partition(".")[0], "")
                  for n, frame in given.items()}  # fmt: skip
        cells = [_cell(f"{id}.{key}.{n}", row, n, style, unknown, _behind(row, frames[n], when)) for n in names]
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


def _cell(
    id: str, row: pd.Series, name: str, style: Style, unknown: Mapping[str, str], behind: Rows | None
) -> tuple[str, Fact | None]:
    measure = MEASURES[name]
    value = row[name]
    if name == "frame":
        value = style.say(FRAMES[value].title if value in FRAMES else value)
    label = f'data-label="{html.escape(style.say(measure.heading))}"'
    if name == "verdict":
        return f"<td {label}>{badge(value, style)}</td>", None
    if isinstance(value, Fact):
        fact = replace(value, id=id)
        return f"<td{number_class(measure.unit not in _WORDS)} {label}>{fact.html(style)}</td>", fact
    if name == "trend":
        return f"<td {label}>{'' if is_unknown(value) else spark(value)}</td>", None
    if measure.unit == "text":
        return f"<td {label}>{'' if is_unknown(value) else html.escape(_worded(value, measure, style))}</td>", None
    currency = row.get("billing_currency", "") if measure.unit == "money" else ""
    coverage = row.get("coverage") if name != "coverage" else None
    better = "" if row.get("coverage") == 0 else unknown.get(name, "")
    fact = Fact(id, value, measure.unit, coverage, currency, measure.signed, better, name, _of_days(behind, name))
    return f"<td{number_class(measure.unit not in _WORDS)} {label}>{fact.html(style)}</td>", fact


def _worded(value: Any, measure: Measure, style: Style) -> str:
    if value in (*MISSING, *ANY, "all"):  # what a group without a key is called, in any column
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
    return Rows.of(row, frame, _own_days(row) if when == "this_month" else when) if frame in FRAMES else None


def _own_days(row: pd.Series) -> str:
    """The month or the single day that a table's row tells of, as a period's name."""
    day = next((row[name] for name in _OF_A_DAY if name in row.index), None)
    if not is_unknown(day):
        day = pd.Timestamp(day).date()
        return f"{day}_{day}"
    return row["period"] if "period" in row.index else "this_month"


def _of_days(behind: Rows | None, name: str) -> Rows | None:
    """The rows behind a column that tells of other days than its row does."""
    if behind is None or behind.when != "this_month":
        return behind
    return replace(behind, when=_OF_OTHER_DAYS.get(name, "this_month"))


def _says_nothing(values: pd.Series, measure: Measure) -> bool:
    """Whether a column of words, such as notes, is empty in every row."""
    return measure.unit == "text" and len(values) > 0 and all(is_unknown(v) or str(v) == "" for v in values)


def _head(measure: Measure, style: Style) -> str:
    return f'<th scope="col"{number_class(measure.unit not in _WORDS)}>{html.escape(style.say(measure.heading))}</th>'


def _row_keys(rows: pd.DataFrame, names: list[str]) -> list[str]:
    """A short, unique key a row: its first column, numbered where that repeats."""
    keys: list[str] = []
    for value in rows[names[0]] if names else []:
        slug = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")[:48] or "row"
        same = sum(key == slug or key.startswith(f"{slug}~") for key in keys)
        keys.append(f"{slug}~{same + 1}" if same else slug)
    return keys

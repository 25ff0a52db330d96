"""The rows behind each figure: what the page opens to, and the same rows whole as CSV beside it.

A figure says in its metadata which rows stand behind it, or they are those of its section's
frame in the month. `opsreport.Month.rows` looks them up, here and in JupyterLab alike.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

import pandas as pd

from opsreport.language import mark
from opsreport.period import Period
from opsreport.schemas import FRAMES, MEASURES, SECTIONS
from opsreport.theme import Style, is_unknown

#: Rows of a figure that the page itself holds.
MOST = 20
#: And of a figure of an earlier month or of a single day, of which a chart's table has many.
MOST_PAST = 3
_MOST_COLUMNS = 8
#: What a spreadsheet takes for the start of a formula, or for a character that hides one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WHEN = {
    "this_month": mark("this month"), "last_month": mark("the month before"), "baseline": mark("the baseline"),
    "since_last_month": mark("this month and the one before"), "history": mark("up to the month's end"),
}  # fmt: skip

RowsOf = Callable[..., pd.DataFrame]


@dataclass
class Evidence:
    """What stands behind a review's figures.

    Attributes
    ----------
    facts : dict of str to list
        For each figure's id: place of its definition, share seen as text, place of its rows;
        -1 or an empty text where it has none.
    measures : list of (heading, meaning)
    selections : list of dict
        title, count, columns, rows (texts), csv (file name, empty for an earlier month) and
        code (what gives the same rows in JupyterLab).
    files : dict of str to bytes
        The CSV files by name.
    """

    facts: dict[str, list[Any]] = field(default_factory=dict)
    measures: list[tuple[str, str]] = field(default_factory=list)
    selections: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As the page holds it."""
        return {"facts": self.facts, "measures": self.measures, "selections": self.selections}


def gather(figures: list[dict[str, Any]], rows_of: RowsOf, style: Style, load: str) -> Evidence:
    """Look up the rows behind each figure.

    Parameters
    ----------
    figures : list of dict
        As `opsreport.report.manifest.figures` returns them.
    rows_of : callable
        `opsreport.Month.rows` of the month reported.
    load : str
        The expression that loads the month in JupyterLab.
    """
    made, places = Evidence(), {}
    measured: dict[str, int] = {}
    for figure in figures:
        asked = asked_for(figure)
        name = figure.get("measure", "")
        if name in MEASURES and name not in measured:
            measured[name] = len(made.measures)
            made.measures.append((style.say(MEASURES[name].heading), style.say(MEASURES[name].meaning)))
        place = -1
        if asked:
            key = json.dumps(asked, sort_keys=True)
            if key not in places:
                places[key] = len(made.selections)
                made.selections.append(_selection(made, asked, rows_of, style, load))
            place = places[key]
        seen = "" if figure["coverage"] is None else style.text(figure["coverage"], "share")
        made.facts[figure["id"]] = [measured.get(name, -1), seen, place]
    return made


def asked_for(figure: dict[str, Any]) -> dict[str, Any] | None:
    """Which rows stand behind a figure: those it names, else its section's of the month."""
    if "rows" in figure:
        return figure["rows"]
    section = figure["id"].partition(".")[0]
    return {"frame": SECTIONS[section], "where": {}, "when": "this_month"} if section in SECTIONS else None


def _selection(made: Evidence, asked: dict[str, Any], rows_of: RowsOf, style: Style, load: str) -> dict[str, Any]:
    frame, where, when = FRAMES[asked["frame"]], asked["where"], asked["when"]
    rows = _in_order(rows_of(frame.name, when, **where), frame.name)
    # A chart tells of many months; the records of each lie beside that month's own review.
    name = _file_name(asked) if when in _WHEN else ""
    if name:
        made.files[name] = csv_bytes(rows)
    told_of = (column for column in (frame.shown or frame.names) if column in rows and rows[column].notna().any())
    shown = list(islice(told_of, _MOST_COLUMNS))
    first = rows[shown].head(MOST if when in _WHEN else MOST_PAST)
    zone = "UTC" if frame.is_billed else style.zone  # a bill counts its days in UTC
    none = style.say("(none)")
    told = "".join(f", {column.replace('_', ' ')}: {none if v is None else v}" for column, v in where.items())
    arguments = [repr(frame.name), *([repr(when)] if when != "this_month" else []),
                 *(f"{column}={value!r}" for column, value in where.items())]  # fmt: skip
    return {
        "title": f"{style.say(frame.title)}, {_days(when, style)}{told}", "count": len(rows), "csv": name,
        "code": f"{load}.rows({', '.join(arguments)})",
        "columns": [column.replace("_", " ") for column in shown],
        "rows": [[_shown(value, zone) for value in row] for row in first.itertuples(index=False, name=None)],
    }  # fmt: skip


def _days(when: str, style: Style) -> str:
    if when in _WHEN:
        return style.say(_WHEN[when])
    period = Period.parse(when)
    if period.is_month or period.day_count == 1:
        return style.text(period.first_day, "month" if period.is_month else "date")
    return when


def csv_bytes(rows: pd.DataFrame) -> bytes:
    """Rows as CSV: times in UTC, exact numbers, and no text that a spreadsheet would run.

    Examples
    --------
    >>> csv_bytes(pd.DataFrame({"title": ["=1+1", "plain"], "cost": [Decimal("-1.50"), None]}))
    b"title,cost\\r\\n'=1+1,-1.5\\r\\nplain,\\r\\n"
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(rows.columns)
    writer.writerows(zip(*(_written(rows[name]) for name in rows), strict=True))
    return text.getvalue().encode("utf-8")


def _written(column: pd.Series) -> list[str]:
    """A column's values as text, empty where unknown."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%SZ").fillna("").to_list()
    known = column.notna().to_list()
    write = _inert if isinstance(column.dtype, pd.StringDtype) else _either
    return [write(value) if told else "" for value, told in zip(column.to_numpy(dtype=object), known, strict=True)]


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _either(value: Any) -> str:
    return _plain(value) if isinstance(value, (Decimal, int, float)) else _inert(str(value))


def _shown(value: Any, zone: str) -> str:
    if is_unknown(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.tz_convert(zone).strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    return _plain(value) if isinstance(value, (Decimal, int, float)) else str(value)


def _plain(value: Any) -> str:
    if not isinstance(value, Decimal):
        return str(value)
    written = format(value, "f")
    written = written.rstrip("0").rstrip(".") if "." in written else written
    return "0" if written == "-0" else written


def _in_order(rows: pd.DataFrame, frame: str) -> pd.DataFrame:
    """The largest charges first; everything else by its time."""
    if frame == "cost":
        sizes = [-abs(value) for value in rows["billed_cost"]]
        return rows.iloc[sorted(range(len(rows)), key=lambda place: (sizes[place], place))]
    return rows.sort_values(FRAMES[frame].starts, kind="stable")


def _file_name(asked: dict[str, Any]) -> str:
    when = [] if asked["when"] == "this_month" else [asked["when"]]
    words = [asked["frame"], *when, *map(str, asked["where"].values())]
    slug = re.sub(r"[^a-z0-9_]+", "-", "-".join(words).lower()).strip("-")[:60]
    mark = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:6]
    return f"{slug}-{mark}.csv" if asked["where"] else f"{slug}.csv"

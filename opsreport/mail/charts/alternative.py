"""The words for who does not see a chart's picture: its title, and its figures as the chart itself writes them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from opsreport.language import mark, translated
from opsreport.mail.charts.axes import Axis, found
from opsreport.mail.charts.bars import placed
from opsreport.mail.charts.data import coloured, each, listed
from opsreport.mail.charts.known import NotDrawnError
from opsreport.mail.charts.words import plain

MOST = 250  # letters, which a screen reader says in about 20 s
_FEW = 3  # points up to which a trace is no course over time
_SHORT = 24  # letters of a point's text that can stand in a list
_EVENTS = 8  # points with a text of their own that are named, not counted
_ENDS = mark("First {first}; last {last}; lowest {lowest}; highest {highest}.")
_SAME = mark("{value} from {first} to {last}.")
_MORE = mark("{count} more.")
_AFTER, _BEFORE = mark("after {name}"), mark("before {name}")

Series = list[tuple[float, str, str]]


def alt(figure: dict[str, Any], title: str, subtitle: str, language: str) -> str:
    """What a chart shows, in words and with its numbers.

    Parameters
    ----------
    figure : dict
        Plotly's JSON; its numbers are said as its own texts write them.
    title, subtitle : str
        As on the page.
    language : str
        Of the client.

    Returns
    -------
    str
        Plain text of about `MOST` letters: the title; the first, last, lowest and highest of what
        the chart follows over time, or its rows in order; what is plotted, where there is room.
    """
    said = [_sentence(plain(title))]
    try:
        told = _figures(figure, language, MOST - len(said[0]) - 1)
    except NotDrawnError:
        told = ""  # the table that stands in its place says the numbers
    said += [told] if told else []
    rest = _sentence(plain(subtitle))
    if rest and len(" ".join([*said, rest])) <= MOST:
        said.insert(1, rest)
    return " ".join(said)


def _figures(figure: dict[str, Any], language: str, room: int) -> str:
    figure = coloured(figure)
    axes = found(figure)
    courses = _courses(figure, axes, language)
    notes = [note for note in figure["layout"].get("annotations") or [] if plain(str(note.get("text", "")))]
    if len({panel for panel, _ in courses} | _panels(figure)) > 1:
        return _rows(_by_panel(notes, courses, axes), language, room)
    if len(courses) == 1 or (courses and not notes):
        return _ends(courses[0][1], language)
    return _rows(_by_row(notes) or _events(figure, axes), language, room)


def _panels(figure: dict[str, Any]) -> set[tuple[str, str]]:
    return {(trace.get("xaxis", "x"), trace.get("yaxis", "y")) for trace in figure["data"]}


def _courses(figure: dict[str, Any], axes: dict[str, Axis], language: str) -> list[tuple[tuple[str, str], Series]]:
    """What goes on over time, each with its panel: the value, its name and its text at each point that is known."""
    tips = {(bar.trace, bar.point): bar.tip for bar in placed(figure, axes) if not bar.is_flat}
    made = []
    for index, trace in enumerate(figure["data"]):
        x, y = axes[trace.get("xaxis", "x")], axes[trace.get("yaxis", "y")]
        places = [x.number(place) for place in listed(trace.get("x"))]
        written = trace.get("text") if trace.get("text") is not None else trace.get("hovertext")
        texts = each(written, len(places))
        if not _is_course(trace, places, texts, x):
            continue
        values = [tips.get((index, place)) if trace.get("type") == "bar" else y.number(value)
                  for place, value in enumerate(listed(trace.get("y")))]  # fmt: skip
        series = [(value, _name(where, x, language), plain(str(text)))
                  for value, where, text in zip(values, places, texts, strict=False) if value is not None]  # fmt: skip
        if series:
            made.append(((x.name, y.name), series))
    return made


def _is_course(trace: dict[str, Any], places: list[float | None], texts: list[Any], x: Axis) -> bool:
    """Whether a trace's points come one after another, each with a text."""
    if len(places) <= _FEW or None in places or not all(texts) or trace.get("orientation") == "h":
        return False
    # Dots may lie anywhere on an axis of numbers; on one of names they are one a name.
    is_apart = trace.get("mode") != "markers" or x.kind == "category"
    return is_apart and all(b > a for a, b in pairwise(places))


def _name(where: float, axis: Axis, language: str) -> str:
    """What stands at a place of an axis: its own words, or those it comes after."""
    labels = _labels(axis)
    if where in labels:
        return labels[where]
    before, after = [at for at in labels if at < where], [at for at in labels if at > where]
    if before:
        return translated(_AFTER, language).format(name=labels[max(before)])
    return translated(_BEFORE, language).format(name=labels[min(after)]) if after else ""


def _labels(axis: Axis) -> dict[float, str]:
    """The words at places of an axis; a month's year, which stands at the first of it alone, with each."""
    if axis.kind == "category" and "ticktext" not in axis.spec:
        return {float(place): plain(str(name)) for place, name in enumerate(axis.categories)}
    made, year = {}, ""
    for value, text in zip(listed(axis.spec.get("tickvals")), listed(axis.spec.get("ticktext")), strict=False):
        words = plain(str(text)).split()
        if not words:
            continue
        has_year = len(words) > 1 and len(words[-1]) == 4 and words[-1].isdigit()
        year = words[-1] if has_year else year
        made[axis.number(value)] = " ".join(words if has_year or not year else [*words, year])
    return made


def _point(name: str, text: str) -> str:
    return text if ": " in text or not name else f"{name}: {text}"


def _ends(series: Series, language: str) -> str:
    lowest, highest = min(series, key=lambda one: one[0]), max(series, key=lambda one: one[0])
    if lowest[0] == highest[0]:
        value = series[-1][2].rpartition(": ")[2]
        return translated(_SAME, language).format(value=value, first=series[0][1], last=series[-1][1])
    told = {"first": series[0], "last": series[-1], "lowest": lowest, "highest": highest}
    return translated(_ENDS, language).format(**{name: _point(*one[1:]) for name, one in told.items()})


def _by_row(notes: list[dict[str, Any]]) -> list[str]:
    """A chart's annotations in the order of its rows, those of one row together."""
    rows: dict[tuple, list[str]] = {}
    for note in notes:
        rows.setdefault((note.get("yref", "y"), note.get("y")), []).append(_listed_text(note))
    return [": ".join(row) for row in rows.values()]


def _by_panel(notes: list[dict[str, Any]], courses: list, axes: dict[str, Axis]) -> list[str]:
    """Each panel's annotations, and where these do not say it what its course ends with; from the top left."""
    rows = {}
    for name in sorted((one for one in axes if one[0] == "y"), key=lambda one: _corner(axes[one], axes)):
        own = [_listed_text(note) for note in notes if _is_of(note, axes[name])]
        last = next((series[-1] for panel, series in courses if panel[1] == name), None)
        if last and len(last[2]) <= _SHORT and not any(last[2].rpartition(": ")[2] in text for text in own):
            own.insert(1, _point(*last[1:]))
        rows[name] = ": ".join([*own[:1], ", ".join(own[1:])]) if own[1:] else "".join(own)
    return [row for row in rows.values() if row]


def _corner(axis: Axis, axes: dict[str, Axis]) -> tuple[float, float]:
    across = axes.get(axis.spec.get("anchor", "x"))
    return (-axis.domain[1], across.domain[0] if across else 0.0)


def _is_of(note: dict[str, Any], axis: Axis) -> bool:
    """Whether an annotation belongs to a panel, by its part of the plot: not what stands at one point, or below it."""
    ref = note.get("yref", "y")
    if ref == "paper":
        return abs(note["y"] - axis.domain[1]) < 1e-6
    return ref == f"{axis.name} domain" and note["y"] > 0


def _listed_text(note: dict[str, Any]) -> str:
    # Its signs for lines and marks are for the eye.
    return re.sub(r" ?[⋯╌] ", ", ", plain(str(note["text"])).replace("; ", ", ").lstrip("✕↑ "))


def _events(figure: dict[str, Any], axes: dict[str, Axis]) -> list[str]:
    """Points with texts of their own, with the names of their rows; where there are many, how many of each kind."""
    made, counts = [], []
    for trace in figure["data"]:
        if trace.get("mode") != "markers":
            continue
        y = axes[trace.get("yaxis", "y")]
        ticks = listed(y.spec.get("tickvals"))
        names = dict(zip(ticks, listed(y.spec.get("ticktext")), strict=False)) if ticks == [*range(len(ticks))] else {}
        heights = [y.number(value) for value in listed(trace.get("y"))]
        texts = each(trace.get("hovertext"), len(heights), "")
        made += [_point(plain(str(names.get(round(height), ""))), plain(str(text)))
                 for height, text in zip(heights, texts, strict=True) if text and height is not None]  # fmt: skip
        if trace.get("name"):
            counts.append(f"{plain(trace['name'])}: {len(heights)}")
    return made if len(made) <= _EVENTS else counts


def _rows(rows: list[str], language: str, room: int) -> str:
    """As many rows as there is room for, and how many more there are; none where they hold no number."""
    if not any(letter.isdigit() for row in rows for letter in row):
        return ""
    for count in range(len(rows), 0, -1):
        left = len(rows) - count
        said = _sentence("; ".join(rows[:count]))
        said += f" {translated(_MORE, language).format(count=left)}" if left else ""
        if len(said) <= room:
            return said
    return ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."

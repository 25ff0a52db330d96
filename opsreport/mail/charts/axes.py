"""The axes of a figure: what they measure, from where to where, and which pixel a value has."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from opsreport import theme
from opsreport.mail.charts.data import is_date, listed, milliseconds, number
from opsreport.mail.charts.known import NotDrawnError
from opsreport.mail.charts.ticks import marks, written

_LONG = 9800  # from here on numbers are written with a prefix, 20k, as plotly does
_PAD = 0.055  # beyond the data where the figure does not say an axis's range, of the range


@dataclass
class Axis:
    """One axis; its pixels are set when a chart is laid out.

    Attributes
    ----------
    name : str
        As traces call it: x, y, x2.
    spec : dict
        Its part of the layout, with what the template says of it.
    kind : str
        linear, category, date or log.
    categories : list
        In order; a category's number is its place.
    low, high : float
        The values at its first and its last pixel, high below low where it runs backwards;
        those of a log axis are powers of ten.
    start, end : float
        Its first and its last pixel; y pixels count from the top. [px]
    """

    name: str
    spec: dict[str, Any]
    kind: str = "linear"
    categories: list[Any] = field(default_factory=list)
    low: float = 0.0
    high: float = 1.0
    start: float = 0.0
    end: float = 1.0

    @property
    def letter(self) -> str:
        """x or y."""
        return self.name[0]

    @property
    def domain(self) -> tuple[float, float]:
        """The part of the plot that it takes. [ratio]"""
        low, high = listed(self.spec.get("domain", [0, 1]))
        return float(low), float(high)

    def number(self, value: Any) -> float | None:
        """A value as a number on this axis; None where it is missing, or cannot be on it."""
        if value is None:
            return None
        if self.kind == "category":
            if value in self.categories:
                return float(self.categories.index(value))
            return number(value) if isinstance(value, (int, float)) else None
        if self.kind == "date":
            return milliseconds(value)
        found = number(value)
        if self.kind != "log" or found is None:
            return found
        return math.log10(found) if found > 0 else None

    def pixel(self, value: float) -> float:
        """Where a number of this axis lies. [px]"""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def marks(self, most: int) -> list[tuple[float, str]]:
        """Its marks and their labels, by default no more than so many."""
        low, high = sorted((self.low, self.high))
        if "tickvals" in self.spec:
            values = listed(self.spec["tickvals"])
            texts = listed(self.spec.get("ticktext")) or [self._written(one, values) for one in values]
            found = [(self.number(value), str(text)) for value, text in zip(values, texts, strict=False)]
        elif self.kind == "category":
            found = [(float(place), str(one)) for place, one in enumerate(self.categories)]
        elif self.kind == "log":
            found = [(float(at), written(10.0**at)) for at in range(math.ceil(low), math.floor(high) + 1)]
        elif self.kind == "date":
            raise NotDrawnError("an axis of dates that does not say its labels")
        else:
            values = marks(low, high, min(most, self.spec.get("nticks") or most))
            found = [(value, self._written(value, values)) for value in values]
        slack = (high - low) * 1e-6
        return [(at, text) for at, text in found if at is not None and low - slack <= at <= high + slack]

    def _written(self, value: Any, others: list[Any]) -> str:
        if isinstance(value, str):
            return value
        apart = others[1] - others[0] if len(others) > 1 and "tickvals" not in self.spec else 0.0
        is_long = max(abs(self.low), abs(self.high)) >= _LONG
        text = written(value, self.spec.get("tickformat") or ("~s" if is_long else ""), abs(apart))
        return f"{self.spec.get('tickprefix', '')}{text}{self.spec.get('ticksuffix', '')}"


@dataclass
class Extent:
    """What the data of an axis reaches over: values at which it may end, and those that want room beyond them."""

    values: list[float] = field(default_factory=list)
    padded: list[float] = field(default_factory=list)
    from_zero: bool = False

    def range(self, kind: str, mode: str) -> tuple[float, float]:
        """The range that shows all of it."""
        known = [*self.values, *self.padded]
        if not known:
            return (0.0, 1.0)
        is_zeroed = kind == "linear" and (self.from_zero or mode == "tozero")
        if is_zeroed or mode == "nonnegative":
            known.append(0.0)
        low, high = min(known), max(known)
        if low == high:
            return (low - 1, high + 1) if low or kind != "linear" else (0.0, 1.0)
        room = (high - low) * _PAD
        lowest, highest = ([value - room for value in self.padded], [value + room for value in self.padded])
        keeps_low, keeps_high = low == 0 and (is_zeroed or mode == "nonnegative"), high == 0 and is_zeroed
        return (low if keeps_low else min([low, *lowest])), (high if keeps_high else max([high, *highest]))


def found(figure: dict[str, Any]) -> dict[str, Axis]:
    """All axes that a figure's traces use, with their kinds and categories, without their ranges."""
    layout = figure["layout"]
    names = {trace.get(f"{letter}axis", letter) for trace in figure["data"] for letter in "xy"}
    axes = {}
    for name in sorted(names, key=lambda one: (one[0], int(one[1:] or 1))):
        spec = layout.get(f"{name[0]}axis{name[1:]}") or {}
        axes[name] = Axis(name, {**_template(layout, name[0]), **spec})
    for group in groups(axes).values():
        values = [value for trace in figure["data"] for letter in "xy" if trace.get(f"{letter}axis", letter) in group
                  for value in listed(trace.get(letter)) if value is not None]  # fmt: skip
        kinds = {axes[name].spec.get("type", "-") for name in group} - {"-"}
        kind = kinds.pop() if kinds else _guessed(values)
        categories = _categories([axes[name].spec for name in group], values) if kind == "category" else []
        for name in group:
            axes[name].kind, axes[name].categories = kind, categories
    return axes


def groups(axes: dict[str, Axis]) -> dict[str, list[str]]:
    """The names of axes that share one range, by the one that they match."""
    made: dict[str, list[str]] = {}
    for name, axis in axes.items():
        root, seen = axis, {name}
        while (other := root.spec.get("matches")) in axes and other not in seen:
            seen.add(other)
            root = axes[other]
        made.setdefault(root.name, []).append(name)
    return made


def set_ranges(axes: dict[str, Axis], extents: dict[str, Extent]) -> None:
    """Each axis's range: the figure's own, else what shows all data of the axes that share it."""
    for group in groups(axes).values():
        said = next((axes[name] for name in group if "range" in axes[name].spec), None)
        one = said or axes[group[0]]
        if said:
            ends = listed(said.spec["range"])
            low, high = (milliseconds(end) if one.kind == "date" else number(end) for end in ends)
            if low is None or high is None or low == high:
                raise NotDrawnError(f"the range {ends!r}")
        else:
            own = [extents[name] for name in group]
            joined = Extent([value for extent in own for value in extent.values],
                            [value for extent in own for value in extent.padded],
                            any(extent.from_zero for extent in own))  # fmt: skip
            low, high = joined.range(one.kind, one.spec.get("rangemode", "normal"))
            if one.kind == "category" and one.categories:
                low, high = min(low, -0.5), max(high, len(one.categories) - 0.5)
            if one.spec.get("autorange") == "reversed":
                low, high = high, low
        for name in group:
            axes[name].low, axes[name].high = low, high


def most_marks(axis: Axis, room: float) -> int:
    """How many marks an axis has by default, given the room that a label needs. [px]"""
    return max(2, min(9, int(abs(axis.end - axis.start) / room)))


def _template(layout: dict[str, Any], letter: str) -> dict[str, Any]:
    own = ((layout.get("template") or {}).get("layout") or {}).get(f"{letter}axis")
    return own if own is not None else theme.pio.templates["opsreport"].layout[f"{letter}axis"].to_plotly_json()


def _guessed(values: list[Any]) -> str:
    if values and all(is_date(value) for value in values):
        return "date"
    return "category" if any(isinstance(value, str) for value in values) else "linear"


def _categories(specs: list[dict[str, Any]], values: list[Any]) -> list[Any]:
    arrays = [spec.get("categoryarray") for spec in specs if spec.get("categoryorder") == "array"]
    ordered = [one for array in arrays for one in listed(array)]
    return list(dict.fromkeys([*ordered, *values]))

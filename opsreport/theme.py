"""Colours, the plotly template, and how numbers, money, times and dates are written.

One colour means one thing on the whole page (Okabe and Ito's palette, safe for colour
blindness), and a state is never told by colour alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from opsreport.language import ENGLISH, filled, for_days, found_again, mark, translated
from opsreport.period import Period

INK, INK_SOFT, GRID, PALE, PAPER = "#1b1f24", "#57606a", "#d8dee4", "#b8c0c8", "#ffffff"
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE = "#56B4E9", "#CC79A7"

#: What each colour stands for, wherever it is used.
THIS_MONTH, HISTORY, TARGET = BLUE, PALE, INK_SOFT
GOOD, AT_RISK, BAD, UNKNOWN, PLANNED, DEPLOYED = GREEN, ORANGE, VERMILLION, PALE, SKY, PURPLE
STATE_COLOURS = {
    "up": GOOD, "down": BAD, "degraded": AT_RISK,
    "maintenance": PLANNED, "paused": GRID, "unknown": UNKNOWN,
}  # fmt: skip

#: The same tokens on a dark ground; the page swaps these exact strings.
DARK = {
    INK: "#e6edf3", INK_SOFT: "#9da7b1", GRID: "#30363d", PALE: "#6e7781", PAPER: "#0d1117",
    BLUE: "#4BA3DB", GREEN: "#2BC495", VERMILLION: "#F0803C",
}  # fmt: skip

UNKNOWN_TEXT = mark("unknown")
_NUMBERS = (
    "money",
    "money_change",
    "availability",
    "share",
    "count",
    "number",
    "ratio",
    "minutes",
    "per_week",
    "hours",
    "bytes",
    "elapsed",
    "duration",
    "seconds",
    "error_rate",
)
#: Languages whose nouns keep their capital within a sentence.
_CAPITALS = ("de", "lb")
_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")
#: From here on a duration is written without its minutes. [s]
_WEEK = 7 * 86400
_WORDS = ("instant", "time", "day", "date", "month", "text")

pio.templates["opsreport"] = go.layout.Template(
    layout=go.Layout(
        font={"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": INK},
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        colorway=[BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION],
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        hoverlabel={"bgcolor": PAPER, "bordercolor": GRID, "font": {"color": INK}},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": INK_SOFT}},
        title={"x": 0, "xref": "paper", "font": {"size": 17}},
        xaxis={"showgrid": False, "zeroline": False, "linecolor": GRID, "ticks": "outside",
               "tickcolor": GRID, "tickfont": {"color": INK_SOFT}, "automargin": True},
        yaxis={"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "ticklabelstandoff": 6,
               "tickfont": {"color": INK_SOFT}, "automargin": True},
        bargap=0.25,
    )
)  # fmt: skip


def is_unknown(value: Any) -> bool:
    """Whether a value is None, NaN or NaT: unknown, which is never zero."""
    return value is None or (not isinstance(value, (list, tuple, dict)) and bool(pd.isna(value)))


@dataclass(frozen=True)
class Style:
    """How one client's numbers are written.

    Attributes
    ----------
    locale, currency, zone : str
        Babel locale, ISO 4217 code, IANA zone.
    language : str
        In which the report's own words are said.
    is_month : bool
        Whether it is written of a calendar month, or of another run of days.

    Examples
    --------
    >>> style = Style("en_GB", "EUR", "Europe/Berlin")
    >>> style.text(Decimal("1234.5"), "money"), style.text(0.99953, "availability")
    ('€1,234.50', '99.953%')
    >>> style.text(pd.Timedelta("90min"), "duration"), style.text(None, "count")
    ('1 h 30 min', 'unknown')
    """

    locale: str = "en_GB"
    currency: str = "EUR"
    zone: str = "UTC"
    language: str = ENGLISH
    is_month: bool = True

    def say(self, template: str, **values: Any) -> str:
        """A sentence or heading of the report's own, in the client's language, its values filled in."""
        said = translated(template if self.is_month else for_days(template), self.language)
        return filled(said, values) if values else said

    def again(self, text: Any, templates: Iterable[str]) -> str:
        """A text from a frame in the client's language where it is one of these, filled in; else as it is."""
        return found_again(str(text), templates, self.language)

    def within(self, name: str) -> str:
        """A heading or name of the report's own as it stands within a sentence.

        Examples
        --------
        >>> Style().within("Monitor states"), Style(language="de").within("Zeit mit einem Vorfall")
        ('monitor states', 'Zeit mit einem Vorfall')
        """
        return name if self.language in _CAPITALS else name[:1].lower() + name[1:]

    def text(self, value: Any, unit: str, *, signed: bool = False, currency: str = "") -> str:
        """A value as a person reads it.

        Parameters
        ----------
        value : Decimal, float, int, Timedelta, Timestamp, date, str or None
        unit : str
            money, money_change, availability, share, count, number, ratio, minutes, per_week,
            hours, bytes, elapsed, duration, seconds, error_rate, instant, time, day, date, month, or text.
        signed : bool
            Whether a gain carries a plus sign.
        currency : str
            For money that is not in the client's currency.

        Raises
        ------
        ValueError
            When the unit is none of these.
        """
        if is_unknown(value):
            return self.say(UNKNOWN_TEXT)
        if unit not in _NUMBERS + _WORDS:
            raise ValueError(f"{unit!r} is not a unit that can be written")
        writer = getattr(self, f"_{unit}")
        written = writer(value, self.code(currency)) if unit.startswith("money") else writer(value)
        signed = signed or unit == "money_change"
        if not signed or unit in _WORDS:
            return written
        is_gain = value > (pd.Timedelta(0) if isinstance(value, dt.timedelta) else 0)
        # What is written as nothing has no sign.
        is_seen = any(char.isdecimal() and int(char) for char in written)
        return f"+{written}" if is_gain and is_seen else written

    def code(self, currency: Any) -> str:
        """The currency of an amount: its own where it names one, else the client's."""
        return self.currency if is_unknown(currency) or not currency else currency

    def _money(self, value: Any, code: str) -> str:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        rounded = round(exact, get_currency_precision(code))
        return format_currency(rounded + 0, code, locale=self.locale)

    _money_change = _money

    def _availability(self, value: float) -> str:
        # Never rounded up to a target that was missed: three decimals, cut.
        cut = Decimal(str(float(value))).quantize(Decimal("0.00001"), ROUND_FLOOR)
        return self._percent(cut, "0.###")

    def _share(self, value: float) -> str:
        exact = Decimal(str(float(value)))
        if not (0 < abs(exact) < Decimal("0.1") or Decimal("0.9") < abs(exact) < 1):
            return self._percent(round(exact, 2), "0")
        # Only nothing reads 0 %, and only all of it 100 %.
        places = next((n for n in (3, 4, 5) if round(abs(exact), n) not in (0, 1)), 5)
        near_all = round(abs(exact), places) == 1
        shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR) if near_all else round(exact, places)
        return self._percent(shown, "0." + "0" * (places - 2))

    def _percent(self, value: Decimal, digits: str) -> str:
        # The locale says where the sign stands, and with which space.
        pattern = Locale.parse(self.locale).percent_formats[None].pattern.replace("##0", f"##{digits}")
        return format_percent(value + 0, format=pattern, locale=self.locale)

    def _count(self, value: float) -> str:
        return format_decimal(round(value), locale=self.locale)

    def _number(self, value: float) -> str:
        return self._decimal(value, 2)

    def _ratio(self, value: float) -> str:
        return f"{self._decimal(value, 2)}×"

    def _minutes(self, value: float) -> str:
        return self.say("{number} min", number=self._decimal(value, 1))

    def _per_week(self, value: float) -> str:
        return self.say("{number} a week", number=self._decimal(value, 1))

    def _hours(self, value: float) -> str:
        return self.say("{number} h", number=self._decimal(value, 2))

    def _bytes(self, value: Any) -> str:
        size, at = float(value), 0
        # Powers of ten, as providers price them; up a unit before rounding would read 1,000 of one.
        while at < len(_BYTES) - 1 and abs(size) >= 999.95:
            size, at = size / 1000, at + 1
        return f"{self._decimal(size, 1 if at else 0)} {_BYTES[at]}"

    def _seconds(self, value: float) -> str:
        # Rounded up, so that a time that missed its target never reads as the target.
        exact = round(Decimal(str(float(value))), 9)
        if abs(exact) < 1:
            thousandths = (exact * 1000).quantize(Decimal(1), ROUND_CEILING)
            return self.say("{number} ms", number=format_decimal(thousandths, locale=self.locale))
        shown = exact.quantize(Decimal("0.01"), ROUND_CEILING)
        return self.say("{number} s", number=format_decimal(shown, format="#,##0.##", locale=self.locale))

    def _error_rate(self, value: float) -> str:
        # As an availability, from the other side: never rounded down to a target that was missed.
        return self._percent(round(Decimal(str(float(value))), 12).quantize(Decimal("0.00001"), ROUND_CEILING), "0.###")

    def _decimal(self, value: float, places: int) -> str:
        return format_decimal(round(float(value), places) + 0.0, locale=self.locale)

    def _text(self, value: Any) -> str:
        return str(value)

    def _instant(self, value: pd.Timestamp) -> str:
        return f"{self._day(value)}, {self._time(value)}"

    def _time(self, value: pd.Timestamp) -> str:
        return format_datetime(self._local(value), "HH:mm", locale=self.locale)

    def _day(self, value: Any) -> str:
        return format_skeleton("MMMd", self._calendar(value), locale=self.locale)

    def _date(self, value: Any) -> str:
        return format_skeleton("yMMMd", self._calendar(value), locale=self.locale)

    def _month(self, value: Any) -> str:
        if isinstance(value, str):
            return self._month(Period.parse(value).first_day) if len(value) == 7 else self._run_of_days(value)
        return format_date(self._calendar(value), "LLLL yyyy", locale=self.locale)

    def _run_of_days(self, name: str) -> str:
        first, last = (self._date(dt.date.fromisoformat(day)) for day in name.split("_"))
        return self.say("the days from {start} to {end}", start=first, end=last)

    def _calendar(self, value: Any) -> Any:
        return self._local(value) if isinstance(value, pd.Timestamp) and value.tzinfo else value

    def _local(self, value: pd.Timestamp) -> pd.Timestamp:
        return value.tz_convert(self.zone).to_pydatetime(warn=False).replace(tzinfo=None)

    def _elapsed(self, value: pd.Timedelta) -> str:
        # A day of agreed hours is no day of 24: beyond an hour only hours and minutes are written.
        seconds = round(value / pd.Timedelta(seconds=1))
        if seconds < 3600:
            return self._duration(value)
        hours, minutes = divmod(_up(seconds, 60), 60)
        if not minutes:
            return self.say("{number} h", number=self._count(hours))
        return self.say("{hours} h {minutes} min", hours=self._count(hours), minutes=minutes)

    def _duration(self, value: pd.Timedelta) -> str:
        seconds = round(value / pd.Timedelta(seconds=1))
        sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
        if seconds < 60:
            return f"{sign}{self.say('{number} s', number=seconds)}"
        minutes = _up(seconds, 60) if seconds < _WEEK else _up(seconds, 3600) * 60
        days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
        parts = {mark("{number} d"): days, mark("{number} h"): hours, mark("{number} min"): rest}
        return sign + " ".join(self.say(unit, number=count) for unit, count in parts.items() if count)


def _up(seconds: int, unit: int) -> int:
    """How many units, rounded up: a time that missed its target never reads as the target."""
    return -(-seconds // unit)

"""Colours, the plotly template, and how numbers, money, times and dates are written.

One colour means one thing on the whole page (Okabe and Ito's palette, safe for colour
blindness), and a state is never told by colour alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

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

UNKNOWN_TEXT = "unknown"

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
        yaxis={"gridcolor": GRID, "zeroline": False, "linecolor": GRID,
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

    def text(self, value: Any, unit: str, *, signed: bool = False, currency: str = "") -> str:
        """A value as a person reads it.

        Parameters
        ----------
        value : Decimal, float, int, Timedelta, Timestamp, date, str or None
        unit : str
            money, availability, share, count, number, ratio, minutes, per_week, duration,
            instant, time, date, month, or text.
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
            return UNKNOWN_TEXT
        writer = getattr(self, f"_{unit}", None)
        if writer is None:
            raise ValueError(f"{unit!r} is not a unit that can be written")
        written = writer(value, currency) if unit == "money" else writer(value)
        if not signed or unit in ("text", "instant", "time", "date", "month"):
            return written
        zero = value == type(value)(0) if not isinstance(value, pd.Timedelta) else value == pd.Timedelta(0)
        return written if zero or written.startswith(("-", "−")) else f"+{written}"

    def _money(self, value: Any, currency: str) -> str:
        code = currency or self.currency
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        rounded = round(exact, get_currency_precision(code))
        return format_currency(rounded + 0, code, locale=self.locale)

    def _availability(self, value: float) -> str:
        # Never rounded up to a target that was missed: three decimals, cut.
        cut = math.floor(round(float(value) * 1e5, 6)) / 1e5
        return format_percent(cut, format="#,##0.###%", locale=self.locale)

    def _share(self, value: float) -> str:
        places = "0.0" if 0 < abs(float(value)) < 0.1 or 0.9 < abs(float(value)) < 1 else "0"
        return format_percent(float(value), format=f"#,##{places}%", locale=self.locale)

    def _count(self, value: float) -> str:
        return format_decimal(round(value), locale=self.locale)

    def _number(self, value: float) -> str:
        return format_decimal(round(float(value), 2), locale=self.locale)

    def _ratio(self, value: float) -> str:
        return f"{format_decimal(round(float(value), 2), locale=self.locale)}×"

    def _minutes(self, value: float) -> str:
        return f"{format_decimal(round(float(value), 1), locale=self.locale)} min"

    def _per_week(self, value: float) -> str:
        return f"{format_decimal(round(float(value), 1), locale=self.locale)} a week"

    def _text(self, value: Any) -> str:
        return str(value)

    def _instant(self, value: pd.Timestamp) -> str:
        return format_datetime(self._local(value), "d MMM HH:mm", locale=self.locale)

    def _time(self, value: pd.Timestamp) -> str:
        return format_datetime(self._local(value), "HH:mm", locale=self.locale)

    def _date(self, value: Any) -> str:
        day = self._local(value) if isinstance(value, pd.Timestamp) and value.tzinfo else value
        return format_date(day, "d MMM yyyy", locale=self.locale)

    def _month(self, value: Any) -> str:
        return format_date(value, "LLLL yyyy", locale=self.locale)

    def _local(self, value: pd.Timestamp) -> pd.Timestamp:
        return value.tz_convert(self.zone).to_pydatetime(warn=False).replace(tzinfo=None)

    def _duration(self, value: pd.Timedelta) -> str:
        seconds = round(value / pd.Timedelta(seconds=1))
        sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
        if seconds < 60:
            return f"{sign}{seconds} s"
        minutes = round(seconds / 60)
        days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
        parts = [(days, "d"), (hours, "h"), (rest if not days else 0, "min")]
        return sign + " ".join(f"{count} {unit}" for count, unit in parts if count)

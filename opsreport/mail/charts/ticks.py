"""Where an axis has its marks when the figure does not say, and how numbers on it are written."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from opsreport.mail.charts.known import NotDrawnError

_FORMAT = re.compile(r"(?P<comma>,?)(?:\.(?P<digits>\d+))?(?P<trim>~?)(?P<kind>[sf%d]?)")
_PREFIXES = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P"}
_STEPS = (1, 2, 5, 10)


def step(span: float, most: int) -> float:
    """The smallest round step that divides a span into no more than so many parts.

    Examples
    --------
    >>> step(5300, 5), step(0.6, 4), step(7, 10)
    (2000.0, 0.2, 1.0)
    """
    rough = span / max(1, most)
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * one for one in _STEPS if size * one >= rough * (1 - 1e-9))


def marks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from low to high.

    Examples
    --------
    >>> marks(-0.5, 5.2, 3)
    [0.0, 2.0, 4.0]
    """
    if not high > low:
        return [low]
    apart = step(high - low, most)
    first, last = math.ceil(low / apart - 1e-9), math.floor(high / apart + 1e-9)
    return [float(Decimal(repr(apart)) * place) for place in range(first, last + 1)]


def written(value: float, template: str = "", apart: float = 0.0) -> str:
    """A number as plotly writes it on an axis.

    Parameters
    ----------
    template : str
        A d3 format: of these, precision, trimming, thousands, and the kinds s, f, d and %.
    apart : float
        The distance between two marks, which decides on the digits where no format does.

    Raises
    ------
    NotDrawnError
        When the format is another.

    Examples
    --------
    >>> written(1500, "~s"), written(0.9960, ".3~%"), written(0.5, "", 0.5), written(-1500.0, "", 500)
    ('1.5k', '99.6%', '0.5', '−1500')
    """
    found = _FORMAT.fullmatch(template)
    if not found:
        raise NotDrawnError(f"the number format {template!r}")
    kind, digits = found["kind"], int(found["digits"]) if found["digits"] else None
    if kind == "s":
        text = _with_prefix(value, digits)
    elif kind == "%":
        text = f"{value * 100:.{6 if digits is None else digits}f}%"
    elif kind or digits is not None:
        text = f"{value:.{0 if kind == 'd' else 6 if digits is None else digits}f}"
    else:
        text = _trimmed(f"{value:.{_digits(value, apart)}f}")
    if found["comma"]:
        whole, point, rest = text.partition(".")
        text = f"{int(whole):,}{point}{rest}"
    text = _trimmed(text) if found["trim"] else text
    return text.replace("-", "−") if any(one in "123456789" for one in text) else text.removeprefix("-")


def _with_prefix(value: float, digits: int | None) -> str:
    power = 0 if not value else max(-9, min(15, math.floor(math.log10(abs(value)) / 3 + 1e-12) * 3))
    scaled = value / 10.0**power
    precision = 6 if digits is None else digits
    whole = len(str(int(abs(scaled)))) if abs(scaled) >= 1 else 1
    return f"{scaled:.{max(0, precision - whole)}f}{_PREFIXES[power]}"


def _trimmed(text: str) -> str:
    """Without noughts after the point."""
    return re.sub(r"\.?0+(?=\D*$)", "", text) if "." in text else text


def _digits(value: float, apart: float) -> int:
    if not apart:
        return max(0, min(6, -Decimal(repr(value)).normalize().as_tuple().exponent))
    return max(0, -math.floor(math.log10(apart) + 1e-9)) if apart < 1 else 0

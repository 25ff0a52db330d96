"""A verdict is bounded by what was seen: met, missed, at risk or unknown."""

from __future__ import annotations

from typing import Any

from opsreport.theme import is_unknown

VERDICTS = ("met", "at risk", "missed", "unknown")


def verdict(worst: float, best: float, target: float, *, higher_is_better: bool = True, at_risk: bool = False) -> str:
    """Whether a target was met, given both ends of what the value can be.

    Parameters
    ----------
    worst, best : float
        The value when all that was not seen counts as bad, and as good. The two are the
        same where everything was seen; NaN where nothing bounds it.
    target : float
        What was agreed; met when reached exactly. NaN where nothing was agreed.
    higher_is_better : bool
        False for spend and times, where the target is a ceiling.
    at_risk : bool
        What a met target reads when it was nearly missed.

    Returns
    -------
    str
        missed if even the best case misses, met if even the worst case meets, else unknown.

    Examples
    --------
    >>> verdict(worst=0.95, best=0.986, target=0.999)
    'missed'
    >>> verdict(worst=0.95, best=1.0, target=0.999)
    'unknown'
    >>> verdict(worst=90, best=90, target=100, higher_is_better=False)
    'met'
    """
    if any(is_unknown(value) for value in (worst, best, target)):
        return "unknown"
    if not _reaches(best, target, higher_is_better):
        return "missed"
    if not _reaches(worst, target, higher_is_better):
        return "unknown"
    return "at risk" if at_risk else "met"


def _reaches(value: Any, target: Any, higher_is_better: bool) -> bool:
    # The float 0.999 lies below Decimal("0.999"): two kinds are compared as floats.
    if type(value) is not type(target):
        value, target = float(value), float(target)
    return bool(value >= target if higher_is_better else value <= target)

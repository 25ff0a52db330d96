"""Which key figures are good when high and which when low; of the others neither end is called good."""

from typing import Any

import pandas as pd

GOOD_HIGH = (
    "Tag coverage", "Savings carried out", "Log stores kept as agreed", "Availability of ", "Found by our own alert",
    "Responses in the agreed time", "Pipeline runs that succeeded", "Backups completed, ",
    "Machines known to be patched", "Alerts that led to action", "First responses in time", "Resolutions in time",
)  # fmt: skip
GOOD_LOW = (
    "Cost per ", "Keeping logs that never expire", "Incidents opened", "Time with an incident", "Late responses",
    "Median time to restore, ", "Median lead time, ", "Change fail rate, ", "Time with a broken main branch",
    "Longest time that could have been lost, ", "Restore, as last proven, ",
    "Age of the newest proven recovery point, ", "Vulnerabilities past the agreed date", "Known to be attacked, past ",
    "Without MFA", "Keys too old", "Unused access", "Error rate of ",
    "Incidents that no alert caught", "Calls outside support hours", "Requests open at month end",
)  # fmt: skip
_LOW_ENDS = (": 95 of 100 requests within", ": 99 of 100 requests within")
_ENOUGH = 6  # known months, below which an end says little


def extreme(trend: Any) -> str:
    """Whether the newest month is the highest or the lowest of those known; empty where it is neither.

    Fewer than six known months say nothing, and so does an end that an earlier month reached as well.

    Examples
    --------
    >>> extreme([1, 2, None, 3, 2, 1, 2, 4]), extreme([1, 2, 3, 2, 1, 2, 3])
    ('highest', '')
    """
    known = _known(trend)
    if not is_long_enough(trend) or pd.isna(trend[-1]):
        return ""
    now, before = known[-1], known[:-1]
    return "highest" if now > max(before) else "lowest" if now < min(before) else ""


def is_long_enough(trend: Any) -> bool:
    """Whether enough months are known for an end of them to say something."""
    return len(_known(trend)) >= _ENOUGH


def _known(trend: Any) -> list:
    return [one for one in trend if not pd.isna(one)] if isinstance(trend, (list, tuple)) else []


def end_of(measure: str, is_high: bool) -> str:
    """What the highest or the lowest of a key figure's months is called.

    Examples
    --------
    >>> end_of("Availability of shop", is_high=True), end_of("Incidents opened", is_high=True)
    ('best', 'worst')
    >>> end_of("Deployments of shop", is_high=True)  # more of them is neither
    'highest'
    """
    for names, good_high in ((GOOD_HIGH, True), (GOOD_LOW, False)):
        if measure.startswith(names) or (not good_high and measure.endswith(_LOW_ENDS)):
            return "best" if is_high == good_high else "worst"
    return "highest" if is_high else "lowest"

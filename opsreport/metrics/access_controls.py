"""What the evidence gathered for audits says of each control: what was found, and no verdict on it."""

from __future__ import annotations

import pandas as pd

from opsreport.metrics.rows import result
from opsreport.period import Period
from opsreport.schemas import INSTANT

CONTROLS = ("control", "assessment", "noncompliant", "compliant", "inconclusive", "evidence_count", "control_status",
            "counted_at")  # fmt: skip


def listing(control_check: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Each control as it was last seen in the month, those first with most evidence that does not comply.

    Answers: which controls does the evidence speak against?

    After those come the ones of which nothing was counted, then all others by their names. An
    assessment that ended within the month stays as it was last seen.

    Parameters
    ----------
    control_check : DataFrame
        The frame of that name.

    Returns
    -------
    DataFrame
        `CONTROLS`, with the frame's own ``control_id`` and ``observed_at``. Counts are NaN where the
        source counted none. [count]
    """
    rows = _last(control_check, period)
    bad = rows["noncompliant"].astype("float64")
    order = pd.DataFrame({"bad": -bad.fillna(0.5), "name": rows["control"], "id": rows["control_id"]})
    rows = rows.loc[order.sort_values(["bad", "name", "id"], kind="stable").index]
    days = [None if pd.isna(at) else at.tz_convert(period.zone).date() for at in rows["counted_at"]]
    told = rows.rename(columns={"status": "control_status"}).to_dict("records")
    made = result([row | {"counted_at": day} for row, day in zip(told, days, strict=True)], CONTROLS)
    return made.assign(control_id=rows["control_id"].to_numpy(),
                       observed_at=pd.Series(rows["observed_at"].to_numpy(), dtype=INSTANT))  # fmt: skip


def totals(controls: pd.DataFrame) -> dict[str, float]:
    """What the newest evidence says of how many controls.

    Answers: of how many controls does any evidence not comply?

    Parameters
    ----------
    controls : DataFrame
        From `listing`.

    Returns
    -------
    dict
        controls; of these noncompliant (with any such evidence), compliant (with evidence that
        complies and none that does not) and unruled (all others), which add up; and coverage, the
        share of which anything was counted, NaN where there is none. [count, share]
    """
    bad, good = (controls[name] > 0 for name in ("noncompliant", "compliant"))
    fine = good & (controls["noncompliant"] == 0)
    return {
        "controls": float(len(controls)), "noncompliant": float(bad.sum()), "compliant": float(fine.sum()),
        "unruled": float((~bad & ~fine).sum()), "coverage": float(controls["noncompliant"].notna().mean()),
    }  # fmt: skip


def _last(control_check: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The newest snapshot of the month, of each assessment."""
    seen = control_check[period.contains(control_check["observed_at"])]
    newest = seen.groupby("assessment")["observed_at"].transform("max")
    return seen[seen["observed_at"] == newest].reset_index(drop=True)

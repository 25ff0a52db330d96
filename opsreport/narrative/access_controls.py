"""The sentence on what the evidence gathered for audits says."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, notice, prose
from opsreport.theme import Style

_ID = "access.evidence"


def evidence(
    controls: pd.DataFrame, totals: dict[str, float], style: Style, is_named: bool, absent: str = ""
) -> Exhibit:
    """Of how many controls any evidence does not comply.

    Parameters
    ----------
    controls, totals
        From `opsreport.metrics.access_controls`.
    is_named : bool
        Whether the client's file names a source of controls: most have none, and then nothing is said.
    absent : str
        Why there is nothing to say, where there is not.
    """
    if controls.empty and not is_named:
        return Exhibit(id=_ID, kind="prose", about={"role": "note"})
    if controls.empty:
        return notice(_ID, absent or style.say("No assessment of controls was under way when these were last read."))
    at = controls["observed_at"].unique()
    behind = Rows("control_check", {"observed_at": at[0]} if len(at) == 1 else {})
    seen = {"noncompliant": totals["coverage"], "compliant": totals["coverage"]}
    facts = {name: Fact(f"{_ID}.{name}", totals[name], "count", seen.get(name), rows=behind)
             for name in ("noncompliant", "controls", "compliant", "unruled")}  # fmt: skip
    return prose(
        _ID,
        "When last seen, on {day}, {noncompliant} of {controls} controls had evidence that does not comply, "
        "{compliant} had evidence that complies and none that does not, and for {unruled} no check gave a ruling. "
        "Evidence is what checks found on one day, and nobody's verdict on a control.",
        style, "note", day=Fact(f"{_ID}.seen_at", at.min(), "day"), **facts,
    )  # fmt: skip

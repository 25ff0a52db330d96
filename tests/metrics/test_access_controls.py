"""Controls are told as they were last seen in the month, and what was not counted is no zero."""

import datetime as dt

import pandas as pd
import pytest

from opsreport import tables
from opsreport.metrics import access_controls
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10", "Europe/Berlin")
STYLE = Style("en_GB", "EUR", "Europe/Berlin")
FRAME = FRAMES["control_check"]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


SEEN = at("2026-10-31 06:00")


def listed(*rows: dict) -> pd.DataFrame:
    told = [{"assessment": "Card data", "observed_at": SEEN, **row} for row in rows]
    told = [{"control_id": f"{row['assessment']}/{row['control']}", **row} for row in told]
    return access_controls.listing(FRAME.conform(pd.DataFrame(told)) if rows else FRAME.empty(), OCTOBER)


#: One of each kind: evidence against it, for it, without a ruling, and not counted.
KINDS = (
    {"control": "Logs", "noncompliant": 0, "compliant": 0, "inconclusive": 5},
    {"control": "Keys", "noncompliant": 0, "compliant": 8, "inconclusive": 0},
    {"control": "Paper", "evidence_count": 3},
    {"control": "MFA", "noncompliant": 1, "compliant": 17, "inconclusive": 1, "status": "reviewed",
     "counted_at": at("2026-10-30 23:30")},
    {"control": "Root", "noncompliant": 3, "compliant": 0, "inconclusive": 0},
)  # fmt: skip


def test_the_controls_with_most_against_them_stand_first_and_then_those_not_counted():
    rows = listed(*KINDS)
    assert rows["control"].tolist() == ["Root", "MFA", "Paper", "Keys", "Logs"]
    assert rows["noncompliant"].tolist()[:2] == [3, 1] and pd.isna(rows["noncompliant"][2])
    assert rows["control_status"].tolist()[1] == "reviewed" and rows["evidence_count"].tolist()[2] == 3
    assert rows["counted_at"].tolist()[1:3] == [dt.date(2026, 10, 31), None]  # on the client's clock


def test_each_control_is_counted_once_by_what_its_evidence_says():
    told = access_controls.totals(listed(*KINDS))
    assert told == {"controls": 5, "noncompliant": 2, "compliant": 1, "unruled": 2, "coverage": pytest.approx(0.8)}
    none = access_controls.totals(listed())
    assert none["controls"] == none["noncompliant"] == 0 and pd.isna(none["coverage"])


def test_of_each_assessment_the_newest_snapshot_in_the_month_counts():
    rows = listed(
        {"control": "MFA", "noncompliant": 9, "observed_at": at("2026-10-30 06:00")},
        {"control": "Gone", "noncompliant": 9, "observed_at": at("2026-10-30 06:00")},
        {"control": "MFA", "noncompliant": 2},
        {"control": "MFA", "noncompliant": 7, "observed_at": at("2026-10-31 23:00")},  # November in Berlin
        {"control": "Old", "assessment": "Ended", "noncompliant": 1, "observed_at": at("2026-10-09 06:00")},
        {"control": "Before", "assessment": "Last month's", "noncompliant": 1, "observed_at": at("2026-09-30 06:00")},
    )
    assert rows[["control", "noncompliant"]].values.tolist() == [["MFA", 2], ["Old", 1]]


def test_each_figure_of_the_table_opens_its_control_and_no_control_makes_no_table():
    rows, shown = listed(*KINDS), {"columns": access_controls.CONTROLS, "of": "control_check", "nothing": None}
    made = tables.table(rows, "access.controls", "Controls", STYLE, **shown)
    (fact,) = [one for one in made.facts if one["id"] == "access.controls.root.noncompliant"]
    assert (fact["text"], fact["rows"]["frame"]) == ("3", "control_check")
    assert fact["rows"]["where"] == {"control_id": "Card data/Root", "observed_at": SEEN.isoformat()}
    assert tables.table(listed(), "access.controls", "Controls", STYLE, **shown).html == ""

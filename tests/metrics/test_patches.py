"""Vulnerabilities against the agreed time and CISA's, with a flow that adds up."""

import datetime as dt
import math
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.coverage import Seen
from opsreport.errors import ReconciliationError
from opsreport.intervals import Intervals
from opsreport.metrics import patches, vulnerabilities
from opsreport.metrics.patches import accepted, history, kev_past_due, ledger, past_due, scorecard, summary
from opsreport.params.models import Agreement
from opsreport.params.operations import RiskAcceptance
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])


def berlin(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if len(text) > 8 else f"2026-10-{text}", tz="Europe/Berlin").tz_convert("UTC")


def frame(*rows: dict) -> pd.DataFrame:
    told = [{"finding_id": f"f{n}", "asset": "web", "cve": f"CVE-2026-9000{n}", "severity": "high", **row}
            for n, row in enumerate(rows)]  # fmt: skip
    return FRAMES["vulnerability"].conform(pd.DataFrame(told)) if rows else FRAMES["vulnerability"].empty()


def agreed(starts: str = "2026-01-01", ends: str | None = None, **deadlines: str) -> Agreement:
    return Agreement(starts_on=dt.date.fromisoformat(starts), ends_on=ends and dt.date.fromisoformat(ends),
                     patch_deadlines=deadlines or {"critical": "2d", "high": "7d", "medium": "30d"})  # fmt: skip


def risk(until: str, asset: str = "", cve: str = "CVE-2026-90000") -> RiskAcceptance:
    return RiskAcceptance(cve=cve, asset=asset, by="Dr Weiss", until=dt.date.fromisoformat(until), why="no fix fits")


def book(*rows: dict, terms: list | None = None, risks: list = (), read_at: pd.Timestamp | None = None):
    return ledger(frame(*rows), [agreed()] if terms is None else terms, risks, "Europe/Berlin", read_at)


def now(*rows: dict, **more) -> pd.Series:
    return history(book(*rows, **more), OCTOBER, ALWAYS).iloc[-1]


FLOW = ["before", "new", "reopened", "fixed", "gone", "accepted", "open"]


def flow(row: pd.Series) -> list[float]:
    return [row[f"vulnerabilities_{name}"] for name in FLOW]


def test_the_flow_of_a_month_adds_up():
    row = now(
        {"found_at": berlin("2026-09-05 10:00")},  # stays open
        {"found_at": berlin("2026-09-05 10:00"), "fixed_at": berlin("05 10:00")},
        {"found_at": berlin("2026-08-05 10:00"), "fixed_before_at": berlin("2026-08-09 10:00"),
         "reopened_at": berlin("07 10:00")},
        {"found_at": berlin("2026-09-05 10:00"), "asset_gone_at": berlin("08 10:00")},
        {"found_at": berlin("2026-09-05 10:00"), "risk_accepted_at": berlin("09 10:00")},
        {"found_at": berlin("10 10:00")},
        {"found_at": berlin("10 10:00"), "fixed_at": berlin("12 10:00")},
    )  # fmt: skip
    # 4 + 2 + 1 - 2 - 1 - 1 = 3
    assert flow(row) == [4, 2, 1, 2, 1, 1, 3]


def test_the_months_borders_are_the_clients_and_half_open():
    row = now({"found_at": OCTOBER.start}, {"found_at": OCTOBER.end}, {"found_at": berlin("2026-09-30 23:59")},
              {"found_at": berlin("2026-09-01 10:00"), "fixed_at": OCTOBER.end})  # fmt: skip
    assert flow(row) == [2, 1, 0, 0, 0, 0, 3]


def test_one_that_is_fixed_while_its_risk_is_accepted_counts_once():
    row = now({"found_at": berlin("2026-09-05 10:00"), "risk_accepted_at": berlin("05 10:00"),
               "fixed_at": berlin("20 10:00")})  # fmt: skip
    assert flow(row) == [1, 0, 0, 0, 0, 1, 0]


def test_an_acceptance_that_ends_brings_it_back_on_the_day_after():
    one = {"found_at": berlin("2026-05-05 10:00"), "risk_accepted_at": berlin("2026-05-06 10:00")}
    assert flow(now(one, risks=[risk("2026-10-10")])) == [0, 0, 1, 0, 0, 0, 1]
    assert flow(now(one, risks=[risk("2026-10-31")])) == [0, 0, 0, 0, 0, 0, 0]  # its day is not over
    assert flow(now(one)) == [0, 0, 0, 0, 0, 0, 0]  # without an end it stays accepted


def test_an_acceptance_holds_from_the_finding_where_no_day_is_recorded_and_only_for_its_asset():
    one = {"found_at": berlin("05 10:00")}
    assert flow(now(one, risks=[risk("2026-12-31")])) == [0, 1, 0, 0, 0, 1, 0]
    assert flow(now(one, risks=[risk("2026-12-31", asset="web")])) == [0, 1, 0, 0, 0, 1, 0]
    assert flow(now(one, risks=[risk("2026-12-31", asset="db")])) == [0, 1, 0, 0, 0, 0, 1]
    assert flow(now(one, risks=[risk("2026-12-31", cve="CVE-2026-90009")])) == [0, 1, 0, 0, 0, 0, 1]
    assert flow(now(one, risks=[risk("2026-10-04")])) == [0, 1, 0, 0, 0, 0, 1]  # over before it was found


def test_a_source_that_leaves_the_old_fix_in_place_means_it_came_back():
    row = now({"found_at": berlin("2026-08-05 10:00"), "fixed_at": berlin("2026-08-09 10:00"),
               "reopened_at": berlin("07 10:00")})  # fmt: skip
    assert flow(row) == [0, 0, 1, 0, 0, 0, 1]


def test_coming_back_without_a_fix_before_is_never_having_gone():
    made = book({"found_at": berlin("2026-08-05 10:00"), "reopened_at": berlin("07 10:00")})
    assert flow(history(made, OCTOBER, ALWAYS).iloc[-1]) == [1, 0, 0, 0, 0, 0, 1]
    assert made.open["clock_from"].tolist() == [berlin("2026-08-05 10:00")]


def test_a_repeated_row_counts_once_and_order_does_not_matter():
    rows = frame({"found_at": berlin("05 10:00")},
                 {"found_at": berlin("2026-09-05 10:00"), "fixed_at": berlin("06 10:00")})  # fmt: skip
    twice = pd.concat([rows, rows[::-1]], ignore_index=True)
    one, other = (history(ledger(part, [agreed()], [], "Europe/Berlin"), OCTOBER, ALWAYS) for part in (rows, twice))
    pd.testing.assert_frame_equal(one, other)


def test_a_month_of_which_nothing_was_seen_is_unknown_not_nothing():
    unseen = history(book({"found_at": berlin("05 10:00")}), OCTOBER, Intervals())
    assert unseen[[f"vulnerabilities_{name}" for name in FLOW]].isna().all(axis=None) and unseen["coverage"].eq(0).all()
    empty = history(book(), OCTOBER, ALWAYS).iloc[-1]
    assert flow(empty) == [0] * 7


def test_numbers_that_do_not_add_up_stop_the_report(monkeypatch):
    made = book({"found_at": berlin("05 10:00")})
    monkeypatch.setattr(vulnerabilities, "state_at", lambda ledger, at: pd.Series(["fixed"]))
    with pytest.raises(ReconciliationError, match=r"2026-10 do not add up: \+1 of 0 open at its end"):
        history(made, OCTOBER, ALWAYS)


def test_the_agreed_time_runs_from_when_it_was_found_and_ends_to_the_minute():
    rows = past_due(book(
        {"found_at": OCTOBER.end - pd.Timedelta(days=7)},  # due just when the month ends
        {"found_at": OCTOBER.end - pd.Timedelta(days=7, minutes=1)},
        {"found_at": berlin("05 10:00"), "fixed_at": berlin("12 10:00")},  # in time, to the minute
        {"found_at": berlin("05 10:00"), "fixed_at": berlin("12 10:01")},
    ), OCTOBER)  # fmt: skip
    assert rows["finding_id"].tolist() == ["f1", "f3"]
    assert rows["patch_overdue"].tolist() == [pd.Timedelta(minutes=1)] * 2
    assert rows["weakness_status"].tolist() == ["still open", "fixed late"]


def test_one_fixed_late_counts_in_the_months_in_which_it_was_late_only():
    made = book({"found_at": berlin("2026-08-01 10:00"), "fixed_at": berlin("02 10:00")})
    late = [len(past_due(made, month)) for month in Period.month("2026-11", "Europe/Berlin").history(4)]
    assert late == [1, 1, 1, 0]


def test_the_term_in_force_when_it_was_found_says_when_its_fix_is_due():
    terms = [agreed(ends="2026-10-14", high="20d"), agreed("2026-10-15", high="5d")]
    made = book({"found_at": berlin("14 23:59")}, {"found_at": berlin("15 00:00")},
                {"found_at": berlin("2025-10-15 00:00")}, terms=terms)  # fmt: skip
    due = made.open.set_index("finding_id")["due_at"]
    assert due["f0"] == berlin("14 23:59") + pd.Timedelta(days=20)
    assert due["f1"] == berlin("15 00:00") + pd.Timedelta(days=5)
    assert pd.isna(due["f2"])  # nothing was agreed yet
    assert past_due(made, OCTOBER)["finding_id"].tolist() == ["f1"]


def test_what_came_back_has_the_agreed_time_again():
    made = book({"found_at": berlin("2026-08-05 10:00"), "fixed_before_at": berlin("2026-08-09 10:00"),
                 "reopened_at": berlin("28 10:00")})  # fmt: skip
    assert past_due(made, OCTOBER).empty


def test_an_accepted_risk_is_not_late_while_it_is_accepted_and_late_at_once_after_it():
    one = {"found_at": berlin("2026-05-05 10:00"), "risk_accepted_at": berlin("2026-05-06 10:00")}
    assert past_due(book(one), OCTOBER).empty
    (row,) = past_due(book(one, risks=[risk("2026-10-10")]), OCTOBER).to_dict("records")
    # From 11 October 00:00 CEST to 1 November 00:00 CET: the hour of the clock change makes no day longer.
    assert row["patch_overdue"] == pd.Timedelta("21 days") and row["weakness_status"] == "still open"


def test_one_that_was_late_accepted_and_back_in_a_month_counts_once():
    one = {"found_at": berlin("2026-08-05 10:00"), "risk_accepted_at": berlin("05 10:00")}
    assert len(past_due(book(one, risks=[risk("2026-10-10")]), OCTOBER)) == 1


def test_a_month_that_still_runs_is_judged_as_of_when_it_was_read():
    one = {"found_at": berlin("05 10:00")}
    assert past_due(book(one, read_at=berlin("12 09:00")), OCTOBER).empty
    (row,) = past_due(book(one, read_at=berlin("13 10:00")), OCTOBER).to_dict("records")
    assert row["patch_overdue"] == pd.Timedelta(days=1)


def test_what_was_open_when_somebody_last_looked_is_not_said_to_be_open_still():
    made = book({"found_at": berlin("01 10:00"), "kev_due_at": berlin("05 00:00")})
    half = Intervals([(OCTOBER.start, berlin("31 00:00"))])
    for listed in (past_due, kev_past_due):
        assert listed(made, OCTOBER, half)["weakness_status"].tolist() == ["open when last seen"]
        assert listed(made, OCTOBER, ALWAYS)["weakness_status"].tolist() == ["still open"]


def test_those_past_their_date_stand_worst_first_and_tell_whether_a_fix_exists():
    found = {"found_at": berlin("2026-08-01 10:00")}
    rows = past_due(book({**found, "severity": "medium", "fix_available": True}, {**found, "fix_available": False},
                         {**found, "severity": "critical"}, {**found, "severity": "low"}), OCTOBER)  # fmt: skip
    assert rows["severity"].tolist() == ["critical", "high", "medium"]  # nothing is agreed for low
    assert rows["fix_state"].tolist() == ["not known", "none yet", "exists"]


def test_cisas_due_date_ends_with_its_day():
    due = {"found_at": berlin("01 10:00"), "kev_due_at": berlin("19 00:00")}
    rows = kev_past_due(book({**due, "fixed_at": berlin("19 23:59")}, {**due, "fixed_at": berlin("20 08:00")},
                             due, {"found_at": berlin("01 10:00")}), OCTOBER)  # fmt: skip
    assert rows["finding_id"].tolist() == ["f2", "f1"]
    assert rows["weakness_status"].tolist() == ["still open", "fixed late"]
    assert rows["patch_overdue"].tolist() == [pd.Timedelta("12 days"), pd.Timedelta("8h")]


def test_bands_tell_how_much_of_the_agreed_time_is_over():
    end = OCTOBER.end
    rows = summary(book(
        *({"found_at": end - pd.Timedelta(days=days)} for days in (0.5, 3, 4, 6.5, 7.5)),
        {"found_at": end - pd.Timedelta(days=400), "severity": "low"},
        {"found_at": end - pd.Timedelta(days=3), "fix_available": False},
    ), OCTOBER, [agreed()], ALWAYS).set_index("severity")  # fmt: skip
    high = rows.loc["high"]
    assert high[["open_early", "open_late", "open_past", "open_unagreed"]].tolist() == [3, 2, 1, 0]
    assert (high["vulnerabilities_open"], high["vulnerabilities_unfixable"]) == (6, 1)
    assert high["open_age"] == pd.Timedelta(days=7.5) and high["patch_deadline"] == pd.Timedelta(days=7)
    low = rows.loc["low"]
    assert (low["open_unagreed"], low["open_past"]) == (1, 0) and pd.isna(low["patch_deadline"])
    assert rows.index.tolist() == ["critical", "high", "medium", "low"]


def test_the_median_time_to_fix_is_that_of_the_months_fixes_and_withheld_below_five():
    fixes = [{"found_at": berlin("05 10:00"), "fixed_at": berlin("05 10:00") + pd.Timedelta(days=days)}
             for days in (1, 2, 3, 8, 9)]  # fmt: skip
    before = {"found_at": berlin("2026-08-01 10:00"), "fixed_at": berlin("2026-09-01 10:00")}
    high = summary(book(*fixes, before), OCTOBER, [agreed()], ALWAYS).set_index("severity").loc["high"]
    assert (high["fix_median"], high["vulnerabilities_fixed"], high["fixed_past_due"]) == (pd.Timedelta(days=3), 5, 2)
    few = summary(book(*fixes[:4], before), OCTOBER, [agreed()], ALWAYS).set_index("severity").loc["high"]
    assert pd.isna(few["fix_median"]) and few["vulnerabilities_fixed"] == 4


def test_a_summary_of_what_was_not_seen_has_no_counts():
    rows = summary(book({"found_at": berlin("05 10:00")}), OCTOBER, [agreed()], Intervals())
    assert rows["vulnerabilities_open"].isna().all() and rows["coverage"].eq(0).all()
    assert summary(book(terms=[]), OCTOBER, [], ALWAYS).empty


def test_accepted_risks_say_who_and_until_when():
    found = {"found_at": berlin("2026-05-05 10:00")}
    rows = accepted(book(found, {**found, "risk_accepted_at": berlin("2026-05-06 10:00")},
                         {**found, "fixed_at": berlin("02 10:00"), "cve": "CVE-2026-90000"},
                         risks=[risk("2026-12-31"), risk("2026-11-30")]), OCTOBER)  # fmt: skip
    assert rows["finding_id"].tolist() == ["f0", "f1"]
    assert rows["accepted_until"].tolist() == [dt.date(2026, 12, 31), None]  # the longer of two holds
    assert rows["by"].tolist() == ["Dr Weiss", "not recorded"]
    assert rows["weakness_status"].tolist() == ["accepted", "accepted"]


def test_an_acceptance_that_ended_in_the_month_is_listed_and_one_that_ended_before_is_not():
    found = {"found_at": berlin("2026-05-05 10:00")}
    rows = accepted(book(found, risks=[risk("2026-10-10")]), OCTOBER)
    assert rows["weakness_status"].tolist() == ["ended: open again"]
    assert rows["accepted_until"].tolist() == [dt.date(2026, 10, 10)]
    assert accepted(book(found, risks=[risk("2026-09-10")]), OCTOBER).empty


def score(made, seen=ALWAYS, terms=None) -> pd.DataFrame:
    nothing = FRAMES["patch_state"].empty(), FRAMES["asset"].empty()
    return scorecard(made, *nothing, OCTOBER, seen, [agreed()] if terms is None else terms).set_index("id")


def test_none_past_its_date_is_met_only_when_the_month_was_seen_whole():
    good = book({"found_at": berlin("30 10:00"), "kev_due_at": berlin("2026-11-19 00:00")})
    half = Intervals([(OCTOBER.start, berlin("16 00:00"))])
    for id in ("patches.past_due", "patches.kev"):
        assert score(good).loc[id, ["this_month", "target", "verdict"]].tolist() == [0, 0, "met"]
        assert score(good, half).loc[id, "verdict"] == "unknown"
        blind = score(good, Intervals()).loc[id]
        assert pd.isna(blind["this_month"]) and blind["verdict"] == "unknown"


def test_one_past_its_date_is_missed_where_it_was_seen_to_be():
    early, half = {"found_at": berlin("01 10:00")}, Intervals([(OCTOBER.start, berlin("16 00:00"))])
    assert score(book(early), half).loc["patches.past_due", "verdict"] == "missed"
    # Due on the 17th, when nobody looked: it may have been fixed by then.
    row = score(book({"found_at": berlin("10 10:00")}), half).loc["patches.past_due"]
    assert (row["this_month"], row["verdict"], row["best"]) == (1, "unknown", 0)


LATER = Intervals([(berlin("2026-11-23 14:00"), berlin("2026-11-24 16:00"))])
FORGOTTEN = Seen(sources=(((Intervals(), 1.0),),), listed=(berlin("2026-11-24 16:00"),))


@pytest.mark.parametrize("seen", [LATER, FORGOTTEN])
def test_one_that_is_listed_after_the_month_is_known_to_have_been_open_past_its_date_in_it(seen):
    # High: due on the 12th. It was read on 24 November for the first time, and was there still.
    found = {"found_at": berlin("05 10:00"), "kev_due_at": berlin("20 00:00")}
    made = ledger(frame(found, {"found_at": berlin("30 10:00")}), [agreed()], [], "Europe/Berlin",
                  berlin("2026-11-24 16:00"), OCTOBER, seen)  # fmt: skip
    rows = score(made, seen)
    for id in ("patches.past_due", "patches.kev"):
        assert rows.loc[id, ["this_month", "best", "coverage", "verdict"]].tolist() == [1, 1, 0, "missed"]
        assert rows.loc[id, "last_month"] is None or math.isnan(rows.loc[id, "last_month"])
    (late,) = past_due(made, OCTOBER, seen).to_dict("records")
    # From the 12th at 10:00 to the end of the 31st.
    assert (late["weakness_status"], late["patch_overdue"]) == ("still open", pd.Timedelta(days=19))
    (high,) = summary(made, OCTOBER, [agreed()], seen).dropna(subset=["vulnerabilities_open"]).to_dict("records")
    assert (high["vulnerabilities_open"], high["open_past"], high["coverage"]) == (2, 1, 0)
    assert math.isnan(high["vulnerabilities_fixed"])  # what was fixed and forgotten is not known


def test_none_past_its_date_in_what_was_read_after_the_month_is_unknown():
    made = ledger(frame({"found_at": berlin("30 10:00")}), [agreed()], [], "Europe/Berlin",
                  berlin("2026-11-24 16:00"), OCTOBER, LATER)  # fmt: skip
    row = score(made, LATER).loc["patches.past_due"]
    assert pd.isna(row["this_month"]) and row["verdict"] == "unknown"


def test_without_a_time_agreed_cisas_date_is_no_target():
    rows = score(book({"found_at": berlin("01 10:00"), "kev_due_at": berlin("05 00:00")}, terms=[]), terms=[])
    assert rows.loc["patches.kev", ["this_month", "verdict"]].tolist() == [1, "unknown"]
    assert rows.loc["patches.kev", "target"] is None


def test_a_severity_that_nobody_rated_leaves_it_open_whether_the_time_was_kept():
    row = score(book({"found_at": berlin("10 10:00"), "severity": "unknown"})).loc["patches.past_due"]
    assert (row["this_month"], row["verdict"], row["worst"]) == (0, "unknown", 1)
    young = score(book({"found_at": berlin("31 10:00"), "severity": "unknown"})).loc["patches.past_due"]
    assert young["verdict"] == "met"


def test_without_a_time_agreed_there_is_no_target_and_without_cisas_dates_no_count():
    rows = score(book({"found_at": berlin("2026-01-10 10:00")}, terms=[]), terms=[])
    assert rows.loc["patches.past_due", "target"] is None and pd.isna(rows.loc["patches.past_due", "this_month"])
    assert pd.isna(rows.loc["patches.kev", "this_month"]) and rows.loc["patches.kev", "verdict"] == "unknown"
    assert rows.loc["patches.kev", "coverage"] == 0  # nothing was seen of it, however whole the records are


def test_the_share_of_patched_machines_is_bounded_by_those_not_known():
    state = FRAMES["patch_state"].conform(pd.DataFrame([
        {"asset": "a", "observed_at": berlin("31 06:00"), "missing_critical": 0, "missing_security": 0,
         "pending_reboot": False},
        {"asset": "b", "observed_at": berlin("31 06:00")},
    ]))  # fmt: skip
    row = patches.scorecard(book(), state, FRAMES["asset"].empty(), OCTOBER, ALWAYS, [agreed()]).iloc[0]
    assert (row["this_month"], row["coverage"], row["worst"], row["best"], row["target"]) == (0.5, 0.5, 0.5, 1, None)


days = st.integers(0, 90)
ever = st.none() | days


@given(st.lists(st.tuples(days, ever, ever, ever, ever, ever, ever), max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_flow_equals_looking_at_every_day(weaknesses):
    """Times are whole days after 1 September; each vulnerability is looked at between every two of them."""
    start, rows, risks, told = pd.Timestamp("2026-09-01", tz="UTC"), [], [], []
    for number, (found, first, back, fixed, gone, taken, lasts) in enumerate(weaknesses):
        first = None if first is None or back is None else found + first
        back = None if first is None else first + back
        begun = found if back is None else back
        one = {"found_at": found, "fixed_before_at": first, "reopened_at": back,
               "fixed_at": None if fixed is None else begun + fixed,
               "asset_gone_at": None if gone is None else found + gone,
               "risk_accepted_at": None if taken is None else found + taken}  # fmt: skip
        until = None if taken is None or lasts is None else found + taken + lasts
        if until is not None:
            risks.append(risk(str((start + pd.Timedelta(days=until)).date()), cve=f"CVE-2026-9000{number}"))
        rows.append({k: None if v is None else start + pd.Timedelta(days=v) for k, v in one.items()})
        told.append((one, until))
    made = ledger(frame(*rows), [agreed()], risks, "UTC")
    months = history(made, Period.month("2026-12", "UTC"), ALWAYS, 4)
    edges = [0, 30, 61, 91, 122]
    for (first_day, last_day), row in zip(pairwise(edges), months.to_dict("records"), strict=True):
        before, new, back, fixed, gone, taken, after = flow(row)
        assert before == sum(is_open(*one, first_day - 0.5) for one in told)
        assert after == sum(is_open(*one, last_day - 0.5) for one in told)
        assert before + new + back - fixed - gone - taken == after
        assert new == sum(first_day <= one["found_at"] < last_day for one, _ in told)


def is_open(one: dict, until: int | None, at: float) -> bool:
    """By going through what is known to have happened before an instant that lies between two days."""
    happened = {name: day for name, day in one.items() if day is not None and day < at}
    if "found_at" not in happened:
        return False
    came_back = happened.get("reopened_at")
    if "fixed_at" in happened or ("fixed_before_at" in happened and came_back is None):
        return False
    if "asset_gone_at" in happened and not (came_back is not None and came_back > happened["asset_gone_at"]):
        return False
    return "risk_accepted_at" not in happened or (until is not None and at > until + 1)


def test_what_passed_its_date_where_nobody_looked_is_not_known_to_be_past_it():
    until = Intervals([(berlin("2025-01-01 00:00"), berlin("17 00:00"))])
    # High, so due in a week: one on the 19th, after the last that was seen; one on the 12th.
    rows = frame({"found_at": berlin("12 00:00")}, {"found_at": berlin("05 00:00")})
    book = ledger(rows, [agreed()], [], "Europe/Berlin", berlin("2026-11-02 00:00"), OCTOBER, until)
    late = past_due(book, OCTOBER, until)
    assert late["finding_id"].tolist() == ["f1"] and late["patch_overdue"].tolist() == [pd.Timedelta(days=5)]


def test_each_finding_is_judged_by_what_its_own_source_saw_of_the_month():
    # Dependabot saw all of October, Trivy more, Grype up to the 17th. High: due in a week.
    start = berlin("2026-09-30 00:00")
    ends = {"dependabot": OCTOBER.end, "trivy": berlin("2026-11-02 09:00"), "grype": berlin("17 00:00")}
    each = tuple(((Intervals([(start, end)]), 1.0),) for end in ends.values())
    seen = Seen(each, listed=(pd.NaT,) * 3, names=tuple(ends))
    rows = frame({"found_at": berlin("01 10:00"), "fixed_at": berlin("19 10:00")}, {"found_at": berlin("13 10:00")},
                 {"found_at": berlin("01 10:00")})  # fmt: skip
    made = ledger(rows.assign(source=["trivy", "dependabot", "grype"]), [agreed()], [], "Europe/Berlin",
                  berlin("2026-11-24 16:00"), OCTOBER, seen)  # fmt: skip
    late = past_due(made, OCTOBER, seen).set_index("finding_id")
    # Due on the 8th and fixed on the 19th; due on the 20th; due on the 8th and last seen on the 17th.
    assert late["weakness_status"].to_dict() == {"f0": "fixed late", "f1": "still open", "f2": "open when last seen"}
    assert late["patch_overdue"].dt.days.to_dict() == {"f0": 11, "f1": 11, "f2": 8}
    month = history(made, OCTOBER, seen).iloc[-1]
    assert flow(month) == [0, 3, 0, 1, 0, 0, 2] and month["open_past"] == 2
    (high,) = summary(made, OCTOBER, [agreed()], seen).dropna(subset=["open_age"]).to_dict("records")
    # Dependabot's 13th to the end of the 31st, with an hour from the clock; Grype's 1st to the 17th.
    assert (high["open_past"], high["open_age"]) == (2, pd.Timedelta(days=18, hours=15))
    assert score(made, seen).loc["patches.past_due", ["this_month", "best"]].tolist() == [3, 3]

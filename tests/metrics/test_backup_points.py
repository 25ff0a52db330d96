"""How much could have been lost: the longest time back to a good backup, bounded by what was seen."""

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals
from opsreport.metrics.backup_points import achieved
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HOUR = pd.Timedelta(hours=1)


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="UTC")


def frame(*rows: dict) -> pd.DataFrame:
    numbered = [{"backup_id": str(n), "resource": "db", "outcome": "success", **row} for n, row in enumerate(rows)]
    return FRAMES["backup"].conform(pd.DataFrame(numbered)) if rows else FRAMES["backup"].empty()


def nightly(first: str = "2026-09-30", last: str = "2026-11-01", hours: float = 4) -> list[dict]:
    nights = pd.date_range(f"{first} 01:00", f"{last} 01:00", tz="UTC")
    return [{"started_at": night, "finished_at": night + hours * HOUR} for night in nights]


def agreed(rpo: str = "30h", starts: str = "2026-01-01", every: str = "24h", **term) -> Agreement:
    return Agreement(starts_on=dt.date.fromisoformat(starts), backups=[
        BackupPlan(resource="db", every=every, rpo=rpo)], **term)  # fmt: skip


def one(rows: pd.DataFrame, seen: Intervals = ALWAYS, terms: list[Agreement] | None = None, month=OCTOBER) -> pd.Series:
    made = achieved(rows, month, [agreed()] if terms is None else terms, seen)
    assert len(made) == 1
    return made.iloc[0]


def test_nightly_from_one_to_five_makes_28_hours_and_not_24():
    row = one(frame(*nightly()))
    assert row["rpo_achieved"] == 28 * HOUR and row["verdict"] == "met"
    assert (row["rpo_from"], row["rpo_until"]) == (at("2026-09-30 01:00"), at("01 05:00"))


def test_exactly_what_was_agreed_is_met_and_a_second_less_is_missed():
    assert one(frame(*nightly()), terms=[agreed("28h")])["verdict"] == "met"
    assert one(frame(*nightly()), terms=[agreed("27h 59min 59s")])["verdict"] == "missed"


def test_a_failed_night_doubles_the_time():
    rows = nightly()
    rows[10]["outcome"] = "failure"  # of 10 October
    row = one(frame(*rows))
    assert row["rpo_achieved"] == 52 * HOUR and row["verdict"] == "missed"
    assert (row["rpo_from"], row["rpo_until"]) == (at("09 01:00"), at("11 05:00"))


def test_an_older_backup_that_finishes_later_brings_nothing_newer():
    rows = [
        {"started_at": at("2026-09-30 00:00"), "finished_at": at("2026-09-30 01:00")},
        {"started_at": at("01 00:00"), "finished_at": at("01 20:00")},
        {"started_at": at("01 06:00"), "finished_at": at("01 07:00")},
        {"started_at": at("01 22:00"), "finished_at": at("01 23:00")},
    ]
    row = one(frame(*rows), month=Period.days("2026-10-01", "2026-10-01"))
    # 31 h until the second had finished; then 17 h from its start, whatever came of the slow one.
    assert row["rpo_achieved"] == 31 * HOUR and row["rpo_until"] == at("01 07:00")


def test_what_runs_at_the_months_end_counts_as_far_as_it_has_come():
    rows = frame(*nightly(last="2026-10-29"))
    row = one(rows)
    assert row["rpo_achieved"] == 71 * HOUR and row["rpo_until"] == OCTOBER.end  # from 29 October 01:00
    november = one(frame(*nightly(last="2026-10-29"), *nightly("2026-11-03", "2026-12-01")),
                   month=Period.month("2026-11"))  # fmt: skip
    assert november["rpo_achieved"] == (5 * 24 + 4) * HOUR and november["rpo_from"] == at("29 01:00")


def test_a_backup_after_the_month_changes_nothing_in_it():
    before = one(frame(*nightly(last="2026-10-31")))
    after = one(frame(*nightly(last="2026-11-20")))
    assert before["rpo_achieved"] == after["rpo_achieved"] == 28 * HOUR


def test_one_that_is_not_known_to_be_good_bounds_it():
    rows = nightly()
    rows[10]["outcome"] = "unknown"
    row = one(frame(*rows))
    assert row["rpo_achieved"] is pd.NaT and row["rpo_from"] is pd.NaT
    assert (row["rpo_least"], row["rpo_most"], row["verdict"]) == (28 * HOUR, 52 * HOUR, "unknown")


def test_a_success_without_a_finish_is_no_proof_of_one():
    rows = nightly(hours=0)
    rows[10]["finished_at"] = None
    row = one(frame(*rows))
    assert (row["rpo_least"], row["rpo_most"]) == (24 * HOUR, 48 * HOUR)


def test_time_that_was_not_seen_may_hold_backups_and_may_not():
    rows = frame(*nightly(last="2026-10-09"), *nightly("2026-10-13"))
    gap = ALWAYS - Intervals([(at("09 12:00"), at("12 12:00"))])
    row = one(rows, gap)
    assert row["rpo_achieved"] is pd.NaT and row["rpo_most"] == 100 * HOUR  # from the 9th 01:00 to the 13th 05:00
    assert row["rpo_least"] == 28 * HOUR and row["verdict"] == "unknown"  # at best 11 h before, 17 h after
    short = ALWAYS - Intervals([(at("09 12:00"), at("09 13:00"))])
    row = one(rows, short)
    assert row["rpo_least"] == 88 * HOUR and row["verdict"] == "missed"  # from the 9th 13:00 to the 13th 05:00
    assert row["coverage"] < 1


def test_what_was_not_seen_at_all_is_unknown():
    row = one(frame(), Intervals())
    assert row["rpo_achieved"] is pd.NaT and row["rpo_least"] is pd.NaT and row["coverage"] == 0
    assert row["verdict"] == "unknown"


def test_without_one_before_time_counts_from_the_plans_first_day():
    row = one(frame(*nightly("2026-10-02")), terms=[agreed(starts="2026-10-01")])
    assert row["rpo_achieved"] == 29 * HOUR and row["rpo_from"] == OCTOBER.start
    never = one(frame(), terms=[agreed(starts="2026-10-11")])
    assert never["rpo_achieved"] == 21 * 24 * HOUR and never["verdict"] == "missed"


def test_nothing_is_said_of_backups_older_than_the_rows_that_a_month_holds():
    row = one(frame(), terms=[agreed(starts="2020-01-01")])
    assert row["rpo_achieved"] is pd.NaT and row["verdict"] == "missed"
    assert row["rpo_least"] == OCTOBER.end - at("2025-09-30 00:00")


def test_without_a_plan_the_terms_rpo_holds_and_the_first_backup_proves_nothing_of_the_time_before():
    term = [Agreement(starts_on=dt.date(2026, 1, 1), rpo="1h")]
    row = one(frame(*nightly("2026-10-02")), terms=term)
    assert row["rpo_target"] == HOUR and row["rpo_most"] is pd.NaT and row["verdict"] == "missed"
    assert one(frame(*nightly()), terms=term)["rpo_achieved"] == 28 * HOUR
    assert pd.isna(one(frame(*nightly()), terms=[])["rpo_target"])
    assert achieved(frame(*nightly(last="2026-09-30")), OCTOBER, term, ALWAYS).empty  # none in the month


def test_each_term_of_a_month_has_its_own_row_and_target():
    terms = [
        Agreement(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 10, 14), rpo="30h",
                  backups=[BackupPlan(resource="db", every="24h")]),
        agreed("26h", "2026-10-15"),
    ]  # fmt: skip
    made = achieved(frame(*nightly()), OCTOBER, terms, ALWAYS)
    assert made["verdict"].tolist() == ["met", "missed"]
    assert [str(day) for day in made["term_to"]] == ["2026-10-14", "2026-10-31"]


def test_an_empty_frame_without_plans_has_no_row():
    assert achieved(FRAMES["backup"].empty(), OCTOBER, [], ALWAYS).empty


minutes = st.integers(-3000, 3 * 1440)
attempts = st.lists(
    st.tuples(minutes, st.integers(0, 900), st.sampled_from(["success", "success", "failure", "unknown"])), max_size=7
)
holes = st.lists(st.tuples(minutes, st.integers(1, 600)), max_size=2)
DAYS = Period.days("2026-10-01", "2026-10-03")


def brute(points: list[tuple[int, int]], unseen: set[int], since: int) -> int:
    """The longest exposure, in minutes, by looking at each minute's end; a backup at each minute not seen."""
    best = since if not any(finish <= 0 for _, finish in points) else None
    longest = 0
    for now in range(-6000, 3 * 1440 + 1):
        if now > 0 and now - 1 not in unseen and best is not None:
            longest = max(longest, now - best)  # just before whatever finishes now
        done = [start for start, finish in points if finish == now] + ([now] if now - 1 in unseen else [])
        best = max([*done, *([] if best is None else [best])], default=None)
    return longest


@given(attempts, holes)
@settings(max_examples=40, deadline=None)
def test_it_equals_looking_at_every_minute(tried, unseen):
    rows = [
        {"started_at": DAYS.start + pd.Timedelta(minutes=start), "outcome": outcome,
         "finished_at": DAYS.start + pd.Timedelta(minutes=start + took)}
        for start, took, outcome in tried
    ]  # fmt: skip
    gaps = Intervals((DAYS.start + pd.Timedelta(minutes=start), DAYS.start + pd.Timedelta(minutes=start + length))
                     for start, length in unseen)  # fmt: skip
    row = achieved(frame(*rows), DAYS, [agreed(starts="2026-09-28")], ALWAYS - gaps).iloc[0]
    since = -3 * 1440
    good = [(start, start + took) for start, took, outcome in tried if outcome == "success"]
    hoped = [(start, start + took) for start, took, outcome in tried if outcome != "failure"]
    blind = {minute for start, length in unseen for minute in range(start, start + length)}
    most = brute(good, set(), since)
    assert row["rpo_most"] == pd.Timedelta(minutes=most)
    assert row["rpo_least"] == pd.Timedelta(minutes=min(brute(hoped, blind, since), most))

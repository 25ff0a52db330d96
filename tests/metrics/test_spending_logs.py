"""How long logs are kept, what that costs by the bill, and what the agreed limit would save."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals
from opsreport.metrics import spending_logs as metrics
from opsreport.metrics.spending import scorecard
from opsreport.metrics.spending_bill import log_charges, match
from opsreport.params.models import Agreement
from opsreport.params.operations import LogRetention
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def groups(*rows: dict) -> pd.DataFrame:
    made = [{"log_group": "/shop/web", "service": "web", **row} for row in rows]
    return FRAMES["log_group"].conform(pd.DataFrame(made, columns=FRAMES["log_group"].names))


def charge(amount: str, resource: str | None = "/shop/web", words: str = "GB-month of log storage", **more) -> dict:
    return {"billing_period_start": at("2026-10-01"), "charge_period_start": at("2026-10-05"),
            "charge_category": "Usage", "service_name": "CloudWatch", "resource_id": resource,
            "charge_description": words, "billed_cost": Decimal(amount), "billing_currency": "EUR"} | more  # fmt: skip


def bill(*rows: dict) -> pd.DataFrame:
    services = pd.Series([row.pop("service", None) for row in rows], dtype="string")
    return FRAMES["cost"].conform(pd.DataFrame(list(rows), columns=FRAMES["cost"].names)).assign(service=services)


def agreed(*terms: tuple[str, int]) -> list[Agreement]:
    held = [LogRetention(log_group=name, days=days) for name, days in terms]
    return [Agreement(starts_on=dt.date(2026, 1, 1), log_retention=held)]


def judged(*rows: dict, terms=(("*", 31),), cost=(), seen=None) -> pd.Series:
    (made,) = metrics.logs(groups(*rows), bill(*cost), OCTOBER, agreed(*terms), seen).to_dict("records")
    return made


@pytest.mark.parametrize(("days", "terms", "state"), [
    (None, (("*", 31),), "kept for ever"), (7, (("*", 31),), "shorter than agreed"),
    (60, (("*", 31),), "longer than agreed"), (31, (("*", 31),), "as agreed"), (31, (), "nothing agreed"),
    (None, (), "kept for ever"), (7, (("/shop/*", 7), ("*", 31)), "as agreed"),
    (7, (("/Shop/*", 7), ("*", 31)), "shorter than agreed"),
])  # fmt: skip
def test_a_limit_is_held_against_the_first_pattern_that_fits(days, terms, state):
    assert judged({"observed_at": at("2026-10-31"), "retention_days": days}, terms=terms)["log_state"] == state


def test_the_newest_snapshot_before_the_months_end_counts_and_an_old_one_is_not_judged():
    # 23:30 UTC on 31 October is November in Berlin.
    late = {"observed_at": at("2026-10-31 23:30"), "retention_days": None}
    row = judged({"observed_at": at("2026-10-31 22:30"), "retention_days": 31}, late)
    assert row["log_state"] == "as agreed"
    old = judged({"observed_at": at("2026-09-20"), "retention_days": 7, "ingested_bytes": 9})
    assert old["log_state"] == "not seen lately" and pd.isna(old["ingested_bytes"])


def test_a_log_store_that_a_newer_reading_lacks_is_gone():
    rows = groups({"observed_at": at("2026-09-30"), "log_group": "gone"}, {"observed_at": at("2026-10-31")})
    made = metrics.logs(rows, bill(), OCTOBER, agreed())
    assert made["log_group"].tolist() == ["/shop/web"]
    # Each source has its own newest reading.
    both = rows.assign(source=["azure", "aws"])
    assert len(metrics.logs(both, bill(), OCTOBER, agreed())) == 2


def test_storage_and_writing_are_told_apart_by_the_charges_own_words_only():
    cost = [charge("3"), charge("5", words="GB of log data ingested"), charge("7", words="Logs"),
            charge("9", words="log storage and ingestion"), charge("11", "/shop/web-old"),
            charge("13", words="GB-month of storage", service_name="Disks")]  # fmt: skip
    row = judged({"observed_at": at("2026-10-31"), "retention_days": 31}, cost=cost)
    assert (row["log_storage_cost"], row["log_ingestion_cost"], row["note"]) == (3, 5, "")


def test_a_charge_without_a_resource_is_of_the_single_log_store_of_its_service():
    alone = charge("3", None, service="web")
    one = groups({"observed_at": at("2026-10-31")})
    assert log_charges(bill(alone.copy()), one)["log_group"].tolist() == ["/shop/web"]
    two = groups({"observed_at": at("2026-10-31")}, {"observed_at": at("2026-10-31"), "log_group": "/shop/api"})
    assert log_charges(bill(alone.copy()), two).empty
    assert log_charges(bill(charge("3", "other", service="web")), one).empty


def test_names_are_matched_as_whole_parts_of_a_resources_id():
    assert match("arn:aws:logs:eu:1:log-group:/shop/web:*", ["/shop/web"]) == "/shop/web"
    assert match("/subscriptions/1/workspaces/logs-a", ["a", "logs-a"]) == "logs-a"
    assert match("/shop/web-old", ["/shop/web", "old"]) is None


def test_what_the_bill_does_not_tell_is_unknown_and_said():
    now = {"observed_at": at("2026-10-31"), "retention_days": None, "stored_bytes": 80}
    untold = judged(now)
    assert pd.isna(untold["log_storage_cost"]) and untold["note"] == "the bill does not tell what it costs"
    two = judged(now, cost=[charge("3"), charge("4", billing_currency="USD")])
    assert pd.isna(two["log_storage_cost"])
    half = Intervals([(at("2026-10-01"), at("2026-10-10"))])
    assert pd.isna(judged(now, cost=[charge("3")], seen=half)["log_storage_cost"])
    short = judged(now, cost=[charge("3")])
    assert pd.isna(short["limit_saving"]) and short["note"] == "too little history to tell what a limit would save"


def snapshots(*held: int | None, days: int | None = None) -> list[dict]:
    months = ("2026-08-31", "2026-09-30", "2026-10-31")
    return [{"observed_at": at(day), "stored_bytes": size, "retention_days": days}
            for day, size in zip(months[-len(held):], held, strict=True)]  # fmt: skip


@pytest.mark.parametrize(("held", "days", "saving"), [
    ((60, 80), 31, "15"),  # what is older than 31 days is what was held on 30 September
    ((40, 60, 80), 46, "12.5"),  # half way between August's and September's end: 50 of 80
    ((60, 80), 62, None),  # the history does not reach back
    ((90, 80), 31, None),  # something was deleted: what was held then says nothing
    ((60, None), 31, None), ((None, 80), 31, None),
])  # fmt: skip
def test_a_limit_saves_the_storage_of_what_was_held_that_many_days_ago(held, days, saving):
    # 46 days before 31 October is 15 September, half of the 30 days between the two snapshots.
    row = judged(*snapshots(*held), terms=(("*", days),), cost=[charge("20")])
    assert (None if pd.isna(row["limit_saving"]) else row["limit_saving"]) == (saving and Decimal(saving))


def test_a_limit_that_was_lifted_in_between_tells_nothing():
    rows = snapshots(60, 80)
    rows[0]["retention_days"] = 90
    assert pd.isna(judged(*rows, cost=[charge("20")])["limit_saving"])


def test_a_shorter_limit_saves_by_what_was_written_in_the_days_of_both():
    rows = [{"observed_at": at(day), "ingested_bytes": taken, "stored_bytes": 9, "retention_days": 61}
            for day, taken in (("2026-09-30", 10), ("2026-10-31", 30))]  # fmt: skip
    # October's 31 days took in 30, those and September's 30 took in 40: a quarter is older.
    assert judged(*rows, cost=[charge("20")])["limit_saving"] == 5
    assert pd.isna(judged(rows[1], cost=[charge("20")])["limit_saving"])


@given(st.lists(st.integers(0, 10**15), min_size=3, max_size=3), st.integers(1, 61))
@settings(max_examples=25, deadline=None)
def test_a_limit_never_saves_less_than_nothing_or_more_than_the_storage(written, days):
    held = [sum(written[: n + 1]) for n in range(3)]
    row = judged(*snapshots(*held), terms=(("*", days),), cost=[charge("20")])
    assert pd.isna(row["limit_saving"]) or 0 <= row["limit_saving"] <= 20


def test_growth_is_against_the_end_of_the_month_before_and_unknown_without_it():
    seen = (("2026-09-29", 60), ("2026-10-15", 70), ("2026-10-31", 80))
    rows = [{"observed_at": at(day), "stored_bytes": held} for day, held in seen]
    assert judged(*rows)["stored_growth"] == 20
    assert pd.isna(judged(*rows[1:])["stored_growth"])


def test_history_has_a_row_a_month_and_a_gap_where_it_was_not_seen():
    made = metrics.log_history(groups({"observed_at": at("2026-08-31"), "stored_bytes": 4},
                                      {"observed_at": at("2026-10-31"), "stored_bytes": 6}), OCTOBER, 3)  # fmt: skip
    assert made["period"].tolist() == ["2026-08", "2026-09", "2026-10"]
    assert made["stored_bytes"].fillna(-1).tolist() == [4, -1, 6]
    assert metrics.log_history(FRAMES["log_group"].empty(), OCTOBER).empty


def test_the_cost_of_logs_without_a_limit_is_that_of_each_months_own_state():
    september = charge("2", charge_period_start=at("2026-09-05"), billing_period_start=at("2026-09-01"))
    rows = groups({"observed_at": at("2026-09-30")}, {"observed_at": at("2026-10-31"), "retention_days": 31})
    months = [OCTOBER.back(2), OCTOBER.previous(), OCTOBER]
    assert metrics.unlimited_cost(rows, bill(september, charge("3")), months, "EUR") == [None, 2, 0]
    assert metrics.unlimited_cost(rows, bill(september), months, "USD") == [None, None, 0]


def test_without_a_log_store_there_is_no_row():
    made = metrics.logs(FRAMES["log_group"].empty(), bill(charge("3")), OCTOBER, agreed(("*", 31)))
    assert made.empty and tuple(made.columns) == metrics.LOGS


@pytest.mark.parametrize(("stores", "coverage", "this_month", "verdict"), [
    ([{"retention_days": 31}, {"retention_days": 30}], 1, 0.5, "missed"),
    ([{"retention_days": 31}, {"retention_days": None}], 1, 0.5, "missed"),
    ([{"retention_days": 31}, {"retention_days": 31}], 1, 1.0, "met"),
    ([{"retention_days": 31}, {"retention_days": 31}], 0, 1.0, "unknown"),
    ([{"retention_days": 31, "observed_at": at("2026-09-20")}] * 2, 1, None, "unknown"),
])  # fmt: skip
def test_every_log_store_is_promised_to_be_kept_as_long_as_agreed(stores, coverage, this_month, verdict):
    now = {"observed_at": at("2026-10-31")}
    held = groups(*({**now, "log_group": f"/shop/{n}", **row} for n, row in enumerate(stores)))
    whole = Intervals([(at("2020-01-01"), at("2030-01-01"))])
    seen = {"cost": whole, "recommendation": whole, "log_group": whole if coverage else Intervals()}
    rows = scorecard(FRAMES["recommendation"].empty(), held, bill(), OCTOBER, "EUR", seen,
                     agreements=agreed(("*", 31))).set_index("id")  # fmt: skip
    row = rows.loc["spending.retention"]
    assert (row["target"], row["verdict"]) == (1.0, verdict)
    assert pd.isna(row["this_month"]) if this_month is None else row["this_month"] == this_month


def test_where_no_retention_is_agreed_none_is_promised():
    seen = dict.fromkeys(("cost", "recommendation", "log_group"), Intervals())
    for terms in ([], agreed(("/other/*", 31))):
        made = scorecard(FRAMES["recommendation"].empty(), groups({"observed_at": at("2026-10-31")}), bill(), OCTOBER,
                         "EUR", seen, agreements=terms)  # fmt: skip
        assert "spending.retention" not in set(made["id"])

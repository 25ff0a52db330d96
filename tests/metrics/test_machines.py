"""A machine is patched when all was told and nothing waits; what was not seen is not patched."""

import pandas as pd
import pytest

from opsreport.metrics.patches import machines, totals, unpatched
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")
GOOD = {"missing_critical": 0, "missing_security": 0, "failed": 0, "pending_reboot": False}


def berlin(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if len(text) > 8 else f"2026-10-{text}", tz="Europe/Berlin").tz_convert("UTC")


def states(*rows: dict) -> pd.DataFrame:
    told = [{"asset": "web", "observed_at": berlin("31 06:00"), **GOOD, **row} for row in rows]
    return FRAMES["patch_state"].conform(pd.DataFrame(told)) if rows else FRAMES["patch_state"].empty()


def listed(*rows: dict) -> pd.DataFrame:
    told = [{"asset": "web", "observed_at": berlin("31 05:00"), "in_patch_scope": True, "is_managed": True, **row}
            for row in rows]  # fmt: skip
    return FRAMES["asset"].conform(pd.DataFrame(told)) if rows else FRAMES["asset"].empty()


def status(state: dict, **known: object) -> str:
    (found,) = machines(states(state), listed({**known}), OCTOBER)["machine_status"]
    return found


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, "up to date"),
        ({"failed": None}, "up to date"),  # a failed patch would still be missing
        ({"missing_critical": None}, "up to date"),  # critical ones are among the security patches
        ({"missing_security": 1}, "patches missing"),
        ({"missing_critical": 1, "missing_security": None}, "patches missing"),
        ({"failed": 1, "missing_security": 2}, "patches failed"),
        ({"pending_reboot": True}, "waiting for a reboot"),
        ({"missing_security": None}, "not known"),
        ({"pending_reboot": None}, "not known"),
        ({"pending_reboot": True, "missing_security": None}, "waiting for a reboot"),  # bad, whatever is not told
    ],
)
def test_each_state_has_its_name(state, expected):
    assert status(state) == expected


def test_a_machine_that_no_tool_reaches_is_unmanaged_and_counts():
    rows = machines(states({}), listed({}, {"asset": "new", "is_managed": False}), OCTOBER)
    assert rows["machine_status"].tolist() == ["unmanaged", "up to date"]
    now = totals(rows, OCTOBER).iloc[0]
    assert (now["machines"], now["machines_unmanaged"], now["patched_share"], now["coverage"]) == (2, 1, 0.5, 1)


def test_those_that_need_attention_are_all_but_the_patched():
    told = states({}, {"asset": "db", "failed": 1}, {"asset": "old", "pending_reboot": None})
    rows = machines(told, listed(), OCTOBER)
    assert unpatched(rows)["asset"].tolist() == ["db", "old"]


def test_a_machine_that_the_tool_never_told_of_is_not_known():
    rows = machines(states(), listed({}), OCTOBER)
    assert rows[["machine_status", "note"]].iloc[0].tolist() == ["not known", "the patch tool never told of it"]
    now = totals(rows, OCTOBER).iloc[0]
    assert pd.isna(now["patched_share"]) and now["coverage"] == 0 and now["machines"] == 1


def test_a_machine_out_of_scope_is_left_out_whatever_its_state():
    assert machines(states({"missing_critical": 3}), listed({"in_patch_scope": False}), OCTOBER).empty


def test_the_newest_state_before_the_months_end_counts_and_none_after_it():
    rows = states({"observed_at": berlin("30 06:00"), "missing_security": 2}, {"observed_at": berlin("31 23:59")},
                  {"observed_at": OCTOBER.end, "missing_security": 9})  # fmt: skip
    assert machines(rows, listed({}), OCTOBER)["machine_status"].tolist() == ["up to date"]


def test_a_state_of_more_than_seven_days_before_the_end_is_not_known():
    # The end is 1 November 00:00; the clock went back on the 25th, and seven days are 168 hours.
    assert status({"observed_at": berlin("25 00:00")}) == "not known"
    assert status({"observed_at": OCTOBER.end - pd.Timedelta(days=7)}) == "up to date"


def test_a_month_that_still_runs_is_judged_as_of_when_it_was_read():
    rows = states({"observed_at": berlin("10 06:00")})
    assert machines(rows, listed(), OCTOBER, berlin("12 00:00"))["machine_status"].tolist() == ["up to date"]
    assert machines(rows, listed(), OCTOBER)["machine_status"].tolist() == ["not known"]


def test_a_machine_that_the_inventory_no_longer_lists_is_gone_and_one_it_lists_is_missed():
    inventory = listed({}, {"asset": "old", "observed_at": berlin("10 05:00")}, {"asset": "lost"})
    rows = machines(states({}, {"asset": "old", "observed_at": berlin("10 06:00")},
                           {"asset": "lost", "observed_at": berlin("10 06:00")}), inventory, OCTOBER)  # fmt: skip
    assert dict(zip(rows["asset"], rows["machine_status"], strict=True)) == {"lost": "not known", "web": "up to date"}


def test_an_old_inventory_still_says_what_is_to_be_patched():
    rows = machines(states(), listed({"observed_at": berlin("2026-07-01 05:00")}), OCTOBER)
    assert rows["machine_status"].tolist() == ["not known"]


def test_without_an_inventory_a_machine_not_seen_this_month_is_left_out_unless_nothing_was_seen():
    old = {"asset": "old", "observed_at": berlin("2026-09-02 06:00")}
    assert machines(states({}, old), listed(), OCTOBER)["asset"].tolist() == ["web"]
    assert machines(states(old), listed(), OCTOBER)["machine_status"].tolist() == ["not known"]


def test_a_reboot_is_waited_for_since_the_first_report_of_the_last_run():
    days = [("10 06:00", True), ("13 06:00", False), ("19 06:00", True), ("25 06:00", True), ("31 06:00", True)]
    rows = states(*({"observed_at": berlin(day), "pending_reboot": waits} for day, waits in days))
    # 19 October 06:00 CEST to 31 October 06:00 CET.
    assert machines(rows, listed(), OCTOBER)["reboot_waiting"].tolist() == [pd.Timedelta("12 days 1h")]
    once = states({"pending_reboot": True})
    assert machines(once, listed(), OCTOBER)["reboot_waiting"].tolist() == [pd.Timedelta(0)]


def test_the_oldest_missing_critical_patch_is_as_old_as_the_month_makes_it():
    two = states({"missing_critical": 1, "oldest_missing_at": berlin("02 00:00")},
                 {"asset": "db", "missing_critical": 0, "oldest_missing_at": berlin("2025-01-01 00:00")})  # fmt: skip
    rows = machines(two, listed(), OCTOBER).set_index("asset")
    assert rows.loc["web", "oldest_missing_age"] == pd.Timedelta("30 days 1h")
    assert pd.isna(rows.loc["db", "oldest_missing_age"])  # none is missing there
    assert totals(rows.reset_index(), OCTOBER)["oldest_missing_age"].tolist() == [pd.Timedelta("30 days 1h")]


def test_two_inventories_do_not_make_each_others_machines_old():
    inventory = listed({"observed_at": berlin("20 05:00")}, {"asset": "db"}).assign(source=["a", "b"])
    rows = machines(states({}, {"asset": "db"}), inventory, OCTOBER)
    assert rows["asset"].tolist() == ["db", "web"]


def test_what_an_inventory_of_backups_lists_says_nothing_of_patches():
    inventory = listed({"asset": "bucket", "in_patch_scope": None, "is_managed": None})
    assert machines(states({}), inventory, OCTOBER)["asset"].tolist() == ["web"]


def test_nothing_seen_is_nothing_known():
    rows = machines(states(), listed(), OCTOBER)
    now = totals(rows, OCTOBER).iloc[0]
    assert rows.empty and now["machines"] == 0 and pd.isna(now["patched_share"]) and pd.isna(now["machines_patched"])
    assert now["coverage"] == 0


def test_a_machine_is_known_from_the_patch_tool_or_else_from_the_inventory():
    made = machines(states({}), listed({}, {"asset": "db"}), OCTOBER).set_index("asset")["known_from"]
    assert made.to_dict() == {"web": "patch_state", "db": "asset"}

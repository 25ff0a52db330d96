"""What is to be backed up is what the newest inventory says, and protected is what has a good backup."""

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics.backup_cover import assets, cover
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="UTC")


def listed(*rows: tuple, source: str | None = None) -> pd.DataFrame:
    made = FRAMES["asset"].conform(pd.DataFrame(
        [{"asset": name, "observed_at": at(seen), "in_backup_scope": scope} for name, seen, scope in rows]
    ))  # fmt: skip
    return made.assign(source=source) if source else made


def backups(*rows: tuple) -> pd.DataFrame:
    each = [{"backup_id": str(n), "resource": name, "started_at": at(start), "outcome": outcome}
            for n, (name, start, outcome) in enumerate(rows)]  # fmt: skip
    return FRAMES["backup"].conform(pd.DataFrame(each)) if rows else FRAMES["backup"].empty()


def counted(asset: pd.DataFrame, backup: pd.DataFrame, seen: Intervals = ALWAYS) -> pd.Series:
    return cover(assets(asset, backup, OCTOBER, seen), OCTOBER, seen).iloc[0]


def test_protected_is_what_has_a_good_backup_in_the_month():
    asset = listed(("a", "26", True), ("b", "26", True), ("c", "26", True), ("out", "26", False))
    done = backups(("a", "31 23:00", "success"), ("b", "15", "failure"), ("c", "2026-09-30 23:59", "success"))
    made = assets(asset, done, OCTOBER, ALWAYS)
    assert dict(zip(made["asset"], made["backup_protection"], strict=True)) == {
        "b": "not protected", "c": "not protected", "a": "protected",
    }  # fmt: skip
    row = counted(asset, done)
    assert (row["assets_in_scope"], row["assets_protected"], row["assets_unprotected"]) == (3, 1, 2)
    assert row["protected_share"] == 1 / 3 and row["verdict"] == "missed"
    assert row["inventory_age"] == pd.Timedelta(days=6)


def test_the_newest_look_up_to_the_months_end_counts():
    asset = listed(("a", "01", True), ("a", "20", False), ("a", "2026-11-01 00:01", True), ("b", "2026-11-01", True))
    made = assets(asset, backups(), OCTOBER, ALWAYS)
    assert made["asset"].tolist() == ["b"]  # seen just when the month ended
    assert counted(asset, backups())["inventory_age"] == pd.Timedelta(0)


def test_what_an_inventory_left_out_for_a_week_is_gone():
    asset = listed(("old", "12", True), ("kept", "20", True), ("kept", "26", True), ("late", "19", True))
    assert set(assets(asset, backups(), OCTOBER, ALWAYS)["asset"]) == {"kept", "late"}


def test_a_scope_that_is_not_recorded_is_unknown_and_bounds_the_share():
    asset = listed(("a", "26", True), ("maybe", "26", None))
    row = counted(asset, backups(("a", "05", "success")))
    assert row["assets_scope_unknown"] == 1 and row["protected_share"] == 1
    assert (row["protected_worst"], row["protected_best"], row["verdict"]) == (0.5, 1, "unknown")
    both = counted(asset, backups(("a", "05", "success"), ("maybe", "05", "success")))
    assert both["verdict"] == "met"


def test_an_inventory_that_says_nothing_of_backups_is_of_something_else():
    machines = listed(("web-1", "31", None), source="machines")
    stores = listed(("db", "26", True), source="stores")
    asset = pd.concat([machines, stores], ignore_index=True)
    assert assets(asset, backups(), OCTOBER, ALWAYS)["asset"].tolist() == ["db"]
    both = pd.concat([listed(("db", "31", None), ("x", "31", False), source="more"), stores], ignore_index=True)
    assert assets(both, backups(), OCTOBER, ALWAYS)["backup_scope"].tolist() == ["in scope"]


def test_an_inventory_from_before_the_month_proves_nothing_of_it_and_says_so():
    asset = listed(("a", "2026-09-20", True))
    done = backups(("a", "05", "success"))
    row = counted(asset, done)
    assert pd.isna(row["protected_share"]) and pd.isna(row["assets_in_scope"]) and row["verdict"] == "unknown"
    assert row["note"] == "the newest inventory is from before this month"
    assert row["inventory_age"] == pd.Timedelta(days=42)
    (note,) = assets(asset, done, OCTOBER, ALWAYS)["note"]
    assert note == "last listed before this month: it may be out of date"


def test_without_a_backup_it_is_not_known_in_a_month_that_was_not_seen_whole():
    half = Intervals([(OCTOBER.start, at("16"))])
    asset = listed(("a", "26", True), ("b", "26", True))
    row = counted(asset, backups(("a", "05", "success")), half)
    assert row["assets_unsure"] == 1 and row["assets_unprotected"] == 0
    assert pd.isna(row["protected_share"]) and (row["protected_worst"], row["protected_best"]) == (0.5, 1)
    assert row["verdict"] == "unknown"


def test_without_an_inventory_nothing_is_known_of_the_scope():
    row = counted(FRAMES["asset"].empty(), backups(("a", "05", "success")))
    assert pd.isna(row["protected_share"]) and row["verdict"] == "unknown"
    assert row["note"] == "no inventory says what is to be backed up"

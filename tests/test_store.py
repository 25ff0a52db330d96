"""The store merges by the sources' own ids, stays exact, and never loses what was whole."""

import os
import stat
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opsreport import store as store_module
from opsreport.coverage import Coverage, close_unlisted
from opsreport.errors import StoreError
from opsreport.schemas import DECIMAL, FRAMES
from opsreport.store import Store

NOW = pd.Timestamp("2026-11-02", tz="UTC")
TENTH = Decimal("0.100000000000000001")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def seen(frame, rows, status="ok", source="x", start="2026-10-01", end="2026-11-01", why=""):
    window = (at(start), at(end))
    observed = (pd.NaT, pd.NaT) if status == "unavailable" else window
    return Coverage(frame, source, *window, *observed, len(rows), status, why)


def incidents(*rows):
    columns = ["incident_id", "opened_at", "severity"]
    made = [(id, at(opened), severity) for id, opened, severity in rows]
    return FRAMES["incident"].conform(pd.DataFrame(made, columns=columns))


def bill(*amounts, month="2026-10"):
    count = len(amounts)
    held = {"billing_period_start": [at(f"{month}-01")] * count, "charge_period_start": [at(f"{month}-05")] * count,
            "charge_category": ["Usage"] * count, "billed_cost": [Decimal(one) for one in amounts],
            "billing_currency": ["EUR"] * count}  # fmt: skip
    return FRAMES["cost"].conform(pd.DataFrame(held))


@pytest.fixture
def acme(tmp_path):
    return Store(tmp_path / "store", "acme")


def merge(store, frame, rows, now=NOW, **about):
    return store.merge(rows, seen(frame, rows, **about), now)


def snapshot(folder):
    """Every file with its content and the time it was last written."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path(folder).rglob("*") if path.is_file()}


def ids(store, **window):
    return store.read("incident", **window)["incident_id"].tolist()


def test_before_anything_is_collected_every_frame_is_empty_with_its_columns(acme, tmp_path):
    for name, frame in FRAMES.items():
        rows = acme.read(name)
        assert rows.columns.tolist() == [*frame.names, "source"] and rows.empty
    assert acme.coverage().empty
    assert not (tmp_path / "store").exists()


def test_what_is_merged_is_read_back_with_its_dtypes_and_its_source(acme):
    rows = incidents(("1", "2026-10-02", "SEV1"), ("2", "2026-10-03", None))
    merge(acme, "incident", rows)
    back = acme.read("incident")
    pd.testing.assert_frame_equal(back.drop(columns="source"), rows)
    assert back["source"].tolist() == ["x", "x"]


def test_a_row_with_a_known_id_takes_the_place_of_the_earlier_one(acme):
    merge(acme, "incident", incidents(("1", "2026-10-02", "SEV1"), ("2", "2026-10-03", "SEV2")))
    merge(acme, "incident", incidents(("2", "2026-10-03", "SEV3"), ("3", "2026-10-04", "SEV1")))
    assert acme.read("incident")[["incident_id", "severity"]].to_numpy().tolist() == [
        ["1", "SEV1"], ["2", "SEV3"], ["3", "SEV1"],
    ]  # fmt: skip


def test_what_a_source_no_longer_returns_stays(acme):
    merge(acme, "incident", incidents(("1", "2026-10-02", "SEV1")))
    merge(acme, "incident", incidents())
    assert ids(acme) == ["1"]


def test_two_sources_may_use_the_same_id(acme):
    merge(acme, "incident", incidents(("1", "2026-10-02", "SEV1")))
    merge(acme, "incident", incidents(("1", "2026-10-02", "SEV2")), source="y")
    assert acme.read("incident")["source"].tolist() == ["x", "y"]


@pytest.mark.parametrize("frame", ["incident", "cost"])
def test_collecting_twice_changes_no_file(acme, tmp_path, frame):
    rows = (
        incidents(("1", "2026-10-02", "SEV1"), ("2", "2026-11-01", None))
        if frame == "incident"
        else bill("1", "1", "2")
    )
    merge(acme, frame, rows)
    before = snapshot(tmp_path)
    merge(acme, frame, rows.iloc[::-1].reset_index(drop=True), now=NOW + pd.Timedelta(days=1))
    assert snapshot(tmp_path) == before and len(before) == (3 if frame == "incident" else 2)


def test_a_row_that_moves_to_another_month_leaves_the_old_one(acme, tmp_path):
    merge(acme, "incident", incidents(("1", "2026-10-31 23:59", "SEV1"), ("2", "2026-10-02", "SEV1")))
    merge(acme, "incident", incidents(("1", "2026-11-01 00:00", "SEV1")))
    assert ids(acme) == ["1", "2"] or sorted(ids(acme)) == ["1", "2"]
    counts = {
        path.stem: pq.ParquetFile(path).metadata.num_rows for path in (tmp_path / "store/acme/incident").iterdir()
    }
    assert counts == {"2026-10": 1, "2026-11": 1}


def test_only_the_month_that_changed_is_written(acme, tmp_path):
    merge(acme, "incident", incidents(("1", "2026-09-02", "SEV1"), ("2", "2026-10-02", "SEV1")))
    before = snapshot(tmp_path / "store/acme/incident")
    merge(acme, "incident", incidents(("2", "2026-10-02", "SEV2")))
    after = snapshot(tmp_path / "store/acme/incident")
    assert {path.stem for path in after if after[path] != before[path]} == {"2026-10"}


def test_rows_that_are_wholly_the_same_are_one_and_one_id_with_two_contents_is_partial(acme):
    same, other = ("1", "2026-10-02", "SEV1"), ("1", "2026-10-02", "SEV2")
    assert merge(acme, "incident", incidents(same, same)).status == "ok"
    told = merge(acme, "incident", incidents(same, other), start="2026-10-02")
    assert told.status == "partial" and "1 rows repeat the incident_id of another with other content" in told.why
    assert len(acme.read("incident")) == 1
    again = merge(acme, "incident", incidents(other, same), start="2026-10-02")
    assert again == told and acme.coverage()["status"].tolist() == ["ok", "partial"]


# Bills.


def test_identical_lines_of_a_bill_are_all_kept(acme):
    merge(acme, "cost", bill("1", "1", "1"))
    merge(acme, "cost", bill("1", "1", "1"))
    assert acme.read("cost")["billed_cost"].sum() == 3


def test_a_billing_period_is_replaced_as_a_whole_and_others_stay(acme):
    merge(acme, "cost", bill("1", "2", month="2026-09"), start="2026-09-01", end="2026-10-01")
    merge(acme, "cost", bill("4", "8"))
    merge(acme, "cost", bill("16"))
    assert acme.read("cost")["billed_cost"].sum() == 19


def test_a_partial_bill_never_replaces_a_fuller_one(acme):
    merge(acme, "cost", bill("1", "2"))
    told = merge(acme, "cost", bill("1"), status="partial", why="page 2 is missing")
    assert acme.read("cost")["billed_cost"].sum() == 3
    assert told.status == "partial"
    assert told.why == "page 2 is missing; the fuller earlier reading of 2026-10 was kept"


def test_a_partial_bill_is_better_than_none_and_gives_way_to_the_whole(acme):
    merge(acme, "cost", bill("1"), status="partial")
    merge(acme, "cost", bill("1", "2"), status="partial")
    assert acme.read("cost")["billed_cost"].sum() == 3
    merge(acme, "cost", bill("5"))
    assert acme.read("cost")["billed_cost"].sum() == 5


def test_another_source_of_bills_is_left_alone(acme):
    merge(acme, "cost", bill("1"))
    merge(acme, "cost", bill("2"), source="y")
    merge(acme, "cost", bill("4"))
    assert acme.read("cost")["billed_cost"].sum() == 6


def test_money_is_exact_at_every_step(acme, tmp_path):
    rows = bill(TENTH, TENTH, TENTH)
    assert rows["billed_cost"].dtype == DECIMAL
    merge(acme, "cost", rows)
    path = tmp_path / "store/acme/cost/2026-10.parquet"
    assert pq.read_schema(path).field("billed_cost").type == pa.decimal128(38, 18)
    with duckdb.connect() as db:
        ((kind, total),) = db.sql(f"SELECT typeof(max(billed_cost)), sum(billed_cost) FROM '{path}'").fetchall()
    assert (kind, total) == ("DECIMAL(38,18)", Decimal("0.300000000000000003"))
    back = acme.read("cost")
    assert back["billed_cost"].dtype == DECIMAL
    assert back["billed_cost"].tolist() == [TENTH] * 3
    assert back["billed_cost"].sum() == Decimal("0.300000000000000003")
    assert back["list_cost"].isna().all() and back["list_cost"].dtype == DECIMAL


# Reading.


def test_rows_that_have_time_in_the_window_are_read(acme):
    rows = incidents(("before", "2026-09-01", None), ("over", "2026-09-30", None), ("after", "2026-11-01", None))
    rows["resolved_at"] = pd.Series([at("2026-09-02"), at("2026-10-01 01:00"), pd.NaT], dtype=rows["resolved_at"].dtype)
    merge(acme, "incident", rows)
    window = {"start": at("2026-10-01"), "end": at("2026-11-01")}
    assert ids(acme, **window) == ["over"]
    assert sorted(ids(acme, start=at("2026-11-02"))) == ["after"]  # still open
    assert sorted(ids(acme, end=at("2026-10-01"))) == ["before", "over"]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_instants_are_the_same_whatever_the_machines_zone(acme, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    merge(acme, "incident", incidents(("1", "2026-10-31 23:30", None)))
    assert acme.read("incident").loc[0, "opened_at"] == at("2026-10-31 23:30")
    assert ids(acme, start=at("2026-11-01"), end=at("2026-12-01")) == ["1"]  # open since October
    assert ids(acme, end=at("2026-10-31 23:30")) == []


def test_files_of_an_older_version_lack_a_column_and_have_another(acme, tmp_path):
    merge(acme, "cost", bill("1", month="2026-09"), start="2026-09-01", end="2026-10-01")
    path = tmp_path / "store/acme/cost/2026-09.parquet"
    pq.write_table(pq.read_table(path).drop(["tags"]).append_column("old", pa.array(["x"])), path)
    assert acme.read("cost").columns.tolist() == [*FRAMES["cost"].names, "source"]
    merge(acme, "cost", bill("2"))
    assert acme.read("cost")["billed_cost"].tolist() == [1, 2] and acme.read("cost")["tags"].isna().all()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"])
@pytest.mark.parametrize("name", ["incident/2026-10.parquet", "coverage.parquet"])
def test_a_damaged_file_is_said_to_be_one(acme, tmp_path, name, content):
    merge(acme, "incident", incidents(("1", "2026-10-02", None)))
    (tmp_path / "store/acme" / name).write_bytes(content)
    with pytest.raises(StoreError, match="cannot be read") as refused:
        acme.read("incident"), acme.coverage()
    assert "collect again" in refused.value.hint


# Clients, files and crashes.


def test_two_clients_never_see_each_others_rows(tmp_path):
    one, other = (Store(tmp_path, name) for name in ("acme", "acme-2"))
    merge(one, "incident", incidents(("1", "2026-10-02", None)))
    before = snapshot(tmp_path)
    merge(other, "incident", incidents(("2", "2026-10-02", None)))
    assert (ids(one), ids(other)) == (["1"], ["2"])
    assert {path: held for path, held in snapshot(tmp_path).items() if path in before} == before


@pytest.mark.parametrize("client", ["..", "../acme", "a/b", "", "acme'; DROP", "a*"])
def test_what_is_no_client_id_has_no_folder(tmp_path, client):
    with pytest.raises(StoreError, match="is not a client id"):
        Store(tmp_path, client)


def test_a_folders_name_with_quotes_and_stars_is_only_a_name(tmp_path):
    store = Store(tmp_path / "it's [a]*?", "acme")
    merge(store, "incident", incidents(("1", "2026-10-02", None)))
    assert ids(store) == ["1"]


def test_only_its_owner_may_read_it_and_no_other_file_is_left(acme, tmp_path):
    before = os.umask(0o022)
    try:
        merge(acme, "cost", bill("1"))
        merge(acme, "cost", bill("2"))
    finally:
        os.umask(before)
    made = sorted((tmp_path / "store").rglob("*"))
    assert [path.name for path in made if path.is_file()] == ["2026-10.parquet", "coverage.parquet"]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "store", *made]}
    assert modes == {0o700, 0o600}


@pytest.mark.parametrize("step", ["copy", "sync", "replace"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_full_disk_leaves_what_was_there_and_nothing_else(acme, tmp_path, monkeypatch, step, nth):
    merge(acme, "incident", incidents(("1", "2026-09-02", "SEV1"), ("2", "2026-10-02", "SEV1")))
    before = snapshot(tmp_path)
    calls = []
    target, name = {"copy": (store_module.tempfile, "mkstemp"), "sync": (store_module, "_sync"),
                    "replace": (store_module.os, "replace")}[step]  # fmt: skip
    real = getattr(target, name)

    def full(*args, **kwargs):
        calls.append(args)
        if len(calls) == nth:
            raise OSError(28, "No space left on device")
        return real(*args, **kwargs)

    monkeypatch.setattr(target, name, full)
    with pytest.raises(StoreError, match="No space left") as refused:
        merge(acme, "incident", incidents(("1", "2026-09-02", "SEV2"), ("2", "2026-10-02", "SEV2")), why="newer")
    assert refused.value.hint == "check disk space and permissions"
    monkeypatch.undo()
    after = snapshot(tmp_path)
    assert set(after) == set(before)
    changed = [path for path in after if after[path] != before[path]]
    assert len(changed) == (1 if (step, nth) == ("replace", 2) else 0)  # what had its place already is whole
    assert acme.coverage()["why"].tolist() == [""]
    merge(acme, "incident", incidents(("1", "2026-09-02", "SEV2"), ("2", "2026-10-02", "SEV2")))
    assert acme.read("incident")["severity"].tolist() == ["SEV2", "SEV2"]


def test_coverage_is_recorded_only_after_the_rows(acme, monkeypatch):
    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(acme, "_record", crash)
    with pytest.raises(KeyboardInterrupt):
        merge(acme, "incident", incidents(("1", "2026-10-02", None)))
    monkeypatch.undo()
    assert acme.coverage().empty and ids(acme) == ["1"]


# What was seen.


def test_each_window_of_each_source_has_one_row_that_tells_of_its_last_reading(acme):
    rows = incidents(("1", "2026-10-02", None))
    merge(acme, "incident", rows, status="partial", why="page 2 is missing")
    merge(acme, "incident", rows, now=NOW + pd.Timedelta(days=1))
    merge(acme, "incident", rows, source="y")
    merge(acme, "incident", rows, start="2026-09-01")
    told = acme.coverage()
    assert told[["source", "status"]].to_numpy().tolist() == [["x", "ok"], ["x", "ok"], ["y", "ok"]]
    assert told["collected_at"].tolist() == [NOW, NOW + pd.Timedelta(days=1), NOW]


def test_a_reading_that_failed_does_not_unsee_what_was_read_before(acme):
    merge(acme, "incident", incidents(("1", "2026-10-02", None)))
    told = merge(acme, "incident", incidents(), status="unavailable", why="timeout")
    assert told.status == "unavailable"
    (row,) = acme.coverage().to_dict("records")
    assert (row["status"], row["observed_start"]) == ("ok", at("2026-10-01")) and ids(acme) == ["1"]


def test_a_first_reading_that_failed_is_recorded_with_its_newest_cause(acme):
    merge(acme, "incident", incidents(), status="unavailable", why="timeout")
    merge(acme, "incident", incidents(), status="unavailable", why="denied")
    (row,) = acme.coverage().to_dict("records")
    assert (row["status"], row["why"]) == ("unavailable", "denied") and pd.isna(row["observed_start"])


def test_what_a_source_has_forgotten_since_stays_seen(acme):
    def told(start, end, status="ok"):
        known = (pd.NaT, pd.NaT) if status == "unavailable" else (at(start), at(end))
        reading = Coverage("incident", "x", at("2026-10-01"), at("2026-11-01"), *known, 0, status, "")
        acme.merge(incidents(), reading, NOW)
        kept = acme.coverage()
        return [(f"{start:%d}", f"{end:%d}")
                for start, end in zip(kept["observed_start"], kept["observed_end"], strict=True)]  # fmt: skip

    assert told("2026-10-01", "2026-10-10") == [("01", "10")]
    assert told("2026-10-01", "2026-10-12") == [("01", "12")]  # holds what was seen before
    assert told("2026-10-08", "2026-10-22") == [("01", "12"), ("08", "22")]  # the first week is forgotten by now
    assert told("", "", status="unavailable") == [("01", "12"), ("08", "22")]
    assert told("2026-10-01", "2026-10-31") == [("01", "31")]
    assert told("2026-10-05", "2026-10-31", status="partial") == [("01", "31"), ("05", "31")]  # not instead of it
    acme.merge(incidents(), Coverage("incident", "x", at("2026-10-01"), at("2026-11-01"), pd.NaT, pd.NaT, 0, "ok"), NOW)
    kept = acme.coverage()
    assert kept["observed_start"].notna().sum() == 2  # a reading that told of no time takes none away


def advice(first, last, action="stop"):
    made = {"recommendation_id": ["r1"], "first_seen_at": [at(first)], "last_seen_at": [at(last)],
            "status": ["proposed"], "action": [action]}  # fmt: skip
    return FRAMES["recommendation"].conform(pd.DataFrame(made))


def states(*rows, monitor="shop"):
    made = [(monitor, at(start), at(end), state) for start, end, state in rows]
    return FRAMES["monitor_state"].conform(pd.DataFrame(made, columns=["monitor", "started_at", "ended_at", "state"]))


def told(store):
    rows = store.read("monitor_state").sort_values(["monitor", "started_at"])
    return [(row.monitor, f"{row.started_at:%m-%d %H}", f"{row.ended_at:%m-%d %H}", row.state)
            for row in rows.itertuples()]  # fmt: skip


def test_a_state_whose_start_its_source_forgets_stays_one_stretch(acme):
    for day in range(1, 6):  # each reading tells of the last three days
        merge(acme, "monitor_state", states((f"2026-10-{day:02}", f"2026-10-{day + 3:02}", "up")))
    assert told(acme) == [("shop", "10-01 00", "10-08 00", "up")]


def test_a_reading_takes_the_place_of_what_was_known_of_its_time_and_of_no_other(acme):
    merge(acme, "monitor_state", states(("2026-10-01", "2026-10-10", "up"), ("2026-10-10", "2026-10-11", "down")))
    merge(acme, "monitor_state", states(("2026-10-10", "2026-10-12", "down"), monitor="other"))
    merge(acme, "monitor_state", states(("2026-10-09", "2026-10-10", "down"), ("2026-10-10", "2026-10-10 12", "up")))
    assert told(acme) == [
        ("other", "10-10 00", "10-12 00", "down"), ("shop", "10-01 00", "10-09 00", "up"),
        ("shop", "10-09 00", "10-10 00", "down"), ("shop", "10-10 00", "10-10 12", "up"),
        ("shop", "10-10 12", "10-11 00", "down"),
    ]  # fmt: skip


def test_a_month_that_is_read_again_keeps_what_came_after_it(acme):
    merge(acme, "monitor_state", states(("2026-10-01", "2026-11-20", "up")))
    merge(acme, "monitor_state", states(("2026-10-01", "2026-11-01", "up")))
    assert told(acme) == [("shop", "10-01 00", "11-20 00", "up")]


def test_two_sources_of_one_monitor_do_not_change_each_others_states(acme):
    merge(acme, "monitor_state", states(("2026-10-01", "2026-10-03", "up")))
    merge(acme, "monitor_state", states(("2026-10-02", "2026-10-04", "down")), source="y")
    assert len(told(acme)) == 2


def test_of_what_is_told_anew_each_day_the_first_time_stays(acme):
    merge(acme, "recommendation", advice("2026-10-05", "2026-10-05"))
    merge(acme, "recommendation", advice("2026-11-20", "2026-11-21", "delete"))
    merge(acme, "recommendation", advice("2026-09-20", "2026-11-21", "delete"), source="y")
    rows = acme.read("recommendation").set_index("source").loc[["x", "y"]]
    assert rows["first_seen_at"].tolist() == [at("2026-10-05"), at("2026-09-20")]
    assert rows.loc["x", ["last_seen_at", "action"]].tolist() == [at("2026-11-21"), "delete"]


def test_what_its_source_lists_no_more_is_closed_and_what_one_never_dates_is_not():
    rows = pd.concat([advice("2026-10-05", "2026-10-09"), advice("2026-10-05", "2026-10-20")], ignore_index=True)
    rows = pd.concat([rows, advice("2026-10-05", "2026-10-09").assign(last_seen_at=pd.NaT)], ignore_index=True)
    rows = rows.assign(source=pd.Series(["x"] * 3, dtype="str"))
    readings = pd.DataFrame([
        seen("recommendation", rows, start="2026-10-19", end="2026-10-20").record(),
        seen("recommendation", rows, start="2026-10-20", end="2026-10-21", status="partial").record(),
    ])  # fmt: skip
    close_unlisted(FRAMES["recommendation"], rows, readings)
    assert rows["closed_at"].isna().tolist() == [False, True, True] and rows.loc[0, "closed_at"] == at("2026-10-09")

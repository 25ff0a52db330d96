"""The database of Uptime Kuma: made by its own schema, with checks whose stretches are worked out by hand."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import uptime_kuma

OCTOBER = Period.month("2026-10")
#: As Uptime Kuma makes them (db/knex_init_db.js and the patches before it), without what this does not touch.
SCHEMA = """
CREATE TABLE monitor (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(150), active boolean NOT NULL
    DEFAULT '1', user_id integer, interval integer NOT NULL DEFAULT '20', type varchar(20), maxretries integer NOT NULL
    DEFAULT '0', retry_interval integer NOT NULL DEFAULT '0'{parent});
CREATE TABLE heartbeat (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, important boolean NOT NULL DEFAULT '0',
    monitor_id integer NOT NULL, status smallint NOT NULL, msg text, time datetime NOT NULL, ping integer,
    duration integer NOT NULL DEFAULT '0', down_count integer NOT NULL DEFAULT '0',
    FOREIGN KEY (monitor_id) REFERENCES monitor (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE INDEX monitor_time_index ON heartbeat (monitor_id, time);
"""
DOWN, UP, PENDING, MAINTENANCE = range(4)


@pytest.fixture
def kuma(tmp_path):
    """An open database, as of a running Uptime Kuma, with what writes to it."""
    with closing(made(tmp_path / "kuma.db")) as opened:
        yield opened


def made(path, version=2):
    opened = sqlite3.connect(path, isolation_level=None)
    opened.execute("PRAGMA journal_mode = WAL")
    parent = ", parent integer REFERENCES monitor (id) ON DELETE SET NULL" if version == 2 else ""
    opened.executescript(SCHEMA.format(parent=parent))
    return opened


def monitor(kuma, id, name="shop", interval=60, **more):
    row = {"id": id, "name": name, "interval": interval, **more}
    kuma.execute(f"INSERT INTO monitor ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def beats(kuma, id, first, *statuses, every=60, important=False):
    """A check every so many seconds, written as Uptime Kuma writes times; the first of a state is important."""
    start = pd.Timestamp(first)
    for number, status in enumerate(statuses):
        changed = important or (number > 0 and statuses[number - 1] != status and status != PENDING)
        at = (start + pd.Timedelta(seconds=every * number)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        kuma.execute("INSERT INTO heartbeat (important, monitor_id, status, time) VALUES (?, ?, ?, ?)",
                     (changed, id, status, at))  # fmt: skip


def settings(folder, **given):
    given = {"path": "kuma.db", **given}
    return sources.settings_of(uptime_kuma, given, frame="monitor_state", folder=folder, zone="UTC")


def read(folder, period=OCTOBER, **given):
    return sources.read(uptime_kuma, settings(folder, **given), period)


def told(rows):
    rows = rows.sort_values(["monitor", "started_at"])
    clocks = [[at.strftime("%d %H:%M:%S") for at in rows[name]] for name in ("started_at", "ended_at")]
    return list(zip(*clocks, rows["state"], strict=True))


def test_a_check_holds_until_the_next_whatever_it_saw(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-10-05 10:00:00.250", UP, UP, PENDING, PENDING, DOWN, DOWN, UP, MAINTENANCE, UP, UP)
    rows, seen = read(tmp_path)
    assert told(rows) == [
        ("05 10:00:00", "05 10:02:00", "up"), ("05 10:02:00", "05 10:04:00", "unknown"),
        ("05 10:04:00", "05 10:06:00", "down"), ("05 10:06:00", "05 10:07:00", "up"),
        ("05 10:07:00", "05 10:08:00", "maintenance"), ("05 10:08:00", "05 10:09:00", "up"),
    ]  # fmt: skip
    assert rows["started_at"].min() == pd.Timestamp("2026-10-05 10:00:00.25", tz="UTC") == seen.observed_start
    assert seen.observed_end == pd.Timestamp("2026-10-05 10:09:00.25", tz="UTC")  # The newest tells of nothing yet.
    assert (seen.status, seen.why) == ("ok", "")


def test_time_without_checks_is_unknown_after_three_intervals(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-10-05 10:00", UP, UP)
    beats(kuma, 1, "2026-10-05 10:04", DOWN, UP)  # three minutes after the last
    beats(kuma, 1, "2026-10-05 10:08:01", UP, UP)  # a second more than three
    assert told(read(tmp_path)[0]) == [
        ("05 10:00:00", "05 10:04:00", "up"), ("05 10:04:00", "05 10:05:00", "down"),
        ("05 10:05:00", "05 10:06:00", "up"), ("05 10:08:01", "05 10:09:01", "up"),
    ]  # fmt: skip


def test_an_interval_that_was_longer_than_it_is_now_makes_no_gaps(kuma, tmp_path):
    monitor(kuma, 1, interval=60)
    beats(kuma, 1, "2026-10-05 10:00", *[UP] * 12, every=300)
    beats(kuma, 1, "2026-10-06 10:00", UP, UP, every=3600)  # too few to say what was usual
    assert told(read(tmp_path)[0]) == [("05 10:00:00", "05 11:00:00", "up"), ("06 10:00:00", "06 10:01:00", "up")]


def test_a_push_that_comes_once_a_day_tells_of_the_day(kuma, tmp_path):
    monitor(kuma, 1, interval=86_400, type="push")
    beats(kuma, 1, "2026-09-29 02:00", *[UP] * 40, every=86_400)
    rows, seen = read(tmp_path)
    assert [rows["started_at"].tolist(), rows["ended_at"].tolist()] == [[OCTOBER.start], [OCTOBER.end]]
    assert [seen.observed_start, seen.observed_end] == [OCTOBER.start, OCTOBER.end]


def test_a_stretch_across_the_months_borders_is_cut_there_by_the_clients_clock(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-09-30 21:58:30", DOWN, DOWN, DOWN, DOWN, UP)
    rows, _ = read(tmp_path, Period.month("2026-10", "Europe/Berlin"))
    assert told(rows) == [("30 22:00:00", "30 22:02:30", "down")]
    rows, _ = read(tmp_path, Period.month("2026-09", "Europe/Berlin"))
    assert told(rows) == [("30 21:58:30", "30 22:00:00", "down")]


def test_monitors_of_one_name_stay_apart_and_one_without_a_name_has_its_id(kuma, tmp_path):
    for id, name in ((1, "shop"), (2, "shop"), (3, None), (4, "blog")):
        monitor(kuma, id, name)
        beats(kuma, id, "2026-10-05 10:00", UP, UP)
    assert sorted(read(tmp_path)[0]["monitor"]) == ["(3)", "blog", "shop (1)", "shop (2)"]


def test_only_the_monitors_that_are_named_or_in_a_group_count(kuma, tmp_path):
    rows = [(1, "Acme", None), (2, "Acme web", 1), (3, "shop", 2), (4, "Acme blog", None), (5, "other", None)]
    for id, name, parent in rows:
        monitor(kuma, id, name, parent=parent)
        beats(kuma, id, "2026-10-05 10:00", UP, UP)
    assert set(read(tmp_path, groups=["Acme"])[0]["monitor"]) == {"Acme web", "shop"}
    assert set(read(tmp_path, monitors=["Acme *"])[0]["monitor"]) == {"Acme web", "Acme blog"}
    rows, seen = read(tmp_path, monitors=["other", "gone"], groups=["none"])
    assert set(rows["monitor"]) == {"other"} and seen.status == "partial"
    assert seen.why == "no monitor is named gone; no group none holds a monitor"


def test_a_monitor_that_is_inactive_is_paused_since_its_last_check_also_by_its_group(kuma, tmp_path):
    monitor(kuma, 1, "group", active=0)
    monitor(kuma, 2, "shop", parent=1)
    monitor(kuma, 3, "old", active=0)
    monitor(kuma, 4, "runs")
    beats(kuma, 2, "2026-10-05 10:00", UP, DOWN)
    beats(kuma, 3, "2026-08-01 10:00", UP, UP)
    beats(kuma, 4, "2026-10-05 09:00", *[UP] * 121)
    rows, _ = read(tmp_path)
    assert told(rows[rows["monitor"] == "shop"]) == [
        ("05 10:00:00", "05 10:01:00", "up"), ("05 10:01:00", "05 11:00:00", "paused")]  # fmt: skip
    assert told(rows[rows["monitor"] == "old"]) == [("01 00:00:00", "05 11:00:00", "paused")]


def test_groups_in_a_circle_end(kuma, tmp_path):
    monitor(kuma, 1, "a", parent=2)
    monitor(kuma, 2, "b", parent=1)
    beats(kuma, 1, "2026-10-05 10:00", UP, UP)
    assert set(read(tmp_path)[0]["monitor"]) == {"a"}


def test_of_version_2_only_the_time_is_told_of_which_no_check_was_forgotten(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-10-01 12:00", UP, important=True)
    beats(kuma, 1, "2026-10-03 12:00", DOWN, important=True)
    beats(kuma, 1, "2026-10-03 15:00", UP, important=True)
    beats(kuma, 1, "2026-10-20 06:00", *[UP] * 61)
    rows, seen = read(tmp_path)
    # What it was doing for three hours on the third is no longer known, and three minutes of it would not be all.
    assert told(rows) == [("20 06:00:00", "20 07:00:00", "up")]
    assert seen.observed_start == pd.Timestamp("2026-10-20 06:00", tz="UTC")
    assert seen.status == "ok" and seen.why == "checks of 1 monitors, like shop, were forgotten: collect daily"


def test_a_monitor_that_is_new_takes_nothing_from_what_others_saw(kuma, tmp_path):
    for id, name, first in ((1, "old", "2026-10-01 00:00"), (2, "new", "2026-10-05 00:00")):
        monitor(kuma, id, name)
        beats(kuma, id, first, UP, important=True)
        beats(kuma, id, pd.Timestamp(first) + pd.Timedelta(minutes=1), *[UP] * 10)
    _, seen = read(tmp_path)
    assert seen.observed_start == pd.Timestamp("2026-10-01 00:01", tz="UTC") and seen.why == ""


def test_a_status_that_is_not_known_is_unknown_and_said(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-10-05 10:00", UP, UP, 7, UP, UP)
    rows, seen = read(tmp_path)
    assert ("05 10:02:00", "05 10:03:00", "unknown") in told(rows)
    assert seen.status == "partial" and seen.why == "checks have the status 7, which is not known"


def test_two_checks_at_one_instant_and_checks_out_of_order_are_put_in_order(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-10-05 10:01", UP, UP)
    beats(kuma, 1, "2026-10-05 10:00", UP)
    beats(kuma, 1, "2026-10-05 10:01", DOWN)  # the later one counts
    assert told(read(tmp_path)[0]) == [("05 10:00:00", "05 10:01:00", "up"), ("05 10:01:00", "05 10:02:00", "down")]


def test_an_empty_database_tells_of_nothing(kuma, tmp_path):
    monitor(kuma, 1)
    rows, seen = read(tmp_path)
    assert rows.empty and seen.status == "ok" and pd.isna(seen.observed_start)


def test_version_1_without_groups_is_read(tmp_path):
    with closing(made(tmp_path / "kuma.db", version=1)) as kuma:
        monitor(kuma, 1)
        beats(kuma, 1, "2026-10-05 10:00", UP, UP)
        assert len(read(tmp_path)[0]) == 1


def prints(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_database_that_is_written_to_is_read_as_it_is_and_not_changed(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-10-05 10:00", UP, UP)
    kuma.execute("BEGIN IMMEDIATE")
    beats(kuma, 1, "2026-10-05 10:02", UP)  # not committed
    before = {name: print_ for name, print_ in prints(tmp_path).items() if not name.endswith("-shm")}
    assert told(read(tmp_path)[0]) == [("05 10:00:00", "05 10:01:00", "up")]
    assert before == {name: print_ for name, print_ in prints(tmp_path).items() if not name.endswith("-shm")}
    kuma.execute("COMMIT")
    assert told(read(tmp_path)[0]) == [("05 10:00:00", "05 10:02:00", "up")]


def test_a_copy_is_read_without_a_file_beside_it_also_by_a_name_with_signs(tmp_path):
    with closing(made(tmp_path / "kuma.db")) as kuma:
        monitor(kuma, 1)
        beats(kuma, 1, "2026-10-05 10:00", UP, UP)
    (tmp_path / "kuma.db").rename(tmp_path / "a copy? 100%#.db")
    before = prints(tmp_path)
    rows, _ = read(tmp_path, path="a copy? 100%#.db")
    assert len(rows) == 1 and prints(tmp_path) == before and set(before) == {"a copy? 100%#.db"}


def broken(folder, content):
    (folder / "kuma.db").write_bytes(content)
    return read(folder)[1]


def test_a_file_that_is_no_database_of_it_is_said(tmp_path):
    seen = broken(tmp_path, b"")
    assert seen.status == "unavailable" and "it is no SQLite database" in seen.why and ".backup" in seen.why
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE a (b)")
    seen = broken(tmp_path, (tmp_path / "other.db").read_bytes())
    assert seen.status == "unavailable" and "no such table: monitor" in seen.why


def test_a_file_that_was_cut_short_is_said(tmp_path):
    with closing(made(tmp_path / "kuma.db")) as kuma:
        monitor(kuma, 1)
        beats(kuma, 1, "2026-10-05 10:00", *[UP] * 2000)
    whole = (tmp_path / "kuma.db").read_bytes()
    seen = broken(tmp_path, whole[: len(whole) // 2])
    assert seen.status == "unavailable" and "kuma.db cannot be read" in seen.why and str(tmp_path) not in seen.why


def test_a_time_that_is_no_text_is_said(kuma, tmp_path):
    monitor(kuma, 1)
    kuma.execute("INSERT INTO heartbeat (monitor_id, status, time) VALUES (1, 1, 1790000000000)")
    rows, seen = read(tmp_path)
    assert rows.empty and seen.status == "unavailable" and "1790000000000 is no time of a check" in seen.why


def test_reading_twice_is_the_same_and_what_was_read_is_recorded(kuma, tmp_path):
    monitor(kuma, 1)
    beats(kuma, 1, "2026-10-05 10:00", UP, DOWN, UP)
    (one, seen), (other, again) = read(tmp_path), read(tmp_path)
    assert one.equals(other) and seen.inputs == again.inputs and '"path": "kuma.db"' in seen.inputs

"""The demo's load and alerts fit its outages, its incidents and its agreement."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable

import pytest

from opsreport.demo import alerts, clinic, performance, shop
from opsreport.demo.files import instant

CLIENTS = {"demo-shop": shop, "demo-clinic": clinic}
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, bytes]]:
    return {client: performance.files(client, 7) | alerts.files(client, 7) for client in CLIENTS}


def read(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    content = gzip.decompress(files[name]) if name.endswith(".gz") else files[name]
    return list(csv.DictReader(io.StringIO(content.decode())))


def total(rows: Iterable[dict[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def test_the_same_seed_gives_the_same_bytes_and_no_file_is_large(written):
    assert performance.files("demo-shop", 7) == {
        name: content for name, content in written["demo-shop"].items() if name.startswith(("load", "web"))
    }
    assert performance.files("demo-shop", 8) != performance.files("demo-shop", 7)
    assert max(len(content) for files in written.values() for content in files.values()) < 150_000


def test_the_shops_months_add_up_from_their_hours(written):
    files = written["demo-shop"]
    hours, months = read(files, "load/hours-2026-10.csv.gz"), read(files, "load/months.csv")
    for app in ("checkout", "storefront", "search"):
        own, whole = [row for row in hours if row["app"] == app], [row for row in months if row["app"] == app]
        assert len(own) == 744 and len(whole) == 13
        for column in ("requests", "errors_5xx"):
            assert total(own, column) == int(whole[-1][column])
        # A month's percentile lies between those of its hours.
        assert min(float(row["p95"]) for row in own) <= float(whole[-1]["p95"]) <= max(float(r["p95"]) for r in own)


def test_requests_fail_in_the_outage_of_the_clinic(written):
    hours = [row for row in read(written["demo-clinic"], "load/hours-2026-10.csv.gz") if row["job"] == "booking"]
    by_start = {row["from"]: row for row in hours}
    worst = by_start["2026-10-14T08:00Z"]  # 10:00 in Berlin: down from 10:03
    assert int(worst["failed"]) > 0.8 * int(worst["requests"])
    assert total(hours, "failed") > 0.004 * total(hours, "requests")
    assert all(json.loads(row["seconds"])["+Inf"] == int(row["requests"]) for row in hours)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_alert_found_just_those_incidents_of_which_the_story_says_so(written, client):
    story, fired = CLIENTS[client], read(written[client], "alerts.csv")
    for event in story.EVENTS:
        first, last = (instant(event.starts, story.ZONE, at).strftime("%Y-%m-%dT%H:%M:%SZ")
                       for at in (-15, event.opened))  # fmt: skip
        caught = [row for row in fired if row["service"] == event.service and first <= row["fired"] <= last]
        # One was on a screen that nobody watched.
        assert bool(caught) == (event.by == "alert" or event.id == "HP-116"), event.id


def test_the_shops_disk_alert_fired_sixty_times_in_october_and_meant_something_twice(written):
    disk = [row for row in read(written["demo-shop"], "alerts.csv")
            if row["rule"] == alerts.DISK and row["fired"].startswith("2026-10")]  # fmt: skip
    assert len(disk) == 60 and sum(row["acted on"] == "yes" for row in disk) == 2


@pytest.mark.parametrize(("client", "faults"), [("demo-shop", {"no", "NO DATA"}), ("demo-clinic", {"off", "NO DATA"})])
def test_some_rules_cannot_warn(written, client, faults):
    newest = [row for row in read(written[client], "alarm-rules.csv") if row["seen"].startswith("2026-10-31")]
    found = {"no"} if any(row["notifies"] == "no" for row in newest) else set()
    found |= {"off"} if any(row["enabled"] == "no" for row in newest) else set()
    assert found | {row["state"] for row in newest} - {"OK"} == faults

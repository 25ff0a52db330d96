"""Desk, timesheet and continuous integration of the demo tell the same stories as its deployments and incidents."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pytest

from opsreport.demo import clinic, pipeline, shop, support, work
from opsreport.demo.delivery import deployments

CLIENTS = ("demo-shop", "demo-clinic")
SEED = 7


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def hours(client: str, seed: int, month: str) -> Decimal:
    entries = rows(work.files(client, seed)["timesheet.csv"])
    day, spent = ("Date", "Hours") if client == "demo-shop" else ("day", "hours")
    return sum(Decimal(one[spent] or 0) for one in entries if one[day].startswith(month))


@pytest.mark.parametrize(("client", "told"), [("demo-shop", "23.5"), ("demo-clinic", "38.25")])
def test_october_takes_the_hours_of_its_story_whatever_the_seed(client, told):
    assert hours(client, SEED, "2026-10") == hours(client, 8, "2026-10") == Decimal(told)


def test_only_october_takes_more_than_the_shop_agreed():
    months = [f"2025-{n}" for n in (10, 11, 12)] + [f"2026-{n:02d}" for n in range(1, 11)]
    assert [month for month in months if hours("demo-shop", SEED, month) > 20] == ["2026-10"]
    assert all(hours("demo-clinic", SEED, month) <= 40 for month in months)


@pytest.mark.parametrize("client", CLIENTS)
def test_each_request_that_a_timesheet_names_is_at_the_desk(client):
    known = {one.id for one in support.requests(client, SEED)}
    column = "Request" if client == "demo-shop" else "ticket"
    named = {one[column] for one in rows(work.files(client, SEED)["timesheet.csv"])} - {""}
    assert named and named <= known


@pytest.mark.parametrize("client", CLIENTS)
def test_requests_are_asked_before_they_are_answered_and_answered_before_they_are_resolved(client):
    asked = support.requests(client, SEED)
    assert len({one.id for one in asked}) == len(asked) and len({one.asked for one in asked}) > 100
    for one in asked:
        times = [moment for moment in (one.asked, one.first, one.resolved) if moment]
        assert times == sorted(times), one
        assert all(one.asked <= start and (end is None or start < end) for start, end in one.paused), one


def test_pauses_are_json_in_both_desks():
    written = [one["On hold"] for one in rows(support.files("demo-shop", SEED)["requests.csv"]) if one["On hold"]]
    assert written and all(len(pair) == 2 for one in written for pair in json.loads(one))
    asked = json.loads(support.files("demo-clinic", SEED)["service-requests.json"])
    assert any(pair[1] is None for one in asked for pair in one["waiting_for_customer"])


@pytest.mark.parametrize(("client", "known"), [("demo-shop", shop), ("demo-clinic", clinic)])
def test_what_was_deployed_had_been_built_on_the_main_branch(client, known):
    shop_side = client == "demo-shop"
    job, sha, branch = ("Job", "Commit", "Branch") if shop_side else ("job", "sha", "ref")
    outcome, good = ("Conclusion", "success") if shop_side else ("status", "passed")
    runs = rows(pipeline.files(client, SEED)["ci-runs.csv"])
    built = {one[sha]: one for one in runs if not one[job] and one[branch] == "main" and one[outcome] == good}
    ended = "Completed" if shop_side else "finished"
    for one in deployments(SEED, known.ORDINARY, known.DEPLOYMENTS):
        finished = dt.datetime.fromisoformat(built[one.sha[:12]][ended]).replace(tzinfo=None)
        assert finished <= one.starts


def test_the_checkout_is_broken_for_five_hours_in_the_night_after_the_double_charges():
    runs = [one for one in rows(pipeline.files("demo-shop", SEED)["ci-runs.csv"])
            if one["Workflow"] == "checkout" and not one["Job"] and one["Branch"] == "main"]  # fmt: skip
    night = [one for one in runs if "2026-10-27 21:00" <= one["Completed"] <= "2026-10-28 03:00"]
    assert [one["Conclusion"] for one in night] == ["failure", "failure", "success"]
    first, last = (dt.datetime.fromisoformat(night[place]["Completed"]) for place in (0, -1))
    assert last - first == dt.timedelta(hours=5)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_stays_small(client):
    made = support.files(client, SEED) | work.files(client, SEED) | pipeline.files(client, SEED)
    assert max(len(content) for content in made.values()) < 150_000

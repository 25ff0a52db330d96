"""Incidents kept as issues: by their label, once, and never a pull request."""

from __future__ import annotations

import pandas as pd

from opsreport import sources
from opsreport.sources import github_issues
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings

OPEN, ISSUES = github_issues.OPERATIONS
GIVEN = {"repositories": ["acme/shop"], "label": "incident", "severities": {"sev1": "critical", "sev2": "major"}}


def issue(number, *labels, opened="2026-10-03T10:00:00Z", closed=None, by="User", **more):
    return {
        "number": number, "title": f"Trouble {number}", "labels": [{"name": one} for one in ("incident", *labels)],
        "created_at": opened, "closed_at": closed, "html_url": f"https://git.example/{number}", "comments": 0,
        "user": {"login": "ada", "type": by}, **more,
    }  # fmt: skip


def world(web):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.answer(OPEN, [issue(0, opened="2025-01-03T10:00:00Z")])
    web.answer(
        ISSUES,
        [issue(1, "sev1", closed="2026-10-03T12:30:00Z", by="Bot"), issue(2, pull_request={"url": "…"})],
        [issue(3, "Sev2", "service: checkout"), issue(5, "Drill"), issue(4) | {"labels": [{"name": "bug"}]}],
    )  # fmt: skip
    return each_frame(github_issues, web, **GIVEN)


def read(web, **given):
    world(web)
    rows, seen = sources.read(github_issues, settings(github_issues, web, **{**GIVEN, **given}), OCTOBER)
    return rows.set_index("incident_id"), seen


def test_an_issue_with_the_label_is_an_incident_and_a_pull_request_is_none(web):
    rows, seen = read(web)
    assert rows.index.tolist() == [f"acme/shop#{number}" for number in (0, 1, 3, 5)] and seen.status == "ok"
    assert rows["severity"].fillna("").tolist() == ["", "critical", "major", ""]
    assert rows.loc["acme/shop#1", "resolved_at"] == pd.Timestamp("2026-10-03 12:30", tz="UTC")
    assert rows["resolved_at"].isna().tolist() == [True, False, True, True]
    assert rows["is_drill"].tolist() == [False, False, False, True]
    assert rows["reported_by"].fillna("").tolist() == ["", "alert", "", ""]


def test_a_label_names_the_service_where_it_is_said_which(web):
    rows, _ = read(web, service_prefix="service:")
    assert rows["service"].tolist() == ["acme/shop", "acme/shop", "checkout", "acme/shop"]


def test_what_is_open_is_read_however_old(web):
    rows, _ = read(web)
    assert rows.loc["acme/shop#0", "opened_at"] == pd.Timestamp("2025-01-03 10:00", tz="UTC")


def test_it_asks_for_what_was_touched_since_some_weeks_before_the_period_in_the_order_they_were_made(web):
    read(web)
    first = web.asked(ISSUES)[0].params
    assert first["since"] == "2026-08-27T00:00:00Z" and (first["sort"], first["state"]) == ("created", "all")


def test_two_severities_are_said_and_the_first_counts(web):
    world(web)
    web.answer(ISSUES, [issue(1, "sev2", "sev1")])
    web.answer(OPEN, [])
    rows, seen = sources.read(github_issues, settings(github_issues, web, **GIVEN), OCTOBER)
    assert rows["severity"].tolist() == ["critical"] and "1 issues have several such labels" in seen.why


def test_the_same_number_in_two_repositories_is_two_incidents(web):
    rows, _ = read(web, repositories=["acme/shop", "acme/desk"])
    assert len(rows) == 8 and "acme/desk#1" in rows.index

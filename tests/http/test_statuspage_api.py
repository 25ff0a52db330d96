"""Incidents of Statuspage, by its manage API and by the page that everybody sees."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.sources import statuspage_api
from tests.http.conftest import OCTOBER, TOKEN, settings
from tests.http.server import Say

MANAGED, PUBLIC = statuspage_api.OPERATIONS


def at(text):
    return pd.Timestamp(text, tz="UTC")


def incident(id, created, resolved=None, **more):
    updates = [{"status": "investigating", "display_at": created}, {"status": "resolved", "display_at": resolved}]
    made = {"id": id, "name": f"Trouble {id}", "impact": "minor", "status": "resolved" if resolved else "investigating",
            "created_at": created, "started_at": created, "resolved_at": resolved, "updated_at": resolved or created,
            "shortlink": f"https://stspg.io/{id}", "components": [{"name": "API"}],
            "incident_updates": updates[: 2 if resolved else 1]}  # fmt: skip
    return {**made, **more}


def managed(web, *pages):
    def say(call):
        if call.headers.get("Authorization") != f"OAuth {TOKEN}":
            return Say({"error": "Could not authenticate"}, status=401)
        number = int(call.params["page"])
        return pages[number - 1] if number <= len(pages) else []

    web.script(MANAGED, say)


def public(web, *incidents):
    def say(call):
        assert "Authorization" not in call.headers  # everybody's page is told no key
        return {"page": {"id": "kc", "updated_at": "2026-10-31T20:00:00Z"}, "incidents": list(incidents)}

    web.script(PUBLIC, say)


def world(web):
    first = [incident("c", "2026-10-20T08:00:00Z"), incident("b", "2026-10-05T10:00:00Z", "2026-10-05T11:30:00Z")]
    managed(web, first, [incident("a", "2026-09-02T08:00:00Z", "2026-09-02T09:00:00Z")])
    public(web, *first)
    return [settings(statuspage_api, web, page_id="kctbh9vrtdwd"), settings(statuspage_api, web)]


def read(web, **given):
    return sources.read(statuspage_api, settings(statuspage_api, web, **given), OCTOBER)


def test_every_page_of_the_manage_api_is_read_until_one_is_empty(web):
    rows, seen = sources.read(statuspage_api, world(web)[0], OCTOBER)
    assert rows["incident_id"].tolist() == ["a", "b", "c"]
    assert rows.loc[1, ["service", "title", "severity", "url"]].tolist() == [
        "API", "Trouble b", "minor", "https://stspg.io/b"
    ]  # fmt: skip
    assert rows.loc[1, "resolved_at"] == at("2026-10-05 11:30") and pd.isna(rows.loc[2, "resolved_at"])
    assert (seen.status, seen.observed_start, seen.observed_end) == ("ok", OCTOBER.start, OCTOBER.end)
    assert [call.params for call in web.asked(MANAGED)] == [{"limit": "100", "page": page} for page in "123"]


def test_pages_that_are_not_full_are_no_end(web):
    managed(web, [incident("b", "2026-10-05T10:00:00Z")], [incident("a", "2026-10-04T10:00:00Z")])
    assert len(read(web, page_id="kc")[0]) == 2


def test_a_public_page_that_shows_all_it_has_is_whole(web):
    public(web, *(incident(f"i{n}", "2026-10-05T10:00:00Z") for n in range(49)))
    rows, seen = read(web)
    assert (len(rows), seen.status, seen.observed_start) == (49, "ok", OCTOBER.start)


@pytest.mark.parametrize(("oldest", "status", "since"), [
    ("2026-10-03T00:00:00Z", "partial", "2026-10-03"), ("2026-10-01T00:00:01Z", "partial", "2026-10-01 00:00:01"),
    ("2026-10-01T00:00:00Z", "ok", "2026-10-01"), ("2026-09-03T00:00:00Z", "ok", "2026-10-01"),
])  # fmt: skip
def test_fifty_that_do_not_reach_back_to_the_months_start_are_partial(web, oldest, status, since):
    newer = [incident(f"i{n}", "2026-10-20T10:00:00Z") for n in range(49)]
    public(web, *newer, incident("old", oldest))
    rows, seen = read(web)
    assert (len(rows), seen.status, seen.observed_start) == (50, status, at(since))
    assert ("only its 50 newest" in seen.why) == (status == "partial")


def test_one_that_was_written_down_later_does_not_hide_how_far_back_the_page_goes(web):
    newer = [incident(f"i{n}", "2026-10-20T10:00:00Z") for n in range(49)]
    public(web, *newer, incident("old", "2026-10-10T10:00:00Z", started_at="2026-08-01T10:00:00Z"))
    assert read(web)[1].status == "partial"


def test_scheduled_maintenance_is_left_out_and_counted(web):
    managed(web, [incident("m", "2026-10-05T10:00:00Z", impact="maintenance", status="scheduled"),
                  incident("b", "2026-10-05T10:00:00Z")])  # fmt: skip
    rows, seen = read(web, page_id="kc")
    assert rows["incident_id"].tolist() == ["b"]
    assert (seen.status, seen.why) == ("ok", "1 scheduled maintenances are no incidents and were left out")


def test_without_started_at_an_incident_opened_at_its_first_update_or_when_it_was_written(web):
    late = incident("late", "2026-10-07T10:00:00Z", "2026-10-05T11:30:00+02:00", started_at=None)
    late["incident_updates"][0]["display_at"] = "2026-10-05T10:00:00+02:00"
    managed(web, [late, incident("b", "2026-10-05T10:00:00Z", started_at=None, incident_updates=None)])
    rows, _ = read(web, page_id="kc")
    assert rows.set_index("incident_id")["opened_at"].to_dict() == {
        "late": at("2026-10-05 08:00"), "b": at("2026-10-05 10:00")
    }  # fmt: skip
    assert rows.set_index("incident_id").loc["late", "resolved_at"] == at("2026-10-05 09:30")


def test_an_incident_that_moved_to_the_next_page_while_it_was_read_stands_once(web):
    b = incident("b", "2026-10-05T10:00:00Z")
    managed(web, [incident("c", "2026-10-06T10:00:00Z"), b], [b, incident("a", "2026-10-04T10:00:00Z")])
    assert read(web, page_id="kc")[0]["incident_id"].tolist() == ["a", "b", "c"]


def test_a_page_without_incidents_is_read_whole(web):
    managed(web)
    public(web)
    for given in ({"page_id": "kc"}, {}):
        rows, seen = read(web, **given)
        assert (len(rows), seen.status, seen.observed_end) == (0, "ok", OCTOBER.end)


def test_being_asked_too_often_is_waited_out(web):
    given = world(web)[0]
    say, calls = web.scripts[MANAGED], []

    def busy(call):
        calls.append(call)
        return Say({"error": "too often"}, status=420) if len(calls) == 1 else say(call)

    web.script(MANAGED, busy)
    assert sources.read(statuspage_api, given, OCTOBER)[1].status == "ok" and len(calls) == 4


def test_a_page_is_named_by_its_id_and_key_or_by_its_address(web):
    with pytest.raises(ParamsError, match="takes a token"):
        settings(statuspage_api, web, page_id="kc", token="")
    with pytest.raises(ParamsError, match="give page_id"):
        settings(statuspage_api, web, address="")
    with pytest.raises(ParamsError, match="page_id"):
        settings(statuspage_api, web, page_id="../v1/other")


def test_a_public_page_needs_no_token(web):
    public(web, incident("b", "2026-10-05T10:00:00Z"))
    assert len(read(web, token="")[0]) == 1

"""What the support desk asks for, where it is known and only there."""

import datetime as dt

import pandas as pd
import pytest

from opsreport import findings
from opsreport.findings import support as rules


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}", tz="UTC").as_unit("us")


def ask(number: int, opened: str, first: str | None, resolved: str | None = None, service: str | None = "web") -> dict:
    return {"ticket_id": f"t{number}", "priority": "P2", "service": service, "opened_at": at(opened),
            "first_response_at": first and at(first), "resolved_at": resolved and at(resolved)}  # fmt: skip


@pytest.fixture
def shop(make_client):
    target = {"first_response": "1h", "hours": "always"}
    return make_client(services={"web": {"owner": "Web team"}, "pay": {"owner": "Payments"}}, agreement=[
        {"starts_on": dt.date(2026, 1, 1), "ticket_targets": {"P2": target}}])  # fmt: skip


SEPTEMBER = ask(1, "09-05 10:00", "09-05 12:00", "09-05 13:00")
OCTOBER = ask(2, "10-05 10:00", "10-05 12:00", "10-05 13:00")


def test_an_answer_that_is_late_two_months_running_is_found_with_its_owner(make_month, shop):
    month = make_month(shop, ticket=[SEPTEMBER, OCTOBER])
    (found,) = rules.targets_missed_repeatedly(month)
    assert findings.said(found.title, found.facts, month) == (
        "Requests of priority P2 had a late first response two months running: 1, then 1."
    )
    assert (found.id, found.owner) == ("support.targets_missed_repeatedly.p2-first-response", "Web team")
    assert findings.evidence(found, month)["ticket_id"].tolist() == ["t2"]


def test_requests_of_several_services_have_no_one_owner(make_month, shop):
    other = ask(3, "10-06 10:00", "10-06 12:00", service="pay")
    (found,) = rules.targets_missed_repeatedly(make_month(shop, ticket=[SEPTEMBER, OCTOBER, other]))
    assert found.owner == ""


def test_one_late_month_another_priority_or_no_target_find_nothing(make_month, make_client, shop):
    assert not list(rules.targets_missed_repeatedly(make_month(shop, ticket=[OCTOBER])))
    assert not list(rules.targets_missed_repeatedly(make_month(shop, ticket=[SEPTEMBER])))
    assert not list(
        rules.targets_missed_repeatedly(make_month(shop, ticket=[{**SEPTEMBER, "priority": "P1"}, OCTOBER]))
    )
    assert not list(rules.targets_missed_repeatedly(make_month(make_client(), ticket=[SEPTEMBER, OCTOBER])))
    assert not list(rules.targets_missed_repeatedly(make_month(shop)))


def test_an_answer_of_which_it_cannot_be_told_is_not_late(make_month, shop):
    unsure = ask(2, "10-05 10:00", None, "10-05 13:00")
    assert not list(rules.targets_missed_repeatedly(make_month(shop, ticket=[SEPTEMBER, unsure])))


PILE = [ask(1, "08-05 10:00", None), ask(2, "09-05 10:00", None), ask(3, "10-05 10:00", None)]


def test_requests_that_pile_up_for_three_months_are_found(make_month, shop):
    done = ask(4, "10-06 10:00", "10-06 10:10", "10-07 10:00")
    month = make_month(shop, ticket=[*PILE, done])
    (found,) = rules.backlog_growing(month)
    assert findings.said(found.title, found.facts, month) == (
        "Requests have piled up for three months, from 0 open to 3; the oldest has waited for 87 d 14 h."
    )
    assert findings.evidence(found, month)["ticket_id"].tolist() == ["t1", "t2", "t3"]


def test_two_months_or_a_month_that_stood_still_are_no_pile(make_month, shop):
    assert not list(rules.backlog_growing(make_month(shop, ticket=PILE[1:])))
    settled = ask(3, "10-05 10:00", None, "10-06 10:00")
    assert not list(rules.backlog_growing(make_month(shop, ticket=[*PILE[:2], settled])))


def test_a_pile_in_months_that_were_not_seen_is_not_claimed(make_month, shop):
    assert not list(rules.backlog_growing(make_month(shop, seen=(), ticket=PILE)))
    assert not list(rules.backlog_growing(make_month(shop)))

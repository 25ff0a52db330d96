"""Access rules: what they find, what they leave alone, and that what was not seen is no sign."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from opsreport import findings
from opsreport.coverage import COVERAGE
from opsreport.findings import access as rules
from opsreport.home import Home
from opsreport.month import Month
from opsreport.params import ClientParams
from opsreport.params.models import Agreement
from opsreport.params.operations import AccessRules
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10")
SEEN, BEFORE = pd.Timestamp("2026-10-31 12:00", tz="UTC"), pd.Timestamp("2026-09-30 12:00", tz="UTC")
ALL = (rules.root_without_mfa, rules.people_without_mfa, rules.old_keys, rules.unused_access,
       rules.staff_who_may_have_left)  # fmt: skip


def month(*rows: dict, agreed: AccessRules | None = None, staff: tuple[str, ...] = ("lena",)) -> Month:
    fine = {"kind": "person", "observed_at": SEEN, "mfa_enabled": True, "has_key": False, "last_used_at": SEEN}
    numbered = pd.DataFrame([{"principal": f"p{n}", **fine, **row} for n, row in enumerate(rows)])
    term = [Agreement(starts_on=dt.date(2025, 1, 1), access=agreed)] if agreed else []
    client = ClientParams(client="x", display_name="X", time_zone="UTC", currency="EUR", agreement=term,
                          staff=list(staff))  # fmt: skip
    nothing = pd.DataFrame()
    frames = {name: frame.empty() for name, frame in FRAMES.items()}
    frames["principal"] = FRAMES["principal"].conform(numbered)
    return Month(client, OCTOBER, frames, COVERAGE.empty(), nothing, nothing, nothing, "final", Home(Path()))


def one(rule, of: Month) -> tuple[str, str, findings.Finding]:
    (found,) = rule(of)
    assert len(findings.evidence(found, of)) == 1  # the row that shows it
    return findings.said(found.title, found.facts, of), found.urgency, found


FAULTS = {
    rules.root_without_mfa: {"kind": "root", "mfa_enabled": False},
    rules.people_without_mfa: {"mfa_enabled": False},
    rules.old_keys: {"key_created_at": SEEN - pd.Timedelta(days=91)},
    rules.unused_access: {"last_used_at": SEEN - pd.Timedelta(days=91)},
    rules.staff_who_may_have_left: {"belongs_to": "ours"},
}


@pytest.mark.parametrize("rule", ALL)
def test_a_rule_fires_on_its_own_fault_and_on_no_other(rule):
    (found,) = rule(month(FAULTS[rule]))
    assert found.id == f"access.{rule.__name__}.p0" and found.area == "access"
    others = [row for other, row in FAULTS.items() if other is not rule]
    assert list(rule(month({}, *others, agreed=AccessRules()))) == []


@pytest.mark.parametrize("rule", ALL)
def test_what_was_seen_before_the_month_only_or_not_at_all_is_no_sign(rule):
    assert list(rule(month({**FAULTS[rule], "observed_at": BEFORE}))) == []
    unseen = {"mfa_enabled": None, "has_key": None, "last_used_at": None, "belongs_to": None, "kind": "unknown"}
    assert list(rule(month(unseen))) == []


def test_root_is_for_now_and_people_too_where_they_are_privileged():
    said, urgency, _ = one(rules.root_without_mfa, month({**FAULTS[rules.root_without_mfa], "display_name": "Root"}))
    assert (said, urgency) == ("Root may do everything, and has no second factor.", findings.NOW)
    said, urgency, _ = one(rules.people_without_mfa, month({"mfa_enabled": False, "is_privileged": True}))
    assert (said, urgency) == ("p0 is privileged, and has no second factor.", findings.NOW)
    said, urgency, _ = one(rules.people_without_mfa, month({"mfa_enabled": False}))
    assert (said, urgency) == ("p0 has no second factor.", findings.THIS_MONTH)


@pytest.mark.parametrize(("whose", "asks"), [
    ({"belongs_to": "client"}, True), ({"belongs_to": "Studio"}, True), ({"belongs_to": "ours"}, False), ({}, False),
    ({"belongs_to": "client", "principal": "lena"}, False),
])  # fmt: skip
def test_only_for_people_who_are_not_ours_the_client_is_asked(whose, asks):
    (found,) = rules.people_without_mfa(month({"mfa_enabled": False, **whose}))
    assert found.asks == asks


def test_staff_of_ours_is_never_asked_of_the_client():
    said, _, _ = one(rules.staff_who_may_have_left, month({"belongs_to": "ours"}))
    assert said == "p0 is listed as our colleague, but not on our staff list."
    assert not any(found.asks for found in rules.staff_who_may_have_left(month({"belongs_to": "ours"})))


def test_a_key_is_held_against_what_was_agreed_or_else_is_usual():
    old = {"key_created_at": SEEN - pd.Timedelta(days=91)}
    assert one(rules.old_keys, month(old))[:2] == ("The key of p0 is 91 d old, and 90 d is usual at most.", "plan")
    agreed = month(old, agreed=AccessRules(key_age="30d"))
    assert one(rules.old_keys, agreed)[:2] == (
        "The key of p0 is 91 d old, and 30 d was agreed at most.",
        "this month",
    )
    assert list(rules.old_keys(month(old, agreed=AccessRules(key_age="91d")))) == []


def test_an_account_and_a_key_of_one_in_use_are_told_apart():
    said, urgency, _ = one(rules.unused_access, month({"last_used_at": SEEN - pd.Timedelta(days=91)}))
    assert (said, urgency) == ("The account of p0 was not used for 91 d.", "plan")
    key = {"has_key": True, "key_last_used_at": SEEN - pd.Timedelta(days=100)}
    said, _, found = one(rules.unused_access, month(key))
    assert said == "p0 holds a key that was not used for 90 d or more."
    assert found.action == "Remove that key of {who}."


def test_who_left_us_can_be_told_only_where_there_is_a_list_that_does_not_fit_them():
    assert list(rules.staff_who_may_have_left(month({"belongs_to": "ours"}, staff=()))) == []
    assert list(rules.staff_who_may_have_left(month({"belongs_to": "ours"}, staff=("p*",)))) == []
    _, urgency, _ = one(rules.staff_who_may_have_left, month({"belongs_to": "ours"}))
    assert urgency == findings.NOW

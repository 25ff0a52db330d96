"""Monitoring rules fire on what was seen, and never on what was not."""

import pandas as pd
import pytest

from opsreport import findings
from opsreport.findings import monitoring as rules


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-10-{text}", tz="UTC")


def alerts(idle: int, acted: int = 0, unsaid: int = 0) -> list[dict]:
    each = [False] * idle + [True] * acted + [None] * unsaid
    return [{"alert_id": f"a{n}", "alert_name": "disk above 80 %", "service": "shop", "fired_at": at("05 03:00"),
             "was_actioned": one} for n, one in enumerate(each)]  # fmt: skip


def rule(**values) -> dict:
    return {"alert_name": "mail", "service": "shop", "observed_at": at("31 08:00"), "has_action": True,
            "is_enabled": True, "state": "ok", **values}  # fmt: skip


INCIDENT = {"incident_id": "I-1", "service": "shop", "title": "Down", "severity": "SEV1", "opened_at": at("07 10:00")}


@pytest.fixture
def month(make_client, make_month):
    def made(**frames):
        return make_month(make_client(services={"shop": {"owner": "Web team"}}), **frames)

    return made


def said(found, of) -> str:
    return findings.said(found.title, found.facts, of)


def test_a_rule_that_cries_wolf_is_found(month):
    of = month(alert=alerts(idle=19, acted=1))
    (found,) = rules.noisy_alert_rules(of)
    assert said(found, of) == "“disk above 80 %” fired 20 times, and was acted on once."
    assert (found.id, found.owner) == ("monitoring.noisy_alert_rules.disk-above-80", "Web team")
    assert len(findings.evidence(found, of)) == 20 and "raise its limit, until" in found.action


@pytest.mark.parametrize(("acted", "words"), [
    (0, "and nothing was done."), (2, "and was acted on twice."), (3, "and was acted on 3 times."),
])  # fmt: skip
def test_how_often_somebody_acted_is_said_in_plain_words(month, acted, words):
    of = month(alert=alerts(idle=30, acted=acted))
    (found,) = rules.noisy_alert_rules(of)
    assert said(found, of).endswith(words)


@pytest.mark.parametrize(("opened", "resolved"), [("05 03:05", None), ("05 02:55", "05 03:00"), ("05 01:00", None)])
def test_a_rule_that_fired_with_an_incident_is_not_to_be_made_less_strict(month, opened, resolved):
    # Caught: it fired at 03:00, in the quarter of an hour before; else within it.
    full = {**INCIDENT, "opened_at": at(opened), "resolved_at": at(resolved) if resolved else None}
    of = month(alert=alerts(idle=19, acted=1), incident=[full])
    (found,) = rules.noisy_alert_rules(of)
    assert said(found, of) == (
        "“disk above 80 %” fired 20 times, and was acted on once; on 5 Oct it fired with the incident I-1 (“Down”)."
    )
    assert found.action == "Take away what makes “{rule}” fire; do not raise its limit."
    assert found.facts["on"].rows.where == {"incident_id": "I-1"}


@pytest.mark.parametrize("more", [
    {"opened_at": at("05 03:30")}, {"opened_at": at("05 01:00"), "resolved_at": at("05 02:00")},
    {"opened_at": at("05 02:00"), "service": "other"}, {"opened_at": at("05 02:00"), "is_drill": True},
])  # fmt: skip
def test_an_incident_before_after_or_of_another_service_proves_no_rule_right(month, more):
    (found,) = rules.noisy_alert_rules(month(alert=alerts(idle=20), incident=[{**INCIDENT, **more}]))
    assert "incident" not in found.facts and "raise its limit, until" in found.action


def test_the_incident_that_a_rule_caught_goes_before_a_later_one_in_which_it_fired(month):
    caught = {**INCIDENT, "opened_at": at("05 03:05")}
    within = {**INCIDENT, "incident_id": "I-2", "opened_at": at("06 02:00")}
    later = [{**one, "alert_id": f"b{n}", "fired_at": at("06 04:00")} for n, one in enumerate(alerts(idle=3))]
    (found,) = rules.noisy_alert_rules(month(alert=[*alerts(idle=20), *later], incident=[caught, within]))
    assert found.facts["incident"].startswith("I-1")


@pytest.mark.parametrize(
    "rows", [alerts(idle=9), alerts(idle=18, acted=2, unsaid=1), alerts(idle=1, unsaid=19), []]
)  # too few; too often for something; perhaps so; none
def test_a_rule_that_may_be_worth_its_calls_is_left_alone(month, rows):
    assert list(rules.noisy_alert_rules(month(alert=rows))) == []


def test_a_rule_that_cannot_warn_is_found(month):
    of = month(alarm_rule=[rule(has_action=False), rule(alert_name="fine")])
    (found,) = rules.rules_that_cannot_warn(of)
    assert said(found, of) == "“mail” cannot warn anybody (no action, as seen on 31 Oct 2026)."
    assert found.id == "monitoring.rules_that_cannot_warn.mail" and len(findings.evidence(found, of)) == 1


def test_a_rule_that_was_only_seen_before_or_does_not_say_is_left_alone(month):
    old = rule(observed_at=at("01 00:00") - pd.Timedelta("1s"), has_action=False)
    unsaid = rule(alert_name="unsaid", has_action=None, is_enabled=None, state=None)
    assert list(rules.rules_that_cannot_warn(month(alarm_rule=[old]))) == []
    assert list(rules.rules_that_cannot_warn(month(alarm_rule=[unsaid]))) == []
    assert list(rules.rules_that_cannot_warn(month())) == []


def test_an_incident_that_nothing_caught_is_found(month):
    of = month(incident=[INCIDENT, {**INCIDENT, "incident_id": "I-2", "severity": "SEV3"}], alert=[])
    first, second = rules.uncaught_incidents(of)
    assert said(first, of) == "No alert caught “Down” (shop, 7 Oct)."
    assert (first.urgency, second.urgency) == (findings.THIS_MONTH, findings.PLAN)
    assert first.id == "monitoring.uncaught_incidents.i-1" and len(findings.evidence(first, of)) == 1


def test_an_incident_that_was_caught_or_whose_alerts_were_not_seen_is_left_alone(month):
    caught = {"alert_id": "a", "alert_name": "up", "service": "shop", "fired_at": at("07 09:55")}
    assert list(rules.uncaught_incidents(month(incident=[INCIDENT], alert=[caught]))) == []
    assert list(rules.uncaught_incidents(month(incident=[INCIDENT]))) == []
    assert list(rules.uncaught_incidents(month(alert=[caught]))) == []

"""What the monitoring section says, in a noisy month, a quiet one, one seen in part and one not seen."""

import datetime as dt
import re

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import monitoring
from opsreport.narrative import monitoring as narrative
from opsreport.params.models import Agreement, SupportHours
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
OFFICE = [Agreement(starts_on=dt.date(2025, 1, 1), support_hours=SupportHours(opens="09:00", closes="17:00"))]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-10-{text}", tz="UTC")


def frame(name: str, rows: list[dict], **common) -> pd.DataFrame:
    kind = FRAMES[name]
    numbered = [{kind.key[0]: f"x{n}", **common, **row} for n, row in enumerate(rows)]
    return kind.conform(pd.DataFrame(numbered)) if rows else kind.empty()


def parts(alert: list[dict], incident: list[dict], rule: list[dict], seen=ALWAYS) -> tuple:
    fired = frame("alert", alert, alert_name="disk", service="shop")
    listed = frame("alarm_rule", rule, observed_at=at("31 08:00"), has_action=True, is_enabled=True, state="ok")
    caught = monitoring.caught(frame("incident", incident, service="shop"), fired, OCTOBER, seen)
    return (
        monitoring.alerts(fired, OCTOBER, OFFICE, seen), monitoring.by_rule(fired, OCTOBER, OFFICE, seen),
        monitoring.caught_counts(caught, OCTOBER, 1.0),
        monitoring.rule_counts(monitoring.rules(listed, fired, OCTOBER, seen), OCTOBER),
    )  # fmt: skip


def said(alert=(), incident=(), rule=(), seen=ALWAYS, absent=""):
    return narrative.finding(*parts(list(alert), list(incident), list(rule), seen), STYLE, absent)


NIGHT = {"fired_at": at("05 03:00"), "was_actioned": False, "interrupted": True}


def test_a_noisy_month():
    day = {**NIGHT, "was_actioned": True, "fired_at": at("05 10:00")}
    incidents, rules = [{"opened_at": at("05 10:05")}, {"opened_at": at("06 10:05")}], [{}, {"has_action": False}]
    made = said([NIGHT] * 5 + [day], incidents, rules)
    assert made.text == (
        "6 alerts fired, and 1 of them (17%) led to action. The noisiest rule, “disk”, fired 6 times; for 5 of them "
        "nothing was done. Of 6 calls to people, 5 came outside the support hours. Of 2 incidents, 1 went unseen by "
        "any alert. Of 2 alarm rules, 1 cannot warn anybody: disabled, without an action, or without data."
    )
    assert made.lead.text == (
        "6 alerts fired, and 1 of them (17%) led to action. Of 2 incidents, 1 went unseen by any alert."
    )


def test_what_is_not_recorded_is_said():
    text = said([NIGHT, {**NIGHT, "was_actioned": None}]).text
    assert "2 alerts fired, and 0 (0% of those of which it is recorded) led to action; of 1 it is not recorded." in text
    text = said([{**NIGHT, "was_actioned": None}]).text
    assert text.startswith("1 alert fired; whether it led to action is not recorded.")


def test_a_quiet_month_says_so_and_one_not_seen_does_not():
    assert said().text == "No alert fired in this month."
    assert "is unknown" in said(seen=Intervals()).text
    half = Intervals([(OCTOBER.start, at("16 12:00"))])
    text = said(seen=half).text
    assert text == "No alert is known to have fired. Only 50% of the month was seen, so there may have been more."


def test_incidents_that_were_all_caught_and_those_that_cannot_be_told():
    day = {**NIGHT, "fired_at": at("05 10:00")}
    assert "An alert caught the one incident." in said([day], [{"opened_at": at("05 10:05")}]).text
    two = [{"opened_at": at("05 10:05")}, {"opened_at": at("05 10:06")}]
    assert "Alerts caught all of the 2 incidents." in said([day], two).text
    text = said([day], [{"opened_at": at("07 10:05"), "reported_by": "alert"}]).text
    assert "Of 1 incident it cannot be told whether an alert caught it." in text


def test_what_is_absent_is_a_notice():
    made = said(absent="No source of alerts is named.")
    assert made.kind == "notice" and made.text == "No source of alerts is named."


def test_the_age_of_the_list_of_rules_is_said():
    def seen(rule: list[dict]) -> str:
        return narrative.rules_seen(parts([], [], rule)[3], STYLE).text

    assert seen([{}]) == (
        "The newest list, of 31 Oct, 08:00, holds 1 rule. 1 rule that can warn fired in none of the thirteen months."
    )
    assert "is unknown" in seen([]) and "is unknown" in seen([{"observed_at": at("01 00:00") - pd.Timedelta("1s")}])
    assert "1 rule of older lists is not in it." in seen([{}, {"observed_at": at("10 08:00")}])


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said([NIGHT] * 6, [{"opened_at": at("06 10:05")}, {"opened_at": at("07 10:05"), "reported_by": "alert"}],
                [{"has_action": False}])  # fmt: skip
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("monitoring.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r"<span class=\"fact\".*?</span>", "", made.html))
    assert narrative.method(STYLE).about["role"] == "method"

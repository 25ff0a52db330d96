"""The sentences on uptime, and the figures in them."""

import datetime as dt
from decimal import Decimal

import pandas as pd

from opsreport.narrative import timeline as timeline_says
from opsreport.narrative import uptime as says
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "Europe/Berlin")


def minutes(count):
    return pd.Timedelta(minutes=count)


def slo(verdict="met", monitor="Checkout", **over):
    row = {"monitor": monitor, "coverage": 1.0, "down_time": minutes(0), "counted_down": minutes(0),
           "slo_target": 0.999, "term_from": dt.date(2026, 10, 1), "term_to": dt.date(2026, 10, 31),
           "budget_left": 44.0, "availability_worst": 1.0, "availability_best": 1.0, "verdict": verdict}  # fmt: skip
    return {**row, **over}


def outages(*rows):
    made = pd.DataFrame(rows, columns=["monitor", "outage_from", "counted_down"])
    return made.assign(outage_to=made["outage_from"] + made["counted_down"])


def said(*rows, down=()):
    return says.finding(pd.DataFrame(rows), outages(*down), STYLE)


MISSED = slo("missed", counted_down=minutes(58), budget_left=-38.0)
DOWN = ("Checkout", pd.Timestamp("2026-10-14 08:00", tz="UTC"), minutes(58))


def test_it_says_how_many_slos_were_met_and_what_was_missed():
    made = said(MISSED, slo(monitor="Shop"), slo(monitor="Docs"), down=[DOWN])
    assert made.text == (
        "2 of 3 availability targets were met. "
        "Checkout was down 58 min on 14 Oct 2026, 38 min more than its target allows."
    )
    assert {fact["id"]: fact["text"] for fact in made.facts}["uptime.finding.missed.0.over"] == "38 min"


def test_misses_are_counted_beside_what_cannot_be_judged_and_a_sentence_begins_with_a_capital():
    unseen = slo("unknown", "search", coverage=0.0)
    made = said(slo("missed", "shop", counted_down=minutes(58), budget_left=-38.0), MISSED, unseen)
    assert made.text.startswith("2 of 3 availability targets were missed; 1 cannot be judged. Shop was down 58 min")
    assert "Search was not observed at all" in made.text


def test_several_outages_are_counted():
    assert "Checkout was down 58 min in 2 outages" in said(MISSED, down=[DOWN, DOWN]).text


def test_a_term_is_blamed_for_the_outages_of_its_own_days_only():
    # The SLO changed on the 16th (Berlin): of the first outage a part lies after it, of the second nothing.
    across = ("Checkout", pd.Timestamp("2026-10-15 21:50", tz="UTC"), minutes(20))
    early = ("Checkout", pd.Timestamp("2026-10-03 10:00", tz="UTC"), minutes(5))
    row = slo("missed", counted_down=minutes(10), budget_left=-8.0, term_from=dt.date(2026, 10, 16))
    assert "Checkout was down 10 min on 16 Oct 2026, 8 min more" in said(row, down=[early, across]).text


def test_an_excused_outage_is_not_blamed():
    excused = ("Checkout", pd.Timestamp("2026-10-02", tz="UTC"), minutes(0))
    assert "58 min on 14 Oct 2026" in said(MISSED, down=[excused, DOWN]).text


def test_all_met_and_one_close():
    made = said(slo("at risk", budget_left=4.5), slo(monitor="Shop"))
    assert made.text == (
        "All 2 availability targets were met. Checkout was close, with 4.5 min of the allowed downtime left."
    )


def test_unknown_is_said_with_both_bounds_and_is_not_met():
    made = said(slo("unknown", coverage=0.95, availability_worst=0.95))
    assert made.text == (
        "Whether the availability target was met is unknown. Checkout was observed for 95.0% of the time: "
        "its availability lies between 95% and 100%, so whether its target was met is unknown."
    )
    unseen = said(slo("unknown", coverage=0.0), slo(monitor="Shop"))
    assert unseen.text == (
        "1 of 2 availability targets was met; 1 cannot be judged. Checkout was not observed at all, so whether its "
        "target was met is unknown."
    )


def test_without_any_observation_or_any_slo():
    assert said(slo("unknown", coverage=0.0)).kind == "notice"
    assert says.finding(pd.DataFrame(columns=["coverage", "slo_target"]), outages(), STYLE).kind == "notice"
    none = said(slo("unknown", slo_target=float("nan"), down_time=minutes(7)))
    assert none.text == "No SLO is agreed; Checkout was down longest, for 7 min."


def credit(**over):
    row = {"monitor": "Checkout", "verdict": "missed", "credit_share": 0.1, "credit": Decimal("100"),
           "credit_least": Decimal("100"), "credit_most": Decimal("100"), "billing_currency": "EUR",
           "coverage": 1.0}  # fmt: skip
    return pd.DataFrame([{**row, **over}])


def test_a_credit_is_owed_is_not_or_is_unknown():
    assert says.credits(credit(), STYLE).text == "A credit of €100.00 is owed for Checkout, 10% of the monthly fee."
    none = credit(verdict="met", credit=Decimal(0), credit_least=Decimal(0), credit_most=Decimal(0))
    assert says.credits(none, STYLE).text == "No credit is owed under the agreement."
    unknown = credit(verdict="unknown", credit=None, credit_least=Decimal(0))
    assert says.credits(unknown, STYLE).text == (
        "For Checkout nothing, or up to €100.00, is owed, since not all of the month was seen."
    )
    surely = credit(credit=None, credit_least=Decimal("40"))
    assert says.credits(surely, STYLE).text == (
        "At least €40.00 is owed for Checkout, and up to €100.00, since not all of the month was seen."
    )
    assert says.credits(credit().iloc[:0], STYLE).text == "The agreement names no credits."


def test_what_is_owed_is_added_up_in_each_currency_and_stands_in_the_lead():
    surely = credit(monitor="Shop", credit=None, credit_least=Decimal("40"))
    dollars = credit(monitor="Docs", billing_currency="USD")
    unsure = credit(monitor="Search", verdict="unknown", credit=None, credit_least=Decimal(0))
    both = says.credits(pd.concat([credit(), surely, dollars]), STYLE)
    assert both.text.startswith("We owe you at least €140.00. We owe you US$100.00. A credit of €100.00 is owed")
    made = says.finding(pd.DataFrame([MISSED]), outages(DOWN), STYLE, credit())
    assert made.lead.text.endswith("We owe you €100.00.")
    nothing = says.finding(pd.DataFrame([MISSED]), outages(DOWN), STYLE, unsure)
    assert "owe" not in nothing.text


def test_what_was_left_out_is_counted_by_kind():
    windows = pd.DataFrame({"excluded_as": ["agreed maintenance"] * 2 + ["excused"],
                            "down_time": [minutes(0), minutes(5), minutes(7)]})  # fmt: skip
    assert says.exclusions(windows, STYLE).text == (
        "2 windows were left out as agreed maintenance, with 5 min of downtime in them. "
        "1 window was left out as excused, with 7 min of downtime in it."
    )
    assert says.exclusions(windows.iloc[:0], STYLE).text.startswith("Nothing was left out")


def test_the_method_types_no_number():
    for made in (says.method(STYLE), timeline_says.method(STYLE)):
        assert not any(letter.isdigit() for letter in made.text)


def test_fact_ids_do_not_repeat():
    made = said(MISSED, slo("missed", "Shop", counted_down=minutes(1), budget_left=-1.0),
                slo("unknown", "Docs", coverage=0.5), slo("at risk", "Search"), down=[DOWN])  # fmt: skip
    names = [fact["id"] for fact in made.facts]
    assert len(names) == len(set(names)) and all(name.startswith("uptime.finding.") for name in names)


def test_coincidences_are_counted_and_the_first_to_look_at_is_told_without_blame():
    rows = pd.DataFrame({"happened_at": [pd.Timestamp("2026-10-14 08:00", tz="UTC")], "happening": ["Shop was down"],
                         "coincides_with": ["Deployment: d1"], "service": ["shop"], "gap": [minutes(40)]})  # fmt: skip
    made = timeline_says.finding(rows, STYLE)
    assert made.text == (
        "There is 1 case of two things close together in time at the same service. "
        "At shop on 14 Oct Shop was down, 40 min after the release d1 began."
    )
    assert "caus" not in made.text
    assert "coincides with anything" in timeline_says.finding(rows.iloc[:0], STYLE).text


def test_a_bill_that_left_its_usual_names_the_deployments_close_to_it_first():
    day = pd.Timestamp("2026-10-05 22:00", tz="UTC")
    rows = pd.DataFrame({"happened_at": [day, day], "happening": ["Unusual cost of shop from this day"] * 2,
                         "coincides_with": ["Deployment: d1", "Deployment: d2"], "service": ["shop", "shop"],
                         "gap": [minutes(0), minutes(1440)]})  # fmt: skip
    made = timeline_says.finding(rows, STYLE)
    first = "The cost of shop left its usual on 6 Oct 2026, close to the deployment of d1 and d2."
    assert made.lead.text.startswith(first)

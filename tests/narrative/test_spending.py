"""What is said of logs, budgets and savings: a miss is called one, and what is not known is not passed."""

import re
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.narrative import spending as narrative
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")


def logs(*rows: dict) -> pd.DataFrame:
    plain = {"log_group": "/shop/web", "log_state": "as agreed", "retention_days": 31.0, "agreed_days": 31.0,
             "log_storage_cost": None, "limit_saving": None, "billing_currency": "EUR",
             "resource_id": "web-logs"}  # fmt: skip
    return pd.DataFrame([plain | row for row in rows], columns=list(plain))


def budgets(*states: str) -> pd.DataFrame:
    rows = [{"service": "(all)", "budget_state": state, "agreed_budget": Decimal(100), "provider_budget": Decimal(90),
             "budget_name": None if state == "no budget there" else "all", "billing_currency": "EUR"}
            for state in states]  # fmt: skip
    return pd.DataFrame(rows, columns=["service", "budget_state", "agreed_budget", "provider_budget", "budget_name",
                                       "billing_currency"])  # fmt: skip


def ledger(**states: tuple) -> pd.DataFrame:
    names = ["saving_status", "savings", "saving_estimate", "savings_measured", "saving_measured", "saving_gap"]
    rows = [dict(zip(names, (state, *values), strict=True)) | {"billing_currency": "EUR"}
            for state, values in states.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=[*names, "billing_currency"])


def said(held=None, watched=None, saved=None, **more):
    return narrative.finding(logs() if held is None else held, budgets() if watched is None else watched,
                             ledger() if saved is None else saved, STYLE, **more)  # fmt: skip


EVER = {"log_state": "kept for ever", "retention_days": float("nan"), "log_storage_cost": Decimal(20),
        "limit_saving": Decimal(15)}  # fmt: skip


def test_logs_that_expire_too_soon_are_a_miss_and_stand_first():
    made = said(logs(EVER, {"log_state": "shorter than agreed", "retention_days": 7.0}))
    assert made.text == (
        "The agreed retention of logs was missed: /shop/web is kept for 7 days, where 31 were agreed. 1 log store is "
        "kept for ever; keeping it cost €20.00 this month. The agreed limit would have saved about €15.00 of that."
    )
    assert made.lead.text.startswith("The agreed retention of logs was missed")


def test_what_a_bill_does_not_tell_is_said():
    bare = EVER | {"log_storage_cost": None, "limit_saving": None, "billing_currency": None}
    assert said(logs(bare, bare)).text == "2 log stores are kept for ever; what that costs the bill does not tell."


@pytest.mark.parametrize(("state", "words"), [
    ("no budget there", "No budget at the provider watches the €100.00 agreed for the whole bill, so nobody is told "
                        "when that is passed."),
    ("another amount", "The budget at the provider for the whole bill is €90.00, where €100.00 was agreed."),
    ("nobody is told", "The budget of €100.00 for the whole bill is set up at the provider, but nobody is told when it "
                       "is passed."),
    ("as agreed", "Every agreed budget is set up at the provider, with an alert."),
    ("not seen lately", "Budgets at the provider were not seen lately, so whether they warn is not known."),
    ("whether anybody is told is not known", "Whether anybody is told when a budget is passed is not known."),
])  # fmt: skip
def test_each_state_of_a_budget_has_its_sentence(state, words):
    assert said(watched=budgets(state)).text == words


def test_savings_are_measured_against_the_estimates_of_those_measured():
    made = said(saved=ledger(proposed=(1, Decimal(30), 0, None, None), accepted=(1, Decimal(5), 0, None, None),
                             done=(2, Decimal(98), 1, Decimal(41), Decimal(1))))  # fmt: skip
    assert made.text == (
        "By the bill, 1 saving that was carried out is worth €41.00 a month, where €40.00 was estimated. 1 more "
        "cannot be measured, and the table says why. Savings of €35.00 a month are proposed or accepted, and not "
        "carried out."
    )
    unmeasured = said(saved=ledger(done=(1, Decimal(40), 0, None, None)))
    assert unmeasured.text == "What the savings that were carried out came to cannot be measured in the bill."


def test_nothing_at_all_and_nothing_seen_are_told_apart():
    assert said().text == "Of logs, budgets and savings nothing was agreed or proposed."
    absent = said(absent="No source of log groups is named.")
    assert (absent.kind, absent.text) == ("notice", "No source of log groups is named.")
    part = said(logs({}), missing=["", "No source of {budgets} is named."])
    assert part.text == "Every log store is kept as long as agreed. No source of {budgets} is named."
    assert "not known" in said(logs({"log_state": "not seen lately"})).text


def test_every_number_is_a_fact_with_its_own_name_and_its_rows():
    made = said(logs(EVER, {"log_state": "shorter than agreed", "retention_days": 7.0}), budgets("another amount"),
                ledger(done=(2, Decimal(98), 1, Decimal(41), Decimal(1))))  # fmt: skip
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("spending.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r'<span class="fact".*?</span>', "", made.html))
    assert all("rows" in fact for fact in made.facts)
    assert narrative.method(STYLE).about["role"] == "method"

"""What the cost section says, and that every number in it is a fact."""

import datetime as dt
import re
from decimal import Decimal

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import cost as metrics
from opsreport.narrative import cost as narrative
from opsreport.params.models import Agreement, ClientParams, CostRules, ExchangeRate
from opsreport.params.operations import Budget
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

MARCH, STYLE = Period.month("2026-03"), Style("en_GB", "EUR")


def bill(*charges, **more):
    rows = []
    for day, service, quantity, amount, *code in charges:
        at = pd.Timestamp(day, tz="UTC").as_unit("us")
        rows.append({
            "billing_period_start": at.normalize().replace(day=1), "charge_period_start": at, "service_name": service,
            "sku_price_id": service, "pricing_quantity": Decimal(quantity), "billed_cost": Decimal(amount),
            "effective_cost": Decimal(amount), "provider_name": "AWS", "charge_category": "Usage",
            "billing_currency": code[0] if code else "EUR", **more,
        })  # fmt: skip
    return FRAMES["cost"].conform(pd.DataFrame(rows, columns=FRAMES["cost"].names))


LOGS = (("2026-02-10", "Logs", 28, 28), ("2026-03-10", "Logs", 71, 71), ("2026-03-11", "Compute", 1, 5))


def seen(first, end):
    return Intervals([(pd.Timestamp(first, tz="UTC"), pd.Timestamp(end, tz="UTC"))])


def finding(cost, amount=None, covered=None, code="EUR", **budget):
    terms = [] if amount is None else [
        Agreement(starts_on=dt.date(2026, 1, 1), budgets=[Budget(amount=Decimal(amount), currency=code, **budget)])
    ]  # fmt: skip
    return narrative.finding(
        metrics.change(cost, MARCH, covered), metrics.budget(cost, MARCH, terms, covered),
        metrics.drivers(cost, MARCH), STYLE,
    )  # fmt: skip


def test_the_finding_says_budget_change_and_driver():
    made = finding(bill(*LOGS), 60)
    assert made.text == (
        "Spend was €76.00, €16.00 over the budget of €60.00. That is €48.00 more than last month; for the same "
        "number of days it is €45.00 more. Logs added €43.00 of the €48.00 rise, mostly by usage."
    )
    assert "under the budget of €80.00" in finding(bill(*LOGS), 80).text
    assert finding(bill(*LOGS), 76).text.startswith("Spend was €76.00, exactly the budget.")
    assert finding(bill(*LOGS)).text.startswith("Spend was €76.00; no budget was agreed.")


def test_every_number_in_the_finding_is_a_fact_with_an_id_of_its_own():
    made = finding(bill(*LOGS, ("2026-03-01", "Logs", 3, 9, "USD")), 60)
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("cost.finding.") for id in ids)
    left = re.sub(r'<span class="fact"[^>]*>[^<]*</span>', "", made.html)
    assert not re.search(r"\d", left)


def test_a_month_that_was_only_partly_seen_is_not_called_within_budget():
    covered = seen("2026-02-01", "2026-03-17")
    made = finding(bill(*LOGS), 80, covered)
    assert "whether the budget of €80.00 was met is unknown: only 52% of the month's bill was seen" in made.text
    assert "their change is not known" in made.text and "Logs added" not in made.text
    over = finding(bill(*LOGS), 60, covered)
    assert "€16.00 over the budget of €60.00, although only 52%" in over.text


def test_a_longer_month_alone_is_no_change_for_the_same_days():
    made = finding(bill(("2026-02-10", "Logs", 28, 28), ("2026-03-10", "Logs", 31, 31)))
    assert "€3.00 more than last month; for the same number of days nothing changed" in made.text
    assert "Logs explains all of the rise, mostly by the length of the month" in made.text


def test_an_unknown_month_before_is_said_and_nothing_moved_it():
    made = finding(bill(("2026-03-10", "Logs", 31, 31)))
    assert (
        made.text == "Spend was €31.00; no budget was agreed. The month before is not known, so neither is the change."
    )


def test_two_currencies_are_said_apart():
    made = finding(bill(*LOGS, ("2026-03-01", "Logs", 3, 9, "USD")))
    assert "€76.00" in made.text and "US$9.00" in made.text and "85" not in made.text


def test_a_services_budget_is_said_only_when_missed_or_unknown():
    cost = bill(*LOGS)
    cost["service"] = cost["service_name"].str.lower()
    assert "logs is €11.00 over its budget of €60.00" in finding(cost, 60, service="logs").text
    assert "logs is" not in finding(cost, 90, service="logs").text
    unallocated = finding(bill(*LOGS), 60, service="logs").text
    assert "for logs was met is unknown (no charge is allocated to a service)." in unallocated


def test_without_a_charge_the_section_says_so():
    nothing = bill()
    assert finding(nothing).kind == "notice"
    assert narrative.effective_cost(metrics.effective_cost_check(nothing, MARCH), STYLE).kind == "notice"
    assert (
        narrative.invoice(metrics.spend(nothing, MARCH), metrics.invoice_difference(nothing, MARCH), STYLE).kind
        == "notice"
    )
    assert (
        narrative.anomalies(metrics.anomalies(nothing, MARCH), metrics.anomaly_basis(nothing, MARCH), STYLE).kind
        == "notice"
    )


def test_an_unsound_effective_cost_is_named():
    check = metrics.effective_cost_check(bill(("2026-03-10", "Logs", 1, "7.4"), effective_cost=Decimal(7)), MARCH)
    assert narrative.effective_cost(check, STYLE).text == (
        "Amounts are billed cost. AWS's effective cost is rounded to whole units, so it is not used: €7.00 against "
        "€7.40 billed for the same usage."
    )


def test_the_invoice_says_what_timing_makes_of_it():
    april = pd.Timestamp("2026-04-01", tz="UTC").as_unit("us")
    cost = pd.concat(
        [bill(("2026-03-10", "Logs", 1, 7)), bill(("2026-03-31", "Logs", 1, 2), billing_period_start=april)]
    )
    made = narrative.invoice(metrics.spend(cost, MARCH), metrics.invoice_difference(cost, MARCH), STYLE)
    assert made.text == (
        "The invoice comes to €7.00, €2.00 less than spend. Of that, -€2.00 is 1 charge used in "
        "March 2026 and invoiced in April 2026."
    )


def test_the_exchange_rate_and_mark_up_are_stated():
    params = ClientParams(
        client="x", display_name="X", time_zone="UTC", currency="EUR", cost=CostRules(markup=Decimal("0.05")),
        exchange_rates=[ExchangeRate(bill_currency="USD", rate=Decimal("0.92"), stated="annex B")],
    )  # fmt: skip
    cost = bill(("2026-03-10", "Logs", 1, 7, "USD"), ("2026-03-10", "Logs", 1, 7, "GBP"))
    assert narrative.exchange(metrics.conversions(cost, params), STYLE).text == (
        "The bill in GBP has no stated exchange rate: it is shown apart and added to nothing. The bill in USD is "
        "reported in EUR at 0.92, the rate stated in annex B. Amounts include the agreed mark-up of 5.0%."
    )


def test_unusual_days_are_told_by_service():
    days = pd.date_range("2026-01-01", "2026-03-31")
    cost = bill(*((str(day.date()), "Logs", 1, 55 if str(day.date()) == "2026-03-10" else 20) for day in days))
    made = narrative.anomalies(metrics.anomalies(cost, MARCH), metrics.anomaly_basis(cost, MARCH), STYLE)
    assert made.text == "Logs was out of the usual for its weekday on 10 Mar 2026, by +€35.00."


def test_a_budget_for_part_of_the_month_says_so_with_facts():
    terms = [Agreement(starts_on=dt.date(2026, 3, 2), budgets=[Budget(amount=Decimal(31), currency="EUR")])]
    cost = bill(*LOGS)
    made = narrative.finding(
        metrics.change(cost, MARCH), metrics.budget(cost, MARCH, terms, None), metrics.drivers(cost, MARCH), STYLE
    )
    assert "€46.00 over the budget of €30.00 (agreed for 30 of 31 days)." in made.text
    assert any(fact["text"] == "agreed for 30 of 31 days" for fact in made.facts)


def test_the_invoice_of_a_month_that_was_not_seen_whole_is_said_to_be_so_far():
    half = Intervals([(pd.Timestamp("2026-03-01", tz="UTC"), pd.Timestamp("2026-03-16", tz="UTC"))])
    cost = bill(("2026-03-10", "Logs", 1, 7))
    made = narrative.invoice(metrics.spend(cost, MARCH, half), metrics.invoice_difference(cost, MARCH), STYLE)
    assert made.text == "So far as the bill was seen, the invoice comes to €7.00, the same as spend."


def test_a_budget_of_part_of_a_month_is_said_to_be_seen_by_its_own_days():
    late = Intervals([(pd.Timestamp("2026-03-16", tz="UTC"), pd.Timestamp("2026-04-01", tz="UTC"))])
    terms = [Agreement(starts_on=dt.date(2026, 3, 16), budgets=[Budget(amount=Decimal(31), currency="EUR")])]
    cost = bill(("2026-03-20", "Logs", 1, 7))
    made = narrative.finding(metrics.change(cost, MARCH, late), metrics.budget(cost, MARCH, terms, late),
                             metrics.drivers(cost, MARCH, late), STYLE)  # fmt: skip
    assert "€9.00 under the budget of €16.00 (agreed for 16 of 31 days). The" in made.text


def test_tags_are_told_in_a_sentence_and_apart_only_where_they_differ():
    def covered(*shares: float) -> pd.DataFrame:
        return pd.DataFrame([{"tag": tag, "billing_currency": "EUR", "tagged_spend": Decimal("90"),
                              "usage_spend": Decimal("100"), "tagged_share": share}
                             for tag, share in zip(("(all)", "owner", "team"), shares, strict=True)])  # fmt: skip

    alike = covered(0.9, 0.9, 0.9)
    assert narrative.tags(alike, STYLE).text == (
        "90% of what was used carries every required tag: €90.00 of €100.00."
    )
    assert metrics.tags_apart(alike).empty and len(metrics.tags_apart(covered(0.9, 0.9, 0.95))) == 3
    assert metrics.tags_apart(alike.iloc[:0]).empty
    assert narrative.tags(alike.iloc[:0], STYLE).text == "No tag is required, or no usage was read."


def test_accounts_are_compared_where_there_are_three():
    three = pd.DataFrame({"sub_account_id": list("abc")})
    assert len(metrics.several(three)) == 3 and metrics.several(three.head(2)).empty


def test_why_a_budget_is_unknown_stands_after_no_second_colon():
    text = finding(bill(*LOGS, ("2026-03-12", "Traffic", 1, 9, "USD")), 90).text
    assert "was met is unknown (USD is left out: no exchange rate is stated)." in text

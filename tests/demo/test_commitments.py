"""The shop's savings plan, as it is exported, is its bill's."""

import csv
import io
from decimal import Decimal

from opsreport.demo import commitments, shop_bill


def test_the_plan_is_told_as_the_bill_charges_and_covers_it():
    rows = list(csv.DictReader(io.StringIO(commitments.files("demo-shop", 7)["savings-plans.csv"].decode())))
    assert [row["Month starts"] for row in rows] == [f"2026-{month:02d}-01" for month in range(3, 11)]
    october = rows[-1]
    fee = Decimal(shop_bill.PLAN.fee) * 24 * 31
    # Three of the web servers run always, and the plan is for three.
    assert Decimal(october["Commitment"]) == Decimal(october["Used commitment"]) == fee
    assert Decimal(october["Covered at on demand"]) == 3 * 24 * 31 * Decimal("0.096")
    assert Decimal(october["Could be covered at on demand"]) > Decimal(october["Covered at on demand"])
    assert october["Ends on"] == "2027-03-01"


def test_the_clinic_made_none_and_its_list_says_so():
    (content,) = commitments.files("demo-clinic", 7).values()
    assert content.decode().count("\n") == 1

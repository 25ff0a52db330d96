"""How the findings are opened, what they explain of the bill, and what was looked for and not found."""

import re
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.narrative import findings as narrative
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")
MONTH = SimpleNamespace(style=STYLE)


def one(urgency: str = "plan", estimate: str | None = None, rise: str | None = None, release: str = "", **more):
    part = Fact("findings.x", None if rise is None else Decimal(rise), "money", currency="EUR")
    facts = {"rise": part, "cause": "the logs", "release": release} if rise else {}
    given = {"title": "A title", "facts": facts, "rows": Rows("cost", {"resource_id": "web"}), "urgency": urgency,
             "estimate": None if estimate is None else Decimal(estimate), "currency": "EUR",
             "causes": "cost" if rise else ""}  # fmt: skip
    return SimpleNamespace(**given | more)


def changes(*rises: str | None, code: str = "EUR") -> pd.DataFrame:
    rows = [(code, None if rise is None else Decimal(rise), 1.0) for rise in rises]
    return pd.DataFrame(rows, columns=["billing_currency", "spend_change", "coverage"])


def test_findings_are_counted_by_urgency_and_summed_by_currency():
    found = [one("now", "10"), one("plan", "5"), one("plan"), one("plan", "2", currency="USD")]
    assert narrative.summary(found, MONTH).text == (
        "4 findings ask for an answer: 1 to be given now, 0 this month, 3 to be planned. Those with an estimate come "
        "to about €15.00 a month. Those with an estimate come to about US$2.00 a month."
    )
    assert narrative.summary([one("this month")], MONTH).text == (
        "1 finding asks for an answer: 0 to be given now, 1 this month, 0 to be planned."
    )
    assert narrative.summary([], MONTH).text == "No rule found anything in what was seen of this month."


def test_the_rise_of_the_bill_is_explained_by_its_parts_largest_first():
    found = [one(rise="60", cause=""), one(rise="300", release="web-7"), one("now", "9")]
    (made,) = narrative.cause(found, changes("1000"), STYLE)
    assert made.text == (
        "Of the €1,000.00 rise of the bill, about €300.00 comes from the logs, which coincides with the release web-7. "
        "Another €60.00 comes from the logs. For the other €640.00 there is no finding; the bridge shows what it is "
        "made of."
    )
    parts = [fact for fact in made.facts if fact["id"].endswith(".part")]
    assert [fact["rows"]["where"] for fact in parts] == [{"resource_id": "web"}] * 2


def test_parts_that_come_to_more_than_the_rise_leave_no_rest():
    (made,) = narrative.cause([one(rise="60")], changes("50"), STYLE)
    assert "other" not in made.text


def test_a_fall_an_unknown_change_and_other_currencies_are_not_explained():
    for table in (changes("-5"), changes(None), changes("0"), changes("9", code="USD"), changes()):
        assert narrative.cause([one(rise="3")], table, STYLE) == []
    assert narrative.cause([one("now", "9")], changes("9"), STYLE) == []


def test_every_number_of_the_opening_is_a_fact_with_its_own_name():
    made = narrative.finding([one("now", "10", rise="3", release="web"), one(rise="2")], changes("9"), MONTH)
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("findings.") for id in ids)
    assert not re.search(r"\d", re.sub(r'<span class="fact".*?</span>', "", made.html))


def test_rules_that_found_nothing_are_told_from_those_that_had_nothing_to_look_at():
    silent = pd.DataFrame([("a", "Logs that grow", ""), ("b", "Keys that are old", "Principals"),
                           ("c", "People without a second factor", "Principals")],
                          columns=["rule", "looks_for", "unseen"])  # fmt: skip
    assert narrative.nothing_found(silent, STYLE).text == (
        "Asked as well, with nothing found in what was seen: logs that grow. Not to be told, for want of records "
        "(principals): keys that are old; people without a second factor."
    )
    assert narrative.nothing_found(silent.head(0), STYLE).text == "Every rule that was asked found something."


def test_figures_of_the_list_lead_to_the_rows_of_their_finding():
    listed = pd.DataFrame({"finding": ["A"], "estimate": [Decimal(5)], "evidence_rows": [3.0]})
    (row,) = narrative.figures(listed, [one("now", "5")]).to_dict("records")
    assert row["estimate"].value == 5 and row["evidence_rows"].rows.where == {"resource_id": "web"}
    assert narrative.figures(listed, [one("now")])["estimate"].iloc[0].text(STYLE) == "–"

"""How the findings are opened, what they explain of the bill, and what was looked for and not found."""

import datetime as dt
import re
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest

from opsreport.decisions import ANSWERS
from opsreport.exhibit import Fact, Rows
from opsreport.narrative import findings as narrative
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")
MONTH = SimpleNamespace(style=STYLE)


def one(urgency: str = "plan", estimate: str | None = None, rise: str | None = None, release: str = "", **more):
    part = Fact("findings.x", None if rise is None else Decimal(rise), "money", currency="EUR")
    facts = {"rise": part, "cause": "the logs", "release": release} if rise else {}
    given = {"id": "cost.x", "service": "", "since": None, "beside": "", "title": "A title",
             "facts": facts, "rows": Rows("cost", {"resource_id": "web"}), "urgency": urgency,
             "estimate": None if estimate is None else Decimal(estimate), "currency": "EUR",
             "causes": "cost" if rise else ""}  # fmt: skip
    return SimpleNamespace(**given | more)


def answers(state: str = "", finding: str = "cost.logs", **more) -> pd.DataFrame:
    row = {"finding": finding, "id": "a", "todo": "Switch it off", "owner": "Ops", "due_on": dt.date(2026, 11, 6),
           "done_on": None, "todo_state": state}  # fmt: skip
    return pd.DataFrame([row | more] if state else [], columns=list(ANSWERS))


NONE = answers()


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
    (made,) = narrative.cause(found, changes("1000"), NONE, STYLE)
    assert made.text == (
        "Of the €1,000.00 rise of the bill, about €300.00 comes from the logs, which coincides with the release web-7. "
        "No action on it is agreed yet. Another €60.00 comes from the logs. For the other €640.00 there is no "
        "finding; the bridge shows what it is made of."
    )
    parts = [fact for fact in made.facts if fact["id"].endswith(".part")]
    assert [fact["rows"]["where"] for fact in parts] == [{"resource_id": "web"}] * 2


def test_the_parts_as_they_are_printed_make_the_rise_as_it_is_printed():
    # 100.174 - 33.336 - 33.336 = 33.502, of which each is rounded: 33.34 + 33.34 + 33.50 would be 100.18.
    (made,) = narrative.cause([one(rise="33.336"), one(rise="33.336")], changes("100.174"), NONE, STYLE)
    assert "Of the €100.17 rise" in made.text and made.text.count("€33.34") == 2
    assert "For the other €33.49 there is no finding" in made.text
    (all_of_it,) = narrative.cause([one(rise="9.996")], changes("10.001"), NONE, STYLE)
    assert "other" not in all_of_it.text  # less than a cent is left


def test_parts_that_come_to_more_than_the_rise_leave_no_rest():
    (made,) = narrative.cause([one(rise="60")], changes("50"), NONE, STYLE)
    assert "other" not in made.text


def test_a_fall_an_unknown_change_and_other_currencies_are_not_explained():
    for table in (changes("-5"), changes(None), changes("0"), changes("9", code="USD"), changes()):
        assert narrative.cause([one(rise="3")], table, NONE, STYLE) == []
    assert narrative.cause([one("now", "9")], changes("9"), NONE, STYLE) == []


def logs(rise: str = "600", release: str = "web-7", work: str = "Debug on", incident: str = "I-1 (“Full”)"):
    """The logs of web, four times their usual volume since 6 October."""
    made = one("now", rise=rise, release=release)
    facts = {"writer": "web", "ratio": Fact("r", 4.08, "ratio"), "day": Fact("d", DAY, "date")}
    if work:
        facts["work"] = Fact("w", work, rows=Rows("work", {"work_id": "w1"}))
    if incident:
        facts |= {"incident_first": incident, "incident_on": Fact("i", dt.date(2026, 10, 21), "day")}
    return SimpleNamespace(**vars(made) | {"id": "cost.logs", "facts": made.facts | facts, "service": "web",
                                           "since": DAY})  # fmt: skip


DAY = dt.date(2026, 10, 6)
SLOW = {"id": "performance.slow", "service": "web", "since": DAY, "beside": "Since the same day {service} is slow: "
        "{value}.", "facts": {"service": "web", "value": Fact("v", 0.869, "seconds")}}  # fmt: skip


def test_the_largest_part_is_told_with_all_that_the_records_say_beside_it():
    (made,) = narrative.cause([one(**SLOW), logs()], changes("1000"), answers("open"), STYLE)
    assert made.lead.text == (
        "One thing stands behind more than half of the rise of the bill: since 6 Oct web has written 4.08 times as "
        "much log as usual, which makes about €600.00 of the €1,000.00. That coincides with the release web-7; the "
        "work record of that day says “Debug on”. The incident I-1 (“Full”) of 21 Oct names the same release. Since "
        "the same day web is slow: 869 ms. “Switch it off” is to be done by 6 Nov (Ops)."
    )
    assert made.text.endswith("For the other €400.00 there is no finding; the bridge shows what it is made of.")
    rows = {fact["id"]: fact.get("rows") for fact in made.facts}
    assert rows["findings.cause.eur.work"]["where"] == {"work_id": "w1"}
    assert rows["findings.cause.eur.part"]["where"] == {"resource_id": "web"} and len(rows) == len(made.facts)


@pytest.mark.parametrize("rise", ["500", "1000.01"])
def test_half_of_the_rise_or_more_than_all_of_it_is_not_called_most_of_it(rise):
    (made,) = narrative.cause([logs(rise)], changes("1000"), NONE, STYLE)
    assert made.text.startswith("Since 6 Oct web has written 4.08 times as much log as usual, which added about €")
    assert "to a bill that rose by €1,000.00." in made.text


@pytest.mark.parametrize("other", [{"since": dt.date(2026, 10, 7)}, {"service": "shop"}, {"beside": ""}])
def test_what_began_on_another_day_or_elsewhere_is_not_told_beside_it(other):
    (made,) = narrative.cause([one(**SLOW | other), logs()], changes("1000"), NONE, STYLE)
    assert "slow" not in made.text


def test_what_no_record_tells_is_not_said():
    (made,) = narrative.cause([logs(release="", work="", incident="")], changes("700"), NONE, STYLE)
    assert "coincides" not in made.text and "record" not in made.text and "incident" not in made.text
    (work,) = narrative.cause([logs(release="", incident="")], changes("700"), NONE, STYLE)
    assert "The work record of that day says “Debug on”." in work.text and "coincides" not in work.text


@pytest.mark.parametrize(("answer", "words"), [
    (answers("overdue"), "“Switch it off” was to be done by 6 Nov, and is not (Ops)."),
    (answers("done", done_on=dt.date(2026, 10, 30)), "“Switch it off” was done on 30 Oct (Ops)."),
    (answers("accepted"), "It was decided: “Switch it off” (Ops)."),
    (answers("open", finding="other"), "No action on it is agreed yet."),
])  # fmt: skip
def test_what_is_being_done_about_it_ends_the_story(answer, words):
    (made,) = narrative.cause([logs()], changes("700"), answer, STYLE)
    assert made.lead.text.endswith(words)


def test_a_proposal_is_no_action_and_is_left_to_what_is_asked():
    (made,) = narrative.cause([logs()], changes("700"), answers("proposed"), STYLE)
    assert "Switch it off" not in made.text

def test_every_number_of_the_opening_is_a_fact_with_its_own_name():
    made = narrative.finding([one("now", "10", rise="3", release="web"), one(rise="2")], changes("9"), NONE, MONTH)
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("findings.") for id in ids)
    assert not re.search(r"\d", re.sub(r'<span class="fact".*?</span>', "", made.html))


def test_rules_that_found_nothing_are_told_from_those_that_had_nothing_to_look_at():
    silent = pd.DataFrame([("a", "Logs that grow", ""), ("b", "Keys that are old", "Principals"),
                           ("c", "People without a second factor", "Principals")],
                          columns=["rule", "looks_for", "unseen"])  # fmt: skip
    made = narrative.nothing_found(silent, STYLE)
    assert made.html.startswith(
        "<details><summary>Asked as well, with nothing found in what was seen</summary><ul><li>Logs that grow</li></ul>"
    )
    assert made.html.count("<details>") == 2 and made.html.count("<li>") == 3
    assert made.text == (
        "Asked as well, with nothing found in what was seen: logs that grow. Not to be told, for want of records "
        "(principals): keys that are old; people without a second factor."
    )
    assert narrative.nothing_found(silent.head(0), STYLE).text == "Every rule that was asked found something."


def test_figures_of_the_list_lead_to_the_rows_of_their_finding():
    listed = pd.DataFrame({"finding": ["A"], "estimate": [Decimal(5)], "evidence_rows": [3.0]})
    (row,) = narrative.figures(listed, [one("now", "5")]).to_dict("records")
    assert row["estimate"].value == 5 and row["evidence_rows"].rows.where == {"resource_id": "web"}
    assert narrative.figures(listed, [one("now")])["estimate"].iloc[0].text(STYLE) == "–"

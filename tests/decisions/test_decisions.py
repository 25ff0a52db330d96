"""Decisions and actions as a month knows them: carried over, judged when due, asked, and nothing from later."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsreport import decisions as register
from opsreport.findings import NOW, PLAN, Finding
from opsreport.metrics.rows import scorecard_rows
from opsreport.params.decisions import Action, Decision, Decisions
from opsreport.period import Period
from opsreport.theme import Style

OCTOBER, SEPTEMBER = Period.month("2026-10"), Period.month("2026-09")
MONTH = SimpleNamespace(period=OCTOBER, style=Style("en_GB", "EUR", "UTC"))
SPEND = {"id": "cost.spend.eur", "measure": "Spend", "unit": "count", "currency": "", "this_month": 12.0,
         "target": 10.0, "coverage": 1.0, "verdict": "missed", "section": "cost"}  # fmt: skip
SCORES = scorecard_rows([SPEND])


def day(text):
    return dt.date.fromisoformat(text)


def action(id="a", **more):
    dates = {name: day(value) for name, value in more.items() if name.endswith("_on")}
    given = {"agreed_on": day("2026-08-01"), "due_on": day("2026-09-30")}
    return Action(id=id, title=f"Do {id}", owner="Ops", **given | more | dates)


def decision(id="d", **more):
    dates = {name: day(value) for name, value in more.items() if name.endswith("_on")}
    given = {"decided_on": day("2026-08-01"), "review_on": day("2026-10-31"), "status": "accepted",
             "metric": "cost.spend.eur", "target": 12, "direction": "at most"}  # fmt: skip
    if more.get("status") == "proposed":
        given |= {"decided_on": None, "proposed_on": day("2026-08-01")}
    return Decision(id=id, title=f"Decide {id}", owner="Ops", **given | more | dates)


def held(*each):
    return Decisions(decisions=[one for one in each if isinstance(one, Decision)],
                     actions=[one for one in each if isinstance(one, Action)])  # fmt: skip


def open_in(month, *each):
    return register.open_actions(held(*each), month)


# Actions.


def test_actions_carry_over_until_done_and_the_longest_overdue_stands_first():
    made = open_in(
        OCTOBER, action("new", due_on="2026-11-06"), action("late", due_on="2026-09-30"),
        action("later", due_on="2026-10-15"), action("gone", done_on="2026-09-12"),
    )  # fmt: skip
    assert list(made["id"]) == ["late", "later", "new"]
    assert list(made["todo_state"]) == ["overdue", "overdue", "open"]
    assert list(made["days_late"]) == [31.0, 16.0, None]


@pytest.mark.parametrize(("due", "state"), [
    ("2026-10-30", "overdue"), ("2026-10-31", "overdue"), ("2026-11-01", "open"),
])  # fmt: skip
def test_an_action_is_overdue_when_its_due_day_is_over(due, state):
    assert open_in(OCTOBER, action(due_on=due))["todo_state"].tolist() == [state]


def test_an_action_done_in_november_is_still_open_in_octobers_review():
    one = action(done_on="2026-11-01")
    (row,) = open_in(OCTOBER, one).to_dict("records")
    assert row["done_on"] is None and row["todo_state"] == "overdue"
    assert register.done_actions(held(one), OCTOBER).empty
    assert open_in(Period.month("2026-11"), one).empty


def test_an_action_agreed_in_november_is_not_in_octobers_review():
    assert open_in(OCTOBER, action(agreed_on="2026-11-01", due_on="2026-11-30")).empty


def test_what_was_done_in_the_month_is_listed_with_how_late_it_was():
    made = register.done_actions(
        held(action("b", done_on="2026-10-31"), action("a", done_on="2026-10-01", due_on="2026-10-01"),
             action("old", done_on="2026-09-30")), OCTOBER)  # fmt: skip
    assert list(made["id"]) == ["a", "b"] and list(made["days_late"]) == [None, 31.0]


def test_an_action_names_the_decision_behind_it():
    made = register.open_actions(held(decision("logs"), action(decision="logs")), OCTOBER)
    assert made["carries_out"].tolist() == ["Decide logs"]


def test_a_month_that_still_runs_is_told_of_up_to_the_day_its_data_was_read():
    running = SimpleNamespace(period=OCTOBER, state="draft", read_at=pd.Timestamp("2026-10-10 23:30", tz="UTC"))
    assert register.told_on(running) == day("2026-10-10")
    berlin = SimpleNamespace(**vars(running) | {"period": Period.month("2026-10", "Europe/Berlin")})
    assert register.told_on(berlin) == day("2026-10-11")
    over = SimpleNamespace(**vars(running) | {"state": "final"})
    assert register.told_on(over) == day("2026-10-31")
    made = register.open_actions(held(action(due_on="2026-10-20")), OCTOBER, day("2026-10-10"))
    assert made["todo_state"].tolist() == ["open"]


dates = st.dates(min_value=dt.date(2026, 7, 1), max_value=dt.date(2026, 12, 31))


@given(st.lists(st.tuples(dates, dates, st.none() | dates), max_size=8))
def test_an_action_is_open_or_done_in_a_month_as_a_count_of_days_says(each):
    made = []
    for n, (agreed, due, done) in enumerate(each):
        made.append(Action(id=str(n), title="x", owner="y", agreed_on=agreed, due_on=max(agreed, due),
                           done_on=max(agreed, done) if done else None))  # fmt: skip
    owed = register.open_actions(held(*made), OCTOBER)
    last = day("2026-10-31")
    expected = {one.id for one in made if one.agreed_on <= last and not (one.done_on and one.done_on <= last)}
    assert set(owed["id"]) == expected
    late = {one.id for one in made if one.id in expected and one.due_on <= last}
    assert set(owed["id"].head(len(late))) == late
    done = set(register.done_actions(held(*made), OCTOBER)["id"])
    assert done == {one.id for one in made if one.done_on and one.done_on.month == 10} and not done & expected


# Decisions.


@pytest.mark.parametrize(("on", "status"), [
    ("2026-07-31", ""), ("2026-08-01", "proposed"), ("2026-08-31", "proposed"), ("2026-09-01", "accepted"),
    ("2026-10-30", "accepted"), ("2026-10-31", "closed"),
])  # fmt: skip
def test_a_decision_is_on_each_day_what_it_was_then(on, status):
    one = decision(status="closed", proposed_on="2026-08-01", decided_on="2026-09-01", closed_on="2026-10-31")
    assert register.status_on(one, day(on)) == status


def due_in(month, *each):
    return list(register.judged(held(*each), SCORES, month)["id"])


def test_a_decision_is_judged_in_the_month_of_its_review_date():
    assert due_in(OCTOBER, decision(review_on="2026-10-01")) == ["d"]
    assert due_in(OCTOBER, decision(review_on="2026-10-31")) == ["d"]
    assert due_in(OCTOBER, decision(review_on="2026-11-01")) == []


def test_one_that_is_not_closed_is_judged_late_and_that_is_said():
    (row,) = register.judged(held(decision(review_on="2026-09-30")), SCORES, OCTOBER).to_dict("records")
    assert row["is_late"] and "judged late" in row["note"]
    (row,) = register.judged(held(decision()), SCORES, OCTOBER).to_dict("records")
    assert not row["is_late"] and row["note"] == ""


def test_what_is_proposed_rejected_or_closed_before_its_review_is_not_judged():
    assert due_in(OCTOBER, decision(status="proposed")) == due_in(OCTOBER, decision(status="rejected")) == []
    assert due_in(OCTOBER, decision(status="closed", closed_on="2026-10-30")) == []
    assert due_in(OCTOBER, decision(review_on="2026-09-30", status="closed", closed_on="2026-10-02")) == []


def test_one_closed_with_its_review_is_judged_and_one_closed_later_is_still_open_then():
    assert due_in(OCTOBER, decision(status="closed", closed_on="2026-10-31")) == ["d"]
    assert due_in(OCTOBER, decision(review_on="2026-09-30", status="closed", closed_on="2026-11-02")) == ["d"]


def test_a_review_date_to_come_in_a_running_month_is_not_judged_yet():
    given = held(decision(review_on="2026-10-20"))
    assert register.judged(given, SCORES, OCTOBER, until=day("2026-10-19")).empty
    assert list(register.upcoming(given, SCORES, OCTOBER, day("2026-10-19"))["id"]) == ["d"]


def test_reviews_to_come_stand_in_order_and_leave_out_what_is_not_in_force():
    made = register.upcoming(
        held(decision("b", review_on="2027-01-31"), decision("a", review_on="2026-11-30"), decision("now"),
             decision("no", status="rejected", review_on="2026-12-01"),
             decision("later", decided_on="2026-11-01", review_on="2026-12-01")),
        SCORES, OCTOBER,
    )  # fmt: skip
    assert list(made["id"]) == ["a", "b"] and made["decision_metric"].tolist() == ["Spend", "Spend"]


def test_what_was_decided_in_the_month_is_listed_with_how():
    made = register.decided(
        held(decision("yes", decided_on="2026-10-01"), decision("no", decided_on="2026-10-20", status="rejected"),
             decision("before", decided_on="2026-09-30"),
             decision("after", decided_on="2026-11-01", review_on="2026-12-01")),
        SCORES, OCTOBER,
    )  # fmt: skip
    assert list(made["id"]) == ["yes", "no"] and list(made["decision_status"]) == ["accepted", "rejected"]


def test_with_nothing_on_record_all_tables_are_empty_and_whole():
    none = held()
    assert list(register.open_actions(none, OCTOBER).columns) == list(register.ACTIONS)
    assert list(register.judged(none, SCORES, OCTOBER).columns) == list(register.JUDGED)
    assert list(register.asked([], none, MONTH, SCORES).columns) == list(register.ASKED)
    assert register.asked([], none, MONTH, SCORES).empty and register.upcoming(none, SCORES, OCTOBER).empty


# What is asked.


def finding(id="cost.rule.x", urgency=NOW, area="cost", asks=True, **more):
    return Finding(id=id, area=area, title="Found {n}", action="Mend it", facts={"n": "x"}, urgency=urgency, asks=asks,
                   **more)  # fmt: skip


def asked(found, *each, scores=SCORES):
    return register.asked(found, held(*each), MONTH, scores)


def test_proposals_then_what_only_the_client_can_decide_are_asked_each_with_owner_metric_and_review_date():
    made = asked([finding(owner="Web team")], decision("p", status="proposed", review_on="2026-12-15", scope="all"))
    assert made["asked"].tolist() == ["Decide p", "Mend it"] and made["asked_why"].tolist() == ["all", "Found x"]
    assert made["owner"].tolist() == ["Ops", "Web team"]
    assert made["decision_metric"].tolist() == ["Spend", "Whether it is found again"]
    assert made["review_on"].tolist() == [day("2026-12-15"), day("2026-11-30")]


def test_a_finding_is_judged_by_the_missed_figure_it_is_a_part_of_else_by_whether_it_comes_back():
    for part in (finding(estimate=Decimal(5)), finding(area="uptime", causes="cost")):
        row = asked([part]).iloc[0]
        assert (row["decision_metric"], row["decision_direction"], row["decision_target"]) == ("Spend", "at most", 10.0)
    met = scorecard_rows([SPEND | {"verdict": "met"}])
    for made in (asked([finding()]), asked([finding(area="uptime")]), asked([finding(causes="cost")], scores=met)):
        assert made["decision_metric"].tolist() == ["Whether it is found again"] and made["decision_target"][0] is None


def test_what_is_ours_to_mend_is_not_asked_however_urgent_and_nobody_named_is_said():
    assert asked([finding(asks=False)]).empty
    assert len(asked([finding(urgency=PLAN)])) == 1
    assert asked([finding()])["owner"].tolist() == ["to be named"]


@pytest.mark.parametrize("answer", [
    decision(finding="cost.rule.x"), decision(finding="cost.rule.x", status="rejected"),
    decision(finding="cost.rule.x", status="closed", closed_on="2026-10-31"),
    action(finding="cost.rule.x"), action(finding="cost.rule.x", done_on="2026-10-02"),
])  # fmt: skip
def test_a_finding_that_is_answered_is_not_asked(answer):
    assert asked([finding()], answer).empty
    assert len(asked([finding("cost.rule.y")], answer)) == 1


@pytest.mark.parametrize("answer", [
    decision(finding="cost.rule.x", decided_on="2026-11-01", review_on="2026-12-01"),
    decision(finding="cost.rule.x", status="closed", closed_on="2026-09-30"),
    action(finding="cost.rule.x", agreed_on="2026-11-01", due_on="2026-11-02"),
    action(finding="cost.rule.x", done_on="2026-09-30"),
])  # fmt: skip
def test_an_answer_from_later_or_one_that_was_over_before_answers_nothing(answer):
    assert len(asked([finding()], answer)) == 1


def test_a_proposal_of_november_is_not_asked_in_october():
    assert asked([], decision(status="proposed", proposed_on="2026-11-01", review_on="2026-12-01")).empty
    was = decision(status="accepted", proposed_on="2026-10-20", decided_on="2026-11-02", review_on="2026-12-01")
    assert asked([], was)["asked"].tolist() == ["Decide d"]  # decided in November: in October still asked


def test_what_an_asked_finding_would_save_stands_beside_it():
    (row,) = asked([finding(estimate=Decimal(5), currency="USD")]).to_dict("records")
    assert (row["estimate"], row["billing_currency"]) == (5, "USD")


# What is being done about what was found.


def doing(*each, until=None):
    found = [finding(), finding("cost.rule.y")]
    listed = pd.DataFrame({"finding": ["X", "Y"]})
    answers = register.answers(held(*each), OCTOBER, until)
    return register.being_done(listed, found, answers, MONTH.style)["being_done"].tolist()


@pytest.mark.parametrize(("answer", "words"), [
    (action(finding="cost.rule.x", due_on="2026-11-06"), "Do a, by 6 Nov (Ops)"),
    (action(finding="cost.rule.x"), "Do a, overdue since 30 Sept (Ops)"),
    (action(finding="cost.rule.x", done_on="2026-10-02"), "Do a, done on 2 Oct (Ops)"),
    (decision(finding="cost.rule.x"), "Decided: Decide d (Ops)"),
    (decision(finding="cost.rule.x", status="proposed"), "Proposed: Decide d (Ops)"),
    (decision(finding="cost.rule.x", status="rejected"), "Rejected: Decide d (Ops)"),
    (action(finding="cost.rule.x", agreed_on="2026-11-01", due_on="2026-11-02"), "–"),
    (action(finding="cost.rule.x", done_on="2026-09-30"), "–"),
])  # fmt: skip
def test_a_finding_says_what_is_being_done_about_it_and_one_without_an_answer_nothing(answer, words):
    assert doing(answer) == [words, "–"]


def test_of_several_answers_an_action_that_is_open_goes_first():
    late = action("late", finding="cost.rule.x", due_on="2026-12-01")
    soon = action("soon", finding="cost.rule.x", due_on="2026-11-06")
    done = action("done", finding="cost.rule.x", done_on="2026-10-02")
    assert doing(decision(finding="cost.rule.x"), done, late, soon)[0].startswith("Do soon")
    assert doing() == ["–", "–"]


def test_with_nothing_found_nothing_is_being_done():
    nothing = register.answers(held(), OCTOBER)
    assert list(nothing.columns) == list(register.ANSWERS) and nothing.empty
    assert register.being_done(pd.DataFrame({"finding": []}), [], nothing, MONTH.style)["being_done"].empty

"""What the decisions section says: what is late, what did not work, what is asked; each number a fact."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import decisions as register
from opsreport import tables
from opsreport.exhibit import Rows
from opsreport.metrics.rows import scorecard_rows
from opsreport.narrative import decisions as narrative
from opsreport.params.decisions import Action, Decision, Decisions
from opsreport.period import Period
from opsreport.theme import Style

OCTOBER, STYLE = Period.month("2026-10"), Style("en_GB", "EUR", "UTC")
SCORES = scorecard_rows([
    {"id": "cost.spend.eur", "measure": "Spend", "unit": "money", "currency": "EUR", "this_month": Decimal("3800.50"),
     "coverage": 1.0, "verdict": "unknown", "section": "cost", "rows": Rows("cost", {"region_id": "x"})},
    {"id": "uptime-web", "measure": "Availability of web", "unit": "availability", "currency": "",
     "this_month": 0.9991, "coverage": 1.0, "verdict": "unknown", "section": "uptime"},
])  # fmt: skip


def action(id, due, done=None):
    return Action(id=id, title=f"Do {id}", owner="Ops", agreed_on=dt.date(2026, 8, 1), due_on=dt.date(2026, *due),
                  done_on=dt.date(2026, *done) if done else None)  # fmt: skip


def decision(id, metric="cost.spend.eur", target=3700, direction="at most", **more):
    days = {"decided_on": dt.date(2026, 8, 1), "review_on": dt.date(2026, 10, 31), "status": "accepted"}
    return Decision(id=id, title=f"Decide {id}", owner="Ops", metric=metric, target=target, direction=direction,
                    **days | more)  # fmt: skip


def said(actions=(), decisions=(), asked=None):
    held = Decisions(decisions=list(decisions), actions=list(actions))
    asked = asked if asked is not None else pd.DataFrame(columns=list(register.ASKED))
    return narrative.finding(
        register.open_actions(held, OCTOBER), register.done_actions(held, OCTOBER),
        register.judged(held, SCORES, OCTOBER), asked, STYLE,
    )  # fmt: skip


def facts(exhibit):
    return {fact["id"].removeprefix("decisions.finding."): fact["value"] for fact in exhibit.facts}


LATE, OTHER, SOON, NEXT = action("a", (9, 30)), action("b", (10, 1)), action("c", (11, 6)), action("d", (11, 7))


@pytest.mark.parametrize(("actions", "words"), [
    ([], "No agreed action is open."),
    ([LATE], "1 agreed action is overdue, and no other is open."),
    ([LATE, OTHER], "2 agreed actions are overdue, and no other is open."),
    ([SOON], "1 agreed action is open, and in time."),
    ([SOON, NEXT], "2 agreed actions are open, and none is overdue."),
    ([LATE, SOON], "2 agreed actions are open, and 1 of them is overdue."),
    ([LATE, OTHER, SOON], "3 agreed actions are open, and 2 of them are overdue."),
    ([action("e", (10, 1), (10, 2))], "No agreed action is open. 1 action was done in these days."),
])  # fmt: skip
def test_what_is_open_and_late_opens_the_section(actions, words):
    assert said(actions).text.startswith(words)


@pytest.mark.parametrize(("actions", "late"), [([LATE], 1), ([LATE, SOON], 1), ([LATE, OTHER], 2)])
def test_what_is_overdue_is_always_a_fact(actions, late):
    assert facts(said(actions))["overdue"] == late


def test_a_decision_that_did_not_work_is_told_with_its_figures():
    made = said(decisions=[decision("spend")])
    assert "“Decide spend” missed its target: Spend was to be at most €3,700.00, and was €3,800.50." in made.text
    assert facts(made)["spend.measured"] == "3800.5" and facts(made)["spend.target"] == "3700"
    (measured,) = [fact for fact in made.facts if fact["id"].endswith(".measured")]
    assert measured["coverage"] == 1.0 and measured["rows"]["frame"] == "cost" and measured["currency"] == "EUR"


def test_several_are_counted_and_each_that_missed_is_told():
    web = decision("web", "uptime-web", Decimal("0.999"), "at least")
    made = said(decisions=[decision("spend"), web, decision("gone", "no.such.figure")])
    assert "Of 3 decisions due for review, 1 met the target, 1 missed it; 1 cannot be told." in made.text
    assert made.text.count("missed its target") == 1 and "1 missed it" in made.lead.text
    assert "1 met the target and 0 missed it" not in made.text


@pytest.mark.parametrize(("one", "words"), [
    (decision("a", "uptime-web", Decimal("0.999"), "at least"), "1 decision was due for review, and met its target."),
    (decision("a", "no.such.figure"), "1 decision was due for review, and whether it met its target is unknown."),
])  # fmt: skip
def test_a_single_one_is_told_whole(one, words):
    assert words in said(decisions=[one]).text


def asked(count):
    rows = [{"id": f"x{n}", "asked": f"Set limit {n}.", "owner": "Ops", "decision_metric": "Spend",
             "review_on": dt.date(2026, 11, 30)} for n in range(count)]  # fmt: skip
    return pd.DataFrame(rows, columns=list(register.ASKED)).astype(object)


@pytest.mark.parametrize(("count", "words"), [
    (0, "Nothing waits for a decision of yours."), (1, "1 matter waits for your decision"),
    (2, "2 matters wait for your decision"),
])  # fmt: skip
def test_it_says_how_much_waits_for_the_client(count, words):
    assert words in said(asked=asked(count)).text


def test_the_first_matters_stand_in_the_summary_with_owner_figure_and_date():
    made = narrative.first_asked(asked(5), STYLE)
    assert made[0].text == "Set limit 0 — Ops, review on 30 Nov."
    assert len(made) == 4 and made[0].facts[0]["id"] == "decisions.asked_first.x0.review_on"


def test_who_is_to_be_named_is_the_owner():
    nobody = asked(1).assign(owner="to be named")
    (made,) = narrative.first_asked(nobody, STYLE)
    assert made.text == "Set limit 0 — owner to be named, review on 30 Nov."
    worth = nobody.assign(estimate=[Decimal(5)], billing_currency=["USD"], rows=[None])
    (made,) = narrative.first_asked(worth, STYLE)
    assert made.text.endswith("that would save about US$5.00 a month — owner to be named, review on 30 Nov.")


def test_what_a_matter_would_save_is_said_with_its_records():
    rows = Rows("recommendation", {"recommendation_id": "R-1"})
    worth = asked(2).assign(estimate=[Decimal(5), None], billing_currency=["USD", None], rows=[rows, None])
    first, second = narrative.first_asked(worth, STYLE)
    assert first.text == "Set limit 0; that would save about US$5.00 a month — Ops, review on 30 Nov."
    (saving,) = [fact for fact in first.facts if fact["id"].endswith(".saving")]
    assert saving["rows"]["where"] == {"recommendation_id": "R-1"} and "save" not in second.text
    shown = narrative.figures(worth)["estimate"]
    assert [one.text(STYLE) for one in shown] == ["US$5.00", "–"] and shown.iloc[0].rows == rows


def test_figures_stand_in_a_table_in_the_unit_of_their_metric():
    held = Decisions(decisions=[decision("spend", baseline="rising"), decision("web", "uptime-web", Decimal("0.999"),
                                                                              "at least", baseline=1)])  # fmt: skip
    shown = narrative.figures(register.judged(held, SCORES, OCTOBER))
    columns = ["decision", "decision_target", "decision_baseline", "decision_measured", "verdict"]
    made = tables.table(shown, "decisions.judged", "Judged", STYLE, columns=columns)
    texts = {fact["id"]: fact["text"] for fact in made.facts}
    assert texts == {
        "decisions.judged.decide-spend.decision_target": "€3,700.00",
        "decisions.judged.decide-spend.decision_baseline": "rising",
        "decisions.judged.decide-spend.decision_measured": "€3,800.50",
        "decisions.judged.decide-web.decision_target": "99.9%",
        "decisions.judged.decide-web.decision_baseline": "100%",
        "decisions.judged.decide-web.decision_measured": "99.91%",
    }
    assert "Fact(" not in made.text and "€3,800.50" in made.text


def test_a_figure_that_is_not_there_reads_unknown_and_a_missing_baseline_a_dash():
    held = Decisions(decisions=[decision("gone", "no.such.figure", target="4h")])
    (row,) = narrative.figures(register.judged(held, SCORES, OCTOBER)).to_dict("records")
    assert row["decision_measured"].text(STYLE) == "unknown" and row["decision_baseline"].text(STYLE) == "–"
    assert row["decision_target"].text(STYLE) == "4 h"


def test_notes_of_what_was_judged_or_decided_are_shown_without_anything_live():
    held = Decisions(decisions=[
        decision("spend", note="**Why** <script>alert(1)</script>"), decision("quiet"),
        decision("later", note="Not yet.", review_on=dt.date(2026, 12, 1)),
    ])  # fmt: skip
    judged, decided = register.judged(held, SCORES, OCTOBER), register.decided(held, SCORES, OCTOBER)
    made = narrative.notes(judged, decided, held)
    assert "<h4>Decide spend</h4><p><strong>Why</strong> &lt;script&gt;" in made.html
    assert "Not yet" not in made.html and "quiet" not in made.html
    assert narrative.notes(judged.iloc[:0], decided, held).html == ""


def test_the_summary_names_what_is_overdue_and_nothing_that_is_not():
    held = Decisions(actions=[action("late", (9, 30)), action("soon", (11, 30)), action("done", (9, 1), (9, 2))])
    owed = register.open_actions(held, OCTOBER)
    assert [one.text for one in narrative.first_overdue(owed, STYLE)] == [
        "Overdue since 30 Sept 2026: Do late (Ops)."
    ]
    assert narrative.first_overdue(owed.iloc[:0], STYLE) == []

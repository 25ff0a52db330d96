"""A decisions file: what a decision and an action must say, and that every refusal names its place."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.errors import ParamsError
from opsreport.params import load_decisions, own_files

HEAD = "decisions:\n  - id: logs\n"  # two lines
WHOLE = (
    HEAD + "    title: Keep logs thirty days\n    owner: Ops\n    metric: cost.spend.usd\n    direction: at most\n"
    "    target: 3700\n    review_on: 2026-10-31\n    status: accepted\n    decided_on: 2026-08-01\n"
)
ACTION = "actions:\n  - {id: limit, title: Set a limit, owner: Ops, agreed_on: 2026-08-01, due_on: 2026-09-30}\n"
NOTE = (
    "---\ntitle: Rebuild the index\nowner: Web\nmetric: uptime-search\ndirection: at least\ntarget: 0.995\n"
    "review_on: 2026-10-31\nproposed_on: 2026-08-01\n---\n\n**Nightly**, not weekly.\n"
)


@pytest.fixture
def read(tmp_path):
    def reading(text="", **notes):
        (tmp_path / "acme.yaml").write_text("client: acme\n", "utf-8")
        if text:
            (tmp_path / "acme.decisions.yaml").write_text(text, "utf-8")
        for name, note in notes.items():
            (tmp_path / "acme.decisions").mkdir(exist_ok=True)
            (tmp_path / "acme.decisions" / f"{name}.md").write_text(note, "utf-8")
        return load_decisions(tmp_path, "acme")

    return reading


def without(key):
    return "".join(line for line in WHOLE.splitlines(keepends=True) if not line.startswith(f"    {key}:"))


def test_without_a_file_nothing_was_decided(read):
    made = read()
    assert made.decisions == [] and made.actions == []


def test_a_decision_and_an_action_are_read_as_they_are_written(read):
    made = read(WHOLE + ACTION)
    (decision,), (action,) = made.decisions, made.actions
    assert (decision.target, decision.direction) == (Decimal(3700), "at most")
    assert decision.review_on == dt.date(2026, 10, 31)
    assert (action.due_on, action.done_on, action.decision) == (dt.date(2026, 9, 30), None, "")


@pytest.mark.parametrize("key", ["owner", "metric", "review_on", "target", "direction", "title"])
def test_a_decision_without_an_owner_a_metric_or_a_review_date_is_refused_with_its_line(read, key):
    with pytest.raises(ParamsError, match=f"acme.decisions.yaml, line 2: decisions.0.{key} is missing") as refused:
        read(without(key))
    assert "a decision has title, owner, metric" in refused.value.hint


def test_an_empty_owner_is_no_owner(read):
    with pytest.raises(ParamsError, match=r"line 4: decisions\.0\.owner"):
        read(WHOLE.replace("owner: Ops", "owner: ''"))


@pytest.mark.parametrize(("written", "target"), [
    ("0.1", Decimal("0.1")), ("3700.10", Decimal("3700.1")), ("4h", pd.Timedelta("4h")),
    ("90min", pd.Timedelta("90min")),
])  # fmt: skip
def test_a_target_is_a_number_or_a_time(read, written, target):
    assert read(WHOLE.replace("target: 3700", f"target: {written}")).decisions[0].target == target


@pytest.mark.parametrize("written", ["99.5 %", "soon", "true", "[1]"])
def test_any_other_target_is_refused(read, written):
    with pytest.raises(ParamsError, match=r"line 7: decisions\.0\.target .*(neither a number|is not a number)"):
        read(WHOLE.replace("target: 3700", f"target: {written}"))


@pytest.mark.parametrize(("written", "baseline"), [
    ("3500", Decimal(3500)), ("2h", pd.Timedelta("2h")), ("about a day", "about a day"),
])  # fmt: skip
def test_a_baseline_may_be_words(read, written, baseline):
    assert read(WHOLE + f"    baseline: {written}\n").decisions[0].baseline == baseline


@pytest.mark.parametrize(("change", "message"), [
    (("    decided_on: 2026-08-01\n", ""), "decided_on is missing: a decision that is accepted"),
    (("status: accepted\n    decided_on: 2026-08-01", "status: proposed"), "proposed_on is missing"),
    (("status: accepted", "status: proposed\n    proposed_on: 2026-07-01"), "decided_on: a decision that is proposed"),
    (("status: accepted", "status: closed"), "closed_on is missing"),
    (("status: accepted", "status: accepted\n    closed_on: 2026-10-31"), "closed_on: a decision that is accepted"),
    (("status: accepted", "status: closed\n    closed_on: 2026-07-31"), "closed_on must not be before decided_on"),
    (("status: accepted", "status: accepted\n    proposed_on: 2026-08-02"), "decided_on must not be before proposed"),
    (("review_on: 2026-10-31", "review_on: 2026-08-01"), "review_on must come after the decision"),
])  # fmt: skip
def test_a_decisions_days_fit_its_state(read, change, message):
    assert change[0] in WHOLE
    with pytest.raises(ParamsError, match=f"line 2: .*{message}"):
        read(WHOLE.replace(*change))


@pytest.mark.parametrize(("change", "message"), [
    (("due_on: 2026-09-30", "due_on: 2026-07-31"), "due_on must not be before agreed_on"),
    (("due_on: 2026-09-30", "due_on: 2026-09-30, done_on: 2026-07-31"), "done_on must not be before agreed_on"),
    (("agreed_on: 2026-08-01, ", ""), r"actions\.0\.agreed_on is missing"),
    (("id: limit", "id: limit, decision: log"), "there is no decision log"),
    (("id: limit", "id: logs"), "the id logs stands twice"),
])  # fmt: skip
def test_a_wrong_action_is_refused_with_its_line(read, change, message):
    with pytest.raises(ParamsError, match=f"acme.decisions.yaml, line 12: .*{message}"):
        read(WHOLE + ACTION.replace(*change))


def test_a_decision_that_is_misspelt_in_an_action_is_guessed(read):
    with pytest.raises(ParamsError) as refused:
        read(WHOLE + ACTION.replace("id: limit", "id: limit, decision: log"))
    assert refused.value.hint == "did you mean logs?"


def test_a_misspelt_key_is_guessed(read):
    with pytest.raises(ParamsError, match=r"line 12: decisions\.0\.ownr is not a known key") as refused:
        read(WHOLE + "    scope: x\n    ownr: Ops\n")
    assert refused.value.hint.startswith("did you mean owner?")


def test_a_note_of_its_own_is_a_decision_called_as_its_file(read):
    decision = read(WHOLE, index=NOTE).decisions[1]
    assert (decision.id, decision.note, decision.status) == ("index", "**Nightly**, not weekly.", "proposed")


def test_notes_do_without_a_file(read):
    assert [one.id for one in read(index=NOTE).decisions] == ["index"]


@pytest.mark.parametrize(("change", "message"), [
    (("owner: Web", "ownr: Web"), "index.md, line 3: ownr is not a known key"),
    (("target: 0.995", "target: much"), "index.md, line 6: target is neither"),
    (("owner: Web\n", ""), "index.md, line 1: owner is missing"),
    (("title", "id: logs\ntitle"), "index.md: the id logs stands twice"),
])  # fmt: skip
def test_a_wrong_note_is_refused_with_its_file_and_line(read, change, message):
    with pytest.raises(ParamsError, match=message):
        read(WHOLE, index=NOTE.replace(*change))


def test_a_reviews_inputs_name_the_decisions_and_the_months_own_commentary(read, tmp_path):
    read(WHOLE, index=NOTE)
    (tmp_path / "acme.commentary").mkdir()
    for month in ("2026-09", "2026-10"):
        (tmp_path / "acme.commentary" / f"{month}.md").write_text("Fine.", "utf-8")
    named = [path.name for path in own_files(tmp_path, "acme", "2026-10")]
    assert named == ["acme.yaml", "acme.decisions.yaml", "index.md", "2026-10.md"]
    assert [path.name for path in own_files(tmp_path, "acme", "2026-11")] == named[:-1]

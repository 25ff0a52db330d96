"""The ledger: which state follows which, who may say so, and what stays on disk."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import stat
import threading
from contextlib import suppress

import pytest

from opsreport.errors import MailError
from opsreport.mail.ledger import Ledger
from opsreport.mail.ledger_file import STEPS
from opsreport.mail.rows import ALLOWED
from opsreport.mail.transport import Outcome

NOW = dt.datetime(2026, 11, 2, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
JO, KIM = "jo@client.example", "kim@client.example"
MESSAGE = b"To: jo@client.example\r\n\r\nAll is well.\r\n"


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path, "acme")


def plan(ledger, recipient=JO, message=MESSAGE, revision=1, **given):
    return ledger.plan("2026-10", revision, recipient, message, "<1@team.example>", "jo.eml", "ada", NOW, **given)


def at(ledger, state):
    """A row in this state."""
    row = plan(ledger)
    if state == "refused":
        return ledger.end(row, Outcome("refused", "no"), "ada", NOW)
    if state != "planned":
        row = ledger.claim(row, "ada", NOW)
    return row if state in ("planned", "committing") else ledger.end(row, Outcome(state, "so"), "ada", NOW)


def test_a_mail_is_planned_committed_and_sent_and_each_step_is_logged(ledger):
    row = plan(ledger)
    assert (row.state, row.attempts, row.planned_at) == ("planned", 0, "2026-11-02T09:00:00.000+00:00")
    row = ledger.end(ledger.claim(row, "ada", NOW), Outcome("sent", "250 ok"), "ada", NOW)
    assert (row.state, row.said, row.attempts, row.arrives_as) == ("sent", "250 ok", 1, "<1@team.example>")
    assert row.committing_at == row.ended_at == "2026-11-02T09:00:00.000+00:00"
    assert [(one.by, one.before, one.after) for one in ledger.log()] == [
        ("ada", "", "planned"), ("ada", "planned", "committing"), ("ada", "committing", "sent")]  # fmt: skip
    assert ledger.rows() == ledger.rows("2026-10") == ledger.rows("2026-10", 1) == [row]
    assert ledger.rows("2026-09") == ledger.rows("2026-10", 2) == []


@pytest.mark.parametrize("before", list(ALLOWED))
@pytest.mark.parametrize("after", list(ALLOWED))
def test_no_state_follows_another_but_those_drawn(ledger, before, after):
    drawn = {"planned planned", "planned refused", "committing planned", "committing sent", "committing refused",
             "committing unknown", "planned committing"}  # fmt: skip
    drawn |= {"unknown planned", "unknown sent", "refused planned"}  # which only a person may ask for
    row = at(ledger, before)
    if f"{before} {after}" in drawn:
        assert ledger._go(row, before, after, "", "ada", NOW).state == after
    else:
        with pytest.raises(MailError, match="never becomes"):
            ledger._go(row, before, after, "", "ada", NOW)
        assert [one.state for one in ledger.rows()] == [before]


def test_who_comes_second_with_the_same_row_is_refused(ledger):
    row = plan(ledger)
    ledger.claim(row, "ada", NOW)
    with pytest.raises(MailError, match="is committing, not planned"):
        ledger.claim(row, "bob", NOW)
    assert [one.by for one in ledger.log()] == ["ada", "ada"]


def test_of_many_who_claim_a_row_at_once_one_gets_it(ledger):
    row, got = plan(ledger), []

    def claim(number):
        with suppress(MailError):
            got.append(ledger.claim(row, f"sender {number}", NOW).by)

    racing = [threading.Thread(target=claim, args=(number,)) for number in range(12)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert len(got) == 1 and [one.by for one in ledger.rows()] == got


def test_a_mail_of_other_bytes_is_not_the_one_that_was_planned(ledger):
    first = plan(ledger)
    assert plan(ledger) == first  # again changes nothing
    with pytest.raises(MailError, match="not the one that is planned as revision 1"):
        plan(ledger, message=MESSAGE + b"More.\r\n")
    assert ledger.rows() == [first]


def test_a_mail_that_is_only_planned_may_be_planned_anew(ledger):
    first = plan(ledger)
    second = plan(ledger, message=MESSAGE + b"More.\r\n", anew=True)
    assert second.digest != first.digest and ledger.rows() == [second]
    with pytest.raises(MailError, match="as it was"):  # by a process that still holds the first one's bytes
        ledger.claim(first, "bob", NOW)


@pytest.mark.parametrize("state", ["committing", "sent", "refused", "unknown"])
def test_a_mail_that_may_have_gone_is_never_planned_anew(ledger, state):
    row = at(ledger, state)
    with pytest.raises(MailError, match="new revision"):
        plan(ledger, message=b"Other.\r\n", anew=True)
    assert plan(ledger) == row  # and planned again it is what it was


def test_an_address_in_capitals_is_no_second_recipient(ledger):
    row = ledger.end(ledger.claim(plan(ledger), "ada", NOW), Outcome("sent", "ok"), "ada", NOW)
    assert plan(ledger, "Jo@Client.Example") == row
    assert plan(ledger, KIM).state == plan(ledger, revision=2).state == "planned"
    assert len(ledger.rows()) == 3


def test_what_a_dead_sender_left_is_unknown_to_the_next(ledger):
    at(ledger, "committing")
    plan(ledger, KIM)
    with ledger.held("bob", NOW) as left:
        assert [(row.recipient, row.state) for row in left] == [(JO, "unknown")]
    assert {row.recipient: row.state for row in ledger.rows()} == {JO: "unknown", KIM: "planned"}


def test_each_claim_of_a_mail_is_told_apart_and_none_of_another_mail(ledger):
    later = NOW + dt.timedelta(hours=1)
    row = ledger.claim(plan(ledger), "ada", NOW)
    ledger.claim(ledger.end(row, Outcome("planned", "451"), "ada", NOW), "bob", later)
    plan(ledger, KIM)
    assert ledger.claims("2026-10", 1, "JO@client.example") == [
        "2 2026-11-02T09:00:00.000+00:00 ada", "4 2026-11-02T10:00:00.000+00:00 bob"]  # fmt: skip
    assert ledger.claims("2026-10", 1, KIM) == ledger.claims("2026-10", 2, JO) == []


def test_a_ledger_is_held_by_one_at_a_time(ledger):
    order, first_has_it = [], threading.Event()

    def second():
        first_has_it.wait()
        with ledger.held("bob", NOW):
            order.append("second")

    other = threading.Thread(target=second)
    other.start()
    with ledger.held("ada", NOW):
        first_has_it.set()
        other.join(0.2)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


@pytest.mark.parametrize(("outcome", "state"), [("sent", "sent"), ("not sent", "planned")])
def test_a_person_resolves_what_is_unknown(ledger, outcome, state):
    at(ledger, "unknown")
    row = ledger.resolve("2026-10", 1, "JO@client.example", outcome, "bob", "asked Jo by phone", NOW)
    assert (row.state, row.by, row.said, row.attempts) == (state, "bob", "asked Jo by phone", 1)
    assert (ledger.log()[-1].before, ledger.log()[-1].after) == ("unknown", state)
    assert bool(row.ended_at) == (state == "sent")


def test_a_person_resolves_what_a_dead_sender_left(ledger):
    at(ledger, "committing")
    assert ledger.resolve("2026-10", 1, JO, "sent", "bob", "asked Jo", NOW).state == "sent"
    assert [one.after for one in ledger.log()] == ["planned", "committing", "unknown", "sent"]


@pytest.mark.parametrize("state", ["planned", "sent", "refused"])
def test_only_what_is_unknown_is_resolved(ledger, state):
    at(ledger, state)
    for outcome in ("sent", "not sent"):
        with pytest.raises(MailError, match=f"is {state}, not unknown"):
            ledger.resolve("2026-10", 1, JO, outcome, "bob", "asked Jo", NOW)


def test_who_resolves_says_what_who_and_why(ledger):
    at(ledger, "unknown")
    for outcome, by, why in (("lost", "bob", "asked"), ("sent", " ", "asked"), ("sent", "bob", "")):
        with pytest.raises(MailError):
            ledger.resolve("2026-10", 1, JO, outcome, by, why, NOW)
    with pytest.raises(MailError, match="no mail of revision 2"):
        ledger.resolve("2026-10", 2, JO, "sent", "bob", "asked", NOW)
    assert [row.state for row in ledger.rows()] == ["unknown"]


def test_a_refused_mail_is_tried_again_when_a_person_says_so(ledger):
    at(ledger, "refused")
    assert ledger.retry("2026-10", 1, JO, "bob", "the mailbox has room again", NOW).state == "planned"
    with pytest.raises(MailError, match="is planned, not refused"):
        ledger.retry("2026-10", 1, JO, "bob", "again", NOW)


def test_the_ledger_is_for_its_owner_only_and_made_by_the_first_plan(ledger, tmp_path):
    assert ledger.rows() == ledger.log() == [] and not list(tmp_path.iterdir())
    old = os.umask(0)
    try:
        plan(ledger)
    finally:
        os.umask(old)
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700
    assert ledger.path == tmp_path / "acme" / "mail" / "ledger.sqlite"


def test_the_log_is_only_added_to_and_no_mail_is_forgotten(ledger):
    plan(ledger)
    with sqlite3.connect(ledger.path) as db:
        for change in ("update log set by = 'eve'", "delete from log", "delete from mail"):
            with pytest.raises(sqlite3.DatabaseError):
                db.execute(change)
    db.close()


def test_a_ledger_says_its_version_and_one_of_a_newer_version_is_refused(ledger):
    row = plan(ledger)
    db = sqlite3.connect(ledger.path)
    assert db.execute("pragma user_version").fetchone() == (len(STEPS),)
    db.execute(f"pragma user_version = {len(STEPS) + 1}")
    db.close()
    with pytest.raises(MailError, match="newer one"):
        ledger.rows()
    with pytest.raises(MailError, match="newer one"):
        ledger.claim(row, "ada", NOW)


def test_a_ledger_of_an_older_version_is_taken_forward_with_its_rows(ledger, monkeypatch):
    row = plan(ledger)
    more = (*STEPS, ("create table more (x text)", "insert into more select recipient from mail"))
    monkeypatch.setattr("opsreport.mail.ledger_file.STEPS", more)
    assert ledger.rows() == [row]
    db = sqlite3.connect(ledger.path)
    assert db.execute("pragma user_version").fetchone() == (2,)
    assert db.execute("select x from more").fetchall() == [(JO,)]
    db.close()


def test_a_step_that_fails_leaves_the_old_version_whole(ledger, monkeypatch):
    row = plan(ledger)
    with monkeypatch.context() as patched:
        patched.setattr("opsreport.mail.ledger_file.STEPS", (*STEPS, ("create table more (x text)", "no sql")))
        with pytest.raises(MailError):
            ledger.rows()
    assert ledger.rows() == [row]


def test_a_damaged_ledger_is_told_and_not_begun_anew(ledger):
    plan(ledger)
    ledger.path.write_bytes(b"this is no database" * 100)
    with pytest.raises(MailError, match="restore it"):
        plan(ledger)
    assert ledger.path.read_bytes().startswith(b"this is no database")


def test_a_ledger_that_another_process_was_killed_in_the_making_of_is_made_whole(ledger):
    ledger.path.parent.mkdir(parents=True)
    ledger.path.touch()
    assert ledger.rows() == [] and plan(ledger).state == "planned"


def test_a_commit_is_synced_before_it_returns(ledger, monkeypatch):
    asked = []
    real = sqlite3.connect

    class Traced(sqlite3.Connection):
        def execute(self, sql, *given):
            found = super().execute(sql, *given)
            if sql == "commit":
                asked.append(super().execute("pragma synchronous").fetchone()[0])
                asked.append(super().execute("pragma journal_mode").fetchone()[0])
            return found

    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: real(*given, factory=Traced, **named))
    plan(ledger)
    assert asked[-2:] == [3, "delete"]  # EXTRA: the journal's folder too


@pytest.mark.parametrize(("month", "revision", "recipient"), [
    ("2026-13", 1, JO), ("October", 1, JO), ("2026-10", 0, JO), ("2026-10", 1, "jo"),
    ("2026-10", 1, "jo@x.example\r\n"),
])  # fmt: skip
def test_what_is_no_mail_of_a_review_is_not_entered(ledger, month, revision, recipient):
    with pytest.raises(MailError):
        ledger.plan(month, revision, recipient, MESSAGE, "<1@x>", "a.eml", "ada", NOW)
    assert ledger.rows() == []


@pytest.mark.parametrize("client", ["../acme", "", "a/b", "Acme"])
def test_a_client_that_is_no_id_has_no_ledger(tmp_path, client):
    with pytest.raises(MailError, match="client id"):
        Ledger(tmp_path, client)

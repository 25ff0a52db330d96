"""Sending one client's mails: entered, archived, handed over once, and what is refused before anything is."""

from __future__ import annotations

import stat
import threading
from dataclasses import replace

import pytest

from opsreport.errors import MailError
from opsreport.mail.ledger import Ledger
from opsreport.mail.sending import send, transport
from opsreport.mail.ses import SesTransport
from opsreport.mail.smtp import SmtpTransport
from opsreport.mail.transport import Outcome
from opsreport.params.mail import Mail, Ses
from tests.mail.conftest import NOW
from tests.mail.servers import settings

JO, KIM = "jo@client.example", "kim@client.example"


class Scripted:
    """A transport that does as it is told, and remembers what it was handed."""

    def __init__(self, *outcomes, before=lambda: None):
        self.outcomes, self.before, self.handed, self.closed = list(outcomes), before, [], 0

    def deliver(self, message, sender, recipient, commit):
        self.before()
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome("sent", "250 ok")
        if outcome == "no commit":
            return Outcome("planned", "before")
        if isinstance(outcome, BaseException) and not getattr(outcome, "late", False):
            raise outcome
        commit()
        self.handed.append((recipient, message))
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def close(self):
        self.closed += 1


def test_each_recipient_gets_a_mail_and_it_is_archived_before_it_goes(office):
    there = []
    used = Scripted(before=lambda: there.append(sorted(path.name for path in (office.home / "out").iterdir())))
    rows = office.send(used, JO, KIM)
    assert [(row.recipient, row.state, row.archive) for row in rows] == [
        (JO, "sent", f"{JO}.1.eml"), (KIM, "sent", f"{KIM}.1.eml")]  # fmt: skip
    assert there == [[f"{JO}.1.eml"], [f"{JO}.1.eml", f"{KIM}.1.eml"]]
    for one, (recipient, message) in zip(office.outgoing(JO, KIM), used.handed, strict=True):
        assert recipient == one.recipient and one.archive.read_bytes() == message == one.message
        assert stat.S_IMODE(one.archive.stat().st_mode) == 0o600
    assert office.told == [f"acme 2026-10: {one}: sent (250 ok)" for one in (JO, KIM)]


@pytest.mark.parametrize(("state", "again"), [("sent", 0), ("refused", 0), ("unknown", 0), ("planned", 1)])
def test_only_what_has_not_ended_is_sent_again(office, state, again):
    office.send(Scripted(Outcome(state, "so")), JO)
    used = Scripted()
    office.send(used, JO)
    assert len(used.handed) == again
    assert office.states() == [state if not again else "sent"]


def test_what_is_to_be_tried_again_is_not_tried_twice_in_one_run(office):
    used = Scripted(Outcome("planned", "451 later"), Outcome("planned", "451 later"))
    office.send(used, JO, KIM)
    assert [recipient for recipient, _ in used.handed] == [JO, KIM]
    assert [row.attempts for row in office.ledger.rows()] == [1, 1]


def test_when_our_own_access_fails_the_others_are_not_tried(office):
    used = Scripted(Outcome("planned", "535 wrong password", ours=True))
    rows = office.send(used, JO, KIM)
    assert len(used.handed) == 1
    assert [row.state for row in rows] == ["planned", "planned"] and "not tried" in rows[1].said


def test_a_correction_is_a_mail_of_its_own(office):
    office.send(Scripted(), JO)
    used = Scripted()
    send(office.home / "store", "acme", office.outgoing(JO, revision=2), used, "ada", lambda: NOW)
    assert [(row.revision, row.state) for row in office.ledger.rows()] == [(1, "sent"), (2, "sent")]


def test_the_id_by_which_a_mail_arrives_is_kept_for_its_correction(office):
    (row,) = office.send(Scripted(Outcome("sent", "ok", arrives_as="<01@eu-west-1.amazonses.com>")), JO)
    assert row.arrives_as == "<01@eu-west-1.amazonses.com>" != row.message_id


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, MailError, ZeroDivisionError])
def test_who_is_interrupted_leaves_planned_what_cannot_have_gone_and_unknown_what_may_have(office, kind, late):
    error = kind("stop")
    error.late = late
    with pytest.raises(kind):
        office.send(Scripted(error), JO, KIM)
    assert office.states() == ["unknown" if late else "planned", "planned"]


def test_a_ledger_that_cannot_be_written_sends_nothing(office, monkeypatch):
    used = Scripted()

    def full(*_):
        raise MailError("the disk is full")

    monkeypatch.setattr(Ledger, "claim", full)
    with pytest.raises(MailError, match="disk is full"):
        office.send(used, JO)
    assert used.handed == [] and office.states() == ["planned"]


def test_a_mail_that_went_and_could_not_be_recorded_is_unknown_and_not_sent_again(office, monkeypatch):
    real = Ledger.end

    def full(self, row, outcome, by, now):
        raise MailError("the disk is full")

    monkeypatch.setattr(Ledger, "end", full)
    with pytest.raises(MailError, match="disk is full"):
        office.send(Scripted(), JO)
    monkeypatch.setattr(Ledger, "end", real)
    used = Scripted()
    office.send(used, JO)
    assert used.handed == [] and office.states() == ["unknown"]


def test_of_senders_that_race_one_sends_and_the_others_find_nothing_left(office):
    used = [Scripted() for _ in range(6)]
    racing = [threading.Thread(target=office.send, args=(one, JO, KIM)) for one in used]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert sorted(len(one.handed) for one in used) == [0, 0, 0, 0, 0, 2]


def test_other_bytes_than_were_sent_are_refused_before_anything_is_sent(office):
    office.send(Scripted(Outcome("planned", "later"), Outcome("sent", "ok")), JO, KIM)
    used = Scripted()
    with pytest.raises(MailError, match="not the one that is sent"):
        office.send(used, JO, KIM, size=200)
    assert used.handed == []


def test_what_is_only_planned_goes_as_it_was_made_last(office):
    office.send(Scripted(Outcome("planned", "later")), JO)
    used = Scripted()
    (row,) = office.send(used, JO, size=200)
    (one,) = office.outgoing(JO, size=200)
    assert row.state == "sent" and used.handed == [(JO, one.message)] and one.archive.read_bytes() == one.message


def test_an_archive_that_the_ledger_does_not_know_stops_the_sending(office):
    (one,) = office.outgoing(JO)
    office.send(Scripted(), JO)
    office.ledger.path.unlink()  # lost, or restored from before
    used = Scripted()
    with pytest.raises(MailError, match="restore the ledger"):
        office.send(used, JO)
    assert used.handed == [] and one.archive.exists()


def test_what_a_dead_sender_left_of_an_archive_is_cleared(office):
    (one,) = office.outgoing(JO)
    one.archive.parent.mkdir()
    part = one.archive.with_name(f".{one.archive.name}.part")
    part.write_bytes(b"half")
    part.chmod(0o644)
    office.send(Scripted(), JO)
    assert one.archive.read_bytes() == one.message and not part.exists()
    assert stat.S_IMODE(one.archive.stat().st_mode) == 0o600


def test_what_cannot_be_archived_is_not_sent(office):
    (office.home / "out").write_text("not a folder")
    used = Scripted()
    with pytest.raises(MailError, match="cannot be archived"):
        office.send(used, JO)
    assert used.handed == [] and office.states() == ["planned"]


def _other(office, **changes):
    (one,) = office.outgoing(JO)
    return replace(one, **changes)


@pytest.mark.parametrize("change", [
    {"recipient": KIM}, {"message_id": "<other@team.example>"}, {"sender": "ada@team.example\r\n"},
    {"recipient": "Jo <jo@client.example>"}, {"message": b"To: jo@client.example\n\n"}, {"month": "2026-13"},
])  # fmt: skip
def test_an_envelope_that_the_message_does_not_bear_out_is_refused(office, change):
    used = Scripted()
    with pytest.raises(MailError):
        send(office.home / "store", "acme", [_other(office, **change)], used, "ada", lambda: NOW)
    assert used.handed == [] and office.ledger.rows() == []


@pytest.mark.parametrize("header", [b"Cc: kim@client.example", b"Bcc: kim@client.example", b"To: kim@client.example",
                                    b"Message-ID: <other@team.example>"])  # fmt: skip
def test_a_message_to_more_than_its_recipient_is_refused(office, header):
    (one,) = office.outgoing(JO)
    used = Scripted()
    with pytest.raises(MailError):
        bad = replace(one, message=header + b"\r\n" + one.message)
        send(office.home / "store", "acme", [bad], used, "ada", lambda: NOW)
    assert used.handed == []


def test_one_recipient_twice_is_refused_even_in_capitals(office):
    (one,) = office.outgoing(JO)
    message = one.message.replace(b"To: jo@", b"To: JO@")
    twice = [one, replace(one, recipient="JO@client.example", message=message)]
    used = Scripted()
    with pytest.raises(MailError, match="two mails at once"):
        send(office.home / "store", "acme", twice, used, "ada", lambda: NOW)
    assert used.handed == []


def test_the_way_is_the_one_of_the_settings(office):
    mail = settings(25)
    assert isinstance(transport(mail, office.home), SmtpTransport)
    ses = Mail(sender=mail.sender, reply_to=mail.sender, operator=mail.sender, ses=Ses(region="eu-west-1"))
    assert isinstance(transport(ses, office.home), SesTransport)

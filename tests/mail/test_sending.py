"""Sending one client's mails: entered, archived, handed over once, and what is refused before anything is."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import signal
import stat
import threading
from dataclasses import replace

import pytest

from opsreport.errors import MailError
from opsreport.mail import sending
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
    used = Scripted(before=lambda: there.append(sorted(path.name for path in (office.home / "out").glob("*.eml"))))
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
    office.send(Scripted("no commit"), JO)
    office.ledger.path.unlink()  # lost, or restored from before
    used = Scripted()
    with pytest.raises(MailError, match="restore the ledger"):
        office.send(used, JO)
    assert used.handed == [] and one.archive.exists()


# A ledger that is older than what was sent.

OLDER = "it may have been sent: the ledger is older than its archive"


def notes(office):
    return sorted((office.home / "out").glob("*.went"))


def restored(office, kept, *sent, **given):
    """What a sending does that finds the ledger as it was; its rows' states and reasons, and what it handed over."""
    office.ledger.path.write_bytes(kept)
    used = Scripted()
    rows = office.send(used, *sent, **given)
    return [(row.state, row.said) for row in rows], used.handed


def test_a_mail_that_went_after_the_ledger_was_backed_up_does_not_go_again(office):
    office.send(Scripted("no commit", "no commit"), JO, KIM)
    kept = office.ledger.path.read_bytes()
    office.send(Scripted(), JO, KIM)
    for _ in range(2):  # put back once more, it is the same
        assert restored(office, kept, JO, KIM) == ([("unknown", OLDER)] * 2, [])
    used = Scripted()
    assert [row.state for row in office.send(used, JO, KIM)] == ["unknown", "unknown"] and used.handed == []
    assert [stat.S_IMODE(note.stat().st_mode) for note in notes(office)] == [0o600, 0o600]


def test_a_mail_of_a_lost_ledger_that_may_have_gone_is_unknown_and_known_by_what_went(office):
    office.send(Scripted(), JO)
    (one,) = office.outgoing(JO)
    office.ledger.path.unlink()
    used = Scripted()
    (row,) = office.send(used, JO, size=200)  # its page's link was made anew
    assert (row.state, row.said, used.handed) == ("unknown", OLDER, [])
    assert row.digest == hashlib.sha256(one.message).hexdigest() and one.archive.read_bytes() == one.message


def test_only_what_the_old_ledger_does_not_know_of_is_unknown(office):
    office.send(Scripted("no commit", "no commit"), JO, KIM)
    kept = office.ledger.path.read_bytes()
    office.send(Scripted(Outcome("sent", "ok"), "no commit"), JO, KIM)
    states, handed = restored(office, kept, JO, KIM)
    assert states == [("unknown", OLDER), ("sent", "250 ok")] and [who for who, _ in handed] == [KIM]


def test_a_second_try_that_the_old_ledger_does_not_know_of_is_not_made_again(office):
    office.send(Scripted(Outcome("planned", "451 later")), JO)  # its claim is in the backup
    kept = office.ledger.path.read_bytes()
    office.send(Scripted(), JO)
    assert restored(office, kept, JO) == ([("unknown", OLDER)], [])


def test_a_refused_mail_that_went_when_it_was_retried_does_not_go_at_a_second_retry(office):
    office.send(Scripted(Outcome("refused", "550 no room")), JO)
    kept = office.ledger.path.read_bytes()
    for _ in range(2):
        office.ledger.path.write_bytes(kept)
        office.ledger.retry("2026-10", 1, JO, "bob", "there is room", NOW)
        office.send(used := Scripted(), JO)
    assert used.handed == [] and office.states() == ["unknown"]


@pytest.mark.parametrize("state", ["planned", "refused"])
def test_what_was_surely_not_taken_leaves_no_note_and_an_old_ledger_sends_it(office, state):
    office.send(Scripted("no commit"), JO)
    kept = office.ledger.path.read_bytes()
    noted = []

    class Looking(Scripted):
        def deliver(self, message, sender, recipient, commit):
            outcome = super().deliver(message, sender, recipient, commit)
            noted.extend(notes(office))
            return outcome

    office.send(Looking(Outcome(state, "not now")), JO)
    assert len(noted) == 1 and notes(office) == []
    states, handed = restored(office, kept, JO)
    assert states == [("sent", "250 ok")] and len(handed) == 1


def test_who_says_that_a_mail_was_not_sent_has_it_sent_once(office):
    office.send(Scripted("no commit"), JO)
    kept = office.ledger.path.read_bytes()
    office.send(Scripted(Outcome("unknown", "no answer")), JO)
    assert restored(office, kept, JO) == ([("unknown", OLDER)], [])
    office.ledger.resolve("2026-10", 1, JO, "not sent", "bob", "Jo has none", NOW)
    office.send(used := Scripted(), JO)
    assert len(used.handed) == 1 and office.states() == ["sent"]
    assert restored(office, kept, JO) == ([("unknown", OLDER)], [])  # and this one counts again


def test_a_persons_word_holds_after_a_restored_ledger_was_doubted_at_another_time(office):
    office.send(Scripted("no commit"), JO)
    kept = office.ledger.path.read_bytes()
    office.send(Scripted(), JO)
    office.ledger.path.write_bytes(kept)
    used, later = Scripted(), NOW + dt.timedelta(hours=1)
    send(office.home / "store", "acme", office.outgoing(JO), used, "ada", lambda: later)
    assert notes(office)[0].read_text() == "3 2026-11-02T10:00:00.000+00:00 ada"
    office.ledger.resolve("2026-10", 1, JO, "not sent", "bob", "Jo has none", later)
    assert used.handed == []
    office.send(used, JO)
    assert len(used.handed) == 1 and office.states() == ["sent"]


def test_a_senders_other_address_does_not_hide_that_a_mail_went(office):
    office.send(Scripted("no commit"), JO)
    kept = office.ledger.path.read_bytes()
    office.send(Scripted(), JO)
    office.ledger.path.write_bytes(kept)
    (one,) = office.outgoing(JO)
    other = replace(one, message=one.message.replace(b"@team", b"@crew"), archive=one.archive.with_name("other.eml"),
                    message_id=one.message_id.replace("@team", "@crew"))  # fmt: skip
    used = Scripted()
    (row,) = send(office.home / "store", "acme", [other], used, "ada", lambda: NOW)
    assert (row.state, used.handed) == ("unknown", [])


@pytest.mark.parametrize("content", [b"", b"\xff half", b"2 2026"])
def test_a_note_that_says_nothing_sensible_is_one_that_a_mail_may_have_left(office, content):
    office.send(Scripted(), JO)
    office.ledger.path.unlink()
    notes(office)[0].write_bytes(content)
    office.send(used := Scripted(), JO)
    assert office.states() == ["unknown"] and used.handed == []


def test_a_note_that_cannot_be_written_stops_the_mail_before_it_leaves(office, monkeypatch):
    real = sending._keep

    def full(path, content):
        if path.suffix == ".went":
            raise MailError("the disk is full")
        real(path, content)

    monkeypatch.setattr(sending, "_keep", full)
    used = Scripted()
    with pytest.raises(MailError, match="disk is full"):
        office.send(used, JO)
    assert used.handed == [] and office.states() == ["planned"]
    monkeypatch.setattr(sending, "_keep", real)
    office.send(used, JO)
    assert len(used.handed) == 1 and office.states() == ["sent"]


@pytest.mark.parametrize(("step", "states", "copies"), [
    ("claim", ["unknown"], 0), ("note", ["unknown"], 0), ("hand over", ["unknown"], 1), ("end", ["sent"], 1),
])  # fmt: skip
def test_a_sender_killed_around_the_note_never_leads_to_a_second_copy(office, step, states, copies):
    office.send(Scripted("no commit"), JO)
    kept = office.ledger.path.read_bytes()
    inbox = office.home / "inbox"
    child = os.fork()
    if not child:
        die_at(step, inbox)
        office.send(Scripted(), JO)
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1]) and inbox.exists() == bool(copies)
    office.send(used := Scripted(), JO)
    assert office.states() == states and used.handed == []
    said, handed = restored(office, kept, JO)  # and with the ledger of before
    assert len(handed) + copies <= 1
    assert said == ([("sent", "250 ok")] if step == "claim" else [("unknown", OLDER)])


def die_at(step, inbox):
    """Have this process, which is a sender's, killed once it has done a step."""

    def dying(real):
        def done(*given, **named):
            real(*given, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        return done

    real, keep, end = Scripted.deliver, sending._keep, Ledger.end

    def deliver(self, message, sender, recipient, commit):
        outcome = real(self, message, sender, recipient, commit)
        inbox.write_bytes(message)
        if step == "hand over":
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    Scripted.deliver = deliver
    if step == "claim":
        Ledger.claim = dying(Ledger.claim)
    if step == "note":
        sending._keep = lambda path, content: (dying(keep) if path.suffix == ".went" else keep)(path, content)
    if step == "end":
        Ledger.end = dying(end)


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

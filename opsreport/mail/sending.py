"""Sending one client's mails, each once: entered, archived, handed over, and its end put on record at once.

A ledger may be lost, or put back from a backup that is older than what was sent since. So before a mail can
leave, its claim is noted down beside its archive as well (``*.went``). Who finds a note of a claim that the
ledger does not know leaves the mail to a person. A claim that it does know has ended, and its note says nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.parser import BytesHeaderParser
from email.policy import SMTP
from pathlib import Path

from opsreport.errors import MailError
from opsreport.home import make_private, sync_folder
from opsreport.mail.ledger import Ledger
from opsreport.mail.rows import Row
from opsreport.mail.transport import Outcome, Transport, check_address, check_message
from opsreport.params.mail import Mail

_NOT_ASKED = "not tried: another of this client's mails found that mail cannot be sent now"
_OLDER = "it may have been sent: the ledger is older than its archive"
_INTERRUPTED = Outcome("unknown", "it was interrupted before the answer was heard")
_NOT_NOTED = Outcome("planned", "not sent: it could not be noted down before it left")


@dataclass(frozen=True)
class Outgoing:
    """One mail to one recipient.

    Attributes
    ----------
    month : str
        Such as 2026-10.
    revision : int
        1, or more for a correction.
    sender, recipient : str
        Addresses of the envelope.
    message : bytes
        As `opsreport.mail.transport.check_message` wants it; what is archived is what is sent, to the byte.
    message_id : str
        As the message says it.
    archive : Path
        File that keeps the message.
    """

    month: str
    revision: int
    sender: str
    recipient: str
    message: bytes = field(repr=False)
    message_id: str
    archive: Path


def transport(mail: Mail, folder: Path) -> Transport:
    """The way that the team's settings choose; `folder` is where their file stands."""
    if mail.smtp:
        from opsreport.mail.smtp import SmtpTransport

        return SmtpTransport(mail, folder)
    from opsreport.mail.ses import SesTransport  # boto3 takes as long to load as a mail to send

    return SesTransport(mail)


def send(folder: Path, client: str, outgoing: Sequence[Outgoing], transport: Transport, by: str,
         now: Callable[[], dt.datetime], say: Callable[[str], None] = lambda _: None) -> list[Row]:  # fmt: skip
    """Send what of these mails has not ended; several processes may try at once, and one does it.

    Parameters
    ----------
    folder : Path
        Where all clients' stores are.
    client : str
        The client's id.
    outgoing : sequence of Outgoing
        Each is tried at most once a call.
    by : str
        Who sends.
    now : callable
        The time, aware of its zone.
    say : callable
        Told a line of each mail, for the operator.

    Returns
    -------
    list of Row
        One for each mail given, in their order. Those still ``planned`` may be sent by calling again;
        what is ``unknown`` is left to a person.

    Raises
    ------
    MailError
        When a message is none that may be sent, or not the one that was planned, or is archived though
        the ledger does not know it; then nothing is sent to anybody. Or when the ledger cannot be used.
    """
    for one in outgoing:
        _check(one)
    if twice := [key for key, count in Counter(_key(one) for one in outgoing).items() if count > 1]:
        raise MailError(f"{client}: {twice[0][2]} is to get two mails at once", hint="list each recipient once")
    ledger = Ledger(folder, client)
    with ledger.held(by, now()):
        mails, planned = _planned(ledger, outgoing, by, now())
        return list(_ended(ledger, list(zip(mails, planned, strict=True)), transport, by, now, say))


def _planned(ledger: Ledger, outgoing: Sequence[Outgoing], by: str,
             now: dt.datetime) -> tuple[list[Outgoing], list[Row]]:  # fmt: skip
    """The mails and their rows; those that may have gone without this ledger's knowledge are unknown."""
    known = {(row.month, row.revision, row.recipient.lower()): row for row in ledger.rows()}
    doubted = {
        _key(one)
        for one in outgoing
        if (_key(one) not in known or known[_key(one)].state == "planned") and _may_be_gone(ledger, one)
    }
    for one in outgoing:
        # A mail is entered before it is archived, so this ledger is not the one that knew of it.
        if _key(one) not in {*known, *doubted} and one.archive.exists():
            raise MailError(f"{one.archive} is there, and the ledger {ledger.path} does not know that mail",
                            hint="restore the ledger; only if it was surely not sent, remove the file")  # fmt: skip
    # What may have gone is what was archived then.
    mails = [replace(one, message=_archived(one)) if _key(one) in doubted else one for one in outgoing]
    rows = [
        # What is only planned has not left: its page's link may have been made anew since.
        ledger.plan(
            one.month, one.revision, one.recipient, one.message, one.message_id, one.archive.name, by, now, anew=True
        )
        for one in mails
    ]
    return mails, [_doubt(ledger, one, row, by, now) if _key(one) in doubted else row
                   for one, row in zip(mails, rows, strict=True)]  # fmt: skip


def _may_be_gone(ledger: Ledger, one: Outgoing) -> bool:
    note = _note(ledger, one)
    try:
        return note.read_bytes() not in [claim.encode() for claim in ledger.claims(*_key(one))]
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise MailError(f"{note} cannot be read: {error.strerror}", hint="check its permissions") from error


def _doubt(ledger: Ledger, one: Outgoing, row: Row, by: str, now: dt.datetime) -> Row:
    """A row that was planned, as unknown; the note is of this claim then, so that a person's word holds."""
    claimed = ledger.claim(row, by, now)
    note = ledger.claims(*_key(one))[-1]
    row = ledger.end(claimed, Outcome("unknown", _OLDER), by, now)
    _keep(_note(ledger, one), note.encode())
    return row


def _ended(ledger: Ledger, pairs: list[tuple[Outgoing, Row]], transport: Transport, by: str,
           now: Callable[[], dt.datetime], say: Callable[[str], None]) -> Iterator[Row]:  # fmt: skip
    blocked = False
    for one, row in pairs:
        if row.state == "planned" and blocked:
            row = replace(row, said=_NOT_ASKED)
        elif row.state == "planned":
            row, blocked = _tried(ledger, one, row, transport, by, now)
        say(f"{row.client} {row.month}: {row.recipient}: {row.state}" + (f" ({row.said})" if row.said else ""))
        yield row


def _tried(ledger: Ledger, one: Outgoing, row: Row, transport: Transport, by: str,
           now: Callable[[], dt.datetime]) -> tuple[Row, bool]:  # fmt: skip
    """The row as one delivery left it, and whether others need not be tried."""
    _keep(one.archive, one.message)
    claimed: list[Row] = []
    noted: list[Path] = []

    def commit() -> None:
        claimed.append(ledger.claim(row, by, now()))
        _keep(_note(ledger, one), ledger.claims(*_key(one))[-1].encode())
        noted.append(_note(ledger, one))  # from here on it may leave

    try:
        outcome = transport.deliver(one.message, one.sender, one.recipient, commit)
    except BaseException:
        # Such as the operator's Ctrl-C. Before the claim nothing has left, and the row stays planned.
        if claimed:
            ledger.end(claimed[0], _INTERRUPTED if noted else _NOT_NOTED, by, now())
        raise
    ended = ledger.end(claimed[0] if claimed else row, outcome, by, now())
    if ended.state in ("planned", "refused"):
        with suppress(OSError):  # should it stay, the ledger knows that claim
            _note(ledger, one).unlink()
    return ended, outcome.ours


def _note(ledger: Ledger, one: Outgoing) -> Path:
    """Where it is noted that a mail may have left; by what it is known by, for the sender's address may change."""
    name = hashlib.sha256("\0".join(map(str, (ledger.client, *_key(one)))).encode()).hexdigest()
    return one.archive.with_name(f"r{one.revision}-{name[:32]}.went")


def _archived(one: Outgoing) -> bytes:
    try:
        return one.archive.read_bytes()
    except FileNotFoundError:  # removed by somebody
        return one.message
    except OSError as error:
        raise MailError(f"{one.archive} cannot be read: {error.strerror}", hint="check its permissions") from error


def _keep(path: Path, content: bytes) -> None:
    """Have these bytes on the disk, whole or not at all, for their owner only."""
    part = path.with_name(f".{path.name}.part")
    try:
        if path.exists() and path.read_bytes() == content:
            return
        _make_folder(path.parent)
        with suppress(FileNotFoundError):
            part.unlink()  # of a process that died; this client's ledger is held, so it is no one's
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise MailError(f"{path} cannot be archived: {error.strerror}; it was not sent",
                        hint="check the disk and permissions, and send again") from error  # fmt: skip


def _make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are not there, so that a power cut does not take their names."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    make_private(*reversed(made))
    for one in made:
        sync_folder(one.parent)


def _check(one: Outgoing) -> None:
    """Make sure that a message can be sent, and says of itself what the envelope says."""
    check_address(one.sender)
    check_address(one.recipient)
    head = check_message(one.message).partition(b"\r\n\r\n")[0]
    headers = BytesHeaderParser(policy=SMTP).parsebytes(head + b"\r\n\r\n")
    to = [address.addr_spec for line in headers.get_all("To", []) for address in line.addresses]
    if to != [one.recipient] or any(name in headers for name in ("Cc", "Bcc", "Resent-To")):
        raise MailError(f"the message is not to {one.recipient} alone", hint="make one message for each recipient")
    if [str(line).strip() for line in headers.get_all("Message-ID", [])] != [one.message_id]:
        raise MailError(f"the message does not say that it is {one.message_id}", hint="give the id that it has")


def _key(one: Outgoing) -> tuple[str, int, str]:
    return one.month, one.revision, one.recipient.lower()

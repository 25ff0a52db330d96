"""The message itself: one recipient, plain text and HTML of the same words, pictures inside; always the same bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from opsreport.errors import MailError
from opsreport.mail.addresses import address_refusals, name_refusals, visible
from opsreport.mail.model import Chart
from opsreport.params.mail import Recipient

#: 7 bits only, so that no server on the way has to write it anew.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)
_TYPES = {"pdf": ("application", "pdf"), "csv": ("text", "csv")}


@dataclass(frozen=True)
class Attachment:
    """A file beside the text.

    Attributes
    ----------
    name : str
        ASCII letters, digits, and . _ - only; ends in pdf or csv.
    content : bytes
    """

    name: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """All of a mail that does not depend on whom it goes to.

    Attributes
    ----------
    client, month : str
    revision : int
    subject, html, text : str
    charts : tuple of Chart
        Those with a picture, each named in the HTML by its cid.
    attachments : tuple of Attachment
    language : str
    """

    client: str
    month: str
    revision: int
    subject: str
    html: str
    text: str
    charts: tuple[Chart, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    language: str = "en"

    def digest(self) -> str:
        """A hash of what it says; not of what is in attached files: these are the review itself."""
        made = hashlib.sha256("\0".join((self.subject, self.language, self.html, self.text)).encode())
        for one in self.charts:
            made.update(one.cid.encode() + hashlib.sha256(one.png).digest())
        made.update("\0".join(one.name for one in self.attachments).encode())
        return made.hexdigest()


@dataclass(frozen=True)
class Envelope:
    """Whom a mail is from, whom it goes to, and what it answers.

    Attributes
    ----------
    sender, reply_to, recipient : Recipient
    date : datetime
        With an offset.
    answers : tuple of str
        Message ids of what was sent before on the same matter, the first one first.
    """

    sender: Recipient
    reply_to: Recipient
    recipient: Recipient
    date: dt.datetime
    answers: tuple[str, ...] = ()


def message_id(client: str, month: str, revision: int, sender: str, recipient: str) -> str:
    """A message's id, always the same for the same recipient of the same revision; tells neither."""
    named = "\0".join((client, month, str(revision), recipient.lower()))
    return f"<{hashlib.sha256(named.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2].lower()}>"


def compose(letter: Letter, envelope: Envelope) -> bytes:
    """The message as it goes to the server, with CRLF.

    Raises
    ------
    MailError
        When a header holds what would begin another one, or a name or address may not stand in one.
    """
    made = EmailMessage(policy=_POLICY)
    people = {"From": envelope.sender, "To": envelope.recipient, "Reply-To": envelope.reply_to}
    for header, person in people.items():
        made[header] = _address(person)
    made["Subject"] = _line("the subject", letter.subject)
    made["Date"] = format_datetime(envelope.date)
    sender, to = envelope.sender.email, envelope.recipient.email
    made["Message-ID"] = message_id(letter.client, letter.month, letter.revision, sender, to)
    if envelope.answers:
        made["In-Reply-To"] = envelope.answers[-1]
        made["References"] = " ".join(envelope.answers)
    # RFC 3834: no vacation notice answers it.
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text, cte="quoted-printable")
    made.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    pictured = made.get_payload()[1]
    for one in letter.charts:
        pictured.add_related(one.png, "image", "png", cid=f"<{one.cid}>", disposition="inline",
                             filename=f"{one.id}.png")  # fmt: skip
    for one in letter.attachments:
        _attach(made, one)
    made["Content-Language"] = letter.language
    for part in list(made.walk())[1:]:
        del part["MIME-Version"]
    _same_boundaries(made)
    return made.as_bytes()


def _attach(made: EmailMessage, one: Attachment) -> None:
    if refused := file_name_refusals(one.name):
        raise MailError(refused[0], hint="use ASCII letters, digits, . _ and -, and end in .pdf or .csv")
    main, sub = _TYPES[one.name.rpartition(".")[2]]
    kind = {"charset": "utf-8"} if main == "text" else {}
    made.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name, params=kind)


def file_name_refusals(name: str) -> list[str]:
    """Why a file may not be attached under a name."""
    plain = name.isascii() and name.replace("_", "").replace("-", "").replace(".", "").isalnum()
    if not plain or name.count(".") != 1 or name.rpartition(".")[2] not in _TYPES:
        return [f"{visible(name)} is no plain name of a PDF or CSV file"]
    return []


def _address(person: Recipient) -> Address:
    if refused := [*name_refusals(person.name), *address_refusals(person.email)]:
        raise MailError(refused[0], hint="mend it in the client's or the team's file")
    return Address(display_name=person.name, addr_spec=person.email)


def _line(what: str, text: str) -> str:
    if visible(text) != text:
        raise MailError(f"{what} holds signs that are not seen: {visible(text)}", hint="mend it at its source")
    return text


def _same_boundaries(made: EmailMessage) -> None:
    """The library's boundaries are random; these are of the content, which cannot hold its own hash."""
    parts: Sequence[EmailMessage] = [part for part in made.walk() if part.is_multipart()]
    content = hashlib.sha256()
    for part in made.walk():
        if not part.is_multipart():
            content.update(part.get_payload(decode=True) or b"")
    for place, part in enumerate(parts):
        part.set_boundary(f"={content.hexdigest()[:40]}-{place}=")

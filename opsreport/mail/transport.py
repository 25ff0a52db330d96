"""What the ways to send a mail have in common: one message to one recipient, and how that ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from opsreport.errors import MailError
from opsreport.mail.addresses import address_refusals

_SAID = 500


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended.

    Attributes
    ----------
    state : str
        sent: the server took it on. refused: it did not, and never will. planned: it did not, and
        it may be tried again. unknown: it may have, and did not say.
    said : str
        What the server said or what happened, without secrets.
    arrives_as : str
        The Message-ID that the recipient sees, where the server gives one of its own.
    ours : bool
        Whether it is our access to the server that failed, so that no other message would go either.
    """

    state: str
    said: str
    arrives_as: str = ""
    ours: bool = False


class Transport(Protocol):
    """A way to send mails. It never sends anything twice by itself, and serves one thread."""

    def deliver(self, message: bytes, sender: str, recipient: str, commit: Callable[[], None]) -> Outcome:
        """Hand one message over.

        Parameters
        ----------
        message : bytes
            As `check_message` wants it.
        sender, recipient : str
            Addresses of the envelope.
        commit : callable
            Called at most once, before the first moment from which the message may arrive. What it
            raises ends the delivery, and nothing has been sent.

        Returns
        -------
        Outcome
            Faults of servers and networks are outcomes, never raised.
        """
        ...

    def close(self) -> None:
        """Say goodbye to the server, if it still listens."""
        ...


def check_address(address: str) -> str:
    """An address of an envelope, as it may be written into a command.

    Raises
    ------
    MailError
        When it is no plain ASCII address: line ends, NUL, blanks and brackets would say more than it.
    """
    if refused := address_refusals(address):
        raise MailError(refused[0], hint="correct it in the client's file or the team's")
    return address


def check_message(message: bytes) -> bytes:
    """A message's bytes, as they may be written into a conversation.

    Lone CR or LF are what mail servers disagree on: one may see the end of a message where another
    sees none, and take what follows for another mail (SMTP smuggling).

    Raises
    ------
    MailError
        When it is not 7-bit text in lines of at most 998 characters, each ended by CR LF.
    """
    hint = "make it with email.policy.SMTP and cte_type='7bit'"
    if not message.isascii() or b"\0" in message:
        raise MailError("the message has bytes that are not 7-bit text", hint=hint)
    if not message.endswith(b"\r\n") or re.search(rb"(?<!\r)\n|\r(?!\n)", message):
        raise MailError("the message has lines that do not end in CR LF", hint=hint)
    if max(map(len, message.split(b"\r\n"))) > 998:
        raise MailError("the message has a line of more than 998 characters", hint=hint)
    return message


def plain(text: str) -> str:
    """What a server said, on one line and short, without characters that a terminal would obey.

    >>> plain("250 2.0.0\\nOk: queued as 4F1\\x1b[2J")
    '250 2.0.0 Ok: queued as 4F1[2J'
    """
    # Bidi marks and the like are not printable either.
    return "".join(one for one in re.sub(r"\s+", " ", text).strip() if one.isprintable())[:_SAID]

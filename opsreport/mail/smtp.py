"""Sending by SMTP: over TLS with a verified certificate, and always knowing whether the mail may have gone.

RFC 5321: a server takes a mail on when it answers the line of one dot that ends the content, and never
before that line came. So the content and that line are written apart: a connection that broke before
the dot has sent nothing, one that broke after it may have sent the mail.
"""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from opsreport.credentials import hidden, reveal
from opsreport.errors import ParamsError
from opsreport.mail.conversation import Conversation, Refused, reply, why
from opsreport.mail.transport import Outcome, check_address, check_message, plain
from opsreport.params.mail import Mail

_ACCESS = {530, 534, 535, 538}  # RFC 4954, section 6: it is our log-in that is wanted, or wrong


class _NoEntry(Exception):
    """The server cannot be used; `lasting` where asking again in this run would be of no use."""

    def __init__(self, said: str, lasting: bool = True) -> None:
        super().__init__(said)
        self.lasting = lasting


class SmtpTransport:
    """One mail server; a connection is kept for the next mail, and opened again when it was dropped.

    Parameters
    ----------
    mail : Mail
        The team's settings, of which `smtp` is given.
    folder : Path
        Where their file stands.
    """

    def __init__(self, mail: Mail, folder: Path) -> None:
        self._smtp, self._folder = mail.smtp, folder
        # The sender's domain, which every mail shows, and not the name of the machine.
        self._name = check_address(mail.sender.email).rpartition("@")[2]
        self._server: Conversation | None = None
        self._unusable, self._secrets = "", ()

    def deliver(self, message: bytes, sender: str, recipient: str, commit: Callable[[], None]) -> Outcome:
        """Send one mail, as `Transport.deliver` says; `commit` is called before DATA.

        Raises
        ------
        MailError
            When the message or an address could not be written safely.
        ParamsError
            When a secret or the authorities' file is not where the settings say.
        """
        content = re.sub(rb"(?m)^\.", b"..", check_message(message))
        try:
            outcome = self._delivered(content, check_address(sender), check_address(recipient), commit)
        except BaseException:
            self._drop()
            raise
        return Outcome(outcome.state, plain(hidden(outcome.said, self._secrets)), ours=outcome.ours)

    def close(self) -> None:
        """Quit; that a mail was taken on is known by then, so how this ends does not matter."""
        with suppress(OSError):
            if self._server:
                self._server.docmd("QUIT")
        self._drop()

    def _delivered(self, content: bytes, sender: str, recipient: str, commit: Callable[[], None]) -> Outcome:
        try:
            server = self._begun(sender, len(content))
            server.ask("RCPT", f"TO:<{recipient}>", 250, 251)
            commit()
            server.ask("DATA", "", 354)
            server.write(content)
        except _NoEntry as error:
            self._drop()
            self._unusable = str(error) if error.lasting else ""
            return Outcome("planned", str(error), ours=True)
        except Refused as error:
            return self._refused(error)
        except OSError as error:
            self._drop()
            return Outcome("planned", f"the connection ended before the mail was whole: {why(error)}")
        return self._ended(server)

    def _begun(self, sender: str, size: int) -> Conversation:
        """A server that has accepted the sender; one that has waited since the last mail may have gone."""
        if self._unusable:
            raise _NoEntry(self._unusable)
        if self._server:
            try:
                return self._from(self._server, sender, size)
            except Refused as error:
                if error.code != 421:
                    raise
            except OSError:
                pass
            self._drop()
        self._server = self._opened()
        return self._from(self._server, sender, size)

    def _from(self, server: Conversation, sender: str, size: int) -> Conversation:
        takes = server.esmtp_features.get("size", "")
        if takes.isdigit() and 0 < int(takes) < size:
            raise Refused("MAIL", 552, f"the mail has {size} bytes and the server takes {takes}".encode())
        server.ask("MAIL", f"FROM:<{sender}>" + (f" SIZE={size}" if server.has_extn("size") else ""), 250)
        return server

    def _refused(self, error: Refused) -> Outcome:
        """A no before the content: for now, for good, or to us."""
        with suppress(OSError):
            if error.code == 421 or not self._server or self._server.docmd("RSET")[0] != 250:
                self._drop()
        if error.code in _ACCESS:
            return Outcome("planned", str(error), ours=True)
        return Outcome("planned" if error.code < 500 else "refused", str(error))

    def _ended(self, server: Conversation) -> Outcome:
        """The final dot, and what was said to it."""
        try:
            code, text = server.end()
        except OSError as error:
            self._drop()
            return Outcome("unknown", f"the mail was whole, and what became of it was not said: {why(error)}")
        state = "sent" if code == 250 else {4: "planned", 5: "refused"}.get(code // 100, "unknown")
        if state == "unknown" or code == 421:
            self._drop()
        return Outcome(state, reply(code, text))

    def _opened(self) -> Conversation:
        """A server that we are logged in at, over TLS."""
        try:
            trusted = self._trusted()
            server = Conversation(self._smtp, self._name, trusted)
            self._server = server
            server.secure(trusted)
            self._log_in(server)
        except smtplib.SMTPConnectError as error:
            raise _NoEntry(f"connect: {reply(error.smtp_code, error.smtp_error)}", error.smtp_code >= 500) from error
        except Refused as error:
            raise _NoEntry(str(error), error.code >= 500) from error
        except OSError as error:
            passing = isinstance(error, (ConnectionError, smtplib.SMTPServerDisconnected))
            raise _NoEntry(f"{self._smtp.host} cannot be used: {why(error)}", not passing) from error
        return server

    def _trusted(self) -> ssl.SSLContext:
        """What its certificate is verified by: the machine's authorities, or a private one alone."""
        file = str(self._folder / self._smtp.authorities) if self._smtp.authorities else None
        try:
            return ssl.create_default_context(cafile=file)
        except OSError as error:
            hint = "give the PEM file of the authority that signed the server's certificate"
            raise ParamsError(f"smtp.authorities: {file} cannot be used: {error.strerror or error}", hint) from error

    def _log_in(self, server: Conversation) -> None:
        if not self._smtp.user:
            return
        secret = reveal(self._smtp.password or self._smtp.oauth2_token, self._folder)
        user, offered = self._smtp.user, server.esmtp_features.get("auth", "").upper().split()
        if self._smtp.oauth2_token:
            steps = ("XOAUTH2", f"user={user}\1auth=Bearer {secret}\1\1", "")
        elif "PLAIN" in offered or "LOGIN" not in offered:
            steps = ("PLAIN", f"\0{user}\0{secret}")
        else:
            steps = ("LOGIN", "", user, secret)
        coded = [base64.b64encode(one.encode()).decode() for one in steps[1:]]
        self._secrets = (secret, *(one for one, step in zip(coded, steps[1:], strict=True) if secret in step))
        if steps[0] not in offered:
            raise _NoEntry(f"{self._smtp.host} offers no log-in by {steps[0]}, but {' '.join(offered) or 'none'}")
        server.log_in(steps[0], coded)

    def _drop(self) -> None:
        if self._server:
            self._server.close()
        self._server = None

"""A conversation with a mail server: no answer is waited for too long, and none is taken for another's.

Python's smtplib waits for ever on a server that sends a letter a minute, takes what is no answer for
one, and pairs an answer that was not asked for with the next command, so that all after it are off by
one and the last may say that a mail was taken that was not.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time

from opsreport.params.mail import Smtp

_CHUNK = 64 * 1024  # bytes
_SLOWEST = 10_000  # bytes a second that a server must at least read
_LONGEST_LINE, _MOST_LINES = 4096, 200


class OutOfStep(OSError):
    """A server that does not answer one command with one reply: nothing it says is understood any more."""


class Refused(Exception):
    """A server's no, at one step."""

    def __init__(self, step: str, code: int, text: bytes) -> None:
        super().__init__(f"{step}: {reply(code, text)}")
        self.code = code


class Conversation(smtplib.SMTP):
    """A connection whose answers come in time, are whole and well formed, and are each to a command."""

    def __init__(self, settings: Smtp, name: str, trusted: ssl.SSLContext) -> None:
        self._heard = b""
        self._implicit = trusted if settings.security == "implicit" else None
        super().__init__(settings.host, settings.listens_on, name, settings.timeout.total_seconds())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # What SMTP_SSL overrides, which cannot be used for both.
        made = super()._get_socket(host, port, timeout)
        # The final dot is written by itself, and would wait until what was before it is acknowledged.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._implicit.wrap_socket(made, server_hostname=host) if self._implicit else made

    def secure(self, trusted: ssl.SSLContext) -> None:
        """Say who we are, and go over to TLS; never on without."""
        self.hello()
        if self._implicit:
            return
        if not self.has_extn("starttls"):
            raise OutOfStep("it offers no STARTTLS, and nothing is sent in clear")
        self.ask("STARTTLS", "", 220)
        if self._heard:  # somebody between us could put an answer there that we would take for one under TLS
            raise OutOfStep("it went on in clear after STARTTLS")
        self.sock = trusted.wrap_socket(self.sock, server_hostname=self._host)
        self.hello()

    def hello(self) -> None:
        """EHLO, and what the server offers."""
        code, text = self.ehlo()
        if code != 250:
            raise Refused("EHLO", code, text)

    def log_in(self, mechanism: str, coded: list[str]) -> None:
        """AUTH, one answer a step."""
        code, text = self.docmd("AUTH", f"{mechanism} {coded[0]}".strip())
        for step in coded[1:]:
            if code == 334:
                code, text = self.docmd(step)
        if code != 235:
            raise Refused(f"AUTH {mechanism}", code, text)

    def ask(self, command: str, said: str, *expected: int) -> None:
        """A command that must be answered with one of these codes."""
        code, text = self.docmd(command, said)
        if code not in expected:
            if code // 100 in (4, 5):
                raise Refused(command, code, text)
            raise OutOfStep(f"{command} was answered with {reply(code, text)}")

    def write(self, content: bytes) -> None:
        """The content without its final dot, and a last look whether the server still listens."""
        until = time.monotonic() + self.timeout + len(content) / _SLOWEST
        for start in range(0, len(content), _CHUNK):
            self._listen()
            self.sock.settimeout(max(min(self.timeout, until - time.monotonic()), 0.001))
            self.sock.sendall(content[start : start + _CHUNK])
        self._listen()

    def end(self) -> tuple[int, bytes]:
        """The final dot, and the answer to it."""
        self.sock.sendall(b".\r\n")
        return self.getreply()

    def putcmd(self, cmd: str, args: str = "") -> None:
        """As smtplib's, to a server that has said no more than it was asked."""
        self._listen()
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """One whole answer, within the time for one; every line of it with the same code."""
        until, code, texts = time.monotonic() + self.timeout, b"", []
        try:
            while len(texts) < _MOST_LINES:
                line = self._line(until)
                found = re.fullmatch(rb"([2-5]\d\d)(?:([ -])(.*))?", line.rstrip(b"\r\n"), re.S)
                if not found or code not in (b"", found[1]):
                    raise OutOfStep(f"an answer that is none: {line[:80].decode('utf-8', 'replace')}")
                code = found[1]
                texts.append((found[3] or b"").strip())
                if found[2] != b"-":
                    return int(code), b"\n".join(texts)
            raise OutOfStep("an answer without end")
        except OSError:
            self.close()
            raise

    def _line(self, until: float) -> bytes:
        while b"\n" not in self._heard:
            if len(self._heard) > _LONGEST_LINE:
                raise OutOfStep("a line without end")
            self.sock.settimeout(max(until - time.monotonic(), 0.001))
            more = self.sock.recv(_LONGEST_LINE)
            if not more:
                raise ConnectionResetError("it closed the connection")
            self._heard += more
        self.sock.settimeout(self.timeout)
        line, self._heard = self._heard[: (end := self._heard.index(b"\n") + 1)], self._heard[end:]
        return line

    def _listen(self) -> None:
        """Make sure that nothing was said that was not asked for, and that the server is still there."""
        if self.sock and not self._heard:
            self.sock.settimeout(0)
            try:
                self._heard = self.sock.recv(_LONGEST_LINE)
                if not self._heard:
                    raise ConnectionResetError("it closed the connection")
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            finally:
                self.sock.settimeout(self.timeout)
        if self._heard:
            raise OutOfStep(f"it spoke before it was asked: {self._heard[:200].decode('utf-8', 'replace')}")


def reply(code: int, text: bytes | str) -> str:
    """An answer as a person reads it."""
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"


def why(error: OSError) -> str:
    """What happened to a connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or str(error)

"""A mail server on loopback that goes wrong where it is told to, and remembers what it took on."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import trustme

from opsreport.params.mail import Mail, Recipient, Smtp

PASSWORD = "correct horse"
_LONGEST = 30  # seconds that a test may leave a conversation open


class Gone(Exception):
    """This end of the conversation is over."""


@dataclass
class Copy:
    """A mail that the server took on."""

    sender: str
    recipient: str
    message: bytes


@dataclass
class FaultySmtp:
    """The server; ``with`` it, and it listens on `port`.

    ``faults`` says for a step what happens there in place of the right answer: ``drop`` (the connection
    is reset), ``close`` (it is closed in order), ``hang`` (nothing is said any more), ``stall`` (nor read),
    ``drip`` (a letter at a time), or what is answered.
    The steps are connect, ehlo, starttls, tls, hello (EHLO again, under TLS), auth, mail, rcpt, data, content
    (its first bytes have come), dot (it is there, and the mail is not taken on), taken (it is, and then it
    goes wrong), rset and quit. ``times`` is how often each happens; after that all is well.
    """

    certificate: ssl.SSLContext
    security: str = "starttls"
    faults: dict[str, str] = field(default_factory=dict)
    times: int = 10**6
    offers: tuple[str, ...] = ("STARTTLS", "AUTH PLAIN LOGIN XOAUTH2", "SIZE 20000000")
    accept: Callable[[Copy], None] | None = None
    slow: float = 0.0
    inbox: list[Copy] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    on_data: Callable[[], None] | None = None
    port: int = 0

    def __enter__(self) -> FaultySmtp:
        self._left: dict[str, int] = {}
        self._lock, self._open = threading.Lock(), True
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._open = False
        self._listening.close()

    @property
    def accepted(self) -> list[str]:
        """To whom a mail was taken on, in order."""
        return [copy.recipient for copy in self.inbox]

    def _serve(self) -> None:
        while self._open:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            sock.settimeout(_LONGEST)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._converse, args=(sock,), daemon=True).start()

    def _converse(self, sock: socket.socket) -> None:
        talk = _Talk(self, sock)
        try:
            talk.run()
        except (Gone, OSError):
            pass
        finally:
            talk.sock.close()

    def fault(self, step: str) -> str:
        """What is to go wrong here, if anything."""
        with self._lock:
            done = self._left.get(step, 0)
            if step not in self.faults or done >= self.times:
                return ""
            self._left[step] = done + 1
            return self.faults[step]


class _Talk:
    def __init__(self, server: FaultySmtp, sock: socket.socket) -> None:
        self.server, self.sock, self.rest = server, sock, b""
        self.sender = self.recipient = ""
        self.secure = False

    def run(self) -> None:
        if self.server.security == "implicit":
            self.go_secure()
        self.answer("connect", "220 faulty ESMTP")
        while True:
            line = self.line()
            word = line.split(" ")[0].split(":")[0].upper()
            self.server.said.append(line)
            getattr(self, f"do_{word.lower()}", self.do_unknown)(line)

    def go_secure(self) -> None:
        self.act(self.server.fault("tls"))
        self.sock = self.server.certificate.wrap_socket(self.sock, server_side=True)
        self.secure = True

    def do_ehlo(self, _: str) -> None:
        offers = [one for one in self.server.offers if not (self.secure and one == "STARTTLS")]
        lines = ["faulty", *offers]
        said = "\r\n".join(f"250{'-' if at < len(lines) - 1 else ' '}{one}" for at, one in enumerate(lines))
        self.answer("hello" if self.secure else "ehlo", said)

    def do_starttls(self, _: str) -> None:
        self.answer("starttls", "220 go on")
        self.go_secure()

    def do_auth(self, line: str) -> None:
        words = line.split(" ")
        given = words[2] if len(words) > 2 else ""
        if words[1] == "LOGIN":
            self.say("334 VXNlcm5hbWU6")
            user = self.line()
            self.say("334 UGFzc3dvcmQ6")
            given = base64.b64encode(b"\0" + base64.b64decode(user) + b"\0" + base64.b64decode(self.line())).decode()
        if self.act(self.server.fault("auth")):
            return
        told = base64.b64decode(given).decode()
        right = told.endswith((f"\0{PASSWORD}", f"auth=Bearer {PASSWORD}\1\1"))
        if not right and words[1] == "XOAUTH2":
            self.say("334 " + base64.b64encode(b'{"status":"401"}').decode())
            self.line()
        self.say("235 welcome" if right else f"535 5.7.8 wrong: {given}")

    def do_mail(self, line: str) -> None:
        self.sender = re.search("<(.*)>", line)[1]
        self.answer("mail", "250 ok")

    def do_rcpt(self, line: str) -> None:
        self.recipient = re.search("<(.*)>", line)[1]
        self.answer("rcpt", "250 ok")

    def do_data(self, _: str) -> None:
        if self.server.on_data:
            self.server.on_data()
        if not self.answer("data", "354 go on"):
            return
        content = self.content()
        if self.act(self.server.fault("dot")):
            return
        copy = Copy(self.sender, self.recipient, re.sub(rb"(?m)^\.", b"", content))
        self.server.inbox.append(copy)
        if self.server.accept:
            self.server.accept(copy)
        self.answer("taken", "250 2.0.0 ok: taken")

    def do_rset(self, _: str) -> None:
        self.answer("rset", "250 ok")

    def do_quit(self, _: str) -> None:
        self.answer("quit", "221 bye")
        raise Gone

    def do_unknown(self, line: str) -> None:
        self.say(f"500 what is {line[:20]!r}")

    def content(self) -> bytes:
        """All up to the final dot."""
        if not self.rest:
            self.more()
        self.act(self.server.fault("content"))
        whole, end = bytearray(b"\r\n" + self.rest), -1
        while (end := whole.find(b"\r\n.\r\n", max(end, 0))) < 0:
            end = len(whole) - 4
            self.rest = b""
            self.more()
            whole += self.rest
        self.rest = bytes(whole[end + 5 :])
        return bytes(whole[2 : end + 2])

    def answer(self, step: str, right: str) -> bool:
        """The right answer and True, or the step's fault."""
        if self.act(self.server.fault(step)):
            return False
        time.sleep(self.server.slow)
        self.say(right)
        return True

    def act(self, fault: str) -> bool:
        """Go wrong; whether something was said in place of the right answer."""
        if fault == "drop":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if fault in ("drop", "close"):
            self.sock.close()
            raise Gone
        if fault == "stall":  # it reads no more either
            time.sleep(2)
            raise Gone
        if fault == "hang":
            while True:
                self.more()
        if fault == "drip":  # a letter at a time, which restarts a wait that is for a letter
            while True:
                self.sock.sendall(b"2")
                time.sleep(0.05)
        if fault:
            self.say(fault)
        return bool(fault)

    def say(self, text: str) -> None:
        self.sock.sendall(text.encode("utf-8") + b"\r\n")

    def more(self) -> None:
        found = self.sock.recv(65536)
        if not found:
            raise Gone
        self.rest += found

    def line(self) -> str:
        while b"\r\n" not in self.rest:
            self.more()
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line.decode("utf-8")


def authority() -> trustme.CA:
    """Who signs the certificates of the tests."""
    return trustme.CA()


def certificate(ca: trustme.CA, *names: str, **given: Any) -> ssl.SSLContext:
    """A server's certificate, by default of the address that it listens on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or ("127.0.0.1",)), **given).configure_cert(context)
    return context


def settings(port: int, **smtp: Any) -> Mail:
    """The team's settings for a server on loopback; the authority's file is ca.pem."""
    ada = Recipient(name="Ada", email="ada@team.example")
    given = {"user": "reports", "password": "env:SMTP_PASSWORD", "timeout": "5s", "authorities": "ca.pem", **smtp}
    return Mail(sender=ada, reply_to=ada, operator=ada, smtp=Smtp(host="127.0.0.1", port=port, **given))


def letter(recipient: str, client: str = "acme", month: str = "2026-10", size: int = 0) -> tuple[bytes, str]:
    """A message and its id; one of its lines is a dot."""
    name = f"<{client}.{month}.{recipient.replace('@', '.')}@team.example>"
    head = f"From: ada@team.example\r\nTo: {recipient}\r\nSubject: Review\r\nMessage-ID: {name}\r\n\r\n"
    body = "All is well.\r\n.\r\n..and so on\r\n" + ("x" * 76 + "\r\n") * (size // 78)
    return (head + body).encode(), name

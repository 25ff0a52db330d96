"""Senders that die: many clients' mails, four racing processes, killed wherever they touch a disk or the network.

``python -m tests.mail.kills race FOLDER CLIENTS KILLS`` prints what came of it as JSON; ``each FOLDER N 0`` takes
every N-th place in turn, and nobody races. It is a process of its own,
without threads, so that senders are forked in a millisecond. A sender dies by its own hand at the n-th of
its checkpoints, each before or after (or half way through) a step; a fifth of them die at a random moment.
"""

from __future__ import annotations

import collections
import datetime as dt
import fcntl
import io
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import ssl
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

from opsreport.mail import ledger_file, sending
from opsreport.mail.ledger import Ledger
from opsreport.mail.sending import Outgoing, send
from opsreport.mail.smtp import SmtpTransport
from tests.mail.servers import PASSWORD, Copy, FaultySmtp, authority, certificate, letter, settings

SENDERS, RANDOM_SHARE = 4, 0.2
NOW = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


class Checkpoints:
    """Counts the steps of one client's sending, and dies at one of them."""

    def __init__(self, die_at: int, tell: Any = None) -> None:
        self.die_at, self.count, self.labels, self.tell, self.client = die_at, 0, [], tell, ""

    def begin(self, client: str) -> None:
        self.count, self.client = 0, client

    def __call__(self, label: str) -> None:
        self.count += 1
        self.labels.append(label)
        if self.count == self.die_at:
            self.tell({"place": self.count, "label": label, "client": self.client})
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str, label: str = "") -> None:
        """Have one before and one after each call."""
        real, label = getattr(owner, name), label or name

        def stepped(*given: Any, **named: Any) -> Any:
            self(f"before {label}")
            found = real(*given, **named)
            self(f"after {label}")
            return found

        setattr(owner, name, stepped)

    def install(self) -> None:
        """Put them into this process, which is a sender's."""
        for name in ("open", "fsync", "close", "replace", "unlink"):
            self.around(os, name)
        self.around(fcntl, "flock")
        self.around(socket, "create_connection")
        self.around(ssl.SSLSocket, "recv")
        step, send_all = self, ssl.SSLSocket.sendall

        def sendall(sock: ssl.SSLSocket, data: bytes) -> None:
            what = "final dot" if data == b".\r\n" else "content" if data.startswith(b"From:") else data[:4].decode()
            step(f"before writing {what}")
            half = max(1, len(data) // 2)
            send_all(sock, data[:half])
            step(f"half way through writing {what}")
            send_all(sock, data[half:])
            step(f"after writing {what}")

        ssl.SSLSocket.sendall = sendall

        class Traced(sqlite3.Connection):
            def execute(self, sql: str, *given: Any) -> Any:
                what = " ".join(sql.split()[:2])
                step(f"before {what}")
                found = super().execute(sql, *given)
                step(f"after {what}")
                return found

        class Torn(io.BufferedWriter):
            def write(self, data: bytes) -> int:
                super().write(data[: len(data) // 2])
                self.flush()
                step("half way through the archive")
                return len(data) // 2 + super().write(data[len(data) // 2 :])

        connect = sqlite3.connect
        ledger_file.sqlite3 = collections.namedtuple("Module", "connect Error")(
            lambda *given, **named: connect(*given, factory=Traced, **named), sqlite3.Error
        )
        sending.open = lambda handle, _: Torn(io.FileIO(handle, "w"))


class Campaign:
    """The clients, the server's process, and what is known of both."""

    def __init__(self, folder: Path, clients: int, kills: int, seed: int = 1) -> None:
        self.folder, self.target, self.random = folder, kills, random.Random(seed)
        self.clients = {
            f"client-{number:03d}": [f"jo@c{number}.example", f"kim@c{number}.example"][: 1 + number % 2]
            for number in range(max(clients, 2))
        }
        self.killed: list[dict[str, Any]] = []
        self.spawned, self.pending, self.problems, self.month = 0, 0, [], "2026-10"
        folder.mkdir(parents=True, exist_ok=True)
        self.serve()
        self.enumerated = self.count_places()
        order = list(range(1, self.enumerated + 1))
        self.random.shuffle(order)
        self.places = deque(order)

    # -- the server -------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        ca = authority()
        ca.cert_pem.write_to_path(self.folder / "ca.pem")
        os.environ["SMTP_PASSWORD"] = PASSWORD
        read, write = os.pipe()
        self.server = os.fork()
        if self.server:
            os.close(write)
            self.port = int(os.read(read, 10))
            return
        inbox = os.open(self.folder / "inbox", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

        def accept(copy: Copy) -> None:
            os.write(inbox, json.dumps([copy.recipient, copy.message.decode()]).encode() + b"\n")

        with FaultySmtp(certificate(ca), "implicit", accept=accept) as server:
            os.write(write, str(server.port).encode())
            while os.getppid() != 1:
                time.sleep(0.2)
        os._exit(0)

    def inbox(self) -> Counter:
        """How many copies of which message the server took on."""
        path = self.folder / "inbox"
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(json.loads(line)[1] for line in lines)

    # -- the senders ------------------------------------------------------------------------------------------------

    def outgoing(self, client: str, folder: Path) -> list[Outgoing]:
        made = []
        for recipient in self.clients[client]:
            message, name = letter(recipient, client, self.month)
            archive = folder / "out" / client / self.month / f"{recipient}.eml"
            made.append(Outgoing(self.month, 1, "ada@team.example", recipient, message, name, archive))
        return made

    def count_places(self) -> int:
        """The checkpoints of a client with two recipients, found out where nothing dies."""
        read, write = os.pipe()
        scratch = self.folder / "scratch"
        if not os.fork():
            steps = Checkpoints(0)
            steps.install()
            self.send_one("client-001", scratch, steps, self.transport())
            os.write(write, str(len(steps.labels)).encode())
            os._exit(0)
        os.wait()
        shutil.rmtree(scratch)
        self.month = "2026-11"  # the inbox knows October's by now
        return int(os.read(read, 10))

    def transport(self) -> SmtpTransport:
        return SmtpTransport(settings(self.port, security="implicit", timeout="30s"), self.folder)

    def send_one(self, client: str, folder: Path, steps: Checkpoints, used: SmtpTransport) -> None:
        steps.begin(client)
        send(folder / "store", client, self.outgoing(client, folder), used, f"sender-{os.getpid()}", lambda: NOW)

    def spawn(self) -> tuple[int, int]:
        """One sender more: its process, and the place where it is to die; 0 for none, -1 for any moment."""
        self.spawned += 1
        place, soon = 0, 0.0
        if len(self.killed) + self.pending < self.target:
            self.pending += 1
            if self.random.random() < RANDOM_SHARE:
                place, soon = -1, self.random.uniform(0.001, 0.15)
            else:
                place = self.places.popleft()
        start = self.random.choice([0, self.spawned, self.random.randrange(len(self.clients))]) % len(self.clients)
        names = list(self.clients)
        return self.sender(names[start:] + names[:start], place, soon), place

    def sender(self, clients: list[str], place: int = 0, soon: float = 0.0) -> int:
        """A process that sends to these clients, and dies at a place or soon."""
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            told = os.open(self.folder / "killed", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
            write = os.write
            steps = Checkpoints(max(place, 0), lambda what: write(told, json.dumps(what).encode() + b"\n"))
            steps.install()
            if soon:
                signal.setitimer(signal.ITIMER_REAL, soon)  # its default is to end the process at once
            used = self.transport()
            for client in clients:
                self.send_one(client, self.folder, steps, used)
            signal.setitimer(signal.ITIMER_REAL, 0)
            used.close()
            code = 0
        finally:
            os._exit(code)

    def run_until_quiet(self) -> None:
        """Senders, replaced when they die, until each has gone through all clients."""
        self.pending = 0
        running = dict(self.spawn() for _ in range(SENDERS))
        while running:
            child, status = os.wait()
            if child == self.server:
                raise SystemExit("the server has ended")
            place = running.pop(child)
            self.pending -= place != 0
            if os.WIFSIGNALED(status):
                self.killed.append({"place": place, "signal": os.WTERMSIG(status)})
                self.check_archives()
                running.update([self.spawn()])
            elif status:
                self.problems.append(f"a sender failed with {status}")
            if place > 0:
                self.places.append(place)

    def each_place(self, every: int) -> dict[str, Any]:
        """A client for every n-th place: its sender dies there, and another one takes over."""
        begun = time.monotonic()
        self.clients = {f"place-{at:03d}": [f"jo@p{at}.example", f"kim@p{at}.example"]
                        for at in range(1, self.enumerated + 1, every)}  # fmt: skip
        for place, client in zip(range(1, self.enumerated + 1, every), self.clients, strict=True):
            for die_at in (place, 0):
                _, status = os.waitpid(self.sender([client], die_at), 0)
                if os.WIFSIGNALED(status) != bool(die_at):
                    self.problems.append(f"the sender at place {die_at} ended with {status}")
                if die_at:
                    self.killed.append({"place": place})
                    self.check_archives()
        unknown = self.check(ended=False)["unknown"]
        self.resolve()
        os.waitpid(self.sender(list(self.clients)), 0)
        self.check(ended=True)
        os.kill(self.server, signal.SIGKILL)
        return self.summary(unknown, 1, time.monotonic() - begun)

    # -- what must be so --------------------------------------------------------------------------------------------

    def check_archives(self) -> None:
        """Those of the clients that senders died at are whole or not there."""
        lines = (self.folder / "killed").read_text().splitlines() if (self.folder / "killed").exists() else []
        for client in {json.loads(line)["client"] for line in lines[-SENDERS:]}:
            for one in self.outgoing(client, self.folder) if client else []:
                if one.archive.exists() and one.archive.read_bytes() != one.message:
                    self.problems.append(f"{one.archive} is torn")

    def check(self, *, ended: bool) -> Counter:
        """The ledgers against the inbox."""
        inbox, states = self.inbox(), Counter()
        for client in self.clients:
            rows = {row.recipient: row for row in Ledger(self.folder / "store", client).rows(self.month)}
            for one in self.outgoing(client, self.folder):
                state, copies = rows[one.recipient].state, inbox[one.message.decode()]
                states[state] += 1
                right = {"sent": copies == 1, "unknown": copies in (0, 1), "planned": copies == 0}.get(state, False)
                if not right or (ended and state != "sent"):
                    self.problems.append(f"{client} {self.month} {one.recipient}: {state}, {copies} copies")
                if not one.archive.exists() or one.archive.read_bytes() != one.message:
                    self.problems.append(f"{one.archive} is not what was sent")
        return states

    def resolve(self) -> int:
        """As a person would: by looking into the inbox, once the server has had its time."""
        time.sleep(0.5)
        inbox, found = self.inbox(), 0
        for client in self.clients:
            ledger = Ledger(self.folder / "store", client)
            known = {one.recipient: one.message.decode() for one in self.outgoing(client, self.folder)}
            for row in ledger.rows(self.month):
                if row.state == "unknown":
                    found += 1
                    said = "sent" if inbox[known[row.recipient]] else "not sent"
                    ledger.resolve(*row.key, said, "Ada", "looked into the inbox", NOW)
        return found

    def run(self) -> dict[str, Any]:
        """A month, resolved by a person until all is sent, and the next one, until enough were killed."""
        unknown, begun = 0, time.monotonic()
        number = 0
        while len(self.killed) < self.target or not number:
            number += 1
            self.month = f"{2027 + number // 12}-{number % 12 + 1:02d}"
            while True:
                self.run_until_quiet()
                states = self.check(ended=False)
                if states["planned"]:
                    self.problems.append(f"{self.month}: {states['planned']} were left planned")
                unknown += states["unknown"]
                if not self.resolve():
                    break
            self.check(ended=True)
        os.kill(self.server, signal.SIGKILL)
        return self.summary(unknown, number, time.monotonic() - begun)

    def summary(self, unknown: int, months: int, took: float) -> dict[str, Any]:
        logged = [entry for client in self.clients for entry in Ledger(self.folder / "store", client).log()]
        places = [json.loads(line) for line in (self.folder / "killed").read_text().splitlines()]
        inbox = self.inbox()
        return {
            "problems": self.problems,
            "kills": len(self.killed),
            "at random moments": sum(one["place"] < 0 for one in self.killed),
            "places of one sending": self.enumerated,
            "places killed at": len({one["place"] for one in places}),
            "steps killed at": len({one["label"] for one in places}),
            "unknown": sum(entry.after == "unknown" for entry in logged),
            "unknown found by a person": unknown,
            "not arrived": sum(entry.before == "unknown" and entry.after == "planned" for entry in logged),
            "clients": len(self.clients),
            "months": months,
            "mails": months * sum(map(len, self.clients.values())),
            "copies": sum(inbox.values()) - 2,  # less those of the count
            "most copies of one mail": max(inbox.values()),
            "parts left": len(list(self.folder.rglob("*.part"))),
            "senders": self.spawned,
            "seconds": round(took, 1),
        }


if __name__ == "__main__":
    what, where, number, kills = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    campaign = Campaign(where, number, kills)
    told = campaign.run() if what == "race" else campaign.each_place(number)
    sys.stdout.write(json.dumps(told, indent=1) + "\n")

"""Fixtures of the tests that send: an authority, its certificate, and one client's mails."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from opsreport.mail.ledger import Ledger
from opsreport.mail.rows import Row
from opsreport.mail.sending import Outgoing, send
from opsreport.mail.transport import Transport
from tests.mail import servers

NOW = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def ca():
    return servers.authority()


@pytest.fixture(scope="session")
def trusted(ca):
    """A certificate of the server's address."""
    return servers.certificate(ca)


@pytest.fixture
def home(tmp_path, ca, monkeypatch):
    """Where the team's settings stand, with the authority's file and the password."""
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SMTP_PASSWORD", servers.PASSWORD)
    return tmp_path


class Office:
    """One client's mails, sent again and again."""

    def __init__(self, home: Path) -> None:
        self.home, self.ledger, self.told = home, Ledger(home / "store", "acme"), []

    def outgoing(self, *recipients: str, size: int = 0, revision: int = 1) -> list[Outgoing]:
        made = []
        for recipient in recipients or ("jo@client.example",):
            message, name = servers.letter(recipient, size=size)
            archive = self.home / "out" / f"{recipient}.{revision}.eml"
            made.append(Outgoing("2026-10", revision, "ada@team.example", recipient, message, name, archive))
        return made

    def send(self, transport: Transport, *recipients: str, size: int = 0) -> list[Row]:
        outgoing = self.outgoing(*recipients, size=size)
        try:
            return send(self.home / "store", "acme", outgoing, transport, "ada", lambda: NOW, self.told.append)
        finally:
            transport.close()

    def states(self) -> list[str]:
        return [row.state for row in self.ledger.rows()]


@pytest.fixture
def office(home):
    return Office(home)

"""Sending by SMTP: a fault at every step, and never two copies or a false word that it was sent."""

from __future__ import annotations

import datetime as dt
import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from opsreport.errors import MailError, ParamsError
from opsreport.mail.smtp import SmtpTransport
from tests.mail.conftest import NOW
from tests.mail.servers import PASSWORD, FaultySmtp, authority, certificate, letter, settings

JO, KIM = "jo@client.example", "kim@client.example"
#: Where nothing of the mail can have been taken on: the step, what happens there, and what the row then is.
BEFORE = [
    *((step, fault, "planned")
      for step in ("connect", "ehlo", "starttls", "hello", "auth", "mail", "rcpt", "data")
      for fault in ("drop", "close", "421 4.3.2 closing", "450 4.2.0 later", "no such answer", "250-ok\r\n550 no",
                    "199 less", "250", "")
      if not (fault == "250" and step in ("ehlo", "hello", "mail", "rcpt"))),
    *((step, "550 5.7.1 no", "planned") for step in ("connect", "ehlo", "starttls", "hello", "auth")),
    *((step, "550 5.7.1 no", "refused") for step in ("mail", "rcpt", "data")),
    *(("mail", f"{code} log in", "planned") for code in (530, 534, 535, 538)),
    ("tls", "drop", "planned"),
    ("tls", "close", "planned"),
    ("tls", "220 in clear", "planned"),
]  # fmt: skip
BEFORE = [one for one in BEFORE if one[1]]
#: After the content: not taken on, or it is not known.
AFTER = [
    ("dot", "421 4.3.2 closing", "planned"),
    ("dot", "451 4.3.0 later", "planned"),
    ("dot", "554 5.6.0 no", "refused"),
    *(("dot", fault, "unknown")
      for fault in ("drop", "close", "no such answer", "354 more", "221 bye", "250-ok\r\n550 no")),
    *(("taken", fault, "unknown") for fault in ("drop", "close", "what is 250", "299 odd")),
]  # fmt: skip


def transport(home, server, **given):
    return SmtpTransport(settings(server.port, security=server.security, **given), home)


def cured(office, server, *recipients, **given):
    """Send again until no row is planned; no fault happens any more."""
    server.faults.clear()
    for _ in range(3):
        office.send(transport(office.home, server), *recipients, **given)
    return office.ledger.rows()


@pytest.mark.parametrize("security", ["starttls", "implicit"])
def test_a_mail_arrives_whole_and_once_and_the_ledger_says_what_the_server_said(office, trusted, security):
    with FaultySmtp(trusted, security) as server:
        for _ in range(3):
            (row,) = office.send(transport(office.home, server), JO)
    assert (row.state, row.said, row.attempts) == ("sent", "250 2.0.0 ok: taken", 1)
    assert [copy.message for copy in server.inbox] == [letter(JO)[0]]  # its lone dot too
    assert (server.inbox[0].sender, server.inbox[0].recipient) == ("ada@team.example", JO)
    assert (office.home / "out" / f"{JO}.1.eml").read_bytes() == letter(JO)[0]


@pytest.mark.parametrize(("step", "fault", "state"), BEFORE)
def test_what_goes_wrong_before_the_content_sent_nothing(office, trusted, step, fault, state):
    with FaultySmtp(trusted, faults={step: fault}) as server:
        (row,) = office.send(transport(office.home, server), JO)
        assert (row.state, server.accepted) == (state, [])
        assert row.said
        (row,) = cured(office, server, JO)
    assert (row.state, server.accepted) == (("sent", [JO]) if state == "planned" else ("refused", []))


@pytest.mark.parametrize(("step", "fault", "state"), AFTER)
def test_what_goes_wrong_after_the_final_dot_is_never_sent_again_unless_it_was_refused(
    office, trusted, step, fault, state
):
    with FaultySmtp(trusted, faults={step: fault}) as server:
        (row,) = office.send(transport(office.home, server), JO)
        assert row.state == state
        arrived = list(server.accepted)
        assert arrived == ([JO] if step == "taken" else [])
        (row,) = cured(office, server, JO)
    assert (row.state, server.accepted) == (("sent", [JO]) if state == "planned" else (state, arrived))


@pytest.mark.parametrize(("security", "step", "fault"), [
    *(("starttls", step, "hang") for step in ("connect", "ehlo", "starttls", "tls", "hello", "auth", "mail", "rcpt",
                                              "data", "dot", "taken")),
    *(("starttls", step, "drip") for step in ("connect", "hello", "rcpt", "dot", "taken")),
    *(("implicit", step, "hang") for step in ("connect", "tls", "hello")),
])  # fmt: skip
def test_no_answer_is_waited_for_longer_than_agreed(office, trusted, security, step, fault):
    with FaultySmtp(trusted, security, faults={step: fault}) as server:
        begun = dt.datetime.now()
        patience = "1.5s" if step in ("dot", "taken") else "0.4s"
        (row,) = office.send(transport(office.home, server, timeout=patience), JO)
        assert dt.datetime.now() - begun < dt.timedelta(seconds=4)
        assert row.state == ("unknown" if step in ("dot", "taken") else "planned")
        arrived = list(server.accepted)
        (row,) = cured(office, server, JO)
    assert (row.state, server.accepted) == (("unknown", arrived) if step in ("dot", "taken") else ("sent", [JO]))


@pytest.mark.parametrize("fault", ["drop", "close", "stall", "552 5.3.4 too much"])
def test_a_connection_that_ends_within_the_content_has_sent_nothing(office, trusted, fault):
    large = 8_000_000  # more than the buffers between hold
    with FaultySmtp(trusted, faults={"content": fault}) as server:
        (row,) = office.send(transport(office.home, server, timeout="0.5s"), JO, size=large)
        assert (row.state, server.accepted) == ("planned", [])
        (row,) = cured(office, server, JO, size=large)
    assert (row.state, server.accepted) == ("sent", [JO])


def test_a_no_that_was_not_waited_for_is_heard_before_the_final_dot(office, trusted):
    with FaultySmtp(trusted, faults={"data": "354 go on\r\n550 5.7.1 on second thoughts, no"}) as server:
        (row,) = office.send(transport(office.home, server), JO)
    assert (row.state, server.accepted) == ("planned", [])
    assert "on second thoughts" in row.said


def test_a_server_that_is_one_answer_ahead_does_not_make_a_mail_sent(office, trusted):
    # Its answer to RCPT would be read as the one to DATA, and so on: the last one would be "ok".
    with FaultySmtp(trusted, faults={"mail": "250 ok\r\n250 ok", "dot": "554 no"}) as server:
        (row,) = office.send(transport(office.home, server), JO)
    assert (row.state, server.accepted) == ("planned", [])
    assert "before it was asked" in row.said


def test_a_yes_stays_a_yes_whatever_comes_after_it(office, trusted):
    for fault in ({"taken": "250 ok\r\n421 closing"}, {"quit": "drop"}, {"quit": "500 no"}):
        recipient = f"jo{len(office.ledger.rows())}@client.example"
        with FaultySmtp(trusted, faults=fault) as server:
            (row,) = office.send(transport(office.home, server), recipient)
        assert (row.state, server.accepted) == ("sent", [recipient])


def test_a_server_that_nobody_listens_at_leaves_all_planned(office, trusted):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    rows = office.send(SmtpTransport(settings(port), office.home), JO, KIM)
    assert [row.state for row in rows] == ["planned", "planned"]
    assert "refused" in rows[0].said.lower() and "not tried" in rows[1].said
    assert [row.attempts for row in office.ledger.rows()] == [1, 0]


def _certificates(ca):
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return {
        "of another authority": certificate(authority()),
        "of another host": certificate(ca, "mail.example.org"),
        "expired": certificate(ca, "127.0.0.1", not_before=past, not_after=past + dt.timedelta(days=9)),
    }


@pytest.mark.parametrize("security", ["starttls", "implicit"])
@pytest.mark.parametrize("kind", ["of another authority", "of another host", "expired"])
def test_nothing_is_told_to_a_server_whose_certificate_cannot_be_verified(office, ca, security, kind):
    with FaultySmtp(_certificates(ca)[kind], security) as server:
        (row,) = office.send(transport(office.home, server), JO)
    assert row.state == "planned" and "certificate" in row.said
    assert not [line for line in server.said if line.startswith(("AUTH", "MAIL"))]


def test_a_certificate_of_no_private_authority_is_verified_by_the_machines(office, trusted):
    with FaultySmtp(trusted) as server:
        (row,) = office.send(transport(office.home, server, authorities=""), JO)
    assert row.state == "planned" and "certificate" in row.said


def test_a_server_without_starttls_is_told_no_password_and_no_mail(office, trusted):
    with FaultySmtp(trusted, offers=("AUTH PLAIN LOGIN",)) as server:
        (row,) = office.send(transport(office.home, server), JO)
    assert (row.state, server.said) == ("planned", ["ehlo team.example"])
    assert "STARTTLS" in row.said


def test_what_is_said_in_clear_after_starttls_is_not_taken_for_what_comes_under_tls(office, trusted):
    with FaultySmtp(trusted, faults={"starttls": "220 go on\r\n250 AUTH PLAIN"}) as server:
        (row,) = office.send(transport(office.home, server), JO)
    assert (row.state, server.accepted) == ("planned", [])
    assert "in clear" in row.said


@pytest.mark.parametrize(("offer", "given", "said"), [
    ("AUTH LOGIN PLAIN", {}, "AUTH PLAIN"),
    ("AUTH LOGIN", {}, "AUTH LOGIN"),
    ("AUTH XOAUTH2 PLAIN", {"password": "", "oauth2_token": "env:SMTP_PASSWORD"}, "AUTH XOAUTH2"),
])  # fmt: skip
def test_the_log_in_is_the_one_that_the_settings_and_the_server_know(office, trusted, offer, given, said):
    with FaultySmtp(trusted, offers=("STARTTLS", offer)) as server:
        (row,) = office.send(transport(office.home, server, **given), JO)
    assert row.state == "sent"
    assert [line for line in server.said if line.startswith(said)]


@pytest.mark.parametrize("given", [{}, {"password": "", "oauth2_token": "env:SMTP_PASSWORD"}])
def test_a_wrong_password_is_tried_once_and_never_shown(office, trusted, monkeypatch, given):
    monkeypatch.setenv("SMTP_PASSWORD", "wrong wörd")
    with FaultySmtp(trusted) as server:
        used = transport(office.home, server, **given)
        rows = [*office.send(used, JO, KIM), *office.send(used, JO, KIM)]
    assert {row.state for row in rows} == {"planned"}
    tried = [line for line in server.said if line.startswith("AUTH")]
    assert len(tried) == 1  # a hundred clients' would lock the account
    secret = tried[0].split(" ")[2]
    assert "535" in rows[0].said and "***" in rows[0].said
    for told in (*office.told, *(entry.said for entry in office.ledger.log())):
        assert secret not in told and "wrong wörd" not in told


def test_a_log_in_that_the_server_does_not_offer_is_not_tried(office, trusted):
    with FaultySmtp(trusted, offers=("STARTTLS", "AUTH GSSAPI")) as server:
        (row,) = office.send(transport(office.home, server), JO)
    assert row.state == "planned" and "GSSAPI" in row.said
    assert not [line for line in server.said if line.startswith("AUTH")]


def test_a_server_that_wants_no_log_in_gets_none(office, trusted):
    with FaultySmtp(trusted) as server:
        (row,) = office.send(transport(office.home, server, user="", password=""), JO)
    assert row.state == "sent" and not [line for line in server.said if line.startswith("AUTH")]


def test_a_password_that_is_not_there_is_told_before_anything_is_sent(office, trusted, monkeypatch):
    monkeypatch.delenv("SMTP_PASSWORD")
    with FaultySmtp(trusted) as server, pytest.raises(ParamsError, match="SMTP_PASSWORD"):
        office.send(transport(office.home, server), JO)
    assert office.states() == ["planned"]


def test_an_authorities_file_that_is_none_is_told(office, trusted):
    (office.home / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        with FaultySmtp(trusted) as server, pytest.raises(ParamsError, match=name):
            office.send(transport(office.home, server, authorities=name), JO)


def test_the_second_mail_goes_over_the_same_connection(office, trusted):
    with FaultySmtp(trusted) as server:
        rows = office.send(transport(office.home, server), JO, KIM)
    assert [row.state for row in rows] == ["sent", "sent"]
    assert [line.split(" ")[0] for line in server.said] == [
        "ehlo", "STARTTLS", "ehlo", "AUTH", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA", "QUIT"]  # fmt: skip


@pytest.mark.parametrize("fault", ["drop", "close", "421 4.7.0 too many mails over one connection"])
def test_a_connection_that_is_gone_at_the_second_mail_is_opened_again(office, trusted, fault):
    with FaultySmtp(trusted) as server:
        used = transport(office.home, server)
        close, used.close = used.close, lambda: None
        office.send(used, JO)
        server.faults, server.times = {"mail": fault}, 1
        (row,) = office.send(used, KIM)
        close()
    assert (row.state, server.accepted) == ("sent", [JO, KIM])


def test_one_recipient_refused_does_not_keep_the_mail_from_the_other(office, trusted):
    for step in ("mail", "rcpt", "data", "dot"):
        for fault, state in (("550 no", "refused"), ("450 later", "planned"), ("421 bye", "planned")):
            names = [f"{one}-{step}-{fault[:3]}@client.example" for one in ("jo", "kim")]
            with FaultySmtp(trusted, faults={step: fault}, times=1) as server:
                rows = office.send(transport(office.home, server), *names)
            assert [row.state for row in rows] == [state, "sent"], (step, fault)
            assert server.accepted == names[1:]


def test_a_mail_larger_than_the_server_takes_is_not_begun(office, trusted):
    with FaultySmtp(trusted, offers=("STARTTLS", "AUTH PLAIN", "SIZE 1000")) as server:
        (row,) = office.send(transport(office.home, server), JO, size=5000)
    assert row.state == "refused" and "the server takes 1000" in row.said
    assert not [line for line in server.said if line.startswith("MAIL")]


def test_the_row_is_on_disk_as_committing_when_the_server_hears_data(office, trusted):
    seen = []
    with FaultySmtp(trusted, on_data=lambda: seen.extend(office.states())) as server:
        office.send(transport(office.home, server), JO)
    assert seen == ["committing"]


@pytest.mark.parametrize("address", [
    "jo@client.example\r\nRCPT TO:<kim@else.example>", "jo@client.example\0", "jo@clíent.example", "jo@client.example>",
    "<jo@client.example>", "jo @client.example", "", "jo", "a" * 300 + "@client.example", '"a b"@client.example',
])  # fmt: skip
def test_an_address_that_would_say_more_than_an_address_is_refused(home, trusted, address):
    with FaultySmtp(trusted) as server:
        used = transport(home, server)
        for sender, recipient in (("ada@team.example", address), (address, JO)):
            with pytest.raises(MailError):
                used.deliver(letter(JO)[0], sender, recipient, lambda: None)
    assert server.said == []


@pytest.mark.parametrize("body", [
    b"a\n.\nMAIL FROM:<x@y.example>\r\n", b"a\r.\r\n", b"a\n.\r\nb\r\n", b"a\r\n.\rb\r\n", b"no end", b"\xe4\r\n",
    b"a\0b\r\n", b"x" * 999 + b"\r\n",
])  # fmt: skip
def test_a_message_by_which_another_could_be_smuggled_is_refused(home, trusted, body):
    with FaultySmtp(trusted) as server, pytest.raises(MailError):
        transport(home, server).deliver(letter(JO)[0] + body, "ada@team.example", JO, lambda: None)
    assert server.said == []


def test_what_the_server_says_reaches_no_terminal_as_a_command(office, trusted):
    with FaultySmtp(trusted, faults={"rcpt": "550-no\x1b[2J\r\n550 \u202efdp" + "x" * 2000}) as server:
        (row,) = office.send(transport(office.home, server), JO)
    assert row.said.startswith("RCPT: 550 no[2J fdpxxx") and len(row.said) == 500


class _Kept:
    def __init__(self):
        self.kept = []

    async def handle_DATA(self, server, session, envelope):
        self.kept.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 kept"


class _Tls(Controller):
    def factory(self):
        def known(server, session, envelope, mechanism, data):
            return AuthResult(success=data.password == PASSWORD.encode())

        return SMTP(self.handler, tls_context=self.context, require_starttls=True, auth_required=True,
                    authenticator=known, hostname="aio")  # fmt: skip


def test_a_mail_reaches_a_server_of_other_make(office, trusted):
    handler = _Kept()
    served = _Tls(handler, hostname="127.0.0.1", port=0)
    served.context = trusted
    with socket.create_server(("127.0.0.1", 0)) as free:
        served.port = free.getsockname()[1]
    served.start()
    try:
        rows = office.send(SmtpTransport(settings(served.port), office.home), JO, KIM)
    finally:
        served.stop()
    assert [row.state for row in rows] == ["sent", "sent"]
    assert handler.kept == [("ada@team.example", [name], letter(name)[0]) for name in (JO, KIM)]
    assert rows[0].ended_at == NOW.isoformat(timespec="milliseconds")

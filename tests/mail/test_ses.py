"""Sending by SES: one request a mail, whatever the server does; moto where it is well, a faulty server where not."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import struct
import threading
import time
from email.utils import parseaddr

import boto3
import pytest
from botocore.exceptions import SSLError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends

from opsreport.mail import ses
from opsreport.mail.ses import SesTransport
from opsreport.params.mail import Mail, Recipient, Ses
from tests.mail.servers import authority, certificate, letter

JO = "jo@client.example"
DONE = '{"MessageId": "0102-abc"}'


class Faulty:
    """An HTTP server that reads a whole request and then does as it is told."""

    def __init__(self, act, context=None):
        self.act, self.requests, self.context = act, [], context

    def __enter__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listening.close()

    def serve(self):
        while True:
            try:
                sock, _ = self.listening.accept()
            except OSError:
                return
            sock.settimeout(10)
            try:
                self.converse(self.context.wrap_socket(sock, server_side=True) if self.context else sock)
            except OSError:
                sock.close()

    def converse(self, sock):
        if self.act == "drop at once":
            sock.recv(1)
            reset(sock)
            return
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += sock.recv(65536)
        head, _, body = heard.partition(b"\r\n\r\n")
        length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))[15:])
        while len(body) < length:
            body += sock.recv(65536)
        self.requests.append(json.loads(body))
        if self.act == "drop":
            reset(sock)
        elif self.act == "hang":
            time.sleep(1.5)
        elif self.act == "half":
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
        else:
            status, code, said = self.act
            kind = f"x-amzn-ErrorType: {code}\r\n" if code else ""
            sock.sendall(f"HTTP/1.1 {status} x\r\n{kind}Content-Length: {len(said)}\r\n\r\n{said}".encode())
        sock.close()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def mail(**given):
    ada = Recipient(name="Ada", email="ada@team.example")
    return Mail(sender=ada, reply_to=ada, operator=ada, ses=Ses(**{"region": "eu-west-1", **given}))


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Credentials of nobody, and no AWS but the one that a test starts."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAOFTHETESTS000000", "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_CONFIG_FILE": tmp_path / "no-config", "AWS_SHARED_CREDENTIALS_FILE": tmp_path / "none",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(ses, "_READ", 0.7)


def through(office, monkeypatch, act, *recipients, **given):
    with Faulty(act) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        rows = office.send(SesTransport(mail(**given)), *(recipients or (JO,)))
    return rows, server.requests


def error(text):
    return json.dumps({"message": text})


NOT_VERIFIED = "Email address is not verified. The following identities failed the check in region EU-WEST-1: ada"


@pytest.mark.parametrize(("act", "state"), [
    ((200, "", DONE), "sent"),
    ((400, "MessageRejected", error("Message contained a virus")), "refused"),
    ((400, "BadRequestException", error("Domain contains dot-string")), "refused"),
    ((400, "MessageRejected", error(NOT_VERIFIED)), "planned"),
    ((400, "MailFromDomainNotVerifiedException", error("no")), "planned"),
    ((400, "AccountSuspendedException", error("no")), "planned"),
    ((400, "SendingPausedException", error("no")), "planned"),
    ((400, "LimitExceededException", error("no")), "planned"),
    ((404, "NotFoundException", error("no such configuration set")), "planned"),
    ((429, "TooManyRequestsException", error("slower")), "planned"),
    ((403, "AccessDeniedException", error("not authorized to perform ses:SendEmail")), "planned"),
    ((403, "SignatureDoesNotMatch", error("the signature")), "planned"),
    ((403, "ExpiredTokenException", error("expired")), "planned"),
    ((408, "RequestTimeout", error("between")), "unknown"),
    ((500, "InternalFailure", error("broken")), "unknown"),
    ((502, "", "<html>bad gateway</html>"), "unknown"),
    ((503, "ServiceUnavailable", error("later")), "unknown"),
    ((302, "", "over there"), "unknown"),
    ((200, "", "{}"), "unknown"),
    ((200, "", "<html>log in to the Wi-Fi</html>"), "unknown"),
    ("drop", "unknown"),
    ("hang", "unknown"),
    ("half", "unknown"),
])  # fmt: skip
def test_an_answer_is_a_yes_a_no_a_not_now_or_unknown_and_was_asked_for_once(office, monkeypatch, act, state):
    (row,), requests = through(office, monkeypatch, act)
    assert (row.state, len(requests)) == (state, 1)
    assert row.said and "very-secret" not in row.said
    (row,), requests = through(office, monkeypatch, (200, "", DONE))
    assert len(requests) == (1 if state == "planned" else 0)
    assert row.state == ("sent" if state == "planned" else state)


def test_the_mail_is_handed_over_to_the_byte_and_known_by_the_id_that_ses_gives_it(office, monkeypatch):
    (row,), (asked,) = through(office, monkeypatch, (200, "", DONE), configuration_set="reports")
    assert base64.b64decode(asked["Content"]["Raw"]["Data"]) == letter(JO)[0]
    assert asked["FromEmailAddress"] == "ada@team.example" and asked["Destination"] == {"ToAddresses": [JO]}
    assert asked["ConfigurationSetName"] == "reports"
    assert (row.said, row.arrives_as) == ("MessageId 0102-abc", "<0102-abc@eu-west-1.amazonses.com>")


def test_the_first_region_has_a_domain_without_its_name(office, monkeypatch):
    (row,), _ = through(office, monkeypatch, (200, "", DONE), region="us-east-1")
    assert row.arrives_as == "<0102-abc@email.amazonses.com>"


def test_the_row_is_committing_when_the_request_is_made_and_not_before_it_can_be(office, monkeypatch):
    seen, converse = [], Faulty.converse
    monkeypatch.setattr(Faulty, "converse", lambda self, sock: (seen.extend(office.states()), converse(self, sock)))
    through(office, monkeypatch, (200, "", DONE))
    assert seen == ["committing"]


def test_a_server_that_nobody_listens_at_leaves_all_planned(office, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    rows = office.send(SesTransport(mail()), JO, "kim@client.example")
    assert [row.state for row in rows] == ["planned", "planned"] and "not tried" in rows[1].said


def test_a_connection_that_breaks_before_it_is_known_what_was_written_is_unknown(office, monkeypatch):
    (row,), requests = through(office, monkeypatch, "drop at once")
    assert (row.state, requests) == ("unknown", []), row.said


def test_a_server_whose_certificate_cannot_be_verified_is_told_nothing(office, monkeypatch):
    with Faulty((200, "", DONE), certificate(authority())) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{server.port}")
        (row,) = office.send(SesTransport(mail()), JO)
    assert (row.state, server.requests) == ("planned", [])
    assert "certificate" in row.said.lower()


@pytest.mark.parametrize("missing", ["credentials", "profile"])
def test_without_credentials_nothing_is_sent_or_claimed(office, monkeypatch, missing):
    if missing == "credentials":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (row,), requests = through(office, monkeypatch, (200, "", DONE), profile="" if missing == "credentials" else "gone")
    assert (row.state, requests) == ("planned", [])
    assert [one.after for one in office.ledger.log()] == ["planned", "planned"]


def test_each_mail_goes_over_a_connection_of_its_own(office, monkeypatch):
    rows, requests = through(office, monkeypatch, (200, "", DONE), JO, "kim@client.example")
    assert [row.state for row in rows] == ["sent", "sent"] and len(requests) == 2


@pytest.fixture(scope="module")
def moto():
    served = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    yield f"http://{host}:{port}"
    served.stop()


def test_a_mail_reaches_moto_s_ses_once_its_sender_is_verified(office, monkeypatch, moto):
    moto_api_backend.reset()
    monkeypatch.setattr(ses, "_READ", 20)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    (row,) = office.send(SesTransport(mail()), JO)
    assert row.state == "planned" and "authority to send" in row.said  # our sender, not the recipient
    boto3.client("sesv2", region_name="eu-west-1").create_email_identity(EmailIdentity="ada@team.example")
    for _ in range(3):
        (row,) = office.send(SesTransport(mail()), JO)
    kept = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages
    assert row.state == "sent" and row.said.startswith("MessageId ")
    # moto adds To to the destinations; SES does not.
    assert [(parseaddr(one.source)[1], set(one.destinations), one.raw_data) for one in kept] == [
        ("ada@team.example", {JO}, letter(JO)[0].decode())]  # fmt: skip


def test_what_came_of_a_broken_tls_conversation_is_not_taken_for_nothing_sent():
    assert ses._never_left(SSLError(endpoint_url="https://x", error=ssl.SSLCertVerificationError("no")))
    assert not ses._never_left(SSLError(endpoint_url="https://x", error=ssl.SSLEOFError("eof")))

"""Secrets stand where they are kept; a client's file only names the place, and an error never tells one."""

from __future__ import annotations

import boto3
import keyring
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from keyring.backend import KeyringBackend

from opsreport import sources
from opsreport.cli import main
from opsreport.credentials import reveal
from opsreport.errors import ParamsError, SourceError
from opsreport.params.aws import AwsAccount
from opsreport.sources import aws_logs
from opsreport.sources._aws_account import said
from tests.aws.conftest import OCTOBER, account, settings

ROLE = "arn:aws:iam::111111111111:role/opsreport"


class Ring(KeyringBackend):
    """A keyring that holds one secret, and takes none."""

    priority = 1
    set_password = None

    def get_password(self, service: str, username: str) -> str | None:
        return "s3cret" if (service, username) == ("aws", "acme") else None


@pytest.fixture
def ring():
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    yield
    keyring.set_keyring(before)


def test_a_secret_is_read_from_where_it_is_kept(tmp_path, monkeypatch, ring):
    monkeypatch.setenv("ACME", "s3cret")
    (tmp_path / "acme.key").write_text("s3cret\n", "utf-8")
    (tmp_path / "acme.key").chmod(0o600)
    for reference in ("env:ACME", "keyring:aws/acme", "file:acme.key"):
        assert reveal(reference, tmp_path) == "s3cret", reference


@pytest.mark.parametrize(("reference", "said"), [
    ("env:NOT_SET", "env:NOT_SET holds nothing"), ("keyring:aws/other", "keyring:aws/other holds nothing"),
    ("keyring:aws", "names no user"), ("file:gone.key", "cannot be read"), ("file:open.key", "can be read by others"),
    ("file:empty.key", "is empty"), ("aws-sm:acme", "refers to no secret"), ("s3cret", "refers to no secret"),
])  # fmt: skip
def test_one_that_is_not_there_is_named_by_its_place(tmp_path, ring, reference, said):
    for name, text, mode in (("open.key", "x", 0o644), ("empty.key", "", 0o600)):
        (tmp_path / name).write_text(text, "utf-8")
        (tmp_path / name).chmod(mode)
    with pytest.raises(ParamsError, match=said) as raised:
        reveal(reference, tmp_path)
    assert raised.value.hint and "s3cret" not in str(raised.value)


@pytest.mark.parametrize(("given", "said"), [
    ({"access_key_id": "AKIA123", "secret_access_key": "env:S"}, "is a secret; write where it is kept"),
    ({"access_key_id": "env:K"}, "belong together"), ({}, "the default credentials are never used"),
    ({"profile": "p", "access_key_id": "env:K", "secret_access_key": "env:S"}, "not both"),
    ({"role_arn": "arn:aws:iam::222222222222:role/x"}, "role_arn is of account 222222222222"),
    ({"role_arn": "opsreport"}, "role_arn is not a role"),
])  # fmt: skip
def test_an_account_holds_no_secret_and_names_a_way_in(given, said):
    with pytest.raises(ValueError, match=said) as raised:
        AwsAccount(account="111111111111", regions=["eu-west-1"], **given)
    assert "AKIA123" not in raised.value.errors()[0]["msg"]


def test_an_external_id_may_be_kept_in_secrets_manager(aws):
    ours = boto3.client("secretsmanager", "eu-west-1", endpoint_url=aws.address,
                        aws_access_key_id="AKIAOFTHETESTS000000", aws_secret_access_key="secret")  # fmt: skip
    ours.create_secret(Name="clients", SecretString='{"acme": "x-1"}')
    aws.answer("logs:DescribeLogGroups", {"logGroups": []})
    whose = {"role_arn": ROLE, "access_key_id": "env:KEY", "secret_access_key": "env:SECRET"}
    good = account("111111111111", **whose, external_id="aws-sm:clients#acme")
    rows, seen = sources.read(aws_logs, settings(aws_logs, "", good), OCTOBER)
    assert rows.empty and seen.status == "ok"
    assert aws.asked("sts:AssumeRole")[0]["ExternalId"] == "x-1"
    for reference, why in (("aws-sm:clients#other", "no JSON with the key"), ("aws-sm:gone", "cannot be read")):
        lost = account("111111111111", **whose, external_id=reference)
        with pytest.raises(SourceError, match=why) as raised:
            aws_logs.fetch(OCTOBER, settings(aws_logs, "", lost))
        assert "x-1" not in str(raised.value)


@pytest.mark.parametrize(("code", "message"), [
    ("SignatureDoesNotMatch", "The Canonical String should have been\n'x-amz-security-token:s3cret'"),
    ("ValidationException", "Value 's3cret' at 'externalId' failed"),
    ("Odd", "first line\nx-amz-security-token:s3cret"),
])  # fmt: skip
def test_what_aws_quotes_of_a_request_is_not_told(code, message):
    error = ClientError({"Error": {"Code": code, "Message": message}}, "AssumeRole")
    assert said(error).startswith(code) and "s3cret" not in said(error) and "\n" not in said(error)


def test_a_secret_that_stands_in_the_file_is_not_shown_by_check(tmp_path):
    (tmp_path / "params").mkdir()
    account = '{account: "111111111111", regions: [eu-west-1], access_key_id: "env:K", secret_access_key: wJalrXUtn}'
    text = f"client: acme\ndisplay_name: A\ntime_zone: UTC\ncurrency: EUR\naws: [{account}]\n"
    (tmp_path / "params" / "acme.yaml").write_text(text, "utf-8")
    made = CliRunner().invoke(main, ["check", "acme", "--home", str(tmp_path)])
    assert made.exit_code == 1 and "line 5" in made.output and "where it is kept" in made.output
    assert "wJalr" not in made.output


def test_what_may_not_assume_the_role_is_told_who_must_be_allowed_what(aws):
    aws.fault("sts:AssumeRole", "denied", times=0)
    role = "arn:aws:iam::123456789012:role/opsreport"
    _, seen = sources.read(aws_logs, settings(aws_logs, "", account(role_arn=role, external_id="x-4711")), OCTOBER)
    assert f"must be allowed sts:AssumeRole on {role}" in seen.why and "trust policy" in seen.why
    assert "with the external_id" in seen.why


def test_a_misspelt_reference_is_not_taken_for_the_external_id_itself():
    with pytest.raises(ValueError, match="where env: refers to a secret"):
        account(role_arn="arn:aws:iam::123456789012:role/opsreport", external_id="evn:ID")
    assert account(role_arn="arn:aws:iam::123456789012:role/opsreport", external_id="us:4711").external_id == "us:4711"

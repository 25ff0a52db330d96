"""Two clients with an account each, read together: neither ever sees the other's, and no secret is told."""

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor

import boto3
import moto.sts.models
import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import SourceError
from opsreport.params.aws import AwsAccount
from opsreport.sources import aws_backup, aws_codedeploy, aws_logs
from tests.aws.conftest import OCTOBER, OURS, account, settings

ACME, BETA, MACHINE = "111111111111", "222222222222", "333333333333"
CLIENTS = {"acme": ACME, "beta": BETA}
SOURCES = {aws_logs: "log_group", aws_codedeploy: "deployment", aws_backup: "backup"}
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def two(aws, monkeypatch):
    """Both accounts, with two log groups, a deployment and a backup each, named after it."""
    monkeypatch.setenv("SECRET", SECRET)
    made = dt.datetime(2026, 10, 20, tzinfo=dt.UTC)
    for number in (*CLIENTS.values(), MACHINE):
        aws.answer("logs:DescribeLogGroups", {"logGroups": [{"logGroupName": f"{number}/web"}]},
                   {"logGroups": [{"logGroupName": f"{number}/mail"}]}, account=number)  # fmt: skip
        aws.answer("codedeploy:ListDeployments", {"deployments": [number]}, account=number)
        aws.answer("codedeploy:BatchGetDeployments", {"deploymentsInfo": [
            {"deploymentId": number, "status": "Succeeded", "createTime": made, "applicationName": number}]},
            account=number)  # fmt: skip
        aws.answer("backup:ListBackupJobs", {"BackupJobs": [
            {"BackupJobId": number, "State": "COMPLETED", "CreationDate": made,
             "ResourceArn": f"arn:aws:ec2:eu-west-1:{number}:volume/vol-{number}"}]}, account=number)  # fmt: skip
    for operation in ("backup:ListRestoreJobs", "backup:ListBackupVaults"):
        aws.answer(operation, {})
    return aws


def role(client: str, **given) -> AwsAccount:
    number = CLIENTS[client]
    return account(number, **{"role_arn": f"arn:aws:iam::{number}:role/opsreport", "external_id": f"id-of-{client}",
                              **given})  # fmt: skip


def asked_of(client: str, module, **given) -> sources.SourceSettings:
    return settings(module, SOURCES[module], role(client, **given), client=client)


def keys_of(aws, number: str) -> dict[str, str]:
    """Keys that last a while, of some account."""
    sts = boto3.client("sts", "eu-west-1", endpoint_url=aws.address, aws_access_key_id="a", aws_secret_access_key="b")
    return sts.assume_role(RoleArn=f"arn:aws:iam::{number}:role/any", RoleSessionName="any")["Credentials"]


def names(rows: pd.DataFrame, frame: str) -> str:
    return " ".join(rows[{"log_group": "log_group", "deployment": "deployment_id", "backup": "resource"}[frame]])


def test_two_clients_read_in_turns_see_each_their_own(two):
    for module in [*SOURCES, *SOURCES]:
        for client, number in CLIENTS.items():
            rows, seen = sources.read(module, asked_of(client, module), OCTOBER)
            told = names(rows, SOURCES[module])
            assert (seen.status, seen.why) == ("ok", "") and set(told.split()) and number in told
            assert not any(other in told for other in (*CLIENTS.values(), MACHINE, OURS) if other != number)
            assert f"aws:{number}:" in seen.inputs and OURS not in seen.inputs


def test_two_clients_read_by_many_threads_see_each_their_own(two):
    wanted = [(client, module) for _ in range(6) for module in SOURCES for client in CLIENTS]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda one: sources.read(one[1], asked_of(*one), OCTOBER), wanted))
    for (client, module), (rows, seen) in zip(wanted, made, strict=True):
        other = next(number for name, number in CLIENTS.items() if name != client)
        assert seen.status == "ok" and CLIENTS[client] in names(rows, SOURCES[module])
        assert other not in rows.to_csv() and other not in seen.inputs
    # Each client's credentials are fetched once, not once a source.
    assert len(two.asked("sts:AssumeRole")) == 2


def test_the_role_is_asked_for_with_the_clients_external_id_and_name(two, monkeypatch):
    monkeypatch.setenv("EXTERNAL", "kept-elsewhere")
    sources.read(aws_logs, asked_of("acme", aws_logs), OCTOBER)
    sources.read(aws_logs, asked_of("beta", aws_logs, external_id="env:EXTERNAL"), OCTOBER)
    asked = [(one["RoleArn"], one["ExternalId"], one["RoleSessionName"]) for one in two.asked("sts:AssumeRole")]
    assert asked == [
        (f"arn:aws:iam::{ACME}:role/opsreport", "id-of-acme", "opsreport-acme"),
        (f"arn:aws:iam::{BETA}:role/opsreport", "kept-elsewhere", "opsreport-beta")]  # fmt: skip
    # The base's own keys are used for nothing else.
    assert {call.operation for call in two.calls if call.account == OURS} == {"sts:AssumeRole"}


def last(monkeypatch, *seconds: int) -> None:
    """Let the first credentials of roles last so long, and later ones an hour."""
    left, made = iter(seconds), moto.sts.models.AssumedRole.__init__

    def short(self, *given, **named):
        made(self, *given, **named)
        self.expiration = moto.sts.models.utcnow() + dt.timedelta(seconds=next(left, 3_600))

    monkeypatch.setattr(moto.sts.models.AssumedRole, "__init__", short)


def test_credentials_that_run_out_in_the_middle_are_renewed(two, monkeypatch):
    last(monkeypatch, 60, 60)
    rows, seen = sources.read(aws_logs, asked_of("acme", aws_logs), OCTOBER)
    assert seen.status == "ok" and len(rows) == 2
    # Two sets that last a minute, and one that lasts an hour: botocore renews ten minutes before the end.
    assert [one["ExternalId"] for one in two.asked("sts:AssumeRole")] == ["id-of-acme"] * 3


def test_credentials_that_cannot_be_renewed_leave_what_was_read_and_say_so(two, monkeypatch):
    last(monkeypatch, 60, 60)
    two.fault("sts:AssumeRole", "denied", at=3, times=0)
    rows, seen = sources.read(aws_logs, asked_of("acme", aws_logs), OCTOBER)
    assert rows["log_group"].tolist() == [f"{ACME}/web"] and seen.status == "partial"
    assert seen.why == ("logs:DescribeLogGroups in eu-west-1, page 2: AccessDeniedException: "
                        "User is not authorized to perform this action")  # fmt: skip


def test_a_profile_of_awss_files_is_read_and_of_that_account_only(two, tmp_path):
    told = keys_of(two, BETA)
    (tmp_path / "aws-config").write_text(
        "[default]\naws_access_key_id = AKIADEFAULT0000000000\naws_secret_access_key = none\n"
        f"[profile beta]\naws_access_key_id = {told['AccessKeyId']}\n"
        f"aws_secret_access_key = {told['SecretAccessKey']}\naws_session_token = {told['SessionToken']}\n")  # fmt: skip
    beta = AwsAccount(account=BETA, regions=["eu-west-1"], profile="beta")
    rows, seen = sources.read(aws_logs, settings(aws_logs, "log_group", beta, client="beta"), OCTOBER)
    assert seen.status == "ok" and rows["log_group"].tolist() == [f"{BETA}/web", f"{BETA}/mail"]
    acme = AwsAccount(account=ACME, regions=["eu-west-1"], profile="beta")
    rows, seen = sources.read(aws_logs, settings(aws_logs, "log_group", acme, client="acme"), OCTOBER)
    assert rows.empty and seen.status == "unavailable" and f"account {BETA}" in seen.why
    none = AwsAccount(account=ACME, regions=["eu-west-1"], profile="gone")
    rows, seen = sources.read(aws_logs, settings(aws_logs, "log_group", none, client="acme"), OCTOBER)
    assert rows.empty and "gone" in seen.why and "Hint: check the profile" in seen.why


@pytest.mark.parametrize("how", ["keys", "profile", "role"])
@pytest.mark.parametrize("machine", ["keys", "profile", "no such profile"])
def test_what_the_machine_itself_uses_is_never_used_for_a_client(two, monkeypatch, tmp_path, how, machine):
    its, theirs = keys_of(two, MACHINE), keys_of(two, BETA)
    (tmp_path / "aws-config").write_text("".join(
        f"[profile {name}]\naws_access_key_id = {told['AccessKeyId']}\naws_secret_access_key = x\n"
        for name, told in [("its", its), ("theirs", theirs)]))  # fmt: skip
    if machine == "keys":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", its["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", its["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", its["SessionToken"])
    else:
        monkeypatch.setenv("AWS_PROFILE", "its" if machine == "profile" else "gone")
    monkeypatch.setenv("BETA_KEY", theirs["AccessKeyId"])
    two.calls.clear()
    opened = {
        "keys": account(BETA, access_key_id="env:BETA_KEY"),
        "profile": AwsAccount(account=BETA, regions=["eu-west-1"], profile="theirs"),
        "role": role("beta", access_key_id="env:BETA_KEY"),
    }[how]
    rows, seen = sources.read(aws_logs, settings(aws_logs, "log_group", opened, client="beta"), OCTOBER)
    assert (seen.status, seen.why) == ("ok", "") and BETA in names(rows, "log_group")
    assert {call.account for call in two.calls} == {BETA}


def test_the_machines_own_identity_only_assumes_the_role(two, monkeypatch):
    its = keys_of(two, MACHINE)
    for name, value in [("AWS_ACCESS_KEY_ID", its["AccessKeyId"]), ("AWS_SECRET_ACCESS_KEY", its["SecretAccessKey"]),
                        ("AWS_SESSION_TOKEN", its["SessionToken"])]:  # fmt: skip
        monkeypatch.setenv(name, value)
    two.calls.clear()
    rows, _ = sources.read(aws_logs, asked_of("acme", aws_logs, access_key_id="", secret_access_key=""), OCTOBER)
    assert ACME in names(rows, "log_group")
    assert {(call.account, call.operation) for call in two.calls} == {
        (MACHINE, "sts:AssumeRole"), (ACME, "sts:GetCallerIdentity"), (ACME, "logs:DescribeLogGroups")}  # fmt: skip


def test_a_role_without_anything_to_assume_it_with_says_so(two):
    bare = asked_of("acme", aws_logs, access_key_id="", secret_access_key="")
    with pytest.raises(SourceError, match="no credentials to assume"):
        aws_logs.fetch(OCTOBER, bare)


@pytest.mark.parametrize("goes_wrong", ["", "sts:AssumeRole", "sts:GetCallerIdentity", "logs:DescribeLogGroups"])
@pytest.mark.parametrize("kind", ["denied", "expired", "broken", "cut"])
def test_no_secret_stands_in_an_error_a_coverage_or_a_log(two, monkeypatch, caplog, goes_wrong, kind):
    monkeypatch.setenv("EXTERNAL", "the-external-id")
    caplog.set_level(logging.INFO)
    given = asked_of("acme", aws_logs, external_id="env:EXTERNAL")
    if goes_wrong:
        two.fault(goes_wrong, kind, times=0)
    rows, seen = sources.read(aws_logs, given, OCTOBER)
    assert (seen.status == "ok") == (not goes_wrong)
    issued = [key for backend in moto.sts.models.sts_backends.values() for one in backend.values()
              for key in one.assumed_roles]  # fmt: skip
    secrets = [SECRET, "the-external-id", *[one.secret_access_key for one in issued],
               *[one.session_token[:40] for one in issued]]  # fmt: skip
    told = " ".join([str(seen.record()), caplog.text, repr(given), given.model_dump_json(), rows.to_csv()])
    assert goes_wrong == "sts:AssumeRole" or issued
    assert not [secret for secret in secrets if secret in told]

"""IAM's users as AWS tells of them, and what their policies let them do."""

import json
import time
from urllib.parse import quote

import botocore.session
import pandas as pd
import pytest
from botocore.validate import ParamValidator

from opsreport import sources
from opsreport.sources import aws_iam
from opsreport.sources._aws_privilege import privileged
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, OURS, settings

MADE = pd.Timestamp("2026-11-01 04:30", tz="UTC")
HEAD = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active"
)
ROOT = (f"<root_account>,arn:aws:iam::{OURS}:root,2020-01-01T00:00:00+00:00,not_supported,no_information,,true,"
        "false,N/A,N/A,false")  # fmt: skip
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def user_row(name: str, password: str = "true", key: str = "false") -> str:
    used = "2026-10-20T08:00:00+00:00"
    rotated = "2026-08-01T00:00:00+00:00" if key == "true" else "N/A"
    return (f"{name},arn:aws:iam::{OURS}:user/{name},2025-03-01T00:00:00+00:00,{password},{used},N/A,false,"
            f"{key},{rotated},N/A,false")  # fmt: skip


def document(*statements: dict) -> str:
    return quote(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def user(name: str, *, groups=(), attached=(), inline=(), **more) -> dict:
    policies = [{"PolicyName": title, "PolicyDocument": document(*held)} for title, *held in inline]
    return {"UserName": name, "Arn": f"arn:aws:iam::{OURS}:user/{name}", "GroupList": list(groups),
            "UserPolicyList": policies, "AttachedManagedPolicies": [
                {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in attached], **more}  # fmt: skip


def managed(arn: str, *statements: dict) -> dict:
    old = {"VersionId": "v1", "IsDefaultVersion": False, "Document": document(ALL)}
    now = {"VersionId": "v2", "IsDefaultVersion": True, "Document": document(*statements)}
    return {"PolicyName": arn.rpartition("/")[2], "Arn": arn, "PolicyVersionList": [old, now]}


ADMIN, READ = "arn:aws:iam::aws:policy/AdministratorAccess", f"arn:aws:iam::{OURS}:policy/read"


def report(aws, *rows: str) -> None:
    aws.answer("iam:GenerateCredentialReport", {"State": "COMPLETE"})
    text = "\n".join([HEAD, ROOT, *rows]).encode()
    aws.answer("iam:GetCredentialReport", {"Content": text, "ReportFormat": "text/csv", "GeneratedTime": MADE})


def world(aws):
    """An administrator by a group that is told on the second page, a reader, and a machine of unknown power."""
    report(aws, user_row("eva"), user_row("tom"), user_row("deploy", password="false", key="true"))
    aws.answer("iam:GetAccountAuthorizationDetails", {
        "IsTruncated": True, "UserDetailList": [user("eva", groups=["admins"]), user("tom", attached=[READ])],
    }, {
        "IsTruncated": False,
        "UserDetailList": [user("deploy", inline=[("ship", {**ALL, "Action": ["s3:*", "iam:PassRole"]})])],
        "GroupDetailList": [{"GroupName": "admins", "GroupPolicyList": [], "AttachedManagedPolicies": [
            {"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}]}],
        "Policies": [managed(READ, {"Effect": "Allow", "Action": ["s3:Get*", "ec2:Describe*"], "Resource": "*"})],
    })  # fmt: skip
    return [settings(aws_iam)]


def told(rows: pd.DataFrame, column: str) -> dict:
    values = [None if pd.isna(value) else value for value in rows[column]]
    return dict(zip(rows["display_name"], values, strict=True))


def test_each_user_is_told_with_what_its_policies_and_its_groups_let_it_do(aws):
    (given,) = world(aws)
    rows, seen = sources.read(aws_iam, given, OCTOBER)
    assert (seen.status, seen.why, seen.rows) == ("ok", "", 4)
    assert list(rows["principal"]) == [f"{OURS}/{name}" for name in ("deploy", "eva", "root", "tom")]
    assert told(rows, "is_privileged") == {"deploy": None, "eva": True, "root": True, "tom": False}
    assert told(rows, "roles") == {"deploy": "ship", "eva": "AdministratorAccess (admins)", "root": None, "tom": "read"}
    assert told(rows, "kind") == {"deploy": "service", "eva": "person", "root": "root", "tom": "person"}
    assert told(rows, "mfa_enabled") == {"deploy": False, "eva": False, "root": True, "tom": False}
    assert rows["key_created_at"].dropna().tolist() == [pd.Timestamp("2026-08-01", tz="UTC")]


def test_a_snapshot_is_of_the_time_at_which_its_report_was_made(aws):
    (given,) = world(aws)
    rows, seen = sources.read(aws_iam, given, OCTOBER)
    assert set(rows["observed_at"]) == {MADE} and seen.observed_end == MADE < NOW
    later = given.model_copy(update={"run": sources.Run(**{**vars(given.run), "now": NOW + pd.Timedelta(hours=1)})})
    again, _ = sources.read(aws_iam, later, OCTOBER)
    assert again.equals(rows)  # nothing new for the store


def test_a_report_that_is_still_being_made_is_waited_for(aws, monkeypatch):
    (given,) = world(aws)
    monkeypatch.setattr(aws_iam, "_WAIT", 0.0)
    states = iter(["STARTED", "INPROGRESS", "COMPLETE"])
    aws.script("iam:GenerateCredentialReport", lambda _: {"State": next(states)})
    rows, seen = sources.read(aws_iam, given, OCTOBER)
    assert len(rows) == 4 and seen.status == "ok" and len(aws.asked("iam:GenerateCredentialReport")) == 3


@pytest.mark.parametrize(("until", "asked"), [(0.0, 30), (1.0, 1)])
def test_a_report_that_is_not_made_in_time_is_said_and_the_waiting_ends(aws, monkeypatch, until, asked):
    (given,) = world(aws)
    monkeypatch.setattr(aws_iam, "_WAIT", 0.0 if not until else 3600.0)
    until = until and time.monotonic() + 60
    given = given.model_copy(update={"run": sources.Run(**{**vars(given.run), "until": until})})
    aws.answer("iam:GenerateCredentialReport", {"State": "INPROGRESS"})
    rows, seen = sources.read(aws_iam, given, OCTOBER)
    assert rows.empty and seen.status == "partial" and "had not made the report in time" in seen.why
    assert pd.isna(seen.observed_end) and len(aws.asked("iam:GenerateCredentialReport")) == asked


def test_where_the_policies_may_not_be_read_the_users_are_told_without(aws):
    (given,) = world(aws)
    aws.fault("iam:GetAccountAuthorizationDetails", "denied", times=0)
    rows, seen = sources.read(aws_iam, given, OCTOBER)
    assert told(rows, "is_privileged") == {"deploy": None, "eva": None, "root": True, "tom": None}
    assert seen.status == "partial" and "iam:GetAccountAuthorizationDetails" in seen.why
    assert "what 3 users may do was not told, such as deploy" in seen.why


def test_of_a_group_that_was_not_told_nothing_is_concluded(aws):
    report(aws, user_row("eva"), user_row("kim"))
    aws.answer("iam:GetAccountAuthorizationDetails", {"UserDetailList": [
        user("eva", groups=["lost"], attached=[READ]), user("kim", attached=["arn:aws:iam::aws:policy/Unknown"])],
        "Policies": [managed(READ, {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"})]})  # fmt: skip
    rows, _ = sources.read(aws_iam, settings(aws_iam), OCTOBER)
    assert told(rows, "is_privileged") == {"eva": None, "kim": None, "root": True}
    assert told(rows, "roles") == {"eva": None, "kim": "Unknown", "root": None}


def test_a_boundary_may_take_away_what_a_policy_gives(aws):
    report(aws, user_row("eva"))
    bound = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": READ}
    aws.answer("iam:GetAccountAuthorizationDetails",
               {"UserDetailList": [user("eva", attached=[ADMIN], PermissionsBoundary=bound)]})  # fmt: skip
    rows, _ = sources.read(aws_iam, settings(aws_iam), OCTOBER)
    assert told(rows, "is_privileged") == {"eva": None, "root": True}


def test_a_user_listed_twice_and_not_alike_makes_it_partial(aws):
    report(aws, user_row("eva"), user_row("eva", password="false"))
    aws.answer("iam:GetAccountAuthorizationDetails", {"UserDetailList": [user("eva")]})
    rows, seen = sources.read(aws_iam, settings(aws_iam), OCTOBER)
    assert len(rows) == 2 and seen.status == "partial" and "eva: listed twice" in seen.why


def test_an_account_of_root_alone_is_told(aws):
    report(aws)
    aws.answer("iam:GetAccountAuthorizationDetails", {})
    rows, seen = sources.read(aws_iam, settings(aws_iam), OCTOBER)
    assert list(rows["display_name"]) == ["root"] and (seen.status, seen.why) == ("ok", "")


def test_a_probe_does_not_wait_for_the_report(aws):
    (given,) = world(aws)
    aws.answer("iam:GenerateCredentialReport", {"State": "STARTED"})
    given = given.model_copy(update={"run": sources.Run(**{**vars(given.run), "is_probe": True})})
    aws_iam.fetch(OCTOBER, given)
    assert {call.operation for call in aws.calls} >= set(aws_iam.OPERATIONS)
    assert len(aws.asked("iam:GenerateCredentialReport")) == 1


def test_the_answer_in_awss_own_example_is_one_that_is_scripted_here():
    path = EXAMPLES / "iam__get-credential-report_44.json"
    if not path.exists():
        pytest.skip("the shared examples of AWS are not here")
    told = json.loads(path.read_text())
    shape = botocore.session.get_session().get_service_model("iam").operation_model("GetCredentialReport").output_shape
    assert not ParamValidator().validate(told, shape).has_errors()
    assert sources._aws.instant(told["GeneratedTime"]) == pd.Timestamp("2015-06-17 19:11:50", tz="UTC")


def allow(action, resource="*", **more) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize(("statements", "is_so"), [
    ([allow("*")], True),
    ([allow(["s3:Get*", "iam:*"])], True),
    ([allow("IAM:Attach*Policy")], True),
    ([allow("*", Condition=MFA)], True),
    ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], True),
    ([], False),
    ([allow(["s3:*", "ec2:*"])], False),
    ([allow("*", "arn:aws:s3:::shop/*")], False),  # no resource of IAM is among them
    ([allow(["iam:CreateAccessKey", "iam:UpdateLoginProfile"], "arn:aws:iam::*:user/${aws:username}")], False),
    ([allow("*"), {"Effect": "Deny", "Action": "*", "Resource": "*"}], False),
    ([allow("iam:PutUserPolicy", "arn:aws:iam::*:user/${aws:username}")], None),
    ([allow("iam:AttachRolePolicy", "arn:aws:iam::1:role/shop-*")], None),
    ([allow("*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})], None),
    ([allow("sts:AssumeRole", "arn:aws:iam::1:role/admin")], None),
    # As PowerUserAccess: everything but IAM, which leaves roles that may be taken on.
    ([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}], None),
    ([{"Effect": "Allow", "Action": "iam:*", "NotResource": "arn:aws:iam::1:user/boss"}], None),
])  # fmt: skip
def test_privilege_is_told_only_where_the_policies_tell_it(statements, is_so):
    assert privileged([{"Statement": statements}]) is is_so


@pytest.mark.parametrize("unread", [None, "no JSON", {"Version": "2012-10-17"}, {"Statement": "*"}])
def test_a_policy_that_cannot_be_read_leaves_it_unknown_unless_another_tells(unread):
    assert privileged([unread, {"Statement": [allow("s3:*")]}]) is None
    assert privileged([unread, {"Statement": allow("*")}]) is True

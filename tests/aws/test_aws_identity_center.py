"""People of IAM Identity Center, and what they reach."""

import json
from urllib.parse import quote

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import aws_identity_center as center
from tests.aws import fake
from tests.aws.conftest import NOW, OCTOBER, OURS, settings

INSTANCE, STORE = "arn:aws:sso:::instance/ssoins-0123456789abcdef", "d-0123456789"
ADMIN, READ, OWN = (f"arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-000000000000000{n}" for n in "123")
NAMES = {ADMIN: "Administrators", READ: "Readers", OWN: "Shop"}
EVA, TOM, KIM, ZOE = (f"0000000{n}-0000-0000-0000-000000000000" for n in "1234")
GROUP, OTHER = "0000000a-0000-0000-0000-000000000000", "999999999999"
CREATED = "2025-02-03T04:05:06+00:00"
VIEW = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


def paged(say):
    """Answers of an operation by what was asked, a page at a time."""

    def script(asked: dict) -> dict:
        pages, at = say(asked), int(asked.get("NextToken", "0"))
        return {**pages[at], **({"NextToken": str(at + 1)} if at + 1 < len(pages) else {})}

    return script


def assigned(arn: str, *, user: str = "", group: str = "", number: str = OURS) -> dict:
    return {"AccountId": number, "PermissionSetArn": arn, "PrincipalType": "USER" if user else "GROUP",
            "PrincipalId": user or group}  # fmt: skip


def person(id: str, name: str, **more) -> dict:
    told = {"IdentityStoreId": STORE, "UserId": id, "UserName": name, "Revision": "1",
            "UserArn": f"arn:aws:identitystore:::user/{id}"}  # fmt: skip
    return {**told, **more}


def member(id: str) -> dict:
    made = "0000000f-0000-0000-0000-000000000000"
    return {"IdentityStoreId": STORE, "GroupId": GROUP, "MemberId": {"UserId": id}, "MembershipId": made,
            "MembershipArn": f"arn:aws:identitystore:::membership/{made}"}  # fmt: skip


ASSIGNED = {
    (OURS, ADMIN): [[assigned(ADMIN, group=GROUP)], [assigned(ADMIN, user=EVA)]],
    (OURS, READ): [[assigned(READ, user=KIM)], []],
    (OURS, OWN): [[assigned(OWN, user=ZOE)], []],
}


def people(aws, assignments=None, boundary=()):
    """An administrator by herself and a group, another by the group, a reader, and one by a policy of the client's."""
    held = assignments or ASSIGNED
    instance = {"InstanceArn": INSTANCE, "IdentityStoreId": STORE, "PrimaryRegion": "eu-central-1"}
    aws.answer("sso-admin:ListInstances", {"Instances": [instance]}, {"Instances": []})
    aws.script("sso-admin:ListPermissionSetsProvisionedToAccount", paged(lambda asked: [
        {"PermissionSets": [arn]} for number, arn in held if number == asked["AccountId"]] or [{}]))  # fmt: skip
    aws.script("sso-admin:ListAccountAssignments", paged(lambda asked: [
        {"AccountAssignments": page} for page in held[asked["AccountId"], asked["PermissionSetArn"]]]))  # fmt: skip
    aws.script("sso-admin:DescribePermissionSet", lambda asked: {
        "PermissionSet": {"Name": NAMES[asked["PermissionSetArn"]], "PermissionSetArn": asked["PermissionSetArn"]}})
    aws.script("sso-admin:ListManagedPoliciesInPermissionSet", paged(lambda asked: {
        ADMIN: [{}, {"AttachedManagedPolicies": [{"Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}],
        READ: [{"AttachedManagedPolicies": [{"Arn": VIEW}]}, {"AttachedManagedPolicies": []}],
    }.get(asked["PermissionSetArn"], [{}])))  # fmt: skip
    aws.script("sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", paged(lambda asked: {
        OWN: [{"CustomerManagedPolicyReferences": [{"Name": "shop", "Path": "/"}]}],
    }.get(asked["PermissionSetArn"], [{}])))  # fmt: skip
    deny = json.dumps({"Statement": [{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}]})
    aws.script("sso-admin:GetInlinePolicyForPermissionSet",
               lambda asked: {"InlinePolicy": deny} if asked["PermissionSetArn"] == READ else {})  # fmt: skip
    aws.script("sso-admin:GetPermissionsBoundaryForPermissionSet", lambda asked: {
        "PermissionsBoundary": {"ManagedPolicyArn": VIEW}} if asked["PermissionSetArn"] in boundary else {})
    aws.answer("identitystore:ListGroupMemberships",
               {"GroupMemberships": [member(EVA)]}, {"GroupMemberships": [member(TOM)]})  # fmt: skip
    aws.answer("identitystore:ListUsers", {"Users": [
        person(EVA, "eva@shop.example", DisplayName="Eva Lund", UserStatus="ENABLED", CreatedAt=CREATED),
        person(TOM, "tom@us.example", UserStatus="DISABLED"),
    ]}, {"Users": [person(KIM, "kim@shop.example"), person(ZOE, "zoe@shop.example")]})  # fmt: skip
    document = quote(json.dumps({"Statement": [{"Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*"}]}))
    aws.answer("iam:GetPolicy", {"Policy": {"Arn": VIEW, "DefaultVersionId": "v7"}})
    aws.answer("iam:GetPolicyVersion", {"PolicyVersion": {"Document": document, "VersionId": "v7"}})
    return settings(center)


def world(aws):
    """One permission set, each of whose questions has two pages, assigned to a person and to a group."""
    given = people(aws, {(OURS, ADMIN): ASSIGNED[OURS, ADMIN]})
    aws.answer("sso-admin:ListManagedPoliciesInPermissionSet", {"AttachedManagedPolicies": [{"Arn": VIEW}]},
               {"AttachedManagedPolicies": [{"Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]})  # fmt: skip
    aws.answer("sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", *(
        {"CustomerManagedPolicyReferences": [{"Name": name, "Path": "/"}]} for name in ("shop", "logs")))  # fmt: skip
    return [given]


def told(rows: pd.DataFrame, column: str) -> dict:
    values = [None if pd.isna(value) else value for value in rows[column]]
    return dict(zip((name.partition("@")[0] for name in rows["principal"]), values, strict=True))


def test_each_person_is_told_once_with_the_permission_sets_and_accounts_reached(aws):
    rows, seen = sources.read(center, people(aws), OCTOBER)
    assert (seen.status, seen.why, seen.rows, seen.observed_end) == ("ok", "", 4, NOW)
    assert told(rows, "roles") == {"eva": f"Administrators in {OURS}", "tom": f"Administrators in {OURS}",
                                   "kim": f"Readers in {OURS}", "zoe": f"Shop in {OURS}"}  # fmt: skip
    assert told(rows, "is_privileged") == {"eva": True, "tom": True, "kim": False, "zoe": None}
    assert told(rows, "is_enabled") == {"eva": True, "tom": False, "kim": None, "zoe": None}
    assert told(rows, "display_name")["eva"] == "Eva Lund" and told(rows, "display_name")["kim"] == "kim@shop.example"
    assert told(rows, "created_at")["eva"] == pd.Timestamp("2025-02-03 04:05:06", tz="UTC")
    assert set(rows["kind"]) == {"person"} and rows[["mfa_enabled", "last_used_at", "never_used"]].isna().all(axis=None)
    assert set(rows["observed_at"]) == {NOW}


def test_it_is_asked_where_the_instance_lives_and_the_policies_where_iam_does(aws):
    sources.read(center, people(aws), OCTOBER)
    calls = [call for call in aws.calls if "ListInstances" not in call.operation]
    where = {call.operation.partition(":")[0]: call.region for call in calls}
    assert (where["sso-admin"], where["identitystore"], where["iam"]) == ("eu-central-1", "eu-central-1", "us-east-1")
    assert aws.asked("sso-admin:ListInstances")[0]["RegionScope"] == "ALL_REGIONS"
    assert [one["VersionId"] for one in aws.asked("iam:GetPolicyVersion")] == ["v7"]


def test_only_the_clients_own_accounts_are_looked_at_or_those_that_are_named(aws):
    held = {**ASSIGNED, (OTHER, READ): [[assigned(READ, user=EVA, number=OTHER)]]}
    rows, _ = sources.read(center, people(aws, held), OCTOBER)
    assert {one["AccountId"] for one in aws.asked("sso-admin:ListAccountAssignments")} == {OURS}
    assert told(rows, "roles")["eva"] == f"Administrators in {OURS}"
    rows, _ = sources.read(center, settings(center, accounts=[OURS, OTHER]), OCTOBER)
    assert told(rows, "roles")["eva"] == f"Administrators in {OURS}; Readers in {OTHER}"


def test_a_boundary_may_take_away_what_a_permission_set_gives(aws):
    rows, _ = sources.read(center, people(aws, boundary=[ADMIN]), OCTOBER)
    assert told(rows, "is_privileged") == {"eva": None, "tom": None, "kim": False, "zoe": None}


def test_that_no_boundary_is_there_may_be_told_by_an_error_and_that_it_is_not_told_leaves_it_unknown(aws, monkeypatch):
    given = people(aws)
    boundary = "sso-admin:GetPermissionsBoundaryForPermissionSet"
    monkeypatch.setitem(fake.FAULTS, "missing", (404, "ResourceNotFoundException", "there is none"))
    aws.fault(boundary, "missing", times=0)
    rows, seen = sources.read(center, given, OCTOBER)
    assert told(rows, "is_privileged")["eva"] and seen.status == "ok"
    aws.fault(boundary, "denied", times=0)
    rows, seen = sources.read(center, given, OCTOBER)
    assert told(rows, "is_privileged") == {"eva": None, "tom": None, "kim": None, "zoe": None}
    assert seen.status == "partial" and boundary in seen.why


def test_where_an_assignment_may_be_missing_nobody_is_said_to_have_no_privilege(aws):
    given = people(aws)
    aws.fault("sso-admin:ListAccountAssignments", "denied", at=3, times=0)
    rows, seen = sources.read(center, given, OCTOBER)
    assert seen.status == "partial" and told(rows, "is_privileged") == {"eva": True, "tom": True}
    assert told(rows, "roles") == {"eva": None, "tom": None}


def test_an_assignment_of_somebody_who_is_no_longer_there_is_noted(aws):
    given = people(aws)
    aws.answer("identitystore:ListUsers", {"Users": [person(EVA, "eva@shop.example")]})
    rows, seen = sources.read(center, given, OCTOBER)
    assert list(rows["principal"]) == ["eva@shop.example"] and seen.status == "ok"
    assert seen.why == f"3 users with assignments are not in the directory, such as {TOM}"


def test_an_account_that_sees_no_identity_center_is_empty_and_says_so(aws):
    aws.answer("sso-admin:ListInstances", {"Instances": []})
    rows, seen = sources.read(center, settings(center), OCTOBER)
    assert rows.empty and (seen.status, seen.why) == ("ok", f"account {OURS} sees no IAM Identity Center")


def test_an_identity_center_that_assigns_nobody_is_empty_and_ok(aws):
    rows, seen = sources.read(center, people(aws, {(OURS, READ): [[]]}), OCTOBER)
    assert rows.empty and (seen.status, seen.why) == ("ok", "")
    assert not aws.asked("identitystore:ListUsers")


@pytest.mark.parametrize("second", ["eva@shop.example", "other@shop.example"])
def test_one_name_in_two_directories_is_two_people(aws, second):
    given = people(aws, {(OURS, READ): [[assigned(READ, user=EVA)]]})
    twin, store = INSTANCE.replace("0123", "9123"), "d-9876543210"
    both = [{"InstanceArn": INSTANCE, "IdentityStoreId": STORE}, {"InstanceArn": twin, "IdentityStoreId": store}]
    aws.answer("sso-admin:ListInstances", {"Instances": both})
    aws.script("identitystore:ListUsers", lambda asked: {"Users": [
        person(EVA, "eva@shop.example" if asked["IdentityStoreId"] == STORE else second)]})  # fmt: skip
    rows, _ = sources.read(center, given, OCTOBER)
    assert list(rows["principal"]) == ["eva@shop.example", f"{second} ({store})"]

"""Who can get into AWS accounts by IAM Identity Center: its people, and what each may do in which account.

Documentation: https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountAssignments.html,
https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_ListUsers.html and
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html. Permission: sso:ListInstances,
ListPermissionSetsProvisionedToAccount, ListAccountAssignments, DescribePermissionSet,
ListManagedPoliciesInPermissionSet, ListCustomerManagedPolicyReferencesInPermissionSet,
GetInlinePolicyForPermissionSet and GetPermissionsBoundaryForPermissionSet; identitystore:ListUsers and
ListGroupMemberships; iam:GetPolicy and iam:GetPolicyVersion. Assignments are told to the organization's
management account, and to the account that administers Identity Center for it: read with the keys of one.

AWS tells what is so now, and forgets what was before: collect daily. Looked at are the accounts that the
client's file names, or those of ``accounts`` where it gives them: others may be somebody else's. A row is a
person who is assigned to one of these, directly or by a group, named by the user name; one who is assigned
to none any more has left. Applications are not looked at.

is_privileged is true where a permission set lets its holder change everything, or who may, as
`opsreport.sources._aws_privilege` judges policies; unknown where it holds a customer managed policy, whose
content lies in each account, or a permissions boundary, and nothing else tells. roles names each permission
set and its accounts. MFA and the last use are not visible to any API: they stay unknown. is_enabled is
unknown where the directory does not tell a user's status.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws
from opsreport.sources._aws_privilege import KNOWN, privileged

FRAMES = ("principal",)
OPERATIONS = (
    "sso-admin:ListInstances", "sso-admin:ListPermissionSetsProvisionedToAccount", "sso-admin:ListAccountAssignments",
    "sso-admin:DescribePermissionSet", "sso-admin:ListManagedPoliciesInPermissionSet",
    "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", "sso-admin:GetInlinePolicyForPermissionSet",
    "sso-admin:GetPermissionsBoundaryForPermissionSet", "identitystore:ListGroupMemberships",
    "identitystore:ListUsers", "iam:GetPolicy", "iam:GetPolicyVersion",
)  # fmt: skip
KEEPS = {"principal": _aws.ONLY_NOW}

(_INSTANCES, _PROVISIONED, _ASSIGNMENTS, _NAME, _MANAGED, _OWN, _INLINE, _BOUNDARY, _MEMBERS, _USERS, _POLICY,
 _VERSION) = OPERATIONS  # fmt: skip
#: IAM is one for all regions.
_IAM = "us-east-1"


class Settings(_aws.AwsSettings):
    """Which accounts are looked at."""

    accounts: list[str] = Field(default=[], description="accounts to look at; by default those of the client's file")


def fetch(period: Period, settings: Settings) -> Pages:
    """Each instance's assignments to the accounts, whom they reach, and what their permission sets allow."""
    aws = _aws.opened(settings, OPERATIONS)
    home, unbounded = aws.regions[0], []
    for page in aws.ask(_INSTANCES, home, RegionScope="ALL_REGIONS"):
        for instance in page.get("Instances") or []:
            region, store = instance.get("PrimaryRegion") or home, instance["IdentityStoreId"]
            assigned = _assignments(aws, region, instance["InstanceArn"])
            for group in sorted({one["PrincipalId"] for one in assigned if one["PrincipalType"] == "GROUP"}):
                # A group that was deleted leaves its assignments behind.
                gone = ("ResourceNotFoundException",)
                aws.ask(_MEMBERS, region, absent=gone, IdentityStoreId=store, GroupId=group)
            if assigned:
                aws.ask(_USERS, region, IdentityStoreId=store)
            for arn in sorted({one["PermissionSetArn"] for one in assigned}):
                unbounded += _permissions(aws, region, instance["InstanceArn"], arn)
    _policies(aws)
    return aws.pages(unbounded=tuple(unbounded))


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each person who is assigned to one of the accounts, once."""
    users, may, names = _users(pages), _may(pages), _names(pages)
    stores = sorted({store for store, _ in users})
    rows = []
    for (store, id), held in sorted(_held(pages).items()):
        if (store, id) in users:
            user = users[store, id]
            name = user.get("UserName") or id
            rows.append({
                # Names are one's own in one directory only.
                "principal": name if store == stores[0] else f"{name} ({store})",
                "display_name": user.get("DisplayName") or name, "kind": "person", "observed_at": pages.extra["now"],
                "is_enabled": {"ENABLED": True, "DISABLED": False}.get(user.get("UserStatus", "")),
                "is_privileged": _any([may.get(arn) for arn, _ in held], pages.status == "ok"),
                "created_at": _aws.instant(user.get("CreatedAt")), "roles": _roles(held, names, pages.status == "ok"),
            })  # fmt: skip
    return {"principal": _aws.rows_of("principal", rows)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Notes: that there is no Identity Center, and of assignments to somebody who is no longer there."""
    if not any(True for _ in _aws.each(pages.items, _INSTANCES, "Instances")):
        return {"principal": ("ok", f"account {pages.extra['account']} sees no IAM Identity Center")}
    lost = sorted(id for store, id in set(_held(pages)) - set(_users(pages)))
    said = f"{len(lost)} users with assignments are not in the directory, such as {lost[0]}" if lost else ""
    return {"principal": ("ok", said)}


def _assignments(aws: _aws.Questions, region: str, instance: str) -> list[dict[str, Any]]:
    """Who is assigned to which permission set, in each of the accounts."""
    made = []
    accounts = aws.settings.accounts or [one.account for one in aws.settings.run.accounts]
    for account in accounts:
        asked = {"InstanceArn": instance, "AccountId": account}
        provisioned = aws.ask(_PROVISIONED, region, **asked)
        for arn in sorted({arn for page in provisioned for arn in page.get("PermissionSets") or []}):
            for page in aws.ask(_ASSIGNMENTS, region, **asked, PermissionSetArn=arn):
                made += page.get("AccountAssignments") or []
    return made


def _permissions(aws: _aws.Questions, region: str, instance: str, arn: str) -> list[str]:
    """Ask what a permission set holds; returns it where it was told that no boundary limits it."""
    asked = {"InstanceArn": instance, "PermissionSetArn": arn}
    for operation in (_NAME, _MANAGED, _OWN, _INLINE):
        aws.ask(operation, region, **asked)
    limits = aws.ask(_BOUNDARY, region, absent=("ResourceNotFoundException",), **asked)
    is_limited = any(page.get("PermissionsBoundary") for page in limits)
    return [] if is_limited or not limits.is_whole else [arn]


def _policies(aws: _aws.Questions) -> None:
    """Ask for the content of AWS's own policies that the permission sets hold."""
    held = {one["Arn"] for _, one in _aws.each(tuple(aws.answers), _MANAGED, "AttachedManagedPolicies")}
    for arn in sorted(held - set(KNOWN)):
        for page in aws.ask(_POLICY, _IAM, PolicyArn=arn):
            aws.ask(_VERSION, _IAM, PolicyArn=arn, VersionId=page["Policy"]["DefaultVersionId"])


def _users(pages: Pages) -> dict[tuple[str, str], dict[str, Any]]:
    """Every user of each directory."""
    return {(answer.asked["IdentityStoreId"], user["UserId"]): user
            for answer, user in _aws.each(pages.items, _USERS, "Users")}  # fmt: skip


def _held(pages: Pages) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """The permission sets that each user of a directory holds, each with the account."""
    stores = {one["InstanceArn"]: one["IdentityStoreId"] for _, one in _aws.each(pages.items, _INSTANCES, "Instances")}
    members = defaultdict(set)
    for answer, one in _aws.each(pages.items, _MEMBERS, "GroupMemberships"):
        members[answer.asked["IdentityStoreId"], answer.asked["GroupId"]].add(one["MemberId"]["UserId"])
    held = defaultdict(set)
    for answer, one in _aws.each(pages.items, _ASSIGNMENTS, "AccountAssignments"):
        store, id = stores[answer.asked["InstanceArn"]], one["PrincipalId"]
        for user in members[store, id] if one["PrincipalType"] == "GROUP" else [id]:
            held[store, user].add((one["PermissionSetArn"], one["AccountId"]))
    return held


def _may(pages: Pages) -> dict[str, bool | None]:
    """Whether the holder of each permission set may change everything, or who may."""
    told = KNOWN | {answer.asked["PolicyArn"]: answer.body["PolicyVersion"].get("Document")
                    for answer in pages.items if answer.operation == _VERSION}  # fmt: skip
    documents = defaultdict(list)
    for answer, one in _aws.each(pages.items, _MANAGED, "AttachedManagedPolicies"):
        documents[answer.asked["PermissionSetArn"]].append(told.get(one["Arn"]))
    for answer, _ in _aws.each(pages.items, _OWN, "CustomerManagedPolicyReferences"):
        documents[answer.asked["PermissionSetArn"]].append(None)
    for answer in pages.items:
        if answer.operation == _INLINE and answer.body.get("InlinePolicy"):
            documents[answer.asked["PermissionSetArn"]].append(answer.body["InlinePolicy"])
    return {arn: privileged(documents[arn], is_bounded=arn not in pages.extra["unbounded"]) for arn in _names(pages)}


def _names(pages: Pages) -> dict[str, str]:
    return {answer.asked["PermissionSetArn"]: answer.body["PermissionSet"]["Name"]
            for answer in pages.items if answer.operation == _NAME}  # fmt: skip


def _any(each: list[bool | None], is_whole: bool) -> bool | None:
    """Whether one is true; unknown where none is, and one is unknown or may be missing."""
    return True if True in each else False if is_whole and None not in each else None


def _roles(held: set[tuple[str, str]], names: dict[str, str], is_whole: bool) -> str | None:
    """Each permission set with its accounts; nothing where some may be missing."""
    where = defaultdict(list)
    for arn, account in sorted(held):
        where[names.get(arn, arn)].append(account)
    return "; ".join(f"{name} in {', '.join(where[name])}" for name in sorted(where)) if is_whole else None

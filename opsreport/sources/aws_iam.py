"""Who can get into an AWS account by a user of its own: IAM's credential report, asked for, with what each may do.

Documentation: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html,
GetCredentialReport and GetAccountAuthorizationDetails. Permission: iam:GenerateCredentialReport (AWS writes
the report; nothing else is changed), iam:GetCredentialReport and iam:GetAccountAuthorizationDetails.

AWS makes a new report every four hours at most and forgets the one before: collect daily. A snapshot is of
the time at which its report was made, so two collects within four hours are one snapshot. A report that is
not made within a minute is left for the next collect, and that is said.

The report is read as `opsreport.sources.iam_credential_report` reads a saved one: root is kind root, a user
with a password person, one with only keys or certificates service. People who come in by IAM Identity
Center are not in it (`opsreport.sources.aws_identity_center`), and roles are not told of.

is_privileged is true of root, and of whoever may change everything or who may, by policies of the user's own
and of its groups, as `opsreport.sources._aws_privilege` judges them; unknown where these do not tell it, or
were not read. roles holds these policies by name, a group's with the group: ``AdministratorAccess (admins)``.
"""

from __future__ import annotations

import time
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws, iam_credential_report
from opsreport.sources._aws_privilege import KNOWN, privileged

FRAMES = ("principal",)
OPERATIONS = ("iam:GenerateCredentialReport", "iam:GetCredentialReport", "iam:GetAccountAuthorizationDetails")
KEEPS = {"principal": _aws.ONLY_NOW}

Settings = _aws.AwsSettings

#: IAM is one for all regions.
_REGION = "us-east-1"
_GENERATE, _GET, _DETAILS = OPERATIONS
#: How often, and after which wait, AWS is asked whether the report is made. [s]
_TRIES, _WAIT = 30, 2.0
_PARTS = ["User", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """The newest report, made for this where there is none of the last four hours, and the account's policies."""
    aws = _aws.opened(settings, OPERATIONS)
    if _made(aws):
        aws.ask(_GET, _REGION)
        aws.ask(_DETAILS, _REGION, Filter=_PARTS)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each user of the report once, with what it may do."""
    may = {user["Arn"]: user for _, user in _aws.each(pages.items, _DETAILS, "UserDetailList")}
    groups = {group["GroupName"]: group for _, group in _aws.each(pages.items, _DETAILS, "GroupDetailList")}
    documents = dict(_document(policy) for _, policy in _aws.each(pages.items, _DETAILS, "Policies"))
    once: dict[str, dict[str, Any]] = {}
    for made, listed in _reports(pages):
        read = iam_credential_report.principals(listed, made, "the credential report")
        for row, user in zip(read, listed, strict=True):
            once[row["principal"]] = row | _permitted(may.get(user["arn"]), groups, documents)
    return {"principal": _aws.rows_of("principal", [once[name] for name in sorted(once)])}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The day that ends with the report."""
    made = max((made for made, _ in _reports(pages)), default=None)
    if made is None:
        return {"principal": (pd.NaT, pd.NaT)}
    start, end = _aws.told(KEEPS)(frames, pages, period)["principal"]
    until = min(made, end)
    return {"principal": (until - (end - start), until)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Users that the report lists twice; and, for a note, those that are gone since it was made."""
    reports = _reports(pages)
    twice = iam_credential_report.unlike(reports)
    known = {user["Arn"] for _, user in _aws.each(pages.items, _DETAILS, "UserDetailList")}
    arns = {row["arn"] for _, rows in reports for row in rows if not row["arn"].endswith(":root")}
    lost = sorted(arn.rpartition("/")[2] for arn in arns - known)
    said = f"what {len(lost)} users may do was not told, such as {lost[0]}" if lost else ""
    return {"principal": ("partial" if twice else "ok", "; ".join(filter(None, [twice, said])))}


def _made(aws: _aws.Questions) -> bool:
    """Whether there is a report to read; waits until AWS has made it."""
    if aws.settings.run.is_probe:
        return bool(aws.ask(_GENERATE, _REGION))
    until = aws.settings.run.until
    for left in reversed(range(_TRIES)):
        answer = aws.ask(_GENERATE, _REGION)
        # A report of the last hours may be there to read, though a new one may not be asked for.
        if not answer or answer[0].get("State") == "COMPLETE":
            return True
        if not left or (until and time.monotonic() + _WAIT > until):
            break
        time.sleep(_WAIT)
    aws.note(f"{_GENERATE}: AWS had not made the report in time; it is read the next time")
    return False


def _reports(pages: Pages) -> list[tuple[pd.Timestamp, list[dict[str, str]]]]:
    """The report as one of a list, with the time at which AWS made it; none where it was not read."""
    return [
        (_aws.instant(answer.body["GeneratedTime"]),
         iam_credential_report.rows_of(answer.body["Content"].decode("utf-8-sig", "replace"), "the credential report"))
        for answer in pages.items if answer.operation == _GET
    ]  # fmt: skip


def _document(policy: dict[str, Any]) -> tuple[str, Any]:
    """A managed policy's ARN, and what its version in force says."""
    versions = policy.get("PolicyVersionList") or []
    return policy["Arn"], next((one.get("Document") for one in versions if one.get("IsDefaultVersion")), None)


def _permitted(user: dict[str, Any] | None, groups: dict[str, Any], documents: dict[str, Any]) -> dict[str, Any]:
    """is_privileged and roles of a user; nothing for root, which has no policies, and where they were not told."""
    if user is None:
        return {}
    held, names = _policies(user, "UserPolicyList", documents), user.get("GroupList") or []
    for name in names:
        told = _policies(groups.get(name, {}), "GroupPolicyList", documents)
        held += [(f"{policy} ({name})", document) for policy, document in told]
    is_whole = all(name in groups for name in names)
    read = [document for _, document in held] + ([] if is_whole else [None])
    roles = ", ".join(sorted(policy for policy, _ in held))
    return {
        "is_privileged": privileged(read, is_bounded=bool(user.get("PermissionsBoundary"))),
        "roles": roles if roles and is_whole else None,
    }


def _policies(holder: dict[str, Any], inline: str, documents: dict[str, Any]) -> list[tuple[str, Any]]:
    """The name and content of each policy of a user or group; no content where it was not told."""
    known = KNOWN | documents
    attached = [(one["PolicyName"], known.get(one["PolicyArn"])) for one in holder.get("AttachedManagedPolicies") or []]
    return attached + [(one["PolicyName"], one.get("PolicyDocument")) for one in holder.get(inline) or []]

"""Vulnerabilities that Amazon Inspector finds in machines of EC2, images of ECR and functions of Lambda.

Documentation: https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html, API_CoveredResource and
API_FindingDetail, and https://docs.aws.amazon.com/inspector/latest/user/findings-understanding.html. Permission:
inspector2:ListFindings, inspector2:ListCoverage, inspector2:BatchGetFindingDetails and
inspector2:BatchGetAccountStatus, which tells where Inspector is off: there nothing was scanned, so name in
``regions`` those where it is on. Only the account's own findings are read, also in one that manages others.

AWS forgets a finding 30 days after it was closed, but 3 days after when its resource was taken away, and all of
them a day after Inspector is turned off: collect daily. What was forgotten before it was read as closed stays
open. What comes back within seven days of its fix is the same finding again, as if it had never been gone.

A finding is open while it is ACTIVE or SUPPRESSED: that somebody hid it neither fixes it nor says that the client
accepted it. Inspector does not say why one is CLOSED. Where its resource is still scanned, or is a machine that
was stopped, it was fixed; where the resource is no longer listed, was terminated, or is an image that is no
longer used (SCAN_ELIGIBILITY_EXPIRED), it went with it; else it is left as it was. That happened when the
finding was last updated.

severity INFORMATIONAL is low, and UNTRIAGED unknown. fix_available is false where only some of the packages have
a fix (PARTIAL). kev_due_at is the first instant, on the client's clock, of CISA's due date. That a port can be
reached from outside (NETWORK_REACHABILITY) is no vulnerability here. An asset is the resource's id; its service
is EC2's tag Name, the repository or the function.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _aws, _values

FRAMES = ("vulnerability",)
OPERATIONS = (
    "inspector2:BatchGetAccountStatus", "inspector2:ListFindings", "inspector2:ListCoverage",
    "inspector2:BatchGetFindingDetails",
)  # fmt: skip
#: What was taken away before that is no longer told.
KEEPS = {"vulnerability": pd.Timedelta(days=3)}

Settings = _aws.AwsSettings

_STATUS, _FINDINGS, _COVERAGE, _DETAILS = OPERATIONS
#: How many findings AWS gives details of in one question.
_AT_ONCE = 10
_SEVERITIES = {"CRITICAL": "critical", "HIGH": "high", "MEDIUM": "medium", "LOW": "low", "INFORMATIONAL": "low",
               "UNTRIAGED": "unknown"}  # fmt: skip
_FIX = {"YES": True, "NO": False, "PARTIAL": False}
_SCANS = ("PACKAGE", "CODE")
#: Why something is not scanned: it is gone, or nobody wants it to be.
_GONE = {"RESOURCE_TERMINATED", "SCAN_ELIGIBILITY_EXPIRED"}
_FIXED = {"ACTIVE", "EC2_INSTANCE_STOPPED"}
_MEANT = {*_GONE, *_FIXED, "EXCLUDED_BY_TAG", "SCAN_FREQUENCY_MANUAL", "SCAN_FREQUENCY_SCAN_ON_PUSH",
          "NO_RESOURCES_FOUND"}  # fmt: skip


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """Every finding that Inspector still holds, what it scans, and CISA's dates, region by region.

    Raises
    ------
    SourceError
        When Inspector is off in each region.
    """
    aws = _aws.opened(settings, OPERATIONS)
    on = [region for region in aws.regions if _is_on(aws, region)]
    if not on:
        raise SourceError(aws.why, hint="turn Amazon Inspector on, or name the regions where it is")
    own = _equals(aws.number)
    wanted = {"awsAccountId": own, "findingType": _equals("PACKAGE_VULNERABILITY", "CODE_VULNERABILITY"),
              "findingStatus": _equals("ACTIVE", "SUPPRESSED", "CLOSED")}  # fmt: skip
    for region in on:
        findings = aws.ask(
            _FINDINGS, region, filterCriteria=wanted, maxResults=100,
            sortCriteria={"field": "FIRST_OBSERVED_AT", "sortOrder": "ASC"},
        )  # fmt: skip
        # What is scanned is read after, so that what was closed when its resource went is not taken for fixed.
        aws.ask(_COVERAGE, region, filterCriteria={"accountId": own}, maxResults=200)
        arns = _one_a_cve([one for page in findings for one in page.get("findings", [])])
        for some in _aws.batches(arns, _AT_ONCE):
            aws.ask(_DETAILS, region, findingArns=some)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a finding; one whose end cannot be told is left as it was."""
    due, covered, rows = _due_dates(pages), _covered(pages), {}
    for answer, finding in _aws.each(pages.items, _FINDINGS, "findings"):
        end = _end(answer.region, finding, covered)
        if end is not None:
            at = _aws.instant(finding.get("updatedAt") or finding["lastObservedAt"])
            row = _row(pages, answer.region, finding)
            rows[row["finding_id"]] = {**row, "kev_due_at": due.get(row["cve"]), **({end: at} if end else {})}
    return {"vulnerability": _aws.rows_of("vulnerability", list(rows.values()))}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What was not scanned, and what could not be understood: partial; what nobody wants scanned, for a note."""
    missing, covered = list(_blind(pages)), _covered(pages)
    findings = [(answer.region, one) for answer, one in _aws.each(pages.items, _FINDINGS, "findings")]
    if lost := sorted(one["findingArn"] for region, one in findings if _end(region, one, covered) is None):
        missing.append(f"{len(lost)} findings were closed, and not why, such as {lost[0]}: they are left as they were")
    if strange := sorted({one["severity"] for _, one in findings} - set(_SEVERITIES)):
        missing.append(f"severities that are not known: {', '.join(strange)}")
    if several := sorted(one["findingArn"] for _, one in findings if len(one["resources"]) > 1):
        missing.append(f"{len(several)} findings name several resources, such as {several[0]}: the first is told")
    failed = [one for _, one in _aws.each(pages.items, _DETAILS, "errors")
              if one["errorCode"] != "FINDING_DETAILS_NOT_FOUND"]  # fmt: skip
    if failed:
        missing.append(f"of {len(failed)} findings CISA's date is not known, such as {failed[0]['findingArn']}: "
                       f"{failed[0]['errorCode']}")  # fmt: skip
    return {"vulnerability": ("partial" if missing else "ok", "; ".join([*missing, *_not_wanted(pages)]))}


def _is_on(aws: _aws.Questions, region: str) -> bool:
    """Whether Inspector scans there; where that is not known it is asked all the same."""
    for page in aws.ask(_STATUS, region, accountIds=[aws.number]):
        for failed in page.get("failedAccounts", []):
            aws.note(f"{_STATUS} in {region}: {failed['errorCode']}")
        for account in page["accounts"]:
            if (state := account["state"]["status"]) != "ENABLED":
                aws.note(f"Inspector is {state} in {region}: nothing is scanned there, which is not clean")
                return False
    return True


def _equals(*values: str) -> list[dict[str, str]]:
    return [{"comparison": "EQUALS", "value": value} for value in values]


def _one_a_cve(findings: list[dict[str, Any]]) -> list[str]:
    """A finding of each CVE: CISA's date is the same for all of them. One that is open is not forgotten meanwhile."""
    newest: dict[str, str] = {}
    for finding in sorted(findings, key=lambda one: (one["status"] == "CLOSED", one["findingArn"])):
        if cve := _cve(finding):
            newest.setdefault(cve, finding["findingArn"])
    return sorted(newest.values())


def _cve(finding: dict[str, Any]) -> str | None:
    id = finding.get("packageVulnerabilityDetails", {}).get("vulnerabilityId", "")
    return id if id.startswith("CVE-") else None


def _due_dates(pages: Pages) -> dict[str, pd.Timestamp]:
    """By CVE, CISA's due date as its first instant on the client's clock."""
    of = {one["findingArn"]: _cve(one) for _, one in _aws.each(pages.items, _FINDINGS, "findings")}
    days = {of[one["findingArn"]]: _aws.instant(one.get("cisaData", {}).get("dateDue"))
            for _, one in _aws.each(pages.items, _DETAILS, "findingDetails")}  # fmt: skip
    zone = pages.settings.zone
    return {cve: pd.Timestamp(_values.instant(str(day.date()), zone)) for cve, day in days.items() if day is not None}


def _covered(pages: Pages) -> dict[str, dict[str, set[str]] | None]:
    """By region and resource, ACTIVE where it is scanned, else why not; a region that was not read whole has none."""
    whole = {answer.region: answer.is_whole for answer in pages.items if answer.operation == _COVERAGE}
    made: dict[str, dict[str, set[str]]] = {region: {} for region in whole}
    for answer, one in _aws.each(pages.items, _COVERAGE, "coveredResources"):
        if one["scanType"] in _SCANS:
            made[answer.region].setdefault(one["resourceId"], set()).add(_word(one))
    return {region: made[region] if is_whole else None for region, is_whole in whole.items()}


def _word(covered: dict[str, Any]) -> str:
    state = covered.get("scanStatus", {})
    return "ACTIVE" if state.get("statusCode") == "ACTIVE" else state.get("reason", "not told")


def _end(region: str, finding: dict[str, Any], covered: dict[str, dict[str, set[str]] | None]) -> str | None:
    """The column of when it ended; empty while it is open, None where it ended and it is not known how."""
    if finding["status"] != "CLOSED":
        return ""
    listed = covered.get(region)
    if listed is None:
        return None
    words = listed.get(finding["resources"][0]["id"], set())
    if words & _FIXED:
        return "fixed_at"
    return "asset_gone_at" if words <= _GONE else None


def _row(pages: Pages, region: str, finding: dict[str, Any]) -> dict[str, Any]:
    resource, details = finding["resources"][0], finding.get("packageVulnerabilityDetails", {})
    id, address, kinds = resource["id"], details.get("sourceUrl", ""), resource.get("details", {})
    return {
        "finding_id": finding["findingArn"],
        "asset": _aws.resource(pages, region, id) if id.startswith("arn:") else id,
        "service": resource.get("tags", {}).get("Name") or kinds.get("awsEcrContainerImage", {}).get("repositoryName")
        or kinds.get("awsLambdaFunction", {}).get("functionName"),
        "cve": _cve(finding), "title": finding.get("title") or details.get("vulnerabilityId"),
        "severity": _SEVERITIES.get(finding["severity"], "unknown"),
        "found_at": _aws.instant(finding["firstObservedAt"]), "fix_available": _FIX.get(finding.get("fixAvailable")),
        "epss": _aws.amount(finding.get("epss", {}).get("score")),
        "url": _values.address(address),
    }  # fmt: skip


def _blind(pages: Pages) -> Iterator[str]:
    """What Inspector should scan and does not, by why not."""
    found: dict[str, set[str]] = {}
    for _, one in _aws.each(pages.items, _COVERAGE, "coveredResources"):
        if one["scanType"] in _SCANS and _word(one) not in _MEANT:
            found.setdefault(_word(one), set()).add(one["resourceId"])
    for why, ids in sorted(found.items()):
        yield f"{len(ids)} resources are not scanned ({why}), such as {min(ids)}, which is not clean"


def _not_wanted(pages: Pages) -> Iterator[str]:
    """Which kinds of resources Inspector was told not to scan."""
    for answer, account in _aws.each(pages.items, _STATUS, "accounts"):
        kinds = account["resourceState"]
        off = [kind for kind in ("ec2", "ecr", "lambda") if kinds.get(kind, {}).get("status", "DISABLED") != "ENABLED"]
        if off and account["state"]["status"] == "ENABLED":
            yield f"Inspector does not scan {', '.join(off)} in {answer.region}"

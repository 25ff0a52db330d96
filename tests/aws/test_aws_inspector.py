"""Vulnerabilities as Amazon Inspector tells of them."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import aws_inspector
from tests.aws.conftest import NOW, OCTOBER, OURS, account, at, settings

WEB, DB, OLD = "i-0123456789abcdef0", "i-0123456789abcdef1", "i-0123456789abcdef2"
IMAGE = f"arn:aws:ecr:eu-west-1:{OURS}:repository/shop/sha256:{'a' * 64}"
FOUND, CLOSED = "2026-10-05T08:00", "2026-10-30T09:30"


def arn(number: int, region: str = "eu-west-1") -> str:
    return f"arn:aws:inspector2:{region}:{OURS}:finding/{number:032x}"


def finding(number: int, cve: str = "CVE-2026-0001", resource: str = WEB, region: str = "eu-west-1", **more) -> dict:
    kind = "AWS_EC2_INSTANCE" if resource.startswith("i-") else "AWS_ECR_CONTAINER_IMAGE"
    return {
        "findingArn": arn(number, region), "awsAccountId": OURS, "type": "PACKAGE_VULNERABILITY", "description": "weak",
        "title": f"{cve} - openssl", "remediation": {}, "severity": "HIGH", "status": "ACTIVE",
        "firstObservedAt": at(FOUND), "lastObservedAt": at("2026-10-31T08:00"),
        "resources": [{"type": kind, "id": resource, "tags": {"Name": "web"}}], "fixAvailable": "YES",
        "packageVulnerabilityDetails": {
            "vulnerabilityId": cve, "source": "NVD", "sourceUrl": f"https://nvd.example/{cve}"},
        **more,
    }  # fmt: skip


def closed(number: int, resource: str, **more) -> dict:
    return finding(number, resource=resource, status="CLOSED", updatedAt=at(CLOSED), **more)


def scanned(resource: str, code: str = "ACTIVE", reason: str = "SUCCESSFUL", scan: str = "PACKAGE") -> dict:
    return {"resourceId": resource, "resourceType": "AWS_EC2_INSTANCE", "accountId": OURS, "scanType": scan,
            "scanStatus": {"statusCode": code, "reason": reason}}  # fmt: skip


def status(word: str = "ENABLED", ecr: str = "ENABLED") -> dict:
    def state(word: str) -> dict:
        return {"status": word, "errorCode": "ALREADY_ENABLED", "errorMessage": "none"}

    kinds = {"ec2": state("ENABLED"), "ecr": state(ecr), "lambda": state("ENABLED")}
    return {"accounts": [{"accountId": OURS, "state": state(word), "resourceState": kinds}]}


def one_region(aws, findings: list[dict], coverage: list[dict], details: dict | None = None, word: str = "ENABLED"):
    aws.answer("inspector2:BatchGetAccountStatus", status(word))
    aws.answer("inspector2:ListCoverage", {"coveredResources": coverage})
    aws.answer("inspector2:ListFindings", {"findings": findings})
    aws.answer("inspector2:BatchGetFindingDetails", details or {"findingDetails": [], "errors": []})
    return settings(aws_inspector, "vulnerability")


def world(aws):
    """In two regions: one that CISA lists, one that is hidden, one that was fixed, one that went with its machine."""
    aws.answer("inspector2:BatchGetAccountStatus", status())
    aws.answer("inspector2:ListCoverage", {"coveredResources": [scanned(WEB)]}, {"coveredResources": [
        scanned(DB), scanned(OLD, "INACTIVE", "RESOURCE_TERMINATED")]})  # fmt: skip
    aws.answer("inspector2:ListFindings", {"findings": [
        finding(1, "CVE-2026-0001", epss={"score": 0.1}),
        finding(2, "CVE-2026-0002", status="SUPPRESSED", severity="CRITICAL", fixAvailable="PARTIAL"),
    ]}, {"findings": [closed(3, DB), closed(4, OLD)]}, region="eu-west-1")  # fmt: skip
    image = finding(5, "CVE-2026-0003", IMAGE.replace("eu-west-1", "us-east-1"), "us-east-1")
    aws.answer("inspector2:ListFindings", {"findings": [image]}, region="us-east-1")
    aws.answer("inspector2:BatchGetFindingDetails", {"errors": [], "findingDetails": [
        {"findingArn": arn(1), "cisaData": {"dateDue": at("2026-10-21T00:00")}}]}, region="eu-west-1")  # fmt: skip
    aws.answer("inspector2:BatchGetFindingDetails", {"findingDetails": [], "errors": [
        {"findingArn": arn(5, "us-east-1"), "errorCode": "FINDING_DETAILS_NOT_FOUND", "errorMessage": "none"}]},
        region="us-east-1")  # fmt: skip
    return [settings(aws_inspector, "vulnerability", account(regions=["eu-west-1", "us-east-1"]))]


def read(given):
    rows, seen = sources.read(aws_inspector, given, OCTOBER)
    return rows.set_index("finding_id"), seen


def test_each_finding_is_told_once_and_how_it_ended(aws):
    rows, seen = read(world(aws)[0])
    assert (seen.status, len(rows)) == ("ok", 5)
    assert rows["fixed_at"].dropna().to_dict() == {arn(3): pd.Timestamp(CLOSED, tz="UTC")}
    assert rows["asset_gone_at"].dropna().to_dict() == {arn(4): pd.Timestamp(CLOSED, tz="UTC")}
    assert rows.loc[arn(2), "severity"] == "critical" and pd.isna(rows.loc[arn(2), "risk_accepted_at"])  # only hidden
    assert set(rows["found_at"]) == {pd.Timestamp(FOUND, tz="UTC")}
    # What went with its resource is told for three days.
    assert (seen.observed_start, seen.observed_end) == (NOW - pd.Timedelta(days=3), OCTOBER.end)


def test_a_row_says_what_and_where_it_is_and_whether_there_is_a_fix(aws):
    rows, _ = read(world(aws)[0])
    first, image = rows.loc[arn(1)], rows.loc[arn(5, "us-east-1")]
    assert first[["asset", "service", "cve", "title", "url"]].tolist() == [
        WEB, "web", "CVE-2026-0001", "CVE-2026-0001 - openssl", "https://nvd.example/CVE-2026-0001"]  # fmt: skip
    assert first["epss"] == Decimal("0.1") and pd.isna(image["epss"])
    assert rows["fix_available"].to_dict() == {arn(1): True, arn(2): False, arn(3): True, arn(4): True,
                                               arn(5, "us-east-1"): True}  # fmt: skip
    assert image["asset"] == f"repository/shop/sha256:{'a' * 64} (us-east-1)"


def test_cisas_date_is_asked_once_for_each_cve_and_holds_for_all_of_its_findings(aws):
    given = world(aws)[0].model_copy(update={"zone": "Europe/Berlin"})
    rows, _ = read(given)
    due = pd.Timestamp("2026-10-20 22:00", tz="UTC")  # midnight in Berlin
    assert rows["kev_due_at"].dropna().to_dict() == {arn(1): due, arn(3): due, arn(4): due}
    asked = [one["findingArns"] for one in aws.asked("inspector2:BatchGetFindingDetails")]
    assert asked == [[arn(1), arn(2)], [arn(5, "us-east-1")]]


def test_details_are_asked_of_ten_findings_at_a_time(aws):
    given = one_region(aws, [finding(n, f"CVE-2026-{n:04d}") for n in range(11)], [scanned(WEB)])
    rows, _ = read(given)
    assert len(rows) == 11
    assert [len(one["findingArns"]) for one in aws.asked("inspector2:BatchGetFindingDetails")] == [10, 1]


def test_only_the_accounts_own_findings_are_asked_for(aws):
    read(world(aws)[0])
    own = [{"comparison": "EQUALS", "value": OURS}]
    assert {str(one["filterCriteria"]["awsAccountId"]) for one in aws.asked("inspector2:ListFindings")} == {str(own)}
    assert aws.asked("inspector2:ListCoverage")[0]["filterCriteria"] == {"accountId": own}


@pytest.mark.parametrize(("code", "reason", "column"), [
    ("ACTIVE", "SUCCESSFUL", "fixed_at"), ("INACTIVE", "EC2_INSTANCE_STOPPED", "fixed_at"),
    ("INACTIVE", "RESOURCE_TERMINATED", "asset_gone_at"), ("INACTIVE", "SCAN_ELIGIBILITY_EXPIRED", "asset_gone_at"),
    ("", "", "asset_gone_at"),  # no longer listed
])  # fmt: skip
def test_a_closed_one_was_fixed_or_went_with_its_resource(aws, code, reason, column):
    given = one_region(aws, [closed(1, OLD)], [scanned(OLD, code, reason)] if code else [])
    rows, seen = read(given)
    other = {"fixed_at": "asset_gone_at", "asset_gone_at": "fixed_at"}[column]
    assert rows.loc[arn(1), column] == pd.Timestamp(CLOSED, tz="UTC") and pd.isna(rows.loc[arn(1), other])
    assert seen.status == "ok"


def test_one_that_was_closed_because_nobody_scans_any_more_is_left_as_it_was(aws):
    given = one_region(aws, [closed(1, OLD), finding(2)], [scanned(WEB), scanned(OLD, "INACTIVE", "EXCLUDED_BY_TAG")])
    rows, seen = read(given)
    assert list(rows.index) == [arn(2)] and seen.status == "partial"
    assert seen.why == f"1 findings were closed, and not why, such as {arn(1)}: they are left as they were"


def test_what_was_scanned_is_not_known_where_its_list_was_not_read_to_its_end(aws):
    given = world(aws)[0]
    aws.fault("inspector2:ListCoverage", "denied", at=2, times=1)
    rows, seen = read(given)
    assert sorted(rows.index) == sorted([arn(1), arn(2), arn(5, "us-east-1")]) and seen.status == "partial"


def test_what_is_not_scanned_is_not_clean(aws):
    given = one_region(aws, [], [scanned(WEB, "INACTIVE", "UNMANAGED_EC2_INSTANCE"),
                                 scanned(DB, "INACTIVE", "UNMANAGED_EC2_INSTANCE", "NETWORK"),
                                 scanned(OLD, "INACTIVE", "EC2_INSTANCE_STOPPED")])  # fmt: skip
    rows, seen = read(given)
    assert rows.empty and seen.status == "partial"
    assert seen.why == f"1 resources are not scanned (UNMANAGED_EC2_INSTANCE), such as {WEB}, which is not clean"


def test_where_inspector_is_off_nothing_is_said_to_be_clean(aws):
    rows, seen = read(one_region(aws, [], [], word="DISABLED"))
    assert rows.empty and seen.status == "unavailable"
    assert "Inspector is DISABLED in eu-west-1: nothing is scanned there, which is not clean" in seen.why
    given = world(aws)[0]
    aws.answer("inspector2:BatchGetAccountStatus", status("DISABLED"), region="us-east-1")
    rows, seen = read(given)
    assert len(rows) == 4 and (seen.status, "DISABLED in us-east-1" in seen.why) == ("partial", True)


def test_kinds_that_inspector_was_told_not_to_scan_are_noted(aws):
    given = one_region(aws, [finding(1)], [scanned(WEB)])
    aws.answer("inspector2:BatchGetAccountStatus", status(ecr="DISABLED"))
    _, seen = read(given)
    assert (seen.status, seen.why) == ("ok", "Inspector does not scan ecr in eu-west-1")


def test_an_empty_account_is_empty_and_whole(aws):
    rows, seen = read(one_region(aws, [], []))
    assert rows.empty and (seen.status, seen.why) == ("ok", "")
    assert not aws.asked("inspector2:BatchGetFindingDetails")


def test_odd_values_are_missing_or_unknown_and_said(aws):
    bare = finding(2, "GHSA-1", severity="UNTRIAGED")
    for name in ("title", "fixAvailable"):
        del bare[name]
    bare["packageVulnerabilityDetails"]["sourceUrl"] = "javascript:alert(1)"
    twice = finding(3, severity="DREADFUL")
    twice["resources"] = [*twice["resources"], {"type": "AWS_EC2_INSTANCE", "id": DB}]
    details = {"findingDetails": [], "errors": [
        {"findingArn": arn(1), "errorCode": "INTERNAL_ERROR", "errorMessage": "none"}]}  # fmt: skip
    rows, seen = read(one_region(aws, [finding(1, severity="INFORMATIONAL"), bare, twice], [scanned(WEB)], details))
    assert rows["severity"].to_dict() == {arn(1): "low", arn(2): "unknown", arn(3): "unknown"}
    odd = rows.loc[arn(2)]
    assert odd["title"] == "GHSA-1" and odd[["cve", "fix_available", "url", "kev_due_at"]].isna().all()
    assert seen.status == "partial" and seen.why == (
        f"severities that are not known: DREADFUL; 1 findings name several resources, such as {arn(3)}: the first is "
        f"told; of 1 findings CISA's date is not known, such as {arn(1)}: INTERNAL_ERROR")  # fmt: skip

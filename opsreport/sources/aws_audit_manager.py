"""What AWS Audit Manager holds for an audit: each control of an assessment, and what its evidence says.

Documentation: https://docs.aws.amazon.com/audit-manager/latest/APIReference/API_GetAssessment.html,
API_ListControlDomainInsightsByAssessment and API_ListAssessmentControlInsightsByControlDomain, and
https://docs.aws.amazon.com/audit-manager/latest/userguide/assessment-reports.html. Permission:
auditmanager:GetAccountStatus, ListAssessments, GetAssessment, ListControlDomainInsightsByAssessment and
ListAssessmentControlInsightsByControlDomain. Assessments are told to the account that made them: in an
organization the one that administers Audit Manager for it. AWS takes no new customers for it since 30 April 2026.

The assessment reports that it puts in S3 are not read. Each is a zip of PDFs, with a digest to check them by,
of the evidence that somebody chose: nothing in it is for a program, and by AWS's own words it does not assess
the evidence. The numbers are in the API. How much was chosen for the report is report_evidence_count; that a
report was made, and when (ListAssessmentReports), says nothing of a control.

AWS tells what is so now, and forgets what it counted before: collect daily. Active assessments are told; one
that is over collects no more. compliant, noncompliant and inconclusive count the evidence of one day, that of
counted_at, by the rulings of Security Hub and Config; inconclusive is what these did not rule on, such as calls
and what people upload. They say what was found, and nobody's verdict on a control. AWS lists a control only
where it collected evidence that day: the counts of any other are missing, not 0. evidence_count is all since
the assessment began. The folders of evidence are not asked for: they take a question a control, and tell of
issues but not of what complies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("control_check",)
_STATUS, _ASSESSMENTS, _CONTROLS, _DOMAINS, _COUNTS = OPERATIONS = (
    "auditmanager:GetAccountStatus", "auditmanager:ListAssessments", "auditmanager:GetAssessment",
    "auditmanager:ListControlDomainInsightsByAssessment",
    "auditmanager:ListAssessmentControlInsightsByControlDomain",
)  # fmt: skip
KEEPS = {"control_check": _aws.ONLY_NOW}

Settings = _aws.AwsSettings

#: An assessment may be deleted while it is read.
_GONE = ("ResourceNotFoundException",)
_STATES = {"UNDER_REVIEW": "under review", "REVIEWED": "reviewed", "INACTIVE": "inactive"}


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """The active assessments of each region, their controls, and the newest counts of these."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        # Where Audit Manager is not set up it answers nothing else.
        if any(page.get("status") != "ACTIVE" for page in aws.ask(_STATUS, region)):
            continue
        for page in aws.ask(_ASSESSMENTS, region, status="ACTIVE"):
            for assessment in page.get("assessmentMetadata") or []:
                _ask(aws, region, assessment["id"])
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a control of an assessment, as it is now."""
    counted, rows = _counted(pages), []
    for answer, assessment in _assessments(pages):
        id, listed = answer.asked["assessmentId"], list(_controls(assessment))
        times = Counter(control["id"] for _, control in listed)
        for part, control in listed:
            # A control that stands in two parts has counts in each.
            key = (id, control["id"]) if times[control["id"]] == 1 else (id, control["id"], part)
            rows.append({
                "control_id": f"{id}/{part}/{control['id']}", "control_set": part,
                "assessment": _aws.within(pages, answer.region, assessment.get("metadata", {}).get("name") or id),
                "framework": assessment.get("framework", {}).get("metadata", {}).get("name"),
                "observed_at": pages.extra["now"], **_row(control, counted.get(key, {})),
            })  # fmt: skip
    return {"control_check": _aws.rows_of("control_check", rows)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """That Audit Manager is nowhere set up; counts of controls that are not listed, and new words for a state."""
    status = {answer.region: answer.body.get("status") for answer in pages.items if answer.operation == _STATUS}
    if status and "ACTIVE" not in status.values() and pages.status == "ok":
        return {"control_check": ("ok", f"Audit Manager is not set up in {', '.join(status)}")}
    listed = {answer.asked["assessmentId"]: list(_controls(one)) for answer, one in _assessments(pages)}
    known = {(id, control["id"]) for id, controls in listed.items() for _, control in controls}
    lost = sorted({key[:2] for key in _counted(pages)} - known)
    states = {one["status"] for held in listed.values() for _, one in held if one.get("status")} - set(_STATES)
    said = [f"{len(lost)} controls have counts and are not listed, such as {lost[0][1]}"] if lost else []
    said += [f"AWS says {', '.join(sorted(states))} of the state of a control"] if states else []
    return {"control_check": ("partial", "; ".join(said))} if said else {}


def _ask(aws: _aws.Questions, region: str, id: str) -> None:
    """Ask for an assessment's controls, and for their counts in each domain that has some."""
    if not aws.ask(_CONTROLS, region, absent=_GONE, assessmentId=id):
        return
    for page in aws.ask(_DOMAINS, region, absent=_GONE, assessmentId=id):
        for domain in page.get("controlDomainInsights") or []:
            aws.ask(_COUNTS, region, absent=_GONE, assessmentId=id, controlDomainId=domain["id"])


def _assessments(pages: Pages) -> Iterator[tuple[_aws.Answer, dict[str, Any]]]:
    for answer in pages.items:
        if answer.operation == _CONTROLS:
            yield answer, answer.body.get("assessment") or {}


def _controls(assessment: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each control, with the part of the framework that it stands in."""
    for part in assessment.get("framework", {}).get("controlSets") or []:
        for control in part.get("controls") or []:
            yield part["id"], control


def _counted(pages: Pages) -> dict[tuple[str, ...], dict[str, Any]]:
    """The newest counts, by assessment and control, and by the part that it stands in too."""
    told = [(answer.asked["assessmentId"], one)
            for answer, one in _aws.each(pages.items, _COUNTS, "controlInsightsByAssessment")]  # fmt: skip
    # A control is told of in each domain that it belongs to.
    told.sort(key=lambda pair: str(pair[1].get("lastUpdated", "")))
    return {key: one for id, one in told for key in ((id, one["id"]), (id, one["id"], one.get("controlSetName", "")))}


def _row(control: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
    evidence = counts.get("evidenceInsights", {})
    return {
        "control": control.get("name") or control["id"], "status": _STATES.get(control.get("status", "")),
        "counted_at": _aws.instant(counts.get("lastUpdated")),
        "compliant": evidence.get("compliantEvidenceCount"),
        "noncompliant": evidence.get("noncompliantEvidenceCount"),
        "inconclusive": evidence.get("inconclusiveEvidenceCount"),
        "evidence_count": control.get("evidenceCount"),
        "report_evidence_count": control.get("assessmentReportEvidenceCount"),
    }  # fmt: skip

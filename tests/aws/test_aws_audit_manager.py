"""Controls of AWS Audit Manager's assessments, and what their evidence says."""

import pandas as pd

from opsreport import sources
from opsreport.sources import aws_audit_manager
from tests.aws import fake
from tests.aws.conftest import NOW, OCTOBER, OURS, account, at, settings

STATUS, ASSESSMENTS, CONTROLS, DOMAINS, COUNTS = aws_audit_manager.OPERATIONS
PCI, CIS = (f"0000000{n}-0000-0000-0000-000000000000" for n in "12")
MFA, KEYS, LOGS, PAPER = (f"0000000{n}-0000-0000-0000-00000000000c" for n in "1234")
NETWORK, UNSORTED = "arn:aws:controlcatalog:::domain/0000000d", "UNCATEGORIZED"
COUNTED = at("2026-10-31T04:00")
NUMBERS = ["compliant", "noncompliant", "inconclusive", "evidence_count", "report_evidence_count"]


def control(id: str, name: str, evidence: int = 0, **more) -> dict:
    return {"id": id, "name": name, "status": "UNDER_REVIEW", "evidenceCount": evidence,
            "assessmentReportEvidenceCount": 0, **more}  # fmt: skip


def assessment(id: str, name: str, **parts: list[dict]) -> dict:
    sets = [{"id": part.replace("_", " "), "status": "ACTIVE", "controls": held} for part, held in parts.items()]
    return {"assessment": {"metadata": {"id": id, "name": name, "status": "ACTIVE"}, "framework": {
        "id": id, "metadata": {"name": "PCI DSS V4.0"}, "controlSets": sets}}}  # fmt: skip


def counts(id: str, bad: int, good: int, open: int, part: str = "Access", **more) -> dict:
    return {"id": id, "name": "as listed", "controlSetName": part, "lastUpdated": COUNTED, "evidenceInsights": {
        "noncompliantEvidenceCount": bad, "compliantEvidenceCount": good, "inconclusiveEvidenceCount": open},
        **more}  # fmt: skip


def paged(*pages: dict):
    """Pages of one answer, in turn."""

    def script(asked: dict) -> dict:
        at = int(asked.get("nextToken", "0"))
        return {**pages[at], **({"nextToken": str(at + 1)} if at + 1 < len(pages) else {})}

    return script


def world(aws, more: tuple[dict, ...] = (), **listed):
    """An assessment of four controls, one of them without evidence, counted in two domains of two pages each."""
    aws.answer(STATUS, {"status": "ACTIVE"})
    aws.answer(ASSESSMENTS, {"assessmentMetadata": [{"id": PCI, "name": "Card data", "status": "ACTIVE"}]},
               {"assessmentMetadata": []})  # fmt: skip
    held = {"Access": [control(MFA, "Second factor", 840, status="REVIEWED", assessmentReportEvidenceCount=12),
                       control(KEYS, "Old keys", 400), *more],
            "Audit_trail": [control(LOGS, "Logs are kept", 90), control(PAPER, "Staff are told", 3)]}  # fmt: skip
    aws.answer(CONTROLS, assessment(PCI, "Card data", **(held | listed)))
    aws.answer(DOMAINS, {"controlDomainInsights": [{"id": NETWORK}]}, {"controlDomainInsights": [{"id": UNSORTED}]})
    by_domain = {
        NETWORK: paged({"controlInsightsByAssessment": [counts(MFA, 3, 17, 1)]},
                       {"controlInsightsByAssessment": [counts(KEYS, 0, 8, 0)]}),
        UNSORTED: paged({"controlInsightsByAssessment": [counts(MFA, 3, 17, 1)]},
                        {"controlInsightsByAssessment": [counts(LOGS, 0, 0, 5, "Audit trail")]}),
    }  # fmt: skip
    aws.script(COUNTS, lambda asked: by_domain[asked["controlDomainId"]](asked))
    return [settings(aws_audit_manager)]


def read(given) -> tuple[pd.DataFrame, sources.Coverage]:
    return sources.read(aws_audit_manager, given, OCTOBER)


def told(rows: pd.DataFrame, *columns: str) -> dict[str, list]:
    return {row["control"]: [None if pd.isna(row[name]) else row[name] for name in columns]
            for row in rows.to_dict("records")}  # fmt: skip


def test_each_control_is_told_with_what_its_evidence_says_and_without_counts_where_there_was_none(aws):
    rows, seen = read(*world(aws))
    assert (seen.status, seen.why, seen.rows, seen.observed_end) == ("ok", "", 4, NOW)
    assert told(rows, *NUMBERS) == {
        "Second factor": [17, 3, 1, 840, 12], "Old keys": [8, 0, 0, 400, 0],
        "Logs are kept": [0, 0, 5, 90, 0], "Staff are told": [None, None, None, 3, 0],
    }  # fmt: skip
    assert told(rows, "status", "counted_at")["Second factor"] == ["reviewed", pd.Timestamp(COUNTED)]
    assert told(rows, "status", "counted_at")["Staff are told"] == ["under review", None]
    assert told(rows, "assessment", "framework", "control_set")["Logs are kept"] == [
        "Card data", "PCI DSS V4.0", "Audit trail"]  # fmt: skip
    assert rows["control_id"].is_unique and set(rows["observed_at"]) == {NOW}
    assert [one["status"] for one in aws.asked(ASSESSMENTS)] == ["ACTIVE", "ACTIVE"]
    assert {one["assessmentId"] for one in aws.asked(COUNTS)} == {PCI}


def test_the_newest_counts_hold_where_two_domains_tell_of_a_control(aws):
    given = world(aws)
    older = counts(MFA, 9, 9, 9, lastUpdated=at("2026-10-30T04:00"))
    pages = {NETWORK: [counts(MFA, 3, 17, 1)], UNSORTED: [older]}
    aws.script(COUNTS, lambda asked: {"controlInsightsByAssessment": pages[asked["controlDomainId"]]})
    assert told(read(*given)[0], *NUMBERS)["Second factor"] == [17, 3, 1, 840, 12]


def test_a_control_that_stands_in_two_parts_has_the_counts_of_each(aws):
    parts = {name: [control(MFA, f"Second factor, {name}")] for name in ("Audit_trail", "Network")}
    given = world(aws, **parts)
    both = [counts(MFA, 3, 17, 1), counts(MFA, 5, 0, 2, "Audit trail")]
    aws.script(COUNTS, lambda asked: {"controlInsightsByAssessment": both})
    rows, seen = read(*given)
    assert told(rows, "noncompliant") == {
        "Second factor": [3], "Old keys": [None], "Second factor, Audit_trail": [5], "Second factor, Network": [None]}
    assert rows["control_id"].is_unique and seen.status == "ok"


def test_where_a_domain_could_not_be_read_its_counts_are_missing_and_never_fewer(aws):
    given = world(aws)
    aws.fault(COUNTS, "denied", at=3, times=0)
    rows, seen = read(*given)
    assert seen.status == "partial" and COUNTS in seen.why
    assert told(rows, "noncompliant", "compliant") == {
        "Second factor": [3, 17], "Old keys": [0, 8], "Logs are kept": [None, None], "Staff are told": [None, None]}


def test_each_region_is_asked_and_two_assessments_of_a_name_are_told_apart(aws):
    world(aws)
    both = settings(aws_audit_manager, "", account(regions=["eu-west-1", "us-east-1"]))
    aws.answer(ASSESSMENTS, {"assessmentMetadata": [{"id": CIS, "name": "Card data"}]}, region="us-east-1")
    aws.answer(CONTROLS, assessment(CIS, "Card data", Access=[control(MFA, "Second factor")]), region="us-east-1")
    aws.answer(DOMAINS, {"controlDomainInsights": [{"id": NETWORK}]}, region="us-east-1")
    aws.answer(COUNTS, {"controlInsightsByAssessment": [counts(MFA, 1, 0, 0)]}, region="us-east-1")
    rows, seen = read(both)
    assert (seen.status, seen.why, seen.rows) == ("ok", "", 5)
    here = rows[rows["assessment"] == "Card data (us-east-1)"]
    assert told(here, "noncompliant") == {"Second factor": [1]} and rows["control_id"].is_unique
    assert set(rows["assessment"]) == {"Card data", "Card data (us-east-1)"}


def test_where_it_is_not_set_up_nothing_else_is_asked_and_that_is_said_where_it_is_so_everywhere(aws):
    world(aws)
    both = settings(aws_audit_manager, "", account(regions=["eu-west-1", "us-east-1"]))
    aws.answer(STATUS, {"status": "INACTIVE"}, region="us-east-1")
    rows, seen = read(both)
    assert (len(rows), seen.status, seen.why) == (4, "ok", "")
    assert {call.region for call in aws.calls if call.operation == ASSESSMENTS} == {"eu-west-1"}
    aws.answer(STATUS, {"status": "INACTIVE"})
    rows, seen = read(both)
    assert rows.empty and (seen.status, seen.why) == ("ok", "Audit Manager is not set up in eu-west-1, us-east-1")


def test_an_account_without_an_active_assessment_is_empty(aws):
    given = world(aws)
    aws.answer(ASSESSMENTS, {"assessmentMetadata": []})
    rows, seen = read(*given)
    assert rows.empty and (seen.status, seen.why) == ("ok", "")


def test_an_assessment_that_is_deleted_while_it_is_read_is_gone(aws, monkeypatch):
    given = world(aws)
    monkeypatch.setitem(fake.FAULTS, "missing", (404, "ResourceNotFoundException", "there is none"))
    aws.fault(CONTROLS, "missing", times=0)
    rows, seen = read(*given)
    assert rows.empty and (seen.status, seen.why) == ("ok", "") and not aws.asked(DOMAINS)


def test_counts_of_a_control_that_is_not_listed_and_a_state_that_is_new_make_it_partial(aws):
    given = world(aws, (control("0000000f-0000-0000-0000-00000000000c", "Backups", status="INACTIVE"),))
    stray = counts("0000000e-0000-0000-0000-00000000000c", 4, 0, 0)
    aws.script(COUNTS, lambda asked: {"controlInsightsByAssessment": [stray]})
    rows, seen = read(*given)
    assert told(rows, "status")["Backups"] == ["inactive"] and rows["noncompliant"].isna().all()
    assert (seen.status, seen.why) == ("partial", f"1 controls have counts and are not listed, such as {stray['id']}")
    aws.script(COUNTS, lambda asked: {})
    aws.answer(CONTROLS, assessment(PCI, "Card data", Access=[control(MFA, "Second factor", status="PAUSED")]))
    rows, seen = read(*given)
    assert told(rows, "status") == {"Second factor": [None]}
    assert (seen.status, seen.why) == ("partial", "AWS says PAUSED of the state of a control")


def test_what_aws_leaves_out_is_unknown(aws):
    given = world(aws)
    aws.answer(CONTROLS, {"assessment": {"framework": {"controlSets": [{"id": "Access", "controls": [{"id": MFA}]}]}}})
    aws.script(COUNTS, lambda asked: {"controlInsightsByAssessment": [{"id": MFA}]})
    (row,) = read(*given)[0].to_dict("records")
    assert row["assessment"] == PCI and row["control"] == MFA
    assert pd.isna([row[name] for name in (*NUMBERS, "framework", "status", "counted_at")]).all()
    assert OURS not in row["assessment"]

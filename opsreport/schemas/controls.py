"""Controls: what an audit looks at, and what the evidence gathered for it says."""

from opsreport.schemas.frame import DECIMAL, INSTANT, Column, Frame, Measure

CONTROL_CHECK = Frame(
    name="control_check",
    title="Audit controls",
    one_row_is="a control of an assessment, when seen",
    key=("control_id", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("control_id", "observed_at"),
    shown=("control", "control_set", "assessment", "noncompliant", "compliant", "inconclusive", "evidence_count",
           "status", "counted_at", "observed_at"),
    columns=(
        Column("control_id", "its id at the source, in its assessment", required=True),
        Column("assessment", "what it is assessed in", required=True),
        Column("framework", "the standard that the assessment follows"),
        Column("control_set", "the part of the standard that it belongs to"),
        Column("control", "what it is called", required=True),
        Column("observed_at", "when it was seen; what is seen at one instant is a snapshot", INSTANT, required=True),
        Column("status", "whether somebody has reviewed it", allowed=("under review", "reviewed", "inactive")),
        Column("counted_at", "when the source last counted: the next three are of evidence of that day", INSTANT),
        Column("compliant", "evidence that a check found to comply", DECIMAL, "pieces"),
        Column("noncompliant", "evidence that a check found not to comply", DECIMAL, "pieces"),
        Column("inconclusive", "evidence on which no check ruled, such as what people upload", DECIMAL, "pieces"),
        Column("evidence_count", "evidence collected since the assessment began", DECIMAL, "pieces"),
        Column("report_evidence_count", "how much of that was chosen for the assessment's report", DECIMAL, "pieces"),
    ),
)  # fmt: skip

#: Columns of what is told of them.
RESULTS: dict[str, Measure] = {
    "control": Measure("Control", "text", "what the standard asks for, by its name at the source"),
    "assessment": Measure("Assessment", "text", "what it is assessed in, by its name at the source"),
    "noncompliant": Measure("Does not comply", "count", "evidence of the last day that a check found not to comply"),
    "compliant": Measure("Complies", "count", "evidence of that day that a check found to comply"),
    "inconclusive": Measure("No ruling", "count", "evidence of that day on which no check ruled"),
    "evidence_count": Measure("In all", "count", "evidence collected since the assessment began"),
    "control_status": Measure("State", "text", "whether somebody has reviewed it", is_words=True),
    "counted_at": Measure("Counted", "date", "your day on which the source last counted its evidence"),
}

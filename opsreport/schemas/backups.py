"""Backups: what was backed up when, and what was proven to come back."""

from opsreport.schemas.frame import DECIMAL, FLAG, INSTANT, Column, Frame, Measure

BACKUP = Frame(
    name="backup",
    title="Backups",
    one_row_is="an attempted backup",
    key=("backup_id",),
    starts="started_at",
    ends="finished_at",
    groups=("backup_id", "resource", "service", "outcome"),
    columns=(
        Column("backup_id", "the source's own id", required=True),
        Column("resource", "what was backed up", required=True),
        Column("service", "the service that it belongs to"),
        Column("started_at", "when it started, which is the instant it can be restored to", INSTANT, required=True),
        Column("finished_at", "when it finished; missing while it runs", INSTANT),
        Column("outcome", "how it ended", required=True, allowed=("success", "failure", "unknown")),
        Column("size_bytes", "how large it is", DECIMAL, "bytes"),
        Column("verified", "whether its content was checked", FLAG),
    ),
)

RESTORE_TEST = Frame(
    name="restore_test",
    title="Restore tests",
    one_row_is="a restore that was tried",
    key=("resource", "started_at"),
    starts="started_at",
    ends="finished_at",
    groups=("resource", "service", "outcome"),
    columns=(
        Column("resource", "what was restored", required=True),
        Column("service", "the service that it belongs to"),
        Column("started_at", "when the restore began", INSTANT, required=True),
        Column("finished_at", "when it was of use again; missing while it runs", INSTANT),
        Column("outcome", "how it ended", required=True, allowed=("success", "failure", "unknown")),
        Column("recovered_to", "the instant that was recovered: the start of the backup used", INSTANT),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}

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

#: Whose rows stand behind a section's figures.
SECTIONS = {"backups": "backup"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "resource": Measure("Resource", "text", "what is backed up, by its name at the source"),
    "backup_id": Measure("Backup", "text", "the source's own id"),
    "backup_due_at": Measure("Due", "instant", "when the plan has it start, on your clock"),
    "backup_day": Measure("Day", "date", "your day on which it was due"),
    "backup_status": Measure(
        "Outcome", "text", "completed, failed, never ran, not known how it ended, or not seen: then it may have run"
    , is_words=True),
    "backup_started_at": Measure("Started", "instant", "when it started, which is the instant it can be restored to"),
    "backup_finished_at": Measure("Finished", "instant", "when it finished"),
    "backups_scheduled": Measure("Scheduled", "count", "backups that the plan has in the month; unknown without one"),
    "backups_completed": Measure("Completed", "count", "of these, completed; without a plan, of all that are known"),
    "backups_failed": Measure("Failed", "count", "ran and failed, and were not made good before the next was due"),
    "backups_missing": Measure("Never ran", "count", "due, and nothing ran"),
    "backups_unsure": Measure("Not known", "count", "not seen, or not known how they ended"),
    "backup_success": Measure("Share completed", "share", "completed over scheduled; unknown while some are not known"),
    "backup_success_worst": Measure("At worst", "share", "if none of those not known had completed"),
    "backup_success_best": Measure("At best", "share", "if all of those not known had completed"),
    "rpo_target": Measure("Agreed RPO", "duration", "how much time it was agreed may be lost"),
    "rpo_achieved": Measure(
        "Achieved RPO",
        "duration",
        "the longest time that a failure in the month could have lost: from the start of the newest finished backup "
        "to the finish of the next, or to the month's end",
    ),
    "rpo_least": Measure("At least", "duration", "if backups had been made in all the time that was not seen"),
    "rpo_most": Measure("At most", "duration", "if none was made in the time that was not seen"),
    "rpo_from": Measure("Nothing newer than", "instant", "the start of the backup with which that time began"),
    "rpo_until": Measure("Until", "instant", "when the next one had finished, or the month's end"),
    "asset_kind": Measure("Kind", "text", "what it is, such as database, volume or bucket"),
    "asset_seen_at": Measure("Last listed", "instant", "when an inventory last listed it, up to the month's end"),
    "backup_scope": Measure("Scope", "text", "whether it was agreed that it is backed up", is_words=True),
    "backup_protection": Measure(
        "Protected", "text", "whether a good backup of it was made in the month", is_words=True
    ),
    "backup_newest_at": Measure("Newest good backup", "instant", "the newest good backup known up to the month's end"),
    "assets_in_scope": Measure("In scope", "count", "assets of which it was agreed that they are backed up"),
    "assets_protected": Measure("Protected", "count", "of these, with a good backup in the month"),
    "assets_unprotected": Measure("Not protected", "count", "of these, without a good backup in the month"),
    "assets_unsure": Measure("Not known", "count", "of these, without a known backup, in a month not seen whole"),
    "assets_scope_unknown": Measure("Scope not recorded", "count", "assets of which no inventory says if it is agreed"),
    "protected_share": Measure("Protected", "share", "protected over in scope; unknown while some are not known"),
    "protected_worst": Measure("At worst", "share", "if all that is not known were in scope and not protected"),
    "protected_best": Measure("At best", "share", "if all that is not known were protected, or out of scope"),
    "inventory_age": Measure("Inventory's age", "duration", "from the newest inventory to the month's end"),
    "restore_tested_at": Measure("Restored on", "date", "when the restore that proves the point was tried"),
    "restored_to": Measure("Proven point", "date", "the newest recovery point that a restore test recovered"),
    "proven_age": Measure("Age at month end", "duration", "from the proven point to the month's end"),
    "restore_time": Measure("Restore took", "duration", "how long that restore took, until it was of use"),
    "rto_target": Measure("Agreed RTO", "duration", "how long a restore may take, by what was agreed"),
    "restore_test_every": Measure("To be tested every", "duration", "how often a restore is tried, by the plan"),
    "restore_due_on": Measure("Test due", "date", "when the next restore test was, or is, due by the plan"),
    "restore_overdue": Measure("Overdue by", "duration", "from that day to the month's end"),
    "restore_since": Measure("Since last test", "duration", "from the newest test that succeeded to the month's end"),
    "restore_state": Measure("Restore test", "text", "in time, overdue, never proven, or not known", is_words=True),
}

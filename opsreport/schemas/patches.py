"""Patches and vulnerabilities: what is missing on which machine, and what is known to be weak."""

from opsreport.schemas.frame import DECIMAL, FLAG, INSTANT, Column, Frame, Measure

SEVERITIES = ("critical", "high", "medium", "low", "unknown")

PATCH_STATE = Frame(
    name="patch_state",
    title="Patch states",
    one_row_is="a machine's patch state, when seen",
    key=("asset", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("asset", "service"),
    columns=(
        Column("asset", "the machine's name or id at the source", required=True),
        Column("service", "the service that it belongs to"),
        Column("observed_at", "when it was seen", INSTANT, required=True),
        Column("missing_critical", "critical patches not installed", DECIMAL, "patches"),
        Column("missing_security", "security patches not installed, the critical ones among them", DECIMAL, "patches"),
        Column("failed", "patches whose installation failed", DECIMAL, "patches"),
        Column("pending_reboot", "whether patches wait for a reboot, and so do not protect yet", FLAG),
        Column("oldest_missing_at", "when the oldest missing critical patch was published", INSTANT),
    ),
)

VULNERABILITY = Frame(
    name="vulnerability",
    title="Vulnerabilities",
    one_row_is="a finding: one weakness in one asset",
    key=("finding_id",),
    starts="found_at",
    ends="fixed_at",
    keeps_earliest=("found_at",),
    groups=("finding_id", "asset", "service", "cve", "severity"),
    columns=(
        Column("finding_id", "the source's own id", required=True),
        Column("asset", "what it was found in"),
        Column("service", "the service that it belongs to"),
        Column("cve", "its CVE id, where it has one"),
        Column("title", "what it is called"),
        Column("severity", "as the source rates it", required=True, allowed=SEVERITIES),
        Column("found_at", "when it was first found", INSTANT, required=True),
        Column("fixed_at", "when it was last fixed; missing while it is open", INSTANT),
        Column("fix_available", "whether a version without it exists", FLAG),
        Column("kev_due_at", "the due day of CISA's known exploited vulnerabilities, as its first instant", INSTANT),
        Column("epss", "probability of being exploited within 30 days (FIRST's EPSS)", DECIMAL, "share"),
        Column("fixed_before_at", "when it had been fixed, where it came back after that", INSTANT),
        Column("reopened_at", "when it came back after it was fixed", INSTANT),
        Column("asset_gone_at", "when the asset was taken away with it", INSTANT),
        Column("last_seen_at", "when its source last listed it; missing where one lists what is gone", INSTANT),
        Column("risk_accepted_at", "when the client accepted to live with it", INSTANT),
        Column("url", "where to read about it"),
    ),
)

#: Whose rows stand behind a section's figures.
SECTIONS = {"patches": "vulnerability"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "asset": Measure("Asset", "text", "its name or id at the source"),
    "known_from": Measure("Known from", "text", "the frame that tells of the machine"),
    "machine_status": Measure(
        "Patch state", "text", "up to date, or why not: missing, failed, waiting for a reboot, unmanaged, not known"
    , is_words=True),
    "patch_seen_at": Measure("Last seen", "instant", "when the patch tool last told of it"),
    "missing_critical": Measure("Critical missing", "count", "critical patches not installed"),
    "missing_security": Measure("Security missing", "count", "security patches not installed, the critical among them"),
    "patches_failed": Measure("Failed", "count", "patches whose installation failed"),
    "reboot_waiting": Measure("Waiting for reboot", "duration", "known to have waited for a reboot, at least so long"),
    "oldest_missing_age": Measure(
        "Oldest critical missing", "duration", "time since the oldest missing critical patch was published"
    ),
    "machines": Measure("Machines", "count", "machines to be patched, those that the patch tool does not reach too"),
    "machines_patched": Measure("Up to date", "count", "machines known to miss nothing and to wait for no reboot"),
    "machines_missing": Measure("Patches missing", "count", "machines that miss security patches"),
    "machines_failed": Measure("Patches failed", "count", "machines on which a patch failed"),
    "machines_pending": Measure("Waiting for reboot", "count", "machines whose patches wait for a reboot: not patched"),
    "machines_unmanaged": Measure("Unmanaged", "count", "machines that the patch tool does not reach: not patched"),
    "machines_unknown": Measure("Not known", "count", "machines whose state was not seen lately, or not told whole"),
    "patched_share": Measure("Known to be patched", "share", "machines known to be up to date, over all machines"),
    "finding_id": Measure("Finding", "text", "the source's own id"),
    "cve": Measure("CVE", "text", "its CVE id, where it has one"),
    "weakness": Measure("Vulnerability", "text", "what it is called"),
    "found_at": Measure("Found", "date", "when it was first found"),
    "patch_deadline": Measure("Agreed within", "duration", "time from finding to fix that is agreed for the severity"),
    "patch_due_at": Measure("Fix due", "date", "when the agreed time ran out, by the term in force when it was found"),
    "patch_overdue": Measure("Past due by", "duration", "time open past its date, to its fix or to the month's end"),
    "kev_due_at": Measure("Date set", "date", "by CISA, the US cyber agency, for vulnerabilities known to be attacked"),
    "epss": Measure("Exploited in 30 days", "share", "probability of being exploited within 30 days (FIRST's EPSS)"),
    "fix_state": Measure(
        "Fix", "text", "whether a version without it exists: exists, none yet or not known", is_words=True
    ),
    "weakness_status": Measure("State", "text", "still open, or how and when it ended", is_words=True),
    "accepted_until": Measure("Until", "date", "the last day on which the risk is accepted"),
    "open_age": Measure("Oldest open", "duration", "time since the longest-known open one was found, or came back"),
    "open_early": Measure("First half", "count", "open, in the first half of the agreed time"),
    "open_late": Measure("Second half", "count", "open, in the second half of the agreed time"),
    "open_past": Measure("Past due", "count", "open past the agreed time"),
    "open_unagreed": Measure("None agreed", "count", "open, without an agreed time"),
    "vulnerabilities_before": Measure("Open before", "count", "open when the month began"),
    "vulnerabilities_new": Measure("New", "count", "first found in the month"),
    "vulnerabilities_reopened": Measure(
        "Reopened", "count", "back in the month: after a fix, or because the risk is no longer accepted"
    ),
    "vulnerabilities_fixed": Measure("Fixed", "count", "fixed in the month, while open"),
    "vulnerabilities_gone": Measure("Asset gone", "count", "gone in the month with the asset that had them"),
    "vulnerabilities_accepted": Measure("Risk accepted", "count", "open until their risk was accepted in the month"),
    "vulnerabilities_open": Measure("Open", "count", "open when the month ended; those whose risk is accepted are not"),
    "vulnerabilities_unfixable": Measure("No fix yet", "count", "open, and no version without it exists yet"),
    "fixed_past_due": Measure("Fixed late", "count", "fixed in the month, after the agreed time"),
    "fix_median": Measure("Median to fix", "duration", "found to fixed, of those fixed in the month; withheld below 5"),
}

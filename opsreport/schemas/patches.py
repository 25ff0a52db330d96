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
    groups=("finding_id", "asset", "service", "cve", "severity"),
    columns=(
        Column("finding_id", "the source's own id", required=True),
        Column("asset", "what it was found in"),
        Column("service", "the service that it belongs to"),
        Column("cve", "its CVE id, where it has one"),
        Column("title", "what it is called"),
        Column("severity", "as the source rates it", required=True, allowed=SEVERITIES),
        Column("found_at", "when it was first found", INSTANT, required=True),
        Column("fixed_at", "when it was last known to be fixed; missing while it is open", INSTANT),
        Column("fix_available", "whether a version without it exists", FLAG),
        Column("kev_due_at", "the due date of CISA's known exploited vulnerabilities, where it is one", INSTANT),
        Column("epss", "probability of being exploited within 30 days (FIRST's EPSS)", DECIMAL, "share"),
        Column("reopened_at", "when it came back after it was fixed", INSTANT),
        Column("asset_gone_at", "when the asset was taken away with it", INSTANT),
        Column("risk_accepted_at", "when the client accepted to live with it", INSTANT),
        Column("url", "where to read about it"),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}

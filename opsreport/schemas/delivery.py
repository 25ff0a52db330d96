"""Delivery: deployments and the changes they carried (https://dora.dev)."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame, Measure

OUTCOMES = ("success", "failure", "rolled_back", "unknown")

DEPLOYMENT = Frame(
    name="deployment",
    title="Deployments",
    one_row_is="a deployment to an environment",
    key=("deployment_id",),
    starts="started_at",
    ends="finished_at",
    groups=("deployment_id", "service", "environment"),
    columns=(
        Column("deployment_id", "the source's own id", required=True),
        Column("service", "the service deployed"),
        Column("environment", "where to, such as production"),
        Column("commit_sha", "the commit deployed"),
        Column("started_at", "when it started", INSTANT, required=True),
        Column("finished_at", "when it finished; missing while it runs", INSTANT),
        Column("outcome", "how it ended", required=True, allowed=OUTCOMES),
        Column("needed_intervention", "whether it reached production and had to be mended at once", FLAG),
        Column("is_rework", "whether it was unplanned, made because of an incident", FLAG),
    ),
)  # fmt: skip

CHANGE = Frame(
    name="change",
    title="Changes",
    one_row_is="a change that a deployment carried",
    key=("change_id", "deployment_id"),
    starts="first_commit_at",
    groups=("change_id", "deployment_id"),
    columns=(
        Column("change_id", "the change's own id: a pull request or a commit", required=True),
        Column("deployment_id", "the deployment that carried it", required=True),
        Column("first_commit_at", "when its first commit was made", INSTANT, required=True),
        Column("merged_at", "when it was merged", INSTANT),
    ),
)

#: Whose rows stand behind a section's figures.
SECTIONS = {"delivery": "deployment"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "deployment_id": Measure("Deployment", "text", "the source's own id"),
    "environment": Measure("To", "text", "the environment deployed to"),
    "commit_sha": Measure("Commit", "text", "the commit deployed"),
    "deployed_at": Measure("Deployed", "instant", "when the deployment finished"),
    "deployed_on": Measure("Day", "date", "your day on which the deployment finished"),
    "deployment_result": Measure(
        "Result", "text", "succeeded, needed intervention, failed before production, or unknown"
    , is_words=True),
    "deployments": Measure("Deployments", "count", "successful deployments to production"),
    "attempts": Measure("Deployments", "count", "deployments to production with this result"),
    "deployments_per_week": Measure("A week", "per_week", "successful deployments to production; withheld below 5"),
    "deployment_days": Measure("Days with one", "count", "your days with a successful deployment"),
    "change_id": Measure("Change", "text", "a pull request or a commit"),
    "first_commit_at": Measure("First commit", "instant", "when the change's first commit was made"),
    "merged_at": Measure("Merged", "instant", "when the change was merged"),
    "lead_time": Measure(
        "Lead time", "duration", "first commit to the production deployment that carried it, finished"
    ),
    "changes": Measure("Changes", "count", "changes that first reached production in the month"),
    "changes_known": Measure(
        "Deployments with known changes", "share", "the rest carried changes that were not recorded"
    ),
    "lead_median": Measure("Median lead time", "duration", "per change; withheld below 5 changes"),
    "lead_p90": Measure("90 % within", "duration", "90th percentile of lead time; withheld below 5 changes"),
    "deployments_reached": Measure(
        "Reached production", "count", "deployments that reached production, failed ones too"
    ),
    "deployments_failed": Measure("Needed intervention", "count", "reached production and had to be mended at once"),
    "intervention_unknown": Measure(
        "Not recorded", "count", "reached production; whether they needed mending is not recorded"
    ),
    "change_fail_rate": Measure(
        "Change fail rate", "share", "needed intervention over reached production; withheld below 5"
    ),
    "change_fail_best": Measure("At best", "share", "when none of those not recorded needed mending"),
    "change_fail_worst": Measure("At worst", "share", "when all of those not recorded needed mending"),
    "recovered": Measure("Recovered", "count", "failed deployments recovered from in the month"),
    "unrecovered": Measure("Not recovered", "count", "failed deployments not recovered from by month end"),
    "recovery_median": Measure("Median to recover", "duration", "withheld below 5 recoveries"),
    "recovery_time": Measure("To recover", "duration", "finish of the failed deployment to recovery"),
    "recovered_at": Measure("Recovered", "instant", "linked incident resolved, else next good deployment finished"),
    "rework": Measure("Rework", "count", "unplanned deployments made because of an incident"),
    "rework_rate": Measure("Rework rate", "share", "rework over deployments that reached production; withheld below 5"),
    "incidents_linked": Measure("Incidents linked", "share", "incidents opened in the month that name a deployment"),
}

"""Delivery: deployments and the changes they carried (https://dora.dev)."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame, Measure

OUTCOMES = ("success", "failure", "rolled_back", "unknown")

DEPLOYMENT = Frame(
    name="deployment",
    one_row_is="a deployment to an environment",
    key=("deployment_id",),
    starts="started_at",
    ends="finished_at",
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
    one_row_is="a change that a deployment carried",
    key=("change_id", "deployment_id"),
    starts="first_commit_at",
    columns=(
        Column("change_id", "the change's own id: a pull request or a commit", required=True),
        Column("deployment_id", "the deployment that carried it", required=True),
        Column("first_commit_at", "when its first commit was made", INSTANT, required=True),
        Column("merged_at", "when it was merged", INSTANT),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}

"""Pipelines: the runs of continuous integration."""

from opsreport.schemas.frame import INSTANT, Column, Frame, Measure

PIPELINE_RUN = Frame(
    name="pipeline_run",
    title="Pipeline runs",
    one_row_is="a run of a pipeline, or of one job of it",
    key=("run_id",),
    starts="started_at",
    ends="finished_at",
    groups=("run_id", "pipeline", "job", "service", "outcome"),
    columns=(
        Column("run_id", "the source's own id", required=True),
        Column("pipeline", "the pipeline's name", required=True),
        Column("job", "the job within it; missing where the row is the whole run"),
        Column("service", "the service that it builds"),
        Column("branch", "the branch that it ran on"),
        Column("commit_sha", "the commit that it ran on"),
        Column("started_at", "when it started", INSTANT, required=True),
        Column("finished_at", "when it finished; missing while it runs", INSTANT),
        Column("outcome", "how it ended", required=True, allowed=("success", "failure", "cancelled", "unknown")),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}

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
        Column("branch", "the branch that it ran on; the main one is called main, master or trunk"),
        Column("commit_sha", "the commit that it ran on"),
        Column("started_at", "when it started", INSTANT, required=True),
        Column("finished_at", "when it finished; missing while it runs", INSTANT),
        Column("outcome", "how it ended", required=True, allowed=("success", "failure", "cancelled", "unknown")),
    ),
)

#: Whose rows stand behind a section's figures.
SECTIONS = {"pipeline": "pipeline_run"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "pipeline": Measure("Pipeline", "text", "the pipeline's name"),
    "job": Measure("Job", "text", "the job within its pipeline"),
    "runs_succeeded": Measure("Succeeded", "count", "whole runs that ended well"),
    "runs_failed": Measure("Failed", "count", "whole runs that failed"),
    "runs_cancelled": Measure("Cancelled", "count", "whole runs that were called off; in no share"),
    "runs_unknown": Measure("Unknown", "count", "whole runs whose end is not known; in no share"),
    "run_success_share": Measure("Success", "share", "succeeded over succeeded and failed; withheld below 5 runs"),
    "run_median": Measure("Median duration", "duration", "of runs that succeeded; withheld below 5 of them"),
    "time_red": Measure(
        "Time red", "duration", "time in the month from a failed run on the main branch to its next success"
    ),
    "red_from": Measure("Red from", "instant", "when the run that failed finished"),
    "red_until": Measure("Until", "instant", "when the next success on the main branch finished"),
    "red_lasted": Measure("Lasted", "duration", "from the failure to the next success, else to the month's end"),
    "ran_on": Measure("Day", "date", "your day on which the runs finished"),
    "jobs_run": Measure("Jobs", "count", "jobs that succeeded or failed on some commit in the month"),
    "jobs_flaky": Measure("Flaky jobs", "count", "jobs that failed and succeeded on one commit"),
    "flaky_commits": Measure(
        "Commits with both outcomes", "count", "commits on which the job failed and succeeded, by the later of the two"
    ),
    "job_commits": Measure("Commits", "count", "commits on which the job succeeded or failed in the month"),
    "flaky_share": Measure("Flaky", "share", "commits with both outcomes, over all; withheld below 5"),
    "flaky_newest_at": Measure("Last seen", "instant", "when the newest commit had both outcomes"),
}

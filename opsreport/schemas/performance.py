"""Performance: how much was asked of a service, how fast it answered, how pages felt."""

from opsreport.schemas.frame import DECIMAL, INSTANT, Column, Frame, Measure

REQUEST_LOAD = Frame(
    name="request_load",
    title="Requests",
    one_row_is="an hour of a service, or a longer window that its source measured as a whole",
    key=("service", "started_at", "ended_at"),
    starts="started_at",
    ends="ended_at",
    groups=("service",),
    columns=(
        Column("service", "the service asked", required=True),
        Column("started_at", "when the window begins", INSTANT, required=True),
        Column("ended_at", "when it ends, not included", INSTANT, required=True),
        Column("requests", "how many were asked", DECIMAL, "requests"),
        Column("errors", "how many of them the service failed", DECIMAL, "requests"),
        Column("latency_p50", "half of the answers were at least as fast", DECIMAL, "s"),
        Column("latency_p95", "95 % of the answers were at least as fast", DECIMAL, "s"),
        Column("latency_p99", "99 % of the answers were at least as fast", DECIMAL, "s"),
        Column("latency_buckets", 'a histogram as JSON: upper bound in seconds to cumulative count, {"0.1": 940}'),
    ),
)

WEB_VITAL = Frame(
    name="web_vital",
    title="Web vitals",
    one_row_is="a page and month, at the 75th percentile of its visits",
    key=("page", "started_at"),
    starts="started_at",
    ends="ended_at",
    groups=("page", "service"),
    columns=(
        Column("page", "the page, as its source calls it", required=True),
        Column("service", "the service that serves it"),
        Column("started_at", "when the window begins", INSTANT, required=True),
        Column("ended_at", "when it ends, not included", INSTANT),
        Column("lcp", "largest contentful paint", DECIMAL, "s"),
        Column("inp", "interaction to next paint", DECIMAL, "s"),
        Column("cls", "cumulative layout shift", DECIMAL, "ratio"),
        Column("visits", "visits that were measured", DECIMAL, "visits"),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}

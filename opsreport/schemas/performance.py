"""Performance: how much was asked of a service, how fast it answered, how pages felt."""

from dataclasses import dataclass

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
        Column("latency_p50", "half of the requests were answered at least as fast", DECIMAL, "s"),
        Column("latency_p95", "95 % of the requests were answered at least as fast", DECIMAL, "s"),
        Column("latency_p99", "99 % of the requests were answered at least as fast", DECIMAL, "s"),
        Column(
            "latency_buckets",
            'a histogram as JSON: upper bound in seconds to cumulative count, {"0.1": 940, "+Inf": 1000}',
        ),
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
        Column("ended_at", "when it ends, not included", INSTANT, required=True),
        Column("lcp", "largest contentful paint", DECIMAL, "s"),
        Column("inp", "interaction to next paint", DECIMAL, "s"),
        Column("cls", "cumulative layout shift", DECIMAL, "ratio"),
        Column("visits", "visits that were measured", DECIMAL, "visits"),
    ),
)


@dataclass(frozen=True)
class Limit:
    """Up to where a web vital is good, and beyond what it is poor.

    Attributes
    ----------
    name : str
        In plain words.
    unit : str
        As `opsreport.theme.Style.text` writes it.
    """

    name: str
    unit: str
    good: float
    poor: float


#: At the 75th percentile of visits: https://web.dev/articles/vitals
VITAL_LIMITS = {
    "lcp": Limit("main picture shown", "seconds", 2.5, 4.0),
    "inp": Limit("reaction to a tap", "seconds", 0.2, 0.5),
    "cls": Limit("layout shift", "number", 0.1, 0.25),
}

#: Whose rows stand behind a section's figures.
SECTIONS = {"performance": "request_load"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "requests": Measure("Requests", "count", "requests of the hours that were seen, each counted once"),
    "last_requests": Measure("Last month", "count", "requests of the month before"),
    "requests_change": Measure(
        "Change a day", "share", "requests a day over those of the month before; both months seen whole", signed=True
    ),
    "errors": Measure("Failed", "count", "requests that the service failed"),
    "error_rate": Measure("Error rate", "error_rate", "failed requests over all, where both are known"),
    "error_rate_target": Measure("Agreed at most", "error_rate", "the share of requests that may fail"),
    "error_rate_best": Measure("At best", "error_rate", "if no request of the hours not seen had failed"),
    "error_rate_worst": Measure("At worst", "error_rate", "if every request of the hours not seen had failed"),
    "latency_p50": Measure("Half within", "seconds", "the median time of the whole month, never averaged"),
    "latency_p95": Measure("95 % within", "seconds", "95th percentile of the whole month, never averaged"),
    "latency_p99": Measure("99 % within", "seconds", "99th percentile of the whole month, never averaged"),
    "p95_target": Measure("Agreed, 95 %", "seconds", "the time within which 95 of 100 requests were to be answered"),
    "p99_target": Measure("Agreed, 99 %", "seconds", "the time within which 99 of 100 requests were to be answered"),
    "p95_within_worst": Measure("Within, at least", "share", "requests surely answered within the agreed time of 95 %"),
    "p95_within_best": Measure(
        "Within, at most", "share", "requests that may have been answered within the agreed time of 95 %"
    ),
    "p99_within_worst": Measure("Within, at least", "share", "requests surely answered within the agreed time of 99 %"),
    "p99_within_best": Measure(
        "Within, at most", "share", "requests that may have been answered within the agreed time of 99 %"
    ),
    "p95_verdict": Measure("Verdict, 95 %", "text", "of the agreed time of 95 %"),
    "p99_verdict": Measure("Verdict, 99 %", "text", "of the agreed time of 99 %"),
    "latency_basis": Measure("From", "text", "what the percentiles of the month are made from", is_words=True),
    "window_low": Measure("Lowest", "seconds", "lowest 95th percentile of a window, such as an hour"),
    "window_median": Measure("Median window", "seconds", "median of the windows' values: not the month's percentile"),
    "window_high": Measure("Highest", "seconds", "highest 95th percentile of a window, such as an hour"),
    "agreed_of": Measure("Agreed of", "text", "error_rate, or a percentile of request times: p95 or p99"),
    "load_day": Measure("Day", "date", "a day on your clock"),
    "page": Measure("Page", "text", "the page, as its source calls it"),
    "lcp": Measure("Largest paint", "seconds", "largest contentful paint, 75th percentile; good up to 2.5 s"),
    "inp": Measure("Reaction to a tap", "seconds", "interaction to next paint, 75th percentile; good up to 200 ms"),
    "cls": Measure("Layout shift", "number", "cumulative layout shift, 75th percentile; good up to 0.1"),
    "visits": Measure("Visits", "count", "visits that were measured"),
    "vital_rating": Measure(
        "Rating", "text", "the worst of the three: good, needs improvement, poor or unknown", is_words=True
    ),
    "vital": Measure("Vital", "text", "which of the three web vitals"),
    "vital_limit_multiple": Measure("Of the limit", "ratio", "the value over the limit of good"),
}

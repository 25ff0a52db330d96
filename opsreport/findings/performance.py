"""What performance calls for: services slower or failing more than agreed, pages that feel slow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.findings import NOW, PLAN, THIS_MONTH, Finding, slug
from opsreport.language import mark
from opsreport.metrics import performance
from opsreport.month import Month
from opsreport.schemas.performance import VITAL_LIMITS
from opsreport.theme import is_unknown

_SHARES = {"p95": "95 %", "p99": "99 %"}
_POOR, _HOUR = "poor", pd.Timedelta(hours=1)
#: By whether the percentile is known, and since when it was too slow.
_SLOW = {
    (True, True): "{share} of the answers of {service} came within {value}, where {target} was agreed; on every day "
    "since {since} at least half of the hours were slower than that.",
    (True, False): "{share} of the answers of {service} came within {value}, where {target} was agreed.",
    (False, True): "{share} of the answers of {service} were due within {target}, and fewer came; on every day since "
    "{since} at least half of the hours were slower than that.",
    (False, False): "{share} of the answers of {service} were due within {target}, and fewer came.",
}
_BESIDE = mark(
    "Since the same day {service} has answered more slowly than was agreed: {share} of the month's answers came within "
    "{value}, where {target} was agreed."
)


def failing_requests(month: Month) -> Iterable[Finding]:
    """Services of which more requests failed than was agreed: what failed, and who looks into it."""
    for row in _missed(month, "error_rate"):
        service = row["service"]
        facts = {
            "rate": _fact(f"failing_requests.{slug(service)}.rate", row, "error_rate", "error_rate"),
            "target": _fact(f"failing_requests.{slug(service)}.target", row, "error_rate_target", "error_rate"),
            "service": service,
        }  # fmt: skip
        yield Finding(
            id=f"performance.failing_requests.{slug(service)}", area="performance", facts=facts,
            urgency=_urgency(month, service),
            title="{rate} of the requests to {service} failed, where at most {target} was agreed.",
            action="Find what failed in {service} on the days that stand out, and prevent that it comes back.",
            rows=Rows("request_load", {"service": service}), owner=_owner(month, service),
        )  # fmt: skip


def slow_answers(month: Month) -> Iterable[Finding]:
    """Services that answered more slowly than was agreed: by how much, and what to look at first."""
    for of in _SHARES:
        for row in _missed(month, of):
            service, id = row["service"], f"slow_answers.{slug(row['service'])}.{of}"
            rows, since = Rows("request_load", {"service": service}), _slow_since(month, row, of)
            facts = {
                "service": service, "share": _SHARES[of],
                "target": _fact(f"{id}.target", row, f"{of}_target", "seconds"),
                "value": _fact(f"{id}.value", row, f"latency_{of}", "seconds"),
                "since": Fact(f"performance.{id}.since", since, "day", row["coverage"], rows=rows),
            }  # fmt: skip
            is_known = not is_unknown(row[f"latency_{of}"])
            yield Finding(
                id=f"performance.{id}", area="performance", facts=facts, urgency=_urgency(month, service),
                title=_SLOW[is_known, since is not None],
                action="Profile the slowest requests of {service}, beginning with what was released before they "
                "became slow.",
                rows=rows, owner=_owner(month, service), service=service, since=since,
                beside=_BESIDE if is_known else "",
            )  # fmt: skip


def slow_pages(month: Month) -> Iterable[Finding]:
    """Pages with a web vital beyond the limit of good at the 75th percentile of visits."""
    vitals = performance.each_vital(performance.web_vitals(month.web_vital, month.period))
    for _, row in vitals[vitals["vital_limit_multiple"] > 1].iterrows():
        page, vital, limit = row["page"], row["vital"], VITAL_LIMITS[row["vital"]]
        id, rows = f"slow_pages.{slug(page)}.{vital}", Rows("web_vital", {"page": page})
        facts = {
            "page": page, "name": limit.name, "good": Fact(f"performance.{id}.good", limit.good, limit.unit),
            "value": Fact(f"performance.{id}.value", row[vital], limit.unit, row["coverage"], measure=vital, rows=rows),
        }  # fmt: skip
        yield Finding(
            id=f"performance.{id}", area="performance", facts=facts, rows=rows,
            title="A quarter of the visits to {page} were not good ({name}: {value} or more; up to {good} is good).",
            action=_REMEDIES[vital], owner=_owner(month, row["service"]),
            urgency=THIS_MONTH if row["vital_rating"] == _POOR else PLAN,
        )  # fmt: skip


#: What helps most: https://web.dev/articles/top-cwv
_REMEDIES = {
    "lcp": "Load the largest picture or text of the page first, smaller, and without waiting for scripts.",
    "inp": "Break up long scripts, so that the page answers before they are done.",
    "cls": "Reserve the space of pictures and of what is loaded later.",
}


def _missed(month: Month, of: str) -> Iterable[pd.Series]:
    """The targets of one kind that were missed; the load itself says how much of it was seen."""
    load = performance.traffic(month.request_load, month.period, month.agreements)
    times = performance.answer_times(month.request_load, month.period, month.agreements)
    targets = performance.targets(load, times)
    rows = targets[(targets["agreed_of"] == of) & (targets["verdict"] == "missed")]
    return [row for _, row in rows.drop_duplicates("service").iterrows()]


def _slow_since(month: Month, row: pd.Series, of: str) -> dt.date | None:
    """From which day of the month on at least half of each day's hours were over the target; None where there is none.

    Told by the hours' 95th percentiles, for a target of those, and where a day before was not over it.
    """
    target = row[f"{of}_target"]
    load = month.rows("request_load", service=row["service"])
    load = load[load["ended_at"] - load["started_at"] <= _HOUR]
    days = performance.bands(load, month.period) if of == "p95" and not is_unknown(target) else load.iloc[:0]
    if len(days) != len(list(month.period.local_days())):
        return None
    days = days.sort_values("load_day", ignore_index=True)
    within = days[days["window_median"].astype("float64") <= float(target)]
    first = within.index[-1] + 1 if len(within) else 0
    return days["load_day"].iloc[first] if 0 < first < len(days) else None


def _fact(id: str, row: pd.Series, column: str, unit: str) -> Fact:
    rows = Rows("request_load", {"service": row["service"]})
    return Fact(f"performance.{id}", row[column], unit, row["coverage"], measure=column, rows=rows)


def _urgency(month: Month, service: str) -> str:
    known = month.client.services.get(service)
    return NOW if known and known.tier == 1 else THIS_MONTH


def _owner(month: Month, service: object) -> str:
    known = None if is_unknown(service) else month.client.services.get(str(service))
    return known.owner if known else ""

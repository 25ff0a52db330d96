"""Performance: how much was asked of each service, how much of it failed, how soon it answered.

Definitions: METRICS "Performance".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import pandas as pd

from opsreport.exhibit import Rows
from opsreport.metrics.answer_times import answer_times, bands, shown
from opsreport.metrics.load import daily, error_rate, totals, traffic
from opsreport.metrics.rows import result, score, scorecard_rows
from opsreport.metrics.web_vitals import each_vital, web_vitals
from opsreport.params.models import Agreement, Service
from opsreport.period import Period
from opsreport.theme import is_unknown

__all__ = ["answer_times", "bands", "daily", "each_vital", "scorecard", "shown", "targets", "totals",
           "traffic", "web_vitals"]  # fmt: skip

TARGETS = (
    "service", "agreed_of", "error_rate", "error_rate_target", "latency_p95", "p95_target", "p95_within_best",
    "latency_p99", "p99_target", "p99_within_best", "verdict", "coverage",
)  # fmt: skip
#: Key figures of performance that a scorecard has room for, but for these, which are never left out.
_MOST, _TOLD = 4, ("missed", "unknown")
_WORST_FIRST = ("missed", "unknown", "at risk", "met")


def targets(traffic: pd.DataFrame, answer_times: pd.DataFrame) -> pd.DataFrame:
    """Each target that was agreed, with what came of it: those missed first.

    Answers: which of the promises were kept?

    Parameters
    ----------
    traffic, answer_times : DataFrame
        From `traffic` and `answer_times`.

    Returns
    -------
    DataFrame
        `TARGETS`; ``agreed_of`` is error_rate, p95 or p99 and says which columns the row is of.
    """
    parts = [traffic[traffic["error_rate_target"].notna()].assign(agreed_of="error_rate")]
    for name in ("p95", "p99"):
        own = answer_times[answer_times[f"{name}_target"].notna()]
        parts.append(own.assign(agreed_of=name, verdict=own[f"{name}_verdict"]))
    rows = [row for part in parts for row in part.to_dict("records")]
    return result(sorted(rows, key=lambda row: _WORST_FIRST.index(row["verdict"])), TARGETS)


def scorecard(
    request_load: pd.DataFrame, period: Period, agreements: list[Agreement], services: Mapping[str, Service],
    baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The key figures: error rates and answer times of the services that matter most.

    Returns
    -------
    DataFrame
        Columns `opsreport.schemas.scorecard.SCORECARD`: every target that was missed or is
        not known to be met, and others up to four rows, by the service's tier. With nothing
        agreed, the most critical service's.
    """
    load, times = traffic(request_load, period, agreements), answer_times(request_load, period, agreements)
    judged = [
        (kind, row, f"{kind}_target", row[judged_by])
        for kind, rows, judged_by in (("error_rate", load, "verdict"), ("p95", times, "p95_verdict"),
                                      ("p99", times, "p99_verdict"))
        for _, row in _worst_each(rows, judged_by).iterrows()
    ]  # fmt: skip
    agreed = [one for one in judged if not is_unknown(one[1][one[2]])]

    def order(one: tuple) -> tuple:
        tier = services[one[1]["service"]].tier if one[1]["service"] in services else 9
        return one[3] not in _TOLD, tier, list(services).index(one[1]["service"]) if tier < 9 else 0, one[0]

    told = sum(one[3] in _TOLD for one in agreed)
    bare = [one for one in judged if one[0] != "p99"]
    chosen = sorted(agreed, key=order)[: max(_MOST, told)] or sorted(bare, key=order)[:2]
    chosen.sort(key=lambda one: order(one)[1:])
    known = cache(lambda service: request_load[request_load["service"] == service])
    return scorecard_rows([_score(*one, known(one[1]["service"]), period, baseline) for one in chosen])


def _worst_each(rows: pd.DataFrame, judged_by: str) -> pd.DataFrame:
    """A row a service: of the terms in force in the month the one that came out worst, the last of equals."""
    ranked = rows.iloc[::-1].assign(rank=[_WORST_FIRST.index(one) for one in rows[judged_by].iloc[::-1]])
    return ranked.sort_values("rank", kind="stable").drop_duplicates("service")


def _quantile(rows: pd.DataFrame, period: Period, column: str) -> float:
    times = answer_times(rows, period, [])
    return times[column].iloc[0] if len(times) else float("nan")


def _score(
    kind: str, row: pd.Series, target: str, judged: str, rows: pd.DataFrame, period: Period, baseline: Period | None
) -> dict[str, Any]:
    service = row["service"]
    name, unit, column = {"error_rate": ("Error rate of {}", "error_rate", "error_rate"),
                          "p95": ("{}: 95 of 100 requests within", "seconds", "latency_p95"),
                          "p99": ("{}: 99 of 100 requests within", "seconds", "latency_p99")}[kind]  # fmt: skip
    of = error_rate if kind == "error_rate" else partial(_quantile, column=column)
    # A name that begins a line begins with a capital.
    named = name.format(service[:1].upper() + service[1:] if kind != "error_rate" else service)
    return score(
        f"performance.{service}.{kind}", named, unit,
        lambda month: row[column] if month == period else of(rows, month), period, baseline,
        section="performance", coverage=row["coverage"], target=None if is_unknown(row[target]) else row[target],
        verdict=judged, rows=Rows("request_load", {"service": service}),
    ) | {"worst": row.get("error_rate_worst"), "best": row.get("error_rate_best")}  # fmt: skip

"""Performance: how much was asked of each service, how much of it failed, how soon it answered.

Definitions: METRICS "Performance".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
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
#: Key figures of performance that a scorecard has room for.
_MOST = 4


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
    order = ("missed", "unknown", "at risk", "met")
    return result(sorted(rows, key=lambda row: order.index(row["verdict"])), TARGETS)


def scorecard(
    request_load: pd.DataFrame, period: Period, agreements: list[Agreement], services: Mapping[str, Service],
    baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The key figures: error rate and 95th percentile of the services that matter most.

    Returns
    -------
    DataFrame
        Columns `opsreport.schemas.scorecard.SCORECARD`; four rows at most: what was missed
        first, then by the service's tier. With nothing agreed, the most critical service's.
    """
    load, times = traffic(request_load, period, agreements), answer_times(request_load, period, agreements)
    judged = [
        (kind, row, target, row["verdict"] if kind == "error_rate" else row["p95_verdict"])
        for kind, rows, target in (("error_rate", load, "error_rate_target"), ("p95", times, "p95_target"))
        for _, row in rows.drop_duplicates("service", keep="last").iterrows()
    ]  # fmt: skip
    agreed = [one for one in judged if not is_unknown(one[1][one[2]])]

    def order(one: tuple) -> tuple:
        tier = services[one[1]["service"]].tier if one[1]["service"] in services else 9
        return one[3] != "missed", tier, list(services).index(one[1]["service"]) if tier < 9 else 0, one[0]

    chosen = sorted(agreed, key=order)[:_MOST] or sorted(judged, key=order)[:2]
    chosen.sort(key=lambda one: order(one)[1:])
    known = cache(lambda service: request_load[request_load["service"] == service])
    return scorecard_rows([_score(*one, known(one[1]["service"]), period, baseline) for one in chosen])


def _p95(rows: pd.DataFrame, period: Period) -> float:
    times = answer_times(rows, period, [])
    return times["latency_p95"].iloc[0] if len(times) else float("nan")


def _score(
    kind: str, row: pd.Series, target: str, judged: str, rows: pd.DataFrame, period: Period, baseline: Period | None
) -> dict[str, Any]:
    service = row["service"]
    name, unit, column = {"error_rate": ("Error rate of {}", "error_rate", "error_rate"),
                          "p95": ("{}: 95 of 100 requests within", "seconds", "latency_p95")}[kind]  # fmt: skip
    of = error_rate if kind == "error_rate" else _p95
    # A name that begins a line begins with a capital.
    named = name.format(service[:1].upper() + service[1:] if kind == "p95" else service)
    return score(
        f"performance.{service}.{kind}", named, unit,
        lambda month: row[column] if month == period else of(rows, month), period, baseline,
        section="performance", coverage=row["coverage"], target=None if is_unknown(row[target]) else row[target],
        verdict=judged, rows=Rows("request_load", {"service": service}),
    ) | {"worst": row.get("error_rate_worst"), "best": row.get("error_rate_best")}  # fmt: skip

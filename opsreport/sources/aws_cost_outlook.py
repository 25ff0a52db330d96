"""What AWS itself expects of the bill, and what of it AWS calls unusual.

Documentation: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostForecast.html and
API_GetAnomalies. Permission: ce:GetCostForecast and ce:GetAnomalies. Each page costs 0.01 USD; an answer is
used again for twelve hours.

A forecast is of UnblendedCost, from today to the end of next month, by the month as AWS cuts it: that of the
month that runs is what is left of it, as its start says. The interval is AWS's at 80 percent. AWS forgets
what it expected before: collect daily. An account with too little history has none, and AWS says so with
DataUnavailableException, which is told as a failure since it also means that Cost Explorer is not ready.

An anomaly is what a monitor of Cost Anomaly Detection found; AWS forgets it after 90 days. One that goes on
has its last day until now, and the same id the next time. Of its causes the one that contributed most is
told. Cost Explorer gives anomalies no currency; it counts in USD. An account without a monitor has none.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws, _cost_explorer

FRAMES = ("cost_forecast", "cost_anomaly")
_FORECAST, _ANOMALIES = OPERATIONS = ("ce:GetCostForecast", "ce:GetAnomalies")
KEEPS = {"cost_forecast": _aws.ONLY_NOW, "cost_anomaly": pd.Timedelta(days=90)}

Settings = _aws.AwsSettings

_HOME, _CURRENCY, _LEVEL = _cost_explorer.REGION, "USD", 80
_KEEP, _DAY = pd.Timedelta(hours=12), pd.Timedelta(days=1)


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """What is expected until the end of next month, and what was found since the period began."""
    aws, now = _aws.opened(settings, OPERATIONS), settings.run.now
    month = Period.month(now.strftime("%Y-%m"))
    aws.ask(
        _FORECAST, _HOME, keep=_KEEP, TimePeriod={"Start": str(now.date()), "End": str(month.back(-1).end_day)},
        Metric="UNBLENDED_COST", Granularity="MONTHLY", PredictionIntervalLevel=_LEVEL,
    )  # fmt: skip
    since = max(period.first_day, (now - KEEPS["cost_anomaly"]).date())
    if since <= now.date():
        aws.ask(_ANOMALIES, _HOME, keep=_KEEP, DateInterval={"StartDate": str(since)})
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a month to come, and a row an anomaly."""
    forecasts = [
        {
            "provider_name": "AWS", "observed_at": pages.extra["now"],
            "started_at": pd.Timestamp(one["TimePeriod"]["Start"], tz="UTC"),
            "ended_at": pd.Timestamp(one["TimePeriod"]["End"], tz="UTC"),
            "expected": _aws.amount(one.get("MeanValue")),
            "expected_low": _aws.amount(one.get("PredictionIntervalLowerBound")),
            "expected_high": _aws.amount(one.get("PredictionIntervalUpperBound")),
            "confidence": _aws.amount(_LEVEL / 100),
            "billing_currency": answer.body.get("Total", {}).get("Unit", _CURRENCY),
        }
        for answer, one in _aws.each(pages.items, _FORECAST, "ForecastResultsByTime")
    ]  # fmt: skip
    found = [_anomaly(one) for one in _found(pages) if _day(one, "AnomalyStartDate") is not None]
    return {"cost_forecast": _aws.rows_of("cost_forecast", forecasts),
            "cost_anomaly": _aws.rows_of("cost_anomaly", found)}  # fmt: skip


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Anomalies of which AWS does not say when they began."""
    lost = [one["AnomalyId"] for one in _found(pages) if _day(one, "AnomalyStartDate") is None]
    said = f"{len(lost)} anomalies do not say when they began, like {lost[0]}" if lost else ""
    return {"cost_anomaly": ("partial", said)} if lost else {}


def _found(pages: Pages) -> list[dict[str, Any]]:
    return [one for _, one in _aws.each(pages.items, _ANOMALIES, "Anomalies")]


def _anomaly(told: dict[str, Any]) -> dict[str, Any]:
    causes, impact, last = told.get("RootCauses") or [{}], told["Impact"], _day(told, "AnomalyEndDate")
    most = max(causes, key=lambda cause: cause.get("Impact", {}).get("Contribution", 0))
    return {
        "anomaly_id": told["AnomalyId"], "provider_name": "AWS", "started_at": _day(told, "AnomalyStartDate"),
        "ended_at": None if last is None else last + _DAY, "region_id": most.get("Region"),
        "service_name": most.get("Service") or told.get("DimensionValue"), "sku_id": most.get("UsageType"),
        "spent": _aws.amount(impact.get("TotalActualSpend")), "expected": _aws.amount(impact.get("TotalExpectedSpend")),
        "impact": _aws.amount(impact.get("TotalImpact")), "feedback": told.get("Feedback"),
        "billing_currency": _CURRENCY,
    }  # fmt: skip


def _day(told: dict[str, Any], name: str) -> pd.Timestamp | None:
    """A day, which AWS writes with and without a time."""
    read = pd.to_datetime(told.get(name), utc=True, errors="coerce")
    return None if pd.isna(read) else read.floor("D").as_unit("us")

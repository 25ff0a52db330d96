"""What the provider itself expects of the bill, and which days of it it calls unusual."""

from __future__ import annotations

import pandas as pd

from opsreport.metrics.rows import result
from opsreport.period import Period

FORECASTS = ("provider_name", "outlook_from", "outlook_until", "outlook_expected", "outlook_low", "outlook_high",
             "outlook_asked_on", "billing_currency")  # fmt: skip
ANOMALIES = ("provider_name", "service_name", "region_id", "odd_from", "odd_until", "odd_spent", "odd_expected",
             "odd_impact", "billing_currency")  # fmt: skip
_DAY = pd.Timedelta(days=1)


def forecasts(cost_forecast: pd.DataFrame, period: Period) -> pd.DataFrame:
    """What each provider expected of the time after the month, when it was last asked in the month.

    Answers: does the provider expect what we do?

    Parameters
    ----------
    cost_forecast : DataFrame
        The frame of that name.

    Returns
    -------
    DataFrame
        Columns `FORECASTS`, a row a provider, currency and stretch of time; the interval is as likely as
        the provider says, NA where it gave none. [money]
    """
    asked = cost_forecast[period.contains(cost_forecast["observed_at"])]
    newest = asked.groupby(["provider_name", "billing_currency"])["observed_at"].transform("max")
    ahead = asked[(asked["observed_at"] == newest) & (asked["ended_at"] > period.bill.end)]
    return result([{
        "provider_name": row["provider_name"], "outlook_from": row["started_at"].date(),
        "outlook_until": (row["ended_at"] - _DAY).date(), "outlook_expected": row["expected"],
        "outlook_low": row["expected_low"], "outlook_high": row["expected_high"],
        "outlook_asked_on": row["observed_at"].tz_convert(period.zone).date(),
        "billing_currency": row["billing_currency"],
    } for row in ahead.sort_values(["provider_name", "started_at"]).to_dict("records")], FORECASTS)  # fmt: skip


def anomalies(cost_anomaly: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The runs of days in the month that a provider calls unusual, what cost most first.

    Answers: which of these days does the provider find unusual?

    Parameters
    ----------
    cost_anomaly : DataFrame
        The frame of that name.

    Returns
    -------
    DataFrame
        Columns `ANOMALIES`; spent and expected are of the whole run, also where it began before the
        month. [money]
    """
    bill = period.bill
    here = cost_anomaly[bill.overlaps(cost_anomaly["started_at"], cost_anomaly["ended_at"])]
    return result([{
        "provider_name": row["provider_name"], "service_name": row["service_name"], "region_id": row["region_id"],
        "odd_from": row["started_at"].date(),
        "odd_until": None if pd.isna(row["ended_at"]) else (row["ended_at"] - _DAY).date(),
        "odd_spent": row["spent"], "odd_expected": row["expected"], "odd_impact": row["impact"],
        "billing_currency": row["billing_currency"],
    } for row in here.sort_values("impact", ascending=False).to_dict("records")], ANOMALIES)  # fmt: skip

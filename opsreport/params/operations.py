"""What was agreed of operations beside uptime and response: money, backups, access, support, performance, logs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, model_validator

from opsreport.params.fields import Clock, Currency, Duration, Number, Share, Strict, refuse_twice


class Budget(Strict):
    """What was agreed to be spent in a month."""

    amount: Annotated[Number, Field(gt=0)]
    currency: Currency
    service: str | None = Field(default=None, description="a service of this file; empty for the whole bill")


class CreditStep(Strict):
    """A share of the monthly fee owed when availability falls below a bound."""

    below: Annotated[Number, Field(gt=0, le=1)]
    share: Share


class Credits(Strict):
    """What is owed to the client when an SLO is missed."""

    monthly_fee: Annotated[Number, Field(ge=0)]
    currency: Currency
    steps: list[CreditStep] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Credits:
        refuse_twice("steps", [f"below {step.below:f}" for step in self.steps])
        return self


class BackupPlan(Strict):
    """How often something is backed up, and how often that is proven."""

    resource: str = Field(description="by its name at the source")
    every: Duration = Field(description="time from one backup to the next")
    at: Clock | None = Field(default=None, description="when the first of a day starts; else counted from midnight")
    rpo: Duration | None = Field(default=None, description="where it differs from the term's")
    restore_test_every: Duration | None = Field(default=None, description="how often a restore is tried")

    @model_validator(mode="after")
    def _takes_time(self) -> BackupPlan:
        if self.every < pd.Timedelta(minutes=1):
            raise ValueError("every must be a minute or more; for continuous backups write how often they are checked")
        return self


class AccessRules(Strict):
    """What was agreed of access."""

    key_age: Duration = Field(default="90d", validate_default=True, description="the oldest that a key may be")
    unused_after: Duration = Field(default="90d", validate_default=True, description="unused so long, it is to go")
    mfa: Literal["all", "people", "privileged"] = Field(default="people", description="who needs a second factor")


class TicketTarget(Strict):
    """How soon a support request of one priority is answered and resolved."""

    first_response: Duration | None = None
    resolution: Duration | None = None
    hours: Literal["support", "always"] = Field(default="support", description="whether only support hours count")


class PerformanceTarget(Strict):
    """How fast and how reliably a service answers."""

    service: str
    latency_p95: Annotated[Number, Field(gt=0)] | None = Field(default=None, description="[s]")
    latency_p99: Annotated[Number, Field(gt=0)] | None = Field(default=None, description="[s]")
    error_rate: Share | None = Field(default=None, description="failed requests over all")


class LogRetention(Strict):
    """How long logs are to be kept."""

    log_group: str = Field(default="*", description="a name or a pattern, like /shop/*; the first that fits counts")
    days: Annotated[int, Field(gt=0)]
    reason: str = ""


class UnitCost(Strict):
    """A business driver that spend is divided by."""

    name: str = Field(description="what one unit is, like order or 1,000 requests")
    service: str | None = Field(default=None, description="whose spend and requests; empty for the whole bill")
    per: Annotated[Number, Field(gt=0)] = Field(default=1, validate_default=True, description="units at a time")
    months: dict[str, Number] = Field(default={}, description="units by month, YYYY-MM; else requests are counted")


class RiskAcceptance(Strict):
    """A weakness that the client agreed to live with, until a day."""

    cve: str
    asset: str = Field(default="", description="empty for all assets")
    by: str
    until: dt.date
    why: str

"""A client's file as strict, typed models: what it may hold, and what each entry means."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic.json_schema import WithJsonSchema

from opsreport.params.aws import AwsAccount
from opsreport.params.fields import (
    ClientId,
    Clock,
    Colour,
    Currency,
    Duration,
    FrameName,
    Language,
    LocaleName,
    Moment,
    Number,
    Share,
    Strict,
    Weekday,
    Zone,
    in_order,
    refuse_twice,
)  # fmt: skip
from opsreport.params.mail import MailRules, Recipient
from opsreport.params.operations import (
    AccessRules,
    BackupPlan,
    Budget,
    Credits,
    LogRetention,
    PerformanceTarget,
    RiskAcceptance,
    TicketTarget,
    UnitCost,
)  # fmt: skip


class Service(Strict):
    """A service that is looked after: who owns it, and what each source calls it."""

    owner: str = Field(description="who answers for it")
    tier: int = Field(default=2, ge=1, le=4, description="1 is the most critical")
    environments: list[str] = Field(default=["production"], description="those that count as production")
    aliases: dict[str, list[str]] = Field(
        default={}, description="its names per source, * for any; for a bill, tag values as key=value"
    )


class SupportHours(Strict):
    """When support is given, on the client's clock."""

    days: list[Weekday] = Field(default=["mon", "tue", "wed", "thu", "fri"])
    opens: Clock = "09:00"
    closes: Clock = "17:00"
    holidays: str = Field(default="", description="country, or country and subdivision, like US or DE-BY")
    closed_on: list[dt.date] = Field(default=[], description="further days without support")

    @model_validator(mode="after")
    def _opens_first(self) -> SupportHours:
        if self.opens >= self.closes:
            raise ValueError("must open before it closes; hours that pass midnight cannot be told")
        return self


class ResponseTarget(Strict):
    """How soon an incident of one severity is acknowledged and resolved."""

    acknowledge: Duration | None = None
    restore: Duration | None = None
    hours: Literal["support", "always"] = Field(
        default="support", description="whether the clock runs in support hours only"
    )


class Slo(Strict):
    """The availability agreed for a monitor."""

    monitor: str
    target: Annotated[Number, Field(gt=0, lt=1)]
    degraded_counts_as: Literal["up", "down"] = "up"


class MaintenanceWindow(Strict):
    """Agreed maintenance: every week on a day, or once between two instants."""

    monitors: list[str] = Field(default=[], description="empty for all")
    weekday: Weekday | None = None
    opens: Clock | None = None
    closes: Clock | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _weekly_or_once(self) -> MaintenanceWindow:
        weekly = [self.weekday, self.opens, self.closes]
        once = [self.starts_at, self.ends_at]
        if all(weekly) == all(once) or (any(weekly) and any(once)):
            raise ValueError("give weekday, opens and closes, or starts_at and ends_at")
        if all(weekly) and self.opens >= self.closes:
            raise ValueError("must open before it closes; split a window that passes midnight in two")
        if all(once):
            in_order(self.starts_at, self.ends_at)
        return self


class Agreement(Strict):
    """What was agreed, from a day to a day; the last term may be open."""

    starts_on: dt.date
    ends_on: dt.date | None = Field(default=None, description="its last day")
    support_hours: SupportHours | None = None
    response_targets: dict[str, ResponseTarget] = Field(default={}, description="by severity")
    slos: list[Slo] = []
    maintenance_windows: list[MaintenanceWindow] = []
    rpo: Duration | None = None
    rto: Duration | None = None
    backups: list[BackupPlan] = []
    patch_deadlines: dict[Literal["critical", "high", "medium", "low"], Duration] = {}
    access: AccessRules | None = None
    performance: list[PerformanceTarget] = []
    ticket_targets: dict[str, TicketTarget] = Field(default={}, description="by priority")
    work_hours: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="hours of work a month")
    log_retention: list[LogRetention] = []
    budgets: list[Budget] = []
    credits: Credits | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Agreement:
        refuse_twice("slos", [slo.monitor for slo in self.slos])
        refuse_twice("backups", [plan.resource for plan in self.backups])
        refuse_twice("performance", [target.service for target in self.performance])
        whole = "the whole bill"
        refuse_twice("budgets", [f"{one.service or whole} in {one.currency}" for one in self.budgets])
        return self


class ExchangeRate(Strict):
    """A rate stated in the agreement: one unit of the bill's currency in the client's."""

    bill_currency: Currency
    rate: Annotated[Number, Field(gt=0)]
    stated: str = Field(description="where the rate comes from")


class Baseline(Strict):
    """The days that later months are compared with."""

    first: dt.date
    last: dt.date
    label: str = "baseline"

    @model_validator(mode="after")
    def _forward(self) -> Baseline:
        if self.first > self.last:
            raise ValueError("must begin before it ends")
        return self


class Brand(Strict):
    """How the client's pages look."""

    colour: Colour = "#0072B2"
    logo: str = Field(default="", description="PNG, JPEG or SVG file, relative to this file")


class CostRules(Strict):
    """How the bill is read."""

    required_tags: list[str] = []
    markup: Share = Field(default=Decimal(0), description="added to the bill when it is passed on")
    unit_costs: list[UnitCost] = []


def _with_settings(written: Any) -> Any:
    """A source's name alone is one without settings."""
    if isinstance(written, str):
        return {written: {}}
    if isinstance(written, dict):
        return {name: {} if held is None else held for name, held in written.items()}
    return written


OneSource = Annotated[
    dict[str, dict[str, Any]], Field(min_length=1, max_length=1), BeforeValidator(_with_settings),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]}),
]  # fmt: skip


class ClientParams(Strict):
    """Everything that is known of a client before any of its data is read."""

    client: ClientId
    display_name: str = Field(min_length=1)
    time_zone: Zone
    locale: LocaleName = "en_GB"
    language: Language = Field(default="en", description="of the report's own words")
    currency: Currency = Field(description="what the review is written in")
    exchange_rates: list[ExchangeRate] = []
    services: dict[str, Service] = {}
    sources: dict[FrameName, list[OneSource]] = Field(
        default={}, description="per frame, the sources that fill it and their settings"
    )
    aws: list[AwsAccount] = Field(default=[], description="its accounts; a source reads the first by default")
    agreement: list[Agreement] = []
    baseline: Baseline | None = None
    cost: CostRules = CostRules()
    accepted_risks: list[RiskAcceptance] = []
    staff: list[str] = Field(default=[], description="our own people's names at the sources, like *@us.example")
    recipients: list[Recipient] = []
    mail: MailRules = MailRules()
    brand: Brand = Brand()

    @model_validator(mode="after")
    def _whole(self) -> ClientParams:
        terms = sorted(self.agreement, key=lambda term: term.starts_on)
        for term, later in pairwise(terms):
            if term.ends_on is None or term.ends_on >= later.starts_on:
                raise ValueError(f"agreement: the term from {term.starts_on} must end before {later.starts_on}")
        if any(term.ends_on and term.ends_on < term.starts_on for term in terms):
            raise ValueError("agreement: a term ends before it starts")
        refuse_twice("aws", [account.account for account in self.aws])
        refuse_twice("exchange_rates", [rate.bill_currency for rate in self.exchange_rates])
        _each_alias_once(self.services)
        return self


def _each_alias_once(services: dict[str, Service]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for name, service in services.items():
        for source, aliases in service.aliases.items():
            for alias in aliases:
                other = seen.setdefault((source, alias), name)
                if other != name:
                    raise ValueError(f"services: {alias!r} of {source} is both {other} and {name}")

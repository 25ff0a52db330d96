"""What is wrong or missing in a client's file, before anything depends on it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from opsreport.agreement import support_time
from opsreport.cli.collect import named_sources
from opsreport.errors import OpsreportError
from opsreport.home import Home
from opsreport.params import ClientParams, load_commentaries, load_corrections, load_decisions, load_params
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.store import Store


@dataclass(frozen=True)
class Finding:
    """Something wrong, which stops a report, or missing, which leaves a gap in it."""

    text: str
    is_wrong: bool = False


def findings(home: Home, client: str) -> list[Finding]:
    """All that is wrong or missing, what is wrong first."""
    try:
        params = load_params(home.params, client)
    except OpsreportError as error:
        return [Finding(str(error), is_wrong=True)]
    found = [*_wrong(home, params), *_sources(params), *_agreement(params), *_people(params), *_collected(home, params)]
    return sorted(found, key=lambda finding: not finding.is_wrong)


def _wrong(home: Home, params: ClientParams) -> list[Finding]:
    tries = [
        lambda: named_sources(home, params),
        lambda: load_corrections(home.params, params.client),
        lambda: load_decisions(home.params, params.client),
        lambda: load_commentaries(home.params, params.client),
        lambda: [
            support_time(term.support_hours, Period.month("2026-01", params.time_zone))
            for term in params.agreement
            if term.support_hours
        ],
    ]
    found = []
    for attempt in tries:
        try:
            attempt()
        except OpsreportError as error:
            found.append(Finding(str(error), is_wrong=True))
    if not found:
        found = _paths(home, params)
    logo = home.params / params.brand.logo
    if params.brand.logo and not logo.is_file():
        found.append(Finding(f"brand.logo: there is no {logo}", is_wrong=True))
    return found


def _paths(home: Home, params: ClientParams) -> list[Finding]:
    """Each path of a source at which there is nothing yet."""
    missing = []
    for name, _, settings in named_sources(home, params):
        path = getattr(settings, "path", "")
        if path and not set("*?[") & set(path) and not settings.resolve(path).exists():
            missing.append(Finding(f"sources.{settings.frame}: {name}: there is no {settings.resolve(path)}"))
    return missing


def _sources(params: ClientParams) -> list[Finding]:
    missing = [frame for frame in FRAMES if not params.sources.get(frame)]
    found = [Finding(f"sources.{frame}: none, so its part of the review stays empty") for frame in missing]
    if not params.services:
        found.append(Finding("services: none, so nothing joins the sources' names"))
    return found


def _agreement(params: ClientParams) -> list[Finding]:
    if not params.agreement:
        return [Finding("agreement: none, so nothing can be met or missed")]
    newest = max(params.agreement, key=lambda term: term.starts_on)
    parts = {
        "support_hours": newest.support_hours, "response_targets": newest.response_targets,
        "slos": newest.slos, "budgets": newest.budgets,
    }  # fmt: skip
    found = [Finding(f"agreement from {newest.starts_on}: no {part}") for part, held in parts.items() if not held]
    if newest.ends_on and pd.Timestamp(newest.ends_on) < pd.Timestamp.now():
        found.append(Finding(f"agreement: the last term ended on {newest.ends_on}"))
    rates = {params.currency, *(rate.bill_currency for rate in params.exchange_rates)}
    for budget in newest.budgets:
        if budget.currency not in rates:
            found.append(Finding(f"exchange_rates: none states {budget.currency} in {params.currency}", is_wrong=True))
    return found


def _people(params: ClientParams) -> list[Finding]:
    found = [] if params.recipients else [Finding("recipients: none, so the review can be sent to nobody")]
    return found if params.baseline else [*found, Finding("baseline: none, so months are compared with the last only")]


def _collected(home: Home, params: ClientParams) -> list[Finding]:
    store = Store(home.store, params.client)
    if store.coverage().empty:
        return [Finding(f"nothing was collected yet: opsreport collect {params.client}")]
    monitors = set(store.read("monitor_state")["monitor"])
    agreed = {slo.monitor for term in params.agreement for slo in term.slos}
    return [
        Finding(f"agreement: no data of the monitor {name!r} was ever collected") for name in sorted(agreed - monitors)
    ]

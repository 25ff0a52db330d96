"""What is wrong or missing in a client's file, before anything depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

import pandas as pd

from opsreport import reported
from opsreport.agreement import support_time
from opsreport.cli.collect import named_sources
from opsreport.errors import OpsreportError, ParamsError
from opsreport.findings import rules as findings_rules
from opsreport.home import Home
from opsreport.month import load, spec_name
from opsreport.params import (
    ClientParams,
    load_commentaries,
    load_corrections,
    load_decisions,
    load_params,
    place_of,
)
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import _files
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
    found = [*_wrong(home, params), *_sources(params), *_agreement(home, params), *_people(params)]
    found += _collected(home, params)
    return sorted(found, key=lambda finding: not finding.is_wrong)


def _wrong(home: Home, params: ClientParams) -> list[Finding]:
    tries = [
        lambda: named_sources(home, params),
        lambda: load_corrections(home.params, params.client),
        lambda: load_decisions(home.params, params.client),
        lambda: load_commentaries(home.params, params.client),
        *(partial(_support_hours, home, params, number) for number in range(len(params.agreement))),
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


def _support_hours(home: Home, params: ClientParams, number: int) -> None:
    hours = params.agreement[number].support_hours
    try:
        if hours:
            support_time(hours, Period.month("2026-01", params.time_zone))
    except ParamsError as error:
        place = place_of(home.params, params.client, ("agreement", number, "support_hours", "holidays"))
        raise ParamsError(f"{place}: {error.message}", error.hint) from error


def _paths(home: Home, params: ClientParams) -> list[Finding]:
    """Each path of a source at which there is nothing yet, or whose files are not as declared."""
    missing = []
    for name, module, settings in named_sources(home, params):
        path = _files.named(settings)
        if path is None:
            continue
        if not path.exists():
            missing.append(Finding(f"sources.{settings.frame}: {name}: there is no {path}"))
            continue
        try:
            getattr(module, "check", lambda _: None)(settings)
        except OpsreportError as error:
            missing.append(Finding(f"sources.{settings.frame}: {name}: {error}", is_wrong=True))
    return missing


def _sources(params: ClientParams) -> list[Finding]:
    missing = ", ".join(frame for frame in FRAMES if not params.sources.get(frame))
    found = [Finding(f"sources: none for {missing}; their parts of the review stay empty")] if missing else []
    named = {name for specs in params.sources.values() for name in map(spec_name, specs)}
    named |= {name.partition("_")[0] for name in named}  # the key for what all sources of AWS, or of GitHub, say
    strange = {source for service in params.services.values() for source in service.aliases} - named
    found += [
        Finding(f"services: aliases are given for {source}, and no source is called so{_meant(source, named)}")
        for source in sorted(strange)
    ]
    if not params.services:
        found.append(Finding("services: none, so nothing joins the sources' names"))
    return found


def _agreement(home: Home, params: ClientParams) -> list[Finding]:
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
    for number, budget in enumerate(newest.budgets):
        if budget.currency not in rates:
            place = place_of(
                home.params, params.client, ("agreement", params.agreement.index(newest), "budgets", number, "currency")
            )
            text = f"{place}: exchange_rates: none states {budget.currency} in {params.currency}"
            hint = f"under exchange_rates: - {{bill_currency: {budget.currency}, rate: …, stated: …}}"
            found.append(Finding(f"{text}\nHint: {hint}", is_wrong=True))
    return found


def _people(params: ClientParams) -> list[Finding]:
    found = [] if params.recipients else [Finding("recipients: none, so the review can be sent to nobody")]
    return found if params.baseline else [*found, Finding("baseline: none, so months are compared with the last only")]


def _collected(home: Home, params: ClientParams) -> list[Finding]:
    store = Store(home.store, params.client)
    if store.coverage().empty:
        return [Finding(f"nothing was collected yet: opsreport collect {params.client}")]
    found = [*_unmatched(home, params), *_unknown_ids(home, params)]
    monitors = set(store.read("monitor_state")["monitor"])
    agreed = {slo.monitor for term in params.agreement for slo in term.slos}
    return found + [
        Finding(f"agreement: no data of the monitor {name!r} was ever collected") for name in sorted(agreed - monitors)
    ]


def _unmatched(home: Home, params: ClientParams) -> list[Finding]:
    """Corrections that change nothing of what was collected of the last thirteen months."""
    try:
        made = load(params.client, f"{pd.Timestamp.now(params.time_zone):%Y-%m}", home=home.folder).corrections
    except OpsreportError:  # said already, of the file that is wrong
        return []
    idle = made[made["rows"] == 0]
    return [
        Finding(f"corrections: no row of {row.frame} of the last thirteen months is {row.corrected} (by {row.by})")
        for row in idle.itertuples()
    ]


def _unknown_ids(home: Home, params: ClientParams) -> list[Finding]:
    """What decisions and actions name that is neither a figure of a review that was made, nor a finding."""
    printed = reported.names(home.store / params.client)
    try:
        register = load_decisions(home.params, params.client)
    except OpsreportError:  # said already
        return []
    given = {("metric", one.id): one.metric for one in register.decisions}
    given |= {("finding", one.id): one.finding for one in [*register.decisions, *register.actions] if one.finding}
    rules = {rule.__name__ for rule in findings_rules()}
    return [
        Finding(f"decisions: {id}: {key} {name!r} is not known{_meant(name, printed)}")
        for (key, id), name in given.items()
        if (name.split(".")[1:2] or [""])[0] not in rules and (key == "finding" or (printed and name not in printed))
    ]


def _meant(name: str, known: set[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""

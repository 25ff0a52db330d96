"""Trying each source of a client: whether it can be reached and may be read, how far back, and what it costs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from opsreport import sources
from opsreport.cli.collect import AT_ONCE, Asking, askings
from opsreport.home import Home
from opsreport.params import ClientParams
from opsreport.period import Period
from opsreport.sources import Run, _aws, _files
from opsreport.store import Store

HEAD = ("source", "fills", "reachable", "permitted", "oldest data", "price")
#: A try that takes longer is given up. [s]
_PATIENCE = 60.0


@dataclass(frozen=True)
class Probe:
    """What a try of one source found.

    Attributes
    ----------
    cells : tuple of str
        As `HEAD` names them.
    why : str
        What is wrong; empty where nothing is.
    """

    cells: tuple[str, ...]
    why: str = ""
    price: Decimal = Decimal(0)


def probes(home: Home, params: ClientParams, now: pd.Timestamp) -> list[Probe]:
    """A try of each source: of one that is asked over the network the first page of each question.

    Raises
    ------
    ParamsError
        When a source or one of its settings does not exist.
    """
    run = Run(client=params.client, accounts=tuple(params.aws), now=now, until=time.monotonic() + _PATIENCE,
              answers=Store(home.store, params.client).answers, is_probe=True)  # fmt: skip
    yesterday = str((now.tz_convert(params.time_zone) - pd.Timedelta(days=1)).date())
    each = askings(home, params, Period.days(yesterday, yesterday, params.time_zone), run)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(_try, each))


def _try(asking: Asking) -> Probe:
    module, settings = asking.module, asking.several[0]
    name = settings.name or sources.name_of(module)
    fills = ", ".join(one.frame for one in asking.several)
    operations = getattr(module, "OPERATIONS", ())
    rest = (_oldest(asking), _aws.price_of(operations)) if operations else ("as its file tells", "free")
    if hasattr(module, "NEEDS"):  # asked by the client's own query
        rest = ("as its table tells", getattr(module, "COSTS", "free"))
    elif not operations:
        path = _files.named(settings)
        there = "yes" if path is None or path.exists() else "no"
        return Probe((name, fills, there, "yes" if there == "yes" else "–", *rest))  # the file's check says which
    try:
        pages = module.fetch(asking.window, settings)
    except sources.FAULTS as error:
        return Probe((name, fills, "no", "–", *rest), sources.why_of(module, error))
    if needs := sorted(set(pages.extra.get("needs", ()))):
        who = "the role" if sources.name_of(module).startswith("aws_") else "the token"
        return Probe((name, fills, "yes", "no", *rest), f"{pages.why}\nHint: {who} needs {', '.join(needs)}")
    price, hint = pages.extra.get("price", Decimal(0)), pages.extra.get("hint", "")
    why = f"{pages.why}\nHint: {hint}" if hint else pages.why
    if not pages.extra.get("is_answered", pages.items) and pages.why:
        return Probe((name, fills, "no", "–", *rest), why, price)
    return Probe((name, fills, "yes" if pages.status == "ok" else "in part", "yes", *rest), why, price)


def _oldest(asking: Asking) -> str:
    """How far back its system remembers, the least of what it fills."""
    now = asking.several[0].run.now
    keeps = min(asking.module.KEEPS[one.frame] for one in asking.several)
    if keeps == _aws.ONLY_NOW:
        return "only now"
    return "all" if keeps >= _aws.FOR_EVER else f"{now - keeps:%Y-%m-%d}"


def lines(found: list[Probe]) -> list[str]:
    """The tries as an aligned table, each with what is wrong below it."""
    rows = [HEAD, *(one.cells for one in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    made = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    out, first = made[:1], {"": ""}
    for one, line in zip(found, made[1:], strict=True):
        # What is wrong with the account is wrong for every source: it is said once.
        why = f"as {first[one.why]}" if first.get(one.why) else one.why
        first.setdefault(one.why, one.cells[0])
        out += [line, *_indented(why)]
    if price := sum((one.price for one in found), Decimal(0)):
        out += ["", f"trying cost about {price:.2f} USD"]
    return out


def _indented(why: str) -> list[str]:
    return [f"  {' ' if number else '✕'} {line}" for number, line in enumerate(why.splitlines())]

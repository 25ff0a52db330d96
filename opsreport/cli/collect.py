"""Collecting: each source of a client's file read, several at a time, and merged into the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType

import pandas as pd

from opsreport import attempts, sources
from opsreport.coverage import Coverage
from opsreport.errors import ParamsError
from opsreport.home import Home
from opsreport.intervals import Intervals
from opsreport.params import ClientParams, place_of
from opsreport.period import Period
from opsreport.sources import Reading, Run, SourceSettings, _aws
from opsreport.store import Store

AT_ONCE = 4
#: How long one collecting may take; a source asks nothing new in the last tenth of it. [s]
PATIENCE = 900.0


@dataclass(frozen=True)
class Collected:
    """One frame of one source as it was merged.

    Attributes
    ----------
    coverage : Coverage
        As recorded.
    lost : Intervals
        Time asked for that was never seen, and that the system has forgotten: it can never be had.
    price : Decimal
        What asking for it cost. [USD]
    """

    coverage: Coverage
    lost: Intervals
    price: Decimal


@dataclass(frozen=True)
class Asking:
    """One source, asked once for all the frames that it fills alike."""

    module: ModuleType
    several: tuple[SourceSettings, ...]
    window: Period
    places: tuple[int, ...]


def collect(
    home: Home, params: ClientParams, period: Period, now: pd.Timestamp, *,
    say: Callable[[str], None] = lambda text: None, patience: float = PATIENCE,
) -> list[Collected]:  # fmt: skip
    """Read every source that a client's file names; one that fails, or is slow, does not stop the rest.

    Parameters
    ----------
    period : Period
        What to ask for; a source may return more, which is kept.
    now : Timestamp
        The clock.
    say : callable
        Told how far it has come.
    patience : float
        After this what was not answered is unavailable. [s]

    Returns
    -------
    list of Collected
        In the order of the client's file.

    Raises
    ------
    ParamsError
        Before anything is read, when a source or one of its settings does not exist.
    """
    store, until = Store(home.store, params.client), time.monotonic() + patience
    run = Run(client=params.client, accounts=tuple(params.aws), now=now, until=until - patience / 10,
              answers=store.answers)  # fmt: skip
    each = askings(home, params, period, run)
    made: dict[int, tuple[Asking, Reading, Coverage]] = {}
    for done, (asking, readings) in enumerate(_answered(each, until), 1):
        names = ", ".join(dict.fromkeys(one.coverage.source for one in readings))
        say(f"{done} of {len(each)}: {names}")
        for place, reading in zip(asking.places, readings, strict=True):
            made[place] = asking, reading, store.merge(reading.rows, reading.coverage, now)
    attempts.record(home.store / params.client, [told for *_, told in made.values()], now)
    known = store.coverage()
    return [
        Collected(told, _lost(known, told, getattr(asking.module, "KEEPS", {}), now), reading.price)
        for _, (asking, reading, told) in sorted(made.items())
    ]


def summary(collected: list[Collected], zone: str) -> list[str]:
    """What was read, source by source, with each reason once; what is lost; what it cost.

    Parameters
    ----------
    zone : str
        The client's time zone, in which times are said.
    """
    names = [f"{one.coverage.frame} from {one.coverage.source}" for one in collected]
    width, first, lines = max(map(len, names), default=0), {}, []
    lost: dict[str, list[str]] = {}
    for name, one in zip(names, collected, strict=True):
        status, why = one.coverage.status, one.coverage.why
        lines.append(f"{name:<{width}}  {one.coverage.rows:>7,} rows  {status}")
        mark = {"ok": " ", "partial": "△"}.get(status, "✕")
        said = f"as {first[why]}" if why and why in first else why
        first.setdefault(why, name)
        lines += [f"  {' ' if number else mark} {line}" for number, line in enumerate(said.splitlines())]
        for start, end in one.lost.pairs() if status != "unavailable" else []:
            told = [f"{at.tz_convert(zone):%Y-%m-%d %H:%M}" for at in (start, end)]
            lost.setdefault(" to ".join(told), []).append(name)
    lines += [f"△ {window} was never seen, and is forgotten: {', '.join(each)}" for window, each in lost.items()]
    price = sum((one.price for one in collected), Decimal(0))
    return [*lines, *([f"asking cost about {price:.2f} USD"] if price else [])]


def named_sources(
    home: Home, params: ClientParams, run: Run | None = None
) -> list[tuple[str, ModuleType, SourceSettings]]:
    """Every source of a client's file: its name there, its module, its checked settings.

    Raises
    ------
    ParamsError
    """
    found, run = [], run or Run(client=params.client, accounts=tuple(params.aws))
    for frame, specs in params.sources.items():
        names = set()
        for number, spec in enumerate(specs):
            source = next(iter(spec), "")
            try:
                if len(spec) != 1:
                    raise ParamsError("one source an entry", hint="- focus: {path: bill}")
                module = sources.find(source)
                settings = sources.settings_of(
                    module, spec[source], frame=frame, folder=home.params, zone=params.time_zone, run=run
                )
                name = settings.name or source
                if name in names:
                    raise ParamsError(f"{name} stands twice", hint="give each a name")
            except ParamsError as error:
                place = place_of(home.params, params.client, ("sources", frame, number, source, *error.location))
                raise ParamsError(f"{place}: sources.{frame}: {error.message}", error.hint) from error
            names.add(name)
            found.append((name, module, settings))
        if frame == "cost":
            _one_bill_an_account(home, params, [one for one in found if one[2].frame == "cost"])
    return found


def _one_bill_an_account(home: Home, params: ClientParams, bills: list[tuple[str, ModuleType, SourceSettings]]) -> None:
    """Two sources of one account's bill would count each of its charges twice."""
    told: dict[str, str] = {}
    for name, _, settings in bills:
        if isinstance(settings, _aws.AwsSettings):
            account = _aws.account_of(settings).account
            if account in told:
                place = place_of(home.params, params.client, ("sources", "cost"))
                raise ParamsError(
                    f"{place}: sources.cost: {told[account]} and {name} both tell the bill of AWS account {account}: "
                    "each charge would count twice", hint="keep one of them; aws_data_exports tells more",
                )  # fmt: skip
            told[account] = name


def askings(home: Home, params: ClientParams, period: Period, run: Run) -> list[Asking]:
    """The sources, those that fill several frames by one setting together."""
    grouped: dict[tuple, list[tuple[int, ModuleType, SourceSettings]]] = {}
    for place, (_, module, settings) in enumerate(named_sources(home, params, run)):
        key = (module.__name__, settings.model_dump_json(exclude={"frame"}), settings.frame == "cost")
        grouped.setdefault(key, []).append((place, module, settings))
    return [
        Asking(each[0][1], tuple(settings for *_, settings in each), period.bill if is_bill else period,
                tuple(place for place, *_ in each))
        for (_, _, is_bill), each in grouped.items()
    ]  # fmt: skip


def _answered(askings: list[Asking], until: float) -> Iterator[tuple[Asking, list[Reading]]]:
    """Each asking with its readings as they come in; a fault in a source is raised when the others are in."""
    threads, faults = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="source"), []
    waited = {threads.submit(sources.read_each, one.module, one.several, one.window): one for one in askings}
    left = dict(waited)
    try:
        for future in as_completed(waited, timeout=max(0.0, until - time.monotonic())):
            asking = left.pop(future)
            if fault := future.exception():
                faults.append(fault)
            else:
                yield asking, future.result()
    except TimeoutError:
        why = "there was no answer in the time that collecting may take\nHint: collect again"
        for asking in left.values():
            yield asking, [sources.unavailable(asking.module, one, asking.window, why) for one in asking.several]
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    if faults:
        raise faults[0]


def _lost(known: pd.DataFrame, told: Coverage, keeps: dict[str, pd.Timedelta], now: pd.Timestamp) -> Intervals:
    """What was asked for, was never seen, and lies further back than the system remembers."""
    if told.frame not in keeps:
        return Intervals()
    mine = known[(known["frame"] == told.frame) & (known["source"] == told.source) & known["observed_start"].notna()]
    forgotten = Intervals([(told.requested_start, min(told.requested_end, now - keeps[told.frame]))]
                          if told.requested_start < now - keeps[told.frame] else [])  # fmt: skip
    return forgotten - Intervals.from_frame(mine, "observed_start", "observed_end")

"""A month of many clients in one command: collected, reported, and what is approved sent."""

from __future__ import annotations

import getpass
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import click
import pandas as pd

import opsreport
from opsreport.cli.batch import STEPS, Result, reasons, run_client
from opsreport.cli.send import exit_code, send_all, show
from opsreport.cli.shown import home_option, printable, table
from opsreport.cli.workers import how_many, run_here
from opsreport.errors import OpsreportError, ParamsError
from opsreport.home import Home, make_private, write_whole
from opsreport.params import client_names
from opsreport.params.team import load_team

_MARKS = {"ok": "✓", "partial": "△", "failed": "✕"}


@click.command()
@click.argument("clients", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="Every client, in place of names.")
@click.option("--month", default="", help="YYYY-MM; by default the last full month on each client's clock.")
@click.option("--only", multiple=True, type=click.Choice(STEPS), help="Only this step; may be given again.")
@click.option("--retry-failed", is_flag=True, help="Only those that failed when this month was last run.")
@click.option("--resume", is_flag=True, help="Pass over those that the last run, which did not end, had done.")
@click.option("--workers", type=click.IntRange(1), help="By default by cores and free memory.")
@click.option("--on", "cluster", default="", metavar="ADDRESS", help="A Dask scheduler, like tcp://host:8786.")
@click.option("--explain", is_flag=True, help="Only say which reviews would be made, and why.")
@home_option
def run(
    clients: tuple[str, ...], everybody: bool, month: str, only: tuple[str, ...], retry_failed: bool, resume: bool,
    workers: int | None, cluster: str, explain: bool, home: str,
) -> None:  # fmt: skip
    """Collect CLIENTS, make the reviews that would say something else than before, and send those approved.

    One that fails stops none of the others. Exits with 1 when one failed, and with 3 when one was read only in part
    or something is still to be sent.
    """
    if everybody == bool(clients):
        raise click.UsageError("name clients, or give --all")
    place, steps = Home.find(home), only or STEPS
    names = client_names(place.params) if everybody else list(clients)
    if explain:
        return _explain(place, names, month)
    kept = _Kept(place, month)
    todo = [(name, month) for name in kept.left(names, retry_failed, resume)]
    ended = _each(place, todo, steps, workers, cluster, kept) if {"collect", "report"} & set(steps) else []
    code = _say(ended)
    if "send" in steps:
        code = max(code, _send(place, [name for name, _ in todo], month, ended), key=(0, 3, 1).index)
    kept.end()
    sys.exit(code)


class _Kept:
    """What became of each client when a month was last run: ``store/.runs/<month>.json``."""

    def __init__(self, home: Home, month: str) -> None:
        self._path = home.store / ".runs" / f"{month or 'last-full-month'}.json"
        try:
            held = json.loads(self._path.read_text("utf-8"))
            self._results, self._has_ended = {one["client"]: one for one in held["results"]}, held["has_ended"]
        except FileNotFoundError:
            self._results, self._has_ended = {}, True
        except (ValueError, KeyError, TypeError) as error:
            raise ParamsError(f"{self._path} cannot be read", hint="remove it, and run all again") from error

    def left(self, names: Sequence[str], only_failed: bool, is_resumed: bool) -> list[str]:
        """Those that are to be done; what is kept of the others stays."""
        known, todo = self._results, list(names)
        if only_failed:
            todo = [name for name in names if known.get(name, {}).get("outcome") == "failed"]
        elif is_resumed and not self._has_ended:
            todo = [name for name in names if name not in known]
        else:
            self._results = {}
        return todo

    def add(self, result: Result) -> None:
        """Keep one more, in one step."""
        self._results[result.client] = result.record()
        self._write(has_ended=False)

    def end(self) -> None:
        """Nothing is left to resume."""
        self._write(has_ended=True)

    def _write(self, has_ended: bool) -> None:
        make_private(self._path.parent.parent, self._path.parent)
        held = {"has_ended": has_ended, "results": list(self._results.values())}
        write_whole(self._path, json.dumps(held, ensure_ascii=False, indent=1) + "\n")


def _each(
    home: Home, todo: list[tuple[str, str]], steps: Sequence[str], workers: int | None, cluster: str, kept: _Kept
) -> list[Result]:
    begun, ended, folder = time.monotonic(), [], str(home.folder)
    count = workers or how_many(len(todo))
    made = _on_cluster(cluster, folder, todo, steps) if cluster else run_here(folder, todo, steps, count)
    for result in made:
        ended.append(result)
        kept.add(result)
        left = (time.monotonic() - begun) / len(ended) * (len(todo) - len(ended))
        told = f"{_MARKS[result.outcome]} {len(ended)} of {len(todo)}: {result.client} {result.month} {result.report}"
        told += f" in {result.seconds:.1f} s" + (f", about {_span(left)} left" if left else "")
        click.secho(printable(told), dim=True, err=True)
    return ended


def _on_cluster(address: str, home: str, todo: list[tuple[str, str]], steps: Sequence[str]) -> Iterator[Result]:
    """The same on the workers of a Dask cluster, which see the home folder under the same path."""
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ParamsError("a cluster needs dask.distributed", hint="pip install 'opsreport[cluster]'") from error
    try:
        client = Client(address, timeout=30)
    except (OSError, TimeoutError, ValueError) as error:
        raise ParamsError(f"no scheduler answers at {address}: {error}", hint="start one: dask scheduler") from error
    with client:
        # Never done twice by itself: what fails is said, and tried again by --retry-failed.
        asked = {client.submit(run_client, home, name, month, tuple(steps), pure=False, retries=0): (name, month)
                 for name, month in todo}  # fmt: skip
        for future in as_completed(asked):
            name, month = asked[future]
            lost = f"{future.status} on the cluster: {future.exception() if future.status == 'error' else ''}"
            yield future.result() if future.status == "finished" else Result(name, month, "failed", why=lost)


def _say(ended: list[Result]) -> int:
    rows = [(_MARKS[one.outcome], one.client, one.month, one.report, f"{one.seconds:.1f} s", one.why) for one in
            sorted(ended, key=lambda one: (-list(_MARKS).index(one.outcome), one.client))]  # fmt: skip
    for line in table(("", "client", "month", "review", "took", "why"), rows) if rows else []:
        click.secho(printable(line), fg={"✕": "red", "△": "yellow"}.get(line[:1]))
    counts = Counter(one.outcome for one in ended)
    if rows:
        click.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] else 3 if counts["partial"] else 0


def _send(home: Home, names: list[str], month: str, ended: list[Result]) -> int:
    """Send what is approved of those that did not fail; nothing where no mail is set up."""
    failed = {one.client for one in ended if one.outcome == "failed"}
    if load_team(home.folder).mail is None:
        return 0
    sent = send_all(home, [name for name in names if name not in failed], month, getpass.getuser(), only_approved=True)
    show(sent)
    return exit_code(sent)


def _explain(home: Home, names: list[str], month: str) -> None:
    for name in names:
        try:
            loaded = opsreport.load(name, month, home=home.folder, now=pd.Timestamp.now("UTC"))
            said = "; ".join(reasons(home, loaded)) or "unchanged: it is not made again"
            click.echo(printable(f"{name} {loaded.period.name}: {said}"))
        except OpsreportError as error:
            click.secho(printable(f"{name}: {error.message}"), fg="red")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"

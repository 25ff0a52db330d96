"""The command line: what it takes to go from a client's systems to a review, and from there to its inbox."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pandas as pd

import opsreport
from opsreport.cli.batch import make
from opsreport.cli.check import findings
from opsreport.cli.collect import collect as collect_client
from opsreport.cli.collect import named_sources, summary
from opsreport.cli.shown import home_option, printable
from opsreport.completeness import completeness
from opsreport.errors import OpsreportError, ParamsError
from opsreport.home import Home
from opsreport.month import period_of
from opsreport.params import client_path, json_schema, load_params
from opsreport.period import Period
from opsreport.sources import _aws_policy, name_of

_COLOURS = {"✕": "red", "△": "yellow", "  unavailable": "red", "  partial": "yellow"}
_STARTER = Path(__file__).with_name("client.yaml")


#: Commands in files of their own, which are read when they are asked for.
_ELSEWHERE = {name: f"opsreport.cli.{name}" for name in (
    "approve", "data", "preview", "publish", "run", "schedule", "send", "status",
)} | {"restate": "opsreport.cli.approve"}  # fmt: skip


class _Commands(click.Group):
    """Commands whose deliberate errors are said in a sentence, with exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _ELSEWHERE:
            return getattr(import_module(_ELSEWHERE[name]), name)
        return super().get_command(ctx, name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OpsreportError as error:
            click.secho(f"error: {printable(error)}", fg="red", err=True)
            sys.exit(1)
        except BrokenPipeError:  # who reads on has seen enough, as head does: click ends quietly
            raise
        except OSError as error:
            click.secho(f"error: {printable(error)}\nHint: check disk space and permissions", fg="red", err=True)
            sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(opsreport.__version__, prog_name="opsreport")
def main() -> None:
    """Monthly operations reviews for clients, from the systems that recorded what happened."""


@main.command()
@click.argument("name")
@home_option
def init(name: str, home: str) -> None:
    """Write a commented file for a new client, NAME."""
    folder = (Path(home) if home else _folder_here()) / "params"
    path = client_path(folder, name)
    if path.exists():
        raise ParamsError(f"{path} is there already", hint="edit it, or choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(_STARTER.read_text("utf-8").replace("CLIENT", name), "utf-8")
    click.echo(f"wrote {path}\nFill it in, then: opsreport check {name}")


@main.command()
@click.argument("client")
@click.option("--offline", is_flag=True, help="Only its file: ask no source.")
@home_option
def check(client: str, offline: bool, home: str) -> None:
    """Say what is wrong or missing in a client's file, and try each of its sources.

    A try asks the first page of each question, and of those that cost money one only. Exits with 1 when
    something is wrong or a source cannot be read.
    """
    from opsreport.cli.probe import lines, probes  # boto3 is slow to load, and only needed here

    place = Home.find(home)
    found = findings(place, client)
    for finding in found:
        mark, colour = ("✕", "red") if finding.is_wrong else ("△", "yellow")
        click.secho(f"{mark} {printable(finding.text)}", fg=colour)
    if not found:
        click.secho(f"✓ {client}: nothing is wrong or missing", fg="green")
    wrong = any(finding.is_wrong for finding in found)
    if not wrong and not offline:
        tried = probes(place, load_params(place.params, client), pd.Timestamp.now("UTC"))
        for line in ["", *lines(tried)] if tried else []:
            click.echo(printable(line))
        wrong = any(one.why for one in tried)
    sys.exit(1 if wrong else 0)


@main.command()
@click.argument("client", default="")
@home_option
def policy(client: str, home: str) -> None:
    """Print the least that AWS must allow for CLIENT's sources, as an IAM policy; without one, for all of AWS's."""
    from opsreport.sources import _catalogue  # loads every source

    made = _policy_of(Home.find(home), client) if client else _catalogue.policy()
    click.echo(json.dumps(made, indent=2))


@main.command()
@click.argument("client")
@click.option("--month", default="", help="YYYY-MM; by default the last full month and what has passed of this.")
@click.option("--since", default="", help="YYYY-MM: from then until now, as for a client's first year.")
@home_option
def collect(client: str, month: str, since: str, home: str) -> None:
    """Read a client's sources into the store. Running it twice changes nothing; run it daily.

    Systems that take money for being asked (AWS Cost Explorer: 0.01 USD a page) are asked once in twelve hours.
    Exits with 1 when a source could not be read at all, and with 3 when one was read only in part.
    """
    if month and since:
        raise click.UsageError("give --month or --since")
    place = Home.find(home)
    params, now = load_params(place.params, client), pd.Timestamp.now("UTC")
    period = period_of(params, month, now) if month else _until_now(params.time_zone, now, since)
    collected = collect_client(place, params, period, now, say=_progress)
    for line in summary(collected, params.time_zone):
        colour = next((colour for mark, colour in _COLOURS.items() if mark in line), None)
        click.secho(printable(line), fg=colour)
    if not collected:
        raise ParamsError(f"{client} names no source", hint="add some under sources in its file")
    found = {one.coverage.status for one in collected}
    sys.exit(1 if "unavailable" in found else 3 if "partial" in found else 0)


@main.command()
@click.argument("clients", nargs=-1, required=True)
@click.option("--month", default="", help="YYYY-MM; by default the last full month on the client's clock.")
@click.option("--from", "first", default="", help="First day, YYYY-MM-DD, instead of a month.")
@click.option("--to", "last", default="", help="Last day, included.")
@home_option
def report(clients: tuple[str, ...], month: str, first: str, last: str, home: str) -> None:
    """Make the review of CLIENTS for a month, as one HTML page each."""
    if (month and (first or last)) or bool(first) != bool(last):
        raise click.UsageError("give --month, or both --from and --to")
    from opsreport.report.warm import warm_kernels  # slow to load, and only needed here

    place, failed = Home.find(home), []
    with warm_kernels(_progress) if len(clients) > 1 else nullcontext() as kernels:
        for client in clients:
            try:
                click.echo(_report(place, client, f"{first}_{last}" if first else month, kernels))
            except OpsreportError as error:
                failed.append(client)
                whose = "" if str(error).startswith(f"{client}: ") else f"{client}: "
                click.secho(printable(f"error: {whose}{error}"), fg="red", err=True)
    sys.exit(1 if failed else 0)


@main.command()
@click.option("--month", default="", help="YYYY-MM; by default the last full month, in UTC.")
@home_option
def fleet(month: str, home: str) -> None:
    """Make the page of all clients of a month: who needs attention first. For ourselves only."""
    from opsreport.report.build import build_fleet  # slow to load, and only needed here

    place = Home.find(home)
    month = Period.month(month).name if month else Period.last_full_month(pd.Timestamp.now("UTC")).name
    click.echo(build_fleet(place, month).relative_to(place.folder))


@main.command()
@click.option("--seed", default=7, show_default=True, help="Another seed makes other figures.")
@click.option("--until", default="", help="YYYY-MM: the bills as they stood when that month had ended.")
@home_option
def demo(seed: int, until: str, home: str) -> None:
    """Write the made-up exports of the demo clients, thirteen months of them."""
    until = Period.month(until).name if until else ""
    from opsreport.demo import write  # a client's machine need not load it

    folder = Home.find(home).folder / "demo-data"
    write(folder, seed, until)
    click.echo(f"wrote {folder}")


@main.command()
def schema() -> None:
    """Print the JSON Schema of a client's file, for editors."""
    click.echo(json_schema(), nl=False)


def _policy_of(place: Home, client: str) -> dict[str, Any]:
    """The least that AWS must allow for the sources that a client's file names."""
    every = named_sources(place, load_params(place.params, client))
    named = [(module, settings) for _, module, settings in every if name_of(module).startswith("aws_")]
    operations = {one for module, _ in named for one in getattr(module, "OPERATIONS", ())}
    if not operations:
        raise ParamsError(f"{client} names no source of AWS", hint="leave its name out for the policy of all of them")
    buckets = {settings.bucket for _, settings in named if getattr(settings, "bucket", "")}
    return _aws_policy.policy(operations, buckets or [_aws_policy.BUCKET])


def _report(place: Home, client: str, month: str, kernels: Any) -> str:
    loaded = opsreport.load(client, _same_days(place, client, month), home=place.folder)
    path = make(place, loaded, kernels)
    told = completeness(loaded)
    short = ", ".join(told.loc[told["status"] != "ok", "frame"].unique())
    incomplete = f"\n  △ not complete for these days: {short}" if short else ""
    return f"{client} {loaded.period.name}: {path.relative_to(place.folder)}{incomplete}"


def _same_days(place: Home, client: str, month: str) -> str:
    """A run of days by its one name: one that is a whole month by the month's."""
    if not month:
        return ""
    return Period.parse(month, load_params(place.params, client).time_zone).name


def _until_now(zone: str, now: pd.Timestamp, since: str) -> Period:
    """From a month, or the last full one, which its systems still correct, to the end of the one that runs."""
    last = Period.last_full_month(now, zone)
    first = Period.month(since, zone) if since else last
    if first.start > now:
        raise ParamsError(f"--since {since} is yet to come", hint="name a month that has begun")
    return Period(first.first_day, last.back(-1).end_day, zone)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        click.secho(printable(text), dim=True, err=True)


def _folder_here() -> Path:
    try:
        return Home.find().folder
    except ParamsError:
        return Path.cwd()

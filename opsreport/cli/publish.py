"""`opsreport publish`: put a client's review where the client can open it, or take it away."""

from __future__ import annotations

import click
import pandas as pd

from opsreport.cli.approve import stamp
from opsreport.cli.shown import home_option
from opsreport.errors import MailError, ParamsError
from opsreport.home import Home
from opsreport.month import period_of
from opsreport.params import load_params
from opsreport.params.team import FILE, Publish, load_team


@click.command()
@click.argument("client")
@click.option("--month", default="", help="YYYY-MM; by default the last full month on the client's clock.")
@click.option("--draft", is_flag=True, help="Also while nobody approved it.")
@click.option("--withdraw", "is_taken_away", is_flag=True, help="Take it away: its links open nothing from then on.")
@home_option
def publish(client: str, month: str, draft: bool, is_taken_away: bool, home: str) -> None:
    """Put CLIENT's review of a month where publish in opsreport.yaml says, and print its link.

    The same review again gives the same link; a corrected one is put in its place.
    """
    from opsreport import publishing  # the page is slow to load, and only needed here

    place, now = Home.find(home), pd.Timestamp.now("UTC")
    period = period_of(load_params(place.params, client), month, now)
    where = _publish_of(place)
    if is_taken_away:
        there = publishing.withdraw(place, client, period.name, where)
        if not there:
            raise MailError(f"{client} {period.name} was not published", hint="or what knew of it was deleted")
        click.echo(f"{client} {period.name}: taken away")
        return
    if not draft:
        stamp(place, client, period.name)
    link = publishing.publish(place, client, period.name, where, now)
    click.echo(link.address)
    for warning in link.warnings:
        click.secho(f"△ {warning}", fg="yellow", err=True)
    if link.until is not None:
        click.secho(f"opens until {link.until:%Y-%m-%d %H:%M} UTC", dim=True, err=True)


def _publish_of(place: Home) -> Publish:
    where = load_team(place.folder).publish
    if where is None:
        raise ParamsError(
            f"{place.folder / FILE} does not say where pages are put",
            hint="write publish: with folder or s3; see docs/publishing.md",
        )
    return where

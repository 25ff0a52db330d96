"""Approving a review, and restating one that was: somebody's word, bound to just what was read."""

from __future__ import annotations

import json

import click
import pandas as pd

import opsreport
from opsreport import approved, reported
from opsreport.approved import Approval, now_text
from opsreport.cli.letters import Post, first_sent, next_revision, post
from opsreport.cli.preview import verdicts
from opsreport.cli.shown import home_option, printable
from opsreport.errors import MailError
from opsreport.home import Home
from opsreport.mail.addresses import visible
from opsreport.mail.ledger import Ledger
from opsreport.narrative.summary import state_note
from opsreport.report.build import restate_cover


@click.command()
@click.argument("client")
@click.option("--month", default="", help="YYYY-MM; by default the last full month on the client's clock.")
@click.option("--by", required=True, help="Who read it and lets it go.")
@click.option("--waive", multiple=True, metavar="CHECK=REASON", help="Let through what the gate refuses.")
@home_option
def approve(client: str, month: str, by: str, waive: tuple[str, ...], home: str) -> None:
    """Let CLIENT's review of a month go: it, its mail, and all that they were made from are kept as they are.

    A review that is changed afterwards has to be approved again.
    """
    place, now = Home.find(home), pd.Timestamp.now("UTC")
    by = " ".join(by.split())
    if not by or visible(by) != by:
        raise MailError("nobody approves it", hint="write your name: --by 'Ana Ruiz'")
    made = post(place, client, month, now, _waived(waive))
    month = made.month.period.name
    unknown = sorted(set(_waived(waive)) - {one.name for one in made.checks if one.refusals and one.can_be_waived})
    if unknown:
        raise MailError(f"there is nothing to waive called {unknown[0]}", hint="see: opsreport preview " + client)
    checks = [one for one in made.checks if one.name != "approved"]
    if refused := [one for one in checks if one.refuses]:
        for line in verdicts(tuple(refused)):
            click.secho(printable(line), fg="red", err=True)
        raise MailError(f"{client} {month} may not be sent as it is", hint="mend what is named, or waive it by name")
    if made.approval and not next(one for one in made.checks if one.name == "approved").refuses:
        click.echo(f"{client} {month}: {made.approval.by} approved just this on {made.approval.at[:10]}")
        return
    one = _keep(place, made, by, now)
    click.echo(f"{client} {month}: revision {one.revision} approved by {by}; to send it: opsreport send {client} "
               f"--month {month}")  # fmt: skip


@click.command()
@click.argument("client")
@click.option("--month", required=True, help="YYYY-MM")
@click.option("--why", required=True, help="What was wrong: the client is told.")
@home_option
def restate(client: str, month: str, why: str, home: str) -> None:
    """Open CLIENT's approved month again: its next review is made from what is known now, to go as a correction."""
    place = Home.find(home)
    approved.restate(place.store, client, month, why)
    click.echo(f"{client} {month} is open again: opsreport report {client} --month {month}, then preview and approve")


def stamp(home: Home, client: str, month: str) -> None:
    """See to it that the published page says that it is approved, also after a process died in between."""
    loaded = opsreport.load(client, month, home=home.folder)
    cover = {"state": loaded.state, "state_note": state_note(loaded.state, loaded.approval, loaded.style)}
    told = json.loads((home.out / client / month / "manifest.json").read_text("utf-8"))
    if told["state"] != loaded.state:
        restate_cover(home, client, month, loaded, cover)


def _keep(home: Home, made: Post, by: str, now: pd.Timestamp) -> Approval:
    client, month = made.letter.client, made.letter.month
    revision = next_revision(home, client, month)
    one = Approval(
        client=client, month=month, revision=revision, by=by, at=now_text(now), content=made.content,
        message=made.letter.digest(), corrects=first_sent(Ledger(home.store, client).rows(month), revision),
        why=approved.restatement(home.store, client, month) or (made.approval.why if made.approval else ""),
        waived=tuple((check.name, check.waived) for check in made.checks if check.refusals and check.waived),
    )  # fmt: skip
    manifest = home.out / client / month / "manifest.json"
    approved.freeze(home, made.month.home, one, manifest)
    stamp(home, client, month)
    # The month after is held against what was approved.
    reported.record(home.store / client, month, json.loads(manifest.read_text("utf-8"))["figures"])
    return one


def _waived(written: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=")[::2] for one in written]
    for name, reason in pairs:
        if not name.strip() or len(reason.strip()) < 3:
            raise MailError(f"{name!r} is waived without a reason", hint="write --waive 'source:cost=why it may go'")
    return {name.strip(): " ".join(reason.split()) for name, reason in pairs}

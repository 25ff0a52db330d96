"""Approving a review, and restating one that was: somebody's word, bound to just what was read."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

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
from opsreport.report.build import read_review, restate_cover


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
    known = {one.name for one in made.checks if one.refusals and one.can_be_waived}
    if unknown := sorted(set(_waived(waive)) - known):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"see: opsreport preview {client} --month {month}"
        raise MailError(f"there is nothing to waive called {unknown[0]}", hint)
    checks = [one for one in made.checks if one.name != "approved"]
    if refused := [one for one in checks if one.refuses]:
        for line in verdicts(tuple(refused)):
            click.secho(printable(line), fg="red", err=True)
        raise MailError(f"{client} {month} may not be sent as it is", hint="mend what is named, or waive it by name")
    if made.approval and not next(one for one in made.checks if one.name == "approved").refuses:
        stamp(place, client, month)
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
    click.echo(f"{client} {month} is open again: opsreport report {client} --month {month}, then preview and approve.\n"
               f"The client will read: {approved.restatement(place.store, client, month)}")  # fmt: skip


def stamp(home: Home, client: str, month: str) -> None:
    """See to it that what is published is what was approved, and says so, also after a process died in between.

    Raises
    ------
    MailError
        When nobody approved the month, or the review says something else by now.
    """
    loaded = opsreport.load(client, month, home=home.folder)
    one, (_, manifest) = loaded.approval, read_review(home, client, month)
    if one is None or manifest["content"] != one.content:
        raise MailError(f"{client} {month}: the review is not the one that was approved",
                        hint=f"opsreport approve {client} --month {month} --by NAME")  # fmt: skip
    if _files(manifest) != approved.kept_files(home.store, one):
        # Made again from the notebook that was approved: nothing else can stand on its page.
        cover = {"state": one.state, "state_note": state_note(one.state, one, loaded.style)}
        restate_cover(home, client, month, loaded, cover)
        approved.keep_files(home.store, one, _files(read_review(home, client, month)[1]))
    # The month after is held against what was approved.
    reported.record(home.store / client, month, approved.manifest_of(home.store, one)["figures"])


def _files(manifest: dict[str, Any]) -> dict[str, str]:
    return {name: made["sha256"] for name, made in manifest["files"].items()}


def _keep(home: Home, made: Post, by: str, now: pd.Timestamp) -> Approval:
    client, month, before = made.letter.client, made.letter.month, made.approval
    revision = next_revision(home, client, month)
    one = Approval(
        client=client, month=month, revision=revision, by=by, at=now_text(now), **made.bound,
        corrects=first_sent(Ledger(home.store, client).rows(month), revision),
        why=approved.restatement(home.store, client, month) or (before.why if before else ""),
        waived=tuple((check.name, check.waived) for check in made.checks if check.refusals and check.waived),
    )  # fmt: skip
    if before and (before.content, before.message) == (one.content, one.message):
        # The same words to other people are no correction of them.
        one = replace(one, revision=before.revision, corrects=before.corrects, why=before.why)
        approved.amend(home.store, one)
    else:
        approved.freeze(home, made.month.home, one, made.manifest)
    stamp(home, client, month)
    return one


def _waived(written: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=")[::2] for one in written]
    for name, reason in pairs:
        if not name.strip() or len(reason.strip()) < 3:
            raise MailError(f"{name!r} is waived without a reason", hint="write --waive 'source:cost=why it may go'")
    return {name.strip(): " ".join(reason.split()) for name, reason in pairs}

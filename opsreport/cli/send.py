"""Sending what was approved: each recipient once, with a ledger that says what became of it."""

from __future__ import annotations

import getpass
import sys
from collections import Counter
from dataclasses import dataclass, replace

import click
import pandas as pd

from opsreport.approved import approval
from opsreport.cli.approve import stamp
from opsreport.cli.letters import Post, post
from opsreport.cli.shown import home_option, printable
from opsreport.cli.tell import tell
from opsreport.errors import MailError, OpsreportError
from opsreport.home import Home
from opsreport.mail.ledger import Ledger
from opsreport.mail.rows import Row
from opsreport.mail.sending import Outgoing, transport
from opsreport.mail.sending import send as send_once
from opsreport.mail.transport import Transport
from opsreport.month import period_of
from opsreport.params import client_names, load_params
from opsreport.params.team import load_team, mail_of
from opsreport.publishing import publish

_OUTCOMES = {"sent": "sent", "not-sent": "not sent"}


@dataclass(frozen=True)
class Sent:
    """What became of one client's mails of a month; why they were not sent, or what would become of them."""

    client: str
    month: str
    rows: tuple[Row, ...] = ()
    why: str = ""
    would: str = ""

    @property
    def is_done(self) -> bool:
        """Whether everybody got theirs."""
        return not self.why and bool(self.rows) and all(row.state == "sent" for row in self.rows)

    def line(self) -> str:
        """It in a line."""
        counts = Counter(row.state for row in self.rows)
        told = self.why or self.would or ", ".join(f"{count} {state}" for state, count in counts.items())
        return f"{'✓' if self.is_done else ' ' if self.would else '✕'} {self.client} {self.month}: {told}"


@click.command()
@click.argument("clients", nargs=-1)
@click.option("--month", default="", help="YYYY-MM; by default the last full month on each client's clock.")
@click.option("--all", "everybody", is_flag=True, help="Every client, in place of names.")
@click.option("--approved", "only_approved", is_flag=True, help="Pass over those that nobody approved yet.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--by", default="", help="Who sends; by default who is logged in.")
@click.option("--log", "is_log", is_flag=True, help="Show what was sent, when and by whom; send nothing.")
@click.option("--resolve", default="", metavar="ADDRESS", help="Say what became of a mail that is unknown.")
@click.option("--retry", default="", metavar="ADDRESS", help="Let a mail that was refused be sent again.")
@click.option("--as", "outcome", type=click.Choice(list(_OUTCOMES)), help="With --resolve: whether it arrived.")
@click.option("--why", default="", help="With --resolve and --retry: how you know, or what was mended.")
@home_option
def send(
    clients: tuple[str, ...], month: str, everybody: bool, only_approved: bool, dry_run: bool, by: str, is_log: bool,
    resolve: str, retry: str, outcome: str | None, why: str, home: str,
) -> None:  # fmt: skip
    """Send the approved reviews of CLIENTS, each to each of its recipients once, however often this is run.

    Exits with 1 when something was refused, and with 3 when something is still to be sent or its fate is unknown.
    """
    place, by = Home.find(home), by or getpass.getuser()
    if everybody == bool(clients):
        raise click.UsageError("name clients, or give --all")
    if sum(map(bool, (resolve, retry, is_log, dry_run))) > 1 or bool(resolve) != bool(outcome):
        raise click.UsageError("give one of --dry-run, --log, --retry, and --resolve with --as")
    names = client_names(place.params) if everybody else list(clients)
    if is_log:
        return _show_log(place, names, month)
    if resolve or retry:
        return _settle(place, names, month, resolve or retry, _OUTCOMES.get(outcome or "", ""), by, why)
    months = {name: month_of(place, name, month) for name in names}
    if only_approved:
        months = {name: at for name, at in months.items() if approval(place.store, name, at)}
    ended = send_all(place, months, by, dry_run)
    for one in ended:
        click.secho(printable(one.line()), fg=None if one.is_done or one.would else "red")
    sys.exit(exit_code(ended))


def send_all(home: Home, months: dict[str, str], by: str, dry_run: bool = False) -> list[Sent]:
    """Send each client's month; one that cannot be sent stops none of the others, and the operator is told."""
    way = transport(mail_of(home.folder), home.folder)
    ended: list[Sent] = []
    try:
        for place, (client, month) in enumerate(months.items(), 1):
            ended.append(_send_one(home, client, month, by, way, dry_run))
            if sys.stderr.isatty():
                click.secho(f"{place} of {len(months)}: {client}", dim=True, err=True)
    finally:
        way.close()
    failed = [one for one in ended if not one.is_done]
    if failed and not dry_run:
        try:
            tell(home, f"{len(failed)} of {len(ended)} reviews were not sent whole", _report(failed))
        except OpsreportError as error:
            click.secho(printable(f"△ {error}"), fg="yellow", err=True)
    return ended


def exit_code(ended: list[Sent]) -> int:
    """0 when all were sent, 1 when something was refused, 3 when something is left."""
    states = {row.state for one in ended for row in one.rows}
    if any(one.why for one in ended) or "refused" in states:
        return 1
    return 3 if states - {"sent"} else 0


def _send_one(home: Home, client: str, month: str, by: str, way: Transport, dry_run: bool) -> Sent:
    try:
        if approval(home.store, client, month) is None:
            raise MailError("nobody approved it", hint=f"opsreport approve {client} --month {month} --by NAME")
        if not dry_run:
            stamp(home, client, month)
            if where := load_team(home.folder).publish:
                publish(home, client, month, where, pd.Timestamp.now("UTC"))
        made = post(home, client, month, pd.Timestamp.now("UTC"))
        if made.refused:
            said = "; ".join(f"{one.name}: {', '.join(one.refusals)}" for one in made.refused)
            raise MailError(f"the gate refuses: {said}", hint=f"see: opsreport preview {client} --month {month}")
        outgoing = [*_outgoing(home, made)]
        if dry_run:
            known = {(row.recipient, row.revision): row.state for row in Ledger(home.store, client).rows(month)}
            fates = [f"{one.recipient} {known.get((one.recipient, one.revision), 'to be sent')}" for one in outgoing]
            return Sent(client, month, would=", ".join(fates))
        return Sent(client, month, tuple(send_once(home.store, client, outgoing, way, by, _now)))
    except OpsreportError as error:
        return Sent(client, month, why=str(error).replace("\nHint: ", "; "))


def _outgoing(home: Home, made: Post) -> list[Outgoing]:
    """The messages; where one is planned whose page's link has been renewed since, in its archived form."""
    letter = made.letter
    sender = mail_of(home.folder).sender.email
    known = {row.recipient: row for row in Ledger(home.store, letter.client).rows(letter.month, letter.revision)}
    folder = home.out / letter.client / "mail" / letter.month
    made_of = []
    for person, message, id in made.messages:
        archive = folder / f"r{letter.revision}-{id.strip('<>').partition('@')[0][:16]}.eml"
        one = Outgoing(letter.month, letter.revision, sender, person.email, message, id, archive)
        row = known.get(person.email)
        ended = row is not None and row.state != "planned" and archive.exists()
        made_of.append(replace(one, message=archive.read_bytes()) if ended else one)
    return made_of


def _settle(home: Home, names: list[str], month: str, address: str, outcome: str, by: str, why: str) -> None:
    if len(names) != 1:
        raise click.UsageError("name one client")
    month = month_of(home, names[0], month)
    ledger = Ledger(home.store, names[0])
    found = [row for row in ledger.rows(month) if row.recipient.lower() == address.lower()]
    if not found:
        raise MailError(f"no mail of {names[0]}, {month} to {address} is known", hint="see: opsreport send --log")
    revision = max(row.revision for row in found)
    if outcome:
        row = ledger.resolve(month, revision, address, outcome, by, why, _now())
    else:
        row = ledger.retry(month, revision, address, by, why, _now())
    click.echo(f"{row.client} {row.month}: {row.recipient}: {row.state}")


def _show_log(home: Home, names: list[str], month: str) -> None:
    for name in names:
        for row in Ledger(home.store, name).rows(month):
            when = row.ended_at or row.committing_at or row.planned_at
            said = f" ({row.said})" if row.said else ""
            line = f"{when}  {name} {row.month} r{row.revision}  {row.recipient}: {row.state}, by {row.by}{said}"
            click.echo(printable(line))


def _report(failed: list[Sent]) -> str:
    lines = [one.line() for one in failed]
    lines += [f"    {row.recipient}: {row.state} {row.said}" for one in failed for row in one.rows
              if row.state != "sent"]  # fmt: skip
    return "\n".join(lines) + "\n"


def month_of(home: Home, client: str, month: str) -> str:
    """A month's name; by default the last full one on the client's clock."""
    return period_of(load_params(home.params, client), month, pd.Timestamp.now("UTC")).name


def _now():
    return pd.Timestamp.now("UTC").to_pydatetime()

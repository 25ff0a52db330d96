"""Sending what was approved: each recipient once, with a ledger that says what became of it."""

from __future__ import annotations

import getpass
import sys
from collections import Counter
from dataclasses import dataclass

import click
import pandas as pd

from opsreport.approved import approval
from opsreport.cli.approve import stamp
from opsreport.cli.letters import Post, post
from opsreport.cli.shown import home_option, printable
from opsreport.cli.tell import tell
from opsreport.errors import MailError, OpsreportError
from opsreport.home import Home
from opsreport.mail.ledger import ENDED, Ledger
from opsreport.mail.message import Letter
from opsreport.mail.rows import Row
from opsreport.mail.sending import Outgoing, transport
from opsreport.mail.sending import send as send_once
from opsreport.mail.transport import Transport
from opsreport.month import period_of
from opsreport.params import client_names, load_params
from opsreport.params.team import load_team, mail_of
from opsreport.publishing import publish

_OUTCOMES = {"sent": "sent", "not-sent": "not sent"}


#: What a person does about a mail that was not sent.
_NEXT = {
    "planned": "it goes by sending again; what is wrong with the server or its login is mended in opsreport.yaml",
    "refused": "once it is mended: opsreport send {client} --month {month} --retry {to} --why REASON",
    "unknown": "once you know: opsreport send {client} --month {month} --resolve {to} --as sent|not-sent --why HOW",
}


@dataclass(frozen=True)
class Sent:
    """What became of one client's mails of a month; why they were not sent, or what would become of them."""

    client: str
    month: str
    rows: tuple[Row, ...] = ()
    why: str = ""
    would: str = ""
    is_news: bool = True

    @property
    def is_done(self) -> bool:
        """Whether everybody got theirs."""
        return not self.why and bool(self.rows) and all(row.state == "sent" for row in self.rows)

    def lines(self) -> list[str]:
        """It in a line, and in one more for each mail that was not sent, with what to do about it."""
        counts = Counter(row.state for row in self.rows)
        told = self.why or self.would or ", ".join(f"{count} {state}" for state, count in counts.items())
        if self.is_done and not self.is_news:
            told = f"nothing is left to send: {told}, the last on {max(row.ended_at for row in self.rows)[:10]}"
        made = [f"{'✓' if self.is_done else ' ' if self.would else '✕'} {self.client} {self.month}: {told}"]
        for row in self.rows:
            if row.state != "sent":
                done = _NEXT.get(row.state, "").format(client=self.client, month=self.month, to=row.recipient)
                made += [f"    {row.recipient}: {row.state}: {row.said}", f"      {done}"]
        return made


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
    if everybody == bool(clients) and not (is_log and not clients):
        raise click.UsageError("name clients, or give --all")
    if sum(map(bool, (resolve, retry, is_log, dry_run))) > 1 or bool(resolve) != bool(outcome):
        raise click.UsageError("give one of --dry-run, --log, --retry, and --resolve with --as")
    names = list(clients) or client_names(place.params)
    if is_log:
        return _show_log(place, names, month)
    if resolve or retry:
        return _settle(place, names, month, resolve or retry, _OUTCOMES.get(outcome or "", ""), by, why)
    ended = send_all(place, names, month, by, dry_run, only_approved, is_told=everybody)
    show(ended)
    sys.exit(exit_code(ended))


def send_all(
    home: Home, names: list[str], month: str, by: str, dry_run: bool = False, only_approved: bool = False,
    is_told: bool = True,
) -> list[Sent]:  # fmt: skip
    """Send each client's month; one that cannot be sent stops none of the others, and the operator is told."""
    way = transport(mail_of(home.folder), home.folder)
    ended: list[Sent] = []
    try:
        for place, client in enumerate(names, 1):
            one = _send_one(home, client, month, by, way, dry_run, only_approved)
            ended += [one] if one else []
            if sys.stderr.isatty():
                click.secho(f"{place} of {len(names)}: {client}", dim=True, err=True)
    finally:
        way.close()
    failed = [one for one in ended if not one.is_done]
    if failed and is_told and not dry_run:
        named = ", ".join(one.client for one in failed)
        try:
            tell(home, f"Not sent whole: {named}"[:200], "\n".join(line for one in failed for line in one.lines()))
        except OpsreportError as error:
            click.secho(printable(f"△ {error}"), fg="yellow", err=True)
    return ended


def show(ended: list[Sent]) -> None:
    """What became of each, on the terminal."""
    for one in ended:
        for line in one.lines():
            click.secho(printable(line), fg=None if one.is_done or one.would else "red")


def exit_code(ended: list[Sent]) -> int:
    """0 when all were sent, 1 when something was refused, 3 when something is left."""
    states = {row.state for one in ended for row in one.rows}
    if any(one.why for one in ended) or "refused" in states:
        return 1
    return 3 if states - {"sent"} else 0


def _send_one(
    home: Home, client: str, month: str, by: str, way: Transport, dry_run: bool, only_approved: bool
) -> Sent | None:
    """One client's; None where only approved ones are sent, and it is not."""
    try:
        month = month_of(home, client, month)
        if approval(home.store, client, month) is None:
            if only_approved:
                return None
            raise MailError("nobody approved it", hint=f"opsreport approve {client} --month {month} --by NAME")
        if not dry_run:
            stamp(home, client, month)
            if where := load_team(home.folder).publish:
                publish(home, client, month, where, pd.Timestamp.now("UTC"))
        made = post(home, client, month, pd.Timestamp.now("UTC"), date=pd.Timestamp.now("UTC").floor("s"))
        if made.refused:
            said = "; ".join(f"{one.name}: {', '.join(one.refusals)}" for one in made.refused)
            raise MailError(f"the gate refuses: {said}", hint=f"see: opsreport preview {client} --month {month}")
        return _handed_over(home, made, by, way, dry_run)
    except OpsreportError as error:
        return Sent(client, month, why=str(error).replace("\nHint: ", "; "))
    except (OSError, KeyError, TypeError, ValueError) as error:
        return Sent(client, month, why=f"{type(error).__name__}: {error}")


def _handed_over(home: Home, made: Post, by: str, way: Transport, dry_run: bool) -> Sent:
    """The messages that have not ended, sent; the others as they ended."""
    letter, sender = made.letter, mail_of(home.folder).sender.email
    folder, outgoing, known = home.out / letter.client / "mail" / letter.month, [], _rows(home, letter)
    for person, message, id in made.messages:
        state = known[person.email.lower()].state if person.email.lower() in known else "planned"
        archive = folder / f"r{letter.revision}-{id.strip('<>').partition('@')[0][:16]}.eml"
        if state == "committing" and archive.exists():
            message = archive.read_bytes()  # by a process that died, or still runs: of its bytes, not of today's date
        if state not in ENDED:
            outgoing.append(Outgoing(letter.month, letter.revision, sender, person.email, message, id, archive))
    to = [person.email.lower() for person, *_ in made.messages]
    if dry_run:
        fates = [f"{one} {known[one].state}" if one in known else f"{one} to be sent" for one in to]
        return Sent(letter.client, letter.month, would=", ".join(fates))
    try:
        is_news = bool(outgoing) and bool(send_once(home.store, letter.client, outgoing, way, by, _now))
    except MailError:
        # Another process may have sent them meanwhile, under its own date.
        now = _rows(home, letter)
        if not all(one in now and now[one].state in ENDED for one in to):
            raise
        is_news = False
    known = _rows(home, letter)
    return Sent(letter.client, letter.month, tuple(known[one] for one in to if one in known), is_news=is_news)


def _rows(home: Home, letter: Letter) -> dict[str, Row]:
    rows = Ledger(home.store, letter.client).rows(letter.month, letter.revision)
    return {row.recipient.lower(): row for row in rows}


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
    done = f"; to send it: opsreport send {row.client} --month {row.month}" if row.state == "planned" else ""
    click.echo(printable(f"{row.client} {row.month}: {row.recipient}: {row.state}{done}"))


def _show_log(home: Home, names: list[str], month: str) -> None:
    for name in names:
        for one in Ledger(home.store, name).log():
            if not month or one.month == month:
                turned = f"{one.before or 'new'} → {one.after}"
                line = f"{one.at[:19]}Z  {name} {one.month} r{one.revision}  {one.recipient}: {turned}, by {one.by}"
                click.echo(printable(line + (f" ({one.said})" if one.said else "")))


def month_of(home: Home, client: str, month: str) -> str:
    """A month's name; by default the last full one on the client's clock."""
    return period_of(load_params(home.params, client), month, pd.Timestamp.now("UTC")).name


def _now():
    return pd.Timestamp.now("UTC").to_pydatetime()

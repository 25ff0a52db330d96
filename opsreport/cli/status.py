"""`opsreport status`: where every client stands in a month, and what the operator is told of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click
import pandas as pd

from opsreport.cli.mailed import mail_state, teller
from opsreport.cli.shown import home_option, printable, table
from opsreport.cli.standing import Mailed, MailState, Standing, standings
from opsreport.cli.telling import Tell, news, tell_new
from opsreport.home import Home

#: The exit status where something needs a person.
NEEDS_A_PERSON = 3
_HEAD = ("client", "collected", "records whole", "silent", "reported", "approved", "sent")
_WORDS = {"final": "made", "approved": "made", "corrected": "made"}


def command(
    mail_state_of: Callable[[Home], MailState] = mail_state,
    teller_of: Callable[[Home], Tell] = teller,
    clock: Callable[[], pd.Timestamp] = lambda: pd.Timestamp.now("UTC"),
) -> click.Command:
    """The command, told how to look up what was mailed, and how to tell the operator.

    Parameters
    ----------
    mail_state_of : callable
        From a home to what gives the `Mailed` of a client and month.
    teller_of : callable
        From a home to what takes a subject and a text to the operator; asked only when there is something to tell.
    clock : callable
        Gives now.
    """

    @click.command()
    @click.argument("clients", nargs=-1)
    @click.option("--month", default="", help="YYYY-MM; by default the last full month, in UTC.")
    @click.option("--json", "as_json", is_flag=True, help="For machines.")
    @click.option("--tell", "is_told", is_flag=True, help="Tell the operator what needs a person, once a day.")
    @home_option
    def status(clients: tuple[str, ...], month: str, as_json: bool, is_told: bool, home: str) -> None:
        """Show where each client stands: collected, reported, approved, sent; of CLIENTS, or of all.

        Exits with 3 when something needs a person, and says what.
        """
        if as_json and is_told:
            raise click.UsageError("give --json or --tell")
        place, now = Home.find(home), clock()
        made = standings(place, month, clients, now, mail_state_of(place))
        items = [item for one in made for item in news(one, place, now)]
        if is_told:
            told = tell_new(place, items, now, lambda subject, text: teller_of(place)(subject, text))
            before = f"; {len(items) - told} were told within the day" if told < len(items) else ""
            click.echo(f"{told} told{before}" if items else "nothing needs a person", err=True)
        elif as_json:
            click.echo(json.dumps([_plain(one, now) for one in made], indent=1, ensure_ascii=False))
        else:
            _show(made, now)
            for item in items:
                click.echo(f"\n{item.text}")
        sys.exit(NEEDS_A_PERSON if any(one.needs_a_person(now) for one in made) else 0)

    return status


status = command()


def _show(made: list[Standing], now: pd.Timestamp) -> None:
    if not made:
        click.echo("there is no client yet: opsreport init NAME")
        return
    click.echo(f"{made[0].month}, for which reports are due in the month after\n")
    head, *lines = table(_HEAD, [_cells(one, now) for one in made])
    click.echo(head)
    for one, line in zip(made, lines, strict=True):
        click.secho(printable(line), fg="yellow" if one.needs_a_person(now) else None)


def _cells(one: Standing, now: pd.Timestamp) -> tuple[str, ...]:
    read = "never" if pd.isna(one.read_at) else f"{_age(now - one.read_at)} ago"
    review = f"late: {one.review}" if one.is_late(now) else _WORDS.get(one.review, one.review)
    return (one.client, read, f"{one.whole} of {one.named}", str(len(one.silent)) if len(one.silent) else "–",
            review, _approved(one.mailed), _sent(one.mailed))  # fmt: skip


def _approved(mail: Mailed) -> str:
    if not mail.approved_by:
        return "no"
    return mail.approved_by + (f", {mail.approved_at:%Y-%m-%d}" if mail.approved_at is not None else "")


def _sent(mail: Mailed) -> str:
    if not mail.recipients:
        return "–"
    more = [f"{count} {word}" for word, count in (("refused", mail.refused), ("unknown", mail.unknown)) if count]
    return ", ".join([f"{mail.sent} of {mail.recipients}", *more])


def _age(span: pd.Timedelta) -> str:
    hours = span / pd.Timedelta(hours=1)
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def _plain(one: Standing, now: pd.Timestamp) -> dict[str, Any]:
    """A standing as JSON holds it: instants in ISO 8601, lengths of time in seconds, null where not known."""
    mail = one.mailed
    return {
        "client": one.client, "month": one.month, "needs_a_person": one.needs_a_person(now), "problem": one.problem,
        "collected": {"read_at": _value(one.read_at), "whole": one.whole, "named": one.named,
                      "silent": [{name: _value(value) for name, value in row.items()}
                                 for row in one.silent.to_dict("records")]},
        "reported": {"state": one.review, "due": _value(one.due), "is_late": one.is_late(now)},
        "approved": {"by": mail.approved_by, "at": _value(mail.approved_at)},
        "sent": {name: getattr(mail, name) for name in ("recipients", "sent", "planned", "refused", "unknown")},
    }  # fmt: skip


def _value(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, pd.Timestamp) else value

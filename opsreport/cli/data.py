"""What is kept of a client, on the command line: export, restore, move, backup, delete, and the store's version."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path

import click
import pandas as pd

from opsreport import custody, migrations
from opsreport.cli.shown import home_option, printable
from opsreport.errors import StoreError
from opsreport.home import Home

_by = click.option("--by", default="", help="Who does it, for the operator's log; by default who is logged in.")
_keep_shared = click.option("--keep-shared", is_flag=True, help="Keep a plan or logo that says otherwise here.")
_file = click.Path(path_type=Path)


@click.group()
def data() -> None:
    """Export, restore, move, back up or delete all that is kept of one client.

    Each is all or nothing: what a kill interrupted, the next of these commands finishes.
    """


@data.command()
@click.argument("client")
@click.argument("file", type=_file)
@click.option("--csv", "with_csv", is_flag=True, help="Each frame as CSV too, with formulas made inert.")
@home_option
def export(client: str, file: Path, with_csv: bool, home: str) -> None:
    """Write CLIENT's files, store, reviews and ledger to FILE, a .zip or .tar; no secret is in it."""
    from opsreport.report.evidence import csv_bytes  # slow to load, and only needed here

    made = custody.export(Home.find(home), client, file, csv_bytes if with_csv else None)
    _say(made, f"exported to {file}", "not exported")


@data.command()
@click.argument("file", type=_file)
def verify(file: Path) -> None:
    """Read FILE to its end, and say whether it is whole."""
    _say(custody.verify(file), "whole", "was not exported")


@data.command()
@click.argument("file", type=_file)
@click.option("--replace", is_flag=True, help="Instead of the client that is there, which goes once this is in place.")
@_keep_shared
@click.option("--ledger", type=click.Choice(["here", "archive"]), default=None,
              help="Which ledger of sent mails holds, where the one here is another.")  # fmt: skip
@_by
@home_option
def restore(file: Path, replace: bool, keep_shared: bool, ledger: str | None, by: str, home: str) -> None:
    """Put the client that FILE holds back; all of it is checked before anything is written."""
    choices = custody.Choices(replace, keep_shared, ledger or "")
    _say(custody.restore(Home.find(home), file, choices, _who(by)), "restored", "was not exported")


@data.command()
@click.argument("client")
@click.argument("to", type=_file)
@_keep_shared
@_by
@home_option
def move(client: str, to: Path, keep_shared: bool, by: str, home: str) -> None:
    """Move CLIENT to the home TO: it is whole there before it goes here. Interrupted, run it again."""
    made = custody.move(Home.find(home), client, Home.find(to), custody.Choices(keep_shared=keep_shared), _who(by))
    _say(made, f"moved to {to}", "left here")
    click.echo(f"Check what its file names there: opsreport check {client} --home {to}")


@data.command()
@click.argument("clients", nargs=-1)
@click.argument("folder", type=_file)
@click.option("--all", "every", is_flag=True, help="All clients, instead of named ones.")
@click.option("--keep", default=7, show_default=True, type=click.IntRange(1), help="Backups of each client that stay.")
@home_option
def backup(clients: tuple[str, ...], folder: Path, every: bool, keep: int, home: str) -> None:
    """Export CLIENTS to FOLDER under today's date, read them back, and remove old backups.

    A client whose backup failed keeps all its older ones; then this exits with 1.
    """
    from opsreport.custody.backup import backup as back_up

    if every == bool(clients):
        raise click.UsageError("name clients, or give --all")
    place = Home.find(home)
    made = back_up(place, custody.clients(place) if every else list(clients), folder, keep, pd.Timestamp.now("UTC"))
    for one in made:
        if one.why:
            click.secho(f"✕ {one.client}: {printable(one.why)}", fg="red", err=True)
            continue
        removed = f"; {len(one.removed)} older removed" if one.removed else ""
        click.echo(f"{one.client}: {one.files} files, {_size(one.bytes)}, in {one.file}{removed}")
    sys.exit(1 if any(one.why for one in made) else 0)


@data.command()
@click.argument("client")
@click.option("--params", "with_params", is_flag=True, help="Its own files in params too.")
@click.option("--leave-published", is_flag=True, help="Even while pages of it are online; says their addresses.")
@click.option("--yes", default="", metavar="CLIENT", help="The client's id once more, instead of typing it.")
@_by
@home_option
def delete(client: str, with_params: bool, leave_published: bool, yes: str, by: str, home: str) -> None:
    """Delete CLIENT's store and reviews, for good; one line of the operator's log stays.

    Refuses while a page of it is published: the store knows where it lies. What was mailed or
    backed up is not reached.
    """
    place = Home.find(home)
    online = _online(place, client)
    if online and not leave_published:
        raise StoreError(
            f"{client} was not deleted: pages of it are published, of {', '.join(online)}",
            hint=f"take each away first: opsreport publish {client} --month {next(iter(online))} --withdraw; "
            "--leave-published leaves them online",
        )
    typed = yes or click.prompt(f"This deletes all that was collected of {client}. Type its id", default="")
    if typed != client:
        raise StoreError(f"{client} was not deleted: {printable(typed)!r} is not its id", hint="type the id as it is")
    _say(custody.delete(place, client, with_params=with_params, by=_who(by)), "deleted", "stays")
    for month, address in online.items():
        click.secho(f"△ stays online: the page of {month}, {address}", fg="yellow")


@data.command()
@home_option
def versions(home: str) -> None:
    """Say which version each client's store is written in; first finish what was interrupted."""
    for client, version in custody.versions(Home.find(home)).items():
        older = "" if version == migrations.VERSION else f", not {migrations.VERSION}, which this opsreport writes"
        click.echo(f"{client}: version {version}{older}")


@data.command()
@click.argument("clients", nargs=-1)
@home_option
def migrate(clients: tuple[str, ...], home: str) -> None:
    """Make the stores of CLIENTS, or of all, today's version; reading one does so too."""
    place = Home.find(home)
    for client in clients or custody.clients(place):
        taken = custody.migrate(place, client)
        click.echo(f"{client}: " + (f"{taken} steps, now version {migrations.VERSION}" if taken else "nothing to do"))


def _say(made: custody.Kept, what: str, left: str) -> None:
    click.echo(f"{made.client}: {what} ({made.files} files, {_size(made.bytes)})")
    for one in made.left:
        click.secho(f"△ {left}: {printable(one)}", fg="yellow")


def _online(home: Home, client: str) -> dict[str, str]:
    """Where each published page of a client lies, by month: the address, or else the place and the key."""
    from opsreport.publishing import RECORD  # slow to load, and only needed here

    path = home.store / client / RECORD
    try:
        held = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return {
            printable(month): printable(one.get("address") or f"{one['place']}, under {one['token']}")
            for month, one in held.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "restore it from a copy: without it no page can be taken away"
        raise StoreError(f"{path} cannot be read: {error}", hint) from error


def _size(count: int) -> str:
    """Bytes as a person says them.

    Examples
    --------
    >>> _size(999), _size(1_500_000)
    ('999 B', '1.5 MB')
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _who(by: str) -> str:
    try:
        return by or getpass.getuser()
    except (OSError, KeyError):  # a machine where this user has no name
        return "unknown"

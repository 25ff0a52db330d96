"""`opsreport schedule`: the month's rhythm as systemd's units or crontab lines."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import pandas as pd

from opsreport.cli import units
from opsreport.cli.shown import home_option, printable, table
from opsreport.cli.timetable import Times, status_time, times
from opsreport.cli.units import Setup, crontab, is_ours, systemd
from opsreport.errors import OpsreportError, ParamsError
from opsreport.home import Home, write_whole
from opsreport.params import client_names, load_params
from opsreport.params.team import Rhythm, load_team

_CLIENTS_OWN = ("opsreport-collect@", "opsreport-report@")


@dataclass(frozen=True)
class Written:
    """What writing units came to: names of files that are new or changed, as they were, or no client's any more."""

    changed: list[str]
    same: list[str]
    stale: list[str]


@click.command()
@click.option("--systemd", "folder", default="", metavar="FOLDER", help="Write systemd's units there.")
@click.option("--user", "is_users", is_flag=True, help="Units of a user's own manager, not of the system's.")
@click.option("--crontab", "as_crontab", is_flag=True, help="Print crontab lines.")
@click.option("--prune", is_flag=True, help="Remove the units of clients that have no file any more.")
@click.option("--environment", default="", metavar="FILE", help="A file of variables, for secrets as env:NAME.")
@home_option
def schedule(folder: str, is_users: bool, as_crontab: bool, prune: bool, environment: str, home: str) -> None:
    """Have each client collected daily and reported after each month, and be told what did not run.

    When is said under schedule in opsreport.yaml, on this machine's clock; clients begin within an hour of it, each
    at its own minute. Without --systemd or --crontab the times are only shown. Running it twice changes nothing.
    """
    if bool(folder) and as_crontab:
        raise click.UsageError("give --systemd or --crontab")
    if (prune or is_users) and not folder:
        raise click.UsageError("--prune and --user go with --systemd")
    place = Home.find(home)
    rhythm = load_team(place.folder).schedule
    known, unread = _clients(place, rhythm, pd.Timestamp.now("UTC"))
    for client, why in unread.items():
        click.secho(printable(f"△ {client} is left as it is: {why}"), fg="yellow", err=True)
    for one in known:
        if one.moved_from:
            click.secho(f"△ {one.client} is reported on day {one.report_day}: on day {one.moved_from} its month may "
                        "still run, or was not collected whole", fg="yellow", err=True)  # fmt: skip
    setup = _setup(place, environment, "" if is_users or not folder else _owner(place.folder))
    if as_crontab:
        click.echo(crontab(setup, known, status_time(rhythm)), nl=False)
    elif folder:
        made = write(Path(folder), setup, systemd(setup, known, status_time(rhythm)), set(unread), prune)
        _say(made, Path(folder), is_users, prune)
    else:
        _show(known, rhythm)
    sys.exit(1 if unread else 0)


def write(folder: Path, setup: Setup, made: dict[str, str], unread: set[str], prune: bool) -> Written:
    """Put units into a folder, each in one step; none is touched where one of the files is somebody else's.

    Parameters
    ----------
    made : dict of str to str
        Each unit's text by its file's name.
    unread : set of str
        Clients whose file cannot be read now: their units stay.
    prune : bool
        Whether units of clients without a file are removed; else they are only named.

    Raises
    ------
    ParamsError
        When there is no such folder, or a file of the same name is not ours.
    """
    if not folder.is_dir():
        raise ParamsError(f"there is no folder {folder}", hint="make it first, or check the path")
    before = {name: _own_text(folder / name, setup) for name in made}
    kept = _kept(folder, setup, unread)
    # Whose file cannot be read keeps its place in the target.
    wants = [f"Wants={name}" for name in sorted(kept)]
    made = {**made, units.TARGET: made[units.TARGET].replace("\n\n[Install]", "".join(f"\n{one}" for one in wants)
                                                             + "\n\n[Install]")}  # fmt: skip
    changed = [name for name, text in made.items() if before[name] != text]
    for name in changed:
        # The manager, another user, may read it.
        write_whole(folder / name, made[name], 0o644)
    stale = sorted(name for name in _own_units(folder, setup) if name not in made and name not in kept)
    for name in stale if prune else []:
        (folder / name).unlink()
    return Written(sorted(changed), sorted(set(made) - set(changed)), stale)


def executable() -> str:
    """The absolute path of opsreport, as it runs now.

    Raises
    ------
    ParamsError
        When it is not installed as a program.
    """
    beside = Path(sys.executable).with_name("opsreport")  # not resolved: an environment's python is a link
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("opsreport")
    if not found:
        raise ParamsError("there is no program opsreport", hint="install the package: pip install opsreport")
    return os.path.abspath(found)


def _clients(place: Home, rhythm: Rhythm, now: pd.Timestamp) -> tuple[list[Times], dict[str, str]]:
    """Each client's times; and of those whose file cannot be read, why."""
    known, unread = [], {}
    for client in client_names(place.params):
        try:
            known.append(times(client, load_params(place.params, client).time_zone, rhythm, now))
        except OpsreportError as error:
            unread[client] = error.message
    if not known and not unread:
        raise ParamsError(f"there is no client in {place.params}", hint="write one: opsreport init NAME")
    return known, unread


def _setup(place: Home, environment: str, user: str) -> Setup:
    given = Path(environment).absolute() if environment else None
    if given and not given.is_file():
        raise ParamsError(f"there is no file {given}", hint="lines of NAME=value, readable by its owner only")
    return Setup(executable(), place.folder.absolute(), given, user)


def _owner(folder: Path) -> str:
    """Whose the home is: the store may be read by nobody else."""
    try:
        return folder.owner()
    except KeyError:  # the number has no name here
        return str(folder.stat().st_uid)


def _own_text(path: Path, setup: Setup) -> str | None:
    """What a unit of ours says by now; None where there is none."""
    if not path.exists() and not path.is_symlink():
        return None
    text = "" if path.is_symlink() or not path.is_file() else path.read_text("utf-8", "replace")
    if not is_ours(text):
        raise ParamsError(f"{path} is not ours", hint="move it away, or choose another folder")
    if text.partition("\n")[0] != setup.header:
        whose = text.partition("\n")[0].removeprefix(units.OURS).rpartition(";")[0]
        raise ParamsError(f"{path} is of {whose}", hint="one home's units to a folder: remove those, or choose another")
    return text


def _own_units(folder: Path, setup: Setup) -> list[str]:
    """The clients' timers in a folder that are of this home."""
    found = [path for begin in _CLIENTS_OWN for path in folder.glob(f"{begin}*.timer") if path.is_file()]
    return [path.name for path in found if not path.is_symlink()
            and path.read_text("utf-8", "replace").partition("\n")[0] == setup.header]  # fmt: skip


def _kept(folder: Path, setup: Setup, unread: set[str]) -> set[str]:
    names = {f"{begin}{client}.timer" for begin in _CLIENTS_OWN for client in unread}
    return names & set(_own_units(folder, setup))


def _say(made: Written, folder: Path, is_users: bool, prune: bool) -> None:
    control = "systemctl --user" if is_users else "systemctl"
    click.echo(printable(f"{folder}: {len(made.changed)} units written, {len(made.same)} as they were"))
    if made.stale:
        word = "removed" if prune else "of no client any more (--prune removes them)"
        click.secho(printable(f"△ {word}: {', '.join(made.stale)}"), fg="yellow")
        click.echo(f"  stop them: {control} stop {shlex.join(made.stale)}")
    if made.changed or (made.stale and prune):
        click.echo(f"now: {control} daemon-reload && {control} enable {units.TARGET} "
                   f"&& {control} restart {units.TARGET}")  # fmt: skip


def _show(known: list[Times], rhythm: Rhythm) -> None:
    def clock(minute: int) -> str:
        return f"{minute // 60:02d}:{minute % 60:02d}"

    rows = [(one.client, clock(one.collect), f"day {one.report_day}, {clock(one.report)}") for one in known]
    for line in table(("client", "collect, daily", "report"), rows):
        click.echo(line)
    click.echo(f"what did not run is told at {clock(status_time(rhythm))}, daily; all on this machine's clock")

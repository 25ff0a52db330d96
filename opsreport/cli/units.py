"""What runs opsreport: systemd's units, or crontab lines, as text; no secret stands in either."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsreport.cli.timetable import Times
from opsreport.errors import ParamsError

#: The first words of each file and block of ours.
OURS = "# Written by opsreport schedule for "
TARGET = "opsreport.target"
_BEGIN, _END = "# begin opsreport", "# end opsreport"
#: How long each may take before it is stopped, so that one that hangs holds up nothing. [min]
LONGEST = {"collect": 30, "report": 60, "status": 60}
_ABOUT = {"collect": "Read the sources of %i", "report": "Make the review of %i", "status": "Tell what did not run"}


@dataclass(frozen=True)
class Setup:
    """What every unit and line is made with.

    Attributes
    ----------
    program : str
        The absolute path of opsreport.
    home : Path
        Absolute.
    environment : Path, optional
        A file of variables that secrets are read from, as ``env:NAME``.
    user : str
        As whom a system's unit runs; empty for units of a user's own.
    """

    program: str
    home: Path
    environment: Path | None = None
    user: str = ""

    def __post_init__(self) -> None:
        for path in (self.program, str(self.home), str(self.environment or "")):
            if any(unicodedata.category(char)[0] == "C" for char in path):
                raise ParamsError(f"{path!r} has a control character", hint="rename the folder")

    @property
    def header(self) -> str:
        """The first line of all that is written."""
        return f"{OURS}{self.home}; change opsreport.yaml, and run that again."

    def command(self, task: str, client: str = "") -> list[str]:
        """What is run for a task."""
        asked = ["status", "--tell"] if task == "status" else [task, client]
        return [self.program, *asked, "--home", str(self.home)]


def systemd(setup: Setup, clients: Sequence[Times], status: int) -> dict[str, str]:
    """Each unit's text by its file's name: a service for each task, and a timer for each client and task.

    Parameters
    ----------
    clients : sequence of Times
    status : int
        When it is looked whether all ran. [minute of the day]

    Raises
    ------
    ParamsError
        When systemd would run no program of that name.
    """
    if set(setup.program) & set("\"'\\"):
        raise ParamsError(f"systemd runs no program of the name {setup.program}", hint="install it where no quote is")
    made = {f"opsreport-{task}@.service": _service(setup, task) for task in ("collect", "report")}
    made["opsreport-status.service"] = _service(setup, "status")
    for one in clients:
        collect = f"opsreport-collect@{one.client}", f"*-*-* {_clock(one.collect)}:00"
        report = f"opsreport-report@{one.client}", f"*-*-{one.report_day:02d} {_clock(one.report)}:00"
        for name, when in (collect, report):
            made[f"{name}.timer"] = _timer(setup, name, when)
    made["opsreport-status.timer"] = _timer(setup, "opsreport-status", f"*-*-* {_clock(status)}:00")
    made[TARGET] = _target(setup, [name for name in made if name.endswith(".timer")])
    return made


def is_ours(text: str) -> bool:
    """Whether a file was written by this."""
    return text.startswith(OURS)


def crontab(setup: Setup, clients: Sequence[Times], status: int) -> str:
    """Lines for a crontab, between two marks; what they print goes to the system's log."""
    lines = []
    for one in clients:
        collect, report = (_cron_command(setup, task, one.client) for task in ("collect", "report"))
        lines.append(f"{one.collect % 60} {one.collect // 60} * * * {collect}")
        lines.append(f"{one.report % 60} {one.report // 60} {one.report_day} * * {report}")
    lines.append(f"{status % 60} {status // 60} * * * {_cron_command(setup, 'status')}")
    return "\n".join([_BEGIN, setup.header, *lines, _END]) + "\n"


def quoted(argument: str) -> str:
    r"""An argument as systemd reads it back from a command: it expands % and $, and takes \ for an escape.

    Examples
    --------
    >>> print(quoted('50% of "a b"'), quoted("$HOME"))
    "50%% of \"a b\"" "$$HOME"
    """
    return '"' + re.sub(r'(["\\])', r"\\\1", argument).replace("%", "%%").replace("$", "$$") + '"'


def _service(setup: Setup, task: str) -> str:
    # What comes first is a path, in which $ stands for itself.
    program = quoted(setup.program).replace("$$", "$")
    rest = " ".join(quoted(one) for one in setup.command(task, "CLIENT")[1:]).replace('"CLIENT"', "%i")
    after = " opsreport-collect@%i.service" if task == "report" else ""
    return _text(
        setup,
        "[Unit]", f"Description=opsreport: {_ABOUT[task]}",
        # A machine that slept catches up with both: a report waits for its collect. Users' own units see no network.
        *([f"After=network-online.target{after}", "Wants=network-online.target"] if setup.user else []),
        *([f"After={after.strip()}"] if after and not setup.user else []),
        "", "[Service]", "Type=oneshot", f"ExecStart={program} {rest}",
        # 3 says that something is missing or waits for a person, which the status tells.
        "SuccessExitStatus=3", f"TimeoutStartSec={LONGEST[task]}min", "UMask=0077", "Nice=5",
        *([f"User={setup.user}"] if setup.user else []),
        *([f"EnvironmentFile={_file_name(setup.environment)}"] if setup.environment else []),
    )  # fmt: skip


def _timer(setup: Setup, name: str, when: str) -> str:
    return _text(
        setup,
        "[Unit]", f"Description=opsreport: when {name} runs", f"PartOf={TARGET}",
        "", "[Timer]", f"OnCalendar={when}", "Persistent=true", "AccuracySec=1min", f"Unit={name}.service",
    )  # fmt: skip


def _target(setup: Setup, timers: Iterable[str]) -> str:
    wanted_by = "multi-user.target" if setup.user else "default.target"
    wants = [f"Wants={name}" for name in timers]
    return _text(setup, "[Unit]", "Description=opsreport: all of its timers", *wants,
                 "", "[Install]", f"WantedBy={wanted_by}")  # fmt: skip


def _text(setup: Setup, *lines: str) -> str:
    return "\n".join([setup.header, *lines]) + "\n"


def _file_name(path: Path) -> str:
    """A path of a setting that takes a pattern and expands %."""
    return re.sub(r"([\\*?\[])", r"\\\1", str(path)).replace("%", "%%")


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _cron_command(setup: Setup, task: str, client: str = "") -> str:
    run = f"timeout -k 60 {LONGEST[task] * 60} {shlex.join(setup.command(task, client))}"
    if setup.environment:
        run = f"set -a; . {shlex.quote(str(setup.environment))}; {run}"
    name = f"opsreport-{task}-{client}" if client else f"opsreport-{task}"
    # To cron an unescaped % ends the command.
    return f"({run}) 2>&1 | logger -t {name}".replace("%", r"\%")

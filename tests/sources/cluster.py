"""A PostgreSQL of a test's own: on a socket in a folder of its own, as a user that is not root, and stopped after."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PORT = 54329
CONF = """
listen_addresses = ''
unix_socket_directories = '{folder}'
port = {port}
fsync = off
"""


@dataclass(frozen=True)
class Cluster:
    """Where it is; ``run`` runs a program of the server, or of the system, as its user there."""

    folder: Path
    run: Callable[..., str]
    data: tuple[str, Path] = field(default=("-D", Path()))

    def stop(self) -> None:
        """Stop it as a crash would."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.run("pg_ctl", *self.data, "-m", "immediate", "-w", "-t", "30", "stop")


@contextmanager
def postgresql(conf: str = "", initdb: tuple[str, ...] = (), **files: str) -> Iterator[Cluster]:
    """A started server.

    Parameters
    ----------
    conf : str
        More of its configuration; ``{folder}`` is its own.
    files : str
        What to write beside it before it starts, by name, likewise.
    """
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not servers:
        pytest.skip("a PostgreSQL server is not installed")
    # A socket's path may have 107 letters, and pytest's folder may be closed to the server's user.
    folder, server, user = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp")), servers[-1].parent, []
    if os.getuid() == 0:  # as which PostgreSQL does not run
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        shutil.chown(folder, "postgres", "postgres")
    own = {"HOME": str(folder), "LC_ALL": "C", "PATH": os.environ["PATH"], "TZ": "UTC"}

    def run(program: str, *arguments: object) -> str:
        command = [server / program if (server / program).exists() else program, *map(str, arguments)]
        return subprocess.run([*user, *command], env=own, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=60, cwd=folder).stdout  # fmt: skip

    made = Cluster(folder, run, ("-D", folder / "data"))
    try:
        for name, text in files.items():
            (folder / name).write_text(text.format(folder=folder, port=PORT))
        run("initdb", *made.data, "--auth=trust", "--no-sync", *initdb)
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write((CONF + conf).format(folder=folder, port=PORT))
        run("pg_ctl", *made.data, "-l", folder / "log", "-w", "-t", "30", "start")
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)

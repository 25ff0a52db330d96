"""The server of warm kernels as its parent sees it: started, asked, and ended."""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from opsreport.errors import ReportError
from opsreport.report.warm.environment import environment
from opsreport.report.warm.guardian import CHILDREN

#: What every review imports, ``.*`` with all that is in it, for most of it is imported at first use only.
#: Named as text: the report itself needs none of it. Not what looks, when it is imported, whether a notebook runs
#: it, as ``plotly.io._renderers`` does: that is left to each kernel, and what it imports is here.
MODULES = (
    "pandas", "pyarrow.dataset", "duckdb", "nbformat", "mistune", "nh3", "holidays.countries", "statistics",
    "narwhals._pandas_like.*", "narwhals.stable.v1", "plotly.io._base_renderers", "plotly.subplots",
    "plotly.graph_objs.layout.*", "plotly.graph_objs.scatter.*", "plotly.graph_objs.bar.*", "opsreport",
    "opsreport.completeness", "opsreport.figures.*", "opsreport.findings.*", "opsreport.metrics.*",
    "opsreport.narrative.*", "opsreport.tables.*", "opsreport.decisions.*",
)  # fmt: skip
#: What a kernel may hold of its own in memory. [bytes]
MEMORY = 4 << 30
#: The longest that importing all of it may take, and that one answer may. [s]
START, ANSWER = 60.0, 10.0


class Unavailable(ReportError):
    """Why there is no warm kernel; a cold one is started instead."""


class Server:
    """A process that kernels are forked from.

    Parameters
    ----------
    modules : sequence of str
        What it imports.
    memory : int
        What each kernel may hold of its own. [bytes]

    Raises
    ------
    Unavailable
        When the platform has no such thing, or it did not start.
    """

    def __init__(self, modules: Sequence[str], memory: int) -> None:
        self._check_platform()
        self._memory, self._one_asks = memory, threading.Lock()
        self._folder = Path(tempfile.mkdtemp(prefix="ops-"))
        # As Jupyter starts a kernel; else debugpy writes a warning.
        command = [sys.executable, "-Xfrozen_modules=off", "-m", "opsreport.report.warm.server", *modules]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._folder,
            env=environment(self._folder) | self._same_package(), start_new_session=True,
        )  # fmt: skip
        try:
            self._refuse(self._read(START))
        except Unavailable:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def fork(self, arguments: Sequence[str], folder: str, variables: dict[str, str]) -> Forked:
        """A kernel, started with arguments as ipykernel takes them, in a folder, with an environment.

        Raises
        ------
        Unavailable
            When none could be forked.
        """
        asked = {"do": "fork", "arguments": list(arguments), "folder": folder, "environment": variables}
        answer = self.ask(asked | {"memory": self._memory})
        self._refuse(answer)
        return Forked(self, answer["pid"])

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask one thing, and wait for the answer.

        Raises
        ------
        Unavailable
            When the server has ended or says nothing.
        """
        with self._one_asks:
            try:
                assert self._process.stdin
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
            except (OSError, ValueError) as error:
                raise Unavailable("the process to fork from has ended") from error
            return self._read(ANSWER)

    def end(self) -> None:
        """End it with every kernel that still runs."""
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                assert pipe
                pipe.close()  # it ends when it reads that
            except BrokenPipeError:
                continue
        try:
            self._process.wait(ANSWER)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, seconds: float) -> dict[str, Any]:
        """One answer."""
        assert self._process.stdout
        until, line, source = time.monotonic() + seconds, b"", self._process.stdout.fileno()
        while not line.endswith(b"\n"):
            if not select.select([source], [], [], max(0.0, until - time.monotonic()))[0]:
                self._process.kill()  # an answer that came later would be taken for another's
                raise Unavailable(f"the process to fork from said nothing for {seconds:g} s")
            read = os.read(source, 1 << 16)
            if not read:
                raise Unavailable("the process to fork from has ended")
            line += read
        return json.loads(line)

    @staticmethod
    def _refuse(answer: dict[str, Any]) -> None:
        if "refused" in answer:
            raise Unavailable(answer["refused"])

    @staticmethod
    def _check_platform() -> None:
        if sys.platform != "linux":
            raise Unavailable(f"kernels are forked on Linux only, and this is {sys.platform}")
        if not Path(CHILDREN.format(os.getpid())).exists():
            raise Unavailable("this Linux does not list a process's children, so a kernel's could not be ended")

    @staticmethod
    def _same_package() -> dict[str, str]:
        """Where this very package lies, if it is not installed: then each interpreter finds it by itself."""
        with suppress(PackageNotFoundError):
            distribution("opsreport")
            return {}
        places = [str(Path(__file__).parents[3]), *filter(None, [environment(Path()).get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(places)}


class Forked:
    """A forked kernel, with the part of `subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, server: Server, pid: int) -> None:
        self._server, self.pid, self._ended = server, pid, None

    def poll(self) -> int | None:
        """Its exit code; None while it runs. A kernel ends with its server."""
        if self._ended is None:
            try:
                self._ended = self._server.ask({"do": "poll", "pid": self.pid})["ended"]
            except Unavailable:
                self._ended = 1
        return self._ended

    def wait(self) -> int:
        """Wait until it has ended; its exit code."""
        while (code := self.poll()) is None:
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Interrupt it, or end it with all that it started.

        What looks after it is asked for that and not killed: it would leave them.
        """
        number = signal.SIGINT if number == signal.SIGINT else signal.SIGTERM
        if self._ended is None:
            try:
                self._server.ask({"do": "signal", "pid": self.pid, "signal": int(number)})
            except Unavailable:
                self._ended = 1


@functools.cache
def shared() -> Server:
    """The process's one server, for kernels that a kernelspec asks for by ``opsreport-warm``.

    Raises
    ------
    Unavailable
        When there can be none.
    """
    server = Server(MODULES, MEMORY)
    atexit.register(server.end)
    return server

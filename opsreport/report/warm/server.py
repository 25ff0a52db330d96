"""The process that kernels are forked from: everything is imported, and it has one thread.

Run by `opsreport.report.warm.handle` as ``python -m``, with a pipe on each side: a line of JSON in, a line
of JSON out. It ends, and ends every kernel, as soon as the pipe is closed: so also when the process that started
it was killed. A kernel changes a copy of what is here, so nothing of one is ever seen by the next.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import sys
from contextlib import suppress
from typing import Any

from opsreport.report.warm import guardian

#: How often to look whether the parent is still there, should something else hold the pipe open. [s]
_LOOK = 1.0
#: What a kernel imports before it runs its first cell.
_KERNEL = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger", "zmq.utils.garbage",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.oinspect", "IPython.extensions.storemagic",
    "IPython.utils.wildcard", "faulthandler", "pdb", "sqlite3", "tornado.platform.asyncio",
)  # fmt: skip


def main(modules: list[str]) -> None:
    """Import, say that all is ready, and answer until the pipe is closed."""
    # What an import prints must not be taken for an answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    if sys.path[0] in ("", os.getcwd()):  # by python -m; elsewhere it may be where the package lies
        del sys.path[0]
    parent = os.getppid()
    _say(answers, _ready(modules))
    server = Server()
    while request := _next(parent):
        _say(answers, server.answer(request))
    server.end()


class Server:
    """The kernels that run: each is known by the process that looks after it."""

    def __init__(self) -> None:
        guardian.adopt_orphans()
        self._running: set[int] = set()
        self._ended: dict[int, int] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what was asked: fork a kernel, tell whether it has ended, or send it a signal."""
        if request["do"] == "fork":
            return self._fork(request)
        pid = request["pid"]
        if request["do"] == "signal" and pid in self._running:
            os.kill(pid, request["signal"])  # not yet waited for, so still this very process
        if request["do"] == "poll":
            return {"ended": self._poll(pid)}
        return {}

    def end(self) -> None:
        """End every kernel, with all that it started."""
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        for pid in self._running:
            os.waitpid(pid, 0)
        guardian.kill_strays(set())

    def _fork(self, request: dict[str, Any]) -> dict[str, Any]:
        if guardian.threads() != 1:
            return {"refused": _too_many()}
        try:
            pid = os.fork()
        except OSError as error:
            return {"refused": f"no process could be forked: {error.strerror}"}
        if pid == 0:
            guardian.look_after(request)  # never returns
        self._running.add(pid)
        return {"pid": pid}

    def _poll(self, pid: int) -> int | None:
        if pid in self._running:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._running.discard(pid)
                self._ended[pid] = os.waitstatus_to_exitcode(status)
                guardian.kill_strays(self._running)  # there are some where it was killed itself
        return self._ended.get(pid)


def _ready(modules: list[str]) -> dict[str, Any]:
    try:
        _prepare(modules)
    except ImportError as error:
        return {"refused": f"the process to fork from could not import all: {error}"}
    return {"ready": os.getpid()} if guardian.threads() == 1 else {"refused": _too_many()}


def _prepare(modules: list[str]) -> None:
    for name in (*_KERNEL, *modules):
        _import(name)
    if "plotly.graph_objects" in sys.modules:
        _draw_once()
    gc.collect()
    gc.freeze()  # a collection in a kernel would otherwise copy every page it looks at


def _import(name: str) -> None:
    """Import a module; with all that is in it where its name ends in ``.*``."""
    module = importlib.import_module(name.removesuffix(".*"))
    if name.endswith(".*") and hasattr(module, "__path__"):
        for inner in pkgutil.walk_packages(module.__path__, f"{module.__name__}."):
            importlib.import_module(inner.name)


def _draw_once() -> None:
    """Load plotly's template and the validators of what every chart has: they are loaded at first use."""
    graphs = importlib.import_module("plotly.graph_objects")
    figure = graphs.Figure([graphs.Bar(x=["a"], y=[1]), graphs.Scatter(x=["a"], y=[1])])
    figure.update_layout(title="a", template="plotly", xaxis={"title": "a"}, yaxis={"title": "a"})
    figure.add_annotation(text="a")
    figure.to_dict()


def _too_many() -> str:
    return f"the process to fork from has {guardian.threads()} threads: an import has started them"


def _next(parent: int) -> dict[str, Any]:
    """The next request; empty when there will be none."""
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([0], [], [], _LOOK)[0]:
            if os.getppid() != parent:
                return {}
            continue
        read = os.read(0, 1 << 16)
        if not read:
            return {}
        line += read
    return json.loads(line)


def _say(answers: int, content: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(answers, json.dumps(content).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # libraries that tidy up would have nothing to say but how much they left

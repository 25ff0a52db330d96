"""Processes that each do one client after another; one that dies or hangs takes only the client that it was at."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from multiprocessing.connection import Connection, wait

from opsreport.cli.batch import Result, run_client

#: What a worker and its kernel take at the most. [bytes]
ROOM = 1_500_000_000
#: The longest that a client may take. [s]
PATIENCE = 3600.0


def how_many(clients: int, memory: int | None = None) -> int:
    """As many workers as there are cores, clients, and room for in memory. [processes]

    Parameters
    ----------
    memory : int, optional
        What is free; by default what the system says. [bytes]
    """
    free = _free() if memory is None else memory
    return max(1, min(len(os.sched_getaffinity(0)), clients, free // ROOM))


def run_here(
    home: str, clients: Sequence[tuple[str, str]], steps: Sequence[str], count: int, patience: float = PATIENCE,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Result]:  # fmt: skip
    """Each client's result as it ends, by so many workers.

    Parameters
    ----------
    clients : sequence of (str, str)
        Id and month.
    patience : float
        How long a client may take before its worker is ended. [s]
    say : callable
        Told of what went wrong with a worker.
    """
    left, workers = list(reversed(clients)), [_Worker(home, steps) for _ in range(min(count, len(clients)))]
    try:
        while left or any(worker.at for worker in workers):
            for worker in workers:
                if left and not worker.at:
                    worker.give(left.pop())
            ready = wait([worker.link for worker in workers if worker.at], timeout=1.0)
            for place, worker in enumerate(workers):
                is_late = bool(worker.at) and time.monotonic() - worker.since > patience
                if worker.link in ready or is_late:
                    result = worker.take(is_late, patience)
                    if not worker.is_alive:
                        say(f"{result.client}: {result.why}")
                        workers[place] = _Worker(home, steps)
                    yield result
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """One process and the client that it is at."""

    def __init__(self, home: str, steps: Sequence[str]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.link, other = spawn.Pipe()
        self._process = spawn.Process(target=_work, args=(other, home, tuple(steps), os.getpid()))
        self._process.start()
        other.close()
        self.at: tuple[str, str] | tuple[()] = ()
        self.since, self.is_alive = 0.0, True

    def give(self, client: tuple[str, str]) -> None:
        self.at, self.since = client, time.monotonic()
        with suppress(OSError):  # it died: `take` says so
            self.link.send(client)

    def take(self, is_late: bool, patience: float) -> Result:
        client, month = self.at
        self.at = ()
        if not is_late:
            with suppress(EOFError, OSError):
                return self.link.recv()
        self._process.kill()
        self._process.join()
        self.is_alive = False
        why = f"it took longer than {patience:.0f} s and was ended" if is_late else (
            f"its process ended with status {self._process.exitcode}; it may have run out of memory")  # fmt: skip
        return Result(client, month, "failed", why=why)

    def end(self) -> None:
        with suppress(OSError):
            self.link.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _work(link: Connection, home: str, steps: tuple[str, ...], parent: int) -> None:
    """One client after another, until nobody asks any more."""
    from opsreport.report.warm import warm_kernels  # slow to load, and only needed here

    with ExitStack() as held, suppress(EOFError, OSError, KeyboardInterrupt):
        # Started by the first review that is made: where all are unchanged, none is needed.
        kernels = cache(lambda: held.enter_context(warm_kernels()))
        while os.getppid() == parent:
            client, month = link.recv()
            link.send(run_client(home, client, month, steps, kernels))


def _free() -> int:
    with open("/proc/meminfo", encoding="ascii") as told:
        return next(int(line.split()[1]) * 1024 for line in told if line.startswith("MemAvailable:"))

"""Kernels for many reviews: forked from one process that has imported everything, or started anew.

>>> from opsreport.report.warm import warm_kernels
>>> with warm_kernels() as kernels:  # doctest: +SKIP
...     execute(notebook, output, parameters, folder, kernels=kernels)

A warm kernel is as fresh as a cold one: a copy of a process in which no notebook has run. It gives the same
bytes, and saves what importing takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opsreport.report.warm.handle import MEMORY, MODULES, Server, Unavailable
from opsreport.report.warm.managers import Kernels, WarmKernels


@dataclass(frozen=True)
class Choice:
    """How kernels are made: hand it to `opsreport.report.execute.execute`.

    Attributes
    ----------
    manager : type
        Jupyter's manager for it.
    why_cold : str
        Why they are not warm; empty where they are, or nobody asked.
    server : int
        The process that they are forked from; 0 where they are not.
    """

    manager: type[Kernels]
    why_cold: str = ""
    server: int = 0


def cold_kernels(memory: int = MEMORY) -> Choice:
    """Each kernel is an interpreter of its own."""
    return Choice(type("ColdKernels", (Kernels,), {"memory": memory}))


@contextmanager
def warm_kernels(
    warn: Callable[[str], None] = warnings.warn, modules: tuple[str, ...] = MODULES, memory: int = MEMORY
) -> Iterator[Choice]:
    """Kernels forked from a process that starts here and ends with the block; cold ones where there can be none.

    Parameters
    ----------
    warn : callable
        Told in one sentence why kernels, or one of them, are started cold.
    modules : tuple of str
        What is imported before.
    memory : int
        What each kernel may hold of its own. [bytes]
    """
    try:
        server = Server(modules, memory)
    except Unavailable as error:
        warn(f"kernels are started cold: {error}")
        yield Choice(cold_kernels(memory).manager, why_cold=str(error))
        return
    try:
        made = {"server": server, "memory": memory, "warn": staticmethod(warn)}
        yield Choice(type("WarmKernels", (WarmKernels,), made), server=server.pid)
    finally:
        server.end()

"""One process that looks after one kernel, and that kernel's first steps; both are forked, never started alone.

The guardian is the reaper of whatever its kernel starts, so that nothing outlives it: a child that left the
kernel's process group is still handed to the guardian when its own parent ends. If the server is killed, the
guardian is told to end; if the guardian is, its kernel is killed.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import os
import random
import resource
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NoReturn

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_MOST_DESCRIPTORS = 1 << 20
#: Where Linux lists a process's children. (pid)
CHILDREN = "/proc/{0}/task/{0}/children"


def threads() -> int:
    """How many threads this process has, those of libraries too."""
    return len(os.listdir("/proc/self/task"))


def look_after(request: dict[str, Any]) -> NoReturn:
    """Fork the kernel, wait until it ends or is to end, kill what it left, and end with its exit code."""
    code = 1
    try:
        code = _look_after(request)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def _look_after(request: dict[str, Any]) -> int:
    server = os.getppid()
    adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    kernel = os.fork()
    if kernel == 0:
        _become_kernel(request)
    signal.signal(signal.SIGTERM, lambda *_: _kill(kernel))
    signal.signal(signal.SIGINT, lambda *_: _kill(kernel, signal.SIGINT))
    os.closerange(3, _MOST_DESCRIPTORS)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGINT])
    if os.getppid() != server:  # it ended before the signal was asked for
        _kill(kernel)
    # Not yet reaped, so that its process group is still its own when that is killed.
    os.waitid(os.P_PID, kernel, os.WEXITED | os.WNOWAIT)
    _kill(kernel)
    return _reap_all(kernel)


def _reap_all(kernel: int) -> int:
    """Kill and reap every process that is left, until there is none; the kernel's exit code."""
    ended = kill_strays(set()).get(kernel, 1)
    return ended if ended >= 0 else 128 - ended  # as a shell tells of a signal


def kill_strays(own: set[int]) -> dict[int, int]:
    """Kill and reap this process's children, also those that come to be by that; the exit code of each.

    Parameters
    ----------
    own : set of int
        Those that are left to run.
    """
    codes: dict[int, int] = {}
    while strays := {int(one) for one in Path(CHILDREN.format(os.getpid())).read_text().split()} - own:
        for pid in strays:
            os.kill(pid, signal.SIGKILL)  # a child of ours, not yet reaped
        for pid in strays:
            codes[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return codes


def adopt_orphans() -> None:
    """Become the parent of what this process's children leave behind."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def _kill(kernel: int, number: int = signal.SIGKILL) -> None:
    try:
        os.killpg(kernel, number)
    except ProcessLookupError:  # it has no group of its own yet
        os.kill(kernel, number)


def _become_kernel(request: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        _begin(request)
        application = importlib.import_module("ipykernel.kernelapp").IPKernelApp
        # 1 is no parent to look for: the guardian sees to that. Without, it writes on its terminal how to connect.
        application.launch_instance(argv=[*request["arguments"], "--IPKernelApp.parent_handle=1"])
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        atexit._run_exitfuncs()
        os._exit(code)


def _begin(request: dict[str, Any]) -> None:
    """Become a process of its own: session, limits, environment, folder, and seeds."""
    guardian = os.getppid()
    os.setsid()
    _prctl(_SET_CHILD_SUBREAPER, 0)
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != guardian:
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGINT])
    os.closerange(3, _MOST_DESCRIPTORS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    limit(0, request["memory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *request["arguments"]]
    tempfile.tempdir = None  # it is read from the environment, once
    random.seed()
    importlib.import_module("numpy").random.seed()


def limit(pid: int, memory: int) -> None:
    """Limit what a process may hold of its own in memory, and let it leave no core dump. [bytes]

    Not the address space: allocators and threads reserve much more of it than they ever use.
    """
    _, most = resource.prlimit(pid, resource.RLIMIT_DATA)
    memory = memory if most == resource.RLIM_INFINITY else min(memory, most)
    resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))
    resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")

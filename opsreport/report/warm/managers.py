"""Jupyter's kernel managers for a review: cold, by a new interpreter; warm, by a fork of one that has imported all."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from opsreport.report.warm import guardian
from opsreport.report.warm.handle import Forked, Server, Unavailable, shared

_LAUNCHER = "ipykernel_launcher"


class Client(AsyncKernelClient):
    """A client that begins as soon as the kernel answers.

    Jupyter's own waits another 0.2 s for messages of others, in case there is another client: ours has none,
    and `nbclient` leaves out what is not its own.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel's first answer on both channels; ask again while it starts.

        Raises
        ------
        RuntimeError
            When it has died, or does not answer in time.
        """
        until = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < until:
            asked = self.kernel_info()
            try:
                await self._async_recv_reply(asked, timeout=1)
                if await self._heard(asked):
                    return
            except TimeoutError:
                if not await self.parent._async_is_alive():
                    raise RuntimeError("Kernel died before replying to kernel_info") from None
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    async def _heard(self, asked: str) -> bool:
        """Whether what the kernel shows arrives; all that it does on our request does from then on."""
        while await self.iopub_channel.socket.poll(200):
            message = await self.iopub_channel.get_msg(timeout=0)
            if message["parent_header"].get("msg_id") == asked and message["content"].get("execution_state") == "idle":
                return True
        return False


class Kernels(AsyncKernelManager):
    """Kernels that are asked to end, and not interrupted first, or killed once their work is done.

    Otherwise each gets a SIGINT once all of its cells have run: where it still tidies up, it writes of a
    caught KeyboardInterrupt to the terminal, as if the report had failed.
    """

    #: What a kernel may hold of its own in memory. [bytes]
    memory = 0

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.client_factory = Client

    async def _async_interrupt_kernel(self) -> None:
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    async def _async_launch_kernel(self, kernel_cmd: list[str], **given: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, **given)
        if self.memory and sys.platform == "linux" and not isinstance(self.provisioner.process, Forked):
            guardian.limit(self.provisioner.process.pid, self.memory)

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        await super()._async_wait(pollinterval=0.005)  # a killed kernel is gone in milliseconds


class WarmKernels(Kernels):
    """Kernels that are forked."""

    server: Server
    warn: Callable[[str], None]

    async def _async_pre_start_kernel(self, **given: Any) -> tuple[list[str], dict[str, Any]]:
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            self.provisioner = WarmProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**given)


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel where Jupyter's own starts an interpreter; where it cannot, it does the same, and says why."""

    async def launch_kernel(self, cmd: list[str], **given: Any) -> dict[str, Any]:
        """Fork a kernel for a command that runs ipykernel."""
        # A kernelspec may name us with no manager of ours.
        server = getattr(self.parent, "server", None)
        warn = getattr(self.parent, "warn", self.log.warning)
        try:
            variables = dict(given.get("env") or os.environ)
            server = server or shared()
            self.process = server.fork(_arguments(cmd), str(given.get("cwd") or Path.cwd()), variables)
        except Unavailable as error:
            warn(f"a kernel was started cold: {error}")
            return await super().launch_kernel(cmd, **given)
        self.pid, self.cwd = self.process.pid, given.get("cwd") or Path.cwd()
        await self._until_it_listens()
        return self.connection_info

    async def terminate(self, restart: bool = False) -> None:
        """End it at once: nothing in a kernel that is ended in this way is waited for."""
        await self.send_signal(signal.SIGTERM)

    async def wait(self) -> int | None:
        """Wait until it has ended."""
        while await self.poll() is None:
            await asyncio.sleep(0.005)
        return await super().wait()

    async def _until_it_listens(self) -> None:
        """Where a client finds no socket, it tries again only after 0.1 s."""
        about = self.connection_info
        if about.get("transport") != "ipc":
            return
        sockets = [Path(f"{about['ip']}-{about[name]}") for name in about if name.endswith("_port")]
        until = time.monotonic() + 10
        while not all(one.exists() for one in sockets) and time.monotonic() < until and await self.poll() is None:
            await asyncio.sleep(0.002)


def _arguments(command: list[str]) -> list[str]:
    """What a command hands to ipykernel.

    Raises
    ------
    Unavailable
        When it runs something else, or by another interpreter.
    """
    if command[0] != sys.executable:
        raise Unavailable(f"the kernel is of another interpreter, {command[0]}")
    if _LAUNCHER not in command:
        raise Unavailable("the kernel is not ipykernel")
    return command[command.index(_LAUNCHER) + 1 :]

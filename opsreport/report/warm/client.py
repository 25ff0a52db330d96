"""A notebook's cells run one by one by papermill, with every way that a kernel may run away named by its cell."""

from __future__ import annotations

from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
from nbclient.util import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.log import logger

from opsreport.errors import ReportError

#: Papermill's name for it.
ENGINE = "opsreport"
#: The most that one cell may show. [bytes]
MOST_SHOWN = 64 << 20


class ReviewClient(PapermillNotebookClient):
    """Papermill's client: a kernel that died is told of by its cell, and what a cell shows has an end."""

    _place = 0
    _shown = 0
    _too_much = False

    async def async_execute_cell(self, cell: nbformat.NotebookNode, cell_index: int, **given: Any) -> Any:
        """Run one cell.

        Raises
        ------
        ReportError
            When the kernel died in it, or it shows too much.
        """
        self._shown = 0
        try:
            return await super().async_execute_cell(cell, cell_index, **given)
        except DeadKernelError as error:
            where = f"cell {cell_index + 1} ({title(cell)})"
            if self._too_much:
                hint = f"a cell may show {MOST_SHOWN >> 20} MiB: show fewer rows"
                raise ReportError(f"{where} showed too much, and was stopped", hint) from None
            raise ReportError(f"the kernel died in {where}", hint="it may have run out of memory") from error

    execute_cell = run_sync(async_execute_cell)

    async def _async_check_alive(self) -> None:
        if self.kc is None:  # its cell was stopped, and its kernel is gone
            raise DeadKernelError("Kernel died")
        await super()._async_check_alive()

    def process_message(self, msg: dict[str, Any], *given: Any, **named: Any) -> Any:
        """Take a message of the kernel, as long as the cell has not shown too much."""
        self._shown += size(msg["content"])
        if self._shown > MOST_SHOWN:
            self._too_much = True
            self.task_poll_for_reply.cancel()  # as nbclient does for a kernel that has died
            return None
        return super().process_message(msg, *given, **named)


class ReviewEngine(Engine):
    """Papermill's own engine, with our client."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **given: Any) -> None:
        """Run the notebook; the kernel is killed at the end, for all that it was asked to show has arrived."""
        client = ReviewClient(
            nb_man, kernel_name=kernel_name, timeout=given["execution_timeout"], startup_timeout=60,
            kernel_manager_class=given["kernel_manager_class"], config=given["config"], log=logger,
            shutdown_kernel="immediate",
        )  # fmt: skip
        client.execute(cwd=given["kernel_cwd"], env=given["env"])


papermill_engines.register(ENGINE, ReviewEngine)


def title(cell: nbformat.NotebookNode) -> str:
    """A cell's first line that says something."""
    return next((line.strip() for line in cell.source.splitlines() if line.strip()), "an empty cell")


def size(content: Any) -> int:
    """How many characters a message holds, in texts however deep.

    Examples
    --------
    >>> size({"name": "stdout", "data": ["abc", 1]})
    9
    """
    if isinstance(content, str):
        return len(content)
    held = content.values() if isinstance(content, dict) else content if isinstance(content, (list, tuple)) else ()
    return sum(map(size, held))

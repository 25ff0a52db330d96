"""One notebook executed for one client and month, by papermill, and checked afterwards.

Papermill takes a kernel that died, or a cell that left by ``sys.exit(0)``, for success,
runs parameter names as code, and only warns of one that is misspelt. So names and values
are checked before, and after it every cell must have run and shown what it was for.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.reader import NotJSONError
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import load_notebook_node
from traitlets.config import Config

from opsreport.errors import ReportError

#: The longest that one cell may take. [s]
CELL_TIMEOUT = 600
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Kernels(AsyncKernelManager):
    """Kernels that are asked to end, and not interrupted first.

    Otherwise each gets a SIGINT once all of its cells have run: where it still tidies up, it writes of a
    caught KeyboardInterrupt to the terminal, as if the report had failed. One that does not end when it
    is asked to is killed within seconds.
    """

    async def _async_interrupt_kernel(self) -> None:
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


def execute(notebook: Path, output: Path, parameters: dict[str, str], cwd: Path) -> nbformat.NotebookNode:
    """Run every cell of a notebook in a fresh kernel.

    Parameters
    ----------
    notebook, output : Path
        What is run, and where its executed copy is written.
    parameters : dict of str to str
        Only names that the notebook's parameters cell has, only text.
    cwd : Path
        The kernel's working folder.

    Raises
    ------
    ReportError
        Naming the cell, when the notebook is missing, a parameter is not one of its own,
        a cell fails, takes too long, kills its kernel, or leaves without having run.
    """
    if not notebook.is_file():
        raise ReportError(f"there is no notebook {notebook}", hint="work inside the project, or name it with --home")
    _check_parameters(notebook, parameters)
    # Unix sockets in a private folder: by default a kernel talks over TCP, in clear.
    with tempfile.TemporaryDirectory(prefix="ops-") as sockets:
        transport = {"transport": "ipc", "ip": f"{sockets}/k"}
        try:
            made = papermill.execute_notebook(
                notebook, output, parameters=parameters, cwd=cwd, progress_bar=False,
                request_save_on_cell_execute=False, execution_timeout=CELL_TIMEOUT,
                kernel_name="python3", language="python", kernel_manager_class=Kernels,
                config=Config({"KernelManager": transport}),
            )  # fmt: skip
        except PapermillExecutionError as error:
            raise ReportError(_failed(notebook, error), hint=_hint(error)) from error
        except DeadKernelError as error:
            raise ReportError(f"{notebook.name}: the kernel died", hint="it may have run out of memory") from error
        except CellTimeoutError as error:
            raise ReportError(f"{notebook.name}: {error}", hint=f"a cell may take {CELL_TIMEOUT} s") from error
        except NoSuchKernel as error:
            raise ReportError("there is no python3 kernel", hint="install ipykernel beside opsreport") from error
    check_every_cell_ran(made)
    return made


def check_every_cell_ran(notebook: nbformat.NotebookNode) -> None:
    """Refuse a notebook in which a cell did not run, failed, or did not show its exhibit.

    The cells tagged parameters, injected-parameters and setup show nothing.
    """
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        outputs = cell.get("outputs", [])
        if any(output.output_type == "error" for output in outputs):
            raise ReportError(f"cell {number} failed: {_title(cell)}", hint="run the notebook in JupyterLab to see why")
        if cell.get("execution_count") is None:
            raise ReportError(f"cell {number} did not run: {_title(cell)}", hint="its kernel ended before it")
        silent = {"parameters", "injected-parameters", "setup"} & set(cell.metadata.get("tags", []))
        shown = [output for output in outputs if "opsreport" in output.get("metadata", {})]
        if not silent and not shown:
            raise ReportError(f"cell {number} showed nothing: {_title(cell)}", hint="end it with an exhibit")


def _check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    try:
        cells = load_notebook_node(str(notebook)).cells
    except (NotJSONError, nbformat.ValidationError, AttributeError) as error:
        raise ReportError(f"{notebook} is not a notebook", hint="restore it from version control") from error
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ReportError(f"{notebook.name} has no one cell tagged parameters", hint="tag the cell that names them")
    known = set(re.findall(r"^([a-z_]+)\s*=", tagged[0].source, flags=re.MULTILINE))
    for name, value in parameters.items():
        if name not in known:
            raise ReportError(f"{notebook.name} has no parameter {name!r}", hint=f"it has {', '.join(sorted(known))}")
        if type(value) is not str:
            raise ReportError(f"parameter {name} is a {type(value).__name__}", hint="parameters are text")


def _failed(notebook: Path, error: PapermillExecutionError) -> str:
    said = _ANSI.sub("", f"{error.ename}: {error.evalue}").strip()
    first = next((line for line in error.source.splitlines() if line.strip()), "")
    # The traceback marks the line with an arrow; the cell's own frame stands first.
    marked = re.search(r"^-+>\s*\d+\s(.*)$", _ANSI.sub("", "\n".join(error.traceback)), flags=re.MULTILINE)
    line = marked[1] if marked and marked[1].strip() in error.source else first
    return f"{notebook.name}: cell {error.cell_index + 1} ({line.strip()}) failed: {said}"


def _hint(error: PapermillExecutionError) -> str:
    return "" if "Hint:" in error.evalue else "open the notebook in JupyterLab and run it to that cell"


def _title(cell: nbformat.NotebookNode) -> str:
    return next((line.strip() for line in cell.source.splitlines() if line.strip()), "an empty cell")

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
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError
from nbformat.reader import NotJSONError
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import load_notebook_node
from traitlets.config import Config

from opsreport.errors import ReportError
from opsreport.report.warm import Choice, cold_kernels
from opsreport.report.warm.client import ENGINE, title
from opsreport.report.warm.environment import environment

#: The longest that one cell may take. [s]
CELL_TIMEOUT = 600
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def execute(
    notebook: Path, output: Path, parameters: dict[str, str], cwd: Path, kernels: Choice | None = None
) -> nbformat.NotebookNode:
    """Run every cell of a notebook in a fresh kernel, which sees no credentials of this process.

    Parameters
    ----------
    notebook, output : Path
        What is run, and where its executed copy is written.
    parameters : dict of str to str
        Only names that the notebook's parameters cell has, only text.
    cwd : Path
        The kernel's working folder.
    kernels : Choice, optional
        As `opsreport.report.warm.warm_kernels` gives it to many; by default a cold one.

    Raises
    ------
    ReportError
        Naming the cell, when the notebook is missing, a parameter is not one of its own,
        a cell fails, takes too long, kills its kernel, or leaves without having run.
    """
    if not notebook.is_file():
        raise ReportError(f"there is no notebook {notebook}", hint="work inside the project, or name it with --home")
    _check_parameters(notebook, parameters)
    # Unix sockets in a private folder: by default a kernel talks over TCP, in clear. It is the kernel's home too.
    with tempfile.TemporaryDirectory(prefix="ops-") as private:
        made = _run(notebook, output, parameters, cwd, Path(private), kernels or cold_kernels())
    check_every_cell_ran(made)
    return made


def _run(
    notebook: Path, output: Path, parameters: dict[str, str], cwd: Path, private: Path, kernels: Choice
) -> nbformat.NotebookNode:
    try:
        return papermill.execute_notebook(
            notebook, output, parameters=parameters, progress_bar=False, request_save_on_cell_execute=False,
            engine_name=ENGINE, execution_timeout=CELL_TIMEOUT, kernel_name="python3", language="python",
            kernel_manager_class=kernels.manager, env=environment(private), cwd=None, kernel_cwd=str(cwd),
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{private}/k"}}),
        )  # fmt: skip
    except PapermillExecutionError as error:
        raise ReportError(_failed(notebook, error), hint=_hint(error)) from error
    except CellTimeoutError as error:
        raise ReportError(f"{notebook.name}: {error}", hint=f"a cell may take {CELL_TIMEOUT} s") from error
    except NoSuchKernel as error:
        raise ReportError("there is no python3 kernel", hint="install ipykernel beside opsreport") from error
    except ReportError as error:
        raise ReportError(f"{notebook.name}: {error.message}", hint=error.hint) from error


def check_every_cell_ran(notebook: nbformat.NotebookNode) -> None:
    """Refuse a notebook in which a cell did not run, failed, or did not show its exhibit.

    The cells tagged parameters, injected-parameters and setup show nothing.
    """
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        outputs = cell.get("outputs", [])
        if any(output.output_type == "error" for output in outputs):
            raise ReportError(f"cell {number} failed: {title(cell)}", hint="run the notebook in JupyterLab to see why")
        if cell.get("execution_count") is None:
            raise ReportError(f"cell {number} did not run: {title(cell)}", hint="its kernel ended before it")
        silent = {"parameters", "injected-parameters", "setup"} & set(cell.metadata.get("tags", []))
        shown = [output for output in outputs if "opsreport" in output.get("metadata", {})]
        if not silent and not shown:
            raise ReportError(f"cell {number} showed nothing: {title(cell)}", hint="end it with an exhibit")


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

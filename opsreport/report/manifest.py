"""What a report printed, from what, with what: the proof that it was made whole."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat

from opsreport.errors import ReportError

#: What the cover says of a report's state, which changes when it is approved, and of the day it was read.
_OF_STATE = ("state", "state_note", "prepared")
_PACKAGES = ("opsreport", "pandas", "plotly", "papermill", "nbconvert", "duckdb", "pyarrow", "babel", "holidays")


def figures(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """Every figure that an executed notebook prints: id, value, unit, coverage, text.

    Raises
    ------
    ReportError
        When one id stands for two different figures.
    """
    found: dict[str, dict[str, Any]] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for fact in output.get("metadata", {}).get("opsreport", {}).get("facts", []):
                fact = json.loads(json.dumps(fact))
                if found.setdefault(fact["id"], fact) != fact:
                    raise ReportError(f"the figure {fact['id']} is printed twice, and differs", hint="give each its id")
    return list(found.values())


def verdicts(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    """Each target's verdict, as the scorecard gives it: id, measure, section, verdict."""
    shown = (output.get("metadata", {}).get("opsreport", {}) for cell in notebook.cells
             for output in cell.get("outputs", []))  # fmt: skip
    return [dict(one) for about in shown for one in about.get("verdicts", [])]


def cover(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """What the report says of itself: client, month, state.

    Raises
    ------
    ReportError
        When it does not say.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            about = output.get("metadata", {}).get("opsreport", {})
            if about.get("kind") == "cover":
                return dict(about)
    raise ReportError("the notebook shows no cover", hint="its first exhibit says whose report it is")


def content(notebook: nbformat.NotebookNode) -> str:
    """A hash of what a report says, in whatever state it is: all that its cells show but the cover's state.

    Returns
    -------
    str
        SHA-256, in hexadecimal.
    """
    made = hashlib.sha256()
    for cell in notebook.cells:
        shown = [cell.source] if cell.cell_type == "markdown" else []
        for output in cell.get("outputs", []):
            about = dict(output.get("metadata", {}).get("opsreport", {}))
            if about.get("kind") == "cover":
                about = {name: value for name, value in about.items() if name not in _OF_STATE}
            shown.append({"about": about, "data": output.get("data", {})})
        made.update(json.dumps(shown, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace"))
    return made.hexdigest()


def manifest(
    notebook: nbformat.NotebookNode, files: dict[str, Path], inputs: list[dict[str, Any]], made_of: dict[str, str]
) -> dict[str, Any]:
    """The manifest of a report.

    Parameters
    ----------
    files : dict of str to Path
        What was made, by name.
    inputs : list of dict
        What it was made from: path, sha256, and where known frame, source and bytes.
    made_of : dict of str to str
        Hashes of the records that it was made from, and of the code that made it.
    """
    about = cover(notebook)
    return {
        "manifest_version": 1,
        **{key: about[key] for key in ("client", "display_name", "month", "state")},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "files": {name: {"sha256": sha256(path), "bytes": path.stat().st_size} for name, path in sorted(files.items())},
        "inputs": inputs,
        **made_of,
        "content": content(notebook),
        "verdicts": verdicts(notebook),
        "figures": figures(notebook),
    }


def sha256(path: Path) -> str:
    """The hash of a file's content, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()

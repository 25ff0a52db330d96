"""The monthly review run in this process, cell by cell."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat

import opsreport
from opsreport.exhibit import Exhibit

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "monthly_review.ipynb"


def shown(month, monkeypatch):
    """What each cell of the review shows for a month, by its id."""
    monkeypatch.setattr(opsreport, "load", lambda *_, **__: month)
    names: dict[str, object] = {}
    made: dict[str, Exhibit] = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        *before, last = ast.parse(cell.source).body
        tail = [last] if not isinstance(last, ast.Expr) else []
        exec(compile(ast.Module([*before, *tail], []), "cell", "exec"), names)
        if not tail:
            value = eval(compile(ast.Expression(last.value), cell.source.splitlines()[0], "eval"), names)
            if isinstance(value, Exhibit):
                made[value.id] = value
    return made

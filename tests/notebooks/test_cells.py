"""The rules a notebook keeps: thin cells, a question before each, no number typed in prose."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from opsreport.metrics import cost_bridge
from opsreport.period import Period
from opsreport.schemas import FRAMES

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
_SILENT = {"parameters", "setup"}
_FORBIDDEN = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.For, ast.While, ast.Try, ast.BinOp,
    ast.AugAssign, ast.ClassDef, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.If,
)  # fmt: skip


def _cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    assert all(not cell.outputs and cell.execution_count is None for cell in _cells(path, "code"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_one_cell_holds_the_parameters_and_each_is_a_text(path: Path) -> None:
    (cell,) = [cell for cell in _cells(path, "code") if "parameters" in cell.metadata.get("tags", [])]
    named = {node.targets[0].id: node.value for node in ast.parse(cell.source).body if isinstance(node, ast.Assign)}
    assert set(named) == {"month", "home"} | (set() if path.name == "fleet.ipynb" else {"client"})
    assert all(isinstance(value, ast.Constant) and isinstance(value.value, str) for value in named.values())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_code_cell_is_short_and_holds_no_logic(path: Path) -> None:
    for cell in _cells(path, "code"):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 8, cell.source
        found = [type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if isinstance(node, _FORBIDDEN)]
        assert not found, f"{found} in {cell.source}"
        assert not re.search(r"(?i)\bselect\b.+\bfrom\b", cell.source), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_cell_that_shows_something_ends_in_it_and_follows_a_heading_with_its_question(path: Path) -> None:
    last_markdown = ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            last_markdown = cell.source
        elif not _SILENT & set(cell.metadata.get("tags", [])):
            assert isinstance(ast.parse(cell.source).body[-1], ast.Expr), cell.source
            assert re.search(r"^#+ .+", last_markdown, flags=re.MULTILINE), cell.source
            assert re.search(r"\*[^*]+\?\*", last_markdown), f"no question before {cell.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_number_is_typed_in_prose(path: Path) -> None:
    for cell in _cells(path, "markdown"):
        assert not re.search(r"\d", cell.source), cell.source


def test_the_table_of_services_that_moved_the_bill_has_a_column_for_each_effect() -> None:
    made = cost_bridge.bridge_by_service(FRAMES["cost"].empty(), Period.month("2026-10"))
    (review,) = [path for path in NOTEBOOKS if path.name == "monthly_review.ipynb"]
    (cell,) = [cell.source for cell in _cells(review, "code") if '"cost.moved"' in cell.source]
    assert [name for name in made if name.endswith("_change") and f'"{name}"' not in cell] == []

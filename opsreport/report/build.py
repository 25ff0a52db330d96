"""From a client and a month to a published review, in one step, or nothing at all.

Everything is made in a private folder. What is published is one symbolic link, replaced
at the end: whoever opens the review sees the last good one until then, and never a part.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import nbformat
import pandas as pd

from opsreport.errors import ReportError
from opsreport.home import Home, one_at_a_time
from opsreport.params import own_files
from opsreport.report import page
from opsreport.report.evidence import gather
from opsreport.report.execute import execute
from opsreport.report.manifest import cover, figures, manifest, sha256
from opsreport.report.page import ROWS
from opsreport.theme import Style

NOTEBOOK = "monthly_review.ipynb"
FLEET = "fleet.ipynb"


class Loaded(Protocol):
    """What `build` needs of a loaded month: what it was read from, and the rows behind a figure."""

    style: Style

    def inputs(self) -> list[dict[str, Any]]:
        """The files that its frames were read from, with their hashes."""

    def rows(self, frame: str, when: str = "this_month", **where: Any) -> pd.DataFrame:
        """The rows of a frame behind a figure."""


def build(home: Home, client: str, month: str, loaded: Loaded) -> Path:
    """Make a client's review of a month and publish it.

    Parameters
    ----------
    home : Home
    client, month : str
        As `opsreport.load` takes them.
    loaded : Month
        The same month, as `opsreport.load` gives it.

    Returns
    -------
    Path
        The published page: ``out/<client>/<month>/<client>-<month>.html``, with the executed
        notebook, the rows behind its figures and the manifest beside it.

    Raises
    ------
    ReportError
        When it could not be made whole; what was published before stays.
    """
    place = home.out / client
    with one_at_a_time(place), _workplace(place) as work:
        name = f"{client}-{month}"
        notebook, html = work / f"{name}.ipynb", work / f"{name}.html"
        source = home.notebooks / NOTEBOOK
        made = execute(source, notebook, {"client": client, "month": month, "home": str(home.folder)}, home.notebooks)
        _check_whose(made, client, month)
        _clean(made, notebook)
        behind = gather(figures(made), loaded.rows, loaded.style, f"opsreport.load({client!r}, {month!r})")
        html.write_text(page.render(made, behind), "utf-8")
        rows = _write_rows(work / ROWS, behind.files)
        inputs = [*_own_inputs(home, client, month, source), *loaded.inputs()]
        _write_manifest(work, made, [notebook, html, *rows], inputs)
        return _publish(work, place, month) / html.name


def build_fleet(home: Home, month: str) -> Path:
    """Make the page of all clients of a month, which is for ourselves, and publish it in one step.

    Returns
    -------
    Path
        ``out/fleet-<month>.html``; no client's id has a dot, so no client's folder is called so.

    Raises
    ------
    ReportError
        When it could not be made whole; what was published before stays.
    """
    with one_at_a_time(home.out / ".fleet"), _workplace(home.out / ".fleet") as work:
        made = execute(home.notebooks / FLEET, work / FLEET, {"month": month, "home": str(home.folder)}, home.notebooks)
        _check_whose(made, "fleet", month)
        page_file = work / f"fleet-{month}.html"
        page_file.write_text(page.render(made), "utf-8")
        with page_file.open("rb") as handle:
            os.fsync(handle.fileno())
        os.chmod(page_file, 0o600)
        os.replace(page_file, home.out / page_file.name)
        return home.out / page_file.name


@contextmanager
def _workplace(place: Path) -> Iterator[Path]:
    """A private folder that is gone afterwards, as are those of builds that were killed."""
    for left in (*place.glob(".making-*"), *place.glob(".link-*")):
        shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    work = Path(tempfile.mkdtemp(prefix=".making-", dir=place))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_whose(notebook: nbformat.NotebookNode, client: str, month: str) -> None:
    about = cover(notebook)
    if (about.get("client"), about.get("month")) != (client, month):
        raise ReportError(
            f"asked for {client}, {month}; the notebook made {about.get('client')}, {about.get('month')}",
            hint="its parameters cell must pass client and month on to opsreport.load",
        )


def _clean(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write the executed notebook without the times and paths of this one run."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"  # papermill's is random
            cell.source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("home ="))
        if "parameters" in cell.metadata.get("tags", []):
            # The defaults may name another client.
            cell.source = re.sub(r"^(\w+) = .*$", r'\1 = ""', cell.source, flags=re.MULTILINE)
    nbformat.write(notebook, path)


def _write_rows(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """The rows behind the figures, a file for each choice of them."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def _own_inputs(home: Home, client: str, month: str, notebook: Path) -> list[dict[str, Any]]:
    own = [*own_files(home.params, client, month), notebook]
    return [{"path": str(path.relative_to(home.folder)), "sha256": sha256(path)} for path in own]


def _write_manifest(
    work: Path, notebook: nbformat.NotebookNode, files: list[Path], inputs: list[dict[str, Any]]
) -> None:
    content = manifest(notebook, {path.relative_to(work).as_posix(): path for path in files}, inputs)
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (work / "manifest.json").write_text(text, "utf-8")


def _publish(work: Path, place: Path, month: str) -> Path:
    """Put what was made where the month's link points, in one step; remove what it replaced."""
    for path in (path for path in work.rglob("*") if path.is_file()):
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
    kept = place / ".made" / f"{month}~{work.name.removeprefix('.making-')}"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    os.rename(work, kept)
    link, fresh = place / month, place / f".link-{kept.name}"
    fresh.symlink_to(kept.relative_to(place), target_is_directory=True)
    try:
        os.replace(fresh, link)
    except OSError as error:
        fresh.unlink()
        shutil.rmtree(kept)
        raise ReportError(f"{link} cannot be replaced: {error.strerror}", hint="move what stands there away") from error
    for old in kept.parent.glob(f"{month}~*"):
        if old != kept:
            shutil.rmtree(old, ignore_errors=True)
    return link

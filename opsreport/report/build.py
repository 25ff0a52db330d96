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
from opsreport.report.manifest import content, cover, figures, manifest, sha256
from opsreport.report.page import ROWS
from opsreport.report.warm import Choice
from opsreport.theme import Style

NOTEBOOK = "monthly_review.ipynb"
FLEET = "fleet.ipynb"


class Loaded(Protocol):
    """What `build` needs of a loaded month: what it was read from, and the rows behind a figure."""

    style: Style
    home: Home

    def inputs(self) -> list[dict[str, Any]]:
        """The files that its frames were read from, with their hashes."""

    def rows(self, frame: str, when: str = "this_month", **where: Any) -> pd.DataFrame:
        """The rows of a frame behind a figure."""


def build(
    home: Home, client: str, month: str, loaded: Loaded, made_of: dict[str, str], kernels: Choice | None = None
) -> Path:
    """Make a client's review of a month and publish it.

    Parameters
    ----------
    home : Home
    client, month : str
        As `opsreport.load` takes them.
    loaded : Month
        The same month, as `opsreport.load` gives it.
    made_of : dict of str to str
        As `opsreport.current.made_of` gives it: by this is told later whether the review is still current.
    kernels : Choice, optional
        As `opsreport.report.execute.execute` takes them.

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
        notebook, source = work / f"{client}-{month}.ipynb", home.notebooks / NOTEBOOK
        parameters = {"client": client, "month": month, "home": str(home.folder)}
        made = execute(source, notebook, parameters, home.notebooks, kernels)
        _check_whose(made, client, month)
        _clean(made, notebook)
        inputs = [*_own_inputs(loaded.home, client, month), _input(home, source), *loaded.inputs()]
        _complete(work, made, loaded, inputs, made_of)
        return _publish(work, place, month) / f"{client}-{month}.html"


def restate_cover(home: Home, client: str, month: str, loaded: Loaded, cover: dict[str, str]) -> Path:
    """Publish a review that was made with another state on its cover, as when it is approved; all else stays.

    Parameters
    ----------
    loaded : Month
        What it was made from.
    cover : dict of str to str
        The cover's new words: state and state_note.

    Returns
    -------
    Path
        The published page, as `build` gives it.

    Raises
    ------
    ReportError
        When there is no review, or it cannot be published.
    """
    place, name = home.out / client, f"{client}-{month}"
    with one_at_a_time(place), _workplace(place) as work:
        made, known = read_review(home, client, month)
        for output in (output for cell in made.cells for output in cell.get("outputs", [])):
            if output.get("metadata", {}).get("opsreport", {}).get("kind") == "cover":
                output.metadata["opsreport"].update(cover)
        nbformat.write(made, work / f"{name}.ipynb")
        same = {name: known.get(name, "") for name in ("records", "code", "params")}
        _complete(work, made, loaded, known["inputs"], same)
        return _publish(work, place, month) / f"{name}.html"


def read_review(home: Home, client: str, month: str) -> tuple[nbformat.NotebookNode, dict[str, Any]]:
    """A published review: its executed notebook and its manifest.

    Raises
    ------
    ReportError
        When there is none, or its files are not those that were made.
    """
    # Its link may be replaced meanwhile; what it leads to now is whole.
    folder = (home.out / client / month).resolve()
    again = f"make it: opsreport report {client} --month {month}"
    try:
        told = json.loads((folder / "manifest.json").read_text("utf-8"))
        for name, made in told["files"].items():
            if sha256(folder / name) != made["sha256"]:
                raise ReportError(f"{folder / name} is not as it was made", hint=again)
        notebook = nbformat.read(folder / f"{client}-{month}.ipynb", as_version=4)
        if content(notebook) != told["content"]:
            raise ReportError(f"{folder} holds another notebook than its manifest tells of", hint=again)
        return notebook, told
    except FileNotFoundError as error:
        raise ReportError(f"there is no review of {client}, {month}", hint=again) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"the review of {client}, {month} cannot be read: {error}", hint=again) from error


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
    for name, rows in files.items():
        (folder / name).write_bytes(rows)
    return sorted(folder.iterdir())


def _own_inputs(home: Home, client: str, month: str) -> list[dict[str, Any]]:
    return [_input(home, path) for path in own_files(home.params, client, month)]


def _input(home: Home, path: Path) -> dict[str, Any]:
    return {"path": os.path.relpath(path, home.folder), "sha256": sha256(path)}


def _complete(
    work: Path, made: nbformat.NotebookNode, loaded: Loaded, inputs: list[dict[str, Any]], made_of: dict[str, str]
) -> None:
    """Beside an executed notebook: the page, the rows behind its figures, and the manifest last."""
    (notebook,) = work.glob("*.ipynb")
    html = notebook.with_suffix(".html")
    asked = "opsreport.load({client!r}, {month!r})".format(**cover(made))
    behind = gather(figures(made), loaded.rows, loaded.style, asked)
    html.write_text(page.render(made, behind), "utf-8")
    files = [notebook, html, *_write_rows(work / ROWS, behind.files)]
    told = manifest(made, {path.relative_to(work).as_posix(): path for path in files}, inputs, made_of)
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
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

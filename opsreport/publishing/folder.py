"""A folder that a web server shows: a page is put into it in one step, under its key.

The key keeps a page from being found only while the server lists no folder; see docs/publishing.md.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd

from opsreport.errors import ReportError
from opsreport.home import Home, sync_folder
from opsreport.params.team import PublishFolder
from opsreport.publishing.place import Put, Shown
from opsreport.publishing.review import PAGE, Review

_OPEN_FILE, _OPEN_FOLDER = 0o644, 0o755  # the server is another user


class Folder:
    """The folder that the team's file names.

    Raises
    ------
    ReportError
        When it is not there, or holds what is nobody else's to read.
    """

    def __init__(self, where: PublishFolder, home: Home) -> None:
        self._path, self._address = (home.folder / where.path).resolve(), where.address
        self.name = str(self._path)
        if not self._path.is_dir():
            raise ReportError(f"{self._path} is no folder", hint="make it, or mount it; publish.folder.path names it")
        for private in (home.store, home.out, home.params):
            private = private.resolve()
            if private.is_relative_to(self._path) or self._path.is_relative_to(private):
                raise ReportError(
                    f"{self._path} would show {private} to whoever opens it",
                    hint="publish to a folder of its own, outside of the project's",
                )

    def holds(self, before: Shown, now: pd.Timestamp) -> bool:
        """Whether all that was put is there, under the same address."""
        there = all((self._path / before.token / name).is_file() for name in before.files)
        return there and before.address == self._link(before.token)

    def put(self, review: Review, before: Shown, now: pd.Timestamp) -> Put:
        """The first time the whole folder appears at once; later on the page is what is replaced."""
        place, fresh = self._path / before.token, self._path / f".{before.token}.part"
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            _write(fresh, review)
            if place.is_dir():
                _replace(place, fresh, review.folder())
            else:
                os.rename(fresh, place)
            sync_folder(self._path)
        except OSError as error:
            shutil.rmtree(fresh, ignore_errors=True)
            raise ReportError(
                f"{review.client}, {review.month}: {self._path} cannot be written: {error.strerror}",
                hint="check disk space and permissions; what was published before stays",
            ) from error
        return Put(self._link(before.token))

    def remove(self, token: str, files: tuple[str, ...]) -> None:
        """Take files away, and the folders that they leave empty."""
        place = self._path / token
        try:
            for name in files:
                (place / name).unlink(missing_ok=True)
            for folder in (*dict.fromkeys((place / name).parent for name in files if "/" in name), place):
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
        except OSError as error:
            raise ReportError(f"{place} cannot be removed: {error.strerror}", hint="check permissions") from error

    def _link(self, token: str) -> str:
        return f"{self._address}/{token}/{PAGE}"


def _write(folder: Path, review: Review) -> None:
    """Everything of a review, on the disk and for the server to read."""
    rows = folder / review.folder()
    for made in (folder, rows):
        made.mkdir()
        made.chmod(_OPEN_FOLDER)
    content = {PAGE: review.page()}
    content |= {put: review.rows[name] for name, put in review.names().items()}
    for name, written in content.items():
        with (folder / name).open("wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        (folder / name).chmod(_OPEN_FILE)
    for made in (rows, folder):
        sync_folder(made)


def _replace(place: Path, fresh: Path, rows: str) -> None:
    """The rows first, beside the earlier ones; then the page, in one step."""
    shutil.rmtree(place / rows, ignore_errors=True)
    os.rename(fresh / rows, place / rows)
    os.replace(fresh / PAGE, place / PAGE)
    fresh.rmdir()
    sync_folder(place)


"""Where a team keeps its clients: one folder with params/, notebooks/, store/ and out/."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsreport.errors import ParamsError, StoreError


@dataclass(frozen=True)
class Home:
    """The folder that everything of a team stands in.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @classmethod
    def find(cls, given: str | Path = "") -> Home:
        """The folder given, else the nearest one upwards from here that holds params/.

        Raises
        ------
        ParamsError
            When there is none.
        """
        here = Path(given).resolve() if given else Path.cwd()
        for folder in [here] if given else [here, *here.parents]:
            if (folder / "params").is_dir():
                return cls(folder)
        raise ParamsError(
            f"there is no params folder in {here}" + ("" if given else " or above it"),
            hint="work inside the project, or name it with --home",
        )

    @property
    def params(self) -> Path:
        """One file a client, and the plans they share."""
        return self.folder / "params"

    @property
    def notebooks(self) -> Path:
        """The notebooks that make the reviews."""
        return self.folder / "notebooks"

    @property
    def store(self) -> Path:
        """What was collected."""
        return self.folder / "store"

    @property
    def out(self) -> Path:
        """The reviews that were made."""
        return self.folder / "out"


def make_private(*folders: Path) -> None:
    """Make each folder that is not there for its owner only; from the top, for Python makes those above for all.

    Raises
    ------
    OSError
        When one cannot be made.
    """
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk.

    Raises
    ------
    OSError
        When it is no folder, or cannot be written.
    """
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def write_whole(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file in one step: what stood there stays until all of the new is on the disk.

    Parameters
    ----------
    mode : int
        Who may read it; by default its owner only.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with open(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a client's folder, made where it is not there, so that others that ask for it wait.

    Raises
    ------
    StoreError
        When it cannot be made or opened.
    """
    held = _held(folder)
    try:
        yield
    finally:
        os.close(held)


def _held(folder: Path) -> int:
    """The folder, locked; again where another one took its place while this waited."""
    while True:
        try:
            make_private(folder.parent, folder)
            held = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise StoreError(f"{folder} cannot be written: {error.strerror}", hint="check its permissions") from error
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(held), os.stat(folder)):
                return held
        except FileNotFoundError:
            pass
        os.close(held)

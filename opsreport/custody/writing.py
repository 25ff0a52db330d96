"""One client's files as one archive: a manifest first, then each file in the order of its name.

The same files give the same bytes: names are sorted, and an archive holds no time, owner or machine.
It is written beside its place, for its owner only, and takes its name once all of it is on the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from opsreport.custody.files import open_own
from opsreport.custody.parts import Holdings
from opsreport.errors import StoreError
from opsreport.home import sync_folder

FORMAT, FORMAT_VERSION, MANIFEST = "opsreport-client", 1, "manifest.json"
SUFFIXES = (".zip", ".tar")
#: How the unfinished archive is called: ``.<name>.exporting``.
UNFINISHED = ".exporting"
_CHUNK = 1 << 20
_DAWN = (1980, 1, 1, 0, 0, 0)  # the earliest that zip knows

Add = Callable[[str, int, IO[bytes]], None]


def write(file: Path, client: str, store_version: int, held: Holdings) -> dict[str, Any]:
    """Write an archive of all that is kept of a client.

    Returns
    -------
    dict
        Its manifest.

    Raises
    ------
    StoreError
        When it cannot be written, is there already, or a file changed meanwhile.
    """
    manifest = {
        "format": FORMAT, "format_version": FORMAT_VERSION, "client": client, "store_version": store_version,
        "published": held.published, "left_out": held.left_out, "files": held.records(),
    }  # fmt: skip
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    with _in_one_step(file) as handle, _archive(handle, file.suffix) as add:
        add(MANIFEST, len(text), io.BytesIO(text))
        for item, record in zip(held.items, manifest["files"], strict=True):
            with open_own(item.path) as opened:
                add(item.name, record["bytes"], _Hashed(opened, record))
    return manifest


class _Hashed(io.RawIOBase):
    """A file that is refused at its end when it is no longer what the manifest says."""

    def __init__(self, file: IO[bytes], record: dict[str, Any]) -> None:
        self._file, self._record, self._hash, self._left = file, record, hashlib.sha256(), record["bytes"]

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as many as the manifest has room for."""
        got = self._file.read(min(size if size >= 0 else self._left, self._left))
        self._hash.update(got)
        self._left -= len(got)
        if size and (not got or not self._left) and self._hash.hexdigest() != self._record["sha256"]:
            raise StoreError(f"{self._record['path']} changed while it was exported", hint="export again")
        return got


@contextmanager
def _archive(handle: IO[bytes], suffix: str) -> Iterator[Add]:
    if suffix == ".tar":
        with tarfile.open(fileobj=handle, mode="w", format=tarfile.PAX_FORMAT) as tar:

            def add(name: str, size: int, opened: IO[bytes]) -> None:
                info = tarfile.TarInfo(name)
                info.size, info.mode = size, 0o600
                tar.addfile(info, opened)

            yield add
    else:
        with zipfile.ZipFile(handle, "w") as packed:

            def add(name: str, size: int, opened: IO[bytes]) -> None:
                info = zipfile.ZipInfo(name, _DAWN)
                info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o100600 << 16, 3
                info.file_size = size
                with packed.open(info, "w") as member:
                    while chunk := opened.read(_CHUNK):
                        member.write(chunk)

            yield add


@contextmanager
def _in_one_step(file: Path) -> Iterator[IO[bytes]]:
    part = file.with_name(f".{file.name}{UNFINISHED}")
    if file.suffix not in SUFFIXES:
        raise StoreError(f"{file.name} is neither a zip nor a tar", hint="call it like client.zip")
    _refuse_taken(file)
    try:
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w+b") as handle:
            # One that was killed left its part here: it is written over. One that still writes holds it.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(handle.fileno()), os.lstat(part)):
                raise BlockingIOError  # it has just become the archive
            os.fchmod(handle.fileno(), 0o600)
            handle.truncate(0)
            try:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
                _refuse_taken(file)
                os.replace(part, file)
            except BaseException:
                os.unlink(part)
                raise
        sync_folder(file.parent)
    except BlockingIOError as error:
        raise StoreError(f"{file} is just being written", hint="wait for it") from error
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written: {error.strerror}", hint="check disk space and the folder"
        ) from error


def remove_unfinished(folder: Path, named: re.Pattern[str]) -> None:
    """Remove parts that a killed run left of archives of such names; not one that is being written."""
    for part in folder.glob(f".*{UNFINISHED}"):
        if not named.fullmatch(part.name.removeprefix(".").removesuffix(UNFINISHED)):
            continue
        with open(os.open(part, os.O_RDWR | os.O_NOFOLLOW), "rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            part.unlink()


def _refuse_taken(file: Path) -> None:
    if os.path.lexists(file):
        raise StoreError(f"{file} is there already", hint="choose another name, or move it away")

"""An archive read as if somebody wished us ill: all of it is checked before a byte of it is written anywhere.

Names must stay below their folder and be of a kind that an export holds; links, devices, encrypted
members, duplicates and what the manifest does not list are refused; no member may grow beyond what the
manifest says, nor the whole beyond what is sensible; every hash is computed.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from opsreport.custody.files import TEMPORARY, is_plain, open_own
from opsreport.custody.parts import MONTH, is_shareable
from opsreport.custody.writing import FORMAT, FORMAT_VERSION, MANIFEST
from opsreport.errors import StoreError
from opsreport.migrations import refuse_newer
from opsreport.params.fields import CLIENT_ID

MOST_FILES = 200_000
MOST_BYTES = 64 << 30
_LARGEST_MANIFEST = 64 << 20
#: What compresses better than this is a bomb; a short archive may, for empty pages do.
_RATIO, _SHORT = 300, 64 << 20
_CHUNK = 1 << 20
_HINT = "use an archive as opsreport data export wrote it"
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, struct.error,
           OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError, RuntimeError)  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Archive:
    """An open archive, all of it checked.

    Attributes
    ----------
    file : Path
    client : str
    store_version : int
    published : tuple of str
        The months that were links to a review.
    files : dict of str to (str, int)
        sha256 and bytes of each file, by name.
    left_out : tuple of str
        What was no part of it.
    """

    file: Path
    client: str
    store_version: int
    published: tuple[str, ...]
    files: dict[str, tuple[str, int]]
    left_out: tuple[str, ...]
    members: Members

    def extract(self, name: str, to: Path) -> None:
        """Write one file, checked once more while it is read."""
        with open(to, "xb") as handle, _refusing(self.file):
            _read(self.members, name, self.files[name], handle)


class Members:
    """The members of a zip or a tar by name, with their sizes; anything but plain files is refused."""

    def __init__(self, packed: zipfile.ZipFile | tarfile.TarFile, size: int) -> None:
        self._packed = packed
        self._infos: dict[str, zipfile.ZipInfo | tarfile.TarInfo] = {}
        each = packed.infolist() if isinstance(packed, zipfile.ZipFile) else packed
        taken = 0
        for info in each:
            name = _name_of(info)
            if name in self._infos:
                raise StoreError(f"the archive holds {name!r} twice", _HINT)
            self._infos[name] = info
            taken += info.compress_size if isinstance(info, zipfile.ZipInfo) else info.size
            if len(self._infos) > MOST_FILES:
                raise StoreError(f"the archive holds over {MOST_FILES:,} files", _HINT)
        if taken > size:  # members that share their bytes: a bomb, whatever each says of itself
            raise StoreError("the archive's members overlap", _HINT)

    def names(self) -> set[str]:
        """The names of all members."""
        return set(self._infos)

    def size(self, name: str) -> int:
        """What a member says that it is long. [B]"""
        info = self._infos[name]
        return info.file_size if isinstance(info, zipfile.ZipInfo) else info.size

    def open(self, name: str) -> IO[bytes]:
        """A member's bytes."""
        if isinstance(self._packed, zipfile.ZipFile):
            return self._packed.open(self._infos[name])
        return self._packed.extractfile(self._infos[name])


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Open an archive that `opsreport.custody.export` wrote, and check all of it.

    Raises
    ------
    StoreError
        When anything is not as an export writes it.
    """
    with open_own(file) as handle:
        with _refusing(file):
            is_zip = handle.read(4) == b"PK\x03\x04"
            size = handle.seek(0, 2)
            handle.seek(0)
            packed = zipfile.ZipFile(handle) if is_zip else tarfile.TarFile(fileobj=handle)
            archive = _checked(Members(packed, size), size, file)
        yield archive


@contextmanager
def _refusing(file: Path) -> Iterator[None]:
    """Say which archive it is, and refuse it for whatever the standard library finds broken in it."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{file}: {error.message}" if error.hint == _HINT else error.message, error.hint) from error
    except _BROKEN as error:
        raise StoreError(f"{file} cannot be read: {error or type(error).__name__}", _HINT) from error


def _checked(members: Members, size: int, file: Path) -> Archive:
    if MANIFEST not in members.names():
        raise StoreError("it has no manifest, so it is no export", _HINT)
    if members.size(MANIFEST) > _LARGEST_MANIFEST:
        raise StoreError("its manifest is too large", _HINT)
    with members.open(MANIFEST) as handle:
        told = json.loads(handle.read(_LARGEST_MANIFEST + 1))
    archive = _archive_of(told, members, file)
    total = sum(length for _, length in archive.files.values())
    if len(archive.files) > MOST_FILES or total > MOST_BYTES or total > max(_RATIO * size, _SHORT):
        raise StoreError(f"it would become {total:,} bytes in {len(archive.files):,} files: too much", _HINT)
    if extra := members.names() - {MANIFEST, *archive.files}:
        raise StoreError(f"its manifest does not list {min(extra)!r}", _HINT)
    if lacking := archive.files.keys() - members.names():
        raise StoreError(f"it lacks {min(lacking)!r}", _HINT)
    for name, record in archive.files.items():
        _read(members, name, record)
    return archive


def _archive_of(told: Any, members: Members, file: Path) -> Archive:
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise StoreError("its manifest is none of an export", _HINT)
    version = told["format_version"]
    if type(version) is not int or version > FORMAT_VERSION:
        raise StoreError(f"it is of format {version!r}, and this opsreport knows {FORMAT_VERSION}",
                         hint="update opsreport on this machine")  # fmt: skip
    client, store_version = told["client"], told["store_version"]
    if not (isinstance(client, str) and re.fullmatch(CLIENT_ID, client)):
        raise StoreError(f"{client!r} is not a client id", _HINT)
    if type(store_version) is not int or store_version < 0:
        raise StoreError("its store's version is no number", _HINT)
    refuse_newer(store_version, f"the store of {client} in this archive")
    files: dict[str, tuple[str, int]] = {}
    for record in told["files"]:
        name, digest, length = record["path"], record["sha256"], record["bytes"]
        if not (isinstance(name, str) and _is_kind_of(name, client)):
            raise StoreError(f"{name!r} is no file of an export of {client}", _HINT)
        if name in files:
            raise StoreError(f"its manifest lists {name!r} twice", _HINT)
        if type(length) is not int or length < 0 or not (isinstance(digest, str) and _HASH.fullmatch(digest)):
            raise StoreError(f"its manifest says no size or hash of {name!r}", _HINT)
        files[name] = digest, length
    _refuse_file_as_folder(files)
    published = _published(told["published"])
    left_out = tuple(str(one["path"]) for one in told["left_out"])
    return Archive(file, client, store_version, published, files, left_out, members)


def _published(told: Any) -> tuple[str, ...]:
    is_list = isinstance(told, list) and len(set(map(str, told))) == len(told)
    if not is_list or not all(isinstance(month, str) and MONTH.fullmatch(month) for month in told):
        raise StoreError("its list of reviews names what is no month", _HINT)
    return tuple(told)


def _is_kind_of(name: str, client: str) -> bool:
    """Whether an export of a client may hold a file of this name."""
    if not is_plain(name):
        return False
    root, _, rest = name.partition("/")
    if not rest or any(part.startswith(TEMPORARY) for part in rest.split("/")):
        return False
    if root == "params":
        kinds = r"\.(corrections\.|decisions\.)?yaml|\.(decisions|commentary)/[^/]+\.md"
        return bool(re.fullmatch(f"{re.escape(client)}({kinds})", rest))
    if root == "shared":
        return is_shareable(name)
    if root == "csv":
        return bool(re.fullmatch(r"[a-z_]+\.csv", rest))
    return root == "store" or (root == "out" and not rest.startswith("."))


def _refuse_file_as_folder(files: dict[str, tuple[str, int]]) -> None:
    folders = {"/".join(parts[:n]) for name in files for parts in [name.split("/")] for n in range(1, len(parts))}
    if both := folders & files.keys():
        raise StoreError(f"{min(both)!r} is both a file and a folder", _HINT)


def _name_of(info: zipfile.ZipInfo | tarfile.TarInfo) -> str:
    if isinstance(info, tarfile.TarInfo):
        name, is_file = info.name, info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and info.sparse is None
    else:
        kind = stat.S_IFMT(info.external_attr >> 16)
        # zipfile cuts a name at a NUL.
        name, is_file = info.orig_filename, not info.is_dir() and kind in (0, stat.S_IFREG)
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise StoreError(f"{name!r} is encrypted or packed in another way", _HINT)
    if not is_plain(name):
        raise StoreError(f"{name!r} leads out of the archive's folder, or is no plain name", _HINT)
    if not is_file:
        raise StoreError(f"{name!r} is a link, a folder or a device", _HINT)
    return name


def _read(members: Members, name: str, record: tuple[str, int], to: IO[bytes] | None = None) -> None:
    """Read a member to its end, and refuse it when it is not what the manifest says."""
    digest, left = hashlib.sha256(), record[1]
    with members.open(name) as handle:
        while chunk := handle.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            if to:
                to.write(chunk)
    if left or digest.hexdigest() != record[0]:
        raise StoreError(f"{name!r} is not what its manifest says", _HINT)

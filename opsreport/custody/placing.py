"""An archive that was checked, put in place of a client that is not there, or instead of one that is."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsreport import migrations
from opsreport.custody.files import make_below, open_own
from opsreport.custody.ledgers import choose_ledger, keep_notes
from opsreport.custody.parts import MADE, is_collected, own_params
from opsreport.custody.reading import Archive
from opsreport.custody.steps import NEW, carry_out, remove
from opsreport.errors import StoreError
from opsreport.home import Home, make_private, sync_folder

_SPARE = 64 << 20  # disk space to leave free [B]


@dataclass(frozen=True)
class Choices:
    """What a restore may do with what is there already.

    Attributes
    ----------
    replace : bool
        Put the archive's client instead of the one that is there.
    keep_shared : bool
        Keep a plan or logo that says otherwise here.
    ledger : str
        Which ledger of sent mails holds, where they differ: ``here`` or ``archive``; empty refuses.
    """

    replace: bool = False
    keep_shared: bool = False
    ledger: str = ""


def place(home: Home, archive: Archive, choices: Choices, note: dict[str, Any], *, is_newest: bool = False) -> None:
    """Put an archive's client in place; the home and the client are held.

    Parameters
    ----------
    is_newest : bool
        Whether no mail was sent since the archive was made. Otherwise what it has as planned becomes unknown.

    Raises
    ------
    StoreError
        As `opsreport.custody.restore`; nothing has changed then.
    """
    client = archive.client
    if not choices.replace and _is_in_the_way(home, archive):
        raise StoreError(f"{client} is there already", hint="delete it first, or restore with --replace")
    kept_here = _shared_here(home, archive, choices)
    note["files"], note["bytes"] = len(archive.files), sum(size for _, size in archive.files.values())
    free = shutil.disk_usage(home.folder).free
    if note["bytes"] + _SPARE > free:
        raise StoreError(f"{client} needs {note['bytes']:,} bytes, and {free:,} are free", hint="make room")
    note["params"] = [path.relative_to(home.params).as_posix() for path in own_params(home.params, client)]
    staged = {root.name: root / f"{NEW}{client}" for root in (home.store, home.out, home.params)}
    try:
        for folder in staged.values():
            remove(folder)
            make_private(folder)
        _stage(archive, staged, kept_here)
        if not is_newest:
            keep_notes(home.out / client, staged["out"])
        choose_ledger(home.store / client, staged["store"], choices.ledger, note, is_newest=is_newest)
        _finish(archive, staged)
    except OSError as error:
        _drop(staged)
        raise StoreError(f"{client} cannot be restored: {error}", hint="check disk space and permissions") from error
    except StoreError:
        _drop(staged)
        raise
    carry_out(home, note)


def _stage(archive: Archive, staged: dict[str, Path], kept_here: set[str]) -> None:
    """Write all of an archive beside its place."""
    for name in archive.files:
        root, _, rest = name.partition("/")
        if root == "csv" or name in kept_here:
            continue
        month, _, below = rest.partition("/")
        if root == "out" and month in archive.published:
            rest = f"{MADE}/{month}~restored/{below}"
        folder = staged["params" if root in ("params", "shared") else root]
        make_below(folder, Path(rest).parent)
        archive.extract(name, folder / rest)
        if root in ("store", "out"):
            os.chmod(folder / rest, 0o600)
    for month in archive.published:
        make_below(staged["out"], Path(MADE) / f"{month}~restored")
        (staged["out"] / month).symlink_to(f"{MADE}/{month}~restored", target_is_directory=True)


def _finish(archive: Archive, staged: dict[str, Path]) -> None:
    """Make what is staged today's version, and have it on the disk."""
    if migrations.version_of(staged["store"]) != archive.store_version and any(staged["store"].iterdir()):
        raise StoreError(f"{archive.file}: its store is not of the version that its manifest says", hint="export again")
    migrations.migrate(staged["store"])
    for folder in staged.values():
        migrations.sync(folder)
        sync_folder(folder.parent)


def _is_in_the_way(home: Home, archive: Archive) -> bool:
    """Whether something of the client would be lost; its files that are as in the archive would not."""
    own = [
        (f"params/{path.relative_to(home.params).as_posix()}", path) for path in own_params(home.params, archive.client)
    ]
    other = [name for name, path in own if name not in archive.files or _hash(path) != archive.files[name][0]]
    return bool(other) or is_collected(home, archive.client)


def _shared_here(home: Home, archive: Archive, choices: Choices) -> set[str]:
    """The plan and logo of an archive that are here already; refused where they say otherwise."""
    found = {name for name in archive.files if name.startswith("shared/") and os.path.lexists(_shared(home, name))}
    other = [name for name in sorted(found) if _hash(_shared(home, name)) != archive.files[name][0]]
    if other and not choices.keep_shared:
        raise StoreError(
            f"{_shared(home, other[0])} is not what it is in the archive, and others may use it",
            hint="compare the two, then restore with --keep-shared to keep this one",
        )
    return found


def _shared(home: Home, name: str) -> Path:
    return home.params / name.removeprefix("shared/")


def _hash(path: Path) -> str:
    with open_own(path) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _drop(staged: dict[str, Path]) -> None:
    for folder in staged.values():
        remove(folder)

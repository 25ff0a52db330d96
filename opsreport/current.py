"""Whether a published review is still what would be made now; and if not, why."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from opsreport.fingerprint import fingerprint
from opsreport.home import Home
from opsreport.month import Month
from opsreport.params import own_files

_PACKAGE = Path(__file__).parent
_MADE_BY = {".py", ".j2", ".css", ".js", ".po"}


def made_of(loaded: Month) -> dict[str, str]:
    """Hashes of the records and the client's file that a review is made from, and of the code that makes it."""
    return {"records": fingerprint(loaded), "code": code(), "params": _params(loaded)}


def _params(loaded: Month) -> str:
    """A hash of what a client's file says, but for who receives mail, of which a review says nothing."""
    told = repr(loaded.client.model_dump(exclude={"recipients", "mail"}))
    return hashlib.sha256(told.encode()).hexdigest()


def older_than(home: Home, loaded: Month, manifest: Mapping[str, Any]) -> list[str]:
    """What a review was made from and has changed since: its records, and the files people write.

    Parameters
    ----------
    home : Home
        The team's, which holds the notebook.
    loaded : Month
        The same month, as it is loaded now.
    manifest : mapping
        The review's.

    Returns
    -------
    list of str
        A reason each; empty where nothing changed.
    """
    said = [] if manifest.get("records") == fingerprint(loaded) else ["its records changed"]
    known = {one["path"]: one["sha256"] for one in manifest["inputs"] if "frame" not in one}
    own = own_files(loaded.home.params, loaded.client.client, loaded.period.name)
    now = {path.relative_to(loaded.home.folder).as_posix(): path for path in own}
    # The client's file may be written otherwise, or about mail, and say the same of the review.
    same = {f"params/{loaded.client.client}.yaml"} if manifest.get("params") == _params(loaded) else set()
    same |= {name for name in known if name.startswith("params/plans/")} if same else set()
    for path in sorted({*known, *now} - same):
        file = now.get(path, home.folder / path)
        if path not in known:
            said.append(f"{path} is new")
        elif not file.is_file():
            said.append(f"{path} is gone")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != known[path]:
            said.append(f"{path} changed")
    return said


def made_differently(manifest: Mapping[str, Any]) -> list[str]:
    """Whether other code or libraries made it than would now."""
    return [] if manifest.get("code") == code() else ["opsreport itself changed"]


@lru_cache(maxsize=1)
def code() -> str:
    """A hash of the package's own files.

    Returns
    -------
    str
        SHA-256, in hexadecimal.
    """
    made = hashlib.sha256()
    for path in sorted(path for path in _PACKAGE.rglob("*") if path.suffix in _MADE_BY):
        made.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return made.hexdigest()

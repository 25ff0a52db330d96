"""A client deleted: what is counted first, what goes, and what stays because it is another's too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from opsreport.custody.parts import own_params, secret_files, shared
from opsreport.custody.steps import carry_out
from opsreport.home import Home


def carry_away(home: Home, client: str, note: dict[str, Any], *, with_params: bool) -> tuple[str, ...]:
    """Delete a client's store and reviews, and its own files in params if asked to; it is held.

    Parameters
    ----------
    note : dict
        Gets the counts: files, bytes, and both of each part.

    Returns
    -------
    tuple of str
        What stays, and why.

    Raises
    ------
    StoreError
        When something cannot be removed; the next run goes on.
    """
    own = own_params(home.params, client)
    kept = [path for path in shared(home.params, client) if path.is_file()]
    logos = [path for path in kept if path.parent.name != "plans" and not _is_used(home.params, client, path.name)]
    secret = [path for path in secret_files(home.params, client) if path.is_file()]
    going = [*own, *logos] if with_params else []
    parts = {"store": _files(home.store / client), "out": _files(home.out / client), "params": going}
    note["parts"] = {name: {"files": len(files), "bytes": sum(path.lstat().st_size for path in files)}
                     for name, files in parts.items()}  # fmt: skip
    for key in ("files", "bytes"):
        note[key] = sum(part[key] for part in note["parts"].values())
    note["params"] = [os.path.relpath(path, home.params) for path in going]
    left = [f"{path}: others may use it" for path in kept if path not in going] if with_params else []
    left += [f"{path}: its own file" for path in own if path not in going]
    left += [f"{path}: a secret of the client" for path in secret]
    left += [f"{path}: names the client; make it again" for path in _fleet_pages(home, client)]
    carry_out(home, note)
    return tuple(left)


def _files(folder: Path) -> list[Path]:
    return [Path(at) / name for at, _, names in os.walk(folder) for name in names]


def _is_used(folder: Path, client: str, name: str) -> bool:
    """Whether a file of another client, or a plan, names a picture."""
    others = [path for path in (*folder.glob("*.yaml"), *folder.glob("plans/*.yaml"))
              if not path.name.startswith(f"{client}.")]  # fmt: skip
    return any(name.encode() in path.read_bytes() for path in others)


def _fleet_pages(home: Home, client: str) -> list[Path]:
    """The pages of all clients, which are ours, that still tell of this one."""
    return [path for path in sorted(home.out.glob("fleet-*.html")) if client.encode() in path.read_bytes()]

"""Which files are one client's, and what an archive calls them; nothing outside its own folders is ever read.

========  =========================================================================
params/   the client's file, its corrections, decisions and commentary
shared/   the plan that it extends and its logo, which other clients may use as well
store/    its folder in the store; a database as SQLite's own copy of it
out/      its reviews, each month as a folder, whatever the link behind it
========  =========================================================================
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsreport.custody.files import (
    Item,
    is_beside_database,
    is_database,
    is_plain,
    open_own,
    refuse_link,
    snapshot,
    walk,
)
from opsreport.errors import ParamsError, StoreError
from opsreport.home import Home
from opsreport.params import client_names, client_path
from opsreport.params.fields import CLIENT_ID
from opsreport.params.reading import read_yaml

PICTURES = (".png", ".jpg", ".jpeg", ".svg", ".webp")
#: Where `opsreport.report` keeps what a month's link points to.
MADE = ".made"
MONTH = re.compile(r"\d{4}-\d{2}(-\d{2}_\d{4}-\d{2}-\d{2})?")


@dataclass
class Holdings:
    """All that is kept of one client.

    Attributes
    ----------
    items : list of Item
        In the order of their names.
    published : list of str
        The months that are links to a review.
    left_out : list of dict
        path and why, of what is not for an archive.
    """

    items: list[Item] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)

    def records(self) -> list[dict[str, Any]]:
        """path, sha256 and bytes of each file."""
        made = []
        for item in self.items:
            with open_own(item.path) as handle:
                made.append({"path": item.name, "sha256": hashlib.file_digest(handle, "sha256").hexdigest(),
                             "bytes": handle.tell()})  # fmt: skip
        return made


def clients(home: Home) -> list[str]:
    """The ids of all clients that have a file, a folder in the store or a review."""
    folders = [path for root in (home.store, home.out) if root.is_dir() for path in root.iterdir()]
    kept = {path.name for path in folders if re.fullmatch(CLIENT_ID, path.name) and _is_full(path)}
    return sorted({*client_names(home.params), *kept})


def exists(home: Home, client: str) -> bool:
    """Whether anything is kept of a client."""
    return bool(own_params(home.params, client)) or is_collected(home, client)


def is_collected(home: Home, client: str) -> bool:
    """Whether anything is kept of a client beyond its own files in params."""
    return any(_is_full(root / client) for root in (home.store, home.out))


def own_params(folder: Path, client: str) -> list[Path]:
    """The client's own files in params, as they are named; no other file is taken for one."""
    path = client_path(folder, client)
    found = [path, path.with_suffix(".corrections.yaml"), path.with_suffix(".decisions.yaml")]
    for notes in (path.with_suffix(".decisions"), path.with_suffix(".commentary")):
        refuse_link(notes)
        found += sorted(notes.glob("*.md"))
    return [one for one in found if os.path.lexists(one)]


def shared(folder: Path, client: str) -> list[Path]:
    """The plan that a client's file extends, and its logo: files that another client may use too."""
    content, plan = _said(client_path(folder, client)), _plan(folder, client)
    brands = [content.get("brand"), _said(plan).get("brand") if plan else None]
    logos = [one["logo"] for one in brands if isinstance(one, dict) and isinstance(one.get("logo"), str)]
    return [*([plan] if plan else []), *(Path(folder) / logo for logo in logos[:1] if logo)]


def holdings(home: Home, client: str, work: Path) -> Holdings:
    """All that is kept of a client.

    Parameters
    ----------
    work : Path
        A private folder, for the copies of databases.

    Raises
    ------
    StoreError
        When a link or something that is no file stands among them, or a database cannot be copied.
    """
    made, hidden, folder = Holdings(), secret_files(home.params, client), home.params
    found = [Item(f"params/{path.relative_to(folder).as_posix()}", path) for path in own_params(folder, client)]
    for path in shared(folder, client):
        item = Item(f"shared/{os.path.relpath(path, folder)}", path)
        if is_shareable(item.name) and path.is_file():
            found.append(item)
        else:
            made.left_out.append({"path": item.name, "why": "it is not there, or no picture in params"})
    for item in found:
        if item.path.resolve() != folder.resolve() / item.name.partition("/")[2]:
            raise StoreError(f"{item.path} lies behind a link", hint="put there what it names")
    for item in [*found, *_stored(home.store / client, work), *_reviews(home.out / client, made.published)]:
        if item.path.resolve() in hidden:
            made.left_out.append({"path": item.name, "why": "a secret that the client's file refers to"})
            continue
        if not is_plain(item.name):
            raise StoreError(f"{str(item.path)!r} is a name that not every machine can hold", hint="rename it")
        made.items.append(item)
    made.items.sort(key=lambda item: item.name)
    return made


def is_shareable(name: str) -> bool:
    """Whether a file under ``shared/`` is what may lie there: a plan, or a picture."""
    is_plan = re.fullmatch(rf"shared/plans/{CLIENT_ID.strip('^$')}\.yaml", name)
    return is_plain(name) and bool(is_plan or name.lower().endswith(PICTURES))


def _stored(folder: Path, work: Path) -> Iterator[Item]:
    for item in walk(folder, "store"):
        if is_database(item.path):
            yield Item(item.name, snapshot(item.path, work / str(len(list(work.iterdir())))))
        elif not is_beside_database(item.path):
            yield item


def _reviews(folder: Path, published: list[str]) -> Iterator[Item]:
    refuse_link(folder)
    for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
        if entry.name.startswith("."):  # what reviews are made in, and can be made again
            continue
        if not entry.is_symlink():
            yield from walk(entry, f"out/{entry.name}") if entry.is_dir() else [Item(f"out/{entry.name}", entry)]
            continue
        at, name = os.path.split(os.readlink(entry))
        made = folder / MADE / name
        is_review = MONTH.fullmatch(entry.name) and at == MADE and name.startswith(f"{entry.name}~") and made.is_dir()
        if not is_review or (folder / MADE).is_symlink():
            refuse_link(entry)
        published.append(entry.name)
        yield from walk(made, f"out/{entry.name}")


def secret_files(folder: Path, client: str) -> set[Path]:
    """The files that references of a client's file lead to, and its plan's."""
    files = [client_path(folder, client), *([plan] if (plan := _plan(folder, client)) else [])]
    names = [text.removeprefix("file:") for path in files for text in _texts(_said(path)) if text.startswith("file:")]
    return {(Path(folder) / name).expanduser().resolve() for name in names}


def _plan(folder: Path, client: str) -> Path | None:
    name = _said(client_path(folder, client)).get("extends")
    is_name = isinstance(name, str) and re.fullmatch(CLIENT_ID, name)
    return Path(folder) / "plans" / f"{name}.yaml" if is_name else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _said(path: Path) -> dict[str, Any]:
    """What a file of params says; nothing where it cannot be read, which keeps nobody from exporting it."""
    try:
        return dict(read_yaml(path)) if path.is_file() and not path.is_symlink() else {}
    except ParamsError:
        return {}


def _is_full(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())

"""What was approved: each review that may be sent, with all that it was made from, kept as it was then.

``<store>/<client>/approved/<month>/<revision>/`` is a home of its own for that one client: ``params/``
holds copies of the client's files, ``store/<client>/`` the frames (hard links: a file of the store is
replaced and never changed), beside the review's manifest and ``approval.json``, which is written last.
From these an approved month is made again, until it is restated.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport.errors import StoreError
from opsreport.home import Home, make_private, one_at_a_time, write_whole
from opsreport.params import own_files

#: What lies in a client's folder of the store and is no input of a review.
_NO_INPUT = {"approved", "mail", "answers", "attempts.json", "published.json"}


@dataclass(frozen=True)
class Approval:
    """Somebody's word that a review may be sent.

    Attributes
    ----------
    client, month : str
    revision : int
        1, and one more for each that was approved after it.
    by : str
        Who approved it.
    at : str
        When, ISO 8601 in UTC.
    content : str
        Hash of what the review says, as `opsreport.report.manifest.content` gives it.
    message : str
        Hash of what the mail says, whoever it goes to.
    recipients, ours : tuple of str
        Addresses of who receives it, and of whom it is from and who answers.
    corrects : int
        The first revision that was sent, where this one corrects it; else 0.
    why : str
        Why it was restated.
    waived : tuple of (str, str)
        What the gate refused and was let through: its name, and the reason.
    """

    client: str
    month: str
    revision: int
    by: str
    at: str
    content: str
    message: str
    recipients: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    corrects: int = 0
    why: str = ""
    waived: tuple[tuple[str, str], ...] = ()

    @property
    def state(self) -> str:
        """What its review is: approved, or corrected where an earlier one was sent."""
        return "corrected" if self.corrects else "approved"


def approvals(store: Path, client: str, month: str) -> list[Approval]:
    """All approvals of a month, the first one first.

    Raises
    ------
    StoreError
        When one cannot be read.
    """
    made = []
    for path in sorted(_folder(store, client, month).glob("*/approval.json"), key=lambda path: int(path.parent.name)):
        try:
            told = json.loads(path.read_text("utf-8"))
            tuples = {name: tuple(told[name]) for name in ("recipients", "ours")}
            waived = tuple(tuple(pair) for pair in told["waived"])
            made.append(Approval(**{**told, **tuples, "waived": waived}))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} cannot be read: {error}", hint="restore it from a copy") from error
    return made


def approval(store: Path, client: str, month: str) -> Approval | None:
    """The approval that a month's review rests on; None where there is none, or it was restated since."""
    made = approvals(store, client, month)
    return made[-1] if made and not restatement(store, client, month) else None


def manifest_of(store: Path, one: Approval) -> dict[str, Any]:
    """The manifest of the review that was approved."""
    path = _folder(store, one.client, one.month) / str(one.revision) / "manifest.json"
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}", hint="restore it from a copy") from error


def home_of(home: Home, client: str, month: str) -> Home:
    """Where a month is read from: what its approval froze, else the team's own home."""
    frozen = approval(home.store, client, month)
    return Home(_folder(home.store, client, month) / str(frozen.revision)) if frozen else home


def restatement(store: Path, client: str, month: str) -> str:
    """Why a month is restated; empty while it is not, or once that was approved."""
    path = _folder(store, client, month) / "restated.txt"
    return path.read_text("utf-8").strip() if path.is_file() else ""


def restate(store: Path, client: str, month: str, why: str) -> None:
    """Have a month made again from what is known by now, until that is approved.

    Raises
    ------
    StoreError
        When it was never approved, or no reason is given.
    """
    folder = _folder(store, client, month)
    if not why.strip():
        raise StoreError("nothing is restated without a reason", hint="say why: the client is told")
    if not approvals(store, client, month):
        raise StoreError(f"{client} {month} was never approved", hint="make its review: nothing holds it")
    with one_at_a_time(store / client):
        write_whole(folder / "restated.txt", " ".join(why.split()) + "\n")


def freeze(home: Home, read_from: Home, one: Approval, manifest: dict[str, Any]) -> None:
    """Keep what a review was made from, with its approval, in one step.

    Parameters
    ----------
    home : Home
        The team's.
    read_from : Home
        Where the review's month was loaded from: the team's home, or an earlier approval's.
    manifest : dict
        The review's.

    Raises
    ------
    StoreError
        When it cannot be kept; what was approved before stays.
    """
    place = _folder(home.store, one.client, one.month)
    with one_at_a_time(home.store / one.client):
        try:
            make_private(place.parent, place)
            for left in place.glob(".freezing-*"):
                shutil.rmtree(left)
            work = Path(tempfile.mkdtemp(prefix=".freezing-", dir=place))
            for path in _inputs(read_from, one):
                _keep(path, work / path.relative_to(read_from.folder))
            write_whole(work / "manifest.json", json.dumps(manifest, ensure_ascii=False, sort_keys=True) + "\n")
            write_whole(work / "approval.json", _written(one))
            os.rename(work, place / str(one.revision))
            (place / "restated.txt").unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{place} cannot be written: {error.strerror}", hint="check disk space") from error


def amend(store: Path, one: Approval) -> None:
    """Put an approval in the place of its revision's: by another person, or for other recipients.

    Raises
    ------
    StoreError
        When it cannot be written; what was there stays.
    """
    with one_at_a_time(store / one.client):
        try:
            write_whole(_folder(store, one.client, one.month) / str(one.revision) / "approval.json", _written(one))
        except OSError as error:
            raise StoreError(f"the approval cannot be written: {error.strerror}", hint="check disk space") from error


def kept_files(store: Path, one: Approval) -> dict[str, str]:
    """The hash of each file of the review as it was published once approved; empty before."""
    path = _folder(store, one.client, one.month) / str(one.revision) / "files.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def keep_files(store: Path, one: Approval, files: dict[str, str]) -> None:
    """Keep what `kept_files` gives."""
    write_whole(_folder(store, one.client, one.month) / str(one.revision) / "files.json", json.dumps(files) + "\n")


def _written(one: Approval) -> str:
    return json.dumps(asdict(one), ensure_ascii=False, indent=1) + "\n"


def _inputs(home: Home, one: Approval) -> Iterable[Path]:
    yield from own_files(home.params, one.client, one.month)
    store = home.store / one.client
    for part in sorted(store.iterdir()):
        if part.name not in _NO_INPUT and not part.name.startswith("."):
            files = part.rglob("*") if part.is_dir() else [part]
            yield from (path for path in files if path.is_file() and not path.name.startswith("."))


def _keep(path: Path, kept: Path) -> None:
    """A hard link to what the store never changes; else a copy."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        try:
            os.link(path, kept)
            return
        except OSError:  # another file system, or one without links
            kept.unlink(missing_ok=True)
    shutil.copyfile(path, kept)


def _folder(store: Path, client: str, month: str) -> Path:
    return Path(store) / client / "approved" / month


def now_text(now: pd.Timestamp) -> str:
    """An instant as an approval holds it."""
    return now.tz_convert("UTC").isoformat(timespec="seconds")

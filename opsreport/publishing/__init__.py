"""Where clients open their reviews: a page is put under a key that nobody can guess, and taken away again.

What is put is the page and the rows behind its figures; never the notebook, the manifest or
anything of another client. What lies where is kept in ``<store>/<client>/published.json``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport.errors import ReportError, StoreError
from opsreport.home import Home, one_at_a_time, write_whole
from opsreport.params.team import Publish
from opsreport.publishing.folder import Folder
from opsreport.publishing.place import Place, Shown
from opsreport.publishing.review import read_review

RECORD = "published.json"
_KEY_BYTES = 20  # 160 bits


@dataclass(frozen=True)
class Link:
    """Where a client opens a review.

    Attributes
    ----------
    address : str
        https; with an S3 bucket it holds the signature, so whoever has it can open the page.
    until : Timestamp or None
        When it stops to open; None where it does not. [UTC]
    token : str
        The key that the review lies under.
    warnings : tuple of str
        What the team should mend, though the page opens.
    """

    address: str
    until: pd.Timestamp | None
    token: str
    warnings: tuple[str, ...] = ()


def publish(home: Home, client: str, month: str, where: Publish, now: pd.Timestamp) -> Link:
    """Put a client's review where the client can open it.

    The same review again gives the same link. One that has changed, as a corrected one, is put in
    the place of the earlier one, so that the links in earlier mails open it. A link that runs out
    is made anew once less than half of its time is left.

    Parameters
    ----------
    home : Home
    client, month : str
        As `opsreport.report.build.build` takes them.
    where : Publish
        From the team's file.
    now : Timestamp
        [UTC]

    Raises
    ------
    ReportError
        When there is no review, its files are not those of its manifest, or it cannot be put there
        whole; what was published before stays.
    StoreError
        When the record cannot be read or written.
    """
    review, place = read_review(home, client, month), place_of(home, where)
    with _record(home, client) as known:
        before = known.get(month)
        left = _left_behind(before, place)
        if before is None or left:
            before = Shown(place.name, secrets.token_hex(_KEY_BYTES))
        if before.content == review.content and place.holds(before, now):
            return _link(before, left)
        # Known before it is put: what a crash leaves there is replaced by the next try.
        both = tuple(dict.fromkeys([*review.files(), *before.files]))
        known.write(month, replace(before, files=both, content=""))
        put = place.put(review, before, now)
        place.remove(before.token, tuple(name for name in both if name not in review.files()))
        shown = replace(before, files=review.files(), content=review.content, address=put.address, until=put.until)
        known.write(month, shown)
        return _link(shown, (*left, *put.warnings))


def published(home: Home, client: str, month: str) -> Link | None:
    """Where a client's review of a month was put; None where it is not.

    Raises
    ------
    StoreError
        When the record cannot be read.
    """
    shown = _Known(home.store / client / RECORD).get(month)
    return _link(shown, ()) if shown and shown.address else None


def withdraw(home: Home, client: str, month: str, where: Publish) -> bool:
    """Take a review away from where it was published; its links open nothing from then on.

    Returns
    -------
    bool
        Whether there was one.

    Raises
    ------
    ReportError
        When it cannot be taken away, or lies elsewhere than the team's file says.
    """
    place = place_of(home, where)
    with _record(home, client) as known:
        before = known.get(month)
        if before is None:
            return False
        if before.place != place.name:
            raise ReportError(
                f"{client} {month} was published in {before.place}, not in {place.name}",
                hint=f"name that place in opsreport.yaml, or remove {before.token} there by hand",
            )
        place.remove(before.token, before.files)
        known.write(month, None)
        return True


def place_of(home: Home, where: Publish) -> Place:
    """The place that the team's file names."""
    if where.folder:
        return Folder(where.folder, home)
    from opsreport.publishing.s3 import Bucket  # boto3 is slow to load, and only needed here

    return Bucket(where.s3)


def _link(shown: Shown, warnings: tuple[str, ...]) -> Link:
    return Link(shown.address, pd.Timestamp(shown.until) if shown.until else None, shown.token, warnings)


def _left_behind(before: Shown | None, place: Place) -> tuple[str, ...]:
    if before is None or before.place == place.name:
        return ()
    return (f"an earlier page stays in {before.place} under {before.token}: remove it there by hand",)


# The record.


class _Known:
    """What is published of one client, by month."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            held = json.loads(path.read_text("utf-8")) if path.exists() else {}
            self._held = {month: Shown(**{**one, "files": tuple(one["files"])}) for month, one in held.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            hint = "restore it from a copy: without it no link can be withdrawn"
            raise StoreError(f"{path} cannot be read: {error}", hint) from error

    def get(self, month: str) -> Shown | None:
        """What is published of a month."""
        return self._held.get(month)

    def write(self, month: str, shown: Shown | None) -> None:
        """Keep what is published of a month, or nothing, in one step."""
        held: dict[str, Any] = {**self._held, month: shown}
        self._held = {name: one for name, one in sorted(held.items()) if one is not None}
        text = json.dumps({name: asdict(one) for name, one in self._held.items()}, indent=1) + "\n"
        try:
            write_whole(self._path, text)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error.strerror}", hint="check disk space") from error


@contextmanager
def _record(home: Home, client: str) -> Iterator[_Known]:
    """A client's record, while nobody else publishes for that client."""
    folder = home.store / client
    with one_at_a_time(folder / ".publishing"):
        yield _Known(folder / RECORD)

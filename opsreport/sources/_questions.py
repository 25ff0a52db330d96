"""Asking a system over its network: every page of a question, in time; what could not be read is said.

Each answer keeps its operation and what was asked beside the system's own words, so that `to_frames` is pure
and tested from recorded answers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.errors import SourceError
from opsreport.sources import Pages, SourceSettings


@dataclass(frozen=True)
class Answer:
    """One page, as the system gave it.

    Attributes
    ----------
    operation : str
        As the source declares it.
    region : str
        Where it was asked, of a system that has regions.
    asked : dict
        What was asked, without where the page begins.
    is_whole : bool
        Whether its question was answered to the end.
    """

    operation: str
    region: str
    asked: dict[str, Any]
    body: Any
    is_whole: bool = True


class Told(list[Any]):
    """The pages of one question that could be read, and whether these are all of them."""

    is_whole = True


class Cut(Exception):
    """A question that could not be read to its end, and why."""


@dataclass
class Questions:
    """What one source asked of one system, what it was told, and what it was not."""

    settings: SourceSettings
    operations: Iterable[str]
    answers: list[Answer] = field(default_factory=list)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    price: Decimal = Decimal(0)
    is_reached: bool = False
    _first: tuple[str, str] = ("", "")
    #: By reason, what it was said of.
    _failed: dict[str, list[str]] = field(default_factory=dict)

    #: What asking may raise; a system's own questions add to it.
    faults: tuple[type[Exception], ...] = field(default=(Cut,), init=False)

    def note(self, why: str) -> None:
        """Say that something is missing that no question failed on."""
        self._failed.setdefault(why, [])

    @property
    def why(self) -> str:
        """All that failed, each reason once."""
        said = [f"{', '.join(dict.fromkeys(places))}: {why}" if places else why
                for why, places in self._failed.items()]  # fmt: skip
        return "; ".join(said)

    def pages(self, **extra: Any) -> Pages:
        """What was read, for `to_frames`.

        Raises
        ------
        SourceError
            When nothing was: no question was answered at all.
        """
        if self._first[0] and not self.answers and not self.settings.run.is_probe:
            raise SourceError(*self._first)
        status = "partial" if self._failed else "ok"
        known = {"now": self.settings.run.now, "price": self.price, "needs": self.needs,
                 "is_answered": bool(self.answers) or self.is_reached, "hint": self._first[1], **extra}  # fmt: skip
        inputs = tuple(sorted(self.inputs, key=lambda record: (record["path"], record.get("sha256", ""))))
        return Pages(tuple(self.answers), self.settings, inputs, status, self.why, known)

    def said(self, error: Exception) -> str:
        """What a failure says, in one line and without a secret."""
        return str(error)

    def hint_of(self, error: Exception, operation: str) -> str:
        """What to do about a failure."""
        return "try again later; what was collected before is kept"

    def need_of(self, error: Exception, operation: str) -> str:
        """The permission that lacks, where a failure says that one does."""
        return ""

    def is_absent(self, error: Exception, absent: tuple[Any, ...]) -> bool:
        """Whether a failure says that there is nothing of the kind."""
        return False

    def declared(self, operation: str) -> None:
        """Hold a source to what it declares."""
        if operation not in self.operations:
            raise AssertionError(f"{operation} is not among the source's OPERATIONS")

    def take(
        self, operation: str, place: str, path: str, asked: dict[str, Any], pages: Iterable[Any],
        region: str = "", absent: tuple[Any, ...] = (),
    ) -> Told:  # fmt: skip
        """Read the pages of a question as far as they go, and keep them.

        Parameters
        ----------
        place : str
            What a failure is said of.
        path : str
            What the record of inputs calls it.
        absent : tuple
            Codes by which the system says that there is nothing of the kind.
        """
        told, record = Told(), {"path": path}
        try:
            self.in_time()
            for page in pages:
                told.append(page)
        except self.faults as error:
            # Who answers a first page and refuses a second one has something of the kind.
            if told or not self.is_absent(error, absent):
                at = f", page {len(told) + 1}" if told else ""
                record["unread"] = self.failed(operation, f"{place}{at}", error)
                told.is_whole = False
        self.answers += [Answer(operation, region, asked, page, told.is_whole) for page in told]
        self.inputs.append({**record, **digest(asked, told)} if told.is_whole else record)
        return told

    def once(self, bodies: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
        """The pages, each given with what tells it apart; one that repeats another stands in place of a lost one.

        Raises
        ------
        Cut
        """
        seen: set[str] = set()
        for body, content in bodies:
            print_ = print_of(content)
            if print_ in seen:
                if _holds_something(content):
                    raise Cut("a page came a second time in place of another")
                continue
            seen.add(print_)
            yield body
            if self.settings.run.is_probe:
                return

    def failed(self, operation: str, place: str, error: Exception) -> str:
        """Note what could not be read, and why, which is answered."""
        why = self.said(error)
        # Who refuses has answered.
        self.is_reached |= bool(getattr(error, "status", 0))
        self._failed.setdefault(why, []).append(place)
        self._first = self._first if self._first[0] else (f"{place}: {why}", self.hint_of(error, operation))
        if need := self.need_of(error, operation):
            self.needs.append(need)
        return why

    def in_time(self) -> None:
        """Go on only while there is time.

        Raises
        ------
        Cut
        """
        if self.settings.run.until and time.monotonic() > self.settings.run.until:
            raise Cut("there was no time left")


def digest(asked: Any, pages: list[Any]) -> dict[str, Any]:
    """sha256 and bytes of what was asked and answered."""
    text = as_text([asked, pages]).encode()
    return {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}


def print_of(value: Any) -> str:
    """The same for the same content."""
    return hashlib.sha256(as_text(value).encode()).hexdigest()


def as_text(value: Any) -> str:
    """An answer as JSON, with times, exact numbers and bytes marked as such."""
    return json.dumps(value, sort_keys=True, default=_write)


def _holds_something(content: Any) -> bool:
    each = content.values() if isinstance(content, dict) else [content]
    return any(isinstance(value, (list, dict)) and value for value in each)


def _write(value: Any) -> Any:
    if isinstance(value, (dt.datetime, pd.Timestamp)):
        return {"$time": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$number": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    raise TypeError(f"{type(value).__name__} in an answer")

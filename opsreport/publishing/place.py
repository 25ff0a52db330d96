"""What any place is asked for that a page can be put in, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from opsreport.publishing.review import Review


@dataclass(frozen=True)
class Shown:
    """What a place holds of one review, as the record keeps it.

    Attributes
    ----------
    place, token : str
    files : tuple of str
        Names under the token, the page's first; while it is being put, those that may be there.
    content : str
        Hash of what was put; empty while that is not sure to be whole.
    address, until : str
        Of the link; until is ISO 8601, or empty where it does not run out.
    """

    place: str
    token: str
    files: tuple[str, ...] = ()
    content: str = ""
    address: str = ""
    until: str = ""


@dataclass(frozen=True)
class Put:
    """What a place answers: the link, and what was remarked on the way."""

    address: str
    until: str = ""
    warnings: tuple[str, ...] = ()


class Place(Protocol):
    """Somewhere that a page can be put."""

    name: str

    def holds(self, before: Shown, now: pd.Timestamp) -> bool:
        """Whether what was put there still opens under the same address, and will for long enough."""

    def put(self, review: Review, before: Shown, now: pd.Timestamp) -> Put:
        """Put a review under a token, in place of what stands there; whole, or what stood there stays."""

    def remove(self, token: str, files: tuple[str, ...]) -> None:
        """Take files away, the first one first; those that are not there are no error."""

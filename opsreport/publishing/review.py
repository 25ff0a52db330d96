"""A review as it is put somewhere: the page, and the rows behind it under names that tell nothing of the client."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from opsreport.errors import ReportError
from opsreport.home import Home, one_at_a_time
from opsreport.report.packing import packed, unpacked
from opsreport.report.page import ROWS
from opsreport.schemas import FRAMES

#: The page's own name under its key.
PAGE = "review.html"
_BEHIND = re.compile(r'<script type="text/plain" id="behind" data-folder="[^"]*">([^<]*)</script>')
_CHARSET = '<meta charset="utf-8">'
#: A page that is shown by its address alone: search engines leave it, and no link in it tells the address.
_UNLISTED = """
<meta name="robots" content="noindex, nofollow, noarchive">
<meta name="referrer" content="no-referrer">"""


@dataclass(frozen=True)
class Review:
    """A review that was read whole.

    Attributes
    ----------
    client, month, state : str
    html : str
        The page as it was made.
    rows : dict of str to bytes
        The files of rows by name.
    content : str
        Hash of all of it.
    """

    client: str
    month: str
    state: str
    html: str
    rows: dict[str, bytes]
    content: str

    def folder(self) -> str:
        """The folder of its rows: another one for other content, so that a page and its rows never mix."""
        return f"rows-{self.content[:16]}"

    def names(self) -> dict[str, str]:
        """Where each file of rows is put, by its name: the frame's and a number, for a name can hold a service's."""
        return {name: f"{self.folder()}/{_frame(name)}-{place:03d}.csv"
                for place, name in enumerate(sorted(self.rows), start=1)}  # fmt: skip

    def files(self) -> tuple[str, ...]:
        """All that is put under its key, the page first."""
        return (PAGE, *self.names().values())

    def page(self, folder: str = "", address_of: Callable[[str], str] = str) -> bytes:
        """The page as it is put.

        Parameters
        ----------
        folder : str
            What stands before the addresses of rows; empty for the page's own place.
        address_of : callable
            Makes such an address of a name that `names` gives.
        """
        html = self.html.replace(_CHARSET, _CHARSET + _UNLISTED, 1)
        return _BEHIND.sub(lambda found: self._linked(found[1], folder, address_of), html).encode()

    def _linked(self, held: str, folder: str, address_of: Callable[[str], str]) -> str:
        behind, names = json.loads(unpacked(held)), self.names()
        for selection in behind["selections"]:
            if selection["csv"]:
                selection["csv"] = address_of(names[selection["csv"]])
        text = packed(json.dumps(behind, ensure_ascii=False, separators=(",", ":")).encode())
        return f'<script type="text/plain" id="behind" data-folder="{escape(folder or ".")}">{text}</script>'


def read_review(home: Home, client: str, month: str) -> Review:
    """The review that was made of a month, if it is the one that its manifest tells of.

    Raises
    ------
    ReportError
        When there is none, a file is not as it was made, or it is of another client or month.
    """
    folder = home.out / client / month
    again = f"make it: opsreport report {client} --month {month}"
    if not (folder / "manifest.json").is_file():
        raise ReportError(f"there is no review of {client}, {month}", hint=again)
    try:
        with one_at_a_time(home.out / client):  # nobody replaces it meanwhile
            told = json.loads((folder / "manifest.json").read_text("utf-8"))
            name = f"{client}-{month}.html"
            hashes = {one: told["files"][one]["sha256"] for one in told["files"]
                      if one == name or one.startswith(f"{ROWS}/")}  # fmt: skip
            files = {one: (folder / one).read_bytes() for one in sorted({name, *hashes})}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(f"the review of {client}, {month} cannot be read: {error}", hint=again) from error
    _check(client, month, told, files, hashes, again)
    rows = {one.removeprefix(f"{ROWS}/"): content for one, content in files.items() if one != name}
    content = hashlib.sha256(json.dumps(sorted(hashes.items())).encode()).hexdigest()
    return Review(client, month, str(told["state"]), files[name].decode(), rows, content)


def _check(client: str, month: str, told: dict[str, Any], files: dict[str, bytes], hashes: dict[str, str],
           again: str) -> None:  # fmt: skip
    for one, content in files.items():
        if hashlib.sha256(content).hexdigest() != hashes.get(one):
            raise ReportError(f"{one} of {client}, {month} is not as it was made", hint=again)
    page = files[f"{client}-{month}.html"].decode()
    says = tuple((re.search(rf'<meta name="opsreport-{key}" content="([^"]*)">', page) or ["", ""])[1]
                 for key in ("client", "month"))  # fmt: skip
    if not (says == (told.get("client"), told.get("month")) == (client, month)):
        raise ReportError(f"asked for {client}, {month}; the page is of {' '.join(says)}", hint=again)
    behind = _BEHIND.search(page)
    linked = {one["csv"] for one in json.loads(unpacked(behind[1]))["selections"]} - {""} if behind else set()
    if missing := sorted(one for one in linked if f"{ROWS}/{one}" not in files):
        raise ReportError(f"{client}, {month}: the page links to rows that are not there: {missing[0]}", hint=again)


def _frame(name: str) -> str:
    """The frame that a file of rows is of."""
    first = re.split(r"[-.]", name, maxsplit=1)[0]
    return first if first in FRAMES else "rows"

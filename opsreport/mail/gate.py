"""What a mail is held to before it goes: each check says why it refuses, and which may be waived by name and reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as POLICY
from typing import Any

import pandas as pd
from bs4 import BeautifulSoup

from opsreport.mail import lint
from opsreport.mail.addresses import refusals, visible
from opsreport.mail.message import file_name_refusals
from opsreport.mail.words import sought
from opsreport.params import ClientParams

MOST_BYTES = 8_000_000
#: How far a figure may move from one month to the next before a person looks, by its unit: one long outage
#: is no surprise. [ratio]
JUMPS = dict.fromkeys(("money", "count", "number", "hours", "bytes"), Decimal(5)) | dict.fromkeys(
    ("minutes", "duration", "elapsed", "seconds"), Decimal(20))  # fmt: skip
#: From how many on a count that jumps is no chance.
_FEW = 10


@dataclass(frozen=True)
class Check:
    """One thing that a mail is held to.

    Attributes
    ----------
    name : str
        What a waiver calls it.
    asks : str
        What is asked.
    refusals : tuple of str
        Why it refuses; empty where it does not.
    can_be_waived : bool
    waived : str
        Why it was let through.
    """

    name: str
    asks: str
    refusals: tuple[str, ...] = ()
    can_be_waived: bool = False
    waived: str = ""

    @property
    def refuses(self) -> bool:
        """Whether nothing may be sent because of it."""
        return bool(self.refusals) and not (self.can_be_waived and self.waived)


def waive(checks: Sequence[Check], waived: Mapping[str, str]) -> list[Check]:
    """The checks, those let through by name with the reason that was given."""
    return [replace(one, waived=waived.get(one.name, "")) if one.can_be_waived else one for one in checks]


def sources(told: pd.DataFrame, params: ClientParams) -> list[Check]:
    """A check for each frame that must be whole: ``source:<frame>``.

    Parameters
    ----------
    told : DataFrame
        From `opsreport.completeness.completeness`, with the frame's own name in ``name``.
    """
    needed = params.mail.required or list(params.sources)
    short = told[told["name"].isin(needed) & (told["status"] != "ok")]
    return [
        Check(f"source:{name}", f"was {name} read whole?",
              tuple(f"{row.source}: {row.status}" + (f", {row.note}" if row.note else "") for row in rows.itertuples()),
              can_be_waived=True)
        for name, rows in short.groupby("name")
    ]  # fmt: skip


def jumps(manifest: Mapping[str, Any]) -> list[Check]:
    """A check for each key figure that moved beyond belief since last month: ``jump:<id>``."""
    figures = {one["id"]: one for one in manifest["figures"]}
    made = []
    for id, now in figures.items():
        before = figures.get(f"{id.removesuffix('.this_month')}.last_month")
        if id.startswith("scorecard.") and id.endswith(".this_month") and before and _jumps(now, before):
            name = id.removeprefix("scorecard.").removesuffix(".this_month")
            said = f"{now['text']} after {before['text']} last month"
            made.append(Check(f"jump:{name}", f"can {name} have moved so far?", (said,), can_be_waived=True))
    return made


def _jumps(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    if now["value"] is None or before["value"] is None or now["unit"] not in JUMPS:
        return False
    this, last = (abs(Decimal(str(one["value"]))) for one in (now, before))
    if now["unit"] in ("count", "number") and max(this, last) < _FEW:
        return False
    return min(this, last) * JUMPS[now["unit"]] < max(this, last) and (min(this, last) > 0 or now["unit"] == "money")


def people(params: ClientParams) -> list[Check]:
    """Whether everybody who is written to may be."""
    said = [] if params.recipients else ["the client's file names no recipients"]
    said += [] if params.mail.domains else ["the client's file agrees to no domains: write mail: {domains: [...]}"]
    known: set[str] = set()
    for person in params.recipients:
        said += refusals(person.name, person.email, params.mail.domains)
        said += [f"{person.email} stands twice"] if person.email.lower() in known else []
        known.add(person.email.lower())
    return [Check("recipients", "may everybody be written to?", tuple(said))]


def strangers(
    message: bytes, beside: Sequence[str], others: Mapping[str, Collection[str]], own: Collection[str]
) -> list[Check]:
    """A check for each other client that a message or its page names: ``client:<id>``.

    Parameters
    ----------
    beside : sequence of str
        What the page and the rows beside it say.
    others : mapping of str to collection of str
        By each other client's id its names and the addresses of its recipients.
    own : collection of str
        What this client is called itself, which is no stranger.
    """
    words = _folded("\n".join((*_words(message), *beside)))
    same = {_folded(one) for one in own}
    made = []
    for client, names in others.items():
        found = sorted(one for one in {client, *names} if _folded(one) not in same and _names(words, _folded(one)))
        if found:
            is_name_only = not any("@" in one for one in found)
            said = f"it names {', '.join(found)}"
            made.append(Check(f"client:{client}", "does it name no other client?", (said,), is_name_only))
    return made or [Check("clients", "does it name no other client?")]


def form(message: bytes, link: str, link_until: pd.Timestamp | None, now: pd.Timestamp) -> list[Check]:
    """Whether clients' mail programs can show a message, and nothing in it leads astray."""
    parsed = message_from_bytes(message, policy=POLICY)
    cids = [part["Content-ID"].strip("<>") for part in parsed.walk() if part["Content-ID"]]
    html = _body(parsed, "html")
    size = [] if len(message) <= MOST_BYTES else [f"it has {len(message):,} bytes; {MOST_BYTES:,} is the most"]
    files = [said for part in parsed.iter_attachments() for said in file_name_refusals(part.get_filename() or "")]
    lines = [f"{name} holds signs that are not seen" for name, value in parsed.items() if visible(value) != value]
    lead = [] if not link or link.startswith("https://") else [f"the page's link is not https: {link}"]
    if link_until is not None and link_until <= now:
        lead.append(f"the page's link ran out on {link_until:%Y-%m-%d}: publish it again")
    texts = [] if _body(parsed, "plain").strip() else ["it has no plain text"]
    return [
        Check("html", "can Gmail, Outlook and Apple Mail show it?", tuple(lint.findings(html, cids=cids))),
        Check("size", "is it small enough?", tuple(size)),
        Check("files", "are its attachments plain?", tuple(files)),
        Check("headers", "are its headers plain?", tuple(lines)),
        Check("text", "is there plain text?", tuple(texts)),
        Check("link", "does its link hold?", tuple(lead)),
    ]


def _words(message: bytes) -> list[str]:
    """All that a message says, in its headers, its texts and its files' names and rows."""
    parsed = message_from_bytes(message, policy=POLICY)
    # The sender and whom it answers are ours; they are no stranger.
    said = [str(value) for name, value in parsed.items() if name not in ("From", "Reply-To")]
    for part in parsed.walk():
        said.append(part.get_filename() or "")
        if part.get_content_maintype() == "text":
            # All of ours is UTF-8, whatever a part says of itself.
            content = part.get_payload(decode=True).decode("utf-8", "replace")
            is_html = part.get_content_subtype() == "html"
            said.append(content)
            said.append(BeautifulSoup(content, "html.parser").get_text(" ") if is_html else "")
    return said


def _body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return part.get_content() if part else ""


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", sought(text)).casefold())


def _names(words: str, name: str) -> bool:
    return bool(name) and bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words))

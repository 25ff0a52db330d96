"""What a mail is held to before it goes: each check says why it refuses, and which may be waived by name and reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as POLICY
from typing import Any

import pandas as pd

from opsreport.mail import lint
from opsreport.mail.addresses import refusals, visible
from opsreport.mail.message import file_name_refusals
from opsreport.mail.strangers import named
from opsreport.params import ClientParams

MOST_BYTES = 8_000_000
_LONG = ("minutes", "duration", "elapsed", "seconds")
#: How far a figure may move from one month to the next before a person looks, by its unit: one long outage
#: is no surprise. [ratio]
JUMPS = dict.fromkeys(("money", "count", "number", "hours", "bytes"), Decimal(5)) | dict.fromkeys(_LONG, Decimal(20))
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
    made = []
    for name in dict.fromkeys(params.mail.required or params.sources):
        rows = told[(told["name"] == name) & (told["status"] != "no source")]
        said = [f"{row.source}: {row.status}" + (f", {row.note}" if row.note else "")
                for row in rows.itertuples() if row.status != "ok"]  # fmt: skip
        if not params.sources.get(name):
            said = ["no source is named for it"]
        elif rows.empty:
            said = ["nothing is known of it"]
        if said:
            made.append(Check(f"source:{name}", f"was {name} read whole?", tuple(said), can_be_waived=True))
    return made


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
    this, last, unit = _amount(now["value"]), _amount(before["value"]), now["unit"]
    if this is None or last is None or unit not in JUMPS:
        return False
    low, high = sorted((this, last))
    if unit in ("count", "number") and high < _FEW:
        return False
    # A month without an outage is good news, and one after it no surprise; of all else, nothing at all is one.
    return low * JUMPS[unit] < high and (low > 0 or unit not in _LONG)


def _amount(value: Any) -> Decimal | None:
    """What a figure comes to, without its sign; None where it is unknown."""
    try:
        amount = abs(Decimal(str(value)))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


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
        What the page and the rows beside it say: texts, marked up or not, and the names of files. A PDF is
        not opened, for it is made from the same notebook, whose texts stand here.
    others : mapping of str to collection of str
        By each other client's id its names, the addresses of its recipients and its domains.
    own : collection of str
        What this client is called itself, which is no stranger: its id, names, addresses and domains.

    Returns
    -------
    list of Check
        One that names a recipient can never be waived; a name, an id or a domain may be.
    """
    made = []
    for client, found in named([*_words(message), *beside], others, own).items():
        is_name_only = not any("@" in name for name in found)
        said = ", ".join(name if place == name.lower() else f"{name} (in {place!r})" for name, place in found.items())
        made.append(Check(f"client:{client}", "does it name no other client?", (f"it names {said}",), is_name_only))
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


def _words(message: bytes) -> Iterator[str]:
    """All that a message says: its headers, its texts, its files' names, and the rows in them.

    Neither the pictures nor a PDF: these are drawn from the notebook, whose texts are read beside the message.
    """
    parsed = message_from_bytes(message, policy=POLICY)
    # The sender and whom it answers are ours; they are no stranger.
    yield from (str(value) for name, value in parsed.items() if name not in ("From", "Reply-To"))
    for part in parsed.walk():
        yield part.get_filename() or ""
        yield from (str(value) for value in part.values() if part is not parsed)
        if part.get_content_maintype() == "text":
            yield _decoded(part.get_payload(decode=True) or b"")


def _decoded(content: bytes) -> str:
    """A text by its byte order mark, or by the zeros of UTF-16; all of ours is UTF-8, whatever it says of itself."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content[:1000].count(0) > len(content[:1000]) // 4:
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", "replace")
    return content.decode("utf-8-sig", "replace")


def _body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return part.get_content() if part else ""

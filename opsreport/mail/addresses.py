"""Who may be written to, and under which name: what would fool a reader or a mail server is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])", re.I)
_LONGEST = 254  # RFC 5321, section 4.5.3.1, less the angle brackets
_LONGEST_NAME = 100
#: Signs in a name by which a client would show another address than the real one.
_TRICKS = '@<>,;:"\\()[]'


def refusals(name: str, address: str, domains: Collection[str]) -> list[str]:
    """Why nothing may be sent to somebody; empty where it may.

    Parameters
    ----------
    name, address : str
        As the client's file says them.
    domains : collection of str
        Those that were agreed with the client; an address is of one of them, to the letter.

    Examples
    --------
    >>> refusals("Jo Baker", "jo@example.com", ["example.com"])
    []
    >>> refusals("Jo Baker", "jo@examp1e.com", ["example.com"])
    ['jo@examp1e.com is of no domain agreed with the client (example.com)']
    """
    said = [*name_refusals(name), *address_refusals(address)]
    domain = address.rpartition("@")[2].lower()
    if not said and domain not in domains:
        agreed = ", ".join(domains) or "none"
        said.append(f"{address} is of no domain agreed with the client ({agreed})")
    return said


def address_refusals(address: str) -> list[str]:
    """Why something is no plain address; one in other letters than ASCII may look like another."""
    if not address.isascii():
        return [f"{visible(address)} has letters that may pass for others; write its domain as xn--…"]
    local, _, domain = address.rpartition("@")
    if len(address) > _LONGEST or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return [f"{visible(address)} is no address"]
    return []


def name_refusals(name: str) -> list[str]:
    """Why a name may not stand before an address."""
    shown = visible(name)
    if shown != name:
        return [f"the name {shown!r} holds signs that are not seen"]
    if not name.strip() or len(name) > _LONGEST_NAME:
        return [f"the name {name!r} is empty or longer than {_LONGEST_NAME} letters"]
    if found := sorted(set(name) & set(_TRICKS)):
        return [f"the name {name!r} holds {' '.join(found)}, which could pass for an address"]
    return []


def visible(text: str) -> str:
    """A text with what is not seen, or changes how the rest is seen, written out.

    Examples
    --------
    >>> visible("a\\u202eb")
    'a<U+202E>b'
    """
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return "".join(f"<U+{ord(char):04X}>" if unicodedata.category(char) in hidden else char for char in text)

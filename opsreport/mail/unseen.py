"""What a mail's HTML hides from who reads it: signs, text and where a link leads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

import tinycss2
from bs4 import NavigableString, Tag

from opsreport.colours import contrast

_ORDER = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
#: By their kind letters and marks, and blank all the same.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIANTS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: Joiners and variants are letters' business in emoji and in some scripts; in Latin, Greek and Cyrillic they have none.
_OTHER = "\u0590-\u1dff\u2100-\U0010ffff"
_NEEDED = re.compile(
    f"(?<=[{_OTHER}])[\u200c\u200d](?=[{_OTHER}])|(?<=[{_OTHER}]){_VARIANTS.pattern}|(?<=[0-9#*])\ufe0f(?=\u20e3)"
)
#: Below which text is not read, and contrast not seen. [px, ratio]
_SMALLEST, _FAINTEST = 6, 1.25
_PIXELS = {"px": 1, "pt": 4 / 3, "em": 16, "ex": 8, "in": 96, "cm": 37.8, "mm": 3.78, "pc": 16}
_ADDRESS = re.compile(r"\S*://\S*|(?:[\w-]+\.)+[a-z]{2,}(?![\w-])(?::\d+)?(?:[/?#]\S*)?|\S+@(?:[\w-]+\.)+[a-z]{2,}")


def hidden_signs(html: str) -> Iterator[str]:
    """Signs that turn text round or are not seen; a zero-width space only lets a long word break."""
    text = unescape(html)
    for sign in sorted(set(_NEEDED.sub("", text)) - set("\t\r\n\u200b")):
        if unicodedata.category(sign) in _ORDER or sign in _BLANK or _VARIANTS.match(sign):
            name = unicodedata.name(sign, "a control character")
            yield f"The text holds U+{ord(sign):04X} ({name.lower()}), which is not seen."


def hidden_text(element: Tag) -> Iterator[str]:
    """Whether an element hides what it says: only the mail's first words, for the list of mails, may be hidden."""
    style = _style(element)
    is_hidden = style.get("display") == "none" or "mso-hide" in style
    if is_hidden and not (element.name == "div" and _is_first(element)):
        yield f"<{element.name}> is hidden; only the first words of a mail may be."
    said = element.get_text().replace("\u200b", "").strip()
    if said and (size := _pixels(style.get("font-size", ""))) is not None and size < _SMALLEST:
        yield f"font-size: {style['font-size']} hides {said[:40]!r}."
    if any(type(child) is NavigableString and child.strip() for child in element.children):
        ink, ground = _nearest(element, "color"), _nearest(element, "background-color")
        if ink and ground and contrast(ink, ground) < _FAINTEST:
            yield f"{said[:40]!r} has its ground's colour, {ground}."


def hidden_target(link: Tag) -> Iterator[str]:
    """Whether a link shows one address and leads to another."""
    said = unicodedata.normalize("NFKC", link.get_text().replace("\u200b", "")).strip()
    leads = re.sub(r"^(https?://|mailto:)", "", str(link.get("href", "")).strip().lower()).rstrip("/")
    for shown in _ADDRESS.findall(said.lower()):
        plain = re.sub(r"^(https?://|mailto:)", "", shown.strip("()<>[],;\"'")).rstrip("/.")
        if plain not in (leads, re.split(r"[/?#]", leads)[0]):
            yield f"A link shows {shown[:60]!r} and leads to {leads[:60]!r}."


def is_hiding(name: str, value: str) -> bool:
    """Whether a declaration hides something wherever it holds."""
    size = _pixels(value) if name == "font-size" else None
    return (name, value) == ("display", "none") or name == "mso-hide" or (size is not None and size < _SMALLEST)


def _is_first(element: Tag) -> bool:
    body = element.find_parent("body")
    return body is not None and body.find(True) is element


def _style(element: Tag) -> dict[str, str]:
    declared = tinycss2.parse_blocks_contents(str(element.get("style", "")), skip_whitespace=True, skip_comments=True)
    return {one.lower_name: tinycss2.serialize(one.value).strip().lower() for one in declared
            if one.type == "declaration"}  # fmt: skip


def _pixels(size: str) -> float | None:
    found = re.fullmatch(r"(\d*\.?\d+)([a-z]*)", size)
    if not found or (found[2] not in _PIXELS and float(found[1])):
        return None
    return float(found[1]) * _PIXELS.get(found[2], 1)


def _nearest(element: Tag, name: str) -> str:
    """A colour of an element or of what it stands in, as #rrggbb; empty where none is said within the markup."""
    for one in (element, *element.parents):
        own = _style(one).get(name) or (str(one.get("bgcolor", "")).lower() if name == "background-color" else "")
        if found := re.fullmatch(r"#(?:([0-9a-f])([0-9a-f])([0-9a-f])|[0-9a-f]{6})", own):
            return "#" + "".join(2 * part for part in found.groups()) if found[1] else own
    return ""

"""What a mail's HTML may not hold: what a mail client would not show, or what should not be in a mail at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import tinycss2
from bs4 import BeautifulSoup, Comment, Doctype, NavigableString, Script, Stylesheet, Tag

from opsreport.mail.features import (
    ATTRIBUTES,
    CLIENTS,
    ELEMENTS,
    ENHANCEMENTS,
    LACKING,
    METAS,
    PROPERTIES,
    UNITS,
)
from opsreport.mail.unseen import hidden_signs, hidden_target, hidden_text, is_hiding

#: Gmail cuts a message's HTML at 102 KB; the rest is what a mail server may wrap it in. [bytes]
MOST_BYTES = 80_000
#: An https address with nothing before its host; in its path, what RFC 3986 lets stand unescaped and | { }.
LINK = re.compile(r"https://([a-z0-9-]+\.)*[a-z0-9-]+(:\d+)?([/?#][!#-;=?-\[\]_a-~]*)?", re.I)
_PERSON = re.compile(r"mailto:[^\s@?,<>\"\\]+@[^\s@?,<>\"\\]+")
_ONLY_WORD = re.compile(r"\[if (?:gte )?mso(?: \d+)?\]>(.*)<!\[endif\]", re.S)
_SETTINGS = ("xml", "o:officedocumentsettings", "o:allowpng", "o:pixelsperinch")
_DARK = re.compile(r"\(\s*prefers-color-scheme:\s*dark\s*\)")
_SMALL = re.compile(r"(only screen and )?\(\s*max-width:\s*\d+px\s*\)")


def findings(html: str, cids: Collection[str] = ()) -> list[str]:
    """What is wrong with a mail's HTML; empty where nothing is.

    Parameters
    ----------
    html : str
        The whole of it, with its styles inlined.
    cids : collection of str
        Names of the pictures that the message holds.

    Returns
    -------
    list of str
        One sentence each, without repetitions, in order of what they are about.

    Examples
    --------
    >>> findings('<html lang="en"><body><p style="margin:0">Hello</p></body></html>')
    []
    >>> findings('<html lang="en"><body><p style="position:fixed">Hello</p></body></html>')
    ['position is not shown by Gmail and Outlook on Windows.']
    """
    return list(dict.fromkeys([*_of_the_whole(html), *_of_markup(html, frozenset(cids))]))


def _of_the_whole(html: str) -> Iterator[str]:
    if (size := len(html.encode())) > MOST_BYTES:
        yield f"The HTML comes to {size:,} bytes; {MOST_BYTES:,} are the most, and Gmail cuts it at 102 KB."
    yield from hidden_signs(html)


def _of_markup(html: str, cids: frozenset[str], is_for_word: bool = False) -> Iterator[str]:
    twice: list[str] = []
    soup = BeautifulSoup(html, "html.parser", on_duplicate_attribute=lambda had, key, value: twice.append(key))
    yield from (f"The attribute {name} is given twice on one element." for name in twice)
    if not is_for_word and not (soup.html and soup.html.get("lang")):
        yield "The html element does not say its language."
    for node in soup.descendants:
        if isinstance(node, Tag):
            yield from _of_element(node, cids, is_for_word)
        elif isinstance(node, Comment):
            if inner := _ONLY_WORD.fullmatch(node):
                yield from _of_markup(inner[1], cids, is_for_word=True)
            else:
                yield "A comment is no condition for Outlook; nobody reads it but those whom it is not for."
        elif type(node) not in (NavigableString, Doctype, Stylesheet, Script):
            yield f"<{str(node)[:20]}> is neither an element nor text."


# Elements and their attributes.


def _of_element(element: Tag, cids: frozenset[str], is_for_word: bool) -> Iterator[str]:
    if element.name == "style":
        yield from _of_sheet(element)
    elif element.name not in ELEMENTS and not (is_for_word and element.name in _SETTINGS):
        yield _refusal(element.name, f"<{element.name}>")
    for name, value in element.attrs.items():
        yield from _of_attribute(element, name, " ".join(value) if isinstance(value, list) else str(value), is_for_word)
    yield from _of_style(element)
    yield from hidden_text(element)
    if element.name == "a":
        yield from hidden_target(element)
    if element.name == "img":
        yield from _of_picture(element, cids)
    if element.name == "meta" and "charset" not in element.attrs and element.get("name") not in METAS:
        yield f"A meta element says {element.get('name') or element.get('http-equiv')}, which has no use in a mail."


def _of_attribute(element: Tag, name: str, value: str, is_for_word: bool) -> Iterator[str]:
    if name.startswith("on"):
        yield f"The attribute {name} is a script; none runs in a mail."
    elif name == "xmlns:o" and is_for_word:
        return
    elif name not in ATTRIBUTES:
        yield _refusal(name, f"The attribute {name}")
    elif ATTRIBUTES[name] and element.name not in ATTRIBUTES[name]:
        yield f"The attribute {name} is not shown on <{element.name}> by all of {_listed(CLIENTS)}."
    if name == "href":
        yield from _of_link(value)


def _of_link(address: str) -> Iterator[str]:
    if not (LINK.fullmatch(address) or _PERSON.fullmatch(address)):
        yield f"A link is neither https nor mailto: {address[:80]!r}."


def _of_picture(picture: Tag, cids: frozenset[str]) -> Iterator[str]:
    source = str(picture.get("src", ""))
    if not source.startswith("cid:"):
        yield f"A picture is not within the message: {source[:60]!r}."
    elif source.removeprefix("cid:") not in cids:
        yield f"The message holds no picture {source.removeprefix('cid:')!r}."
    if not str(picture.get("alt", "")).strip():
        yield f"The picture {source[:60]!r} has no alt text."
    if not re.fullmatch(r"[1-9]\d*", str(picture.get("width", ""))):
        yield f"The picture {source[:60]!r} has no width."


# Styles.


def _of_style(element: Tag) -> Iterator[str]:
    for declaration in tinycss2.parse_blocks_contents(str(element.get("style", "")), skip_whitespace=True):
        if declaration.type != "declaration":
            yield f"A style of <{element.name}> cannot be read: {element['style'][:60]!r}."
            continue
        yield from _of_declaration(declaration, element.name)
        if declaration.important:
            yield "!important within an element is not shown by Outlook on Windows."
        if declaration.lower_name == "display" and (element.name == "img" or element.find(["table", "img"])):
            yield "Outlook on Windows shows a table or a picture within what display: none hides."


def _of_declaration(declaration: tinycss2.ast.Declaration, element: str) -> Iterator[str]:
    """One declaration on an element; on any, where none is named."""
    name, value = declaration.lower_name, " ".join(tinycss2.serialize(declaration.value).split()).lower()
    problems = list(_of_tokens(declaration.value))
    shown, extra = PROPERTIES.get(name), ENHANCEMENTS.get(name)
    if extra and element in (extra.on or {element}) and re.fullmatch(extra.values, value):
        return
    if problems:
        yield from problems
    elif shown is None:
        yield _refusal(name, name)
    elif element and shown.on and element not in shown.on:
        yield f"{name} is not shown on <{element}> by all of {_listed(CLIENTS)}."
    elif not re.fullmatch(shown.values, value):
        yield _refusal(value, f"{name}: {value}")


def _of_tokens(tokens: list) -> Iterator[str]:
    for token in tokens:
        if token.type == "url" or (token.type == "function" and token.lower_name == "url"):
            yield "A style loads something from an address: url()."
        elif token.type == "function":
            yield _refusal(f"{token.lower_name}()", f"{token.lower_name}()")
        elif token.type == "dimension" and token.lower_unit not in UNITS:
            yield _refusal(token.lower_unit, f"The unit {token.lower_unit}")


def _of_sheet(element: Tag) -> Iterator[str]:
    """A style element: in the head, with rules for dark and for small screens and nothing else."""
    if not element.find_parent("head"):
        yield "A style element stands outside the head, where Gmail drops it."
    rules = tinycss2.parse_stylesheet(element.get_text(), skip_comments=True, skip_whitespace=True)
    for rule in rules:
        condition = tinycss2.serialize(rule.prelude).strip().lower() if hasattr(rule, "prelude") else ""
        if rule.type == "at-rule" and rule.lower_at_keyword != "media":
            yield _refusal(f"@{rule.lower_at_keyword}", f"@{rule.lower_at_keyword}")
        elif rule.type == "at-rule" and not (_DARK.fullmatch(condition) or _SMALL.fullmatch(condition)):
            yield f"@media {condition} is not shown by all of {_listed(CLIENTS)}."
        elif rule.type == "at-rule":
            yield from _of_media(rule)
        else:
            yield f"The rule {condition!r} is not inlined; some of Gmail's users would not see it."


def _of_media(rule: tinycss2.ast.AtRule) -> Iterator[str]:
    for inner in tinycss2.parse_rule_list(rule.content or [], skip_comments=True, skip_whitespace=True):
        if inner.type != "qualified-rule":
            yield "A rule within @media cannot be read."
            continue
        yield from _of_selector(tinycss2.serialize(inner.prelude).strip())
        for declaration in tinycss2.parse_blocks_contents(inner.content, skip_comments=True, skip_whitespace=True):
            if declaration.type == "declaration":
                yield from _of_declaration(declaration, "")
                if is_hiding(declaration.lower_name, tinycss2.serialize(declaration.value).strip().lower()):
                    yield f"{declaration.lower_name} within @media hides text."
            else:
                yield "A declaration within @media cannot be read."


def _of_selector(selector: str) -> Iterator[str]:
    name = r"[.#]?[a-z][\w-]*"
    if not re.fullmatch(rf"{name}(\s+{name})*(\s*,\s*{name}(\s+{name})*)*", selector, re.I):
        lacked = next((part for part in re.findall(r"::?[\w-]+|[>+~*\[]", selector) if part in LACKING), "")
        yield _refusal(lacked, f"The selector {selector}")


# Saying so.


def _refusal(feature: str, said: str) -> str:
    if clients := LACKING.get(feature):
        return f"{said} is not shown by {_listed(clients)}."
    return f"{said} is not known to be shown by all of {_listed(CLIENTS)}."


def _listed(names: Collection[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last

"""Whether a message, its page or the rows beside it name another client, however the name is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from itertools import product

#: What may stand between two words of a name: blanks, a cell's border, a path's or an identifier's sign.
_BETWEEN = r"(?:\s*[_|,;:&+/\\\"'()\[\]-]){0,5}\s*(?:\.(?=\w))?"
#: From how many signs on a name is told when its words are run together.
_RUN_TOGETHER = 6
#: From how many on a number may follow it, as in a machine's name; a shorter one may be part of a hash.
_NUMBERED = 8
_TAG = re.compile(r"<[^<>]*>")
_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+")
_WORDS = re.compile(r"[^\W_]+")
_HUMP = re.compile(rb"(?<=[a-z])(?=[A-Z])")
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_PERCENT = re.compile(r"%([2-7][0-9a-fA-F])")
#: Bytes in base64, such as a picture's, in which any short name stands somewhere.
_ENCODED, _MOST = re.compile(r"[a-z0-9+/=]*"), 100
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
#: Makes a blank of what is no letter nor, in UTF-8, part of one; and of what is no digit either.
_NO_LETTERS, _NO_SIGNS = (
    bytes(code if is_kept(chr(code)) or code > 127 else 32 for code in range(256))
    for is_kept in (str.isalpha, str.isalnum)
)
#: A name with digits is sought among words with theirs; another one among letters, so that db01 holds db.
_TABLES = {False: _NO_LETTERS, True: _NO_SIGNS}
#: Letters to Unicode, and blank all the same.
_FILLERS = "\u115f\u1160\u3164\uffa0"
_PIECE, _LAP = 1_000_000, 500


def named(
    texts: Iterable[str], others: Mapping[str, Collection[str]], own: Collection[str]
) -> dict[str, dict[str, str]]:
    """Which names of other clients stand in texts.

    Every text is read as it stands, without its tags, with a blank for each tag, and with words
    that are run together, asInThis, taken apart; entities, letters' forms, accents and signs
    that are not seen make no difference. A name is a whole word, or one part of an identifier.

    Parameters
    ----------
    texts : iterable of str
        Plain or marked up.
    others : mapping of str to collection of str
        By each other client's id its names, addresses and domains. A domain is found at the end of a
        host's name or of an address too.
    own : collection of str
        What the reader is called: its names are no stranger's, and nor is what stands within one of them.

    Returns
    -------
    dict of str to dict of str to str
        By client, each name that was found and the word that it was found in.

    Examples
    --------
    >>> named(["on North<b>gate</b>_Clinic-db01"], {"n": {"Northgate Clinic"}}, {"acme"})
    {'n': {'Northgate Clinic': 'northgate_clinic-db01'}}
    """
    ours = [_Name(one) for one in {*own, *(one.rpartition("@")[2] for one in own if "@" in one)}]
    same = {one.folded for one in ours}
    sought = [(client, _Name(name)) for client, names in others.items() for name in sorted({client, *names})]
    sought = [(client, name) for client, name in sought if name.folded not in same and name.folded]
    numbered = {kind: [name for _, name in sought if name.is_numbered is kind] for kind in (False, True)}
    indexes = [(_TABLES[kind], _index(names)) for kind, names in numbered.items() if names]
    found: dict[_Name, str] = {}
    for form in _forms(texts):
        for name, start in _likely(form, indexes):
            if name not in found and (place := _place(form, start, name, ours)):
                found[name] = place
    made: dict[str, dict[str, str]] = {}
    for client, name in sought:
        if name in found:
            made.setdefault(client, {})[name.text] = found[name]
    return made


# A name, and where it stands.


@dataclass(frozen=True, eq=False)
class _Name:
    """A name that is sought."""

    text: str

    @cached_property
    def folded(self) -> str:
        return " ".join(_folded(self.text).lower().split())

    @cached_property
    def is_numbered(self) -> bool:
        return any(sign.isdigit() for sign in self.folded)

    @cached_property
    def first(self) -> str:
        """What it begins with to the letter."""
        return self.folded if self.is_address else next(iter(_WORDS.findall(self.folded)), self.folded)

    @cached_property
    def is_address(self) -> bool:
        return "@" in self.folded or bool(_DOMAIN.fullmatch(self.folded))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        if self.is_address:
            before = r"[\w.+-]" if "@" in self.folded else r"[\w-]"
            return re.compile(rf"(?<!{before}){re.escape(self.folded)}(?![\w-]|\.\w)")
        words = _WORDS.findall(self.folded)
        if not words:
            return re.compile(re.escape(self.folded))
        together, is_long = len("".join(words)), len("".join(words)) >= _NUMBERED
        between = _BETWEEN if together >= _RUN_TOGETHER else rf"(?=[\W_]){_BETWEEN}"
        is_loose = is_long or (len(words) > 1 and together >= _RUN_TOGETHER)
        return re.compile(_edge("(?<!", words[0][0], is_loose) + between.join(words)
                          + _edge("(?!", words[-1][-1], is_loose))  # fmt: skip

    def spellings(self) -> Iterator[tuple[bytes, ...]]:
        """Its words, each apart from the next or run together with it, as `_likely` reads words."""
        words = self.folded.encode().translate(_TABLES[self.is_numbered]).split()
        for joins in product((b" ", b""), repeat=min(len(words), 5) - 1 if words else 0):
            joined = b"".join(word + sign for word, sign in zip(words, (*joins, *[b" "] * len(words)), strict=False))
            yield tuple(joined.split())
        if not words:
            yield ()


def _edge(side: str, sign: str, is_loose: bool) -> str:
    """What may not stand beside a name's first or last sign; nothing where a script sets no blanks between words."""
    is_cased = sign.lower() != sign.upper()
    if sign.isdigit() or (is_cased and not is_loose):
        return rf"{side}[^\W_])"
    return rf"{side}[^\W\d_])" if is_cased else ""


def _place(text: str, start: int, name: _Name, ours: list[_Name]) -> str:
    """The word in a piece of a text in which a name stands that is not within one of our own."""
    core = "".join(_WORDS.findall(name.folded))
    around = [one for one in ours if core in "".join(_WORDS.findall(one.folded))]
    at = text.find(name.first, start, start + _PIECE + _LAP)
    while at >= 0:
        found = name.pattern.match(text, at)
        if found and not _is_own(found, around) and not _is_encoded(text, *found.span()):
            before = re.search(r"[\w@.-]*\Z", text[max(0, at - 60) : at])
            after = re.match(r"[\w@.-]*", text[found.end() : found.end() + 60])
            return (before[0] + found[0] + after[0]).strip(".-")
        at = text.find(name.first, at + 1, start + _PIECE + _LAP)
    return ""


def _is_encoded(text: str, start: int, end: int) -> bool:
    before = _ENCODED.match(text[max(0, start - _MOST) : start][::-1])
    return len(before[0]) + len(_ENCODED.match(text, start, end + _MOST)[0]) > _MOST


def _is_own(found: re.Match[str], around: list[_Name]) -> bool:
    start, end = found.span()
    near = (own for one in around for own in one.pattern.finditer(found.string, max(0, start - _LAP), end + _LAP))
    return any(own.start() <= start and end <= own.end() for own in near)


# Which names a text may hold: by its words, so that a thousand clients cost no more than one.

#: By a name's first word and its second, the words that follow them, and the name.
_Index = dict[bytes, dict[bytes, list[tuple[list[bytes], _Name]]]]


def _index(names: Iterable[_Name]) -> _Index:
    made: _Index = {}
    for name in names:
        for spelling in name.spellings():
            uncased = [one for one in map(bytes.decode, spelling) if one.upper() == one and not one.isdigit()]
            # Of what no blank sets apart, or holds no letter, nothing can be told by words.
            first, second, *rest = (*(() if uncased else spelling), b"", b"")
            made.setdefault(first, {}).setdefault(second, []).append(([one for one in rest if one], name))
    return made


def _likely(text: str, indexes: list[tuple[bytes, _Index]]) -> Iterator[tuple[_Name, int]]:
    """The names of which a piece of a text holds all words, one behind the other, and where that piece begins."""
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE + _LAP].encode("utf-8", "replace")
        found: dict[_Name, None] = {}
        for table, index in indexes:
            found.update((name, None) for _, name in index.get(b"", {}).get(b"", ()))
            words = piece.translate(table).split()
            for place in [place for place, word in enumerate(words) if word in index]:
                seconds = index[words[place]]
                for second in (b"", *words[place + 1 : place + 2]):
                    for rest, name in seconds.get(second, ()):
                        if words[place + 2 : place + 2 + len(rest)] == rest:
                            found[name] = None
        yield from ((name, start) for name in found)


# A text in each of its forms.


def _forms(texts: Iterable[str]) -> Iterator[str]:
    """Texts as they are searched."""
    kinds: dict[bool, list[str]] = {False: [], True: []}
    for one in texts:
        kinds["<" in one or "&" in one or "\\u" in one or "%" in one].append(one)
    for is_marked, members in kinds.items():
        # Many small ones are one large one; what stands between keeps their words apart.
        text = _folded("\n.\n".join(members))
        yield text.lower()
        if is_marked:
            yield _TAG.sub("", text).lower()
            yield _TAG.sub(" ", text).lower()
        apart = sorted(set(_run_together(text)))
        yield b"\n.\n".join(_HUMP.sub(b" ", word) for word in apart).decode().lower()


def _run_together(text: str) -> Iterator[bytes]:
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE + _LAP]
        for word in set(piece.encode("ascii", "replace").translate(_NO_LETTERS).split()):
            if len(word) > _RUN_TOGETHER and not (word.islower() or word.isupper() or word.istitle()):
                yield word


def _folded(text: str) -> str:
    """A text without entities, forms of letters, accents and signs that are not seen; capitals stay.

    Twice where an entity is escaped itself, as in a chart's texts within a page.
    """
    if "\\u" in text:
        text = _UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
    text = unescape(unescape(_PERCENT.sub(lambda found: chr(int(found[1], 16)), text)))
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text)
    kinds: dict[str, list[str]] = {"": [], " ": []}
    for sign in set(_NOT_ASCII.findall(text)):
        kind = unicodedata.category(sign)
        if kind[0] == "M" or kind in ("Cf", "Cc") or sign in _FILLERS:
            kinds[""].append(sign)
        elif kind[0] not in "LN":
            kinds[" "].append(sign)
        elif sign.casefold() != sign.lower():
            text = text.replace(sign, sign.casefold())
    for instead, signs in kinds.items():
        if signs:
            text = re.sub(f"[{''.join(map(re.escape, signs))}]", instead, text)
    return text

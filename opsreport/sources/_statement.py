"""The text of a query as a client's file gives it: one statement that reads, and what it binds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsreport.errors import SourceError

#: What a query may name; anything else is taken for a slip.
BOUND = ("start", "end", "client")
_COMMENT = r"--[^\n]*|/\*.*?\*/"
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$([A-Za-z_]\w*|)\$.*?\$\2\$"
_PART = re.compile(rf"({_COMMENT})|{_QUOTED}", re.S)
#: As SQLAlchemy's text() finds what is bound.
_NAME = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_CHANGES = re.compile(
    r"\b(alter|call|create|delete|drop|exec|execute|grant|insert|into|merge|revoke|truncate|update)\b", re.I
)
_SQLITE_TIMES = re.compile(r"\b(datetime|unixepoch|julianday|strftime)\s*\(", re.I)
_HINT = "write one SELECT, without a second statement after it"


@dataclass(frozen=True)
class Statement:
    """A query that reads.

    Attributes
    ----------
    text : str
        With what is bound as SQLAlchemy's ``text`` takes it.
    code : str
        Without comments and without what stands in quotes.
    names : frozenset of str
        What it binds.
    """

    text: str
    code: str
    names: frozenset[str]

    @property
    def tells_of_period(self) -> bool:
        """Whether it says itself which time it asks for."""
        return {"start", "end"} <= self.names

    def refuse_misread(self, dialect: str, is_guarded: bool) -> None:
        """Refuse what may change something where nothing else forbids it, and what SQLite would compare as letters.

        Parameters
        ----------
        is_guarded : bool
            Whether the system itself can be told to only read.

        Raises
        ------
        SourceError
        """
        if not is_guarded and (found := _CHANGES.search(self.code)):
            raise SourceError(
                f"the query says {found[0]!r}, and {dialect} has no transaction that only reads",
                hint="leave it out; a column of that name goes into quotes",
            )
        if dialect == "sqlite" and self.names & {"start", "end"} and not _SQLITE_TIMES.search(self.code):
            raise SourceError(
                "SQLite keeps times as text, and compares them letter by letter: 10:00Z after a T comes after 23:00",
                hint="write datetime(column) >= :start and datetime(column) < :end",
            )


def read(query: str) -> Statement:
    """A query, held to be one statement that reads and binds what there is.

    Raises
    ------
    SourceError

    Examples
    --------
    >>> made = read("select id::text, 'at :MI' from t where opened >= :start; -- all")
    >>> made.text, sorted(made.names)
    ("select id::text, 'at \\\\:MI' from t where opened >= :start", ['start'])
    """
    if re.search(r"\\['\"]", query) or "/*!" in query:
        raise SourceError("a \\ before a quote, or /*!, reads differently from database to database",
                          hint="write '' for a quote within quotes")  # fmt: skip
    _refuse_bound_in_quotes(query)
    code = _PART.sub(lambda part: " " if part[1] else " '' ", query).strip()
    if re.search(r"['\"`]|/\*", code.replace("''", "")):
        raise SourceError("a quote or a comment of the query has no end", hint=_HINT)
    code = code.rstrip("; \n\t")
    if ";" in code:
        raise SourceError("the query holds more than one statement", hint=_HINT)
    word = re.match(r"[\s(]*(\w+)", code)
    if not word or word[1].lower() not in ("select", "with", "values"):
        raise SourceError(f"the query begins with {word[1] if word else 'nothing'!r}, not with SELECT", hint=_HINT)
    names = frozenset(_NAME.findall(code))
    if unknown := sorted(names - set(BOUND)):
        raise SourceError(f"the query binds :{unknown[0]}, which is not known",
                          hint="it may name :start, :end and :client; a colon that binds nothing is \\:")  # fmt: skip
    return Statement(_bare(query), code, names)


def _refuse_bound_in_quotes(query: str) -> None:
    for part in _PART.finditer(query):
        found = [] if part[1] else [name for name in _NAME.findall(part[0]) if name in BOUND]
        if found:
            raise SourceError(f":{found[0]} stands in quotes, where nothing is bound", hint="write it without quotes")


def _bare(query: str) -> str:
    """Without comments and the last semicolon, the colons in quotes marked as such."""
    marked = _PART.sub(lambda part: " " if part[1] else _NAME.sub(r"\\:\1", part[0]), query)
    return marked.strip().rstrip("; \n\t")

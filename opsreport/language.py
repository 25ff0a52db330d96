"""The report's own words in the client's language: gettext catalogues, read by Babel.

English stands in the code and is whole. ``opsreport/locale/<language>.po`` holds another
language's sentences, each under its English one; what a catalogue lacks stays English.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

ENGLISH = "en"
_CATALOGUES = Path(__file__).parent / "locale"


def languages() -> list[str]:
    """The languages that a report can be written in, English first."""
    return [ENGLISH, *sorted(path.stem for path in _CATALOGUES.glob("*.po"))]


def translated(text: str, language: str = ENGLISH) -> str:
    """A text of the report's own in a language; as it stands where that language has none for it.

    Examples
    --------
    >>> translated("Spend was {spend}.")
    'Spend was {spend}.'
    """
    return text if language == ENGLISH else _catalogue(language).get(text, text)


@lru_cache
def _catalogue(language: str) -> dict[str, str]:
    path = _CATALOGUES / f"{language.partition('_')[0]}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        known = read_po(file, locale=language)
    return {message.id: message.string for message in known if isinstance(message.id, str) and message.string}

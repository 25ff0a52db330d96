"""The report's own words in the client's language: gettext catalogues, read by Babel.

English stands in the code and is whole. ``opsreport/locale/<language>.po`` holds another
language's sentences, each under its English one; what a catalogue lacks stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

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


def mark(text: str) -> str:
    """A text of the report's own that is said later: itself, marked so that translators are given it."""
    return text


def found_again(text: str, templates: Iterable[str], language: str = ENGLISH) -> str:
    """A text that stands in a frame, in a language, if it is one of the report's own with its values filled in.

    Frames hold the report's English words, so that they can be compared and looked up; what is
    none of the templates is a name, or somebody else's words, and stays as it is.

    Parameters
    ----------
    templates : iterable of str
        Whole texts, or texts with a {name} for each value.

    Examples
    --------
    >>> found_again("Availability of shop", ["Availability of {monitor}"])
    'Availability of shop'
    """
    if language == ENGLISH:
        return text
    for template in sorted(templates, key=lambda one: one.count("{")):
        values = _pattern(template).fullmatch(text)
        if values:
            return translated(template, language).format(**values.groupdict())
    for between in ("; ", ", "):
        if between in text:  # a list of several
            return between.join(found_again(part, templates, language) for part in text.split(between))
    return text


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its values; what ends in a full stop, as a German date does, ends its sentence too.

    Examples
    --------
    >>> filled("It is due by {day}.", {"day": "30. Nov."})
    'It is due by 30. Nov.'
    """
    for name, value in values.items():
        if str(value).removesuffix("</span>").endswith("."):
            template = re.sub(rf"(\{{{name}\}})\.(?=\s|$)", r"\1", template)
    return template.format(**values)


def for_days(text: str) -> str:
    """What is said of a run of days in place of a text that is said of a month; the text itself where nothing is.

    Examples
    --------
    >>> for_days("This month"), for_days("Target")
    ('These days', 'Target')
    """
    return _FOR_DAYS.get(text, text)


#: By what is said of a month.
_FOR_DAYS = {
    "This month": mark("These days"),
    "Last month": mark("Days before"),
    "Joined this month": mark("Joined in these days"),
    "Left this month": mark("Left in these days"),
    "Changed this month": mark("Changed in these days"),
    "The month has ended.": mark(
        "These days are over. Where “this month” is said they are meant, and by “last month” as many days before."
    ),
    "This month is still running: figures will change.": mark(
        "These days are not over: figures will change. Where “this month” is said they are meant, and by “last month” "
        "as many days before."
    ),
    "Only {seen} of the month was seen, so there may have been more.": mark(
        "Only {seen} of these days was seen, so there may have been more."
    ),
    "For a part of the month {agreed} were agreed; that limit was missed.": mark(
        "For a part of these days {agreed} were agreed; that limit was missed."
    ),
}


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    """What a template matches once its values are filled in."""
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)))


@lru_cache
def _catalogue(language: str) -> dict[str, str]:
    path = _CATALOGUES / f"{language.partition('_')[0]}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        known = read_po(file, locale=language)
    # The first entry is the catalogue's own head, which is said of nothing.
    return {message.id: message.string for message in known if message.id and message.string}

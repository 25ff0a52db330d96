"""Texts of a chart: plotly's few tags read as styles, everything else as plain words, measured in pixels."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font, LoadFlags

from opsreport.mail.charts.known import NotDrawnError

#: From a line's top to its baseline and to its bottom, of its font's size; the height of a capital letter.
ASCENT, LINE, CAPITAL = 0.93, 1.2, 0.73
#: Smaller words cannot be read once the picture is shown at half its size.
_LEAST = 11  # in plotly's pixels
_TAG = re.compile(r"<(br ?/?|/?b|/?span|/?i|span style=(?:\"[^\"<>]*\"|'[^'<>]*'))>", re.IGNORECASE)
_RIGHT_TO_LEFT = {"R", "AL"}
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True)
class Run:
    """Words of one style. `size` is in plotly's pixels."""

    text: str
    size: float
    colour: str
    is_bold: bool = False


def read(text: str, size: float, colour: str) -> list[list[Run]]:
    """A text's lines, each a list of runs.

    Parameters
    ----------
    text : str
        With <b>, <br>, <span style> and entities as plotly knows them; other markup is plain words.
    size, colour : float, str
        Where no span says another.

    Raises
    ------
    NotDrawnError
        When it holds letters that the font does not have, or that run from right to left.

    Examples
    --------
    >>> [[run.text for run in line] for line in read("<b>a</b> &lt;b&gt;<br>$x$ <i>", 12, "black")]
    [['a', ' <b>'], ['$x$ ']]
    """
    lines: list[list[Run]] = [[]]
    styles, bold, at = [(size, colour)], 0, 0
    for tag in [*_TAG.finditer(text), None]:
        said = _plain(html.unescape(text[at : tag.start() if tag else len(text)]))
        if said:
            lines[-1].append(Run(said, max(styles[-1][0], _LEAST), styles[-1][1], is_bold=bold > 0))
        if not tag:
            break
        at, name = tag.end(), tag[1].lower()
        if name.startswith("br"):
            lines.append([])
        elif name in ("b", "/b"):
            bold = max(0, bold + (1 if name == "b" else -1))
        elif name.startswith("span"):
            styles.append(_styled(tag[1], styles[-1]))
        elif name == "/span" and len(styles) > 1:
            styles.pop()
    _check(run.text for line in lines for run in line)
    return lines


def plain(text: str) -> str:
    """A text of a figure as one line of plain words: no tags, no control or direction characters.

    Examples
    --------
    >>> plain("<b>R&amp;D</b><br>a\\u202eb")
    'R&D ab'
    """
    parts = _TAG.split(text)
    words = "".join(" " if place % 2 and part.lower().startswith("br") else "" if place % 2 else part
                    for place, part in enumerate(parts))  # fmt: skip
    return " ".join(_plain(html.unescape(words)).split())


def width(line: Iterable[Run], scale: float) -> float:
    """How wide a line is. [px]"""
    return sum(advance(run) * run.size * scale for run in line)


def shortened(line: list[Run], room: float, scale: float) -> list[Run]:
    """A line cut to a room [px], with an ellipsis where it was; at least some letters of it stay."""
    line = list(line)
    if width(line, scale) <= room:
        return line
    while line and (width(line, scale) > room):
        last = line[-1]
        text = last.text.removesuffix("…")[:-1].rstrip()
        if text:
            line[-1] = replace(last, text=f"{text}…")
        else:
            line.pop()
    if sum(len(run.text) for run in line) < 4:
        raise NotDrawnError("a label that there is no room for")
    return line


def file(is_bold: bool) -> Path:
    """The font that matplotlib brings: the same on each machine, and nothing is searched for."""
    return Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf")


def advance(run: Run) -> float:
    """How far a run reaches, of its font's size."""
    return _advance(run.text, run.is_bold)


@cache
def _advance(text: str, is_bold: bool) -> float:
    """How far a text reaches, of its font's size."""
    face = _face(is_bold)
    return sum(face.load_char(ord(letter), flags=LoadFlags.NO_SCALE).horiAdvance for letter in text) / face.units_per_EM


@cache
def _face(is_bold: bool) -> FT2Font:
    return FT2Font(str(file(is_bold)))


def _plain(text: str) -> str:
    text = re.sub(r"[\t\r\n\u2028\u2029]", " ", text)
    return "".join(one for one in text if unicodedata.category(one) not in _DROPPED)


def _check(texts: Iterable[str]) -> None:
    for letter in set("".join(texts)):
        if unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT or not all(
            _face(bold).get_char_index(ord(letter)) for bold in (False, True)
        ):
            raise NotDrawnError(f"the letter {unicodedata.name(letter, repr(letter))}")


def _styled(tag: str, now: tuple[float, str]) -> tuple[float, str]:
    size = re.search(r"font-size: ?(\d+(?:\.\d+)?)px", tag)
    colour = re.search(r"(?<![-\w])color: ?(#[0-9a-fA-F]{6})", tag)
    return (float(size[1]) if size else now[0], colour[1] if colour else now[1])

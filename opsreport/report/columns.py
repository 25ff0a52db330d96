"""How large a printed table's letters may be, so that its columns fit on the sheet."""

from __future__ import annotations

from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

#: Letter sizes tried, the largest first, and what a sheet holds within its margins. [pt]
_SIZES = (8.5, 8.0, 7.5, 7.0, 6.5)
_UPRIGHT, _TURNED = 504.0, 751.0
#: A letter's mean width and a column's padding. [em]
_LETTER, _PADDING = 0.56, 1.0
#: A column of text is easy to read from this width on. [letters]
_COMFORT = 18
_SPARK = 6.0  # em


@dataclass(frozen=True)
class Fit:
    """How a table is set.

    Attributes
    ----------
    size : str
        A class of the style sheet: size-85 is 8.5 pt; empty where it is no table.
    is_turned : bool
        Whether it needs a sheet on its side.
    """

    size: str
    is_turned: bool


def fit(html: str) -> Fit:
    """How a table is set so that no column runs off the sheet.

    Parameters
    ----------
    html : str
        The table's markup. Cells of class ``num`` stay on one line, words stay whole.

    Examples
    --------
    >>> fit("<table><tr><th>Service</th><td class='num'>99.95%</td></tr></table>")
    Fit(size='size-85', is_turned=False)
    """
    narrow, easy = widths(html)
    roomy = next((size for size in _SIZES if easy * size <= _UPRIGHT), None)
    upright = roomy or next((size for size in _SIZES[-2:] if narrow * size <= _UPRIGHT), None)
    if upright:
        return Fit(_name(upright), is_turned=False)
    turned = next((size for size in _SIZES if narrow * size <= _TURNED), _SIZES[-1])
    return Fit(_name(turned), is_turned=True)


def widths(html: str) -> tuple[float, float]:
    """The width that a table cannot do without, and the one at which it is easy to read. [em]

    Examples
    --------
    >>> widths("<table><tr><td>two words</td></tr></table>")
    (3.8, 6.04)
    """
    needed: dict[int, tuple[float, float]] = {}
    for row in BeautifulSoup(html, "html.parser").find_all("tr"):
        cells = row.find_all(["th", "td"])
        if any(cell.get("colspan") for cell in cells):
            continue  # it takes what the columns give it
        for place, cell in enumerate(cells):
            narrow, easy = needed.get(place, (0.0, 0.0))
            needed[place] = max(narrow, _narrow(cell)), max(easy, _easy(cell))
    return tuple(round(sum(side) + _PADDING * len(needed), 6) for side in zip(*needed.values(), strict=True)) or (0, 0)


def _narrow(cell: Tag) -> float:
    """The longest part of a cell that is not broken. [em]"""
    is_whole = "num" in cell.get("class", []) and cell.find_parent("thead") is None
    parts = [cell.get_text()] if is_whole else cell.get_text(" ").split()
    whole = [one.get_text() for one in cell.find_all(class_=["fact", "verdict"])]
    longest = max((len(part.strip()) for part in [*parts, *whole]), default=0)
    return max(longest * _LETTER, _SPARK if cell.find("svg") else 0)


def _easy(cell: Tag) -> float:
    if cell.find_parent("thead"):
        return _narrow(cell)  # a heading of several words may stand on several lines
    return max(_narrow(cell), min(len(cell.get_text().strip()), _COMFORT) * _LETTER)


def _name(size: float) -> str:
    return f"size-{size * 10:.0f}"

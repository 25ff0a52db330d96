"""How well one colour can be read on another, by WCAG 2.2."""

from __future__ import annotations

#: What text needs: success criterion 1.4.3. [ratio]
READABLE = 4.5


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours, 1 to 21. [ratio]

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def parts(colour: str) -> tuple[int, ...]:
    """Red, green and blue of six hexadecimal digits after a #, each 0 to 255."""
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

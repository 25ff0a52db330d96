"""A verdict as a badge, and the last months as a small line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsreport.language import mark
from opsreport.theme import Style, is_unknown

_GLYPHS = {mark("met"): "✓", mark("missed"): "✕", mark("at risk"): "△", mark("unknown"): "?"}
_ENGLISH = Style()


def badge(verdict: str, style: Style = _ENGLISH) -> str:
    """A verdict as a word with a glyph, so that colour is never needed to read it."""
    known = verdict if verdict in _GLYPHS else "unknown"
    glyph = f'<span aria-hidden="true">{_GLYPHS[known]}</span>'
    return f'<span class="verdict {known.replace(" ", "-")}">{glyph} {style.say(known)}</span>'


def spark(values: Sequence[Any]) -> str:
    """A small line of the last months, the newest marked; gaps where a month is unknown."""
    numbers = [None if is_unknown(v) else float(v) for v in values]
    known = [v for v in numbers if v is not None]
    if len(known) < 2:
        return ""
    low, span = min(known), max(known) - min(known)
    if not span:  # a line in the middle: on the floor it would look like nothing
        low, span = low - 0.5, 1.0
    step = 88 / max(len(numbers) - 1, 1)
    points = [None if v is None else (4 + i * step, 20 - 16 * (v - low) / span) for i, v in enumerate(numbers)]
    lines = "".join(f'<polyline points="{run}"/>' for run in _runs(points))
    dot = f'<circle cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" r="2.5"/>' if points[-1] else ""
    return f'<svg class="spark" viewBox="0 0 96 24" aria-hidden="true">{lines}{dot}</svg>'


def _runs(points: list[tuple[float, float] | None]) -> list[str]:
    runs: list[list[str]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(f"{point[0]:.1f},{point[1]:.1f}")
    return [" ".join(run) for run in runs if len(run) > 1]


def number_class(is_number: bool) -> str:
    """The class of a cell that is aligned as numbers are."""
    return ' class="num"' if is_number else ""

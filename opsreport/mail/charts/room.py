"""Labels find their room: they are thinned, give way to what they would stand on, or there is none for them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from opsreport.mail.charts import notes
from opsreport.mail.charts.axes import Axis
from opsreport.mail.charts.known import NotDrawnError
from opsreport.mail.charts.scene import Box, Label

_ASIDE = 8.0  # between a label and the one that it gives way to [px]
_CLOSE = (1.0, 5.0)  # how far two labels' boxes may reach into each other: a line's box has room of its own [px]


def thinned(labels: list[Label], letter: str) -> list[Label]:
    """Every first, second, third label: as many as stand apart."""
    gap = 10.0 if letter == "x" else -3.0
    for every in range(1, len(labels) + 1):
        left = labels[::every]
        reach = [one.box.grown(gap / 2).overlap(other.box.grown(gap / 2)) for one, other in pairwise(left)]
        if all(across <= 0 or down <= 0 for across, down in reach):
            return left
    return labels


def aside(label: Label, others: list[Label]) -> Label:
    """A label moved to the right of those that it stands over, by no more than half its width."""
    into = [across for across, down in (label.box.overlap(other.box) for other in others)
            if 0 < across <= label.size[0] / 2 and down > 0]  # fmt: skip
    return label.moved(max(into) + _ASIDE, 0) if into else label


def off_bars(label: Label, boxes: list[Box]) -> Label:
    """A label moved up where it would stand on the bar below it, as far as the bar above lets it."""
    box = label.box
    middle = (box.top + box.bottom) / 2
    into = max((box.bottom + 1 - below.top for below in boxes if below.top > middle - 3), default=0)
    room = min((box.top + 2 - above.bottom for above in boxes if above.bottom < middle), default=into)
    return label.moved(0, -min(into, max(room, 0))) if into > 0 else label


def clear(labels: Iterable[Label], boxes: list[Box]) -> None:
    """That no annotation stands on a bar that lies."""
    for label in labels:
        if any(min(label.box.overlap(box)) > 0 for box in boxes):
            raise NotDrawnError(f"a place beside the bars for {label.text!r}")


def check_large(found: list[tuple[dict, Label]], labels: list[Label], axes: dict[str, Axis]) -> None:
    """That large words are neither cut nor stand in another panel: smaller ones may do better."""
    for label in labels:
        if "…" in label.text:
            raise NotDrawnError(f"room for {label.text!r}")
    for note, label in found:
        own = str(note.get("yref", "y")).split()[0]
        for axis in axes.values():
            if axis.letter == "y" and axis.name != own and own in axes:
                x = axis.spec.get("anchor", "x")
                across, down = label.inked.overlap(notes.panel(axes, x, axis.name)) if x in axes else (0, 0)
                if across > 0 and down > _CLOSE[1]:
                    raise NotDrawnError(f"room for {label.text!r}")


def check(labels: list[Label]) -> None:
    """That no label stands over another."""
    for place, one in enumerate(labels):
        for other in labels[place + 1 :]:
            across, down = one.box.overlap(other.box)
            if across > _CLOSE[0] and down > _CLOSE[1]:
                raise NotDrawnError(f"a place for both {one.text!r} and {other.text!r}")

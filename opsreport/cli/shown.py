"""What several commands share: where home is, and text that a terminal may be given."""

from __future__ import annotations

import click

home_option = click.option(
    "--home", default="", help="The folder that holds params/; by default the nearest one upwards."
)


def printable(said: object) -> str:
    """Text from outside without what a terminal would act on."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in str(said))


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Rows in aligned columns below their heads."""
    every = [head, *rows]
    widths = [max(len(row[place]) for row in every) for place in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in every]

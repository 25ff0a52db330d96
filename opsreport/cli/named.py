"""All that a client's review says, and what other clients are called: for the gate, which lets no other be named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat

from opsreport.home import Home
from opsreport.params import ClientParams, client_names, load_params


def said_beside(home: Home, client: str, month: str, notebook: nbformat.NotebookNode) -> Iterator[str]:
    """All that the page, the rows beside it and their names say, seen or not; the PDF says the same."""
    for cell in notebook.cells:
        yield cell.source if cell.cell_type == "markdown" else ""
        for output in cell.get("outputs", []):
            yield from _strings(output.get("data", {}))
    folder = home.out / client / month
    yield (folder / f"{client}-{month}.html").read_text("utf-8")
    for path in sorted((folder / "rows").glob("*.csv")):
        yield path.name
        yield path.read_text("utf-8-sig")


def _strings(held: Any) -> Iterator[str]:
    """Every text in nested data."""
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict):
        for name, value in held.items():
            yield from _strings(value) if name != "template" else ()
    elif isinstance(held, list):
        for value in held:
            yield from _strings(value)


def others(home: Home, client: str) -> dict[str, set[str]]:
    """What tells each other client: its name and its recipients' addresses.

    Whose file cannot be read stops this mail too: that it is named nowhere could not be told.
    """
    made = {}
    for other in client_names(home.params):
        if other != client:
            params = load_params(home.params, other)
            people = (person.email for person in params.recipients)
            made[other] = {params.display_name, *people, *params.mail.domains}
    return made


def own(params: ClientParams) -> set[str]:
    """What tells this client, and is no stranger in its mail."""
    people = (person.email for person in params.recipients)
    return {params.client, params.display_name, *people, *params.mail.domains}

"""From a notebook's cells to what the page shows, and every refusal on the way.

An output says in its metadata what it is. One that failed, warned or does not say what it
is stops the page: a client must not read it.
"""

import re
from itertools import pairwise

from nbformat import NotebookNode

from opsreport import markup
from opsreport.errors import ReportError
from opsreport.language import ENGLISH, translated

FIGURE = "application/vnd.plotly.v1+json"
COVER_KEYS = {
    *("client", "display_name", "period", "month", "state", "state_note"),
    *("colour", "logo", "prepared", "language", "zone"),
}
STATES = {"draft", "final", "approved", "corrected", "internal"}
NEEDS = {
    "prose": {"id", "role"},
    "chart": {"id", "title", "subtitle", "alt", "height"},
    "table": {"id", "title"},
    "scorecard": {"id"},
    "notice": {"id"},
}


def read(notebook: NotebookNode) -> list[dict]:
    """Everything that the page shows, in the notebook's order."""
    blocks: list[dict] = []
    language = _language(notebook)
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            blocks.append({"kind": "text", "html": markup.markdown(_worded(cell.source, language))})
        if cell.cell_type == "code":
            where = f"cell {number} ({_first_line(cell.source)})"
            found = (_output(output, where) for output in cell.outputs)
            blocks.extend(block for block in found if block)
    named = [block["id"] for block in blocks if "id" in block]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ReportError(
            f"Two outputs have the same id: {', '.join(twice)}.",
            hint="an id names one figure, table or sentence; rename one.",
        )
    # A part in which nothing was shown has no heading either.
    return [block for block, after in pairwise([*blocks, {"kind": "text", "html": "<h2>"}])
            if not (_is_bare(block) and after["kind"] == "text" and re.match("<h[23]", after["html"]))]  # fmt: skip


def _is_bare(block: dict) -> bool:
    """Whether a block is a third-level heading, with its question or without, and nothing else."""
    return block["kind"] == "text" and bool(
        re.fullmatch(r'<h3>[^\n]*</h3>\s*(<p class="question">[^\n]*</p>)?\s*', block["html"])
    )


def _language(notebook: NotebookNode) -> str:
    """The language that the cover says the report's own words are in."""
    shown = (output.get("metadata", {}).get("opsreport", {}) for cell in notebook.cells
             for output in cell.get("outputs", []))  # fmt: skip
    return next((about.get("language", ENGLISH) for about in shown if about.get("kind") == "cover"), ENGLISH)


def _worded(source: str, language: str) -> str:
    """Markdown with its headings and questions in a language."""
    lines = (re.fullmatch(r"(#+ |\*|)(.*?)(\*|)", line).groups() for line in source.splitlines())
    return "\n".join(before + translated(words, language) + after for before, words, after in lines)


def _output(output: NotebookNode, where: str) -> dict | None:
    """One output as a block; None for what is not for the reader."""
    if output.output_type == "error":
        raise ReportError(
            f"{where} failed: {output.ename}: {output.evalue}", hint="mend the cell and run the notebook again."
        )
    if output.output_type == "stream":
        if output.name == "stderr":
            raise ReportError(
                f"{where} wrote to stderr: {output.text.strip()[:300]}",
                hint="a warning is not for the client: mend what causes it.",
            )
        return None
    about = output.metadata.get("opsreport")
    if about is None:
        if set(output.data) <= {"text/plain"}:
            return None
        raise ReportError(
            f"{where} shows something that does not say what it is.",
            hint="show it with the package's functions, which name it.",
        )
    return _named(dict(about), output.data, where)


def _named(block: dict, data: dict, where: str) -> dict | None:
    """A block that has all that its kind needs; None for words that say nothing."""
    kind = block.get("kind")
    needs = COVER_KEYS if kind == "cover" else NEEDS.get(kind)
    if needs is None:
        raise ReportError(f"{where}: unknown kind of output {kind!r}.", hint=f"use one of cover, {', '.join(NEEDS)}.")
    missing = sorted(needs - block.keys())
    if missing:
        raise ReportError(
            f"{where}: a {kind} without {', '.join(missing)}.", hint="its metadata must hold them, even if empty."
        )
    if kind != "cover" and "text/html" not in data:
        raise ReportError(
            f"{where}: a {kind} without text/html.", hint="a chart carries its numbers as a table, the rest its text."
        )
    block["html"] = markup.clean("".join(data.get("text/html", "")))
    if kind == "prose" and not block["html"].strip():
        return None  # nothing was said
    if kind == "chart":
        if FIGURE not in data:
            raise ReportError(f"{where}: a chart without a figure.", hint="display the figure together with its table.")
        block["figure"] = data[FIGURE]
    return block


def take_cover(blocks: list[dict]) -> dict:
    """The cover, taken out of the blocks together with the text that precedes it.

    That text introduces the notebook to whoever opens it in Jupyter; the page has its
    title block instead.
    """
    first = next((i for i, block in enumerate(blocks) if block["kind"] != "text"), None)
    if first is None or blocks[first]["kind"] != "cover":
        raise ReportError(
            "The notebook does not begin with a cover.", hint="its first output must be the cover of the report."
        )
    cover = blocks[first]
    del blocks[: first + 1]
    if any(block["kind"] == "cover" for block in blocks):
        raise ReportError("The notebook has two covers.", hint="leave the first one only.")
    if cover["state"] not in STATES:
        raise ReportError(
            f"Unknown state of a report: {cover['state']!r}.", hint=f"use one of {', '.join(sorted(STATES))}."
        )
    if cover["logo"] and not re.match(r"data:image/(png|jpeg|svg\+xml|webp);", cover["logo"]):
        raise ReportError(
            "The logo on the cover is not an image in a data: address.",
            hint="the page may not fetch anything; embed the logo.",
        )
    return cover


def _first_line(source: str) -> str:
    return next((line.strip()[:60] for line in source.splitlines() if line.strip()), "empty")

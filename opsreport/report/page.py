"""One self-contained HTML page from an executed notebook, for the client to read.

The page is the notebook's own outputs through nbconvert with the template beside this
file. Nothing here knows a metric: an output says in its metadata what it is, and the
template has a place for each kind. What the page shows is therefore what the notebook
holds, and what the notebook does not say is not on the page.
"""

import base64
import gzip
import hashlib
import json
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode

from opsreport import theme
from opsreport.errors import ReportError
from opsreport.report import markup

TEMPLATE = Path(__file__).parent / "template"
FIGURE = "application/vnd.plotly.v1+json"
READABLE_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3

COVER_KEYS = {"client", "display_name", "period", "month", "state", "state_note",
              "colour", "logo", "prepared", "language", "zone"}
STATES = {"draft", "final", "approved", "corrected"}
NEEDS = {"prose": {"id", "role"}, "chart": {"id", "title", "subtitle", "alt", "height"},
         "table": {"id", "title"}, "scorecard": {"id"}, "notice": {"id"}}


def render(notebook: NotebookNode) -> str:
    """Write an executed notebook as one HTML page that needs no other file.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook whose outputs say in ``metadata["opsreport"]`` what they are.
        It is not changed.

    Returns
    -------
    str
        The page; the same notebook always gives the same bytes.

    Raises
    ------
    ReportError
        When a cell failed or warned, when an output does not say what it is, or when the
        notebook has no cover.
    """
    blocks = _blocks(notebook)
    cover = _cover(blocks)
    templates: list[str] = []
    for block in blocks:
        if block["kind"] == "chart":
            block["json"] = _figure(block, templates)
    html, _ = PageExporter().from_notebook_node(notebook, {
        "cover": cover, "blocks": blocks, "contents": _number_headings(blocks),
        "templates": [Markup(template) for template in templates],
        "has_charts": any(block["kind"] == "chart" for block in blocks),
        "footer": _css_string(f"{cover['display_name']} · {cover['period']}"),
        "file_stem": markup.inert_json(f"{cover['client']}-{cover['month']}", "The cover"),
        **_look(cover["colour"]), **_scripts(),
    })
    return html


class PageExporter(TemplateExporter):
    """Our template and no other: nbconvert's own pages fetch scripts from a CDN."""

    export_from_notebook = "opsreport page"
    output_mimetype = "text/html"

    def __init__(self) -> None:
        super().__init__(template_paths=[str(TEMPLATE)], template_file="index.html.j2",
                         file_extension=".html")

    def _create_environment(self):
        """Escape by default, which nbconvert does not; what is safe comes as Markup."""
        environment = super()._create_environment()
        environment.autoescape = True
        return environment


# From a cell to blocks: every check that the page makes on the notebook is here.

def _blocks(notebook: NotebookNode) -> list[dict]:
    """Everything that the page shows, in the notebook's order."""
    blocks: list[dict] = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            blocks.append({"kind": "text", "html": markup.markdown(cell.source)})
        if cell.cell_type == "code":
            where = f"cell {number} ({_first_line(cell.source)})"
            found = (_output(output, where) for output in cell.outputs)
            blocks.extend(block for block in found if block)
    named = [block["id"] for block in blocks if "id" in block]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ReportError(f"Two outputs have the same id: {', '.join(twice)}.",
                          hint="an id names one figure, table or sentence; rename one.")
    return blocks


def _output(output: NotebookNode, where: str) -> dict | None:
    """One output as a block; None for what is not for the reader."""
    if output.output_type == "error":
        raise ReportError(f"{where} failed: {output.ename}: {output.evalue}",
                          hint="mend the cell and run the notebook again.")
    if output.output_type == "stream":
        if output.name == "stderr":
            raise ReportError(f"{where} wrote to stderr: {output.text.strip()[:300]}",
                              hint="a warning is not for the client: mend what causes it.")
        return None
    about = output.metadata.get("opsreport")
    if about is None:
        if set(output.data) <= {"text/plain"}:
            return None
        raise ReportError(f"{where} shows something that does not say what it is.",
                          hint="show it with the package's functions, which name it.")
    return _named(dict(about), output.data, where)


def _named(block: dict, data: dict, where: str) -> dict:
    """A block that has all that its kind needs."""
    kind = block.get("kind")
    needs = COVER_KEYS if kind == "cover" else NEEDS.get(kind)
    if needs is None:
        raise ReportError(f"{where}: unknown kind of output {kind!r}.",
                          hint=f"use one of cover, {', '.join(NEEDS)}.")
    missing = sorted(needs - block.keys())
    if missing:
        raise ReportError(f"{where}: a {kind} without {', '.join(missing)}.",
                          hint="its metadata must hold them, even if empty.")
    if kind != "cover" and "text/html" not in data:
        raise ReportError(f"{where}: a {kind} without text/html.",
                          hint="a chart carries its numbers as a table, the rest its text.")
    block["html"] = markup.clean("".join(data.get("text/html", "")))
    if kind == "chart":
        if FIGURE not in data:
            raise ReportError(f"{where}: a chart without a figure.",
                              hint="display the figure together with its table.")
        block["figure"] = data[FIGURE]
    return block


def _cover(blocks: list[dict]) -> dict:
    """The cover, taken out of the blocks together with the text that precedes it.

    That text introduces the notebook to whoever opens it in Jupyter; the page has its
    title block instead.
    """
    first = next((i for i, block in enumerate(blocks) if block["kind"] != "text"), None)
    if first is None or blocks[first]["kind"] != "cover":
        raise ReportError("The notebook does not begin with a cover.",
                          hint="its first output must be the cover of the report.")
    cover = blocks[first]
    del blocks[:first + 1]
    if any(block["kind"] == "cover" for block in blocks):
        raise ReportError("The notebook has two covers.", hint="leave the first one only.")
    if cover["state"] not in STATES:
        raise ReportError(f"Unknown state of a report: {cover['state']!r}.",
                          hint=f"use one of {', '.join(sorted(STATES))}.")
    if cover["logo"] and not re.match(r"data:image/(png|jpeg|svg\+xml|webp);", cover["logo"]):
        raise ReportError("The logo on the cover is not an image in a data: address.",
                          hint="the page may not fetch anything; embed the logo.")
    return cover


def _first_line(source: str) -> str:
    return next((line.strip()[:60] for line in source.splitlines() if line.strip()), "empty")


# Headings, figures and scripts.

def _number_headings(blocks: list[dict]) -> list[tuple[str, Markup]]:
    """Give each second-level heading an id; return ids and texts as contents."""
    contents: list[tuple[str, Markup]] = []

    def anchor(match: re.Match) -> str:
        text = Markup(match[1])
        slug = re.sub(r"\W+", "-", text.striptags().lower()).strip("-")
        name = f"section-{slug or len(contents) + 1}"
        if name in dict(contents):
            name += f"-{len(contents) + 1}"
        contents.append((name, text.striptags()))
        return f'<h2 id="{name}">{text}</h2>'

    for block in blocks:
        if block["kind"] == "text":
            block["html"] = Markup(re.sub(r"<h2>(.*?)</h2>", anchor, str(block["html"]), flags=re.S))
    return contents


def _figure(block: dict, templates: list[str]) -> Markup:
    """The figure as JSON without its title, which the page sets as text.

    Figures share one template; it is kept once and named by its place in the list.
    """
    layout = dict(block["figure"].get("layout", {}))
    for key in ("title", "width"):
        layout.pop(key, None)
    template = markup.inert_json(layout.pop("template", {}), f"The template of {block['id']}")
    if template not in templates:
        templates.append(template)
    # The title's room goes with it; only text above the plot, as over subplots, needs some.
    above = any(note.get("yref") == "paper" and (note.get("y") or 0) >= 1 for note in layout.get("annotations", ()))
    layout["margin"] = {**layout.get("margin", {}), "t": 32 if above else 8}
    layout["height"] = block["height"]
    return markup.inert_json({"data": block["figure"].get("data", []), "layout": layout,
                  "template": templates.index(template)}, f"The chart {block['id']}")


@lru_cache(maxsize=1)
def _scripts() -> dict[str, Markup]:
    """Plotly's source, the boot script and style, and the policy that lets in just these."""
    source = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    boot = (TEMPLATE / "boot.js").read_text(encoding="utf-8")
    allowed = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
                       for script in (boot.encode(), source))
    return {
        "plotly": Markup(base64.b64encode(gzip.compress(source, 9, mtime=0)).decode()),
        "boot": Markup(boot),
        "style": Markup((TEMPLATE / "style.css").read_text(encoding="utf-8")),
        "policy": Markup(
            f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'; "
            "require-trusted-types-for 'script'; trusted-types opsreport default"),
    }


# Colours and style.

def _css_string(text: str) -> Markup:
    """Text that stays text inside a style sheet: all but letters and digits escaped."""
    safe = (c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)
    return Markup('"' + "".join(safe) + '"')


def _look(colour: str) -> dict:
    """The page's colours by name, light and dark, and the swaps that charts need."""
    dark = {light.lower(): value for light, value in theme.DARK.items()}
    names = ("INK", "INK_SOFT", "GRID", "PALE", "PAPER", "BLUE", "ORANGE", "GREEN", "VERMILLION")
    light = {name.lower().replace("_", "-"): getattr(theme, name) for name in names}
    night = {name: dark.get(value.lower(), value) for name, value in light.items()}
    readable = re.fullmatch("#[0-9a-fA-F]{6}", colour) and (
        _contrast(colour, theme.PAPER) >= READABLE_CONTRAST)
    light["accent"] = colour.lower() if readable else theme.BLUE
    night["accent"] = dark.get(light["accent"].lower()) or _lifted(light["accent"], night["paper"])
    dark.setdefault(light["accent"].lower(), night["accent"])
    return {"light": light, "night": night, "swaps": markup.inert_json(dark, "The dark colours")}


def _contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours, 1 to 21. [ratio]"""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
              for value in (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _lifted(colour: str, paper: str) -> str:
    """The colour, mixed with white until it can be read on dark paper."""
    while _contrast(colour, paper) < READABLE_CONTRAST:
        parts = (int(colour[i:i + 2], 16) for i in (1, 3, 5))
        colour = "#" + "".join(f"{part + max(1, (255 - part) // 10):02x}" if part < 255 else "ff"
                               for part in parts)
    return colour

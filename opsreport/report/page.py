"""One self-contained HTML page from an executed notebook, for the client to read.

The page is the notebook's own outputs through nbconvert with the template beside this
file. Nothing here knows a metric: an output says in its metadata what it is, and the
template has a place for each kind. What the page shows is therefore what the notebook
holds, and what the notebook does not say is not on the page.
"""

import base64
import hashlib
import json
import re
from functools import lru_cache, partial
from importlib.resources import files
from itertools import pairwise, takewhile
from pathlib import Path

from markupsafe import Markup, escape
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode

from opsreport import markup, theme
from opsreport.colours import READABLE, contrast, parts
from opsreport.language import mark, translated
from opsreport.report.blocks import read, take_cover
from opsreport.report.evidence import Evidence
from opsreport.report.packing import packed

TEMPLATE = Path(__file__).parent / "template"
#: The folder beside the page that holds the rows behind its figures.
ROWS = "rows"
#: What the boot script says.
_WORDS = (
    mark("What it means"), mark("What its sentence says."), mark("How much was seen"),
    mark("{seen} of what there was to see."), mark("The rows behind it"),
    mark("It is counted or stated in the review itself: no record stands behind it."),
    mark("{title}: the first {shown} of {count}."), mark("{title}: {count}."), mark("{title}: none."),
    mark("All of them as CSV"), mark(", beside this page; in JupyterLab:"),
    mark("They lie beside that month's own review; in JupyterLab:"), mark("Figure {id}"),
)  # fmt: skip


def render(notebook: NotebookNode, behind: Evidence | None = None) -> str:
    """Write an executed notebook as one HTML page that needs no other file.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook whose outputs say in ``metadata["opsreport"]`` what they are.
        It is not changed.
    behind : Evidence, optional
        The rows behind its figures, which then can be opened; their files are to lie in the
        folder `ROWS` beside the page.

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
    blocks = read(notebook)
    cover = take_cover(blocks)
    templates: list[str] = []
    charts: list[Markup] = []
    for before, block in pairwise([{"html": ""}, *blocks]):
        if block["kind"] == "chart":
            charts.append(_figure(block, templates))
        if block["kind"] in ("table", "scorecard"):
            # A table's heading is its title; on a phone the rows of a wide one become cards.
            block["is_headed"] = bool(re.search(r"<h[23]\b", str(before["html"])))
            block["is_wide"] = str(block["html"]).partition("</thead>")[0].count("<th ") > 4
        block["html"] = _slim(block["html"], block.get("id", ""), keeps_labels=block.get("is_wide", False))
    html, _ = PageExporter().from_notebook_node(
        notebook,
        {
            "cover": cover,
            "blocks": blocks,
            "contents": name_headings(blocks),
            "templates": [Markup(template) for template in templates],
            "charts": Markup(packed(f"[{','.join(charts)}]".encode())) if charts else "",
            "say": partial(translated, language=cover["language"]),
            "words": markup.inert_json({word: translated(word, cover["language"]) for word in _WORDS}, "The words"),
            "behind": _packed(behind),
            "rows": ROWS,
            "footer": css_string(f"{cover['display_name']} · {cover['period']}"),
            "file_stem": markup.inert_json(f"{cover['client']}-{cover['month']}", "The cover"),
            **look(cover["colour"]),
            **_scripts(),
        },
    )
    return html


class PageExporter(TemplateExporter):
    """Our template and no other: nbconvert's own pages fetch scripts from a CDN."""

    export_from_notebook = "opsreport page"
    output_mimetype = "text/html"

    def __init__(self) -> None:
        super().__init__(template_paths=[str(TEMPLATE)], template_file="index.html.j2", file_extension=".html")

    def _create_environment(self):
        """Escape by default, which nbconvert does not; what is safe comes as Markup."""
        environment = super()._create_environment()
        environment.autoescape = True
        return environment


def name_headings(blocks: list[dict]) -> list[tuple[str, str]]:
    """Give each second-level heading an id; return ids and texts as contents.

    A section is called what the outputs in it are called, ``cost`` before ``cost.spend``, so
    that the scorecard can point to it; one without outputs is called by its heading.
    """
    contents: list[tuple[str, str]] = []
    taken = {block.get("id") for block in blocks}

    def anchor(found: re.Match, section: str) -> str:
        text = Markup(found[1]).striptags()
        slug = re.sub(r"\W+", "-", text.lower()).strip("-") or "section"
        tries = [section, slug, *(f"{slug}-{count}" for count in range(2, len(blocks) + 3))]
        name = next(name for name in tries if name and name not in taken)
        taken.add(name)
        contents.append((name, text))
        return f'<h2 id="{escape(name)}">{found[1]}</h2>'

    for place, block in enumerate(blocks):
        if block["kind"] == "text":
            naming = partial(anchor, section=_section(blocks[place + 1 :]))
            block["html"] = Markup(re.sub(r"<h2>(.*?)</h2>", naming, str(block["html"]), flags=re.S))
    return contents


def _section(following: list[dict]) -> str:
    """What comes before the dot in the first id after a heading, if that is in its section."""
    within = takewhile(lambda block: "<h2>" not in block["html"], following)
    first = next((block["id"] for block in within if "id" in block), "")
    return first.partition(".")[0]


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
    return markup.inert_json(
        {"data": block["figure"].get("data", []), "layout": layout, "template": templates.index(template)},
        f"The chart {block['id']}",
    )


def _packed(behind: Evidence | None) -> Markup:
    """What stands behind the figures, as the boot script unpacks it; empty where nothing is known."""
    if behind is None:
        return Markup("")
    return Markup(packed(json.dumps(behind.record(), ensure_ascii=False, separators=(",", ":")).encode()))


def _slim(html: Markup, id: str, keeps_labels: bool) -> Markup:
    """Markup without what the page does not need to say twice.

    A figure is known by its id, which begins with a dot where it begins with that of its
    block; labels are for the cards that wide tables become.
    """
    html = re.sub(r'<span class="fact" (data-fact=)', r"<span \1", str(html))
    html = html.replace(f'data-fact="{escape(id)}.', 'data-fact=".') if id else html
    return Markup(html if keeps_labels else re.sub(r' data-label="[^"]*"', "", html))


@lru_cache(maxsize=1)
def _scripts() -> dict[str, Markup]:
    """Plotly's source, the boot script and style, and the policy that lets in just these."""
    source = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    boot = (TEMPLATE / "boot.js").read_text(encoding="utf-8")
    allowed = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in (boot.encode(), source)
    )
    return {
        "plotly": Markup(packed(source)),
        "boot": Markup(boot),
        "style": Markup((TEMPLATE / "style.css").read_text(encoding="utf-8")),
        "policy": Markup(
            f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'; "
            "require-trusted-types-for 'script'; trusted-types opsreport default"
        ),
    }


# Colours and style.


def css_string(text: str) -> Markup:
    """Text that stays text inside a style sheet: all but letters and digits escaped."""
    safe = (c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)
    return Markup('"' + "".join(safe) + '"')


def look(colour: str) -> dict:
    """The page's colours by name, light and dark, and the swaps that charts need."""
    dark = {light.lower(): value for light, value in theme.DARK.items()}
    names = ("INK", "INK_SOFT", "GRID", "PALE", "PAPER", "BLUE", "ORANGE", "GREEN", "VERMILLION")
    light = {name.lower().replace("_", "-"): getattr(theme, name) for name in names}
    night = {name: dark.get(value.lower(), value) for name, value in light.items()}
    readable = re.fullmatch("#[0-9a-fA-F]{6}", colour) and (contrast(colour, theme.PAPER) >= READABLE)
    light["accent"] = colour.lower() if readable else theme.BLUE
    night["accent"] = dark.get(light["accent"].lower()) or _lifted(light["accent"], night["paper"])
    dark.setdefault(light["accent"].lower(), night["accent"])
    return {"light": light, "night": night, "swaps": markup.inert_json(dark, "The dark colours")}


def _lifted(colour: str, paper: str) -> str:
    """The colour, mixed with white until it can be read on dark paper."""
    while contrast(colour, paper) < READABLE:
        lighter = (part + max(1, (255 - part) // 10) if part < 255 else 255 for part in parts(colour))
        colour = "#" + "".join(f"{part:02x}" for part in lighter)
    return colour

"""The whole review as one document to print, A4, from an executed notebook; WeasyPrint draws it.

It needs the extra `opsreport[pdf]` and Pango, by
https://doc.courtbouillon.org/weasyprint/stable/first_steps.html. What the page shows by itself
is a picture here, or its numbers as a table; the rows behind a figure stay with the page.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbformat import NotebookNode

from opsreport import theme
from opsreport.errors import ReportError
from opsreport.language import mark, translated
from opsreport.report import page
from opsreport.report.blocks import read, take_cover
from opsreport.report.columns import Fit, fit
from opsreport.report.palette import with_palettes

#: What a mail server and an inbox take; a review comes to about 1 MB.
MOST_BYTES = 8_000_000
PAPER = Path(__file__).parent / "paper"
_STATES = {
    "draft": mark("Draft"), "final": mark("Awaiting approval"), "approved": mark("Approved"),
    "corrected": mark("Corrected"), "internal": mark("Internal"),
}  # fmt: skip
_CLOSING = mark(
    "Each chart's numbers, and the rows behind each figure, can be opened in the review's page, which says the same."
)
_KIND, _CONTENTS, _PAGE = mark("Operations review"), mark("Contents"), mark("Page {page} of {pages}")
_READ, _ZONE = mark("Data as read on {day}"), mark("Times in {zone}")
#: How much of a colour a verdict's ground has. [ratio]
_TINT = 0.16
#: A chart's numbers stand under its picture where they are no more than this, with their head.
_FEW_ROWS = 13
_PNG = b"\x89PNG\r\n\x1a\n"

Draw = Callable[[dict[str, Any]], bytes]


def pdf(notebook: NotebookNode, approved: str = "", draw: Draw | None = None) -> bytes:
    """An executed notebook as a PDF that can be printed, searched and read aloud (PDF/UA-1).

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        As `opsreport.report.page.render` takes it. It is not changed.
    approved : str
        By whom and when it was approved, in the client's language; else its cover says its state.
    draw : callable, optional
        Makes a PNG of a figure of plotly, or nothing where it does not know the figure's kind: then,
        and without it, the numbers stand as a table.

    Returns
    -------
    bytes
        The same notebook always gives the same bytes, with the same fonts and libraries.

    Raises
    ------
    ReportError
        When WeasyPrint or its libraries are missing, the document would fetch something or is too
        large, or the notebook cannot be shown (as `opsreport.report.page.render`).
    """
    html = document(notebook, approved, draw)
    refused: list[str] = []
    known = hashlib.sha256(html.encode()).digest()[:16]
    content = layout(html, refused).write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=known, finisher=with_palettes)
    if refused:
        raise ReportError(
            f"the document would fetch {refused[0][:100]}", hint="embed it: a logo may name no other file"
        )
    if len(content) > MOST_BYTES:
        raise ReportError(
            f"the PDF has {len(content) / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB is the most",
            hint="use a smaller logo, or leave pdf out of mail.attach",
        )
    return content


def layout(html: str, refused: list[str] | None = None) -> Any:
    """What `document` gave, laid out on pages: WeasyPrint's Document. Nothing is fetched.

    Parameters
    ----------
    refused : list of str, optional
        Takes the addresses that something asked for, here and when the Document is written.

    Raises
    ------
    ReportError
        When WeasyPrint or its libraries are missing.
    """
    weasyprint = _weasyprint()
    from weasyprint.urls import URLFetcher

    class OnlyWithin(URLFetcher):
        """Opens what stands in the document itself, and no file or address."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if not url.lower().startswith("data:"):
                if refused is not None:
                    refused.append(url)
                raise ValueError(f"{url} is outside of the document")
            return super().fetch(url, headers)

    within = OnlyWithin(allowed_protocols={"data"}, allow_redirects=False)
    return weasyprint.HTML(string=html, url_fetcher=within).render(pdf_variant="pdf/ua-1")


def document(notebook: NotebookNode, approved: str = "", draw: Draw | None = None) -> str:
    """The HTML that `pdf` lays out; it names no other file.

    Raises
    ------
    ReportError
        As `opsreport.report.page.render`.
    """
    blocks = read(notebook)
    cover = take_cover(blocks)
    say = partial(translated, language=cover["language"])
    contents = page.name_headings(blocks)
    for block in blocks:
        _fitted(block, draw)
    light = page.look(cover["colour"])["light"]
    state = "approved" if approved and cover["state"] != "corrected" else cover["state"]
    return _template().render(
        cover=cover,
        kind=say(cover.get("page") or _KIND),
        state=state,
        state_name=say(_STATES[state]),
        state_note=approved or cover["state_note"],
        told=[say(text).format(day=cover["prepared"], zone=cover["zone"])
              for text, needed in ((_READ, cover["prepared"]), (_ZONE, cover["zone"])) if needed],
        contents=contents,
        contents_name=say(_CONTENTS),
        closing=say(_CLOSING),
        blocks=_with_headings(blocks),
        colours=light | {f"{name}-tint": _tinted(light[name]) for name in ("green", "orange", "vermillion", "pale")},
        page_number=_counted(say(_PAGE)),
        running=page.css_string(f"{cover['display_name']} · {cover['period']}"),
        running_state=page.css_string(say(_STATES[state])),
        style=Markup((PAPER / "document.css").read_text("utf-8")),
    )  # fmt: skip


def _template() -> Any:
    there = Environment(loader=FileSystemLoader(PAPER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return there.get_template("document.html.j2")


def _fitted(block: dict[str, Any], draw: Draw | None) -> None:
    """Give a block its picture, or its table the size of letters with which it stays on the page."""
    block["picture"], block["fit"] = "", Fit("", is_turned=False)
    block["rows_count"] = str(block["html"]).count("<tr")
    if block["kind"] == "chart" and draw:
        block["picture"] = _embedded(draw(block["figure"]), block["id"])
    is_table = block["kind"] in ("table", "scorecard", "chart")
    block["has_table"] = is_table and (not block["picture"] or block["rows_count"] <= _FEW_ROWS)
    if block["has_table"]:
        block["fit"] = fit(str(block["html"]))
    if block["picture"] and block["fit"].is_turned:
        block["has_table"], block["fit"] = False, Fit("", is_turned=False)
    block["html"] = _drawn(block["html"])


def _embedded(png: bytes, id: str) -> str:
    if png and not png.startswith(_PNG):
        raise ReportError(f"the picture of {id} is no PNG", hint="draw gives a PNG, or nothing")
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""


def _drawn(html: Markup) -> Markup:
    """Markup whose small lines carry their paint: a style sheet does not reach into a drawing."""
    line = f'fill="none" stroke="{theme.INK_SOFT}" stroke-width="1.5"'
    text = re.sub(r"<(polyline|path|line) (?![^>]*\bstroke=)", rf"<\1 {line} ", str(html))
    return Markup(re.sub(r"<circle (?![^>]*\bfill=)", rf'<circle fill="{theme.BLUE}" ', text))


def _with_headings(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks, with the heading of a table on a turned page moved onto that page."""
    made: list[dict[str, Any]] = []
    for block in blocks:
        before = made[-1] if made else {"kind": ""}
        block["is_headed"] = before["kind"] == "text" and bool(re.search(r"<h[23]\b", str(before["html"])))
        block["heading"] = Markup("")
        if block["fit"].is_turned and block["is_headed"]:
            block["heading"] = made.pop()["html"]
        made.append(block)
    return made


def _counted(text: str) -> Markup:
    """A text with the page's number and their count in it, as a style sheet says it."""
    parts = (f"counter({part})" if place % 2 else str(page.css_string(part))
             for place, part in enumerate(re.split(r"\{(\w+)\}", text)))  # fmt: skip
    return Markup(" ".join(parts))


def _tinted(colour: str) -> str:
    """A colour on white paper, mostly paper."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * _TINT):02x}" for part in parts)


def _weasyprint() -> ModuleType:
    try:
        import weasyprint
    except ImportError as error:
        raise ReportError("a PDF needs WeasyPrint", hint="install it: pip install 'opsreport[pdf]'") from error
    except OSError as error:  # its libraries are loaded as it is imported
        raise ReportError(
            f"WeasyPrint cannot load its libraries: {' '.join(str(error).split())[:200]}",
            hint="install Pango, as apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 does",
        ) from error
    return weasyprint

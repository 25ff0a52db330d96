"""What may be put into a page or a notebook: sanitised HTML, Markdown and inert JSON."""

import json
import re

import mistune
import nh3
from markupsafe import Markup

from opsreport.errors import ReportError

TAGS = {
    *("h1", "h2", "h3", "h4", "p", "div", "blockquote", "pre", "hr", "br", "ul", "ol", "li", "dl", "dt", "dd"),
    *("a", "abbr", "b", "code", "del", "em", "i", "s", "small", "span", "strong", "sub", "sup", "time"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("figure", "figcaption", "details", "summary"),
    *("svg", "g", "path", "line", "polyline", "polygon", "rect", "circle"),
}
PAINT = {
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-dasharray",
    "opacity",
    "transform",
}
ATTRIBUTES = {
    "*": {"class", "role", "title", "lang", "dir"},
    "a": {"href"},
    "time": {"datetime"},
    "ol": {"start"},
    "details": {"open"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "col": {"span"},
    "svg": {"viewBox", "width", "height", "preserveAspectRatio", "focusable"} | PAINT,
    "g": PAINT,
    "path": PAINT | {"d"},
    "line": PAINT | {"x1", "x2", "y1", "y2"},
    "polyline": PAINT | {"points"},
    "polygon": PAINT | {"points"},
    "rect": PAINT | {"x", "y", "width", "height", "rx"},
    "circle": PAINT | {"cx", "cy", "r"},
}


def clean(html: str) -> Markup:
    """Only the tags and attributes that the page has a use for."""
    return Markup(
        nh3.clean(
            html,
            tags=TAGS,
            attributes=ATTRIBUTES,
            generic_attribute_prefixes={"data-", "aria-"},
            attribute_filter=_attribute,
            url_schemes={"https", "mailto"},
        )
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """An attribute's value, or None to drop it: paint that fetches, and what mistune calls harmful."""
    return None if "url(" in value.lower() or value == "#harmful-link" else value


def markdown(source: str) -> Markup:
    """Markdown as sanitised HTML; no maths, for a dollar sign is money here."""
    html = re.sub(r"(</?)h1>", r"\1h2>", _converted(source))  # the page's only first-level heading is its title
    # The question under a heading is the only paragraph that is italics and nothing else.
    return Markup(re.sub(r"<p><em>([^<]*)</em></p>", r'<p class="question">\1</p>', html))


def remark(source: str) -> Markup:
    """A person's Markdown as sanitised HTML with small headings.

    HTML in it is text: nobody writes a figure by hand that reads like a measured one.
    """
    return _small(_converted(source, takes_html=False), 4)


def remarks(source: str) -> list[tuple[str, Markup]]:
    """A person's Markdown by its first- and second-level headings, as `remark` makes it.

    Returns
    -------
    list of (str, Markup)
        Each heading's text and what stands under it; what stands before the first has none.
        Headings with nothing under them are there too.
    """
    before, *rest = re.split(r"<h[12]>(.*?)</h[12]>", _converted(source, takes_html=False), flags=re.DOTALL)
    headed = zip(rest[::2], rest[1::2], strict=True)
    # A heading inside a quotation or a list leaves both halves open: cleaning closes them.
    parts = [("", before), *((str(Markup(title).striptags()), text) for title, text in headed)]
    return [(title, _small(clean(text), 3)) for title, text in parts]


def _converted(source: str, takes_html: bool = True) -> str:
    convert = mistune.create_markdown(escape=not takes_html, plugins=["strikethrough", "table"])
    return str(clean(convert(source)))


def _small(html: str, level: int) -> Markup:
    """With no heading above a level, and without the empty paragraph that a picture leaves."""
    html = re.sub(rf"(</?)h[1-{level}]>", rf"\g<1>h{level}>", str(html))
    return Markup(re.sub(r"<p>\s*</p>", "", html).strip())


def inert_json(value: object, what: str) -> Markup:
    """JSON that no browser can take for the end of its script element."""
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise ReportError(
            f"{what} holds a value that JSON cannot: {error}.", hint="a missing value in a figure is None."
        ) from error
    return Markup(re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text))

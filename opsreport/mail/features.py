"""What mail clients show of HTML and CSS, by caniemail.com's facts of May 2026, in a form that the lint can ask.

Four clients count: Gmail, Outlook on Windows, which lays out with Word's engine, Outlook on
the web, and Apple Mail. What is not named here is not known to be shown by all four, and the
lint refuses it. caniemail has no entry of their own for the cells of a table, ``a``, ``b``,
``br``, colours and fonts: these are in Microsoft's list of what Word shows, and the others
are browsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

GMAIL, WORD, WEB, APPLE = "Gmail", "Outlook on Windows", "Outlook on the web", "Apple Mail"
CLIENTS = (GMAIL, WORD, WEB, APPLE)

#: Elements that all four show.
ELEMENTS = frozenset({
    "html", "head", "title", "meta", "body", "table", "thead", "tbody", "tr", "td", "th",
    "div", "span", "p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "a", "b", "strong", "br", "hr", "img",
})  # fmt: skip
#: Attributes that all four take, and on which elements; on any where none is named.
ATTRIBUTES: Mapping[str, frozenset[str]] = MappingProxyType({
    **dict.fromkeys(("style", "class", "id", "lang", "dir", "align", "role", "aria-hidden", "aria-label"), frozenset()),
    **dict.fromkeys(("valign", "bgcolor"), frozenset({"table", "tr", "td", "th", "body"})),
    **dict.fromkeys(("width", "height"), frozenset({"table", "td", "th", "img"})),
    **dict.fromkeys(("cellpadding", "cellspacing"), frozenset({"table"})),
    "border": frozenset({"table", "img"}),
    **dict.fromkeys(("colspan", "rowspan"), frozenset({"td", "th"})),
    "scope": frozenset({"th"}),
    "href": frozenset({"a"}),
    **dict.fromkeys(("src", "alt"), frozenset({"img"})),
    **dict.fromkeys(("name", "content", "charset"), frozenset({"meta"})),
})  # fmt: skip
#: Names of meta elements: they are instructions that a client follows or passes over.
METAS = frozenset({
    "viewport", "color-scheme", "supported-color-schemes", "format-detection", "x-apple-disable-message-reformatting",
})  # fmt: skip
#: Selectors of a style element are made of names and classes, one behind another and in lists.
UNITS = frozenset({"px", "pt", "em", "ex", "in", "cm", "mm", "pc"})


@dataclass(frozen=True)
class Shown:
    """How all four show a CSS property.

    Attributes
    ----------
    values : str
        Pattern of the values that all show.
    on : frozenset of str
        Elements on which all show it; any where it is empty.
    """

    values: str
    on: frozenset[str] = frozenset()


_CELL = frozenset({"td", "th"})
_BOX = _CELL | {"table"}
_COLOUR = r"#[0-9a-f]{6}|#[0-9a-f]{3}"
_LENGTH = r"0|\d+(\.\d+)?(px|pt|em|ex|in|cm|mm|pc)"
_SIDES = rf"({_LENGTH})( ({_LENGTH})){{0,3}}"
#: Word draws no border wider than 8 px, and none that can be relied on around a paragraph.
_BORDER = rf"0|none|[0-8]px (solid|dashed|dotted|double) ({_COLOUR})"
_EDGES = ("", "-top", "-right", "-bottom", "-left")

PROPERTIES: Mapping[str, Shown] = MappingProxyType({
    "color": Shown(_COLOUR),
    "background-color": Shown(_COLOUR),
    "font-family": Shown(r'(?!.*(system-ui|ui-))[\w"\x27 -]+(, ?[\w"\x27 -]+)*'),
    "font-size": Shown(_LENGTH),
    "font-style": Shown("normal|italic"),
    "font-weight": Shown("normal|bold|[1-9]00"),
    # Word takes a length in its own way; a plain factor it takes as others do.
    "line-height": Shown(r"\d+(\.\d+)?|\d+%"),
    "letter-spacing": Shown(r"normal|0|\d+(\.\d+)?px"),
    "text-align": Shown("left|right|center|justify"),
    "text-decoration": Shown("none|underline|line-through"),
    "text-indent": Shown(r"0|\d+px"),
    "text-transform": Shown("none|uppercase|capitalize"),
    "vertical-align": Shown("top|middle|bottom|baseline"),
    "border-collapse": Shown("collapse|separate"),
    "list-style-type": Shown("none|disc|circle|square|decimal"),
    "direction": Shown("ltr|rtl"),
    # Neither negative nor auto: Gmail and Outlook on the web drop the one, Word the other.
    **{f"margin{edge}": Shown(_SIDES, frozenset({"p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "div", "table"}))
       for edge in _EDGES},
    **{f"padding{edge}": Shown(_SIDES, _CELL) for edge in _EDGES},
    **{f"border{edge}": Shown(_BORDER, _BOX) for edge in _EDGES},
    "border-color": Shown(_COLOUR, _BOX),
    "width": Shown(rf"{_LENGTH}|\d+%", _BOX),
    "height": Shown(rf"{_LENGTH}|\d+%", _BOX),
    # It hides no table within, and no picture: the lint looks for these.
    "display": Shown("none"),
    # Word's own; the others pass them over.
    "mso-hide": Shown("all"),
    "mso-line-height-rule": Shown("exactly|at-least"),
    **dict.fromkeys(("mso-table-lspace", "mso-table-rspace"), Shown("0|0pt")),
})  # fmt: skip


@dataclass(frozen=True)
class Enhancement:
    """What not all four show, and a mail may use all the same, because it does no harm where it is missing.

    Attributes
    ----------
    lacks : tuple of str
        The clients that do not show it.
    why : str
        What is seen there instead.
    values : str
        Pattern of the values that may be used.
    on : frozenset of str
        Elements on which it may be used; any where it is empty.
    """

    lacks: tuple[str, ...]
    why: str
    values: str = ""
    on: frozenset[str] = frozenset()


ENHANCEMENTS: Mapping[str, Enhancement] = MappingProxyType({
    "border-radius": Enhancement((WORD,), "corners are square", r"\d+px"),
    "max-width": Enhancement(
        (WORD,), "the width stands in a table that only Word sees, and in a picture's attribute too",
        r"\d+px", frozenset({"table", "img"})),
    "width": Enhancement((WORD,), "a picture's width attribute holds", r"100%", frozenset({"img"})),
    "height": Enhancement((WORD,), "a picture's height attribute holds", r"auto", frozenset({"img"})),
    "padding": Enhancement((WORD,), "a list is indented by Word's own measure", _SIDES, frozenset({"ul", "ol"})),
    "style": Enhancement(
        (GMAIL,), "for a mailbox that is not Google's it is dropped; it holds only the two rules below"),
    "@media (prefers-color-scheme: dark)": Enhancement(
        (GMAIL, WORD), "the light colours stay, or are turned round by the client's own rule"),
    "@media (max-width)": Enhancement((WORD,), "it is not a small screen; Gmail drops it with the style"),
    "color-scheme": Enhancement((GMAIL, WORD, WEB), "a hint in a meta element, which is passed over"),
})  # fmt: skip


def _lacking(*groups: tuple[tuple[str, ...], str]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({name: clients for clients, names in groups for name in names.split()})


#: What one may think of using, and which of the four lack it: so that a refusal can say whose fault it is.
LACKING: Mapping[str, tuple[str, ...]] = _lacking(
    ((GMAIL, WORD, WEB),
     "accent-color animation aspect-ratio @keyframes @supports backdrop-filter border-image clip-path color-scheme "
     "conic-gradient() filter light-dark() grid-template grid-template-columns hyphens inset list-style-image "
     "margin-inline margin-block padding-inline padding-block mask-image oklch() outline-offset overflow-wrap :has "
     ":not :nth-child :lang ::marker scroll-snap-type shape-outside text-shadow text-wrap transform transition "
     "user-select var() audio bdi dialog object picture progress svg video hidden loading srcset "
     "aria-labelledby embed"),
    (CLIENTS, "cursor resize inline-size :focus-within script iframe frame onclick onload"),
    ((GMAIL, WORD),
     "align-items justify-content flex-direction flex-wrap box-shadow font-stretch left right top bottom position "
     "visibility z-index :hover :first-child :last-child :checked :after :before ::after ::before tab-size marquee "
     "meter ruby wbr aria-describedby"),
    ((GMAIL, WORD, APPLE), ":active :focus :visited :target"),
    ((GMAIL, WEB), "@font-face @import link target"),
    ((GMAIL,), ":link"),
    ((WORD, WEB), "clamp() max() min() calc() linear-gradient() radial-gradient() text-align-last"),
    ((WORD,),
     "background-image background-position background-repeat background-size border-spacing box-sizing caption-side "
     "clear column-count flex grid inline-flex inline-grid float gap max-height min-height min-width object-fit "
     "opacity outline overflow rgba() system-ui table-layout text-overflow white-space word-spacing word-wrap "
     "writing-mode text-decoration-color text-decoration-line text-decoration-style ch rem vh vw vmin vmax > + ~ * [ "
     "initial abbr acronym button form input select textarea section article header footer main nav figure details "
     "summary time"),
)  # fmt: skip

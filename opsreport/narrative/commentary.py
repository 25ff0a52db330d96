"""The account manager's own words, each under the section that they are about."""

from __future__ import annotations

import html
import re
from typing import Protocol

from markupsafe import Markup

from opsreport import markup
from opsreport.exhibit import Exhibit
from opsreport.home import Home
from opsreport.params import ClientParams, load_commentary
from opsreport.period import Period
from opsreport.schemas.scorecard import NAMES

#: The page's headings that do not begin with their section's id.
HEADINGS = {"timeline": "what happened when"}


class Written(Protocol):
    """What is needed of a month to find what was written about it."""

    client: ClientParams
    period: Period
    home: Home


def remark(month: Written, section: str = "") -> Exhibit:
    """What is said of one section; by default of the month as a whole.

    Parameters
    ----------
    section : str
        One of `opsreport.schemas.scorecard.NAMES`. What stands under its id or its heading is
        said of it; what stands under no heading, or under one of no section, of the month.

    Returns
    -------
    Exhibit
        Signed; empty where nothing is said.
    """
    written = load_commentary(month.home.params, month.client.client, month.period.name)
    parts = [(heading, body) for heading, body in markup.remarks(written.text)
             if body and _section(heading) == section]  # fmt: skip
    made = "".join(_headed("" if section else heading, body) for heading, body in parts)
    if made and written.by:
        made += f'<p class="by">— {html.escape(written.by)}</p>'
    id = f"{section or 'summary'}.commentary"
    return Exhibit(id=id, kind="prose", html=made, text=Markup(made).striptags(), about={"role": "commentary"})


def _section(heading: str) -> str:
    """The section that a heading names: by its id, what it is called, or its heading on the page."""
    said = _words(heading)
    for section, name in NAMES.items():
        known = (_words(section), _words(name), HEADINGS.get(section))
        # "Patches and vulnerabilities" is the heading of patches.
        if said in known or said.startswith(f"{known[0]} "):
            return section
    return ""


def _words(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


def _headed(heading: str, body: str) -> str:
    return f"<h3>{html.escape(heading)}</h3>{body}" if heading else str(body)

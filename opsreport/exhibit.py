"""What a notebook cell shows, and the facts it shows: figures that can be looked up.

Each exhibit's output carries its facts in the metadata of the notebook, and the
manifest, the page and the mail read them there, so that they cannot disagree.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.language import filled
from opsreport.schemas import FRAMES
from opsreport.schemas.frame import ANY, MISSING
from opsreport.theme import Style, is_unknown


@dataclass(frozen=True)
class Rows:
    """The rows behind a figure, told so that they can be looked up again.

    Attributes
    ----------
    frame : str
        Which frame.
    where : dict of str to str or None
        Columns and the value that each row has in them; None is a missing value.
    when : str
        this_month, last_month, since_last_month (both), baseline, history for all up to the
        month's end, or another period's name, like 2026-03.
    """

    frame: str
    where: Mapping[str, Any] = field(default_factory=dict)
    when: str = "this_month"

    @classmethod
    def of(cls, row: pd.Series, frame: str, when: str = "this_month") -> Rows:
        """The rows of a frame that agree with a metric's row in the frame's `groups`: what tells its rows apart.

        Examples
        --------
        >>> Rows.of(pd.Series({"service": "api", "environment": "all"}), "deployment").where
        {'service': 'api'}
        """
        shared = {name: row[name] for name in FRAMES[frame].groups if name in row.index}
        shared = {name: None if is_unknown(value) or value in MISSING else value for name, value in shared.items()}
        return cls(frame, {name: value for name, value in shared.items() if value not in ANY}, when)

    def record(self) -> dict[str, Any]:
        """As a fact's metadata holds it."""
        return {"frame": self.frame, "where": {k: _plain(v) for k, v in self.where.items()}, "when": self.when}

    def at(self, when: str) -> Rows | None:
        """The same rows of other days; None where these compare two months, of which others are not told.

        Examples
        --------
        >>> Rows("incident").at("last_month").when, Rows("asset", {}, "history").at("last_month").when
        ('last_month', 'history')
        >>> Rows("cost", {}, "since_last_month").at("last_month") is None
        True
        """
        if self.when == "since_last_month":
            return self if when == "this_month" else None
        return self if self.when == "history" else replace(self, when=when)


@dataclass(frozen=True)
class Fact:
    """One printed figure.

    Attributes
    ----------
    id : str
        Unique in a report, such as ``cost.spend``.
    value : Decimal, float, int, str, Timedelta, Timestamp or None
        None, NaN and NaT are unknown.
    unit : str
        One of those that `Style.text` writes.
    coverage : float or None
        Share of what there was to see that was seen; None where nothing is observed.
    currency : str
        For money, ISO 4217.
    signed : bool
        Whether it is a change, written with its sign.
    unknown : str
        What it reads where it is unknown, if there is a better word.
    measure : str
        Which of `opsreport.schemas.MEASURES` defines it; empty where its sentence does.
    rows : Rows or None
        The rows behind it; by default those of its section's frame in the month.
    """

    id: str
    value: Any
    unit: str = "text"
    coverage: float | None = None
    currency: str = ""
    signed: bool = False
    unknown: str = ""
    measure: str = ""
    rows: Rows | None = None

    def text(self, style: Style) -> str:
        """The figure as it is printed."""
        if self.unknown and is_unknown(self.value):
            return style.say(self.unknown)
        return style.text(self.value, self.unit, signed=self.signed, currency=self.currency)

    def html(self, style: Style) -> str:
        """The figure as it is printed, marked so that it can be looked up."""
        return f'<span class="fact" data-fact="{html.escape(self.id)}">{html.escape(self.text(style))}</span>'

    def record(self, style: Style) -> dict[str, Any]:
        """The figure as the manifest keeps it; money and other exact numbers as text."""
        made = {
            "id": self.id, "value": _plain(self.value), "unit": self.unit,
            "coverage": None if is_unknown(self.coverage) else float(self.coverage),
            "text": self.text(style),
        }  # fmt: skip
        if self.unit in ("money", "money_change"):
            made["currency"] = style.code(self.currency)
        if self.measure:
            made["measure"] = self.measure
        if self.rows:
            made["rows"] = self.rows.record()
        return made


@dataclass(frozen=True)
class Exhibit:
    """A chart, table, sentence or notice, as JupyterLab, the page and the manifest show it.

    Attributes
    ----------
    id, kind : str
        Kinds are cover, prose, chart, table, scorecard and notice.
    html : str
        Escaped markup; for a chart, the table of its numbers.
    text : str
        The same in plain words.
    facts : tuple of dict
        Records of the figures it prints.
    figure : dict or None
        A chart's plotly figure.
    about : dict
        What else the page needs: title, subtitle, alt, role, height.
    lead : Exhibit or None
        What of a paragraph stands in the summary at the top of the review.
    """

    id: str
    kind: str
    html: str = ""
    text: str = ""
    facts: tuple[dict[str, Any], ...] = ()
    figure: dict[str, Any] | None = None
    about: dict[str, Any] = field(default_factory=dict)
    lead: Exhibit | None = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        data = {"text/html": self.html, "text/plain": self.text or self.about.get("title", self.id)}
        if self.figure is not None:
            data["application/vnd.plotly.v1+json"] = self.figure
        return data, {"opsreport": {"id": self.id, "kind": self.kind, "facts": list(self.facts), **self.about}}


def prose(id: str, template: str, style: Style, role: str = "finding", **facts: Fact | str) -> Exhibit:
    """A sentence whose figures are facts.

    Parameters
    ----------
    template : str
        Text with a {name} for each fact or piece of text; all of it is escaped.
    role : str
        finding (opens a section), note, or method.

    Examples
    --------
    >>> spent = Fact("cost.spend", Decimal("12.5"), "money")
    >>> prose("cost.finding", "Spend was {spent}.", Style("en_GB", "EUR"), spent=spent).text
    'Spend was €12.50.'
    """
    template = style.say(template)
    known = [fact for fact in facts.values() if isinstance(fact, Fact)]
    as_html = {k: v.html(style) if isinstance(v, Fact) else html.escape(str(v)) for k, v in facts.items()}
    as_text = {k: v.text(style) if isinstance(v, Fact) else str(v) for k, v in facts.items()}
    return Exhibit(
        id=id,
        kind="prose",
        html=f"<p>{filled(html.escape(template, quote=False), as_html)}</p>",
        text=filled(template, as_text),
        facts=tuple(fact.record(style) for fact in known),
        about={"role": role},
    )


def join(id: str, parts: list[Exhibit], role: str = "finding", lead: Sequence[Exhibit] = ()) -> Exhibit:
    """Several sentences as one paragraph.

    Parameters
    ----------
    lead : sequence of Exhibit
        Those that stand in the summary at the top of the review; the first by default.
    """
    opening = list(lead) or parts[:1]
    body = " ".join(part.html.removeprefix("<p>").removesuffix("</p>") for part in parts)
    # A list cannot stand in a paragraph.
    whole = body if "<details>" in body else f"<p>{body}</p>"
    return Exhibit(
        id=id, kind="prose", html=whole, text=" ".join(part.text for part in parts),
        facts=tuple(fact for part in parts for fact in part.facts), about={"role": role},
        lead=opening[0] if len(opening) == 1 else join(f"{id}.lead", opening),
    )  # fmt: skip


def notice(id: str, text: str, style: Style | None = None) -> Exhibit:
    """What stands where a section has no data: which source is missing, and since when."""
    text = style.say(text) if style else text
    return Exhibit(id=id, kind="notice", html=f"<p>{html.escape(text)}</p>", text=text, about={"role": "missing"})


def _plain(value: Any) -> Any:
    if is_unknown(value):
        return None
    if isinstance(value, Decimal):
        # normalize() would round to 28 digits.
        written = format(value, "f")
        written = written.rstrip("0").rstrip(".") if "." in written else written
        return "0" if written == "-0" else written
    if isinstance(value, pd.Timedelta):
        return value / pd.Timedelta(seconds=1)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return value

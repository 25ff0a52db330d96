"""What a mail says, before it has a form: all of it taken from an executed notebook, none of it worked out again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """Sentences under one heading.

    Attributes
    ----------
    kind : str
        changed, why, asked, since, ahead or corrected.
    title : str
        In the client's language.
    items : tuple of str
        Plain sentences.
    """

    kind: str
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """One target of the scorecard, as it is printed.

    Attributes
    ----------
    section, measure : str
        In the client's language.
    this_month, target, last_month : str
        Formatted figures.
    verdict : str
        met, at risk, missed or unknown; `said` is the same in the client's language.
    reached : float or None
        This month over its target, for a bar; None where it is unknown or makes no bar. [ratio]
    """

    section: str
    measure: str
    this_month: str
    target: str
    last_month: str
    verdict: str
    said: str
    reached: float | None = None


@dataclass(frozen=True)
class Chart:
    """A chart to be shown as a picture.

    Attributes
    ----------
    id, title, subtitle : str
        As on the page.
    figure : dict
        Plotly's JSON, as the executed notebook holds it.
    table : str
        HTML of the numbers' table, as the notebook holds it.
    alt : str
        What the picture shows, with its numbers.
    png : bytes
        The picture; empty where the figure's kind is not known, and the table stands in its place.
    """

    id: str
    title: str
    subtitle: str
    figure: dict[str, Any] = field(repr=False)
    table: str = field(repr=False)
    alt: str = ""
    png: bytes = field(default=b"", repr=False)

    @property
    def cid(self) -> str:
        """The picture's name within the message, of its content: no two mails' pictures are taken for each other."""
        return f"{self.id}.{hashlib.sha256(self.png).hexdigest()[:16]}@review"


@dataclass(frozen=True)
class Summary:
    """What a mail says.

    Attributes
    ----------
    client, display_name : str
        The client's id and name.
    month, period : str
        The month's name, such as 2026-10, and as a person reads it.
    language, colour : str
        Of the words, and the client's own.
    subject, preheader : str
        The finding, in short.
    opening : tuple of str
        The first sentences: the counts of targets, and what was missed.
    parts : tuple of Part
    scores : tuple of Score
    charts : tuple of Chart
    link : str
        https address of the full page; empty where it is attached.
    link_until : str
        When the link runs out, as a person reads it; empty where it does not.
    attachments : tuple of str
        File names.
    reply_to : str
        Name of the person who answers.
    prepared : str
        The date of the newest data.
    revision : int
        1, or more for a correction.
    """

    client: str
    display_name: str
    month: str
    period: str
    language: str
    colour: str
    subject: str
    preheader: str
    opening: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    scores: tuple[Score, ...] = ()
    charts: tuple[Chart, ...] = ()
    link: str = ""
    link_until: str = ""
    attachments: tuple[str, ...] = ()
    reply_to: str = ""
    prepared: str = ""
    revision: int = 1

"""How every chart ends: its title, its words for who cannot see it, and the table of its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd
import plotly.graph_objects as go

from opsreport import tables
from opsreport.exhibit import Exhibit
from opsreport.theme import Style


def chart(
    figure: go.Figure, id: str, *, title: str, subtitle: str, style: Style,
    numbers: pd.DataFrame, columns: tuple[str, ...] = (), height: int = 320, limit: int = 20,
    of: str | Mapping[str, str] = "", when: str = "this_month", unknown: Mapping[str, str] = MappingProxyType({}),
) -> Exhibit:  # fmt: skip
    """A plotly figure with its words and its numbers.

    Parameters
    ----------
    figure : plotly Figure
        Its title, height and template are set here.
    title : str
        What it shows happened.
    subtitle : str
        What is plotted, and in which unit.
    numbers : DataFrame
        What is plotted, as a table with columns of `opsreport.schemas.MEASURES`; stands in
        the chart's place where it cannot be drawn, and gives the words for a screen reader.
    columns : tuple of str
        Which of them, in order.
    height : int
        [px]
    of, when, unknown
        The rows behind its numbers, and what an unknown one reads, as `opsreport.tables.table` takes them.

    Returns
    -------
    Exhibit
        Of kind chart; its facts are those of the table, ``<id>.<row>.<column>``.
    """
    figure.update_layout(
        template="opsreport",
        title={"text": title, "subtitle": {"text": subtitle}},
        height=height,
        margin={"t": 76},
    )
    behind = tables.table(numbers, id, title, style, columns=columns, limit=limit, of=of, when=when,
                          unknown=unknown)  # fmt: skip
    return Exhibit(
        id=id,
        kind="chart",
        html=behind.html,
        text=f"{title}. {subtitle}",
        facts=behind.facts,
        figure=json.loads(figure.to_json()),
        about={"title": title, "subtitle": subtitle, "alt": f"{title}. {subtitle}", "height": height,
               "note": behind.about["note"]},
    )  # fmt: skip

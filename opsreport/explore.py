"""Exploring a month in JupyterLab: choose rows by their columns, and see what they add up to.

The frames are those that the reviews are made from, so what is found here can be asked for
again with the same words in a review.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import pandas as pd
import plotly.graph_objects as go
from IPython.display import display
from IPython.utils.capture import capture_output

from opsreport.theme import is_unknown  # and with it the template of our charts

ALL, NONE = "(all)", "(none)"
_MOST_CHOICES = 60
_PLOTLY = "application/vnd.plotly.v1+json"


def filters(
    rows: pd.DataFrame, columns: Sequence[str], show: Callable[[pd.DataFrame], Any] | None = None
) -> ipywidgets.VBox:
    """A choice for each column, and what `show` makes of the rows that agree with all of them.

    Parameters
    ----------
    rows : DataFrame
        Any frame.
    columns : sequence of str
        Columns to choose by; each offers its values, the most frequent first.
    show : callable, optional
        Takes the chosen rows; what it returns is shown. By default the rows themselves.

    Returns
    -------
    ipywidgets.VBox
        Also without a browser its ``children`` can be set and read.
    """
    choices = [
        ipywidgets.Dropdown(options=_options(rows[name]), value=ALL, description=name.replace("_", " "),
                            style={"description_width": "initial"})
        for name in columns
    ]  # fmt: skip
    count, output = ipywidgets.Label(), ipywidgets.Output()

    def update(*_: Any) -> None:
        found = chosen(rows, {name: choice.value for name, choice in zip(columns, choices, strict=True)})
        count.value = f"{len(found):,} of {len(rows):,} rows"
        # Not `with output`: papermill and nbconvert answer what it captures on the very channel on which they
        # wait for the end of the cell, and may then never hear of it (nbclient's issue 312).
        try:
            output.outputs = _outputs(show or table, found)
        except Exception as error:
            output.outputs = ({"output_type": "error", "ename": type(error).__name__, "evalue": str(error),
                               "traceback": traceback.format_exc().splitlines()},)  # fmt: skip
            raise

    for choice in choices:
        choice.observe(update, names="value")
    update()
    return ipywidgets.VBox([ipywidgets.HBox(choices), count, output])


def chosen(rows: pd.DataFrame, where: dict[str, str]) -> pd.DataFrame:
    """The rows with these values; ``(all)`` is any, ``(none)`` is a missing one.

    Examples
    --------
    >>> rows = pd.DataFrame({"service": ["shop", None, "api"]})
    >>> len(chosen(rows, {"service": "(all)"})), chosen(rows, {"service": "(none)"}).index.tolist()
    (3, [1])
    """
    for name, value in where.items():
        if value == NONE:
            rows = rows[rows[name].isna()]
        elif value != ALL:
            rows = rows[(rows[name].astype("string") == value).fillna(False)]
    return rows


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without the columns that say nothing in any of them."""
    return rows.dropna(axis="columns", how="all").reset_index(drop=True)


def by_day(at: str, amount: str = "", of: str = "") -> Callable[[pd.DataFrame], Chart]:
    """For `filters`: rows of each day, or the sum of an amount, as bars.

    Parameters
    ----------
    at : str
        The column that places a row in time; days are counted in UTC.
    amount : str
        A column to add up, exactly; rows are counted when empty.
    of : str
        A column whose values are never added together, such as a currency: a bar each.
    """

    def show(rows: pd.DataFrame) -> Chart:
        days = rows[at].dt.floor("D")
        kinds = rows[of].fillna(NONE) if of else pd.Series("", index=rows.index)
        figure = go.Figure()
        for kind, group in rows.groupby(kinds):
            each = group.groupby(days[group.index])[amount].sum() if amount else days[group.index].value_counts()
            each = each.sort_index()
            figure.add_bar(x=[f"{day:%Y-%m-%d}" for day in each.index], y=[float(v) for v in each], name=str(kind))
        return Chart(figure, f"{amount.replace('_', ' ') or 'rows'} a day, by {at.replace('_', ' ')} (UTC)")

    return show


def by_value(column: str, amount: str = "", of: str = "", most: int = 15) -> Callable[[pd.DataFrame], Chart]:
    """For `filters`: rows of each value of a column, or the sum of an amount, the largest first.

    Parameters
    ----------
    amount, of : str
        As `by_day` takes them.
    most : int
        Values shown; how many there are is said.
    """

    def show(rows: pd.DataFrame) -> Chart:
        kinds = rows[of].fillna(NONE) if of else pd.Series("", index=rows.index)
        names = rows[column].astype("string").fillna(NONE)
        figure, shown = go.Figure(), 0
        for kind, group in rows.groupby(kinds):
            each = group.groupby(names[group.index])[amount].sum() if amount else names[group.index].value_counts()
            largest = sorted(each.items(), key=lambda one: -abs(float(one[1])))
            shown = max(shown, len(largest))
            figure.add_bar(orientation="h", y=[name for name, _ in largest[:most]][::-1], name=str(kind),
                           x=[float(value) for _, value in largest[:most]][::-1])  # fmt: skip
        more = f"; the {most} largest of {shown}" if shown > most else ""
        return Chart(figure, f"{amount.replace('_', ' ') or 'rows'} by {column.replace('_', ' ')}{more}")

    return show


class Chart:
    """A plotly figure that JupyterLab draws without fetching anything.

    Parameters
    ----------
    figure : plotly Figure
    title : str
        What is plotted.
    """

    def __init__(self, figure: go.Figure, title: str) -> None:
        self.figure = figure.update_layout(
            template="opsreport", title={"text": title}, height=340, margin={"t": 56}, barmode="group",
            showlegend=len(figure.data) > 1,
        )  # fmt: skip

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        # Through JSON: plotly's own display would ask a CDN for its script in some front ends.
        return {_PLOTLY: json.loads(self.figure.to_json()), "text/plain": self.figure.layout.title.text}


def _outputs(show: Callable[[pd.DataFrame], Any], rows: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """What showing the rows prints and displays, as a notebook keeps it."""
    with capture_output() as captured:
        display(show(rows))
    printed = {"stdout": captured.stdout, "stderr": captured.stderr}
    return (
        *({"output_type": "stream", "name": name, "text": text} for name, text in printed.items() if text),
        *({"output_type": "display_data", "data": one.data, "metadata": one.metadata or {}}
          for one in captured.outputs),
    )  # fmt: skip


def _options(values: pd.Series) -> list[str]:
    counted = values.dropna().astype("string").value_counts()
    missing = [NONE] if values.map(is_unknown).any() else []
    return [ALL, *missing, *counted.index[:_MOST_CHOICES]]

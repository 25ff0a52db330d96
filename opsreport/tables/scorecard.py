"""The scorecard: the key figures of every section in one table."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows
from opsreport.language import mark
from opsreport.schemas import SECTIONS
from opsreport.schemas.scorecard import NAMES
from opsreport.schemas.words import KEY_FIGURES
from opsreport.tables.marks import badge, number_class, spark
from opsreport.theme import Style

_SCORE_HEADS = (mark("Measure"), mark("This month"), mark("Target"), mark("Last month"), mark("Baseline"),
                mark("13 months"), mark("Seen"), mark("Verdict"))  # fmt: skip


def scorecard(rows: pd.DataFrame, style: Style) -> Exhibit:
    """The key figures that have a target: this month against it, last month and the baseline.

    Parameters
    ----------
    rows : DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists, each figure in its own unit; those
        without a target are left out.
    """
    agreed = rows[rows["target"].notna()]
    if agreed.empty:
        said = style.say("No target was agreed for these days; the other key figures stand below.")
        return Exhibit("scorecard", "prose", f"<p>{html.escape(said)}</p>", said, about={"role": "note"})
    title = style.say("Scorecard")
    return _shown("scorecard", agreed, title, style, {"title": title, "verdicts": _verdicts(agreed),
                   "scores": [_score(row, style) for _, row in agreed.iterrows()]})  # fmt: skip


def others(rows: pd.DataFrame, style: Style) -> Exhibit:
    """The key figures that nothing was agreed of, folded away until a reader asks for them.

    Parameters
    ----------
    rows : DataFrame
        As `scorecard` takes them; those with a target are left out.
    """
    free = rows[rows["target"].isna()]
    if free.empty:
        said = style.say("Every key figure has a target.")
        return Exhibit("scorecard_others", "prose", f"<p>{html.escape(said)}</p>", said, about={"role": "note"})
    title = style.say("{count} figures without a target", count=style.text(len(free), "count"))
    return _shown("scorecard_others", free, title, style, {"title": title, "is_folded": True})


def _shown(id: str, rows: pd.DataFrame, title: str, style: Style, about: dict[str, Any]) -> Exhibit:
    facts: list[Fact] = []
    heads = [h for h in _SCORE_HEADS if not _is_left_out(h, rows)]
    body, section = "", ""
    for _, row in rows.iterrows():
        body += _group(row["section"], len(heads), style) if row["section"] != section else ""
        body += _score_row(row, style, facts, heads)
        section = row["section"]
    numbers = ("This month", "Target", "Last month", "Baseline", "Seen")
    head = "".join(f'<th scope="col"{number_class(h in numbers)}>{style.say(h)}</th>' for h in heads)
    note = "" if "Seen" in heads else style.say("All of these were seen whole.")
    return Exhibit(
        id=id, kind="scorecard",
        html=f"<table><caption>{html.escape(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>",
        text=_score_text(rows, style), facts=tuple(fact.record(style) for fact in facts), about={"note": note, **about},
    )  # fmt: skip


def _is_left_out(head: str, rows: pd.DataFrame) -> bool:
    """Whether a column would say the same in every row."""
    if head in ("Target", "Verdict"):
        return bool(rows["target"].isna().all())
    return head == "Seen" and bool((rows["coverage"].astype("float64") == 1).all())


def _score_text(rows: pd.DataFrame, style: Style) -> str:
    told = rows[["measure", "this_month", "target", "last_month", "verdict"]]
    told = told.assign(measure=[style.again(one, KEY_FIGURES) for one in told["measure"]],
                       verdict=[style.say(one) for one in told["verdict"]])  # fmt: skip
    return told.to_string(index=False)


def _verdicts(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Each target's verdict, for the manifest."""
    agreed = rows[rows["target"].notna()]
    return [{name: str(row[name]) for name in ("id", "measure", "section", "verdict")} for _, row in agreed.iterrows()]


def _score(row: pd.Series, style: Style) -> dict[str, Any]:
    """A target as the mail says it, in the client's language."""
    printed = {name: Fact("", row[name], row["unit"], currency=row["currency"]).text(style)
               for name in ("this_month", "target", "last_month")}  # fmt: skip
    name = style.say(NAMES.get(row["section"], row["section"]))
    return {
        "id": row["id"], "section": name[:1].upper() + name[1:], "measure": style.again(row["measure"], KEY_FIGURES),
        "verdict": row["verdict"], "said": style.say(row["verdict"]), **printed,
    }  # fmt: skip


def _group(section: str, width: int, style: Style) -> str:
    """The line above a section's key figures."""
    name = html.escape(style.say(NAMES.get(section, section)))
    return (
        f'<tr class="group"><th scope="colgroup" colspan="{width}">'
        f'<a href="#{html.escape(section)}">{name[:1].upper()}{name[1:]}</a></th></tr>'
    )


def _score_row(row: pd.Series, style: Style, facts: list[Fact], heads: list[str]) -> str:
    columns = {"This month": "this_month", "Target": "target", "Last month": "last_month", "Baseline": "baseline"}
    measure = html.escape(style.again(row["measure"], KEY_FIGURES))
    cells = [f'<th scope="row" data-label="{style.say("Measure")}">{measure}</th>']
    for head in heads[1:]:
        label = f'data-label="{style.say(head)}"'
        if head in columns:
            cells.append(_figure(row, columns[head], label, style, facts))
        elif head == "13 months":
            cells.append(f"<td {label}>{spark(row['trend'])}</td>")
        elif head == "Seen":
            facts.append(Fact(f"scorecard.{row['id']}.coverage", row["coverage"], "share"))
            cells.append(f'<td class="num" {label}>{facts[-1].html(style)}</td>')
        else:
            cells.append(f"<td {label}>{badge(row['verdict'], style)}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _figure(row: pd.Series, column: str, label: str, style: Style, facts: list[Fact]) -> str:
    covered = row["coverage"] if column == "this_month" else None
    id, behind = f"scorecard.{row['id']}.{column}", _score_rows(row, column)
    facts.append(Fact(id, row[column], row["unit"], covered, row["currency"], rows=behind))
    return f'<td class="num" {label}>{facts[-1].html(style)}</td>'


def rows_behind(row: Mapping[str, Any] | pd.Series, when: str) -> Rows | None:
    """The rows behind a key figure in some days: those that it names, else all of its section's frame."""
    given = row["rows"] if isinstance(row["rows"], Rows) else Rows(SECTIONS.get(row["section"], ""))
    return given.at(when) if given.frame else None


def _score_rows(row: pd.Series, column: str) -> Rows | None:
    """The rows behind a key figure, of the days that the column tells of; none behind what was agreed."""
    return None if column == "target" else rows_behind(row, column)

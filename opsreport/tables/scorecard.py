"""The scorecard: the key figures of every section in one table."""

from __future__ import annotations

import html
from dataclasses import replace

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows
from opsreport.language import mark
from opsreport.schemas import SECTIONS
from opsreport.schemas.scorecard import NAMES
from opsreport.schemas.words import KEY_FIGURES
from opsreport.tables.marks import badge, number_class, spark
from opsreport.theme import Style, is_unknown

_SCORE_HEADS = (mark("Measure"), mark("This month"), mark("Target"), mark("Last month"), mark("Baseline"),
                mark("13 months"), mark("Seen"), mark("Verdict"))  # fmt: skip


def scorecard(rows: pd.DataFrame, style: Style) -> Exhibit:
    """The key figures of every section: this month against target, last month and baseline.

    Parameters
    ----------
    rows : DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists, each figure in its own unit.
    """
    facts: list[Fact] = []
    body, section = "", ""
    for _, row in rows.iterrows():
        body += _group(row["section"], len(_SCORE_HEADS), style) if row["section"] != section else ""
        body += _score_row(row, style, facts)
        section = row["section"]
    numbers = ("This month", "Target", "Last month", "Baseline", "Seen")
    head = "".join(f'<th scope="col"{number_class(h in numbers)}>{style.say(h)}</th>' for h in _SCORE_HEADS)
    title = style.say("Scorecard")
    return Exhibit(
        id="scorecard",
        kind="scorecard",
        html=f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
        text=_score_text(rows, style),
        facts=tuple(fact.record(style) for fact in facts),
        about={"title": title, "note": "", "verdicts": _verdicts(rows)},
    )


def _score_text(rows: pd.DataFrame, style: Style) -> str:
    told = rows[["measure", "this_month", "target", "last_month", "verdict"]]
    told = told.assign(measure=[style.again(one, KEY_FIGURES) for one in told["measure"]],
                       verdict=[style.say(one) for one in told["verdict"]])  # fmt: skip
    return told.to_string(index=False)


def _verdicts(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Each target's verdict, for the manifest."""
    agreed = rows[rows["target"].notna()]
    return [{name: str(row[name]) for name in ("id", "measure", "section", "verdict")} for _, row in agreed.iterrows()]


def _group(section: str, width: int, style: Style) -> str:
    """The line above a section's key figures."""
    name = html.escape(style.say(NAMES.get(section, section)))
    return (
        f'<tr class="group"><th scope="colgroup" colspan="{width}">'
        f'<a href="#{html.escape(section)}">{name[:1].upper()}{name[1:]}</a></th></tr>'
    )


def _score_row(row: pd.Series, style: Style, facts: list[Fact]) -> str:
    name, this_month, target, last_month, baseline, trend, seen_head, verdict = map(style.say, _SCORE_HEADS)
    cells = [f'<th scope="row" data-label="{name}">{html.escape(style.again(row["measure"], KEY_FIGURES))}</th>']
    for column, heading in (("this_month", this_month), ("target", target),
                            ("last_month", last_month), ("baseline", baseline)):  # fmt: skip
        if column == "target" and is_unknown(row[column]):
            cells.append(f'<td class="num absent" data-label="{heading}">{style.say("none agreed")}</td>')
            continue
        covered = row["coverage"] if column == "this_month" else None
        behind = _score_rows(row, column)
        fact = Fact(f"scorecard.{row['id']}.{column}", row[column], row["unit"], covered, row["currency"], rows=behind)
        facts.append(fact)
        cells.append(f'<td class="num" data-label="{heading}">{fact.html(style)}</td>')
    seen = Fact(f"scorecard.{row['id']}.coverage", row["coverage"], "share")
    facts.append(seen)
    cells.append(f'<td data-label="{trend}">{spark(row["trend"])}</td>')
    cells.append(f'<td class="num" data-label="{seen_head}">{seen.html(style)}</td>')
    # Where nothing was agreed there is nothing to be met or missed.
    judged = badge(row["verdict"], style) if not is_unknown(row["target"]) else '<span class="absent">–</span>'
    cells.append(f'<td data-label="{verdict}">{judged}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _score_rows(row: pd.Series, column: str) -> Rows | None:
    """The rows behind a key figure, of the days that the column tells of; none behind what was agreed."""
    if column == "target":
        return None
    given = row["rows"] if isinstance(row["rows"], Rows) else Rows(SECTIONS.get(row["section"], ""))
    days = given.when if given.when == "history" else column
    return replace(given, when=days) if given.frame else None

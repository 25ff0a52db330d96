"""The list of everyone with access, for the client to sign: on the page, and on paper."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact
from opsreport.language import mark
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

_GROUPS = {
    "joined": mark("Joined this month"), "left": mark("Left this month"), "changed": mark("Changed this month"),
    "ours": mark("Our own"), "": mark("Everyone else"),
}  # fmt: skip
_HEADS = (mark("Who"), mark("May do"), mark("To look at"), mark("Keep or remove"), mark("Name"), mark("Date"))
_SPACE = "\u00a0"
#: What is decided of those who have access, and of those who left; each box stays with its word.
_BOXES = ((mark("keep"), mark("remove")), (mark("right"), mark("wrong")))
#: Room to write in.
_WIDTHS = {"Name": 22, "Date": 12}


def signoff(rows: pd.DataFrame, style: Style) -> Exhibit:
    """Everyone whose access is to be confirmed, with room to decide and to sign.

    Parameters
    ----------
    rows : DataFrame
        From `opsreport.metrics.access.signoff`.

    Returns
    -------
    Exhibit
        A table; those who joined, left or changed stand first, then our own people.
    """
    title, id = style.say("To be confirmed"), "access.signoff"
    if rows.empty:
        said = style.say("Nobody's access was seen, so there is nothing to sign.")
        return Exhibit(id=id, kind="prose", html=f"<p>{said}</p>", text=said, about={"role": "note"})
    head = "".join(f'<th scope="col">{style.say(one)}{_SPACE * _WIDTHS.get(one, 0)}</th>' for one in _HEADS)
    groups = [(name, rows[rows["access_change"].fillna("") == name]) for name in _GROUPS]
    facts: list[Fact] = []
    bodies = [_group(name, group, facts, style) for name, group in groups if len(group)]
    return Exhibit(
        id=id, kind="table",
        html=f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead>{''.join(bodies)}</table>",
        text="\n".join([title, *(f"{name}: {style.again(look, WORDS)}"
                                 for name, look in zip(rows["principal_name"], rows["to_look_at"], strict=True))]),
        facts=tuple(fact.record(style) for fact in facts),
        about={"title": title, "note": style.say("Signed on your side by whoever decides on access.")},
    )  # fmt: skip


def _group(name: str, rows: pd.DataFrame, facts: list[Fact], style: Style) -> str:
    count = Fact(f"access.signoff.{name or 'others'}", len(rows), "count")
    facts.append(count)
    heading = f"<strong>{style.say(_GROUPS[name])}</strong> ({count.html(style)})"
    heading = f'<tr><th scope="rowgroup" colspan="{len(_HEADS)}">{heading}</th></tr>'
    return f"<tbody>{heading}{''.join(_row(row, name, style) for row in rows.to_dict('records'))}</tbody>"


def _row(row: dict[str, Any], group: str, style: Style) -> str:
    at = _text(row["access_account"])
    whose, changed, to_look = (style.again(_text(row[name]), WORDS) for name in ("whose", "what_changed", "to_look_at"))
    small = [row["principal"] if row["principal"] != row["principal_name"] else "", whose]
    small = [*small, style.say("at {account}", account=at) if at else ""]
    who = html.escape(row["principal_name"])
    who += "".join(f"<br><small>{html.escape(one)}</small>" for one in small if one)
    look = "; ".join(filter(None, [changed, to_look]))
    boxes = " ".join(f"☐{_SPACE}{style.say(word)}" for word in _BOXES[group == "left"])
    cells = zip(_HEADS[1:], (_text(row["access_roles"]), look, boxes, _SPACE, _SPACE), strict=True)
    body = "".join(f'<td data-label="{style.say(head)}">{html.escape(text)}</td>' for head, text in cells)
    return f'<tr><th scope="row">{who}</th>{body}</tr>'


def _text(value: Any) -> str:
    return "" if is_unknown(value) else str(value)

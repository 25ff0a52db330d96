"""The sentences on all clients of a month: who needs attention first, and why."""

from __future__ import annotations

import html
from collections.abc import Iterable

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

_REVIEWS = {
    "not made": "no review is made", "older than its records": "the review is older than its records",
    "draft": "the review is a draft", "final": "the review awaits approval",
}  # fmt: skip


def cover(month: str, style: Style) -> Exhibit:
    """That this page is ours, of which month."""
    title = style.text(Period.month(month).first_day, "month")
    about = {
        "client": "fleet", "display_name": "All clients", "period": title, "month": month, "state": "internal",
        "state_note": "Names every client: not for any of them.", "colour": "", "logo": "", "language": "en",
        "zone": "", "prepared": "", "page": "Fleet",
    }  # fmt: skip
    return Exhibit("cover", "cover", "<h1>All clients</h1>", f"All clients, {title}", about=about)


def finding(clients: pd.DataFrame, gaps: pd.DataFrame, style: Style) -> Exhibit:
    """How many reviews are made, and how many clients missed something."""
    if clients.empty:
        return prose("fleet.finding", "No client has a file in params.", style)
    made = int(clients["page"].ne("").sum())
    missed = int((clients["targets_missed"] > 0).sum())
    parts = [
        prose("fleet.finding", "{made} of {all} reviews are made; {missed} of them miss something agreed.", style,
              made=Fact("fleet.made", made, "count"), all=Fact("fleet.all", len(clients), "count"),
              missed=Fact("fleet.missed", missed, "count")),
    ]  # fmt: skip
    if len(gaps):
        parts.append(prose("fleet.gaps", "{count} sources did not tell of the whole month.", style,
                           count=Fact("fleet.gaps", len(gaps), "count")))  # fmt: skip
    return join("fleet.finding", parts)


def attention(clients: pd.DataFrame, style: Style) -> Exhibit:
    """Each client with what there is to do, those that need it most first; a link where a review is made."""
    items, facts, texts = [], [], []
    for row in clients.to_dict("records"):
        reasons = list(_reasons(row))
        known = [reason for reason in reasons if isinstance(reason, Fact)]
        facts += [fact.record(style) for fact in known]
        said = "; ".join(_said(reason, style) for reason in reasons) or "nothing to do"
        name = html.escape(row["display_name"])
        link = f'<a href="{html.escape(row["page"])}">{name}</a>' if row["page"] else name
        items.append(f"<li><strong>{link}</strong>: {said}.</li>")
        plain = "; ".join(_plain(reason, style) for reason in reasons) or "nothing to do"
        texts.append(f"{row['display_name']}: {plain}.")
    if not items:
        return prose("fleet.attention", "There is nobody to attend to.", style, "note")
    return Exhibit("fleet.attention", "prose", f"<ol>{''.join(items)}</ol>", " ".join(texts), tuple(facts),
                   about={"role": "list"})  # fmt: skip


_COUNTED = {
    "targets_missed": ("{} target missed", "{} targets missed"),
    "urgent_findings": ("{} finding to act on now", "{} findings to act on now"),
    "actions_overdue": ("{} action overdue", "{} actions overdue"),
    "targets_unknown": ("{} target not to be judged", "{} targets not to be judged"),
}


def _reasons(row: dict) -> Iterable[Fact | str]:
    if row["problem"]:
        yield row["problem"]
    yield _REVIEWS.get(row["review"], f"the review is {row['review']}")
    for name in _COUNTED:
        if not is_unknown(row[name]) and row[name]:
            yield Fact(f"fleet.{row['client']}.{name}", int(row[name]), "count")
    if not is_unknown(row["records_named"]) and row["records_named"] > row["records_whole"]:
        yield Fact(f"fleet.{row['client']}.short", int(row["records_named"] - row["records_whole"]), "count")


def _said(reason: Fact | str, style: Style) -> str:
    return _words(reason).format(reason.html(style)) if isinstance(reason, Fact) else html.escape(reason)


def _plain(reason: Fact | str, style: Style) -> str:
    return _words(reason).format(reason.text(style)) if isinstance(reason, Fact) else reason


def _words(fact: Fact) -> str:
    one, many = _COUNTED.get(fact.id.rpartition(".")[2], ("{} source not whole", "{} sources not whole"))
    return one if fact.value == 1 else many

"""What the operator is told: what happened, since when, what will be lost, and what to do; no news twice a day."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click
import pandas as pd

from opsreport.attempts import A_DAY
from opsreport.cli.shown import printable
from opsreport.cli.standing import DRAFT, Standing
from opsreport.errors import StoreError
from opsreport.fleet import OUTDATED
from opsreport.home import Home, one_at_a_time, write_whole
from opsreport.silence import NEVER, NO_ROWS, NOT_RUN, NOTHING_NEW, UNREAD, forgets_after

#: Gives a subject and a text to the operator; raises an OpsreportError when it could not.
Tell = Callable[[str, str], None]

FILE = "told.json"
#: Less than a day, so that what is looked at daily and goes on is told daily.
AGAIN = pd.Timedelta(hours=20)
_NAMED = 4
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class News:
    """One thing that needs a person.

    Attributes
    ----------
    key : str
        The same as long as it is the same news.
    client, text : str
    """

    key: str
    client: str
    text: str


def to_terminal(place: Home) -> Tell:
    """Tells on standard output, where no mail is set up."""
    return lambda subject, text: click.echo(f"{subject}\n\n{text}", nl=False)


def news(one: Standing, home: Home, now: pd.Timestamp) -> list[News]:
    """What of a client needs a person, each with the command to run."""
    made = [_silent_news(one, home, now, rows) for _, rows in one.silent.groupby("reason", sort=False)]
    month = ["--month", one.month]
    if one.problem:
        # Records that could be read, of a review that cannot: it is made again.
        task = ["report", one.client, *month] if one.named else ["check", one.client]
        made.append(_item(one, one.problem, [one.problem], _run(home, *task)))
    if one.is_late(now):
        how = "is still a draft" if one.review == DRAFT else "was not made"
        happened = f"the review of {one.month} {how}; it was due {_when(one.due, one.zone)}"
        made.append(_item(one, happened, [happened + "."], _run(home, "report", one.client, *month)))
    if one.is_waiting(now):
        happened, *task = _waiting(one)
        made.append(_item(one, happened, [happened + "."], _run(home, *task, *month)))
    return made


def tell_new(place: Home, items: Iterable[News], now: pd.Timestamp, tell: Tell) -> int:
    """Tell what was not told within the day; where that fails it is not noted, and so told the next time.

    Returns
    -------
    int
        How many were told.

    Raises
    ------
    OpsreportError
        When it could not be told, or not be noted.
    """
    path = place.store / FILE
    with one_at_a_time(place.store):
        known = _told(place)
        fresh = [one for one in items if not _is_recent(known.get(one.key), now)]
        if not fresh:
            return 0
        tell(_subject(fresh), "\n\n".join(one.text for one in fresh) + "\n")
        kept = {key: at for key, at in known.items() if _is_recent(at, now)} | {one.key: now for one in fresh}
        try:
            write_whole(path, json.dumps({key: at.isoformat() for key, at in sorted(kept.items())}, indent=0))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}", hint="check disk space") from error
    return len(fresh)


def _silent_news(one: Standing, home: Home, now: pd.Timestamp, rows: pd.DataFrame) -> News:
    """Of all sources that are silent for one reason."""
    reason, each = rows["reason"].iloc[0], rows.to_dict("records")
    said = _by(each, lambda row: _happened(row, one.zone, now)) | (
        _by(each, lambda row: _loss(row, one.zone, now)) if reason != NO_ROWS else {})  # fmt: skip
    lines = [f"{_shown(group, one.named)}: {words}" for words, group in said.items()]
    task = "collect" if reason in (NOT_RUN, NEVER) and not any(rows["why"]) else "check"
    key = f"{reason}: {_names(each)}"
    return _item(one, key, lines, _run(home, task, one.client), title=_TITLES[reason])


_TITLES = {
    NEVER: "sources that were never read", NOT_RUN: "the collect did not run", UNREAD: "sources that cannot be read",
    NOTHING_NEW: "sources that tell of nothing new", NO_ROWS: "sources that list nothing new",
}  # fmt: skip


def _happened(row: dict[str, Any], zone: str, now: pd.Timestamp) -> str:
    """What happened to a source, and since when."""
    reason, why = row["reason"], f": {row['why'].partition(chr(10))[0]}" if row["why"] else ""
    if reason == NEVER:
        return f"the file names it, and it was never read{why}."
    if reason in (NOT_RUN, UNREAD):
        # What it told of may have ended before it was read, as an export does.
        known = f", and told of what was up to {_when(row['since'], zone)}" if _lags(row) else ""
        return f"last read {_when(row['read_at'], zone)} ({_long(now - row['read_at'])} ago){known}{why}."
    since = f"{_when(row['since'], zone)} ({_long(now - row['since'])} ago)"
    if reason == NOTHING_NEW:
        return f"read, but it tells of nothing after {since}."
    return f"read, but it lists nothing after {since}, longer than ever; does it still see everything?"


def _lags(row: dict[str, Any]) -> bool:
    return row["read_at"] - row["since"] > A_DAY


def _loss(row: dict[str, Any], zone: str, now: pd.Timestamp) -> str:
    """What of a source is lost for good, and from when on."""
    keeps, lost_from = row["keeps"], row["lost_from"]
    if pd.isna(lost_from):
        return ("it is not known here how long its system remembers; keep its exports." if pd.isna(keeps)
                else "nothing is lost: its system forgets nothing, and the next collect reads it.")  # fmt: skip
    after, days = lost_from - forgets_after(keeps), keeps / _DAY
    system = f"its system remembers {days:g} days" if keeps > A_DAY else "it shows only how things are now"
    begins, lost = f"from {_when(lost_from, zone)} on", "is lost"
    if lost_from <= now:
        begins, lost = f"since {_when(lost_from, zone)}", "is being lost"
    said = [f"{system}: {begins}, what came after {_when(after, zone)} {lost} for good, day by day."]
    if row["lost_by_report"] > pd.Timedelta(0):
        now_lost = (
            f"{_long(row['lost_now'])} are lost already" if row["lost_now"] > pd.Timedelta(0) else "nothing is yet"
        )
        said.append(f"Of {row['month']} {now_lost}, and {_long(row['lost_by_report'])} will be when it is reported, "
                    f"{_when(row['report_at'], zone)}.")  # fmt: skip
    return " ".join(said)


def _waiting(one: Standing) -> tuple[str, ...]:
    """What a review waits for, and the command for it."""
    mail, month = one.mailed, one.month
    if mail.unknown:
        return (
            f"of the mails of {month} it is not known of {mail.unknown} whether it arrived",
            "send",
            one.client,
            "--log",
        )
    if mail.refused:
        return f"of the mails of {month} {mail.refused} were refused", "send", one.client, "--log"
    if one.review == OUTDATED:
        return f"the review of {month} is older than its records", "report", one.client
    if not mail.approved_by:
        return f"the review of {month} waits to be approved", "preview", one.client
    sent = f"{mail.sent} of {mail.recipients}"
    return f"the review of {month} is approved, and sent to {sent}", "send", one.client


def _item(one: Standing, key: str, lines: list[str], run: str, title: str = "") -> News:
    head = f"{one.client}: {title} (times in {one.zone})" if title else one.client
    body = [head, *(f"  {line}" for line in lines), f"  Run: {run}"]
    return News(f"{one.client} {key}", one.client, printable("\n".join(body)))


def _subject(items: list[News]) -> str:
    clients = list(dict.fromkeys(one.client for one in items))
    more = f" and {len(clients) - _NAMED} more" if len(clients) > _NAMED else ""
    count = "1 thing needs" if len(items) == 1 else f"{len(items)} things need"
    return f"opsreport: {count} a person: {', '.join(clients[:_NAMED])}{more}"


def _by(rows: list[dict[str, Any]], say: Callable[[dict[str, Any]], str]) -> dict[str, list[dict[str, Any]]]:
    """Rows of which the same is said, together."""
    made: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        made.setdefault(say(row), []).append(row)
    return made


def _names(rows: list[dict[str, Any]]) -> str:
    return ", ".join(f"{row['frame']} from {row['source']}" for row in rows)


def _shown(rows: list[dict[str, Any]], named: int) -> str:
    """The sources' names, or how many they are where they are all, or too many to read."""
    if len(rows) == named > 1:
        return f"all {named} sources"
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return _names(rows[:_NAMED]) + more


def _run(home: Home, *words: str) -> str:
    return shlex.join(["opsreport", *words, "--home", str(home.folder)])


def _when(at: pd.Timestamp, zone: str) -> str:
    return f"{at.tz_convert(zone):%Y-%m-%d %H:%M}"


def _long(span: pd.Timedelta) -> str:
    hours = span / pd.Timedelta(hours=1)
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def _is_recent(at: pd.Timestamp | None, now: pd.Timestamp) -> bool:
    return at is not None and pd.Timedelta(0) <= now - at < AGAIN


def _told(place: Home) -> dict[str, pd.Timestamp]:
    path = place.store / FILE
    try:
        return {key: pd.Timestamp(at).tz_convert("UTC") for key, at in json.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} cannot be read: {error}", hint="remove it: all is told once more") from error

"""The review's opening and its end: whose it is, what happened, how complete it is, and how it was made."""

from __future__ import annotations

import base64
import html
import mimetypes
from pathlib import Path

import pandas as pd

from opsreport.approved import Approval
from opsreport.errors import ParamsError
from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.language import mark
from opsreport.params import ClientParams
from opsreport.period import Period
from opsreport.theme import Style

_STATES = {
    "draft": mark("This month is still running: figures will change."),
    "final": mark("The month has ended."),
    "approved": mark("Approved by {name} on {date}."),
    "corrected": mark("Corrected; approved by {name} on {date}."),
}


def cover(
    client: ClientParams, period: Period, state: str, folder: Path, read_at: pd.Timestamp,
    approval: Approval | None = None,
) -> Exhibit:  # fmt: skip
    """Whose review this is, of which days, in which state.

    Parameters
    ----------
    folder : Path
        Where the client's file stands, which its logo is relative to.
    read_at : Timestamp
        When the newest of the data was read.
    approval : Approval, optional
        Who approved it, and when, where somebody did.

    Raises
    ------
    ParamsError
        When the logo cannot be read, or is no picture.
    """
    style = Style(client.locale, client.currency, client.time_zone, client.language, period.is_month)
    title = period_title(period, style)
    about = {
        "client": client.client, "display_name": client.display_name, "period": title,
        "month": period.name, "state": state, "state_note": state_note(state, approval, style),
        "colour": client.brand.colour, "logo": _logo(folder, client.brand.logo),
        "language": client.language, "zone": client.time_zone, "prepared": style.text(read_at, "date"),
    }  # fmt: skip
    text = style.say("{client}, operations review, {month}", client=client.display_name, month=title)
    return Exhibit(id="cover", kind="cover", html=f"<h1>{html.escape(text)}</h1>", text=text, about=about)


def state_note(state: str, approval: Approval | None, style: Style) -> str:
    """What a review's state means to its reader."""
    if approval is None:
        return style.say(_STATES.get(state, ""))
    date = style.text(pd.Timestamp(approval.at), "date")
    return style.say(_STATES[state], name=approval.by, date=date)


def period_title(period: Period, style: Style) -> str:
    """A month by its name; any other run of days by its first and last."""
    if period.is_month:
        return style.text(period.first_day, "month")
    last = period.end_day - pd.Timedelta(days=1)
    first, last = style.text(period.first_day, "date"), style.text(last, "date")
    return style.say("{start} to {end}", start=first, end=last)


def completeness(told: pd.DataFrame, gaps: pd.DataFrame, style: Style, scores: pd.DataFrame | None = None) -> Exhibit:
    """How much of what there was to see was seen, in a sentence.

    Parameters
    ----------
    told : DataFrame
        From `opsreport.completeness.completeness`.
    gaps : DataFrame
        Names at the sources that map to no service.
    scores : DataFrame, optional
        The key figures of all sections: what a source that was read whole did not itself know shows
        in what was seen of them.
    """
    whole = int((told["status"] == "ok").sum())
    parts = [
        prose(
            "completeness.sources", "{whole} of {all} kinds of record are complete for these days.", style,
            whole=Fact("completeness.whole", whole, "count"), all=Fact("completeness.all", len(told), "count"),
        )
    ]  # fmt: skip
    short = told.loc[told["status"] != "ok", "frame"].unique()
    if len(short):
        names = ", ".join(style.say(name) for name in short)
        parts.append(prose("completeness.short", "Not complete: {names}.", style, names=names))
    is_read = told["status"].isin(["ok", "no source"]).all()
    if is_read and scores is not None and (scores["coverage"].astype("float64") < 1).any():
        words = "The sources were read whole; what they themselves did not see is said in each section."
        parts.append(prose("completeness.unseen", words, style))
    if len(gaps):
        parts.append(
            prose(
                "completeness.gaps", "Names at the sources that map to no service yet: {count}.", style,
                count=Fact("completeness.unmapped", len(gaps), "count"),
            )
        )  # fmt: skip
    return join("completeness", parts, role="note")


def method(client: ClientParams, period: Period, style: Style) -> Exhibit:
    """How the review was made: clock, money, and what unknown means."""
    rates = "; ".join(
        style.say("1 {bill} is {rate} {currency} ({stated})", bill=rate.bill_currency, rate=rate.rate,
                  currency=client.currency, stated=rate.stated)
        for rate in client.exchange_rates
    )  # fmt: skip
    template = (
        "Days are counted in {zone}, from {start} up to {end}; the bill counts its days in UTC. "
        "A share is of what was observed; what was not observed is unknown, never zero and never 100 %, and a "
        "target reads met or missed only where what was not seen could not change it. "
        "Availability leaves out agreed maintenance and excused downtime, each listed. {money} Amounts are rounded "
        "where they are printed, and a sum is of the exact ones, so that its last digit may differ from theirs."
    )
    money = style.say("Money is converted at the stated rate: {rates}." if rates else (
        "Money is in the bill's own currency."), rates=rates)  # fmt: skip
    return prose(
        "method", template, style, role="method", zone=client.time_zone, money=money,
        start=Fact("method.start", period.start, "instant"), end=Fact("method.end", period.end, "instant"),
    )  # fmt: skip


def _logo(folder: Path, name: str) -> str:
    if not name:
        return ""
    kind = mimetypes.guess_type(name)[0] or ""
    if kind not in ("image/png", "image/jpeg", "image/svg+xml"):
        raise ParamsError(f"brand.logo: {name} is not a picture", hint="use a PNG, JPEG or SVG file")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ParamsError(
            f"brand.logo: {folder / name}: {error.strerror}", hint="paths are relative to the client's file"
        ) from error
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"

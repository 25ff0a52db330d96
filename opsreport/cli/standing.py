"""Where each client stands in a month: collected, reported, approved, sent; and what stayed silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

import pandas as pd

from opsreport import attempts
from opsreport.cli.collect import named_sources
from opsreport.cli.timetable import next_report, report_due, times
from opsreport.errors import OpsreportError, ParamsError
from opsreport.fleet import NOT_MADE, OUTDATED, survey
from opsreport.home import Home
from opsreport.params import client_names, load_params
from opsreport.params.team import Rhythm, load_team
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.silence import COLUMNS, Named, silence
from opsreport.sources import name_of
from opsreport.store import Store

DRAFT = "draft"
#: How long a report may take before it counts as not made.
_REPORT_TAKES = pd.Timedelta(hours=1)
#: How far back it is looked how often a source lists something.
_LOOKED_BACK = pd.Timedelta(days=120)
#: Of bills, what was read is told by their own days; of these, a row may be years old.
_NOT_BY_DAY = {"cost", "change", "recommendation", "vulnerability"}


@dataclass(frozen=True)
class Mailed:
    """What became of a month's mail.

    Attributes
    ----------
    approved_by : str
        Empty while nobody approved it.
    approved_at : Timestamp, optional
    recipients : int
        Who is to receive it.
    sent, planned, refused, unknown : int
        How many of these each is true of; of unknown only a person can say whether it arrived.
    """

    approved_by: str = ""
    approved_at: pd.Timestamp | None = None
    recipients: int = 0
    sent: int = 0
    planned: int = 0
    refused: int = 0
    unknown: int = 0


#: What is known of the mail of a client and month.
MailState = Callable[[str, str], Mailed]


def nothing_mailed(client: str, month: str) -> Mailed:
    """Of no client anything was approved, nor sent."""
    return Mailed()


@dataclass(frozen=True)
class Standing:
    """Where one client stands.

    Attributes
    ----------
    client, month : str
    problem : str
        Why nothing can be told of it, as when its file is wrong; else empty.
    read_at : Timestamp
        When any of its sources last answered; NaT when none ever did.
    silent : DataFrame
        `opsreport.silence.COLUMNS`.
    whole, named : int
        Of how many sources that its file names the month's records are whole.
    review : str
        not made, draft, final, approved, corrected, or older than its records.
    due : Timestamp
        When the month's report is made; NaT when it is not known.
    mailed : Mailed
    zone : str
        The client's time zone.
    """

    client: str
    month: str
    problem: str
    read_at: pd.Timestamp
    silent: pd.DataFrame
    whole: int
    named: int
    review: str
    due: pd.Timestamp
    mailed: Mailed
    zone: str = "UTC"

    def is_late(self, now: pd.Timestamp) -> bool:
        """Whether its review should be there by now, and is not."""
        return self.review in (NOT_MADE, DRAFT) and not self.problem and self._is_past_due(now)

    def is_waiting(self, now: pd.Timestamp) -> bool:
        """Whether a made review waits for a person: to be made again, approved or sent, or to say what arrived."""
        mail = self.mailed
        if mail.approved_by:
            return bool(mail.unknown or mail.refused or self.review == OUTDATED or mail.sent < mail.recipients)
        if self.review == OUTDATED:  # until it is due it will be made again anyway
            return self._is_past_due(now)
        return self.review not in (NOT_MADE, DRAFT)

    def _is_past_due(self, now: pd.Timestamp) -> bool:
        return not pd.isna(self.due) and now > self.due + _REPORT_TAKES

    def needs_a_person(self, now: pd.Timestamp) -> bool:
        """Whether anything of it is not as it should be, or waits."""
        return bool(self.problem) or len(self.silent) > 0 or self.is_late(now) or self.is_waiting(now)


def standings(
    place: Home, month: str, clients: Sequence[str], now: pd.Timestamp, mail_state: MailState = nothing_mailed,
    machine: tzinfo | None = None,
) -> list[Standing]:  # fmt: skip
    """Where each client stands; one that cannot be read stops none of the others.

    Parameters
    ----------
    month : str
        YYYY-MM; by default the last full month, in UTC.
    clients : sequence of str
        By default all.
    machine : tzinfo, optional
        The zone of this machine's clock; by default as the system says.

    Raises
    ------
    ParamsError, PeriodError
        When there is no such client or month, or the team's own file is wrong.
    """
    known = client_names(place.params)
    if unknown := [client for client in clients if client not in known]:
        raise ParamsError(f"there is no client {unknown[0]}", hint=f"the clients are {', '.join(known)}")
    rhythm, fleet = load_team(place.folder).schedule, survey(month, home=place.folder, now=now, only=clients)
    rows = {row["client"]: row for row in fleet.clients.to_dict("records")}
    return [_standing(place, fleet.month, row, rhythm, now, mail_state, machine) for row in rows.values()]


def named_by(place: Home, client: str) -> list[Named]:
    """Each frame of each source that a client's file names, with how long its system remembers."""
    every = named_sources(place, load_params(place.params, client))
    return [Named(settings.frame, name or name_of(module), getattr(module, "KEEPS", {}).get(settings.frame))
            for name, module, settings in every]  # fmt: skip


def _standing(
    place: Home, month: str, row: dict, rhythm: Rhythm, now: pd.Timestamp, mail_state: MailState, machine: tzinfo | None
) -> Standing:
    client, nothing, due = row["client"], pd.DataFrame(columns=list(COLUMNS)), pd.NaT
    told = {
        "client": client, "month": month, "review": row["review"], "mailed": Mailed(), "read_at": pd.NaT,
        "whole": _count(row["records_whole"]), "named": _count(row["records_named"]), "silent": nothing,
    }  # fmt: skip
    try:
        zone = load_params(place.params, client).time_zone
        due = report_due(times(client, zone, rhythm, now, machine), Period.month(month, zone), machine)
        read_at, silent = _silent(place, client, zone, rhythm, now, machine)
        told |= {"read_at": read_at, "silent": silent, "zone": zone, "mailed": mail_state(client, month)}
    except OpsreportError as error:
        return Standing(**{**told, "problem": error.message, "due": due})
    # That nothing was collected is told source by source.
    return Standing(**told, problem="" if pd.isna(read_at) else row["problem"], due=due)


def _silent(
    place: Home, client: str, zone: str, rhythm: Rhythm, now: pd.Timestamp, machine: tzinfo | None
) -> tuple[pd.Timestamp, pd.DataFrame]:
    """When anything was last read, and what stayed silent."""
    store, asked = Store(place.store, client), attempts.read(place.store / client)
    named, coverage = named_by(place, client), store.coverage()
    ahead, report_at = next_report(times(client, zone, rhythm, now, machine), zone, now, machine)
    silent = silence(named, coverage, asked, ahead, report_at, now, _days(store, named, now))
    read = coverage.loc[coverage["status"] != "unavailable", "collected_at"].max()
    return max((at for at in (read, *(one.read_at for one in asked)) if not pd.isna(at)), default=pd.NaT), silent


def _days(store: Store, named: Sequence[Named], now: pd.Timestamp) -> dict[tuple[str, str], pd.DatetimeIndex]:
    """The days on which each source that is asked over a network listed something, of the last months."""
    made = {}
    for frame in sorted({one.frame for one in named if one.keeps is not None} - _NOT_BY_DAY):
        rows, kind = store.read(frame, now - _LOOKED_BACK, now), FRAMES[frame]
        at = rows[kind.ends if kind.states_of else kind.starts]
        for one in named:
            mine = at[(rows["source"] == one.source) & (at >= now - _LOOKED_BACK) & (at <= now)]
            if one.frame == frame and one.keeps is not None and len(mine):
                made[frame, one.source] = pd.DatetimeIndex(sorted(mine.dt.floor("D").unique()))
    return made


def _count(number: float) -> int:
    return 0 if pd.isna(number) else int(number)

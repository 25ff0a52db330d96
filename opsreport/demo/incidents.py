"""Incidents as they were lived through: impact first, then who noticed and when it ended."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from opsreport.demo.files import instant


@dataclass(frozen=True)
class Event:
    """One incident, with what the monitors saw of it.

    Attributes
    ----------
    starts : str
        When users first felt it, on the client's clock, YYYY-MM-DD HH:MM.
    opened, acknowledged, resolved : int or None
        After `starts`; None when it never happened. [min]
    by : str
        Who noticed: alert, customer or staff.
    trouble : str
        What makes two incidents the same trouble again.
    down, degraded : int
        How long the monitors saw it, from `starts`. [min]
    monitors : tuple of str
        Which monitors saw it; the service's own when empty.
    deployment : str
        Id of the deployment that it is linked to.
    """

    id: str
    service: str
    severity: str
    starts: str
    opened: int
    acknowledged: int | None
    resolved: int | None
    title: str
    by: str = "alert"
    trouble: str = ""
    down: int = 0
    degraded: int = 0
    monitors: tuple[str, ...] = ()
    deployment: str = ""
    drill: bool = False

    def at(self, minutes: int | None, zone: str, utc: bool) -> str:
        """A moment some minutes after the start, as this client's tool writes it."""
        if minutes is None:
            return ""
        moment = instant(self.starts, zone, minutes)
        if utc:
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def stretches(events: list[Event]) -> list[tuple[str, str, int, str]]:
    """What the monitors saw of the incidents: monitor, local start, minutes, state."""
    seen = []
    for event in events:
        for monitor in event.monitors or (event.service,):
            if event.down:
                seen.append((monitor, event.starts, event.down, "down"))
            if event.degraded:
                seen.append((monitor, event.starts, event.degraded, "degraded"))
    return seen

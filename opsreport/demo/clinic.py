"""Northgate Clinic, a patient portal in Berlin: a month in which its agreement was missed.

On 14 October 2026 a release of the booking service, at 09:58, took booking and portal down
from 10:03 to 11:21, until it was rolled back. The day after, the database was enlarged.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from opsreport.demo import bill, clinic_bill
from opsreport.demo.delivery import changes, deployments, told
from opsreport.demo.files import csv_bytes, json_bytes
from opsreport.demo.incidents import Event, stretches
from opsreport.demo.monitoring import Stretch
from opsreport.demo.monitoring import changes as state_changes

ZONE = "Europe/Berlin"
MONITORS = ["portal", "booking", "records-api"]
ORDINARY = {"portal": 6, "booking": 9, "records-api": 2}


def files(seed: int) -> dict[str, bytes]:
    """Every file of the clinic's exports, by its path."""
    live = deployments(seed, ORDINARY, DEPLOYMENTS)
    return {
        **bill.month_files(clinic_bill.rows(seed)),
        "monitor.json": json_bytes(_states()),
        "incidents.csv": csv_bytes(_INCIDENT_COLUMNS, [_incident(event) for event in EVENTS]),
        "deployments.csv": csv_bytes(
            ("id", "component", "environment", "commit", "started", "finished", "result", "emergency_action",
            "hotfix"),
            [
                (one.id, one.service, one.environment, one.sha, _stamp(one.starts), _stamp(one.finishes), one.outcome,
                 str(one.intervention).lower(), str(one.rework).lower())
                for one in live
            ],
        ),
        "changes.csv": csv_bytes(
            ("change", "deployment", "first_commit", "merged"),
            [(one.id, one.deployment.id, _stamp(one.first_commit), _stamp(one.merged)) for one in changes(seed,
            live)],
        ),
    }  # fmt: skip


def _states() -> list[dict[str, str]]:
    """The monitor's own log: a state holds until the next row of its check."""
    words = {"up": "OK", "down": "CRITICAL", "degraded": "WARNING", "maintenance": "DOWNTIME", "unknown": "NODATA"}
    seen = state_changes(MONITORS, stretches(EVENTS) + STRETCHES, ZONE)
    return [{"check": monitor, "since": when.isoformat(), "status": words[state]} for when, monitor, state in seen]


_INCIDENT_COLUMNS = (
    "key", "component", "title", "severity", "impact_from", "noticed_at", "noticed_by", "created", "acknowledged",
    "closed", "cause", "release", "link", "exercise",
)  # fmt: skip


def _incident(event: Event) -> tuple[str, ...]:
    times = [event.at(minutes, ZONE, utc=True) for minutes in
             (0, event.opened, event.opened, event.acknowledged, event.resolved)]  # fmt: skip
    impact, noticed, created, acknowledged, closed = times
    return (event.id, event.service, event.title, event.severity, impact, noticed, event.by, created, acknowledged,
            closed, event.trouble, event.deployment, f"https://desk.northgate.example/{event.id}",
            str(event.drill).lower())  # fmt: skip


def _stamp(local: dt.datetime) -> str:
    return local.replace(tzinfo=ZoneInfo(ZONE)).isoformat()


DEPLOYMENTS = [
    told("portal", "2025-12-04 14:10", 6, outcome="rolled_back", intervention=True),
    told("portal", "2025-12-04 15:20", 5, rework=True),
    told("booking", "2026-05-20 11:30", 5, outcome="rolled_back", intervention=True),
    told("booking", "2026-05-20 12:25", 5, rework=True),
    told("booking", "2026-10-14 09:58", 5, outcome="rolled_back", intervention=True),
    told("booking", "2026-10-14 13:40", 6, rework=True),
    told("records-api", "2026-10-21 10:30", 6),
]

#: id, service, severity, impact start, then minutes after it: opened, acknowledged, resolved
EVENTS = [
    Event("NC-011", "records-api", "SEV2", "2025-10-16 08:20", 4, 16, 40, "Results load slowly, then not at all",
          trouble="records-pool", down=19),
    Event("NC-012", "booking", "SEV3", "2025-11-18 09:10", 25, 60, 410, "Reminders by SMS arrive late", "customer",
          trouble="sms-gateway"),
    Event("NC-013", "portal", "SEV2", "2025-12-04 14:16", 3, 12, 34, "Log-in fails after release",
          trouble="bad-release",
          down=21, deployment="portal-2025.12.04-1"),
    Event("NC-014", "portal", "SEV3", "2026-01-21 10:30", 40, 95, 1500, "Letters print without a logo", "staff",
          trouble="letters"),
    Event("NC-015", "records-api", "SEV2", "2026-02-25 13:05", 5, 22, 61, "Results load slowly, then not at all",
          trouble="records-pool", down=33),
    Event("NC-016", "booking", "SEV1", "2026-03-17 08:02", 3, 15, 29, "Nobody can book", trouble="booking-locks",
          down=17,
          monitors=("booking", "portal")),
    Event("NC-017", "booking", "SEV2", "2026-05-20 11:35", 2, 8, 27, "Double bookings after release",
          trouble="bad-release",
          down=13, deployment="booking-2026.05.20-1"),
    Event("NC-018", "portal", "SEV2", "2026-06-09 17:40", 4, 13, 36, "Uploads fail", trouble="storage-errors",
          down=12),
    Event("NC-019", "records-api", "SEV3", "2026-07-14 09:00", 15, 35, 180, "Allergies shown twice", "staff",
          trouble="duplicates"),
    Event("NC-020", "booking", "SEV3", "2026-09-17 10:05", 20, 48, 230, "Reminders by SMS arrive late", "customer",
          trouble="sms-gateway"),
    # Begins in September and ends in October, on the client's clock.
    Event("NC-021", "records-api", "SEV2", "2026-09-30 23:18", 2, 10, 107, "Results load slowly, then not at all",
          trouble="records-pool", down=83),
    Event("NC-022", "booking", "SEV3", "2026-10-08 09:30", 12, 30, 205, "Reminders by SMS arrive late",
          trouble="sms-gateway"),
    Event("NC-023", "booking", "SEV1", "2026-10-14 10:03", 2, 8, 82, "Booking and portal down after release",
          trouble="bad-release", down=78, monitors=("booking", "portal"), deployment="booking-2026.10.14-1"),
    Event("NC-024", "portal", "SEV2", "2026-10-20 06:10", 3, 9, 25,
          "Clinic unreachable: line of the network provider cut",
          trouble="network-provider", down=22, monitors=("portal", "booking", "records-api")),
    Event("NC-025", "booking", "SEV3", "2026-10-22 08:30", 22, 51, 118,
          "Finding a free appointment takes half a minute",
          "customer", trouble="slow-search", degraded=100),
    Event("NC-026", "records-api", "SEV1", "2026-10-28 10:00", 0, 4, 100, "Restore exercise", "staff",
          trouble="exercise"),
    Event("NC-027", "portal", "SEV3", "2026-10-29 14:50", 20, 50, None, "Some letters open as blank pages",
          "customer",
          trouble="letters"),
]  # fmt: skip

#: What the monitor saw besides: agreed maintenance, and its own agent away for three hours.
STRETCHES: list[Stretch] = [
    ("records-api", "2026-03-08 22:03", 75, "maintenance"),
    ("records-api", "2026-10-11 22:04", 68, "maintenance"),
    *((monitor, "2026-10-17 02:00", 180, "unknown") for monitor in MONITORS),
]

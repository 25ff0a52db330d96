"""What the patch tools, scanners and inventories of both clients say of their machines.

The shop patches well: in October 2026 one web server waits twelve days for its reboot, the new
search machines are not yet managed, and one finding on the bastion is past its date. At the
clinic a weakness that is known to be attacked stays open on the gateway, past every date.
Names of weaknesses are made up, and so are their CVE ids.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from opsreport.demo.files import FIRST_DAY, LAST_DAY, csv_bytes, days, instant, json_bytes, stream

ZONES = {"demo-shop": "America/New_York", "demo-clinic": "Europe/Berlin"}


@dataclass(frozen=True)
class Weakness:
    """One weakness in one machine; times are the client's, written YYYY-MM-DD HH:MM."""

    cve: str
    host: str
    name: str
    severity: str
    found: str
    fixed: str = ""
    fix: bool = True
    fixed_before: str = ""
    reopened: str = ""
    gone: str = ""
    accepted: str = ""
    kev_due: str = ""
    epss: str = "0.004"


def files(client: str, seed: int) -> dict[str, bytes]:
    """A client's patch report, scanner export and list of machines, by path."""
    return _shop(seed) if client == "demo-shop" else _clinic(seed)


def _shop(seed: int) -> dict[str, bytes]:
    found = [*TOLD["demo-shop"], *_ordinary("demo-shop", seed, _SHOP_MONTH)]
    return {
        "machines.csv": csv_bytes(
            ("Host", "Role", "Application", "Seen", "We patch it", "Agent"),
            [(host, _role(host), _SHOP_HOSTS[host], f"{day} 06:00", "yes", "no" if host in NEW_SEARCH else "yes")
             for day in _seen_on() for host in _shop_hosts(day)],
        ),
        "patches.csv": csv_bytes(
            ("Host", "Application", "Seen", "Missing critical", "Missing security", "Failed", "Reboot needed",
             "Oldest critical since"),
            [(host, _SHOP_HOSTS[host], f"{day} 06:00", 0, int(_misses(host, day)), 0,
              "yes" if host == "web-6" and day >= dt.date(2026, 10, 19) else "no", "")
             for day in _seen_on() for host in _shop_hosts(day) if host not in NEW_SEARCH],
        ),
        "vulnerabilities.csv": csv_bytes(
            ("Finding", "Host", "Application", "CVE", "Name", "Severity", "First seen", "Closed", "Closed before",
             "Seen again", "Host removed", "Fix released", "KEV due", "EPSS"),
            [(f"VS-{number:04d}", one.host, _SHOP_HOSTS[one.host], one.cve, one.name, one.severity.upper(), one.found,
              one.fixed, one.fixed_before, one.reopened, one.gone, "yes" if one.fix else "no", one.kev_due, one.epss)
             for number, one in enumerate(sorted(found, key=lambda one: (one.found, one.cve, one.host)), 1)],
        ),
    }  # fmt: skip


def _clinic(seed: int) -> dict[str, bytes]:
    found = [*TOLD["demo-clinic"], *_ordinary("demo-clinic", seed, _CLINIC_MONTH)]
    return {
        "machines.csv": csv_bytes(
            ("name", "type", "component", "listed", "patching", "agent"),
            [(host, "server", component, _stamp(f"{day} 05:30"), "true", "true")
             for day in _seen_on() for host, component in _CLINIC_HOSTS.items()],
        ),
        "patches.csv": csv_bytes(
            ("machine", "component", "reported", "critical", "security", "failed", "reboot", "oldest"),
            [_clinic_state(host, component, day) for day in _seen_on() for host, component in _CLINIC_HOSTS.items()
             if not (host == "portal-2" and day > dt.date(2026, 10, 14))],
        ),
        "vulnerabilities.json": json_bytes([
            {"id": f"{one.host}/{one.cve}", "machine": one.host, "component": _CLINIC_HOSTS[one.host] or None,
             "cve": one.cve, "title": one.name, "severity": one.severity, "firstSeen": _stamp(one.found),
             "resolved": _stamp(one.fixed), "fixAvailable": one.fix, "riskAccepted": _stamp(one.accepted),
             "kevDueDate": one.kev_due or None, "epss": one.epss}
            for one in sorted(found, key=lambda one: (one.found, one.cve, one.host))
        ]),
    }  # fmt: skip


def _clinic_state(host: str, component: str, day: dt.date) -> tuple[object, ...]:
    is_broken = host == "gateway" and day >= dt.date(2026, 10, 5)
    has_failed = is_broken and day >= dt.date(2026, 10, 8)
    return (host, component, _stamp(f"{day} 05:45"), int(is_broken), int(is_broken), int(has_failed), "false",
            _stamp("2026-10-03 00:00") if is_broken else "")  # fmt: skip


def _seen_on() -> list[dt.date]:
    """Every third day, the last one among them."""
    return [day for day in days() if (LAST_DAY - day).days % 3 == 0]


def _shop_hosts(day: dt.date) -> list[str]:
    return [host for host in _SHOP_HOSTS
            if (host != "search-0" or day < REPLACED) and (host not in NEW_SEARCH or day >= REPLACED)]  # fmt: skip


def _misses(host: str, day: dt.date) -> bool:
    """The bastion's patch waits for its owner; elsewhere what a patch day brings is in within days."""
    return day >= dt.date(2026, 9, 18) if host == "bastion" else False


def _role(host: str) -> str:
    return "bastion" if host == "bastion" else "server"


def _ordinary(client: str, seed: int, month: tuple[tuple[str, int, int, int], ...]) -> Iterator[Weakness]:
    """What each month brings and what is fixed in time; only the hours are the seed's."""
    noise, hosts = stream(seed, f"{client}/weaknesses"), _ORDINARY_HOSTS[client]
    for index in range(13):
        year, number = FIRST_DAY.year + (9 + index) // 12, (9 + index) % 12 + 1
        for place, (severity, day, took, every) in enumerate(month):
            if index % every:
                continue
            found, count = dt.date(year, number, day), index * len(month) + place
            yield _fixed_in(Weakness(
                cve=f"CVE-{year}-{_FIRST_CVE[client] + count}", host=hosts[(3 * index + place) % len(hosts)],
                name=_NAMES[(index + place) % len(_NAMES)], severity=severity, found=_at(found, noise),
                epss=f"{noise.uniform(0.001, 0.03):.3f}",
            ), found + dt.timedelta(days=took), noise)  # fmt: skip


def _fixed_in(one: Weakness, fixed: dt.date, noise: random.Random) -> Weakness:
    """With its fix, where that had been made when the export was."""
    when = _at(fixed, noise)
    return replace(one, fixed=when) if fixed <= LAST_DAY else one


def _at(day: dt.date, noise: random.Random) -> str:
    return f"{day} {noise.randrange(8, 17):02d}:{noise.randrange(60):02d}"


def _stamp(local: str) -> str | None:
    return instant(local, ZONES["demo-clinic"]).isoformat() if local else None


#: The day on which the shop's new search machines took the place of the old one.
REPLACED = dt.date(2026, 10, 12)
NEW_SEARCH = ("search-1", "search-2", "search-3")
_SHOP_HOSTS = {
    "web-1": "storefront", "web-2": "storefront", "web-3": "storefront", "web-4": "checkout", "web-5": "checkout",
    "web-6": "checkout", "bastion": "", "staging-1": "", "search-0": "search", "search-1": "search",
    "search-2": "search", "search-3": "search",
}  # fmt: skip
_CLINIC_HOSTS = {"portal-1": "portal", "portal-2": "portal", "booking-1": "booking", "booking-2": "booking",
                 "records-1": "records-api", "gateway": ""}  # fmt: skip
_ORDINARY_HOSTS = {
    "demo-shop": ["web-1", "web-4", "staging-1", "web-2", "web-5", "bastion", "web-3", "web-6"],
    "demo-clinic": ["portal-1", "booking-1", "records-1", "portal-2", "booking-2"],
}
_FIRST_CVE = {"demo-shop": 91000, "demo-clinic": 95000}
_NAMES = ["openssl: crash on a crafted certificate", "curl: cookie sent to another host",
          "nginx: memory read in range requests", "glibc: overflow in name lookup", "sudo: log file can be forged",
          "libxml2: endless loop on nested entities", "python: header injection in e-mail"]  # fmt: skip

#: Each month: severity, day found, days until it was fixed, and in every how-manieth month.
_SHOP_MONTH = (
    ("critical", 6, 3, 3), ("high", 4, 9, 1), ("high", 17, 12, 1), ("medium", 9, 33, 1), ("medium", 21, 41, 1),
    ("low", 12, 60, 1), ("medium", 2, 24, 4), ("high", 2, 21, 4), ("high", 8, 6, 1), ("high", 13, 14, 1),
)  # fmt: skip
_CLINIC_MONTH = (
    ("critical", 8, 1, 3), ("high", 5, 4, 1), ("high", 19, 6, 1), ("medium", 11, 17, 1), ("medium", 20, 26, 2),
    ("low", 14, 55, 1), ("high", 9, 3, 2), ("high", 22, 5, 2),
)  # fmt: skip

TOLD = {
    "demo-shop": [
        Weakness("CVE-2026-90031", "bastion", "openssh: agent forwarding leaks a key", "high", "2026-09-18 10:20",
                 epss="0.041"),
        Weakness("CVE-2026-90029", "web-2", "imagemagick: file read through a crafted picture", "medium",
                 "2026-08-20 09:05", fix=False),
        Weakness("CVE-2026-90024", "staging-1", "redis: crash on a long key", "medium", "2026-08-05 11:30",
                 fixed_before="2026-08-20 15:10", reopened="2026-10-20 09:40"),
        Weakness("CVE-2026-90033", "search-0", "java: deserialisation of search queries", "medium", "2026-09-25 13:15",
                 gone="2026-10-12 08:00"),
        Weakness("CVE-2026-90034", "web-1", "nginx: requests can be smuggled", "critical", "2026-10-13 09:10",
                 fixed="2026-10-15 16:30", kev_due="2026-11-03", epss="0.612"),
        Weakness("CVE-2026-90034", "web-4", "nginx: requests can be smuggled", "critical", "2026-10-13 09:10",
                 fixed="2026-10-16 10:45", kev_due="2026-11-03", epss="0.612"),
    ],
    "demo-clinic": [
        # The fix failed on 8 October, and nobody tried again.
        Weakness("CVE-2026-90107", "gateway", "vpn gateway: log-in can be skipped", "critical", "2026-10-05 09:10",
                 kev_due="2026-10-19", epss="0.874"),
        Weakness("CVE-2026-90103", "booking-2", "postgresql: row rules can be passed by", "high", "2026-09-28 10:00",
                 fixed="2026-10-08 14:20"),
        # Accepted in the client's file, the first until the end of the year, the second until 10 October.
        Weakness("CVE-2026-90105", "records-1", "hl7 interface: messages are not checked", "high", "2026-10-02 08:40",
                 accepted="2026-10-07 12:00", epss="0.011"),
        Weakness("CVE-2026-90061", "portal-1", "pdf viewer: scripts in letters", "medium", "2026-04-28 09:30",
                 accepted="2026-05-04 11:00"),
    ],
}  # fmt: skip

"""Who had access to both clients' systems at each month's end, as their directories listed them.

The shop: a contractor joined in October 2026 without a second factor, the deploy key is 240 days
old, and a reporting account was not used for 120 days. The clinic, which agreed on rules: one who
left our company in July still has access, the sync key is too old, and whether the two shared
accounts of its service desk ask for a second factor cannot be seen.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from opsreport.demo.files import FIRST_DAY, LAST_DAY, csv_bytes, instant, stream

SHOP_ZONE, CLINIC_ZONE = "America/New_York", "Europe/Berlin"


@dataclass(frozen=True)
class Account:
    """One account in a directory.

    Attributes
    ----------
    made, left : str
        Days YYYY-MM-DD; it is listed from the one until before the other.
    mfa : str
        In the directory's word; empty where it does not tell.
    last_used : str
        The day of the last use; empty for one that is in use, "never" for one that never was.
    keys : tuple of str
        The days on which its key was made, and replaced.
    roles : dict of str to str
        What it may do from a day on; an empty day is the first.
    """

    login: str
    name: str
    kind: str
    whose: str
    made: str
    roles: dict[str, str] = field(default_factory=dict)
    is_admin: bool = False
    mfa: str = "app"
    last_used: str = ""
    keys: tuple[str, ...] = ()
    left: str = "9999-12-31"


def files(client: str, seed: int) -> dict[str, bytes]:
    """The directory's export of one client, by its path."""
    if client == "demo-shop":
        return {"access.csv": csv_bytes(_SHOP_COLUMNS, [_shop(*one) for one in _listed(SHOP, SHOP_ZONE, seed)])}
    return {"directory.csv": csv_bytes(_CLINIC_COLUMNS, [_clinic(*one) for one in _listed(CLINIC, CLINIC_ZONE, seed)])}


SHOP = [
    Account("root", "AWS root account", "root", "Harbour & Pine", "2025-09-02", {"": "account owner"}, True,
            last_used="2025-09-30"),
    Account("maya.okafor@harbourandpine.example", "Maya Okafor", "user", "Harbour & Pine", "2025-09-04",
            {"": "administrator"}, True),
    Account("tom.reyes@harbourandpine.example", "Tom Reyes", "user", "Harbour & Pine", "2025-09-04",
            {"": "billing"}),
    Account("lena.brooks@opspartner.example", "Lena Brooks", "user", "", "2025-09-08", {"": "operator"}, True),
    Account("sam.ito@opspartner.example", "Sam Ito", "user", "", "2025-09-08",
            {"": "operator", "2026-10-12": "operator, backups"}),
    Account("nina.castro@opspartner.example", "Nina Castro", "user", "", "2026-02-10", {"": "read only"}),
    Account("hp-deploy", "Deploy robot", "robot", "Harbour & Pine", "2025-09-10", {"": "deploys"}, mfa="none",
            keys=("2025-09-10", "2025-12-05", "2026-03-05")),
    Account("warehouse-report@harbourandpine.example", "Warehouse report", "user", "Harbour & Pine", "2025-10-20",
            {"": "read only"}, last_used="2026-07-03"),
    Account("ida.frost@studionord.example", "Ida Frost", "user", "Studio Nord", "2026-03-02", {"": "storefront"},
            left="2026-10-09"),
    Account("joel.park@studionord.example", "Joel Park", "user", "Studio Nord", "2026-10-12", {"": "storefront"},
            mfa="none"),
]  # fmt: skip

CLINIC = [
    Account("owner@northgate.test", "Directory owner", "owner", "clinic", "2025-08-18", {"": "owner"}, True,
            last_used="2025-09-15"),
    Account("hanna.weiss@northgate.test", "Dr Hanna Weiss", "person", "clinic", "2025-08-20", {"": "reader"}),
    Account("jonas.keller@northgate.test", "Jonas Keller", "person", "clinic", "2025-08-20",
            {"": "administrator"}, True),
    Account("marta.lindt@northgate.test", "Marta Lindt", "person", "clinic", "2026-10-05", {"": "records"}),
    Account("lena.vogt@opspartner.example", "Lena Vogt", "person", "operations", "2025-09-01",
            {"": "administrator"}, True),
    Account("omar.said@opspartner.example", "Omar Said", "person", "operations", "2025-09-01", {"": "operator"}),
    Account("peter.brandt@opspartner.example", "Peter Brandt", "person", "operations", "2025-09-01",
            {"": "operator"}, last_used="2026-07-24"),
    Account("servicedesk-1", "Service desk, first shift", "shared", "clinic", "2025-09-22", {"": "portal support"},
            mfa=""),
    Account("servicedesk-2", "Service desk, second shift", "shared", "clinic", "2025-09-22",
            {"": "portal support"}, mfa=""),
    Account("records-sync", "Records sync", "application", "clinic", "2025-09-15", {"": "records"},
            mfa="certificate", keys=("2025-09-15", "2025-12-12", "2026-03-09", "2026-06-22")),
    Account("release-runner", "Release runner", "application", "operations", "2025-09-15", {"": "releases"},
            mfa="certificate", keys=tuple(f"{day}-10" for day in (
                "2025-09", "2025-11", "2026-01", "2026-03", "2026-05", "2026-07", "2026-09"))),
]  # fmt: skip

_SHOP_COLUMNS = (
    "Listed", "Login", "Name", "Type", "Company", "Admin", "Second factor", "Created", "Last sign-in", "API key",
    "Key created", "Key last used", "Groups",
)  # fmt: skip
_CLINIC_COLUMNS = (
    "listed_at", "account", "name", "type", "belongs_to", "admin", "mfa", "created", "last_used", "has_key",
    "key_created", "key_last_used", "roles",
)  # fmt: skip


def _listed(accounts: list[Account], zone: str, seed: int) -> list[tuple[Account, dt.date, dict[str, dt.datetime]]]:
    """Each account in each list, which is made on the evening of a month's last day."""
    made = []
    for day in _last_days():
        noise = stream(seed, f"access/{zone}/{day}")
        for account in accounts:
            hours = noise.uniform(3, 60)  # drawn for every account, so that one more leaves the others as they are
            if account.made <= str(day) < account.left:
                made.append((account, day, _times(account, day, zone, hours)))
    return made


def _times(account: Account, day: dt.date, zone: str, hours: float) -> dict[str, dt.datetime]:
    listed = instant(f"{day} 18:00", zone)
    recent = max(listed - dt.timedelta(hours=hours), instant(f"{account.made} 09:00", zone))
    last = account.last_used and instant(f"{account.last_used} 18:00", zone)
    times = {"listed": listed, "made": instant(f"{account.made} 09:00", zone)}
    times["used"] = min(last, recent) if last else recent
    if account.keys:
        newest = max(key for key in account.keys if key <= str(day))
        times |= {"key": instant(f"{newest} 17:00", zone), "key_used": times["used"]}
    return {name: time.replace(microsecond=0) for name, time in times.items()}


def _shop(account: Account, day: dt.date, times: dict[str, dt.datetime]) -> tuple[str, ...]:
    def local(name: str) -> str:
        from_utc = times[name].astimezone(ZoneInfo(SHOP_ZONE)) if name in times else None
        return from_utc.strftime("%Y-%m-%d %H:%M:%S") if from_utc else ""

    return (
        local("listed"), account.login, account.name, account.kind, account.whose, "yes" if account.is_admin else "no",
        account.mfa, local("made"), local("used"), "yes" if account.keys else "no", local("key"), local("key_used"),
        _roles(account, day),
    )  # fmt: skip


def _clinic(account: Account, day: dt.date, times: dict[str, dt.datetime]) -> tuple[str, ...]:
    def stamp(name: str) -> str:
        return times[name].strftime("%Y-%m-%dT%H:%M:%SZ") if name in times else ""

    return (
        stamp("listed"), account.login, account.name, account.kind, account.whose, str(account.is_admin).lower(),
        account.mfa, stamp("made"), stamp("used"), str(bool(account.keys)).lower(), stamp("key"), stamp("key_used"),
        _roles(account, day),
    )  # fmt: skip


def _roles(account: Account, day: dt.date) -> str:
    return account.roles[max(since for since in account.roles if since <= str(day))]


def _last_days() -> list[dt.date]:
    """The last day of each month that the demo tells of."""
    days = [FIRST_DAY + dt.timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    return [day for day in days if (day + dt.timedelta(days=1)).day == 1]

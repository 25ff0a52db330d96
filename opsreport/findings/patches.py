"""What patches ask for: what is being attacked first, then what is late, then machines that wait or are not reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pandas as pd

from opsreport.coverage import share_seen, told_until
from opsreport.exhibit import Fact, Rows
from opsreport.findings import NOW, THIS_MONTH, Finding, owner_of, slug
from opsreport.metrics import patches as metrics
from opsreport.month import Month
from opsreport.theme import is_unknown

#: A reboot that is due for so long is worth a finding.
_LONG = pd.Timedelta(days=7)

#: By whether it is one machine, and whether its service is known.
_UNREACHED = {
    (True, True): "The patch tool does not reach {count} machine of {service}: what is missing there is not known.",
    (True, False): "The patch tool does not reach {count} machine: what is missing there is not known.",
    (False, True): "The patch tool does not reach {count} machines of {service}: what is missing there is not known.",
    (False, False): "The patch tool does not reach {count} machines: what is missing there is not known.",
}


def exploited_past_due(month: Month) -> Iterable[Finding]:
    """A vulnerability that CISA knows to be exploited, still open after its due date: where, and for how long.

    One finding a CVE, over all assets that have it. Those whose risk is accepted are left out.
    """
    for cve, rows in _still_open(metrics.kev_past_due, month):
        title = "{what} is known to be exploited, and was still open on {where} {late} after CISA's due date, {due}."
        action = "Install the fix on {where} now, or take it off the network until it is in."
        if (rows["fix_state"] == "none yet").all():
            action = "There is no fix yet: shield {where} from the network, or have the risk accepted until a day."
        yield _finding("exploited_past_due", cve, rows, title, action, month, "kev_due_at", asks=True)


def critical_past_deadline(month: Month) -> Iterable[Finding]:
    """A critical vulnerability still open after the agreed time to fix: where, and for how long.

    One finding a CVE, over all assets that have it. Those whose risk is accepted are left out, and
    those that are also past CISA's due date, which is said once.
    """
    said = {cve for cve, _ in _still_open(metrics.kev_past_due, month)}
    for cve, rows in _still_open(metrics.past_due, month):
        if cve in said or "critical" not in set(rows["severity"]):
            continue
        title = "{what} is critical, and was still open on {where} {late} after the agreed time to fix ended on {due}."
        action = "Install the fix on {where}, and say by when."
        no_fix = bool((rows["fix_state"] == "none yet").all())
        if no_fix:
            action = "There is no fix yet: shield {where}, or have the risk accepted until a day."
        yield _finding("critical_past_deadline", cve, rows, title, action, month, "patch_due_at", asks=no_fix)


def machines_unmanaged(month: Month) -> Iterable[Finding]:
    """Machines that are to be patched, and that the patch tool does not reach: one finding a service.

    What an inventory of the month says; a machine that is not listed is not taken for one.
    """
    listed = set(month.rows("asset")["asset"])
    for service, rows in _by_service(month, "unmanaged"):
        rows = rows[rows["asset"].isin(listed)]
        if rows.empty:
            continue
        id = f"machines_unmanaged.{slug(service or 'no service')}"
        count = Fact(f"findings.{id}.count", len(rows), "count")
        facts = {"count": count, "service": service, "where": _named(rows["asset"], month)}
        title, action = _UNREACHED[len(rows) == 1, bool(service)], "Bring {where} under the patch tool."
        where = {"is_managed": False, "service": service or None}
        yield Finding(f"patches.{id}", "patches", title, action, facts,
                      Rows("asset", where), owner_of(month, service), THIS_MONTH)  # fmt: skip


def reboots_waiting(month: Month) -> Iterable[Finding]:
    """Machines whose patches have waited for a reboot for a week or more: one finding a service."""
    if not share_seen(month.seen("patch_state"), month.period) > 0:
        return
    for service, rows in _by_service(month, "waiting for a reboot"):
        rows = rows[rows["reboot_waiting"] >= _LONG]
        if rows.empty:
            continue
        id = f"reboots_waiting.{slug(service or 'no service')}"
        facts = {
            "count": Fact(f"findings.{id}.count", len(rows), "count"), "where": _named(rows["asset"], month),
            "longest": Fact(f"findings.{id}.longest", rows["reboot_waiting"].max(), "duration"),
        }  # fmt: skip
        title = (
            "Patches on {where} have waited {longest} for a reboot, and do not protect it yet."
            if len(rows) == 1
            else "Patches on {count} machines have waited for a reboot, up to {longest}, and do not protect them yet."
        )
        where = {"pending_reboot": True, "service": service or None}
        yield Finding(f"patches.{id}", "patches", title, "Agree a time to restart {where}.", facts,
                      Rows("patch_state", where), owner_of(month, service), THIS_MONTH)  # fmt: skip


def _still_open(listed: Callable[..., pd.DataFrame], month: Month) -> Iterator[tuple[str, pd.DataFrame]]:
    """What a list of those past a date has that is still open, by CVE; nothing where nobody looked in time or since."""
    seen = month.seen("vulnerability")
    if not (share_seen(seen, month.period) > 0 or told_until(seen) >= month.period.end):
        return
    ledger = metrics.ledger(
        month.vulnerability, month.agreements, month.client.accepted_risks, month.period.zone, month.read_at,
        month.period, seen,
    )  # fmt: skip
    rows = listed(ledger, month.period)
    rows = rows[rows["weakness_status"] == "still open"]
    yield from rows.groupby(rows["cve"].fillna(rows["finding_id"]), sort=False)


def _finding(
    rule: str, cve: str, rows: pd.DataFrame, title: str, action: str, month: Month, due: str, *, asks: bool
) -> Finding:
    id, first = f"{rule}.{slug(cve)}", rows.iloc[0]
    what = cve if is_unknown(first["weakness"]) or is_unknown(first["cve"]) else f"{cve} ({first['weakness']})"
    facts = {
        "what": what, "where": _named(rows["asset"], month),
        "late": Fact(f"findings.{id}.late", rows["patch_overdue"].max(), "duration"),
        "due": Fact(f"findings.{id}.due", rows[due].min(), "date"),
    }  # fmt: skip
    where = {"finding_id": first["finding_id"]} if is_unknown(first["cve"]) else {"cve": cve}
    owners = list(dict.fromkeys(filter(None, (owner_of(month, service) for service in rows["service"]))))
    return Finding(f"patches.{id}", "patches", title, action, facts, Rows("vulnerability", where),
                   ", ".join(owners), NOW, asks=asks)  # fmt: skip


def _by_service(month: Month, status: str) -> Iterator[tuple[str, pd.DataFrame]]:
    rows = metrics.machines(month.patch_state, month.asset, month.period, month.read_at)
    rows = rows[rows["machine_status"] == status]
    yield from rows.groupby(rows["service"].fillna(""))


def _named(assets: pd.Series, month: Month) -> str:
    """Up to three by name, the rest as a number of others."""
    say = month.style.say
    names = list(dict.fromkeys(say("an unnamed asset") if is_unknown(name) else str(name) for name in assets))
    if len(names) > 3:
        return say("{names} and {count} others", names=", ".join(names[:2]), count=len(names) - 2)
    return names[0] if len(names) == 1 else say("{first} and {last}", first=", ".join(names[:-1]), last=names[-1])

"""Rules on patches: what is attacked first, what is late, what waits; nothing where nothing was seen."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from opsreport.coverage import COVERAGE
from opsreport.findings import evidence, patches, said
from opsreport.home import Home
from opsreport.month import Month
from opsreport.params.models import ClientParams
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10")
OWNED = ("asset", "patch_state", "vulnerability")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}", tz="UTC")


def month(seen: tuple[str, ...] = OWNED, risks: list = (), **rows: list[dict]) -> Month:
    """A month of these rows, of which each frame of `seen` was seen whole."""
    frames = {name: FRAMES[name].conform(pd.DataFrame(rows[name])) if rows.get(name) else kind.empty()
              for name, kind in FRAMES.items()}  # fmt: skip
    window = {"requested_start": OCTOBER.start, "requested_end": OCTOBER.end, "observed_start": at("01-01"),
              "observed_end": OCTOBER.end}  # fmt: skip
    told = [{"frame": name, "source": "tool", "rows": 1, "status": "ok", "collected_at": at("11-02"), **window}
            for name in (*seen, "cost")]  # fmt: skip
    client = ClientParams(
        client="acme", display_name="Acme", time_zone="UTC", currency="EUR",
        services={"shop": {"owner": "Web team"}}, accepted_risks=list(risks),
        agreement=[{"starts_on": dt.date(2026, 1, 1), "patch_deadlines": {"critical": "7d", "high": "30d"}}],
    )  # fmt: skip
    return Month(client=client, period=OCTOBER, frames={n: f.assign(source="tool") for n, f in frames.items()},
                 coverage=COVERAGE.conform(pd.DataFrame(told)), corrections=pd.DataFrame(), excused=pd.DataFrame(),
                 gaps=pd.DataFrame(), state="final", home=Home("."))  # fmt: skip


def weak(**more) -> dict:
    return {"finding_id": "f", "asset": "web-1", "service": "shop", "cve": "CVE-2026-90001", "title": "it leaks",
            "severity": "critical", "found_at": at("10-01"), "fix_available": True, **more}  # fmt: skip


def machine(**more) -> dict:
    return {"asset": "web-1", "service": "shop", "observed_at": at("10-31"), "missing_critical": 0,
            "missing_security": 0, "failed": 0, "pending_reboot": False, **more}  # fmt: skip


def listed(**more) -> dict:
    return {"asset": "new-1", "service": "shop", "observed_at": at("10-31"), "in_patch_scope": True,
            "is_managed": False, **more}  # fmt: skip


def test_what_is_attacked_and_past_cisas_date_comes_first_with_its_rows():
    rows = [weak(kev_due_at=at("10-10")), weak(finding_id="g", asset="web-2", kev_due_at=at("10-10"))]
    data = month(vulnerability=rows)
    (found,) = patches.exploited_past_due(data)
    assert (found.id, found.owner, found.urgency) == ("patches.exploited_past_due.cve-2026-90001", "Web team", "now")
    # From the end of 10 October to the end of the month.
    assert said(found.title, found.facts, data) == (
        "CVE-2026-90001 (it leaks) is known to be exploited, and was still open on web-1 and web-2 21 d after CISA's "
        "due date, 10 Oct 2026."
    )
    assert found.asks and len(evidence(found, data)) == 2


@pytest.mark.parametrize("more", [
    {}, {"kev_due_at": at("10-31")}, {"kev_due_at": at("10-10"), "fixed_at": at("10-20")},
    {"kev_due_at": at("10-10"), "risk_accepted_at": at("10-02")},
])  # fmt: skip
def test_what_is_not_past_cisas_date_fixed_or_accepted_is_not_named(more):
    assert list(patches.exploited_past_due(month(vulnerability=[weak(**more)]))) == []


def test_a_critical_one_past_the_agreed_time_is_named():
    data = month(vulnerability=[weak(fix_available=False)])
    (found,) = patches.critical_past_deadline(data)
    text = said(found.title, found.facts, data)
    assert text.endswith("on web-1 24 d after the agreed time to fix ended on 8 Oct 2026.")
    assert said(found.action, found.facts, data).startswith("There is no fix yet: shield web-1")
    (ours,) = patches.critical_past_deadline(month(vulnerability=[weak(fix_available=True)]))
    assert found.asks and not ours.asks  # a risk to accept is asked, a fix to install is not


@pytest.mark.parametrize("more", [
    {"found_at": at("10-25")}, {"severity": "high", "found_at": at("05-01")}, {"fixed_at": at("10-20")},
    {"kev_due_at": at("10-10")},  # said by the other rule
])  # fmt: skip
def test_a_young_a_lesser_or_a_fixed_one_is_not_named(more):
    assert list(patches.critical_past_deadline(month(vulnerability=[weak(**more)]))) == []


def test_vulnerabilities_that_nobody_looked_at_this_month_are_no_sign():
    data = month(seen=(), vulnerability=[weak(kev_due_at=at("10-10"))])
    assert list(patches.exploited_past_due(data)) == [] == list(patches.critical_past_deadline(data))


def test_vulnerabilities_that_were_first_read_after_the_month_and_are_there_still_are_named():
    data = month(vulnerability=[weak(kev_due_at=at("10-10"))])
    beyond = data.coverage.assign(observed_start=pd.NaT, observed_end=pd.NaT)  # Inspector forgot the time asked for
    data = replace(data, coverage=COVERAGE.conform(beyond))
    assert [one.id for one in patches.exploited_past_due(data)] == ["patches.exploited_past_due.cve-2026-90001"]


def test_machines_that_are_not_reached_are_named_by_service():
    names = [listed(asset=f"new-{n}") for n in range(5)]
    data = month(asset=[*names, listed(asset="alone", service=None)])
    none, shop = patches.machines_unmanaged(data)
    assert said(shop.title, shop.facts, data) == (
        "The patch tool does not reach 5 machines of shop: what is missing there is not known."
    )
    assert said(shop.action, shop.facts, data) == "Bring new-0, new-1 and 3 others under the patch tool."
    assert (shop.owner, none.owner, len(evidence(shop, data)), len(evidence(none, data))) == ("Web team", "", 5, 1)


@pytest.mark.parametrize("more", [
    {"is_managed": True}, {"is_managed": None}, {"in_patch_scope": False}, {"in_patch_scope": None},
    {"observed_at": at("09-20")},
])  # fmt: skip
def test_a_machine_that_may_be_reached_or_was_not_listed_this_month_is_not_named(more):
    assert list(patches.machines_unmanaged(month(asset=[listed(**more)]))) == []


def test_a_reboot_that_waits_for_a_week_is_named():
    data = month(patch_state=[machine(observed_at=at(f"10-{day}"), pending_reboot=True) for day in (24, 28, 31)])
    (found,) = patches.reboots_waiting(data)
    assert said(found.title, found.facts, data) == (
        "Patches on web-1 have waited 7 d for a reboot, and do not protect it yet."
    )
    assert found.owner == "Web team" and len(evidence(found, data)) == 3


def test_a_reboot_that_waits_for_less_or_is_over_or_was_not_seen_lately_is_not_named():
    def found(*days: tuple[int, bool]) -> list:
        states = [machine(observed_at=at(f"10-{day:02d}"), pending_reboot=waits) for day, waits in days]
        return list(patches.reboots_waiting(month(patch_state=states)))

    assert found((25, True), (31, True)) == []
    assert found((10, True), (28, True), (31, False)) == []
    assert found((1, True), (20, True)) == []
    assert list(patches.reboots_waiting(month(seen=(), patch_state=[machine(pending_reboot=True)]))) == []

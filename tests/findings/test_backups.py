"""What backups ask for, each where it is seen and only there."""

import datetime as dt

import pandas as pd
import pytest

from opsreport import findings
from opsreport.findings import backups as rules


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="UTC").as_unit("us")


def nights(*without: int, failed: tuple[int, ...] = (), name: str = "db") -> list[dict]:
    every = pd.date_range("2026-09-30 01:00", "2026-10-31 01:00", tz="UTC")
    return [
        {"backup_id": f"{name}{night:%m%d}", "resource": name, "service": "web", "started_at": night,
         "finished_at": night + pd.Timedelta(hours=1), "verified": True,
         "outcome": "failure" if night.month == 10 and night.day in failed else "success"}
        for night in every if not (night.month == 10 and night.day in without)
    ]  # fmt: skip


def restored(day: str = "06", minutes: int = 30) -> dict:
    begun = at(f"{day} 09:00")
    return {"resource": "db", "service": "web", "outcome": "success", "started_at": begun,
            "finished_at": begun + pd.Timedelta(minutes=minutes), "recovered_to": begun}  # fmt: skip


@pytest.fixture
def shop(make_client):
    return make_client(services={"web": {"owner": "Web team"}}, agreement=[{
        "starts_on": dt.date(2026, 6, 1), "rpo": "26h", "rto": "1h",
        "backups": [{"resource": "db", "every": "24h", "at": "01:00", "restore_test_every": "60d"}]}])  # fmt: skip


def titles(found, month) -> list[str]:
    return [findings.said(one.title, one.facts, month) for one in found]


def test_a_month_as_agreed_asks_for_nothing(make_month, shop):
    month = make_month(shop, backup=nights(), restore_test=[restored()], asset=[
        {"asset": "db", "observed_at": at("30"), "in_backup_scope": True}])  # fmt: skip
    every = [rule for rule in findings.rules() if rule.__module__ == rules.__name__]
    assert len(every) == 6 and [one for rule in every for one in rule(month)] == []


def test_what_failed_or_never_ran_is_counted_by_resource(make_month, shop):
    month = make_month(shop, backup=nights(10, 11, failed=(20,)))
    (found,) = rules.backups_not_made(month)
    assert titles([found], month) == ["Of 31 scheduled backups of db, 1 failed and 2 never ran."]
    assert (found.owner, found.urgency) == ("Web team", "this month")
    assert set(findings.evidence(found, month)["resource"]) == {"db"}
    (found,) = rules.backups_not_made(make_month(shop, backup=nights(failed=(20,))))
    assert len(findings.evidence(found, make_month(shop, backup=nights(failed=(20,))))) == 1


def test_it_is_urgent_while_the_newest_is_among_them(make_month, shop):
    (found,) = rules.backups_not_made(make_month(shop, backup=nights(failed=(31,))))
    assert found.urgency == "now"
    assert titles([found], make_month(shop)) == ["Of 31 scheduled backups of db, 1 failed."]


def test_without_a_plan_those_known_to_have_failed_count(make_month):
    month = make_month(backup=nights(failed=(20,)))
    assert titles(rules.backups_not_made(month), month) == ["No plan is agreed for db; 1 of its backups failed."]


def test_an_asset_in_scope_without_a_backup_is_to_be_added(make_month, shop):
    month = make_month(shop, backup=nights(), asset=[
        {"asset": name, "service": "web", "observed_at": at("30"), "in_backup_scope": scope}
        for name, scope in (("db", True), ("new", True), ("cache", False), ("maybe", None))])  # fmt: skip
    (found,) = rules.asset_unprotected(month)
    assert titles([found], month) == ["new is to be backed up, and no good backup of it is known."]
    assert (found.owner, found.urgency, len(findings.evidence(found, month))) == ("Web team", "now", 1)
    assert found.asks  # to protect it, or to agree that it is not: a risk that the client takes


def test_a_list_from_before_the_month_accuses_nobody(make_month, shop):
    old = [{"asset": "new", "observed_at": at("2026-09-20"), "in_backup_scope": True}]
    assert list(rules.asset_unprotected(make_month(shop, backup=nights(), asset=old))) == []


def test_more_time_than_agreed_says_until_when(make_month, shop):
    month = make_month(shop, backup=nights(10))
    (found,) = rules.rpo_missed(month)
    assert not found.asks  # ours to mend
    assert titles([found], month) == [
        "Up to 11 Oct, 02:00 a failure would have lost 2 d 1 h of db, and 1 d 2 h was agreed."
    ]


def test_a_verified_backup_is_no_restore(make_month, shop):
    month = make_month(shop, backup=nights(), restore_test=[])
    (found,) = rules.restore_never_proven(month)
    assert titles([found], month) == ["No restore of db was ever proven."]
    assert found.owner == "Web team"  # of the backups: there is no test that names one


def test_a_test_that_fell_due_and_a_slow_one(make_month, shop):
    late = make_month(shop, restore_test=[restored("2026-08-20")])
    (title,) = titles(rules.restore_overdue(late), late)
    assert title == "The restore test of db was due on 19 Oct 2026, and was not made."
    slow = make_month(shop, restore_test=[restored(minutes=100)])
    (found,) = rules.restore_slow(slow)
    assert titles([found], slow) == ["Restoring db took 1 h 40 min on 6 Oct 2026, and 1 h was agreed."]
    assert len(findings.evidence(found, slow)) == 1 and found.rows.when == "history"


def test_nothing_is_found_in_what_was_not_seen(make_month, shop):
    month = make_month(shop, seen=(), asset=[{"asset": "new", "observed_at": at("30"), "in_backup_scope": True}])
    every = [rule for rule in findings.rules() if rule.__module__ == rules.__name__]
    assert [one for rule in every for one in rule(month)] == []

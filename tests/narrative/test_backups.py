"""What the backups section says, in a good month, a bad one, and one not seen."""

import datetime as dt
import re

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import backups
from opsreport.narrative import backups as narrative
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

DAYS = Period.days("2026-10-05", "2026-10-07")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
HOUR = pd.Timedelta(hours=1)


def at(day: int, hour: int = 1) -> pd.Timestamp:
    return pd.Timestamp(2026, 10, day, hour, tz="UTC")


def terms(*names: str, **plan) -> list[Agreement]:
    made = [BackupPlan(resource=name, every="24h", at="01:00", **plan) for name in names]
    return [Agreement(starts_on=dt.date(2026, 10, 1), rpo="26h", rto="1h", backups=made)]


def backup(resource: str, *days: int, failed: tuple[int, ...] = ()) -> list[dict]:
    return [{"backup_id": f"{resource}{day}", "resource": resource, "started_at": at(day),
             "finished_at": at(day, 2), "outcome": "failure" if day in failed else "success"}
            for day in days]  # fmt: skip


def test_row(resource: str = "db", minutes: int = 50) -> dict:
    return {"resource": resource, "outcome": "success", "started_at": at(6, 9), "recovered_to": at(6),
            "finished_at": at(6, 9) + pd.Timedelta(minutes=minutes)}  # fmt: skip


test_row.__test__ = False


def said(rows: list, tests: list = (), assets: list = (), agreed=None, seen: Intervals = ALWAYS, absent: str = ""):
    def frame(name: str, each: list) -> pd.DataFrame:
        return FRAMES[name].conform(pd.DataFrame(each)) if len(each) else FRAMES[name].empty()

    agreed = terms("db") if agreed is None else agreed
    made = frame("backup", rows)
    listed = backups.assets(frame("asset", assets), made, DAYS, seen)
    return narrative.finding(
        backups.totals(backups.success(made, DAYS, agreed, seen), DAYS), backups.achieved(made, DAYS, agreed, seen),
        backups.cover(listed, DAYS, seen), listed,
        backups.restores(frame("restore_test", tests), DAYS, agreed, seen), STYLE, absent,
    )  # fmt: skip


ALL = backup("db", 4, 5, 6, 7)
INVENTORY = [{"asset": "db", "observed_at": at(7), "in_backup_scope": True}]


def test_a_month_in_which_all_was_as_agreed():
    made = said(ALL, [test_row()], INVENTORY)
    assert made.text == (
        "All 3 scheduled backups completed. At no time could more have been lost than was agreed. The 1 asset that "
        "is to be backed up was. Every restore is proven as agreed; the oldest proven point was 1 d 23 h old when "
        "the month ended."
    )
    assert made.lead.text == "All 3 scheduled backups completed."


def test_a_failed_night_is_counted_and_what_could_have_been_lost_is_called_missed():
    made = said(backup("db", 4, 5, 6, 7, failed=(6,)), [test_row()], INVENTORY)
    assert made.text.startswith(
        "2 of 3 scheduled backups completed; 1 failed. Up to 2 d 1 h of “db” could have been lost, just before "
        "7 Oct, 02:00; 1 d 2 h was agreed, so that was missed."
    )
    assert "was missed" in made.lead.text
    assert "2 of 3 scheduled backups completed; 1 never ran." in said(backup("db", 4, 5, 7)).text
    assert "1 failed and 1 never ran." in said(backup("db", 4, 5, 6, failed=(5,))).text


def test_what_is_left_out_is_named_in_the_summary():
    more = [*INVENTORY, {"asset": "new", "observed_at": at(7), "in_backup_scope": True}]
    made = said(ALL, [test_row()], more)
    assert "Of 2 assets that are to be backed up, “new” has no good backup of this month." in made.lead.text
    known = [*INVENTORY, {**more[-1], "kind": "volume", "service": "search"}]
    text = said(ALL, [test_row()], known).text
    assert "the volume of search (new) has no good backup of this month." in text
    three = [*more, {"asset": "newer", "observed_at": at(7), "in_backup_scope": True}]
    assert "Of 3 assets that are to be backed up, 2 have no good backup" in said(ALL, [test_row()], three).text
    unsaid = [*INVENTORY, {"asset": "old", "observed_at": at(7), "in_backup_scope": None}]
    assert "For 1 asset it is not recorded whether it is to be backed up." in said(ALL, [test_row()], unsaid).text
    assert "unknown: no inventory says what is to be backed up." in said(ALL, [test_row()]).text


def test_a_slow_restore_and_an_overdue_one_are_called_so():
    made = said(ALL, [test_row(minutes=100)])
    assert (
        "The agreed recovery time of “db” was missed: its restore test on 6 Oct 2026 took 1 h 40 min, and 1 h was "
        "agreed."
        in made.lead.text
    )
    late = said(ALL, [test_row() | {"started_at": at(2), "finished_at": at(2, 2), "recovered_to": at(2)}],
                agreed=terms("db", restore_test_every="3d"))  # fmt: skip
    assert "is overdue: it was last tested on 2 Oct 2026, and again due on 5 Oct 2026." in late.lead.text


def test_a_resource_that_was_never_restored_is_named_and_verified_backups_prove_nothing():
    verified = [row | {"verified": True} for row in ALL]
    assert "No restore of “db” was ever proven." in said(verified).lead.text
    both = said([*verified, *backup("files", 4, 5, 6, 7)], agreed=terms("db", "files"))
    assert "Of 2 resources no restore was ever proven." in both.text


def test_two_misses_are_named_and_the_others_counted():
    names = ("a", "b", "c")
    made = said([row for name in names for row in backup(name, 4, 7)], agreed=terms(*names))
    assert made.text.count("so that was missed.") == 2
    assert "For 1 more resource it was missed too." in made.text


def test_what_was_not_seen_is_not_called_met_or_missed():
    half = Intervals([(at(1, 0), at(6, 0))])
    text = said(backup("db", 4, 5), seen=half).text
    assert "1 of 3 scheduled backups are known to have completed, and none to have failed. For 2 it is not" in text
    assert "For 1 resource it is not known whether more could have been lost than agreed." in text
    assert "missed" not in text and "never proven" not in text
    blind = said([], seen=Intervals()).text
    assert blind.startswith("Nothing was seen of backups in this month, so whether they ran is unknown.")


def test_without_a_plan_what_is_known_is_counted_and_said_so():
    text = said(backup("db", 4, 5, 6, 7, failed=(6,)), agreed=[]).text
    assert text.startswith("No plan of backups is agreed: of those that are known, 2 completed and 1 failed.")
    assert "No restore is known to have been tried." in text


def test_without_a_source_it_is_a_notice():
    made = said([], absent="No source of backups is named.")
    assert made.kind == "notice" and made.text == "No source of backups is named."


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    more = [*INVENTORY, *({"asset": name, "observed_at": at(7), "in_backup_scope": scope}
                          for name, scope in (("x", True), ("y", True), ("z", None)))]  # fmt: skip
    made = said([*backup("db", 4, 7), *backup("files", 4, 5, 7, failed=(5,))], [test_row(minutes=100)], more,
                agreed=terms("db", "files", restore_test_every="1d"))  # fmt: skip
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) > 12 and all(id.startswith("backups.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r"<span class=\"fact\".*?</span>", "", made.html))


def test_the_inventorys_age_is_said():
    def note(assets: list) -> str:
        frame = FRAMES["asset"].conform(pd.DataFrame(assets)) if assets else FRAMES["asset"].empty()
        listed = backups.assets(frame, FRAMES["backup"].empty(), DAYS, ALWAYS)
        return narrative.inventory(backups.cover(listed, DAYS, ALWAYS), STYLE).text

    assert note(INVENTORY).startswith("The newest inventory was 23 h old when the month ended")
    assert "may be out of date" in note([INVENTORY[0] | {"observed_at": at(1)}])
    assert note([]).startswith("No inventory says")
    assert narrative.method(STYLE).about["role"] == "method"

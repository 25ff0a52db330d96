"""Backup charts draw what the metrics say, and nothing where there is nothing."""

import datetime as dt

import pandas as pd

from opsreport.figures import backups as figures
from opsreport.intervals import Intervals
from opsreport.metrics import backups
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import BAD, GOOD, THIS_MONTH, Style

DAYS = Period.days("2026-10-05", "2026-10-07")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
PLANS = [BackupPlan(resource=name, every="24h", at="01:00") for name in ("<b>db", "files")]
AGREED = [Agreement(starts_on=dt.date(2026, 10, 4), rpo="26h", backups=PLANS)]
NONE = FRAMES["backup"].empty()


def night(day: int, resource: str, outcome: str = "success") -> dict:
    start = pd.Timestamp(2026, 10, day, 1, tz="UTC")
    return {"backup_id": f"{resource}{day}", "resource": resource, "outcome": outcome, "started_at": start,
            "finished_at": start + pd.Timedelta(hours=1)}  # fmt: skip


ROWS = FRAMES["backup"].conform(pd.DataFrame([
    *(night(day, "<b>db") for day in (4, 5, 6, 7)), night(4, "files"), night(5, "files", "failure"), night(7, "files"),
]))  # fmt: skip


def days(rows: pd.DataFrame = ROWS, terms: list = AGREED, seen: Intervals = ALWAYS):
    runs = backups.runs(rows, DAYS, terms, seen)
    return figures.days(backups.by_day(runs), backups.success(rows, DAYS, terms, seen), DAYS, STYLE)


def lost(rows: pd.DataFrame = ROWS, terms: list = AGREED, seen: Intervals = ALWAYS):
    return figures.lost(backups.achieved(rows, DAYS, terms, seen), STYLE)


def test_each_day_stands_in_its_place_with_a_look_of_its_own():
    made = days()
    bars = {trace["name"]: trace for trace in made.figure["data"]}
    assert list(bars) == ["completed", "failed", "never ran"]
    assert bars["completed"]["base"] == [0, 24, 48, 48] and bars["completed"]["y"] == [0, 0, 0, 1]
    assert bars["completed"]["marker"]["color"] == GOOD
    assert bars["failed"]["base"] == [0] and bars["never ran"]["base"] == [24]
    # Not told by colour alone.
    assert bars["never ran"]["marker"]["color"] == bars["failed"]["marker"]["color"] == BAD
    assert bars["never ran"]["marker"]["pattern"]["shape"] and "pattern" not in bars["failed"]["marker"]
    assert made.about["title"] == "Of 6 scheduled backups 1 failed and 1 never ran"


def test_words_from_a_source_are_not_read_as_markup():
    for made in (days(), lost()):
        texts = " ".join(note["text"] for note in made.figure["layout"]["annotations"])
        assert "&lt;b&gt;db" in texts and "<b><b>" not in texts and "<b>db" not in made.html


def test_what_was_not_seen_is_drawn_as_such_and_no_success_is_claimed():
    half = Intervals([(pd.Timestamp("2026-10-04", tz="UTC"), pd.Timestamp("2026-10-05 12:00", tz="UTC"))])
    made = days(ROWS[ROWS["resource"] == "<b>db"], seen=half)
    assert "not seen" in {trace["name"] for trace in made.figure["data"]}
    assert made.about["title"] == "No scheduled backup is known to have failed; 3 of 6 are not known"


def test_all_completed_is_said_only_when_all_are_known_to_have():
    made = days(terms=[Agreement(starts_on=dt.date(2026, 10, 4), backups=PLANS[:1])])
    assert made.about["title"] == "Every scheduled backup completed"


def test_bars_are_multiples_of_what_was_agreed_and_a_miss_looks_different():
    made = lost()
    bars = {trace["name"]: trace for trace in made.figure["data"]}
    # 25 h of 26, and from the 4th at 01:00 to the 7th at 02:00: 73 h.
    assert bars["known"]["x"] == [round(25 / 26, 4)] and bars["known"]["marker"]["color"] == THIS_MONTH
    assert bars["more than agreed"]["x"] == [round(73 / 26, 4)]
    assert bars["more than agreed"]["marker"]["pattern"]["shape"]
    assert made.figure["layout"]["shapes"][0]["x0"] == 1
    assert made.about["title"] == "files: 3 d 1 h could have been lost, 1 d 2 h was agreed"


def test_an_achieved_time_that_is_not_known_is_marked_as_at_least():
    hours = (pd.Timestamp(f"2026-10-05 0{hour}:00", tz="UTC") for hour in (3, 9))
    half = ALWAYS - Intervals([tuple(hours)])
    made = lost(ROWS[ROWS["resource"] == "files"], seen=half)
    names = [trace["name"] for trace in made.figure["data"]]
    assert "at least so much" in names
    assert any("at least" in note["text"] for note in made.figure["layout"]["annotations"])


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    assert [days(NONE, []).kind, lost(NONE, []).kind] == ["notice"] * 2
    assert [days(NONE, AGREED, Intervals()).kind, lost(NONE, AGREED, Intervals()).kind] == ["notice"] * 2

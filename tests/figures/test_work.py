"""Charts of the work done show hours against the agreed line, and kinds by what they took."""

import datetime as dt
from decimal import Decimal

import pandas as pd

from opsreport.figures import work as figures
from opsreport.intervals import Intervals
from opsreport.metrics import work
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2026, 9, 1), work_hours=4)]


def frame(*hours: str | None) -> pd.DataFrame:
    return FRAMES["work"].conform(pd.DataFrame([
        {"work_id": f"w{n}", "done_on": pd.Timestamp("2026-10-05", tz="UTC"), "kind": "<b>fix</b>" if n else "support",
         "hours": None if one is None else Decimal(one)} for n, one in enumerate(hours)
    ]))  # fmt: skip


def hours(*each: str | None, agreed: list = AGREED, seen: Intervals = ALWAYS):
    return figures.hours(work.history(frame(*each), OCTOBER, agreed, seen), STYLE)


def test_the_agreed_line_stands_over_the_months_for_which_hours_are_agreed():
    made = hours("2.5", "3")
    lines = made.figure["layout"]["shapes"]
    assert [(line["x0"], line["y0"]) for line in lines] == [(10.5, 4), (11.5, 4)]
    assert made.about["title"] == "5.5 h of work this month, 1.5 h more than agreed"
    assert made.figure["layout"]["yaxis"]["range"][0] == 0
    (label,) = [one["text"] for one in made.figure["layout"]["annotations"] if "agreed" in one["text"]]
    assert label == "agreed: 4 h"


def test_part_of_an_hour_is_written_with_one_decimal():
    assert hours("23.5").figure["data"][0]["text"][-1] == "23.5"
    assert hours("2.25", "0.75").figure["data"][0]["text"][-1] == "3"


def test_hours_not_recorded_are_at_least_and_a_month_not_seen_is_marked():
    made = hours("2", None, seen=Intervals([(OCTOBER.start, OCTOBER.end)]))
    assert made.figure["data"][0]["text"] == ["?"] * 12 + ["≥2"]
    assert made.about["title"] == "At least 2 h of work this month, of 4 h agreed"
    assert "≥ where some hours are not recorded; ? is a month that was not seen" in made.about["subtitle"]


def test_a_part_of_the_month_that_was_missed_makes_no_negative_hours():
    late = [Agreement(starts_on=dt.date(2026, 10, 2), ends_on=dt.date(2026, 10, 5), work_hours=31)]
    made = hours("3", "1.5", agreed=late)  # 4.5 h on the 5th, of 4 h for four days
    assert made.about["title"] == "4.5 h of work this month, 0.5 h more than agreed"
    early = [Agreement(starts_on=dt.date(2026, 10, 1), ends_on=dt.date(2026, 10, 4), work_hours=31)]
    assert hours("3", agreed=early).about["title"] == "3 h of work this month, of 4 h agreed"


def test_without_agreed_hours_there_is_no_line():
    made = hours("2", agreed=[])
    assert not made.figure["layout"].get("shapes") and made.about["title"] == "2 h of work this month"


def test_kinds_stand_by_what_they_took_and_their_words_are_no_markup():
    made = figures.kinds(work.by_kind(frame("1", "3"), OCTOBER, ALWAYS), STYLE)
    assert made.figure["data"][0]["x"] == [3, 1] and "75%" in made.about["title"]
    texts = " ".join(note["text"] for note in made.figure["layout"]["annotations"])
    assert "&lt;b&gt;fix" in texts and "<b>fix" not in made.html


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    none = FRAMES["work"].empty()
    made = [figures.hours(work.history(none, OCTOBER, AGREED, Intervals()), STYLE),
            figures.kinds(work.by_kind(none, OCTOBER, ALWAYS), STYLE), hours(None, seen=Intervals())]  # fmt: skip
    assert [one.kind for one in made] == ["notice"] * 3

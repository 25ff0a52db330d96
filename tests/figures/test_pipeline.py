"""The pipelines' chart draws runs by day, the most troubled pipeline first."""

import pandas as pd

from opsreport.figures import pipeline as figures
from opsreport.intervals import Intervals
from opsreport.metrics import pipeline
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")


def made(*rows: tuple[str, str, str], branch: str | None = "main"):
    frame = FRAMES["pipeline_run"].conform(pd.DataFrame([
        {"run_id": f"r{n}", "pipeline": name, "branch": branch, "outcome": outcome,
         "started_at": pd.Timestamp(f"2026-10-{ended}", tz="UTC"),
         "finished_at": pd.Timestamp(f"2026-10-{ended}", tz="UTC")} for n, (name, ended, outcome) in enumerate(rows)
    ])) if rows else FRAMES["pipeline_run"].empty()  # fmt: skip
    return figures.days(pipeline.daily(frame, OCTOBER), pipeline.health(frame, OCTOBER, ALWAYS), OCTOBER, STYLE)


def test_the_pipeline_that_was_broken_longest_stands_first_and_its_name_is_no_markup():
    one = made(("calm", "05 10:00", "success"), ("<b>web", "06 10:00", "failure"), ("<b>web", "06 12:00", "success"))
    titles = [note["text"] for note in one.figure["layout"]["annotations"]]
    assert titles == ["<b>&lt;b&gt;web</b> · 1 of 2 succeeded · red 2 h", "<b>calm</b> · 1 of 1 succeeded · never red"]
    assert one.about["title"] == "The main branch of <b>web was broken for 2 h"


def test_outcomes_are_stacked_and_told_by_more_than_colour():
    one = made(("web", "06 10:00", "failure"), ("web", "06 12:00", "success"), ("web", "07 12:00", "cancelled"))
    drawn = {trace["name"]: trace for trace in one.figure["data"] if trace["x"] != [None]}
    assert set(drawn) == {"succeeded", "failed", "cancelled"} and one.figure["layout"]["barmode"] == "stack"
    assert drawn["failed"]["x"] == ["2026-10-06"] and drawn["failed"]["marker"]["pattern"]["shape"]
    assert one.figure["layout"]["yaxis"]["range"][0] == 0


def test_whether_a_main_branch_was_broken_may_be_unknown():
    one = made(("web", "06 10:00", "failure"), branch=None)
    assert one.about["title"] == "Whether a main branch was broken is not known"
    assert "red unknown" in one.figure["layout"]["annotations"][0]["text"]
    calm = made(("web", "06 10:00", "success"))
    assert calm.about["title"] == "No main branch is known to have been broken"


def test_no_run_is_a_notice_and_not_an_empty_chart():
    assert made().kind == "notice"

"""Charts of vulnerabilities draw what the metrics say, and nothing where there is nothing."""

import datetime as dt

import pandas as pd

from opsreport.figures import patches as figures
from opsreport.intervals import Intervals
from opsreport.metrics import patches
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import BAD, HISTORY, THIS_MONTH, Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2026, 1, 1), patch_deadlines={"critical": "2d", "high": "30d"})]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def book(*rows: dict):
    told = [{"finding_id": f"f{n}", "severity": "high", **row} for n, row in enumerate(rows)]
    frame = FRAMES["vulnerability"]
    return patches.ledger(frame.conform(pd.DataFrame(told)) if rows else frame.empty(), AGREED, [], "UTC")


LATE, YOUNG = {"found_at": at("2026-09-15")}, {"found_at": at("2026-10-25")}
FIXED = {"found_at": at("2026-09-15"), "fixed_at": at("2026-10-03")}


def drawn(*rows: dict):
    return figures.open_by_severity(patches.summary(book(*rows), OCTOBER, AGREED, ALWAYS), STYLE)


def traces(exhibit) -> dict:
    return {trace["name"]: trace for trace in exhibit.figure["data"]}


def words(exhibit) -> list[str]:
    return [note["text"] for note in exhibit.figure["layout"]["annotations"]]


def test_open_ones_stand_in_bands_of_the_agreed_time_and_the_late_are_told_without_colour():
    made = drawn(LATE, YOUNG, YOUNG, {**YOUNG, "severity": "low"})
    bars = traces(made)
    assert bars["first half of the agreed time"]["x"] == [0, 2, 0] and bars["no time agreed"]["x"] == [0, 0, 1]
    late = bars["past the agreed time"]
    assert late["x"] == [0, 1, 0] and late["base"] == [0, 2, 0]
    assert late["marker"]["color"] == BAD and late["marker"]["pattern"]["shape"] == "/"
    assert words(made) == ["<b>critical</b> · none open · agreed 2 d",
                           "<b>high</b> · 3 open, 1 past due · oldest 47 d, agreed 30 d",
                           "<b>low</b> · 1 open · oldest 7 d, none agreed"]  # fmt: skip
    assert made.about["title"] == "1 of 4 open vulnerabilities is past the agreed time"


def test_none_late_is_said_and_none_open_is_no_chart():
    assert drawn(YOUNG).about["title"] == "None of the 1 open vulnerabilities is past the agreed time"
    made = drawn(FIXED)
    assert made.kind == "notice" and "No vulnerability is known to have been open" in made.text
    unseen = figures.open_by_severity(patches.summary(book(LATE), OCTOBER, AGREED, Intervals()), STYLE)
    assert unseen.kind == "notice" and unseen.text == "Which vulnerabilities were open is not known."


def test_each_bar_of_the_flow_begins_where_the_one_above_ends():
    made = figures.flow(patches.history(book(LATE, YOUNG, YOUNG, FIXED), OCTOBER, ALWAYS), STYLE)
    (bars,) = made.figure["data"]
    # 2 open, 2 come, 1 goes: 3 open.
    assert bars["base"] == [0, 2, 3, 0] and bars["x"] == [2, 2, 1, 3]
    assert words(made) == ["Open before  <b>2</b>", "New  <b>+2</b>", "Fixed  <b>−1</b>", "Open at the end  <b>3</b>"]
    assert made.about["title"] == "3 open when the month ended, 2 when it began"
    facts = {fact["id"]: fact["value"] for fact in made.facts}
    assert facts["patches.flow.2026-10.vulnerabilities_gone"] == 0  # what is not drawn stands in the table


def test_thirteen_months_mark_this_one_the_late_and_those_not_seen():
    seen = Intervals([(Period.month("2026-09").start, OCTOBER.end)])
    made = figures.history(patches.history(book(LATE, YOUNG), OCTOBER, seen), STYLE)
    bars = traces(made)
    rest = bars["in time, or none agreed"]
    assert bars["past the agreed time"]["y"] == [0] * 12 + [1] and rest["y"] == [0] * 11 + [1, 1]
    assert rest["text"] == ["?"] * 11 + ["1", "2"] and "a month that was not seen" in made.about["subtitle"]
    assert rest["marker"]["color"] == [HISTORY] * 12 + [THIS_MONTH]
    assert made.about["title"] == "2 open when the month ended, after 1 in the one seen before"


def test_what_was_not_seen_is_not_drawn():
    unseen = patches.history(book(LATE), OCTOBER, Intervals())
    assert figures.flow(unseen, STYLE).kind == "notice" and figures.history(unseen, STYLE).kind == "notice"


def test_what_was_read_after_the_month_is_drawn_and_said_to_be_at_least_so_many():
    later = Intervals([(OCTOBER.end, OCTOBER.end + pd.Timedelta(days=1))])
    made = figures.open_by_severity(patches.summary(book(LATE), OCTOBER, AGREED, later), STYLE)
    assert made.kind == "chart" and made.about["subtitle"].endswith("there may have been more")


def test_where_nothing_is_agreed_the_numbers_say_so_and_not_that_it_is_unknown():
    made = figures.open_by_severity(patches.summary(book(LATE), OCTOBER, [], ALWAYS), STYLE)
    assert {fact["text"] for fact in made.facts if fact["id"].endswith(".patch_deadline")} == {"none agreed"}

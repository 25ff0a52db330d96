"""Incident charts draw what the metrics say, and nothing where there is nothing."""

import pandas as pd

from opsreport.figures import incidents as figures
from opsreport.intervals import Intervals
from opsreport.metrics import incidents
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import HISTORY, THIS_MONTH, Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-10-{text}", tz="UTC")


def frame() -> pd.DataFrame:
    return FRAMES["incident"].conform(pd.DataFrame([
        {"incident_id": "a", "severity": "sev1", "title": "<b>Down</b>", "opened_at": at("05 01:00"),
         "acknowledged_at": at("05 01:30"), "resolved_at": at("05 04:00")},
        {"incident_id": "b", "severity": "sev2", "title": "Slow", "opened_at": at("31 12:00")},
        {"incident_id": "c", "severity": "sev2", "opened_at": at("07 01:00"), "is_drill": True},
    ]))  # fmt: skip


def target(**counts) -> pd.DataFrame:
    row = dict.fromkeys(("responses_missed", "responses_open_past", "responses_pending", "responses_unknown"), 0.0)
    shares = {"attainment": 1.0, "attainment_worst": 1.0, "attainment_best": 1.0}
    return pd.DataFrame([{"severity": "sev1", "response": "restore", "response_target": pd.Timedelta("4h"),
                          "responses_met": 4.0, "coverage": 1.0, "verdict": "met",
                          **row, **shares, **counts}])  # fmt: skip


def test_the_timeline_draws_each_incident_from_its_opening_and_no_drill():
    made = figures.timeline(incidents.listing(frame(), OCTOBER), OCTOBER, STYLE)
    bars = {trace["name"]: trace for trace in made.figure["data"]}
    assert bars["open at month end"]["x"] == [12.0] and bars["resolved"]["x"] == [3.0]
    assert bars["acknowledged"]["x"] == [0.5]
    assert bars["open at month end"]["marker"]["pattern"]["shape"]  # not told by colour alone
    assert made.about["title"] == "The longest incident has lasted 12 h so far; 1 still open at month end"


def lasting(*rows):
    """Incidents of these severities that took so many hours."""
    made = FRAMES["incident"].conform(pd.DataFrame([
        {"incident_id": f"i{n}", "severity": severity, "opened_at": at("05 01:00"),
         "resolved_at": at("05 01:00") + pd.Timedelta(hours=took)}
        for n, (severity, took) in enumerate(rows)
    ]))  # fmt: skip
    return figures.timeline(incidents.listing(made, OCTOBER), OCTOBER, STYLE)


def test_the_worst_incidents_stand_first_and_a_very_long_one_is_broken_off():
    made = lasting(("sev3", 57), ("sev1", 0.5), ("sev1", 1), ("sev3", 6), ("sev2", 0.75))
    (bar,) = [trace for trace in made.figure["data"] if trace["type"] == "bar"]
    assert bar["x"] == [1.0, 0.5, 0.75, 1.5, 1.5]  # the axis ends half beyond the longest that is read on it
    assert [text.strip() for text in bar["text"]][3:] == ["2 d 9 h", "6 h"]  # told whole, whatever is drawn
    assert {shape["y0"] for shape in made.figure["layout"]["shapes"]} == {3.2, 4.2}
    assert "a broken bar goes on to the time beside it" in made.about["subtitle"]
    assert made.about["title"] == "The longest incident took 2 d 9 h"


def test_a_long_incident_that_leaves_the_others_readable_is_drawn_whole():
    made = lasting(("sev1", 3), ("sev2", 1), ("sev2", 2))
    assert made.figure["data"][0]["x"] == [3.0, 2.0, 1.0] and "broken" not in made.about["subtitle"]
    assert lasting(("sev1", 40), ("sev2", 1)).figure["data"][0]["x"] == [40.0, 1.0]  # two can be compared


def test_words_from_a_source_are_not_read_as_markup():
    made = figures.timeline(incidents.listing(frame(), OCTOBER), OCTOBER, STYLE)
    texts = " ".join(note["text"] for note in made.figure["layout"]["annotations"])
    assert "&lt;b&gt;Down" in texts and "<b>Down" not in made.html


def test_this_month_is_strong_and_a_month_not_seen_is_marked():
    seen = Intervals([(Period.month("2026-08").start, OCTOBER.end)])
    made = figures.history(incidents.history(frame(), OCTOBER, seen), STYLE)
    bar = made.figure["data"][0]
    assert bar["marker"]["color"] == [HISTORY] * 12 + [THIS_MONTH]
    assert bar["text"] == ["?"] * 10 + ["0", "0", "2"]
    assert made.figure["layout"]["xaxis"]["ticktext"][:4] == ["Oct<br>2025", "Nov", "Dec", "Jan<br>2026"]
    assert "a month that was not seen" in made.about["subtitle"]
    assert made.about["title"] == "2 incidents this month, after 0 in each before"


def test_attainment_shows_what_is_not_known_apart():
    sure = figures.attainment(target(), STYLE)
    assert len(sure.figure["data"]) == 1 and sure.about["title"] == "Every answer came in time"
    unsure = figures.attainment(target(responses_unknown=1.0, attainment=float("nan"), attainment_worst=0.8), STYLE)
    assert [trace["name"] for trace in unsure.figure["data"]] == ["in time", "not known"]
    assert unsure.about["title"] == "No answer is known to be late; 1 cannot be told"
    late = figures.attainment(target(responses_missed=1.0, attainment_best=0.8), STYLE)
    assert late.about["title"] == "1 answer was later than agreed"


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    none = FRAMES["incident"].empty()
    made = [
        figures.timeline(incidents.listing(none, OCTOBER), OCTOBER, STYLE),
        figures.history(incidents.history(none, OCTOBER, Intervals()), STYLE),
        figures.attainment(incidents.targets(none, OCTOBER, [], ALWAYS), STYLE),
    ]
    assert [one.kind for one in made] == ["notice"] * 3


def test_one_month_seen_before_is_not_called_each_before():
    seen = Intervals([(Period.month("2026-09").start, OCTOBER.end)])
    made = figures.history(incidents.history(frame(), OCTOBER, seen), STYLE)
    assert made.about["title"] == "2 incidents this month, after 0 in the one seen before"


def test_months_that_nobody_saw_are_none_to_compare_with():
    rows = frame()
    rows.loc[1, "opened_at"] = pd.Timestamp("2026-03-10", tz="UTC")
    october = Intervals([(OCTOBER.start, OCTOBER.end)])
    made = figures.history(incidents.history(rows, OCTOBER, october), STYLE)
    assert made.about["title"] == "1 incident this month"

"""Support charts draw what the metrics say, and nothing where there is nothing."""

import datetime as dt

import pandas as pd

from opsreport.figures import support as figures
from opsreport.intervals import Intervals
from opsreport.metrics import support
from opsreport.params.models import Agreement
from opsreport.params.operations import TicketTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import HISTORY, THIS_MONTH, Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2025, 1, 1), ticket_targets={
    "<P1>": TicketTarget(first_response="1h", resolution="27h", hours="always")})]  # fmt: skip


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}", tz="UTC")


def frame(second: str = "09-07 01:00") -> pd.DataFrame:
    return FRAMES["ticket"].conform(pd.DataFrame([
        {"ticket_id": "a", "priority": "<P1>", "opened_at": at("10-05 01:00"), "first_response_at": at("10-05 03:00"),
         "resolved_at": at("10-05 04:00")},
        {"ticket_id": "b", "opened_at": at(second)},
    ]))  # fmt: skip


def test_attainment_draws_the_late_apart_and_names_targets_in_hours():
    made = figures.attainment(support.targets(frame("10-07 01:00"), OCTOBER, AGREED, ALWAYS), STYLE)
    bars = {trace["name"]: trace for trace in made.figure["data"]}
    assert bars["in time"]["x"] == [0, 1, 0] and bars["late"]["x"] == [1, 0, 0]
    assert bars["not known"]["x"] == [0, 0, 1]  # a request without a priority
    assert all(bars[name]["marker"]["pattern"]["shape"] for name in ("late", "not known"))
    texts = " ".join(note["text"] for note in made.figure["layout"]["annotations"])
    assert "1 of 1 within 27 h" in texts and "&lt;P1&gt;" in texts and "<P1>" not in texts
    assert made.about["title"] == "1 answer was later than agreed"


def test_thirteen_months_stand_in_three_strips_of_one_scale():
    seen = Intervals([(Period.month("2026-09").start, OCTOBER.end)])
    made = figures.history(support.history(frame(), OCTOBER, seen), STYLE)
    opened, resolved, left = made.figure["data"]
    assert opened["text"][-3:] == ["?", "1", "1"] and resolved["text"][-1] == "1" and left["text"][-2:] == ["1", "1"]
    assert opened["marker"]["color"] == [HISTORY] * 12 + [THIS_MONTH]
    ranges = {tuple(made.figure["layout"][axis]["range"]) for axis in ("yaxis", "yaxis2", "yaxis3")}
    assert len(ranges) == 1 and "not seen" in made.about["subtitle"]
    assert made.about["title"] == "1 request was open at month end, as many as when it began"


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    none = FRAMES["ticket"].empty()
    made = [figures.attainment(support.targets(none, OCTOBER, AGREED, ALWAYS), STYLE),
            figures.history(support.history(none, OCTOBER, Intervals()), STYLE)]  # fmt: skip
    assert [one.kind for one in made] == ["notice"] * 2

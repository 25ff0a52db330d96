"""Monitoring charts draw what the metrics say, and nothing where there is nothing."""

import datetime as dt

import pandas as pd

from opsreport.figures import monitoring as figures
from opsreport.intervals import Intervals
from opsreport.metrics import monitoring
from opsreport.params.models import Agreement, SupportHours
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10", "Europe/Berlin")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "Europe/Berlin")
OFFICE = [Agreement(starts_on=dt.date(2025, 1, 1), support_hours=SupportHours(opens="09:00", closes="17:00"))]


def berlin(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-10-{text}", tz="Europe/Berlin").tz_convert("UTC")


def fired(*rows: dict) -> pd.DataFrame:
    numbered = [{"alert_id": f"a{n}", "alert_name": "<b>disk", "interrupted": True, **row}
                for n, row in enumerate(rows)]  # fmt: skip
    return FRAMES["alert"].conform(pd.DataFrame(numbered)) if rows else FRAMES["alert"].empty()


def by_rule(*rows: dict):
    return figures.by_rule(monitoring.by_rule(fired(*rows), OCTOBER, OFFICE, ALWAYS), STYLE)


def calls(*rows: dict, agreed=OFFICE):
    made = monitoring.calls(fired(*rows), OCTOBER, agreed)
    return figures.calls(made, monitoring.hours(OCTOBER, agreed), OCTOBER, STYLE)


NIGHT = {"fired_at": berlin("05 03:30"), "was_actioned": False}


def test_each_rules_alerts_are_split_by_whether_there_was_anything_to_do():
    made = by_rule(*[NIGHT] * 6, {**NIGHT, "was_actioned": True}, {**NIGHT, "was_actioned": None})
    bars = {trace["name"]: trace for trace in made.figure["data"]}
    assert {name: bar["x"] for name, bar in bars.items()} == {
        "led to action": [1], "nothing to do": [6], "not recorded": [1],
    }  # fmt: skip
    assert bars["not recorded"]["marker"]["pattern"]["shape"]  # not told by colour alone
    assert made.about["title"] == "6 of 8 alerts of “&lt;b&gt;disk” were for nothing"


def test_a_rule_with_few_alerts_is_not_called_out():
    assert by_rule(NIGHT, {**NIGHT, "was_actioned": True}).about["title"] == "1 of 2 alerts led to action"


def test_a_call_stands_at_its_local_time_of_day():
    made = calls(NIGHT, {"fired_at": berlin("30 12:15"), "was_actioned": True})  # before and after the clock change
    dots = {trace["name"]: trace for trace in made.figure["data"]}
    assert dots["nothing to do"]["y"] == [3.5] and dots["nothing to do"]["x"] == [4 * 24 + 12]
    assert dots["led to action"]["y"] == [12.25] and dots["led to action"]["x"] == [29 * 24 + 1 + 12]
    assert made.about["title"] == "1 of 2 calls came outside the support hours"
    assert "&lt;b&gt;disk" in dots["nothing to do"]["hovertext"][0]


def test_the_support_hours_are_shaded_on_the_clients_clock():
    shapes = calls(NIGHT).figure["layout"]["shapes"]
    assert len(shapes) == 22 and {(shape["y0"], shape["y1"]) for shape in shapes} == {(9, 17)}
    around = [Agreement(starts_on=dt.date(2025, 1, 1), support_hours=SupportHours(
        days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens="00:00", closes="24:00"))]  # fmt: skip
    made = calls(NIGHT, agreed=around)
    assert len(made.figure["layout"]["shapes"]) == 31 and made.figure["layout"]["shapes"][0]["y1"] == 24
    assert made.about["title"] == "No call fell outside the support hours"


def test_without_agreed_hours_no_call_is_outside_of_them():
    made = calls(NIGHT, agreed=[])
    assert made.about["title"] == "1 alert called somebody"
    assert "no support hours were agreed" in made.about["subtitle"]


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    assert [by_rule().kind, calls().kind] == ["notice"] * 2


SILENT = {"fired_at": berlin("05 03:30"), "was_actioned": None, "interrupted": None}


def beside(made) -> list[str]:
    return [one["text"] for one in made.figure["layout"]["annotations"] if one["x"] == 1]


def test_where_it_is_recorded_of_no_alert_whether_it_led_to_action_the_title_does_not_say_that_none_did():
    made = by_rule(SILENT, SILENT)
    assert made.about["title"] == "2 alerts fired; what came of them is not recorded"
    assert by_rule(SILENT).about["title"] == "1 alert fired; what came of it is not recorded"
    assert beside(made) == ["2, not recorded"]


def test_where_it_is_recorded_of_some_the_title_says_of_how_many_it_is_not():
    made = by_rule(SILENT, {**SILENT, "was_actioned": False}, {**SILENT, "was_actioned": True})
    assert made.about["title"] == "1 of 3 alerts is known to have led to action; of 1 it is not recorded"
    assert beside(made) == ["1 of 2 recorded, 3 fired"]


def test_calls_that_are_not_recorded_are_unknown_beside_the_chart_and_are_counted_there():
    made = by_rule(SILENT, SILENT)
    told = {fact["measure"]: fact["value"] for fact in made.facts}
    assert (told["calls"], told["calls_unknown"], told["calls_outside"]) == (None, 2, None)
    assert "Not known if" in made.html and "Not known if" not in by_rule(NIGHT).html

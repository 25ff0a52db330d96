"""The uptime charts: what they draw, and what they say of it."""

import datetime as dt
import json

import pandas as pd
import pytest

from opsreport import theme
from opsreport.figures import uptime as figures
from opsreport.figures import uptime_titles as titles
from opsreport.period import Period
from opsreport.theme import Style

OCTOBER = Period.month("2026-10", "Europe/Berlin")
STYLE = Style("en_GB", "EUR", "Europe/Berlin")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def states(*rows):
    return pd.DataFrame(rows, columns=["monitor", "state", "state_from", "state_to"]).assign(service="shop")


ZERO = pd.Timedelta(0)


def availability(down=ZERO, coverage=1.0, monitor="Shop"):
    return pd.DataFrame({"monitor": [monitor], "coverage": [coverage], "down_time": [down],
                         "degraded_time": [pd.Timedelta(0)], "raw_availability": [0.999],
                         "slo_target": float("nan"), "counted_down": pd.NaT, "excused_time": pd.NaT})  # fmt: skip


def under_slo(monitor, counted, excused=0):
    """A monitor's row under an SLO; counted and excused downtime in minutes."""
    part = availability(pd.Timedelta(minutes=counted + excused), monitor=monitor)
    return part.assign(slo_target=0.999, counted_down=pd.Timedelta(minutes=counted),
                       excused_time=pd.Timedelta(minutes=excused))  # fmt: skip


def history(**over):
    row = {"period": "2026-10", "monitor": "Shop", "agreed_availability": 0.9995, "raw_availability": 0.9995,
           "slo_target": 0.999, "availability_worst": 0.9995, "availability_best": 0.9995, "coverage": 1.0,
           "verdict": "met"}  # fmt: skip
    return pd.DataFrame([{**row, "period": "2026-09", "agreed_availability": float("nan"), "slo_target": float("nan"),
                          "availability_worst": float("nan"), "availability_best": float("nan"), "verdict": "unknown"},
                         {**row, **over}])  # fmt: skip


def burn(left, monitor="Shop"):
    days = [dt.date(2026, 10, 1), dt.date(2026, 10, 2)]
    return pd.DataFrame({"monitor": monitor, "service": "shop", "budget_day": days, "budget_left": left,
                         "error_budget": 44.64, "slo_target": 0.999})  # fmt: skip


ONE_OUTAGE = states(("Shop", "up", OCTOBER.start, at("2026-10-14 08:00")),
                    ("Shop", "down", at("2026-10-14 08:00"), at("2026-10-14 08:05")),
                    ("Shop", "up", at("2026-10-14 08:05"), OCTOBER.end))  # fmt: skip


def test_a_short_outage_is_marked_and_has_an_edge_that_cannot_vanish():
    made = figures.state_strip(ONE_OUTAGE, availability(pd.Timedelta(minutes=5)), OCTOBER, STYLE)
    traces = {trace.get("name"): trace for trace in made.figure["data"]}
    assert traces["down"]["marker"]["line"]["width"] == 2
    marks = next(trace for trace in made.figure["data"] if trace["type"] == "scatter")
    assert len(marks["x"]) == 1 and marks["marker"]["symbol"] == "triangle-down"
    assert "each outage" in made.about["subtitle"]
    assert made.about["title"] == "Shop was down for 5 min"


def test_positions_are_hours_that_passed_since_the_month_began():
    made = figures.state_strip(ONE_OUTAGE, availability(pd.Timedelta(minutes=5)), OCTOBER, STYLE)
    up = next(trace for trace in made.figure["data"] if trace.get("name") == "up")
    assert up["base"][0] == 0 and up["base"][1] + up["x"][1] == pytest.approx(745)
    assert made.figure["layout"]["xaxis"]["ticktext"] == ["1 Oct", "8 Oct", "15 Oct", "22 Oct", "29 Oct"]
    assert made.figure["layout"]["xaxis"]["tickvals"][-1] == 28 * 24 + 1  # after the clock went back


def test_every_state_has_the_themes_colour_and_a_pattern_or_a_mark():
    kinds = list(theme.STATE_COLOURS)
    rows = [("Shop", state, OCTOBER.start + pd.Timedelta(hours=n), OCTOBER.start + pd.Timedelta(hours=n + 1))
            for n, state in enumerate(kinds)]  # fmt: skip
    made = figures.state_strip(states(*rows), availability(), OCTOBER, STYLE)
    for trace in (trace for trace in made.figure["data"] if trace["type"] == "bar"):
        assert trace["marker"]["color"] == theme.STATE_COLOURS[trace["name"]]
        assert trace["name"] in ("up", "down") or trace["marker"]["pattern"]["shape"]


def test_a_month_of_minutes_stays_small():
    rows = [("Shop", "down" if n % 2 else "up", OCTOBER.start + pd.Timedelta(hours=n),
             OCTOBER.start + pd.Timedelta(hours=n + 1))
            for n in range(700)]  # fmt: skip
    made = figures.state_strip(states(*rows), availability(), OCTOBER, STYLE)
    assert len(json.dumps(made.figure)) < 100_000


def test_without_an_observation_there_is_a_notice_and_no_empty_chart():
    unknown = states(("Shop", "unknown", OCTOBER.start, OCTOBER.end))
    assert figures.state_strip(unknown, availability(coverage=0.0), OCTOBER, STYLE).kind == "notice"
    assert figures.state_strip(states(), availability().iloc[:0], OCTOBER, STYLE).kind == "notice"
    assert figures.budget_burn_down(burn([float("nan")] * 2), OCTOBER, STYLE).kind == "notice"
    assert figures.budget_burn_down(burn([1, 2]).iloc[:0], OCTOBER, STYLE).kind == "notice"
    assert figures.availability_history(history().iloc[:0], STYLE).kind == "notice"


def test_the_burn_down_begins_whole_is_labelled_directly_and_says_who_overspent():
    made = figures.budget_burn_down(pd.concat([burn([44.64, -15.36]), burn([44, 40], "Docs")]), OCTOBER, STYLE)
    shop = next(trace for trace in made.figure["data"] if "Shop" in trace["hovertext"][0])
    assert shop["y"] == [44.64, 44.64, -15.36] and shop["x"][0] == 0
    assert shop["line"]["color"] == theme.BAD
    assert [note["text"] for note in made.figure["layout"]["annotations"]] == ["Shop<br>-15.4 min", "Docs<br>+40 min"]
    assert made.about["title"] == "Shop overspent its error budget by 15.4 min"


def test_a_day_nobody_saw_is_a_gap_in_the_line():
    made = figures.budget_burn_down(burn([44.64, float("nan")]), OCTOBER, STYLE)
    assert made.figure["data"][0]["y"][-1] is None


def test_the_history_tells_missed_and_raw_by_shape_and_says_where_its_axis_starts():
    made = figures.availability_history(history(agreed_availability=0.99, verdict="missed"), STYLE)
    dots = made.figure["data"][0]
    assert dots["marker"]["symbol"] == ["circle-open", "diamond"]
    low = made.figure["layout"]["yaxis"]["range"][0]
    assert 0.98 < low < 0.99
    assert f"starts at {STYLE.text(low, 'availability')}, not at 0" in made.about["subtitle"]
    assert made.about["title"] == "Shop missed its SLO in 1 of 1 months"


def test_what_was_not_seen_is_drawn_as_a_line_from_worst_to_best():
    made = figures.availability_history(history(availability_worst=0.99, availability_best=1.0, coverage=0.9), STYLE)
    error = made.figure["data"][0]["error_y"]
    assert error["array"][1] == pytest.approx(0.0005) and error["arrayminus"][1] == pytest.approx(0.0095)


def test_a_name_with_markup_is_shown_as_it_is():
    name = "<b>Shop</b>"
    made = figures.state_strip(ONE_OUTAGE.assign(monitor=name), availability(monitor=name), OCTOBER, STYLE)
    assert made.figure["layout"]["yaxis"]["ticktext"] == ["&lt;b&gt;Shop&lt;/b&gt;"]
    assert name not in made.html


def test_titles_claim_no_more_than_was_seen():
    assert titles.budget_title(burn(20.0), STYLE).startswith("No error budget was seen overspent")
    unsure = titles.history_title(history(verdict="unknown"), STYLE)
    assert unsure == "No SLO is known to have been missed in these months"
    assert titles.history_title(history(verdict="met"), STYLE) == "No SLO was missed in these months"


@pytest.mark.parametrize(("rows", "title"), [
    ([under_slo("Shop", 78, 22)], "Shop was down for 1 h 18 min that counts, and 22 min that was excused"),
    ([under_slo("Shop", 78, 22), under_slo("Docs", 5)],
     "Shop was down for 1 h 18 min that counts, and 22 min that was excused; one other was down too"),
    ([under_slo("Shop", 5), under_slo("Docs", 7), under_slo("Pay", 0)],
     "Docs was down for 7 min that counts against its SLO; one other monitor was down too"),
    ([under_slo("Shop", 0, 22)], "No downtime counts against an SLO; 22 min of Shop was excused"),
    ([under_slo("Shop", 0)], "No monitor with an SLO was seen down"),
])  # fmt: skip
def test_the_strip_is_headed_by_what_counts_and_never_by_a_monitor_without_a_target(rows, title):
    without = availability(pd.Timedelta(hours=9), monitor="Test server")
    assert titles.strip_title(pd.concat([without, *rows]), STYLE) == title


def test_a_target_that_changed_is_drawn_in_steps():
    target = figures.availability_history(history(), STYLE).figure["data"][1]
    assert target["line"]["shape"] == "hvh"

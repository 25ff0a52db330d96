"""The timeline's chart: four lanes on one axis, and what it says where a lane is empty."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.figures import timeline as figures
from opsreport.period import Period
from opsreport.theme import Style

OCTOBER = Period.month("2026-10", "Europe/Berlin")
STYLE = Style("en_GB", "EUR", "Europe/Berlin")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def days(**over):
    row = {"happened_on": dt.date(2026, 10, 14), "spend": Decimal("12.34"), "down_on_day": pd.Timedelta(minutes=5),
           "incidents_on_day": 1, "deployments_on_day": 0, "billing_currency": "EUR",
           "outages_seen": 1.0, "incidents_seen": 1.0, "deployments_seen": 1.0}  # fmt: skip
    return pd.DataFrame([{**row, **over}])


def events(*rows):
    made = pd.DataFrame(rows, columns=["lane", "happened_at", "happened_until", "service", "happening"])
    return made.astype({"happened_at": "datetime64[us, UTC]", "happened_until": "datetime64[us, UTC]"})


BOTH = events(("outage", at("2026-10-14 08:00"), at("2026-10-14 08:05"), "shop", "Shop was down"),
              ("incident", at("2026-10-14 08:01"), pd.NaT, "shop", "Incident: <b>pay</b>"))  # fmt: skip


def test_four_lanes_share_one_axis_of_the_whole_month():
    layout = figures.lanes(days(), BOTH, OCTOBER, STYLE).figure["layout"]
    assert all(layout[name]["range"] == [0, 745] for name in ("xaxis", "xaxis2", "xaxis3", "xaxis4"))
    assert not any("overlaying" in layout[name] for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4"))


def test_an_outage_and_an_open_incident_are_drawn_where_they_happened():
    made = figures.lanes(days(), BOTH, OCTOBER, STYLE)
    outage, incident = [trace for trace in made.figure["data"] if trace.get("orientation") == "h"]
    assert outage["base"] == [13 * 24 + 10] and round(outage["x"][0] * 60) == 5
    assert incident["base"][0] + incident["x"][0] == 745  # to the month's end
    assert "&lt;b&gt;pay" in incident["hovertext"][0]


def test_a_lane_without_events_says_none_and_one_without_a_source_says_no_data():
    notes = [note["text"] for note in figures.lanes(days(), BOTH, OCTOBER, STYLE).figure["layout"]["annotations"]]
    assert "none" in notes and "no data" not in notes
    made = figures.lanes(days(deployments_on_day=float("nan"), deployments_seen=float("nan")), BOTH, OCTOBER, STYLE)
    assert "no data" in [note["text"] for note in made.figure["layout"]["annotations"]]
    assert made.about["title"] == "1 outage and 1 incident"


def test_the_title_counts_what_happened():
    made = figures.lanes(days(), BOTH, OCTOBER, STYLE)
    assert made.about["title"] == "1 outage, 1 incident and no deployments"


def test_no_outage_is_said_only_of_the_time_that_was_seen():
    quiet = events(("deployment", at("2026-10-14 08:00"), at("2026-10-14 08:05"), "shop", "Deployment: d"))
    part = days(down_on_day=pd.NaT, outages_seen=0.24, incidents_on_day=0, deployments_on_day=1)
    made = figures.lanes(part, quiet, OCTOBER, STYLE)
    assert made.about["title"] == "No outages in the 24% seen, no incidents and 1 deployment"
    notes = [note["text"] for note in made.figure["layout"]["annotations"]]
    assert "none in the 24% seen" in notes and "none" in notes  # outages and incidents
    blind = figures.lanes(part.assign(outages_seen=0.0), quiet, OCTOBER, STYLE)
    assert blind.about["title"] == "No incidents and 1 deployment"
    assert "no data" in [note["text"] for note in blind.figure["layout"]["annotations"]]


def test_a_failed_deployment_is_told_by_its_shape():
    rows = [("deployment", at("2026-10-14 08:00"), at("2026-10-14 08:05"), "shop", f"{kind}: d") for kind in
            ("Deployment", "Failed deployment", "Deployment, rolled back")]  # fmt: skip
    made = figures.lanes(days(), events(*rows), OCTOBER, STYLE)
    assert made.figure["data"][-1]["marker"]["symbol"] == ["line-ns", "x-thin", "x-thin"]


def test_nothing_known_is_a_notice():
    unknown = days(spend=None, down_on_day=pd.NaT, incidents_on_day=None, deployments_on_day=None)
    assert figures.lanes(unknown, events(), OCTOBER, STYLE).kind == "notice"


def month(*levels):
    """A row a day with the spend given."""
    first = dt.date(2026, 10, 1)
    return pd.concat([days(happened_on=first + dt.timedelta(days=n), spend=None if level is None else Decimal(level))
                      for n, level in enumerate(levels)], ignore_index=True)  # fmt: skip


def odd(first, last=31):
    return pd.DataFrame({"charge_day": [dt.date(2026, 10, day) for day in range(first, last + 1)]})


def test_a_step_in_the_spend_is_the_title_where_there_is_one():
    stepped = month(*[122] * 5, *[158] * 26)
    made = figures.lanes(stepped, BOTH, OCTOBER, STYLE, odd(6))
    assert made.about["title"] == "Spend a day rose from about €120 to about €160 on 6 Oct"
    fell = figures.lanes(month(*[158] * 5, *[122] * 26), BOTH, OCTOBER, STYLE, odd(6))
    assert fell.about["title"] == "Spend a day fell from about €160 to about €120 on 6 Oct"


@pytest.mark.parametrize(("spent", "unusual"), [
    (month(*[122] * 5, *[158] * 26), None),
    (month(*[122] * 5, *[158] * 26), odd(6, 9)),  # a few odd days are no step
    (month(*[122] * 2, *[158] * 29), odd(3)),  # two days are no level to step from
    (month(*[122] * 5, *[130] * 26), odd(6)),  # nor is 7 % a step
    (month(*[None] * 5, *[158] * 26), odd(6)),
])  # fmt: skip
def test_without_a_step_the_title_counts_what_happened(spent, unusual):
    assert figures.lanes(spent, BOTH, OCTOBER, STYLE, unusual).about["title"] == (
        "1 outage, 1 incident and no deployments"
    )


def test_a_day_of_fees_does_not_flatten_the_lane_and_its_amount_is_written():
    made = figures.lanes(month(450, *[120] * 30), BOTH, OCTOBER, STYLE)
    assert made.figure["data"][0]["y"][:2] == [150.0, 120.0]
    assert "↑ €450" in [note["text"] for note in made.figure["layout"]["annotations"]]
    assert "a broken bar goes on" in made.about["subtitle"]

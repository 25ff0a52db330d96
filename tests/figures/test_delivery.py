"""Delivery charts keep services apart and say results by pattern as well as colour."""

import pandas as pd

from opsreport.figures import delivery as figures
from opsreport.intervals import Intervals
from opsreport.metrics import delivery
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
NO_INCIDENT = FRAMES["incident"].empty()


def deployed() -> pd.DataFrame:
    rows = [
        {"deployment_id": f"d{day}", "service": service, "environment": "production", "outcome": outcome,
         "started_at": pd.Timestamp(2026, 10, day, 11, tz="UTC"), "needed_intervention": mended,
         "finished_at": pd.Timestamp(2026, 10, day, 12, tz="UTC")}
        for day, service, outcome, mended in [
            (1, "shop", "success", False), (2, "shop", "success", True), (3, "search", "failure", None),
            (4, None, "success", None)]
    ]  # fmt: skip
    return FRAMES["deployment"].conform(pd.DataFrame(rows))


def changed() -> pd.DataFrame:
    rows = [{"change_id": f"c{hour}", "deployment_id": "d1",
             "first_commit_at": pd.Timestamp(2026, 10, 1, hour, tz="UTC")} for hour in (1, 3, 5, 7, 9)]  # fmt: skip
    return FRAMES["change"].conform(pd.DataFrame(rows))


def test_each_service_has_its_own_strip_and_each_result_its_own_pattern():
    made = figures.deployments(delivery.daily(deployed(), NO_INCIDENT, OCTOBER, {}), OCTOBER, STYLE)
    legend = {t["name"]: t["marker"].get("pattern", {}) for t in made.figure["data"] if t.get("showlegend")}
    assert list(legend) == ["succeeded", "needed intervention", "failed before production"]
    shapes = [pattern.get("shape", "") for pattern in legend.values()]
    assert len(set(shapes)) == 3
    names = [note["text"] for note in made.figure["layout"]["annotations"]]
    assert names[0] == "<b>shop</b> · 2" and len(names) == 3
    assert made.about["title"] == "4 deployments tried, of which 1 needed intervention"


def test_lead_times_are_dots_with_the_median_of_their_service():
    changes = delivery.lead_times(changed(), deployed(), OCTOBER, {})
    summary = delivery.lead_summary(changed(), deployed(), OCTOBER, ALWAYS, {})
    made = figures.lead_times(changes, summary, STYLE)
    dots, median = made.figure["data"]
    assert dots["x"] == [3.0, 5.0, 7.0, 9.0, 11.0] and median["x"] == [7.0, 7.0]
    assert made.about["title"] == "Half of shop's changes were in production within 7 h"


def test_too_few_changes_have_no_median_and_it_is_said():
    few = changed().head(2)
    changes = delivery.lead_times(few, deployed(), OCTOBER, {})
    made = figures.lead_times(changes, delivery.lead_summary(few, deployed(), OCTOBER, ALWAYS, {}), STYLE)
    assert len(made.figure["data"]) == 1
    assert made.about["title"] == "Too few changes reached production for a median lead time"


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    none, no_change = FRAMES["deployment"].empty(), FRAMES["change"].empty()
    daily = delivery.daily(none, NO_INCIDENT, OCTOBER, {})
    changes = delivery.lead_times(no_change, none, OCTOBER, {})
    summary = delivery.lead_summary(no_change, none, OCTOBER, ALWAYS, {})
    assert figures.deployments(daily, OCTOBER, STYLE).kind == "notice"
    assert figures.lead_times(changes, summary, STYLE).kind == "notice"

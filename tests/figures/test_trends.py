"""Small multiples draw each key figure's months, what was agreed and the baseline, and leave gaps open."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport import theme
from opsreport.exhibit import Rows
from opsreport.figures.trends import GROUPS, panels
from opsreport.metrics.rows import scorecard_rows
from opsreport.period import Period
from opsreport.schemas.scorecard import NAMES
from opsreport.theme import Style

OCTOBER, STYLE = Period.month("2026-10"), Style("en_GB", "EUR", "UTC")
TREND = [1.0] * 11 + [None, 3.0]


def row(trend=TREND, section="cost", **more):
    given = {"id": "x", "measure": "Spend", "unit": "count", "currency": "", "this_month": trend[-1], "coverage": 1.0,
             "target": None, "baseline": None, "verdict": "unknown", "section": section, "trend": trend}  # fmt: skip
    return given | more


def drawn(*rows, group="money"):
    return panels(scorecard_rows(rows), group, OCTOBER, STYLE)


def lines(made):
    return [trace for trace in made.figure["data"] if trace["mode"].startswith("lines")]


def test_a_months_value_is_drawn_and_an_unknown_month_is_a_gap():
    (line,) = lines(drawn(row()))
    assert line["y"] == [1.0] * 11 + [None, 3.0] and not line.get("connectgaps")
    assert line["hovertext"][0] == "October 2025: 1" and line["hovertext"][11] == "September 2026: unknown"


def test_this_month_is_strong_and_a_missed_one_told_by_shape_too():
    plain, missed = (drawn(row(verdict=verdict)).figure["data"][-1]["marker"] for verdict in ("met", "missed"))
    assert (plain["color"], plain["symbol"]) == (theme.THIS_MONTH, "circle")
    assert (missed["color"], missed["symbol"]) == (theme.BAD, "diamond")


def test_an_unknown_month_at_the_end_has_no_mark():
    made = drawn(row([1.0] * 12 + [None], this_month=None))
    assert [trace["mode"] for trace in made.figure["data"]] == ["lines+markers"]
    assert "<b>unknown</b>" in made.figure["layout"]["annotations"][0]["text"]


def test_a_month_between_unknown_ones_is_a_point():
    (line,) = lines(drawn(row([None, 1.0, None] + [1.0] * 10)))
    assert line["marker"]["size"][1] == 6 and line["marker"]["size"][5] == 0


def test_target_and_baseline_are_thin_lines_with_their_numbers():
    made = drawn(row(target=2.0, baseline=1.0))
    target, baseline = lines(made)[:2]
    assert (target["y"], target["line"]["dash"]) == ([2.0, 2.0], "dot")
    assert (baseline["y"], baseline["line"]["dash"]) == ([1.0, 1.0], "dash")
    text = made.figure["layout"]["annotations"][0]["text"]
    assert "target 2<" in text and "baseline 1<" in text
    assert len(lines(drawn(row()))) == 1  # nothing agreed, nothing drawn


def test_durations_are_drawn_in_the_minutes_of_their_trend():
    made = drawn(row([60.0] * 12 + [90.0], unit="duration", this_month=pd.Timedelta("90min"),
                     target=pd.Timedelta("2h"), verdict="met"))  # fmt: skip
    assert lines(made)[0]["y"] == [120.0, 120.0] and lines(made)[1]["y"][-1] == 90.0
    assert lines(made)[1]["hovertext"][0] == "October 2025: 1 h"
    texts = {fact["id"].rpartition(".")[2]: fact["text"] for fact in made.facts}
    assert texts["figure_highest"] == "1 h 30 min" and texts["figure_target"] == "2 h"


def test_the_numbers_beside_are_exact_and_have_their_rows():
    exact = Decimal("5096.984036966306393400")
    made = drawn(row([Decimal(1)] * 12 + [exact], unit="money", currency="USD", this_month=exact, rows=Rows("cost")))
    now = next(fact for fact in made.facts if fact["id"].endswith("figure_now"))
    assert (now["value"], now["currency"], now["rows"]["frame"]) == ("5096.9840369663063934", "USD", "cost")
    assert made.figure["data"][0]["y"][-1] == 5096.98  # six digits in the drawing
    assert "none agreed" in made.html


def test_a_figure_known_for_one_month_is_in_the_table_only_and_that_is_said():
    made = drawn(row(), row([None] * 12 + [1.0], measure="New"))
    assert len(lines(made)) == 1 and "New" in made.html and "in the table only" in made.about["subtitle"]


def test_at_most_eight_panels_are_drawn_misses_and_bad_ends_first_and_the_others_are_counted():
    met = [row(measure=f"Met {n}", target=4.0, verdict="met") for n in range(8)]
    made = drawn(*met, row(measure="Missed", target=2.0, verdict="missed"), row(measure="Incidents opened"))
    texts = [note["text"].partition("<br>")[0] for note in made.figure["layout"]["annotations"]]
    assert {"Missed", "Incidents opened", "Met 5"} <= {*texts} and "Met 6" not in texts
    assert "2 more are in the table only" in made.about["subtitle"] and "Met 7" in made.html


def test_what_has_no_target_and_stands_at_no_end_is_in_the_table_only():
    calm = row([1.0, 5.0] + [2.0] * 11, measure="Calm")
    made = drawn(calm, row())
    assert len(lines(made)) == 1 and "One more is in the table only" in made.about["subtitle"]
    assert len(lines(drawn(calm))) == 1  # nothing else tells more


def test_a_line_that_never_moves_stands_in_the_middle():
    for level in (5.0, 0.0):
        low, high = drawn(row([level] * 13)).figure["layout"]["yaxis"]["range"]
        assert (low + high) / 2 == pytest.approx(level)


def test_a_long_name_is_wrapped_and_never_cut():
    name = "Age of the newest proven recovery point, orders database of the shop"
    text = drawn(row(measure=name)).figure["layout"]["annotations"][0]["text"]
    assert " ".join(text.partition("<br><b>")[0].split("<br>")) == name


@pytest.mark.parametrize("rows", [(), (row([None] * 13, this_month=None),), (row(section="uptime"),)])
def test_nothing_to_draw_is_said(rows):
    assert drawn(*rows).kind == "notice"


def test_every_section_is_in_one_group_and_a_new_one_in_the_last():
    made = {group: drawn(*(row(section=name, measure=name) for name in [*NAMES, "brand-new"]), group=group)
            for group in GROUPS}  # fmt: skip
    shown = [note["text"].partition("<br>")[0] for one in made.values() for note in one.figure["layout"]["annotations"]]
    assert sorted(set(shown) & {*NAMES, "brand-new"}) == sorted([*NAMES, "brand-new"])
    assert len([one for one in shown if one in {*NAMES, "brand-new"}]) == len(NAMES) + 1
    assert any("brand-new" in note["text"] for note in made["support"].figure["layout"]["annotations"])


def test_panels_do_not_overlap_and_the_last_of_each_column_names_the_months():
    made = drawn(*(row(measure=f"m{n}") for n in range(5)))
    layout = made.figure["layout"]
    boxes = [(layout[f"xaxis{n or ''}"]["domain"], layout[f"yaxis{n or ''}"]["domain"]) for n in (0, 2, 3, 4, 5)]
    for n, (across, down) in enumerate(boxes):
        assert 0 <= across[0] < across[1] <= 1 and 0 <= down[0] < down[1] <= 1
        for other_across, other_down in boxes[n + 1 :]:
            assert across[1] < other_across[0] or other_across[1] < across[0] or down[0] > other_down[1]
    assert sum(note["text"] == "Oct 2026" for note in layout["annotations"]) == 2


def test_a_name_is_not_read_as_markup():
    assert "&lt;b&gt;x" in drawn(row(measure="<b>x</b>")).figure["layout"]["annotations"][0]["text"]


@pytest.mark.parametrize(("rows", "title"), [
    ([row(target=2.0, verdict="missed")], "Spend was 3 against a target of 2"),
    ([row(target=2.0, verdict="missed"), row(target=2.0, verdict="missed")],
     "Spend was 3 against a target of 2; 1 more missed theirs"),
    ([row(target=4.0, verdict="met"), row()], "The one target here was met this month"),
    ([row(target=4.0, verdict="met"), row(target=4.0, verdict="at risk")], "All 2 targets here were met this month"),
    ([row(target=4.0, verdict="met"), *[row(target=4.0)] * 6],
     "1 of 7 targets here was met this month; 6 cannot be judged"),
    ([row(target=4.0)], "Whether the one target here was met this month cannot be judged"),
    ([row(target=4.0)] * 2, "None of the 2 targets here can be judged this month"),
    ([row()], "Spend: 3 this month"),
])  # fmt: skip
def test_the_title_says_what_happened(rows, title):
    assert drawn(*rows).about["title"] == title


def test_each_number_opens_to_the_rows_of_its_days():
    made = drawn(row([5.0, *[1.0] * 11, 3.0], baseline=1.0, target=2.0, rows=Rows("cost", {"service": "shop"})))
    when = {fact["id"].rpartition(".")[2]: fact.get("rows", {}).get("when") for fact in made.facts}
    assert when == {"figure_now": "this_month", "figure_target": None, "figure_baseline": "baseline",
                    "figure_lowest": "2025-11", "figure_highest": "2025-10"}  # fmt: skip
    assert drawn(row()).facts[0]["rows"] == {"frame": "cost", "where": {}, "when": "this_month"}


def test_every_target_was_not_met_when_one_that_cannot_be_drawn_was_missed():
    met = row(target=2.0, verdict="met", measure="Spend on a")
    assert drawn(met).about["title"] == "The one target here was met this month"
    lone = row([None] * 12 + [3.0], target=2.0, verdict="missed", measure="Spend on b")
    assert drawn(met, lone).about["title"] == "Spend on b was 3 against a target of 2"

"""Pictures of charts for mails: every bar, line and word where the figure has it, or no picture at all."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import matplotlib
import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.figures.cost_bars import named_bars
from opsreport.mail.charts import HEIGHT, MOST_BYTES, WIDTH, alt, draw, fits_mail
from opsreport.mail.charts.known import NotDrawnError, check
from opsreport.mail.charts.layout import Plan
from opsreport.mail.charts.scene import Area, Label, Stroke
from opsreport.theme import Style

LARGEST = 2.8  # the scale of words that have room
MONTHS = {"tickvals": [0, 1, 2, 3], "ticktext": ["Oct<br>2025", "Nov", "Dec", "Jan<br>2026"], "tickangle": 0}


def as_notebook_has_it(figure: go.Figure, **layout: Any) -> dict[str, Any]:
    """The JSON that a notebook's output holds."""
    figure.update_layout(template="opsreport", height=340, **layout)
    return json.loads(figure.to_json())


def bars(**trace: Any) -> dict[str, Any]:
    return as_notebook_has_it(go.Figure(go.Bar(**trace)))


def line(x: list, y: list, **layout: Any) -> dict[str, Any]:
    return as_notebook_has_it(go.Figure(go.Scatter(x=x, y=y, mode="lines", line={"color": theme.BLUE})), **layout)


def boxes(figure: dict[str, Any], scale: float = 1.9) -> list:
    plan = Plan(figure, scale)
    return [bar.box(plan.axes) for bar in plan.bars]


def labels(figure: dict[str, Any], role: str = "", scale: float = 1.9) -> list[Label]:
    return [label for label in Plan(figure, scale).scene().labels if not role or label.role == role]


def strokes(figure: dict[str, Any], colour: str, scale: float = 1.9) -> list[Stroke]:
    return [part for part in Plan(figure, scale).scene().parts if isinstance(part, Stroke) and part.colour == colour]


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


# The file


def test_a_picture_has_a_mails_size_a_white_ground_and_few_bytes():
    png = draw(bars(x=["a", "b"], y=[1, 2]))
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.size, image.mode, image.info) == ("PNG", (1280, 640), "P", {})
    assert len(png) < MOST_BYTES and tuple(pixels(png)[1, 1]) == (255, 255, 255)


def test_an_equal_figure_makes_the_same_bytes_whatever_a_users_settings_are():
    figure = bars(x=["a", "b"], y=[1, 2], text=["$1", "$2"], textposition="outside")
    before = draw(figure)
    with matplotlib.rc_context({"text.usetex": True, "lines.antialiased": False, "savefig.facecolor": "red"}):
        own = dict(matplotlib.rcParams)
        assert draw(json.loads(json.dumps(figure))) == before
        assert dict(matplotlib.rcParams) == own


def test_a_picture_takes_little_time():
    figure = bars(x=list(range(60)), y=list(range(60)))
    draw(figure)
    begun = time.process_time()
    draw(figure)
    assert time.process_time() - begun < 0.5


def test_a_colour_stays_what_it_is_however_little_of_it_there_is():
    rng = np.random.default_rng(1)
    figure = go.Figure(go.Scatter(x=list(range(900)), y=rng.normal(size=900).cumsum().tolist(), mode="lines",
                                  line={"color": theme.BLUE}))  # fmt: skip
    figure.add_scatter(x=[450], y=[0], mode="markers", marker={"color": theme.VERMILLION, "size": 8})
    found = pixels(draw(as_notebook_has_it(figure, showlegend=False))).reshape(-1, 3)
    assert (found == rgb(theme.VERMILLION)).all(axis=1).sum() > 100


# Bars


def test_a_bar_twice_as_high_is_drawn_twice_as_high_from_zero():
    low, high = boxes(bars(x=["a", "b"], y=[10, 20]))
    assert low.bottom == high.bottom
    assert high.bottom - high.top == pytest.approx(2 * (low.bottom - low.top))
    assert low.right < high.left


def test_a_bar_is_painted_where_it_was_laid_out():
    figure = bars(x=["a", "b"], y=[10, 20], marker={"color": [theme.GREEN, theme.ORANGE]})
    painted = pixels(draw(figure))
    for box, colour in zip(boxes(figure, LARGEST), (theme.GREEN, theme.ORANGE), strict=True):
        across, middle = int((box.left + box.right) / 2), int((box.top + box.bottom) / 2)
        assert tuple(painted[middle, across]) == rgb(colour)
        assert tuple(painted[int(box.top) + 2, across]) == rgb(colour)
        assert tuple(painted[int(box.top) - 4, across]) != rgb(colour)


def test_rows_of_a_range_that_runs_backwards_stand_from_the_top():
    figure = as_notebook_has_it(go.Figure(go.Bar(orientation="h", y=[0, 1], x=[4, 1], width=0.4)))
    figure["layout"]["yaxis"] = {"range": [1.5, -0.5], "visible": False}
    first, second = boxes(figure)
    assert first.bottom < second.top
    assert first.right - first.left == pytest.approx(4 * (second.right - second.left))


def test_a_bar_begins_at_its_base():
    first, second = boxes(bars(orientation="h", y=[0, 1], x=[3, 2], base=[0, 3]))
    assert second.left == pytest.approx(first.right)


def test_bars_of_a_stack_stand_on_each_other_and_negative_ones_below_zero():
    figure = go.Figure([go.Bar(x=["a", "b"], y=[1, -1]), go.Bar(x=["a", "b"], y=[2, 2])])
    plan = Plan(as_notebook_has_it(figure, barmode="relative"), 1.9)
    assert [(bar.base, bar.tip) for bar in plan.bars] == [(0, 1), (0, -1), (1, 3), (0, 2)]
    stacked = Plan(as_notebook_has_it(figure, barmode="stack"), 1.9)
    assert [(bar.base, bar.tip) for bar in stacked.bars] == [(0, 1), (0, -1), (1, 3), (-1, 1)]


def test_bars_of_a_group_stand_side_by_side_and_those_of_an_overlay_at_one_place():
    figure = go.Figure([go.Bar(x=["a"], y=[1]), go.Bar(x=["a"], y=[2])])
    first, second = boxes(as_notebook_has_it(figure, barmode="group"))
    assert first.right == pytest.approx(second.left)
    first, second = boxes(as_notebook_has_it(figure, barmode="overlay"))
    assert (first.left, first.right) == (second.left, second.right)


def test_traces_that_share_no_place_have_bars_of_full_width_as_plotly_gives_them():
    figure = go.Figure([go.Bar(x=[0, 1], y=[1, 1]), go.Bar(x=[2], y=[1])])
    plan = Plan(as_notebook_has_it(figure), 1.9)
    assert [(bar.low, bar.high) for bar in plan.bars] == [(-0.375, 0.375), (0.625, 1.375), (1.625, 2.375)]


def test_a_days_bar_is_as_wide_as_its_milliseconds_say():
    figure = go.Figure(go.Bar(x=["2026-10-01", "2026-10-03"], y=[1, 1], width=86_400_000 / 2))
    figure.update_xaxes(type="date", range=["2026-09-30T12:00:00", "2026-10-03T12:00:00"],
                        tickvals=["2026-10-01"], ticktext=["Oct 1"])  # fmt: skip
    plan = Plan(as_notebook_has_it(figure), 1.9)
    first, last = (bar.box(plan.axes) for bar in plan.bars)
    day = (plan.plot.right - plan.plot.left) / 3
    assert first.right - first.left == pytest.approx(day / 2)
    assert last.left - first.left == pytest.approx(2 * day)


def test_a_pattern_is_drawn_within_its_bar():
    figure = bars(x=["a", "b"], y=[1, 2], marker={"color": theme.BLUE, "pattern": {
        "shape": ["", "/"], "fgcolor": theme.PAPER, "bgcolor": theme.BLUE}})  # fmt: skip
    box = boxes(figure, LARGEST)[1].grown(0.001)
    (lines,) = strokes(figure, theme.PAPER, LARGEST)
    assert all(box.left <= x <= box.right and box.top <= y <= box.bottom for line in lines.lines for x, y in line)
    found = pixels(draw(figure))[int(box.top) + 3 : int(box.bottom) - 3, int(box.left) + 3 : int(box.right) - 3]
    share = (found == 255).all(axis=2).mean()
    assert 0.05 < share < 0.4  # lines, and mostly the bar


# Lines and markers


def test_a_value_that_is_missing_leaves_a_gap():
    (drawn,) = strokes(line([0, 1, 2, 3, 4], [1, 2, None, 2, 3]), theme.BLUE)
    assert [len(one) for one in drawn.lines] == [2, 2]


def test_arrays_as_plotly_packs_them_draw_the_same_as_plain_ones():
    plain = line([0, 1, 2], [1.0, None, 3.0])
    packed = json.loads(json.dumps(plain))
    packed["data"][0]["x"] = {"dtype": "i1", "bdata": "AAEC"}
    packed["data"][0]["y"] = {"dtype": "f8", "bdata": "AAAAAAAA8D8AAAAAAAD4fwAAAAAAAAhA"}
    assert draw(packed) == draw(plain) != b""


def test_a_stepped_line_turns_midway_and_a_dashed_one_is_dashed():
    figure = line([0, 1], [0, 1], xaxis={"range": [0, 1]}, yaxis={"range": [0, 1]})
    figure["data"][0]["line"] |= {"shape": "hvh", "dash": "dot"}
    (drawn,) = strokes(figure, theme.BLUE)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = drawn.lines[0]
    assert x1 == x2 == pytest.approx((x0 + x3) / 2) and (y1, y2) == (y0, y3)
    assert drawn.dash


def test_a_log_axis_has_its_powers_of_ten_at_equal_distances():
    figure = line([1, 10, 100], [0, 1, 2], xaxis={"type": "log"})
    (drawn,) = strokes(figure, theme.BLUE)
    (a, _), (b, _), (c, _) = drawn.lines[0]
    assert b - a == pytest.approx(c - b)
    assert [label.text for label in labels(figure, "tick")][:3] == ["1", "10", "100"]


def test_a_marker_keeps_its_size_its_colour_and_its_place():
    figure = as_notebook_has_it(go.Figure(go.Scatter(
        x=[0, 1], y=[0, 1], mode="markers", marker={"symbol": "diamond", "size": 10, "color": theme.ORANGE},
    )))  # fmt: skip
    (area,) = [part for part in Plan(figure, 1.9).scene().parts if isinstance(part, Area)]
    across = [x for x, _ in area.polygons[0]]
    assert max(across) - min(across) == pytest.approx(2 * 1.3 * 10)
    assert area.fill == theme.ORANGE and len(area.polygons) == 2


def test_a_whisker_spans_what_a_value_could_be():
    error = {"type": "data", "symmetric": False, "array": [1], "arrayminus": [2], "color": theme.PURPLE, "width": 0}
    figure = bars(x=["a"], y=[5], error_y=error)
    plan = Plan(figure, 1.9)
    (whisker,) = strokes(figure, theme.PURPLE)
    (_, top), (_, bottom) = whisker.lines[0]
    assert (top, bottom) == (pytest.approx(plan.axes["y"].pixel(6)), pytest.approx(plan.axes["y"].pixel(3)))


def test_a_line_across_spans_its_panel_at_its_value():
    figure = as_notebook_has_it(go.Figure(go.Bar(x=["a"], y=[4])).add_hline(3, line={"color": theme.PURPLE}))
    plan = Plan(figure, 1.9)
    (drawn,) = strokes(figure, theme.PURPLE)
    assert drawn.lines[0] == ((plan.plot.left, plan.axes["y"].pixel(3)), (plan.plot.right, plan.axes["y"].pixel(3)))


def test_panels_stand_below_each_other_and_matched_axes_share_a_range():
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True)
    figure.add_bar(x=[0, 1], y=[1, 2], row=1, col=1).add_bar(x=[5], y=[1], row=2, col=1)
    plan = Plan(as_notebook_has_it(figure), 1.9)
    assert plan.axes["y"].start < plan.axes["y2"].end  # counted from the top
    assert plan.axes["x"].low == plan.axes["x2"].low and plan.axes["x"].high == plan.axes["x2"].high == 5.375


def test_an_axis_begins_at_zero_for_bars_and_says_its_numbers_as_plotly_does():
    figure = as_notebook_has_it(go.Figure(go.Bar(x=["a"], y=[5300])), yaxis={"nticks": 4, "tickformat": "~s"})
    assert [label.text for label in labels(figure, "tick")] == ["a", "0", "2k", "4k"]
    figure = line([0, 1], [0.994, 1], yaxis={"range": [0.9944, 1.0006], "tickformat": ".3~%", "nticks": 4})
    assert [label.text for label in labels(figure, "tick")][-3:] == ["99.6%", "99.8%", "100%"]


# Words


def test_money_is_no_formula_and_markup_in_a_name_is_words():
    name = "$x_1$ and $y^2$ &lt;b&gt;R&amp;D&lt;/b&gt; <script>"
    figure = as_notebook_has_it(go.Figure(go.Bar(x=[name], y=[1])))
    assert labels(figure, "tick")[0].text == "$x_1$ and $y^2$ <b>R&D</b> <script>"
    assert draw(figure)


def test_letters_that_turn_or_hide_others_are_left_out():
    figure = as_notebook_has_it(go.Figure(go.Bar(x=["in\u202evoice\x00\u2066.ex\u200be\n2"], y=[1])))
    assert labels(figure, "tick")[0].text == "invoice.exe 2"


def test_bold_words_and_lines_of_a_label_are_read():
    figure = as_notebook_has_it(go.Figure(go.Bar(x=["a"], y=[1])).add_annotation(
        x="a", y=1, showarrow=False, yanchor="bottom", font={"size": 12},
        text='<b>SEV1</b> shop<br><span style="font-size:11px;color:#57606a">since</span>'))  # fmt: skip
    (note,) = labels(figure, "note")
    assert [(run.text, run.is_bold, run.size, run.colour) for one in note.lines for run in one] == [
        ("SEV1", True, 12, theme.INK), (" shop", False, 12, theme.INK), ("since", False, 11.0, theme.INK_SOFT),
    ]  # fmt: skip


def test_no_word_is_cut_by_the_picture_or_stands_over_another():
    name = "a name that is far longer than its chart is wide, and goes on and on"
    figure = go.Figure(go.Bar(orientation="h", x=[4, 3], y=[name, "b"], text=["4 of them", "3"],
                              textposition="outside"))  # fmt: skip
    figure.add_annotation(x=1, xref="paper", xanchor="left", y=1, showarrow=False, text="at the right<br>of the plot")
    found = labels(as_notebook_has_it(figure))
    for place, one in enumerate(found):
        assert one.box.left >= 0 and one.box.right <= WIDTH and one.box.top >= 0 and one.box.bottom <= HEIGHT
        assert all(min(one.box.overlap(other.box)) <= 5 for other in found[place + 1 :])
    assert any(one.text.endswith("…") for one in found)


def test_a_name_gives_way_to_the_number_at_the_end_of_its_row():
    figure = go.Figure(go.Bar(orientation="h", y=[0], x=[1], width=0.4))
    for words, x in (("a rule whose name is very long indeed, " * 3, 0), ("58 of 60", 1)):
        figure.add_annotation(x=x, xref="paper", xanchor="right" if x else "left", y=-0.4, yanchor="middle",
                              showarrow=False, text=words)  # fmt: skip
    name, number = labels(as_notebook_has_it(figure, yaxis={"visible": False, "range": [0.5, -0.8]}), "note")
    assert number.text == "58 of 60" and name.text.endswith("…") and name.box.right < number.box.left


def test_the_names_of_many_rows_stand_clear_of_the_bars():
    count = 12
    figure = named_bars([f"Service number {place}" for place in range(count)], list(range(count, 0, -1)),
                        [theme.BLUE] * count, Style(), "EUR")  # fmt: skip
    made = as_notebook_has_it(figure)
    plan = Plan(made, 1.7)
    drawn = [bar.box(plan.axes) for bar in plan.bars]
    assert all(min(label.box.overlap(box)) <= 0 for label in labels(made, "note", 1.7) for box in drawn)
    assert draw(made)


def letters(png: bytes) -> int:
    """How tall the first word of a picture is: the rows that its left part has ink in, from the top. [px]"""
    inked = (pixels(png)[:, :200] < 200).any(axis=(1, 2))
    first = int(inked.argmax())
    return int((~inked[first:]).argmax())


def rows_of_bars(count: int) -> dict[str, Any]:
    return as_notebook_has_it(named_bars([f"HHH {place}" for place in range(count)], list(range(count, 0, -1)),
                                         [theme.BLUE] * count, Style(), "EUR"))  # fmt: skip


def test_words_are_as_large_as_they_have_room():
    few, many = letters(draw(rows_of_bars(4))), letters(draw(rows_of_bars(12)))
    assert 24 <= few <= 30  # a capital of 13 px at 2.8 is 27 high, a phone shows it 7 high
    assert 13 <= many < few


def test_large_words_lose_nothing():
    name = "a name of one and of another and of the third service here"
    figure = as_notebook_has_it(go.Figure(go.Bar(orientation="h", y=[name[:38]], x=[1])))
    with pytest.raises(NotDrawnError, match="room for"):
        Plan(figure, LARGEST).scene()
    assert draw(figure) and labels(figure, "tick", 1.5)


def test_an_upright_line_is_left_out_where_words_stand():
    figure = rows_of_bars(4)
    figure["layout"]["shapes"] = [{"type": "line", "x0": 0.1, "x1": 0.1, "y0": -0.5, "y1": 3.5,
                                   "line": {"color": theme.PURPLE, "width": 1}}]  # fmt: skip
    (axis,) = strokes(figure, theme.PURPLE, LARGEST)
    words = [label.inked for label in labels(figure, "note", LARGEST)]
    assert len(axis.lines) == len(words) == 4
    for (x, top), (_, bottom) in axis.lines:
        assert all(not box.left < x < box.right or bottom <= box.top or top >= box.bottom for box in words)


def test_rows_of_bars_begin_at_the_top_of_the_picture():
    found = (pixels(draw(rows_of_bars(4))) < 200).any(axis=(1, 2))
    assert 8 <= int(found.argmax()) <= 24 and 8 <= int(found[::-1].argmax()) <= 24


def test_the_first_date_stands_beside_an_axis_s_zero():
    figure = as_notebook_has_it(go.Figure(go.Bar(x=list(range(31)), y=[150] * 31)), xaxis={
        "tickvals": [0, 7, 14], "ticktext": ["Oct 1", "Oct 8", "Oct 15"], "tickangle": 0})  # fmt: skip
    found = labels(figure, "tick", LARGEST)
    date, zero = (next(one for one in found if one.text == text) for text in ("Oct 1", "0"))
    assert zero.box.right < date.box.left or zero.box.bottom <= date.box.top


def test_a_legend_names_what_is_stacked_from_the_top():
    figure = go.Figure([go.Bar(x=["a"], y=[1], name="late"), go.Bar(x=["a"], y=[2], name="in time")])
    assert [one.text for one in labels(as_notebook_has_it(figure, barmode="stack"), "legend")] == ["in time", "late"]
    assert [one.text for one in labels(as_notebook_has_it(figure, barmode="group"), "legend")] == ["late", "in time"]
    assert not labels(as_notebook_has_it(figure, showlegend=False), "legend")


# What is not drawn


def scatter(**trace: Any) -> go.Figure:
    return go.Figure(go.Scatter(**{"x": [0, 1], "y": [0, 1], "mode": "lines", **trace}))


@pytest.mark.parametrize(
    "figure",
    [
        go.Figure(),
        go.Figure(go.Bar(x=[], y=[])),
        go.Figure(go.Pie(labels=["a"], values=[1])),
        go.Figure(go.Heatmap(z=[[1]])),
        scatter(mode="lines+text", text=["a", "b"]),
        scatter(line={"shape": "spline"}),
        scatter(line={"dash": "5px,2px"}),
        scatter(mode="markers", marker={"symbol": "star"}),
        scatter(mode="markers", marker={"color": [1, 2], "colorscale": "Viridis"}),
        scatter(error_x={"array": [1, 1]}),
        scatter(line={"color": "rgba(0, 0, 0, 0.5)"}),
        scatter(x=[0]),
        scatter().add_annotation(text="nowhere"),
        scatter(yaxis="y2").update_layout(yaxis2={"overlaying": "y", "side": "right"}),
        scatter().update_layout(xaxis_title="an axis with a title"),
        scatter().update_layout(xaxis_tickangle=45),
        scatter().update_layout(yaxis_tickformat="$.2e"),
        scatter().add_layout_image(source="data:,", x=0, y=0),
        scatter().add_shape(type="path", path="M0,0 L1,1"),
        scatter().add_annotation(x=0, y=0, text="turned", textangle=90),
        scatter(x=["2026-01-01", "2026-01-02"]),  # an axis of dates without labels of its own
        go.Figure(go.Bar(x=["日本"], y=[1])),
        go.Figure(go.Bar(x=["שלום"], y=[1])),
        go.Figure(go.Bar(x=["a"], y=[10])).update_yaxes(type="log"),
        go.Figure([go.Bar(x=[0], y=[1], xaxis=f"x{n}", yaxis=f"y{n}") for n in ("", 2, 3, 4, 5)]),
    ],
)
def test_what_is_not_known_is_not_drawn(figure):
    made = as_notebook_has_it(figure)
    assert draw(made) == b"" and not fits_mail(made)


@pytest.mark.parametrize(
    "array", [{"dtype": "c16", "bdata": "AA=="}, {"dtype": "f8", "bdata": "!"}, {"dtype": "f8"}, 3]
)
def test_a_damaged_array_is_not_drawn(array):
    figure = line([0, 1], [0, 1])
    figure["data"][0]["y"] = array
    assert draw(figure) == b""


def test_a_refusal_says_what_is_not_known():
    with pytest.raises(NotDrawnError, match="the trace type pie"):
        check(as_notebook_has_it(go.Figure(go.Pie(values=[1]))))


def test_words_that_find_no_room_are_no_picture():
    figure = go.Figure(go.Bar(x=[0], y=[1]))
    for place in range(2):
        figure.add_annotation(
            x=0.5, xref="paper", y=0.5, yref="paper", showarrow=False, text=f"one over another {place}"
        )
    assert draw(as_notebook_has_it(figure)) == b""


# The words for who does not see it


def test_a_course_over_time_is_told_by_its_ends_and_its_extremes():
    figure = as_notebook_has_it(go.Figure(go.Bar(
        x=[0, 1, 2, 3], y=[20, 5, 10, 12], hovertext=["€20", "€5", "€10", "€12"])), xaxis=MONTHS)  # fmt: skip
    assert alt(figure, "Spend was €12", "Spend of each month", "en") == (
        "Spend was €12. Spend of each month. First Oct 2025: €20; last Jan 2026: €12; lowest Nov 2025: €5; "
        "highest Oct 2025: €20.")  # fmt: skip


def test_a_month_without_a_label_is_told_by_the_one_before():
    axis = {"tickvals": [0, 1, 2, 3], "ticktext": ["", "Nov<br>2025", "", "Jan<br>2026"]}
    figure = as_notebook_has_it(go.Figure(go.Bar(
        x=[0, 1, 2, 3], y=[5, 6, 7, 6], text=["5", "6", "7", "6"])), xaxis=axis)  # fmt: skip
    assert alt(figure, "Few", "", "en") == (
        "Few. First before Nov 2025: 5; last Jan 2026: 6; lowest before Nov 2025: 5; highest after Nov 2025: 7."
    )


def test_a_course_that_stays_is_told_once():
    figure = as_notebook_has_it(go.Figure(go.Bar(x=[0, 1, 2, 3], y=[2] * 4, text=["2"] * 4)), xaxis=MONTHS)
    assert alt(figure, "Two", "", "en") == "Two. 2 from Oct 2025 to Jan 2026."


def test_rows_are_told_in_their_order_as_many_as_there_is_room_for():
    names = [f"Service & number {place}" for place in range(14)]
    figure = named_bars(names, list(range(14, 0, -1)), [theme.BLUE] * 14, Style(), "EUR")
    said = alt(as_notebook_has_it(figure), "R&amp;D came first", "Spend", "en")
    assert said.startswith("R&D came first. ") and "Service & number 0 €14.00; " in said
    assert said.endswith(" more.") and len(said) <= 250


def test_panels_are_told_by_their_names_and_what_they_end_with():
    figure = make_subplots(rows=2, cols=1, subplot_titles=["Opened", "Resolved"])
    for row, last in ((1, 4), (2, 3)):
        figure.add_bar(
            x=["Oct", "Nov", "Dec", "Jan"], y=[1, 2, 2, last], text=["1", "2", "2", str(last)], row=row, col=1
        )
    said = alt(as_notebook_has_it(figure), "Requests", "", "en")
    assert said == "Requests. Opened: Jan: 4; Resolved: Jan: 3."


def test_what_cannot_be_read_is_told_by_its_title():
    figure = as_notebook_has_it(go.Figure(go.Pie(labels=["a"], values=[1])))
    assert alt(figure, "Half of it", "Shares", "de") == "Half of it. Shares."
    assert alt({"data": [{"type": "bar", "x": 3}]}, "A \u202eb", "", "en") == "A b."

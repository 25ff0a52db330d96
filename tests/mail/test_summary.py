"""What a mail says is what the executed review says, and nothing else."""

import json

import nbformat
import nbformat.v4 as v4
import pytest

from opsreport.errors import MailError
from opsreport.mail import charts
from opsreport.mail.summary import corrected, summary
from tests.conftest import DEMO_MONTH

COVER = {"client": "acme", "display_name": "Acme", "period": "October 2026", "month": "2026-10", "language": "en",
         "colour": "#0072B2", "prepared": "Nov 2, 2026"}  # fmt: skip
ASKED = "Agree another budget, or take it back."
SAID = [{"kind": "changed", "title": "What changed", "items": ["Spend rose by €20.00."]},
        {"kind": "asked", "title": "What we ask you to decide", "items": [ASKED]}]
SPEND = {"id": "cost.spend", "section": "Cost", "measure": "Spend", "this_month": "€120.00", "target": "€100.00",
         "last_month": "€100.00", "verdict": "missed", "said": "missed"}  # fmt: skip
UP = {"id": "uptime.shop", "section": "Uptime", "measure": "Availability of shop", "this_month": "unknown",
      "target": "99.9%", "last_month": "100%", "verdict": "unknown", "said": "unknown"}  # fmt: skip


def exhibit(id, kind, **about):
    data = {"text/html": "<p></p>", "text/plain": ""}
    if kind == "chart":
        data["application/vnd.plotly.v1+json"] = {"data": [], "layout": {"id": id}}
        about = {"title": f"Title of {id}", "subtitle": "in EUR", **about}
    told = {"opsreport": {"id": id, "kind": kind, "facts": [], **about}}
    return v4.new_output("display_data", data=data, metadata=told)


def review(scores=(SPEND, UP), ids=("cost.monthly", "cost.daily", "uptime.strip", "work.hours"), said=SAID):
    shown = [
        exhibit("cover", "cover", **COVER),
        exhibit("summary", "prose", opening=["Of 2 targets 1 was missed."], said=said, sections=["cost", "uptime"]),
        exhibit("scorecard", "scorecard", scores=list(scores)),
        *(exhibit(id, "chart") for id in ids),
    ]
    return v4.new_notebook(cells=[v4.new_code_cell("x", outputs=shown)])


def figure(id, value, unit, text, **more):
    return {"id": f"scorecard.{id}", "value": value, "unit": unit, "text": text, **more}


def manifest(spend="120", text="€120.00", **more):
    money = {"currency": "EUR"}
    return {
        "verdicts": [{"id": "cost.spend", "verdict": "missed"}, {"id": "uptime.shop", "verdict": "unknown"}],
        "figures": [
            figure("cost.spend.this_month", spend, "money", text, **money),
            figure("cost.spend.target", "100", "money", "€100.00", **money),
            figure("uptime.shop.this_month", None, "availability", "unknown"),
            figure("uptime.shop.target", 0.999, "availability", "99.9%"), *more.get("figures", ()),
        ],
    }  # fmt: skip


def made(notebook=None, told=None, drawn=lambda figure: b"png", **chosen):
    told, alt = told or manifest(), lambda *given: f"alt of {given[1]}"
    return summary(notebook or review(), told, draw=drawn, alt=alt, **chosen)


def test_the_subject_says_the_finding_and_the_inbox_what_is_asked():
    one = made()
    assert one.subject == "Acme, October 2026: 1 of 2 targets missed"
    assert one.preheader == ASKED
    assert [part.kind for part in one.parts] == ["changed", "asked"] and one.opening == ("Of 2 targets 1 was missed.",)


def test_what_cannot_be_judged_is_said_and_never_counted_as_met():
    assert made(review([UP])).subject == "Acme, October 2026: 1 of 1 targets cannot be judged"
    assert made(review([{**SPEND, "verdict": "met"}])).subject == "Acme, October 2026: all 1 targets met"
    assert made(review([])).subject == "Acme, October 2026: operations review"


def test_a_bar_stands_where_an_amount_is_held_against_one_of_its_kind():
    spend, up = made().scores
    assert spend.reached == 1.2 and up.reached is None
    other = manifest()
    other["figures"][0]["currency"] = "USD"
    assert made(told=other).scores[0].reached is None


def test_it_shows_the_first_chart_of_each_section_that_it_tells_of_or_those_that_are_chosen():
    assert [one.id for one in made().charts] == ["cost.monthly", "uptime.strip"]
    # One that cannot be drawn gives way to the next; one that was chosen stands as a table.
    only_daily = made(drawn=lambda figure: b"png" if figure["layout"]["id"] == "cost.daily" else b"")
    assert [one.id for one in only_daily.charts] == ["cost.daily"]
    both = made(chosen=("work.hours", "cost.daily"), drawn=lambda figure: b"")
    assert [(one.id, one.png) for one in both.charts] == [("work.hours", b""), ("cost.daily", b"")]
    with pytest.raises(MailError, match=r"no chart cost\.weekly"):
        made(chosen=("cost.weekly",))


def test_a_correction_says_first_what_was_wrong_and_which_figures_changed():
    now = manifest("110", "€110.00", figures=[{"id": "uptime.other", "text": "3"}])
    before = manifest(figures=[{"id": "uptime.other", "text": "2"}])
    right = {**SPEND, "this_month": "€110.00"}
    one = corrected(made(review([right, UP]), now), now, before, 2, "A charge was counted twice.")
    assert one.subject == "Corrected: Acme, October 2026: 1 of 2 targets missed" and one.revision == 2
    assert one.parts[0].kind == "corrected" and one.parts[0].items == (
        "A charge was counted twice.", "Spend: €120.00 before, €110.00 now.",
        "1 more figures of the review have changed, in: uptime.",
    )  # fmt: skip
    assert one.preheader == "A charge was counted twice."


def test_a_correction_names_each_target_whose_verdict_or_target_turned():
    now, before = manifest(), manifest()
    now["figures"][1]["text"] = "€500.00"
    now["verdicts"][0]["verdict"] = "met"
    right = {**SPEND, "target": "€500.00", "verdict": "met", "said": "met"}
    one = corrected(made(review([right, UP]), now), now, before, 2, "")
    assert one.parts[0].items == (
        "Spend: a target of €100.00 before, €500.00 now. It read missed, and reads met.",
    )  # fmt: skip
    same = corrected(made(), manifest(), manifest(), 2, "It was sent to the wrong address.")
    assert same.parts[0].items[1:] == ("No figure of the scorecard has changed.",)


def test_a_review_without_a_summary_makes_no_mail():
    with pytest.raises(MailError, match="no cover and summary"):
        made(v4.new_notebook())


@pytest.mark.parametrize("client", ["demo-shop", "demo-clinic"])
def test_the_demos_charts_are_drawn_and_all_it_says_is_printed_in_the_review(demo_home, client):
    folder = demo_home / "out" / client / DEMO_MONTH
    notebook = nbformat.read(folder / f"{client}-{DEMO_MONTH}.ipynb", as_version=4)
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    one = summary(notebook, told, draw=charts.draw, alt=charts.alt)
    assert len(one.charts) == 3 and all(0 < len(chart.png) < 25_000 and chart.alt for chart in one.charts)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output.data["application/vnd.plotly.v1+json"] for output in outputs
                if "application/vnd.plotly.v1+json" in output.get("data", {})]  # fmt: skip
    assert sum(bool(charts.draw(figure)) for figure in pictures) >= 0.9 * len(pictures)
    printed = {figure["text"] for figure in told["figures"]}
    assert {text for score in one.scores for text in (score.this_month, score.target, score.last_month)} <= printed
    text = " ".join("".join(output["data"]["text/plain"]) for output in outputs if "data" in output)
    assert all(item in text for part in one.parts for item in part.items)

"""What the page makes of a notebook: every kind of output, every refusal, and what is let in."""

import base64
import hashlib
import json
import re
from importlib.resources import files

import nbformat
import nbformat.v4 as v4
import plotly.graph_objects as go
import pytest

from opsreport import theme
from opsreport.colours import contrast
from opsreport.errors import ReportError
from opsreport.report import page
from opsreport.report.blocks import FIGURE
from opsreport.report.packing import unpacked

COVER = {
    "client": "acme", "display_name": "Acme & Sons", "period": "October 2026", "month": "2026-10", "state": "approved",
    "state_note": "by J. Doe", "colour": "#6f42c1", "logo": "", "prepared": "3 November 2026", "language": "en_GB",
    "zone": "Europe/Berlin",
}  # fmt: skip
NUMBERS = "<table><tr><td>1</td></tr></table>"


def shown(kind, id, html="<p>x</p>", figure=None, **about):
    data = {"text/html": html} | ({FIGURE: figure} if figure else {})
    return v4.new_output("display_data", data, metadata={"opsreport": {"kind": kind, "id": id, **about}})


def cell(*outputs, source="figures.cost.by_month(month)"):
    return v4.new_code_cell(source, outputs=list(outputs))


def notebook(*cells, **cover):
    return v4.new_notebook(cells=[cell(shown("cover", "cover", **COVER | cover)), *cells])


def chart(id="cost.by-month", figure=None, **about):
    figure = figure or {
        "data": [{"type": "bar", "x": ["Sep", "Oct"], "y": [1, 2]}],
        "layout": {"title": {"text": "INSIDE"}, "width": 700, "template": {"layout": {"colorway": ["#010203"]}}},
    }  # fmt: skip
    said = {"title": "Spend rose", "subtitle": "EUR by month", "alt": "Spend rose by a fifth.", "height": 320}
    return shown("chart", id, NUMBERS, figure, **said | about)


def figures(html):
    """The figures on a page, as its boot script reads them."""
    return json.loads(unpacked(re.search(r'id="charts">([^<]*)<', html)[1]))


def test_the_title_block_says_who_which_month_and_what_state():
    html = page.render(notebook())
    assert "<title>Acme &amp; Sons · Operations review · October 2026</title>" in html
    assert '<meta name="opsreport-client" content="acme">' in html
    assert '<meta name="opsreport-month" content="2026-10">' in html
    assert '<html lang="en-GB">' in html
    assert re.search(r'class="badge approved">.*?✓.*?Approved</span> by J. Doe', html, re.S)


def test_the_same_notebook_gives_the_same_bytes_and_is_not_changed():
    made = notebook(v4.new_markdown_cell("## Cost"), cell(chart()))
    before = nbformat.writes(made)
    assert page.render(made) == page.render(made)
    assert nbformat.writes(made) == before


def test_code_stdout_and_plain_values_are_not_on_the_page():
    plain = v4.new_output("execute_result", {"text/plain": "42 rows"})
    html = page.render(
        notebook(cell(v4.new_output("stream", name="stdout", text="loading"), plain, source="secret_call()"))
    )
    assert not any(word in html for word in ("secret_call", "loading", "42 rows"))


def test_text_before_the_cover_is_for_jupyter_and_not_on_the_page():
    made = notebook(v4.new_markdown_cell("## Cost"))
    made.cells.insert(0, v4.new_markdown_cell("# How to run this notebook"))
    html = page.render(made)
    assert "How to run" not in html and ">Cost</h2>" in html


def test_a_part_in_which_nothing_was_shown_has_no_heading():
    silent = [cell(shown("prose", id, "", role="note")) for id in ("cost.a", "cost.b")]
    said = cell(shown("prose", "cost.c", role="note"))
    parts = [v4.new_markdown_cell(f"{mark} {name}\n\n*Why?*{more}") for mark, name, more in (
        ("##", "Cost", ""), ("###", "Silent", ""), ("###", "Told", ""), ("###", "Explained", "\n\nIt is so."),
        ("##", "Uptime", ""), ("###", "Last", ""))]  # fmt: skip
    html = page.render(notebook(*parts[:2], silent[0], parts[2], said, *parts[3:], silent[1]))
    assert re.findall(r"<h[23][^>]*>(.*?)</h[23]>", html) == ["Cost", "Told", "Explained", "Uptime"]


def test_headings_become_contents_and_two_of_the_same_name_get_two_ids():
    names = ("Next steps", "Über & unter", "Next steps")
    html = page.render(notebook(*(v4.new_markdown_cell(f"## {name}\n\n*Why?*") for name in names)))
    ids = ["next-steps", "über-unter", "next-steps-2"]
    assert re.findall(r'<h2 id="(.*?)">', html) == ids
    texts = ["Next steps", "Über &amp; unter", "Next steps"]
    assert re.findall(r'<a href="#(.*?)">(.*?)</a>', html) == list(zip(ids, texts, strict=True))
    assert html.count('<p class="question">Why?</p>') == 3


def test_a_section_is_called_what_its_outputs_are_called_so_that_links_find_it():
    html = page.render(
        notebook(
            v4.new_markdown_cell("## What we spent"), v4.new_markdown_cell("*Why?*"), cell(chart("cost.by-month")),
            v4.new_markdown_cell("## Empty"), v4.new_markdown_cell("## Uptime"), cell(chart("uptime.strip")),
        )
    )  # fmt: skip
    assert re.findall(r'<h2 id="(.*?)">', html) == ["cost", "empty", "uptime"]


def test_a_dollar_sign_in_text_is_money_and_not_maths():
    assert "between $5 and $10 a day" in page.render(notebook(v4.new_markdown_cell("between $5 and $10 a day")))


def test_a_chart_has_its_title_as_text_its_numbers_open_and_its_figure_without_title():
    html = page.render(notebook(cell(chart())))
    assert re.search(
        r'<figure class="chart" id="cost.by-month">\s*<figcaption>\s*<p class="title">Spend rose</p>', html
    )
    assert 'role="img" aria-label="Spend rose by a fifth." style="--height:320px"' in html
    assert "<details open>" in html and "<noscript" not in html and NUMBERS.replace("<tr>", "<tbody><tr>")[:20] in html
    (figure,) = figures(html)
    assert figure["layout"] == {"margin": {"t": 8}, "height": 320}
    assert figure["data"][0]["y"] == [1, 2] and "INSIDE" not in html


def test_text_above_the_plot_keeps_its_room():
    over = {"data": [], "layout": {"annotations": [{"yref": "paper", "y": 1.0, "text": "left half"}]}}
    (figure,) = figures(page.render(notebook(cell(chart(figure=over)))))
    assert figure["layout"]["margin"]["t"] == 32


def test_plotly_and_the_template_are_on_the_page_once_for_many_charts():
    html = page.render(notebook(cell(chart("a"), chart("b"), chart("c"))))
    assert html.count("#010203") == 1
    packed = re.findall(r'id="plotly-source">(.*?)</script>', html)
    assert len(packed) == 1
    assert unpacked(packed[0]) == _plotly()
    assert len(html.encode()) < 2_500_000


def test_the_policy_lets_in_the_boot_script_and_plotly_and_nothing_else():
    html = page.render(notebook(cell(chart())))
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)[1]
    boot = re.search(r"<script>(.*?)</script>", html, re.S)[1]
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(source).digest()).decode()}'"
        for source in (boot.encode(), _plotly())
    ]
    assert f"script-src {' '.join(hashes)};" in policy
    assert policy.startswith("default-src 'none';")
    assert len(re.findall(r"<script(?![^>]*type=)", html)) == 1


def test_the_page_has_no_address_outside_itself():
    html = page.render(
        notebook(v4.new_markdown_cell("![x](https://example.com/x.png) [see](https://example.com)"), cell(chart()))
    )
    without = re.sub(r'id="plotly-source">.*?</script>', "", html, flags=re.S)
    assert re.findall(r'(?:src|srcset|data|poster|action)="(?!data:)[^"]*"|url\(|@import', without) == []
    assert '<a href="https://example.com" rel="noopener noreferrer">see</a>' in html


@pytest.mark.parametrize("text", ["</script><b>", "<!--<script>", "a\u2028b & c"])
def test_no_text_in_a_figure_ends_its_script_element(text):
    html = page.render(notebook(cell(chart(figure={"data": [{"type": "bar", "x": [text], "y": [1]}], "layout": {}}))))
    assert text not in html
    assert figures(html)[0]["data"][0]["x"] == [text]


@pytest.mark.parametrize("bad", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<p style="position:fixed">x</p>',
    "<style>p{}</style>",
    '<a href="javascript:alert(1)">x</a>', "<svg><foreignObject><iframe></iframe></foreignObject></svg>",
    '<svg><rect fill="url(https://example.com/x)"/></svg>', '<form action="https://example.com"><input></form>',
])  # fmt: skip
def test_markup_that_could_do_something_is_taken_out(bad):
    html = page.render(notebook(v4.new_markdown_cell(bad), cell(shown("prose", "x", bad, role="note"))))
    body = html[html.index("<main>") :]
    assert not re.search(r"<script|onerror|style=|<style|javascript:|<iframe|url\(|<form|<input", body)


def test_words_that_say_nothing_leave_no_place_on_the_page():
    said, unsaid = shown("prose", "a", role="commentary"), shown("prose", "b", " \n", role="commentary")
    html = page.render(notebook(cell(said), cell(unsaid)))
    assert '<div class="commentary" id="a"><p>x</p></div>' in html and 'id="b"' not in html


def test_what_tables_need_is_kept():
    head = '<thead><tr>' + '<th scope="col">h</th>' * 5 + '</tr></thead>'
    kept = (
        f'<table><caption>c</caption>{head}<tbody><tr><th scope="row">a</th><td class="num" data-label="Value">'
        '<span data-fact="cost.spend">1</span></td><td><svg class="spark" viewBox="0 0 9 9" width="9" '
        'height="9" aria-hidden="true"><polyline points="0,0 9,9" fill="none" stroke="currentColor"></polyline></svg>'
        "</td></tr></tbody></table>"
    )
    given = kept.replace("<span data", '<span class="fact" data')
    assert kept in page.render(notebook(cell(shown("table", "t", given, title="T", note=""))))
    # Labels are for cards, which only wide tables become.
    narrow = page.render(notebook(cell(shown("table", "t", given.replace(head, ""), title="T", note=""))))
    assert kept.replace(head, "").replace(' data-label="Value"', "") in narrow


def test_a_source_that_is_missing_is_said_in_a_box():
    html = page.render(notebook(cell(shown("notice", "cost.missing", "<p>No bill since May.</p>", role="missing"))))
    assert '<div class="notice" id="cost.missing" role="note"><p>No bill since May.</p></div>' in html


@pytest.mark.parametrize(("output", "says"), [
    (v4.new_output("error", ename="KeyError", evalue="'spend'"), "failed: KeyError"),
    (v4.new_output("stream", name="stderr", text="FutureWarning: x"), "stderr: FutureWarning"),
    (v4.new_output("display_data", {FIGURE: {}, "text/plain": "x"}), "does not say what it is"),
    (v4.new_output("execute_result", {"text/html": NUMBERS, "text/plain": "x"}), "does not say what it is"),
    (shown("gauge", "x"), "unknown kind of output 'gauge'"),
    (shown("prose", "x"), "a prose without role"),
    (shown("chart", "x", title="t", subtitle="", alt="", height=1), "a chart without a figure"),
])  # fmt: skip
def test_an_output_that_is_not_for_a_client_stops_the_page_and_names_its_cell(output, says):
    with pytest.raises(ReportError) as refused:
        page.render(notebook(cell(output)))
    assert "cell 2 (figures.cost.by_month(month))" in str(refused.value)
    assert says in str(refused.value) and refused.value.hint


def test_a_notebook_must_begin_with_one_cover():
    with pytest.raises(ReportError, match="does not begin with a cover"):
        page.render(v4.new_notebook(cells=[cell(chart())]))
    with pytest.raises(ReportError, match="two covers"):
        page.render(notebook(cell(shown("cover", "again", **COVER))))


@pytest.mark.parametrize(("wrong", "says"), [
    ({"state": "done"}, "Unknown state"), ({"logo": "https://example.com/logo.png"}, "logo"),
    ({"logo": "data:text/html,x"}, "logo"),
])  # fmt: skip
def test_a_cover_that_cannot_be_shown_is_refused(wrong, says):
    with pytest.raises(ReportError, match=says):
        page.render(notebook(**wrong))


def test_two_outputs_of_one_id_are_refused():
    with pytest.raises(ReportError, match=r"same id: cost\.by-month"):
        page.render(notebook(cell(chart(), chart())))


def test_a_value_that_json_does_not_know_is_refused():
    with pytest.raises(ReportError, match=r"chart cost\.by-month"):
        page.render(notebook(cell(chart(figure={"data": [{"y": [float("nan")]}], "layout": {}}))))


@pytest.mark.parametrize(("colour", "accent"), [
    ("#6f42c1", "#6f42c1"), ("#FFD700", theme.BLUE), ("", theme.BLUE), ("red;}", theme.BLUE),
])  # fmt: skip
def test_the_accent_is_the_clients_where_it_can_be_read_on_paper(colour, accent):
    html = page.render(notebook(colour=colour))
    assert f"--accent: {accent};" in html


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_an_accent_for_the_dark_can_be_read_there():
    night = re.search(r"dark\) \{\s*:root \{(.*?)\}", page.render(notebook(colour="#000080")), re.S)[1]
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", night))
    assert contrast(colours["accent"], colours["paper"]) >= 4.5


def test_a_real_plotly_figure_arrives_whole():
    made = go.Figure(go.Scatter(x=["2026-10-01", "2026-10-02"], y=[1.5, None]), {"template": "opsreport"})
    (figure,) = figures(page.render(notebook(cell(chart(figure=json.loads(made.to_json()))))))
    assert figure["data"][0]["x"] == ["2026-10-01", "2026-10-02"] and figure["data"][0]["y"] == [1.5, None]
    assert figure["template"] == 0


def _plotly():
    return files("plotly").joinpath("package_data/plotly.min.js").read_bytes()

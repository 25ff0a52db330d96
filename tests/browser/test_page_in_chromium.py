"""The page as its readers meet it: on a desk, on a phone, in the dark, on paper, without JavaScript."""

import re
import zlib

import nbformat.v4 as v4
import plotly.graph_objects as go
import pytest

from opsreport.report import page as pages

LOOKS = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [1280, 375])
HOSTILE = '</script><img src=x onerror="document.title=1"><!--\u2028'


@pytest.fixture(scope="module")
def path(sample, tmp_path_factory):
    """A review with every kind of output, rendered."""
    made = tmp_path_factory.mktemp("page") / "report.html"
    made.write_text(pages.render(sample.full()), encoding="utf-8")
    return made


@WIDTHS
@LOOKS
def test_every_chart_is_drawn_and_nothing_is_fetched_said_or_cut_off(browser, open_page, check_page, path, width, dark):
    check_page(open_page(browser, path, width, dark))


@WIDTHS
@LOOKS
def test_axe_finds_nothing(browser, open_page, check_axe, path, width, dark):
    check_axe(open_page(browser, path, width, dark, bypass_csp=True))


def test_without_javascript_each_chart_shows_its_numbers(browser, open_page, path):
    page = open_page(browser, path, java_script_enabled=False)
    tables = page.locator("figure.chart details table")
    assert tables.count() == 3
    assert all(tables.nth(i).is_visible() for i in range(3))
    assert page.locator(".save:visible").count() == 0
    assert page.locator(".drawing").first.bounding_box()["height"] == 0


def test_a_chart_changes_its_colours_when_the_reader_turns_to_dark(browser, open_page, path):
    page = open_page(browser, path)
    ground = page.locator("#cost\\.by-month .main-svg").first
    assert "rgb(255, 255, 255)" in ground.get_attribute("style")
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("#cost\\.by-month .main-svg[style*='rgb(13, 17, 23)']")
    assert not page.said


def test_a_chart_follows_its_column_when_the_window_narrows(browser, open_page, path):
    page = open_page(browser, path)
    page.set_viewport_size({"width": 375, "height": 800})
    page.wait_for_timeout(600)
    assert page.locator("#cost\\.by-month .main-svg").first.bounding_box()["width"] <= 375


def test_a_chart_is_saved_as_a_picture_with_its_title(browser, open_page, path, tmp_path):
    page = open_page(browser, path, dark=True)
    with page.expect_download() as saving:
        page.locator("#cost\\.by-month .save").click()
    saving.value.save_as(tmp_path / "chart.png")
    assert saving.value.suggested_filename == "demo-shop-2026-10-cost.by-month.png"
    picture = (tmp_path / "chart.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    assert (width, height) == (2 * 660, 2 * (340 + 32 + 23 + 17))
    assert not page.said


def test_no_control_hides_inside_a_drawing(browser, open_page, path):
    page = open_page(browser, path)
    assert page.locator(".drawing :is(a, button, [tabindex])").count() == 0


def test_the_contents_follow_the_reader(browser, open_page, path):
    page = open_page(browser, path)
    page.locator(".contents a", has_text="Delivery").click()
    page.wait_for_selector(".contents a[aria-current]:text('Delivery')")
    assert page.locator(".contents a[aria-current]").count() == 1


def test_a_headless_print_shows_the_charts(browser, print_headless, path, tmp_path):
    print_headless(path, tmp_path / "report.pdf")
    assert _fills(tmp_path / "report.pdf", "#0072B2"), "October's bar is not on paper"


@LOOKS
def test_printing_from_a_phone_draws_for_paper_and_then_goes_back(browser, open_page, path, tmp_path, dark):
    page = open_page(browser, path, 375, dark)
    before = page.locator("#cost\\.by-month .main-svg").first.get_attribute("width")
    (tmp_path / "report.pdf").write_bytes(page.pdf())
    assert _fills(tmp_path / "report.pdf", "#0072B2")
    page.wait_for_selector(f"#cost\\.by-month .main-svg[width='{before}']")


def test_hostile_text_stays_text(browser, open_page, check_page, sample, tmp_path):
    about = sample.COVER | {
        key: HOSTILE for key in ("client", "display_name", "period", "state_note", "zone", "prepared")
    }
    figure = go.Figure(go.Bar(x=[HOSTILE], y=[1], name=HOSTILE, text=[HOSTILE], hovertext=[HOSTILE]))
    attacked = sample.notebook(
        v4.new_markdown_cell(f"## Head {HOSTILE}\n\n*{HOSTILE}?*\n\n[a](javascript:alert(1)) <iframe src=x></iframe>"),
        sample.cell(sample.output("prose", "x.prose", HOSTILE, role="finding"),
                    sample.chart("x.chart", figure, HOSTILE, HOSTILE, html=f"<table><tr><td>{HOSTILE}</table>"),
                    sample.output("table", "x.table", f"<table><tr><td onclick=alert(1)>{HOSTILE}</td></tr></table>",
                                  title=HOSTILE, note=HOSTILE),
                    sample.output("notice", "x.notice", HOSTILE, role="missing")),
        cover=about,
    )  # fmt: skip
    made = tmp_path / "attacked.html"
    made.write_text(pages.render(attacked), encoding="utf-8")
    page = open_page(browser, made)
    check_page(page)
    assert page.locator("img[onerror], iframe, [onclick], a[href^=javascript]").count() == 0
    assert "Operations review" in page.title()
    page.locator("#x\\.chart .nsewdrag").hover()
    assert not page.said


def test_a_page_without_charts_carries_no_script(browser, open_page, check_page, sample, tmp_path):
    made = tmp_path / "bare.html"
    made.write_text(pages.render(sample.notebook(v4.new_markdown_cell("## Nothing to draw"))), encoding="utf-8")
    check_page(open_page(browser, made))
    assert made.stat().st_size < 50_000


def _fills(path, colour):
    """Whether a PDF fills some shape with a colour."""
    wanted = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.S):
        try:
            drawn = zlib.decompressobj().decompress(packed)
        except zlib.error:
            continue
        for found in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) rg", drawn):
            if all(abs(float(part) - want) < 0.01 for part, want in zip(found, wanted, strict=True)):
                return True
    return False

"""A figure opens to what stands behind it, by mouse, by keyboard and by its address, and runs nothing."""

import re

import nbformat.v4 as v4
import pytest

from opsreport.report import page as pages
from opsreport.report.evidence import Evidence

LOOKS = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [1280, 375])
HOSTILE = '</script><img src=x onerror="document.title=1"><!--'


@pytest.fixture(scope="module")
def path(sample, tmp_path_factory):
    """A page of two sentences, one figure of which has rows behind it."""
    spend, rest = sample.fact("cost.spend", "€12.50"), sample.fact("summary.met", "3")
    made = tmp_path_factory.mktemp("walk") / "report.html"
    behind = Evidence(
        facts={"cost.spend": [0, "50%", 0], "summary.met": [-1, "", -1]},
        measures=[("Spend", f"what was billed {HOSTILE}")],
        selections=[{"title": "Charges, this month", "count": 1234, "csv": "cost.csv", "columns": ["what", "cost"],
                     "code": "opsreport.load('demo-shop', '2026-10').rows('cost')",
                     "rows": [[HOSTILE, "12.5"], ["plain", "0"]]}],
    )  # fmt: skip
    shown = sample.cell(
        sample.output("prose", "cost.finding", f"<p>Spend was {spend}, with {rest} met.</p>", role="finding"),
        sample.output("prose", "cost.method", "<p>How it is made.</p>", role="method"),
    )
    made.write_text(pages.render(sample.notebook(v4.new_markdown_cell("## Cost"), shown), behind), encoding="utf-8")
    return made


def opened(page, id="cost.spend"):
    page.locator(f'[data-fact="{id}"]').click()
    page.wait_for_selector("dialog[open]")
    return page.locator("dialog")


def test_a_figure_opens_to_its_definition_its_coverage_and_its_rows(browser, open_page, path):
    page = open_page(browser, path)
    dialog = opened(page)
    said = dialog.inner_text()
    for part in ("€12.50", "Spend was €12.50, with 3 met.", "Spend: what was billed", "50% of what there was to see",
                 "the first 2 of 1,234", "Figure cost.spend"):  # fmt: skip
        assert part in said
    assert dialog.locator("a").get_attribute("href") == "rows/cost.csv"
    assert dialog.locator("pre").inner_text() == "opsreport.load('demo-shop', '2026-10').rows('cost')"
    assert dialog.locator("tr:has(td)").nth(1).locator("td").all_inner_texts() == ["plain", "0"]


def test_what_comes_from_outside_is_text_in_it(browser, open_page, path):
    page = open_page(browser, path)
    dialog = opened(page)
    assert HOSTILE in dialog.inner_text() and dialog.locator("img").count() == 0
    assert not page.said and all(re.match("file:|data:|blob:", url) for url in page.asked)
    assert "Operations review" in page.title()


def test_a_figure_that_no_record_stands_behind_says_so(browser, open_page, path):
    page = open_page(browser, path)
    assert "no record stands behind it" in opened(page, "summary.met").inner_text()


def test_it_opens_and_closes_by_keyboard_and_returns_to_the_figure(browser, open_page, path):
    page = open_page(browser, path)
    page.locator('[data-fact="cost.spend"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert page.evaluate("document.activeElement.dataset.fact") == "cost.spend"


def test_a_figure_has_an_address_of_its_own(browser, open_page, path):
    page = open_page(browser, path)
    page.goto(f"{path.resolve().as_uri()}#figure=cost.spend")
    page.wait_for_selector("dialog[open]")
    assert "Figure cost.spend" in page.locator("dialog").inner_text()


@WIDTHS
@LOOKS
def test_axe_finds_nothing_in_it_and_it_fits(browser, open_page, check_axe, path, width, dark):
    page = open_page(browser, path, width, dark, bypass_csp=True)
    dialog = opened(page)
    check_axe(page)
    box = dialog.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_without_the_rows_a_figure_is_no_button(browser, open_page, sample, tmp_path):
    made = tmp_path / "plain.html"
    made.write_text(pages.render(sample.full()), encoding="utf-8")
    assert open_page(browser, made).locator("[data-fact][role=button]").count() == 0


def test_paper_shows_no_sign_of_it(browser, open_page, path):
    page = open_page(browser, path)
    page.emulate_media(media="print")
    line = page.locator('[data-fact="cost.spend"]').evaluate("one => getComputedStyle(one).textDecorationLine")
    assert line == "none"

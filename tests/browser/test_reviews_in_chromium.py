"""The demo's reviews as their readers meet them, held to what every page must pass."""

import re
import subprocess
from shutil import which

import pytest

CLIENTS = pytest.mark.parametrize("client", ["demo-shop", "demo-clinic"])
WIDTHS = pytest.mark.parametrize("width", [1280, 375])
LOOKS = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
LARGEST = 2_500_000  # of a page [bytes]
#: What a missing value looks like when it slips past the formatter.
RAW = re.compile(
    r"\b(nan|NaN|NaT|None(?! [a-z]|\.)|null|undefined|Infinity)\b|<NA>|Decimal\(|Timedelta|Timestamp|\{\w*\}"
)


@pytest.fixture
def review(demo_home):
    """A function that gives a demo client's page."""
    return lambda client: demo_home / f"out/{client}/2026-10/{client}-2026-10.html"


@CLIENTS
@WIDTHS
@LOOKS
def test_a_review_is_drawn_quiet_self_contained_fits_and_passes_axe(
    browser, open_page, check_page, check_axe, review, client, width, dark
):
    page = open_page(browser, review(client), width, dark, bypass_csp=True)
    assert page.locator("figure.chart").count() > 8
    check_page(page)
    check_axe(page)


@CLIENTS
def test_a_reviews_own_policy_lets_it_draw_and_nothing_in_it_is_a_raw_value(
    browser, open_page, check_page, review, client
):
    page = open_page(browser, review(client))
    check_page(page)
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    shown = page.locator("body").inner_text()
    assert not (found := RAW.search(shown)), shown[max(found.start() - 80, 0) : found.end() + 40]
    assert "  " not in page.locator("main .finding").first.inner_text()


@CLIENTS
def test_no_column_of_a_review_is_empty(browser, open_page, review, client):
    page = open_page(browser, review(client), java_script_enabled=False)
    empty = page.eval_on_selector_all(
        "main table",
        """tables => tables.flatMap(table => [...table.tHead.rows[0].cells].map((head, place) => [
             head.innerText, [...table.tBodies[0].rows].filter(row => !row.matches('.group'))
                                 .every(row => !(row.cells[place]?.innerHTML ?? 'spanned').trim())])
           .filter(([_, bare]) => bare).map(([head]) => table.caption.innerText + ': ' + head))""",
    )
    assert not empty, empty


@CLIENTS
def test_without_javascript_a_review_shows_every_table_of_numbers(browser, open_page, review, client):
    page = open_page(browser, review(client), java_script_enabled=False)
    charts = page.locator("figure.chart")
    tables = page.locator("figure.chart details table")
    assert tables.count() == charts.count() > 8
    assert all(tables.nth(place).is_visible() for place in range(tables.count()))


@CLIENTS
def test_a_review_is_small_enough_to_attach(review, client):
    assert review(client).stat().st_size <= LARGEST


@CLIENTS
def test_a_printed_review_is_whole(browser, open_page, print_headless, review, tmp_path, client):
    page = open_page(browser, review(client))
    page.set_viewport_size({"width": 672, "height": 900})  # A4 less its margins, at 96 px an inch
    page.emulate_media(media="print")
    clipped = page.eval_on_selector_all(
        "main table",
        """all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1)
                     .map(one => one.caption.innerText)""",
    )
    assert not clipped, f"tables wider than paper: {clipped}"
    print_headless(review(client), tmp_path / "review.pdf")
    printed = (tmp_path / "review.pdf").read_bytes()
    assert 8 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 60
    if which("pdftotext"):
        text = subprocess.run(["pdftotext", tmp_path / "review.pdf", "-"], capture_output=True, text=True).stdout
        for heading in page.locator("main h2").all_inner_texts():
            assert heading in text, f"{heading} is not on paper"

"""A browser for the tests, and what every page must pass in it.

``open_page`` and ``check_page`` take any file, so real reports are held to the same checks.
"""

import importlib.util
import re
from pathlib import Path

import pytest

DESK, PHONE = 1280, 375


@pytest.fixture(scope="session")
def sample():
    """The notebook made by hand in the file beside this one, which is not a test."""
    spec = importlib.util.spec_from_file_location("page_sample", Path(__file__).with_name("page_sample.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def open_page():
    """A function that opens a file as one reader would see it and waits for its charts.

    The page comes with ``said`` (console messages and errors) and ``asked`` (requests).
    """
    contexts = []

    def opened(browser, path, width=DESK, dark=False, **options):
        look = "dark" if dark else "light"
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, color_scheme=look, **options))
        page = contexts[-1].new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.said.append(f"error: {error}"))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(Path(path).resolve().as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-charts=drawn], html:not(:has(figure.chart))", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def check_page():
    """A function that fails unless an opened page is drawn, quiet, self-contained and fits."""

    def check(page):
        charts = page.locator("figure.chart")
        assert page.locator("figure.chart:has(.main-svg)").count() == charts.count(), "a chart is not drawn"
        assert page.locator("figure.chart details[open]").count() == 0, "a drawn chart's numbers are open"
        outside = [url for url in page.asked if not re.match("file:|data:|blob:", url)]
        assert not outside and sum(url.startswith("file:") for url in page.asked) == 1, page.asked
        assert not page.said, page.said
        lost = page.eval_on_selector_all(
            "a[href^='#']", "links => links.map(a => a.hash).filter(h => !document.getElementById(h.slice(1)))"
        )
        assert not lost, f"links that lead nowhere: {lost}"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"the page is {wide} px wider than the screen"

    return check


@pytest.fixture(scope="session")
def check_axe():
    """A function that fails unless axe finds nothing; the page must be opened with bypass_csp."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

    def check(page):
        found = axe.Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()

    return check

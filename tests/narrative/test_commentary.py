"""The account manager's words: under their section, signed, never lost, and never more than words."""

import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsreport.home import Home
from opsreport.narrative.commentary import remark
from opsreport.period import Period
from opsreport.schemas.scorecard import NAMES


def october(home):
    return SimpleNamespace(client=SimpleNamespace(client="acme"), period=Period.month("2026-10"), home=Home(home))


@pytest.fixture
def month(tmp_path):
    def writing(text, name="2026-10"):
        folder = tmp_path / "params" / "acme.commentary"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(text, "utf-8")
        return october(tmp_path)

    return writing


def test_words_stand_under_their_section_and_the_rest_under_the_summary(month):
    written = month("---\nby: Jo\n---\nHello.\n\n## Cost\n\nDear.\n\n## Uptime\n\nUp.\n")
    assert remark(written, "cost").html == '<p>Dear.</p><p class="by">— Jo</p>'
    assert remark(written).html == '<p>Hello.</p><p class="by">— Jo</p>'
    assert remark(written, "incidents").html == ""


def test_what_is_said_is_a_commentary_with_an_id_of_its_section(month):
    made = remark(month("## Cost\n\nDear."), "cost")
    assert (made.id, made.kind, made.about, made.facts) == ("cost.commentary", "prose", {"role": "commentary"}, ())
    assert made.text == "Dear." and remark(month("x")).id == "summary.commentary"


@pytest.mark.parametrize(("heading", "section"), [
    ("Cost", "cost"), ("cost", "cost"), (" COST ", "cost"), ("**Cost**", "cost"),
    ("What happened when", "timeline"), ("Timeline", "timeline"),
    ("Patches and vulnerabilities", "patches"), ("The support desk", "support"), ("Decisions and actions", "decisions"),
])  # fmt: skip
def test_a_heading_names_a_section_by_its_id_or_its_heading(month, heading, section):
    assert "Words." in remark(month(f"## {heading}\n\nWords."), section).html


@pytest.mark.parametrize("heading", ["Winter", "Costs", "In short", "Uptimes"])
def test_a_heading_of_no_section_is_shown_with_the_general_remark(month, heading):
    written = month(f"Hello.\n\n## {heading}\n\nWords.\n")
    assert remark(written).html == f"<p>Hello.</p><h3>{heading}</h3><p>Words.</p>"


HEADINGS = ["Cost", "Winter", "Timeline", "what happened when", "Work done", "x & y"]


@given(st.lists(st.sampled_from(HEADINGS), max_size=6))
def test_no_words_are_lost_and_none_stand_twice(tmp_path_factory, headings):
    folder = tmp_path_factory.mktemp("home")
    (folder / "params" / "acme.commentary").mkdir(parents=True)
    text = "word0\n\n" + "".join(f"## {name}\n\nword{n}\n\n" for n, name in enumerate(headings, 1))
    (folder / "params" / "acme.commentary" / "2026-10.md").write_text(text, "utf-8")
    written = october(folder)
    shown = [remark(written).html, *(remark(written, section).html for section in NAMES)]
    found = re.findall(r"word\d", " ".join(shown))
    assert sorted(found) == [f"word{n}" for n in range(len(headings) + 1)]


def test_nothing_written_is_an_empty_exhibit(month):
    written = month("")
    assert remark(written).html == remark(written, "cost").html == ""
    assert remark(month("Old.", "2026-09")).html == ""  # another month's words are not this one's
    assert remark(month("## Cost\n")).html == ""  # a heading alone is not signed either


def test_a_name_is_never_markup(month):
    assert "&lt;b&gt;Jo" in remark(month("---\nby: <b>Jo</b>\n---\nHello.")).html


def test_every_section_of_the_review_has_a_place_for_words():
    review = nbformat.read(Path(__file__).resolve().parents[2] / "notebooks" / "monthly_review.ipynb", as_version=4)
    source = "\n".join(cell.source for cell in review.cells if cell.cell_type == "code")
    assert "narrative.commentary.remark(data)" in source
    assert set(re.findall(r'commentary\.remark\(data, "([\w-]+)"\)', source)) == set(NAMES)

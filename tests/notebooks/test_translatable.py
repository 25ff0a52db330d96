"""Every word of the report's own goes through the catalogues, and German has one for each."""

from __future__ import annotations

import dataclasses
import html
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from babel import Locale

import opsreport
from opsreport import language
from opsreport import theme as theming
from tests.notebooks.shown import shown

PROJECT = Path(__file__).resolve().parents[2]
SPEC = spec_from_file_location("words", PROJECT / "tests" / "tools" / "words.py")
words = module_from_spec(SPEC)
SPEC.loader.exec_module(words)

#: What is shown as it is, and why.
ALLOWED = {
    "UTC": "the name of a clock",
    "MFA": "the same in every language",
    "focus": "a source's kind, as the client's file names it where it gives it no name",
    "upptime": "a source's kind, as above",
    "ms": "a unit",
    "GB": "a unit",
    "TB": "a unit",
}
#: Words of people, or of a review as it was printed: shown as they were written.
WRITTEN = ("cover", "decisions.notes", "data.corrections", "restated.figures")
pytestmark = pytest.mark.xdist_group("translatable")


def said_in(language_name, month, monkeypatch, locale=None):
    """What each cell of the review shows of a month in a language, by its id; runs in this process."""
    told = {"language": language_name} | ({"locale": locale} if locale else {})
    month = dataclasses.replace(month, client=month.client.model_copy(update=told))
    return shown(month, monkeypatch)


def shown_texts(exhibit):
    """What a reader sees of it: texts between tags and labels of cells, without figures."""
    markup = re.sub(r'<span class="fact"[^>]*>.*?</span>', "", exhibit.html)
    drawn = exhibit.figure or {}
    notes = [note.get("text", "") for note in drawn.get("layout", {}).get("annotations", ())]
    legend = [trace.get("name") or "" for trace in drawn.get("data", ())]
    told = [exhibit.about.get(name) or "" for name in ("title", "subtitle", "note", "alt")]
    return [re.sub(r'<[^>]*data-label="([^"]*)"[^>]*>', r"<i>\1<i>", markup), *notes, *legend, *told]


def left_over(text):
    """What of a marked text is not within ⟦ and ⟧."""
    before = ""
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", "<i>", text)
    return [html.unescape(part).strip() for part in re.split(r"<[^>]*>", text)]


def outside(home, month):
    """Everything that is not the report's own: records, and what the client's files say."""
    files = sorted(path for path in (home / "params").rglob("*") if path.suffix in (".yaml", ".md"))
    texts = [path.read_text("utf-8") for path in files]
    for rows in month.frames.values():
        for column in rows.select_dtypes(include=["string", "object"]):
            texts += [str(one) for one in rows[column].dropna().unique()]
    return re.sub(r"\s+", " ", "\n".join(texts))


def is_from_outside(text, corpus):
    names = {*Locale(theming.Style().locale[:2]).months["format"]["abbreviated"].values(), "Sept",
             *Locale(theming.Style().locale[:2]).months["format"]["wide"].values()}  # fmt: skip
    parts = re.split(r"; |, |·|: |—|…|\n|[()“”]", text)
    bare = [re.sub(r"[\d.,:/+−%€$×✕*?-]+$|^[\d.,:+−%€$×✕*?-]+", "", part).strip() for part in parts]
    return all(
        part in corpus or part in ALLOWED or all(word in names or not word.isalpha() for word in part.split())
        for part in bare if re.search(r"[^\W\d_]{2}", part)
    )  # fmt: skip


@pytest.fixture(scope="module", params=["demo-shop", "demo-clinic"])
def marked(request, demo_home):
    """A demo's review with every text of the catalogues within ⟦ and ⟧, and which texts were asked for."""
    month, asked = opsreport.load(request.param, "2026-10", home=demo_home), set()

    def mark(text, _="en"):
        asked.add(text)
        return text if not text or text.startswith("⟦") else f"⟦{text}⟧"

    with pytest.MonkeyPatch.context() as patch:
        for place in (language, theming):
            patch.setattr(place, "translated", mark)
        return month, said_in("xx", month, patch), {text for text in asked if "⟦" not in text}


def test_every_text_that_a_reader_sees_goes_through_the_catalogue_or_comes_from_outside(marked, demo_home):
    month, made, _ = marked
    corpus = outside(demo_home, month)
    own = [
        (id, left)
        for id, exhibit in made.items() if exhibit.about.get("role") != "commentary" and id not in WRITTEN
        for text in shown_texts(exhibit) for left in left_over(text) if not is_from_outside(left, corpus)
    ]  # fmt: skip
    assert own == []


def test_every_text_that_is_asked_for_is_given_to_translators(marked):
    _, _, asked = marked
    every = set(words.texts())
    assert [text for text in sorted(asked - every) if re.search(r"[^\W\d_]", re.sub(r"\{\w+\}", "", text))] == []


def test_the_template_for_translators_is_current():
    assert words.POT.read_bytes() == words.catalogue(words.texts(), {}), "run make words"


@pytest.mark.parametrize("path", sorted(words.POT.parent.glob("*.po")), ids=lambda path: path.stem)
def test_a_language_says_every_text_with_the_same_values_in_it(path):
    said = words.said_in(path)
    assert [text for text in words.texts() if text not in said] == [], "run make words"
    values = {text: set(re.findall(r"\{\w+\}", text)) for text in said}
    assert [text for text, words_for in said.items() if set(re.findall(r"\{\w+\}", words_for)) != values[text]] == []


def test_in_german_no_english_sentence_is_left(demo_home, monkeypatch):
    month = opsreport.load("demo-clinic", "2026-10", home=demo_home)
    made = said_in("de", month, monkeypatch, "de_DE")
    seen = "\n".join(text for exhibit in made.values() if exhibit.about.get("role") != "commentary"
                     for text in shown_texts(exhibit))  # fmt: skip
    theirs = outside(demo_home, month)
    said = words.said_in(words.POT.parent / "de.po")
    plain = [text for text in words.texts() if "{" not in text and len(text.split()) > 2 and said.get(text) != text]
    assert [text for text in plain if html.escape(text) in seen and text not in theirs] == []
    assert "verfehlt" in seen and "Ausgaben" in seen

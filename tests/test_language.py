"""The report's own words come in the client's language; figures, names and records stay as they are."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport import language
from opsreport.exhibit import Fact, notice, prose
from opsreport.language import languages, translated
from opsreport.params.models import ClientParams
from opsreport.tables import table
from opsreport.theme import Style

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Spend was {spend}."
msgstr "Die Ausgaben betrugen {spend}."

msgid "Service"
msgstr "Dienst"

msgid "unknown"
msgstr "unbekannt"

msgid "{number} a week"
msgstr "{number} je Woche"

msgid "Not translated"
msgstr ""
"""


@pytest.fixture
def german(tmp_path, monkeypatch):
    (tmp_path / "xx.po").write_text(CATALOGUE, "utf-8")
    monkeypatch.setattr(language, "_CATALOGUES", tmp_path)
    language._catalogue.cache_clear()
    yield Style("de_DE", "EUR", "Europe/Berlin", "xx")
    language._catalogue.cache_clear()


def test_a_sentence_is_said_in_the_language_and_its_figures_in_the_locale(german):
    spent = Fact("cost.spend", Decimal("1234.5"), "money")
    said = prose("cost.finding", "Spend was {spend}.", german, spend=spent).text
    assert said == "Die Ausgaben betrugen 1.234,50\xa0€."


def test_headings_units_and_unknown_are_said_in_it(german):
    made = table(pd.DataFrame({"service": ["shop"], "spend": [None]}), "cost.t", "T", german)
    assert ">Dienst</th>" in made.html and "unbekannt" in made.html and "shop" in made.html
    assert german.text(2.5, "per_week") == "2,5 je Woche"


def test_what_a_catalogue_lacks_stays_english(german):
    assert translated("Not translated", "xx") == "Not translated"
    assert notice("x", "Never seen before", german).text == "Never seen before"


def test_a_name_from_outside_is_not_translated(german):
    made = table(pd.DataFrame({"service": ["Service"]}), "cost.t", "T", german)
    assert "Service</th></tr></tbody>" in made.html


def test_a_language_without_a_catalogue_is_refused_with_those_there_are():
    given = {"client": "acme", "display_name": "Acme", "time_zone": "UTC", "currency": "EUR"}
    assert languages()[0] == "en" and ClientParams(**given).language == "en"
    with pytest.raises(ValueError, match=r"they are en"):
        ClientParams(**given, language="xx")

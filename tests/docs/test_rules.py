"""The page of rules says what the rules say of themselves."""

from pathlib import Path

from opsreport import findings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


def test_the_page_of_rules_is_current():
    assert PAGE.read_text("utf-8") == findings.rulebook(), "write it anew: make rules"


def test_every_rule_says_in_a_line_what_it_looks_for():
    for rule in findings.rules():
        first = (rule.__doc__ or "").partition("\n")[0]
        assert len(first) > 20 and first.endswith((".", ":")), rule.__name__

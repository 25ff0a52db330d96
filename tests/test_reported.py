"""What a review printed is kept in one step, and a damaged record is named."""

import json

import pytest

from opsreport import reported
from opsreport.errors import StoreError

FIGURE = {"id": "scorecard.cost.this_month", "value": "12.5", "unit": "money", "currency": "EUR", "text": "€12.50",
          "coverage": 1.0}  # fmt: skip


def test_figures_come_back_as_they_were_printed(tmp_path):
    reported.record(tmp_path / "acme", "2026-09", [FIGURE])
    (row,) = reported.read(tmp_path / "acme", "2026-09").to_dict("records")
    assert row == {name: FIGURE[name] for name in reported.COLUMNS[:-1]} | {"month": "2026-09"}


def test_the_newest_review_of_a_month_counts(tmp_path):
    reported.record(tmp_path / "acme", "2026-09", [FIGURE])
    reported.record(tmp_path / "acme", "2026-09", [FIGURE | {"text": "€13.00"}])
    assert reported.read(tmp_path / "acme", "2026-09")["text"].tolist() == ["€13.00"]
    assert [path.name for path in (tmp_path / "acme/reported").iterdir()] == ["2026-09.json"]


def test_a_month_that_was_not_reviewed_has_none(tmp_path):
    assert reported.read(tmp_path / "acme", "2026-09").empty
    assert list(reported.read(tmp_path / "acme", "2026-09").columns) == list(reported.COLUMNS)


@pytest.mark.parametrize("text", ["{", "[1]", json.dumps([{"id": "a"}])])
def test_a_damaged_record_is_an_error_with_its_path(tmp_path, text):
    (tmp_path / "acme/reported").mkdir(parents=True)
    (tmp_path / "acme/reported/2026-09.json").write_text(text)
    with pytest.raises(StoreError, match=r"2026-09\.json cannot be read"):
        reported.read(tmp_path / "acme", "2026-09")

"""Corrections are applied where they match, in the column's own type, and are counted."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.corrections import correct, excused
from opsreport.errors import ParamsError
from opsreport.params.corrections import Correction, Excuse
from opsreport.schemas import FRAMES

BERLIN = "Europe/Berlin"


def at(text):
    return pd.Timestamp(text, tz="UTC")


def frames():
    """Two incidents, one state and one charge, as the store returns them."""
    rows = {
        "incident": {"incident_id": ["1", "2"], "opened_at": [at("2026-10-14 08:00")] * 2, "service": ["shop", None]},
        "monitor_state": {
            "monitor": ["web"],
            "started_at": [at("2026-10-14 08:00")],
            "ended_at": [at("2026-10-14 09:00")],
            "state": ["down"],
        },
        "cost": {
            "billing_period_start": [at("2026-10-01")],
            "charge_period_start": [at("2026-10-01")],
            "charge_category": ["Usage"],
            "billed_cost": [Decimal("0.10")],
            "billing_currency": ["EUR"],
            "service_name": ["S3"],
        },
    }
    return {name: FRAMES[name].conform(pd.DataFrame(held)).assign(source="x") for name, held in rows.items()}


def correction(frame="incident", match=None, **values):
    return Correction(
        by="Jo", on=dt.date(2026, 10, 20), why="w", frame=frame, match=match or {"incident_id": "1"}, set=values
    )


def corrected(*corrections):
    made = frames()
    shown = correct(made, list(corrections), BERLIN)
    return made, shown


def test_a_text_a_flag_and_an_instant_each_keep_their_dtype():
    before = frames()["incident"].dtypes
    made, shown = corrected(correction(severity="SEV2", is_drill=True, resolved_at="2026-10-14T12:00"))
    row = made["incident"].loc[0]
    assert (row["severity"], row["is_drill"]) == ("SEV2", True)
    assert row["resolved_at"] == at("2026-10-14 10:00")  # noon in Berlin
    assert (made["incident"].dtypes == before).all()
    assert shown.loc[0, ["frame", "by", "why", "rows"]].tolist() == ["incident", "Jo", "w", 1]
    assert shown.loc[0, "on"] == pd.Timestamp("2026-10-20")


def test_other_rows_stay_as_they_were():
    made, _ = corrected(correction(severity="SEV2"))
    pd.testing.assert_series_equal(made["incident"].loc[1], frames()["incident"].loc[1])


def test_an_instant_with_an_offset_is_that_instant():
    made, _ = corrected(correction(resolved_at=dt.datetime.fromisoformat("2026-10-14T12:00+00:00")))
    assert made["incident"].loc[0, "resolved_at"] == at("2026-10-14 12:00")


def test_an_amount_stays_exact():
    made, _ = corrected(correction("cost", {"service_name": "S3"}, billed_cost="0.30"))
    assert made["cost"].loc[0, "billed_cost"] == Decimal("0.30")
    assert made["cost"]["billed_cost"].dtype == FRAMES["cost"]["billed_cost"].dtype


@pytest.mark.parametrize("column", ["resolved_at", "service", "is_drill"])
def test_null_makes_a_value_unknown_and_not_the_word_none(column):
    made, _ = corrected(correction(resolved_at="2026-10-14T12:00", is_drill=True), correction(**{column: None}))
    assert pd.isna(made["incident"].loc[0, column])


@pytest.mark.parametrize("written", ["2026-10-14T10:00", "2026-10-14T08:00Z", "2026-10-14 10:00:00"])
def test_rows_are_matched_by_an_instant_however_it_is_written(written):
    made, shown = corrected(correction("monitor_state", {"monitor": "web", "started_at": written}, state="maintenance"))
    assert shown.loc[0, "rows"] == 1 and made["monitor_state"].loc[0, "state"] == "maintenance"


@pytest.mark.parametrize("match", [{"billed_cost": "0.1"}, {"billed_cost": "0.100"}])
def test_rows_are_matched_by_an_amount_however_it_is_written(match):
    assert corrected(correction("cost", match, region_id="eu"))[1].loc[0, "rows"] == 1


def test_rows_are_matched_by_a_flag():
    made, shown = corrected(correction(is_drill=True), correction(match={"is_drill": "true"}, severity="none"))
    assert shown.loc[1, "rows"] == 1 and made["incident"]["severity"].tolist()[0] == "none"


def test_all_columns_of_a_match_must_agree_and_a_missing_value_never_does():
    _, shown = corrected(
        correction(match={"incident_id": "1", "service": "other"}, severity="x"),
        correction(match={"severity": "nan"}, title="x"),
    )
    assert shown["rows"].tolist() == [0, 0]


def test_later_corrections_see_what_earlier_ones_made():
    made, _ = corrected(correction(severity="a"), correction(match={"severity": "a"}, severity="b"))
    assert made["incident"].loc[0, "severity"] == "b"


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (correction(is_drill="yes"), "incident.is_drill: 'yes' is not true or false"),
        (correction(resolved_at="noon"), "is not a time"),
        (correction(resolved_at=5), "is not a date and time"),
        (correction(resolved_at=dt.date(2026, 10, 14)), "is not a date and time"),
        (correction(severity=True), "is not text"),
        (correction("cost", {"service_name": "S3"}, billed_cost="much"), "is not a number"),
        (correction("cost", {"service_name": "S3"}, billed_cost="NaN"), "is not a number"),
        (correction("cost", {"service_name": "S3"}, billed_cost=True), "is not a number"),
        (correction("cost", {"service_name": "S3"}, billed_cost="1e30"), "S3"),
        (correction("cost", {"service_name": "S3"}, charge_category="Gift"), "Jo, 2026-10-20, for S3: .*'Gift'"),
        (correction(opened_at=None), "opened_at is missing"),
        (correction(resolved_at="2026-10-13T00:00"), "resolved_at lies before opened_at"),
        (correction("monitor_state", {"started_at": "then"}, state="up"), "is not a time"),
    ],
)
def test_what_its_column_cannot_hold_is_refused(one, message):
    with pytest.raises(ParamsError, match=message) as refused:
        corrected(one)
    assert refused.value.hint


def test_a_wrong_value_is_refused_also_where_no_row_matches():
    with pytest.raises(ParamsError):
        corrected(correction(match={"incident_id": "none"}, is_drill="yes"))


def test_nothing_is_changed_in_an_empty_frame():
    made = {"incident": FRAMES["incident"].empty().assign(source=pd.Series([], dtype="str"))}
    assert correct(made, [correction(severity="x", is_drill=True)], BERLIN).loc[0, "rows"] == 0


def test_an_excuse_changes_no_row_and_is_listed_with_its_instants():
    excuse = Excuse(monitor="web", starts_at=dt.datetime(2026, 10, 14, 10), ends_at=dt.datetime(2026, 10, 14, 11))
    one = Correction(by="Jo", on=dt.date(2026, 10, 20), why="agreed", excuse=excuse)
    made, shown = corrected(one)
    pd.testing.assert_frame_equal(made["monitor_state"], frames()["monitor_state"])
    assert shown.loc[0, "frame"] == "monitor_state" and pd.isna(shown.loc[0, "rows"])
    (row,) = excused([one, correction(severity="x")], BERLIN).to_dict("records")
    assert (row["starts_at"], row["ends_at"]) == (at("2026-10-14 08:00"), at("2026-10-14 09:00"))
    assert (row["monitor"], row["by"], row["why"]) == ("web", "Jo", "agreed")


def test_without_corrections_the_lists_are_empty_and_have_their_columns():
    assert correct(frames(), [], BERLIN).columns.tolist() == ["frame", "corrected", "by", "on", "why", "rows"]
    none = excused([], BERLIN)
    assert none.empty and none.columns.tolist() == ["monitor", "starts_at", "ends_at", "by", "on", "why"]

"""A corrections file: what people may correct, and what they must say with it."""

import datetime as dt

import pytest

from opsreport.errors import ParamsError
from opsreport.params import load_corrections

SAID = "corrections:\n  - by: Jo\n    on: 2026-10-02\n    why: a drill\n"


@pytest.fixture
def read(tmp_path):
    def reading(text):
        (tmp_path / "acme.corrections.yaml").write_text(text, "utf-8")
        return load_corrections(tmp_path, "acme")

    return reading


def test_without_a_file_nothing_is_corrected(tmp_path):
    assert load_corrections(tmp_path, "acme") == []


def test_a_correction_says_who_when_and_why(read):
    (made,) = read(SAID + '    frame: incident\n    match: {incident_id: "1"}\n    set: {is_drill: true}\n')
    assert (made.by, made.on, made.why, made.set) == ("Jo", dt.date(2026, 10, 2), "a drill", {"is_drill": True})


def test_an_outage_is_excused_between_two_instants(read):
    (made,) = read(SAID + "    excuse: {monitor: web, starts_at: 2026-10-14T10:03, ends_at: 2026-10-14T11:00}\n")
    assert made.excuse.monitor == "web" and made.excuse.starts_at == dt.datetime(2026, 10, 14, 10, 3)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("", "give frame, match and set, or excuse"),
        ('frame: incident\n    match: {incident_id: "1"}', "give frame, match and set, or excuse"),
        ("frame: incident\n    set: {severity: SEV1}", "give frame, match and set, or excuse"),
        (
            'frame: incident\n    match: {incident_id: "1"}\n    set: {severity: SEV1}\n'
            "    excuse: {monitor: web, starts_at: 2026-10-14T10:03, ends_at: 2026-10-14T11:00}",
            "or excuse",
        ),
        (
            'frame: incident\n    match: {incident_id: "1"}\n    set: {incident_id: "2"}',
            "identifies a row and cannot be set",
        ),
        (
            'frame: incident\n    match: {incident_id: "1"}\n    set: {severty: x}',
            "severty is not a column of incident",
        ),
        ('frame: incident\n    match: {id: "1"}\n    set: {severity: x}', "id is not a column of incident"),
        (
            "frame: incident\n    match: {incident_id: 1}\n    set: {severity: x}",
            "line 6: .*put it in quotes|put it in quotes",
        ),
        ("frame: incidents\n    match: {a: b}\n    set: {c: d}", "line 5: corrections.0.frame is not a frame"),
        ("excuse: {monitor: web, starts_at: 2026-10-14T12:00, ends_at: 2026-10-14T11:00}", "must start before it ends"),
        (
            "excuse: {monitor: web, starts_at: 2026-10-14T10:00:00Z, ends_at: 2026-10-14T11:00}",
            "both times, or with neither",
        ),
        ("excuse: {monitor: web, starts_at: 2026-10-14T10:00}", "line 5: corrections.0.excuse.ends_at is missing"),
        ("exuse: {}", "did you mean excuse"),
    ],
)
def test_what_cannot_be_applied_is_refused(read, entry, message):
    with pytest.raises(ParamsError, match=message):
        read(f"{SAID}    {entry}\n")


@pytest.mark.parametrize("gone", ["by: Jo", "why: a drill"])
def test_nobody_corrects_without_a_name_and_a_reason(read, gone):
    key = gone.partition(":")[0]
    with pytest.raises(ParamsError, match=f"corrections.0.{key}"):
        read(
            SAID.replace(gone, f"{key}: ''")
            + '    frame: incident\n    match: {incident_id: "1"}\n    set: {severity: x}\n'
        )

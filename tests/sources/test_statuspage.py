"""Status pages: an answer of Statuspage's API, a bare list, and GitHub's real incidents."""

import json
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import statuspage

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "incidents" / "github_statuses"
real = pytest.mark.skipif(not DATA.exists(), reason="../shared/data/incidents is not here")

INCIDENT = {
    "id": "p31z", "name": "Checkout fails", "status": "resolved", "impact": "major",
    "created_at": "2026-10-05T12:00:00.000Z", "started_at": "2026-10-05T10:00:00.000Z",
    "resolved_at": "2026-10-05T11:30:00.000+02:00", "shortlink": "https://stspg.io/p31z",
    "components": [{"name": "Web"}, {"name": "API"}],
    "incident_updates": [
        {"status": "resolved", "display_at": "2026-10-05T11:30:00Z", "body": "over"},
        {"status": "identified", "display_at": "2026-10-05T10:20:00Z", "body": "found"},
        {"status": "investigating", "display_at": "2026-10-05T10:00:00Z", "body": "looking"},
    ],
}  # fmt: skip


def at(text):
    return pd.Timestamp(text, tz="UTC")


def read(folder, path="page.json"):
    made = sources.settings_of(statuspage, {"path": path}, frame="incident", folder=Path(folder))
    return sources.read(statuspage, made, Period.month("2026-10"))


def save(folder, *incidents, name="page.json", updated="2026-10-31T23:00:00Z"):
    (folder / name).write_text(json.dumps({"page": {"updated_at": updated}, "incidents": list(incidents)}))


def test_an_incident_of_the_api_is_read(tmp_path):
    save(tmp_path, {**INCIDENT, "resolved_at": "2026-10-05T13:30:00+02:00"})
    rows, coverage = read(tmp_path)
    row = rows.iloc[0]
    assert row["opened_at"] == at("2026-10-05 10:00") and row["resolved_at"] == at("2026-10-05 11:30")
    assert row["acknowledged_at"] == at("2026-10-05 10:20")
    assert row[["incident_id", "service", "title", "severity", "url"]].tolist() == [
        "p31z", "API; Web", "Checkout fails", "major", "https://stspg.io/p31z"
    ]  # fmt: skip
    assert pd.isna(row["impact_started_at"]) and pd.isna(row["fingerprint"])
    assert (coverage.observed_start, coverage.observed_end) == (at("2026-10-05 10:00"), at("2026-10-31 23:00"))


def test_resolved_before_it_began_is_refused(tmp_path):
    save(tmp_path, INCIDENT)  # 11:30+02:00 is 09:30 UTC
    assert "incident, row 1 (incident_id " in read(tmp_path)[1].why  # counted from 1, and named
    assert "): resolved_at lies before opened_at" in read(tmp_path)[1].why


def test_only_an_explicit_status_acknowledges(tmp_path):
    updates = [{"status": "investigating", "display_at": "2026-10-05T10:00:00Z", "body": "We have identified it"}]
    save(tmp_path, {**INCIDENT, "status": "investigating", "resolved_at": None, "incident_updates": updates})
    row = read(tmp_path)[0].iloc[0]
    assert pd.isna(row["acknowledged_at"]) and pd.isna(row["resolved_at"])


def test_one_that_was_opened_again_is_open(tmp_path):
    save(tmp_path, {**INCIDENT, "status": "monitoring", "resolved_at": "2026-10-05T11:30:00Z"})
    assert pd.isna(read(tmp_path)[0]["resolved_at"].iloc[0])


def test_maintenance_is_no_incident_and_is_counted(tmp_path):
    planned = {**INCIDENT, "id": "m1", "impact": "maintenance", "status": "scheduled"}
    none = {**INCIDENT, "id": "n1", "impact": "none", "resolved_at": "2026-10-05T11:30:00Z"}
    save(tmp_path, planned, none)
    rows, coverage = read(tmp_path)
    assert rows["severity"].tolist() == ["none"] and coverage.status == "ok"
    assert coverage.why.startswith("1 scheduled maintenances are no incidents")


def test_an_impact_window_says_when_it_was_felt(tmp_path):
    window = {"start": "2026-10-05T09:45:00Z", "end": "2026-10-05T11:00:00Z"}
    save(tmp_path, {**INCIDENT, "resolved_at": "2026-10-05T11:30:00Z", "impact_window": window})
    assert read(tmp_path)[0]["impact_started_at"].tolist() == [at("2026-10-05 09:45")]


def test_only_web_addresses_become_links(tmp_path):
    save(tmp_path, {**INCIDENT, "resolved_at": None, "status": "monitoring", "shortlink": "javascript:alert(1)"})
    assert pd.isna(read(tmp_path)[0]["url"].iloc[0])


def test_of_several_files_the_newest_edition_counts_in_any_order(tmp_path):
    old = {**INCIDENT, "status": "monitoring", "resolved_at": None, "updated_at": "2026-10-05T11:00:00Z"}
    new = {**INCIDENT, "resolved_at": "2026-10-05T11:30:00Z", "updated_at": "2026-10-05T11:30:00Z"}
    for first, second in ((old, new), (new, old)):
        save(tmp_path, first, name="a.json")
        save(tmp_path, second, name="b.json")
        assert read(tmp_path, ".")[0]["resolved_at"].tolist() == [at("2026-10-05 11:30")]


def test_a_bare_list_is_read_and_anything_else_is_refused(tmp_path):
    (tmp_path / "page.json").write_text(json.dumps([{**INCIDENT, "resolved_at": "2026-10-05T11:30:00Z"}]))
    assert len(read(tmp_path)[0]) == 1
    for wrong in ('{"incidents": 3}', '"x"', "[1]", "{"):
        (tmp_path / "page.json").write_text(wrong)
        assert read(tmp_path)[1].status == "unavailable"


def test_a_page_without_incidents_gives_no_row(tmp_path):
    save(tmp_path)
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status) == (0, "ok")


@real
def test_githubs_year_is_156_incidents_and_10_maintenances():
    rows, coverage = read(DATA, "incidents.jsonl")
    assert (len(rows), coverage.status) == (156, "ok") and coverage.why.startswith("10 scheduled")
    assert rows["severity"].value_counts().to_dict() == {"minor": 121, "major": 25, "none": 10}
    assert rows["acknowledged_at"].isna().all()  # GitHub only writes Investigating, Update, Resolved
    assert rows["resolved_at"].notna().all()


@real
def test_githubs_minutes_are_those_that_the_project_derives():
    rows, _ = read(DATA, "incidents.jsonl")
    theirs = pd.read_csv(DATA / "downtime_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    theirs = theirs[theirs["source"] == "updates"]["duration_minutes"]
    ours = rows.set_index("incident_id")
    minutes = (ours["resolved_at"] - ours["opened_at"]) / pd.Timedelta(minutes=1)
    both = minutes.index.intersection(theirs.index)
    assert len(both) > 100 and (minutes[both] == theirs[both]).all()

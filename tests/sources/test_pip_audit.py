"""pip-audit's reports: when they were made and of what, ids of one weakness, and packages that were skipped."""

import datetime as dt
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.coverage import close_unlisted
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import pip_audit
from opsreport.store import Store

OCTOBER = Period.month("2026-10", "America/New_York")
NOW = pd.Timestamp("2026-11-02", tz="UTC")


def weak(id="PYSEC-2026-1", *aliases, fixes=("2.0",), **more):
    return {"id": id, "fix_versions": list(fixes), "aliases": list(aliases), "description": "It leaks.", **more}


def package(name="flask", *vulns):
    return {"name": name, "version": "1.0", "vulns": list(vulns)}


def skipped(name="shop", why="distribution marked as editable"):
    return {"name": name, "skip_reason": why}


def save(folder, name, *dependencies, body=None):
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"dependencies": list(dependencies), "fixes": []} if body is None else body), "utf-8")
    return path


def modified(path, when):
    at = pd.Timestamp(when, tz="UTC").timestamp()
    os.utime(path, (at, at))


def read(folder, path=".", **given):
    made = sources.settings_of(pip_audit, {"path": path, **given}, frame="vulnerability", folder=Path(folder),
                               zone="America/New_York")  # fmt: skip
    return sources.read(pip_audit, made, OCTOBER)


def utc(when):
    return pd.Timestamp(f"2026-{when}", tz="UTC")


def test_a_finding_is_read_with_its_words(tmp_path):
    save(tmp_path, "shop/pip-audit-20261005T0300Z.json", package("flask", weak("PYSEC-2026-1", "CVE-2026-90001")))
    row = read(tmp_path)[0].iloc[0]
    assert row[["finding_id", "asset", "service", "cve", "title", "severity"]].tolist() == [
        "shop/flask/PYSEC-2026-1", "shop", "shop", "CVE-2026-90001", "PYSEC-2026-1: flask", "unknown"]  # fmt: skip
    assert row["found_at"] == utc("10-05 03:00") and row["fix_available"]
    assert row[["fixed_at", "kev_due_at", "epss", "url", "last_seen_at", "reopened_at"]].isna().all()


def test_it_is_fixed_by_the_first_audit_without_it_and_comes_back_by_the_next_with_it(tmp_path):
    for day, found in ((5, [weak()]), (9, []), (12, [weak()]), (20, [])):
        save(tmp_path, f"shop/audit-202610{day:02d}T0300Z.json", package("flask", *found))
    rows, coverage = read(tmp_path)
    assert rows.iloc[0][["found_at", "fixed_before_at", "reopened_at", "fixed_at"]].tolist() == [
        utc("10-05 03:00"), utc("10-09 03:00"), utc("10-12 03:00"), utc("10-20 03:00")]  # fmt: skip
    assert (coverage.status, coverage.observed_end) == ("ok", utc("10-21 03:00"))


def test_a_package_that_was_skipped_is_not_clean_and_what_was_in_it_stays_open(tmp_path):
    save(tmp_path, "shop/audit-20261005T0300Z.json", package("flask", weak()), package("jinja2", weak("PYSEC-2026-2")))
    why = "Dependency not found on PyPI and could not be audited: flask (1.0)"
    others = skipped("our_tools", "a"), package("jinja2")
    save(tmp_path, "shop/audit-20261009T0300Z.json", skipped("Flask", why), *others)
    rows, coverage = read(tmp_path)
    assert rows.set_index("finding_id")["fixed_at"].isna().to_dict() == {
        "shop/flask/PYSEC-2026-1": True, "shop/jinja2/PYSEC-2026-2": False}  # fmt: skip
    assert coverage.status == "partial"
    assert f"2 packages were skipped, which is not clean: Flask ({why}), our_tools (a)" in coverage.why


def test_no_finding_with_skipped_packages_is_partial_but_for_the_clients_own(tmp_path):
    save(tmp_path, "shop/audit-20261005T0300Z.json", package("jinja2"), skipped("our_tools"), skipped())
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status) == (0, "partial")
    assert read(tmp_path, own=["Our.Tools", "shop"])[1].status == "ok"


def test_a_report_of_nothing_that_was_audited_is_not_clean(tmp_path):
    for dependencies in ([], [skipped()]):
        save(tmp_path, "shop/audit-20261005T0300Z.json", *dependencies)
        coverage = read(tmp_path, own=["shop"])[1]
        assert coverage.status == "partial" and "no package that was audited, which is not clean" in coverage.why


def test_ids_of_one_weakness_are_one_whichever_of_them_stands_first(tmp_path):
    save(tmp_path, "shop/audit-20261005T0300Z.json", package("flask", weak("GHSA-aaaa-bbbb-cccc", "CVE-2026-90001")))
    save(tmp_path, "shop/audit-20261006T0300Z.json",
         package("flask", weak("PYSEC-2026-1", "GHSA-aaaa-bbbb-cccc", fixes=())))  # fmt: skip
    row = read(tmp_path)[0].iloc[0]
    assert row["finding_id"] == "shop/flask/GHSA-aaaa-bbbb-cccc" and row["found_at"] == utc("10-05 03:00")
    assert pd.isna(row["fixed_at"]) and not row["fix_available"]


def test_two_advisories_that_share_one_of_several_cves_are_two(tmp_path):
    save(tmp_path, "shop/audit-20261005T0300Z.json", package(
        "flask", weak("GHSA-aaaa-aaaa-aaaa", "CVE-2026-90001", "CVE-2026-90002"),
        weak("GHSA-bbbb-bbbb-bbbb", "CVE-2026-90002", "CVE-2026-90003")))  # fmt: skip
    rows = read(tmp_path)[0]
    assert len(rows) == 2 and rows["cve"].isna().all()


def test_without_aliases_no_cve_is_known(tmp_path):
    one = weak()
    del one["aliases"], one["description"]
    save(tmp_path, "shop/audit-20261005T0300Z.json", package("flask", one))
    assert pd.isna(read(tmp_path)[0].iloc[0]["cve"])


def test_the_list_that_a_report_was_before_version_two_is_read(tmp_path):
    save(tmp_path, "shop/audit-20261005T0300Z.json", body=[package("flask", weak())])
    assert len(read(tmp_path)[0]) == 1


def test_two_projects_with_the_same_package_are_two_assets(tmp_path):
    for project in ("shop", "blog"):
        save(tmp_path, f"{project}/2026-10/audit-20261005T0300Z.json", package("flask", weak()))
    assert read(tmp_path)[0]["finding_id"].tolist() == ["blog/flask/PYSEC-2026-1", "shop/flask/PYSEC-2026-1"]


def test_a_report_in_no_folder_needs_an_asset(tmp_path):
    save(tmp_path, "audit-20261005T0300Z.json", package("flask", weak()))
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "name it in asset" in coverage.why
    assert read(tmp_path, asset="shop")[0]["asset"].tolist() == ["shop"]


@pytest.mark.parametrize("name, mtime, at", [
    ("audit-20261005T0300Z.json", "2026-10-20 12:00", "10-05 03:00"),  # the name tells it to the minute
    ("audit-2026-10-05.json", "2026-10-05 17:30", "10-05 17:30"),  # the day, and the file's time is in it
    ("audit-2026-10-05.json", "2026-10-20 12:00", "10-05 04:00"),  # a copy: the day begins in New York
    ("2026-10-05/audit.json", "2026-10-20 12:00", "10-05 04:00"),  # a folder may tell it
    ("audit-2026-11-01.json", "2026-12-20 12:00", "11-01 04:00"),  # of November, also on the client's clock
    ("audit.json", "2026-10-20 12:00", "10-20 12:00"),  # nothing else tells
])  # fmt: skip
def test_a_report_was_made_when_its_name_says_else_its_file(tmp_path, name, mtime, at):
    modified(save(tmp_path, f"shop/{name}", package("flask", weak())), mtime)
    rows = read(tmp_path)[0]
    assert rows["found_at"].tolist() == [utc(at)] and rows["asset"].tolist() == ["shop"]


def test_a_file_whose_time_is_not_to_be_trusted_is_left_out_and_said(tmp_path):
    save(tmp_path, "shop/audit.json", package("flask", weak()))
    save(tmp_path, "shop/audit-20261005T0300Z.json", package("flask", weak()))
    rows, coverage = read(tmp_path, trust_mtime=False)
    assert rows["found_at"].tolist() == [utc("10-05 03:00")]
    assert coverage.status == "partial" and "1 reports do not tell when they were made" in coverage.why


def test_a_day_that_no_calendar_has_tells_nothing(tmp_path):
    save(tmp_path, "shop/audit-2026-02-30.json", package("flask", weak()))
    coverage = read(tmp_path, trust_mtime=False)[1]
    assert coverage.status == "partial" and "do not tell when they were made" in coverage.why


def test_reports_of_two_files_of_requirements_in_one_folder_are_said(tmp_path):
    save(tmp_path, "shop/audit-web-20261005T0300Z.json", package("flask", weak()))
    save(tmp_path, "shop/audit-worker-20261005T0301Z.json", package("celery"))
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and "such as audit web and audit worker" in coverage.why


def collected(store, folder, day, *found):
    """What the store holds after a reading of the one file that each audit writes over."""
    modified(save(folder, "audit.json", package("flask", *found)), f"2026-10-{day:02d} 03:00")
    rows, coverage = read(folder, "audit.json", asset="shop")
    store.merge(rows, coverage, NOW)
    held = store.read("vulnerability")
    close_unlisted(FRAMES["vulnerability"], held, store.coverage())
    return held.iloc[0][["found_at", "fixed_at"]].tolist()


def test_a_report_that_takes_the_place_of_the_last_keeps_when_it_was_found_and_ends_what_it_lacks(tmp_path):
    store = Store(tmp_path / "store", "shop")
    assert collected(store, tmp_path, 5, weak()) == [utc("10-05 03:00"), pd.NaT]
    assert collected(store, tmp_path, 6, weak()) == [utc("10-05 03:00"), pd.NaT]
    # Fixed for sure when the report without it ends: a day after the 7th.
    assert collected(store, tmp_path, 7) == [utc("10-05 03:00"), utc("10-08 03:00")]
    assert collected(store, tmp_path, 8) == [utc("10-05 03:00"), utc("10-08 03:00")]


def test_a_report_that_skips_the_package_ends_nothing_in_the_store(tmp_path):
    store = Store(tmp_path / "store", "shop")
    collected(store, tmp_path, 5, weak())
    modified(save(tmp_path, "audit.json", skipped("flask"), package("jinja2")), "2026-10-06 03:00")
    rows, coverage = read(tmp_path, "audit.json", asset="shop")
    store.merge(rows, coverage, NOW)
    held = store.read("vulnerability")
    close_unlisted(FRAMES["vulnerability"], held, store.coverage())
    assert held["fixed_at"].isna().all() and len(held) == 1


def test_days_that_the_clients_file_declares_do_not_end_what_is_listed(tmp_path):
    save(tmp_path, "audit-20261005T0300Z.json", package("flask", weak()))
    october = {"first": dt.date(2026, 10, 1), "last": dt.date(2026, 10, 31)}
    rows, coverage = read(tmp_path, asset="shop", covers=october)
    assert rows["last_seen_at"].tolist() == [coverage.observed_end] == [utc("11-01 04:00")]


def test_the_lists_are_asked_for_the_cves(tmp_path):
    save(tmp_path, "shop/audit-20261005T0300Z.json", package("flask", weak("PYSEC-2026-1", "CVE-2026-90001")))
    (tmp_path / "kev.csv").write_text("cveID,dueDate\nCVE-2026-90001,2026-11-03\n")
    row = read(tmp_path, "shop/*.json", asset="shop", kev="kev.csv")[0].iloc[0]
    # Midnight in New York after the clocks went back on 1 November is 05:00 UTC.
    assert row["kev_due_at"] == utc("11-03 05:00")


@pytest.mark.parametrize("content", ["{", "{}", '{"dependencies": {}}', '[{"version": "1"}]', "null"])
def test_what_is_no_report_is_refused(tmp_path, content):
    (tmp_path / "audit.json").write_text(content)
    coverage = read(tmp_path, asset="shop")[1]
    assert coverage.status == "unavailable" and "audit.json" in coverage.why


def test_a_package_without_its_list_of_vulnerabilities_is_not_taken_for_clean(tmp_path):
    save(tmp_path, "shop/audit-20261005T0300Z.json", {"name": "flask", "version": "1"})
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "vulns" in coverage.why

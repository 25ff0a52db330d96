"""Trivy's own reports and a year of CISA's list: what is counted is what plain Python counts in the files."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import trivy

REPORTS = ("alpine-310.json.golden", "centos-7.json.golden", "centos-7-ignore-unfixed.json.golden")
KEV = "known_exploited_vulnerabilities_2024-08-25_on.json"


@pytest.fixture
def patches(shared_data):
    folder = shared_data / "patches"
    if not folder.is_dir():
        pytest.skip("there is no ../shared/data/patches beside the project")
    return folder


def read(folder: Path, path: str, **given):
    made = sources.settings_of(trivy, {"path": path, **given}, frame="vulnerability", folder=folder, zone="Asia/Tokyo")
    return sources.read(trivy, made, Period.month("2021-08"))


def raw(folder: Path, name: str) -> list[dict]:
    document = json.loads((folder / "trivy" / name).read_text("utf-8"))
    return [one for result in document["Results"] for one in result.get("Vulnerabilities", [])]


@pytest.mark.parametrize("name", REPORTS)
def test_each_severity_counts_what_the_file_holds(patches, name):
    rows, coverage = read(patches, f"trivy/{name}")
    expected = Counter(one["Severity"].lower() for one in raw(patches, name))
    assert rows["severity"].value_counts().to_dict() == dict(expected) and len(rows) == sum(expected.values())
    assert rows["found_at"].eq(pd.Timestamp("2021-08-25 12:20:30", tz="UTC")).all() and rows["fixed_at"].isna().all()
    # Alpine 3.10 is past its end of life, and the report says so.
    assert coverage.status == ("partial" if name.startswith("alpine") else "ok")


def test_what_the_scan_without_unfixed_leaves_out_is_what_has_no_fix(patches):
    full = read(patches, "trivy/centos-7.json.golden")[0].set_index("finding_id")
    fixable = read(patches, "trivy/centos-7-ignore-unfixed.json.golden")[0].set_index("finding_id")
    assert set(full.index[full["fix_available"]]) == set(fixable.index) and fixable["fix_available"].all()
    assert set(full.loc[~full["fix_available"], "cve"]) == {"CVE-2019-18276"}


def test_both_scans_of_one_instant_together_are_the_full_one(patches):
    both, full = read(patches, "trivy/centos-7*.golden")[0], read(patches, "trivy/centos-7.json.golden")[0]
    assert both["finding_id"].tolist() == full["finding_id"].tolist() and both["fixed_at"].isna().all()


def test_each_due_date_is_that_of_the_same_cve_in_cisas_list(patches, tmp_path):
    listed = json.loads((patches / "cisa_kev" / KEV).read_text("utf-8"))["vulnerabilities"]
    report = json.loads((patches / "trivy" / REPORTS[0]).read_text("utf-8"))
    # None of the scans' CVEs is in that year of the list: each of the list is put in a package of its own.
    one = report["Results"][0]["Vulnerabilities"][0]
    report["Results"][0]["Vulnerabilities"] += [{**one, "VulnerabilityID": each["cveID"]} for each in listed]
    (tmp_path / "scan.json").write_text(json.dumps(report), "utf-8")
    rows = read(tmp_path, "scan.json", kev=str(patches / "cisa_kev" / KEV))[0]
    due = rows.dropna(subset=["kev_due_at"]).drop_duplicates("cve").set_index("cve")["kev_due_at"]
    told = due.dt.tz_convert("Asia/Tokyo").dt.strftime("%Y-%m-%d %H:%M").to_dict()
    assert told == {each["cveID"]: f"{each['dueDate']} 00:00" for each in listed} and len(told) == 248


def test_no_due_date_is_given_to_what_the_list_does_not_name(patches):
    named = {one["cveID"] for one in json.loads((patches / "cisa_kev" / KEV).read_text("utf-8"))["vulnerabilities"]}
    rows = read(patches, "trivy/*.golden", kev=f"cisa_kev/{KEV}")[0]
    assert not named & set(rows["cve"]) and rows["kev_due_at"].isna().all() and len(rows) == 7

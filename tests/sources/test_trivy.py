"""Trivy's reports: what came and went from scan to scan, what was not looked at, and two lists of the exploited."""

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.period import Period
from opsreport.sources import trivy

OCTOBER = Period.month("2026-10", "America/New_York")


def weak(id="CVE-2026-90001", package="openssl", severity="HIGH", **more):
    return {"VulnerabilityID": id, "PkgName": package, "Severity": severity, "Status": "fixed", "FixedVersion": "2",
            "Title": "openssl: it leaks", "PrimaryURL": f"https://avd.example/{id.lower()}", **more}  # fmt: skip


def report(day, *found, name="shop:1.0", kind="os-pkgs", system=None, **more):
    result = {"Target": name, "Class": kind, "Type": "debian"}
    result |= {"Vulnerabilities": list(found)} if found else {}
    return {"SchemaVersion": 2, "CreatedAt": f"2026-10-{day:02d}T03:00:00.123456789Z", "ArtifactName": name,
            "Metadata": {"OS": system or {"Family": "debian", "Name": "12"}}, "Results": [result], **more}  # fmt: skip


def save(folder, *reports):
    for number, one in enumerate(reports):
        (Path(folder) / f"scan-{number}.json").write_text(json.dumps(one), "utf-8")


def read(folder, path=".", **given):
    made = sources.settings_of(trivy, {"path": path, **given}, frame="vulnerability", folder=Path(folder),
                               zone="America/New_York")  # fmt: skip
    rows, coverage = sources.read(trivy, made, OCTOBER)
    return rows, coverage


def scanned(day):
    return pd.Timestamp(f"2026-10-{day:02d} 03:00:00.123456", tz="UTC")


def test_a_finding_is_read_with_its_words(tmp_path):
    save(tmp_path, report(5, weak()))
    row = read(tmp_path)[0].iloc[0]
    assert row["finding_id"] == "shop:1.0/openssl/CVE-2026-90001"
    assert row[["asset", "service", "cve", "title", "severity"]].tolist() == [
        "shop:1.0", "shop:1.0", "CVE-2026-90001", "openssl: it leaks", "high"]  # fmt: skip
    assert row["found_at"] == scanned(5) and pd.isna(row["fixed_at"]) and row["fix_available"]
    assert row["url"] == "https://avd.example/cve-2026-90001"


def test_what_a_later_scan_no_longer_has_is_fixed_at_that_scan_whatever_the_order_of_the_files(tmp_path):
    save(tmp_path, report(12), report(5, weak()), report(9, weak()), report(20))
    row = read(tmp_path)[0].iloc[0]
    assert (row["found_at"], row["fixed_at"]) == (scanned(5), scanned(12))


def test_what_comes_back_is_open_again_and_tells_since_when(tmp_path):
    save(tmp_path, report(5, weak()), report(9), report(12, weak()))
    row = read(tmp_path)[0].iloc[0]
    assert (row["found_at"], row["fixed_before_at"], row["reopened_at"]) == (scanned(5), scanned(9), scanned(12))
    assert pd.isna(row["fixed_at"])


def test_a_scan_that_did_not_look_at_the_packages_fixes_nothing(tmp_path):
    blind = {**report(9), "Results": [{"Target": "shop", "Class": "secret"}]}
    other = report(10, kind="lang-pkgs")
    save(tmp_path, report(5, weak()), blind, other)
    rows, coverage = read(tmp_path)
    assert rows["fixed_at"].isna().all() and coverage.status == "partial"
    assert "scan-1.json tells of no packages: nothing was scanned, which is not clean" in coverage.why
    assert "scan-2.json leaves out the operating system's packages, which is not clean" in coverage.why


def test_a_report_without_results_is_not_clean_and_one_without_vulnerabilities_is(tmp_path):
    nothing = report(5)
    del nothing["Results"]
    save(tmp_path, nothing)
    assert read(tmp_path)[1].status == "partial"
    save(tmp_path, report(5))
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status) == (0, "ok") and "nothing was scanned" not in coverage.why


def test_a_system_without_advisories_is_not_clean_however_little_is_found(tmp_path):
    save(tmp_path, report(5, system={"Family": "alpine", "Name": "3.10.2", "EOSL": True}))
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and "alpine 3.10.2 gets no more advisories" in coverage.why


def test_a_report_that_does_not_say_when_it_was_made_is_left_out_and_counted(tmp_path):
    undated = report(5, weak("CVE-2026-90002"))
    del undated["CreatedAt"]
    save(tmp_path, undated, report(9, weak()))
    rows, coverage = read(tmp_path)
    assert rows["cve"].tolist() == ["CVE-2026-90001"]
    assert coverage.status == "partial" and coverage.why.startswith("1 reports do not tell when they were made")


def test_severities_and_fixes_are_told_as_trivy_tells_them(tmp_path):
    save(tmp_path, report(
        5, weak("CVE-2026-90001", severity="UNKNOWN"), weak("CVE-2026-90002", severity="CRITICAL"),
        weak("CVE-2026-90003", Status="will_not_fix", FixedVersion=None),
        weak("CVE-2026-90004", Status="under_investigation", FixedVersion=""),
        {key: value for key, value in weak("CVE-2026-90005").items() if key not in ("Status", "Severity", "Title")},
    ))  # fmt: skip
    rows = read(tmp_path)[0].set_index("cve")
    assert rows["severity"].tolist() == ["unknown", "critical", "high", "high", "unknown"]
    assert rows["fix_available"].astype(object).where(rows["fix_available"].notna(), None).tolist() == [
        True, True, False, None, True]  # fmt: skip
    assert rows.loc["CVE-2026-90005", "title"] == "CVE-2026-90005: openssl"


def test_one_weakness_in_two_versions_of_a_package_counts_once_as_the_worse(tmp_path):
    two = weak(severity="LOW", Status="affected", FixedVersion=None), weak(severity="HIGH")
    for pair in (two, two[::-1]):
        save(tmp_path, report(5, *pair))
        rows = read(tmp_path)[0]
        assert rows["severity"].tolist() == ["high"] and rows["fix_available"].tolist() == [False]


def test_two_reports_of_one_instant_are_one_scan(tmp_path):
    save(tmp_path, report(5, weak(), weak("CVE-2026-90002")), report(5, weak()))
    assert read(tmp_path)[0]["fixed_at"].isna().all()


def test_an_id_that_is_no_cve_stays_in_the_title(tmp_path):
    save(tmp_path, report(5, weak("GHSA-xxxx-yyyy-zzzz"), kind="lang-pkgs", system={}))
    row = read(tmp_path)[0].iloc[0]
    assert pd.isna(row["cve"]) and row["title"] == "GHSA-xxxx-yyyy-zzzz: openssl: it leaks"


def test_images_of_one_name_are_one_where_their_tags_are_ignored(tmp_path):
    old, new = report(5, weak(), name="registry:5000/shop:1.0"), report(9, name="registry:5000/shop:1.1@sha256:ab")
    save(tmp_path, old, new)
    assert read(tmp_path)[0]["fixed_at"].isna().all()
    rows = read(tmp_path, ignore_tags=True)[0]
    assert rows["asset"].tolist() == ["registry:5000/shop"] and rows["fixed_at"].tolist() == [scanned(9)]


def test_an_artifact_that_is_no_longer_scanned_is_said(tmp_path):
    save(tmp_path, report(1, weak()), report(20, name="other:1"))
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and "1 artifacts were not scanned lately, such as shop:1.0" in coverage.why
    assert "2 artifacts were scanned once" in coverage.why


def test_a_scan_holds_until_the_next_is_due(tmp_path):
    save(tmp_path, report(1, weak()), report(8, weak()))
    assert read(tmp_path)[1].observed_end == scanned(9)
    assert read(tmp_path, every="7d")[1].observed_end == scanned(8) + pd.Timedelta(days=7)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_cisas_due_dates_are_days_on_the_clients_clock(tmp_path, kind):
    save(tmp_path, report(5, weak(), weak("CVE-2026-90002")))
    (tmp_path / "lists").mkdir()
    if kind == "json":
        listed = json.dumps({"vulnerabilities": [{"cveID": "CVE-2026-90002", "dueDate": "2026-10-19"}]})
    else:
        listed = 'cveID,vendorProject,shortDescription,dueDate\nCVE-2026-90002,Acme,"a,\nb",2026-10-19\n'
    (tmp_path / "lists" / f"kev.{kind}").write_text(listed, "utf-8")
    rows, coverage = read(tmp_path, "scan-*.json", kev=f"lists/kev.{kind}")
    due = rows.set_index("cve")["kev_due_at"]
    assert pd.isna(due["CVE-2026-90001"]) and due["CVE-2026-90002"] == pd.Timestamp("2026-10-19 04:00", tz="UTC")
    assert [one["path"] for one in json.loads(coverage.inputs)] == ["scan-0.json", f"kev.{kind}"]


def test_epss_is_read_below_its_comment(tmp_path):
    save(tmp_path, report(5, weak(), weak("CVE-2026-90002")))
    (tmp_path / "epss.csv").write_text(
        "#model_version:v2025.03.14,score_date:2026-10-05T00:00:00+0000\ncve,epss,percentile\n"
        "CVE-2020-0001,0.5,0.9\nCVE-2026-90001,0.00042,0.1\n"
    )
    rows = read(tmp_path, "scan-*.json", epss="epss.csv")[0].set_index("cve")
    assert rows.loc["CVE-2026-90001", "epss"] == Decimal("0.00042") and pd.isna(rows.loc["CVE-2026-90002", "epss"])


@pytest.mark.parametrize("content", ["{", "[]", '{"Results": []}', '{"ArtifactName": "x", "Results": {}}'])
def test_what_is_no_report_is_refused(tmp_path, content):
    (tmp_path / "scan.json").write_text(content)
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "scan.json" in coverage.why


def test_a_list_that_is_none_is_refused(tmp_path):
    save(tmp_path, report(5, weak()))
    (tmp_path / "kev").mkdir()
    for content in ('{"count": 0}', '{"vulnerabilities": [{"cveID": "CVE-2026-90001"}]}',
                    '{"vulnerabilities": [{"cveID": "CVE-2026-90001", "dueDate": "soon"}]}'):  # fmt: skip
        (tmp_path / "kev" / "kev.json").write_text(content)
        coverage = read(tmp_path, "scan-*.json", kev="kev/kev.json")[1]
        assert coverage.status == "unavailable" and "kev.json" in coverage.why


def test_an_unknown_setting_is_refused(tmp_path):
    with pytest.raises(ParamsError, match="it takes"):
        read(tmp_path, ignore_tag=True)

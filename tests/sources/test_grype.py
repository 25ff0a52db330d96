"""Grype's reports: what came and went, ids of one weakness, rules that put findings aside, and what is not clean."""

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import grype

OCTOBER = Period.month("2026-10", "America/New_York")
#: What Grype's configuration holds where nobody added a rule.
_DEFAULT = {"match-type": "exact-indirect-match", "package": {"name": "kernel-headers", "upstream-name": "kernel"}}


def match(id="CVE-2026-90001", package="openssl", severity="High", state="fixed", related=(), **more):
    weakness = {"id": id, "dataSource": f"https://db.example/{id}", "namespace": "debian:distro:debian:12",
                "severity": severity, "urls": [], "fix": {"versions": [], "state": state}, "advisories": [],
                "risk": 1.5, **more}  # fmt: skip
    return {"vulnerability": weakness, "relatedVulnerabilities": [{"id": one, "dataSource": ""} for one in related],
            "matchDetails": [], "artifact": {"id": "a1", "name": package, "version": "1", "type": "deb"}}  # fmt: skip


def report(day, *matches, name="shop:1.0", architecture="amd64", ignored=(), ignore=None, built=None, **more):
    descriptor = {
        "name": "grype", "version": "0.104.0", "timestamp": f"2026-10-{day:02d}T05:00:00.123456789+02:00",
        "configuration": {"ignore": [_DEFAULT] if ignore is None else ignore},
        "db": {"status": {"schemaVersion": "v6.1.0", "built": built or f"2026-10-{day:02d}T01:00:00Z", "valid": True}},
    }  # fmt: skip
    target = {"userInput": name, "architecture": architecture, "os": "linux", "tags": []}
    return {"matches": list(matches), "ignoredMatches": list(ignored), "source": {"type": "image", "target": target},
            "distro": {"name": "debian", "version": "12"}, "descriptor": descriptor, **more}  # fmt: skip


def aside(*rules, **more):
    return {**match(**more), "appliedIgnoreRules": list(rules)}


def save(folder, *reports):
    for number, one in enumerate(reports):
        path = Path(folder) / f"scan-{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(one), "utf-8")


def read(folder, path=".", **given):
    made = sources.settings_of(grype, {"path": path, **given}, frame="vulnerability", folder=Path(folder),
                               zone="America/New_York")  # fmt: skip
    return sources.read(grype, made, OCTOBER)


def scanned(day):
    """05:00 in +02:00 is 03:00 UTC; of nanoseconds a frame holds the microseconds."""
    return pd.Timestamp(f"2026-10-{day:02d} 03:00:00.123456", tz="UTC")


def test_a_finding_is_read_with_its_words(tmp_path):
    known = [{"cve": "CVE-2026-90001", "dueDate": "2026-10-19", "knownRansomwareCampaignUse": "Known"}]
    scores = [{"cve": "CVE-2026-90001", "epss": 0.03, "percentile": 0.42, "date": "2026-10-04"}]
    save(tmp_path, report(5, match(knownExploited=known, epss=scores)))
    row = read(tmp_path)[0].iloc[0]
    assert row[["finding_id", "asset", "service", "cve", "title", "severity", "url"]].tolist() == [
        "shop:1.0/openssl/CVE-2026-90001", "shop:1.0", "shop:1.0", "CVE-2026-90001", "CVE-2026-90001: openssl", "high",
        "https://db.example/CVE-2026-90001"]  # fmt: skip
    assert row["found_at"] == scanned(5) and row["fix_available"] and row["epss"] == Decimal("0.03")
    # Midnight in New York is 04:00 UTC in October.
    assert row["kev_due_at"] == pd.Timestamp("2026-10-19 04:00", tz="UTC")
    assert row[["fixed_at", "reopened_at", "last_seen_at", "risk_accepted_at"]].isna().all()


def test_what_no_list_names_is_not_known_and_not_zero(tmp_path):
    save(tmp_path, report(5, match(knownExploited=[{"cve": "CVE-2026-90001"}])))
    assert read(tmp_path)[0].iloc[0][["kev_due_at", "epss"]].isna().all()


def test_what_a_later_scan_no_longer_has_is_fixed_at_that_scan_and_what_comes_back_is_open(tmp_path):
    save(tmp_path, report(20), report(5, match(), match("CVE-2026-90002")), report(9),
         report(12, match("CVE-2026-90002")))  # fmt: skip
    rows, coverage = read(tmp_path)
    rows = rows.set_index("cve")
    assert rows.loc["CVE-2026-90001", ["found_at", "fixed_at"]].tolist() == [scanned(5), scanned(9)]
    assert rows.loc["CVE-2026-90002", ["found_at", "fixed_before_at", "reopened_at", "fixed_at"]].tolist() == [
        scanned(5), scanned(9), scanned(12), scanned(20)]  # fmt: skip
    assert (coverage.observed_start, coverage.observed_end) == (scanned(5), scanned(21)) and coverage.status == "ok"


def test_severities_and_states_of_fixes_are_told_as_grype_tells_them(tmp_path):
    save(tmp_path, report(
        5, match("CVE-2026-90001", severity="Critical"), match("CVE-2026-90002", severity="Negligible"),
        match("CVE-2026-90003", severity="Unknown", state="wont-fix"), match("CVE-2026-90004", state="not-fixed"),
        match("CVE-2026-90005", state="unknown"), match("CVE-2026-90006", state=""),
    ))  # fmt: skip
    rows, coverage = read(tmp_path)
    assert rows["severity"].tolist() == ["critical", "low", "unknown", "high", "high", "high"]
    told = rows["fix_available"].astype(object).where(rows["fix_available"].notna(), None).tolist()
    assert told == [True, True, False, False, None, None] and coverage.status == "ok"


def test_words_that_are_not_known_are_said(tmp_path):
    save(tmp_path, report(5, match(severity="Severe", state="soon")))
    rows, coverage = read(tmp_path)
    assert rows["severity"].tolist() == ["unknown"] and rows["fix_available"].isna().all()
    assert coverage.status == "partial" and "not known: Severe, soon" in coverage.why


def test_a_record_without_what_may_be_missing_is_read(tmp_path):
    bare = {"vulnerability": {"id": "CVE-2026-90001", "dataSource": "", "fix": {"versions": None, "state": ""}},
            "artifact": {"name": "openssl"}}  # fmt: skip
    save(tmp_path, {**report(5), "matches": [bare], "ignoredMatches": None})
    row = read(tmp_path)[0].iloc[0]
    assert row["severity"] == "unknown" and row[["fix_available", "url", "epss"]].isna().all()


def test_an_advisory_of_github_and_its_cve_are_one_weakness_whichever_of_them_a_scan_names(tmp_path):
    ghsa = match("GHSA-aaaa-bbbb-cccc", "flask", related=["CVE-2026-90001"])
    save(tmp_path, report(5, ghsa), report(9, match(package="flask", severity="Critical", state="not-fixed"), ghsa),
         report(12, match(package="flask")), report(15))  # fmt: skip
    rows = read(tmp_path)[0]
    assert rows["finding_id"].tolist() == ["shop:1.0/flask/GHSA-aaaa-bbbb-cccc"]
    assert rows["cve"].tolist() == ["CVE-2026-90001"] and rows["fixed_at"].tolist() == [scanned(15)]


def test_two_ids_of_one_weakness_in_one_scan_count_once_as_the_worse_and_one_without_a_fix_keeps_it_open(tmp_path):
    ghsa = match("GHSA-aaaa-bbbb-cccc", "flask", "Low", "not-fixed", ["CVE-2026-90001"])
    for pair in ((ghsa, match(package="flask")), (match(package="flask"), ghsa)):
        save(tmp_path, report(5, *pair))
        rows = read(tmp_path)[0]
        assert rows["finding_id"].tolist() == ["shop:1.0/flask/CVE-2026-90001"]
        assert rows["severity"].tolist() == ["high"] and rows["fix_available"].tolist() == [False]


def test_two_ids_that_turn_out_to_be_of_one_weakness_are_one_from_the_first_on(tmp_path):
    save(tmp_path, report(5, match("GHSA-aaaa-bbbb-cccc", "flask")),
         report(9, match("GHSA-aaaa-bbbb-cccc", "flask", related=["CVE-2026-90001"])))  # fmt: skip
    row = read(tmp_path)[0].iloc[0]
    assert row["finding_id"] == "shop:1.0/flask/GHSA-aaaa-bbbb-cccc" and row["cve"] == "CVE-2026-90001"
    assert row["found_at"] == scanned(5) and pd.isna(row["fixed_at"])


def test_an_advisory_of_several_cves_names_them_and_has_the_soonest_date_and_is_none_of_them(tmp_path):
    kev = [{"cve": "CVE-2026-90001", "dueDate": "2026-10-20"}, {"cve": "CVE-2026-90002", "dueDate": "2026-10-12"}]
    many = match("ALAS-2026-1", related=["CVE-2026-90002", "CVE-2026-90001"], knownExploited=kev)
    save(tmp_path, report(5, many, match("ALAS-2026-2", related=["CVE-2026-90002", "CVE-2026-90003"])))
    rows = read(tmp_path)[0]
    assert len(rows) == 2 and rows["cve"].isna().all()
    assert rows["title"].tolist()[0] == "ALAS-2026-1: openssl (CVE-2026-90001, CVE-2026-90002)"
    assert rows["kev_due_at"].tolist()[0] == pd.Timestamp("2026-10-12 04:00", tz="UTC")


def test_the_lists_of_the_settings_come_before_what_the_report_tells(tmp_path):
    known = [{"cve": "CVE-2026-90001", "dueDate": "2026-10-19"}]
    save(tmp_path / "scans", report(5, match(knownExploited=known, epss=[{"cve": "CVE-2026-90001", "epss": 0.5}])))
    (tmp_path / "kev.csv").write_text("cveID,dueDate,dateAdded\nCVE-2026-90001,2026-10-12,2026-10-01\n")
    (tmp_path / "epss.csv").write_text("#v,score_date:2026-10-05T00:00:00+0000\ncve,epss\nCVE-2026-90001,0.25\n")
    row = read(tmp_path, "scans", kev="kev.csv", epss="epss.csv")[0].iloc[0]
    assert row["kev_due_at"] == pd.Timestamp("2026-10-12 04:00", tz="UTC") and row["epss"] == Decimal("0.25")


def test_what_somebodys_rules_put_aside_stays_open_and_is_counted(tmp_path):
    rule = {"vulnerability": "CVE-2026-90002", "reason": "we do not use it"}
    by_cpe = {"match-type": "cpe-match"}
    only_fixed = aside({"fix-state": "not-fixed"}, id="CVE-2026-90003", state="not-fixed")
    vex = aside({"namespace": "vex", "vex-status": "not_affected"}, id="CVE-2026-90004")
    one = report(5, match(), ignored=[aside(rule, id="CVE-2026-90002"), only_fixed, vex,
                                     aside(by_cpe, id="CVE-2026-90005")], ignore=[_DEFAULT, rule, by_cpe])  # fmt: skip
    save(tmp_path, one)
    rows, coverage = read(tmp_path)
    assert rows["cve"].tolist() == [f"CVE-2026-9000{number}" for number in (1, 2, 3, 4, 5)]
    assert coverage.status == "ok" and "4 findings were put aside by rules, and stay open" in coverage.why
    assert rows["risk_accepted_at"].isna().all()
    assert "CVE-2026-90004" not in read(tmp_path, trust_vex=True)[0]["cve"].tolist()


def test_what_a_rule_puts_aside_later_is_not_fixed_by_that(tmp_path):
    rule = {"package": {"name": "openssl"}}
    save(tmp_path, report(5, match()), report(9, ignored=[aside(rule)], ignore=[rule]))
    assert read(tmp_path)[0]["fixed_at"].isna().all()


@pytest.mark.parametrize("rule", [
    {"vulnerability": "CVE-2026-90001", "reason": "DistroPackageFixed"},
    {"vulnerability": "CVE-2026-90001", "reason": "Explicit APK NAK", "package": {"location": "/lib"}},
    _DEFAULT,
    # Of the database itself: it looks like somebody's, and the configuration has no such rule.
    {"vulnerability": "CVE-2021-44228", "package": {"name": "log4j-api", "type": "java-archive"}},
])  # fmt: skip
def test_what_grype_itself_leaves_out_is_none(tmp_path, rule):
    save(tmp_path, report(5, ignored=[aside(rule)]))
    rows, coverage = read(tmp_path)
    assert len(rows) == 0 and "aside" not in coverage.why


def test_without_its_configuration_a_report_does_not_tell_whose_a_rule_is_and_what_it_hides_stays_open(tmp_path):
    one = report(5, ignored=[aside({"vulnerability": "CVE-2026-90001", "package": {"name": "openssl"}})])
    del one["descriptor"]["configuration"]
    save(tmp_path, one)
    assert len(read(tmp_path)[0]) == 1


def test_a_report_without_a_time_is_left_out_and_counted(tmp_path):
    undated = report(5, match("CVE-2026-90002"))
    undated["descriptor"]["timestamp"] = ""
    save(tmp_path, undated, report(9, match()))
    rows, coverage = read(tmp_path)
    assert rows["cve"].tolist() == ["CVE-2026-90001"]
    assert coverage.status == "partial" and coverage.why.startswith("1 reports do not tell when they were made")


def test_a_database_that_was_old_or_broken_is_said(tmp_path):
    save(tmp_path, report(20, built="2026-10-10T03:00:00Z"))
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and "the database was 10 days old" in coverage.why
    fifth = report(20, built="2026-10-15T03:00:00.5Z")
    fifth["descriptor"]["db"] = {"built": "2026-10-15T03:00:00.5Z", "schemaVersion": 5, "error": "checksum differs"}
    save(tmp_path, fifth)
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and "not in order: checksum differs" in coverage.why
    assert "days old" not in coverage.why


def test_packages_of_a_system_at_its_end_of_life_are_not_clean(tmp_path):
    said = {"type": "distro-eol", "message": "Package is from end-of-life distro: debian 9"}
    alerts = [{"package": {"name": name}, "alerts": [said]} for name in ("openssl", "zlib")]
    save(tmp_path, report(5, alertsByPackage=alerts))
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and "2 packages are not looked up in full" in coverage.why
    assert "end-of-life distro: debian 9" in coverage.why


def test_a_scan_for_another_architecture_ends_nothing(tmp_path):
    save(tmp_path, report(5, match()), report(6, architecture="arm64"))
    assert read(tmp_path)[0]["fixed_at"].isna().all()
    save(tmp_path, report(5, match()), report(6, architecture="arm64"), report(7))
    assert read(tmp_path)[0]["fixed_at"].tolist() == [scanned(7)]


def test_images_of_one_name_are_one_where_their_tags_are_ignored(tmp_path):
    save(tmp_path, report(5, match(), name="registry:5000/shop:1.0"),
         report(9, name="registry:5000/shop:1.1@sha256:ab"))  # fmt: skip
    assert read(tmp_path)[0]["fixed_at"].isna().all()
    rows = read(tmp_path, ignore_tags=True)[0]
    assert rows["asset"].tolist() == ["registry:5000/shop"] and rows["fixed_at"].tolist() == [scanned(9)]


def test_folders_that_were_scanned_from_within_have_the_name_of_their_folder_of_reports(tmp_path):
    here = {"type": "directory", "target": "."}
    for folder in ("shop/2026-10", "blog/2026-10"):
        save(tmp_path / folder, report(5, match(), source=here))
    assert read(tmp_path)[0]["asset"].tolist() == ["blog", "shop"]
    save(tmp_path / "one", report(5, match(), source=here))
    coverage = read(tmp_path / "one", "scan-0.json")[1]
    assert coverage.status == "unavailable" and "does not tell what it is of" in coverage.why


def test_reports_of_two_things_that_are_said_to_be_one_are_partial(tmp_path):
    save(tmp_path, report(5, match(), name="shop:1.0"), report(6, name="blog:1.0"))
    rows, coverage = read(tmp_path, asset="web")
    assert rows["asset"].tolist() == ["web"] and coverage.status == "partial"
    assert "reports of web are of 2 kinds, such as image blog and image shop" in coverage.why
    save(tmp_path, report(5, match(), name="shop:1.0"), report(6, name="shop:1.1"))
    assert read(tmp_path, asset="web")[1].status == "ok"


def test_a_report_of_nothing_found_is_read(tmp_path):
    save(tmp_path, report(5))
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status, coverage.observed_start) == (0, "ok", scanned(5))


def test_a_scan_at_a_month_border_is_of_the_instant_that_it_tells(tmp_path):
    one = report(5, match())
    one["descriptor"]["timestamp"] = "2026-11-01T00:30:00+02:00"
    save(tmp_path, one)
    assert read(tmp_path)[0]["found_at"].tolist() == [pd.Timestamp("2026-10-31 22:30", tz="UTC")]


@pytest.mark.parametrize("content", [
    "{", "[]", '{"matches": []}', '{"matches": {}, "source": null, "descriptor": {}}', '{"artifacts": []}',
])  # fmt: skip
def test_what_is_no_report_is_refused_and_beside_others_the_reading_is_partial(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "x.json" in coverage.why
    save(tmp_path, report(5, match()))
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status) == (1, "partial") and "x.json" in coverage.why
    assert [("unread" in one) for one in json.loads(coverage.inputs)] == [False, True]

"""npm's audits: advisories counted once, its own counts, what it writes in place of a report, and npm 6."""

import json
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import npm_audit

OCTOBER = Period.month("2026-10")
GHSA = "GHSA-aaaa-bbbb-cccc"


def advisory(ghsa=GHSA, name="minimist", severity="moderate", source=1179, **more):
    return {"source": source, "name": name, "dependency": name, "title": "Prototype Pollution",
            "url": f"https://github.com/advisories/{ghsa}", "severity": severity, "cwe": ["CWE-1321"],
            "cvss": {"score": 5.6, "vectorString": "CVSS:3.1/AV:N"}, "range": "<1.2.3", **more}  # fmt: skip


def package(name, *via, severity="moderate", fix=True):
    return {"name": name, "severity": severity, "isDirect": False, "via": list(via), "effects": [], "range": "*",
            "nodes": [f"node_modules/{name}"], "fixAvailable": fix}  # fmt: skip


def report(*packages, dependencies=12, **counts):
    words = ("info", "low", "moderate", "high", "critical")
    told = {word: sum(one["severity"] == word for one in packages) for word in words}
    return {"auditReportVersion": 2, "vulnerabilities": {one["name"]: one for one in packages}, "metadata": {
        "vulnerabilities": {**told, "total": len(packages), **counts},
        "dependencies": {"prod": dependencies, "dev": 0, "optional": 0, "peer": 0, "total": dependencies}}}  # fmt: skip


def of_npm_6(*advisories, **counts):
    words = ("info", "low", "moderate", "high", "critical")
    told = dict.fromkeys(words, 0)
    for one in advisories:
        told[one["severity"]] += sum(len(each["paths"]) for each in one["findings"])
    return {"actions": [], "advisories": {str(one["id"]): one for one in advisories}, "muted": [], "metadata": {
        "vulnerabilities": {**told, **counts}, "dependencies": 9, "devDependencies": 3, "totalDependencies": 12}}


def old(id=1179, *paths, name="minimist", severity="low", cves=("CVE-2026-90001",), **more):
    return {"id": id, "findings": [{"version": "0.0.8", "paths": list(paths or ["mkdirp>minimist"])}], "title": "Leak",
            "module_name": name, "cves": list(cves), "vulnerable_versions": "<1.2.3", "patched_versions": ">=1.2.3",
            "severity": severity, "cwe": "CWE-471", "url": f"https://npmjs.com/advisories/{id}", **more}  # fmt: skip


def save(folder, body, day=5, project="shop"):
    path = Path(folder) / project / f"npm-audit-202610{day:02d}T0300Z.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body), "utf-8")


def read(folder, path=".", **given):
    made = sources.settings_of(npm_audit, {"path": path, **given}, frame="vulnerability", folder=Path(folder))
    return sources.read(npm_audit, made, OCTOBER)


def audited(day):
    return pd.Timestamp(f"2026-10-{day:02d} 03:00", tz="UTC")


def test_an_advisory_is_read_with_its_words(tmp_path):
    save(tmp_path, report(package("minimist", advisory())))
    rows, coverage = read(tmp_path)
    row = rows.iloc[0]
    assert row[["finding_id", "asset", "service", "title", "severity", "url"]].tolist() == [
        f"shop/minimist/{GHSA}", "shop", "shop", f"{GHSA}: minimist: Prototype Pollution", "medium",
        f"https://github.com/advisories/{GHSA}"]  # fmt: skip
    assert row["found_at"] == audited(5) and row["fix_available"] and coverage.status == "ok"
    assert row[["cve", "fixed_at", "kev_due_at", "epss", "last_seen_at"]].isna().all()


def test_packages_that_are_weak_through_another_are_no_findings_of_their_own(tmp_path):
    save(tmp_path, report(
        package("minimist", advisory()), package("mkdirp", "minimist"), package("tap", "mkdirp", "minimist"),
        package("lodash", advisory("GHSA-dddd-eeee-ffff", "lodash", "high"), "minimist", severity="high"),
    ))  # fmt: skip
    rows, coverage = read(tmp_path)
    assert rows["finding_id"].tolist() == ["shop/lodash/GHSA-dddd-eeee-ffff", f"shop/minimist/{GHSA}"]
    assert rows["severity"].tolist() == ["high", "medium"] and coverage.status == "ok"


def test_an_advisory_that_is_listed_twice_counts_once_and_two_of_a_package_count_twice(tmp_path):
    two = advisory("GHSA-dddd-eeee-ffff", severity="critical")
    save(tmp_path, report(package("minimist", advisory(), advisory(source=1180), two, severity="critical")))
    assert read(tmp_path)[0]["severity"].tolist() == ["medium", "critical"]


def test_npms_own_number_may_change_and_stands_in_only_where_there_is_no_other(tmp_path):
    save(tmp_path, report(package("minimist", advisory())), 5)
    save(tmp_path, report(package("minimist", advisory(GHSA.upper(), source=2000))), 9)
    row = read(tmp_path)[0].iloc[0]
    assert row["finding_id"] == f"shop/minimist/{GHSA}" and pd.isna(row["fixed_at"])
    save(tmp_path / "other", report(package("minimist", {**advisory(), "url": None})))
    assert read(tmp_path / "other")[0]["finding_id"].tolist() == ["shop/minimist/npm-1179"]


def test_it_is_fixed_by_the_first_audit_without_it_and_comes_back_by_the_next_with_it(tmp_path):
    for day, found in ((5, True), (9, False), (12, True), (20, False)):
        save(tmp_path, report(*([package("minimist", advisory())] if found else [])), day)
    rows, coverage = read(tmp_path)
    assert rows.iloc[0][["found_at", "fixed_before_at", "reopened_at", "fixed_at"]].tolist() == [
        audited(5), audited(9), audited(12), audited(20)]  # fmt: skip
    assert "audits without a finding: npm writes the same where it is offline" in coverage.why


@pytest.mark.parametrize("fix, told", [
    (True, True), (False, False), ({"name": "mkdirp", "version": "1.0.0", "isSemVerMajor": True}, True),
])  # fmt: skip
def test_there_is_a_fix_also_where_it_is_a_major_step(tmp_path, fix, told):
    save(tmp_path, report(package("minimist", advisory(), fix=fix)))
    assert read(tmp_path)[0]["fix_available"].tolist() == [told]


def test_severities_are_told_as_npm_tells_them(tmp_path):
    words = {"info": "low", "low": "low", "moderate": "medium", "high": "high", "critical": "critical"}
    save(tmp_path, report(*(package(f"p-{word}", advisory(name=f"p-{word}", severity=word), severity=word)
                            for word in words)))  # fmt: skip
    rows, coverage = read(tmp_path)
    told = {f"shop/p-{word}/{GHSA}": severity for word, severity in words.items()}
    assert dict(rows[["finding_id", "severity"]].to_numpy()) == told and coverage.status == "ok"


def test_a_severity_that_is_not_known_is_said(tmp_path):
    save(tmp_path, report(package("minimist", advisory(severity="severe"))))
    rows, coverage = read(tmp_path)
    assert rows["severity"].tolist() == ["unknown"] and "not known: severe" in coverage.why
    assert coverage.status == "partial"


@pytest.mark.parametrize("body, why", [
    (report(package("minimist", advisory()), total=2), "it counts 2 packages and lists 1"),
    (report(package("minimist", advisory()), moderate=0, high=1), "or other severities"),
    (report(package("mkdirp", "minimist")), "1 packages that others are affected through are not listed, such as mini"),
    (report(package("a", "b"), package("b", "a")), "it lists no advisory"),
    (report(dependencies=0), "it tells of no dependency: nothing was audited, which is not clean"),
    (of_npm_6(old(), low=2), "it counts 2 ways to weak packages and lists 1"),
    ({**of_npm_6(), "muted": [{"id": 1}]}, "1 advisories are muted"),
    ({**of_npm_6(), "metadata": {"vulnerabilities": {}, "totalDependencies": 0}}, "it tells of no dependency"),
])  # fmt: skip
def test_a_report_that_lacks_something_by_its_own_words_is_partial(tmp_path, body, why):
    save(tmp_path, body)
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and why in coverage.why


@pytest.mark.parametrize("body, why", [
    ({"error": {"code": "ENOLOCK", "summary": "This command requires an existing lockfile.", "detail": "Try"}},
     "requires an existing lockfile"),
    ({"message": "405 Method Not Allowed - POST https://registry.example/-/npm/v1/security/advisories/bulk",
      "method": "POST", "statusCode": 405, "body": "", "error": {"summary": "", "detail": ""}}, "405 Method Not"),
    ({"error": {"code": "ENOTFOUND", "summary": "", "detail": ""}}, "ENOTFOUND"),
    ({**report(), "error": {"code": "E500"}}, "E500"),
    ({"message": "", "body": ""}, "is no report of npm audit, which is not clean"),
    ({"auditReportVersion": 2, "vulnerabilities": []}, "is no report"),
    ({**report(), "auditReportVersion": 3}, "is of version 3"), ([], "is no report"), ("", "is no report"),
])  # fmt: skip
def test_what_npm_writes_in_place_of_a_report_is_not_clean(tmp_path, body, why):
    save(tmp_path, body)
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status) == (0, "unavailable") and why in coverage.why


def test_an_audit_that_failed_beside_others_ends_nothing_and_is_partial(tmp_path):
    save(tmp_path, report(package("minimist", advisory())), 5)
    save(tmp_path, {"error": {"code": "ENOLOCK", "summary": "no lock"}}, 9)
    rows, coverage = read(tmp_path)
    assert rows["fixed_at"].isna().all() and coverage.status == "partial"
    assert "npm-audit-20261009T0300Z.json is no report of npm audit: no lock" in coverage.why
    assert coverage.observed_end == audited(6)


def test_a_password_in_the_registrys_address_is_not_repeated(tmp_path):
    save(tmp_path, {"message": "401 Unauthorized - POST https://me:secret@registry.example/x"})
    why = read(tmp_path)[1].why
    assert "secret" not in why and "https://registry.example/x" in why


def test_a_report_of_npm_6_is_read_with_its_cve(tmp_path):
    two_ways = old(1179, "mkdirp>minimist", "tap>mkdirp>minimist")
    none = old(1500, name="ws", severity="high", cves=(), patched_versions="< 0.0.0")
    save(tmp_path, of_npm_6(two_ways, {**none, "cves": None}))
    rows, coverage = read(tmp_path)
    assert rows["finding_id"].tolist() == ["shop/minimist/npm-1179", "shop/ws/npm-1500"] and coverage.status == "ok"
    assert rows["cve"].tolist()[0] == "CVE-2026-90001" and pd.isna(rows["cve"][1])
    assert rows["title"].tolist() == ["minimist: Leak", "npm-1500: ws: Leak"]
    assert rows["severity"].tolist() == ["low", "high"] and rows["fix_available"].tolist() == [True, False]


def test_an_advisory_is_the_same_in_a_report_of_npm_6_and_of_npm_7(tmp_path):
    save(tmp_path, of_npm_6(old(github_advisory_id=GHSA)), 5)
    save(tmp_path, report(package("minimist", advisory())), 9)
    row = read(tmp_path)[0].iloc[0]
    assert row["found_at"] == audited(5) and pd.isna(row["fixed_at"]) and row["severity"] == "medium"
    assert row["cve"] == "CVE-2026-90001", "which only the older report tells"


def test_two_projects_with_the_same_advisory_are_two_assets(tmp_path):
    for project in ("shop", "blog"):
        save(tmp_path, report(package("minimist", advisory())), project=project)
    save(tmp_path, report(), 9, "blog")
    rows = read(tmp_path)[0]
    assert rows["asset"].tolist() == ["blog", "shop"] and rows["fixed_at"].isna().tolist() == [False, True]


def test_an_advisory_without_its_title_is_not_passed_over(tmp_path):
    broken = advisory()
    del broken["title"]
    save(tmp_path, report(package("minimist", broken)))
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "title" in coverage.why

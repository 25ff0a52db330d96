"""Vulnerabilities that npm finds in what JavaScript projects depend on: reports of ``npm audit --json``.

Documentation: https://docs.npmjs.com/cli/commands/npm-audit and https://docs.npmjs.com/auditing-package-dependencies
(report version 2 of npm 7 and later, and that of npm 6), and for ``kev`` and ``epss``
https://www.cisa.gov/known-exploited-vulnerabilities-catalog and https://www.first.org/epss/data_stats. Permission:
none but to read the files that were saved; nothing is fetched. npm forgets each audit: keep every report. One that
takes the place of the last is enough only with ``asset``: then what it no longer lists counts as fixed when that
report no longer holds (``every``), late rather than soon.

A report tells neither when it was made nor of what. When: as its name or its folder's says, like
shop/npm-audit-20261005T0300Z.json; where they give a day only, the file's time if it lies in that day, else the
day's first instant on the client's clock; where they give none, the file's time, which a copy or a checkout changes:
then ``trust_mtime: false`` leaves those reports out, which is said. Of what: ``asset``, else the folder that the
report lies in below ``path``; asset and service are that. Each lock file needs a folder or an asset of its own, for a
report of one ends what only the other has: names of several kinds in one are said.

A finding is an advisory of a package, once, however often and through whatever that is installed: packages that
depend on it (a ``via`` that is a name) are no findings of their own, so there are fewer than npm counts. It is told
by its GHSA id, as npm's own numbers change. found_at is the first audit that has it, fixed_at the first after the last
that has it. What comes back has reopened_at, and in fixed_before_at when it had gone. Only npm 6 tells CVE ids: with
npm 7 and later cve, kev_due_at and epss are not known. severity moderate is medium, and info low. fix_available is
false where npm says that there is no fix, which may be only that a parent pins the old version.

What npm writes in place of a report (no lock file, no registry) is none: it is unavailable, or partial beside others.
But ``npm audit --offline``, also set in npm's configuration, writes a report that finds nothing, just like a clean
one: audits without any finding are counted in a note. npm before 8.7 tells only one of several advisories of a
package with the same range. --omit leaves packages out untold: audit with the same options each time. A report whose
own counts differ from what it lists is partial, and so is one of a project without any dependency.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _scans, _sheets, _values
from opsreport.sources._files import File
from opsreport.sources._found import Found, Scan, cves_of

FRAMES = ("vulnerability",)

_SEVERITIES = {"critical": "critical", "high": "high", "moderate": "medium", "low": "low", "info": "low"}
_GHSA = re.compile(r"GHSA(-[0-9a-z]{4}){3}", re.I)
#: Somebody's name and password in an address.
_SECRET = re.compile(r"//[^/\s]*@")
_HINT = "run npm audit --json where there is a package-lock.json and a registry that answers"

Settings = _scans.UndatedSettings


def fetch(period: Period, settings: _scans.UndatedSettings) -> Pages:
    """Every report, and the lists where the settings name them."""
    return _scans.pages(settings, lambda file: _scan(file, settings))


to_frames = _scans.frames
observed = _scans.observed
remarks = _scans.remarks


def _scan(file: File, settings: _scans.UndatedSettings) -> Scan:
    report = _report(file)
    is_new = "auditReportVersion" in report
    found = tuple(_advisories(report) if is_new else map(_of_npm_6, report["advisories"].values()))
    blind = [f"{file.name}: {said}" for said in (_blind if is_new else _blind_of_npm_6)(report)]
    notes = [] if found else ["audits without a finding: npm writes the same where it is offline"]
    return Scan(_scans.asset_of("", file, settings), _scans.made_at(file, settings), found, _scans.series_of(file),
                blind=tuple(blind), notes=tuple(notes))  # fmt: skip


def _report(file: File) -> dict[str, Any]:
    report = _sheets.document(file)
    if not isinstance(report, dict):
        raise SourceError(f"{file.name} is no report of npm audit", hint=_HINT)
    is_report = isinstance(report.get("vulnerabilities" if "auditReportVersion" in report else "advisories"), dict)
    if "error" in report or not is_report:
        error = report.get("error") if isinstance(report.get("error"), dict) else {}
        said = report.get("message") or error.get("summary") or error.get("code") or report.get("error")
        why = f": {_SECRET.sub('//', str(said).splitlines()[0])[:200]}" if said else ""
        raise SourceError(f"{file.name} is no report of npm audit{why}, which is not clean", hint=_HINT)
    if report.get("auditReportVersion", 2) != 2:
        raise SourceError(f"{file.name} is of version {report['auditReportVersion']}, not 2", hint="report it")
    return report


def _advisories(report: dict[str, Any]) -> Iterator[Found]:
    """Each advisory of each package; other packages that are affected through it name it only."""
    for name, package in report["vulnerabilities"].items():
        for via in package["via"]:
            if isinstance(via, dict):
                fix = package["fixAvailable"]
                yield _found(via.get("name") or name, via, via.get("source") or via.get("id"), bool(fix))


def _of_npm_6(advisory: dict[str, Any]) -> Found:
    patched = str(advisory.get("patched_versions") or "").replace(" ", "")
    return _found(advisory["module_name"], advisory, advisory["id"], patched not in ("", "<0.0.0"))


def _found(package: str, advisory: dict[str, Any], number: Any, has_fix: bool) -> Found:
    address, cves = str(advisory.get("url") or ""), cves_of(*(advisory.get("cves") or []))
    ghsa = _GHSA.search(address) or _GHSA.search(str(advisory.get("github_advisory_id") or ""))
    id = f"GHSA{ghsa[0][4:].lower()}" if ghsa else f"npm-{number}"
    severity = _SEVERITIES.get(advisory.get("severity"), "unknown")
    # An advisory of several CVE ids is the same as none of them.
    return Found(package, id, severity, cves, frozenset(cves if len(cves) == 1 else ()),
                 f"{package}: {advisory['title']}", has_fix=has_fix, url=_values.address(address))  # fmt: skip


def _blind(report: dict[str, Any]) -> Iterator[str]:
    """What a report leaves out, by its own counts and by the names that it refers to."""
    packages, counts = report["vulnerabilities"], report["metadata"]["vulnerabilities"]
    if not report["metadata"]["dependencies"]["total"]:
        yield "it tells of no dependency: nothing was audited, which is not clean"
    listed = Counter(one["severity"] for one in packages.values())
    if counts["total"] != len(packages) or any(counts.get(word, 0) != count for word, count in listed.items()):
        yield f"it counts {counts['total']} packages and lists {len(packages)}, or other severities"
    if lost := {via for one in packages.values() for via in one["via"] if isinstance(via, str)} - set(packages):
        yield f"{len(lost)} packages that others are affected through are not listed, such as {min(lost)}"
    if strange := {via.get("severity") for one in packages.values() for via in one["via"]
                   if isinstance(via, dict)} - set(_SEVERITIES):  # fmt: skip
        yield f"severities that are not known: {', '.join(sorted(map(str, strange)))}"
    if packages and not any(isinstance(via, dict) for one in packages.values() for via in one["via"]):
        yield "it lists no advisory"


def _blind_of_npm_6(report: dict[str, Any]) -> Iterator[str]:
    """What a report leaves out, by its own counts, which are of the ways to each package."""
    advisories, counts = report["advisories"].values(), report["metadata"]["vulnerabilities"]
    if not report["metadata"]["totalDependencies"]:
        yield "it tells of no dependency: nothing was audited, which is not clean"
    listed: Counter[str] = Counter()
    for one in advisories:
        listed[one["severity"]] += sum(len(each["paths"]) for each in one["findings"])
    if any(counts.get(word, 0) != listed[word] for word in {*counts, *listed}):
        yield f"it counts {sum(counts.values())} ways to weak packages and lists {listed.total()}, or other severities"
    if report.get("muted"):
        yield f"{len(report['muted'])} advisories are muted, and not told"
    if strange := set(listed) - set(_SEVERITIES):
        yield f"severities that are not known: {', '.join(sorted(strange))}"

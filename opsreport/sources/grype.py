"""Vulnerabilities as Anchore's Grype finds them in images, folders and lists of parts: its JSON reports, scan by scan.

Documentation: https://oss.anchore.com/docs/guides/vulnerability/ (``grype IMAGE -o json``),
https://github.com/anchore/grype/tree/main/grype/presenter/models, and for ``kev`` and ``epss``
https://www.cisa.gov/known-exploited-vulnerabilities-catalog and https://www.first.org/epss/data_stats. Permission:
none but to read the files that were saved; nothing is fetched. Grype forgets each scan: keep every report, in one
folder. A report that takes the place of the last is enough only with ``asset``, the one thing that all are of: then
what it no longer lists counts as fixed when that report no longer holds (``every``), late rather than soon.

found_at is the descriptor's timestamp of the first scan that has it; reports without one (``--timestamp=false``) are
left out and counted. fixed_at is that of the first scan after the last that has it, of the same architecture. What
comes back has reopened_at, and in fixed_before_at when it had gone. A weakness is one in a package by any of its ids:
that of GitHub (GHSA) and the CVE that it is related to, so that --by-cve makes nothing new. finding_id is asset,
package and the id that the oldest scan has; cve is missing where an advisory is of several, which its title names.

asset and service are the image as it was asked for, or the folder; with ``ignore_tags`` images of one name are one,
whatever their tag, so that a newer image's scan tells what was fixed in it. What was scanned as "." has the name of
its folder of reports.

What somebody's rules put aside (ignoredMatches: ignore, --only-fixed, a VEX document) stays open, as that neither
fixes it nor says that the client accepted it, and is counted in a note; ``trust_vex`` takes it from a VEX document
that something is not affected or fixed. What Grype's own rules leave out is none: that the system's package is fixed
or not affected, headers of a kernel, and what its database excludes, which is told apart by the rules in the report's
configuration. What packages are of a system that gets no more advisories, or none that Grype knows, is not clean; so
is a scan with a database older than five days, which Grype refuses unless it is told not to.

severity is that of the database which the match is from; Negligible is low. fix_available is false where nothing is
fixed or will be (not-fixed, wont-fix) and missing where it is not known. kev_due_at and epss are those of the lists
where the settings name them, else the report's; a due date is its first instant on the client's clock. What neither
names is not known. That a report without a finding had packages to look up, Grype does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _exploited, _scans, _sheets, _values
from opsreport.sources._files import File
from opsreport.sources._found import Found, Scan, cves_of

FRAMES = ("vulnerability",)

_SEVERITIES = {"Critical": "critical", "High": "high", "Medium": "medium", "Low": "low", "Negligible": "low",
               "Unknown": "unknown", "": "unknown"}  # fmt: skip
_FIX = {"fixed": True, "not-fixed": False, "wont-fix": False, "unknown": None, "": None}
#: Why Grype itself leaves a match out.
_GRYPES_OWN = {"DistroPackageFixed", "Explicit APK NAK", "CPE not vulnerable"}
#: Its rules of a kernel's headers, which it is matched by, and not itself.
_HEADERS, _KERNELS = "exact-indirect-match", ("kernel", "linux")
_OLD = pd.Timedelta(days=5)


class Settings(_scans.ScannerSettings):
    """What every scanner takes, and what counts as one image and as none."""

    ignore_tags: bool = Field(default=False, description="whether images of one name are one, whatever their tag")
    trust_vex: bool = Field(default=False, description="whether what VEX documents rule out is none")


def fetch(period: Period, settings: Settings) -> Pages:
    """Every report, and the lists where the settings name them."""
    return _scans.pages(settings, lambda file: _scan(file, settings))


to_frames = _scans.frames
observed = _scans.observed
remarks = _scans.remarks


def _scan(file: File, settings: Settings) -> Scan:
    report = _report(file)
    source = report["source"] or {}
    name, part = _target(source)
    series = f"{source.get('type') or ''} {_scans.bare(name)}".strip()
    at = _scans.instant(report["descriptor"].get("timestamp"), f"{file.name}, timestamp")
    aside = [one for one in report.get("ignoredMatches") or [] if _is_put_aside(one, report, settings)]
    matches = [*report["matches"], *aside]
    notes = [f"{file.name}: {len(aside)} findings were put aside by rules, and stay open"] if aside else []
    return Scan(
        _scans.asset_of(_scans.bare(name) if settings.ignore_tags else name, file, settings), at,
        tuple(_found(one, part, settings.zone) for one in matches), series, frozenset({part}),
        blind=tuple(f"{file.name}: {said}" for said in _blind(file, report, matches, at)), notes=tuple(notes),
    )  # fmt: skip


def _report(file: File) -> dict[str, Any]:
    report = _sheets.document(file)
    is_report = isinstance(report, dict) and isinstance(report.get("matches"), list) and "source" in report
    if not is_report or not isinstance(report.get("descriptor"), dict):
        raise SourceError(f"{file.name} is no report of Grype", hint="write it with: grype NAME -o json")
    return report


def _target(source: dict[str, Any]) -> tuple[str, str]:
    """What was scanned, and of an image for which architecture."""
    target = source.get("target") or ""
    if isinstance(target, dict):
        return str(target.get("userInput") or ""), str(target.get("architecture") or "")
    return ("" if source.get("type") == "unknown" else str(target)), ""


def _found(match: dict[str, Any], part: str, zone: str) -> Found:
    weakness, package = match["vulnerability"], match["artifact"]["name"]
    id, related = weakness["id"], [one["id"] for one in match.get("relatedVulnerabilities") or []]
    own = cves_of(id)
    cves = own or cves_of(*related)
    address = weakness.get("dataSource") or next(iter(weakness.get("urls") or []), "")
    due, scores = weakness.get("knownExploited") or [], weakness.get("epss") or []
    return Found(
        package, id, _SEVERITIES.get(weakness.get("severity") or "", "unknown"), cves,
        # An advisory of several is the same as none of them.
        frozenset(cves if len(cves) == 1 else ()), kind=part,
        has_fix=_FIX.get((weakness.get("fix") or {}).get("state") or ""), url=_values.address(address),
        kev_due_at=min((_exploited.due_at(one["dueDate"], zone, f"{id}, dueDate") for one in due
                        if one.get("dueDate")), default=None),
        epss=max((_exploited.probability(one["epss"], id) for one in scores), default=None),
    )  # fmt: skip


def _is_put_aside(match: dict[str, Any], report: dict[str, Any], settings: Settings) -> bool:
    """Whether somebody's rules put a match aside, and none of Grype's own does."""
    rules = [_plain(rule) for rule in match.get("appliedIgnoreRules") or []]
    configuration = report["descriptor"].get("configuration") or {}
    theirs = [_plain(rule) for rule in configuration.get("ignore") or []]
    for rule in rules:
        is_headers = rule.get("match-type") == _HEADERS and rule.get("package.upstream-name", "").startswith(_KERNELS)
        if rule.get("reason") in _GRYPES_OWN or is_headers:
            return False
        if "vex-status" in rule or rule.get("namespace") == "vex":
            if settings.trust_vex:
                return False
        elif "fix-state" not in rule and "ignore" in configuration and not any(_fits(rule, one) for one in theirs):
            return False
    return True


def _plain(rule: dict[str, Any]) -> dict[str, str]:
    """What a rule says, without what it leaves open."""
    flat = {**rule, **{f"package.{key}": value for key, value in (rule.get("package") or {}).items()}}
    return {key: str(value) for key, value in flat.items() if value and key not in ("package", "include-aliases")}


def _fits(rule: dict[str, str], configured: dict[str, str]) -> bool:
    return bool(rule) and rule.items() <= configured.items()


def _blind(
    file: File, report: dict[str, Any], matches: list[dict[str, Any]], at: pd.Timestamp | None
) -> Iterator[str]:
    """What a scan did not look up, or not with what is known by then; words that are not known."""
    alerts: dict[str, int] = {}
    for package in report.get("alertsByPackage") or []:
        for said in {alert["message"] for alert in package["alerts"]}:
            alerts[said] = alerts.get(said, 0) + 1
    yield from (f"{count} packages are not looked up in full, which is not clean ({said})"
                for said, count in sorted(alerts.items()))  # fmt: skip
    db = report["descriptor"].get("db") or {}
    db = db.get("status") or db
    built = _scans.instant(db.get("built"), f"{file.name}, the database's date")
    if at is not None and built is not None and at - built > _OLD:
        yield f"the database was {(at - built).days} days old: what became known since is not found"
    if db.get("error") or db.get("valid") is False:
        yield f"the database was not in order: {db.get('error') or 'it is not valid'}"
    told = [one["vulnerability"] for one in matches]
    strange = {one.get("severity") or "" for one in told} - set(_SEVERITIES)
    strange |= {(one.get("fix") or {}).get("state") or "" for one in told} - set(_FIX)
    if strange:
        yield f"severities or states of fixes that are not known: {', '.join(sorted(strange))}"

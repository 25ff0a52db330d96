"""Vulnerabilities as Trivy finds them in images, machines and repositories: its JSON reports, scan by scan.

Documentation: https://trivy.dev/docs/latest/configuration/reporting/#json (report, schema 2),
https://www.cisa.gov/known-exploited-vulnerabilities-catalog (``kev``) and
https://www.first.org/epss/data_stats (``epss``). Permission: none but to read the files that were
saved; nothing is fetched. Trivy itself forgets each scan: one report tells only what is there now,
so keep every one of them. From one alone it cannot be said since when something is there, nor that
something was fixed; and a report that takes the place of the last makes all of it look new.

found_at is the CreatedAt of the first scan that has it; reports without CreatedAt, as Trivy wrote
them before 0.48, cannot be placed in time: they are left out and counted. fixed_at is the first
scan after the last that has it, where that one looked at the same class of packages: what was not
looked at is not clean. What comes back has reopened_at, and in fixed_before_at when it had gone.
A scan tells of the time until the next is due: say in ``every`` how often scans are made.
finding_id is artifact, package and vulnerability, whichever of its versions or folders it is in.

asset and service are the artifact's name, which aliases of a service can name. Images of one name
have another artifact's name with each tag: with ``ignore_tags`` they are one, and a newer image's
scan tells what was fixed in it. Scan with the same options each time: with --ignore-unfixed what
has no fix seems to be gone.

severity is Trivy's own choice among vendors. fix_available is false where a vendor will not fix it.
kev_due_at is the first instant, on the client's clock, of the due date in CISA's list.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.params.fields import Duration
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.schemas.patches import SEVERITIES
from opsreport.sources import Pages, SourceSettings, _exploited, _files, _sheets, _values

FRAMES = ("vulnerability",)

_SUFFIXES = (".json", ".json.gz")
#: Those classes of results that tell of packages; the others of secrets, licences and settings.
_PACKAGES = ("os-pkgs", "lang-pkgs")
_OLD = pd.Timedelta(days=7)


class Settings(SourceSettings):
    """Where the reports are, and the lists that tell more of each vulnerability."""

    path: str = Field(description="a report, a folder or a glob of them, relative to this file")
    kev: str = Field(default="", description="CISA's known exploited vulnerabilities, CSV or JSON")
    epss: str = Field(default="", description="FIRST's EPSS scores, CSV")
    every: Duration = Field(default="1d", validate_default=True, description="between two scans: one holds so long")
    ignore_tags: bool = Field(default=False, description="whether images of one name are one, whatever their tag")


@dataclass(frozen=True)
class _Scan:
    """What one scan of one artifact found: by package and id, the findings; and the classes it looked at."""

    at: pd.Timestamp
    classes: frozenset[str]
    found: dict[tuple[str, str], dict[str, Any]]


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """Every report, and the lists where the settings name them."""
    files = _files.find(settings, settings.path, _SUFFIXES)
    reports = tuple((file.name, _report(file)) for file in files)
    dated = tuple(one for one in reports if one[1].get("CreatedAt"))
    kev, kev_files = _exploited.due_dates(settings, settings.kev)
    epss, epss_files = _exploited.scores(settings, settings.epss, _ids(dated))
    undated = len(reports) - len(dated)
    why = f"{undated} reports have no CreatedAt, so it is not known when they were made" if undated else ""
    return Pages(
        dated, settings, tuple(file.record() for file in [*files, *kev_files, *epss_files]),
        status="partial" if undated else "ok", why=why, extra={"kev": kev, "epss": epss},
    )  # fmt: skip


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each finding once, from the scan that first had it to the one that no longer does."""
    rows = [
        _row(asset, key, finding, times, pages.extra)
        for asset, scans in sorted(_scans(pages).items())
        for key, finding, times in _lifetimes(scans)
    ]
    frame = ALL["vulnerability"]
    return {frame.name: frame.conform(pd.DataFrame(rows)) if rows else frame.empty()}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the first scan to the last, and for as long as that one holds."""
    times = [scan.at for scans in _scans(pages).values() for scan in scans]
    if not times:
        return {}
    return {"vulnerability": (min(times), max(times) + pages.settings.every)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What was not looked at, what was looked at once or long ago: partial where something may be missing."""
    scans = _scans(pages)
    if not scans:
        return {}
    newest = max(one[-1].at for one in scans.values())
    blind = sorted({said for name, report in pages.items if (said := _skipped(name, report))})
    stale = [name for name, one in scans.items() if newest - one[-1].at > max(pages.settings.every, _OLD)]
    once = sum(len(one) == 1 for one in scans.values())
    said = [*blind[:3], *([f"{len(blind) - 3} more reports like these"] if len(blind) > 3 else [])]
    if stale:
        said.append(f"{len(stale)} artifacts were not scanned lately, such as {min(stale)}: of these more may be fixed")
    if once:
        said.append(f"{once} artifacts were scanned once: what is in them may be older than that scan")
    return {"vulnerability": ("partial" if blind or stale else "ok", "; ".join(said))}


def _report(file: _files.File) -> dict[str, Any]:
    report = _sheets.document(file)
    results = report.get("Results", []) if isinstance(report, dict) and report.get("ArtifactName") else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise SourceError(f"{file.name} is no report of Trivy", hint="write it with: trivy image --format json NAME")
    return report


def _ids(reports: tuple[tuple[str, dict[str, Any]], ...]) -> set[str]:
    return {str(one.get("VulnerabilityID")) for _, report in reports for result in _package_results(report)
            for one in result.get("Vulnerabilities") or []}  # fmt: skip


def _scans(pages: Pages) -> dict[str, list[_Scan]]:
    """The scans of each artifact, oldest first; reports of one instant tell of one scan."""
    made: dict[str, list[_Scan]] = defaultdict(list)
    for name, report in pages.items:
        made[_asset(report["ArtifactName"], pages.settings.ignore_tags)].append(_scan(name, report))
    return {
        asset: [_merged(list(same)) for _, same in groupby(sorted(scans, key=lambda one: one.at), lambda one: one.at)]
        for asset, scans in made.items()
    }


def _scan(name: str, report: dict[str, Any]) -> _Scan:
    try:
        at = pd.Timestamp(_values.instant(report["CreatedAt"]))
    except _values.Unreadable as error:
        raise SourceError(f"{name}, CreatedAt {error}", hint=error.hint) from error
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for result in _package_results(report):
        for one in result.get("Vulnerabilities") or []:
            key = (str(one.get("PkgName") or ""), str(one.get("VulnerabilityID") or ""))
            if not all(key):
                raise SourceError(f"{name} has a finding without package or id", hint="save Trivy's own JSON")
            found[key] = _worse(found.get(key), {**one, "Class": result["Class"]})
    return _Scan(at, frozenset(result["Class"] for result in _package_results(report)), found)


def _merged(scans: list[_Scan]) -> _Scan:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for scan in scans:
        found |= {key: _worse(found.get(key), one) for key, one in scan.found.items()}
    return _Scan(scans[0].at, frozenset().union(*(scan.classes for scan in scans)), found)


def _worse(known: dict[str, Any] | None, one: dict[str, Any]) -> dict[str, Any]:
    """Of one weakness in two versions of a package, the more severe; and one without a fix keeps it open."""
    if known is None:
        return one
    first, second = sorted([known, one], key=lambda each: SEVERITIES.index(_severity(each)))
    return first if _has_fix(second) is not False else {**first, "FixedVersion": None, "Status": second.get("Status")}


def _lifetimes(scans: list[_Scan]) -> list[tuple[tuple[str, str], dict[str, Any], dict[str, Any]]]:
    """Each finding as the newest scan that has it tells of it, with when it came and went."""
    made = []
    for key in sorted({key for scan in scans for key in scan.found}):
        newest, times = {}, {}
        for scan in scans:
            if key in scan.found:
                newest = scan.found[key]
                if "fixed_at" in times:
                    times |= {"fixed_before_at": times.pop("fixed_at"), "reopened_at": scan.at}
                times.setdefault("found_at", scan.at)
            elif newest and newest["Class"] in scan.classes:
                times.setdefault("fixed_at", scan.at)
        made.append((key, newest, times))
    return made


def _row(
    asset: str, key: tuple[str, str], one: dict[str, Any], times: dict[str, Any], lists: dict[str, Any]
) -> dict[str, Any]:
    package, id = key
    title, address = str(one.get("Title") or ""), str(one.get("PrimaryURL") or "")
    is_cve = id.startswith("CVE-")
    return {
        "finding_id": f"{asset}/{package}/{id}", "asset": asset, "service": asset, "cve": id if is_cve else None,
        "title": title if title and is_cve else f"{id}: {title or package}", "severity": _severity(one), **times,
        "fix_available": _has_fix(one), "kev_due_at": lists["kev"].get(id), "epss": lists["epss"].get(id),
        "url": _values.address(address),
    }  # fmt: skip


def _severity(one: dict[str, Any]) -> str:
    said = str(one.get("Severity") or "").lower()
    return said if said in SEVERITIES else "unknown"


def _has_fix(one: dict[str, Any]) -> bool | None:
    status = str(one.get("Status") or "")
    if one.get("FixedVersion") or status == "fixed":
        return True
    return None if status in ("unknown", "under_investigation") else False


def _package_results(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for result in report.get("Results") or [] if result.get("Class") in _PACKAGES]


def _skipped(name: str, report: dict[str, Any]) -> str:
    """What of an artifact's packages a scan did not look at, or could not judge."""
    system = (report.get("Metadata") or {}).get("OS") or {}
    classes = {result["Class"] for result in _package_results(report)}
    if not classes:
        return f"{name} tells of no packages: nothing was scanned, which is not clean"
    if system and "os-pkgs" not in classes:
        return f"{name} leaves out the operating system's packages, which is not clean"
    if system.get("EOSL"):
        return f"{name}: {system.get('Family', 'its system')} {system.get('Name', '')} gets no more advisories"
    return ""


def _asset(name: str, ignore_tags: bool) -> str:
    if not ignore_tags:
        return name
    bare = name.partition("@")[0]
    folder, slash, last = bare.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"

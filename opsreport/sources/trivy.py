"""Vulnerabilities as Trivy finds them in images, machines and repositories: its JSON reports, scan by scan.

Documentation: https://trivy.dev/docs/latest/configuration/reporting/#json (report, schema 2),
https://www.cisa.gov/known-exploited-vulnerabilities-catalog (``kev``) and
https://www.first.org/epss/data_stats (``epss``). Permission: none but to read the files that were
saved; nothing is fetched. Trivy itself forgets each scan: one report tells only what is there now,
so keep every one of them. From one alone it cannot be said since when something is there, nor that
something was fixed; and a report that takes the place of the last makes all of it look new, but where
``asset`` names the one thing that all reports are of: then what it no longer lists counts as fixed when that
report no longer holds (``every``).

found_at is the CreatedAt of the first scan that has it; reports without CreatedAt, as Trivy wrote
them before 0.48, cannot be placed in time: they are left out and counted. fixed_at is the first
scan after the last that has it, where that one looked at the same class of packages: what was not
looked at is not clean. What comes back has reopened_at, and in fixed_before_at when it had gone.
A scan tells of the time until the next is due: say in ``every`` how often scans are made.
finding_id is artifact, package and vulnerability, whichever of its versions or folders it is in.

asset and service are the artifact's name, which aliases of a service can name; what was scanned as "." has that
of its folder of reports. Images of one name
have another artifact's name with each tag: with ``ignore_tags`` they are one, and a newer image's
scan tells what was fixed in it. Scan with the same options each time: with --ignore-unfixed what
has no fix seems to be gone.

severity is Trivy's own choice among vendors. fix_available is false where a vendor will not fix it.
kev_due_at is the first instant, on the client's clock, of the due date in CISA's list; one that is more than 14
days older than the last scan is said. What the lists do not name is not known.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas.patches import SEVERITIES
from opsreport.sources import Pages, _scans, _sheets, _values
from opsreport.sources._files import File
from opsreport.sources._found import Found, Scan, cves_of

FRAMES = ("vulnerability",)

#: Those classes of results that tell of packages; the others of secrets, licences and settings.
_PACKAGES = ("os-pkgs", "lang-pkgs")


class Settings(_scans.ScannerSettings):
    """What every scanner takes, and whether a tag tells images apart."""

    ignore_tags: bool = Field(default=False, description="whether images of one name are one, whatever their tag")


def fetch(period: Period, settings: Settings) -> Pages:
    """Every report, and the lists where the settings name them."""
    return _scans.pages(settings, lambda file: _scan(file, settings))


to_frames = _scans.frames
observed = _scans.observed
remarks = _scans.remarks


def _scan(file: File, settings: Settings) -> Scan:
    report = _report(file)
    name = report["ArtifactName"]
    told = _scans.bare(name) if settings.ignore_tags else name
    results = [result for result in report.get("Results") or [] if result.get("Class") in _PACKAGES]
    found = (_found(file, result["Class"], one) for result in results for one in result.get("Vulnerabilities") or [])
    classes = frozenset(result["Class"] for result in results)
    series = f"{report.get('ArtifactType') or ''} {_scans.bare(name)}".strip()
    return Scan(
        _scans.asset_of(told, file, settings), _created(file, report), tuple(found), series, classes,
        blind=tuple(filter(None, [_skipped(file, report, classes)])),
    )  # fmt: skip


def _report(file: File) -> dict[str, Any]:
    report = _sheets.document(file)
    results = report.get("Results", []) if isinstance(report, dict) and report.get("ArtifactName") else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise SourceError(f"{file.name} is no report of Trivy", hint="write it with: trivy image --format json NAME")
    return report


def _created(file: File, report: dict[str, Any]) -> pd.Timestamp | None:
    return _scans.instant(report.get("CreatedAt"), f"{file.name}, CreatedAt")


def _found(file: File, kind: str, one: dict[str, Any]) -> Found:
    package, id = str(one.get("PkgName") or ""), str(one.get("VulnerabilityID") or "")
    if not package or not id:
        raise SourceError(f"{file.name} has a finding without package or id", hint="save Trivy's own JSON")
    said = str(one.get("Severity") or "").lower()
    return Found(
        package, id, said if said in SEVERITIES else "unknown", cves_of(id), title=str(one.get("Title") or ""),
        kind=kind, has_fix=_has_fix(one), url=_values.address(str(one.get("PrimaryURL") or "")),
    )  # fmt: skip


def _has_fix(one: dict[str, Any]) -> bool | None:
    status = str(one.get("Status") or "")
    if one.get("FixedVersion") or status == "fixed":
        return True
    return None if status in ("unknown", "under_investigation") else False


def _skipped(file: File, report: dict[str, Any], classes: frozenset[str]) -> str:
    """What of an artifact's packages a scan did not look at, or could not judge."""
    system = (report.get("Metadata") or {}).get("OS") or {}
    if not classes:
        return f"{file.name} tells of no packages: nothing was scanned, which is not clean"
    if system and "os-pkgs" not in classes:
        return f"{file.name} leaves out the operating system's packages, which is not clean"
    if system.get("EOSL"):
        return f"{file.name}: {system.get('Family', 'its system')} {system.get('Name', '')} gets no more advisories"
    return ""

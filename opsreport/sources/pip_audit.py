"""Vulnerabilities that pip-audit finds in what Python projects depend on: its JSON reports, audit by audit.

Documentation: https://github.com/pypa/pip-audit (``pip-audit -f json``), and for ``kev`` and ``epss``
https://www.cisa.gov/known-exploited-vulnerabilities-catalog and https://www.first.org/epss/data_stats. Permission:
none but to read the files that were saved; nothing is fetched. pip-audit forgets each audit: keep every report. One
that takes the place of the last is enough only with ``asset``: then what it no longer lists counts as fixed when that
report no longer holds (``every``), late rather than soon.

A report tells neither when it was made nor of what. When: as its name or its folder's says, like
shop/pip-audit-20261005T0300Z.json; where they give a day only, the file's time if it lies in that day, else the
day's first instant on the client's clock; where they give none, the file's time, which a copy or a checkout changes:
then ``trust_mtime: false`` leaves those reports out, which is said. Of what: ``asset``, else the folder that the
report lies in below ``path``; asset and service are that. Each file of requirements needs a folder or an asset of its
own, for a report of one ends what only the other has: names of several kinds in one are said.

A finding is a weakness in a package by any of its ids (PYSEC, GHSA, CVE), so that nothing is new that is only named
in another way. found_at is the first audit that has it; fixed_at the first after the last that has it, where that one
looked at the package. What comes back has reopened_at, and in fixed_before_at when it had gone. finding_id is asset,
package and the id that the oldest kept audit has, so that only with all of them kept another first id makes no new
finding; cve is missing where it has none or several, or with --aliases off.

A package that was skipped (skip_reason) is not clean, and what was found in it stays open: the reading is partial and
names them, but for those that ``own`` lists, which no advisory can name, such as the project itself. What
--ignore-vuln leaves out a report does not tell, nor which dependencies were not asked for: audit with the same
options each time. What ``--fix`` mended is listed in its own report, and gone in the next. severity is always unknown,
since pip-audit tells none: correct it where it matters. fix_available is false where no version is known that has a
fix. What the lists do not name is not known.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _scans, _sheets
from opsreport.sources._files import File
from opsreport.sources._found import Found, Scan, cves_of

FRAMES = ("vulnerability",)

_NAMED = 3
_SAME = re.compile(r"[-_.]+")


class Settings(_scans.UndatedSettings):
    """What every scanner without dates takes, and which packages no advisory can name."""

    own: list[str] = Field(default=[], description="the client's own packages: that they are skipped is no gap")


def fetch(period: Period, settings: Settings) -> Pages:
    """Every report, and the lists where the settings name them."""
    return _scans.pages(settings, lambda file: _scan(file, settings))


to_frames = _scans.frames
observed = _scans.observed
remarks = _scans.remarks


def _scan(file: File, settings: Settings) -> Scan:
    dependencies = _dependencies(file)
    skipped = {one["name"]: str(one["skip_reason"]) for one in dependencies if "skip_reason" in one}
    own = {_canonical(name) for name in settings.own}
    gaps = {name: why for name, why in skipped.items() if _canonical(name) not in own}
    audited = [one for one in dependencies if "skip_reason" not in one]
    blind = [_gap(file, gaps)] if gaps else []
    if not audited:
        blind.append(f"{file.name} tells of no package that was audited, which is not clean")
    return Scan(
        _scans.asset_of("", file, settings), _scans.made_at(file, settings),
        tuple(_found(one["name"], weakness) for one in audited for weakness in one["vulns"]),
        _scans.series_of(file), skipped=frozenset(map(_canonical, skipped)), blind=tuple(blind),
    )  # fmt: skip


def _dependencies(file: File) -> list[dict[str, Any]]:
    """What was audited; before pip-audit 2.0 a report was that list alone."""
    report = _sheets.document(file)
    found = report.get("dependencies") if isinstance(report, dict) else report
    if not isinstance(found, list) or not all(isinstance(one, dict) and "name" in one for one in found):
        raise SourceError(f"{file.name} is no report of pip-audit", hint="write it with: pip-audit -f json -o NAME")
    return found


def _gap(file: File, gaps: dict[str, str]) -> str:
    told = [f"{name} ({why})" for name, why in sorted(gaps.items())]
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"{file.name}: {len(told)} packages were skipped, which is not clean: {', '.join(told[:_NAMED])}{more}"


def _found(package: str, weakness: dict[str, Any]) -> Found:
    id, others = weakness["id"], weakness.get("aliases") or []
    cves = cves_of(id, *others)
    return Found(
        _canonical(package), id, "unknown", cves,
        # An advisory of several CVE ids is the same as none of them.
        frozenset(others if len(cves) < 2 else ()), has_fix=bool(weakness["fix_versions"]),
    )  # fmt: skip


def _canonical(name: str) -> str:
    """A package's name as PyPI compares it."""
    return _SAME.sub("-", name).lower()

"""Vulnerabilities that GitHub's Dependabot finds in what repositories depend on.

Documentation: https://docs.github.com/en/rest/dependabot/alerts. Permission: Dependabot alerts, read. GitHub
forgets no alert; where Dependabot alerts are off, or the repository is archived, nothing is looked for, which is
said and is not clean.

A finding is an alert: one advisory in one package of one manifest. It is fixed when GitHub no longer finds it
(fixed_at). Dismissed as a risk that can be lived with (tolerable_risk) it is accepted by whoever dismissed it, from
then on. Dismissed for any other reason it stays open: that somebody put it aside neither fixes it nor says that the
client accepted it; correct it where it does not apply, which a note counts. One that GitHub's own rules put aside
(auto_dismissed: low risk in development) stays open too. An alert that came back has its first found_at, and how
often it was fixed in between is not told. Which are known to be exploited CISA's list tells, where ``kev`` names it.
An asset is the repository; service is the repository.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.schemas.patches import SEVERITIES
from opsreport.sources import Pages, _exploited, _github, _http, _values

FRAMES = ("vulnerability",)
OPERATIONS = {"GET /repos/{owner}/{repo}/dependabot/alerts": "Dependabot alerts: read"}
KEEPS = {"vulnerability": _http.FOR_EVER}

(_ALERTS,) = OPERATIONS
_ACCEPTED = "tolerable_risk"


class Settings(_github.RepositorySettings):
    """Which repositories are read, and the lists that tell more of each vulnerability."""

    kev: str = Field(default="", description="CISA's known exploited vulnerabilities, CSV or JSON, also as .gz")
    epss: str = Field(default="", description="FIRST's EPSS scores, CSV, also as .gz; else GitHub's own")


def fetch(period: Period, settings: Settings) -> Pages:
    """Every alert of each repository, whatever its state; and what the lists say of their CVEs."""
    github = _github.opened(settings, OPERATIONS)
    for repository in settings.repositories:
        # Oldest first, so that one that is new while it is read stands on no page that was read already.
        params = {"per_page": _github.A_PAGE, "sort": "created", "direction": "asc"}
        github.ask(_ALERTS, within=_github.within(repository), params=params, following=_http.by_link)
    wanted = {alert["security_advisory"]["cve_id"] for answer in github.answers for alert in answer.body} - {None}
    lists = _exploited.read(settings, wanted, settings.run.now)
    github.inputs += [file.record() for file in lists.files]
    return github.pages(lists=lists)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an alert."""
    rows = {}
    for answer in pages.items:
        for alert in answer.body:
            row = _row(_github.of(answer), alert, pages.extra["lists"])
            rows[row["finding_id"]] = row
    return {"vulnerability": _http.rows_of("vulnerability", list(rows.values()))}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Severities that are not known, and alerts that were put aside and stay open, for a note."""
    alerts = [alert for answer in pages.items for alert in answer.body]
    lists = pages.extra["lists"]
    strange = sorted({str(alert["security_advisory"]["severity"]) for alert in alerts} - set(SEVERITIES))
    said = [*lists.old, *([f"severities that are not known: {', '.join(strange)}"] if strange else [])]
    aside = sum(alert["state"] in ("dismissed", "auto_dismissed") and not _accepted(alert) for alert in alerts)
    note = [f"{aside} alerts were put aside for another reason than that the risk is accepted, and stay open"]
    told = [*said, *(note if aside else []), *lists.notes]
    return {"vulnerability": ("partial" if said else "ok", "; ".join(told))} if told else {}


def _accepted(alert: dict[str, Any]) -> bool:
    return alert["state"] == "dismissed" and alert["dismissed_reason"] == _ACCEPTED


def _row(repository: str, alert: dict[str, Any], lists: _exploited.Lists) -> dict[str, Any]:
    advisory, package = alert["security_advisory"], alert["dependency"]["package"]["name"]
    severity, epss = advisory["severity"], advisory.get("epss") or {}
    epss = epss[0] if isinstance(epss, list) else epss
    cve = advisory["cve_id"]
    return {
        "finding_id": f"{repository}/dependabot/{alert['number']}", "asset": repository, "service": repository,
        "cve": cve, "title": f"{package}: {advisory['summary']}",
        "severity": severity if severity in SEVERITIES else "unknown",
        "found_at": _http.instant(alert["created_at"]), "fixed_at": _http.instant(alert["fixed_at"]),
        "fix_available": alert["security_vulnerability"]["first_patched_version"] is not None,
        "epss": lists.scores.get(cve, _http.amount(epss.get("percentage"))), "kev_due_at": lists.due.get(cve),
        "risk_accepted_at": _http.instant(alert["dismissed_at"]) if _accepted(alert) else None,
        "url": _values.address(alert["html_url"]),
    }  # fmt: skip

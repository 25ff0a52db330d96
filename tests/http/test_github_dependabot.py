"""Alerts of Dependabot: fixed is fixed, put aside is open, and accepted is accepted."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import github_dependabot
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings

(ALERTS,) = github_dependabot.OPERATIONS
WEBHOOKS = Path(__file__).resolve().parents[3] / "shared" / "data" / "deployments" / "github_webhook_examples"


def alert(number, state="open", severity="high", patched="2.0.1", **more):
    dated = {name: None for name in ("dismissed_at", "dismissed_reason", "fixed_at", "auto_dismissed_at")}
    return {
        "number": number, "state": state, "created_at": "2026-09-20T10:00:00Z",
        "html_url": f"https://git.example/{number}",
        "dependency": {"package": {"ecosystem": "pip", "name": "django"}, "manifest_path": "requirements.txt"},
        "security_advisory": {"cve_id": f"CVE-2026-{number:04}", "ghsa_id": "GHSA-x", "summary": "a weakness",
                              "severity": severity, "epss": {"percentage": 0.00045, "percentile": 0.1}},
        "security_vulnerability": {"first_patched_version": patched and {"identifier": patched}}, **dated, **more,
    }  # fmt: skip


def world(web):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.answer(
        ALERTS,
        [alert(1), alert(2, "fixed", fixed_at="2026-10-05T08:00:00Z")],
        [alert(3, "dismissed", dismissed_at="2026-10-06T00:00:00Z", dismissed_reason="tolerable_risk"),
         alert(4, severity="low", patched=None)],
    )  # fmt: skip
    return each_frame(github_dependabot, web, repositories=["acme/shop"])


def read(web, *alerts):
    world(web)
    if alerts:
        web.answer(ALERTS, list(alerts))
    given = settings(github_dependabot, web, repositories=["acme/shop"])
    rows, seen = sources.read(github_dependabot, given, OCTOBER)
    return rows.set_index(rows["finding_id"].str.rpartition("/")[2]), seen


def test_an_alert_is_open_until_github_no_longer_finds_it(web):
    rows, _ = read(web)
    assert rows["fixed_at"].isna().to_dict() == {"1": True, "2": False, "3": True, "4": True}
    assert rows.loc["2", "fixed_at"] == pd.Timestamp("2026-10-05 08:00", tz="UTC")
    assert rows["severity"].to_dict() == {"1": "high", "2": "high", "3": "high", "4": "low"}
    assert rows["fix_available"].to_dict() == {"1": True, "2": True, "3": True, "4": False}
    assert rows.loc["1", ["asset", "cve", "title"]].tolist() == ["acme/shop", "CVE-2026-0001", "django: a weakness"]
    assert rows.loc["1", "epss"] == Decimal("0.00045")


def test_only_a_risk_that_was_tolerated_is_accepted(web):
    aside = [alert(5, "dismissed", dismissed_at="2026-10-06T00:00:00Z", dismissed_reason="inaccurate"),
             alert(6, "auto_dismissed", auto_dismissed_at="2026-10-06T00:00:00Z")]  # fmt: skip
    accepted = alert(3, "dismissed", dismissed_at="2026-10-06T00:00:00Z", dismissed_reason="tolerable_risk")
    rows, seen = read(web, *aside, accepted)
    assert rows["risk_accepted_at"].isna().to_dict() == {"5": True, "6": True, "3": False}
    assert rows["fixed_at"].isna().all() and seen.status == "ok" and seen.why.startswith("2 alerts were put aside")


def test_an_unknown_severity_is_unknown_and_said(web):
    rows, seen = read(web, alert(7, severity="dire"))
    assert rows["severity"].tolist() == ["unknown"] and seen.status == "partial" and "dire" in seen.why


def test_a_repository_without_alerts_is_clean_and_one_where_they_are_off_is_not(web):
    world(web)
    web.answer(ALERTS, [])
    given = settings(github_dependabot, web, repositories=["acme/shop"])
    rows, seen = sources.read(github_dependabot, given, OCTOBER)
    assert rows.empty and seen.status == "ok"
    web.fault(ALERTS, "denied", times=0)
    _, seen = sources.read(github_dependabot, given, OCTOBER)
    assert seen.status == "unavailable" and "Dependabot alerts: read" in seen.why


def test_cisas_list_tells_which_are_exploited_and_of_others_nothing_is_known(web, tmp_path):
    world(web)
    (tmp_path / "kev.json").write_text(json.dumps({
        "catalogVersion": "2026.10.30", "dateReleased": "2026-10-30T00:00:00Z", "count": 1,
        "vulnerabilities": [{"cveID": "CVE-2026-0001", "dateAdded": "2026-10-01", "dueDate": "2026-10-22"}],
    }))  # fmt: skip
    given = settings(github_dependabot, web, repositories=["acme/shop"], kev=str(tmp_path / "kev.json"))
    rows, seen = sources.read(github_dependabot, given, OCTOBER)
    due = rows.set_index("cve")["kev_due_at"]
    assert due["CVE-2026-0001"] == pd.Timestamp("2026-10-22", tz="UTC") and due.drop("CVE-2026-0001").isna().all()
    assert seen.status == "ok" and "kev.json" in seen.inputs


@pytest.mark.skipif(not WEBHOOKS.is_dir(), reason="the real payloads are not here")
@pytest.mark.parametrize(("name", "is_fixed"), [("created", False), ("fixed", True)])
def test_real_alerts_are_read(web, name, is_fixed):
    told = json.loads((WEBHOOKS / "dependabot_alert" / f"{name}.payload.json").read_text("utf-8"))["alert"]
    rows, seen = read(web, told)
    assert seen.status == "ok" and rows["fixed_at"].notna().tolist() == [is_fixed]
    assert rows["cve"].tolist() == [told["security_advisory"]["cve_id"]]

"""Trying a client's sources: what the table of ``opsreport check`` says."""

from __future__ import annotations

import pytest

from opsreport.cli.collect import named_sources
from opsreport.cli.probe import HEAD, lines, probes
from opsreport.errors import ParamsError, SourceError
from opsreport.home import Home
from opsreport.params.models import ClientParams
from opsreport.sources import aws_logs
from tests.aws import test_aws_backup, test_aws_cost_explorer, test_aws_logs
from tests.aws.conftest import NOW, account


@pytest.fixture
def tried(aws, tmp_path):
    """The table of a client with two sources of AWS and one of a file."""
    test_aws_backup.world(aws)
    test_aws_logs.world(aws)
    home = Home(tmp_path)
    home.params.mkdir()

    def probed(**sources):
        given = {"backup": [{"aws_backup": {}}], "restore_test": [{"aws_backup": {}}], "log_group": [{"aws_logs": {}}],
                 "cost": [{"focus": {"path": "bill.csv"}}]} | sources  # fmt: skip
        known = {"client": "acme", "display_name": "A", "time_zone": "UTC", "currency": "EUR", "sources": given}
        return probes(home, ClientParams(**known, aws=[account(regions=["eu-west-1", "us-east-1"])]), NOW)

    return probed


def test_each_source_is_tried_once_with_its_first_page_only(aws, tried):
    told = {probe.cells[0]: probe for probe in tried()}
    assert HEAD == ("source", "fills", "reachable", "permitted", "oldest data", "price")
    assert told["aws_backup"].cells == ("aws_backup", "backup, restore_test", "yes", "yes", "2026-10-02", "free")
    assert told["aws_logs"].cells[2:] == ("yes", "yes", "only now", "free")
    assert told["focus"].cells[2:] == ("no", "–", "as its file tells", "free")
    assert len(aws.asked("logs:DescribeLogGroups")) == 2  # one a region, of three pages


def test_what_is_not_permitted_is_named_with_what_the_role_needs(aws, tried):
    aws.fault("backup:ListRestoreJobs", "denied", times=0)
    probe = next(one for one in tried() if one.cells[0] == "aws_backup")
    assert probe.cells[2:4] == ("yes", "no") and probe.why.endswith("Hint: the role needs backup:ListRestoreJobs")
    made = lines(tried())
    assert made[0].split() == ["source", "fills", "reachable", "permitted", "oldest", "data", "price"]
    at = next(place for place, line in enumerate(made) if line.startswith("aws_backup"))
    where = "backup:ListRestoreJobs in eu-west-1, backup:ListRestoreJobs in us-east-1"
    assert made[at + 1].startswith(f"  ✕ {where}: AccessDenied")
    assert made[at + 3].startswith(("aws_logs", "focus")) or made[at + 3].startswith("  ✕") or made[at + 2] == (
        "    Hint: the role needs backup:ListRestoreJobs")


def test_credentials_of_another_account_are_not_reachable(aws, tried):
    aws.fault("sts:GetCallerIdentity", "expired", times=0)
    probe = next(one for one in tried() if one.cells[0] == "aws_logs")
    assert probe.cells[2:4] == ("no", "–") and "log in again" in probe.why


def test_what_is_not_answered_at_all_is_not_reached(aws, tried):
    aws.fault("logs:DescribeLogGroups", "broken", times=0)
    probe = next(one for one in tried() if one.cells[0] == "aws_logs")
    assert probe.cells[2:4] == ("no", "–") and "InternalFailure" in probe.why


def test_a_record_that_is_not_as_documented_is_said_and_is_no_traceback(tried, monkeypatch):
    def stumbled(period, settings):
        raise KeyError("Arn")

    monkeypatch.setattr(aws_logs, "fetch", stumbled)
    probe = next(one for one in tried() if one.cells[0] == "aws_logs")
    assert probe.cells[2:4] == ("no", "–") and "KeyError 'Arn'" in probe.why and "Hint: report it" in probe.why


def test_what_is_wrong_with_the_account_is_said_once(aws, tried):
    aws.fault("sts:GetCallerIdentity", "expired", times=0)
    made = "\n".join(lines(tried()))
    assert made.count("ExpiredToken") == 1 and made.count("  ✕ as aws_") == 1


def test_of_questions_that_cost_money_one_is_asked_and_its_price_is_said(aws, tried):
    test_aws_cost_explorer.world(aws)
    found = tried(cost=[{"aws_cost_explorer": {}}])
    assert len(aws.asked("ce:GetCostAndUsage")) == 1
    assert lines(found)[-1] == "trying cost about 0.01 USD"


def test_two_bills_of_one_account_are_refused_and_of_two_accounts_are_not(tmp_path):
    home = Home(tmp_path)
    home.params.mkdir()
    export = {"bucket": "b", "prefix": "p"}
    accounts = [account(), account("999999999999")]

    def named(*bills):
        known = {"client": "acme", "display_name": "A", "time_zone": "UTC", "currency": "EUR"}
        (home.params / "acme.yaml").write_text("client: acme\n", "utf-8")
        return named_sources(home, ClientParams(**known, aws=accounts, sources={"cost": list(bills)}))

    with pytest.raises(ParamsError, match="both tell the bill of AWS account 123456789012"):
        named({"aws_cost_explorer": {}}, {"aws_data_exports": export})
    assert len(named({"aws_cost_explorer": {}}, {"aws_data_exports": {**export, "account": "999999999999"}})) == 2
    with pytest.raises(SourceError, match="names no AWS account 111111111111"):
        named({"aws_cost_explorer": {"account": "111111111111"}})

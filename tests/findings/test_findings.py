"""How rules are asked, listed and, where they found nothing, told apart from those that could not look."""

from dataclasses import replace

import pandas as pd

from opsreport import findings


def test_every_rule_is_quiet_on_a_month_of_which_nothing_was_seen(make_month):
    assert findings.found(make_month()) == []


def test_rules_that_found_nothing_name_the_records_that_they_lacked(make_month):
    silent = findings.silent([], make_month(log_group=[])).set_index("rule")
    assert len(silent) == len(findings.rules()) - 1  # no tag is required
    assert silent.loc["commitment_unused", "unseen"] == "Commitments"
    assert silent.loc["logs_without_limit", "unseen"] == "Charges"
    assert silent.loc["logs_without_limit", "looks_for"] == "Logs that are kept for ever"


def test_a_rule_that_turns_back_where_nothing_was_seen_is_not_told_as_having_found_nothing(make_month):
    silent = findings.silent([], make_month(log_group=[])).set_index("rule")
    assert silent.loc["main_branch_long_broken", "unseen"] == "Pipeline runs"
    assert silent.loc["critical_past_deadline", "unseen"] == "Vulnerabilities"


def test_a_rule_that_needs_a_month_seen_whole_found_nothing_only_in_one(make_month):
    whole, days = make_month(pipeline_run=[]), pd.Timestamp("2026-10-20", tz="UTC").as_unit("us")
    half = replace(whole, coverage=whole.coverage.assign(observed_end=days))
    unseen = [findings.silent([], month).set_index("rule").loc["main_branch_long_broken", "unseen"]
              for month in (whole, half)]  # fmt: skip
    assert unseen == ["", "Pipeline runs"]


def test_where_no_tag_is_required_nothing_is_said_of_spend_without_the_required_tags(make_month, make_client):
    silent = [set(findings.silent([], make_month(make_client(cost=cost), cost=[]))["rule"])
              for cost in ({}, {"required_tags": ["team"]})]  # fmt: skip
    assert [("untagged_spend" in rules) for rules in silent] == [False, True]


def test_a_rule_that_spoke_is_not_among_the_silent(make_month):
    seen = {"log_group": "/shop/web", "observed_at": pd.Timestamp("2026-10-31", tz="UTC").as_unit("us")}
    month = make_month(log_group=[seen])
    found = findings.found(month)
    assert [one.id for one in found] == ["cost.logs_without_limit.shop-web"]
    assert "logs_without_limit" not in set(findings.silent(found, month)["rule"])
    (row,) = findings.listing(found, month).to_dict("records")
    assert (row["owner"], row["urgency"], row["evidence_rows"]) == ("nobody is named", "plan", 1)


def test_ids_of_findings_name_their_rule(make_month):
    names = {rule.__name__ for rule in findings.rules()}
    seen = {"log_group": "/shop/web", "observed_at": pd.Timestamp("2026-10-31", tz="UTC").as_unit("us")}
    assert {one.id.split(".")[1] for one in findings.found(make_month(log_group=[seen]))} <= names


def test_a_sentence_names_a_resource_without_its_address():
    assert findings.readable("arn:aws:savingsplans::123456789012:savingsplan/one") == "savingsplan/one"
    assert findings.readable("arn:aws:s3:::assets") == "assets" and findings.readable("i-0a: 1") == "i-0a: 1"

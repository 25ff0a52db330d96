"""How rules are asked, listed and, where they found nothing, told apart from those that could not look."""

import pandas as pd

from opsreport import findings


def test_every_rule_is_quiet_on_a_month_of_which_nothing_was_seen(make_month):
    assert findings.found(make_month()) == []


def test_rules_that_found_nothing_name_the_records_that_they_lacked(make_month):
    silent = findings.silent([], make_month(log_group=[])).set_index("rule")
    assert len(silent) == len(findings.rules())
    assert silent.loc["commitment_unused", "unseen"] == "Commitments"
    assert silent.loc["logs_without_limit", "unseen"] == "Charges"
    assert silent.loc["logs_without_limit", "looks_for"] == "Logs that are kept for ever"


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

"""The pages say of the sources what the sources say of themselves, and the README's policy is all that they ask."""

import json
import re
from pathlib import Path

from opsreport.sources import _catalogue

PROJECT = Path(__file__).resolve().parents[2]


def test_the_page_of_sources_is_current():
    kept = (PROJECT / "docs" / "sources.md").read_text("utf-8")
    assert kept == _catalogue.catalogue(), "write it anew: make sources"


def test_the_readmes_policy_is_what_the_sources_declare():
    (shown,) = re.findall(r"```json\n(\{\n.*?\n\})\n```", (PROJECT / "README.md").read_text("utf-8"), re.S)
    assert json.loads(shown) == _catalogue.policy(), "opsreport policy"


def test_the_policy_changes_nothing_at_aws():
    actions = [one for part in _catalogue.policy()["Statement"] for one in part["Action"]]
    changing = [one for one in actions if not re.match(r"[a-z0-9-]+:(Get|List|Describe|BatchGet|View|Lookup)", one)]
    # The report is written by AWS for whoever asks; nothing else is changed by it.
    assert changing == ["iam:GenerateCredentialReport"] and "*" not in " ".join(actions)

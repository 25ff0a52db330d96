"""What the evidence for audits says is told as evidence, and not at all where no source of it is named."""

import pandas as pd
import pytest

from opsreport.exhibit import Exhibit
from opsreport.metrics import access_controls
from opsreport.narrative.access_controls import evidence
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10", "Europe/Berlin")
STYLE = Style("en_GB", "EUR", "Europe/Berlin")
FRAME = FRAMES["control_check"]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


SEEN = at("2026-10-31 06:00")


def said_of(*rows: dict, is_named: bool = True, absent: str = "") -> Exhibit:
    told = [{"control_id": row["control"], "assessment": "Card data", "observed_at": SEEN, **row} for row in rows]
    controls = access_controls.listing(FRAME.conform(pd.DataFrame(told)) if rows else FRAME.empty(), OCTOBER)
    return evidence(controls, access_controls.totals(controls), STYLE, is_named, absent)


def test_it_says_what_was_found_and_of_how_many():
    told = said_of(
        {"control": "Root", "noncompliant": 3, "compliant": 0}, {"control": "Keys", "noncompliant": 0, "compliant": 8},
        {"control": "MFA", "noncompliant": 1, "compliant": 17}, {"control": "Logs", "noncompliant": 0, "compliant": 0},
        {"control": "Paper"},
    )  # fmt: skip
    assert told.text.startswith(
        "When last seen, on 31 Oct, 2 of 5 controls had evidence that does not comply, 1 had evidence that complies "
        "and none that does not, and for 2 no check gave a ruling."
    )
    (fact,) = [one for one in told.facts if one["id"] == "access.evidence.noncompliant"]
    assert fact["coverage"] == pytest.approx(0.8) and fact["rows"]["where"] == {"observed_at": SEEN.isoformat()}


@pytest.mark.parametrize(("is_named", "absent", "kind", "said"), [
    (False, "No source is named.", "prose", ""), (True, "It was never read.", "notice", "It was never read."),
    (True, "", "notice", "No assessment of controls was under way when these were last read."),
])  # fmt: skip
def test_where_there_are_no_controls_a_reason_is_given_only_where_a_source_is_named(is_named, absent, kind, said):
    told = said_of(is_named=is_named, absent=absent)
    assert (told.kind, told.text, bool(told.html)) == (kind, said, bool(said))


def test_where_assessments_were_last_seen_at_several_times_the_oldest_is_named_and_all_rows_are_behind_it():
    earlier = {"control": "Root", "assessment": "Ended", "observed_at": at("2026-10-09 06:00"), "noncompliant": 0}
    told = said_of(earlier, {"control": "MFA", "noncompliant": 1})
    assert told.text.startswith("When last seen, on 9 Oct, 1 of 2 controls had")
    assert {str(one.get("rows", {}).get("where", {})) for one in told.facts} == {"{}"}

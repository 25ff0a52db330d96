"""How complete the records are, in a sentence; and what a source that was read whole did not itself know."""

from pathlib import Path

import pandas as pd

from opsreport.narrative import summary
from opsreport.params import ClientParams
from opsreport.period import Period
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "UTC")
INSIDE = "The sources were read whole; what they themselves did not see is said in each section."


def said(*states: str, seen: float = 1.0) -> str:
    told = pd.DataFrame({"frame": [f"Records {n}" for n, _ in enumerate(states)], "status": states})
    scores = pd.DataFrame({"coverage": [1.0, seen]}, dtype=object)
    return summary.completeness(told, pd.DataFrame(), STYLE, scores).text


def test_what_was_read_whole_and_what_was_not():
    assert said("ok", "ok") == "2 of 2 kinds of record are complete for these days."
    assert said("ok", "partial") == "1 of 2 kinds of record are complete for these days. Not complete: Records 1."


def test_sources_that_were_read_whole_may_not_have_seen_all_themselves():
    assert said("ok", "ok", seen=0.97).endswith(INSIDE)
    assert said("ok", "no source", seen=0.97).endswith(INSIDE)
    assert INSIDE not in said("ok", "partial", seen=0.97)
    told = pd.DataFrame({"frame": ["a"], "status": ["ok"]})
    assert INSIDE not in summary.completeness(told, pd.DataFrame(), STYLE).text


def test_the_badge_of_a_run_of_days_does_not_say_that_a_month_has_ended():
    client = ClientParams(client="acme", display_name="Acme", time_zone="UTC", currency="EUR")
    read_at = pd.Timestamp("2026-11-02", tz="UTC")
    notes = [summary.cover(client, days, "final", Path("."), read_at).about["state_note"]
             for days in (Period.month("2026-10"), Period.days("2026-10-05", "2026-10-11"))]  # fmt: skip
    assert notes[0] == "The month has ended." and notes[1].startswith("These days are over.")

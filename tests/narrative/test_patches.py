"""The sentences on patches call a miss a miss, and say what is not known."""

import datetime as dt
import re

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import patches
from opsreport.narrative import patches as narrative
from opsreport.params.models import Agreement
from opsreport.params.operations import RiskAcceptance
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2026, 1, 1), patch_deadlines={"high": "7d"})]
GOOD = {"missing_critical": 0, "missing_security": 0, "failed": 0, "pending_reboot": False}


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}", tz="UTC")


def said(*rows: dict, machines: list[dict] = (), unmanaged: int = 0, seen=ALWAYS, agreed=AGREED, risks=(), **absent):
    told = [{"finding_id": f"f{n}", "cve": f"CVE-2026-9000{n}", "severity": "high", **row}
            for n, row in enumerate(rows)]  # fmt: skip
    states = [{"asset": f"m{n}", "observed_at": at("10-31"), **GOOD, **row} for n, row in enumerate(machines)]
    assets = [{"asset": f"u{n}", "observed_at": at("10-31"), "in_patch_scope": True, "is_managed": False}
              for n in range(unmanaged)]  # fmt: skip
    weak, state, asset = (
        FRAMES[name].conform(pd.DataFrame(found)) if found else FRAMES[name].empty()
        for name, found in (("vulnerability", told), ("patch_state", states), ("asset", assets))
    )
    book = patches.ledger(weak, agreed, list(risks), "UTC")
    counted = patches.totals(patches.machines(state, asset, OCTOBER), OCTOBER)
    scores = patches.scorecard(book, state, asset, OCTOBER, seen, agreed)
    return narrative.finding(
        counted, patches.history(book, OCTOBER, seen), patches.past_due(book, OCTOBER),
        patches.kev_past_due(book, OCTOBER), patches.accepted(book, OCTOBER), scores, STYLE, **absent,
    )  # fmt: skip


LATE, OVER = {"found_at": at("10-01")}, {"found_at": at("10-01"), "fixed_at": at("10-20")}


def test_a_good_month_reads_so():
    kept = {"found_at": at("10-01"), "fixed_at": at("10-03"), "kev_due_at": at("10-20")}
    made = said(kept, machines=[{}, {}])
    assert made.text == (
        "All machines were known to be up to date when October 2026 ended, 2 in all. No vulnerability is known to have "
        "been open when the month ended. The agreed time to fix was kept for every vulnerability. None that is known "
        "to be attacked was open past the date set by the US cyber agency (CISA)."
    )
    assert made.lead.text == (
        "All machines were known to be up to date when October 2026 ended, 2 in all. "
        "The agreed time to fix was kept for every vulnerability."
    )


def test_each_machine_that_is_not_patched_is_told_of():
    old = {"missing_critical": 1, "oldest_missing_at": at("10-02")}
    text = said(machines=[{}, {"failed": 1}, old, {"pending_reboot": True}, {"pending_reboot": True},
                          {"missing_security": None}], unmanaged=1).text  # fmt: skip
    assert "When October 2026 ended, 1 of 7 machines were known to be up to date." in text
    assert "On 1 machine a patch failed. Security patches are missing on 1 machine." in text
    assert "A reboot is due on 2 machines, whose patches do not protect them before." in text
    assert "The patch tool does not reach 1 machine, which counts as not patched." in text
    assert "The state of 1 machine is not known." in text
    assert "The oldest critical patch that is missing had been out for 30 d." in text


def test_what_was_missed_is_called_missed():
    assert "The agreed time to fix was missed for 1 vulnerability, which is still open." in said(LATE).text
    assert "missed for 2 vulnerabilities, all of them still open." in said(LATE, LATE).text
    assert "missed for 1 vulnerability, which is no longer open." in said(OVER).text
    assert "missed for 2 vulnerabilities, none of them open any more." in said(OVER, OVER).text
    made = said(LATE, LATE, OVER, machines=[{}])
    assert "missed for 3 vulnerabilities: 2 still open, 1 fixed late." in made.text and "missed" in made.lead.text


def test_what_is_known_to_be_exploited_and_late_stands_in_the_lead():
    one = said({**LATE, "kev_due_at": at("10-19")})
    set_by = "The date set by the US cyber agency (CISA) was missed for"
    assert f"{set_by} 1 vulnerability that is known to be attacked." in one.lead.text
    two = said(*[{**LATE, "kev_due_at": at("10-19")}] * 2)
    assert f"{set_by} 2 vulnerabilities that are known to be attacked." in two.text


def test_without_cisas_list_and_in_a_month_seen_in_part_nothing_is_claimed():
    half = Intervals([(OCTOBER.start, at("10-16"))])
    text = said({"found_at": at("10-28"), "fix_available": False}, seen=half).text
    assert "whether it was kept for all is unknown" in text and "kept for every" not in text
    assert "Whether any that is known to be attacked was past the date set by the US cyber agency" in text
    assert "There was 1 open vulnerability when the month ended, after 0 when it began." in text
    assert "For 1 of them there is no fix yet. Only 48% of the month was seen" in text


def test_of_a_month_that_nobody_saw_what_was_read_since_is_told_as_at_least():
    later = Intervals([(at("11-23"), at("11-24"))])
    text = said({**LATE, "kev_due_at": at("10-05")}, seen=later).text
    assert text.endswith(
        "Nothing was seen of vulnerabilities in this month, so how many were open is not known. The agreed time to fix "
        "was missed for at least 1 vulnerability. The date set by the US cyber agency (CISA) was missed for at least "
        "1 vulnerability that is known to be attacked. Those told of here were read since; there may have been more."
    )
    assert said({"found_at": at("10-30")}, seen=later).text.endswith("so how many were open is not known.")


def test_with_no_time_agreed_none_was_kept_or_missed():
    text = said(LATE, agreed=[]).text
    assert "How soon vulnerabilities are to be fixed is not agreed." in text
    assert "kept" not in text and "missed" not in text


def test_accepted_risks_are_told_apart():
    risks = [RiskAcceptance(cve="CVE-2026-90000", by="B", until=dt.date(2026, 12, 31), why="w"),
             RiskAcceptance(cve="CVE-2026-90001", by="B", until=dt.date(2026, 10, 10), why="w")]  # fmt: skip
    text = said({"found_at": at("09-01")}, {"found_at": at("10-08")}, risks=risks).text
    assert "The risk of 1 more is accepted, so it does not count as open." in text
    assert "The acceptance of 1 ended in the month, so it counts as open again." in text


def test_what_has_no_source_is_said_and_the_rest_stays():
    why = "No source of vulnerabilities is named in the client's file."
    made = said(machines=[{}], no_vulnerabilities=why)
    assert made.text.startswith("All machines were known") and made.text.endswith(why)
    other = said(LATE, no_machines="No source of patch states is named.")
    assert other.text.startswith("No source of patch states is named. There was 1 open")
    neither = said(absent="Nothing is known.")
    assert neither.kind == "notice" and neither.text == "Nothing is known."
    assert "so how many were open is not known" in said(LATE, seen=Intervals()).text


def test_every_number_is_a_fact_with_its_own_name_and_rows():
    made = said(LATE, {**LATE, "kev_due_at": at("10-19")}, OVER, machines=[{}, {"pending_reboot": True}], unmanaged=2)
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("patches.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r'<span class="fact".*?</span>', "", made.html))
    rows = {fact["id"].rpartition(".")[2]: fact.get("rows") for fact in made.facts}
    assert rows["kev"]["where"] == {"finding_id": "f1"} and rows["machines_unmanaged"]["frame"] == "asset"


def test_the_method_has_no_number_to_check():
    assert narrative.method(STYLE).about["role"] == "method" and not re.search(r"\d", narrative.method(STYLE).text)

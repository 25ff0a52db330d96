"""What the access section says: met, missed, unknown, nothing agreed, not seen; and the list to sign."""

import datetime as dt
import re

import pandas as pd

from opsreport.markup import clean
from opsreport.metrics import access
from opsreport.narrative import access as narrative
from opsreport.params import ClientParams
from opsreport.params.models import Agreement
from opsreport.params.operations import AccessRules
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
STYLE = Style("en_GB", "EUR", "UTC")
NONE_AGREED = ClientParams(client="x", display_name="X", time_zone="UTC", currency="EUR")
AGREED = NONE_AGREED.model_copy(
    update={"agreement": [Agreement(starts_on=dt.date(2025, 1, 1), access=AccessRules())], "staff": ["us"]}
)
SEEN, BEFORE = pd.Timestamp("2026-10-31 12:00", tz="UTC"), pd.Timestamp("2026-09-30 12:00", tz="UTC")


def frame(*rows: dict) -> pd.DataFrame:
    fine = {"kind": "person", "observed_at": SEEN, "mfa_enabled": True, "has_key": False, "last_used_at": SEEN,
            "is_privileged": False}  # fmt: skip
    numbered = [{"principal": f"p{n}", **fine, **row} for n, row in enumerate(rows)]
    return FRAMES["principal"].conform(pd.DataFrame(numbered)) if rows else FRAMES["principal"].empty()


def said(*rows: dict, by: ClientParams = AGREED, absent: str = ""):
    given = (frame(*rows), OCTOBER, by)
    return narrative.finding(
        access.totals(*given), access.standing(*given), access.changes(*given), access.snapshots(*given), STYLE, absent
    )


def test_a_month_as_agreed():
    made = said({"principal": "us"}, {"principal": "us", "observed_at": BEFORE}, {"is_privileged": True},
                {"principal": "p2", "observed_at": BEFORE, "is_privileged": True})  # fmt: skip
    assert made.text == (
        "When last seen, on 31 Oct, 2 accounts had access, 2 of them people. 1 of the 2 may change everything; 1 is "
        "ours. What was agreed of access was met. Nobody joined, left or changed since 30 Sept."
    )
    assert made.lead.text == "What was agreed of access was met."


def test_a_month_in_which_it_was_missed():
    made = said({"mfa_enabled": False, "key_created_at": SEEN - pd.Timedelta(days=100)},
                {"mfa_enabled": False, "last_used_at": SEEN - pd.Timedelta(days=100)},
                {"observed_at": BEFORE, "principal": "gone"})  # fmt: skip
    assert (
        "What was agreed of access was missed. 2 accounts lack the second factor that they need. 1 account holds a key "
        "older than 90 d. 1 account or its key was not used for more than 90 d. Since 30 Sept, 2 joined, 1 left and 0 "
        "changed; the list below is for you to sign."
    ) in made.text
    assert made.lead.text.startswith("What was agreed of access was missed. 2 accounts lack")


def test_what_is_not_visible_is_unknown_and_said():
    text = said({"mfa_enabled": None}, {"has_key": None}, {"last_used_at": None}).text
    assert "Whether what was agreed of access was met is unknown" in text
    assert "For 1 account it is not visible whether a second factor is asked for, so it is not passed." in text
    assert "For 1 account the age of its key is not visible." in text
    assert "For 1 account it is not visible when it was last used." in text
    assert "There is nothing before it to compare with" in text


def test_where_nothing_was_agreed_nothing_is_called_met_or_missed():
    good, bad = said({}, by=NONE_AGREED).text, said({"mfa_enabled": False}, by=NONE_AGREED).text
    assert "Nothing was agreed of access; by the usual limits nothing is wrong." in good
    assert "Nothing was agreed of access, so it is held against the usual limits. 1 account lacks" in bad
    unseen = said({"mfa_enabled": None}, by=NONE_AGREED).text
    assert "by the usual limits nothing is known to be wrong, but not all was seen." in unseen
    assert not re.search("missed|met", good + bad + unseen)


def test_a_snapshot_from_before_the_month_is_a_notice_with_its_date():
    made = said({"observed_at": BEFORE})
    assert made.kind == "notice"
    assert made.text == ("Access was last seen on 30 Sept 2026, before this month: whether it is as agreed is unknown.")
    assert said().text == "Access was not seen up to the end of these days, so who had it is unknown."
    assert said({}, absent="No source is named.").text == "No source is named."


def test_a_place_that_was_not_seen_is_said_and_never_met():
    text = said({"account": "one"}, {"account": "two", "observed_at": BEFORE}).text
    assert "Of 2 places where access is looked at, 1 could not be seen in this month, and may hold more." in text
    assert "Whether what was agreed of access was met is unknown" in text


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said({"mfa_enabled": False, "key_created_at": SEEN - pd.Timedelta(days=100)}, {"mfa_enabled": None},
                {"observed_at": BEFORE})  # fmt: skip
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("access.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r"<span class=\"fact\".*?</span>", "", made.html))
    behind = {fact["id"]: fact.get("rows") for fact in made.facts}
    assert behind["access.finding.access"]["where"] == {"observed_at": SEEN.isoformat()}


def signed(*rows: dict, by: ClientParams = AGREED):
    return narrative.signoff(access.signoff(frame(*rows), OCTOBER, by), STYLE)


def test_the_list_to_sign_has_room_for_a_decision_a_name_and_a_date():
    made = signed({"principal": "new", "display_name": "New One"}, {"principal": "us"},
                  {"principal": "us", "observed_at": BEFORE}, {"principal": "gone", "observed_at": BEFORE})  # fmt: skip
    assert made.kind == "table" and made.html.count("☐\u00a0keep ☐\u00a0remove") == 2
    assert made.html.count("☐\u00a0right ☐\u00a0wrong") == 1  # of one who left
    order = [made.html.index(word) for word in ("Joined this month", "New One", "Left this month", "gone", "Our own")]
    assert order == sorted(order)
    assert [fact["value"] for fact in made.facts] == [1, 1, 1]


def test_the_page_lets_the_whole_list_through_and_nothing_from_a_source_as_markup():
    made = signed({"principal": "<i>x</i>", "roles": "a & b", "mfa_enabled": False}, {"observed_at": BEFORE})
    kept = str(clean(made.html))
    assert kept.count("<td") == made.html.count("<td") and 'scope="rowgroup"' in kept and "<small>" in kept
    assert "<i>" not in kept and "&lt;i&gt;x" in kept and "a &amp; b" in kept and "no MFA" in kept


def test_nobody_seen_is_a_sentence_and_no_empty_table():
    assert signed().text == "Nobody's access was seen, so there is nothing to sign."
    assert narrative.method(STYLE).about["role"] == "method"

"""Access charts draw what the metrics say, and nothing where there is nothing."""

import pandas as pd

from opsreport.figures import access as figures
from opsreport.metrics import access
from opsreport.params import ClientParams
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import BAD, THIS_MONTH, Style

OCTOBER = Period.month("2026-10")
STYLE = Style("en_GB", "EUR", "UTC")
CLIENT = ClientParams(client="x", display_name="X", time_zone="UTC", currency="EUR")
SEEN, BEFORE, LIMIT = pd.Timestamp("2026-10-31", tz="UTC"), pd.Timestamp("2026-09-30", tz="UTC"), pd.Timedelta(days=90)


def frame(*rows: dict) -> pd.DataFrame:
    fine = {"kind": "person", "observed_at": SEEN, "mfa_enabled": True, "has_key": False, "last_used_at": SEEN,
            "is_privileged": False}  # fmt: skip
    return FRAMES["principal"].conform(pd.DataFrame([{"principal": f"p{n}", **fine, **row}
                                                     for n, row in enumerate(rows)]))  # fmt: skip


def drawn(*rows: dict):
    return figures.standing(access.standing(frame(*rows), OCTOBER, CLIENT), STYLE)


def test_this_month_stands_over_last_month_with_what_is_not_visible_apart():
    made = drawn({"mfa_enabled": False}, {"mfa_enabled": None}, {"observed_at": BEFORE, "mfa_enabled": False})
    bars = {trace["name"]: trace for trace in made.figure["data"]}
    assert bars["this month"]["x"] == [0, 1, 0, 0] and bars["last month"]["x"] == [0, 1, 0, 0]
    assert bars["not visible"]["x"] == [None, 1, None, None] and bars["not visible"]["base"] == [0, 1, 0, 0]
    assert bars["not visible"]["marker"]["pattern"]["shape"]  # not told by colour alone
    assert made.about["title"] == "1 thing to mend, after 1 the month before"
    texts = [note["text"] for note in made.figure["layout"]["annotations"]]
    assert "1, 1 not visible; before 1" in texts and "<b>Keys too old</b> · over 90 d" in texts


def test_a_month_before_that_was_not_seen_is_unknown_and_not_none():
    made = drawn({"mfa_enabled": False}, {"mfa_enabled": False})
    assert made.about["title"] == "2 things to mend"
    assert "2; before unknown" in [note["text"] for note in made.figure["layout"]["annotations"]]
    assert figures.standing(access.standing(frame({"observed_at": BEFORE}), OCTOBER, CLIENT), STYLE).kind == "notice"


def test_nothing_found_is_not_said_to_be_fine_where_not_all_was_seen():
    assert drawn({}).about["title"] == "Nothing was found to be wrong"
    assert drawn({"has_key": None}).about["title"] == "Nothing is known to be wrong; some of it cannot be seen"


def test_each_key_is_a_bar_of_days_against_the_oldest_that_it_may_be():
    rows = frame({"principal": "<b>old</b>", "key_created_at": SEEN - pd.Timedelta(days=120)},
                 {"key_created_at": SEEN - pd.Timedelta(days=90)}, {})  # fmt: skip
    made = figures.key_ages(access.listing(rows, OCTOBER, CLIENT), LIMIT, True, STYLE)
    bars = {trace["name"]: trace for trace in made.figure["data"]}
    assert bars["too old"]["x"] == [120] and bars["in time"]["x"] == [90]
    assert bars["too old"]["marker"]["color"] == BAD and bars["in time"]["marker"]["color"] == THIS_MONTH
    assert made.about["title"] == "1 key is older than agreed"
    texts = [note["text"] for note in made.figure["layout"]["annotations"]]
    assert "agreed: 90 d" in texts and "<b>&lt;b&gt;old&lt;/b&gt;</b>" in texts
    assert made.figure["layout"]["shapes"][0]["x0"] == 90
    usual = figures.key_ages(access.listing(rows, OCTOBER, CLIENT), pd.Timedelta(days=365), False, STYLE)
    assert usual.about["title"] == "No key is known to be older than usual"


def test_more_keys_than_fit_are_counted():
    rows = frame(*({"key_created_at": SEEN - pd.Timedelta(days=n)} for n in range(14)))
    made = figures.key_ages(access.listing(rows, OCTOBER, CLIENT), LIMIT, True, STYLE)
    assert len(made.figure["data"][0]["x"]) == 12 and made.about["subtitle"].endswith("the 12 oldest of 14")


def test_without_a_key_there_is_a_notice_and_no_empty_chart():
    assert figures.key_ages(access.listing(frame({}), OCTOBER, CLIENT), LIMIT, True, STYLE).kind == "notice"

"""Access is judged by the newest snapshot, against what was agreed, and what cannot be seen is not passed."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.metrics import access
from opsreport.metrics.access_checks import checked
from opsreport.params import ClientParams
from opsreport.params.models import Agreement
from opsreport.params.operations import AccessRules
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


SEEN, BEFORE = at("2026-10-31 12:00"), at("2026-09-30 12:00")
FINE = {"kind": "person", "observed_at": SEEN, "is_privileged": False, "mfa_enabled": True, "has_key": False,
        "last_used_at": at("2026-10-30 12:00")}  # fmt: skip


def frame(*rows: dict, source: str = "") -> pd.DataFrame:
    numbered = [{"principal": f"p{n}", **FINE, **row} for n, row in enumerate(rows)]
    made = FRAMES["principal"].conform(pd.DataFrame(numbered)) if rows else FRAMES["principal"].empty()
    return made.assign(source=source) if source else made


def client(rules: AccessRules | None = None, named: tuple[str, ...] = (), **given) -> ClientParams:
    agreement = [Agreement(starts_on=dt.date(2025, 1, 1), access=rules)] if rules else []
    sources = {"principal": [{"table": {"name": name}} for name in named]}
    return ClientParams(
        client="x", display_name="X", time_zone="Europe/Berlin", currency="EUR", agreement=agreement, sources=sources,
        **given,
    )  # fmt: skip


AGREED = client(AccessRules())


def flags(row: dict, by: ClientParams = AGREED) -> dict[str, bool | None]:
    made = checked(frame(row), OCTOBER, by).iloc[0]
    return {name: None if pd.isna(made[name]) else bool(made[name]) for name in ("no_mfa", "old_key", "unused")}


def counts(rows: pd.DataFrame, by: ClientParams = AGREED, column: str = "access_count") -> dict[str, float]:
    return access.standing(rows, OCTOBER, by).set_index("access_check")[column].to_dict()


# Which snapshot.


def test_the_newest_snapshot_up_to_the_months_end_counts_and_no_later_one():
    rows = frame({"observed_at": BEFORE}, {"observed_at": at("2026-10-15")}, {"observed_at": SEEN},
                 {"observed_at": at("2026-10-31 23:00:01")})  # fmt: skip
    assert access.listing(rows, OCTOBER, AGREED)["principal"].tolist() == ["p2"]


@pytest.mark.parametrize(
    "seen, state",
    [("2026-10-31 23:00", "seen in the month"),  # midnight in Berlin, the month's end
     ("2026-09-30 22:00:01", "seen in the month"), ("2026-09-30 22:00", "older than the month")],
)  # fmt: skip
def test_a_month_begins_and_ends_on_the_clients_clock(seen, state):
    assert access.snapshots(frame({"observed_at": at(seen)}), OCTOBER, AGREED)["snapshot_state"].tolist() == [state]


def test_a_snapshot_from_before_the_month_is_told_and_passes_nothing():
    old = frame({"observed_at": BEFORE})
    seen = access.snapshots(old, OCTOBER, AGREED).iloc[0]
    assert seen["snapshot_state"] == "older than the month"
    assert seen["snapshot_age"] == pd.Timedelta(days=31, hours=11)  # the clock went back: 12:00 to 23:00 UTC
    scores = access.scorecard(old, OCTOBER, AGREED)
    assert scores["verdict"].tolist() == ["unknown"] * 3 and scores["coverage"].tolist() == [0.0] * 3
    assert scores["this_month"].isna().all() and scores["last_month"].tolist() == [0.0] * 3
    assert access.listing(old, OCTOBER, AGREED)["to_look_at"].tolist() == ["not seen this month"]


def test_each_account_of_a_source_is_a_place_with_a_snapshot_of_its_own():
    rows = frame({"account": "one"}, {"account": "two", "observed_at": at("2026-10-30")})
    assert len(access.listing(rows, OCTOBER, AGREED)) == 2
    stale = frame({"account": "one"}, {"account": "two", "observed_at": BEFORE})
    table = access.standing(stale, OCTOBER, AGREED)
    assert table["coverage"].tolist() == [0.5] * 5 and set(table["verdict"]) == {"unknown", ""}


def test_a_place_that_was_not_seen_never_makes_it_met_but_a_fault_elsewhere_is_missed():
    rows = frame({"account": "one", "mfa_enabled": False}, {"account": "two", "observed_at": BEFORE})
    verdicts = access.scorecard(rows, OCTOBER, AGREED).set_index("id")["verdict"]
    assert verdicts.to_dict() == {"access.mfa": "missed", "access.keys": "unknown", "access.unused": "unknown"}


def test_a_source_that_never_told_of_anything_is_a_place_not_seen():
    rows = access.snapshots(frame({}, source="aws"), OCTOBER, client(named=("aws", "github")))
    assert rows["source"].tolist() == ["aws", "github"]
    assert rows["snapshot_state"].tolist() == ["seen in the month", "never seen"]


def test_a_source_that_is_no_longer_named_counts_only_while_it_was_read():
    old, new = frame({"observed_at": BEFORE}, source="old"), frame({}, source="new")
    rows = pd.concat([old, new], ignore_index=True)
    now, named = client(named=("new",)), ["source"]
    assert access.snapshots(rows, OCTOBER, now)[named].to_numpy().tolist() == [["new"]]
    assert access.snapshots(rows, OCTOBER.previous(), now)["source"].tolist() == ["old", "new"]


def test_what_is_disabled_has_no_access():
    rows = frame({"is_enabled": False, "mfa_enabled": False}, {"is_enabled": True}, {"is_enabled": None})
    assert sorted(access.listing(rows, OCTOBER, AGREED)["principal"]) == ["p1", "p2"]
    assert counts(rows)["People without MFA"] == 0


# Second factors.


@pytest.mark.parametrize(
    "mfa, kind, privileged, needed",
    [("people", "person", False, True), ("people", "service", True, False), ("people", "unknown", False, None),
     ("people", "root", None, True), ("privileged", "person", False, False), ("privileged", "service", True, True),
     ("privileged", "person", None, None), ("privileged", "root", False, True), ("all", "service", False, True),
     ("all", "unknown", None, True)],
)  # fmt: skip
def test_who_needs_a_second_factor(mfa, kind, privileged, needed):
    by = client(AccessRules(mfa=mfa))
    row = {"kind": kind, "is_privileged": privileged}
    assert flags({**row, "mfa_enabled": False}, by)["no_mfa"] is needed
    assert flags({**row, "mfa_enabled": True}, by)["no_mfa"] is False
    assert flags({**row, "mfa_enabled": None}, by)["no_mfa"] is (False if needed is False else None)


def test_what_cannot_be_seen_is_counted_apart_and_unknown():
    rows = frame({"mfa_enabled": None}, {})
    table = access.standing(rows, OCTOBER, AGREED).set_index("access_check").loc["People without MFA"]
    assert (table["access_count"], table["access_unknown"], table["verdict"]) == (0, 1, "unknown")


def test_privilege_is_counted_but_is_no_fault():
    rows = frame({"is_privileged": True})
    assert access.standing(rows, OCTOBER, AGREED)["access_check"].iloc[-1] == "Privileged"
    faults = access.standing(rows, OCTOBER, AGREED, only_faults=True)
    assert "Privileged" not in set(faults["access_check"]) and set(faults["verdict"]) == {"met"}


def test_root_stands_apart_and_counts_once():
    rows = frame({"kind": "root", "mfa_enabled": False}, {"mfa_enabled": False})
    found = counts(rows)
    assert (found["Root or owner without MFA"], found["People without MFA"]) == (1, 1)
    assert access.scorecard(rows, OCTOBER, AGREED).set_index("id").loc["access.mfa", "this_month"] == 2


def test_a_service_is_not_asked_for_a_second_factor_where_only_people_are():
    rows = access.listing(frame({"kind": "service", "mfa_enabled": False}), OCTOBER, AGREED)
    assert rows[["mfa", "to_look_at"]].to_numpy().tolist() == [["not asked for", ""]]


# Keys, and use.


@pytest.mark.parametrize(
    "key, old",
    [({"key_created_at": OCTOBER.end - pd.Timedelta(days=90)}, False),
     ({"key_created_at": SEEN - pd.Timedelta(days=90)}, None),  # it passes the limit eleven hours after it was seen
     ({"key_created_at": SEEN - pd.Timedelta(days=90, seconds=1)}, True),
     ({"has_key": True}, None), ({"has_key": None}, None), ({"has_key": False}, False),
     ({"key_created_at": SEEN + pd.Timedelta(hours=1)}, False)],
)  # fmt: skip
def test_a_key_may_be_as_old_as_agreed_and_one_whose_age_is_not_seen_is_unknown(key, old):
    assert flags(key)["old_key"] is old


@pytest.mark.parametrize(
    "use, unused",
    [({"last_used_at": OCTOBER.end - pd.Timedelta(days=90)}, False),
     ({"last_used_at": SEEN - pd.Timedelta(days=90)}, None),  # nobody saw whether it was used in the last hours
     ({"last_used_at": SEEN - pd.Timedelta(days=90, seconds=1)}, True),
     ({"last_used_at": None}, None),
     ({"last_used_at": None, "never_used": True}, None),  # seen for the first time: new, or long there
     ({"last_used_at": None, "never_used": True, "created_at": SEEN - pd.Timedelta(days=9)}, False),
     ({"last_used_at": None, "never_used": True, "created_at": SEEN - pd.Timedelta(days=91)}, True),
     ({"last_used_at": None, "never_used": True, "key_created_at": SEEN - pd.Timedelta(days=91)}, True),
     ({"kind": "root", "last_used_at": at("2020-01-01")}, False)],
)  # fmt: skip
def test_unused_runs_from_the_last_use_or_from_when_it_was_made(use, unused):
    assert flags(use)["unused"] is unused


def test_a_key_made_after_the_snapshots_nominal_time_has_no_negative_age():
    assert access.listing(frame({"key_created_at": SEEN + pd.Timedelta(hours=1)}), OCTOBER, AGREED)[
        "key_age"
    ].tolist() == [pd.Timedelta(0)]


def test_what_was_never_used_and_was_first_seen_long_ago_is_unused():
    rows = frame(*({"principal": "p", "observed_at": when, "last_used_at": None, "never_used": True}
                   for when in (at("2026-07-31"), SEEN)))  # fmt: skip
    made = checked(rows, OCTOBER, AGREED).iloc[0]
    assert made["unused"] and made["unused_for"] == pd.Timedelta(days=92, hours=12)


@pytest.mark.parametrize(
    "key, unused",
    [({"key_last_used_at": SEEN - pd.Timedelta(days=91)}, True), ({"key_last_used_at": SEEN}, False), ({}, False),
     ({"has_unused_key": True}, True), ({"has_unused_key": True, "has_key": False, "key_created_at": None}, False),
     ({"has_unused_key": True, "key_created_at": SEEN - pd.Timedelta(days=5)}, False),
     ({"has_key": False, "key_created_at": None, "key_last_used_at": SEEN - pd.Timedelta(days=91)}, False)],
)  # fmt: skip
def test_a_key_that_is_not_used_counts_although_its_holder_signs_in(key, unused):
    assert flags({"has_key": True, "key_created_at": SEEN - pd.Timedelta(days=100), **key})["unused"] is unused


# What was agreed.


def test_the_rules_of_the_months_last_day_hold_and_each_month_has_its_own():
    strict = Agreement(starts_on=dt.date(2026, 10, 1), access=AccessRules(key_age="30d"))
    loose = Agreement(starts_on=dt.date(2025, 1, 1), ends_on=dt.date(2026, 9, 30), access=AccessRules(key_age="90d"))
    rows = frame({"key_created_at": SEEN - pd.Timedelta(days=40)},
                 {"observed_at": BEFORE, "key_created_at": BEFORE - pd.Timedelta(days=40)})  # fmt: skip
    both = AGREED.model_copy(update={"agreement": [loose, strict]})
    row = access.standing(rows, OCTOBER, both).set_index("access_check").loc["Keys too old"]
    assert (row["access_limit"], row["access_count"], row["access_before"]) == (pd.Timedelta(days=30), 1, 0)


@pytest.mark.parametrize("by", [client(), client().model_copy(update={"agreement": [
    Agreement(starts_on=dt.date(2025, 1, 1))]})])  # fmt: skip
def test_where_nothing_was_agreed_of_access_nothing_is_met_or_missed(by):
    bad = frame({"mfa_enabled": False, "key_created_at": at("2025-01-01")})
    table, scores = access.standing(bad, OCTOBER, by), access.scorecard(bad, OCTOBER, by)
    assert set(table["verdict"]) == {""} and counts(bad, by)["Keys too old"] == 1
    assert scores["target"].isna().all() and set(scores["verdict"]) == {"unknown"}


def test_all_seen_and_nothing_wrong_is_met():
    scores = access.scorecard(frame({}, {"kind": "root"}), OCTOBER, AGREED, baseline=OCTOBER.previous())
    assert scores["verdict"].tolist() == ["met"] * 3 and scores["target"].tolist() == [0.0] * 3
    assert scores["baseline"].isna().all()  # not seen in those days


def test_what_is_not_visible_is_not_seen_on_the_scorecard():
    # Of five only four need a second factor, and of one of these it cannot be seen.
    rows = frame({}, {}, {}, {"mfa_enabled": None}, {"kind": "service", "mfa_enabled": None})
    row = access.scorecard(rows, OCTOBER, AGREED).set_index("id").loc["access.mfa"]
    assert (row["this_month"], row["coverage"], row["verdict"], row["worst"]) == (0, 0.75, "unknown", 1)
    keys = frame({"has_key": None}, {"has_key": False, "key_created_at": None}, {"key_created_at": SEEN})
    assert access.scorecard(keys, OCTOBER, AGREED).set_index("id").loc["access.keys", "coverage"] == 0.5


# Whose, and what changed.


def test_our_own_are_told_by_the_list_of_staff_or_by_the_source():
    rows = frame({"principal": "Lena@US.example", "belongs_to": "client"}, {"display_name": "lena@us.example"},
                 {"belongs_to": "ours"}, {"belongs_to": "Studio"}, {})  # fmt: skip
    made = access.listing(rows, OCTOBER, client(staff=["*@us.example"])).set_index("principal")["whose"]
    assert made.to_dict() == {"Lena@US.example": "ours", "p1": "ours", "p2": "ours", "p3": "Studio",
                              "p4": "not recorded"}  # fmt: skip


def test_said_to_be_ours_and_not_on_the_list_is_to_be_looked_at_where_there_is_a_list():
    rows = frame({"principal": "a@us.example", "belongs_to": "ours"}, {"principal": "b", "belongs_to": "ours"},
                 {"principal": "robot", "belongs_to": "ours", "kind": "service"})  # fmt: skip
    listed = access.listing(rows, OCTOBER, client(staff=["a@us.example"]), only_faults=True)
    assert listed[["principal", "to_look_at"]].to_numpy().tolist() == [["b", "not on our list of staff"]]
    assert access.listing(rows, OCTOBER, client(), only_faults=True).empty


def moved(now: dict | None, before: dict | None) -> list[list[str]]:
    rows = [{"principal": "stays", "observed_at": when} for when in (SEEN, BEFORE)]
    rows += [{"principal": "p", "observed_at": SEEN, **now}] if now is not None else []
    rows += [{"principal": "p", "observed_at": BEFORE, **before}] if before is not None else []
    return access.changes(frame(*rows), OCTOBER, AGREED)[["access_change", "what_changed"]].to_numpy().tolist()


@pytest.mark.parametrize(
    "now, before, expected",
    [({}, None, [["joined", ""]]), (None, {}, [["left", ""]]), ({}, {}, []),
     ({"is_enabled": False}, {}, [["left", ""]]), ({}, {"is_enabled": False}, [["joined", ""]]),
     ({"is_privileged": True}, {}, [["changed", "became privileged"]]),
     ({"mfa_enabled": False}, {}, [["changed", "MFA was turned off"]]),
     ({"mfa_enabled": None}, {}, []), ({}, {"mfa_enabled": None}, []),
     ({"has_key": True, "key_created_at": at("2026-10-02")}, {}, [["changed", "got a key"]]),
     ({"has_key": True, "key_created_at": at("2026-10-02")}, {"has_key": True, "key_created_at": at("2026-01-01")},
      [["changed", "another key"]]),
     ({"roles": "b", "mfa_enabled": True}, {"roles": "a", "mfa_enabled": False},
      [["changed", "MFA was turned on; other roles"]]),
     ({"roles": "b"}, {}, [])],
)  # fmt: skip
def test_who_joined_left_and_changed(now, before, expected):
    assert moved(now, before) == expected


def test_a_place_seen_for_the_first_time_has_nothing_to_compare_with():
    assert access.changes(frame({}, {}), OCTOBER, AGREED).empty
    assert pd.isna(access.snapshots(frame({}), OCTOBER, AGREED)["snapshot_before_at"].iloc[0])


def test_a_place_not_seen_this_month_is_not_compared():
    rows = frame({"observed_at": BEFORE}, {"observed_at": at("2026-08-31 12:00")})
    assert access.changes(rows, OCTOBER, AGREED).empty
    assert len(access.changes(rows, OCTOBER.previous(), AGREED)) == 2


def test_one_name_in_two_sources_is_two_accesses():
    both = [frame({"principal": "p", "observed_at": when}, source=source)
            for source, when in (("aws", SEEN), ("aws", BEFORE), ("git", BEFORE))]  # fmt: skip
    keep = frame({"principal": "q"}, source="git")
    rows = access.changes(pd.concat([*both, keep], ignore_index=True), OCTOBER, AGREED)
    assert rows[["access_change", "source", "principal"]].to_numpy().tolist() == [
        ["joined", "git", "q"], ["left", "git", "p"]
    ]  # fmt: skip


def test_the_list_to_sign_has_everyone_once_those_who_came_and_went_first():
    rows = frame(
        {"principal": "z-new"}, {"principal": "us"}, {"principal": "us", "observed_at": BEFORE}, {"principal": "a"},
        {"principal": "a", "observed_at": BEFORE}, {"principal": "gone", "observed_at": BEFORE},
        {"principal": "more", "is_privileged": True, "roles": "admin"}, {"principal": "more", "observed_at": BEFORE},
    )  # fmt: skip
    made = access.signoff(rows, OCTOBER, client(staff=["us"]))
    assert made[["access_change", "principal"]].to_numpy().tolist() == [
        ["joined", "z-new"], ["left", "gone"], ["changed", "more"], ["ours", "us"], ["", "a"]
    ]  # fmt: skip
    assert made.set_index("principal").loc["more", "access_roles"] == "privileged: admin"


def test_an_empty_frame_says_nothing_and_passes_nothing():
    none = frame()
    assert access.snapshots(none, OCTOBER, AGREED).empty and access.signoff(none, OCTOBER, AGREED).empty
    assert access.listing(none, OCTOBER, AGREED).empty and access.changes(none, OCTOBER, AGREED).empty
    assert access.standing(none, OCTOBER, AGREED)["access_count"].isna().all()
    assert access.standing(none, OCTOBER, AGREED, only_faults=True).empty
    assert set(access.scorecard(none, OCTOBER, AGREED)["verdict"]) == {"unknown"}
    assert all(pd.isna(value) for value in access.totals(none, OCTOBER, AGREED).values())


def test_totals_count_people_our_own_and_the_privileged():
    rows = frame({"kind": "root", "is_privileged": True}, {"belongs_to": "ours"}, {"is_privileged": None})
    assert access.totals(rows, OCTOBER, AGREED) == {"access": 3, "people": 2, "ours": 1, "privileged": 1}


lists = st.dictionaries(st.integers(-40, 35), st.sets(st.sampled_from("abcd"), min_size=1), max_size=5)


@given(lists, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_joined_and_left_equal_comparing_the_two_lists_by_hand(snapshots, order):
    start = OCTOBER.start
    rows = [{"principal": name, "observed_at": start + pd.Timedelta(days=day), "roles": "r"}
            for day, names in snapshots.items() for name in names]  # fmt: skip
    order.shuffle(rows)
    made = access.changes(frame(*rows), OCTOBER, AGREED) if rows else access.changes(frame(), OCTOBER, AGREED)
    now = max((day for day in snapshots if 0 < day <= 31), default=None)  # October 2026 has 31 days, and an hour
    before = max((day for day in snapshots if day <= 0), default=None)
    joined, left = set(), set()
    if now is not None and before is not None:
        joined, left = snapshots[now] - snapshots[before], snapshots[before] - snapshots[now]
    assert set(made.loc[made["access_change"] == "joined", "principal"]) == joined
    assert set(made.loc[made["access_change"] == "left", "principal"]) == left
    assert len(made) == len(joined) + len(left)


# What came after the snapshot.


def test_a_snapshot_from_the_start_of_the_month_passes_nothing_at_its_end():
    early = frame({"observed_at": at("2026-10-01 12:00"), "last_used_at": at("2026-10-01 12:00")})
    scores = access.scorecard(early, OCTOBER, AGREED)
    assert set(scores["verdict"]) == {"unknown"} and scores["coverage"].lt(0.05).all() and scores["worst"].isna().all()
    assert set(access.standing(early, OCTOBER, AGREED, only_faults=True)["verdict"]) == {"unknown"}


def test_a_snapshot_a_week_old_still_tells_of_the_months_end():
    week = frame({"observed_at": OCTOBER.end - pd.Timedelta(days=7)})
    assert set(access.scorecard(week, OCTOBER, AGREED)["verdict"]) == {"met"}


def test_what_an_early_snapshot_shows_to_be_wrong_is_missed_all_the_same():
    early = frame({"observed_at": at("2026-10-01 12:00"), "mfa_enabled": False})
    assert access.scorecard(early, OCTOBER, AGREED).set_index("id").loc["access.mfa", "verdict"] == "missed"


def test_a_key_that_comes_of_age_between_the_snapshot_and_the_months_end_is_said_to():
    rows = frame({"key_created_at": SEEN - pd.Timedelta(days=90)})
    assert access.listing(rows, OCTOBER, AGREED)["to_look_at"].tolist() == ["its key came of age after it was seen"]
    assert counts(rows, column="access_unknown")["Keys too old"] == 1


def test_a_key_whose_last_use_passes_the_limit_before_the_months_end_may_be_unused():
    key = {"has_key": True, "key_created_at": SEEN - pd.Timedelta(days=5)}
    assert flags({**key, "key_last_used_at": SEEN - pd.Timedelta(days=90)})["unused"] is None

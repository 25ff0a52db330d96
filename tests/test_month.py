"""A client's month: which one, what comes with it, and what is said of what was seen."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport.completeness import absent, completeness
from opsreport.coverage import Coverage, share_seen
from opsreport.errors import OpsreportError, ParamsError, PeriodError, SchemaError, StoreError
from opsreport.month import load
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.store import Store

HEAD = "client: acme\ndisplay_name: Acme\ntime_zone: Europe/Berlin\ncurrency: EUR\n"
NOW = pd.Timestamp("2026-11-10", tz="UTC")
OCTOBER = Period.month("2026-10", "Europe/Berlin")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def incidents(*opened):
    held = {
        "incident_id": [str(n) for n in range(len(opened))],
        "opened_at": [at(one) for one in opened],
        "resolved_at": [at(one) + pd.Timedelta("1h") for one in opened],
    }
    return FRAMES["incident"].conform(pd.DataFrame(held))


@pytest.fixture
def home(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "acme.yaml").write_text(HEAD, "utf-8")
    return tmp_path


@pytest.fixture
def collected(home):
    """Put rows into the store as one reading of a source."""

    def put(rows=None, frame="incident", status="ok", source="x", window=None, why="", observed=None, now=NOW,
            inputs="[]"):  # fmt: skip
        start, end = window or (OCTOBER.start, OCTOBER.end)
        seen = observed or ((pd.NaT, pd.NaT) if status == "unavailable" else (start, end))
        rows = FRAMES[frame].empty() if rows is None else rows
        about = Coverage(frame, source, start, end, *seen, len(rows), status, why, inputs)
        Store(home / "store", "acme").merge(rows, about, now)

    return put


def params(home, more):
    (home / "params" / "acme.yaml").write_text(HEAD + more, "utf-8")


def test_the_last_full_month_is_the_default_on_the_clients_clock(home, collected):
    collected(incidents("2026-10-02"))
    assert load("acme", home=home, now=NOW).period == OCTOBER
    # 23:30 UTC on 31 October is half past midnight on 1 November in Berlin.
    assert load("acme", home=home, now=at("2026-10-31 23:30")).period.name == "2026-10"
    assert load("acme", home=home, now=at("2026-10-31 22:30")).period.name == "2026-09"


def test_a_month_that_still_runs_is_a_draft(home, collected):
    collected(incidents("2026-10-02"))
    assert load("acme", "2026-10", home=home, now=at("2026-10-20")).state == "draft"
    assert load("acme", "2026-10", home=home, now=OCTOBER.end - pd.Timedelta("1us")).state == "draft"
    assert load("acme", "2026-10", home=home, now=OCTOBER.end).state == "final"


@pytest.mark.parametrize("month", ["2026-12", "2026-11-11_2026-11-12", "2199-12"])
def test_a_month_that_has_not_begun_is_refused(home, collected, month):
    collected()
    with pytest.raises(PeriodError, match=r"acme: .* has not begun"):
        load("acme", month, home=home, now=NOW)


@pytest.mark.parametrize(
    "month", ["2026-13", "october", "2026-10-01", "2026-10-05_2026-10-01", "_", "2026-10_", "1200-01"]
)
def test_what_is_no_month_is_refused(home, collected, month):
    collected()
    with pytest.raises(PeriodError):
        load("acme", month, home=home, now=NOW)


def test_a_run_of_days_is_a_period_and_a_whole_month_of_days_is_the_month(home, collected):
    collected(incidents("2026-10-02"))
    made = load("acme", "2026-10-05_2026-10-11", home=home, now=NOW)
    assert (made.period.day_count, made.period.start) == (7, at("2026-10-04 22:00"))
    assert load("acme", "2026-10-01_2026-10-31", home=home, now=NOW).period == OCTOBER


def test_nothing_collected_unknown_clients_and_no_home_are_said(home, tmp_path):
    with pytest.raises(StoreError, match=r"opsreport collect acme"):
        load("acme", "2026-10", home=home, now=NOW)
    with pytest.raises(ParamsError, match=r"opsreport init"):
        load("other", "2026-10", home=home, now=NOW)
    with pytest.raises(ParamsError, match=r"no params folder"):
        load("acme", "2026-10", home=tmp_path / "elsewhere", now=NOW)
    with pytest.raises(OpsreportError):
        load("../acme", "2026-10", home=home, now=NOW)


def test_thirteen_months_come_with_a_month_and_no_more(home, collected):
    collected(incidents("2025-09-01", "2025-10-02", "2026-10-02", "2026-12-01"), window=(at("2025-09-01"), OCTOBER.end))
    made = load("acme", "2026-10", home=home, now=NOW)
    assert made.incident["incident_id"].tolist() == ["1", "2"]


def test_a_baseline_from_before_that_is_loaded_too(home, collected):
    params(home, "baseline: {first: 2024-03-01, last: 2024-03-31}\n")
    collected(incidents("2024-02-01", "2024-03-15", "2026-10-02"), window=(at("2024-01-01"), OCTOBER.end))
    made = load("acme", "2026-10", home=home, now=NOW)
    assert made.incident["incident_id"].tolist() == ["1", "2"]
    assert made.baseline.name == "2024-03" and made.baseline.zone == "Europe/Berlin"


def test_a_row_at_the_months_border_belongs_to_the_clients_month_and_a_charge_to_the_bills(home, collected):
    edges = ("2026-09-30 21:59", "2026-09-30 22:00", "2026-10-31 22:59", "2026-10-31 23:00")
    collected(incidents(*edges))
    held = {
        "billing_period_start": [at("2026-10-01")] * 2,
        "charge_period_start": [at("2026-10-01"), at("2026-10-31 23:30")],
        "charge_category": ["Usage"] * 2,
        "billed_cost": [Decimal(1)] * 2,
        "billing_currency": ["EUR"] * 2,
    }
    collected(FRAMES["cost"].conform(pd.DataFrame(held)), "cost", window=(at("2026-10-01"), at("2026-11-01")))
    made = load("acme", "2026-10", home=home, now=NOW)
    assert made.period.contains(made.incident["opened_at"]).tolist() == [False, True, True, False]
    assert made.period.bill.contains(made.cost["charge_period_start"]).tolist() == [True, True]
    assert made.period.contains(made.cost["charge_period_start"]).tolist() == [True, False]


def test_rows_are_named_corrected_and_listed(home, collected):
    params(home, "services: {shop: {owner: Jo, aliases: {x: [svc-1]}}}\n")
    (home / "params" / "acme.corrections.yaml").write_text(
        "corrections:\n"
        "- {by: Jo, on: 2026-10-20, why: w, frame: incident, match: {incident_id: '0'}, set: {is_drill: true}}\n"
        "- by: Jo\n  on: 2026-10-20\n  why: w\n"
        "  excuse: {monitor: m, starts_at: 2026-10-02T10:00, ends_at: 2026-10-02T11:00}\n"
    )
    collected(incidents("2026-10-02", "2026-10-03").assign(service=["svc-1", "svc-2"]))
    made = load("acme", "2026-10", home=home, now=NOW)
    assert made.incident["service"].tolist() == ["shop", "svc-2"]
    assert made.incident["is_drill"].fillna(False).tolist() == [True, False]
    assert made.gaps.to_dict("records") == [{"frame": "incident", "source": "x", "name": "svc-2", "rows": 1}]
    assert len(made.corrections) == 2 and made.excused["starts_at"].tolist() == [at("2026-10-02 08:00")]


def test_a_vulnerability_that_is_listed_no_more_is_fixed_from_the_first_whole_reading_without_it(home, collected):
    weak = FRAMES["vulnerability"].conform(pd.DataFrame({
        "finding_id": ["1"], "severity": ["high"], "found_at": [at("2026-10-01")], "last_seen_at": [at("2026-10-02")],
    }))  # fmt: skip
    days = [(at(f"2026-10-{day:02}"), at(f"2026-10-{day + 1:02}")) for day in (1, 2, 3, 4)]
    for number, (day, status) in enumerate(zip(days, ("ok", "partial", "ok", "ok"), strict=True)):
        collected(None if number else weak, "vulnerability", status, observed=day)
    assert load("acme", home=home, now=NOW).vulnerability["fixed_at"].tolist() == [at("2026-10-04")]


def test_the_store_is_not_changed_by_loading(home, collected):
    collected(incidents("2026-10-02"))
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    load("acme", "2026-10", home=home, now=NOW)
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_frames_are_attributes_and_nothing_else_is(home, collected):
    collected(incidents("2026-10-02"))
    made = load("acme", "2026-10", home=home, now=NOW)
    assert made.incident is made.frames["incident"]
    with pytest.raises(AttributeError, match=r"its frames are cost"):
        made.incidents  # noqa: B018


def test_inputs_are_listed_with_their_frame_and_source(home, collected):
    start, end = OCTOBER.start, OCTOBER.end
    inputs = '[{"bytes": 3, "path": "a.csv", "sha256": "00"}]'
    about = Coverage("incident", "x", start, end, start, end, 0, "ok", "", inputs)
    Store(home / "store", "acme").merge(FRAMES["incident"].empty(), about, NOW)
    made = load("acme", "2026-10", home=home, now=NOW)
    assert made.inputs() == [{"frame": "incident", "source": "x", "path": "a.csv", "sha256": "00", "bytes": 3}]


# What was seen.


def told(home, frame="incident"):
    rows = completeness(load("acme", "2026-10", home=home, now=NOW))
    return rows[rows["frame"] == FRAMES[frame].title][["source", "coverage", "status", "note"]].to_numpy().tolist()


SOURCE = "sources: {incident: [{x: {}}]}\n"


def test_a_frame_that_no_source_fills_says_so(home, collected):
    collected()
    assert told(home, "change") == [["none", 0.0, "no source", "no source is named in the client's file"]]


def test_a_source_that_was_never_read_says_so(home, collected):
    params(home, "sources: {incident: [{x: {}}], deployment: [{table: {name: ours}}]}\n")
    collected()
    assert told(home, "deployment") == [["ours", 0.0, "not collected", "never read"]]


def test_a_month_that_was_seen_whole_is_ok_also_without_a_row(home, collected):
    params(home, SOURCE)
    collected()
    assert told(home) == [["x", 1.0, "ok", ""]]


def test_two_readings_that_meet_make_a_whole_month(home, collected):
    params(home, SOURCE)
    middle = at("2026-10-16")
    collected(window=(OCTOBER.start, middle))
    collected(window=(middle, OCTOBER.end))
    assert told(home) == [["x", 1.0, "ok", ""]]


def test_a_part_of_the_month_is_partial_and_says_which(home, collected):
    params(home, SOURCE)
    collected(observed=(OCTOBER.start, at("2026-10-16 10:30")), why="3 times are doubtful")
    ((_, share, status, note),) = told(home)
    assert share == pytest.approx((15 * 24 + 12.5) / 745) and status == "partial"
    assert note == "3 times are doubtful; it tells of 1 Oct, 00:00 to 16 Oct, 12:30 only"


def test_a_reading_that_was_partial_stays_partial_and_says_why(home, collected):
    params(home, SOURCE)
    collected(status="partial", why="page 2 is missing")
    assert told(home) == [["x", 1.0, "partial", "page 2 is missing"]]


def test_what_could_not_be_read_is_unavailable(home, collected):
    params(home, SOURCE)
    collected(status="unavailable", why="timeout")
    assert told(home) == [["x", 0.0, "unavailable", "timeout"]]


def test_a_reading_that_told_of_nothing_is_partial(home, collected):
    params(home, SOURCE)
    collected(observed=(pd.NaT, pd.NaT))
    assert told(home) == [["x", 0.0, "partial", "no rows"]]


def test_another_months_reading_does_not_make_this_month_ok(home, collected):
    params(home, SOURCE)
    collected(window=(at("2026-08-01"), at("2026-09-01")))
    ((_, share, status, note),) = told(home)
    assert (share, status) == (0.0, "partial") and "1 Aug" in note


def test_a_bills_month_is_counted_in_utc(home, collected):
    params(home, "sources: {cost: [{x: {}}]}\n")
    collected(frame="cost", window=(at("2026-10-01"), at("2026-11-01")))
    assert told(home, "cost") == [["x", 1.0, "ok", ""]]


def charges(*days):
    start = pd.to_datetime(pd.Series(days), utc=True).dt.as_unit("us")
    return FRAMES["cost"].conform(pd.DataFrame({
        "billing_period_start": at("2026-10-01"), "charge_period_start": start, "charge_category": "Usage",
        "charge_period_end": start + pd.Timedelta("1D"), "billed_cost": Decimal(1), "billing_currency": "EUR",
    }))  # fmt: skip


def bill_seen(home):
    return share_seen(load("acme", "2026-10", home=home, now=NOW).seen("cost"), OCTOBER.bill)


@pytest.mark.parametrize("frame", ["commitment", "cost_anomaly"])
def test_what_is_told_by_the_bills_month_is_whole_for_a_client_off_utc(home, collected, frame):
    params(home, f"sources: {{{frame}: [{{x: {{}}}}]}}\n")
    collected(frame=frame, window=(at("2026-10-01"), at("2026-11-01")))
    assert told(home, frame) == [["x", 1.0, "ok", ""]]


def test_a_commitments_row_is_of_the_bills_month_alone(home, collected):
    months = [at("2026-09-01"), at("2026-10-01"), at("2026-11-01")]
    rows = pd.DataFrame({"commitment_id": "plan", "started_at": months[:2], "ended_at": months[1:],
                         "billing_currency": "USD"})  # fmt: skip
    collected(FRAMES["commitment"].conform(rows), frame="commitment", window=(months[0], months[2]))
    assert load("acme", "2026-10", home=home, now=NOW).rows("commitment")["started_at"].tolist() == [months[1]]


def test_one_source_does_not_make_up_for_what_another_lacks(home, collected):
    params(home, "sources: {cost: [{x: {}}, {y: {}}]}\n")
    collected(frame="cost", window=(at("2026-10-01"), at("2026-11-01")))
    assert bill_seen(home) == 0.5  # y was never read
    collected(frame="cost", source="y", window=(at("2026-10-01"), at("2026-11-01")))
    assert bill_seen(home) == 1


def test_a_source_that_is_no_longer_named_came_before_the_one_that_is(home, collected):
    params(home, "sources: {cost: [{y: {}}]}\n")
    collected(frame="cost", source="x", window=(at("2026-10-01"), at("2026-10-16")))
    collected(frame="cost", source="y", window=(at("2026-10-16"), at("2026-11-01")))
    assert bill_seen(home) == 1


def test_a_file_that_could_not_be_read_is_missing_from_what_was_seen(home, collected):
    params(home, "sources: {cost: [{x: {}}]}\n")
    inputs = '[{"path": "a.csv", "sha256": "", "bytes": 1}, {"path": "b.csv", "unread": "it is broken"}]'
    collected(frame="cost", status="partial", window=(at("2026-10-01"), at("2026-11-01")), inputs=inputs)
    assert bill_seen(home) == 0.5


def test_days_of_a_bill_without_usage_were_not_seen(home, collected):
    params(home, "sources: {cost: [{x: {}}]}\n")
    days = [f"2026-10-{day:02d}" for day in range(1, 32) if day not in (10, 11)]
    collected(charges(*days), frame="cost", window=(at("2026-10-01"), at("2026-11-01")))
    assert bill_seen(home) == pytest.approx(29 / 31)
    assert told(home, "cost")[0][1:3] == [pytest.approx(29 / 31), "partial"]


def test_time_in_which_every_monitor_was_paused_was_not_observed(home, collected):
    params(home, "sources: {monitor_state: [{x: {}}]}\n")
    days = (at("2026-10-01"), at("2026-10-11"))
    states = {"monitor": ["shop", "shop", "mail"], "state": ["paused", "up", "down"],
              "started_at": [days[0], at("2026-10-06"), at("2026-10-08")],
              "ended_at": [at("2026-10-06"), at("2026-10-07"), at("2026-10-09")]}  # fmt: skip
    collected(FRAMES["monitor_state"].conform(pd.DataFrame(states)), frame="monitor_state", window=days)
    month = load("acme", "2026-10", home=home, now=NOW)
    # Of ten days that were read, somebody watched on the 6th and on the 8th.
    assert month.seen("monitor_state").share(Period.days("2026-10-01", "2026-10-10", "UTC")) == pytest.approx(0.2)
    row = completeness(month).set_index("source").loc["x"]
    assert row["coverage"] > 0.3  # it was read all the same
    # Two days of October's 31, which have 745 hours on the client's clock: 48 / 745.
    assert row["note"].endswith("a state was seen for 6.4% of the time")


# The rows behind a figure.


def test_the_rows_of_a_month_are_those_with_time_in_it_and_with_the_values_asked_for(home, collected):
    rows = incidents("2026-09-30 21:30", "2026-10-02", "2026-10-05", "2026-11-02")
    rows["severity"] = pd.Series(["SEV1", "SEV1", None, "SEV1"], dtype=rows["severity"].dtype)
    collected(rows, window=(at("2026-09-01"), at("2026-12-01")))
    month = load("acme", "2026-10", home=home, now=NOW)
    assert month.rows("incident")["incident_id"].tolist() == ["0", "1", "2"]  # the first lasts into October
    assert month.rows("incident", severity="SEV1")["incident_id"].tolist() == ["0", "1"]
    assert month.rows("incident", severity=None)["incident_id"].tolist() == ["2"]
    assert month.rows("incident", "last_month")["incident_id"].tolist() == ["0"]
    assert month.rows("incident", "history")["incident_id"].tolist() == ["0", "1", "2"]
    assert month.rows("incident", "baseline").empty and month.rows("cost", service="x").empty
    with pytest.raises(SchemaError, match=r"cost has no column 'servicename'\nHint: did you mean service_name\?"):
        month.rows("cost", servicename="x")
    with pytest.raises(SchemaError, match=r"there is no frame 'costs'\nHint: did you mean cost\?"):
        month.rows("costs")


def test_a_month_says_in_a_line_whose_it_is_and_what_it_holds(home, collected):
    collected(incidents("2026-10-02", "2026-10-05"))
    assert repr(load("acme", "2026-10", home=home, now=NOW)) == "<Month acme 2026-10, final: rows of incident 2>"


def test_charges_are_placed_by_their_start_in_the_bills_own_month(home, collected):
    rows = FRAMES["cost"].conform(pd.DataFrame([
        {"billing_period_start": at("2026-10-01"), "charge_period_start": at(start), "charge_category": "Usage",
         "charge_period_end": at(end), "billed_cost": Decimal(1), "billing_currency": "EUR"}
        for start, end in (("2026-09-30 23:00", "2026-10-02"), ("2026-10-01", "2026-10-02"),
                           ("2026-10-31", "2026-11-02"))
    ]))  # fmt: skip
    collected(rows, frame="cost", window=(at("2026-10-01"), at("2026-11-01")))
    found = load("acme", "2026-10", home=home, now=NOW).rows("cost")
    assert found["charge_period_start"].tolist() == [at("2026-10-01"), at("2026-10-31")]


def test_a_month_brings_the_decisions_that_stand_beside_its_clients_file(home, collected):
    collected(incidents("2026-10-10"))
    month = load("acme", "2026-10", home=home, now=NOW)
    assert month.decisions.actions == []
    said = "actions: [{id: a, title: A, owner: Jo, agreed_on: 2026-10-01, due_on: 2026-10-02}]\n"
    (home / "params" / "acme.decisions.yaml").write_text(said, "utf-8")
    assert [one.id for one in month.decisions.actions] == ["a"]


def test_a_section_without_rows_says_which_source_is_missing_and_since_when(home, collected):
    collected(incidents("2026-09-10"), window=(at("2026-09-01"), at("2026-09-20 22:00")), source="desk")
    month = load("acme", "2026-10", home=home, now=NOW)
    assert absent(month, "backup") == (
        "No source of backups is named in the client's file, so nothing can be said of them."
    )
    desk = "sources:\n  incident:\n    - table: {name: desk, path: x.csv}\n"
    params(home, f"{desk}  alert:\n    - table: {{path: y.csv}}\n")
    month = load("acme", "2026-10", home=home, now=NOW)
    assert "only up to 21 Sept 2026: what came after is not known" in absent(month, "incident")
    assert absent(month, "alert").startswith("Nothing was ever read from table, the source of alerts")
    assert absent(load("acme", "2026-09", home=home, now=NOW), "incident") == ""


def rules_of(*instants):
    rows = {"alert_name": "disk", "observed_at": [at(one) for one in instants]}
    return FRAMES["alarm_rule"].conform(pd.DataFrame(rows))


def test_what_was_first_read_after_the_month_is_not_said_to_be_known_up_to_that_day(home, collected):
    params(home, "sources: {alarm_rule: [{aws_alarms: {}}], ticket: [{desk: {}}], log_group: [{aws_logs: {}}]}\n")
    read_on = at("2026-11-24 16:00")
    day = {"window": (OCTOBER.start, OCTOBER.end), "observed": (read_on - pd.Timedelta("1D"), read_on), "now": read_on}
    collected(rules_of("2026-11-24 16:00"), frame="alarm_rule", source="aws_alarms", **day)
    collected(frame="ticket", source="desk", window=(at("2026-11-05"), read_on))
    month = load("acme", "2026-10", home=home, now=read_on)
    assert absent(month, "alarm_rule") == (
        "aws_alarms, the source of alarm rules, was first read on 24 Nov 2026, after these days had ended, and shows "
        "things only as they are when it is read: how they stood in these days is not known."
    )
    assert absent(month, "ticket") == (
        "desk, the source of support requests, tells of these only from 5 Nov 2026 on: what came before is not known."
    )
    assert absent(month, "log_group").startswith("Nothing was ever read from aws_logs")
    assert absent(load("acme", "2026-11", home=home, now=read_on), "alarm_rule") == ""


def test_a_first_reading_in_the_night_after_the_month_is_of_its_last_day_only_by_the_clock(home, collected):
    params(home, "sources: {alarm_rule: [{aws_alarms: {}}]}\n")
    read_on = OCTOBER.end + pd.Timedelta("30min")
    collected(rules_of(str(read_on.tz_localize(None))), frame="alarm_rule", source="aws_alarms",
              observed=(read_on - pd.Timedelta("1D"), read_on), now=read_on)  # fmt: skip
    assert "was first read on 1 Nov 2026" in absent(load("acme", "2026-10", home=home, now=NOW), "alarm_rule")
    before = OCTOBER.end - pd.Timedelta("30min")
    collected(rules_of(str(before.tz_localize(None))), frame="alarm_rule", source="aws_alarms",
              observed=(before - pd.Timedelta("1D"), before), now=before)  # fmt: skip
    assert absent(load("acme", "2026-10", home=home, now=NOW), "alarm_rule") == ""

"""The table source: declared columns, exact numbers, times with a zone, nothing skipped."""

import datetime as dt
import gzip
import json
import math
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.period import Period
from opsreport.sources import table

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
real = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def read(folder, frame, path, **given):
    made = sources.settings_of(table, {"path": path, **given}, frame=frame, folder=Path(folder), zone="UTC")
    return sources.read(table, made, Period.month("2026-10"))


def csv(folder, text, name="t.csv"):
    (folder / name).write_text(text)
    return name


INCIDENT = {"incident_id": "key", "opened_at": "created", "resolved_at": "resolved"}


def test_only_declared_columns_are_taken(tmp_path):
    name = csv(tmp_path, "key,created,resolved,title\n7,2026-10-01T10:00:00Z,NULL,down\n")
    rows, coverage = read(tmp_path, "incident", name, columns=INCIDENT)
    assert coverage.status == "ok"
    row = rows.iloc[0]
    assert (row["incident_id"], row["opened_at"]) == ("7", at("2026-10-01 10:00"))
    assert pd.isna(row["resolved_at"]) and pd.isna(row["title"])


def test_without_a_declaration_the_names_must_be_the_frames(tmp_path):
    name = csv(tmp_path, "incident_id,opened_at,who\n7,2026-10-01T10:00:00Z,me\n")
    assert "incident has no column who" in read(tmp_path, "incident", name)[1].why
    name = csv(tmp_path, "incident_id,opened_at\n7,2026-10-01T10:00:00Z\n")
    assert len(read(tmp_path, "incident", name)[0]) == 1


def test_a_column_that_is_not_there_is_named_with_what_may_be_meant(tmp_path):
    name = csv(tmp_path, "key,created_at,resolved\n")
    why = read(tmp_path, "incident", name, columns=INCIDENT)[1].why
    assert "no column 'created'\nHint: did you mean created_at?" in why


def test_a_frame_column_that_does_not_exist_is_a_fault_of_the_clients_file():
    with pytest.raises(ParamsError, match="incident has no column sevrity"):
        sources.settings_of(table, {"path": "x", "columns": {"sevrity": "s"}}, frame="incident")


def test_what_is_required_and_not_mapped_is_said(tmp_path):
    name = csv(tmp_path, "key\n7\n")
    why = read(tmp_path, "incident", name, columns={"incident_id": "key"})[1].why
    assert "incident needs opened_at" in why


def test_words_are_translated_and_constants_fill(tmp_path):
    name = csv(tmp_path, "id,start,result\n1,2026-10-01 10:00:00Z,OK\n2,2026-10-02 10:00:00Z,BAD\n")
    given = {
        "columns": {"deployment_id": "id", "started_at": "start", "outcome": "result"},
        "values": {"outcome": {"OK": "success"}},
        "constants": {"environment": "production", "is_rework": False},
    }
    why = read(tmp_path, "deployment", name, **given)[1].why
    assert "t.csv, row 2, result: 'BAD' is none of success" in why
    given["values"]["outcome"]["BAD"] = "failure"
    rows, _ = read(tmp_path, "deployment", name, **given)
    assert rows["outcome"].tolist() == ["success", "failure"]
    assert rows["environment"].tolist() == ["production"] * 2 and rows["is_rework"].tolist() == [False] * 2
    assert rows["needed_intervention"].isna().all()


def test_flags_are_read_in_any_of_their_words_and_in_no_other(tmp_path):
    columns = {"incident_id": "i", "opened_at": "t", "is_drill": "d"}
    body = "".join(f"{n},2026-10-01T00:00:00Z,{word}\n" for n, word in enumerate(("true", "NO", "1", "0", "")))
    rows, _ = read(tmp_path, "incident", csv(tmp_path, "i,t,d\n" + body), columns=columns)
    assert rows["is_drill"].tolist()[:4] == [True, False, True, False] and pd.isna(rows["is_drill"].iloc[4])
    name = csv(tmp_path, "i,t,d\n1,2026-10-01T00:00:00Z,maybe\n")
    assert "'maybe' is neither true nor false" in read(tmp_path, "incident", name, columns=columns)[1].why


BILL = "billing_period_start,charge_period_start,charge_period_end,charge_category,billing_currency,billed_cost\n"
LINE = "2026-10-01T00:00:00Z,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,Usage,USD,"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.10", "1.1"), ("1e-5", "0.00001"), ("-.5", "-0.5"), ("12345678901234567890.123456789012345678",) * 2],
)
def test_numbers_are_exact(tmp_path, text, value):
    rows, _ = read(tmp_path, "cost", csv(tmp_path, BILL + LINE + text + "\n"))
    assert rows["billed_cost"].tolist() == [Decimal(value)]


@pytest.mark.parametrize("text", ['"1,234.5"', "$5", "1_000", "nan", "1e20", "0x10"])
def test_what_is_no_number_is_refused_with_its_place(tmp_path, text):
    coverage = read(tmp_path, "cost", csv(tmp_path, BILL + LINE + "1\n" + LINE + text + "\n"))[1]
    assert coverage.status == "unavailable" and "t.csv, row 2, billed_cost" in coverage.why


def test_json_and_parquet_numbers_do_not_pass_through_binary_floats(tmp_path):
    fields = dict(zip(BILL.strip().split(","), (LINE + "0").split(","), strict=True))
    text = json.dumps(fields).replace('"billed_cost": "0"', '"billed_cost": 0.1000000000000000055')
    (tmp_path / "t.jsonl").write_text(text + "\n\n")
    assert read(tmp_path, "cost", "t.jsonl")[0]["billed_cost"].tolist() == [Decimal("0.100000000000000006")]
    pd.DataFrame([fields | {"billed_cost": 0.1}]).to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path, "cost", "t.parquet")[0]["billed_cost"].tolist() == [Decimal("0.1")]


def test_a_time_without_a_zone_needs_one_declared(tmp_path):
    name = csv(tmp_path, "key,created,resolved\n7,2026-10-01 10:00:00,\n")
    why = read(tmp_path, "incident", name, columns=INCIDENT)[1].why
    assert "is a time without a time zone\nHint: declare timezone" in why
    rows, _ = read(tmp_path, "incident", name, columns=INCIDENT, timezone="Europe/Berlin")
    assert rows["opened_at"].tolist() == [at("2026-10-01 08:00")]


def test_times_that_a_clock_showed_twice_or_never_are_said(tmp_path):
    # Berlin 2026: 25 October 02:30 came twice, 29 March 02:30 never did.
    times = ["2026-10-25 02:30:00", "2026-03-29 02:30:00", "2026-10-25 02:30:00Z"]
    name = csv(tmp_path, "key,created,resolved\n" + "".join(f"{n},{time},\n" for n, time in enumerate(times)))
    rows, coverage = read(tmp_path, "incident", name, columns=INCIDENT, timezone="Europe/Berlin")
    assert rows["opened_at"].tolist() == [at("2026-10-25 00:30"), at("2026-03-29 01:30"), at("2026-10-25 02:30")]
    assert coverage.status == "ok" and coverage.why.startswith("2 times that the clocks of Europe/Berlin")


def test_forms_of_time_are_declared_never_guessed(tmp_path):
    name = csv(tmp_path, "key,created,resolved\n1,4/1/25,1743552000\n")
    given = {"columns": INCIDENT, "timezone": "UTC"}
    assert "'4/1/25' is not a time" in read(tmp_path, "incident", name, **given)[1].why
    rows, _ = read(tmp_path, "incident", name, time_format={"opened_at": "%m/%d/%y", "resolved_at": "unix"}, **given)
    assert rows.loc[0, ["opened_at", "resolved_at"]].tolist() == [at("2025-04-01"), at("2025-04-02")]


@pytest.mark.parametrize("broken", ["1,2026-10-01T00:00:00Z\n", '"1,2026\n', "1,2,3,4\n"])
def test_a_broken_row_is_an_error_that_names_the_line(tmp_path, broken):
    name = csv(tmp_path, "key,created,resolved\n0,2026-10-01T00:00:00Z,\n" + broken)
    rows, coverage = read(tmp_path, "incident", name, columns=INCIDENT)
    assert coverage.status == "unavailable" and len(rows) == 0 and "t.csv cannot be read: line 3" in coverage.why


def test_lines_that_do_not_all_end_alike_are_said_so_and_not_in_the_words_of_a_parser(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"incident_id,opened_at\r\n1,2026-10-05\n2,2026-10-06\r\n")
    why = read(tmp_path, "incident", "t.csv", timezone="UTC")[1].why
    assert "t.csv cannot be read: its lines do not all end alike" in why and "one kind of line ending" in why


def test_text_that_is_not_utf_8_is_an_error(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"key,created,resolved\n\xe9,2026-10-01T00:00:00Z,\n")
    assert read(tmp_path, "incident", "t.csv", columns=INCIDENT)[1].status == "unavailable"


def test_nested_json_is_reached_by_dotted_names(tmp_path):
    page = {"data": {"items": [{"id": 7, "at": {"open": "2026-10-01T10:00:00Z"}, "who": {"b": 1, "a": 2}}]}}
    (tmp_path / "t.json").write_text(json.dumps(page))
    columns = {"incident_id": "id", "opened_at": "at.open", "title": "who"}
    rows, _ = read(tmp_path, "incident", "t.json", rows="data.items", columns=columns)
    assert rows.loc[0, ["incident_id", "title"]].tolist() == ["7", '{"a":2,"b":1}']
    assert "holds no list of rows" in read(tmp_path, "incident", "t.json", columns=columns)[1].why


def test_the_same_rows_in_every_format_and_column_order_give_the_same_frame(tmp_path):
    frame = pd.DataFrame({"key": ["1", "2"], "created": ["2026-10-01T10:00:00Z"] * 2, "resolved": ["", ""]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame[["resolved", "key", "created"]].to_csv(tmp_path / "b.csv.gz", index=False)
    frame.to_csv(tmp_path / "c.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "d.parquet")
    frame.to_json(tmp_path / "e.json", orient="records")
    (tmp_path / "f.jsonl.gz").write_bytes(gzip.compress(frame.to_json(orient="records", lines=True).encode()))
    read_all = [read(tmp_path, "incident", path.name, columns=INCIDENT)[0] for path in sorted(tmp_path.iterdir())]
    assert len(read_all) == 6
    for other in read_all:
        pd.testing.assert_frame_equal(read_all[0], other)
    # All of them at once: the same two records, each once.
    assert len(read(tmp_path, "incident", ".", columns=INCIDENT)[0]) == 2


def test_two_rows_that_share_a_key_and_differ_are_refused(tmp_path):
    name = csv(tmp_path, "key,created,resolved\n1,2026-10-01T00:00:00Z,\n1,2026-10-02T00:00:00Z,\n")
    why = read(tmp_path, "incident", name, columns=INCIDENT)[1].why
    assert "two rows of incident differ, but share incident_id 1" in why


CHECK = {"monitor": "m", "started_at": "t", "state": "s"}


def test_samples_hold_three_intervals_at_most_and_the_last_one(tmp_path):
    checks = ["00:05:00Z,down", "00:00:00Z,up", "01:00:00Z,up"]
    name = csv(tmp_path, "m,t,s\n" + "".join(f"web,2026-10-01T{check}\n" for check in checks))
    rows, coverage = read(tmp_path, "monitor_state", name, columns=CHECK, holds="samples", interval="5min")
    # 00:05 would hold until 01:00, but nothing is known after 00:20.
    assert rows["ended_at"].tolist() == [at("2026-10-01 00:05"), at("2026-10-01 00:20"), at("2026-10-01 01:05")]
    assert coverage.observed_end == at("2026-10-01 01:05")


def test_transitions_hold_until_the_next_and_the_last_until_the_export_ends(tmp_path):
    name = csv(tmp_path, "m,t,s\nweb,2026-10-01T00:00:00Z,up\nweb,2026-10-03T00:00:00Z,down\n")
    given = {"columns": CHECK, "holds": "transitions"}
    rows, _ = read(tmp_path, "monitor_state", name, **given)
    assert rows["ended_at"].tolist() == [at("2026-10-03")]  # the last tells of no time
    covers = {"first": dt.date(2026, 10, 1), "last": dt.date(2026, 10, 31)}
    rows, coverage = read(tmp_path, "monitor_state", name, covers=covers, **given)
    assert rows["ended_at"].tolist() == [at("2026-10-03"), at("2026-11-01")]
    assert (coverage.observed_start, coverage.observed_end) == (at("2026-10-01"), at("2026-11-01"))


def test_what_a_state_holds_for_is_asked():
    with pytest.raises(ParamsError, match="samples or transitions"):
        sources.settings_of(table, {"path": "x", "columns": CHECK}, frame="monitor_state")
    with pytest.raises(ParamsError, match="needs the interval"):
        sources.settings_of(table, {"path": "x", "columns": CHECK, "holds": "samples"}, frame="monitor_state")


@real
def test_devlakes_deployments_are_read_with_a_declaration_alone():
    folder = DATA / "deployments" / "devlake_dora" / "change_lead_time"
    given = {
        "columns": {"deployment_id": "id", "service": "repo_url", "environment": "environment",
                    "commit_sha": "commit_sha", "started_at": "started_date", "finished_at": "finished_date",
                    "outcome": "result"},
        "values": {"outcome": {"SUCCESS": "success", "FAILURE": "failure"}},
    }  # fmt: skip
    rows, coverage = read(folder, "deployment", "cicd_deployment_commits.csv", **given)
    assert coverage.status == "ok", coverage.why
    assert len(rows) == 16 and (rows["outcome"] == "success").sum() > 0
    assert rows.loc[0, ["started_at", "finished_at"]].tolist() == [at("2023-04-10 06:51:47"), at("2023-04-10 06:52:47")]


@real
def test_devlakes_lead_times_come_out_of_the_change_frame():
    folder = DATA / "deployments" / "devlake_dora" / "change_lead_time"
    given = {"columns": {"change_id": "id", "deployment_id": "deployment_commit_id",
                         "first_commit_at": "first_commit_authored_date", "merged_at": "pr_merged_date"}}  # fmt: skip
    # A pull request that was never deployed belongs to no deployment: the frame refuses it, unless it is left out.
    assert "deployment_id is missing" in read(folder, "change", "project_pr_metrics.csv", **given)[1].why
    rows, coverage = read(folder, "change", "project_pr_metrics.csv", skip_without=["deployment_id"], **given)
    assert (len(rows), coverage.status) == (3, "ok") and "3 rows without deployment_id" in coverage.why
    carried = rows.set_index("change_id").loc["pr1"]
    deployed = at("2023-04-13 07:29:14")  # deployment 5
    minutes = (deployed - carried["first_commit_at"]) / pd.Timedelta(minutes=1)
    assert (carried["deployment_id"], math.ceil(minutes)) == ("5", 4478)  # DevLake's own pr_cycle_time


TAGGED = {
    "billing_period_start": "month", "charge_period_start": "day", "charge_category": "kind", "billed_cost": "cost",
    "billing_currency": "currency", "tags": "tags",
}  # fmt: skip
TAG_LINE = "month,day,kind,cost,currency,tags\n2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,Usage,1,EUR,"


def test_a_bills_tags_are_json_objects_with_their_keys_in_order(tmp_path):
    rows, _ = read(tmp_path, "cost", csv(tmp_path, TAG_LINE + '"{""b"": 1, ""a"": ""x""}"\n'), columns=TAGGED)
    assert rows["tags"].tolist() == ['{"a":"x","b":1}']


@pytest.mark.parametrize("tags", ["team=web", '"[""team""]"'])
def test_tags_that_are_no_json_object_are_refused_with_their_place(tmp_path, tags):
    _, coverage = read(tmp_path, "cost", csv(tmp_path, TAG_LINE + f"{tags}\n"), columns=TAGGED)
    assert coverage.status == "unavailable" and "row 1, tags" in coverage.why and "no JSON object" in coverage.why

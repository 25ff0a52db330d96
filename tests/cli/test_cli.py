"""The command line as a person meets it: what it writes, what it refuses, and how it exits."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from opsreport import reported
from opsreport.cli import main
from opsreport.params import json_schema

CLIENT = """\
client: acme
display_name: Acme
time_zone: UTC
currency: EUR
services:
  shop: {owner: Jo, aliases: {table: [web-app]}}
sources:
  incident:
    - table: {path: incidents.csv, columns: {incident_id: id, service: app, opened_at: opened}, timezone: UTC}
"""
INCIDENTS = "id,app,opened\n1,web-app,2026-09-02 10:00\n2,other,2026-09-03 10:00\n"


@pytest.fixture
def home(tmp_path):
    params = tmp_path / "params"
    params.mkdir()
    (params / "acme.yaml").write_text(CLIENT, "utf-8")
    (params / "incidents.csv").write_text(INCIDENTS, "utf-8")
    return tmp_path


@pytest.fixture
def run(home):
    """Run a command in the folder; no traceback is ever an answer."""

    def running(*arguments, at=home):
        made = CliRunner().invoke(main, [*arguments, "--home", str(at)] if at else list(arguments))
        assert made.exception is None or isinstance(made.exception, SystemExit), made.exception
        assert "Traceback" not in made.output
        return made

    return running


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def test_init_writes_a_file_that_can_be_read_and_never_overwrites_one(run, home):
    made = run("init", "new-client")
    assert made.exit_code == 0 and "opsreport check new-client" in made.output
    written = (home / "params" / "new-client.yaml").read_text("utf-8")
    assert 'client: "new-client"' in written and "CLIENT" not in written
    again = run("init", "new-client")
    assert again.exit_code == 1 and "is there already" in again.output and "Hint: " in again.output
    assert (home / "params" / "new-client.yaml").read_text("utf-8") == written


def test_init_makes_the_folder_where_there_is_none(run, tmp_path):
    assert run("init", "007", at=tmp_path / "fresh").exit_code == 0
    assert run("check", "007", at=tmp_path / "fresh").exit_code == 0  # a name of digits is still text


@pytest.mark.parametrize("name", ["../evil", "Acme", "a b", "a/b", ".", "x" * 64])
def test_init_refuses_what_is_no_client_id(run, home, name):
    before = files(home)
    made = run("init", name)
    assert made.exit_code == 1 and "is not a client id" in made.output and files(home) == before


def test_init_says_when_it_cannot_write(run, home):
    (home / "blocked").write_text("a file, not a folder")
    made = run("init", "acme", at=home / "blocked")
    assert made.exit_code == 1 and made.output.startswith("error: ")


def test_check_says_what_is_missing_and_is_content_with_it(run):
    made = run("check", "acme")
    assert made.exit_code == 0
    for said in ("△ sources: none for cost", "△ agreement: none", "△ recipients: none", "△ nothing was collected yet"):
        assert said in made.output


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("servces: {}", "line 10: servces is not a known key\nHint: did you mean services?"),
        ("brand: {logo: logos/none.svg}", "brand.logo: there is no"),
        ("agreement: [{starts_on: 2025-01-01, support_hours: {holidays: XX}}]", "no holidays are known for 'XX'"),
        ("agreement: [{starts_on: 2025-01-01, budgets: [{amount: 1, currency: USD}]}]", "none states USD in EUR"),
        ("recipients: [{name: Jo, email: nobody}]", "is not an e-mail address"),
    ],
)
def test_check_names_what_is_wrong_and_exits_with_1(run, home, line, said):
    (home / "params" / "acme.yaml").write_text(CLIENT + line + "\n", "utf-8")
    made = run("check", "acme")
    assert made.exit_code == 1 and said in made.output
    assert made.output.startswith("✕")  # what is wrong stands first


@pytest.mark.parametrize(
    "source", ["tabel: {path: x}", "table: {pth: x}", "focus: {path: x}", "table: {path: x, folder: y}"]
)
def test_check_and_collect_refuse_a_source_that_does_not_exist_or_fit(run, home, source):
    wrong = CLIENT.partition("    - table")[0] + f"    - {source}\n"
    (home / "params" / "acme.yaml").write_text(wrong, "utf-8")
    assert run("check", "acme").exit_code == run("collect", "acme", "--month", "2026-09").exit_code == 1
    assert not (home / "store").exists()


def test_check_finds_wrong_decisions_and_commentary(run, home):
    (home / "params" / "acme.decisions.yaml").write_text("decisions:\n  - {id: a, title: A}\n", "utf-8")
    (home / "params" / "acme.commentary").mkdir()
    (home / "params" / "acme.commentary" / "october.md").write_text("Fine.", "utf-8")
    made = run("check", "acme")
    assert made.exit_code == 1
    assert "acme.decisions.yaml, line 2: decisions.0.owner is missing" in made.output
    assert "october.md is not named after a month" in made.output


def test_check_finds_wrong_corrections(run, home):
    (home / "params" / "acme.corrections.yaml").write_text("corrections: [{by: Jo}]\n", "utf-8")
    made = run("check", "acme")
    assert made.exit_code == 1 and "acme.corrections.yaml, line 1: corrections.0.on is missing" in made.output


def test_collect_says_what_was_seen_and_twice_changes_nothing(run, home):
    made = run("collect", "acme", "--month", "2026-09")
    assert made.exit_code == 0 and "incident from table" in made.output and "2 rows" in made.output
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (home / "store").rglob("*.parquet")}
    assert len(before) == 2
    assert run("collect", "acme", "--month", "2026-09").exit_code == 0
    assert {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (home / "store").rglob("*.parquet")
    } == before


def test_collect_goes_on_past_a_source_that_cannot_be_read_and_exits_with_1(run, home):
    columns = "{deployment_id: id, started_at: s, outcome: o}"
    more = f"  deployment:\n    - table: {{path: none.csv, columns: {columns}, timezone: UTC}}\n"
    (home / "params" / "acme.yaml").write_text(CLIENT + more, "utf-8")
    made = run("collect", "acme", "--month", "2026-09")
    assert made.exit_code == 1
    assert "unavailable" in made.output and "there is no" in made.output and "2 rows" in made.output
    kept = {path.relative_to(home / "store").as_posix() for path in (home / "store").rglob("*.parquet")}
    assert kept == {"acme/incident/2026-09.parquet", "acme/coverage.parquet"}


def test_collect_of_a_client_without_sources_says_so(run, home):
    (home / "params" / "acme.yaml").write_text(CLIENT.partition("sources:")[0], "utf-8")
    made = run("collect", "acme", "--month", "2026-09")
    assert made.exit_code == 1 and "acme names no source\nHint: " in made.output


@pytest.mark.parametrize("command", ["collect", "report"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "there is no"),
        (["../acme"], "is not a client id"),
        (["acme", "--month", "2099-01"], "has not begun"),
        (["acme", "--month", "2026-13"], "is not a month"),
        (["acme", "--month", "../../x"], "is not a month"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_hint(run, home, command, arguments, said):
    run("collect", "acme", "--month", "2026-09")
    before = files(home)
    made = run(command, *arguments)
    assert made.exit_code == 1
    assert made.output.startswith("error: ") and said in made.output and "\nHint: " in made.output
    assert files(home) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["--month", "2026-09", "--from", "2026-09-01"],
        ["--month", "2026-09", "--to", "2026-09-02"],
        ["--from", "2026-09-01"],
        ["--to", "2026-09-02"],
        ["--month", "2026-09", "--from", "2026-09-01", "--to", "2026-09-02"],
    ],
)
def test_report_takes_a_month_or_two_days_and_not_both(run, arguments):
    made = run("report", "acme", *arguments)
    assert made.exit_code == 2 and "give --month, or both --from and --to" in made.output


def test_report_of_days_in_the_wrong_order_is_refused(run):
    made = run("report", "acme", "--from", "2026-09-05", "--to", "2026-09-01")
    assert made.exit_code == 1 and "give the earlier day first" in made.output


def test_report_before_anything_is_collected_says_what_to_run(run):
    made = run("report", "acme", "--month", "2026-09")
    assert made.exit_code == 1 and "Hint: run: opsreport collect acme" in made.output


def test_report_makes_those_that_can_be_made_and_exits_with_1(run, home, monkeypatch):
    run("collect", "acme", "--month", "2026-09")
    asked = []

    def build(place, client, month, loaded, made_of, kernels):
        asked.append((client, month, [one["path"] for one in loaded.inputs()]))
        page = place.out / client / month / "page.html"
        page.parent.mkdir(parents=True)
        figure = {"id": "scorecard.x.this_month", "value": 1, "unit": "count", "text": "1", "coverage": None}
        (page.parent / "manifest.json").write_text(json.dumps({"figures": [figure], "content": ""}))
        return page

    monkeypatch.setattr("opsreport.report.build.build", build)
    made = run("report", "nobody", "acme", "--from", "2026-09-01", "--to", "2026-09-30")
    assert made.exit_code == 1
    assert "error: nobody: there is no" in made.output
    assert "acme 2026-09: out/acme/2026-09/page.html" in made.output
    assert asked == [("acme", "2026-09", ["incidents.csv"])]  # a run of days that is a month is the month
    # What it printed is kept, for the next month to be held against.
    kept = reported.read(home / "store" / "acme", "2026-09")
    assert kept["text"].tolist() == ["1"]


def test_the_fleets_page_is_made_for_a_month_that_is_one(run, home, monkeypatch):
    monkeypatch.setattr("opsreport.report.build.build_fleet", lambda place, month: place.out / f"fleet-{month}.html")
    assert run("fleet", "--month", "2026-09").output.strip() == "out/fleet-2026-09.html"
    refused = run("fleet", "--month", "2026-13")
    assert refused.exit_code == 1 and "write it as YYYY-MM" in refused.output


def test_outside_a_project_the_home_is_asked_for(run, tmp_path):
    made = run("check", "acme", at=tmp_path / "params")
    assert made.exit_code == 1 and "there is no params folder" in made.output and "--home" in made.output


def test_the_nearest_folder_upwards_is_found(run, home, monkeypatch):
    deep = home / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert run("check", "acme", at=None).exit_code == 0


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\r"


def test_what_a_terminal_would_act_on_is_not_printed(run, home):
    columns = "{incident_id: i, opened_at: o}"
    source = f"table: {{name: {json.dumps(HOSTILE)}, path: {json.dumps(HOSTILE[:5])}, columns: {columns}}}"
    (home / "params" / "acme.yaml").write_text(CLIENT.partition("    - table")[0] + f"    - {source}\n", "utf-8")
    for made in (
        run("collect", "acme", "--month", "2026-09"),
        run("report", HOSTILE),
        run("check", HOSTILE),
        run("report", "acme", "--month", HOSTILE),
    ):
        assert made.exit_code == 1 and not {"\x1b", "\x07", "\r", "\u202e"} & set(made.output)


def test_a_damaged_store_is_an_error_and_no_traceback(run, home):
    run("collect", "acme", "--month", "2026-09")
    (home / "store/acme/incident/2026-09.parquet").write_bytes(b"PAR1")
    for command in (["collect", "acme", "--month", "2026-09"], ["report", "acme", "--month", "2026-09"]):
        made = run(*command)
        assert made.exit_code == 1 and "cannot be read" in made.output and "Hint: " in made.output


def test_schema_prints_the_schema_and_nothing_else(run):
    assert run("schema", at=None).output == json_schema()


def test_the_default_month_is_the_last_full_one(run, home, monkeypatch):
    monkeypatch.setattr(pd.Timestamp, "now", classmethod(lambda cls, *_: pd.Timestamp("2026-10-01 00:00", tz="UTC")))
    assert run("collect", "acme").exit_code == 0
    monkeypatch.undo()
    from opsreport.store import Store

    assert Store(home / "store", "acme").coverage()["requested_start"].tolist() == [
        pd.Timestamp("2026-09-01", tz="UTC")
    ]


@pytest.mark.parametrize("command", ["init", "check", "collect", "report", "demo", "schema"])
def test_every_command_explains_itself(command):
    made = CliRunner().invoke(main, [command, "-h"])
    assert made.exit_code == 0 and len(made.output.splitlines()) > 3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("timezone: UTC+1", "acme.yaml, line 9: sources.incident: table: timezone is not a time zone"),
        ("timezne: UTC", "acme.yaml, line 9: sources.incident: table: timezne is not a known key\n"
                         "Hint: did you mean timezone? it takes name"),
        ("values: {severity: {1: SEV1}}", "line 9: sources.incident: table: values.severity.1: input should be a"),
    ],
)
def test_a_fault_in_a_sources_settings_is_named_with_its_line(run, home, wrong, said):
    path = home / "params" / "acme.yaml"
    path.write_text(CLIENT.replace("timezone: UTC", wrong), "utf-8")
    for command in ("check", "collect"):
        made = run(command, "acme")
        assert made.exit_code == 1 and said in made.output and "Value error" not in made.output


def test_a_source_that_there_is_not_is_named_with_its_line(run, home):
    path = home / "params" / "acme.yaml"
    path.write_text(CLIENT.replace("- table", "- tabel"), "utf-8")
    assert "acme.yaml, line 9: sources.incident: there is no source 'tabel'" in run("check", "acme").output


def test_a_misspelt_client_is_told_of_its_neighbour(run):
    assert "did you mean acme?" in run("check", "acm").output


def test_check_names_a_path_at_which_there_is_nothing(run, home):
    run("init", "newcomer")
    path = home / "params" / "newcomer.yaml"
    path.write_text(path.read_text("utf-8") + "\nsources:\n  cost:\n    - focus: {path: ../no/bill}\n", "utf-8")
    made = run("check", "newcomer")
    assert made.exit_code == 0 and f"sources.cost: focus: there is no {home / 'no' / 'bill'}" in made.output


def test_what_the_file_names_and_nothing_has_is_said_by_check(run, home):
    (home / "params" / "acme.yaml").write_text(CLIENT.replace("{table: [web-app]}", "{tabel: [web-app]}"), "utf-8")
    said = run("check", "acme").output
    assert "△ services: aliases are given for tabel, and no source is called so; did you mean table?" in said


@pytest.mark.parametrize(("source", "is_known"), [("aws_logs: {}", True), ("table: {path: t.csv}", False)])
def test_aliases_for_aws_are_those_of_all_its_sources_and_strange_where_there_is_none(run, home, source, is_known):
    text = CLIENT.replace("{table: [web-app]}", "{aws: [web-app]}")
    text = f"{text[:text.index('sources:')]}sources: {{log_group: [{source}]}}\n"
    (home / "params" / "acme.yaml").write_text(text, "utf-8")
    made = run("check", "acme", "--offline")
    assert ("aliases are given for aws" in made.output) != is_known, made.output


def test_a_declared_column_that_the_file_has_not_is_said_by_check(run, home):
    (home / "params" / "acme.yaml").write_text(CLIENT.replace("service: app", "service: ap"), "utf-8")
    made = run("check", "acme")
    assert made.exit_code == 1
    assert "sources.incident: table: incidents.csv has no column 'ap'\nHint: did you mean app?" in made.output


def test_a_translation_to_a_word_that_the_frame_has_not_names_that_word(run, home):
    told = CLIENT.replace("incident:", "backup:").replace("incident_id: id, service: app", "backup_id: id")
    told = told.replace("opened_at: opened", "started_at: opened, outcome: app").replace(
        "timezone", "values: {outcome: {ok: sucess}}, timezone"
    )
    (home / "params" / "acme.yaml").write_text(told, "utf-8")
    assert "values.outcome translates to 'sucess', which is none of " in run("check", "acme").output


def test_a_correction_and_a_decision_that_name_nothing_known_are_said_by_check(run, home):
    run("collect", "acme", "--month", "2026-09")
    files = {
        "corrections": "corrections:\n  - {frame: incident, match: {incident_id: '77'}, set: {is_drill: true}, by: Jo, "
        "on: 2026-10-01, why: a drill}\n",
        "decisions": "actions:\n  - {id: a, title: T, owner: Jo, agreed_on: 2026-10-01, due_on: 2026-11-01, finding: "
        "cost.logs_withot_limit.web}\n",
    }
    for name, text in files.items():
        (home / "params" / f"acme.{name}.yaml").write_text(text, "utf-8")
    said = run("check", "acme").output
    assert "corrections: no row of incident of the last thirteen months is 77: is drill: yes (by Jo)" in said
    assert "decisions: a: finding 'cost.logs_withot_limit.web' is not known" in said


def test_a_figure_that_no_review_printed_is_said_of_a_decision(run, home):
    run("collect", "acme", "--month", "2026-09")
    printed = [{"id": "scorecard.cost.spend.usd.this_month", "value": "1", "unit": "money", "text": "1"}]
    reported.record(home / "store" / "acme", "2026-09", printed)
    told = "decisions:\n" + "".join(
        f"  - {{id: {id}, title: T, owner: Jo, metric: {metric}, target: 5, direction: at most, "
        "review_on: 2026-12-01, proposed_on: 2026-10-01}\n"
        for id, metric in (("a", "cost.spend.usd"), ("b", "cost.spent.usd"))
    )
    (home / "params" / "acme.decisions.yaml").write_text(told, "utf-8")
    said = run("check", "acme").output
    assert "decisions: b: metric 'cost.spent.usd' is not known; did you mean cost.spend.usd?" in said
    assert "decisions: a:" not in said


def test_what_an_agreement_names_and_cannot_be_used_is_named_with_its_line(run, home):
    told = CLIENT + (
        "agreement:\n  - starts_on: 2026-01-01\n    support_hours: {days: [mon], opens: '09:00', closes: '17:00', "
        "holidays: DE-BX}\n    budgets: [{amount: 5, currency: USD}]\n"
    )
    (home / "params" / "acme.yaml").write_text(told, "utf-8")
    said = run("check", "acme").output
    assert "acme.yaml, line 12: no holidays are known for 'DE-BX'" in said
    assert "acme.yaml, line 13: exchange_rates: none states USD in EUR\nHint: under exchange_rates" in said


def test_a_month_that_has_not_begun_is_refused_with_the_client_named_once(run):
    run("collect", "acme", "--month", "2026-09")
    assert "error: acme: 2099-01 has not begun" in run("report", "acme", "--month", "2099-01").output


def test_a_reader_that_has_seen_enough_is_no_error(run, monkeypatch):
    def closed():
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("opsreport.cli.json_schema", closed)
    assert run("schema", at=None).output == ""


def test_a_first_year_is_collected_since_a_month(run, home):
    made = run("collect", "acme", "--since", "2026-01")
    assert made.exit_code == 0 and run("collect", "acme", "--since", "2026-01", "--month", "2026-02").exit_code == 2
    assert "is yet to come" in run("collect", "acme", "--since", "2199-01").output


@pytest.mark.parametrize("written", ["[aws_logs]", "[aws_logs: ]", "[aws_logs: {}]"])
def test_a_source_without_settings_is_named_alone(run, home, written):
    text = "aws: [{account: '123456789012', regions: [eu-west-1], profile: ops}]\n"
    text += f"sources: {{log_group: {written}}}\n"
    (home / "params" / "acme.yaml").write_text(CLIENT[: CLIENT.index("sources:")] + text)
    made = run("check", "acme", "--offline")
    assert "✕" not in made.output

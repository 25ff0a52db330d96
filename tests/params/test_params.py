"""A client's file: what it may say, and that every refusal names the file, the line and what to write."""

import datetime as dt
import json
import re
from decimal import Decimal
from importlib.resources import files

import jsonschema
import pandas as pd
import pytest
from ruamel.yaml import YAML

from opsreport.errors import ParamsError
from opsreport.params import client_names, json_schema, load_params, own_files
from opsreport.schemas import FRAMES

HEAD = "client: acme\ndisplay_name: Acme\ntime_zone: Europe/Berlin\ncurrency: EUR\n"  # four lines
PLAN = (
    "currency: EUR\ntime_zone: UTC\ncost:\n  required_tags: [team]\n"
    "agreement:\n  - starts_on: 2025-10-01\n    slos:\n      - {monitor: web, target: 0.9}\n"
)
OWN = "client: acme\ndisplay_name: Acme\nextends: gold\n"  # three lines


@pytest.fixture
def read(tmp_path):
    """Read a client's file that says this, beside plans that say that."""

    def reading(said, plan=None):
        (tmp_path / "plans").mkdir(exist_ok=True)
        if plan is not None:
            (tmp_path / "plans" / "gold.yaml").write_text(plan, "utf-8")
        content = said if isinstance(said, bytes) else said.encode()
        (tmp_path / "acme.yaml").write_bytes(content)
        return load_params(tmp_path, "acme")

    return reading


def term(entry):
    return f"{HEAD}agreement:\n  - starts_on: 2025-10-01\n    {entry}\n"


def window(entry):
    return term("maintenance_windows: [{" + entry + "}]")


def test_a_short_file_is_enough(read):
    params = read(HEAD)
    assert (params.client, params.locale, params.agreement, params.services) == ("acme", "en_GB", [], {})


def test_a_byte_order_mark_and_windows_line_ends_are_read_past(read):
    assert read(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode()).display_name == "Acme"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (HEAD + "servces: {}", "acme.yaml, line 5: servces is not a known key", "did you mean services?"),
        (HEAD + "zzzzzzzz: 1", "line 5: zzzzzzzz is not a known key", "see the JSON Schema"),
        (HEAD + "currency: USD", 'line 5: found duplicate key "currency"', "keep one of the two"),
        (HEAD.replace("acme", "007"), "line 1: client: input should be a valid string (found 7", "put it in quotes"),
        (HEAD.replace("Acme", "12.5"), "line 2: display_name", "put it in quotes"),
        (HEAD + "services:\n  12: {owner: Jo}", "line 6: services.12", "put it in quotes"),
        (HEAD + "services:\n  a: {}", "line 6: services.a.owner is missing", "add it"),
        (HEAD + "services:\n  a:\n    owner: Jo\n    tier: 9", "line 8: services.a.tier", "opsreport init"),
        (HEAD.replace("EUR", "EURO"), "line 4: currency is not a currency", ""),
        (HEAD.replace("Europe/Berlin", "Berlin"), "line 3: time_zone is not a time zone", ""),
        (HEAD + "locale: xx_YY", "line 5: locale is not a locale", ""),
        (HEAD + "brand: {colour: red}", "line 5: brand.colour is not a colour", ""),
        (HEAD + "recipients: [{name: Jo, email: 'jo@x.com,all@x.com'}]", "line 5: recipients.0.email", ""),
        (HEAD + "sources: {costs: []}", "line 5: sources.costs is not a frame; did you mean cost?", ""),
        (HEAD + "sources:\n  incidents: []", "line 6: sources.incidents is not a frame; did you mean incident?", ""),
        (HEAD + "agreement:\n  - starts_on: 2025-13-01", "line 6: 2025-13-01: month must be in 1..12", "YYYY-MM-DD"),
        (HEAD + "agreement: [{starts_on: 2026-11-31}]", "line 5: 2026-11-31: day", "write a day that there is"),
        (
            HEAD + "agreement:\n  - starts_on: 2026-01-01\n    slos: [{monitor: a, target: 99.5}]",
            "line 7: agreement.0.slos.0.target",
            "a share lies between 0 and 1: write 0.995",
        ),
        (HEAD + "sources: {cost: [{focus: {}, table: {}}]}", "line 5: sources.cost.0", ""),
        (HEAD + "sources: {cost: [{}]}", "line 5: sources.cost.0", ""),
        (HEAD + "services: []", "line 5: services", ""),
        (HEAD + "baseline: {first: 2026-02-01, last: 2026-01-01}", "line 5: baseline must begin before it ends", ""),
        (HEAD + "cost: {markup: 1.5}", "line 5: cost.markup", ""),
        (HEAD + "a: [1", "acme.yaml, line", "check indentation and quotes"),
        (HEAD + "---\na: 1", "line 5: but found another document", ""),
        (HEAD + "a: !!omap [b: 1]", "line 5: a is not a known key", ""),
        ("", "does not hold a mapping", ""),
        ("- client", "does not hold a mapping", ""),
        (HEAD.encode() + b"\0", "special characters are not allowed", ""),
        (HEAD.encode() + b"# caf\xe9", "codec can't decode", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_a_hint(read, said, message, hint):
    with pytest.raises(ParamsError) as refused:
        read(said)
    assert message in refused.value.message
    assert refused.value.hint and hint in refused.value.hint


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (term("slos: [{monitor: web, target: 0.9}, {monitor: web, target: 0.99}]"), "slos: web stands twice"),
        (
            term("budgets: [{amount: 1, currency: EUR}, {amount: 2, currency: EUR}]"),
            "the whole bill in EUR stands twice",
        ),
        (
            term(
                "credits: {monthly_fee: 1, currency: EUR, steps: [{below: 0.9, share: 0.1}, {below: 0.90, share: 0.2}]}"
            ),
            "steps: below 0.9 stands twice",
        ),
        (
            HEAD + "exchange_rates:\n  - {bill_currency: USD, rate: 0.9, stated: a}\n"
            "  - {bill_currency: USD, rate: 0.8, stated: b}\n",
            "exchange_rates: USD stands twice",
        ),
    ],
)
def test_what_is_agreed_twice_for_one_thing_is_refused(read, said, message):
    with pytest.raises(ParamsError, match=message):
        read(said)


def test_budgets_of_one_service_in_two_currencies_are_two_budgets(read):
    each = (
        "{amount: 1, currency: EUR, service: web}, {amount: 1, currency: USD, service: web}, {amount: 1, currency: EUR}"
    )
    assert len(read(term(f"budgets: [{each}]")).agreement[0].budgets) == 3


def test_more_than_one_fault_is_counted(read):
    with pytest.raises(ParamsError, match=r"\(1 more after this one\)"):
        read(HEAD + "servces: {}\nagreemnt: []")


@pytest.mark.parametrize(
    "said",
    [
        "a: &x {}\nb: *x",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]",
        "services:\n  a: &s {owner: Jo}\n  b:\n    <<: *s",
    ],
)
def test_aliases_are_refused_before_they_are_expanded(read, said):
    with pytest.raises(ParamsError, match="uses a YAML alias"):
        read(HEAD + said)


@pytest.mark.parametrize("brackets", ["[" * 5000, "{a: " * 5000, "[" * 300 + "]" * 300])
def test_brackets_without_end_are_refused_at_once(read, brackets):
    with pytest.raises(ParamsError, match="nested over 32 deep"):
        read(f"{HEAD}services: {brackets}")


def test_a_tag_runs_nothing(read, tmp_path):
    touched = tmp_path / "touched"
    with pytest.raises(ParamsError, match=r"line 5: brand"):
        read(f'{HEAD}brand: !!python/object/apply:os.system ["touch {touched}"]')
    assert not touched.exists()


def test_a_huge_file_is_not_read(read):
    with pytest.raises(ParamsError, match="is over 1,000,000 bytes"):
        read(HEAD + "#" * 1_000_000)


@pytest.mark.parametrize(
    "client",
    [
        "../acme",
        "acme/..",
        "acme\n",
        "Acme",
        "-acme",
        "",
        ".",
        "a.b",
        "acme\0",
        "ä",
        "a" * 64,
        "acme.corrections",
        None,
        7,
    ],
)
def test_what_is_no_client_id_never_becomes_a_path(tmp_path, client):
    with pytest.raises(ParamsError, match="is not a client id"):
        load_params(tmp_path, client)


def test_a_missing_file_says_how_to_write_one(tmp_path):
    with pytest.raises(ParamsError, match="opsreport init"):
        load_params(tmp_path, "acme")


def test_a_folder_in_the_files_place_is_refused(tmp_path):
    (tmp_path / "acme.yaml").mkdir()
    with pytest.raises(ParamsError, match="cannot be read"):
        load_params(tmp_path, "acme")


def test_another_clients_file_is_refused(read):
    with pytest.raises(ParamsError, match="says client: other"):
        read(HEAD.replace("acme", "other"))


def test_clients_are_listed_without_corrections_and_plans(tmp_path):
    for name in ("b", "a", "a.corrections", "UPPER"):
        (tmp_path / f"{name}.yaml").touch()
    assert client_names(tmp_path) == ["a", "b"]


# Plans.


def test_a_file_adds_to_its_plan_key_by_key_and_replaces_lists(read):
    params = read(OWN + "cost: {markup: 0.05}\nagreement: [{starts_on: 2026-01-01}]\n", PLAN)
    assert (params.cost.required_tags, params.cost.markup) == (["team"], Decimal("0.05"))
    assert [one.starts_on for one in params.agreement] == [dt.date(2026, 1, 1)] and not params.agreement[0].slos


@pytest.mark.parametrize(
    ("own", "plan", "where"),
    [
        ("", PLAN.replace("EUR", "EURO"), "gold.yaml, line 1: currency"),
        ("currency: EURO\n", PLAN, "acme.yaml, line 4: currency"),
        ("currency: EURO\n", PLAN.replace("EUR", "EURO"), "acme.yaml, line 4: currency"),
        ("cost:\n  markup: 0.1\n", PLAN.replace("[team]", "[1]"), "gold.yaml, line 4: cost.required_tags.0"),
        ("cost:\n  markup: 7\n", PLAN, "acme.yaml, line 5: cost.markup"),
        ("cost:\n  markp: 7\n", PLAN, "acme.yaml, line 5: cost.markp"),
        ("cost:\n  markup: 0.1\n", PLAN.replace("required", "requird"), "gold.yaml, line 4: cost.requird_tags"),
        # The client's list took the plan's place: what the plan's list holds at that position does not count.
        (
            "agreement:\n  - starts_on: 2026-01-01\n    slos:\n      - {target: 0.9}\n",
            PLAN,
            "acme.yaml, line 7: agreement.0",
        ),
        ("", PLAN.replace("currency: EUR\n", ""), "acme.yaml, line 1: currency is missing"),
    ],
)
def test_a_fault_is_shown_in_the_file_that_holds_it(read, own, plan, where):
    with pytest.raises(ParamsError) as refused:
        read(OWN + own, plan)
    assert where in refused.value.message


@pytest.mark.parametrize(
    ("own", "plan", "message"),
    [
        (OWN.replace("gold", "silver"), None, "acme.yaml, line 3: there is no .*silver.yaml"),
        (OWN.replace("gold", "../acme"), None, "line 3: '../acme' is not a plan's name"),
        (OWN.replace("gold", ""), None, "line 3: None is not a plan's name"),
        (OWN, "client: acme\n", "gold.yaml: a plan has no client"),
        (OWN, "extends: gold\n", "gold.yaml: a plan has no extends"),
    ],
)
def test_a_plan_stands_in_its_folder_and_extends_nothing(read, own, plan, message):
    with pytest.raises(ParamsError, match=message):
        read(own, plan)


def test_a_clients_own_files_leave_out_other_clients_plans(read, tmp_path):
    read(OWN, PLAN)
    (tmp_path / "plans" / "other.yaml").write_text("currency: USD\n")
    assert [path.name for path in own_files(tmp_path, "acme")] == ["acme.yaml", "gold.yaml"]


# The agreement.


@pytest.mark.parametrize(
    "terms",
    [
        "[{starts_on: 2025-10-01}, {starts_on: 2026-01-01}]",
        "[{starts_on: 2025-10-01, ends_on: 2026-01-01}, {starts_on: 2026-01-01}]",
        "[{starts_on: 2026-01-01}, {starts_on: 2025-10-01, ends_on: 2026-01-31}]",
        "[{starts_on: 2026-01-01}, {starts_on: 2026-01-01}]",
    ],
)
def test_terms_never_overlap(read, terms):
    with pytest.raises(ParamsError, match=r"line 5: agreement: the term from .* must end before 2026-01-01"):
        read(f"{HEAD}agreement: {terms}")


def test_terms_may_follow_each_other_in_any_order(read):
    said = "agreement: [{starts_on: 2026-01-01}, {starts_on: 2025-10-01, ends_on: 2025-12-31}]"
    assert len(read(f"{HEAD}{said}").agreement) == 2


def test_a_term_does_not_end_before_it_starts(read):
    with pytest.raises(ParamsError, match="a term ends before it starts"):
        read(f"{HEAD}agreement: [{{starts_on: 2025-10-02, ends_on: 2025-10-01}}]")


def test_an_alias_names_one_service(read):
    services = "services:\n  a: {owner: Jo, aliases: {upptime: [Web]}}\n  b: {owner: Jo, aliases: {%s: [Web]}}"
    assert set(read(HEAD + services % "github").services) == {"a", "b"}
    with pytest.raises(ParamsError, match="line 5: services: 'Web' of upptime is both a and b"):
        read(HEAD + services % "upptime")


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("15min", 15), ("15m", 15), ("4h", 240), ("2d", 2880), ("1h 30min", 90), ("1.5 h", 90), ("90s", 1.5)],
)
def test_a_duration_has_a_unit(read, written, minutes):
    assert read(term(f"rpo: {written}")).agreement[0].rpo == pd.Timedelta(minutes=minutes)


@pytest.mark.parametrize("written", ["15", '"15"', "-3h", "3w", "h", "99999999999999d", '"١h"', "true", "[]", "1e3h"])
def test_what_is_no_duration_is_refused(read, written):
    with pytest.raises(ParamsError, match=r"line 7: agreement\.0\.rpo is not a duration"):
        read(term(f"rpo: {written}"))


def test_a_weekly_window_has_a_day_and_two_times(read):
    (made,) = read(window('weekday: sun, opens: 03:00, closes: "24:00"')).agreement[0].maintenance_windows
    assert (made.weekday, made.opens, made.closes) == ("sun", "03:00", "24:00")


@pytest.mark.parametrize(
    ("written", "offset"),
    [
        ("2026-10-14T10:03", None),
        ("2026-10-14 10:03:00", None),
        ('"2026-10-14T10:03"', None),
        ("2026-10-14T10:03:00+02:00", 2),
        ("2026-10-14T10:03:00Z", 0),
    ],
)
def test_a_single_window_keeps_the_clock_and_the_offset_that_were_written(read, written, offset):
    later = written.replace("10:03", "11:03")
    (made,) = read(window(f"starts_at: {written}, ends_at: {later}")).agreement[0].maintenance_windows
    assert (made.starts_at.hour, made.starts_at.minute) == (10, 3)
    assert made.starts_at.utcoffset() == (None if offset is None else dt.timedelta(hours=offset))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("weekday: sun", "give weekday, opens and closes, or starts_at and ends_at"),
        ("reason: x", "give weekday, opens and closes, or starts_at and ends_at"),
        ('weekday: sun, opens: "01:00", closes: "02:00", starts_at: 2026-10-14T10:03', "give weekday"),
        ('weekday: sun, opens: "23:00", closes: "01:00"', "must open before it closes"),
        ('weekday: sunday, opens: "01:00", closes: "02:00"', "weekday"),
        ('weekday: sun, opens: "1:00", closes: "02:00"', "is not a time of day"),
        ('weekday: sun, opens: "01:00", closes: "24:30"', "is not a time of day"),
        ("starts_at: 2026-10-14T11:00, ends_at: 2026-10-14T10:00", "must start before it ends"),
        ("starts_at: 2026-10-14T10:00:00Z, ends_at: 2026-10-14T11:00", "offset with both times, or with neither"),
        ("starts_at: tomorrow, ends_at: 2026-10-14T11:00", "is not a time"),
    ],
)
def test_a_window_that_cannot_be_placed_is_refused(read, entry, message):
    with pytest.raises(ParamsError, match=message):
        read(window(entry))


def test_support_hours_open_before_they_close(read):
    with pytest.raises(ParamsError, match=r"line 7: agreement\.0\.support_hours must open before it closes"):
        read(term('support_hours: {opens: "22:00", closes: "06:00"}'))


@pytest.mark.parametrize(
    ("written", "exact"), [("4200.10", "4200.1"), ("0.1", "0.1"), ("4200", "4200"), ("1_000", "1000")]
)
def test_numbers_are_what_the_file_says_to_the_last_digit(read, written, exact):
    (budget,) = read(term(f"budgets: [{{amount: {written}, currency: EUR}}]")).agreement[0].budgets
    assert budget.amount == Decimal(exact) and isinstance(budget.amount, Decimal)


@pytest.mark.parametrize(
    "written",
    [
        "12345678901234567.89",
        "0",
        "-1",
        '"42"',
        "true",
        ".nan",
        ".inf",
        "1e400",
        "[]",
    ],
)
def test_a_budget_is_an_exact_amount_above_nothing(read, written):
    with pytest.raises(ParamsError, match=r"line 7: agreement\.0\.budgets\.0\.amount"):
        read(term(f"budgets: [{{amount: {written}, currency: EUR}}]"))


@pytest.mark.parametrize("target", ["1", "0", "99.9", '"0.999"'])
def test_an_slo_is_a_share_below_one(read, target):
    with pytest.raises(ParamsError, match=r"agreement\.0\.slos\.0\.target"):
        read(term(f"slos: [{{monitor: web, target: {target}}}]"))


def test_an_slo_of_three_nines_is_exactly_that(read):
    assert read(term("slos: [{monitor: web, target: 0.999}]")).agreement[0].slos[0].target == Decimal("0.999")


# The starter file and the schema.


def starter():
    return files("opsreport.cli").joinpath("client.yaml").read_text("utf-8").replace("CLIENT", "acme")


def uncommented():
    """The starter file with its examples switched on: comments that are YAML, not sentences."""
    first, *lines = starter().splitlines()
    is_example = [line.startswith("# ") and (":" in line or line.startswith("#  ")) for line in lines]
    shown = [
        line[2:] if example and not line[2].isupper() else line for line, example in zip(lines, is_example, strict=True)
    ]
    return "\n".join([first, *shown])


def test_the_starter_file_is_valid(read):
    assert read(starter()).client == "acme"


def test_the_starter_file_is_valid_with_all_its_examples(read):
    params = read(uncommented().replace("extends: standard", "extends: gold"), "cost: {markup: 0.1}\n")
    empty = [name for name in type(params).model_fields if not getattr(params, name)]
    assert not empty
    assert (
        params.agreement[0].budgets
        and params.agreement[0].maintenance_windows
        and params.cost.markup == Decimal("0.05")
    )
    assert {"cost", "monitor_state", "alert", "pipeline_run", "deployment", "backup"} <= set(params.sources)
    term = params.agreement[0]
    assert {name for name in type(term).model_fields if not getattr(term, name)} == set()


def test_the_starter_file_shows_every_key_and_every_frame():
    schema = json.loads(json_schema())
    keys = {key for part in (schema, *schema["$defs"].values()) for key in part.get("properties", {})}
    assert sorted(key for key in keys if f"{key}:" not in starter()) == []
    assert sorted(name for name in FRAMES if not re.search(rf"\b{name}\b", starter())) == []


def as_json(text):
    """YAML as an editor's schema check sees it: times and dates are text."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))


def test_the_json_schema_accepts_the_starter_file_with_all_its_examples():
    jsonschema.Draft202012Validator.check_schema(json.loads(json_schema()))
    jsonschema.validate(as_json(uncommented()), json.loads(json_schema()))


@pytest.mark.parametrize("wrong", [{"currency": 5}, {"servces": {}}, {"services": {"a": {}}}])
def test_the_json_schema_refuses_what_the_models_refuse(wrong):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"client": "acme", **wrong}, json.loads(json_schema()))


def project_clients():
    folder = files("opsreport").joinpath("../params")
    return [folder.joinpath(f"{name}.yaml") for name in client_names(folder)]


@pytest.mark.parametrize("path", project_clients(), ids=lambda path: path.stem)
def test_the_clients_in_the_project_are_valid_and_fit_the_schema(path):
    load_params(path.parent, path.stem)
    jsonschema.validate(as_json(path.read_text("utf-8")), json.loads(json_schema()))


def test_the_schema_beside_the_clients_is_current():
    kept = files("opsreport").joinpath("../params/client.schema.json")
    assert kept.read_text("utf-8") == json_schema(), "write it again: opsreport schema > params/client.schema.json"


def test_what_a_plan_says_of_every_term_lies_under_each_of_the_clients_terms(tmp_path):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "std.yaml").write_text(
        "agreement:\n  support_hours: {opens: '08:00'}\n  rpo: 24h\n  response_targets: {SEV1: {restore: 4h}}\n"
    )
    (tmp_path / "acme.yaml").write_text(
        "client: acme\nextends: std\ndisplay_name: Acme\ntime_zone: UTC\ncurrency: EUR\nagreement:\n"
        "  - {starts_on: 2025-01-01, ends_on: 2025-12-31}\n"
        "  - {starts_on: 2026-01-01, rpo: 1h, support_hours: {holidays: DE}}\n"
    )
    first, second = load_params(tmp_path, "acme").agreement
    assert (first.rpo, second.rpo) == (pd.Timedelta("24h"), pd.Timedelta("1h"))
    assert [term.support_hours.opens for term in (first, second)] == ["08:00", "08:00"]
    assert [term.support_hours.holidays for term in (first, second)] == ["", "DE"]
    assert first.response_targets["SEV1"].restore == pd.Timedelta("4h")


def test_a_plans_fault_under_a_term_is_found_in_the_plan(tmp_path):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "std.yaml").write_text("agreement:\n  rto: 4h\n  rpo: soon\n")
    (tmp_path / "acme.yaml").write_text(
        "client: acme\nextends: std\ndisplay_name: Acme\ntime_zone: UTC\ncurrency: EUR\nagreement:\n"
        "  - starts_on: 2025-01-01\n    rto: 2h\n"
    )
    with pytest.raises(ParamsError, match=r"std\.yaml, line 3: agreement\.0\.rpo"):
        load_params(tmp_path, "acme")

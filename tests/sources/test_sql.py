"""Frames out of databases: only read, in time, exactly, and never with another client's password."""

import threading
import time
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import sources
from opsreport.cli import probe
from opsreport.cli.collect import Asking
from opsreport.errors import ParamsError, SourceError
from opsreport.period import Period
from opsreport.sources import Run, _database, _statement, sql
from tests.sources import cluster

sqlite3 = pytest.importorskip("sqlite3")
pytest.importorskip("sqlalchemy")

OCTOBER = Period.month("2026-10", "Europe/Berlin")  # from 30 September 22:00 to 31 October 23:00 UTC
NOW = pd.Timestamp("2026-11-03 06:00", tz="UTC")
PASSWORD = "p@ss:w/rd%21"
ASKED = "select id, opened, closed, title, severity from incidents where opened >= :start and opened < :end"
INCIDENT = {"incident_id": "id", "opened_at": "opened", "resolved_at": "closed", "title": "title",
            "severity": "severity"}  # fmt: skip
HBA = "local all postgres trust\nlocal all all scram-sha-256\n"
TABLES = """
create role reader login password 'p@ss:w/rd%21';
create database shop;
\\c shop
create type severity as enum ('low', 'high');
create table incidents (id int, opened timestamptz, closed timestamptz, title text, severity severity, client text);
insert into incidents values
  (1, '2026-09-30 23:59:59.999999+02', null, 'before', 'low', 'acme'),
  (2, '2026-10-01 00:00:00+02', '2026-10-01 02:30:00.25+02', 'Störung', 'high', 'acme'),
  (3, '2026-10-31 23:59:59+01', null, 'last', null, 'o''brien; drop table incidents --'),
  (4, '2026-11-01 00:00:00+01', null, 'after', 'low', 'acme');
create table exact (id int, hours numeric, wide numeric(38, 18), float8 float8, float4 float4, at timestamp,
  day date, is_on bool, about jsonb, words text);
insert into exact values (1, 0.1::numeric + 0.2, 12345678901234567890.123456789012345678, 0.1::float8 + 0.2, 0.1,
  '2026-10-25 02:30', '2026-10-04', true, '{"b": 1, "a": [1]}', 'at 10:MI'), (2, null, null, null, null, null, null,
  null, null, '');
create table written (at timestamptz default now());
create function writes_something() returns int security definer language sql as
  'insert into written default values returning 1';
create table secret (id int);
grant select on incidents, exact, written to reader;
grant insert, delete, update on written to reader;
"""


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL with a shop's tables."""
    pytest.importorskip("psycopg")
    with cluster.postgresql("hba_file = '{folder}/pg_hba.conf'\n", **{"pg_hba.conf": HBA}) as made:
        (made.folder / "tables.sql").write_text(TABLES)
        psql(made, "-d", "postgres", "-f", made.folder / "tables.sql")
        yield made


def psql(made, *arguments):
    return made.run("psql", "-h", made.folder, "-p", cluster.PORT, "-v", "ON_ERROR_STOP=1", "-qAt", "-U", "postgres",
                    *arguments).strip()  # fmt: skip


def address(made, user="reader", password=PASSWORD):
    from urllib.parse import quote

    return f"postgresql://{user}:{quote(password, safe='')}@/shop?host={made.folder}&port={cluster.PORT}"


@pytest.fixture
def ask(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_DB", address(server))

    def reading(query, frame="incident", /, run=None, period=OCTOBER, **given):
        made = settings(query, frame, tmp_path, run, **given)
        return sources.read(sql, made, period)

    return reading


def settings(query, frame, folder, run=None, **given):
    known = {"client": "acme", "now": NOW, **(run or {})}
    given = {"url": "env:SHOP_DB", "query": query, **given}
    return sources.settings_of(sql, given, frame=frame, folder=folder, zone="UTC", run=Run(**known))


def at(text):
    return pd.Timestamp(text, tz="UTC")


def window(coverage):
    return coverage.observed_start, coverage.observed_end


def test_a_query_fills_a_frame_of_the_time_that_it_names(ask):
    rows, coverage = ask(ASKED, columns=INCIDENT)
    rows = rows.sort_values("incident_id").reset_index(drop=True)
    assert rows["incident_id"].tolist() == ["2", "3"]
    assert rows["opened_at"].tolist() == [at("2026-09-30 22:00"), at("2026-10-31 22:59:59")]
    assert rows["resolved_at"][0] == at("2026-10-01 00:30:00.25") and pd.isna(rows["resolved_at"][1])
    assert (rows["title"][0], rows["severity"][0]) == ("Störung", "high") and pd.isna(rows["severity"][1])
    assert (coverage.status, coverage.why, coverage.rows) == ("ok", "", 2)
    assert window(coverage) == (OCTOBER.start, OCTOBER.end) and "postgresql shop" in coverage.inputs


def test_a_month_without_a_row_was_seen_and_one_that_runs_until_now(ask):
    rows, coverage = ask(ASKED, period=Period.month("2026-08"), columns=INCIDENT)
    assert rows.empty and coverage.status == "ok" and window(coverage) == (at("2026-08-01"), at("2026-09-01"))
    november = Period.month("2026-11")
    assert window(ask(ASKED, period=november, columns=INCIDENT, lag="6h")[1]) == (at("2026-11-01"), at("2026-11-03"))
    assert pd.isna(ask(ASKED, period=Period.month("2026-12"), columns=INCIDENT)[1].observed_start)


def test_a_query_that_names_no_time_tells_from_its_first_row_to_its_last_or_as_declared(ask):
    query = "select id, opened from incidents"
    columns = {"incident_id": "id", "opened_at": "opened"}
    rows, coverage = ask(query, columns=columns)
    assert len(rows) == 4 and window(coverage) == (at("2026-09-30 21:59:59.999999"), at("2026-10-31 23:00"))
    covers = {"first": pd.Timestamp("2026-09-01").date(), "last": pd.Timestamp("2026-10-31").date()}
    assert window(ask(query, columns=columns, covers=covers)[1]) == (at("2026-09-01"), at("2026-11-01"))


def test_the_clients_id_is_bound_whatever_stands_in_it(ask, server):
    query = "select id, opened from incidents where client = :client and opened < :end"
    columns = {"incident_id": "id", "opened_at": "opened"}
    rows, _ = ask(query, run={"client": "o'brien; drop table incidents --"}, columns=columns)
    assert rows["incident_id"].tolist() == ["3"]
    assert psql(server, "-d", "shop", "-c", "select count(*) from incidents") == "4"


def test_numbers_are_exact_and_floats_are_their_shortest_text(ask):
    def one(column):
        query = f"select id, '2026-10-04T00:00:00Z' as done_on, {column} as hours from exact where id = 1"
        rows, coverage = ask(query, "work", columns={"work_id": "id", "done_on": "done_on", "hours": "hours"})
        assert coverage.status == "ok", coverage.why
        return rows["hours"][0]

    assert one("hours") == Decimal("0.3") and one("wide") == Decimal("12345678901234567890.123456789012345678")
    # Of the float the shortest text is 0.30000000000000004; of the other half as wide, 0.1.
    assert one("float8") == Decimal("0.300000000000000040") and one("float4") == Decimal("0.1")


def test_times_without_a_zone_and_dates_need_one(ask):
    for column in ("at", "day"):
        given = {"columns": {"work_id": "id", "done_on": column}}
        query = f"select id, {column} from exact where id = 1"
        assert "is a time without a time zone" in ask(query, "work", **given)[1].why
        rows, coverage = ask(query, "work", timezone="Europe/Berlin", **given)
        # 25 October 02:30 was shown twice; its first pass was in summer time.
        assert rows["done_on"][0] == at({"at": "2026-10-25 00:30", "day": "2026-10-03 22:00"}[column])
        assert ("1 times that the clocks" in coverage.why) == (column == "at")


def test_flags_nested_values_and_what_is_null(ask):
    query = "select id::text as asset, '2026-10-04Z'::timestamptz as seen, is_on, about, words from exact"
    columns = {"asset": "asset", "observed_at": "seen", "is_managed": "is_on", "kind": "about", "service": "words"}
    rows, coverage = ask(query, "asset", columns=columns)
    rows = rows.sort_values("asset").reset_index(drop=True)
    assert coverage.status == "ok", coverage.why
    assert bool(rows["is_managed"][0]) and rows["kind"][0] == '{"a":[1],"b":1}' and rows["service"][0] == "at 10:MI"
    assert rows.loc[1, ["is_managed", "kind", "service"]].isna().all()


def test_what_is_no_number_or_no_time_of_ours_is_refused(ask):
    query = "select 1 as work_id, now() as done_on, 'NaN'::numeric as hours"
    why = ask(query, "work")[1].why
    assert "row 1, hours: Decimal('NaN') is not a number" in why
    query = "select 1 as incident_id, 'infinity'::timestamptz as opened_at"
    assert "timestamp too large" in ask(query)[1].why


def test_a_column_that_is_gone_is_named_and_nothing_is_read(ask):
    rows, coverage = ask("select id, opened from incidents", columns=INCIDENT)
    assert rows.empty and coverage.status == "unavailable"
    assert "the query's result has no column 'closed'" in coverage.why
    coverage = ask(ASKED.replace("closed", "resolved"), columns=INCIDENT)[1]
    assert coverage.status == "unavailable" and 'column "resolved" does not exist' in coverage.why
    coverage = ask("select 1 as id, 2 as id", columns={"incident_id": "id", "opened_at": "id"})[1]
    assert "two columns 'id'" in coverage.why


@pytest.mark.parametrize("query", [
    "select writes_something() as incident_id, now() as opened_at",
    "with gone as (delete from written returning at) select 1 as incident_id, at as opened_at from gone",
    "select set_config('transaction_read_only', 'off', true) as incident_id, now() as opened_at "
    "union all select writes_something()::text, now()",
    "select 1 as incident_id, at as opened_at from written for update",
])  # fmt: skip
def test_a_query_that_writes_is_refused_and_changes_nothing(ask, server, query):
    psql(server, "-d", "shop", "-c", "truncate written; insert into written default values")
    before = psql(server, "-d", "shop", "-c", "select at from written")
    rows, coverage = ask(query)
    assert rows.empty and coverage.status == "unavailable", coverage
    assert psql(server, "-d", "shop", "-c", "select at from written") == before


@pytest.mark.parametrize(("query", "said"), [
    ("insert into written default values", "begins with 'insert'"),
    ("select 1; delete from written", "more than one statement"),
    ("/* select */ drop table written", "begins with 'drop'"),
    ("select 'it''s; fine' as a; commit", "more than one statement"),
    ("select $a$ ; $a$; commit", "more than one statement"),
    ("select 'open", "has no end"),
    ("select 'a\\'; delete from written --'", "reads differently"),
    ("select * from t where day = ':start'", "stands in quotes"),
    ("select * from t where day = :begin", ":begin, which is not known"),
    ("", "begins with 'nothing'"),
])  # fmt: skip
def test_a_text_that_is_not_one_query_is_refused_before_it_is_asked(query, said):
    with pytest.raises(SourceError, match=said):
        _statement.read(query)


def test_the_server_itself_refuses_what_would_slip_through(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_DB", address(server, "postgres", ""))
    for text in ("insert into written default values", "select 1; delete from written", "delete from written"):
        database = _database.opened(settings("select 1", "incident", tmp_path), "env:SHOP_DB")
        with pytest.raises(SourceError):
            database.ask(_statement.Statement(text, text, frozenset()), {}, 10, 20)


def test_colons_quotes_and_per_cents_that_are_none_of_ours_stay_as_they_are(ask):
    query = """select 1::text as incident_id, now() as opened_at, -- :what?
        to_char(timestamptz '2026-10-01 10:20Z', 'HH24:MI :SS %') || ' it''s' as title /* :x; */;"""
    assert ask(query)[0]["title"].tolist() == ["10:20 :00 % it's"]


def test_a_query_that_takes_too_long_is_given_up(ask):
    began = time.monotonic()
    rows, coverage = ask("select pg_sleep(20)::text as incident_id, now() as opened_at", timeout="1s")
    assert rows.empty and coverage.status == "unavailable" and time.monotonic() - began < 5
    assert "took longer than 1 s" in coverage.why and "raise timeout" in coverage.why
    coverage = ask("select pg_sleep(20) as incident_id", run={"until": time.monotonic() + 1})[1]
    assert "took longer than 1 s" in coverage.why and time.monotonic() - began < 8
    assert "no time left" in ask(ASKED, run={"until": time.monotonic() - 1}, columns=INCIDENT)[1].why


def test_rows_over_the_limit_make_it_partial(ask):
    assert ask(ASKED, columns=INCIDENT, most=2)[1].status == "ok"
    rows, coverage = ask(ASKED, columns=INCIDENT, most=1)
    assert len(rows) == 1 and coverage.status == "partial" and coverage.why == "more than 1 rows"
    assert '"unread": "more than 1 rows"' in coverage.inputs


STATES = """select 'shop' as monitor, t as started_at, 'up' as state from generate_series(1, 3) n,
    lateral (select timestamptz '2026-10-01Z' + n * interval '1 day' as t) x
    where t >= :start and t < :end order by t"""


def test_transitions_hold_to_the_end_of_what_was_asked_and_are_not_read_in_part(ask):
    rows, _ = ask(STATES, "monitor_state", holds="transitions")
    assert rows["ended_at"].max() == OCTOBER.end and len(rows) == 3
    rows, coverage = ask(STATES, "monitor_state", holds="transitions", most=2)
    assert rows.empty and "a state would last too long" in coverage.why


def test_a_wrong_password_is_said_without_it(ask, server, monkeypatch):
    monkeypatch.setenv("SHOP_DB", address(server, password="Wr0ng&secret"))
    rows, coverage = ask(ASKED, columns=INCIDENT)
    assert rows.empty and "password authentication failed" in coverage.why
    assert "Wr0ng" not in coverage.why + coverage.inputs and "check the user and the password" in coverage.why


@pytest.mark.parametrize("written", ["postgresql//reader:hush-hush@x/shop", "nosuch://reader:hush-hush@x/shop",
                                     "postgresql://reader:hush-hush@x:port/shop"])  # fmt: skip
def test_an_address_that_is_none_is_refused_without_showing_it(ask, monkeypatch, written):
    monkeypatch.setenv("SHOP_DB", written)
    why = ask(ASKED, columns=INCIDENT)[1].why
    assert "env:SHOP_DB holds no address of a database" in why and "hush" not in why


def test_an_address_in_the_clients_file_is_refused_without_showing_it(tmp_path):
    with pytest.raises(ParamsError, match="is a secret; write where it is kept") as raised:
        settings(ASKED, "incident", tmp_path, url="postgresql://reader:hush-hush@x/shop")
    assert "hush" not in str(raised.value)


def test_only_the_clients_own_address_is_asked(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_DB", address(server))
    monkeypatch.setenv("OTHER_DB", address(server, "other", "of-another"))
    asked = []
    real = _database.credentials.reveal
    monkeypatch.setattr(_database.credentials, "reveal", lambda name, *rest: asked.append(name) or real(name, *rest))
    mine = sources.read(sql, settings(ASKED, "incident", tmp_path, columns=INCIDENT), OCTOBER)[1]
    other = sources.read(sql, settings(ASKED, "incident", tmp_path, columns=INCIDENT, url="env:OTHER_DB"), OCTOBER)[1]
    assert asked == ["env:SHOP_DB", "env:OTHER_DB"] and (mine.status, other.status) == ("ok", "unavailable")


def test_a_table_that_may_not_be_read_says_what_is_needed(ask):
    why = ask("select id::text as incident_id, now() as opened_at from secret")[1].why
    assert "permission denied for table secret" in why and "needs SELECT" in why


def test_a_server_elsewhere_must_speak_tls(monkeypatch, tmp_path):
    pytest.importorskip("psycopg")
    from sqlalchemy import make_url

    asked = _database._arguments(make_url("postgresql+psycopg://u:p@db.example.com/shop"))
    assert asked["sslmode"] == "require"
    for place in ("localhost/shop", "db.example.com/shop?sslmode=disable", "/shop?host=/run/postgresql"):
        assert "sslmode" not in _database._arguments(make_url(f"postgresql+psycopg://u:p@{place}"))


def test_rows_after_the_time_asked_for_show_that_zones_differ(ask):
    # The clock of Los Angeles, compared as if it were UTC's: row 4 is written there at 31 October 16:00.
    query = ("select id, opened at time zone 'America/Los_Angeles' as opened from incidents "
             "where opened at time zone 'America/Los_Angeles' >= cast(:start as timestamp) "
             "and opened at time zone 'America/Los_Angeles' < cast(:end as timestamp)")  # fmt: skip
    columns = {"incident_id": "id", "opened_at": "opened"}
    rows, coverage = ask(query, columns=columns, timezone="America/Los_Angeles")
    assert sorted(rows["incident_id"]) == ["3", "4"] and coverage.status == "partial"
    assert "1 rows begin only after the time asked for" in coverage.why


BILL = """select timestamptz '2026-09-01Z' + n * interval '1 month' as billing_period_start,
    timestamptz '2026-09-01Z' + n * interval '1 month' as charge_period_start,
    timestamptz '2026-09-02Z' + n * interval '1 month' as charge_period_end,
    'Usage' as charge_category, 0.1::numeric as billed_cost, 'EUR' as billing_currency from generate_series(0, 1) n
    where :start < :end"""


def test_charges_of_a_bill_that_was_not_asked_for_are_refused(ask):
    rows, coverage = ask(BILL, "cost", period=OCTOBER.bill)
    assert rows.empty and "1 charges of other billing periods, such as 2026-09" in coverage.why
    rows, coverage = ask(BILL.replace("(0, 1)", "(1, 1)"), "cost", period=OCTOBER.bill)
    assert rows["billed_cost"].tolist() == [Decimal("0.1")]
    assert window(coverage) == (at("2026-10-01"), at("2026-10-02")), "a bill tells of the days it has usage on"


def test_asking_twice_gives_the_same_record_in_any_order(ask):
    first = ask(ASKED + " order by id", columns=INCIDENT)[1].inputs
    assert ask(ASKED + " order by id", columns=INCIDENT)[1].inputs == first
    made = [sql._record(_database.Answer(("a",), rows, "x"), _statement.read("select 1"))["sha256"]
            for rows in ([(1,), (2,)], [(2,), (1,)], [(1,), (3,)])]  # fmt: skip
    assert made[0] == made[1] != made[2]


def test_a_try_connects_asks_and_takes_one_row(ask, server, monkeypatch, tmp_path):
    def tried(query, **given):
        made = settings(query, "incident", tmp_path, {"is_probe": True}, columns=INCIDENT, **given)
        return probe._try(Asking(sql, (made,), Period.days("2026-10-01", "2026-10-31"), (0,)))

    found = tried(ASKED)
    assert found.cells[:4] == ("sql", "incident", "yes", "yes") and found.why == ""
    assert "has no column 'severity'" in tried(ASKED.replace(", severity", "")).why
    monkeypatch.setenv("SHOP_DB", address(server, password="wrong-one"))
    found = tried(ASKED)
    assert found.cells[2:4] == ("no", "–") and "password authentication failed" in found.why


def test_a_server_that_dies_in_the_middle_leaves_a_part(monkeypatch, tmp_path):
    pytest.importorskip("psycopg")
    monkeypatch.setattr(_database, "BATCH", 5)
    query = ("select n::text as incident_id, timestamptz '2026-10-01Z' as opened_at "
             "from generate_series(1, 400) n where :start < :end and pg_sleep(0.02) is not null")  # fmt: skip
    with cluster.postgresql() as made:
        monkeypatch.setenv("SHOP_DB", f"postgresql://postgres@/postgres?host={made.folder}&port={cluster.PORT}")
        killer = threading.Timer(2, made.stop)
        killer.start()
        rows, coverage = sources.read(sql, settings(query, "incident", tmp_path), OCTOBER)
        killer.join()
        assert 0 < len(rows) < 400 and coverage.status == "partial" and f"cut after {len(rows)} rows" in coverage.why
        assert rows["incident_id"].is_unique and '"unread"' in coverage.inputs
        rows, coverage = sources.read(sql, settings(query, "incident", tmp_path), OCTOBER)
        assert rows.empty and coverage.status == "unavailable" and "cannot be reached" in coverage.why


@pytest.fixture
def lite(tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "it's shop?.db") as made:
        made.executescript("""
            create table incidents (id text, opened text, hours numeric);
            insert into incidents values ('1', '2026-10-31T22:30:00Z', 0.1), ('2', '2026-11-01 00:30:00+02:00', 7),
              ('3', '2026-10-31 23:30:00', 2), ('4', '2026-09-30T21:30:00Z', 3);""")
    made.close()
    monkeypatch.setenv("SHOP_DB", "sqlite:///it's shop?.db".replace("?", "%3F"))

    def reading(query, frame="work", /, **given):
        columns = {"work_id": "id", "done_on": "opened", "hours": "hours"}
        made = settings(query, frame, tmp_path, columns=columns, timezone="UTC", **given)
        return sources.read(sql, made, OCTOBER)

    return reading


LITE = "select * from incidents where datetime(opened) >= :start and datetime(opened) < :end"


def test_sqlite_is_read_by_instants_however_they_are_written(lite):
    rows, coverage = lite(LITE)
    assert coverage.status == "ok", coverage.why
    assert sorted(rows["work_id"]) == ["1", "2"] and sorted(rows["hours"]) == [Decimal("0.1"), Decimal(7)]
    assert "compares them letter by letter" in lite(LITE.replace("datetime(opened)", "opened"))[1].why


def test_sqlite_is_not_written_to_and_no_file_is_made(lite, monkeypatch, tmp_path):
    before = (tmp_path / "it's shop?.db").read_bytes()
    database = _database.opened(settings(LITE, "work", tmp_path), "env:SHOP_DB")
    for text in ("delete from incidents", "insert into incidents values ('5', '', 1)", "create table x (a)"):
        with pytest.raises(SourceError, match=r"(?i)read"):
            database.ask(_statement.Statement(text, text, frozenset()), {}, 10, 20)
    assert (tmp_path / "it's shop?.db").read_bytes() == before
    monkeypatch.setenv("SHOP_DB", "sqlite:///gone.db")
    assert "there is no gone.db" in lite(LITE)[1].why and not (tmp_path / "gone.db").exists()


def test_sqlite_is_interrupted_when_it_takes_too_long(lite):
    query = ("with recursive n(i) as (select 1 union all select i + 1 from n) "
             "select count(*) as id, '2026-10-01T00:00:00Z' as opened, 1 as hours from n")  # fmt: skip
    began = time.monotonic()
    rows, coverage = lite(query, timeout="1s")
    assert rows.empty and "took longer than 1 s" in coverage.why and time.monotonic() - began < 5


def test_what_cannot_be_told_to_only_read_is_held_to_words_that_do():
    for query in ("select a into b from c", "with x as (select 1) delete from t", "select 1 from t for update"):
        with pytest.raises(SourceError, match="mssql has no transaction that only reads"):
            _statement.read(query).refuse_misread("mssql", is_guarded=False)
    _statement.read('select updated_at, "update" from t where note = \'delete\'').refuse_misread("mssql", False)


def test_without_sqlalchemy_or_a_driver_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_DB", "postgresql://reader:hush@x/shop")
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    why = sources.read(sql, settings(ASKED, "incident", tmp_path, columns=INCIDENT), OCTOBER)[1].why
    assert "the driver psycopg is not installed\nHint: pip install 'opsreport[sql]'" in why
    monkeypatch.setitem(__import__("sys").modules, "sqlalchemy", None)
    why = sources.read(sql, settings(ASKED, "incident", tmp_path, columns=INCIDENT), OCTOBER)[1].why
    assert "SQLAlchemy is not installed\nHint: pip install 'opsreport[sql]'" in why

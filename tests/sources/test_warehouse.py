"""Bills in warehouses: the same charges, exactly, from DuckDB, from Spark and from the file itself."""

import datetime as dt
import importlib.util
import shutil
import time
from decimal import Decimal

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opsreport import sources
from opsreport.cli import probe
from opsreport.cli.collect import Asking
from opsreport.errors import ParamsError, SourceError
from opsreport.metrics.cost_bridge import bridge
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import Run, _focus_query, focus, warehouse

ibis = pytest.importorskip("ibis")

OCTOBER = Period.month("2026-10")
NOW = pd.Timestamp("2026-11-03 06:00", tz="UTC")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def line(start, cost, hours=1, **more):
    """A line of the bill as a warehouse holds it: a DECIMAL, a DOUBLE and a text among the amounts."""
    begin = dt.datetime.fromisoformat(f"2026-{start}").replace(tzinfo=dt.UTC)
    month = begin.replace(day=1, hour=0, minute=0, second=0)
    return {
        "BillingPeriodStart": month, "BillingAccountId": "111", "ChargePeriodStart": begin,
        "ChargePeriodEnd": begin + dt.timedelta(hours=hours), "ServiceName": "Compute", "ServiceProviderName": "AWS",
        "SubAccountId": "222", "RegionId": "eu-central-1", "ResourceId": "i-1", "SkuId": "s", "SkuPriceId": "s.1",
        "ChargeCategory": "Usage", "ChargeClass": None, "ChargeDescription": "an hour", "PricingUnit": "Hours",
        "ChargeFrequency": "Usage-Based", "PricingQuantity": 1, "ConsumedQuantity": Decimal("1.5"),
        "BilledCost": Decimal(cost), "EffectiveCost": float(cost), "ListCost": str(cost), "BillingCurrency": "USD",
        "Tags": [("team", "web"), ("app", "ü")], "x_Other_Column": 1, **more,
    }  # fmt: skip


DECIMAL = pa.decimal128(38, 18)
SCHEMA = {
    "BillingPeriodStart": pa.timestamp("us", "UTC"), "ChargePeriodStart": pa.timestamp("us", "UTC"),
    "ChargePeriodEnd": pa.timestamp("us", "UTC"), "PricingQuantity": pa.int64(), "BilledCost": DECIMAL,
    "ConsumedQuantity": pa.decimal128(20, 6), "EffectiveCost": pa.float64(), "Tags": pa.map_(pa.string(), pa.string()),
    "x_Other_Column": pa.int64(),
}  # fmt: skip
LINES = [
    line("09-30 23:00", "7"),
    line("10-01 00:00", "0.1"),
    line("10-01 00:00", "0.1"),  # charged twice: two lines
    line("10-02 00:00", "0.3", Tags=None, EffectiveCost=0.1 + 0.2, ServiceName=None, ResourceId=""),
    line("10-31 23:00", "12345678901234567890.123456789012345678", EffectiveCost=1e-7, ListCost="1.5e-3"),
    line("10-05 00:00", "-2.5", ChargeCategory="Credit", ChargeClass="Correction", EffectiveCost=None, ListCost=None),
    line("11-01 00:00", "9"),
]


def save(path, lines=LINES, schema=SCHEMA):
    names = list(lines[0])
    kinds = [(name, schema.get(name, pa.string())) for name in names]
    pq.write_table(pa.Table.from_pylist(lines, pa.schema(kinds)), path)
    return path.name


def read(folder, period=OCTOBER, module=warehouse, run=None, **given):
    known = {"client": "acme", "now": NOW, **(run or {})}
    made = sources.settings_of(module, given, frame="cost", folder=folder, zone="UTC", run=Run(**known))
    return sources.read(module, made, period)


def ordered(rows):
    return rows.sort_values(list(rows.columns), ignore_index=True)


def october(rows):
    return ordered(rows[OCTOBER.contains(rows["billing_period_start"])])


def test_the_billing_periods_asked_for_are_read_as_focus_reads_the_file(tmp_path):
    name = save(tmp_path / "bill.parquet")
    rows, coverage = read(tmp_path, path=name)
    assert (coverage.status, len(rows)) == ("partial", 5) and "no usage on 28 days" in coverage.why
    whole, _ = read(tmp_path, module=focus, path=name)
    assert len(whole) == 7
    pd.testing.assert_frame_equal(ordered(rows), october(whole), check_exact=True)
    large = Decimal("12345678901234567890.123456789012345678")
    assert set(rows["billed_cost"]) == {Decimal("0.1"), Decimal("0.3"), Decimal("-2.5"), large}
    told = rows.set_index("billed_cost")["effective_cost"]
    # The float that adds 0.1 and 0.2 is written 0.30000000000000004.
    assert told[Decimal("0.3")] == Decimal("0.30000000000000004") and pd.isna(told[Decimal("-2.5")])
    assert (coverage.observed_start, coverage.observed_end) == (at("2026-10-01"), at("2026-11-01"))
    assert rows["tags"].dropna().unique().tolist() == ['{"app":"ü","team":"web"}'] and rows["tags"].isna().sum() == 1


def test_a_folder_and_a_database_file_are_read_alike(tmp_path):
    name = save(tmp_path / "bill.parquet")
    (tmp_path / "parts").mkdir()
    save(tmp_path / "parts" / "a[1].parquet", LINES[:3])
    save(tmp_path / "parts" / "b.parquet", LINES[3:])
    with duckdb.connect(str(tmp_path / "bill.duckdb")) as made:
        made.execute("SET TimeZone = 'UTC'")
        made.execute(f"CREATE SCHEMA billing; CREATE TABLE billing.focus AS FROM '{tmp_path / name}'")
        made.execute('CREATE VIEW snake AS SELECT BilledCost AS billed_cost, ServiceProviderName AS "PROVIDER_NAME", '
                     "* EXCLUDE (BilledCost, ServiceProviderName) FROM billing.focus")  # fmt: skip
    before = (tmp_path / "bill.duckdb").read_bytes()
    first, _ = read(tmp_path, path=name)
    for given in ({"path": "parts"}, {"path": "bill.duckdb", "table": "billing.focus"},
                  {"path": "bill.duckdb", "table": "snake"}):  # fmt: skip
        rows, coverage = read(tmp_path, **given)
        pd.testing.assert_frame_equal(ordered(rows), ordered(first), check_exact=True)
    assert (tmp_path / "bill.duckdb").read_bytes() == before
    assert "duckdb snake" in coverage.inputs and str(tmp_path) not in coverage.inputs


@pytest.mark.parametrize("kind", ["timestamp", "date", "text", "text with an offset"])
def test_a_billing_period_is_found_however_its_start_is_stored(tmp_path, kind):
    def stored(one):
        start = one["BillingPeriodStart"]
        text = (start.astimezone(dt.timezone(dt.timedelta(hours=-5))) if "offset" in kind else start).isoformat()
        return {"timestamp": start.replace(tzinfo=None), "date": start.date()}.get(kind, text)

    schema = {"timestamp": pa.timestamp("us"), "date": pa.date32()}.get(kind, pa.string())
    lines = [{**one, "BillingPeriodStart": stored(one)} for one in LINES]
    name = save(tmp_path / "bill.parquet", lines, {**SCHEMA, "BillingPeriodStart": schema})
    rows, _ = read(tmp_path, path=name)
    assert len(rows[rows["billing_period_start"] == at("2026-10-01")]) == 5
    # By text a day more is taken; what comes with it comes whole.
    assert len(rows) == (6 if "text" in kind else 5)


@pytest.mark.parametrize("start", [None, "10/01/2026", "October 2026"])
def test_a_line_of_which_the_billing_period_cannot_be_told_is_not_left_out(tmp_path, start):
    lines = [{**one, "BillingPeriodStart": one["BillingPeriodStart"].isoformat()} for one in LINES]
    lines[1]["BillingPeriodStart"] = start
    name = save(tmp_path / "bill.parquet", lines, {**SCHEMA, "BillingPeriodStart": pa.string()})
    rows, coverage = read(tmp_path, path=name)
    assert rows.empty and coverage.status == "unavailable" and "illing" in coverage.why


def test_a_bill_of_another_month_is_not_asked_for_and_an_empty_one_tells_of_nothing(tmp_path):
    name = save(tmp_path / "bill.parquet")
    rows, _ = read(tmp_path, Period.days("2026-11-01", "2026-11-02"), path=name)
    assert rows["billed_cost"].tolist() == [Decimal(9)]
    rows, _ = read(tmp_path, Period.days("2026-10-20", "2026-10-21"), path=name)
    assert len(rows) == 5, "a billing period is whole or not there"
    rows, coverage = read(tmp_path, Period.month("2026-08"), path=name)
    assert rows.empty and coverage.status == "ok" and pd.isna(coverage.observed_start)


DAY = [
    *(line(f"10-01 {hour:02d}:00", "0.1", Tags='{"team": "web"}', ListCost=Decimal("0.2")) for hour in range(24)),
    line("10-02 00:00", "0.1", Tags='{"team": "web"}', ListCost=None),
    line("10-02 01:00", "0.1", Tags='{"team": "web"}', ListCost=Decimal("0.2")),
    line("10-02 01:00", "5", Tags=None, ListCost=None, SkuPriceId=None),
    line("10-01 00:00", "31", hours=744, Tags=None, ListCost=None, ChargeCategory="Purchase"),
]
OF_DAY = {**SCHEMA, "Tags": pa.string(), "ListCost": pa.decimal128(20, 6)}


def test_lines_of_a_day_are_summed_and_an_unknown_part_makes_the_sum_unknown(tmp_path):
    name = save(tmp_path / "bill.parquet", DAY, OF_DAY)
    rows, _ = read(tmp_path, path=name, grain="day")
    rows = rows.sort_values(["charge_category", "charge_period_start", "billed_cost"], ignore_index=True)
    assert rows["billed_cost"].tolist() == [Decimal(31), Decimal("2.4"), Decimal("0.2"), Decimal(5)]
    assert rows["effective_cost"].tolist() == [Decimal(31), Decimal("2.4"), Decimal("0.2"), Decimal(5)]
    assert rows["pricing_quantity"].tolist() == [1, 24, 2, 1] and rows["consumed_quantity"][1] == 36
    assert rows["list_cost"][1] == Decimal("4.8") and rows["list_cost"][[0, 2, 3]].isna().all()
    assert rows["charge_period_start"].tolist() == [at("2026-10-01"), at("2026-10-01"), *[at("2026-10-02")] * 2]
    assert rows["charge_period_end"].tolist() == [at("2026-11-01"), at("2026-10-02"), *[at("2026-10-03")] * 2]


def test_no_bar_of_the_bridge_differs_by_the_grain(tmp_path):
    september = [line(f"09-{day:02d} 05:00", "0.07", Tags=None, ListCost=None) for day in range(1, 31)]
    name = save(tmp_path / "bill.parquet", DAY + september, OF_DAY)
    made = []
    for grain in ("line", "day"):
        both = [read(tmp_path, month, path=name, grain=grain)[0] for month in (OCTOBER.previous(), OCTOBER)]
        made.append(bridge(pd.concat(both, ignore_index=True), OCTOBER))
    assert len(made[0]) > 5
    pd.testing.assert_frame_equal(*made, check_exact=True)


def test_what_cannot_be_summed_exactly_is_refused(tmp_path):
    name = save(tmp_path / "bill.parquet")
    assert "list_cost is stored as string, of which duckdb makes no exact sums" in read(
        tmp_path, path=name, grain="day")[1].why  # fmt: skip
    table = ibis.table({"charge_period_start": "timestamp", "billed_cost": "float64"})
    with pytest.raises(SourceError, match="of which snowflake makes no exact sums"):
        _focus_query.by_day(table, "snowflake")


def test_a_column_that_lacks_is_named_and_may_be_a_constant(tmp_path):
    lines = [{name: value for name, value in one.items() if name not in ("ListCost", "ServiceProviderName")}
             for one in LINES]  # fmt: skip
    name = save(tmp_path / "bill.parquet", lines)
    why = read(tmp_path, path=name)[1].why
    assert "lacks columns that FOCUS makes mandatory: ListCost, ProviderName or ServiceProviderName" in why
    rows, _ = read(tmp_path, path=name, constants={"ListCost": None, "ProviderName": "AWS"})
    assert len(rows) == 5 and rows["list_cost"].isna().all() and set(rows["provider_name"]) == {"AWS"}


def test_two_columns_that_read_alike_are_refused(tmp_path):
    lines = [{**one, "billed_cost": Decimal(1)} for one in LINES]
    name = save(tmp_path / "bill.parquet", lines, {**SCHEMA, "billed_cost": DECIMAL})
    assert "has both BilledCost and billed" in read(tmp_path, path=name)[1].why


def test_more_lines_than_are_wanted_are_no_smaller_bill(tmp_path):
    name = save(tmp_path / "bill.parquet")
    assert len(read(tmp_path, path=name, most=5)[0]) == 5
    rows, coverage = read(tmp_path, path=name, most=4)
    assert rows.empty and coverage.status == "unavailable" and "more than 4 lines of 2026-10" in coverage.why


def test_a_bill_that_takes_too_long_is_given_up(tmp_path):
    name = save(tmp_path / "bill.parquet", DAY, OF_DAY)
    with duckdb.connect(str(tmp_path / "b.duckdb")) as made:
        made.execute(f"CREATE TABLE lines AS FROM '{tmp_path / name}'")
        made.execute("CREATE VIEW many AS SELECT lines.* FROM lines, range(100000) a(i), range(100000) b(j)")
    began = time.monotonic()
    rows, coverage = read(tmp_path, path="b.duckdb", table="many", grain="day", timeout="1s")
    assert rows.empty and "many took too long" in coverage.why and time.monotonic() - began < 20
    run = {"until": time.monotonic() - 1}
    assert "no time left" in read(tmp_path, path="b.duckdb", table="many", run=run)[1].why


def test_a_text_that_is_no_number_names_its_column(tmp_path):
    lines = [*LINES[:-1], line("10-03 00:00", "1", ListCost="1,000.00")]
    why = read(tmp_path, path=save(tmp_path / "bill.parquet", lines))[1].why
    assert "list_cost" in why and "'1,000.00'" in why


def test_a_table_that_is_not_there_is_said_and_nothing_is_made(tmp_path):
    assert "there is no gone.parquet" in read(tmp_path, path="gone.parquet")[1].why
    assert "there is no gone.duckdb" in read(tmp_path, path="gone.duckdb", table="x")[1].why
    assert list(tmp_path.iterdir()) == []
    duckdb.connect(str(tmp_path / "b.duckdb")).close()
    coverage = read(tmp_path, path="b.duckdb", table='x"; DROP TABLE y; --')[1]
    assert coverage.status == "unavailable" and "does not exist" in coverage.why and str(tmp_path) not in coverage.why
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no more PAR1")
    why = read(tmp_path, path="broken.parquet")[1].why
    assert "duckdb" in why and str(tmp_path) not in why


@pytest.mark.parametrize(("given", "said"), [
    ({}, "duckdb takes a path"), ({"path": "b.duckdb"}, "needs the table"), ({"backend": "trino"}, "takes a table"),
    ({"backend": "trino", "table": "t"}, "trino needs url"), ({"backend": "spark", "path": "x"}, "takes a table"),
    ({"backend": "trino", "table": "t", "url": "trino://u:hush@h/c"}, "is a secret"),
])  # fmt: skip
def test_settings_that_do_not_fit_are_refused(tmp_path, given, said):
    with pytest.raises(ParamsError, match=said) as raised:
        sources.settings_of(warehouse, given, frame="cost", folder=tmp_path)
    assert "hush" not in str(raised.value)


def test_a_try_asks_for_one_line(tmp_path):
    name = save(tmp_path / "bill.parquet")
    run = Run(client="acme", now=NOW, is_probe=True)
    made = sources.settings_of(warehouse, {"path": name}, frame="cost", folder=tmp_path, run=run)
    found = probe._try(Asking(warehouse, (made,), OCTOBER, (0,)))
    assert found.cells[:4] == ("warehouse", "cost", "yes", "yes") and "warehouse takes" in found.cells[-1]
    assert len(warehouse.fetch(OCTOBER, made).items[0].rows) == 1


def test_a_record_is_the_same_in_any_order_and_differs_by_a_digit(tmp_path):
    first = read(tmp_path, path=save(tmp_path / "a.parquet"))[1].inputs
    assert read(tmp_path, path=save(tmp_path / "a.parquet", LINES[::-1]))[1].inputs == first
    changed = [*LINES[:1], line("10-01 00:00", "0.100000000000000001"), *LINES[2:]]
    assert read(tmp_path, path=save(tmp_path / "a.parquet", changed))[1].inputs != first


FILTERS = {
    "trino": "FROM_ISO8601_TIMESTAMP('2026-{}-01T00:00:00+00:00')",
    "athena": "FROM_ISO8601_TIMESTAMP('2026-{}-01T00:00:00+00:00')",
    "bigquery": "TIMESTAMP('2026-{}-01T00:00:00+00:00')",
    "snowflake": "TIMESTAMP_TZ_FROM_PARTS(2026, {}, 1, 0, 0, 0, 0, 'UTC')",
    "duckdb": "MAKE_TIMESTAMPTZ(2026, {}, 1, 0, 0, 0.0, 'UTC')",
}
STORED = {"BillingPeriodStart": "timestamp('UTC')", "BilledCost": "decimal(20, 6)", "EffectiveCost": "float64",
          "ChargePeriodStart": "timestamp('UTC')", "ChargePeriodEnd": "timestamp('UTC')", "Tags": "string"}  # fmt: skip
PICK = {"".join("_" + one.lower() if one.isupper() else one for one in name)[1:]: name for name in STORED}


@pytest.mark.parametrize("backend", FILTERS)
def test_each_warehouse_is_asked_for_these_billing_periods_and_exact_amounts(backend):
    rows = _focus_query.lines(ibis.table(STORED, name="focus"), PICK, OCTOBER, backend)
    text = " ".join(ibis.to_sql(rows, dialect=backend).split())
    start, end = (FILTERS[backend].format(month) for month in (10, 11))
    assert f">= {start}" in text.replace("CAST(", "") and f"< {end}" in text.replace("CAST(", "")
    assert "IS NULL" in text
    exact = "BIGNUMERIC" if backend == "bigquery" else "DECIMAL(38, 18)"
    assert text.count(f"AS {exact})") == 1, "a float is sent as it is stored"
    if backend != "snowflake":
        text = " ".join(ibis.to_sql(_focus_query.by_day(rows, backend), dialect=backend).split())
        assert text.count("SUM(") == 2 and "GROUP BY" in text
        assert any(f"AS {words}) AS {exact})" in text for words in ("VARCHAR", "STRING", "TEXT"))




def test_an_exact_amount_that_came_as_a_float_is_refused_and_a_wider_one_is_rounded():
    schema = ibis.schema({"billed_cost": "decimal(76, 38)"})
    with pytest.raises(SourceError, match="billed_cost came as double and is not exact"):
        warehouse._exact(pa.table({"billed_cost": [0.1]}), schema)
    wide = pa.table({"billed_cost": pa.array([Decimal("0.1234567890123456785"), None], pa.decimal256(76, 38))})
    made = warehouse._exact(wide, schema)["billed_cost"]
    assert made.type == DECIMAL and made.to_pylist() == [Decimal("0.123456789012345678"), None]


def test_a_failure_shows_no_password(monkeypatch, tmp_path):
    monkeypatch.setenv("BILL", "trino://reader:hush-hush@127.0.0.1:1/hive/billing?api_key=very-secret")

    def refused(url):
        raise OSError(f"cannot reach {url} as reader:hush-hush, very-secret")

    monkeypatch.setattr(ibis, "connect", refused)
    coverage = read(tmp_path, backend="trino", table="focus", url="env:BILL")[1]
    assert coverage.status == "unavailable" and "cannot reach ***" in coverage.why
    assert "hush" not in coverage.why and "very" not in coverage.why
    monkeypatch.setenv("BILL", "snowflake://reader:hush-hush@account/db")
    assert "env:BILL holds no address of trino" in read(tmp_path, backend="trino", table="focus", url="env:BILL")[1].why


def test_a_warehouse_elsewhere_is_asked_for_the_named_table_and_left(monkeypatch, tmp_path):
    """A Trino that holds DuckDB's rows: what is asked, and that Arrow is taken as it comes."""
    told = []

    class Trino:
        def table(self, name, database):
            told.append((name, database))
            return ibis.table(ibis.Schema.from_pyarrow(pq.read_schema(tmp_path / "bill.parquet")), name=name)

        def to_pyarrow_batches(self, asked):
            made = duckdb.connect()
            made.execute(f"SET TimeZone = 'UTC'; CREATE VIEW focus AS FROM '{tmp_path / 'bill.parquet'}'")
            return made.sql(ibis.to_sql(asked, dialect="duckdb")).to_arrow_table().to_reader()

        def disconnect(self):
            told.append("left")

    monkeypatch.setenv("BILL", "trino://reader:hush@h/hive/billing")
    monkeypatch.setattr(ibis, "connect", lambda url: Trino())
    first, _ = read(tmp_path, path=save(tmp_path / "bill.parquet"))
    for table, place in (("focus", None), ("billing.focus", "billing"), ("hive.billing.focus", ("hive", "billing"))):
        rows, coverage = read(tmp_path, backend="trino", table=table, url="env:BILL")
        pd.testing.assert_frame_equal(ordered(rows), ordered(first), check_exact=True)
        assert told[-2:] == [("focus", place), "left"] and f"trino {table}" in coverage.inputs


def test_without_ibis_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "ibis", None)
    assert "pip install 'opsreport[warehouse]'" in read(tmp_path, path="b.parquet")[1].why


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """Spark on this machine alone, on loopback, in a folder of its own."""
    if not importlib.util.find_spec("pyspark") or not shutil.which("java"):
        pytest.skip("pyspark or Java is not installed")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    own = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
           "spark.sql.warehouse.dir": str(folder / "warehouse"), "spark.sql.shuffle.partitions": "1",
           "spark.driver.memory": "512m", "spark.local.dir": str(folder), "spark.sql.session.timeZone": "Asia/Tokyo",
           "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}"}  # fmt: skip
    building = SparkSession.builder.master("local[1]").appName("opsreport")
    for name, value in own.items():
        building = building.config(name, value)
    session = building.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.mark.long
def test_spark_tells_the_same_charges_as_duckdb_and_the_file(spark, tmp_path):
    name = save(tmp_path / "bill.parquet")
    spark.read.parquet(str(tmp_path / name)).createOrReplaceTempView("bill")
    whole = october(read(tmp_path, module=focus, path=name)[0])
    rows, coverage = read(tmp_path, backend="spark", table="bill")
    assert coverage.observed_start == at("2026-10-01"), coverage.why
    pd.testing.assert_frame_equal(ordered(rows), whole, check_exact=True)
    pd.testing.assert_frame_equal(ordered(rows), ordered(read(tmp_path, path=name)[0]), check_exact=True)
    assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo", "the session's clock is as it was"


@pytest.mark.long
def test_spark_sums_days_as_duckdb_does(spark, tmp_path):
    name = save(tmp_path / "bill.parquet", DAY, OF_DAY)
    spark.read.parquet(str(tmp_path / name)).createOrReplaceTempView("days")
    made = [ordered(read(tmp_path, grain="day", **given)[0])
            for given in ({"path": name}, {"backend": "spark", "table": "days"})]  # fmt: skip
    assert len(made[0]) == 4
    pd.testing.assert_frame_equal(*made, check_exact=True)
    assert list(made[1].columns) == list(FRAMES["cost"].names)


@pytest.mark.long
def test_spark_says_what_is_wrong(spark, tmp_path):
    coverage = read(tmp_path, backend="spark", table="gone")[1]
    assert coverage.status == "unavailable"
    assert "there is no table gone" in coverage.why and "Hint: check the table" in coverage.why

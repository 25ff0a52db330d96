"""What a large bill costs, beside bare DuckDB SQL that gives the same rows, and pandas.

Makes a month of FOCUS lines from a seed, once, in a folder outside the project, then reads it in child processes in
turn, so that a machine that slows down slows all: from the files to the month's Parquet in the store, summed by the
day. Prints medians, ratios pair by pair and the peak memory of each whole process as JSON.

    python benchmarks/bills.py [--lines 10000000] [--runs 3] [--kind parquet|csv|csv.gz] [--pandas]

`--pandas` also reads the file with pandas, once, which takes many times the memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
MONTH, HOURS = "2026-10", 744
CLIENT = "client: acme\ndisplay_name: A\ntime_zone: UTC\ncurrency: USD\nsources:\n  cost:\n    - focus: {path: bill}\n"
TEXTS = (
    "ServiceName", "SubAccountId", "RegionId", "ResourceId", "SkuId", "SkuPriceId", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "PricingUnit", "CommitmentDiscountId", "CommitmentDiscountStatus",
    "BillingCurrency", "Tags",
)  # fmt: skip
AMOUNTS = ("PricingQuantity", "ConsumedQuantity", "BilledCost", "EffectiveCost", "ListCost")


def made(folder: Path, lines: int, kind: str, month: str = MONTH) -> Path:
    """A bill of so many lines by the hour, of one thing in 744 of them; as AWS writes it, amounts are DOUBLE."""
    import duckdb

    path = folder / f"{month}-{lines}.{kind}"
    things = -(-lines // HOURS)
    number = "DOUBLE" if kind == "parquet" else "DECIMAL(18, 10)"
    cost = "(g % 100000 + 1)::DOUBLE * (h % 900 + 1) / {}"
    how = "FORMAT parquet, COMPRESSION zstd" if kind == "parquet" else "FORMAT csv, HEADER"
    if not path.exists():
        with duckdb.connect(config={"memory_limit": "2GB", "preserve_insertion_order": False}) as db:
            db.execute(f"""COPY (
                WITH things AS (SELECT n, hash(n + 7) AS h FROM range({things}) t(n)),
                lines AS (SELECT i % {things} AS n, i // {things} AS hour, hash(i + 11) AS g FROM range({lines}) t(i))
                SELECT 'AWS' AS ProviderName, '123456789012' AS BillingAccountId,
                    TIMESTAMP '{month}-01' AS BillingPeriodStart,
                    TIMESTAMP '{month}-01' + to_hours(hour) AS ChargePeriodStart,
                    TIMESTAMP '{month}-01' + to_hours(hour + 1) AS ChargePeriodEnd,
                    'Service ' || (h % 40) AS ServiceName, lpad((h % 24)::VARCHAR, 12, '0') AS SubAccountId,
                    'eu-central-' || (h % 3) AS RegionId, 'SKU' || (h % 900) AS SkuId,
                    'arn:aws:ec2:eu-central-1:123456789012:instance/i-' || lower(hex(h)) AS ResourceId,
                    'SKU' || (h % 900) || '.' || (h % 3) AS SkuPriceId,
                    CASE WHEN g % 5003 = 0 THEN 'Credit' ELSE 'Usage' END AS ChargeCategory,
                    CASE WHEN g % 7001 = 0 THEN 'Correction' END AS ChargeClass,
                    '$' || (h % 900) || ' per hour of use' AS ChargeDescription,
                    'Usage-Based' AS ChargeFrequency,
                    CASE WHEN g % 9001 > 0 THEN ((g % 100000) / 10000)::{number} END AS PricingQuantity,
                    'Hours' AS PricingUnit, ((g % 100000) / 10000)::{number} AS ConsumedQuantity,
                    'Hours' AS ConsumedUnit, ({cost.format(100000000)})::{number} AS BilledCost,
                    ({cost.format(100000000)})::{number} AS EffectiveCost,
                    ({cost.format(90000000)})::{number} AS ListCost, NULL::VARCHAR AS CommitmentDiscountId,
                    NULL::VARCHAR AS CommitmentDiscountStatus, 'USD' AS BillingCurrency,
                    CASE WHEN h % 4 > 0
                    THEN '{{"service":"svc-' || (h % 12) || '","team":"team-' || (h % 30) || '"}}' END AS Tags
                FROM lines JOIN things USING (n)
            ) TO '{path}.part' ({how}{", COMPRESSION gzip" if kind.endswith("gz") else ""})""")
        os.replace(f"{path}.part", path)
    return path


def ours(path: Path, home: Path) -> None:
    """What `opsreport collect` does: from the file to the store."""
    import pandas as pd

    from opsreport.cli.collect import collect
    from opsreport.home import Home
    from opsreport.params import load_params
    from opsreport.period import Period

    folder = home / "params" / "bill"
    folder.mkdir(parents=True)
    (folder / path.name).symlink_to(path)
    (home / "params" / "acme.yaml").write_text(CLIENT, "utf-8")
    (told,) = collect(Home(home), load_params(home / "params", "acme"), Period.month(MONTH),
                      pd.Timestamp("2026-11-05", tz="UTC"))  # fmt: skip
    assert told.coverage.status == "ok", told.coverage.why


def bare(path: Path, home: Path) -> None:
    """One SQL statement that gives the same rows in the same order and form, by the rules of what may be summed."""
    import duckdb

    (home / "store" / "acme" / "cost").mkdir(parents=True)
    config = {"memory_limit": "400MB", "temp_directory": str(home / "spilled"), "preserve_insertion_order": False}
    source = f"'{path}'"
    if path.suffix != ".parquet":
        source = f"read_csv('{path}', header = true, all_varchar = true, auto_detect = true)"
    amounts = ", ".join(f"sum(given.{name}::VARCHAR::DECIMAL(38, 18)) AS {name}" for name in AMOUNTS)
    with duckdb.connect(config=config) as db:
        db.execute("SET TimeZone = 'UTC'")
        start, end = "ChargePeriodStart::TIMESTAMP", "ChargePeriodEnd::TIMESTAMP"
        by_day = (f"ChargeCategory = 'Usage' AND ChargeClass IS NULL AND {end} < {start} + INTERVAL 1 DAY AND {end} <= "
                  f"date_trunc('day', {start}) + INTERVAL 1 DAY AND date_trunc('month', {start}) = "
                  "date_trunc('month', BillingPeriodStart::TIMESTAMP)")  # fmt: skip
        apart = ", ".join(f"{test} AS t{place}" for place, test in enumerate(
            [*(f"given.{name} IS NULL" for name in AMOUNTS), "given.BilledCost > 0", "given.EffectiveCost > 0"]))
        db.execute(f"""COPY (
            SELECT ProviderName, BillingPeriodStart::TIMESTAMP::TIMESTAMPTZ AS BillingPeriodStart,
                starts::TIMESTAMPTZ AS starts, ends::TIMESTAMPTZ AS ends, {", ".join(TEXTS)}, {", ".join(AMOUNTS)}
            FROM (SELECT ProviderName, BillingPeriodStart, {", ".join(TEXTS)}, {amounts},
                    CASE WHEN {by_day} THEN date_trunc('day', {start}) ELSE {start} END AS starts,
                    CASE WHEN {by_day} THEN date_trunc('day', {start}) + INTERVAL 1 DAY ELSE {end} END AS ends,
                    CASE WHEN NOT ({by_day}) THEN gen_random_uuid() END AS line, {apart}
                FROM {source} AS given GROUP BY ALL) ORDER BY ALL
        ) TO '{home}/store/acme/cost/{MONTH}.parquet' (FORMAT parquet, COMPRESSION zstd)""")


def with_pandas(path: Path, home: Path) -> None:
    """The lines in memory, then summed, with floats for money."""
    import pandas as pd

    (home / "store" / "acme" / "cost").mkdir(parents=True)
    rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    rows["day"] = pd.to_datetime(rows["ChargePeriodStart"]).dt.floor("D")
    keys = ["ProviderName", "BillingPeriodStart", "day", *TEXTS]
    summed = rows.groupby(keys, dropna=False, observed=True)[list(AMOUNTS)].sum().reset_index()
    summed.to_parquet(home / "store" / "acme" / "cost" / f"{MONTH}.parquet")


def loaded(path: Path, home: Path) -> None:
    """A client's month from a store in which a bill of so many lines was collected."""
    from opsreport import load

    month = load("acme", MONTH, home=home)
    assert len(month.cost)


WAYS = {"ours": ours, "bare": bare, "pandas": with_pandas, "load": loaded}


def child(way: str, path: str, home: str) -> None:
    """One way, measured in its own process, its libraries imported before; peak memory is of the whole process."""
    import duckdb  # noqa: F401

    if way in ("ours", "load"):
        import opsreport.cli.collect  # noqa: F401
    began, spent = time.perf_counter(), time.process_time()
    WAYS[way](Path(path), Path(home))
    wall, spent = time.perf_counter() - began, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": round(wall, 2), "cpu_seconds": round(spent, 2), "peak_mb": round(peak)}))


def measured(way: str, path: Path, home: Path) -> dict[str, float]:
    """One run in a child process."""
    command = [sys.executable, __file__, "--child", way, str(path), str(home)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout)


def rows_of(home: Path) -> tuple:
    """How many rows a way gave, and what they add up to."""
    import duckdb

    cost = "billed_cost" if (home / "params").exists() else "BilledCost"
    return duckdb.sql(f"SELECT count(*), round(sum({cost}), 6)::VARCHAR "
                      f"FROM '{home}/store/acme/cost/*.parquet'").fetchall()[0]  # fmt: skip


def main() -> None:
    """Print the runs, side by side."""
    parser = argparse.ArgumentParser(description="What a large bill costs.")
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kind", choices=["parquet", "csv", "csv.gz"], default="parquet")
    parser.add_argument("--pandas", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "opsreport-bills")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    path = made(asked.folder, asked.lines, asked.kind)
    runs: dict[str, list[dict[str, float]]] = {}
    gave = {}
    for number in range(asked.runs):
        for way in ("bare", "ours", *(["pandas"] if asked.pandas and not number else [])):
            with tempfile.TemporaryDirectory(dir=asked.folder) as home:
                runs.setdefault(way, []).append(measured(way, path, Path(home)))
                gave[way] = rows_of(Path(home))
                if way == "ours" and number == asked.runs - 1:
                    runs["load"] = [measured("load", path, Path(home))]
    assert gave["ours"] == gave["bare"], gave
    ratios = [mine["seconds"] / theirs["seconds"] for mine, theirs in zip(runs["ours"], runs["bare"], strict=True)]
    told = {way: {name: statistics.median(run[name] for run in each) for name in each[0]} for way, each in runs.items()}
    pairs = zip(runs["ours"], runs["bare"], strict=True)
    spent = [mine["cpu_seconds"] / theirs["cpu_seconds"] for mine, theirs in pairs]
    result = {"lines": asked.lines, "file": {"kind": asked.kind, "bytes": path.stat().st_size}, "rows": gave["ours"][0],
              "ratio_to_bare": [round(one, 2) for one in ratios],
              "median_ratio": round(statistics.median(ratios), 2),
              "median_cpu_ratio": round(statistics.median(spent), 2), "medians": told, "runs": runs}  # fmt: skip
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    child(*sys.argv[2:]) if "--child" in sys.argv else main()

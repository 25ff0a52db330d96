"""The demo tells two coherent stories, in the same bytes each time."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import shutil
import time
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import demo, sources
from opsreport.demo import bill, clinic, shop, shop_bill
from opsreport.demo.files import instant
from opsreport.demo.monitoring import changes
from opsreport.params import load_corrections, load_params
from opsreport.period import Period
from opsreport.schemas import FRAMES

PARAMS = Path(__file__).parents[2] / "params"
# One process builds the data for all of them.
pytestmark = pytest.mark.xdist_group("demo")
CLIENTS = ("demo-shop", "demo-clinic")
OCTOBER = "2026-10"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's root with the demo's data and the clients' files beside it."""
    root = tmp_path_factory.mktemp("home")
    demo.write(root / "demo-data")
    shutil.copytree(PARAMS, root / "params")
    return root


@pytest.fixture(scope="module")
def frames(home: Path) -> dict[tuple[str, str], pd.DataFrame]:
    """Every frame that the clients' files name, read through its source."""
    return {(client, frame): rows for client in CLIENTS for frame, rows in _read(home, client).items()}


def _read(home: Path, client: str) -> dict[str, pd.DataFrame]:
    params, read = load_params(home / "params", client), {}
    period = Period.days("2025-10-01", "2026-10-31", params.time_zone)
    for frame, specs in params.sources.items():
        ((name, given),) = specs[0].items()
        module = sources.find(name)
        settings = sources.settings_of(module, dict(given), frame=frame, folder=home / "params", zone=params.time_zone)
        rows, coverage = sources.read(module, settings, period)
        assert coverage.status == "ok", f"{client} {frame}: {coverage.why}"
        read[frame] = rows
    return read


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _minutes(rows: pd.DataFrame, monitor: str, state: str, month: Period) -> int:
    """Minutes in a state, clipped to a month; the demo's stretches never overlap."""
    own = rows[(rows["monitor"] == monitor) & (rows["state"] == state)]
    lasted = own["ended_at"].clip(upper=month.end) - own["started_at"].clip(lower=month.start)
    return int(lasted.clip(lower=pd.Timedelta(0)).sum() / pd.Timedelta(minutes=1))


def _spend(rows: pd.DataFrame, month: str, **where: str) -> Decimal:
    held = rows["charge_period_start"].dt.strftime("%Y-%m") == month
    for column, value in where.items():
        held &= rows[column] == value
    return sum(rows.loc[held, "billed_cost"], Decimal(0))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(home: Path, tmp_path: Path) -> None:
    demo.write(tmp_path / "again", seed=7)
    demo.write(tmp_path / "other", seed=8)
    first, again, other = (_digests(folder) for folder in (home / "demo-data", tmp_path / "again", tmp_path / "other"))
    assert first == again
    assert set(first) == set(other)
    differing = {name for name in first if first[name] != other[name]}
    assert "demo-shop/bill/2026-10.csv.gz" in differing
    assert "demo-clinic/deployments.csv" in differing
    # What the stories tell does not depend on the seed.
    assert not {"demo-shop/incidents.csv", "demo-clinic/incidents.csv", "demo-clinic/monitor.json"} & differing


def test_writing_again_replaces_the_clients_and_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "demo-shop").mkdir()
    (tmp_path / "demo-shop" / "stale.csv").write_text("old")
    (tmp_path / "mine.txt").write_text("keep")
    started = time.perf_counter()
    demo.write(tmp_path)
    assert time.perf_counter() - started < 20  # 2 s where nothing else runs
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo-clinic", "demo-shop", "mine.txt"]
    assert not (tmp_path / "demo-shop" / "stale.csv").exists()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_clients_file_loads_with_all_frames_and_made_up_addresses(client: str) -> None:
    params = load_params(PARAMS, client)
    # What a provider expects of its own bill, and holds for an audit, no export tells: its API does.
    assert set(params.sources) == set(FRAMES) - {"cost_forecast", "cost_anomaly", "control_check"}
    assert all(one.email.endswith(("@example.com", ".test")) for one in params.recipients)
    assert (PARAMS / params.brand.logo).read_text().startswith("<svg")


def test_a_plan_supplies_what_a_clients_file_leaves_out() -> None:
    assert load_params(PARAMS, "demo-shop").cost.required_tags == ["application", "environment", "owner"]
    assert load_corrections(PARAMS, "demo-shop") == []
    excused = [one.excuse.monitor for one in load_corrections(PARAMS, "demo-clinic") if one.excuse]
    assert excused == ["portal", "booking", "records-api"]


@pytest.mark.parametrize("client", CLIENTS)
def test_every_day_of_thirteen_months_is_billed(client: str, frames: dict) -> None:
    rows = frames[client, "cost"]
    days = rows.loc[rows["charge_category"] == "Usage", "charge_period_start"].dt.date.unique()
    assert len(days) == 396
    assert (min(days), max(days)) == (dt.date(2025, 10, 1), dt.date(2026, 10, 31))
    assert len(rows) <= 25_000


@pytest.mark.parametrize("client", CLIENTS)
def test_quantity_times_unit_price_is_the_cost_to_the_last_decimal(client: str, home: Path) -> None:
    priced = 0
    for path in sorted((home / "demo-data" / client / "bill").glob("*.csv.gz")):
        with gzip.open(path, "rt", newline="") as lines:
            for row in csv.DictReader(lines):
                if not row["ListUnitPrice"] or row["CommitmentDiscountStatus"] == "Unused":
                    continue
                priced += 1
                cost = Decimal(row["PricingQuantity"]) * Decimal(row["ListUnitPrice"])
                assert cost == Decimal(row["ListCost"])
                if not row["CommitmentDiscountStatus"]:
                    assert cost == Decimal(row["BilledCost"])
    assert priced > 8_000


def test_the_savings_plan_costs_its_fee_and_nothing_more(frames: dict) -> None:
    rows = frames["demo-shop", "cost"]
    plan = rows[rows["commitment_discount_id"].notna()]
    fee = Decimal("0.20736") * 24 * 31
    october = plan["charge_period_start"].dt.strftime("%Y-%m") == OCTOBER
    bought = plan["charge_category"] == "Purchase"
    assert sum(plan.loc[october & bought, "billed_cost"]) == fee
    assert sum(plan.loc[october & ~bought, "billed_cost"]) == 0
    assert sum(plan.loc[october & ~bought, "effective_cost"]) == fee


def test_what_a_plan_cannot_cover_is_billed_and_what_it_does_not_need_is_unused() -> None:
    plan = bill.Commitment(shop_bill.PROD, "sp", "2026-01-01", fee="1.5", rate="0.5")
    line = bill.Line(shop_bill.PROD, "Compute", "EC2", "box", "", "Hours", (("", "2"),), lambda _: 24, covered=True)
    day = bill.Day(dt.date(2026, 1, 1), 1.0, lambda: 1.0)
    # 36 a day at a rate of 1 an hour: 24 h of the first, 12 h of the second, 12 h at 2 remain.
    both = bill.committed(plan, [bill.usage(line, day), bill.usage(line, day)], day.date)
    assert [row["PricingQuantity"] for row in both[:3]] == [24, 12, 12]
    assert [row["BilledCost"] for row in both] == [0, 0, 24, 36]
    # With one machine, 12 of the 36 are unused.
    one = bill.committed(plan, [bill.usage(line, day)], day.date)
    assert [row["EffectiveCost"] for row in one] == [24, 0, 12]
    assert one[-1]["CommitmentDiscountStatus"] == "Unused"


def test_the_shop_goes_over_budget_in_october_only_and_logs_are_the_largest_cause(frames: dict) -> None:
    rows = frames["demo-shop", "cost"]
    spend = {month.name: _spend(rows, month.name) for month in Period.month(OCTOBER).history(13)}
    assert [month for month, total in spend.items() if total > 4200] == [OCTOBER]
    assert spend[OCTOBER] > Decimal("4700")

    def rise(**where: str) -> Decimal:
        return _spend(rows, OCTOBER, **where) - _spend(rows, "2026-09", **where)

    ingested = rise(sku_id="DataProcessing-Bytes", resource_id="/harbour-pine/checkout")
    assert ingested > Decimal("0.35") * rise()
    others = set(rows["service_name"]) - {"AmazonCloudWatch"}
    assert all(rise(service_name=name) < ingested for name in others)


def test_checkout_logs_are_about_fourfold_from_the_day_of_the_release(frames: dict) -> None:
    rows = frames["demo-shop", "cost"]
    logs = rows[(rows["sku_id"] == "DataProcessing-Bytes") & (rows["resource_id"] == "/harbour-pine/checkout")]
    a_day = logs.set_index("charge_period_start")["pricing_quantity"].astype(float)
    before, after = a_day["2026-09-08":"2026-10-05"].mean(), a_day["2026-10-06":"2026-10-31"].mean()
    assert 3.8 < after / before < 4.5
    released = frames["demo-shop", "deployment"].set_index("deployment_id").loc["checkout-2026.10.06-1"]
    assert released["started_at"] == pd.Timestamp("2026-10-06 14:40", tz="UTC")  # 10:40 in New York


def test_stored_logs_grow_every_month(frames: dict) -> None:
    rows = frames["demo-shop", "cost"]
    stored = [_spend(rows, month.name, sku_id="TimedStorage-ByteHrs", service_name="AmazonCloudWatch")
              for month in Period.month(OCTOBER).history(13)]  # fmt: skip
    assert stored == sorted(stored) and stored[0] < stored[-1]


def test_spend_and_invoice_of_a_month_differ_by_the_row_billed_later(frames: dict) -> None:
    rows = frames["demo-shop", "cost"]
    late = rows[rows["billing_period_start"].dt.month != rows["charge_period_start"].dt.month]
    assert late["billed_cost"].tolist() == [Decimal("6.73")]
    assert str(late["charge_period_start"].iloc[0].date()) == "2026-09-30"


def test_the_clinics_database_costs_half_as_much_again_from_the_day_after_the_outage(frames: dict) -> None:
    rows = frames["demo-clinic", "cost"]
    cores = rows[(rows["resource_id"] == "sql-booking")].set_index("charge_period_start")["pricing_quantity"]
    assert (cores["2026-10-14"], cores["2026-10-15"]) == (96, 144)


def test_the_clinics_outage_lasts_78_minutes_and_its_portal_misses_its_target(frames: dict) -> None:
    states, month = frames["demo-clinic", "monitor_state"], Period.month(OCTOBER, "Europe/Berlin")
    assert month.hours == 745
    for monitor in ("portal", "booking"):
        assert _minutes(states, monitor, "down", month) == 78 + 22  # 22 are excused
        assert _minutes(states, monitor, "unknown", month) == 180
    allowed = (1 - 0.9995) * (745 - 3) * 60
    assert allowed == pytest.approx(22.26)
    # The incident of 30 September: 23:18 to 0:41, of which 41 minutes are October's.
    assert _minutes(states, "records-api", "down", month) == 41 + 22
    assert _minutes(states, "records-api", "down", month.previous()) == 42
    assert _minutes(states, "records-api", "maintenance", month) == 68
    assert _minutes(states, "booking", "degraded", month) == 100


def test_the_clinics_incident_was_acknowledged_in_6_minutes_and_names_its_deployment(frames: dict) -> None:
    one = frames["demo-clinic", "incident"].set_index("incident_id").loc["NC-023"]
    assert one["acknowledged_at"] - one["opened_at"] == pd.Timedelta(minutes=6)
    assert one["resolved_at"] == pd.Timestamp("2026-10-14 11:25", tz="Europe/Berlin")
    cause = frames["demo-clinic", "deployment"].set_index("deployment_id").loc[one["deployment_id"]]
    assert cause["started_at"] == pd.Timestamp("2026-10-14 09:58", tz="Europe/Berlin")
    assert (cause["outcome"], bool(cause["needed_intervention"])) == ("rolled_back", True)


def test_the_shops_checkout_was_down_33_minutes_outside_maintenance(frames: dict) -> None:
    states, month = frames["demo-shop", "monitor_state"], Period.month(OCTOBER, "America/New_York")
    assert _minutes(states, "checkout", "down", month) == 25 + 8 + 20  # 20 on a Sunday at 03:05
    assert _minutes(states, "storefront", "down", month) == 35 + 42  # of the 42, 12 after 04:00
    assert _minutes(states, "search", "degraded", month) == 125
    assert states["ended_at"].max() >= month.end
    assert "legacy-redirect" not in load_params(PARAMS, "demo-shop").services


@pytest.mark.parametrize("client", CLIENTS)
def test_incidents_changes_and_deployments_refer_to_each_other(client: str, frames: dict) -> None:
    deployments = frames[client, "deployment"]
    ids = set(deployments["deployment_id"])
    assert set(frames[client, "incident"]["deployment_id"].dropna()) <= ids
    assert set(frames[client, "change"]["deployment_id"]) <= ids
    carried = frames[client, "change"].merge(deployments, on="deployment_id")
    assert (carried["first_commit_at"] <= carried["merged_at"]).all()
    assert (carried["merged_at"] <= carried["started_at"]).all()


@pytest.mark.parametrize(("client", "known"), [("demo-shop", shop), ("demo-clinic", clinic)])
def test_every_name_but_the_one_left_out_on_purpose_maps_to_a_service(client: str, known, frames: dict) -> None:
    services = load_params(PARAMS, client).services
    aliases = {alias for one in services.values() for names in one.aliases.values() for alias in names}
    for frame, column in (("incident", "service"), ("deployment", "service"), ("monitor_state", "monitor")):
        assert set(frames[client, frame][column]) - aliases <= {"legacy-redirect"}
    assert {event.service for event in known.EVENTS} <= set(services)


def test_the_clinics_records_api_has_too_few_deployments_for_a_rate_and_booking_has_enough(frames: dict) -> None:
    rows = frames["demo-clinic", "deployment"]
    october = rows[rows["started_at"] >= Period.month(OCTOBER, "Europe/Berlin").start]
    counts = october["service"].value_counts()
    assert 0 < counts["records-api"] < 5
    assert counts["booking"] >= 8


def test_a_story_in_two_states_at_once_is_refused() -> None:
    overlapping = [("portal", "2026-10-01 10:00", 30, "down"), ("portal", "2026-10-01 10:20", 30, "degraded")]
    with pytest.raises(ValueError, match="two states"):
        changes(["portal"], overlapping, "Europe/Berlin")


def test_a_local_time_is_read_with_the_offset_of_its_day() -> None:
    assert instant("2026-10-24 12:00", "Europe/Berlin") == dt.datetime(2026, 10, 24, 10, tzinfo=dt.UTC)
    assert instant("2026-10-26 12:00", "Europe/Berlin") == dt.datetime(2026, 10, 26, 11, tzinfo=dt.UTC)


def test_bills_can_be_written_as_they_stood_when_a_month_had_ended(tmp_path):
    demo.write(tmp_path / "then", until="2026-09")
    demo.write(tmp_path / "now")
    then, now = (_digests(tmp_path / when) for when in ("then", "now"))
    assert set(now) - set(then) == {f"{client}/bill/2026-10.csv.gz" for client in CLIENTS}
    assert all(now[name] == digest for name, digest in then.items())

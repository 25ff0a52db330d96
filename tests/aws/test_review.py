"""A review made from AWS alone: the same month, told by AWS, gives the same figures."""

from __future__ import annotations

import io
import json
import shutil

import pandas as pd
import pytest
from ruamel.yaml import YAML

import opsreport
from opsreport.cli.collect import collect
from opsreport.current import made_of
from opsreport.home import Home
from opsreport.params import load_params
from opsreport.period import Period
from opsreport.report.build import build
from opsreport.store import Store
from tests.aws.account import ACCOUNT, BUCKET, PREFIX, REGION, Shop

#: Twice a month and at its end: AWS forgets jobs and alarms' changes after thirty days.
NOWS = [pd.Timestamp(f"2026-{day}T12:00", tz="UTC") for day in ("10-01", "10-20", "11-01")]
SOURCES = {
    "cost": [{"aws_data_exports": {"bucket": BUCKET, "prefix": PREFIX}}], "backup": [{"aws_backup": {}}],
    "restore_test": [{"aws_backup": {}}], "log_group": [{"aws_logs": {}}], "alarm_rule": [{"aws_alarms": {}}],
    "alert": [{"aws_alarms": {}}], "deployment": [{"aws_codedeploy": {}}],
}  # fmt: skip
#: Key figures that both clients' records can tell.
SAME = (
    "cost.spend.usd", "cost.change.usd", "cost.tags.usd", "spending.retention", "spending.logs_without_limit",
    "backups.completed", "backups.rpo.vol-0d41", "delivery.checkout.count", "delivery.storefront.count",
    "delivery.search.count",
)  # fmt: skip


@pytest.fixture
def home(demo_home, aws, tmp_path) -> Home:
    """A home with one client, the demo shop as AWS knows it, collected as the weeks went by."""
    folder = tmp_path / "home"
    shutil.copytree(demo_home / "params", folder / "params")
    shutil.copytree(demo_home / "notebooks", folder / "notebooks")
    text = (folder / "params" / "demo-shop.yaml").read_text("utf-8")
    client = YAML(typ="safe", pure=True).load(text.replace("resource: vol-0d41", "resource: volume/vol-0d41"))
    keys = {"access_key_id": "env:KEY", "secret_access_key": "env:SECRET"}
    account = {"account": ACCOUNT, "regions": [REGION], **keys}
    client |= {"client": "demo-cloud", "sources": SOURCES, "aws": [account]}
    for name, service in client["services"].items():
        release = service["aliases"]["release-log"]
        service["aliases"] = {"aws": [f"application={name}", *release, f"/harbour-pine/{name}", f"{name}:*"]}
    out = io.StringIO()
    YAML().dump(client, out)
    (folder / "params" / "demo-cloud.yaml").write_text(out.getvalue(), "utf-8")
    made, shop = Home(folder), Shop(demo_home)
    shop.deliver(aws)
    params = load_params(made.params, "demo-cloud")
    for now in NOWS:
        shop.tell(aws, now)
        told = collect(made, params, Period.days("2025-10-01", "2026-10-31", params.time_zone), now)
        assert {(one.coverage.frame, one.coverage.status) for one in told} == {(frame, "ok") for frame in SOURCES}
    return made


def figures(folder, client) -> dict[str, object]:
    manifest = json.loads((folder / "out" / client / "2026-10" / "manifest.json").read_text("utf-8"))
    return {one["id"]: one["value"] for one in manifest["figures"]}


def test_the_same_month_told_by_aws_gives_the_same_figures(home, demo_home):
    known, told = (Store(place / "store", client).read("cost") for place, client in (
        (demo_home, "demo-shop"), (home.folder, "demo-cloud")))  # fmt: skip
    by = ["billing_period_start", "service_name", "billing_currency"]
    assert told.groupby(by)["billed_cost"].sum().equals(known.groupby(by)["billed_cost"].sum())
    loaded = opsreport.load("demo-cloud", "2026-10", home=home.folder)
    page = build(home, "demo-cloud", "2026-10", loaded, made_of(loaded))
    made, whole = figures(home.folder, "demo-cloud"), figures(demo_home, "demo-shop")
    names = [f"scorecard.{name}.this_month" for name in SAME]
    mine = [name.replace("rpo.vol-0d41", "rpo.volume-vol-0d41") for name in names]
    assert {name: made.get(own) for name, own in zip(names, mine, strict=True)} == {name: whole[name] for name in names}
    text = page.read_text("utf-8")
    assert "aws_data_exports" in text and "demo-shop" not in text


def test_collecting_again_changes_nothing(home):
    params, kept = load_params(home.params, "demo-cloud"), home.store / "demo-cloud"
    before = {path: path.read_bytes() for path in kept.rglob("*.parquet")}
    collect(home, params, Period.days("2025-10-01", "2026-10-31", params.time_zone), NOWS[-1])
    assert {path: path.read_bytes() for path in kept.rglob("*.parquet")} == before and len(before) > 20


def test_what_was_collected_as_the_weeks_went_by_is_seen_whole_and_a_gap_is_not(home):
    month = opsreport.load("demo-cloud", "2026-10", home=home.folder)
    assert month.seen("backup").share(month.period) == pytest.approx(1)
    assert month.seen("alert").share(month.period) == pytest.approx(1)
    # Seen on three days only: what was set in between is not known.
    assert month.seen("log_group").share(month.period) < 0.2

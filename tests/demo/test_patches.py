"""The demo's machines and weaknesses tell their stories, whatever the seed."""

import csv
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.demo import patches
from opsreport.intervals import Intervals
from opsreport.metrics import patches as metrics
from opsreport.params import load_params
from opsreport.period import Period

PARAMS = Path(__file__).parents[2] / "params"
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])

HELD = {"demo-shop": "vulnerabilities.csv", "demo-clinic": "vulnerabilities.json"}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_only_the_hours_are_the_seeds():
    one, other = (rows(patches.files("demo-shop", seed)["vulnerabilities.csv"]) for seed in (7, 8))
    names = ("CVE", "Host", "Severity", "First seen", "Closed")

    def told(all_of):
        return sorted(tuple(row[name][:14] if name == "CVE" else row[name][:10] for name in names) for row in all_of)

    assert told(one) == told(other) and one != other
    assert patches.files("demo-shop", 7) == patches.files("demo-shop", 7)


@pytest.mark.parametrize("client", HELD)
def test_ids_are_made_up_and_told_once(client):
    content = patches.files(client, 7)[HELD[client]]
    found = json.loads(content) if client == "demo-clinic" else rows(content)
    ids = [row.get("id") or row.get("Finding") for row in found]
    cves = {row.get("cve") or row.get("CVE") for row in found}
    assert len(ids) == len(set(ids)) and all(cve.startswith(("CVE-2025-9", "CVE-2026-9")) for cve in cves)
    assert all(len(content) < 150_000 for content in patches.files(client, 7).values())


def test_one_web_server_waits_twelve_days_for_its_reboot():
    states = rows(patches.files("demo-shop", 7)["patches.csv"])
    waits = [row["Seen"][:10] for row in states if row["Reboot needed"] == "yes"]
    assert (waits[0], waits[-1], len(waits)) == ("2026-10-19", "2026-10-31", 5)


def test_the_new_search_machines_are_listed_but_not_reached():
    files = patches.files("demo-shop", 7)
    listed = {row["Host"] for row in rows(files["machines.csv"]) if row["Agent"] == "no"}
    assert listed == set(patches.NEW_SEARCH)
    assert not listed & {row["Host"] for row in rows(files["patches.csv"])}
    assert min(row["Seen"] for row in rows(files["machines.csv"]) if row["Host"] == "search-1") >= "2026-10-12"


@pytest.mark.parametrize(("client", "seed", "flow", "patched"), [
    ("demo-shop", 7, [8, 12, 1, 12, 1, 0, 8], (6, 11)), ("demo-shop", 8, [8, 12, 1, 12, 1, 0, 8], (6, 11)),
    ("demo-clinic", 7, [3, 10, 1, 8, 0, 1, 5], (4, 6)),
])  # fmt: skip
def test_october_counts_what_its_story_tells(tmp_path, client, seed, flow, patched):
    shutil.copytree(PARAMS, tmp_path / "params")
    for name, content in patches.files(client, seed).items():
        path = tmp_path / "demo-data" / client / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    params = load_params(tmp_path / "params", client)
    october = Period.month("2026-10", params.time_zone)
    read = {frame: frame_of(params, frame, tmp_path) for frame in ("asset", "patch_state", "vulnerability")}
    ledger = metrics.ledger(read["vulnerability"], params.agreement, params.accepted_risks, params.time_zone)
    counted = metrics.history(ledger, october, ALWAYS).iloc[-1]
    assert counted.filter(like="vulnerabilities_").tolist()[:7] == flow
    now = metrics.totals(metrics.machines(read["patch_state"], read["asset"], october), october).iloc[0]
    assert (now["machines_patched"], now["machines"]) == patched


def frame_of(params, frame: str, home: Path) -> pd.DataFrame:
    """As the client's file says that it is read, from those of its sources that tell of patches."""
    period, own = Period.days("2025-10-01", "2026-10-31", params.time_zone), {"machines.csv", "patches.csv"}
    specs = [one for spec in params.sources[frame] for one in spec.items()]
    name, given = next(one for one in specs if Path(one[1]["path"]).name in own | set(HELD.values()))
    module = sources.find(name)
    settings = sources.settings_of(module, dict(given), frame=frame, folder=home / "params", zone=params.time_zone)
    rows, coverage = sources.read(module, settings, period)
    assert coverage.status == "ok", coverage.why
    return rows

"""What the demo tells of access: the shop's by the usual limits, the clinic's against what it agreed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.demo import access as demo
from opsreport.metrics import access
from opsreport.params import load_params
from opsreport.period import Period

PARAMS = Path(__file__).parents[2] / "params"


def read(client: str, folder: Path):
    """The client, its October and the frame, as its own file has it read."""
    params = load_params(PARAMS, client)
    for name, content in demo.files(client, 7).items():
        (folder / name).write_bytes(content)
    given = params.sources["principal"][0]["table"]
    given = {**given, "path": str(folder / Path(given["path"]).name)}
    settings = sources.settings_of(
        sources.find("table"), given, frame="principal", folder=folder, zone=params.time_zone
    )  # fmt: skip
    october = Period.month("2026-10", params.time_zone)
    rows, coverage = sources.read(sources.find("table"), settings, october)
    assert coverage.status == "ok", coverage.why
    return rows.assign(source=settings.name), october, params


def test_the_shop_has_a_contractor_without_mfa_an_old_key_and_an_unused_account(tmp_path):
    given = read("demo-shop", tmp_path)
    assert access.totals(*given) == {"access": 9, "people": 7, "ours": 3, "privileged": 3}
    faults = access.listing(*given, only_faults=True).set_index("principal_name")
    assert faults["to_look_at"].to_dict() == {
        "Deploy robot": "a key older than usual", "Joel Park": "no MFA",
        "Warehouse report": "unused for longer than usual",
    }  # fmt: skip
    assert faults.loc["Deploy robot", "key_age"] == pd.Timedelta(days=240)
    assert faults.loc["Warehouse report", "unused_for"] == pd.Timedelta(days=120)
    moved = access.changes(*given)[["access_change", "principal_name"]].to_numpy().tolist()
    assert moved == [["joined", "Joel Park"], ["left", "Ida Frost"], ["changed", "Sam Ito"]]
    assert access.scorecard(*given)["target"].isna().all()


def test_the_clinic_missed_what_it_agreed_of_keys_and_use_and_cannot_tell_of_mfa(tmp_path):
    given = read("demo-clinic", tmp_path)
    scores = access.scorecard(*given).set_index("id")
    assert scores["verdict"].to_dict() == {
        "access.mfa": "unknown", "access.keys": "missed", "access.unused": "missed"
    }  # fmt: skip
    faults = access.listing(*given, only_faults=True).set_index("principal_name")["to_look_at"].to_dict()
    assert faults == {
        "Peter Brandt": "unused for longer than agreed; not on our list of staff",
        "Records sync": "a key older than agreed",
        "Service desk, first shift": "MFA not visible", "Service desk, second shift": "MFA not visible",
    }  # fmt: skip


@pytest.mark.parametrize("client", ["demo-shop", "demo-clinic"])
def test_every_month_has_its_list_whatever_the_noise(client, tmp_path):
    rows, october, params = read(client, tmp_path)
    for month in october.history(13):
        seen = access.snapshots(rows, month, params)
        assert seen["snapshot_state"].tolist() == ["seen in the month"]
    assert demo.files(client, 7) != demo.files(client, 8)

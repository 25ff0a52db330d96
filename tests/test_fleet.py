"""All clients of a month: who needs attention first, and nobody is left out because of another."""

import hashlib
import json

import pandas as pd
import pytest

import opsreport
from opsreport.coverage import Coverage
from opsreport.current import made_of
from opsreport.errors import PeriodError
from opsreport.fleet import NOT_MADE, OUTDATED, survey
from opsreport.narrative.fleet import attention, finding
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.store import Store
from opsreport.theme import Style

NOW = pd.Timestamp("2026-11-24", tz="UTC")
OCTOBER = Period.month("2026-10")
STYLE = Style("en_GB", "EUR")


@pytest.fixture
def home(tmp_path):
    (tmp_path / "params").mkdir()
    return tmp_path


def client(home, name, collected=True, until=OCTOBER.end, extra=""):
    (home / "params" / f"{name}.yaml").write_text(
        f'client: {name}\ndisplay_name: "{name.title()}"\ntime_zone: UTC\ncurrency: EUR\n'
        f"sources:\n  incident:\n    - table: {{name: desk, path: desk.csv}}\n{extra}"
    )
    if collected:
        window = {"requested_start": OCTOBER.start, "requested_end": OCTOBER.end, "observed_start": OCTOBER.start}
        seen = Coverage("incident", "desk", **window, observed_end=until, rows=0, status="ok", inputs='[{"path":"a"}]')
        Store(home / "store", name).merge(FRAMES["incident"].empty(), seen, NOW)


def review(home, name, verdicts=(), **figures):
    folder, loaded = home / "out" / name / "2026-10", opsreport.load(name, "2026-10", home=home)
    folder.mkdir(parents=True)
    file = home / "params" / f"{name}.yaml"
    inputs = [{"path": f"params/{name}.yaml", "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}]
    (folder / "manifest.json").write_text(json.dumps({
        "state": "final", "verdicts": [{"verdict": one} for one in verdicts], "inputs": inputs, **made_of(loaded),
        "figures": [{"id": id.replace("__", "."), "value": value} for id, value in figures.items()],
    }))  # fmt: skip


def look(home):
    return survey("2026-10", home=home, now=NOW)


def test_those_come_first_that_need_it_most(home):
    for name in ("calm", "late", "missed", "unmade"):
        client(home, name)
    review(home, "calm", ["met"])
    review(home, "late", ["met"], decisions__finding__overdue=2)
    review(home, "missed", ["missed", "met"])
    client(home, "broken")
    (home / "params/broken.yaml").write_text("client: broken\nnonsense: 1\n")
    made = look(home).clients
    assert made["client"].tolist() == ["broken", "unmade", "missed", "late", "calm"]
    assert "nonsense" in made["problem"].iloc[0] and made["review"].tolist()[1] == NOT_MADE


def test_a_review_made_before_its_records_came_is_outdated(home):
    client(home, "acme")
    review(home, "acme")
    assert look(home).clients["review"].tolist() == ["final"]
    window = {"requested_start": OCTOBER.start, "requested_end": OCTOBER.end}
    shorter = {"observed_start": OCTOBER.start, "observed_end": OCTOBER.end - pd.Timedelta("1D")}
    told = Coverage("incident", "desk", **window, **shorter, rows=0, status="partial", why="cut")
    Store(home / "store", "acme").merge(FRAMES["incident"].empty(), told, NOW)
    assert look(home).clients["review"].tolist() == [OUTDATED]


def test_reading_the_same_again_leaves_a_review_as_new_as_it_was(home):
    client(home, "acme")
    review(home, "acme")
    client(home, "acme")
    assert look(home).clients["review"].tolist() == ["final"]


def test_a_review_is_outdated_once_somebody_wrote_in_the_clients_files(home):
    client(home, "acme")
    review(home, "acme")
    (home / "params/acme.corrections.yaml").write_text("corrections: []\n")
    assert look(home).clients["review"].tolist() == [OUTDATED]


def test_counts_that_no_review_tells_are_unknown_and_not_zero(home):
    client(home, "acme")
    row = look(home).clients.iloc[0]
    assert pd.isna(row["targets_missed"]) and pd.isna(row["urgent_findings"]) and row["page"] == ""


def test_a_source_that_told_of_part_of_the_month_is_a_gap_with_its_client(home):
    client(home, "acme", until=pd.Timestamp("2026-10-16", tz="UTC"))
    (gap,) = look(home).gaps.to_dict("records")
    assert (gap["client"], gap["source"], gap["status"]) == ("acme", "desk", "partial")
    assert gap["coverage"] == pytest.approx(15 / 31)


def test_a_client_that_was_never_collected_is_a_problem_and_stops_nobody(home):
    client(home, "acme", collected=False)
    client(home, "other")
    made = look(home).clients.set_index("client")
    assert "nothing was collected" in made.loc["acme", "problem"] and made.loc["other", "problem"] == ""


def test_a_manifest_that_cannot_be_read_is_a_problem(home):
    client(home, "acme")
    (home / "out/acme/2026-10").mkdir(parents=True)
    (home / "out/acme/2026-10/manifest.json").write_text("{")
    assert "manifest cannot be read" in look(home).clients["problem"].item()


def test_a_month_that_is_none_is_refused(home):
    with pytest.raises(PeriodError):
        survey("2026-13", home=home)


def test_it_says_in_words_who_and_why(home):
    client(home, "acme")
    review(home, "acme", ["missed"], findings__finding__now=1)
    made = look(home)
    said = attention(made.clients, STYLE)
    assert said.text == "Acme: the review awaits approval; 1 target missed; 1 finding to act on now."
    assert '<a href="acme/2026-10/acme-2026-10.html">Acme</a>' in said.html
    assert finding(made.clients, made.gaps, STYLE).text == "1 of 1 reviews are made; 1 of them miss something agreed."


def test_a_hostile_name_stays_text(home):
    client(home, "acme")
    (home / "params/acme.yaml").write_text((home / "params/acme.yaml").read_text().replace('"Acme"', '"<b>{x}</b>"'))
    made = look(home)
    assert "&lt;b&gt;{x}&lt;/b&gt;" in attention(made.clients, STYLE).html


def test_without_clients_that_is_said(home):
    made = look(home)
    assert finding(made.clients, made.gaps, STYLE).text == "No client has a file in params."
    assert attention(made.clients, STYLE).text == "There is nobody to attend to."

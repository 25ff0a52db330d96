"""A month of many clients in one command: what changed is made, one that fails stops none of the others."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pytest
from click.testing import CliRunner

from opsreport.cli import main
from opsreport.cli.workers import ROOM, how_many, run_here

MONTH = "2026-10"
CLIENT = """\
client: {name}
display_name: {name}
time_zone: UTC
currency: EUR
sources:
  incident:
    - table: {{name: desk, path: ../data/{name}.csv, columns: {{incident_id: id, opened_at: at}},
               covers: {{first: 2026-10-01, last: 2026-10-31}}}}
"""
CELLS = [
    ("parameters", 'client = "a"\nmonth = ""\nhome = ""'),
    ("setup", "import os, time\nimport opsreport\nfrom opsreport import narrative\n"
              "from opsreport.exhibit import prose, Fact\ndata = opsreport.load(client, month, home=home)"),
    ("", "narrative.summary.cover(data.client, data.period, data.state, data.home.params, data.read_at)"),
    ("", '{"odd": lambda: os._exit(3), "slow": lambda: time.sleep(60)}.get(client, int)()\n'
         'prose("count", "{n} incidents.", data.style, n=Fact("count.n", len(data.incident), "count"))'),
]  # fmt: skip


@pytest.fixture
def home(tmp_path):
    for folder in ("params", "notebooks", "data"):
        (tmp_path / folder).mkdir()
    cells = [v4.new_code_cell(source, metadata={"tags": [tag] if tag else []}) for tag, source in CELLS]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "notebooks/monthly_review.ipynb")
    return tmp_path


def add(home: Path, *names: str) -> None:
    for name in names:
        (home / f"params/{name}.yaml").write_text(CLIENT.format(name=name))
        (home / f"data/{name}.csv").write_text("id,at\n1,2026-10-05T10:00:00Z\n")


def run(home: Path, *words: str, code: int = 0) -> str:
    made = CliRunner().invoke(main, ["run", *words, "--month", MONTH, "--home", str(home)])
    assert made.exit_code == code, made.output
    return made.output


def page(home: Path, name: str) -> Path:
    return home / "out" / name / MONTH / f"{name}-{MONTH}.html"


def kept(home: Path) -> dict[str, str]:
    told = json.loads((home / "store/.runs" / f"{MONTH}.json").read_text())
    return {one["client"]: f"{one['outcome']} {one['report']}".strip() for one in told["results"]}


def test_all_are_made_once_and_again_only_where_they_would_say_something_else(home):
    add(home, "a", "b", "c")
    run(home, "--all", "--workers", "1")
    assert kept(home) == {name: "ok made" for name in "abc"}
    first = {name: page(home, name).read_bytes() for name in "abc"}

    (home / "data/b.csv").write_text("id,at\n1,2026-10-05T10:00:00Z\n2,2026-10-06T10:00:00Z\n")
    assert "a 2026-10: unchanged" in run(home, "a", "--explain")
    run(home, "--all", "--workers", "2")
    assert kept(home) == {"a": "ok unchanged", "b": "ok made", "c": "ok unchanged"}
    assert page(home, "a").read_bytes() == first["a"] and page(home, "b").read_bytes() != first["b"]

    (home / "params/c.corrections.yaml").write_text("corrections: []\n")
    assert "params/c.corrections.yaml is new" in run(home, "c", "--explain")
    page(home, "a").write_text("touched")
    assert "is not as it was made" in run(home, "a", "--explain")


def test_one_that_fails_stops_none_of_the_others_and_is_tried_again_alone(home):
    add(home, "fine", "odd", "wrong")
    (home / "params/wrong.yaml").write_text("client: wrong\nnonsense: 1\n")
    said = run(home, "--all", "--workers", "1", code=1)
    assert kept(home) == {"fine": "ok made", "odd": "failed", "wrong": "failed"}
    assert "nonsense" in said and "the kernel died" in said
    assert page(home, "fine").exists() and not page(home, "odd").exists()

    add(home, "wrong")
    run(home, "--all", "--retry-failed", "--workers", "1", code=1)
    assert kept(home) == {"fine": "ok made", "odd": "failed", "wrong": "ok made"}


@pytest.mark.long
def test_a_run_that_was_killed_goes_on_where_it_stopped(home):
    add(home, "a", "b", "c")
    run(home, "a", "b", "--workers", "1")
    path = home / "store/.runs" / f"{MONTH}.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "has_ended": False, "results": told["results"][:1]}))
    said = run(home, "--all", "--resume", "--workers", "1")
    assert "1 of 2: b" in said and "2 of 2: c" in said and sorted(kept(home)) == ["a", "b", "c"]
    # One that has ended is not resumed: all are looked at again.
    assert "3 of 3" in run(home, "--all", "--resume", "--workers", "1")


@pytest.mark.long
def test_a_worker_that_is_killed_or_hangs_takes_only_the_client_that_it_was_at(home):
    add(home, "a", "slow", "z")

    def kill():
        while not (home / "out/slow").exists():
            time.sleep(0.1)
        time.sleep(1)
        for child in multiprocessing.active_children():
            os.kill(child.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    clients = [(name, MONTH) for name in ("a", "slow", "z")]
    ended = {one.client: one for one in run_here(str(home), clients, ("collect", "report"), 1)}
    killer.join()
    assert [ended[name].outcome for name in ("a", "slow", "z")] == ["ok", "failed", "ok"]
    assert "ended with status -9" in ended["slow"].why
    shutil.rmtree(home / "out")
    (one,) = run_here(str(home), clients[1:2], ("report",), 1, patience=8)
    assert one.outcome == "failed" and "longer than 8 s" in one.why


def test_there_are_as_many_workers_as_cores_clients_and_memory_allow():
    assert how_many(1) == 1 and how_many(1000, memory=ROOM - 1) == 1
    assert how_many(1000, memory=100 * ROOM) == len(os.sched_getaffinity(0))

"""A review is published whole and in one step, with the proof beside it, or not at all."""

import copy
import json
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pandas as pd
import pytest

from opsreport.errors import ReportError
from opsreport.home import Home
from opsreport.report import build as module
from opsreport.report.build import build
from opsreport.report.manifest import figures, sha256
from opsreport.schemas import FRAMES
from opsreport.theme import Style

COVER = {
    "id": "cover",
    "kind": "cover",
    "facts": [],
    "client": "acme",
    "display_name": "Acme",
    "period": "October 2026",
    "month": "2026-10",
    "state": "final",
    "state_note": "",
    "colour": "#0072B2",
    "logo": "",
    "prepared": "",
    "language": "en_GB",
    "zone": "UTC",
}
SPEND = {"id": "cost.spend", "value": "12.5", "unit": "money", "coverage": 1.0, "text": "€12.50", "currency": "EUR"}
DOWN = {"id": "uptime.down", "value": 60.0, "unit": "duration", "coverage": None, "text": "1 min"}
INPUTS = [{"path": "bill.csv", "sha256": "00", "frame": "cost", "source": "focus"}]


class Loaded:
    """A month of nothing but two charges and an outage."""

    style = Style("en_GB", "EUR", "Europe/Berlin")

    def __init__(self, home, inputs=()):
        self.home, self._inputs = home, list(inputs)

    def inputs(self):
        return self._inputs

    def rows(self, frame, when="this_month", **where):
        at = pd.Timestamp("2026-10-05", tz="UTC")
        held = {
            "cost": {"billing_period_start": at, "charge_period_start": at, "charge_category": "Usage",
                     "billed_cost": Decimal("12.5"), "billing_currency": "EUR"},
            "monitor_state": {"monitor": "shop", "started_at": at, "ended_at": at, "state": "down"},
        }  # fmt: skip
        return FRAMES[frame].conform(pd.DataFrame([held[frame]]))


MADE_OF = {"records": "r1", "code": "c1", "params": "p1"}


@pytest.fixture
def home(tmp_path):
    for folder in ("params/plans", "notebooks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "params/acme.yaml").write_text("client: acme\nextends: gold\n")
    (tmp_path / "params/plans/gold.yaml").write_text("currency: EUR\n")
    (tmp_path / "params/plans/other.yaml").write_text("currency: USD\n")
    return Home(tmp_path)


def output(about):
    return v4.new_output("display_data", {"text/html": f"<p>{about['id']}</p>"}, metadata={"opsreport": about})


def prose(id, *facts):
    return {"id": id, "kind": "prose", "role": "finding", "facts": list(facts)}


def executed(*shown, **cover):
    cells = [
        v4.new_code_cell("show()", execution_count=1, outputs=[output(about)]) for about in (COVER | cover, *shown)
    ]
    return v4.new_notebook(cells=cells)


@pytest.fixture
def making(home, monkeypatch):
    """Build the review from a notebook that somebody else executed."""
    (home.notebooks / module.NOTEBOOK).write_text("{}")

    def made(notebook):
        def execute(source, target, parameters, cwd, kernels=None):
            nbformat.write(notebook, target)
            return copy.deepcopy(notebook)

        monkeypatch.setattr(module, "execute", execute)
        return build(home, "acme", "2026-10", Loaded(home, INPUTS), MADE_OF)

    return made


def published(home):
    """Everything under out/, each file with its content."""
    return {path.relative_to(home.out): path.read_bytes() for path in home.out.rglob("*") if path.is_file()}


def held_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_review_is_a_page_its_notebook_and_its_manifest(home, making):
    path = making(executed(prose("cost.finding", SPEND), prose("uptime.finding", DOWN)))
    assert path == home.out / "acme/2026-10/acme-2026-10.html"
    assert sorted(one.name for one in path.parent.iterdir()) == [
        "acme-2026-10.html",
        "acme-2026-10.ipynb",
        "manifest.json",
        "rows",
    ]
    manifest = json.loads((path.parent / "manifest.json").read_text("utf-8"))
    assert [manifest[key] for key in ("client", "month", "state")] == ["acme", "2026-10", "final"]
    assert manifest["figures"] == [SPEND, DOWN]
    for name, about in manifest["files"].items():
        assert about == {"sha256": sha256(path.parent / name), "bytes": (path.parent / name).stat().st_size}
    assert set(manifest["files"]) == {
        "acme-2026-10.html", "acme-2026-10.ipynb", "rows/cost.csv", "rows/monitor_state.csv",
    }  # fmt: skip


def test_the_manifest_names_what_it_was_made_from_and_no_other_clients_files(home, making):
    path = making(executed())
    inputs = json.loads((path.parent / "manifest.json").read_text("utf-8"))["inputs"]
    assert [one["path"] for one in inputs] == [
        "params/acme.yaml",
        "params/plans/gold.yaml",
        "notebooks/monthly_review.ipynb",
        "bill.csv",
    ]


def test_the_same_notebook_makes_the_same_bytes_and_leaves_one_copy(home, making):
    path = making(executed(prose("a", SPEND)))
    before, first = held_in(path.parent), path.resolve()
    made = executed(prose("a", SPEND))
    for cell, old in zip(made.cells, nbformat.read(path.with_suffix(".ipynb"), 4).cells, strict=True):
        cell.id = old.id
    path = making(made)
    assert held_in(path.parent) == before
    assert path.resolve() != first and not first.exists()
    assert sorted(one.name for one in (home.out / "acme").iterdir()) == [".made", "2026-10"]
    assert len(list((home.out / "acme/.made").iterdir())) == 1


def test_only_the_owner_may_read_what_was_made(home, making):
    path = making(executed())
    for folder in (home.out / "acme", path.parent.resolve()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        (executed(client="other"), "asked for acme, 2026-10; the notebook made other, 2026-10"),
        (executed(month="2026-09"), "the notebook made acme, 2026-09"),
        (v4.new_notebook(cells=executed(prose("a")).cells[1:]), "shows no cover"),
        (
            executed(prose("a", SPEND), prose("b", SPEND | {"value": "12.6"})),
            "cost.spend is printed twice, and differs",
        ),
        (executed(prose("a"), prose("a")), "same id"),
        (executed(state="great"), "state"),
        (executed({"id": "x", "kind": "mystery", "facts": []}), ""),
    ],
)
def test_a_review_that_is_not_whole_leaves_the_last_good_one_alone(home, making, notebook, said):
    making(executed(prose("a", SPEND)))
    before = published(home)
    with pytest.raises(ReportError) as refused:
        making(notebook)
    assert said in refused.value.message and published(home) == before


def test_a_failure_at_any_step_leaves_the_last_good_one_and_no_other_file(home, making, monkeypatch):
    making(executed(prose("a", SPEND)))
    before = published(home)
    places = [
        (module.page, "render"),
        (module, "_clean"),
        (module, "_complete"),
        (module, "_publish"),
        (module.os, "rename"),
        (module.os, "replace"),
        (module.os, "fsync"),
    ]
    for place, name in places:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, _full)
            with pytest.raises((OSError, ReportError)):
                making(executed(prose("b", DOWN)))
        assert published(home) == before, name
        assert sorted(one.name for one in (home.out / "acme").iterdir()) == [".made", "2026-10"], name


def _full(*_, **__):
    raise OSError(28, "No space left on device")


def test_what_somebody_put_in_its_place_is_not_removed(home, making):
    mine = home.out / "acme/2026-10"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine")
    with pytest.raises(ReportError, match="cannot be replaced"):
        making(executed())
    assert list(published(home).values()) == [b"mine"]


def test_two_builds_at_once_wait_for_each_other(home, making, monkeypatch):
    real, at_work, most = module._publish, [], []

    def publish(work, place, month):
        at_work.append(work)
        most.append(len(at_work))
        time.sleep(0.05)
        at_work.remove(work)
        return real(work, place, month)

    monkeypatch.setattr(module, "_publish", publish)
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda number: making(executed(prose(f"p{number}", SPEND))), range(4)))
    assert most == [1, 1, 1, 1] and len(set(paths)) == 1 and paths[0].is_file()
    assert len(list((home.out / "acme/.made").iterdir())) == 1


def test_another_month_and_another_client_stay(home, making, monkeypatch):
    making(executed())
    before = published(home)
    (home.params / "other.yaml").write_text("client: other\n")
    monkeypatch.setattr(module, "execute", lambda *_: executed(client="other", month="2026-09"))
    build(home, "other", "2026-09", Loaded(home), MADE_OF)
    assert {path: held for path, held in published(home).items() if path in before} == before


def test_one_figure_may_be_printed_twice_where_it_is_the_same():
    assert figures(executed(prose("a", SPEND), prose("b", SPEND))) == [SPEND]


# With a kernel.

CELLS = {
    "parameters": 'client = "nobody"\nmonth = ""\nhome = ""',
    "setup": "from IPython.display import display\n"
    "def show(**about):\n    display({'text/html': '<p>x</p>'}, raw=True, metadata={'opsreport': about})",
    "": f"show(**{COVER!r} | {{'client': client, 'month': month}})",
}


def write_notebook(home, *more):
    cells = [v4.new_code_cell(source, metadata={"tags": [tag] if tag else []}) for tag, source in CELLS.items()]
    for number, cell in enumerate([*cells, *map(v4.new_code_cell, more)]):
        cell.id = f"cell-{number}"
        cells[number : number + 1] = [cell]
    (home.notebooks / module.NOTEBOOK).write_text(v4.writes(v4.new_notebook(cells=cells)), "utf-8")


def test_a_real_run_is_published_is_the_same_again_and_a_failing_one_changes_nothing(home):
    write_notebook(home, f"show(**{prose('a', SPEND)!r})")
    path = build(home, "acme", "2026-10", Loaded(home, INPUTS), MADE_OF)
    first = held_in(path.parent)
    assert json.loads(first["manifest.json"])["figures"] == [SPEND]
    for name, held in first.items():
        assert str(home.folder).encode() not in held, f"{name} knows where it was made"
    assert b"nobody" not in first["acme-2026-10.ipynb"], "the default client of the notebook is another's name"
    again = build(home, "acme", "2026-10", Loaded(home, INPUTS), MADE_OF)
    assert held_in(again.parent) == first

    write_notebook(home, "raise RuntimeError('no')")
    before = published(home)
    with pytest.raises(ReportError, match=r"cell 5 \(raise RuntimeError\('no'\)\) failed"):
        build(home, "acme", "2026-10", Loaded(home, INPUTS), MADE_OF)
    assert published(home) == before
    assert sorted(os.listdir(Path(home.out / "acme"))) == [".made", "2026-10"]


def test_what_a_killed_build_left_is_gone_after_the_next(home, making):
    place = home.out / "acme"
    (place / ".making-dead").mkdir(parents=True)
    (place / ".making-dead" / "half.html").write_text("half")
    (place / ".link-dead").symlink_to(".made/nothing")
    making(executed(prose("a", SPEND)))
    assert not list(place.glob(".making-*")) and not list(place.glob(".link-*"))

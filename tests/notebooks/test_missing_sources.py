"""A section whose source is missing says so, and leaves the others as they are; all missing is an honest page."""

from __future__ import annotations

import dataclasses

import pytest

import opsreport
from opsreport.schemas import FRAMES, SECTIONS
from tests.notebooks.shown import shown

#: Sections that are made of others, and so may change with any of them.
JOINED = {"summary", "scorecard", "scorecard_others", "timeline", "findings", "decisions", "trends", "restated",
          "completeness", "data", "method", "cover", "commentary", "incidents", "monitoring", "delivery", "cost",
          "spending"}  # fmt: skip
#: What belongs together: without its first frame the section has nothing to open with.
OF = {"patches": ("vulnerability", "patch_state"), "performance": ("request_load", "web_vital"),
      "backups": ("backup", "restore_test"), "monitoring": ("alert", "alarm_rule"),
      "spending": ("recommendation", "log_group", "budget", "cost")}  # fmt: skip


def without(month, *frames):
    """The month as it would be if no source of these frames were named or ever read."""
    kept = {name: [] if name in frames else sources for name, sources in month.client.sources.items()}
    return dataclasses.replace(
        month,
        client=month.client.model_copy(update={"sources": kept}),
        frames={name: rows.iloc[:0] if name in frames else rows.copy() for name, rows in month.frames.items()},
        coverage=month.coverage[~month.coverage["frame"].isin(frames)],
    )


@pytest.fixture(scope="module")
def month(demo_home):
    return opsreport.load("demo-shop", "2026-10", home=demo_home)


@pytest.fixture(scope="module")
def whole(month):
    with pytest.MonkeyPatch.context() as patch:
        return shown(without(month), patch)


def section(id):
    return id.partition(".")[0]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_without_its_source_says_what_is_missing_and_leaves_the_others(month, whole, monkeypatch, name):
    gone = OF.get(name, (SECTIONS[name],))
    made = shown(without(month, *gone), monkeypatch)
    finding = made[f"{name}.finding"]
    assert finding.kind == "notice", finding.text
    for id, exhibit in made.items():
        if section(id) == name and exhibit.html:  # what says nothing is not on the page
            assert exhibit.kind != "chart", f"{id} draws nothing"
            assert exhibit.text.strip()
    others = {id for id in whole if section(id) not in JOINED | {name} | _near(name)}
    assert {id for id in others if made[id].text != whole[id].text} == set()


def _near(name):
    """Sections that share a frame with another by design."""
    return {"incidents": {"uptime"}, "cost": {"performance"}, "delivery": {"work"}}.get(name, set())


def test_with_nothing_at_all_the_page_is_honest(month, monkeypatch):
    made = shown(without(month, *FRAMES), monkeypatch)
    assert {id for id, exhibit in made.items() if exhibit.kind == "chart"} == set()
    for name in SECTIONS:
        assert made[f"{name}.finding"].kind == "notice", name
    scores = made["scorecard"]
    assert "met" not in scores.text.split()
    assert [fact["id"] for fact in scores.facts if ".this_month" in fact["id"] and fact["value"] == 0] == []
    assert "Nothing is known of" in made["summary"].text

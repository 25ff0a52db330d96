"""What the README says is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
from click.testing import CliRunner

import opsreport.findings
from opsreport import sources
from opsreport.cli import main
from opsreport.sources import _catalogue

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text("utf-8")


def test_every_command_it_names_exists():
    named = set(re.findall(r"^\$ opsreport (\w+)", README, flags=re.MULTILINE))
    assert named and named <= set(main.list_commands(click.Context(main)))


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"`make (\w+)`|^\$ make (\w+)", README, flags=re.MULTILINE))
    assert {one or other for one, other in re.findall(r"`make (\w+)`|^\$ make (\w+)", README, re.MULTILINE)} <= targets


def test_its_table_of_sources_is_made_of_what_they_declare():
    assert _catalogue.in_readme(README) == README, "write it anew: make sources"
    rows = dict(re.findall(r"^\| \[`(\w+)`\][^|]+\| ([^|]+) \|", README, flags=re.MULTILINE))
    assert sorted(rows) == sources.names()
    assert rows["github_deployments"] == "deployment, change" and rows["table"] == "every frame"


def test_the_fault_it_shows_is_said_just_so(tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    CliRunner().invoke(main, ["init", "acme", "--home", str(tmp_path)])
    path = tmp_path / "params" / "acme.yaml"
    path.write_text(path.read_text("utf-8").replace("\ncurrency:", "\ncurrncy:"), "utf-8")
    said = CliRunner().invoke(main, ["check", "acme", "--home", str(tmp_path)]).output
    shown = re.search(r"^(✕ params/acme.yaml.*\n.*)$", README, flags=re.MULTILINE)
    assert shown and said.replace(f"{tmp_path}/", "").startswith(shown[1])


def test_its_pictures_and_files_exist():
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (PROJECT / path).is_file()
    for path in re.findall(r"`((?:params|opsreport|notebooks|tests)/[\w./]+\.\w+)`", README):
        assert "acme" in path or "<" in path or (PROJECT / path).is_file(), path


def test_the_figure_that_its_address_opens_is_on_the_demos_page(demo_home):
    id = re.search(r"#figure=([\w.]+)", README)[1]
    manifest = json.loads((demo_home / "out/demo-shop/2026-10/manifest.json").read_text("utf-8"))
    assert id in {one["id"] for one in manifest["figures"]}


def test_the_findings_ids_are_given_by_the_line_that_it_shows(demo_home):
    line = re.search(r"`(\[one\.id .*?\])`", README)[1].replace("acme", "demo-shop")
    line = line.replace('"2026-10")', f'"2026-10", home={str(demo_home)!r})')
    assert "cost.budget_exceeded.all" in eval(line, {"opsreport": opsreport})

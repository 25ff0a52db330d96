"""The page of all clients is made from what is there, and is no client's."""

from __future__ import annotations

import re
import shutil

from click.testing import CliRunner

from opsreport.cli import main


def test_it_names_every_client_links_to_its_review_and_lies_in_no_clients_folder(demo_home, tmp_path):
    home = shutil.copytree(demo_home, tmp_path / "home", symlinks=True)
    made = CliRunner().invoke(main, ["fleet", "--month", "2026-10", "--home", str(home)])
    assert made.exit_code == 0, made.output
    assert made.output.strip() == "out/fleet-2026-10.html"
    page = (home / "out/fleet-2026-10.html").read_text("utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))
    assert "Northgate Clinic" in text and "Harbour &amp; Pine" in text and "Internal" in text
    assert '<a href="demo-shop/2026-10/demo-shop-2026-10.html"' in page
    assert re.search(r"2 of 2 reviews are made; 2 of them miss something agreed", text)
    assert (home / "out/fleet-2026-10.html").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in (home / "out").iterdir()) == [
        ".fleet", "demo-clinic", "demo-shop", "fleet-2026-10.html",
    ]  # fmt: skip


def test_a_month_nobody_reviewed_says_so(demo_home, tmp_path):
    home = shutil.copytree(demo_home, tmp_path / "home", symlinks=True)
    made = CliRunner().invoke(main, ["fleet", "--month", "2026-06", "--home", str(home)])
    assert made.exit_code == 0, made.output
    page = (home / "out/fleet-2026-06.html").read_text("utf-8")
    assert "no review is made" in page and "demo-shop/2026-06" not in page

"""A mail before it goes: the message, its parts, pictures of it on a desktop and a phone, and what the gate says."""

from __future__ import annotations

import base64
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pandas as pd

from opsreport.cli.letters import Post, post
from opsreport.cli.shown import home_option, printable
from opsreport.home import Home, one_at_a_time
from opsreport.mail.gate import Check

#: Debian's; the browser that playwright itself brings stands in for it.
_CHROMIUM = "/usr/bin/chromium"
_QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
_SCREENS = {"desktop": 1024, "phone": 375}


@click.command()
@click.argument("client")
@click.option("--month", default="", help="YYYY-MM; by default the last full month on the client's clock.")
@home_option
def preview(client: str, month: str, home: str) -> None:
    """Show CLIENT's mail of a month before it goes: nothing is approved or sent.

    Writes the message, its HTML and its text, pictures of it, and the gate's verdicts into out/CLIENT/preview/MONTH.
    Exits with 3 when the gate refuses.
    """
    place = Home.find(home)
    made = post(place, client, month, pd.Timestamp.now("UTC"))
    folder, missing = _write(place, made)
    for line in [*verdicts(made.checks), *([f"△ no pictures: {missing}"] if missing else [])]:
        click.secho(printable(line), fg={"✕": "red", "△": "yellow"}.get(line[:1]))
    click.echo(folder.relative_to(place.folder))
    if made.refused:
        raise click.exceptions.Exit(3)


def verdicts(checks: tuple[Check, ...]) -> Iterator[str]:
    """The gate's verdicts, a line each."""
    for one in checks:
        mark = "✕" if one.refuses else "△" if one.refusals else "✓"
        yield f"{mark} {one.name}: {one.asks}"
        for said in one.refusals:
            yield f"    {said}"
        if one.refusals and one.waived:
            yield f"    let through: {one.waived}"
        elif one.refuses and one.can_be_waived:
            yield f"    to let it through: --waive '{one.name}=REASON' when approving"


def _write(home: Home, made: Post) -> tuple[Path, str]:
    """All of it in one step; and why there are no pictures, where there are none."""
    letter, name = made.letter, f"{made.letter.client}-{made.letter.month}"
    shown = home.out / letter.client / "preview"
    with one_at_a_time(home.out / letter.client), one_at_a_time(shown):
        for left in shown.glob(".making-*"):
            shutil.rmtree(left)
        work = Path(tempfile.mkdtemp(prefix=".making-", dir=shown))
        for place, (_, message, _) in enumerate(made.messages, 1):
            (work / f"{name}-{place}.eml").write_bytes(message)
        (work / f"{name}.html").write_text(_with_pictures(made), "utf-8")
        (work / f"{name}.txt").write_text(letter.text, "utf-8")
        (work / "gate.txt").write_text("\n".join(verdicts(made.checks)) + "\n", "utf-8")
        missing = _photograph(work / f"{name}.html")
        folder = shown / letter.month
        if folder.exists():
            folder.rename(work / ".before")
        work.rename(folder)
        shutil.rmtree(folder / ".before", ignore_errors=True)
    return folder, missing


def _with_pictures(made: Post) -> str:
    """The HTML with its pictures in it, for a browser, which knows no cid."""
    pictures = {one.cid: base64.b64encode(one.png).decode() for one in made.letter.charts}
    return re.sub(r"cid:([^\"']+)", lambda found: f"data:image/png;base64,{pictures[found[1]]}", made.letter.html)


def _photograph(html: Path) -> str:
    """Pictures at two widths, light and dark; why there are none where they cannot be taken."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return "they need a browser: pip install 'opsreport[preview]', and Chromium"
    try:
        with sync_playwright() as running:
            path = _CHROMIUM if Path(_CHROMIUM).exists() else None
            browser = running.chromium.launch(executable_path=path, args=_QUIET, chromium_sandbox=False)
            for screen, width in _SCREENS.items():
                for scheme in ("light", "dark"):
                    # Mail programs run no scripts and fetch nothing.
                    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme,
                                            java_script_enabled=False, offline=True)  # fmt: skip
                    page.goto(html.as_uri())
                    page.screenshot(path=html.parent / f"{screen}-{scheme}.png", full_page=True)
                    page.close()
            browser.close()
    except Error as error:
        return str(error).splitlines()[0]
    return ""

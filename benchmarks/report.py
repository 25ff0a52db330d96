"""What one review costs, beside the usual way: papermill, then jupyter nbconvert, as two commands.

Both make the same notebook into HTML, in turn, so that a machine that slows down slows
both. Prints each run's wall and processor seconds, the medians, and the ratio pair by pair.

    python benchmarks/report.py [runs]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CLIENT, MONTH = "demo-shop", "2026-10"
BIN = Path(sys.executable).parent


def naive(folder: str) -> None:
    """The pair of commands that most teams run; its page draws no chart with plotly 7."""
    out = f"{folder}/out.ipynb"
    run("papermill", "notebooks/monthly_review.ipynb", out, "-p", "client", CLIENT, "-p", "month", MONTH)
    run("jupyter", "nbconvert", "--to", "html", "--no-input", out)


def ours(folder: str) -> None:
    """The command of the README."""
    run("opsreport", "report", CLIENT, "--month", MONTH)


def run(command: str, *arguments: str) -> None:
    """Run a command of this environment, quietly."""
    subprocess.run([BIN / command, *arguments], cwd=PROJECT, check=True, capture_output=True)


def measured(way: Callable[[str], None]) -> tuple[float, float]:
    """Wall and processor seconds of one run, children included."""
    with tempfile.TemporaryDirectory() as folder:
        before, began = os.times(), time.perf_counter()
        way(folder)
        wall, after = time.perf_counter() - began, os.times()
    spent = sum(after[2:4]) - sum(before[2:4])
    return wall, spent


def main(runs: int = 5) -> None:
    """Print the runs, side by side."""
    measured(ours)  # what a first run reads from disk is not counted
    pairs = [(measured(naive), measured(ours)) for _ in range(runs)]
    print(f"{CLIENT} {MONTH}, {runs} runs in turn, seconds")
    print(f"{'':<8}{'naive wall':>12}{'ours wall':>12}{'ratio':>8}{'naive CPU':>12}{'ours CPU':>12}{'ratio':>8}")
    rows = [(a[0], b[0], a[0] / b[0], a[1], b[1], a[1] / b[1]) for a, b in pairs]
    for number, row in enumerate(rows, 1):
        print(line(f"run {number}", row))
    for name, pick in (("median", statistics.median), ("min", min), ("max", max)):
        print(line(name, [pick(column) for column in zip(*rows, strict=True)]))


def line(name: str, row: list[float] | tuple[float, ...]) -> str:
    """One row of the table."""
    return f"{name:<8}" + "".join(f"{value:>{width}.2f}" for value, width in zip(row, (12, 12, 8) * 2, strict=True))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))

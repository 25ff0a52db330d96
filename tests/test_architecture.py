"""The house as it was drawn: imports run one way, files stay short, nothing is hidden."""

import ast
import re
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "opsreport"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

#: Each stone of the foundation rests on those before it.
FOUNDATION = (
    "errors",
    "language",
    "markup",
    "colours",
    "period",
    "intervals",
    "schemas",
    "params",
    "agreement",
    "theme",
    "coverage",
    "verdict",
    "exhibit",
    "home",
    "credentials",
)
SHARED = set(FOUNDATION)
#: What else each room may import.
MAY = {
    "sources": SHARED,
    "store": SHARED | {"bills", "migrations"},
    "bills": SHARED,
    "metrics": SHARED,
    "tables": SHARED,
    "figures": SHARED | {"tables"},  # a chart stands beside the table of its numbers
    "narrative": SHARED | {"approved"},
    "report": SHARED,
    "demo": SHARED,
    "naming": SHARED,
    "corrections": SHARED,
    "reported": SHARED,
    "approved": SHARED,
    "attempts": SHARED,
    "silence": SHARED | {"attempts"},
    "mail": SHARED,
    "publishing": SHARED | {"report"},
    "migrations": SHARED,
    "custody": SHARED | {"store", "migrations"},
    "month": SHARED | {"store", "naming", "corrections", "reported", "approved"},
    "completeness": SHARED | {"month"},
    "fingerprint": SHARED | {"month"},
    "explore": SHARED,
    "current": SHARED | {"month", "fingerprint"},
    "fleet": SHARED | {"month", "completeness", "current"},
    "findings": SHARED | {"metrics", "month"},  # a rule reads a whole month, by the sections' own measures
    "decisions": SHARED | {"month", "findings"},  # what was found and is not answered is asked
    "cli": SHARED
    | {"month", "completeness", "reported", "store", "sources", "findings", "report", "demo", "__init__"}
    | {"approved", "attempts", "current", "custody", "fleet", "mail", "migrations", "narrative"}
    | {"publishing", "silence"},
    "__init__": {"month"},
}
#: Longer than 260 lines, each one thing that reads worse in two.
LONGER = {
    "metrics/uptime.py",
    "metrics/incident_counts.py",
    "metrics/cost_bridge.py",
    "figures/uptime.py",
    "theme.py",
    "month.py",
    "store.py",
    "sources/table.py",
}


def name(path):
    return path.relative_to(PACKAGE).as_posix()


def imported(path):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms(path):
    """The rooms of the house that a file imports."""
    for module in imported(path):
        first, *rest = module.split(".")
        if first == "opsreport":
            is_room = rest and ((PACKAGE / rest[0]).is_dir() or (PACKAGE / f"{rest[0]}.py").is_file())
            yield rest[0] if is_room else "__init__"


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_run_one_way(path):
    own, used = room_of(path), set(rooms(path)) - {room_of(path)}
    if own in FOUNDATION:
        above = used - set(FOUNDATION[: FOUNDATION.index(own)])
    else:
        assert own in MAY, f"{own} is a new room: say in MAY what it may import"
        above = used - MAY[own]
    assert not above, f"{name(path)} imports {', '.join(sorted(above))}: a new arrow"


#: What else does, for it brings what was made to somebody.
OUTWARD = {"mail/smtp.py", "mail/conversation.py", "mail/ses.py", "publishing/s3.py"}


@pytest.mark.parametrize(
    "path", [path for path in FILES if room_of(path) != "sources" and name(path) not in OUTWARD], ids=name
)
def test_nothing_but_a_source_talks_to_a_network(path):
    network = {"requests", "httpx", "aiohttp", "urllib", "http", "socket", "boto3", "smtplib", "ftplib"}
    assert not network & {module.partition(".")[0] for module in imported(path)}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_read_in_one_sitting_and_says_first_what_it_is(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= (300 if name(path) in LONGER else 260)
    assert ast.get_docstring(ast.parse(text)), "its first line says what it is"


def public(tree):
    """Functions and classes that others may use, with those of public classes."""
    for node in getattr(tree, "body", []):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_everything_public_says_what_it_is(path):
    # click's commands and properties too; what overrides a library's method has that one's.
    nodes = public(ast.parse(path.read_text("utf-8")))
    assert [node.name for node in nodes if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_error_is_swallowed_and_nothing_is_printed_by_the_way(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = (
                {child.id for child in ast.walk(node.type) if isinstance(child, ast.Name)} if node.type else {"all"}
            )
            goes_on = not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
            everything = caught & {"all", "Exception", "BaseException"}
            assert not (goes_on and everything), f"line {node.lineno} catches everything"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "eval", "exec", "breakpoint"}, f"line {node.lineno}: {node.func.id}"


def test_the_foundation_is_there_whole():
    there = {path.stem if path.suffix else path.name for path in PACKAGE.iterdir()}
    assert set(FOUNDATION) <= there


def test_no_module_is_named_like_one_of_pythons_own():
    assert not {path.stem for path in PACKAGE.glob("*.py")} & set(sys.stdlib_module_names) - {"__init__", "__main__"}


def test_the_lock_names_hashes_and_no_address():
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"https?://|file:|^-i |--index|--find-links|--extra-index", lock, re.M)
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==\S+(.*?)(?=^[A-Za-z0-9]|\Z)", lock, re.M | re.S)
    assert len(pinned) > 50 and [one for one, rest in pinned if "--hash=sha256:" not in rest] == []


def test_no_file_of_the_project_knows_this_machine():
    kept = [
        *FILES,
        *(PROJECT / "tests").rglob("*.py"),
        *(PROJECT / "notebooks").glob("*.ipynb"),
        *(PROJECT / "params").glob("*.yaml"),
        *(PROJECT / one for one in ("pyproject.toml", "Makefile", "requirements.lock", ".ci/run", "README.md")),
    ]
    secret_places = re.compile("/" + "(work|root|home/[a-z]+|Users/[a-z]+)/")
    assert [str(path) for path in kept if path.is_file() and secret_places.search(path.read_text("utf-8"))] == []

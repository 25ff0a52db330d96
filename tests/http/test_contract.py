"""What every source of a web API keeps, whatever goes wrong: right or partial with the reason, never a smaller number.

Each source's own tests hold a ``world``: a system in which each of its operations answers, with several pages
where there are pages. Here every operation of every source fails in every way.
"""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from opsreport import sources
from opsreport.schemas import FRAMES
from tests.http.conftest import NOW, OCTOBER, TOKEN
from tests.http.server import LASTING, PASSING

NAMES = [module.name for module in pkgutil.iter_modules(sources.__path__) if not module.name.startswith("_")
         and isinstance(getattr(sources.find(module.name), "OPERATIONS", None), dict)]  # fmt: skip
ASKED = [(name, operation) for name in NAMES for operation in sources.find(name).OPERATIONS]
_WHOLE: dict[str, list[tuple]] = {}


def world(web, name):
    return sources.find(name), importlib.import_module(f"tests.http.test_{name}").world(web)


def read(module, given):
    return [sources.read(module, one, OCTOBER) for one in given]


def whole(web, name):
    """What a source tells when nothing fails, read once."""
    if name not in _WHOLE:
        _WHOLE[name] = read(*world(web, name))
        web.forget()
    return _WHOLE[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_reading_is_whole_and_asks_just_what_the_source_declares(web, name):
    module, given = world(web, name)
    for rows, seen in read(module, given):
        assert (seen.status, seen.why) == ("ok", "") and len(rows) == seen.rows > 0, seen.why
        assert seen.observed_start < seen.observed_end <= NOW
        assert TOKEN not in seen.inputs
    assert {one.frame for one in given} == set(module.FRAMES) == set(module.KEEPS)
    assert {call.operation for call in web.calls} == set(module.OPERATIONS)


@pytest.mark.parametrize(("name", "operation"), ASKED)
@pytest.mark.parametrize("kind", PASSING)
def test_what_fails_once_is_asked_again(web, name, operation, kind):
    clean = whole(web, name)
    module, given = world(web, name)
    web.fault(operation, kind, at=1, times=1)
    made = read(module, given)
    assert all(rows.equals(other) for (rows, _), (other, _) in zip(made, clean, strict=True))
    assert {seen.status for _, seen in made} == {"ok"}


@pytest.mark.parametrize(("name", "operation"), ASKED)
@pytest.mark.parametrize(("kind", "at"), [*((kind, 1) for kind in LASTING), ("again", 2), ("broken", 2)])
def test_what_stays_broken_is_said_and_never_makes_a_number_smaller(web, name, operation, kind, at):
    clean = whole(web, name)
    module, given = world(web, name)
    web.fault(operation, kind, at=at, times=0)
    failed = False
    for (rows, seen), (every, _), one in zip(read(module, given), clean, given, strict=True):
        key = list(FRAMES[one.frame].key) or list(rows.columns)
        assert set(rows[key].itertuples(index=False)) <= set(every[key].itertuples(index=False))
        # What is known to be gone, or to be told to few, is said and is no failure.
        assert seen.status != "ok" or rows.equals(every) or (kind in ("gone", "denied") and seen.why)
        assert TOKEN not in seen.why
        failed |= seen.status != "ok" or bool(seen.why)
    # Where each page is another question's, one that comes again is seen by what it tells of.
    meant = len(web.asked(operation)) >= at and kind != "again"
    assert failed or not meant, "nothing was said"


@pytest.mark.parametrize("name", NAMES)
def test_a_token_that_is_not_there_is_said_with_where_it_was_looked_for(web, name, monkeypatch):
    module, given = world(web, name)
    monkeypatch.delenv("TOKEN")
    for rows, seen in read(module, given):
        assert rows.empty and seen.status == "unavailable" and "set the environment variable TOKEN" in seen.why
    assert web.calls == []

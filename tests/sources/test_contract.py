"""Every module of the package that is a source keeps the contract of one."""

import importlib
import pkgutil

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError, SourceError
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10")
NAMES = [module.name for module in pkgutil.iter_modules(sources.__path__) if not module.name.startswith("_")]
#: Those that read files; tests/aws holds those that ask AWS to the same.
FILES = [name for name in NAMES if not {"OPERATIONS", "NEEDS"} & set(dir(sources.find(name)))]


@pytest.mark.parametrize("name", NAMES)
def test_a_source_offers_what_the_contract_asks(name):
    module = sources.find(name)
    assert "https://" in module.__doc__, "where is the system's documentation?"
    assert "Permission" in module.__doc__, "which permission does it need?"
    assert "forget" in module.__doc__, "what does the system forget, and when?"
    assert module.FRAMES and set(module.FRAMES) <= set(FRAMES)
    assert issubclass(module.Settings, sources.SourceSettings)
    assert callable(module.fetch) and callable(module.to_frames)
    # Else only the time from the first row to the last would count as seen.
    assert not hasattr(module, "KEEPS") or callable(module.observed), "observed = told(KEEPS)"


@pytest.mark.parametrize("name", FILES)
def test_a_key_that_a_source_does_not_know_is_refused_with_those_it_knows(name):
    module = sources.find(name)
    with pytest.raises(ParamsError, match=r"it takes .*path"):
        sources.settings_of(module, {"pth": "x"}, frame=module.FRAMES[0])


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_there_is_unavailable_and_says_so(name, tmp_path):
    module = sources.find(name)
    given = {"path": "gone.csv"} | ({"service": "shop", "means": "deployed"} if name == "git_tags" else {})
    settings = sources.settings_of(module, given, frame=module.FRAMES[0], folder=tmp_path, zone="UTC")
    rows, coverage = sources.read(module, settings, OCTOBER)
    assert len(rows) == 0 and coverage.status == "unavailable"
    assert "gone.csv" in coverage.why and str(tmp_path) not in coverage.why
    assert pd.isna(coverage.observed_start)


def test_helpers_are_no_sources():
    assert "_files" not in NAMES and importlib.import_module("opsreport.sources._files")
    with pytest.raises(ParamsError, match=r"the sources are .*focus"):
        sources.find("_files")


def test_what_the_rows_show_makes_the_reading_partial(tmp_path):
    class Module:
        __name__ = "opsreport.sources.fake"
        fetch = staticmethod(lambda period, settings: sources.Pages((), settings, why="one page was old"))
        to_frames = staticmethod(lambda pages, period: {"change": FRAMES["change"].empty()})
        remarks = staticmethod(lambda frames, pages, period: {"change": ("partial", "a day is missing")})

    _, coverage = sources.read(Module, sources.SourceSettings(frame="change"), OCTOBER)
    assert (coverage.status, coverage.why) == ("partial", "one page was old; a day is missing")


def test_an_error_of_a_source_has_a_hint(tmp_path):
    module = sources.find("focus")
    settings = sources.settings_of(module, {"path": "*.csv"}, frame="cost", folder=tmp_path)
    with pytest.raises(SourceError) as raised:
        module.fetch(OCTOBER, settings)
    assert raised.value.hint

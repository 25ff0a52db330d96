"""Fixtures for all sources of web APIs: the server, and a client's settings that reach nothing else."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import Run, _http_client
from tests.http.server import Web

OCTOBER = Period.month("2026-10")
NOW = pd.Timestamp("2026-11-01 06:00", tz="UTC")
TOKEN = "token-of-the-tests"


@pytest.fixture(scope="session")
def server():
    """One server for a worker's tests; nothing but loopback."""
    made = Web().start()
    yield made
    made.stop()


@pytest.fixture
def web(server, monkeypatch):
    """The server, empty; waits between tries are short."""
    server.forget()
    monkeypatch.setenv("TOKEN", TOKEN)
    for name in ("FIRST_WAIT", "LONGEST_WAIT"):
        monkeypatch.setattr(_http_client, name, 0.001)
    monkeypatch.setattr(_http_client, "SILENCE", 0.4)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.forget()


def settings(module: ModuleType | str, web: Web, frame: str = "", /, run: dict[str, Any] | None = None,
             **given: Any) -> sources.SourceSettings:  # fmt: skip
    """A source's settings, as a client's file would give them."""
    if isinstance(module, str):
        module = importlib.import_module(f"opsreport.sources.{module}")
    known = {"client": "acme", "now": NOW, **(run or {})}
    given = {"address": web.address + web.prefix, "token": "env:TOKEN", **given}
    return sources.settings_of(module, given, frame=frame or module.FRAMES[0], zone="UTC", run=Run(**known))


def each_frame(module: ModuleType | str, web: Web, **given: Any) -> list[sources.SourceSettings]:
    """The settings for every frame that a source fills."""
    if isinstance(module, str):
        module = importlib.import_module(f"opsreport.sources.{module}")
    return [settings(module, web, frame, **given) for frame in module.FRAMES]

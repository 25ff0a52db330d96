"""Fixtures for all sources of AWS: the server, and a client's settings that reach nothing else."""

from __future__ import annotations

import datetime as dt
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.retries.standard
import pandas as pd
import pytest
from moto.moto_api._internal.models import moto_api_backend

from opsreport import sources
from opsreport.params.aws import AwsAccount
from opsreport.period import Period
from opsreport.sources import Run, _aws_account
from tests.aws.fake import FakeAws

OURS = "123456789012"  # the account of any key that moto does not know
OCTOBER = Period.month("2026-10")
NOW = pd.Timestamp("2026-11-01 06:00", tz="UTC")
#: Answers as AWS's own documentation shows them; tests that read one skip where they are not.
EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "aws" / "cli_examples"


def at(text: str) -> dt.datetime:
    """An instant in UTC, as boto3 tells one."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def server():
    """One server for a worker's tests; nothing but loopback."""
    made = FakeAws().start()
    yield made
    made.stop()


@pytest.fixture
def aws(known_aws):
    """The server, empty, and the only AWS that this process knows of."""
    _aws_account._opened.cache_clear()
    yield known_aws
    _aws_account._opened.cache_clear()


@pytest.fixture
def known_aws(server, monkeypatch, tmp_path):
    """As `aws`, with the accounts that earlier tests opened still open: opening one takes as long as a test."""
    server.forget()
    moto_api_backend.reset()
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "aws-config"
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # so that S3's lists have pages
    monkeypatch.setenv("KEY", "AKIAOFTHETESTS000000")
    monkeypatch.setenv("SECRET", "secret")
    monkeypatch.setattr(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda *_: 0.0)
    return server


def account(number: str = OURS, **given: Any) -> AwsAccount:
    """An account read by the keys in the environment."""
    keys = {"access_key_id": "env:KEY", "secret_access_key": "env:SECRET"}
    return AwsAccount(**{"account": number, "regions": ["eu-west-1"], **keys, **given})


def settings(module: ModuleType | str, frame: str = "", /, *accounts: AwsAccount, client: str = "acme",
             run: dict[str, Any] | None = None, **given: Any) -> sources.SourceSettings:  # fmt: skip
    """A source's settings, as a client's file would give them."""
    if isinstance(module, str):
        module = importlib.import_module(f"opsreport.sources.{module}")
    known = {"client": client, "accounts": accounts or (account(),), "now": NOW, **(run or {})}
    return sources.settings_of(module, given, frame=frame or module.FRAMES[0], zone="UTC", run=Run(**known))


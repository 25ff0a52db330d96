"""What every source of AWS keeps, whatever goes wrong: right or partial with the reason, never a smaller number.

Each source's own tests hold a ``world``: an account in which each of its operations answers, with several
pages where there are pages. Here every operation of every source fails in every way.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import pytest

from opsreport import sources
from opsreport.errors import ParamsError, SourceError
from opsreport.schemas import FRAMES
from opsreport.sources import Run, _aws
from tests.aws.conftest import NOW, OCTOBER, OURS, account
from tests.aws.fake import FAULTS

NAMES = [module.name for module in pkgutil.iter_modules(sources.__path__)
         if module.name.startswith("aws_") and hasattr(sources.find(module.name), "OPERATIONS")]  # fmt: skip
_WHOLE: dict[str, list[tuple]] = {}
ASKED = [(name, operation) for name in NAMES for operation in sources.find(name).OPERATIONS]


@pytest.fixture
def aws(known_aws):
    """The server; its accounts stay open from test to test."""
    return known_aws


def world(aws, name: str) -> tuple[ModuleType, list[sources.SourceSettings]]:
    return sources.find(name), importlib.import_module(f"tests.aws.test_{name}").world(aws)


def read(module, given):
    return [sources.read(module, one, OCTOBER) for one in given]


def whole(aws, name: str) -> list[tuple]:
    """What a source tells when nothing fails; read once, but where moto names its machines by chance."""
    by_chance = any(operation.startswith("ec2:") for operation in sources.find(name).OPERATIONS)
    if name not in _WHOLE or by_chance:
        _WHOLE[name] = read(*world(aws, name))
        aws.forget()
    return _WHOLE[name]


def same(made, clean) -> bool:
    return all(rows.equals(other) for (rows, _), (other, _) in zip(made, clean, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_reading_is_whole_and_asks_just_what_the_source_declares(aws, name):
    module, given = world(aws, name)
    for rows, seen in read(module, given):
        assert (seen.status, seen.why) == ("ok", "") and len(rows) == seen.rows > 0
        assert seen.observed_start < seen.observed_end <= NOW
    assert {one.frame for one in given} == set(module.FRAMES) == set(module.KEEPS)
    made = {call.operation for call in aws.calls} - {"sts:GetCallerIdentity", "sts:AssumeRole"}
    assert made == set(module.OPERATIONS)


@pytest.mark.parametrize(("name", "operation"), ASKED)
@pytest.mark.parametrize("kind", ["throttled", "broken", "cut"])
def test_what_fails_once_is_asked_again(aws, name, operation, kind):
    clean = whole(aws, name)
    module, given = world(aws, name)
    aws.fault(operation, kind, at=1, times=1)
    made = read(module, given)
    assert same(made, clean) and {seen.status for _, seen in made} == {"ok"}


@pytest.mark.parametrize(("name", "operation"), ASKED)
@pytest.mark.parametrize(("kind", "at"), [*((kind, 1) for kind in sorted(FAULTS)), ("again", 2), ("broken", 2)])
def test_what_stays_broken_is_said_and_never_makes_a_number_smaller(aws, name, operation, kind, at):
    clean = whole(aws, name)
    module, given = world(aws, name)
    aws.fault(operation, kind, at=at, times=0)
    failed = False
    for (rows, seen), (every, _), one in zip(read(module, given), clean, given, strict=True):
        key = list(FRAMES[one.frame].key) or list(rows.columns)
        assert set(rows[key].itertuples(index=False)) <= set(every[key].itertuples(index=False))
        assert seen.status != "ok" or rows.equals(every)
        assert seen.status == "ok" or operation.partition(":")[2] in seen.why or module.OPERATIONS[0] in seen.why, seen
        failed |= seen.status != "ok"
    meant = len(aws.asked(operation)) >= at and kind != "again"
    assert failed or not meant, "nothing was said"


@pytest.mark.parametrize("name", NAMES)
def test_of_another_account_nothing_is_read(aws, name):
    module, given = world(aws, name)
    other = account("999999999999", regions=["eu-west-1", "us-east-1"])
    for one in given:
        wrong = one.model_copy(update={"run": Run(client="acme", accounts=(other,), now=NOW)})
        rows, seen = sources.read(module, wrong, OCTOBER)
        assert rows.empty and seen.status == "unavailable" and f"account {OURS}" in seen.why
    assert {call.operation for call in aws.calls} == {"sts:GetCallerIdentity"}


@cache
def _documented(name: str) -> str:
    return sources.find(name).__doc__ or ""


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_names_the_documentation_the_permission_and_what_is_forgotten(name):
    said = _documented(name)
    assert "https://docs.aws.amazon.com/" in said and "ermission" in said and "orget" in said


def test_a_source_asks_nothing_that_it_does_not_declare(aws):
    _, (given, *_) = world(aws, "aws_logs")
    asked = _aws.opened(given, ())
    with pytest.raises(AssertionError, match="OPERATIONS"):
        asked.ask("logs:DescribeLogGroups", "eu-west-1")


def test_a_client_without_an_account_is_told_where_to_name_it(aws):
    module, (given, *_) = world(aws, "aws_logs")
    bare = given.model_copy(update={"run": Run(client="acme", now=NOW)})
    with pytest.raises(SourceError, match="names no AWS account"):
        module.fetch(OCTOBER, bare)
    with pytest.raises(ParamsError, match="takes no run"):
        sources.settings_of(module, {"run": {}}, frame="log_group")

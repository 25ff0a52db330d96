"""Asking AWS: every page of a question, in time; what could not be read is said, never left out silently.

A source opens the account with `opened`, asks its questions and hands over `Questions.pages`. Each answer
keeps its operation, region and parameters beside AWS's own words, so that `to_frames` is pure and tested
from recorded answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import Pages, SourceSettings, _aws_account, _aws_answers
from opsreport.sources._aws_policy import action

FAILURES = (BotoCoreError, ClientError, ResponseParserError)
#: What a page of answers costs. https://aws.amazon.com/aws-cost-management/pricing/ (a request that is
#: paginated costs once a page) and https://aws.amazon.com/cloudwatch/pricing/ (a metric asked for).
_PRICES = {"ce": Decimal("0.01")}
_METRIC = Decimal("0.00001")
_TOKENS = ("NextPageToken", "NextToken", "nextToken", "Marker", "marker", "nextMarker")


class AwsSettings(SourceSettings):
    """What every source of AWS takes."""

    account: str = Field(default="", description="which of the client's AWS accounts; by default the first")
    regions: list[str] = Field(default=[], description="by default those of the account")


@dataclass(frozen=True)
class Answer:
    """One page, as AWS gave it."""

    operation: str
    region: str
    asked: dict[str, Any]
    body: dict[str, Any]


@dataclass
class Questions:
    """What one source asked of one account, what it was told, and what it was not."""

    settings: AwsSettings
    operations: tuple[str, ...]
    account: _aws_account.Account
    answers: list[Answer] = field(default_factory=list)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    price: Decimal = Decimal(0)
    _first: tuple[str, str] = ("", "")

    @property
    def regions(self) -> list[str]:
        """Those to ask in."""
        return self.settings.regions or list(self.account.account.regions)

    @property
    def number(self) -> str:
        """The account's number."""
        return self.account.account.account

    def ask(
        self, operation: str, region: str, *, keep: pd.Timedelta | None = None, absent: tuple[str, ...] = (),
        **asked: Any,
    ) -> list[dict[str, Any]]:
        """Every page of one question.

        Parameters
        ----------
        operation : str
            boto3's service and AWS's name, like ``logs:DescribeLogGroups``; one that the source declares.
        keep : Timedelta, optional
            For how long a whole answer, which costs money, is used again for the same question.
        absent : tuple of str
            Error codes by which AWS says that there is nothing of that kind.
        **asked
            The request's parameters, without a page token.

        Returns
        -------
        list of dict
            The pages that could be read: fewer than there are where a failure is noted.
        """
        if operation not in self.operations:
            raise AssertionError(f"{operation} is not among the source's OPERATIONS")
        place, pages, why = f"{operation} in {region}", [], ""
        cached = _aws_answers.find(self._kept(operation, region, asked), keep, self.settings.run.now)
        try:
            for page in cached if cached is not None else self._pages(operation, region, asked):
                pages.append(page)
            if cached is None and keep and not self.settings.run.is_probe:
                _aws_answers.keep(self._kept(operation, region, asked), pages, self.settings.run.now)
        except _Cut as cut:
            why, hint = str(cut), "try again later; what was collected before is kept"
        except FAILURES as error:
            code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
            if code not in absent:
                why = _aws_account.said(error)
                hint = _aws_account.hint_of(error, action(operation))
        self.answers += [Answer(operation, region, asked, page) for page in pages]
        record = {"path": f"aws:{self.number}:{region}:{operation}", **_aws_answers.digest(asked, pages)}
        if why:
            at = f", page {len(pages) + 1}" if pages else ""
            self.failures.append(f"{place}{at}: {why}")
            self._first = self._first if self._first[0] else (f"{place}{at}: {why}", hint)
            record = {"path": record["path"], "unread": why}
        self.inputs.append(record)
        return pages

    def note(self, why: str) -> None:
        """Say that something is missing that no question failed on."""
        self.failures.append(why)

    def pages(self, **extra: Any) -> Pages:
        """What was read, for `to_frames`.

        Raises
        ------
        SourceError
            When nothing was: no question was answered at all.
        """
        if self._first[0] and not self.answers:
            raise SourceError(*self._first)
        status = "partial" if self.failures else "ok"
        home = self.account.account.regions[0]
        known = {"account": self.number, "home": home, "now": self.settings.run.now, "price": self.price, **extra}
        inputs = tuple(sorted(self.inputs, key=lambda record: (record["path"], record.get("sha256", ""))))
        return Pages(tuple(self.answers), self.settings, inputs, status, "; ".join(self.failures), known)

    def _pages(self, operation: str, region: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Page by page, until the last one says that it is; a page that repeats another stands for a lost one."""
        seen: set[str] = set()
        for number, page in enumerate(self._whole(operation, region, asked), 1):
            self.price += _price(operation, asked)
            body = {name: value for name, value in page.items() if name != "ResponseMetadata"}
            print_ = _aws_answers.print_of({name: value for name, value in body.items() if name not in _TOKENS})
            if number > 1 and print_ in seen:
                if any(isinstance(value, (list, dict)) and value for value in body.values()):
                    raise _Cut("AWS gave a page a second time in place of another")
                continue
            seen.add(print_)
            yield body
            if self.settings.run.is_probe:
                return

    def _whole(self, operation: str, region: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        service, _, name = operation.partition(":")
        client, page = self.account.client(service, region), {}
        method = xform_name(name)
        for page in client.get_paginator(method).paginate(**asked) if client.can_paginate(method) else _by_token(
            client, name, asked
        ):
            yield page
            self._in_time()
        if (page.get("IsTruncated") or page.get("Truncated")) and not any(page.get(token) for token in _TOKENS):
            raise _Cut("AWS says that there is more, and not where")

    def _in_time(self) -> None:
        if self.settings.run.until and time.monotonic() > self.settings.run.until:
            raise _Cut("there was no time left")

    def _kept(self, operation: str, region: str, asked: dict[str, Any]) -> Path | None:
        folder = self.settings.run.answers
        return folder and folder / _aws_answers.name_of(self.number, operation, region, asked)


class _Cut(Exception):
    """A question that could not be read to its end, and why."""


def opened(settings: AwsSettings, operations: tuple[str, ...]) -> Questions:
    """The client's account, ready to be asked.

    Raises
    ------
    ParamsError, SourceError
        When the client's file names no such account, or it cannot be opened, or turns out to be another.
    """
    held = {account.account: account for account in settings.run.accounts}
    if not held:
        raise SourceError("the client's file names no AWS account", hint="add it under aws")
    if settings.account and settings.account not in held:
        raise SourceError(
            f"the client's file names no AWS account {settings.account}", hint=f"it names {', '.join(held)}"
        )
    account = held[settings.account or next(iter(held))]
    found = _aws_account.opened(account, settings.run.client, settings.folder)
    found.verify()
    return Questions(settings, operations, found)


def each(answers: tuple[Answer, ...], operation: str, key: str) -> Iterator[tuple[Answer, dict[str, Any]]]:
    """The items under a key of every answer to one operation, with the answer each came in."""
    for answer in answers:
        if answer.operation == operation:
            for item in answer.body.get(key) or []:
                yield answer, item


def _by_token(client: Any, name: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Pages of an operation that botocore knows no paginator for: the same question with the page's token."""
    shape = client.meta.service_model.operation_model(name).input_shape
    token = next((one for one in _TOKENS if shape is not None and one in shape.members), "")
    given, seen = dict(asked), set()
    while True:
        page = getattr(client, xform_name(name))(**given)
        yield page
        following = page.get(token) if token else None
        if not following:
            return
        if following in seen:
            raise _Cut("AWS leads in a circle: a page's token came a second time")
        seen.add(following)
        given[token] = following


def _price(operation: str, asked: dict[str, Any]) -> Decimal:
    if operation == "cloudwatch:GetMetricData":
        return _METRIC * len(asked["MetricDataQueries"])
    return _PRICES.get(operation.partition(":")[0], Decimal(0))


#: How far back a reading of what is so now tells: collected daily, nothing lies between two.
_A_DAY = pd.Timedelta(hours=26)
#: What a system shows only as it is now; and what it never forgets.
ONLY_NOW, FOR_EVER = pd.Timedelta(0), pd.Timedelta(days=36_500)


def told(keeps: dict[str, pd.Timedelta]) -> Callable[..., dict[str, tuple[pd.Timestamp, pd.Timestamp]]]:
    """A source's ``observed``, by how long its system remembers.

    The window reaches from what is asked for, or since when AWS remembers, to now. A reading of what is
    so now tells of the day that it ends.
    """

    def observed(
        frames: dict[str, pd.DataFrame], pages: Pages, period: Period
    ) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
        windows, now = {}, pages.extra["now"]
        for frame in frames:
            if keeps[frame] == ONLY_NOW:
                windows[frame] = (now - _A_DAY, now)
                continue
            start, end = max(period.start, now - keeps[frame]), min(period.end, now)
            windows[frame] = (start, end) if start < end else (pd.NaT, pd.NaT)
        return windows

    return observed


def rows_of(frame: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as the frame, also where there is none."""
    return FRAMES[frame].conform(pd.DataFrame(rows)) if rows else FRAMES[frame].empty()


def instant(value: Any) -> pd.Timestamp | None:
    """A time of an answer, in UTC; None where there is none."""
    return None if value is None else pd.Timestamp(value).tz_convert("UTC").as_unit("us")


def within(pages: Pages, region: str, name: str) -> str:
    """A name that may stand once in each region: told apart where it is not the account's first one."""
    return name if region == pages.extra["home"] else f"{name} ({region})"


def resource(pages: Pages, region: str, arn: str) -> str:
    """What an ARN names, without the account: ``volume/vol-0d41``, ``db:shop``."""
    return within(pages, region, arn.split(":", 5)[-1])

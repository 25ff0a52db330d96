"""Asking AWS: every page of a question, in time; what could not be read is said, never left out silently.

A source opens the account with `opened`, asks its questions and hands over `Questions.pages`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from botocore import xform_name
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.params.aws import AwsAccount
from opsreport.sources import Pages, SourceSettings, _aws_account, _aws_answers, _aws_objects, _questions, file_record
from opsreport.sources._aws_policy import action
from opsreport.sources._aws_prices import price
from opsreport.sources._questions import Cut, Told

_GET = "s3:GetObject"
_TOKENS = ("NextPageToken", "NextToken", "nextToken", "Marker", "marker", "NextMarker", "nextMarker")


class AwsSettings(SourceSettings):
    """What every source of AWS takes."""

    account: str = Field(default="", description="which of the client's AWS accounts; by default the first")
    regions: list[str] = Field(default=[], description="by default those of the account")


@dataclass
class Questions(_questions.Questions):
    """What one source asked of one account, what it was told, and what it was not."""

    settings: AwsSettings
    account: _aws_account.Account | None = None
    _objects: _aws_objects.Objects | None = None

    def __post_init__(self) -> None:
        self.faults = (Cut, *_aws_account.FAILURES)

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
    ) -> Told:
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
        Told
            The pages that could be read; where these are not all, that is noted.
        """
        (told,) = self.ask_together(operation, region, [asked], keep=keep, absent=absent)
        return told

    def ask_together(
        self, operation: str, region: str, each: list[dict[str, Any]], *, keep: pd.Timedelta | None = None,
        absent: tuple[str, ...] = (),
    ) -> list[Told]:  # fmt: skip
        """Several questions that are to be answered of one time: kept and used again only all together."""
        self.declared(operation)
        each = each[:1] if self.settings.run.is_probe else each
        path, now = self._kept(operation, region, each), self.settings.run.now
        kept = _aws_answers.find(path, keep, now)
        told = [self._ask(operation, region, asked, absent, kept and kept[number]) for number, asked in enumerate(each)]
        if kept is None and keep and all(one.is_whole for one in told) and not self.settings.run.is_probe:
            _aws_answers.keep(path, told, now)
        return told

    def _ask(
        self, operation: str, region: str, asked: dict[str, Any], absent: tuple[str, ...],
        kept: list[dict[str, Any]] | None,
    ) -> Told:  # fmt: skip
        pages = self._pages(operation, region, asked) if kept is None else kept
        path = f"aws:{self.number}:{region}:{operation}"
        return self.take(operation, f"{operation} in {region}", path, asked, pages, region, absent)

    def object(self, bucket: str, listed: dict[str, Any], region: str) -> Path | None:
        """A file of S3, whole and as it was listed; kept by its ETag, so that it is downloaded once.

        Parameters
        ----------
        listed : dict
            What s3:ListObjectsV2 said of it: Key, ETag, Size.

        Returns
        -------
        Path, optional
            Where it lies, at least as long as these questions; None where it could not be read, which is noted.
        """
        self.declared(_GET)
        place = f"s3://{bucket}/{listed['Key']}"
        self._objects = self._objects or _aws_objects.Objects(self.settings.run.answers, self.settings.run.now)
        try:
            path = self._objects.get(self.account.client("s3", region), bucket, listed, self.in_time)
        except self.faults as error:
            self.inputs.append({"path": place, "unread": self.failed(_GET, f"{_GET} of {place}", error)})
            return None
        self.inputs.append({**file_record(path), "path": place})
        return path

    def pages(self, **extra: Any) -> Pages:
        """What was read, for `to_frames`, with which account and regions it was read of."""
        first = next(iter(self.settings.run.accounts)).account
        home = self.account.account.regions[0]
        return super().pages(account=self.number, home=home, is_first=self.number == first, **extra)

    def said(self, error: Exception) -> str:
        """What a failure says, without what the request carried."""
        return _aws_account.said(error)

    def hint_of(self, error: Exception, operation: str) -> str:
        """What to do about a failure."""
        return _aws_account.hint_of(error, action(operation))

    def need_of(self, error: Exception, operation: str) -> str:
        """The action that the role lacks."""
        return action(operation) if _aws_account.is_denied(error) else ""

    def is_absent(self, error: Exception, absent: tuple[str, ...]) -> bool:
        """Whether AWS says that there is nothing of the kind."""
        return _aws_account.code_of(error) in absent

    def _pages(self, operation: str, region: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Page by page, until the last one says that it is."""
        return self.once(self._paid(operation, region, asked))

    def _paid(self, operation: str, region: str, asked: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
        for page in self._whole(operation, region, asked):
            self.price += price(operation, asked)
            body = {name: value for name, value in page.items() if name != "ResponseMetadata"}
            yield body, {name: value for name, value in body.items() if name not in _TOKENS}

    def _whole(self, operation: str, region: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        service, _, name = operation.partition(":")
        client, page = self.account.client(service, region), {}
        method = xform_name(name)
        for page in client.get_paginator(method).paginate(**asked) if client.can_paginate(method) else _by_token(
            client, name, asked
        ):
            yield page
            if page.get("IsTruncated") or any(page.get(token) for token in _TOKENS):
                self.in_time()
        if (page.get("IsTruncated") or page.get("Truncated")) and not any(page.get(token) for token in _TOKENS):
            raise Cut("AWS says that there is more, and not where")

    def _kept(self, operation: str, region: str, each: list[dict[str, Any]]) -> Path | None:
        folder = self.settings.run.answers
        return folder and folder / _aws_answers.name_of(self.number, operation, region, each)


def account_of(settings: AwsSettings) -> AwsAccount:
    """The account of the client's file that a source reads.

    Raises
    ------
    SourceError
        When the file names no such account.
    """
    held = {account.account: account for account in settings.run.accounts}
    if not held:
        raise SourceError("the client's file names no AWS account", hint="add it under aws")
    if settings.account and settings.account not in held:
        raise SourceError(
            f"the client's file names no AWS account {settings.account}", hint=f"it names {', '.join(held)}"
        )
    return held[settings.account or next(iter(held))]


def opened(settings: AwsSettings, operations: tuple[str, ...]) -> Questions:
    """The client's account, ready to be asked.

    Raises
    ------
    ParamsError, SourceError
        When the client's file names no such account, or it cannot be opened, or turns out to be another.
    """
    account = account_of(settings)
    found = _aws_account.opened(account, settings.run.client, settings.folder)
    found.verify()
    return Questions(settings, operations, account=found)


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
            raise Cut("AWS leads in a circle: a page's token came a second time")
        seen.add(following)
        given[token] = following

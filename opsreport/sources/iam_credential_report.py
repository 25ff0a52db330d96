"""Who can get into an AWS account, as IAM's credential report lists its users.

Documentation: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html.
Permission: iam:GenerateCredentialReport and iam:GetCredentialReport; this source takes no
credentials, it reads reports that were saved. AWS makes a new one every four hours at most and
forgets the one before: save one at least each month, towards its end.

Files: the CSV, or the answer of ``aws iam get-credential-report`` as JSON, which holds it. A CSV does
not tell when it was made: give ``observed_at`` for one file, or put the day into each file's name, like
credential-report-2026-10-31.csv (taken as that day's noon on the client's clock, or the hour where the
name goes on with T1730Z). Several accounts may lie in one folder: each is a snapshot of its own.

kind is root for the root user, person where a password is enabled, service where only keys or
certificates are active; with none of these a user cannot get in: is_enabled is false. Other
credentials, such as SSH keys for CodeCommit, are not in the report. mfa_enabled is as reported; a key
is not asked for it by itself. is_privileged is told of root only, for the report does not hold
policies. never_used: AWS has no record of a use, which reaches back to October 2014 for passwords
and to April 2015 for keys. Of keys only active ones count. N/A, no_information and not_supported
tell nothing. A user that is listed twice alike counts once; listed twice and not alike, the last row
counts, and the reading is partial.
"""

from __future__ import annotations

import base64
import binascii
import csv
import datetime as dt
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.agreement import local_instant
from opsreport.errors import SourceError
from opsreport.params.fields import Moment
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.sources import Pages, SourceSettings, _files, _sheets, _values

FRAMES = ("principal",)

_SUFFIXES = (".csv", ".json", ".csv.gz", ".json.gz")
_NOTHING = ("", "N/A", "no_information", "not_supported")
_NEEDED = ("user", "arn", "password_enabled", "mfa_active", "access_key_1_active")
_ROOT = "<root_account>"
_DAY = re.compile(
    r"(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?:T([01]\d|2[0-3]):?([0-5]\d)(?:[0-5]\d)?Z)?(?!\d)"
)
_KEYS = ("1", "2")


class Settings(SourceSettings):
    """Where the saved reports are, and when they were made."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")
    observed_at: Moment | None = Field(default=None, description="when the one report was made; else by file name")


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """The rows of every report, as AWS writes them, with the time at which each was made."""
    files = _files.find(settings, settings.path, _SUFFIXES)
    if settings.observed_at and len(files) > 1:
        raise SourceError(
            f"{settings.path} names {len(files)} reports, and observed_at is the time of one",
            hint="leave it out, and put the day into each file's name",
        )
    return Pages(tuple(_page(file, settings) for file in files), settings, tuple(file.record() for file in files))


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each user of each report once.

    Raises
    ------
    SourceError
        When a row is cut short, or holds what is no time and no flag; names file and row.
    """
    found = [row for page in pages.items for row in principals(page["rows"], page["observed_at"], page["file"])]
    once = {(row["principal"], row["observed_at"]): row for row in found}
    rows = sorted(once.values(), key=lambda row: (row["observed_at"], row["principal"]))
    return {"principal": ALL["principal"].conform(pd.DataFrame(rows)) if rows else ALL["principal"].empty()}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Which users are listed twice with different content."""
    said = unlike((page["observed_at"], page["rows"]) for page in pages.items)
    return {"principal": ("partial", said)} if said else {}


def principals(rows: list[dict[str, str]], observed_at: pd.Timestamp, place: str) -> list[dict[str, Any]]:
    """The frame's row of each row of one report, which errors call `place`."""
    return [_principal(_Row(row, f"{place}, row {number}"), observed_at) for number, row in enumerate(rows, 1)]


def unlike(reports: Iterable[tuple[pd.Timestamp, list[dict[str, str]]]]) -> str:
    """Which users a report lists twice with different content, in words; empty where there is none."""
    listed = {(str(made), row["arn"], tuple(row.items())) for made, rows in reports for row in rows}
    times = Counter((made, arn) for made, arn, _ in listed)
    names = sorted({arn.rpartition("/")[2] for (_, arn), count in times.items() if count > 1})
    return f"{', '.join(names)}: listed twice, and not alike; the last row counts" if names else ""


def rows_of(text: str, name: str) -> list[dict[str, str]]:
    """The rows of a report as AWS wrote it, by column.

    Raises
    ------
    SourceError
        When it is no report, or a row is cut short; names it by `name`.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""))
    with _files.reading(name):
        rows = list(reader)
    lost = [column for column in _NEEDED if column not in (reader.fieldnames or ())]
    if lost:
        raise SourceError(
            f"{name} is no credential report: it has no {', '.join(lost)}",
            hint="save what aws iam get-credential-report answers",
        )
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise SourceError(f"{name}, row {number} has not as many fields as the head", hint="save it again")
    return rows


def _page(file: _files.File, settings: SourceSettings) -> dict[str, Any]:
    if file.name.lower().removesuffix(".gz").endswith(".json"):
        text, made = _answer(file)
    else:
        text, made = _text(file), _when(file, settings)
    return {"file": file.name, "observed_at": made, "rows": rows_of(text, file.name)}


def _answer(file: _files.File) -> tuple[str, pd.Timestamp]:
    """The report in the answer of AWS's command line or API, and when it was generated."""
    document = _sheets.document(file)
    try:
        content = base64.b64decode(document["Content"], validate=True).decode("utf-8")
        return content, pd.Timestamp(_values.instant(document["GeneratedTime"])).as_unit("us")
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError, _values.Unreadable) as error:
        raise SourceError(
            f"{file.name} holds no Content and GeneratedTime", hint="save what aws iam get-credential-report answers"
        ) from error


def _text(file: _files.File) -> str:
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    with _files.reading(file.name), opened(file.path, "rt", encoding="utf-8-sig", newline="") as handle:
        return handle.read()


def _when(file: _files.File, settings: SourceSettings) -> pd.Timestamp:
    """When a CSV was made: as set, else by its name."""
    if settings.observed_at:
        return local_instant(settings.observed_at, settings.zone)
    named = _DAY.search(file.name.rpartition("/")[2])
    try:
        year, month, day, hour, minute = (int(part) if part else None for part in named.groups())
        if hour is not None:
            return local_instant(dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC), settings.zone)
        return local_instant(dt.datetime(year, month, day, 12), settings.zone)
    except (AttributeError, ValueError) as error:
        raise SourceError(
            f"{file.name} does not tell when it was made",
            hint="give observed_at, or put the day into its name, like credential-report-2026-10-31.csv",
        ) from error


class _Row:
    """One row of a report, whose words for nothing are None."""

    def __init__(self, values: dict[str, str], place: str) -> None:
        self.values, self.place = values, place

    def has(self, name: str) -> bool:
        return name in self.values

    def flag(self, name: str) -> bool | None:
        return self._read(name, _values.flag)

    def time(self, name: str) -> pd.Timestamp | None:
        return self._read(name, lambda text: pd.Timestamp(_values.instant(text)).as_unit("us"))

    def _read(self, name: str, read: Any) -> Any:
        text = self.values.get(name, "").strip()
        if text in _NOTHING:
            return None
        try:
            return read(text)
        except _values.Unreadable as error:
            raise SourceError(f"{self.place}, {name}: {text!r} {error}", hint="save the report again") from error


def _principal(row: _Row, observed_at: pd.Timestamp) -> dict[str, Any]:
    user, account = row.values["user"], _account(row)
    is_root = user == _ROOT
    keys = [key for key in _KEYS if row.flag(f"access_key_{key}_active")]
    has_other = bool(keys) or any(row.flag(f"cert_{key}_active") for key in _KEYS)
    password = row.flag("password_enabled")
    used = [row.time("password_last_used"), *(row.time(f"access_key_{key}_last_used_date") for key in _KEYS)]
    last = max((time for time in used if time is not None), default=None)
    # AWS says not_supported of root's password where it has one.
    is_enabled = has_other or (password is not False if is_root else bool(password))
    return {
        "principal": f"{account}/{'root' if is_root else user}", "display_name": "root" if is_root else user,
        "kind": "root" if is_root else "person" if password else "service" if has_other else "unknown",
        "account": account, "observed_at": observed_at, "is_enabled": is_enabled,
        "is_privileged": True if is_root else None, "mfa_enabled": row.flag("mfa_active"),
        "created_at": row.time("user_creation_time"), "last_used_at": last,
        "never_used": last is None if _tells_use(row) else None,
        **_oldest_key(row, keys),
    }  # fmt: skip


def _oldest_key(row: _Row, keys: list[str]) -> dict[str, Any]:
    """The oldest active key, and whether any active one was never used."""
    made = {key: row.time(f"access_key_{key}_last_rotated") for key in keys}
    dated = [key for key in keys if made[key] is not None]
    oldest = min(dated, key=made.get, default=None)
    unused = [row.time(f"access_key_{key}_last_used_date") is None for key in keys]
    return {
        "has_key": bool(keys),
        "key_created_at": made[oldest] if oldest else None,
        "key_last_used_at": row.time(f"access_key_{oldest}_last_used_date") if oldest else None,
        "has_unused_key": any(unused) if _tells_use(row) else None,
    }


def _tells_use(row: _Row) -> bool:
    """Whether the report is of the kind that tells of uses: before 2015 it held no such columns of keys."""
    return row.has("password_last_used") and row.has("access_key_1_last_used_date")


def _account(row: _Row) -> str:
    parts = row.values["arn"].split(":")
    if len(parts) < 6 or not parts[4]:
        raise SourceError(f"{row.place}, arn: {row.values['arn']!r} names no account", hint="save the report again")
    return parts[4]

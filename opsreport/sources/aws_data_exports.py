"""Charges that AWS Data Exports writes to a bucket: exports of FOCUS 1.0 and later, and of CUR 2.0.

Documentation: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html (where the
files lie), https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-focus-1-2-aws-columns.html and
https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html (their columns). Permission:
``s3:ListBucket`` on the bucket and ``s3:GetObject`` on what it holds; and ``kms:Decrypt`` where it is
encrypted with a key of its own.

``prefix`` is the export's folder, the export's name included. Below it AWS writes
``data/BILLING_PERIOD=2026-10/`` and, when all files of a delivery are there, a manifest that names them in
``metadata/BILLING_PERIOD=2026-10/``; both may lie in a subfolder of each delivery, and FOCUS writes
``billing_period=``. Of each billing period that is asked for, and of the one before, which AWS restates in
the first two weeks of the next, the manifest that was written last is read, and just the files that it
names: gzipped CSV or Parquet. A file that is missing or broken makes it partial. Where AWS is writing a
month anew, which shows by files an hour younger than their manifest, that month is left for the next
reading. AWS delivers first within a day, then at least daily. It forgets nothing: only the bucket's
lifecycle deletes.

FOCUS is read as by ``focus``, CUR 2.0 as by ``aws_cur``: billed cost is ``line_item_unblended_cost``,
effective cost is by line item type, and a type that is not known is refused until ``line_types`` says which
ChargeCategory it has. Both write amounts as DOUBLE in Parquet, which are read by their shortest text.
CUR 2.0 writes a tag's key in its own spelling, ``user_cost_center`` for ``CostCenter``: ``user_`` is left
off, and which letters were capital is not known. An export must hold the columns of the charge: select all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas.stored import StoredRows
from opsreport.sources import Pages, _aws, _bill, _bill_days, _cur, _cur2, _files, focus
from opsreport.sources._exports import Export

FRAMES = ("cost",)
OPERATIONS = ("s3:ListObjectsV2", "s3:GetObject")
KEEPS = {"cost": _aws.FOR_EVER}

_PARTITIONS = ("BILLING_PERIOD", "billing_period")
_URI = re.compile(r"s3://[^/]+/(.+)")
#: AWS writes a delivery's manifest last; a file that is this much younger is of the next delivery.
_NEXT = pd.Timedelta(hours=1)


class Settings(_aws.AwsSettings):
    """Where the export is."""

    bucket: str = Field(description="the bucket that the export is written to")
    prefix: str = Field(description="the export's folder in it, its name included, like exports/focus-daily")
    region: str = Field(default="", description="the bucket's region; by default the account's first")
    constants: dict[str, str | None] = Field(
        default={}, description="FOCUS columns that the export lacks, and the value of every row (null: not known)"
    )
    grain: Literal["auto", "line", "day"] = Field(
        default="auto", description="of FOCUS: day to sum the lines of a day; auto sums those of a large export"
    )
    line_types: dict[str, _cur.Category] = Field(
        default={}, description="of CUR 2.0: the FOCUS category of further line item types"
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """The files of each billing period's last delivery; what cannot be read makes the pages partial.

    Raises
    ------
    SourceError
        When nothing can be read, or a file is of another kind.
    """
    aws, found = _aws.opened(settings, OPERATIONS), []
    before, *asked = _months(period)
    for month in (before, *asked):
        manifest = _manifest(aws, month, is_needed=month in asked)
        if manifest:
            found += _delivered(aws, month, manifest)
    folder = _folder_of_sums(settings, found)
    exports = [export for one in found if (export := _read(aws, one, folder))]
    pages = aws.pages()
    if aws.why and not exports and not settings.run.is_probe:
        needs = ", ".join(sorted(set(aws.needs)))
        hint = f"the role needs {needs}" if needs else "prefix is the export's folder, the export's name included"
        raise SourceError(aws.why, hint)
    ignored = {export.file: export.ignored for export in exports}
    pages = replace(pages, items=tuple(exports), extra={**pages.extra, "ignored": ignored})
    summed = [isinstance(export.rows, _bill_days.Part) for export in exports]
    if any(summed) and not all(summed):
        raise SourceError(f"{_folder(aws)} holds both FOCUS and CUR 2.0, too many lines to be kept together",
                          hint="let prefix be the folder of one export")  # fmt: skip
    return focus.put_together(pages, latest=False) if any(summed) else pages


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame | StoredRows]:
    """The charges of all files; of a large export where they are stored.

    Raises
    ------
    SourceError
        When a value or a line item type cannot be read, or two files hold the same bill.
    """
    if pages.items and isinstance(pages.items[0], StoredRows):
        return {"cost": pages.items[0]}
    line_items = [export for export in pages.items if "line_type" in export.rows.column_names]
    others = [export for export in pages.items if "line_type" not in export.rows.column_names]
    parts = [_bill.typed(export.file, export.rows) for export in others]
    if line_items:
        parts += _cur.parts(line_items, _cur2.WANTED, pages.settings.line_types)
    if not parts:
        return {"cost": _aws.rows_of("cost", [])}
    files = [export.file for export in others + line_items]
    return {"cost": _bill.as_frame(_bill.joined(files, parts, latest=False))}


observed, remarks = focus.observed, focus.remarks


def _months(period: Period) -> list[str]:
    """The billing periods of a period, after the one before them."""
    days = pd.date_range(period.first_day, period.end_day, inclusive="left").to_period("M")
    return [str(month) for month in pd.period_range(days[0] - 1, days[-1])]


def _manifest(aws: _aws.Questions, month: str, is_needed: bool) -> dict[str, Any] | None:
    """The manifest of a billing period's last delivery, as it is listed."""
    there, is_whole = _listed(aws, [f"{_folder(aws)}metadata/{name}={month}/" for name in _PARTITIONS])
    manifests = [one for one in there if one["Key"].endswith("Manifest.json")]
    if not is_whole:
        return None  # One that could be listed may be of an older bill.
    if not manifests and is_needed:
        aws.note(f"there is no manifest of billing period {month} in s3://{aws.settings.bucket}/{_folder(aws)}")
    # Of the same second the later delivery, whose folder begins with its time.
    return max(manifests, key=lambda one: (one["LastModified"], one["Key"]), default=None)


def _folder_of_sums(settings: Settings, found: list[dict[str, Any]]) -> TemporaryDirectory | None:
    """Where the lines of a large export are summed; None where they are kept."""
    is_large = sum(one["Size"] for one in found) > _bill_days.MOST_BYTES / _bill_days.PACKED
    is_summed = settings.grain == "day" or (settings.grain == "auto" and is_large)
    return _bill_days.private_folder(settings) if found and is_summed else None


def _delivered(aws: _aws.Questions, month: str, manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The files that a manifest names, as they are listed."""
    keys = _named(aws, manifest)
    listed, is_whole = _listed(aws, [f"{folder}/" for folder in sorted({key.rpartition("/")[0] for key in keys})])
    there = {one["Key"]: one for one in listed}
    found = [there[key] for key in keys if key in there]
    if any(one["LastModified"] > manifest["LastModified"] + _NEXT for one in found):
        aws.note(f"billing period {month} is being written anew: it is left for the next reading")
        return
    lost = [key for key in keys if key not in there]
    if lost and is_whole:
        aws.note(f"{len(lost)} of {len(keys)} files that the manifest of {month} names are not there, like {lost[0]}")
    aws.inputs += [{"path": f"s3://{aws.settings.bucket}/{key}", "unread": "it is not there"} for key in lost]
    yield from found if not aws.settings.run.is_probe else []


def _named(aws: _aws.Questions, manifest: dict[str, Any]) -> list[str]:
    """The keys that a manifest names; those of a copied bucket name the one that they were copied from."""
    path = aws.object(aws.settings.bucket, manifest, _region(aws))
    if path is None:
        return []
    try:
        names = json.loads(path.read_bytes())["dataFiles"]
        keys = [_URI.fullmatch(name)[1] for name in names]
    except (ValueError, KeyError, TypeError):
        aws.note(f"the manifest {manifest['Key']} cannot be understood: it has no list dataFiles of s3:// addresses")
        return []
    return sorted(set(keys))


def _read(aws: _aws.Questions, listed: dict[str, Any], folder: TemporaryDirectory | None) -> Export | None:
    path = aws.object(aws.settings.bucket, listed, _region(aws))
    if path is None:
        return None
    file = _files.File(path, listed["Key"].removeprefix(_folder(aws)))
    try:
        return Export(file.name, *_table(file, aws.settings, folder))
    except _files.BrokenFile as error:
        aws.note(error.message)
        aws.inputs[-1] = {"path": aws.inputs[-1]["path"], "unread": error.message}
        path.unlink(missing_ok=True)  # so that it is downloaded again
        return None


def _table(
    file: _files.File, settings: Settings, folder: TemporaryDirectory | None
) -> tuple[pa.Table | _bill_days.Part, int]:
    """A file's columns under the frame's names, or under those of line items; and how many others it has."""
    names = {name.strip().lower() for name in _files.columns(file)}
    if "line_item_unblended_cost" in names:
        return _cur2.read(file)
    if "billedcost" in names:
        as_focus = focus.Settings(path=settings.prefix, constants=settings.constants)
        return focus.sum_file(file, as_focus, folder) if folder else focus.read_file(file, as_focus)
    raise SourceError(
        f"{file.name} has neither a column BilledCost, as FOCUS, nor line_item_unblended_cost, as CUR 2.0",
        hint="prefix must be the folder of an export of FOCUS or of COST_AND_USAGE_REPORT",
    )


def _listed(aws: _aws.Questions, folders: list[str]) -> tuple[list[dict[str, Any]], bool]:
    """What lies in some folders, and whether that is all of it."""
    told = [aws.ask(OPERATIONS[0], _region(aws), Bucket=aws.settings.bucket, Prefix=folder) for folder in folders]
    there = [one for pages in told for page in pages for one in page.get("Contents", [])]
    return there, all(pages.is_whole for pages in told)


def _folder(aws: _aws.Questions) -> str:
    return f"{aws.settings.prefix.strip('/')}/".lstrip("/")


def _region(aws: _aws.Questions) -> str:
    return aws.settings.region or aws.regions[0]

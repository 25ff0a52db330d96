"""Bills in the FinOps Foundation's format, FOCUS 1.0 to 1.4: CSV, gzipped CSV, Parquet, or a folder of them.

Specification: https://focus.finops.org/focus-specification/. How to export: AWS Data Exports
(https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-focus-1-0-aws.html), Azure Cost
Management (https://learn.microsoft.com/azure/cost-management-billing/dataset-schema/cost-usage-details-focus),
Google Cloud (https://cloud.google.com/billing/docs/how-to/export-data-bigquery) and Oracle
(https://docs.oracle.com/iaas/Content/Billing/Concepts/costusagereportsoverview.htm).

Permission: to read the files, such as ``s3:GetObject`` on the export's bucket where they are copied
from. Providers restate a billing period as a whole until it is closed, and forget what the bucket's
lifecycle deletes: copy the exports before.

The columns that FOCUS makes mandatory must be there; a bill made by hand gives the others in
``constants``, as ``{PricingQuantity: null}``. Without quantities, use cannot be told from price. A
FOCUS time that names no zone is UTC. Columns are known by name in any order and case; others are
ignored, and counted in the pages' ``extra``. From 1.3 ProviderName is ServiceProviderName: either
will do. Amounts are exact to the 18 decimals that a frame holds; a Parquet DOUBLE is read by its
shortest text.

All files add up. Where each file is a full export that replaces the one before it, as AWS and Azure
can write them daily, set ``latest: true``: then of each provider, billing account and billing period
only the last export counts, in order of its path (the files of one subfolder are one export). A file
that is there twice is read once. When two files hold the same lines of one bill nothing is read:
the bill would be counted twice.

A bill of more than about 250,000 lines is large: there ``grain`` is day unless it is said. Then lines of usage by
the hour that differ in nothing but their hours and amounts are summed to the UTC day, out of memory, and no figure
of a month's review changes; all other lines stay as they are. Corrections then match the sums.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import pandas as pd
import pyarrow as pa
from pydantic import Field

from opsreport.coverage import days_without_usage
from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.schemas.stored import StoredRows
from opsreport.sources import Pages, SourceSettings, _bill, _bill_columns, _bill_days, _bill_parts, _exports, _files

FRAMES = ("cost",)

_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_NAMES = {name: "".join(part.capitalize() for part in name.split("_")) for name in ALL["cost"].names}
_PROVIDER = {"service": "ServiceProviderName", "provider": "ProviderName"}
#: FOCUS makes these mandatory; a row's list price or service may be null, but the column is there.
_MANDATORY = (
    "billing_period_start", "charge_period_start", "charge_period_end", "service_name", "charge_category",
    "charge_class", "charge_description", "pricing_quantity", "pricing_unit", "billed_cost", "effective_cost",
    "list_cost", "billing_currency",
)  # fmt: skip
_DAY = pd.Timedelta(hours=25)


class Settings(SourceSettings):
    """Where the bill is."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")
    version: Literal["1.0", "1.1", "1.2", "1.3", "1.4"] | None = Field(default=None, description="to be held to")
    latest: bool = Field(default=False, description="whether each file is a full export that replaces earlier ones")
    grain: Literal["auto", "line", "day"] = Field(
        default="auto", description="day to sum the lines of a day, line to keep them; auto sums those of a large bill"
    )
    nulls: list[str] = Field(default=["", "NULL", "null"], description="words that mean null")
    time_format: str = Field(default="", description='where times are not ISO 8601, like "%m/%d/%y"')
    constants: dict[str, str | None] = Field(
        default={}, description="FOCUS columns that the export lacks, and the value of every row (null: not known)"
    )


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """Every file once; one that cannot be read makes the pages partial."""

    files = _files.find(settings, settings.path, _SUFFIXES)
    is_summed = settings.grain == "day" or (settings.grain == "auto" and _bill_days.is_large(files))
    folder = _bill_days.private_folder(settings) if is_summed else None

    def read(file: _files.File) -> tuple[pa.Table | _bill_days.Part, int]:
        return sum_file(file, settings, folder, len(files) > 1) if folder else read_file(file, settings)

    pages = _exports.fetch(settings, settings.path, settings.latest, _SUFFIXES, read)
    return pages if folder is None else put_together(pages, settings.latest)


def read_file(file: _files.File, settings: Settings) -> tuple[pa.Table, int]:
    """One file's columns under the frame's names, and how many others it has.

    Raises
    ------
    SourceError
        When the file is broken, or lacks a column that FOCUS makes mandatory.
    """
    return _read(file, picked(file.name, _files.columns(file), settings), settings)


def sum_file(
    file: _files.File, settings: Settings, folder: tempfile.TemporaryDirectory, several: bool = True
) -> tuple[_bill_days.Part, int]:
    """As `read_file`, with the lines of a day summed; `several` where other files may hold the same lines."""
    names = _files.columns(file)
    pick = picked(file.name, names, settings)
    constants = {here: value for here, value in _constants(settings).items() if here not in pick}
    bill = _bill_columns.Bill(file, pick, constants, settings.nulls, settings.time_format)
    return _bill_days.summed(bill, folder, several=several), len(names) - len(pick)


def put_together(pages: Pages, latest: bool) -> Pages:
    """Pages of one item, the charges of all parts.

    Raises
    ------
    SourceError, SchemaError
        As `to_frames`.
    """
    return replace(pages, items=(_bill_parts.joined([export.rows for export in pages.items], latest),))


def picked(of: str, columns: Iterable[str], settings: SourceSettings) -> dict[str, str]:
    """The column of a bill for each of the frame's, by FOCUS's names in any case.

    Parameters
    ----------
    of : str
        How messages call the bill.

    Raises
    ------
    SourceError
        When one that FOCUS makes mandatory is missing, or one is there twice.
    """
    there: dict[str, str] = {}
    for name in columns:
        if there.setdefault(name.strip().lower(), name) != name:
            raise SourceError(f"{of} has both {there[name.lower()]} and {name}", hint="drop one of them")
    wanted = {**_NAMES, **_PROVIDER, "account": "BillingAccountId"}
    pick = {here: there[name.lower()] for here, name in wanted.items() if name.lower() in there}
    pick.pop("provider_name", None)
    if lacking := _lacking(pick, settings):
        focus = f"FOCUS {settings.version}" if settings.version else "FOCUS"
        raise SourceError(
            f"{of} lacks columns that {focus} makes mandatory: {', '.join(lacking)}",
            hint="export them, or give in constants what they all hold, like BillingCurrency: USD (null: not known)",
        )
    return pick


def with_constants(rows: pa.Table, pick: dict[str, str], settings: SourceSettings) -> pa.Table:
    """The rows with what the client's file says that all of them hold."""
    for here, value in _constants(settings).items():
        if here not in pick:
            rows = rows.append_column(here, pa.array([value] * rows.num_rows, pa.string()))
    return rows


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame | StoredRows]:
    """The charges of all files; of a large bill where they are stored.

    Raises
    ------
    SourceError
        When a value cannot be read (names file, row, column), or two files hold the same bill.
    """
    settings = pages.settings
    if pages.items and isinstance(pages.items[0], StoredRows):
        return {"cost": pages.items[0]}
    parts = [_bill.typed(export.file, export.rows, settings.time_format) for export in pages.items]
    rows = _bill.joined([export.file for export in pages.items], parts, settings.latest)
    return {"cost": _bill.as_frame(rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the first usage to the last.

    A purchase made for a year, or a fee for the whole month, tells nothing of the days to come:
    where there is usage by the day or hour, only that counts.
    """
    rows = frames["cost"]
    if isinstance(rows, StoredRows):
        told = _bill_parts.observed(rows)
        return {"cost": told} if told else {}
    usage = rows[(rows["charge_category"] == "Usage") & rows["charge_period_end"].notna()]
    daily = _daily(usage)
    for told in (daily, usage):
        if len(told):
            return {"cost": (told["charge_period_start"].min(), told["charge_period_end"].max())}
    return {"cost": (rows["charge_period_start"].min(), rows["charge_period_start"].max())} if len(rows) else {}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Days without any usage between days that have some."""
    rows = frames["cost"]
    days = _bill_parts.idle_days(rows) if isinstance(rows, StoredRows) else days_without_usage(rows)
    said = f"no usage on {len(days)} days between the first and the last: {_listed(days)}"
    return {"cost": ("partial", said)} if days else {}


def _constants(settings: SourceSettings) -> dict[str, str | None]:
    """What every row holds, by our names of the columns."""
    given = {name.lower(): value for name, value in settings.constants.items()}
    names = {**_NAMES, **_PROVIDER, "account": "BillingAccountId"}
    return {here: given[name.lower()] for here, name in names.items()
            if name.lower() in given and here != "provider_name"}  # fmt: skip


def _daily(usage: pd.DataFrame) -> pd.DataFrame:
    return usage[usage["charge_period_end"] - usage["charge_period_start"] <= _DAY]


def _listed(days: list[pd.Timestamp]) -> str:
    shown = ", ".join(day.strftime("%Y-%m-%d") for day in days[:5])
    return shown + (f" and {len(days) - 5} more" if len(days) > 5 else "")


def _lacking(pick: dict[str, str], settings: SourceSettings) -> list[str]:
    """The mandatory columns that a bill lacks and no constant gives."""
    given = {name.lower() for name in settings.constants}
    lacking = [_NAMES[n] for n in _MANDATORY if n not in pick and _NAMES[n].lower() not in given]
    new = settings.version in ("1.3", "1.4")
    asked = {None: ("service", "provider")}.get(settings.version, ("service",) if new else ("provider",))
    if not any(name in pick or _PROVIDER[name].lower() in given for name in asked):
        lacking.append(" or ".join(_PROVIDER[name] for name in reversed(asked)))
    return lacking


def _read(file: _files.File, pick: dict[str, str], settings: Settings) -> tuple[pa.Table, int]:
    rows = with_constants(_files.read(file, pick, settings.nulls), pick, settings)
    if _files.is_parquet(file):
        rows = _bill.without_words(rows, settings.nulls)
    return rows, len(_files.columns(file)) - len(pick)

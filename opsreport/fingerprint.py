"""What a month's records tell, as a hash: the same as long as they tell the same of its days."""

from __future__ import annotations

import hashlib

from opsreport.month import Month
from opsreport.schemas import FRAMES

#: What differs between two readings that tell the same.
_OF_ONE_READING = ["collected_at", "requested_start", "requested_end", "rows", "inputs"]


def fingerprint(month: Month) -> str:
    """A hash of all that a month was loaded from; reading the same again does not change it.

    Returns
    -------
    str
        SHA-256, in hexadecimal.
    """
    end, made = month.period.end, hashlib.sha256()
    told = month.coverage[(month.coverage["requested_start"] < end) & (month.coverage["status"] != "unavailable")]
    told = told.assign(observed_end=told["observed_end"].clip(upper=end)).drop(columns=_OF_ONE_READING)
    told = told.drop_duplicates().sort_values(list(told.columns), ignore_index=True)
    known = {name: rows[rows[FRAMES[name].starts] < end] for name, rows in month.frames.items()}
    # What last month's review printed stands on this one too.
    for name, rows in {**known, "coverage": told, "reported": month.reported}.items():
        ordered = rows.reset_index(drop=True).sort_index(axis=1)
        written = ordered.to_json(orient="split", date_format="iso", date_unit="ns", double_precision=15,
                                  default_handler=str)  # fmt: skip
        made.update(f"{name}:{written}".encode())
    return made.hexdigest()

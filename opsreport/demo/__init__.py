"""Two made-up clients: the files that their systems of record would have exported.

``<folder>/demo-shop`` is an online shop on AWS, launched in October 2025;
``<folder>/demo-clinic`` is a clinic's patient portal on Azure. Both tell thirteen months,
October 2025 to October 2026, in which bill, monitors, incidents and deployments agree
with each other. Nobody and nothing in them is real.

The files are a pure function of the seed: no clock, no network, the same bytes each time.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from opsreport.demo import (
    access,
    alerts,
    backups,
    clinic,
    commitments,
    patches,
    performance,
    pipeline,
    shop,
    spending,
    support,
    work,
)

__all__ = ["write"]

#: What else is recorded of both clients, one module a section; each offers ``files(client, seed)``.
_RECORDS = (access, alerts, backups, commitments, patches, performance, pipeline, spending, support, work)


def write(folder: Path, seed: int = 7, until: str = "") -> None:
    """Write both clients' exports; each client's folder takes its place in one step.

    Parameters
    ----------
    folder : Path
        Made when missing. Only its ``demo-shop`` and ``demo-clinic`` are replaced.
    seed : int
        Of the noise: daily amounts, times of ordinary deployments. What the two stories
        tell, such as an outage's minutes, is the same for every seed.
    until : str
        A month, YYYY-MM: the bills as they stood when it had ended, before the invoice of the
        next brought charges that are used in this one. All of them when empty.
    """
    folder = Path(folder)
    clients = {"demo-shop": shop.files(seed), "demo-clinic": clinic.files(seed)}
    for client, contents in clients.items():
        for records in _RECORDS:
            contents |= records.files(client, seed)
    folder.mkdir(parents=True, exist_ok=True)
    # On the same disk as its destination, so that the move is a rename.
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as scratch:
        for client, contents in clients.items():
            for name, content in _billed(contents, until).items():
                path = Path(scratch) / "new" / client / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        (Path(scratch) / "old").mkdir()
        for client in clients:
            if (folder / client).exists():
                os.replace(folder / client, Path(scratch) / "old" / client)
            os.replace(Path(scratch) / "new" / client, folder / client)


def _billed(contents: dict[str, bytes], until: str) -> dict[str, bytes]:
    """The files, without the bills of later months."""
    return {name: content for name, content in contents.items()
            if not (until and name.startswith("bill/") and name[len("bill/"):][:7] > until)}  # fmt: skip

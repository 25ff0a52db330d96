"""What is attached to a mail: the review as PDF, and its scorecard as CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd

from opsreport.current import code
from opsreport.home import Home, one_at_a_time, write_whole
from opsreport.mail import charts
from opsreport.mail.message import Attachment
from opsreport.mail.model import Summary
from opsreport.params import ClientParams
from opsreport.report.evidence import csv_bytes

_COLUMNS = ("section", "measure", "this_month", "target", "last_month", "said")


def attachments(
    home: Home, params: ClientParams, said: Summary, notebook: nbformat.NotebookNode, is_linked: bool
) -> Iterator[Attachment]:
    """What the client's file asks for; where no page is published, the review as PDF.

    Raises
    ------
    ReportError
        When the PDF cannot be made.
    """
    name = f"{said.client}-{said.month}"
    wanted = params.mail.attach or ([] if is_linked else ["pdf"])
    if "pdf" in wanted:
        yield Attachment(f"{name}.pdf", _printed(home.out / said.client / ".printed", notebook, name))
    if "csv" in wanted:
        rows = pd.DataFrame([[getattr(one, name) for name in _COLUMNS] for one in said.scores], columns=list(_COLUMNS))
        yield Attachment(f"{name}.csv", csv_bytes(rows.astype("string")))


def _printed(folder: Path, notebook: nbformat.NotebookNode, name: str) -> bytes:
    """The review as PDF; made once, for it takes longer than all the rest."""
    made_of = hashlib.sha256(f"{code()}{nbformat.writes(notebook)}".encode()).hexdigest()[:32]
    with one_at_a_time(folder):
        for kept in folder.glob(f"{name}-{made_of}-*.pdf"):
            content = kept.read_bytes()
            if kept.stem.endswith(hashlib.sha256(content).hexdigest()[:32]):
                return content
        from opsreport.report.pdf import pdf  # slow to load, and only here

        content = pdf(notebook, draw=charts.draw)
        for older in folder.glob(f"{name}-*"):
            older.unlink()
        write_whole(folder / f"{name}-{made_of}-{hashlib.sha256(content).hexdigest()[:32]}.pdf", content)
        return content

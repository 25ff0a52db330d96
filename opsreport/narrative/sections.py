"""What each section of a review hands to its opening: its finding and its key figures."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit
from opsreport.schemas.scorecard import SCORECARD


class Sections:
    """The sections of one review, in the order they are added.

    Attributes
    ----------
    findings : dict of str to Exhibit
        Each section's finding, by the section's id on the page.
    """

    def __init__(self) -> None:
        self.findings: dict[str, Exhibit] = {}
        self._scores: list[pd.DataFrame] = []

    def add(self, section: str, finding: Exhibit, scores: pd.DataFrame | None = None) -> None:
        """Take up a section.

        Parameters
        ----------
        section : str
            Its id: what stands before the dot in the ids of its exhibits.
        finding : Exhibit
            The sentence that opens it.
        scores : DataFrame, optional
            Its key figures, as `opsreport.schemas.scorecard.SCORECARD` lists.
        """
        self.findings[section] = finding
        if scores is not None and len(scores):
            self._scores.append(scores.reindex(columns=list(SCORECARD)).astype(object))

    @property
    def figures(self) -> list[dict[str, Any]]:
        """Records of the figures that the sections' findings print, by which decisions may be judged too."""
        return [fact for finding in self.findings.values() for fact in finding.facts]

    @property
    def scorecard(self) -> pd.DataFrame:
        """The key figures of all sections."""
        made = pd.concat(self._scores, ignore_index=True) if self._scores else pd.DataFrame(columns=list(SCORECARD))
        return made.astype(object)

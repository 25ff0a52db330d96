"""What the account manager says of a month: Markdown, with who says it between two lines of ``---`` above."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from opsreport.params.fields import Strict


class Commentary(Strict):
    """A client's commentary on one month."""

    EXPLAINED: ClassVar[str] = "between the lines of --- stands by: and a name; the text comes below"

    by: str = Field(default="", description="who says it")
    text: str = Field(default="", description="Markdown; what stands under a heading goes to the section called so")

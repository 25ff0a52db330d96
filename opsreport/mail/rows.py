"""A mail as the ledger knows it, the states that it may have, and what is kept of each change."""

from __future__ import annotations

from dataclasses import dataclass

#: From which states a mail may go to which.
ALLOWED = {
    "planned": {"planned", "committing", "refused"},
    "committing": {"planned", "sent", "refused", "unknown"},
    "unknown": {"planned", "sent"},
    "refused": {"planned"},
    "sent": set(),
}
ENDED = ("sent", "refused", "unknown")


@dataclass(frozen=True)
class Row:
    """One mail of the ledger.

    Attributes
    ----------
    client, month, recipient : str
    revision : int
        1, or more for a correction.
    state : str
        planned, committing, sent, refused or unknown.
    message_id, arrives_as : str
        As it was made, and as the recipient sees it; SES replaces it. A correction refers to `arrives_as`.
    digest : str
        SHA-256 of its bytes, in hex.
    archive : str
        File name of its bytes.
    by : str
        Who last did something to it.
    planned_at, committing_at, ended_at : str
        UTC in ISO 8601; empty where that has not come.
    said : str
        What the server said, or why it is so.
    attempts : int
        Deliveries begun of which the end is known, or known to be unknown.
    """

    client: str
    month: str
    revision: int
    recipient: str
    state: str
    message_id: str
    arrives_as: str
    digest: str
    archive: str
    by: str
    planned_at: str
    committing_at: str
    ended_at: str
    said: str
    attempts: int

    @property
    def key(self) -> tuple[str, int, str]:
        """Month, revision and recipient."""
        return self.month, self.revision, self.recipient


@dataclass(frozen=True)
class Logged:
    """One thing that happened to a mail; `before` is empty where it was new."""

    at: str
    by: str
    month: str
    revision: int
    recipient: str
    before: str
    after: str
    said: str

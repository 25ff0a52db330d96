"""What became of a month's mail, by its approval and its ledger; and how the operator is told."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from opsreport.approved import approval
from opsreport.cli.standing import Mailed, MailState
from opsreport.cli.telling import Tell, to_terminal
from opsreport.home import Home
from opsreport.mail.ledger import Ledger
from opsreport.params.team import load_team


def mail_state(place: Home) -> MailState:
    """Looks up what was approved and sent; nothing is made on disk."""

    def looked_up(client: str, month: str) -> Mailed:
        one = approval(place.store, client, month)
        if one is None:
            return Mailed()
        named = {address.lower() for address in one.recipients}
        rows = Ledger(place.store, client).rows(month, one.revision)
        states = Counter(row.state for row in rows if row.recipient.lower() in named)
        return Mailed(
            approved_by=one.by, approved_at=pd.Timestamp(one.at), recipients=len(named),
            sent=states["sent"], planned=states["planned"] + states["committing"], refused=states["refused"],
            unknown=states["unknown"],
        )  # fmt: skip

    return looked_up


def teller(place: Home) -> Tell:
    """Mails the operator; on standard output where the team's file does not say how mail is sent."""
    if load_team(place.folder).mail is None:
        return to_terminal(place)
    from opsreport.cli.tell import tell  # only then

    return lambda subject, text: tell(place, subject, text)

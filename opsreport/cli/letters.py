"""One client's mail of a month, put together from its review, its file, what was approved and what was sent before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

import opsreport
from opsreport import approved
from opsreport.approved import Approval
from opsreport.cli.attached import attachments
from opsreport.cli.named import others, own, said_beside
from opsreport.completeness import completeness
from opsreport.current import older_than
from opsreport.errors import MailError
from opsreport.home import Home
from opsreport.mail import charts, gate, look
from opsreport.mail.gate import Check
from opsreport.mail.ledger import Ledger
from opsreport.mail.message import Attachment, Envelope, Letter, compose, message_id
from opsreport.mail.model import Summary
from opsreport.mail.rows import Row
from opsreport.mail.summary import corrected, summary
from opsreport.month import Month
from opsreport.params import ClientParams, load_params
from opsreport.params.mail import Mail, Recipient
from opsreport.params.team import Publish, load_team
from opsreport.publishing import Link, published
from opsreport.report.build import read_review
from opsreport.schemas import FRAMES

#: Stands in a preview where the team's file names nobody yet; RFC 2606 keeps it from being anybody's.
_NOBODY = Recipient(name="Nobody yet", email="nobody@example.invalid")
_WENT = ("sent", "unknown", "committing")
#: Stands for the page's address where a mail is compared with another.
_ANY_LINK = "https://page.invalid/"
_CHANGED = {"content": "the review", "message": "the mail", "recipients": "who receives it",
            "ours": "who it is from or who answers"}  # fmt: skip


@dataclass(frozen=True)
class Post:
    """A client's mail of a month, with what the gate says of it.

    Attributes
    ----------
    month : Month
    params : ClientParams
        The client's file as it is now, which says who receives mail.
    approval : Approval or None
        What it rests on.
    summary : Summary
    letter : Letter
    messages : tuple of (Recipient, bytes, str)
        One a recipient: the message, and its id.
    checks : tuple of Check
        By the gate.
    manifest : dict
        The review's.
    bound : dict
        What an approval of it is bound to, as `Approval` names it.
    """

    month: Month
    params: ClientParams
    approval: Approval | None
    summary: Summary
    letter: Letter
    messages: tuple[tuple[Recipient, bytes, str], ...]
    checks: tuple[Check, ...]
    manifest: dict[str, Any]
    bound: dict[str, Any]

    @property
    def refused(self) -> list[Check]:
        """The checks by which nothing may be sent."""
        return [one for one in self.checks if one.refuses]


def post(
    home: Home, client: str, month: str, now: pd.Timestamp, waived: dict[str, str] | None = None,
    date: pd.Timestamp | None = None,
) -> Post:  # fmt: skip
    """Put a client's mail of a month together; nothing is written or sent.

    Parameters
    ----------
    waived : dict of str to str
        Checks to be let through, with the reason; by default those that its approval waives.
    date : Timestamp, optional
        When it is sent; by default when it was approved, or else when its data was read.

    Raises
    ------
    OpsreportError
        When there is no review, or no mail can be made of it.
    """
    loaded = opsreport.load(client, month, home=home.folder, now=now)
    month, params, team = loaded.period.name, load_params(home.params, client), load_team(home.folder)
    notebook, manifest = read_review(home, client, month)
    one, rows = loaded.approval, Ledger(home.store, client).rows(month)
    revision = one.revision if one else next_revision(home, client, month)
    link = (published(home, client, month) or _to_come(team.publish, now)) if team.publish else None
    said = summary(notebook, manifest, chosen=tuple(params.mail.charts), draw=charts.draw, alt=charts.alt)
    if earlier := last_sent(rows, revision):
        before = _before(home, client, month, earlier)
        said = corrected(said, manifest, before, revision, _why(home, client, month, one))
    mail = team.mail
    reply_to = params.mail.reply_to or (mail.reply_to if mail else _NOBODY)
    attached = tuple(attachments(home, params, said, notebook, is_linked=link is not None))
    said = replace(said, reply_to=reply_to.name, attachments=tuple(file.name for file in attached),
                   **_linked(link, loaded))  # fmt: skip
    letter = _letter(said, attached)
    # Links run out and are made anew: what was approved is the same with any.
    digest = _letter(replace(said, link=_ANY_LINK, link_until="") if link else said, attached).digest()
    date = date if date is not None else pd.Timestamp(one.at) if one else loaded.read_at
    sender = mail.sender if mail else _NOBODY
    messages = tuple(
        (person, compose(letter, Envelope(sender, reply_to, person, date.to_pydatetime(),
                                          _answers(rows, revision, person))),
         message_id(client, month, revision, sender.email, person.email))
        for person in params.recipients or [_NOBODY]
    )  # fmt: skip
    first, bound = messages[0][1], _bound(manifest, digest, params, (sender.email, reply_to.email))
    checks = [
        *_made(home, loaded, manifest, now), *_ours(mail, link, attached), *gate.people(params),
        *gate.sources(_told(loaded), loaded.client), *gate.jumps(manifest), *gate.form(first, *_held(link), now),
        *gate.strangers(first, [*said_beside(home, client, month, notebook)], others(home, client), own(params)),
        _approved(one, client, month, bound),
    ]  # fmt: skip
    granted = waived if waived is not None else dict(one.waived) if one else {}
    return Post(loaded, params, one, said, letter, messages, tuple(gate.waive(checks, granted)), manifest,
                bound)  # fmt: skip


def next_revision(home: Home, client: str, month: str) -> int:
    """The number of the next approval."""
    return max((one.revision for one in approved.approvals(home.store, client, month)), default=0) + 1


def first_sent(rows: list[Row], before: int) -> int:
    """The first revision below another one of which anything went; 0 where nothing did."""
    return min((row.revision for row in rows if row.state in _WENT and row.revision < before), default=0)


def last_sent(rows: list[Row], before: int) -> int:
    """The last one, as `first_sent` gives the first."""
    return max((row.revision for row in rows if row.state in _WENT and row.revision < before), default=0)


def _before(home: Home, client: str, month: str, revision: int) -> dict:
    known = {one.revision: one for one in approved.approvals(home.store, client, month)}
    if revision not in known:
        raise MailError(f"{client} {month}: the review that was sent as revision {revision} is gone",
                        hint="restore the client's store from a copy")  # fmt: skip
    return approved.manifest_of(home.store, known[revision])


def _why(home: Home, client: str, month: str, one: Approval | None) -> str:
    return one.why if one else approved.restatement(home.store, client, month)


def _answers(rows: list[Row], revision: int, person: Recipient) -> tuple[str, ...]:
    """What this recipient got before on the same month, the first one first."""
    return tuple(row.arrives_as or row.message_id for row in sorted(rows, key=lambda row: row.revision)
                 if row.recipient.lower() == person.email.lower() and row.state in _WENT
                 and row.revision < revision)  # fmt: skip


def _linked(link: Link | None, loaded: Month) -> dict[str, str]:
    until = loaded.style.text(link.until, "date") if link and link.until is not None else ""
    return {"link": link.address, "link_until": until} if link else {}


def _to_come(where: Publish, now: pd.Timestamp) -> Link:
    """What stands for the link of a page that is not published before it is approved."""
    address = "https://published-when-the-mail-is-sent.invalid/"
    return Link(address, now + where.s3.expires if where.s3 else None, "")


def _held(link: Link | None) -> tuple[str, pd.Timestamp | None]:
    return (link.address, link.until) if link else ("", None)


def _made(home: Home, loaded: Month, manifest: dict, now: pd.Timestamp) -> list[Check]:
    """Whether the review is whole and of what is known now."""
    ended = [] if loaded.period.end <= now else ["the month has not ended"]
    again = f"make it again: opsreport report {loaded.client.client} --month {loaded.period.name}"
    late = [f"{said} since it was made; {again}" for said in older_than(home, loaded, manifest)]
    return [Check("ended", "has the month ended?", tuple(ended)),
            Check("current", "is the review newer than what it was made from?", tuple(late))]  # fmt: skip


def _ours(mail: Mail | None, link: Link | None, attached: tuple[Attachment, ...]) -> list[Check]:
    team = [] if mail else ["opsreport.yaml does not say who sends mail, and through which server"]
    page = [] if link or any(one.name.endswith(".pdf") for one in attached) else [
        "it has neither a link to the page nor the PDF: publish it, or write mail: {attach: [pdf]}"]  # fmt: skip
    return [Check("team", "is it said who sends mail?", tuple(team)),
            Check("page", "does it lead to the whole review?", tuple(page))]  # fmt: skip


def _told(loaded: Month) -> pd.DataFrame:
    names = {FRAMES[name].title: name for name in FRAMES}
    return completeness(loaded).assign(name=lambda told: told["frame"].map(names))


def _letter(said: Summary, attached: tuple[Attachment, ...]) -> Letter:
    charts = tuple(chart for chart in said.charts if chart.png)
    return Letter(said.client, said.month, said.revision, said.subject, look.as_html(said), look.as_text(said), charts,
                  attached, said.language)  # fmt: skip


def _bound(manifest: dict[str, Any], digest: str, params: ClientParams, ours: tuple[str, ...]) -> dict[str, Any]:
    """What an approval is bound to."""
    to = tuple(person.email for person in params.recipients)
    return {"content": manifest["content"], "message": digest, "recipients": to, "ours": ours}


def _approved(one: Approval | None, client: str, month: str, bound: dict[str, Any]) -> Check:
    how = f"opsreport approve {client} --month {month} --by NAME"
    if one is None:
        said = [f"nobody approved it: {how}"]
    else:
        changed = [_CHANGED[name] for name, value in bound.items() if getattr(one, name) != value]
        said = [f"{', '.join(changed)} changed after {one.by} approved it: {how}"] if changed else []
    return Check("approved", "did somebody approve just this?", tuple(said))

"""What the operator is told by mail; a client never is."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

import pandas as pd

from opsreport.errors import MailError
from opsreport.home import Home
from opsreport.mail.addresses import visible
from opsreport.mail.sending import transport
from opsreport.params.mail import Mail
from opsreport.params.team import mail_of


def tell(home: Home, subject: str, text: str) -> None:
    """Mail the operator whom the team's file names.

    Raises
    ------
    ParamsError
        When the team's file does not say how mail is sent.
    MailError
        When it was not sent; what it was to say stands in the error.
    """
    mail = mail_of(home.folder)
    way = transport(mail, home.folder)
    try:
        sender, operator = mail.sender.email, mail.operator.email
        outcome = way.deliver(_message(mail, subject, text), sender, operator, lambda: None)
    finally:
        way.close()
    if outcome.state != "sent":
        raise MailError(f"{operator} could not be told: {outcome.said}\n{subject}\n{text}",
                        hint="mend smtp or ses in opsreport.yaml")  # fmt: skip


def _message(mail: Mail, subject: str, text: str) -> bytes:
    made = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    made["From"] = made["Reply-To"] = mail.sender.email
    made["To"] = mail.operator.email
    made["Subject"] = visible(" ".join(subject.split()))
    made["Date"] = format_datetime(pd.Timestamp.now("UTC").to_pydatetime())
    made["Message-ID"] = make_msgid(domain=mail.sender.email.rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text, cte="quoted-printable")
    return made.as_bytes()

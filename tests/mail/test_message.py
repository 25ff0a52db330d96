"""The message: one recipient, the same words twice, the same bytes always, and nothing smuggled in."""

import datetime as dt
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from itertools import product

import pytest

from opsreport.errors import MailError
from opsreport.mail.message import Attachment, Envelope, Letter, compose, file_name_refusals, message_id
from opsreport.mail.model import Chart
from opsreport.mail.transport import check_message
from opsreport.params.mail import Recipient

JO = Recipient(name="Jo Bäcker", email="jo@example.com")
US = Recipient(name="Harbour Operations", email="ops@us.example")
ANA = Recipient(name="Ana Ruiz", email="ana@us.example")
WHEN = dt.datetime(2026, 11, 3, 9, 0, tzinfo=dt.UTC)
PICTURE = Chart("cost.monthly", "Spend", "", {}, "", "Spend by month", b"\x89PNG-a-picture")
LETTER = Letter(
    "acme", "2026-10", 1, "Acmé, October 2026: 9 of 19 targets missed",
    '<html lang=en><body><img src="cid:cost.monthly@review" alt="Spend by month" width="576"></body></html>',
    "Größer als vereinbart\n.\nzwei\n", (PICTURE,), (Attachment("acme-2026-10.pdf", b"%PDF-1.7"),), "de",
)  # fmt: skip
ENVELOPE = Envelope(US, ANA, JO, WHEN)


def read(message):
    return message_from_bytes(message, policy=default)


def test_it_says_the_same_in_plain_text_and_in_html_with_its_picture_inside():
    made = read(compose(LETTER, ENVELOPE))
    assert made.get_body(("plain",)).get_content().replace("\r\n", "\n") == LETTER.text
    assert made.get_body(("html",)).get_content().strip() == LETTER.html
    picture = next(part for part in made.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == f"<{PICTURE.cid}>" and picture.get_content() == PICTURE.png
    assert picture.get_content_disposition() == "inline"
    (file,) = made.iter_attachments()
    assert file.get_filename() == "acme-2026-10.pdf" and file.get_content() == b"%PDF-1.7"


def test_its_headers_say_who_it_is_from_who_answers_and_that_no_person_typed_it():
    made = read(compose(LETTER, ENVELOPE))
    assert made["From"] == "Harbour Operations <ops@us.example>" and made["Reply-To"] == "Ana Ruiz <ana@us.example>"
    assert made["To"] == "Jo Bäcker <jo@example.com>" and made["Subject"] == LETTER.subject
    assert made["Auto-Submitted"] == "auto-generated" and made["Content-Language"] == "de"
    assert made["Date"].datetime == WHEN and "Cc" not in made and "Bcc" not in made
    assert made["Message-ID"] == message_id("acme", "2026-10", 1, US.email, JO.email)


def test_the_same_mail_always_has_the_same_bytes_and_a_server_may_carry_them():
    message = compose(LETTER, ENVELOPE)
    assert message == compose(LETTER, ENVELOPE) and check_message(message) == message


def test_each_recipient_and_revision_has_an_id_of_its_own_that_tells_neither():
    every = product(("2026-09", "2026-10"), (1, 2), ("jo@example.com", "al@example.com"))
    ids = {message_id("acme", month, revision, US.email, to) for month, revision, to in every}
    assert len(ids) == 8 and all(one.endswith("@us.example>") and "acme" not in one and "jo" not in one for one in ids)


def test_a_correction_stands_in_the_thread_of_what_was_sent_first():
    made = read(compose(LETTER, replace(ENVELOPE, answers=("<first@us.example>", "<second@us.example>"))))
    assert made["In-Reply-To"] == "<second@us.example>"
    assert made["References"] == "<first@us.example> <second@us.example>"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\0", "\x0b"])
def test_no_header_is_smuggled_in(end):
    with pytest.raises(MailError):
        compose(replace(LETTER, subject=f"Acme{end}Bcc: eve@evil.test"), ENVELOPE)
    for person in ("sender", "reply_to", "recipient"):
        eve = Recipient.model_construct(name=f"Jo{end}Bcc: eve@evil.test", email="jo@example.com")
        with pytest.raises(MailError):
            compose(LETTER, replace(ENVELOPE, **{person: eve}))
        eve = Recipient.model_construct(name="Jo", email=f"jo@example.com{end}Bcc: eve@evil.test")
        with pytest.raises(MailError):
            compose(LETTER, replace(ENVELOPE, **{person: eve}))


@pytest.mark.parametrize("name", ["review.html", "review.pdf.exe", "fdp.\u202eexe.pdf", "a b.pdf", "../a.pdf",
                                  "a/b.pdf", "rëview.pdf", "a.pdf\r\nX: y", ".pdf.", "",
                                  "a.svg", "CON\0.pdf"])  # fmt: skip
def test_only_plain_names_of_pdf_and_csv_files_are_attached(name):
    assert file_name_refusals(name)
    with pytest.raises(MailError):
        compose(replace(LETTER, attachments=(Attachment(name, b""),)), ENVELOPE)


def test_whatever_it_says_changes_its_hash():
    assert replace(LETTER).digest() == LETTER.digest()
    for changed in (replace(LETTER, subject="Acmé"), replace(LETTER, text="x"), replace(LETTER, html="x"),
                    replace(LETTER, charts=(replace(PICTURE, png=b"other"),)), replace(LETTER, charts=()),
                    replace(LETTER, attachments=())):  # fmt: skip
        assert changed.digest() != LETTER.digest()

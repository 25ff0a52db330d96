"""The gate: what it refuses, and what somebody may let through by name and reason."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from opsreport.mail import gate
from opsreport.mail.gate import Check, waive
from opsreport.mail.message import Attachment, Envelope, Letter, compose
from opsreport.params import ClientParams
from opsreport.params.mail import Recipient

NOW = pd.Timestamp("2026-11-03 09:00", tz="UTC")
JO = Recipient(name="Jo Baker", email="jo@example.com")
US = Recipient(name="Operations", email="ops@us.example")
HTML = "<html lang=en><body><p>All is well.</p></body></html>"
LETTER = Letter("acme", "2026-10", 1, "Acme, October 2026", HTML, "All is well.\n")


def client(recipients=(JO,), domains=("example.com",), **mail):
    return ClientParams.model_validate({
        "client": "acme", "display_name": "Acme", "time_zone": "UTC", "currency": "EUR",
        "recipients": [one.model_dump() for one in recipients], "mail": {"domains": list(domains), **mail},
        "sources": {"cost": [{"focus": {}}], "incident": [{"desk": {}}]},
    })  # fmt: skip


def message(letter=LETTER):
    return compose(letter, Envelope(US, US, JO, dt.datetime(2026, 11, 3, tzinfo=dt.UTC)))


def refused(checks):
    return [one.name for one in checks if one.refuses]


def figure(id, value, unit="money", text="", **more):
    return {"id": id, "value": value, "unit": unit, "text": text or str(value), **more}


def month(now, before, unit="money"):
    return {"figures": [figure("scorecard.x.this_month", now, unit), figure("scorecard.x.last_month", before, unit)]}


def test_a_waiver_lets_through_what_may_be_and_nothing_else():
    checks = [Check("source:cost", "?", ("partial",), True), Check("html", "?", ("<script>",))]
    reasons = {"source:cost": "the last day is known to be small", "html": "never mind"}
    assert refused(waive(checks, reasons)) == ["html"]


def test_a_source_that_was_not_read_whole_stops_the_mail_until_it_is_waived():
    told = pd.DataFrame({"name": ["cost", "incident"], "source": ["focus", "desk"], "status": ["ok", "partial"],
                         "note": ["", "it does not tell of Oct 3"]})  # fmt: skip
    (one,) = gate.sources(told, client())
    assert one.name == "source:incident" and one.refuses and one.can_be_waived
    assert one.refusals == ("desk: partial, it does not tell of Oct 3",)
    assert gate.sources(told, client(required=["cost"])) == []


@pytest.mark.parametrize(("now", "before", "unit", "jumps"), [
    ("500.01", "100", "money", True), ("500", "100", "money", False), ("19.9", "100", "money", True),
    ("0", "100", "money", True), (None, "100", "money", False), ("100", None, "money", False),
    (51, 10, "count", True), (9, 1, "count", False), (0, 12, "count", False), (7200.0, 350.0, "duration", True),
    (7000.0, 350.0, "duration", False), (0.2, 0.999, "availability", False),
])  # fmt: skip
def test_a_figure_that_moves_beyond_belief_is_looked_at_by_a_person(now, before, unit, jumps):
    assert [one.name for one in gate.jumps(month(now, before, unit))] == (["jump:x"] if jumps else [])


def test_everybody_who_is_written_to_is_of_an_agreed_domain():
    assert refused(gate.people(client())) == []
    eve = Recipient(name="Eve", email="eve@evil.test")
    for wrong in (client([eve]), client([]), client(domains=[]), client([JO, JO]),
                  client([JO, Recipient(name="Jo Again", email="JO@example.com")])):  # fmt: skip
        assert refused(gate.people(wrong)) == ["recipients"]


OTHERS = {"north-clinic": {"North Clinic", "hw@north.test"}, "blue": {"Blue & Co", "b@blue.test"}}


@pytest.mark.parametrize("said", [
    "as at North Clinic", "as at NORTH\u00a0CLINIC", "as at Ｎｏｒｔｈ Clinic", "north-clinic's bill",
    "write to hw@north.test", "like Blue & Co does",
])  # fmt: skip
def test_a_mail_that_names_another_client_is_stopped_wherever_it_does(said):
    escaped = said.replace("&", "&amp;")
    forms = [
        replace(LETTER, text=said), replace(LETTER, html=f"<html lang=en><body><p>{escaped}</p></body></html>"),
        replace(LETTER, subject=said), replace(LETTER, attachments=(Attachment("rows.csv", said.encode()),)),
    ]  # fmt: skip
    for letter in forms:
        assert refused(gate.strangers(message(letter), [], OTHERS, {"acme", "Acme", JO.email})) != []
    assert refused(gate.strangers(message(), [said], OTHERS, {"acme"})) != []


def test_a_name_split_by_markup_is_still_read_as_one():
    letter = replace(LETTER, html="<html lang=en><body><p>North <b>Clinic</b></p></body></html>")
    assert refused(gate.strangers(message(letter), [], OTHERS, {"acme"})) == ["client:north-clinic"]


def test_words_that_only_begin_like_a_name_are_no_name_and_what_both_share_is_no_stranger():
    letter = replace(LETTER, text="north-clinical trials, blueprint, jo@example.com\n")
    shared = {**OTHERS, "third": {"Third", JO.email}}
    assert refused(gate.strangers(message(letter), [], shared, {"acme", JO.email})) == []


def test_another_clients_recipient_is_never_let_through():
    (one,) = gate.strangers(message(replace(LETTER, text="hw@north.test")), [], OTHERS, set())
    assert waive([one], {one.name: "they asked for it"})[0].refuses
    (one,) = gate.strangers(message(replace(LETTER, text="North Clinic")), [], OTHERS, set())
    assert not waive([one], {one.name: "their partner"})[0].refuses


@pytest.mark.parametrize(("letter", "name"), [
    (replace(LETTER, html="<html lang=en><body><script>x()</script></body></html>"), "html"),
    (replace(LETTER, html='<html lang=en><body><img src="data:image/png,A" alt="x" width="9"></body></html>'), "html"),
    (replace(LETTER, html='<html lang=en><body><img src="cid:none@review" alt="x" width="9"></body></html>'), "html"),
    (replace(LETTER, html="<html lang=en><body><svg></svg></body></html>"), "html"),
    (replace(LETTER, html='<html lang=en><body><a href="http://a.test">x</a></body></html>'), "html"),
    (replace(LETTER, text=" \n"), "text"),
    (replace(LETTER, attachments=(Attachment("acme.pdf", b"\0" * 6_000_000),)), "size"),
])  # fmt: skip
def test_what_a_mail_program_cannot_show_or_should_not_is_refused(letter, name):
    assert refused(gate.form(message(letter), "", None, NOW)) == [name]


def test_a_link_is_https_and_still_holds():
    assert refused(gate.form(message(), "https://a.test/x", NOW + pd.Timedelta(hours=1), NOW)) == []
    assert refused(gate.form(message(), "https://a.test/x", NOW, NOW)) == ["link"]
    assert refused(gate.form(message(), "http://a.test/x", None, NOW)) == ["link"]

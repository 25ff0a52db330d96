"""The gate: what it refuses, and what somebody may let through by name and reason."""

import datetime as dt
import time
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


@pytest.mark.parametrize("rows", [[], [("backup", "none", "no source", "")]])
def test_a_required_frame_that_no_source_fills_stops_the_mail(rows):
    rows = [("cost", "focus", "ok", ""), ("work", "none", "no source", ""), *rows]
    told = pd.DataFrame(rows, columns=["name", "source", "status", "note"])
    (one,) = gate.sources(told, client(required=["cost", "backup"]))
    assert one.name == "source:backup" and one.refuses and one.refusals == ("no source is named for it",)


def test_a_required_frame_of_which_nothing_is_told_stops_the_mail():
    told = pd.DataFrame([("cost", "focus", "ok", "")], columns=["name", "source", "status", "note"])
    assert [(one.name, one.refusals) for one in gate.sources(told, client())] == [
        ("source:incident", ("nothing is known of it",))
    ]


@pytest.mark.parametrize(("now", "before", "unit", "jumps"), [
    ("500.01", "100", "money", True), ("500", "100", "money", False), ("19.9", "100", "money", True),
    ("0", "100", "money", True), (None, "100", "money", False), ("100", None, "money", False),
    (51, 10, "count", True), (9, 1, "count", False), (0, 9, "count", False), (0, 5000, "count", True),
    (5000, 0, "count", True), (0, 5000.0, "bytes", True), (5000.0, 0, "bytes", True), (0.0, 20.0, "hours", True),
    (0.0, 7200.0, "duration", False), (0, 90.0, "minutes", False), (0.0, 3600.0, "elapsed", False),
    (float("nan"), 100, "count", False), (100, float("inf"), "bytes", False), ("NaN", "100", "money", False),
    ("unknown", "100", "money", False), (7200.0, 350.0, "duration", True),
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


NORTHGATE = {"demo-clinic": {"Northgate Clinic", "hw@northgate.test", "northgate.test"}, "blue": {"Blue"}}


@pytest.mark.parametrize("said", [
    "North\u00adgate Clinic", "North\u2060gate Clinic", "North\u200cgate Clinic", "North\u200dgate Clinic",
    "North\u200egate Clinic", "Northgate\ufe0f Clinic", "North&shy;gate Clinic", "North&amp;shy;gate Clinic",
    "North<b>gate</b> Clinic", "<td>Northgate</td>\n <td>Clinic</td>", '<img alt="North&#103;ate&nbsp;Clinic">',
    '<td title="Northgate&#32;Clinic">1</td>', "Northgate,Clinic", '1,"Northgate";"Clinic"', "Northgate | Clinic",
    "northgate_clinic", "Northgate-Clinic", "NorthgateClinic", "NorthgateClinicBackups", "northgate/clinic",
    "N\u00f3rthgate Clinic", "North\\u00adgate Clinic", "see?of=Northgate%20Clinic", "ops@northgate.test",
    "vpn.northgate.test", "https://northgate.test/x", "ops%40northgate.test", "demo-clinic-db01", "demo-clinic01",
    "s3://demo-clinic-backups/", "demo_clinic", "alert-demo-clinic-4710d6.csv",
])  # fmt: skip
def test_another_client_is_known_however_its_name_is_written(said):
    for around in ("{}", "in {} now", "<p>{}</p>", '{{"hovertext": ["{}"]}}', "é {} é"):
        (one,) = gate.strangers(message(), [around.replace("{}", said)], NORTHGATE, {"acme", "Acme", JO.email})
        assert one.name == "client:demo-clinic" and one.refuses, around


@pytest.mark.parametrize("said", [
    "blueprint", "bluetooth and light-blues", "blue2c", "Northgate and the clinic", "the northgate", "a clinic",
    "mynorthgate.test", "northgate.tests", "northgate.test.example", "demo-clinical", "go north. Gate clinic",
    "/".join(["QUJD", "blue"] * 60),
])  # fmt: skip
def test_words_that_are_no_clients_name_are_let_through(said):
    assert refused(gate.strangers(message(), [said], NORTHGATE, {"acme"})) == []


def test_a_short_name_is_found_as_a_whole_word_only():
    assert refused(gate.strangers(message(), ["the (blue) one"], NORTHGATE, set())) == ["client:blue"]


@pytest.mark.parametrize("encode", [
    lambda text: text.encode("utf-16"), lambda text: text.encode("utf-16-le"), lambda text: text.encode("utf-16-be"),
    lambda text: text.encode("utf-8-sig"),
])  # fmt: skip
def test_an_attached_table_is_read_in_whichever_form_it_has(encode):
    rows = Attachment("rows.csv", encode("Northgate Clinic,1\r\n"))
    letter = replace(LETTER, attachments=(rows,))
    assert refused(gate.strangers(message(letter), [], NORTHGATE, set())) == ["client:demo-clinic"]


def test_an_attached_files_own_name_is_read():
    letter = replace(LETTER, attachments=(Attachment("northgate_clinic.csv", b"1\r\n"),))
    assert refused(gate.strangers(message(letter), [], NORTHGATE, set())) == ["client:demo-clinic"]


def test_what_stands_within_ones_own_name_is_no_stranger_but_the_same_word_elsewhere_is():
    others, own = {"zinc": {"Zinc", "group.test"}}, {"zinc-north", "Zinc North", "jo@zinc.group.test"}
    for said in ("zinc-north-db01", "Zinc North's bill", "ops@zinc.group.test", "vpn.zinc.group.test"):
        assert refused(gate.strangers(message(), [said], others, own)) == [], said
    for said in ("zinc-south-db01", "Zinc", "ops@group.test", "zinc-north and zinc"):
        assert refused(gate.strangers(message(), [said], others, own)) == ["client:zinc"], said
    assert refused(gate.strangers(message(), ["North Clinic"], OTHERS, {"north", "North"})) == ["client:north-clinic"]


def test_a_refusal_shows_the_word_that_a_name_was_found_in_and_may_be_waived():
    (one,) = gate.strangers(message(), ["on demo-clinic-db01 "], NORTHGATE, set())
    assert one.refusals == ("it names demo-clinic (in 'demo-clinic-db01')",) and one.can_be_waived


def test_a_thousand_other_clients_cost_little_more_than_one():
    words = ("north", "south", "blue", "green", "harbour", "river")
    many = {f"{one}-{number}": {f"{one} {other} {number}", f"x@{one}{number}.test"}
            for number in range(30) for one in words for other in words}  # fmt: skip
    text = "\n".join(f"{words[number % 6]} {words[number % 5]} rose,{number * 7919}" for number in range(60_000))
    begun = time.process_time()
    gate.strangers(message(), [text], many, set())
    assert time.process_time() - begun < 3


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

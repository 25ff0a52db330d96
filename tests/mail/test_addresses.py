"""Who may be written to: what would fool a reader or a mail server is refused."""

import pytest

from opsreport.mail.addresses import address_refusals, name_refusals, refusals, visible

AGREED = ["example.com"]

LOOK_ALIKES = [
    "jo@examp1e.com", "jo@exarnple.com", "jo@example.co", "jo@example.com.evil.test", "jo@evil-example.com",
    "jo@mail.example.com", "jo@xn--exmple-cua.com", "jo@ехample.com", "jo@exаmple.com", "jo@example。com",
]  # fmt: skip
BROKEN = [
    "", "jo", "@example.com", "jo@", "jo@@example.com", "jo@example", "jo example@example.com",
    "jo@example.com\r\nBcc: x@y.test",
    "jo@example.com\n", "jo\0@example.com", "<jo@example.com>", "jo@example.com, eve@evil.test", '"jo"@example.com',
    "jo@[127.0.0.1]", "jo..b@example.com", ".jo@example.com", f"{'j' * 250}@example.com", "jo@-example.com",
]  # fmt: skip
TRICKS = [
    "ceo@bank.test", "Jo <eve@evil.test>", "Jo\r\nBcc: eve@evil.test", "Jo\u202eretep", "Jo\u200bBaker", "Jo, Eve",
    "Jo (eve)", "\u2066Jo", "Jo\x00", "   ", "J" * 101, 'Jo"; eve', "Jo\\", "Jo\u2028Eve", "[x]",
]  # fmt: skip


def test_somebody_of_an_agreed_domain_may_be_written_to():
    assert refusals("Jo Baker", "jo.baker+ops@example.com", AGREED) == []
    assert refusals("Dr. Ümit Çelik-O’Neil", "u@EXAMPLE.com", AGREED) == []


@pytest.mark.parametrize("address", LOOK_ALIKES)
def test_a_domain_that_only_looks_like_the_agreed_one_is_refused(address):
    assert refusals("Jo Baker", address, AGREED) != []


@pytest.mark.parametrize("address", BROKEN)
def test_what_is_no_plain_address_is_refused(address):
    assert address_refusals(address) != []


@pytest.mark.parametrize("name", TRICKS)
def test_a_name_that_could_pass_for_an_address_or_hides_signs_is_refused(name):
    assert name_refusals(name) != []


def test_nothing_is_agreed_until_the_clients_file_says_so():
    assert refusals("Jo", "jo@example.com", []) == ["jo@example.com is of no domain agreed with the client (none)"]


def test_hidden_signs_are_written_out_where_they_are_told_of():
    assert visible("gpj.\u202ecod") == "gpj.<U+202E>cod"

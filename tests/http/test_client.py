"""The one client for web APIs: it waits only so long, tries again as it is asked to, and never shows a secret."""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import logging
import socket
import threading
import time

import pytest

from opsreport.errors import ParamsError
from opsreport.sources import _http, _http_client
from opsreport.sources._http_client import Client, HttpError
from tests.http.conftest import TOKEN
from tests.http.server import Say

ASK = "GET /things"


@pytest.fixture
def ask(web):
    """Ask the server for its things."""

    def asking(path="/things", until=0.0, address="", **more):
        made = Client(address or web.address, {"Authorization": f"Bearer {TOKEN}"}, (TOKEN,), until)
        return made.ask("GET", path, **more)

    web.script(ASK, lambda call: {"things": [1]})
    return asking


@pytest.fixture
def waits(monkeypatch):
    """How long the client slept between tries, without sleeping."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_an_answer_is_json_with_exact_numbers(ask, web):
    web.script(ASK, lambda call: Say('{"price": 0.1}'))
    assert str(ask().body["price"]) == "0.1"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_a_few_times_and_no_more(ask, web, waits, status):
    web.script(ASK, lambda call: Say({"message": "later"}, status=status))
    with pytest.raises(HttpError, match=f"{status} later"):
        ask()
    assert len(web.calls) == _http_client.ATTEMPTS == len(waits) + 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_what_will_not_pass_is_not_tried_again(ask, web, status):
    web.script(ASK, lambda call: Say({"error": {"message": "no"}}, status=status))
    with pytest.raises(HttpError, match=f"{status} no") as raised:
        ask()
    assert len(web.calls) == 1 and raised.value.status == status


@pytest.mark.parametrize("headers", [
    lambda at: {"Retry-After": "7"}, lambda at: {"Retry-After": email.utils.formatdate(at, usegmt=True)},
    lambda at: {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(at))},
    lambda at: {"RateLimit-Remaining": "0", "RateLimit-Reset": "7"},
])  # fmt: skip
def test_it_waits_as_long_as_the_system_asks(ask, web, waits, headers):
    later = time.time()
    web.script(ASK, lambda call: Say({"message": "slow down"}, headers(later + 8), 403 if len(web.calls) < 2 else 200))
    ask(until=time.monotonic() + 60)
    assert len(waits) == 1 and 5 <= waits[0] <= 8 + time.time() - later


def test_a_refusal_is_no_limit_unless_it_says_so(ask, web, waits):
    web.script(ASK, lambda call: Say({"message": "forbidden"}, status=403))
    with pytest.raises(HttpError):
        ask()
    assert not waits


def test_a_wait_beyond_the_time_that_is_left_is_not_begun(ask, web, waits):
    web.script(ASK, lambda call: Say({"message": "come back"}, {"Retry-After": "3600"}, 429))
    with pytest.raises(HttpError, match="it answers again in 3600 s"):
        ask(until=time.monotonic() + 60)
    assert not waits and len(web.calls) == 1


def test_after_the_deadline_nothing_is_asked(ask, web):
    with pytest.raises(HttpError, match="no time left"):
        ask(until=time.monotonic() - 1)
    assert web.calls == []


def test_an_answer_that_trickles_is_given_up_at_the_deadline(ask, web, monkeypatch):
    monkeypatch.setattr(_http_client, "SILENCE", 5.0)
    web.fault(ASK, "hang", times=0)
    began = time.monotonic()
    with pytest.raises(HttpError):
        ask(until=began + 0.5)
    assert time.monotonic() - began < 3


def test_a_system_that_is_not_there_is_said_in_words(ask):
    with pytest.raises(HttpError, match=r"refused|onnect") as raised:
        ask(address="http://127.0.0.1:9")
    assert raised.value.status == 0


def test_an_answer_too_large_is_not_read(ask, web, monkeypatch):
    monkeypatch.setattr(_http_client, "LARGEST", 1 << 20)
    web.script(ASK, lambda call: Say("x" * (3 << 20)))
    with pytest.raises(HttpError, match="larger than 1 MiB"):
        ask(is_text=True)


def test_a_page_to_log_in_is_no_answer(ask, web, waits):
    web.fault(ASK, "html", times=0)
    with pytest.raises(HttpError, match="text/html, which is no JSON"):
        ask()


def test_a_move_within_the_system_is_followed_and_to_another_is_not(ask, web):
    web.script("GET /old", lambda call: Say({}, {"Location": "/things"}, 301))
    assert ask("/old").body == {"things": [1]}
    web.script("GET /away", lambda call: Say({}, {"Location": "http://elsewhere.example/things"}, 302))
    with pytest.raises(HttpError, match=r"another system, elsewhere\.example"):
        ask("/away")
    web.script("GET /round", lambda call: Say({}, {"Location": "/round"}, 302))
    with pytest.raises(HttpError, match="302"):
        ask("/round")


@pytest.mark.parametrize("url", ["http://elsewhere.example/next", "https://127.0.0.1/next"])
def test_a_next_page_elsewhere_is_not_asked_with_the_token(ask, url):
    with pytest.raises(HttpError, match="another system"):
        ask(url)


def test_a_secret_that_comes_back_is_hidden_in_errors_and_logs(ask, web, caplog):
    caplog.set_level(logging.DEBUG)
    web.script(ASK, lambda call: Say({"message": f"the token {TOKEN} is unknown"}, status=401))
    with pytest.raises(HttpError, match=r"the token \*\*\* is unknown"):
        ask()
    web.script(f"GET /of/{TOKEN}", lambda call: {})
    ask(f"/of/{TOKEN}")
    assert "GET /of/***: 200" in caplog.text
    assert TOKEN not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("opsreport"))


def given(**more):
    return _http.HttpSettings(**{"token": "env:TOKEN", **more})


def test_a_token_goes_out_in_clear_to_this_machine_only(web):
    assert given(address=web.address).reveal() == TOKEN == given().reveal()
    with pytest.raises(ParamsError, match=r"git\.example would be told the token in clear"):
        given(address="http://git.example/api").reveal()


@pytest.mark.parametrize("address", ["git.example", "ftp://git.example", "https://me:pw@git.example", "https://a/?b=c"])
def test_an_address_holds_no_password_and_no_question(address):
    with pytest.raises(ValueError, match="is no address") as raised:
        given(address=address)
    assert "pw" not in str(raised.value)


def test_a_secret_with_a_line_break_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv("TOKEN", "abc\ndef")
    with pytest.raises(ParamsError, match="holds letters that no token has") as raised:
        given().reveal()
    assert "abc" not in str(raised.value)


def test_pages_that_lead_in_a_circle_are_cut(web):
    web.script(ASK, lambda call: Say([time.monotonic()], {"Link": f'<{call.url}?page=2>; rel="next"'}))
    questions = _http.opened(given(address=web.address), {ASK: ""}, "")
    told = questions.ask(ASK, following=_http.by_link)
    assert not told.is_whole and "lead in a circle" in questions.why


def test_a_source_asks_nothing_that_it_does_not_declare(web):
    with pytest.raises(AssertionError, match="OPERATIONS"):
        _http.opened(given(address=web.address), {}, "").ask(ASK)


def test_words_of_a_path_cannot_lead_out_of_it(web):
    web.script("GET /of/{name}/things", lambda call: {"name": call.within["name"]})
    questions = _http.opened(given(address=web.address), {"GET /of/{name}/things": ""}, "")
    for name in ("../admin", "a?b=c", "a#b", "%2e%2e"):
        questions.ask("GET /of/{name}/things", within={"name": name})
    assert all(call.operation == "GET /of/{name}/things" for call in web.calls) and len(web.calls) == 4


def dripping(first, again):
    """An address that answers a little for ever, and never to the end."""
    there = socket.create_server(("127.0.0.1", 0))

    def say():
        while True:
            with contextlib.suppress(OSError), there.accept()[0] as caller:
                caller.recv(65536)
                caller.sendall(b"HTTP/1.1 200 OK\r\n" + first)
                for _ in range(50):
                    time.sleep(0.1)
                    caller.sendall(again)

    threading.Thread(target=say, daemon=True).start()
    return f"http://127.0.0.1:{there.getsockname()[1]}"


@pytest.mark.parametrize(("first", "again"), [
    (b"", b"X-More: 1\r\n"), (b"Content-Length: 9999\r\n\r\n", b" "),
    (b"Content-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n" + gzip.compress(b"")[:10], b"\0\0\0\xff\xff"),
], ids=["headers", "body", "packed"])  # fmt: skip
def test_who_never_falls_silent_and_never_ends_is_hung_up_on_in_time(ask, first, again):
    began = time.monotonic()
    with pytest.raises(HttpError, match="took too long"):
        ask(address=dripping(first, again), until=began + 1)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("text", ["[" * 200_000, "1e999999999999999999999"])
@pytest.mark.parametrize("status", [200, 400])
def test_json_that_cannot_be_read_is_a_failure_of_this_question_alone(ask, web, text, status):
    web.script(ASK, lambda call: Say(text, {"Content-Type": "application/json"}, status))
    with pytest.raises(HttpError):
        ask()


def test_a_next_page_whose_address_is_none_is_a_failure_of_this_question_alone(ask):
    with pytest.raises(HttpError, match="cannot be understood"):
        ask("http://[::1")


@pytest.mark.parametrize("wait", ["²", "Mon, 01 Jan 2027 00:00:00 +999999999999999"])
def test_a_wait_that_is_no_time_is_none(ask, web, waits, wait):
    web.script(ASK, lambda call: Say({"message": "later"}, {"Retry-After": wait}, 503))
    with pytest.raises(HttpError, match="503 later"):
        ask()


def test_half_of_a_secret_at_the_end_of_what_is_shown_is_hidden_too(ask, web):
    web.script(ASK, lambda call: Say({"message": "x" * 190 + TOKEN}, status=400))
    with pytest.raises(HttpError, match=r"400 x+\*\*\*$"):
        ask()


def test_what_a_refusal_says_can_be_written_down(ask, web):
    web.script(ASK, lambda call: Say('{"message": "a \\ud800 b"}', status=400))
    with pytest.raises(HttpError, match=r"a \? b"):
        ask()


def test_an_answer_that_is_packed_twice_is_not_unpacked(ask, web):
    web.script(ASK, lambda call: Say("{}", {"Content-Encoding": "gzip, gzip"}))
    with pytest.raises(HttpError, match="packed more than once"):
        ask()

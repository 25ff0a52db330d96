"""One client for every web API: it waits only so long, tries again with jitter, and never shows a secret.

https://www.rfc-editor.org/rfc/rfc9110 (statuses, Retry-After) and https://www.python-httpx.org.
"""

from __future__ import annotations

import email.utils
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import tenacity

from opsreport import credentials

log = logging.getLogger("opsreport.sources")

#: Tries of a request that fails, is throttled or is cut short.
ATTEMPTS = 4
#: The first wait between two tries, and the longest where the system does not say. [s]
FIRST_WAIT, LONGEST_WAIT = 1.0, 20.0
#: How long a connection and a silence may last, and one answer altogether. [s]
CONNECT, SILENCE, WHOLE = 10.0, 30.0, 180.0
#: An answer that is larger is not read. [bytes]
LARGEST = 256 << 20
# 420 is how Statuspage says that it is asked too often.
_AGAIN = {408, 420, 425, 429, 500, 502, 503, 504}
_MOVED = {301, 302, 307, 308}
_NO_JSON = (ValueError, RecursionError, ArithmeticError)  # Cut short, too deep, beyond all measure.
#: Where systems say when they answer again, in seconds since 1970.
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")


class HttpError(Exception):
    """A request that was not answered as it should be, in one line and without a secret.

    Attributes
    ----------
    status : int
        0 where there was no answer.
    wait : float, optional
        How long the system asks to be left alone. [s]
    """

    def __init__(self, said: str, status: int = 0, wait: float | None = None, is_passing: bool = False) -> None:
        super().__init__(said)
        self.status, self.wait, self.is_passing = status, wait, is_passing


@dataclass(frozen=True)
class Reply:
    """An answer: what it said as JSON (or as text), and its headers and address."""

    body: Any
    headers: Mapping[str, str]
    url: str


class Client:
    """Asks one system, by one client's token.

    Parameters
    ----------
    address : str
        The system's, with the path that all questions have in common.
    headers : dict
        Sent with every request; those of another system never are.
    secrets : sequence of str
        What must not be shown.
    until : float
        When `time.monotonic` says that there is no time left; 0 for no limit.
    """

    def __init__(self, address: str, headers: Mapping[str, str], secrets: tuple[str, ...], until: float) -> None:
        self.address, self._secrets, self._until = address.rstrip("/"), secrets, until
        self._line: socket.socket | None = None
        # The machine's own certificates, so that a company's own are known.
        self._http = httpx.Client(headers={"User-Agent": "opsreport", "Accept": "application/json", **headers},
                                  verify=ssl.create_default_context(), follow_redirects=False)  # fmt: skip

    def ask(
        self, method: str, url: str, *, attempts: int = ATTEMPTS, is_text: bool = False,
        check: Callable[[Any], None] = lambda body: None, **asked: Any,
    ) -> Reply:  # fmt: skip
        """One answer.

        Parameters
        ----------
        url : str
            A path below the address, or a whole address of the same system.
        is_text : bool
            Whether the answer is no JSON.
        check : callable
            Raises `HttpError` at a body that is a refusal, whatever its status says.
        **asked
            As httpx takes it: params, json, data.

        Raises
        ------
        HttpError
        """
        url = url if "://" in url else f"{self.address}{url}"
        with self._said():
            place = httpx.URL(url)
        if _origin(place) != _origin(httpx.URL(self.address)):
            raise HttpError(f"it leads to another system, {place.host}, which is not asked")
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, HttpError) and error.is_passing),
            wait=self._wait, stop=tenacity.stop_after_attempt(attempts) | self._is_late, sleep=time.sleep, reraise=True,
        )  # fmt: skip

        def once() -> Reply:
            reply = self._once(method, url, is_text, asked)
            check(reply.body)
            return reply

        return tries(once)

    def hidden(self, text: str) -> str:
        """A text without the secrets in it, and with nothing that no file can hold."""
        return credentials.hidden(text, self._secrets).encode("utf-8", "replace").decode()

    def _once(self, method: str, url: str, is_text: bool, asked: dict[str, Any], hops: int = 3) -> Reply:
        started, path = time.monotonic(), httpx.URL(url).path
        asked = asked | {"timeout": self._patience(), "extensions": {"trace": self._trace}}
        with self._said(), self._in_time(), self._http.stream(method, url, **asked) as got:
            content = self._content(got)
        log.debug("%s %s: %s, %d bytes in %.2f s", method, self.hidden(path), got.status_code, len(content),
                  time.monotonic() - started)  # fmt: skip
        if got.status_code in _MOVED and hops:
            onwards = str(got.url.join(got.headers.get("location", "")))
            if _origin(httpx.URL(onwards)) != _origin(got.url):
                raise HttpError(f"it leads to another system, {httpx.URL(onwards).host}, which is not asked")
            return self._once(method, onwards, is_text, asked | {"params": None}, hops - 1)
        text = content.decode(got.encoding or "utf-8", "replace")
        if not got.is_success:
            raise self._refused(got, text)
        return Reply(text if is_text else self._read(got, text), got.headers, str(got.url))

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            said = self.hidden(" ".join(str(error).split()))[:200]
            raise HttpError(said or type(error).__name__, is_passing=True) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise HttpError("its address cannot be understood") from error

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Hang up on an answer that takes too long: httpx times each silence by itself, and no answer as a whole."""
        is_late = threading.Event()
        clock = threading.Timer(min(WHOLE, self._left()), self._hang_up, [is_late])
        clock.daemon = True
        clock.start()
        try:
            yield
        except httpx.HTTPError as error:
            raise (HttpError("its answer took too long", is_passing=True) if is_late.is_set() else error) from None
        finally:
            clock.cancel()

    def _trace(self, event: str, told: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._line = told["return_value"].get_extra_info("socket")

    def _hang_up(self, is_late: threading.Event) -> None:
        is_late.set()
        with suppress(OSError, AttributeError):  # They may have hung up first, or there is no line yet.
            self._line.shutdown(socket.SHUT_RDWR)

    def _content(self, got: httpx.Response) -> bytes:
        if "," in got.headers.get("content-encoding", ""):
            raise HttpError("its answer is packed more than once, and may be of any size")
        parts, size = [], 0
        for part in got.iter_bytes():
            size += len(part)
            parts.append(part)
            if size > LARGEST:
                raise HttpError(f"its answer is larger than {LARGEST >> 20} MiB")
        return b"".join(parts)

    def _read(self, got: httpx.Response, text: str) -> Any:
        try:
            return json.loads(text, parse_float=Decimal)
        except _NO_JSON as error:
            kind = got.headers.get("content-type", "nothing").partition(";")[0]
            said = "an answer that is cut short or no JSON" if "json" in kind else f"{kind}, which is no JSON"
            raise HttpError(f"it answered {self.hidden(said)}", got.status_code, is_passing=True) from error

    def _refused(self, got: httpx.Response, text: str) -> HttpError:
        status, wait = got.status_code, _asked_to_wait(got.headers)
        is_limit = status == 429 or (status == 403 and (wait is not None or "rate limit" in text.lower()))
        later = f"; it answers again in {wait:.0f} s" if wait else ""
        said = self.hidden(f"{status} {_message(text) or got.reason_phrase}".strip())[:200] + later
        return HttpError(said, 429 if is_limit else status, wait, is_passing=is_limit or status in _AGAIN)

    def _patience(self) -> httpx.Timeout:
        left = self._left()
        if left <= 0:
            raise HttpError("there was no time left")
        return httpx.Timeout(min(SILENCE, left), connect=min(CONNECT, left))

    def _left(self) -> float:
        return self._until - time.monotonic() if self._until else WHOLE

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception()
        asked = error.wait if isinstance(error, HttpError) else None
        jitter = tenacity.wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)(state)
        return jitter if asked is None else asked + min(jitter, FIRST_WAIT)

    def _is_late(self, state: tenacity.RetryCallState) -> bool:
        """Whether the next try would begin when there is no time left."""
        return (state.upcoming_sleep or 0.0) >= (self._left() if self._until else LONGEST_WAIT * ATTEMPTS)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """How long a system asks to be left alone, by Retry-After or by when its limit begins anew. [s]"""
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given)
    if given:
        try:
            return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
        except (ValueError, OverflowError):
            return None
    if headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining", "")).strip() == "0":
        reset = next((headers[name] for name in _RESETS if headers.get(name, "").isdecimal()), "")
        return max(0.0, float(reset) - time.time()) if len(reset) >= 9 else float(reset) if reset else None
    return None


def _message(text: str) -> str:
    """What a refusal says, where it is JSON that says something; a page of HTML says nothing."""
    try:
        told = json.loads(text)
    except _NO_JSON:
        return ""
    for key in ("message", "error_description", "error", "errors", "detail", "title", "errorMessages"):
        if isinstance(told, dict) and told.get(key):
            said = told[key]
            said = said.get("message", said) if isinstance(said, dict) else said
            return " ".join(str(said).split())
    return ""

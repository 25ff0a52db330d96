"""A web API on loopback: scripted answers by the paths that a source declares, with faults on call."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from werkzeug import Request, Response
from werkzeug.serving import make_server

#: What may go wrong with an answer.
REFUSED = {
    "throttled": (429, {"Retry-After": "0"}, {"message": "too many requests"}),
    "broken": (500, {}, {"message": "an internal error"}),
    "unavailable": (503, {}, {"message": "try again"}),
    "denied": (403, {}, {"message": "this token may not ask that"}),
    "wrong_token": (401, {}, {"message": "bad credentials"}),
    "gone": (404, {}, {"message": "not found"}),
    "unprocessable": (422, {}, {"message": "only owners can use this filter"}),
}
#: Faults that pass when the question is asked again.
PASSING = ("throttled", "unavailable", "cut", "hang", "html")
#: Faults of which a source that meets them for ever must speak.
LASTING = ("throttled", "broken", "cut", "hang", "html", "denied", "wrong_token", "gone", "changed", "again")


@dataclass(frozen=True)
class Call:
    """One request as it came in."""

    operation: str
    within: dict[str, str]
    params: dict[str, str]
    body: Any
    headers: dict[str, str]
    url: str


@dataclass
class Fault:
    """From which call of an operation on it goes wrong, how, and how many times; 0 is for ever."""

    kind: str
    at: int = 1
    times: int = 1


@dataclass(frozen=True)
class Say:
    """An answer with more than a body."""

    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass
class Web:
    """The server. A test says what it answers, and which header carries the token."""

    calls: list[Call] = field(default_factory=list)
    scripts: dict[str, Callable[[Call], Any]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    token: tuple[str, str] = ("", "")
    prefix: str = ""
    address: str = ""
    _counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _last: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Web:
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self.forget()
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """As if it had just started."""
        for held in (self.calls, self.scripts, self.faults, self._counts, self._last):
            held.clear()
        self.token, self.prefix = ("", ""), ""
        self._over.set()
        self._over = threading.Event()

    def answer(self, operation: str, *pages: Any) -> None:
        """Answer with these pages, each led to by the header Link of the one before."""

        def say(call: Call) -> Say:
            at = int(call.params.get("page", 1))
            onwards = urlencode({**call.params, "page": at + 1})
            link = {"Link": f'<{call.url}?{onwards}>; rel="next", <{call.url}?page=1>; rel="first"'}
            return Say(pages[at - 1], link if at < len(pages) else {})

        self.scripts[operation] = say

    def script(self, operation: str, say: Callable[[Call], Any]) -> None:
        """Answer by a function of what was asked."""
        self.scripts[operation] = say

    def fault(self, operation: str, kind: str, at: int = 1, times: int = 1) -> None:
        """Let an operation go wrong from its `at`-th call on, `times` times, or for ever by 0."""
        self.faults[operation] = Fault(kind, at, times)

    def asked(self, operation: str) -> list[Call]:
        return [call for call in self.calls if call.operation == operation]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self._reply(Request(environ))(environ, start_response)

    def _reply(self, request: Request) -> Response:
        found = self._found(request)
        if found is None:
            return _json({"message": f"nothing is scripted for {request.method} {request.path}"}, status=404)
        header, token = self.token
        if header and request.headers.get(header) != token:
            return _json({"message": "bad credentials"}, status=401)
        call, say = found
        with self._lock:
            self.calls.append(call)
            self._counts[call.operation] += 1
            fault = self._due(call.operation)
        if fault in REFUSED:
            status, headers, body = REFUSED[fault]
            return _json(body, headers, status)
        if fault == "hang":
            self._over.wait(3)
        if fault == "html":
            return Response("<html><title>Log in</title></html>", content_type="text/html")
        told = say(call)
        told = told if isinstance(told, Say) else Say(told)
        body = _changed(told.body) if fault == "changed" else told.body
        if fault == "again":
            body = self._last.get(call.operation, body)
        self._last[call.operation] = body
        return _cut(body) if fault == "cut" else _json(body, told.headers, told.status)

    def _found(self, request: Request) -> tuple[Call, Callable[[Call], Any]] | None:
        for operation, say in self.scripts.items():
            method, _, template = operation.partition(" ")
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.prefix + template.partition(" ")[0]))
            # A word of a path may hold a slash, written %2F.
            raw = request.environ.get("RAW_URI", request.path).partition("?")[0]
            match = re.fullmatch(pattern, raw) or re.fullmatch(pattern, request.path)
            if match and method == request.method:
                text = request.get_data(as_text=True)
                kind = request.content_type or ""
                body = json.loads(text) if "json" in kind else dict(request.form)
                within = {word: unquote(written) for word, written in match.groupdict().items()}
                url = f"{request.host_url.rstrip('/')}{raw}"
                call = Call(operation, within, dict(request.args), body, dict(request.headers), url)
                word = operation.partition(" ")[2].partition(" ")[2]
                if not word or word in call.params.values() or word in _named(body):
                    return call, say
        return None

    def _due(self, operation: str) -> str:
        fault, count = self.faults.get(operation), self._counts[operation]
        is_due = fault and count >= fault.at and (not fault.times or count < fault.at + fault.times)
        return fault.kind if is_due else ""


def _named(body: Any) -> set[str]:
    """How a question of GraphQL calls itself: several are asked at one path, like ``POST /graphql deployments``."""
    return set(re.findall(r"query (\w+)", json.dumps(body)))


def _changed(body: Any) -> Any:
    """The same in another shape, as a new version of an API might have it."""
    if isinstance(body, dict):
        return {f"{name}_v2": _changed(value) for name, value in body.items()}
    return {"items": body} if isinstance(body, list) else {"value": body}


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _json(body: Any, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    kind = "text/plain" if isinstance(body, str) else "application/json"
    return Response(_text(body), status, {"Content-Type": kind, **(headers or {})})


def _cut(body: Any) -> Response:
    text = _text(body).encode()
    made = Response(text[: len(text) // 2], content_type="application/json")
    made.headers["Content-Length"] = str(len(text))
    return made

"""All that a source of a web API needs: to open it with the client's token, ask it, and make frames of its answers.

A source declares ``OPERATIONS``: each question as the API documents it, such as ``GET /repos/{owner}/{repo}/releases``,
with the permission that it needs. It opens the system with `opened`, asks, and hands over `Questions.pages`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import Field, field_validator

from opsreport import credentials
from opsreport.errors import ParamsError
from opsreport.params.fields import Reference
from opsreport.sources import SourceSettings, _questions
from opsreport.sources._http_client import Client, HttpError, Reply
from opsreport.sources._questions import Answer, Cut, Told
from opsreport.sources._rows import EXACT, FOR_EVER, ONLY_NOW, amount, batches, each, instant, rows_of, told

__all__ = [
    "EXACT", "FOR_EVER", "ONLY_NOW", "Answer", "Cut", "HttpError", "HttpSettings", "Questions", "Reply", "amount",
    "batches", "by_link", "by_page", "each", "instant", "opened", "rows_of", "told",
]  # fmt: skip

_HERE = {"localhost", "127.0.0.1", "::1"}
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*rel="?next"?')

#: What leads to the next page: the question's keys that change, or the next page's address; nothing after the last.
Following = Callable[[Reply, dict[str, Any]], dict[str, Any] | str | None]


class HttpSettings(SourceSettings):
    """What every source of a web API takes."""

    address: str = Field(default="", description="where the system answers, if it is not the usual place")
    token: Reference = Field(
        default="", description="where its token is kept: env:NAME, keyring:service/name or file:path"
    )

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, written: str) -> str:
        if written and (not written.startswith(("https://", "http://")) or "@" in written or "?" in written):
            raise ValueError("is no address, like https://git.example.com/api/v4, without a name, a password or a ?")
        return written.rstrip("/")

    def reveal(self, name: str = "token") -> str:
        """The secret that a setting refers to.

        Raises
        ------
        ParamsError
            When it is not where the file says, or would go out in clear.
        """
        reference, place = getattr(self, name), httpx.URL(getattr(self, "address", "") or "https://-")
        if reference and place.scheme != "https" and place.host not in _HERE:
            raise ParamsError(f"{place.host} would be told the {name} in clear", hint="write https:// in its address")
        secret = credentials.reveal(reference, self.folder).strip() if reference else ""
        if not secret.isascii() or not secret.isprintable():
            raise ParamsError(f"{reference} holds letters that no {name} has", hint="store it anew, in one line")
        return secret


@dataclass
class Questions(_questions.Questions):
    """What one source asked of one system, what it was told, and what it was not."""

    operations: Mapping[str, str]
    client: Client | None = None

    def __post_init__(self) -> None:
        self.faults = (Cut, HttpError)

    def ask(
        self, operation: str, *, within: Mapping[str, Any] | None = None, following: Following | None = None,
        absent: tuple[int, ...] = (), is_text: bool = False, check: Callable[[Any], None] | None = None,
        at: str = "", **asked: Any,
    ) -> Told:  # fmt: skip
        """Every page of one question.

        Parameters
        ----------
        operation : str
            As the source declares it; what stands in braces is filled from ``within``.
        within : mapping, optional
            The path's own words.
        following : callable, optional
            Given the reply and the request's own keywords (params, json, data), returns those that change for
            the next page, or its address; None after the last. `by_link` and `by_page` are two. Without it
            there is one page.
        absent : tuple of int
            Statuses by which the system says that there is nothing of that kind.
        is_text : bool
            Whether the answer is no JSON.
        check : callable, optional
            Raises `HttpError` at a body that is a refusal, whatever its status says.
        at : str, optional
            Where below the system this is asked, if not below its address.
        **asked
            params, json or data of the request.
        """
        self.declared(operation)
        method, _, template = operation.partition(" ")
        words = {name: quote(str(value), safe="") for name, value in (within or {}).items()}
        path, address = template.partition(" ")[0].format(**words), at or self.client.address
        how = {"is_text": is_text} | ({"check": check} if check else {})
        how |= {"attempts": 2} if self.settings.run.is_probe else {}
        pages = self.once(self._pages(method, address + path, following, how, asked))
        place = f"{method} {self.client.hidden(path)}"
        return self.take(operation, place, f"{address}{path}", {**(within or {}), **asked}, pages,
                         absent=absent)  # fmt: skip

    def said(self, error: Exception) -> str:
        """What a failure says; it is cut only once nothing secret is in it, not to leave half of a secret."""
        return self.client.hidden(str(error))[:400]

    def hint_of(self, error: Exception, operation: str) -> str:
        """What to do about a failure."""
        status = error.status if isinstance(error, HttpError) else 0
        need = self.operations[operation]
        if status == 401:
            return "the token is wrong or has run out: make a new one, and store it where the client's file says"
        if status == 403:
            return f"the token needs {need}" if need else "the token may not ask this"
        if status == 404:
            return f"check the names in the client's file; a token that lacks {need} sees nothing" if need else (
                "check the names in the client's file")  # fmt: skip
        return "try again later; what was collected before is kept"

    def need_of(self, error: Exception, operation: str) -> str:
        """The permission that the token lacks."""
        status = error.status if isinstance(error, HttpError) else 0
        if status == 401:
            return "to be a valid one: make it anew, and store it where the client's file says"
        return (self.operations[operation] or operation) if status == 403 else ""

    def is_absent(self, error: Exception, absent: tuple[int, ...]) -> bool:
        """Whether the system says that there is nothing of the kind."""
        return isinstance(error, HttpError) and error.status in absent

    def _pages(
        self, method: str, path: str, following: Following | None, how: dict[str, Any], asked: dict[str, Any]
    ) -> Iterator[tuple[Any, Any]]:
        given: dict[str, Any] = dict(asked)
        been: set[str] = set()
        while True:
            reply = self.client.ask(method, path, **how, **given)
            yield reply.body, reply.body
            onwards = following(reply, given) if following else None
            if not onwards:
                return
            path, given = (onwards, {}) if isinstance(onwards, str) else (path, {**given, **onwards})
            print_ = _questions.print_of([path, given])
            if print_ in been:
                raise Cut("its pages lead in a circle")
            been.add(print_)
            self.in_time()


def opened(
    settings: HttpSettings, operations: Mapping[str, str], address: str, headers: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Questions:  # fmt: skip
    """A system, ready to be asked.

    Parameters
    ----------
    address : str
        Where it usually answers.
    headers : mapping, optional
        Those that carry the token, and what the API asks for.
    secrets : tuple of str
        What must not be shown.
    """
    client = Client(settings.address or address, headers or {}, secrets, settings.run.until)
    return Questions(settings, operations, client=client)


def by_link(reply: Reply, asked: dict[str, Any]) -> str | None:
    """The next page as the header Link names it (https://www.rfc-editor.org/rfc/rfc8288)."""
    found = _NEXT.search(reply.headers.get("link", ""))
    return found[1] if found else None


def by_page(key: str, has_more: Callable[[Any], bool], first: int = 1) -> Following:
    """The next page by its number, while an answer says that there is more."""

    def following(reply: Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
        params = asked.get("params") or {}
        return {"params": {**params, key: params.get(key, first) + 1}} if has_more(reply.body) else None

    return following

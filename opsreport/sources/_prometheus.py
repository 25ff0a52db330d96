"""Asking Prometheus and what answers as it does: selectors, a day at a time, and answers that are whole.

https://prometheus.io/docs/prometheus/latest/querying/api/ and https://prometheus.io/docs/prometheus/latest/querying/basics/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pandas as pd
from pydantic import AfterValidator

from opsreport.sources import _http
from opsreport.sources._http_client import HttpError

QUERY, RANGE = "POST /api/v1/query", "POST /api/v1/query_range"
#: The label by which an answer says what it is the answer to: a stale one would be of another number.
MARK = "opsreport"
#: Of 11,000 points a series Prometheus gives none: a question holds a day, which has fewer.
_DAY, _MILLI = pd.Timedelta(days=1), pd.Timedelta(milliseconds=1)

_TEXT = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)"""
_MATCHER = re.compile(rf"\s*([A-Za-z_]\w*|{_TEXT})\s*(=~|!~|!=|=)\s*({_TEXT})\s*")
_MATCHERS = rf"{_MATCHER.pattern}(?:,{_MATCHER.pattern})*"
_SELECTOR = re.compile(rf"(?P<name>[A-Za-z_:][\w:]*)?\s*(?:\{{(?P<matchers>{_MATCHERS})?,?\s*\}})?\s*")


def _selector(written: str) -> str:
    found = _SELECTOR.fullmatch(written.strip())
    if not found or not (found["name"] or found["matchers"]):
        raise ValueError(
            'is no selector like probe_success{job="blackbox"}; what is computed of series can be read '
            "where a recording rule keeps it"
        )
    return written.strip()


def _narrowing(written: str) -> str:
    return written.strip() if re.fullmatch(_MATCHERS, written) else _selector(written)


#: Series by name and labels; and those, or only the labels that choose some of others.
Selector = Annotated[str, AfterValidator(_selector)]
Narrowing = Annotated[str, AfterValidator(_narrowing)]


def name_of(selector: str) -> str:
    """The metric that a selector names; empty where it names none."""
    return _SELECTOR.fullmatch(selector)["name"] or ""


def narrowed(selector: str, matchers: str) -> str:
    """A selector with more matchers.

    Examples
    --------
    >>> narrowed('http_requests_total{job="shop"}', 'code=~"5.."')
    'http_requests_total{job="shop",code=~"5.."}'
    """
    found = _SELECTOR.fullmatch(selector)
    return f"{found['name'] or ''}{{{','.join(filter(None, [found['matchers'], matchers]))}}}"


def labelled(selector: str, matchers: str) -> str:
    """Those of the selector's series that have the labels at all by which the matchers choose.

    Examples
    --------
    >>> labelled('http_requests_total', 'code=~"5..",code!="503"')
    'http_requests_total{code!=""}'
    """
    labels = dict.fromkeys(found[1] for found in _MATCHER.finditer(matchers))
    return narrowed(selector, ",".join(f'{label}!=""' for label in labels))


def is_narrowing(written: str) -> bool:
    """Whether it only chooses some of other series."""
    return re.fullmatch(_MATCHERS, written) is not None


@dataclass(frozen=True)
class Series:
    """Labels, and the values by when they were. [ms since 1970]"""

    labels: dict[str, str]
    values: list[tuple[int, str]]


def days(start: pd.Timestamp, end: pd.Timestamp) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """A stretch of time in parts of at most a day."""
    while start < end:
        yield start, min(start + _DAY, end)
        start += _DAY


def ask_samples(
    questions: _http.Questions, key: str, selector: str, start: pd.Timestamp, end: pd.Timestamp
) -> bool:
    """Read the samples in [start, end) as they were scraped; whether they could be.

    Prometheus 2 counts both ends of a range as in it, 3 only the last: a range that ends a millisecond before
    ``end``, the shortest time there is, is at most one sample too long.
    """
    length = int((end - start) / _MILLI)
    asked = {"query": f"{selector}[{length}ms]", "time": _written(end - _MILLI)}
    checked = _checked(start - _MILLI, end, _fits(selector))
    return questions.ask(QUERY, data=asked, check=checked, within={"key": key}).is_whole


def ask_windows(
    questions: _http.Questions, key: str, query: str, start: pd.Timestamp, end: pd.Timestamp, length: pd.Timedelta
) -> bool:  # fmt: skip
    """Read what an expression says at the end of each window of a length in [start, end); whether it could be."""
    # VictoriaMetrics moves the times that it is asked for, unless it is told not to.
    asked = {"query": query, "start": _written(start + length - _MILLI), "end": _written(end - _MILLI),
             "step": str(int(length.total_seconds())), "nocache": "1"}  # fmt: skip
    at = length / _MILLI

    def fits(series: Series) -> bool:
        return series.labels.get(MARK, "").startswith(f"{key} ") and all(
            (one + 1) % at == 0 for one, _ in series.values)  # fmt: skip

    return questions.ask(RANGE, data=asked, check=_checked(start, end, fits), within={"key": key}).is_whole


def marked(expression: str, key: str, what: str) -> str:
    """An expression whose answer says what it is."""
    return f'label_replace({expression}, "{MARK}", "{key} {what}", "", "")'


def series(body: Any) -> list[Series]:
    """The series of an answer."""
    return [Series(one["metric"], [(_millis(at), value) for at, value in one["values"]])
            for one in body["data"]["result"] if "histograms" not in one]  # fmt: skip


def check(body: Any) -> None:
    """Refuse an answer of which something lacks.

    What PromQL remarks on is about the question and is told by `remarked`; every other warning is of a store that
    did not answer: what is there would make a smaller number.

    Raises
    ------
    HttpError
    """
    if body["status"] != "success":
        raise HttpError(" ".join(str(body.get("error", "an error")).split()))
    lacks = [said for said in body.get("warnings") or [] if not said.startswith("PromQL ")]
    if lacks or body.get("isPartial"):
        raise HttpError(f"a part is missing: {' '.join((lacks or ['isPartial'])[0].split())}", is_passing=True)


def remarked(answers: list[_http.Answer]) -> list[str]:
    """What PromQL remarked on the questions."""
    said = [one for answer in answers for kind in ("warnings", "infos") for one in answer.body.get(kind) or []]
    return list(dict.fromkeys(" ".join(one.split())[:200] for one in said))


def _checked(start: pd.Timestamp, end: pd.Timestamp, fits: Callable[[Series], bool]) -> Callable[[Any], None]:
    def checked(body: Any) -> None:
        check(body)
        first, last = start.value // 1_000_000, end.value // 1_000_000
        for one in series(body):
            if not fits(one) or not all(first <= at < last for at, _ in one.values):
                raise HttpError("it answered another question", is_passing=True)

    return checked


def _fits(selector: str) -> Callable[[Series], bool]:
    """Whether a series has the labels that a selector says in full."""
    found = _SELECTOR.fullmatch(selector)
    told = {one[1].strip("\"'`"): one[3][1:-1] for one in _MATCHER.finditer(found["matchers"] or "")
            if one[2] == "=" and "\\" not in one[0]}  # fmt: skip
    told |= {"__name__": found["name"]} if found["name"] else {}
    return lambda series: all(series.labels.get(label, "") == value for label, value in told.items())


def _written(at: pd.Timestamp) -> str:
    return str(Decimal(at.value // 1_000_000).scaleb(-3))


def _millis(at: Decimal | int) -> int:
    return int(Decimal(at).scaleb(3))

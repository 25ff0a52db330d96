"""The sentences on performance: how busy it was, which targets were kept, how fast pages feel."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.schemas.performance import VITAL_LIMITS
from opsreport.theme import Style, is_unknown

_F = "performance.finding"
_MOST_NAMED = 3


def finding(
    totals: pd.DataFrame, targets: pd.DataFrame, each_vital: pd.DataFrame, style: Style, absent: str = ""
) -> Exhibit:
    """What opens the section: the load, the targets kept and missed, the pages that feel slow.

    Parameters
    ----------
    totals, targets, each_vital : DataFrame
        From `opsreport.metrics.performance`.
    absent : str
        Why there is nothing to say; empty where there is something.
    """
    if absent:
        return notice(_F, absent)
    kept = [*_kept(targets, style), *_missed(targets, style)]
    felt = _felt(each_vital, style)
    parts = [_load(totals.iloc[-1], style), *kept, *felt]
    return join(_F, parts, lead=[*(kept[: 1 + _MOST_NAMED] or parts[:1]), *(felt[:1] if len(kept) < 2 else [])])


def failures(totals: pd.DataFrame, style: Style) -> Exhibit:
    """How many requests failed over all, and of how much of the month that is known."""
    now, id = totals.iloc[-1], "performance.failures"
    if is_unknown(now["error_rate"]):
        return prose(id, "How many requests failed is unknown.", style, "note")
    facts = {
        "errors": _fact(f"{id}.errors", now, "errors", "count"),
        "rate": _fact(f"{id}.rate", now, "error_rate", "error_rate"),
    }
    if now["coverage"] == 1:
        return prose(id, "Over all services {errors} requests failed, {rate} of them.", style, "note", **facts)
    seen = Fact(f"{id}.seen", now["coverage"], "share")
    return prose(
        id, "Over all services at least {errors} requests failed, {rate} of those seen; {seen} of the hours were seen.",
        style, "note", seen=seen, **facts,
    )  # fmt: skip


def method(style: Style) -> Exhibit:
    """How load and the times of requests are measured, for whoever wants to check it."""
    return prose(
        "performance.method",
        "Windows that overlap, such as a month beside its hours, count once; hours without data are unknown, not "
        "quiet. Percentiles are never averaged: a month's comes from a window that the source measured as a whole, "
        "else from histograms, whose counts add up (within a bucket the requests are taken to lie evenly, as "
        "Prometheus does it), else the hours are shown as a band, which is not the month's percentile. A target for "
        "a percentile asks what share of the requests was answered in time, and shares add up: it reads met or missed "
        "where the hours show that whatever is not known could not change it, and an hour not seen is taken to be at "
        "most as busy as the busiest one seen. Web vitals are the source's own 75th percentile of visits, against the "
        "limits of web.dev/vitals.",
        style, "method",
    )  # fmt: skip


def _load(now: pd.Series, style: Style) -> Exhibit:
    month = Fact(f"{_F}.month", now["period"], "month")
    if is_unknown(now["requests"]):
        return prose(_F, "How many requests were made in {month} is unknown.", style, month=month)
    facts = {"month": month, "requests": _fact(f"{_F}.requests", now, "requests", "count")}
    if now["coverage"] < 1:
        facts["seen"] = Fact(f"{_F}.seen", now["coverage"], "share")
        words = "At least {requests} requests were made in {month}, of whose hours {seen} were seen."
        return prose(_F, words, style, **facts)
    if is_unknown(now["requests_change"]):
        return prose(_F, "The services took {requests} requests in {month}.", style, **facts)
    facts["change"] = Fact(f"{_F}.change", abs(now["requests_change"]), "share", now["coverage"],
                           rows=Rows("request_load", {}, "since_last_month"))  # fmt: skip
    if now["requests_change"] < 0:
        words = "The services took {requests} requests in {month}, {change} fewer a day than the month before."
    else:
        words = "The services took {requests} requests in {month}, {change} more a day than the month before."
    return prose(_F, words, style, **facts)


def _kept(targets: pd.DataFrame, style: Style) -> list[Exhibit]:
    if targets.empty:
        return [prose(_F, "No target for errors or for the time of requests was agreed.", style)]
    missed, unknown = ((targets["verdict"] == word).sum() for word in ("missed", "unknown"))
    facts = {"all": Fact(f"{_F}.targets", len(targets), "count"), "missed": Fact(f"{_F}.missed", missed, "count"),
             "unknown": Fact(f"{_F}.unknown", unknown, "count")}  # fmt: skip

    def say(words: str, *names: str) -> Exhibit:
        return prose(_F, words, style, **{name: facts[name] for name in names})

    if missed:
        words = ("Of {all} agreed targets for errors and the time of requests {missed} was missed." if missed == 1 else
                 "Of {all} agreed targets for errors and the time of requests {missed} were missed.")  # fmt: skip
        first = say(words, "all", "missed")
    elif unknown:
        first = say("Of {all} agreed targets for errors and the time of requests none is known to be missed.", "all")
    else:
        return [say("The agreed targets for errors and the time of requests, {all} in all, were met.", "all")]
    if not unknown:
        return [first]
    return [first, say("Whether {unknown} were met is unknown.", "unknown")] if unknown > 1 else [
        first, say("Whether {unknown} was met is unknown.", "unknown")]  # fmt: skip


def _missed(targets: pd.DataFrame, style: Style) -> list[Exhibit]:
    rows = targets[targets["verdict"] == "missed"].head(_MOST_NAMED)
    return [_miss(row, style) for _, row in rows.iterrows()]


def _miss(row: pd.Series, style: Style) -> Exhibit:
    service, of = row["service"], row["agreed_of"]
    id = f"{_F}.{service}.{of}"
    if of == "error_rate":
        return prose(
            _F, "The error rate of {service} was {value}, where at most {target} was agreed.", style, service=service,
            value=_fact(f"{id}.value", row, "error_rate", "error_rate"),
            target=_fact(f"{id}.target", row, "error_rate_target", "error_rate"),
        )  # fmt: skip
    facts = {
        "service": service[:1].upper() + service[1:], "share": {"p95": "95 of 100", "p99": "99 of 100"}[of],
        "target": _fact(f"{id}.target", row, f"{of}_target", "seconds"),
    }  # fmt: skip
    if is_unknown(row[f"latency_{of}"]):
        words = "{service} was too slow: {share} requests were to be answered within {target}, and fewer were."
        return prose(_F, words, style, **facts)
    value = _fact(f"{id}.value", row, f"latency_{of}", "seconds")
    words = "{service} was too slow: {share} requests were answered within {value}, where {target} was agreed."
    return prose(_F, words, style, value=value, **facts)


def _felt(each_vital: pd.DataFrame, style: Style) -> list[Exhibit]:
    if each_vital.empty:
        return []
    beyond = each_vital[each_vital["vital_limit_multiple"] > 1]
    if beyond.empty:
        return [prose(_F, "The pages that were measured feel fast: all are within the limits of good.", style)]
    first, rest = beyond.iloc[0], len(beyond) - 1
    limit, id = VITAL_LIMITS[first["vital"]], f"{_F}.vital"
    rows = Rows("web_vital", {"page": first["page"]})
    facts = {
        "page": first["page"], "name": style.say(limit.name),
        "value": Fact(f"{id}.value", first[first["vital"]], limit.unit, first["coverage"], measure=first["vital"],
                      rows=rows),
        "good": Fact(f"{id}.good", limit.good, limit.unit),
    }  # fmt: skip
    words = "On {page}, “{name}” stood at {value} or more for a quarter of the visits; up to {good} is good."
    parts = [prose(_F, words, style, **facts)]
    if rest:
        words = ("{rest} more measure of a page is beyond good." if rest == 1 else
                 "{rest} more measures of pages are beyond good.")  # fmt: skip
        parts.append(prose(_F, words, style, rest=Fact(f"{id}.rest", rest, "count")))
    return parts


def _fact(id: str, row: pd.Series, column: str, unit: str) -> Fact:
    service = row.get("service")
    rows = None if is_unknown(service) else Rows("request_load", {"service": service})
    return Fact(id, row[column], unit, row["coverage"], measure=column, rows=rows)

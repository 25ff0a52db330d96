"""Issues of AWS itself that hit this account, as AWS Health tells of them.

Documentation: https://docs.aws.amazon.com/health/latest/APIReference/API_DescribeEvents.html,
DescribeEventDetails, DescribeAffectedEntities. Permission: the three, read only; and a paid support plan,
Business or above: without one AWS answers SubscriptionRequiredException, and this source tells nothing.

AWS Health is asked in us-east-1, for all regions. It forgets events after 90 days.

A row is an event of the category issue that is specific to the account. Public events are about a service in
a region, whether or not the account uses it there: they are left out and counted. An incident opens when AWS
says that the event began, and is resolved when AWS says that it ended; of one that is closed without an end,
when AWS last wrote about it, which is the latest it can have been. When users felt it, and who noticed first,
AWS does not know: those are missing, and reported_by is provider, which is neither an alert nor people.

These are not failures of ours, so severity is provider: an event is told, and counts neither as an incident
nor as downtime nor under a response target, until a correction says how bad it was. title is the
event's type and region, the resources that it hit and the first sentence of what AWS wrote, in its newest
form. service is AWS's name of its own service, like EC2, which the client's file maps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("incident",)
OPERATIONS = ("health:DescribeEvents", "health:DescribeEventDetails", "health:DescribeAffectedEntities")
KEEPS = {"incident": pd.Timedelta(days=90)}

Settings = _aws.AwsSettings

_REGION = "us-east-1"
#: How many events one request may name.
_AT_ONCE = 10
#: How many resources a title names, and how much of what AWS wrote. [letters]
_NAMED, _QUOTED = 3, 160
_STATUSES = ("open", "closed")
#: The time, in AWS's own clock, with which a message may begin.
_CLOCK = re.compile(r"^\[[^\]]*\]\s*")


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """Every issue that AWS remembers, and what those of this account did to it.

    Raises
    ------
    SourceError
        When the account's support plan does not include AWS Health.
    """
    aws = _aws.opened(settings, OPERATIONS)
    found = aws.ask("health:DescribeEvents", _REGION, filter={"eventTypeCategories": ["issue"]}, maxResults=100)
    if "SubscriptionRequired" in aws.why:
        raise SourceError("the account's support plan does not include the API of AWS Health (health:DescribeEvents)",
                          hint="it takes Business support or above; without it leave aws_health out")  # fmt: skip
    own = [one["arn"] for page in found for one in page.get("events", []) if _is_own(one)]
    for some in _aws.batches(own, _AT_ONCE):
        aws.ask("health:DescribeEventDetails", _REGION, eventArns=some)
        aws.ask("health:DescribeAffectedEntities", _REGION, filter={"eventArns": some}, maxResults=100)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an issue of this account that has begun."""
    said = {one["event"]["arn"]: one.get("eventDescription", {}).get("latestDescription") or ""
            for _, one in _aws.each(pages.items, "health:DescribeEventDetails", "successfulSet")}  # fmt: skip
    hit: dict[str, set[str]] = {}
    for _, entity in _aws.each(pages.items, "health:DescribeAffectedEntities", "entities"):
        name = entity.get("entityValue", "")
        if name not in ("", "UNKNOWN", pages.extra["account"]):
            hit.setdefault(entity["eventArn"], set()).add(name)
    rows = [_incident(event, said.get(event["arn"], ""), sorted(hit.get(event["arn"], ())))
            for event in _own(pages) if _is_clear(event)]  # fmt: skip
    return {"incident": _aws.rows_of("incident", rows)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Public events, which were left out; events and descriptions that are missing."""
    events = [one for _, one in _aws.each(pages.items, "health:DescribeEvents", "events")]
    odd = [one["arn"] for one in events if _is_own(one) and one.get("statusCode") != "upcoming" and not _is_clear(one)]
    lost = [f"{one.get('eventArn')}: {one.get('errorName')}"
            for _, one in _aws.each(pages.items, "health:DescribeEventDetails", "failedSet")]  # fmt: skip
    public = sum(not _is_own(one) for one in events)
    said = [f"{len(odd)} events are not understood, like {odd[0]}"] if odd else []
    said += [f"what AWS wrote of {len(lost)} events could not be read, like {lost[0]}"] if lost else []
    said += [f"{public} public events name nothing of this account and were left out"] if public else []
    return {"incident": ("partial" if odd or lost else "ok", "; ".join(said))} if said else {}


def _incident(event: dict[str, Any], said: str, hit: list[str]) -> dict[str, Any]:
    return {
        "incident_id": event["arn"], "service": event.get("service"), "title": _title(event, said, hit),
        "severity": "provider", "reported_by": "provider", "opened_at": _aws.instant(event["startTime"]),
        "resolved_at": _ended(event),
    }  # fmt: skip


def _title(event: dict[str, Any], said: str, hit: list[str]) -> str:
    service = event.get("service", "AWS")
    kind = event.get("eventTypeCode", "issue").removeprefix("AWS_").removeprefix(f"{service}_")
    named = ", ".join(hit[:_NAMED]) + (f" and {len(hit) - _NAMED} more" if len(hit) > _NAMED else "")
    title = f"{service} {kind.replace('_', ' ').lower()}, {event.get('region', 'global')}"
    first = re.split(r"(?<=[.!?])\s", _CLOCK.sub("", " ".join(said.split())))[0]
    if len(first) > _QUOTED:
        first = first[:_QUOTED].rsplit(" ", 1)[0] + " …"
    return title + (f" ({named})" if named else "") + (f": {first}" if first else "")


def _ended(event: dict[str, Any]) -> pd.Timestamp | None:
    """When an event ended; an end that AWS expects of one that is open is none."""
    if event["statusCode"] != "closed":
        return None
    return _aws.instant(event.get("endTime") or event.get("lastUpdatedTime"))


def _is_clear(event: dict[str, Any]) -> bool:
    """Whether AWS says that it began, when, and of one that is closed an end that is not before that."""
    if event.get("statusCode") not in _STATUSES or event.get("startTime") is None:
        return False
    ended = _ended(event)
    return event["statusCode"] == "open" or (ended is not None and ended >= _aws.instant(event["startTime"]))


def _is_own(event: dict[str, Any]) -> bool:
    """Whether it is the account's; one that AWS does not call public is."""
    return event.get("eventScopeCode") != "PUBLIC"


def _own(pages: Pages) -> Iterator[dict[str, Any]]:
    return (one for _, one in _aws.each(pages.items, "health:DescribeEvents", "events") if _is_own(one))

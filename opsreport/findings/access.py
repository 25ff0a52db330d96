"""What the access review asks for: second factors, younger keys, and access that is to go.

Only what was seen in the month counts: what an older snapshot showed may have been mended since, and
what a source does not show is no sign. The limits are those agreed, else the usual ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.findings import NOW, PLAN, THIS_MONTH, Finding, slug
from opsreport.metrics.access_checks import checked
from opsreport.metrics.access_state import OURS, rules_at
from opsreport.month import Month
from opsreport.theme import is_unknown

_IDLE = (
    "The account of {who} was not used for {idle}.",
    "Remove the access of {who}, or write down who needs it and why.",
)
_IDLE_KEY = ("{who} holds a key that was not used for {limit} or more.", "Remove that key of {who}.")


def root_without_mfa(month: Month) -> Iterable[Finding]:
    """Root or owner accounts without a second factor: whoever learns the password has everything."""
    for row in _seen(month, "root_no_mfa"):
        yield _finding(
            row, "root_without_mfa", "{who} may do everything, and has no second factor.",
            "Turn on MFA for {who}, lock its device away, and use the account for nothing else.", NOW,
        )  # fmt: skip


def people_without_mfa(month: Month) -> Iterable[Finding]:
    """Accounts without the second factor that they need: people, or whoever else it was agreed for."""
    for row in _seen(month, "person_no_mfa"):
        privileged = _is(row, "is_privileged")
        yield _finding(
            row, "people_without_mfa",
            "{who} is privileged, and has no second factor." if privileged else "{who} has no second factor.",
            "Have {who} set up MFA, and let nobody in without it.", NOW if privileged else THIS_MONTH,
            asks=_is_of_client(row),
        )  # fmt: skip


def old_keys(month: Month) -> Iterable[Finding]:
    """Keys that are older than they may be: one that leaked would still open."""
    rules, agreed = rules_at(month.client, month.period)
    for row in _seen(month, "old_key"):
        yield _finding(
            row, "old_keys",
            "The key of {who} is {age} old, and {limit} was agreed at most."
            if agreed
            else "The key of {who} is {age} old, and {limit} is usual at most.",
            "Make a new key for {who} and remove the old one, or do without a key.",
            THIS_MONTH if agreed else PLAN, age=row["key_age"], limit=rules.key_age,
        )  # fmt: skip


def unused_access(month: Month) -> Iterable[Finding]:
    """Access that nobody uses: an account, or a key of one, that was not used for longer than it may be."""
    rules, agreed = rules_at(month.client, month.period)
    for row in _seen(month, "unused"):
        is_idle = not is_unknown(row["unused_for"]) and row["unused_for"] > rules.unused_after
        title, action = _IDLE if is_idle else _IDLE_KEY
        yield _finding(
            row, "unused_access", title, action, THIS_MONTH if agreed or _is(row, "is_privileged") else PLAN,
            idle=row["unused_for"], limit=rules.unused_after,
        )  # fmt: skip


def staff_who_may_have_left(month: Month) -> Iterable[Finding]:
    """Accounts that a source says are ours, but that our list of staff does not name: of somebody who left us.

    It can be told only where the source says whose an account is, and only as far as the client's file
    names our people one by one: a pattern that fits everyone fits those who left as well.
    """
    for row in _seen(month, "may_have_left"):
        yield _finding(
            row, "staff_who_may_have_left", "{who} is listed as our colleague, but not on our staff list.",
            "Remove the access of {who} if they left us; else put {who} on our staff list.", NOW,
        )  # fmt: skip


def _seen(month: Month, flag: str) -> Iterable[dict[str, Any]]:
    """The rows seen in the month of which it is known."""
    rows = checked(month.principal, month.period, month.client)
    return rows[rows["is_fresh"] & rows[flag].fillna(False).astype(bool)].to_dict("records")


def _finding(
    row: dict[str, Any], rule: str, title: str, action: str, urgency: str, *, asks: bool = False,
    **durations: pd.Timedelta,
) -> Finding:  # fmt: skip
    subject = slug(row["principal"])
    name = row["principal"] if is_unknown(row["display_name"]) else row["display_name"]
    facts: dict[str, Fact | str] = {
        key: Fact(f"findings.{rule}.{subject}.{key}", value, "duration") for key, value in durations.items()
    }
    return Finding(
        f"access.{rule}.{subject}", "access", title, action, facts | {"who": name},
        Rows("principal", {"principal": row["principal"], "observed_at": row["observed_at"]}, "history"),
        urgency=urgency, asks=asks,
    )  # fmt: skip


def _is_of_client(row: dict[str, Any]) -> bool:
    """Whether it is known to be the client's, or of somebody whom they let in: then it is not ours to say."""
    return not is_unknown(row["belongs_to"]) and row["whose"] != OURS


def _is(row: dict[str, Any], flag: str) -> bool:
    return not is_unknown(row[flag]) and bool(row[flag])

"""Alarm rules: which cannot warn anybody, and which never fired."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.rows import result
from opsreport.period import Period
from opsreport.theme import is_unknown

RULES = ("alert_name", "service", "rule_state", "rule_problem", "last_fired_at", "never_fired", "rule_seen_at")
COUNTS = ("period", "rules_seen", "rules_broken", "rules_stale", "rules_silent", "rule_seen_at")
BROKEN, STALE, UNCLEAR, FINE = "cannot warn", "not seen lately", "not known", "can warn"
#: A list of rules is read within this time; what was not seen with the newest one is not of it.
_ONE_READING = pd.Timedelta(days=1)
_ORDER = (BROKEN, STALE, UNCLEAR, FINE)


def rules(alarm_rule: pd.DataFrame, alert: pd.DataFrame, period: Period, alerts_seen: Intervals | Seen) -> pd.DataFrame:
    """Each rule as it stood at the end of the month, those first that would not warn anybody.

    Answers: which rules cannot do their work, and which never fired?

    The state at the month's end is that of the newest list at or before it, of each source. A
    rule that this list no longer holds, or a list from before the month, says nothing about the
    end of the month: such a rule is ``not seen lately``, neither fine nor broken.

    Parameters
    ----------
    alarm_rule, alert : DataFrame
        The frames, whole history.
    alerts_seen : Intervals or Seen
        The time that a source of alerts could tell of: only where all thirteen months were seen
        can a rule be said never to have fired.

    Returns
    -------
    DataFrame
        `RULES`, a row a rule and service. ``rule_state`` is cannot warn (disabled, without an
        action, or without data), not seen lately, not known (the source does not say), or can
        fire. ``never_fired`` is yes, no or not known. [instant]
    """
    known = alarm_rule[alarm_rule["observed_at"] <= period.end].sort_values("observed_at", kind="stable")
    newest = known.groupby(["alert_name", "service"], dropna=False).tail(1)
    source = newest["source"] if "source" in newest else pd.Series("", index=newest.index)
    last_list = newest.groupby(source)["observed_at"].transform("max")
    stale = (newest["observed_at"] < period.start) | (newest["observed_at"] < last_list - _ONE_READING)
    fired = alert[alert["fired_at"] < period.end]
    last_fired = fired.groupby(["alert_name"])["fired_at"].max()
    months = period.history(13)
    is_whole = all(share_seen(alerts_seen, month) == 1 for month in months)
    since = fired[fired["fired_at"] >= months[0].start]
    rows = []
    for (_, row), is_stale in zip(newest.iterrows(), stale, strict=True):
        name = row["alert_name"]
        fires = name in set(since["alert_name"])
        rows.append(_state(row, is_stale) | {
            "alert_name": name, "service": row["service"], "rule_seen_at": row["observed_at"],
            "last_fired_at": last_fired.get(name, pd.NaT),
            "never_fired": "no" if fires else "yes" if is_whole else "not known",
        })  # fmt: skip
    rows.sort(key=lambda row: (_ORDER.index(row["rule_state"]), row["alert_name"], str(row["service"])))
    return result(rows, RULES)


def broken(rules: pd.DataFrame) -> pd.DataFrame:
    """The rows of `rules` that cannot warn anybody."""
    return rules[rules["rule_state"] == BROKEN].reset_index(drop=True)


def counts(rules: pd.DataFrame, period: Period) -> pd.DataFrame:
    """How many rules there are, and how many of them cannot warn, in one row.

    Parameters
    ----------
    rules : DataFrame
        From `rules`.

    Returns
    -------
    DataFrame
        `COUNTS`; NaN where no list of rules is known that is not stale. Those that never fired are
        among those that can warn. ``rule_seen_at`` is when the newest list was seen. [count, instant]
    """
    current = rules[rules["rule_state"] != STALE]
    told: dict[str, Any] = {"period": period.name}
    if len(rules):
        told |= {"rules_stale": len(rules) - len(current), "rule_seen_at": rules["rule_seen_at"].max()}
    if len(current):
        silent = (current["rule_state"] == FINE) & (current["never_fired"] == "yes")
        broken = current["rule_state"] == BROKEN
        told |= {"rules_seen": len(current), "rules_broken": broken.sum(), "rules_silent": silent.sum()}
    return result([told], COUNTS)


def _state(row: pd.Series, is_stale: bool) -> dict[str, str]:
    if is_stale:
        return {"rule_state": STALE, "rule_problem": "the newest list of the month does not hold it"}
    wrong = [words for words, column in (("disabled", "is_enabled"), ("no action", "has_action"))
             if not is_unknown(row[column]) and not row[column]]  # fmt: skip
    wrong += ["no data"] if row["state"] == "no data" else []
    if wrong:
        return {"rule_state": BROKEN, "rule_problem": ", ".join(wrong)}
    unsaid = [words for words, column in (("whether it is enabled", "is_enabled"), ("whether it acts", "has_action"))
              if is_unknown(row[column])]  # fmt: skip
    unsaid += ["whether it has data"] if is_unknown(row["state"]) or row["state"] == "unknown" else []
    if unsaid:
        return {"rule_state": UNCLEAR, "rule_problem": f"not said: {', '.join(unsaid)}"}
    return {"rule_state": FINE, "rule_problem": ""}

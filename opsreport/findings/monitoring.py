"""What monitoring calls for: rules that cry wolf, rules that cannot warn, incidents that nothing caught."""

from __future__ import annotations

from collections.abc import Iterable

from opsreport.exhibit import Fact, Rows
from opsreport.findings import PLAN, THIS_MONTH, Finding, slug
from opsreport.metrics import monitoring
from opsreport.month import Month
from opsreport.theme import is_unknown

#: A rule is noisy that fired so often in a month,
_OFTEN = 10
#: of whose alerts at most this share can have led to action, whatever is not recorded. [share]
_HARDLY_EVER = 0.1
#: By how often somebody acted on it; more often is said with its number.
_WORTH = {0: "“{rule}” fired {fired} times, and nothing was done.",
          1: "“{rule}” fired {fired} times, and was acted on once.",
          2: "“{rule}” fired {fired} times, and was acted on twice.",
          None: "“{rule}” fired {fired} times, and was acted on {acted} times."}  # fmt: skip
#: The same of a rule that fired with an incident: it is right, so it is not to be made less strict.
_TRUE = {0: "“{rule}” fired {fired} times, and nothing was done; on {on} it fired with the incident {incident}.",
         1: "“{rule}” fired {fired} times, and was acted on once; on {on} it fired with the incident {incident}.",
         2: "“{rule}” fired {fired} times, and was acted on twice; on {on} it fired with the incident {incident}.",
         None: "“{rule}” fired {fired} times, and was acted on {acted} times; on {on} it fired with the incident "
         "{incident}."}  # fmt: skip
_MEND = "Take away what makes “{rule}” fire; do not raise its limit."
_QUIETEN = "Take away what makes “{rule}” fire, or raise its limit, until it only fires where there is something to do."
_WORST = ("SEV1", "P1", "CRITICAL")


def noisy_alert_rules(month: Month) -> Iterable[Finding]:
    """Rules that fire often and hardly ever lead to action: who is called in vain stops listening.

    One that fired with an incident of its service told the truth: its cause is to go, not its limit.
    """
    rules = monitoring.by_rule(month.alert, month.period, month.agreements, month.seen("alert"))
    for _, row in rules.iterrows():
        most = row["alerts_actioned"] + row["alerts_unknown"]
        if row["alerts_fired"] < _OFTEN or most > _HARDLY_EVER * row["alerts_fired"]:
            continue
        rows = Rows("alert", {"alert_name": row["alert_name"]})
        id = f"monitoring.noisy_alert_rules.{slug(row['alert_name'])}"
        facts = {"rule": row["alert_name"], **{
            name: Fact(f"{id}.{name}", row[column], "count", row["coverage"], measure=column, rows=rows)
            for name, column in (("fired", "alerts_fired"), ("acted", "alerts_actioned"))
        }, **_incident(month, row["alert_name"], row["service"], id)}  # fmt: skip
        is_true = "incident" in facts
        worth = _TRUE if is_true else _WORTH
        acted = row["alerts_actioned"]
        yield Finding(
            id=id, area="monitoring", facts=facts, rows=rows, owner=_owner(month, row["service"]), urgency=THIS_MONTH,
            title=worth[acted if acted in worth else None],
            action=_MEND if is_true else _QUIETEN,
        )  # fmt: skip


def rules_that_cannot_warn(month: Month) -> Iterable[Finding]:
    """Alarm rules that are disabled, act on nothing, or have no data: they look like safety and are none."""
    rules = monitoring.rules(month.alarm_rule, month.alert, month.period, month.seen("alert"))
    for _, row in rules[rules["rule_state"] == "cannot warn"].iterrows():
        rule = row["alert_name"]
        at = Fact(f"monitoring.rules_that_cannot_warn.{slug(rule)}.at", row["rule_seen_at"], "date")
        yield Finding(
            id=f"monitoring.rules_that_cannot_warn.{slug(rule)}", area="monitoring",
            facts={"rule": rule, "problem": row["rule_problem"], "at": at},
            title="“{rule}” cannot warn anybody ({problem}, as seen on {at}).",
            action="Give “{rule}” data and somebody to tell, or delete it.",
            rows=Rows("alarm_rule", {"alert_name": rule}), owner=_owner(month, row["service"]), urgency=THIS_MONTH,
        )  # fmt: skip


def uncaught_incidents(month: Month) -> Iterable[Finding]:
    """Incidents that no alert caught, so that somebody had to tell us: what to watch next."""
    caught = monitoring.caught(month.incident, month.alert, month.period, month.seen("alert"))
    for _, row in caught[caught["caught_by"] == "nothing"].iterrows():
        title = row["incident_id"] if is_unknown(row["title"]) else row["title"]
        at = Fact(f"monitoring.uncaught_incidents.{slug(row['incident_id'])}.at", row["opened_at"], "day")
        is_worst = str(row["severity"]).upper() in _WORST
        yield Finding(
            id=f"monitoring.uncaught_incidents.{slug(row['incident_id'])}", area="monitoring",
            facts={"title": title, "service": row["service"], "at": at},
            title="No alert caught “{title}” ({service}, {at}).",
            action="Add a rule that would have caught “{title}”, and try it.",
            rows=Rows("incident", {"incident_id": row["incident_id"]}), owner=_owner(month, row["service"]),
            urgency=THIS_MONTH if is_worst else PLAN,
        )  # fmt: skip


def _incident(month: Month, rule: str, service: object, id: str) -> dict[str, Fact | str]:
    """The newest incident that a rule caught, else the newest of its service in which it fired, if there is one."""
    if is_unknown(service):
        return {}
    caught = monitoring.caught(month.incident, month.alert, month.period, month.seen("alert"))
    fired = month.rows("alert", alert_name=rule, service=service)["fired_at"]
    own = month.rows("incident", service=service).sort_values("opened_at", ascending=False)
    own = own[own["incident_id"].isin(caught["incident_id"])]  # without drills and planned work
    by_it = own[own["incident_id"].isin(caught.loc[caught["alert_name"] == rule, "incident_id"])]
    ends = own["resolved_at"].fillna(month.period.end)
    within = own[[bool(fired.between(*span).any()) for span in zip(own["opened_at"], ends, strict=True)]]
    for row in (by_it if len(by_it) else within).head(1).to_dict("records"):
        name = row["incident_id"] if is_unknown(row["title"]) else f"{row['incident_id']} (“{row['title']}”)"
        rows = Rows("incident", {"incident_id": row["incident_id"]})
        return {"incident": name, "on": Fact(f"{id}.on", row["opened_at"], "day", rows=rows)}
    return {}


def _owner(month: Month, service: object) -> str:
    known = None if is_unknown(service) else month.client.services.get(str(service))
    return known.owner if known else ""

"""The sentences on delivery: how often each service was deployed, how soon, and how well."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F = "delivery.finding"
_MOST_NAMED = 3


def finding(frequency: pd.DataFrame, stability: pd.DataFrame, lead: pd.DataFrame, style: Style) -> Exhibit:
    """What opens the section: for each service, deployments, lead time, and what broke.

    Nothing is agreed on delivery, so it says what happened and passes no verdict.

    Parameters
    ----------
    frequency, stability, lead : DataFrame
        From `opsreport.metrics.delivery`: `frequency`, `stability` and `lead_summary`.
    """
    known = frequency.dropna(subset=["deployments"])
    if known.empty:
        said = "No source of deployments told of any to production, so how often was deployed is unknown."
        return notice(_F, said, style)
    active = known[known["deployments"] > 0].sort_values("deployments", ascending=False, kind="stable")
    parts = [] if len(active) else [_nothing(known.iloc[0], style)]
    for place, (_, row) in enumerate(active.head(_MOST_NAMED).iterrows()):
        parts.append(_deployed(place, row, style))
        parts += _lead(place, _of(lead, row["service"]), style)
        parts += _broke(place, _of(stability, row["service"]), style)
    more = len(active) - _MOST_NAMED
    if more > 0:
        words = "{count} more service was deployed." if more == 1 else "{count} more services were deployed."
        parts.append(prose(_F, words, style, count=Fact(f"{_F}.more", more, "count")))
    return join(_F, [*parts, *_seen(known.iloc[0], style)])


def links(stability: pd.DataFrame, style: Style) -> Exhibit:
    """How many incidents name a deployment: what the change fail rate can know."""
    parts = []
    for place, (_, row) in enumerate(stability.dropna(subset=["incidents_linked"]).iterrows()):
        fact = Fact(f"delivery.links.{place}", row["incidents_linked"], "share", row["coverage"],
                    rows=Rows("incident", {"service": row["service"]}))  # fmt: skip
        parts.append(prose("delivery.links", "{share} of {name}'s incidents name a deployment.", style, share=fact,
                           name=_name(row, style)))  # fmt: skip
    if not parts:
        return prose("delivery.links", "No incident of these services is known of, so none could name a deployment.",
                     style, "note")  # fmt: skip
    said = prose("delivery.links", "A change fail rate knows only what is recorded:", style)
    return join("delivery.links", [said, *parts], role="note")


def method(style: Style) -> Exhibit:
    """How delivery is measured, for whoever wants to check it."""
    return prose(
        "delivery.method",
        "As DORA defines them, per service and never blended. Deployments are those to production that succeeded. Lead "
        "time is per change, from its first commit to the finish of the first deployment that took it to production. "
        "The change fail rate is deployments that reached production and needed immediate intervention, over those "
        "that reached production; a job that failed earlier is not among them. Recovery runs to the resolution of the "
        "incident that names the deployment, else to the next good deployment. Rates and percentiles of fewer than "
        "five are withheld, and the events listed.",
        style, "method",
    )  # fmt: skip


def _nothing(row: pd.Series, style: Style) -> Exhibit:
    if row["coverage"] < 1:
        return prose(_F, "No deployment to production is known of in this month.", style)
    return prose(_F, "Nothing was deployed to production in this month.", style)


def _deployed(place: int, row: pd.Series, style: Style) -> Exhibit:
    id, count, behind = f"{_F}.{place}", row["deployments"], Rows.of(row, "deployment")
    name = _name(row, style)
    facts = {"count": Fact(f"{id}.deployments", count, "count", row["coverage"], rows=behind),
             "name": name[:1].upper() + name[1:]}  # fmt: skip
    if is_unknown(row["deployments_per_week"]):
        words = "{name} was deployed once." if count == 1 else "{name} was deployed {count} times, too few for a rate."
        return prose(_F, words, style, **(facts if count > 1 else {"name": facts["name"]}))
    facts["pace"] = Fact(f"{id}.per_week", row["deployments_per_week"], "per_week", row["coverage"], rows=behind)
    facts["days"] = Fact(f"{id}.days", row["deployment_days"], "count", row["coverage"], rows=behind)
    days = "day" if row["deployment_days"] == 1 else "days"
    return prose(_F, f"{{name}} was deployed {{count}} times, {{pace}}, on {{days}} {days}.", style, **facts)


def _lead(place: int, row: pd.Series | None, style: Style) -> list[Exhibit]:
    if row is None or is_unknown(row["lead_median"]):
        return []
    fact = Fact(f"{_F}.{place}.lead", row["lead_median"], "duration", row["changes_known"],
                rows=Rows("change", {}, "history"))  # fmt: skip
    return [
        prose(
            _F,
            "Half of its changes were in production within {lead} of their first commit.",
            style,
            lead=fact,
        )
    ]


def _broke(place: int, row: pd.Series | None, style: Style) -> list[Exhibit]:
    if row is None or is_unknown(row["deployments_failed"]):
        return []
    id, failed, unsaid = f"{_F}.{place}", row["deployments_failed"], row["intervention_unknown"]
    behind = {"coverage": row["coverage"], "rows": Rows.of(row, "deployment")}
    fact = {"failed": Fact(f"{id}.failed", failed, "count", **behind)}
    parts = []
    if failed:
        rate = "" if is_unknown(row["change_fail_rate"]) else ", a change fail rate of {rate}"
        if rate:
            fact["rate"] = Fact(f"{id}.fail_rate", row["change_fail_rate"], "share", **behind)
        parts.append(prose(_F, f"{{failed}} of its deployments had to be mended at once{rate}.", style, **fact))
    elif not unsaid and row["deployments_reached"]:
        parts.append(prose(_F, "No deployment of it had to be mended at once.", style))
    if unsaid:
        bounds = _bounds(id, row)
        words = "Whether {unsaid} of its deployments had to be mended at once is not recorded"
        words += ", so its change fail rate lies between {best} and {worst}." if bounds else "."
        unsaid = Fact(f"{id}.unsaid", unsaid, "count", **behind)
        parts.append(prose(_F, words, style, unsaid=unsaid, **bounds))
    if row["unrecovered"]:
        # One that broke in a month before may not be recovered from yet.
        behind["rows"] = behind["rows"].at("history")
        still = Fact(f"{id}.unrecovered", row["unrecovered"], "count", **behind)
        parts.append(prose(_F, "Not recovered from by month end: {still}.", style, still=still))
    return parts


def _bounds(id: str, row: pd.Series) -> dict[str, Fact]:
    if is_unknown(row["change_fail_best"]):
        return {}
    return {
        end: Fact(f"{id}.fail_{end}", row[f"change_fail_{end}"], "share", row["coverage"],
                  rows=Rows.of(row, "deployment"))
        for end in ("best", "worst")
    }


def _seen(row: pd.Series, style: Style) -> list[Exhibit]:
    if row["coverage"] == 1:
        return []
    return [prose(_F, "Only {seen} of the month was seen, so there may have been more.", style,
                  seen=Fact(f"{_F}.seen", row["coverage"], "share"))]  # fmt: skip


def _of(rows: pd.DataFrame, service: str) -> pd.Series | None:
    same = rows[rows["service"].isin([service])]
    return None if same.empty else same.iloc[0]


def _name(row: pd.Series, style: Style) -> str:
    return style.say("A service without a name") if is_unknown(row["service"]) else row["service"]

"""Which deployments went to production, when, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from opsreport.metrics.severities import drills
from opsreport.params.models import Service
from opsreport.schemas import FLAG

SUCCEEDED, MENDED = "succeeded", "needed intervention"
STOPPED, UNKNOWN = "failed before production", "unknown"
#: What came of a deployment, best first.
RESULTS = (SUCCEEDED, MENDED, STOPPED, UNKNOWN)

_DEFAULT = ("production",)


def production(
    deployment: pd.DataFrame, services: Mapping[str, Service], incident: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The finished deployments to production, in order, with what came of each.

    A deployment reached production when it succeeded, was rolled back, or is flagged as
    having needed intervention. It failed there when it is so flagged, when an incident that
    is no drill names it, or when it was rolled back and not flagged otherwise: DORA counts
    what "requires immediate intervention, likely a rollback or a hotfix" [1]_. A job that
    failed earlier reached nothing, and is the pipeline's health.

    Parameters
    ----------
    services : mapping of str to Service
        What counts as production for each; the environment ``production`` where it is not there.
        A deployment without an environment is not known to be one to production.
    incident : DataFrame, optional
        Which say what had to be mended; it does not bear on how often and how soon was deployed.

    Returns
    -------
    DataFrame
        The frame's columns, and ``deployed_at`` (its finish, else its start where the source
        gives only that), ``reached`` and ``needed`` (true, false or unknown), ``result`` (of
        `RESULTS`). One that is still running is left out.

    References
    ----------
    .. [1] DORA, "DORA's software delivery performance metrics", https://dora.dev/guides/dora-metrics/
    """
    known = deployment["finished_at"].fillna(deployment["started_at"].mask(deployment["outcome"] == UNKNOWN))
    rows = deployment.assign(deployed_at=known)
    rows = rows[_to_production(rows, services) & known.notna()].sort_values(["deployed_at", "deployment_id"])
    needed = _needed(rows, incident)
    came_through = rows["outcome"].isin(["success", "rolled_back"])
    reached = came_through.astype(FLAG) | needed.fillna(False)
    reached = reached.mask((rows["outcome"] == UNKNOWN) & ~reached)
    return rows.assign(reached=reached, needed=needed, result=_result(reached, needed))


def environment(deployments: pd.DataFrame) -> str | None:
    """The environment of deployments that are all to one; "all" where they are to several.

    Examples
    --------
    >>> environment(pd.DataFrame({"environment": ["production", "production"]}))
    'production'
    >>> environment(pd.DataFrame({"environment": ["prod-eu", "prod-us"]}))
    'all'
    """
    names = list(deployments["environment"].unique())
    return names[0] if len(names) == 1 else "all"


def _to_production(rows: pd.DataFrame, services: Mapping[str, Service]) -> pd.Series:
    wanted = {(name, place.casefold()) for name, service in services.items() for place in service.environments}
    places = zip(rows["service"], rows["environment"].str.casefold(), strict=True)
    flags = [(s, e) in wanted if s in services else e in _DEFAULT for s, e in places]
    return pd.Series(flags, index=rows.index, dtype=bool)


def carried(change: pd.DataFrame, production: pd.DataFrame) -> pd.DataFrame:
    """Each change and service with the first of `production` that took it there."""
    reached = production[production["outcome"].isin(["success", "rolled_back"])]
    made = change.merge(reached[["deployment_id", "service", "deployed_at"]], on="deployment_id")
    return made.sort_values(["deployed_at", "deployment_id"]).drop_duplicates(["change_id", "service"])


def _needed(rows: pd.DataFrame, incident: pd.DataFrame | None) -> pd.Series:
    blamed = set() if incident is None else set(incident.loc[~drills(incident), "deployment_id"].dropna())
    said = rows["needed_intervention"]
    said = said.mask(said.isna() & rows["deployment_id"].isin(blamed), True)
    said = said.mask(said.isna() & (rows["outcome"] == "rolled_back"), True)
    # A job that failed reached nothing that could need mending, unless the source says so.
    return said.mask(said.isna() & (rows["outcome"] == "failure"), False).astype(FLAG)


def _result(reached: pd.Series, needed: pd.Series) -> pd.Series:
    result = pd.Series(SUCCEEDED, index=reached.index, dtype=object)
    result = result.mask(reached.isna(), UNKNOWN).mask((~reached).fillna(False).astype(bool), STOPPED)
    return result.mask(needed.fillna(False).astype(bool), MENDED)

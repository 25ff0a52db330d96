"""Who is in GitHub organisations: members, owners and outside collaborators, and whether a second factor is on.

Documentation: https://docs.github.com/en/graphql/reference/objects#organizationmemberedge and
https://docs.github.com/en/rest/orgs/outside-collaborators. Permission: Members, read; only an owner's token sees
second factors. GitHub shows memberships only as they are now and forgets how they were: collect daily.

mfa_enabled is missing where the token may not see it: what cannot be seen is not off. An owner (role ADMIN) is
privileged, another member is not. Outside collaborators reach single repositories; whether one may administer a
repository is not read, so is_privileged is missing. When anybody was last there is told to enterprises only. A
principal is the login; account is the organisation. In organisations after the first one that is named a principal
carries its name, so that somebody in two of them is a row in each.
"""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _github, _http

FRAMES = ("principal",)
_MEMBERS, _WITHOUT, _OUTSIDE = OPERATIONS = {
    "POST /graphql members": "Members: read",
    "GET /orgs/{org}/outside_collaborators 2fa_disabled": "Members: read, by an owner",
    "GET /orgs/{org}/outside_collaborators": "Members: read",
}
KEEPS = {"principal": _http.ONLY_NOW}

_QUERY = """
query members($org: String!, $after: String) {
  organization(login: $org) {
    membersWithRole(first: 100, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { role hasTwoFactorEnabled node { login name } }
    }
  }
}
"""
#: By role; one that is not told says nothing.
_IS_OWNER = {"ADMIN": True, "MEMBER": False}
#: How GitHub says that only owners may ask this.
_NO_OWNER = (403, 422)


class Settings(_github.GitHubSettings):
    """Which organisations are read."""

    organizations: Annotated[list[Annotated[str, Field(pattern=r"^[\w-]+$")]], _github.EachOnce] = Field(
        min_length=1, description="their names"
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """Each organisation's members and outside collaborators, and which of these have no second factor."""
    github = _github.opened(settings, OPERATIONS)
    for org in settings.organizations:
        _github.graphql(github, _MEMBERS, _QUERY, _following, org=org)
        for operation, more, absent in ((_OUTSIDE, {}, ()), (_WITHOUT, {"filter": "2fa_disabled"}, _NO_OWNER)):
            params = {"per_page": _github.A_PAGE, **more}
            github.ask(operation, within={"org": org}, params=params, absent=absent, following=_http.by_link)
    return github.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a person and organisation."""
    rows = []
    for org in pages.settings.organizations:
        rows += [_row(pages, org, edge["node"]["login"], edge["node"]["name"], edge["hasTwoFactorEnabled"],
                      _IS_OWNER.get(edge["role"]), {True: "owner", False: "member"}.get(_IS_OWNER.get(edge["role"])))
                 for told in _members(pages, org) for edge in told["edges"]]  # fmt: skip
        without = _logins(pages, _WITHOUT, org)
        rows += [_row(pages, org, login, None, None if without is None else login not in without, None,
                      "outside collaborator") for login in _logins(pages, _OUTSIDE, org) or ()]  # fmt: skip
    return {"principal": _http.rows_of("principal", rows)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Members that GitHub counts and did not list; and, for a note, where second factors are not visible."""
    said, hidden = [], []
    for org in pages.settings.organizations:
        told = _members(pages, org)
        edges = [edge for one in told for edge in one["edges"]]
        if told and len(edges) < told[0]["totalCount"]:
            said.append(f"GitHub counts {told[0]['totalCount']} members of {org} and listed {len(edges)}")
        is_hidden = _logins(pages, _OUTSIDE, org) and _logins(pages, _WITHOUT, org) is None
        if is_hidden or any(edge["hasTwoFactorEnabled"] is None for edge in edges):
            hidden.append(org)
    note = [f"the token sees no second factors in {', '.join(hidden)}: an owner's would"] if hidden else []
    return {"principal": ("partial" if said else "ok", "; ".join(said + note))} if said + note else {}


def _following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
    info = reply.body["data"]["organization"]["membersWithRole"]["pageInfo"]
    variables = {**asked["json"]["variables"], "after": info["endCursor"]}
    return {"json": {**asked["json"], "variables": variables}} if info["hasNextPage"] else None


def _members(pages: Pages, org: str) -> list[dict[str, Any]]:
    return [answer.body["data"]["organization"]["membersWithRole"] for answer in pages.items
            if answer.operation == _MEMBERS and answer.asked["org"] == org]  # fmt: skip


def _logins(pages: Pages, operation: str, org: str) -> set[str] | None:
    """Who is listed; None where the list was not read to its end, or may not be."""
    answers = [answer for answer in pages.items if answer.operation == operation and answer.asked["org"] == org]
    is_whole = bool(answers) and all(answer.is_whole for answer in answers)
    found = {one["login"] for answer in answers for one in answer.body}
    return found if is_whole or (operation == _OUTSIDE and found) else None


def _row(
    pages: Pages, org: str, login: str, name: str | None, mfa: bool | None, is_privileged: bool | None, role: str
) -> dict[str, Any]:
    is_first = org == pages.settings.organizations[0]
    return {
        "principal": login if is_first else f"{login} ({org})", "display_name": name or login, "account": org,
        "kind": "person", "observed_at": pages.extra["now"], "mfa_enabled": mfa, "is_privileged": is_privileged,
        "roles": role,
    }  # fmt: skip

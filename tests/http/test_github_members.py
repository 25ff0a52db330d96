"""Members of GitHub organisations: a second factor that cannot be seen is not off."""

from __future__ import annotations

import pytest

from opsreport import sources
from opsreport.sources import github_members
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.server import Say

MEMBERS, WITHOUT, OUTSIDE = github_members.OPERATIONS


def edge(login, role="MEMBER", mfa=True, name=None):
    return {"role": role, "hasTwoFactorEnabled": mfa, "node": {"login": login, "name": name}}


ACME = [[edge("ada", "ADMIN", name="Ada L."), edge("bob", mfa=False)], [edge("cy")]]


def members(of, total=None):
    def say(call):
        pages = of[call.body["variables"]["org"]]
        at = int(call.body["variables"].get("after") or 0)
        return {"data": {"organization": {"membersWithRole": {
            "totalCount": total or sum(map(len, pages)), "edges": pages[at],
            "pageInfo": {"hasNextPage": at + 1 < len(pages), "endCursor": str(at + 1)},
        }}}}  # fmt: skip

    return say


def world(web, **of):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.script(MEMBERS, members({"acme": ACME, **of}))
    web.answer(WITHOUT, [{"login": "eve"}])
    web.answer(OUTSIDE, [{"login": "dan"}], [{"login": "eve"}])
    return each_frame(github_members, web, organizations=["acme"])


def read(web, organizations=("acme",)):
    given = settings(github_members, web, organizations=list(organizations))
    rows, seen = sources.read(github_members, given, OCTOBER)
    return rows.set_index("principal"), seen


def test_each_is_read_with_what_they_are_and_whether_a_second_factor_is_on(web):
    world(web)
    rows, seen = read(web)
    assert rows["mfa_enabled"].to_dict() == {"ada": True, "bob": False, "cy": True, "dan": True, "eve": False}
    assert rows["roles"].to_dict() == {"ada": "owner", "bob": "member", "cy": "member",
                                       "dan": "outside collaborator", "eve": "outside collaborator"}  # fmt: skip
    assert rows.loc[["ada", "bob"], "is_privileged"].tolist() == [True, False]
    assert rows.loc[["dan", "eve"], "is_privileged"].isna().all()
    assert rows.loc["ada", "display_name"] == "Ada L." and (seen.status, seen.why) == ("ok", "")


@pytest.mark.parametrize("status", ["denied", "unprocessable"])
def test_what_only_owners_see_is_unknown_to_others(web, status):
    world(web, acme=[[edge("ada", "ADMIN", None), edge("bob", mfa=None)]])
    web.fault(WITHOUT, status, times=0)
    rows, seen = read(web)
    assert rows["mfa_enabled"].isna().all() and len(rows) == 4
    assert seen.status == "ok" and "sees no second factors in acme" in seen.why


def test_somebody_in_two_organisations_is_a_row_in_each(web):
    world(web, beta=[[edge("ada", mfa=False)]])
    rows, _ = read(web, ["acme", "beta"])
    assert rows.loc["ada", "roles"] == "owner" and rows.loc["ada (beta)", "mfa_enabled"] is not True
    assert rows["account"].value_counts().to_dict() == {"acme": 5, "beta": 3}


def test_members_that_are_counted_and_not_listed_are_said(web):
    world(web)
    web.script(MEMBERS, members({"acme": ACME}, total=4))
    _, seen = read(web)
    assert seen.status == "partial" and "counts 4 members of acme and listed 3" in seen.why


def test_an_organisation_without_outside_collaborators_is_whole(web):
    world(web)
    web.answer(OUTSIDE, [])
    web.answer(WITHOUT, [])
    rows, seen = read(web)
    assert list(rows.index) == ["ada", "bob", "cy"] and seen.status == "ok"


def test_a_role_that_is_not_told_is_not_known(web):
    world(web, acme=[[edge("ada", None)]])
    rows, _ = read(web)
    assert rows.loc["ada", ["is_privileged", "roles"]].isna().all()


def test_a_list_of_who_has_no_second_factor_that_is_refused_half_way_is_not_whole(web):
    world(web)
    more = '<{}?filter=2fa_disabled&page=2>; rel="next"'
    web.script(WITHOUT, lambda call: Say([{"login": "dan"}], {"Link": more.format(call.url)}))
    web.fault(WITHOUT, "denied", at=2, times=0)
    rows, seen = read(web)
    assert rows.loc[["dan", "eve"], "mfa_enabled"].isna().all() and seen.status == "partial"

"""Support requests kept as issues: the first answer is a person's of ours."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import github_tickets
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.test_github_issues import issue

OPEN, ISSUES, COMMENTS = github_tickets.OPERATIONS
GIVEN = {"repositories": ["acme/shop"], "label": "incident", "priorities": {"p1": "urgent"}}


def comment(of, at, association="MEMBER", login="bob", kind="User"):
    return {"issue_url": f"https://git.example/repos/acme/shop/issues/{of}", "created_at": f"2026-10-{at}:00Z",
            "author_association": association, "user": {"login": login, "type": kind}}  # fmt: skip


SAID = {
    1: [[comment(1, "03T10:01", login="ada"), comment(1, "03T10:02", "NONE", "eve")],
        [comment(1, "03T10:03", kind="Bot"), comment(1, "03T11:30"), comment(1, "03T12:00")]],
    2: [[comment(2, "04T09:00", "NONE", "eve")]],
}  # fmt: skip


def world(web, said=SAID):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.answer(OPEN, [issue(1, "P1", comments=5)], [issue(2, comments=1)])
    web.answer(ISSUES, [issue(1, "P1", comments=5)], [issue(2, comments=1), issue(3, closed="2026-10-05T00:00:00Z")])

    def comments(call):
        pages = said[int(call.within["issue_number"])]
        web.answer("GET /pages", *pages)
        return web.scripts["GET /pages"](call)

    web.script(COMMENTS, comments)
    return each_frame(github_tickets, web, **GIVEN)


def read(web, said=SAID):
    world(web, said)
    rows, seen = sources.read(github_tickets, settings(github_tickets, web, **GIVEN), OCTOBER)
    return rows.set_index("ticket_id"), seen


def test_the_first_answer_is_the_first_comment_of_one_of_us_who_did_not_ask(web):
    rows, seen = read(web)
    assert rows.loc["acme/shop#1", "first_response_at"] == pd.Timestamp("2026-10-03 11:30", tz="UTC")
    assert rows["first_response_at"].isna().tolist() == [False, True, True] and seen.status == "ok"
    assert rows["priority"].fillna("").tolist() == ["urgent", "", ""] and set(rows["opened_by"]) == {"ada"}
    assert len(web.asked(COMMENTS)) == 3  # two pages of the first, and nothing of the third


def test_a_request_whose_comments_were_not_read_is_left_for_later_and_not_unanswered(web):
    world(web)
    web.fault(COMMENTS, "broken", at=2, times=0)
    rows, seen = sources.read(github_tickets, settings(github_tickets, web, **GIVEN), OCTOBER)
    assert rows["ticket_id"].tolist() == ["acme/shop#3"] and seen.status == "partial"


@pytest.mark.parametrize("association", ["CONTRIBUTOR", "FIRST_TIMER", "NONE"])
def test_others_words_are_no_answer(web, association):
    rows, _ = read(web, {1: [[comment(1, "03T11:00", association)]], 2: [[]]})
    assert rows["first_response_at"].isna().all()

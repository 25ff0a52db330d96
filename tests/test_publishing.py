"""Where clients open their reviews: what is put there, under which name, and what a failure leaves."""

import hashlib
import json
import os
import re
import shutil
import threading
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from opsreport import publishing
from opsreport.cli.publish import publish as command
from opsreport.errors import MailError, ParamsError, ReportError, StoreError
from opsreport.home import Home
from opsreport.params.team import Publish
from opsreport.publishing import folder as folder_module
from opsreport.report.packing import packed, unpacked

NOW = pd.Timestamp("2026-11-03 09:00", tz="UTC")
ROWS = {"cost.csv": b"service,cost\r\nshop,1\r\n", "incident-acme-shop-1a2b3c.csv": b"id\r\n7\r\n"}


def review(home, client="acme", month="2026-10", text="Spend was 1.", rows=ROWS):
    """A review as `opsreport.report.build.build` leaves it, small."""
    place = home.out / client / month
    shutil.rmtree(place, ignore_errors=True)
    (place / "rows").mkdir(parents=True)
    behind = {"facts": {}, "measures": [], "selections": [{"csv": name} for name in rows] + [{"csv": ""}]}
    (place / f"{client}-{month}.html").write_text(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="opsreport-client" content="{client}">\n<meta name="opsreport-month" content="{month}">\n'
        f"</head>\n<body><p>{text}</p>\n"
        f'<script type="text/plain" id="behind" data-folder="rows">{packed(json.dumps(behind).encode())}</script>\n'
        "</body></html>\n",
        "utf-8",
    )
    (place / f"{client}-{month}.ipynb").write_text("{}", "utf-8")
    for name, content in rows.items():
        (place / "rows" / name).write_bytes(content)
    files = {path.relative_to(place).as_posix(): {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
             for path in place.rglob("*") if path.is_file()}  # fmt: skip
    told = {"client": client, "month": month, "state": "approved", "files": files}
    (place / "manifest.json").write_text(json.dumps(told), "utf-8")


@pytest.fixture
def home(tmp_path):
    for name in ("team/params", "team/store", "team/out", "www"):
        (tmp_path / name).mkdir(parents=True)
    made = Home(tmp_path / "team")
    review(made)
    return made


WHERE = Publish.model_validate({"folder": {"path": "../www", "address": "https://reviews.example.com/"}})


def put(home, client="acme", now=NOW):
    return publishing.publish(home, client, "2026-10", WHERE, now)


def shown(home):
    """All files that the web server could show, by path."""
    www = home.folder.parent / "www"
    return {path.relative_to(www).as_posix(): path.read_bytes() for path in www.rglob("*") if path.is_file()}


def behind(page):
    found = re.search(rb'id="behind" data-folder="([^"]*)">([^<]*)<', page)
    links = [one["csv"] for one in json.loads(unpacked(found[2].decode()))["selections"] if one["csv"]]
    return [f"{found[1].decode()}/{link}" for link in links]


def record(home, client="acme"):
    return json.loads((home.store / client / "published.json").read_text("utf-8"))


# What is put.


def test_the_page_and_its_rows_are_put_under_a_key_that_tells_nothing(home):
    link = put(home)
    files = shown(home)
    assert link.address == f"https://reviews.example.com/{link.token}/review.html" and link.until is None
    assert re.fullmatch("[0-9a-f]{40}", link.token)  # 160 bits
    assert {name.partition("/")[0] for name in files} == {link.token}
    assert sorted(files.values()) == sorted([*ROWS.values(), files[f"{link.token}/review.html"]])
    assert not [name for name in files if re.search("acme|shop|2026", name)]


def test_the_pages_links_lead_to_the_rows_that_were_put(home):
    link = put(home)
    files = shown(home)
    links = behind(files[f"{link.token}/review.html"])
    assert [files[os.path.normpath(f"{link.token}/{one}")] for one in links] == list(ROWS.values())
    assert [one.rpartition("/")[2] for one in links] == ["cost-001.csv", "incident-002.csv"]


def test_the_page_asks_not_to_be_listed_and_tells_no_other_site_its_address(home):
    link = put(home)
    page = shown(home)[f"{link.token}/review.html"].decode()
    assert page.count('<meta name="robots" content="noindex, nofollow, noarchive">') == 1
    assert page.count('<meta name="referrer" content="no-referrer">') == 1


def test_the_web_server_may_read_it_whatever_the_umask_and_the_record_is_ours_alone(home):
    before = os.umask(0o077)
    try:
        link = put(home)
    finally:
        os.umask(before)
    place = home.folder.parent / "www" / link.token
    modes = {path: path.stat().st_mode & 0o777 for path in (place, *place.rglob("*"))}
    assert all(mode == (0o755 if path.is_dir() else 0o644) for path, mode in modes.items())
    assert (home.store / "acme" / "published.json").stat().st_mode & 0o777 == 0o600


def test_two_clients_share_no_key_and_no_record(home):
    review(home, "other", text="Theirs.")
    ours, theirs = put(home), put(home, "other")
    assert ours.token != theirs.token and set(record(home)) == set(record(home, "other")) == {"2026-10"}
    assert b"Theirs." not in b"".join(content for name, content in shown(home).items() if name.startswith(ours.token))


# The same again, and corrections.


def test_the_same_review_again_gives_the_same_link_and_writes_nothing(home):
    first = put(home)
    page = home.folder.parent / "www" / first.token / "review.html"
    written = page.stat().st_mtime_ns, page.stat().st_ino
    assert put(home, now=NOW + pd.Timedelta(days=90)) == first
    assert (page.stat().st_mtime_ns, page.stat().st_ino) == written


def test_a_corrected_review_is_opened_by_the_earlier_link_and_the_earlier_rows_are_gone(home):
    first = put(home)
    review(home, text="Spend was 2.", rows={"cost.csv": b"service,cost\r\nshop,2\r\n"})
    second, files = put(home), shown(home)
    assert (second.address, second.token) == (first.address, first.token)
    page = files.pop(f"{first.token}/review.html")
    assert b"Spend was 2." in page and list(files.values()) == [b"service,cost\r\nshop,2\r\n"]
    assert len(list((home.folder.parent / "www" / first.token).iterdir())) == 2


def test_a_page_that_somebody_removed_is_put_again_under_its_link(home):
    first = put(home)
    (home.folder.parent / "www" / first.token / "review.html").unlink()
    assert put(home) == first and f"{first.token}/review.html" in shown(home)


def test_another_address_of_the_same_folder_makes_another_link_to_the_same_key(home):
    first = put(home)
    moved = Publish.model_validate({"folder": {"path": "../www", "address": "https://ops.example.com"}})
    second = publishing.publish(home, "acme", "2026-10", moved, NOW)
    assert second.address == f"https://ops.example.com/{first.token}/review.html"


def test_what_lies_in_an_earlier_place_is_told_of(home):
    first = put(home)
    (home.folder.parent / "new").mkdir()
    moved = Publish.model_validate({"folder": {"path": "../new", "address": "https://ops.example.com"}})
    second = publishing.publish(home, "acme", "2026-10", moved, NOW)
    assert second.token != first.token and first.token in second.warnings[0]
    assert "www" in second.warnings[0]


def test_a_link_that_was_withdrawn_opens_nothing_and_does_not_come_back(home):
    first = put(home)
    assert publishing.withdraw(home, "acme", "2026-10", WHERE) is True
    assert shown(home) == {} and not list((home.folder.parent / "www").iterdir()) and record(home) == {}
    assert publishing.withdraw(home, "acme", "2026-10", WHERE) is False
    assert put(home).token != first.token


def test_of_a_folder_under_the_key_only_what_was_put_is_taken_away(home):
    link = put(home)
    (home.folder.parent / "www" / link.token / "note.txt").write_text("the administrator's", "utf-8")
    publishing.withdraw(home, "acme", "2026-10", WHERE)
    assert list(shown(home)) == [f"{link.token}/note.txt"]


# Refusals.


@pytest.mark.parametrize("name", ["acme-2026-10.html", "rows/cost.csv"])
def test_a_file_that_is_not_as_it_was_made_is_not_published(home, name):
    with (home.out / "acme/2026-10" / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ReportError, match="not as it was made") as refused:
        put(home)
    assert "opsreport report acme --month 2026-10" in refused.value.hint and shown(home) == {}


def test_rows_that_the_manifest_does_not_know_are_not_published(home):
    (home.out / "acme/2026-10/rows/stray.csv").write_bytes(b"stray")
    put(home)
    assert b"stray" not in shown(home).values()


def test_a_page_of_another_client_is_not_published(home):
    review(home, "other")
    shutil.rmtree(home.out / "acme")
    shutil.copytree(home.out / "other", home.out / "acme")
    with pytest.raises(ReportError):
        put(home)
    told = json.loads((home.out / "acme/2026-10/manifest.json").read_text("utf-8"))
    page = home.out / "acme/2026-10/other-2026-10.html"
    page.rename(page.with_name("acme-2026-10.html"))
    told["files"] = {name.replace("other", "acme"): one for name, one in told["files"].items()}
    told["client"] = "acme"
    (home.out / "acme/2026-10/manifest.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(ReportError, match="the page is of other 2026-10"):
        put(home)
    assert shown(home) == {}


def test_a_page_that_links_to_rows_that_are_missing_is_not_published(home):
    place = home.out / "acme/2026-10"
    told = json.loads((place / "manifest.json").read_text("utf-8"))
    del told["files"]["rows/cost.csv"]
    (place / "manifest.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(ReportError, match=r"rows that are not there: cost\.csv"):
        put(home)


def test_without_a_review_the_command_that_makes_it_is_named(home):
    with pytest.raises(ReportError, match="there is no review of acme, 2026-09"):
        publishing.publish(home, "acme", "2026-09", WHERE, NOW)


@pytest.mark.parametrize("path", ["out", "store/acme", ".", ".."])
def test_a_folder_that_would_show_the_teams_own_files_is_refused(home, path):
    (home.folder / path).mkdir(exist_ok=True)
    where = Publish.model_validate({"folder": {"path": path, "address": "https://reviews.example.com"}})
    with pytest.raises(ReportError, match="would show"):
        publishing.publish(home, "acme", "2026-10", where, NOW)


def test_a_folder_that_is_not_there_is_not_made_for_it_may_not_be_mounted(home):
    where = Publish.model_validate({"folder": {"path": "../mnt", "address": "https://reviews.example.com"}})
    with pytest.raises(ReportError, match="is no folder"):
        publishing.publish(home, "acme", "2026-10", where, NOW)


def test_a_record_that_cannot_be_read_stops_for_links_would_be_forgotten(home):
    put(home)
    (home.store / "acme/published.json").write_text("{", "utf-8")
    with pytest.raises(StoreError, match="cannot be read"):
        put(home)


# Failures on the way.


def failing_at(monkeypatch, name, number):
    """Let a function of the operating system fail as a full disk does, at its number-th call.

    The first fsync is the record's.
    """
    calls, original = [], getattr(os, name)

    def failing(*arguments, **given):
        calls.append(arguments)
        if len(calls) == number:
            raise OSError(28, "No space left on device")
        return original(*arguments, **given)

    monkeypatch.setattr(folder_module.os, name, failing)


@pytest.mark.parametrize(("name", "number"), [("fsync", 2), ("fsync", 4), ("fsync", 6), ("rename", 1)])
def test_what_fails_the_first_time_shows_nothing_and_the_next_try_shows_all(home, monkeypatch, name, number):
    with monkeypatch.context() as patched:
        failing_at(patched, name, number)
        with pytest.raises(ReportError, match="No space left"):
            put(home)
    assert shown(home) == {}
    link = put(home)
    assert link.token == record(home)["2026-10"]["token"] and len(shown(home)) == 3


@pytest.mark.parametrize(("name", "number"), [("fsync", 2), ("fsync", 5), ("rename", 1), ("replace", 1)])
def test_what_fails_while_it_is_corrected_leaves_the_earlier_page_with_its_rows(home, monkeypatch, name, number):
    link = put(home)
    before = shown(home)
    review(home, text="Spend was 2.", rows={"cost.csv": b"service,cost\r\nshop,2\r\n"})
    with monkeypatch.context() as patched:
        if name == "replace":  # the record's own comes first
            patched.setattr(folder_module.os, "replace", _only_for_pages)
        else:
            failing_at(patched, name, number)
        with pytest.raises(ReportError, match="No space left"):
            put(home)
    assert before.items() <= shown(home).items()
    assert put(home) == link and b"Spend was 2." in shown(home)[f"{link.token}/review.html"]
    assert len(shown(home)) == 2


_replace = os.replace


def _only_for_pages(source, target):
    if Path(target).name == "review.html":
        raise OSError(28, "No space left on device")
    _replace(source, target)


def test_what_a_crash_left_is_replaced_under_the_same_key(home, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(folder_module, "sync_folder", killed)
        with pytest.raises(Killed):
            put(home)
    token = record(home)["2026-10"]["token"]
    assert record(home)["2026-10"]["content"] == "" and put(home).token == token
    assert {name.partition("/")[0] for name in shown(home)} == {token}


def test_two_that_publish_at_once_give_one_link(home):
    links = []
    threads = [threading.Thread(target=lambda: links.append(put(home))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len(links) == 4 and len(set(links)) == 1 and len(shown(home)) == 3


# The command.


CLIENT = (
    "client: acme\ndisplay_name: Acme\ntime_zone: UTC\ncurrency: EUR\nservices:\n  shop: {owner: Jo}\nsources: {}\n"
)


def run(home, *arguments):
    made = CliRunner().invoke(command, [*arguments, "--home", str(home.folder)])
    if made.exception and not isinstance(made.exception, SystemExit):
        raise made.exception
    return made.output


def test_the_command_prints_the_link_and_takes_the_page_away(home):
    (home.params / "acme.yaml").write_text(CLIENT, "utf-8")
    (home.folder / "opsreport.yaml").write_text(
        "publish: {folder: {path: ../www, address: https://reviews.example.com}}\n", "utf-8"
    )
    # What was approved is looked up in the store, of which there is none here.
    with pytest.raises(StoreError, match="nothing was collected"):
        run(home, "acme", "--month", "2026-10")
    printed = run(home, "acme", "--month", "2026-10", "--draft")
    assert re.fullmatch(r"https://reviews\.example\.com/[0-9a-f]{40}/review\.html\n", printed)
    assert run(home, "acme", "--month", "2026-10", "--withdraw") == "acme 2026-10: taken away\n"
    with pytest.raises(MailError, match="was not published"):
        run(home, "acme", "--month", "2026-10", "--withdraw")


def test_a_team_that_does_not_say_where_is_told_what_to_write(home):
    (home.params / "acme.yaml").write_text(CLIENT, "utf-8")
    with pytest.raises(ParamsError, match="does not say where pages are put"):
        run(home, "acme", "--month", "2026-10")

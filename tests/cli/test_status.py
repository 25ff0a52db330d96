"""Where clients stand, and what the operator is told: plainly, once a day, and again where telling failed."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import replace

import pandas as pd
import pytest
from click.testing import CliRunner

from opsreport import attempts
from opsreport.approved import Approval, freeze
from opsreport.cli import status as command_line
from opsreport.cli.mailed import mail_state
from opsreport.cli.standing import Mailed
from opsreport.cli.telling import FILE
from opsreport.coverage import Coverage
from opsreport.errors import OpsreportError
from opsreport.home import Home
from opsreport.mail.ledger import Ledger
from opsreport.mail.transport import Outcome
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.store import Store

OCTOBER = Period.month("2026-10", "Europe/Berlin")
CLIENT = """\
client: {name}
display_name: X
time_zone: Europe/Berlin
currency: EUR
sources:
  incident:
    - github_issues: {{token: "env:NONE", repositories: [acme/shop], label: incident}}
  principal:
    - github_members: {{name: github, token: "env:NONE", organizations: [acme]}}
"""


def at(text):
    return pd.Timestamp(text, tz="UTC")


NOW = at("2026-11-24 07:00")


@pytest.fixture(autouse=True)
def the_machines_clock_is_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def home(tmp_path):
    (tmp_path / "params").mkdir()
    return tmp_path


def client(home, name="acme"):
    (home / "params" / f"{name}.yaml").write_text(CLIENT.format(name=name))


def collect(home, now, name="acme", failed=(), note=True):
    """As a collect at that time leaves the store, without asking anybody."""
    now, made = at(now), []
    for frame, source, start in (("incident", "github_issues", OCTOBER.start),
                                 ("principal", "github", now - pd.Timedelta(hours=26))):  # fmt: skip
        window = {"requested_start": OCTOBER.start, "requested_end": OCTOBER.back(-1).end}
        seen = (pd.NaT, pd.NaT) if source in failed else (start, now)
        told = Coverage(frame, source, **window, observed_start=seen[0], observed_end=seen[1], rows=0,
                        status="unavailable" if source in failed else "ok",
                        why="the token has expired\nHint: make a new one" if source in failed else "")  # fmt: skip
        made.append(Store(home / "store", name).merge(FRAMES[frame].empty(), told, now))
    if note:
        attempts.record(home / "store" / name, made, now)


@pytest.fixture
def run(home):
    """Run the command; what is told goes to a list."""
    told = []

    def running(*arguments, now=NOW, mails=lambda client, month: Mailed(), tell=None):
        to = tell or (lambda subject, text: told.append((subject, text)))
        made = CliRunner().invoke(
            command_line.command(lambda place: mails, lambda place: to, lambda: now), [*arguments, "--home", str(home)]
        )
        assert made.exception is None or isinstance(made.exception, (SystemExit, OpsreportError)), made.exception
        return made

    running.told = told
    return running


def test_a_client_that_is_collected_and_whose_report_is_not_due_needs_nobody(run, home):
    client(home)
    collect(home, "2026-11-01 03:10")
    made = run(now=at("2026-11-01 07:00"))  # October's report is due on the 2nd
    assert made.exit_code == 0 and made.output.splitlines()[-1].split()[:6] == ["acme", "4", "h", "ago", "1", "of"]
    assert "Run:" not in made.output
    assert run("--tell", now=at("2026-11-01 07:00")).exit_code == 0 and run.told == []


def test_a_report_that_was_due_and_is_not_made_is_told_an_hour_later_with_the_command_to_make_it(run, home):
    client(home)
    collect(home, "2026-11-02 03:10")
    made = json.loads(run("--json", now=at("2026-11-02 06:00")).output)[0]
    due = pd.Timestamp(made["reported"]["due"])
    assert at("2026-11-02 05:00") <= due < at("2026-11-02 06:00") and not made["needs_a_person"]
    late = run(now=due + pd.Timedelta(hours=1, minutes=1))
    assert late.exit_code == 3 and "the review of 2026-10 was not made" in late.output
    assert f"Run: opsreport report acme --month 2026-10 --home {home}" in late.output


def test_a_collect_that_did_not_run_is_told_with_what_is_lost_and_what_to_run(run, home):
    client(home)
    collect(home, "2026-11-20 02:10")
    assert run("--tell", "--month", "2026-11").exit_code == 3
    ((subject, text),) = run.told
    assert subject == "opsreport: 1 thing needs a person: acme"
    assert text == (
        "acme: the collect did not run (times in Europe/Berlin)\n"
        "  all 2 sources: last read 2026-11-20 03:10 (4.2 days ago).\n"
        "  incident from github_issues: nothing is lost: its system forgets nothing, and the next collect reads it.\n"
        # The month began 23 days and 8 hours ago. A reading now would tell of the last 26 hours, and the one that
        # there was told of 26: 21 days and 4 hours are lost. Of its 30 days, all but these 26 hours will be.
        "  principal from github: it shows only how things are now: since 2026-11-21 05:10, what came after "
        "2026-11-20 03:10 is being lost for good, day by day. Of 2026-11 21.2 days are lost already, and 28.9 days "
        f"will be when it is reported, {due_of(run)}.\n"
        f"  Run: opsreport collect acme --home {home}\n"
    )


def due_of(run):
    made = json.loads(run("--json", "--month", "2026-11").output)[0]
    return f"{pd.Timestamp(made['reported']['due']).tz_convert('Europe/Berlin'):%Y-%m-%d %H:%M}"


def test_a_source_that_refuses_is_told_with_its_reason_while_the_other_is_not_silent(run, home):
    client(home)
    collect(home, "2026-11-20 02:10")
    collect(home, "2026-11-24 02:10", failed=["github"])
    run("--tell", "--month", "2026-11")
    ((_, text),) = run.told
    assert "acme: sources that cannot be read (times in Europe/Berlin)\n" in text
    since = "last read 2026-11-20 03:10 (4.2 days ago): the token has expired."
    assert f"  principal from github: {since}\n" in text
    assert "github_issues" not in text and "Hint" not in text
    assert f"Run: opsreport check acme --home {home}" in text


def test_a_client_that_was_never_collected_is_told_as_such_and_not_as_broken(run, home):
    client(home)
    made = run("--month", "2026-11")
    assert made.exit_code == 3 and "acme    never" in made.output
    assert made.output.count("Run:") == 1 and "the file names it, and it was never read." in made.output


def test_the_same_news_is_not_told_twice_within_a_day_but_new_news_is(run, home):
    client(home)
    collect(home, "2026-11-20 02:10")
    asked = ["--tell", "--month", "2026-11"]
    for hours in (0, 1, 19):
        run(*asked, now=NOW + pd.Timedelta(hours=hours))
    assert len(run.told) == 1
    client(home, "bravo")
    run(*asked, now=NOW + pd.Timedelta(hours=19))
    assert len(run.told) == 2 and run.told[1][0].endswith(": bravo") and "acme" not in run.told[1][1]
    run(*asked, now=NOW + pd.Timedelta(hours=24))  # it goes on: each day again
    assert len(run.told) == 3 and "acme: the collect did not run" in run.told[2][1]


def test_news_that_could_not_be_told_are_told_the_next_time(run, home):
    client(home)

    def fails(subject, text):
        raise OpsreportError("the server refused", hint="ask")

    made = run("--tell", "--month", "2026-11", tell=fails)
    assert isinstance(made.exception, OpsreportError) and not (home / "store" / FILE).exists()
    run("--tell", "--month", "2026-11")
    assert len(run.told) == 1 and json.loads((home / "store" / FILE).read_text())
    assert not list((home / "store").glob(".writing-*"))


def test_what_was_told_is_forgotten_after_the_day_and_a_broken_note_says_so(run, home):
    client(home)
    run("--tell", "--month", "2026-11")
    client(home, "bravo")
    run("--tell", "bravo", "--month", "2026-11", now=NOW + pd.Timedelta(days=2))
    assert list(json.loads((home / "store" / FILE).read_text())) and len(run.told) == 2
    assert all(key.startswith("bravo ") for key in json.loads((home / "store" / FILE).read_text()))
    (home / "store" / FILE).write_text("{")
    assert "cannot be read" in str(run("--tell", "--month", "2026-11").exception)


def test_a_clients_broken_file_is_told_and_stops_no_other(run, home):
    client(home)
    client(home, "broken")
    (home / "params/broken.yaml").write_text("client: broken\nnonsense: 1\n")
    collect(home, "2026-11-01 03:10")
    made = run(now=at("2026-11-01 07:00"))
    assert made.exit_code == 3 and "nonsense" in made.output
    assert f"Run: opsreport check broken --home {home}" in made.output
    told = {
        one["client"]: one["needs_a_person"] for one in json.loads(run("--json", now=at("2026-11-01 07:00")).output)
    }
    assert told == {"acme": False, "broken": True}


@pytest.mark.parametrize(("mail", "happened", "asked"), [
    (Mailed(), "the review of 2026-10 waits to be approved", "preview acme"),
    (Mailed("Ana", at("2026-11-03"), 3, 2), "the review of 2026-10 is approved, and sent to 2 of 3", "send acme"),
    (Mailed("Ana", at("2026-11-03"), 3, 2, unknown=1), "it is not known of 1 whether it arrived",
     "send acme --log"),
    (Mailed("Ana", at("2026-11-03"), 3, 2, refused=1), "of the mails of 2026-10 1 were refused", "send acme --log"),
    (Mailed("Ana", at("2026-11-03"), 3, 3), "", ""),
])  # fmt: skip
def test_a_made_review_waits_until_it_is_approved_and_all_of_it_sent(run, home, monkeypatch, mail, happened, asked):
    client(home)
    collect(home, "2026-11-24 02:10")
    found = command_line.standings

    monkeypatch.setattr(command_line, "standings", lambda *given: [replace(found(*given)[0], review="final")])
    made = run(mails=lambda client, month: mail)
    assert made.exit_code == (3 if happened else 0)
    assert happened in made.output and (not asked or f"Run: opsreport {asked} --month 2026-10" in made.output)
    told = json.loads(run("--json", mails=lambda client, month: mail).output)[0]
    assert told["approved"]["by"] == mail.approved_by and told["sent"]["sent"] == mail.sent


@pytest.mark.parametrize(("review", "now", "happened"), [
    ("draft", "2026-11-02 04:00", ""),
    ("draft", "2026-11-02 07:00", "the review of 2026-10 is still a draft; it was due"),
    ("older than its records", "2026-11-02 04:00", ""),
    ("older than its records", "2026-11-02 07:00", "the review of 2026-10 is older than its records"),
])  # fmt: skip
def test_a_review_that_will_be_made_again_anyway_needs_nobody_before_it_is_due(run, home, monkeypatch, review, now,
                                                                              happened):  # fmt: skip
    client(home)
    collect(home, "2026-11-02 02:10")
    found = command_line.standings
    monkeypatch.setattr(command_line, "standings", lambda *given: [replace(found(*given)[0], review=review)])
    made = run(now=at(now))
    assert made.exit_code == (3 if happened else 0) and happened in made.output


def test_what_a_source_said_cannot_act_on_the_terminal(run, home):
    client(home)
    collect(home, "2026-11-20 02:10")
    (one, *_) = [one for one in attempts.read(home / "store/acme") if one.source == "github"]
    evil = Coverage("principal", "github", OCTOBER.start, OCTOBER.end, pd.NaT, pd.NaT, 0, "unavailable", "\x1b[2Jx")
    attempts.record(home / "store/acme", [evil], at("2026-11-24 02:00"))
    made = run("--month", "2026-11")
    assert "\x1b" not in made.output and "�[2Jx" in made.output and one.read_at == at("2026-11-20 02:10")


def test_what_was_approved_and_sent_is_looked_up_in_the_approval_and_the_ledger(home):
    client(home)
    assert mail_state(Home(home))("acme", "2026-10") == Mailed() and not (home / "store").exists()
    people = "recipients:\n  - {name: A, email: a@acme.example}\n  - {name: B, email: b@acme.example}\n"
    with (home / "params/acme.yaml").open("a") as file:
        file.write(people)
    collect(home, "2026-11-02 02:10")
    to = ("a@acme.example", "b@acme.example")
    one = Approval("acme", "2026-10", 1, "Ana Ruiz", "2026-11-03T10:00:00+00:00", "c", "m", recipients=to)
    freeze(Home(home), Home(home), one, {})
    now = dt.datetime(2026, 11, 3, 11, tzinfo=dt.UTC)
    ledger = Ledger(home / "store", "acme")
    for person in "ab":
        ledger.plan("2026-10", 1, f"{person}@acme.example", b"x", f"<{person}@us.example>", f"{person}.eml", "ana", now)
    ledger.end(ledger.claim(ledger.rows()[0], "ana", now), Outcome("sent", "250 ok"), "ana", now)
    # Who came after the approval is no recipient of this review.
    (home / "params/acme.yaml").write_text(CLIENT.format(name="acme"))
    told = mail_state(Home(home))("acme", "2026-10")
    assert told == Mailed("Ana Ruiz", at("2026-11-03 10:00"), recipients=2, sent=1, planned=1)


def test_without_mail_what_there_is_to_tell_goes_to_standard_output(home):
    client(home)
    made = CliRunner().invoke(command_line.status, ["--tell", "--home", str(home)])
    assert (
        made.exit_code == 3 and made.output.startswith("opsreport: ") and "Run: opsreport collect acme" in made.output
    )


def test_what_cannot_be_is_refused(run, home):
    client(home)
    assert run("--json", "--tell").exit_code == 2
    assert "there is no client bravo" in str(run("bravo").exception)

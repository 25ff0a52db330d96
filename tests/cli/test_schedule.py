"""The month's rhythm as systemd and cron are told it: at what instants, in what words, and never over others' files."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import stat
import subprocess
import time
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from click.testing import CliRunner

from opsreport.cli import schedule as scheduling
from opsreport.cli.schedule import schedule
from opsreport.cli.timetable import Times, next_report, report_due, spread, status_time, times
from opsreport.cli.units import Setup, quoted, systemd
from opsreport.errors import ParamsError
from opsreport.params.team import Rhythm
from opsreport.period import Period

#: A folder's name with all that systemd, cron and a shell would act on.
AWKWARD = "we ird 50% $HOME \"q' \\n;#[x]"
NOW = pd.Timestamp("2026-11-24 07:00", tz="UTC")
UTC, AUCKLAND, KIRITIMATI = dt.UTC, ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Kiritimati")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def client(home, name, zone="Europe/Berlin"):
    (home / "params").mkdir(exist_ok=True)
    (home / "params" / f"{name}.yaml").write_text(
        f"client: {name}\ndisplay_name: X\ntime_zone: {zone}\ncurrency: EUR\n"
    )


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / AWKWARD
    folder.mkdir()
    client(folder, "acme")
    client(folder, "bravo")
    return folder


@pytest.fixture
def units(tmp_path):
    (tmp_path / "units").mkdir()
    return tmp_path / "units"


@pytest.fixture
def run(home):
    def running(*arguments):
        made = CliRunner().invoke(schedule, [*map(str, arguments), "--home", str(home)])
        assert made.exception is None or isinstance(made.exception, (SystemExit, ParamsError)), made.exception
        return made

    return running


def written(folder):
    return {path.name: (path.read_text("utf-8"), path.stat().st_mtime_ns) for path in folder.iterdir()}


# When


def test_each_client_begins_at_its_own_minute_which_never_changes():
    made = times("acme", "Europe/Berlin", Rhythm(), NOW, UTC)
    later = spread("acme")
    assert made == Times("acme", 180 + later, 2, 300 + later) == times("acme", "Europe/Berlin", Rhythm(), NOW, UTC)
    minutes = {spread(f"client-{number}") for number in range(600)}
    assert minutes == set(range(60))
    assert status_time(Rhythm()) == 7 * 60  # four hours after the first collect, when the last report was begun


def test_midnight_written_as_24_00_and_a_spread_across_it_are_times_that_exist():
    made = times("acme", "UTC", Rhythm(collect_at="24:00", report_on=28, report_at="24:00"), NOW, UTC)
    assert made.collect == spread("acme") and (made.report_day, made.report) == (28, 23 * 60 + 59)
    assert times("acme", "UTC", Rhythm(collect_at="23:59"), NOW, UTC).collect == (1439 + spread("acme")) % 1440


def test_a_report_runs_only_once_the_month_has_ended_where_the_client_is():
    rhythm = Rhythm(report_on=1)
    # At 05:00 UTC on the 1st it is still the 30th in Los Angeles, until 08:00 UTC.
    west = times("acme", "America/Los_Angeles", rhythm, NOW, UTC)
    assert (west.report_day, west.moved_from) == (2, 1)
    # In Auckland the month ended on the 30th at 11:00 UTC, but its bill at midnight; the collect at 03:00 has both.
    east = times("acme", "Pacific/Auckland", rhythm, NOW, UTC)
    assert (east.report_day, east.moved_from) == (1, 0)
    # A machine in Auckland is at the 1st 05:00 when it is the 30th 16:00 UTC: no bill is whole yet.
    assert times("acme", "Pacific/Auckland", rhythm, NOW, AUCKLAND).report_day == 2


def test_a_report_waits_for_a_collect_that_began_after_the_months_end():
    # London's month ends at 00:00 UTC in winter. The collect at 04:00 comes after the report at 02:00 of the 1st.
    rhythm = Rhythm(collect_at="04:00", report_on=1, report_at="02:00")
    assert times("acme", "Europe/London", rhythm, NOW, UTC).report_day == 2
    assert times("acme", "Europe/London", Rhythm(collect_at="02:00", report_on=1), NOW, UTC).report_day == 1
    # Within half an hour of its beginning a collect may still run.
    assert times("acme", "UTC", Rhythm(collect_at="04:45", report_on=1), NOW, UTC).report_day == 2


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Pago_Pago", "America/New_York", "Asia/Kathmandu",
                                  "Pacific/Auckland", "Pacific/Kiritimati"])  # fmt: skip
@pytest.mark.parametrize("machine", [ZoneInfo("Etc/GMT+12"), UTC, ZoneInfo("Europe/Berlin"), KIRITIMATI], ids=str)
@pytest.mark.parametrize("day", [1, 2])
def test_in_no_pair_of_zones_is_a_month_reported_that_still_runs(zone, machine, day):
    made = times("acme", zone, Rhythm(report_on=day), NOW, machine)
    assert made.report_day in ((1, 2) if day == 1 else (2, 3))
    for steps in range(14):
        month = Period.month("2026-10", zone).back(-steps)
        due = report_due(made, month, machine)
        assert due >= max(month.end, month.bill.end) and due - month.end < pd.Timedelta(days=3.2)
        # What it reports by default, then, is this month.
        assert Period.last_full_month(due, zone) == month


def test_when_a_report_is_due_follows_the_machines_own_clock_changes():
    made = Times("acme", 180, 2, 300)
    october, march = (Period.month(name, "Europe/Berlin") for name in ("2026-10", "2027-03"))
    assert report_due(made, october, ZoneInfo("Europe/Berlin")) == at("2026-11-02 04:00")
    assert report_due(made, march, ZoneInfo("Europe/Berlin")) == at("2027-04-02 03:00")


def test_without_a_zone_the_machines_clock_is_the_systems(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert report_due(Times("acme", 180, 2, 300), Period.month("2026-11")) == at("2026-12-01 16:00")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_report_made_next_is_of_the_month_before_until_that_is_due():
    made, berlin = Times("acme", 180, 2, 300), ZoneInfo("Europe/Berlin")
    named = [next_report(made, "Europe/Berlin", at(now), berlin)[0].name
             for now in ("2026-10-31 22:59", "2026-11-02 03:59", "2026-11-02 04:00")]  # fmt: skip
    assert named == ["2026-10", "2026-10", "2026-11"]


# systemd


def test_writing_units_twice_changes_nothing_and_all_may_read_them(run, units):
    first = run("--systemd", units, "--user")
    before = written(units)
    assert first.exit_code == 0 and "9 units written" in first.output and len(before) == 9
    assert "systemctl --user daemon-reload" in first.output
    again = run("--systemd", units, "--user")
    assert "0 units written, 9 as they were" in again.output and written(units) == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in units.iterdir()} == {0o644}


def test_each_client_has_its_own_timers_that_catch_up_and_services_that_end(run, units):
    run("--systemd", units, "--user")
    timer = (units / "opsreport-collect@acme.timer").read_text()
    minute = 180 + spread("acme")
    assert f"OnCalendar=*-*-* {minute // 60:02d}:{minute % 60:02d}:00\n" in timer and "Persistent=true\n" in timer
    assert "OnCalendar=*-*-02 05:" in (units / "opsreport-report@bravo.timer").read_text()
    assert "OnCalendar=*-*-* 07:00:00" in (units / "opsreport-status.timer").read_text()
    for task in ("collect@", "report@", "status"):
        service = (units / f"opsreport-{task}.service").read_text()
        assert "Type=oneshot\n" in service and re.search(r"^TimeoutStartSec=\d+min$", service, re.M)
        assert "User=" not in service and "EnvironmentFile" not in service
    assert "After=opsreport-collect@%i.service" in (units / "opsreport-report@.service").read_text()
    target = (units / "opsreport.target").read_text()
    assert sorted(re.findall("^Wants=(.*)$", target, re.M)) == sorted(p.name for p in units.glob("*.timer"))


def test_the_systems_units_run_as_whoever_owns_the_home(run, units, home):
    run("--systemd", units)
    assert f"\nUser={home.owner()}\n" in (units / "opsreport-collect@.service").read_text()
    assert "WantedBy=multi-user.target" in (units / "opsreport.target").read_text()


def unquoted(line):
    """The arguments of a command as systemd.service(5) says that it reads them."""
    for word in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
        yield re.sub(r"\\(.)", r"\1", word[0]).replace("%%", "%").replace("$$", "$") if word[0] else word[1]


def test_no_character_of_a_path_is_acted_on_by_systemd(run, units, home):
    run("--systemd", units, "--user")
    service = (units / "opsreport-collect@.service").read_text()
    program, *rest = unquoted(re.search("^ExecStart=(.*)$", service, re.M)[1])
    assert os.path.isabs(program) and os.access(program, os.X_OK)
    assert rest == ["collect", "%i", "--home", str(home)]
    assert quoted("100%") == '"100%%"' and quoted("a$b\\") == '"a$$b\\\\"'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
@pytest.mark.parametrize("more", [[], ["--user"]], ids=["system", "user"])
def test_systemd_finds_no_fault_in_the_units(run, units, home, tmp_path, monkeypatch, more):
    program = tmp_path / "we ird 50% $HOME;#[x]" / "opsreport"  # verify looks whether what it reads is a program
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(scheduling, "executable", lambda: str(program))
    environment = home / "en*v 5%"
    environment.write_text("A=b\n")
    assert run("--systemd", units, "--environment", environment, *more).exit_code == 0
    found = sorted(str(path) for path in units.iterdir() if "@." not in path.name)
    made = subprocess.run(["systemd-analyze", "verify", "--man=no", *found], capture_output=True, text=True, timeout=60)
    assert (made.returncode, made.stdout + made.stderr) == (0, "")
    calendars = [when for path in units.glob("*.timer") for when in re.findall("OnCalendar=(.*)", path.read_text())]
    made = subprocess.run(["systemd-analyze", "calendar", *calendars], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0 and made.stdout.count("Next elapse") == len(calendars) == 5


def test_a_file_that_is_not_ours_is_never_touched_and_nothing_else_is_written(run, units):
    theirs = units / "opsreport-status.timer"
    theirs.write_text("[Timer]\n")
    made = run("--systemd", units)
    assert made.exit_code == 1 and "is not ours" in str(made.exception)
    assert list(units.iterdir()) == [theirs] and theirs.read_text() == "[Timer]\n"
    theirs.unlink()
    theirs.symlink_to("/dev/null")  # as systemctl mask leaves it
    assert "is not ours" in str(run("--systemd", units).exception) and os.readlink(theirs) == "/dev/null"


def test_the_units_of_another_home_are_not_taken_over(run, units, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    client(other, "acme")
    assert CliRunner().invoke(schedule, ["--systemd", str(units), "--home", str(other)]).exit_code == 0
    before = written(units)
    made = run("--systemd", units)
    assert made.exit_code == 1 and f"is of {other}" in str(made.exception) and written(units) == before


def test_units_of_a_client_that_is_gone_are_named_and_removed_only_when_asked(run, units, home):
    run("--systemd", units, "--user")
    (units / "opsreport-collect@theirs.timer").write_text("[Timer]\n")
    (home / "params/bravo.yaml").unlink()
    made = run("--systemd", units, "--user")
    gone = ["opsreport-collect@bravo.timer", "opsreport-report@bravo.timer"]
    assert ", ".join(gone) in made.output and all((units / name).exists() for name in gone)
    assert f"systemctl --user stop {' '.join(gone)}" in made.output
    assert "bravo" not in (units / "opsreport.target").read_text()
    run("--systemd", units, "--user", "--prune")
    assert not any((units / name).exists() for name in gone)
    assert (units / "opsreport-collect@theirs.timer").exists() and (units / "opsreport-collect@acme.timer").exists()


def test_a_client_whose_file_is_broken_for_now_keeps_its_units(run, units, home):
    run("--systemd", units, "--user")
    before = written(units)
    (home / "params/bravo.yaml").write_text("client: bravo\nnonsense: 1\n")
    made = run("--systemd", units, "--user", "--prune")
    assert made.exit_code == 1 and "bravo is left as it is" in made.output
    target = (units / "opsreport.target").read_text()
    assert target.count("@bravo.timer") == 2
    assert {name for name in written(units) if written(units)[name] != before.get(name)} <= {"opsreport.target"}


def test_a_report_day_that_was_moved_is_said(run, units, home):
    (home / "opsreport.yaml").write_text("schedule: {report_on: 1}\n")
    client(home, "west", "Etc/GMT+12")  # its month ends at noon of the 1st, in UTC
    made = run()
    assert "west is reported on day" in made.output and "west " in made.output


# cron


def cron_lines(text):
    """Each line's times and what cron hands to the shell, as crontab(5) says: an unescaped % would end it."""
    for line in text.splitlines():
        if not line.startswith("#"):
            *when, command = line.split(None, 5)
            assert not re.search(r"(?<!\\)%", command)
            yield when, command.replace(r"\%", "%")


def test_cron_runs_just_what_was_meant_whatever_the_path_holds(run, home, tmp_path, monkeypatch):
    program, log = tmp_path / "bin" / "opsreport", tmp_path / "log"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "<%s>" "$SECRET" "$@" >> {log}\n')
    program.chmod(0o755)
    (home / "se cret%").write_text("SECRET='a b'\n")
    monkeypatch.setattr(scheduling, "executable", lambda: str(program))
    made = run("--crontab", "--environment", home / "se cret%")
    assert made.exit_code == 0 and "a b" not in made.output and run("--crontab").output == run("--crontab").output
    found = list(cron_lines(made.output))
    later = spread("acme")
    assert [when for when, _ in found][:2] == [[str(later), "3", "*", "*", "*"], [str(later), "5", "2", "*", "*"]]
    assert found[-1][0] == ["0", "7", "*", "*", "*"]
    for _, command in found:
        subprocess.run(["/bin/sh", "-c", command.replace("logger -t", "cat #")], check=True, timeout=20)
    asked = ["<collect><acme>", "<report><acme>", "<collect><bravo>", "<report><bravo>", "<status><--tell>"]
    assert log.read_text() == "".join(f"<a b>{one}<--home><{home}>" for one in asked)


@pytest.mark.skipif(not shutil.which("crontab"), reason="there is no crontab")
def test_cron_finds_no_fault_in_the_lines(run, tmp_path):
    (tmp_path / "lines").write_text(run("--crontab").output)
    made = subprocess.run(["crontab", "-n", str(tmp_path / "lines")], capture_output=True, text=True, timeout=20)
    if "invalid option" in made.stderr:
        pytest.skip("this crontab cannot check a file")
    assert made.returncode == 0


def test_what_cannot_be_is_refused(run, units, tmp_path):
    assert run("--systemd", units, "--crontab").exit_code == 2
    assert run("--prune").exit_code == 2
    assert "there is no folder" in str(run("--systemd", tmp_path / "none").exception)
    assert "there is no file" in str(run("--crontab", "--environment", tmp_path / "none").exception)
    with pytest.raises(ParamsError, match="systemd runs no program"):
        systemd(Setup("/bin/op's", tmp_path), [], 0)
    with pytest.raises(ParamsError, match="control character"):
        Setup("/bin/opsreport", tmp_path / "a\nb")

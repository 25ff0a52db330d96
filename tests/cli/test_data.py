"""A client's data on the command line: what a person types, reads back, and is refused."""

import getpass
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsreport import migrations
from opsreport.cli import _Commands
from opsreport.cli.data import data

MAIN = _Commands(commands={"data": data})


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


@pytest.fixture
def home(tmp_path):
    for name in ("acme", "beta"):
        write(tmp_path / f"home/params/{name}.yaml", f"client: {name}\n")
        write(tmp_path / f"home/store/{name}/reported/2026-10.json", "[]")
    return tmp_path / "home"


@pytest.fixture
def run(home):
    """Run one of the commands; no traceback is ever an answer."""

    def running(*arguments, typed="", at=home):
        where = ["--home", str(at)] if at else []
        made = CliRunner().invoke(MAIN, ["data", *map(str, arguments), *where], input=typed)
        assert made.exception is None or isinstance(made.exception, SystemExit), made.exception
        assert "Traceback" not in made.output
        return made

    return running


def log(home):
    return [json.loads(line) for line in (home / "store/.custody/log.jsonl").read_text("utf-8").splitlines()]


def test_a_client_is_exported_checked_deleted_and_restored(run, home, tmp_path):
    file = tmp_path / "acme.zip"
    assert run("export", "acme", file).output == f"acme: exported to {file} (2 files, 15 B)\n"
    assert run("verify", file, at=None).output == "acme: whole (2 files, 15 B)\n"
    assert run("delete", "acme", "--params", "--yes", "acme").output == "acme: deleted (2 files, 15 B)\n"
    assert not (home / "params/acme.yaml").exists() and not (home / "store/acme").exists()
    assert run("restore", file, "--by", "jo").output == "acme: restored (2 files, 15 B)\n"
    assert (home / "store/acme/reported/2026-10.json").read_text() == "[]"
    assert [(line["what"], line["by"]) for line in log(home)] == [("delete", getpass.getuser()), ("restore", "jo")]


@pytest.mark.parametrize("typed", ["", "y", "yes", "beta", "ACME", "acme-"])
def test_a_client_is_deleted_only_when_its_id_is_typed(run, home, typed):
    made = run("delete", "acme", typed=f"{typed}\n")
    assert made.exit_code == 1 and "acme was not deleted" in made.output and "Hint: " in made.output
    assert run("delete", "acme", "--yes", typed or "x").exit_code == 1
    assert (home / "store/acme/reported/2026-10.json").exists()
    assert run("delete", "acme", typed="acme\n").exit_code == 0
    assert not (home / "store/acme").exists() and (home / "store/beta").exists()


def test_what_stays_after_a_deletion_is_said(run, home):
    write(home / "out/fleet-2026-10.html", "<p>acme</p>")
    made = run("delete", "acme", "--yes", "acme")
    assert "stays: " in made.output and "acme.yaml: its own file" in made.output
    assert "fleet-2026-10.html: names the client; make it again" in made.output


def test_a_client_that_is_there_is_restored_over_only_when_asked_to(run, home, tmp_path):
    run("export", "acme", tmp_path / "acme.tar")
    write(home / "store/acme/reported/2026-10.json", "[1]")
    made = run("restore", tmp_path / "acme.tar")
    assert made.exit_code == 1 and "acme is there already" in made.output and "--replace" in made.output
    assert run("restore", tmp_path / "acme.tar", "--replace").exit_code == 0
    assert (home / "store/acme/reported/2026-10.json").read_text() == "[]"


def test_a_file_that_is_no_export_is_refused_in_a_sentence(run, tmp_path):
    write(tmp_path / "a.zip", "hello")
    for command, at in ((["verify", tmp_path / "a.zip"], None), (["restore", tmp_path / "a.zip"], tmp_path / "home")):
        made = run(*command, at=at)
        assert made.exit_code == 1 and "cannot be read" in made.output and "Hint: use an archive" in made.output
    made = run("verify", tmp_path / "none.zip", at=None)
    assert made.exit_code == 1 and "No such file" in made.output


def test_a_client_is_moved_to_another_home_and_what_to_do_there_is_said(run, home, tmp_path):
    (tmp_path / "there/params").mkdir(parents=True)
    made = run("move", "acme", tmp_path / "there")
    assert made.exit_code == 0 and f"opsreport check acme --home {tmp_path / 'there'}" in made.output
    assert (tmp_path / "there/store/acme/reported/2026-10.json").exists() and not (home / "store/acme").exists()
    made = run("move", "beta", tmp_path / "nowhere")
    assert made.exit_code == 1 and "no params folder" in made.output


def published(home, **months):
    held = {month.replace("_", "-").strip("m"): {"place": "folder pages", "token": "7f3a", "files": ["index.html"],
            "content": "c", "address": address, "until": ""} for month, address in months.items()}  # fmt: skip
    write(home / "store/acme/published.json", json.dumps(held))


def test_a_client_whose_pages_are_online_is_not_deleted_until_they_are_taken_away(run, home):
    published(home, m2026_09="https://pages.example/7f3a/", m2026_10="https://pages.example/9c1d/")
    made = run("delete", "acme", "--params", "--yes", "acme")
    assert made.exit_code == 1 and "pages of it are published, of 2026-09, 2026-10" in made.output
    assert "opsreport publish acme --month 2026-09 --withdraw" in made.output
    assert (home / "store/acme/reported/2026-10.json").exists() and (home / "params/acme.yaml").exists()
    published(home)
    assert run("delete", "acme", "--yes", "acme").exit_code == 0


def test_each_address_that_is_left_online_is_said(run, home):
    published(home, m2026_09="https://pages.example/7f3a/", m2026_10="")
    made = run("delete", "acme", "--leave-published", "--yes", "acme")
    assert made.exit_code == 0 and not (home / "store/acme").exists()
    assert "△ stays online: the page of 2026-09, https://pages.example/7f3a/" in made.output
    assert "△ stays online: the page of 2026-10, folder pages, under 7f3a" in made.output


def test_a_client_whose_record_of_pages_cannot_be_read_is_not_deleted(run, home):
    write(home / "store/acme/published.json", "[")
    made = run("delete", "acme", "--yes", "acme")
    assert made.exit_code == 1 and "published.json cannot be read" in made.output
    assert (home / "store/acme/reported/2026-10.json").exists()


def test_a_backup_to_a_folder_that_is_not_there_is_refused(run, home, tmp_path):
    made = run("backup", tmp_path / "share/b", "--all")
    assert made.exit_code == 1 and "there is no folder" in made.output and "mount it, or make it" in made.output
    assert not (tmp_path / "share").exists()


def test_all_clients_are_backed_up_and_one_that_cannot_be_is_said(run, home, tmp_path):
    for name in "bc":
        (tmp_path / name).mkdir()
    made = run("backup", tmp_path / "b", "--all", "--keep", "2")
    assert made.exit_code == 0 and [line.partition(":")[0] for line in made.output.splitlines()] == ["acme", "beta"]
    (home / "store/acme/x").symlink_to(Path("/etc/passwd"))
    made = run("backup", "acme", "beta", tmp_path / "c")
    assert made.exit_code == 1 and "✕ acme: " in made.output and "is a link" in made.output
    assert [path.name.partition("-")[0] for path in (tmp_path / "c").iterdir()] == ["beta"]


@pytest.mark.parametrize("arguments", [["b"], ["acme", "b", "--all"], ["acme", "b", "--keep", "0"], []])
def test_a_backup_of_nobody_or_of_none_is_a_mistake(run, home, arguments):
    assert run("backup", *arguments).exit_code == 2


def test_versions_are_said_and_an_older_store_is_migrated(run, home, monkeypatch):
    assert run("versions").output == "acme: version 1\nbeta: version 1\n"
    monkeypatch.setattr(migrations, "VERSION", 2)
    monkeypatch.setattr(migrations, "STEPS", {2: lambda folder, part: []})
    assert run("versions").output.splitlines()[0] == "acme: version 1, not 2, which this opsreport writes"
    assert run("migrate", "acme").output == "acme: 1 steps, now version 2\n"
    assert run("migrate").output == "acme: nothing to do\nbeta: 1 steps, now version 2\n"


@pytest.mark.parametrize("command", ["export", "move", "delete", "migrate"])
def test_a_client_that_nobody_knows_is_refused_with_those_that_are_there(run, home, tmp_path, command):
    more = {"export": [tmp_path / "a.zip"], "move": [tmp_path / "home2"], "delete": ["--yes", "acne"]}.get(command, [])
    (tmp_path / "home2/params").mkdir(parents=True)
    made = run(command, "acne", *more)
    assert made.exit_code == 1 and "nothing is kept of acne\nHint: clients here: acme, beta" in made.output
    assert not (home / "store/.custody").exists()


def test_what_an_archive_says_does_not_act_on_the_terminal(run, home, tmp_path):
    write(home / "params/acme.yaml", 'client: acme\nbrand: {logo: "x\\u001b[31m.svg"}\n')
    made = run("export", "acme", tmp_path / "a.zip")
    assert made.exit_code == 0 and "\x1b" not in made.output and "not exported: shared/x�[31m.svg" in made.output
    assert "\x1b" not in run("verify", tmp_path / "a.zip", at=None).output

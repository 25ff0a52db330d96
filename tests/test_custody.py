"""A client's data over its life: whole or not at all, whoever kills it, and never another client's."""

import hashlib
import io
import json
import os
import signal
import sqlite3
import stat
import tarfile
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from opsreport import custody, migrations
from opsreport.coverage import Coverage
from opsreport.custody import reading, steps
from opsreport.custody.backup import backup
from opsreport.errors import OpsreportError, StoreError
from opsreport.home import Home, one_at_a_time
from opsreport.mail.ledger import Ledger
from opsreport.mail.sending import Outgoing, send
from opsreport.mail.transport import Outcome
from opsreport.schemas import FRAMES
from opsreport.store import Store
from tests.mail.servers import letter

NOW = pd.Timestamp("2026-11-24 10:00", tz="UTC")
CANARY = "canary-of-the-other-client"
PARAMS = """\
client: {name}
display_name: {name}
extends: plain
time_zone: UTC
currency: EUR
brand: {{logo: logos/{name}.svg}}
token: "file:secrets/{name}.token"
"""


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def collected(home, name, word):
    """One incident."""
    rows = pd.DataFrame({"incident_id": ["1"], "title": [f"=HYPERLINK({word})"],
                         "opened_at": [pd.Timestamp("2026-10-02", tz="UTC")]})  # fmt: skip
    window = (pd.Timestamp("2026-10-01", tz="UTC"), pd.Timestamp("2026-11-01", tz="UTC"))
    Store(home.store, name).merge(
        FRAMES["incident"].conform(rows), Coverage("incident", "x", *window, *window, 1, "ok"), NOW
    )


def fill(home, name, word):
    """A small client: its files, a frame, a ledger, an approved month by hard links, and two reviews."""
    write(home.params / f"{name}.yaml", PARAMS.format(name=name))
    write(home.params / f"{name}.commentary/2026-10.md", f"of {word}\n")
    write(home.params / f"{name}.decisions/move.md", f"decided by {word}\n")
    write(home.params / f"logos/{name}.svg", f"<svg>{word}</svg>")
    write(home.params / f"secrets/{name}.token", f"hidden {word}")
    write(home.params / "plans/plain.yaml", "support: {}\n")
    collected(home, name, word)
    own = home.store / name
    write(own / "reported/2026-10.json", "[]")
    frozen = own / "approved/2026-10/1/store" / name / "incident/2026-10.parquet"
    frozen.parent.mkdir(parents=True)
    os.link(own / "incident/2026-10.parquet", frozen)
    (own / "mail").mkdir()
    tell(home, name, word)
    for month in ("2026-09", "2026-10"):
        made = home.out / name / ".made" / f"{month}~abc"
        write(made / f"{name}-{month}.html", f"<p>{word} {month}</p>")
        write(made / "rows/incident.csv", word)
        (home.out / name / month).symlink_to(f".made/{month}~abc", target_is_directory=True)
    write(home.out / name / "2026-10.eml", f"To: {word}")
    write(home.out / name / ".making-x/half", "a killed run's")
    write(home.out / name / ".printed/a.pdf", "can be made again")


def tell(home, name, word):
    db = sqlite3.connect(home.store / name / "mail/ledger.sqlite")
    with db:
        db.execute("CREATE TABLE IF NOT EXISTS mail (recipient TEXT)")
        db.execute("INSERT INTO mail VALUES (?)", (word,))
    db.close()


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    fill(home, "acme", "of-acme")
    fill(home, "acme-2", CANARY)
    return home


@pytest.fixture
def other(tmp_path):
    (tmp_path / "other/params").mkdir(parents=True)
    return Home(tmp_path / "other")


def content(home, name):
    """What is kept of a client, as a person would list it: links followed, leftovers of killed runs not looked at."""
    found = {}
    for root in (home.store, home.out):
        for at, folders, files in os.walk(root / name, followlinks=True):
            folders[:] = [one for one in folders if not one.startswith((".made", ".making", ".printed"))]
            for file in files:
                path = Path(at) / file
                found[f"{root.name}/{path.relative_to(root / name)}"] = held(path)
    for path in home.params.rglob("*"):
        if path.is_file() and path.relative_to(home.params).parts[0].startswith(f"{name}."):
            found[f"params/{path.relative_to(home.params)}"] = path.read_bytes()
    return found


def held(path):
    """A file's bytes; what a database says, for a copy of one has another count of changes."""
    if path.suffix != ".sqlite":
        return path.read_bytes()
    with sqlite3.connect(path) as db:
        return "\n".join(db.iterdump()).encode()


def snapshot(folder, but=()):
    return {str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
            for path in Path(folder).rglob("*") if not any(one in str(path) for one in but)}  # fmt: skip


def names(file):
    with zipfile.ZipFile(file) as packed:
        return packed.namelist()


def everything(file):
    with zipfile.ZipFile(file) as packed:
        return b"\n".join(name.encode() + packed.read(name) for name in packed.namelist())


# Export.


def test_an_export_holds_all_of_one_client_in_order_and_nothing_of_another(home, tmp_path):
    made = custody.export(home, "acme", tmp_path / "a.zip")
    assert names(tmp_path / "a.zip") == [
        "manifest.json", "out/2026-09/acme-2026-09.html", "out/2026-09/rows/incident.csv",
        "out/2026-10.eml", "out/2026-10/acme-2026-10.html", "out/2026-10/rows/incident.csv",
        "params/acme.commentary/2026-10.md", "params/acme.decisions/move.md", "params/acme.yaml",
        "shared/logos/acme.svg", "shared/plans/plain.yaml",
        "store/approved/2026-10/1/store/acme/incident/2026-10.parquet", "store/coverage.parquet",
        "store/incident/2026-10.parquet", "store/mail/ledger.sqlite", "store/reported/2026-10.json",
    ]  # fmt: skip
    assert made.files == 15
    held = everything(tmp_path / "a.zip")
    assert CANARY.encode() not in held and b"hidden" not in held and b"of-acme" in held
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600


def test_its_manifest_says_the_hash_of_each_file(home, tmp_path):
    custody.export(home, "acme", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        told = json.loads(packed.read("manifest.json"))
        assert (told["client"], told["store_version"], told["published"]) == ("acme", 1, ["2026-09", "2026-10"])
        for record in told["files"]:
            held = packed.read(record["path"])
            assert (record["sha256"], record["bytes"]) == (hashlib.sha256(held).hexdigest(), len(held))


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_the_same_data_give_the_same_bytes(home, tmp_path, suffix):
    one, two = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    custody.export(home, "acme", one)
    for path in home.store.rglob("*"):
        os.utime(path, (1, 1))
    custody.export(home, "acme", two)
    assert one.read_bytes() == two.read_bytes()


def test_a_secret_that_lies_among_the_clients_files_is_left_out_and_said(home, tmp_path):
    write(home.params / "acme.yaml", PARAMS.format(name="acme").replace("secrets/acme.token", "../store/acme/token"))
    write(home.store / "acme/token", "hidden")
    made = custody.export(home, "acme", tmp_path / "a.zip")
    assert made.left == ("store/token: a secret that the client's file refers to",)
    assert b"hidden" not in everything(tmp_path / "a.zip")


def test_frames_are_exported_as_csv_by_what_is_given(home, tmp_path):
    from opsreport.report.evidence import csv_bytes

    custody.export(home, "acme", tmp_path / "a.zip", csv_bytes)
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert b"'=HYPERLINK(of-acme)" in packed.read("csv/incident.csv")
        assert "csv/coverage.csv" in packed.namelist() and "csv/cost.csv" not in packed.namelist()


@pytest.mark.parametrize("place", ["store/acme/incident/x", "out/acme/2026-08", "out/acme/2026-10/x",
                                   "params/acme.commentary/x.md", "params/acme.corrections.yaml"])  # fmt: skip
@pytest.mark.parametrize("to", ["params/acme-2.yaml", "store/acme-2"])
def test_a_link_out_of_the_clients_folders_is_never_followed(home, tmp_path, place, to):
    (home.folder / place).symlink_to(home.folder / to)
    with pytest.raises(StoreError, match="link"):
        custody.export(home, "acme", tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == [home.folder]


def test_neither_a_linked_folder_nor_a_pipe_is_exported(home, tmp_path):
    os.mkfifo(home.store / "acme/pipe")
    with pytest.raises(StoreError, match="pipe is no file"):
        custody.export(home, "acme", tmp_path / "a.zip")
    (home.store / "linked").symlink_to(home.store / "acme-2")
    with pytest.raises(StoreError, match="linked is a link"):
        custody.export(home, "linked", tmp_path / "a.zip")


def test_a_ledger_that_is_just_written_is_copied_as_it_was_before_or_after(home, tmp_path):
    db = sqlite3.connect(home.store / "acme/mail/ledger.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("INSERT INTO mail VALUES ('sent')")
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO mail VALUES ('half')")
    custody.export(home, "acme", tmp_path / "a.zip")
    db.close()
    assert not [name for name in names(tmp_path / "a.zip") if name.endswith(("-wal", "-shm"))]
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        (tmp_path / "copy.sqlite").write_bytes(packed.read("store/mail/ledger.sqlite"))
    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        assert copy.execute("SELECT * FROM mail").fetchall() == [("of-acme",), ("sent",)]


@pytest.mark.parametrize(("client", "file", "match"), [
    ("nobody", "a.zip", "nothing is kept of nobody"), ("../acme", "a.zip", "not a client id"),
    ("acme", "a.rar", "neither a zip nor a tar"), ("acme", "there.zip", "is there already"),
    ("acme", "home/store/acme/a.zip", "among the clients' own"), ("acme", "no/such/a.zip", "cannot be written"),
])  # fmt: skip
def test_an_export_that_cannot_be_made_says_why_and_leaves_nothing(home, tmp_path, client, file, match):
    write(tmp_path / "there.zip", "mine")
    with pytest.raises(Exception, match=match) as refused:
        custody.export(home, client, tmp_path / file)
    assert refused.value.hint
    assert (tmp_path / "there.zip").read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"home", "there.zip"}


@pytest.mark.parametrize("busy", ["store/acme", "store/acme/mail", "out/acme"])
def test_a_collect_a_sending_and_a_report_that_run_are_waited_for(home, tmp_path, busy):
    child = os.fork()
    if not child:
        with one_at_a_time(home.folder / busy):
            write(tmp_path / "held", "")
            time.sleep(0.3)
            write(home.folder / busy / "late", "x")
        os._exit(0)
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    custody.export(home, "acme", tmp_path / "a.zip")
    os.waitpid(child, 0)
    assert f"{busy.replace('/acme', '')}/late" in names(tmp_path / "a.zip")


# Restore.


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_what_was_exported_and_deleted_is_restored_as_it_was_for_its_owner_only(home, tmp_path, suffix):
    before, others = content(home, "acme"), snapshot(home.folder, but=("acme.", "acme/", "/acme", ".custody"))
    custody.export(home, "acme", tmp_path / f"a.{suffix}")
    custody.delete(home, "acme", with_params=True)
    assert content(home, "acme") == {}
    made = custody.restore(home, tmp_path / f"a.{suffix}")
    assert content(home, "acme") == before and made.files == 15
    assert os.readlink(home.out / "acme/2026-10") == ".made/2026-10~restored"
    assert Store(home.store, "acme").read("incident")["incident_id"].tolist() == ["1"]
    assert (home.params / "logos/acme.svg").read_bytes() == b"<svg>of-acme</svg>"
    modes = {stat.S_IMODE(path.lstat().st_mode) for root in (home.store, home.out)
             for path in (root / "acme").rglob("*") if not path.is_symlink()}  # fmt: skip
    assert modes == {0o700, 0o600}
    assert snapshot(home.folder, but=("acme.", "acme/", "/acme", ".custody")) == others


def test_a_client_that_is_there_is_not_restored_over_unless_told_so(home, tmp_path):
    custody.export(home, "acme", tmp_path / "a.zip")
    old = content(home, "acme")
    write(home.store / "acme/reported/2026-11.json", "[2]")
    write(home.params / "acme.commentary/2026-11.md", "later")
    now = content(home, "acme")
    with pytest.raises(StoreError, match="acme is there already"):
        custody.restore(home, tmp_path / "a.zip")
    assert content(home, "acme") == now
    custody.restore(home, tmp_path / "a.zip", custody.Choices(replace=True))
    assert content(home, "acme") == old
    assert not [path for path in home.folder.rglob(".re*")]


def test_files_in_params_that_are_as_in_the_archive_are_not_in_the_way(home, tmp_path):
    custody.export(home, "acme", tmp_path / "a.zip")
    before = content(home, "acme")
    custody.delete(home, "acme")
    custody.restore(home, tmp_path / "a.zip")
    assert content(home, "acme") == before


def test_a_plan_that_others_use_is_never_changed(home, tmp_path):
    custody.export(home, "acme", tmp_path / "a.zip")
    custody.delete(home, "acme", with_params=True)
    write(home.params / "plans/plain.yaml", "support: other\n")
    with pytest.raises(StoreError, match=r"plain\.yaml is not what it is in the archive"):
        custody.restore(home, tmp_path / "a.zip")
    assert content(home, "acme") == {} and not (home.store / "acme").exists()
    custody.restore(home, tmp_path / "a.zip", custody.Choices(keep_shared=True))
    assert (home.params / "plans/plain.yaml").read_bytes() == b"support: other\n"


def sent(home):
    with sqlite3.connect(home.store / "acme/mail/ledger.sqlite") as db:
        return [row for (row,) in db.execute("SELECT recipient FROM mail ORDER BY 1")]


def test_the_ledger_of_sent_mails_is_never_set_back_in_silence(home, tmp_path):
    custody.export(home, "acme", tmp_path / "a.zip")
    tell(home, "acme", "sent-since")
    with pytest.raises(StoreError, match="might be sent twice"):
        custody.restore(home, tmp_path / "a.zip", custody.Choices(replace=True))
    assert sent(home) == ["of-acme", "sent-since"]
    custody.restore(home, tmp_path / "a.zip", custody.Choices(replace=True, ledger="here"))
    assert sent(home) == ["of-acme", "sent-since"]
    custody.restore(home, tmp_path / "a.zip", custody.Choices(replace=True, ledger="archive"))
    assert sent(home) == ["of-acme"]


class Post:
    """Takes every mail on."""

    taken = True

    def deliver(self, message, sender, recipient, commit):
        if self.taken:
            commit()
        return Outcome("sent" if self.taken else "planned", "so")


class Away(Post):
    """Is not there."""

    taken = False


def mailed(home, way, month="2026-10"):
    """What becomes of a mail of the client's, and why."""
    message, name = letter("jo@acme.example", month=month)
    archive = home.out / "acme/mail" / month / "r1-x.eml"
    one = Outgoing(month, 1, "ada@team.example", "jo@acme.example", message, name, archive)
    (row,) = send(home.store, "acme", [one], way, "ada", NOW.to_pydatetime)
    return row.state, row.said


@pytest.fixture
def planned(tmp_path):
    """A home whose client has a mail that could not be sent yet, and its export."""
    home = Home(tmp_path / "home")
    write(home.params / "acme.yaml", "client: acme\n")
    assert mailed(home, Away()) == ("planned", "so")
    custody.export(home, "acme", tmp_path / "a.zip")
    return home


RESTORED = "it may have been sent: the ledger was restored from an export"


def test_what_was_planned_in_an_export_and_sent_since_is_not_sent_again_after_a_restore(planned, tmp_path):
    assert mailed(planned, Post())[0] == "sent"
    custody.restore(planned, tmp_path / "a.zip", custody.Choices(replace=True, ledger="archive"), by="bob")
    (row,) = Ledger(planned.store, "acme").rows()
    assert (row.state, row.said, row.by, row.attempts) == ("unknown", RESTORED, "bob", 1)
    last = Ledger(planned.store, "acme").log()[-1]
    assert (last.before, last.after, last.by, last.said) == ("planned", "unknown", "bob", RESTORED)
    assert last.at == row.ended_at and last.at.endswith(".000+00:00")
    assert mailed(planned, Post()) == ("unknown", RESTORED)


def test_a_person_may_still_have_it_sent(planned, tmp_path):
    custody.delete(planned, "acme")
    custody.restore(planned, tmp_path / "a.zip")
    assert mailed(planned, Post()) == ("unknown", RESTORED)
    Ledger(planned.store, "acme").resolve("2026-10", 1, "jo@acme.example", "not sent", "bob", "asked", NOW)
    assert mailed(planned, Post())[0] == "sent"


@pytest.mark.parametrize("ledger", ["", "here", "archive"])
def test_what_is_planned_stays_so_where_the_ledger_here_is_the_same(planned, tmp_path, ledger):
    custody.restore(planned, tmp_path / "a.zip", custody.Choices(replace=True, ledger=ledger))
    assert mailed(planned, Post())[0] == "sent"


def test_what_is_planned_is_so_in_the_home_that_the_client_was_moved_to(planned, other):
    custody.move(planned, "acme", other)
    assert mailed(other, Post())[0] == "sent"


@pytest.mark.parametrize(("ledger", "state"), [("here", "sent"), ("archive", "unknown")])
def test_a_mail_that_was_begun_and_sent_after_the_export_is_not_sent_again(planned, tmp_path, ledger, state):
    assert mailed(planned, Post(), "2026-11")[0] == "sent"
    custody.restore(planned, tmp_path / "a.zip", custody.Choices(replace=True, ledger=ledger))
    (note,) = (planned.out / "acme/mail/2026-11").iterdir()
    assert note.suffix == ".went" and stat.S_IMODE(note.stat().st_mode) == 0o600
    assert mailed(planned, Post(), "2026-11")[0] == state


def test_a_damaged_ledger_here_is_replaced_by_the_archives(planned, tmp_path):
    path = Ledger(planned.store, "acme").path
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(StoreError):
        custody.restore(planned, tmp_path / "a.zip", custody.Choices(replace=True))
    custody.restore(planned, tmp_path / "a.zip", custody.Choices(replace=True, ledger="archive"))
    assert [row.state for row in Ledger(planned.store, "acme").rows()] == ["unknown"]
    assert {one.name for one in (planned.store / "acme").iterdir()} >= {"mail"}
    assert not (planned.store / "acme/.ledger").exists()


def test_a_full_disk_leaves_what_was_there(home, tmp_path, monkeypatch):
    custody.export(home, "acme", tmp_path / "a.zip")
    before = content(home, "acme")

    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(migrations, "sync", full)
    with pytest.raises(StoreError, match="cannot be restored"):
        custody.restore(home, tmp_path / "a.zip", custody.Choices(replace=True))
    assert content(home, "acme") == before and not list(home.folder.rglob(".restoring*"))


def test_an_archive_larger_than_the_disk_is_refused_first(home, tmp_path, monkeypatch):
    custody.export(home, "acme", tmp_path / "a.zip")
    monkeypatch.setattr("opsreport.custody.placing._SPARE", 1 << 60)
    with pytest.raises(StoreError, match="are free"):
        custody.restore(home, tmp_path / "a.zip", custody.Choices(replace=True))


# Hostile archives.


def manifest(files, **said):
    records = [{"path": name, "sha256": hashlib.sha256(held).hexdigest(), "bytes": len(held)} for name, held in files]
    return {"format": "opsreport-client", "format_version": 1, "client": "acme", "store_version": 1,
            "published": [], "left_out": [], "files": records} | said  # fmt: skip


def packed(path, files, told=None, edit=lambda info: None):
    """A zip of the given members, by default with the manifest that fits them."""
    with zipfile.ZipFile(path, "w") as made:
        text = told if isinstance(told, bytes) else json.dumps(told or manifest(files)).encode()
        for name, held in [("manifest.json", text), *files]:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100600 << 16
            edit(info)
            made.writestr(info, held)
    return path


def one(name, told=None, **said):
    return lambda path: packed(path, [(name, b"x")], told or manifest([(name, b"x")], **said))


def changed(**record):
    told = manifest([("store/a", b"x")])
    told["files"][0] |= record
    return lambda path: packed(path, [("store/a", b"x")], told)


def as_link(info):
    if info.filename != "manifest.json":
        info.external_attr = 0o120777 << 16


def tarred(kind, linkname="", name="store/a", **about):
    def make(path):
        with tarfile.open(path, "w") as made:
            text = json.dumps(manifest([(name, b"")])).encode()
            info = tarfile.TarInfo("manifest.json")
            info.size = len(text)
            made.addfile(info, io.BytesIO(text))
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, linkname
            info.pax_headers = about
            made.addfile(info)

    return make


def bomb(path):
    zeros = bytes(70 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("manifest.json", json.dumps(manifest([("store/a", zeros)])))
        made.writestr("store/a", zeros)


def edited(old, new):
    """A good archive with some of its bytes changed."""

    def make(path):
        packed(path, [("store/a", b"x" * 40)])
        held = path.read_bytes()
        assert old in held
        path.write_bytes(held.replace(old, new))

    return make


def overlapping(path):
    """Two names in the directory for the same bytes."""
    packed(path, [("store/a", b"x" * 400), ("store/b", b"x" * 400)])
    with zipfile.ZipFile(path, "a") as made:
        made.infolist()[2].header_offset = made.infolist()[1].header_offset
        made.infolist()[1].compress_size = made.infolist()[2].compress_size = 10**6
        made._didModify = True


def without_manifest(path):
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("store/a", b"x")


def twice(path):
    with pytest.warns(UserWarning, match="Duplicate"):
        packed(path, [("store/a", b"x"), ("store/a", b"y")], manifest([("store/a", b"x")]))


HOSTILE = {
    "a path up": one("store/../../x"),
    "an absolute path": one("/tmp/x"),
    "a path up at once": one("../x"),
    "a drive": one("C:/x"),
    "a backslash": one("store\\..\\x"),
    "a control character": one("store/a\x1b[31m"),
    "a bidi override": one("store/a\u202egpj"),
    "an empty part": one("store//a"),
    "a dot part": one("store/./a"),
    "a name not composed": one("store/e\u0301"),
    "a NUL": edited(b"store/a", b"store/\0"),
    "a long name": one("store/" + "a" * 300),
    "a deep path": one("store/" + "a/" * 40 + "a"),
    "another client's file": one("params/acme-2.yaml"),
    "the team's file": one("params/opsreport.yaml"),
    "a notebook": one("notebooks/monthly_review.ipynb"),
    "a plan out of its place": one("shared/acme-2.yaml"),
    "a plan above": one("shared/../plans/plain.yaml"),
    "a made review": one("out/.made/2026-10~x/a"),
    "a migration": one("store/.migrating/.plan.json"),
    "a half migration": one("store/.migrating-part/a"),
    "a file of no part": one("x"),
    "a part alone": one("store"),
    "no manifest": without_manifest,
    "a manifest that is no JSON": one("store/a", b"{"),
    "a manifest that is a list": one("store/a", b"[]"),
    "a deep manifest": one("store/a", b"[" * 100_000),
    "a manifest of something else": one("store/a", format="zip"),
    "a newer format": one("store/a", format_version=2),
    "a format that is no number": one("store/a", format_version="1"),
    "a newer store": one("store/a", store_version=migrations.VERSION + 1),
    "a store of no version": one("store/a", store_version=True),
    "a store that says another version": one("store/a", store_version=0),
    "no client id": one("store/a", client="../acme"),
    "a client that is a list": one("store/a", client=["acme"]),
    "a review of no month": one("store/a", published=["../x"]),
    "a review twice": one("store/a", published=["2026-10", "2026-10"]),
    "reviews that are none": one("store/a", published="2026-10"),
    "no list of files": one("store/a", manifest([]) | {"files": 7}),
    "another hash": changed(sha256="0" * 64),
    "no hash": changed(sha256="x"),
    "a hash that is none": changed(sha256=None),
    "more bytes than said": changed(bytes=0),
    "fewer bytes than said": changed(bytes=2),
    "negative bytes": changed(bytes=-1),
    "a size that is none": changed(bytes=1.0),
    "too many bytes": changed(bytes=1 << 60),
    "a file that is not listed": lambda path: packed(
        path, [("store/a", b"x"), ("store/b", b"x")], manifest([("store/a", b"x")])
    ),
    "a file that is not there": lambda path: packed(path, [], manifest([("store/a", b"x")])),
    "a file twice": twice,
    "a file listed twice": lambda path: packed(path, [("store/a", b"x")], manifest([("store/a", b"x")] * 2)),
    "a file that is a folder too": lambda path: packed(path, [("store/a", b"x"), ("store/a/b", b"x")]),
    "a link": lambda path: packed(path, [("store/a", b"../../acme-2")], edit=as_link),
    "a folder": lambda path: packed(path, [("store/a/", b"")]),
    "a bomb": bomb,
    "members that overlap": overlapping,
    "an encrypted member": edited(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"),
    "an unknown packing": edited(
        b"\x14\x00\x00\x00\x00\x00\x00\x00\x21\x00", b"\x14\x00\x00\x00\x0e\x00\x00\x00\x21\x00"
    ),
    "flipped bytes": edited(b"x" * 40, b"y" * 40),
    "nothing": lambda path: path.write_bytes(b""),
    "only zeros": lambda path: path.write_bytes(bytes(10240)),
    "a text": lambda path: path.write_bytes(b"hello " * 500),
    "a packed tar": lambda path: path.write_bytes(b"\x1f\x8b\x08" + bytes(600)),
    "a tar's link": tarred(tarfile.SYMTYPE, "/etc/passwd"),
    "a tar's hard link": tarred(tarfile.LNKTYPE, "manifest.json"),
    "a tar's device": tarred(tarfile.CHRTYPE),
    "a tar's pipe": tarred(tarfile.FIFOTYPE),
    "a tar's folder": tarred(tarfile.DIRTYPE),
    "a tar's absolute path": tarred(tarfile.REGTYPE, name="/tmp/x"),
    "a tar's path up": tarred(tarfile.REGTYPE, name="store/../../x"),
    "a tar's sparse file": tarred(
        tarfile.REGTYPE,
        **{"GNU.sparse.map": "0,0", "GNU.sparse.size": "1099511627776", "GNU.sparse.realsize": "1099511627776"},
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_before_anything_is_written(home, tmp_path, kind):
    file = tmp_path / "a.zip"
    HOSTILE[kind](file)
    before = snapshot(tmp_path, but=(".custody",))
    for choices in (custody.Choices(), custody.Choices(replace=True, keep_shared=True, ledger="archive")):
        with pytest.raises(StoreError) as refused:
            custody.restore(home, file, choices)
        assert refused.value.hint and refused.value.message.isprintable() and len(str(refused.value)) < 1500
    assert snapshot(tmp_path, but=(".custody",)) == before
    assert not list((home.store / ".custody").iterdir())


def test_there_are_many_kinds_of_hostile_archives_and_a_good_one_of_the_same_make_is_taken(home, tmp_path):
    assert len(HOSTILE) >= 60
    custody.delete(home, "acme", with_params=True)
    custody.restore(home, packed(tmp_path / "a.zip", [("store/a", b"x")]))
    assert content(home, "acme") == {"store/a": b"x"}


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_an_archive_cut_short_or_with_any_byte_changed_is_refused_or_holds_the_same(tmp_path, suffix):
    home = Home(tmp_path / "home")
    write(home.params / "acme.yaml", "client: acme\n")
    write(home.store / "acme/a", b"held " * 30)
    file, bad = tmp_path / f"a.{suffix}", tmp_path / "bad"
    custody.export(home, "acme", file)
    held = file.read_bytes()
    with reading.opened(file) as archive:
        good = archive.files
    for place in range(0, len(held), max(1, len(held) // 500)):
        for made in (held[:place], held[:place] + bytes([held[place] ^ 0x55]) + held[place + 1 :]):
            bad.write_bytes(made)
            try:
                with reading.opened(bad) as archive:
                    assert archive.files == good
            except StoreError:
                pass


# Deletion.


def test_a_deletion_takes_one_client_and_touches_no_other_byte(home):
    others = snapshot(home.folder, but=("/acme/", "/acme", ".custody", "acme."))
    two = content(home, "acme-2")
    write(home.store / "acme/ours", b"x" * 10)
    (home.store / "acme/away").symlink_to(home.store / "acme-2")  # what a link names stays
    made = custody.delete(home, "acme", by="jo")
    assert content(home, "acme").keys() == {"params/acme.yaml", "params/acme.commentary/2026-10.md",
                                            "params/acme.decisions/move.md"}  # fmt: skip
    assert content(home, "acme-2") == two
    assert snapshot(home.folder, but=("/acme/", "/acme", ".custody", "acme.")) == others
    (line,) = [json.loads(line) for line in (home.store / ".custody/log.jsonl").read_text().splitlines()]
    assert (line["what"], line["client"], line["by"]) == ("delete", "acme", "jo") and line["at"]
    assert line["files"] == made.files == sum(part["files"] for part in line["parts"].values())
    assert "params" in line["parts"] and not (home.store / ".custody/acme.json").exists()


def test_with_its_params_go_its_logo_but_not_its_plan_its_secret_or_a_logo_that_another_uses(home):
    write(home.params / "acme-2.yaml", "client: acme-2\nbrand: {logo: logos/acme.svg}\n")
    made = custody.delete(home, "acme", with_params=True)
    assert content(home, "acme") == {}
    left = {Path(one.partition(":")[0]).name for one in made.left}
    assert left == {"plain.yaml", "acme.svg", "acme.token"} and (home.params / "secrets/acme.token").exists()
    write(home.params / "acme-2.yaml", PARAMS.format(name="acme-2"))
    custody.delete(home, "acme-2", with_params=True)
    assert not (home.params / "logos/acme-2.svg").exists()


def test_what_is_not_there_is_not_deleted(home):
    with pytest.raises(StoreError, match="nothing is kept of acme-3") as refused:
        custody.delete(home, "acme-3")
    assert refused.value.hint == "clients here: acme, acme-2"


def test_while_a_deletion_is_interrupted_its_store_is_neither_read_nor_written(home, tmp_path):
    write(home.store / ".custody/acme.json", "{}")
    store = Store(home.store, "acme")
    for ask in (lambda: store.read("incident"), store.coverage, lambda: collected(home, "acme", "x")):
        with pytest.raises(StoreError, match="restored or deleted"):
            ask()


# Moves.


def test_a_client_is_moved_whole(home, other):
    before = content(home, "acme")
    two = content(home, "acme-2")
    custody.move(home, "acme", other, by="jo")
    assert content(other, "acme") == before and content(home, "acme") == {}
    assert content(home, "acme-2") == two and content(other, "acme-2") == {}
    assert (other.params / "plans/plain.yaml").exists() and (other.params / "logos/acme.svg").exists()
    assert not list((other.store / ".custody").glob(".*"))


def test_a_client_is_not_moved_over_another_of_its_name_nor_onto_itself(home, other):
    fill(other, "acme", "someone-else")
    here, there = content(home, "acme"), content(other, "acme")
    with pytest.raises(StoreError, match="acme is there already"):
        custody.move(home, "acme", other)
    with pytest.raises(StoreError, match="already"):
        custody.move(home, "acme", Home(home.folder / "../home"))
    assert (content(home, "acme"), content(other, "acme")) == (here, there)


def test_two_moves_that_cross_do_not_wait_for_each_other(home, other):
    fill(other, "beta", "of-beta")
    child = os.fork()
    if not child:
        custody.move(other, "beta", home)
        os._exit(0)
    custody.move(home, "acme", other)
    assert os.waitpid(child, 0)[1] == 0
    assert custody.clients(home) == ["acme-2", "beta"] and custody.clients(other) == ["acme"]


# Kills, at each step that changes a file's name.

CHANGES = ("rename", "replace", "unlink", "rmdir", "mkdir", "symlink")


def killed_at(nth, act):
    """Do something in a process that is killed at its nth change; True when it came to its end before."""
    child = os.fork()
    if not child:
        done = [0]

        def counting(real):
            def change(*args, **kwargs):
                done[0] += 1
                if done[0] == nth:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return change

        for name in CHANGES:
            setattr(os, name, counting(getattr(os, name)))
        try:
            act()
        except OpsreportError:
            os._exit(9)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


def every_kill(tmp_path, act, check, fresh, least):
    for nth in range(1, 2000):
        place = tmp_path / str(nth)
        home = Home(place / "home")
        fresh(home)
        if killed_at(nth, lambda home=home: act(home)):
            assert nth > least  # that many places were tried
            return
        check(home)
    pytest.fail("it came to no end")


def small(home):
    """A client of few files, so that each of its steps can be tried, beside one more."""
    write(home.params / "acme.yaml", "client: acme\n")
    write(home.params / "acme.decisions/a.md", "a")
    for name in ("acme", "acme-2"):
        write(home.store / name / "cost/a", f"of {name}")
        write(home.out / name / ".made/2026-10~a/a.html", "page")
        (home.out / name / "2026-10").symlink_to(".made/2026-10~a", target_is_directory=True)


@pytest.fixture
def good(tmp_path):
    """What the small client holds, with its archive."""
    home = Home(tmp_path / "model")
    small(home)
    custody.export(home, "acme", tmp_path / "good.zip")
    return content(home, "acme"), tmp_path / "good.zip"


def test_an_export_killed_anywhere_leaves_no_half_archive_and_the_next_is_whole(tmp_path, good):
    def act(home):
        custody.export(home, "acme", home.folder.parent / "a.zip")

    def check(home):
        file = home.folder.parent / "a.zip"
        if file.exists():
            assert file.read_bytes() == good[1].read_bytes()
            file.unlink()
        act(home)
        assert file.read_bytes() == good[1].read_bytes() and content(home, "acme") == good[0]
        assert {path.name for path in home.folder.parent.iterdir()} == {"home", "a.zip"}
        assert list((home.store / ".custody").iterdir()) == []

    every_kill(tmp_path, act, check, small, least=4)


def test_an_export_killed_while_it_writes_leaves_a_part_that_the_next_writes_over(home, tmp_path, monkeypatch):
    child = os.fork()
    if not child:
        real = zipfile.ZipFile.open

        def kill(packed, info, *args, **kwargs):
            if getattr(info, "filename", "") == "store/coverage.parquet":
                os.kill(os.getpid(), signal.SIGKILL)
            return real(packed, info, *args, **kwargs)

        zipfile.ZipFile.open = kill
        custody.export(home, "acme", tmp_path / "a.zip")
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert {path.name for path in tmp_path.iterdir()} == {"home", ".a.zip.exporting"}
    assert stat.S_IMODE((tmp_path / ".a.zip.exporting").stat().st_mode) == 0o600
    custody.export(home, "acme", tmp_path / "a.zip")
    assert custody.verify(tmp_path / "a.zip").files == 15
    assert {path.name for path in tmp_path.iterdir()} == {"home", "a.zip"}


def clean(home, *more):
    """Nothing is left of a change but the log."""
    left = [path.name for root in (home.store, home.out, home.params) if root.is_dir() for path in root.iterdir()
            if path.name.startswith(".")]  # fmt: skip
    kept = {path.name for path in (home.store / ".custody").iterdir()}
    return left == [".custody"] and kept <= {"log.jsonl", *more}


def test_a_restore_killed_anywhere_is_all_or_nothing_and_is_finished_by_the_next(tmp_path, good):
    def fresh(home):
        small(home)
        custody.delete(home, "acme", with_params=True)

    def check(home):
        custody.versions(home)
        assert content(home, "acme") in ({}, good[0]) and clean(home)
        if not content(home, "acme"):
            custody.restore(home, good[1])
        assert content(home, "acme") == good[0] and len(content(home, "acme-2")) == 2

    every_kill(tmp_path, lambda home: custody.restore(home, good[1]), check, fresh, least=15)


def test_a_replacing_restore_killed_anywhere_keeps_the_old_whole_until_the_new_is(tmp_path, good):
    def fresh(home):
        small(home)
        write(home.store / "acme/cost/b", "newer")
        write(home.params / "acme.decisions/b.md", "newer")
        write(home.params / "acme.yaml", "client: acme # newer\n")

    def act(home):
        custody.restore(home, good[1], custody.Choices(replace=True))

    def whole(home):
        """The old is where it was, or aside, to its last byte; or the new is in its place."""
        held = {}
        for path in [*home.store.rglob("*"), *home.out.rglob("*"), *home.params.rglob("*")]:
            if path.is_file() and not {"acme-2", ".custody"} & set(path.parts):
                parts = [part for part in path.parts if not part.startswith((".repl", ".restoring", ".making"))]
                where = "new" if ".restoring-acme" in path.parts else "old" if ".repl" in str(path) else "here"
                held.setdefault(where, {})["/".join(parts[-2:])] = path.read_bytes()
        return held

    def check(home):
        held = whole(home)
        assert "cost/b" in str(held) or content(home, "acme") == good[0]
        custody.versions(home)
        assert clean(home)
        if content(home, "acme") != good[0]:
            assert content(home, "acme") == old
            act(home)
        assert content(home, "acme") == good[0] and len(content(home, "acme-2")) == 2

    model = Home(tmp_path / "old")
    fresh(model)
    old = content(model, "acme")
    every_kill(tmp_path, act, check, fresh, least=25)


def test_a_deletion_killed_anywhere_has_not_begun_or_is_finished_by_the_next(tmp_path, good):
    def check(home):
        begun = (home.store / ".custody/acme.json").exists()
        was_whole = content(home, "acme") == good[0]
        assert begun or was_whole or content(home, "acme") == {}
        custody.versions(home)
        assert clean(home) and content(home, "acme") == ({} if begun or not was_whole else good[0])
        assert len(content(home, "acme-2")) == 2
        if content(home, "acme"):
            custody.delete(home, "acme", with_params=True)
        lines = (home.store / ".custody/log.jsonl").read_text().splitlines()
        assert [json.loads(line)["client"] for line in lines] == ["acme"]

    every_kill(tmp_path, lambda home: custody.delete(home, "acme", with_params=True), check, small, least=12)


def test_a_move_killed_anywhere_loses_nothing_and_is_finished_by_running_it_again(tmp_path, good):
    def there(home):
        return Home(home.folder.parent / "there")

    def fresh(home):
        small(home)
        there(home).params.mkdir(parents=True)

    def act(home):
        custody.move(home, "acme", there(home))

    def check(home):
        assert (home.store / ".custody/acme.json").exists() or good[0] in (
            content(home, "acme"), content(there(home), "acme"),
        ) or (there(home).store / ".custody/acme.json").exists()  # fmt: skip
        custody.versions(home), custody.versions(there(home))
        assert good[0] in (content(home, "acme"), content(there(home), "acme"))
        if content(home, "acme"):
            act(home)
        assert content(home, "acme") == {} and content(there(home), "acme") == good[0]
        assert clean(home) and clean(there(home)) and len(content(home, "acme-2")) == 2

    every_kill(tmp_path, act, check, fresh, least=40)


def test_a_line_of_the_log_that_a_kill_cut_short_spoils_no_other(home):
    write(home.store / ".custody/log.jsonl", '{"what": "del')
    steps.log(home, {"what": "delete", "id": "1"})
    steps.log(home, {"what": "delete", "id": "1"})
    assert (home.store / ".custody/log.jsonl").read_text().splitlines()[1:] == ['{"what": "delete", "id": "1"}']


# Backups.


def kept(folder):
    return sorted(path.name for path in folder.iterdir())


def test_backups_are_dated_read_back_and_the_oldest_go(home, tmp_path):
    (tmp_path / "b").mkdir()
    for day in range(4):
        made = backup(home, ["acme", "acme-2"], tmp_path / "b", 2, NOW + pd.Timedelta(days=day))
        assert [one.why for one in made] == ["", ""]
    assert kept(tmp_path / "b") == [
        "acme-2-20261126T100000Z.zip", "acme-2-20261127T100000Z.zip",
        "acme-20261126T100000Z.zip", "acme-20261127T100000Z.zip",
    ]  # fmt: skip
    assert [path.name for path in made[0].removed] == ["acme-20261125T100000Z.zip"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b").iterdir()} == {0o600}


def test_a_backup_to_a_folder_that_is_not_there_is_refused_and_makes_none(home, tmp_path):
    with pytest.raises(StoreError, match="there is no folder"):
        backup(home, ["acme"], tmp_path / "b", 1, NOW)
    assert not (tmp_path / "b").exists()


def test_a_backup_that_fails_removes_none_and_stops_no_other(home, tmp_path):
    (tmp_path / "b").mkdir()
    backup(home, ["acme"], tmp_path / "b", 1, NOW)
    (home.store / "acme/x").symlink_to("/etc/passwd")
    one, two = backup(home, ["acme", "acme-2"], tmp_path / "b", 1, NOW + pd.Timedelta(days=1))
    assert "is a link" in one.why and two.why == ""
    assert kept(tmp_path / "b") == ["acme-2-20261125T100000Z.zip", "acme-20261124T100000Z.zip"]


def test_a_backup_that_does_not_read_back_removes_none(home, tmp_path, monkeypatch):
    (tmp_path / "b").mkdir()
    backup(home, ["acme"], tmp_path / "b", 1, NOW)

    def torn(home, client, file):
        made = custody.export(home, client, file)
        file.write_bytes(file.read_bytes()[:-200])
        return made

    monkeypatch.setattr("opsreport.custody.backup.export", torn)
    (one,) = backup(home, ["acme"], tmp_path / "b", 1, NOW + pd.Timedelta(days=1))
    assert "cannot be read" in one.why and (tmp_path / "b/acme-20261124T100000Z.zip").exists()


def test_with_a_clock_set_back_the_backup_just_made_still_stays(home, tmp_path):
    (tmp_path / "b").mkdir()
    backup(home, ["acme"], tmp_path / "b", 1, NOW)
    (one,) = backup(home, ["acme"], tmp_path / "b", 1, NOW - pd.Timedelta(days=9))
    assert kept(tmp_path / "b") == [one.file.name]


def test_others_files_in_the_folder_of_backups_stay_and_killed_parts_go(home, tmp_path):
    for name in ("acme-notes.zip", "mine.txt", ".mine.zip.exporting", "acme-20200101T000000Z.zip.old",
                 ".acme-20200101T000000Z.zip.exporting"):  # fmt: skip
        write(tmp_path / "b" / name, "x")
    backup(home, ["acme"], tmp_path / "b", 1, NOW)
    assert kept(tmp_path / "b") == [".mine.zip.exporting", "acme-20200101T000000Z.zip.old",
                                    "acme-20261124T100000Z.zip", "acme-notes.zip", "mine.txt"]  # fmt: skip


def test_to_keep_no_backup_is_refused(home, tmp_path):
    with pytest.raises(StoreError, match="keep none"):
        backup(home, ["acme"], tmp_path / "b", 0, NOW)


# Versions.


def upper(folder, part):
    """A step for the tests: names become upper case, and the old file goes."""
    for path in sorted((folder / "cost").glob("*.txt")):
        write(part / "cost" / f"{path.stem}.up", path.read_text().upper())
    return [f"cost/{path.name}" for path in (folder / "cost").glob("*.txt")]


def doubled(folder, part):
    """And another: each is written twice."""
    for path in sorted((folder / "cost").glob("*.up")):
        write(part / "cost" / path.name, path.read_text() * 2)
    return []


@pytest.fixture
def steps_to_two(monkeypatch):
    monkeypatch.setattr(migrations, "VERSION", 2)
    monkeypatch.setattr(migrations, "STEPS", {1: upper, 2: doubled})


def old_store(home):
    write(home.params / "acme.yaml", "client: acme\n")
    write(home.store / "acme/version", "0\n")
    for name in ("a", "b"):
        write(home.store / f"acme/cost/{name}.txt", name)


MIGRATED = {"store/cost/a.up": b"AA", "store/cost/b.up": b"BB", "store/version": b"2\n"}


def stored(home):
    return {name: held for name, held in content(home, "acme").items() if name.startswith("store/")}


def test_a_store_that_says_no_version_is_version_one_and_an_empty_one_is_todays(tmp_path, monkeypatch):
    assert migrations.version_of(tmp_path / "none") == migrations.VERSION
    write(tmp_path / "acme/coverage.parquet", "")
    assert migrations.version_of(tmp_path / "acme") == 1
    monkeypatch.setattr(migrations, "VERSION", 5)
    assert migrations.version_of(tmp_path / "acme") == 1 and migrations.version_of(tmp_path / "none") == 5


def test_an_old_store_is_migrated_step_by_step_when_it_is_read_or_asked_to(tmp_path, steps_to_two):
    home = Home(tmp_path)
    old_store(home)
    assert custody.migrate(home, "acme") == 2 and stored(home) == MIGRATED
    assert custody.migrate(home, "acme") == 0
    assert custody.versions(home) == {"acme": 2}
    old_store(home)
    Store(home.store, "acme").coverage()
    assert stored(home) == MIGRATED


def test_a_new_store_is_marked_when_first_written(home, steps_to_two):
    fill(home, "fresh", "x")
    assert (home.store / "fresh/version").read_text() == "2\n"


@pytest.mark.parametrize("ask", ["read", "coverage", "merge"])
def test_a_newer_store_is_refused_with_what_to_do(home, ask):
    write(home.store / "acme/version", f"{migrations.VERSION + 1}\n")
    before, store = content(home, "acme"), Store(home.store, "acme")
    asked = {"read": lambda: store.read("incident"), "coverage": store.coverage,
             "merge": lambda: collected(home, "acme", "x")}  # fmt: skip
    with pytest.raises(StoreError, match="was written by a newer opsreport") as refused:
        asked[ask]()
    assert refused.value.hint == "update opsreport on this machine" and content(home, "acme") == before


@pytest.mark.parametrize("said", ["", "x", "-1", "1.0", "99999999999999", "１"])
def test_a_version_that_is_no_number_is_refused(home, said):
    write(home.store / "acme/version", said)
    with pytest.raises(StoreError) as refused:
        Store(home.store, "acme").read("incident")
    assert "backup" in refused.value.hint


def test_a_store_too_old_for_any_step_is_refused_and_left_as_it_is(home):
    write(home.store / "acme/version", "0")
    before = content(home, "acme")
    with pytest.raises(StoreError, match="too old"):
        Store(home.store, "acme").read("incident")
    assert content(home, "acme") == before


def test_a_step_that_fails_leaves_the_store_as_it_was_before_it(tmp_path, monkeypatch, steps_to_two):
    def fails(folder, part):
        write(part / "cost/a.up", "half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(migrations.STEPS, 2, fails)
    home = Home(tmp_path)
    old_store(home)
    with pytest.raises(StoreError, match=r"to version 2: .*No space left"):
        custody.migrate(home, "acme")
    assert migrations.version_of(home.store / "acme") == 1
    monkeypatch.setitem(migrations.STEPS, 2, doubled)
    custody.migrate(home, "acme")
    assert stored(home) == MIGRATED


def test_a_migration_killed_anywhere_is_finished_by_the_next_and_no_step_is_taken_twice(tmp_path, steps_to_two):
    def check(home):
        Store(home.store, "acme").coverage()
        assert stored(home) == MIGRATED and not list((home.store / "acme").glob(".*"))

    every_kill(tmp_path, lambda home: Store(home.store, "acme").read("cost"), check, old_store, least=15)


def test_a_migration_leaves_what_was_approved_by_hard_links_as_it_was(tmp_path, steps_to_two):
    home = Home(tmp_path)
    old_store(home)
    write(home.store / "acme/cost/a.up", "held")
    write(home.store / "acme/version", "1")
    (home.store / "acme/approved").mkdir()
    os.link(home.store / "acme/cost/a.up", home.store / "acme/approved/a.up")
    custody.migrate(home, "acme")
    assert (home.store / "acme/approved/a.up").read_text() == "held"
    assert (home.store / "acme/cost/a.up").read_text() == "heldheld"


def test_an_old_archive_is_restored_as_todays_version(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    old_store(home)
    monkeypatch.setattr(migrations, "VERSION", 0)
    custody.export(home, "acme", tmp_path / "a.zip")
    monkeypatch.setattr(migrations, "VERSION", 2)
    monkeypatch.setattr(migrations, "STEPS", {1: upper, 2: doubled})
    custody.restore(home, tmp_path / "a.zip", custody.Choices(replace=True))
    assert stored(home) == MIGRATED

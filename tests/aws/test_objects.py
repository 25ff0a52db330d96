"""Files of S3 on disk: what two readings of one client do at once, and who may read them."""

import os
import stat
from pathlib import Path

import pandas as pd

from opsreport.sources._aws_objects import Objects
from tests.aws.conftest import NOW


def old(path: Path) -> Path:
    """A file that nobody has read for a month."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    then = (NOW - pd.Timedelta(days=30)).timestamp()
    os.utime(path, (then, then))
    return path


def test_what_another_reading_takes_away_meanwhile_is_no_failure(tmp_path, monkeypatch):
    kept, gone = (old(tmp_path / "objects" / name) for name in ("kept", ".writing-x"))
    (fresh := tmp_path / "objects" / "fresh").write_bytes(b"x")
    listed = list((tmp_path / "objects").iterdir())
    gone.unlink()
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(listed))
    Objects(tmp_path, NOW)
    assert not kept.exists() and fresh.exists()


def test_a_file_that_is_thrown_away_just_before_it_is_read_is_downloaded_again(tmp_path, monkeypatch):
    made = Objects(tmp_path, NOW)
    listed = {"Key": "a.csv", "ETag": "1", "Size": 1}
    monkeypatch.setattr(Objects, "_download", lambda *given: given[4].write_bytes(b"y"))
    path = made.get(None, "bucket", listed, lambda: None)
    monkeypatch.setattr(Path, "is_file", lambda _: True)  # it was there a moment ago
    path.unlink()
    assert made.get(None, "bucket", listed, lambda: None).read_bytes() == b"y"


def test_each_folder_is_for_its_owner_only(tmp_path):
    Objects(tmp_path / "acme" / "answers", NOW)
    for folder in ("acme", "acme/answers", "acme/answers/objects"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700

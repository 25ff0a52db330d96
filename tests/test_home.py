"""The home folder: one process at a time for a client, and files that are written whole."""

import threading
import time

import pytest

from opsreport.home import one_at_a_time, write_whole


def test_who_waited_for_a_folder_that_another_replaced_holds_the_new_one(tmp_path):
    folder, order = tmp_path / "acme", []

    def second():
        with one_at_a_time(folder):
            order.append("second")
            time.sleep(0.2)
            order.append("second is done")

    with one_at_a_time(folder):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.2)
        folder.rename(tmp_path / "gone")
        folder.mkdir()
    time.sleep(0.1)
    with one_at_a_time(folder):
        order.append("third")
    waiting.join()
    assert order == ["second", "second is done", "third"]


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "kept.json"
    write_whole(path, "first")
    assert path.read_text() == "first" and path.stat().st_mode & 0o077 == 0

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("opsreport.home.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"second")
    assert path.read_text() == "first" and [one.name for one in tmp_path.iterdir()] == ["kept.json"]

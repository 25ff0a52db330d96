"""The demo's backups tell the two stories, in the client's own months."""

from __future__ import annotations

import gzip

import pytest

from opsreport.demo import backups


def rows(client: str, name: str, seed: int = 7) -> list[list[str]]:
    content = backups.files(client, seed)[name]
    text = gzip.decompress(content).decode() if name.endswith(".gz") else content.decode()
    return [line.split(",") for line in text.splitlines()[1:]]


@pytest.mark.parametrize(("client", "folder"), [("demo-shop", "backup-jobs"), ("demo-clinic", "backup-report")])
def test_thirteen_small_files_whose_times_alone_are_the_seeds(client, folder):
    first, again, other = (backups.files(client, seed) for seed in (7, 7, 8))
    assert first == again and set(first) == set(other)
    assert {name for name in first if first[name] != other[name]} == {name for name in first if folder in name}
    assert sum(folder in name for name in first) == 13
    assert max(map(len, first.values())) < 50_000


def test_one_night_of_the_shops_volume_failed_in_october():
    failed = [row for row in rows("demo-shop", "backup-jobs/2026-10.csv.gz") if row[6] != "COMPLETED"]
    assert [(row[1], row[4]) for row in failed] == [("vol-0d41", "2026-10-17T06:00Z")]


def test_the_shops_new_search_cluster_is_to_be_backed_up_and_is_not():
    stores = rows("demo-shop", "data-stores.csv")
    listed = [row for row in stores if row[0] == "vol-0f3b"]
    assert len(listed) == 3 and listed[0][3] == "2026-10-12 06:00" and {row[4] for row in listed} == {"yes"}
    assert "vol-0f3b" not in {row[1] for row in rows("demo-shop", "backup-jobs/2026-10.csv.gz")}


def test_the_clinics_documents_have_no_record_on_three_nights():
    nights = [row[3][:10] for row in rows("demo-clinic", "backup-report/2026-10.csv.gz") if row[1] == "documents"]
    assert len(nights) == 28 and not {"2026-10-18", "2026-10-19", "2026-10-20"} & set(nights)


def test_half_hourly_backups_know_of_no_clock_change():
    october = rows("demo-clinic", "backup-report/2026-10.csv.gz")
    assert sum(row[1] == "records-db" for row in october) == 745 * 2

"""AWS's credential reports: words for nothing, users with no way in, keys never used, and a real account's."""

import base64
import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import iam_credential_report

OCTOBER = Period.month("2026-10", "Europe/Berlin")
COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "mfa_active",
    "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "cert_1_active",
)  # fmt: skip
NOTHING = dict.fromkeys(COLUMNS, "N/A") | {
    "password_enabled": "false", "mfa_active": "false", "access_key_1_active": "false", "access_key_2_active": "false",
    "cert_1_active": "false", "user_creation_time": "2026-01-05T09:00:00+00:00",
}  # fmt: skip


def at(text):
    return pd.Timestamp(text, tz="UTC")


def user(name, **given):
    arn = "arn:aws:iam::111122223333:" + ("root" if name == "<root_account>" else f"user/ops/{name}")
    return NOTHING | {"user": name, "arn": arn} | given


def written(*users, columns=COLUMNS):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(users)
    return text.getvalue()


def read(folder, path=".", **given):
    settings = sources.settings_of(
        iam_credential_report, {"path": path, **given}, frame="principal", folder=Path(folder), zone="Europe/Berlin"
    )
    return sources.read(iam_credential_report, settings, OCTOBER)


def of(folder, *users, name="report-2026-10-31.csv", **kind):
    (folder / name).write_text(written(*users, **kind))
    rows, coverage = read(folder)
    assert coverage.status != "unavailable", coverage.why
    return rows.set_index("display_name")


def test_a_password_makes_a_person_and_keys_alone_a_service(tmp_path):
    rows = of(
        tmp_path,
        user("maya", password_enabled="true", password_last_used="2026-10-20T08:00:00+00:00", mfa_active="true"),
        user("deploy", access_key_1_active="true", access_key_1_last_rotated="2026-03-05T10:00:00+00:00"),
    )
    assert rows["kind"].to_dict() == {"deploy": "service", "maya": "person"}
    assert rows["mfa_enabled"].to_dict() == {"deploy": False, "maya": True}
    assert rows.loc["maya", "principal"] == "111122223333/maya" and rows.loc["maya", "account"] == "111122223333"
    assert rows.loc["maya", "last_used_at"] == at("2026-10-20 08:00") and not rows.loc["maya", "has_key"]
    assert rows.loc["deploy", "key_created_at"] == at("2026-03-05 10:00")
    assert rows["is_privileged"].isna().all()  # the report holds no policies


def test_without_password_key_and_certificate_nobody_gets_in(tmp_path):
    rows = of(tmp_path, user("gone"), user("signer", cert_1_active="true"))
    assert rows["is_enabled"].to_dict() == {"gone": False, "signer": True}
    assert rows["kind"].to_dict() == {"gone": "unknown", "signer": "service"}


def test_roots_password_is_not_supported_which_is_not_disabled(tmp_path):
    root = user("<root_account>", password_enabled="not_supported", password_last_used="no_information")
    row = of(tmp_path, root).loc["root"]
    assert (row["kind"], row["principal"]) == ("root", "111122223333/root")
    assert row["is_enabled"] and row["is_privileged"] and row["never_used"] and not row["mfa_enabled"]


def test_a_root_without_any_credential_cannot_get_in(tmp_path):
    assert not of(tmp_path, user("<root_account>", password_enabled="FALSE")).loc["root", "is_enabled"]


def test_never_used_is_no_information_and_used_by_key_is_used(tmp_path):
    rows = of(
        tmp_path,
        user("idle", password_enabled="true", password_last_used="no_information"),
        user("coder", password_enabled="true", password_last_used="no_information", access_key_2_active="true",
             access_key_2_last_used_date="2026-10-01T00:00:00+00:00"),
    )  # fmt: skip
    assert rows["never_used"].to_dict() == {"coder": False, "idle": True}
    assert pd.isna(rows.loc["idle", "last_used_at"]) and rows.loc["coder", "last_used_at"] == at("2026-10-01")


def test_the_oldest_active_key_counts_and_an_inactive_one_does_not(tmp_path):
    two = {"access_key_1_last_rotated": "2026-01-01T00:00:00+00:00", "access_key_2_active": "true",
           "access_key_1_last_used_date": "2026-02-01T00:00:00+00:00",
           "access_key_2_last_rotated": "2026-06-01T00:00:00+00:00"}  # fmt: skip
    rows = of(tmp_path, user("both", access_key_1_active="true", **two), user("second", **two))
    assert rows["key_created_at"].to_dict() == {"both": at("2026-01-01"), "second": at("2026-06-01")}
    assert rows.loc["both", "key_last_used_at"] == at("2026-02-01") and pd.isna(rows.loc["second", "key_last_used_at"])
    assert rows["has_unused_key"].to_dict() == {"both": True, "second": True}  # the second key has no use


def test_a_report_without_the_columns_of_use_knows_of_none(tmp_path):
    old = tuple(name for name in COLUMNS if "last_used" not in name)
    row = of(tmp_path, user("maya", password_enabled="true", access_key_1_active="true"), columns=old).loc["maya"]
    assert pd.isna(row["never_used"]) and pd.isna(row["has_unused_key"]) and pd.isna(row["last_used_at"])


def test_listed_twice_alike_counts_once_and_unlike_is_said(tmp_path):
    one = user("maya", password_enabled="true")
    (tmp_path / "report-2026-10-31.csv").write_text(written(one, one))
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status) == (1, "ok")
    (tmp_path / "report-2026-10-31.csv").write_text(written(one, one | {"mfa_active": "true"}))
    rows, coverage = read(tmp_path)
    assert rows["mfa_enabled"].tolist() == [True] and coverage.status == "partial"
    assert coverage.why == "maya: listed twice, and not alike; the last row counts"


def test_the_same_user_in_two_reports_is_two_snapshots(tmp_path):
    for month in ("09-30", "10-31"):
        (tmp_path / f"report-2026-{month}.csv").write_text(written(user("maya", password_enabled="true")))
    rows, coverage = read(tmp_path)
    assert rows["observed_at"].tolist() == [at("2026-09-30 10:00"), at("2026-10-31 11:00")]  # noon in Berlin
    assert coverage.status == "ok"


@pytest.mark.parametrize(
    "name, when",
    [("20261031.csv", "2026-10-31 11:00"), ("acme_20261031T1730Z.csv", "2026-10-31 17:30"),
     ("2026-10-31T17:30Z-acme.csv", "2026-10-31 17:30")],
)  # fmt: skip
def test_a_files_name_tells_when_it_was_made(tmp_path, name, when):
    assert of(tmp_path, user("maya"), name=name)["observed_at"].tolist() == [at(when)]


@pytest.mark.parametrize("name", ["report.csv", "report-1234567890123.csv", "2026-02-30.csv"])
def test_a_time_that_is_not_told_is_not_guessed(tmp_path, name):
    (tmp_path / name).write_text(written(user("maya")))
    rows, coverage = read(tmp_path)
    assert coverage.status == "unavailable" and "give observed_at" in coverage.why and rows.empty
    rows, _ = read(tmp_path, observed_at="2026-10-31T18:00:00")
    assert rows["observed_at"].tolist() == [at("2026-10-31 17:00")]  # on the client's clock


def test_one_time_for_two_reports_is_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(written(user("maya")))
    assert "names 2 reports" in read(tmp_path, observed_at="2026-10-31T18:00:00")[1].why


def test_the_answer_of_the_command_line_tells_its_own_time(tmp_path):
    content = base64.b64encode(written(user("maya", password_enabled="true")).encode()).decode()
    answer = {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": "2026-10-30T19:11:50+00:00"}
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    rows, _ = read(tmp_path)
    assert rows["observed_at"].tolist() == [at("2026-10-30 19:11:50")] and rows["display_name"].tolist() == ["maya"]
    (tmp_path / "answer.json").write_text(json.dumps({"Content": "%"}))
    assert "no Content and GeneratedTime" in read(tmp_path)[1].why


@pytest.mark.parametrize(
    "text, said",
    [("user,arn\nmaya,x\n", "no credential report"), ("", "no credential report"),
     (written(user("maya", mfa_active="perhaps")), "row 1, mfa_active: 'perhaps'"),
     (written(user("maya", user_creation_time="long ago")), "row 1, user_creation_time"),
     (written(user("maya", arn="maya")), "names no account"),
     (written(user("maya")).rpartition(",")[0].rpartition(",")[0] + "\n", "row 1 has not as many fields")],
)  # fmt: skip
def test_a_broken_report_is_refused_by_its_place(tmp_path, text, said):
    (tmp_path / "2026-10-31.csv").write_text(text)
    rows, coverage = read(tmp_path)
    assert rows.empty and coverage.status == "unavailable" and said in coverage.why


def test_a_real_accounts_keys_that_were_never_used(shared_data):
    # What the file itself says; the project it comes from, whose list of users holds fewer, expects two of these.
    rows, coverage = read(
        shared_data / "access", "credential_report_test_iam_user_unused_keys.csv", observed_at="2016-11-25T20:27:00Z"
    )
    assert (len(rows), coverage.status) == (8, "ok")
    unused = set(rows.loc[rows["has_unused_key"].fillna(False), "display_name"])
    assert unused == {"Hazmat", "kapilt", "charmworld", "kaleb"}
    named = rows.set_index("display_name")
    assert named["kind"].value_counts().to_dict() == {"service": 6, "root": 1, "person": 1}
    assert named.loc["kaleb", "kind"] == "person" and named.loc["kaleb", "never_used"]
    assert named.loc["root", "last_used_at"] == at("2016-11-25 14:19:48") and not named.loc["root", "mfa_enabled"]
    assert named.loc["root", "key_created_at"] == at("2011-08-19 05:12:23")

"""Vulnerabilities of images as ECR's basic scanning tells of them."""

from collections.abc import Callable

import pandas as pd
import pytest

from opsreport import sources
from opsreport.coverage import close_unlisted
from opsreport.schemas import FRAMES
from opsreport.sources import aws_ecr
from opsreport.store import Store
from tests.aws.conftest import NOW, OCTOBER, account, at, settings


def instant(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def image(pushed: str, *tags: str, **more) -> dict:
    """An image whose digest is when it was pushed."""
    return {"imageDigest": f"sha256:{pushed}", "imageTags": list(tags or ("latest",)), "imagePushedAt": at(pushed),
            **more}  # fmt: skip


def found(name: str, package: str = "openssl", severity: str = "HIGH", **more) -> dict:
    return {"name": name, "severity": severity, "uri": f"https://cve.example/{name}",
            "attributes": [{"key": "package_version", "value": "1"}, {"key": "package_name", "value": package}],
            **more}  # fmt: skip


def scan(*findings: dict, status: str = "COMPLETE", ended: str = "", **more) -> dict:
    told = {"findings": list(findings), **({"imageScanCompletedAt": at(ended)} if ended else {}), **more}
    return {"imageScanStatus": {"status": status}, "imageScanFindings": told}


def paged(key: str, pages: dict[str, list[dict]]) -> Callable[[dict], dict]:
    """Answers by a word of the question, each with as many pages as it has."""

    def say(asked: dict) -> dict:
        word = asked[key]["imageDigest"].removeprefix("sha256:") if key == "imageId" else asked[key]
        number = int(asked.get("nextToken", "0"))
        more = {"nextToken": str(number + 1)} if number + 1 < len(pages[word]) else {}
        page = {name: [{**one, "repositoryName": word} for one in told] if name == "imageDetails" else told
                for name, told in pages[word][number].items()}  # fmt: skip
        return page | more | ({"imageId": asked["imageId"]} if key == "imageId" else {})

    return say


def account_with(aws, images: dict[str, list[dict]], scans: dict[str, list[dict]]) -> None:
    aws.answer("ecr:DescribeRepositories", {"repositories": [{"repositoryName": name} for name in images]})
    aws.script("ecr:DescribeImages", paged("repositoryName", {name: [{"imageDetails": told}] for name, told in
                                                              images.items()}))  # fmt: skip
    aws.script("ecr:DescribeImageScanFindings", paged("imageId", scans))


def read(given=None):
    rows, seen = sources.read(aws_ecr, given or settings(aws_ecr, "vulnerability"), OCTOBER)
    return rows.set_index("finding_id"), seen


def world(aws):
    """Of shop's three images the first has one weakness, the second two, the newest the second of them and a third."""
    aws.answer("ecr:DescribeRepositories", {"repositories": [{"repositoryName": "shop"}]},
               {"repositories": [{"repositoryName": "tools"}]})  # fmt: skip
    aws.script("ecr:DescribeImages", paged("repositoryName", {
        "shop": [{"imageDetails": [image("2026-10-20T09:00"), image("2026-09-01T09:00", "1.0")]},
                 {"imageDetails": [image("2026-10-01T09:00", "1.1")]}],
        "tools": [{"imageDetails": [image("2026-08-01T09:00")]}],
    }))  # fmt: skip
    aws.script("ecr:DescribeImageScanFindings", paged("imageId", {
        "2026-09-01T09:00": [scan(found("CVE-2026-1"), ended="2026-09-01T09:05")],
        "2026-10-01T09:00": [scan(found("CVE-2026-1"), found("CVE-2026-2", "zlib"))],
        "2026-10-20T09:00": [scan(found("CVE-2026-2", "zlib", "CRITICAL")), scan(found("CVE-2026-3", "zlib"))],
        "2026-08-01T09:00": [scan(found("ALAS-7", "curl", "INFORMATIONAL"))],
    }))  # fmt: skip
    return [settings(aws_ecr, "vulnerability", account(regions=["eu-west-1", "us-east-1"]))]


def test_a_finding_is_there_from_the_first_image_that_has_it_to_the_first_that_does_not(aws):
    rows, seen = read(world(aws)[0])
    first, second = rows.loc["shop/openssl/CVE-2026-1"], rows.loc["shop/zlib/CVE-2026-2"]
    assert (first["found_at"], first["fixed_at"]) == (instant("2026-09-01 09:00"), instant("2026-10-20 09:00"))
    assert second["found_at"] == instant("2026-10-01 09:00") and pd.isna(second["fixed_at"])
    assert second["severity"] == "critical"  # as the newest image tells
    assert (seen.status, seen.why, seen.observed_end) == ("ok", "", NOW)


def test_each_region_has_its_own_and_a_row_says_what_it_is(aws):
    rows, _ = read(world(aws)[0])
    names = ["shop/openssl/CVE-2026-1", "shop/zlib/CVE-2026-2", "shop/zlib/CVE-2026-3", "tools/curl/ALAS-7"]
    assert sorted(rows.index) == sorted([*names, *(name.replace("/", " (us-east-1)/", 1) for name in names)])
    row = rows.loc["shop (us-east-1)/zlib/CVE-2026-2"]
    assert row[["asset", "service", "cve", "title", "url"]].tolist() == [
        "shop (us-east-1)", "shop", "CVE-2026-2", "CVE-2026-2: zlib", "https://cve.example/CVE-2026-2"]  # fmt: skip
    other = rows.loc["tools/curl/ALAS-7"]
    assert other["severity"] == "low" and other[["cve", "fix_available", "epss", "kev_due_at"]].isna().all()


def test_what_comes_back_says_when_it_was_gone(aws):
    days = ["2026-10-01T09:00", "2026-10-02T09:00", "2026-10-03T09:00"]
    account_with(aws, {"shop": [image(day) for day in days]}, {
        days[0]: [scan(found("CVE-2026-1"))], days[1]: [scan()], days[2]: [scan(found("CVE-2026-1"))]})  # fmt: skip
    (row,) = read()[0].to_dict("records")
    assert [row[name] for name in ("found_at", "fixed_before_at", "reopened_at")] == [instant(day) for day in days]
    assert pd.isna(row["fixed_at"])


def test_of_each_day_the_first_image_is_read_and_of_all_the_newest(aws):
    days = ["2025-10-01T09:00", "2026-10-20T08:00", "2026-10-20T12:00", "2026-10-20T16:00"]
    account_with(aws, {"shop": [image(day) for day in days]}, {day: [scan(found("CVE-2026-1"))] for day in days})
    (row,) = read()[0].to_dict("records")
    asked = [one["imageId"]["imageDigest"] for one in aws.asked("ecr:DescribeImageScanFindings")]
    assert asked == ["sha256:2026-10-20T16:00", "sha256:2026-10-20T08:00"]  # the oldest is more than a year old
    assert row["found_at"] == instant("2026-10-20 08:00")


def test_only_images_count_and_only_those_with_a_tag_that_begins_as_the_file_says(aws):
    helm = "application/vnd.cncf.helm.config.v1+json"
    account_with(aws, {"shop": [
        image("2026-10-01T09:00", "release-1"), image("2026-10-02T09:00", "branch-7"),
        image("2026-10-03T09:00", "release-2", artifactMediaType=helm),
        image("2026-10-04T09:00", "release-3", subjectManifestDigest="sha256:1"),
        image("2026-10-05T09:00", f"sha256-{'a' * 64}.sig"),
    ], "empty": []}, {"2026-10-01T09:00": [scan(found("CVE-2026-1"))], "2026-10-02T09:00": [scan()]})  # fmt: skip
    rows, seen = read(settings(aws_ecr, "vulnerability", tags="release-"))
    assert rows["found_at"].tolist() == [instant("2026-10-01 09:00")] and seen.status == "ok"
    assert rows["fixed_at"].isna().all()
    rows, _ = read()
    assert rows["fixed_at"].tolist() == [instant("2026-10-02 09:00")]


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "IN_PROGRESS"])
def test_an_image_without_a_finished_scan_is_not_clean(aws, status):
    account_with(aws, {"shop": [image("2026-10-01T09:00"), image("2026-10-02T09:00")]}, {
        "2026-10-01T09:00": [scan(found("CVE-2026-1"))], "2026-10-02T09:00": [scan(status=status)]})  # fmt: skip
    rows, seen = read()
    assert rows["fixed_at"].isna().all() and len(rows) == 1 and seen.status == "partial"
    assert seen.why == (
        f"of 1 repositories, such as shop, the newest image has no finished scan ({status}), which is not clean")


def test_an_image_that_was_never_scanned_is_not_clean_either(aws):
    account_with(aws, {"shop": [image("2026-10-02T09:00")]}, {})
    aws.scripts.clear()
    aws.answer("ecr:DescribeRepositories", {"repositories": [{"repositoryName": "shop"}]})
    aws.answer("ecr:DescribeImages", {"imageDetails": [image("2026-10-02T09:00")]})
    rows, seen = read()  # moto knows no such image, as when it was deleted since it was listed
    assert rows.empty and seen.status == "partial" and "no finished scan (no answer)" in seen.why


def test_what_inspector_scans_is_left_to_it_and_said(aws):
    days = ["2026-10-01T09:00", "2026-10-02T09:00"]
    enhanced = {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"enhancedFindings": [
        {"title": "CVE-2026-1 - openssl", "severity": "HIGH"}]}}  # fmt: skip
    account_with(aws, {"shop": [image(day) for day in days]}, {day: [enhanced] for day in days})
    rows, seen = read()
    assert rows.empty and len(aws.asked("ecr:DescribeImageScanFindings")) == 1
    assert (seen.status, seen.why) == (
        "partial", "1 repositories, such as shop, are scanned by Inspector: ask aws_inspector")  # fmt: skip


def test_a_scan_of_which_a_page_is_missing_fixes_nothing(aws):
    given = world(aws)[0]
    scans = {"2026-09-01T09:00": [scan(found("CVE-2026-1"))], "2026-10-01T09:00": [scan(found("CVE-2026-2", "zlib"))],
             "2026-10-20T09:00": [scan(found("CVE-2026-2", "zlib")), scan(found("CVE-2026-1"))],
             "2026-08-01T09:00": [scan()]}  # fmt: skip
    aws.script("ecr:DescribeImageScanFindings", paged("imageId", scans))
    aws.fault("ecr:DescribeImageScanFindings", "denied", at=2, times=1)  # the newest image's second page
    rows, seen = read(given)
    assert rows.loc["shop/zlib/CVE-2026-2", "fixed_at"] is pd.NaT and seen.status == "partial"
    assert rows.loc["shop/openssl/CVE-2026-1", "fixed_at"] == instant("2026-10-01 09:00")


def test_an_image_that_was_scanned_again_later_is_noted(aws):
    account_with(aws, {"shop": [image("2026-10-01T09:00")]}, {
        "2026-10-01T09:00": [scan(found("CVE-2026-1"), ended="2026-10-28T09:00")]})  # fmt: skip
    rows, seen = read()
    assert rows["found_at"].tolist() == [instant("2026-10-01 09:00")]  # the same whenever it is scanned again
    assert (seen.status, seen.why) == ("ok", "1 images were scanned later than a day after they were pushed: what is "
                                             "in them may have been found later than is told")  # fmt: skip


def test_odd_values_are_missing_or_unknown_and_said(aws):
    odd = [found("CVE-2026-1", severity="UNDEFINED"), found("CVE-2026-1", severity="LOW"), {"severity": "HIGH"},
           {"name": "CVE-2026-2", "severity": "DREADFUL", "uri": "javascript:alert(1)"}]  # fmt: skip
    account_with(aws, {"shop": [image("2026-10-01T09:00")]}, {"2026-10-01T09:00": [scan(*odd)]})
    rows, seen = read()
    assert rows["severity"].to_dict() == {"shop/openssl/CVE-2026-1": "low", "shop//CVE-2026-2": "unknown"}
    assert rows.loc["shop//CVE-2026-2", "title"] == "CVE-2026-2" and pd.isna(rows.loc["shop//CVE-2026-2", "url"])
    assert (seen.status, seen.why) == (
        "partial", "severities that are not known: DREADFUL; 1 findings have no name, and are left out")  # fmt: skip


def test_an_empty_account_is_empty_and_whole(aws):
    account_with(aws, {}, {})
    rows, seen = read()
    assert rows.empty and (seen.status, seen.why) == ("ok", "")


def day_by_day(aws, tmp_path, *days: list[str], clean: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a repository on one day after the other, with these images, each with CVE-1 but the clean ones."""
    store = Store(tmp_path, "acme")
    for number, images in enumerate(days):
        now = NOW + pd.Timedelta(days=number)
        account_with(aws, {"shop": [image(one) for one in images]}, {
            one: [scan() if one in clean else scan(found("CVE-1"))] for one in images})  # fmt: skip
        store.merge(*sources.read(aws_ecr, settings(aws_ecr, run={"now": now}), OCTOBER), now)
    rows = store.read("vulnerability")
    close_unlisted(FRAMES["vulnerability"], rows, store.coverage())
    return rows


def test_what_is_gone_with_the_image_that_had_it_is_fixed_from_the_first_reading_without_it(aws, tmp_path):
    old, new = "2026-10-30T09:00", "2026-11-01T09:00"
    rows = day_by_day(aws, tmp_path / "1", [old], [new], [new], clean=(new,))
    assert rows["fixed_at"].tolist() == [NOW + pd.Timedelta(days=1)]
    rows = day_by_day(aws, tmp_path / "2", [old], [old], [])  # all images are deleted
    assert rows["fixed_at"].tolist() == [NOW + pd.Timedelta(days=2)]
    rows = day_by_day(aws, tmp_path / "3", [old], [old, new], [new], clean=(new,))
    assert rows["fixed_at"].tolist() == [instant(new)]  # read while the old image was there
    assert day_by_day(aws, tmp_path / "4", [old], [old])["fixed_at"].isna().all()


def test_found_at_stays_when_the_older_image_is_deleted(aws, tmp_path):
    old, new = "2026-10-30T09:00", "2026-11-01T09:00"
    rows = day_by_day(aws, tmp_path, [old, new], [new])
    assert rows["found_at"].tolist() == [instant(old)] and rows["fixed_at"].isna().all()

"""A review in a bucket of S3: private, opened by signed links, whole or not at all.

What moto does not check: the signature itself, and when a link runs out; what is asserted of these is what
stands in the link. It does refuse whoever asks without any signature, which is what is tried here.
"""

import json
import re
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pandas as pd
import pytest

from opsreport import publishing
from opsreport.errors import ReportError
from opsreport.home import Home
from opsreport.params.team import Publish
from tests.test_publishing import ROWS, behind, record, review

BUCKET, PREFIX = "reviews-of-ops", "pages"
#: What the server calls a put: it knows an operation by its address, and this one has the same and comes first.
PUT = "CopyObject"
WHERE = {"bucket": BUCKET, "prefix": PREFIX, "region": "eu-west-1"}


@pytest.fixture
def home(tmp_path):
    for name in ("params", "store", "out"):
        (tmp_path / "team" / name).mkdir(parents=True)
    made = Home(tmp_path / "team")
    review(made)
    return made


@pytest.fixture
def s3(aws, monkeypatch):
    """The bucket's owner, beside the tool."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHETESTS000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    owner = boto3.Session().client("s3", region_name="eu-west-1")
    owner.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    block = {name: True for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                                     "RestrictPublicBuckets")}  # fmt: skip
    owner.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
    aws.calls.clear()
    return owner


def put(home, now=None, **where):
    at = now if now is not None else pd.Timestamp.now("UTC")
    return publishing.publish(home, "acme", "2026-10", Publish.model_validate({"s3": {**WHERE, **where}}), at)


def held(s3):
    """Every key and its content."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def asked(aws, operation):
    return [call for call in aws.calls if call.operation == f"s3:{operation}"]


# What is put.


def test_the_signed_link_opens_the_page_and_its_rows_and_without_the_signature_nothing_does(home, s3):
    link = put(home)
    opened = httpx.get(link.address)
    assert opened.status_code == 200 and b"Spend was 1." in opened.content
    rows = [httpx.get(one) for one in behind(opened.content)]
    assert [one.content for one in rows] == list(ROWS.values())
    assert [one.headers["content-disposition"] for one in rows] == [
        'attachment; filename="cost.csv"', 'attachment; filename="incident-acme-shop-1a2b3c.csv"',
    ]  # fmt: skip
    for address in (link.address, *behind(opened.content)):
        assert httpx.get(address.partition("?")[0]).status_code == 403


def test_the_key_and_the_address_tell_nothing_of_the_client(home, s3):
    link = put(home)
    assert not [text for text in (link.address, *held(s3)) if re.search("acme|shop|2026-10", text)]
    assert set(held(s3)) == {f"pages/{link.token}/{name}" for name in record(home)["2026-10"]["files"]}
    assert f"/{PREFIX}/{link.token}/review.html?" in link.address


def test_each_object_is_encrypted_private_and_kept_by_no_cache(home, s3):
    link = put(home)
    page = s3.head_object(Bucket=BUCKET, Key=f"pages/{link.token}/review.html")
    assert page["ServerSideEncryption"] == "AES256" and page["CacheControl"] == "private, no-store"
    assert page["ContentType"] == "text/html; charset=utf-8"
    grants = s3.get_object_acl(Bucket=BUCKET, Key=f"pages/{link.token}/review.html")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"] and "ID" in grants[0]["Grantee"]


def test_a_bucket_with_its_own_key_keeps_its_own_rule(home, s3):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    link = put(home)
    assert s3.head_object(Bucket=BUCKET, Key=f"pages/{link.token}/review.html")["ServerSideEncryption"] == "aws:kms"


def test_the_page_is_put_after_its_rows(home, s3, aws):
    put(home)
    keys = [call.asked["Key"] for call in asked(aws, PUT)]
    assert len(keys) == 3 and keys[-1].endswith("/review.html")


def test_a_link_says_until_when_it_holds_and_is_signed_for_its_region(home, s3):
    before = pd.Timestamp.now("UTC").floor("s")
    link = put(home)
    query = parse_qs(urlsplit(link.address).query)
    assert query["X-Amz-Expires"] == ["604800"] and query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert "/eu-west-1/s3/aws4_request" in query["X-Amz-Credential"][0]
    assert pd.Timedelta(0) <= link.until - before - pd.Timedelta(days=7) < pd.Timedelta("1min")
    assert link.warnings == ()


def test_at_amazon_a_link_names_the_host_of_its_region(monkeypatch):
    from opsreport.publishing.s3 import Bucket

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHETESTS000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    hosts = {(region, bucket): Bucket(Publish.model_validate({"s3": {"bucket": bucket, "region": region}}).s3)
             ._signed("a/review.html").partition("?")[0]
             for region in ("eu-west-1", "us-east-1") for bucket in ("ours", "ou.rs")}  # fmt: skip
    assert hosts == {
        ("eu-west-1", "ours"): "https://ours.s3.eu-west-1.amazonaws.com/a/review.html",
        ("us-east-1", "ours"): "https://ours.s3.us-east-1.amazonaws.com/a/review.html",
        ("eu-west-1", "ou.rs"): "https://s3.eu-west-1.amazonaws.com/ou.rs/a/review.html",
        ("us-east-1", "ou.rs"): "https://s3.us-east-1.amazonaws.com/ou.rs/a/review.html",
    }


# The same again, corrections, renewals.


def test_the_same_review_again_gives_the_same_link_and_puts_nothing(home, s3, aws):
    first = put(home)
    aws.calls.clear()
    again = put(home, now=pd.Timestamp.now("UTC") + pd.Timedelta(days=3))
    assert again == first and asked(aws, PUT) == []


def test_a_link_with_less_than_half_of_its_time_is_renewed_and_its_key_stays(home, s3):
    first = put(home, expires="2h")
    told = record(home)
    told["2026-10"]["until"] = (first.until - pd.Timedelta(minutes=61)).isoformat()
    (home.store / "acme/published.json").write_text(json.dumps(told), "utf-8")
    second = put(home, expires="2h")
    assert second.token == first.token and second.until >= first.until
    assert httpx.get(second.address).status_code == httpx.get(first.address).status_code == 200


def test_a_corrected_review_is_opened_by_the_earlier_link_and_the_earlier_rows_are_gone(home, s3):
    first = put(home)
    review(home, text="Spend was 2.", rows={"cost.csv": b"service,cost\r\nshop,2\r\n"})
    second, objects = put(home), held(s3)
    assert second == first and b"Spend was 2." in httpx.get(first.address).content
    page = objects.pop(f"pages/{first.token}/review.html")
    assert list(objects.values()) == [b"service,cost\r\nshop,2\r\n"]
    assert httpx.get(behind(page)[0]).content == b"service,cost\r\nshop,2\r\n"


def test_a_page_that_somebody_removed_is_put_again_under_its_link(home, s3):
    first = put(home)
    s3.delete_object(Bucket=BUCKET, Key=f"pages/{first.token}/review.html")
    second = put(home)
    assert second.token == first.token and httpx.get(second.address).status_code == 200


def test_what_was_withdrawn_is_gone_and_no_list_of_the_bucket_is_needed(home, s3, aws):
    link = put(home)
    publishing.withdraw(home, "acme", "2026-10", Publish.model_validate({"s3": WHERE}))
    assert asked(aws, "ListObjectsV2") == [] and held(s3) == {} and httpx.get(link.address).status_code == 404


# Refusals and failures.


def test_a_bucket_that_is_not_there_is_named(home, s3):
    with pytest.raises(ReportError, match="s3://no-such-bucket/pages refused put_object: NoSuchBucket") as refused:
        put(home, bucket="no-such-bucket")
    assert "publish.s3.bucket" in refused.value.hint


def test_who_may_not_write_is_told_the_permission(home, s3, aws):
    aws.fault(f"s3:{PUT}", "denied", times=0)
    with pytest.raises(ReportError, match="AccessDenied") as refused:
        put(home)
    assert f"s3:PutObject on arn:aws:s3:::{BUCKET}/pages/*" in refused.value.hint and held(s3) == {}


def test_an_answer_that_fails_for_now_is_asked_again(home, s3, aws):
    aws.fault(f"s3:{PUT}", "broken", at=2, times=2)
    assert httpx.get(put(home).address).status_code == 200 and len(asked(aws, PUT)) == 5  # two of three again


def test_half_an_upload_leaves_the_earlier_page_with_its_rows_and_the_next_try_puts_all(home, s3, aws):
    link = put(home)
    before = held(s3)
    review(home, text="Spend was 2.", rows=ROWS | {"cost.csv": b"service,cost\r\nshop,2\r\n"})
    aws.fault(f"s3:{PUT}", "denied", at=len(asked(aws, PUT)) + 3, times=0)  # the page's
    with pytest.raises(ReportError, match="AccessDenied"):
        put(home)
    assert before.items() <= held(s3).items() and b"Spend was 1." in httpx.get(link.address).content
    assert record(home)["2026-10"]["content"] == ""
    aws.faults.clear()
    assert put(home) == link and b"Spend was 2." in httpx.get(link.address).content and len(held(s3)) == 3


def test_a_removal_that_s3_answers_with_an_error_inside_is_one(home, s3, aws):
    put(home)
    failed = {"Key": "pages/x", "Code": "AccessDenied", "Message": "no"}
    aws.script("s3:DeleteObjects", lambda asked: {"Errors": [failed]})
    with pytest.raises(ReportError, match="cannot be removed: AccessDenied") as refused:
        publishing.withdraw(home, "acme", "2026-10", Publish.model_validate({"s3": WHERE}))
    assert "s3:DeleteObject" in refused.value.hint and "2026-10" in record(home)


def test_a_page_that_opens_for_everyone_is_taken_away_again(home, s3):
    s3.delete_public_access_block(Bucket=BUCKET)
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everyone]}))
    with pytest.raises(ReportError, match="shows its pages to everyone"):
        put(home)
    assert held(s3) == {}


def test_a_bucket_that_does_not_block_public_access_is_told_of(home, s3):
    s3.delete_public_access_block(Bucket=BUCKET)
    assert "turn on BlockPublicAcls" in put(home).warnings[0]


def test_a_link_that_does_not_open_is_no_link(home, s3, monkeypatch):
    from opsreport.publishing.s3 import Bucket

    monkeypatch.setattr(Bucket, "_opens", lambda self, address: False)
    with pytest.raises(ReportError, match="its link does not open it") as refused:
        put(home)
    assert "s3:GetObject" in refused.value.hint


def test_without_credentials_what_to_write_is_told(home, s3, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ReportError, match="no credentials") as refused:
        put(home)
    assert "publish.s3.profile" in refused.value.hint
    with pytest.raises(ReportError, match=r"profile \(nobody\) could not be found"):
        put(home, profile="nobody")


def test_credentials_that_end_at_a_time_unknown_sign_no_link(home, s3, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-a-session")
    with pytest.raises(ReportError, match="do not say until when"):
        put(home)


def test_a_link_ends_with_the_session_that_signed_it(home, s3, tmp_path):
    ends = (pd.Timestamp.now("UTC") + pd.Timedelta(hours=12)).floor("s")
    answer = {"Version": 1, "AccessKeyId": "ASIAOFTHETESTS000000", "SecretAccessKey": "secret",
              "SessionToken": "of-a-session", "Expiration": ends.isoformat()}  # fmt: skip
    (tmp_path / "answer.json").write_text(json.dumps(answer), "utf-8")
    (tmp_path / "aws-config").write_text(f"[profile desk]\ncredential_process = cat {tmp_path}/answer.json\n", "utf-8")
    link = put(home, profile="desk")
    assert link.until == ends and "X-Amz-Security-Token" in link.address
    assert "sooner than publish.s3.expires" in link.warnings[0]

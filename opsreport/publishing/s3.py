"""A bucket of S3, which stays private: a page is opened by a signed link, and so are the rows that it names.

Amazon's documentation: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html. Permissions:
s3:PutObject, s3:GetObject and s3:DeleteObject below the prefix, for whoever puts a page also signs its links; and
s3:GetBucketPublicAccessBlock and s3:GetEncryptionConfiguration, which may be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pandas as pd
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from opsreport.errors import ReportError
from opsreport.params.team import PublishBucket
from opsreport.publishing.place import Put, Shown
from opsreport.publishing.review import PAGE, Review

_AT_ONCE = 8  # uploads
_WAIT = 30.0  # s
_MOST_REMOVED = 1000  # by one question
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
#: A link that holds this much less than was agreed is worth a word.
_SHORT = pd.Timedelta(hours=1)
_FAILURES = (BotoCoreError, ClientError)
_HINTS = {
    "NoSuchBucket": "make the bucket, or correct publish.s3.bucket in opsreport.yaml",
    "PermanentRedirect": "the bucket is in another region: correct publish.s3.region in opsreport.yaml",
    "AuthorizationHeaderMalformed": "the bucket is in another region: correct publish.s3.region in opsreport.yaml",
    "ExpiredToken": "log in again, or name a profile in publish.s3.profile",
    "InvalidAccessKeyId": "the key is no longer valid: give this machine another",
    "SlowDown": "wait a minute and publish again",
}


class Bucket:
    """The bucket that the team's file names."""

    def __init__(self, where: PublishBucket) -> None:
        self._where, self._prefix = where, where.prefix.strip("/")
        self.name = f"s3://{where.bucket}/{self._prefix}".rstrip("/")

    def holds(self, before: Shown, now: pd.Timestamp) -> bool:
        """Whether the link has more than half of its time left, and opens."""
        is_fresh = bool(before.until) and pd.Timestamp(before.until) - now > self._where.expires / 2
        return is_fresh and self._opens(before.address)

    def put(self, review: Review, before: Shown, now: pd.Timestamp) -> Put:
        """The rows first and the page last; then its link is tried, with its signature and without."""
        lives = self._session_ends()
        key = self._key(before.token, PAGE)
        fresh = self._signed(key)
        below = fresh.partition(f"/{PAGE}?")[0]
        names = review.names()
        _all_of(
            lambda name: self._put(self._key(before.token, names[name]), review.rows[name], "text/csv", name), names
        )
        page = review.page(below, lambda name: self._signed(self._key(before.token, name)).removeprefix(f"{below}/"))
        self._put(key, page, "text/html")
        if self.holds(before, now):
            address, until = before.address, pd.Timestamp(before.until)
        else:
            address, until = fresh, _until(fresh, lives)
        self._check(address, before.token, review.files())
        return Put(address, until.isoformat(), (*self._unblocked(), *self._short(until, now)))

    def remove(self, token: str, files: tuple[str, ...]) -> None:
        """Take files away; of a bucket with versions, the versions stay, which no link of ours opens."""
        keys = [{"Key": self._key(token, name)} for name in files]
        for at in range(0, len(keys), _MOST_REMOVED):
            some = {"Objects": keys[at : at + _MOST_REMOVED], "Quiet": True}
            told = self._ask("delete_objects", "s3:DeleteObject", Delete=some)
            for failed in told.get("Errors", []):
                raise ReportError(
                    f"{self.name}: {failed['Key']} cannot be removed: {failed.get('Code', '')}",
                    hint=self._hint(failed.get("Code", ""), "s3:DeleteObject"),
                )

    # Questions to S3.

    @cached_property
    def _session(self) -> boto3.Session:
        try:
            return boto3.Session(profile_name=self._where.profile or None, region_name=self._where.region)
        except BotoCoreError as error:
            raise ReportError(f"{self.name}: {error}", hint="correct publish.s3.profile in opsreport.yaml") from error

    @cached_property
    def _client(self) -> Any:
        # A name with a dot does not fit Amazon's certificate, as one of a host; a link names its region, for
        # one to the global address is sent on to another host, which is not the one that was signed.
        style = "path" if "." in self._where.bucket else "virtual"
        return self._session.client("s3", config=Config(
            retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=60,
            signature_version="s3v4", max_pool_connections=_AT_ONCE,
            s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
        ))  # fmt: skip

    def _ask(self, operation: str, permission: str, **asked: Any) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(Bucket=self._where.bucket, **asked)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise ReportError(f"{self.name} refused {operation}: {code}", self._hint(code, permission)) from error
        except BotoCoreError as error:
            hint = "check the network, and the credentials: aws sts get-caller-identity"
            raise ReportError(f"{self.name} cannot be asked: {error}", hint) from error

    def _hint(self, code: str, permission: str) -> str:
        if code in _HINTS:
            return _HINTS[code]
        path = f"{self._prefix}/*" if self._prefix else "*"
        return f"allow {permission} on arn:aws:s3:::{self._where.bucket}/{path}; see docs/publishing.md"

    def _key(self, token: str, name: str) -> str:
        return "/".join(part for part in (self._prefix, token, name) if part)

    def _put(self, key: str, content: bytes, kind: str, saved_as: str = "") -> None:
        saved = {"ContentDisposition": f'attachment; filename="{saved_as}"'} if saved_as else {}
        self._ask("put_object", "s3:PutObject", Key=key, Body=content, ContentType=f"{kind}; charset=utf-8",
                  CacheControl="private, no-store", **saved, **self._encryption)  # fmt: skip

    @cached_property
    def _encryption(self) -> dict[str, str]:
        """What asks for encryption: nothing where the bucket's own rule is stronger than what we would ask for."""
        try:
            told = self._client.get_bucket_encryption(Bucket=self._where.bucket)
        except _FAILURES:  # it may not be read, or there is none
            return {"ServerSideEncryption": "AES256"}
        rules = told["ServerSideEncryptionConfiguration"]["Rules"]
        kinds = {rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") for rule in rules}
        return {} if any(kind.startswith("aws:kms") for kind in kinds) else {"ServerSideEncryption": "AES256"}

    # Links.

    def _signed(self, key: str) -> str:
        try:
            return self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self._where.bucket, "Key": key},
                ExpiresIn=int(self._where.expires.total_seconds()),
            )  # fmt: skip
        except BotoCoreError as error:
            raise ReportError(f"{self.name}: no link can be signed: {error}", hint="check the credentials") from error

    def _session_ends(self) -> pd.Timestamp | None:
        """When the credentials end, and with them every link that they signed; None where they do not."""
        try:
            held = self._session.get_credentials()
            is_temporary = held is not None and bool(held.token)
        except _FAILURES as error:
            raise ReportError(f"{self.name}: there are no credentials: {error}", _HINTS["ExpiredToken"]) from error
        if held is None:
            raise ReportError(f"{self.name}: there are no credentials", hint="name a profile in publish.s3.profile")
        if not is_temporary:
            return None
        ends = getattr(held, "_expiry_time", None)  # botocore tells it nowhere else
        if ends is None:
            raise ReportError(
                f"{self.name}: the credentials are temporary and do not say until when, so nor would a link",
                hint="name a profile in publish.s3.profile, or use a key of a user that may only do this",
            )
        return pd.Timestamp(ends).tz_convert("UTC")

    def _check(self, address: str, token: str, files: tuple[str, ...]) -> None:
        """The link opens the page, and nothing else does."""
        if self._opens(urlsplit(address)._replace(query="").geturl()):
            self.remove(token, files)
            raise ReportError(
                f"{self.name} shows its pages to everyone, so this one was taken away again",
                hint="turn on all four settings of the bucket's public access block",
            )
        if not self._opens(address):
            raise ReportError(f"{self.name} took the page, and its link does not open it",
                              hint=self._hint("", "s3:GetObject"))  # fmt: skip

    def _opens(self, address: str) -> bool:
        """Whether S3 gives an address' first byte to somebody without credentials."""
        try:
            return httpx.get(address, headers={"Range": "bytes=0-0"}, timeout=_WAIT).status_code in (200, 206)
        except httpx.HTTPError as error:
            said = f"{self.name}: the link cannot be tried: {type(error).__name__}"
            raise ReportError(said, hint="check the network, then publish again") from error

    # What is worth a word.

    def _unblocked(self) -> tuple[str, ...]:
        try:
            told = self._client.get_public_access_block(Bucket=self._where.bucket)["PublicAccessBlockConfiguration"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchPublicAccessBlockConfiguration":
                return ()  # it may not be read
            told = {}
        except BotoCoreError:
            return ()
        off = [name for name in _BLOCKS if not told.get(name)]
        return (f"{self.name} does not block public access by itself: turn on {', '.join(off)}",) if off else ()

    def _short(self, until: pd.Timestamp, now: pd.Timestamp) -> tuple[str, ...]:
        if until - now >= min(self._where.expires / 2, self._where.expires - _SHORT):
            return ()
        return ("the link ends with the credentials that signed it, sooner than publish.s3.expires says: "
                "a user's key signs links for up to 7 days",)  # fmt: skip


def _all_of(put: Callable[[str], None], names: dict[str, str]) -> None:
    """Several at once; after the first that fails no more are begun."""
    with ThreadPoolExecutor(_AT_ONCE) as several:
        try:
            list(several.map(put, names))
        except BaseException:
            several.shutdown(wait=True, cancel_futures=True)
            raise


def _until(address: str, lives: pd.Timestamp | None) -> pd.Timestamp:
    """When a signed link stops to open."""
    told = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    signed = pd.to_datetime(told["X-Amz-Date"], format="%Y%m%dT%H%M%SZ", utc=True)
    until = signed + pd.Timedelta(seconds=int(told["X-Amz-Expires"]))
    return until if lives is None else min(until, lives)

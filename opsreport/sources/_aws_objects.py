"""Files of S3 on disk: each whole, and as it was listed; one that was read before is not asked for again.

They lie in the client's own part of the store, or in a temporary folder where nothing is kept. One that
nobody has read for a fortnight is thrown away: it can be had again.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
from botocore.exceptions import BotoCoreError, IncompleteReadError

from opsreport.home import make_private
from opsreport.sources._aws_account import ATTEMPTS

_CHUNK = 1 << 20  # bytes
_UNREAD = pd.Timedelta(days=14)


class Objects:
    """The files that one reading downloads.

    Parameters
    ----------
    answers : Path, optional
        Where answers are kept.
    now : Timestamp
        The clock.
    """

    def __init__(self, answers: Path | None, now: pd.Timestamp) -> None:
        self._now = now.timestamp()
        if answers is None:
            self._folder = Path(tempfile.mkdtemp(prefix="opsreport-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return
        self._folder = answers / "objects"
        make_private(answers.parent, answers, self._folder)
        for path in self._folder.iterdir():
            # Another reading of the client may be writing here, or throwing away.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < self._now - _UNREAD.total_seconds():
                    path.unlink()

    def get(self, client: Any, bucket: str, listed: dict[str, Any], going_on: Callable[[], None]) -> Path:
        """A file, whole.

        Parameters
        ----------
        client : S3 client
        listed : dict
            What s3:ListObjectsV2 said of it: Key, ETag, Size.
        going_on : callable
            Called between the pieces; raises to end it.

        Raises
        ------
        BotoCoreError, ClientError
            When it cannot be read to its end, or is no longer what was listed.
        """
        path = self._folder / _name_of(bucket, listed)
        if not self._has(path, listed["Size"]):
            going_on()
            self._download(client, bucket, listed, path, going_on)
            os.utime(path, (self._now, self._now))
        return path

    def _has(self, path: Path, size: int) -> bool:
        """Whether the whole file is there, which is noted as read first, so that nobody throws it away."""
        try:
            os.utime(path, (self._now, self._now))
            return path.stat().st_size == size
        except FileNotFoundError:
            return False

    def _download(
        self, client: Any, bucket: str, listed: dict[str, Any], path: Path, going_on: Callable[[], None]
    ) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".writing-")
        os.close(handle)
        try:
            for attempt in range(1, ATTEMPTS + 1):
                # botocore tries the request again, but not the reading of what it answers.
                answer = client.get_object(Bucket=bucket, Key=listed["Key"], IfMatch=listed["ETag"])
                try:
                    _write(answer["Body"], Path(name), listed["Size"], going_on)
                    break
                except BotoCoreError:
                    if attempt == ATTEMPTS:
                        raise
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)


def _write(body: Any, path: Path, size: int, going_on: Callable[[], None]) -> None:
    with path.open("wb") as out:
        for piece in body.iter_chunks(_CHUNK):
            out.write(piece)
            going_on()
        if out.tell() != size:
            raise IncompleteReadError(actual_bytes=out.tell(), expected_bytes=size)


def _name_of(bucket: str, listed: dict[str, Any]) -> str:
    """The same for the same content; it ends as the key does, which tells a reader the format."""
    known = hashlib.sha256("\n".join((bucket, listed["Key"], listed["ETag"])).encode()).hexdigest()
    return known[:32] + "".join(PurePosixPath(listed["Key"]).suffixes[-2:])

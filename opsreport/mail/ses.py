"""Sending by Amazon SES, version 2: one request a mail, never repeated by itself.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. It needs ses:SendEmail or
ses:SendRawEmail. SES puts a Message-ID of its own in the place of ours
(https://docs.aws.amazon.com/ses/latest/dg/header-fields.html), made of the id that it answers: a
correction must refer to that one.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from opsreport.mail.transport import Outcome, check_address, check_message, plain
from opsreport.params.mail import Mail

_CONNECT, _READ = 10, 60  # seconds
#: Codes by which SES refuses this mail; all others below 500 are about our account, its rights or its pace.
_REFUSALS = {"MessageRejected", "BadRequestException"}
#: What MessageRejected says as well where it is our sender, or an account still in the sandbox, that is at fault.
_OURS = ("not verified", "not have authority to send")
_REQUEST_TIMEOUT = 408  # may be said by what stands between, of a request that went on


class SesTransport:
    """One account's SES in one region.

    Parameters
    ----------
    mail : Mail
        The team's settings, of which `ses` is given.
    """

    def __init__(self, mail: Mail) -> None:
        self._ses, self._client, self._commit = mail.ses, None, None

    def deliver(self, message: bytes, sender: str, recipient: str, commit: Callable[[], None]) -> Outcome:
        """Send one mail, as `Transport.deliver` says; `commit` is called once the request is signed.

        Raises
        ------
        MailError
            When the message or an address could not be written safely.
        """
        asked = {
            "FromEmailAddress": check_address(sender),
            "Destination": {"ToAddresses": [check_address(recipient)]},
            "Content": {"Raw": {"Data": check_message(message)}},
        }
        if self._ses.configuration_set:
            asked["ConfigurationSetName"] = self._ses.configuration_set
        self._commit = _Once(commit)
        try:
            return self._sent(self._opened().send_email(**asked))
        except ClientError as error:
            return _refused(error)
        except (BotoCoreError, ResponseParserError) as error:
            said = plain(str(error))
            if not self._commit.called or _never_left(error):
                return Outcome("planned", said, ours=True)
            return Outcome("unknown", f"the request was sent, and no answer was understood: {said}")
        finally:
            # A connection that waits for the next mail may be closed by then, and one would not know when.
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._client:
            self._client.close()

    def _opened(self) -> Any:
        if not self._client:
            session = boto3.Session(profile_name=self._ses.profile or None, region_name=self._ses.region)
            # boto3's default of five attempts has submitted one mail three times to a slow server.
            once = Config(retries={"total_max_attempts": 1}, connect_timeout=_CONNECT, read_timeout=_READ)
            self._client = session.client("sesv2", config=once)
            self._client.meta.events.register("before-send.sesv2.SendEmail", self._before)
        return self._client

    def _before(self, **_: Any) -> None:
        """The last moment before anything is written; an answer here would stand for the server's."""
        self._commit()

    def _sent(self, answer: dict[str, Any]) -> Outcome:
        number = answer.get("MessageId")
        if not number:
            return Outcome("unknown", "something answered that it was well, and gave no MessageId as SES does")
        region = self._ses.region
        domain = "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
        return Outcome("sent", plain(f"MessageId {number}"), arrives_as=plain(f"<{number}@{domain}>"))


class _Once:
    """A function that may be called once: a second request would be a second mail."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function, self.called = function, False

    def __call__(self) -> None:
        if self.called:
            raise RuntimeError("a mail was about to be sent twice")
        self.called = True
        self._function()


def _refused(error: ClientError) -> Outcome:
    """An answer that is an error: of the mail, of our account, or of a server that may have gone on."""
    code, text = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = plain(f"{status} {code}: {text}")
    if not 400 <= status < 500 or status == _REQUEST_TIMEOUT:
        return Outcome("unknown", said)
    if code in _REFUSALS and not any(one in text for one in _OURS):
        return Outcome("refused", said)
    return Outcome("planned", said, ours=True)


def _never_left(error: Exception) -> bool:
    """Whether a request failed before a byte of it was written.

    A connection that broke is not among them: botocore does not say whether that was before or after.
    """
    if isinstance(error, SSLError):
        return any(isinstance(one, ssl.SSLCertVerificationError) for one in _causes(error))
    return isinstance(error, (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)) and not isinstance(
        error, HTTPClientError
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            inner = (getattr(one, "kwargs", None) or {}).get("error")
            waiting += [one.__cause__, one.__context__, inner, *one.args]

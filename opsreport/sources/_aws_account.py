"""One AWS account opened for one client: a session of its own, and proof that it is that account's.

AWS's documentation: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html.
The default session and its credentials are never used. Where a role is given alone, the machine's own
identity is used for one thing only, to assume it.
"""

from __future__ import annotations

import json
import threading
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidRegionError,
)
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

from opsreport import credentials
from opsreport.errors import SourceError
from opsreport.params.aws import AwsAccount

#: Tries of a request that AWS throttles, fails or cuts short; botocore waits between them with jitter,
#: and as long as x-amz-retry-after says.
ATTEMPTS = 5
_CONNECT, _READ = 5, 30  # seconds
_CUT = "RequestTimeout"  # a code that botocore tries again
_DENIED = ("AccessDenied", "UnauthorizedOperation", "NotAuthorized", "SubscriptionRequired")
#: What asking AWS may raise.
FAILURES = (BotoCoreError, ClientError, ResponseParserError)
_QUOTING = ("Signature", "Validation", "InvalidSignature", "IncompleteSignature")
_EXPIRED = ("ExpiredToken", "RequestExpired", "TokenRefreshRequired", "InvalidClientTokenId", "UnrecognizedClient")


class Account:
    """The clients of one account, which know the account they are of."""

    def __init__(self, session: boto3.Session, account: AwsAccount) -> None:
        self.account = account
        self._session, self._lock, self._made = session, threading.Lock(), {}
        self._checked = False

    def client(self, service: str, region: str) -> Any:
        """A boto3 client, made once and shared by threads.

        Raises
        ------
        SourceError
            When the credentials are of another account, or of none.
        """
        with self._lock:
            self._check()
            return self._client(service, region)

    def verify(self) -> None:
        """Make sure that the credentials are of this account.

        Raises
        ------
        SourceError
        """
        with self._lock:
            self._check()

    def _client(self, service: str, region: str) -> Any:
        key = (service, region)
        if key not in self._made:
            self._made[key] = _client(self._session._session, service, region_name=region)
        return self._made[key]

    def _check(self) -> None:
        """Whose credentials these are, asked once before anything is read."""
        if not self._checked:
            try:
                found = self._client("sts", self.account.regions[0]).get_caller_identity()["Account"]
            except FAILURES as error:
                raise SourceError(f"AWS account {self.account.account} cannot be opened: {said(error)}",
                                  hint=self._mend(error)) from error  # fmt: skip
            if found != self.account.account:
                raise SourceError(
                    f"the credentials are of AWS account {found}, and the client's file says {self.account.account}",
                    hint="correct account, or the profile or role; nothing was read",
                )
            self._checked = True


    def _mend(self, error: Exception) -> str:
        if not (is_denied(error) and self.account.role_arn):
            return hint_of(error, "sts:GetCallerIdentity")
        who = f"profile {self.account.profile}" if self.account.profile else "what the keys or the machine are"
        asks = ", with the external_id of the client's file," if self.account.external_id else ""
        return (f"{who} must be allowed sts:AssumeRole on {self.account.role_arn}, and that role's trust policy must "
                f"allow it{asks} in return")  # fmt: skip


def opened(account: AwsAccount, client: str, folder: Path) -> Account:
    """The account as one client's file describes it; one session a client, never shared.

    Raises
    ------
    ParamsError, SourceError
        When a secret is not where the file says, or the profile does not exist.
    """
    with _LOCK:
        return _opened(account.model_dump_json(), client, folder)


_LOCK = threading.Lock()


@lru_cache(maxsize=256)
def _opened(account_json: str, client: str, folder: Path) -> Account:
    account = AwsAccount.model_validate_json(account_json)
    try:
        base = _base(account, folder)
        session = _assumed(base, account, client, folder) if account.role_arn else base
    except BotoCoreError as error:
        log_in = f"check the profile, or log in: aws sso login --profile {account.profile}"
        raise SourceError(f"AWS account {account.account} cannot be opened: {error}",
                          hint=log_in if account.profile else "check the keys") from error  # fmt: skip
    return Account(session, account)


def _base(account: AwsAccount, folder: Path) -> boto3.Session:
    region = account.regions[0]
    if account.access_key_id:
        secrets = {"aws_access_key_id": account.access_key_id, "aws_secret_access_key": account.secret_access_key,
                   "aws_session_token": account.session_token}  # fmt: skip
        known = {name: credentials.reveal(reference, folder) for name, reference in secrets.items() if reference}
        return boto3.Session(region_name=region, botocore_session=_own(), **known)
    if account.profile:
        return boto3.Session(profile_name=account.profile, region_name=region)
    return boto3.Session(region_name=region)  # the machine's own, to assume the role


def _assumed(base: boto3.Session, account: AwsAccount, client: str, folder: Path) -> boto3.Session:
    """A session of the role, whose credentials renew themselves."""
    source = base.get_credentials()
    if source is None:
        raise SourceError(f"there are no credentials to assume {account.role_arn} with",
                          hint="give a profile or keys, or run where the machine has an identity")  # fmt: skip
    extra = {"RoleSessionName": f"opsreport-{client}"[:64]}
    if account.external_id:
        is_kept = account.external_id.startswith(credentials.KINDS)
        extra["ExternalId"] = (
            credentials.reveal(account.external_id, folder, lambda name: _managed(base, name))
            if is_kept else account.external_id
        )  # fmt: skip
    fetcher = AssumeRoleCredentialFetcher(
        partial(_client, base._session), source, account.role_arn, extra_args=extra, cache={}
    )
    session = _own()
    session._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    return boto3.Session(botocore_session=session, region_name=account.regions[0])


def _own() -> botocore.session.Session:
    """A session that does not look for the machine's AWS_PROFILE."""
    return botocore.session.Session(session_vars={"profile": (None, None, None, None)})


def _client(session: botocore.session.Session, service: str, **given: Any) -> Any:
    """A client that waits only so long, tries again, and does not take half an answer for a whole one."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS}, connect_timeout=_CONNECT, read_timeout=_READ,
        user_agent_extra="opsreport",
    )  # fmt: skip
    made = session.create_client(service, config=config, **given)
    made.meta.events.register("before-parse", _not_cut_short)
    made.meta.events.register("after-call", _refuse_cut_short)
    return made


def _managed(base: boto3.Session, name: str) -> str:
    """A secret of Secrets Manager, or one key of a JSON secret, by what is to assume the role."""
    name, _, key = name.partition("#")
    try:
        text = base.client("secretsmanager").get_secret_value(SecretId=name).get("SecretString", "")
        return str(json.loads(text)[key]) if key else text
    except (BotoCoreError, ClientError) as error:
        raise SourceError(f"aws-sm:{name} cannot be read: {said(error)}",
                          hint=hint_of(error, "secretsmanager:GetSecretValue")) from error  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"aws-sm:{name} is no JSON with the key {key!r}", hint="check the secret's keys") from error


def _not_cut_short(operation_model: OperationModel, response_dict: dict[str, Any], **_: Any) -> None:
    """Make an answer that ends before it is over a failure that is tried again.

    botocore reads such a JSON document, and an empty one, as an answer that holds nothing.
    """
    body, shape = response_dict["body"], operation_model.output_shape
    if response_dict["status_code"] >= 300 or shape is None or not isinstance(body, bytes):
        return
    is_json = "json" in operation_model.service_model.resolved_protocol
    try:
        json.loads(body) if is_json else body and ElementTree.fromstring(body)
    except (ValueError, ElementTree.ParseError):
        response_dict["status_code"] = 500
        response_dict["body"] = (
            json.dumps({"__type": _CUT}) if is_json else f"<Response><Error><Code>{_CUT}</Code></Error></Response>"
        ).encode()


def _refuse_cut_short(parsed: dict[str, Any], **_: Any) -> None:
    # By its HTTP status it was an answer, so botocore alone would hand it on.
    if parsed.get("Error", {}).get("Code") == _CUT and parsed["ResponseMetadata"].get("HTTPStatusCode", 500) >= 500:
        raise HTTPClientError(error="the answer was cut short")


def said(error: Exception) -> str:
    """What AWS or botocore said, in one line and without what a request carried."""
    if isinstance(error, ClientError):
        code, message = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
        # Of these AWS tells the request, which carries the session's token or what a role asks for.
        first = "" if code.startswith(_QUOTING) else (message.splitlines() or [""])[0][:300]
        return f"{code or 'an error'}: {first}".strip(": ")
    if isinstance(error, ResponseParserError):
        return "the answer cannot be read"  # botocore's own words hold all of it, and it may hold a secret
    return " ".join(str(error).split())[:300]


def is_denied(error: Exception) -> bool:
    """Whether AWS answered that this may not be asked."""
    return code_of(error).startswith(_DENIED)


def code_of(error: Exception) -> str:
    """AWS's own word for an error; empty where it is none of AWS's."""
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""


def hint_of(error: Exception, action: str) -> str:
    """What to do about an error of AWS."""
    code = code_of(error)
    if is_denied(error):
        return f"the role needs {action}"
    if code.startswith(_EXPIRED) or "xpired" in str(error):
        return "the credentials have run out or are wrong: log in again, or renew the keys"
    if isinstance(error, (EndpointConnectionError, InvalidRegionError)):
        return "check the regions in the client's file, and the network"
    return "try again later; what was collected before is kept"

"""An AWS account of a client: whose credentials read it, and which account they must turn out to be of."""

from __future__ import annotations

import difflib
import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from opsreport.params.fields import Reference, Strict

_KINDS = ("env", "keyring", "file", "aws-sm")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+")


def _number(written: str) -> str:
    if not re.fullmatch(r"\d{12}", written):
        raise ValueError("is no AWS account; write its twelve digits in quotes")
    return written


def _region(written: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", written):
        raise ValueError("is no AWS region; write it like eu-central-1")
    return written


class AwsAccount(Strict):
    """One account, and the credentials that read it; a secret stands here only as a reference to where it is kept."""

    account: Annotated[str, AfterValidator(_number)] = Field(
        description="the account's number; nothing of another is ever read"
    )
    regions: list[Annotated[str, AfterValidator(_region)]] = Field(
        min_length=1, description="those that the client uses; names in others than the first carry theirs"
    )
    profile: str = Field(default="", description="a profile of AWS's configuration files")
    role_arn: str = Field(default="", description="the role to assume, with the profile, the keys or the machine's own")
    external_id: str = Field(
        default="", description="what the role asks for: text, or a reference, like aws-sm:clients#acme"
    )
    access_key_id: Reference = Field(default="", description="a reference, like env:ACME_KEY_ID")
    secret_access_key: Reference = Field(default="", description="a reference, like keyring:aws/acme or file:acme.key")
    session_token: Reference = Field(default="", description="a reference; of keys that last a while only")

    @model_validator(mode="after")
    def _can_be_opened(self) -> AwsAccount:
        if bool(self.access_key_id) != bool(self.secret_access_key):
            raise ValueError("access_key_id and secret_access_key belong together")
        if self.profile and self.access_key_id:
            raise ValueError("give a profile or keys, not both")
        if not (self.profile or self.access_key_id or self.role_arn):
            raise ValueError("give a profile, a role_arn or keys: the default credentials are never used for a client")
        kind = self.external_id.partition(":")[0]
        if kind != self.external_id and kind not in _KINDS and (near := difflib.get_close_matches(kind, _KINDS, n=1)):
            raise ValueError(f"external_id begins with {kind}: where {near[0]}: refers to a secret")
        role = _ROLE.fullmatch(self.role_arn)
        if self.role_arn and not role:
            raise ValueError("role_arn is not a role, like arn:aws:iam::123456789012:role/opsreport")
        if role and role[1] != self.account:
            raise ValueError(f"role_arn is of account {role[1]}, and this is account {self.account}")
        return self

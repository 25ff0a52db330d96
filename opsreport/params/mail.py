"""How reviews reach people: who receives them, what is agreed of that, and the server that mail goes through."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from opsreport.params.fields import Duration, Email, FrameName, Reference, Strict

_PORTS = {"starttls": 587, "implicit": 465}
_DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"


class Recipient(Strict):
    """Who receives the review."""

    name: str
    email: Email


class MailRules(Strict):
    """What is agreed of the mail that brings the review."""

    domains: list[str] = Field(default=[], description="that its recipients' addresses are of; nothing goes elsewhere")
    reply_to: Recipient | None = Field(default=None, description="who answers this client, if not the team's person")
    charts: list[str] = Field(default=[], max_length=4, description="ids of the charts to show, like cost.monthly")
    required: list[FrameName] = Field(
        default=[], description="frames that must be whole before it is sent; empty for all with a source"
    )
    attach: list[Literal["pdf", "csv"]] = Field(default=[], description="beside the link to the page")

    @field_validator("domains")
    @classmethod
    def _are_domains(cls, written: list[str]) -> list[str]:
        if wrong := [one for one in written if not re.fullmatch(_DOMAIN, one)]:
            raise ValueError(f"{wrong[0]!r} is not a domain; write it in ASCII and small letters, like example.com")
        return written


class Smtp(Strict):
    """A mail server; its certificate is always verified."""

    host: str = Field(min_length=1)
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(default=None, description="587, or 465 for implicit")
    security: Literal["starttls", "implicit"] = "starttls"
    user: str = ""
    password: Reference = Field(default="", description="where it is kept: env:NAME, keyring:service/name or file:path")
    oauth2_token: Reference = Field(default="", description="where an access token for XOAUTH2 is kept")
    authorities: str = Field(default="", description="PEM file of a private authority, relative to this file")
    timeout: Duration = Field(default="60s", validate_default=True, description="the longest wait for one answer")

    @model_validator(mode="after")
    def _one_way_in(self) -> Smtp:
        if self.password and self.oauth2_token:
            raise ValueError("give password or oauth2_token")
        if bool(self.user) != bool(self.password or self.oauth2_token):
            raise ValueError("give user and password or oauth2_token, or none of them")
        return self

    @property
    def listens_on(self) -> int:
        """The port that is written, or the usual one of its security."""
        return self.port or _PORTS[self.security]


class Ses(Strict):
    """Amazon SES, version 2, in an account of our own; it needs ses:SendRawEmail or ses:SendEmail."""

    region: str = Field(min_length=1)
    profile: str = ""
    configuration_set: str = ""


class Mail(Strict):
    """How reviews are sent."""

    sender: Recipient = Field(description="whom mail comes from")
    reply_to: Recipient = Field(description="a person, who reads what clients answer")
    operator: Recipient = Field(description="who is told of what did not run")
    smtp: Smtp | None = None
    ses: Ses | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Mail:
        if (self.smtp is None) == (self.ses is None):
            raise ValueError("give smtp or ses")
        return self

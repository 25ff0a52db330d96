"""Whether policies of IAM let somebody change everything, or who may; unknown where they do not tell it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html

- **Yes**: something is allowed on all resources by which any permission can be given: every action, every
  action of IAM, or one of `_POWERS`, such as iam:AttachUserPolicy. That it asks for MFA first changes nothing.
- **No**: every policy was read, and none allows any of that or any of `_WAYS`; or one denies every action.
- **Unknown**: a policy was not read; it is allowed on some resources only, or on a condition; or another
  identity may be taken on (sts:AssumeRole, iam:PassRole, assignments of IAM Identity Center), which is not
  followed; or a permissions boundary may take away what a policy gives.

Not weighed are other denials, the organization's own policies, and what a resource's policy gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

#: Policies of AWS whose content needs not be asked for.
KNOWN = {
    "arn:aws:iam::aws:policy/AdministratorAccess": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
}

#: Actions that end in a credential of one's own are no power over others.
_CREDENTIALS = ("iam:createaccesskey", "iam:createloginprofile", "iam:updateloginprofile")
_POWERS = (
    "iam:attachuserpolicy", "iam:attachgrouppolicy", "iam:attachrolepolicy", "iam:putuserpolicy",
    "iam:putgrouppolicy", "iam:putrolepolicy", "iam:createpolicyversion", "iam:setdefaultpolicyversion",
    "iam:addusertogroup", "iam:updateassumerolepolicy", *_CREDENTIALS,
)  # fmt: skip
_WAYS = (
    "sts:assumerole", "iam:passrole", "identitystore:creategroupmembership", "sso:createaccountassignment",
    "sso:attachmanagedpolicytopermissionset", "sso:putinlinepolicytopermissionset",
    "sso:attachcustomermanagedpolicyreferencetopermissionset",
)  # fmt: skip
#: Whose resources these act on; a statement about another service's resources gives none of it.
_SERVICES = ("iam", "sso", "identitystore")
_MFA = {"aws:multifactorauthpresent", "aws:multifactorauthage"}
_OWN_NAME = "${aws:username}"


def privileged(documents: Iterable[Any], is_bounded: bool = False) -> bool | None:
    """Whether whoever holds these policies may change everything, or who may.

    Parameters
    ----------
    documents : iterable
        Policy documents, as JSON or read; None for one that could not be read.
    is_bounded : bool
        Whether a permissions boundary limits them.

    Returns
    -------
    bool or None
        None where they do not tell it.

    Examples
    --------
    >>> privileged(['{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'])
    True
    >>> privileged([{"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}])
    False
    >>> privileged([None]) is None
    True
    """
    read = [_statements(document) for document in documents]
    statements = [one for several in read for one in several or []]
    if any(_denies_all(one) for one in statements):
        return False
    gives = [_gives(one) for one in statements]
    if True in gives:
        return None if is_bounded else True
    return None if None in gives or None in read else False


def _statements(document: Any) -> list[dict[str, Any]] | None:
    try:
        held = json.loads(document) if isinstance(document, str) else document
        made = held["Statement"]
    except (ValueError, TypeError, KeyError):
        return None
    made = [made] if isinstance(made, dict) else made
    return made if isinstance(made, list) and all(isinstance(one, dict) for one in made) else None


def _gives(statement: dict[str, Any]) -> bool | None:
    """True for power over everything, None where it may be, False where it is not."""
    if statement.get("Effect") != "Allow":
        return False
    resources = _listed(statement, "Resource")
    if resources and not any(_reaches(one) for one in resources):
        return False
    powers = [action for action in _POWERS if _covers(statement, action)]
    if powers and "*" in resources and _is_free(statement):
        return True
    if resources and all(_OWN_NAME in one for one in resources):
        powers = [action for action in powers if action not in _CREDENTIALS]
    return None if powers or any(_covers(statement, action) for action in _WAYS) else False


def _covers(statement: dict[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(fnmatchcase(action, one.lower()) for one in _listed(statement, "NotAction"))
    return any(fnmatchcase(action, one.lower()) for one in _listed(statement, "Action"))


def _reaches(resource: str) -> bool:
    parts = resource.split(":")
    return len(parts) < 3 or any(fnmatchcase(service, parts[2]) for service in _SERVICES)


def _is_free(statement: dict[str, Any]) -> bool:
    """Whether it holds without a condition, or with no other than that a second factor was asked for."""
    tests = (statement.get("Condition") or {}).values()
    return all(key.lower() in _MFA for test in tests for key in test)


def _denies_all(statement: dict[str, Any]) -> bool:
    is_denied = statement.get("Effect") == "Deny" and not statement.get("Condition")
    return is_denied and "*" in _listed(statement, "Action") and "*" in _listed(statement, "Resource")


def _listed(statement: dict[str, Any], name: str) -> list[str]:
    held = statement.get(name) or []
    return [held] if isinstance(held, str) else list(held)

"""The least that AWS must allow: made from the operations that the sources declare.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
names the action behind each operation. Most have their operation's name; the others stand here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_SERVICES = {"elbv2": "elasticloadbalancing", "sso-admin": "sso"}
_ACTIONS = {"s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject"}


def action(operation: str) -> str:
    """The IAM action that an operation needs.

    Examples
    --------
    >>> action("elbv2:DescribeLoadBalancers"), action("s3:ListObjectsV2")
    ('elasticloadbalancing:DescribeLoadBalancers', 's3:ListBucket')
    """
    service, _, name = operation.partition(":")
    return _ACTIONS.get(operation, f"{_SERVICES.get(service, service)}:{name}")


def policy(operations: Iterable[str]) -> dict[str, Any]:
    """A policy that allows just these operations, as IAM takes it.

    Examples
    --------
    >>> policy(["logs:DescribeLogGroups"])["Statement"][0]["Action"]
    ['logs:DescribeLogGroups']
    """
    actions = sorted({action(one) for one in operations})
    # GetCallerIdentity needs no permission.
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "OpsreportReads", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    }

"""The least that AWS must allow: made from the operations that the sources declare.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
names the action behind each operation. Most have their operation's name; the others stand here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_SERVICES = {"elbv2": "elasticloadbalancing", "sso-admin": "sso"}
_ACTIONS = {"s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject"}
#: Where no bucket is known yet.
BUCKET = "BUCKET"


def action(operation: str) -> str:
    """The IAM action that an operation needs.

    Examples
    --------
    >>> action("elbv2:DescribeLoadBalancers"), action("s3:ListObjectsV2"), action("budgets:DescribeBudgets")
    ('elasticloadbalancing:DescribeLoadBalancers', 's3:ListBucket', 'budgets:ViewBudget')
    """
    service, _, name = operation.partition(":")
    if service == "budgets":
        return "budgets:ViewBudget"
    return _ACTIONS.get(operation, f"{_SERVICES.get(service, service)}:{name}")


def policy(operations: Iterable[str], buckets: Iterable[str] = (BUCKET,)) -> dict[str, Any]:
    """A policy that allows just these operations, as IAM takes it; of S3 only these buckets.

    Examples
    --------
    >>> for one in policy(["logs:DescribeLogGroups", "s3:GetObject"], ["acme-bills"])["Statement"]:
    ...     print(one["Action"], one["Resource"])
    ['logs:DescribeLogGroups'] *
    ['s3:GetObject'] ['arn:aws:s3:::acme-bills/*']
    """
    actions, named = sorted({action(one) for one in operations}), sorted(set(buckets))
    resources = {
        "": ("*", [one for one in actions if not one.startswith("s3:")]),
        "Lists": ([f"arn:aws:s3:::{name}" for name in named], [one for one in actions if one == "s3:ListBucket"]),
        "Files": ([f"arn:aws:s3:::{name}/*" for name in named], [one for one in actions if one == "s3:GetObject"]),
    }
    # GetCallerIdentity needs no permission.
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": f"OpsreportReads{name}", "Effect": "Allow", "Action": held, "Resource": resource}
                      for name, (resource, held) in resources.items() if held],
    }  # fmt: skip

"""What AWS takes for being asked, where it takes anything."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

#: What a page of answers costs. https://aws.amazon.com/aws-cost-management/pricing/ (a request that is
#: paginated costs once a page) and https://aws.amazon.com/cloudwatch/pricing/ (a metric asked for).
_PRICES = {"ce": Decimal("0.01")}
_METRIC = Decimal("0.00001")


def price_of(operations: tuple[str, ...]) -> str:
    """What asking costs, in words.

    Examples
    --------
    >>> price_of(("ce:GetCostAndUsage",)), price_of(("logs:DescribeLogGroups",))
    ('0.01 USD a page', 'free')
    """
    if any(operation.startswith("ce:") for operation in operations):
        return f"{_PRICES['ce']} USD a page"
    return f"{_METRIC * 1000:.2f} USD for 1,000 metrics" if "cloudwatch:GetMetricData" in operations else "free"


def price(operation: str, asked: dict[str, Any]) -> Decimal:
    """What one page of an answer costs. [USD]"""
    if operation == "cloudwatch:GetMetricData":
        return _METRIC * len(asked["MetricDataQueries"])
    return _PRICES.get(operation.partition(":")[0], Decimal(0))

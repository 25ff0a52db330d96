"""Log groups of CloudWatch Logs: how long each keeps what is written to it, and how much it holds.

Documentation: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html.
Permission: logs:DescribeLogGroups. AWS tells what is set now, and forgets what was set before: collect
daily. A log group without retentionInDays keeps its logs for ever: retention_days is missing. storedBytes
is an estimate that AWS brings up to date about once a day; how much came in is told by the bill.
"""

from __future__ import annotations

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("log_group",)
OPERATIONS = ("logs:DescribeLogGroups",)
KEEPS = {"log_group": _aws.ONLY_NOW}

Settings = _aws.AwsSettings


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """Every log group of each region, as it is now."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        aws.ask("logs:DescribeLogGroups", region)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a log group; its service is its name, which the client's file maps."""
    rows = [{
        "log_group": _aws.within(pages, answer.region, group["logGroupName"]), "service": group["logGroupName"],
        "observed_at": pages.extra["now"], "retention_days": group.get("retentionInDays"),
        "stored_bytes": group.get("storedBytes"),
    } for answer, group in _aws.each(pages.items, "logs:DescribeLogGroups", "logGroups")]  # fmt: skip
    return {"log_group": _aws.rows_of("log_group", rows)}


observed = _aws.told(KEEPS)

"""How AWS's things are called in frames."""

from __future__ import annotations

from opsreport.sources import Pages


def within(pages: Pages, region: str, name: str) -> str:
    """A name that may stand once in each region of each account: told apart where these are not the first ones."""
    apart = [] if region == pages.extra["home"] else [region]
    apart += [] if pages.extra["is_first"] else [pages.extra["account"]]
    return f"{name} ({', '.join(apart)})" if apart else name


def resource(pages: Pages, region: str, arn: str) -> str:
    """What an ARN names, without the account: ``volume/vol-0d41``, ``db:shop``."""
    return within(pages, region, arn.split(":", 5)[-1])

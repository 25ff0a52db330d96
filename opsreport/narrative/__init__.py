"""The sentences that carry numbers, one file a section; every number in them is a fact."""

from opsreport.narrative import cost, delivery, incidents, summary, timeline, uptime

__all__ = ["cost", "delivery", "incidents", "summary", "timeline", "uptime"]

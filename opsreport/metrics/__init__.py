"""Pure functions, one file for each section of the review: a frame in, numbers out."""

from opsreport.metrics import cost, delivery, incidents, timeline, uptime

__all__ = ["cost", "delivery", "incidents", "timeline", "uptime"]

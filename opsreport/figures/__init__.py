"""Charts: a metric's frame in, a chart out. One file a section, named as its metrics."""

from opsreport.figures.base import chart

from opsreport.figures import cost, delivery, incidents, timeline, uptime  # isort: skip # they build on chart

__all__ = ["chart", "cost", "delivery", "incidents", "timeline", "uptime"]

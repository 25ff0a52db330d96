"""Monthly operations reviews: cost, uptime, incidents and deployments of many clients.

>>> import opsreport
>>> month = opsreport.load("demo-shop", "2026-10")  # doctest: +SKIP
>>> month.incident  # doctest: +SKIP
"""

from opsreport.month import Month, load

__all__ = ["Month", "load"]
__version__ = "0.1.0"

"""Tables and the scorecard: formatted by the schema's units, always escaped, every number a fact."""

from opsreport.tables.marks import badge, spark
from opsreport.tables.scorecard import others, rows_behind, scorecard
from opsreport.tables.table import table

__all__ = ["badge", "others", "rows_behind", "scorecard", "spark", "table"]

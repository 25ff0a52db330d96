"""Every frame: columns, dtype, unit, meaning and key. One file a domain.

`FRAMES` maps each frame's name to its definition; nothing else defines a column.
"""

from opsreport.schemas import cost, delivery, incidents, scorecard, timeline, uptime
from opsreport.schemas.cost import COST
from opsreport.schemas.delivery import CHANGE, DEPLOYMENT
from opsreport.schemas.frame import DECIMAL, FLAG, INSTANT, SQL_TYPES, TEXT, Column, Frame, Measure
from opsreport.schemas.incidents import INCIDENT
from opsreport.schemas.uptime import MONITOR_STATE

FRAMES: dict[str, Frame] = {frame.name: frame for frame in (COST, MONITOR_STATE, INCIDENT, DEPLOYMENT, CHANGE)}

#: Every column of a metric's result; a name means the same in every section.
MEASURES: dict[str, Measure] = {}
for _domain in (scorecard, cost, uptime, incidents, delivery, timeline):
    for _name, _measure in _domain.RESULTS.items():
        if MEASURES.setdefault(_name, _measure) != _measure:
            raise TypeError(f"{_name} is defined twice, and not the same")

__all__ = [
    "DECIMAL", "FLAG", "FRAMES", "INSTANT", "MEASURES", "SQL_TYPES", "TEXT", "Column", "Frame", "Measure",
]  # fmt: skip

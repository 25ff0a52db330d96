"""Every frame: columns, dtype, unit, meaning and key. One file a domain.

`FRAMES` maps each frame's name to its definition; nothing else defines a column.
"""

from opsreport.schemas import (
    access,
    assets,
    backups,
    cost,
    delivery,
    incidents,
    monitoring,
    patches,
    performance,
    pipeline,
    review,
    scorecard,
    spending,
    support,
    timeline,
    uptime,
)
from opsreport.schemas.frame import DECIMAL, FLAG, INSTANT, SQL_TYPES, TEXT, Column, Frame, Measure

FRAMES: dict[str, Frame] = {
    frame.name: frame
    for frame in (
        cost.COST,
        spending.BUDGET,
        spending.COMMITMENT,
        spending.LOG_GROUP,
        spending.RECOMMENDATION,
        uptime.MONITOR_STATE,
        incidents.INCIDENT,
        delivery.DEPLOYMENT,
        delivery.CHANGE,
        pipeline.PIPELINE_RUN,
        assets.ASSET,
        backups.BACKUP,
        backups.RESTORE_TEST,
        patches.PATCH_STATE,
        patches.VULNERABILITY,
        access.PRINCIPAL,
        performance.REQUEST_LOAD,
        performance.WEB_VITAL,
        monitoring.ALERT,
        monitoring.ALARM_RULE,
        support.TICKET,
        support.WORK,
    )
}

#: The frame whose rows stand behind a section's figures, where a figure does not name its own.
SECTIONS: dict[str, str] = {
    "cost": "cost", "spending": "recommendation", "uptime": "monitor_state", "incidents": "incident",
    "delivery": "deployment", "pipeline": "pipeline_run", "backups": "backup", "patches": "vulnerability",
    "access": "principal", "performance": "request_load", "monitoring": "alert", "support": "ticket", "work": "work",
}  # fmt: skip

#: Every column of a metric's result; a name means the same in every section.
MEASURES: dict[str, Measure] = {}
for _domain in (scorecard, cost, spending, uptime, incidents, delivery, pipeline, backups, patches, access,
                performance, monitoring, support, timeline, review):  # fmt: skip
    for _name, _measure in _domain.RESULTS.items():
        if MEASURES.setdefault(_name, _measure) != _measure:
            raise TypeError(f"{_name} is defined twice, and not the same")

__all__ = [
    "DECIMAL", "FLAG", "FRAMES", "INSTANT", "MEASURES", "SECTIONS", "SQL_TYPES", "TEXT", "Column", "Frame", "Measure",
]  # fmt: skip

"""Every frame: columns, dtype, unit, meaning and key. One file a domain, and no list of them to keep.

A file of this package holds a domain's frames; ``RESULTS``, the columns of its metrics; and
``SECTIONS``, which says of each section of the review whose rows stand behind its figures.
`FRAMES` maps each frame's name to its definition; nothing else defines a column.
"""

from importlib import import_module
from pkgutil import iter_modules

from opsreport.schemas.frame import DECIMAL, FLAG, INSTANT, SQL_TYPES, TEXT, Column, Frame, Measure, refuse

#: The order in which a reader meets them; any other follows by its name.
_ORDER = (
    "scorecard", "cost", "outlook", "spending", "uptime", "incidents", "delivery", "pipeline", "assets", "backups",
    "patches", "access", "controls", "performance", "monitoring", "support",
)  # fmt: skip
_NAMES = sorted(
    (module.name for module in iter_modules(__path__) if module.name != "frame"),
    key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name),
)
_DOMAINS = [import_module(f"{__name__}.{name}") for name in _NAMES]

FRAMES: dict[str, Frame] = {
    frame.name: frame for domain in _DOMAINS for frame in vars(domain).values() if isinstance(frame, Frame)
}

#: The frame whose rows stand behind a section's figures, where a figure does not name its own.
SECTIONS: dict[str, str] = {
    section: frame for domain in _DOMAINS for section, frame in getattr(domain, "SECTIONS", {}).items()
}

#: Every column of a metric's result; a name means the same in every section.
MEASURES: dict[str, Measure] = {}
for _domain in _DOMAINS:
    for _name, _measure in getattr(_domain, "RESULTS", {}).items():
        if MEASURES.setdefault(_name, _measure) != _measure:
            raise TypeError(f"{_name} is defined twice, and not the same")

__all__ = [
    "DECIMAL", "FLAG", "FRAMES", "INSTANT", "MEASURES", "SECTIONS", "SQL_TYPES", "TEXT", "Column", "Frame", "Measure",
    "refuse",
]  # fmt: skip

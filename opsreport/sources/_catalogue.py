"""What every source says of itself, as the docs list it (``docs/sources.md``)."""

from __future__ import annotations

import inspect
import json
from types import ModuleType

from opsreport import sources
from opsreport.sources import _aws, _aws_policy

_HEAD = """# Sources

Each is named in a client's file under the frame that it is to fill: `sources: {log_group: [aws_logs: {}]}`.
This page is made of the sources' own descriptions: `make sources` writes it anew.

| source | fills | needs | remembers | asking costs |
| --- | --- | --- | --- | --- |
"""
_POLICY = """## What AWS must allow

The least for all of them; `opsreport policy CLIENT` prints the least for those that a client names, with its
buckets.

```json
{policy}
```
"""


def catalogue() -> str:
    """Every source with what it fills, what its system remembers, its settings and its own words."""
    modules = {name: sources.find(name) for name in sources.names()}
    table = "".join(
        f"| [{name}](#{name}) | {_fills(module)} | {_needs(module)} | {_remembers(module)} | {_costs(module)} |\n"
        for name, module in modules.items()
    )
    parts = [_HEAD + table]
    for name, module in modules.items():
        parts.append(f"## {name}\n\n{inspect.getdoc(module)}\n\n{_settings(module)}")
    return "\n".join([*parts, _POLICY.format(policy=json.dumps(policy(), indent=2))])


def policy() -> dict[str, object]:
    """The least that AWS must allow for every source of it."""
    modules = [sources.find(name) for name in sources.names() if name.startswith("aws_")]
    return _aws_policy.policy({one for module in modules for one in getattr(module, "OPERATIONS", ())})


def _fills(module: ModuleType) -> str:
    return "every frame" if len(module.FRAMES) > 10 else ", ".join(module.FRAMES)


def _needs(module: ModuleType) -> str:
    """The permission: of AWS as its policy lists it, of a web API by each question."""
    asked = getattr(module, "OPERATIONS", None)
    if asked is None:
        return "the file"
    each = asked.values() if isinstance(asked, dict) else ["the policy below"]
    return "; ".join(dict.fromkeys(filter(None, each))) or "nothing"


def _remembers(module: ModuleType) -> str:
    if not hasattr(module, "KEEPS"):
        return "as its file"
    words = {_aws.ONLY_NOW: "only now", _aws.FOR_EVER: "all"}
    each = {frame: words.get(kept, f"{kept.days} days") for frame, kept in module.KEEPS.items()}
    return next(iter(each.values())) if len(set(each.values())) == 1 else ", ".join(
        f"{frame} {kept}" for frame, kept in each.items())  # fmt: skip


def _costs(module: ModuleType) -> str:
    return _aws.price_of(module.OPERATIONS) if hasattr(module, "OPERATIONS") else "free"


def _settings(module: ModuleType) -> str:
    """A line for each key that the source takes beside `name` and `covers`."""
    hidden = {"name", "covers", *sources.FILLED_IN}
    lines = [f"- `{name}`{'' if field.is_required() else ' (may be left out)'}: {field.description or 'see above'}\n"
             for name, field in module.Settings.model_fields.items() if name not in hidden]  # fmt: skip
    return "Settings:\n\n" + "".join(lines) if lines else ""

"""What every source says of itself, as the README's table and ``docs/sources.md`` list it."""

from __future__ import annotations

import inspect
import json
from types import ModuleType

from opsreport import sources
from opsreport.sources import _aws, _aws_policy

_HEAD = """# Sources

Each is named in a client's file under the frame that it is to fill: `sources: {log_group: [aws_logs]}`. The README
has a table of them. This page is made of the sources' own descriptions: `make sources` writes it anew.
"""
_TABLE = """| source | fills | needs | forgets |
| --- | --- | --- | --- |
"""
_AWS = """
<details><summary>AWS</summary>

{rows}
</details>
"""
#: What stands around the table in the README.
_BEGIN, _END = "<!-- made by make sources -->\n", "<!-- until here -->"
_POLICY = """## What AWS must allow

The least for all of them; `opsreport policy CLIENT` prints the least for those that a client names, with its
buckets.

```json
{policy}
```
"""


def catalogue() -> str:
    """Every source with its own words, its settings, and what asking costs."""
    parts = [_HEAD]
    for name, module in {name: sources.find(name) for name in sources.names()}.items():
        parts.append(f"## {name}\n\n{inspect.getdoc(module)}\n\n{_settings(module)}")
    return "\n".join([*parts, _POLICY.format(policy=json.dumps(policy(), indent=2))])


def in_readme(text: str) -> str:
    """The README with the table of sources as they declare themselves: what each fills, needs and forgets."""
    rows = {name: _row(name, sources.find(name)) for name in sources.names()}
    own = "".join(row for name, row in rows.items() if not name.startswith("aws_"))
    aws = "".join(row for name, row in rows.items() if name.startswith("aws_"))
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}{_TABLE}{own}{_AWS.format(rows=_TABLE + aws)}{_END}{after}"


def policy() -> dict[str, object]:
    """The least that AWS must allow for every source of it."""
    modules = [sources.find(name) for name in sources.names() if name.startswith("aws_")]
    return _aws_policy.policy({one for module in modules for one in getattr(module, "OPERATIONS", ())})


def _fills(module: ModuleType) -> str:
    return "every frame" if len(module.FRAMES) > 10 else ", ".join(module.FRAMES)


def _row(name: str, module: ModuleType) -> str:
    each = (f"[`{name}`](docs/sources.md#{name})", _fills(module), _needs(module), _forgets(module))
    return f"| {' | '.join(each)} |\n"


def _needs(module: ModuleType) -> str:
    """The permission: of AWS as its policy lists it, of a web API by each question."""
    asked = getattr(module, "OPERATIONS", None)
    if asked is None:
        return getattr(module, "NEEDS", "the file")
    each = asked.values() if isinstance(asked, dict) else ["its part of the policy"]
    return "; ".join(dict.fromkeys(filter(None, each))) or "nothing"


def _forgets(module: ModuleType) -> str:
    if not hasattr(module, "KEEPS"):
        return "what is deleted"
    words = {_aws.ONLY_NOW: "what was before now", _aws.FOR_EVER: "nothing"}
    each = {frame: words.get(kept, f"after {kept.days} days") for frame, kept in module.KEEPS.items()}
    return next(iter(each.values())) if len(set(each.values())) == 1 else ", ".join(
        f"{frame} {kept}" for frame, kept in each.items())  # fmt: skip


def _costs(module: ModuleType) -> str:
    return _aws.price_of(module.OPERATIONS) if hasattr(module, "OPERATIONS") else getattr(module, "COSTS", "free")


def _settings(module: ModuleType) -> str:
    """A line for each key that the source takes beside `name` and `covers`."""
    hidden = {"name", "covers", *sources.FILLED_IN}
    lines = [f"- `{name}`{'' if field.is_required() else ' (may be left out)'}: {field.description or 'see above'}\n"
             for name, field in module.Settings.model_fields.items() if name not in hidden]  # fmt: skip
    price = f"Asking costs {price}.\n" if (price := _costs(module)) != "free" else ""
    return "\n".join(filter(None, ["Settings:\n\n" + "".join(lines) if lines else "", price]))

"""A client's file: read, joined with the plan it extends, and checked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from opsreport.errors import ParamsError
from opsreport.params.corrections import Correction, Corrections
from opsreport.params.models import CLIENT_ID, ClientParams
from opsreport.params.reading import read_yaml, validated

__all__ = ["ClientParams", "client_names", "client_path", "json_schema", "load_corrections", "load_params"]


def load_params(folder: Path, client: str) -> ClientParams:
    """The client's file `<folder>/<client>.yaml` as a checked model.

    Raises
    ------
    ParamsError
        With file, line and hint, when the id is not one, or the file is wrong or another
        client's.
    """
    path = client_path(folder, client)
    content, plan = read_yaml(path), None
    if "extends" in content:
        plan = _plan(folder, content, path)
        content = _merged(plan[0], {k: v for k, v in content.items() if k != "extends"}, content)
    params = validated(ClientParams, content, path, plan)
    if params.client != client:
        raise ParamsError(
            f"{path} says client: {params.client}", hint=f"write client: {client}, or rename the file"
        )
    return params


def load_corrections(folder: Path, client: str) -> list[Correction]:
    """The corrections of `<folder>/<client>.corrections.yaml`; none when there is no such file."""
    path = client_path(folder, client).with_suffix(".corrections.yaml")
    if not path.exists():
        return []
    return validated(Corrections, read_yaml(path), path).corrections


def client_path(folder: Path, client: str) -> Path:
    """Where a client's file stands; refuses what is not a client id."""
    if not isinstance(client, str) or not re.fullmatch(CLIENT_ID, client):
        raise ParamsError(
            f"{client!r} is not a client id", hint="use a-z, 0-9 and -, 63 characters at most"
        )
    return Path(folder) / f"{client}.yaml"


def client_names(folder: Path) -> list[str]:
    """The ids of all clients that have a file, in order."""
    names = [path.stem for path in Path(folder).glob("*.yaml")]
    return sorted(name for name in names if re.fullmatch(CLIENT_ID, name))


def json_schema() -> str:
    """The JSON Schema of a client's file, for editors."""
    schema = ClientParams.model_json_schema()
    schema["properties"]["extends"] = {
        "type": "string", "description": "a plan in params/plans that this file adds to",
    }
    # A plan may supply what a client's file leaves out.
    schema["required"] = ["client"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _plan(folder: Path, content: CommentedMap, path: Path) -> tuple[CommentedMap, Path]:
    name = content["extends"]
    if not isinstance(name, str) or not re.fullmatch(CLIENT_ID, name):
        line = content.lc.key("extends")[0] + 1
        raise ParamsError(f"{path}, line {line}: {name!r} is not a plan's name", hint="a-z, 0-9 and -")
    plan_path = Path(folder) / "plans" / f"{name}.yaml"
    plan = read_yaml(plan_path)
    for key in ("client", "extends"):
        if key in plan:
            raise ParamsError(f"{plan_path}: a plan has no {key}", hint="plans are shared by clients")
    return plan, plan_path


def _merged(base: Any, over: Any, lines: Any) -> Any:
    """Mappings are joined, key by key; anything else of the client's file takes the plan's place."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    made = CommentedMap(base)
    for key, value in over.items():
        made[key] = _merged(base[key], value, value) if key in base else value
    if isinstance(lines, CommentedMap) and lines.lc.data:
        made.lc.data = {**(getattr(base, "lc", None) and base.lc.data or {}), **lines.lc.data}
    return made

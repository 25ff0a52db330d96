"""YAML read strictly: every refusal names the file and the line, and says what to write."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.scalarstring import ScalarString

from opsreport.errors import ParamsError

Model = TypeVar("Model", bound=BaseModel)
_LARGEST = 1_000_000


def read_yaml(path: Path) -> CommentedMap:
    """The mapping that a YAML file holds, with its line numbers.

    Raises
    ------
    ParamsError
        When the file is missing, too large, not YAML, not a mapping, names a key
        twice, or uses an alias.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ParamsError(f"{path} is over {_LARGEST:,} bytes", hint="a client's file is short")
        text = path.read_text("utf-8")
        if any(isinstance(event, AliasEvent) for event in YAML(typ="rt").parse(text)):
            raise ParamsError(f"{path} uses a YAML alias", hint="write it out, or share it with extends")
        content = YAML(typ="rt").load(text)
    except FileNotFoundError as error:
        raise ParamsError(f"there is no {path}", hint="write one with: opsreport init NAME") from error
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1
        raise ParamsError(f"{path}, line {line}: {error.problem}", hint="keep one of the two") from error
    except (YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ParamsError(f"{path}{line}: {problem}", hint="check indentation and quotes") from error
    except OSError as error:
        raise ParamsError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error
    if not isinstance(content, CommentedMap):
        raise ParamsError(f"{path} does not hold a mapping", hint="it holds key: value lines")
    return content


def validated(model: type[Model], content: CommentedMap, path: Path, plan: tuple[Any, Path] | None = None) -> Model:
    """The content as a model, or an error that names the line of the first fault.

    Parameters
    ----------
    plan : (CommentedMap, Path), optional
        What `content` was merged onto, searched for the line of an entry that it supplied.
    """
    try:
        return model.model_validate(_plain(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, line = path, _line(content, first["loc"])
        if plan and _line(plan[0], first["loc"], whole=True):
            where, line = plan[1], _line(plan[0], first["loc"])
        message = f"{where}, line {line}: {_said(first)}"
        raise ParamsError(message, hint=_hint(model, first, len(error.errors()))) from error


def _plain(value: Any) -> Any:
    """Round-trip YAML nodes as the plain values they stand for."""
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, ScalarString):
        return str(value)
    if isinstance(value, bool) or value is None:
        return value
    if type(value).__name__ == "ScalarBoolean":
        return bool(value)
    for plain in (int, float):
        if isinstance(value, plain):
            return plain(value)
    return value


def _line(content: Any, location: tuple[Any, ...], whole: bool = False) -> int | None:
    """The line of the deepest part of a location that the file holds."""
    line, node = 1, content
    for step in location:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
        else:
            return None if whole else line
        node = node[step]
    return line


def _said(error: dict[str, Any]) -> str:
    place = ".".join(str(step) for step in error["loc"] if step != "[key]") or "the file"
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"{place} is not a known key"
    if kind == "missing":
        return f"{place} is missing"
    if kind == "value_error":
        return f"{place} {str(error['ctx']['error'])} (found {given!r})" if error["loc"] else str(error["ctx"]["error"])
    return f"{place}: {error['msg'].lower()} (found {given!r}, a {type(given).__name__})"


def _hint(model: type[BaseModel], error: dict[str, Any], count: int) -> str:
    more = f" ({count - 1} more after this one)" if count > 1 else ""
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), _keys(model, error["loc"][:-1]), n=1)
        return (f"did you mean {near[0]}?" if near else "see the JSON Schema for the keys") + more
    if error["type"] == "string_type" and isinstance(error.get("input"), (int, float)):
        return "put it in quotes: ids and names are text" + more
    if error["type"] == "missing":
        return "add it; opsreport init writes a file with every key explained" + more
    return "see the JSON Schema for what it may hold" + more


def _keys(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """Every key named anywhere in the model's schema; enough to guess a misspelling from."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return [key for part in parts for key in part.get("properties", {})]

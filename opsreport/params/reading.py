"""YAML read strictly: every refusal names the file and the line, and says what to write."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.scalarstring import ScalarString

from opsreport.errors import ParamsError

Model = TypeVar("Model", bound=BaseModel)
_LARGEST = 1_000_000
#: Keys whose values may be secrets that somebody wrote out; they are never shown.
_SECRET = re.compile("token|password|secret|key")
_DEEPEST = 32
_DAY = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b")
_HEAD = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def read_yaml(path: Path) -> CommentedMap:
    """The mapping that a YAML file holds, with its line numbers.

    Raises
    ------
    ParamsError
        When the file is missing, too large, nested too deep, not YAML, not a mapping,
        names a key twice, or uses an alias.
    """
    return _mapping(_text(path), path)


def read_note(path: Path) -> tuple[CommentedMap, str]:
    """What a Markdown file says of itself between two lines of ``---``, and the text below.

    Raises
    ------
    ParamsError
        As `read_yaml`; a file that does not begin with such a line is all text.
    """
    text = _text(path)
    head = _HEAD.match(text)
    if not head:
        return CommentedMap(), text
    # An empty first line keeps the numbers of the others.
    said = _mapping(f"\n{head[1]}", path) if head[1].strip() else CommentedMap()
    return said, text[head.end() :]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise ParamsError(f"{path} is over {_LARGEST:,} bytes", hint="a client's file is short")
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise ParamsError(f"there is no {path}", hint="write one with: opsreport init NAME") from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: {error}", hint="save it as UTF-8") from error
    except OSError as error:
        raise ParamsError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def _mapping(text: str, path: Path) -> CommentedMap:
    try:
        _refuse_aliases_and_depths(text, path)
        content = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1
        raise ParamsError(f"{path}, line {line}: {error.problem}", hint="keep one of the two") from error
    except (YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ParamsError(f"{path}{line}: {problem}", hint="check indentation and quotes") from error
    except ValueError as error:  # ruamel reads a date and finds that there is none
        message = f"{path}{_impossible_day(text)}: {error}"
        raise ParamsError(message, hint="write a day that there is, as YYYY-MM-DD") from error
    if not isinstance(content, CommentedMap):
        raise ParamsError(f"{path} does not hold a mapping", hint="it holds key: value lines")
    return content


def _impossible_day(text: str) -> str:
    """The line of the first date that is none, as an error says it; empty where it is written otherwise."""
    for number, line in enumerate(text.splitlines(), 1):
        for year, month, day in _DAY.findall(line.partition(" #")[0]):
            try:
                dt.date(int(year), int(month), int(day))
            except ValueError:
                return f", line {number}: {year}-{month}-{day}"
    return ""


def validated(
    model: type[Model], own: CommentedMap, path: Path, plan: tuple[CommentedMap, Path] | None = None
) -> Model:
    """A file's content, joined with its plan's, as a model, or an error that names the first fault's line.

    Parameters
    ----------
    plan : (CommentedMap, Path), optional
        What the file adds to: mappings are joined, key by key; a mapping of the plan lies under
        each entry of a list in the file; anything else takes the plan's place.
    """
    try:
        return model.model_validate(_plain(_joined(plan[0], own) if plan else own))
    except ValidationError as error:
        # A misspelt key is named before the key that it should have been is missed.
        first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        location = first["loc"] or (str(first.get("ctx", {}).get("error", "")).partition(":")[0],)
        message = f"{place(own, path, plan, location)}: {said(first)}"
        raise ParamsError(message, hint=_hint(model, first, len(error.errors()))) from error


def place(own: CommentedMap, path: Path, plan: tuple[CommentedMap, Path] | None, location: tuple[Any, ...]) -> str:
    """The file and the line of the deepest part of a location that the file, or its plan, holds."""
    line, is_planned = _place(own, plan[0] if plan else None, location)
    return f"{plan[1] if plan and is_planned else path}, line {line}"


def said(error: dict[str, Any]) -> str:
    """What pydantic found, as a sentence that names the key and what stands there."""
    # pydantic names the checks of a key beside it, in brackets.
    place = ".".join(str(step) for step in error["loc"] if not re.search(r"[\[(]", str(step)))
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{place} is not a known key"
    if kind == "missing":
        return f"{place or 'the file'} is missing"
    if kind == "value_error":
        return f"{place} {error['ctx']['error']!s}{_found(error)}" if place else str(error["ctx"]["error"])
    return f"{place or 'the file'}: {error['msg'].lower()}{_found(error)}"


def _found(error: dict[str, Any]) -> str:
    """What stands there, but for a whole mapping, and what may be a secret."""
    given = error.get("input")
    if "is a secret" in str(error.get("ctx", {}).get("error", "")):
        return ""
    if isinstance(given, dict) or error["loc"][:1] == ("aws",) or _SECRET.search(str(error["loc"][-1:])):
        return ""
    return f" (found {given!r})" if error["type"] == "value_error" else f" (found {given!r}, a {type(given).__name__})"


def _refuse_aliases_and_depths(text: str, path: Path) -> None:
    depth = 0
    for event in YAML(typ="rt").parse(text):
        if isinstance(event, AliasEvent):
            raise ParamsError(f"{path} uses a YAML alias", hint="write it out, or share it with extends")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _DEEPEST:
            raise ParamsError(f"{path} is nested over {_DEEPEST} deep", hint="check its brackets")


def _joined(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, list):
        return [_joined(base, entry) for entry in over]
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {**base, **{key: _joined(base[key], value) if key in base else value for key, value in over.items()}}


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


def _place(own: Any, plan: Any, location: tuple[Any, ...]) -> tuple[int, bool]:
    """The line of the deepest part of a location that a file holds, and whether that file is the plan."""
    line, is_planned = 1, False
    for step in location:
        mine, theirs = _line(own, step), _line(plan, step)
        if not (mine or theirs):
            break
        line, is_planned = (mine, False) if mine else (theirs, True)
        own, under = own[step] if mine else None, plan[step] if theirs else None
        if mine and isinstance(step, int) and isinstance(plan, CommentedMap):
            under = plan  # a mapping of the plan lies under each entry of the list
        # Anything else of the client's file took the plan's place.
        is_joined = own is None or isinstance(own, CommentedMap) or isinstance(under, CommentedMap)
        plan = under if is_joined else None
    return line, is_planned


def _line(node: Any, step: Any) -> int | None:
    is_held = isinstance(node, CommentedMap) and step in node
    is_held |= isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node)
    if not is_held or step not in (node.lc.data or ()):
        return None
    return node.lc.data[step][0] + 1


def _hint(model: type[BaseModel], error: dict[str, Any], count: int) -> str:
    more = f" ({count - 1} more after this one)" if count > 1 else ""
    explained = getattr(model, "EXPLAINED", "")
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), _keys(model, error["loc"][:-1]), n=1)
        return (f"did you mean {near[0]}?" if near else explained or "see the JSON Schema for the keys") + more
    if error["type"] == "string_type" and isinstance(error.get("input"), (int, float)):
        return "put it in quotes: ids and names are text" + more
    if 1 in (error.get("ctx") or {}).values() and error["type"].startswith("less_than") and error["input"] <= 100:
        return f"a share lies between 0 and 1: write {error['input'] / 100:g}" + more
    if error["type"].startswith("date_"):
        return "write it as YYYY-MM-DD, like 2026-10-31" + more
    if error["type"] == "list_type":
        return "begin each entry with a dash" + more
    if explained:
        return explained + more
    if error["type"] == "missing":
        return "add it; opsreport init writes a file with every key explained" + more
    return "opsreport init writes a file with every key explained" + more


def _keys(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """Every key named anywhere in the model's schema; enough to guess a misspelling from."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return [key for part in parts for key in part.get("properties", {})]

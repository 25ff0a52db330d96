"""A client's file, joined with the plan it extends, and what people write beside it: read and checked."""

from __future__ import annotations

import difflib
import json
import re
from functools import lru_cache
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from opsreport.errors import ParamsError, PeriodError
from opsreport.params.commentary import Commentary
from opsreport.params.corrections import Correction, Corrections
from opsreport.params.decisions import Decision, Decisions
from opsreport.params.fields import CLIENT_ID
from opsreport.params.models import ClientParams
from opsreport.params.reading import place, read_note, read_yaml, validated
from opsreport.period import Period

__all__ = ["ClientParams", "Commentary", "Decisions", "client_names", "client_path", "json_schema",
           "load_commentaries", "load_commentary", "load_corrections", "load_decisions", "load_params",
           "own_files", "place_of"]  # fmt: skip


def load_params(folder: Path, client: str) -> ClientParams:
    """The client's file `<folder>/<client>.yaml` as a checked model.

    Raises
    ------
    ParamsError
        With file, line and hint, when the id is not one, or the file is wrong or another
        client's.
    """
    path = client_path(folder, client)
    near = [] if path.exists() else difflib.get_close_matches(client, client_names(folder), n=1)
    if near:
        raise ParamsError(f"there is no {path}", hint=f"did you mean {near[0]}?")
    files = (path, *sorted((Path(folder) / "plans").glob("*.yaml")))
    return _loaded(Path(folder), client, tuple((one, one.read_bytes()) for one in files if one.is_file()))


@lru_cache(maxsize=4096)  # more than there are clients: the gate looks at all of them for each mail
def _loaded(folder: Path, client: str, files: tuple[tuple[Path, bytes], ...]) -> ClientParams:
    """What a client's file says, read again only where it or a plan says something else: parsing takes long."""
    path = client_path(folder, client)
    content, plan = read_yaml(path), None
    if "extends" in content:
        plan = _plan(folder, content, path)
        del content["extends"]
        # What a plan says of every term is nothing agreed until the client's file has a term.
        content.setdefault("agreement", [])
    params = validated(ClientParams, content, path, plan)
    if params.client != client:
        raise ParamsError(f"{path} says client: {params.client}", hint=f"write client: {client}, or rename the file")
    return params


def load_corrections(folder: Path, client: str) -> list[Correction]:
    """The corrections of `<folder>/<client>.corrections.yaml`; none when there is no such file."""
    path = client_path(folder, client).with_suffix(".corrections.yaml")
    if not path.exists():
        return []
    return validated(Corrections, read_yaml(path), path).corrections


def load_decisions(folder: Path, client: str) -> Decisions:
    """The decisions and actions of `<folder>/<client>.decisions.yaml` and of the notes in `<client>.decisions/`.

    Raises
    ------
    ParamsError
        With file, line and hint, when one is wrong, an id stands twice, or an action carries
        out a decision that is not there.
    """
    path, notes = _decision_files(folder, client)
    content = read_yaml(path) if path.is_file() else CommentedMap()
    main = validated(Decisions, content, path)
    decisions = [*main.decisions, *(_decision(note) for note in notes)]
    places = [(path, ("decisions", n, "id")) for n in range(len(main.decisions))]
    places += [(note, ("id",)) for note in notes] + [(path, ("actions", n, "id")) for n in range(len(main.actions))]
    taken: set[str] = set()
    for one, (file, location) in zip([*decisions, *main.actions], places, strict=True):
        if one.id in taken:
            where = place(content, path, None, location) if file == path else file
            raise ParamsError(f"{where}: the id {one.id} stands twice", hint="give each decision and action its own")
        taken.add(one.id)
    known = {one.id for one in decisions}
    for n, action in enumerate(main.actions):
        if action.decision and action.decision not in known:
            where = place(content, path, None, ("actions", n, "decision"))
            near = difflib.get_close_matches(action.decision, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "name a decision by its id"
            raise ParamsError(f"{where}: there is no decision {action.decision}", hint=hint)
    return Decisions(decisions=decisions, actions=main.actions)


def load_commentary(folder: Path, client: str, month: str) -> Commentary:
    """What `<folder>/<client>.commentary/<month>.md` says; nothing when there is no such file."""
    path = _commentary_file(folder, client, month)
    return _commentary(path) if path.is_file() else Commentary()


def load_commentaries(folder: Path, client: str) -> dict[str, Commentary]:
    """All commentary of a client, by month.

    Raises
    ------
    ParamsError
        When a file is not named after a month, so that no review would show it.
    """
    made = {}
    for path in sorted(_commentary_file(folder, client, "x").parent.glob("*.md")):
        try:
            name = Period.parse(path.stem).name
        except PeriodError as error:
            raise ParamsError(f"{path} is not named after a month", hint="call it like 2026-10.md") from error
        made[name] = _commentary(path)
    return made


def client_path(folder: Path, client: str) -> Path:
    """Where a client's file stands; refuses what is not a client id."""
    if not isinstance(client, str) or not re.fullmatch(CLIENT_ID, client):
        raise ParamsError(f"{client!r} is not a client id", hint="use a-z, 0-9 and -, 63 characters at most")
    return Path(folder) / f"{client}.yaml"


def own_files(folder: Path, client: str, month: str = "") -> list[Path]:
    """The files that say what is known of a client: its own, what stands beside it, the plan it extends, its logo.

    Parameters
    ----------
    month : str
        Whose commentary is among them; none is by default.
    """
    path = client_path(folder, client)
    plan, logo = _beside(path, path.read_bytes()) if path.is_file() else _beside(path, b"")
    decided, notes = _decision_files(folder, client)
    found = [path, path.with_suffix(".corrections.yaml"), decided, *notes]
    if month:
        found.append(_commentary_file(folder, client, month))
    found += [plan] if plan else []
    found += [Path(folder) / logo] if logo else []
    return [one for one in found if one.is_file()]


@lru_cache(maxsize=4096)  # more than there are clients: the gate looks at all of them for each mail
def _beside(path: Path, content: bytes) -> tuple[Path | None, str]:
    """The plan that a client's file extends, and the logo that either names; read again only where it changed."""
    own = read_yaml(path)
    plan, place = _plan(path.parent, own, path) if "extends" in own else ({}, None)
    return place, next((logo for one in (own, plan) if (logo := (one.get("brand") or {}).get("logo"))), "")


def place_of(folder: Path, client: str, location: tuple) -> str:
    """Where a client's file, or the plan it extends, says something: the file and the line."""
    path = client_path(folder, client)
    own = read_yaml(path)
    return place(own, path, _plan(folder, own, path) if "extends" in own else None, location)


def client_names(folder: Path) -> list[str]:
    """The ids of all clients that have a file, in order."""
    names = [path.stem for path in Path(folder).glob("*.yaml")]
    return sorted(name for name in names if re.fullmatch(CLIENT_ID, name))


def json_schema() -> str:
    """The JSON Schema of a client's file, for editors."""
    schema = ClientParams.model_json_schema()
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "a plan in params/plans that this file adds to",
    }
    # A plan may supply what a client's file leaves out.
    schema["required"] = ["client"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _decision_files(folder: Path, client: str) -> tuple[Path, list[Path]]:
    path = client_path(folder, client).with_suffix(".decisions.yaml")
    return path, sorted(path.with_suffix("").glob("*.md"))


def _decision(path: Path) -> Decision:
    content, text = read_note(path)
    # A note is called what its file is called, and what it says is its text.
    content.setdefault("id", path.stem)
    if text.strip():
        content["note"] = text.strip()
    return validated(Decision, content, path)


def _commentary_file(folder: Path, client: str, month: str) -> Path:
    return client_path(folder, client).with_suffix(".commentary") / f"{month}.md"


def _commentary(path: Path) -> Commentary:
    content, text = read_note(path)
    content["text"] = text.strip()
    return validated(Commentary, content, path)


def _plan(folder: Path, content: CommentedMap, path: Path) -> tuple[CommentedMap, Path]:
    name = content["extends"]
    if not isinstance(name, str) or not re.fullmatch(CLIENT_ID, name):
        line = content.lc.key("extends")[0] + 1
        raise ParamsError(f"{path}, line {line}: {name!r} is not a plan's name", hint="a-z, 0-9 and -")
    plan_path = Path(folder) / "plans" / f"{name}.yaml"
    if not plan_path.is_file():
        line = content.lc.key("extends")[0] + 1
        raise ParamsError(f"{path}, line {line}: there is no {plan_path}", hint="check the plan's name")
    plan = read_yaml(plan_path)
    for key in ("client", "extends"):
        if key in plan:
            raise ParamsError(f"{plan_path}: a plan has no {key}", hint="plans are shared by clients")
    return plan, plan_path

"""What translators are given: every text of the report's own, in opsreport/locale/opsreport.pot.

Texts are read from the code, not from a run, so that rare sentences are among them. A text is
what reaches `say`, `prose`, `notice` and their like; of a sentence that is put together, each
whole sentence that can come of it is listed. As a program it writes the template, brings each
language's catalogue up to it, and says what is left to translate.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from opsreport import findings
from opsreport.schemas import FRAMES, MEASURES
from opsreport.schemas.cost import EFFECTS
from opsreport.schemas.performance import VITAL_LIMITS
from opsreport.schemas.scorecard import NAMES
from opsreport.schemas.words import ALL_WORDS

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "opsreport"
POT = PACKAGE / "locale" / "opsreport.pot"
NOTEBOOK = PROJECT / "notebooks" / "monthly_review.ipynb"
#: Where a text stands in a call, by place or by name.
_SINKS: dict[str, set[int | str]] = {
    "mark": {0}, "say": {0}, "translated": {0}, "prose": {1, "template"}, "notice": {1, "text"},
    "Fact": {6, "unknown"}, "table": {2, "title", "nothing", "note", "unknown"},
    "Finding": {2, 3, "title", "action"},
}  # fmt: skip
#: Pages that only we read, and that stay English.
_OURS = ("fleet.py", "explore.py")


def texts() -> list[str]:
    """Every text of the report's own, in order."""
    found = {*ALL_WORDS, *NAMES.values(), *EFFECTS.values(), *(limit.name for limit in VITAL_LIMITS.values())}
    found |= {frame.title for frame in FRAMES.values()}
    found |= {text for measure in MEASURES.values() for text in (measure.heading, measure.meaning)}
    found |= {findings.looks_for(rule) for rule in findings.rules()}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name not in _OURS:
            found |= in_code(path.read_text("utf-8"))
    found |= {*_in_template(), *_in_notebook()}
    # What has no letter needs no translator, and a name of the code's own is none.
    said = (text for text in found if re.search(r"[^\W\d_]", re.sub(r"\{\w+\}", "", text)))
    return sorted(text for text in said if not re.fullmatch(r"[a-z0-9]+([_.][a-z0-9]+)+", text))


def catalogue(found: list[str], said: dict[str, str], language: str = "") -> bytes:
    """The texts with what is said for each, without a date or an address of this machine."""
    made = Catalog(fuzzy=False)
    for text in found:
        # A per cent sign is one, and no place for a value.
        made.add(text, said.get(text, "")).flags.discard("python-format")
    written = io.BytesIO()
    write_po(written, made, width=0, omit_header=True)
    of = f'"Language: {language}\\n"\n' if language else ""
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n{of}\n'
    return head.encode() + written.getvalue()


def said_in(path: Path) -> dict[str, str]:
    """What a language's catalogue says for each text."""
    with path.open("rb") as file:
        return {one.id: one.string for one in read_po(file) if one.id and one.string}


def _in_template() -> Iterator[str]:
    source = (PACKAGE / "report" / "template" / "index.html.j2").read_text("utf-8")
    yield from re.findall(r'say\("([^"]+)"\)', source)
    yield from re.findall(r'say\(cover\.page or "([^"]+)"\)', source)
    names = re.search(r"set names = \{(.*?)\}", source, re.S)
    yield from re.findall(r': "([^"]+)"', names[1])


def _in_notebook() -> Iterator[str]:
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells[1:]:
        if cell.cell_type == "code":
            yield from in_code(cell.source)
        else:
            # As the page takes a heading or a question apart.
            yield from (re.fullmatch(r"(#+ |\*|)(.*?)(\*|)", line)[2] for line in cell.source.splitlines())


def in_code(source: str) -> set[str]:
    """The texts that a module says, each sentence whole.

    Examples
    --------
    >>> sorted(in_code("words = 'A'; words += ' b' if n else ''; style.say(words)"))
    ['A', 'A b']
    """
    return _Reader(ast.parse(source)).found


Env = dict[str, set[str]]


class _Reader:
    """Goes through a module's statements in order with the texts that each name can hold."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: set[str] = set()
        self.sinks = {name: set(places) for name, places in _SINKS.items()}
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self.constants = {
            target.id: node.value
            for node in tree.body if isinstance(node, ast.Assign)
            for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip
        self.returned: dict[str, set[str]] = {}
        # A function that hands a parameter on to where a text stands takes a text itself.
        self.module: Env = {}
        for _ in range(4):
            self._block(tree.body, self.module, ())

    def _block(self, body: list[ast.stmt], env: Env, parameters: tuple[str, ...]) -> None:
        for node in body:
            self._statement(node, env, parameters)

    def _statement(self, node: ast.stmt, env: Env, parameters: tuple[str, ...]) -> None:
        if isinstance(node, ast.FunctionDef):
            given = (*(one.arg for one in node.args.args), *(one.arg for one in node.args.kwonlyargs))
            inner = {name: held for name, held in env.items() if name not in given}
            self._block(node.body, inner, (node.name, *given))
            return
        if isinstance(node, ast.If):
            self._calls(node.test, env, parameters)
            branches = []
            for part in (node.body, node.orelse):
                branches.append(dict(env))
                self._block(part, branches[-1], parameters)
            for name in {*branches[0], *branches[1]}:
                env[name] = branches[0].get(name, set()) | branches[1].get(name, set())
            return
        if isinstance(node, (ast.For, ast.With, ast.Try, ast.ClassDef)):
            before = dict(env)
            if isinstance(node, ast.For):
                self._calls(node.iter, env, parameters)
                self._assign(node.target, node.iter, env)
            for part in ("body", "orelse", "finalbody"):
                self._block(getattr(node, part, []), env, parameters)
            for name, held in before.items():
                env[name] = env.get(name, set()) | held
            return
        self._calls(node, env, parameters)
        if isinstance(node, ast.Return) and node.value is not None and parameters:
            self.returned.setdefault(parameters[0], set()).update(self._values(node.value, env))
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            added = self._values(node.value, env)
            env[node.target.id] = {a + b for a in env.get(node.target.id, ()) for b in added}
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._assign(target, node.value, env)

    def _assign(self, target: ast.expr, value: ast.expr, env: Env) -> None:
        if isinstance(target, ast.Name):
            env[target.id] = self._values(value, env)
        elif isinstance(target, ast.Tuple):
            held = self._values(value, env)
            for place, one in enumerate(target.elts):
                own = [row.elts[place] for row in self._rows(value, len(target.elts))]
                if isinstance(one, ast.Name):
                    env[one.id] = set().union(*(self._values(part, env) for part in own)) if own else held

    def _rows(self, value: ast.expr, width: int) -> list[ast.Tuple]:
        """The tuples of this width that a value is, or is a list of, where they stand in the code."""
        value = self.constants.get(value.id, value) if isinstance(value, ast.Name) else value
        if isinstance(value, ast.IfExp):
            return [*self._rows(value.body, width), *self._rows(value.orelse, width)]
        if isinstance(value, ast.Tuple) and len(value.elts) == width and not all(
                isinstance(one, ast.Tuple) for one in value.elts):  # fmt: skip
            return [value]
        rows = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        return [one for one in rows if isinstance(one, ast.Tuple) and len(one.elts) == width]

    def _calls(self, node: ast.AST, env: Env, parameters: tuple[str, ...]) -> None:
        env = dict(env)
        for one in ast.walk(node):
            if isinstance(one, ast.comprehension):
                self._assign(one.target, one.iter, env)
        for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            given = [*enumerate(call.args), *((one.arg, one.value) for one in call.keywords)]
            for place, value in given:
                if place in self.sinks.get(name, ()):
                    self.found |= self._values(value, env)
                    self._take(value, parameters)

    def _take(self, value: ast.expr, parameters: tuple[str, ...]) -> None:
        names = [one.id for one in ast.walk(value) if isinstance(one, ast.Name)]
        for name in parameters[1:]:
            if name in names and name not in ("style", "row", "now"):
                places = self.sinks.setdefault(parameters[0], set())
                places |= {name, parameters.index(name) - 1}

    def _values(self, node: ast.expr, env: Env) -> set[str]:
        """The texts that an expression can give; those in it, where it is a list or a choice."""
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else set()
        if isinstance(node, ast.Name):
            return env.get(node.id, self.module.get(node.id, set()))
        if isinstance(node, ast.IfExp):
            return self._values(node.body, env) | self._values(node.orelse, env)
        if isinstance(node, ast.BoolOp):
            return set().union(*(self._values(one, env) for one in node.values))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self._values(node.left, env), self._values(node.right, env)
            return {a + b for a in left for b in right}
        if isinstance(node, ast.JoinedStr):
            return self._joined(node, env)
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return set().union(*(self._values(one, env) for one in node.elts))
        if isinstance(node, ast.Dict):
            return set().union(*(self._values(one, env) for one in node.values))
        if isinstance(node, ast.Subscript):
            return self._values(node.value, env)
        if isinstance(node, ast.Call):
            return self._called(node, env)
        return set()

    def _joined(self, node: ast.JoinedStr, env: Env) -> set[str]:
        made = {""}
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            made = {a + b for a in made for b in self._values(inner, env)}
        return made

    def _called(self, node: ast.Call, env: Env) -> set[str]:
        if isinstance(node.func, ast.Name) and node.func.id == "mark":
            return self._values(node.args[0], env)
        if isinstance(node.func, ast.Name) and node.func.id in self.functions:
            return self.returned.get(node.func.id, set()) | set().union(
                *(self._values(one, env) for one in node.args if isinstance(one, ast.Subscript)))  # fmt: skip
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            return self._values(node.func.value, env) | set().union(*(self._values(one, env) for one in node.args[1:]))
        return set()


if __name__ == "__main__":
    every = texts()
    POT.write_bytes(catalogue(every, {}))
    for path in sorted(POT.parent.glob("*.po")):
        said = said_in(path)
        path.write_bytes(catalogue(every, said, path.stem))
        left = [text for text in every if text not in said]
        print(f"{path.stem}: {len(left)} of {len(every)} texts are not translated", *left, sep="\n  ")

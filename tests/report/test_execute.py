"""A notebook either ran whole, for whom it was asked, or is refused with the cell's name."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import nbformat.v4 as v4
import pytest

from opsreport.errors import ReportError
from opsreport.report import execute as module
from opsreport.report.execute import check_every_cell_ran, execute
from opsreport.report.warm.managers import Kernels

PARAMETERS = 'client = "nobody"\nmonth = ""'
SHOW = """\
from IPython.display import display
def show(id, **about):
    display({"text/plain": "x"}, raw=True, metadata={"opsreport": {"id": id, "kind": "prose", "facts": [], **about}})
"""


def code(source, *tags):
    return v4.new_code_cell(source, metadata={"tags": list(tags)})


@pytest.fixture
def run(tmp_path):
    """Execute a notebook with these cells after its parameters; returns its cells' printed text."""

    def running(*sources, parameters=None, cells=()):
        head = [code(PARAMETERS, "parameters"), code(SHOW, "setup")]
        made = v4.new_notebook(cells=[*head, *map(code, sources), *cells])
        path = tmp_path / "review.ipynb"
        path.write_text(v4.writes(made), "utf-8")
        wanted = {"client": "acme", "month": "2026-10"} if parameters is None else parameters
        return execute(path, tmp_path / "out.ipynb", wanted, tmp_path)

    return running


def printed(notebook):
    return "".join(output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output)


# With a kernel.


def test_parameters_arrive_as_text_and_run_nothing(run, tmp_path):
    touch = f"open({str(tmp_path / 'touched')!r}, 'w').close()"
    hostile = [
        f'"; {touch} #',
        f"'; {touch} #",
        f'"""\n{touch}\n"""',
        f'\\"; {touch} #',
        "{client}\n%%bash\ntouch touched\0",
    ]
    for value in ("\n".join(hostile),):
        made = run("show('a')\nprint(repr((client, month)))", parameters={"client": value, "month": hostile[0]})
        assert printed(made).strip() == repr((value, hostile[0]))
    assert not (tmp_path / "touched").exists()


def test_a_failing_cell_is_named_and_what_it_said_is_plain_text(run):
    with pytest.raises(ReportError) as refused:
        run("show('a')", "# a comment\nraise ValueError('\\x1b[31mred\\x1b[0m')", "show('b')")
    # The line that failed is named, not the cell's first.
    assert refused.value.message.startswith("review.ipynb: cell 5 (raise ValueError(")
    assert refused.value.message.endswith(") failed: ValueError: red")
    assert "\x1b" not in refused.value.message
    assert "JupyterLab" in refused.value.hint


@pytest.mark.parametrize("rest", [["show('b')"], []], ids=["in the middle", "at the end"])
def test_a_cell_that_leaves_with_success_has_not_succeeded(run, rest):
    with pytest.raises(ReportError, match=r"cell [45]"):
        run("import sys; sys.exit(0)", *rest)


@pytest.mark.parametrize("rest", [["show('b')"], []], ids=["in the middle", "at the end"])
def test_a_kernel_that_dies_makes_no_report(run, rest):
    with pytest.raises(ReportError, match=r"died|did not run|showed nothing"):
        run("import os; os._exit(0)", *rest)


def test_a_cell_that_hangs_is_stopped(run, monkeypatch):
    monkeypatch.setattr(module, "CELL_TIMEOUT", 2)
    with pytest.raises(ReportError, match=r"review.ipynb: ") as refused:
        run("import time; time.sleep(600)")
    assert refused.value.hint == "a cell may take 2 s"


def test_a_tag_that_allows_errors_does_not(run):
    with pytest.raises(ReportError, match=r"cell 4 failed: 1/0|cell 4 .1/0. failed"):
        run(cells=[code("1/0", "raises-exception")])


# Before a kernel is started.


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"clent": "acme"}, "has no parameter 'clent'"),
        ({"client; import os": "x"}, "has no parameter"),
        ({"__import__('os').system('x') or client": "x"}, "has no parameter"),
        ({"client": 7}, "parameter client is a int"),
        ({"client": None}, "parameter client is a NoneType"),
        ({"client": ["acme"]}, "parameter client is a list"),
        ({"client": type("Text", (str,), {})("acme")}, "parameter client is a Text"),
    ],
)
def test_a_parameter_must_be_the_notebooks_own_and_text(run, monkeypatch, parameters, said):
    monkeypatch.setattr(module.papermill, "execute_notebook", lambda *_, **__: pytest.fail("it was run"))
    with pytest.raises(ReportError, match=r"review.ipynb has no|parameter client is") as refused:
        run("show('a')", parameters=parameters)
    assert said in refused.value.message


@pytest.mark.parametrize("content", [None, "", "{}", "[]", "not json", "\0"])
def test_what_is_no_notebook_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "review.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ReportError, match=r"notebook"):
        execute(path, tmp_path / "out.ipynb", {}, tmp_path)


@pytest.mark.parametrize("count", [0, 2])
def test_a_notebook_has_one_cell_of_parameters(tmp_path, count):
    path = tmp_path / "review.ipynb"
    path.write_text(v4.writes(v4.new_notebook(cells=[code(PARAMETERS, "parameters") for _ in range(count)])))
    with pytest.raises(ReportError, match=r"no one cell tagged parameters"):
        execute(path, tmp_path / "out.ipynb", {"client": "acme"}, tmp_path)


# What an executed notebook must show.


def ran(source="figures.cost()", count=1, outputs=None, tags=()):
    shown = v4.new_output("display_data", {"text/plain": "x"}, metadata={"opsreport": {"id": "a", "kind": "prose"}})
    made = code(source, *tags)
    made.execution_count, made.outputs = count, [shown] if outputs is None else outputs
    return made


def test_a_notebook_whose_cells_all_showed_something_is_whole():
    empty, text = v4.new_code_cell("  \n"), v4.new_markdown_cell("# Cost")
    silent = [ran(outputs=[], tags=[tag]) for tag in ("parameters", "injected-parameters", "setup")]
    check_every_cell_ran(v4.new_notebook(cells=[*silent, text, empty, ran()]))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (ran(count=None), "cell 2 did not run: figures.cost()"),
        (ran(count=None, outputs=[], tags=["setup"]), "cell 2 did not run"),
        (ran(outputs=[]), "cell 2 showed nothing: figures.cost()"),
        (ran(outputs=[v4.new_output("stream", text="hello")]), "cell 2 showed nothing"),
        (ran(outputs=[v4.new_output("execute_result", {"text/plain": "3"})]), "cell 2 showed nothing"),
        (ran(outputs=[v4.new_output("error", ename="E", evalue="v")]), "cell 2 failed: figures.cost()"),
        (ran("\n\n  x = 1", outputs=[]), "cell 2 showed nothing: x = 1"),
    ],
)
def test_a_cell_that_did_not_is_named(cell, said):
    with pytest.raises(ReportError) as refused:
        check_every_cell_ran(v4.new_notebook(cells=[v4.new_markdown_cell("# Cost"), cell]))
    assert refused.value.message.startswith(said) and refused.value.hint


def test_a_kernel_that_is_to_end_is_asked_and_not_interrupted():
    ending, running = Kernels(), Kernels()
    ending.shutting_down = True
    with ThreadPoolExecutor(1) as apart:  # where no other test's loop runs
        apart.submit(asyncio.run, ending._async_interrupt_kernel()).result()  # nothing is sent, so nothing is missed
        with pytest.raises(RuntimeError, match="No kernel is running"):
            apart.submit(asyncio.run, running._async_interrupt_kernel()).result()

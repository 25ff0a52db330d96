"""A warm kernel is as fresh as a cold one, gives the same bytes, sees no secret, and ends whatever it does."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

import nbformat.v4 as v4
import pytest

from opsreport.errors import ReportError
from opsreport.report import execute as module
from opsreport.report.execute import execute
from opsreport.report.warm import client, cold_kernels, handle, warm_kernels
from opsreport.report.warm.managers import WarmProvisioner

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
pytestmark = [linux, pytest.mark.xdist_group("warm")]

MODULES = ("pandas", "plotly.graph_objects", "plotly.io._base_renderers", "opsreport")
SHOW = """\
from IPython.display import display
def show(*values):
    print(*values)
    display({"text/plain": "x"}, raw=True, metadata={"opsreport": {"id": "a", "kind": "prose", "facts": []}})
"""


def refuse(why):
    pytest.fail(f"started cold: {why}")


@pytest.fixture(scope="module")
def warm():
    with warm_kernels(refuse, MODULES) as kernels:
        yield kernels


@pytest.fixture
def run(tmp_path, warm):
    """Run cells in a warm kernel, or in one as given; returns the executed notebook."""

    def running(*sources, kernels=warm, name="review"):
        head = [v4.new_code_cell('client = ""', metadata={"tags": ["parameters"]}, id="head")]
        setup = [v4.new_code_cell(SHOW, metadata={"tags": ["setup"]}, id="setup")]
        cells = [v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
        path = tmp_path / f"{name}.ipynb"
        path.write_text(v4.writes(v4.new_notebook(cells=[*head, *setup, *cells])), "utf-8")
        return execute(path, tmp_path / f"{name}-made.ipynb", {"client": "acme"}, tmp_path, kernels)

    return running


def printed(notebook):
    return "".join(output.text for cell in notebook.cells for output in cell.outputs if "text" in output).strip()


def content(notebook):
    """What is the same in every run: all but the times and papermill's own random id."""
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected"
    notebook.metadata.pop("papermill")
    return v4.writes(notebook)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(*pids, within=10):
    """Whether all of these processes end in time."""
    until = time.monotonic() + within
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(alive, pids))


# The same as a cold one.


CELLS = [
    """\
import plotly.graph_objects as go, plotly.io as pio
display(go.Figure([go.Scatter(x=[1, 2], y=[3.5, 4])]))
show(pio.renderers.default, pio.templates.default)""",
    """\
import sys
show(sys.argv[0], sys.argv[3:], sys.path, sys.flags)
print("aside", file=sys.stderr)""",
    """show({"b", "a", "c", "e", "d"}, hash("a"), __name__, globals().keys())""",
    """\
import pandas as pd
show()
pd.DataFrame({"a": [1, None]})""",
    """\
import os, locale, time
show(os.getcwd(), sorted(set(os.environ) - {"JPY_PARENT_PID"}), locale.getlocale(), time.tzname)""",
    """\
import logging, warnings
with warnings.catch_warnings(record=True) as warned:
    warnings.warn("old", DeprecationWarning)
show(len(warned), logging.getLogger().handlers, logging.root.level)""",
    """\
import os, signal
show(signal.getsignal(signal.SIGTERM), signal.pthread_sigmask(signal.SIG_BLOCK, []))
show(os.getpid() == os.getpgrp() == os.getsid(0), os.read(0, 1))""",
]


def test_a_warm_kernel_gives_the_same_bytes_as_a_cold_one(run):
    assert content(run(*CELLS)) == content(run(*CELLS, kernels=cold_kernels()))


def test_no_state_is_handed_on_to_the_next_kernel(run):
    mark = """\
import builtins, os, sys
import opsreport.errors
import plotly.io as pio
opsreport.errors.left = builtins.left = sys.left = os.environ["LEFT"] = "left"
sys.path.append("left")
sys.modules["left"] = sys
pio.templates.default = "none"
show()"""
    look = """\
import builtins, os, sys
import opsreport.errors
import plotly.io as pio
show(*(hasattr(one, "left") for one in (opsreport.errors, builtins, sys)))
show("LEFT" in os.environ, "left" in sys.path, "left" in sys.modules, pio.templates.default)"""
    assert (run(mark), printed(run(look)).split())[1] == ["False"] * 6 + ["plotly"]


def test_each_kernel_draws_other_random_numbers(run):
    draw = "import random, numpy, uuid, tempfile\nshow(random.random(), numpy.random.rand(), uuid.uuid4())"
    first, second = (printed(run(draw)).split() for _ in range(2))
    assert not set(first) & set(second)


@pytest.mark.parametrize("kind", ["warm", "cold"])
def test_a_kernel_sees_no_secret_and_its_folder_is_private_and_removed(run, warm, monkeypatch, kind):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("SOME_TOKEN", "s3cret")
    look = """\
import json, os, sys
from pathlib import Path
home = Path.home()
environments = [Path(f"/proc/{pid}/environ").read_text() for pid in ("self", PARENT)]
leaked = "s3cret" in str((*os.environ.items(), *environments))
transport = json.loads(Path(sys.argv[2]).read_text())["transport"]
sockets = sorted(path.name for path in home.glob("k-*"))
show(json.dumps([str(home), oct(home.stat().st_mode), leaked, transport, sockets]))"""
    # A cold kernel's parent is the one that is to keep the secret.
    look = look.replace("PARENT", "os.getppid()" if kind == "warm" else "'self'")
    made = run(look, kernels=warm if kind == "warm" else cold_kernels())
    home, mode, leaked, transport, sockets = json.loads(printed(made))
    assert (mode, leaked, transport) == ("0o40700", False, "ipc")
    assert sockets == [f"k-{number}" for number in range(1, 6)]
    assert not Path(home).exists()


def test_kernels_run_side_by_side(run):
    with ThreadPoolExecutor(3) as threads:
        made = list(threads.map(lambda n: run(f"import time\ntime.sleep(0.3)\nshow({n})", name=f"r{n}"), range(3)))
    assert [printed(one) for one in made] == ["0", "1", "2"]


# One that runs away.

RUN_AWAY = {
    "holds the interpreter": ("import re\nre.match('(a+)+b', 'a' * 40)", "a cell may take 2 s"),
    "ignores signals": ("import signal, time\n[signal.signal(n, signal.SIG_IGN) for n in (2, 15)]\ntime.sleep(99)",
                        "a cell may take 2 s"),
    "eats memory": ("held = [bytearray(1 << 24) for _ in range(999)]", "cell 5 .held = .* failed: MemoryError"),
    "prints without end": ("for _ in range(10_000): print('x' * 100_000)", "cell 5 .for _ in .* showed too much"),
    "dies": ("import os\nos._exit(0)", "kernel died in cell 5 .import os."),
    "is killed": ("import os\nos.kill(os.getpid(), 9)", "kernel died in cell 5"),
    "kills what looks after it": ("import os\nos.kill(os.getppid(), 9)\nimport time\ntime.sleep(9)", "died in cell 5"),
    "leaves": ("import sys\nsys.exit(0)", "cell [56]"),
    "closes all": ("import os\nos.closerange(0, 999)\nshow()", "cell 5|died"),
}  # fmt: skip


@pytest.mark.parametrize("does", RUN_AWAY)
def test_a_kernel_that_runs_away_is_ended_and_named_and_the_next_is_unharmed(run, tmp_path, monkeypatch, does):
    source, said = RUN_AWAY[does]
    monkeypatch.setattr(module, "CELL_TIMEOUT", 2 if "2 s" in said else 60)
    monkeypatch.setattr(client, "MOST_SHOWN", 5_000_000)
    with warm_kernels(refuse, (), memory=1 << 30) as kernels:
        noted = f"import os\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        with pytest.raises(ReportError, match=said) as refused:
            run(noted.replace("\n", "; ") + "show()", source, "show()", kernels=kernels)
        assert refused.value.message.startswith(("review.ipynb", "cell")) or "2 s" in refused.value.hint
        assert gone(int((tmp_path / "pid").read_text()))
        assert printed(run("show('well')", kernels=kernels)) == "well"


def test_what_a_kernel_started_ends_with_it(run, tmp_path):
    """In its group, out of it, and orphaned before."""
    start = """\
import os, time
for leave in (False, True):
    for orphan in (False, True):
        if os.fork() == 0:
            if leave:
                os.setsid()
            if orphan and os.fork():
                os._exit(0)
            open(f"HERE/child-{os.getpid()}", "w").close()
            time.sleep(60)
            os._exit(0)
time.sleep(0.5)
show()""".replace("HERE", str(tmp_path))
    run(start)
    started = [int(path.name.partition("-")[2]) for path in tmp_path.glob("child-*")]
    assert len(started) == 4 and gone(*started)


# With its server, and without.


def test_the_server_has_one_thread_and_leaves_nothing_behind(run):
    with warm_kernels(refuse, MODULES) as kernels:
        run("show()", kernels=kernels)
        assert len(os.listdir(f"/proc/{kernels.server}/task")) == 1
        assert Path(f"/proc/{kernels.server}/task/{kernels.server}/children").read_text() == ""
        folder = Path(os.readlink(f"/proc/{kernels.server}/cwd"))
        assert folder.stat().st_mode & 0o777 == 0o700
    assert gone(kernels.server) and not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_kernels_end_with_a_killed_server_and_the_next_starts_cold_and_says_why(run, tmp_path, number):
    warned = []
    with warm_kernels(warned.append, ()) as kernels:
        note = (f"import os, time\npid = os.fork()\nopen({str(tmp_path)!r} + f'/pid-{{os.getpid()}}', 'w').close()\n"
                f"time.sleep(0.2)\nos.kill({kernels.server}, {int(number)}) if pid else 0\ntime.sleep(99)")  # fmt: skip
        with pytest.raises(ReportError, match="the kernel died in cell 4"):
            run(note, kernels=kernels)
        left = [int(path.name.partition("-")[2]) for path in tmp_path.glob("pid-*")]
        assert len(left) == 2 and gone(*left)
        assert warned == [] and printed(run("show('well')", kernels=kernels)) == "well"
        assert warned == ["a kernel was started cold: the process to fork from has ended"]


def test_all_ends_when_the_process_that_wanted_it_is_killed(tmp_path):
    cell = f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(99)"
    notebook = v4.new_notebook(cells=[v4.new_code_cell('client = ""', metadata={"tags": ["parameters"]})])
    notebook.cells.append(v4.new_code_cell(cell))
    (tmp_path / "a.ipynb").write_text(v4.writes(notebook))
    script = (f"from pathlib import Path\nfrom opsreport.report.execute import execute\n"
              f"from opsreport.report.warm import warm_kernels\nhere = Path({str(tmp_path)!r})\n"
              f"with warm_kernels(modules=()) as kernels:\n    (here / 'server').write_text(str(kernels.server))\n"
              f"    execute(here / 'a.ipynb', here / 'b.ipynb', {{}}, here, kernels)")  # fmt: skip
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    asking = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": path})
    try:
        until = time.monotonic() + 60
        while not ((tmp_path / "pid").is_file() and (tmp_path / "pid").read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        kernel, server = (int((tmp_path / name).read_text()) for name in ("pid", "server"))
        assert alive(kernel) and alive(server)
    finally:
        asking.kill()
        asking.wait()
    assert gone(kernel, server)


# Where there is no warm one.


def test_a_server_with_a_second_thread_is_not_forked_from(run, tmp_path, monkeypatch):
    (tmp_path / "starts_a_thread.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    warned = []
    with warm_kernels(warned.append, ("starts_a_thread",)) as kernels:
        assert printed(run("show('well')", kernels=kernels)) == "well"
    said = "the process to fork from has 2 threads: an import has started them"
    assert (kernels.why_cold, kernels.server, warned) == (said, 0, [f"kernels are started cold: {said}"])


def test_where_a_kernel_cannot_be_forked_it_says_why_and_starts_cold(monkeypatch):
    said = "could not import all: No module named 'no_such_module'"
    with pytest.warns(UserWarning, match=said), warm_kernels(modules=("no_such_module",)) as kernels:
        assert kernels.why_cold.endswith(said) and not kernels.server
    monkeypatch.setattr(handle, "START", 0.0)
    with pytest.warns(UserWarning, match="said nothing for 0 s"), warm_kernels(modules=()):
        pass
    monkeypatch.setattr(handle.sys, "platform", "darwin")
    with pytest.warns(UserWarning, match="kernels are forked on Linux only, and this is darwin"), warm_kernels():
        pass


def test_a_kernelspec_may_ask_for_warm_kernels():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    named = project["entry-points"]["jupyter_client.kernel_provisioners"]["opsreport-warm"]
    assert EntryPoint("opsreport-warm", named, "jupyter_client.kernel_provisioners").load() is WarmProvisioner


def test_threads_of_the_parent_do_not_matter(run):
    held = threading.Event()
    threading.Thread(target=held.wait, daemon=True).start()
    try:
        assert printed(run("import threading\nshow(threading.main_thread() is threading.current_thread())")) == "True"
    finally:
        held.set()

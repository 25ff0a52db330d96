"""What a kernel sees of the process that started it: a list of names, and nothing else.

A review needs no credentials, so a kernel is handed none: no key, no token, and no home folder in which one
may lie. What makes floating-point sums and the order of sets differ from run to run is fixed as well, so that
a warm kernel and a cold one give the same bytes.
"""

from __future__ import annotations

import os
import site
from collections.abc import Mapping
from pathlib import Path

#: Names that are passed on as they are; and every LC_*.
PASSED = (
    "PATH", "LANG", "LANGUAGE", "TZ", "TZDIR", "PYTHONTZPATH", "PYTHONPATH", "PYTHONHOME", "PYTHONUTF8",
    "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "SYSTEMROOT", "PATHEXT", "COMSPEC",
)  # fmt: skip
#: The same for every kernel. A sum over two threads may end in another digit than one over four; a set of texts
#: has another order under another hash seed; and Arrow's allocator starts a thread, beside which none may fork.
FIXED = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0", "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYDEVD_USE_FRAME_EVAL": "NO",
}  # fmt: skip


def environment(folder: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """A kernel's environment.

    Parameters
    ----------
    folder : Path
        The kernel's own private folder: its home, and where its temporary files go.
    given : mapping, optional
        What to choose from; by default this process's environment.

    Examples
    --------
    >>> made = environment(Path("/run/k"), {"LANG": "C.UTF-8", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "x"})
    >>> sorted(set(made) - set(FIXED))
    ['HOME', 'IPYTHONDIR', 'LANG', 'LC_ALL', 'MPLCONFIGDIR', 'PYTHONUSERBASE', 'TMPDIR']
    """
    given = os.environ if given is None else given
    passed = {name: value for name, value in given.items() if name in PASSED or name.startswith("LC_")}
    if "PYTHONPATH" in passed:  # a kernel stands in another folder
        places = passed["PYTHONPATH"].split(os.pathsep)
        passed["PYTHONPATH"] = os.pathsep.join(str(Path(place).absolute()) for place in places if place)
    own = {"HOME": folder, "TMPDIR": folder, "IPYTHONDIR": folder / "ipython", "MPLCONFIGDIR": folder / "matplotlib"}
    # Packages of the user's own are looked for in the home folder, which is another one now.
    return passed | FIXED | {name: str(path) for name, path in own.items()} | {"PYTHONUSERBASE": site.getuserbase()}

"""A git repository read without running anything that it brings along."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from opsreport.errors import SourceError

#: Settings of a repository that name programs to run, or places to fetch from.
_HARMLESS = (
    "safe.directory=*", "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat",
    "core.alternateRefsCommand=", "log.showSignature=false", "log.mailmap=false", "protocol.allow=never",
    "i18n.logOutputEncoding=UTF-8",
)  # fmt: skip
_TIMEOUT = 120
#: Between two fields of a line: nobody types it.
FIELD = "\x1f"


def git(repository: Path, *arguments: str, stdin: str = "") -> str:
    """What a reading git command prints.

    Raises
    ------
    SourceError
        When git is not installed, the folder is no repository, or git takes over two minutes.
    """
    name = repository.name
    options = [part for setting in _HARMLESS for part in ("-c", setting)]
    command = ["git", "--no-pager", *options, "-C", str(repository), *arguments]
    try:
        done = subprocess.run(
            command, input=stdin.encode(), capture_output=True, timeout=_TIMEOUT, env=_clean(repository), check=False
        )
    except FileNotFoundError as error:
        raise SourceError("git is not installed", hint="install git") from error
    except NotADirectoryError as error:
        raise SourceError(f"{name} is not a folder", hint="give the repository's folder") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"git took over {_TIMEOUT} s to read {name}", hint="try git gc in it") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").replace(str(repository), name).strip().splitlines()
        raise SourceError(
            f"git cannot read {name}: {said[-1] if said else done.returncode}", hint="give the folder of a git clone"
        )
    return done.stdout.decode("utf-8", errors="replace")


def lines(repository: Path, *arguments: str) -> list[list[str]]:
    """The lines that git prints, split into the fields of a format with `FIELD` between them."""
    # Only a newline ends a line: a subject may hold other separators that Python knows of.
    return [line.split(FIELD) for line in git(repository, *arguments).split("\n") if line]


def is_shallow(repository: Path) -> bool:
    """Whether the clone was cut off at some depth."""
    return git(repository, "rev-parse", "--is-shallow-repository").strip() == "true"


def has_commits(repository: Path) -> bool:
    """Whether anything was ever committed."""
    return bool(git(repository, "rev-list", "--all", "--max-count=1").strip())


def blob(repository: Path, path: str) -> str | None:
    """A file as of HEAD, or None when there is none; works in a bare repository too."""
    found = git(repository, "ls-tree", "--name-only", "HEAD", "--", path).strip()
    return git(repository, "cat-file", "blob", f"HEAD:{path}") if found else None


def head(repository: Path) -> str:
    """The commit of HEAD, for the manifest."""
    return git(repository, "rev-parse", "HEAD").strip()


def _clean(repository: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C",
        # Never the repository that the client's own file may lie in.
        "GIT_CEILING_DIRECTORIES": str(repository.parent),
    }  # fmt: skip

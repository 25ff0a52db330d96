"""Secrets, which a client's file only refers to: where each is kept, and how it is read.

``env:NAME``, ``keyring:service/name`` (the desktop's or server's keyring, by
https://keyring.readthedocs.io), ``file:path`` (relative to the client's file; readable by its
owner only) and ``aws-sm:name`` or ``aws-sm:name#key`` (a secret, or one key of a JSON secret, in the
Secrets Manager of whoever asks; it needs secretsmanager:GetSecretValue for it).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from opsreport.errors import ParamsError

KINDS = ("env:", "keyring:", "file:", "aws-sm:")


def reveal(reference: str, folder: Path, manager: Callable[[str], str] | None = None) -> str:
    """The secret that a reference names.

    Parameters
    ----------
    folder : Path
        Where the client's file stands.
    manager : callable, optional
        Answers a name of Secrets Manager, where there is one to ask, with the secret.

    Raises
    ------
    ParamsError
        When there is none; names the reference, never a secret.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        found = os.environ.get(name, "")
        hint = f"set the environment variable {name}"
    elif kind == "file":
        return _from_file((folder / name).expanduser(), reference)
    elif kind == "keyring":
        found, hint = _from_keyring(name), f"store it: keyring set {name.replace('/', ' ', 1)}"
    elif kind == "aws-sm" and manager:
        found, hint = manager(name), "check its name and key"
    else:
        # What stands there may be the secret itself.
        raise ParamsError("what is written refers to no secret", hint=f"write {', '.join(KINDS)} and a name")
    if not found:
        raise ParamsError(f"{reference} holds nothing", hint=hint)
    return found


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """A text without the secrets in it."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _from_file(path: Path, reference: str) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ParamsError(f"{reference} can be read by others", hint=f"chmod 600 {path}")
        found = path.read_text("utf-8").strip()
    except OSError as error:
        hint = f"it was looked for at {path}; a path is relative to the client's file"
        raise ParamsError(f"{reference} cannot be read: {error.strerror}", hint) from error
    if not found:
        raise ParamsError(f"{reference} is empty", hint="write the secret into it")
    return found


def _from_keyring(name: str) -> str:
    service, slash, user = name.partition("/")
    if not slash:
        raise ParamsError(f"keyring:{name} names no user", hint="write keyring:service/name")
    try:
        import keyring  # not needed by most
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ParamsError("there is no keyring", hint="pip install 'opsreport[keyring]'") from error
    try:
        return keyring.get_password(service, user) or ""
    except KeyringError as error:
        raise ParamsError(f"the keyring cannot be read: {error}", hint="unlock it, or use env: or file:") from error

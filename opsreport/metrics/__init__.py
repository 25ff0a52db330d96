"""Pure functions, one file for each section of the review: a frame in, numbers out."""

from importlib import import_module
from pathlib import Path
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    """A section's module, loaded when it is first asked for: a new file needs no line here."""
    if f"{name}.py" not in {path.name for path in Path(__file__).parent.iterdir()}:
        raise AttributeError(f"{__name__} has no section {name!r}")
    return import_module(f"{__name__}.{name}")

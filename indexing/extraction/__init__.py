"""Reading files: text with its place, out of whatever format a person's document has.

`extract` is the door. The names below are imported when they are used: the reading process imports
this package each time it starts, and needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexing.extraction.extraction import READER_VERSION, Extraction, Status, describe
    from indexing.extraction.limits import Limits
    from indexing.extraction.process import clear_abandoned
    from indexing.extraction.reading import extract

__all__ = [
    "READER_VERSION",
    "Extraction",
    "Limits",
    "Status",
    "clear_abandoned",
    "describe",
    "extract",
]

_MODULES = {"Limits": "limits", "clear_abandoned": "process", "extract": "reading"}


def __getattr__(name: str) -> object:
    """Return a public name from its module. Raises AttributeError for others."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'extraction')}")
    return getattr(module, name)

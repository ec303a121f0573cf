"""What a frame is called where the explorer was made, so that the code runs where it is pasted."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["Origin"]

_PACKAGE = __name__.partition(".")[0]


class Origin:
    """The names that stood where the explorer was made.

    Parameters
    ----------
    objects
        Objects whose names in a function count too; there they are looked up now, since its names go with it.
    """

    def __init__(self, *objects: Any) -> None:
        frame = sys._getframe(1)
        while frame.f_back is not None and _is_ours(frame.f_globals):
            frame = frame.f_back
        self._names: Mapping[str, Any] = frame.f_globals
        local = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)
        self._local = {id(each): name for each in objects if (name := _name_in(local, each)) is not None}

    def name_of(self, wanted: Any) -> str | None:
        """Return the name that an object has now; None if it has none."""
        return self._local.get(id(wanted)) or _name_in(self._names, wanted)

    @property
    def package(self) -> str:
        """What the package is called."""
        return self.name_of(sys.modules[_PACKAGE]) or "bc"


def _is_ours(names: Mapping[str, Any]) -> bool:
    return str(names.get("__name__", "")).partition(".")[0] == _PACKAGE


def _name_in(names: Mapping[str, Any], wanted: Any) -> str | None:
    """Return a name that a person would give; those that begin with _ are the notebook's own."""
    if wanted is None:
        return None
    for name, value in list(names.items()):
        if (
            value is wanted
            and name.isidentifier()
            and not name.startswith("_")
            and not keyword.iskeyword(name)
        ):
            return name
    return None

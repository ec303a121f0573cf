"""What things are called where the code will be pasted, so that it runs there."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import pandas as pd

from brightcall_pandas.errors import running_shell

__all__ = ["Origin", "shell_of_notebook"]

_PACKAGE = __name__.partition(".")[0]
_MACHINE_MADE = re.compile(r"_+(\d+|i+\d*|[iod]h)?|_cell_.*|__.*")
"""Names that IPython and marimo give what a cell returns, or keeps to itself."""
_RESULTS = ("calls", "chosen", "picked")


class Origin:
    """The names that stand where the explorer was made, looked up whenever code is wanted.

    Those of a function count only while that function asks: pasted into a cell they are unknown, or belong
    to something else.
    """

    def __init__(self) -> None:
        caller, shell = _caller(), shell_of_notebook()
        elsewhere = shell is not None and caller.f_globals.get("__name__") != "__main__"
        self._names: Mapping[str, Any] = shell.user_ns if elsewhere else caller.f_globals

    def name_of(self, wanted: Any) -> str | None:
        """Return the name that an object has now; None if it has none."""
        if wanted is None:
            return None
        found = [name for names in (self._of_function(), self._names) for name in _names_in(names, wanted)]
        return next((name for name in found if not name.startswith("_")), found[0] if found else None)

    def result_from(self, df: pd.DataFrame) -> str:
        """Return a name for rows of a frame, which takes nothing away from whoever pastes the code.

        What has that name already is replaced only if it may be an earlier result: a part of the frame.
        """

        def is_free(name: str) -> bool:
            there = self._names.get(name)
            return there is None or (
                isinstance(there, pd.DataFrame) and there is not df and len(there) <= len(df)
            )

        taken = self.name_of(df)
        return next((name for name in _RESULTS if name != taken and is_free(name)), _RESULTS[-1])

    @property
    def load_calls(self) -> str:
        """How the function that loads calls is called."""
        package = sys.modules[_PACKAGE]
        name = self.name_of(package)
        if name is not None:
            return f"{name}.load_calls"
        return self.name_of(package.load_calls) or f"__import__({_PACKAGE!r}).load_calls"

    def _of_function(self) -> Mapping[str, Any]:
        """Return the names of the function that asks; none if a cell or the page asks."""
        caller = _caller()
        inside = caller.f_globals is self._names and caller.f_locals is not caller.f_globals
        return caller.f_locals if inside else {}


def shell_of_notebook() -> Any:
    """Return IPython's shell if it runs in a kernel; None anywhere else."""
    shell = running_shell()
    return shell if getattr(shell, "kernel", None) is not None else None


def _caller() -> FrameType:
    """Return the innermost frame of the call stack that is not the package's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals):
        frame = frame.f_back
    return frame


def _is_ours(names: Mapping[str, Any]) -> bool:
    return str(names.get("__name__", "")).partition(".")[0] == _PACKAGE


def _names_in(names: Mapping[str, Any], wanted: Any) -> Iterator[str]:
    """Yield the names that a person gave an object."""
    for name, value in list(names.items()):
        if (
            value is wanted
            and name.isidentifier()
            and not keyword.iskeyword(name)
            and not _MACHINE_MADE.fullmatch(name)
        ):
            yield name

"""The page as the kernel has it, and the lock of whoever answers it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

try:
    import anywidget
except ImportError as error:
    msg = "the filter explorer needs the extra lab: pip install 'brightcall-pandas[lab]'"
    raise ImportError(msg) from error

__all__ = ["FRONT", "Page", "alone"]

FRONT = Path(__file__).parent / "front"
"""Where the program of the page is."""


class Page(anywidget.AnyWidget):
    """What the browser draws. It has no data of its own: all of it comes by message, so none is saved."""

    _esm = (FRONT / "explorer.js").read_text(encoding="utf-8")
    _css = (FRONT / "explorer.css").read_text(encoding="utf-8")


Given = ParamSpec("Given")
Owner = TypeVar("Owner", bound=Any)
Answer = TypeVar("Answer")


def alone(method: Callable[Concatenate[Owner, Given], Answer]) -> Callable[Concatenate[Owner, Given], Answer]:
    """Let one thread at a time into the methods of an object that has a lock ``entered``.

    JupyterLab has what a hand does handled by another thread than the cell that runs, and while it runs.
    """

    @wraps(method)
    def entered(self: Owner, /, *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with self.entered:
            return method(self, *args, **kwargs)

    return entered

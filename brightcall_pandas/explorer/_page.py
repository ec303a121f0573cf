"""The page in the browser: its program, its style, and the widget that carries both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from brightcall_pandas.errors import missing_extra

try:
    import anywidget
except ImportError as error:
    raise missing_extra("the filter explorer", "lab", error) from error

__all__ = ["FRONT", "PROGRAM", "STYLE", "ExplorerWidget"]

FRONT = Path(__file__).parent / "front"
"""Folder of the page's JavaScript and CSS."""

_PARTS = ("base", "charts", "controls", "table", "page")

PROGRAM = "\n".join((FRONT / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS)
"""The page's program: one module, since a browser could not find the others."""

STYLE = (FRONT / "explorer.css").read_text(encoding="utf-8")
"""How it looks."""


class ExplorerWidget(anywidget.AnyWidget):
    """The widget in the browser. It has no data of its own: all data come by message, so none are saved.

    Parameters
    ----------
    receive
        Called with each message that the browser sends.
    """

    _esm = PROGRAM
    _css = STYLE

    def __init__(self, receive: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self.receive = receive
        self.on_msg(lambda _, content, __: self.receive(content))

"""A bar of tqdm, as text or in a notebook, whose last state a notebook keeps."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from tqdm.std import tqdm

__all__ = ["Bar", "UnfailingStream"]


class UnfailingStream:
    """Standard error, except that a full disk behind it ends no load, nor that there is none.

    Services, and Windows' pythonw, have no standard error.

    tqdm does not let go of its lock when writing fails, so the error must not reach it.
    """

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # or it is closed, or cannot write a character
            if sys.stderr is not None:
                sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if sys.stderr is not None:
                sys.stderr.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


class Bar:
    """A bar, from its making to `close`.

    In a notebook tqdm draws a widget. Of that a notebook that is opened without its kernel shows nothing but
    an error, so the widget makes room for its last state as text.

    Parameters
    ----------
    kind
        tqdm's class of bars.
    **options
        As the class takes them.
    """

    def __init__(self, kind: type[tqdm[Any]], **options: Any) -> None:
        self._output: Any = None
        self._drawn: Any  # with a widget, of which std.tqdm knows nothing
        in_notebook = sys.modules.get("tqdm.notebook")
        if in_notebook is None or not issubclass(kind, in_notebook.tqdm):
            self._drawn = kind(file=UnfailingStream(), **options)
            return
        from IPython.display import display  # noqa: PLC0415 - every notebook has it

        self._drawn = kind(file=UnfailingStream(), display=False, **options)
        self._output = display(self._drawn.container, display_id=True)  # type: ignore[no-untyped-call]

    @property
    def n(self) -> float:
        """How much is done."""
        return float(self._drawn.n)

    def began(self, at: float) -> None:
        """Say when that began which the bar shows, if not when it was made."""
        self._drawn.start_t = at

    def show(self, more: float, postfix: str = "") -> None:
        """Show that more was done."""
        if postfix:
            self._drawn.set_postfix_str(postfix, refresh=False)
        self._drawn.update(more)

    def name(self, description: str) -> None:
        """Say what it is about from now on."""
        self._drawn.set_description_str(description, refresh=False)

    def close(self) -> None:
        """Leave it as it is."""
        self._drawn.refresh()
        self._drawn.close()
        if self._output is not None:
            self._output.update({"text/plain": str(self._drawn)}, raw=True)
            self._drawn.container.close()

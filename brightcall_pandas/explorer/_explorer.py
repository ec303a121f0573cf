"""The explorer: one selection, the rows under it, and a page that shows both."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from brightcall_pandas import export
from brightcall_pandas.explorer import _snapshot as freeze
from brightcall_pandas.explorer._code import asked_of_the_api, code, loaded_with
from brightcall_pandas.explorer._counts import Facts
from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.explorer._selection import Presets, Selection
from brightcall_pandas.explorer._views import Views
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.load import request_body

try:
    import anywidget
except ImportError as error:
    msg = "the filter explorer needs the extra lab: pip install 'brightcall-pandas[lab]'"
    raise ImportError(msg) from error

__all__ = ["FRONT", "Explorer"]

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


_ONE_STEP_S = 1.0
_PAUSE_S = 0.03  # settings from Python that follow each other as fast as this are drawn once


class Explorer:
    """Ask calls questions by hand or from Python, and leave with the code.

    Parameters
    ----------
    df
        Calls: typed, untyped or made by hand. Controls and views whose column is missing are left out.
    presets
        The JSON file of saved selections; None takes one in the user's configuration folder.

    Examples
    --------
    >>> calls = pd.DataFrame({"type": [1, 0, 1], "talkTime": [5.0, 40.0, 60.0]})
    >>> ex = calls.calls.explore()
    >>> ex.filter = CallFilter(types="outbound")
    >>> ex
    Explorer(2 of 3 calls)
    >>> ex.frame["talkTime"].tolist()
    [5.0, 60.0]
    """

    def __init__(self, df: pd.DataFrame, *, presets: str | os.PathLike[str] | None = None) -> None:
        self._df = df
        self._cross = Crossfilter(Facts(df))
        self._views = Views(self._cross)
        self._past: list[Selection] = []
        self._presets = Presets(presets)
        self._held: tuple[str, float] = ("", 0.0)
        self.entered = threading.RLock()
        self._to_be_drawn = False
        self.page = Page()
        self.page.on_msg(lambda _, content, __: self._heard(content))

    # The one state

    @property
    def filter(self) -> CallFilter:
        """What is chosen, as far as the API can be asked for it."""
        return self._cross.selection.filter

    @filter.setter  # noqa: A003 - the design's name
    @alone
    def filter(self, value: CallFilter) -> None:
        self._choose(Selection(value, self.conditions))

    @property
    def conditions(self) -> dict[str, Any]:
        """What is chosen beside the filter: ``hours`` (first, last), ``lines``, ``transferred``, ``ai``."""
        return dict(self._cross.selection.conditions)

    @conditions.setter
    @alone
    def conditions(self, value: Mapping[str, Any]) -> None:
        self._choose(Selection(self.filter, dict(value)))

    @alone
    def set(self, name: str, value: Any) -> None:
        """Set one control, as a hand would.

        Parameters
        ----------
        name
            Name of the control: that of the filter, of a range without its ends (``talk_time``, ``day``).
        value
            One value or several; a pair for a range, None for an open end; None takes it away.

        Raises
        ------
        KeyError
            There is no such control, or the frame lacks its column.
        TypeError, ValueError
            The filter does not take the value.
        """
        self._choose(self._cross.selection.changed(name, value))

    def reset(self) -> None:
        """Show all calls again."""
        self._choose(Selection())

    @alone
    def undo(self) -> None:
        """Go back one step; at the beginning nothing happens."""
        if self._past:
            self._cross.select(self._past.pop())
            self._held = ("", 0.0)
            self._draw()

    # What it gives

    @property
    @alone
    def frame(self) -> pd.DataFrame:
        """The rows that pass, with all columns of the frame and its index."""
        rows = self._cross.rows()
        return self._df.copy(deep=False) if rows is None else self._df.iloc[rows]

    @property
    @alone
    def controls(self) -> dict[str, dict[str, Any]]:
        """What each control shows now, by name: label, kind, choices and their counts under the others."""
        return {name: self._views.control(each) for name, each in self._views.controls.items()}

    @property
    @alone
    def view(self) -> dict[str, Any]:
        """Everything that the page shows now."""
        return self._views.all()

    def code(self) -> str:
        """Return two lines of Python for the same rows.

        Returns
        -------
        str
            ``calls = bc.load_calls(…)`` asks the API, ``calls = df.calls.filter(…)`` the frame ``df`` that is
            explored. What the API has no filter for follows as ``.loc[…]``. A frame that was not loaded
            does not say its days; then those of its first and last call are asked for.
        """
        return code(self._cross.selection, loaded_with(self._df), self._days(), self._cross.facts.zone)

    def request(self) -> dict[str, Any]:
        """Return the body of the API request.

        Returns
        -------
        dict
            API name → value. The conditions are not in it: the API has no filter for them.
        """
        asked, _ = asked_of_the_api(self._cross.selection, loaded_with(self._df), self._days())
        return request_body(asked, asked.timezone)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the rows that pass as one parquet file, and return its path."""
        return export.to_parquet(self.frame, path, partition=None)

    @alone
    def freeze(self) -> None:
        """Leave a picture and a table in the notebook, which stay when the kernel is gone.

        They hold numbers and the first rows: that is what they are for.
        """
        from IPython import display  # noqa: PLC0415 - a notebook has it

        publish: Callable[[dict[str, Any]], None] = display.publish_display_data
        view = self.view
        publish({"image/png": freeze.as_png(self.frame, view["sentence"]), "text/plain": view["sentence"]})
        publish({"text/html": freeze.as_html(view, self.code()), "text/plain": self.code()})

    # Saved by name

    @property
    def presets(self) -> list[str]:
        """Names of the saved selections."""
        return self._presets.names()

    @alone
    def save_preset(self, name: str) -> None:
        """Save what is chosen under a name."""
        self._presets.save(name, self._cross.selection)
        self._draw()

    def load_preset(self, name: str) -> None:
        """Choose what was saved under a name."""
        self._choose(self._presets.load(name))

    @alone
    def delete_preset(self, name: str) -> None:
        """Forget a saved selection."""
        self._presets.delete(name)
        self._draw()

    # The page

    @alone
    def __repr__(self) -> str:
        return f"Explorer({self._views.figures.sentence()})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = self.page._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return (data or {}) | {"text/plain": "the filter explorer; run the cell to see it"}, metadata

    @alone
    def _choose(self, selection: Selection, held: str = "") -> None:
        """Take a selection; a control that a hand keeps moving (`held`) is one step of undo."""
        before, now = self._cross.selection, time.monotonic()
        if selection == before:
            return
        self._cross.select(selection)
        if not (held and held == self._held[0] and now - self._held[1] < _ONE_STEP_S):
            self._past.append(before)
        self._held = (held, now)
        self._draw()

    def _draw(self) -> None:
        """Send the view: where a loop runs soon and once, so that the last of many settings wins."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._send()
            return
        if not self._to_be_drawn:
            self._to_be_drawn = True
            loop.call_later(_PAUSE_S, self._send_if_due)

    @alone
    def _send_if_due(self) -> None:
        if self._to_be_drawn:
            self._send()

    @alone
    def _send(self, answer: int | None = None, error: str = "", told: str = "") -> None:
        self._to_be_drawn = False
        try:
            presets = self.presets
        except (OSError, ValueError) as problem:  # a broken file is no reason to stop drawing
            presets, error = [], error or str(problem)
        self.page.send(
            self._views.all()
            | {
                "kind": "view",
                "answer": answer,
                "error": error,
                "told": told,
                "code": self.code(),
                "presets": presets,
                "can_undo": bool(self._past),
            }
        )

    @alone
    def _heard(self, content: dict[str, Any]) -> None:
        """Do what a hand did on the page, and answer with the new view, whatever came of it."""
        error = told = ""
        try:
            told = self._do(content) or ""
        except (KeyError, TypeError, ValueError, OSError) as problem:
            error = str(problem.args[0] if isinstance(problem, KeyError) else problem)
        self._send(content.get("number"), error, told)

    def _do(self, content: dict[str, Any]) -> str | None:
        name, value = str(content.get("name", "")), content.get("value")
        match content.get("do"):
            case "set":
                self._choose(self._cross.selection.changed(name, value), held=name)
            case "tick":
                self.set(name, self._views.values_of(name, list(value or [])))
            case "clear" if name in self._views.controls:
                self.set(name, None)
            case "clear":
                self.filter = self.filter.without(name)
            case "reset":
                self.reset()
            case "undo":
                self.undo()
            case "save":
                return f"Saved {self._cross.count():,} calls to {self.save(str(value))}"
            case "save preset":
                self.save_preset(str(value))
            case "load preset":
                self.load_preset(str(value))
            case "delete preset":
                self.delete_preset(str(value))
        return None

    def _days(self) -> tuple[str, str]:
        """Return the first and the last day of the frame; today where it has no time."""
        days = self._cross.facts.days()
        if days is not None:
            return days
        today = f"{pd.Timestamp.now():%Y-%m-%d}"
        return today, today

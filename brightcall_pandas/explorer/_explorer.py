"""The explorer: one selection, the rows that pass it, and a page that shows both."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import pandas as pd

from brightcall_pandas import export
from brightcall_pandas.analysis import Further
from brightcall_pandas.errors import BrightcallError
from brightcall_pandas.explorer import _snapshot
from brightcall_pandas.explorer._code import doubts, from_api, from_frame, load_filter, split_filter
from brightcall_pandas.explorer._counts import EncodedCalls
from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.explorer._origin import Origin
from brightcall_pandas.explorer._page import ExplorerWidget
from brightcall_pandas.explorer._selection import Presets, Selection
from brightcall_pandas.explorer._stored import StoredSnapshot, snapshot_html
from brightcall_pandas.explorer._views import Views
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import WEEKDAYS, Names, agent_field, choice
from brightcall_pandas.load import Client, request_body

__all__ = ["Explorer"]

Arguments = ParamSpec("Arguments")
Owner = TypeVar("Owner", bound=Any)
Result = TypeVar("Result")


def locked(
    method: Callable[Concatenate[Owner, Arguments], Result],
) -> Callable[Concatenate[Owner, Arguments], Result]:
    """Let one thread at a time into the methods of an object that has a ``lock``.

    JupyterLab handles messages from the page in a thread of their own, also while a cell runs.
    """

    @wraps(method)
    def under_lock(self: Owner, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with self.lock:
            return method(self, *args, **kwargs)

    return under_lock


_PAUSE_S = 0.03  # changes from Python that follow each other as fast as this are drawn once


class Explorer:
    """Filter calls by hand or from Python, see what passes, and take the code with you.

    Parameters
    ----------
    df
        Calls: typed, raw or hand-made. Controls and views whose column is missing are left out.
    presets
        The JSON file of saved selections; None means one in the user's configuration folder.
    names
        Names to show for ids of agents, lines and parties, as in the tables; the code keeps the ids.
    metrics
        Figures to show beside the usual ones: `bc.Metric`, or names of metrics.
    stored
        Whether a notebook stores the selection with its figures and pictures beside the page, to be seen
        when it is opened without its kernel. It holds no rows, and clients' numbers only if the selection
        names them.
    client
        The client that the calls were loaded with, if it is not the default; the code names it.

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

    def __init__(
        self,
        df: pd.DataFrame,
        *,
        presets: str | os.PathLike[str] | None = None,
        names: Names = None,
        metrics: Further = None,
        stored: bool = True,
        client: Client | None = None,
    ) -> None:
        self._df, self._client, self._names = df, client, names
        self._origin = Origin()
        self._cross = Crossfilter(EncodedCalls(df))
        self._views = Views(df, self._cross, names, metrics)
        self._stored = StoredSnapshot(self._as_stored) if stored else None
        self._undo_steps: list[Selection] = []
        self._presets = Presets(presets)
        self._step = ""  # the page's name of the last change; those of one name are one step of undo
        self.lock = threading.RLock()
        self._draw_due = False
        self.page = ExplorerWidget(self._receive)

    # The selection

    @property
    def filter(self) -> CallFilter:
        """The part of the selection that the API has filters for."""
        return self._cross.selection.filter

    @filter.setter  # noqa: A003 - the name is public
    @locked
    def filter(self, value: CallFilter) -> None:
        self._select(Selection(value, self.conditions))

    @property
    def conditions(self) -> dict[str, Any]:
        """The rest of the selection, by the names that ``df.calls.filter`` has for it and the API lacks."""
        return dict(self._cross.selection.conditions)

    @conditions.setter
    @locked
    def conditions(self, value: Mapping[str, Any]) -> None:
        self._select(Selection(self.filter, dict(value)))

    @locked
    def set(self, name: str, value: Any) -> None:
        """Set one control, as on the page.

        Parameters
        ----------
        name
            Name of the control: that of the filter, for a range without its ends (``talk_time``, ``day``).
        value
            One value or several; a pair for a range, with None for an open end; None clears the control.

        Raises
        ------
        KeyError
            There is no such control, or the frame lacks its column.
        TypeError, ValueError
            The filter does not take the value.
        """
        self._select(self._cross.selection.changed(name, value))

    def reset(self) -> None:
        """Show all calls again."""
        self._select(Selection())

    @locked
    def undo(self) -> None:
        """Go back one step; do nothing if there is none."""
        if self._undo_steps:
            self._cross.select(self._undo_steps.pop())
            self._step = ""
            self._draw()

    # Results

    @property
    @locked
    def frame(self) -> pd.DataFrame:
        """The rows that pass, with all columns and the index of the frame."""
        rows = self._cross.rows()
        return self._df.copy(deep=False) if rows is None else self._df.iloc[rows]

    @property
    @locked
    def controls(self) -> dict[str, dict[str, Any]]:
        """What each control shows now, by name: label, kind, choices, and counts under the other controls."""
        return {name: self._views.control(each) for name, each in self._views.controls.items()}

    @property
    @locked
    def view(self) -> dict[str, Any]:
        """Everything that the page shows now."""
        return self._views.all()

    def code(self, source: Literal["frame", "api"] | None = None) -> str:
        """Return one statement that gives the same rows in a cell of the notebook.

        Parameters
        ----------
        source
            ``"frame"`` filters the frame that is explored, by its own name; ``"api"`` loads the calls. None:
            the frame if it has a name, else the API. A name inside a function counts only if that function
            asks.

        Returns
        -------
        str
            Such as ``calls = df.calls.filter(…)`` or ``calls = bc.load_calls(…)``; what the API has no filter
            for follows as a filter of rows. Where ``calls`` is something else than a part of the frame, the
            result is ``chosen``. A frame that was not loaded does not know its days, so the code has those of
            its first and last call, and a comment says so.

        Raises
        ------
        ValueError
            `source` is ``"frame"``, and no variable holds the frame.
        """
        if source is not None:
            choice("source", source, ("frame", "api"))
        selection, calls = self._cross.selection, self._cross.calls
        agent = None if selection.filter.agent_ids is None else agent_field(self._df)
        name = self._origin.name_of(self._df)
        result = self._origin.result_from(self._df)
        if name is not None and source != "api":
            return f"{result} = {from_frame(selection, name, calls.zone, agent)}"
        if source == "frame":
            msg = "no variable holds the frame that is explored: give it a name, or take source='api'"
            raise ValueError(msg)
        client = self._origin.name_of(self._client)
        statement = from_api(
            selection,
            load_filter(self._df),
            self._days(),
            calls.zone,
            agent,
            load_calls=self._origin.load_calls,
            client=client,
        )
        unknown = self._client is not None and client is None
        return f"{result} = {statement}{doubts(self._df, client_unknown=unknown)}"

    def request(self) -> dict[str, Any]:
        """Return the body of the API request.

        Returns
        -------
        dict
            API name → value. The conditions are not in it: the API has no filter for them.
        """
        request, _ = split_filter(self._cross.selection, load_filter(self._df), self._days())
        return request_body(request, request.timezone)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the rows that pass to a parquet file, and return its path.

        Raises
        ------
        FileExistsError
            There is such a file, and it is not to be replaced.
        ValueError
            `path` is a folder.
        """
        if Path(path).is_file() and not overwrite:
            msg = f"{path} exists; overwrite=True replaces it"
            raise FileExistsError(msg)
        return export.to_parquet(self.frame, path, partition=None)

    @locked
    def snapshot(self) -> None:
        """Show a picture, the first rows and the code, which stay in the notebook after the kernel has ended.

        They contain rows, unlike what the notebook stores of the page by itself.
        """
        from IPython import display  # noqa: PLC0415 - every notebook has it

        publish: Callable[..., None] = display.publish_display_data
        view = self.view
        picture, words = _snapshot.as_png(self.frame, view["sentence"], self._names)
        publish({"image/png": picture, "text/plain": words}, {"image/png": {"alt": words}})
        publish({"text/html": _snapshot.as_html(view, self.code()), "text/plain": self.code()})

    @locked
    def close(self) -> None:
        """Take the page away, and let go of the calls.

        As long as it has a page an explorer stays in memory with its calls until the kernel ends, whether or
        not a variable holds it: a click may still come. Selection, rows and code can be asked for afterwards
        too.
        """
        if self._stored is not None:
            self._stored.replace()
        self.page.close()

    # Presets

    @property
    def presets(self) -> list[str]:
        """Names of the saved selections."""
        return self._presets.names()

    @locked
    def save_preset(self, name: str) -> None:
        """Save the selection under a name; a preset of that name is replaced."""
        self._presets.save(name, self._cross.selection)
        self._draw()

    def load_preset(self, name: str) -> None:
        """Change to a saved selection.

        Raises
        ------
        KeyError
            There is no preset of that name.
        ValueError
            It cannot be read.
        """
        self._select(self._presets.load(name))

    @locked
    def delete_preset(self, name: str) -> None:
        """Delete a saved selection; do nothing if there is none of that name."""
        self._presets.delete(name)
        self._draw()

    # The page

    @locked
    def __repr__(self) -> str:
        return f"Explorer({self._views.figures.sentence()})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self._stored is not None:
            self._stored.show()
        bundle = self.page._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return (data or {}) | {"text/plain": "the filter explorer; run the cell to see it"}, metadata

    @locked
    def _as_stored(self) -> tuple[str, str]:
        """Return what a notebook stores beside the page, as HTML and as text."""
        view = self._views.all()
        text = "\n".join([view["sentence"], *(chip["text"] for chip in view["chips"]), self.code()])
        return snapshot_html(view, self.code()), text

    @locked
    def _select(self, selection: Selection, step: str = "") -> None:
        """Change to a selection; changes in a row that the page gives the same `step` are undone together."""
        before = self._cross.selection
        if selection == before:
            return
        self._cross.select(selection)
        if not step or step != self._step:
            self._undo_steps.append(before)
        self._step = step
        self._draw()

    def _draw(self) -> None:
        """Send the view; if an event loop runs, a little later and once for all changes until then."""
        if self._stored is not None:
            self._stored.outdated()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._send()
            return
        if not self._draw_due:
            self._draw_due = True
            loop.call_later(_PAUSE_S, self._send_if_due)

    @locked
    def _send_if_due(self) -> None:
        if self._draw_due:
            self._send()

    @locked
    def _send(self, answer: str | None = None, error: str = "", status: str = "", exists: str = "") -> None:
        self._draw_due = False
        try:
            presets = self.presets
        except (OSError, ValueError) as problem:  # the page must work with a broken file of presets
            presets, error = [], error or str(problem)
        self.page.send(
            self._views.all()
            | {
                "kind": "view",
                "answer": answer,
                "error": error,
                "status": status,
                "exists": exists,
                "code": self.code(),
                "presets": presets,
                "can_undo": bool(self._undo_steps),
            }
        )

    @locked
    def _receive(self, content: dict[str, Any]) -> None:
        """Do what the page asks for, and answer with the new view, or with the old one and an error."""
        error = status = exists = ""
        try:
            status = self._do(content) or ""
        except FileExistsError:
            exists = _typed_path(content.get("value"))
        except (BrightcallError, LookupError, TypeError, ValueError, OSError) as problem:
            error = str(problem.args[0] if isinstance(problem, KeyError) else problem)
        self._send(content.get("number"), error, status, exists)

    def _do(self, content: dict[str, Any]) -> str | None:
        """Do what the page asks for, and return what to say; do nothing if it only asks for the view."""
        name, value = str(content.get("name", "")), content.get("value")
        tasks: dict[str, Callable[[], str | None]] = {
            "set": lambda: self._select(
                self._cross.selection.changed(name, value), str(content.get("step", ""))
            ),
            "tick": lambda: self.set(name, self._views.values_of(name, list(value or []))),
            "cell": lambda: self._pick_cell(value),
            "pick": lambda: self._pick(name, value),
            "find": lambda: self._views.search(name, str(value or "")),
            "clear": lambda: self._clear(name),
            "reset": self.reset,
            "undo": self.undo,
            "table": lambda: self._views.table.change(value or {}),
            "save": lambda: self._save_by_hand(_typed_path(value), overwrite=bool(content.get("overwrite"))),
            "save preset": lambda: self.save_preset(str(value)),
            "load preset": lambda: self.load_preset(str(value)),
            "delete preset": lambda: self.delete_preset(str(value)),
        }
        task = tasks.get(str(content.get("do")))
        return None if task is None else task()

    def _save_by_hand(self, path: str, *, overwrite: bool) -> str:
        if not path:
            msg = "name a file to save to, such as calls.parquet"
            raise ValueError(msg)
        return f"Saved {self._cross.count():,} calls to {self.save(path, overwrite=overwrite)}"

    def _clear(self, name: str) -> None:
        if name in self._views.controls:
            self.set(name, None)
        else:
            self.filter = self.filter.without(name)

    def _pick_cell(self, cell: Any) -> None:
        """Choose a weekday and an hour, by number; take both back if they are chosen."""
        weekday, hour = map(int, cell)
        conditions: dict[str, Any] = {"weekdays": (WEEKDAYS[weekday],), "hours": (hour, hour)}
        others = {name: kept for name, kept in self.conditions.items() if name not in conditions}
        chosen = others if self.conditions == others | conditions else others | conditions
        self._select(Selection(self.filter, chosen))

    def _pick(self, column: str, position: Any) -> None:
        """Choose the value of a cell of the table; take it back if it is chosen."""
        name, value = self._views.picked(column, int(position))
        now = self._cross.selection
        wanted = now.changed(name, value)
        self._select(now.changed(name, None) if wanted == now else wanted)

    def _days(self) -> tuple[str, str]:
        """Return the first and the last day of the frame; today if it has no times."""
        days = self._cross.calls.days()
        if days is not None:
            return days
        today = f"{pd.Timestamp.now():%Y-%m-%d}"
        return today, today


def _typed_path(typed: Any) -> str:
    """Return a path as a person typed it: blanks around it are not meant, and ``~`` is the home folder."""
    return os.path.expanduser(str(typed or "").strip())

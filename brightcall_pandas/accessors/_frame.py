"""``df.calls``: the analyses as methods of any frame of calls.

Every method only passes the frame on. Docstrings and signatures are those of the functions, so that
Shift-Tab in a notebook shows them.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from brightcall_pandas import analysis, export
from brightcall_pandas.accessors._hidden_column import HidesColumn
from brightcall_pandas.analysis import model_frame
from brightcall_pandas.filters import CallFilter, lists_filters

if TYPE_CHECKING:
    import os

    from matplotlib.axes import Axes

    from brightcall_pandas.explorer import Explorer

__all__ = ["CallsAccessor", "CallsPlot"]

P = ParamSpec("P")
T = TypeVar("T")


def _method(
    function: Callable[Concatenate[pd.DataFrame, P], T],
) -> Callable[Concatenate[CallsAccessor, P], T]:
    """Make a method of an analysis: the accessor's frame is its first argument."""

    def method(self: CallsAccessor, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return function(self._df, *args, **kwargs)

    functools.update_wrapper(method, function)
    return method


def _picture(function: Callable[..., pd.DataFrame]) -> Callable[..., Axes]:
    """Make a picture of an analysis: its table, drawn by the function of the same name in `plots`."""
    name = function.__name__

    def picture(self: CallsPlot, *args: Any, ax: Axes | None = None, **kwargs: Any) -> Axes:
        # Only here, so that a frame can be counted without matplotlib being loaded.
        plots = importlib.import_module("brightcall_pandas.plots")
        drawn: Axes = getattr(plots, name)(function(self._df, *args, **kwargs), ax=ax)
        return drawn

    picture.__name__, picture.__qualname__ = name, f"CallsPlot.{name}"
    picture.__doc__ = (
        f"Draw the table of ``df.calls.{name}(…)``.\n\n"
        "Takes the arguments of the table and ``ax``, the axes to draw on (default: new ones).\n"
        "Returns the axes."
    )
    signature = inspect.signature(function)
    ax = inspect.Parameter("ax", inspect.Parameter.KEYWORD_ONLY, default=None)
    parameters = [*signature.parameters.values(), ax]
    picture.__signature__ = signature.replace(parameters=parameters, return_annotation="Axes")  # type: ignore[attr-defined]
    return picture


class CallsPlot:
    """``df.calls.plot``: the tables as pictures, under the same names and with the same arguments."""

    def __init__(self, df: pd.DataFrame) -> None:
        self._df = df

    abandonment = _picture(analysis.abandonment)
    answer_time_histogram = _picture(analysis.answer_time_histogram)
    attempts = _picture(analysis.attempts)
    breakdown = _picture(analysis.breakdown)
    by_agent = _picture(analysis.by_agent)
    by_outcome = _picture(analysis.by_outcome)
    compare = _picture(analysis.compare)
    concurrency = _picture(analysis.concurrency)
    explain_change = _picture(analysis.explain_change)
    funnel = _picture(analysis.funnel)
    heatmap = _picture(analysis.heatmap)
    by_line = _picture(analysis.by_line)
    over_time = _picture(analysis.over_time)
    talk_time_buckets = _picture(analysis.talk_time_buckets)
    recalls = _picture(analysis.recalls)
    repeat_callers = _picture(analysis.repeat_callers)
    service_level = _picture(analysis.service_level)
    staffing = _picture(analysis.staffing)
    talk_time_histogram = _picture(analysis.talk_time_histogram)
    transfer_flow = _picture(analysis.transfer_flow)
    transfer_matrix = _picture(analysis.transfer_matrix)
    transfer_variants = _picture(analysis.transfer_variants)


@pd.api.extensions.register_dataframe_accessor("calls")
class CallsAccessor(HidesColumn):
    """``df.calls``: every table of the catalogue, for any frame that has the columns a table needs.

    The frame may be loaded, read or made by hand. It is never changed, and nothing is remembered.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        self._df = df

    # Key figures: of all calls, of any groups, of agents, of numbers
    summary = _method(analysis.summary)
    breakdown = _method(analysis.breakdown)
    by_agent = _method(analysis.by_agent)
    by_line = _method(analysis.by_line)

    # What came of the calls, how far they got, how long they took
    by_outcome = _method(analysis.by_outcome)
    funnel = _method(analysis.funnel)
    talk_time_buckets = _method(analysis.talk_time_buckets)
    talk_time_histogram = _method(analysis.talk_time_histogram)
    answer_time_histogram = _method(analysis.answer_time_histogram)

    # Along the clock, at once, and how many agents that takes
    over_time = _method(analysis.over_time)
    heatmap = _method(analysis.heatmap)
    concurrency = _method(analysis.concurrency)
    staffing = _method(analysis.staffing)

    # How soon callers are answered
    service_level = _method(analysis.service_level)
    abandonment = _method(analysis.abandonment)

    # One client, one call after the other
    attempts = _method(analysis.attempts)
    repeat_callers = _method(analysis.repeat_callers)
    recalls = _method(analysis.recalls)

    # Against other calls, and why they differ
    compare = _method(analysis.compare)
    explain_change = _method(analysis.explain_change)

    # Who handed calls to whom
    transfer_chains = _method(analysis.transfer_chains)
    transfer_variants = _method(analysis.transfer_variants)
    transfer_matrix = _method(analysis.transfer_matrix)
    transfer_summary = _method(analysis.transfer_summary)
    transfer_parties = _method(analysis.transfer_parties)
    transfer_flow = _method(analysis.transfer_flow)
    transfer_shapes = _method(analysis.transfer_shapes)
    handovers = _method(analysis.handovers)
    to_event_log = _method(analysis.to_event_log)
    to_networkx = _method(analysis.to_networkx)

    # Which calls went a certain way: masks, to be combined with & and |
    chains_start_with = _method(analysis.chains_start_with)
    chains_end_with = _method(analysis.chains_end_with)
    chains_contain = _method(analysis.chains_contain)
    chains_contain_eventually = _method(analysis.chains_contain_eventually)
    chains_at_least = _method(analysis.chains_at_least)
    chains_loop = _method(analysis.chains_loop)

    # How far the rows can be trusted
    quality = _method(analysis.quality)
    reconcile = _method(analysis.reconcile)

    # What every number means
    definitions = staticmethod(analysis.definitions)

    # Rows
    @lists_filters
    def filter(self, **filters: Any) -> pd.DataFrame:
        """Return the rows that the API would return under these filters.

        Parameters
        ----------
        **filters
            Any of `bc.describe_filters()`, with the API's meaning.

        Returns
        -------
        pandas.DataFrame
            The rows that pass, in their order, with all columns.

        Raises
        ------
        TypeError, ValueError
            As `bc.CallFilter`; also for a filter that rows cannot answer (``team_ids``).
        KeyError
            The frame lacks a column that a filter reads.

        Examples
        --------
        >>> calls = pd.DataFrame({"talkTime": [5, 40], "type": [1, 1]})
        >>> calls.calls.filter(types="outbound", talk_time_from=30)
           talkTime  type
        1        40     1
        """
        return self._df[CallFilter(**filters).mask(self._df).to_numpy(dtype=bool)]

    def explore(self, *, presets: str | os.PathLike[str] | None = None) -> Explorer:
        """Explore the calls by hand, and leave with the code.

        Parameters
        ----------
        presets
            The JSON file of saved selections; None takes one in the user's configuration folder.

        Returns
        -------
        Explorer
            The last expression of a cell shows it. ``ex.filter``, ``ex.frame``, ``ex.code()``,
            ``ex.request()`` and ``ex.freeze()`` say what is chosen.

        Raises
        ------
        ImportError
            The extra ``lab`` is not installed.

        Examples
        --------
        >>> calls = pd.DataFrame({"talkTime": [5, 40], "type": [1, 1]})
        >>> ex = calls.calls.explore()
        >>> ex.set("talk_time", (10, None))
        >>> ex.frame
           talkTime  type
        1        40     1
        """
        # Only here, so that a frame can be counted without widgets being loaded.
        explorer = importlib.import_module("brightcall_pandas.explorer")
        made: Explorer = explorer.Explorer(self._df, presets=presets)
        return made

    # Files
    to_parquet = _method(export.to_parquet)
    pseudonymize = _method(export.pseudonymize)

    # For a model
    model_frame = _method(model_frame)

    @property
    def plot(self) -> CallsPlot:
        """The tables as pictures."""
        return CallsPlot(self._df)

"""``df.calls``: the analyses as methods of any frame of calls.

Every method only passes the frame on. Docstrings, signatures and types are those of the functions, so that
Shift-Tab in a notebook, mypy and pyright see them. Only frame, filters and analysis are imported here: what
loads files, pictures or widgets is imported by the method that needs it.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, TypeVar, Unpack

import pandas as pd

from brightcall_pandas import analysis
from brightcall_pandas.accessors import _about, _revised
from brightcall_pandas.accessors._hidden_column import HidesColumn
from brightcall_pandas.accessors._people import of_people
from brightcall_pandas.accessors._pictures import doc_of_method
from brightcall_pandas.accessors._rows import matching_rows, unmatched_paths, zone_of_rows
from brightcall_pandas.accessors._settings import says_settings
from brightcall_pandas.accessors._show import show
from brightcall_pandas.errors import NoMatchWarning, brief_errors, warn_user
from brightcall_pandas.filters import (
    CallFilter,
    FiltersAndDays,
    dated,
    lists_filters,
    parsed_conditions,
    unmatched_values,
)
from brightcall_pandas.frame import Names, warn_of_other_spellings

if TYPE_CHECKING:
    from brightcall_pandas.accessors._plot import CallsPlot
    from brightcall_pandas.explorer import Explorer

__all__ = ["CallsAccessor", "calls"]

P = ParamSpec("P")
T = TypeVar("T")


def _method(
    function: Callable[Concatenate[pd.DataFrame, P], T],
) -> Callable[Concatenate[CallsAccessor, P], T]:
    """Make a method of an analysis: its first argument is the accessor's frame."""
    table = of_people(function)
    if function is not show:
        table = says_settings(table)

    def method(self: CallsAccessor, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if function is not show:  # which shows tables too, whose columns are no fields
            warn_of_other_spellings(self._df.columns)
        return table(self._df, *args, **kwargs)

    functools.update_wrapper(method, table)
    method.__doc__ = doc_of_method(table.__doc__)
    signature = inspect.signature(table)
    frame, *others = signature.parameters.values()
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[frame.replace(name="self", annotation=frame.empty), *others]
    )
    return brief_errors(method)


@pd.api.extensions.register_dataframe_accessor("calls")
class CallsAccessor(HidesColumn):
    """``df.calls``: every table of the catalogue, for any frame that has the columns a table needs.

    The frame may be loaded, read or made by hand. It is never changed, and nothing is remembered. Type
    checkers take ``df.calls`` for a column; `calls` returns the same accessor with its type.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        self._df = df

    def __repr__(self) -> str:
        return _about.as_text(self._df)

    def _repr_html_(self) -> str:
        return _about.as_html(self._df)

    # Key figures of all calls, of any groups, of agents, of lines
    summary = _method(analysis.summary)
    breakdown = _method(analysis.breakdown)
    by_agent = _method(analysis.by_agent)
    agent_time = _method(analysis.agent_time)
    ratings = _method(analysis.ratings)
    rung_parties = _method(analysis.rung_parties)
    ai_handover = _method(analysis.ai_handover)
    by_line = _method(analysis.by_line)

    # How calls ended, how far they got, how long they took
    by_outcome = _method(analysis.by_outcome)
    funnel = _method(analysis.funnel)
    talk_time_buckets = _method(analysis.talk_time_buckets)
    talk_time_histogram = _method(analysis.talk_time_histogram)
    answer_time_histogram = _method(analysis.answer_time_histogram)

    # Over time, in progress at once, and how many agents that takes
    over_time = _method(analysis.over_time)
    heatmap = _method(analysis.heatmap)
    concurrency = _method(analysis.concurrency)
    staffing = _method(analysis.staffing)

    # How soon callers are answered
    service_level = _method(analysis.service_level)
    abandonment = _method(analysis.abandonment)

    # The calls of one client, one after another
    attempts = _method(analysis.attempts)
    attempt_gaps = _method(analysis.attempt_gaps)
    repeat_callers = _method(analysis.repeat_callers)
    repeat_calls = _method(analysis.repeat_calls)
    recalls = _method(analysis.recalls)
    late_recalls = _method(analysis.late_recalls)
    callbacks = _method(analysis.callbacks)
    missed_calls = _method(analysis.missed_calls)

    # Compared with other calls, and why they differ
    compare = _method(analysis.compare)
    explain_change = _method(analysis.explain_change)

    # Which of them changed, and since when
    watch = _method(analysis.watch)

    # Who transferred calls to whom
    transfer_chains = _method(analysis.transfer_chains)
    transfer_variants = _method(analysis.transfer_variants)
    transfer_matrix = _method(analysis.transfer_matrix)
    transfer_summary = _method(analysis.transfer_summary)
    transfer_parties = _method(analysis.transfer_parties)
    transfer_flow = _method(analysis.transfer_flow)
    transfer_events = _method(analysis.transfer_events)
    to_event_log = _method(analysis.to_event_log)
    to_networkx = _method(analysis.to_networkx)

    # Which calls went a certain way: a mask, to be combined with & and |
    chains_match = _method(analysis.chains_match)

    # What changed after it was first seen
    revisions = _method(_revised.revisions)
    restated = _method(_revised.restated)

    # How far the rows can be trusted
    quality = _method(analysis.quality)
    reconcile = _method(analysis.reconcile)

    # What each number means, and what hangs on that
    sensitivity = _method(analysis.sensitivity)
    definitions = staticmethod(analysis.definitions)

    # As people read them
    show = _method(show)

    # Rows
    @brief_errors
    @lists_filters
    def filter(
        self,
        *,
        hours: tuple[int, int] | None = None,
        weekdays: str | Iterable[str] | None = None,
        lines: str | int | Iterable[str | int] | None = None,
        campaigns: str | Iterable[str] | None = None,
        countries: str | Iterable[str] | None = None,
        transferred: bool | None = None,
        paths: str | Iterable[str] | None = None,
        ai: bool | None = None,
        fold_case: bool = True,
        agent: str | None = None,
        **filters: Unpack[FiltersAndDays],
    ) -> pd.DataFrame:
        """Return the rows that the API would return under these filters, and under conditions of its own.

        Parameters
        ----------
        hours
            First and last hour of the day in which the call began, both inclusive, such as ``(9, 17)``: in
            the filter's `timezone`, or else in the frame's own.
        weekdays
            Days of the week on which the call began, such as ``["Monday", "Tuesday"]``, by the same clock.
        lines
            Phone lines used for the call.
        campaigns
            Campaigns of the call.
        countries
            Countries of the client's number, two letters each, such as ``"DE"``; a national number has one
            only if the frame's region is known.
        transferred
            Whether the call was transferred at least once.
        paths
            Who took the call, one after the other, as in `transfer_variants`: ``"101 → 102"``, ``"(none)"``.
        ai
            Whether the AI agent talked.
        fold_case
            True: labels of tables are filters. Outcomes and tags are folded by case and blanks as the tables
            fold them, telephone numbers match in any spelling (`bc.normalize_numbers`, in the frame's
            region), `agent_ids` are the agents of ``by_agent``, and ``(none)`` is a row without a label.
            False: they must be equal letter for letter, as the API wants them, and `agent_ids` match any
            field that may tell the agent.
        agent
            Field (``"involvedAgent1Id"``, ``"agentShortNumber"``, ``"userId"``) or column that `agent_ids`
            are in; None: the one that tells the frame's agents.
        **filters
            Any of `bc.describe_filters()`, with the API's meaning.

        Returns
        -------
        pandas.DataFrame
            The rows that pass, in their order, with all columns and their index.

        Raises
        ------
        TypeError, ValueError
            As for `bc.CallFilter`, and for a filter that rows cannot answer (``team_ids``).
        KeyError
            The frame lacks a column that a filter needs.

        Warns
        -----
        NoMatchWarning
            A name, label, number or id is that of no row, whatever the other filters are. The warning says
            what there is, and the nearest.

        Examples
        --------
        >>> calls = pd.DataFrame({"talkTime": [5, 40], "type": [1, 1]})
        >>> calls.calls.filter(types="outbound", talk_time_from=30)
           talkTime  type
        1        40     1
        >>> calls = pd.DataFrame({"timestamp": pd.to_datetime(["2026-03-02 08:59", "2026-03-02 17:30"])})
        >>> calls.calls.filter(hours=(9, 17))
                    timestamp
        1 2026-03-02 17:30:00
        """
        conditions = parsed_conditions(
            {
                "hours": hours,
                "weekdays": weekdays,
                "lines": lines,
                "campaigns": campaigns,
                "countries": countries,
                "transferred": transferred,
                "paths": paths,
                "ai": ai,
            }
        )
        spec = CallFilter(**dated(filters, lambda: zone_of_rows(self._df)))
        passed = matching_rows(self._df, spec, conditions, fold_case=fold_case, agent=agent)
        if said := unmatched_values(self._df, spec, conditions, passed, fold_case=fold_case, agent=agent):
            warn_user(said, NoMatchWarning)
        if said := unmatched_paths(self._df, conditions, passed):
            warn_user(said, NoMatchWarning)
        return self._df[passed]

    @brief_errors
    def explore(
        self,
        *,
        presets: str | os.PathLike[str] | None = None,
        names: Names = None,
        metrics: analysis.Further = None,
        stored: bool = True,
    ) -> Explorer:
        """Explore the calls interactively and leave with the code.

        Parameters
        ----------
        presets
            JSON file of saved selections; None takes one in the user's configuration folder.
        names
            Names to show for ids of agents, lines and parties: a dict such as ``{101: "Ann"}``, a Series, or
            a frame with the columns ``id`` and ``name``. The code keeps the ids.
        metrics
            Figures to show beside the usual ones: `bc.Metric`, or names of metrics such as
            ``"positive_rate"``.
        stored
            Whether a notebook stores the selection with its figures and pictures, to be seen when it is
            opened without its kernel. It holds no rows, and clients' numbers only if the selection names
            them.

        Returns
        -------
        Explorer
            Shown when it is the last expression of a cell. ``ex.filter``, ``ex.frame``, ``ex.code()``,
            ``ex.request()`` and ``ex.snapshot()`` return what is selected.

        Raises
        ------
        ModuleNotFoundError
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
        from brightcall_pandas.explorer import Explorer  # noqa: PLC0415

        return Explorer(self._df, presets=presets, names=names, metrics=metrics, stored=stored)

    # Files
    @brief_errors
    def to_parquet(
        self, path: str | os.PathLike[str], *, partition: Literal["day", "month"] | None = "day"
    ) -> Path:
        """Write the calls as parquet, in the layout of `bc.export_calls`.

        Parameters
        ----------
        path
            With `partition` a folder, in which each period gets a folder of its own (``day=2026-03-31``)
            with one file; a period that is already there is replaced, others stay. Without it a file.
        partition
            ``"day"``, ``"month"`` or None. A period is one in the frame's timezone.

        Returns
        -------
        pathlib.Path
            `path`.

        Raises
        ------
        TypeError
            A column of your own has values that parquet has no type for.
        ValueError
            `partition` is unknown, `path` is of the wrong kind or an address (``s3://…``), two columns have
            the same name, or the folder holds calls with other columns, in another timezone or of another
            key.
        KeyError
            There is no ``timestamp`` to partition by.

        Notes
        -----
        `brightcall_pandas.export.to_parquet` describes the files in full. The index is not written.
        """
        from brightcall_pandas.export import to_parquet  # noqa: PLC0415

        return to_parquet(self._df, path, partition=partition)

    @brief_errors
    def to_excel(self, path: str | os.PathLike[str], *, progress: bool | None = None) -> Path:
        """Write the calls, or a table of them (``table.calls.to_excel(path)``), as an Excel workbook.

        Parameters
        ----------
        path
            The file, named ``….xlsx``; replaced if it exists.
        progress
            Show a progress bar: True at once, None when writing takes longer than a second, False never.

        Returns
        -------
        pathlib.Path
            `path`.

        Raises
        ------
        ValueError
            There are more rows or columns than a sheet has, or `path` is not a local file named ``….xlsx``.
        ModuleNotFoundError
            The extra ``excel`` is not installed.

        Notes
        -----
        `brightcall_pandas.export.to_excel` describes the workbook in full: times by the clock of the frame's
        timezone, numbers as text, no formulas, and a sheet of definitions.
        """
        from brightcall_pandas.export import to_excel  # noqa: PLC0415

        return to_excel(self._df, path, progress=progress)

    @brief_errors
    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the calls, or a table of them, as a CSV file that is safe to open in a spreadsheet.

        Parameters
        ----------
        path
            The file; replaced if it exists.

        Returns
        -------
        pathlib.Path
            `path`.

        Raises
        ------
        ValueError
            `path` is a folder or an address (``s3://…``).

        Notes
        -----
        `brightcall_pandas.export.to_csv` describes the file in full. Where a spreadsheet would take a text
        for a formula, it gets an apostrophe in front; pandas' own ``to_csv`` writes it as it is.
        """
        from brightcall_pandas.export import to_csv  # noqa: PLC0415

        return to_csv(self._df, path)

    @brief_errors
    def pseudonymize(
        self,
        key: str | bytes,
        *,
        region: str | None = None,
        keep: Sequence[str] = (),
        free_text: Literal["drop", "scan"] = "drop",
    ) -> pd.DataFrame:
        """Replace telephone numbers, agents and identifiers of calls by tokens.

        Parameters
        ----------
        key
            Secret, such as ``secrets.token_bytes(32)``. The same key makes the same tokens.
        region
            Two letters of the country (``"DE"``) whose numbers are written without country code.
        keep
            Columns to leave as they are.
        free_text
            ``"drop"`` makes labels, transcripts and summaries null; ``"scan"`` keeps their words and
            replaces what looks like a number.

        Returns
        -------
        pandas.DataFrame
            Same index and columns, dtypes as in `bc.describe_fields()`.

        Raises
        ------
        ValueError
            The key is empty, a region does not exist, `keep` names no column, or `free_text` is unknown.

        Notes
        -----
        `brightcall_pandas.export.pseudonymize` describes the tokens in full, ``docs/files.md`` what they do
        not protect from.

        Examples
        --------
        >>> calls = pd.DataFrame({"clientNumber": ["+49 30 901820"], "toNumber": ["004930901820"]})
        >>> tokens = calls.calls.pseudonymize("a secret")
        >>> tokens.loc[0, "clientNumber"] == tokens.loc[0, "toNumber"]
        True
        """
        from brightcall_pandas.export import pseudonymize  # noqa: PLC0415

        return pseudonymize(self._df, key, region=region, keep=keep, free_text=free_text)

    # For a model
    model_frame = _method(analysis.model_frame)

    @property
    def plot(self) -> CallsPlot:
        """The tables as pictures: ``df.calls.plot.by_outcome()``."""
        from brightcall_pandas.accessors._plot import CallsPlot  # noqa: PLC0415

        return CallsPlot(self._df)


@brief_errors
def calls(df: pd.DataFrame) -> CallsAccessor:
    """Return ``df.calls`` with a type that type checkers and editors know.

    Parameters
    ----------
    df
        Calls, loaded, read or made by hand.

    Returns
    -------
    CallsAccessor
        The same accessor as ``df.calls``, which type checkers take for a column: pandas has no way to tell
        them of accessors.

    Raises
    ------
    TypeError
        `df` is not a DataFrame of pandas.

    Examples
    --------
    >>> df = pd.DataFrame({"outcomeTag": ["Sold", "Sold", "No answer"]})
    >>> calls(df).by_outcome()["n_calls"]
    outcome
    Sold         2
    No answer    1
    Name: n_calls, dtype: int64
    """
    if not isinstance(df, pd.DataFrame):
        msg = f"calls() needs a pandas DataFrame, not {type(df).__name__}; bc.to_frame makes one of records"
        raise TypeError(msg)
    return CallsAccessor(df)

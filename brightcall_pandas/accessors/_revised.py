"""What changed in a frame's calls after they were first seen, as the cache that they came from knows it.

Only here a table needs more than the frame. Its cache is looked for when it is asked for.
"""

# ruff: noqa: PLC0415  (what reads caches is loaded when it is needed)

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from brightcall_pandas.analysis import By, Metric, restated_table, revisions_table
from brightcall_pandas.frame import known_agent, of_one_lead, with_agent

if TYPE_CHECKING:
    from brightcall_pandas.load import Client

__all__ = ["restated", "revisions"]


def revisions(
    df: pd.DataFrame,
    by: By = "field",
    *,
    field: str | None = None,
    confidence: float = 0.95,
    client: Client | None = None,
) -> pd.DataFrame:
    """Count the calls that changed after they were first seen, by what changed or by whose they are.

    Parameters
    ----------
    df
        Calls of `bc.load_calls`, all of them or some.
    by
        What changed: ``"field"``, ``"kind"`` (changed, gone, new), ``"old"``, ``"new"``; or whose calls they
        are: a dimension or column as in `breakdown` (``"agent"``, ``"project"``); or several of both.
        ``["old", "new"]`` is the table of from which outcome to which.
    field
        Count the changes of this field only; None counts those of all. With ``"old"`` or ``"new"``, and
        without ``"field"``, it is ``outcomeTag`` unless given.
    confidence
        Confidence of the interval, between 0 and 1.
    client
        Whose cache; None takes that of the client that loaded the calls.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`; most calls first. A call that has gone has the field ``(gone)``,
        one that came late ``(new)``.

        - ``n_calls``: calls of the group, those that have gone since included; without a dimension in `by`
          those of the frame
        - ``revised``: of these, calls with such a change; ``share``, ``share_low``, ``share_high``: revised ÷
          n_calls, with Wilson's interval
        - ``changes``: how often that was; a call may change twice

    Raises
    ------
    ValueError
        The frame does not say which calls were loaded, or `field` is not a field.
    KeyError
        A name in `by` is unknown.
    CacheError
        The days were never read with that client.

    Notes
    -----
    Groups are those of the calls as they are now, or were when they went. Where the frame has only some of
    the calls that were loaded, calls that have gone are left out: nobody can tell whether they would be among
    them. ``attrs["brightcall"]["gone_left_out"]`` counts them.

    Examples
    --------
    >>> bc.load_calls("30d").calls.revisions(["old", "new"])  # doctest: +SKIP
    """
    from brightcall_pandas.load import past_of

    past = past_of(df, client)
    entries = past.revisions()
    asked = [by] if isinstance(by, str) else list(by or ())
    if field is None and {"old", "new"} & set(asked) and "field" not in asked:
        field = "outcomeTag"
    if field is not None:
        if field not in df.columns:
            msg = f"field={field!r} is not a column of the calls"
            raise ValueError(msg)
        entries = entries[entries["field"] == field]
    gone = past.gone()
    if past.whole and len(gone):
        # Those that came back are among the calls.
        here = pd.MultiIndex.from_frame(df[["id", "uniqueId"]].fillna(""))
        away = ~pd.MultiIndex.from_frame(gone[["id", "uniqueId"]].fillna("")).isin(here)
        calls = pd.concat([df, gone.loc[away, gone.columns.intersection(df.columns)]], ignore_index=True)
        calls.attrs = df.attrs
    else:
        calls = df
    table = revisions_table(calls, entries, by, confidence=confidence)
    if not past.whole:
        table.attrs["brightcall"] = {"gone_left_out": len(gone)}
    return table


def restated(
    df: pd.DataFrame,
    metric: str | Metric = "answer_rate",
    by: By = None,
    *,
    as_of: str | date | None = None,
    client: Client | None = None,
) -> pd.DataFrame:
    """Return a metric as it was known when it was reported, and as it is known now.

    Parameters
    ----------
    df
        All calls of a `bc.load_calls`.
    metric
        The metric: ``"answer_rate"``, ``"positive_rate"``, ``"talk_time_total_s"``, a `bc.Metric` …
    by
        Dimensions or columns as in `breakdown`; None takes all calls together.
    as_of
        When it was reported: a day (its end) or a time. None: the first moment at which all of the days had
        been read after they were over.
    client
        Whose cache; None takes that of the client that loaded the calls.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`; the largest change first. ``n_calls_other``, ``n_calls``: calls
        then and now; ``<metric>_other``, ``<metric>``: the metric then and now; ``<metric>_change``: now
        minus then. ``attrs["brightcall"]["as_of"]`` has the moment.

    Raises
    ------
    ValueError
        The frame has only some of the calls that were loaded, or does not say which were.
    KeyError
        A name in `by` is unknown.
    CacheError
        Nothing had been read of some of the days by then.

    Notes
    -----
    Both sides are all calls, and mostly the same ones: a difference is no matter of chance, so it has no
    interval. A group is told by what is known at its side: a call whose outcome changed is of one outcome
    then and of another one now.

    Examples
    --------
    >>> bc.load_calls("30d").calls.restated("positive_rate", by="agent")  # doctest: +SKIP
    """
    from brightcall_pandas.load import past_of

    past = past_of(df, client)
    if not past.whole:
        msg = (
            f"these {len(df):,} calls are only some of those that were loaded, and nobody can tell which of "
            "the calls that were known then would be among them: give the filters to load_calls"
        )
        raise ValueError(msg)
    moment = past.moment(as_of)
    then = past.as_of(moment)
    if (agent := known_agent(df)) is not None:
        then = with_agent(then, agent)
    df, then = of_one_lead(df, then)
    table = restated_table(df, then, metric, by)
    table.attrs["brightcall"] = {
        "as_of": moment.astimezone(df["timestamp"].dt.tz).isoformat(timespec="seconds")
    }
    return table

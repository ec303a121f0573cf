"""What changed in a frame's calls after they were first seen, as the cache that they came from knows it.

Only here a table needs more than the frame. Its cache is looked for when it is asked for.
"""

# ruff: noqa: PLC0415  (what reads caches is loaded when it is needed)

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from brightcall_pandas.analysis import By, Metric, names_of, restated_table, revisions_table
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
    them. ``attrs["brightcall"]["gone_left_out"]`` counts them. Of calls that have gone, a ledger that keeps
    no personal values knows no agent or client, and one of pseudonyms their tokens;
    ``attrs["brightcall"]["gone_hidden"]`` counts these calls.

    Examples
    --------
    >>> bc.load_calls("30d").calls.revisions(["old", "new"])  # doctest: +SKIP
    """
    from brightcall_pandas.load import past_of

    past = past_of(df, client)
    entries = past.revisions()
    asked = names_of(by)
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
    elif gone.attrs["hidden"]:
        table.attrs["brightcall"] = {"gone_hidden": gone.attrs["hidden"]}
    return table


def restated(
    df: pd.DataFrame,
    metric: str | Metric = "answer_rate",
    by: By = None,
    *,
    as_of: str | date | None = None,
    reported: pd.DataFrame | None = None,
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
    reported
        The calls as they were known then, where you have kept them; None takes them from the cache.
    client
        Whose cache; None takes that of the client that loaded the calls.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`; the largest change first. ``n_calls_other``, ``n_calls``: calls
        then and now; ``<metric>_other``, ``<metric>``: the metric then and now; ``<metric>_change``: now
        minus then. ``attrs["brightcall"]`` has both moments, where they are known: ``as_of`` when it was
        reported, ``loaded_at`` when these calls were loaded. ``attrs["all"]`` has the metric of all calls,
        then and now.

    Raises
    ------
    TypeError, ValueError
        `metric` is none, `reported` is not a frame or comes with `as_of`, or the frame has only some of the
        calls that were loaded, or does not say which were.
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
    >>> then = pd.DataFrame({"userId": ["Ann", "Ann", "Bob"], "state": [1, 0, 1]})
    >>> now = then.assign(state=[1, 1, 1])
    >>> now.calls.restated("answer_rate", "userId", reported=then)[["answer_rate_other", "answer_rate"]]
            answer_rate_other  answer_rate
    userId
    Ann                   0.5          1.0
    Bob                   1.0          1.0
    """
    told: dict[str, Any] = {}
    if reported is None:
        reported, moment = _as_known(df, as_of, client)
        told["as_of"] = moment.astimezone(df["timestamp"].dt.tz).isoformat(timespec="seconds")
    elif not isinstance(reported, pd.DataFrame) or as_of is not None:
        msg = "reported takes the frame of calls that was reported; as_of= reads it from the cache instead"
        raise (ValueError if as_of is not None else TypeError)(msg)
    told = {"as_of": _known_at(reported), "loaded_at": _known_at(df)} | told
    df, reported = of_one_lead(df, reported)
    if (agent := known_agent(df)) is not None:
        reported = with_agent(reported, agent)
    table = restated_table(df, reported, metric, by)
    table.attrs["brightcall"] = {name: moment for name, moment in told.items() if moment}
    return table


def _known_at(df: pd.DataFrame) -> str | None:
    """Return when calls were known as they are, by the clock of their zone; None where they do not say so."""
    said = df.attrs.get("brightcall", {})
    moment = said.get("as_of") or said.get("loaded_at")
    zone = getattr(df["timestamp"].dtype, "tz", None) if "timestamp" in df else None
    if moment is None or zone is None:
        return None
    return datetime.fromisoformat(moment).astimezone(zone).isoformat(timespec="seconds")


def _as_known(
    df: pd.DataFrame, as_of: str | date | None, client: Client | None
) -> tuple[pd.DataFrame, datetime]:
    """Return the calls of a frame as they were known at a moment, from the cache, and the moment."""
    from brightcall_pandas.load import past_of

    past = past_of(df, client)
    if not past.whole:
        msg = (
            f"these {len(df):,} calls are only some of those that were loaded, and nobody can tell which of "
            "the calls that were known then would be among them: give the filters to load_calls"
        )
        raise ValueError(msg)
    moment = past.moment(as_of)
    return past.as_of(moment), moment

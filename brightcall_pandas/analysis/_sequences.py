"""The calls of each client, one after the other: attempts to reach it, and its repeated calls."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import settled
from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_CALLERS,
    DIRECTION_OF_DIALING,
    By,
    Direction,
    Split,
    of_direction,
    split,
    split_or_all,
)
from brightcall_pandas.analysis._groups import Key, folded_keys, grouped, key_of, keys_of_index, outer_codes
from brightcall_pandas.analysis._intervals import ratios_of, with_intervals
from brightcall_pandas.analysis._metrics import Further, metrics_of, sums_for, with_further
from brightcall_pandas.analysis._rates import add_rate, ratio
from brightcall_pandas.analysis._sorting import order_within
from brightcall_pandas.analysis._tallies import Facts, add_up, additive, first_of_pair, known_sums, tally_of
from brightcall_pandas.frame import (
    client_codes,
    column,
    lead_field,
    leads_of,
    leads_told,
    micros,
    optional_column,
    timespan,
    with_region,
)

__all__ = [
    "Sequences",
    "attempts",
    "last_seen",
    "repeat_callers",
    "repeat_calls",
    "sequences",
    "window_length",
]


class Sequences(msgspec.Struct, frozen=True):
    """Calls sorted by client, then by time.

    Parameters
    ----------
    rows
        Position of each call among the counted ones.
    clients
        Code of its client, ascending. With a split, a client is one in each group.
    times
        When it began, in microseconds since 1970.
    """

    rows: NDArray[np.int64]
    clients: NDArray[np.int64]
    times: NDArray[np.int64]

    @property
    def is_first(self) -> NDArray[np.bool_]:
        """Which calls are the first of their client."""
        return np.asarray(np.diff(self.clients, prepend=-1) != 0)

    @property
    def is_last(self) -> NDArray[np.bool_]:
        """Which calls are the last of their client."""
        return np.asarray(np.diff(self.clients, append=-1) != 0)

    def since_first(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the running sum of `counts` within each client, the call itself included."""
        running = np.cumsum(counts)
        before = (running - counts)[self.is_first]
        return running - np.repeat(before, np.bincount(self.clients))


def sequences(
    df: pd.DataFrame,
    mask: NDArray[np.bool_],
    split: Split | None = None,
    *,
    clients: NDArray[np.int64] | None = None,
) -> Sequences:
    """Return the calls in `mask` whose client and time are known, client by client.

    Calls of a client at the same instant stand in the order of their ``id``, where the frame has it.
    `clients` are the `clients_where` of the mask, where they are known already.
    """
    split = split or Split()
    rows = np.arange(len(df)) if split.rows is None else split.rows
    clients = clients_where(df, mask) if clients is None else clients
    stamps = column(df, "timestamp")
    known = (mask & (clients >= 0) & stamps.notna().to_numpy())[rows]
    kept = np.flatnonzero(known)
    keys = [key.take(kept) for key in split.keys]
    codes = clients[rows[kept]]
    if keys:
        codes = grouped([*keys, key_of(pd.Series(codes))]).codes
    times = micros(stamps)[rows[kept]]
    order = order_within(codes, times)
    codes, times, kept = codes[order], times[order], kept[order]
    tied = (np.diff(codes) == 0) & (np.diff(times) == 0)
    if tied.any() and "id" in df.columns:
        kept = settled(kept, tied, column(df, "id"), rows[kept])
    return Sequences(kept, _dense(codes), times)


def clients_where(df: pd.DataFrame, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a number for the client of each call in `mask`; -1 where there is none, and for other calls."""
    return np.where(mask, client_codes(df)[0], -1)


def _dense(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ascending codes renumbered without gaps."""
    return np.cumsum(np.diff(codes, prepend=codes[:1]) != 0)


def last_seen(df: pd.DataFrame, until: pd.Timestamp | None = None) -> int:
    """Return the end of the observed time, in microseconds since 1970: `until`, else the latest call."""
    if until is not None:
        return int(micros(pd.Series([pd.Timestamp(until)]))[0])
    return int(micros(column(df, "timestamp").dropna()).max(initial=0))


def tally_attempts(
    df: pd.DataFrame,
    *,
    direction: Direction = DIRECTION_OF_DIALING,
    metrics: Further = None,
    by: By = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the sums behind `attempts`: one row per group and number of the dial."""
    further = with_further((), metrics)
    df = with_region(df, region)
    parts = split(df, by)
    dialed = sequences(df, of_direction(df, direction), parts)
    rows = dialed.rows if parts.rows is None else parts.rows[dialed.rows]
    ones = np.ones(len(rows), dtype=np.int64)
    answered = (column(df, "state") == "answered").to_numpy(dtype=bool)[rows]
    before = dialed.since_first(answered.astype(np.int64)) - answered
    number = Key(dialed.since_first(ones) - 1, _numbers(dialed.since_first(ones)))
    positive = lead_known = None
    if lead_field(df) in df.columns:
        lead_known, positive = leads_told(df)[rows], leads_of(df)[rows]
    contributions = {
        "n_calls": ones.astype(bool),
        "state_known": column(df, "state").notna().to_numpy()[rows],
        "answered": answered,
        "lead_known": lead_known,
        "positive": positive,
        "unreached": before == 0,
        "reached": answered & (before == 0),
        "given_up": dialed.is_last & (before == 0) & ~answered,
    }
    keys = [*(key.take(dialed.rows) for key in parts.keys), number]
    if not further:
        return tally_of(keys, contributions)
    facts = Facts(df, Split(keys, rows))
    contributions = {name: each(facts) for name, each in sums_for(further).items()} | contributions
    return tally_of(keys, contributions, facts.clusters, ratios=ratios_of(further))


def finish_attempts(
    table: pd.DataFrame, *, metrics: Further = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `attempts` from its tally."""
    further = with_further((), metrics)
    *by, number = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    groups = grouped([*by, number])
    sums = known_sums(table, groups).rename(columns={"n_calls": "dials"})
    if (unknown := sums["answered"].isna()).any():
        reaching = ["unreached", "reached", "given_up"]
        sums[reaching] = sums[reaching].astype(np.float64).mask(unknown)
    outer = outer_codes(groups, by)
    result = sums[["dials", "answered"]].copy()
    add_rate(result, "answer_rate", sums["answered"], sums["dials"], confidence)
    result["positive"] = sums["positive"]
    add_rate(result, "positive_rate", sums["positive"], sums["dials"], confidence)
    result["unreached"], result["reached"] = sums["unreached"], sums["reached"]
    add_rate(result, "marginal_rate", sums["reached"], sums["unreached"], confidence)
    by_group = result.groupby(outer, sort=False)
    clients = by_group["dials"].transform("first")
    add_rate(result, "reach", by_group["reached"].cumsum(), clients, confidence)
    result["given_up"] = sums["given_up"]
    missed = pd.Series(1 - result["marginal_rate"].to_numpy())
    result["reach_if_continued"] = 1 - missed.groupby(outer).cumprod().to_numpy()
    known = known_sums(table, groups, sums_for(further))
    columns = with_intervals(further, metrics_of(table, groups, further), known, confidence)
    return result.assign(**{name: each for name, each in columns.items() if name not in result})


@additive(tally_attempts, finish_attempts, whole_clients=True, attempts="shown")
def attempts(
    df: pd.DataFrame,
    *,
    direction: Direction = DIRECTION_OF_DIALING,
    metrics: Further = None,
    by: By = None,
    region: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return what the first, second, third … dial to a client brings.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber``, ``timestamp``, ``state``, and ``type`` unless `direction` is None.
        ``outcomeType`` is used where present.
    direction
        ``"outbound"`` (the default: this is about our own dialing), ``"inbound"``, ``"internal"``, or None
        for all calls.
    metrics
        Further metrics of the n-th dials: your own (`bc.Metric`), or names in `definitions` that describe a
        group of calls, but not the median. They stand behind the others.
    by
        Columns or dimensions (``project``, ``line`` …) that become outer index levels. Attempts are counted
        within each group: a client dialed for two projects has a first dial in both.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``attempt`` from 1 (below the levels of `by`):

        - ``dials`` (int64): calls that were the n-th to their client
        - ``answered`` (int64), ``answer_rate`` (answered ÷ dials), ``answer_rate_low``, ``answer_rate_high``
        - ``positive`` (int64), ``positive_rate``: dials with a positive outcome ÷ dials; with ``_low``,
          ``_high``
        - ``unreached`` (int64): of the dials, those to clients that no earlier dial had reached
        - ``reached`` (int64): of these, the answered ones: clients reached for the first time
        - ``marginal_rate``: reached ÷ unreached: what one more attempt brings; with ``_low``, ``_high``
        - ``reach``: clients reached by this or an earlier dial ÷ clients dialed at all; with ``_low``,
          ``_high``
        - ``given_up`` (int64): clients not reached whose last dial this was
        - ``reach_if_continued``: the share of clients that would be reached by this dial if no client had
          been given up before

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `direction` is not a direction, or `region` not a country.

    Notes
    -----
    ``…_low`` and ``…_high`` are Wilson's intervals. Each row has one dial a client, and ``reach`` counts each
    client once, so that no two of its calls depend on each other. A client is a telephone number, whatever
    its spelling (`bc.normalize_numbers`). Calls without one (none, or a word such as ``anonymous``) or
    without time are left out.

    The data are cut off at both ends. Dials before the first loaded day are not seen, so a client's attempts
    are counted from the first one loaded, and so they are where a filter leaves calls of the client out.
    Where the frame has ``firstTimeForTree``, ``attrs["brightcall"]["clients"]`` says of how many clients it
    is known whether their earliest call here is their first (``begin_known``), and for how many it is not
    (``begun_before``); if more than a third are, a warning says so, too. Load earlier days, and filter
    less: ``breakdown(["agent", "attempt"])`` numbers over all calls before it groups.

    A client not reached by the last loaded day may have been reached after it (right-censoring), so ``reach``
    is what happened, not what attempts can do. ``reach_if_continued`` is the Kaplan-Meier estimate, ``1 − ∏
    (1 − marginal_rate)``; it holds if the clients who are dropped resemble those who are dialed again, and is
    too high where agents drop the hopeless ones first.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "clientNumber": ["x", "x", "y", "z"],
    ...         "timestamp": ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"] * 2,
    ...         "state": [0, 1, 1, 0],
    ...         "type": 1,
    ...     }
    ... )
    >>> columns = ["dials", "answered", "marginal_rate", "reach"]
    >>> calls.calls.attempts()[columns].round(2)
             dials  answered  marginal_rate  reach
    attempt
    1            3         1           0.33   0.33
    2            1         1           1.00   0.67
    """
    table = tally_attempts(df, direction=direction, metrics=metrics, by=by, region=region)
    return finish_attempts(table, metrics=metrics, confidence=confidence)


def _numbers(ordinals: np.ndarray) -> pd.Index:
    return pd.Index(np.arange(1, ordinals.max(initial=0) + 1), name="attempt")


Span = str | pd.Timedelta


def tally_repeat_callers(
    df: pd.DataFrame,
    window: Span = "24h",
    *,
    direction: Direction = DIRECTION_OF_CALLERS,
    answered_only: bool = False,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the sums behind `repeat_callers`.

    They add up if all calls of a client are in one part, and every part is given the same `until`.
    """
    df = with_region(df, region)
    length = window_length(window)
    counted = of_direction(df, direction)
    known = clients_where(df, counted)
    calls = sequences(df, counted, clients=known)
    followed = ~calls.is_last & (np.diff(calls.times, append=0) <= length)
    end = last_seen(df, until)
    flags = {name: np.zeros(len(df), dtype=bool) for name in ("n_calls", "observed", "repeated")}
    flags["n_calls"][calls.rows] = True
    flags["observed"][calls.rows] = calls.times <= end - length
    flags["repeated"][calls.rows] = followed
    if answered_only:
        flags["n_calls"] &= (column(df, "state") == "answered").to_numpy(dtype=bool)
    flags["observed"] &= flags["n_calls"]
    flags["repeated"] &= flags["observed"]
    parts = split_or_all(df, by).where(flags["n_calls"])
    sums: dict[str, NDArray[np.bool_] | None] = {name: parts.pick(each) for name, each in flags.items()}
    answered = None
    if "state" in df.columns:
        answered = parts.pick((column(df, "state") == "answered").to_numpy(dtype=bool))
    for name in ("observed", "repeated"):
        sums[f"{name}_answered"] = None if answered is None else parts.pick(flags[name]) & answered
    clients = parts.pick(known)
    sums["clients"] = first_of_pair(parts.keys, clients, parts.pick(flags["observed"]))
    sums["repeat_clients"] = first_of_pair(parts.keys, clients, parts.pick(flags["repeated"]))
    return tally_of(parts.keys, sums)


def finish_repeat_callers(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `repeat_callers` from its tally."""
    sums = add_up(table, grouped(folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())))
    result = sums[["n_calls", "observed", "repeated"]].copy()
    add_rate(result, "repeat_rate", sums["repeated"], sums["observed"], confidence)
    result["first_contact_resolution"] = 1 - ratio(sums["repeated_answered"], sums["observed_answered"])
    result["first_contact_resolution_all"] = 1 - result["repeat_rate"]
    return result.assign(clients=sums["clients"], repeat_clients=sums["repeat_clients"])


def repeat_calls(
    df: pd.DataFrame,
    window: Span = "24h",
    *,
    direction: Direction = DIRECTION_OF_CALLERS,
    answered_only: bool = False,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the calls that repeat an earlier one of the same client.

    Parameters
    ----------
    df
        Calls, as for `repeat_callers`.
    window
        The client's call before lies at most this far back.
    direction, answered_only
        As for `repeat_callers`: of which direction both calls are, and whether the earlier one must have been
        answered.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.

    Returns
    -------
    pandas.DataFrame
        The later call of each pair, in the order of `df`, with its index and all columns, and

        - ``repeats_id`` (str): ``id`` of the client's call before; null where the frame has none
        - ``repeats_at`` (time): when that call began
        - ``repeated_after_s`` (float64): how much later this one began, seconds

    Raises
    ------
    KeyError
        A needed column is missing.
    TypeError, ValueError
        `window` is not a positive span, or `direction` is not a direction.

    Notes
    -----
    These are as many as ``repeated`` in `repeat_callers`, and those that follow a call whose window is not
    over at the end of the data.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00Z", "2026-03-02T10:00Z", "2026-03-02T09:00Z"]
    >>> calls = pd.DataFrame({"clientNumber": list("xxy"), "timestamp": stamps, "type": 0, "id": list("123")})
    >>> calls.calls.repeat_calls("24h")[["id", "repeats_id", "repeated_after_s"]]
      id repeats_id  repeated_after_s
    1  2          1            3600.0
    """
    length = window_length(window)
    calls = sequences(with_region(df, region), of_direction(df, direction))
    gaps = np.diff(calls.times, append=0)
    repeated = ~calls.is_last & (gaps <= length)
    if answered_only:
        repeated &= (column(df, "state") == "answered").to_numpy(dtype=bool)[calls.rows]
    pairs = np.flatnonzero(repeated)
    earlier, later = calls.rows[pairs], calls.rows[pairs + 1]
    order = np.argsort(later)
    earlier, later = earlier[order], later[order]
    result = df.iloc[later].copy()
    result["repeats_id"] = optional_column(df, "id").iloc[earlier].array
    result["repeats_at"] = column(df, "timestamp").iloc[earlier].array
    result["repeated_after_s"] = gaps[pairs][order] / 1e6
    return result


def window_length(window: Span) -> int:
    """Return the length of ``window=`` in microseconds."""
    length = timespan("window", window) // pd.Timedelta(microseconds=1)
    if not length:
        msg = f"window={window!r} must be a span above 0, such as '24h' or '7D'"
        raise ValueError(msg)
    return length


@additive(tally_repeat_callers, finish_repeat_callers, whole_clients=True)
def repeat_callers(
    df: pd.DataFrame,
    window: Span = "24h",
    *,
    direction: Direction = DIRECTION_OF_CALLERS,
    answered_only: bool = False,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count the callers who call again within a window.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber``, ``timestamp``, ``type`` unless `direction` is None, and ``state`` if
        `answered_only`; ``state`` is used where present.
    window
        A further call of the same client within this span is a repetition.
    direction
        ``"inbound"`` (the default: this is about what callers feel), ``"outbound"``, ``"internal"``, or None
        for all calls.
    answered_only
        Whether only answered calls count as first contacts, in all columns. Any call can be the repetition.
    until
        End of the observed time; default: the latest call of the frame.
    by
        Columns or dimensions of the first call (``agent``, ``outcome`` …) to make a row of each.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.
    confidence
        Confidence of the interval, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``n_calls`` (int64): calls of known clients: of a telephone number, whatever its spelling
        - ``observed`` (int64): of these, the calls whose whole window lies before `until`
        - ``repeated`` (int64): of these, the calls followed by another call of the client within the window
        - ``repeat_rate``: repeated ÷ observed; ``repeat_rate_low``, ``repeat_rate_high``: Wilson's interval
        - ``first_contact_resolution``: of the observed calls that were answered, the share that was not
          repeated; null without ``state``
        - ``first_contact_resolution_all``: of all observed calls, the share that was not repeated (1 −
          repeat_rate)
        - ``clients``, ``repeat_clients`` (int64): distinct clients of the observed and the repeated calls

        Without such calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    TypeError, ValueError
        `window` is not a positive span, `direction` is not a direction, or `region` not a country.

    Notes
    -----
    Calls younger than one window at the end of the data may still be repeated, so they are in ``n_calls`` but
    not in ``observed``. An answered call that nobody repeats counts as resolved, as is usual in the trade; a
    client who called from another number looks the same. Callers who hung up before anybody answered had no
    contact: ``first_contact_resolution_all`` counts them as resolved if they did not call again. Callers who
    withhold their number (``anonymous`` and its like) are not clients, and left out.

    `repeat_calls` returns the repetitions themselves.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00Z", "2026-03-02T10:00Z", "2026-03-02T09:00Z", "2026-03-09T09:00Z"]
    >>> calls = pd.DataFrame({"clientNumber": list("xxyy"), "timestamp": stamps, "type": 0})
    >>> table = calls.calls.repeat_callers("24h")
    >>> table[["n_calls", "observed", "repeated"]].loc["all"].tolist()
    [4, 3, 1]
    """
    table = tally_repeat_callers(
        df, window, direction=direction, answered_only=answered_only, until=until, by=by, region=region
    )
    return finish_repeat_callers(table, confidence=confidence)

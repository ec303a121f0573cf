"""Which values are missing, do not fit, or contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import LONGEST_S
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._sorting import order_within
from brightcall_pandas.analysis.transfers._parsing import SHAPES, Shape, read_texts
from brightcall_pandas.frame import (
    FIELDS,
    NO_ID,
    SEVERAL_ZONES,
    agent_field,
    agents_of,
    column,
    count_agents,
    country_of,
    factorized,
    micros,
    normalized_labels,
    number_codes,
    optional_column,
    region_of,
    typed_array,
    zone_of_country,
    zone_of_number,
)

__all__ = ["quality"]

_OVERRUNS = (("talkTime", "totalTime"), ("talkTime", "callTime"), ("aiTalkTime", "totalTime"))
"""Pairs of durations of which the first cannot be longer than the second."""

_CHAIN_FIELDS = ("numbersInvolvedJSON", "transfers")
_DECIDED = {
    "account": "as the account's calls decided",
    "client": "as the client says",
    "argument": "as given",
}
"""Who says which field tells the agents, by the frame's attributes."""

_EXAMPLE = 60  # characters of a text that is shown as an example

Row = tuple[str, str, int, int, str]
_DTYPES = {"check": "str", "subject": "str", "count": "int64", "of": "int64", "detail": "str"}


def quality(df: pd.DataFrame, *, now: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """List what is missing, does not fit, or cannot be.

    Parameters
    ----------
    df
        Calls. Each check is made if its columns are there. What the loader recorded in
        ``df.attrs["brightcall"]`` (windows, misfits) is reported too.
    now
        Calls that begin later are in the future. Default: when the newest window was fetched, else the
        present.

    Returns
    -------
    pandas.DataFrame
        Index ``check``, ``subject``; columns ``count`` (int64), ``of`` (int64: out of how many),
        ``share`` (``count / of``), ``detail`` (str: an example or a remark). The checks in order:

        - ``completeness``, by window: rows loaded, of rows expected: where they are proved complete, that is
          all of them, whatever the server's totals say
        - ``server``, by fact: what the server was seen to do that most others do not, in words
        - ``changes``, by window that replaced an older reading: calls that are new, gone or changed since
          then, of all that either reading has; the numbers of each, and of the fields that changed
        - ``moved``, by window: calls that are left out, since a later reading has them on another day
        - ``untimed``: calls without a time that can be believed, kept on the day for which they came
        - ``misfits``, by field: values that did not fit and became null, and texts with bytes that are no
          text (U+FFFD stands in their place), with an example
        - ``nulls``, by field: rows without a value
        - ``duplicates``: rows whose ``id`` stands above already
        - ``negative``, by duration: values below zero
        - ``impossible``: calls with a part that is longer than the whole, and, if there are any, durations of
          more than a day
        - ``future``: calls that begin after `now`
        - ``agents``, by field that may tell the agent: answered calls that have it, and how many values it
          has; one of them tells the agents
        - ``clients``: calls whose ``clientNumber`` is not empty and yet ``no number``, such as ``anonymous``,
          so that they have no client; clients written in ``several spellings``, each one client; calls whose
          number has ``no country code``, so that only a `region` would unite it with others; and calls of
          numbers in ``several timezones``, so that their client's clock is not known
        - ``overlaps``: conversations that began while the same agent still had another one
        - ``unreadable``, by field: texts of transfer chains that cannot be read, with an example
        - ``chain texts``, by field and form: calls whose text has this form, such as
          ``numbersInvolvedJSON: list of numbers``; the number of distinct texts and an example. Only forms
          that occur are listed

        - ``unusable ids``: calls whose ``id`` is missing, a word for nothing, or shared by several
          ``uniqueId``; they are told apart by ``uniqueId`` and fields that never change

        ``server``, ``moved``, ``untimed``, ``clients`` and ``unusable ids`` are listed where there is such a
        thing, any other check also with a count of 0. Without rows and windows the table is empty.

    Raises
    ------
    ValueError
        `now` is not a time.

    Notes
    -----
    Shares are out of the rows of the frame that have the values in question, those of ``completeness`` out
    of the rows that the server announced, and misfits that the loader counted out of all rows that it
    loaded. A conversation lasts ``talkTime`` from ``timestamp`` + ``answerTime``; answered calls with talk
    time are looked at. An AI agent may well hold several at once. Texts that chains are read from are never
    dropped or guessed: those that cannot be read are counted here, and `transfer_chains` flags their calls.

    Examples
    --------
    >>> calls = pd.DataFrame({"id": [1, 2, 2], "talkTime": [5, "five", -1]})
    >>> calls.calls.quality()[["count", "of", "detail"]]
                         count  of       detail
    check      subject
    misfits    talkTime      1   3  e.g. 'five'
    nulls      id            0   3
               talkTime      1   3
    duplicates id            1   3     e.g. '2'
    negative   talkTime      1   2   e.g. -1 s
    """
    loaded = [
        *_completeness(df),
        *_server(df),
        *_changes(df),
        *_moved(df),
        *_untimed(df),
        *_loaded_misfits(df),
    ]
    rows = [*loaded, *(_checks(df, now) if len(df) else [])]
    table = pd.DataFrame(rows, columns=list(_DTYPES)).astype(_DTYPES)
    table.insert(4, "share", ratio(table["count"], table["of"]))
    return table.set_index(["check", "subject"])


def _loaded(df: pd.DataFrame) -> Mapping[str, Any]:
    loaded = df.attrs.get("brightcall")
    return loaded if isinstance(loaded, Mapping) else {}


def _windows(df: pd.DataFrame) -> list[Mapping[str, Any]]:
    return list(_loaded(df).get("windows") or [])


def _completeness(df: pd.DataFrame) -> Iterator[Row]:
    part = _of_part(df)
    for window in _windows(df):
        rows = int(window.get("rows") or 0)
        expected = rows if window.get("expected") is None else int(window["expected"])
        # A total cannot prove anything: where the rows are proved, one that differs is wrong.
        of = rows if window.get("complete", True) else max(rows, expected)
        yield "completeness", _days(window), rows, of, "; ".join([*_remarks(window, rows, expected), *part])


def _of_part(df: pd.DataFrame) -> list[str]:
    """Return the remark on what was counted when calls were loaded of which the frame has only some."""
    loaded = _rows_loaded(df)
    return [f"as loaded: the frame has {len(df):,} of these {loaded:,} calls"] if len(df) < loaded else []


def _rows_loaded(df: pd.DataFrame) -> int:
    return sum(int(window.get("rows") or 0) for window in _windows(df))


def _days(window: Mapping[str, Any]) -> str:
    first, last = str(window.get("day_from", "")), str(window.get("day_to", ""))
    return first if first == last else f"{first} to {last}"


def _server(df: pd.DataFrame) -> Iterator[Row]:
    for name, said in (_loaded(df).get("server") or {}).items():
        yield "server", str(name), 0, 0, str(said)


def _changes(df: pd.DataFrame) -> Iterator[Row]:
    for window in _windows(df):
        if found := window.get("changes"):
            new, gone, changed = (int(found[name]) for name in ("new", "gone", "changed"))
            fields = ", ".join(f"{name} {count}" for name, count in found["fields"].items())
            detail = f"{new} new, {gone} gone, {changed} changed" + (f" ({fields})" if fields else "")
            of = int(found["before"]) + new
            yield "changes", _days(window), new + gone + changed, of, f"{detail}; since {found['since']}"


def _moved(df: pd.DataFrame) -> Iterator[Row]:
    windows = [
        (_days(each), int(each.get("moved") or 0), int(each.get("rows") or 0)) for each in _windows(df)
    ]
    files = [(str(period), int(count), len(df)) for period, count in (_loaded(df).get("moved") or {}).items()]
    for days, moved, rows in windows + files:
        if moved:
            yield "moved", days, moved, rows + moved, "left out: a later reading has them on another day"


def _untimed(df: pd.DataFrame) -> Iterator[Row]:
    if untimed := sum(int(window.get("untimed") or 0) for window in _windows(df)):
        detail = "; ".join(["kept on the day for which the server returned them", *_of_part(df)])
        yield "untimed", "timestamp", untimed, _rows_loaded(df), detail


def _remarks(window: Mapping[str, Any], rows: int, expected: int) -> Iterator[str]:
    complete = window.get("complete", True)
    reason = f": {window['problem']}" if window.get("problem") else ""
    yield "complete" if complete else f"NOT PROVED COMPLETE{reason}"
    if expected != rows and (complete or expected < rows):
        yield f"the server's totals say {expected:,}, which is wrong"
    if source := window.get("source"):
        yield f"from {source}"
    if fetched_at := window.get("fetched_at"):
        yield f"fetched {fetched_at}"
    counted = {"requests": "requests", "walks": "walks", "duplicates": "rows seen again on other pages"}
    for name, told in counted.items():
        if (number := window.get(name)) is not None:
            yield f"{told}: {number}"


def _loaded_misfits(df: pd.DataFrame) -> Iterator[Row]:
    loaded = _rows_loaded(df) or len(df)
    for field, misfit in (_loaded(df).get("misfits") or {}).items():
        count = int(misfit["count"])
        detail = "; ".join([_example(misfit.get("example")), *_of_part(df)])
        yield "misfits", str(field), count, max(loaded, count), detail


def _checks(df: pd.DataFrame, now: pd.Timestamp | str | None) -> Iterator[Row]:
    typed = {name: column(df, name) for name in FIELDS if name in df.columns}
    yield from _misfits(df, typed)
    for name, values in typed.items():
        yield "nulls", name, int(values.isna().sum()), len(df), ""
    if "id" in typed:
        ids = typed["id"]
        again = _repeated(ids)
        yield _found("duplicates", "id", again, ids, len(df))
        yield from _unusable_ids(ids, again, typed.get("uniqueId"))
    durations = {name: values for name, values in typed.items() if FIELDS[name].unit == "s"}
    for name, values in durations.items():
        yield _found("negative", name, values < 0, values, int(values.notna().sum()), unit=" s")
    for part, whole in _OVERRUNS:
        if {part, whole} <= durations.keys():
            over = durations[part] - durations[whole]
            of = int(over.notna().sum())
            yield _found("impossible", f"{part} > {whole}", over > 0, over, of, unit=" s too long")
    for name, values in durations.items():
        if (values > LONGEST_S).any():
            of = int(values.notna().sum())
            yield _found("impossible", f"{name} > 24 h", values > LONGEST_S, values, of, unit=" s")
    if "timestamp" in typed:
        stamps = typed["timestamp"]
        yield _found("future", "timestamp", stamps > _now(df, now), stamps, int(stamps.notna().sum()))
    if "clientNumber" in typed:
        yield from _clients(typed["clientNumber"], region_of(df), typed.get("lineNumber"))
    agents = _agents(df)
    yield from _agent_fields(df, agents)
    if agents is not None and {"timestamp", "state", "talkTime"} <= typed.keys():
        yield _overlaps(df, typed, agents)
    for name in _CHAIN_FIELDS:
        if name in typed:
            yield from _chain_texts(name, typed[name])


def _misfits(df: pd.DataFrame, typed: dict[str, pd.Series]) -> Iterator[Row]:
    """Count what did not fit in columns that were not typed before."""
    for name, values in typed.items():
        if df[name].dtype != values.dtype and (misfits := typed_array(df[name], FIELDS[name])[1]).count:
            yield "misfits", name, misfits.count, len(df), _example(misfits.example)


def _repeated(ids: pd.Series) -> pd.Series:
    """Return which ids stand above already."""
    try:
        # Ids that differ as numbers differ as texts, and a million numbers are compared in no time.
        numbers = pc.drop_null(pc.cast(pa.array(ids, pa.large_string(), from_pandas=True), pa.int64()))
    except pa.ArrowInvalid:
        return ids.duplicated() & ids.notna()
    if pd.Series(numbers.to_numpy()).is_unique:
        return pd.Series(False, index=ids.index)
    return ids.duplicated() & ids.notna()


def _unusable_ids(ids: pd.Series, again: pd.Series, unique_ids: pd.Series | None) -> Iterator[Row]:
    unusable = ids.isna() | ids.isin(NO_ID)
    if unique_ids is not None and again.any():
        several = pd.DataFrame({"id": ids, "uniqueId": unique_ids})[ids.isin(ids[again])]
        each = (
            several[several["uniqueId"].fillna("") != ""].groupby("id", observed=True)["uniqueId"].nunique()
        )
        unusable |= ids.isin(each.index[each > 1])
    if unusable.any():
        yield _found("unusable ids", "id", unusable, ids, len(ids))


def _found(check: str, subject: str, where: pd.Series, values: pd.Series, of: int, *, unit: str = "") -> Row:
    places = np.flatnonzero(where.to_numpy(dtype=bool, na_value=False))
    if not len(places):
        return check, subject, 0, of, ""
    value = values.iloc[places[0]]
    example = f"e.g. {value:g}{unit}" if unit else _example(value)
    return check, subject, len(places), of, example


def _example(value: object) -> str:
    return f"e.g. {str(value)!r}"


def _now(df: pd.DataFrame, now: pd.Timestamp | str | None) -> pd.Timestamp:
    fetched = [window["fetched_at"] for window in _windows(df) if window.get("fetched_at")]
    stamps = [pd.Timestamp(each) for each in ([now] if now is not None else fetched)]
    zoned = [each.tz_localize("UTC") if each.tzinfo is None else each for each in stamps]
    return max(zoned, default=pd.Timestamp.now("UTC"))


def _agents(df: pd.DataFrame) -> pd.Series | None:
    """Return the agent of each call, named after the field that tells it; None where the frame lacks it."""
    try:
        return agents_of(df).rename(agent_field(df))
    except KeyError:
        return None


def _agent_fields(df: pd.DataFrame, agents: pd.Series | None) -> Iterator[Row]:
    """Count the answered calls that have each field that may tell the agent."""
    counts, by = count_agents(df), _DECIDED.get(str(_loaded(df).get("agent_by")), "as these calls decide")
    for name, have in counts.answered_have.items():
        values = len(factorized(agents_of(df, name))[1])
        detail = f"{values:,} value{'s' * (values != 1)}"
        if agents is not None and agents.name == name:
            detail += f"; tells the agents, {by}"
        yield "agents", name, have, counts.answered, detail


def _clients(numbers: pd.Series, region: str | None, lines: pd.Series | None) -> Iterator[Row]:
    """Count what is special about the numbers of clients, as far as there is such a thing."""
    codes, spellings = factorized(numbers)
    # The distinct numbers themselves come back where none of a long column had to be written in another way.
    if number_codes(numbers, region)[1] is spellings and _are_of_one_clock(spellings):
        return
    calls = np.bincount(codes + 1, minlength=len(spellings) + 1)[1:]
    of = int(calls.sum())

    def found(subject: str, where: Any, detail: Callable[[int], str]) -> Iterator[Row]:
        places = np.flatnonzero(where)
        if len(places):
            yield "clients", subject, int(calls[places].sum()), of, detail(int(places[0]))

    written = normalized_labels(spellings, region)
    if written is not spellings:
        yield from found("no number", written.isna(), lambda first: _example(spellings[first]))
        yield from _several_spellings(spellings, written)
        national = pd.Series(written).str.fullmatch(r"[0-9]{7,}", na=False)
        yield from found("no country code", national, lambda at: _advice(spellings[at], region, lines))
    yield from found("several timezones", _in_several_zones(written), lambda first: _example(written[first]))


def _are_of_one_clock(numbers: pd.Index) -> bool:
    """Tell whether distinct numbers are all of countries of one clock."""
    given = pa.array(numbers, pa.large_string(), from_pandas=True)
    countries = pc.unique(pc.utf8_slice_codeunits(given, 0, 4)).drop_null().to_pylist()
    return all(zone_of_country(each) is not None for each in countries)


def _several_spellings(spellings: pd.Index, written: pd.Index) -> Iterator[Row]:
    codes, clients = pd.factorize(written)
    forms = np.bincount(codes[codes >= 0], minlength=len(clients))
    if (forms > 1).any():
        first = spellings[codes == np.flatnonzero(forms > 1)[0]]
        detail = "e.g. " + ", ".join(map(repr, first[:3]))
        yield "clients", "several spellings", int((forms > 1).sum()), len(clients), detail


def _in_several_zones(numbers: pd.Index) -> NDArray[np.bool_]:
    """Return which numbers may be in zones of different clocks."""
    prefixes, codes = pd.factorize(numbers.str[:4])[::-1]  # the country code and, if it is short, more
    unsettled = np.append([zone_of_country(each) is None for each in prefixes], False)[codes]
    several = np.zeros(len(numbers), dtype=bool)
    for place in np.flatnonzero(unsettled).tolist():
        several[place] = zone_of_number(numbers[place]) == SEVERAL_ZONES
    return several


def _advice(example: str, region: str | None, lines: pd.Series | None) -> str:
    """Return an example of a number without country code, and what to do about it."""
    if region is not None:
        return f"{_example(example)}, which is not a number in region={region!r}"
    of_lines = set() if lines is None else {country_of(each) for each in number_codes(lines)[1]}
    known = of_lines - {None}
    hint = f"; all lines are in {next(iter(known))!r}" if len(known) == 1 else ""
    return f"{_example(example)}; region= says of which country it is{hint}"


def _overlaps(df: pd.DataFrame, typed: dict[str, pd.Series], agent: pd.Series) -> Row:
    """Count conversations that began while the same agent still had another one."""
    ring = optional_column(df, "answerTime")
    begin = typed["timestamp"] + pd.to_timedelta(ring.where(np.isfinite(ring), 0.0), unit="s")
    talked = (typed["state"] == "answered") & (typed["talkTime"] > 0) & (typed["talkTime"] <= LONGEST_S)
    rows = np.flatnonzero((talked & begin.notna() & agent.notna()).to_numpy(dtype=bool))
    codes, names = factorized(agent)
    agents = codes[rows]
    start = micros(begin.iloc[rows])
    end = start + (typed["talkTime"].iloc[rows].to_numpy() * 1e6).astype(np.int64)
    order = order_within(agents, start)
    agents, start, end = agents[order], start[order], end[order]
    clash = (agents[1:] == agents[:-1]) & (start[1:] < _latest_end(agents, end)[:-1])
    count = int(clash.sum())
    busiest = names[int(np.bincount(agents[1:][clash]).argmax())] if count else ""
    detail = f"most by agent {busiest}" if count else ""
    return "overlaps", str(agent.name), count, len(rows), detail


def _chain_texts(name: str, column: pd.Series) -> Iterator[Row]:
    """Count the forms of the texts that chains are read from, and those that cannot be read."""
    texts = read_texts(column)
    calls = np.bincount(texts.rows, minlength=len(texts.texts))
    known = ~texts.are(Shape.NULL)
    of = int(calls[known].sum())
    unreadable = np.flatnonzero(~texts.readable)
    example = _example(_shortened(texts.texts[unreadable[0]])) if len(unreadable) else ""
    yield "unreadable", name, int(calls[unreadable].sum()), of, example
    for place, shape in enumerate(SHAPES):
        here = np.flatnonzero(known & (texts.shapes == place))
        if len(here):
            readable = "" if shape.readable else "cannot be read; "
            many = f"{len(here):,} distinct text{'s' if len(here) > 1 else ''}"
            detail = f"{readable}{many}, {_example(_shortened(texts.texts[here[0]]))}"
            yield "chain texts", f"{name}: {shape.value}", int(calls[here].sum()), of, detail


def _shortened(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _EXAMPLE else f"{text[: _EXAMPLE - 1]}…"


def _latest_end(agents: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the latest end so far of each agent's conversations; rows are sorted by agent."""
    by_end = np.argsort(end, kind="stable")
    rank = np.empty(len(end), dtype=np.int64)
    rank[by_end] = np.arange(len(end))
    # Each agent's ranks are lifted above those of the agent before: one running maximum serves all.
    lift = agents * len(end)
    return end[by_end[np.maximum.accumulate(rank + lift) - lift]]

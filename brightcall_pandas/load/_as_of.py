"""Calls as they were known at an earlier time: the latest reading, and what the ledger tells of it undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.cache import (
    CHANGED,
    FIRST_SEEN,
    GONE,
    WHOLE,
    DayHistory,
    Part,
    Segment,
    StoreError,
    copies,
    micros,
    rows_of,
    texts_of,
    typed,
)
from brightcall_pandas.errors import CacheError
from brightcall_pandas.frame import IDENTITY_FIELDS, TABLE_SCHEMA, zone_info
from brightcall_pandas.load._cached import CachedWindows, groups
from brightcall_pandas.load._parts import runs
from brightcall_pandas.load._union import once

__all__ = ["checked_moment", "parts_as_of", "rewound"]

_TRIES = 5  # to read what other processes replace meanwhile
_ADVICE = "A load keeps what it replaces from the first reading of a day on; see docs/late-edits.md."


def checked_moment(as_of: Any, zone: str) -> datetime:
    """Return the moment that `as_of` means; of a day its end.

    Parameters
    ----------
    as_of
        A day, or a time; where it has no offset, in the zone.
    zone
        Zone in which days start.

    Raises
    ------
    TypeError, ValueError
        It is neither, or a time that the clock of the zone skips or repeats.
    """
    what = "as_of takes a day or a time, such as '2026-03-05' or '2026-03-05 18:00'"
    if not isinstance(as_of, str | date):
        msg = f"{what}, not {type(as_of).__name__}"
        raise TypeError(msg)
    try:
        text = as_of.strip() if isinstance(as_of, str) else as_of.isoformat()
        with suppress(ValueError):  # it has a time
            day = date.fromisoformat(text) + timedelta(days=1)
            return datetime.combine(day, time(), zone_info(zone)) - timedelta(microseconds=1)
        moment = datetime.fromisoformat(text)
        told = moment.replace(tzinfo=moment.tzinfo or zone_info(zone))
        meant = told.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{what}, not {as_of!r}"
        raise ValueError(msg) from None
    if told.utcoffset() != told.replace(fold=1 - told.fold).utcoffset():
        msg = f"as_of={as_of!r} comes twice, or never, where the clock changes in {zone}: give its offset"
        raise ValueError(msg)
    return meant


def parts_as_of(
    cached: CachedWindows, days: Sequence[date], columns: Sequence[str], moment: datetime
) -> list[Part]:
    """Return the calls of some days as they were known at a moment, each once, without the server.

    Raises
    ------
    CacheError
        Of some days nothing had been read by then, or it is not known any more what was read.
    """
    for _ in range(_TRIES):
        chosen = cached.latest_of(days)
        try:
            return _parts(cached, days, chosen, columns, moment)
        except StoreError:
            cached.set_aside_damaged(chosen.values())  # or else another process has replaced some
    msg = f"calls as of {_said(moment)}: the cache changes faster than it can be read. Try again."
    raise CacheError(msg)


def _parts(
    cached: CachedWindows,
    days: Sequence[date],
    chosen: Mapping[date, Segment],
    columns: Sequence[str],
    moment: datetime,
) -> list[Part]:
    until = micros(moment)
    missing = [day for day in days if day not in chosen]
    entries, floor = cached.ledger(days)
    read = [part for segment, group in groups(chosen) for part in _by_day(segment, group)]
    late = {each.first: each.history[0].since for each in read if each.history[0].since > until}
    _refuse_gaps(missing, late, moment)
    if floor > until and any(each.history[0].since < floor for each in read):
        msg = (
            f"calls as of {_said(moment)}: the ledger goes back to {_said_micros(floor)} only, older entries "
            "were dropped (ledger_days=) or damaged."
        )
        raise CacheError(msg)
    parts = []
    for each in read:
        mine = entries.filter(pc.equal(entries["day"], pa.scalar(each.first, pa.date32())))
        mine = mine.filter(pc.less_equal(mine["serial"], each.serials[0]))
        _check_whole(each.history[0], mine, each.first, floor)
        undone = mine.filter(pc.greater(mine["seen"], until))
        known = mine.filter(pc.less_equal(mine["seen"], until))
        table = rewound(each.table, undone, until, columns)
        parts.append(_told(each, table, columns, _last_seen(each.history[0], table, known, until)))
    return once(parts, cached.zone)


def _by_day(segment: Segment, days: Sequence[date]) -> Iterable[Part]:
    whole = segment.read(days, WHOLE)
    return (whole.between(day, day) for day in whole.days)


def _refuse_gaps(missing: Sequence[date], late: Mapping[date, int], moment: datetime) -> None:
    """Raise where nothing had been read of some days by a moment."""
    gap = sorted([*missing, *late])
    if not gap:
        return
    named = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs(gap))
    known = [each for each in late.values() if each < 2**62]
    since = f"what is known of them begins {_said_micros(min(known))}" if known else "they were never read"
    if late and missing:
        since += ", and of some nothing"
    msg = f"nothing had been read of the calls of {named} by {_said(moment)}: {since}. {_ADVICE}"
    raise CacheError(msg)


def _check_whole(history: DayHistory, entries: pa.Table, day: date, floor: int) -> None:
    """Raise where the ledger lacks entries of a day, or has other ones, as when a file of it was lost."""
    found = int(pc.sum(pc.greater(entries["seen"], history.since)).as_py() or 0)
    if found != history.edits and history.since >= floor:
        msg = (
            f"the ledger has {found} entries of {day} and its window counts {history.edits}, so what its "
            "calls were like before is not known. Was a file of the ledger deleted?"
        )
        raise CacheError(msg)


def rewound(table: pa.Table, entries: pa.Table, until: int, columns: Sequence[str]) -> pa.Table:
    """Return the calls of a day as they were at a moment.

    Parameters
    ----------
    table
        The calls as they were read last, with when each was first seen.
    entries
        What the ledger has of the day after the moment.
    until
        The moment, in microseconds.
    columns
        What is asked for: values of other columns may have been left out of the ledger.

    Raises
    ------
    CacheError
        A value that is asked for was left out, or the entries are not those of these calls.
    """
    for serial in sorted(set(entries["serial"].to_pylist()), reverse=True):
        step = entries.filter(pc.equal(entries["serial"], serial))
        table = table.filter(pc.less_equal(table[FIRST_SEEN], pc.max(step["seen"])))
        table = _unchanged(table, step.filter(pc.equal(step["kind"], CHANGED)), columns)
        if len(gone := step.filter(pc.equal(step["kind"], GONE))):
            if pc.any(gone["hidden"]).as_py():
                mode = _mode_of(gone)
                msg = f"calls have gone of which the ledger does not keep all values (ledger={mode!r})"
                raise CacheError(msg)
            rows = rows_of(gone["old"].to_pylist(), gone[FIRST_SEEN].to_pylist())
            table = pa.concat_tables([table, rows.select(table.column_names)])
    table = table.filter(pc.less_equal(table[FIRST_SEEN], until))
    return _ordered(table) if len(entries) else table


def _unchanged(table: pa.Table, changed: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Return calls with the values that they had before some changes."""
    if not len(changed):
        return table
    keys = _keys(table, copies(table, np.zeros(len(table), dtype=np.int64)))
    places = keys.get_indexer(_keys(changed, changed["copy"].to_numpy()))
    if (places < 0).any():
        msg = "the ledger tells of calls that their window does not have"
        raise CacheError(msg)
    hidden = changed["hidden"].to_numpy()
    if hidden.any() and _are_twins(keys)[places[hidden]].any():
        msg = "the ledger does not keep what tells calls with the same id and uniqueId apart"
        raise CacheError(f"{msg} (ledger={_mode_of(changed)!r})")
    fields = np.asarray(changed["field"].to_pylist(), dtype=object)
    for name in dict.fromkeys(fields.tolist()):
        if name not in TABLE_SCHEMA.names:
            continue  # of an older schema
        mine = np.flatnonzero(fields == name)
        mine = mine[np.argsort(places[mine])]
        rows = changed.take(pa.array(mine))
        if name in columns and pc.any(rows["hidden"]).as_py():
            mode = _mode_of(rows)
            what = f"only that {name} changed, not how" if mode == "fields-only" else f"only tokens of {name}"
            msg = f"the ledger keeps {what} (ledger={mode!r}); leave it out with columns="
            raise CacheError(msg)
        mask = np.zeros(len(table), dtype=bool)
        mask[places[mine]] = True
        column = pc.replace_with_mask(texts_of(table[name]), pa.array(mask), rows["old"].combine_chunks())
        table = table.set_column(table.column_names.index(name), name, typed(column, name))
    return table


def _mode_of(entries: pa.Table) -> str:
    """Return in which mode of the ledger values of some entries were left out."""
    hidden = entries.filter(entries["hidden"])
    return "fields-only" if hidden["pseudonymized"].null_count else "pseudonyms"


def _are_twins(keys: pd.MultiIndex) -> np.ndarray:
    """Tell which calls share id and uniqueId with another one."""
    twins: np.ndarray = keys.droplevel(2).duplicated(keep=False)
    return twins


def _keys(table: pa.Table, copy: np.ndarray) -> pd.MultiIndex:
    texts = (pc.fill_null(table[name].cast(pa.string()), "").to_pylist() for name in ("id", "uniqueId"))
    return pd.MultiIndex.from_arrays([*texts, copy])


def _ordered(table: pa.Table) -> pa.Table:
    """Return calls in the order of a window: by time, then by id."""
    stamps = table["timestamp"].to_numpy().astype("datetime64[us]").astype(np.int64)
    ids = np.array(pc.fill_null(table["id"], "").to_pylist(), dtype=str)
    return table.take(pa.array(np.lexsort((ids, np.char.str_len(ids), stamps))))


def _last_seen(history: DayHistory, table: pa.Table, known: pa.Table, until: int) -> int:
    """Return the latest moment by which the day is known to have been read so."""
    moments = [history.since, pc.max(table[FIRST_SEEN]).as_py(), pc.max(known["seen"]).as_py()]
    return history.read if history.read <= until else max(each or 0 for each in moments)


def _told(part: Part, table: pa.Table, columns: Sequence[str], seen: int) -> Part:
    """Return the part of a day with these calls; readings of days are ordered by when they were made."""
    report = part.windows[-1] | {
        "rows": len(table),
        "expected": None,
        "untimed": table["timestamp"].null_count,
        "fetched_at": _moment(seen).isoformat(timespec="seconds"),
        "requests": 0,
        "source": "ledger",
        "changes": {},
    }
    kept = table.select(list(dict.fromkeys([*columns, *IDENTITY_FIELDS])))
    return Part(part.first, [len(table)], kept, [report], [seen])


def _said(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _said_micros(moment: int) -> str:
    return _said(_moment(moment))


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)

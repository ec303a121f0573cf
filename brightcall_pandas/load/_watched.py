"""What readings saw of late changes: gathered from windows and ledger, estimated, and kept for a day."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.analysis import Lookback, Seen, lookback_of
from brightcall_pandas.cache import CHANGED, FIRST_SEEN, GONE, Part, Store, StoreError, rows_of
from brightcall_pandas.errors import CacheError
from brightcall_pandas.frame import SCHEMA_VERSION
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._parts import runs

__all__ = ["OUTCOME", "estimated", "measure_settle"]

_log = logging.getLogger("brightcall_pandas")

OUTCOME = "outcomeTag"
"""The field by whose changes `settle_days` is measured, and how fresh tables are."""

_SHARE, _CONFIDENCE = 0.99, 0.95  # of `settle_days="measured"`
_YEAR = timedelta(days=366)  # back to which calls are looked at
_KEPT_FOR = timedelta(days=1)
_DAY = 86_400e6  # microseconds
_NEVER = 2**61  # no reading is so late: since when a day is known that was read while the clock was ahead
_IDS = ("id", "uniqueId")
_COLUMNS = (*_IDS, "timestamp", FIRST_SEEN)


def estimated(store: Store, now: datetime, field: str, share: float, confidence: float) -> Lookback:
    """Return after how many days changes of a field have come, and keep it for loads.

    Raises
    ------
    CacheError
        The ledger cannot be read.
    """
    try:
        seen, until = _seen(store, now, field)
    except StoreError as error:
        msg = f"the ledger in {store.ledger.folder} cannot be read: {error}"
        raise CacheError(msg) from error
    said = "" if until == 0 else (datetime.fromtimestamp(until / 1e6, UTC)).isoformat(timespec="seconds")
    found = lookback_of(seen, field, share, confidence, said)
    with suppress(OSError):  # it is made again when it is needed
        store.ledger.keep_estimate(field, found, now)
    return found


def measure_settle(client: Client, query: str) -> None:
    """Set after how many days a client's days are final, by late changes of outcomes, once a day."""
    store, now = client.cache.store(query), client.now()
    made, found = store.ledger.estimate(OUTCOME, Lookback)
    known = found is not None and (found.share, found.confidence) == (_SHARE, _CONFIDENCE)
    if not known or not timedelta(0) <= now - made < _KEPT_FOR:
        with suppress(CacheError):
            found = estimated(store, now, OUTCOME, _SHARE, _CONFIDENCE)
    days = None if found is None else found.settle_days
    if query not in client.measured_days or client.measured_days[query] != days:
        client.measured_days[query] = days
        told = found or "the ledger cannot be read"
        _log.info("settle_days='measured': %g days. %s", client.settle / timedelta(days=1), told)


class _Day(NamedTuple):
    """The calls of a day as they were read last."""

    day: date
    calls: pa.Table
    since: int
    read: int
    edits: int


def _seen(store: Store, now: datetime, field: str) -> tuple[Seen, int]:
    """Return what readings saw of a field, and when the last one was."""
    days = list(_days(store, (now - _YEAR).date()))
    ledger, newest = store.ledger, store.newest
    entries = ledger.read(newest, days[0].day, days[-1].day).to_pandas() if days else pd.DataFrame()
    by_day = dict(list(entries.groupby("day"))) if len(entries) else {}
    parts = []
    for each in days:
        mine = by_day.get(each.day, entries.iloc[:0])
        mine = mine[mine["seen"] > each.since] if len(mine) else mine
        # A day whose history is not whole tells nothing: of its calls some may have changed unseen.
        if each.since >= ledger.floor and len(mine) == each.edits:
            parts.append(_of_day(each, mine, field))
    if not parts:
        nothing = np.zeros(0)
        return Seen(nothing, nothing, nothing, nothing, np.zeros(0, np.int64)), 0
    return Seen(*map(np.concatenate, zip(*parts, strict=True))), max(each.read for each in days)


def _days(store: Store, first: date) -> Iterator[_Day]:
    """Return the days that were read, in order."""
    latest = store.latest()
    held = {
        segment
        for day, segment in latest.items()
        if segment.schema_version == SCHEMA_VERSION and day >= first
    }
    found: list[_Day] = []
    for segment in held:
        mine = [day for day in segment.days if latest.get(day) == segment and day >= first]
        for run in runs(mine):
            with suppress(StoreError):  # replaced meanwhile, or damaged: a load tells
                found += _split(segment.read(run, _COLUMNS))
    yield from sorted((each for each in found if each.since < _NEVER), key=lambda each: each.day)


def _split(part: Part) -> Iterator[_Day]:
    begin = 0
    for day, rows, known in zip(part.days, part.rows, part.history, strict=True):
        yield _Day(day, part.table.slice(begin, rows), known.since, known.read, known.edits)
        begin += rows


def _of_day(day: _Day, entries: pd.DataFrame, field: str) -> Seen:
    """Return what readings saw of the calls of a day, those that have gone included."""
    calls, read = day.calls, np.full(len(day.calls), day.read, dtype=np.int64)
    gone = entries[entries["kind"] == GONE] if len(entries) else entries
    if len(gone):
        rows = rows_of(gone["old"].tolist(), gone[FIRST_SEEN].astype("int64"))
        calls = pa.concat_tables([calls.select(_COLUMNS), rows.select(_COLUMNS)])
        read = np.concatenate([read, gone["since"].to_numpy()])
    began = _micros(calls["timestamp"])
    known = began >= 0
    entered = calls[FIRST_SEEN].to_numpy()
    edits = entries[(entries["kind"] == CHANGED) & (entries["field"] == field)] if len(entries) else entries
    starts = _starts(calls, began, edits)
    timed = starts >= 0
    since, seen = (edits[name].to_numpy()[timed] if len(edits) else np.zeros(0) for name in ("since", "seen"))
    starts = starts[timed]
    number = day.day.toordinal()
    return Seen(
        np.maximum((entered - began)[known] / _DAY, 0.0),
        np.maximum((read - began)[known] / _DAY, 0.0),
        np.maximum((since - starts) / _DAY, 0.0),
        np.maximum((seen - starts) / _DAY, 0.0),
        np.full(len(starts), number, dtype=np.int64),
    )


def _starts(calls: pa.Table, began: np.ndarray, edits: pd.DataFrame) -> np.ndarray:
    """Return when the call of each edit began; -1 where that is not known."""
    if not len(edits):
        return np.zeros(0, dtype=np.int64)
    some = pc.is_in(calls["id"], pa.array(edits["id"].unique(), calls["id"].type)).to_numpy()
    held = calls.filter(pa.array(some)).select(_IDS).to_pandas().assign(began=began[some])
    held = held.fillna(dict.fromkeys(_IDS, "")).drop_duplicates(list(_IDS))
    wanted = edits[list(_IDS)].fillna("")
    joined = wanted.merge(held, how="left", on=list(_IDS))["began"]
    return joined.fillna(-1).to_numpy(dtype=np.int64)


def _micros(stamps: pa.ChunkedArray) -> np.ndarray:
    """Return times in microseconds; -1 for those that are not known."""
    return np.asarray(pc.fill_null(stamps.cast(pa.int64()), -1).to_numpy(), dtype=np.int64)

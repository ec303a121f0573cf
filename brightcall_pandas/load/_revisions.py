"""`bc.revisions`: what later readings saw changed, from the cache alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Unpack

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.errors import CacheError, brief_errors
from brightcall_pandas.filters import Filters, lists_filters
from brightcall_pandas.frame import FIELDS
from brightcall_pandas.load._cached import CachedWindows
from brightcall_pandas.load._client import Client, loading_client
from brightcall_pandas.load._loaders import Day, spec_of
from brightcall_pandas.load._loading import Loading
from brightcall_pandas.load._parts import runs

__all__ = ["revisions"]

_COLUMNS = ("seen_at", "day", "id", "uniqueId", "kind", "field", "old", "new", "unchanged_at")


@brief_errors
@lists_filters
def revisions(
    day_from: Day, day_to: Day | None = None, *, client: Client | None = None, **filters: Unpack[Filters]
) -> pd.DataFrame:
    """List what changed in the calls of some days after they were first read, without asking the server.

    Parameters
    ----------
    day_from, day_to
        First and last day, as in `load_calls`: ``"2026-03-02"``, ``"2026-03"``, ``"30d"``.
    client
        Whose cache; None takes the default client's.
    **filters
        Those of the loads whose readings are compared; each set of filters has a history of its own.

    Returns
    -------
    pandas.DataFrame
        One row for each thing that a reading saw, the earliest first; index from 0. ``seen_at`` and
        ``unchanged_at`` (datetime64, in the zone of the days): when the reading that saw it was kept, and
        when the one before began, which still showed it as it was: so it happened in between. ``day``,
        ``id``, ``uniqueId``: of the call; ``kind``: ``changed``, ``gone``, or ``new`` on a day that was final
        when it was read before; ``field``, ``old`` and ``new`` of a change (str; null without a value, or
        where a personal one was left out; a token, which begins with a star, where it keeps pseudonyms),
        times in ISO form. ``attrs["brightcall"]["pseudonymized"]`` tells by which keys tokens were made:
        equal tokens of one key stand for equal values.

    Raises
    ------
    TypeError, ValueError
        A day or a filter that does not exist.
    CacheError
        Some of the days were never read, so nobody knows what changed, or the ledger cannot be read.
    """
    client = loading_client(client)
    loading = Loading(client, spec_of(client, day_from, day_to, filters), ())
    cached, days = CachedWindows(client, loading.query), loading.days
    if missing := [day for day in days if day not in cached.latest_of(days)]:
        named = ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs(missing))
        msg = f"the calls of {named} were never read, so nothing is known of what changed. Load them first."
        raise CacheError(msg)
    entries, floor = cached.ledger(days)
    table = _table(_of_days(entries, days[0], days[-1]), loading.zone)
    table.attrs["brightcall"] = {
        "source": "ledger",
        "timezone": loading.zone,
        "days": [str(days[0]), str(days[-1])],
    }
    if made_by := sorted(entries["pseudonymized"].drop_null().unique().to_pylist()):
        table.attrs["brightcall"]["pseudonymized"] = made_by
    if floor:
        table.attrs["brightcall"]["whole_since"] = str(pd.Timestamp(floor, unit="us", tz="UTC"))
    return table


def _of_days(entries: pa.Table, first: date, last: date) -> pa.Table:
    low, high = (pa.scalar(each, pa.date32()) for each in (first, last))
    mine = pc.and_(pc.greater_equal(entries["day"], low), pc.less_equal(entries["day"], high))
    order = [(name, "ascending") for name in ("seen", "day", "id", "copy", "field")]
    return entries.filter(mine).sort_by(order)


def _table(entries: pa.Table, zone: str) -> pd.DataFrame:
    rows = entries.to_pandas()
    moments = {
        name: pd.to_datetime(rows[stored], unit="us", utc=True).dt.as_unit("us").dt.tz_convert(zone)
        for name, stored in (("seen_at", "seen"), ("unchanged_at", "since"))
    }
    changed = rows["kind"] == "changed"
    texts = {name: rows[name].where(changed) for name in ("field", "old", "new")}
    times = texts["field"].isin([name for name, field in FIELDS.items() if field.kind == "time"])
    for name in ("old", "new"):
        written = [_time(each, zone) for each in texts[name][times]]
        texts[name] = texts[name].mask(times, pd.Series(written, texts[name].index[times], dtype="object"))
    plain = {name: rows[name] for name in ("day", "id", "uniqueId", "kind")} | texts
    table = pd.DataFrame(moments | {name: each.astype("str") for name, each in plain.items()})
    return table[list(_COLUMNS)]


def _time(micros: str | None, zone: str) -> str | None:
    if micros is None or pd.isna(micros):
        return None
    moment = pd.Timestamp(0, tz="UTC") + timedelta(microseconds=int(micros))
    return moment.tz_convert(zone).isoformat()

"""From a frame back to the cache that its calls came from, and to what that knows of their past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from brightcall_pandas.cache import FIRST_SEEN, GONE, rows_of
from brightcall_pandas.errors import CacheError
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import midnight_micros, to_pandas
from brightcall_pandas.load._as_of import checked_moment
from brightcall_pandas.load._cached import CachedWindows, groups
from brightcall_pandas.load._client import Client, current_client
from brightcall_pandas.load._loaders import Provenance, load_calls
from brightcall_pandas.load._loading import Loading
from brightcall_pandas.load._revisions import revisions

__all__ = ["Past", "past_of"]

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Past(NamedTuple):
    """What the cache knows of a frame's calls.

    Parameters
    ----------
    client
        A client of the cache.
    spec
        Which calls the frame was loaded for.
    whole
        Whether the frame has all calls of that load.
    """

    client: Client
    spec: CallFilter
    whole: bool

    @property
    def _asked(self) -> dict[str, Any]:
        return self.spec.without("day_from", "day_to").to_dict()

    def revisions(self) -> pd.DataFrame:
        """Return what changed, as `bc.revisions` does."""
        return revisions(self.spec.day_from, self.spec.day_to, client=self.client, **self._asked)

    def gone(self) -> pd.DataFrame:
        """Return the calls that have gone, as they were read last.

        ``attrs["hidden"]`` counts those of which the ledger does not keep all values.
        """
        loading = Loading(self.client, self.spec, ())
        cached, days = CachedWindows(self.client, loading.query), loading.days
        entries, _ = cached.ledger(days)
        wanted = {str(day) for day in days}
        rows = entries.filter(pc.equal(entries["kind"], GONE)).to_pandas()
        rows = rows[rows["day"].astype("str").isin(wanted)]
        table = rows_of(rows["old"].tolist(), rows[FIRST_SEEN].astype("int64"))
        calls = to_pandas(table.drop_columns([FIRST_SEEN]), loading.zone)
        calls.attrs["hidden"] = int(rows["hidden"].sum())
        return calls

    def first_known(self) -> datetime:
        """Return the first moment at which all of the days had been read after they were over.

        Raises
        ------
        CacheError
            Some were never read, or not since they were over.
        """
        loading = Loading(self.client, self.spec, ())
        cached, zone = CachedWindows(self.client, loading.query), loading.zone
        chosen = cached.latest_of(loading.days)
        entries = cached.ledger(loading.days)[0].select(["day", "seen"]).to_pandas()
        seen: dict[date, Any] = {day: each["seen"].to_numpy() for day, each in entries.groupby("day")}
        first: dict[date, int] = {}
        for segment, days in groups(chosen):
            part, begin = segment.read(days, [FIRST_SEEN]), 0
            stamps = part.table[FIRST_SEEN].to_numpy()
            for day, rows, known in zip(part.days, part.rows, part.history, strict=True):
                moments = [stamps[begin : begin + rows], seen.get(day, []), [known.since, known.read]]
                told = np.concatenate(moments).astype(np.int64)
                told = told[told >= midnight_micros(str(day), zone, 1)]
                begin += rows
                if len(told):
                    first[day] = int(told.min())
        if missing := [day for day in loading.days if day not in first]:
            msg = f"nothing was read of {missing[0]} after that day was over; say as_of= which time is meant"
            raise CacheError(msg)
        return _EPOCH + timedelta(microseconds=max(first.values()))

    def as_of(self, moment: datetime | str | date) -> pd.DataFrame:
        """Return the calls as they were known at a moment."""
        days = self.spec.day_from, self.spec.day_to
        return load_calls(*days, client=self.client, as_of=moment, progress=False, **self._asked)

    def moment(self, as_of: Any) -> datetime:
        """Return the moment that `as_of` means; without it that of `first_known`."""
        if as_of is None:
            return self.first_known()
        return checked_moment(as_of, Loading(self.client, self.spec, ()).zone)


def past_of(df: pd.DataFrame, client: Client | None = None) -> Past:
    """Return what the cache knows of a frame's calls.

    Parameters
    ----------
    df
        Calls that were loaded, or read from files of loaded ones.
    client
        Whose cache; None takes the one that loaded the frame, else the default client.

    Raises
    ------
    ValueError
        The frame does not say which calls were loaded.
    """
    said = df.attrs.get("brightcall")
    query = said.get("query") if isinstance(said, Mapping) else None
    windows = said.get("windows") if isinstance(said, Mapping) else None
    if not isinstance(query, Mapping) or not query.get("dayFrom") or not isinstance(windows, list):
        msg = (
            "the frame does not say which days and filters its calls were loaded with, so nobody can tell "
            "what changed in them: take a frame of bc.load_calls, or ask bc.revisions for days"
        )
        raise ValueError(msg)
    if client is None and isinstance(said, Provenance) and said.reader is not None:
        client = said.reader()
    whole = len(df) >= sum(int(each["rows"]) for each in windows)
    return Past(current_client(client), CallFilter.from_request(query), whole)

"""The loaders: days and filters in, typed frames out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple, Unpack

import pandas as pd
import pyarrow as pa

from brightcall_pandas.api import Reply, WriteQueue
from brightcall_pandas.cache import Part
from brightcall_pandas.errors import InvalidResponseError, OfflineError
from brightcall_pandas.filters import FILTERS, CallFilter, Filters, lists_filters
from brightcall_pandas.frame import SCHEMA_VERSION, TABLE_SCHEMA, choice, nearest, page_of, to_pandas
from brightcall_pandas.load._client import Client, current_client
from brightcall_pandas.load._loading import Loading
from brightcall_pandas.load._pages import days_text
from brightcall_pandas.load._parts import runs
from brightcall_pandas.load._progress import Progress
from brightcall_pandas.load._query import known_zone, request_body

__all__ = [
    "Catalog",
    "Provenance",
    "cached_reply",
    "count_calls",
    "fields_of",
    "load_calls",
    "load_catalog",
    "spans_of",
    "spec_of",
    "zone_of",
]

Day = str | date


class Provenance(dict[str, Any]):
    """Where a frame comes from; pandas copies a frame's attrs at every step, and this costs nothing then."""

    def __deepcopy__(self, _: object) -> Provenance:
        return self


class Catalog(NamedTuple):
    """The account's own words.

    Parameters
    ----------
    tags, outcomes, projects
        Frames with one row each; column ``name`` where the API sends plain texts, else its own names.
    """

    tags: pd.DataFrame
    outcomes: pd.DataFrame
    projects: pd.DataFrame


@lists_filters
def load_calls(
    day_from: Day,
    day_to: Day,
    *,
    columns: Sequence[str] | None = None,
    refresh: bool = False,
    on_incomplete: Literal["raise", "warn"] = "raise",
    progress: bool | None = None,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> pd.DataFrame:
    """Load every call of some days, each exactly once.

    Days that are in the cache and can no longer change are not read again.

    Parameters
    ----------
    day_from, day_to
        First and last day, both inclusive, in the client's timezone (or the filter's `timezone`).
    columns
        Fields to return, in that order; None returns all 45 and `extras`. All are cached either way.
    refresh
        Read all days from the server again, and replace what is cached.
    on_incomplete
        What to do when a window cannot be proved complete: ``"raise"`` `IncompleteDataError`, or
        ``"warn"``, mark it in ``df.calls.quality()``, and not cache it.
    progress
        Show a progress bar: True at once, None when the load takes longer than a second, False never.
    client
        The client to use; None takes the default one (`bc.use`, or the environment).
    **filters
        Any of `bc.describe_filters()`. `all_users` is True unless given, `date_interval` is ``"day"``.

    Returns
    -------
    pandas.DataFrame
        Ordered by `timestamp`, then `id`; index from 0. Dtypes as `bc.describe_fields()` says, times in the
        zone of the days. ``df.attrs["brightcall"]`` has the query, the windows and what did not fit.

    Raises
    ------
    TypeError, ValueError
        A filter, a day or a column that does not exist; before any request.
    BrightcallError
        As ``bc.errors`` draws them; the message names window and page.
    """
    choice("on_incomplete", on_incomplete, ("raise", "warn"))
    chosen = fields_of(columns)
    loading = Loading(
        current_client(client),
        spec_of(day_from, day_to, filters),
        chosen,
        refresh=refresh,
        strict=on_incomplete == "raise",
        progress=Progress(progress),
    )
    try:
        with WriteQueue() as writes:
            parts = list(loading.parts(writes))
            table = pa.concat_tables([part.table.select(chosen) for part in parts])
            frame = to_pandas(table, loading.zone)
    finally:
        loading.progress.close()
    frame.attrs["brightcall"] = _provenance(loading, parts)
    return frame


@lists_filters
def count_calls(
    day_from: Day, day_to: Day, *, client: Client | None = None, **filters: Unpack[Filters]
) -> int:
    """Ask the server how many calls there are, with one small request.

    Parameters
    ----------
    day_from, day_to
        First and last day, both inclusive.
    client
        The client to use; None takes the default one.
    **filters
        Any of `bc.describe_filters()`.

    Returns
    -------
    int
        Number of calls, as the server counts them.

    Raises
    ------
    TypeError, ValueError
        A filter or a day that does not exist; before any request.
    BrightcallError
        As ``bc.errors`` draws them.
    """
    client = current_client(client)
    spec = spec_of(day_from, day_to, filters)
    body = request_body(spec, spec.timezone or client.timezone) | {"page": 1, "itemsPerPage": 1}
    about = f"number of calls {days_text(body)}"
    page = page_of(cached_reply(client, client.profile.count or client.profile.calls, body, about).answer)
    # Pages of one call each: their number is the number of calls.
    count = page.pages_count if page.total_items is None else page.total_items
    if count is None:
        msg = f"{about}: the answer has neither totalItems nor pagesCount. Use len(bc.load_calls(…)) instead."
        raise InvalidResponseError(msg)
    return count


@lists_filters
def load_catalog(
    day_from: Day | None = None,
    day_to: Day | None = None,
    *,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> Catalog:
    """Load the tags, outcomes and projects that the account knows.

    Parameters
    ----------
    day_from, day_to
        Days of the request that carries them; None: the last 30 days.
    client
        The client to use; None takes the default one.
    **filters
        Any of `bc.describe_filters()`.

    Returns
    -------
    Catalog
        Three small frames: ``tags``, ``outcomes``, ``projects``. What the API puts into them is not
        documented beyond being arrays.

    Raises
    ------
    BrightcallError
        As ``bc.errors`` draws them.
    """
    client = current_client(client)
    last = datetime.now(UTC).date() if day_to is None else day_to
    first = pd.Timestamp(last).date() - timedelta(days=29) if day_from is None else day_from
    spec = spec_of(first, last, filters)
    body = request_body(spec, spec.timezone or client.timezone) | {"page": 1, "itemsPerPage": 1}
    page = page_of(cached_reply(client, client.profile.calls, body, f"catalogue {days_text(body)}").answer)
    return Catalog(*(_small_frame(page.catalog[name]) for name in Catalog._fields))


# Arguments.


def spec_of(day_from: Day, day_to: Day, filters: Mapping[str, Any]) -> CallFilter:
    """Return the checked filter of a load."""
    for name in filters:
        if name in FILTERS and FILTERS[name].paging:
            msg = f"{name!r} is not a filter: pages are read and joined here; sort the frame instead"
            raise TypeError(msg)
    spec = CallFilter(day_from=day_from, day_to=day_to, **filters)
    if spec.day_from is None or spec.day_to is None:
        msg = "day_from and day_to are both needed, for example '2026-03-01', '2026-03-31'"
        raise ValueError(msg)
    return spec


def fields_of(columns: Sequence[str] | None) -> list[str]:
    """Return the fields to load."""
    if columns is None:
        return list(TABLE_SCHEMA.names)
    chosen = [columns] if isinstance(columns, str) else list(columns)
    for name in chosen:
        if name not in TABLE_SCHEMA.names:
            msg = f"{name!r} is not a field{nearest(str(name), TABLE_SCHEMA.names)} See bc.describe_fields()."
            raise ValueError(msg)
    return list(dict.fromkeys(chosen))


def spans_of(client: Client, spec: CallFilter, days: Sequence[date], calls: int) -> Iterator[list[date]]:
    """Cut days into spans of consecutive ones with about so many calls, going by one small request."""
    if not days:
        return
    length = 1
    if not client.offline:
        filters = spec.without("day_from", "day_to").to_dict()
        found = count_calls(days[0], days[-1], client=client, **filters)
        length = max(1, calls * ((days[-1] - days[0]).days + 1) // max(found, 1))
    for run in runs(days):
        yield from (run[begin : begin + length] for begin in range(0, len(run), length))


# Small requests.


def zone_of(client: Client, spec: CallFilter) -> str:
    """Return the zone in which days start; a small request finds it out where it is not known yet."""
    asked: str | None = spec.timezone or client.timezone
    if asked is None and client.cache.account.timezone is None:
        count_calls(spec.day_from, spec.day_to, client=client)
    return asked or client.cache.account.timezone or "UTC"


def cached_reply(client: Client, path: str, body: dict[str, Any], about: str) -> Reply:
    """Return an answer through the page cache: any kept one for final days, a young one for others."""
    kept = client.session.kept(path, body)
    last = date.fromisoformat(body["dayTo"])
    if kept is not None and (client.offline or client.is_fresh(kept.fetched_at, last)):
        return kept
    if client.offline:
        msg = f"{about}: not in the cache, and offline=True forbids asking the server"
        raise OfflineError(f"{msg}. Load it once online.")
    reply = client.session.ask(path, body, about=about)
    client.session.keep([reply])
    if (zone := known_zone(reply.answer.timezone)) is not None and client.timezone is None:
        client.cache.learn(timezone=zone)
    return reply


def _small_frame(items: Sequence[Any]) -> pd.DataFrame:
    if all(isinstance(item, dict) for item in items) and items:
        return pd.DataFrame(list(items))
    return pd.DataFrame(
        {"name": pd.Series([None if each is None else str(each) for each in items], dtype="str")}
    )


# What is said of the result.


def _provenance(loading: Loading, parts: Sequence[Part]) -> Provenance:
    windows = [
        {k: v for k, v in each.items() if k not in ("pages", "misfits")} for p in parts for each in p.windows
    ]
    misfits: dict[str, dict[str, Any]] = {}
    for part in parts:
        for window in part.windows:
            for name, lost in window["misfits"].items():
                known = misfits.setdefault(name, {"count": 0, "example": lost["example"]})
                known["count"] += lost["count"]
    return Provenance(
        source="api",
        query=loading.spec.to_request(),
        timezone=loading.zone,
        schema_version=SCHEMA_VERSION,
        loaded_at=datetime.now(UTC).isoformat(timespec="seconds"),
        complete=all(each["complete"] for each in windows),
        windows=windows,
        misfits=misfits,
    )

"""The loaders: days and filters in, typed frames out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar, Unpack

import msgspec
import pandas as pd
import pyarrow as pa

from brightcall_pandas.analysis import Lookback
from brightcall_pandas.api import Reply, WriteQueue, unreadable
from brightcall_pandas.cache import Part
from brightcall_pandas.errors import (
    BrightcallError,
    InvalidResponseError,
    NoMatchWarning,
    OfflineError,
    brief_errors,
    warn_user,
)
from brightcall_pandas.filters import FILTERS, CallFilter, Filters, lists_filters
from brightcall_pandas.frame import (
    SCHEMA_VERSION,
    TABLE_SCHEMA,
    Page,
    choice,
    day_text,
    nearest,
    page_of,
    period,
    to_pandas,
    warn_of_unread_times,
    zone_info,
)
from brightcall_pandas.load._account import unusual
from brightcall_pandas.load._agents import AccountAgent
from brightcall_pandas.load._as_of import checked_moment
from brightcall_pandas.load._client import Client, loading_client
from brightcall_pandas.load._loading import Loading
from brightcall_pandas.load._pages import days_text
from brightcall_pandas.load._parts import runs, warn_of_unproved
from brightcall_pandas.load._progress import Progress
from brightcall_pandas.load._query import known_zone, request_body
from brightcall_pandas.load._watched import OUTCOME

__all__ = [
    "Catalog",
    "Provenance",
    "checked_as_of",
    "count_calls",
    "fields_of",
    "load_calls",
    "load_catalog",
    "small_answer",
    "spans_of",
    "spec_of",
    "zone_of",
]

_UNPROVED = "They are returned as they are, marked in df.calls.quality(), and read again by the next load."
_FIRST_DAY = "2000-01-01"  # before any call
_DAYS_AS_OF = 7  # for which the ledger is read once
Day = str | date | pd.Period
T = TypeVar("T")


class Provenance(dict[str, Any]):
    """Where a frame comes from; pandas copies a frame's attrs at every step, and this costs nothing then."""

    reader: Callable[[], Client] | None = None
    """What makes a client of the cache that the calls came from. Of this machine: it is not an item, and goes
    neither into files nor to other processes."""

    def __deepcopy__(self, _: object) -> Provenance:
        return self

    def __copy__(self) -> Provenance:
        new = Provenance(self)
        new.reader = self.reader
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return Provenance, (dict(self),)


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


@brief_errors
@lists_filters
def load_calls(
    day_from: Day,
    day_to: Day | None = None,
    *,
    columns: Sequence[str] | None = None,
    refresh: bool = False,
    on_incomplete: Literal["raise", "warn"] = "raise",
    progress: bool | None = None,
    as_of: str | date | None = None,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> pd.DataFrame:
    """Load every call of some days, each exactly once.

    Days that are in the cache and can no longer change are not read again.

    Parameters
    ----------
    day_from
        First day: YYYY-MM-DD, a date or Timestamp, ``"today"``, ``"yesterday"``, a number of days up to
        `day_to`, or a period: a month, ISO week, quarter or year, as ``"2026-03"``, ``"2026-W10"``,
        ``"2026-Q1"``, ``"2026"``, ``"last month"`` or ``"this week"``, or a pandas Period.
        ``load_calls("2026-03-02", "2026-03-31")`` loads March but for its first day,
        ``load_calls("2026-03")`` all of it, ``load_calls("30d")`` the last 30 days, today included.
    day_to
        Last day, inclusive; as `day_from`, but for a number of days. None: the end of the period that
        `day_from` is, and else today.
    columns
        Fields to return, in that order; None returns all 45 and `extras`. All are cached either way.
    refresh
        Read all days from the server again, and replace what is cached.
    on_incomplete
        What to do when a window cannot be proved complete: ``"raise"`` `IncompleteDataError`, or
        ``"warn"``, mark it in ``df.calls.quality()``, and not cache it.
    progress
        Show a progress bar: True at once, None when the load takes longer than a second, False never.
    as_of
        Return the calls as they were known at an earlier time, from the cache and its ledger alone: a day
        (its end), or a time, without an offset in the zone of the days. Exact for what loads with the same
        filters had read by then; `CacheError` names the days of which nothing had been read.
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

    Warns
    -----
    NoMatchWarning
        There are no calls on these days, or none that pass the filters.

    Notes
    -----
    Days, today among them, are those of the filter's `timezone`, else of the client's, else of the account:
    where that is not known yet, ``"30d"``, ``"last week"`` and whatever else is counted from today cost one
    small request.
    """
    choice("on_incomplete", on_incomplete, ("raise", "warn"))
    chosen = fields_of(columns)
    client = loading_client(client)
    spec = spec_of(client, day_from, day_to, filters)
    agent = AccountAgent(client, spec)
    loading = Loading(
        client,
        spec,
        agent.columns(chosen),
        refresh=refresh,
        strict=on_incomplete == "raise",
        progress=Progress(progress),
        as_of=checked_as_of(as_of, refresh=refresh),
    )
    with loading.progress as shown, WriteQueue() as writes:
        parts = list(loading.parts(writes))
        table = pa.concat_tables([part.table.select(loading.columns) for part in parts])
        agent.decide([table])
        frame = to_pandas(table.select(chosen), loading.zone)
        shown.finish(len(frame))
    frame.attrs["brightcall"] = provenance = _provenance(loading, parts, agent.said())
    warn_of_unread_times(frame, provenance.get("misfits") or {})
    warn_of_unproved(provenance["windows"], _UNPROVED)
    if frame.empty:
        asked = any(window["source"] == "network" for window in provenance["windows"])
        warn_user(_nothing_found(loading, asked=asked), NoMatchWarning)
    return frame


@brief_errors
@lists_filters
def count_calls(
    day_from: Day,
    day_to: Day | None = None,
    *,
    refresh: bool = False,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> int:
    """Ask the server how many calls there are, with one small request.

    Parameters
    ----------
    day_from, day_to
        First and last day, as in `load_calls`: ``"2026-03-02"``, ``"2026-03"``, ``"30d"``.
    refresh
        Ask the server again, and replace what is cached.
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
        As ``bc.errors`` draws them. An answer without a number, or with one that cannot be, is not kept.
    """
    client = loading_client(client)
    body = _small_body(client, spec_of(client, day_from, day_to, filters))
    about = f"number of calls {days_text(body)}"
    path = client.profile.count or client.profile.calls
    return small_answer(client, path, body, about, partial(_count, about), refresh=refresh)


@brief_errors
@lists_filters
def load_catalog(
    day_from: Day = "30d",
    day_to: Day | None = None,
    *,
    refresh: bool = False,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> Catalog:
    """Load the tags, outcomes and projects that the account knows.

    Parameters
    ----------
    day_from, day_to
        Days of the request that carries them, as in `load_calls`.
    refresh
        Ask the server again, and replace what is cached.
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
        As ``bc.errors`` draws them. An answer that has none of the three is not kept.
    """
    client = loading_client(client)
    body = _small_body(client, spec_of(client, day_from, day_to, filters))
    about = f"catalogue {days_text(body)}"
    return small_answer(client, client.profile.calls, body, about, partial(_catalog, about), refresh=refresh)


# Arguments.


def checked_as_of(as_of: Any, *, refresh: bool) -> Any:
    """Return `as_of` if it is a day or a time, and goes with the other arguments."""
    if as_of is not None:
        checked_moment(as_of, "UTC")
        if refresh:
            msg = "as_of tells what was known earlier, and refresh=True asks the server now; give one of them"
            raise ValueError(msg)
    return as_of


def spec_of(client: Client, day_from: Day, day_to: Day | None, filters: Mapping[str, Any]) -> CallFilter:
    """Return the checked filter of a load; the account is asked for its zone where today depends on it."""
    for name in filters:
        if name in FILTERS and FILTERS[name].paging:
            msg = f"{name!r} is not a filter: pages are read and joined here; sort the frame instead"
            raise TypeError(msg)
    spec = CallFilter(**filters)
    first, last = period(day_from, day_to, lambda: _today(client, spec.timezone))
    return spec.replace(day_from=first, day_to=last)


def _today(client: Client, timezone: str | None) -> date:
    """Return the day of today in the zone of a load."""
    somewhere = client.now().date()
    zone = zone_of(client, CallFilter(timezone=timezone, day_from=somewhere, day_to=somewhere))
    return client.now().astimezone(zone_info(zone)).date()


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


def spans_of(loading: Loading, days: Sequence[date], calls: int) -> Iterator[list[date]]:
    """Cut days into spans of consecutive ones with about so many calls, going by one small request."""
    if not days:
        return
    length, expected = 1 if loading.as_of is None else _DAYS_AS_OF, None
    if not loading.client.offline and loading.as_of is None:
        filters = loading.spec.without("day_from", "day_to").to_dict()
        with suppress(InvalidResponseError):  # a server that does not count: one day at a time
            found = count_calls(days[0], days[-1], client=loading.client, **filters)
            between = (days[-1] - days[0]).days + 1
            length = max(1, calls * between // max(found, 1))
            expected = found if between == len(days) else None
    loading.progress.whole(len(days), expected)
    for run in runs(days):
        yield from (run[begin : begin + length] for begin in range(0, len(run), length))


# Small requests.


def zone_of(client: Client, spec: CallFilter) -> str:
    """Return the zone in which days start; a small request finds it out where it is not known yet."""
    asked: str | None = spec.timezone or client.timezone
    if asked is None and client.cache.account.timezone is None:
        days = CallFilter(day_from=spec.day_from, day_to=spec.day_to)
        body = _small_body(client, days)
        about = "the first request to this account, which asks for its timezone"
        small_answer(client, client.profile.calls, body, about, lambda _: None)
    return asked or client.cache.account.timezone or "UTC"


def small_answer(
    client: Client,
    path: str,
    body: dict[str, Any],
    about: str,
    read: Callable[[Reply], T],
    *,
    refresh: bool = False,
) -> T:
    """Return what the answer to a small request says, through the page cache.

    Any answer that was kept will do for days that are final, a young one for others. None is kept before it
    was read; one that was, and cannot be read any more, is asked for again.

    Parameters
    ----------
    client
        The client to use.
    path, body, about
        As `ApiSession.ask` takes them.
    read
        Takes what is wanted from an answer, or raises `InvalidResponseError`.
    refresh
        Whether to ask the server whatever was kept.
    """
    kept = None if refresh else client.session.kept(path, body)
    last = date.fromisoformat(body["dayTo"])
    if kept is not None and (client.offline or client.is_fresh(kept.fetched_at, last)):
        with suppress(InvalidResponseError):
            return _read(client, body, kept, read)
    if client.offline:
        msg = f"{about}: not in the cache, and offline=True forbids asking the server"
        raise OfflineError(f"{msg}. Load it once online.")
    reply = client.session.ask(path, body, about=about)
    result = _read(client, body, reply, read)
    client.session.keep([reply.stored])
    return result


def _read(client: Client, body: Mapping[str, Any], reply: Reply, read: Callable[[Reply], T]) -> T:
    try:
        result = read(reply)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise unreadable(error) from error
    # An answer to a request that names a timezone names that one.
    if "timezone" not in body and (zone := known_zone(reply.answer.timezone)) is not None:
        client.cache.learn(timezone=zone)
    return result


def _small_body(client: Client, spec: CallFilter) -> dict[str, Any]:
    return request_body(spec, spec.timezone or client.timezone) | {"page": 1, "itemsPerPage": 1}


def _count(about: str, reply: Reply) -> int:
    page = _page(about, reply)
    instead = "Use len(bc.load_calls(…)) instead."
    # Pages of one call each: their number is the number of calls.
    count = page.pages_count if page.total_items is None else page.total_items
    if count is None and page.left_out:
        count = 0
    if count is None:
        msg = f"{about}: the answer has neither totalItems nor pagesCount. {instead}"
        raise InvalidResponseError(msg)
    if count < len(page) or (page.total_items is None and len(page) > 1):
        msg = f"{about}: the answer counts {count}, and shows {len(page)} calls on a page of one. {instead}"
        raise InvalidResponseError(msg)
    return count


def _catalog(about: str, reply: Reply) -> Catalog:
    members = {name: getattr(reply.answer, name) for name in Catalog._fields}
    if all(each is None for each in members.values()):
        msg = f"{about}: the answer has no {' or '.join(members)}. Check base_url and api_version."
        raise InvalidResponseError(msg)
    for name, each in members.items():
        if not isinstance(each, list | None):
            msg = f"{about}: {name} is not an array in the answer. Check base_url and api_version."
            raise InvalidResponseError(msg)
    return Catalog(*(_small_frame(each or []) for each in members.values()))


def _page(about: str, reply: Reply) -> Page:
    try:
        return page_of(reply.answer)
    except msgspec.DecodeError as error:
        msg = f"{about}: the answer has no list of calls ({error}). Check base_url and api_version."
        raise InvalidResponseError(msg) from None


def _small_frame(items: Sequence[Any]) -> pd.DataFrame:
    if all(isinstance(item, dict) for item in items) and items:
        return pd.DataFrame(list(items))
    return pd.DataFrame(
        {"name": pd.Series([None if each is None else str(each) for each in items], dtype="str")}
    )


# What is said of the result.


def _nothing_found(loading: Loading, *, asked: bool) -> str:
    """Return what to say where no call was found: the days, the filters, and which days a sandbox has.

    A load that asked the server for nothing does not ask for these days either: it says what is known.
    """
    spec = loading.spec.to_dict()
    first, last = spec.pop("day_from"), spec.pop("day_to")
    filters = ", ".join(f"{name}={value!r}" for name, value in spec.items())
    days = f"on {first}" if first == last else f"from {first} to {last}"
    said = f"no calls {days} ({loading.zone}){f' pass the filters {filters}' if filters else ''}"
    days_there = _sandbox_days(loading.client, asked=asked)
    if days_there is None:
        return said
    return f"{said}; this sandbox has calls from {' to '.join(days_there)}: bc.load_calls{days_there!r}"


def _sandbox_days(client: Client, *, asked: bool) -> tuple[str, str] | None:
    """Return the first and the last day on which a sandbox has calls, and remember them; None if unknown."""
    if not asked:
        return client.cache.account.sandbox_days
    if not client.session.at_sandbox:
        return None
    first, last = (_day_of_call(client, direction) for direction in ("ASC", "DESC"))
    if first is None or last is None:
        return None
    client.cache.learn(sandbox_days=(first, last))
    return first, last


def _day_of_call(client: Client, direction: str) -> str | None:
    """Return the day of the oldest or the newest call that a sandbox has; None if unknown."""
    every = CallFilter(
        day_from=_FIRST_DAY, day_to=client.now().date(), sort_by="timestamp", sort_direction=direction
    )
    body = _small_body(client, every)
    about = "the days that the server has"
    with suppress(BrightcallError, LookupError, TypeError, ValueError):
        page = small_answer(client, client.profile.calls, body, about, partial(_page, about))
        stamp = page.values("timestamp")[0]
        return day_text("timestamp", str(stamp)[:10])
    return None


def _provenance(loading: Loading, parts: Sequence[Part], agent: Mapping[str, Any]) -> Provenance:
    windows = [
        {k: v for k, v in each.items() if k not in ("pages", "misfits")} for p in parts for each in p.windows
    ]
    misfits: dict[str, dict[str, Any]] = {}
    for part in parts:
        for window in part.windows:
            for name, lost in window["misfits"].items():
                known = misfits.setdefault(name, {"count": 0, "example": lost["example"]})
                known["count"] += lost["count"]
    provenance = Provenance(
        source="api",
        query=loading.spec.to_request(),
        timezone=loading.zone,
        schema_version=SCHEMA_VERSION,
        loaded_at=loading.client.now().isoformat(timespec="seconds"),
        complete=all(each["complete"] for each in windows),
        windows=windows,
        misfits=misfits,
        server=unusual({each.name: each.value for each in loading.client.cache.account.server}),
        **agent,
        **_settling(loading),
        **({} if loading.moment is None else {"as_of": loading.moment.isoformat()}),
        **({"region": loading.client.region} if loading.client.region else {}),
        **({"lead": loading.client.lead} if loading.client.lead else {}),
    )
    provenance.reader = loading.client.reader()
    return provenance


def _settling(loading: Loading) -> dict[str, Any]:
    """Return after how many days outcomes settle, as far as measured, and what the client made of it."""
    client = loading.client
    said: dict[str, Any] = {}
    if client.measures_settle:
        said["settle_days"] = client.settle / timedelta(days=1)
    _, found = client.cache.store(loading.query.key).ledger.estimate(OUTCOME, Lookback)
    if found is not None and found.days is not None:
        names = ("field", "share", "days", "ages", "changing")
        said["lookback"] = {name: getattr(found, name) for name in names}
    return said

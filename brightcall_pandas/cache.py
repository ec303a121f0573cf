"""One account's folder on disk: both tiers of the cache, and what was learnt about the account.

::

    data_cache/
      .gitignore          written here, so that no call ever gets into a repository
      <account>/
        account.json      the account's timezone, the server's page cap, how it reads days
        pages.sqlite      first tier: answers as they came
        windows/<query>/  second tier: typed calls, one folder a query
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import warnings
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from brightcall_pandas.api.page_cache import PageCache, private_folder
from brightcall_pandas.errors import CacheError
from brightcall_pandas.filters import FILTERS
from brightcall_pandas.schema import EXTRAS, FIELDS
from brightcall_pandas.store import Segment, Store, StoreError

__all__ = ["Account", "Cache", "duration"]

_ALL = (*FIELDS, EXTRAS.name)


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was learnt about an account.

    Parameters
    ----------
    timezone
        Zone that its answers name.
    page_cap
        Rows a page that the server sends at most, once it refused more.
    other_bounds
        Whether its days begin in another zone than the one asked for.
    """

    timezone: str | None = None
    page_cap: int | None = None
    other_bounds: bool = False


class Cache:
    """The cache of one account.

    Parameters
    ----------
    folder
        The account's folder; made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._said = False

    @cached_property
    def pages(self) -> PageCache:
        """The first tier."""
        self._prepare()
        return PageCache(self.folder / "pages.sqlite")

    def store(self, query: str) -> Store:
        """Return the second tier of a query, by its hash."""
        return Store(self.folder / "windows" / query)

    def prepared(self, store: Store) -> Store:
        """Make a store's folder.

        Raises
        ------
        OSError
            It cannot be made.
        """
        self._prepare()
        private_folder(store.folder)
        return store

    def failed(self, error: Exception) -> None:
        """Say once that typed windows cannot be kept; a load goes on without."""
        with self._lock:
            if not self._said:
                self._said = True
                warnings.warn(
                    f"calls cannot be kept in {self.folder} ({error}); this load goes on without",
                    RuntimeWarning,
                    stacklevel=3,
                )

    @property
    def account(self) -> Account:
        """What was learnt about the account so far."""
        try:
            return msgspec.json.decode((self.folder / "account.json").read_bytes(), type=Account)
        except (OSError, msgspec.DecodeError):
            return Account()

    def learn(self, **facts: Any) -> None:
        """Remember facts about the account; when they cannot be written they are learnt again next time."""
        with self._lock:
            known = self.account
            learnt = msgspec.structs.replace(known, **facts)
            if learnt == known:
                return
            temporary = self.folder / f".tmp-{os.getpid()}-{secrets.token_hex(4)}"
            try:
                private_folder(self.folder)
                handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(learnt))
                temporary.rename(self.folder / "account.json")
            except OSError:
                temporary.unlink(missing_ok=True)

    def info(self) -> dict[str, Any]:
        """Tell what is kept.

        Returns
        -------
        dict
            ``folder``; ``queries``, ``files``, ``days`` and ``calls`` of the typed windows (a day that two
            queries hold counts twice); ``first_day``, ``last_day`` (None when empty); ``oldest`` fetch (UTC);
            ``window_bytes``; ``pages`` and ``page_bytes`` of the first tier; ``damaged`` files set aside.
        """
        stores = self._stores()
        current = [_current(store) for store in stores]
        segments = [segment for each in current for segment in each]
        days = [day for each in current for day in {day for segment in each for day in segment.days}]
        return {
            "folder": str(self.folder),
            "queries": sum(bool(each) for each in current),
            "files": len(segments),
            "days": len(days),
            "calls": sum(map(_rows, segments)),
            "first_day": str(min(days)) if days else None,
            "last_day": str(max(days)) if days else None,
            "oldest": min((each.fetched_at for each in segments), default=None),
            "window_bytes": sum(each.path.stat().st_size for each in segments),
            "pages": len(self.pages.responses) if (self.folder / "pages.sqlite").exists() else 0,
            "page_bytes": sum(path.stat().st_size for path in self.folder.glob("pages.sqlite*")),
            "damaged": len(list(self.folder.rglob("*.damaged*"))),
        }

    def clear(
        self,
        day_from: str | date | None = None,
        day_to: str | date | None = None,
        older_than: str | float | timedelta | None = None,
    ) -> None:
        """Forget days, or everything.

        Parameters
        ----------
        day_from, day_to
            Days to forget, both inclusive; None leaves that side open.
        older_than
            Forget only what was fetched longer ago: seconds, a timedelta, or a text such as ``"7D"``.

        Raises
        ------
        ValueError
            A day or a duration that is none.
        CacheError
            The files cannot be changed.
        """
        parse = FILTERS["day_from"].value.parse
        first = date.min if day_from is None else date.fromisoformat(parse("day_from", day_from))
        last = date.max if day_to is None else date.fromisoformat(parse("day_to", day_to))
        if first > last:
            msg = f"day_from={first} is after day_to={last}; swap them"
            raise ValueError(msg)
        before = datetime.now(UTC) - duration("older_than", 0 if older_than is None else older_than)
        try:
            for store in self._stores():
                for segment in store.segments():
                    if segment.fetched_at <= before and segment.first <= last and first <= segment.last:
                        self._cut(store, segment, first, last)
                for damaged in store.folder.glob("*.damaged"):
                    damaged.unlink(missing_ok=True)
            if (self.folder / "pages.sqlite").exists():
                self.pages.forget(self._page_keys(first, last, before))
        except OSError as error:
            msg = f"{self.folder} cannot be cleared: {error}"
            raise CacheError(msg) from error

    def _cut(self, store: Store, segment: Segment, first: date, last: date) -> None:
        """Take days out of a segment; what is left of it becomes new segments."""
        kept = [[day for day in segment.days if day < first], [day for day in segment.days if day > last]]
        try:
            meta = segment.meta() if any(kept) else {}
            for days in filter(None, kept):
                begin = (days[0] - segment.first).days
                table = segment.read(days, _ALL)
                rows = meta["rows"][begin : begin + len(days)]
                store.write(table, days[0], rows, segment.fetched_at, _touching(meta["windows"], days))
        except StoreError:
            pass  # damaged: nothing of it can be kept
        store.drop([segment])

    def _page_keys(self, first: date, last: date, before: datetime) -> list[str]:
        keys = []
        for key in list(self.pages.responses):
            kept = self.pages.get_response(key)
            if kept is None:
                keys.append(key)
                continue
            body = msgspec.json.decode(kept.request.body or b"{}")
            days = (str(body.get("dayFrom", "")), str(body.get("dayTo", "")))
            if days[0] <= str(last) and str(first) <= days[1] and kept.created_at <= before:
                keys.append(key)
        return keys

    def _stores(self) -> list[Store]:
        folder = self.folder / "windows"
        return [Store(each) for each in sorted(folder.iterdir())] if folder.is_dir() else []

    def _prepare(self) -> None:
        """Make the folder, and keep its parent out of git."""
        try:
            private_folder(self.folder)
            ignore = self.folder.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n!.gitignore\n")
        except OSError as error:
            self.failed(error)


def _current(store: Store) -> list[Segment]:
    """Return the segments that hold some day which no later one holds."""
    current: list[Segment] = []
    covered: set[date] = set()
    for each in store.segments():
        if not covered.issuperset(each.days):
            current.append(each)
        covered.update(each.days)
    return current


def _rows(segment: Segment) -> int:
    try:
        return sum(segment.meta()["rows"])
    except StoreError:
        return 0


def _touching(windows: list[dict[str, Any]], days: list[date]) -> list[dict[str, Any]]:
    return [each for each in windows if each["day_from"] <= str(days[-1]) and str(days[0]) <= each["day_to"]]


def duration(name: str, value: float | str | timedelta) -> timedelta:
    """Read a duration that a person wrote: seconds, a timedelta, or a text such as ``"10min"``."""
    read: pd.Timedelta | None = None
    with contextlib.suppress(TypeError, ValueError):
        seconds = isinstance(value, int | float) and not isinstance(value, bool)
        read = pd.Timedelta(value, unit="s") if seconds else pd.Timedelta(value)
    # "NaT" reads as no time at all, which compares as False.
    if read is None or not read >= pd.Timedelta(0):
        msg = f"{name}={value!r} is no duration; it takes seconds, a timedelta, or a text such as '10min'"
        raise ValueError(msg)
    return read.to_pytimedelta()

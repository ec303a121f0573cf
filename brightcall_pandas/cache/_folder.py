"""One account's folder on disk: both tiers of the cache, and the facts learnt about the account.

::

    data_cache/
      .gitignore          written if the folder was empty
      <account>/
        .gitignore        keeps calls out of repositories
        account.json      the account's address and timezone, where its days start, how its server pages
        pages.sqlite      first tier: answers as they came
        windows/<query>/  second tier: typed calls, one folder for each query
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from brightcall_pandas.cache._account import Account, known_account, learn, learn_of_server, server_address
from brightcall_pandas.cache._answers import PageCache
from brightcall_pandas.cache._files import private_folder, write_private
from brightcall_pandas.cache._forks import RenewedLock
from brightcall_pandas.cache._store import Segment, Store, StoreError
from brightcall_pandas.errors import CacheError
from brightcall_pandas.frame import SCHEMA_VERSION, day_text, duration

__all__ = ["Cache"]

_log = logging.getLogger("brightcall_pandas")


class Cache:
    """The cache of one account.

    Parameters
    ----------
    folder
        The account's folder; made when something is written.
    lock_timeout_s
        How long to wait for a lock that another process holds on the first tier, in seconds.
    """

    def __init__(self, folder: Path, *, lock_timeout_s: float = 5.0) -> None:
        self.folder = folder
        self.lock_timeout_s = lock_timeout_s
        self._lock = RenewedLock()
        self._warned = False
        self._unreadable: set[Path] = set()

    @cached_property
    def pages(self) -> PageCache:
        """The first tier."""
        self._prepare()
        return PageCache(self.folder / "pages.sqlite", lock_timeout_s=self.lock_timeout_s)

    def close(self) -> None:
        """Close the files; they are opened again when needed."""
        if (pages := self.__dict__.pop("pages", None)) is not None:
            pages.close()

    def store(self, query: str) -> Store:
        """Return the second tier of a query, given its hash."""
        return Store(self.folder / "windows" / query, self._unreadable)

    def prepared(self, store: Store) -> Store:
        """Return a store, ready to be written: its folder is made if it is missing.

        Raises
        ------
        OSError
            The folder cannot be made.
        """
        self._prepare()
        private_folder(store.folder)
        return store

    def failed(self, error: Exception) -> None:
        """Warn, once, that typed calls cannot be kept; a load goes on without the second tier."""
        with self._lock:
            if not self._warned:
                self._warned = True
                message = f"calls cannot be kept in {self.folder} ({error}); this load continues without it"
                _log.warning(message)
                warnings.warn(message, RuntimeWarning, stacklevel=3)

    @property
    def account(self) -> Account:
        """Facts learnt about the account so far."""
        return known_account(self._account_file)

    def learn(self, **facts: Any) -> None:
        """Write facts about the account; if that fails, they are learnt again next time."""
        with self._lock:
            learn(self._account_file, **facts)

    def learn_of_server(self, facts: Mapping[str, Any]) -> None:
        """Write what the server was seen to do today, by the names of the loader's facts."""
        if facts:
            with self._lock:
                learn_of_server(self._account_file, str(datetime.now(UTC).date()), facts)

    def adopt(self, base_url: str) -> None:
        """Say that an address serves the account whose calls are kept here; from now on it is the one.

        Parameters
        ----------
        base_url
            Scheme, host and port. A client of another address is refused as long as this one is remembered.

        Raises
        ------
        ValueError
            That is not an address.
        CacheError
            It cannot be written down.
        """
        address = server_address(base_url)
        self.learn(base_url=address)
        if self.account.base_url != address:
            msg = f"{self._account_file} cannot be written"
            raise CacheError(msg)

    def info(self) -> dict[str, Any]:
        """Describe what the cache holds.

        Returns
        -------
        dict
            ``folder``; ``queries``, ``files``, ``days`` and ``calls`` of the typed windows (a day held by two
            queries counts twice); ``first_day``, ``last_day`` (None when empty); ``oldest``, the time of the
            oldest fetch (UTC); ``window_bytes``; ``pages`` and ``page_bytes`` of the first tier; ``damaged``,
            the number of files set aside; ``server``, what the account's server was seen to do, by name, each
            with its ``value`` and the day on which it was ``seen``.
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
            "window_bytes": sum(_size(each.path) for each in segments),
            "pages": len(self.pages.all_keys()) if self._has_pages else 0,
            "page_bytes": sum(map(_size, self.folder.glob("pages.sqlite*"))),
            "damaged": len([*self.folder.glob("windows/*/*.damaged"), *self._damaged_pages()]),
            "server": {each.name: {"value": each.value, "seen": each.seen} for each in self.account.server},
        }

    def clear(
        self,
        day_from: str | date | None = None,
        day_to: str | date | None = None,
        older_than: str | float | timedelta | None = None,
    ) -> None:
        """Delete days from the cache; without a limit everything, and what was learnt of the account.

        Parameters
        ----------
        day_from, day_to
            First and last day to delete, both inclusive; None leaves that side open.
        older_than
            Delete only what was fetched longer ago than this: seconds, a timedelta, or text such as ``"7D"``.

        Raises
        ------
        ValueError
            A day or a duration is not valid.
        CacheError
            The files cannot be changed.
        """
        first = date.min if day_from is None else date.fromisoformat(day_text("day_from", day_from))
        last = date.max if day_to is None else date.fromisoformat(day_text("day_to", day_to))
        if first > last:
            msg = f"day_from={first} is after day_to={last}; swap them"
            raise ValueError(msg)
        before = datetime.now(UTC) - duration("older_than", 0 if older_than is None else older_than)
        try:
            for store in self._stores():
                for segment in store.segments():
                    if segment.fetched_at <= before and segment.first <= last and first <= segment.last:
                        self._cut(store, segment, first, last)
                store.sweep()
            # Nobody can tell which days a damaged file holds.
            for damaged in [
                *self.folder.glob("windows/*/*.damaged"),
                *self.folder.glob("pages.sqlite.damaged-*"),
            ]:
                damaged.unlink(missing_ok=True)
            self._clear_pages(first, last, before)
            if day_from is None and day_to is None and older_than is None:
                self._account_file.unlink(missing_ok=True)
        except OSError as error:
            msg = f"{self.folder} cannot be cleared: {error}"
            raise CacheError(msg) from error

    def _clear_pages(self, first: date, last: date, before: datetime) -> None:
        if not self._has_pages:
            return
        self.pages.forget(self._page_keys(first, last, before))
        self.pages.shrink()
        if self.pages.trouble:
            raise OSError(self.pages.trouble)

    @property
    def _account_file(self) -> Path:
        return self.folder / "account.json"

    @property
    def _dropped_file(self) -> Path:
        return self.folder / "dropped.json"

    @property
    def _has_pages(self) -> bool:
        return (self.folder / "pages.sqlite").exists()

    def _damaged_pages(self) -> list[Path]:
        return [
            path
            for path in self.folder.glob("pages.sqlite.damaged-*")
            if path.suffix[-4:] not in ("-wal", "-shm")
        ]

    def _cut(self, store: Store, segment: Segment, first: date, last: date) -> None:
        """Remove days from a segment; its other days become new segments."""
        kept = [[day for day in segment.days if day < first], [day for day in segment.days if day > last]]
        if segment.schema_version != SCHEMA_VERSION:
            kept = []  # its columns are not today's: its other days are read again when they are needed
        try:
            for days in filter(None, kept):
                store.write(segment.read(days), segment.fetched_at)
        except StoreError:
            pass  # it is damaged, so nothing of it can be kept
        store.drop([segment])

    def _page_keys(self, first: date, last: date, before: datetime) -> list[str]:
        keys = []
        for key in self.pages.all_keys():
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
        """Make the folder and keep it out of git."""
        root = self.folder.parent
        try:
            # A folder with other things in it, such as a project's own, must not be ignored.
            ours = not root.exists() or not any(root.iterdir())
            private_folder(self.folder)
            if ours:
                write_private(root / ".gitignore", b"*\n!.gitignore\n")
            if not (self.folder / ".gitignore").exists():
                write_private(self.folder / ".gitignore", b"*\n")
        except OSError as error:
            self.failed(error)


def _current(store: Store) -> list[Segment]:
    """Return the segments that hold a day which no segment fetched later holds."""
    current: list[Segment] = []
    covered: set[date] = set()
    for each in store.segments():
        if not covered.issuperset(each.days):
            current.append(each)
        covered.update(each.days)
    return current


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # another process removed it


def _rows(segment: Segment) -> int:
    try:
        return sum(segment.meta()["rows"])
    except StoreError:
        return 0

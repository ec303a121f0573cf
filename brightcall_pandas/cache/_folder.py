"""One account's folder on disk: both tiers of the cache, and the facts learnt about the account.

::

    data_cache/
      .gitignore          written if the folder was empty
      <account>/
        .gitignore        keeps calls out of repositories
        account.json      the account's address and timezone, where its days start, how its server pages
        dropped.json      what was dropped last, since the limit was reached
        ledger/<query>/   what later readings of a query's days saw changed, gone, or new after all
        pages.sqlite      first tier: answers as they came
        windows/<query>/  second tier: typed calls, one folder for each query; its name begins with the
                          version of the rules by which they were proved
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from brightcall_pandas.cache._account import Account, known_account, learn, server_address
from brightcall_pandas.cache._answers import PageCache
from brightcall_pandas.cache._files import exclusive, file_size, private_folder, write_private
from brightcall_pandas.cache._forget import Forgotten, forget, pattern_of
from brightcall_pandas.cache._forks import RenewedLock
from brightcall_pandas.cache._ledger import Ledger
from brightcall_pandas.cache._limit import last_dropped, note, size_of, trim
from brightcall_pandas.cache._segment import WHOLE, Segment, StoreError
from brightcall_pandas.cache._store import Store
from brightcall_pandas.errors import CacheError, visible
from brightcall_pandas.frame import SCHEMA_VERSION, duration, open_period, zone_info

__all__ = ["Cache"]

_log = logging.getLogger("brightcall_pandas")

_OUTDATED_S = 7 * 86_400.0  # how long windows of older rules stay: another environment may still use them


class Cache:
    """The cache of one account.

    Parameters
    ----------
    folder
        The account's folder; made when something is written.
    lock_timeout_s
        How long to wait for a lock that another process holds on the first tier, in seconds.
    limit
        Bytes that the folder may take; None sets no bound.
    rules
        Version of the rules by which windows are proved; those of older ones are not used any more.
    now
        Returns the time, UTC; None goes by the machine's clock.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lock_timeout_s: float = 5.0,
        limit: int | None = None,
        rules: int = 0,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.folder = folder
        self.limit = limit
        self.rules = rules
        self._now = now or partial(datetime.now, UTC)
        self.lock_timeout_s = lock_timeout_s
        self._lock = RenewedLock()
        self._warned = False
        self._unreadable: set[Path] = set()
        self._unwritten: Account | None = None

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
                _log.warning(visible(message))
                warnings.warn(message, RuntimeWarning, stacklevel=3)

    @property
    def account(self) -> Account:
        """Facts learnt about the account so far."""
        return self._unwritten or known_account(self._account_file)

    def learn(self, **facts: Any) -> None:
        """Write facts about the account; if that fails, this object remembers them."""
        today = str(self._now().date())
        with self._lock:
            # A load that cannot write down the account's zone must know it all the same.
            self._unwritten = learn(self._account_file, today, facts, self._unwritten)

    def learn_of_server(self, facts: Mapping[str, Any]) -> None:
        """Write what the server was seen to do today, by the names of the loader's facts."""
        if facts:
            self.learn(**facts)

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
        if known_account(self._account_file).base_url != address:
            msg = f"{self._account_file} cannot be written"
            raise CacheError(msg)

    def info(self) -> dict[str, Any]:
        """Describe what the cache holds.

        Returns
        -------
        dict
            ``folder``; ``queries``, ``files``, ``days`` and ``calls`` of the typed windows (a day held by two
            queries counts twice); ``first_day``, ``last_day`` (None when empty); ``oldest``, the time of the
            oldest fetch (UTC) by a clock that can be believed; ``window_bytes``; ``pages`` and ``page_bytes``
            of the first tier; ``damaged``, the number of files set aside; ``old_bytes`` of windows that
            older rules proved, which go when nothing used them for a week; ``bytes`` of the whole folder;
            ``limit``, and ``dropped``, what went last because of it (None when nothing did): ``at``,
            ``files``, ``first_day``, ``last_day``, ``pages``; ``ledger``, what the ledger of late edits was
            last told to keep of personal values, and ``ledger_bytes``, what it takes; ``server``, what its
            server was seen to do, by name, each with its ``value`` and the day on which it was ``seen``.

        Raises
        ------
        CacheError
            The folder cannot be read.
        """
        try:
            return self._info()
        except OSError as error:
            msg = f"{self.folder} cannot be read: {error}"
            raise CacheError(msg) from error

    def _info(self) -> dict[str, Any]:
        stores = [each for each in self._stores() if not self._is_outdated(each.folder)]
        current = [_current(store) for store in stores]
        segments = [segment for each in current for segment in each]
        days = [day for each in current for day in {day for segment in each for day in segment.days}]
        account, dropped, now = self.account, last_dropped(self._dropped_file), self._now()
        return {
            "folder": str(self.folder),
            "queries": sum(bool(each) for each in current),
            "files": len(segments),
            "days": len(days),
            "calls": sum(map(_calls, stores)),
            "first_day": str(min(days)) if days else None,
            "last_day": str(max(days)) if days else None,
            "oldest": min((each.fetched_at for each in segments if not each.is_doubtful(now)), default=None),
            "window_bytes": sum(file_size(each.path) for each in segments),
            "pages": len(self.pages.all_keys()) if self._has_pages else 0,
            "page_bytes": sum(map(file_size, self.folder.glob("pages.sqlite*"))),
            "damaged": len([*self._damaged_files(), *self._damaged_pages()]),
            "old_bytes": sum(size_of(each) for each in self._outdated()),
            "ledger": (account.ledger or {"mode": "values"})["mode"],
            "ledger_bytes": size_of(self.folder / "ledger"),
            "bytes": size_of(self.folder),
            "limit": self.limit,
            "dropped": None if dropped is None else msgspec.structs.asdict(dropped),
            "server": {each.name: {"value": each.value, "seen": each.seen} for each in account.server},
        }

    def clear(
        self,
        day_from: str | date | None = None,
        day_to: str | date | None = None,
        older_than: str | float | timedelta | None = None,
    ) -> None:
        """Delete days from the cache; without a limit everything, and what was learnt of the account.

        The ledger of late edits goes with the days: of a day that is deleted it keeps nothing, and what is
        known of the day begins anew with its next reading.

        Parameters
        ----------
        day_from, day_to
            First and last day to delete, both inclusive, as in `load_calls`; None leaves that side open.
        older_than
            Delete only what was fetched longer ago than this: seconds, a timedelta, or text such as ``"7D"``.

        Raises
        ------
        ValueError
            A day or a duration is not valid, or a period is given as `day_from` alone.
        CacheError
            The files cannot be changed.
        """
        first, last = self._days(day_from, day_to)
        if first > last:
            msg = f"day_from={first} is after day_to={last}; swap them"
            raise ValueError(msg)
        now = self._now()
        before = None if older_than is None else now - duration("older_than", older_than)
        try:
            for store in self._stores():
                cut: set[date] = set()
                for segment in store.segments():
                    old = before is None or segment.fetched_at <= before or segment.is_doubtful(now)
                    if old and segment.first <= last and first <= segment.last:
                        self._cut(store, segment, first, last)
                        cut.update(day for day in segment.days if first <= day <= last)
                store.sweep()
                if before is not None:
                    store.ledger.drop(cut.difference(store.latest()))
            for ledger in self._ledgers():
                ledger.drop_estimates()
                if before is None:
                    ledger.drop_between(first, last)
            # Nobody can tell which days a damaged file holds.
            for damaged in [*self._damaged_files(), *self.folder.glob("pages.sqlite.damaged-*")]:
                damaged.unlink(missing_ok=True)
            self._clear_pages(first, last, before)
            if day_from is None and day_to is None and older_than is None:
                for folder in self._outdated():
                    shutil.rmtree(folder)
                for ledger in self._ledgers():
                    shutil.rmtree(ledger.folder)
                self._account_file.unlink(missing_ok=True)
                self._unwritten = None
                self._dropped_file.unlink(missing_ok=True)
        except OSError as error:
            msg = f"{self.folder} cannot be cleared: {error}"
            raise CacheError(msg) from error

    def _days(self, day_from: str | date | None, day_to: str | date | None) -> tuple[date, date]:
        """Return the first and the last day to delete; today is that of the account, as far as known."""
        zone = zone_info(self.account.timezone or "UTC")
        ends = open_period(day_from, day_to, lambda: self._now().astimezone(zone).date())
        first, last = (None if each is None else date.fromisoformat(each) for each in ends)
        return first or date.min, last or date.max

    def _clear_pages(self, first: date, last: date, before: datetime | None) -> None:
        if not self._has_pages:
            return
        self.pages.forget(self._page_keys(first, last, before))
        self.pages.shrink()
        if self.pages.trouble:
            raise OSError(self.pages.trouble)

    def rewrite_ledgers(self, change: Callable[[pa.Table], pa.Table]) -> bool:
        """Change the entries of all ledgers.

        Parameters
        ----------
        change
            Takes entries and returns those to keep, as they shall be.

        Returns
        -------
        bool
            Whether all could be changed: no other process was at it, and every file could be written.
        """
        done = True
        for ledger in self._ledgers():
            folder = self.folder / "windows" / ledger.folder.name
            lock = exclusive(folder) if folder.is_dir() else contextlib.nullcontext(enter_result=True)
            with lock as alone:  # or else an entry may be added meanwhile
                try:
                    if alone:
                        ledger.rewrite(change)
                        ledger.drop_damaged()
                    done = done and alone
                except OSError:
                    done = False
        return done

    def forget(
        self, spellings: Collection[str], tokens: Collection[str] = (), pseudonymized: str | None = None
    ) -> Forgotten:
        """Remove every call and answer in which a number is found, in any of some spellings, as digits.

        Parameters
        ----------
        spellings
            The number's digits.
        tokens
            What may stand for it in the ledger.
        pseudonymized
            Which key has made these; tokens of others cannot be searched.

        Raises
        ------
        CacheError
            It is still found, or not all can be searched, or a file cannot be changed.
        """
        try:
            pages = self.pages if self._has_pages else None
            pattern = pattern_of(spellings, tokens)
            return forget(self.folder, self._stores(), pages, pattern, pseudonymized)
        except (OSError, StoreError) as error:
            msg = f"{self.folder} cannot be cleared of a number: {error}"
            raise CacheError(msg) from error

    @property
    def _account_file(self) -> Path:
        return self.folder / "account.json"

    @property
    def _dropped_file(self) -> Path:
        return self.folder / "dropped.json"

    @property
    def _has_pages(self) -> bool:
        return (self.folder / "pages.sqlite").exists()

    def _damaged_files(self) -> list[Path]:
        return [*self.folder.glob("windows/*/*.damaged"), *self.folder.glob("ledger/*/*.damaged")]

    def _damaged_pages(self) -> list[Path]:
        return [
            path
            for path in self.folder.glob("pages.sqlite.damaged-*")
            if path.suffix[-4:] not in ("-wal", "-shm")
        ]

    def tidy(self, needed: Collection[Path], *, online: bool) -> None:
        """Do what can wait until a load has its calls; a convenience, so trouble is passed over.

        Parameters
        ----------
        needed
            Segments of the load, which the limit does not touch.
        online
            Whether the load reached the server, so that the clock can hardly be wrong by much.
        """
        with contextlib.suppress(OSError):
            if online:
                for store in self._stores():
                    store.doubt_future(self._now())
                for folder in self._outdated():
                    used = max((each.stat().st_mtime for each in folder.iterdir()), default=0.0)
                    if time.time() - used > _OUTDATED_S:
                        shutil.rmtree(folder)
            if self.limit is not None:
                pages = self.pages if self._has_pages else None
                dropped = trim(self.folder, self.limit, self._stores(), pages, needed)
                if dropped is not None:
                    note(self._dropped_file, dropped)

    def _is_outdated(self, folder: Path) -> bool:
        """Tell whether older rules proved what a query's folder holds."""
        rules, dash, _ = folder.name.partition("-")
        return not dash or not rules.isdigit() or int(rules) < self.rules

    def _outdated(self) -> list[Path]:
        return [each.folder for each in self._stores() if self._is_outdated(each.folder)]

    def _cut(self, store: Store, segment: Segment, first: date, last: date) -> None:
        """Remove days from a segment; its other days become new segments."""
        kept = [[day for day in segment.days if day < first], [day for day in segment.days if day > last]]
        if segment.schema_version != SCHEMA_VERSION:
            kept = []  # its columns are not today's: its other days are read again when they are needed
        try:
            for days in filter(None, kept):
                store.write(segment.read(days, WHOLE), segment.fetched_at, segment.serial)
        except StoreError:
            pass  # it is damaged, so nothing of it can be kept
        store.drop([segment])

    def _page_keys(self, first: date, last: date, before: datetime | None) -> list[str]:
        keys = []
        for key in self.pages.all_keys():
            kept = self.pages.get_response(key)
            if kept is None:
                keys.append(key)
                continue
            body = msgspec.json.decode(kept.request.body or b"{}")
            days = (str(body.get("dayFrom", "")), str(body.get("dayTo", "")))
            if (
                days[0] <= str(last)
                and str(first) <= days[1]
                and (before is None or not before < kept.created_at <= datetime.now(UTC))
            ):
                keys.append(key)
        return keys

    def _stores(self) -> list[Store]:
        folder = self.folder / "windows"
        return [Store(each) for each in sorted(folder.iterdir())] if folder.is_dir() else []

    def _ledgers(self) -> list[Ledger]:
        folder = self.folder / "ledger"
        return [Ledger(each) for each in sorted(folder.iterdir())] if folder.is_dir() else []

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


def _calls(store: Store) -> int:
    """Return the number of calls, those of each day as they were read last."""
    latest = store.latest()
    return sum(sum(_rows(segment)[day] for day in days) for segment, days in _days_of(latest).items())


def _days_of(latest: Mapping[date, Segment]) -> dict[Segment, list[date]]:
    days: dict[Segment, list[date]] = {}
    for day, segment in latest.items():
        days.setdefault(segment, []).append(day)
    return days


def _rows(segment: Segment) -> dict[date, int]:
    try:
        return dict(zip(segment.days, segment.meta()["rows"], strict=True))
    except StoreError:
        return dict.fromkeys(segment.days, 0)

"""One account's folder on disk.

::

    _folder        both tiers: what they hold, and how they are cleared
    _limit         how much they may take, and what goes first
    _answers       tier 1: answers as they came, in SQLite
    _store         tier 2: the typed calls of one query
    _segment       one parquet file of tier 2
    _ledger        what later readings saw changed, gone, or new after all
    _entries       one row of the ledger
    _forget        removing a person from all of that
    _part          typed calls of consecutive days
    _repeats       calls that stand on several days
    _account       facts learnt about the account
    _files         files that only their owner can read, and a lock
    _forks         what a fork of the process must not copy
"""

from brightcall_pandas.cache._account import Account, Fact, server_address
from brightcall_pandas.cache._answers import PageCache, StoredAnswer, cache_key
from brightcall_pandas.cache._entries import (
    CHANGED,
    ENTRIES,
    GONE,
    NEW,
    copies,
    row_text,
    rows_of,
    texts_of,
    typed,
)
from brightcall_pandas.cache._files import exclusive, file_size, private_folder, temporary_file, write_private
from brightcall_pandas.cache._folder import Cache
from brightcall_pandas.cache._forget import Forgotten
from brightcall_pandas.cache._forks import ForkAware, RenewedLock
from brightcall_pandas.cache._ledger import Ledger
from brightcall_pandas.cache._limit import touch
from brightcall_pandas.cache._part import DayHistory, Part, pages_of, pages_text
from brightcall_pandas.cache._repeats import day_numbers, groups_of, shared_days
from brightcall_pandas.cache._segment import FIRST_SEEN, WHOLE, Segment, StoreError, micros
from brightcall_pandas.cache._store import Store

__all__ = [
    "CHANGED",
    "ENTRIES",
    "FIRST_SEEN",
    "GONE",
    "NEW",
    "WHOLE",
    "Account",
    "Cache",
    "DayHistory",
    "Fact",
    "Forgotten",
    "ForkAware",
    "Ledger",
    "PageCache",
    "Part",
    "RenewedLock",
    "Segment",
    "Store",
    "StoreError",
    "StoredAnswer",
    "cache_key",
    "copies",
    "day_numbers",
    "exclusive",
    "file_size",
    "groups_of",
    "micros",
    "pages_of",
    "pages_text",
    "private_folder",
    "row_text",
    "rows_of",
    "server_address",
    "shared_days",
    "temporary_file",
    "texts_of",
    "touch",
    "typed",
    "write_private",
]

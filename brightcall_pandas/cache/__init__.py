"""One account's folder on disk.

::

    _folder        both tiers: what they hold, and how they are cleared
    _answers       tier 1: answers as they came, in SQLite
    _store         tier 2: the typed calls of one query
    _segment       one parquet file of tier 2
    _account       facts learnt about the account
    _files         files that only their owner can read
    _forks         what a fork of the process must not copy
"""

from brightcall_pandas.cache._account import Account, Fact, server_address
from brightcall_pandas.cache._answers import PageCache, StoredAnswer, cache_key
from brightcall_pandas.cache._files import private_folder, temporary_file, write_private
from brightcall_pandas.cache._folder import Cache
from brightcall_pandas.cache._forks import ForkAware, RenewedLock
from brightcall_pandas.cache._store import Part, Segment, Store, StoreError, pages_of, pages_text

__all__ = [
    "Account",
    "Cache",
    "Fact",
    "ForkAware",
    "PageCache",
    "Part",
    "RenewedLock",
    "Segment",
    "Store",
    "StoreError",
    "StoredAnswer",
    "cache_key",
    "pages_of",
    "pages_text",
    "private_folder",
    "server_address",
    "temporary_file",
    "write_private",
]

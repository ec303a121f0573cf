"""Days and filters in, typed frames out.

::

    _loaders       load_calls, count_calls, load_catalog
    _statistics    load_stats
    _client        settings of one account; the default client
    _keys          where the API key comes from
    _about         what a client says of itself in a notebook
    _account       what is known of an account, for people; whose calls its cache may hold
    _agents        which field tells the account's agents
    _loading       one load, from cache and server
    _cached        parts that are on disk
    _successor     what a window takes over from the readings that it replaces
    _changes       two readings side by side, call by call
    _personal      what of personal values the ledger keeps
    _as_of         calls as they were known earlier
    _lookback      after how many days late changes have come
    _watched       what readings saw of them
    _origin        from a frame back to the cache, and to what that knows of its past
    _revisions     what later readings saw changed
    _forget        a person out of the cache
    _windows       parts that the server has: how a range is cut, how each window is read
    _pages         one window, read until it is proved complete
    _proof         what pages prove
    _parts         pages → typed calls of consecutive days
    _query         what is asked for, apart from the days
    _bar           a bar of tqdm, which a notebook keeps as text
    _progress      the progress bar
"""

from brightcall_pandas.load._account import KnownAccount
from brightcall_pandas.load._agents import AccountAgent
from brightcall_pandas.load._bar import Bar
from brightcall_pandas.load._client import Client, current_client, loading_client, use
from brightcall_pandas.load._forget import forget
from brightcall_pandas.load._keys import (
    ADDRESS_VARIABLE,
    KEY_VARIABLE,
    NO_KEY,
    PSEUDONYM_KEY_VARIABLE,
    find_key,
    login,
)
from brightcall_pandas.load._loaders import (
    Catalog,
    Day,
    Provenance,
    checked_as_of,
    count_calls,
    fields_of,
    load_calls,
    load_catalog,
    spans_of,
    spec_of,
    zone_of,
)
from brightcall_pandas.load._loading import Loading
from brightcall_pandas.load._lookback import lookback
from brightcall_pandas.load._origin import Past, past_of
from brightcall_pandas.load._pages import slice_of
from brightcall_pandas.load._parts import runs, warn_of_unproved
from brightcall_pandas.load._plan import farthest
from brightcall_pandas.load._progress import Progress
from brightcall_pandas.load._proof import Ask, Slice, joined
from brightcall_pandas.load._query import known_zone, request_body
from brightcall_pandas.load._revisions import revisions
from brightcall_pandas.load._statistics import load_stats

__all__ = [
    "ADDRESS_VARIABLE",
    "KEY_VARIABLE",
    "NO_KEY",
    "PSEUDONYM_KEY_VARIABLE",
    "AccountAgent",
    "Ask",
    "Bar",
    "Catalog",
    "Client",
    "Day",
    "KnownAccount",
    "Loading",
    "Past",
    "Progress",
    "Provenance",
    "Slice",
    "checked_as_of",
    "count_calls",
    "current_client",
    "farthest",
    "fields_of",
    "find_key",
    "forget",
    "joined",
    "known_zone",
    "load_calls",
    "load_catalog",
    "load_stats",
    "loading_client",
    "login",
    "lookback",
    "past_of",
    "request_body",
    "revisions",
    "runs",
    "slice_of",
    "spans_of",
    "spec_of",
    "use",
    "warn_of_unproved",
    "zone_of",
]

"""Call data of the Brightcall dialer in pandas.

>>> import brightcall_pandas as bc
>>> with bc.start_sandbox(calls=500, days=5) as sandbox:  # doctest: +SKIP
...     calls = bc.load_calls(sandbox.day_from, sandbox.day_to, client=sandbox.client())
...     calls.calls.by_outcome()

Importing it gives every DataFrame the accessor ``.calls``. Map of the house::

    cli                     the command ``brightcall``
    accessor                ``df.calls``: delegates, holds nothing
    explorer                ``df.calls.explore()``: calls on a page, both ways
    plots · export · load   table → picture · parquet · days → typed frame
    windows → client        what is read, what is cached, whom to ask
    analysis                typed frame → table, one pure function each
    api · frame · store     the server · pages → typed frame · typed windows on disk
    filters                 the 33 request parameters: request, row mask, SQL, code
    columns → schema        any value → the dtype of its field; the 45 fields
    errors                  the error tree
    sandbox                 the API on this machine, with made-up calls
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brightcall_pandas import errors
from brightcall_pandas.accessors import CallsAccessor
from brightcall_pandas.errors import (
    AuthenticationError,
    BrightcallError,
    CacheError,
    IncompleteDataError,
    InvalidResponseError,
    OfflineError,
    RateLimitError,
    RequestError,
    ServerError,
)
from brightcall_pandas.export import export_calls, read_calls
from brightcall_pandas.filters import CallFilter, describe_filters
from brightcall_pandas.frame import describe_fields, to_frame
from brightcall_pandas.load import Catalog, Client, count_calls, load_calls, load_catalog, load_stats, use

if TYPE_CHECKING:
    from brightcall_pandas.accessors._dask import scan_calls
    from brightcall_pandas.explorer import explore
    from brightcall_pandas.sandbox import start_sandbox

__all__ = [
    "AuthenticationError",
    "BrightcallError",
    "CacheError",
    "CallFilter",
    "CallsAccessor",
    "Catalog",
    "Client",
    "IncompleteDataError",
    "InvalidResponseError",
    "OfflineError",
    "RateLimitError",
    "RequestError",
    "ServerError",
    "count_calls",
    "describe_fields",
    "describe_filters",
    "errors",
    "explore",
    "export_calls",
    "load_calls",
    "load_catalog",
    "load_stats",
    "read_calls",
    "scan_calls",
    "start_sandbox",
    "to_frame",
    "use",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what needs its own packages when it is first asked for."""
    if name == "start_sandbox":
        from brightcall_pandas.sandbox import start_sandbox  # noqa: PLC0415

        return start_sandbox
    if name == "scan_calls":
        from brightcall_pandas.accessors._dask import scan_calls  # noqa: PLC0415

        return scan_calls
    if name == "explore":
        from brightcall_pandas.explorer import explore  # noqa: PLC0415

        return explore
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)

"""Call data of the Brightcall dialer in pandas.

>>> import brightcall_pandas as bc
>>> with bc.start_sandbox(calls=500, days=5) as sandbox:  # doctest: +SKIP
...     calls = bc.load_calls(sandbox.day_from, sandbox.day_to, client=sandbox.client())
...     calls.calls.by_outcome()

Importing it gives every DataFrame the accessor ``.calls``. Rooms of the house, imports point down only::

    cli                             the command ``brightcall``
    reporting                       the Monday report
    accessors                       ``df.calls``, of pandas and of dask frames
    explorer                        ``df.calls.explore()``
    export · doctor                 parquet out and in · how a real service differs
    load                            days and filters → typed frame, proved complete
    api                             one request to the server
    cache · pseudonyms              what is kept on disk of an account · numbers → tokens
    filters · analysis · plots      the 33 parameters · frame → table · table → picture
    frame                           JSON, records, any frame → typed frame; the 45 fields
    errors                          the error tree
    sandbox                         the API on this machine, with made-up calls

What needs more than pandas and pyarrow is imported when it is first used.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from brightcall_pandas import errors
from brightcall_pandas.accessors import CallsAccessor, calls, display_tables, offer_words
from brightcall_pandas.analysis import Metric, definitions
from brightcall_pandas.errors import (
    AuthenticationError,
    BrightcallError,
    CacheError,
    IncompleteDataError,
    InvalidResponseError,
    NoMatchWarning,
    OfflineError,
    RateLimitError,
    RequestError,
    ServerError,
)
from brightcall_pandas.filters import CallFilter, describe_filters
from brightcall_pandas.frame import describe_fields, normalize_numbers, to_frame

if TYPE_CHECKING:
    from brightcall_pandas import plots
    from brightcall_pandas.accessors._dask import scan_calls
    from brightcall_pandas.explorer import explore
    from brightcall_pandas.export import export_calls, read_calls
    from brightcall_pandas.load import (
        Catalog,
        Client,
        count_calls,
        forget,
        load_calls,
        load_catalog,
        load_stats,
        login,
        lookback,
        revisions,
        use,
    )
    from brightcall_pandas.reporting import Section, report
    from brightcall_pandas.sandbox import Effect, World, start_sandbox, worlds

__all__ = [
    "AuthenticationError",
    "BrightcallError",
    "CacheError",
    "CallFilter",
    "CallsAccessor",
    "Catalog",
    "Client",
    "Effect",
    "IncompleteDataError",
    "InvalidResponseError",
    "Metric",
    "NoMatchWarning",
    "OfflineError",
    "RateLimitError",
    "RequestError",
    "Section",
    "ServerError",
    "World",
    "calls",
    "count_calls",
    "definitions",
    "describe_fields",
    "describe_filters",
    "display_tables",
    "errors",
    "explore",
    "export_calls",
    "forget",
    "load_calls",
    "load_catalog",
    "load_stats",
    "login",
    "lookback",
    "normalize_numbers",
    "plots",
    "read_calls",
    "report",
    "revisions",
    "scan_calls",
    "start_sandbox",
    "to_frame",
    "use",
    "worlds",
]

__version__ = "0.1.0"

# Silent unless the user asks: logging.getLogger("brightcall_pandas").setLevel("INFO"), and a handler.
logging.getLogger("brightcall_pandas").addHandler(logging.NullHandler())

# Tab within the quotes of an argument, in IPython and Jupyter.
offer_words(errors.running_shell())


@errors.brief_errors
def __getattr__(name: str) -> Any:
    """Import what needs its own packages when it is first asked for."""
    if name not in __all__:
        # What shells and test runners ask of every module, such as __wrapped__, is no slip of the pen.
        hint = "." if name.startswith("_") else errors.nearest(name, __all__)
        msg = f"module {__name__!r} has no attribute {name!r}{hint}"
        raise AttributeError(msg)
    room: Any
    if name == "plots":  # "from … import plots" would ask this function again
        import brightcall_pandas.plots as room  # noqa: PLC0415

        return room
    if name == "scan_calls":
        from brightcall_pandas.accessors import _dask as room  # noqa: PLC0415
    elif name == "explore":
        from brightcall_pandas import explorer as room  # noqa: PLC0415
    elif name in ("start_sandbox", "Effect", "World", "worlds"):
        from brightcall_pandas import sandbox as room  # noqa: PLC0415
        from brightcall_pandas.load import Client  # noqa: PLC0415

        room.Sandbox.client_class = Client  # the sandbox itself does not import the client
    elif name in ("report", "Section"):
        from brightcall_pandas import reporting as room  # noqa: PLC0415
    elif name in ("export_calls", "read_calls"):
        from brightcall_pandas import export as room  # noqa: PLC0415
    else:
        from brightcall_pandas import load as room  # noqa: PLC0415
    return getattr(room, name)


def __dir__() -> list[str]:
    """List the public names only."""
    return [*__all__, "__version__"]

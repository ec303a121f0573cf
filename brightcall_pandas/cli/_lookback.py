"""The command lookback: after how many days late changes of calls have come."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from brightcall_pandas.cli._options import (
    Account,
    AsJson,
    CacheDir,
    ComparedFilters,
    checked_client,
    json_object,
)
from brightcall_pandas.errors import visible
from brightcall_pandas.load import Client
from brightcall_pandas.load import lookback as measured

__all__ = ["lookback"]


def lookback(  # noqa: PLR0917  (each argument is an option)
    field: Annotated[str, typer.Argument(help="The field whose changes are meant.")] = "outcomeTag",
    share: Annotated[float, typer.Option(help="Share of the changes, between 0 and 1.")] = 0.99,
    confidence: Annotated[float, typer.Option(help="Confidence of the interval, between 0 and 1.")] = 0.95,
    filters: ComparedFilters = "{}",
    account: Account = None,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """Estimate after how many days late changes have come, and so what settle_days should be.

    Reads the cache alone: each load or export that reads days again adds what it found different. What is not
    known is null in the JSON, and "why" says why; the exit status is 0 all the same.
    """
    with checked_client():
        client = Client(account=account, cache_dir=cache_dir, offline=True)
        found = measured(
            field, share, confidence=confidence, client=client, **json_object("filters", filters)
        )
    typer.echo(json.dumps(found.to_dict(), indent=1) if as_json else visible(repr(found)))

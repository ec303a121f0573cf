"""The command revisions: what changed in calls after they were first read."""

from __future__ import annotations

import typer

from brightcall_pandas.cli._options import (
    Account,
    AsJson,
    CacheDir,
    ComparedFilters,
    FirstDay,
    LastDay,
    checked_client,
    json_object,
    last_day,
)
from brightcall_pandas.errors import visible
from brightcall_pandas.load import Client
from brightcall_pandas.load import revisions as listed

__all__ = ["revisions"]


def revisions(  # noqa: PLR0917  (each argument is an option)
    day_from: FirstDay,
    day_to: LastDay = None,
    filters: ComparedFilters = "{}",
    account: Account = None,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """List what changed in the calls of some days after they were first read.

    Reads the cache alone: each load or export that reads days again adds what it found different.
    """
    with checked_client():
        client = Client(account=account, cache_dir=cache_dir, offline=True)
        day_to = last_day(day_from, day_to)
        table = listed(day_from, day_to, client=client, **json_object("filters", filters))
    if as_json:
        typer.echo(table.to_json(orient="records", date_format="iso", indent=1))
        return
    for row in table.fillna({"old": "(none)", "new": "(none)"}).to_dict("records"):
        what = f"{row['field']}: {row['old']} -> {row['new']}" if row["kind"] == "changed" else row["kind"]
        typer.echo(visible(f"{row['seen_at']:%Y-%m-%d %H:%M}  {row['day']}  {row['id']}  {what}"))
    days = " to ".join(table.attrs["brightcall"]["days"])
    typer.echo(f"{len(table)} changes in calls from {days}", err=True)

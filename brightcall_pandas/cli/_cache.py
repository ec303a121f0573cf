"""Commands for the cache: info and clear."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from brightcall_pandas.cli._options import PLAIN, Account, AsJson, CacheDir, checked_client
from brightcall_pandas.load import Client

__all__ = ["app"]

app = typer.Typer(help="Show or clear the cache of one account.", **PLAIN)


@app.command("info")
def info(account: Account = None, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Show what the cache holds."""
    with checked_client():
        held = Client(account=account, cache_dir=cache_dir, offline=True).cache.info()
    if as_json:
        typer.echo(json.dumps(held, default=str, indent=1))
        return
    for name, value in held.items():
        typer.echo(f"{name:<14}{value if value is not None else '-'}")


@app.command("clear")
def clear(  # noqa: PLR0917  (each argument is an option)
    account: Account = None,
    cache_dir: CacheDir = None,
    day_from: Annotated[str | None, typer.Option(help="First day to delete: YYYY-MM-DD, or a month.")] = None,
    day_to: Annotated[str | None, typer.Option(help="Last day to delete, as the first one.")] = None,
    older_than: Annotated[
        str | None, typer.Option(help='Delete only days fetched longer ago than this, for example "7D".')
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation; for cron.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete cached days, by default all of them.

    They are fetched again when they are next needed. What the ledger of late edits knows of them goes, too.
    """
    with checked_client():
        cache = Client(account=account, cache_dir=cache_dir, offline=True).cache
        before = cache.info()
        if not yes:
            typer.confirm(f"Delete cached calls in {before['folder']}?", abort=True, err=as_json)
        cache.clear(day_from, day_to, older_than)
    after = cache.info()
    result = {"folder": after["folder"], "deleted": before["days"] - after["days"], "left": after["days"]}
    if as_json:
        typer.echo(json.dumps(result))
    else:
        typer.echo(f"deleted {result['deleted']} days; {result['left']} are left")

"""Commands of the cache."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from brightcall_pandas.cli._options import PLAIN, Account, AsJson, CacheDir, asked_rightly
from brightcall_pandas.load import Client

__all__ = ["app"]

app = typer.Typer(help="Look at the cache of one account, or clear it.", **PLAIN)


@app.command("info")
def info(account: Account = None, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Tell what the cache holds."""
    with asked_rightly():
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
    day_from: Annotated[str | None, typer.Option(help="First day to forget, YYYY-MM-DD.")] = None,
    day_to: Annotated[str | None, typer.Option(help="Last day to forget, YYYY-MM-DD.")] = None,
    older_than: Annotated[
        str | None, typer.Option(help='Forget only what was fetched longer ago, for example "7D".')
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first; for cron.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget cached days, or all of them.

    They are fetched again when they are next needed.
    """
    with asked_rightly():
        cache = Client(account=account, cache_dir=cache_dir, offline=True).cache
        before = cache.info()
        if not yes:
            typer.confirm(f"Forget calls kept in {before['folder']}?", abort=True, err=as_json)
        cache.clear(day_from, day_to, older_than)
    after = cache.info()
    told = {"folder": after["folder"], "forgot": before["days"] - after["days"], "left": after["days"]}
    if as_json:
        typer.echo(json.dumps(told))
    else:
        typer.echo(f"forgot {told['forgot']} days; {told['left']} are left")

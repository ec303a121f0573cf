"""Commands that need no account: the demo and the sandbox."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from brightcall_pandas.cli._options import AsJson, checked_arguments, json_object

__all__ = ["demo", "sandbox"]

_CALLS = "Number of calls to make up."
Days = Annotated[int, typer.Option(min=1, help="Number of days to spread them over.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same calls.")]


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the charts and the Parquet files.")] = Path(
        "demo_output"
    ),
    calls: Annotated[int, typer.Option(min=1, help=_CALLS)] = 20_000,
    days: Days = 30,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Load, analyze and plot made-up calls.

    Shows the whole workflow: starts a sandbox, loads a month of calls over HTTP, loads them again from the
    cache, prints tables, and writes two charts and Parquet files. Needs no API key.
    """
    from brightcall_pandas.cli._demo import run  # noqa: PLC0415  (only this command needs matplotlib)

    say = partial(typer.echo, err=as_json)  # keeps standard output for the JSON
    result = run(output, calls=calls, days=days, seed=seed, say=say)
    if as_json:
        typer.echo(json.dumps(result))


def sandbox(  # noqa: PLR0917  (each argument is an option)
    calls: Annotated[int, typer.Option(min=0, help=_CALLS)] = 20_000,
    days: Days = 30,
    seed: Seed = 0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 chooses a free one.")] = 0,
    day_to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day. Default: 2026-03-31.")
    ] = None,
    faults: Annotated[
        str,
        typer.Option(metavar="JSON", help='What goes wrong, and how often: {"http_500": 0.1}.'),
    ] = "{}",
    as_json: AsJson = False,
) -> None:
    """Run a Brightcall API with made-up calls on this machine.

    It runs until Ctrl-C, and prints the two environment variables that point clients to it.
    """
    from brightcall_pandas.sandbox import serve  # noqa: PLC0415  (only the commands of the sandbox need it)

    with checked_arguments():
        last = None if day_to is None else day_to.date()
        serve(calls, days, seed, json_object("faults", faults), day_to=last, port=port, as_json=as_json)

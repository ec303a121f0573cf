"""Commands that need no account."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from brightcall_pandas.cli._options import AsJson, json_object
from brightcall_pandas.errors import BrightcallError

__all__ = ["demo", "sandbox"]

_CALLS = "How many calls to make up."
Days = Annotated[int, typer.Option(min=1, help="Over how many days they are spread.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same calls.")]


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the charts and the parquet files.")] = Path(
        "demo_output"
    ),
    calls: Annotated[int, typer.Option(min=1, help=_CALLS)] = 20_000,
    days: Days = 30,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Load, count and draw made-up calls.

    The main job from end to end: starts a sandbox, loads a month over HTTP, prints tables, loads it again
    from the cache, and writes two charts and parquet files. Needs no API key.
    """
    from brightcall_pandas.cli._demo import run  # noqa: PLC0415  (only this command needs matplotlib)

    say = partial(typer.echo, err=as_json)  # beside the JSON, not in it
    told = run(output, calls=calls, days=days, seed=seed, say=say)
    if as_json:
        typer.echo(json.dumps(told))


def sandbox(  # noqa: PLR0917  (each argument is an option)
    calls: Annotated[int, typer.Option(min=0, help=_CALLS)] = 20_000,
    days: Days = 30,
    seed: Seed = 0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    day_to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day. Default: 2026-03-31.")
    ] = None,
    faults: Annotated[
        str, typer.Option(metavar="JSON", help='What goes wrong, and how often: {"http_500": 0.1}.')
    ] = "{}",
    as_json: AsJson = False,
) -> None:
    """Run a Brightcall API on this machine.

    It serves made-up calls until Ctrl-C, and prints the two environment variables that lead clients to it.
    """
    from brightcall_pandas.sandbox import MISSING, serve  # noqa: PLC0415  (an extra of its own)

    try:
        wanted = json_object("faults", faults)
        last = None if day_to is None else day_to.date()
        serve(calls, days, seed, wanted, day_to=last, port=port, as_json=as_json)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except ModuleNotFoundError as error:
        raise BrightcallError(MISSING.format(error.name)) from None
    except OSError as error:
        msg = f"{error}; choose another --port, or leave it out to take a free one"
        raise BrightcallError(msg) from None

"""The command ``brightcall``.

``keys`` why none is an argument · ``options`` what commands share · one module for each group of commands

Exit codes: 0 done; 1 it could not be done, and standard error says why; 2 asked for wrongly.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any

import typer

from brightcall_pandas import __version__
from brightcall_pandas.cli import _cache, _export, _inspect, _sandbox
from brightcall_pandas.cli._keys import refused_key
from brightcall_pandas.cli._options import PLAIN
from brightcall_pandas.errors import BrightcallError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Call data of the Brightcall dialer in pandas. To see what it does: brightcall demo",
    epilog="The API key is read from BRIGHTCALL_API_KEY in the environment and is never an argument. "
    "Exit codes: 0 done, 1 it could not be done, 2 asked for wrongly.",
    **PLAIN,
)
app.command()(_sandbox.demo)
app.command()(_sandbox.sandbox)
app.command()(_inspect.describe)
app.command(epilog=_export.EXAMPLES)(_export.export)
app.command()(_inspect.doctor)
app.add_typer(_cache.app, name="cache")


@app.callback(invoke_without_command=True)
def _brightcall(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        typer.echo(f"brightcall-pandas {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    if (why := refused_key(sys.argv[1:])) is not None:
        typer.echo(f"brightcall: {why}", err=True)
        raise SystemExit(2)
    warnings.showwarning = _shown
    try:
        app(prog_name="brightcall")
    except BrightcallError as error:
        typer.echo(f"brightcall: {error}", err=True)
        raise SystemExit(1) from None


def _shown(message: Warning | str, *_: Any, **__: Any) -> None:
    """Show a warning as one line, without the line of code that gave it."""
    typer.echo(f"brightcall: warning: {message}", err=True)

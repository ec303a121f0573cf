"""The command ``brightcall``.

::

    _console     what a console lacks
    _options     options that commands share, usage errors, keys refused as arguments
    _sandbox     demo, sandbox          _demo     what the demo does    _lab     JupyterLab
    _inspect     describe, doctor       _export   export        _cache    cache info, cache clear
    _revisions   revisions              _lookback lookback            _report   report
    _watch       watch

Exit codes: 0 success; 1 failure, explained on standard error; 2 usage error. Of
``watch`` and ``doctor`` 1 is a finding; of ``watch`` 3 is a failure.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any

import typer

from brightcall_pandas import __version__
from brightcall_pandas.cli import (
    _cache,
    _export,
    _inspect,
    _lab,
    _lookback,
    _report,
    _revisions,
    _sandbox,
    _watch,
)
from brightcall_pandas.cli._console import print_whatever_can_be_printed, read_nothing_where_nobody_types
from brightcall_pandas.cli._options import PLAIN, refused_key
from brightcall_pandas.errors import BrightcallError, visible

__all__ = ["app", "main"]

app = typer.Typer(
    help="Work with call data of the Brightcall dialer in pandas. To see it at work, run: brightcall demo",
    epilog="The API key is read from the environment variable BRIGHTCALL_API_KEY, from a file .env in the "
    "working folder, or from the system's keyring; it is never an argument. "
    "Exit codes: 0 success, 1 failure, 2 usage error; of watch and doctor, 1 is a finding.",
    **PLAIN,
)
app.command()(_sandbox.demo)
app.command(context_settings=_lab.PASSED_ON)(_lab.lab)
app.command()(_sandbox.sandbox)
app.command()(_inspect.describe)
app.command(epilog=_export.EXAMPLES)(_export.export)
app.command(epilog=_report.EXAMPLES)(_report.report)
app.command()(_revisions.revisions)
app.command()(_lookback.lookback)
app.command(epilog=_watch.EXAMPLES)(_watch.watch)
app.command()(_inspect.doctor)
app.add_typer(_cache.app, name="cache")


@app.callback(invoke_without_command=True)
def _brightcall(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"brightcall-pandas {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    print_whatever_can_be_printed()
    read_nothing_where_nobody_types()
    if (reason := refused_key(sys.argv[1:])) is not None:
        typer.echo(f"brightcall: {reason}", err=True)
        raise SystemExit(2)
    warnings.showwarning = _print_warning
    try:
        app(prog_name="brightcall")
    except BrightcallError as error:
        typer.echo(f"brightcall: {error}", err=True)
        raise SystemExit(1) from None
    except (OSError, ArithmeticError, RecursionError, UnicodeError) as error:  # the machine's, not the user's
        said = visible(f"{type(error).__name__}: {error}")
        typer.echo(f"brightcall: {said}", err=True)
        raise SystemExit(1) from None


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning on one line, without the source line that raised it."""
    typer.echo(f"brightcall: warning: {visible(str(message))}", err=True)

"""The command ``brightcall``.

Exit codes: 0 done; 1 it could not be done, and standard error says why; 2 asked for wrongly.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from brightcall_pandas import __version__
from brightcall_pandas.client import Client
from brightcall_pandas.errors import AuthenticationError, BrightcallError
from brightcall_pandas.filters import describe_filters
from brightcall_pandas.schema import describe_fields

__all__ = ["app", "main"]

_PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "add_completion": False,
    # Rich tracebacks print local variables, and one of them could be the API key.
    "pretty_exceptions_enable": False,
}
app = typer.Typer(
    help="Call data of the Brightcall dialer in pandas. To see what it does: brightcall demo",
    epilog="The API key is read from BRIGHTCALL_API_KEY in the environment and is never an argument. "
    "Exit codes: 0 done, 1 it could not be done, 2 asked for wrongly.",
    **_PLAIN,
)
cache_app = typer.Typer(help="Look at the cache of one account, or clear it.", **_PLAIN)
app.add_typer(cache_app, name="cache")

_CALLS = "How many calls to make up."
Days = Annotated[int, typer.Option(min=1, help="Over how many days they are spread.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same calls.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Account = Annotated[
    str | None,
    typer.Option(help="Whose cache. Default: follows from BRIGHTCALL_API_KEY and BRIGHTCALL_BASE_URL."),
]
CacheDir = Annotated[
    Path | None,
    typer.Option(help="Cache folder. Default: BRIGHTCALL_CACHE_DIR, else the nearest data_cache."),
]


class Topic(StrEnum):
    """What can be described."""

    FIELDS = "fields"
    FILTERS = "filters"


@app.callback(invoke_without_command=True)
def _brightcall(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        typer.echo(f"brightcall-pandas {__version__}")
        raise typer.Exit


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the charts and the parquet files.")] = Path(
        "demo_output"
    ),
    calls: Annotated[int, typer.Option(min=1, help=_CALLS)] = 20_000,
    days: Days = 30,
    seed: Seed = 0,
) -> None:
    """Load, count and draw made-up calls.

    The main job from end to end: starts a sandbox, loads a month over HTTP, prints tables, loads it again
    from the cache, and writes two charts and parquet files. Needs no API key.
    """
    from brightcall_pandas.demo import run  # noqa: PLC0415  (only this command needs matplotlib)

    run(output, calls=calls, days=days, seed=seed, say=typer.echo)


@app.command()
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
) -> None:
    """Run a Brightcall API on this machine.

    It serves made-up calls until Ctrl-C, and prints the two environment variables that lead clients to it.
    """
    from brightcall_pandas.sandbox.launch import MISSING, serve  # noqa: PLC0415  (an extra of its own)

    try:
        wanted = _json_object("faults", faults)
        serve(calls, days, seed, wanted, day_to=None if day_to is None else day_to.date(), port=port)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except ModuleNotFoundError as error:
        raise BrightcallError(MISSING.format(error.name)) from None
    except OSError as error:
        msg = f"{error}; choose another --port, or leave it out to take a free one"
        raise BrightcallError(msg) from None


@app.command()
def describe(
    topic: Annotated[Topic, typer.Argument(help="The 45 fields of a call, or the 33 request parameters.")],
    as_json: AsJson = False,
) -> None:
    """Describe the fields or the filters."""
    table = describe_fields() if topic is Topic.FIELDS else describe_filters()
    if as_json:
        typer.echo(table.reset_index().to_json(orient="records", force_ascii=False, indent=1))
        return
    for name, row in table.fillna("").iterrows():
        takes = f"{row['dtype']} {row['unit']}" if topic is Topic.FIELDS else f"takes {row['accepts']}"
        typer.echo(f"{name:<28}{row['description']}\n    {takes.rstrip()}")


@app.command()
def export(  # noqa: PLR0917  (each argument is an option)
    day_from: Annotated[str, typer.Argument(help="First day, YYYY-MM-DD.")],
    day_to: Annotated[str, typer.Argument(help="Last day, YYYY-MM-DD.")],
    path: Annotated[Path, typer.Argument(help="Folder to write to.")],
    partition: Annotated[Literal["day", "month"], typer.Option(help="A folder a day, or a month.")] = "day",
    columns: Annotated[
        str | None, typer.Option(help="Fields to write, with commas between. Default: all.")
    ] = None,
    filters: Annotated[
        str, typer.Option(metavar="JSON", help='Which calls: {"types": "inbound"}. See describe filters.')
    ] = "{}",
    pseudonymise: Annotated[
        bool, typer.Option("--pseudonymise", help="Tokens for numbers, by BRIGHTCALL_PSEUDONYM_KEY.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the calls of some days as parquet.

    Made for cron: the same command again asks only for days that are new or may still change, and replaces
    whole files. Both keys are read from the environment only.
    """
    from brightcall_pandas.export import export_calls, read_manifest  # noqa: PLC0415

    with _checked_arguments():
        if not os.environ.get("BRIGHTCALL_API_KEY"):
            msg = "no API key: set BRIGHTCALL_API_KEY in the environment"
            raise ValueError(msg)
        key = os.environ.get("BRIGHTCALL_PSEUDONYM_KEY") if pseudonymise else None
        if pseudonymise and not key:
            msg = "--pseudonymise needs a secret in BRIGHTCALL_PSEUDONYM_KEY"
            raise ValueError(msg)
        chosen = None if columns is None else [name.strip() for name in columns.split(",")]
        asked = _json_object("filters", filters)
        export_calls(
            day_from, day_to, path, partition=partition, columns=chosen, pseudonymise_key=key, **asked
        )
    held = read_manifest(path)
    parts = held.partitions.values() if held else ()
    told = {
        "path": str(path),
        "partitions": len(parts),
        "rows": sum(each.rows for each in parts),
        "complete": all(each.complete for each in parts),
    }
    if as_json:
        typer.echo(json.dumps(told))
    else:
        typer.echo(f"{told['rows']} calls in {told['partitions']} files of {path}")


@app.command()
def doctor(
    day_from: Annotated[
        str | None, typer.Option(help="First day to look at, YYYY-MM-DD. Default: a week that is over.")
    ] = None,
    day_to: Annotated[str | None, typer.Option(help="Last day to look at, YYYY-MM-DD.")] = None,
    api_version: Annotated[str, typer.Option(help="Which API to ask: v1 or v3.")] = "v1",
    as_json: AsJson = False,
) -> None:
    """Tell what the service does otherwise than assumed, in at most five small requests.

    The report shows shapes only, no number or name of the account: it can go into a public issue. Exit code
    0: nothing differs; 1: something does; 2: it could not be told.
    """
    from brightcall_pandas.doctor import report  # noqa: PLC0415  (only this command examines a service)

    with _asked_rightly():
        found = report(Client(api_version=api_version), day_from=day_from, day_to=day_to)
    typer.echo(found.to_json() if as_json else found.to_text(), nl=as_json)
    raise typer.Exit(found.exit_code)


@cache_app.command("info")
def cache_info(account: Account = None, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Tell what the cache holds."""
    with _asked_rightly():
        info = Client(account=account, cache_dir=cache_dir, offline=True).cache.info()
    if as_json:
        typer.echo(json.dumps(info, default=str, indent=1))
        return
    for name, value in info.items():
        typer.echo(f"{name:<14}{value if value is not None else '-'}")


@cache_app.command("clear")
def cache_clear(  # noqa: PLR0917  (each argument is an option)
    account: Account = None,
    cache_dir: CacheDir = None,
    day_from: Annotated[str | None, typer.Option(help="First day to forget, YYYY-MM-DD.")] = None,
    day_to: Annotated[str | None, typer.Option(help="Last day to forget, YYYY-MM-DD.")] = None,
    older_than: Annotated[
        str | None, typer.Option(help='Forget only what was fetched longer ago, for example "7D".')
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget cached days, or all of them.

    They are fetched again when they are next needed.
    """
    with _asked_rightly():
        cache = Client(account=account, cache_dir=cache_dir, offline=True).cache
        before = cache.info()
        if not yes:
            typer.confirm(f"Forget calls kept in {before['folder']}?", abort=True)
        cache.clear(day_from, day_to, older_than)
    after = cache.info()
    typer.echo(f"forgot {before['days'] - after['days']} days; {after['days']} are left")


@contextlib.contextmanager
def _asked_rightly() -> Iterator[None]:
    """Show what the library says of a wrong argument as a usage error."""
    try:
        with _checked_arguments():
            yield
    except AuthenticationError:
        msg = "whose cache? Give --account, or set BRIGHTCALL_API_KEY to the key that it was filled with"
        raise typer.BadParameter(msg) from None


@contextlib.contextmanager
def _checked_arguments() -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None


def _json_object(option: str, text: str) -> dict[str, Any]:
    with contextlib.suppress(json.JSONDecodeError):
        if isinstance(value := json.loads(text), dict):
            return value
    msg = f"--{option} takes a JSON object, not {text}"
    raise ValueError(msg)


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="brightcall")
    except BrightcallError as error:
        typer.echo(f"brightcall: {error}", err=True)
        raise SystemExit(1) from None

"""The command export, which writes Parquet files; made for cron."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from brightcall_pandas.cli._options import PSEUDONYM_KEY, AsJson, FirstDay, checked_arguments, json_object

if TYPE_CHECKING:
    from brightcall_pandas.export import Period

__all__ = ["EXAMPLES", "export"]

EXAMPLES = """\b
Examples:
  brightcall export 2026-03-01 2026-03-31 calls
  brightcall export 30d yesterday calls --quiet        every night, from cron
  brightcall export 30d yesterday won --filters '{"outcome_types": "positive"}'
  brightcall export 30d yesterday calls --columns id,timestamp,outcomeTag
"""


def export(  # noqa: PLR0917  (each argument is an option)
    day_from: FirstDay,
    day_to: Annotated[
        str,
        typer.Argument(
            help="Last day, inclusive: YYYY-MM-DD, today, yesterday, or the last day of a period."
        ),
    ],
    path: Annotated[Path, typer.Argument(help="Folder to write to; created if it does not exist.")],
    partition: Annotated[
        Literal["day", "month"], typer.Option(help="A folder per day, or per month.")
    ] = "day",
    columns: Annotated[
        str | None, typer.Option(help="Fields to write, separated by commas. Default: all.")
    ] = None,
    filters: Annotated[
        str,
        typer.Option(
            metavar="JSON",
            help='Which calls: {"types": "inbound"}. To list all: brightcall describe filters.',
        ),
    ] = "{}",
    pseudonymize: Annotated[
        bool,
        typer.Option("--pseudonymize", help=f"Replace numbers by tokens, keyed with {PSEUDONYM_KEY}."),
    ] = False,
    region: Annotated[
        str | None, typer.Option(help="Country of phone numbers without a country code, such as DE.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="Columns to leave as they are, such as userId,agentShortNumber.")
    ] = None,
    free_text: Annotated[
        Literal["drop", "scan"], typer.Option(help="Free text: drop it, or replace only the numbers in it.")
    ] = "drop",
    on_incomplete: Annotated[
        Literal["raise", "warn"],
        typer.Option(help="If completeness is not proved: fail, or warn and mark the calls."),
    ] = "raise",
    refresh: Annotated[bool, typer.Option("--refresh", help="Read every day from the server again.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(help="Write the calls as they were known then: a day (its end) or a time."),
    ] = None,
    ledger: Annotated[
        Literal["values", "pseudonyms", "fields-only"] | None,
        typer.Option(
            help="What the cache keeps of personal values that changed; pseudonyms are keyed with "
            f"{PSEUDONYM_KEY}. Default: what was chosen last.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing unless it fails.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the calls of some days to Parquet files.

    Days, today among them, are those of the account's timezone.
    Made for cron: run again, the command requests only days that are new or may still change, and replaces
    whole files; if it was killed, it resumes where it stopped. A progress bar is shown only on a terminal.
    Keys are never arguments: the API key is found as `brightcall --help` says, and that of pseudonyms is
    read from BRIGHTCALL_PSEUDONYM_KEY.
    """
    from brightcall_pandas.export import export_calls, held_periods  # noqa: PLC0415
    from brightcall_pandas.load import NO_KEY, Client, current_client  # noqa: PLC0415

    with checked_arguments():
        client = current_client(None) if ledger is None else Client(ledger=ledger)
        if client.key is None:
            raise ValueError(NO_KEY)
        export_calls(
            day_from,
            day_to,
            path,
            partition=partition,
            columns=_names(columns),
            pseudonymize_key=_secret() if pseudonymize else None,
            region=region,
            keep=_names(keep) or (),
            free_text=free_text,
            on_incomplete=on_incomplete,
            refresh=refresh,
            as_of=as_of,
            client=client,
            progress=None if sys.stderr.isatty() and not quiet else False,
            **json_object("filters", filters),
        )
    result = _summary(path, held_periods(path))
    if as_json:
        typer.echo(json.dumps(result))
    elif not quiet:
        typer.echo(f"{result['rows']} calls in {result['partitions']} files in {path}")


def _summary(path: Path, periods: Mapping[str, Period]) -> dict[str, Any]:
    return {
        "path": str(path),
        "partitions": len(periods),
        "rows": sum(each.rows for each in periods.values()),
        "complete": all(each.complete for each in periods.values()),
    }


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",")]


def _secret() -> str:
    if key := os.environ.get(PSEUDONYM_KEY):
        return key
    msg = f"--pseudonymize needs a secret in {PSEUDONYM_KEY}"
    raise ValueError(msg)

"""Commands that describe: fields and filters, and how a service behaves."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from brightcall_pandas.cli._options import AsJson, checked_client
from brightcall_pandas.filters import describe_filters
from brightcall_pandas.frame import describe_fields
from brightcall_pandas.load import Client

__all__ = ["describe", "doctor"]


class Topic(StrEnum):
    """What can be described."""

    FIELDS = "fields"
    FILTERS = "filters"


def describe(
    topic: Annotated[Topic, typer.Argument(help="The 45 fields of a call, or the 33 filters.")],
    as_json: AsJson = False,
) -> None:
    """List the fields of a call, or the filters."""
    table = describe_fields() if topic is Topic.FIELDS else describe_filters()
    if as_json:
        typer.echo(table.reset_index().to_json(orient="records", indent=1))
        return
    for name, row in table.fillna("").iterrows():
        takes = f"{row['dtype']} {row['unit']}" if topic is Topic.FIELDS else f"takes {row['accepts']}"
        typer.echo(f"{name:<28}{row['description']}\n    {takes.rstrip()}")


def doctor(
    day_from: Annotated[
        str | None,
        typer.Option(
            help="First day to examine: YYYY-MM-DD, or a period, as 2026-W10. Default: a week in the past."
        ),
    ] = None,
    day_to: Annotated[str | None, typer.Option(help="Last day to examine, as the first one.")] = None,
    api_version: Annotated[str, typer.Option(help="Version of the API: v1 or v3.")] = "v1",
    as_json: AsJson = False,
) -> None:
    """Report where the service differs from what this package assumes.

    Sends at most five small requests. The report shows only the shapes of values, no number or name of the
    account, so it can go into a public issue. Exit code 0: nothing differs; 1: something does; 2: it could
    not be determined.
    """
    from brightcall_pandas.doctor import report  # noqa: PLC0415  (only this command examines a service)

    with checked_client():
        result = report(Client(api_version=api_version), day_from=day_from, day_to=day_to)
    # JSON in ASCII, which every console and code page can write.
    text = json.dumps(result.to_dict(), indent=1) if as_json else result.to_text()
    typer.echo(text, nl=as_json)
    raise typer.Exit(result.exit_code)

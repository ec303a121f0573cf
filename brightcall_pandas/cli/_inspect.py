"""Commands that tell something: of fields and filters, and of a service."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from brightcall_pandas.cli._options import AsJson, asked_rightly
from brightcall_pandas.filters import describe_filters
from brightcall_pandas.frame import describe_fields
from brightcall_pandas.load import Client

__all__ = ["describe", "doctor"]


class Topic(StrEnum):
    """What can be described."""

    FIELDS = "fields"
    FILTERS = "filters"


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

    with asked_rightly():
        found = report(Client(api_version=api_version), day_from=day_from, day_to=day_to)
    typer.echo(found.to_json() if as_json else found.to_text(), nl=as_json)
    raise typer.Exit(found.exit_code)

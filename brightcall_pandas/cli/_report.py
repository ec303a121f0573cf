"""The command report: calls of some days in one file that is read in two minutes; made for cron."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brightcall_pandas.cli._options import (
    PSEUDONYM_KEY,
    AsJson,
    FirstDay,
    LastDay,
    checked_arguments,
    json_object,
    last_day,
)
from brightcall_pandas.errors import BrightcallError, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXAMPLES", "report"]

EXAMPLES = """\b
Examples:
  brightcall report 7d                                   report.html of the 7 days up to yesterday
  brightcall report 7d --html --xlsx                     report.html and report.xlsx
  brightcall report 7d --calls calls --output monday     from the files of brightcall export, for cron
"""


def report(  # noqa: PLR0917  (each argument is an option)
    day_from: FirstDay,
    day_to: LastDay = None,
    html: Annotated[
        bool, typer.Option("--html", help="Write an HTML file; so it is without --xlsx.")
    ] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Write an Excel workbook.")] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write, without its ending: replaced if it exists.")
    ] = Path("report"),
    calls: Annotated[
        Path | None,
        typer.Option(help="Folder of brightcall export to read the calls from. Default: load them."),
    ] = None,
    history: Annotated[
        int, typer.Option(min=0, help="Days before the previous period by which attempts are numbered.")
    ] = 28,
    filters: Annotated[str, typer.Option(metavar="JSON", help='Which calls: {"types": "outbound"}.')] = "{}",
    names: Annotated[
        Path | None, typer.Option(help="CSV file of ids and names, for agents, lines and projects.")
    ] = None,
    lead: Annotated[str | None, typer.Option(help="Outcomes that are a lead, separated by commas.")] = None,
    costs: Annotated[
        str | None,
        typer.Option(metavar="JSON", help='What calls cost: {"per_call": 0.02, "currency": "EUR"}.'),
    ] = None,
    sections: Annotated[str | None, typer.Option(help="Sections, separated by commas. Default: all.")] = None,
    title: Annotated[
        str | None, typer.Option(help="Title of the report. Default: by its days, as The calls of the week.")
    ] = None,
    settle_days: Annotated[
        int | None, typer.Option(min=0, help="Days after which calls change no more. Default: 7.")
    ] = None,
    pseudonymize: Annotated[
        bool, typer.Option("--pseudonymize", help=f"Show tokens for numbers, keyed with {PSEUDONYM_KEY}.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing unless it fails.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a report of some days: what differs beyond chance from as many days before, then the tables.

    Days are those of the account's timezone. With --calls nothing is asked of the server: let
    `brightcall export` run before, for the days of both periods.
    """
    from brightcall_pandas.reporting import Options, checked_options, content_of, write_report  # noqa: PLC0415

    with checked_arguments():
        endings = [".html"] * (html or not xlsx) + [".xlsx"] * xlsx
        files = [_file(output, ending) for ending in endings]
        options: dict[str, Any] = {
            "title": title,
            "names": None if names is None else _names(names),
            "lead": _listed(lead),
            "costs": None if costs is None else json_object("costs", costs),
            "sections": _listed(sections),
            "settle_days": settle_days,
            "pseudonyms": _secret() if pseudonymize else None,
        }
        checked_options(Options(**options))
        chosen = json_object("filters", filters)
        sides = _sides(day_from, day_to, calls, history, chosen)
        given = Options(
            **options, before=sides.get("before"), stats=sides.get("stats"), pictures=".html" in endings
        )
        told = content_of(sides["calls"], sides.get("previous"), given)
    for file in files:
        write_report(told, file)
    if as_json:
        said = [
            {"claim": each.claim, "detail": each.detail, "also": [other.claim for other in each.also]}
            for each in told.said
        ]
        typer.echo(json.dumps({"files": [str(file) for file in files], "lead": told.lead, "said": said}))
    elif not quiet:
        typer.echo(visible(told.lead))
        typer.echo(f"written: {', '.join(map(str, files))}")


def _file(output: Path, ending: str) -> Path:
    from brightcall_pandas.reporting import FORMATS, checked_path  # noqa: PLC0415

    if output.is_dir() or not output.name:
        msg = f"--output {output} is a folder: name a file in it, without its ending"
        raise ValueError(msg)
    known = output.suffix.lower() in FORMATS
    return checked_path(output.with_suffix(ending) if known else output.with_name(output.name + ending))


def _sides(
    day_from: str, day_to: str | None, folder: Path | None, history: int, filters: dict[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return the calls of the period, of as many days before, and of the days before these."""
    first, last = _days(day_from, day_to, folder)
    length = (last - first).days + 1
    previous = first - timedelta(days=length), first - timedelta(days=1)
    spans = {"calls": (first, last), "previous": previous}
    if history:
        spans["before"] = previous[0] - timedelta(days=history), previous[0] - timedelta(days=1)
    if folder is not None:
        from brightcall_pandas.export import read_calls  # noqa: PLC0415

        return {
            name: read_calls(folder, day_from=str(begin), day_to=str(end), **filters)
            for name, (begin, end) in spans.items()
        }
    from brightcall_pandas.load import load_calls, load_stats  # noqa: PLC0415

    sides = {
        name: load_calls(str(begin), str(end), progress=False, **filters)
        for name, (begin, end) in spans.items()
    }
    try:
        sides["stats"] = load_stats(str(first), str(last), **filters)
    except BrightcallError as error:
        typer.echo(
            f"brightcall: warning: not compared with the server's statistics: {visible(str(error))}", err=True
        )
    return sides


def _days(day_from: str, day_to: str | None, folder: Path | None) -> tuple[date, date]:
    """Return the first and the last day; today is that of the account, of files that of this machine."""
    from brightcall_pandas.frame import period  # noqa: PLC0415
    from brightcall_pandas.load import NO_KEY, current_client, spec_of  # noqa: PLC0415

    day_to = last_day(day_from, day_to)
    if folder is not None:
        first, last = period(day_from, day_to, lambda: datetime.now().astimezone().date())
        return date.fromisoformat(first), date.fromisoformat(last)
    if current_client(None).key is None:
        raise ValueError(NO_KEY)
    spec = spec_of(current_client(None), day_from, day_to, {})
    return date.fromisoformat(str(spec.day_from)), date.fromisoformat(str(spec.day_to))


def _names(file: Path) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    try:
        return pd.read_csv(file, dtype="str")
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        msg = f"--names {file}: {error}"
        raise ValueError(msg) from None


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _secret() -> str:
    if key := os.environ.get(PSEUDONYM_KEY):
        return key
    msg = f"--pseudonymize needs a secret in {PSEUDONYM_KEY}"
    raise ValueError(msg)

"""The command watch: which lines, agents or projects changed; made for cron, which hears of nothing else."""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pandas as pd
import typer

from brightcall_pandas.cli._options import AsJson, FirstDay, LastDay, checked_arguments, json_object, last_day
from brightcall_pandas.errors import BrightcallError, visible

__all__ = ["EXAMPLES", "watch"]

ALARM, NOTHING_JUDGED, INTERRUPTED = 1, 3, 130

EXAMPLES = """\b
Exit codes: 0 no alarm; 1 alarm; 2 usage error; 3 nothing was judged: no answer,
no calls, or too few of them.

\b
Examples:
  brightcall watch                             the lines, over the last 30 days
  brightcall watch 60d --by agent --metric positive_rate
  0 6 * * *  brightcall watch || notify        every morning, from cron
"""


def watch(  # noqa: PLR0917  (each argument is an option)
    day_from: FirstDay = "30d",
    day_to: LastDay = None,
    by: Annotated[
        str, typer.Option(help="What is watched: line, agent, project, or a column; several with commas.")
    ] = "line",
    metric: Annotated[str, typer.Option(help="The rate that is watched.")] = "answer_rate",
    false_alarms: Annotated[
        float, typer.Option(help="How many false alarms a month all of them together may give.")
    ] = 0.2,
    odds_ratio: Annotated[
        float, typer.Option(help="The change to find soonest: odds fall to this part, or rise by as much.")
    ] = 0.6,
    against: Annotated[
        Literal["others", "itself"], typer.Option(help="What calls are compared with.")
    ] = "others",
    direction: Annotated[
        Literal["outbound", "inbound", "internal", "all"], typer.Option(help="Which calls.")
    ] = "outbound",
    filters: Annotated[
        str,
        typer.Option(
            metavar="JSON",
            help='Which calls: {"text_projects": "Solar"}. To list all: brightcall describe filters.',
        ),
    ] = "{}",
    on_incomplete: Annotated[
        Literal["raise", "warn"],
        typer.Option(help="If completeness is not proved: fail, or warn and watch what there is."),
    ] = "raise",
    as_json: AsJson = False,
) -> None:
    """Tell which lines, agents or projects changed, since when, and by how much.

    Prints nothing where nothing changed; with --json, all of them in any case. Made for cron: only days that
    are new or may still change are read from the server.
    """
    with _told_from_an_alarm():
        calls = _loaded(day_from, day_to, filters, on_incomplete)
        with checked_arguments():
            table = _table(
                calls,
                by=[name.strip() for name in by.split(",")],
                metric=metric,
                false_alarms=false_alarms,
                odds_ratio=odds_ratio,
                against=against,
                direction=None if direction == "all" else direction,
            )
        changed = table[table["state"].isin(["fallen", "risen"])]
        if as_json:
            typer.echo(json.dumps(_as_json(table, alarm=bool(len(changed)))))
        else:
            for label, finding in changed["finding"].items():
                name = " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)
                typer.echo(visible(f"{name}: {finding}"))
        if len(changed):
            raise typer.Exit(ALARM)
        if not len(table) or (table["state"] == "not judged").all():
            typer.echo(f"brightcall: {_why_nothing(table, calls)}", err=True)
            raise typer.Exit(NOTHING_JUDGED)


def _loaded(
    day_from: str, day_to: str | None, filters: str, on_incomplete: Literal["raise", "warn"]
) -> pd.DataFrame:
    from brightcall_pandas.load import NO_KEY, current_client, load_calls  # noqa: PLC0415

    with checked_arguments():
        if current_client(None).key is None:
            raise ValueError(NO_KEY)
        progress = None if sys.stderr.isatty() else False
        return load_calls(
            day_from,
            last_day(day_from, day_to),
            on_incomplete=on_incomplete,
            progress=progress,
            **json_object("filters", filters),
        )


def _table(calls: pd.DataFrame, **options: Any) -> pd.DataFrame:
    from brightcall_pandas.accessors import CallsAccessor  # noqa: PLC0415

    try:
        return CallsAccessor(calls).watch(**options)
    except KeyError as error:  # a name in by=
        raise ValueError(*error.args) from None


def _as_json(table: pd.DataFrame, *, alarm: bool) -> dict[str, Any]:
    said = table.attrs["brightcall"]
    plain = table.reset_index()
    for name in ("since", "alarm_at"):
        plain[name] = [None if pd.isna(each) else each.isoformat() for each in plain[name]]
    units = json.loads(plain.to_json(orient="records"))
    about = {name: said.get(name) for name in ("first_day", "last_day", "timezone", "settings")}
    return {"alarm": alarm, **about, "units": units}


def _why_nothing(table: pd.DataFrame, calls: pd.DataFrame) -> str:
    if not len(table):
        query = calls.attrs["brightcall"]["query"]
        return f"nothing was judged: no calls from {query['dayFrom']} to {query['dayTo']}"
    return f"nothing was judged: {table['finding'].iloc[0]}. Take more days."


@contextlib.contextmanager
def _told_from_an_alarm() -> Iterator[None]:
    """End a failure with an exit code that no alarm has."""
    try:
        yield
    except (typer.Exit, typer.BadParameter):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except (BrightcallError, OSError, ArithmeticError, RecursionError, UnicodeError) as error:
        kind = "" if isinstance(error, BrightcallError) else f"{type(error).__name__}: "
        typer.echo(f"brightcall: {visible(f'{kind}{error}')}", err=True)
        raise typer.Exit(NOTHING_JUDGED) from None
    except Exception:  # Python's own exit code would be that of an alarm
        traceback.print_exc()
        raise typer.Exit(NOTHING_JUDGED) from None

"""Commands that need no account: the demo and the sandbox."""

from __future__ import annotations

import json
import shutil
import textwrap
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brightcall_pandas.cli._options import AsJson, checked_arguments, json_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brightcall_pandas.sandbox import Persona, World

__all__ = ["demo", "sandbox"]

_CALLS = "Number of calls to make up."
_WIDEST = 100  # columns of text: longer lines are hard to read
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
        str | None,
        typer.Option(
            metavar="DAY",
            help="Last day: YYYY-MM-DD, yesterday, or today, with calls up to now. Default: 2026-03-31.",
        ),
    ] = None,
    faults: Annotated[
        str,
        typer.Option(metavar="JSON", help='What goes wrong, and how often: {"http_500": 0.1}.'),
    ] = "{}",
    persona: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="How the server differs from others; a+b combines several."),
    ] = None,
    world: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What differs in the calls; a+b combines several. JSON: your own."),
    ] = None,
    list_personas: Annotated[
        bool, typer.Option("--list-personas", help="List the personas, and do nothing else.")
    ] = False,
    list_worlds: Annotated[
        bool, typer.Option("--list-worlds", help="List the worlds, and do nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a Brightcall API with made-up calls on this machine.

    It runs until Ctrl-C, and prints the two environment variables that point clients to it.
    """
    from brightcall_pandas.sandbox import (  # noqa: PLC0415  (only this command needs them)
        PERSONAS,
        WORLDS,
        serve,
        world_from_text,
    )

    if list_personas:
        personas = PERSONAS.values()
        typer.echo(json.dumps([vars(each) for each in personas], indent=1) if as_json else _list(personas))
        return
    if list_worlds:
        worlds = [each.to_dict() for each in WORLDS.values()]
        typer.echo(json.dumps(worlds, indent=1) if as_json else _list_worlds(WORLDS.values()))
        return
    with checked_arguments():
        given = json_object("faults", faults)
        chosen = None if world is None else world_from_text(world)
        serve(calls, days, seed, given, persona, chosen, day_to=day_to, port=port, as_json=as_json)


def _list(personas: Iterable[Persona]) -> str:
    """Return the personas as text, as wide as the terminal allows."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    lines = []
    for topic, members in groupby(personas, key=lambda each: each.topic):
        lines += [topic, "=" * len(topic), ""]
        for each in members:
            told = [each.does, f"Plausible: {each.because}"]
            told += [f"May be refused: {each.may_be_refused}"] if each.may_be_refused else []
            lines.append(each.name)
            for text in told:
                lines += textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="    ")
            lines.append("")
    lines.append("Combine those that differ in different things: brightcall sandbox --persona a+b")
    return "\n".join(lines)


def _list_worlds(worlds: Iterable[World]) -> str:
    """Return the worlds as text, as wide as the terminal allows."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    lines = []
    for each in worlds:
        lines.append(each.name)
        told = f"{each.doc} Effects: {len(each.effects)}."
        lines += [*textwrap.wrap(told, width, initial_indent="    ", subsequent_indent="    "), ""]
    lines.append("Combine them: brightcall sandbox --world a+b. In numbers: bc.worlds.describe()")
    return "\n".join(lines)

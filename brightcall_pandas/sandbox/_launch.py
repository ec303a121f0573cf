"""Starting a sandbox: in a process of its own, or in the foreground."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from typing import TYPE_CHECKING, Any

from brightcall_pandas.sandbox._faults import checked_faults
from brightcall_pandas.sandbox._process import Sandbox

if TYPE_CHECKING:
    from datetime import date

    from brightcall_pandas.sandbox._server import Facts

__all__ = ["MISSING", "serve", "start_sandbox"]

MISSING = 'the sandbox needs {0!r}, which is not installed; run: pip install "brightcall-pandas[sandbox]"'

_START_S = 120.0
_CALLS_A_SECOND = 5_000  # far below what any machine draws: the deadline grows with the size


def start_sandbox(
    calls: int = 20_000,
    days: int = 30,
    seed: int = 0,
    faults: dict[str, Any] | None = None,
    *,
    day_to: str | date | None = None,
    port: int = 0,
) -> Sandbox:
    """Start a Brightcall API on this machine, in its own process.

    Parameters
    ----------
    calls
        Exact number of calls.
    days
        Number of days over which they are spread.
    seed
        The same seed gives the same calls.
    faults
        What goes wrong, and how often; see ``docs/sandbox.md``.
    day_to
        Last day, YYYY-MM-DD; by default 2026-03-31, so that a month holds a clock change.
    port
        Port on the loopback interface; 0 takes a free one.

    Returns
    -------
    Sandbox
        Ready to answer. Use it in a ``with`` block, or call `Sandbox.stop`.

    Raises
    ------
    ValueError
        A number that cannot be, or a fault or an option of it that does not exist.
    SandboxError
        The sandbox did not start: the extra is not installed, or the port is taken.

    Examples
    --------
    >>> with start_sandbox(calls=100, days=2) as sandbox:
    ...     sandbox.day_from, sandbox.day_to, sandbox.truth["calls"]
    ('2026-03-30', '2026-03-31', 100)
    """
    _check(calls, days)
    planned = json.dumps(checked_faults(faults))
    arguments = [
        "--faults",
        planned,
        "--calls",
        str(calls),
        "--days",
        str(days),
        "--seed",
        str(seed),
        "--port",
        str(port),
    ]
    if day_to is not None:
        arguments += ["--day-to", str(day_to)]
    return Sandbox(arguments, _START_S + calls / _CALLS_A_SECOND)


def serve(
    calls: int = 20_000,
    days: int = 30,
    seed: int = 0,
    faults: dict[str, Any] | None = None,
    *,
    day_to: date | None = None,
    port: int = 0,
    for_parent: bool = False,
    as_json: bool = False,
) -> None:
    """Serve a sandbox in the foreground until it is interrupted, and print how to reach it.

    Parameters
    ----------
    calls, days, seed, faults, day_to, port
        As of `start_sandbox`.
    for_parent
        As `as_json`, and end when standard input does.
    as_json
        Print one line of JSON, for programs.

    Raises
    ------
    OSError
        The port is taken.
    ModuleNotFoundError
        The extra ``sandbox`` is not installed.
    """
    _check(calls, days)
    # Imported late, since it needs the extra.
    server = importlib.import_module("brightcall_pandas.sandbox._server")
    say = _say_to_program if for_parent or as_json else _say_to_person
    wanted = server.Wanted(calls, days, seed, checked_faults(faults), day_to)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(wanted, port=port, ready=say, end_with_stdin=for_parent)


def _check(calls: int, days: int) -> None:
    if calls < 0 or days < 1:
        msg = f"a sandbox needs calls from 0 up and days from 1 up, not calls={calls} and days={days}"
        raise ValueError(msg)


def _say_to_program(facts: Facts) -> None:
    sys.stdout.write(json.dumps(vars(facts)) + "\n")
    sys.stdout.flush()


def _say_to_person(facts: Facts) -> None:
    sys.stdout.write(
        f"Sandbox {facts.account}\n"
        f"  BRIGHTCALL_BASE_URL={facts.url}\n"
        f"  BRIGHTCALL_API_KEY={facts.api_key}\n"
        f"  days {facts.day_from} to {facts.day_to}, {facts.timezone}\n"
        "Ctrl-C ends it.\n"
    )
    sys.stdout.flush()

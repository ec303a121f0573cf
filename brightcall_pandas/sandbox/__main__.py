"""Run a sandbox in the foreground: ``python -m brightcall_pandas.sandbox --help``."""

from __future__ import annotations

import argparse
import json

from brightcall_pandas.sandbox._process import SandboxError, serve
from brightcall_pandas.sandbox._worlds import world_from_text

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m brightcall_pandas.sandbox",
        description="Run a Brightcall API with made-up calls on this machine.",
    )
    parser.add_argument("--calls", type=int, default=20_000, help="number of calls (default: 20000)")
    parser.add_argument("--days", type=int, default=30, help="number of days (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same calls (default: 0)")
    parser.add_argument("--faults", type=json.loads, help='what goes wrong, as JSON: {"http_500": 0.1}')
    parser.add_argument("--persona", help="how the server differs from others: a name, or a+b")
    parser.add_argument("--world", help="what differs in the calls: a name, a+b, or a world as JSON")
    parser.add_argument("--day-to", help="last day, or today (default: 2026-03-31)")
    parser.add_argument("--now", help="when its clock begins (default: at the end of the last day)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
    parser.add_argument("--for-parent", action="store_true", help=argparse.SUPPRESS)
    given = vars(parser.parse_args(arguments))
    try:
        if given["world"] is not None:
            given["world"] = world_from_text(given["world"])
        serve(**given)
    except ValueError as error:
        parser.error(str(error))
    except SandboxError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()

"""How fast calls are loaded, against what one would use instead.

Run it with ``make bench``, or ``python benchmarks/loading.py``. ``--small`` runs everything with few calls,
and names choose some of the comparisons: ``python benchmarks/loading.py parsing warm``. How it is measured is
said in README.md here.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from loads import from_cache, from_server
from loads.stage import FULL, SMALL, Stage
from measure import Protocol, run_in_copies

from brightcall_pandas.sandbox import start_sandbox

Comparison = Callable[[Stage], None]

FROM_SERVER: tuple[Comparison, ...] = (
    from_server.cold,
    from_server.dlt,
    from_server.latency,
    from_server.bare,
    from_server.parsing,
    from_server.tier,
)
FROM_CACHE: tuple[Comparison, ...] = (from_cache.widening, from_cache.warm)
NAMES = [each.__name__ for each in (*FROM_SERVER, *FROM_CACHE)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(NAMES)}; default: all")
    parser.add_argument("--small", action="store_true", help="few calls, each run once, nothing judged")
    parser.add_argument("--rounds", type=int, help="how often each contestant runs")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(NAMES)}")
    scale = SMALL if given.small else FULL
    if given.small:
        run_in_copies(
            "loads.contestants", "loads.bare", "brightcall_pandas.export", "brightcall_pandas.sandbox"
        )
    if given.rounds is not None:
        scale = scale.with_rounds(given.rounds)
    protocol = Protocol(judge=not given.small)
    protocol.say(_machine())
    for comparisons, calls, days in ((FROM_SERVER, scale.calls, 30), (FROM_CACHE, scale.wide_calls, 91)):
        chosen = [each for each in comparisons if each.__name__ in (given.names or NAMES)]
        if not chosen:
            continue
        with (
            tempfile.TemporaryDirectory(prefix="brightcall-bench-") as scratch,
            start_sandbox(calls=calls, days=days) as sandbox,
        ):
            for compare in chosen:
                compare(Stage(sandbox, scale, protocol, Path(scratch)))
    protocol.say(f"{_load()}. {_closing(protocol)}")
    raise SystemExit(bool(protocol.missed))


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("pandas", "pyarrow", "requests-cache"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {platform.system()}, Python {platform.python_version()}, {versions}. {_load()}."


def _load() -> str:
    return f"Load average {', '.join(f'{each:.2f}' for each in os.getloadavg())}"


def _closing(protocol: Protocol) -> str:
    if not protocol.judge:
        return "Results are equal; with so few calls nothing is judged"
    return (
        f"Missed: {', '.join(protocol.missed)}"
        if protocol.missed
        else "Results are equal, and all targets met"
    )


if __name__ == "__main__":
    main()

"""How much memory an export takes: calls of many days go through, one busy day at a time.

``python benchmarks/exporting.py`` exports five million sandbox calls of 30 days, then of 365, and wants 16 GB
for the sandbox; with fewer ``--calls`` or other ``--days`` nothing is judged. ``--small`` takes few of both.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from loads.stage import FULL, Stage
from measure import Figure, Protocol, Target, run_in_copies, same_facts

from brightcall_pandas.sandbox import start_sandbox

CALLS = 5_000_000
BOUND_MB = 600
DAYS = (30, 365)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=CALLS, help=f"default: {CALLS:,}")
    parser.add_argument("--days", type=int, nargs="+", default=DAYS, help="default: 30 365")
    parser.add_argument("--small", action="store_true", help="2,000 calls of 3 and of 40 days, for make test")
    given = parser.parse_args()
    if given.small:
        given.calls, given.days = 2_000, [3, 40]
        run_in_copies("loads.contestants", "brightcall_pandas.export")
    protocol = Protocol(judge=(given.calls, given.days) == (CALLS, DAYS))
    for days in given.days:
        with (
            tempfile.TemporaryDirectory(prefix="brightcall-bench-") as scratch,
            start_sandbox(calls=given.calls, days=days) as sandbox,
        ):
            stage = Stage(sandbox, replace(FULL, calls=given.calls), protocol, Path(scratch))
            run = stage.contestant("here", "export").run(check=True)
            same_facts("the export", run.facts or {}, "the sandbox", {"calls": stage.calls})
            what = f"export of {stage.calls:,} calls over {days} days, peak of resident memory"
            here = Figure("here", [run.peak_mb], "MB", (f"{run.seconds:.0f} s", f"CPU {run.cpu:.0f} s"))
            bound = Figure("bound", [BOUND_MB], "MB")
            protocol.compare(what, here, bound, Target("at most", 1))


if __name__ == "__main__":
    main()

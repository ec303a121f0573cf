"""Tables of 1, 5 and 20 million calls on two workers under a memory cap: time and memory against rows.

Run it with ``make bench``, or ``python benchmarks/scale.py``; ``--millions 1 5`` takes other sizes, names
choose some of the tables, and ``--small`` takes a few thousand calls for a million. The smallest size is
counted in pandas too, and both must be equal to the last digit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from measure import Contestant, Run, compared, run_in_copies
from scaling.made_up import FIRST, write_months
from scaling.runs import TABLES

MILLION, SMALL = 1_000_000, 4_000
DAYS = 30  # of each million


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[[], *TABLES], help="tables; default: all")
    parser.add_argument("--millions", nargs="+", type=int, default=[1, 5, 20])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", default="1.5GiB", help="cap of each worker, as dask writes it")
    parser.add_argument("--small", action="store_true", help="4,000 calls for a million, for make test")
    given = parser.parse_args()
    unit = SMALL if given.small else MILLION
    if given.small:
        run_in_copies("scaling.runs")
    sizes = sorted(set(given.millions))
    with tempfile.TemporaryDirectory(prefix="brightcall-bench-") as scratch:
        folder = Path(scratch, "calls")
        start = time.perf_counter()
        write_months(folder, unit, sizes[-1])
        megabytes = sum(file.stat().st_size for file in folder.glob("*/*")) / 2**20
        print(f"{unit * sizes[-1]:,} calls in {sizes[-1] * DAYS} files, {megabytes:,.0f} MB, ", end="")
        print(f"made in {time.perf_counter() - start:.0f} s")
        print(f"{given.workers} workers of one thread, each capped at {given.memory}\n")
        print(f"{'table':<20}{'calls':>12}{'seconds':>9}{'µs a call':>11}{'CPU s':>8}{'peak MB':>9}  pandas")
        for name in given.names or TABLES:
            for size in sizes:
                job = _job(given, folder, name, size)
                _tell(name, unit * size, *_runs(job, with_pandas=size == sizes[0]))
    print("\nEqual to pandas to the last digit. Peak: of the worker that needed most, libraries included.")


def _job(given: argparse.Namespace, folder: Path, name: str, size: int) -> dict[str, Any]:
    day_to = FIRST + timedelta(days=size * DAYS - 1)
    return {
        "path": str(folder), "table": name, "day_to": str(day_to),
        "workers": given.workers, "memory": given.memory,
    }  # fmt: skip


def _runs(job: dict[str, Any], with_pandas: bool) -> tuple[Run, Run | None]:
    label = f"{job['table']} until {job['day_to']}"
    workers = Contestant(f"{label} on workers", "scaling.runs", "on workers", job)
    if not with_pandas:
        return workers.run(), None
    pandas = Contestant(f"{label} in pandas", "scaling.runs", "in pandas", job)
    (run,), (plain,) = compared([workers, pandas], rounds=0)
    return run, plain


def _tell(name: str, calls: int, run: Run, plain: Run | None) -> None:
    beside = "" if plain is None else f"{plain.seconds:.1f} s, {plain.peak_mb:,.0f} MB"
    figures = f"{run.seconds:>9.1f}{run.seconds / calls * 1e6:>11.2f}{run.cpu:>8.1f}{run.peak_mb:>9,.0f}"
    print(f"{name:<20}{calls:>12,}{figures}  {beside}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

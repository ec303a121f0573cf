"""How often a report claims what is not so, how often it says what was planted, and how long it takes.

Run it with ``python benchmarks/report.py``: 200 worlds in which nothing differs and 50 of each planted
effect, of 20,000 calls over 30 days from fixed seeds; each gets the report of its last week against the
week before, the days before these numbering the attempts. Then it times a report of 100,000 calls, HTML
with all pictures.
``--small`` takes a few small worlds, as ``make test`` does.

A statement is false if anything is said of a world in which nothing differs. A planted effect is found if it
is among the first three statements; its size is the one in a world of 600,000 calls.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import worlds

import brightcall_pandas as bc
from brightcall_pandas.reporting import Content, content_of

LARGE = 600_000
LAST_WEEK = 23 / 30  # of the days: from here on
NULL_SEED, PLANTED_SEED = 50_000, 60_000

PLANTED: dict[str, tuple[bc.World, dict[str, object]]] = {
    "a line falls in the last week": (
        bc.World("line", [("answer", f"line:{worlds.LINE}", -1.0, LAST_WEEK)]),
        {"kind": "moved", "metric": "answer_rate", "dimension": "line", "group": worlds.LINE},
    ),
    "a project sells more in the last week": (
        bc.World("project", [("positive", f"project:{worlds.PROJECT}", 1.2, LAST_WEEK)]),
        {"kind": "moved", "metric": "positive_rate", "dimension": "project", "group": worlds.PROJECT},
    ),
    "an hour is answered more all the time": (
        bc.World("hour", [("answer", f"hour:{worlds.HOUR}", 0.8)]),
        {"kind": "apart", "metric": "answer_rate", "dimension": "hour", "group": str(worlds.HOUR)},
    ),
    "everybody is answered less in the last week": (
        bc.World("all", [("answer", None, -0.3, LAST_WEEK)]),
        {"kind": "moved", "metric": "answer_rate", "dimension": "", "group": "all"},
    ),
}
"""Title → world, and the finding that it plants among outbound calls."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=20_000, help="calls of a world, in 30 days")
    parser.add_argument("--null", type=int, default=200, help="worlds in which nothing differs")
    parser.add_argument("--planted", type=int, default=50, help="worlds of each planted effect")
    parser.add_argument("--timed", type=int, default=100_000, help="calls of the report that is timed")
    parser.add_argument("--small", action="store_true", help="a few small worlds, for make test")
    given = parser.parse_args()
    large = LARGE
    if given.small:
        given.calls, given.null, given.planted, given.timed, large = 4_000, 2, 1, 0, 12_000
    mpl.use("Agg")
    if given.null:
        share = share_of_false_reports(given.null, given.calls)
        print(
            f"{given.null} worlds in which nothing differs: {share:.1%} of reports say anything (promised 5%)"
        )
    for title in PLANTED if given.planted else ():
        first, inside, size = found(title, given.planted, given.calls, large)
        print(
            f"{title:<46} {size:+.1%} in truth; among the first three in {first:.0%}, "
            f"size inside the interval in {inside:.0%} of {given.planted}"
        )
    if given.timed:
        print(f"a report of {given.timed:,} calls: {seconds(given.timed):.1f} s of the processor")


def report_of(world: bc.World, calls: int, seed: int) -> Content:
    """Return the report of the last week of a world."""
    week, previous, before = weeks(worlds.calls_of(world, calls, seed).drop(columns="attempt"))
    return content_of(week, previous, before=before, sections=[], settle_days=0, pictures=False)


def weeks(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the last seven days, the seven before, and the rest."""
    end = rows["timestamp"].max().normalize() + pd.DateOffset(days=1)
    edges = [end - pd.DateOffset(days=days) for days in (7, 14)]
    stamps = rows["timestamp"]
    masks = stamps >= edges[0], (stamps >= edges[1]) & (stamps < edges[0]), stamps < edges[1]
    week, previous, before = (rows[mask] for mask in masks)
    return week, previous, before


def share_of_false_reports(number: int, calls: int) -> float:
    """Return the share of worlds in which nothing differs whose report says that anything does."""
    said = [bool(report_of(bc.worlds["null"], calls, NULL_SEED + each).said) for each in range(number)]
    return float(np.mean(said))


def is_planted(row: dict[str, object], wanted: dict[str, object]) -> bool:
    """Tell whether a finding is the one that was planted."""
    return row["direction"] == "outbound" and all(row[name] == value for name, value in wanted.items())


def found(title: str, number: int, calls: int, large: int) -> tuple[float, float, float]:
    """Return how often a planted effect is among the first three statements, and its size in the interval."""
    world, wanted = PLANTED[title]
    (true,) = planted_rows(report_of(world, large, PLANTED_SEED - 1), wanted)
    size, first, inside = true["difference"], [], []
    for each in range(number):
        content = report_of(world, calls, PLANTED_SEED + each)
        first.append(any(is_planted(said.row, wanted) for said in content.said[:3]))
        inside += [
            row["difference_low"] <= size <= row["difference_high"] for row in planted_rows(content, wanted)
        ]
    return float(np.mean(first)), float(np.mean(inside)), size


def planted_rows(content: Content, wanted: dict[str, object]) -> list[dict[str, object]]:
    """Return what was found of a planted effect, said or not."""
    return [row for row in content.found.to_dict("records") if is_planted(row, wanted)]


def seconds(calls: int) -> float:
    """Return how much time of the processor a whole report takes."""
    rows = worlds.calls_of(bc.worlds["lively"], calls * 30 // 7, 1).drop(columns="attempt")
    week, previous, before = weeks(rows)
    with tempfile.TemporaryDirectory() as folder:
        bc.report(week.head(500), path=Path(folder, "first.html"))  # what is imported once
        start = time.process_time()
        bc.report(week, previous, before=before, path=Path(folder, "report.html"))
        return time.process_time() - start


if __name__ == "__main__":
    main()

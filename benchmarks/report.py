"""How often a report claims what is not so, how often it says what was planted, and how long it takes.

Run it with ``python benchmarks/report.py``: 200 worlds in which nothing differs and 100 of each planted
effect, of 20,000 calls over 30 days from fixed seeds; each gets the report of its last week against the
week before, the days before these numbering the attempts. Then it times a report of 100,000 calls, HTML
with all pictures. ``--power`` adds how often effects of other sizes are said. ``--small``
takes a few small worlds, as ``make test`` does.

A statement is false if anything is said of a world in which nothing differs. Of a planted effect is told how
often it is said at all, which is power; how often it is then among the first three statements; and how often
its size, which is the one in a world of 600,000 calls, is inside the interval: of all worlds, and of those in
which it is said.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import worlds

import brightcall_pandas as bc
from brightcall_pandas.reporting import Content, Options, content_of

LARGE = 600_000
LAST_WEEK = 23 / 30  # of the days: from here on
NULL_SEED, PLANTED_SEED = 50_000, 60_000

EVERYBODY = "everybody is answered less in the last week"


def line_world(size: float) -> bc.World:
    """Return a world in which one line is answered otherwise in the last week, by so much in log odds."""
    return bc.World("line", [("answer", f"line:{worlds.LINE}", size, LAST_WEEK)])


def project_world(size: float) -> bc.World:
    """Return a world in which one project ends otherwise in the last week."""
    return bc.World("project", [("positive", f"project:{worlds.PROJECT}", size, LAST_WEEK)])


def all_world(size: float) -> bc.World:
    """Return a world in which everybody is answered otherwise in the last week."""
    return bc.World("all", [("answer", None, size, LAST_WEEK)])


PLANTED: dict[str, tuple[bc.World, dict[str, object]]] = {
    "a line falls in the last week": (
        line_world(-1.0),
        {"kind": "moved", "metric": "answer_rate", "dimension": "line", "group": worlds.LINE},
    ),
    "a project sells more in the last week": (
        project_world(1.2),
        {"kind": "moved", "metric": "positive_rate", "dimension": "project", "group": worlds.PROJECT},
    ),
    "an hour is answered more all the time": (
        bc.World("hour", [("answer", f"hour:{worlds.HOUR}", 0.8)]),
        {"kind": "apart", "metric": "answer_rate", "dimension": "hour", "group": str(worlds.HOUR)},
    ),
    EVERYBODY: (
        all_world(-0.3),
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
    parser.add_argument("--planted", type=int, default=100, help="worlds of each planted effect")
    parser.add_argument("--timed", type=int, default=100_000, help="calls of the report that is timed")
    parser.add_argument("--power", action="store_true", help="effects of other sizes as well")
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
    tallies = []
    for title, (world, wanted) in PLANTED.items() if given.planted else ():
        tallies.append(found(world, wanted, given.planted, given.calls, large))
        print(f"{title:<46} {tallies[-1].words}")
    if tallies:
        print(f"{'all of them':<46} {Tally.of(tallies).words}")
    for title, world, wanted in sizes() if given.power else ():
        print(f"{title:<46} {found(world, wanted, given.planted, given.calls, large).words}")
    if given.timed:
        print(f"a report of {given.timed:,} calls: {seconds(given.timed):.1f} s of the processor")


def report_of(world: bc.World, calls: int, seed: int) -> Content:
    """Return the report of the last week of a world."""
    week, previous, before = weeks(worlds.calls_of(world, calls, seed).drop(columns="attempt"))
    return content_of(week, previous, Options(before=before, sections=[], settle_days=0, pictures=False))


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


@dataclass(frozen=True)
class Tally:
    """Of worlds with a planted effect: its size, and in each whether it is said, early, and rightly."""

    size: float
    said: list[bool]
    early: list[bool]
    inside: list[bool]

    @classmethod
    def of(cls, tallies: list[Tally]) -> Tally:
        """Return several as one."""
        said, early, inside = (
            [each for tally in tallies for each in getattr(tally, name)]
            for name in ("said", "early", "inside")
        )
        return cls(float("nan"), said, early, inside)

    @property
    def words(self) -> str:
        """The tally in a line, each share with its standard error."""
        told = np.array(self.said)
        early, inside = np.array(self.early)[told], np.array(self.inside)
        size = "" if np.isnan(self.size) else f"{self.size:+.1%} in truth; "
        return (
            f"{size}said in {share(told)} of {len(told)}, then among the first three in {share(early)}; "
            f"size inside the interval in {share(inside)}, where said in {share(inside[told])}"
        )


def share(values: np.ndarray) -> str:
    """Return how many of a hundred are true, with the standard error."""
    if not len(values):
        return "none"
    rate = float(np.mean(values))
    return f"{rate:.0%} ± {np.sqrt(max(rate * (1 - rate), 0.25 / len(values)) / len(values)):.0%}"


def found(world: bc.World, wanted: dict[str, object], number: int, calls: int, large: int) -> Tally:
    """Return in which worlds a planted effect is said, is said early, and has its size in the interval."""
    (true,) = planted_rows(report_of(world, large, PLANTED_SEED - 1), wanted)
    tally = Tally(float(true["difference"]), [], [], [])
    for each in range(number):
        content = report_of(world, calls, PLANTED_SEED + each)
        rows = planted_rows(content, wanted)
        tally.said.append(any(row["beyond_chance"] for row in rows))
        tally.early.append(any(is_planted(row, wanted) for row in first_rows(content)))
        tally.inside.append(
            all(row["difference_low"] <= tally.size <= row["difference_high"] for row in rows)
        )
    return tally


def first_rows(content: Content) -> list[dict[str, object]]:
    """Return what the first three statements say of themselves; not what is told with them."""
    return [dict(said.row) for said in content.said[:3]]


def sizes() -> Iterator[tuple[str, bc.World, dict[str, object]]]:
    """Return effects of other sizes than those planted above."""
    for size in (-0.5, -1.5):
        yield f"a line, {size:+g} in log odds", line_world(size), PLANTED["a line falls in the last week"][1]
    for size in (0.8, 1.6):
        wanted = PLANTED["a project sells more in the last week"][1]
        yield f"a project, {size:+g} in log odds", project_world(size), wanted
    for size in (-0.15, -0.45):
        yield f"everybody, {size:+g} in log odds", all_world(size), PLANTED[EVERYBODY][1]


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

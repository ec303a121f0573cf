"""Comparisons of loads of which the cache has most or all, on a sandbox of 91 days."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from measure import Contestant, Figure, Run, Target, alternating, compared, same_facts

from loads.stage import Stage

__all__ = ["warm", "widening"]

SIX = ["timestamp", "type", "state", "talkTime", "outcomeTag", "userId"]


def widening(stage: Stage) -> None:
    """Widen a range of 90 cached days by one day, against that day alone and the 90 days from the cache."""
    ninety, (first, last, before) = _ninety_days(stage), _days(stage)
    three = [
        replace(stage.contestant("91 days", "load", first, last), copy_of=ninety),
        stage.contestant("the last day", "load", last, last, known_account=True),
        stage.contestant("90 days", "load", first, before, folder=str(ninety)),
    ]
    checked = _checked(stage, *three)
    runs = alternating(three, stage.scale.rounds) if stage.scale.rounds else [[run] for run in checked]
    both = [_sum(one, other) for one, other in zip(runs[1], runs[2], strict=True)]
    rival = Figure.of("that day alone + 90 days warm", both)
    stage.protocol.compare(
        "90 cached days widened by one", Figure.of("here", runs[0]), rival, Target("at most", 1.3)
    )


def _checked(stage: Stage, *three: Contestant) -> Sequence[Run]:
    """Check that widening asks only for what that day alone takes, and finds what both parts find."""
    runs, asked = [], []
    for each in three:
        since = len(stage.asked())
        runs.append(each.run(check=True))
        asked.append(stage.asked(since))
    # The first contact of that day's account asks for more than is asked where the server is known.
    assert asked[0]
    assert set(asked[0]) <= set(asked[1]), f"{len(asked[0])} requests, of which some are of other days"
    assert not asked[2], f"{len(asked[2])} requests for days that are in the cache"
    wide, one, other = ({k: v for k, v in (each.facts or {}).items() if k != "rows"} for each in runs)
    same_facts("the widened load", wide, "both", {name: (one[name] + other[name]) % 2**64 for name in one})
    same_facts("the widened load", wide, "the sandbox", {"calls": stage.calls})
    return runs


def warm(stage: Stage) -> None:
    """Load everything from the cache, against reading one file of the same rows and dtypes."""
    folder, path = stage.scratch / "all", stage.scratch / "calls.parquet"
    shutil.copytree(_ninety_days(stage), folder)
    stage.contestant("the last day", "load", folder=str(folder)).run()
    stage.contestant("the rival's file", "write_parquet", folder=str(folder), path=str(path)).run()
    for words, columns in (("all columns", None), ("six columns", SIX)):
        here = stage.contestant("here", "load", folder=str(folder), columns=columns)
        rival = stage.contestant("read_table(…).to_pandas()", "read_parquet", path=str(path), columns=columns)
        runs = compared([here, rival], stage.scale.quick_rounds)
        what = f"warm load of {stage.calls:,} calls, {words}"
        stage.compare(what, [here, rival], runs, Target("at most", 1.3))


def _ninety_days(stage: Stage) -> Path:
    """Return a cache of all days but the last, whose files have been put together as a second load does."""
    folder, (first, _, before) = stage.scratch / "ninety", _days(stage)
    if not folder.exists():
        load = stage.contestant("here", "load", first, before, folder=str(folder))
        for what in ("cold load of 90 days", "first warm load of them, which puts files together"):
            stage.protocol.say(what, Figure.of("here", [load.run()]))
    return folder


def _days(stage: Stage) -> tuple[str, str, str]:
    """Return the first day, the last, and the one before it."""
    last = date.fromisoformat(stage.sandbox.day_to)
    return stage.sandbox.day_from, str(last), str(last - timedelta(days=1))


def _sum(one: Run, other: Run) -> Run:
    return Run(one.seconds + other.seconds, one.cpu + other.cpu, max(one.peak_mb, other.peak_mb))

"""Comparisons of loads of which the cache has most or all, on a sandbox of 91 days."""

from __future__ import annotations

import json
import math
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
    here = replace(stage.contestant("here", "load", first, last), copy_of=ninety)
    day = stage.contestant("that day", "load", last, last, known_account=True)
    kept = stage.contestant("90 days warm", "load", first, before, folder=str(ninety))
    checked = _checked(stage, here, day, kept)
    runs = (
        alternating([here, day, kept], stage.scale.rounds)
        if stage.scale.rounds
        else [[run] for run in checked]
    )
    both = [_sum(one, other) for one, other in zip(runs[1], runs[2], strict=True)]
    rival = Figure.of("that day alone + 90 days warm", both)
    stage.protocol.compare(
        "90 cached days widened by one", Figure.of("here", runs[0]), rival, Target("at most", 1.3)
    )


def _checked(stage: Stage, here: Contestant, day: Contestant, kept: Contestant) -> Sequence[Run]:
    """Check that widening asks for that day only, and finds what the two parts find."""
    last = stage.sandbox.day_to
    since = len(stage.asked())
    wide = here.run(check=True)
    asked = [json.loads(body) for body in stage.asked(since)]
    calls = stage.sandbox.truth["by_day"][last]
    assert all((body["dayFrom"], body["dayTo"]) == (last, last) for body in asked), asked
    assert len(asked) == math.ceil(calls / stage.scale.page_size), f"{len(asked)} requests for {calls} calls"
    parts = day.run(check=True), kept.run(check=True)
    one, other = ({k: v for k, v in (each.facts or {}).items() if k != "rows"} for each in parts)
    both = {name: (one[name] + other[name]) % 2**64 for name in one}
    same_facts("the widened load", wide.facts or {}, "its two parts", both)
    same_facts("the widened load", wide.facts or {}, "the sandbox", {"calls": stage.calls})
    return wide, *parts


def warm(stage: Stage) -> None:
    """Load everything from the cache, against reading one file of the same rows and dtypes."""
    folder, path = stage.scratch / "all", stage.scratch / "calls.parquet"
    shutil.copytree(_ninety_days(stage), folder)
    stage.contestant("the last day", "load", folder=str(folder)).run()
    stage.contestant("the rival's file", "write_parquet", folder=str(folder), path=str(path)).run()
    for words, columns in (("all columns", None), ("six columns", SIX)):
        here = stage.contestant("here", "load", folder=str(folder), columns=columns)
        rival = stage.contestant("read_table(…).to_pandas()", "read_parquet", path=str(path), columns=columns)
        runs = compared([here, rival], stage.scale.rounds)
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

"""How often the interval of `bc.lookback` covers the truth: worlds whose delays are known, by readings alone.

``python benchmarks/lookback.py`` draws 100 worlds for each way of reading. In each, calls get another outcome
after delays of the sandbox's own distribution (`sandbox._late`), and are seen only when they are read.
``--http`` reads a few worlds from real sandboxes besides, over HTTP, with a moved clock.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass

import numpy as np
from measure import Protocol

import brightcall_pandas as bc
from brightcall_pandas.analysis import Lookback, Seen, lookback_of
from brightcall_pandas.sandbox._late import LATE

WORLDS, CALLS, DAYS = 100, 20_000, 30
SHARES = (0.9, 0.99)
LEAST = 90  # of 100 worlds, which an interval of 95 % falls short of once in 28 times by chance
_DELAYS = LATE["outcome"].delay_s
_AFTER = np.array(list(_DELAYS.values())) / 86_400
_COME = np.array(list(_DELAYS)) / 1000
_EDITED = LATE["outcome"].per_mille / 1000


@dataclass(frozen=True)
class Schedule:
    """When days are read.

    Parameters
    ----------
    hour
        Hour of the first reading of each day.
    every
        Days between two readings.
    settle
        Days after which a day is not read again.
    """

    hour: float
    every: float
    settle: float


SCHEDULES = {
    "nightly": Schedule(14, 1.0, 30),  # once a day, in the middle of it
    "only at night": Schedule(2, 1.0, 30),
    "every three hours": Schedule(2, 1 / 8, 30),
    "days for two weeks": Schedule(14, 1.0, 14),
}


def world(seed: int, schedule: str, calls: int = CALLS, days: int = DAYS) -> Seen:
    """Return what readings see of calls that begin between 8 and 20 h, a tenth of which change late."""
    how, rng = SCHEDULES[schedule], np.random.default_rng([seed, len(schedule)])
    day = rng.integers(0, days, calls).astype(float)
    began = day + rng.triangular(8, 13, 20, calls) / 24
    changed = rng.random(calls) < _EDITED
    at = began + np.interp(rng.random(calls), _COME, _AFTER)
    readings = np.arange(how.hour / 24, days + how.hour / 24 + 0.5, how.every)
    first = np.searchsorted(readings, began)
    last = np.minimum(np.searchsorted(readings, day + 1.5 + how.settle), len(readings) - 1)
    read = first <= last
    entries, exits = readings[np.minimum(first, len(readings) - 1)] - began, readings[last] - began
    by = np.searchsorted(readings, at)
    late = changed & read & (by > first) & (by <= last)
    after, until = readings[by[late] - 1] - began[late], readings[by[late]] - began[late]
    return Seen(entries[read], exits[read], after, until, day[late].astype(np.int64))


def planted(found: Lookback, share: float) -> float:
    """Return the truth: the quantile of delays between the ages at which calls were watched."""
    begin, end = np.interp([found.from_days or 0.0, found.horizon_days or np.inf], _AFTER, _COME)
    return float(np.interp(begin + share * (end - begin), _COME, _AFTER))


def covers(seen: Seen, share: float, confidence: float = 0.95) -> bool:
    """Tell whether the interval covers the truth; one without an upper end rules nothing out there."""
    return _covers(lookback_of(seen, "outcomeTag", share, confidence))


def _covers(found: Lookback) -> bool:
    if found.days is None or found.days_low is None:
        return True
    truth = planted(found, found.share)
    return found.days_low <= truth <= (found.days_high or np.inf)


def judged(protocol: Protocol, what: str, well: bool) -> None:
    """Print a finding, and whether it is as it shall be."""
    protocol.say(f"{what}: {'not judged' if not protocol.judge else 'met' if well else 'MISSED'}")
    protocol.missed += [what] if protocol.judge and not well else []


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="a few worlds, nothing judged")
    parser.add_argument("--http", action="store_true", help="some worlds over HTTP as well")
    given = parser.parse_args()
    protocol = Protocol(judge=not given.small)
    for schedule in SCHEDULES:
        for share in SHARES:
            many, calls = (2, 300) if given.small else (WORLDS, CALLS)
            each = [
                lookback_of(world(seed, schedule, calls), "outcomeTag", share, 0.95) for seed in range(many)
            ]
            bounded = sum(found.settle_days is not None for found in each)
            covered = sum(map(_covers, each))
            told = (
                f"{schedule}, {100 * share:g} %: covered in {covered} of {many} worlds, bounded in {bounded}"
            )
            judged(protocol, told, covered * 100 >= LEAST * many)
    if given.http:
        for seed in range(5):
            found = over_http(seed)
            judged(protocol, f"over HTTP, seed {seed}: {found}", _covers(found))
    raise SystemExit(1 if protocol.missed else 0)


def over_http(seed: int) -> Lookback:
    """Return what a client finds that reads a sandbox twice a day, for as long as its outcomes change."""
    with (
        bc.start_sandbox(calls=6_000, days=12, seed=seed, now=f"2026-03-{20 + seed % 2} 00:00") as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        client = sandbox.client(clock=sandbox.clock, cache_dir=folder, max_age=0, settle_days=30)
        for _ in range(40):
            bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
            sandbox.advance("14h")
        found = bc.lookback(share=0.9, client=client)
        client.close()
    return found


if __name__ == "__main__":
    main()

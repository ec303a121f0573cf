"""What the ledger of late edits costs: time where nothing changed, and bytes after many nights of edits.

``python benchmarks/ledger.py`` takes some minutes. Both sides of a comparison are measured in one process, in
turn. Judged is the median over turns of the ratio of processor seconds, so it also means something on a busy
machine; that of the clock is printed beside it. It ends with 1 where a ratio is missed.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc
from measure import Figure, Protocol, Run, Target, measured

import brightcall_pandas as bc
from brightcall_pandas.cache import WHOLE, Part, Store
from brightcall_pandas.load import _loading
from brightcall_pandas.load._cached import CachedWindows
from brightcall_pandas.load._successor import Successor

CALLS, ROUNDS, NIGHTS, A_NIGHT = 20_000, 31, 60, 1_000
MOST = 1.03  # a load without changes, against one as before there was a ledger
HERE, WITHOUT = "here", "without a ledger"
A_WEEK = 7
REREAD = 8  # days that each night reads again, since they may still change
EDITED = 0.01  # of these calls get another outcome and talk time each night


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="few calls, nothing judged")
    small = parser.parse_args().small
    protocol = Protocol(judge=not small)
    time_without_changes(protocol, *((600, 1) if small else (CALLS, ROUNDS)))
    bytes_after_edits(protocol, *((12, 60) if small else (NIGHTS, A_NIGHT)))
    raise SystemExit(1 if protocol.missed else 0)


def time_without_changes(protocol: Protocol, calls: int, rounds: int) -> None:
    """Load days into an empty cache, and read them all again, with the ledger and as before there was one."""
    taken: dict[str, list[dict[str, Run]]] = {"cold load": [], "all of it read again": []}
    with bc.start_sandbox(calls=calls, days=5) as sandbox:
        for number in range(rounds + 1):  # the first warms up
            turn: dict[str, list[Run]] = {}
            for name in (HERE, WITHOUT) if number % 2 else (WITHOUT, HERE):
                with tempfile.TemporaryDirectory() as folder, without_ledger(name == WITHOUT):
                    client = sandbox.client(cache_dir=folder)
                    turn[name] = [load(client, sandbox, refresh=refresh) for refresh in (False, True)]
                    client.close()
            for place, turns in enumerate(taken.values()) if number else ():
                turns.append({name: runs[place] for name, runs in turn.items()})
    for what, turns in taken.items():
        judge_turns(protocol, f"{what}, {calls:,} calls that did not change", turns)


def judge_turns(protocol: Protocol, what: str, turns: Sequence[Mapping[str, Run]]) -> None:
    """Judge by the median over turns of the ratio in one: what slows a turn slows both its sides."""
    ratios = [turn[HERE].cpu / turn[WITHOUT].cpu for turn in turns]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    verdict = "not judged"
    if protocol.judge:
        verdict = "met" if ratio <= MOST else "MISSED"
        protocol.missed += [] if ratio <= MOST else [what]
    sides = (Figure.of(name, [turn[name] for turn in turns]) for name in (HERE, WITHOUT))
    clock = statistics.median(turn[HERE].seconds / turn[WITHOUT].seconds for turn in turns)
    spread = f"half of {len(turns)} turns: {low:.3f}–{high:.3f}; by the clock {clock:.3f} ×"
    protocol.say(
        f"{what}: {ratio:.3f} × in processor seconds ({spread}), at most {MOST:g}: {verdict}", *sides
    )


@contextmanager
def without_ledger(really: bool) -> Iterator[None]:
    """Keep windows as before there was a ledger: what changed is counted, and nothing else."""

    def put(self: CachedWindows, store: Store, part: Part, fetched_at: datetime, **_: Any) -> None:
        successor = Successor(part, self._older(part), fetched_at, self._client.is_final)
        part.windows[0]["changes"].update(successor.changes)
        store.put(part, fetched_at, store.newest + 1)

    if really:
        with patch.object(CachedWindows, "_put", put), patch.object(_loading, "make_ledgers_strict"):
            yield
    else:
        yield


def load(client: bc.Client, sandbox: Any, *, refresh: bool) -> Run:
    """Load all days; return what that cost this process, in which the sandbox does not run."""
    gc.collect()  # or one side pays for what the other has left
    days = sandbox.day_from, sandbox.day_to
    return measured(lambda: bc.load_calls(*days, client=client, refresh=refresh, progress=False))[1]


def bytes_after_edits(protocol: Protocol, nights: int, a_night: int) -> None:
    """Read the last days again night after night, with edits, and weigh the ledger against the windows.

    Each day is read as often, and edited as much, however many there are; so a year comes to the same share.
    """
    with (
        bc.start_sandbox(calls=nights * a_night, days=nights) as sandbox,
        tempfile.TemporaryDirectory() as scratch,
    ):
        client = sandbox.client(cache_dir=scratch)
        bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
        (loaded,) = (Path(client.cache.folder) / "windows").iterdir()
        store, draw = Store(Path(scratch) / "kept" / "windows" / "q"), random.Random(0)
        store.folder.mkdir(parents=True)
        days = list(parts_by_day(Store(loaded)))
        for night in range(nights + REREAD - 1):
            moment = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=night)
            young = range(max(0, night - REREAD + 1), min(night + 1, nights))
            read(store, Part.concat([dated(days[number], moment) for number in young]), moment)
            if night % A_WEEK == 0:
                store.ledger.compact()
            for number in young:
                days[number] = edited(days[number], draw)
        while store.compact(lambda *_: True):
            store.sweep()
        edits = len(store.ledger.read(10**9))
        windows = sum(each.path.stat().st_size for each in store.segments())
        ledger = store.ledger.size()
    what = f"ledger of {nights} nights, {a_night:,} calls a day, 1 % of {REREAD} days edited a night"
    protocol.compare(
        f"{what}: {edits:,} entries",
        Figure("ledger", [ledger / 1e6], "MB", (f"{ledger / max(edits, 1):.1f} bytes an entry",)),
        Figure("windows", [windows / 1e6], "MB"),
        Target("at most", 0.05),
    )


def parts_by_day(store: Store) -> Iterator[Part]:
    for day, segment in sorted(store.latest().items()):
        yield replace(segment.read([day]), history=[], serials=[])


def dated(part: Part, moment: datetime) -> Part:
    windows = [each | {"fetched_at": moment.isoformat(), "changes": {}} for each in part.windows]
    return replace(part, windows=windows)


def edited(part: Part, draw: random.Random) -> Part:
    """Return a day with another outcome and talk time of some calls."""
    table, size = part.table, len(part.table)
    chosen = pa.array([draw.random() < EDITED for _ in range(size)])
    for name in ("outcomeTag", "talkTime"):
        other = table[name].take(pa.array([draw.randrange(size) for _ in range(size)]))
        column = pc.if_else(chosen, other, table[name])
        table = table.set_column(table.column_names.index(name), name, column)
    return replace(part, table=table)


def read(store: Store, part: Part, moment: datetime) -> None:
    """Keep a window, as a load does."""
    latest = store.latest()
    older = [latest[day].read([day], WHOLE) for day in part.days if day in latest]
    successor, serial = Successor(part, older, moment, lambda *_: False), store.newest + 1
    entries = successor.entries(serial)
    pending = None if entries is None else store.ledger.add(entries)
    store.put(successor.part(entries), moment, serial)
    if pending is not None:
        store.ledger.commit(pending)
    store.sweep()


if __name__ == "__main__":
    main()

"""Thousands of loads from servers of all kinds, and none of them wrong.

``python benchmarks/soak.py`` loads for ten minutes: personas alone and combined, tables that change, failures
of the network, threads and forked children that share a client, files of the cache that a wrong clock dated
ahead, and 50 busy days. It ends with 1 when a load returned fewer calls than were there all the while, more
than ever were, or one twice; when it failed for any reason but that completeness cannot be proved; and when
more than one of the busy days was refused. ``--small`` takes some seconds. ``--personas`` loads instead from
each persona alone, in pages of every size, by both versions, still and while the table changes.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import itertools
import multiprocessing
import os
import random
import re
import statistics
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

import brightcall_pandas as bc
from brightcall_pandas.sandbox import PERSONAS, Sandbox
from brightcall_pandas.sandbox._personas import behavior_of, personas_named

PAGE_SIZES = (500, 100, 37)
CALLS = (0, 40, 250, 433, 1_300)
MATRIX = {500: 1_010, 100: 210, 37: 80}  # by the size of the page, so many calls that there are three
MOST_PAGES = 15  # larger tables are read in larger pages, so that loads are many
FAILURES = {
    "http_500": 0.03,
    "http_502": 0.03,
    "rate_limit": {"rate": 0.03, "retry_after": 0},
    "reset": 0.02,
    "truncated": 0.02,
    "truncated_json": 0.02,
    "html": 0.02,
}
GAVE_UP = (bc.ServerError, bc.RateLimitError, bc.InvalidResponseError)  # in the end, where the network fails
ROUNDS_A_SERVER = 60
CHILDREN, THREADS = 3, 3
HUNG_S = 120


@dataclass
class Loaded:
    """What came of a load: the ``uniqueId`` of its calls, or what was said."""

    names: list[str] | None
    error: str = ""
    said: str = ""


@dataclass
class Tally:
    """What came of all loads."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def refuse(self, loaded: Loaded) -> None:
        self.outcomes["refused"] += 1
        self.refusals[_cause(loaded.said)] += 1

    def blame(self, about: str, what: str) -> None:
        self.outcomes["WRONG"] += 1
        self.wrong.append(f"{about}: {what}")
        print(f"WRONG  {about}: {what}", flush=True)


@dataclass(frozen=True)
class Setting:
    """How one round loads."""

    personas: str
    page_size: int
    version: str
    workers: int
    changes: dict[str, float]
    failures: bool
    seed: int

    def __str__(self) -> str:
        return (
            f"persona={self.personas or 'none'} page_size={self.page_size} {self.version} "
            f"workers={self.workers} changes={self.changes} failures={self.failures} seed={self.seed}"
        )


@dataclass
class Round:
    """A server in a setting, a client of it with an empty cache, and days to load."""

    sandbox: Sandbox
    setting: Setting
    client: bc.Client
    folder: Path
    days: tuple[str, str]
    tally: Tally
    about: str

    def load(self, **options: Any) -> Loaded:
        return loaded(self.client, self.days, **options)

    def judge(self, results: list[Loaded], label: str) -> None:
        """Hold loads that ended since the mark against what was there."""
        told = self.sandbox.since_mark()
        always, ever = (set(_within(told[name], self.days, self.sandbox)) for name in ("always", "ever"))
        for each in results:
            if each.names is None:
                self._judge_error(each, label)
                continue
            copies = Counter(each.names)
            lost, invented = always - set(copies), set(copies) - ever
            twice = sum(count > 1 for count in copies.values())
            if lost or invented or twice:
                what = f"{len(lost)} of {len(always)} lost, {len(invented)} invented, {twice} twice"
                self.tally.blame(f"{label} {self.about}", what)
            else:
                self.tally.outcomes["whole"] += 1

    def _judge_error(self, each: Loaded, label: str) -> None:
        if each.error == bc.IncompleteDataError.__name__:
            self.tally.refuse(each)
        elif self.setting.failures and each.error in {kind.__name__ for kind in GAVE_UP}:
            self.tally.outcomes["gave up"] += 1
        else:
            self.tally.blame(f"{label} {self.about}", f"{each.error}: {each.said}")


def loaded(client: bc.Client, days: tuple[str, str], **options: Any) -> Loaded:
    """Load days; never raise."""
    try:
        frame = bc.load_calls(*days, client=client, progress=False, **options)
        return Loaded(frame["uniqueId"].tolist())
    except Exception as error:
        said = str(error) if isinstance(error, bc.BrightcallError) else traceback.format_exc()
        return Loaded(None, type(error).__name__, said)


# What a round does.


def alone(this: Round) -> None:
    """Load once, and again from the cache."""
    first = this.load()
    this.judge([first], "alone")
    _same(this, first, "from the cache")


def in_threads(this: Round) -> None:
    """Load in several threads that share a client."""
    results: list[Loaded] = []
    threads = [
        threading.Thread(target=lambda: results.append(this.load(refresh=True))) for _ in range(THREADS)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    this.judge(results, "threads")


def in_children(this: Round) -> None:
    """Load, and then in forked children that go on with the same client."""
    first = this.load()
    context = multiprocessing.get_context("fork")
    children = []
    for _ in range(CHILDREN):
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=_load_and_send, args=(this, sender))
        child.start()
        sender.close()
        children.append((child, receiver))
    results = [first]
    for child, receiver in children:
        results.append(receiver.recv() if receiver.poll(HUNG_S) else Loaded(None, "Hung", "no answer"))
        receiver.close()
        if results[-1].error == "Hung":
            child.kill()
        child.join()
        child.close()
    results.append(this.load(refresh=True))
    this.judge(results, "children")


def _load_and_send(this: Round, sender: Any) -> None:
    sender.send(this.load(refresh=True))
    sender.close()
    os._exit(0)  # nothing of the parent's is ended here


def clock_ahead(this: Round) -> None:
    """Load, date the files of the cache ahead, and see that what is read later counts from then on."""
    this.judge([this.load()], "before the jump")
    for path in this.folder.rglob("*.parquet"):
        ahead = re.sub(r"\.(\d{13})\.", lambda found: f".{int(found[1]) + 34_560_000_000}.", path.name)
        path.rename(path.with_name(ahead))
    this.sandbox.insert([{"id": 77, "uniqueId": _unique_id(this), "timestamp": _noon(this).isoformat()}])
    this.sandbox.mark()
    again = this.load(refresh=True)
    this.judge([again], "after the jump")
    for _ in range(2):
        _same(this, again, "after the jump, from the cache")


def _same(this: Round, one: Loaded, label: str) -> None:
    """Load once more what must be in the cache now."""
    if not one.names:  # an account that shows no calls at all is not believed, and nothing of it kept
        return
    other = this.load()
    if other.names is not None and sorted(one.names or ()) == sorted(other.names):
        this.tally.outcomes["whole"] += 1
    elif this.setting.failures and other.names is None:
        this.tally.outcomes["gave up"] += 1
    else:
        got = other.said or f"{len(other.names or ())} calls"
        this.tally.blame(f"{label} {this.about}", f"{len(one.names or ())} calls before, now {got}")


def _noon(this: Round) -> pd.Timestamp:
    return pd.Timestamp(this.days[0], tz=this.sandbox.timezone) + timedelta(hours=12)


def _unique_id(this: Round) -> str:
    return f"{int(_noon(this).timestamp())}.77"


def _within(names: list[str], days: tuple[str, str], sandbox: Sandbox) -> Iterator[str]:
    """Return the calls of some days; a ``uniqueId`` begins with the epoch of its call."""
    first, last = (pd.Timestamp(day, tz=sandbox.timezone) for day in days)
    begin, end = first.timestamp(), (last + pd.DateOffset(days=1)).timestamp()
    return (name for name in names if begin <= int(name.partition(".")[0]) < end)


def _cause(said: str) -> str:
    """Return a refusal's reason without what differs from load to load."""
    return re.sub(r"\d[\d,.-]*", "#", said)[:110]


ROUNDS: dict[Callable[[Round], None], int] = {alone: 12, in_threads: 2, in_children: 2, clock_ahead: 1}
"""Weight of each kind of round."""


def drawn_setting(rng: random.Random, calls: int) -> Setting:
    """Draw a setting that can be judged, for a table of so many calls."""
    sizes = [size for size in PAGE_SIZES if calls <= MOST_PAGES * size]
    while True:
        names = rng.sample(list(PERSONAS), rng.choice((0, 1, 1, 1, 2, 2, 3)))
        chances = {name: rng.choice((0.0, 0.05, 0.3)) for name in ("grow", "insert", "delete")}
        changes = {name: chance for name, chance in chances.items() if chance} if rng.random() < 0.6 else {}
        try:
            behavior = behavior_of(personas_named(names))
        except ValueError:
            continue
        if not behavior.hides_calls(edited=bool({"insert", "delete"} & set(changes))):
            return Setting(
                "+".join(names),
                rng.choice(sizes),
                rng.choice(("v1", "v3")),
                rng.choice((1, 2, 4)),
                changes,
                rng.random() < 0.25,
                rng.randrange(1_000_000),
            )


def one_round(sandbox: Sandbox, rng: random.Random, tally: Tally, scratch: Path) -> None:
    """Draw a setting and a kind of round, and go through it."""
    setting = drawn_setting(rng, sandbox.truth["calls"])
    (kind,) = rng.choices(list(ROUNDS), list(ROUNDS.values()))
    every = pd.date_range(sandbox.day_from, sandbox.day_to).strftime("%Y-%m-%d").tolist()
    begin = rng.randrange(len(every))
    days = every[begin], every[rng.randrange(begin, len(every))]
    if rng.random() < 0.7:
        days = every[0], every[-1]
    with prepared(sandbox, setting, days, tally, scratch) as this:
        kind(this)


@contextlib.contextmanager
def prepared(
    sandbox: Sandbox, setting: Setting, days: tuple[str, str], tally: Tally, scratch: Path
) -> Iterator[Round]:
    """Bring a server into a setting, and yield a round with an empty cache."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        sandbox.restore()
        sandbox.set_persona(setting.personas, seed=setting.seed)
        sandbox.set_faults(setting.changes | (FAILURES if setting.failures else {}), seed=setting.seed)
        sandbox.mark()
        client = sandbox.client(
            cache_dir=folder,
            page_size=setting.page_size,
            api_version=setting.version,
            workers=setting.workers,
        )
        with contextlib.closing(client):
            about = f"[{sandbox.account} {days[0]} to {days[1]}: {setting}]"
            yield Round(sandbox, setting, client, Path(folder), days, tally, about)


def each_persona(tally: Tally, scratch: Path) -> None:
    """Load from each persona in pages of every size, by both versions, still and while the table changes."""
    for size, calls in MATRIX.items():
        with bc.start_sandbox(calls, days=3, seed=17) as sandbox:
            days = sandbox.day_from, sandbox.day_to
            for name, version, moving in itertools.product(PERSONAS, ("v1", "v3"), (False, True)):
                changes = {"grow": 0.2, "insert": 0.03, "delete": 0.03} if moving else {}
                if behavior_of(personas_named(name)).hides_calls(edited=moving):
                    changes = {"grow": 0.2}
                before = tally.outcomes["refused"]
                setting = Setting(name, size, version, 4, changes, False, 0)
                with prepared(sandbox, setting, days, tally, scratch) as this:
                    this.judge([this.load()], "persona")
                    if tally.outcomes["refused"] > before and not (moving or PERSONAS[name].may_be_refused):
                        tally.blame(this.about, "refused while the table stood still")


def busy_days(loads: int, tally: Tally, scratch: Path) -> int:
    """Load a busy day that grows and is edited meanwhile, so many times; return how often it was refused."""
    setting = Setting("", 500, "v1", 4, {"grow": 0.5, "insert": 0.05, "delete": 0.05}, False, 0)
    before = tally.outcomes["refused"]
    with bc.start_sandbox(calls=14_000, days=1, seed=3) as sandbox:
        for number in range(loads):
            sandbox.restore()
            sandbox.set_faults(setting.changes, seed=number)
            sandbox.mark()
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                client = sandbox.client(cache_dir=folder, page_size=setting.page_size)
                with contextlib.closing(client):
                    days = sandbox.day_from, sandbox.day_to
                    about = f"[busy day {number}]"
                    this = Round(sandbox, setting, client, Path(folder), days, tally, about)
                    this.judge([this.load()], "busy day")
    return tally.outcomes["refused"] - before


# What this process holds.


@dataclass
class Holdings:
    """Threads, open files and memory of this process, after each round."""

    threads: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    memory_mb: list[int] = field(default_factory=list)

    def take(self) -> None:
        self.threads.append(threading.active_count())
        self.descriptors.append(len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0)
        self.memory_mb.append(_resident_mb())

    def told(self) -> Iterator[str]:
        """Compare the last quarter with the first."""
        quarter = max(1, len(self.threads) // 4)
        for name, values in vars(self).items():
            first, last = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
            label = name.replace("_mb", ", MB")
            yield f"{label:<12} {first:8.0f} in the first quarter, {last:8.0f} in the last"


def _resident_mb() -> int:
    """Return the memory of this process without what its allocators keep for later.

    They keep the most that a round took, which differs between rounds by more than a leak would show.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError), open("/proc/self/statm") as status:
        return int(status.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10, help="how long (default: 10)")
    parser.add_argument("--seed", type=int, help="the same seed draws the same rounds (default: the time)")
    parser.add_argument("--small", action="store_true", help="eight rounds and a busy day")
    parser.add_argument("--personas", action="store_true", help="each persona in every way, then end")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else (1 if given.small else int(time.time()))
    rng, tally, holdings = random.Random(seed), Tally(), Holdings()
    bc.Client.first_pause = 0.002  # so that loads, and not pauses, take the time
    began = time.monotonic()
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="brightcall-soak-") as name:
        scratch = Path(name)
        if given.personas:
            each_persona(tally, scratch)
            print(", ".join(f"{count} {outcome}" for outcome, count in tally.outcomes.most_common()))
            sys.exit(bool(tally.wrong))
        busy = 1 if given.small else 50
        refused = busy_days(busy, tally, scratch)
        print(f"busy days refused: {refused} of {busy}", flush=True)
        rounds = 0
        most = 8 if given.small else 10**9
        while rounds < most and time.monotonic() - began < 60 * given.minutes:
            calls = 433 if given.small else rng.choice(CALLS)
            with bc.start_sandbox(calls, days=3, seed=rng.randrange(1_000)) as sandbox:
                for _ in range(ROUNDS_A_SERVER):
                    if rounds >= most or time.monotonic() - began >= 60 * given.minutes:
                        break
                    one_round(sandbox, rng, tally, scratch)
                    holdings.take()
                    rounds += 1
    print(f"\n{rounds} rounds, {sum(tally.outcomes.values())} loads in {time.monotonic() - began:.0f} s")
    for outcome, count in tally.outcomes.most_common():
        print(f"{count:8} {outcome}")
    for cause, count in tally.refusals.most_common(12):
        print(f"{count:8} refused: {cause}")
    print(*holdings.told(), sep="\n")
    allowed = busy / 50
    sys.exit(bool(tally.wrong) or refused > max(1, allowed))


if __name__ == "__main__":
    main()

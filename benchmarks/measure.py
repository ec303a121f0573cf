"""Measuring, for every benchmark here: fresh processes, in turn, and medians.

A run is a process of its own. It starts, imports, prepares, does the one thing that is timed, and prints what
that cost; so nothing is warm from the run before, and its peak memory is its own. The process that starts
runs has to stay small: Linux counts what the parent occupies at that moment to the child's ``ru_maxrss``.

Only the standard library is used, since rivals import this from an environment without pandas.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import multiprocessing
import os
import resource
import runpy
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_HERE = Path(__file__).parent
_COPIED = False
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in one unit of ru_maxrss


# In a run's own process.


@dataclass(frozen=True)
class Run:
    """What a run cost.

    Parameters
    ----------
    seconds
        Time on the clock.
    cpu
        Processor seconds of all its threads.
    peak_mb
        Most memory that the process had so far, with interpreter and libraries.
    facts
        What it found, for the comparison of results; None unless asked for.
    """

    seconds: float
    cpu: float
    peak_mb: float
    facts: dict[str, Any] | None = None


def measured(work: Callable[[], T]) -> tuple[T, Run]:
    """Do the work; return its result and what it cost."""
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    return result, Run(seconds, used, peak_mb())


def peak_mb() -> float:
    """Return the most memory that this process had so far."""
    # Linux counts to ru_maxrss what the parent occupied when it started this process; VmHWM does without.
    with contextlib.suppress(OSError, StopIteration):
        return _status_mb("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / 2**20


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that some work takes in this process."""
    return measured(work)[1].seconds


def peak_beyond_mb(work: Callable[[], Any]) -> float:
    """Return how much more memory some work needs than this process has: in a copy of it, by fork."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_send_peak, args=(work, sender))
    child.start()
    peak: float = receiver.recv()
    child.join()
    return peak


def _send_peak(work: Callable[[], Any], sender: Any) -> None:
    before = _status_mb("VmRSS")
    work()
    sender.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before)


def _status_mb(name: str) -> float:
    """Return a size that Linux says of this process."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


Part = Callable[[dict[str, Any]], tuple[Run, Callable[[], dict[str, Any]]]]
"""A contestant's own code: takes what it is given; returns the cost, and how to find the facts."""


def take_part(parts: Mapping[str, Part]) -> None:
    """Be the process of a run: do the part that the command line names, and print what it cost."""
    given = json.load(sys.stdin)
    run, facts = parts[sys.argv[1]](given)
    found = facts() if given["check"] else None
    print(json.dumps(asdict(run) | {"facts": found}), flush=True)
    os._exit(0)  # taking everything down in order would take longer than many a run


def fingerprint(rows: Iterable[Sequence[Any]]) -> str:
    """Return a text that two sets of rows share only when they are equal, whatever their order."""
    texts = sorted(map(repr, rows))
    return f"{len(texts)} rows {hashlib.sha256(chr(10).join(texts).encode()).hexdigest()[:16]}"


# In the process that starts runs.


@dataclass(frozen=True)
class Contestant:
    """One way of doing something.

    Parameters
    ----------
    label
        Its name in what is printed.
    module
        Module that ends in `take_part`, as seen from this folder.
    part
        Name of the part in it.
    given
        What the part is told, beside ``check`` and ``folder``: a folder that is there for one run only,
        unless one is given here.
    copy_of
        Folder with which each run's own one starts; None starts with an empty one.
    python
        Interpreter.
    """

    label: str
    module: str
    part: str
    given: Mapping[str, Any]
    copy_of: Path | None = None
    python: str = sys.executable

    def run(self, check: bool = False) -> Run:
        """Run once, in a process of its own."""
        with tempfile.TemporaryDirectory(prefix="brightcall-bench-") as folder:
            if self.copy_of is not None:
                shutil.copytree(self.copy_of, folder, dirs_exist_ok=True)
                if not check:
                    os.sync()  # or the disk is still busy with it while the run is timed
            given = {"folder": folder} | dict(self.given) | {"check": check}
            status, said = (_started, _copied)[_COPIED and self.python == sys.executable](
                self, json.dumps(given)
            )
        if status:
            sys.exit(f"{self.label}: the run ended with {status}; its message is above")
        return Run(**json.loads(said.splitlines()[-1]))


def _started(contestant: Contestant, given: str) -> tuple[int, str]:
    """Run in a Python that starts anew; return the exit status and what was printed."""
    command = [contestant.python, "-m", contestant.module, contestant.part]
    done = subprocess.run(command, cwd=_HERE, input=given, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def run_in_copies(*modules: str) -> None:
    """Let runs be copies of this process, which imports these modules: quicker, and nothing to judge.

    On Linux only: elsewhere a process that has used as many libraries cannot be copied safely, or not at all.
    """
    global _COPIED  # noqa: PLW0603
    _COPIED = sys.platform == "linux"
    for each in modules if _COPIED else ():
        importlib.import_module(each)


def _copied(contestant: Contestant, given: str) -> tuple[int, str]:
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as said:
        context = multiprocessing.get_context("fork")
        child = context.Process(target=_run_here, args=(contestant.module, contestant.part, given, said.name))
        child.start()
        child.join()
        return child.exitcode or 0, said.read()


def _run_here(module: str, part: str, given: str, path: str) -> None:
    os.chdir(_HERE)
    os.dup2(os.open(path, os.O_WRONLY), sys.stdout.fileno())
    sys.argv, sys.stdin = [module, part], io.StringIO(given)
    runpy.run_module(module, run_name="__main__", alter_sys=True)  # what it starts imports it by its name


def alternating(contestants: Sequence[Contestant], rounds: int) -> list[list[Run]]:
    """Run all in turn, so many times: A B A B …; return the runs of each."""
    turns = [[each.run() for each in contestants] for _ in range(rounds)]
    return [list(runs) for runs in zip(*turns, strict=True)]


def compared(contestants: Sequence[Contestant], rounds: int) -> list[list[Run]]:
    """Check that all find the same, then run them in turn; without rounds the checked runs are returned."""
    checked = [each.run(check=True) for each in contestants]
    for each, run in zip(contestants[1:], checked[1:], strict=True):
        same_facts(contestants[0].label, checked[0].facts or {}, each.label, run.facts or {})
    return alternating(contestants, rounds) if rounds else [[run] for run in checked]


def same_facts(one: str, facts: Mapping[str, Any], other: str, others: Mapping[str, Any]) -> None:
    """End the benchmark unless all that both know is equal."""
    common = facts.keys() & others.keys()
    different = sorted(name for name in common if facts[name] != others[name])
    if different or not common:
        sys.exit(
            f"{one} and {other} do not have the same result: {', '.join(different) or 'nothing to compare'}"
        )


# What is printed.


@dataclass(frozen=True)
class Figure:
    """What one contestant took: the figures of its runs, or one that nobody has to measure."""

    label: str
    values: Sequence[float]
    unit: str = "s"
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, label: str, runs: Sequence[Run]) -> Figure:
        """Sum up runs."""
        cpu = statistics.median(run.cpu for run in runs)
        peak = statistics.median(run.peak_mb for run in runs)
        return cls(label, [run.seconds for run in runs], "s", (f"CPU {cpu:.2f} s", f"peak {peak:,.0f} MB"))

    @property
    def median(self) -> float:
        """Median of the runs."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        several = len(self.values) > 1
        spread = f"({min(self.values):.2f}–{max(self.values):.2f})" if several else ""
        notes = "".join(f"{note:>16}" for note in self.notes)
        return f"    {self.label:<34}{self.median:>8.2f} {self.unit:<3}{spread:<15}{notes}".rstrip()


@dataclass(frozen=True)
class Target:
    """What the ratio shall be: rival ÷ here for ``at least``, here ÷ rival for ``at most``."""

    bound: str
    value: float

    def ratio(self, here: Figure, rival: Figure) -> float:
        """Return the ratio of medians."""
        times = rival.median / here.median
        return times if self.bound == "at least" else 1 / times

    def met(self, ratio: float) -> bool:
        """Tell whether the ratio is good enough."""
        return ratio >= self.value if self.bound == "at least" else ratio <= self.value

    def __str__(self) -> str:
        return f"{self.bound} {self.value:g}"


@dataclass
class Protocol:
    """Prints each comparison as its figures come in, and remembers what missed its target.

    Parameters
    ----------
    judge
        Say whether targets are met. With few calls or few runs that means nothing.
    """

    judge: bool = True
    missed: list[str] = field(default_factory=list)

    def compare(self, what: str, here: Figure, rival: Figure, target: Target, *others: Figure) -> None:
        """Print two figures, their ratio, whether that is what it shall be, and others to see it by."""
        ratio = target.ratio(here, rival)
        verdict = "not judged"
        if self.judge:
            verdict = "met" if target.met(ratio) else "MISSED"
            self.missed += [] if target.met(ratio) else [what]
        self.say(f"{what}: {ratio:.2f} ×, {target}: {verdict}", here, rival, *others)

    def say(self, what: str, *figures: Figure) -> None:
        """Print figures that are not compared."""
        print("\n".join([what, *map(str, figures), ""]), flush=True)

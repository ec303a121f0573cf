"""Chains of parties against what one writes by hand, on one million calls.

Run it with ``python benchmarks/chains.py``; ``--calls`` takes another size. The rival is
``apply(json.loads)`` and a join, which gives the path alone; `transfer_chains` gives all its columns.
Results are compared before anything is timed; runs alternate, and the median of five is shown. Memory is the
peak that a process of its own needs beyond the calls.
"""

from __future__ import annotations

import argparse
import json
import statistics
from functools import partial

import numpy as np
import pandas as pd
from measure import peak_beyond_mb, timed

import brightcall_pandas  # noqa: F401 - registers .calls

RUNS = 5
PARTIES = 300


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1_000_000)
    calls = parser.parse_args().calls
    print(f"{calls:,} calls; medians of {RUNS} alternating runs\n")
    print(f"{'texts':<34}{'by hand':>16}{'transfer_chains':>20}{'ratio':>9}")
    for words, distinct in (("4 % distinct", calls // 25), ("all distinct", calls)):
        frame = made_up(calls, distinct)
        for client in (False, True):
            if client:
                frame["clientNumber"] = pd.Series(
                    [f"+4930{n % 200_000:07}" for n in range(calls)], dtype="str"
                )
            compare(words + (", client left out" if client else ""), frame)
    print(f"\nOther tables, 4 % distinct:\n{'':<34}{'time':>16}")
    frame = made_up(calls, calls // 25)
    frame["id"] = pd.Series(np.arange(calls)).astype("str")
    frame["timestamp"] = pd.Timestamp("2026-03-02T09:00:00Z")
    frame["state"] = pd.Categorical(["answered"] * calls, ["unanswered", "answered", "failed"])
    frame["outcomeType"] = pd.Categorical(["positive"] * calls, ["positive", "neutral", "negative", "absent"])
    frame["talkTime"] = np.arange(calls) % 600 / 1.0
    for name in (
        "transfer_variants",
        "transfer_matrix",
        "transfer_summary",
        "transfer_parties",
        "transfer_flow",
        "transfer_events",
        "to_event_log",
    ):
        seconds = statistics.median(timed(getattr(frame.calls, name)) for _ in range(RUNS))
        print(f"{name:<34}{seconds * 1000:>13.0f} ms")


def made_up(calls: int, distinct: int) -> pd.DataFrame:
    """Return calls whose texts, lists of one to six numbers, are so many different ones."""
    rng = np.random.default_rng(0)
    texts: dict[str, None] = {}
    while len(texts) < distinct:
        lengths = rng.integers(1, 7, distinct)
        numbers = rng.integers(100, 100 + PARTIES, int(lengths.sum())).astype(str).tolist()
        ends = np.cumsum(lengths)
        for start, end in zip(ends - lengths, ends, strict=True):
            texts[json.dumps(numbers[start:end])] = None
    pool = np.array(list(texts)[:distinct], dtype=object)
    chosen = pool if distinct == calls else pool[rng.integers(0, distinct, calls)]
    return pd.DataFrame({"numbersInvolvedJSON": pd.Series(chosen, dtype="str")})


def by_hand(frame: pd.DataFrame) -> pd.Series:
    return frame["numbersInvolvedJSON"].apply(json.loads).apply(" → ".join)


def ours(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.calls.transfer_chains()


def compare(words: str, frame: pd.DataFrame) -> None:
    assert by_hand(frame).tolist() == ours(frame)["path"].tolist()
    both = partial(by_hand, frame), partial(ours, frame)
    runs = [tuple(map(timed, both)) for _ in range(RUNS)]
    hand, own = (statistics.median(each) for each in zip(*runs, strict=True))
    memory = list(map(peak_beyond_mb, both))
    shown = [f"{seconds:.2f} s {mb:>5.0f} MB" for seconds, mb in zip((hand, own), memory, strict=True)]
    print(f"{words:<34}{shown[0]:>16}{shown[1]:>20}{hand / own:>8.1f}×")


if __name__ == "__main__":
    main()

"""Each table of the catalogue against plain pandas or NumPy, on one million calls.

Run it with ``python benchmarks/catalog.py``; ``--calls`` takes another size, names choose some tables. The
other side is `tables/`. The numbers that both sides have are compared before anything is timed;
runs alternate, and medians of five are shown. "alone" is a table as the first question to a frame, "asked
after others" one to a frame whose texts were read before, as in a notebook. A table alone may take 1.5 × the
plain code, the whole catalogue on one frame 5 s. Memory is the peak that a process of its own needs beyond
the calls. ``--small`` compares and times a few calls once, and judges nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from measure import peak_beyond_mb, timed
from tables import by_hand, follow_up, transfers, watching

from brightcall_pandas import analysis
from brightcall_pandas.frame._columns import column, to_pandas
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains

BY_HAND = by_hand.TABLES | follow_up.TABLES | transfers.TABLES | watching.TABLES
RUNS = 5
RATIO, TOTAL_S = 1.5, 5.0
OPTIONS: dict[str, dict[str, Any]] = {
    "agent_time": {"per": "total"},
    "breakdown": {"by": "hour"},
    "compare": {"by": "agent"},
    "explain_change": {"by": "project"},
}
TWO_SIDED = ("compare", "explain_change")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[[], *BY_HAND], help="tables; default: all")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--small", action="store_true", help="8,000 calls, for make test")
    arguments = parser.parse_args()
    runs = 0 if arguments.small else RUNS
    df = made_up(8_000 if arguments.small else arguments.calls)
    print(f"{len(df):,} calls; medians of {runs or 1} alternating runs, peak memory beyond the calls\n")
    print(f"{'table':<24}{'by hand':>22}{'alone':>22}{'ratio':>9}{'asked after others':>22}")
    total, missed = 0.0, []
    for name in arguments.names or BY_HAND:
        hand, alone, after = compared(name, df, runs)
        total += after
        missed += [name] if alone > RATIO * hand else []
    print(f"\n{'all of them':<24}{'':>53}{total:>20.2f} s")
    if len(df) >= 1_000_000 and (missed or total > TOTAL_S):
        sys.exit(f"missed: {', '.join(missed) or f'{TOTAL_S} s for all'}")


def made_up(calls: int) -> pd.DataFrame:
    """Return a year of the sandbox's calls as a typed frame, newest first as the API sends them."""
    rng = np.random.default_rng(0)
    drawn = draw_calls(rng, calls, 365)
    table = call_table(rng, drawn, planted_chains(rng, drawn))
    df = to_pandas(table, "Europe/Berlin")
    for name in ("type", "state", "outcomeType"):
        df[name] = column(df, name)
    return df.iloc[::-1].reset_index(drop=True)


def compared(name: str, df: pd.DataFrame, runs: int) -> tuple[float, float, float]:
    """Check that both sides find the same, then time them in turn."""
    table, plain = getattr(analysis, name), BY_HAND[name]
    half = len(df) // 2
    sides = (df.iloc[:half], df.iloc[half:]) if name in TWO_SIDED else (df,)
    more = (statistics_of(df),) if name == "reconcile" else ()

    def ours(calls: tuple[pd.DataFrame, ...] = sides) -> pd.DataFrame:
        result: pd.DataFrame = table(*calls, *more, **OPTIONS.get(name, {}))
        return result

    def alone() -> float:
        unread = tuple(side.iloc[: len(side)] for side in sides)  # other Arrow arrays of the same values
        return timed(partial(ours, unread))

    def by_hands() -> pd.DataFrame:
        return plain(*sides)

    found: dict[str, pd.DataFrame] = {}
    hand = timed(lambda: found.update(hand=by_hands()))
    here = timed(lambda: found.update(here=ours()))
    check(name, found["here"], found["hand"])
    times = [(timed(by_hands), alone(), timed(ours)) for _ in range(runs)] or [(hand, here, here)]
    hand, first, after = (statistics.median(each) for each in zip(*times, strict=True))
    memory = [peak_beyond_mb(each) if runs else 0.0 for each in (by_hands, ours)]
    shown = [
        f"{seconds * 1000:,.0f} ms {mb:>6,.0f} MB" for seconds, mb in zip((hand, first), memory, strict=True)
    ]
    print(f"{name:<24}{shown[0]:>22}{shown[1]:>22}{first / hand:>8.2f}×{after * 1000:>19,.0f} ms", flush=True)
    return hand, first, after


def statistics_of(df: pd.DataFrame) -> pd.DataFrame:
    """Return figures for `reconcile` to compare with: those counted by hand."""
    rows = by_hand.reconcile(df)["rows"].unstack()
    return rows.reindex(["all", "inbound", "outbound", "internal"]).rename_axis("direction")


def check(name: str, here: pd.DataFrame, hand: pd.DataFrame) -> None:
    """End the benchmark unless the columns that both have are equal."""
    common = [each for each in hand.columns if each in here.columns]
    assert common, f"{name}: no column to compare"
    if name in ("quality", "reconcile"):
        here = here.reindex(hand.index)
    if name == "heatmap":
        hand = hand.reindex(columns=here.columns, fill_value=0)
        common = list(here.columns)
    if name == "talk_time_histogram" or name == "answer_time_histogram":
        hand = hand.iloc[: len(here)]
    assert len(here) == len(hand), f"{name}: {len(here)} rows here, {len(hand)} by hand"
    if set(here.index) == set(hand.index):
        hand = hand.reindex(here.index)
    for each in common:
        left, right = here[each].to_numpy(), hand[each].to_numpy()
        if here[each].dtype == "boolean":  # by hand, what is not tested is not beyond chance
            left = here[each].to_numpy(dtype=bool, na_value=False)
        if pd.api.types.is_numeric_dtype(here[each].dtype):
            same = np.allclose(left.astype(float), right.astype(float), rtol=1e-9, atol=1e-7, equal_nan=True)
        else:
            same = list(left) == list(right)
        assert same, f"{name}: {each} differs"


if __name__ == "__main__":
    main()

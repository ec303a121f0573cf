"""How often analyses claim a difference where there is none, and how often where one was planted.

Run it with ``python benchmarks/worlds.py``: 200 worlds in which nothing differs, and 20 worlds for each size
of a planted effect, of 6,000 calls over 30 days each, from fixed seeds; nothing is timed. ``--picture`` draws
the power curves, ``--small`` takes a few small worlds, as ``make test`` does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import brightcall_pandas as bc
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains

COLUMNS = [
    "clientNumber",
    "lineNumber",
    "outcomeType",
    "projectName",
    "state",
    "talkTime",
    "timestamp",
    "type",
    "userId",
]
LINE, HOUR = "+49305550103", 17
NULL_SEED, PLANTED_SEED = 0, 10_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=6_000, help="calls of a world")
    parser.add_argument("--null", type=int, default=200, help="worlds in which nothing differs")
    parser.add_argument("--planted", type=int, default=20, help="worlds for each size of an effect")
    parser.add_argument("--picture", type=Path, help="write the power curves there")
    parser.add_argument("--small", action="store_true", help="a few small worlds, for make test")
    given = parser.parse_args()
    if given.small:
        given.calls, given.null, given.planted = 1_500, 3, 1
    mpl.use("Agg")
    start = time.perf_counter()
    print(f"{given.null} worlds in which nothing differs, {given.calls:,} calls each\n")
    falsely = false_claims(given.null, given.calls)
    print(f"\n{given.planted} worlds for each size of an effect\n")
    curves = {
        name: curve(claim, given.planted, given.calls, small=given.small) for name, claim in CURVES.items()
    }
    print(f"\nTook {time.perf_counter() - start:.0f} s.")
    if given.picture is not None:
        draw(curves, falsely, given.calls, given.picture)


def calls_of(world: bc.World, calls: int, seed: int) -> pd.DataFrame:
    """Return the calls of a world, as the sandbox would serve them."""
    rng = np.random.default_rng(seed)
    drawn = draw_calls(rng, calls, 30, world=world)
    rows = call_table(rng, drawn, planted_chains(rng, drawn)).select(COLUMNS).to_pandas()
    rows["timestamp"] = rows["timestamp"].dt.tz_convert("Europe/Berlin")
    rows.loc[rows["type"] == "outbound", "attempt"] = rows.groupby(["type", "clientNumber"]).cumcount() + 1
    return rows


# Claims: which units of a table are said to differ.


def falling_lines(rows: pd.DataFrame) -> pd.Series:
    """Lines whose whole interval of the trend is below zero."""
    return rows.calls.by_line()["trend_high"] < 0


def rising_lines(rows: pd.DataFrame) -> pd.Series:
    """Lines whose whole interval of the trend is above zero."""
    return rows.calls.by_line()["trend_low"] > 0


def separated_agents(rows: pd.DataFrame) -> pd.Series:
    """Agents who cannot have every rank: the intervals of some other agents lie wholly on one side."""
    table = rows[rows["type"] == "outbound"].calls.by_agent()
    ranked = table[table["rank"].notna()]
    return (ranked["rank_best"] > 1) | (ranked["rank_worst"] < len(ranked))


def apart(by: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Return the claim that the interval of a unit's answer rate does not cover the rate of all."""

    def claim(rows: pd.DataFrame) -> pd.Series:
        calls = rows[rows["type"] == "outbound"]
        table = calls.calls.breakdown(by, ["n_calls", "answer_rate"])
        table = table[table["n_calls"] >= 20]
        rate = (calls["state"] == "answered").mean()
        return (table["answer_rate_low"] > rate) | (table["answer_rate_high"] < rate)

    return claim


CLAIMS: dict[str, tuple[Callable[[pd.DataFrame], pd.Series], float | None]] = {
    "by_line: trend falls": (falling_lines, 0.025),
    "by_line: trend rises": (rising_lines, 0.025),
    "by_agent: not every rank is possible": (separated_agents, None),
    "breakdown by agent: interval without the rate of all": (apart("agent"), 0.05),
    "breakdown by line: the same": (apart("line"), 0.05),
    "breakdown by project: the same": (apart("project"), 0.05),
    "breakdown by hour: the same": (apart("hour"), 0.05),
    "breakdown by weekday: the same": (apart("weekday"), 0.05),
}
"""What is claimed, of which units, and the share of false claims that the interval promises."""


def false_claims(worlds: int, calls: int) -> dict[str, float]:
    """Print and return the share of units of which something is claimed where nothing differs."""
    units: dict[str, list[int]] = {name: [0, 0, 0] for name in CLAIMS}
    changes, luck = [], 0
    for seed in range(NULL_SEED, NULL_SEED + worlds):
        rows = calls_of(bc.worlds["null"], calls, seed)
        for name, (claim, _) in CLAIMS.items():
            said = claim(rows)
            for place, more in enumerate((said.sum(), len(said), said.any())):
                units[name][place] += int(more)
        changes.append(shift_in_attempts(rows))
        luck += two_of_two_is_first(rows, seed)
    print(f"{'claim':<54}{'of units':>10}{'promised':>10}{'worlds with one':>17}")
    for name, (said, all_, some) in units.items():
        promised = CLAIMS[name][1]
        words = "" if promised is None else f"{promised:.1%}"
        print(f"{name:<54}{said / all_:>10.1%}{words:>10}{some / worlds:>17.0%}")
    change, by_project, by_attempt = np.mean(changes, axis=0)
    print("\nexplain_change, second half of the month minus the first, on average:")
    print(
        f"    {change:+.2%}; by project, rates explain {by_project:+.2%} of it, by attempt {by_attempt:+.2%}"
    )
    print("by_agent beside a dialer of 20,000 calls:")
    print(f"    two answers of two calls are ranked first in {luck / worlds:.0%} of the worlds")
    return {name: said / all_ for name, (said, all_, _) in units.items()}


def shift_in_attempts(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Return how the answer rate changed within the month, and what rates explain by project and attempt.

    First attempts come early and later ones late, and each is answered as often all the time: by attempt, all
    of the change is mix.
    """
    calls = rows[rows["type"] == "outbound"]
    late = calls["timestamp"] >= "2026-03-17"
    parts = []
    for by in ("projectName", "attempt"):
        table = calls[late].calls.explain_change(calls[~late], "answer_rate", by=by)
        parts.append((table["rate_effect"].sum(), table["effect"].sum()))
    return parts[0][1], parts[0][0], parts[1][0]


def two_of_two_is_first(rows: pd.DataFrame, seed: int) -> bool:
    """Return whether an agent with two answered calls is ranked first, beside a dialer that calls a lot."""
    rng = np.random.default_rng(seed)
    people = rows[rows["type"] == "outbound"][["userId", "state"]]
    dialer = pd.DataFrame(
        {"userId": "dialer", "state": np.where(rng.random(20_000) < 0.1, "answered", "unanswered")}
    )
    novice = pd.DataFrame({"userId": "novice", "state": ["answered", "answered"]})
    table = pd.concat([people, dialer, novice]).calls.by_agent(min_calls=1)
    return table.index[0] == "novice"


# Power: how often the planted unit is named.

CURVES: dict[str, tuple[Callable[[float], bc.World], Callable[[pd.DataFrame], float], list[float], str]] = {
    "by_line: a line falls from the middle of the month on": (
        lambda size: bc.World("planted", [("answer", f"line:{LINE}", -size, 0.5)]),
        lambda rows: float(falling_lines(rows)[LINE]),
        [0, 0.25, 0.5, 0.75, 1, 1.5],
        "by_line: trend falls",
    ),
    "breakdown by line: a line is answered less": (
        lambda size: bc.World("planted", [("answer", f"line:{LINE}", -size)]),
        lambda rows: float(apart("line")(rows)[LINE]),
        [0, 0.1, 0.2, 0.3, 0.5, 0.8],
        "breakdown by line: the same",
    ),
    "breakdown by hour: an hour is answered more": (
        lambda size: bc.World("planted", [("answer", f"hour:{HOUR}", size)]),
        lambda rows: float(apart("hour")(rows)[HOUR]),
        [0, 0.1, 0.2, 0.3, 0.5, 0.8],
        "breakdown by hour: the same",
    ),
    "by_agent: agents differ, standard deviation": (
        lambda size: bc.World("planted", [("answer", "agent", size)]),
        lambda rows: float(separated_agents(rows).mean()),
        [0, 0.1, 0.2, 0.3, 0.5, 0.8],
        "by_agent: not every rank is possible",
    ),
}
"""Title → world of a size, share of the planted units that are named, sizes, and the claim it is about."""


def curve(
    claim: tuple[Callable[[float], bc.World], Callable[[pd.DataFrame], float], list[float], str],
    worlds: int,
    calls: int,
    *,
    small: bool,
) -> pd.Series:
    """Print and return the share of planted units that are named, by the size of the effect."""
    world, named, sizes, about = claim
    sizes = sizes[1::3] if small else sizes
    power = {}
    for size in sizes:
        found = [named(calls_of(world(size), calls, PLANTED_SEED + number)) for number in range(worlds)]
        power[size] = float(np.mean(found))
    told = ", ".join(f"{size:g}: {share:.0%}" for size, share in power.items())
    print(f"{about:<54}{told}")
    return pd.Series(power)


def draw(curves: dict[str, pd.Series], falsely: dict[str, float], calls: int, path: Path) -> None:
    """Write the power curves, with the share of false claims as a line."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), sharey=True, layout="constrained")
    for place, (title, power) in zip(axes.flat, curves.items(), strict=True):
        about = CURVES[title][3]
        place.plot(power.index, power, marker="o", color="#0072B2")
        place.axhline(falsely[about], color="#D55E00", linestyle="--", linewidth=1)
        place.annotate(
            f"where nothing differs: {falsely[about]:.1%}",
            (1, falsely[about]),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            color="#D55E00",
            fontsize=8,
        )
        place.set(title=title, xlabel="size of the effect, log odds", ylim=(-0.03, 1.03))
        place.title.set_fontsize(10)
        place.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
        place.spines[["top", "right"]].set_visible(False)
    for place in axes[:, 0]:
        place.set_ylabel("planted units that are named")
    figure.suptitle(f"How often a planted difference is found in {calls:,} calls of a month", fontsize=12)
    figure.savefig(path, dpi=110)
    print(f"{path} has the curves.")


if __name__ == "__main__":
    main()

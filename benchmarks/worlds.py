"""How often analyses claim a difference where there is none, and how often where one was planted.

Run it with ``python benchmarks/worlds.py``: 200 worlds in which nothing differs, and 20 worlds for each size
of a planted effect, of 6,000 calls over 30 days each, from fixed seeds; nothing is timed. ``--picture`` draws
the power curves, ``--small`` takes a few small worlds, as ``make test`` does; with ``--planted 0`` or
``--null 0`` one of the two parts is left out, and ``--only "beyond chance"`` takes the claims and curves that
have these words.

Whatever gives an interval or a flag is here: `by_agent`, `by_line`, `by_outcome`, `attempts`, `breakdown`,
`funnel`, `service_level`, `abandonment`, `repeat_callers`, `talk_time_buckets`, `callbacks`, `ratings`,
`rung_parties`, `ai_handover`, `transfer_variants`, `over_time`, `heatmap`, `compare`, `explain_change`,
`watch`, of which is also told how soon it finds a line that loses a third of its answers. Of
``beyond_chance``, the promise is about tables: where nothing differs, at most one in twenty may say anything.
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
from brightcall_pandas.sandbox._account import OUTCOMES
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains
from brightcall_pandas.sandbox._truth_effects import baseline

COLUMNS = [
    "aiTalkTime",
    "answerTime",
    "callTime",
    "clientNumber",
    "crmInfo",
    "lineNumber",
    "numbersInvolvedJSON",
    "numbersRingedJSON",
    "outcomeTag",
    "outcomeType",
    "projectName",
    "qualityRating",
    "state",
    "talkTime",
    "timestamp",
    "transfers",
    "type",
    "userId",
]
LINE, HOUR, PROJECT = "+49305550103", 17, "Renewals"
SALES = [each.name for each in OUTCOMES if each.kind == "positive"]
NULL_SEED, PLANTED_SEED = 0, 10_000
WATCHED = ("line", "agent", "project")
A_THIRD = 0.525
"""Log odds that take 28 % of answered calls to 18.7 %."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=6_000, help="calls of a world")
    parser.add_argument("--null", type=int, default=200, help="worlds in which nothing differs")
    parser.add_argument("--planted", type=int, default=20, help="worlds for each size of an effect")
    parser.add_argument("--picture", type=Path, help="write the power curves there")
    parser.add_argument("--only", default="", help="claims and curves that have these words")
    parser.add_argument("--small", action="store_true", help="a few small worlds, for make test")
    given = parser.parse_args()
    if given.picture is not None and not (given.null and given.planted):
        parser.error("--picture needs both kinds of worlds")
    if given.small:
        given.calls, given.null, given.planted = 1_500, 2, 1
    mpl.use("Agg")
    start = time.perf_counter()
    print(f"{given.null} worlds in which nothing differs, {given.calls:,} calls each\n")
    falsely = false_claims(given.null, given.calls, given.only) if given.null else {}
    print(f"\n{given.planted} worlds for each size of an effect\n")
    curves = {
        title: curve(title, given.planted, given.calls, small=given.small)
        for title in CURVES
        if given.planted and given.only in title
    }
    if given.planted and given.only in DELAYS:
        delays_of_alarms(given.planted, given.calls)
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
    rows["source"] = rows["crmInfo"].str.extract('^{"source":"([a-z]+)"', expand=False)
    return rows


# Claims: which units of a table are said to differ.

Claim = Callable[[pd.DataFrame], pd.Series]


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


def changed_verdicts(rows: pd.DataFrame) -> pd.Series:
    """Agents who differ from the rest beyond chance under some definition of contact, but not under all."""
    table = rows[rows["type"] == "outbound"].calls.sensitivity("contact_rate", by="agent")
    return table["verdict_changes"]


def apart(
    name: str,
    rate: str,
    by: str,
    *,
    of: str | None = "outbound",
    trials: tuple[str, ...] = (),
    options: dict[str, object] | None = None,
) -> Claim:
    """Return the claim that the interval of a group's rate leaves out the rate of all groups together.

    Parameters
    ----------
    name, rate
        The table and its rate, whose interval is ``<rate>_low`` to ``<rate>_high``.
    by
        What makes the groups.
    of
        Direction of the calls; None: both.
    trials
        Columns that add up to what the rate is a share of: 20 at least. Empty: all calls of the group.
    options
        Further arguments of the table.
    """

    def claim(rows: pd.DataFrame) -> pd.Series:
        calls = (rows if of is None else rows[rows["type"] == of]).calls
        table, whole = (getattr(calls, name)(by=each, **(options or {})) for each in (by, "direction"))
        usual = whole[rate]
        if table.index.nlevels > 1:
            usual = usual.droplevel(0).reindex(table.index.droplevel(0))
        tried = table[list(trials)].sum(axis=1)
        if not trials:
            tried = table.groupby(level=0)["n_calls"].transform("sum")
        return outside(table, rate, usual, tried)

    return claim


def outside(table: pd.DataFrame, rate: str, usual: object, trials: pd.Series) -> pd.Series:
    """Return where an interval leaves out the usual rate, of rows with 20 trials at least."""
    usual = np.broadcast_to(np.asarray(usual, dtype=float), len(table))
    said = (table[f"{rate}_low"] > usual) | (table[f"{rate}_high"] < usual)
    return said[(trials >= 20) & table[rate].notna()]


def short_calls_apart(rows: pd.DataFrame) -> pd.Series:
    """Lines with more or fewer short calls than all of them."""
    table = rows.calls.by_line()
    talks = rows.loc[(rows["type"] == "outbound") & (rows["state"] == "answered"), "talkTime"]
    return outside(table, "short_call_share", (talks < 10).mean(), table["answered"])


def variants_apart(rows: pd.DataFrame) -> pd.Series:
    """Ways that answered calls went which ended well more or less often than all of them."""
    calls = rows[(rows["type"] == "outbound") & (rows["state"] == "answered")]
    table = calls.calls.transfer_variants()
    return outside(table, "positive_rate", (calls["outcomeType"] == "positive").mean(), table["n_calls"])


def attempts_apart(rate: str, trials: str) -> Claim:
    """Return the claim that an attempt is not answered as often as the generator has it."""

    def claim(rows: pd.DataFrame) -> pd.Series:
        table = rows.calls.attempts()
        usual = pd.Series(baseline()["answer_rate_by_attempt"]).rename(int)
        return outside(table, rate, usual.reindex(table.index), table[trials])

    return claim


def gaps_apart(rows: pd.DataFrame) -> pd.Series:
    """Return the claim that an attempt reaches another share after one gap than after all gaps together."""
    table = rows.calls.attempt_gaps()
    sums = table.groupby(level="attempt")[["reached", "unreached"]].transform("sum")
    return outside(table, "marginal_rate", sums["reached"] / sums["unreached"], table["unreached"])


def beyond(name: str, *given: object) -> Claim:
    """Return the claim that a table of outbound calls makes by its ``beyond_chance``."""

    def claim(rows: pd.DataFrame) -> pd.Series:
        table = getattr(rows[rows["type"] == "outbound"].calls, name)(*given)
        if name == "heatmap":
            flags = pd.Series(np.ravel(table.attrs["heatmap"]["beyond_chance"]), dtype="boolean")
        else:
            flags = table["beyond_chance"]
        return flags[flags.notna()].astype(bool)

    return claim


def one_in(claim: Claim) -> Claim:
    """Return the claim about a table as a whole: any of its groups is said to differ."""
    return lambda rows: pd.Series([claim(rows).any()])


def changes_apart(rows: pd.DataFrame) -> pd.Series:
    """Weekdays whose answer rate changed between the odd and the even days, by the interval of the change."""
    calls = rows[rows["type"] == "outbound"]
    odd = calls["timestamp"].dt.day % 2 == 1
    table = calls[odd].calls.compare(calls[~odd], by="weekday", metrics=["answer_rate"])
    return (table["answer_rate_change_low"] > 0) | (table["answer_rate_change_high"] < 0)


def effects_apart(rows: pd.DataFrame) -> pd.Series:
    """Projects that are said to have moved the answer rate between the odd and the even days."""
    calls = rows[rows["type"] == "outbound"]
    odd = calls["timestamp"].dt.day % 2 == 1
    table = calls[odd].calls.explain_change(calls[~odd], by="project")
    return (table["effect_low"] > 0) | (table["effect_high"] < 0)


def periods_apart(rows: pd.DataFrame) -> pd.Series:
    """Days whose interval of the rate of first attempts leaves out that of all days."""
    calls = rows[(rows["type"] == "outbound") & (rows["attempt"] == 1)]
    table = calls.calls.over_time("D")
    return outside(table, "answer_rate", (calls["state"] == "answered").mean(), table["n_calls"])


def cells_apart(rows: pd.DataFrame) -> pd.Series:
    """Cells of the week whose interval of the rate leaves out that of all cells."""
    calls = rows[rows["type"] == "outbound"]
    said = calls.calls.heatmap("answer_rate").attrs["heatmap"]
    table = pd.DataFrame({f"answer_rate_{end}": np.ravel(said[end]) for end in ("low", "high")})
    table["answer_rate"] = table["answer_rate_low"]
    counted = pd.Series(np.ravel(said["counted"]))
    return outside(table, "answer_rate", (calls["state"] == "answered").mean(), counted)


def raised(by: str) -> Claim:
    """Return the claim that a watch makes: it raised the alarm of a unit, be it over by now."""

    def claim(rows: pd.DataFrame) -> pd.Series:
        table = rows.calls.watch(by=by)
        return pd.Series(table.attrs["watch"]["alarms"], index=table.index) > 0

    return claim


def metrics(rate: str) -> dict[str, object]:
    return {"metrics": ["n_calls", rate]}


CLAIMS: dict[str, tuple[Claim, float | None]] = {
    "by_line: trend falls": (falling_lines, 0.025),
    "by_line: trend rises": (rising_lines, 0.025),
    "by_line: share of short calls": (short_calls_apart, 0.05),
    "by_agent: not every rank is possible": (separated_agents, None),
    **{
        f"breakdown by {by}: answer rate": (
            apart("breakdown", "answer_rate", by, options=metrics("answer_rate")),
            0.05,
        )
        for by in ("agent", "line", "project", "hour", "weekday")
    },
    "breakdown by agent: positive rate": (
        apart("breakdown", "positive_rate", "agent", options=metrics("positive_rate")),
        0.05,
    ),
    **{
        f"by_outcome by {by}: share of an outcome": (apart("by_outcome", "share", by), 0.05)
        for by in ("agent", "line", "project", "hour")
    },
    "attempts: answer rate": (attempts_apart("answer_rate", "dials"), 0.05),
    "attempts: marginal rate": (attempts_apart("marginal_rate", "unreached"), 0.05),
    "attempts by source: answer rate": (apart("attempts", "answer_rate", "source", trials=("dials",)), 0.05),
    "attempts by source: marginal rate": (
        apart("attempts", "marginal_rate", "source", trials=("unreached",)),
        0.05,
    ),
    "attempt_gaps: marginal rate": (gaps_apart, 0.05),
    "funnel by project: step rate": (
        apart("funnel", "step_rate", "project", trials=("n_calls", "lost")),
        0.05,
    ),
    "talk_time_buckets by project: share": (apart("talk_time_buckets", "share", "project"), 0.05),
    "service_level by project": (
        apart("service_level", "service_level_offered", "project", of="inbound", trials=("offered",)),
        0.05,
    ),
    "abandonment by project": (
        apart("abandonment", "abandonment_rate", "project", of="inbound", trials=("offered",)),
        0.05,
    ),
    "repeat_callers by project": (
        apart("repeat_callers", "repeat_rate", "project", of="inbound", trials=("observed",)),
        0.05,
    ),
    "callbacks by project": (
        apart("callbacks", "called_back_rate", "project", of=None, trials=("observed",)),
        0.05,
    ),
    "ratings by agent: share of low ones": (apart("ratings", "low_share", "agent", trials=("rated",)), 0.05),
    "rung_parties by project: answer rate": (
        apart("rung_parties", "answer_rate", "project", of="inbound", trials=("n_rung",)),
        0.05,
    ),
    "ai_handover by project: share": (apart("ai_handover", "share", "project"), 0.05),
    "transfer_variants: positive rate": (variants_apart, 0.05),
    "over_time: answer rate of first attempts": (periods_apart, 0.05),
    "heatmap: answer rate": (cells_apart, 0.05),
    "compare by weekday: change of the answer rate": (changes_apart, 0.05),
    "explain_change by project: effect": (effects_apart, 0.05),
    **{
        f"breakdown by {by}: any group beyond chance": (
            one_in(beyond("breakdown", by, ["answer_rate"])),
            0.05,
        )
        for by in ("agent", "line", "project", "hour", "weekday")
    },
    "by_agent: any agent beyond chance": (one_in(beyond("by_agent")), 0.05),
    "by_line: any line beyond chance": (one_in(beyond("by_line")), 0.05),
    "heatmap: any cell beyond chance": (one_in(beyond("heatmap", "answer_rate")), 0.05),
    "breakdown by line: beyond chance": (beyond("breakdown", "line", ["answer_rate"]), 0.05),
    "breakdown by hour: beyond chance": (beyond("breakdown", "hour", ["answer_rate"]), 0.05),
    "by_agent: beyond chance": (beyond("by_agent"), 0.05),
    "sensitivity by agent: any verdict that changes": (one_in(changed_verdicts), 0.05),
    **{f"watch by {by}: any alarm in the month": (one_in(raised(by)), 0.2) for by in WATCHED},
}
"""What is claimed, of which units, and the share of false claims that the interval promises."""


def false_claims(worlds: int, calls: int, only: str = "") -> dict[str, float]:
    """Print and return the share of units of which something is claimed where nothing differs."""
    units: dict[str, list[int]] = {name: [0, 0, 0] for name in CLAIMS if only in name}
    changes, luck = [], 0
    for seed in range(NULL_SEED, NULL_SEED + worlds):
        rows = calls_of(bc.worlds["null"], calls, seed)
        for name, counts in units.items():
            said = CLAIMS[name][0](rows)
            for place, more in enumerate((said.sum(), len(said), said.any())):
                counts[place] += int(more)
        if not only:
            changes.append(shift_in_attempts(rows))
            luck += two_of_two_is_first(rows, seed)
    print(f"{'claim':<54}{'of units':>10}{'promised':>10}{'worlds with one':>17}")
    for name, (said, all_, some) in units.items():
        promised = CLAIMS[name][1]
        words = "" if promised is None else f"{promised:.1%}"
        print(f"{name:<54}{said / max(all_, 1):>10.1%}{words:>10}{some / worlds:>17.0%}")
    if changes:
        tell_of_changes(np.mean(changes, axis=0), luck / worlds)
    return {name: said / max(all_, 1) for name, (said, all_, _) in units.items()}


def tell_of_changes(means: np.ndarray, luck: float) -> None:
    change, by_project, by_attempt = means
    print("\nexplain_change, second half of the month minus the first, on average:")
    print(
        f"    {change:+.2%}; by project, rates explain {by_project:+.2%} of it, by attempt {by_attempt:+.2%}"
    )
    print("by_agent beside a dialer of 20,000 calls:")
    print(f"    two answers of two calls are ranked first in {luck:.0%} of the worlds")


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

Curve = tuple[Callable[[float], bc.World], Callable[[pd.DataFrame], float], list[float], str]
_WIDE, _USUAL = [0, 0.25, 0.5, 0.75, 1, 1.5], [0, 0.1, 0.2, 0.3, 0.5, 0.8]


def planted(
    what: str, unit: str, sign: int = 1, from_day: float | None = None
) -> Callable[[float], bc.World]:
    """Return what makes a world with one effect of a size."""
    return lambda size: bc.World("planted", [(what, unit, sign * size, from_day)])


def named(claim: str, *unit: object) -> Callable[[pd.DataFrame], float]:
    """Return the share of the planted units of which the claim is made."""
    return lambda rows: float(np.mean(CLAIMS[claim][0](rows).loc[unit if len(unit) > 1 else unit[0]]))


def named_sales(rows: pd.DataFrame) -> float:
    """Return of how many outcomes that are sales it is claimed that the project differs."""
    said = CLAIMS["by_outcome by project: share of an outcome"][0](rows).loc[PROJECT]
    return float(said.reindex(SALES, fill_value=False).mean())


CURVES: dict[str, Curve] = {
    "by_line: a line falls from the middle of the month on": (
        planted("answer", f"line:{LINE}", -1, 0.5),
        named("by_line: trend falls", LINE),
        _WIDE,
        "by_line: trend falls",
    ),
    "breakdown by line: a line is answered less": (
        planted("answer", f"line:{LINE}", -1),
        named("breakdown by line: answer rate", LINE),
        _USUAL,
        "breakdown by line: answer rate",
    ),
    "breakdown by hour: an hour is answered more": (
        planted("answer", f"hour:{HOUR}"),
        named("breakdown by hour: answer rate", HOUR),
        _USUAL,
        "breakdown by hour: answer rate",
    ),
    "breakdown by line: a line beyond chance": (
        planted("answer", f"line:{LINE}", -1),
        named("breakdown by line: beyond chance", LINE),
        _USUAL,
        "breakdown by line: beyond chance",
    ),
    "breakdown by hour: an hour beyond chance": (
        planted("answer", f"hour:{HOUR}"),
        named("breakdown by hour: beyond chance", HOUR),
        _USUAL,
        "breakdown by hour: beyond chance",
    ),
    "by_agent: agents beyond chance": (
        planted("answer", "agent"),
        lambda rows: float(CLAIMS["by_agent: beyond chance"][0](rows).mean()),
        _USUAL,
        "by_agent: beyond chance",
    ),
    "by_agent: agents differ, standard deviation": (
        planted("answer", "agent"),
        lambda rows: float(separated_agents(rows).mean()),
        _USUAL,
        "by_agent: not every rank is possible",
    ),
    "attempts: second attempts are answered more": (
        planted("answer", "attempt:2"),
        named("attempts: answer rate", 2),
        _USUAL,
        "attempts: answer rate",
    ),
    "by_outcome by project: a project sells more": (
        planted("positive", f"project:{PROJECT}"),
        named_sales,
        _WIDE,
        "by_outcome by project: share of an outcome",
    ),
    "talk_time_buckets by project: longer talks": (
        planted("talk_time", f"project:{PROJECT}"),
        named("talk_time_buckets by project: share", PROJECT, "≥ 30 s"),
        _WIDE,
        "talk_time_buckets by project: share",
    ),
    "watch by line: a line falls from the middle of the month on": (
        planted("answer", f"line:{LINE}", -1, 0.5),
        lambda rows: float(rows.calls.watch().loc[LINE, "state"] == "fallen"),
        _WIDE,
        "watch by line: any alarm in the month",
    ),
    "abandonment by project: callers are less patient": (
        planted("patience", f"project:{PROJECT}", -1),
        named("abandonment by project", PROJECT),
        _WIDE,
        "abandonment by project",
    ),
}
"""Title → world of a size, share of the planted units that are named, sizes, and the claim it is about."""


def curve(title: str, worlds: int, calls: int, *, small: bool) -> pd.Series:
    """Print and return the share of planted units that are named, by the size of the effect."""
    world, found, sizes, _ = CURVES[title]
    sizes = sizes[1::3] if small else sizes
    power = {}
    for size in sizes:
        shares = [found(calls_of(world(size), calls, PLANTED_SEED + number)) for number in range(worlds)]
        power[size] = float(np.mean(shares))
    told = ", ".join(f"{size:g}: {share:.0%}" for size, share in power.items())
    print(f"{title:<54}{told}")
    return pd.Series(power)


DELAYS = "watch: delay of the alarm where a line loses a third of its answers in the middle of the month"


def delays_of_alarms(worlds: int, calls: int) -> None:
    """Print after how many days a line is said to have fallen that lost a third of its answers."""
    begins = pd.Timestamp("2026-03-17", tz="Europe/Berlin")  # the middle of the month
    delays, since, covered, others = [], [], 0, 0
    for seed in range(PLANTED_SEED, PLANTED_SEED + worlds):
        table = calls_of(planted("answer", f"line:{LINE}", -1, 0.5)(A_THIRD), calls, seed).calls.watch()
        row = table.loc[LINE]
        others += (
            sum(table.attrs["watch"]["alarms"]) - table.attrs["watch"]["alarms"][table.index.get_loc(LINE)]
        )
        if row["state"] == "fallen" and row["alarm_at"] >= begins:
            delays.append((row["alarm_at"] - begins) / pd.Timedelta("1D"))
            since.append((row["since"] - begins) / pd.Timedelta("1D"))
            usual = row["rate_expected"]
            truth = 1 / (1 + (1 - usual) / usual * np.exp(A_THIRD)) - usual
            covered += row["difference_low"] <= truth <= row["difference_high"]
    print(f"{DELAYS}, {calls:,} calls")
    if delays:
        quarter, median, most = np.quantile(delays, [0.25, 0.5, 0.75])
        print(
            f"    found in {len(delays)} of {worlds} worlds, after {median:.1f} days (half of them after "
            f"{quarter:.1f} to {most:.1f}, all after {min(delays):.1f} to {max(delays):.1f})"
        )
        print(
            f"    the change dated {np.median(np.abs(since)):.1f} days off; its size inside the interval in "
            f"{covered} of {len(delays)}; {others} alarms of other lines"
        )
    else:
        print(f"    found in none of {worlds} worlds; {others} alarms of other lines")


def draw(curves: dict[str, pd.Series], falsely: dict[str, float], calls: int, path: Path) -> None:
    """Write the power curves, with the share of false claims as a line."""
    rows, size = -(-len(curves) // 3), {"sharey": True, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(rows, 3, figsize=(13, 3 * rows + 0.5), **size)
    for place in axes.flat[len(curves) :]:
        place.set_axis_off()
    for place, (title, power) in zip(axes.flat, curves.items(), strict=False):
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
        place.set(title=title, xlabel="size of the effect", ylim=(-0.03, 1.03))
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

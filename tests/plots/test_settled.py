"""Periods whose outcomes have not settled, in pictures."""

from __future__ import annotations

import matplotlib.dates as mdates
import pandas as pd
import pytest

import brightcall_pandas as bc

DAYS = pd.date_range("2026-03-02", periods=8, freq="D")
LOOKBACK = {"field": "outcomeTag", "share": 0.99, "days": 2.0, "ages": [0.0, 4.0], "changing": [0.4, 0.0]}
CHARTS = {
    "control_chart": lambda calls: calls.plot.control_chart(freq="D"),
    "outcome_shares": lambda calls: calls.plot.outcome_shares(freq="D"),
    "small_multiples": lambda calls: calls.plot.small_multiples("D", by="userId"),
}


def calls(*, fetched="2026-03-10T00:00:00+00:00", **known):
    """Return ten calls at noon of each of eight days, which were read when the last of them was over."""
    times = DAYS.repeat(10) + pd.Timedelta("12h")
    df = pd.DataFrame({"timestamp": times.tz_localize("UTC"), "outcomeTag": "Won", "userId": "Ann"})
    df["state"] = [1, 0] * (len(df) // 2)
    window = {"day_from": "2026-03-02", "day_to": "2026-03-09", "rows": len(df), "fetched_at": fetched}
    df.attrs["brightcall"] = {"timezone": "UTC", "windows": [window]} | known
    return df


def hatched_days(ax):
    """Return the days that lie under a hatching, in any panel."""
    noons, hatched = mdates.date2num(DAYS + pd.Timedelta("12h")), set()
    for panel in [ax, *ax.child_axes]:
        for patch in panel.patches:
            if patch.get_hatch():
                begin, end = patch.get_x(), patch.get_x() + patch.get_width()
                hatched |= {str(day.date()) for day, at in zip(DAYS, noons, strict=True) if begin < at < end}
    return sorted(hatched)


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
class TestHatching:
    def test_days_with_changes_to_come_are_hatched_and_named(self, draw):
        ax = draw(calls(lookback=LOOKBACK).calls)
        # Read on the 10th at 0:00; outcomes have come after two days, so those of the last two days have not.
        assert hatched_days(ax) == ["2026-03-08", "2026-03-09"]
        # At noon of the 9th calls are 0.5 days old, of the 8th 1.5: 0.4 × (1 - age / 4) of them still change,
        # of the older ones less, and of those of four days and more none: (0.35 + 0.25 + 0.15 + 0.05) ÷ 8.
        assert (
            "hatched: not settled, about 10.0 % of all calls still to get another outcome"
            in bc.plots.describe(ax)
        )

    def test_settled_days_are_not(self, draw):
        for settled in (calls(lookback=LOOKBACK, fetched="2026-03-20T00:00:00+00:00"), calls()):
            ax = draw(settled.calls)
            assert hatched_days(ax) == []
            assert "not settled" not in bc.plots.describe(ax)

"""The picture of a watch: which units changed, and which are shown."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from brightcall_pandas import plots
from brightcall_pandas.accessors import _frame as accessor  # noqa: F401  (registers .calls)
from brightcall_pandas.plots._colors import RED


def calls(*, falls: str = "B", many: int = 4_000, lines: str = "ABCD") -> pd.DataFrame:
    rng = np.random.default_rng(0)
    stamps = pd.date_range("2026-03-01", "2026-03-29", periods=many, tz="Europe/Berlin")
    df = pd.DataFrame({"timestamp": stamps, "lineNumber": rng.choice(list(lines), many), "type": "outbound"})
    late = (df["lineNumber"] == falls) & (df["timestamp"] >= "2026-03-15")
    df["state"] = np.where(rng.random(many) < np.where(late, 0.15, 0.3), "answered", "unanswered")
    return df


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return calls().calls.watch()


def title(ax):
    ax.figure.canvas.draw()
    return ax.get_title(loc="left").replace("\n", " ")


def panels(ax):
    """Return the names of the small charts, in their order."""
    ax.figure.canvas.draw()
    return [panel.texts[0].get_text().partition(" ")[0] for panel in ax.child_axes]


class TestWatch:
    def test_names_what_changed_and_since_when(self, table):
        ax = plots.watch(table)
        row = table.loc["B"]
        expected, rate = (f"{row[name]:.0%}".replace("%", " %") for name in ("rate_expected", "rate_since"))
        since = f"at {rate} since {row['since'].day} March"
        alarm = f"{expected} expected (alarm on {row['alarm_at'].day} March)"
        assert title(ax) == f"Answer rate: B {since}, {alarm}"
        assert (
            "answered ÷ calls; expected: by those of every other line, of the same attempt"
            in plots.describe(ax)
        )
        assert panels(ax) == ["B", *table.index[1:]]
        assert "false alarms: at most 0.2 a month in all" in plots.describe(ax)
        for words in ("evidence of a rise, upwards", "since it changed", "call that raised the alarm"):
            assert words in plots.describe(ax)
        plt.close("all")

    def test_of_many_that_changed_two_are_told_and_the_others_counted(self, table):
        risen = {"state": "risen", "since": table["since"].iloc[0], "alarm_at": table["alarm_at"].iloc[0]}
        ax = plots.watch(table.assign(**risen))
        assert title(ax).count(" expected (alarm on ") == 2
        assert title(ax).endswith("; 2 more changed")
        plt.close("all")

    def test_a_number_of_calls_is_shown_whole_or_not_at_all(self, table):
        long = {each: f"Line {each} with a long name indeed, longer than a panel" for each in "ABCD"}
        for size in ((8, 4), (6, 3)):
            ax = plots.watch(table, names=long, figsize=size)
            ax.figure.canvas.draw()
            above = [panel.texts[0].get_text() for panel in ax.child_axes]
            assert all(each.count("(") == each.count(")") for each in above)
            assert all(each.startswith("Line ") for each in above)
            plt.close("all")

    def test_the_alarm_is_where_its_day_is(self, table):
        ax = plots.watch(table)
        dots = [line for line in ax.child_axes[0].lines if line.get_marker() == "o"]
        (dot,) = dots
        day = (table.loc["B", "alarm_at"].normalize() - pd.Timestamp("2026-03-01", tz="Europe/Berlin")).days
        first = next(line for line in ax.child_axes[0].lines if len(line.get_xdata()) > 2).get_xdata()[0]
        assert dot.get_xdata()[0] - first == day
        assert dot.get_ydata()[0] == -1  # a fall goes down
        assert not any(line.get_marker() == "o" for panel in ax.child_axes[1:] for line in panel.lines)
        plt.close("all")

    def test_nothing_changed(self):
        ax = calls(falls="").calls.plot.watch()
        assert title(ax) == "The answer rate of all 4 lines is steady"
        plt.close("all")

    def test_rows_may_be_chosen_sorted_and_named_before(self, table):
        ax = plots.watch(table.iloc[::-1].iloc[:3], names={"A": "Ann's line"})
        assert len(ax.child_axes) == 3
        assert "3 of the table's 4 rows" in plots.describe(ax)
        assert title(ax) == "The answer rate of all 3 lines is steady"
        plt.close("all")

    def test_what_changed_comes_before_what_is_large(self, table):
        ax = plots.watch(table, top=2)
        assert panels(ax)[0] == "B"
        assert len(ax.child_axes) == 2
        plt.close("all")

    def test_what_cannot_be_judged_is_not_drawn_but_said(self):
        df = pd.concat([calls(), calls(many=3, lines="E")])
        ax = df.calls.plot.watch()
        assert len(ax.child_axes) == 4
        assert "not drawn: 1 line that cannot be judged" in plots.describe(ax)
        none = calls(many=5).calls.plot.watch()
        assert "5 calls, too few to judge anything" in title(none)
        assert "no calls" in title(calls().iloc[:0].calls.plot.watch())
        plt.close("all")

    def test_only_what_is_since_the_change_stands_out(self, table):
        ax = plots.watch(table)
        curves = [line for line in ax.child_axes[0].lines if len(line.get_xdata()) > 2]
        begin = curves[0].get_xdata()[0]
        (late,) = [line for line in curves if line.get_color() == RED]
        day = (table.loc["B", "since"].normalize() - pd.Timestamp("2026-03-01", tz="Europe/Berlin")).days
        assert late.get_xdata()[0] - begin == day > 0
        assert all(line.get_color() != RED for panel in ax.child_axes[1:] for line in panel.lines)
        plt.close("all")

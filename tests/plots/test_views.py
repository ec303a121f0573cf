"""What pictures of rates against chance, of days, shares, gaps, checks and key figures find and show."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas import plots
from tests.plots.datasets import calls


def periods(rates, calls=10_000, freq="7D", whole=None, begin="2026-01-05"):
    """Return what `over_time` would: periods of so many calls with these answer rates."""
    stamps = pd.date_range(begin, periods=len(rates), freq=freq, tz="Europe/Berlin", name="timestamp")
    calls = np.broadcast_to(calls, len(rates)).astype(int)
    return pd.DataFrame(
        {
            "n_calls": calls,
            "answered": np.round(np.array(rates) * calls),
            "answer_rate": rates,
            "complete": True if whole is None else whole,
        },
        index=stamps,
    )


def title(ax):
    ax.figure.canvas.draw()
    return ax.get_title(loc="left").replace("\n", " ")


def texts(ax):
    ax.figure.canvas.draw()
    return [each.get_text() for each in ax.texts if each.get_text() and each.get_visible()]


class TestControlChart:
    def test_names_how_many_periods_lie_outside_three_standard_errors(self):
        # The mean is 40.2 %, three standard errors of 10,000 calls are 1.47 points.
        ax = plots.control_chart(periods([0.40, 0.40, 0.42, 0.40, 0.39]))
        assert title(ax) == "1 of 5 weeks lies outside what chance explains: the week of 19 January above"
        assert "2026" not in title(ax)

    def test_the_limits_follow_from_each_periods_own_calls(self):
        # Two points are much for 10,000 calls and little for 1,000: the mean is 40.1 %.
        ax = plots.control_chart(periods([0.40, 0.40, 0.42, 0.40], calls=[10_000, 10_000, 1_000, 10_000]))
        assert title(ax) == "The answer rate of all 4 weeks lies within what chance explains"
        band = ax.collections[0].get_paths()[0].vertices[:, 1]
        widths = 3 * np.sqrt(0.4006 * 0.5994 / np.array([10_000, 1_000]))
        assert band.max() - 0.4006 == pytest.approx(widths[1], abs=1e-3)
        assert any(abs(band - 0.4006 - widths[0]) < 1e-3)

    @pytest.mark.parametrize("draw", [plots.control_chart, plots.over_time])
    def test_periods_may_come_in_any_order(self, draw):
        table = periods([0.40, 0.40, 0.42, 0.40, 0.39])
        ax, turned = draw(table), draw(table[::-1])
        assert title(turned) == title(ax)
        assert [each.get_text() for each in turned.get_xticklabels()] == [
            each.get_text() for each in ax.get_xticklabels()
        ]

    def test_a_period_that_is_not_whole_is_hollow_and_does_not_count(self):
        whole = [True, True, True, False]
        ax = plots.control_chart(periods([0.40, 0.40, 0.40, 0.20], whole=whole))
        assert title(ax) == "The answer rate of all 3 weeks lies within what chance explains"
        assert "40 % in all whole weeks" in plots.describe(ax)
        assert "week that is not whole, not counted" in texts(ax)

    @pytest.mark.parametrize("split", [False, True], ids=["control_chart", "small_multiples"])
    def test_only_periods_that_are_judged_have_a_band(self, split):
        table = periods([0.20, 0.40, 0.40, 0.20], whole=[False, True, True, False])
        if split:
            ax = plots.small_multiples(pd.concat({"a": table}, names=["project"])).child_axes[0]
        else:
            ax = plots.control_chart(table)
        (band,) = [each for each in ax.collections if each.get_paths()]
        reach = band.get_paths()[0].vertices[:, 0]
        begins = mpl.dates.date2num(table.index.tz_localize(None))
        assert (reach.min(), reach.max()) == pytest.approx((begins[1], begins[3]))

    @pytest.mark.parametrize(
        ("freq", "begin", "labels"),
        [
            ("7D", "2026-01-05", ["5 Jan\n2026", "12 Jan", "19 Jan", "26 Jan"]),
            ("7D", "2026-01-07", ["7 Jan\n2026", "14 Jan", "21 Jan", "28 Jan"]),  # not a Monday
            ("MS", "2025-12-01", ["Dec\n2025", "Jan\n2026", "Feb", "Mar"]),
            ("D", "2026-01-05", ["5 Jan\n2026", "6 Jan", "7 Jan", "8 Jan"]),
        ],
    )
    def test_each_dot_stands_above_its_date(self, freq, begin, labels):
        ax = plots.control_chart(periods([0.4] * 4, freq=freq, begin=begin))
        ax.figure.canvas.draw()
        dots = next(line for line in ax.lines if line.get_marker() == "o")
        assert ax.get_xticks().tolist() == dots.get_xdata().tolist()
        assert [each.get_text() for each in ax.get_xticklabels()] == labels

    def test_of_many_weeks_the_first_of_each_month_has_its_label(self):
        ax = plots.control_chart(periods([0.4] * 40, begin="2026-01-05"))
        ax.figure.canvas.draw()
        tick = {each.get_text(): each.get_position()[0] for each in ax.get_xticklabels()}["Mar"]
        # The first Monday of March is the 2nd; its week has its middle on Thursday at noon.
        assert pd.Timestamp(mpl.dates.num2date(tick)).tz_localize(None) == pd.Timestamp("2026-03-05 12:00")

    def test_what_lies_outside_is_labeled_off_the_band(self):
        ax = plots.control_chart(periods([0.40, 0.40, 0.44, 0.40, 0.36, 0.40]))
        ax.figure.canvas.draw()
        band = ax.collections[0].get_paths()[0].vertices[:, 1]
        low, high = (ax.transData.transform((0, edge))[1] for edge in (band.min(), band.max()))
        boxes = {each.get_text(): each.get_window_extent() for each in ax.texts if each.get_text()}
        assert boxes["44 %"].y0 > high
        assert boxes["36 %"].y1 < low

    def test_groups_are_for_small_multiples(self):
        table = pd.concat({"A": periods([0.4]), "B": periods([0.5])}, names=["project"])
        with pytest.raises(ValueError, match="small_multiples"):
            plots.control_chart(table)

    def test_one_period_says_nothing_and_none_neither(self):
        assert title(plots.control_chart(periods([0.4]))) == "One period cannot tell chance from change"
        assert "no calls" in title(plots.control_chart(periods([0.4]).iloc[:0]))
        unknown = periods([0.4, 0.4]).assign(answer_rate=np.nan)
        assert "not known" in title(plots.control_chart(unknown))


class TestSmallMultiples:
    def test_a_panel_for_each_group_the_largest_first_all_on_one_scale(self):
        many = {
            f"Group {each}": periods([0.4, 0.4, 0.5 if each == 3 else 0.4], calls=1_000 + each)
            for each in range(14)
        }
        ax = plots.small_multiples(pd.concat(many, names=["project"]))
        assert (
            title(ax)
            == "1 of 12 projects has weeks with an answer rate beyond what chance explains: Group 3 (above)"
        )
        assert len(ax.child_axes) == 12
        assert len({panel.get_ylim() for panel in ax.child_axes}) == 1
        assert "the 12 largest of 14 groups" in plots.describe(ax)
        names = [panel.texts[0].get_text() for panel in ax.child_axes]
        assert names[:2] == ["Group 13 (3,039)", "Group 12 (3,036)"]

    def test_groups_outside_are_named_with_their_side(self):
        each = {"a": [0.4] * 9 + [0.37], "b": [0.4] * 9 + [0.43], "c": [0.4] * 10}
        ax = plots.small_multiples(pd.concat({n: periods(r) for n, r in each.items()}, names=["project"]))
        told = "2 of 3 projects have weeks with an answer rate beyond what chance explains"
        assert title(ax) == f"{told}: a (below) and b (above)"
        labels = {text.get_text() for panel in ax.child_axes for text in panel.texts}
        assert any(each.endswith(": 37 %") for each in labels)

    def test_the_scale_has_two_ticks_or_more_and_the_ends_are_dated(self):
        each = {name: periods([0.3, 0.4, 0.5, 0.4]) for name in "abcde"}
        ax = plots.small_multiples(pd.concat(each, names=["project"]), figsize=(10, 5.6))
        ax.figure.canvas.draw()
        panel = ax.child_axes[0]
        low, high = panel.get_ylim()
        assert sum(low <= tick <= high for tick in panel.get_yticks()) >= 2
        told = [text.get_text() for panel in ax.child_axes for text in panel.texts]
        assert {"5 Jan", "26 Jan"} <= set(told)
        # Five panels stand in two rows, also in the letters of a slide.
        assert len({round(panel.get_position().y0, 3) for panel in ax.child_axes}) == 2

    def test_only_whole_periods_may_lie_outside_by_chance(self):
        # Beyond three standard errors lie 0.27 % of them: 0.54 of 200, 1.08 of 400.
        halves = periods([0.4] * 200, whole=[True, False] * 100)
        ax = plots.small_multiples(pd.concat({"a": halves, "b": halves}, names=["project"]))
        assert "of 200 dots about 0.5 lie outside by chance" in plots.describe(ax)

    def test_what_has_no_name_does_not_set_the_scale(self):
        each = {"a": periods([0.4, 0.4]), "(none)": periods([0.9, 0.9], calls=7)}
        ax = plots.small_multiples(pd.concat(each, names=["project"]))
        assert len(ax.child_axes) == 1
        assert ax.child_axes[0].get_ylim()[1] < 0.5
        assert "not drawn: 14 calls without project" in plots.describe(ax)

    def test_top_and_sort_choose_the_panels(self):
        many = {name: periods([0.4, 0.4], calls=calls) for name, calls in (("b", 10), ("a", 20), ("c", 30))}
        ax = plots.small_multiples(pd.concat(many, names=["project"]), top=2, sort="name")
        ax.figure.canvas.draw()
        assert [panel.texts[0].get_text() for panel in ax.child_axes] == ["a (40)", "c (60)"]

    def test_a_table_without_groups_is_for_a_control_chart(self):
        with pytest.raises(ValueError, match="control_chart"):
            plots.small_multiples(periods([0.4]))


class TestMixedDirections:
    NOTE = "not adjusted for direction"
    BOTH = ("inbound", "outbound")

    @staticmethod
    def some(*directions):
        many = 400
        stamps = pd.date_range("2026-03-02", periods=many, freq="h", tz="Europe/Berlin")
        return pd.DataFrame(
            {
                "timestamp": stamps,
                "type": np.resize(directions, many),
                "userId": np.resize(["Ann", "Bo", "Cy"], many),
                "country": np.resize(["DE", "AT", "DE"], many),
                "state": np.resize(["answered", "unanswered", "answered", "unanswered", "answered"], many),
                "clientNumber": np.arange(many).astype(str),
                "talkTime": 10,
            }
        )

    @pytest.mark.parametrize(
        "draw",
        [
            lambda plot: plot.heatmap("answer_rate"),
            lambda plot: plot.agent_funnel(),
            lambda plot: plot.by_agent(),
            lambda plot: plot.breakdown("userId", ["answer_rate"]),
            lambda plot: plot.breakdown("hour", ["talk_time_mean_s"]),
            lambda plot: plot.by_country(),
        ],
        ids=["heatmap", "agent_funnel", "by_agent", "breakdown", "seconds", "by_country"],
    )
    def test_rates_of_groups_say_that_they_are_not_adjusted(self, draw):
        assert self.NOTE in plots.describe(draw(self.some(*self.BOTH).calls.plot))
        assert self.NOTE not in plots.describe(draw(self.some("outbound").calls.plot))
        plt.close("all")

    def test_nothing_is_said_of_numbers_totals_shares_and_groups_by_direction(self):
        plot = self.some(*self.BOTH).calls.plot
        drawn = [
            plot.heatmap("n_calls"),
            plot.breakdown("userId", ["n_calls"]),
            plot.breakdown("userId", ["talk_time_total_s"]),
            plot.breakdown("direction", ["answer_rate"]),
            plot.breakdown("type", ["answer_rate"]),
        ]
        assert not any(self.NOTE in plots.describe(ax) for ax in drawn)
        plt.close("all")


class TestAgentFunnel:
    @staticmethod
    def agents(**rates):
        table = pd.DataFrame({"answer_rate": rates, "n_calls": 10_000}).rename_axis("agent")
        return table.assign(answered=table["answer_rate"] * table["n_calls"])

    def test_names_those_beyond_99_8_percent(self):
        # 3.09 standard errors of 10,000 calls at 40 % are 1.5 points.
        ax = plots.agent_funnel(self.agents(ann=0.40, bo=0.41, cy=0.43, di=0.36))
        assert (
            title(ax) == "Answer rate: cy (43 %) above and di (36 %) below what chance explains around 40 %"
        )
        assert {"cy", "di"} <= set(texts(ax))
        assert not {"ann", "bo"} & set(texts(ax))

    def test_an_agent_that_is_a_number_is_not_taken_for_a_count(self):
        agents = self.agents(**{"106": 0.46, "107": 0.40, "108": 0.40, "900": 0.24})
        told = "agent 106 (46 %) above and agent 900 (24 %) below what chance explains around 40 %"
        assert title(plots.agent_funnel(agents)) == f"Answer rate: {told}"

    def test_one_agent_is_named_in_the_title(self):
        ax = plots.agent_funnel(self.agents(ann=0.40, bo=0.40, cy=0.44, di=0.40))
        assert title(ax) == "Answer rate: cy (44 %) above what chance explains around 40 %"
        same = plots.agent_funnel(self.agents(ann=0.40, bo=0.402))
        assert title(same) == "Answer rate: none of 2 agents differs from 40 % by more than chance"

    def test_calls_without_an_agent_are_left_out(self):
        ax = plots.agent_funnel(self.agents(**{"ann": 0.40, "bo": 0.402, "(none)": 0.0}))
        assert title(ax) == "Answer rate: none of 2 agents differs from 40 % by more than chance"
        assert "n = 20,000 calls" in plots.describe(ax)
        assert "not drawn: 10,000 calls without an agent" in plots.describe(ax)


class TestChanges:
    @staticmethod
    def table(intervals=True):
        table = pd.DataFrame(
            {
                "n_calls": [900, 800, 700],
                "n_calls_other": [1_000, 800, 600],
                "answer_rate": [0.42, 0.39, 0.30],
                "answer_rate_other": [0.40, 0.40, 0.40],
                "answer_rate_change": [0.02, -0.01, -0.10],
            },
            index=pd.Index(["A", "B", "C"], name="project"),
        )
        if intervals:
            table["answer_rate_change_low"] = [-0.01, -0.05, -0.15]
            table["answer_rate_change_high"] = [0.05, 0.03, -0.05]
        return table

    def test_only_an_interval_without_zero_is_beyond_chance(self):
        ax = plots.changes(self.table())
        assert title(ax) == "C: answer rate fell by 10.0 points; no other change is beyond chance"
        assert [each.get_text() for each in ax.get_yticklabels()] == ["A", "B", "C"]
        assert "40 % → 30 % (600 → 700)" in texts(ax)

    @pytest.mark.parametrize("width", [6.0, 3.2, 2.2, 1.6])
    def test_on_narrow_axes_no_number_is_cut(self, width):
        given = plt.figure(figsize=(width, 3), layout="constrained").subplots()
        beside = texts(plots.changes(self.table(), ax=given))[:3]
        assert not any("…" in each for each in beside)
        assert all(each.startswith(("40 % → 42 %", "40 % → 39 %", "40 % → 30 %")) for each in beside)

    def test_values_in_seconds_have_the_unit_of_the_axis(self):
        columns = ["mean_s", "mean_s_other", "mean_s_change", "mean_s_change_low", "mean_s_change_high"]
        table = pd.DataFrame([[117.0, 60.0, 57.0, 40.0, 74.0]], ["A"], columns).rename_axis("project")
        ax = plots.changes(table)
        assert "60 s → 117 s" in texts(ax)
        assert ax.get_xlabel() == "change of the mean, seconds"
        assert title(plots.compare(table)).startswith("Mean of A from 60 s to 117 s (+57.0 s")

    def test_what_the_table_says_of_chance_goes_before_the_intervals(self):
        ax = plots.changes(self.table().assign(answer_rate_beyond_chance=[True, False, False]))
        assert title(ax).startswith("A: answer rate rose by 2.0 points")

    def test_without_intervals_nothing_is_said_of_chance(self):
        ax = plots.changes(self.table(intervals=False))
        assert title(ax) == "C: answer rate fell by 10.0 points, the largest change"
        assert "without intervals" in plots.describe(ax)

    def test_effects_of_an_explained_change(self):
        table = pd.DataFrame(
            {"effect": [0.01, -0.03], "rate": [0.5, 0.3], "rate_other": [0.4, 0.4]}, index=["A", "B"]
        )
        table.attrs = {"metric": "answer_rate", "n_calls": [10, 20]}
        assert (
            title(plots.changes(table))
            == "B moved the answer rate down by 3.0 points, more than any other group"
        )

    def test_nothing_known_says_so(self):
        unknown = self.table(intervals=False).assign(answer_rate_change=np.nan)
        assert "answer rate is not known" in title(plots.changes(unknown))
        assert "no calls" in title(plots.changes(unknown.iloc[:0]))


class TestCalendar:
    def test_the_day_with_the_highest_value(self):
        table = periods([0.4] * 10, calls=[100] * 9 + [300], freq="D", begin="2026-02-27")
        ax = plots.calendar(table)
        assert title(ax) == "Calls highest on Sunday, 8 March: 300, 3.0 × the median day"
        assert [each.get_text() for each in ax.get_xticklabels()] == ["23", "2\nMar"]
        assert texts(ax).count("100") == 9

    def test_days_may_come_in_any_order(self):
        table = periods([0.4] * 10, calls=[100] * 9 + [300], freq="D", begin="2026-02-27")
        assert title(plots.calendar(table[::-1])) == title(plots.calendar(table))

    def test_each_day_has_its_date_where_there_is_room(self):
        table = periods([0.4] * 30, calls=range(101, 131), freq="D", begin="2026-03-02")
        wide = texts(plots.calendar(table))
        assert {str(day) for day in range(2, 32)} <= set(wide)
        narrow = texts(plots.calendar(table, figsize=(5, 2.4)))
        assert "31" not in narrow
        assert "130" in narrow
        # Of half a year there would be two numbers in each narrow cell.
        half_year = periods([0.4] * 182, calls=range(101, 283), freq="D", begin="2026-03-02")
        assert "31" not in texts(plots.calendar(half_year, figsize=(10, 5.6)))

    def test_the_first_column_is_drawn_and_a_rate_is_held_against_chance(self):
        table = periods([0.4] * 9 + [0.6], calls=[1_000] * 10, freq="D")
        ax = plots.calendar(table[["answer_rate", "n_calls", "complete"]])
        assert title(ax) == "1 of 10 days differs from 42 % by more than chance, above it (60 %): 14 January"

    def test_what_the_table_says_of_chance_goes_before_the_limits(self):
        table = periods([0.4, 0.3] + [0.4] * 7 + [0.5], calls=[1_000] * 10, freq="D")
        table["beyond_chance"] = [False, True, *[False] * 7, True]
        ax = plots.calendar(table[["answer_rate", "n_calls", "complete", "beyond_chance"]])
        assert title(ax) == "2 of 10 days differ from 40 % by more than chance: 1 above, 1 below"
        assert "Benjamini–Hochberg, 5 %" in plots.describe(ax)

    def test_a_rate_of_few_calls_is_hatched_and_sets_no_color(self):
        table = periods([0.4, 0.5, 1.0], calls=[100, 100, 3], freq="D")
        ax = plots.calendar(table[["answer_rate", "n_calls", "complete"]])
        assert "hatched and not counted: fewer than 30 calls" in plots.describe(ax)
        assert sum(bool(patch.get_hatch()) for patch in ax.patches) == 1

    def test_a_day_that_is_hatched_is_neither_counted_nor_framed(self):
        table = periods([0.4] * 9 + [1.0], calls=[1_000] * 9 + [20], freq="D")
        table = table[["answer_rate", "n_calls", "complete"]]
        for each in (table, table.assign(beyond_chance=[False] * 9 + [True])):
            ax = plots.calendar(each)
            assert title(ax) == "None of 9 days differs from 40 % by more than chance"
            assert "hatched and not counted: fewer than 30 calls" in plots.describe(ax)
            assert "framed" not in plots.describe(ax)
        small = periods([0.4, 0.9], calls=[20, 20], freq="D")[["answer_rate", "n_calls", "complete"]]
        assert title(plots.calendar(small)) == "Answer rate: no whole day has 30 calls or more"

    def test_of_more_than_a_year_the_last_weeks_are_drawn(self):
        ax = plots.calendar(periods([0.4] * 400, freq="D"))
        assert "the last 53 of 58 weeks" in plots.describe(ax)

    @pytest.mark.parametrize("freq", ["7D", "h"])
    def test_other_periods_than_days_are_refused(self, freq):
        with pytest.raises(ValueError, match=r"over_time\('D'\)"):
            plots.calendar(periods([0.4, 0.4], freq=freq))


class TestOutcomeShares:
    @staticmethod
    def shares(**by_week):
        weeks = pd.date_range("2026-01-05", periods=2, freq="7D", tz="Europe/Berlin", name="W")
        rows = {
            (week, name): share
            for name, those in by_week.items()
            for week, share in zip(weeks, those, strict=True)
        }
        table = pd.DataFrame({"share": rows}).rename_axis(["W", "outcome"]).sort_index()
        return table.assign(
            n_calls=(1_000 * table["share"]).astype(int),
            share_low=table["share"] - 0.03,
            share_high=table["share"] + 0.03,
        )

    def test_the_outcome_that_moved_most_beyond_its_intervals(self):
        ax = plots.outcome_shares(self.shares(busy=(0.2, 0.3), sold=(0.5, 0.34), lost=(0.3, 0.36)))
        told = "34 % of the calls of the week of 12 January, 50 % in the weeks before"
        assert title(ax) == f"sold: {told}, less than chance explains"
        test = "chance: 5 %, the week of 12 January against the weeks before, corrected for 3"
        assert test in plots.describe(ax)
        assert {"sold 34 %", "busy 30 %", "lost 36 %"} <= set(texts(ax))

    def test_the_outcome_that_the_title_names_stands_out(self):
        table = self.shares(busy=(0.2, 0.3), sold=(0.5, 0.34), lost=(0.3, 0.36))

        def lines(ax):
            """Return color and width of each line, and how bold its name is, by the name."""
            curves = [line for line in ax.lines if line.get_linestyle() == "-"]
            names = [text for text in ax.texts if text.get_text().endswith("%")]
            forms = zip(names, curves, strict=True)
            return {
                name.get_text().split()[0]: (curve.get_color(), curve.get_linewidth(), name.get_fontweight())
                for name, curve in forms
            }

        moved = lines(plots.outcome_shares(table))
        assert moved["busy"] == moved["lost"]
        assert moved["sold"][0] != moved["lost"][0]
        assert moved["sold"][1] > moved["lost"][1]
        assert moved["sold"][2] == "bold"
        # Colors that are asked for are taken, and where nothing moved each outcome has its own.
        asked = lines(plots.outcome_shares(table, color={"busy": "green", "lost": "red"}))
        assert (asked["busy"][0], asked["lost"][0]) == ("green", "red")
        still = lines(plots.outcome_shares(self.shares(sold=(0.5, 0.5), busy=(0.3, 0.3), lost=(0.2, 0.2))))
        assert len({color for color, _, _ in still.values()}) == 3

    def test_shares_that_are_not_known_are_not_drawn(self):
        table = self.shares(sold=(0.4, 0.4), lost=(0.6, 0.6))
        unknown = table.assign(share=np.nan, share_low=np.nan, share_high=np.nan)
        assert title(plots.outcome_shares(unknown)) == "Outcomes over time: shares are not known"
        # Without intervals there are lines, and no bands.
        bare = plots.outcome_shares(table.assign(share_low=np.nan, share_high=np.nan))
        assert bare.get_ylim()[1] == pytest.approx(0.63)
        # A week of which nothing is known has no share, rather than 0 %.
        unknown.iloc[:2] = table.iloc[:2]
        ax = plots.outcome_shares(unknown)
        assert [line.get_ydata().tolist() for line in ax.lines if line.get_linestyle() == "-"] == [
            [pytest.approx(0.6), pytest.approx(np.nan, nan_ok=True)],
            [pytest.approx(0.4), pytest.approx(np.nan, nan_ok=True)],
        ]
        assert {"lost not known", "sold not known"} <= set(texts(ax))

    def test_a_period_that_is_not_whole_is_hollow_and_no_end_of_the_title(self):
        table = self.shares(sold=(0.2, 0.6), lost=(0.8, 0.4))
        days = {"first_day": "2026-01-05", "last_day": "2026-01-13"}
        table.attrs = {"brightcall": {"settings": {}, **days}}
        ax = plots.outcome_shares(table)
        assert title(ax) == "lost is the most frequent outcome: 80 % of the calls"
        assert {"sold 20 %", "lost 80 %"} <= set(texts(ax))
        assert "hollow: part of a week; percentages: of the week of 5 January" in plots.describe(ax)
        assert "chance" not in plots.describe(ax)

    def test_the_mark_of_a_line_stands_before_its_name(self):
        ax = plots.outcome_shares(self.shares(sold=(0.52, 0.5), lost=(0.48, 0.5)))
        ax.figure.canvas.draw()
        names = {text.get_text(): text.get_position() for text in ax.texts}
        marks = [each for each in ax.lines if each.get_transform() == ax.transAxes]
        assert len({mark.get_marker() for mark in marks}) == 2
        for name, mark in zip(("sold 50 %", "lost 50 %"), marks, strict=True):
            ((x, y),) = mark.get_xydata()
            assert x < names[name][0]
            assert y == names[name][1]

    def test_moves_within_the_intervals_are_none(self):
        ax = plots.outcome_shares(self.shares(sold=(0.5, 0.54), lost=(0.5, 0.46)))
        assert (
            title(ax) == "No outcome's share of the calls of the week of 12 January differs from that in the "
            "weeks before by more than chance"
        )

    def test_other_groups_than_periods_are_refused(self):
        table = self.shares(sold=(1, 1)).rename(index=str, level=0)
        with pytest.raises(ValueError, match="by_outcome"):
            plots.outcome_shares(table)


class TestTalkTimeSurvival:
    @staticmethod
    def histogram(counts, edges=(0, 10, 20, 40, 80)):
        bins = pd.IntervalIndex.from_breaks(edges, closed="left", name="talk_time_s")
        share = np.array(counts) / max(sum(counts), 1)
        return pd.DataFrame(
            {"n_calls": counts, "share": share, "cumulative_share": share.cumsum()}, index=bins
        )

    def test_half_of_the_calls_last_as_long_as_the_curve_says(self):
        # 20 % end before 10 s, 60 % before 20 s: half after 10 + 10 · 30/40 s.
        ax = plots.talk_time_survival(self.histogram([200, 400, 300, 100]))
        assert title(ax) == "Half of the conversations last 18 s or longer"
        points = ax.lines[0].get_xydata()
        assert points.tolist() == [
            [10, pytest.approx(0.8)],
            [20, pytest.approx(0.4)],
            [40, pytest.approx(0.1)],
            [80, pytest.approx(0)],
        ]

    def test_groups_differ_only_beyond_their_intervals(self):
        fast, slow = self.histogram([600, 200, 100, 100]), self.histogram([100, 100, 200, 600])
        apart = plots.talk_time_survival(pd.concat({"fast": fast, "slow": slow}, names=["outcome"]))
        assert title(apart) == "slow: half of the answered calls last 47 s or longer; fast: 8.3 s"
        alike = pd.concat({"one": fast, "two": self.histogram([59, 21, 10, 10])}, names=["outcome"])
        ax = plots.talk_time_survival(alike)
        # Of all 1,100 calls 659 end before 10 s: half after 10 · 550 / 659 s.
        assert (
            title(ax)
            == "Half of the answered calls last 8.3 s or longer, and no outcome differs by more than chance"
        )

    def test_medians_of_groups_stand_in_rows_of_their_own_with_their_names(self):
        fast, slow = self.histogram([600, 200, 100, 100]), self.histogram([10, 10, 20, 60])
        ax = plots.talk_time_survival(pd.concat({"fast": fast, "slow": slow}, names=["outcome"]))
        ax.figure.canvas.draw()
        rows = {each.get_text(): each.get_position()[1] for each in ax.get_yticklabels()}
        dots = {line.get_ydata()[0]: line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"}
        assert dots[rows["fast: 8.3 s (7.8–8.8), n = 1,000"]] == pytest.approx(10 * 500 / 600)
        assert dots[rows["slow: 47 s (40–53), n = 100"]] == pytest.approx(40 + 40 * 10 / 60)

    def test_the_row_of_a_group_has_the_form_of_its_curve(self):
        fast, slow = self.histogram([600, 200, 100, 100]), self.histogram([100, 100, 200, 600])
        ax = plots.talk_time_survival(pd.concat({"fast": fast, "slow": slow}, names=["outcome"]))
        curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
        for curve in curves:
            rows = [line for line in ax.lines if line.get_color() == curve.get_color() and line is not curve]
            assert rows[0].get_linestyle() == curve.get_linestyle()
        assert {curve.get_linestyle() for curve in curves} == {"-", "--"}

    def test_of_several_groups_the_longest_and_the_shortest_stand_out(self):
        counts = {"fast": [600, 200, 100, 100], "slow": [100, 100, 200, 600], "middle": [300, 250, 250, 200]}
        table = pd.concat({name: self.histogram(each) for name, each in counts.items()}, names=["outcome"])
        table = pd.concat([table, table.loc[["middle"]].rename(index={"middle": "other"})])

        def curves(ax):
            return [line for line in ax.lines if len(line.get_xdata()) > 2]

        ax = plots.talk_time_survival(table)
        fast, slow, middle, other = curves(ax)
        assert middle.get_color() == other.get_color()
        assert len({line.get_color() for line in (fast, slow, middle)}) == 3
        assert {fast.get_linestyle(), slow.get_linestyle()} == {"-", "--"}
        assert min(fast.get_linewidth(), slow.get_linewidth()) > middle.get_linewidth()
        assert "the longest and the shortest in color" in plots.describe(ax)
        assert curves(plots.talk_time_survival(table, color={"middle": "red"}))[2].get_color() == "red"

    def test_without_answered_calls_there_is_nothing(self):
        assert "no answered calls" in title(plots.talk_time_survival(self.histogram([0, 0, 0, 0])))


class TestAttemptGaps:
    @staticmethod
    def gaps(high=0.42):
        index = pd.MultiIndex.from_tuples(
            [("2", "< 1 h"), ("2", "1–4 h"), ("3", "< 1 h")], names=["attempt", "gap"]
        )
        rates = np.array([0.2, 0.4, 0.5])
        return pd.DataFrame(
            {
                "unreached": [1_000, 1_000, 10],
                "reached": rates * [1_000, 1_000, 10],
                "marginal_rate": rates,
                "marginal_rate_low": rates - 0.02,
                "marginal_rate_high": [high - 0.2, 0.42, 0.8],
            },
            index=index,
        )

    def test_compares_the_gaps_before_the_second_attempt(self):
        ax = plots.attempt_gaps(self.gaps())
        assert title(ax) == "Attempt 2 reaches 40 % after 1–4 h, 20 % after < 1 h"
        assert {"20 % (1,000)", "40 % (1,000)", "50 % (10)"} <= set(texts(ax))
        assert sum(bool(patch.get_hatch()) for patch in ax.patches) == 1

    def test_gaps_are_compared_by_the_interval_of_their_difference(self):
        # Half intervals of 16 and 2 points make one of 16.1, those of 26 and 2 one of 26.1: 20 lies between.
        ax = plots.attempt_gaps(self.gaps(high=0.7))
        assert title(ax) == "Attempt 2 reaches 40 % after 1–4 h, 20 % after < 1 h"
        ax = plots.attempt_gaps(self.gaps(high=0.9))
        told = "Attempt 2 reaches 30 %; before it no gap from < 1 h to 1–4 h differs by more than chance"
        assert title(ax) == told

    def test_it_says_which_attempts_are_held_against_chance(self):
        ax = plots.attempt_gaps(self.gaps())
        told = "interval of differences before attempt 2, corrected, later attempts are not tested"
        assert told in plots.describe(ax)
        assert "later attempts" not in plots.describe(plots.attempt_gaps(self.gaps().iloc[:2]))
        assert "not tested for chance" in plots.describe(plots.attempt_gaps(self.gaps().iloc[1:]))

    def test_groups_are_refused(self):
        with pytest.raises(ValueError, match="split by project"):
            plots.attempt_gaps(pd.concat({"A": self.gaps()}, names=["project"]))


class TestByCountry:
    def test_most_calls_first_and_nobody_last(self):
        table = pd.DataFrame(
            {"n_calls": [20, 50, 30], "answer_rate": [0.5, 0.4, np.nan]},
            index=pd.Index(["(none)", "DE", "CH"], name="country"),
        )
        ax = plots.by_country(table)
        assert title(ax) == "50 % of the calls are with clients in Germany, the most of 2 countries"
        assert [each.get_text() for each in ax.get_yticklabels()] == ["Germany", "Switzerland", "not known"]
        assert [bar.get_width() for bar in ax.patches] == [0.5, 0.3, 0.2]

    @pytest.mark.parametrize(
        ("half", "end", "difference"),
        [
            (0.02, ", further apart than chance explains", "difference: −5.0 ± 2.8 percentage points"),
            (0.06, ", no more apart than by chance", "difference: −5.0 ± 8.5 percentage points"),
            (np.nan, "", None),
            (None, "", None),
        ],
    )
    def test_of_one_country_its_rate_is_held_against_that_of_calls_of_none(self, half, end, difference):
        index = pd.Index(["(none)", "DE"], name="country")
        table = pd.DataFrame({"n_calls": [200, 800], "answer_rate": [0.5, 0.45]}, index=index)
        if half is not None:  # the interval of the difference reaches √2 times as far: 2.8 and 8.5 points
            low, high = table["answer_rate"] - half, table["answer_rate"] + half
            table = table.assign(answer_rate_low=low, answer_rate_high=high)
        ax = plots.by_country(table)
        told = "80 % of the calls are with clients in Germany: 45 % answered, 50 % where no country is known"
        assert title(ax) == told + end
        assert [bar.get_width() for bar in ax.patches] == [0.45, 0.5]
        assert {"45 % of 800 calls (80 % of all)", "50 % of 200 calls (20 % of all)"} <= set(texts(ax))
        told = plots.describe(ax)
        assert "difference" not in told if difference is None else difference in told


class TestTransferParties:
    @staticmethod
    def parties(passed):
        had = [1_000] * len(passed)
        return pd.DataFrame(
            {"n_calls": had, "started": had, "received": [50] * len(passed), "transferred_on": passed},
            index=pd.Index([str(101 + each) for each in range(len(passed))], name="party"),
        ).assign(transferred_on_rate=np.array(passed) / 1_050)

    def test_who_passes_on_more_than_chance_explains(self):
        ax = plots.transfer_parties(self.parties([50, 52, 120]))
        assert (
            title(ax) == "103 passes on 11 % of the calls it has, above the 7.0 % of all by more than chance"
        )
        assert [each.get_text() for each in ax.get_yticklabels()] == ["103", "102", "101"]
        assert "11 % · 120 of 1,050 (50) *" in texts(ax)
        assert "5.0 % · 52 of 1,050 (50)" in texts(ax)
        lines, dots = ax.collections
        assert dots.get_offsets()[:, 0].tolist() == pytest.approx([120 / 1_050, 52 / 1_050, 50 / 1_050])
        # 7.05 % ± 3.09 √(7.05 % · 92.95 % ÷ 1,050)
        assert lines.get_segments()[0][:, 0].tolist() == pytest.approx([0.0461, 0.0949], abs=1e-4)
        few = plots.transfer_parties(self.parties([90, 92, 20]))
        assert (
            title(few)
            == "2 parties pass on more or fewer calls than chance explains: 103 passes on 1.9 % of the "
            "calls it has, all 6.4 %"
        )

    def test_whom_the_title_names_is_drawn(self):
        # The busiest three are alike; the fourth, with the fewest transfers, passes on less than others.
        table = self.parties([100, 102, 104, 50])
        ax = plots.transfer_parties(table, top=2)
        assert "104 passes on 4.8 %" in title(ax)
        assert [each.get_text() for each in ax.get_yticklabels()] == ["103", "104"]

    def test_differences_that_chance_explains_are_none(self):
        ax = plots.transfer_parties(self.parties([50, 52, 55]))
        assert title(ax) == "Parties pass on 5.0 % of the calls they have; none differs by more than chance"

    def test_without_transfers_there_is_nothing(self):
        table = self.parties([0, 0]).assign(received=0)
        assert "no transfers" in title(plots.transfer_parties(table))


class TestQuality:
    @staticmethod
    def checks(*rows):
        table = pd.DataFrame(rows, columns=["check", "subject", "count", "of", "detail"])
        return table.assign(share=table["count"] / table["of"]).set_index(["check", "subject"])

    def test_faults_first_then_nulls_and_what_is_well_is_counted(self):
        ax = plots.quality(
            self.checks(
                ("completeness", "2026-03-02", 100, 100, "complete; from network"),
                ("completeness", "2026-03-03", 100, 100, "not proved"),
                ("nulls", "campaign", 40, 200, ""),
                ("nulls", "id", 0, 200, ""),
                ("negative", "talkTime", 2, 200, ""),
                ("future", "timestamp", 0, 200, ""),
            )
        )
        assert title(ax) == "1 of 2 checks failed, in 1.0 % of rows: “talk time never below zero”"
        rows = [each.get_text() for each in ax.get_yticklabels()]
        assert rows == ["", "talk time never below zero", "no call in the future", "", "campaign"]
        beside = texts(ax)[:5]
        assert beside[1:3] == ["failed in 1.0 % (2 of 200)", "passed"]
        assert beside[4] == "20 % (40 of 200)"
        assert [bar.get_width() for bar in ax.patches[:5]] == [0, 0, 0, 0, 0.2]
        told = plots.describe(ax)
        assert "1 of 2 windows of loading are proved complete" in told
        assert "1 of 2 fields have a value in every row" in told

    def test_of_more_than_there_is_room_for_those_that_failed_come_first(self):
        checks = [("negative", f"field{each}", each == 3, 200, "") for each in range(9)]
        nulls = [("nulls", f"empty{each}", 9 + each, 200, "") for each in range(5)]
        ax = plots.quality(self.checks(*checks, *nulls), top=6)
        rows = [each.get_text() for each in ax.get_yticklabels()]
        assert rows == [
            "",
            "field3 never below zero",
            "8 other checks",
            "",
            "empty4",
            "empty3",
            "empty2",
            "empty1",
        ]
        assert texts(ax)[:3] == ["checks", "failed in 0.5 % (1 of 200)", "passed"]
        assert "the 4 largest of 5 fields with nulls" in plots.describe(ax)

    def test_failed_checks_for_which_there_is_no_room_are_counted(self):
        checks = [("negative", f"field{each}", each < 7, 200, "") for each in range(9)]
        ax = plots.quality(self.checks(*checks), top=4)
        assert [each.get_text() for each in ax.get_yticklabels()][4:] == ["2 other checks"]
        assert "4 further checks failed" in plots.describe(ax)

    def test_a_field_that_comes_only_on_request_is_not_missing(self):
        nulls = [("nulls", "transfers", 200, 200, ""), ("nulls", "transcripts", 150, 200, "")]
        ax = plots.quality(self.checks(*nulls, ("nulls", "campaign", 200, 200, "")))
        assert [each.get_text() for each in ax.get_yticklabels()] == ["", "campaign", "transcripts"]
        assert "sent only on request: transfers" in plots.describe(ax)
        assert "0 of 2 fields have a value in every row" in plots.describe(ax)

    def test_nothing_found(self):
        ax = plots.quality(
            self.checks(("nulls", "campaign", 40, 200, ""), ("future", "timestamp", 0, 200, ""))
        )
        assert title(ax) == "The only check passed"
        both = self.checks(("negative", "talkTime", 0, 200, ""), ("future", "timestamp", 0, 200, ""))
        assert title(plots.quality(both)) == "All 2 checks passed"


class TestReconcile:
    @staticmethod
    def figures(*differences):
        index = pd.MultiIndex.from_product(
            [["all", "inbound"], ["all", "talks"]], names=["direction", "figure"]
        )
        told = pd.Series(differences, dtype=float)
        agrees = pd.array([pd.NA if pd.isna(each) else each == 0 for each in told], dtype="boolean")
        causes = ["page missing" if each else "" for each in told]
        table = pd.DataFrame({"difference": told, "agrees": agrees, "likely_cause": causes})
        return table.set_axis(index)

    def test_how_many_figures_differ_and_the_likely_cause(self):
        ax = plots.reconcile(self.figures(-12, 0, np.nan, 0.5))
        assert title(ax) == "2 of 3 values differ from the server's statistics, 1 cannot be compared"
        # Of all directions the calls differ, inbound the conversations; the calls there rows cannot tell.
        assert [each.get_text() for each in ax.get_yticklabels()] == [
            "calls",
            "conversations",
            "figures that agree",
            "cannot be compared",
        ]
        cells = {(int(x), int(y)): text.get_text() for text in ax.texts for x, y in [text.get_position()]}
        assert {(0, 0): "−12", (1, 1): "+0.5", (0, 2): "1", (1, 2): "0", (1, 3): "1"}.items() <= cells.items()
        assert (1, 0) not in cells
        assert "cannot be compared, since rows do not tell: calls" in plots.describe(ax)
        assert "most likely: page missing" in plots.describe(ax)

    def test_all_agree(self):
        assert (
            title(plots.reconcile(self.figures(0, 0, 0, 0)))
            == "All 4 values agree with the server's statistics"
        )

    def test_figures_that_agree_are_counted_rather_than_listed(self):
        ax = plots.reconcile(self.figures(0, np.nan, 0, np.nan))
        assert title(ax) == "2 of 4 values can be compared with the server's statistics, and all agree"
        assert [each.get_text() for each in ax.get_yticklabels()] == [
            "figures that agree",
            "cannot be compared",
        ]
        assert texts(ax)[:4] == ["1", "1", "1", "1"]

    def test_figures_have_plain_names(self):
        index = pd.MultiIndex.from_product([["all"], ["answer_max_s", "tagsSuccess", "newFigure"]])
        table = pd.DataFrame({"difference": 1.0, "agrees": False, "likely_cause": ""}, index)
        shown = [
            each.get_text() for each in plots.reconcile(table.astype({"agrees": "boolean"})).get_yticklabels()
        ]
        assert shown[:3] == ["time to answer: longest, s", "positive outcomes", "new figure"]

    def test_top_is_for_those_that_differ(self):
        ax = plots.reconcile(self.figures(-3, -3, 0, 0), top=1)
        assert ax.get_yticklabels()[0].get_text() == "calls"
        assert "the 1 first of 2 figures that differ" in plots.describe(ax)


class TestSummary:
    @staticmethod
    def figures(**rates):
        table = pd.DataFrame({"answer_rate": rates}).rename_axis("project")
        return table.assign(
            n_calls=[200 * (each + 1) for each in range(len(rates))],
            answered=80,
            talk_time_mean_s=150.0,
            talk_time_median_s=np.nan,
            answer_time_mean_s=26.0,
            answer_time_median_s=np.nan,
            unique_clients=50.0,
            calls_per_client=4.0,
            first_time_share=0.5,
            transferred_share=0.026,
            ai_talk_share=np.nan,
        )

    def test_a_tile_for_each_figure_and_what_is_not_known_is_not_0(self):
        ax = plots.summary(self.figures(all=0.4))
        assert title(ax) == "40 % of 200 calls were answered"
        assert {
            "200",
            "40 %",
            "2.5 min",
            "26 s",
            "50",
            "4.0 calls each (of 200)",
            "2.6 %",
            "not known",
        } <= set(texts(ax))

    def test_the_median_goes_before_the_mean_as_in_other_pictures(self):
        figures = self.figures(all=0.4).assign(talk_time_median_s=77.0)
        told = texts(plots.summary(figures))
        assert told[told.index("talk time, median") :][:3] == [
            "talk time, median",
            "1.3 min",
            "mean 2.5 min, of answered",
        ]
        two = texts(plots.summary(pd.concat([figures, figures.rename(index=lambda _: "other")])))
        assert "median talk" in two
        assert two.count("77 s") == 2

    def test_the_wait_is_a_median_too_where_it_is_known(self):
        figures = self.figures(all=0.4)
        assert "time to answer, mean" in texts(plots.summary(figures))
        told = texts(plots.summary(figures.assign(answer_time_median_s=10.0)))
        place = told.index("time to answer, median")
        assert told[place : place + 3] == ["time to answer, median", "10 s", "mean 26 s, of answered"]

    def test_shares_say_of_how_much_they_are(self):
        marks = [True] * 3 + [False] + [None] * 4
        df = pd.DataFrame(
            {"talkTime": [3_600] * 8, "aiTalkTime": [900] * 8, "firstTimeForUser": marks, "state": 1}
        )
        told = texts(df.calls.plot.summary())
        assert told[told.index("flagged as user's first") :][:3] == [
            "flagged as user's first",
            "75 %",
            "firstTimeForUser, of 4",
        ]
        assert told[told.index("AI's talk time") :][1:3] == ["25 %", "of 8 h of talk time"]
        # Of one of several rows the table does not say how many calls have a mark.
        two = pd.concat([df, df]).assign(projectName=["A"] * 8 + ["B"] * 8).calls.summary(by="project")
        assert "firstTimeForUser, where known" in texts(plots.summary(two.iloc[1:]))

    def test_with_groups_a_row_for_each_the_largest_first(self):
        ax = plots.summary(self.figures(A=0.4, B=0.5, C=0.3))
        assert title(ax) == "1,200 calls in 3 groups: answer rates from 30 % to 50 %"
        ax.figure.canvas.draw()
        assert [each.get_text() for each in ax.get_yticklabels()] == ["C", "B", "A"]


class TestLogarithmicAxes:
    def test_a_scale_chosen_afterwards_keeps_the_numbers_as_they_were_written(self):
        table = pd.DataFrame({"timestamp": pd.to_datetime(["2026-03-02"] + ["2026-03-03"] * 1500)})
        ax = bc.to_frame(table, timezone="UTC").calls.plot.over_time("D")
        ax.set_yscale("log")
        ax.figure.canvas.draw()
        assert [each.get_text() for each in ax.get_yticklabels() if "$" in each.get_text()] == []
        assert "1,000" in [each.get_text() for each in ax.get_yticklabels()]
        assert 0 < ax.get_ylim()[0] < 1 < 1000 <= ax.get_ylim()[1]

    @pytest.mark.parametrize("picture", ["by_outcome", "heatmap", "by_agent", "attempt_gaps", "calendar"])
    def test_names_of_rows_have_none_and_stay_where_they_are(self, picture):
        ax = getattr(calls("default").calls.plot, picture)()
        ax.figure.canvas.draw()
        before = [(each.get_text(), each.get_position()) for each in ax.get_yticklabels()], ax.get_ylim()
        ax.set_yscale("log")
        with pytest.warns(RuntimeWarning, match="are names, which have no log scale"):
            ax.figure.canvas.draw()
        after = [(each.get_text(), each.get_position()) for each in ax.get_yticklabels()], ax.get_ylim()
        assert after == before
        ax.figure.canvas.draw()  # it is said once

    def test_bars_take_one(self):
        ax = calls("default").calls.plot.by_outcome()
        ax.set_xscale("log")
        ax.figure.canvas.draw()
        assert ax.get_xlim()[0] > 0
        assert "100 %" in [each.get_text() for each in ax.get_xticklabels()]


class TestOnePeriod:
    """Of one day none is the highest, and what nothing is known of has no share."""

    @pytest.fixture
    def one_day(self):
        df = calls("default")
        return df[df["timestamp"] < pd.Timestamp("2026-03-03", tz="Europe/Berlin")].head(500)

    def test_it_is_told_without_a_comparison(self, one_day):
        assert title(one_day.calls.plot.over_time("D")) == "500 calls on Monday 2 March"
        assert title(one_day.calls.plot.calendar()) == "Calls on Monday, 2 March: 500"

    def test_a_share_that_is_not_known_is_told_in_a_sentence(self, one_day):
        told = title(one_day.calls.plot.repeat_callers("24h"))
        assert told == "How many of the calls were repeated within 24 h is not known"


@pytest.fixture(autouse=True)
def _plain():
    with plt.rc_context():
        yield


class TestTypicalDays:
    """Concurrency and staffing of groups, of two weeks and more."""

    @staticmethod
    def table():
        # A has three calls at once at nine on each of twenty days, B one at ten on two of them.
        index = pd.date_range("2026-03-02T09:00", periods=20 * 24, freq="h", tz="UTC", name="timestamp")
        a = np.where(index.hour == 9, 3, 0)
        b = np.where((index.hour == 10) & (index.day <= 3), 1, 0)
        return pd.concat(
            {name: pd.DataFrame({"calls_max": each}, index=index) for name, each in (("A", a), ("B", b))},
            names=["project"],
        )

    def test_a_row_for_each_group_with_what_is_enough_on_nine_of_ten_days(self):
        ax = plots.concurrency(self.table())
        assert [each.get_text() for each in ax.get_yticklabels()] == ["A (peak 3)", "B (peak 1)"]
        # What B needs on two of twenty days is not needed on nine of ten.
        assert {text.get_position(): text.get_text() for text in ax.texts if text.get_text() == "3"} == {
            (0, 0): "3"
        }
        assert "1" not in texts(ax)
        assert title(ax) == "At most 3 calls at once, of A"

    def test_groups_with_the_same_peak_are_all_named(self):
        table = self.table().replace(1, 3)
        assert title(plots.concurrency(table)) == "At most 3 calls at once, of A and B"


class TestSlides:
    def test_letters_grow_with_the_figure_that_was_asked_for(self):
        table = periods([0.4] * 10, calls=[100] * 10, freq="D")
        on_slide = plots.over_time(table, figsize=(13.33, 7.5))
        assert on_slide.get_xticklabels()[0].get_fontsize() >= 12
        assert plots.over_time(table).get_xticklabels()[0].get_fontsize() < 10

    def test_a_size_that_the_user_has_set_stays(self):
        table = periods([0.4] * 10, calls=[100] * 10, freq="D")
        with mpl.rc_context({"font.size": 11}):
            ax = plots.over_time(table, figsize=(13.33, 7.5))
        assert ax.get_xticklabels()[0].get_fontsize() < 11


class TestDark:
    def test_more_is_lighter_on_a_dark_background(self):
        table = periods([0.4] * 3, calls=[10, 20, 30], freq="D")
        light = plots.calendar(table)
        with plt.style.context("dark_background"):
            dark = plots.calendar(table)

        def brightness(ax):
            return [sum(patch.get_facecolor()[:3]) for patch in ax.patches[:3]]

        assert brightness(light) == sorted(brightness(light), reverse=True)
        assert brightness(dark) == sorted(brightness(dark))

"""Pictures, except those of outcomes, durations and transfers: what is on them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import brightcall_pandas as bc
from brightcall_pandas import plots
from brightcall_pandas.accessors import _frame as accessor  # noqa: F401  (registers .calls)
from brightcall_pandas.plots._colors import RED
from tests.plots.measured import cut_off


def calls(many: int, *, categories: int = 5, days: int = 10) -> pd.DataFrame:
    """Return calls that look like a dialer's, the same for the same arguments."""
    rng = np.random.default_rng(many + categories)
    answered = rng.random(many) < 0.4
    begin = pd.Timestamp("2026-03-26T08:00", tz="Europe/Berlin")
    names = np.array(
        [f"Category {each} with a name that is longer than any label" for each in range(categories)]
    )
    stamps = begin + pd.to_timedelta(rng.integers(0, days * 86_400, many), unit="s")
    ring = rng.integers(1, 40, many).astype(float)
    talk = np.where(answered, np.floor(rng.exponential(90, many)), 0.0)
    due = pd.Series(stamps) + pd.to_timedelta(rng.integers(1, 72, many), unit="h")
    return pd.DataFrame(
        {
            "timestamp": stamps,
            "recallDate": due.where(rng.random(many) < 0.2),
            "type": rng.integers(0, 2, many),
            "state": answered.astype(int),
            "talkTime": talk,
            "answerTime": np.where(answered, ring, 0.0),
            "callTime": ring + talk,
            "totalTime": ring + talk,
            "outcomeType": np.where(rng.random(many) < 0.1, "positive", "neutral"),
            "userId": names[rng.integers(0, categories, many)],
            "projectName": names[rng.integers(0, categories, many)],
            "lineNumber": names[rng.integers(0, categories, many)],
            "clientNumber": rng.integers(0, many // 3 + 1, many).astype(str),
        }
    )


def drawn(name: str, df: pd.DataFrame, **options: object) -> plt.Axes:
    arguments = {
        "breakdown": ["project"],
        "compare": [df.iloc[::2]],
        "explain_change": [df.iloc[::2]],
    }
    named = {"by": "project"} if name == "compare" else {}
    return getattr(df.calls.plot, name)(*arguments.get(name, []), **named, **options)


def words(ax: plt.Axes) -> str:
    return " | ".join(text.get_text() for text in ax.texts)


def steps_of(ax: plt.Axes) -> dict[str, list[float]]:
    """Return the heights of the steps of each series, by its name."""
    named = [each for each in ax.patches if each.get_label() and hasattr(each, "get_data")]
    return {patch.get_label(): patch.get_data().values.tolist() for patch in named}


class TestOverTime:
    def test_answered_in_front_of_all(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z", "2026-03-03T09:00Z"], "state": [1, 0]})
        ax = df.calls.plot.over_time("D")
        assert steps_of(ax) == {"calls": [1, 1], "answered": [1, 0]}
        assert "n = 2 calls" in words(ax)
        assert "50 % answered" in words(ax)

    def test_a_week_of_which_only_a_part_is_loaded_is_hatched_and_named(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z", "2026-03-10T09:00Z"], "state": [1, 0]})
        ax = df.calls.plot.over_time("W")
        hatched = [patch for patch in ax.patches if patch.get_hatch()]
        # From Monday the 2nd to Tuesday the 10th: the second week ends after two days.
        assert [patch.get_data().values.tolist() for patch in hatched] == [[1]]
        assert "hatched: a week of which only a part is loaded" in words(ax)
        assert ax.get_title(loc="left") == "1 call in the week of 2 March, the only whole week"

    def test_ticks_are_mondays(self):
        stamps = pd.date_range("2026-02-26T09:00", periods=30, freq="D", tz="Europe/Berlin")
        ax = pd.DataFrame({"timestamp": stamps}).calls.plot.over_time("D")
        ax.figure.canvas.draw()
        labels = [label.get_text() for label in ax.get_xticklabels()]
        assert labels == ["2 Mar\n2026", "9 Mar", "16 Mar", "23 Mar"]
        assert "Europe/Berlin" in words(ax)

    def test_groups_become_lines_the_largest_six_of_them(self):
        ax = calls(300, categories=9).calls.plot.over_time("D", by="agent")
        assert len(steps_of(ax)) == 6
        assert "the 6 largest of 9 groups" in words(ax)

    def test_many_periods_are_added_up_so_that_each_call_can_be_seen(self):
        df = pd.DataFrame({"timestamp": ["2026-01-01T00:00Z", "2026-03-31T23:00Z"], "state": [1, 0]})
        for options in ({}, {"by": "state"}):
            ax = df.calls.plot.over_time("h", **options)
            # 90 days of 24 hours are 2160, too many: 90 days make 90 steps, none of which holds half a day
            heights = ax.patches[0].get_data().values
            assert len(heights) == 90 if options else len(heights) in (90, 540)
            assert np.nansum(heights) == 2 - len(options)
            assert "sum of each day" in words(ax)

    def test_the_fewest_and_the_most_are_dated_where_they_are_clearly_apart_from_the_next(self):
        days = ["2026-03-02T09:00Z"] * 20 + ["2026-03-03T09:00Z"] * 10  # less than 1.96 √30 = 10.7 apart
        ax = pd.DataFrame({"timestamp": days}).calls.plot.over_time("D")
        assert ax.get_title("left") == "Calls per day: fewest 10, most 20"
        ax = pd.DataFrame({"timestamp": days[:20] + days[-1:]}).calls.plot.over_time("D")
        assert (
            ax.get_title("left").replace("\n", " ")
            == "Calls per day: fewest 1 (Tuesday 3 March), most 20 (Monday 2 March)"
        )

    def test_where_one_end_is_dated_the_other_is_too_unless_several_are_alike(self):
        def told(*counts):
            days = pd.date_range("2026-03-02T09:00", periods=len(counts), freq="D", tz="UTC").repeat(counts)
            return (
                pd.DataFrame({"timestamp": days})
                .calls.plot.over_time("D")
                .get_title("left")
                .replace("\n", " ")
            )

        begin = "Calls per day: fewest 1 (Monday 2 March), most"
        assert told(1, 18, 20) == f"{begin} 20 (Wednesday 4 March)"
        assert told(1, 20, 20) == f"{begin} 20"

    @pytest.mark.parametrize(
        ("quiet", "told"), [((5, 6), ("Mon–Fri", "Sat–Sun")), ((4, 5), ("Sun–Thu", "Fri–Sat"))]
    )
    def test_weekdays_of_far_fewer_calls_are_told_apart(self, quiet, told):
        days = pd.date_range("2026-03-02T09:00", periods=14, freq="D", tz="UTC")
        many = [3 if day.day_of_week in quiet else 20 for day in days]
        ax = pd.DataFrame({"timestamp": days.repeat(many)}).calls.plot.over_time("D")
        usual, few = told
        assert ax.get_title("left") == f"On average 20 calls a day {usual}, 3 {few}; fewest 3, most 20"
        same = pd.DataFrame({"timestamp": days.repeat(20)}).calls.plot.over_time("D")
        assert same.get_title("left") == "Calls per day: 20 each"

    def test_of_parts_of_a_day_the_most_are_told(self):
        hours = pd.to_datetime([f"2026-03-02T{hour:02}:00Z" for hour in (9, 9, 9, 11)])
        title = pd.DataFrame({"timestamp": hours}).calls.plot.over_time("h").get_title("left")
        assert title == "At most 3 calls per hour"

    def test_one_period_of_several_days_is_no_day(self):
        stamps = pd.to_datetime(["2026-03-02T09:00Z", "2026-03-09T09:00Z"])
        assert pd.DataFrame({"timestamp": stamps}).calls.plot.over_time("M").get_title("left") == "2 calls"


class TestHeatmap:
    def test_cells_that_rest_on_few_calls_are_hatched(self):
        stamps = ["2026-03-02T09:00Z"] * 30 + ["2026-03-03T09:00Z"] * 29
        ax = pd.DataFrame({"timestamp": stamps, "state": 1}).calls.plot.heatmap("answer_rate")
        assert len(ax.patches) == 1
        assert ax.patches[0].get_hatch()
        assert "hatched: fewer than 30 calls" in words(ax)
        assert "100" in [text.get_text() for text in ax.texts]

    def test_hours_beyond_chance_are_counted_and_framed(self):
        stamps = [f"2026-03-02T{hour:02}:00Z" for hour in (9, 10, 11) for _ in range(100)]
        alike = pd.DataFrame({"timestamp": stamps, "state": ([1] * 40 + [0] * 60) * 3})
        title = alike.calls.plot.heatmap("answer_rate").get_title("left")
        assert title == "Answer rate: no hour of the week differs by more than chance"
        states = [1] * 40 + [0] * 60 + [1] * 40 + [0] * 60 + [1] * 90 + [0] * 10
        ax = alike.assign(state=states).calls.plot.heatmap("answer_rate")
        rates = "3 of 3 hours of the week differ from 57 % by more than chance"
        where = "1 above: Mon 11–12 h; 2 below: Mon 9–10 h, Mon 10–11 h"
        assert ax.get_title("left").replace("\n", " ") == f"Answer rate: {rates}, {where}"
        framed = [each.get_xy() for each in ax.patches if each.get_width() == 0.9]
        assert len(framed) == 3
        assert "framed: beyond chance" in words(ax)

    @staticmethod
    def flagged(*above):
        """Return a week of 100 calls an hour from 8 to 20 h, of which these hours are answered more."""
        table = pd.DataFrame(0.4, index=["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], columns=range(24))
        beyond, calls = np.zeros((7, 24), dtype=bool), np.zeros((7, 24))
        calls[:, 8:20] = 100
        for day, hour in above:
            table.iloc[day, hour], beyond[day, hour] = 0.8, True
        facts = {"value": "answer_rate", "n_calls": 8_400, "counted": calls, "beyond_chance": beyond}
        table.attrs["heatmap"] = facts
        return plots.heatmap(table).get_title("left").partition("by more than chance, ")[2]

    def test_of_several_hours_the_title_says_where_most_of_them_lie(self):
        evenings = [(day, hour) for day in range(4) for hour in (18, 19)]
        assert self.flagged(*evenings) == "8 above, all 18–20 h"
        assert self.flagged(*evenings, (4, 9)) == "9 above, 8 of them 18–20 h"
        assert self.flagged(*((5, hour) for hour in range(8, 20))) == "12 above, all Sat"
        weekend = ((day, hour) for day in (5, 6) for hour in range(8, 20, 2))
        assert self.flagged(*weekend) == "12 above, all Sat–Sun"
        # One hour each day, each at another time: nothing shorter than half the week has most of them.
        assert self.flagged(*((day, 8 + 2 * day) for day in range(6))) == "6 above"

    def test_an_hour_that_is_hatched_is_neither_counted_nor_framed(self):
        # Of 11 h only 20 calls are known, all answered: beyond chance, but too few to be told.
        hours = [9] * 100 + [10] * 100 + [11] * 20 + [12] * 100
        stamps = [f"2026-03-02T{hour:02}:00Z" for hour in hours]
        states = ([1] * 40 + [0] * 60) * 2 + [1] * 20 + [1] * 90 + [0] * 10
        df = pd.DataFrame({"timestamp": stamps, "state": states})
        assert df.calls.heatmap("answer_rate").attrs["heatmap"]["beyond_chance"][0][11]
        ax = df.calls.plot.heatmap("answer_rate")
        assert ax.get_title("left").startswith("Answer rate: 3 of 3 hours of the week differ")
        assert len([each for each in ax.patches if each.get_width() == 0.9]) == 3

    def test_a_mean_over_few_calls_is_hatched_however_many_were_not_answered(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z"] * 20, "state": [1] + [0] * 19, "talkTime": 9})
        ax = df.calls.plot.heatmap("talk_time_mean_s")
        assert ax.patches[0].get_hatch()
        assert "talk time mean, in seconds; n = 20 calls; hatched" in words(ax)

    def test_a_value_that_is_not_known(self):
        ax = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z"]}).calls.plot.heatmap("talk_time_mean_s")
        assert "talk time mean is not known" in words(ax)

    def test_hours_at_the_ends_of_the_day_are_left_out(self):
        stamps = [f"2026-03-02T{hour:02}:00Z" for hour in range(8, 18)] * 10
        ax = pd.DataFrame({"timestamp": stamps}).calls.plot.heatmap()
        assert [label.get_text() for label in ax.get_xticklabels()] == [str(hour) for hour in range(8, 18)]
        # Ten calls in each hour of the one Monday that there is.
        assert ax.get_title(loc="left") == "Calls per day highest Mon 8–9 h: 10, but no clear peak"

    def test_without_a_value_weekdays_are_compared_by_their_mean(self):
        # Two calls each hour of 30 days from a Sunday on: five Sundays and Mondays, four of each other day.
        stamps = pd.date_range("2026-03-01", periods=30 * 24, freq="h", tz="UTC").repeat(2)
        ax = pd.DataFrame({"timestamp": stamps}).calls.plot.heatmap()
        assert {text.get_text() for text in ax.texts[: 7 * 24]} == {"2.0"}
        assert "calls per day, mean of 30 days; n = 1,440 calls" in words(ax)
        totals = pd.DataFrame({"timestamp": stamps}).calls.plot.heatmap("n_calls")
        assert {text.get_text() for text in totals.texts[: 7 * 24]} == {"8", "10"}

    def test_a_table_split_by_groups_is_refused_and_says_what_to_draw(self):
        week = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z"]}).calls.heatmap()
        split = pd.concat({"Solar": week, "Wind": week}, names=["project"])
        with pytest.raises(ValueError, match=r"split by project; .* one group .* without by="):
            plots.heatmap(split)
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z"], "projectName": "Solar"})
        with pytest.raises(ValueError, match="split by project, agent; select the calls of one group"):
            df.assign(userId="Ann").calls.plot.heatmap(by=["project", "agent"])


class TestByAgent:
    def test_a_row_for_each_agent_of_each_group_and_of_many_the_first_thirty(self):
        names = [f"agent {number:02}" for number in range(20)]
        agents = pd.DataFrame({"userId": names * 20, "state": 1}).calls.by_agent()
        ax = plots.by_agent(pd.concat({"Solar": agents, "Wind": agents}, names=["project"]))
        labels = [label.get_text() for label in ax.get_yticklabels()]
        assert len(labels) == 30
        assert labels[0].startswith("Solar · agent")
        assert labels[15].startswith("Wind · agent") or labels[15] == "agent 05"
        assert "n = 800 calls" in words(ax)
        assert "the first 15 and the last 15 of 40 agents" in words(ax)
        assert cut_off(ax.figure) == []

    def test_the_first_is_not_said_to_lead_where_others_may_be_first(self):
        states = [1] * 60 + [0] * 40 + [1] * 58 + [0] * 42 + [1] * 10 + [0] * 90
        df = pd.DataFrame({"userId": ["107"] * 100 + ["108"] * 100 + ["109"] * 100, "state": states})
        title = df.calls.plot.by_agent().get_title("left")
        told = "2 of 3 agents could rank first by answer rate; agent 107, now first, could have rank 1–2"
        assert title == told

    def test_each_of_the_two_rates_has_a_line_of_its_own(self):
        states = [1] * 60 + [0] * 40 + [1] * 30 + [0] * 70
        table = pd.DataFrame({"userId": ["107"] * 100 + ["108"] * 100, "state": states}).calls.by_agent()
        ax = plots.by_agent(table)
        lines = [each.get_segments() for each in ax.collections if hasattr(each, "get_segments")]
        ends = {
            (round(begin[0], 6), round(end[0], 6)): (begin[1], end[1])
            for rows in lines
            for begin, end in rows
        }
        for row, (_, agent) in enumerate(table.iterrows()):
            shrunk = ends[
                round(agent["answer_rate_adjusted_low"], 6), round(agent["answer_rate_adjusted"], 6)
            ]
            counted = ends[round(agent["answer_rate_low"], 6), round(agent["answer_rate_high"], 6)]
            assert row - 0.5 < shrunk[0] < row < counted[0] < row + 0.5  # rows are counted downwards
        assert "shrunk; tick: 1.96 standard deviations lower, by which they rank" in words(ax)
        assert "as counted; line: 95 % interval" in words(ax)

    def test_unranked_agents_are_grey_and_say_why(self):
        df = pd.DataFrame({"userId": ["a"] * 30 + ["b"] * 2, "state": 1})
        ax = df.calls.plot.by_agent()
        assert "no rank (n = 2)" in words(ax)
        colors = ax.collections[-1].get_facecolors()
        assert (colors[0] != colors[1]).any()

    def test_the_worst_are_shown_rather_than_those_without_a_rank(self):
        # 40 agents of 20 calls, of which agent n has n answered, and 5 agents of one call.
        names = [f"agent {place:02}" for place in range(40)]
        states = [int(call < place / 2) for place in range(40) for call in range(20)]
        df = pd.DataFrame({"userId": [name for name in names for _ in range(20)], "state": states})
        few = pd.DataFrame({"userId": [f"new {place}" for place in range(5)], "state": 0})
        ax = pd.concat([df, few]).calls.plot.by_agent()
        labels = [label.get_text() for label in ax.get_yticklabels()]
        assert (labels[0], len(labels)) == ("agent 39", 30)
        assert set(labels[-3:]) == {"agent 00", "agent 01", "agent 02"}
        assert "not drawn: 5 agents of too few calls for a rank" in words(ax)
        assert "the first 15 and the last 15 of 40 agents" in words(ax)

    def test_calls_without_an_agent_are_no_agent(self):
        df = pd.DataFrame({"userId": ["a"] * 30 + ["b"] * 30 + [None] * 9, "state": 1})
        ax = df.calls.plot.by_agent()
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
        assert "not drawn: 9 calls without an agent" in words(ax)

    def test_shows_the_rate_that_ranks(self):
        df = pd.DataFrame({"userId": ["a"] * 30 + ["b"] * 30, "state": [1] * 30 + [1] * 10 + [0] * 20})
        df["outcomeType"] = ["neutral"] * 30 + ["positive"] * 30
        assert df.calls.plot.by_agent().get_xlabel() == "answer rate"
        assert df.calls.plot.by_agent(rank_by="positive_rate").get_xlabel() == "positive rate"


class TestBreakdown:
    def test_draws_the_first_rate_with_its_interval(self):
        df = pd.DataFrame({"projectName": ["a", "a", "b"], "state": [1, 0, 1]})
        ax = df.calls.plot.breakdown("project")
        assert "answered ÷ calls of each project; n = 3 calls; whiskers: 95 % interval" in words(ax)
        assert [bar.get_width() for bar in ax.patches[:2]] == [1.0, 0.5]
        assert "50 % (n = 2)" in words(ax)
        assert ax.get_title(loc="left") == "Answer rate: no project differs by more than chance"

    def test_names_groups_beyond_chance_and_never_what_has_no_name(self):
        names = ["a"] * 400 + ["b"] * 400 + [None] * 400
        states = [1] * 240 + [0] * 160 + [1] * 160 + [0] * 240 + [1] * 390 + [0] * 10
        df = pd.DataFrame({"projectName": names, "state": states})
        ax = df.calls.plot.breakdown("project")
        # 97 % of the calls without a project were answered; those with one, 240 and 160 of 400, are 50 %.
        told = (
            "Answer rate: a (60 %) above, b (40 %) below the 50 % of all named projects by more than chance"
        )
        assert ax.get_title(loc="left").replace("\n", " ") == told
        assert [each.get_text() for each in ax.get_yticklabels()] == ["a", "b", "(none)"]
        assert "each against the other named projects, 5 %, corrected for 2; gray: no project" in words(ax)
        *named, nameless = (bar.get_facecolor() for bar in ax.patches[:3])
        assert ["*" in text.get_text() for text in ax.texts[:3]] == [True, True, False]
        assert nameless not in named

    def test_calls_without_a_name_make_no_group_stand_out(self):
        # Without those, a and b answer the same; with them each would be far below all calls.
        df = pd.DataFrame({"projectName": ["a"] * 400 + ["b"] * 400 + [None] * 400})
        df["state"] = [1, 0] * 400 + [1] * 400
        ax = df.calls.plot.breakdown("project")
        assert ax.get_title(loc="left") == "Answer rate: no project differs by more than chance"
        assert "dashed: 50 % of all named projects" in words(ax)

    def test_of_several_beyond_chance_all_are_counted_and_the_ends_are_named(self):
        # Of 400 calls each: a and b answered 300 and 320, c 200, d and e 100 and 80: 50 % of all.
        many = {"a": 300, "b": 320, "c": 200, "d": 100, "e": 80}
        df = pd.concat(
            pd.DataFrame({"projectName": name, "state": [1] * each + [0] * (400 - each)})
            for name, each in many.items()
        )
        told = df.calls.plot.breakdown("project").get_title("left").replace("\n", " ")
        than = "the 50 % of all by more than chance, b highest (80 %), e lowest (20 %)"
        assert told == f"Answer rate: 2 of 5 projects above and 2 below {than}"
        # 300 of 400 against 100 and 80 of 400: 480 of 1,200 are 40 %.
        three = df[df["projectName"].isin(["a", "d", "e"])]
        told = three.calls.plot.breakdown("project").get_title("left").replace("\n", " ")
        than = "the 40 % of all by more than chance, a highest (75 %), e lowest (20 %)"
        assert told == f"Answer rate: 1 of 3 projects above and 2 below {than}"

    def test_weekdays_of_unequally_many_days_are_compared_by_their_mean(self):
        stamps = pd.date_range("2026-03-01T12:00", periods=30, freq="D", tz="UTC").repeat(2)
        df = pd.DataFrame({"timestamp": stamps, "state": 1})
        ax = df.calls.plot.breakdown("weekday")
        assert "n = 60 calls, calls of a day in brackets" in words(ax)
        assert "100 % (n = 2)" in words(ax)
        ax = df.calls.plot.breakdown("weekday", ["n_calls"])
        assert [bar.get_width() for bar in ax.patches] == [2.0] * 7
        ax = df.iloc[2:-2].calls.plot.breakdown("weekday", ["n_calls"])  # four of each
        assert [bar.get_width() for bar in ax.patches] == pytest.approx([1 / 7] * 7)

    def test_what_is_not_known_is_no_zero(self):
        df = pd.DataFrame({"projectName": ["a", "b"], "state": [1, 0], "talkTime": [40, 0]})
        ax = df.calls.plot.breakdown("project", ["talk_time_mean_s", "n_calls"])
        assert [text.get_text() for text in ax.texts[:2]] == ["40 s (n = 1)", "not known (n = 1)"]

    def test_draws_what_else_there_is(self):
        df = pd.DataFrame({"projectName": ["a", "a", "b"], "state": 1, "talkTime": [10, 20, 40]})
        ax = df.calls.plot.breakdown("project", ["talk_time_mean_s"])
        assert [bar.get_width() for bar in ax.patches] == [40.0, 15.0]
        assert ax.get_xlabel() == "talk time mean"
        assert ax.xaxis.get_major_formatter()(30) == "30 s"
        ax = df.calls.plot.breakdown("project", ["n_calls"])
        assert [bar.get_width() for bar in ax.patches] == pytest.approx([2 / 3, 1 / 3])

    def test_a_metric_of_ones_own_is_told_in_its_unit(self):
        long = bc.Metric("of_a_minute", numerator="talkTime >= 60", unit="share")
        df = pd.DataFrame({"projectName": ["a", "a", "b"], "state": 1, "talkTime": [10, 80, 90]})
        ax = df.calls.plot.breakdown("project", [long])
        assert ax.get_title(loc="left") == "Of a minute: 100 % for b, 50 % for a"

    def test_a_call_with_two_tags_is_one_call(self):
        df = pd.DataFrame({"tags": ['["a", "b"]', '["a"]', "[]"], "state": 1})
        assert "n = 3 calls" in words(df.calls.plot.breakdown("tag"))


class TestByLine:
    @staticmethod
    def table(beyond):
        return pd.DataFrame(
            {
                "n_calls": 1_000,
                "answered": [200, 300],
                "answer_rate": [0.2, 0.3],
                "answer_rate_low": [0.18, 0.27],
                "answer_rate_high": [0.22, 0.33],
                "answer_rate_adjusted": [0.22, 0.27],
                "short_call_share": 0.1,
                "trend": 0.0,
                "beyond_chance": beyond,
            },
            index=pd.Index(["+491", "+492"], name="line"),
        )

    def lines(self, beyond, **more):
        return plots.by_line(self.table(beyond).assign(**more))

    def test_the_interval_is_that_of_the_adjusted_rate(self):
        segments = [each[:, 0].tolist() for each in self.lines([False, False]).collections[0].get_segments()]
        # The highest stands on top.
        assert segments == [pytest.approx([0.243, 0.297]), pytest.approx([0.198, 0.242])]

    def test_the_sign_stands_at_the_name_so_that_it_does_not_seem_to_flag_the_change(self):
        ax = self.lines([True, False])
        ax.figure.canvas.draw()
        assert [label.get_text() for label in ax.get_yticklabels()] == ["+492", "* +491"]
        assert not any(text.get_text().endswith("*") for text in ax.texts)

    def test_a_change_beyond_chance_is_flagged_after_correction_for_the_number_of_lines(self):
        # Of two lines intervals are 2.24 / 1.96 = 1.14 times as wide: ± 1 point becomes ± 1.14.
        trend = np.array([0.0112, 0.0116])
        ax = self.lines([False, False], trend=trend, trend_low=trend - 0.01, trend_high=trend + 0.01)
        told = [text.get_text() for text in ax.texts if text.get_text().startswith("n = 1,000, 10")]
        assert told == [
            "n = 1,000, 10 % short, +1.2 ± 1.0 a week *",
            "n = 1,000, 10 % short, +1.1 ± 1.0 a week",
        ]
        assert "± confidence interval, * beyond chance, corrected for 2 lines" in words(ax)
        ax = self.lines([False, False], trend=trend, trend_low=trend - 0.02, trend_high=trend + 0.02)
        assert "none beyond chance, corrected for 2 lines" in words(ax)
        assert "corrected" not in words(self.lines([False, False]))  # without intervals of the trend
        table = self.table([False, False]).assign(
            trend=trend, trend_low=trend - 0.01, trend_high=trend + 0.01
        )
        assert "*" not in words(plots.by_line(table.drop(columns="beyond_chance")))

    @pytest.mark.parametrize(("fall", "end"), [(-0.029, "; +492 falls by 2.9 points a week"), (0.029, "")])
    def test_the_line_that_falls_most_beyond_chance_is_in_the_title(self, fall, end):
        trend = np.array([-0.011, fall])  # that of the first is within chance
        ax = self.lines([False, False], trend=trend, trend_low=trend - 0.01, trend_high=trend + 0.01)
        title = ax.get_title("left").replace("\n", " ")
        assert title == f"No line's answer rate differs by more than chance: 22 % to 27 % adjusted{end}"
        flagged, other = (text for text in ax.texts if text.get_text().startswith("n = 1,000, 10"))
        assert flagged.get_text().endswith("*")
        assert flagged.get_color() != other.get_color()

    def test_a_line_is_named_only_beyond_chance(self):
        title = self.lines([False, False]).get_title("left")
        assert title == "No line's answer rate differs by more than chance: 22 % to 27 % adjusted"
        title = self.lines([True, False]).get_title("left")
        assert (
            title
            == "Line +491 has an adjusted answer rate of 22 %, below the 25 % of all by more than chance"
        )
        title = self.lines([False, True]).get_title("left")
        assert (
            title
            == "Line +492 has an adjusted answer rate of 27 %, above the 25 % of all by more than chance"
        )


class TestFunnel:
    def test_bars_are_shares_of_the_first_stage(self):
        df = pd.DataFrame({"state": [1, 0], "talkTime": [40, 0], "outcomeType": ["positive", None]})
        ax = df.calls.plot.funnel()
        assert [bar.get_width() for bar in ax.patches] == [1.0, 0.5, 0.5, 0.5]
        assert "50 % · 1, step 50 %" in words(ax)
        assert "n = 2 calls" in words(ax)

    def test_a_stage_counts_what_passed_all_before_it_and_says_so(self):
        # Both outcomes are positive, one of them of a call that nobody answered.
        df = pd.DataFrame({"state": [1, 0], "talkTime": [40, 0], "outcomeType": "positive"})
        ax = df.calls.plot.funnel()
        assert ax.get_yticklabels()[0].get_text() == "all calls"
        title = ax.get_title(loc="left").replace("\n", " ")
        assert title == "50 % of the calls pass all stages, up to positive outcome"
        assert "calls that reach the stage and all before it ÷ all calls" in words(ax)


class TestAttempts:
    def test_bars_are_the_chance_of_one_more_and_lines_the_reach(self):
        rows = {"clientNumber": ["x", "x", "y", "z"], "state": [0, 1, 1, 0], "type": 1}
        df = pd.DataFrame(rows).assign(timestamp=["2026-03-02T09:00Z", "2026-03-02T10:00Z"] * 2)
        ax = df.calls.plot.attempts()
        assert [bar.get_height() for bar in ax.patches[:2]] == pytest.approx([1 / 3, 1.0])
        assert ax.lines[0].get_ydata().tolist() == pytest.approx([1 / 3, 2 / 3])
        assert "n = 3 clients" in words(ax)
        # Greenwood's interval on the log-log scale: (2/3) ^ exp(± 1.96 · √(1/6) ÷ ln(3/2)) are left.
        (band,) = [each for each in ax.collections if each.get_alpha() is not None]
        ends = sorted(y for x, y in band.get_paths()[0].vertices if x == 1)
        assert [ends[0], ends[-1]] == pytest.approx([0.0548, 0.9459], abs=1e-3)
        ax.figure.canvas.draw()
        # z is called but once, so that the second attempt is at x alone.
        names = [label.get_text() for label in ax.get_xticklabels()]
        assert names[:2] == ["1\nn = 3", "2\nn = 1"]


class TestConcurrency:
    def test_tells_the_peak_and_when(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z", "2026-03-02T09:00:30Z"], "totalTime": 60})
        ax = df.calls.plot.concurrency()
        assert ax.get_title(loc="left") == "At most 2 calls at once, first on Mon 2 March at 09:00"
        assert "n = 2 calls; 2 March 2026, UTC" in words(ax)

    def test_long_times_are_thinned_and_keep_the_peak(self):
        df = pd.DataFrame(
            {"timestamp": ["2026-03-02T09:00Z", "2026-03-02T09:00:30Z", "2026-03-10T09:00Z"], "totalTime": 60}
        )
        ax = df.calls.plot.concurrency()
        # From nine on the 2nd to nine on the 10th: eight days of 24 hours and one hour more.
        assert len(steps_of(ax)["most calls at once"]) == 8 * 24 + 1
        assert max(steps_of(ax)["most calls at once"]) == 2
        assert "highest and mean of each hour" in words(ax)

    def test_weeks_become_a_typical_week(self):
        # Eleven Mondays: one call at nine on ten of them, and three at once on the last.
        mondays = pd.date_range("2026-01-05T09:10", periods=11, freq="7D", tz="UTC")
        df = pd.DataFrame({"timestamp": [*mondays, mondays[-1], mondays[-1]], "totalTime": 60})
        ax = df.calls.plot.concurrency()
        cells = {text.get_position(): text.get_text() for text in ax.texts if text.get_text().isdigit()}
        assert cells == {(0, 0): "1"}
        assert "enough on nine of ten of the 10–11 days of that half hour" in words(ax)
        assert "At most 1 call at once in any half hour on nine of ten of its days; peak 3" in ax.get_title(
            loc="left"
        )

    def test_groups_become_lines_the_six_with_the_highest_peaks(self):
        first = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z"], "totalTime": [60]})
        tables = {
            name: pd.concat([first] * many, ignore_index=True).calls.concurrency()
            for name, many in zip("abcdefgh", (3, 1, 4, 1, 5, 9, 2, 6), strict=True)
        }
        ax = plots.concurrency(pd.concat(tables, names=["project"]))
        key = [text.get_text() for text in ax.texts[-6:]]
        assert key == [
            f"{name} (most: {peak})" for name, peak in zip("fhecag", (9, 6, 5, 4, 3, 2), strict=True)
        ]
        assert [max(each) for each in steps_of(ax).values()] == [9, 6, 5, 4, 3, 2]
        assert "the 6 highest of 8 groups" in words(ax)

    def test_a_group_without_calls_in_a_period_is_zero_there(self):
        early, late = (
            pd.DataFrame({"timestamp": [f"2026-03-02T09:0{minute}Z"], "totalTime": [60]}).calls.concurrency()
            for minute in (0, 1)
        )
        ax = plots.concurrency(pd.concat({("Solar", "A"): early, ("Wind", "B"): late}))
        assert steps_of(ax) == {"Solar · A": [1, 0], "Wind · B": [0, 1]}

    def test_long_times_of_groups_are_thinned_and_keep_their_peaks(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z", "2026-03-02T19:00Z"], "totalTime": 60})
        ax = plots.concurrency(pd.concat({"Solar": df.calls.concurrency()}))
        # 601 minutes from nine o'clock: 41 quarters of an hour
        assert steps_of(ax)["Solar"] == [1] + [0] * 39 + [1]


class TestStaffing:
    def table(self, agents, load=1.0):
        index = pd.date_range("2026-03-02T09:00", periods=len(agents), freq="30min", tz="UTC")
        columns = {"offered": 7, "load_erlangs": load, "agents": agents}
        return pd.DataFrame(columns, index=index.rename("timestamp"))

    def test_agents_as_steps_and_the_load_as_a_line(self):
        ax = plots.staffing(self.table([2, 5], [1.5, 4.0]))
        assert steps_of(ax) == {"agents needed": [2, 5], "load (erlangs)": [1.5, 4.0]}
        assert ax.get_title(loc="left").startswith("At most 5 agents needed, first on Mon 2 March at 09:30")
        assert "n = 14 calls; times in UTC" in words(ax)

    def test_of_weeks_the_agents_that_no_hour_exceeds_on_nine_of_ten_days(self):
        # Eleven Mondays: two agents at nine on ten of them, and six on the last.
        index = pd.date_range("2026-01-05T09:00", periods=11 * 336, freq="30min", tz="UTC")
        agents = pd.Series(0, index.rename("timestamp"))
        agents.iloc[::336] = [2] * 10 + [6]
        ax = plots.staffing(pd.DataFrame({"offered": 7, "load_erlangs": 1.0, "agents": agents}))
        title = ax.get_title(loc="left").replace("\n", " ")
        told = "No half hour of the week needs more than 2 agents on nine of ten of its days; peak 6"
        assert title.startswith(f"{told}, on Mon 16 March")

    def test_without_wrap_up_it_says_that_fewer_are_told_than_needed(self):
        df = calls(50).assign(type=0)
        told = "no wrap-up: fewer than needed where there is any (wrap_up_s=)"
        assert told in words(df.calls.plot.staffing())
        assert "no wrap-up" not in words(df.calls.plot.staffing(wrap_up_s=20))

    def test_settings_are_in_the_picture(self):
        df = calls(50).assign(type=0)
        told = words(df.calls.plot.staffing(target=0.9, threshold_s=30))
        assert "90 % answered within 30 s (Erlang C: nobody hangs up, so rather more than needed)" in told

    def test_groups_become_lines(self):
        ax = plots.staffing(pd.concat({"Solar": self.table([2, 1]), "Wind": self.table([3, 4])}, names=["p"]))
        assert steps_of(ax) == {"Wind": [3, 4], "Solar": [2, 1]}
        assert ax.get_title(loc="left") == "At most 4 agents needed, for Wind"
        assert "n = 28 calls; times in UTC" in words(ax)


class TestRestated:
    @staticmethod
    def table(before, after, **said):
        table = pd.DataFrame({"n_calls_other": 1_000, "n_calls": 1_000, "positive_rate_other": before})
        table["positive_rate"] = after
        table["positive_rate_change"] = table["positive_rate"] - table["positive_rate_other"]
        table.index = pd.Index(list("abc"), name="project")
        table.attrs["brightcall"] = {"settings": {}, **said}
        return table

    def test_only_changes_that_are_seen_are_counted(self):
        ax = plots.restated(self.table([0.299, 0.168, 0.2], [0.3, 0.1684, 0.21]))
        assert "16.80 % → 16.84 % (1,000)" in words(ax)
        told = "2 of 3 groups changed by 0.1 points or more, c most"
        both = "positive rate 20.0 % as reported, 21.0 % now (+1.0 points)"
        assert ax.get_title("left").replace("\n", " ") == f"{told}: {both}"

    def test_all_calls_have_a_row_and_lead_the_title(self):
        table = self.table([0.3, 0.2, 0.2], [0.3, 0.2, 0.25]).assign(n_calls=[1_000, 1_000, 990])
        table.attrs["all"] = [0.2333, 0.2483]
        ax = plots.restated(table)
        told = ax.get_title("left").replace("\n", " ")
        of_all = "Positive rate of all: 23.3 % as reported, 24.8 % now (+1.5 points)"
        assert told == f"{of_all}; 1 of 3 groups changed by 0.1 points or more, c most (+5.0 points)"
        assert ax.collections[1].get_offsets()[-1].tolist() == pytest.approx([1.5, 3])
        assert ax.get_yticklabels()[-1].get_text() == "all"
        assert "23.33 % → 24.83 % (3,000 → 2,990)" in words(ax)
        assert "20.00 % → 25.00 % (1,000 → 990)" in words(ax)
        table.attrs["all"] = [0.2333, 0.2334]
        assert (
            plots.restated(table).get_title("left").startswith("Positive rate of all: 23.3 % as reported and")
        )

    def test_what_has_no_name_is_counted_but_not_named(self):
        table = self.table([0.3, 0.2, 0.2], [0.3, 0.21, 0.25]).rename(index={"c": "(none)"})
        ax = plots.restated(table)
        assert ax.get_title("left").startswith("2 of 3 groups changed by 0.1 points or more, b most")

    def test_the_change_is_drawn_in_points_from_none(self):
        ax = plots.restated(self.table([0.299, 0.168, 0.2], [0.3, 0.1684, 0.19]))
        lines, dots = ax.collections
        # The largest on top: c fell by one point, a rose by 0.1, b by 0.04.
        assert dots.get_offsets()[:, 0].tolist() == pytest.approx([-1.0, 0.1, 0.04])
        assert [segment[0, 0] for segment in lines.get_segments()] == [0, 0, 0]
        assert ax.get_xlabel() == "change of the positive rate, percentage points"

    def test_says_when_it_was_reported_and_what_now_is_where_that_is_known(self):
        moments = {"as_of": "2026-03-31T09:00:00+02:00", "loaded_at": "2026-04-14T18:30:00+02:00"}
        ax = plots.restated(self.table([0.3, 0.2, 0.2], [0.3, 0.2, 0.21], **moments))
        assert "20.0 % as reported on 31 March, 21.0 % on 14 April" in ax.get_title("left").replace("\n", " ")
        assert "reported: as known on 31 March 2026, 09:00; now: 14 April 2026, 18:30" in words(ax)

    def test_says_what_became_of_calls_that_are_gone(self):
        table = self.table([0.3, 0.2, 0.2], [0.3, 0.2, 0.21]).assign(n_calls=[990, 1_000, 999])
        assert "2,989 calls, 3,000 when reported; 11 calls gone since: the server lists them" in words(
            plots.restated(table)
        )
        late = table.assign(n_calls=[1_001, 1_000, 1_000])
        assert "3,001 calls, 3,000 when reported; 1 call came later" in words(plots.restated(late))


class TestCompare:
    def sides(self):
        here = pd.DataFrame({"projectName": ["a", "a", "b"], "state": [1, 0, 1], "talkTime": [10, 0, 50]})
        there = pd.DataFrame({"projectName": ["a", "a", "c"], "state": [1, 1, 0], "talkTime": [20, 40, 0]})
        return here, there

    def test_arrows_within_chance_are_gray(self):
        index = pd.Index(["a", "b"], name="project")
        table = pd.DataFrame({"n_calls": 100, "n_calls_other": 100}, index=index)
        table = table.assign(answer_rate=[0.5, 0.41], answer_rate_other=0.4, answer_rate_change=[0.1, 0.01])

        def colors(table):
            ax = plots.compare(table)
            return {to_hex(color) for each in ax.collections for color in each.get_edgecolor()}

        ax = plots.compare(table)
        blue = to_hex(ax.collections[0].get_edgecolor()[0])
        told = colors(table.assign(answer_rate_beyond_chance=[True, False]))
        assert RED in told
        assert blue not in told

    def test_an_arrow_from_side_to_side_and_the_change_beside_it(self):
        here, there = self.sides()
        ax = here.calls.plot.compare(there, by="project")
        assert ax.get_xlabel() == "answer rate"
        line, others, rightward, leftward, dots = ax.collections
        assert line.get_segments()[0][:, 0].tolist() == [0.5, 1.0]
        assert others.get_offsets()[[0, 2], 0].tolist() == [1.0, 0.0]
        # a fell from 100 to 50 %; b is known here only, so that nothing points to it.
        assert [each.get_offsets()[:, 0].tolist() for each in (rightward, leftward, dots)] == [
            [],
            [0.5],
            [1.0],
        ]
        texts = [text.get_text() for text in ax.texts]
        assert texts[:3] == ["−50.0 ± 58.9 points (2 → 2)", "not known (0 → 1)", "not known (1 → 0)"]
        assert "answered ÷ calls; n = 3 calls, 3 others" in words(ax)

    def test_a_change_is_named_only_beyond_chance(self):
        here, there = (
            pd.DataFrame({"projectName": ["a"] * 100 + ["b"] * 100, "state": [1] * 50 + [0] * 50 + states})
            for states in ([1] * 20 + [0] * 80, [1] * 70 + [0] * 30)
        )
        title = here.calls.plot.compare(there, by="project").get_title("left")
        assert title == "Answer rate changed beyond chance for b: −50.0 points"
        title = here.calls.plot.compare(here, by="project").get_title("left")
        assert title == "Answer rate changed for no project by more than chance (+0.0 points)"
        ax = here.calls.plot.compare(there, by="project")
        assert "±: 95 % interval of each change alone, not corrected" in words(ax)

    def test_seconds(self):
        here, there = self.sides()
        ax = here.calls.plot.compare(there, by="project", metrics=["talk_time_mean_s"])
        assert ax.get_xlabel() == "talk time mean"
        assert ax.texts[0].get_text() == "−20.0 s"
        assert ax.xaxis.get_major_formatter()(150) == "2.5 min"

    def test_a_small_change_looks_small(self):
        here, there = (pd.DataFrame({"state": [1] * each + [0] * (1000 - each)}) for each in (502, 500))
        left, right = here.calls.plot.compare(there).get_xlim()
        assert right - left == pytest.approx(0.05)
        assert (left + right) / 2 == pytest.approx(0.501)

    def test_a_number_that_neither_side_has(self):
        here, there = self.sides()
        ax = here.calls.plot.compare(there, by="project", metrics=["positive_rate"])
        assert "positive rate is not known" in words(ax)

    def test_of_many_groups_the_largest(self):
        names = [f"p{number:02}" for number in range(40)]
        here = pd.DataFrame({"projectName": [*names, *names[10:]], "state": 1})
        ax = here.calls.plot.compare(here, by="project")
        assert [label.get_text() for label in ax.get_yticklabels()] == names[10:]
        assert "the 30 largest of 40 groups" in words(ax)


class TestServiceLevelUnknown:
    def test_unknown_answer_times_are_not_drawn_as_late(self):
        df = pd.DataFrame({"type": 0, "state": [1, 1, 0], "answerTime": [None] * 3})
        ax = df.calls.plot.service_level()
        assert "no answer time is known" in words(ax)
        assert not ax.collections


class TestExplainChange:
    def test_bars_add_up_to_the_change_in_points(self):
        before = pd.DataFrame({"projectName": ["a", "a", "b", "b"], "state": [1, 1, 1, 0]})
        after = pd.DataFrame({"projectName": ["a", "b", "b", "b"], "state": [1, 0, 1, 0]})
        ax = after.calls.plot.explain_change(before, by="project")
        *groups, of_rates, of_shares = (
            bar.get_width() for bar in ax.patches[:2] + ax.patches[3:5] + [ax.patches[2], ax.patches[5]]
        )
        assert sum(groups) == pytest.approx(-25)
        assert of_rates + of_shares == pytest.approx(-25)
        assert [each.get_text() for each in ax.get_yticklabels()] == ["b", "a", "all"]
        moved = (
            "Answer rate fell from 75.0 % to 50.0 %, within chance; no project moved it by more than chance"
        )
        assert ax.get_title(loc="left") == moved
        assert "n = 4 calls, 4 others" in words(ax)

    def test_the_axis_goes_on_to_a_tick_on_its_short_side_too(self):
        effects = {"rate_effect": [-0.031, 0.009], "mix_effect": [0.0, 0.0], "effect": [-0.031, 0.009]}
        table = pd.DataFrame(effects, index=pd.Index(["a", "b"], name="project"))
        table.attrs = {"metric": "answer_rate", "of_all": (0.3, 0.322)}
        ax = plots.explain_change(table)
        ax.figure.canvas.draw()
        assert "+1" in [label.get_text() for label in ax.get_xticklabels()]

    def test_means_are_told_in_seconds_and_small_groups_folded(self):
        df = pd.DataFrame({"projectName": [f"p{n}" for n in range(40)], "state": 1, "talkTime": range(40)})
        ax = df.assign(talkTime=0).calls.plot.explain_change(df, "talk_time_mean_s", by="project")
        assert ax.get_yticklabels()[-2].get_text() == "28 more"
        assert "fell from 19.5 s to 0.0 s" in ax.get_title(loc="left")

    def test_without_by_a_row_for_each_dimension(self):
        before = pd.DataFrame({"projectName": ["a"] * 90 + ["b"] * 10, "state": [1] * 80 + [0] * 20})
        before["userId"] = "Ann"
        after = pd.concat([before.iloc[:20], before.iloc[90:], before.iloc[90:], before.iloc[90:]])
        ax = after.calls.plot.explain_change(before)
        assert [label.get_text() for label in ax.get_yticklabels()] == ["project", "agent"]
        assert "fell from 80.0 % to 40.0 %" in ax.get_title(loc="left")
        assert "explains beyond chance" in words(ax)


class TestRecalls:
    def test_bars_are_counts(self):
        df = pd.DataFrame(
            {
                "clientNumber": ["x", "x", "y"],
                "timestamp": ["2026-03-02T09:00Z", "2026-03-03T10:00Z", "2026-03-04T09:00Z"],
                "recallDate": ["2026-03-03T07:00Z", None, "2026-03-05T09:00Z"],
                "type": 1,
            }
        )
        ax = df.calls.plot.recalls()
        assert [bar.get_width() for bar in ax.patches] == [0, 1, 0, 1]
        assert "median 3 h late" in words(ax)
        # The second promise is due after the last call, so that it is open.
        assert "n = 2 promised calls, percentages of the 1 that were due; kept: at most 15 min late" in words(
            ax
        )


class TestServiceLevel:
    def test_three_marks_a_row(self):
        df = pd.DataFrame({"type": 0, "state": [1, 0], "answerTime": [5, 0], "callTime": [60, 3]})
        ax = df.calls.plot.service_level()
        assert [each.get_offsets()[0][0] for each in ax.collections[1:]] == [0.5, 1.0, 1.0]
        assert ax.texts[-3].get_text() == "÷ offered"
        assert ax.get_title("left") == "50 % of the offered calls are answered within 20 s"
        title = df.calls.plot.service_level(7.5).get_title("left")
        assert title == "50 % of the offered calls are answered within 7.5 s"


class TestWhoIsNamed:
    @staticmethod
    def abandoned(**gone):
        """Return the share of 1,000 offered calls each that were given up."""
        table = pd.DataFrame({"abandoned": gone}).rename_axis("project").assign(offered=1_000)
        rate = table["abandoned"] / 1_000
        ends = {"abandonment_rate_low": rate - 0.03, "abandonment_rate_high": rate + 0.03}
        return table.assign(abandonment_rate=rate, **ends)

    def test_a_group_is_named_only_if_its_interval_leaves_out_the_rate_of_all(self):
        # 0.03 is 1.96 standard errors; of three groups 2.39 count, which are 0.037.
        chance = plots.abandonment(self.abandoned(a=200, b=210, c=250)).get_title("left")
        assert chance == "22 % of the offered calls were given up; no project is higher than chance explains"
        told = plots.abandonment(self.abandoned(a=200, b=200, c=260)).get_title("left")
        assert told == "22 % of the offered calls were given up; higher than chance explains: c, 26 %"

    def test_what_the_table_says_of_chance_goes_before_the_intervals(self):
        table = self.abandoned(a=200, b=210, c=250).assign(beyond_chance=[False, False, True])
        assert plots.abandonment(table).get_title("left").endswith("higher than chance explains: c, 25 %")

    def test_what_has_no_name_is_last_gray_and_never_named(self):
        ax = plots.abandonment(self.abandoned(**{"(none)": 700, "a": 400, "b": 400}))
        assert "(none)" not in ax.get_title("left")
        assert [each.get_text() for each in ax.get_yticklabels()] == ["a", "b", "(none)"]
        shown = plots.repeat_callers(
            pd.DataFrame(
                {"observed": 100, "repeated": [9, 3], "repeat_rate": [0.09, 0.03]}
                | {"repeat_rate_low": 0.01, "repeat_rate_high": 0.1},
                index=pd.Index(["(none)", "a"], name="project"),
            )
        )
        red, _, blue = shown.patches[0].get_facecolor()[:3]
        assert red < blue
        red, _, blue = shown.patches[1].get_facecolor()[:3]
        assert red == blue

    def test_an_hour_is_told_from_when_to_when(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00Z"] * 3, "type": 0, "state": [1, 0, 0]})
        labels = df.calls.plot.abandonment(by="hour").get_yticklabels()
        assert [each.get_text() for each in labels] == ["9–10 h"]

"""The watch: what changed, since when, by how much, and how seldom it is wrong."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import Metric, watch
from brightcall_pandas.analysis._watch_chart import charted
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains
from brightcall_pandas.sandbox._worlds import World, worlds

CHANGE = pd.Timestamp("2026-03-15", tz="Europe/Berlin")
COLUMNS = ["clientNumber", "lineNumber", "projectName", "state", "timestamp", "type", "userId"]


def drawn(world: World, seed: int, calls: int = 6_000) -> pd.DataFrame:
    """Return the calls of a world, as the sandbox would serve them."""
    rng = np.random.default_rng(seed)
    made = draw_calls(rng, calls, 30, world=world)
    rows = call_table(rng, made, planted_chains(rng, made)).select(COLUMNS).to_pandas()
    return rows.assign(timestamp=rows["timestamp"].dt.tz_convert("Europe/Berlin"))


def calls(
    many: int = 4_000, *, lines: str = "ABCD", falls: str = "", after: float = 0.15, seed: int = 0
) -> pd.DataFrame:
    """Return a month of calls of which 30 % are answered; of one line `after` from the middle on."""
    rng = np.random.default_rng(seed)
    stamps = pd.date_range("2026-03-01", "2026-03-29", periods=many, tz="Europe/Berlin")
    df = pd.DataFrame({"timestamp": stamps, "lineNumber": rng.choice(list(lines), many), "type": "outbound"})
    late = (df["lineNumber"] == falls) & (df["timestamp"] >= CHANGE)
    df["state"] = np.where(rng.random(many) < np.where(late, after, 0.3), "answered", "unanswered")
    return df


@pytest.fixture(scope="module")
def fell() -> pd.DataFrame:
    return watch(calls(falls="B"))


class TestWatch:
    def test_a_line_that_lost_half_of_its_answers(self, fell):
        assert fell["state"].to_dict() == {"B": "fallen", "A": "steady", "C": "steady", "D": "steady"}
        row = fell.loc["B"]
        assert abs(row["since"] - CHANGE) < pd.Timedelta("3D")
        assert CHANGE < row["alarm_at"] < CHANGE + pd.Timedelta("10D")
        assert row["difference_low"] < -0.15 < row["difference_high"] < 0
        assert fell["alarm_at"].notna().tolist() == [True, False, False, False]

    def test_counts_since_then(self, fell):
        df = calls(falls="B")
        mine = df[(df["lineNumber"] == "B") & (df["timestamp"] >= fell.loc["B", "since"])]
        row = fell.loc["B"]
        assert row["n_calls"] == (df["lineNumber"] == "B").sum()
        assert row["n_calls_since"] == len(mine)
        assert row["observed_since"] == (mine["state"] == "answered").sum()
        assert row["rate_since"] == row["observed_since"] / len(mine)
        assert row["rate_expected"] == pytest.approx(row["expected_since"] / len(mine))
        assert row["difference"] == pytest.approx(row["rate_since"] - row["rate_expected"])
        assert row["rate_expected"] == pytest.approx(0.3, abs=0.03)  # what the others have

    def test_says_the_same_in_words(self, fell):
        row = fell.loc["B"]
        assert row["finding"].startswith(f"fallen since {row['since'].day} March 2026, ")
        assert f"{row['n_calls_since']} calls" in row["finding"]
        assert f"{100 * row['rate_since']:.1f} %" in row["finding"]
        assert fell.loc["A", "finding"].startswith("steady since its first call, 1 March 2026, ")

    def test_a_rise_is_named_as_such(self):
        table = watch(calls(falls="C", after=0.5))
        assert table.index[0] == "C"
        assert table["state"].tolist() == ["risen", "steady", "steady", "steady"]
        assert table.loc["C", "difference_low"] > 0

    def test_what_is_over_is_steady_since_then(self):
        df = calls(falls="B", after=0.02)
        over = df["timestamp"] >= CHANGE + pd.Timedelta("7D")
        df.loc[over, "state"] = calls(seed=1)["state"][over]
        row = watch(df).loc["B"]
        assert row["state"] == "steady"
        assert row["since"] > CHANGE + pd.Timedelta("7D")
        assert pd.isna(row["alarm_at"])

    def test_what_falls_for_everybody_accuses_nobody(self):
        df = calls(many=8_000)
        rng = np.random.default_rng(3)
        late = df["timestamp"] >= CHANGE
        df["state"] = np.where(rng.random(len(df)) < np.where(late, 0.15, 0.3), "answered", "unanswered")
        table = watch(df)
        assert (table["state"] == "steady").all()
        assert table["difference"].abs().max() < 0.04  # answers fell by 15 points

    def test_a_line_that_fell_does_not_make_its_neighbor_rise(self):
        table = watch(calls(lines="AB", falls="B", after=0.1))
        assert table["state"].to_dict() == {"B": "fallen", "A": "steady"}

    def test_equal_attempts_hours_and_projects_are_compared(self):
        """Of a line that makes all further dials a third is answered, as of everybody's further dials."""
        rng, many = np.random.default_rng(5), 6_000
        df = calls(many)
        first = rng.random(many) < np.where(df["lineNumber"] == "A", 0.05, 0.5)
        early = ~first & (rng.random(many) < 0.5)
        df["projectName"] = np.where(first, "new", np.where(early, "old", "older"))
        rate = np.where(first, 0.6, 0.2)
        df["state"] = np.where(rng.random(many) < rate, "answered", "unanswered")
        table = watch(df)
        assert (table["state"] == "steady").all()
        assert table.loc["A", "rate_expected"] == pytest.approx(0.22, abs=0.03)
        plain = watch(df.drop(columns="projectName"))
        assert plain.loc["A", "state"] == "fallen"

    def test_alone_in_its_project_it_is_compared_with_itself(self):
        df = calls(falls="B").assign(projectName=lambda df: df["lineNumber"])
        df.loc[(df["lineNumber"] == "A"), "state"] = "unanswered"  # throughout: no change
        df.loc[(df["lineNumber"] == "A") & (df.index % 20 == 0), "state"] = "answered"
        table = watch(df)
        assert table.loc["B", "state"] == "fallen"
        assert table.loc["A", "state"] == "steady"
        assert table.loc["A", "rate_expected"] == pytest.approx(0.05, abs=0.02)
        assert watch(calls(falls="B"), against="itself").loc["B", "state"] == "fallen"
        by_project = watch(df.assign(lineNumber="one"), by="project")
        assert by_project["state"].to_dict() == table["state"].rename(index=str).to_dict()

    def test_single_unit(self):
        table = watch(calls(lines="A", falls="A"))
        assert table["state"].tolist() == ["fallen"]

    def test_any_order_of_rows_gives_the_same(self, fell):
        mixed = calls(falls="B").sample(frac=1, random_state=0)
        pd.testing.assert_frame_equal(watch(mixed), fell)
        assert watch(mixed).attrs["watch"] == fell.attrs["watch"]

    def test_alike_calls_of_a_client_take_a_higher_threshold(self):
        """Each client is called ten times in a row, and answers always or never."""
        rng, df = np.random.default_rng(2), calls()
        client = np.arange(len(df)) // 10
        df["lineNumber"] = np.array(list("ABCD"))[client % 4]
        df["state"] = np.where(rng.random(len(df))[client] < 0.3, "answered", "unanswered")
        apart = df.assign(clientNumber=None)
        alike = df.assign(clientNumber=[f"+49301234{each:03}" for each in client])
        together, each = (watch(one) for one in (alike, apart))
        assert together["threshold"].min() > 1.5 * each["threshold"].max()
        assert (together["state"] == "steady").all()

    def test_fewer_false_alarms_take_a_higher_threshold(self):
        df = calls()
        few, many = (watch(df, false_alarms=each).sort_index() for each in (0.01, 1))
        assert (few["threshold"] - many["threshold"] > 0.8 * log(100)).all()

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"lineNumber": None}, "calls without line are not watched"),
            ({"state": None}, "what the metric counts is not known of any of these calls"),
            ({"state": "answered"}, "nothing to compare"),
        ],
    )
    def test_what_cannot_be_judged_says_why(self, changed, why):
        table = watch(calls(400).assign(**changed))
        assert set(table["state"]) == {"not judged"}
        assert table["finding"].str.startswith(why).all()
        assert table["n_calls"].sum() == 400

    def test_too_few_calls(self):
        df = pd.concat([calls(lines="AB"), calls(20, lines="C")])
        row = watch(df).loc["C"]
        assert row["state"] == "not judged"
        assert row["finding"].startswith("too few calls to tell: 20, and ")
        assert row["n_calls"] == 20

    def test_metrics_of_ones_own_and_their_denominator(self):
        df = calls(8_000, falls="B").assign(talkTime=40.0)
        mine = Metric("answered at all", numerator="state == 'answered'", doc="As answer_rate.")
        table, usual = watch(df, metric=mine), watch(df)
        pd.testing.assert_frame_equal(table, usual)
        talks = watch(df, metric="conversation_rate")
        assert talks["n_calls"].sum() == (df["state"] == "answered").sum()

    @pytest.mark.parametrize(
        ("options", "error", "words"),
        [
            ({"metric": "talk_time_mean_s"}, ValueError, "needs a share of calls"),
            ({"metric": "n_calls"}, ValueError, "needs a share of calls"),
            ({"metric": "contact_rate_clients"}, ValueError, "counts clients, not calls"),
            ({"metric": "ai_talk_share"}, ValueError, "needs a share of calls"),
            ({"metric": "answr_rate"}, ValueError, "answer_rate"),
            ({"metric": 5}, TypeError, "name of a metric"),
            ({"by": "hour"}, ValueError, "says when calls were made"),
            ({"by": "30min"}, ValueError, "says when calls were made"),
            ({"by": ["line", "week"]}, ValueError, "by='week' cannot be watched"),
            ({"by": "attempt"}, ValueError, "part of what calls are compared by"),
            ({"by": "outcome"}, ValueError, "how the call went"),
            ({"by": "state"}, ValueError, "how the call went"),
            ({"by": "tag"}, ValueError, "several groups"),
            ({"by": "client"}, ValueError, "too few calls"),
            ({"by": None}, ValueError, 'by="line"'),
            ({"by": "lines"}, KeyError, "line"),
            ({"false_alarms": 0}, ValueError, "above 0"),
            ({"false_alarms": "few"}, TypeError, "takes a number"),
            ({"odds_ratio": 1.5}, ValueError, "below 1"),
            ({"against": "other"}, ValueError, "others"),
            ({"direction": "up"}, ValueError, "inbound"),
            ({"confidence": 95}, ValueError, "between 0 and 1"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, options, error, words):
        with pytest.raises(error, match=words):
            watch(calls(40), **options)

    def test_a_column_of_ones_own_may_have_the_name_of_a_dimension(self):
        df = calls().rename(columns={"lineNumber": "hour"})
        assert watch(df, by="hour").index.tolist() == watch(calls()).index.tolist()

    def test_says_what_is_missing(self):
        with pytest.raises(KeyError, match="state"):
            watch(calls(40).drop(columns="state"))

    def test_of_dask_it_says_how_to_get_it(self):
        dd = pytest.importorskip("dask.dataframe")
        import brightcall_pandas.accessors._dask  # noqa: F401

        with pytest.raises(NotImplementedError, match="watch has no exact distributed form"):
            dd.from_pandas(calls(40), npartitions=2).calls.watch()

    def test_the_chart_of_each_unit_is_kept_for_its_picture(self, fell):
        told = fell.attrs["watch"]
        assert told["begins"][0] == "2026-03-01"
        assert len(told["begins"]) - 1 == len(told["falls"][0]) == len(told["rises"][0])
        assert told["falls"][0][-1] > 0.5
        assert max(told["falls"][0]) == 1
        assert max(map(max, told["falls"][1:])) < 1
        assert told["alarms"][0] == 1


class TestChart:
    def test_by_hand(self):
        """Zero after the second call; an alarm at 2; back at 0 after a fall of 2 from the highest point."""
        added = np.array([0.5, -1.0, 1.0, 0.5, 1.0, 3.0, -1.0, -1.5, 0.25])
        chart = charted(added, 2.0)
        assert chart.values.tolist() == [0.5, 0.0, 1.0, 1.5, 2.0, 2.0, 1.0, 0.0, 0.25]
        (alarm,) = chart.alarms
        assert (alarm.begin, alarm.alarm, alarm.end) == (2, 4, 7)

    def test_an_alarm_that_goes_on(self):
        chart = charted(np.array([1.0, 1.0, -0.5]), 2.0)
        assert [(each.begin, each.alarm, each.end) for each in chart.alarms] == [(0, 1, None)]
        assert chart.values.tolist() == [1.0, 2.0, 1.5]


class TestWorlds:
    """What `benchmarks/worlds.py` measures on many worlds, on a few."""

    def test_little_is_said_of_worlds_in_which_nothing_differs(self):
        """Of three tables a month, 0.2 false alarms each, 1.2 are allowed in two months."""
        alarms = [
            sum(watch(df, by=by).attrs["watch"]["alarms"])
            for df in (drawn(worlds["null"], seed) for seed in range(2))
            for by in ("line", "agent", "project")
        ]
        assert sum(alarms) <= 1

    def test_a_line_that_loses_a_third_of_its_answers(self):
        line, size = "+49305550103", 0.525
        table = watch(drawn(World("planted", [("answer", f"line:{line}", -size, 0.5)]), 10_000, 20_000))
        assert table["state"].drop(line).eq("steady").all()
        row = table.loc[line]
        assert row["state"] == "fallen"
        assert pd.Timedelta(0) < row["alarm_at"] - pd.Timestamp("2026-03-17", tz="Europe/Berlin")
        assert row["alarm_at"] < pd.Timestamp("2026-03-25", tz="Europe/Berlin")
        odds = row["rate_expected"] / (1 - row["rate_expected"]) * exp(-size)
        truth = odds / (1 + odds) - row["rate_expected"]
        assert row["difference_low"] < truth < row["difference_high"] < 0

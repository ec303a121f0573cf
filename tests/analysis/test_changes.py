from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.analysis import compare, explain_change, summary
from brightcall_pandas.analysis._rates import wilson


def calls(**groups: tuple[int, int]) -> pd.DataFrame:
    """Return calls of projects, each given as (answered, calls)."""
    rows = [
        {"projectName": name, "state": 1 if each < answered else 0, "talkTime": 10.0}
        for name, (answered, many) in groups.items()
        for each in range(many)
    ]
    return pd.DataFrame(rows, columns=["projectName", "state", "talkTime"])


class TestCompare:
    def test_both_sides_and_the_difference(self):
        options = {"by": "project", "metrics": ["n_calls", "answer_rate"]}
        table = compare(calls(A=(1, 2), B=(1, 1)), calls(A=(1, 4)), **options)
        assert table.index.tolist() == ["A", "B"]
        assert table["n_calls"].tolist() == [2, 1]
        assert table["n_calls_other"].tolist() == [4, 0]
        assert table["n_calls_change"].tolist() == [-2, 1]
        assert table["answer_rate_change"].tolist()[0] == 0.25
        assert table["answer_rate_other"].isna().tolist() == [False, True]

    def test_without_by_one_row(self):
        table = compare(calls(A=(1, 2)), calls(A=(1, 4)))
        assert table.index.tolist() == ["all"]
        assert table["answer_rate"].tolist() == [0.5]
        assert table["positive"].isna().all()

    def test_spellings_of_both_sides_are_one_outcome(self):
        here, there = pd.DataFrame({"outcomeTag": ["No", "No"]}), pd.DataFrame({"outcomeTag": ["NO "]})
        table = compare(here, there, by="outcome", metrics=["n_calls"])
        assert table["n_calls_change"].to_dict() == {"No": 1}

    def test_medians_and_clients_can_be_compared(self):
        table = compare(calls(A=(2, 2)), calls(A=(1, 1)), metrics=["talk_time_median_s"])
        assert table["talk_time_median_s_change"].tolist() == [0.0]

    def test_empty_frames_give_an_empty_table_of_the_same_kind(self):
        full, empty = compare(calls(A=(1, 2)), calls(A=(1, 2))), compare(calls(), calls())
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)

    def test_metrics_that_are_none(self):
        with pytest.raises(ValueError, match="metrics="):
            compare(calls(), calls(), metrics=["bells"])


class TestExplainChange:
    def test_mix_and_rate_effects(self):
        table = explain_change(calls(A=(1, 1), B=(1, 3)), calls(A=(2, 2), B=(1, 2)), by="project")
        assert table.index.tolist() == ["B", "A"]
        assert table["share_other"].tolist() == [0.5, 0.5]
        assert table["share"].tolist() == [0.75, 0.25]
        assert table["rate_other"].tolist() == [0.5, 1.0]
        assert table["rate"].tolist() == [pytest.approx(1 / 3), 1.0]
        # (1/3 - 1/2) · 0.625; 0.25 · (5/12 - 0.625), -0.25 · (1 - 0.625)
        assert table["rate_effect"].tolist() == pytest.approx([-0.104167, 0], abs=1e-6)
        assert table["mix_effect"].tolist() == pytest.approx([-0.052083, -0.09375], abs=1e-6)
        assert table["effect"].sum() == pytest.approx(0.5 - 0.75)

    @pytest.mark.parametrize("side", [0, 1])
    def test_a_column_of_the_metric_that_one_side_lacks_is_an_error(self, side):
        sides = [calls(A=(1, 2)), calls(A=(1, 2))]
        sides[side] = sides[side].drop(columns="state")
        with pytest.raises(KeyError, match=r"'state' \(How the call ended"):
            explain_change(*sides)
        with pytest.raises(KeyError, match=r"'state' \(How the call ended"):
            explain_change(*sides, by="project")

    def test_a_group_on_one_side_only_is_all_mix(self):
        table = explain_change(calls(B=(1, 2), C=(0, 2)), calls(A=(2, 2), B=(1, 2)), by="project")
        assert table.loc[["A", "C"], "rate_effect"].tolist() == [0, 0]
        assert table.loc["A", ["rate"]].isna().all()
        assert table["effect"].sum() == pytest.approx(0.25 - 0.75)

    @settings(max_examples=20)
    @given(
        *[
            st.dictionaries(
                st.sampled_from("ABCD"), st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1
            )
            for _ in "12"
        ],
        st.sampled_from(["answer_rate", "talk_time_mean_s"]),
    )
    def test_effects_add_up_to_this_minus_other(self, here, there, metric):
        sides = [calls(**{name: (min(a, n), n) for name, (a, n) in each.items()}) for each in (here, there)]
        sides[1]["talkTime"] = [float(each) for each in range(len(sides[1]))]
        if metric == "talk_time_mean_s" and not all((each["state"] == 1).any() for each in sides):
            return
        table = explain_change(*sides, metric, by="project")
        first, second = (summary(each)[metric].iloc[0] for each in sides)
        assert table["effect"].sum() == pytest.approx(first - second)
        assert (table["mix_effect"] + table["rate_effect"]).tolist() == pytest.approx(
            table["effect"].tolist()
        )

    def test_names_the_metric(self):
        assert explain_change(calls(A=(1, 2)), calls(A=(1, 2))).attrs["metric"] == "answer_rate"

    @pytest.mark.parametrize("metric", ["n_calls", "calls_per_client", "talk_time_median_s", "bells"])
    def test_a_metric_without_denominator(self, metric):
        with pytest.raises(ValueError, match="metric="):
            explain_change(calls(A=(1, 2)), calls(A=(1, 2)), metric)

    def test_tags_do_not_add_up(self):
        df = calls(A=(1, 2)).assign(tags='["VIP", "late"]')
        with pytest.raises(ValueError, match=r"by='tag'.*add up.*compare\(other, by='tag'\)"):
            explain_change(df, df, by=["project", "tag"])
        assert explain_change(df.assign(tag="VIP"), df.assign(tag="VIP"), by="tag").index.tolist() == ["VIP"]

    def test_nothing_to_explain_gives_an_empty_table_of_the_same_kind(self):
        for by in (None, "project"):
            full = explain_change(calls(A=(1, 2)), calls(A=(1, 2)), by=by)
            for here, there in ((calls(), calls()), (calls(A=(1, 2)), calls()), (calls(), calls(A=(1, 2)))):
                empty = explain_change(here, there, by=by)
                assert len(empty) == 0
                assert empty.dtypes.equals(full.dtypes)

    def test_attempts_are_counted_over_both_sides(self):
        february = pd.DataFrame(
            {"clientNumber": ["x", "y"], "timestamp": "2026-02-02T09:00Z", "type": 1, "state": [1, 0]}
        )
        march = pd.DataFrame(
            {"clientNumber": ["x", "z"], "timestamp": "2026-03-02T09:00Z", "type": 1, "state": [0, 1]}
        )
        for here, there, of_march in ((march, february, "share"), (february, march, "share_other")):
            assert explain_change(here, there, by="attempt")[of_march].to_dict() == {"1": 0.5, "2": 0.5}
        table = compare(march, february, by="new_or_redial", metrics=["n_calls"])
        assert table["n_calls"].to_dict() == {"new": 1, "redial": 1}
        assert table["n_calls_other"].to_dict() == {"new": 2, "redial": 0}

    def test_a_call_on_both_sides_is_one_call(self):
        df = pd.DataFrame(
            {"clientNumber": ["x", "x"], "timestamp": ["2026-02-02T09:00Z", "2026-02-03T09:00Z"]}
        )
        df = df.assign(type=1, state=1)
        for each in (df, df.assign(id=[1, 2])):
            table = compare(each, each.iloc[1:], by="attempt", metrics=["n_calls"])
            assert table["n_calls"].to_dict() == {"1": 1, "2": 1}
            assert table["n_calls_other"].to_dict() == {"1": 0, "2": 1}


def halves(attempts: tuple[int, int], rates: dict[tuple[str, str], float], each: int = 400) -> pd.DataFrame:
    """Return calls of projects A and B: so many first and second dials each, answered at given rates."""
    parts = []
    for project in "AB":
        for attempt, many in zip(("1", "2"), attempts, strict=True):
            answered = round(many * each * rates[project, attempt])
            parts.append(
                pd.DataFrame(
                    {
                        "projectName": project,
                        "attempt": attempt,
                        "state": [1] * answered + [0] * (many * each - answered),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


class TestRankedDimensions:
    SAME: ClassVar = {("A", "1"): 0.5, ("A", "2"): 0.2, ("B", "1"): 0.5, ("B", "2"): 0.2}

    def test_a_shift_of_shares_is_found_where_project_sees_none(self):
        table = explain_change(halves((1, 2), self.SAME), halves((2, 1), self.SAME))
        # From (2 · 0.5 + 0.2) / 3 = 0.4 to 0.3: by attempt −1/3 · (0.5 − 0.2) is all mix, by project rates.
        assert table.index.tolist() == ["attempt", "project"]
        assert table["effect"].tolist() == pytest.approx([-0.1, -0.1])
        assert table["mix_effect"].tolist() == pytest.approx([-0.1, 0], abs=1e-12)
        assert table["rate_effect"].tolist() == pytest.approx([0, -0.1], abs=1e-12)
        assert table["explained"].tolist() == pytest.approx([0.1, 0], abs=1e-12)
        assert table["groups"].tolist() == [2, 2]
        assert table.attrs["of_all"] == pytest.approx([0.3, 0.4])
        assert table.attrs["n_calls"] == [2400, 2400]

    def test_groups_tell_the_interval_of_the_whole_change_as_a_comparison_does(self):
        df, other = halves((1, 2), self.SAME), halves((2, 1), self.SAME)
        ends = explain_change(df, other, by="project").attrs["change_of_all"]
        alone = compare(df, other, metrics=["answer_rate"])
        assert ends == pytest.approx(alone[["answer_rate_change_low", "answer_rate_change_high"]].iloc[0])
        assert ends[0] < -0.1 < ends[1]

    def test_a_group_that_alone_falls_is_found(self):
        worse = self.SAME | {("B", "1"): 0.3, ("B", "2"): 0.1}
        table = explain_change(halves((1, 1), worse), halves((1, 1), self.SAME))
        assert table.index[0] == "project"
        assert table.loc["project", ["largest", "largest_effect"]].tolist() == ["B", pytest.approx(-0.075)]
        # B falls by 0.15, A stays: deviations of 0.075 each. By chance, with 800 calls a group and side at a
        # rate of 0.35 and 0.275: Σ ¼ · (0.2275 + 0.199375) / 800 = 0.00026680
        assert table.loc["project", "rate_spread"] == pytest.approx((0.075**2 - 0.00026680) ** 0.5, abs=1e-6)

    def test_where_all_fall_alike_nothing_explains_it(self):
        lower = {each: rate - 0.1 for each, rate in self.SAME.items()}
        table = explain_change(halves((1, 1), lower), halves((1, 1), self.SAME))
        assert table["effect"].tolist() == pytest.approx([-0.1, -0.1])
        assert table["explained"].tolist() == [0, 0]

    def test_what_follows_from_the_call_or_the_date_is_not_tried(self):
        df = halves((1, 1), self.SAME).assign(
            outcomeTag="Sold", outcomeType="positive", tags='["x"]', clientNumber="1", campaign="Spring",
            timestamp="2026-03-02T09:00Z", type=1, userId="7", lineNumber="8",
        )  # fmt: skip
        tried = explain_change(df, df.assign(timestamp="2026-02-02T09:00Z")).index
        causes = {"agent", "attempt", "campaign", "direction", "hour", "line", "project", "weekday"}
        assert causes | {"new_or_redial"} <= set(tried)
        assert {"client", "outcome", "outcome_type", "tag", "day", "week", "month"}.isdisjoint(tried)

    def test_chance_alone_seldom_explains(self):
        rng = np.random.default_rng(0)
        said = 0
        for _ in range(100):
            here, there = (
                pd.DataFrame({"projectName": rng.choice(list("ABCDE"), 600), "state": rng.random(600) < 0.3})
                for _ in range(2)
            )
            sides = [each.assign(state=each["state"].astype(int)) for each in (here, there)]
            said += explain_change(*sides)["explained"].iloc[0] > 0
        assert said <= 17  # of 100, each of two parts by chance in 5 %

    def test_means_in_seconds_are_explained_too(self):
        before = pd.DataFrame({"projectName": ["A", "B"] * 200, "state": 1, "talkTime": [50.0, 150] * 200})
        after = before.assign(talkTime=[50.0, 90] * 200, userId="7")
        table = explain_change(after, before.assign(userId="7"), "talk_time_mean_s")
        assert table.index.tolist() == ["project", "agent"]
        assert table["effect"].tolist() == pytest.approx([-30, -30])
        assert table.loc["project", "rate_spread"] == pytest.approx(30, rel=0.05)


def test_impossible_durations_of_both_sides_are_counted():
    march = pd.DataFrame({"state": 1, "talkTime": [30, -1772442000], "projectName": "A"})
    february = pd.DataFrame({"state": 1, "talkTime": [20, 1772442000], "projectName": "A"})
    compared = compare(march, february)
    assert compared["talk_time_mean_s_change"].tolist() == [10]
    assert compared.attrs["impossible"] == {"talkTime": 2}
    assert explain_change(march, february, "talk_time_mean_s").attrs["impossible"] == {"talkTime": 2}
    assert "impossible" not in explain_change(march, february).attrs


class TestChance:
    def side(self, hits: int, calls: int, clients: int = 1_000, first: int = 0) -> pd.DataFrame:
        """Return calls of a project, the first ones answered, to clients in turn."""
        numbers = [f"+4930{first + place % clients:07d}" for place in range(calls)]
        return pd.DataFrame(
            {"projectName": "A", "state": [1] * hits + [0] * (calls - hits), "clientNumber": numbers}
        )

    def test_of_other_clients_called_once_it_is_newcombes(self):
        # Newcombe's first example.
        table = compare(self.side(56, 70), self.side(48, 80, first=500), metrics=["answer_rate"])
        row = table.iloc[0]
        assert row[["answer_rate_change_low", "answer_rate_change_high"]].tolist() == pytest.approx(
            [0.0524, 0.3339], abs=5e-5
        )
        assert [row["answer_rate_low"], row["answer_rate_other_high"]] == pytest.approx(
            [float(wilson(56, 70)[0]), float(wilson(48, 80)[1])]
        )
        assert row["beyond_chance"]

    def test_clients_on_both_sides_narrow_the_change(self):
        before, same = self.side(30, 100), self.side(36, 100)
        others = self.side(36, 100, first=500)
        widths = [
            float((table["answer_rate_change_high"] - table["answer_rate_change_low"]).iloc[0])
            for table in (compare(each, before, metrics=["answer_rate"]) for each in (same, others))
        ]
        # Six of a hundred changed: √6 ÷ 100 is the standard error of the change.
        assert widths[0] == pytest.approx(2 * 1.96 * 6**0.5 / 100, rel=0.15)
        assert widths[0] < widths[1] / 2

    def test_the_sides_the_other_way_round(self):
        first, second = self.side(20, 60, clients=25), self.side(30, 60, clients=20, first=10)
        there, back = compare(first, second).iloc[0], compare(second, first).iloc[0]
        for name in ("answer_rate",):
            assert there[f"{name}_change_low"] == pytest.approx(-back[f"{name}_change_high"])
            assert there[f"{name}_other_low"] == back[f"{name}_low"]

    def test_a_group_that_one_side_lacks_has_no_interval_of_the_change(self):
        table = compare(self.side(3, 9), self.side(3, 9).assign(projectName="B"), by="project")
        assert table[["answer_rate_change_low", "answer_rate_change_high"]].isna().all(axis=None)
        assert table["beyond_chance"].isna().all()

    def test_the_whole_effect_has_the_interval_of_the_change_in_the_ranking(self):
        first, second = self.side(50, 80), self.side(20, 80, first=500)
        table = explain_change(first, second)
        change = compare(first, second, metrics=["answer_rate"]).iloc[0]
        assert table["effect_low"].iloc[0] == change["answer_rate_change_low"]
        assert table["effect_high"].iloc[0] == change["answer_rate_change_high"]

    def test_of_one_group_the_effect_is_the_change(self):
        # The linearized interval: 0.375 ± 1.98 √(p q ÷ n + p q ÷ n), of 160 clients.
        table = explain_change(self.side(50, 80), self.side(20, 80, first=500), by="project")
        error = ((0.625 * 0.375 + 0.25 * 0.75) / 80 * 160 / 159) ** 0.5
        assert table["effect_low"].iloc[0] == pytest.approx(0.375 - 1.975 * error, abs=1e-4)
        assert table["effect_high"].iloc[0] == pytest.approx(0.375 + 1.975 * error, abs=1e-4)
        assert table["beyond_chance"].tolist() == [True]

    def test_effects_that_chance_gives_are_not_flagged(self):
        rng = np.random.default_rng(1)
        said = []
        for _ in range(40):
            clients = rng.integers(0, 60, 400)
            df = pd.DataFrame(
                {
                    "clientNumber": [f"+4930{each:07d}" for each in clients],
                    "state": (rng.random(400) < rng.beta(0.6, 1.2, 60)[clients]).astype(int),
                    "projectName": rng.choice(list("ABCD"), 400),
                }
            )
            table = explain_change(df.iloc[:200], df.iloc[200:], by="project")
            said += [((table["effect_low"] > 0) | (table["effect_high"] < 0)).mean()]
        assert np.mean(said) <= 0.09  # 5 % are promised, of 160 effects

from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import by_agent


def team(**agents: tuple[int, int]) -> pd.DataFrame:
    """Return the calls of agents, each given as (answered, calls)."""
    return pd.DataFrame(
        [
            {"userId": name, "state": 1 if call < answered else 0}
            for name, (answered, calls) in agents.items()
            for call in range(calls)
        ],
        columns=["userId", "state"],
    )


class TestByAgent:
    def test_two_of_two_does_not_lead_the_board(self):
        table = by_agent(team(lucky=(2, 2), good=(90, 100), poor=(50, 100)), min_calls=1)
        assert table.index.tolist() == ["good", "lucky", "poor"]
        assert table["rank"].tolist() == [1, 2, 3]
        assert table["answer_rate"].tolist() == [0.9, 1.0, 0.5]
        # common = 142/202; S = Σ n (p - common)² = 8.18467; ρ = 0.368; strength = 1.7156: worked out by hand
        assert table["answer_rate_adjusted"].tolist() == pytest.approx([0.8967, 0.8628, 0.5034], abs=5e-5)

    def test_the_interval_leaves_these_ranks_possible(self):
        table = by_agent(team(lucky=(2, 2), good=(90, 100), poor=(50, 100)), min_calls=1)
        # Wilson: good 0.826-0.945, lucky 0.342-1.000, poor 0.404-0.596
        assert table["rank_best"].tolist() == [1, 1, 2]
        assert table["rank_worst"].tolist() == [2, 3, 3]

    def test_few_calls_no_rank_and_last(self):
        table = by_agent(team(few=(3, 3), good=(90, 100), poor=(50, 100)))
        assert table.index.tolist() == ["good", "poor", "few"]
        assert table["rank"].isna().tolist() == [False, False, True]
        assert table.loc["good", ["rank_best", "rank_worst"]].tolist() == [1, 1]
        assert table.loc["few", ["rank_best", "rank_worst"]].isna().all()

    def test_agents_who_differ_by_chance_only_share_the_rate_of_all(self):
        table = by_agent(team(a=(10, 20), b=(10, 20)))
        assert table["answer_rate_adjusted"].tolist() == [0.5, 0.5]
        assert table["rank"].tolist() == [1, 1]
        assert table["rank_worst"].tolist() == [2, 2]

    def test_calls_without_an_agent_are_listed_and_not_ranked(self):
        df = pd.concat([team(a=(10, 20)), team(b=(15, 20)).assign(userId=None)])
        table = by_agent(df)
        assert table["n_calls"].to_dict() == {"a": 20, "(none)": 20}
        assert table["rank"].isna().to_dict() == {"a": False, "(none)": True}
        assert table.loc["a", "answer_rate_adjusted"] == 0.5

    def test_can_be_ranked_by_positive_outcomes(self):
        df = team(a=(30, 30), b=(10, 30))
        df["outcomeType"] = ["negative"] * 30 + ["positive"] * 30
        assert by_agent(df).index.tolist() == ["a", "b"]
        table = by_agent(df, rank_by="positive_rate")
        assert table.index.tolist() == ["b", "a"]
        assert table["positive"].tolist() == [30, 0]

    def test_only_agents_are_needed(self):
        table = by_agent(pd.DataFrame({"userId": ["a"] * 30 + ["b"] * 40}))
        assert table["n_calls"].to_dict() == {"b": 40, "a": 30}
        assert table.drop(columns="n_calls").isna().all(axis=None)

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self):
        full = by_agent(team(a=(1, 2)))
        empty = by_agent(team(a=(1, 2)).iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)

    def test_a_rate_that_is_none(self):
        with pytest.raises(ValueError, match="positive_rate"):
            by_agent(team(a=(1, 2)), rank_by="n_calls")

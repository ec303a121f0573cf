from __future__ import annotations

from brightcall_pandas.analysis import definitions
from brightcall_pandas.analysis._metrics import METRICS
from brightcall_pandas.analysis._tallies import MEDIANS, SUMS


class TestDefinitions:
    def test_every_definition_is_complete(self):
        table = definitions()
        assert table.index.name == "metric"
        assert table.index.is_unique
        assert table.columns.tolist() == ["title", "unit", "numerator", "denominator", "nulls", "source"]
        assert table.drop(columns="denominator").notna().all(axis=None)
        assert (table.dtypes == "str").all()

    def test_every_rate_says_its_denominator(self):
        table = definitions()
        rates = table.index[(table["unit"] == "rate")]
        assert table.loc[rates.difference(["reach_if_continued"]), "denominator"].notna().all()


class TestMetrics:
    def test_are_made_of_declared_sums(self):
        assert {name for each in METRICS.values() for name in each.sums} <= {*SUMS, *MEDIANS}

    def test_proportions_are_counts_out_of_counts(self):
        found = {name for name, each in METRICS.items() if each.is_proportion}
        assert set(METRICS) - found == {
            "n_calls",
            "answered",
            "answer_time_mean_s",
            "answer_time_median_s",
            "talk_time_total_s",
            "talk_time_mean_s",
            "talk_time_median_s",
            "unique_clients",
            "calls_per_client",
            "ai_talk_share",
            "recordings_ready",
            "positive",
        }

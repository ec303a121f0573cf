from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import reconcile

DIRECTIONS = pd.Index(["all", "inbound", "outbound", "internal"], name="direction")


@pytest.fixture
def calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "type": [0, 1, 1, 2],
            "state": [1, 1, 0, 2],
            "talkTime": [20.0, 0.0, 5.0, None],
            "totalTime": [25.0, 9.0, 10.0, 1.0],
            "answerTime": [5.0, 9.0, 30.0, 0.0],
            "clientNumber": ["x", "x", "y", None],
            "firstTimeForUser": [True, None, False, True],
            "outcomeType": ["positive", "absent", None, "negative"],
            "aiTalkTime": [2.0, 0.0, None, 0.0],
            "timestamp": "2026-03-02T12:00Z",
        }
    )


def stats(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=DIRECTIONS)


class TestReconcile:
    def test_every_figure(self, calls):
        nothing = [0, 0, 0, 0]
        names = [
            *("all", "success", "fail", "error", "talks", "unique", "firstTime"),
            *("total_sum_s", "total_count", "total_min_s", "total_max_s", "answer_sum_s", "answer_count"),
            *("tagsSuccess", "tagsDefault", "tagsFail", "tagsNoResult", "aiTalkTime_s", "allTalkTime_s"),
        ]
        rows = reconcile(calls, stats(**dict.fromkeys(names, nothing)))["rows"]
        assert rows["all"].to_dict() == {
            "all": 4,
            "success": 2,
            "fail": 1,
            "error": 1,
            "talks": 2,
            "unique": 2,
            "firstTime": 2,
            "total_sum_s": 45,
            "total_count": 4,
            "total_min_s": 1,
            "total_max_s": 25,
            "answer_sum_s": 14,
            "answer_count": 2,
            "tagsSuccess": 1,
            "tagsDefault": 0,
            "tagsFail": 1,
            "tagsNoResult": 2,
            "aiTalkTime_s": 2,
            "allTalkTime_s": 25,
        }
        assert rows["outbound"].to_dict() == {
            "all": 2,
            "success": 1,
            "fail": 1,
            "error": 0,
            "talks": 1,
            "unique": 2,
            "firstTime": 0,
            "total_sum_s": 19,
            "total_count": 2,
            "total_min_s": 9,
            "total_max_s": 10,
            "answer_sum_s": 9,
            "answer_count": 1,
        }

    def test_agreement_and_difference(self, calls):
        table = reconcile(calls, stats(all=[4, 1, 2, 1], success=[3, 1, 2, 0]))
        assert table.loc[("all", "all")].tolist() == [4, 4, 0, True, ""]
        row = table.loc[("outbound", "success")]
        assert row.tolist()[:4] == [1, 2, -1, False]
        assert "late update" in row["likely_cause"]

    def test_duplicates(self, calls):
        twice = pd.concat([calls, calls.iloc[:1]])
        table = reconcile(twice, stats(all=[4, 1, 2, 1]))
        assert "duplicates: 1 rows" in table.loc[("all", "all"), "likely_cause"]

    def test_a_missing_page(self, calls):
        table = reconcile(calls, stats(all=[1004, 1, 2, 1]))
        assert table.loc[("all", "all"), "likely_cause"] == "page missing: 2 × 500 rows"
        table = reconcile(calls, stats(all=[104, 1, 2, 1]))
        assert table.loc[("all", "all"), "likely_cause"] == "page missing: 1 × 100 rows"

    def test_the_boundary_of_the_day(self, calls):
        late = calls.assign(
            timestamp=["2026-03-02T00:10Z", "2026-03-02T12:00Z", "2026-03-02T12:00Z", "2026-03-02T23:30Z"]
        )
        table = reconcile(late, stats(all=[5, 1, 3, 1]))
        assert "start of the day: 2 calls" in table.loc[("all", "all"), "likely_cause"]

    def test_rows_that_came_or_went(self, calls):
        assert (
            "rows are missing"
            in reconcile(calls, stats(all=[9, 1, 2, 1])).loc[("all", "all"), "likely_cause"]
        )
        assert (
            "too many rows" in reconcile(calls, stats(all=[1, 1, 2, 1])).loc[("all", "all"), "likely_cause"]
        )

    def test_what_rows_or_server_cannot_tell(self, calls):
        table = reconcile(
            calls.drop(columns="talkTime"),
            stats(active=[1, 0, 0, 0], all=[4, 1, 2, None], talks=[2, 1, 1, 0]),
        )
        assert table.loc[("all", "active"), "likely_cause"] == "rows cannot tell"
        assert table.loc[("internal", "all"), "likely_cause"] == "the server does not give it"
        assert table.loc[("all", "talks"), "likely_cause"] == "no row has it"
        assert table["agrees"].isna().to_dict()[("all", "talks")]

    def test_answer_times_need_to_know_who_answered(self, calls):
        table = reconcile(calls.drop(columns="state"), stats(answer_sum_s=[44.0] * 4, total_count=[4.0] * 4))
        assert table.loc[("all", "answer_sum_s"), ["rows", "agrees"]].isna().all()
        assert table.loc[("all", "total_count"), "rows"] == 4

    def test_statistics_by_period_are_refused(self, calls):
        periods = pd.concat({"a": stats(all=[4, 1, 2, 1])})
        for wrong in (periods, stats(all=[4, 1, 2, 1]).iloc[:2]):
            with pytest.raises(ValueError, match="load_stats"):
                reconcile(calls, wrong)

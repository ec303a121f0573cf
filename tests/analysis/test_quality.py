from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import quality


def window(**changes: object) -> dict[str, object]:
    return {
        "day_from": "2026-03-01",
        "day_to": "2026-03-02",
        "rows": 3,
        "expected": 4,
        "requests": 2,
        "source": "network",
        "fetched_at": "2026-03-03T00:00:00Z",
        "walks": 1,
        "duplicates": 0,
        "complete": False,
    } | changes


class TestQuality:
    def test_completeness_of_each_window(self):
        df = pd.DataFrame({"id": [1]})
        df.attrs["brightcall"] = {
            "windows": [window(), window(day_to="2026-03-01", expected=None, complete=True)]
        }
        table = quality(df).loc["completeness"]
        assert table.index.tolist() == ["2026-03-01 to 2026-03-02", "2026-03-01"]
        assert table["count"].tolist() == [3, 3]
        assert table["of"].tolist() == [4, 3]
        assert table["share"].tolist() == [0.75, 1.0]
        assert table["detail"].iloc[0] == (
            "NOT PROVED COMPLETE; from network; fetched 2026-03-03T00:00:00Z; "
            "requests: 2; walks: 1; rows seen again on other pages: 0; "
            "as loaded: the frame has 1 of these 6 calls"
        )
        assert table["detail"].iloc[1].startswith("complete; ")

    @pytest.mark.parametrize("expected", [1, 2, 9])
    def test_where_the_rows_are_proved_a_total_that_differs_is_the_one_that_is_wrong(self, expected):
        df = pd.DataFrame({"id": ["a", "b", "c"]})
        df.attrs["brightcall"] = {"windows": [window(expected=expected, complete=True)]}
        row = quality(df).loc["completeness"].iloc[0]
        assert row[["count", "of", "share"]].tolist() == [3, 3, 1.0]
        assert f"the server's totals say {expected}, which is wrong" in row["detail"]

    def test_where_they_are_not_it_says_why(self):
        df = pd.DataFrame({"id": ["a", "b", "c"]})
        df.attrs["brightcall"] = {"windows": [window(problem="one row is lacking")]}
        row = quality(df).loc["completeness"].iloc[0]
        assert row[["count", "of"]].tolist() == [3, 4]
        assert row["detail"].startswith("NOT PROVED COMPLETE: one row is lacking; ")

    def test_a_part_of_the_calls_loaded_says_what_is_of_all_of_them(self):
        df = pd.DataFrame({"id": ["a", "b", "c"]})
        df.attrs["brightcall"] = {"windows": [window(expected=3, complete=True)]}
        assert "as loaded" not in quality(df).loc["completeness", "detail"].iloc[0]
        detail = quality(df.iloc[:2]).loc["completeness", "detail"].iloc[0]
        assert detail.endswith("as loaded: the frame has 2 of these 3 calls")

    def test_what_came_and_went_since_the_reading_before(self):
        df = pd.DataFrame({"id": [1]})
        fields = {"outcomeTag": 2, "talkTime": 1}
        found = {"since": "2026-03-02", "before": 9, "new": 1, "gone": 4, "changed": 2, "fields": fields}
        df.attrs["brightcall"] = {"windows": [window(changes=found), window(changes={}), window()]}
        row = quality(df).loc["changes"]
        assert row.index.tolist() == ["2026-03-01 to 2026-03-02"]
        assert row.iloc[0].tolist() == [
            *(7, 10, 0.7),
            "1 new, 4 gone, 2 changed (outcomeTag 2, talkTime 1); since 2026-03-02",
        ]

    def test_calls_that_stand_on_another_day_by_a_later_reading(self):
        df = pd.DataFrame({"id": [1, 2]})
        df.attrs["brightcall"] = {"windows": [window(moved=1), window()], "moved": {"2026-03": 2}}
        table = quality(df).loc["moved"]
        assert table["count"].to_dict() == {"2026-03-01 to 2026-03-02": 1, "2026-03": 2}
        assert table["of"].tolist() == [4, 4]

    def test_calls_without_a_time(self):
        df = pd.DataFrame({"id": [1]})
        df.attrs["brightcall"] = {"windows": [window(untimed=2), window(untimed=0), window()]}
        assert quality(df).loc[("untimed", "timestamp")].tolist()[:2] == [2, 9]

    def test_misfits_of_the_load_are_out_of_the_rows_loaded(self):
        df = pd.DataFrame({"talkTime": [1.0]})
        df.attrs["brightcall"] = {
            "windows": [window(rows=10), window(rows=30)],
            "misfits": {"talkTime": {"count": 2, "example": "five"}},
        }
        row = quality(df).loc[("misfits", "talkTime")]
        assert row.tolist() == [2, 40, 0.05, "e.g. 'five'; as loaded: the frame has 1 of these 40 calls"]

    def test_misfits_of_an_untyped_frame(self):
        table = quality(pd.DataFrame({"talkTime": ["7", "seven", None], "state": [0, 9, 1]}))
        assert table.loc[("misfits", "talkTime")].tolist() == [1, 3, pytest.approx(1 / 3), "e.g. 'seven'"]
        assert table.loc[("misfits", "state"), "detail"] == "e.g. '9'"
        assert table.loc[("nulls", "talkTime"), "count"] == 2

    def test_nulls_of_every_field_that_is_there_in_the_articles_order(self):
        table = quality(pd.DataFrame({"toNumber": [None, "1"], "campaign": [None, None], "mine": [None, 1]}))
        assert table.loc["nulls", "count"].to_dict() == {"campaign": 2, "toNumber": 1}
        assert table.loc["nulls"].index.tolist() == ["campaign", "toNumber"]

    @pytest.mark.parametrize(
        ("ids", "count"), [(["7", "07", None], 0), (["7", "x", "x"], 1), (["8", "7", None, None], 0), ([], 0)]
    )
    def test_ids_are_compared_as_texts(self, ids, count):
        table = quality(pd.DataFrame({"id": pd.Series(ids, dtype="str")}))
        assert table["count"].get(("duplicates", "id"), 0) == count

    def test_duplicates_are_rows_after_the_first_and_nulls_are_none(self):
        table = quality(pd.DataFrame({"id": [7, 7, 7, 8, None, None]}))
        assert table.loc[("duplicates", "id")].tolist() == [2, 6, pytest.approx(1 / 3), "e.g. '7'"]

    def test_durations_that_cannot_be(self):
        df = pd.DataFrame(
            {"talkTime": [50, -1, 20, 10], "totalTime": [40, 5, 20, None], "callTime": [60, 5, 20, 9]}
        )
        table = quality(df)
        assert table.loc["negative", "count"].to_dict() == {"callTime": 0, "talkTime": 1, "totalTime": 0}
        assert table.loc[("negative", "talkTime"), "detail"] == "e.g. -1 s"
        assert table.loc[("impossible", "talkTime > totalTime")].tolist()[:2] == [1, 3]
        assert table.loc[("impossible", "talkTime > totalTime"), "detail"] == "e.g. 10 s too long"
        assert table.loc[("impossible", "talkTime > callTime"), "count"] == 1

    def test_durations_of_more_than_a_day(self):
        table = quality(pd.DataFrame({"talkTime": [5.0, 1.7e12], "totalTime": [9.0, 9.0]}))
        assert table.loc[("impossible", "talkTime > 24 h")].tolist() == [1, 2, 0.5, "e.g. 1.7e+12 s"]
        assert ("impossible", "totalTime > 24 h") not in table.index

    def test_the_future_begins_when_the_rows_were_fetched(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T23:59:59Z", "2026-03-03T00:00:01Z"]})
        assert quality(df, now="2027-01-01").loc[("future", "timestamp"), "count"] == 0
        assert quality(df, now="2026-03-01").loc[("future", "timestamp"), "count"] == 2
        df.attrs["brightcall"] = {"windows": [window(fetched_at="2020-01-01"), window()]}
        assert quality(df).loc[("future", "timestamp"), "count"] == 1

    def test_overlaps_are_conversations_of_one_agent(self):
        df = pd.DataFrame(
            {
                # a: 0-100, 50-60 (inside), 90-95 (inside the first), 100-110 (after it); b: 55-65
                "timestamp": pd.Timestamp("2026-03-02", tz="UTC")
                + pd.to_timedelta([50, 0, 90, 100, 55, 10], unit="s"),
                "talkTime": [10, 100, 5, 10, 10, 80],
                "userId": ["a", "a", "a", "a", "b", "a"],
                "state": [1, 1, 1, 1, 1, 0],
            }
        )
        assert quality(df).loc[("overlaps", "userId")].tolist() == [2, 5, 0.4, "most by agent a"]
        ringing = df.assign(answerTime=[0, 0, 11, 0, 0, 0])
        assert quality(ringing).loc[("overlaps", "userId"), "count"] == 2
        later = df.assign(answerTime=[60, 0, 20, 20, 0, 0])
        assert quality(later).loc[("overlaps", "userId"), "count"] == 1

    def test_infinite_durations_are_no_conversations(self):
        df = pd.DataFrame(
            {
                "timestamp": "2026-03-02T00:00:00Z",
                "talkTime": [float("inf"), 5.0, 5.0],
                "answerTime": [0.0, float("inf"), 0.0],
                "userId": "a",
                "state": 1,
            }
        )
        assert quality(df).loc[("overlaps", "userId")].tolist()[:2] == [1, 2]

    def test_forms_of_the_texts_that_chains_are_read_from(self):
        texts = ['["1"]', '["1"]', "[2]", "1,2", None, "[]", "{x", "{x", "[true]"]
        table = quality(pd.DataFrame({"numbersInvolvedJSON": texts}))
        forms = table.loc["chain texts"].rename(index=lambda each: each.removeprefix("numbersInvolvedJSON: "))
        assert forms["count"].to_dict() == {
            "empty": 1, "list of numbers": 3, "comma-separated text": 1, "unknown structure": 1,
            "broken text": 2,
        }  # fmt: skip
        assert forms["of"].tolist() == [8] * 5
        assert forms["share"].tolist() == [1 / 8, 3 / 8, 1 / 8, 1 / 8, 2 / 8]
        assert forms["detail"].tolist() == [
            "1 distinct text, e.g. '[]'",
            "2 distinct texts, e.g. '[\"1\"]'",
            "1 distinct text, e.g. '1,2'",
            "cannot be read; 1 distinct text, e.g. '[true]'",
            "cannot be read; 1 distinct text, e.g. '{x'",
        ]
        assert table.loc[("unreadable", "numbersInvolvedJSON")].tolist() == [3, 8, 3 / 8, "e.g. '{x'"]
        assert table.loc[("nulls", "numbersInvolvedJSON"), "count"] == 1

    def test_forms_of_both_fields_and_none_of_a_missing_one(self):
        table = quality(pd.DataFrame({"numbersInvolvedJSON": ["[1]"], "transfers": ["oops"]}))
        assert table.loc[["unreadable", "chain texts"]].index.tolist() == [
            ("unreadable", "numbersInvolvedJSON"),
            ("unreadable", "transfers"),
            ("chain texts", "numbersInvolvedJSON: list of numbers"),
            ("chain texts", "transfers: broken text"),
        ]
        assert table.loc["unreadable", "count"].tolist() == [0, 1]
        assert "unreadable" not in quality(pd.DataFrame({"id": [1]})).index

    def test_long_examples_are_cut(self):
        table = quality(pd.DataFrame({"numbersInvolvedJSON": ["[" + ",".join(["101"] * 500) + "]"]}))
        detail = table.loc[("chain texts", "numbersInvolvedJSON: list of numbers"), "detail"]
        assert detail == "1 distinct text, e.g. '[" + "101," * 14 + "10…'"

    def test_nothing_to_tell_gives_an_empty_table_of_the_same_kind(self):
        full, empty = quality(pd.DataFrame({"id": [1]})), quality(pd.DataFrame({"id": []}))
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)
        assert empty.index.names == ["check", "subject"]

    def test_the_frame_stays_as_it_was(self):
        df = pd.DataFrame({"talkTime": ["7", "x"], "timestamp": ["2026-03-02T00:00:00Z", None]}, index=[1, 1])
        before = df.copy(deep=True)
        quality(df)
        pd.testing.assert_frame_equal(df, before)


class TestIdentity:
    def test_ids_that_say_nothing_or_are_shared_are_counted(self):
        calls = pd.DataFrame(
            {
                "id": ["7", "", "null", None, "0", "9", "9", "9", "8", "8"],
                "uniqueId": ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "", "1.8", "1.8"],
            }
        )
        found = calls.calls.quality().loc[("unusable ids", "id")]
        assert (found["count"], found["of"]) == (7, 10)  # four say nothing, three share 9; 8 stands twice
        assert "unusable ids" not in calls.iloc[:1].calls.quality().index.get_level_values("check")

    def test_what_the_server_does_otherwise_is_told(self):
        calls = pd.DataFrame({"id": ["7"]})
        calls.attrs["brightcall"] = {"server": {"depth": "the server shows no calls beyond position 1,000"}}
        assert calls.calls.quality().loc[("server", "depth"), "detail"].endswith("position 1,000")

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas import load_calls, start_sandbox
from brightcall_pandas.analysis import agent_time
from brightcall_pandas.frame import with_agent

BERLIN = "Europe/Berlin"


def calls(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Return calls given as agent, time by the clock of Berlin, duration and talk time in seconds."""
    df = pd.DataFrame(rows, columns=["userId", "timestamp", "totalTime", "talkTime"])
    return df.assign(timestamp=pd.to_datetime(df["timestamp"]).dt.tz_localize(BERLIN))


@pytest.fixture
def shift() -> pd.DataFrame:
    return calls(
        ("a", "2026-03-02 09:00", 600, 540),  # until 9:10
        ("a", "2026-03-02 09:20", 600, 0),  # a gap of 10 minutes; until 9:30
        ("a", "2026-03-02 09:50", 600, 600),  # a gap of 20 minutes; until 10:00
        ("a", "2026-03-03 23:50", 1200, 900),  # until 0:10 on the day after
        ("b", "2026-03-02 09:00", 600, 300),
        ("b", "2026-03-02 09:05", 60, 30),  # within the call before
        ("b", "2026-03-02 09:08", 300, 60),  # reaches beyond it: until 9:13
        ("b", "2026-03-02 09:13", 0, 0),  # begins as that ends: no overlap
        (None, "2026-03-02 09:00", 60, 60),
        ("a", None, 60, 60),
    )


class TestAgentTime:
    def test_every_number_of_a_day(self, shift):
        table = agent_time(shift.sample(frac=1, random_state=1))
        assert table.index.names == ["agent", "day"]
        assert [(agent, f"{day:%m-%d %H:%M}") for agent, day in table.index] == [
            ("a", "03-02 00:00"),
            ("a", "03-03 00:00"),
            ("b", "03-02 00:00"),
        ]
        assert [f"{each:%d %H:%M}" for each in table["first_call"]] == ["02 09:00", "03 23:50", "02 09:00"]
        assert [f"{each:%d %H:%M}" for each in table["last_call"]] == ["02 09:50", "03 23:50", "02 09:13"]
        assert str(table["first_call"].dt.tz) == BERLIN
        assert table["days"].tolist() == [1, 1, 1]
        assert table["n_calls"].tolist() == [3, 1, 4]
        assert table["span_s"].tolist() == [3600, 1200, 780]
        assert table["calls_per_hour"].tolist() == pytest.approx([3, 3, 4 * 3600 / 780])
        assert table["talk_time_total_s"].tolist() == [1140, 900, 390]
        assert table["talk_share"].tolist() == pytest.approx([1140 / 3600, 0.75, 0.5])
        assert table["busy_s"].tolist() == [1800, 1200, 780]
        assert table["occupancy"].tolist() == [0.5, 1, 1]
        assert table["idle_s"].tolist() == [1800, 0, 0]
        assert table["idle_median_s"].fillna(-1).tolist() == [900, -1, -1]
        assert table["idle_max_s"].fillna(-1).tolist() == [1200, -1, -1]
        assert table["long_gaps"].tolist() == [1, 0, 0]
        assert table["overlaps"].tolist() == [0, 0, 2]

    def test_in_total_the_days_add_up(self, shift):
        table = agent_time(shift, "total")
        assert table.index.tolist() == ["a", "b"]
        row = table.loc["a"]
        assert row[["days", "n_calls", "span_s", "busy_s", "idle_s"]].tolist() == [2, 4, 4800, 3000, 1800]
        assert row["calls_per_hour"] == 3  # the night between is no working time
        assert f"{row['last_call']:%d %H:%M}" == "03 23:50"
        assert row["idle_median_s"] == 900

    def test_a_call_over_midnight_overlaps_those_of_the_next_day(self, shift):
        next_day = calls(("a", "2026-03-04 00:05", 60, 60))
        table = agent_time(pd.concat([shift, next_day])).loc["a"]
        assert table["overlaps"].tolist() == [0, 0, 1]
        assert table["idle_s"].tolist() == [1800, 0, 0]

    def test_what_counts_as_a_long_gap(self, shift):
        assert agent_time(shift, "total", long_gap="9min")["long_gaps"].tolist() == [2, 0]
        assert agent_time(shift, "total", long_gap="20min")["long_gaps"].tolist() == [0, 0]
        with pytest.raises(ValueError, match="long_gap="):
            agent_time(shift, long_gap="-1s")

    def test_by_takes_the_calls_of_each_group_alone(self, shift):
        df = shift.assign(projectName=["A", "B"] * 5)
        table = agent_time(df, "total", by="project")
        assert table.index.names == ["project", "agent"]
        assert table["n_calls"].to_dict() == {("A", "a"): 2, ("A", "b"): 2, ("B", "a"): 2, ("B", "b"): 2}
        assert table.loc[("A", "a"), "idle_max_s"] == 40 * 60
        with pytest.raises(ValueError, match=r"by=.*agent"):
            agent_time(df, by="agent")

    def test_the_order_of_calls_that_begin_at_once_does_not_matter(self):
        df = calls(("a", "2026-03-02 09:00", 60, 0), ("a", "2026-03-02 09:00", 0, 0))
        for rows in (df, df.iloc[::-1]):
            assert agent_time(rows, "total").loc["a", ["overlaps", "busy_s"]].tolist() == [0, 60]

    def test_durations_that_cannot_be_take_no_time(self):
        df = calls(("a", "2026-03-02 09:00", -1.7e9, -1.7e9), ("a", "2026-03-02 09:10", 60, 30))
        row = agent_time(df, "total").loc["a"]
        assert row[["n_calls", "span_s", "busy_s", "idle_s", "overlaps"]].tolist() == [2, 660, 60, 600, 0]
        assert row["talk_time_total_s"] == 30

    def test_what_no_call_tells_is_not_zero(self):
        df = calls(("a", "2026-03-02 09:00", None, None), ("a", "2026-03-02 09:10", None, None))
        row = agent_time(pd.concat([df, calls(("b", "2026-03-02 09:00", 0, 0))]), "total")
        unknown = ["talk_time_total_s", "talk_share", "busy_s", "occupancy", "idle_s", "idle_max_s"]
        assert row.loc["a", unknown].isna().all()
        assert row.loc["a", ["n_calls", "span_s"]].tolist() == [2, 600]
        assert row.loc["b", ["talk_time_total_s", "busy_s"]].tolist() == [0, 0]

    def test_what_is_missing_is_null_or_an_error(self, shift):
        table = agent_time(shift.drop(columns="talkTime"))
        assert table[["talk_time_total_s", "talk_share"]].isna().all(axis=None)
        for name in ("timestamp", "totalTime", "userId"):
            with pytest.raises(KeyError, match=name):
                agent_time(shift.drop(columns=name))
        with pytest.raises(ValueError, match="per="):
            agent_time(shift, "week")

    @pytest.mark.parametrize("per", ["day", "total"])
    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, shift, per):
        full = agent_time(shift, per)
        for none in (shift.iloc[:0], shift.assign(userId=None)):
            empty = agent_time(none, per)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names

    @settings(max_examples=40)
    @given(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(0, 90), st.integers(0, 30)), min_size=1, max_size=12
        )
    )
    def test_equals_counting_minute_by_minute(self, rows):
        noon = pd.Timestamp("2026-03-02 12:00")
        df = calls(*((agent, noon + pd.Timedelta(start, "min"), 60 * many, 0) for agent, start, many in rows))
        table = agent_time(df, "total")
        for agent, row in table.iterrows():
            mine = sorted((start, start + many) for who, start, many in rows if who == agent)
            first, last = min(mine)[0], max(end for _, end in mine)
            on = [any(start <= minute < end for start, end in mine) for minute in range(first, last)]
            gaps = [len(each) for each in "".join("x" if each else "-" for each in on).split("x") if each]
            assert row["busy_s"] == 60 * sum(on)
            assert row["idle_s"] == 60 * on.count(False)
            assert sum(gaps) == on.count(False)
            seen = [max((end for _, end in mine[:place]), default=-1) for place in range(len(mine))]
            assert row["overlaps"] == sum(
                start < latest for (start, _), latest in zip(mine, seen, strict=True)
            )


class TestTruth:
    def test_people_of_the_sandbox_have_one_call_at_a_time(self, tmp_path):
        with start_sandbox(calls=3000, days=6, seed=1) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            df = load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
            users = {str(each["user_id"]): each["calls"] for each in sandbox.truth["users"] if each["calls"]}
        df = with_agent(df, "userId")
        table = agent_time(df, "total")
        assert table["overlaps"].sum() == 0
        assert table["n_calls"].to_dict() == users
        by_day = agent_time(df)
        assert by_day["overlaps"].sum() == 0
        assert by_day["busy_s"].groupby(level="agent").sum().to_dict() == table["busy_s"].to_dict()


def test_impossible_durations_are_counted():
    calls = pd.DataFrame(
        {
            "userId": "7",
            "timestamp": ["2026-03-02T09:00Z", "2026-03-02T09:10Z"],
            "talkTime": [60, -1772442000],
            "totalTime": [1772442000, 120],
        }
    )
    table = agent_time(calls)
    assert table["talk_time_total_s"].tolist() == [60]
    assert table.attrs["impossible"] == {"totalTime": 1, "talkTime": 1}

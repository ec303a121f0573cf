from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis._dimensions import DIMENSIONS, names_of, split
from brightcall_pandas.frame._fields import FIELDS


def labels(df: pd.DataFrame, by: str) -> list[object]:
    key = split(df, by).keys[0]
    return key.labels.take(key.codes).tolist()


class TestSplit:
    def test_hour_weekday_and_day_are_in_the_frames_zone(self):
        stamps = pd.to_datetime(["2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"])
        berlin = pd.DataFrame({"timestamp": stamps.tz_convert("Europe/Berlin")})
        assert labels(berlin, "hour") == [0, 1, 3]
        assert labels(berlin, "weekday") == ["Sunday"] * 3
        assert labels(berlin, "day") == [pd.Timestamp("2026-03-29", tz="Europe/Berlin")] * 3
        utc = pd.DataFrame({"timestamp": stamps})
        assert labels(utc, "weekday") == ["Saturday", "Sunday", "Sunday"]

    def test_weeks_and_months_are_told_by_where_they_begin(self):
        df = pd.DataFrame({"timestamp": ["2026-03-01T12:00:00Z", "2026-04-02T00:00:00Z", None]})
        assert [str(each)[:10] for each in labels(df, "week")] == ["2026-02-23", "2026-03-30", "NaT"]
        assert [str(each)[:10] for each in labels(df, "month")] == ["2026-03-01", "2026-04-01", "NaT"]

    def test_a_missing_time_has_no_weekday_and_no_hour(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T09:00:00Z", None]})
        assert labels(df, "weekday") == ["Monday", "(none)"]
        hours = labels(df, "hour")
        assert hours[0] == 9
        assert pd.isna(hours[1])

    def test_codes_become_labels(self):
        assert labels(pd.DataFrame({"type": [1, 0, None]}), "direction") == ["outbound", "inbound", "(none)"]

    def test_a_field_and_a_column_of_ones_own_can_be_named(self):
        df = pd.DataFrame({"userId": [7, 8], "team": ["x", "y"]})
        assert labels(df, "userId") == ["7", "8"]
        assert labels(df, "team") == ["x", "y"]

    def test_a_call_counts_once_for_each_different_tag(self):
        df = pd.DataFrame({"tags": ['["a", "b", "a"]', None, "[]", '["b"]', "broken", '["", " b "]']})
        parts = split(df, "tag")
        key = parts.keys[0]
        assert list(zip(parts.rows.tolist(), key.labels.take(key.codes), strict=True)) == [
            (0, "a"),
            (0, "b"),
            (1, "(none)"),
            (2, "(none)"),
            (3, "b"),
            (4, "(none)"),
            (5, "b"),
        ]

    def test_two_spellings_of_a_tag_on_one_call_are_one_tag(self):
        df = pd.DataFrame({"tags": ['["VIP", "vip ", "Busy"]', '"VIP"', '[{"name": "busy"}]']})
        parts = split(df, "tag")
        key = parts.keys[0]
        assert parts.rows.tolist() == [0, 0, 1, 2]
        assert key.labels.take(key.codes).tolist() == ["VIP", "Busy", "VIP", "busy"]

    def test_other_dimensions_follow_the_rows_of_tags(self):
        df = pd.DataFrame({"tags": ['["a", "b"]', '["c"]'], "userId": ["1", "2"]})
        agent, tag = split(df, ["agent", "tag"]).keys
        assert agent.labels.take(agent.codes).tolist() == ["1", "1", "2"]
        assert tag.labels.take(tag.codes).tolist() == ["a", "b", "c"]

    def test_no_rows(self):
        assert len(split(pd.DataFrame({"tags": []}), "tag").rows) == 0

    def test_an_unknown_name_is_an_error_that_lists_the_known_ones(self):
        with pytest.raises(KeyError, match=r"agnet.*agent"):
            split(pd.DataFrame({"userId": [1]}), "agnet")

    def test_a_missing_column_is_an_error_that_says_what_it_is(self):
        with pytest.raises(KeyError, match=r"userId.*Identifier of the user"):
            split(pd.DataFrame({"state": [1]}), "agent")

    def test_a_name_twice_is_an_error(self):
        with pytest.raises(ValueError, match="twice"):
            names_of(["agent", "agent"])


class TestDimensions:
    def test_each_reads_a_field_and_hides_none(self):
        assert all(each.column in FIELDS for each in DIMENSIONS.values())
        assert not set(DIMENSIONS) & set(FIELDS)

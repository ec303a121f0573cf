from __future__ import annotations

import pandas as pd
import pytest

import brightcall_pandas  # noqa: F401  (registers .calls)
from brightcall_pandas import analysis
from brightcall_pandas.analysis._dimensions import (
    DIMENSIONS,
    names_of,
    of_direction,
    split,
)
from brightcall_pandas.frame import micros
from brightcall_pandas.frame._fields import FIELDS


class TestMicros:
    def test_counts_from_1970_whatever_the_unit(self):
        for unit in ("s", "ms", "us", "ns"):
            stamps = pd.Series(pd.to_datetime(["1970-01-01T00:00:02Z"], utc=True)).dt.as_unit(unit)
            assert micros(stamps).tolist() == [2_000_000]


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


class TestOfDirection:
    def test_a_null_goes_nowhere(self):
        df = pd.DataFrame({"type": [0, 1, None]})
        assert of_direction(df, "outbound").tolist() == [False, True, False]
        assert of_direction(df, None).all()
        with pytest.raises(ValueError, match="direction="):
            of_direction(df, "sideways")


class TestDefaultDirections:
    """Two calls inbound, three outbound, one internal: the count tells which ones a table looks at."""

    CALLS = pd.DataFrame(
        {
            "type": [0, 0, 1, 1, 1, 2],
            "state": 1,
            "timestamp": [f"2026-03-02T{hour:02}:00Z" for hour in range(9, 15)],
            "recallDate": None,
            "clientNumber": list("abcdef"),
            "lineNumber": "+1",
            "talkTime": 60.0,
            "answerTime": 5.0,
            "callTime": 65.0,
            "totalTime": 65.0,
            "outcomeTag": "No",
            "userId": "a",
        }
    )

    @pytest.mark.parametrize(
        ("table", "counted"),
        [
            ("service_level", "offered"),
            ("abandonment", "offered"),
            ("repeat_callers", "n_calls"),
            ("staffing", "offered"),
        ],
    )
    def test_what_callers_feel_is_inbound(self, table, counted):
        assert getattr(analysis, table)(self.CALLS)[counted].sum() == 2

    @pytest.mark.parametrize(("table", "counted"), [("attempts", "dials"), ("by_line", "n_calls")])
    def test_what_our_dialing_does_is_outbound(self, table, counted):
        assert getattr(analysis, table)(self.CALLS)[counted].sum() == 3

    def test_only_outbound_calls_keep_promises(self):
        promised = self.CALLS.assign(recallDate=None, clientNumber="x")
        promised["recallDate"] = ["2026-03-02T10:00Z", *[None] * 5]  # the next call, at 10:00, is inbound
        assert analysis.recalls(promised)["recalls"].to_dict() == {
            "kept": 0,
            "late": 1,
            "missed": 0,
            "open": 0,
        }

    def test_a_model_is_of_outbound_calls(self):
        assert len(self.CALLS.calls.model_frame()) == 3

    @pytest.mark.parametrize("table", ["summary", "by_agent", "by_outcome", "over_time", "talk_time_buckets"])
    def test_all_others_count_every_direction(self, table):
        assert getattr(analysis, table)(self.CALLS)["n_calls"].sum() == 6


def dials(*rows: tuple[str | None, int, str, int]) -> pd.DataFrame:
    """Return calls given as client, hour, direction and id."""
    return pd.DataFrame(
        [
            {"clientNumber": client, "timestamp": f"2026-03-02T{hour:02}:00Z", "type": kind, "id": number}
            for client, hour, kind, number in rows
        ]
    )


class TestAttempt:
    def test_counts_the_outbound_calls_of_each_client_in_time(self):
        df = dials(
            ("x", 11, "outbound", 1),  # the second: the rows need not stand in order
            ("x", 9, "outbound", 2),
            ("y", 10, "outbound", 3),
            ("x", 10, "inbound", 4),  # no attempt, and counted as none
            (None, 9, "outbound", 5),
        )
        assert df.calls.breakdown("attempt", ["n_calls"])["n_calls"].to_dict() == {
            "1": 2,
            "2": 1,
            "(none)": 2,
        }
        later = df.assign(state=["answered", *["unanswered"] * 4])
        assert later.calls.breakdown("attempt", ["answered"])["answered"].to_dict()["2"] == 1
        assert later.calls.breakdown("new_or_redial", ["answered"])["answered"].to_dict()["redial"] == 1
        table = df.calls.breakdown("new_or_redial", ["n_calls"])
        assert table["n_calls"].to_dict() == {"new": 2, "redial": 1, "(none)": 2}

    def test_many_attempts_are_one_group(self):
        df = dials(*[("x", 8 + each, "outbound", each) for each in range(9)])
        table = df.calls.breakdown("attempt", ["n_calls"])
        assert table["n_calls"].to_dict() == {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6+": 4}

    def test_at_one_instant_the_lower_id_was_first(self):
        df = dials(("x", 9, "outbound", 10), ("x", 9, "outbound", 9)).assign(state=["answered", "unanswered"])
        assert df.calls.breakdown("attempt", ["answered"])["answered"].to_dict() == {"1": 0, "2": 1}

    def test_a_column_of_that_name_comes_first(self):
        df = dials(("x", 9, "outbound", 1)).assign(attempt=7)
        assert df.calls.breakdown("attempt", ["n_calls"]).index.tolist() == [7]

    def test_goes_with_other_dimensions_and_every_table(self):
        df = dials(("x", 9, "outbound", 1), ("x", 9, "outbound", 2), ("y", 10, "outbound", 3))
        table = df.calls.breakdown(["hour", "attempt"], ["n_calls"])
        assert table["n_calls"].tolist() == [1, 1, 1]
        assert df.calls.heatmap(by="attempt").loc[("1", "Monday"), 9] == 1

    def test_an_empty_frame_has_no_attempts(self):
        assert len(dials(("x", 9, "outbound", 1)).iloc[:0].calls.breakdown("attempt")) == 0

    def test_needs_client_time_and_direction(self):
        for name in ("clientNumber", "timestamp", "type"):
            with pytest.raises(KeyError, match=name):
                dials(("x", 9, "outbound", 1)).drop(columns=name).calls.breakdown("attempt")


class TestPeriodsAsDimensions:
    CALLS = pd.DataFrame(
        {
            "timestamp": [
                "2026-03-02T09:10Z",
                "2026-03-02T09:40Z",
                "2026-03-02T09:59Z",
                "2026-05-04T09:00Z",
                None,
            ],
            "state": [1, 0, 1, 1, 1],
        }
    )

    def test_a_span_groups_calls_by_where_it_begins(self):
        table = self.CALLS.calls.breakdown("30min", ["n_calls", "answered"])
        assert table.index.name == "30min"
        assert [str(each)[:16] for each in table.index] == [
            "2026-03-02 09:00",
            "2026-03-02 09:30",
            "2026-05-04 09:00",
            "NaT",
        ]
        assert table["n_calls"].tolist() == [1, 2, 1, 1]
        assert table["answered"].tolist() == [1, 1, 1, 1]

    @pytest.mark.parametrize(
        ("name", "first"), [("quarter", "2026-01-01"), ("year", "2026-01-01"), ("W", "2026-03-02")]
    )
    def test_so_do_periods_of_the_calendar(self, name, first):
        assert str(labels(self.CALLS, name)[0])[:10] == first

    def test_the_words_that_were_dimensions_are_these_periods(self):
        for word, alias in (("day", "D"), ("week", "W"), ("month", "M")):
            assert labels(self.CALLS, word) == labels(self.CALLS, alias)
        assert labels(self.CALLS, "hour")[0] == 9  # of the day

    @pytest.mark.parametrize("by", [1, 1.5, pd.Timedelta("1h"), pd.offsets.Week()])
    def test_anything_but_names(self, by):
        with pytest.raises(TypeError, match="by takes the name of a dimension or a column, or several, not"):
            self.CALLS.calls.breakdown(by)
        with pytest.raises(KeyError, match="is neither a column of the frame nor"):
            self.CALLS.calls.breakdown([by])

    def test_a_column_may_be_named_by_a_number(self):
        assert labels(self.CALLS.assign(x="mine").rename(columns={"x": 7}), [7])[0] == "mine"

    def test_a_column_of_ones_own_comes_first(self):
        assert labels(self.CALLS.assign(D="mine"), "D")[0] == "mine"

    @pytest.mark.parametrize(
        "table", ["summary", "by_outcome", "over_time", "funnel", "by_agent", "service_level"]
    )
    def test_every_by_takes_them(self, table):
        calls = self.CALLS.assign(
            outcomeTag="No", userId="a", type=0, talkTime=1.0, answerTime=1.0, callTime=1.0
        )
        calls["outcomeType"] = "neutral"
        found = getattr(calls.dropna().calls, table)(by=["30min"])
        assert found.index.get_level_values("30min").nunique() == 3

    @pytest.mark.parametrize("name", ["7min", "fortnight", "B"])
    def test_what_is_no_period_is_said(self, name):
        with pytest.raises(
            KeyError, match=f"by='{name}' is neither a column .* nor a period such as '30min'"
        ):
            split(self.CALLS, name)


def test_a_call_without_outcome_type_is_absent_as_for_the_filter():
    calls = pd.DataFrame({"outcomeType": ["positive", "absent", None, None]})
    table = calls.calls.breakdown("outcome_type")
    assert table["n_calls"].to_dict() == {"absent": 3, "positive": 1}
    for label, many in table["n_calls"].items():
        assert len(calls.calls.filter(outcome_types=label)) == many

"""Which rows a filter matches, in pandas and in SQL."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from brightcall_pandas.filters import FILTER_NAMES, FILTERS, CallFilter
from brightcall_pandas.frame import AGENT_COLUMNS, FIELDS, optional_column

CALLS = pd.DataFrame(
    {
        "id": ["1", "2", "3", "4"],
        "type": [1, 0, "internal", None],
        "state": ["answered", "missed", 2, None],
        "outcomeTag": ["Sold", "no answer", "Sold ", None],
        "outcomeType": ["positive", "absent", None, None],
        "talkTime": [30, 0, 10.5, None],
        "answerTime": ["4", "5", None, "x"],
        "timestamp": [
            "2026-03-28T23:30:00+01:00",
            "2026-03-29T00:00:00+01:00",
            "2026-03-29T23:59:59+02:00",
            "2026-03-30T00:00:00+02:00",
        ],
        "userId": [500, 501, 500.0, None],
        "agentShortNumber": ["101", None, "102", "0"],
        "extras": [None, '{"involvedAgent1Id":9001}', '{"involvedAgent1Id":"9002","x":1}', "{}"],
        "qualityRating": [5, 4, None, 5],
        "projectName": ["Solar", "Roof", None, "solar"],
        "projectId": [9, 9, 10, None],
        "fromNumber": ["4930111", "4930222", "101", None],
        "toNumber": ["4930222", "101", "102", None],
        "toAnswer": [None, "101", "102", None],
        "lineNumber": ["111", "222", None, None],
        "clientNumber": ["4930222", "4930222", None, "49"],
        "label": ["", "VIP call", "x", None],
        "uniqueId": ["1.1", "2.2", "3.3", "4.4"],
        "tags": [["Busy", "VIP"], [], '{"0": "vip"}', "{broken"],
    },
    index=["a", "a", "b", "c"],
)

# What each filter takes of the four rows, worked out by hand.
MASKS = [
    ({"search_string": "SOLAR"}, "1001"),
    ({"search_string": "vip"}, "1110"),
    ({"search_string": "0222"}, "1100"),
    ({"search_string": "no ans"}, "0100"),
    ({"search_string": "3.3"}, "0010"),
    ({"search_string": "%"}, "0000"),
    ({"day_from": "2026-03-29", "timezone": "Europe/Berlin"}, "0111"),
    ({"day_to": "2026-03-29", "timezone": "Europe/Berlin"}, "1110"),
    ({"day_from": "2026-03-29", "day_to": "2026-03-29", "timezone": "Europe/Berlin"}, "0110"),
    ({"day_from": "2026-03-29", "day_to": "2026-03-29", "timezone": "UTC"}, "0011"),
    ({"day_from": "2026-03-28", "day_to": "2026-03-28", "timezone": "America/New_York"}, "1100"),
    ({"timezone": "Europe/Berlin", "date_interval": "day"}, "1111"),
    ({"types": "outbound"}, "1000"),
    ({"types": [0, 2]}, "0110"),
    ({"states": "unanswered"}, "0100"),
    ({"states": ["completed", "failed"]}, "1010"),
    ({"categories": "all"}, "1111"),
    ({"categories": ["inbound", "failed"]}, "0110"),
    ({"categories": "outbound_answered"}, "1000"),
    ({"categories": ["outbound_unanswered", "inbound_unanswered"]}, "0100"),
    ({"agent_ids": 500}, "1010"),
    ({"agent_ids": [101, 9001]}, "1100"),
    ({"agent_ids": ["9002", 501, 0]}, "0111"),
    ({"user_id": "501"}, "0100"),
    ({"unique_ids": ["1.1", "4.4"]}, "1001"),
    ({"number": 101}, "0110"),
    ({"number": "4930222"}, "1100"),
    ({"number": "111"}, "1000"),
    ({"from_number": "4930222"}, "0100"),
    ({"to_number": "101"}, "0100"),
    ({"to_answer": "102"}, "0010"),
    ({"text_projects": "Solar"}, "1000"),
    ({"project_ids": [9, 11]}, "1100"),
    ({"tags": "VIP"}, "1000"),
    ({"tags": ["vip", "Busy"]}, "1010"),
    ({"outcomes": "Sold"}, "1000"),
    ({"outcomes": ["Sold", "Sold "]}, "1010"),
    ({"outcome_types": "positive"}, "1000"),
    ({"outcome_types": "absent"}, "0111"),
    ({"talk_time_from": 10.5}, "1010"),
    ({"talk_time_to": 10.5}, "0110"),
    ({"answer_time_from": 5}, "0100"),
    ({"answer_time_to": 4}, "1000"),
    ({"all_users": True}, "1111"),
    ({"quality_rating": 5}, "1001"),
    ({"show_transfers": True, "show_ai_calls_with_log": True}, "1111"),
    ({"page": 2, "items_per_page": 1, "sort_by": "talkTime", "sort_direction": "ASC"}, "1111"),
    ({"types": [0, 1], "talk_time_from": 1}, "1000"),
    ({}, "1111"),
]


@pytest.fixture(scope="module")
def by_duckdb():
    """Ask a real DuckDB, whose table has the typed columns as the sandbox keeps them."""
    with duckdb.connect() as connection:

        def answers(spec, df):
            # Agents may be told by any of three columns, and a table of typed columns has them all.
            typed = {name: optional_column(df, name).reset_index(drop=True) for name in (*df, *AGENT_COLUMNS)}
            for name, series in typed.items():
                if name in FIELDS and FIELDS[name].kind == "label":
                    typed[name] = series.astype("str")
            connection.register("calls", pd.DataFrame(typed))
            return [row[0] for row in connection.sql(f"SELECT {spec.to_sql()} FROM calls").fetchall()]

        yield answers


class TestMask:
    @pytest.mark.parametrize(("filters", "expected"), MASKS)
    def test_takes_these_rows(self, filters, expected):
        mask = CallFilter(**filters).mask(CALLS)
        assert mask.dtype == bool
        assert mask.index.tolist() == ["a", "a", "b", "c"]
        assert "".join("01"[each] for each in mask) == expected

    def test_every_filter_of_rows_is_shown_above(self):
        shown = {name for filters, _ in MASKS for name in filters}
        assert set(FILTERS) - shown == {"team_ids"}

    def test_does_not_change_the_frame(self):
        before = CALLS.copy(deep=True)
        for filters, _ in MASKS:
            CallFilter(**filters).mask(CALLS)
        assert_frame_equal(CALLS, before)

    def test_without_a_timezone_days_begin_in_the_frames_own(self):
        stamps = pd.to_datetime(CALLS["timestamp"], utc=True)
        spec = CallFilter(day_from="2026-03-29", day_to="2026-03-29")
        assert spec.mask(pd.DataFrame({"timestamp": stamps.dt.tz_convert("Europe/Berlin")})).tolist() == [
            False,
            True,
            True,
            False,
        ]
        assert spec.mask(pd.DataFrame({"timestamp": stamps})).tolist() == [False, False, True, True]

    @pytest.mark.parametrize("filters", [{"team_ids": 3}, {"all_users": False}])
    def test_what_cannot_be_applied_to_rows_is_an_error_that_says_why(self, filters):
        (name,) = filters
        for ask in (lambda spec: spec.mask(CALLS), CallFilter.to_sql):
            with pytest.raises(ValueError, match=f"{name} cannot be applied to rows.*bc.load_calls"):
                ask(CallFilter(**filters))

    def test_a_missing_column_is_named(self):
        with pytest.raises(KeyError, match="talkTime"):
            CallFilter(talk_time_from=1).mask(CALLS.drop(columns="talkTime"))

    def test_an_empty_frame(self):
        mask = CallFilter(types=1, search_string="x", tags="y", day_from="2026-03-01").mask(CALLS.iloc[:0])
        assert mask.tolist() == []
        assert mask.dtype == bool


class TestToSql:
    @pytest.mark.parametrize(("filters", "expected"), MASKS)
    def test_takes_the_same_rows(self, by_duckdb, filters, expected):
        # Without a timezone the days of SQL begin in UTC, and no case above relies on the default.
        answers = by_duckdb(CallFilter(**filters), CALLS)
        assert "".join("01"[each] for each in answers) == expected

    def test_every_row(self):
        assert CallFilter().to_sql() == "TRUE"
        assert CallFilter(timezone="UTC", page=3, show_transfers=True).to_sql() == "TRUE"

    NASTY = [
        "'",
        "''",
        "'; DROP TABLE calls; --",
        '"',
        "\\",
        "\\'",
        "%_",
        "a\nb",
        "a\tb",
        "a\x00b",
        "$1",
        "{x}",
        "ü😀",
        "-- x",
        "/* x */",
        "' OR TRUE OR '",
    ]

    @pytest.mark.parametrize("text", NASTY)
    @pytest.mark.parametrize(
        ("name", "column"),
        [
            ("outcomes", "outcomeTag"),
            ("text_projects", "projectName"),
            ("unique_ids", "uniqueId"),
            ("number", "fromNumber"),
            ("to_answer", "toAnswer"),
            ("search_string", "label"),
            ("tags", "tags"),
        ],
    )
    def test_literals_are_quoted(self, by_duckdb, name, column, text):
        other = CALLS.drop(columns=column).iloc[:2].assign(**{column: None})
        df = pd.concat([other, other], ignore_index=True).astype({column: object})
        df[column] = [[text], ["other"], [], None] if column == "tags" else [text, "other", "", None]
        assert by_duckdb(CallFilter(**{name: text}), df) == [True, False, False, False]

    def test_numbers_are_doubles(self, by_duckdb):
        values = [0.1, 0.30000000000000004, 8.41234567890123, 123456789.12345679, 1e300]
        for value in values:
            df = pd.DataFrame({"talkTime": values})
            spec = CallFilter(talk_time_from=value, talk_time_to=value)
            assert by_duckdb(spec, df) == [each == value for each in values]


# mask and to_sql are one meaning: random frames, random filters, a real DuckDB.

WORDS = ["Sold", "sold ", "No Answer", "ΑΣ", "İz", "Busy", "o'k", "a\nb", ""]
NUMBERS = ["101", "102", "4930222", "7"]
STAMPS = st.datetimes(datetime(2011, 12, 28), datetime(2012, 1, 3)) | st.datetimes(
    datetime(2026, 3, 27), datetime(2026, 4, 1)
)
ROW = st.fixed_dictionaries(
    {
        "type": st.sampled_from([0, 1, 2, None, "outbound", 9]),
        "state": st.sampled_from([0, 1, 2, None, "missed"]),
        "outcomeTag": st.none() | st.sampled_from(WORDS),
        "outcomeType": st.sampled_from([None, "positive", "neutral", "negative", "absent"]),
        "talkTime": st.none() | st.sampled_from([0, 10, 10.1, 30]) | st.floats(0, 100),
        "answerTime": st.none() | st.sampled_from([0, 5, 0.1, "6"]),
        "timestamp": st.none() | STAMPS.map(lambda stamp: stamp.isoformat() + "Z"),
        "userId": st.sampled_from([None, 7, 101, "007"]),
        "qualityRating": st.sampled_from([None, 1, 4.5, 5]),
        "projectName": st.none() | st.sampled_from(WORDS),
        "projectId": st.sampled_from([None, 7, 9]),
        "fromNumber": st.none() | st.sampled_from(NUMBERS),
        "toNumber": st.none() | st.sampled_from(NUMBERS),
        "toAnswer": st.none() | st.sampled_from(NUMBERS),
        "lineNumber": st.none() | st.sampled_from(NUMBERS),
        "clientNumber": st.none() | st.sampled_from(NUMBERS),
        "label": st.none() | st.sampled_from(WORDS),
        "uniqueId": st.none() | st.sampled_from(NUMBERS),
        "tags": st.sampled_from(
            [
                None,
                "",
                "{}",
                "[",
                "null",
                '"Sold"',
                "1",
                [1, True, None, "x"],
                ["a", "b"],
                [1e5, 0.5, -3],
                {"name": "Sold"},
                [{"id": 1, "name": "a"}, {"id": 1}, {"name": None}],
                [["a"], " x"],
                '"a","b"',
                [{"name": 1}, {"name": ["a"]}],
                ' [ "a" ]',
                "Sold",
                '["o\\u0027k"]',
            ]
        )
        | st.lists(st.sampled_from(WORDS), max_size=2),
    }
)


def frame_of(rows):
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in rows[0]})


class TestMaskIsSql:
    @settings(max_examples=60)
    @given(st.lists(ROW, min_size=1, max_size=8), st.data())
    def test_together(self, by_duckdb, some_filters, rows, data):
        filters = data.draw(some_filters)
        spec = CallFilter(**filters)
        df = frame_of(rows)
        mask = spec.replace(timezone=filters.get("timezone", "UTC")).mask(df)
        assert mask.tolist() == by_duckdb(spec, df)

    @settings(max_examples=60)
    @given(st.lists(ROW, min_size=8, max_size=8), st.data())
    def test_one_by_one(self, by_duckdb, some_filters, rows, data):
        filters = data.draw(some_filters.filter(bool))
        name = data.draw(st.sampled_from(list(filters)))
        spec = CallFilter(
            timezone=filters.get("timezone", "UTC"), **{k: filters[k] for k in [name] if k != "timezone"}
        )
        df = frame_of(rows)
        assert spec.mask(df).tolist() == by_duckdb(spec, df)

    def test_every_filter_of_rows_is_drawn(self, some_filters):
        of_rows = {name for name in FILTER_NAMES if FILTERS[name].predicate is not None}
        assert of_rows <= set(some_filters.wrapped_strategy.optional) | {"search_string"}


class TestFoldCase:
    """Labels of tables are filters; without folding they are the API's own texts."""

    FRAME = pd.DataFrame(
        {
            "outcomeTag": ["Sold", "sold ", "No  Answer", " ", None, "(none)"],
            "tags": ['["VIP"]', '["vip ", "Busy"]', '"VIP"', "[]", None, '[{"name": "busy"}, "VIP"]'],
            "projectName": ["Solar", "solar", None, "", "(none)", "Roof"],
            "userId": ["7", None, "8", "7", None, "7"],
        }
    )

    @pytest.mark.parametrize(
        ("filters", "folded", "exact"),
        [
            ({"outcomes": "SOLD"}, "110000", "000000"),
            ({"outcomes": "Sold"}, "110000", "100000"),
            ({"outcomes": ["no answer", "sold"]}, "111000", "000000"),
            ({"outcomes": "(none)"}, "000111", "000001"),
            ({"tags": "vip"}, "111001", "000000"),
            ({"tags": "VIP"}, "111001", "101001"),
            ({"tags": ["Busy"]}, "010001", "010000"),
            ({"tags": "(none)"}, "000110", "000000"),
            ({"text_projects": "Solar"}, "100000", "100000"),
            ({"text_projects": "(none)"}, "001110", "000010"),
            ({"agent_ids": ["(none)", 8]}, "011010", "001000"),
            ({"outcomes": "sold", "tags": "busy"}, "010000", "000000"),
        ],
    )
    def test_mask(self, filters, folded, exact):
        spec = CallFilter(**filters)
        assert "".join("01"[each] for each in spec.mask(self.FRAME, fold_case=True)) == folded
        assert "".join("01"[each] for each in spec.mask(self.FRAME, fold_case=False)) == exact
        assert spec.mask(self.FRAME).tolist() == spec.mask(self.FRAME, fold_case=False).tolist()

    NUMBERS = pd.DataFrame(
        {
            "fromNumber": ["+49 151 23456789", "0151/23456789", "+4930901820", "anonymous", None],
            "toNumber": ["+4930901820", "+4930901820", "004915123456789", "101", "+15123456789"],
            "toAnswer": None,
            "lineNumber": "+4930901820",
            "clientNumber": ["+49 151 23456789", "0151/23456789", "004915123456789", "anonymous", None],
        }
    )

    @pytest.mark.parametrize(
        ("filters", "german", "anywhere", "exact"),
        [
            ({"number": "+4915123456789"}, "11100", "10100", "00000"),
            ({"number": "004915123456789"}, "11100", "10100", "00100"),
            ({"number": "0151 23456789"}, "11100", "01000", "00000"),
            ({"from_number": "0151/23456789"}, "11000", "01000", "01000"),
            ({"to_number": "030 901820"}, "11000", "00000", "00000"),
            ({"to_answer": "101"}, "00000", "00000", "00000"),
            ({"number": "101"}, "00010", "00010", "00010"),
            ({"number": "anonymous"}, "00010", "00010", "00010"),
            ({"from_number": "unknown"}, "00000", "00000", "00000"),
        ],
    )
    def test_numbers_in_any_spelling(self, filters, german, anywhere, exact):
        spec = CallFilter(**filters)
        frame = self.NUMBERS.copy()
        assert "".join("01"[each] for each in spec.mask(frame, fold_case=True)) == anywhere
        assert "".join("01"[each] for each in spec.mask(frame)) == exact
        frame.attrs["brightcall"] = {"region": "DE"}
        assert "".join("01"[each] for each in spec.mask(frame, fold_case=True)) == german
        assert "".join("01"[each] for each in spec.mask(frame)) == exact

    def test_what_the_api_is_asked_for_stays_as_it_is_spelled(self):
        assert CallFilter(number="0151 23456789").to_request() == {"number": "0151 23456789"}
        assert CallFilter(outcomes="SOLD ").to_request() == {"outcomes": ["SOLD "]}

    def test_has_labels(self):
        assert CallFilter(outcomes="Sold").has_labels
        assert CallFilter(tags="VIP", types=1).has_labels
        assert CallFilter(agent_ids="(none)").has_labels
        assert CallFilter(agent_ids=7).has_labels
        assert CallFilter(number="101").has_labels
        assert CallFilter(to_answer="101").has_labels
        assert not CallFilter(user_id=7, types=1, text_projects="Solar", search_string="VIP").has_labels

    def test_without_rows(self):
        spec = CallFilter(outcomes="Sold", tags="VIP", text_projects="Solar")
        assert spec.mask(self.FRAME.iloc[:0], fold_case=True).tolist() == []

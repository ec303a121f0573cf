"""Conditions that only rows in hand can answer."""

from __future__ import annotations

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.filters import FILTERS, ROW_FILTERS

CALLS = pd.DataFrame(
    {
        "timestamp": [
            "2026-03-28T08:59:59+01:00",
            "2026-03-28T09:00:00+01:00",
            "2026-03-29T17:59:59+02:00",
            None,
        ],
        "lineNumber": ["101", 102, None, "101"],
        "numbersInvolvedJSON": ['["501", "502"]', '["501"]', "[broken", '["7", "8", "7"]'],
        "aiTalkTime": [0, 12.5, None, "3"],
        "campaign": ["Spring", "Autumn", None, "Spring"],
        "clientNumber": ["+4930901820", "+12125551234", "030901820", None],
        "type": [1, 0, 1, 1],
    },
    index=["a", "a", "b", "c"],
)

# What each takes of the four rows, worked out by hand. Times without a zone of their own are in UTC.
MASKS = [
    ({"hours": (8, 15)}, "0110"),
    ({"hours": (9, 17), "timezone": "Europe/Berlin"}, "0110"),
    ({"hours": (8, 8), "timezone": "Europe/Berlin"}, "1000"),
    ({"hours": [18, 23], "timezone": "Europe/Moscow"}, "0010"),
    ({"weekdays": "saturday"}, "1100"),
    ({"weekdays": ["Sunday", "Monday"], "timezone": "Pacific/Auckland"}, "0010"),
    ({"lines": "101"}, "1001"),
    ({"lines": [101, "102"]}, "1101"),
    ({"campaigns": "Spring"}, "1001"),
    ({"countries": "de"}, "1000"),
    ({"countries": ["DE", "US"]}, "1100"),
    ({"paths": "501 → 502"}, "1000"),
    ({"paths": ["501", "7 → 8 → 7", "(unreadable)"]}, "0111"),
    ({"transferred": True}, "1001"),
    ({"transferred": False}, "0110"),
    ({"ai": True}, "0101"),
    ({"ai": False}, "1010"),
    ({"lines": 101, "types": "outbound", "transferred": True, "ai": False}, "1000"),
    ({"hours": None, "lines": None, "transferred": None, "ai": None}, "1111"),
]


class TestFilter:
    @pytest.mark.parametrize(("conditions", "expected"), MASKS)
    def test_takes_these_rows(self, conditions, expected):
        kept = CALLS.calls.filter(**conditions)
        pd.testing.assert_frame_equal(kept, CALLS[[each == "1" for each in expected]])

    def test_every_condition_is_shown_above(self):
        assert {name for conditions, _ in MASKS for name in conditions} >= set(ROW_FILTERS)
        assert not set(ROW_FILTERS) & set(FILTERS)

    def test_hours_are_those_of_the_frame_where_nothing_else_is_said(self):
        stamps = pd.to_datetime(CALLS["timestamp"], utc=True).dt.tz_convert("Europe/Berlin")
        calls = pd.DataFrame({"timestamp": stamps})
        assert len(calls.calls.filter(hours=(9, 17))) == 2
        assert len(calls.calls.filter(hours=(7, 7))) == 0

    def test_without_rows(self):
        empty = CALLS.iloc[:0]
        assert len(empty.calls.filter(hours=(0, 23), lines=1, transferred=True, ai=True)) == 0

    @pytest.mark.parametrize(
        ("conditions", "error", "message"),
        [
            ({"hours": (17, 9)}, ValueError, r"hours=\(17, 9\) is not a pair of hours from 0 to 23"),
            ({"hours": (9, 24)}, ValueError, "hours="),
            ({"hours": (-1, 5)}, ValueError, "hours="),
            ({"hours": 9}, TypeError, "hours takes first and last hour"),
            ({"hours": ("9", "17")}, TypeError, "hours takes a whole number, not '9'"),
            ({"lines": []}, ValueError, "lines"),
            ({"lines": 1.5}, TypeError, "lines"),
            ({"weekdays": "Mo"}, ValueError, "weekdays"),
            ({"campaigns": 5}, TypeError, "campaigns takes text"),
            ({"countries": "Germany"}, ValueError, "countries='Germany' is not a country"),
            ({"countries": 49}, TypeError, "countries takes two letters"),
            ({"paths": []}, ValueError, "paths"),
            ({"transferred": "yes"}, TypeError, "transferred takes True or False"),
            ({"ai": 1}, TypeError, "ai takes True or False"),
            ({"hour": (9, 17)}, TypeError, "did you mean 'hours'"),
        ],
    )
    def test_what_is_wrong_is_named(self, conditions, error, message):
        with pytest.raises(error, match=message):
            CALLS.calls.filter(**conditions)

    @pytest.mark.parametrize(
        ("condition", "column"),
        [
            ({"hours": (9, 17)}, "timestamp"),
            ({"lines": 1}, "lineNumber"),
            ({"weekdays": "Monday"}, "timestamp"),
            ({"campaigns": "Spring"}, "campaign"),
            ({"countries": "DE"}, "clientNumber"),
            ({"paths": "501"}, "numbersInvolvedJSON"),
            ({"transferred": True}, "numbersInvolvedJSON"),
            ({"ai": True}, "aiTalkTime"),
        ],
    )
    def test_a_missing_column_is_named(self, condition, column):
        with pytest.raises(KeyError, match=column):
            CALLS.drop(columns=column).calls.filter(**condition)


class TestPathsThatNoCallHas:
    def test_are_named_with_the_nearest_and_what_there_is(self):
        told = r"None of these 4 calls has paths='501→502'; did you mean '501 → 502'\? They have .*'501'"
        with pytest.warns(bc.NoMatchWarning, match=told):
            assert CALLS.calls.filter(paths="501→502").empty
        with pytest.warns(bc.NoMatchWarning, match="has paths='9'"):
            assert len(CALLS.calls.filter(paths=["501", "9"])) == 1

    def test_one_that_only_other_filters_exclude_is_not(self):
        assert CALLS.calls.filter(paths=["501"], types="outbound").empty
        assert CALLS.iloc[:0].calls.filter(paths="9").empty


class TestElsewhere:
    """The API has no such filters: whatever would send them refuses, and says where they work."""

    @pytest.mark.parametrize("name", ROW_FILTERS)
    @pytest.mark.parametrize(
        "ask",
        [
            bc.CallFilter,
            lambda **given: bc.CallFilter().replace(**given),
            lambda **given: bc.load_calls("2026-03-01", "2026-03-02", **given),
            lambda **given: bc.count_calls("2026-03-01", **given),
            lambda **given: bc.read_calls("calls", **given),
        ],
    )
    def test_is_refused(self, ask, name):
        with pytest.raises(TypeError, match=rf"no argument '{name}'.*df\.calls\.filter\({name}=…\)"):
            ask(**{name: True})


class TestExplorer:
    """One definition: what the explorer selects is what its code filters."""

    @pytest.mark.parametrize(
        "conditions",
        [
            {"hours": (9, 17)},
            {"lines": ["101", "102"]},
            {"transferred": False},
            {"ai": True},
            {"weekdays": ["Saturday"], "countries": "DE"},
            {"campaigns": "Spring", "paths": ["501 → 502", "7 → 8 → 7"]},
            {"hours": (0, 15), "lines": "101", "transferred": True, "ai": False},
        ],
    )
    def test_its_code_gives_its_rows(self, conditions):
        pytest.importorskip("anywidget")
        stamps = pd.to_datetime(CALLS["timestamp"], utc=True).dt.tz_convert("America/New_York")
        calls = CALLS.assign(timestamp=stamps).reset_index(drop=True)
        ex = calls.calls.explore()
        ex.conditions = conditions
        assert ex.code().startswith("chosen = calls.calls.filter(")
        space = {"calls": calls}
        exec(ex.code(), space)
        pd.testing.assert_frame_equal(space["chosen"], ex.frame)
        pd.testing.assert_frame_equal(calls.calls.filter(**conditions), ex.frame)

import copy
import inspect
import json
import pickle
from datetime import date, datetime

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from brightcall_pandas.filters import (
    FILTER_NAMES,
    FILTERS,
    CallFilter,
    describe_filters,
    lists_filters,
)
from brightcall_pandas.frame import midnight
from brightcall_pandas.frame._columns import column
from brightcall_pandas.frame._fields import FIELDS

# Read off the vendor's article, in its order; the last four page and sort.
ARTICLE = """
    searchString dayFrom dayTo timezone dateInterval types states categories agentIds teamIds uniqueIds
    number fromNumber toNumber toAnswer textProjects projectIds tags outcomes outcomeTypes talkTimeFrom
    talkTimeTo answerTimeFrom answerTimeTo allUsers userId qualityRating showTransfers showAICallsWithLog
    page itemsPerPage sortBy sortDirection
""".split()

# One good value for each, and the API's JSON for it.
GOOD = {
    "search_string": ("smith", "smith"),
    "day_from": ("2026-03-01", "2026-03-01"),
    "day_to": ("2026-03-31", "2026-03-31"),
    "timezone": ("Europe/Berlin", "Europe/Berlin"),
    "date_interval": ("week", "week"),
    "types": ("outbound", [1]),
    "states": (["answered", "failed"], [1, 2]),
    "categories": ("inbound_answered", ["inbound_answered"]),
    "agent_ids": ([7, "501"], [501, 7]),
    "team_ids": (3, [3]),
    "unique_ids": ("1772443815.17", ["1772443815.17"]),
    "number": ("+4930123", "+4930123"),
    "from_number": ("4930123", "4930123"),
    "to_number": (4930123, "4930123"),
    "to_answer": ("101", "101"),
    "text_projects": ("Solar", ["Solar"]),
    "project_ids": (9, [9]),
    "tags": (["VIP", "Busy"], ["Busy", "VIP"]),
    "outcomes": ("No Answer", ["No Answer"]),
    "outcome_types": (["positive", "absent"], ["absent", "positive"]),
    "talk_time_from": (30, 30),
    "talk_time_to": (60.5, 60.5),
    "answer_time_from": (0, 0),
    "answer_time_to": ("20", 20),
    "all_users": (True, True),
    "user_id": (500, 500),
    "quality_rating": (5, 5),
    "show_transfers": (True, True),
    "show_ai_calls_with_log": (False, False),
    "page": (2, 2),
    "items_per_page": (500, 500),
    "sort_by": ("talkTime", "talkTime"),
    "sort_direction": ("asc", "ASC"),
}


class TestFilters:
    def test_33_parameters_in_the_articles_order(self):
        assert len(ARTICLE) == 33
        assert [each.parameter for each in FILTERS.values()] == ARTICLE

    def test_29_of_them_filter(self):
        assert [FILTERS[name].parameter for name in FILTER_NAMES] == ARTICLE[:29]

    def test_python_names_are_the_apis_in_snake_case(self):
        def folded(name):
            return name.replace("_", "").casefold()

        assert all(folded(name) == folded(each.parameter) for name, each in FILTERS.items())
        assert all(name == name.lower() == each.argument for name, each in FILTERS.items())

    def test_16_categories(self):
        words = FILTERS["categories"].value.of.words
        assert sorted(words) == sorted(
            [
                "all",
                *("inbound", "outbound", "internal"),
                *("answered", "unanswered", "failed"),
                *("inbound_answered", "inbound_unanswered", "inbound_failed"),
                *("outbound_answered", "outbound_unanswered", "outbound_failed"),
                *("internal_answered", "internal_unanswered", "internal_failed"),
            ]
        )

    @pytest.mark.parametrize("name", [name for name, each in FILTERS.items() if each.rows is not None])
    def test_a_question_reads_the_columns_that_it_names_and_no_other(self, name):
        columns = FILTERS[name].rows.columns
        asked = CallFilter(**{name: GOOD[name][0]})
        assert asked.mask(pd.DataFrame({each: [None] for each in columns})).tolist() in ([True], [False])
        for missing in columns:
            with pytest.raises(KeyError, match=missing):
                asked.mask(pd.DataFrame({each: [None] for each in columns if each != missing}, index=[0]))


class TestDescribeFilters:
    def test_one_row_a_parameter(self):
        table = describe_filters()
        assert list(table.index) == list(FILTERS)
        assert table.index.name == "argument"
        assert list(table) == ["parameter", "accepts", "filters", "on_rows", "description"]
        assert table["filters"].sum() == 29

    def test_says_which_rows_cannot_answer(self):
        on_rows = describe_filters()["on_rows"]
        assert not on_rows[
            ["team_ids", "all_users", "page", "items_per_page", "sort_by", "sort_direction"]
        ].any()
        assert on_rows.sum() == 27

    def test_every_row_has_words(self):
        table = describe_filters()
        assert (table[["accepts", "description"]].map(len) > 3).all(axis=None)


class TestListsFilters:
    def test_shows_every_filter_by_name_and_no_kwargs(self):
        @lists_filters
        def load(first, *, client=None, **filters):
            return filters

        parameters = inspect.signature(load).parameters
        assert list(parameters) == ["first", "client", *FILTER_NAMES]
        assert load(1, types="inbound") == {"types": "inbound"}

    def test_does_not_repeat_an_argument_of_the_function(self):
        @lists_filters
        def load(day_from, day_to, **filters):
            return filters

        assert list(inspect.signature(load).parameters).count("day_from") == 1

    @pytest.mark.parametrize(
        ("name", "hint"),
        [("colums", "; did you mean 'columns'?"), ("typs", "; did you mean 'types'?"), ("x", ".")],
    )
    def test_refuses_another_name_and_names_the_nearest(self, name, hint):
        @lists_filters
        def load(day_from, *, columns=None, **filters):
            return filters

        with pytest.raises(TypeError) as caught:
            load("2026-03-01", **{name: 1})
        assert str(caught.value) == f"load has no argument {name!r}{hint} See bc.describe_filters()."

    def test_a_method_is_called_by_its_own_name_and_has_no_argument_self(self):
        class Rows:
            @lists_filters
            def filter(self, **filters):
                return filters

        with pytest.raises(TypeError, match=r"^filter has no argument 'selv'\. See"):
            Rows().filter(selv=1)

    def test_leaves_paging_to_the_function(self):
        @lists_filters
        def load(**filters):
            return filters

        assert load(page=2) == {"page": 2}

    def test_keeps_name_and_docstring(self):
        @lists_filters
        def load(**filters):
            """Load nothing."""
            return filters

        assert (load.__name__, load.__doc__) == ("load", "Load nothing.")

    def test_call_filter_shows_them(self):
        assert set(FILTER_NAMES) <= set(inspect.signature(CallFilter).parameters)


class TestCallFilter:
    def test_there_is_a_good_value_for_each(self):
        assert list(GOOD) == list(FILTERS)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"types": "outbound"}, {"types": [1]}),
            ({"types": "1"}, {"types": " Outbound"}),
            ({"states": "completed"}, {"states": np.int64(1)}),
            ({"states": "missed"}, {"states": (0,)}),
            ({"agent_ids": 500}, {"agent_ids": ["500"]}),
            ({"agent_ids": 500.0}, {"agent_ids": pd.Series([500, 500])}),
            ({"agent_ids": [2, 1]}, {"agent_ids": {1, 2}}),
            ({"user_id": np.int64(7)}, {"user_id": " 7 "}),
            ({"outcome_types": "Positive"}, {"outcome_types": ["positive", "positive"]}),
            ({"talk_time_from": 30}, {"talk_time_from": "30.0"}),
            ({"day_from": "2026-03-01"}, {"day_from": date(2026, 3, 1)}),
            ({"day_from": " 2026-03-01 "}, {"day_from": pd.Timestamp("2026-03-01 13:00", tz="Asia/Tokyo")}),
            ({"day_from": datetime(2026, 3, 1, 23, 59)}, {"day_from": "2026-03-01"}),
            ({"sort_by": "TALKTIME"}, {"sort_by": "talkTime"}),
            ({"all_users": np.True_}, {"all_users": True}),
            ({"tags": None}, {}),
        ],
    )
    def test_what_means_the_same_is_equal(self, one, other):
        assert CallFilter(**one) == CallFilter(**other)
        assert hash(CallFilter(**one)) == hash(CallFilter(**other))
        assert repr(CallFilter(**one)) == repr(CallFilter(**other))

    def test_order_of_arguments_does_not_matter(self):
        one = CallFilter(types=1, day_from="2026-03-01")
        other = CallFilter(day_from="2026-03-01", types=1)
        assert one == other
        assert len({one, other}) == 1

    def test_differs_from_others(self):
        assert CallFilter(types=1) != CallFilter(types=2)
        assert CallFilter(types=1) != {"types": [1]}

    def test_attributes_are_the_canonical_values(self):
        spec = CallFilter(types=[1, 0], agent_ids=500, talk_time_from=30)
        assert spec.types == ("inbound", "outbound")
        assert spec.agent_ids == ("500",)
        assert spec.talk_time_from == 30.0
        assert spec.page is None
        with pytest.raises(AttributeError, match="agent_ids"):
            _ = spec.agent_id

    def test_cannot_be_changed(self):
        with pytest.raises(AttributeError):
            CallFilter().types = 1

    def test_copies_and_pickles(self):
        spec = CallFilter(**{name: value for name, (value, _) in GOOD.items()})
        assert copy.copy(spec) == copy.deepcopy(spec) == pickle.loads(pickle.dumps(spec)) == spec

    def test_labels_of_the_wide_sets_keep_their_spelling(self):
        assert CallFilter(outcomes=[" no answer "]).outcomes == (" no answer ",)

    BAD = [
        ("type", 1, TypeError, "did you mean 'types'"),
        ("agentIds", 1, TypeError, "did you mean 'agent_ids'"),
        ("colour", 1, TypeError, "CallFilter has no argument 'colour'"),
        ("search_string", " ", ValueError, "search_string=' ' is empty; leave it out"),
        ("search_string", 5, TypeError, "search_string takes text, not"),
        ("outcomes", "\ud800", ValueError, "outcomes=.*surrogate"),
        ("outcomes", b"Sold", TypeError, "outcomes takes text, not"),
        ("outcomes", [], ValueError, "outcomes=.* is empty; leave it out"),
        ("outcomes", [None], TypeError, "outcomes takes text, not"),
        ("day_from", "2026-3-1", ValueError, "day_from='2026-3-1' is not a date"),
        ("day_from", "2026-02-30", ValueError, "day_from='2026-02-30' is not a date"),
        ("day_from", "01.03.2026", ValueError, "day_from=.*YYYY-MM-DD"),
        ("day_from", "2026-03-01T00:00", ValueError, "day_from=.*is not a date"),
        ("day_from", "٢٠٢٦-03-01", ValueError, "day_from=.*is not a date"),
        ("day_from", 20260301, TypeError, "day_from takes a date"),
        ("day_from", pd.NaT, ValueError, "day_from=NaT is not a date"),
        ("day_to", "0001-01-01", ValueError, "day_to='0001-01-01' must be in the years 1970 to 2199"),
        ("day_to", "9999-12-31", ValueError, "day_to='9999-12-31' must be in"),
        ("timezone", "Europe/Berln", ValueError, "timezone='Europe/Berln'.*did you mean 'Europe/Berlin'"),
        ("timezone", "", ValueError, "timezone=''"),
        ("timezone", "../../etc/passwd", ValueError, "timezone="),
        ("timezone", 1, TypeError, "timezone takes the name of a timezone"),
        ("date_interval", "daily", ValueError, "date_interval='daily' is not one of"),
        ("types", "outbond", ValueError, "types='outbond' is not one of.*; did you mean 'outbound'"),
        ("types", 3, ValueError, "types=3 is not one of"),
        ("types", True, ValueError, "types=True is not one of"),
        ("types", [], ValueError, "types=.* is empty; leave it out"),
        ("types", {"outbound": 1}, ValueError, "types=.* is not one of"),
        ("states", "lost", ValueError, "states='lost' is not one of.*answered"),
        ("categories", "inbound_lost", ValueError, "categories='inbound_lost' is not one of"),
        ("agent_ids", [1.5], TypeError, "agent_ids takes text or a whole number, not 1.5"),
        ("agent_ids", float("nan"), TypeError, "agent_ids takes"),
        ("agent_ids", True, TypeError, "agent_ids takes"),
        ("agent_ids", "", ValueError, "agent_ids='' is an empty identifier"),
        ("team_ids", [None], TypeError, "team_ids takes"),
        ("number", ["1"], TypeError, "number takes"),
        ("outcome_types", "good", ValueError, "outcome_types='good' is not one of.*positive"),
        ("talk_time_from", -1, ValueError, "talk_time_from=-1 must be a finite number, at least 0"),
        ("talk_time_from", "long", ValueError, "talk_time_from='long' is not a number"),
        ("talk_time_from", float("nan"), ValueError, "talk_time_from=nan must be a finite"),
        ("talk_time_to", float("inf"), ValueError, "talk_time_to=inf must be a finite"),
        ("talk_time_to", True, TypeError, "talk_time_to takes a number"),
        ("talk_time_to", [1], TypeError, "talk_time_to takes a number"),
        ("answer_time_from", 10**400, ValueError, "answer_time_from=int must be a finite"),
        ("answer_time_to", pd.Timedelta(5, "s"), TypeError, "answer_time_to takes a number"),
        ("all_users", "false", TypeError, "all_users takes True or False"),
        ("all_users", 1, TypeError, "all_users takes True or False"),
        ("user_id", "\udfff", ValueError, "user_id=.*surrogate"),
        ("quality_rating", "good", ValueError, "quality_rating='good' is not a number"),
        ("show_transfers", 0, TypeError, "show_transfers takes"),
        ("page", 0, ValueError, "page=0 must be at least 1"),
        ("page", 1.0, TypeError, "page takes"),
        ("items_per_page", "500", TypeError, "items_per_page takes"),
        ("sort_by", "id", ValueError, "sort_by='id' is not one of"),
        ("sort_direction", "up", ValueError, "sort_direction='up' is not one of"),
    ]

    @pytest.mark.parametrize(("name", "value", "error", "words"), BAD)
    def test_bad_values_are_refused_by_name(self, name, value, error, words):
        with pytest.raises(error, match=words):
            CallFilter(**{name: value})

    def test_bad_values_cover_every_parameter_that_can_be_bad(self):
        unrefusable = {
            "unique_ids",
            "from_number",
            "to_number",
            "to_answer",
            "text_projects",
            "project_ids",
            "tags",
        }
        shared = unrefusable | {"show_ai_calls_with_log"}  # the same kind of value as one that is tested
        assert set(FILTERS) - {name for name, *_ in self.BAD} == shared

    @pytest.mark.parametrize(
        ("low", "high", "values"),
        [
            ("day_from", "day_to", ("2026-03-02", "2026-03-01")),
            ("talk_time_from", "talk_time_to", (30, 29)),
            ("answer_time_from", "answer_time_to", (9, 10.5)[::-1]),
        ],
    )
    def test_a_reversed_range_is_refused(self, low, high, values):
        with pytest.raises(ValueError, match=f"{low}=.* is after {high}="):
            CallFilter(**{low: values[0], high: values[1]})
        CallFilter(**{low: values[1], high: values[0]})
        CallFilter(**{low: values[1], high: values[1]})


class TestToRequest:
    @pytest.mark.parametrize("name", GOOD)
    def test_each_parameter(self, name):
        value, encoded = GOOD[name]
        body = CallFilter(**{name: value}).to_request()
        assert body == {FILTERS[name].parameter: encoded}
        assert type(body[FILTERS[name].parameter]) is type(encoded)

    def test_all_together_in_the_articles_order_as_json(self):
        body = CallFilter(**{name: value for name, (value, _) in reversed(GOOD.items())}).to_request()
        assert list(json.loads(json.dumps(body))) == ARTICLE

    def test_only_what_was_given(self):
        assert CallFilter().to_request() == {}
        assert CallFilter(all_users=False, talk_time_from=0).to_request() == {
            "talkTimeFrom": 0,
            "allUsers": False,
        }

    @pytest.mark.parametrize("text", ["007", "+49", "A7", "1٢", "12345678901234567890", "-5", "5.0"])
    def test_an_identifier_that_is_no_plain_number_stays_text(self, text):
        assert CallFilter(agent_ids=text).to_request() == {"agentIds": [text]}


class TestFromRequest:
    DAYS = {"dayFrom": "2026-03-01", "dayTo": "2026-03-31"}

    def test_reads_what_to_request_writes(self):
        spec = CallFilter(**{name: value for name, (value, _) in GOOD.items()})
        assert CallFilter.from_request(json.loads(json.dumps(spec.to_request()))) == spec

    @pytest.mark.parametrize("nothing", [None, "", []])
    def test_nothing_counts_as_not_given(self, nothing):
        assert CallFilter.from_request(self.DAYS | {"tags": nothing}) == CallFilter.from_request(self.DAYS)

    def test_false_and_zero_are_given(self):
        spec = CallFilter.from_request(self.DAYS | {"allUsers": False, "talkTimeFrom": 0, "types": [0]})
        assert (spec.all_users, spec.talk_time_from, spec.types) == (False, 0.0, ("inbound",))

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({}, "dayFrom is required"),
            ({"dayFrom": "2026-03-01"}, "dayTo is required"),
            ({"dayFrom": "2026-03-01", "dayTo": None}, "dayTo is required"),
            (DAYS | {"typs": [1]}, "typs is not a parameter; did you mean 'types'"),
            (DAYS | {"day_from": "2026-03-01"}, "day_from is not a parameter; did you mean 'dayFrom'"),
            (DAYS | {"dayTo": "tomorrow"}, "dayTo='tomorrow' is not a date"),
            (DAYS | {"dayTo": "2026-02-01"}, "dayFrom=2026-03-01 is after dayTo=2026-02-01"),
            (DAYS | {"types": [9]}, "types=9 is not one of"),
            (DAYS | {"types": {"a": 1}}, "types=.* is not one of"),
            (DAYS | {"agentIds": [[1]]}, "agentIds takes"),
            (DAYS | {"agentIds": {"500": 1}}, "agentIds takes"),
            (DAYS | {"talkTimeFrom": "x"}, "talkTimeFrom='x' is not a number"),
            (DAYS | {"talkTimeFrom": 5, "talkTimeTo": 1}, "talkTimeFrom=5.0 is after talkTimeTo=1.0"),
            (DAYS | {"allUsers": "yes"}, "allUsers takes"),
            (DAYS | {"showAICallsWithLog": 1}, "showAICallsWithLog takes"),
            (DAYS | {"itemsPerPage": 0}, "itemsPerPage=0 must be at least 1"),
            (DAYS | {"page": 1.5}, "page takes"),
            (DAYS | {"sortBy": "id"}, "sortBy='id' is not one of"),
            (DAYS | {"timezone": "Mars/Olympus"}, "timezone='Mars/Olympus'"),
        ],
    )
    def test_every_mistake_is_a_value_error_in_the_apis_names(self, body, words):
        with pytest.raises(ValueError, match=words):
            CallFilter.from_request(body)

    def test_what_is_required_can_be_said(self):
        assert CallFilter.from_request({}, required=()) == CallFilter()
        with pytest.raises(ValueError, match="dateInterval is required"):
            CallFilter.from_request(self.DAYS, required=("dayFrom", "dayTo", "dateInterval"))


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
        "tags": [["Busy", "VIP"], [], '["vip"]', "{broken"],
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
            typed = {name: column(df, name).reset_index(drop=True) for name in df}
            for name, series in typed.items():
                if FIELDS[name].kind == "label":
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

    def test_every_filter_that_rows_can_answer_is_shown_above(self):
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
    def test_what_rows_cannot_answer_is_an_error_that_says_why(self, filters):
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

    def test_nothing_to_ask(self):
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
ZONES = ["UTC", "Europe/Berlin", "America/Havana", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns"]
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
SPEC = st.fixed_dictionaries(
    {},
    optional={
        "search_string": st.sampled_from(["o", "SOLD", "σ", "i", "I", "a\nb", "true", "1", "'", "02", "ας"]),
        "day_from": st.sampled_from(["2011-12-29", "2011-12-30", "2012-01-01", "2026-03-29"]),
        "day_to": st.sampled_from(["2026-03-29", "2026-03-30", "2026-03-31"]),
        "timezone": st.sampled_from(ZONES),
        "types": st.lists(st.sampled_from([0, 1, 2]), min_size=1),
        "states": st.lists(st.sampled_from([0, 1, 2]), min_size=1),
        "categories": st.lists(st.sampled_from(FILTERS["categories"].value.of.words), min_size=1, max_size=3),
        "agent_ids": st.lists(st.sampled_from([7, "007", 101]), min_size=1),
        "unique_ids": st.lists(st.sampled_from(NUMBERS), min_size=1),
        "number": st.sampled_from(NUMBERS),
        "from_number": st.sampled_from(NUMBERS),
        "to_number": st.sampled_from(NUMBERS),
        "to_answer": st.sampled_from(NUMBERS),
        "text_projects": st.lists(st.sampled_from(WORDS[:-1]), min_size=1),
        "project_ids": st.lists(st.sampled_from([7, 9]), min_size=1),
        "tags": st.lists(st.sampled_from([*WORDS[:-1], "1", "true", "a", "null", "0.5", " x"]), min_size=1),
        "outcomes": st.lists(st.sampled_from(WORDS[:-1]), min_size=1),
        "outcome_types": st.lists(st.sampled_from(["positive", "absent"]), min_size=1),
        "talk_time_from": st.sampled_from([0, 10, 10.1]),
        "talk_time_to": st.sampled_from([10.1, 30, 99.9]),
        "answer_time_from": st.sampled_from([0, 0.1, 5]),
        "answer_time_to": st.sampled_from([5, 6]),
        "all_users": st.just(True),
        "user_id": st.sampled_from([7, "007"]),
        "quality_rating": st.sampled_from([1, 4.5]),
        "page": st.just(2),
    },
)


def frame_of(rows):
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in rows[0]})


class TestMaskIsSql:
    @given(st.lists(ROW, min_size=1, max_size=8), SPEC)
    def test_together(self, by_duckdb, rows, filters):
        spec = CallFilter(**filters)
        df = frame_of(rows)
        mask = spec.replace(timezone=filters.get("timezone", "UTC")).mask(df)
        assert mask.tolist() == by_duckdb(spec, df)

    @given(st.lists(ROW, min_size=8, max_size=8), SPEC.filter(bool), st.data())
    def test_one_by_one(self, by_duckdb, rows, filters, data):
        name = data.draw(st.sampled_from(list(filters)))
        spec = CallFilter(
            timezone=filters.get("timezone", "UTC"), **{k: filters[k] for k in [name] if k != "timezone"}
        )
        df = frame_of(rows)
        assert spec.mask(df).tolist() == by_duckdb(spec, df)

    def test_every_filter_that_rows_can_answer_is_drawn(self):
        answerable = {name for name in FILTER_NAMES if FILTERS[name].rows is not None}
        assert answerable <= set(SPEC.wrapped_strategy.optional) | {"search_string"}


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
            ({"text_projects": "(none)"}, "001010", "000010"),
            ({"agent_ids": ["(none)", 8]}, "011010", "001000"),
            ({"outcomes": "sold", "tags": "busy"}, "010000", "000000"),
        ],
    )
    def test_mask(self, filters, folded, exact):
        spec = CallFilter(**filters)
        assert "".join("01"[each] for each in spec.mask(self.FRAME, fold_case=True)) == folded
        assert "".join("01"[each] for each in spec.mask(self.FRAME, fold_case=False)) == exact
        assert spec.mask(self.FRAME).tolist() == spec.mask(self.FRAME, fold_case=False).tolist()

    def test_what_the_api_is_asked_for_stays_as_it_is_spelled(self):
        assert CallFilter(outcomes="SOLD ").to_request() == {"outcomes": ["SOLD "]}

    def test_has_labels(self):
        assert CallFilter(outcomes="Sold").has_labels
        assert CallFilter(tags="VIP", types=1).has_labels
        assert CallFilter(agent_ids="(none)").has_labels
        assert not CallFilter(agent_ids=7, types=1, text_projects="Solar", search_string="VIP").has_labels

    def test_without_rows(self):
        spec = CallFilter(outcomes="Sold", tags="VIP", text_projects="Solar")
        assert spec.mask(self.FRAME.iloc[:0], fold_case=True).tolist() == []


class TestMidnight:
    @pytest.mark.parametrize(
        ("day", "zone", "days", "expected"),
        [
            ("2026-03-29", "Europe/Berlin", 0, "2026-03-28T23:00Z"),
            ("2026-03-29", "Europe/Berlin", 1, "2026-03-29T22:00Z"),
            ("2026-03-29", "UTC", 0, "2026-03-29T00:00Z"),
            ("2026-03-29", "UTC+05:30", 0, "2026-03-28T18:30Z"),
            # Cairo skips 00:00 to 01:00 on 2026-04-24; Havana has 00:00 to 01:00 twice on 2026-11-01.
            ("2026-04-24", "Africa/Cairo", 0, "2026-04-23T22:00Z"),
            ("2026-11-01", "America/Havana", 0, "2026-11-01T04:00Z"),
            # Apia skipped the whole of 2011-12-30.
            ("2011-12-30", "Pacific/Apia", 1, "2011-12-30T10:00Z"),
        ],
    )
    def test_first_instant_of_the_day(self, day, zone, days, expected):
        assert midnight(day, zone, days) == pd.Timestamp(expected)


class TestReplace:
    def test_changes_adds_and_takes_away(self):
        spec = CallFilter(types=1, states=1)
        assert spec.replace(types=0) == CallFilter(types=0, states=1)
        assert spec.replace(tags="VIP") == CallFilter(types=1, states=1, tags="VIP")
        assert spec.replace(types=None) == CallFilter(states=1)
        assert spec == CallFilter(types=1, states=1)

    def test_is_checked_as_ever(self):
        with pytest.raises(ValueError, match=r"talk_time_from=5\.0 is after talk_time_to=1\.0"):
            CallFilter(talk_time_to=1).replace(talk_time_from=5)
        with pytest.raises(TypeError, match="did you mean 'types'"):
            CallFilter().replace(type=1)


class TestWithout:
    def test_takes_away(self):
        spec = CallFilter(types=1, states=1, tags="VIP")
        assert spec.without("types", "tags") == CallFilter(states=1)
        assert spec.without("agent_ids") == spec
        assert spec.without() == spec

    def test_a_wrong_name_is_refused(self):
        with pytest.raises(TypeError, match="did you mean 'types'"):
            CallFilter(types=1).without("type")


class TestRepr:
    @pytest.mark.parametrize("name", GOOD)
    def test_is_python_that_makes_it_again(self, name):
        spec = CallFilter(**{name: GOOD[name][0]})
        assert eval(repr(spec), {"CallFilter": CallFilter}) == spec

    @given(SPEC)
    def test_any(self, filters):
        spec = CallFilter(**filters)
        assert eval(repr(spec), {"CallFilter": CallFilter}) == spec


class TestToDict:
    def test_makes_it_again(self):
        spec = CallFilter(types=[1, 0], talk_time_from=30)
        assert spec.to_dict() == {"types": ("inbound", "outbound"), "talk_time_from": 30.0}
        assert CallFilter(**spec.to_dict()) == spec

    def test_is_a_copy(self):
        spec = CallFilter(types=1)
        spec.to_dict().clear()
        assert spec.types == ("outbound",)


class Recorder:
    """Stands for `bc`, `df` and `df.calls` where the code is run, and keeps what it was asked."""

    def load_calls(self, day_from, day_to, **filters):
        self.spec = CallFilter(day_from=day_from, day_to=day_to, **filters)

    def filter(self, *, fold_case=True, **filters):
        self.spec = CallFilter(**filters)
        self.fold_case = fold_case

    @property
    def calls(self):
        return self


class TestCode:
    def run(self, spec):
        recorder = Recorder()
        eval(spec.code(), {"bc": recorder, "df": recorder})
        return recorder.spec

    def test_a_load_or_a_filter(self):
        days = {"day_from": "2026-03-01", "day_to": "2026-03-31"}
        assert CallFilter(**days, types=1).code() == (
            "bc.load_calls('2026-03-01', '2026-03-31', types=['outbound'])"
        )
        assert CallFilter(types=1, talk_time_from=30).code() == (
            "df.calls.filter(types=['outbound'], talk_time_from=30.0)"
        )

    def test_labels_are_taken_letter_for_letter_as_the_filter_takes_them(self):
        assert CallFilter(types=1, tags="VIP").code() == (
            "df.calls.filter(types=['outbound'], tags=['VIP'], fold_case=False)"
        )
        assert CallFilter(outcomes="Sold").code() == "df.calls.filter(outcomes=['Sold'], fold_case=False)"
        assert CallFilter(text_projects="(none)").code().endswith(", fold_case=False)")
        days = {"day_from": "2026-03-01", "day_to": "2026-03-31"}
        assert "fold_case" not in CallFilter(**days, outcomes="Sold").code()

    @pytest.mark.parametrize("name", FILTER_NAMES)
    def test_runs_and_asks_for_the_same(self, name):
        spec = CallFilter(**{name: GOOD[name][0]})
        assert self.run(spec) == spec

    @given(SPEC)
    def test_runs_and_asks_for_the_same_whatever_it_is(self, filters):
        spec = CallFilter(**filters)
        assert self.run(spec) == spec.without("page")

    def test_leaves_out_page_and_order(self):
        spec = CallFilter(page=2, items_per_page=5, sort_by="talkTime", sort_direction="ASC")
        assert spec.code() == "df.calls.filter()"

"""The specification: what it accepts, and its forms but for rows."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import brightcall_pandas as bc
from brightcall_pandas.filters import FILTER_NAMES, FILTERS, CallFilter, lists_filters


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
        [
            ("colums", "; did you mean 'columns'?"),
            ("typs", "; did you mean 'types'?"),
            ("projects", "; did you mean 'text_projects' or 'project_ids'?"),
            ("agents", "; did you mean 'agent_ids'?"),
            ("client_number", "; did you mean 'number'?"),
            ("direction", "; did you mean 'types'?"),
            ("max_talk_time", "; did you mean 'talk_time_to'?"),
            ("x", "."),
        ],
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

        assert load.__name__ == "load"
        assert load.__doc__.startswith("Load nothing.\n\nFilters\n-------\nsearch_string : text\n    Part of")

    def test_call_filter_shows_them(self):
        assert set(FILTER_NAMES) <= set(inspect.signature(CallFilter).parameters)


SHOWN = [
    bc.load_calls, bc.load_stats, bc.count_calls, bc.load_catalog, bc.export_calls, bc.read_calls, bc.explore,
    bc.CallFilter, bc.CallsAccessor.filter,
]  # fmt: skip


@pytest.mark.parametrize("function", SHOWN, ids=lambda each: each.__name__)
class TestShiftTab:
    """What a notebook shows of a function: which words and units each filter takes, and what it does."""

    def test_the_signature_says_what_each_filter_takes(self, function):
        shown = str(inspect.signature(function))
        assert "types: 'one or more of inbound (0), outbound (1), internal (2)' = None" in shown
        assert "talk_time_from: 'seconds, 0 or more' = None" in shown
        parameters = inspect.signature(function).parameters
        for name in set(FILTER_NAMES) - {"day_from", "day_to"}:
            assert parameters[name].annotation == FILTERS[name].value.accepts

    def test_the_docstring_says_what_each_filter_does(self, function):
        section = inspect.getdoc(function).partition("\nFilters\n-------\n")[2]
        told = re.findall(r"^(\w+) : (.+)\n    (.+)$", section, re.MULTILINE)
        assert [each for each in told if each[0] == "states"] == [
            ("states", "one or more of unanswered (0), answered (1), failed (2)", "How the call ended.")
        ]
        own = [name for name in ("day_from", "day_to") if function not in (bc.CallFilter, *SHOWN[-1:])]
        expected = [each for name, each in FILTERS.items() if name in FILTER_NAMES and name not in own]
        if function is bc.read_calls:
            expected = [each for name, each in FILTERS.items() if name in FILTER_NAMES]
        assert told == [(each.argument, each.value.accepts, each.doc) for each in expected]

    def test_types_are_those_of_the_code(self, function):
        """What the signature shows is for people; tools read the annotations."""
        written = getattr(function, "__init__", function) if isinstance(function, type) else function
        assert "types" not in written.__annotations__


class TestCallFilter:
    def test_there_is_a_good_value_for_each(self, good):
        assert list(good) == list(FILTERS)

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

    def test_periods_of_the_calendar_are_days(self):
        spec = CallFilter(day_from="2026-W10", day_to="2026-03")
        assert (spec.day_from, spec.day_to) == ("2026-03-02", "2026-03-31")
        assert CallFilter(day_to="2025").to_request() == {"dayTo": "2025-12-31"}

    def test_cannot_be_changed(self):
        with pytest.raises(AttributeError):
            CallFilter().types = 1

    def test_copies_and_pickles(self, good):
        spec = CallFilter(**{name: value for name, (value, _) in good.items()})
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
        ("day_from", "2026-03", ValueError, "alone has two meanings"),
        ("day_to", "today", ValueError, "day_to='today' is counted from today, which is not known here"),
        (
            "day_from",
            "2026-02-30",
            ValueError,
            "day_from='2026-02-30' does not exist: February 2026 has 28 days",
        ),
        ("day_from", "01.03.2026", ValueError, "two meanings: write '2026-03-01' or '2026-01-03'"),
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
    @pytest.mark.parametrize("name", FILTERS)
    def test_each_parameter(self, good, name):
        value, encoded = good[name]
        body = CallFilter(**{name: value}).to_request()
        assert body == {FILTERS[name].parameter: encoded}
        assert type(body[FILTERS[name].parameter]) is type(encoded)

    def test_all_together_in_the_articles_order_as_json(self, article, good):
        body = CallFilter(**{name: value for name, (value, _) in reversed(good.items())}).to_request()
        assert list(json.loads(json.dumps(body))) == article

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

    def test_reads_what_to_request_writes(self, good):
        spec = CallFilter(**{name: value for name, (value, _) in good.items()})
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
            (DAYS | {"dayTo": "2026-04"}, "dayTo='2026-04' is not a date"),  # words of Python, not of the API
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
    @pytest.mark.parametrize("name", FILTERS)
    def test_is_python_that_makes_it_again(self, good, name):
        spec = CallFilter(**{name: good[name][0]})
        assert eval(repr(spec), {"CallFilter": CallFilter}) == spec

    @given(st.data())
    def test_any(self, some_filters, data):
        spec = CallFilter(**data.draw(some_filters))
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
    def test_runs_and_asks_for_the_same(self, good, name):
        spec = CallFilter(**{name: good[name][0]})
        assert self.run(spec) == spec

    @given(st.data())
    def test_runs_and_asks_for_the_same_whatever_it_is(self, some_filters, data):
        spec = CallFilter(**data.draw(some_filters))
        assert self.run(spec) == spec.without("page")

    def test_leaves_out_page_and_order(self):
        spec = CallFilter(page=2, items_per_page=5, sort_by="talkTime", sort_direction="ASC")
        assert spec.code() == "df.calls.filter()"

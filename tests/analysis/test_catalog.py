"""Nothing public of the catalogue lacks docstring, example, definition, picture, tests, or its two halves."""

from __future__ import annotations

import ast
import contextlib
import inspect
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas import analysis, plots
from brightcall_pandas.accessors import _frame as accessor
from brightcall_pandas.analysis._definitions import DEFINITIONS, OF_TABLES
from brightcall_pandas.analysis._metrics import METRICS
from brightcall_pandas.analysis._people_definitions import OF_PEOPLE
from brightcall_pandas.analysis._watch_definitions import OF_WATCH
from brightcall_pandas.analysis.transfers._definitions import OF_TRANSFERS
from brightcall_pandas.frame import with_agent
from brightcall_pandas.frame._columns import column
from brightcall_pandas.frame._fields import FIELDS

ROOT = Path(__file__).parents[1]
TABLES = [name for name in analysis.__all__ if name != "definitions"]
SECTIONS = ("Parameters", "Returns", "Examples")
DIRECTIONS = pd.Index(["all", "inbound", "outbound", "internal"], name="direction")
ARGUMENTS = {
    "breakdown": ["project", list(METRICS)],
    "compare": [pd.DataFrame({"state": [1]})],
    "explain_change": [pd.DataFrame({"state": [1], "projectName": ["A"]})],
    "reconcile": [pd.DataFrame({"all": [1, 1, 0, 0]}, index=DIRECTIONS)],
}
KEYWORDS = {"chains_match": {"starts": "1"}}
NO_PICTURE = {
    "agent_time": "times and counts of each agent and day, to be looked up",
    "ai_handover": "two rows of figures in different units",
    "ratings": "counts and a mean; breakdown draws groups",
    "rung_parties": "a table to look one party up in",
    "definitions": "sentences",
    "sensitivity": "an answer in several definitions, and places: figures to be looked up",
    "transfer_chains": "a row for each call; transfer_variants draws them counted",
    "transfer_summary": "one row of figures in different units",
    "transfer_events": "a row for each transfer; transfer_matrix draws them counted",
    "to_event_log": "a row for each event, for other tools",
    "to_networkx": "a graph, for other tools",
    "chains_match": "a mask",
    "callbacks": "one row of counts that add up, and of times",
    "late_recalls": "calls, row by row; recalls draws them counted",
    "missed_calls": "calls, row by row; callbacks counts them",
    "repeat_calls": "calls, row by row; repeat_callers draws them counted",
}
"""What is read, not looked at, and why."""

NO_DEFINITION = {
    "agent_time": {"first_call", "last_call"},
    "by_outcome": {"outcome_type"},
    "explain_change": {"largest"},
    "heatmap": set(range(24)),
    "missed_calls": {"callback_status", "called_back_at", "called_again_at"},
    "late_recalls": {"recall_status", "status_by_calls", "status_by_api", "called_at", "recalled_at"},
    "quality": {"detail"},
    "repeat_calls": {"repeats_id", "repeats_at"},
    "recalls": {"recall_states"},
    "sensitivity": {"formula", "source"},
    "reconcile": {"agrees", "likely_cause"},
    "to_event_log": {
        "case:concept:name", "concept:name", "time:timestamp", "org:resource", "time_known",
    },
    "transfer_chains": {"chain", "path", "first", "last", "parse_ok"},
    "transfer_events": {"id", "from", "to", "time"},
    "transfer_matrix": {"1", "2"},
    "transfer_variants": {"chain"},
    "watch": {"state", "since", "alarm_at", "finding"},
}  # fmt: skip
"""Columns that are no numbers: labels, texts, times, flags; and those that are named by labels."""

NO_FRAME = {"to_networkx", "chains_match"}
"""What makes something else than a table."""

SORTED_BY = {
    "to_event_log": ["case:concept:name", "time:timestamp"],
    "transfer_chains": None,
    "transfer_events": ["id", "hop"],
}
"""Tables that go row by row; those with as many rows as there are calls keep the order of the calls."""

ROWS = {"late_recalls", "missed_calls", "repeat_calls"}
"""What returns calls themselves, with columns of its own beside theirs."""

SHOW_EXAMPLES = {"quality"}
"""Tables that tell of the form of the values, and show the first one."""

OF_CALLS = [name for name in TABLES if name not in {*SORTED_BY, *NO_FRAME, *ROWS}]
"""Tables that count calls."""


FORMS = {name: analysis.additive_form(getattr(analysis, name)) for name in TABLES}
ADDITIVE = [name for name, form in FORMS.items() if form]
SPLIT = [name for name in TABLES if "by" in inspect.signature(getattr(analysis, name)).parameters]


@pytest.mark.parametrize("name", analysis.__all__)
class TestEveryEntry:
    def test_has_a_docstring_with_all_sections_and_an_example_that_runs(self, name):
        doc = inspect.getdoc(getattr(analysis, name))
        for section in SECTIONS if name in TABLES else SECTIONS[1:]:
            assert f"\n{section}\n{'-' * len(section)}\n" in doc, section
        assert ">>> " in doc

    def test_documents_every_argument(self, name):
        function = getattr(analysis, name)
        doc = inspect.getdoc(function)
        described = doc[doc.find("Parameters") : doc.find("Returns")]
        described = described.replace("*", "")
        for argument in inspect.signature(function).parameters:
            assert any(argument in line.split(", ") for line in described.splitlines()), argument

    def test_is_a_method_of_the_accessor(self, name):
        assert callable(getattr(accessor.CallsAccessor, name))

    def test_has_a_test_class_of_its_own_that_tests_something(self, name):
        wanted = "Test" + "".join(part.capitalize() for part in name.split("_"))
        assert wanted in classes_of_tests()
        assert any(isinstance(each, ast.Assert) for each in ast.walk(classes_of_tests()[wanted]))


class TestEveryTable:
    @pytest.mark.parametrize("name", analysis.__all__)
    def test_has_a_picture_or_is_one_to_read(self, name):
        assert (name in plots.__all__) != (name in NO_PICTURE)

    @pytest.mark.parametrize("name", [name for name in TABLES if name not in NO_FRAME])
    def test_every_number_is_defined(self, name):
        columns = set(columns_of(name)) - (set(FIELDS) if name in ROWS else set())
        assert columns >= NO_DEFINITION.get(name, set())
        for shown in columns - NO_DEFINITION.get(name, set()):
            base = str(shown)
            for ending in ("_low", "_high", "_other", "_change"):
                base = base.removesuffix(ending)
            assert base.removesuffix("_beyond_chance") in DEFINITIONS, shown

    def test_no_number_is_defined_twice(self):
        assert len(DEFINITIONS) == sum(map(len, (METRICS, OF_TABLES, OF_PEOPLE, OF_WATCH, OF_TRANSFERS)))

    def test_no_definition_is_left_over(self):
        shown = {
            str(each).removesuffix("_low").removesuffix("_high")
            for name in TABLES
            if name not in NO_FRAME
            for each in columns_of(name)
        }
        df = calls(40)
        shown |= set(analysis.explain_change(df, df, by="project").columns)
        shown |= set(analysis.sensitivity(df, by="project").columns)
        nothing = pd.DataFrame(columns=["id", "uniqueId", "kind", "field", "old", "new"], dtype="str")
        named = df.assign(id=df.index.astype("str"), uniqueId=None)
        shown |= set(analysis.revisions_table(named, nothing).columns)
        assert set(DEFINITIONS) <= shown


class TestHalves:
    def test_tables_that_follow_or_count_clients_need_all_calls_of_a_client_together(self):
        assert {name for name in ADDITIVE if FORMS[name].whole_clients} == {
            "attempt_gaps",
            "attempts",
            "breakdown",
            "by_agent",
            "by_line",
            "callbacks",
            "heatmap",
            "over_time",
            "recalls",
            "repeat_callers",
            "sensitivity",
            "summary",
        }

    def test_tables_without_halves_are_known(self):
        assert set(OF_CALLS) - set(ADDITIVE) == {
            "agent_time",
            "compare",
            "concurrency",
            "explain_change",
            "quality",
            "reconcile",
            "staffing",
            "transfer_flow",
            "watch",
        }

    @pytest.mark.parametrize("name", ADDITIVE)
    def test_every_option_belongs_to_a_half(self, name):
        tally, finish = FORMS[name].tally, FORMS[name].finish
        options = set(inspect.signature(getattr(analysis, name)).parameters) - {"df"}
        of_halves = {*inspect.signature(tally).parameters, *inspect.signature(finish).parameters}
        assert options == of_halves - {"df", "table"}

    @pytest.mark.parametrize("name", ADDITIVE)
    @settings(max_examples=3)
    @given(seed=st.integers(0, 10_000), many=st.integers(1, 60), by=st.sampled_from([None, "project"]))
    def test_a_table_is_finished_from_the_tallies_of_its_parts(self, name, seed, many, by):
        df = calls(many, seed)
        tally, finish = FORMS[name].tally, FORMS[name].finish
        options = {"by": "project" if name == "breakdown" else by} if name in SPLIT else {}
        until = {"until": df["timestamp"].max()} if FORMS[name].until_needed else {}
        days = {"days": analysis.covered(df)} if FORMS[name].days_needed else {}
        if FORMS[name].whole_clients:
            here = (df["clientNumber"].fillna("0").astype(int) % 2 == 0).to_numpy()
        else:
            here = np.arange(many) % 2 == 0
        parts = [tally(df[mask], **options, **until) for mask in (here, ~here)]
        pd.testing.assert_frame_equal(
            finish(analysis.merge(parts), **days), getattr(analysis, name)(df, **options, **until)
        )


class TestBy:
    """``by=`` adds outer index levels."""

    @pytest.mark.parametrize("name", SPLIT)
    def test_is_keyword_only_except_for_breakdown(self, name):
        kind = inspect.signature(getattr(analysis, name)).parameters["by"].kind
        assert (kind is inspect.Parameter.KEYWORD_ONLY) == (name != "breakdown")

    @pytest.mark.parametrize("name", [name for name in SPLIT if name != "watch"])
    def test_takes_periods(self, name):
        df = pd.concat([calls(25)] * 2)  # attempt_gaps needs a client who is dialed twice in one period
        arguments = {"breakdown": [], "compare": [calls(40)], "explain_change": [calls(40)]}
        table = getattr(analysis, name)(df, *arguments.get(name, ARGUMENTS.get(name, [])), by=["W", "30min"])
        assert {"W", "30min"} <= set(table.index.names)
        weeks = pd.DatetimeIndex(table.index.get_level_values("W").unique()).dropna()
        assert set(weeks.strftime("%a %H:%M")) == {"Mon 00:00"}

    @pytest.mark.parametrize("name", ["by_agent", "funnel", "heatmap", "talk_time_buckets"])
    @settings(max_examples=5)
    @given(seed=st.integers(0, 10_000), many=st.integers(1, 60))
    def test_of_a_group_stands_what_its_calls_alone_would_give(self, name, seed, many):
        df = calls(many, seed)
        # Whether outcomes are set at all is told by all calls, so each group has some.
        outcomes = df["outcomeType"].where(df["outcomeType"].isin(["positive", "negative"]), "neutral")
        df = df.assign(label=df["projectName"].fillna("(none)"), outcomeType=outcomes)
        df = with_agent(df, "userId")
        table = getattr(analysis, name)
        split, seen = table(df, by="label"), 0
        for label, alone in df.groupby("label"):
            expected = table(with_agent(alone, "userId"))
            if len(expected):
                # A count is a float where that of another group is null.
                pd.testing.assert_frame_equal(split.loc[label], expected, check_dtype=False)
                seen += len(expected)
        assert len(split) == seen


class TestHostileFrames:
    @pytest.mark.parametrize("name", [name for name in TABLES if name not in {"quality", *ROWS}])
    def test_a_missing_column_is_an_error_that_says_what_it_is_or_makes_nulls(self, name):
        df = calls(30)
        df = pd.DataFrame({each: column(df, each) for each in df})  # typed once
        full = table_of(name, df)
        for missing in read_by(name, df, full):
            try:
                table = table_of(name, df.drop(columns=missing))
            except KeyError as error:
                assert f"{missing!r} ({FIELDS[missing].doc.rstrip('.')}" in error.args[0]  # noqa: PT017
            else:
                assert type(table) is type(full)
                if isinstance(full, pd.DataFrame) and name != "transfer_matrix":
                    assert table.columns.equals(full.columns)

    @pytest.mark.parametrize("name", [name for name in TABLES if name not in NO_FRAME])
    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, name):
        df = calls(30)
        full, empty = table_of(name, df), table_of(name, df.iloc[:0])
        if name not in ("compare", "explain_change", "reconcile"):  # they have another side
            assert len(empty) == 0
        if name != "transfer_matrix":
            assert empty.columns.equals(full.columns)
            assert empty.dtypes.equals(full.dtypes)
        assert empty.index.names == full.index.names

    @pytest.mark.parametrize("name", [name for name in OF_CALLS if name not in SHOW_EXAMPLES])
    @settings(max_examples=2)
    @given(seed=st.integers(0, 1000))
    def test_order_index_and_form_of_the_rows_do_not_matter(self, name, seed):
        df = calls(40, seed)
        raw = df.assign(
            type=df["type"].map({"inbound": 0, "outbound": 1, "internal": 2}),
            timestamp=df["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%S%z"),
            talkTime=df["talkTime"].astype(object),
        ).sample(frac=1, random_state=seed)
        raw.index = [1] * len(raw)
        before = raw.copy(deep=True)
        expected = table_of(name, df.assign(timestamp=df["timestamp"].dt.tz_convert("UTC")))
        pd.testing.assert_frame_equal(table_of(name, raw), expected)
        pd.testing.assert_frame_equal(raw, before)

    @pytest.mark.parametrize("name", ["chains_match", *sorted(SORTED_BY), *sorted(ROWS)])
    def test_what_goes_row_by_row_follows_the_rows(self, name):
        df = calls(40)
        order = np.random.default_rng(0).permutation(len(df))
        mixed = df.iloc[order].set_axis([1] * len(df))
        before = mixed.copy(deep=True)
        ours, theirs = (table_of(name, each) for each in (df, mixed))
        assert set(theirs.index) <= ({1} if name != "to_event_log" else set(range(len(theirs))))
        if by := SORTED_BY.get(name, ["id"] if name in ROWS else None):
            ours, theirs = (each.sort_values(by) for each in (ours, theirs))
        else:
            ours = ours.iloc[order]
        pd.testing.assert_frame_equal(*(pd.DataFrame(each).reset_index(drop=True) for each in (ours, theirs)))
        pd.testing.assert_frame_equal(mixed, before)


@cache
def classes_of_tests() -> dict[str, ast.ClassDef]:
    """Return every class of this folder's tests, by its name."""
    return {
        each.name: each
        for path in (ROOT / "analysis").glob("test_*.py")
        for each in ast.parse(path.read_text()).body
        if isinstance(each, ast.ClassDef)
    }


def table_of(name: str, df: pd.DataFrame) -> pd.DataFrame:
    return getattr(analysis, name)(df, *ARGUMENTS.get(name, []), **KEYWORDS.get(name, {}))


@cache
def columns_of(name: str) -> pd.Index:
    """Return the columns of a table of forty calls."""
    return table_of(name, calls(40)).columns


def read_by(name: str, df: pd.DataFrame, full: object) -> list[str]:
    """Return the columns that this table may read: each six without which it is another, or fails."""
    often = ["timestamp", "type", "state", "clientNumber", "talkTime", "outcomeType"]
    columns = [*often, *df.columns.difference(often, sort=False)]
    found = []
    for place in range(0, len(columns), 6):
        several = columns[place : place + 6]
        with contextlib.suppress(KeyError):
            table = table_of(name, df.drop(columns=several))
            if isinstance(table, pd.DataFrame | pd.Series) and table.equals(full):
                continue
        found += several
    return found


def calls(many: int, seed: int = 0) -> pd.DataFrame:
    """Return calls that look like a dialer's, with nulls in every column."""
    rng = np.random.default_rng(seed)

    def some(values: object) -> pd.Series:
        return pd.Series(values).where(rng.random(many) > 0.05)

    begin = pd.Timestamp("2026-03-27T08:00", tz="Europe/Berlin")
    # Whole seconds add up exactly in any order, so that tables can be compared to the last digit.
    seconds = {
        name: some(rng.integers(0, 90, many).astype(float)) for name in ("talkTime", "answerTime", "callTime")
    }
    stamps = pd.Series(begin + pd.to_timedelta(rng.choice(4 * 86_400, many, replace=False), unit="s"))
    return pd.DataFrame(
        {
            "timestamp": some(stamps),
            "id": [str(row) for row in range(many)],
            "recallDate": some(stamps + pd.to_timedelta(rng.integers(1, 48, many), unit="h")),
            "type": some(rng.choice(["inbound", "outbound"], many)),
            "state": some(rng.choice(["answered", "unanswered", "failed"], many)),
            "outcomeTag": some(rng.choice(["No", "no ", "Yes", ""], many)),
            "outcomeType": some(rng.choice(["positive", "negative", "absent"], many)),
            "userId": some(rng.choice(["a", "b", "c"], many)),
            "projectName": some(rng.choice(["A", "B"], many)),
            "lineNumber": some(rng.choice(["+1", "+2"], many)),
            "clientNumber": some(rng.integers(1, 12, many).astype(str)),
            "numbersInvolvedJSON": some(rng.choice(['["1", "2"]', '["1"]', "broken"], many)),
            "firstTimeForUser": some(rng.random(many) < 0.5).astype("boolean"),
            "isRecordReady": some(rng.random(many) < 0.5).astype("boolean"),
            "aiTalkTime": some(rng.integers(0, 9, many).astype(float)),
            "totalTime": some(rng.integers(0, 200, many).astype(float)),
            **seconds,
            "qualityRating": some(rng.integers(1, 6, many).astype(float)),
            "numbersRingedJSON": some(rng.choice(['["1", "2"]', '["2"]', "broken"], many)),
            "agentShortNumber": some(rng.choice(["1", "2"], many)),
            "transcripts": some(rng.choice(['{"text": "Hello"}', "{}"], many)),
            "recallFirstAttemptDate": some(stamps + pd.to_timedelta(rng.integers(-2, 60, many), unit="h")),
            "recallState": some(rng.integers(0, 3, many).astype(float)),
        }
    )

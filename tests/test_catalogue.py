"""Nothing public of the catalogue lacks docstring, example, definition, tests, or its two halves."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas import accessor, analysis, plots
from brightcall_pandas.analysis import tallies
from brightcall_pandas.analysis.definitions import DEFINITIONS

ROOT = Path(__file__).parent
TABLES = [name for name in analysis.__all__ if name != "definitions"]
BY_HAND = [name for name in TABLES if "transfers" not in getattr(analysis, name).__module__]
"""Tables of this half of the catalogue; those of hand-overs have checks of their own."""

SECTIONS = ("Parameters", "Returns", "Examples")
ARGUMENTS = {
    "breakdown": ["project"],
    "compare": [pd.DataFrame({"state": [1]})],
    "explain_change": [pd.DataFrame({"state": [1], "projectName": ["A"]})],
}
NO_PICTURE = {"compare", "definitions", "quality", "reconcile", "summary"}
"""Tables that are read, not looked at."""

WORDS = {  # columns that are no numbers, or numbers that need no definition beside the docstring
    "quality": {"count", "of", "detail"},
    "by_outcome": {"outcome_type"},
    "heatmap": set(range(24)),
}


def modules() -> dict[str, object]:
    found = pkgutil.iter_modules(analysis.__path__, "brightcall_pandas.analysis.")
    return {each.name: importlib.import_module(each.name) for each in found}


def halves(name: str) -> tuple[object, object]:
    module = modules()[getattr(analysis, name).__module__]
    return getattr(module, f"tally_{name}", None), getattr(module, f"finish_{name}", None)


ADDITIVE = [name for name in BY_HAND if halves(name)[0]]


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
        classes = {
            each.name: each
            for path in (ROOT / "analysis").glob("test_*.py")
            for each in ast.walk(ast.parse(path.read_text()))
            if isinstance(each, ast.ClassDef)
        }
        assert wanted in classes
        assert any(isinstance(each, ast.Assert) for each in ast.walk(classes[wanted]))


class TestEveryTable:
    @pytest.mark.parametrize("name", BY_HAND)
    def test_has_a_picture_or_is_one_to_read(self, name):
        assert (name in plots.__all__) != (name in NO_PICTURE)

    @pytest.mark.parametrize("name", [name for name in BY_HAND if name != "reconcile"])
    def test_every_column_is_defined(self, name):
        columns = set(getattr(analysis, name)(calls(40), *ARGUMENTS.get(name, [])).columns)
        for column in columns - WORDS.get(name, set()):
            base = str(column)
            for ending in ("_low", "_high", "_other", "_change"):
                base = base.removesuffix(ending)
            assert base in DEFINITIONS, column


class TestHalves:
    def test_both_or_none(self):
        for name in BY_HAND:
            tally, finish = halves(name)
            assert (tally is None) == (finish is None), name

    def test_tables_without_halves_are_known(self):
        whole = {name for name in BY_HAND if name not in ADDITIVE}
        assert whole == {"compare", "concurrency", "explain_change", "quality", "reconcile", "staffing"}

    @pytest.mark.parametrize("name", ADDITIVE)
    def test_every_option_belongs_to_a_half(self, name):
        tally, finish = halves(name)
        options = set(inspect.signature(getattr(analysis, name)).parameters) - {"df"}
        of_halves = {*inspect.signature(tally).parameters, *inspect.signature(finish).parameters}
        assert options == of_halves - {"df", "table"}

    @pytest.mark.parametrize("name", ADDITIVE)
    @settings(max_examples=8)
    @given(seed=st.integers(0, 10_000), many=st.integers(1, 60))
    def test_a_table_is_finished_from_the_tallies_of_its_parts(self, name, seed, many):
        df = calls(many, seed)
        tally, finish = halves(name)
        options = {"by": "project"} if name == "breakdown" else {}
        until = {"until": df["timestamp"].max()} if "until" in inspect.signature(tally).parameters else {}
        if name in tallies.WHOLE:
            here = (df["clientNumber"].fillna("0").astype(int) % 2 == 0).to_numpy()
        else:
            here = np.arange(many) % 2 == 0
        parts = [tally(df[mask], **options, **until) for mask in (here, ~here)]
        pd.testing.assert_frame_equal(
            finish(tallies.merge(parts)), getattr(analysis, name)(df, **options, **until)
        )


class TestHostileFrames:
    @pytest.mark.parametrize("name", [name for name in BY_HAND if name not in ("reconcile", "quality")])
    @settings(max_examples=3)
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
        function, arguments = getattr(analysis, name), ARGUMENTS.get(name, [])
        expected = function(df.assign(timestamp=df["timestamp"].dt.tz_convert("UTC")), *arguments)
        pd.testing.assert_frame_equal(function(raw, *arguments), expected)
        pd.testing.assert_frame_equal(raw, before)


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
        }
    )

"""The explorer without a browser: what is chosen, which rows that gives, and what the page would show."""

import ast
import asyncio
import gc
import json
import re
import subprocess
import sys
import textwrap
import threading
import time
import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython import display
from IPython.core.formatters import DisplayFormatter
from pandas.testing import assert_frame_equal

import brightcall_pandas as bc
from brightcall_pandas.errors import extra_line
from brightcall_pandas.explorer import Explorer
from brightcall_pandas.explorer._controls import CONDITIONS, CONTROLS
from brightcall_pandas.explorer._page import PROGRAM, STYLE
from brightcall_pandas.explorer._snapshot import as_png
from brightcall_pandas.filters import FILTERS, ROW_FILTERS


def made_up(size=400, seed=3):
    """Return calls in which every control has something to choose; drawn anew for this file."""
    rng = np.random.default_rng(seed)

    def some(values):
        return [values[at] for at in rng.integers(0, len(values), size)]

    stamps = pd.Timestamp("2026-03-02", tz="Europe/Berlin") + pd.to_timedelta(
        rng.integers(0, 10 * 86_400, size), "s"
    )
    chains = ['["101"]', '["101", "102"]', '["102", "101", "102"]', None, "broken ["]
    records = {
        "id": [str(each) for each in range(size)],
        "timestamp": pd.Series(stamps).sort_values(ignore_index=True),
        "type": some(["inbound", "outbound", "internal", None]),
        "state": some(["answered", "unanswered", "failed"]),
        "outcomeTag": some(["No Answer", "no answer ", "Sold", "Call back", None, ""]),
        "outcomeType": some(["positive", "neutral", "negative", "absent", None]),
        "userId": some(["500", "501", "502"]),
        "projectName": some(["Solar", "Heat", None]),
        "projectId": some(["7", "8"]),
        "lineNumber": some(["+4930100", "+4930200"]),
        "fromNumber": some(["+49151", "+49152"]),
        "toNumber": some(["+49151", "+49171"]),
        "toAnswer": some(["101", "102", None]),
        "clientNumber": some(["+49151", None]),
        "label": some(["", "VIP customer"]),
        "campaign": some(["Spring", "Autumn", None]),
        "uniqueId": [f"1772400000.{each}" for each in range(size)],
        "tags": some(['["Busy"]', '["Busy", "VIP"]', "[]", None]),
        "talkTime": some([0.0, 5.0, 30.0, 60.0, 90.5, None]),
        "answerTime": some([0.0, 3.0, 12.0, 40.0]),
        "qualityRating": some([1.0, 4.0, 5.0, None]),
        "aiTalkTime": some([0.0, 12.0, None]),
        "numbersInvolvedJSON": some(chains),
    }
    df = bc.to_frame(pd.DataFrame(records), timezone="Europe/Berlin")
    return df.set_index(pd.Index(np.arange(size) // 2))  # labels that repeat


CALLS = made_up()


def days(df):
    return df["timestamp"].dt.strftime("%Y-%m-%d")


def any_number(df, number):
    names = ["fromNumber", "toNumber", "toAnswer", "lineNumber", "clientNumber"]
    return (df[names] == number).any(axis=1)


def transferred(df):
    return df["numbersInvolvedJSON"].isin(['["101", "102"]', '["102", "101", "102"]'])


PATHS = {
    '["101"]': "101",
    '["101", "102"]': "101 → 102",
    '["102", "101", "102"]': "102 → 101 → 102",
    "broken [": "(unreadable)",
}


def paths(df):
    return df["numbersInvolvedJSON"].map(PATHS).fillna("(none)")


def in_category(df, words):
    found = pd.Series(False, index=df.index)
    for word in words:
        parts = word.split("_")
        found |= np.all(
            [
                [part == "all" or part in row for part in parts]
                for row in zip(df["type"], df["state"], strict=True)
            ],
            axis=1,
        )
    return found


def contains(df, part):
    names = ["fromNumber", "toNumber", "toAnswer", "lineNumber", "clientNumber"]
    names += ["projectName", "outcomeTag", "label", "uniqueId"]
    texts = df[names].fillna("").agg("|".join, axis=1) + df["tags"].fillna("").str.replace(
        r'[\[\]"]', "", regex=True
    )
    return texts.str.lower().str.contains(part.lower(), regex=False)


def between(low, high):
    return lambda values: (
        (values >= (-np.inf if low is None else low)) & (values <= (np.inf if high is None else high))
    )


def some(*words):
    return st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True)


def ends(values):
    """Return pairs in order, of which one end may be open."""
    pairs = st.tuples(values, values).map(sorted).map(tuple)
    return pairs | values.map(lambda low: (low, None)) | values.map(lambda high: (None, high))


@dataclass
class Case:
    """One value of a control, all of its values, and its question in plain pandas."""

    example: object
    values: st.SearchStrategy
    asks: Callable


SECONDS = st.sampled_from([0, 3, 5, 12, 29.5, 30, 60, 90.5, 200])
NUMBERS = st.sampled_from(["+49151", "+49152", "+49171", "+4930100", "101", "+1"])
CASES = {
    "day": Case(
        ("2026-03-04", "2026-03-06"),
        ends(st.integers(1, 13).map("2026-03-{:02}".format)),
        lambda df, value: days(df).ge(value[0] or "") & days(df).le(value[1] or "9"),
    ),
    "hours": Case(
        (9, 17),
        st.tuples(st.integers(0, 23), st.integers(0, 23)).map(sorted).map(tuple),
        lambda df, value: df["timestamp"].dt.hour.isin(range(value[0], value[1] + 1)),
    ),
    "weekdays": Case(
        ["Monday", "Friday"],
        some("Monday", "Wednesday", "Friday", "Sunday"),
        lambda df, value: df["timestamp"].dt.strftime("%A").isin(value),
    ),
    "types": Case(
        ["inbound", "internal"],
        some("inbound", "outbound", "internal"),
        lambda df, value: df["type"].isin(value),
    ),
    "states": Case(
        ["answered"], some("answered", "unanswered", "failed"), lambda df, value: df["state"].isin(value)
    ),
    "categories": Case(
        ["inbound_answered", "failed"],
        some("all", "internal", "failed", "unanswered", "inbound_answered", "outbound_failed"),
        in_category,
    ),
    "outcomes": Case(
        ["No Answer", "Sold"],
        some("No Answer", "no answer ", "Sold", "Call back", "sold"),
        lambda df, value: df["outcomeTag"].isin(value),
    ),
    "outcome_types": Case(
        ["positive", "absent"],
        some("positive", "neutral", "negative", "absent"),
        lambda df, value: df["outcomeType"].astype("object").fillna("absent").isin(value),
    ),
    "agent_ids": Case(
        ["500", "502"], some("500", "501", "502", "503"), lambda df, value: df["userId"].isin(value)
    ),
    "text_projects": Case(
        ["Solar"], some("Solar", "Heat", "solar"), lambda df, value: df["projectName"].isin(value)
    ),
    "lines": Case(["+4930200"], some("+4930100", "+4930200"), lambda df, value: df["lineNumber"].isin(value)),
    "campaigns": Case(
        ["Spring"], some("Spring", "Autumn", "Winter"), lambda df, value: df["campaign"].isin(value)
    ),
    "countries": Case(
        ["DE"],
        some("DE", "AT"),
        lambda df, value: df["clientNumber"].notna() & ("DE" in value),  # all numbers begin with +49
    ),
    "tags": Case(
        ["VIP"],
        some("VIP", "Busy", "vip"),
        lambda df, value: (
            df["tags"].fillna("[]").map(lambda text: not set(value).isdisjoint(json.loads(text)))
        ),
    ),
    "number": Case("+49151", NUMBERS, any_number),
    "search_string": Case(
        "vip", st.sampled_from(["vip", "4930", "SOLAR", "busy", "answer", "0000.12", "nowhere"]), contains
    ),
    "talk_time": Case((5, 60), ends(SECONDS), lambda df, value: between(*value)(df["talkTime"])),
    "answer_time": Case((None, 12), ends(SECONDS), lambda df, value: between(*value)(df["answerTime"])),
    "quality_rating": Case(4, st.sampled_from([1, 3, 4, 5]), lambda df, value: df["qualityRating"] == value),
    "transferred": Case(True, st.booleans(), lambda df, value: transferred(df) == value),
    "paths": Case(
        ["101 → 102", "(none)"],
        some("101", "101 → 102", "(none)", "(unreadable)", "9"),
        lambda df, value: paths(df).isin(value),
    ),
    "ai": Case(False, st.booleans(), lambda df, value: (df["aiTalkTime"] > 0) == value),
    "unique_ids": Case(
        "1772400000.7, 1772400000.8",
        st.lists(st.integers(0, 420).map("1772400000.{}".format), min_size=1, max_size=30).map(", ".join),
        lambda df, value: df["uniqueId"].isin(value.split(", ")),
    ),
    "from_number": Case("+49152", NUMBERS, lambda df, value: df["fromNumber"] == value),
    "to_number": Case("+49171", NUMBERS, lambda df, value: df["toNumber"] == value),
    "to_answer": Case("102", NUMBERS, lambda df, value: df["toAnswer"] == value),
    "project_ids": Case(["8"], some("7", "8", "9"), lambda df, value: df["projectId"].isin(value)),
    "user_id": Case("501", st.sampled_from(["500", "501", "9"]), lambda df, value: df["userId"] == value),
}


def choices(most):
    """Return some controls and a value for each."""
    names = st.lists(st.sampled_from(sorted(CASES)), max_size=most, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: CASES[name].values for name in chosen}))


def expected(df, chosen):
    mask = np.ones(len(df), dtype=bool)
    for name, value in chosen.items():
        mask &= CASES[name].asks(df, value).to_numpy(dtype=bool, na_value=False)
    return mask


def one_statement(code):
    assert len(ast.parse(code).body) == 1
    return code


@pytest.fixture
def ex(tmp_path):
    return Explorer(CALLS, presets=tmp_path / "presets.json")


class TestControls:
    def test_every_filter_of_rows_has_one(self):
        there = {argument for control in CONTROLS.values() for argument in control.arguments}
        assert there == {name for name, each in FILTERS.items() if each.predicate is not None}
        assert set(CASES) == set(CONTROLS)

    def test_conditions_are_those_that_the_api_lacks(self):
        assert set(CONDITIONS) == set(ROW_FILTERS)
        assert not set(CONDITIONS) & set(FILTERS)

    def test_transfers_are_called_as_in_the_tables(self, ex):
        shown = ex.controls["transferred"]
        moved = transferred(CALLS).sum()
        assert shown["labels"] == ["transferred", "not transferred"]
        assert shown["counts"] == [moved, len(CALLS) - moved]

    def test_each_has_a_label_and_a_line_that_says_what_it_does(self):
        assert all(control.label and len(control.doc) > 3 for control in CONTROLS.values())
        labels = [control.label for control in CONTROLS.values()]
        assert len(set(labels)) == len(labels)

    @pytest.mark.parametrize("name", CASES)
    def test_gives_the_rows_that_pandas_gives(self, name, ex):
        ex.set(name, CASES[name].example)
        mask = expected(CALLS, {name: CASES[name].example})
        assert 0 < mask.sum() < len(CALLS)
        assert_frame_equal(ex.frame, CALLS[mask])
        ex.set(name, None)
        assert_frame_equal(ex.frame, CALLS)

    def test_one_whose_column_is_missing_is_left_out(self):
        ex = CALLS[["talkTime", "state"]].calls.explore()
        assert set(ex.controls) == {"talk_time", "states"}
        assert ex.view["heatmap"] is None
        with pytest.raises(KeyError, match="lineNumber"):
            ex.set("lines", "+4930200")

    def test_ratings_stand_in_their_order(self):
        ex = pd.DataFrame({"qualityRating": [5.0, 5.0, 1.0, 3.0, 3.0, 3.0, None]}).calls.explore()
        shown = ex.controls["quality_rating"]
        assert (shown["labels"], shown["counts"]) == (["1", "3", "5"], [1, 3, 2])

    def test_a_wrong_value_changes_nothing(self, ex):
        ex.set("types", "inbound")
        with pytest.raises(ValueError, match="talk_time_from"):
            ex.set("talk_time", (60, 5))
        with pytest.raises(ValueError, match="hours"):
            ex.set("hours", (17, 9))
        with pytest.raises(KeyError, match="did you mean 'talk_time'"):
            ex.set("talk_tim", (5, 60))
        assert ex.filter == bc.CallFilter(types="inbound")
        assert len(ex.frame) == (CALLS["type"] == "inbound").sum()


class TestCombinations:
    EXPLORER = Explorer(CALLS)

    @settings(max_examples=30)
    @given(choices(5))
    def test_rows_and_counts_are_those_of_pandas(self, chosen):
        ex = self.EXPLORER
        ex.reset()
        for name, value in chosen.items():
            ex.set(name, value)
        mask = expected(CALLS, chosen)
        assert_frame_equal(ex.frame, CALLS[mask])
        assert ex.view["n_calls"] == mask.sum()
        # Beside each state stand the calls under the other controls.
        others = expected(CALLS, {name: value for name, value in chosen.items() if name != "states"})
        states = CALLS["state"].to_numpy()[others]
        shown = dict(zip(ex.controls["states"]["labels"], ex.controls["states"]["counts"], strict=True))
        assert shown == {word: int((states == word).sum()) for word in ("unanswered", "answered", "failed")}
        # The histogram too leaves out its own control only.
        others = expected(CALLS, {name: value for name, value in chosen.items() if name != "talk_time"})
        talk = CALLS["talkTime"].to_numpy()[others]
        assert sum(ex.controls["talk_time"]["counts"]) == (talk > 0).sum()

    @pytest.mark.filterwarnings("ignore::brightcall_pandas.errors.NoMatchWarning")
    @settings(max_examples=15)
    @given(choices(4))
    def test_the_statement_of_either_source_gives_the_rows(self, chosen):
        ex = self.EXPLORER
        ex.reset()
        for name, value in chosen.items():
            ex.set(name, value)

        def load_calls(day_from, day_to, **filters):  # an API that knows no other calls than these
            return CALLS.calls.filter(day_from=day_from, day_to=day_to, fold_case=False, **filters)

        assert ex.code() == ex.code("frame")
        for source in ("api", "frame"):
            space = {"bc": types.SimpleNamespace(load_calls=load_calls), "CALLS": CALLS}
            exec(one_statement(ex.code(source)), space)
            assert_frame_equal(space["calls"], ex.frame)


class TestFilter:
    def test_is_set_from_python(self, ex):
        ex.filter = bc.CallFilter(types="inbound", talk_time_from=30)
        assert_frame_equal(ex.frame, CALLS[(CALLS["type"] == "inbound") & (CALLS["talkTime"] >= 30)])
        assert ex.controls["types"]["chosen"] == [True, False, False]
        assert (ex.controls["talk_time"]["low"], ex.controls["talk_time"]["high"]) == (30, None)

    def test_is_set_by_hand(self, ex):
        ex.page.receive({"do": "tick", "name": "types", "value": [0, 2]})
        ex.page.receive({"do": "set", "name": "talk_time", "value": [30, None]})
        assert ex.filter == bc.CallFilter(types=["inbound", "internal"], talk_time_from=30)

    def test_conditions_stay_when_it_is_set(self, ex):
        ex.conditions = {"transferred": True}
        ex.filter = bc.CallFilter(states="answered")
        assert ex.conditions == {"transferred": True}
        assert_frame_equal(ex.frame, CALLS[expected(CALLS, {"transferred": True, "states": ["answered"]})])

    def test_takes_filters_that_have_no_control(self, ex):
        ex.filter = bc.CallFilter(timezone="America/New_York", day_to="2026-03-02")
        local = CALLS["timestamp"].dt.tz_convert("America/New_York")
        assert_frame_equal(ex.frame, CALLS[local.dt.strftime("%Y-%m-%d") <= "2026-03-02"])
        assert {"name": "timezone", "text": "timezone: America/New_York"} in ex.view["chips"]
        ex.page.receive({"do": "clear", "name": "timezone"})
        assert ex.filter == bc.CallFilter(day_to="2026-03-02")

    @pytest.mark.parametrize("wrong", [{"team_ids": [3]}, {"all_users": False}, {"page": 2}])
    def test_refuses_what_rows_cannot_answer(self, wrong, ex):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ex.filter = bc.CallFilter(**wrong)
        assert ex.filter == bc.CallFilter()

    def test_refuses_anything_else(self, ex):
        with pytest.raises(TypeError, match="CallFilter"):
            ex.filter = {"types": "inbound"}
        with pytest.raises(ValueError, match="did you mean 'lines'"):
            ex.conditions = {"line": "1"}

    def test_the_frame_is_never_changed(self, ex):
        before = CALLS.copy()
        for state in (None, "answered"):
            ex.set("states", state)
            rows = ex.frame
            rows["talkTime"] = 0.0
        assert_frame_equal(CALLS, before)


class TestOutcomes:
    def test_spellings_are_one_choice(self, ex):
        control = ex.controls["outcomes"]
        calls = CALLS["outcomeTag"].str.strip().str.casefold()
        place = [label.casefold() for label in control["labels"]].index("no answer")
        assert control["counts"][place] == (calls == "no answer").sum()
        ex.page.receive({"do": "tick", "name": "outcomes", "value": [place]})
        assert ex.filter.outcomes == ("No Answer", "no answer ")
        assert_frame_equal(ex.frame, CALLS[calls == "no answer"])

    def test_one_spelling_alone_is_half_a_tick_and_survives_another_one(self, ex):
        labels = [label.casefold() for label in ex.controls["outcomes"]["labels"]]
        ex.filter = bc.CallFilter(outcomes="No Answer")
        assert ex.controls["outcomes"]["chosen"][labels.index("no answer")] is None
        ex.page.receive({"do": "tick", "name": "outcomes", "value": [labels.index("sold")]})
        assert ex.filter.outcomes == ("No Answer", "Sold")

    def test_spellings_of_a_tag_are_one_choice_and_count_a_call_once(self):
        tags = ['["VIP", "vip "]', '"vip"', '[{"name": "Busy"}]', "[]", None]
        calls = pd.DataFrame({"tags": tags, "talkTime": [1.0, 2.0, 3.0, 4.0, 5.0]})
        ex = calls.calls.explore()
        control = ex.controls["tags"]
        assert dict(zip(control["labels"], control["counts"], strict=True)) == {"VIP": 2, "Busy": 1}
        ex.page.receive({"do": "tick", "name": "tags", "value": [0]})
        assert ex.filter.tags == ("VIP", "vip", "vip ")
        assert ex.frame["talkTime"].tolist() == [1.0, 2.0]
        assert ex.code() == "chosen = calls.calls.filter(tags=['VIP', 'vip', 'vip '], fold_case=False)"

    def test_bars_say_what_is_not_drawn(self, ex):
        blank = CALLS["outcomeTag"].isna() | (CALLS["outcomeTag"] == "")
        bars = ex.view["outcomes"]
        assert sum(bar["n_calls"] for bar in bars["bars"]) == (~blank).sum()
        assert bars["note"] == f"{(~blank).sum()} of 400 calls; {blank.sum()} have no outcome"


class TestView:
    def test_first_rows_say_how_many_there_are(self, ex):
        assert ex.view["table"]["note"] == "8 of 400 calls"
        ids = list(CALLS["clientNumber"].fillna("").head(8))
        assert [row[5] for row in ex.view["table"]["rows"]] == ids

    def test_is_plain_json(self, ex):
        assert json.loads(json.dumps(ex.view, allow_nan=False))["n_calls_total"] == 400

    def test_an_empty_frame(self):
        ex = CALLS.iloc[:0].calls.explore()
        assert ex.view["sentence"] == "0 of 0 calls"
        assert ex.view["empty"] == "No calls: the frame is empty."
        ex.set("types", "inbound")
        assert ex.frame.empty

    def test_says_which_filter_emptied_it(self, ex):
        assert ex.view["empty"] == ""
        ex.filter = bc.CallFilter(number="nobody", types="inbound")
        inbound = (CALLS["type"] == "inbound").sum()
        assert ex.view["empty"] == f"No calls pass because of Number (without it {inbound})."
        ex.filter = bc.CallFilter(number="nobody", from_number="nobody", types="inbound")
        assert ex.view["empty"] == (
            "No calls pass. No single filter is the cause; remove more than one of these: "
            "Direction, Number, From number."
        )


class TestHabits:
    def test_undo_goes_back_one_step_at_a_time(self, ex):
        ex.set("types", "inbound")
        ex.set("states", "answered")
        ex.undo()
        assert ex.filter == bc.CallFilter(types="inbound")
        ex.undo()
        ex.undo()
        assert ex.filter == bc.CallFilter()

    def test_a_drag_is_one_step(self, ex):
        for low, step in [(5, "a-1"), (10, "a-1"), (20, "a-2"), (25, "a-2"), (30, "a-2")]:
            ex.page.receive({"do": "set", "name": "talk_time", "value": [low, None], "step": step})
        assert ex.filter == bc.CallFilter(talk_time_from=30)
        ex.page.receive({"do": "undo"})
        assert ex.filter == bc.CallFilter(talk_time_from=10)
        # What goes on after an undo is a step of its own.
        ex.page.receive({"do": "set", "name": "talk_time", "value": [40, None], "step": "a-2"})
        ex.page.receive({"do": "undo"})
        assert ex.filter == bc.CallFilter(talk_time_from=10)
        ex.page.receive({"do": "undo"})
        assert ex.filter == bc.CallFilter()

    def test_reset_clears_all_and_can_be_undone(self, ex):
        ex.set("types", "inbound")
        ex.set("ai", True)
        ex.reset()
        assert len(ex.frame) == 400
        ex.undo()
        assert (ex.filter, ex.conditions) == (bc.CallFilter(types="inbound"), {"ai": True})

    def test_save_replaces_a_file_only_where_it_is_told_to(self, ex, tmp_path, monkeypatch):
        path = tmp_path / "calls.parquet"
        path.write_text("something else")
        with pytest.raises(FileExistsError, match="overwrite=True"):
            ex.save(path)
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        ex.page.receive({"do": "save", "value": str(path)})
        assert (sent[-1]["exists"], sent[-1]["error"]) == (str(path), "")
        assert path.read_text() == "something else"
        ex.page.receive({"do": "save", "value": str(path), "overwrite": True})
        assert (sent[-1]["exists"], sent[-1]["status"]) == ("", f"Saved 400 calls to {path}")
        assert len(pd.read_parquet(path)) == 400

    def test_save_by_hand_says_why_nothing_was_written(self, ex, tmp_path, monkeypatch):
        (tmp_path / "gone").symlink_to(tmp_path / "disk" / "not there")
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        for path, said in [(tmp_path / "gone" / "calls.parquet", "cannot be written"), ("  ", "name a file")]:
            ex.page.receive({"do": "save", "value": str(path), "number": "a-1"})
            assert said in sent[-1]["error"]
            assert (sent[-1]["answer"], sent[-1]["status"]) == ("a-1", "")

    def test_save_by_hand_takes_the_path_as_a_person_means_it(self, ex, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        ex.page.receive({"do": "save", "value": " ~/new folder/März 😀.parquet "})
        path = tmp_path / "new folder" / "März 😀.parquet"
        assert (sent[-1]["status"], len(pd.read_parquet(path))) == (f"Saved 400 calls to {path}", 400)
        ex.page.receive({"do": "save", "value": "~/new folder/März 😀.parquet"})
        assert sent[-1]["exists"] == str(path)

    def test_save_writes_the_rows_that_pass(self, ex, tmp_path):
        ex.set("states", "answered")
        path = ex.save(tmp_path / "calls.parquet")
        assert pd.read_parquet(path)["id"].tolist() == CALLS.loc[CALLS["state"] == "answered", "id"].tolist()

    def test_the_hand_is_told_what_went_wrong(self, ex, monkeypatch):
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        ex.page.receive({"do": "set", "name": "talk_time", "value": [60, 5], "number": "a-1"})
        assert "talk_time_from" in sent[-1]["error"]
        assert sent[-1]["answer"] == "a-1"
        assert ex.filter == bc.CallFilter()


class TestSharing:
    def test_the_widgets_state_holds_no_data(self, ex):
        ex.set("outcomes", ["Sold"])
        ex.set("number", "+49151")
        state, without_calls = ex.page.get_state(), Explorer(CALLS.iloc[:0]).page.get_state()
        assert {"_esm", "_css"} <= set(state)
        # Of the layout, the state has only the name that ipywidgets draws for each widget.
        layouts = state.pop("layout"), without_calls.pop("layout")
        assert all(re.fullmatch("IPY_MODEL_[0-9a-f]{32}", each) for each in layouts)
        assert state == without_calls

    def test_the_cells_text_holds_no_numbers(self, ex):
        data, _ = DisplayFormatter().format(ex)
        assert "application/vnd.jupyter.widget-view+json" in data
        assert data["text/plain"] == "the filter explorer; run the cell to see it"

    def test_snapshot_leaves_a_picture_a_table_and_the_code(self, ex, monkeypatch):
        shown = []
        monkeypatch.setattr(display, "publish_display_data", lambda *given: shown.append(given))
        ex.set("states", "answered")
        ex.snapshot()
        (picture, metadata), (table,) = shown
        assert picture["image/png"].startswith(b"\x89PNG")
        assert picture["text/plain"] == metadata["image/png"]["alt"]
        assert picture["text/plain"].startswith(ex.view["sentence"] + ". ")
        assert "A bar for each outcome" in picture["text/plain"]
        assert table["text/html"].count("<tr>") == 9
        assert "states=[&#x27;answered&#x27;]" in table["text/html"]
        assert "script" not in table["text/html"]

    def test_a_picture_needs_no_column(self):
        assert as_png(pd.DataFrame({"state": ["answered"]}), "1 of 1 calls")[0].startswith(b"\x89PNG")

    def test_an_empty_result_can_be_drawn(self, ex):
        ex.set("number", "nobody")
        assert as_png(ex.frame, ex.view["sentence"])[0].startswith(b"\x89PNG")

    @pytest.mark.parametrize("text", [PROGRAM, STYLE], ids=["program", "style"])
    def test_nothing_is_fetched_at_run_time(self, text):
        text = text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"http|fetch\(|import\b|url\(|XMLHttpRequest|WebSocket", text)


class TestClose:
    def test_an_explorer_that_is_closed_lets_its_calls_go(self):
        def used(*, close):
            """Return a reference to an explorer that no variable holds any more."""
            ex = made_up(20).calls.explore()
            DisplayFormatter().format(ex)
            ex.set("states", "answered")
            if close:
                ex.close()
            return weakref.ref(ex)

        closed, left_open = used(close=True), used(close=False)
        gc.collect()
        assert closed() is None
        assert left_open() is not None
        left_open().close()

    def test_selection_rows_and_code_can_be_asked_for_afterwards(self, ex):
        ex.close()
        ex.close()
        ex.set("states", "answered")
        assert (ex.frame["state"] == "answered").all()
        assert "answered" in ex.code()


class TestLastStateWins:
    def test_many_settings_are_drawn_once(self, ex, monkeypatch):
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)

        async def drag():
            for low in range(1, 60):
                ex.filter = bc.CallFilter(talk_time_from=low)
            await asyncio.sleep(0.2)

        asyncio.run(drag())
        assert [view["n_calls"] for view in sent] == [(CALLS["talkTime"] >= 59).sum()]

    def test_without_a_loop_each_is_drawn_at_once(self, ex, monkeypatch):
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        ex.set("types", "inbound")
        ex.set("types", None)
        assert len(sent) == 2


class TestThreads:
    def test_a_hand_and_a_cell_at_the_same_time_lose_nothing(self, ex):
        reading = threading.Event()

        class Slow(list):
            """A value that takes its time to be read, between the old selection and the new one."""

            def __iter__(self):
                reading.set()
                time.sleep(0.1)  # long enough for the cell to change the selection, if nothing stops it
                return super().__iter__()

        message = {"do": "set", "name": "types", "value": Slow(["inbound"])}
        hand = threading.Thread(target=ex.page.receive, args=(message,))
        hand.start()
        assert reading.wait(10)
        ex.set("states", "answered")
        hand.join()
        assert ex.filter == bc.CallFilter(types="inbound", states="answered")
        assert_frame_equal(ex.frame, CALLS[(CALLS["type"] == "inbound") & (CALLS["state"] == "answered")])


class TestExplore:
    def test_starts_from_the_api(self, tmp_path):
        with bc.start_sandbox(calls=300, days=3) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            first, last = sandbox.day_from, sandbox.day_to
            ex = bc.explore(first, last, client=client, types="inbound", progress=False)
            calls = bc.load_calls(first, last, client=client, progress=False)
            inbound = calls[calls["type"] == "inbound"].reset_index(drop=True)
            assert_frame_equal(ex.frame, inbound, check_flags=False)
            ex.set("states", "answered")
            space = {"bc": bc, "df": inbound}
            assert ex.code().endswith(", types=['inbound'], states=['answered'], client=client)")
            exec(one_statement(ex.code()), space | {"client": client}, space)
            assert_frame_equal(space["calls"].reset_index(drop=True), ex.frame.reset_index(drop=True))
            assert ex.request()["dayFrom"] == str(first)
            assert isinstance(date.fromisoformat(ex.request()["dayTo"]), date)

    def test_a_frame_is_explored_by_its_own_method(self):
        with pytest.raises(TypeError, match=r"df\.calls\.explore\(\)"):
            bc.explore(CALLS)

    def test_without_the_extra_says_what_to_install(self):
        code = """
            import sys
            import pandas as pd
            import brightcall_pandas
            assert not {"anywidget", "ipywidgets"} & set(sys.modules)  # only an explorer needs them
            sys.modules["anywidget"] = None  # as if it were not installed
            pd.DataFrame({"id": ["1"]}).calls.explore()
        """
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "ModuleNotFoundError: the filter explorer needs anywidget" in done.stderr
        assert done.stderr.strip().endswith(f"run: {extra_line('lab')}")

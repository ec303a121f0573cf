from __future__ import annotations

import inspect
import subprocess
import sys

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas import analysis, plots
from brightcall_pandas.accessors import _frame as accessor


@pytest.fixture
def calls() -> pd.DataFrame:
    return pd.DataFrame(
        {"outcomeTag": ["a", "b", "A"], "state": [1, 0, 1], "talkTime": [5, 0, 40], "type": [1, 0, 1]},
        index=[4, 4, 4],
    )


# Methods that make no table of the catalogue.
OTHERS = {"explore", "filter", "model_frame", "plot", "pseudonymize", "to_parquet"}


class TestCallsAccessor:
    def test_offers_the_whole_catalogue_and_nothing_else(self):
        public = {name for name in vars(accessor.CallsAccessor) if not name.startswith("_")}
        assert public - OTHERS == set(analysis.__all__)

    @pytest.mark.parametrize("name", analysis.__all__)
    def test_shows_signature_and_docstring_of_the_function(self, name, calls):
        method, function = getattr(calls.calls, name), getattr(analysis, name)
        expected = list(inspect.signature(function).parameters.values())[1:]
        assert list(inspect.signature(method).parameters.values()) == expected
        assert inspect.getdoc(method) == inspect.getdoc(function)
        assert method.__name__ == name

    def test_passes_the_frame_on(self, calls):
        pd.testing.assert_frame_equal(
            calls.calls.by_outcome(confidence=0.5), analysis.by_outcome(calls, confidence=0.5)
        )

    def test_accepts_any_frame_until_a_column_is_needed(self):
        df = pd.DataFrame({"x": [1]})
        assert df.calls.summary()["n_calls"].tolist() == [1]
        with pytest.raises(KeyError, match="outcomeTag"):
            df.calls.by_outcome()

    def test_does_not_load_matplotlib(self):
        code = (
            "import sys, pandas as pd, brightcall_pandas.accessors._frame\n"
            "pd.DataFrame({'talkTime': [1]}).calls.summary()\n"
            "sys.exit('matplotlib' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


class TestFilter:
    def test_keeps_the_rows_that_pass(self, calls):
        kept = calls.calls.filter(types="outbound", talk_time_from=10)
        pd.testing.assert_frame_equal(kept, calls.iloc[[2]])

    def test_a_wrong_name_is_a_type_error_that_names_the_nearest(self, calls):
        with pytest.raises(TypeError, match="talk_time_from"):
            calls.calls.filter(talk_time_form=10)

    OUTCOMES = ("Sold", "sold ", "SOLD", "No  answer", "no answer", "(none)", "", " ", None)
    TAGS = (
        '["VIP"]', '["vip ", "VIP"]', '"VIP"', '["Busy", "VIP"]', '[{"name": "busy"}]', "[7]", "[]", "broken",
        '["(None)"]', None,
    )  # fmt: skip
    ROWS = st.lists(st.tuples(st.sampled_from(OUTCOMES), st.sampled_from(TAGS)), min_size=1, max_size=20)

    @given(ROWS)
    def test_labels_of_tables_are_filters(self, rows):
        df = pd.DataFrame(rows, columns=["outcomeTag", "tags"]).astype("str")
        for table, name in (
            (df.calls.by_outcome(), "outcomes"),
            (df.calls.breakdown("outcome", ["n_calls"]), "outcomes"),
            (df.calls.breakdown("tag", ["n_calls"]), "tags"),
        ):
            found = {label: len(df.calls.filter(**{name: label})) for label in table.index}
            assert found == table["n_calls"].to_dict()

    def test_one_tag_is_counted_alike_by_table_and_filter(self):
        df = pd.DataFrame({"tags": ['["VIP"]', '["VIP "]', '"VIP"', '["VIP", "vip"]', '["Busy"]', None]})
        assert df.calls.breakdown("tag", ["n_calls"])["n_calls"].to_dict() == {
            "VIP": 4,
            "Busy": 1,
            "(none)": 1,
        }
        assert len(df.calls.filter(tags="VIP")) == len(df.calls.filter(tags="vip")) == 4
        # ["VIP "] has another text for the API, and "vip" alone is nowhere but in the fourth.
        assert df.calls.filter(tags="VIP", fold_case=False).index.tolist() == [0, 2, 3]
        assert df.calls.filter(tags="vip", fold_case=False).index.tolist() == [3]

    @pytest.mark.parametrize(("by", "name"), [("project", "text_projects"), ("agent", "agent_ids")])
    def test_labels_that_are_not_folded_are_filters_too(self, by, name):
        df = pd.DataFrame({"projectName": ["A", "a", None, "A"], "userId": [7, None, None, "8"]})
        table = df.calls.breakdown(by, ["n_calls"])
        assert "(none)" in table.index
        assert {label: len(df.calls.filter(**{name: label})) for label in table.index} == table[
            "n_calls"
        ].to_dict()

    def test_by_tag_the_other_tables_fold_too(self):
        df = pd.DataFrame(
            {"tags": ['["VIP"]', '["vip"]', '["VIP"]'], "outcomeTag": "Sold", "talkTime": 5, "state": 1}
        )
        assert df.calls.by_outcome(by="tag").index.tolist() == [("VIP", "Sold")]
        assert set(df.calls.talk_time_histogram([0, 10], by="tag").index.get_level_values("tag")) == {"VIP"}

    def test_shows_every_filter_in_its_signature(self, calls):
        assert {"talk_time_from", "fold_case"} <= set(inspect.signature(calls.calls.filter).parameters)


class TestCallsPlot:
    def test_offers_every_picture_and_nothing_else(self):
        public = {name for name in vars(accessor.CallsPlot) if not name.startswith("_")}
        assert public == set(plots.__all__)

    @pytest.mark.parametrize("name", plots.__all__)
    def test_shows_the_arguments_of_the_table_and_ax(self, name, calls):
        shown = list(inspect.signature(getattr(calls.calls.plot, name)).parameters)
        assert shown == [*list(inspect.signature(getattr(analysis, name)).parameters)[1:], "ax"]
        assert name in getattr(calls.calls.plot, name).__doc__

    def test_draws_the_table_on_the_axes_given(self, calls):
        _, ax = plt.subplots()
        assert calls.calls.plot.by_outcome(ax=ax) is ax
        assert {text.get_text() for text in ax.get_yticklabels()} == {"A", "b"}
        plt.close("all")

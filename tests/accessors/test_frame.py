from __future__ import annotations

import inspect
import subprocess
import sys

import matplotlib.pyplot as plt
import pandas as pd
import pytest

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

    def test_shows_every_filter_in_its_signature(self, calls):
        assert "talk_time_from" in inspect.signature(calls.calls.filter).parameters


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

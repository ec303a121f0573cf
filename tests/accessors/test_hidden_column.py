from __future__ import annotations

import copy
import operator
import pickle

import pandas as pd
import pytest

import brightcall_pandas as bc

ADVICE = r'use df\["calls"\]'


@pytest.fixture
def own() -> pd.DataFrame:
    """A frame of someone's own that has a column of the accessor's name."""
    return pd.DataFrame({"calls": [3, 8, 5]}, index=["Ann", "Bob", "Cid"])


class TestHiddenColumn:
    def test_the_accessor_wins_over_the_column(self, own):
        assert isinstance(own.calls, bc.CallsAccessor)
        assert own["calls"].sum() == 16

    def test_a_misspelt_method_is_told_the_nearest_one(self):
        with pytest.raises(AttributeError, match=r"'by_agnt'; did you mean 'by_agent'\? df\.calls is"):
            pd.DataFrame({"state": []}).calls.by_agnt  # noqa: B018

    def test_a_metric_is_told_from_a_method(self):
        with pytest.raises(
            AttributeError, match=r"'answer_rate': it is a metric, as in df\.calls\.breakdown"
        ):
            pd.DataFrame({"id": ["1"]}).calls.answer_rate()

    @pytest.mark.parametrize("method", ["sum", "mean", "plot_it", "iloc", "values", "map"])
    def test_a_method_of_columns_is_an_attribute_error_that_names_the_column(self, own, method):
        with pytest.raises(AttributeError, match=rf"df\.calls has no method '{method}'[.;] .*{ADVICE}"):
            getattr(own.calls, method)
        assert not hasattr(own.calls, method)

    @pytest.mark.parametrize(
        "use",
        [
            lambda calls: calls > 5,
            lambda calls: calls <= 5,
            lambda calls: calls == 5,
            lambda calls: calls != 5,
            lambda calls: calls < 5,
            lambda calls: calls + 1,
            lambda calls: 100 - calls,
            lambda calls: calls / calls,
            lambda calls: 1 / calls,
            lambda calls: -calls,
            lambda calls: ~calls,
            lambda calls: calls & True,
            lambda calls: calls["Ann"],
            lambda calls: operator.setitem(calls, "Ann", 1),
            len,
            list,
            lambda calls: 5 in calls,
        ],
    )
    def test_being_used_like_a_column_is_a_type_error_that_names_the_column(self, own, use):
        with pytest.raises(TypeError, match=rf"cannot be used like a column: .*{ADVICE}"):
            use(own.calls)

    def test_a_table_of_the_catalogue_is_told_its_own_column(self):
        table = pd.DataFrame({"state": [1, 0]}).calls.summary()
        with pytest.raises(TypeError, match=r'use df\["n_calls"\]'):
            table.calls > 500  # noqa: B015
        with pytest.raises(AttributeError, match=r'use df\["n_calls"\]'):
            table.calls.sum()

    def test_without_such_a_column_the_message_says_so(self):
        df = pd.DataFrame({"state": [1]})
        with pytest.raises(TypeError, match="the frame has no column of that name"):
            df.calls > 5  # noqa: B015
        assert (df.calls == 5) is False

    def test_what_the_accessor_has_still_works(self, own):
        accessor = own.calls
        assert accessor.summary()["n_calls"].tolist() == [3]
        assert bool(accessor)
        assert accessor == accessor
        assert len({accessor}) == 1
        for other in (copy.copy(accessor), pickle.loads(pickle.dumps(accessor))):
            assert other.summary()["n_calls"].tolist() == [3]

"""The table of parameters, against the vendor's article."""

from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.filters import FILTER_NAMES, FILTERS, CallFilter, describe_filters


class TestFilters:
    def test_33_parameters_in_the_articles_order(self, article):
        assert len(article) == 33
        assert [each.parameter for each in FILTERS.values()] == article

    def test_29_of_them_filter(self, article):
        assert [FILTERS[name].parameter for name in FILTER_NAMES] == article[:29]

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

    @pytest.mark.parametrize("name", [name for name, each in FILTERS.items() if each.predicate is not None])
    def test_a_predicate_reads_the_columns_that_it_names_and_no_other(self, good, name):
        columns = FILTERS[name].predicate.columns
        spec = CallFilter(**{name: good[name][0]})
        assert spec.mask(pd.DataFrame({each: [None] for each in columns})).tolist() in ([True], [False])
        if name == "agent_ids":  # one of its columns is enough
            assert spec.mask(pd.DataFrame({columns[1]: [None]})).tolist() == [False]
            columns = columns[-1:]
        for missing in columns:
            with pytest.raises(KeyError, match=missing):
                spec.mask(pd.DataFrame({each: [None] for each in columns if each != missing}, index=[0]))


class TestDescribeFilters:
    def test_one_row_a_parameter(self):
        table = describe_filters()
        assert list(table.index) == list(FILTERS)
        assert table.index.name == "argument"
        assert list(table) == ["parameter", "accepts", "filters", "on_rows", "description"]
        assert table["filters"].sum() == 29

    def test_says_which_cannot_be_applied_to_rows(self):
        on_rows = describe_filters()["on_rows"]
        assert not on_rows[
            ["team_ids", "all_users", "page", "items_per_page", "sort_by", "sort_direction"]
        ].any()
        assert on_rows.sum() == 27

    def test_every_row_has_words(self):
        table = describe_filters()
        assert (table[["accepts", "description"]].map(len) > 3).all(axis=None)

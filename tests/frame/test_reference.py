"""Reference tables: nothing is left out of their form in a notebook, and they are DataFrames."""

from __future__ import annotations

import pickle
import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import brightcall_pandas as bc
from brightcall_pandas.analysis import definitions
from brightcall_pandas.errors import NoMatchWarning
from brightcall_pandas.filters import FILTERS
from brightcall_pandas.frame import FIELDS, ReferenceTable

TABLES = [definitions, bc.describe_fields, bc.describe_filters]


@pytest.mark.parametrize("table", TABLES)
class TestEveryTable:
    def test_its_page_has_all_rows_and_whole_cells(self, table):
        html = table()._repr_html_()
        assert html.count("<tr") == len(table()) + 2  # and two of headings
        assert not re.search(r"\.\.\.|…", html)
        assert max(len(str(cell)) for cell in table().stack()) > 60  # pandas would cut it
        text = re.sub(r"<[^>]+>", "", html)
        for cell in table().stack():
            assert str(cell).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in text

    def test_pandas_options_are_left_as_they_are(self, table):
        before = pd.get_option("display.max_rows"), pd.get_option("display.max_colwidth")
        table()._repr_html_()
        assert before == (pd.get_option("display.max_rows"), pd.get_option("display.max_colwidth"))

    def test_what_is_made_of_it_is_a_plain_frame(self, table, tmp_path):
        whole = table()
        assert isinstance(whole, pd.DataFrame)
        for part in (
            whole.head(2),
            whole[["description" if "description" in whole else "title"]],
            whole.loc[:, :],
        ):
            assert type(part) is pd.DataFrame
        assert type(whole.iloc[:, 0]) is pd.Series
        assert type(whole.iloc[0]) is pd.Series
        assert type(pd.concat([whole, whole])) is pd.DataFrame
        assert type(whole.copy()) is pd.DataFrame
        assert type(whole.reset_index().groupby(whole.columns[0]).first()) is pd.DataFrame

    def test_it_can_be_kept(self, table, tmp_path):
        whole = table()
        whole.to_parquet(tmp_path / "table.parquet")
        assert_frame_equal(
            pd.read_parquet(tmp_path / "table.parquet"),
            whole.copy(),
            check_dtype=False,
            check_index_type=False,
        )
        assert_frame_equal(pickle.loads(pickle.dumps(whole)), whole)
        assert len(whole.to_csv().splitlines()) > len(whole)

    def test_it_has_the_accessor(self, table):
        assert isinstance(table().calls, bc.CallsAccessor)

    def test_none_and_blanks_find_everything(self, table):
        assert_frame_equal(table(None), table())
        assert_frame_equal(table("  "), table())

    def test_words_that_are_nowhere_find_nothing(self, table):
        with pytest.warns(NoMatchWarning, match=r"No row has 'nowhere'.*all \d+ rows"):
            none = table("nowhere to be found")
        assert len(none) == 0
        assert list(none) == list(table())
        assert "0 rows" in none._repr_html_()

    def test_the_nearest_words_are_named(self, table):
        word = str(table().index[0])
        with pytest.warns(NoMatchWarning, match="the nearest here: ") as said:
            table(f"{word[:4]}x{word[4:]}")
        assert {each.filename for each in said} == {__file__}

    @pytest.mark.parametrize("wrong", [5, ["rate"], True])
    def test_what_is_not_text_is_refused(self, table, wrong):
        with pytest.raises(TypeError, match="search takes text"):
            table(wrong)


class TestSearch:
    def test_definitions(self):
        found = set(definitions("RATE").index)
        assert {"answer_rate", "positive_rate", "abandonment_rate"} <= found
        assert "n_calls" not in found
        assert definitions("erlang 1917").index.tolist() == ["load_erlangs", "agents", "service_level"]

    def test_every_word_must_be_there(self):
        assert definitions("middle delay").index.tolist() == ["late_median_s"]
        assert len(definitions("delay")) > 1
        assert len(definitions("middle")) > 1

    def test_filters(self):
        assert bc.describe_filters("talk time").index.tolist() == [
            "talk_time_from",
            "talk_time_to",
            "sort_by",
        ]
        assert "categories" in bc.describe_filters("outbound").index  # words that it accepts
        assert set(bc.describe_filters("").index) == set(FILTERS)

    def test_fields(self):
        numbers = ["fromNumber", "toNumber", "lineNumber", "clientNumber"]
        assert bc.describe_fields("phone number").index.tolist() == numbers
        assert set(bc.describe_fields().index) == set(FIELDS)

    def test_by_the_accessor(self):
        frame = pd.DataFrame({"id": ["1"]})
        assert frame.calls.definitions("rate").index.equals(definitions("rate").index)

    def test_what_has_it_in_its_name_comes_first(self):
        found = definitions("rate")
        named = ["rate" in name for name in found.index]
        assert named == sorted(named, reverse=True)
        assert 10 < sum(named) < len(found)
        assert bc.describe_fields("number").index[0].lower().find("number") >= 0
        assert definitions("answer rate").index[0].startswith("answer_rate")

    def test_its_page_begins_with_six_and_says_how_many_more_there_are(self):
        found = definitions("rate")
        before, more = found._repr_html_().split("<details>")
        assert before.count("<tr") == 6 + 2
        assert f"<summary>{len(found) - 6} more rows" in more
        assert more.count("<tr") == len(found) - 6 + 2
        assert f"{len(found)} rows" in more
        assert "<details>" not in definitions("erlang 1917")._repr_html_()
        assert "<details>" not in definitions()._repr_html_()

    def test_cells_cannot_be_code(self):
        assert "<script>" not in ReferenceTable({"a": ["<script>"]})._repr_html_()

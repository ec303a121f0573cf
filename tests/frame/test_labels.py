from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.frame import fold, tags_of_rows
from brightcall_pandas.frame._labels import tags_of


class TestFold:
    def test_case_and_blanks_do_not_matter(self):
        assert fold("\tNo\u00a0 ANSWER ") == fold("no answer") == "no answer"
        assert fold("STRASSE") == fold("straße")

    @pytest.mark.parametrize("text", ["", " ", "\u00a0\t", "(None)"])
    def test_a_blank_label_is_none(self, text):
        assert fold(text) == "(none)"


class TestTagsOf:
    @pytest.mark.parametrize(
        ("text", "tags"),
        [
            ('["VIP", "Busy"]', ["VIP", "Busy"]),
            ('[" VIP ", "vip", "VIP"]', [" VIP ", "vip", "VIP"]),
            ('["", " ", null]', []),
            ("[1, 0.5, true]", ["1", "0.5", "true"]),
            ('[{"id": 3, "name": "VIP"}, {"name": 7}]', ["VIP", "7"]),
            ('[{"id": 3}, {"name": null}, {"name": ["VIP"]}, ["VIP"]]', []),
            ('"VIP"', ["VIP"]),
            ("7", ["7"]),
            ('{"name": "VIP"}', ["VIP"]),
            ("{}", []),
            ('{"0": "VIP", "1": {"name": "Busy"}}', ["VIP", "Busy"]),  # as PHP may write a list
            ("null", []),
            ("", []),
            ("VIP", []),
            ('["VIP"', []),
            ('"a", "b"', []),
            ("[" * 100_000, []),
            (None, []),
        ],
    )
    def test_every_form(self, text, tags):
        assert tags_of(text) == tags

    @given(st.text())
    def test_no_text_raises(self, text):
        assert all(tag.strip() for tag in tags_of(text))


class TestTagsOfRows:
    def test_each_distinct_text_is_read_once(self):
        codes, tags = tags_of_rows(pd.Series(['["a"]', None, "[]", '["a"]'], dtype="str"))
        assert [tags[code] for code in codes] == [["a"], [], [], ["a"]]
        assert len(tags) == 3

    def test_no_rows(self):
        codes, tags = tags_of_rows(pd.Series([], dtype="str"))
        assert (len(codes), tags) == (0, [[]])

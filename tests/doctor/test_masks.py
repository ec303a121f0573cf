"""What is left of texts, keys and structures that are shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.doctor._masks import key_shown, masked, skeleton, word_shown


class TestMasks:
    @given(st.text())
    def test_nothing_but_marks_is_left_of_a_text(self, text):
        kept = {each for each in masked(text) if each.isalnum()}
        iso = re.fullmatch(r"[^a-z]*", text) is not None
        assert kept <= ({"x", "T", "Z"} if iso else {"x"})

    def test_a_time_keeps_its_form(self):
        assert masked("2026-03-02 08:13:22.125+01:00") == "####-##-## ##:##:##.###+##:##"
        assert masked("Tuesday 2026") == "xxxxxxx ####"

    def test_long_texts_are_cut(self):
        assert masked("a" * 50) == "x" * 40 + "…"

    @pytest.mark.parametrize("name", ["a" * 41, "x123", "4you", "Ada L", "", "é"])
    def test_a_key_that_is_no_name_of_the_api_is_masked(self, name):
        assert key_shown(name) == masked(name)

    def test_words(self):
        words = ("ringing", "NO_ANSWER", "17", "123", "Ada", "no answer from Ada")
        assert [word_shown(each) for each in words] == [
            "ringing",
            "NO_ANSWER",
            "17",
            "###",
            "xxx",
            "xx xxxxxx xxxx xxx",
        ]

    def test_skeletons_end_somewhere(self):
        assert skeleton({"a": {"b": {"c": {"d": 1}}}}) == "object{x: object{x: object{x: object}}}"
        assert skeleton([1, 2.5, "7", None]) == "array[integer | null | number | string of digits]"

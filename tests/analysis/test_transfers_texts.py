"""Reading many texts at once gives what reading each alone gives."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.analysis.transfers._parsing import SHAPES, Shape, parse
from brightcall_pandas.analysis.transfers._texts import read_texts

ODD = [
    '["3"] ["4"]',
    '["3"],["4"]',
    '["1",\n"2"]',
    '["1"]\n',
    '["1"\t, "2"]',
    '["a]',
    '["a]"]',
    '[",["b"]',
    '["1","]',
    '["1",["2"]]',
    '["", "1"]',
    '[" ", "1"]',
    '["\xa0"]',
    '["\\u0020"]',
    '["é"]',
    '["1", "2"',
    '["1"]]',
    '["1" "2"]',
    '["]',
    '[""]',
    "[1]",
    None,
]


def column(*texts):
    return pd.Series(texts, dtype="str")


def assert_as_alone(texts):
    read = read_texts(column(*texts))
    for row, text in enumerate(texts):
        place = read.rows[row]
        parsed = parse(text)
        assert read.texts[place] == text
        assert (SHAPES[read.shapes[place]], read.parties[place]) == parsed[:2]
        assert read.times.get(int(place), ()) == parsed.times


class TestReadTexts:
    @pytest.mark.parametrize("odd", ODD)
    def test_an_odd_text_among_plain_ones(self, odd):
        assert_as_alone(
            [*(json.dumps([str(n), "7"]) for n in range(100)), odd, *(f'["{n}"]' for n in range(90))]
        )

    def test_odd_texts_that_would_make_up_for_each_other(self):
        assert_as_alone(['["a]', '[","b"]', '["3"],["4"]', '["5"] ["6"]', '["1",', '"2"]', '["9"]'])

    @settings(deadline=None)
    @given(
        st.lists(
            st.sampled_from(ODD)
            | st.text('[]",1 \n\\é', max_size=12)
            | st.lists(st.text("12 ")).map(json.dumps)
        )
    )
    def test_whatever_comes(self, texts):
        assert_as_alone(texts)

    def test_each_distinct_text_once(self):
        read = read_texts(column('["1"]', None, '["1"]', None))
        assert (read.texts, read.rows.tolist()) == (['["1"]', None], [0, 1, 0, 1])

    def test_columns_in_pieces(self):
        read = read_texts(pd.concat([column('["1"]'), column('["2"]', '["1"]')]))
        assert [read.parties[row] for row in read.rows] == [("1",), ("2",), ("1",)]


class TestTexts:
    def test_knows_what_was_read(self):
        read = read_texts(column('["1"]', "[]", "{"))
        assert read.readable.tolist() == [True, True, False]
        assert read.named.tolist() == [True, False, False]
        assert read.are(Shape.EMPTY, Shape.BROKEN).tolist() == [False, True, True]

    def test_a_choice_among_two_columns(self):
        timed = '[{"number": "3", "time": "2026-03-02T09:00:00Z"}]'
        both = read_texts(column('["1"]', '["2"]')) + read_texts(column(timed, '["4"]'))
        chosen = both.chosen(np.array([1, 2]))
        assert [chosen.parties[row] for row in chosen.rows] == [("2",), ("3",)]
        assert len(chosen.texts) == 2
        assert chosen.times == {1: ("2026-03-02T09:00:00Z",)}

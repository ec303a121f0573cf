"""Every shape in which numbers may arrive, read by hand beside it."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.analysis.transfers._parsing import SHAPES, Shape, parse, read_texts


class TestParse:
    @pytest.mark.parametrize(
        ("text", "shape", "parties"),
        [
            (None, Shape.NULL, ()),
            ("", Shape.EMPTY, ()),
            ("   ", Shape.EMPTY, ()),
            ("null", Shape.EMPTY, ()),
            ("[]", Shape.EMPTY, ()),
            ("{}", Shape.EMPTY, ()),
            ('""', Shape.EMPTY, ()),
            ('[null, ""]', Shape.EMPTY, ()),
            ('["101"]', Shape.NUMBERS, ("101",)),
            ('{"0": "101", "1": "102"}', Shape.NUMBERS, ("101", "102")),
            ('{"0": 101, "1": null, "2": ""}', Shape.NUMBERS, ("101",)),
            ('{"0": {"number": "101"}, "1": {"number": "102"}}', Shape.OBJECTS, ("101", "102")),
            ('{"0": {"from": "1", "to": "2"}}', Shape.TRANSFERS, ("1", "2")),
            ('{"1": {}, "0": {}}', Shape.KEYED, ("1", "0")),
            ('["101", "102", "101"]', Shape.NUMBERS, ("101", "102", "101")),
            ('["101", "101"]', Shape.NUMBERS, ("101", "101")),
            ("[101, 102]", Shape.NUMBERS, ("101", "102")),
            ('[101, "102", null, 103.0]', Shape.NUMBERS, ("101", "102", "103")),
            ('["+49 30 1", "Queue A", "café"]', Shape.NUMBERS, ("+49 30 1", "Queue A", "café")),
            ("[4917012345678]", Shape.NUMBERS, ("4917012345678",)),
            ('[{"number": "101"}, {"number": 102}]', Shape.OBJECTS, ("101", "102")),
            (
                '[{"phone": "101"}, {"ext": "102"}, {"Extension": "103"}]',
                Shape.OBJECTS,
                ("101", "102", "103"),
            ),
            ('["101", {"phone_number": "102"}]', Shape.OBJECTS, ("101", "102")),
            ('[{"agent": {"shortNumber": "101"}}]', Shape.OBJECTS, ("101",)),
            ('[{"number": null, "ext": "7"}]', Shape.OBJECTS, ("7",)),
            ('{"number": "101"}', Shape.OBJECTS, ("101",)),
            ('{"101": {}, "102": {"order": 2}}', Shape.KEYED, ("101", "102")),
            ('{"+49 (30) 1-2": 1}', Shape.KEYED, ("+49 (30) 1-2",)),
            ("101,102", Shape.TEXT, ("101", "102")),
            (" 101 , +49 30 5 ,", Shape.TEXT, ("101", "+49 30 5")),
            ("0049301", Shape.TEXT, ("0049301",)),
            ("1e5", Shape.TEXT, ("1e5",)),
            ("101", Shape.TEXT, ("101",)),
            ('"101,102"', Shape.TEXT, ("101", "102")),
            (json.dumps('["101"]'), Shape.NUMBERS, ("101",)),
            ('[{"from": "101", "to": "102"}]', Shape.TRANSFERS, ("101", "102")),
            ('{"from": "101", "to": "102"}', Shape.TRANSFERS, ("101", "102")),
            ('[{"from": "1", "to": "2"}, {"from": "2", "to": "3"}]', Shape.TRANSFERS, ("1", "2", "3")),
            ('[{"from": "1", "to": "2"}, {"to": "3"}]', Shape.TRANSFERS, ("1", "2", "3")),
            ('[{"from": "1", "to": "2"}, {"from": "1", "to": "3"}]', Shape.TRANSFERS, ("1", "2", "1", "3")),
            ('[{"from": "1", "to": "1"}]', Shape.TRANSFERS, ("1", "1")),
            (
                '[{"fromExtension": 1, "transferred_to": {"number": 2}, "userId": 9}]',
                Shape.TRANSFERS,
                ("1", "2"),
            ),
        ],
    )
    def test_readable(self, text, shape, parties):
        parsed = parse(text)
        assert (parsed.shape, parsed.parties) == (shape, parties)
        assert parsed.shape.readable

    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ('["101", "102"', Shape.BROKEN),
            ('{"101": ', Shape.BROKEN),
            ('"101', Shape.BROKEN),
            ("['101', '102']", Shape.BROKEN),
            ("not json", Shape.BROKEN),
            ("101;102", Shape.BROKEN),
            ("101,oops", Shape.BROKEN),
            ("true", Shape.BROKEN),
            ('["\\ud800"]', Shape.BROKEN),
            ("[" * 100_000, Shape.BROKEN),
            ('{"1":' * 100_000, Shape.BROKEN),
            ("1" * 100_000 + "]", Shape.BROKEN),
            ("[true]", Shape.UNKNOWN),
            ("[1.5]", Shape.UNKNOWN),
            (f"[1{'0' * 40}]", Shape.UNKNOWN),
            ('[["101", "102"]]', Shape.UNKNOWN),
            ('["101", {"colour": "red"}]', Shape.UNKNOWN),
            ('{"legs": ["101"]}', Shape.UNKNOWN),
            ('[{"from": "101"}]', Shape.UNKNOWN),
            ('[{"from": "101", "to": "102"}, "103"]', Shape.UNKNOWN),
            ('[{"to": "102"}]', Shape.NO_ORIGIN),
        ],
    )
    def test_unreadable_texts_are_named_and_give_nobody(self, text, shape):
        parsed = parse(text)
        assert (parsed.shape, parsed.parties) == (shape, ())
        assert not parsed.shape.readable

    def test_times_order_the_elements(self):
        legs = [
            {"number": "2", "time": "2026-03-02T09:05:00Z"},
            {"number": "1", "time": "2026-03-02T09:00:00Z"},
        ]
        parsed = parse(json.dumps(legs))
        assert parsed.parties == ("1", "2")
        assert parsed.times == ("2026-03-02T09:00:00Z", "2026-03-02T09:05:00Z")

    def test_transfers_are_ordered_before_they_are_joined(self):
        text = '[{"from": "2", "to": "3", "at": 1772442400}, {"from": "1", "to": "2", "at": 1772442300000}]'
        assert parse(text).parties == ("1", "2", "3")

    def test_the_time_of_a_transfer_is_when_the_call_was_taken(self):
        text = '[{"from": "1", "to": "2", "at": 1772442300}, {"from": "1", "to": "3", "at": 1772442400}]'
        assert parse(text) == (Shape.TRANSFERS, ("1", "2", "1", "3"), (None, 1772442300, None, 1772442400))

    @pytest.mark.parametrize("time", ['"2026-03-02T09:00:00"', "3", '"2026-03-02"', "null", "1e300", "true"])
    def test_without_comparable_times_the_order_of_the_text_stands(self, time):
        text = f'[{{"number": "2", "time": "2026-03-02T09:05:00Z"}}, {{"number": "1", "time": {time}}}]'
        assert parse(text).parties == ("2", "1")

    def test_small_numbers_are_no_times(self):
        assert parse('[{"number": "2", "time": 9}, {"number": "1", "time": 3}]') == (
            Shape.OBJECTS,
            ("2", "1"),
            (),
        )

    def test_an_object_keyed_by_number_is_ordered_by_its_times(self):
        text = '{"2": {"start": "2026-03-02T09:05:00"}, "1": {"start": "2026-03-02T09:00:00"}}'
        assert parse(text).parties == ("1", "2")

    @settings(deadline=None)
    @given(st.text())
    def test_no_text_raises(self, text):
        parse(text)

    @settings(deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            _nested := (
                lambda inner: (
                    st.lists(inner, max_size=4)
                    | st.dictionaries(
                        st.sampled_from(["number", "from", "to", "time", "101", "name", "x"]),
                        inner,
                        max_size=4,
                    )
                )
            ),
            max_leaves=12,
        )
    )
    def test_no_json_raises(self, document):
        parsed = parse(json.dumps(document))
        assert all(isinstance(party, str) and party.strip() for party in parsed.parties)
        assert parsed.times == () or len(parsed.times) == len(parsed.parties)

    @settings(deadline=None)
    @given(st.lists(st.text(st.characters(codec="utf-8")).filter(str.strip), min_size=1))
    def test_a_list_of_texts_comes_back_verbatim(self, labels):
        assert parse(json.dumps(labels)).parties == tuple(labels)
        assert parse(json.dumps(labels, ensure_ascii=False)).parties == tuple(labels)

    @settings(deadline=None)
    @given(st.lists(st.integers(0, 10**15), min_size=1))
    def test_all_shapes_of_a_chain_say_the_same(self, numbers):
        chain = tuple(map(str, numbers))
        shapes = [
            json.dumps(numbers),
            json.dumps([{"phone": number} for number in numbers]),
            ",".join(chain),
        ]
        if len(chain) > 1:
            shapes.append(json.dumps([{"from": a, "to": b} for a, b in pairwise(chain)]))
        if len(set(chain)) == len(chain):
            shapes.append(json.dumps({party: {} for party in chain}))
        assert {parse(text).parties for text in shapes} == {chain}


# Whole columns: reading many texts at once gives what reading each alone gives.

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

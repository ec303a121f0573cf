"""Every shape in which numbers may arrive, read by hand beside it."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.analysis.transfers._parsing import Shape, parse


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
            ('[{"from": "101", "to": "102"}]', Shape.HANDOVERS, ("101", "102")),
            ('{"from": "101", "to": "102"}', Shape.HANDOVERS, ("101", "102")),
            ('[{"from": "1", "to": "2"}, {"from": "2", "to": "3"}]', Shape.HANDOVERS, ("1", "2", "3")),
            ('[{"from": "1", "to": "2"}, {"to": "3"}]', Shape.HANDOVERS, ("1", "2", "3")),
            ('[{"from": "1", "to": "2"}, {"from": "1", "to": "3"}]', Shape.HANDOVERS, ("1", "2", "1", "3")),
            ('[{"from": "1", "to": "1"}]', Shape.HANDOVERS, ("1", "1")),
            (
                '[{"fromExtension": 1, "transferred_to": {"number": 2}, "userId": 9}]',
                Shape.HANDOVERS,
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

    def test_handovers_are_ordered_before_they_are_joined(self):
        text = '[{"from": "2", "to": "3", "at": 1772442400}, {"from": "1", "to": "2", "at": 1772442300000}]'
        assert parse(text).parties == ("1", "2", "3")

    def test_the_time_of_a_handover_is_when_the_call_was_taken(self):
        text = '[{"from": "1", "to": "2", "at": 1772442300}, {"from": "1", "to": "3", "at": 1772442400}]'
        assert parse(text) == (Shape.HANDOVERS, ("1", "2", "1", "3"), (None, 1772442300, None, 1772442400))

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

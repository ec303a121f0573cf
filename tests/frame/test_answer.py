"""An answer, decoded once: what is there, and what its records are taken for."""

from __future__ import annotations

import msgspec
import pytest

from brightcall_pandas.frame import AnswerReader, page_of, read_page


def read(body: bytes):
    return AnswerReader().read(body)


class TestHas:
    @pytest.mark.parametrize("calls", [b"[]", b"[1]", b'[{"id": 1}]', b'[{"id": 1, "new": 2}]', b" [ ] "])
    def test_calls_are_a_list(self, calls):
        assert read(b'{"calls":' + calls + b"}").has("calls")

    @pytest.mark.parametrize("calls", [b"{}", b"{ }", b'{"0": {"id": 1}}'])
    def test_or_what_php_writes_for_a_list(self, calls):
        assert read(b'{"calls":' + calls + b"}").has("calls")

    @pytest.mark.parametrize("calls", [b"null", b'{"id": 1}', b'"[]"', b"7", b"false"])
    def test_anything_else_is_none(self, calls):
        assert not read(b'{"calls":' + calls + b"}").has("calls")

    def test_statistics_are_an_object(self):
        assert read(b'{"detailedStat": {"a": 1}}').has("detailedStat")
        assert not read(b'{"detailedStat": [1]}').has("detailedStat")

    @pytest.mark.parametrize("calls", [b"[]", b"[5]"])  # records as expected, and others
    def test_a_number_may_be_anything_but_null(self, calls):
        answer = read(b'{"pagesCount": "0", "totalItems": null, "calls": ' + calls + b"}")
        assert answer.has("pagesCount")
        assert not answer.has("totalItems")

    @pytest.mark.parametrize("name", ["calls", "detailedStat", "pagesCount", "totalItems"])
    def test_what_is_absent_is_not_there(self, name):
        assert not read(b"{}").has(name)


class TestRead:
    @pytest.mark.parametrize(
        "body", [b"", b"null", b"[]", b'"calls"', b"<html>", b'{"calls": [', b"{}{}", b'{"a": NaNs}', b"\xff"]
    )
    def test_what_is_no_object_is_refused(self, body):
        with pytest.raises(msgspec.DecodeError):
            read(body)

    def test_says_where_it_is_broken(self):
        with pytest.raises(msgspec.DecodeError, match="truncated"):
            read(b'{"calls": [{"id": 1}')

    def test_half_a_surrogate_pair_spoils_nothing_else(self):
        answer = read(b'{"message": "cut \\ud83d", "totalItems": 3}')
        assert (answer.message, answer.totalItems) == ("cut \ufffd", 3)

    def test_a_bad_byte_spoils_nothing_else(self):
        calls = b'"calls": [{"id": 12345678901234567890}]'
        body = b'{"message": "caf\xe9 \\u00e9 \\\\ud83d", "totalItems": 3, ' + calls + b"}"
        answer = read(body)
        assert answer.message == "caf\ufffd \u00e9 \\ud83d"
        assert answer.totalItems == 3
        assert page_of(answer).values("id") == [12345678901234567890]

    def test_a_control_character_in_a_string_is_what_it_is(self):
        answer = read(
            b'{\n\t"message": "two\nlines\x00 \\" \n", "calls": [{"tags": "a\x00b"}], "totalItems":\n3}'
        )
        assert (answer.message, answer.totalItems, answer.mended) == ('two\nlines\0 " \n', 3, False)
        assert page_of(answer).values("tags") == ["a\0b"]

    @pytest.mark.parametrize("nested", [b'"caf\xe9"', b'["caf\xe9"]', b'{"caf\xe9": 1}', b'"cut \\ud83d"'])
    def test_also_within_what_is_read_later(self, nested):
        for calls in (b'{"id": 1, "tags": %s}', b'{"id": 1, "new": %s}, 5'):
            (page,) = [page_of(read(b'{"calls": [' + calls % nested + b"]}"))]
            texts = [each for name in ("tags", "extras") for each in page.values(name) if each is not None]
            assert len(texts) == 1
            assert "\ufffd" in texts[0]

    @pytest.mark.parametrize(
        ("body", "mended"),
        [
            (b'{"message": "caf\xc3\xa9 \\ud83d\\ude00"}', False),
            (b'{"message": "caf\xe9"}', True),
            (b'{"message": "cut \\ude00"}', True),
        ],
    )
    def test_says_whether_something_was_no_text(self, body, mended):
        assert read(body).mended is mended

    @pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"Infinity", b"nan", b"-inf", b"undefined"])
    def test_a_number_that_json_lacks_spoils_nothing_else(self, number):
        calls = b'{"id": 1, "talkTime": %s, "label": "is NaN, is -Infinity", "tags": [%s, 2]}' % (
            number,
            number,
        )
        answer = read(b'{"totalItems": 1, "minTalkTime": %s, "calls": [%s]}' % (number, calls))
        page = page_of(answer)
        assert (answer.totalItems, answer.mended) == (1, True)
        assert page.values("label") == ["is NaN, is -Infinity"]
        assert [str(each) for each in page.values("talkTime")] == [number.decode()]

    def test_a_total_that_is_no_number_is_none(self):
        assert page_of(read(b'{"totalItems": NaN, "calls": []}')).total_items is None

    def test_a_mark_of_the_byte_order_is_no_part_of_it(self):
        answer = read(b'\xef\xbb\xbf{"totalItems": 3}')
        assert (answer.totalItems, answer.mended) == (3, False)

    def test_nested_without_end_it_is_refused(self):
        with pytest.raises(msgspec.DecodeError, match="nested deeper than can be read"):
            read(b'{"calls":' + b"[" * 100_000)

    def test_calls_are_as_they_would_be_read_from_the_bytes(self):
        body = b'{"calls": [{"id": 1, "tags": ["x"]}, {"id": 2, "new": 0.5}], "timezone": "Asia/Tokyo"}'
        page, same = page_of(read(body)), read_page(body)
        assert page.timezone == same.timezone == "Asia/Tokyo"
        assert page.values("id") == same.values("id") == [1, 2]
        assert page.values("tags") == same.values("tags") == ['["x"]', None]
        assert page.values("extras") == same.values("extras") == [None, '{"new":0.5}']

    def test_what_another_page_taught_meanwhile_changes_nothing(self):
        reader = AnswerReader()
        kept = reader.read(b'{"calls": [{"id": 1, "talkTime": 3}]}')
        read_page(b'{"calls": [{"talkTime": "3", "taughtMeanwhile": 1}]}', reader)
        page = page_of(kept)
        assert page.values("talkTime") == [3]
        assert page.values("extras") == [None]


class TestAnswerReader:
    SEEN, OTHER = b'{"calls": [{"id": 1, "seen": 1}]}', b'{"calls": [{"id": 2, "other": 1}]}'

    def test_remembers_what_records_had(self):
        reader = AnswerReader()
        for body in (self.SEEN, self.OTHER):
            assert reader.read(body).shape is None  # not as expected
            read_page(body, reader)
            assert reader.read(body).shape is not None
        assert reader.read(self.SEEN).shape.unlisted == ("other", "seen")

    def test_does_not_know_what_another_one_has_seen(self):
        read_page(self.SEEN, AnswerReader())
        assert AnswerReader().read(self.SEEN).shape is None

"""The calls of an answer as columns: records of every shape, and what stands around them."""

from __future__ import annotations

import json

import msgspec
import pytest

from brightcall_pandas.frame import FIELD_NAMES, AnswerReader, consolidate, read_page
from brightcall_pandas.frame._page import page_of_records


def body(*calls: object, **members: object) -> bytes:
    return json.dumps({"success": True, "calls": list(calls)} | members).encode()


class TestReadPage:
    def test_an_absent_field_reads_as_null(self):
        page = read_page(body({"id": 1}, {"id": "2", "label": "x"}))
        assert page.values("id") == [1, "2"]
        assert page.values("label") == [None, "x"]
        assert page.values("tags") == [None, None]
        assert len(page) == 2

    def test_every_field_of_the_article_is_known(self):
        page = read_page(body(dict.fromkeys(FIELD_NAMES, None)))
        assert page.values("extras") == [None]

    def test_nested_values_stay_the_servers_text(self):
        page = read_page(b'{"calls":[{"crmInfo":{"b": 1.10,"a":[]}},{"crmInfo":"[1]"},{"crmInfo":null}]}')
        assert page.values("crmInfo") == ['{"b":1.10,"a":[]}', "[1]", None]

    def test_values_of_several_kinds_stay_apart(self):
        page = read_page(body({"id": True, "label": {"a": 1}}, {"id": 1}, {"id": 2**70}, {"id": 0.5}))
        assert page.values("id") == [True, 1, 2**70, 0.5]
        assert page.values("label") == [{"a": 1}, None, None, None]

    @pytest.mark.parametrize("usual", [7, "7", True, 7.5])
    @pytest.mark.parametrize(
        "odd", [0, -(2**63), 2**63 - 1, 2**63, -(2**70), 2.5, 3.0, "3", "", False, None, [3], {"a": 3}]
    )
    def test_what_earlier_pages_had_changes_no_value(self, usual, odd):
        reader = AnswerReader()
        for values in ([usual, None], [usual, odd], [odd, odd], [usual, usual], [odd, None], [None, None]):
            read = read_page(body(*({"talkTime": value} for value in values)), reader).values("talkTime")
            assert [(each, each is False) for each in read] == [(each, each is False) for each in values]

    def test_unlisted_fields_are_kept_by_row_with_their_nulls(self):
        page = read_page(body({"id": 1, "zeta": None, "Ärger": {"x": [1]}}, {"id": 2}, {"id": 3, "zeta": 7}))
        assert [extra and json.loads(extra) for extra in page.values("extras")] == [
            {"zeta": None, "Ärger": {"x": [1]}},
            None,
            {"zeta": 7},
        ]

    def test_an_unlisted_field_of_one_page_is_absent_from_the_next(self):
        reader = AnswerReader()
        read_page(body({"id": 1, "seenOnce": 1}), reader)
        assert read_page(body({"id": 2}), reader).values("extras") == [None]

    def test_more_unlisted_fields_than_are_remembered_are_kept_all_the_same(self):
        names = [f"odd{n}" for n in range(500)]
        reader = AnswerReader()
        for _ in range(2):
            (extra,) = read_page(body(dict.fromkeys(names, 0)), reader).values("extras")
            assert sorted(json.loads(extra)) == sorted(names)

    @pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "two\nlines", "nul\0", "", "tab\t", "ä ö"])
    def test_an_odd_name_of_a_field_is_kept(self, name):
        calls = [{"id": 1, "plain": 1}, {"id": 2, name: {"x": [1]}, "label": "a", "plain": 2}, {"id": 3}]
        reader = AnswerReader()
        for _ in range(2):  # what a page has taught changes nothing
            page = read_page(body(*calls), reader)
            assert page.values("id") == [1, 2, 3]
            assert page.values("label") == [None, "a", None]
            extras = [each and json.loads(each) for each in page.values("extras")]
            assert extras == [{"plain": 1}, {name: {"x": [1]}, "plain": 2}, None]
            assert page.not_objects == []

    def test_what_is_not_an_object_is_set_apart(self):
        page = read_page(body({"id": 1}, None, 5, [], {"id": 2}))
        assert page.values("id") == [1, 2]
        assert page.not_objects == ["null", "5", "[]"]

    def test_half_a_surrogate_pair_spoils_nothing_else(self):
        page = read_page(
            b'{"calls":[{"id":1,"label":"cut \\ud83d"},{"id":2,"label":"whole \\ud83d\\ude00"}]}'
        )
        assert page.values("label") == ["cut \ufffd", "whole 😀"]

    @pytest.mark.parametrize(
        "text", [b"", b"<html>", b'{"calls":[{"id":1}', b"[]", b'{"calls":{"id":1}}', b'{"calls":7}']
    )
    def test_what_is_no_answer_is_refused(self, text):
        with pytest.raises(msgspec.DecodeError):
            read_page(text)

    def test_no_calls_at_all_is_an_empty_page(self):
        for calls in ("", ',"calls":null', ',"calls":{}', ',"calls":[]'):
            assert len(read_page(f'{{"success":true{calls}}}'.encode())) == 0

    def test_a_list_as_php_may_write_it(self):
        page = read_page(b'{"calls":{"0":{"id":7},"2":{"id":8,"new":[1]}}}')
        assert (page.values("id"), page.values("extras")) == ([7, 8], [None, '{"new":[1]}'])

    def test_many_unlisted_fields_of_different_names(self):
        calls = [{"id": n, f"odd{n}": n, "same": "x"} for n in range(3000)]
        page = read_page(body(*calls))
        assert page.values("id") == list(range(3000))
        assert page.values("extras")[2999] == '{"odd2999":2999,"same":"x"}'

    def test_escaped_and_literal_letters_are_one_text(self):
        literal = {"tags": ["гор", "a/b"], "crmInfo": {"имя": "\u0001 \n"}, "new": {"é": "€"}}
        texts = []
        for escaped in (True, False):
            text = json.dumps({"calls": [literal]}, ensure_ascii=escaped).replace(
                "/", "\\/" if escaped else "/"
            )
            page = read_page(text.encode())
            texts.append([page.values(name) for name in ("tags", "crmInfo", "extras")])
        assert texts[0] == texts[1]
        assert texts[0][0] == ['["гор","a/b"]']

    def test_what_stands_around_the_calls_is_read_leniently(self):
        page = read_page(
            body(totalItems="12", pagesCount=3.0, timezone="Europe/Berlin", tags=["a"], outcomes=None)
        )
        assert (page.total_items, page.pages_count, page.timezone) == (12, 3, "Europe/Berlin")
        assert page.catalog == {"tags": ["a"], "outcomes": [], "projects": []}

    def test_what_makes_no_sense_there_says_nothing(self):
        page = read_page(body(totalItems=True, pagesCount=-1, timezone=5, tags={"a": 1}))
        assert (page.total_items, page.pages_count, page.timezone) == (None, None, None)
        assert page.catalog["tags"] == []


class TestConsolidate:
    def test_every_page_keeps_its_values(self):
        pages = [
            read_page(body({"id": 1, "label": "a", "tags": ["x"], "new": 1}, {"id": 2})),
            read_page(body()),
            read_page(body({"id": 3, "label": 5, "talkTime": 7}, {"id": "four", "label": "b"})),
            read_page(body({"id": 5, "talkTime": 0.5, "new": None})),
        ]
        before = [{name: page.values(name) for name in page.columns} for page in pages]
        consolidate(pages)
        assert [{name: page.values(name) for name in page.columns} for page in pages] == before

    def test_pages_of_one_kind_share_their_memory(self):
        pages = [read_page(body({"label": "a"})), read_page(body({"label": "b"}, {"label": "c"}))]
        consolidate(pages)
        first, second = (page.columns["label"].buffers()[2].address for page in pages)
        assert first == second
        assert pages[1].values("label") == ["b", "c"]


class TestPageOfRecords:
    def test_holds_the_calls(self):
        assert page_of_records([b'{"id":1}', b'{"id":2}']).values("id") == [1, 2]
        assert len(page_of_records([])) == 0

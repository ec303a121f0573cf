"""Pages that are asked for, and answers that belong to another question: asked for again, never taken."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from brightcall_pandas.api import PROFILES
from brightcall_pandas.errors import IncompleteDataError, RequestError
from brightcall_pandas.frame import read_page
from brightcall_pandas.load._pages import PageSource, Refusal
from brightcall_pandas.load._proof import UNKNOWN, Ask
from brightcall_pandas.load._query import Query

DAY = date(2026, 3, 3)


def source(*, padded: bool = False) -> PageSource:
    return PageSource(PROFILES["v1"], Query("v1", {"allUsers": True}, "UTC", padded), DAY, DAY)


def call(number: int, day: int = 3, hour: int = 12) -> dict[str, Any]:
    return {"id": number, "timestamp": f"2026-03-{day:02}T{hour:02}:00:00Z"}


def fetched(
    pages: PageSource, asks: list[Ask], answer: Callable[[dict[str, Any]], Any]
) -> tuple[list[list[str] | Refusal], list[list[int]]]:
    """Return the ids of each answer, or the refusal; and which pages each round of requests asked for."""
    task = pages.fetch(asks)
    requests, rounds = next(task), []
    while True:
        rounds.append([each.body["page"] for each in requests])
        answers = []
        for each in requests:
            said = answer(each.body)
            ask = Ask(each.body["page"], each.body["itemsPerPage"], each.body["sortDirection"])
            answers.append(
                Refusal(ask, said)
                if isinstance(said, RequestError)
                else pages.slice_of(read_page(json.dumps(said).encode()), ask, "", 0)
            )
        try:
            requests = task.send(answers)
        except StopIteration as end:
            return [each if isinstance(each, Refusal) else each.ids for each in end.value], rounds


class TestFetch:
    ASKS = [Ask(1, 10), Ask(2, 10), Ask(1, 10, "DESC")]

    def test_answers_come_in_the_order_of_the_questions(self):
        ids, rounds = fetched(
            source(), self.ASKS, lambda body: {"calls": [call(body["page"])], "page": body["page"]}
        )
        assert (ids, rounds) == ([["1"], ["2"], ["1"]], [[1, 2, 1]])

    def test_what_is_asked(self):
        bodies = []
        fetched(source(), [Ask(2, 50, "DESC")], lambda body: bodies.append(body) or {"calls": []})
        assert bodies == [
            {
                "allUsers": True,
                "dayFrom": "2026-03-03",
                "dayTo": "2026-03-03",
                "page": 2,
                "itemsPerPage": 50,
                "sortBy": "timestamp",
                "sortDirection": "DESC",
            }
        ]

    def test_a_refusal_is_an_answer(self):
        error = RequestError("no")
        ids, rounds = fetched(source(), [Ask(1, 10)], lambda _: error)
        assert (ids, rounds) == ([Refusal(Ask(1, 10), error)], [[1]])


class TestOtherQuestions:
    def test_an_answer_of_another_day_is_asked_for_again(self):
        answers = iter([{"calls": [call(8, day=5), call(9, day=5)]}, {"calls": [call(1)]}])
        assert fetched(source(), [Ask(1, 10)], lambda _: next(answers)) == ([["1"]], [[1], [1]])

    def test_so_is_one_of_another_page_and_no_other_one(self):
        said = {1: iter([1]), 2: iter([1, 2])}
        ids, rounds = fetched(
            source(),
            [Ask(1, 10), Ask(2, 10)],
            lambda body: {"calls": [call(body["page"])], "page": next(said[body["page"]])},
        )
        assert (ids, rounds) == ([["1"], ["2"]], [[1, 2], [2]])

    def test_an_empty_page_may_name_any_other(self):
        pages = source()
        assert fetched(pages, [Ask(3, 10)], lambda _: {"calls": [], "page": 1}) == ([[]], [[3]])
        assert fetched(pages, [Ask(2, 10)], lambda _: {"calls": [call(1)], "page": 1})[1] == [[2], [2]]

    def test_what_comes_again_is_believed(self):
        strays = {"calls": [call(1), call(2, day=4, hour=1)]}
        assert fetched(source(), [Ask(1, 10)], lambda _: strays) == ([["1", "2"]], [[1], [1]])

    def test_what_differs_each_time_is_asked_for_twice(self):
        number = itertools.count()
        ids, rounds = fetched(
            source(), [Ask(1, 10)], lambda _: {"calls": [call(1), call(next(number), day=5)]}
        )
        assert (ids, rounds) == ([["1", "2"]], [[1], [1], [1]])

    def test_a_day_has_its_first_midnight_and_not_its_last(self):
        first, last = {"calls": [call(1, hour=0)]}, {"calls": [call(1), call(2, day=4, hour=0)]}
        assert fetched(source(), [Ask(1, 10)], lambda _: first)[1] == [[1]]
        assert fetched(source(), [Ask(1, 10)], lambda _: last)[1] == [[1], [1]]

    def test_calls_without_a_time_belong_to_any_day(self):
        untimed = {"calls": [call(1), {"id": 2, "timestamp": "noon"}, {"id": 3}]}
        assert fetched(source(), [Ask(1, 10)], lambda _: untimed) == ([["1", "2", "3"]], [[1]])

    def test_a_server_that_counts_pages_otherwise_is_asked_twice_once(self):
        pages = source()

        def from_zero(body: dict[str, Any]) -> dict[str, Any]:
            return {"calls": [call(body["page"])], "page": body["page"] - 1}

        assert fetched(pages, [Ask(1, 10)], from_zero)[1] == [[1], [1]]
        assert fetched(pages, [Ask(2, 10)], from_zero) == ([["2"]], [[2]])

    def test_nothing_but_calls_of_other_days_is_an_error(self):
        with pytest.raises(IncompleteDataError, match=r"of 2026-03-03, page 1 .* calls of other days only"):
            fetched(source(), [Ask(1, 10)], lambda _: {"calls": [call(1, day=6), call(2, day=7)]})

    @pytest.mark.parametrize("calls", [[call(1, day=6)], [call(1, day=6), call(2)]])
    def test_a_single_one_may_be_dated_wrongly(self, calls):
        assert fetched(source(), [Ask(1, 10)], lambda _: {"calls": calls})[1] == [[1], [1]]

    @pytest.mark.parametrize("year", [1970, 2067])
    def test_an_absurd_time_says_nothing(self, year):
        absurd = [{"id": n, "timestamp": f"{year}-03-03T12:00:00Z"} for n in (1, 2)]
        assert fetched(source(), [Ask(1, 10)], lambda _: {"calls": absurd})[0] == [["1", "2"]]

    def test_days_around_are_no_others_where_they_are_asked_for(self):
        around = {"calls": [call(1, day=2), call(2, day=4)]}
        assert fetched(source(padded=True), [Ask(1, 10)], lambda _: around)[1] == [[1]]
        assert fetched(source(), [Ask(1, 10)], lambda _: around)[1] == [[1], [1]]


def test_a_time_more_than_a_day_outside_is_written_and_not_believed():
    times = ["01T23:59:59.999999", "02T00:00:00", "04T23:59:59.999999", "05T00:00:00"]
    calls = [{"id": n, "timestamp": f"2026-03-{time}Z"} for n, time in enumerate(times)]
    made = source().slice_of(read_page(json.dumps({"calls": calls}).encode()), Ask(1, 10), "", 0)
    assert (made.stamps != UNKNOWN).tolist() == [False, True, True, False]
    assert (made.written != UNKNOWN).all()


class TestCount:
    def test_asks_the_endpoint_that_counts(self):
        pages = PageSource(PROFILES["v3"], Query("v3", {"types": [1]}, "UTC", False), DAY, DAY)
        task = pages.count()
        (request,) = next(task)
        sent = {"page": 1, "itemsPerPage": 1, "types": [1], "dayFrom": "2026-03-03", "dayTo": "2026-03-03"}
        assert request.body == sent
        assert request.about == "number of calls of 2026-03-03"
        with pytest.raises(StopIteration) as end:
            task.send([7])
        assert end.value.value == 7

    def test_where_there_is_one(self):
        with pytest.raises(StopIteration) as end:
            next(source().count())
        assert end.value.value is None


class TestSources:
    def test_more_days(self):
        wider = source().of([DAY], before=1, after=2)
        assert (wider.body["dayFrom"], wider.body["dayTo"]) == ("2026-03-02", "2026-03-05")

    def test_one_type_or_one_type_and_state(self):
        assert source().narrowed(1).body["types"] == [1]
        assert "states" not in source().narrowed(1).body
        assert {"types": [1], "states": [2]}.items() <= source().narrowed(1, 2).body.items()

    @pytest.mark.parametrize("body", [{"types": [0]}, {"states": [0]}, {"categories": ["a"]}])
    def test_none_where_the_query_has_either(self, body):
        narrow = PageSource(PROFILES["v1"], Query("v1", body, "UTC", False), DAY, DAY)
        assert narrow.narrowed(1) is None

    def test_bounds_are_midnights_of_the_zone(self):
        berlin = PageSource(PROFILES["v1"], Query("v1", {}, "Europe/Berlin", False), DAY, DAY)
        low, high = berlin.bounds([date(2026, 3, 28), date(2026, 3, 29)])  # of 24 and 23 hours
        assert high - low == 47 * 3_600_000_000
        assert low == 1_774_652_400 * 1_000_000  # 2026-03-27T23:00Z

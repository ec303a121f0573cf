"""The proof of completeness against a list that changes while it is read.

`Listing` is the model: a list sorted by time, of which a page is a contiguous stretch at one moment. The
same laws are checked through HTTP in ``tests/load/test_completeness.py``.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.api import Task
from brightcall_pandas.frame import Page, read_page
from brightcall_pandas.load._facts import ServerFacts
from brightcall_pandas.load._pages import WindowPages, slice_of
from brightcall_pandas.load._plan import Choices, farthest, plan
from brightcall_pandas.load._proof import (
    DAY_MICROS,
    NEWEST_FIRST,
    OBEYED,
    Ask,
    Slice,
    cover,
    distinct_rows,
    observed_order,
    order_unit,
)
from brightcall_pandas.load._reading import first_pages, read_window

KNOWN = ServerFacts(step=1, order=OBEYED, most_rows=500, first_page=1)


class Listing:
    """A server's list: rows are (time, id); `change` runs before each page."""

    def __init__(
        self,
        rows: Sequence[tuple[int, int]],
        change: Callable[[Listing], None] = lambda _: None,
        *,
        cap: int | None = None,
        total: Callable[[int], int | None] = lambda n: n,
        shuffle_ties: random.Random | None = None,
        pages_count: int | None = None,
    ) -> None:
        self.rows = list(rows)
        self.ever = set(rows)
        self.always = set(rows)
        self.change = change
        self.cap = cap
        self.total = total
        self.ties = shuffle_ties
        self.pages_count = pages_count
        self.asked: list[Ask] = []

    def insert(self, row: tuple[int, int]) -> None:
        if row not in self.ever:
            self.rows.append(row)
            self.ever.add(row)

    def delete(self, row: tuple[int, int]) -> None:
        if row in self.rows:
            self.rows.remove(row)
            self.always.discard(row)

    def fetch(self, asks: Sequence[Ask]) -> Task[list[Slice]]:
        slices = [self._page(ask) for ask in asks]
        yield []  # no request is needed
        return slices

    def type_totals(self) -> Task[list[int | None]]:
        """Return the totals of three types; a row's type is its number by 3."""
        yield []
        return [self.total(sum(number % 3 == each for _, number in self.rows)) for each in range(3)]

    def _page(self, ask: Ask) -> Slice:
        assert ask.direction in ("ASC", "DESC")
        if self.asked:
            self.change(self)
        self.asked.append(ask)
        tie = self.ties.random if self.ties else lambda: 0
        sign = -1 if ask.direction == "DESC" else 1
        ordered = sorted(self.rows, key=lambda row: (sign * row[0], tie(), sign * row[1]))
        size = min(ask.size, self.cap or ask.size)
        rows = ordered[(ask.number - 1) * size :][:size]
        page = Page({}, len(rows), pages_count=self.pages_count)
        stamps = np.array([time * 60_000_000 for time, _ in rows], dtype=np.int64)  # a minute apart
        return Slice(ask, page, [str(each) for _, each in rows], stamps, self.total(len(self.rows)))


def result(task: Task[Any]) -> Any:
    """Run a task whose pages come without a request."""
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value


def ids_read(
    listing: Listing, limit: int, count: int | None = None, facts: ServerFacts | None = None
) -> tuple[list[int], str]:
    """Return the ids in order, and the proof; empty when there is none."""
    read = result(read_window(listing.fetch, limit, facts, count=count, type_totals=listing.type_totals))
    ids = [row for each in read.slices for row in each.ids]
    positions, _ = read.latest_rows()
    assert read.complete == (not read.problem)
    return [int(ids[position]) for position in positions], read.proof


class TestReadWindow:
    def test_one_page_that_holds_all_is_read_from_both_ends(self):
        listing = Listing([(n, n) for n in range(30)])
        assert ids_read(listing, 500, facts=KNOWN) == (list(range(30)), "one page")
        assert listing.asked == [Ask(1, 500), Ask(1, 500, "DESC")]

    def test_one_page_is_enough_where_totals_are_known_to_be_exact(self):
        listing = Listing([(n, n) for n in range(30)])
        facts = dataclasses.replace(KNOWN, exact_totals=True)
        assert ids_read(listing, 500, facts=facts) == (list(range(30)), "one page")
        assert listing.asked == [Ask(1, 500)]

    def test_at_first_contact_small_pages_show_whether_the_direction_is_obeyed(self):
        listing = Listing([(n, n) for n in range(30)])
        assert ids_read(listing, 500)[0] == list(range(30))
        assert listing.asked[2:] == [Ask(1, 10), Ask(2, 10), Ask(1, 10, "DESC")]

    def test_an_empty_window_costs_three_pages(self):
        listing = Listing([])
        assert ids_read(listing, 500) == ([], "one page")
        assert [each.number for each in listing.asked] == [1, 1, 0]  # does it count pages from 0?

    def test_an_empty_window_without_a_total_is_not_believed(self):
        assert ids_read(Listing([], total=lambda _: None), 500) == ([], "")
        assert ids_read(Listing([], total=lambda _: None), 500, 0) == ([], "one page")  # counted elsewhere

    @pytest.mark.parametrize(("total", "hint"), [(5, None), (None, 5), (5, 5)])
    def test_rows_that_are_counted_and_never_shown_are_no_empty_window(self, total, hint):
        assert ids_read(Listing([], total=lambda _: total), 500, hint) == ([], "")

    def test_a_list_that_stands_still_costs_hardly_more_than_its_pages(self):
        listing = Listing([(n, n) for n in range(6600)])
        assert ids_read(listing, 500) == (list(range(6600)), "overlap")
        assert len(listing.asked) <= 16  # 13.2 full pages

    def test_rows_come_in_order_of_time_then_number(self):
        listing = Listing([(5, 10), (5, 9), (1, 30)])
        assert ids_read(listing, 10)[0] == [30, 9, 10]

    def test_a_row_that_moves_out_of_sight_between_two_pages_is_still_found(self):
        # A balanced insertion and deletion: the total stays at 100, and plain paging would lose row 50.
        def swap(listing: Listing) -> None:
            listing.delete((0, 0))
            listing.insert((1000, 1000))

        listing = Listing([(n, n) for n in range(100)], swap)
        ids, proof = ids_read(listing, 50)
        assert proof == "overlap"
        assert set(range(1, 100)) <= set(ids)

    def test_a_silently_cut_page_size_loses_nothing(self):
        listing = Listing([(n, n) for n in range(730)], cap=100)
        assert ids_read(listing, 500) == (list(range(730)), "overlap")

    def test_a_silently_cut_page_size_without_totals_loses_nothing(self):
        listing = Listing([(n, n) for n in range(730)], cap=100, total=lambda _: None)
        assert ids_read(listing, 500) == (list(range(730)), "overlap")

    def test_a_short_page_without_a_total_is_all_only_below_the_smallest_cap(self):
        alone = Listing([(n, n) for n in range(9)], total=lambda _: None)
        assert ids_read(alone, 500) == (list(range(9)), "one page")
        assert [each.number for each in alone.asked] == [1, 1, 0]  # does it count pages from 0?
        capped = Listing([(n, n) for n in range(25)], cap=10, total=lambda _: None)
        ids, proof = ids_read(capped, 500)
        assert proof != "one page"
        assert proof == "" or ids == list(range(25))

    @pytest.mark.parametrize(("hint", "pages"), [(6, None), (40, None), (None, 2), (None, 8), (5, 2), (6, 1)])
    def test_nor_where_anything_that_was_counted_says_more(self, hint, pages):
        listing = Listing([(n, n) for n in range(40)], cap=5, total=lambda _: None, pages_count=pages)
        ids, proof = ids_read(listing, 500, hint)
        assert proof != "one page"
        assert proof == "" or ids == list(range(40))

    def test_the_number_of_pages_takes_nothing_from_a_list_that_has_as_many(self):
        listing = Listing([(n, n) for n in range(730)], total=lambda _: None, pages_count=2)
        assert ids_read(listing, 500) == (list(range(730)), "overlap")

    @pytest.mark.parametrize(("count", "proof"), [(30, "one page"), (31, ""), (29, "one page")])
    def test_of_a_longer_list_only_rows_of_the_window_are_held_against_the_count(self, count, proof):
        listing = Listing([(n, n) for n in range(90)])
        bounds = (30 * 60_000_000, 60 * 60_000_000)  # row 60 is the first of the next window
        read = result(read_window(listing.fetch, 500, KNOWN, count=count, bounds=bounds))
        assert (read.proof, read.wide) == (proof, True)

    @pytest.mark.parametrize("cap", [2, 3, 7, 10])
    def test_pages_too_small_to_overlap_are_stitched_or_settled_by_totals(self, cap):
        listing = Listing([(n, n) for n in range(240)], cap=cap)
        ids, proof = ids_read(listing, 500)
        assert (ids, proof in ("overlap", "total")) == (list(range(240)), True)

    def test_totals_settle_nothing_that_the_types_do_not_add_up_to(self):
        listing = Listing([(n, n) for n in range(240)], cap=2)
        assert ids_read(listing, 500)[1] == "total"
        # Capped, it agrees with the rows that can be read, and the types tell that there are more.
        capped = Listing([(n, n) for n in range(240)], cap=2, total=lambda n: min(n, 130))
        assert ids_read(capped, 500)[1] == ""

    @pytest.mark.parametrize("by", [-730, -8, -7, -1, 1, 7, 8])
    @pytest.mark.parametrize("rows", [728, 730])  # pages of seven that are all full, and not
    def test_a_wrong_total_settles_nothing(self, rows, by):
        listing = Listing([(n, n) for n in range(rows)], cap=7, total=lambda n: max(0, n + by))
        ids, proof = ids_read(listing, 500)
        assert proof in (("", "overlap") if by < 0 else ("",))
        assert not proof or ids == list(range(rows))

    def test_pages_too_small_to_overlap_settle_nothing_while_rows_come(self):
        new = itertools.count(1000)
        listing = Listing([(n, n) for n in range(240)], lambda it: it.insert(2 * (next(new),)), cap=2)
        ids, proof = ids_read(listing, 500)
        assert proof != "total"
        assert not proof or set(range(240)) <= set(ids)

    def test_a_total_that_agrees_with_the_rows_once_may_do_so_by_chance(self):
        # Before the 14th page two rows vanish and two come. The total stays at 15, and 15 distinct rows have
        # been seen: two that are gone make up for one that came unseen, and for row 10, which has moved out
        # of sight. Only a further walk shows that.
        def swap(listing: Listing) -> None:
            if len(listing.asked) == 13:
                for gone in (1, 9):
                    listing.delete((10 * gone, gone))
                for time, new in ((205, 1000), (145, 1001)):
                    listing.insert((time, new))

        listing = Listing([(10 * n, n) for n in range(15)], swap, cap=3)
        ids, proof = ids_read(listing, 500)
        assert not proof or {number for _, number in listing.always} <= set(ids)

    def test_a_total_that_is_too_small_loses_nothing(self):
        listing = Listing([(n, n) for n in range(1030)], total=lambda n: n - 30)
        assert ids_read(listing, 500) == (list(range(1030)), "overlap")

    def test_a_total_that_stays_greater_than_the_rows_accuses_the_pages(self):
        listing = Listing([(n, n) for n in range(1030)], total=lambda n: n + 7)
        assert ids_read(listing, 500) == (list(range(1030)), "")

    def test_rows_that_each_reading_lacks_are_told(self):
        def read(more: Callable[[Listing], int]) -> WindowPages:
            listing = Listing([(n, n) for n in range(1030)])
            listing.total = lambda n: n + more(listing)
            return result(read_window(listing.fetch, 500, type_totals=listing.type_totals))

        same = read(lambda _: 7)
        assert same.problem.startswith("7 rows are lacking")
        assert "may count calls that it never shows" in same.problem
        assert (same.proof, same.final, same.walks) == ("", True, 3)  # no other way would find them
        fewer = read(lambda listing: 12 if len(listing.asked) <= 5 else 7)
        assert "rows are lacking" in fewer.problem
        assert (fewer.proof, fewer.final) == ("", False)

    def test_first_pages_say_nothing_of_totals(self):
        listing = Listing([(n, n) for n in range(433)])
        pages, learnt = result(first_pages(listing.fetch, 100, ServerFacts()))
        assert [each.ask for each in pages] == [Ask(1, 100), Ask(1, 100, "DESC")]
        assert "exact_totals" not in learnt
        alone, _ = result(first_pages(listing.fetch, 100, ServerFacts(exact_totals=True)))
        assert [each.ask for each in alone] == [Ask(1, 100)]

    @pytest.mark.parametrize(
        ("left_out", "proof", "walks"),
        [
            ([None, None, None, None], "total", 3),  # one reading, and two walks that agree
            ([None, 5, None, 5], "", 5),
            ([5, 7, None, 9], "", 5),
            ([5, 5, None, None], "total", 5),  # two that agree, and lack the same row; then two with all
        ],
    )
    def test_two_walks_in_a_row_have_to_show_all_rows(self, left_out, proof, walks):
        class Forgetful(Listing):
            walk = -1

            def fetch(self, asks: Sequence[Ask]) -> Task[list[Slice]]:
                self.walk += len(asks) == 11  # pages of two rows, and one behind the last
                return super().fetch(asks)

            def _page(self, ask: Ask) -> Slice:
                each = super()._page(ask)
                gone = left_out[self.walk] if self.walk >= 0 else None
                there = [n for n, row in enumerate(each.ids) if row != str(gone)]
                return dataclasses.replace(each, ids=[each.ids[n] for n in there], stamps=each.stamps[there])

        listing = Forgetful([(n, n) for n in range(20)], cap=2)
        read = result(read_window(listing.fetch, 500, type_totals=listing.type_totals))
        assert (read.proof, read.walks) == (proof, walks)
        one, other = (
            {ask.direction for ask in asks} for asks in (listing.asked[-22:-11], listing.asked[-11:])
        )
        assert one ^ other == {"ASC", "DESC"}  # so that both do not err at the same place

    def test_walks_that_agree_with_a_total_settle_nothing_where_more_was_seen(self):
        class Shrinking(Listing):
            def _page(self, ask: Ask) -> Slice:
                each = super()._page(ask)
                if len(self.asked) <= 2 or "19" not in each.ids:
                    return each
                there = [n for n, row in enumerate(each.ids) if row != "19"]  # shown on the first pages only
                return dataclasses.replace(each, ids=[each.ids[n] for n in there], stamps=each.stamps[there])

            def type_totals(self) -> Task[list[int | None]]:
                yield []
                return [7, 6, 6]

        listing = Shrinking([(n, n) for n in range(20)], cap=2, total=lambda n: n - 1)
        assert ids_read(listing, 500, facts=ServerFacts(first_page=1)) == (list(range(20)), "")

    @pytest.mark.parametrize(("rows", "pages", "learnt"), [(970, 2, None), (1400, 3, True)])
    def test_totals_are_believed_once_the_direction_was_seen_as_well(self, rows, pages, learnt):
        listing = Listing([(n, n) for n in range(rows)])
        read = result(read_window(listing.fetch, 500, KNOWN))
        assert (read.proof, len(read.slices)) == ("overlap", pages)
        assert read.learnt.get("exact_totals") is learnt

    def test_nor_after_a_reading_that_lacked_rows(self):
        class Forgetful(Listing):
            def _page(self, ask: Ask) -> Slice:
                each = super()._page(ask)
                if len(self.asked) > 3 or "600" not in each.ids:
                    return each
                there = [n for n, row in enumerate(each.ids) if row != "600"]
                return dataclasses.replace(each, ids=[each.ids[n] for n in there], stamps=each.stamps[there])

        listing = Forgetful([(n, n) for n in range(1400)])
        read = result(read_window(listing.fetch, 500, KNOWN, type_totals=listing.type_totals))
        assert (read.proof, read.walks) == ("overlap", 2)
        assert "exact_totals" not in read.learnt

    def test_totals_that_change_are_not_constant(self):
        class Changing(Listing):
            def type_totals(self) -> Task[list[int | None]]:
                yield []
                return [1037, 1040, 1037]

        listing = Changing([(n, n) for n in range(1030)])
        listing.total = lambda n: n + (7 if len(listing.asked) <= 4 else 10)
        read = result(read_window(listing.fetch, 500, KNOWN, type_totals=listing.type_totals))
        assert {each.total for each in read.slices} == {1037, 1040}
        assert read.proof == ""
        assert "constant_totals" not in read.learnt

    def test_totals_of_types_that_cannot_be_asked_for_excuse_nothing(self):
        listing = Listing([(n, n) for n in range(1030)], total=lambda n: n + 7)
        assert result(read_window(listing.fetch, 500)).proof == ""

    def test_more_rows_of_one_time_than_fit_a_page_are_settled_in_one_large_page(self):
        listing = Listing([(7, n) for n in range(300)], shuffle_ties=random.Random(1))
        assert ids_read(listing, 50) == (list(range(300)), "one page")

    def test_more_rows_of_one_time_than_any_page_holds_are_not_called_complete_unless_all_came(self):
        for seed in range(20):
            listing = Listing([(7, n) for n in range(300)], cap=50, shuffle_ties=random.Random(seed))
            ids, proof = ids_read(listing, 50)
            assert proof in ("", "total")
            assert not proof or ids == list(range(300))

    def test_no_order_at_all_is_not_taken_for_one(self):
        rng = random.Random(3)

        class Unsorted(Listing):
            def _page(self, ask: Ask) -> Slice:
                each = super()._page(ask)
                rng.shuffle(each.ids)
                object.__setattr__(each, "stamps", np.array([int(row) for row in each.ids], dtype=np.int64))
                each.__post_init__()
                return each

        assert ids_read(Unsorted([(n, n) for n in range(300)]), 50) == (list(range(300)), "one page")


class TestDistinctRows:
    def test_copies_inside_of_an_answer_count_and_others_do_not(self):
        twins, later = shown("ASC", 1, [1, 1, 2], 3), shown("ASC", 2, [1, 2, 2], 3)
        assert distinct_rows([twins]) == 3
        assert distinct_rows([twins, later]) == distinct_rows([later, twins]) == 4

    def test_until_a_time(self):
        pages = [shown("ASC", 1, [1, 2, 3], 3), shown("ASC", 2, [3, 4, 4], 3)]
        assert [distinct_rows(pages, until) for until in (0, 2, 3, 4)] == [0, 2, 3, 5]


rows = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 10_000)), max_size=120, unique_by=lambda row: row[1]
)
edits = st.lists(
    st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(0, 10_000)), max_size=6), max_size=60
)


@given(
    rows,
    edits,
    st.integers(4, 30),
    st.sampled_from(["exact", "none", "wrong"]),
    st.booleans(),
    st.integers(0, 9),
)
@settings(max_examples=400, deadline=None)
def test_whatever_changes_meanwhile_a_complete_read_lost_nothing(rows, edits, limit, totals, ties, seed):
    pending = iter(edits)

    def change(listing: Listing) -> None:
        for adds, time, number in next(pending, []):
            if adds and number not in {each for _, each in listing.ever}:
                listing.insert((time, number))
            elif not adds and listing.rows:
                listing.delete(listing.rows[number % len(listing.rows)])

    total = {"exact": lambda n: n, "none": lambda _: None, "wrong": lambda n: n + seed - 4}[totals]
    listing = Listing(rows, change, total=total, shuffle_ties=random.Random(seed) if ties else None)
    ids, proof = ids_read(listing, limit)
    assert len(ids) == len(set(ids))
    assert set(ids) <= {number for _, number in listing.ever}
    # "total" is the last resort where no proof can be had; docs/completeness.md says what it is worth.
    if proof in ("one page", "overlap"):
        assert {number for _, number in listing.always} <= set(ids)


@given(rows, st.integers(4, 30), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_window_that_stands_still_is_returned_exactly(rows, limit, ties):
    listing = Listing(rows, shuffle_ties=random.Random(0) if ties else None)
    ids, proof = ids_read(listing, limit)
    assert proof
    assert sorted(ids) == sorted(number for _, number in rows)


def page_slice(*calls: object, number: int = 1, total: int | None = None) -> Slice:
    """Return what a page of these calls shows."""
    answer = {"calls": calls, "timezone": "Europe/Berlin"} | ({} if total is None else {"totalItems": total})
    return slice_of(read_page(json.dumps(answer).encode()), Ask(number, 500), "", 0, "UTC")


class TestWindowPages:
    OLD = page_slice(
        {"id": 1, "timestamp": "2026-03-03T12:00:00Z"},
        {"id": 2, "timestamp": "2026-03-03T13:00:00Z"},
        total=2,
    )
    NEW = page_slice(
        {"id": 2, "timestamp": "2026-03-03T11:00:00Z"},
        {"id": 3, "timestamp": "2026-03-03T14:00:00Z"},
        total=3,
    )

    def test_of_a_row_that_was_read_twice_the_later_reading_counts(self):
        positions, stamps = WindowPages([self.OLD, self.NEW]).latest_rows()
        assert positions.tolist() == [2, 0, 3]
        assert stamps.astype("datetime64[us]").astype(str).tolist() == [
            "2026-03-03T11:00:00.000000",
            "2026-03-03T12:00:00.000000",
            "2026-03-03T14:00:00.000000",
        ]
        assert WindowPages([self.NEW, self.OLD]).latest_rows()[0].tolist() == [2, 3, 1]

    def test_rows_that_belong_to_other_days_are_left_out(self):
        read = WindowPages([self.OLD, self.NEW], left_out={"2"})
        assert read.latest_rows()[0].tolist() == [0, 3]

    def test_copies_and_the_last_total(self):
        read = WindowPages([self.OLD, self.NEW])
        assert (read.duplicates, read.expected) == (1, 3)
        without = page_slice({"id": 4, "timestamp": "2026-03-03T15:00:00Z"})
        assert WindowPages([self.NEW, self.OLD, without]).expected == 2
        assert WindowPages([without]).expected is None

    def test_no_pages(self):
        positions, stamps = WindowPages().latest_rows()
        assert (len(positions), len(stamps)) == (0, 0)


class TestSliceOf:
    def test_an_hour_that_comes_twice_is_settled_by_the_unique_id(self):
        # 02:30 on October 25 is 00:30 UTC in summer time, and 01:30 UTC in winter time.
        summer, winter = 1792888200, 1792891800
        calls = [
            {"id": n, "timestamp": "2026-10-25T02:30:00", "uniqueId": f"{epoch}.1"}
            for n, epoch in enumerate((summer, winter))
        ]
        assert page_slice(*calls).stamps.tolist() == [summer * 1_000_000, winter * 1_000_000]

    def test_what_stands_where_a_row_should_be_is_counted_as_the_server_counts(self):
        made = page_slice({"id": 1, "timestamp": "2026-03-03T12:00:00Z"}, "odd", None, number=2)
        assert (made.ids, made.rows) == (["1"], 3)

    def test_a_time_that_cannot_be_read_is_not_part_of_the_order(self):
        made = page_slice(
            {"id": 1, "timestamp": "2026-03-03T12:00:00Z"},
            {"id": 2, "timestamp": "noon"},
            {"id": 3, "timestamp": "2026-03-03T12:00:00Z"},
        )
        assert made.ordered
        assert (made.rows, len(made.known)) == (3, 2)

    def test_a_time_more_than_a_day_outside_is_none(self):
        low, high = 10 * DAY_MICROS, 11 * DAY_MICROS
        first, last = low - DAY_MICROS, high + DAY_MICROS - 1
        made = shown("ASC", 1, [first - 1, first, low, last, last + 1])
        assert made.times((low, high)).tolist() == [first, low, last]
        assert len(made.times(None)) == 5


class TestFarthest:
    def test_begins_at_or_before_and_ends_as_far_as_it_can(self):
        assert farthest(492, 500) == Ask(2, 492)  # rows 492 to 983; a page of 500 would begin at 500
        assert farthest(0, 500) == Ask(1, 500)

    @given(st.integers(0, 5000), st.integers(1, 600))
    def test_contains_the_start(self, start, limit):
        ask = farthest(start, limit)
        assert ask.start <= start < ask.end
        assert 1 <= ask.size <= limit


class TestPlan:
    ANY = Choices(tuple(range(1, 501)))

    def test_pages_overlap_and_lead_past_the_end(self):
        asks = plan(492, 6600, self.ANY)
        ends = [500, *(ask.end for ask in asks)]
        assert all(ask.start < end for ask, end in zip(asks, ends, strict=False))
        assert ends[-1] > 6600

    def test_nothing_is_left_to_ask_for_at_the_end(self):
        assert plan(300, 299, self.ANY) == []

    def test_pages_from_the_other_end_lie_across_the_seams_of_a_listed_size(self):
        # Of 1,037 rows the seventh page of 100 from the end has rows 337 to 437, the sixth 437 to 537.
        listed = Choices((500, 100), ("ASC", "DESC"))
        assert plan(492, 999, listed, 1037) == [Ask(6, 100, "DESC"), Ask(2, 500)]

    def test_beyond_a_depth_pages_are_counted_from_the_other_end(self):
        deep = Choices((500,), ("ASC", "DESC"), depth=1000)
        assert plan(995, 1400, deep, 1700) == [Ask(2, 500, "DESC"), Ask(1, 500, "DESC")]


def shown(
    direction: str, number: int, times: Sequence[int], size: int = 3, total: int | None = None
) -> Slice:
    stamps = np.array(times, dtype=np.int64)
    ask = Ask(number, size, direction)  # type: ignore[arg-type]
    return Slice(ask, Page({}, len(times)), [str(time) for time in times], stamps, None)


class TestCover:
    def test_pages_that_only_touch_prove_nothing_between_them(self):
        pages = [shown("ASC", 1, [1, 2, 3]), shown("ASC", 2, [4, 5, 6]), shown("DESC", 1, [8, 7, 5])]
        state = cover(pages, OBEYED, 1)
        assert (len(state.chains), state.begun, state.ended, state.complete) == (2, True, True, False)

    def test_sharing_only_rows_of_the_last_time_is_not_enough(self):
        # Another row of time 3 could have stood before the shared one, and after it when the next was read.
        pages = [shown("ASC", 1, [1, 2, 3]), shown("DESC", 1, [4, 3])]
        assert not cover(pages, OBEYED, 1).complete

    def test_pages_that_overlap_lead_from_one_end_to_the_other(self):
        pages = [shown("ASC", 1, [1, 2, 3]), shown("ASC", 2, [2, 3, 4]), shown("DESC", 1, [5, 4, 3])]
        assert cover(pages, OBEYED, 1).complete
        assert not cover(pages[:2], OBEYED, 1).ended
        assert not cover(pages[1:], OBEYED, 1).begun

    def test_a_page_sorted_against_what_was_asked_for_witnesses_nothing(self):
        pages = [shown("ASC", 1, [3, 2, 1]), shown("DESC", 1, [3, 2, 1])]
        assert not cover(pages, OBEYED, 1).complete

    def test_rows_of_neighbouring_days_witness_the_ends(self):
        pages = [shown("ASC", 2, [8, 11, 15]), shown("ASC", 3, [12, 17, 21])]
        assert cover(pages, NEWEST_FIRST, 1, (10, 20)).complete
        assert not cover(pages, NEWEST_FIRST, 1, (10, 30)).complete
        assert not cover(pages, NEWEST_FIRST, 1, (8, 20)).complete
        assert cover(pages, NEWEST_FIRST, 1, (9, 21)).complete  # the unit before, and the one after
        assert not cover(pages, NEWEST_FIRST, 1, (9, 22)).complete

    def test_a_page_that_proves_nothing_takes_nothing_from_the_others(self):
        whole = [shown("ASC", 1, [1, 2, 3]), shown("DESC", 1, [5, 4, 2])]
        for useless in ([], [1, 9, 2], [4]):
            assert cover([shown("ASC", 3, useless), *whole], OBEYED, 1).complete

    def test_a_chain_of_another_day_ends_nothing(self):
        pages = [shown("ASC", 1, [11, 12, 13]), shown("DESC", 1, [95, 94, 93])]
        assert not cover(pages, OBEYED, 1, (10, 20)).complete


class TestOrder:
    def test_a_finer_unit_is_believed_where_it_decided_often(self):
        times = np.arange(0, 600, 30) * 1_000_000  # two calls a minute
        assert order_unit([shown("ASC", 1, times)]) == 1_000_000
        assert order_unit([shown("ASC", 1, times[:10])]) == 60_000_000
        by_two = [shown("ASC", 1 + n, times[2 * n : 2 * n + 2], 2) for n in range(10)]
        assert order_unit(by_two) == 1_000_000
        assert order_unit([shown("DESC", 1, times[::-1])]) == 1_000_000
        swapped = times.reshape(-1, 2)[:, ::-1].ravel()
        assert order_unit([shown("ASC", 1, swapped)]) == 60_000_000

    def test_the_direction_is_seen_beyond_the_first_pages(self):
        early, late = shown("ASC", 1, range(10), 10), shown("DESC", 1, range(99, 89, -1), 10)
        assert observed_order([early, late], 1) is None
        assert observed_order([early, late, shown("ASC", 2, range(10, 20), 10)], 1) == OBEYED

    def test_rows_of_one_time_show_no_direction(self):
        def ties(direction: str, number: int, first: int) -> Slice:
            each = shown(direction, number, [5] * 10, 10)
            return dataclasses.replace(each, ids=[str(n) for n in range(first, first + 10)])

        pages = [ties("ASC", 1, 0), ties("ASC", 2, 10), ties("DESC", 1, 30), ties("DESC", 2, 20)]
        assert observed_order(pages, 1) is None

    def test_rows_of_neighbouring_days_show_it_too(self):
        start, day = 10 * DAY_MICROS, DAY_MICROS
        before = [shown("ASC", 1, range(10), 10), shown("ASC", 2, range(10, 20), 10)]
        after = [shown("DESC", 1, range(99, 89, -1), 10), shown("DESC", 2, range(89, 79, -1), 10)]

        def at(pages: list[Slice], begin: int) -> list[Slice]:
            return [dataclasses.replace(each, stamps=each.stamps + begin) for each in pages]

        pages = [*at(before, start - day // 2), *at(after, start + day + day // 2)]
        assert observed_order(pages, 1, (start, start + day)) == OBEYED
        absurd = [*at(before, start - 3 * day), *at(after, start + 4 * day)]
        assert observed_order(absurd, 1, (start, start + day)) is None

    def test_pages_that_are_sorted_inside_only(self):
        late = list(range(90, 100))
        pages = [shown("ASC", 1, late, 10), shown("DESC", 1, late[::-1], 10)]
        assert observed_order(pages, 1) is None
        assert observed_order([*pages, shown("ASC", 2, range(80, 90), 10)], 1) == NEWEST_FIRST

    def test_first_pages_of_different_sizes_are_not_compared(self):
        # Both are the beginning of the list, although the longer one reaches farther.
        pages = [shown("ASC", 1, range(10), 10), shown("ASC", 2, range(10, 20), 10)]
        longer = shown("DESC", 1, range(99, -1, -1), 100)
        assert observed_order([*pages, longer], 1) is None

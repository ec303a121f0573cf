"""Every model server, alone and in pairs, still and changing: all calls, or a refusal; never fewer.

With ``-s`` the tests print what came of each persona and what it cost.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from brightcall_pandas.errors import RequestError
from brightcall_pandas.load._facts import ServerFacts
from brightcall_pandas.load._pages import Refusal
from brightcall_pandas.load._proof import Ask, Slice
from brightcall_pandas.load._ranges import DaysRead, read_days
from tests.load.servers import (
    CHANGES,
    DAY,
    FIRST_DAY,
    PERSONAS,
    ModelServer,
    ModelSource,
    Persona,
    Question,
    combined,
    finished,
    made_up_calls,
    with_neighbors,
)

# Page size, calls, days, and calls of the day before and of the day after.
WINDOWS = [
    (500, 1800, 3, 0),
    (500, 1270, 1, 20),
    (500, 20, 1, 3),
    (100, 433, 1, 0),
    (100, 300, 3, 40),
    (100, 103, 1, 0),
    (100, 0, 1, 0),
    (37, 150, 1, 20),
    (37, 6, 1, 2),
]

# A still table must come whole from all but these. Of an empty day without a total nobody can say that it is
# empty, and where the totals count calls that are nowhere, some are always lacking.
NOT_ALWAYS_WHOLE = {"no totals", "totals as text", "totals too high"}

# A table that changes comes whole as well, but for these. Where the order says nothing, only totals do, and
# where all sizes are one, no page lies across a seam.
NOT_WHOLE_WHILE_IT_CHANGES = NOT_ALWAYS_WHOLE | {
    "size ignored",
    "totals of the account",
    "sorted inside the page",
    "sorted inside, oldest first",
    "sorted inside, no order",
    "sorted inside, no order, reversed",
    "always newest first",
    "always oldest first",
    "no order",
}


def outcome(server: ModelServer, days: Sequence[int], parts: Sequence[DaysRead]) -> str:
    """Say what came of a load, by what the server knows."""
    if not all(part.read.complete for part in parts):
        return "refused"
    rows: list[str] = []
    for part in parts:
        low, high = part.days[0] * DAY, (part.days[-1] + 1) * DAY
        times = {
            row: time
            for each in part.read.slices
            for row, time in zip(each.ids, each.stamps.tolist(), strict=True)
        }
        rows += [row for row, time in times.items() if low <= time < high]
    low, high = days[0] * DAY, (days[-1] + 1) * DAY
    there = {str(each.identity) for each in server.always if low <= each.time < high}
    if not there <= set(rows):
        return "lost"
    if len(set(rows)) < len(rows) or not set(rows) <= {str(each.identity) for each in server.ever}:
        return "wrong"
    return "whole"


def load(
    persona: Persona,
    changes: str,
    window: tuple[int, int, int, int],
    seed: int,
    facts: ServerFacts | None = None,
) -> tuple[str, ModelServer, ServerFacts]:
    """Load days from a model server; return what came of it, and what was learnt."""
    size, count, length, around = window
    calls = with_neighbors(made_up_calls(count, days=length, seed=seed), around, length, seed)
    server = ModelServer(calls, persona, CHANGES[changes], seed)
    days = range(FIRST_DAY, FIRST_DAY + length)
    source = ModelSource(server, Question(days[0], days[-1]))
    facts = facts or ServerFacts()
    parts = finished(read_days(source, days, size, facts, settled=changes == "still"))
    for part in parts:
        facts = replace(facts, **part.read.learnt)
    return outcome(server, days, parts), server, facts


def show(name: str, said: str) -> None:
    """Print a line of the table; pytest shows it with ``-s``."""
    print(f"\n{name:42} {said}", end="")  # noqa: T201


def undetectable(persona: Persona, changes: str) -> bool:
    """Tell what no reading can notice.

    A row that is left out of a page, or a whole page that is skipped, shows in the total alone; and where
    calls come and go at any place meanwhile, others make up for it there.
    """
    if persona.from_zero:
        return not persona.honest
    return persona.totals == "drops" and changes not in ("still", "growing")


class TestPersonas:
    @pytest.mark.parametrize("name", PERSONAS)
    def test_loads_whole_or_says_so(self, name):
        persona, table = PERSONAS[name], {}
        for changes in CHANGES:
            tally: Counter[str] = Counter()
            requests = pages = 0
            for seed, window in enumerate(WINDOWS):
                if undetectable(persona, changes):
                    continue
                came, server, _ = load(persona, changes, window, seed)
                assert came in ("whole", "refused"), (changes, window, seed)
                tally[came] += 1
                requests += server.requests
                pages += max(1, -(-window[1] // window[0]))
            if tally:
                table[changes] = f"{tally['whole']} whole {tally['refused']} refused {requests / pages:.1f}"
            if name not in (NOT_ALWAYS_WHOLE if changes == "still" else NOT_WHOLE_WHILE_IT_CHANGES):
                assert set(tally) <= {"whole"}, changes
        show(name, " | ".join(f"{changes}: {said}" for changes, said in table.items()))


class TestPairs:
    @pytest.mark.parametrize("first", PERSONAS)
    def test_two_oddities_at_once(self, first):
        names = list(PERSONAS)
        others = names[names.index(first) + 1 :]
        tally: Counter[str] = Counter()
        for number, other in enumerate(others):
            persona = combined(PERSONAS[first], PERSONAS[other])
            rng = random.Random(f"{first} {other}")
            changes = rng.choice(list(CHANGES))
            if undetectable(persona, changes):
                continue
            facts = ServerFacts()
            for turn in range(2):  # the second load knows what the first one has learnt
                window = rng.choice(WINDOWS[1:])
                came, _, facts = load(persona, changes, window, number + turn, facts)
                assert came in ("whole", "refused"), (other, changes, window, number + turn)
                tally[came] += 1
        show(f"{first}, with others", str(dict(tally)))


class TestOneDay:
    """The only day of a load is also its last one: a server that leaves that out shows nothing of it."""

    @pytest.mark.parametrize("v3", [False, True])
    @pytest.mark.parametrize("around", [0, 3, 150])
    @pytest.mark.parametrize(("size", "calls"), [(500, 20), (37, 6), (37, 150)])
    def test_pages_from_0_and_day_to_exclusive(self, v3, around, size, calls):
        persona = Persona(exclusive=True, from_zero=True, v3=v3, totals="none" if v3 else "exact")
        came, _, facts = load(persona, "still", (size, calls, 1, around), 0)
        assert (came, facts.exclusive, facts.first_page) == ("whole", True, 0)

    @pytest.mark.parametrize("v3", [False, True])
    @pytest.mark.parametrize("around", [0, 3, 150])
    def test_without_calls(self, v3, around):
        persona = Persona(v3=v3, totals="none" if v3 else "exact")
        assert load(persona, "still", (100, 0, 1, around), 0)[0] == "whole"


class TestListsShorterThanAPage:
    """A server with a page size of its own shows all of a short list at once, whatever is asked for."""

    @pytest.mark.parametrize("v3", [False, True])
    @pytest.mark.parametrize("calls", [11, 30, 60, 99])
    @pytest.mark.parametrize(("size", "days"), [(20, 1), (20, 3), (37, 3)])
    def test_come_whole(self, v3, calls, size, days):
        persona = Persona(sizes="ignored", v3=v3, totals="none" if v3 else "exact")
        assert load(persona, "still", (size, calls, days, 0), calls)[0] == "whole"

    @pytest.mark.parametrize(
        ("order", "window", "seed"),
        [("none", (20, 104, 3, 0), 546_647), ("newest", (50, 101, 3, 0), 930_959)],
    )
    def test_its_own_page_is_not_taken_for_a_large_one_that_has_all(self, order, window, seed):
        persona = Persona(sizes="ignored", order=order, totals="behind")
        assert load(persona, "wild", window, seed)[0] in ("whole", "refused")


class TestCounts:
    def test_a_call_that_comes_after_the_count_makes_up_for_none_that_is_lacking(self):
        persona = combined(PERSONAS["v3"], PERSONAS["rows left out"])
        came = Counter(load(persona, "growing", (100, 433, 1, 0), seed)[0] for seed in range(20))
        assert came["whole"] >= 19
        assert came["whole"] + came["refused"] == 20


class TestCells:
    """Days with more calls than can be read from both ends: by types, and by types and states."""

    @pytest.mark.parametrize("name", ["1,000 rows deep, refused", "1,000 rows deep, empty"])
    @pytest.mark.parametrize("calls", [2_500, 6_500])  # of the latter each type has more than 2,000
    def test_come_whole(self, name, calls):
        came, _, _ = load(PERSONAS[name], "still", (500, calls, 1, 20), 0)
        assert came == "whole"

    @pytest.mark.parametrize("changes", ["growing", "busy", "edited"])
    def test_or_are_refused_while_they_change(self, changes):
        for seed in range(3):
            came, _, _ = load(PERSONAS["1,000 rows deep, empty"], changes, (500, 2_500, 1, 20), seed)
            assert came in ("whole", "refused")

    @pytest.mark.parametrize("calls", [2_500, 6_500])
    def test_a_call_that_is_in_no_cell_is_not_lost(self, calls):
        made = made_up_calls(calls)
        made[calls // 2] = made[calls // 2]._replace(type=3, state=3)
        server = ModelServer(made, PERSONAS["1,000 rows deep, empty"])
        (part,) = finished(read_days(ModelSource(server, Question(FIRST_DAY, FIRST_DAY)), [FIRST_DAY], 500))
        assert not part.read.complete

    def test_no_order_and_totals_that_say_nothing(self):
        persona = combined(PERSONAS["no order"], PERSONAS["totals of the account"])
        facts = replace(TestCost.FACTS, order=None, constant_totals=True)
        assert load(persona, "still", (100, 433, 1, 40), 0, facts)[0] == "refused"


class TestFactsOfAnAccount:
    """What is learnt on one day must lose nothing on another."""

    @pytest.mark.parametrize("seed", range(12))
    def test_days_that_differ(self, seed):
        rng = random.Random(seed)
        for first, other in rng.sample(list(itertools.combinations(PERSONAS, 2)), 8):
            persona, facts = combined(PERSONAS[first], PERSONAS[other]), ServerFacts()
            changes = rng.choice(list(CHANGES))
            if undetectable(persona, changes):
                continue
            for turn in range(4):
                window = (rng.choice((500, 100, 37)), rng.choice((0, 3, 20, 98, 100, 103, 350, 700)), 1, 0)
                came, _, facts = load(persona, changes, window, seed + turn, facts)
                assert came in ("whole", "refused"), (first, other, changes, window, facts)

    @pytest.mark.parametrize("name", ["no totals", "totals of the page"])
    def test_a_server_that_no_longer_sorts_is_noticed(self, name):
        persona = combined(PERSONAS["sorted inside, no order, reversed"], PERSONAS[name])
        facts = replace(TestCost.FACTS, agreed=3)
        for window in ((500, 1270, 1, 20), (100, 433, 1, 0)):
            came, _, _ = load(persona, "still", window, 0, facts)
            assert came in ("whole", "refused")

    def test_a_server_that_includes_the_last_day_now(self):
        facts = replace(TestCost.FACTS, exclusive=True)
        came, _, learnt = load(Persona(), "still", (500, 300, 2, 3), 0, facts)
        assert (came, learnt.exclusive) == ("whole", False)

    def test_windows_without_a_total_are_read_twice_until_three_agreed(self):
        facts = ServerFacts()
        for agreed in (1, 2, 3, 3):
            came, _, facts = load(PERSONAS["no totals"], "still", (500, 1270, 1, 20), 0, facts)
            assert (came, facts.agreed) == ("whole", agreed)
        unsettled = load(PERSONAS["no totals"], "growing", (500, 1270, 1, 20), 0)[2]
        assert unsettled.agreed == 0


class TestServersThatChange:
    """What was learnt of a server may hold no longer."""

    @pytest.mark.parametrize("order", ["inside", "inside oldest", "newest", "oldest", "none"])
    @pytest.mark.parametrize("totals", ["exact", "none", "page"])
    @pytest.mark.parametrize("calls", [433, 300, 100])
    def test_one_that_obeyed_directions_no_longer_does(self, order, totals, calls):
        _, _, facts = load(Persona(totals=totals), "still", (100, 433, 1, 0), 0)
        assert facts.order == "obeyed"
        came, _, _ = load(Persona(order=order, totals=totals), "still", (100, calls, 1, 0), 1, facts)
        assert came in ("whole", "refused")

    def test_a_full_page_that_is_all_still_comes_whole(self):
        _, _, facts = load(Persona(), "still", (100, 433, 1, 0), 0)
        came, _, _ = load(Persona(), "still", (100, 100, 1, 0), 1, facts)
        assert came == "whole"


class TestCost:
    """Requests, where what first contact asks is known already."""

    FACTS = ServerFacts(sizes=(500,), step=1, order="obeyed", most_rows=500, first_page=1, exclusive=False)
    LISTED = replace(FACTS, sizes=(500, 100), step=0)

    def test_a_window_of_one_page_costs_two_requests(self):
        came, server, _ = load(Persona(), "still", (500, 300, 1, 0), 0, self.FACTS)
        assert (came, server.requests) == ("whole", 2)

    @pytest.mark.parametrize("calls", [0, 300])
    def test_so_where_the_bounds_of_days_are_known(self, calls):
        window = (500, calls, 1, 3)
        for exclusive in (False, True):
            facts = replace(self.FACTS, exclusive=exclusive)
            came, server, _ = load(Persona(exclusive=exclusive), "still", window, 0, facts)
            assert (came, server.requests) == ("whole", 2)

    def test_a_window_of_two_pages_costs_two_requests(self):
        came, server, _ = load(Persona(), "still", (500, 970, 1, 0), 0, self.FACTS)
        assert (came, server.requests) == ("whole", 2)

    def test_one_request_where_totals_are_exact(self):
        facts = replace(self.FACTS, exact_totals=True)
        came, server, _ = load(Persona(), "still", (500, 300, 1, 0), 0, facts)
        assert (came, server.requests) == ("whole", 1)

    @pytest.mark.parametrize("calls", [3000, 7013, 14000])
    def test_hardly_more_requests_than_pages(self, calls):
        came, server, _ = load(Persona(), "still", (500, calls, 1, 0), 0, self.FACTS)
        assert came == "whole"
        assert server.requests <= 1.15 * calls / 500 + 1

    @pytest.mark.parametrize("calls", [3037, 7013, 14063])
    def test_twice_as_many_requests_where_sizes_are_of_a_list(self, calls):
        persona = PERSONAS["other sizes refused"]
        came, server, _ = load(persona, "still", (500, calls, 1, 0), 0, self.LISTED)
        assert came == "whole"
        assert server.requests <= 2.0 * -(-calls // 500)
        assert server.rows_sent <= 1.8 * calls

    def test_an_ordinary_busy_day_is_not_refused(self):
        for seed in range(3):
            came, _, _ = load(Persona(), "busy", (500, 5000, 1, 0), seed, self.FACTS)
            assert came == "whole"


class TestFacts:
    def test_totals_are_learnt_from_a_list_longer_than_a_page(self):
        for calls in (20, 30):  # of which only the latter shows whether the direction is obeyed
            _, _, quiet = load(Persona(), "still", (500, calls, 1, 0), 0)
            assert quiet.exact_totals is None
        _, _, busy = load(Persona(), "still", (500, 1270, 1, 0), 0)
        assert busy.exact_totals is True

    @pytest.mark.parametrize("name", ["totals behind", "totals capped", "totals zero"])
    def test_totals_that_are_wrong_are_not_believed(self, name):
        _, _, facts = load(PERSONAS[name], "still", (500, 1270, 1, 0), 0)
        assert facts.exact_totals is not True

    def test_totals_that_do_not_answer_the_question(self):
        window = (500, 1270, 1, 20)
        assert load(PERSONAS["totals of the account"], "still", window, 0)[2].constant_totals is True
        for name in ("as assumed", "totals too high", "no totals"):
            assert load(PERSONAS[name], "still", window, 0)[2].constant_totals is None

    def test_directions(self):
        assert load(Persona(), "still", (100, 433, 1, 0), 0)[2].order == "obeyed"
        assert load(Persona(order="newest"), "still", (100, 433, 1, 0), 0)[2].order == "newest first"
        assert load(Persona(order="oldest"), "still", (100, 433, 1, 0), 0)[2].order == "oldest first"

    def test_sizes(self):
        assert load(Persona(), "still", (500, 1270, 1, 0), 0)[2].step == 1
        assert load(Persona(sizes="tens"), "still", (500, 1270, 1, 0), 0)[2].step == 10
        assert load(Persona(sizes="listed"), "still", (500, 1270, 1, 0), 0)[2].step == 0

    def test_depth(self):
        assert load(Persona(depth="empty"), "still", (500, 1900, 1, 0), 0)[2].depth == 1000

    @pytest.mark.parametrize("name", ["as assumed", "past the end refused", "totals capped", "no totals"])
    def test_the_end_of_a_list_is_no_depth(self, name):
        assert load(PERSONAS[name], "still", (500, 1900, 1, 0), 0)[2].depth is None

    def test_bounds(self):
        assert load(Persona(exclusive=True), "still", (500, 300, 2, 3), 0)[2].exclusive is True
        assert load(Persona(), "still", (500, 300, 2, 3), 0)[2].exclusive is False
        assert load(Persona(), "still", (500, 0, 1, 3), 0)[2].exclusive is None

    def test_pages_from_0(self):
        assert load(Persona(from_zero=True), "still", (100, 433, 1, 0), 0)[2].first_page == 0


class TestRefusedTypes:
    """A server that knows no `types`: days are cut by them only where nobody asked for it."""

    class Server(ModelServer):
        def page(self, question: Question, ask: Ask) -> Slice | Refusal:
            if question.types is not None:
                return Refusal(ask, RequestError("types cannot be filtered"))
            return super().page(question, ask)

    @pytest.mark.parametrize(
        "name", ["totals too high", "1,000 rows deep, empty", "1,000 rows deep, refused"]
    )
    def test_is_not_taken_for_a_window_that_is_refused(self, name):
        server = self.Server(made_up_calls(2_500), PERSONAS[name])
        (part,) = finished(read_days(ModelSource(server, Question(FIRST_DAY, FIRST_DAY)), [FIRST_DAY], 500))
        assert not part.read.complete


def test_a_refused_window_is_an_error_of_its_own():
    class Refusing(ModelServer):
        def _size(self, asked: int) -> int | None:
            return None

    source = ModelSource(Refusing([]), Question(FIRST_DAY, FIRST_DAY))
    with pytest.raises(RequestError):
        finished(read_days(source, [FIRST_DAY], 500))

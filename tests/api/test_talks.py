"""Talks that are held at once: each is written as if it were the only one, in whatever order answers come."""

from __future__ import annotations

import itertools
import json
import random

import pytest
from brightcall_pandas.api._desk import Desk, Question
from brightcall_pandas.api._talks import hold
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.api import _talks as talks
from brightcall_pandas.errors import ServerError


class FakeDesk:
    """Answers what it was asked, one at a time; `pick` says which of those that are under way."""

    def __init__(self, connections=2, pick=lambda paths: 0):
        self.asked = []
        self.answered = []
        self._connections = connections
        self._pick = pick
        self._under_way = []

    plenty = False

    @property
    def room(self):
        return len(self._under_way) < self._connections

    def ask(self, question, mark):
        assert self.room
        self.asked.append(question.path)
        self._under_way.append((question, mark))

    def listen(self, busy=False):
        assert busy or self._under_way, "nobody will ever answer"

    def take(self):
        chosen = self._pick([question.path for question, _ in self._under_way])
        if chosen is None:
            return None
        question, mark = self._under_way.pop(chosen)
        self.answered.append(question.path)
        try:
            return mark, question.read(None)
        except Exception as error:
            return mark, error


def last(paths):
    return len(paths) - 1


def in_order(*order):
    """Answer these first, as soon as they were asked; then the rest as it came."""
    left = list(order)

    def pick(paths):
        if left and left[0] in paths:
            return paths.index(left.pop(0))
        return next((n for n, path in enumerate(paths) if path not in left), None)

    return pick


def question(path, error=None):
    def read(_):
        if error is not None:
            raise error
        return path.upper()

    return Question(path, {}, path, read)


def asking(*rounds):
    """Return a talk that asks this, round by round, and returns all answers."""
    heard = []
    for paths in rounds:
        heard += [(yield [question(path) for path in paths])]
    return heard


def expected(*rounds):
    return [[path.upper() for path in paths] for paths in rounds]


def hasty():
    """Ask two questions, and return when the second is refused, whatever comes of the first."""
    try:
        yield [question("slow"), question("bad", LookupError())]
    except LookupError:
        return "done"


class TestResults:
    @pytest.mark.parametrize("pick", [lambda paths: 0, last])
    @pytest.mark.parametrize("connections", [1, 2, 7])
    def test_are_in_order_of_the_talks(self, pick, connections):
        talks = [[[f"{number}a", f"{number}b"], [f"{number}c"]] for number in range(6)]
        results = hold(FakeDesk(connections, pick), [asking(*each) for each in talks])
        assert results == [expected(*each) for each in talks]

    @pytest.mark.parametrize("order", list(itertools.permutations("abc")))
    def test_answers_are_in_order_of_the_questions(self, order):
        desk = FakeDesk(3, in_order(*order))
        assert hold(desk, [asking("abc")]) == [[["A", "B", "C"]]]
        assert desk.answered == list(order)

    def test_a_later_talk_that_ends_first_keeps_its_place(self):
        desk = FakeDesk(2, in_order("b", "c", "a"))
        assert hold(desk, [asking("a"), asking("b"), asking("c")]) == [[["A"]], [["B"]], [["C"]]]
        assert desk.answered == ["b", "c", "a"]

    def test_no_talks(self):
        assert hold(FakeDesk(), []) == []

    def test_a_talk_that_asks_nothing(self):
        def silent(value):
            return value
            yield

        desk = FakeDesk()
        assert hold(desk, [silent(1), asking("a"), silent(None), silent(3)]) == [1, [["A"]], None, 3]
        assert desk.asked == ["a"]

    def test_an_empty_round_is_answered_at_once(self):
        desk = FakeDesk()
        assert hold(desk, [asking("", "", "a", "", "b", "")]) == [[[], [], ["A"], [], ["B"], []]]
        assert desk.asked == ["a", "b"]

    @given(
        st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=8),
        st.integers(1, 5),
        st.randoms(use_true_random=False),
    )
    @settings(max_examples=200, deadline=None)
    def test_whatever_the_order_of_the_answers(self, shapes, connections, rng):
        talks = [
            [[f"{talk}.{turn}.{number}x" for number in range(count)] for turn, count in enumerate(shape)]
            for talk, shape in enumerate(shapes)
        ]

        def pick(paths):
            return rng.choice([None, *range(len(paths))])

        desk = FakeDesk(connections, pick)
        assert hold(desk, (asking(*each) for each in talks)) == [expected(*each) for each in talks]
        every = [path for each in talks for paths in each for path in paths]
        assert sorted(desk.asked) == sorted(every)

    def test_over_real_connections(self, make, scripted):
        scripted.answers = [lambda target: (200, {}, json.dumps({"said": target.partition("?")[0]}).encode())]
        session = make(cache=None, retries=0)

        def read(reply):
            return json.loads(reply.content)["said"]

        def talk(number):
            first = yield [Question(f"/{number}/{each}", {}, "", read) for each in range(3)]
            second = yield [Question(f"/{number}/last", {}, "", read)]
            return first + second

        with Desk(session, 2) as desk:
            results = hold(desk, map(talk, range(5)))
        assert results == [[f"/{number}/{each}" for each in (0, 1, 2, "last")] for number in range(5)]
        assert session.requests == len(scripted.targets) == 20


class TestOrder:
    def test_an_earlier_talk_is_asked_for_first(self):
        desk = FakeDesk(1)
        hold(desk, [asking(["a1", "a2"], ["a3"]), asking(["b1"], ["b2"]), asking(["c1"])])
        assert desk.asked == ["a1", "a2", "a3", "b1", "b2", "c1"]

    def test_a_talk_that_asks_more_is_served_first(self):
        desk = FakeDesk(3)
        hold(desk, [asking(["a1"], ["a2"]), asking(["b1"], ["b2", "b3"]), asking(["c1"], ["c2", "c3", "c4"])])
        # a2 and b2 went out when nobody else had a question.
        assert desk.asked == ["a1", "b1", "c1", "a2", "b2", "c2", "c3", "c4", "b3"]

    def test_what_a_talk_asked_before_counts_too(self):
        desk = FakeDesk(2, in_order("a1", "a2", "b1", "a3"))
        hold(desk, [asking(["a1", "a2", "a3"], ["a4"]), asking(["b1"], ["b2", "b3"])])
        assert desk.asked == ["a1", "a2", "a3", "b1", "b2", "a4", "b3"]

    def test_of_two_that_ask_as_much_the_earlier_is_served_first(self):
        desk = FakeDesk(2, in_order("b1", "a1"))
        hold(desk, [asking(["a1"], ["a2", "a3"]), asking(["b1"], ["b2", "b3"])])
        assert desk.asked == ["a1", "b1", "b2", "a2", "a3", "b3"]

    def test_a_talk_begins_only_when_there_is_room(self):
        begun = []

        def talks():
            for number in range(9):
                begun.append(number)
                yield asking([f"{number}x"])

        seen = []

        def pick(paths):
            seen.append(len(begun))
            return 0

        hold(FakeDesk(2, pick), talks())
        assert seen == [2, 3, 4, 5, 6, 7, 8, 9, 9]

    def test_a_talk_that_asks_much_leaves_no_room_for_the_next(self):
        begun = []

        def talks():
            for number in range(3):
                begun.append(number)
                yield asking([f"{number}{letter}" for letter in "abcd"])

        seen = []

        def pick(paths):
            seen.append(len(begun))
            return 0

        hold(FakeDesk(2, pick), talks())
        assert seen == [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3]

    def test_a_desk_may_have_nothing_to_take(self):
        turns = itertools.cycle([None, None, 0])
        assert hold(FakeDesk(2, lambda paths: next(turns)), [asking("ab", "c")]) == [[["A", "B"], ["C"]]]


class QuickDesk(FakeDesk):
    """Hears one answer each time it listens, and so has room again before the answer is read."""

    def __init__(self, connections=1, plenty=False):
        super().__init__(connections)
        self.story = []
        self.plenty = plenty
        self._come = []

    def ask(self, question, mark):
        super().ask(question, mark)
        self.story.append(f"ask {question.path}")

    def listen(self, busy=False):
        assert busy or self._come or self._under_way, "nobody will ever answer"
        if not self._under_way:
            return False
        self._come.append(self._under_way.pop(0))
        self.story.append(f"hear {self._come[-1][0].path}")
        return True

    def take(self):
        if not self._come:
            return None
        question, mark = self._come.pop(0)
        return mark, question.read(None)


class TestWorkInPieces:
    @pytest.fixture(autouse=True)
    def every_piece_takes_long(self, monkeypatch):
        monkeypatch.setattr(talks, "_AT_WORK_S", -1.0)

    @staticmethod
    def slow(path, desk, error=None):
        """Return a question whose answer is read in three pieces."""

        def read(_):
            for piece in range(3):
                desk.story.append(f"read {path}{piece}")
                yield
            if error is not None:
                raise error
            return path.upper()

        return Question(path, {}, path, read)

    def test_others_are_asked_and_heard_between_two_of_them(self):
        desk = QuickDesk()

        def reading():
            return (yield [self.slow("a", desk), self.slow("b", desk)])

        assert hold(desk, [reading()]) == [["A", "B"]]
        assert desk.story == [
            *("ask a", "hear a", "ask b", "hear b"),  # nothing is read while something comes
            *("read a0", "read a1", "read a2", "read b0", "read b1", "read b2"),
        ]

    def test_what_comes_while_an_answer_is_read_is_heard_before_that_is_done(self):
        desk = QuickDesk()
        plain_ask = desk.ask

        def ask(question, mark):  # the answer to b comes only when a is being read
            if question.path == "b":
                desk._under_way, kept = [], desk._under_way
                plain_ask(question, mark)
                desk.held, desk._under_way = desk._under_way, kept
            else:
                plain_ask(question, mark)

        desk.ask, desk.held = ask, []

        def read(_):
            for piece in range(3):
                desk.story.append(f"read a{piece}")
                if piece == 1:
                    desk._under_way += desk.held
                yield
            return "A"

        def reading():
            return (yield [Question("a", {}, "a", read), question("b"), question("c")])

        assert hold(desk, [reading()]) == [["A", "B", "C"]]
        between = desk.story.index("read a2")
        assert desk.story.index("hear b") < between
        assert desk.story.index("ask c") < between

    def test_a_talk_that_yields_nothing_goes_on_when_others_were_heard(self):
        desk = QuickDesk(2)

        def thinking():
            answers = yield [question("a")]
            for piece in range(4):
                desk.story.append(f"think {piece}")
                yield
            return answers

        assert hold(desk, [thinking(), asking("b", "c")]) == [["A"], [["B"], ["C"]]]
        assert desk.story.index("hear b") < desk.story.index("think 1")

    def test_where_plenty_waits_to_be_read_nothing_more_is_heard_meanwhile(self):
        desk = QuickDesk(plenty=True)
        listened = []
        plain_listen = desk.listen

        def listen(busy=False):
            listened.append(busy)
            return plain_listen(busy)

        desk.listen = listen

        def reading():
            return (yield [self.slow("a", desk)])

        assert hold(desk, [reading()]) == [["A"]]
        assert listened == [False, False]

    def test_an_error_in_the_middle_is_the_talks_own(self):
        desk, mine = QuickDesk(), LookupError("mine")

        def careful():
            try:
                yield [self.slow("a", desk, mine)]
            except LookupError as error:
                return error

        assert hold(desk, [careful(), asking("b")]) == [mine, [["B"]]]

    def test_an_error_of_a_talk_that_goes_on_later(self):
        def careless():
            yield [question("a")]
            yield
            raise LookupError("of its own")

        with pytest.raises(LookupError, match="of its own"):
            hold(QuickDesk(), [careless(), asking("b")])

    @pytest.mark.parametrize("pauses", [0, 1, 3])
    def test_a_talk_may_begin_and_end_with_a_pause(self, pauses):
        def pausing():
            yield from [None] * pauses
            answers = yield [question("a")]
            yield from [None] * pauses
            return answers

        assert hold(QuickDesk(), [pausing(), pausing()]) == [["A"], ["A"]]


class TestErrors:
    def test_a_talk_may_catch_its_own_and_go_on(self):
        mine = ServerError("mine")

        def careful():
            try:
                yield [question("a"), question("bad", mine)]
            except ServerError as error:
                answers = yield [question("b")]
                return error, answers
            raise AssertionError("nothing was thrown")

        assert hold(FakeDesk(), [careful(), asking("c")]) == [(mine, ["B"]), [["C"]]]

    def test_a_talk_may_catch_its_own_and_return(self):
        def careful():
            try:
                yield [question("bad", LookupError())]
            except LookupError:
                return "given up"

        assert hold(FakeDesk(), [asking("a"), careful(), asking("b")]) == [[["A"]], "given up", [["B"]]]

    def test_late_answers_of_a_round_that_was_given_up_are_ignored(self):
        def careful():
            try:
                yield [question("slow"), question("bad", LookupError()), question("worse", OSError())]
            except LookupError:
                return (yield [question("b"), question("c")])

        desk = FakeDesk(4, in_order("bad", "c", "slow", "worse", "b"))
        assert hold(desk, [careful()]) == [["B", "C"]]
        assert desk.answered == ["bad", "c", "slow", "worse", "b"]

    def test_what_a_round_that_was_given_up_has_not_asked_yet_is_never_asked(self):
        def careful():
            try:
                yield [question("bad", LookupError()), question("a"), question("b"), question("c")]
            except LookupError:
                return (yield [question("d")])

        desk = FakeDesk(1)
        assert hold(desk, [careful()]) == [["D"]]
        # The question after the bad one went out before the bad one's answer was read, if at all.
        assert desk.asked in (["bad", "d"], ["bad", "a", "d"])

    def test_answers_that_come_after_the_talk_returned_are_ignored(self):
        desk = FakeDesk(3, in_order("bad", "slow", "a"))
        assert hold(desk, [hasty(), asking("a")]) == ["done", [["A"]]]
        assert "slow" in desk.answered

    def test_answers_left_over_from_what_was_held_before_are_ignored(self):
        desk = FakeDesk(3, in_order("bad", "slow", "a"))
        assert hold(desk, [hasty()]) == ["done"]
        assert "slow" not in desk.answered
        assert hold(desk, [asking("a")]) == [[["A"]]]
        assert "slow" in desk.answered

    def test_one_that_is_not_caught_is_raised_itself(self):
        mine = ServerError("mine")

        def careless():
            yield [question("bad", mine)]

        with pytest.raises(ServerError) as caught:
            hold(FakeDesk(), [asking("a"), careless()])
        assert caught.value is mine

    @pytest.mark.parametrize("rounds", [0, 1])
    def test_one_of_the_talks_own_making(self, rounds):
        def careless():
            for _ in range(rounds):
                yield [question("a")]
            raise LookupError("of its own")
            yield

        with pytest.raises(LookupError, match="of its own"):
            hold(FakeDesk(), [careless(), asking("b")])

    def test_earlier_talks_are_held_to_their_end_and_later_ones_are_closed(self):
        story = []

        def telling(name, *rounds):
            try:
                result = yield from asking(*rounds)
                story.append(f"{name} ended")
            except GeneratorExit:
                story.append(f"{name} closed")
                raise
            return result

        def careless():
            yield [question("bad", LookupError("second"))]

        def talks():
            yield telling("first", ["a1"], ["a2"], ["a3", "a4"])
            yield careless()
            yield telling("third", ["c1"], ["c2"])
            yield telling("fourth", ["d1"])
            story.append("begun after the failure")
            yield telling("fifth", ["e1"])

        desk = FakeDesk(4, in_order("bad", "c1", "d1", "a1"))
        with pytest.raises(LookupError, match="second"):
            hold(desk, talks())
        assert sorted(story[:2]) == ["fourth closed", "third closed"]
        assert story[2:] == ["first ended"]
        assert desk.asked == ["a1", "bad", "c1", "d1", "a2", "a3", "a4"]

    def test_of_several_talks_that_fail_it_is_the_first(self):
        first, second = ServerError("first"), ServerError("second")

        def careless(error, *paths):
            yield [question(path) for path in paths]
            yield [question(f"bad {error}", error)]

        desk = FakeDesk(3, in_order("b", "bad second", "a", "bad first"))
        with pytest.raises(ServerError) as caught:
            hold(desk, [careless(first, "a"), careless(second, "b"), asking("c")])
        assert caught.value is first
        assert desk.answered.index("bad second") < desk.answered.index("bad first")

    @given(
        st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=8),
        st.integers(1, 4),
        st.integers(0, 10_000),
    )
    @settings(max_examples=200, deadline=None)
    def test_whatever_the_order_the_first_failure_is_raised_and_what_was_before_it_has_ended(
        self, talks, connections, seed
    ):
        ended = []

        def talk(number, rounds, fails):
            for turn in range(rounds):
                yield [question(f"{number}.{turn}.{each}") for each in range(2)]
            if fails:
                yield [question(f"{number} fails", LookupError(number))]
            ended.append(number)
            return number

        rng = random.Random(seed)
        desk = FakeDesk(connections, lambda paths: rng.randrange(len(paths)))
        made = [talk(number, *each) for number, each in enumerate(talks)]
        failing = [number for number, (_, fails) in enumerate(talks) if fails]
        if failing:
            with pytest.raises(LookupError) as caught:
                hold(desk, iter(made))
            assert caught.value.args == (failing[0],)
            assert set(range(failing[0])) <= set(ended)
            assert not any(each.gi_suspended for each in made)
        else:
            assert hold(desk, iter(made)) == list(range(len(talks)))
        for each in made:
            each.close()

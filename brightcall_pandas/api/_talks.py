"""Many talks with the server at once, each written down as if it were the only one.

A talk is a generator. It yields the questions that it asks at once, is sent their answers in the same order,
and returns what it was held for. Where a question has no answer, the error is thrown into it. In the middle
of long work it yields None: then answers that have come are taken in first, so that no connection waits for
its next question until the work is done.
"""

from __future__ import annotations

import heapq
import inspect
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from brightcall_pandas.api._desk import Desk, Question
from brightcall_pandas.api._pieces import Work, whole

__all__ = ["Talk", "Ticket", "hold"]

T = TypeVar("T")
Talk: TypeAlias = Generator[Sequence[Question] | None, list[Any], T]

_AT_WORK_S = 0.001  # how long before it is looked whether an answer has come


@dataclass(eq=False)
class _Round:
    """What a talk has asked at once, and what was answered."""

    talk: Talk[Any]
    questions: Sequence[Question]
    answers: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Ticket:
    """The place of a question: the talk that asks most is served first.

    What is left to do when a talk has its answers takes the longer the more they are: a long talk should not
    be the last. Of two that ask as much, the one that began first.
    """

    asked: int  # questions of the talk so far, negative
    talk: int
    number: int
    round: _Round = field(compare=False)


def hold(desk: Desk[Ticket], talks: Iterable[Talk[T]]) -> list[T]:
    """Hold talks, a few at once; a further one begins when a connection has nothing to do.

    Returns
    -------
    list
        What each talk returned, in their order.

    Raises
    ------
    Exception
        What the first of the talks raised that raised anything. Those before it were held to their end,
        those after it were given up.
    """
    return _Holding(desk, talks).results()


class _Holding(Generic[T]):
    def __init__(self, desk: Desk[Ticket], talks: Iterable[Talk[T]]) -> None:
        self._desk = desk
        self._coming = enumerate(talks)
        self._rounds: dict[int, _Round] = {}
        self._asked: Counter[int] = Counter()
        self._queue: list[Ticket] = []
        self._results: dict[int, T] = {}
        self._failure: Exception | None = None
        self._work: Work[None] | None = None

    def results(self) -> list[T]:
        self._ask()
        while self._rounds or self._work is not None:
            heard = self._desk.listen(busy=self._work is not None)
            self._ask()  # first, so that the server has something to do while an answer is read
            if not heard:
                self._go_to_work()
        if self._failure is not None:
            raise self._failure
        return [self._results[number] for number in sorted(self._results)]

    def _ask(self) -> None:
        while self._desk.room:
            if self._queue:
                ticket = heapq.heappop(self._queue)
                if self._is_open(ticket):
                    self._desk.ask(ticket.round.questions[ticket.number], ticket)
            elif (following := next(self._coming, None)) is not None:
                number, talk = following
                whole(self._going_on(number, talk, partial(next, talk)))
            else:
                return

    def _go_to_work(self) -> None:
        """Read an answer, and go on with its talk, for as long as connections may be left alone."""
        if self._work is None and (taken := self._desk.take()) is not None:
            self._work = self._hearing(*taken)
        until = time.monotonic() + _AT_WORK_S
        for _ in self._work or ():
            if time.monotonic() > until and not self._desk.plenty:
                return
        self._work = None
        self._ask()

    def _hearing(self, ticket: Ticket, answer: Any) -> Work[None]:
        if not self._is_open(ticket):
            return
        if inspect.isgenerator(answer):
            try:
                answer = yield from answer
            except Exception as error:
                answer = error
        asked = ticket.round
        if isinstance(answer, Exception):
            yield from self._going_on(ticket.talk, asked.talk, partial(asked.talk.throw, answer))
            return
        asked.answers[ticket.number] = answer
        if len(asked.answers) == len(asked.questions):
            answers = [asked.answers[number] for number in range(len(asked.questions))]
            yield from self._going_on(ticket.talk, asked.talk, partial(asked.talk.send, answers))

    def _is_open(self, ticket: Ticket) -> bool:
        """Tell whether the talk still waits for the answer: it may have failed, or have gone another way."""
        return self._rounds.get(ticket.talk) is ticket.round

    def _going_on(
        self, number: int, talk: Talk[T], step: Callable[[], Sequence[Question] | None]
    ) -> Work[None]:
        self._rounds.pop(number, None)
        try:
            while not (questions := step()):
                yield
                step = partial(next, talk) if questions is None else partial(talk.send, [])
        except StopIteration as end:
            self._results[number] = end.value
        except Exception as error:
            self._fail(number, error)
        else:
            asked = self._rounds[number] = _Round(talk, questions)
            self._asked[number] += len(questions)
            for each in range(len(questions)):
                heapq.heappush(self._queue, Ticket(-self._asked[number], number, each, asked))

    def _fail(self, number: int, error: Exception) -> None:
        self._failure = error
        self._coming = enumerate(())
        for later in [each for each in self._rounds if each > number]:
            self._rounds.pop(later).talk.close()

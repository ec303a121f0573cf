"""Many requests at once: threads ask and wait, the thread that loads reads the answers.

A *task* is a generator. It yields the requests that it wants answered at once, is sent their answers in the
same order, and returns its result; where a request fails, the error is thrown into it. So the way to read a
window is written as if it were the only one, while `run_tasks` keeps every connection busy with whichever
task asks for most.
"""

from __future__ import annotations

import heapq
import queue
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Self, TypeAlias, TypeVar

from brightcall_pandas.api._session import ApiSession, Received, Reply, unreadable
from brightcall_pandas.api._verdict import Verdict
from brightcall_pandas.api._workers import GLANCE_S, Workers
from brightcall_pandas.cache import StoredAnswer
from brightcall_pandas.errors import RequestError

__all__ = ["Request", "Task", "WriteQueue", "run_tasks"]

T = TypeVar("T")

_AHEAD = 2  # requests for each connection that are sent and not yet read: memory stays bounded
_AT_ONCE = 8  # answers that are kept at once: to lock the cache for one takes as long as for all


@dataclass(frozen=True)
class Request:
    """One request.

    Parameters
    ----------
    path, body, about
        As `ApiSession.ask` takes them.
    read
        Makes of the reply what the task is sent; called in the thread that loads.
    refused
        Makes of the server's refusal what the task is sent; without it the refusal is thrown into the task.
    """

    path: str
    body: dict[str, Any]
    about: str
    read: Callable[[Reply], Any]
    refused: Callable[[RequestError], Any] | None = None


Task: TypeAlias = Generator[Sequence[Request], list[Any], T]


def run_tasks(session: ApiSession, connections: int, tasks: Iterable[Task[T]]) -> list[T]:
    """Run tasks, a few at once; the next one starts when a connection has nothing to do.

    Parameters
    ----------
    session
        The account to ask.
    connections
        How many requests may be under way at once.
    tasks
        The tasks.

    Returns
    -------
    list
        What each task returned, in their order.

    Raises
    ------
    Exception
        What the first of the tasks raised that raised anything. Those before it are run to their end, those
        after it are given up.
    """
    return _TaskRun(session, connections, tasks).results()


@dataclass(eq=False)
class _Batch(Generic[T]):
    """What a task has asked at once, and what was answered."""

    task: Task[T]
    requests: Sequence[Request]
    answers: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class _Place:
    """The place of a request in the queue: the task that has asked for most comes first.

    What is left to do when a task has its answers takes the longer the more they are: the longest should
    not be the last. Of two that asked for as much, the one that began first.
    """

    asked: int  # requests of the task so far, negative
    task: int
    number: int
    batch: _Batch[Any] = field(compare=False)


class _TaskRun(Generic[T]):
    def __init__(self, session: ApiSession, connections: int, tasks: Iterable[Task[T]]) -> None:
        self._session = session
        self._most_sent = _AHEAD * connections
        # Threads that receive take time from the one that reads: where answers wait for it, ask for no more.
        self._most_unread = max(connections // 2, 1)
        self._workers = Workers(connections)
        self._writes = WriteQueue(most=1)
        self._coming = enumerate(tasks)
        self._batches: dict[int, _Batch[T]] = {}  # of the tasks that wait for answers
        self._asked: Counter[int] = Counter()
        self._queue: list[_Place] = []
        self._sent = 0  # requests whose answer was not read yet
        self._answered: queue.SimpleQueue[tuple[_Place, Future[Received]]] = queue.SimpleQueue()
        self._unkept: list[StoredAnswer] = []
        self._results: dict[int, T] = {}
        self._failure: Exception | None = None

    def results(self) -> list[T]:
        with self._writes:
            try:
                self._send()
                while self._batches:
                    place, future = self._next()
                    self._send()  # first, so that the server has something to do while an answer is read
                    self._read(place, future)
                    self._send()
            finally:
                self._workers.close()
            self._keep()  # not after Ctrl-C, which waits for nothing
        if self._failure is not None:
            raise self._failure
        return [self._results[number] for number in sorted(self._results)]

    def _send(self) -> None:
        while self._sent < self._most_sent and self._answered.qsize() < self._most_unread:
            if self._queue:
                place = heapq.heappop(self._queue)
                if self._waits(place):
                    self._submit(place)
            elif (following := next(self._coming, None)) is not None:
                number, task = following
                self._advance(number, task, partial(next, task))
            else:
                return

    def _submit(self, place: _Place, failed: tuple[int, Verdict] | None = None) -> None:
        request = place.batch.requests[place.number]
        receive = partial(self._session.receive, about=request.about, stop=self._workers.stop, failed=failed)
        self._sent += 1
        future = self._workers.submit(partial(receive, request.path, request.body))
        future.add_done_callback(lambda done: self._answered.put((place, done)))

    def _next(self) -> tuple[_Place, Future[Received]]:
        while True:
            try:
                answered = self._answered.get(timeout=GLANCE_S)
            except queue.Empty:
                continue
            self._sent -= 1
            return answered

    def _read(self, place: _Place, future: Future[Received]) -> None:
        if not self._waits(place):
            return
        batch, request = place.batch, place.batch.requests[place.number]
        try:
            received = future.result()
            reply = self._session.read(request.path, received)
            if isinstance(reply, Verdict):
                self._submit(place, failed=(received.attempts, reply))
                return
            self._keep(reply.stored)
            batch.answers[place.number] = request.read(reply)
        except Exception as error:
            if request.refused is None or not isinstance(error, RequestError):
                self._advance(place.task, batch.task, partial(batch.task.throw, error))
                return
            batch.answers[place.number] = request.refused(error)
        if len(batch.answers) == len(batch.requests):
            answers = [batch.answers[number] for number in range(len(batch.requests))]
            self._advance(place.task, batch.task, partial(batch.task.send, answers))

    def _waits(self, place: _Place) -> bool:
        """Tell whether the task still waits for the answer: it may have failed, or have gone another way."""
        return self._batches.get(place.task) is place.batch

    def _advance(self, number: int, task: Task[T], step: Callable[[], Sequence[Request]]) -> None:
        self._batches.pop(number, None)
        try:
            while not (requests := step()):
                step = partial(task.send, [])
        except StopIteration as end:
            self._results[number] = end.value
        except Exception as error:
            self._fail(number, error)
        else:
            batch = self._batches[number] = _Batch(task, requests)
            self._asked[number] += len(requests)
            for each in range(len(requests)):
                heapq.heappush(self._queue, _Place(-self._asked[number], number, each, batch))

    def _fail(self, number: int, error: Exception) -> None:
        self._failure = unreadable(error)
        self._coming = enumerate(())
        for later in [each for each in self._batches if each > number]:
            self._batches.pop(later).task.close()

    def _keep(self, *answers: StoredAnswer) -> None:
        """Keep some answers, or the rest."""
        self._unkept += answers
        if len(self._unkept) >= _AT_ONCE or not answers:
            self._writes.submit(partial(self._session.keep, self._unkept))
            self._unkept = []


class WriteQueue:
    """Writes that one thread does behind the reader's back, in the order given.

    At the end of a ``with`` block they are done, also after an error; Ctrl-C drops them.

    Parameters
    ----------
    most
        How many may wait.
    """

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._worker = Workers(1)
        self._pending: deque[Future[Any]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None or issubclass(kind, Exception):
                wait(self._pending)
            if kind is None:
                self._reap(0)
        finally:
            self._worker.close()

    def submit(self, write: Callable[[], T]) -> Future[T]:
        """Write when there is time; wait where too many writes do.

        Raises
        ------
        Exception
            What an earlier write raised.
        """
        self._reap(self._most - 1)
        future = self._worker.submit(write)
        self._pending.append(future)
        return future

    def _reap(self, most: int) -> None:
        while self._pending and (self._pending[0].done() or len(self._pending) > most):
            self._pending.popleft().result()

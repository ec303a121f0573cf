"""Asks one account for much at once; the thread that calls hears all the answers.

A question is asked in one of three ways:

- as a rule on a connection that is open and idle, and the answer is taken as it comes;
- by a thread that may wait, where a connection has yet to be opened, where there is a proxy or a rate limit;
- again by such a thread, after a failure.

Python runs one thread at a time, and an answer that another thread waits for costs dozens of changes
between the two: hence one thread that waits for all.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Self, TypeAlias, TypeVar

from brightcall_pandas.api._exchange import Exchange
from brightcall_pandas.api._session import ApiSession, Reply
from brightcall_pandas.api._threads import Workers
from brightcall_pandas.api._verdict import Verdict

__all__ = ["Desk", "Question"]

T = TypeVar("T")

_AHEAD = 2  # answers for each connection that are under way or not yet read
_AT_ONCE = 8  # answers that are kept at once: to lock the cache for one takes as long as for all
_GLANCE_S = 1.0  # how long to listen before looking up: not every system lets Ctrl-C end it


@dataclass(frozen=True)
class Question:
    """One request.

    Parameters
    ----------
    path, body, about
        As `ApiSession.post` takes them.
    read
        Makes the answer of a reply; perhaps in pieces, as `Work`.
    """

    path: str
    body: dict[str, Any]
    about: str
    read: Callable[[Reply], Any]


_Asked: TypeAlias = "Exchange | Future[Reply]"


class Desk(Generic[T]):
    """Questions that are under way, each with a mark by which its answer is known.

    Parameters
    ----------
    session
        Whom to ask.
    connections
        How many requests may be under way at once.
    """

    def __init__(self, session: ApiSession, connections: int) -> None:
        self._session = session
        self._connections = connections
        self._workers = Workers(connections)
        self._marks: dict[_Asked, tuple[T, Question]] = {}
        self._again: deque[tuple[Question, T, Verdict]] = deque()
        self._unkept: dict[str, bytes] = {}
        self._come: deque[_Asked] = deque()
        self._exchanges: set[Exchange] = set()  # that are under way
        self._selector = selectors.DefaultSelector()
        self._ear, self._bell = socket.socketpair()
        for each in (self._ear, self._bell):
            each.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for nothing more."""
        for exchange in self._exchanges:
            exchange.drop()
        self._workers.close()
        self._selector.close()
        self._ear.close()
        self._bell.close()
        if kind is None or issubclass(kind, Exception):  # Ctrl-C does not wait for the cache either
            self._keep()

    @property
    def room(self) -> bool:
        """Whether a connection has nothing to do, and not too many answers wait to be read."""
        again = len(self._again)  # what failed goes first
        under_way, unread = self._under_way + again, len(self._come)
        return under_way < self._connections and under_way + unread < _AHEAD * self._connections

    @property
    def plenty(self) -> bool:
        """Whether so much waits to be read that the server is not what is waited for."""
        return len(self._come) >= self._connections

    def ask(self, question: Question, mark: T) -> None:
        """Ask, and wait for nothing."""
        exchange = self._session.begin(question.path, question.body)
        if exchange is None:
            self._ask_elsewhere(question, mark)
        else:
            self._marks[exchange] = mark, question
            self._exchanges.add(exchange)
            self._selector.register(exchange, selectors.EVENT_READ)

    def listen(self, busy: bool = False) -> bool:
        """Take in one thing that has come; wait for it only where there is nothing to read.

        Parameters
        ----------
        busy
            There is something else to do: wait for nothing.

        Returns
        -------
        bool
            Whether anything had come. Then more may have, and its connection may be free to ask.
        """
        self._ask_again()
        events = self._selector.select(0.0 if busy or self._come else self._patience())
        for key, _ in events[:1]:
            if not isinstance(key.fileobj, Exchange):
                self._ear.recv(4096)  # it was only to be woken
            elif key.fileobj.receive():
                self._over(key.fileobj)
        if not events:
            self._give_up_late_ones()
        return bool(events)

    def take(self) -> tuple[T, Any] | None:
        """Read one answer that has come.

        Returns
        -------
        tuple
            The question's mark, and the answer, or the exception that says why there is none. None where
            nothing has come.
        """
        if not self._come:
            return None
        asked = self._come.popleft()
        mark, question = self._marks.pop(asked)
        try:
            if isinstance(asked, Future):
                return mark, question.read(asked.result())
            reply = self._session.end(asked)
            if isinstance(reply, Verdict):
                self._again.append((question, mark, reply))
                return None
            self._unkept |= self._session.entry(reply)
            if len(self._unkept) >= _AT_ONCE:
                self._keep()
            return mark, question.read(reply)
        except Exception as error:
            return mark, error

    @property
    def _under_way(self) -> int:
        return len(self._marks) - len(self._come)

    def _ask_again(self) -> None:
        """Ask again what failed; others may have been asked since, and be under way."""
        while self._again and self._under_way < self._connections:
            self._ask_elsewhere(*self._again.popleft())

    def _ask_elsewhere(self, question: Question, mark: T, failed: Verdict | None = None) -> None:
        path, body, about = question.path, question.body, question.about
        post = partial(self._session.post, path, body, about=about, stop=self._workers.stop, failed=failed)
        future = self._workers.submit(post)
        self._marks[future] = mark, question
        future.add_done_callback(self._ring)

    def _keep(self) -> None:
        if self._unkept:
            self._session.keep(self._unkept)
            self._unkept = {}

    def _ring(self, future: Future[Reply]) -> None:
        """Say, in another thread, that an answer has come."""
        self._come.append(future)
        with contextlib.suppress(OSError):  # rung often enough, or nobody listens any more
            self._bell.send(b"\0")

    def _patience(self) -> float:
        now = time.monotonic()
        return max(0.0, min([_GLANCE_S, *(each.deadline - now for each in self._exchanges)]))

    def _give_up_late_ones(self) -> None:
        now = time.monotonic()
        for exchange in [each for each in self._exchanges if each.deadline < now]:
            exchange.drop()
            self._over(exchange)

    def _over(self, exchange: Exchange) -> None:
        self._selector.unregister(exchange)
        self._exchanges.discard(exchange)
        self._come.append(exchange)

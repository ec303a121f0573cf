"""Many questions at once over real connections: who asks, who hears, and what becomes of failures."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections import Counter

import pytest
from brightcall_pandas.api._desk import Desk, Question

from brightcall_pandas.errors import AuthenticationError, RequestError, ServerError

KEY = "canary-0123456789abcdef"


class Watched:
    """Knows of the scripted server who came, on which connection, and how many were there at once.

    Every path has its own answer, ``{"said": path}``, unless `script` has others for it, which are given
    first: an answer, or a function that returns one.
    """

    def __init__(self, scripted):
        self.connections = 0
        self.asked = []  # path and the client's port
        self.most_at_once = 0
        self.script = {}
        self._here = 0
        self._lock = threading.Lock()
        server, asked = scripted._server, self.asked
        plain_request, plain_handler = server.get_request, server.RequestHandlerClass

        def get_request():
            self.connections += 1
            return plain_request()

        class Handler(plain_handler):
            disable_nagle_algorithm = True  # or each answer takes 40 ms

            def do_POST(self):  # noqa: N802
                asked.append((self.path.partition("?")[0], self.client_address[1]))
                super().do_POST()

        server.get_request, server.RequestHandlerClass = get_request, Handler
        server.handle_error = lambda *_: None  # an answer that raises closes the connection
        scripted.answers = [self._answer]

    def ports(self, path):
        return [port for asked, port in self.asked if asked == path]

    def _answer(self, target):
        path = target.partition("?")[0]
        with self._lock:
            self._here += 1
            self.most_at_once = max(self.most_at_once, self._here)
            others = self.script.get(path, [])
            answer = others.pop(0) if others else (200, {}, json.dumps({"said": path}).encode())
        try:
            return answer() if callable(answer) else answer
        finally:
            with self._lock:
                self._here -= 1


class Gate:
    """An answer that hangs until it is let go."""

    def __init__(self):
        self.reached, self.go, self.left = threading.Event(), threading.Event(), threading.Event()

    def __call__(self):
        self.reached.set()
        self.go.wait(60)
        self.left.set()
        return 200, {}, b'{"said": "late"}'


class Together:
    """Answers that are given only when so many were asked for."""

    def __init__(self, count):
        self._barrier = threading.Barrier(count)

    def __call__(self):
        self._barrier.wait(60)
        return 200, {}, b'{"said": "together"}'


@pytest.fixture
def server(scripted):
    return Watched(scripted)


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.go.set()


@pytest.fixture
def make(make, server, quick_retries):
    """Make sessions that remember in `posted` what threads asked."""

    def watched(**options):
        session = make(**options)
        session.posted = []
        plain = session.post

        def post(path, *args, **options):
            session.posted.append(path)
            return plain(path, *args, **options)

        session.post = post
        return session

    return watched


def question(path, read=lambda reply: json.loads(reply.content)["said"]):
    return Question(path, {"page": 1}, f"calls of {path}", read)


def heard(desk, count=1):
    """Return so many answers, by their marks."""
    answers, deadline = {}, time.monotonic() + 60
    while len(answers) < count:
        assert time.monotonic() < deadline, "no answer comes"
        desk.listen()
        if (taken := desk.take()) is not None:
            mark, answer = taken
            assert mark not in answers
            answers[mark] = answer
    return answers


def asked_all(desk, paths):
    """Ask whenever there is room, and return all answers by path."""
    answers, paths = {}, list(paths)
    count = len(paths)
    while len(answers) < count:
        while paths and desk.room:
            desk.ask(question(path := paths.pop(0)), path)
        answers |= heard(desk)
    return answers


def warmed(session, server, connections=1):
    """Open so many connections that are idle afterwards."""
    together = Together(connections)
    paths = [f"/warm/{number}" for number in range(connections)]
    server.script |= {path: [together] for path in paths}
    with Desk(session, connections) as desk:
        asked_all(desk, paths)
    assert server.connections == connections
    session.posted.clear()


class TestAnswers:
    def test_come_with_their_marks(self, session):
        with Desk(session, 2) as desk:
            desk.ask(question("/a"), ("any", "mark"))
            desk.ask(question("/b"), 7)
            assert heard(desk, 2) == {("any", "mark"): "/a", 7: "/b"}

    def test_of_many_questions(self, session, server):
        paths = [f"/{number}" for number in range(60)]
        with Desk(session, 2) as desk:
            assert asked_all(desk, paths) == {path: path for path in paths}
        assert session.requests == len(server.asked) == 60
        assert server.connections <= 2

    def test_nothing_to_take_where_nothing_came(self, session):
        with Desk(session, 2) as desk:
            assert desk.take() is None

    def test_to_listen_where_something_came_already_waits_for_nothing_else(self, session, server, gate):
        warmed(session, server, 2)
        server.script = {"/hangs": [gate]}
        with Desk(session, 2) as desk:
            desk.ask(question("/hangs"), 1)
            desk.ask(question("/b"), 2)
            assert heard(desk) == {2: "/b"}
            assert not gate.left.is_set()

    def test_what_reading_raises_is_the_answer(self, session, server):
        mine = LookupError("mine")

        def fail(_):
            raise mine

        with Desk(session, 1) as desk:
            for _ in range(2):  # by a thread, then on the open connection
                desk.ask(question("/a", fail), 1)
                assert heard(desk)[1] is mine
        assert session.posted == ["/a"]
        assert session.requests == len(server.asked) == 2

    def test_is_read_by_the_thread_that_takes_it(self, session):
        with Desk(session, 1) as desk:
            for _ in range(2):
                desk.ask(question("/a", lambda _: threading.get_ident()), 1)
                assert heard(desk) == {1: threading.get_ident()}


class TestWays:
    def test_threads_open_connections_and_are_not_needed_afterwards(self, session, server):
        server.script = {path: [together] for together in [Together(2)] for path in ("/a", "/b")}
        with Desk(session, 2) as desk:
            asked_all(desk, ["/a", "/b"])
            assert sorted(session.posted) == ["/a", "/b"]
            asked_all(desk, [f"/{number}" for number in range(20)])
        assert sorted(session.posted) == ["/a", "/b"]
        assert server.connections == 2
        assert session.requests == len(server.asked) == 22

    def test_open_connections_serve_the_next_desk(self, session, server):
        warmed(session, server, 2)
        with Desk(session, 2) as desk:
            asked_all(desk, [f"/{number}" for number in range(9)])
        assert session.posted == []
        assert server.connections == 2

    def test_with_a_rate_limit_all_is_asked_by_threads_each_in_its_turn(self, make, server):
        session, turns = make(rate_limit=1000), []
        session._limit.wait = turns.append
        server.script = {"/3": [(503, {}, b""), (503, {}, b"")]}
        paths = [f"/{number}" for number in range(6)]
        with Desk(session, 2) as desk:
            assert asked_all(desk, paths) == {path: path for path in paths}
            assert turns == [desk._workers.stop] * 8
        assert sorted(session.posted) == paths
        assert session.requests == len(server.asked) == 8


class TestListening:
    def test_takes_in_one_answer_at_a_time_so_that_its_connection_is_asked_again_first(self, session, server):
        warmed(session, server, 2)
        with Desk(session, 2) as desk:
            for path in ("/a", "/b"):
                desk.ask(question(path), path)
            deadline = time.monotonic() + 60
            while len(server.asked) < 4 or len(desk._selector.select(0)) < 2:
                assert time.monotonic() < deadline, "no answer comes"
            assert desk.listen()
            assert len(desk._come) == 1
            assert desk.listen()
            assert len(desk._come) == 2
            assert not desk.listen()

    @pytest.mark.parametrize("busy", [True, False])
    def test_waits_only_for_whoever_has_nothing_else_to_do(self, session, server, gate, busy):
        warmed(session, server)
        server.script = {"/hangs": [gate]}
        with Desk(session, 1) as desk:
            desk.ask(question("/hangs"), 1)
            waits, plain = [], desk._selector.select
            desk._selector.select = lambda patience: waits.append(patience) or plain(0)
            assert not desk.listen(busy=busy)
            assert (waits == [0.0]) == busy

    def test_plenty_has_come_when_it_would_keep_all_connections_busy(self, session, server):
        warmed(session, server, 2)
        with Desk(session, 2) as desk:
            assert not desk.plenty
            for count, path in enumerate(("/a", "/b"), 1):
                desk.ask(question(path), path)
                deadline = time.monotonic() + 60
                while len(desk._come) < count:
                    assert time.monotonic() < deadline, "no answer comes"
                    desk.listen()
                assert desk.plenty == (count == 2)
            desk.take()
            assert not desk.plenty


class TestRoom:
    def test_for_one_question_on_each_connection(self, session, server, gate):
        other = Gate()
        server.script = {"/a": [gate], "/b": [other]}
        with Desk(session, 2) as desk:
            assert desk.room
            desk.ask(question("/a"), 1)
            assert desk.room
            desk.ask(question("/b"), 2)
            assert not desk.room
            gate.go.set()
            other.go.set()
            heard(desk, 2)
            assert desk.room

    def test_for_another_question_once_an_answer_has_come_but_not_for_ever(self, session, server):
        warmed(session, server)
        with Desk(session, 1) as desk:
            for mark in (1, 2):  # the second is asked before the first answer is read
                assert desk.room
                desk.ask(question(f"/{mark}"), mark)
                deadline = time.monotonic() + 60
                while len(desk._come) < mark and time.monotonic() < deadline:
                    desk.listen()
            assert not desk.room
            assert desk.take() == (1, "/1")
            assert desk.room

    @pytest.mark.parametrize("connections", [1, 2, 3])
    def test_the_server_never_sees_more_at_once(self, make, server, connections):
        paths = [f"/{number}" for number in range(30)]
        with Desk(make(connections=connections), connections) as desk:
            asked_all(desk, paths)
        assert server.most_at_once <= connections
        assert server.connections <= connections

    def test_nor_where_failures_are_asked_again_while_others_are_asked(self, session, server, gate):
        warmed(session, server, 2)
        others = [Gate(), Gate()]
        server.script = {
            "/a": [(503, {}, b""), gate],
            "/b": [(503, {}, b""), gate],
            "/c": [others[0]],
            "/d": [others[1]],
        }
        with Desk(session, 2) as desk:
            for path in ("/a", "/b"):
                desk.ask(question(path), path)
            deadline = time.monotonic() + 60
            while len(desk._come) < 2 and time.monotonic() < deadline:
                desk.listen()
            for path in ("/c", "/d"):
                assert desk.room
                desk.ask(question(path), path)
            assert desk.take() is desk.take() is None  # both have failed
            assert not desk.room
            assert all(each.reached.wait(60) for each in others)
            too_early = gate.reached.wait(0.5)
            for each in (gate, *others):
                each.go.set()
            assert set(heard(desk, 4)) == {"/a", "/b", "/c", "/d"}
        assert not too_early
        assert server.most_at_once == 2
        assert session.requests == len(server.asked) == 2 + 6


def named(answer):
    return "closed" if answer is closed else f"{answer[0]} {answer[2].decode()}"


def closed():
    raise ConnectionAbortedError


class TestFailure:
    @pytest.mark.parametrize(
        "failure", [(503, {}, b""), (429, {}, b""), (200, {}, b"<html>"), closed], ids=named
    )
    def test_that_passes_is_asked_again_and_answered(self, session, server, failure):
        warmed(session, server)
        server.script = {"/b": [failure, failure]}
        with Desk(session, 1) as desk:
            assert asked_all(desk, ["/a", "/b", "/c"]) == {path: path for path in ("/a", "/b", "/c")}
        assert session.posted == ["/b"]  # by a thread, which may wait
        assert Counter(path for path, _ in server.asked) == {"/warm/0": 1, "/a": 1, "/b": 3, "/c": 1}
        assert session.requests == len(server.asked)

    @pytest.mark.parametrize("fast", [True, False])
    def test_that_stays_is_the_answer_after_all_attempts(self, session, server, fast):
        if fast:
            warmed(session, server)
        server.script = {"/a": [(503, {}, KEY.encode())] * 9}
        with Desk(session, 1) as desk:
            error = asked_all(desk, ["/a"])["/a"]
        assert isinstance(error, ServerError)
        assert str(error).startswith("calls of /a: the server failed (status 503) after 4 attempts.")
        assert len(server.ports("/a")) == 4
        assert session.requests == len(server.asked)

    @pytest.mark.parametrize("fast", [True, False])
    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            ((400, {}, b'{"message": "no, %s"}' % KEY.encode()), RequestError),
            ((401, {}, b'{"message": "no, %s"}' % KEY.encode()), AuthenticationError),
            ((200, {}, b'{"success": false, "message": "no, %s"}' % KEY.encode()), RequestError),
        ],
    )
    def test_that_is_final_is_the_answer_and_is_not_asked_again(self, session, server, fast, answer, kind):
        if fast:
            warmed(session, server)
        server.script = {"/a": [answer]}
        with Desk(session, 1) as desk:
            error = asked_all(desk, ["/a"])["/a"]
            assert type(error) is kind
            assert str(error).startswith("calls of /a: ")
            assert "no, [api-key]" in str(error)
            assert KEY not in "".join(traceback.format_exception(error))
            assert (error.__cause__, error.__context__) == (None, None)
            assert asked_all(desk, ["/b"]) == {"/b": "/b"}
        assert len(server.ports("/a")) == 1
        assert session.requests == len(server.asked)

    def test_no_retries(self, make, server):
        session = make(retries=0)
        warmed(session, server)
        server.script = {"/a": [(503, {}, b"")]}
        with Desk(session, 1) as desk:
            assert isinstance(asked_all(desk, ["/a"])["/a"], ServerError)
        assert len(server.ports("/a")) == 1

    def test_an_answer_that_hangs_is_asked_for_again_on_another_connection(self, make, server, gate):
        session = make(retries=20)
        warmed(session, server, 2)
        session._timeout = 0.3
        server.script = {"/hangs": [gate]}
        with Desk(session, 2) as desk:
            desk.ask(question("/hangs"), "/hangs")
            assert gate.reached.wait(60)
            others = asked_all(desk, [f"/{number}" for number in range(5)])
            answers = others if "/hangs" in others else others | heard(desk)
        assert answers == {path: path for path in ["/hangs", *(f"/{number}" for number in range(5))]}
        assert not gate.left.is_set()
        hung, *later = server.ports("/hangs")
        assert hung not in later
        assert hung not in [port for path, port in server.asked[3:] if path != "/hangs"]
        assert "/hangs" in session.posted
        assert later

    def test_others_are_answered_while_one_hangs(self, session, server, gate):
        warmed(session, server, 2)
        server.script = {"/hangs": [gate]}
        paths = [f"/{number}" for number in range(5)]
        with Desk(session, 2) as desk:
            desk.ask(question("/hangs"), "/hangs")
            assert asked_all(desk, paths) == {path: path for path in paths}
            assert not gate.left.is_set()
            gate.go.set()
            assert heard(desk) == {"/hangs": "late"}


class TestKept:
    @pytest.mark.parametrize("count", [1, 3, 8, 19])
    def test_every_good_answer_once_the_desk_is_closed(self, session, server, cache, count):
        warmed(session, server)
        paths = [f"/{number}" for number in range(count)]
        with Desk(session, 1) as desk:
            asked_all(desk, paths)
        for path in paths:
            kept = session.kept(path, {"page": 1})
            assert json.loads(kept.content) == {"said": path}
        assert session.posted == []
        assert len(cache.all_keys()) == count + 1

    def test_also_after_an_error(self, session, server):
        warmed(session, server)

        def work():
            with Desk(session, 1) as desk:
                asked_all(desk, ["/a"])
                raise LookupError

        with pytest.raises(LookupError):
            work()
        assert session.kept("/a", {"page": 1}) is not None

    def test_also_where_it_cannot_be_read(self, session, server):
        warmed(session, server)
        with Desk(session, 1) as desk:
            desk.ask(question("/a", lambda _: 1 / 0), 1)
            assert isinstance(heard(desk)[1], ZeroDivisionError)
        assert session.kept("/a", {"page": 1}) is not None

    @pytest.mark.parametrize(
        "bad",
        [
            (503, {}, b'{"calls": []}'),
            (200, {}, b'{"calls": ['),
            (200, {}, b'{"success": false}'),
            (401, {}, b""),
            (302, {"Location": "/"}, b'{"calls": []}'),
            closed,
        ],
        ids=named,
    )
    def test_never_a_bad_one(self, make, server, bad):
        session = make(retries=0)
        warmed(session, server)
        server.script = {"/bad": [bad]}
        with Desk(session, 1) as desk:
            answers = asked_all(desk, ["/a", "/bad", "/b"])
        assert isinstance(answers["/bad"], Exception)
        assert session.kept("/bad", {"page": 1}) is None
        assert session.kept("/a", {"page": 1}) is not None
        assert session.kept("/b", {"page": 1}) is not None

    def test_the_newest_answer(self, session, server):
        warmed(session, server)
        server.script = {"/a": [(200, {}, b'{"said": "old"}')]}
        with Desk(session, 1) as desk:
            assert asked_all(desk, ["/a"]) == {"/a": "old"}
            assert asked_all(desk, ["/a"]) == {"/a": "/a"}
        assert json.loads(session.kept("/a", {"page": 1}).content) == {"said": "/a"}

    def test_without_a_cache(self, make, server):
        session = make(cache=None)
        warmed(session, server)
        with Desk(session, 1) as desk:
            assert asked_all(desk, ["/a"]) == {"/a": "/a"}
        assert session.kept("/a", {"page": 1}) is None


def interrupted(desk, paths, *reached):
    """Ask, and press Ctrl-C when it came so far."""

    def work():
        with desk:
            for mark, path in enumerate(paths, 1):
                desk.ask(question(path), mark)
            for each in reached:
                assert each.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()


def threads_end(desk):
    for thread in desk._workers._threads:
        thread.join(60)
        assert not thread.is_alive()


class TestInterrupt:
    def test_waits_for_no_answer_and_none_comes_to_the_next_desk(self, make, server, gate):
        session, other = make(timeout=120), Gate()
        warmed(session, server)
        server.script = {"/fast": [gate], "/by-thread": [other]}
        desk = Desk(session, 2)
        interrupted(desk, ["/fast", "/by-thread"], gate.reached, other.reached)
        assert session.posted == ["/by-thread"]
        assert not gate.left.is_set()
        assert not other.left.is_set()
        assert all(thread.daemon for thread in desk._workers._threads)
        with Desk(session, 1) as following:
            assert asked_all(following, ["/a"]) == {"/a": "/a"}
            gate.go.set()
            assert gate.left.wait(60)
            assert asked_all(following, ["/b", "/c"]) == {"/b": "/b", "/c": "/c"}
        assert server.ports("/fast")[0] not in [
            port for path in ("/a", "/b", "/c") for port in server.ports(path)
        ]
        assert session.kept("/fast", {"page": 1}) is None
        assert session.requests == len(server.asked)
        other.go.set()
        threads_end(desk)

    def test_a_pause_before_another_attempt_ends(self, session, server, monkeypatch):
        begun = threading.Event()

        def long_pause(*_):
            begun.set()
            return 100.0

        monkeypatch.setattr("brightcall_pandas.api._session.pause", long_pause)
        server.script = {"/a": [(503, {}, b"")]}
        desk = Desk(session, 1)
        interrupted(desk, ["/a"], begun)
        threads_end(desk)
        assert len(server.asked) == 1

    def test_what_waits_for_a_thread_is_never_asked(self, make, server, gate):
        session = make(rate_limit=1000)
        session._limit.wait = lambda _: None
        server.script = {"/a": [gate]}
        desk = Desk(session, 1)
        interrupted(desk, ["/a", "/b"], gate.reached)
        gate.go.set()
        threads_end(desk)
        assert [path for path, _ in server.asked] == ["/a"]

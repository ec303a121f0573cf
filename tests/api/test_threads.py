"""Many requests at once, over real connections."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import traceback
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brightcall_pandas.api import Request, run_tasks
from brightcall_pandas.errors import AuthenticationError, RequestError, ServerError

KEY = "canary-0123456789abcdef"
AHEAD = 2  # requests for each connection that are sent and not yet read, as the module's docstring has it


class Server:
    """Answers ``{"said": path}``, unless `answers` has others for a path, which are given first.

    One of those is an answer as `scripted` takes it, or a function that returns one.
    """

    def __init__(self, scripted):
        self.asked = []
        self.answers = {}
        self.most_at_once = 0
        self._here = 0
        self._lock = threading.Lock()
        scripted.answers = [self._answer]

    def _answer(self, target):
        path = target.partition("?")[0]
        with self._lock:
            self.asked.append(path)
            self._here += 1
            self.most_at_once = max(self.most_at_once, self._here)
            others = self.answers.get(path, [])
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


@pytest.fixture
def server(scripted):
    return Server(scripted)


@pytest.fixture
def make(make, server):
    return make


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.go.set()


def assert_end(threads):
    for each in threads:
        each.join(60)
        assert not each.is_alive()


def said(reply):
    return json.loads(reply.content)["said"]


def request(path, read=said):
    return Request(path, {"page": 1}, f"calls of {path}", read)


def raises(error):
    def read(_):
        raise error

    return read


def asking(*rounds):
    """Ask this, round by round, and return all answers."""
    answers = []
    for paths in rounds:
        answers += [(yield [request(path) for path in paths])]
    return answers


class TestResults:
    @pytest.mark.parametrize("connections", [1, 2, 7])
    def test_are_in_order_of_the_tasks(self, session, server, connections):
        rounds = [[[f"/{number}a", f"/{number}b"], [f"/{number}c"]] for number in range(6)]
        assert run_tasks(session, connections, [asking(*each) for each in rounds]) == rounds
        assert session.requests == len(server.asked) == 18

    @pytest.mark.parametrize("order", ["/a /b /c", "/c /b /a", "/b /c /a"])
    def test_whatever_the_order_of_the_answers(self, session, server, order):
        paths, read = order.split(), []
        gates = {path: Gate() for path in paths}
        server.answers = {path: [gates[path]] for path in paths}

        def noting(path):
            def note(reply):
                read.append(path)
                for following in paths[len(read) : len(read) + 1]:
                    gates[following].go.set()
                return path

            return note

        def one(path):
            return (yield [request(path, noting(path))])

        def several():
            return (yield [request(path, noting(path)) for path in ("/a", "/b", "/c")])

        gates[paths[0]].go.set()
        assert run_tasks(session, 3, [several()]) == [["/a", "/b", "/c"]]
        assert read == paths
        read.clear()
        assert run_tasks(session, 3, [one("/a"), one("/b"), one("/c")]) == [["/a"], ["/b"], ["/c"]]

    def test_no_tasks(self, session):
        assert run_tasks(session, 2, []) == []

    def test_a_task_that_asks_nothing(self, session, server):
        tasks = [asking(), asking(["/a"]), asking(), asking()]
        assert run_tasks(session, 1, tasks) == [[], [["/a"]], [], []]
        assert server.asked == ["/a"]

    def test_an_empty_round_is_answered_at_once(self, session, server):
        rounds = [[], [], ["/a"], [], ["/b"], []]
        assert run_tasks(session, 2, [asking(*rounds)]) == [rounds]
        assert server.asked == ["/a", "/b"]

    @given(st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=6), st.integers(1, 5))
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_of_any_shape(self, session, server, shapes, connections):
        server.asked.clear()
        rounds = [
            [[f"/{task}.{turn}.{each}" for each in range(count)] for turn, count in enumerate(shape)]
            for task, shape in enumerate(shapes)
        ]
        assert run_tasks(session, connections, (asking(*each) for each in rounds)) == rounds
        assert sorted(server.asked) == sorted(path for task in rounds for paths in task for path in paths)

    def test_are_read_by_the_thread_that_loads(self, session):
        def task():
            return (yield [request("/a", lambda _: threading.get_ident())])

        assert run_tasks(session, 2, [task()]) == [[threading.get_ident()]]


class TestOrder:
    """With one connection requests are answered in the order in which they were sent."""

    def test_the_task_that_has_asked_for_most_comes_first(self, session, server):
        tasks = [
            asking(["/a1"], [f"/a{number}" for number in range(2, 7)]),
            asking(["/b1"], [f"/b{number}" for number in range(2, 9)]),
        ]
        run_tasks(session, 1, tasks)
        # So many of a, at most, were sent before the answer "/b1" was read, after which b is the longest.
        rest = [f"/a{number}" for number in range(2 + AHEAD, 7)]
        assert server.asked[-len(rest) :] == rest

    @pytest.mark.parametrize("connections", [1, 2])
    @pytest.mark.parametrize("count", [1, 3, 4])
    def test_a_further_task_begins_only_when_there_is_room(self, session, connections, count):
        begun, seen = [], []

        def task(number):
            begun.append(number)
            return (
                yield [
                    request(f"/{number}.{each}", lambda _: seen.append(len(begun))) for each in range(count)
                ]
            )

        run_tasks(session, connections, map(task, range(9)))
        # When an answer is read, another request was sent in its place, unless further answers wait already.
        assert len(seen) == 9 * count
        least, most = max(connections // 2, 1), AHEAD * connections
        for answered, tasks in enumerate(seen, start=1):
            at_least, at_most = (min(9, -(-(answered + room) // count)) for room in (least, most))
            assert at_least <= tasks <= at_most

    @pytest.mark.parametrize("connections", [1, 3])
    def test_only_so_many_answers_wait_to_be_read(self, session, server, connections):
        most = AHEAD * connections + 1  # with the one that is being read

        def slow(reply):
            deadline = time.monotonic() + 60
            while len(server.asked) < most:
                assert time.monotonic() < deadline, "connections are idle"
            time.sleep(0.2)
            seen.append(len(server.asked))
            return said(reply)

        def task():
            yield [request("/0", slow), *(request(f"/{number}") for number in range(1, 12))]

        seen = []
        server.answers = {
            f"/{number}": [lambda: time.sleep(0.1) or (200, {}, b'{"said": ""}')] for number in range(1, 12)
        }
        run_tasks(session, connections, [task()])
        assert seen == [most]


class TestConnections:
    @pytest.mark.parametrize("connections", [1, 2, 3])
    def test_all_are_used_and_the_server_never_sees_more_requests_at_once(self, make, server, connections):
        barrier = threading.Barrier(connections)

        def together():
            barrier.wait(60)
            return 200, {}, b'{"said": ""}'

        server.answers = {f"/{number}": [together] for number in range(connections)}
        server.answers |= {f"/{number}": [(503, {}, b"")] for number in range(10, 20)}
        session = make(connections=connections)
        run_tasks(session, connections, (asking([f"/{number}"]) for number in range(30)))
        assert server.most_at_once == connections
        assert session.requests == len(server.asked) == 40

    @pytest.mark.parametrize("connections", [1, 4])
    def test_all_threads_respect_the_rate_limit(self, make, server, connections):
        session, began = make(rate_limit=50), time.monotonic()
        run_tasks(session, connections, (asking([f"/{number}"]) for number in range(11)))
        assert time.monotonic() - began >= 10 / 50
        assert len(server.asked) == 11

    def test_others_are_answered_while_one_hangs(self, session, server, gate):
        server.answers = {"/hangs": [gate]}

        def last(reply):
            assert not gate.left.is_set()
            gate.go.set()
            return said(reply)

        def others():
            answers = yield [request(f"/{number}") for number in range(20)]
            return answers + (yield [request("/last", last)])

        hanging, done = run_tasks(session, 2, [asking(["/hangs"]), others()])
        assert hanging == [["late"]]
        assert done == [*(f"/{number}" for number in range(20)), "/last"]


HALF = (200, {"Content-Length": "5000", "Connection": "close"}, b'{"said": ')
REFUSED = b'{"message": "no, %s"}' % KEY.encode()


class TestFailures:
    @pytest.mark.parametrize("failure", [(503, {}, b""), (429, {}, b""), (200, {}, b"<html>"), HALF], ids=str)
    def test_that_pass_are_asked_again_and_answered(self, session, server, failure):
        server.answers = {"/b": [failure, failure]}
        assert run_tasks(session, 1, [asking(["/a", "/b", "/c"])]) == [[["/a", "/b", "/c"]]]
        assert Counter(server.asked) == {"/a": 1, "/b": 3, "/c": 1}
        assert session.requests == 5

    def test_that_stay_are_raised_after_all_attempts(self, session, server):
        server.answers = {"/a": [(503, {}, KEY.encode())] * 9}
        with pytest.raises(
            ServerError, match=r"^calls of /a: the server failed .* after 4 attempts\."
        ) as caught:
            run_tasks(session, 2, [asking(["/a"])])
        assert server.asked == ["/a"] * 4
        assert KEY not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            ((400, {}, REFUSED), RequestError),
            ((401, {}, REFUSED), AuthenticationError),
            ((200, {}, b'{"success": false, %s' % REFUSED[1:]), RequestError),
        ],
    )
    def test_that_are_final_are_raised_at_once(self, session, server, answer, kind):
        server.answers = {"/a": [answer]}
        with pytest.raises(kind, match=r"^calls of /a: .*no, \[api-key\]") as caught:
            run_tasks(session, 2, [asking(["/a"])])
        assert server.asked == ["/a"]
        assert KEY not in "".join(traceback.format_exception(caught.value))

    def test_an_answer_that_hangs_is_asked_for_again(self, make, server, gate):
        server.answers = {"/a": [gate]}
        session = make(timeout=0.3, retries=20)
        assert run_tasks(session, 1, [asking(["/a"]), asking(["/b"])]) == [[["/a"]], [["/b"]]]
        assert not gate.left.is_set()

    def test_a_task_may_catch_its_own_and_go_on(self, session, server):
        server.answers = {"/bad": [(400, {}, b"")]}

        def careful():
            try:
                yield [request("/a"), request("/bad")]
            except RequestError as error:
                return error, (yield [request("/b")])
            raise AssertionError("nothing was thrown")

        (error, answers), others = run_tasks(session, 2, [careful(), asking(["/c"])])
        assert str(error).startswith("calls of /bad: ")
        assert (answers, others) == (["/b"], [["/c"]])

    @pytest.mark.parametrize("goes_on", [True, False])
    def test_late_answers_of_a_round_that_was_given_up_are_ignored(self, session, server, gate, goes_on):
        server.answers = {"/slow": [gate], "/bad": [(400, {}, b"")]}
        read = []

        def careful():
            try:
                yield [request("/slow", read.append), request("/bad")]
            except RequestError:
                return (yield [request("/b")]) if goes_on else "given up"

        def waiting():
            yield [request("/c")]
            gate.go.set()
            assert gate.left.wait(60)
            return (yield [request(f"/{number}") for number in range(9)])

        results = run_tasks(session, 2, [careful(), waiting()])
        assert results == [["/b"] if goes_on else "given up", [f"/{number}" for number in range(9)]]
        assert read == []

    def test_what_a_round_that_was_given_up_has_not_asked_yet_is_never_asked(self, session, server):
        server.answers = {"/bad": [(400, {}, b"")]}

        def careful():
            try:
                yield [request(path) for path in ("/bad", "/1", "/2", "/3", "/4")]
            except RequestError:
                return (yield [request("/b")])

        assert run_tasks(session, 1, [careful()]) == [["/b"]]
        assert server.asked == ["/bad", "/1", "/2", "/b"]  # two were sent before the failure was read

    def test_one_that_is_not_caught_is_raised_itself(self, session):
        mine = LookupError("mine")

        def careless():
            yield [request("/b", raises(mine))]

        with pytest.raises(LookupError) as caught:
            run_tasks(session, 2, [asking(["/a"]), careless()])
        assert caught.value is mine

    @pytest.mark.parametrize("rounds", [[], [["/a"]]])
    def test_one_of_the_tasks_own_making(self, session, rounds):
        def careless():
            yield from asking(*rounds)
            raise LookupError("of its own")

        with pytest.raises(LookupError, match="of its own"):
            run_tasks(session, 2, [careless(), asking(["/b"])])

    def test_earlier_tasks_run_to_their_end_and_later_ones_are_closed(self, make, server, gate):
        server.answers = {"/a1": [gate], "/c1": [gate]}
        story = []

        def telling(name, *rounds):
            try:
                yield from asking(*rounds)
                story.append(f"{name} ended")
            except GeneratorExit:
                story.append(f"{name} closed")
                raise

        def careless():
            yield [request("/bad", raises(LookupError("second")))]

        def tasks():
            yield telling("first", ["/a1"], ["/a2"], ["/a3", "/a4"])
            yield careless()
            yield telling("third", ["/c1"], ["/c2"])
            yield telling("fourth", ["/d1"] * 9)
            story.append("begun after the failure")

        def let_go():
            deadline = time.monotonic() + 60
            while "third closed" not in story and time.monotonic() < deadline:
                time.sleep(0.01)
            gate.go.set()

        threading.Thread(target=let_go, daemon=True).start()
        with pytest.raises(LookupError, match="second"):
            run_tasks(make(connections=3), 3, tasks())
        assert sorted(story[:-1]) == ["fourth closed", "third closed"]
        assert story[-1] == "first ended"
        assert sorted(path for path in server.asked if path[1] == "a") == ["/a1", "/a2", "/a3", "/a4"]
        assert "/c2" not in server.asked

    def test_of_several_tasks_that_fail_it_is_the_first(self, session, server, gate):
        server.answers = {"/a": [gate]}

        def first():
            yield [request("/a", raises(LookupError("first")))]

        def second():
            yield [request("/b")]
            gate.go.set()
            raise OSError("second")

        with pytest.raises(LookupError, match="first"):
            run_tasks(session, 2, [first(), second(), asking(["/c"])])

    @given(
        st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=8),
        st.integers(1, 4),
    )
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_the_order_the_first_failure_is_raised(self, session, shapes, connections):
        ended = []

        def task(number, rounds, fails):
            yield from asking(*[[f"/{number}.{turn}.{each}" for each in range(2)] for turn in range(rounds)])
            if fails:
                yield [request("/bad", raises(LookupError(number)))]
            ended.append(number)
            return number

        tasks = [task(number, *shape) for number, shape in enumerate(shapes)]
        failing = [number for number, (_, fails) in enumerate(shapes) if fails]
        if failing:
            with pytest.raises(LookupError) as caught:
                run_tasks(session, connections, tasks)
            assert caught.value.args == (failing[0],)
            assert set(range(failing[0])) <= set(ended)
            assert not any(each.gi_suspended for each in tasks)
        else:
            assert run_tasks(session, connections, tasks) == list(range(len(tasks)))
        for each in tasks:
            each.close()


class TestKept:
    @pytest.mark.parametrize("count", [1, 3, 8, 19])
    def test_every_good_answer(self, session, cache, count):
        paths = [f"/{number}" for number in range(count)]
        run_tasks(session, 2, [asking(paths)])
        assert [said(session.kept(path, {"page": 1})) for path in paths] == paths
        assert len(cache.all_keys()) == count

    def test_also_where_it_cannot_be_read_and_after_a_failure(self, session):
        def careless():
            yield [request("/a")]
            yield [request("/b", raises(LookupError()))]

        with pytest.raises(LookupError):
            run_tasks(session, 1, [careless()])
        assert session.kept("/a", {"page": 1}) is not None
        assert session.kept("/b", {"page": 1}) is not None

    @pytest.mark.parametrize(
        "bad",
        [
            (503, {}, b'{"calls": []}'),
            (200, {}, b'{"calls": ['),
            (200, {}, b'{"success": false}'),
            (401, {}, b""),
            (302, {"Location": "/"}, b'{"calls": []}'),
            HALF,
        ],
        ids=str,
    )
    def test_never_a_bad_one(self, make, server, bad):
        session = make(retries=0)
        server.answers = {"/bad": [bad]}

        def careful():
            try:
                yield [request("/bad")]
            except Exception as error:
                return error

        a, error, b = run_tasks(session, 1, [asking(["/a"]), careful(), asking(["/b"])])
        assert (a, b) == ([["/a"]], [["/b"]])
        assert isinstance(error, Exception)
        kept = [path for path in ("/a", "/bad", "/b") if session.kept(path, {"page": 1}) is not None]
        assert kept == ["/a", "/b"]

    @pytest.mark.parametrize("at_once", [True, False])
    def test_the_newest(self, session, server, at_once):
        server.answers = {"/a": [(200, {}, b'{"said": "old"}')]}
        rounds = [[["/a"]], [["/a"]]]
        for each in [[rounds[0][0], rounds[1][0]]] if at_once else rounds:
            run_tasks(session, 1, [asking(*each)])
        assert said(session.kept("/a", {"page": 1})) == "/a"

    def test_without_a_cache(self, make):
        session = make(cache=None)
        assert run_tasks(session, 2, [asking(["/a"])]) == [[["/a"]]]
        assert session.kept("/a", {"page": 1}) is None


def interrupted(session, connections, tasks, when):
    """Run tasks, and press Ctrl-C when it came so far."""

    def press():
        when()
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_tasks(session, connections, tasks)


@pytest.mark.skipif(os.name != "posix", reason="presses Ctrl-C by a signal")
class TestInterrupt:
    @pytest.fixture(autouse=True)
    def ctrl_c(self):
        """Hear Ctrl-C, also where a shell in the background has made this process ignore it."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    def test_waits_for_no_answer_and_none_of_it_comes_later(self, session, server, gate, new_threads):
        server.answers = {"/hangs": [gate]}
        interrupted(session, 2, [asking(["/hangs"]), asking(["/a"])], lambda: gate.reached.wait(60))
        assert not gate.left.is_set()
        threads = new_threads()
        assert threads
        assert all(each.daemon for each in threads)
        assert run_tasks(session, 1, [asking(["/a"])]) == [[["/a"]]]
        gate.go.set()
        assert_end(threads)
        assert run_tasks(session, 2, [asking(["/b", "/c"])]) == [[["/b", "/c"]]]
        assert session.kept("/hangs", {"page": 1}) is None
        assert session.requests == len(server.asked)

    def test_also_where_it_comes_while_an_answer_is_read(self, session, server, gate, new_threads):
        server.answers = {"/hangs": [gate]}

        def task():
            yield [
                request("/hangs"),
                request("/a", lambda _: gate.reached.wait(60) and raises(KeyboardInterrupt)(_)),
            ]

        with pytest.raises(KeyboardInterrupt):
            run_tasks(session, 2, [task()])
        assert not gate.left.is_set()
        gate.go.set()
        assert_end(new_threads())

    def test_a_pause_before_another_attempt_ends(self, session, server, new_threads):
        asked = threading.Event()
        server.answers = {"/a": [lambda: asked.set() or (503, {"Retry-After": "100"}, b"")]}
        interrupted(session, 1, [asking(["/a"])], lambda: asked.wait(60))
        assert_end(new_threads())
        assert server.asked == ["/a"]

    def test_a_wait_for_the_rate_limit_ends(self, make, server, new_threads):
        asked = threading.Event()
        server.answers = {"/a": [lambda: asked.set() or (200, {}, b'{"said": ""}')]}
        interrupted(make(rate_limit=0.01), 1, [asking(["/a"], ["/b"])], lambda: asked.wait(60))
        assert_end(new_threads())
        assert server.asked == ["/a"]

    def test_what_waits_for_a_thread_is_never_asked(self, session, server, gate, new_threads):
        server.answers = {"/a": [gate]}
        interrupted(session, 1, [asking(["/a", "/b"])], lambda: gate.reached.wait(60))
        gate.go.set()
        assert_end(new_threads())
        assert server.asked == ["/a"]

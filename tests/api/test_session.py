"""One request: retries, what is kept, what is counted, what is said."""

from __future__ import annotations

import threading
import traceback
from concurrent.futures import CancelledError
from datetime import UTC, datetime, timedelta

import pytest

from brightcall_pandas.api import ApiKey, ApiSession
from brightcall_pandas.cache import StoredAnswer
from brightcall_pandas.errors import (
    AuthenticationError,
    BrightcallError,
    InvalidResponseError,
    RateLimitError,
    RequestError,
    ServerError,
)

KEY = "canary-0123456789abcdef"
PATH = "/api/v1/stat/calls"
BODY = {"dayFrom": "2026-03-01", "dayTo": "2026-03-02", "page": 1}
GOOD = (200, {}, b'{"success": true, "calls": [], "totalItems": 0}')
OTHER = (200, {}, b'{"success": true, "calls": [{"id": 1}], "totalItems": 1}')


class Recorder(threading.Event):
    """Does not wait, but remembers for how long it should have."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        return self.is_set()


def ask(session, **options):
    return session.ask(PATH, BODY, about="calls of March, page 1", **options)


def ask_and_keep(session, **options):
    reply = ask(session, **options)
    session.keep([reply.stored])
    return reply


class TestAsk:
    def test_a_good_answer(self, session, scripted):
        before = datetime.now(UTC)
        reply = ask(session)
        assert reply.content == b'{"success": true, "calls": []}'
        assert not reply.from_cache
        assert before <= reply.fetched_at <= datetime.now(UTC)
        assert scripted.targets == [f"{PATH}?api-key={KEY}"]
        assert scripted.bodies == [b'{"dayFrom":"2026-03-01","dayTo":"2026-03-02","page":1}']
        assert scripted.headers[0]["Content-Type"] == "application/json"
        assert "Authorization" not in scripted.headers[0]

    def test_asks_the_server_although_there_is_an_answer(self, session, scripted):
        scripted.answers = [GOOD, OTHER]
        assert ask(session).content != ask(session).content
        assert session.requests == 2

    def test_the_path_promises_what_a_good_answer_has(self, make, scripted):
        scripted.answers = [(200, {}, b'{"report": {}}')]
        with pytest.raises(InvalidResponseError, match="has no calls"):
            ask(make(retries=0))

    def test_no_password_of_the_users_netrc_goes_along(self, session, scripted, tmp_path, monkeypatch):
        netrc = tmp_path / "netrc"
        netrc.write_text("default login me password mine\n")
        monkeypatch.setenv("NETRC", str(netrc))
        ask(session)
        assert "Authorization" not in scripted.headers[0]

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408, 425])
    def test_a_transient_failure_is_tried_again(self, session, scripted, status):
        scripted.answers = [(status, {}, b""), (status, {}, b"<html>"), GOOD]
        stop = Recorder()
        assert ask(session, stop=stop).content == GOOD[2]
        assert session.requests == len(scripted.targets) == 3
        assert len(stop.waits) == 2

    def test_the_same_request_is_sent_again(self, session, scripted):
        scripted.answers = [(503, {}, b""), GOOD]
        ask(session, stop=Recorder())
        assert scripted.bodies[0] == scripted.bodies[1]
        assert scripted.targets[0] == scripted.targets[1]

    @pytest.mark.parametrize(
        "content",
        [b"<html>", b"", b'{"calls": [', b"{}", b"[]"],
        ids=["html", "none", "cut", "bare", "list"],
    )
    def test_a_200_that_is_no_data_is_tried_again(self, session, scripted, content):
        scripted.answers = [(200, {}, content), GOOD]
        assert ask(session, stop=Recorder()).content == GOOD[2]
        assert session.requests == 2

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ((429, {}, b""), RateLimitError),
            ((500, {}, b""), ServerError),
            ((200, {}, b"<html>"), InvalidResponseError),
            ((200, {}, b"{}"), InvalidResponseError),
        ],
    )
    def test_what_persists_is_an_error(self, session, scripted, answer, error):
        scripted.answers = [answer]
        with pytest.raises(error, match=r"calls of March, page 1: .* after 4 attempts") as caught:
            ask(session, stop=Recorder())
        assert session.requests == 4
        text = "".join(traceback.format_exception(caught.value))
        assert KEY not in text
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ((400, {}, b'{"message": "talkTimeFrom"}'), RequestError),
            ((401, {}, b""), AuthenticationError),
            ((403, {}, b""), AuthenticationError),
            ((200, {}, b'{"success": false, "message": "no"}'), RequestError),
            ((302, {"Location": "http://elsewhere.invalid/"}, b""), InvalidResponseError),
        ],
    )
    def test_what_is_final_is_not_tried_again(self, session, scripted, answer, error):
        scripted.answers = [answer]
        with pytest.raises(error, match="calls of March, page 1: ") as caught:
            ask(session, stop=Recorder())
        assert session.requests == 1
        assert "attempts" not in str(caught.value)

    @pytest.mark.parametrize(
        "spelled",
        [
            lambda key: '"no key ' + "".join(f"\\u{ord(each):04x}" for each in key) + '"',
            lambda key: f"<title>no key {''.join(f'&#{ord(each)};' for each in key)}</title>",
            lambda key: f"\ufeffno key {key}".encode("utf-16-le").decode("latin-1"),
        ],
        ids=["JSON", "HTML", "UTF-16"],
    )
    def test_a_key_in_an_odd_spelling_is_not_quoted(self, session, scripted, spelled):
        scripted.answers = [(400, {}, spelled(KEY).encode("latin-1"))]
        with pytest.raises(BrightcallError, match=r"«no key \[api-key\]»"):
            ask(session)

    def test_no_retries(self, make, scripted):
        scripted.answers = [(500, {}, b"")]
        session = make(retries=0)
        with pytest.raises(ServerError):
            ask(session)
        assert session.requests == 1

    def test_pauses_grow(self, make, scripted):
        scripted.answers = [(500, {}, b"")]
        stop = Recorder()
        with pytest.raises(ServerError):
            ask(make(retries=5, first_pause=0.5), stop=stop)
        assert len(stop.waits) == 5
        bounds = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
        assert all(low <= wait <= 2 * low for low, wait in zip(bounds, stop.waits, strict=False))

    def test_retry_after_is_honoured(self, session, scripted):
        scripted.answers = [(429, {"Retry-After": "9"}, b""), (503, {"Retry-After": "11"}, b""), GOOD]
        stop = Recorder()
        ask(session, stop=stop)
        assert 9 <= stop.waits[0] <= 10
        assert 11 <= stop.waits[1] <= 12

    def test_retry_after_beyond_the_bound_is_an_error_at_once(self, session, scripted):
        scripted.answers = [(429, {"Retry-After": "3600"}, b""), GOOD]
        stop = Recorder()
        with pytest.raises(RateLimitError, match="asks to wait 3600 s; no wait here is longer than 120 s"):
            ask(session, stop=stop)
        assert stop.waits == []
        assert session.requests == 1

    def test_every_attempt_counts_against_the_rate_limit(self, make, scripted):
        scripted.answers = [(500, {}, b""), (500, {}, b""), GOOD]
        stop = Recorder()
        ask(make(rate_limit=0.01), stop=stop)
        # A turn every 100 s, the first at once; between two turns the pause before another attempt.
        turns = stop.waits[::2]
        assert turns[0] == 0
        assert [round(turn, -2) for turn in turns] == [0, 100, 200]
        assert len(stop.waits) == 5

    def test_a_stop_ends_the_pause(self, session, scripted):
        scripted.answers = [(500, {}, b"")]

        class Stopped(Recorder):
            def wait(self, timeout=None):
                self.set()
                return super().wait(timeout)

        with pytest.raises(ServerError):
            ask(session, stop=Stopped())
        assert session.requests == 1

    def test_after_a_stop_nothing_is_sent(self, session, scripted):
        stop = threading.Event()
        stop.set()
        with pytest.raises(CancelledError):
            ask(session, stop=stop)
        assert scripted.targets == []
        assert session.requests == 0


class TestKept:
    def test_what_was_answered(self, session, scripted):
        asked = ask_and_keep(session)
        kept = session.kept(PATH, BODY)
        assert (kept.content, kept.key, kept.from_cache) == (asked.content, asked.key, True)
        assert abs(kept.fetched_at - asked.fetched_at) < timedelta(minutes=5)
        assert len(scripted.targets) == 1

    def test_order_of_parameters_does_not_matter(self, session):
        ask_and_keep(session)
        assert session.kept(PATH, dict(reversed(BODY.items()))) is not None

    @pytest.mark.parametrize(
        ("path", "body"),
        [(PATH, BODY | {"page": 2}), (PATH, BODY | {"x": None}), ("/api/v3/stat/calls/list", BODY)],
    )
    def test_not_another_request(self, session, path, body):
        ask_and_keep(session)
        assert session.kept(path, body) is None

    def test_by_any_session_of_the_account_whatever_the_port_and_the_key(self, session, cache):
        ask_and_keep(session)
        other = ApiSession(
            "http://127.0.0.1:1",
            ApiKey("another-key"),
            cache=cache,
            connections=1,
            rate_limit=None,
            timeout=1,
            retries=0,
        )
        assert other.kept(PATH, BODY) is not None

    def test_the_newest_answer(self, session, scripted):
        scripted.answers = [GOOD, OTHER]
        ask_and_keep(session)
        ask_and_keep(session)
        assert session.kept(PATH, BODY).content == OTHER[2]

    @pytest.mark.parametrize(
        "answer",
        [
            (429, {}, b""),
            (500, {}, GOOD[2]),
            (400, {}, GOOD[2]),
            (401, {}, GOOD[2]),
            (302, {"Location": "/"}, GOOD[2]),
            (205, {}, b""),
            (404, {}, b""),
            (200, {}, GOOD[2][:-1]),
            (200, {}, b"<html>"),
            (200, {}, b'{"success": false, "calls": []}'),
            (200, {}, b"{}"),
            (200, {}, b'{"calls": "none"}'),
            (200, {}, b'{"calls": [], "error": "database timeout"}'),
            (200, {}, b'{"calls": [], "status": "error"}'),
        ],
    )
    def test_nothing_bad_and_the_good_one_before_it_stays(self, make, scripted, cache, answer):
        session = make(retries=1)
        scripted.answers = [answer]
        with pytest.raises(BrightcallError):
            ask_and_keep(session, stop=Recorder())
        assert cache.all_keys() == []
        scripted.answers = [GOOD]
        ask_and_keep(session)
        scripted.answers = [answer]
        with pytest.raises(BrightcallError):
            ask_and_keep(session, stop=Recorder())
        assert session.kept(PATH, BODY).content == GOOD[2]

    @pytest.mark.parametrize("answer", [(204, {}, b""), (404, {}, b'{"message": "no calls"}')])
    def test_a_status_that_says_that_there_are_no_calls(self, session, scripted, answer):
        scripted.answers = [answer]
        assert ask_and_keep(session).answer.totalItems == 0
        assert session.requests == 1
        assert session.kept(PATH, BODY).answer.calls == []

    def test_only_what_was_given_to_keep(self, session):
        ask(session)
        assert session.kept(PATH, BODY) is None
        session.keep([])
        assert session.kept(PATH, BODY) is None

    def test_several_at_once(self, session):
        replies = [session.ask(PATH, BODY | {"page": page}, about="a page") for page in (1, 2, 3)]
        session.keep([each.stored for each in replies])
        for page, reply in enumerate(replies, 1):
            assert session.kept(PATH, BODY | {"page": page}).key == reply.key
        assert session.kept(PATH, BODY | {"page": 4}) is None

    def test_without_a_cache(self, make):
        session = make(cache=None)
        assert not ask_and_keep(session).from_cache
        assert session.kept(PATH, BODY) is None

    def test_what_the_server_says_of_caching_does_not_matter(self, session, scripted):
        scripted.answers = [(200, {"Cache-Control": "no-store", "Expires": "0", "Vary": "*"}, GOOD[2])]
        ask_and_keep(session)
        assert session.kept(PATH, BODY).content == GOOD[2]

    @pytest.mark.parametrize(
        "bad",
        [b'{"calls": [], "error": "database timeout"}', b'{"calls": [], "status": "error"}', b'{"pages": 1}'],
    )
    def test_what_is_kept_and_bad_is_not_believed(self, session, scripted, cache, bad):
        reply = ask(session)
        cache.keep([StoredAnswer(reply.request, bad, reply.fetched_at)])
        assert cache.get_response(reply.key).content == bad
        assert session.kept(PATH, BODY) is None


class TestClose:
    def test_files_are_closed_and_opened_again(self, session, cache):
        ask_and_keep(session)
        session.close()
        names = [each.name for each in cache.path.parent.iterdir()]
        assert names == ["pages.sqlite"]  # while it is open SQLite has two others beside it
        assert session.kept(PATH, BODY) is not None

    def test_connections_are_opened_again(self, session, scripted):
        ask(session)
        session.close()
        ask(session)
        assert len(scripted.targets) == 2


class TestRepr:
    def test_no_key(self, session):
        ask(session)
        shown = [repr(session), repr(vars(session))]
        shown += [repr(vars(each)) for each in vars(session).values() if hasattr(each, "__dict__")]
        assert KEY not in " ".join(shown)

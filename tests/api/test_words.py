"""What a refusal is about: its words are quoted from wherever they stand, and the advice fits."""

from __future__ import annotations

import json

import pytest
from requests.structures import CaseInsensitiveDict

from brightcall_pandas.api._verdict import judge
from brightcall_pandas.errors import AuthenticationError, RateLimitError, RequestError, ServerError

FILTERS = "describe_filters"


def verdict(status, content, **headers):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return judge(status, CaseInsensitiveDict(headers), content, ("calls",))


def without(answer, quoted):
    """Return the statuses with which an answer is judged without these words."""
    statuses = (200, 400, 401, 403, 404, 422, 429, 500, 503)
    return [status for status in statuses if quoted not in verdict(status, answer).reason]


class TestQuoted:
    @pytest.mark.parametrize("member", ["message", "error", "errors", "msg", "debug", "detail"])
    @pytest.mark.parametrize(
        "wrapped",
        [
            lambda said: said,
            lambda said: [said],
            lambda said: {"message": said},
            lambda said: [{"detail": said}],
        ],
        ids=["text", "list", "object", "list of objects"],
    )
    def test_from_wherever_it_stands(self, member, wrapped):
        answer = {"success": False, member: wrapped("the moon is full")}
        assert without(answer, "«the moon is full»") == []

    def test_each_once(self):
        said = {"success": False, "message": "no", "error": "no", "msg": "never", "debug": "line 5"}
        assert (
            verdict(200, {"success": False, "message": "no way", "error": "no way"}).reason.count("no way")
            == 1
        )
        assert "«never; line 5»" in verdict(400, said).reason

    @pytest.mark.parametrize(
        "answer",
        [
            {"Message": "the moon is full"},
            {"errorMessage": "the moon is full"},
            {"error_description": "the moon is full"},
            {"title": "the moon is full", "type": "about:blank"},
            {"data": {"message": "the moon is full"}},
            {"response": {"error": {"text": "the moon is full"}}},
            {"status": {"message": "the moon is full", "code": 400}},
            {"fault": {"faultstring": "the moon is full"}},
            {"violations": [{"field": "dayFrom", "message": "the moon is full"}]},
            {"detail": [{"loc": ["body", "dayFrom"], "msg": "the moon is full"}]},
            {"exception": "the moon is full", "timezone": "UTC"},
        ],
        ids=str,
    )
    def test_from_wherever_servers_put_it(self, answer):
        assert without({"success": False} | answer, "«the moon is full»") == []

    def test_in_any_member_where_there_is_no_better(self):
        said = {"success": False, "timezone": "UTC", "info": "the moon is full", "code": "E17"}
        assert "«info: the moon is full; code: E17»" in verdict(400, said).reason

    @pytest.mark.parametrize("answer", [["the moon is full"], [{"message": "the moon is full"}]])
    def test_in_a_list(self, answer):
        assert "«the moon is full»" in verdict(400, answer).reason

    @pytest.mark.parametrize("wrap", [lambda calls: calls, lambda calls: {"data": calls}])
    def test_calls_are_not_quoted(self, wrap):
        calls = {"calls": [{"clientNumber": "+971501234567", "comment": "rude"}]}
        assert "«" not in verdict(500, {"success": False} | wrap(calls)).reason

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\xef\xbb\xbf<title>the moon</title>", "«the moon»"),
            (b"<title></title><h1><b>the</b> moon</h1>", "«the moon»"),
            (b"<body><style>p {}</style><p>the <b>moon</b></p><!-- sun -->", "«the moon»"),
            (b"<?xml version='1.0'?><Error><Code>17</Code><Message>moon</Message></Error>", "«17 moon»"),
            (b"<br />\n<b>Fatal error</b>: the moon in <b>x.php</b>", "«Fatal error : the moon in x.php»"),
            ("<title>Луна</title>".encode() + "я".encode() * 9_000, "«Луна»"),
            (" <title>Луна</title>".encode() + "я".encode() * 9_000, "«Луна»"),
            (b"the \xff moon", "«the \ufffd moon»"),
            (b"<title>the \xff moon</title>", "«the \ufffd moon»"),
            (b'{"message": "the \xff moon"}', "«the \ufffd moon»"),
            (b'"\\u041b\\u0443\\u043d\\u0430"', "«Луна»"),
            (b"<html><head><title>Access &amp; more</title></head>", "«Access & more»"),
            (b"<!doctype html>\n<h1> Blocked\n by policy </h1>", "«Blocked by policy»"),
            (b"upstream has gone", "«upstream has gone»"),
            (b'"quoted text"', "«quoted text»"),
        ],
    )
    def test_of_what_is_no_json(self, content, said):
        assert said in verdict(503, content).reason

    @pytest.mark.parametrize(
        "content", [b"[" * 100_000, b'{"error":' * 100_000, b"\xff\xfe\x00", b'{"error": 1e999}']
    )
    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_of_nonsense_nothing_goes_wrong(self, status, content):
        assert verdict(status, content).error.__mro__[1].__name__ == "BrightcallError"

    @pytest.mark.parametrize(
        "bad", ["\x1b]0;title\x07", "\x1b[2J", "\u202egnorw", "\x00", "\u2028", "\x9b31m"]
    )
    @pytest.mark.parametrize("status", [200, 400, 401, 500])
    def test_control_characters_are_shown(self, status, bad):
        found = verdict(status, {"success": False, "message": f"before{bad}after"})
        assert "before" in found.reason
        assert found.reason.isprintable()
        assert found.reason in str(found.error(found.reason))


CASES = {
    "key": [
        (401, {}, AuthenticationError, "BRIGHTCALL_API_KEY"),
        (403, {}, AuthenticationError, "BRIGHTCALL_API_KEY"),
        (400, {"message": "Invalid API key"}, AuthenticationError, "BRIGHTCALL_API_KEY"),
        (200, {"success": False, "debug": "api-key is not valid"}, AuthenticationError, "BRIGHTCALL_API_KEY"),
        (200, {"success": False, "msg": "Token expired"}, AuthenticationError, "BRIGHTCALL_API_KEY"),
    ],
    "rate": [
        (429, {}, RateLimitError, "rate_limit="),
        (403, {"message": "rate limit exceeded"}, RateLimitError, "rate_limit="),
        (200, {"success": False, "message": "Too many requests"}, RateLimitError, "rate_limit="),
    ],
    "plan": [
        (402, {}, RequestError, "plan includes"),
        (403, {"message": "API reports are not included in your plan"}, AuthenticationError, "plan includes"),
        (400, {"error": "Please upgrade to use this feature"}, RequestError, "plan includes"),
        (200, {"success": False, "message": "Your subscription has ended"}, RequestError, "plan includes"),
    ],
    "path": [
        (404, {}, RequestError, "base_url and api_version"),
        (404, b"<html><title>Not Found</title>", RequestError, "base_url and api_version"),
        (405, {"message": "Method Not Allowed"}, RequestError, "base_url and api_version"),
        (410, {}, RequestError, "base_url and api_version"),
    ],
    "proxy": [(407, b"", ServerError, "HTTPS_PROXY")],
    "firewall": [
        (
            403,
            b"<title>Attention! | Cloudflare</title>",
            AuthenticationError,
            "another network",
        ),
        (403, {"message": "Your IP is not whitelisted"}, AuthenticationError, "this machine's address"),
        (
            200,
            {"success": False, "errors": ["IP not allowed"]},
            RequestError,
            "this machine's address",
        ),
    ],
    "days": [
        (400, {"message": "The date range must not exceed 31 days"}, RequestError, "fewer days"),
        (422, {"errors": {"dayFrom": ["is older than 90 days"]}}, RequestError, "fewer days"),
        (200, {"success": False, "message": "Period is too long: max 3 months"}, RequestError, "fewer days"),
    ],
    "later": [
        (503, {"message": "scheduled maintenance until 5 am"}, ServerError, "later"),
        (500, b"", ServerError, "later"),
        (200, {"success": False, "message": "database is temporarily unavailable"}, ServerError, "later"),
    ],
}


class TestAdvice:
    @pytest.mark.parametrize(
        ("status", "content", "error", "advice"), [each for cases in CASES.values() for each in cases]
    )
    def test_fits(self, status, content, error, advice):
        found = verdict(status, content)
        assert found.error is error
        assert advice in found.advice
        assert FILTERS not in found.advice

    @pytest.mark.parametrize(
        ("status", "content"),
        [
            (400, {"message": "unknown filter outcomeTypez"}),
            (422, {"errors": {"talkTimeFrom": ["must be a number"]}}),
            (200, {"success": False, "message": "itemsPerPage must be one of 10, 25, 50"}),
            (400, {}),
        ],
    )
    def test_filters_are_named_where_it_may_be_them(self, status, content):
        assert FILTERS in verdict(status, content).advice


class TestRetryAfter:
    @pytest.mark.parametrize(
        "given",
        ["Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359", "1e999999", "9" * 5000, "²"],
    )
    def test_what_no_clock_shows(self, given):
        found = verdict(429, b"", **{"Retry-After": given})
        assert found.retry_after is None or found.retry_after >= 0

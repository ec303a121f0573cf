"""What an answer is worth."""

from __future__ import annotations

import email.utils
import time
from datetime import UTC, datetime

import msgspec
import pytest
from requests.structures import CaseInsensitiveDict

from brightcall_pandas.api._profiles import promised
from brightcall_pandas.api._verdict import Verdict, judge
from brightcall_pandas.errors import (
    AuthenticationError,
    InvalidResponseError,
    RateLimitError,
    RequestError,
    ServerError,
)

GOOD = b'{"success": true, "calls": [{"id": 1, "label": "\xc3\xa9 \\u00e9"}], "totalItems": 1}'


def verdict(status=200, content=GOOD, promised=("calls",), **headers):
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    found = judge(status, named, content, promised)
    return found if isinstance(found, Verdict) else None


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "error", "transient"),
        [
            (301, InvalidResponseError, False),
            (302, InvalidResponseError, False),
            (308, InvalidResponseError, False),
            (400, RequestError, False),
            (401, AuthenticationError, False),
            (403, AuthenticationError, False),
            (404, RequestError, False),
            (408, ServerError, True),
            (422, RequestError, False),
            (425, ServerError, True),
            (429, RateLimitError, True),
            (500, ServerError, True),
            (502, ServerError, True),
            (503, ServerError, True),
            (504, ServerError, True),
            (203, InvalidResponseError, False),
            (205, InvalidResponseError, False),
        ],
    )
    def test_error_and_whether_to_try_again(self, status, error, transient):
        found = verdict(status, b"")
        assert (found.error, found.transient) == (error, transient)
        assert str(status) in found.reason
        assert found.advice.endswith(".")

    def test_data_is_no_verdict(self):
        found = judge(200, {}, GOOD, ("calls",))
        assert [(call.id, call.label) for call in found.calls] == [(1, "é é")]
        assert found.totalItems == 1

    def test_the_servers_own_words_are_quoted_up_to_a_length(self):
        found = verdict(400, b'{"message": "talkTimeFrom: ' + b"x" * 1000 + b'"}')
        assert "«talkTimeFrom: xxx" in found.reason
        assert len(found.reason) < 400

    @pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b'{"message": null}', b"\xff"])
    def test_no_words_are_no_error(self, content):
        assert "«" not in verdict(400, content).reason


class TestRedirect:
    @pytest.mark.parametrize(
        ("location", "named"),
        [
            ("https://elsewhere.example/path?secret=1", "redirects to elsewhere.example "),
            ("/login", "redirects to another address "),
            ("http://[broken", "redirects to another address "),
            ("", "redirects to another address "),
        ],
    )
    def test_names_the_host_only(self, location, named):
        found = verdict(302, b"", Location=location)
        assert named in found.reason
        assert "secret" not in found.reason


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("given", "seconds"),
        [
            ("3", 3.0),
            ("0", 0.0),
            ("2.5", 2.5),
            ("-4", 0.0),
            ("soon", None),
            ("", None),
            ("inf", float("inf")),
        ],
    )
    @pytest.mark.parametrize("status", [429, 503])
    def test_seconds(self, status, given, seconds):
        assert verdict(status, b"", Retry_After=given).retry_after == seconds

    def test_missing(self):
        assert verdict(429, b"").retry_after is None

    def test_not_a_number_is_no_wait(self):
        assert verdict(429, b"", Retry_After="nan").retry_after == 0.0

    @pytest.mark.parametrize("ends", ["GMT", "-0000"])
    def test_a_date_whatever_the_zone_of_this_machine(self, ends, monkeypatch):
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            in_an_hour = email.utils.format_datetime(
                datetime.fromtimestamp(time.time() + 3600, UTC), usegmt=True
            )
            found = verdict(429, b"", Retry_After=in_an_hour.replace("GMT", ends))
        finally:
            monkeypatch.undo()
            time.tzset()
        assert 3000 < found.retry_after <= 3600  # between writing and reading it less than ten minutes pass

    def test_a_date_that_is_over(self):
        assert verdict(429, b"", Retry_After="Wed, 01 Jan 2020 00:00:00 GMT").retry_after == 0.0


class TestContent:
    def test_cut_off_anywhere_it_is_no_data(self):
        found = [verdict(content=GOOD[:length]) for length in range(len(GOOD))]
        assert {each.error for each in found} == {InvalidResponseError}
        assert all(each.transient for each in found)

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"<!doctype html><p>hello", "is HTML"),
            (b"\n  <html>", "is HTML"),
            (b"", "not a JSON object"),
            (b"null", "not a JSON object"),
            (b"[]", "not a JSON object"),
            (GOOD + b"x", "not a JSON object"),
            (GOOD + GOOD, "not a JSON object"),
        ],
    )
    def test_other_things(self, content, what):
        found = verdict(content=content)
        assert (found.error, found.transient) == (InvalidResponseError, True)
        assert what in found.reason

    @pytest.mark.parametrize("said", [b"false", b"0", b'"false"'])
    def test_success_false(self, said):
        found = verdict(content=b'{"success": ' + said + b', "message": "no report", "calls": []}')
        assert (found.error, found.transient) == (RequestError, False)
        assert "«no report»" in found.reason

    @pytest.mark.parametrize("said", [b"true", b"null", b"1", b'"yes"'])
    def test_other_forms_of_success(self, said):
        assert verdict(content=b'{"success": ' + said + b', "calls": []}') is None

    def test_success_may_be_missing(self):
        assert verdict(content=b'{"calls": []}') is None


class TestPromised:
    @pytest.mark.parametrize(
        "content",
        [
            b"{}",
            b'{"calls": {"id": 1}}',
            b'{"calls": "none"}',
            b'{"totalItems": 3}',
            b'{"success": true, "totalItems": 3}',
            b'{"success": true, "pagesCount": "1", "calls": null}',
            b'{"calls": null, "message": "maintenance"}',
            b'{"chart": {}}',
        ],
    )
    def test_calls_are_a_list_or_it_is_no_answer(self, content):
        found = verdict(content=content)
        assert (found.error, found.transient) == (InvalidResponseError, True)
        assert "has no calls" in found.reason

    @pytest.mark.parametrize("content", [b'{"calls": []}', b'{"calls":[1]}', b'{"calls" :  [ ]}'])
    def test_any_list_will_do(self, content):
        assert verdict(content=content) is None

    def test_its_words_are_quoted(self):
        assert "«maintenance»" in verdict(content=b'{"message": "maintenance"}').reason

    def test_one_of_several(self):
        promised = ("pagesCount", "totalItems")
        assert verdict(content=b'{"pagesCount": 0}', promised=promised) is None
        assert verdict(content=b'{"totalItems": 3}', promised=promised) is None
        assert (
            "has no pagesCount or totalItems"
            in verdict(content=b'{"pagesCount": null}', promised=promised).reason
        )

    def test_statistics_are_an_object(self):
        assert verdict(content=b'{"detailedStat": {}}', promised=("detailedStat",)) is None
        assert verdict(content=b'{"detailedStat": []}', promised=("detailedStat",)) is not None

    def test_nothing_promised(self):
        assert verdict(content=b"{}", promised=()) is None


def of_members(**members):
    return verdict(content=msgspec.json.encode({"calls": []} | members))


class TestErrorsInA200:
    @pytest.mark.parametrize(
        "members",
        [
            {"error": None},
            {"error": ""},
            {"error": False},
            {"error": []},
            {"error": {}},
            {"error": 0},
            {"error": "none"},
            {"error": {"code": 0, "message": ""}},
            {"errors": []},
            {"errors": None},
            {"status": "ok"},
            {"status": "Success"},
            {"status": 200},
            {"status": "200"},
            {"status": 0},
            {"status": True},
            {"message": "OK"},
            {"message": "12 calls"},
            {"code": 200, "message": "OK"},
            {"code": 0, "message": "done"},
            {"code": 1000, "message": "success"},
            {"code": 500},
            {
                "success": "true",
                "error": None,
                "errors": [],
                "status": "success",
                "code": 200,
                "message": "OK",
            },
        ],
    )
    def test_what_says_that_all_is_well_is_data(self, members):
        assert of_members(**members) is None

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"error": "database timeout"}, "«database timeout»"),
            ({"error": True, "message": "database timeout"}, "«database timeout»"),
            ({"error": {"code": 17, "message": "deadlock found"}}, "«deadlock found»"),
            ({"error": {"code": 503}}, "«code: 503»"),
            ({"errors": ["lost connection", "gave up"]}, "«lost connection; gave up»"),
            ({"errors": [{"detail": "backend is unavailable"}]}, "«backend is unavailable»"),
            ({"status": "error"}, 'status: "error"'),
            ({"status": "Failed", "message": "gateway timed out"}, "«gateway timed out»"),
            ({"status": "fail", "message": "OK"}, 'status: "fail"'),
            ({"status": 500, "message": "oops"}, "«oops»"),
            ({"status": False}, "status: false"),
            ({"code": 503, "message": "come back later"}, "code: 503, «come back later»"),
            ({"code": "504", "message": "slow"}, 'code: "504", «slow»'),
            ({"success": False, "message": "database timeout"}, "«database timeout»"),
            ({"error": "something went wrong"}, "«something went wrong»"),
            ({"error": "database timeout", "calls": [{"id": 1}], "totalItems": 1}, "«database timeout»"),
        ],
    )
    def test_what_may_pass_is_tried_again(self, members, said):
        found = of_members(**members)
        assert (found.error, found.transient) == (ServerError, True)
        assert said in found.reason

    @pytest.mark.parametrize(
        "members",
        [
            {"success": "false"},
            {"success": "False", "message": "itemsPerPage"},
            {"success": "failed"},
            {"success": 0},
            {"error": "itemsPerPage must be one of 10, 25, 50"},
            {"errors": {"talkTimeFrom": ["is not a number, and is required"]}},
            {"status": 422, "message": "no"},
            {"code": 400, "message": "nonsense"},
            {"error": {"code": 422, "message": "no such report"}, "status": 422},
        ],
    )
    def test_a_refusal_is_final(self, members):
        found = of_members(**members)
        assert (found.error, found.transient) == (RequestError, False)
        assert "bc.describe_filters()" in found.advice

    @pytest.mark.parametrize(
        ("members", "error", "transient"),
        [
            ({"code": 401, "message": "who are you"}, AuthenticationError, False),
            ({"error": "Invalid API key"}, AuthenticationError, False),
            ({"status": 429, "message": "slow down"}, RateLimitError, True),
        ],
    )
    def test_others_are_what_their_status_would_be(self, members, error, transient):
        found = of_members(**members)
        assert (found.error, found.transient) == (error, transient)

    def test_words_that_say_nothing_are_not_quoted(self):
        assert of_members(error="database timeout", message="OK").reason.count("«") == 1
        assert "OK" not in of_members(error="database timeout", message="OK").reason

    def test_a_call_may_have_an_error_of_its_own(self):
        assert of_members(calls=[{"id": 1, "error": "busy", "status": "failed"}]) is None


@pytest.mark.parametrize("calls", ["", '"calls": null, '])
@pytest.mark.parametrize("total", ["0", '"0"'])
def test_an_empty_list_may_be_left_out_where_the_total_is_zero(calls, total):
    body = f'{{{calls}"success": true, "totalItems": {total}}}'.encode()
    assert not isinstance(judge(200, {}, body, ("calls",)), Verdict)
    assert isinstance(judge(200, {}, body.replace(b"0", b"7"), ("calls",)), Verdict)
    past_the_end = f'{{{calls}"success": true, "page": 2, "pagesCount": 1, "totalItems": 7}}'.encode()
    assert not isinstance(judge(200, {}, past_the_end, ("calls",)), Verdict)
    said = f'{{{calls}"message": "maintenance", "totalItems": {total}}}'.encode()
    assert isinstance(judge(200, {}, said, ("calls",)), Verdict)


class TestNothing:
    """Answers that say in some way that there are no calls; a load asks again where no total says so."""

    @pytest.mark.parametrize(
        "content",
        [
            b'{"success": true}',
            b'{"success": true, "calls": null}',
            b'{"success": true, "calls": {}}',
            b'{"calls": null}',
            b'{"calls": {}}',
            b'{"timezone": "UTC", "page": 1}',
            b'{"success": true, "message": "No calls found"}',
        ],
    )
    def test_in_an_answer(self, content):
        assert verdict(content=content) is None
        assert verdict(content=content, promised=("detailedStat",)) is not None

    @pytest.mark.parametrize(
        ("status", "content"),
        [
            (204, b""),
            (404, b"no calls"),
            (404, b'{"success": false, "message": "No calls found for these days."}'),
            (404, b'{"error": {"message": "there are no matching records"}}'),
            (404, b'{"errors": ["0 results"]}'),
        ],
    )
    def test_by_status(self, status, content):
        found = judge(status, {}, content, ("calls",))
        assert (found.calls, found.totalItems) == ([], 0)
        assert judge(status, {}, content, ("pagesCount", "totalItems")).pagesCount == 0
        assert isinstance(judge(status, {}, content, ("detailedStat",)), Verdict)
        assert isinstance(judge(status, {}, content), Verdict)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b'{"message": "Not found"}',
            b'{"message": "no endpoint at /api/v1/stat/calls"}',
            b"Cannot POST /api/v1/stat/calls",
            b"<html>No results</html>",
            b"\xef\xbb\xbf <html><title>No results found</title>",
            b'{"message": "invalid page: that page contains no results"}',
            b'{"message": "no such report"}',
        ],
    )
    def test_a_wrong_path_or_page_is_none(self, content):
        found = verdict(404, content)
        assert (found.error, found.transient) == (RequestError, False)


def test_under_v3_a_count_tells_that_a_list_is_empty():
    there = promised("/api/v3/stat/calls/list")
    assert not isinstance(judge(200, {}, b'{"success": true}', there), Verdict)
    assert isinstance(judge(200, {}, b"{}", there), Verdict)

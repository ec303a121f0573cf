"""Answers that no sensible server gives: what comes of them is a right result or one of our errors."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest

import brightcall_pandas as bc

pytestmark = pytest.mark.usefixtures("quick_retries")

DAYS = ("2026-03-01", "2026-03-01")
MIDNIGHT = 1_772_323_200  # of that day, in UTC


def call(number):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(MIDNIGHT + number % 86_400))
    return {"id": number, "uniqueId": f"{MIDNIGHT + number}.{number}", "timestamp": at}


@pytest.fixture
def client(scripted, tmp_path):
    made = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path, retries=1, window_limit=100_000)
    yield made
    made.close()


def serve(scripted, page_of, **members):
    """Serve pages of a list: `page_of` gets the number of a page, its size and direction."""

    def answer(_):
        body = json.loads(scripted.bodies[-1])
        calls = page_of(body["page"], body["itemsPerPage"], body.get("sortDirection", "DESC"))
        content = {"success": True, "calls": calls, "timezone": "UTC"} | members
        return 200, {}, json.dumps(content).encode()

    scripted.answers = [answer]


def listed(count):
    calls = [call(number) for number in range(count)]

    def page_of(number, size, direction):
        ordered = calls if direction == "ASC" else calls[::-1]
        return ordered[(number - 1) * size : number * size]

    return page_of


class TestTotals:
    @pytest.mark.parametrize("total", [10**7, 10**18, 10**30, "9" * 40, -5, 1.5, [1], {"a": 1}])
    def test_one_that_cannot_be_plans_no_requests(self, scripted, client, total):
        serve(scripted, listed(1200), totalItems=total)
        assert len(bc.load_calls(*DAYS, client=client)) == 1200
        assert len(scripted.targets) < 300  # and not one for each page of it

    def test_beside_pages_that_are_all_the_same(self, scripted, client):
        serve(scripted, lambda number, size, direction: listed(500)(1, size, "ASC"), totalItems=10**12)
        with pytest.raises(bc.IncompleteDataError, match="says 1000000000000 rows, too many"):
            bc.load_calls(*DAYS, client=client)
        assert len(scripted.targets) < 300

    def test_of_several_days(self, scripted, client):
        serve(scripted, listed(30), totalItems=10**12)
        with pytest.raises(bc.BrightcallError):  # one day's calls are shown as each day's
            bc.load_calls("2026-01-01", "2026-03-31", client=client)
        assert len(scripted.targets) < 1000

    @pytest.mark.parametrize("total", [10**30, "9" * 5000, -1, None, [1]])
    def test_one_that_cannot_be_is_no_count(self, scripted, client, total):
        serve(scripted, listed(0), totalItems=total)
        with pytest.raises(bc.InvalidResponseError, match="totalItems"):
            bc.count_calls(*DAYS, client=client)


class TestWithoutEnd:
    def test_a_list_is_given_up(self, scripted, client):
        def page_of(number, size, direction):
            first = (number - 1) * size if direction == "ASC" else 10**9 - number * size
            return [call(each) for each in range(first, first + size)]

        serve(scripted, page_of)
        client.window_limit = 3_000
        with pytest.raises(bc.InvalidResponseError, match=r"shows more than 3,000.*window_limit=") as caught:
            bc.load_calls(*DAYS, client=client)
        assert "2026-03-01" in str(caught.value)

    def test_as_many_as_allowed_are_read(self, scripted, client):
        serve(scripted, listed(1900), totalItems=1900)
        client.window_limit = 2_000
        assert len(bc.load_calls(*DAYS, client=client)) == 1900

    @pytest.mark.parametrize(("calls", "allowed"), [(60, 60), (61, 60), (1, 1), (0, 1)])
    def test_fewer_than_a_page_may_be_allowed(self, scripted, client, calls, allowed):
        serve(scripted, listed(calls), totalItems=calls)
        client.window_limit = allowed
        if calls > allowed:
            with pytest.raises(bc.InvalidResponseError, match="shows more than 60"):
                bc.load_calls(*DAYS, client=client)
        else:
            assert len(bc.load_calls(*DAYS, client=client)) == calls

    @pytest.mark.parametrize("value", [0, -1, 1.5, "many", True])
    def test_the_setting(self, value):
        with pytest.raises((TypeError, ValueError), match="window_limit"):
            bc.Client("any-key", window_limit=value)


DEEP = b"[" * 100_000 + b"]" * 100_000
NONE = b'{"success": true, "totalItems": 0, "calls": [], %s}'
ONE = b'{"success": true, "totalItems": 1, "calls": [{"id": 1, %s}]}'
BODIES = {
    "nested too deep": b'{"success": true, "calls": %s}' % DEEP,
    "a member nested too deep": NONE % (b'"tags": ' + DEEP),
    "a call nested too deep": ONE % (b'"crmInfo": ' + DEEP),
    "numbers too long": ONE % (b'"talkTime": 1e999, "userId": ' + b"9" * 5000),
    "a time that is none": ONE % b'"timestamp": 1e300',
    "a year too late": ONE % b'"timestamp": "99999-01-01T00:00:00Z"',
    "an epoch too long": ONE % (b'"uniqueId": "' + b"9" * 400 + b'.1"'),
    "a zone that is none": NONE % b'"timezone": "../../etc/passwd\\u0000"',
    "statistics": NONE % (b'"detailedStat": {"all": {"all": ' + b"9" * 400 + b', "total": {"sum": 1e999}}}'),
}


class TestUnreadable:
    @pytest.mark.parametrize("name", BODIES)
    @pytest.mark.parametrize("ask", [bc.load_calls, bc.count_calls, bc.load_stats, bc.load_catalog])
    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_is_one_of_our_errors_or_null(self, scripted, client, name, ask):
        scripted.answers = [(200, {}, BODIES[name])]
        with suppress(bc.BrightcallError):
            assert ask(*DAYS, client=client) is not None

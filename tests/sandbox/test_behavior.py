"""What each persona does, through HTTP and with nothing but `requests` on this side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from brightcall_pandas.sandbox import PERSONAS, Sandbox, start_sandbox

TOTAL = 1_100
CALLS, COUNT, LIST = "/api/v1/stat/calls", "/api/v3/stat/calls/count", "/api/v3/stat/calls/list"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(calls=TOTAL, days=2, seed=5) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.set_persona(None)


@pytest.fixture
def everything(sandbox: Sandbox) -> list[dict[str, Any]]:
    """All calls as the sandbox usually sends them, oldest first."""
    calls: list[dict[str, Any]] = ask(sandbox, itemsPerPage=10_000, sortDirection="ASC")["calls"]
    assert len(calls) == TOTAL
    return calls


def post(sandbox: Sandbox, path: str = CALLS, **body: Any) -> requests.Response:
    days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to}
    return requests.post(
        sandbox.url + path, params={"api-key": sandbox.api_key}, json=days | body, timeout=30
    )


def ask(sandbox: Sandbox, path: str = CALLS, **body: Any) -> dict[str, Any]:
    response = post(sandbox, path, **body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[Any]:
    return [call["id"] for call in answer["calls"]]


def stamps(answer: dict[str, Any]) -> list[Any]:
    return [call["timestamp"] for call in answer["calls"]]


class TestSizes:
    @pytest.mark.parametrize(
        ("persona", "sent"),
        [
            ("listed-sizes", {10: 10, 200: 200, 37: 100, 499: 100, 1: 100}),
            ("sizes-rounded-down", {10: 10, 200: 200, 37: 25, 499: 200, 1: 10, 501: 500}),
            ("sizes-in-tens", {10: 10, 37: 40, 34: 30, 35: 40, 499: 500, 1: 10}),
            ("size-ignored", {10: 100, 500: 100}),
            ("at-most-100", {10: 10, 99: 99, 101: 100, 500: 100}),
            ("at-most-73", {10: 10, 73: 73, 74: 73, 500: 73}),
        ],
    )
    def test_calls_a_page(self, sandbox: Sandbox, persona: str, sent: dict[int, int]) -> None:
        sandbox.set_persona(persona)
        answers = {size: ask(sandbox, itemsPerPage=size) for size in sent}
        assert {size: len(answer["calls"]) for size, answer in answers.items()} == sent
        for size, answer in answers.items():
            assert answer["totalItems"] == TOTAL
            assert answer["pagesCount"] == -(-TOTAL // sent[size])
            second = ask(sandbox, itemsPerPage=size, page=2)
            assert not set(ids(answer)) & set(ids(second))

    @pytest.mark.parametrize("status", [400, 422, 200])
    def test_other_sizes_refused(self, sandbox: Sandbox, status: int) -> None:
        sandbox.set_persona(f"sizes-refused-{status}")
        assert len(ask(sandbox, itemsPerPage=25)["calls"]) == 25
        for path in (CALLS, LIST, COUNT):
            refused = post(sandbox, path, itemsPerPage=26)
            assert refused.status_code == status
            assert refused.json()["success"] is False
            assert "10, 25, 50, 100, 200, 500; it is 26" in refused.json()["message"]


class TestEnds:
    def test_past_the_end(self, sandbox: Sandbox) -> None:
        first, last = (ids(ask(sandbox, itemsPerPage=200, page=page)) for page in (1, 6))
        assert (len(first), len(last)) == (200, 100)
        sandbox.set_persona("last-page-again")
        assert ids(ask(sandbox, itemsPerPage=200, page=9)) == last
        sandbox.set_persona("first-page-again")
        assert ids(ask(sandbox, itemsPerPage=200, page=7)) == first
        sandbox.set_persona("past-end-refused")
        assert ids(ask(sandbox, itemsPerPage=200, page=6)) == last
        assert post(sandbox, itemsPerPage=200, page=7).status_code == 404

    def test_an_empty_first_page_is_not_past_the_end(self, sandbox: Sandbox) -> None:
        sandbox.set_persona("past-end-refused")
        answer = ask(sandbox, dayFrom="2026-01-01", dayTo="2026-01-01")
        assert (answer["calls"], answer["totalItems"]) == ([], 0)

    def test_depth(self, sandbox: Sandbox) -> None:
        sandbox.set_persona("depth-1000-refused")
        assert [post(sandbox, itemsPerPage=300, page=page).status_code for page in (3, 4)] == [200, 400]
        sandbox.set_persona("depth-1000-empty")
        pages = [ask(sandbox, itemsPerPage=300, page=page) for page in (3, 4, 5)]
        assert [len(page["calls"]) for page in pages] == [300, 100, 0]
        assert {page["totalItems"] for page in pages} == {TOTAL}

    @pytest.mark.parametrize("manner", ["refused", "empty"])
    def test_depth_of_ten_thousand(self, sandbox: Sandbox, manner: str) -> None:
        sandbox.set_persona(f"depth-10000-{manner}")
        assert len(ask(sandbox, itemsPerPage=550, page=2)["calls"]) == 550
        assert post(sandbox, itemsPerPage=550, page=20).status_code == (400 if manner == "refused" else 200)


class TestTotals:
    @pytest.mark.parametrize(
        ("persona", "total", "pages"),
        [
            ("totals-behind", 1097, 11),
            ("totals-capped", 1000, 10),
            ("totals-of-page", 100, 1),
            ("totals-zero", 0, 0),
            ("totals-as-text", "1100", "11"),
            ("totals-too-high", 1107, 12),
        ],
    )
    def test_what_is_said(self, sandbox: Sandbox, persona: str, total: Any, pages: Any) -> None:
        sandbox.set_persona(persona)
        answer = ask(sandbox, itemsPerPage=100)
        assert (answer["totalItems"], answer["pagesCount"], len(answer["calls"])) == (total, pages, 100)
        assert ask(sandbox, COUNT, itemsPerPage=100)["pagesCount"] == pages
        listed = ask(sandbox, LIST, itemsPerPage=100)
        assert listed["pagesCount"] == pages
        assert "totalItems" not in listed

    def test_none(self, sandbox: Sandbox) -> None:
        sandbox.set_persona("no-totals")
        for path in (CALLS, LIST):
            assert not {"totalItems", "pagesCount"} & set(ask(sandbox, path))
        assert post(sandbox, COUNT).status_code == 404

    def test_calls_left_out(self, sandbox: Sandbox) -> None:
        sandbox.set_persona("calls-left-out", seed=1)
        answers = [ask(sandbox, itemsPerPage=100, page=n % 11 + 1) for n in range(110)]
        short = [answer for answer in answers if len(answer["calls"]) < 100]
        assert 6 <= len(short) <= 30
        assert {len(answer["calls"]) for answer in short} == {99}
        assert {answer["totalItems"] for answer in answers} == {TOTAL}


class TestOrder:
    @pytest.mark.parametrize("direction", ["ASC", "DESC"])
    @pytest.mark.parametrize("persona", ["newest", "oldest"])
    def test_direction(self, sandbox: Sandbox, everything: Any, persona: str, direction: str) -> None:
        sandbox.set_persona(f"{persona}-first")
        told = ids(ask(sandbox, itemsPerPage=2_000, sortDirection=direction))
        expected = [call["id"] for call in everything]
        assert told == (expected if persona == "oldest" else expected[::-1])

    @pytest.mark.parametrize(("persona", "first"), [("newest", slice(-100, None)), ("oldest", slice(0, 100))])
    def test_inside_the_page(self, sandbox: Sandbox, everything: Any, persona: str, first: slice) -> None:
        sandbox.set_persona(f"sorted-inside-{persona}")
        rows = {call["id"] for call in everything[first]}
        for direction in ("ASC", "DESC"):
            page = ask(sandbox, itemsPerPage=100, sortDirection=direction)
            assert set(ids(page)) == rows
            assert stamps(page) == sorted(stamps(page), reverse=direction == "DESC")

    def test_without_order(self, sandbox: Sandbox, everything: Any) -> None:
        for persona in ("unsorted", "sorted-inside-unsorted"):
            sandbox.set_persona(persona)
            pages = [ask(sandbox, itemsPerPage=550, page=page, sortDirection="ASC") for page in (1, 2)]
            assert sorted(ids(pages[0]) + ids(pages[1])) == sorted(call["id"] for call in everything)
            assert min(stamps(pages[1])) < max(stamps(pages[0]))
            inside = persona == "sorted-inside-unsorted"
            assert (stamps(pages[0]) == sorted(stamps(pages[0]))) is inside
            assert ids(ask(sandbox, itemsPerPage=550, sortDirection="ASC")) == ids(pages[0])

    def test_units(self, sandbox: Sandbox) -> None:
        sandbox.set_persona("sorted-by-second")
        told = stamps(ask(sandbox, itemsPerPage=2_000, sortDirection="ASC"))
        assert len({each[20:23] for each in told}) > 100  # milliseconds
        assert [each[:19] for each in told] == sorted(each[:19] for each in told)
        sandbox.set_persona("sorted-by-minute")
        told = stamps(ask(sandbox, itemsPerPage=2_000, sortDirection="ASC"))
        assert [each[:16] for each in told] == sorted(each[:16] for each in told)
        assert told != sorted(told)

    @pytest.mark.parametrize("persona", ["random-ties", "sorted-by-minute", "times-in-minutes"])
    def test_ties(self, sandbox: Sandbox, everything: Any, persona: str) -> None:
        day = {"sortBy": "talkTime", "itemsPerPage": 2_000}  # often 0, so there are many ties
        sandbox.set_persona(persona)
        first, second = ask(sandbox, **day), ask(sandbox, **day)
        assert ids(first) != ids(second)
        assert sorted(ids(first)) == sorted(ids(second)) == sorted(call["id"] for call in everything)


class TestDaysAndPages:
    def test_day_to_exclusive(self, sandbox: Sandbox, everything: Any) -> None:
        second_day = "2026-03-30T22:00:00Z"  # 31 March in Berlin
        sandbox.set_persona("day-to-exclusive")
        told = ask(sandbox, itemsPerPage=2_000)
        assert set(ids(told)) == {call["id"] for call in everything if call["timestamp"] < second_day}
        assert 0 < told["totalItems"] < TOTAL
        assert ask(sandbox, dayTo="2026-03-30")["calls"] == []
        assert ask(sandbox, dayTo="2026-04-01")["totalItems"] == TOTAL

    def test_pages_from_0(self, sandbox: Sandbox) -> None:
        usual = [ask(sandbox, itemsPerPage=500, page=page) for page in (1, 2)]
        sandbox.set_persona("pages-from-0")
        told = [ask(sandbox, itemsPerPage=500, page=page) for page in (0, 1)]
        assert list(map(ids, told)) == list(map(ids, usual))
        assert [each["page"] for each in told] == [0, 1]
        assert ids(ask(sandbox, itemsPerPage=500)) == ids(usual[0])

    def test_answers_without_calls(self, sandbox: Sandbox) -> None:
        day = {"dayFrom": "2026-01-01", "dayTo": "2026-01-01"}
        sandbox.set_persona("null-calls")
        answer = ask(sandbox, **day)
        assert (answer["calls"], answer["totalItems"]) == (None, 0)
        sandbox.set_persona("absent-calls")
        answer = ask(sandbox, **day)
        assert "calls" not in answer
        assert answer["totalItems"] == 0
        assert len(ask(sandbox)["calls"]) == 100


class TestTimes:
    @pytest.mark.parametrize(
        ("persona", "written"),
        [
            ("epoch-seconds", 1774864800),
            ("epoch-milliseconds", 1774864800000),
            ("local-times", "2026-03-30T12:00:00"),
            ("spaced-times", "2026-03-30 12:00:00"),
            ("offset-times", "2026-03-30T12:00:00+02:00"),
            ("times-in-minutes", "2026-03-30T10:00:00Z"),
        ],
    )
    def test_forms(self, sandbox: Sandbox, persona: str, written: Any) -> None:
        sandbox.insert([{"id": 7, "timestamp": "2026-03-30T10:00:00Z", "label": "this one"}])
        sandbox.set_persona(persona)
        [call] = ask(sandbox, searchString="this one")["calls"]
        sandbox.restore()
        assert call["timestamp"] == written
        assert call["recallDate"] is None

    @pytest.mark.parametrize(("year", "place"), [("1970", 0), ("2067", -1)])
    def test_one_odd_call(self, sandbox: Sandbox, everything: Any, year: str, place: int) -> None:
        sandbox.set_persona(f"call-of-{year}")
        told = ask(sandbox, itemsPerPage=2_000, sortDirection="ASC")
        assert sorted(ids(told)) == sorted(call["id"] for call in everything)
        odd = [call for call in told["calls"] if not call["timestamp"].startswith("2026")]
        assert odd == [told["calls"][place]]
        assert odd[0]["timestamp"].startswith(year)

    def test_some_without_a_time(self, sandbox: Sandbox, everything: Any) -> None:
        sandbox.set_persona("calls-without-time")
        told = ask(sandbox, itemsPerPage=2_000, sortDirection="ASC")
        assert ids(told) == [call["id"] for call in everything]
        assert Counter(stamp is None for stamp in stamps(told))[True] == 27  # 1000040, 1000080 … 1001080


class TestIds:
    def test_unusable(self, sandbox: Sandbox, everything: Any) -> None:
        sandbox.set_persona("unusable-ids")
        told = ask(sandbox, itemsPerPage=2_000, sortDirection="ASC")
        odd = Counter(each for each in ids(told) if each in ("", "null", 0))
        assert sum(odd.values()) == 22  # 1000050, 1000100 … 1001100
        assert set(odd) == {"", "null", 0}
        assert [call["uniqueId"] for call in told["calls"]] == [call["uniqueId"] for call in everything]

    def test_text(self, sandbox: Sandbox, everything: Any) -> None:
        sandbox.set_persona("text-ids")
        told = ask(sandbox, itemsPerPage=2_000, sortDirection="ASC")
        assert ids(told) == [str(call["id"]) for call in everything]

    def test_rounded(self, sandbox: Sandbox) -> None:
        sandbox.set_persona("rounded-ids")
        copies = Counter(ids(ask(sandbox, itemsPerPage=2_000)))
        assert all(number == int(float(number)) for number in copies)
        assert len(copies) in (5, 6)  # of 1,100 calls, 256 share one
        assert max(copies.values()) <= 257


class TestNumbers:
    def test_of_a_client_in_several_spellings(self, sandbox: Sandbox, everything: Any) -> None:
        sandbox.set_persona("number-spellings")
        told = ask(sandbox, itemsPerPage=2_000, sortDirection="ASC")["calls"]
        forms, withheld = Counter[str](), set()
        for call, usual in zip(told, everything, strict=True):
            if usual["fromNumber"] == usual["clientNumber"] and call["id"] % 7 == 0:
                assert call["fromNumber"] == call["clientNumber"] != usual["clientNumber"]
                withheld.add(call["clientNumber"])
            elif usual["clientNumber"] is not None:
                # The digits are the same, but for what stands in place of the country code.
                assert digits(call["clientNumber"])[-11:] == digits(usual["clientNumber"])[-11:]
                forms[re.sub(r"\d", "0", call["clientNumber"])] += 1
                roles = ("fromNumber", "toNumber")
                ours = [name for name in roles if usual[name] == usual["clientNumber"]]
                assert all(call[name] == call["clientNumber"] for name in ours)
        assert len(forms) == 6
        assert min(forms.values()) > 100
        assert withheld >= {"anonymous", "+266696687", "", "unknown"}

    def test_are_found_by_the_account_s_own_form(self, sandbox: Sandbox, everything: Any) -> None:
        number = next(call["clientNumber"] for call in everything if call["clientNumber"])
        usual = ask(sandbox, number=number)
        sandbox.set_persona("number-spellings")
        assert ids(ask(sandbox, number=number)) == ids(usual)


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


class TestErrors:
    @pytest.mark.parametrize("path", [CALLS, LIST, COUNT])
    def test_errors_in_200(self, sandbox: Sandbox, path: str) -> None:
        sandbox.set_persona("errors-in-200", seed=1)
        answers = [ask(sandbox, path, itemsPerPage=1) for _ in range(200)]
        errors = [answer for answer in answers if "status" in answer]
        assert 2 <= len(errors) <= 25
        assert all(answer["error"] == "database timeout" for answer in errors)
        assert all(answer.get("calls", []) == [] for answer in errors)


class TestStatisticsOfV3:
    PATH = "/api/v3/stat/calls-detailed-e-chart"

    def test_are_a_chart_or_those_of_v1(self, sandbox: Sandbox) -> None:
        known = ask(sandbox, "/api/v1/stat/calls-detailedV2", dateInterval="day")
        assert known["detailedStat"]["all"]["all"] == TOTAL
        assert ask(sandbox, self.PATH).keys() == {"success", "chart"}
        sandbox.set_persona("v3-statistics")
        assert ask(sandbox, self.PATH) == ask(sandbox, self.PATH, dateInterval="day") == known


class TestAgents:
    def test_one_user_for_all_calls(self, sandbox: Sandbox, everything: list[dict[str, Any]]) -> None:
        assert all("involvedAgent1Id" not in call for call in everything)
        for persona in ("account-user", "account-user-only"):
            sandbox.set_persona(persona)
            calls = ask(sandbox, itemsPerPage=10_000, sortDirection="ASC")["calls"]
            assert {call["userId"] for call in calls} == {7001}
            told = [(call["id"], call["agentShortNumber"]) for call in everything]
            assert [(call["id"], call["agentShortNumber"]) for call in calls] == told
            involved = {call["id"]: call["involvedAgent1Id"] for call in calls if "involvedAgent1Id" in call}
            newer = everything[300:] if persona == "account-user" else []
            assert involved == {
                call["id"]: None if call["agentShortNumber"] is None else call["userId"] + 9000
                for call in newer
            }

    def test_agents_are_found_by_each_of_their_ids(self, sandbox: Sandbox) -> None:
        of_user, of_extension = (ask(sandbox, agentIds=[each])["totalItems"] for each in (501, 101))
        assert 0 < of_extension < of_user  # some calls of the user rang at a group, and nobody answered
        sandbox.set_persona("account-user")
        counts = {each: ask(sandbox, agentIds=[each])["totalItems"] for each in (501, 101, 7001)}
        assert (counts[501], counts[101], counts[7001]) == (0, of_extension, TOTAL)
        shown = Counter(call.get("involvedAgent1Id") for call in ask(sandbox, itemsPerPage=10_000)["calls"])
        assert {each: ask(sandbox, agentIds=[each])["totalItems"] for each in shown if each} == {
            each: calls for each, calls in shown.items() if each
        }
        assert [ask(sandbox, userId=each)["totalItems"] for each in (501, 7001)] == [0, TOTAL]
        assert ask(sandbox, allUsers=False)["totalItems"] == TOTAL
        assert 0 < ask(sandbox, teamIds=[1])["totalItems"] < TOTAL


def test_personas_of_different_aspects_at_once(sandbox: Sandbox) -> None:
    sandbox.set_persona("at-most-73+pages-from-0+epoch-seconds+text-ids+totals-behind")
    answer = ask(sandbox, page=1)
    assert (len(answer["calls"]), answer["page"], answer["totalItems"]) == (73, 1, 1097)
    assert isinstance(answer["calls"][0]["id"], str)
    assert isinstance(answer["calls"][0]["timestamp"], int)


def test_every_persona_is_tried_here(sandbox: Sandbox) -> None:
    with open(__file__, encoding="utf-8") as file:
        text = file.read()
    families = (
        "sizes-refused-",
        "depth-10000-",
        "sorted-inside-",
        "call-of-",
        "newest-first",
        "oldest-first",
    )
    assert [name for name in PERSONAS if name not in text and not name.startswith(families)] == []

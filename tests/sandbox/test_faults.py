"""Each fault through HTTP, as a plain client meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from brightcall_pandas.sandbox import Sandbox, start_sandbox
from brightcall_pandas.sandbox._faults import FAULTS, FaultPlan, checked_faults

CALLS, COUNT, STATISTICS = "/api/v1/stat/calls", "/api/v3/stat/calls/count", "/api/v1/stat/calls-detailedV2"
TOTAL = 300


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(calls=TOTAL, days=10, seed=5) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.set_faults(None)


def post(sandbox: Sandbox, path: str = CALLS, timeout: float = 30, **body: Any) -> requests.Response:
    days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "dateInterval": "day"}
    query = {"api-key": sandbox.api_key}
    return requests.post(
        sandbox.url + path, params=query, json=days | body, timeout=timeout, allow_redirects=False
    )


def ask(sandbox: Sandbox, path: str = CALLS, **body: Any) -> dict[str, Any]:
    response = post(sandbox, path, **body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    return [call["id"] for call in answer["calls"]]


class TestPlan:
    def test_every_fault_is_tested_here_or_with_the_changes(self) -> None:
        files = Path(__file__), Path(__file__).with_name("test_changes.py")
        text = "".join(each.read_text(encoding="utf-8") for each in files)
        assert [name for name in FAULTS if f'"{name}"' not in text] == []

    def test_a_rate_strikes_about_as_often_and_repeatably(self, sandbox: Sandbox) -> None:
        def met() -> list[int]:
            sandbox.set_faults({"http_500": 0.3})
            return [post(sandbox, itemsPerPage=1).status_code for _ in range(60)]

        first = met()
        assert 5 < first.count(500) < 35
        assert first.count(500) + first.count(200) == 60
        assert met() == first

    def test_one_more_fault_leaves_the_others_as_they_were(self) -> None:
        def struck(faults: dict[str, Any]) -> list[bool]:
            plan = FaultPlan(checked_faults(faults), 1)
            return [plan.request(CALLS, 1, []).options("slow") is not None for _ in range(50)]

        assert struck({"slow": 0.5}) == struck({"html": 0.5, "slow": 0.5})

    def test_first_means_exactly_the_first(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"http_500": {"first": 2}})
        assert [post(sandbox).status_code for _ in range(4)] == [500, 500, 200, 200]

    def test_only_on_paths_and_pages(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"http_500": {"paths": [CALLS], "pages": [2, 3], "first": 2}})
        pages = [post(sandbox, page=page).status_code for page in (1, 2, 2, 3)]
        assert pages == [200, 500, 500, 200]
        sandbox.set_faults({"http_500": {"paths": [STATISTICS]}})
        assert [post(sandbox, path).status_code for path in (CALLS, STATISTICS)] == [200, 500]

    def test_the_log_names_what_struck(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"http_503": {"first": 1}, "new_fields": 1})
        post(sandbox)
        post(sandbox)
        assert [seen["faults"] for seen in sandbox.requests()[-2:]] == [["http_503"], ["new_fields"]]

    def test_from_the_start(self) -> None:
        with start_sandbox(calls=5, days=1, faults={"http_500": {"first": 1}}) as sandbox:
            assert [post(sandbox).status_code for _ in range(2)] == [500, 200]


class TestCheckedFaults:
    @pytest.mark.parametrize(
        ("faults", "named"),
        [
            ({"http_505": 1}, "http_505"),
            ({"slow": {"minutes": 1}}, "minutes"),
            ({"html": 1.5}, "rate"),
            ({"html": "often"}, "often"),
        ],
    )
    def test_what_cannot_be_is_named(self, faults: dict[str, Any], named: str) -> None:
        with pytest.raises(ValueError, match=named):
            start_sandbox(calls=5, days=1, faults=faults)

    def test_options_are_filled_in(self) -> None:
        assert checked_faults({"slow": 0.5}) == {
            "slow": {"rate": 0.5, "first": None, "paths": None, "pages": None, "seconds": 1.0}
        }


class TestRowsMark:
    def test_another_account_when_the_rows_differ(self) -> None:
        faults: tuple[dict[str, Any], ...] = ({}, {"http_500": 0}, {"string_numbers": 0}, {"new_fields": 0})
        accounts = []
        for each in faults:
            with start_sandbox(calls=5, days=1, faults=each) as sandbox:
                accounts.append(sandbox.account)
        assert accounts[0] == accounts[1]
        assert len(set(accounts)) == 3


class TestRefusals:
    def test_rate_limit(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"rate_limit": {"retry_after": 7}})
        response = post(sandbox)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "7")

    def test_rate_limit_bare(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"rate_limit_bare": 1})
        response = post(sandbox)
        assert response.status_code == 429
        assert "Retry-After" not in response.headers

    @pytest.mark.parametrize(("name", "status"), [("http_500", 500), ("http_502", 502), ("http_503", 503)])
    def test_server_errors(self, sandbox: Sandbox, name: str, status: int) -> None:
        sandbox.set_faults({name: 1})
        assert post(sandbox).status_code == status

    def test_html(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"html": 1})
        response = post(sandbox)
        assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert response.text.startswith("<!doctype html>")

    def test_success_false(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"success_false": 1})
        answer = ask(sandbox)
        assert answer["success"] is False
        assert "calls" not in answer

    def test_redirect(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"redirect": {"to": "http://example.invalid/there"}})
        response = post(sandbox)
        assert (response.status_code, response.headers["Location"]) == (302, "http://example.invalid/there")

    def test_refused_page(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"refused_page": {"cap": 50}})
        assert [post(sandbox, itemsPerPage=size).status_code for size in (50, 51)] == [200, 400]
        assert "itemsPerPage" in post(sandbox).json()["message"]


class TestConnections:
    def test_reset(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"reset": {"first": 1}})
        with pytest.raises(requests.ConnectionError, match=r"reset|Reset"):
            post(sandbox)
        assert post(sandbox).status_code == 200

    def test_slow(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"slow": {"seconds": 3, "first": 1}})
        with pytest.raises(requests.ReadTimeout):
            post(sandbox, timeout=0.5)
        sandbox.set_faults({"slow": {"seconds": 0.01}})
        assert ask(sandbox)["totalItems"] == TOTAL

    def test_hang(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"hang": {"first": 1}})
        with pytest.raises(requests.ReadTimeout):
            post(sandbox, timeout=0.5)
        assert post(sandbox).status_code == 200

    def test_truncated(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"truncated": {"first": 1}})
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
            post(sandbox)
        assert post(sandbox).status_code == 200

    def test_truncated_json(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"truncated_json": {"first": 1}})
        response = post(sandbox)
        assert response.status_code == 200
        assert int(response.headers["Content-Length"]) == len(response.content)
        with pytest.raises(requests.exceptions.JSONDecodeError):
            response.json()


class TestPages:
    def test_capped_page(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"capped_page": {"cap": 40}})
        first, second = (ask(sandbox, itemsPerPage=100, page=page) for page in (1, 2))
        assert len(first["calls"]) == len(second["calls"]) == 40
        assert not set(ids(first)) & set(ids(second))
        assert (first["pagesCount"], first["totalItems"]) == (8, TOTAL)
        assert ask(sandbox, COUNT, itemsPerPage=100)["pagesCount"] == 8
        assert len(ask(sandbox, itemsPerPage=30)["calls"]) == 30
        assert len(ask(sandbox)["calls"]) == 40
        assert ask(sandbox, STATISTICS, itemsPerPage=100)["detailedStat"]["all"]["all"] == TOTAL
        assert sandbox.requests()[-1]["faults"] == []
        assert post(sandbox, itemsPerPage="many", page="two").status_code == 400

    def test_wrong_total(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"wrong_total": {"by": -4}})
        assert ask(sandbox)["totalItems"] == TOTAL - 4

    def test_missing_total(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"missing_total": 1})
        answer = ask(sandbox)
        assert "totalItems" not in answer
        assert answer["pagesCount"] == 3

    def test_wrong_pages(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"wrong_pages": {"by": 2}})
        assert ask(sandbox)["pagesCount"] == ask(sandbox, COUNT)["pagesCount"] == 5

    def test_repeated_page(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"repeated_page": {"first": 1}})
        first, second, again = (ask(sandbox, page=page) for page in (1, 2, 2))
        assert ids(second) == ids(first) != ids(again)
        assert second["page"] == 2

    def test_empty_page(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"empty_page": 1})
        pages = [ask(sandbox, page=page) for page in (1, 2, 3)]
        assert [len(page["calls"]) for page in pages] == [100, 0, 100]
        assert pages[1]["totalItems"] == TOTAL

    def test_unstable_ties(self) -> None:
        with start_sandbox(calls=400, days=1, faults={"unstable_ties": {"seconds": 3600}}) as sandbox:
            answers = [ask(sandbox, itemsPerPage=400) for _ in range(3)]
            stamps = [call["timestamp"] for call in answers[0]["calls"]]
            assert len(set(stamps)) < 30
            assert stamps == sorted(stamps, reverse=True)
            assert len({tuple(ids(answer)) for answer in answers}) == 3
            assert len({frozenset(ids(answer)) for answer in answers}) == 1

    def test_utc_bounds(self, sandbox: Sandbox) -> None:
        day = {"dayFrom": "2026-03-25", "dayTo": "2026-03-25", "timezone": "Pacific/Auckland"}
        asked = ask(sandbox, **day)
        sandbox.set_faults({"utc_bounds": 1})
        met = ask(sandbox, **day)
        assert {call["timestamp"][:10] for call in met["calls"]} == {"2026-03-25"}
        assert met["timezone"] == "Pacific/Auckland"
        assert ids(met) != ids(asked)
        assert ask(sandbox, STATISTICS, **day)["detailedStat"]["all"]["all"] == met["totalItems"]


class TestRows:
    def test_outside_rows(self, sandbox: Sandbox) -> None:
        body = {"dayFrom": "2026-03-25", "itemsPerPage": 10, "page": 2}
        right = ask(sandbox, **body)
        sandbox.set_faults({"outside_rows": {"count": 2}})
        answer = ask(sandbox, **body)
        assert ids(answer)[:10] == ids(right)
        assert [call["timestamp"] for call in answer["calls"][10:]] == ["2026-03-23T00:00:00Z"] * 2
        assert answer["totalItems"] == right["totalItems"]

    def test_string_numbers(self, sandbox: Sandbox) -> None:
        right = ask(sandbox)["calls"]
        sandbox.set_faults({"string_numbers": {"fields": ["id", "talkTime"], "nonsense": 2}})
        calls = ask(sandbox)["calls"]
        assert [(call["id"], call["talkTime"]) for call in calls] == [
            (str(call["id"]), str(call["talkTime"])) for call in right
        ]
        assert [call["answerTime"] for call in calls[:3]] == ["unknown", "unknown", right[2]["answerTime"]]

    def test_new_fields(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"new_fields": 1})
        call = ask(sandbox)["calls"][0]
        assert (call["involvedAgent1Id"], call["sentiment"]) == (call["userId"], {"score": 0.5})

    def test_missing_fields(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"missing_fields": {"fields": ["talkTime", "label"]}})
        assert not any({"talkTime", "label"} & set(call) for call in ask(sandbox)["calls"])

    def test_naive_timestamps(self, sandbox: Sandbox) -> None:
        right = ask(sandbox, timezone="Asia/Tokyo")["calls"][0]["timestamp"]
        sandbox.set_faults({"naive_timestamps": 1})
        met = ask(sandbox, timezone="Asia/Tokyo")["calls"][0]["timestamp"]
        # Tokyo is nine hours ahead, all year.
        assert (int(met[11:13]) - int(right[11:13])) % 24 == 9
        assert met[13:] == right[13:].removesuffix("Z")

    def test_mutate(self) -> None:
        options = {"insert": 2, "update": 1, "delete": 3}
        with start_sandbox(calls=100, days=2, faults={"mutate": options}) as sandbox:
            totals, seen = [], []
            for _ in range(3):
                answer = ask(sandbox, itemsPerPage=200)
                totals.append(answer["totalItems"])
                seen.append({str(call_id) for call_id in ids(answer)})
            changes = sandbox.changes()
            assert totals == [99, 98, 97]
            assert [change["change"] for change in changes[:6]] == ["insert"] * 2 + ["update"] + [
                "delete"
            ] * 3
            assert [change["request"] for change in changes] == [1] * 6 + [2] * 6 + [3] * 6
            there = seen[1]
            for change in changes[12:]:
                there = there | set(change["ids"]) if change["change"] == "insert" else there
                there = there - set(change["ids"]) if change["change"] == "delete" else there
            assert seen[2] == there

    def test_mutate_is_repeatable(self) -> None:
        histories = []
        for _ in range(2):
            with start_sandbox(calls=50, days=2, seed=3, faults={"mutate": 0.5}) as sandbox:
                for _ in range(8):
                    ask(sandbox)
                histories.append(sandbox.changes())
        assert histories[0] == histories[1] != []


class TestEchoKey:
    @pytest.mark.parametrize("where", ["header", "body", "error", "redirect"])
    def test_the_key_comes_back(self, sandbox: Sandbox, where: str) -> None:
        sandbox.set_faults({"echo_key": {"where": where}})
        response = post(sandbox)
        places = {
            "header": response.headers.get("X-Request-Url", ""),
            "body": response.text if response.status_code == 200 else "",
            "error": response.text if response.status_code == 400 else "",
            "redirect": response.headers.get("Location", ""),
        }
        assert [name for name, text in places.items() if sandbox.api_key in text] == [where]

"""Both endpoints through HTTP, with nothing but `requests` on this side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import requests

from brightcall_pandas.filters import FILTERS, CallFilter
from brightcall_pandas.frame import FIELD_NAMES, FIELDS
from brightcall_pandas.sandbox import Sandbox, start_sandbox
from brightcall_pandas.sandbox._answers import LARGEST_PAGE

ENVELOPE = [
    "success",
    "calls",
    "tags",
    "outcomes",
    "projects",
    "minTalkTime",
    "maxTalkTime",
    "minAnswerTime",
    "maxAnswerTime",
    "timezone",
    "page",
    "pagesCount",
    "totalItems",
]
COUNTS = ["all", "fail", "success", "talks", "error", "unique", "firstTime", "active"]
DURATIONS = ["total", "call", "answer"]
CALLS, STATISTICS = "/api/v1/stat/calls", "/api/v1/stat/calls-detailedV2"
ZONE = {"timezone": "Europe/Berlin"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(calls=3_000, days=10, seed=7) as running:
        yield running


@pytest.fixture(scope="module")
def rows(sandbox: Sandbox) -> pd.DataFrame:
    """Every call of the sandbox, as it came."""
    answer = ask(sandbox, showTransfers=True, showAICallsWithLog=True, itemsPerPage=LARGEST_PAGE)
    assert len(answer["calls"]) == answer["totalItems"] == 3_000
    return pd.DataFrame(answer["calls"], columns=list(FIELD_NAMES))


def post(sandbox: Sandbox, body: Any, path: str = CALLS, key: str | None = "") -> requests.Response:
    query = {} if key is None else {"api-key": key or sandbox.api_key}
    return requests.post(sandbox.url + path, params=query, json=body, timeout=30)


def ask(sandbox: Sandbox, path: str = CALLS, **body: Any) -> dict[str, Any]:
    days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to}
    response = post(sandbox, days | body, path)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert answer["success"] is True
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    return [call["id"] for call in answer["calls"]]


# One case a filter at least: the parameter as the API has it, with a value that takes some calls but not all.
ON_ROWS: list[dict[str, Any]] = [
    {"dayFrom": "2026-03-28"},
    {"dayTo": "2026-03-28"},
    {"dayFrom": "2026-03-29", "dayTo": "2026-03-29"},
    {"dayFrom": "2026-03-25", "dayTo": "2026-03-25", "timezone": "Pacific/Auckland"},
    {"searchString": "heat PUMPS"},
    {"searchString": "follow-up"},
    {"searchString": "305550103"},
    {"types": [0]},
    {"types": [1, 2]},
    {"states": [1]},
    {"states": [0, 2]},
    {"categories": ["internal"]},
    {"categories": ["inbound_answered", "outbound_failed", "internal"]},
    {"agentIds": [501, 513]},
    {"uniqueIds": ["{uniqueId}"]},
    {"number": "{clientNumber}"},
    {"number": "+49305550103"},
    {"fromNumber": "+49305550103"},
    {"toNumber": "+49305550103"},
    {"toAnswer": "103"},
    {"textProjects": ["Renewals", "Heat pumps"]},
    {"projectIds": [11]},
    {"tags": ["Busy"]},
    {"tags": ["VIP", "Complaint"]},
    {"outcomes": ["No answer"]},
    {"outcomes": [" no answer ", "Voicemail"]},
    {"outcomeTypes": ["positive"]},
    {"outcomeTypes": ["absent", "negative"]},
    {"talkTimeFrom": 30},
    {"talkTimeTo": 30},
    {"talkTimeFrom": 10, "talkTimeTo": 29},
    {"answerTimeFrom": 5},
    {"answerTimeTo": 5},
    {"userId": 502},
    {"qualityRating": 4},
]
REMOVES_NOTHING: list[dict[str, Any]] = [
    {"categories": ["all", "internal"]},
    {"allUsers": True},
    {"showTransfers": True},
    {"showTransfers": False},
    {"showAICallsWithLog": True},
    {"showAICallsWithLog": False},
    *({"dateInterval": each} for each in ("hour", "day", "week", "month", "year")),
]
OWN_TESTS = {"teamIds", "allUsers", "timezone", "page", "itemsPerPage", "sortBy", "sortDirection"}


class TestParameters:
    def test_each_of_the_33_is_tested(self) -> None:
        named = {name for case in ON_ROWS + REMOVES_NOTHING for name in case}
        assert named | OWN_TESTS == {each.parameter for each in FILTERS.values()}
        assert len(FILTERS) == 33

    @pytest.mark.parametrize("case", ON_ROWS, ids=json.dumps)
    def test_takes_the_calls_that_the_mask_takes(
        self, sandbox: Sandbox, rows: pd.DataFrame, case: dict[str, Any]
    ) -> None:
        sample = rows.loc[rows["type"] == 1].iloc[10]
        text = json.dumps(case)
        for name in ("uniqueId", "clientNumber"):
            text = text.replace("{" + name + "}", sample[name])
        body = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to} | ZONE | json.loads(text)
        expected = rows.loc[CallFilter.from_request(body).mask(rows), "id"]
        answer = ask(sandbox, **body, itemsPerPage=LARGEST_PAGE)
        assert set(ids(answer)) == set(expected)
        assert 0 < answer["totalItems"] == len(expected) < 3_000

    @pytest.mark.parametrize("case", REMOVES_NOTHING, ids=json.dumps)
    def test_never_removes_a_call(self, sandbox: Sandbox, rows: pd.DataFrame, case: dict[str, Any]) -> None:
        answer = ask(sandbox, **case, itemsPerPage=LARGEST_PAGE)
        assert set(ids(answer)) == set(rows["id"])

    def test_team_ids(self, sandbox: Sandbox, rows: pd.DataFrame) -> None:
        members = [each["user_id"] for each in sandbox.truth["users"] if each["team_id"] in (2, 4)]
        answer = ask(sandbox, teamIds=[2, 4], itemsPerPage=LARGEST_PAGE)
        assert set(ids(answer)) == set(rows.loc[rows["userId"].isin(members), "id"])
        assert 0 < answer["totalItems"] < 3_000
        assert ask(sandbox, teamIds=[99])["totalItems"] == 0

    def test_all_users_false_leaves_those_of_the_keys_owner(
        self, sandbox: Sandbox, rows: pd.DataFrame
    ) -> None:
        answer = ask(sandbox, allUsers=False, itemsPerPage=LARGEST_PAGE)
        assert set(ids(answer)) == set(rows.loc[rows["userId"] == 501, "id"])
        assert ask(sandbox, allUsers=False, userId=502)["totalItems"] == 0

    def test_timezone_moves_the_bounds_and_is_named_in_the_answer(self, sandbox: Sandbox) -> None:
        day = {"dayFrom": "2026-03-25", "dayTo": "2026-03-25", "itemsPerPage": LARGEST_PAGE}
        ours, theirs = ask(sandbox, **day), ask(sandbox, **day, timezone="Pacific/Auckland")
        assert (ours["timezone"], theirs["timezone"]) == ("Europe/Berlin", "Pacific/Auckland")
        assert ours["totalItems"] == sandbox.truth["by_day"]["2026-03-25"]
        assert set(ids(ours)) != set(ids(theirs))
        # Midnight in Auckland is noon of the day before in Berlin: 11 h UTC in March.
        assert {call["timestamp"][:10] for call in theirs["calls"]} == {"2026-03-24", "2026-03-25"}
        assert min(call["timestamp"] for call in theirs["calls"]) >= "2026-03-24T11:00:00Z"

    def test_pages_are_slices_of_one_order(self, sandbox: Sandbox, rows: pd.DataFrame) -> None:
        pages = [ask(sandbox, page=number, itemsPerPage=700) for number in range(1, 6)]
        assert [len(page["calls"]) for page in pages] == [700, 700, 700, 700, 200]
        assert [page["page"] for page in pages] == [1, 2, 3, 4, 5]
        assert {page["pagesCount"] for page in pages} == {5}
        assert sorted(call_id for page in pages for call_id in ids(page)) == sorted(rows["id"])

    def test_without_paging_the_first_hundred(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox)
        assert (len(answer["calls"]), answer["page"], answer["pagesCount"]) == (100, 1, 30)

    def test_a_page_past_the_end_is_empty(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox, page=31)
        assert (answer["calls"], answer["totalItems"], answer["page"]) == ([], 3_000, 31)

    @pytest.mark.parametrize("name", ["timestamp", "talkTime", "answerTime"])
    def test_sort(self, sandbox: Sandbox, rows: pd.DataFrame, name: str) -> None:
        ordered = rows.sort_values([name, "id"])["id"].tolist()
        up = ask(sandbox, sortBy=name, sortDirection="ASC", itemsPerPage=LARGEST_PAGE)
        down = ask(sandbox, sortBy=name, sortDirection="DESC", itemsPerPage=LARGEST_PAGE)
        assert ids(up) == ordered
        assert ids(down) == ordered[::-1]
        assert ids(ask(sandbox, sortBy=name, itemsPerPage=LARGEST_PAGE)) == ids(down)

    def test_without_sort_the_newest_first(self, sandbox: Sandbox) -> None:
        newest_first = ask(sandbox, sortBy="timestamp", sortDirection="DESC")
        assert ids(ask(sandbox)) == ids(newest_first)


class TestCalls:
    def test_the_13_fields_of_the_envelope(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox)
        assert list(answer) == ENVELOPE
        assert answer["tags"] == ["Busy", "Complaint", "Follow-up", "VIP"]
        assert "No Answer" in answer["outcomes"]
        assert {"id": 13, "name": "Heat pumps"} in answer["projects"]

    def test_extremes_are_those_of_the_whole_query(self, sandbox: Sandbox, rows: pd.DataFrame) -> None:
        here = rows[rows["type"] == 0]
        answer = ask(sandbox, types=[0], itemsPerPage=1)
        assert (answer["minTalkTime"], answer["maxTalkTime"]) == (0, here["talkTime"].max())
        assert (answer["minAnswerTime"], answer["maxAnswerTime"]) == (0, here["answerTime"].max())
        assert ask(sandbox, toNumber="nobody")["maxTalkTime"] is None

    def test_the_45_fields_in_the_articles_order(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox, showTransfers=True, showAICallsWithLog=True, itemsPerPage=LARGEST_PAGE)
        position = {name: number for number, name in enumerate(FIELD_NAMES)}
        optional = {field.name for field in FIELDS.values() if field.optional}
        seen = set()
        for call in answer["calls"]:
            numbers = [position[name] for name in call]
            assert numbers == sorted(numbers)
            assert set(FIELD_NAMES) - set(call) <= optional
            seen |= set(call)
        assert seen == set(FIELD_NAMES)

    def test_values_are_of_the_kinds_that_are_seen_in_the_wild(self, sandbox: Sandbox) -> None:
        calls = ask(sandbox, itemsPerPage=LARGEST_PAGE)["calls"]
        kinds = {name: {type(call[name]) for call in calls if name in call} for name in FIELD_NAMES}
        none = type(None)
        assert kinds["id"] == kinds["type"] == kinds["state"] == kinds["userId"] == {int}
        assert kinds["talkTime"] == kinds["totalTime"] == {int}
        assert kinds["tags"] == {list}
        assert kinds["crmInfo"] == {dict, none}
        assert kinds["numbersInvolvedJSON"] == kinds["numbersRingedJSON"] == {str}
        assert kinds["projectId"] == kinds["qualityRating"] == kinds["recallState"] == {int, none}
        assert kinds["favorite"] == {bool}
        assert kinds["recordingExpired"] == {bool, none}
        assert {call["type"] for call in calls} == {call["state"] for call in calls} == {0, 1, 2}
        assert all(pd.Timestamp(call["timestamp"]).utcoffset() is not None for call in calls)

    def test_transfers_and_transcripts_come_on_request(self, sandbox: Sandbox) -> None:
        names = {"transfers", "transcripts"}
        asked = {
            "transfers": ask(sandbox, showTransfers=True, itemsPerPage=LARGEST_PAGE)["calls"],
            "transcripts": ask(sandbox, showAICallsWithLog=True, itemsPerPage=LARGEST_PAGE)["calls"],
        }
        assert not any(names & set(call) for call in ask(sandbox, itemsPerPage=LARGEST_PAGE)["calls"])
        for name, calls in asked.items():
            have = [call for call in calls if name in call]
            assert 0 < len(have) < len(calls)
            assert not any((names - {name}) & set(call) for call in calls)
        assert {type(call["transfers"]) for call in asked["transfers"] if "transfers" in call} == {list}
        told = [call for call in asked["transcripts"] if "transcripts" in call]
        assert all(call["aiTalkTime"] > 0 or call["userId"] == 513 for call in told)


class TestStatistics:
    def test_the_whole_tree_against_the_truth(self, sandbox: Sandbox, rows: pd.DataFrame) -> None:
        stat = ask(sandbox, STATISTICS, dateInterval="day")["detailedStat"]
        truth = sandbox.truth
        for group, name in (("in", "inbound"), ("out", "outbound"), ("our", "internal")):
            told = truth["by_direction"][name]
            assert stat[group]["all"] == told["calls"]
            assert stat[group]["success"] == told["answered"]
            assert stat[group]["fail"] == told["unanswered"]
            assert stat[group]["error"] == told["failed"]
            assert stat[group]["talks"] == told["talks"]
            assert stat[group]["unique"] == truth["clients"][name]
            assert stat[group]["total"]["sum"] == told["total_time_total_s"]
            assert stat[group]["total"]["count"] == told["calls"]
            assert stat[group]["answer"]["count"] == told["answered"]
        assert stat["all"]["all"] == 3_000
        assert stat["all"]["unique"] == truth["clients"]["all"]
        assert stat["allTalkTime"] == truth["talk_time"]["total_s"]
        assert stat["aiTalkTime"] == truth["talk_time"]["ai_total_s"]
        assert stat["aiTalkCost"] == round(truth["talk_time"]["ai_total_s"] / 60 * 0.12, 2)

    def test_the_whole_tree_against_the_rows(self, sandbox: Sandbox, rows: pd.DataFrame) -> None:
        stat = ask(sandbox, STATISTICS, dateInterval="day")["detailedStat"]
        groups = {
            "all": rows,
            **{name: rows[rows["type"] == code] for code, name in enumerate(("in", "out", "our"))},
        }
        for name, here in groups.items():
            durations = {
                "total": here["totalTime"],
                "call": here["callTime"],
                "answer": here.loc[here["state"] == 1, "answerTime"],
            }
            for key, values in durations.items():
                ends = (values.min(), values.max())
                told = stat[name][key]
                assert (told["min"], told["max"]) == ends
                assert (told["sum"], told["count"]) == (values.sum(), len(values))
            assert stat[name]["firstTime"] == here["firstTimeForUser"].eq(True).sum()
            assert stat[name]["active"] == 0
        kinds = rows["outcomeType"].fillna("absent").value_counts()
        names = {
            "tagsSuccess": "positive",
            "tagsDefault": "neutral",
            "tagsFail": "negative",
            "tagsNoResult": "absent",
        }
        assert {name: stat[name] for name in names} == {name: kinds[kind] for name, kind in names.items()}
        assert list(stat) == ["all", "in", "out", "our", *names, "aiTalkTime", "allTalkTime", "aiTalkCost"]
        assert list(stat["in"]) == COUNTS + DURATIONS

    @pytest.mark.parametrize(
        "case", [{"types": [0]}, {"tags": ["Busy"]}, {"teamIds": [1]}, {"allUsers": False}]
    )
    def test_filters_apply(self, sandbox: Sandbox, case: dict[str, Any]) -> None:
        stat = ask(sandbox, STATISTICS, dateInterval="day", **case)["detailedStat"]
        assert stat["all"]["all"] == ask(sandbox, **case)["totalItems"] < 3_000

    def test_of_no_calls(self, sandbox: Sandbox) -> None:
        stat = ask(sandbox, STATISTICS, dateInterval="day", toNumber="nobody")["detailedStat"]
        nothing = {"sum": 0, "count": 0, "min": None, "max": None}
        assert stat["all"]["all"] == stat["our"]["unique"] == stat["allTalkTime"] == 0
        assert stat["all"]["total"] == stat["in"]["answer"] == nothing


class TestV3:
    def test_list_and_count(self, sandbox: Sandbox) -> None:
        body = {"types": [0], "itemsPerPage": 50}
        listed, counted = (ask(sandbox, f"/api/v3/stat/calls/{name}", **body) for name in ("list", "count"))
        old = ask(sandbox, **body)
        assert listed["calls"] == old["calls"]
        assert "totalItems" not in listed
        assert listed["timezone"] == "Europe/Berlin"
        assert counted == {"success": True, "pagesCount": old["pagesCount"]}

    def test_pages_of_one_count_the_calls(self, sandbox: Sandbox) -> None:
        assert ask(sandbox, "/api/v3/stat/calls/count", itemsPerPage=1)["pagesCount"] == 3_000

    def test_the_statistics_say_nothing_that_is_documented(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox, "/api/v3/stat/calls-detailed-e-chart", dateInterval="day")
        assert "detailedStat" not in answer

    def test_or_what_v1_says(self, sandbox: Sandbox) -> None:
        known = ask(sandbox, STATISTICS, dateInterval="day")
        sandbox.set_persona("v3-statistics")
        try:
            assert ask(sandbox, "/api/v3/stat/calls-detailed-e-chart") == known  # without dateInterval
        finally:
            sandbox.set_persona(None)


DAYS = {"dayFrom": "2026-03-22", "dayTo": "2026-03-31"}


class TestRefusals:
    @pytest.mark.parametrize(
        "path", [CALLS, STATISTICS, "/api/v3/stat/calls/list", "/api/v3/stat/calls/count"]
    )
    @pytest.mark.parametrize("key", [None, "wrong"])
    def test_key(self, sandbox: Sandbox, path: str, key: str | None) -> None:
        response = post(sandbox, DAYS, path, key)
        assert response.status_code == 401
        assert response.json()["success"] is False

    @pytest.mark.parametrize(
        ("named", "changes"),
        [
            ("dayFrom", {"dayFrom": None}),
            ("dayTo", {"dayTo": None}),
            ("dayFrom", {"dayFrom": "01.03.2026"}),
            ("dayTo", {"dayTo": "2026-02-30"}),
            ("dayFrom", {"dayFrom": 20260301}),
            ("dayFrom", {"dayFrom": "2026-04-01"}),
            ("timezone", {"timezone": "Mars/Base"}),
            ("dateInterval", {"dateInterval": "fortnight"}),
            ("types", {"types": [3]}),
            ("states", {"states": ["ringing"]}),
            ("categories", {"categories": ["inbound_missing"]}),
            ("outcomeTypes", {"outcomeTypes": ["good"]}),
            ("talkTimeFrom", {"talkTimeFrom": -1}),
            ("talkTimeFrom", {"talkTimeFrom": 20, "talkTimeTo": 10}),
            ("answerTimeTo", {"answerTimeTo": "long"}),
            ("allUsers", {"allUsers": "false"}),
            ("showTransfers", {"showTransfers": 1}),
            ("searchString", {"searchString": 5}),
            ("tags", {"tags": [{"name": "Busy"}]}),
            ("page", {"page": 0}),
            ("page", {"page": "2"}),
            ("itemsPerPage", {"itemsPerPage": 0}),
            ("itemsPerPage", {"itemsPerPage": LARGEST_PAGE + 1}),
            ("sortBy", {"sortBy": "id"}),
            ("sortDirection", {"sortDirection": "UP"}),
            ("outcome", {"outcome": ["No Answer"]}),
        ],
    )
    def test_a_bad_parameter_is_named(self, sandbox: Sandbox, named: str, changes: dict[str, Any]) -> None:
        response = post(sandbox, DAYS | changes)
        assert response.status_code == 400
        assert response.json()["success"] is False
        assert named in response.json()["message"]

    def test_statistics_need_the_interval(self, sandbox: Sandbox) -> None:
        response = post(sandbox, DAYS, STATISTICS)
        assert response.status_code == 400
        assert "dateInterval" in response.json()["message"]

    @pytest.mark.parametrize("path", [CALLS, STATISTICS, "/api/v3/stat/calls/list"])
    def test_a_parameter_in_the_query_string_is_named(self, sandbox: Sandbox, path: str) -> None:
        query = {"api-key": sandbox.api_key, "page": 2, "dateInterval": "day"}
        response = requests.post(sandbox.url + path, params=query, json=DAYS, timeout=30)
        assert response.status_code == 400
        assert "query string: 'page', 'dateInterval'" in response.json()["message"]
        wrong_key = requests.post(sandbox.url + path, params=query | {"api-key": "x"}, json=DAYS, timeout=30)
        assert wrong_key.status_code == 401

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"', b"\xff"])
    def test_a_body_that_is_no_object(self, sandbox: Sandbox, body: bytes) -> None:
        response = requests.post(
            sandbox.url + CALLS, params={"api-key": sandbox.api_key}, data=body, timeout=30
        )
        assert (response.status_code, response.json()["success"]) == (400, False)

    def test_wrong_method_and_unknown_path(self, sandbox: Sandbox) -> None:
        known = requests.get(sandbox.url + CALLS, params={"api-key": sandbox.api_key}, timeout=30)
        unknown = post(sandbox, DAYS, "/api/v2/stat/calls")
        assert (known.status_code, known.json()["success"]) == (405, False)
        assert (unknown.status_code, unknown.json()["success"]) == (404, False)

"""Answers that belong to another question than the one asked: told, never taken for the answer."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

import brightcall_pandas as bc


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Any]:
    with bc.start_sandbox(calls=180, days=3, seed=4) as running:
        yield running


@pytest.fixture
def truth(sandbox) -> dict[str, set[str]]:
    """Ids of each day, asked for plainly."""
    found = {}
    for day in ("2026-03-29", "2026-03-30", "2026-03-31"):
        body = {"dayFrom": day, "dayTo": day, "itemsPerPage": 1000}
        url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
        found[day] = {str(call["id"]) for call in requests.post(url, json=body, timeout=60).json()["calls"]}
    assert sum(map(len, found.values())) == 180
    return found


def loads_all_or_says_so(relay, sandbox, tmp_path, truth, page_size, workers=4) -> int:
    """Load each day; return how many came whole."""
    client = bc.Client(
        sandbox.api_key,
        base_url=relay.url,
        cache_dir=tmp_path,
        page_size=page_size,
        workers=workers,
        account=f"{page_size}",
        timezone=sandbox.timezone,
    )
    whole = 0
    for day, there in truth.items():
        try:
            frame = bc.load_calls(day, day, client=client, progress=False)
        except bc.BrightcallError:
            continue
        assert set(frame["id"]) == there
        whole += 1
    client.close()
    return whole


@pytest.mark.parametrize("page_size", [12, 500])
class TestMixedUp:
    def test_nothing_is_mixed_up(self, relay, sandbox, tmp_path, truth, page_size):
        assert loads_all_or_says_so(relay, sandbox, tmp_path, truth, page_size) == 3

    def test_each_answer_is_that_of_the_question_before(self, relay, sandbox, tmp_path, truth, page_size):
        lock, last = threading.Lock(), [b""]

        def one_behind(_: dict[str, Any], content: bytes) -> bytes:
            with lock:
                last[0], content = content, last[0] or content
            return content

        relay.change = one_behind
        loads_all_or_says_so(relay, sandbox, tmp_path, truth, page_size)

    def test_now_and_then_an_answer_is_that_of_the_question_before(
        self, relay, sandbox, tmp_path, truth, page_size
    ):
        lock, last, number = threading.Lock(), [b""], itertools.count(1)

        def sometimes(_: dict[str, Any], content: bytes) -> bytes:
            with lock:
                before, last[0] = last[0], content
                return before if next(number) % 7 == 0 else content

        relay.change = sometimes
        assert loads_all_or_says_so(relay, sandbox, tmp_path, truth, page_size) > 0

    @pytest.mark.parametrize("keeps_number", [True, False])
    def test_each_page_is_the_one_after(self, relay, sandbox, tmp_path, truth, page_size, keeps_number):
        def renumbered(body: dict[str, Any], content: bytes) -> bytes:
            answer = json.loads(content)
            return json.dumps(answer | ({"page": body["page"]} if keeps_number else {})).encode()

        relay.question = lambda body: body | {"page": body["page"] + 1}
        relay.change = renumbered
        loads_all_or_says_so(relay, sandbox, tmp_path, truth, page_size)

    def test_a_proxy_keeps_the_first_answer(self, relay, sandbox, tmp_path, truth, page_size):
        kept: list[bytes] = []

        def first(_: dict[str, Any], content: bytes) -> bytes:
            kept.append(content)
            return kept[0]

        relay.change = first
        assert loads_all_or_says_so(relay, sandbox, tmp_path, truth, page_size) < 3

    def test_an_empty_day_before_all_calls_is_no_proxys_fault(
        self, relay, sandbox, tmp_path, truth, page_size, capsys
    ):
        client = bc.Client(sandbox.api_key, base_url=relay.url, cache_dir=tmp_path, page_size=page_size)
        for _ in range(2):
            assert not len(bc.load_calls("2026-03-02", "2026-03-02", client=client, progress=True))
        assert "shows no calls at all" not in capsys.readouterr().err
        assert client.cache.info()["days"] == 1
        client.close()

    def test_a_proxy_keeps_the_answer_of_an_empty_day(
        self, relay, sandbox, tmp_path, truth, page_size, capsys
    ):
        empty = {"dayFrom": "2026-04-05", "dayTo": "2026-04-05"}
        relay.question = lambda body: body | empty
        client = bc.Client(sandbox.api_key, base_url=relay.url, cache_dir=tmp_path, timezone=sandbox.timezone)
        assert not len(bc.load_calls("2026-03-29", "2026-03-31", client=client, progress=True))
        assert "shows no calls at all, neither for these days nor for a year" in capsys.readouterr().err
        relay.question = lambda body: body
        assert len(bc.load_calls("2026-03-29", "2026-03-31", client=client, progress=False)) == 180
        client.close()

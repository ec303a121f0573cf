"""Days without calls, whatever way a server has to say so; and what is no such day."""

from __future__ import annotations

import json

import pytest

import brightcall_pandas as bc

BLANK = {
    "null": b'{"success": true, "calls": null}',
    "absent": b'{"success": true, "timezone": "UTC"}',
    "an empty object": b'{"success": true, "calls": {}}',
    "204": (204, b""),
    "404": (404, b'{"success": false, "message": "No calls found"}'),
}


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=300, days=3, seed=3) as running:
        yield running


@pytest.fixture
def client(relay, sandbox, tmp_path):
    made = bc.Client(
        sandbox.api_key,
        base_url=relay.url,
        account="blank",
        cache_dir=tmp_path / "cache",
        retries=0,
        timezone=sandbox.timezone,
    )
    yield made
    made.close()


def blank(answer):
    """Answer so where there are no calls."""
    return lambda _, content: content if json.loads(content).get("calls") else answer


@pytest.mark.parametrize("answer", BLANK.values(), ids=BLANK)
class TestBlank:
    BEFORE = "2026-01-01"  # long before the sandbox's first day

    def test_a_day_without_calls(self, relay, client, sandbox, answer):
        relay.change = blank(answer)
        frame = bc.load_calls(self.BEFORE, self.BEFORE, client=client)
        assert len(frame) == 0
        assert frame.attrs["brightcall"]["complete"]
        assert len(bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)) == 300

    def test_counted(self, relay, client, answer):
        relay.change = blank(answer)
        assert bc.count_calls(self.BEFORE, self.BEFORE, client=client) == 0

    def test_a_filter_that_no_call_meets(self, relay, client, sandbox, answer):
        relay.change = blank(answer)
        frame = bc.load_calls(sandbox.day_from, sandbox.day_to, number="000", client=client)
        assert len(frame) == 0


class TestNotBlank:
    @pytest.mark.parametrize(
        "answer",
        [
            b"{}",
            b'{"success": false, "message": "no calls for you"}',
            b'{"calls": null, "message": "maintenance"}',
            (404, b'{"message": "Not found"}'),
            (404, b""),
        ],
    )
    def test_an_error_stays_one(self, relay, client, sandbox, answer):
        relay.change = lambda _, content: answer
        with pytest.raises((bc.InvalidResponseError, bc.RequestError)):
            bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)

    @pytest.mark.parametrize("settle_days", [7, 3650])
    def test_what_is_blank_only_now_and_then_is_not_believed(self, relay, sandbox, tmp_path, settle_days):
        answers = iter([b'{"success": true}'] * 2)
        relay.change = lambda _, content: next(answers, content)
        client = bc.Client(
            sandbox.api_key,
            base_url=relay.url,
            cache_dir=tmp_path,
            timezone=sandbox.timezone,
            settle_days=settle_days,
        )
        assert len(bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)) == 300
        client.close()

"""One call with bytes that are no text, or a field of an odd name, among many: nothing else changes."""

from __future__ import annotations

import json

import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from tests.load.relay import Relay


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=1_200, days=4, seed=3) as running:
        yield running


@pytest.fixture(scope="module")
def whole(sandbox, tmp_path_factory):
    """The calls as they are; no test changes them."""
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("whole"), page_size=100)
    return bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)


@pytest.fixture
def client(relay, sandbox, tmp_path):
    made = bc.Client(
        sandbox.api_key, base_url=relay.url, account="odd", cache_dir=tmp_path / "odd", page_size=100
    )
    yield made
    made.close()


@pytest.fixture
def load(client, sandbox):
    return lambda: bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)


def victim(whole):
    return whole.index[len(whole) // 2]


def of_call(call_id, change):
    """Change one call wherever it is answered; ``@bad@`` becomes a byte that is no text."""

    def changed(_, content):
        answer = json.loads(content)
        for call in answer.get("calls", []):
            if str(call["id"]) == call_id:
                change(call)
        return json.dumps(answer, ensure_ascii=False).encode().replace(b"@bad@", b"\xff")

    return changed


def misfits(frame):
    table = frame.calls.quality()
    return table.loc["misfits", "count"].to_dict() if "misfits" in table.index else {}


class TestBadByte:
    def test_the_value_is_counted_and_all_else_is_as_it_was(self, relay, load, client, whole):
        row = victim(whole)
        number = whole.loc[row, "clientNumber"]
        relay.change = of_call(whole.loc[row, "id"], lambda call: call.update(clientNumber=f"@bad@{number}"))
        frame = load()
        assert frame.attrs["brightcall"]["complete"]
        expected = whole.copy()
        expected.loc[row, "clientNumber"] = f"\ufffd{number}"
        pdt.assert_frame_equal(frame, expected)
        assert misfits(frame) == {"clientNumber": 1}
        pages = [client.cache.pages.get_response(key).content for key in client.cache.pages.all_keys()]
        assert any(b"\xff" in page for page in pages)  # as they came
        asked = len(relay.asked)
        again = load()
        pdt.assert_frame_equal(again, expected)
        assert misfits(again) == {"clientNumber": 1}
        assert len(relay.asked) == asked

    def test_within_what_is_nested(self, relay, load, whole):
        row = victim(whole)
        relay.change = of_call(whole.loc[row, "id"], lambda call: call.update(tags=["@bad@", "vip"]))
        frame = load()
        assert json.loads(frame.loc[row, "tags"]) == ["\ufffd", "vip"]
        pdt.assert_frame_equal(frame.drop(columns="tags"), whole.drop(columns="tags"))
        assert misfits(frame) == {"tags": 1}

    def test_where_a_number_should_be_it_is_null(self, relay, load, whole):
        row = victim(whole)
        relay.change = of_call(whole.loc[row, "id"], lambda call: call.update(talkTime="@bad@"))
        frame = load()
        expected = whole.copy()
        expected.loc[row, "talkTime"] = float("nan")
        pdt.assert_frame_equal(frame, expected)
        assert misfits(frame) == {"talkTime": 1}


class TestOddName:
    @pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "two\nlines", "nul\0"])
    def test_is_kept_in_extras(self, relay, load, whole, name):
        row = victim(whole)
        relay.change = of_call(whole.loc[row, "id"], lambda call: call.update({name: [1]}))
        frame = load()
        assert frame.attrs["brightcall"]["complete"]
        assert json.loads(frame.loc[row, "extras"]) == {name: [1]}
        pdt.assert_frame_equal(frame.drop(columns="extras"), whole.drop(columns="extras"))
        assert frame["extras"].notna().sum() == 1
        assert misfits(frame) == {}

    def test_with_a_bad_byte_in_it(self, relay, load, whole):
        row = victim(whole)
        relay.change = of_call(whole.loc[row, "id"], lambda call: call.update({"caf@bad@": 1}))
        frame = load()
        assert json.loads(frame.loc[row, "extras"]) == {"caf\ufffd": 1}
        assert misfits(frame) == {"extras": 1}


class TestProvedWindows:
    """1,200 calls in pages of 15 are more than one window; the last day's requests fail."""

    @pytest.fixture
    def client(self, relay, sandbox, tmp_path):
        made = bc.Client(
            sandbox.api_key,
            base_url=relay.url,
            account="odd",
            cache_dir=tmp_path / "odd",
            page_size=15,
            workers=1,
            retries=0,
            timezone=sandbox.timezone,
        )
        yield made
        made.close()

    def fail(self, relay, sandbox):
        relay.change = lambda body, content: (
            None if body["dayFrom"] == body["dayTo"] == sandbox.day_to else content
        )

    def test_a_load_keeps_what_was_proved(self, relay, sandbox, client, load, whole):
        self.fail(relay, sandbox)
        with pytest.raises(bc.ServerError, match=f"of {sandbox.day_to}"):
            load()
        assert client.cache.info()["days"] == 3
        asked = len(relay.asked)
        relay.change = lambda _, content: content
        pdt.assert_frame_equal(load(), whole)
        assert relay.days(asked) == {(sandbox.day_to, sandbox.day_to)}

    def test_so_does_an_export(self, relay, sandbox, client, load, whole, tmp_path):
        self.fail(relay, sandbox)
        days = sandbox.day_from, sandbox.day_to
        with pytest.raises(bc.ServerError, match=f"of {sandbox.day_to}"):
            bc.export_calls(*days, tmp_path / "out", client=client)
        asked = len(relay.asked)
        relay.change = lambda _, content: content
        bc.export_calls(*days, tmp_path / "out", client=client)
        assert relay.days(asked) <= {days, (sandbox.day_to, sandbox.day_to)}  # one counts them all
        pdt.assert_frame_equal(bc.read_calls(tmp_path / "out"), whole)


class TestStrayNumber:
    """NaN and Infinity, which Python's json writes by default and JSON lacks."""

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
    def test_is_null_and_counted_and_all_else_is_as_it_was(self, relay, load, client, whole, number):
        row = victim(whole)
        values = {"talkTime": float(number), "clientNumber": float(number), "crmInfo": {"a": [float(number)]}}
        relay.change = of_call(whole.loc[row, "id"], lambda call: call.update(values))
        frame = load()
        assert frame.attrs["brightcall"]["complete"]
        expected = whole.copy()
        expected.loc[row, ["talkTime", "clientNumber", "crmInfo"]] = [float("nan"), None, '{"a":[null]}']
        pdt.assert_frame_equal(frame, expected)
        assert misfits(frame) == {"talkTime": 1, "clientNumber": 1, "crmInfo": 1}
        examples = frame.attrs["brightcall"]["misfits"]
        assert examples["talkTime"]["example"] == examples["clientNumber"]["example"] == number
        assert examples["crmInfo"]["example"] == f'{{"a":[{number}]}}'
        pdt.assert_frame_equal(load(), expected)


class TestTimes:
    @pytest.fixture
    def few(self):
        with bc.start_sandbox(calls=6, days=1, seed=3) as running:
            yield running

    def load(self, few, tmp_path, write):
        def changed(_, content):
            answer = json.loads(content)
            for call in answer["calls"]:
                call["timestamp"] = write(call["timestamp"])
            return json.dumps(answer).encode()

        relay = Relay(few.url)
        relay.change = changed
        client = bc.Client(few.api_key, base_url=relay.url, cache_dir=tmp_path)
        try:
            return bc.load_calls(few.day_from, few.day_to, client=client)
        finally:
            client.close()
            relay.stop()

    def test_in_a_rarer_form_are_the_same(self, few, tmp_path):
        expected = bc.load_calls(few.day_from, few.day_to, client=few.client(cache_dir=tmp_path / "plain"))
        frame = self.load(few, tmp_path / "odd", lambda text: text.replace("-", "").replace(":", ""))
        pdt.assert_frame_equal(frame, expected)

    def test_of_which_none_can_be_read_warn(self, few, tmp_path):
        with pytest.warns(RuntimeWarning, match="none of the 6 times in 'timestamp' could be read"):
            frame = self.load(few, tmp_path, lambda _: "02.03.2026")
        assert len(frame) == 6

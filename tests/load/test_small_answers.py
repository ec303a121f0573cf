"""Counts, statistics and catalogue: answers are judged before they are kept, and when they were."""

from __future__ import annotations

import json

import pytest

import brightcall_pandas as bc
from brightcall_pandas.load import request_body
from tests.load.relay import Relay

DAYS = "2026-03-28", "2026-03-31"
COUNT = {"success": True, "calls": [], "totalItems": 0}
STATS = {"success": True, "detailedStat": {"all": {"all": 7}}}
CATALOG = {"calls": [], "tags": ["vip"], "outcomes": [], "projects": None}


def count(client, **options):
    return bc.count_calls(*DAYS, client=client, **options)


def stats(client, **options):
    return int(bc.load_stats(*DAYS, client=client, **options).loc["all", "all"])


def catalog(client, **options):
    return list(bc.load_catalog(*DAYS, client=client, **options).tags["name"])


ASKS = pytest.mark.parametrize(
    ("ask", "good", "better", "values"),
    [
        (count, COUNT, COUNT | {"totalItems": 5}, (0, 5)),
        (stats, STATS, {"detailedStat": {"all": {"all": 9}}}, (7, 9)),
        (catalog, CATALOG, CATALOG | {"tags": ["vip", "new"]}, (["vip"], ["vip", "new"])),
    ],
    ids=["count", "stats", "catalog"],
)

BAD = [
    (count, {"calls": [], "pages": 3}, "neither totalItems nor pagesCount"),
    (count, {"calls": [{"id": 1}], "totalItems": 0}, "counts 0, and shows 1 calls"),
    (count, {"calls": [{"id": 1}, {"id": 2}], "pagesCount": 2}, "counts 2, and shows 2 calls"),
    (stats, {"detailedStat": {}}, "no detailedStat with a group"),
    (stats, {"detailedStat": {"all": 7}}, "no detailedStat with a group"),
    (catalog, {"calls": []}, "no tags or outcomes or projects"),
    (catalog, CATALOG | {"outcomes": {"a": 1}}, "outcomes is not an array"),
]


@pytest.fixture
def client(scripted, tmp_path):
    made = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path, retries=0)
    yield made
    made.close()


def say(scripted, *answers):
    scripted.answers = [
        (200, {}, each if isinstance(each, bytes) else json.dumps(each).encode()) for each in answers
    ]


class TestJudged:
    @pytest.mark.parametrize(("ask", "bad", "said"), BAD)
    def test_a_bad_answer_is_an_error_and_is_not_kept(self, scripted, client, ask, bad, said):
        say(scripted, bad)
        for _ in range(2):
            with pytest.raises(bc.InvalidResponseError, match=said):
                ask(client)
        assert len(scripted.targets) == 2
        assert client.cache.info()["pages"] == 0

    @ASKS
    def test_an_error_in_a_200_too(self, scripted, client, ask, good, better, values):
        say(scripted, good | {"error": "database timeout"})
        with pytest.raises(bc.ServerError, match="«database timeout»"):
            ask(client)
        assert client.cache.info()["pages"] == 0

    @ASKS
    def test_what_was_kept_and_is_bad_is_asked_for_again(self, scripted, client, ask, good, better, values):
        say(scripted, good)
        assert ask(client) == values[0]
        (key,) = client.cache.pages.all_keys()
        kept = client.cache.pages.get_response(key)
        bad = {"success": True, "calls": [], "detailedStat": {}, "totalItems": None}
        for content in (json.dumps(bad).encode(), json.dumps(good | {"status": "error"}).encode()):
            client.cache.pages.keep([(kept.request, content, kept.created_at)])
            say(scripted, better)
            asked = len(scripted.targets)
            assert ask(client) == ask(client) == values[1]
            assert len(scripted.targets) == asked + 1

    @ASKS
    def test_a_bad_byte_is_no_error(self, scripted, client, ask, good, better, values):
        say(scripted, json.dumps(good).encode().replace(b"{", b'{"note": "caf\xe9", ', 1))
        assert ask(client) == ask(client) == values[0]
        assert len(scripted.targets) == 1


class TestRefresh:
    @ASKS
    def test_asks_again_and_replaces_what_is_kept(self, scripted, client, ask, good, better, values):
        say(scripted, good, better)
        assert ask(client) == ask(client) == values[0]
        assert len(scripted.targets) == 1
        assert ask(client, refresh=True) == values[1]
        assert ask(client) == values[1]
        assert len(scripted.targets) == 2

    @ASKS
    def test_of_no_avail_offline(self, scripted, client, tmp_path, ask, good, better, values):
        say(scripted, good)
        ask(client)
        offline = bc.Client("any-key", base_url=scripted.url, cache_dir=tmp_path, offline=True)
        assert ask(offline) == values[0]
        with pytest.raises(bc.OfflineError):
            ask(offline, refresh=True)
        offline.close()

    def test_statistics_of_each_period(self, scripted, client):
        say(scripted, STATS)
        bc.load_stats(*DAYS, client=client, timezone="UTC", freq="day")
        bc.load_stats(*DAYS, client=client, timezone="UTC", freq="day", refresh=True)
        assert len(scripted.targets) == 8


class TestZone:
    def test_a_timezone_that_was_asked_for_is_not_the_accounts(self, shared, tmp_path):
        client = shared.client(cache_dir=tmp_path)
        assert bc.count_calls(*DAYS, client=client, timezone="Asia/Tokyo") > 0
        assert client.account.timezone is None
        bc.count_calls(*DAYS, client=client)
        assert client.account.timezone == "Europe/Berlin"
        client.close()

    def test_is_learnt_from_what_is_kept(self, shared, tmp_path):
        client = shared.client(cache_dir=tmp_path)
        bc.count_calls(*DAYS, client=client)
        (account,) = tmp_path.rglob("account.json")
        account.unlink()
        bc.export_calls(*DAYS, tmp_path / "out", client=client)
        assert bc.read_calls(tmp_path / "out").attrs["brightcall"]["timezone"] == "Europe/Berlin"
        client.close()

    def test_of_an_export_under_v3(self, shared, tmp_path):
        """v3's count names no timezone: it must not be taken for UTC."""
        client = shared.client(cache_dir=tmp_path, api_version="v3")
        out = bc.export_calls(*DAYS, tmp_path / "out", client=client)
        assert bc.read_calls(out).attrs["brightcall"]["timezone"] == "Europe/Berlin"
        client.close()


def test_an_export_needs_no_count(shared, tmp_path, fetch_plainly):
    """Where nothing is counted, its days are read one by one."""
    relay = Relay(shared.url)

    def without_totals(_, content):
        answer = json.loads(content)
        return json.dumps({k: v for k, v in answer.items() if k not in ("totalItems", "pagesCount")}).encode()

    relay.change = without_totals
    client = bc.Client(shared.api_key, base_url=relay.url, cache_dir=tmp_path)
    with pytest.raises(bc.InvalidResponseError, match="neither totalItems nor pagesCount"):
        count(client)
    out = bc.export_calls(*DAYS, tmp_path / "out", client=client)
    assert set(bc.read_calls(out)["id"]) == set(fetch_plainly(shared))
    client.close()
    relay.stop()


def test_the_body_of_a_small_request_asks_for_one_call(scripted, client):
    say(scripted, COUNT)
    count(client)
    expected = request_body(bc.CallFilter(day_from=DAYS[0], day_to=DAYS[1]), None) | {
        "page": 1,
        "itemsPerPage": 1,
    }
    assert json.loads(scripted.bodies[0]) == expected

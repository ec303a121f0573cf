"""What is known of an account, and that its cache holds the calls of one server."""

from __future__ import annotations

import json

import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache import Account, Fact

DAYS = "2026-03-28", "2026-03-31"


@pytest.fixture
def make(shared, tmp_path):
    made = []

    def make(**options):
        given = {"api_key": shared.api_key, "base_url": shared.url, "account": "acme", "cache_dir": tmp_path}
        made.append(bc.Client(**(given | options)))
        return made[-1]

    yield make
    for each in made:
        each.close()


class TestKnownAccount:
    def test_before_any_load(self, make, tmp_path):
        account = make().account
        assert repr(account) == "account 'acme'\n  nothing is known yet: the first load learns it"
        assert (account.name, account.base_url, account.timezone, account.facts) == ("acme", None, None, ())
        assert not (tmp_path / "acme").exists()  # looking makes nothing

    def test_after_a_load(self, make, shared):
        client = make(page_size=20)
        bc.load_calls(*DAYS, client=client)
        account = client.account
        assert (account.base_url, account.timezone) == (shared.url, "Europe/Berlin")
        assert account.other_bounds is False
        facts = {each.name: (each.value, each.seen) for each in account.facts}
        assert facts["order"][0] == "obeyed"
        shown = repr(account).splitlines()
        assert shown[0] == "account 'acme'"
        assert f"  {facts['order'][1]}  the server sorts in the direction asked for" in shown
        assert any(line.endswith("  its answers name the timezone Europe/Berlin") for line in shown)
        assert any(line.endswith(f"  its answers come from {shared.url}") for line in shown)
        info = client.cache.info()["server"]
        assert info == {each.name: {"value": each.value, "seen": each.seen} for each in account.facts}

    def test_ends_with_the_cache(self, make):
        client = make()
        bc.load_calls(*DAYS, client=client)
        before = client.account
        client.cache.clear(*DAYS)
        assert client.account == before
        client.cache.clear()
        assert "nothing is known yet" in repr(client.account)

    def test_is_read_only(self, make):
        with pytest.raises(AttributeError):
            make().account = "other"
        with pytest.raises(AttributeError):
            make().account.name = "other"

    def test_of_nobody(self, tmp_path):
        with pytest.raises(bc.AuthenticationError, match=r"give bc\.Client account="):
            _ = bc.Client(base_url="http://127.0.0.1:9", cache_dir=tmp_path).account

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            (
                "sizes",
                [100, 200, 500],
                "the server sends pages of 100, 200 and 500 calls when asked for them",
            ),
            ("refused", [37], "the server refuses pages of 37 calls"),
            ("step", 0, "the server sends pages in the sizes of a list only"),
            ("step", 10, "the server sends pages in multiples of 10"),
            ("order", "newest first", "the server sends the newest calls first, whatever is asked for"),
            ("exact_totals", False, "its totals are not exact"),
            ("depth", 10_000, "the server shows no calls beyond position 10,000 of a list"),
            ("first_page", 0, "the server counts pages from 0"),
            ("exclusive", True, "the server leaves out the last day of a range"),
            ("learnt_later", {"a": 1}, "learnt_later: {'a': 1}"),
            ("depth", "deep", "depth: deep"),
        ],
    )
    def test_a_line_a_fact(self, make, name, value, said):
        client = make()
        client.cache.learn_of_server({name: value})
        (fact,) = client.account.facts
        assert repr(client.account) == f"account 'acme'\n  {fact.seen}  {said}"

    def test_what_is_unknown_is_not_shown(self, make):
        client = make()
        client.cache.learn_of_server({"sizes": [], "depth": None})
        assert "nothing is known yet" in repr(client.account)

    def test_what_tells_of_the_account_is_not_to_be_shared(self, make):
        client = make()
        client.cache.learn(base_url="https://acme.example", timezone="Asia/Tokyo")
        client.cache.learn_of_server({"most_rows": 237, "depth": 1_000, "learnt_later": "of whom"})
        (line,) = client.account.shareable
        assert line.endswith("  the server shows no calls beyond position 1,000 of a list")


class TestAccountServer:
    @pytest.fixture
    def other(self, make, scripted):
        """A client of another server, under the same account."""
        call = {"id": 1, "timestamp": "2026-03-30T12:00:00Z"}
        answer = {"calls": [call], "totalItems": 1, "timezone": "UTC", "tags": []}
        scripted.answers = [(200, {}, json.dumps(answer).encode())]
        return make(base_url=scripted.url)

    @pytest.mark.parametrize(
        "ask",
        [
            lambda client, _: bc.load_calls(*DAYS, client=client),
            lambda client, _: bc.count_calls(*DAYS, client=client),
            lambda client, _: bc.load_stats(*DAYS, client=client),
            lambda client, _: bc.load_catalog(*DAYS, client=client),
            lambda client, path: bc.export_calls(*DAYS, path / "out", client=client),
        ],
        ids=["calls", "count", "stats", "catalog", "export"],
    )
    def test_another_one_is_refused_before_any_request(self, make, other, scripted, shared, tmp_path, ask):
        bc.count_calls(*DAYS, client=make())
        with pytest.raises(bc.CacheError) as caught:
            ask(other, tmp_path)
        said = str(caught.value)
        assert shared.url in said
        assert scripted.url in said
        assert f"client.cache.adopt({scripted.url!r})" in said
        assert scripted.targets == []
        assert not (tmp_path / "out").exists()

    def test_unless_it_is_adopted(self, make, other, scripted, shared):
        first = make()
        assert len(bc.load_calls(*DAYS, client=first)) == 240
        other.cache.adopt(scripted.url + "/")
        assert len(bc.load_calls(*DAYS, client=other)) == 240  # what the first one left
        assert other.account.base_url == scripted.url
        with pytest.raises(bc.CacheError, match=scripted.url):
            bc.load_calls(*DAYS, client=first)

    def test_or_the_cache_is_cleared(self, make, other, scripted):
        bc.load_calls(*DAYS, client=make())
        other.cache.clear(*DAYS)
        with pytest.raises(bc.CacheError):
            bc.load_calls(*DAYS, client=other)
        other.cache.clear()
        assert list(bc.load_calls(*DAYS, client=other)["id"]) == ["1"]
        assert other.account.base_url == scripted.url

    def test_a_client_that_goes_on_after_clearing_is_remembered_again(self, make, shared):
        client = make()
        for _ in range(2):
            bc.count_calls(*DAYS, client=client)
            assert client.account.base_url == shared.url
            client.cache.clear()

    def test_a_server_that_never_answered_is_not_remembered(self, make, shared):
        failing = make(base_url="http://127.0.0.1:9", retries=0)
        with pytest.raises(bc.ServerError):
            bc.count_calls(*DAYS, client=failing)
        assert bc.count_calls(*DAYS, client=make()) == 240

    def test_a_sandbox_may_change_its_port(self, make, scripted):
        bc.load_calls(*DAYS, client=make(account="sandbox-11-240"))
        restarted = make(account="sandbox-11-240", base_url=scripted.url)
        assert len(bc.load_calls(*DAYS, client=restarted)) == 240
        elsewhere = make(account="sandbox-11-240", base_url="https://api.example")
        with pytest.raises(bc.CacheError, match=r"https://api\.example"):
            bc.load_calls(*DAYS, client=elsewhere)

    @pytest.mark.parametrize(
        ("one", "same"),
        [
            ("https://API.example", "https://api.example:443/"),
            ("http://localhost:80", "http://LOCALHOST"),
            ("http://[::1]:8000", "http://[::1]:8000/"),
            ("https://api.example/gateway/", "https://api.example/gateway"),
        ],
    )
    def test_the_same_address_in_another_form(self, make, one, same):
        make().cache.adopt(one)
        client = make(base_url=same, retries=0, timeout=0.01, offline=True)
        with pytest.raises(bc.OfflineError):
            bc.count_calls(*DAYS, client=client)

    def test_offline_only_an_address_that_is_named_counts(self, make, monkeypatch):
        monkeypatch.delenv("BRIGHTCALL_BASE_URL", raising=False)
        bc.load_calls(*DAYS, client=make())
        assert len(bc.load_calls(*DAYS, client=make(base_url=None, offline=True))) == 240
        with pytest.raises(bc.CacheError):
            bc.load_calls(*DAYS, client=make(base_url="http://127.0.0.1:9", offline=True))

    def test_online_the_default_one_counts_as_well(self, make, monkeypatch):
        monkeypatch.delenv("BRIGHTCALL_BASE_URL", raising=False)
        bc.load_calls(*DAYS, client=make())
        with pytest.raises(bc.CacheError, match=r"https://api\.ipmaxi\.convolo\.ai"):
            bc.load_calls(*DAYS, client=make(base_url=None))  # although all of it is cached

    @pytest.mark.parametrize(
        "given", ["", "api.example", "ftp://api.example", "https://api.example?api-key=secret", "https://a@b"]
    )
    def test_what_cannot_be_adopted(self, make, given):
        client = make()
        with pytest.raises(ValueError, match="base_url takes scheme, host and port") as caught:
            client.cache.adopt(given)
        assert "secret" not in str(caught.value)
        assert client.account.known == Account()

    def test_an_account_file_that_cannot_be_written(self, make, tmp_path):
        (tmp_path / "acme").write_text("in the way")
        with pytest.raises(bc.CacheError, match="cannot be written"):
            make().cache.adopt("https://api.example")


def test_a_fact_keeps_the_day_on_which_it_was_first_seen(make):
    client = make()
    client.cache.learn_of_server({"sizes": (100, 500)})
    before = client.account.facts
    client.cache.learn_of_server({"sizes": [100, 500]})
    assert client.account.facts == before == (Fact("sizes", [100, 500], before[0].seen),)

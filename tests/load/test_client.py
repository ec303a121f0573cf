"""Who asks whom: settings, where they come from, and what of them is shown."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

import brightcall_pandas as bc
from brightcall_pandas.load import _client as client_module
from brightcall_pandas.load._client import current_client

KEY = "canary-0123456789abcdef"
HERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No settings of the environment, no default client, an empty working directory."""
    for name in ("BRIGHTCALL_API_KEY", "BRIGHTCALL_BASE_URL", "BRIGHTCALL_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(client_module, "_default", None)
    (tmp_path / "work" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work" / "deep")


def make(**options):
    return bc.Client(**({"api_key": KEY, "base_url": HERE} | options))


class TestKey:
    def test_the_argument_wins(self, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", "of the environment")
        assert bc.Client(KEY, base_url=HERE).account.name == make().account.name
        assert bc.Client(base_url=HERE).account.name == make(api_key="of the environment").account.name
        assert bc.Client(base_url=HERE).account.name != make().account.name

    @pytest.mark.parametrize("blank", ["", "  ", "\n"])
    def test_blanks_are_none(self, monkeypatch, blank):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", KEY)
        assert make(api_key=blank).account.name == make().account.name

    def test_a_line_break_at_its_end_is_no_part_of_it(self, monkeypatch, scripted):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", f"{KEY}\n")
        scripted.answers = [(200, {}, b'{"success": true, "calls": [], "totalItems": 5}')]
        assert bc.count_calls("2026-03-01", "2026-03-01", client=bc.Client(base_url=scripted.url)) == 5
        assert scripted.targets == [f"/api/v1/stat/calls?api-key={KEY}"]

    def test_without_one_nothing_is_asked(self, tmp_path):
        client = bc.Client(base_url=HERE, account="mine", cache_dir=tmp_path)
        with pytest.raises(bc.AuthenticationError, match="set BRIGHTCALL_API_KEY"):
            bc.count_calls("2026-03-01", "2026-03-01", client=client)
        with pytest.raises(bc.AuthenticationError, match="set BRIGHTCALL_API_KEY"):
            bc.load_calls("2026-03-01", "2026-03-01", client=client)

    def test_without_one_and_without_an_account_there_is_no_cache(self):
        with pytest.raises(bc.AuthenticationError, match=r"give bc\.Client account="):
            _ = bc.Client(base_url=HERE).cache

    def test_not_a_text(self):
        with pytest.raises(TypeError, match="api_key takes text, not int"):
            make(api_key=12345)


class TestBaseUrl:
    def test_argument_environment_profile(self, monkeypatch):
        assert bc.Client(KEY).base_url == "https://api.ipmaxi.convolo.ai"
        assert bc.Client(KEY, api_version="v3").base_url == "https://api.dialer.brightcall.ai"
        monkeypatch.setenv("BRIGHTCALL_BASE_URL", "https://env.example")
        assert bc.Client(KEY).base_url == "https://env.example"
        assert bc.Client(KEY, base_url="https://arg.example").base_url == "https://arg.example"

    @pytest.mark.parametrize(
        ("given", "used"),
        [
            ("https://api.example/", "https://api.example"),
            ("https://api.example:8443/gateway/", "https://api.example:8443/gateway"),
            (" https://api.example ", "https://api.example"),
            ("http://localhost:8000", "http://localhost:8000"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("http://[::1]:8000", "http://[::1]:8000"),
        ],
    )
    def test_what_will_do(self, given, used):
        assert make(base_url=given).base_url == used

    @pytest.mark.parametrize(
        "given",
        [
            "api.example",
            "ftp://api.example",
            "https://",
            "//api.example",
            "https://[broken",
            "https://api:port",
            "https://*.example",
            "https://api..example",
            f"https://{'a' * 70}.example",
            "x",
        ],
    )
    def test_what_is_no_address(self, given):
        with pytest.raises(ValueError, match="is not an address"):
            make(base_url=given)

    @pytest.mark.parametrize(
        "given",
        [
            f"https://api.example/?api-key={KEY}",
            f"api.example?api-key={KEY}",
            f"https://{KEY}@api.example",
            f"https://user:{KEY}@api.example",
            f"https://api.example#{KEY}",
            f"http://127.0.0.1@{KEY}.example",
        ],
    )
    def test_a_key_in_it_is_not_quoted(self, given):
        with pytest.raises(ValueError, match="give the key as api_key") as caught:
            make(base_url=given)
        assert KEY not in str(caught.value)

    @pytest.mark.parametrize(
        "given",
        [
            "http://api.example",
            "HTTP://api.example",
            "http://10.0.0.1:80",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://0.0.0.0:8000",
            "http://evil.example\\.127.0.0.1",
        ],
    )
    def test_plain_http_to_elsewhere_shows_the_key(self, given):
        with pytest.raises(ValueError, match=r"plain http.*allow_http=True"):
            make(base_url=given)
        assert make(base_url=given, allow_http=True).base_url == given

    def test_from_the_environment_too(self, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_BASE_URL", "http://api.example")
        with pytest.raises(ValueError, match="plain http"):
            bc.Client(KEY)

    def test_allow_http_is_true_or_false(self):
        with pytest.raises(TypeError, match="allow_http takes True or False"):
            make(base_url="http://api.example", allow_http="false")


class TestPastedEndpoint:
    @pytest.mark.parametrize(
        ("given", "version", "used"),
        [
            ("https://api.example/api/v1/stat/calls", "v1", "https://api.example"),
            ("https://api.example/api/v1/stat/calls/", "v1", "https://api.example"),
            ("https://api.example/api/v1/stat/calls-detailedV2", "v1", "https://api.example"),
            ("https://api.example/api/v1", "v1", "https://api.example"),
            ("https://api.example//api/v1//stat/calls", "v1", "https://api.example"),
            (
                "https://api.example:8443/gateway/api/v3/stat/calls/list",
                "v3",
                "https://api.example:8443/gateway",
            ),
            ("'https://api.example/API/V1/stat/calls'", "v1", "https://api.example"),
            ("https://api.example/stat/calls", "v1", "https://api.example"),
            ('"https://api.example"', "v1", "https://api.example"),
            ("\ufeffhttps://api.example", "v1", "https://api.example"),
        ],
    )
    def test_is_taken_off(self, given, version, used):
        assert make(base_url=given, api_version=version).base_url == used

    @pytest.mark.parametrize(
        ("given", "version"),
        [
            ("https://api.example/api/v3/stat/calls/list", "v1"),
            ("https://api.example/api/v1/stat/calls", "v3"),
        ],
    )
    def test_of_the_other_version_is_refused(self, given, version):
        other = {"v1": "v3", "v3": "v1"}[version]
        with pytest.raises(ValueError, match=f"names API {other}.*api_version='{other}'"):
            make(base_url=given, api_version=version)

    @pytest.mark.parametrize(
        "given", ["https://api.exa\nmple", "https://api .example", "https://api.\x00example"]
    )
    def test_what_no_address_has(self, given):
        with pytest.raises(ValueError, match="is not an address"):
            make(base_url=given)


class TestTimeout:
    @pytest.mark.parametrize("given", [(1, 2), (1, 2, 3, 4), ("a", 1, 2), [1, None, 2], (True, 1, 1)])
    def test_one_number_or_three(self, given):
        with pytest.raises(TypeError, match="timeout takes"):
            make(timeout=given)

    @pytest.mark.parametrize("given", [0, -1, float("nan"), (1, 0, 1), (1, 1, float("inf"))])
    def test_above_zero(self, given):
        with pytest.raises(ValueError, match="timeout="):
            make(timeout=given)


class TestWorkingFolder:
    @pytest.fixture
    def gone(self, tmp_path, monkeypatch):
        if os.name == "nt":
            pytest.skip("Windows deletes no folder that is in use")
        (tmp_path / "gone").mkdir()
        monkeypatch.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()
        monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "user" / name))

    def test_was_deleted(self, gone, shared, tmp_path):
        client = bc.Client(shared.api_key, base_url=shared.url, account="mine")
        assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert client.cache.folder == tmp_path / "user" / "brightcall_pandas" / "mine"
        client.close()

    def test_a_relative_cache_folder_has_no_place_then(self, gone):
        with pytest.raises(bc.CacheError, match=r"relative.*Give a whole path"):
            make(cache_dir="here")

    def test_a_home_folder_that_nobody_knows(self):
        with pytest.raises(ValueError, match="home folder that is not known"):
            make(cache_dir="~nobody-of-that-name/calls")

    @pytest.mark.parametrize("name", ["Zoë's Übersicht 1 — копия", "a#b?c%20d&e", "x" * 200, "日本語/" * 12])
    def test_a_cache_anywhere(self, shared, tmp_path, name):
        client = shared.client(cache_dir=tmp_path / name)
        for _ in range(2):
            assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert client.cache.info()["calls"] == 240
        client.close()

    def test_a_folder_that_no_system_makes_costs_the_cache_and_not_the_load(self, shared, tmp_path):
        client = shared.client(cache_dir=tmp_path / ("x" * 300))
        with pytest.warns(RuntimeWarning, match="cannot be"):
            assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert client.account.timezone == shared.timezone  # remembered, though it cannot be written down
        with pytest.raises(bc.CacheError, match="cannot be read"):
            client.cache.info()
        client.close()

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
    def test_nor_does_one_that_arrow_cannot_name(self, shared, tmp_path, caplog):
        client = shared.client(cache_dir=tmp_path / os.fsdecode(b"caf\xe9"))
        with pytest.warns(RuntimeWarning, match="cannot be kept.*not UTF-8"):
            assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert client.cache.info()["pages"] > 0
        assert "caf\\udce9" in caplog.text  # as a log file in UTF-8 takes it
        client.close()

    @pytest.mark.parametrize("name", ["a\0b", "\ud800"])
    def test_what_is_no_name_is_refused(self, name):
        with pytest.raises(ValueError, match=r"cache_dir=.* cannot be the name of a folder"):
            make(cache_dir=name)


class TestCacheDir:
    @pytest.mark.parametrize("around", ['"{}"', " {}\n", "'{}'"])
    def test_what_is_copied_along_is_taken_off(self, monkeypatch, tmp_path, around):
        given = around.format(tmp_path / "there")
        assert self.folder(cache_dir=given) == tmp_path / "there" / "a"
        monkeypatch.setenv("BRIGHTCALL_CACHE_DIR", given)
        assert self.folder() == tmp_path / "there" / "a"

    @pytest.mark.parametrize("blank", ["", " ", '""'])
    def test_blanks_are_none(self, monkeypatch, tmp_path, blank):
        monkeypatch.setenv("BRIGHTCALL_CACHE_DIR", str(tmp_path / "there"))
        assert self.folder(cache_dir=blank) == tmp_path / "there" / "a"

    def folder(self, **options):
        return Path(make(account="a", **options).cache.info()["folder"])

    def test_the_argument_wins(self, monkeypatch, tmp_path):
        monkeypatch.setenv("BRIGHTCALL_CACHE_DIR", str(tmp_path / "env"))
        (tmp_path / "work" / "data_cache").mkdir()
        assert self.folder(cache_dir=tmp_path / "arg") == tmp_path / "arg" / "a"
        assert self.folder() == tmp_path / "env" / "a"

    def test_the_nearest_data_cache_upward(self, tmp_path):
        (tmp_path / "data_cache").mkdir()
        assert self.folder() == tmp_path / "data_cache" / "a"
        (tmp_path / "work" / "data_cache").mkdir()
        assert self.folder() == tmp_path / "work" / "data_cache" / "a"
        (tmp_path / "work" / "deep" / "data_cache").mkdir()
        assert self.folder() == tmp_path / "work" / "deep" / "data_cache" / "a"

    def test_a_file_of_that_name_is_none(self, tmp_path):
        (tmp_path / "data_cache").mkdir()
        (tmp_path / "work" / "data_cache").write_text("")
        assert self.folder() == tmp_path / "data_cache" / "a"

    @pytest.mark.skipif(not hasattr(os, "chown") or os.geteuid() != 0, reason="only root gives files away")
    def test_another_users_is_passed_over(self, tmp_path):
        (tmp_path / "data_cache").mkdir()
        (tmp_path / "work" / "data_cache").mkdir()
        os.chown(tmp_path / "work" / "data_cache", 65534, 65534)
        assert self.folder() == tmp_path / "data_cache" / "a"

    def test_otherwise_the_users_own(self, monkeypatch, tmp_path):
        monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "user" / name))
        assert self.folder() == tmp_path / "user" / "brightcall_pandas" / "a"

    def test_a_relative_one_stays_where_it_was(self, monkeypatch, tmp_path):
        client = make(account="a", cache_dir="here")
        monkeypatch.chdir(tmp_path)
        assert client.cache.folder == tmp_path / "work" / "deep" / "here" / "a"

    def test_the_home_folder(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        assert self.folder(cache_dir="~/calls") == tmp_path / "calls" / "a"

    def test_making_a_client_makes_no_folder(self, tmp_path):
        make(cache_dir=tmp_path / "none").cache.info()
        assert not (tmp_path / "none").exists()


class TestAccount:
    def test_follows_from_key_and_address(self):
        accounts = [
            make().account.name,
            make(api_key="another-key").account.name,
            make(base_url="http://127.0.0.1:10").account.name,
        ]
        assert len(set(accounts)) == 3
        assert make().account.name == accounts[0]
        assert KEY not in accounts[0]

    def test_names_that_look_alike_have_folders_of_their_own(self, tmp_path):
        names = [
            "acme",
            "Acme",
            "ACME",
            "acme.",
            ".acme",
            "ac/me",
            "ac me",
            "ac-me",
            "..",
            ".",
            "../acme",
            "é",
            "è",
            "x" * 200,
        ]
        folders = [make(account=name, cache_dir=tmp_path).cache.folder for name in names]
        assert {each.parent for each in folders} == {tmp_path}
        # Also where the file system knows no case.
        assert len({each.name.lower() for each in folders}) == len(names)
        assert all(len(each.name) < 100 and not each.name.startswith(".") for each in folders)

    def test_not_a_text(self):
        with pytest.raises(TypeError, match="account takes text"):
            make(account=5)


class TestSettings:
    @pytest.mark.parametrize(
        ("options", "error", "said"),
        [
            ({"api_version": "v2"}, ValueError, "api_version='v2' is not one of 'v1', 'v3'"),
            ({"api_version": 1}, ValueError, "api_version=1"),
            ({"timezone": "Mars/Olympus"}, ValueError, "timezone"),
            ({"timezone": 5}, (TypeError, ValueError), "timezone"),
            ({"region": "Germany"}, ValueError, "region='Germany' is not a country"),
            ({"region": 49}, TypeError, "region"),
            ({"page_size": 1}, ValueError, "page_size=1"),
            ({"page_size": 10.5}, TypeError, "page_size"),
            ({"page_size": "500"}, TypeError, "page_size"),
            ({"workers": 0}, ValueError, "workers=0"),
            ({"workers": True}, TypeError, "workers"),
            ({"retries": -1}, ValueError, "retries=-1"),
            ({"timeout": 0}, ValueError, "timeout=0"),
            ({"timeout": float("inf")}, ValueError, "timeout=inf"),
            ({"timeout": "30"}, TypeError, "timeout"),
            ({"rate_limit": 0}, ValueError, "rate_limit=0"),
            ({"rate_limit": -2}, ValueError, "rate_limit=-2"),
            ({"settle_days": -1}, ValueError, "settle_days=-1"),
            ({"settle_days": float("nan")}, ValueError, "settle_days=nan"),
            ({"settle_days": 1e12}, ValueError, "settle_days"),
            ({"max_age": "soon"}, ValueError, "max_age='soon'"),
            ({"max_age": -5}, ValueError, "max_age=-5"),
            ({"offline": "no"}, TypeError, "offline takes True or False"),
        ],
    )
    def test_what_cannot_be_is_named(self, options, error, said):
        with pytest.raises(error, match=said):
            make(**options)

    def test_positional_only_for_the_key(self):
        with pytest.raises(TypeError):
            bc.Client(KEY, HERE)

    def test_an_unknown_one(self):
        with pytest.raises(TypeError, match="page_sise"):
            make(page_sise=3)

    def test_defaults(self):
        client = make()
        assert (client.page_size, client.workers, client.timeout, client.retries) == (500, 4, 30.0, 5)
        assert (client.rate_limit, client.timezone, client.offline) == (None, None, False)
        assert (client.region, make(region="de").region) == (None, "DE")
        assert (client.settle, client.max_age) == (timedelta(days=7), timedelta(minutes=10))


class TestFreshness:
    def test_final_a_week_after_the_day_is_over_everywhere(self):
        client = make()
        over_everywhere = datetime(2026, 3, 2, 12, tzinfo=UTC)  # March 1 ends last at UTC-12
        assert client.is_final(over_everywhere + timedelta(days=7), date(2026, 3, 1))
        assert not client.is_final(over_everywhere + timedelta(days=7, seconds=-1), date(2026, 3, 1))

    def test_settled_at_once_if_wished(self):
        assert make(settle_days=0).is_final(datetime(2026, 3, 2, 12, tzinfo=UTC), date(2026, 3, 1))

    def test_young_days_for_as_long_as_max_age(self):
        today, now = datetime.now(UTC).date(), datetime.now(UTC)
        client = make(max_age="1h")
        assert client.is_fresh(now - timedelta(minutes=30), today)
        assert not client.is_fresh(now - timedelta(hours=2), today)

    def test_a_time_to_come_is_believed_of_no_day(self):
        client, tomorrow = make(max_age="1000D"), datetime.now(UTC) + timedelta(days=1)
        for day in (date(2026, 3, 1), datetime.now(UTC).date()):
            assert not client.is_final(tomorrow, day)
            assert not client.is_fresh(tomorrow, day)


class TestClock:
    def test_days_settle_by_it(self):
        client = make(clock=lambda: datetime(2026, 3, 20, 8, tzinfo=timezone(timedelta(hours=2))))
        assert client.now() == datetime(2026, 3, 20, 6, tzinfo=UTC)
        read = datetime(2026, 3, 20, 5, 55, tzinfo=UTC)
        assert client.is_final(read, date(2026, 3, 11))
        assert not client.is_final(read, date(2026, 3, 18))
        assert client.is_fresh(read, date(2026, 3, 18))

    @pytest.mark.parametrize("clock", ["noon", datetime.now, lambda: 1.0])
    def test_what_tells_no_time(self, clock):
        with pytest.raises(TypeError, match="clock takes a function that returns a datetime with an offset"):
            make(clock=clock)


class TestLookedForOnTheClient:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("export_calls", r"bc\.export_calls\(…, client=client\)"),
            ("use", r"bc\.use\(client\)"),
            ("login", r"bc\.login\(\)"),
            ("load_cals", "did you mean 'load_calls'"),
            ("acount", "did you mean 'account'"),
        ],
    )
    def test_the_right_way_is_named(self, name, said):
        with pytest.raises(AttributeError, match=said):
            getattr(make(), name)

    def test_all_functions_that_take_a_client(self):
        takes = [name for name in bc.__all__ if inspect.isfunction(getattr(bc, name))]
        takes = [name for name in takes if "client" in inspect.signature(getattr(bc, name)).parameters]
        assert len(takes) >= 5
        for name in takes:
            if name in dir(make()):
                method = getattr(make(), name)
                own = dict(inspect.signature(getattr(bc, name)).parameters)
                del own["client"]
                assert list(inspect.signature(method).parameters) == list(own)
                assert inspect.getdoc(method) == inspect.getdoc(getattr(bc, name))
                continue
            with pytest.raises(AttributeError, match=rf"bc\.{name}\("):
                getattr(make(), name)

    def test_loaders_are_methods_too(self, shared, tmp_path):
        with contextlib.closing(shared.client(cache_dir=tmp_path)) as client:
            days = shared.day_from, shared.day_to
            assert client.count_calls(*days) == bc.count_calls(*days, client=client) == 240
            assert len(client.load_calls(*days, types="inbound")) < 240
            with pytest.raises(TypeError, match="did you mean 'types'") as caught:
                client.load_calls(*days, tipes="inbound")
            assert len(caught.traceback) == 1  # the line above, and nothing of the package


class TestUse:
    def test_the_default(self, monkeypatch):
        client = make()
        assert bc.use(client) is client
        assert current_client(None) is client
        other = make()
        assert current_client(other) is other

    def test_made_from_the_environment_once(self, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", KEY)
        monkeypatch.setenv("BRIGHTCALL_BASE_URL", HERE)
        made = current_client(None)
        assert (made.base_url, made.account.name) == (HERE, make().account.name)
        assert current_client(None) is made

    @pytest.mark.parametrize("value", [KEY, bc.Client, 5])
    def test_something_else(self, value):
        with pytest.raises(TypeError, match="takes a Client"):
            bc.use(value)
        with pytest.raises(TypeError, match=r"client takes a bc\.Client") as caught:
            bc.count_calls("2026-03-01", "2026-03-01", client=value)
        assert KEY not in str(caught.value)


class TestClose:
    def test_files_are_closed_and_used_again(self, shared, tmp_path):
        client = shared.client(cache_dir=tmp_path)

        def held():
            links = (Path(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd"))
            return [link for link in links if link.is_symlink() and str(tmp_path) in os.readlink(link)]

        bc.load_calls(shared.day_from, shared.day_to, client=client)
        client.close()
        if Path("/proc/self/fd").exists():
            assert held() == []
        assert client.cache.info()["pages"] > 0
        client.close()
        if Path("/proc/self/fd").exists():
            assert held() == []
        assert bc.count_calls(shared.day_from, shared.day_to, client=client) == 240
        client.close()
        client.close()


class TestRepr:
    def test_never_the_key(self):
        client = make()
        shown = f"{client!r} {client} {vars(client)}"
        assert repr(client) == f"Client(base_url='{HERE}', api_version='v1', account='{client.account.name}')"
        assert KEY not in shown

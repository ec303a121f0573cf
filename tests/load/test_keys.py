"""Where the API key comes from, and that the default client follows it."""

from __future__ import annotations

import getpass
import inspect
import os
import re
import sys
import warnings

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

import brightcall_pandas as bc
from brightcall_pandas.load import _client as client_module
from brightcall_pandas.load import _keys as keys_module

KEY, OTHER = "canary-0123456789abcdef", "another-0123456789abcdef"
EMPTY = b'{"success": true, "calls": [], "totalItems": 5}'
DAYS = ("2026-03-01", "2026-03-01")


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No key anywhere, no default client, an empty working folder."""
    for name in ("BRIGHTCALL_API_KEY", "BRIGHTCALL_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BRIGHTCALL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(client_module, "_default", None)
    monkeypatch.setattr(keys_module, "_typed", None)
    keys_module._keyring_key.cache_clear()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    yield
    keys_module._keyring_key.cache_clear()


@pytest.fixture
def server(scripted, monkeypatch):
    """A server that accepts `KEY` and no other."""

    def answer(target):
        if target.endswith(f"api-key={KEY}"):
            return 200, {}, EMPTY
        return 401, {}, b'{"message": "the key is wrong"}'

    scripted.answers = [answer]
    monkeypatch.setenv("BRIGHTCALL_BASE_URL", scripted.url)
    yield scripted
    if client_module._default is not None:
        client_module._default.close()


class Memory(KeyringBackend):
    """A keyring with one key."""

    priority = 1

    def __init__(self, key, error=None):
        super().__init__()
        self.keys, self.error, self.asked = {("brightcall_pandas", "api_key"): key}, error, 0

    def get_password(self, service, username):
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.keys.get((service, username))

    def set_password(self, service, username, password):
        self.keys[service, username] = password


@pytest.fixture
def use_keyring():
    before = keyring.get_keyring()

    def use(key, error=None):
        backend = Memory(key, error)
        keyring.set_keyring(backend)
        keys_module._keyring_key.cache_clear()
        return backend

    yield use
    keyring.set_keyring(before)


def shown(error):
    """All that a traceback shows, with the local variables of every frame but the test's own."""
    text, trace = str(error), error.__traceback__.tb_next
    while trace is not None:
        text += repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return text


class TestMissing:
    @pytest.mark.parametrize("ask", [bc.load_calls, bc.count_calls, bc.load_stats, bc.load_catalog])
    def test_the_message_says_what_to_do(self, server, ask):
        with pytest.raises(bc.AuthenticationError, match="BRIGHTCALL_API_KEY") as caught:
            ask(*DAYS)
        for said in (".env", "bc.login()", "account", "bc.start_sandbox()"):
            assert said in str(caught.value)
        assert server.targets == []

    def test_offline_it_is_the_account_that_is_missing(self, tmp_path):
        with pytest.raises(bc.AuthenticationError, match=r"offline=True.*give bc\.Client account="):
            bc.load_calls(*DAYS, client=bc.Client(offline=True))


class TestDefaultClient:
    def test_the_variable_is_set_later(self, server, monkeypatch):
        with pytest.raises(bc.AuthenticationError):
            bc.count_calls(*DAYS)
        monkeypatch.setenv("BRIGHTCALL_API_KEY", KEY)
        assert bc.count_calls(*DAYS) == 5

    def test_a_wrong_key_is_replaced(self, server, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", OTHER)
        with pytest.raises(bc.AuthenticationError, match="the key is wrong"):
            bc.count_calls(*DAYS)
        monkeypatch.setenv("BRIGHTCALL_API_KEY", KEY)
        assert bc.count_calls(*DAYS) == 5

    @pytest.mark.parametrize("name", ["BRIGHTCALL_BASE_URL", "BRIGHTCALL_CACHE_DIR"])
    def test_so_are_address_and_folder(self, monkeypatch, tmp_path, name):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", KEY)
        first = client_module.current_client(None)
        assert client_module.current_client(None) is first
        there = "https://there.example" if "URL" in name else str(tmp_path / "there")
        monkeypatch.setenv(name, there)
        second = client_module.current_client(None)
        assert there in (second.base_url, str(second.cache.folder.parent))
        assert there not in (first.base_url, str(first.cache.folder.parent))

    def test_a_client_that_was_chosen_stays(self, server, monkeypatch):
        chosen = bc.use(bc.Client(KEY))
        monkeypatch.setenv("BRIGHTCALL_API_KEY", OTHER)
        assert client_module.current_client(None) is chosen
        assert bc.count_calls(*DAYS) == 5


class TestWritten:
    @pytest.mark.parametrize(
        "around", ["{}\n", " {}\t", '"{}"', "'{}'", "\ufeff{}", "“{}”", "\u00a0{}\u200b"]
    )
    def test_what_is_copied_along_is_taken_off(self, server, monkeypatch, around):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", around.format(KEY))
        assert bc.count_calls(*DAYS) == 5

    @pytest.mark.parametrize("blank", ["", " ", '""', "\ufeff", "\n"])
    def test_blanks_and_quotes_are_no_key(self, monkeypatch, blank):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", blank)
        assert bc.Client().key is None
        assert bc.Client(blank).key is None

    @pytest.mark.parametrize("within", ["\n", "\x00", "\x1b[2J", "\udcff", "\u202e"])
    def test_what_no_key_has_is_refused_and_not_shown(self, within):
        with pytest.raises(ValueError, match="api_key holds a line break or another character") as caught:
            bc.Client(f"{KEY}{within}{KEY}")
        assert KEY not in shown(caught.value)

    @pytest.mark.parametrize("blank", ["", "  ", '""', "\ufeff"])
    def test_an_address_of_blanks_is_none(self, monkeypatch, blank):
        monkeypatch.setenv("BRIGHTCALL_BASE_URL", blank)
        assert bc.Client(KEY, base_url=blank).base_url == "https://api.ipmaxi.convolo.ai"


class TestFile:
    @pytest.mark.parametrize(
        "content",
        [
            f"BRIGHTCALL_API_KEY={KEY}".encode(),
            f"# mine\nA=1\nexport BRIGHTCALL_API_KEY='{KEY}'  # the key\n".encode(),
            f'\ufeffBRIGHTCALL_API_KEY="{KEY}"\r\n'.encode(),
            f"BRIGHTCALL_API_KEY={KEY}\n".encode("utf-16"),
            b"A=\xff\xfe\n" + f"BRIGHTCALL_API_KEY = {KEY}".encode(),
        ],
        ids=["plain", "exported", "a mark before it", "UTF-16", "bytes that are no text"],
    )
    def test_of_the_working_folder(self, server, tmp_path, content):
        (tmp_path / "work" / ".env").write_bytes(content)
        assert bc.count_calls(*DAYS) == 5

    def test_gives_the_key_and_nothing_else(self, tmp_path):
        content = (
            f"BRIGHTCALL_API_KEY={KEY}\nBRIGHTCALL_BASE_URL=https://evil.example\nHTTPS_PROXY=http://evil"
        )
        (tmp_path / "work" / ".env").write_text(content)
        with pytest.warns(RuntimeWarning, match=r"BRIGHTCALL_BASE_URL in \.env is not used: no file"):
            client = bc.Client()
        assert client.key is not None
        assert client.base_url == "https://api.ipmaxi.convolo.ai"
        assert "HTTPS_PROXY" not in os.environ

    def test_comes_after_the_environment(self, server, tmp_path, monkeypatch):
        (tmp_path / "work" / ".env").write_text(f"BRIGHTCALL_API_KEY={OTHER}")
        monkeypatch.setenv("BRIGHTCALL_API_KEY", KEY)
        assert bc.count_calls(*DAYS) == 5

    def test_is_followed_as_the_environment_is(self, server, tmp_path):
        (tmp_path / "work" / ".env").write_text(f"BRIGHTCALL_API_KEY={OTHER}")
        with pytest.raises(bc.AuthenticationError, match="the key is wrong"):
            bc.count_calls(*DAYS)
        (tmp_path / "work" / ".env").write_text(f"BRIGHTCALL_API_KEY={KEY}")
        assert bc.count_calls(*DAYS) == 5

    def test_one_of_another_folder_is_not_looked_for(self, tmp_path):
        (tmp_path / ".env").write_text(f"BRIGHTCALL_API_KEY={KEY}")
        assert bc.Client().key is None

    @pytest.mark.parametrize("kind", ["folder", "pipe", "link to nothing", "nonsense", "empty"])
    def test_what_is_no_such_file_has_no_key(self, tmp_path, kind):
        path = tmp_path / "work" / ".env"
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            if not hasattr(os, "mkfifo"):
                pytest.skip("this system has no named pipes")
            os.mkfifo(path)
        elif kind == "link to nothing":
            path.symlink_to(tmp_path / "nothing")
        else:
            path.write_bytes(b"\x00\x01='\nBRIGHTCALL_API_KEY" if kind == "nonsense" else b"")
        assert bc.Client().key is None


class TestKeyring:
    def test_is_asked_last(self, server, use_keyring, monkeypatch, tmp_path):
        backend = use_keyring(OTHER)
        (tmp_path / "work" / ".env").write_text(f"BRIGHTCALL_API_KEY={KEY}")
        assert bc.count_calls(*DAYS) == 5
        assert backend.asked == 0

    def test_has_the_key(self, server, use_keyring):
        use_keyring(f"{KEY}\n")
        assert bc.count_calls(*DAYS) == 5

    def test_is_asked_once(self, use_keyring):
        backend = use_keyring(None)
        assert [bc.Client().key for _ in range(3)] == [None] * 3
        assert backend.asked == 1

    def test_without_a_use_for_the_key_it_is_not_asked(self, use_keyring):
        backend = use_keyring(KEY)
        bc.Client(OTHER)
        bc.Client(account="mine", offline=True)
        assert backend.asked == 0

    def test_one_that_fails_counts_as_none(self, use_keyring):
        use_keyring(KEY, KeyringLocked("locked"))
        assert bc.Client().key is None

    def test_none_is_installed(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "keyring", None)
        assert bc.Client().key is None

    def test_no_backend(self):
        from keyring.backends.fail import Keyring

        before = keyring.get_keyring()
        keyring.set_keyring(Keyring())
        try:
            assert bc.Client().key is None
        finally:
            keyring.set_keyring(before)


class TestLogin:
    def typed(self, monkeypatch, said):
        monkeypatch.setattr(getpass, "getpass", lambda prompt="": said if isinstance(said, str) else said())

    def test_the_default_client_uses_what_was_typed(self, server, monkeypatch, capfd):
        self.typed(monkeypatch, f" {KEY}\n")
        assert bc.login() is None
        said = capfd.readouterr().out
        assert re.fullmatch(r"The key is set, and has not been tried yet: bc\.count_calls.*\n", said)
        assert bc.count_calls(*DAYS) == 5
        assert KEY not in said + "".join(capfd.readouterr())

    def test_after_a_wrong_key_in_the_environment(self, server, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_API_KEY", OTHER)
        with pytest.raises(bc.AuthenticationError):
            bc.count_calls(*DAYS)
        self.typed(monkeypatch, KEY)
        bc.login()
        assert bc.count_calls(*DAYS) == 5

    def test_whatever_was_said_last_counts(self, server, monkeypatch):
        self.typed(monkeypatch, OTHER)
        bc.login()
        with pytest.raises(bc.AuthenticationError):
            bc.count_calls(*DAYS)
        monkeypatch.setenv("BRIGHTCALL_API_KEY", KEY)
        assert bc.count_calls(*DAYS) == 5

    def test_a_folder_without_a_key_does_not_undo_it(self, server, monkeypatch, tmp_path):
        (tmp_path / "work" / ".env").write_text(f"BRIGHTCALL_API_KEY={OTHER}")
        self.typed(monkeypatch, KEY)
        bc.login()
        assert bc.count_calls(*DAYS) == 5
        monkeypatch.chdir(tmp_path)
        assert bc.count_calls(*DAYS) == 5

    def test_an_argument_wins(self, server, monkeypatch):
        self.typed(monkeypatch, OTHER)
        bc.login()
        assert bc.count_calls(*DAYS, client=bc.Client(KEY)) == 5

    @pytest.mark.parametrize("error", [EOFError, OSError, NotImplementedError])
    def test_nobody_can_be_asked(self, monkeypatch, error):
        def refuse():
            raise error

        self.typed(monkeypatch, refuse)
        with pytest.raises(bc.AuthenticationError, match="set BRIGHTCALL_API_KEY instead"):
            bc.login()

    def test_a_console_that_would_show_it(self, monkeypatch):
        def echo():
            warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
            return KEY

        self.typed(monkeypatch, echo)
        with pytest.raises(bc.AuthenticationError, match="without being shown"):
            bc.login()

    @pytest.mark.parametrize("said", ["", " \n", f"{KEY}\n{KEY}"])
    def test_what_is_no_key_changes_nothing(self, monkeypatch, said):
        self.typed(monkeypatch, said)
        with pytest.raises(bc.AuthenticationError, match="Nothing has changed") as caught:
            bc.login()
        assert KEY not in shown(caught.value)
        assert bc.Client().key is None

    def test_kept_in_the_keyring_where_that_is_wished(self, server, use_keyring, monkeypatch):
        backend = use_keyring(None)
        self.typed(monkeypatch, KEY)
        bc.login(keep=True)
        assert backend.keys["brightcall_pandas", "api_key"] == KEY
        monkeypatch.setattr(keys_module, "_typed", None)  # as in a later process
        assert bc.count_calls(*DAYS) == 5

    def test_a_keyring_that_keeps_nothing(self, server, monkeypatch):
        monkeypatch.setitem(sys.modules, "keyring", None)
        self.typed(monkeypatch, KEY)
        with pytest.raises(bc.CacheError, match=r"pip install .brightcall-pandas\[keyring\]") as caught:
            bc.login(keep=True)
        assert KEY not in shown(caught.value)
        assert bc.count_calls(*DAYS) == 5


class TestShown:
    """After whatever goes wrong, no frame has the key in a local variable."""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"workers": 0},
            {"timeout": "x"},
            {"timeout": (1, 2)},
            {"base_url": "x"},
            {"base_url": f"https://api.example/?api-key={KEY}"},
            {"base_url": f"https://{KEY}@api.example", "workers": 0},
            {"api_version": "v9"},
            {"timezone": "Mars"},
            {"cache_limit": "much"},
            {"answer_limit": 0},
            {"account": 5},
        ],
    )
    def test_a_wrong_setting(self, wrong):
        with pytest.raises((TypeError, ValueError)) as caught:
            bc.Client(KEY, **wrong)
        assert KEY not in shown(caught.value)

    @pytest.mark.parametrize("value", [[KEY], KEY.encode(), {"key": KEY}])
    def test_a_key_that_is_no_text(self, value):
        with pytest.raises(TypeError, match="api_key takes text") as caught:
            bc.Client(value)
        assert KEY not in shown(caught.value)

    def test_the_signature_is_that_of_the_docs(self):
        assert str(inspect.signature(bc.Client).parameters["api_key"]).startswith(
            "api_key: 'str | None' = None"
        )

"""What a client says of itself."""

from __future__ import annotations

import pytest

import brightcall_pandas as bc

KEY = "canary-0123456789abcdef"
HERE = "http://127.0.0.1:9"


def shown(client):
    """Return what a notebook shows of it, as text and as a page."""
    formatters = pytest.importorskip("IPython.core.formatters")
    text, page = formatters.PlainTextFormatter()(client), formatters.HTMLFormatter()(client)
    assert KEY not in text + page + repr(client)
    for line in text.splitlines()[1:]:
        topic, told = line.strip().split("  ", 1)
        assert topic in page
        assert told.strip().replace('"', "&quot;").replace("'", "&#x27;") in page
    return text


class TestClient:
    def test_of_an_account(self, shared, tmp_path):
        client = bc.Client(KEY, base_url=HERE, cache_dir=tmp_path)
        assert f"server    {HERE}, API v1" in shown(client)
        assert "key       there is one" in shown(client)
        assert "the account's, which the first load learns" in shown(client)
        assert "nothing yet, in " in shown(client)
        assert 'bc.load_calls("30d")' in shown(client)
        client.close()
        client = shared.client(cache_dir=tmp_path)
        bc.load_calls(shared.day_from, shared.day_to, client=client)
        assert f"240 calls on 4 days from {shared.day_from} to {shared.day_to}" in shown(client)
        assert "timezone  Europe/Berlin" in shown(client)
        assert f'bc.load_calls("{shared.day_from}", "{shared.day_to}")' in shown(client)
        bc.load_calls("2026-01-01", "2026-01-01", client=client)  # most days between are not cached
        assert f'bc.load_calls("{shared.day_from}", "{shared.day_to}")' in shown(client)
        client.close()

    def test_a_sandbox_where_nothing_was_found_suggests_days_with_calls(self, shared, tmp_path):
        client = shared.client(cache_dir=tmp_path)
        for day in ("2026-01-01", "2026-01-01"):  # from the server, then from the cache
            with pytest.warns(
                bc.NoMatchWarning, match=f"has calls from {shared.day_from} to {shared.day_to}"
            ):
                bc.load_calls(day, day, client=client)
            assert f'bc.load_calls("{shared.day_from}", "{shared.day_to}")' in shown(client)
        client.close()

    def test_without_a_key_it_says_where_one_comes_from(self, monkeypatch, tmp_path):
        monkeypatch.delenv("BRIGHTCALL_API_KEY", raising=False)
        client = bc.Client(base_url=HERE, cache_dir=tmp_path)
        assert "none: set BRIGHTCALL_API_KEY, or call bc.login()" in shown(client)
        assert "bc.start_sandbox()" in shown(client)
        assert "bc.login()" in repr(client)

    def test_offline(self, tmp_path):
        client = bc.Client(base_url=HERE, cache_dir=tmp_path, offline=True, account="mine")
        assert "the server is never asked" in shown(client)
        assert repr(client) == f"Client(base_url='{HERE}', api_version='v1', account='mine')"

    def test_a_cache_that_cannot_be_read_is_said(self, tmp_path):
        (tmp_path / "mine").write_text("a file, where a folder should be")
        client = bc.Client(KEY, base_url=HERE, cache_dir=tmp_path, account="mine")
        assert "Client" in shown(client)

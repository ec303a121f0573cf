"""What was learnt about an account."""

from __future__ import annotations

import stat

import pytest

from brightcall_pandas.cache._account import Account, known_account, learn


@pytest.fixture
def path(tmp_path):
    return tmp_path / "account" / "account.json"


class TestLearn:
    def test_facts_add_up(self, path):
        assert known_account(path) == Account()
        learn(path, timezone="Asia/Tokyo")
        learn(path, page_cap=100)
        learn(path, other_bounds=True)
        assert known_account(path) == Account(timezone="Asia/Tokyo", page_cap=100, other_bounds=True)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_nothing_new_is_not_written(self, path):
        learn(path, timezone="Asia/Tokyo")
        before = path.stat()
        learn(path, timezone="Asia/Tokyo")
        assert path.stat() == before

    def test_where_nothing_can_be_written_it_goes_on(self, tmp_path):
        (tmp_path / "file").write_text("")
        learn(tmp_path / "file" / "account.json", timezone="Asia/Tokyo")
        assert known_account(tmp_path / "file" / "account.json") == Account()


class TestKnownAccount:
    def test_a_flipped_byte_is_never_another_fact(self, path):
        facts = Account(timezone="Etc/GMT+2", page_cap=100)
        learn(path, timezone=facts.timezone, page_cap=facts.page_cap)
        sound = path.read_bytes()
        found = []
        for offset in range(len(sound)):
            for bit in range(8):
                damaged = bytearray(sound)
                damaged[offset] ^= 1 << bit
                path.write_bytes(damaged)
                found.append(known_account(path))
        assert set(found) == {Account()}

    @pytest.mark.parametrize(
        "content", [b"", b"{}", b'{"timezone": "Mars"}', b'{"account": {}, "crc32": "x"}', b"\xff"]
    )
    def test_other_content_is_nothing(self, path, content):
        path.parent.mkdir()
        path.write_bytes(content)
        assert known_account(path) == Account()

    def test_a_damaged_one_is_learnt_anew(self, path):
        path.parent.mkdir()
        path.write_bytes(b"half")
        learn(path, timezone="Asia/Tokyo")
        assert known_account(path) == Account(timezone="Asia/Tokyo")

"""What was learnt about an account."""

from __future__ import annotations

import stat
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from brightcall_pandas.cache._account import Account, Fact, known_account, learn

DAY = "2026-03-01"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "account" / "account.json"


class TestLearn:
    def test_facts_add_up(self, path):
        assert known_account(path) == Account()
        learn(path, DAY, {"timezone": "Asia/Tokyo"})
        learn(path, DAY, {"other_bounds": True})
        known = known_account(path)
        assert (known.timezone, known.other_bounds, known.server) == ("Asia/Tokyo", True, ())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_nothing_new_is_not_written(self, path):
        learn(path, DAY, {"timezone": "Asia/Tokyo"})
        before = path.stat()
        learn(path, DAY, {"timezone": "Asia/Tokyo"})
        assert path.stat() == before

    def test_where_nothing_can_be_written_it_goes_on(self, tmp_path):
        (tmp_path / "file").write_text("")
        learn(tmp_path / "file" / "account.json", DAY, {"timezone": "Asia/Tokyo"})
        assert known_account(tmp_path / "file" / "account.json") == Account()


class TestThreads:
    def test_several_are_the_first_to_look(self, path):
        """msgspec crashes where two threads are the first to decode a type; each reload makes new types."""
        learn(path, DAY, {"timezone": "Asia/Tokyo", "depth": 1000})
        code = """
            import importlib, sys, threading
            from pathlib import Path
            from brightcall_pandas.cache import _account

            sys.setswitchinterval(1e-6)

            def look(together):
                together.wait()
                assert _account.known_account(Path(sys.argv[1])).timezone == "Asia/Tokyo"

            for _ in range(300):
                importlib.reload(_account)
                together = threading.Barrier(6)
                threads = [threading.Thread(target=look, args=(together,)) for _ in range(6)]
                for each in threads:
                    each.start()
                for each in threads:
                    each.join()
        """
        command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
        assert subprocess.run(command, check=False, timeout=100).returncode == 0


class TestLearnOfServer:
    def test_nothing_is_lost_when_several_learn_at_once(self, path):
        names = [[f"{who}{n}" for n in range(25)] for who in "abcd"]

        def learn_all(mine):
            for name in mine:
                learn(path, DAY, {name: True})

        with ThreadPoolExecutor(len(names)) as threads:
            list(threads.map(learn_all, names))
        assert {each.name for each in known_account(path).facts} == {name for mine in names for name in mine}

    def test_facts_have_the_day_on_which_they_were_learnt(self, path):
        learn(path, "2026-03-04", {"order": "obeyed", "sizes": [100, 500]})
        learn(path, "2026-03-09", {"order": "newest first"})
        learn(path, DAY, {"timezone": "Asia/Tokyo"})
        known = known_account(path)
        assert known.timezone == "Asia/Tokyo"
        assert known.server == (
            Fact("order", "newest first", "2026-03-09"),
            Fact("sizes", [100, 500], "2026-03-04"),
        )


class TestKnownAccount:
    def test_a_flipped_byte_is_never_another_fact(self, path):
        learn(path, DAY, {"timezone": "Etc/GMT+2", "depth": 1000})
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
        learn(path, DAY, {"timezone": "Asia/Tokyo"})
        assert known_account(path).timezone == "Asia/Tokyo"

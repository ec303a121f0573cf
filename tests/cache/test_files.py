"""Files and folders that only their owner can read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache._files import (
    exclusive,
    file_size,
    private_file,
    private_folder,
    temporary_path,
    write_private,
)


@pytest.fixture(params=[0o022, 0o000, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
class TestWhatIsNoFile:
    """Somebody who may write into the folder can put anything there; nothing is waited for."""

    PLACES = (
        "pages.sqlite",
        "pages.sqlite-wal",
        "pages.sqlite-journal",
        "account.json",
        "dropped.json",
        ".lock",
    )

    @pytest.fixture
    def client(self, shared, tmp_path):
        made = shared.client(cache_dir=tmp_path / "cache", cache_limit="1 GB")
        yield made
        made.close()

    @pytest.mark.parametrize("name", PLACES)
    @pytest.mark.filterwarnings("ignore:the page cache")
    def test_a_named_pipe_is_not_waited_for(self, client, shared, name):
        private_folder(client.cache.folder)
        os.mkfifo(client.cache.folder / name)
        for _ in range(2):
            assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        client.cache.info()

    @pytest.mark.filterwarnings("ignore:the cached calls")
    def test_nor_in_the_place_of_typed_calls(self, client, shared):
        bc.load_calls(shared.day_from, shared.day_to, client=client)
        for path in client.cache.folder.rglob("*.parquet"):
            path.unlink()
            os.mkfifo(path)
        assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240

    @pytest.mark.filterwarnings("ignore:the cached calls")
    def test_links_to_nothing_are_read_again(self, client, shared, tmp_path):
        bc.load_calls(shared.day_from, shared.day_to, client=client)
        for path in client.cache.folder.rglob("*.parquet"):
            path.unlink()
            path.symlink_to(tmp_path / "drive that is not there")
        assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert client.cache.info()["damaged"] > 0

    @pytest.mark.parametrize("name", ["pages.sqlite", ".lock"])
    @pytest.mark.filterwarnings("ignore:the page cache")
    def test_the_target_of_a_link_stays_as_it_is(self, client, shared, tmp_path, name):
        target = tmp_path / "of somebody else"
        target.write_text("mine")
        target.chmod(0o644)
        private_folder(client.cache.folder)
        (client.cache.folder / name).symlink_to(target)
        assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert (target.read_text(), mode(target)) == ("mine", 0o644)

    def test_a_cache_folder_may_be_a_link(self, client, shared, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
        assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
        assert client.cache.info()["calls"] == 240


class TestPrivateFolder:
    def test_all_that_was_missing(self, tmp_path, umask):
        tmp_path.chmod(0o755)
        private_folder(tmp_path / "a" / "b")
        private_folder(tmp_path / "a" / "b")
        assert [mode(each) for each in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [
            0o755,
            0o700,
            0o700,
        ]

    def test_a_file_in_the_way(self, tmp_path):
        (tmp_path / "a").write_text("")
        with pytest.raises(OSError, match=r"Not a directory|exists"):
            private_folder(tmp_path / "a" / "b")


class TestPrivateFile:
    def test_a_new_one_is_empty(self, tmp_path, umask):
        private_file(tmp_path / "f")
        assert (mode(tmp_path / "f"), (tmp_path / "f").read_bytes()) == (0o600, b"")

    def test_what_is_in_it_stays(self, tmp_path):
        (tmp_path / "f").write_text("mine")
        (tmp_path / "f").chmod(0o644)
        private_file(tmp_path / "f")
        assert (mode(tmp_path / "f"), (tmp_path / "f").read_text()) == (0o600, "mine")


class TestWritePrivate:
    def test_whole_and_private(self, tmp_path, umask):
        for content in (b"old and longer", b"new"):
            write_private(tmp_path / "f", content)
        assert (mode(tmp_path / "f"), (tmp_path / "f").read_bytes()) == (0o600, b"new")
        assert list(tmp_path.iterdir()) == [tmp_path / "f"]

    def test_nothing_is_left_when_it_fails(self, tmp_path):
        (tmp_path / "f").mkdir()
        (tmp_path / "f" / "inside").write_text("")
        with pytest.raises(OSError, match=r"directory|exists|empty"):
            write_private(tmp_path / "f", b"new")
        assert list(tmp_path.iterdir()) == [tmp_path / "f"]

    def test_no_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            write_private(tmp_path / "none" / "f", b"new")


class TestExclusive:
    PROGRAM = (
        "import sys\n"
        "from pathlib import Path\n"
        "from brightcall_pandas.cache import exclusive\n"
        "with exclusive(Path(sys.argv[1])) as alone:\n"
        "    print(alone, flush=True)\n"
        "    sys.stdin.read()\n"
    )

    @contextmanager
    def another_process(self, folder):
        with subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout.readline() == "True\n"
            yield process
            process.kill()

    def test_another_process_waits(self, tmp_path):
        with self.another_process(tmp_path) as process:
            with exclusive(tmp_path, timeout_s=0.1) as alone:
                assert not alone
            process.stdin.close()
            with exclusive(tmp_path) as alone:
                assert alone

    def test_it_ends_with_its_process(self, tmp_path):
        with self.another_process(tmp_path) as process:
            process.kill()
            with exclusive(tmp_path) as alone:
                assert alone

    def test_another_thread_waits_too(self, tmp_path):
        with exclusive(tmp_path) as first, exclusive(tmp_path, timeout_s=0) as second:
            assert (first, second) == (True, False)

    def test_no_folder(self, tmp_path):
        with exclusive(tmp_path / "none") as alone:
            assert not alone

    def test_errors_go_through(self, tmp_path):
        with pytest.raises(ZeroDivisionError), exclusive(tmp_path):
            raise ZeroDivisionError
        with exclusive(tmp_path, timeout_s=0) as alone:
            assert alone

    def test_its_file_is_private(self, tmp_path, umask):
        with exclusive(tmp_path):
            pass
        assert [mode(each) for each in tmp_path.iterdir()] == [0o600]


class TestFileSize:
    def test_of_a_file_and_of_none(self, tmp_path):
        (tmp_path / "f").write_bytes(b"12345")
        assert (file_size(tmp_path / "f"), file_size(tmp_path / "none")) == (5, 0)


class TestTemporaryPath:
    def test_never_the_same(self, tmp_path):
        names = {temporary_path(tmp_path).name for _ in range(100)}
        assert len(names) == 100
        assert all(name.startswith(f".tmp-{os.getpid()}-") for name in names)

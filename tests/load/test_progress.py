"""A progress bar that shows calls and pages, and stands in nobody's way."""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from tqdm.auto import tqdm

from brightcall_pandas.load._progress import Progress

PAGE = SimpleNamespace(rows=5)


class TestProgress:
    def test_calls_and_pages(self, capsys):
        progress = Progress(True)
        progress.expect(10)
        progress.saw(PAGE)
        progress.saw(PAGE)
        progress.close()
        last = capsys.readouterr().err.strip().split("\r")[-1]
        assert "10/10" in last
        assert "pages=2" in last

    def test_calls_that_are_expected_later(self, capsys):
        progress = Progress(True)
        progress.saw(PAGE)
        progress.expect(3)
        progress.expect(7)
        progress.saw(PAGE)
        progress.close()
        assert "10/10" in capsys.readouterr().err

    @pytest.mark.parametrize("show", [False, None])
    def test_a_short_load_shows_none(self, capsys, show):
        progress = Progress(show)
        progress.expect(10)
        progress.saw(PAGE)
        progress.close()
        assert capsys.readouterr().err == ""

    def test_no_page_no_bar(self, capsys):
        progress = Progress(True)
        progress.expect(10)
        progress.close()
        assert capsys.readouterr().err == ""

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    def test_a_full_disk_behind_it_stops_nothing(self, monkeypatch):
        with io.FileIO("/dev/full", "w") as device:
            self.check(io.TextIOWrapper(device, write_through=True), monkeypatch)

    def check(self, full, monkeypatch):
        with pytest.raises(OSError, match="No space"):
            full.write("x")
        monkeypatch.setattr(sys, "stderr", full)
        progress = Progress(True)
        threads = [threading.Thread(target=progress.saw, args=(PAGE,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        progress.close()
        monkeypatch.undo()
        full.detach()
        assert not any(thread.is_alive() for thread in threads)
        # The lock that all bars share is free, also for other threads.
        lock = tqdm.get_lock()

        def take():
            lock.acquire()
            lock.release()

        other = threading.Thread(target=take, daemon=True)
        other.start()
        other.join(60)
        assert not other.is_alive()

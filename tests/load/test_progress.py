"""A progress bar that shows calls and pages, and stands in nobody's way."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from tqdm.auto import tqdm

import brightcall_pandas as bc
from brightcall_pandas.load._progress import Progress

FIRST, SECOND = (date(2026, 3, 1), date(2026, 3, 1)), (date(2026, 3, 2), date(2026, 3, 3))


def page(first=0):
    """Five calls of a list, from one of them on."""
    return SimpleNamespace(ids=[str(number) for number in range(first, first + 5)])


@pytest.fixture
def shown(capsys, monkeypatch):
    """What the bar showed, one text each time it was drawn: here at each step, else ten times a second."""

    class Eager(tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, mininterval=0, **kwargs)

    monkeypatch.setattr("brightcall_pandas.load._progress.tqdm", Eager)
    return lambda: [each for each in capsys.readouterr().err.split("\r") if each.strip()]


class TestProgress:
    def test_calls_of_calls_and_pages(self, shown):
        with Progress(True) as progress:
            progress.begin(3)
            progress.expect(12)
            progress.saw(FIRST, page())
            progress.saw(FIRST, page(5))
            progress.finish(12)
        first, *_, last = shown()
        assert re.fullmatch(r"Loading:  42%\|.*5/12 calls, 1 page\s*", first)
        assert re.fullmatch(r"Loaded: 100%\|.*12/12 calls, 2 pages\s*", last)

    def test_the_last_figure_is_that_of_the_calls_loaded(self, shown):
        with Progress(True) as progress:
            progress.begin(1)
            progress.expect(6)  # one more came since it was counted, and 24 lie in the cache
            progress.saw(FIRST, page())
            progress.done(FIRST, 1, 7)
            progress.finish(31)
        assert "31/31 calls" in shown()[-1]

    def test_pages_overlap_and_calls_count_once(self, shown):
        with Progress(True) as progress:
            progress.begin(3)
            progress.expect(20)
            for first in (0, 4, 4):
                progress.saw(FIRST, page(first))
            before = shown()[-1]
            progress.done(FIRST, 1, 9)
            progress.saw(SECOND, page())
        assert "9/20" in before
        assert "14/20" in shown()[-1]

    def test_more_than_were_expected_are_told_and_not_all_before_the_end(self, shown):
        with Progress(True) as progress:
            progress.begin(1)
            progress.expect(8)
            progress.saw(FIRST, page())
            progress.saw(FIRST, page(5))
            before = shown()[-1]
            progress.finish(10)
        assert re.search(r" 99%\|.*10/10 calls", before)

    def test_neither_share_nor_figure_goes_back(self, shown):
        with Progress(True) as progress:
            progress.begin(3)
            progress.expect(10)
            progress.saw(FIRST, page())
            progress.expect(90)  # of other days, whose first page came later
            progress.saw(SECOND, page())
            progress.cut(SECOND)  # its pages are read again, in pieces
            progress.saw(SECOND, page())
            progress.begin(3)
            progress.expect(None)
            progress.saw(FIRST, page())
            progress.finish(100)
        lines = shown()
        shares = [int(re.search(r"(\d+)%", each)[1]) for each in lines]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (50, 100)
        figures = [int(re.search(r", (\d+)\S* calls", each)[1]) for each in lines]
        assert figures == sorted(figures)
        assert (figures[0], figures[-1]) == (5, 100)

    def test_a_window_that_is_cut_is_not_counted_twice(self, shown):
        with Progress(True) as progress:
            progress.begin(3)
            progress.saw((FIRST[0], SECOND[1]), page())
            progress.expect(10)
            progress.cut((FIRST[0], SECOND[1]))
            progress.saw(FIRST, page())
        assert "5/10 calls, 2 pages" in shown()[-1]

    def test_without_a_total_it_goes_by_days(self, shown):
        with Progress(True) as progress:
            progress.begin(4)
            progress.expect(None)
            progress.saw(FIRST, page())
            progress.done(FIRST, 1, 5)
            progress.finish(5)
        lines = shown()
        before = [each for each in lines if each.startswith("Loading")]
        assert re.search(r" 25%\|.*, 5 calls, 1 page", before[-1])
        assert "5/5 calls" in lines[-1]

    def test_a_reading_that_begins_again_forgets_what_it_had(self, shown):
        with Progress(True) as progress:
            for _ in range(2):
                progress.begin(1)
                progress.expect(10)
                progress.saw(FIRST, page())
                progress.done(FIRST, 1, 5)
        assert "5/10 calls, 2 pages" in shown()[-1]

    def test_parts_of_a_whole(self, shown):
        with Progress(True) as progress:
            progress.whole(4, 20)
            for _ in range(2):
                progress.begin(2)
                progress.expect(10)
                progress.saw(FIRST, page())
                progress.end_part(2, 10)
            *_, before = shown()
            progress.finish(20)
        assert "20/20 calls, 2 pages" in before
        assert " 99%" in before

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    @pytest.mark.parametrize("calls", [5, 10])
    def test_one_that_raises_says_that_it_stopped(self, shown, error, calls):
        progress = Progress(True)
        progress.begin(1)
        progress.expect(calls)
        progress.saw(FIRST, page())
        with pytest.raises(error), progress:
            raise error
        assert re.match(r"Stopped: +\d\d%\|.*5/", shown()[-1])

    @pytest.mark.parametrize("show", [False, None])
    def test_a_short_load_shows_none(self, shown, show):
        with Progress(show) as progress:
            progress.expect(10)
            progress.saw(FIRST, page())
            progress.finish(10)
        assert shown() == []

    def test_no_page_no_bar(self, shown):
        with Progress(True) as progress:
            progress.expect(10)
            progress.finish(0)
        assert shown() == []

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    def test_a_full_disk_behind_it_stops_nothing(self, monkeypatch):
        with io.FileIO("/dev/full", "w") as device:
            self.check(io.TextIOWrapper(device, write_through=True), monkeypatch)

    def check(self, full, monkeypatch):
        with pytest.raises(OSError, match="No space"):
            full.write("x")
        monkeypatch.setattr(sys, "stderr", full)
        with Progress(True) as progress:
            threads = [threading.Thread(target=progress.saw, args=(FIRST, page())) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
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


class TestLoads:
    """What the bar of a real load says; tqdm draws it as text where there is no notebook."""

    def test_the_last_figure_is_the_calls_loaded(self, shared, shown, tmp_path):
        client = shared.client(cache_dir=tmp_path, page_size=20)
        half = "2026-03-29"
        for options in ({"day_to": half}, {"day_to": shared.day_to}, {"day_to": half, "refresh": True}):
            calls = bc.load_calls(shared.day_from, client=client, progress=True, **options)
            figures = rf"Loaded: 100%\|█+\| \d\d:\d\d<00:00, {len(calls):,}/{len(calls):,} calls"
            assert re.match(figures, shown()[-1])
        client.close()

    def test_so_it_is_for_files(self, shared, shown, tmp_path):
        client = shared.client(cache_dir=tmp_path / "cache")
        bc.export_calls(shared.day_from, shared.day_to, tmp_path / "files", client=client, progress=True)
        assert "240/240 calls" in shown()[-1]
        client.close()

    def test_a_server_without_totals(self, shared, shown, tmp_path):
        shared.set_faults({"missing_total": 1})
        client = shared.client(cache_dir=tmp_path, page_size=20)
        bc.load_calls(shared.day_from, shared.day_to, client=client, progress=True)
        assert "240/240 calls" in shown()[-1]
        client.close()

    @pytest.mark.usefixtures("quick_retries")
    def test_a_load_that_fails_stopped(self, shared, shown, tmp_path):
        client = shared.client(cache_dir=tmp_path, page_size=20, retries=0)
        bc.load_calls(shared.day_from, shared.day_from, client=client)
        shared.set_faults({"http_500": 0.5})
        with pytest.raises(bc.ServerError):
            bc.load_calls(shared.day_from, shared.day_to, refresh=True, client=client, progress=True)
        assert "Stopped" in shown()[-1]
        client.close()

    def test_in_a_notebook_it_is_a_bar_that_is_red_where_it_stopped_and_then_text(self, monkeypatch, request):
        """The widget that JupyterLab draws: as wide as any, with a total from the beginning.

        In the end its output has no widget: a notebook that is opened without its kernel could not show it.
        """
        notebook = pytest.importorskip("tqdm.notebook")
        pytest.importorskip("ipywidgets")
        capture = pytest.importorskip("IPython.utils.capture")
        interactive = pytest.importorskip("IPython.core.interactiveshell")
        interactive.InteractiveShell.instance()
        request.addfinalizer(interactive.InteractiveShell.clear_instance)
        made = []

        class Kept(notebook.tqdm):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                made.append(self)

        monkeypatch.setattr("brightcall_pandas.load._progress.tqdm", Kept)
        for error in (None, ValueError):
            with (
                capture.capture_output() as captured,
                contextlib.suppress(ValueError),
                Progress(True) as progress,
            ):
                progress.begin(2)
                progress.expect(None)
                progress.saw(FIRST, page())
                _, bar, _ = made[-1].container.children
                assert (bar.max, bar.layout.width) == (1.0, None)
                if error is not None:
                    raise error
                progress.finish(5)
            assert bar.bar_style == ("success" if error is None else "danger")
            _, after = captured.outputs
            assert after.update
            assert set(after.data) == {"text/plain"}
            assert after.data["text/plain"].startswith("Loaded: 100%" if error is None else "Stopped: ")

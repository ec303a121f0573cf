"""What a traceback shows: where the user called, what happened, and never the key."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from pathlib import Path

import pytest

import brightcall_pandas as bc
from brightcall_pandas.doctor import report

pytestmark = pytest.mark.usefixtures("quick_retries")

PACKAGE = str(Path(bc.__file__).parent)
KEY = "canary-0123456789abcdef"
DAYS = ("2026-03-28", "2026-03-29")


def export_calls(*days, client):
    return bc.export_calls(*days, client.cache.folder.parent / "files", client=client)


LOADERS = [bc.load_calls, bc.count_calls, bc.load_stats, bc.load_catalog, export_calls]


def frames_of_the_package(trace):
    return [each for each in traceback.extract_tb(trace) if each.filename.startswith(PACKAGE)]


@pytest.fixture(params=["a wrong key", "a server that is down", "no key"])
def client(request, shared, tmp_path, monkeypatch):
    monkeypatch.delenv("BRIGHTCALL_DEBUG", raising=False)
    monkeypatch.delenv("BRIGHTCALL_API_KEY", raising=False)
    options = {"cache_dir": tmp_path, "retries": 1, "base_url": shared.url}
    if request.param == "a server that is down":
        options |= {"base_url": "http://127.0.0.1:9"}
    made = bc.Client(None if request.param == "no key" else KEY, account="mine", **options)
    yield made
    made.close()


class TestBrief:
    @pytest.mark.parametrize("ask", LOADERS)
    def test_at_most_three_frames_of_the_package(self, client, ask):
        with pytest.raises(bc.BrightcallError) as caught:
            ask(*DAYS, client=client)
        assert len(frames_of_the_package(caught.value.__traceback__)) <= 3
        assert len(traceback.format_exception(caught.value)) < 12  # and nothing that stands before it
        assert len(frames_of_the_package(caught.value.cause_traceback)) > 3

    def test_all_of_them_where_that_is_wished(self, client, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_DEBUG", "1")
        with pytest.raises(bc.BrightcallError) as caught:
            bc.load_calls(*DAYS, client=client)
        assert len(frames_of_the_package(caught.value.__traceback__)) > 3

    @pytest.mark.parametrize("off", ["0", ""])
    def test_not_where_it_is_switched_off(self, client, monkeypatch, off):
        monkeypatch.setenv("BRIGHTCALL_DEBUG", off)
        with pytest.raises(bc.BrightcallError) as caught:
            bc.load_calls(*DAYS, client=client)
        assert len(frames_of_the_package(caught.value.__traceback__)) <= 3

    def test_a_wrong_argument_is_not_one_of_them(self, client):
        with pytest.raises(ValueError, match="is not a date") as caught:
            bc.load_calls("yesterday", "tomorrow", client=client)
        assert not hasattr(caught.value, "cause_traceback")


def shown_by(error):
    """All that tracebacks show that print the local variables of every frame, whosever it is."""
    chain, text = [error], ""
    while chain:
        each = chain.pop()
        chain += [other for other in (each.__cause__, each.__context__) if other is not None]
        text += repr(each) + str(each)
        for trace in (each.__traceback__, getattr(each, "cause_traceback", None)):
            for frame, _ in traceback.walk_tb(trace):
                if frame.f_code.co_filename != __file__:
                    text += repr(frame.f_locals)
    return text


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows reach a waiting thread later")
class TestInterrupted:
    @pytest.mark.parametrize("ask", [*LOADERS, lambda *days, client: report(client, day_from=days[0])])
    def test_no_frame_has_the_key(self, start_server, tmp_path, ask):
        """Ctrl-C while the server is thinking: also the frames of requests and urllib3 are looked at."""
        over, first = threading.Event(), threading.Lock()

        def interrupt(_):
            if first.acquire(blocking=False):  # a load asks several things at once
                os.kill(os.getpid(), signal.SIGINT)
            over.wait(30)

        server = start_server()
        server.answers = [interrupt]
        client = bc.Client(KEY, base_url=server.url, cache_dir=tmp_path, account="mine", timezone="UTC")
        try:
            with pytest.raises(KeyboardInterrupt) as caught:
                ask(*DAYS, client=client)
        finally:
            over.set()
        assert KEY not in shown_by(caught.value)
        assert len(frames_of_the_package(caught.value.__traceback__)) >= 2  # it is no short one
        client.close()

"""Loads spread over two real worker processes: the same calls, one rate limit, and the key seen by nobody."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import threading
import time

import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas.spread import caller, checked_cluster, turns
from brightcall_pandas.spread import parcel as parcels

distributed = pytest.importorskip("distributed")

CANARY = "canary-0123456789abcdef"


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=600, days=12, seed=5) as running:
        yield running


@pytest.fixture(scope="module")
def cluster(sandbox, start_cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")
    options = {"env": {"BRIGHTCALL_API_KEY": sandbox.api_key}, "local_directory": str(folder)}
    with start_cluster(**options) as running, distributed.Client(running, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def calls(sandbox, tmp_path_factory):
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("plain"))
    return bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)


@pytest.fixture
def client(sandbox, tmp_path):
    made = sandbox.client(cache_dir=tmp_path / "cache")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def small_errands(monkeypatch, sandbox):
    """One day each, of about fifty calls."""
    for module in ("load", "export.stream"):
        monkeypatch.setattr(f"brightcall_pandas.{module}.ROWS_AN_ERRAND", 60)
    yield
    sandbox.set_faults(None)
    sandbox.latency(0)


def days(sandbox):
    return sandbox.day_from, sandbox.day_to


class TestLoadCalls:
    def test_the_same_calls_read_by_both_workers(self, cluster, sandbox, client, calls):
        with distributed.get_task_stream(cluster) as stream:
            frame = bc.load_calls(*days(sandbox), client=client, dask=cluster)
        pdt.assert_frame_equal(frame, calls)
        errands = [each for each in stream.data if each["key"].startswith("brightcall-2026")]
        assert len(errands) == 12
        assert len({each["worker"] for each in errands}) == 2
        assert client.session.requests == 2  # zone and number of calls; the rest was asked by the workers
        assert frame.attrs["brightcall"]["complete"] is True
        assert sum(each["rows"] for each in frame.attrs["brightcall"]["windows"]) == 600

    def test_both_tiers_of_the_cache_have_them(self, cluster, sandbox, client, calls, tmp_path):
        bc.load_calls(*days(sandbox), client=client, dask=cluster)
        info = client.cache.info()
        assert (info["days"], info["calls"]) == (12, 600)
        assert info["pages"] >= 12
        before = len(sandbox.requests())
        pdt.assert_frame_equal(bc.load_calls(*days(sandbox), client=client, dask=cluster), calls)
        pdt.assert_frame_equal(bc.load_calls(*days(sandbox), client=client), calls)
        assert len(sandbox.requests()) == before

    def test_only_days_that_the_cache_lacks_are_sent(self, cluster, sandbox, client, calls):
        bc.load_calls("2026-03-22", "2026-03-25", client=client)
        before = len(sandbox.requests())
        frame = bc.load_calls(*days(sandbox), client=client, dask=cluster)
        pdt.assert_frame_equal(frame, calls)
        bodies = " ".join(each["body"] for each in sandbox.requests()[before + 1 :])  # the first one counts
        assert [day for day in range(20, 32) if f'"dayFrom":"2026-03-{day}"' not in bodies] == [
            22,
            23,
            24,
            25,
        ]

    def test_refresh_reads_all_again_once(self, cluster, sandbox, client, calls):
        bc.load_calls(*days(sandbox), client=client)
        before = len(sandbox.requests())
        frame = bc.load_calls(*days(sandbox), client=client, dask=cluster, refresh=True)
        pdt.assert_frame_equal(frame, calls)
        firsts = [each["body"] for each in sandbox.requests()[before:]]
        assert len(firsts) == len(set(firsts)) >= 13

    def test_filters_and_columns(self, cluster, sandbox, client, calls):
        options = {"columns": ["id", "state"], "types": "inbound"}
        frame = bc.load_calls(*days(sandbox), client=client, dask=cluster, **options)
        expected = calls.loc[calls["type"] == "inbound", ["id", "state"]].reset_index(drop=True)
        pdt.assert_frame_equal(frame, expected)

    def test_a_killed_worker_loses_no_rows(self, cluster, sandbox, client, calls):
        sandbox.latency(0.15)
        pids = list(cluster.run(os.getpid).values())
        before = len(sandbox.requests())

        def kill():
            while len(sandbox.requests()) < before + 6:
                time.sleep(0.01)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        frame = bc.load_calls(*days(sandbox), client=client, dask=cluster)
        killer.join()
        pdt.assert_frame_equal(frame, calls)
        cluster.wait_for_workers(2, timeout=60)
        assert set(cluster.run(os.getpid).values()) != set(pids)

    def test_what_a_worker_cannot_do_is_raised_here(self, cluster, sandbox, client):
        client.retries = 0
        bc.count_calls(*days(sandbox), client=client)  # kept, so nothing but errands is asked
        sandbox.set_faults({"http_500": 1})
        with pytest.raises(bc.ServerError, match="2026-03-"):
            bc.load_calls(*days(sandbox), client=client, dask=cluster)
        assert client.session.requests == 1

    def test_a_cache_that_cannot_be_written_costs_time_only(
        self, cluster, sandbox, client, calls, monkeypatch
    ):
        def full(*_):
            raise OSError("no space left on device")

        monkeypatch.setattr(parcels, "write_private", full)
        with pytest.warns(RuntimeWarning, match="calls cannot be kept .*no space left"):
            frame = bc.load_calls(*days(sandbox), client=client, dask=cluster)
        pdt.assert_frame_equal(frame, calls)

    @pytest.mark.filterwarnings("ignore:.*not proved complete:RuntimeWarning")
    def test_what_is_not_proved_is_read_here_and_marked(self, cluster, sandbox, client):
        sandbox.set_faults(
            {"wrong_total": {"by": 40}, "unstable_ties": {"seconds": 86_400}, "capped_page": {"cap": 20}}
        )
        with pytest.raises(bc.IncompleteDataError):
            bc.load_calls(*days(sandbox), client=client, dask=cluster)
        frame = bc.load_calls(*days(sandbox), client=client, dask=cluster, on_incomplete="warn")
        assert frame.attrs["brightcall"]["complete"] is False

    def test_days_that_begin_elsewhere_are_noticed_here(self, cluster, sandbox, calls, tmp_path):
        """In Tokyo a day begins eight hours earlier, so days of UTC lack some calls and have others."""
        sandbox.set_faults({"utc_bounds": 1})
        client = sandbox.client(cache_dir=tmp_path, timezone="Asia/Tokyo")
        with pytest.warns(RuntimeWarning, match="begins days in another timezone"):
            frame = bc.load_calls("2026-03-22", "2026-03-29", client=client, dask=cluster)
        tokyo = calls["timestamp"].dt.tz_convert("Asia/Tokyo").dt.strftime("%Y-%m-%d")
        assert frame["id"].tolist() == calls.loc[tokyo.between("2026-03-22", "2026-03-29"), "id"].tolist()
        client.close()


class TestExportCalls:
    def test_the_same_files(self, cluster, sandbox, client, calls, tmp_path):
        out = bc.export_calls(*days(sandbox), tmp_path / "out", client=client, dask=cluster)
        pdt.assert_frame_equal(bc.read_calls(out), calls)
        assert client.session.requests == 1  # of zone and number of calls
        before = len(sandbox.requests())
        bc.export_calls(*days(sandbox), out, client=client, dask=cluster)
        assert len(sandbox.requests()) == before

    def test_only_a_few_errands_are_ahead(self, cluster, sandbox, client, tmp_path, monkeypatch):
        under_way, most = set(), []
        sent, arrived = caller._sent, caller._arrived

        def counted(cluster, loading, turns):
            under_way.add(loading.spec.day_from)
            most.append(len(under_way))
            return sent(cluster, loading, turns)

        def taken(loading, errand):
            under_way.discard(loading.spec.day_from)
            return arrived(loading, errand)

        monkeypatch.setattr(caller, "_sent", counted)
        monkeypatch.setattr(caller, "_arrived", taken)
        bc.export_calls(*days(sandbox), tmp_path / "out", client=client, dask=cluster)
        assert max(most) == 5  # two for each of two threads, and the one that is being used


class TestRateLimit:
    def test_holds_for_all_workers_together(self, cluster, sandbox, tmp_path, calls):
        """No request is sent before its turn, so a busy machine cannot make this fail."""
        rate = 15
        client = sandbox.client(cache_dir=tmp_path, rate_limit=rate)
        before, start = len(sandbox.requests()), time.monotonic()
        frame = bc.load_calls(*days(sandbox), client=client, dask=cluster)
        asked = sorted(each["at"] for each in sandbox.requests()[before:])
        client.close()
        pdt.assert_frame_equal(frame, calls)
        assert len(asked) >= 14
        early = [at for n, at in enumerate(asked) if at < start + (n - 1) / rate]  # one turn may have waited
        assert early == []


class TestTurns:
    def test_nobody_waits_for_ever(self, monkeypatch):
        """Each look for a turn takes no time here, so only the clock tells that nobody deals any."""

        class Nobody:
            def get(self, timeout):
                clock.now += timeout
                raise TimeoutError

        class Clock:
            now = 0.0

            def monotonic(self):
                return self.now

        clock = Clock()
        monkeypatch.setattr(turns, "time", clock)
        with pytest.raises(bc.RateLimitError, match="nobody dealt a turn to ask for 160 s"):
            turns.Turns(Nobody(), 10).wait(threading.Event())
        assert 160 < clock.now < 163
        stopped = threading.Event()
        stopped.set()
        turns.Turns(Nobody(), 10).wait(stopped)

    def test_a_turn_is_taken_once(self):
        class Queue:
            left = 1

            def get(self, timeout):
                self.left -= 1

        queue = Queue()
        turns.Turns(queue, 10).wait(threading.Event())
        assert queue.left == 0


class TestKey:
    def test_is_seen_by_nobody(self, cluster, sandbox, client, caplog, tmp_path):
        """Neither a load that succeeds nor one that fails shows it, nor a number that was asked for."""
        key, number = sandbox.api_key, "4930901820"
        caplog.set_level(logging.DEBUG)
        client.retries = 0
        bc.load_calls(*days(sandbox), client=client, dask=cluster)
        sent = []
        submit = cluster.submit

        def spied(function, errand, **options):
            sent.append((errand, options))
            return submit(function, errand, **options)

        cluster.submit = spied
        bc.count_calls(*days(sandbox), client=client, number=number)  # kept, so nothing but errands is asked
        try:
            sandbox.set_faults({"http_500": 1})
            with pytest.raises(bc.ServerError) as caught:
                bc.load_calls(*days(sandbox), client=client, dask=cluster, number=number)
        finally:
            del cluster.submit
        cluster.dump_cluster_state(str(tmp_path / "state"), exclude=(), format="yaml")
        logs = str(
            [cluster.get_worker_logs(), cluster.get_worker_logs(nanny=True), cluster.get_scheduler_logs()]
        )
        shown = {
            "logs": logs + caplog.text,
            "error": repr(caught.value),
            "reprs": repr(sent),
            "state": (tmp_path / "state.yaml").read_text(),
        }
        assert sent
        assert "Compute Failed" in shown["logs"]  # so the task was shown in the log
        assert "brightcall-2026-03" in shown["state"]
        assert [name for name, text in shown.items() if key in text] == []
        assert [name for name in ("logs", "reprs", "error") if number in shown[name]] == []
        assert key.encode() not in pickle.dumps(sent)

    @pytest.mark.parametrize(("theirs", "said"), [(None, "has no API key"), (CANARY, "has another API key")])
    def test_a_worker_needs_the_same_one(self, cluster, sandbox, client, theirs, said):
        before = len(sandbox.requests())
        cluster.run(_set_key, theirs)
        try:
            with pytest.raises(bc.AuthenticationError, match=said):
                bc.load_calls(*days(sandbox), client=client, dask=cluster)
        finally:
            cluster.run(_set_key, sandbox.api_key)
        assert len(sandbox.requests()) <= before + 2  # the caller's own
        assert CANARY not in str(cluster.get_worker_logs())


def _set_key(value):
    if value is None:
        os.environ.pop("BRIGHTCALL_API_KEY", None)
    else:
        os.environ["BRIGHTCALL_API_KEY"] = value


class TestCheckedCluster:
    def test_anything_else_is_refused(self, client, tmp_path):
        with pytest.raises(TypeError, match=r"dask\.distributed\.Client, not int"):
            checked_cluster(3)
        with pytest.raises(TypeError, match="not str"):
            bc.load_calls("2026-03-30", "2026-03-31", client=client, dask="tcp://127.0.0.1:8786")
        with pytest.raises(TypeError, match="not Client"):
            bc.export_calls("2026-03-30", "2026-03-31", tmp_path / "out", client=client, dask=client)

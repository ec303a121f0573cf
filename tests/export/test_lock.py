"""Two processes that write into one folder take turns; one that was killed holds nobody up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas.export._lock import folder_lock, lock_path

BEGIN = """
    import os, signal, sys
    from pathlib import Path
    from brightcall_pandas.export._lock import folder_lock
"""


@pytest.fixture
def start():
    """Start programs; they are ended with the test."""
    started = []

    def start(code, *arguments):
        program = textwrap.dedent(BEGIN) + textwrap.dedent(code)
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", program, *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


HOLD = """
    with folder_lock(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.readline()
"""
EXPORT = """
    import brightcall_pandas as bc
    client = bc.Client(sys.argv[1], base_url=sys.argv[2], account=sys.argv[3], cache_dir=sys.argv[4])
    print("ready", flush=True)
    sys.stdin.readline()
    bc.export_calls(sys.argv[6], sys.argv[7], sys.argv[5], client=client, partition=sys.argv[8])
"""


class TestExports:
    @pytest.mark.parametrize("partition", ["day", "month"])
    def test_two_at_once_leave_what_both_wrote(self, start, sandbox, tmp_path, calls, held, partition):
        """Both halves at once; in months each must see what the other one wrote before it goes on."""
        middle = ("2026-03-26", "2026-03-27")
        halves = [(sandbox.day_from, middle[0]), (middle[1], sandbox.day_to)]
        out = tmp_path / "out"
        running = [
            start(EXPORT, sandbox.api_key, sandbox.url, name, tmp_path / "cache", out, *days, partition)
            for name, days in zip(("one", "other"), halves, strict=True)
        ]
        for each in running:
            assert each.stdout.readline() == "ready\n"
        for each in running:
            each.stdin.write("go\n")
            each.stdin.flush()
        for each in running:
            _, said = each.communicate(timeout=120)
            assert each.returncode == 0, said
        pdt.assert_frame_equal(bc.read_calls(out), calls)
        told = held(out).values()
        assert sorted(day for each in told for day in each["days"]) == sorted(sandbox.truth["by_day"])
        assert sum(each["rows"] for each in told) == len(calls)
        assert sorted(each.name for each in tmp_path.iterdir()) == ["cache", "out"]

    def test_the_second_says_for_whom_it_waits(self, start, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        holder = start(HOLD, out)
        assert holder.stdout.readline() == "held\n"
        waiting = start(
            """
            import pandas as pd, warnings
            import brightcall_pandas as bc
            warnings.showwarning = lambda message, *_: print(message, flush=True)
            pd.DataFrame({"id": ["1"], "timestamp": ["2026-03-02T09:00Z"]}).calls.to_parquet(sys.argv[1])
            """,
            out,
        )
        assert f"process {holder.pid} on " in waiting.stdout.readline()
        assert list(out.glob("day=*")) == []
        holder.stdin.write("done\n")
        holder.stdin.flush()
        waiting.communicate(timeout=60)
        assert waiting.returncode == 0
        assert [each.name for each in out.glob("day=*")] == ["day=2026-03-02"]

    @pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing is killed like that here")
    def test_a_killed_one_holds_nobody_up(self, start, tmp_path):
        holder = start(HOLD, tmp_path / "out")
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert lock_path(tmp_path / "out").exists()
        with folder_lock(tmp_path / "out"):
            pass
        assert [each.name for each in tmp_path.rglob("*")] == ["out"]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
    def test_a_child_of_its_holder_does_not_hold_it(self, start, tmp_path):
        holder = start(
            """
            import time
            with folder_lock(Path(sys.argv[1])):
                child = os.fork()
                if child == 0:
                    print(os.getpid(), flush=True)
                    time.sleep(60)
                time.sleep(60)
            """,
            tmp_path,
        )
        child = int(holder.stdout.readline())
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with folder_lock(tmp_path):  # or it would wait for a minute
            os.kill(child, signal.SIGKILL)  # which is still there

    def test_an_error_lets_go_of_it(self, tmp_path):
        frame = pd.DataFrame({"id": ["1"], "timestamp": ["2026-03-02T09:00Z"]})
        frame.calls.to_parquet(tmp_path / "out")
        with pytest.raises(ValueError, match="columns"):
            frame[["timestamp"]].calls.to_parquet(tmp_path / "out")
        with folder_lock(tmp_path / "out"):
            assert lock_path(tmp_path / "out").exists()


class TestWhereItLies:
    def test_beside_the_folder_and_so_does_what_is_being_written(self, tmp_path):
        with folder_lock(tmp_path / "out") as scratch:
            assert sorted(each.name for each in tmp_path.iterdir()) == [".out.writing", "out"]
            assert list((tmp_path / "out").iterdir()) == []
        assert scratch.folder == tmp_path.resolve()

    def test_beside_what_a_link_points_to(self, tmp_path):
        (tmp_path / "disk" / "out").mkdir(parents=True)
        (tmp_path / "link").symlink_to(tmp_path / "disk" / "out")
        assert lock_path(tmp_path / "link") == lock_path(tmp_path / "disk" / "out")
        assert lock_path(tmp_path / "link").parent == (tmp_path / "disk").resolve()

    def test_in_the_folder_where_nothing_can_be_written_beside_it(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
        (tmp_path / "out").mkdir()
        assert lock_path(tmp_path / "out").parent == (tmp_path / "out").resolve()
        frame = pd.DataFrame({"id": ["1"], "timestamp": ["2026-03-02T09:00Z"]})
        out = frame.calls.to_parquet(tmp_path / "out")
        assert bc.read_calls(out)["id"].tolist() == ["1"]
        assert [each.name for each in out.iterdir()] == ["day=2026-03-02"]

    def test_what_a_killed_run_left_is_deleted_when_it_is_old(self, tmp_path):
        for name, age_s in (
            (".out.tmp-1-ab", 2 * 86_400),
            (".out.tmp-2-cd", 60),
            (".in.tmp-1-ab", 2 * 86_400),
        ):
            (tmp_path / name).touch()
            then = (tmp_path / name).stat().st_mtime - age_s
            os.utime(tmp_path / name, (then, then))
        with folder_lock(tmp_path / "out"):
            pass
        assert sorted(each.name for each in tmp_path.iterdir()) == [".in.tmp-1-ab", ".out.tmp-2-cd", "out"]

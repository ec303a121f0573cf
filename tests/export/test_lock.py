"""Two processes that write into one folder take turns; one that was killed holds nobody up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap

import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas.export._lock import LOCK, folder_lock

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
    def test_two_at_once_leave_what_both_wrote(self, start, sandbox, tmp_path, calls, partition):
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
        told = json.loads((out / "_manifest.json").read_text())["partitions"]
        days = sorted(day for held in told.values() for day in held["days"])
        assert days == sorted(sandbox.truth["by_day"])
        assert sum(held["rows"] for held in told.values()) == len(calls)
        assert not (out / LOCK).exists()

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
        holder = start(HOLD, tmp_path)
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert (tmp_path / LOCK).exists()
        with folder_lock(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == []

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
            assert (tmp_path / "out" / LOCK).exists()

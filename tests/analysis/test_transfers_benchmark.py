"""The benchmark of chains runs, and what it times is equal."""

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "chains.py"


def test_it_compares_on_a_few_calls():
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--calls", "500"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("×") == 4
    assert "to_event_log" in done.stdout

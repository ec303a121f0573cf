"""What a type checker sees: correct calls pass its strict checks, misspelt ones do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

ROOT = Path(__file__).parents[1]
CORRECT = """
from pathlib import Path
from typing import assert_type

import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.accessors import CallsAccessor, calls
from brightcall_pandas.accessors._plot import CallsPlot
from brightcall_pandas.analysis import Metric

frame = pd.DataFrame({"outcomeTag": ["Sold"]})
accessor = calls(frame)
assert_type(accessor, CallsAccessor)
assert_type(accessor.by_outcome(by="project", confidence=0.9), pd.DataFrame)
assert_type(accessor.by_agent(rank_by="positive_rate"), pd.DataFrame)
assert_type(accessor.breakdown("project", [Metric("x", numerator="talkTime > 60"), "answered"]), pd.DataFrame)
assert_type(accessor.model_frame("positive", direction=None), pd.DataFrame)
assert_type(accessor.pseudonymize("a secret", free_text="scan"), pd.DataFrame)
assert_type(accessor.to_parquet("calls", partition="month"), Path)
assert_type(accessor.plot, CallsPlot)


def draw(ax: Axes) -> None:
    assert_type(accessor.plot.by_outcome(fold_case=False, ax=ax), Axes)
    assert_type(accessor.plot.over_time("week"), Axes)
    assert_type(accessor.plot.compare(frame, ax=None), Axes)
"""
HEAD = [
    "import pandas as pd",
    "from brightcall_pandas.accessors import calls",
    "accessor = calls(pd.DataFrame())",
]
FILES = ("correct.py", "wrong.py")
WRONG = {
    "calls([1])": "arg-type",
    "accessor.by_outcome(confidense=0.9)": "call-arg",
    "accessor.by_agent(rank_by=1)": "arg-type",
    "accessor.by_outcomes()": "attr-defined",
    "accessor.to_parquet('calls', partition='year')": "arg-type",
    "accessor.plot.by_outcome(fold_cases=True)": "call-arg",
    "accessor.plot.by_outcome(axes=None)": "call-arg",
    "accessor.plot.over_time(freq=1)": "arg-type",
    "accessor.plot.by_outcomes()": "attr-defined",
}
"""Lines that are wrong, and the code of the error that mypy reports for each."""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return mypy's errors as (file, line, code)."""
    folder = tmp_path_factory.mktemp("types")
    (folder / "correct.py").write_text(CORRECT)
    (folder / "wrong.py").write_text("\n".join([*HEAD, *WRONG]))
    # With the settings and the cache of `make lint`, which has read the package, pandas and matplotlib.
    settings = [f"--config-file={ROOT / 'pyproject.toml'}", f"--cache-dir={ROOT / '.mypy_cache'}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *settings, "--hide-error-context", "--no-pretty", *FILES],
        cwd=folder,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    return [(*line.split(":")[:2], line.rpartition("[")[2].rstrip("]")) for line in errors]


class TestTypes:
    def test_correct_calls_pass_strict_checks(self, report):
        assert [error for error in report if error[0] == "correct.py"] == []

    def test_every_misspelt_name_and_wrong_value_is_an_error(self, report):
        expected = [
            ("wrong.py", str(line), code) for line, code in enumerate(WRONG.values(), start=len(HEAD) + 1)
        ]
        assert [error for error in report if error[0] == "wrong.py"] == expected

"""docs/questions.md: every line answers, and every method that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas import analysis

PAGE = (Path(__file__).parents[2] / "docs" / "questions.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^\| .*\? \| (.*) \|$", PAGE, re.MULTILINE)
LINES = [line for cell in CELLS for line in re.findall(r"`(.*?)`", cell)]


@pytest.fixture(scope="module")
def df(tmp_path_factory):
    with bc.start_sandbox(calls=4_000, days=16, seed=2) as sandbox:
        client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
        return bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)


class TestQuestions:
    @pytest.mark.parametrize("line", LINES)
    def test_each_line_answers(self, line, df):
        earlier = df[df["timestamp"] < df["timestamp"].median()]
        answer = eval(line, {"bc": bc, "df": df, "earlier": earlier})
        assert isinstance(answer, pd.DataFrame | pd.Series)
        assert len(answer) > 0

    def test_they_were_read(self):
        assert len(LINES) >= 18

    def test_columns_that_the_text_names_are_those_of_tables(self):
        named = {
            "n_calls_per_day",
            "recalls_by_calls",
            "recalls_by_api",
            "first_contact_resolution_all",
            "missed",
        }
        assert named <= set(analysis.definitions().index)
        assert all(f"`{each}`" in PAGE for each in named)

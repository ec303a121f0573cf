"""What a type checker says of filters, in a program of a user."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import typing
from pathlib import Path

import pytest

from brightcall_pandas.filters import FILTERS, Filters, FiltersAndDays, Parameters

HERE = Path(__file__).parents[2]
DAYS = ["day_from", "day_to"]

PROGRAM = """
    from datetime import date
    from zoneinfo import ZoneInfo

    import pandas as pd
    import brightcall_pandas as bc

    days = "2026-03-01", date(2026, 3, 31)
    bc.load_calls(*days, columns=["id"], talk_time_from=30, talk_time_to=90.5, types="outbound")
    bc.load_calls(*days, types=["inbound", 1], states=1, agent_ids=[500, "501"], tags=("VIP",), number=4930)
    bc.load_stats(*days, freq="week", timezone=ZoneInfo("Europe/Berlin"))
    bc.count_calls(*days, outcomes=pd.Series(["Sold"]), show_transfers=True, search_string="smith")
    bc.load_catalog(user_id="500", all_users=None)
    bc.export_calls(*days, "calls", partition="month", categories={"inbound_answered"})
    bc.read_calls("calls", day_from="2026-03-01", quality_rating=4)
    bc.CallFilter(day_from=date(2026, 3, 1), sort_by="timestamp", page=1).replace(page=2)
    bc.explore(*days, refresh=True, date_interval="week")
    bc.load_calls("30d", categories=["inbound", "failed"], outcome_types="positive", states=["answered", 2])
    bc.count_calls("yesterday")
    bc.CallsAccessor(pd.DataFrame()).filter(hours=(9, 17), lines=101, transferred=True, types="outbound")
    bc.CallsAccessor(pd.DataFrame()).show(rows=3).to_html()
    bc.load_calls(*days, talk_tme_from=30)  # wrong
    bc.load_calls(*days, talk_time_from="long")  # wrong
    bc.load_calls(*days, page=1)  # wrong
    bc.load_calls(*days, types=1.5)  # wrong
    bc.load_calls(*days, all_users="yes")  # wrong
    bc.load_stats(*days, freq="year")  # wrong
    bc.load_stats(*days, tipes=1)  # wrong
    bc.count_calls(*days, outcomes=[1])  # wrong
    bc.load_catalog(user=500)  # wrong
    bc.export_calls(*days, "calls", colums=["id"])  # wrong
    bc.read_calls("calls", page=1)  # wrong
    bc.CallFilter(type="outbound")  # wrong
    bc.CallFilter().replace(typ="outbound")  # wrong
    bc.explore(*days, refesh=True)  # wrong
    bc.CallsAccessor(pd.DataFrame()).filter(talk_time=3)  # wrong
    bc.CallsAccessor(pd.DataFrame()).filter(hours=9)  # wrong
    bc.load_calls("30d", hours=(9, 17))  # wrong
"""


class TestNames:
    @pytest.mark.parametrize(
        ("types", "names"),
        [
            (Filters, [name for name, each in FILTERS.items() if not each.paging and name not in DAYS]),
            (FiltersAndDays, [name for name, each in FILTERS.items() if not each.paging]),
            (Parameters, list(FILTERS)),
        ],
    )
    def test_are_those_of_the_table(self, types, names):
        assert set(types.__annotations__) == set(names)
        assert types.__required_keys__ == frozenset()

    def test_stand_in_the_order_of_the_table(self):
        filters = [name for name, each in FILTERS.items() if not each.paging and name not in DAYS]
        paging = [name for name, each in FILTERS.items() if each.paging]
        assert list(Parameters.__annotations__) == [*filters, *DAYS, *paging]
        assert len(Filters.__annotations__) == 27


class TestWords:
    @staticmethod
    def literals(annotation):
        """Return all literal values in an annotation, however deep."""
        if typing.get_origin(annotation) is typing.Literal:
            return set(typing.get_args(annotation))
        return {value for each in typing.get_args(annotation) for value in TestWords.literals(each)}

    @pytest.mark.parametrize("name", FILTERS)
    def test_are_those_that_the_filter_accepts(self, name):
        offered = self.literals(typing.get_type_hints(Parameters)[name])
        kind = getattr(FILTERS[name].value, "of", FILTERS[name].value)
        words = set(getattr(kind, "words", ()))
        if hasattr(kind, "field"):
            words = {*kind.field.choices, *range(len(kind.field.choices))}
        assert offered == words


class TestProgram:
    def test_mypy_finds_every_wrong_name_and_value_and_nothing_else(self, tmp_path):
        program = textwrap.dedent(PROGRAM)
        file = tmp_path / "program.py"
        file.write_text(program, encoding="utf-8")
        # The cache of a check of the package makes this a matter of seconds.
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--no-error-summary",
            str(tmp_path / "program.py"),
        ]
        cache = ["--config-file", str(HERE / "pyproject.toml"), "--cache-dir", str(HERE / ".mypy_cache")]
        ran = subprocess.run(
            [*command, *cache],
            capture_output=True,
            text=True,
            check=False,
            cwd=HERE,
            env=os.environ | {"MYPYPATH": str(HERE)},
        )
        found = {int(line) for line in re.findall(r"program\.py:(\d+): error", ran.stdout)}
        wrong = {n for n, line in enumerate(program.splitlines(), 1) if line.endswith("# wrong")}
        assert found == wrong, ran.stdout + ran.stderr
        assert "talk_tme_from" in ran.stdout

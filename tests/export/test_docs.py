"""docs/files.md: its programs run, and every program sees the columns as the table says."""

from __future__ import annotations

import re
from pathlib import Path

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import brightcall_pandas as bc

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # dask uses what pandas deprecates

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
ENGINES = ("pandas", "dask", "Arrow", "DuckDB", "Polars")
SHOWN = ("id", "talkTime", "favorite", "type", "timestamp", "tags", "day", "month")


@pytest.fixture(scope="module")
def page(sandbox, tmp_path_factory):
    """What the programs of the page made, one after the other, in a folder of their own."""
    folder = tmp_path_factory.mktemp("docs")
    named = {"bc": bc, "client": sandbox.client(cache_dir=folder / "cache")}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for program in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
            exec(program, named)
        yield named


class TestPrograms:
    """Each reads the calls that are known by the sandbox's own count."""

    def test_there_are_all_of_them(self):
        programs = "".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
        for each in ("pd.read_parquet", "ds.dataset", "dd.read_parquet", "duckdb.sql", "pl.scan_parquet"):
            assert f'{each}("calls"' in programs or "FROM read_parquet('calls/**/*.parquet')" in programs

    def test_files_that_are_written(self, page):
        answered = bc.read_calls("answered")
        assert set(answered["state"]) == {"answered"}
        assert len(bc.read_calls("answered.parquet")) == len(answered) == len(page["df"])
        assert len(pd.read_excel("answered.xlsx")) == len(answered)
        assert pd.read_csv("outcomes.csv")["n_calls"].sum() == len(answered)

    def test_rows_of_days(self, page, sandbox):
        rows = {day: count for day, count in sandbox.truth["by_day"].items() if day >= "2026-03-25"}
        assert len(page["everything"]) == sum(sandbox.truth["by_day"].values())
        assert len(page["some"]) == sum(rows.values())
        assert len(page["lazy"].compute(scheduler="synchronous")) == sum(rows.values())

    def test_rows_by_a_filter(self, page, calls):
        talked = calls.loc[calls["talkTime"] >= 30, "id"]
        assert set(page["table"]["id"].to_pylist()) == set(page["talked"]["id"]) == set(talked)

    def test_days_counted_by_duckdb(self, page, calls):
        states = calls.groupby(calls["timestamp"].dt.date)["state"]
        expected = [(day, len(each), int((each == "answered").sum())) for day, each in states]
        assert page["answered"].fetchall() == expected

    def test_days_as_text_everywhere(self, page, sandbox):
        days = sorted(sandbox.truth["by_day"])
        assert sorted(set(page["everything"]["day"])) == days
        assert sorted({day for (day,) in page["text_in_duckdb"].fetchall()}) == days
        assert sorted(page["text_in_polars"].collect()["day"].unique()) == days

    def test_days_as_dates_everywhere(self, page, sandbox):
        days = [pd.Timestamp(day).date() for day in sorted(sandbox.truth["by_day"])]
        assert sorted(set(page["dates_in_arrow"].to_table(columns=["day"])["day"].to_pylist())) == days
        assert sorted(set(page["dates_in_pandas"]["day"])) == days
        assert sorted(set(page["dates_in_dask"]["day"].compute(scheduler="synchronous"))) == days
        assert sorted({day for (day, *_) in page["answered"].fetchall()}) == days
        assert sorted(pl.read_parquet("calls")["day"].unique()) == days


def seen(folder):
    """Return what each engine makes of the columns: column → engine → type."""
    lazy = duckdb.sql(f"SELECT * FROM read_parquet('{folder}/**/*.parquet')")
    arrow = ds.dataset(folder, partitioning="hive").schema
    types = {
        "pandas": pd.read_parquet(folder).dtypes.to_dict(),
        "dask": dd.read_parquet(folder).dtypes.to_dict(),
        "Arrow": dict(zip(arrow.names, arrow.types, strict=True)),
        "DuckDB": dict(zip(lazy.columns, lazy.types, strict=True)),
        "Polars": dict(pl.scan_parquet(folder).collect_schema()),
    }
    return {
        name: {engine: str(types[engine][name]) for engine in ENGINES}
        for name in types["pandas"]
        if all(name in each for each in types.values())
    }


@pytest.fixture(scope="module")
def found(calls, tmp_path_factory):
    """What is seen of calls by day and by month, of which one has no time."""
    head = calls.head(40).copy()
    head.loc[head.index[:1], "timestamp"] = pd.NaT
    out = tmp_path_factory.mktemp("seen")
    by_day = seen(head.calls.to_parquet(out / "days"))
    by_month = seen(head.calls.to_parquet(out / "months", partition="month"))
    assert {name: by_month[name] for name in by_month if name != "month"} == {
        name: by_day[name] for name in by_day if name != "day"
    }
    return by_day | by_month


class TestTable:
    def test_says_what_each_sees(self, found):
        lines = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
        table = {name: [cell.strip("`") for cell in cells.split(" | ")] for name, cells in lines}
        assert {name: table[name] for name in SHOWN} == {name: list(found[name].values()) for name in SHOWN}

    def test_has_a_row_for_each_kind_of_column(self, found):
        told = {tuple(found[name].values()) for name in SHOWN}
        assert {tuple(each.values()) for each in found.values()} == told


@pytest.fixture(scope="module", params=["day", "month"])
def untimed(request, tmp_path_factory):
    frame = bc.to_frame([{"id": 1, "timestamp": "2026-03-02T09:00:00Z"}, {"id": 2}])
    return frame.calls.to_parquet(tmp_path_factory.mktemp("untimed") / "calls", partition=request.param)


class TestACallWithoutATime:
    """It is there, and on no day of the calendar that anybody asks for."""

    def test_every_program_opens_the_folder(self, untimed):
        assert sorted(pd.read_parquet(untimed)["id"]) == ["1", "2"]
        assert sorted(dd.read_parquet(untimed).compute(scheduler="synchronous")["id"]) == ["1", "2"]
        assert sorted(ds.dataset(untimed, partitioning="hive").to_table()["id"].to_pylist()) == ["1", "2"]
        assert sorted(pl.read_parquet(untimed)["id"]) == ["1", "2"]
        found = duckdb.sql(f"SELECT id FROM read_parquet('{untimed}/**/*.parquet') ORDER BY id").fetchall()
        assert found == [("1",), ("2",)]

    def test_so_do_we_and_it_comes_last(self, untimed):
        assert bc.read_calls(untimed)["id"].tolist() == ["1", "2"]
        assert bc.read_calls(untimed, day_from="2026-03-01")["id"].tolist() == ["1"]
        assert bc.read_calls(untimed, day_to="2026-03-31")["id"].tolist() == ["1"]
        assert bc.scan_calls(untimed).compute(scheduler="synchronous")["id"].tolist() == ["1", "2"]

    def test_only_calls_without_a_time(self, tmp_path):
        out = bc.to_frame([{"id": 2}]).calls.to_parquet(tmp_path / "calls")
        assert pd.read_parquet(out)["id"].tolist() == ["2"]
        assert dd.read_parquet(out).compute(scheduler="synchronous")["id"].tolist() == ["2"]
        assert pa.types.is_timestamp(ds.dataset(out).schema.field("timestamp").type)

"""What a file of calls looks like, and who else can read it."""

from __future__ import annotations

import json
import os

import duckdb
import pandas as pd
import pandas.testing as pdt
import polars
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from brightcall_pandas.frame import SCHEMA_VERSION
from brightcall_pandas.frame._fields import FIELD_NAMES, FIELDS


class TestFiles:
    def test_columns_say_what_they_are(self, folder):
        schema = pq.read_schema(next(folder.glob("*/*.parquet")))
        assert tuple(schema.names) == (*FIELD_NAMES, "extras")
        assert schema.field("talkTime").metadata[b"unit"] == b"s"
        assert schema.field("outcomeTag").metadata[b"description"].decode() == FIELDS["outcomeTag"].doc
        assert json.loads(schema.metadata[b"brightcall"])["schema_version"] == SCHEMA_VERSION

    def test_compressed_with_statistics_dictionaries_and_order(self, folder):
        group = pq.read_metadata(next(folder.glob("*/*.parquet"))).row_group(0)
        column = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
        assert {each.compression for each in column.values()} == {"ZSTD"}
        assert column["timestamp"].statistics.has_min_max
        assert column["outcomeTag"].has_dictionary_page
        assert [each.column_index for each in group.sorting_columns] == [FIELD_NAMES.index("timestamp")]

    def test_rows_are_ordered_by_time(self, folder):
        for path in folder.glob("*/*.parquet"):
            assert pq.read_table(path)["timestamp"].to_pandas().is_monotonic_increasing

    def test_only_the_owner_reads_them(self, folder):
        assert {path.stat().st_mode & 0o777 for path in folder.glob("*/*.parquet")} == {0o600}


class TestOtherReaders:
    def test_pandas(self, folder, calls):
        plain = pd.read_parquet(folder).drop(columns="day")
        assert plain["talkTime"].sum() == calls["talkTime"].sum()
        labels = ["type", "state", "outcomeType"]  # plain pandas knows only the words that occur
        pdt.assert_series_equal(plain.dtypes.drop(labels), calls.dtypes.drop(labels))
        pdt.assert_frame_equal(plain.astype(calls.dtypes), calls)

    def test_duckdb(self, folder, calls):
        query = f"""
            SELECT day::VARCHAR AS day, count(*) AS calls, count(*) FILTER (state = 'answered') AS answered
            FROM read_parquet('{folder}/**/*.parquet') GROUP BY ALL ORDER BY ALL
        """
        with duckdb.connect() as connection:
            rows = connection.sql(query).fetchall()
        days = calls.groupby(calls["timestamp"].dt.strftime("%Y-%m-%d"))["state"]
        assert rows == [(day, len(states), int((states == "answered").sum())) for day, states in days]

    def test_polars(self, folder, calls):
        table = polars.scan_parquet(folder)
        found = (
            table.filter(polars.col("state").cast(polars.String) == "answered").select("talkTime").collect()
        )
        assert found["talkTime"].sum() == calls.loc[calls["state"] == "answered", "talkTime"].sum()

    def test_arrow(self, folder, calls):
        table = ds.dataset(folder, partitioning="hive").to_table(filter=ds.field("talkTime") >= 30)
        assert len(table) == int((calls["talkTime"] >= 30).sum())


class TestParquetWriter:
    def test_a_failure_leaves_nothing(self, tmp_path):
        from brightcall_pandas.export._layout import parquet_writer, schema_of, table_of, write_rows

        table = table_of(pd.DataFrame({"id": ["1"]}))

        def write_half():
            with parquet_writer(tmp_path / "calls.parquet", schema_of(table.schema, "UTC", {})) as writer:
                write_rows(writer, table)
                raise RuntimeError("in the middle")

        with pytest.raises(RuntimeError, match="in the middle"):
            write_half()
        assert os.listdir(tmp_path) == []

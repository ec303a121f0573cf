"""dlt's `rest_api` source into parquet files, as a run of `loading`.

It runs in an environment of its own, made of ``rivals.txt``, so it imports nothing of the package. Nested
values stay in their column (``max_table_nesting=0``) instead of becoming tables of their own, which is the
quicker way and the one that gives the same table.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}

import dlt
import pyarrow.dataset
from dlt.sources.rest_api import rest_api_source
from measure import Run, fingerprint, measured, take_part

ROW = ("id", "timestamp", "talk_time", "total_time", "state", "type", "outcome_tag", "numbers_involved_json")


def rest_api(given: dict[str, Any]) -> tuple[Run, Callable[[], dict[str, Any]]]:
    """Load calls into parquet."""
    day_from, day_to = given["days"]
    source = rest_api_source(
        {
            "client": {
                "base_url": given["url"] + "/api/v1/stat/",
                "auth": {"type": "api_key", "name": "api-key", "api_key": given["key"], "location": "query"},
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "page_body_path": "page",
                    "total_path": "pagesCount",
                },
            },
            "resources": [
                {
                    "name": "calls",
                    "max_table_nesting": 0,
                    "endpoint": {
                        "path": "calls",
                        "method": "POST",
                        "data_selector": "calls",
                        "json": {"dayFrom": day_from, "dayTo": day_to, "itemsPerPage": given["page_size"]},
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "calls",
        destination=dlt.destinations.filesystem(bucket_url=f"file://{given['folder']}/files"),
        dataset_name="dialer",
        pipelines_dir=f"{given['folder']}/pipelines",
    )
    _, run = measured(lambda: pipeline.run(source, loader_file_format="parquet"))
    return run, lambda: {"rows": _fingerprint(f"{given['folder']}/files/dialer/calls")}


def _fingerprint(folder: str) -> str:
    table = pyarrow.dataset.dataset(folder, format="parquet").to_table(columns=list(ROW))
    columns = [table[name].to_pylist() for name in ROW]
    columns[1] = [stamp.strftime("%Y-%m-%dT%H:%M:%SZ") for stamp in columns[1]]
    return fingerprint(
        tuple("" if value is None else str(value) for value in row) for row in zip(*columns, strict=True)
    )


if __name__ == "__main__":
    take_part({"rest_api": rest_api})

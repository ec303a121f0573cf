"""The package and what one would write without it, as runs of `loading`.

Both have the same versions of pandas, Arrow and requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import requests
from measure import Part, Run, measured, take_part

import brightcall_pandas as bc
from brightcall_pandas.frame import AnswerReader, read_page, to_pandas, typed_table
from loads.results import digest, plain_frame, row_fingerprint

Given = dict[str, Any]
Outcome = tuple[Run, Callable[[], dict[str, Any]]]

CALLS = "/api/v1/stat/calls"


def load(given: Given) -> Outcome:
    """Load calls with the package."""
    client = _client(given)
    days = given["days"]
    if given.get("known_account"):
        bc.count_calls(*days, client=client)
    frame, run = measured(
        lambda: bc.load_calls(*days, columns=given.get("columns"), client=client, progress=False)
    )
    client.close()
    return run, lambda: _facts(frame)


def export(given: Given) -> Outcome:
    """Write calls as parquet, a file a day."""
    client, path = _client(given), Path(given["folder"]) / "calls"
    _, run = measured(lambda: bc.export_calls(*given["days"], path, client=client, progress=False))
    client.close()
    return run, lambda: {"calls": sum(pq.read_metadata(file).num_rows for file in path.glob("*/*.parquet"))}


def _client(given: Given) -> bc.Client:
    return bc.Client(
        given["key"],
        base_url=given["url"],
        account=given["account"],
        cache_dir=given["folder"],
        page_size=given["page_size"],
        workers=given.get("workers", 4),
    )


def write_parquet(given: Given) -> Outcome:
    """Write what a load returns as one file, for the rival that reads it."""
    days = given["days"]
    client = bc.Client(offline=True, account=given["account"], cache_dir=given["folder"])
    frame = bc.load_calls(*days, client=client, progress=False)
    _, run = measured(lambda: frame.to_parquet(given["path"], compression="zstd"))
    return run, dict


def read_parquet(given: Given) -> Outcome:
    """Read that file."""
    frame, run = measured(lambda: pq.read_table(given["path"], columns=given.get("columns")).to_pandas())
    return run, lambda: _facts(frame)


def requests_loop(given: Given) -> Outcome:
    """Load calls as people do by hand: page by page, into one frame at the end."""

    def work() -> tuple[list[Given], pd.DataFrame]:
        rows: list[Given] = []
        page, pages = 0, 1
        with requests.Session() as session:
            session.trust_env = False  # no proxy, and no time lost in looking for one
            while page < pages:
                page += 1
                answer = session.post(
                    given["url"] + CALLS, params={"api-key": given["key"]}, json=body | {"page": page}
                ).json()
                rows += answer["calls"]
                pages = answer["pagesCount"]
        return rows, pd.json_normalize(rows)

    body = dict(zip(("dayFrom", "dayTo"), given["days"], strict=True)) | {"itemsPerPage": given["page_size"]}
    (rows, frame), run = measured(work)
    return run, lambda: _facts(_typed(rows, frame, given["timezone"]))


def typed(given: Given) -> Outcome:
    """Turn pages in memory into the typed frame."""

    def work() -> pd.DataFrame:
        reader = AnswerReader()
        pages = [read_page(body, reader) for body in bodies]
        return to_pandas(typed_table(pages, given["timezone"]).table, given["timezone"])

    bodies = Path(given["path"]).read_bytes().split(b"\n")
    frame, run = measured(work)
    return run, lambda: digest(frame)


def normalized(given: Given) -> Outcome:
    """Turn pages in memory into a frame as people do by hand."""

    def work() -> tuple[list[Given], pd.DataFrame]:
        rows = [row for body in bodies for row in json.loads(body)["calls"]]
        return rows, pd.json_normalize(rows)

    bodies = Path(given["path"]).read_bytes().split(b"\n")
    (rows, frame), run = measured(work)
    return run, lambda: digest(_typed(rows, frame, given["timezone"]))


def _typed(rows: list[Given], frame: pd.DataFrame, timezone: str) -> pd.DataFrame:
    assert len(frame) == len(rows)
    return plain_frame(rows, timezone)


def _facts(frame: pd.DataFrame) -> dict[str, Any]:
    facts = digest(frame)
    if "id" in frame:
        facts["rows"] = row_fingerprint(frame)
    return facts


PARTS: dict[str, Part] = {
    each.__name__: each
    for each in (load, export, write_parquet, read_parquet, requests_loop, typed, normalized)
}

if __name__ == "__main__":
    take_part(PARTS)

"""One table on two workers under a memory cap, or in pandas; each in a process of its own."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
from distributed import Client, LocalCluster
from measure import Run, fingerprint, measured, peak_mb, take_part

import brightcall_pandas as bc

__all__ = ["TABLES"]

TABLES: dict[str, tuple[Any, ...]] = {
    "by_outcome": (),
    "by_agent": (),
    "over_time": ("D",),
    "transfer_variants": (),
    "summary": (),
    "attempts": (),
}
"""Table → its arguments. The last two follow clients, so calls are shuffled by client first."""

Facts = Callable[[], dict[str, Any]]


def on_workers(given: dict[str, Any]) -> tuple[Run, Facts]:
    """Count on a cluster of processes on this machine; its peak is that of the worker that needed most."""
    logging.getLogger("distributed.shuffle").setLevel(logging.ERROR)  # it warns of every shuffle
    options = {"n_workers": given["workers"], "threads_per_worker": 1, "memory_limit": given["memory"]}
    quiet = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "local_directory": given["folder"]}
    with LocalCluster(processes=True, **options, **quiet) as cluster, Client(cluster, timeout=120) as client:
        before = client.run(_cost)
        start = time.perf_counter()
        table = _table(bc.scan_calls(given["path"], day_to=given["day_to"]), given["table"]).compute()
        seconds = time.perf_counter() - start
        after = client.run(_cost)
    if before.keys() != after.keys():
        raise SystemExit("a worker went over the memory cap and was started again")
    cpu = sum(after[name][0] - before[name][0] for name in after)
    run = Run(seconds, cpu, max(peak for _, peak in after.values()))
    return run, lambda: _facts(table)


def in_pandas(given: dict[str, Any]) -> tuple[Run, Facts]:
    """Count in one process: read all, then count."""

    def work() -> pd.DataFrame:
        return _table(bc.read_calls(given["path"], day_to=given["day_to"]), given["table"])

    table, run = measured(work)
    return run, lambda: _facts(table)


def _table(calls: Any, name: str) -> Any:
    return getattr(calls.calls, name)(*TABLES[name])


def _cost() -> tuple[float, float]:
    """Return what a worker used so far: processor seconds, and its most memory in MB."""
    return sum(os.times()[:2]), peak_mb()


def _facts(table: pd.DataFrame) -> dict[str, Any]:
    """Return what two equal tables share, to the last digit."""
    rows = table.reset_index().itertuples(index=False, name=None)
    return {"columns": list(table.columns), "rows": fingerprint(rows)}


if __name__ == "__main__":
    take_part({"on workers": on_workers, "in pandas": in_pandas})

"""The main job from end to end, on made-up calls: what `brightcall demo` shows.

Pages over HTTP, a cache, a typed frame, tables, pictures, parquet.
"""

from __future__ import annotations

import glob
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from brightcall_pandas.accessors import CallsAccessor
from brightcall_pandas.load import load_calls
from brightcall_pandas.sandbox import Sandbox, start_sandbox

__all__ = ["run"]

_VARIANTS = 8


def run(
    output: Path, *, calls: int = 20_000, days: int = 30, seed: int = 0, say: Callable[[str], object] = print
) -> dict[str, Any]:
    """Load made-up calls twice, show what became of them, and write two charts and a parquet folder.

    Parameters
    ----------
    output
        Folder for the charts and the parquet files; made when it is missing.
    calls, days, seed
        As of `bc.start_sandbox`.
    say
        Takes each piece of text to show.

    Returns
    -------
    dict
        ``calls`` in the frame, ``made_up`` by the sandbox, ``loads`` (of both: ``source``, ``requests``,
        ``seconds``, ``calls``), and ``output``.

    Raises
    ------
    SandboxError
        The sandbox did not start.
    """
    import matplotlib as mpl  # noqa: PLC0415  (not needed by the other commands)

    mpl.use("Agg")
    say(f"Starting the sandbox: a Brightcall API on this machine, with {calls:,} made-up calls …")
    # The cache is of this run alone: the first load is to be a cold one, whatever ran before.
    with (
        tempfile.TemporaryDirectory(prefix="brightcall-demo-") as cache,
        start_sandbox(calls, days, seed) as sandbox,
    ):
        df, loads = _loads(sandbox, cache)
    asked = f"bc.load_calls({sandbox.day_from!r}, {sandbox.day_to!r})"
    say(f"\nTwice the same days: {asked}\n{_report(loads)}")
    say(f"Calls in the frame: {len(df):,}; calls that the sandbox made up: {sandbox.truth['calls']:,}")
    accessor = CallsAccessor(df)
    say(f"\nWhat came of the calls: df.calls.by_outcome()\n{_outcomes(accessor)}")
    say(f"\nWho transferred calls to whom: df.calls.transfer_variants()\n{_variants(accessor)}")
    say(f"\n{_written(accessor, output)}")
    say("\nNext: notebooks/01_quickstart.ipynb, or `brightcall --help`.")
    return {"calls": len(df), "made_up": sandbox.truth["calls"], "loads": loads, "output": str(output)}


def _loads(sandbox: Sandbox, cache: str) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Load the month cold and warm; return it, and what both took."""
    client = sandbox.client(cache_dir=cache)
    loads = []
    for source in ("server", "cache"):
        before, start = len(sandbox.requests()), time.perf_counter()
        df = load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=source == "server")
        seconds = time.perf_counter() - start
        requests = len(sandbox.requests()) - before
        loads.append({"source": source, "requests": requests, "seconds": round(seconds, 3), "calls": len(df)})
    client.close()
    return df, loads


def _report(loads: list[dict[str, Any]]) -> str:
    shown = {"seconds": "{:.2f}".format, "calls": "{:,}".format}
    table = pd.DataFrame(loads).rename(columns={"source": "loaded from"})
    return table.to_string(index=False, formatters=shown)


def _outcomes(calls: CallsAccessor) -> str:
    table = calls.by_outcome()
    columns = ["outcome_type", "n_calls", "share", "answer_rate", "talk_time_mean_s"]
    return _text(table[columns])


def _variants(calls: CallsAccessor) -> str:
    table = calls.transfer_variants()
    transferred = table[table["hops"] > 0]
    shown = _text(transferred[["n_calls", "share", "answer_rate"]].head(_VARIANTS))
    rest = len(transferred) - _VARIANTS
    return shown + (f"\n… and {rest} further ways with a transfer" if rest > 0 else "")


def _text(table: pd.DataFrame) -> str:
    shares = {name: "{:.1%}".format for name in ("share", "answer_rate") if name in table}
    return table.to_string(formatters=shares, float_format="{:.1f}".format)


def _written(calls: CallsAccessor, output: Path) -> str:
    """Write charts and parquet; return a list of what is where."""
    import duckdb  # noqa: PLC0415  (comes with the extra that the sandbox needs anyway)

    output.mkdir(parents=True, exist_ok=True)
    lines = [f"Written to {output}/"]
    for name in ("by_outcome", "talk_time_histogram"):
        picture = output / f"{name}.png"
        getattr(calls.plot, name)().figure.savefig(picture, dpi=150)
        lines.append(f"  {picture.name:<24} df.calls.plot.{name}()")
    folder = output / "calls"
    _forget(folder)
    calls.to_parquet(folder)
    by_pandas = len(pd.read_parquet(folder))
    with duckdb.connect() as connection:
        by_duckdb = len(connection.read_parquet(f"{glob.escape(str(folder))}/*/*.parquet"))
    lines += [
        f"  {folder.name + '/':<24} parquet, one folder a day",
        f"    pd.read_parquet reads {by_pandas:,} calls, DuckDB reads {by_duckdb:,}",
    ]
    return "\n".join(lines)


def _forget(folder: Path) -> None:
    """Remove the days that an earlier demo wrote, and nothing else."""
    for file in folder.glob("day=*/calls.parquet"):
        file.unlink()
        if not any(file.parent.iterdir()):
            file.parent.rmdir()

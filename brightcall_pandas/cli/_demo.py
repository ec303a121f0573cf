"""Show the whole workflow on made-up calls, for `brightcall demo`.

Pages over HTTP, a cache, a typed frame, tables, charts, Parquet files.
"""

from __future__ import annotations

import glob
import importlib.util
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import brightcall_pandas as bc
from brightcall_pandas.accessors import CallsAccessor
from brightcall_pandas.errors import extra_line
from brightcall_pandas.load import load_calls
from brightcall_pandas.sandbox import Sandbox

__all__ = ["run"]

_VARIANTS = 8


def run(
    output: Path, *, calls: int = 20_000, days: int = 30, seed: int = 0, say: Callable[[str], object] = print
) -> dict[str, Any]:
    """Load made-up calls twice, print tables, and write two charts and a folder of Parquet files.

    Parameters
    ----------
    output
        Folder for the charts and the Parquet files; created if it does not exist.
    calls, days, seed
        As for `bc.start_sandbox`.
    say
        Called with each piece of text to show.

    Returns
    -------
    dict
        ``calls`` (in the frame), ``made_up`` (by the sandbox), ``loads`` (one dict each: ``source``,
        ``requests``, ``seconds``, ``calls``) and ``output``.

    Raises
    ------
    SandboxError
        The sandbox did not start.
    """
    import matplotlib as mpl  # noqa: PLC0415  (the other commands do not need it)

    mpl.use("Agg")
    say(f"Starting the sandbox, a Brightcall API on this machine, with {calls:,} made-up calls …")
    # Every run has a cache of its own, so that the first load is always a cold one.
    with (
        tempfile.TemporaryDirectory(prefix="brightcall-demo-") as cache,
        bc.start_sandbox(calls, days, seed) as sandbox,
    ):
        df, loads = _loads(sandbox, cache)
    asked = f"bc.load_calls({sandbox.day_from!r}, {sandbox.day_to!r})"
    say(f"\nThe same days, loaded twice: {asked}\n{_report(loads)}")
    say(f"Calls in the frame: {len(df):,}; calls made up by the sandbox: {sandbox.truth['calls']:,}")
    accessor = CallsAccessor(df)
    say(f"\nOutcomes of the calls: df.calls.by_outcome()\n{_outcomes(accessor)}")
    say(f"\nTransfers, by the chain of extensions: df.calls.transfer_variants()\n{_variants(accessor)}")
    say(f"\n{_write(accessor, output)}")
    say(f"\nNext: {_next_step()}")
    return {"calls": len(df), "made_up": sandbox.truth["calls"], "loads": loads, "output": str(output)}


def _next_step() -> str:
    """Return what to run next; it depends on what is here."""
    notebooks = Path("notebooks", "01_quickstart.ipynb").is_file()
    if notebooks and Path("Makefile").is_file() and shutil.which("make"):
        return "make lab, which opens JupyterLab with the notebooks."
    opens = "brightcall lab, which opens JupyterLab on such a sandbox."
    if notebooks:
        opens = "brightcall lab --copies-of notebooks, which opens JupyterLab with the notebooks."
    if importlib.util.find_spec("jupyterlab"):
        return opens
    return f"{extra_line('lab')}, then {opens}"


def _loads(sandbox: Sandbox, cache: str) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Load the calls from the server and from the cache; return them, and what each load took."""
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
    return shown + (f"\n… and {rest} more chains with a transfer" if rest > 0 else "")


def _text(table: pd.DataFrame) -> str:
    shares = {name: "{:.1%}".format for name in ("share", "answer_rate") if name in table}
    return table.to_string(formatters=shares, float_format="{:.1f}".format)


def _write(calls: CallsAccessor, output: Path) -> str:
    """Write charts and Parquet files; return a list of what is where."""
    import duckdb  # noqa: PLC0415  (part of the extra that the sandbox needs anyway)

    output.mkdir(parents=True, exist_ok=True)
    lines = [f"Written to {output}/"]
    for name in ("by_outcome", "talk_time_histogram"):
        picture = output / f"{name}.png"
        getattr(calls.plot, name)().figure.savefig(picture, dpi=150)
        lines.append(f"  {picture.name:<24} df.calls.plot.{name}()")
    folder = output / "calls"
    _delete_days(folder)
    calls.to_parquet(folder)
    by_pandas = len(pd.read_parquet(folder))
    with duckdb.connect() as connection:
        by_duckdb = len(connection.read_parquet(f"{glob.escape(str(folder))}/*/*.parquet"))
    lines += [
        f"  {folder.name + '/':<24} Parquet, one folder per day",
        f"    pd.read_parquet reads {by_pandas:,} calls, DuckDB reads {by_duckdb:,}",
    ]
    return "\n".join(lines)


def _delete_days(folder: Path) -> None:
    """Delete the days that an earlier demo wrote, and nothing else."""
    for file in folder.glob("day=*/calls.parquet"):
        file.unlink()
        if not any(file.parent.iterdir()):
            file.parent.rmdir()

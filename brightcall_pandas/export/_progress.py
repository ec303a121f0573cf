"""A progress bar for a file that takes a while to write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm.auto import tqdm

from brightcall_pandas.load import Bar

__all__ = ["writing"]

_SHORT_S = 1.0  # a file that is written sooner shows no bar
_FORM = "{desc}: {percentage:3.0f}%|{bar}| {n:,.0f}/{total:,.0f} rows, {elapsed}<{remaining}"


@contextmanager
def writing(file: Path, rows: int, show: bool | None) -> Iterator[Callable[[int], object]]:
    """Show how many rows of a file are written, as long as the block lasts.

    Parameters
    ----------
    file
        What is written.
    rows
        How many rows there are.
    show
        True: at once; None: when it takes longer than a second; False: never.

    Yields
    ------
    Callable
        Takes how many more rows have been written.
    """
    bar: Bar | None = None
    began, count = time.time(), 0

    def written(more: int) -> None:
        nonlocal bar, count
        count += more
        if show is False or (show is None and time.time() - began < _SHORT_S):
            return
        if bar is None:
            bar = Bar(tqdm, desc=f"Writing {file.name}", total=rows, bar_format=_FORM)
            bar.began(began)
        bar.show(count - bar.n)

    def end(said: str) -> None:
        if bar is not None:
            bar.name(f"{said} {file.name}")
            bar.close()

    try:
        yield written
    except BaseException:
        end("Stopped")
        raise
    end("Written")

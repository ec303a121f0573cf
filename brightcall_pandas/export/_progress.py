"""A progress bar for a file that takes a while to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm.auto import tqdm

from brightcall_pandas.load import UnfailingStream

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
    bar = tqdm(
        desc=f"Writing {file.name}",
        total=rows,
        bar_format=_FORM,
        delay=0 if show else _SHORT_S,
        disable=show is False,
        file=UnfailingStream(),
    )
    try:
        yield bar.update
        bar.set_description_str(f"Written {file.name}", refresh=False)
    except BaseException:
        bar.set_description_str(f"Stopped {file.name}", refresh=False)
        raise
    finally:
        bar.close()

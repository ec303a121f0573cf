"""Each call's chain of parties, and what the texts looked like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis.transfers._parsing import SHAPES
from brightcall_pandas.analysis.transfers._reading import Names, Source, chain_log
from brightcall_pandas.analysis.transfers._texts import read_texts
from brightcall_pandas.frame import column

__all__ = ["transfer_chains", "transfer_shapes"]

_FIELDS = ("numbersInvolvedJSON", "transfers")
_EXAMPLE = 60  # letters of an example


def transfer_chains(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Return each call's chain of parties.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``. It is not changed.
    source
        Where chains are read from: ``"numbersInvolved"``, ``"transfers"``, or ``"auto"``, which takes
        ``transfers`` where it names both sides of its hand-overs, else ``numbersInvolvedJSON`` where it
        names anybody, else whatever ``transfers`` says.
    include_client
        Keep the client's own number in the chain.
    names
        Names to show for labels, such as ``{101: "Ann"}``. Labels that share a name become one party;
        labels without one stay as they are.

    Returns
    -------
    pandas.DataFrame
        One row a call, with the index of `df`: ``chain`` (tuple of str, labels verbatim), ``path`` (str,
        the labels joined by an arrow; empty when nobody is known), ``hops`` (int64), ``transferred``
        (bool), ``first``, ``last`` (str, null when nobody is known), ``loops`` (bool), ``parse_ok`` (bool).

    Raises
    ------
    KeyError
        The column is missing.
    ValueError
        An unknown `source`.

    Notes
    -----
    A hop is one hand-over: the number of parties in the chain minus one, zero for an empty chain.
    ``transferred`` is at least one hop; ``loops`` means that a party appears again, at once or later. The
    client is ``clientNumber``, where it is null the caller of an inbound or the callee of an outbound call,
    and is recognised however its number is written (blanks, ``+``, ``00``). A text that cannot be read
    gives an empty chain with ``parse_ok`` False; null and empty texts are no failure. `transfer_shapes`
    counts what the texts looked like.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "101"]', "7", '["101", ']})
    >>> transfer_chains(calls)[["path", "hops", "loops", "parse_ok"]]
                  path  hops  loops  parse_ok
    0  101 → 102 → 101     2   True      True
    1                7     0  False      True
    2                      0  False     False
    """
    log = chain_log(df, source, include_client, names)
    chains = np.empty(len(log.tuples), dtype=object)
    chains[:] = log.tuples
    rows = pa.array(log.rows)
    table = {
        "chain": chains[log.rows],
        "path": _text(pa.array(log.paths, pa.large_string()).take(rows)),
        "hops": log.hops[log.rows],
        "transferred": (log.hops > 0)[log.rows],
        "first": _text(log.ends(0).take(rows)),
        "last": _text(log.ends(-1).take(rows)),
        "loops": log.loops[log.rows],
        "parse_ok": log.readable[log.rows],
    }
    return pd.DataFrame(table, copy=False).set_axis(df.index)


def transfer_shapes(df: pd.DataFrame) -> pd.DataFrame:
    """Count what the texts that chains are read from looked like.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.

    Returns
    -------
    pandas.DataFrame
        Index ``field`` (API name) and ``shape``, those that occur:

        - ``n_calls`` (int64)
        - ``share``: calls ÷ all calls, in each field
        - ``texts`` (int64): distinct texts
        - ``parse_ok`` (bool): whether such texts can be read
        - ``example`` (str): one of them, shortened; null for null

    Raises
    ------
    KeyError
        The frame has neither column.

    Notes
    -----
    Nothing that could not be read is dropped or guessed: it is counted here, and `transfer_chains` flags
    its calls.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102"]', "101,102", '["101"', '["7"]']})
    >>> transfer_shapes(calls).reset_index()[["shape", "n_calls", "share", "parse_ok"]]
                      shape  n_calls  share  parse_ok
    0       list of numbers      2   0.50      True
    1  comma-separated text      1   0.25      True
    2           broken text      1   0.25     False
    """
    fields = [name for name in _FIELDS if name in df.columns] or [_FIELDS[0]]
    return pd.concat([_shapes(df, name) for name in fields])


def _shapes(df: pd.DataFrame, name: str) -> pd.DataFrame:
    texts = read_texts(column(df, name))
    calls = np.bincount(texts.shapes[texts.rows], minlength=len(SHAPES))
    seen = np.flatnonzero(calls)
    examples = [_cut(texts.texts[int(np.argmax(texts.shapes == shape))]) for shape in seen]
    table = {
        "n_calls": calls[seen],
        "share": ratio(calls[seen], len(texts.rows)),
        "texts": np.bincount(texts.shapes, minlength=len(SHAPES))[seen],
        "parse_ok": np.array([SHAPES[shape].readable for shape in seen], dtype=bool),
        "example": pd.array(examples, dtype="str"),
    }
    levels = [[name] * len(seen), [SHAPES[shape].value for shape in seen]]
    index = pd.MultiIndex.from_arrays(
        [pd.array(each, dtype="str") for each in levels], names=["field", "shape"]
    )
    return pd.DataFrame(table, index=index)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= _EXAMPLE else f"{text[: _EXAMPLE - 1]}…"


def _text(array: pa.Array) -> pd.Series:
    return pd.Series(pd.array(array, dtype="str"))

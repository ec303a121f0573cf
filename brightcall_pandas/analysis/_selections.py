"""A metric of some rows of one frame after the other, as a person who filters them asks for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import Split
from brightcall_pandas.analysis._groups import Groups
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import is_summable, metric_value, refuse_empty, sums_for
from brightcall_pandas.analysis._tallies import Facts, known_sums

__all__ = ["MetricOfRows"]

_ONE = Groups(np.zeros(1, dtype=np.int64), pd.RangeIndex(1))


class MetricOfRows:
    """A metric whose parts are read from the frame once, so that a choice of rows only adds them up.

    Parameters
    ----------
    df
        Calls in any form.
    metric
        The metric. One that counts clients, and a median, are computed anew for each choice.

    Raises
    ------
    KeyError, ValueError
        As the tables do: a column is missing, or no call of all has the denominator.
    """

    def __init__(self, df: pd.DataFrame, metric: Metric) -> None:
        self._df, self.metric = df, metric
        self._declared = sums_for([metric])
        self._parts = None
        if is_summable(metric) and not metric.counts_clients:
            facts = Facts(df, Split())
            self._parts = {name: each(facts) for name, each in self._declared.items()}
            refuse_empty(metric, [self._sums(None)])

    def of(self, rows: NDArray[np.intp] | None) -> float:
        """Return the metric of these rows, given by position (None means all); null where it is not known."""
        if self._parts is None:
            return metric_value(self._df if rows is None else self._df.iloc[rows], self.metric)
        if not (len(self._df) if rows is None else len(rows)):
            return np.nan
        return float(np.asarray(self.metric.value(self._sums(rows)), dtype=np.float64)[0])

    def _sums(self, rows: NDArray[np.intp] | None) -> pd.DataFrame:
        assert self._parts is not None
        sums = {
            name: np.nan if each is None else (each if rows is None else each[rows]).sum()
            for name, each in self._parts.items()
        }
        return known_sums(pd.DataFrame(sums, index=pd.RangeIndex(1)), _ONE, self._declared)

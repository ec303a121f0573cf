"""Stages of a funnel: the calls that meet each, however that is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import Split
from brightcall_pandas.analysis._durations import seconds_of
from brightcall_pandas.analysis._metric import OWN, Metric, Tallied
from brightcall_pandas.analysis._metrics import METRICS, find_metric
from brightcall_pandas.analysis._tallies import SUMS, Facts
from brightcall_pandas.analysis._terms import Term, checked_term, term_values
from brightcall_pandas.frame import column, leads_of

__all__ = ["Stages", "checked_stages", "stage_mask"]

Stages = Mapping[str, Term | Metric | str] | Sequence[Metric | str] | None
"""What a funnel's stages may be: the calls that meet each, by its name, or metrics that say both."""


def _every(df: pd.DataFrame) -> NDArray[np.bool_]:
    return np.ones(len(df), dtype=bool)


def _answered(df: pd.DataFrame) -> NDArray[np.bool_]:
    return (column(df, "state") == "answered").to_numpy(dtype=bool)


def _conversation(df: pd.DataFrame) -> NDArray[np.bool_]:
    return seconds_of(df, "talkTime") >= 30


_USUAL: Mapping[str, Callable[[pd.DataFrame], NDArray[np.bool_]]] = {
    "all calls": _every,
    "answered": _answered,
    "conversation ≥ 30 s": _conversation,
    "positive outcome": leads_of,
}


def checked_stages(stages: Stages) -> Mapping[str, Any]:
    """Return what each stage is, by its name; the usual ones for None.

    Raises
    ------
    ValueError
        They are neither a mapping nor metrics, or there are none, or two have one name.
    """
    if stages is None:
        return _USUAL
    if isinstance(stages, Mapping) and stages:
        return stages
    if not isinstance(stages, Mapping | str) and isinstance(stages, Sequence) and stages:
        found = [find_metric(each, "stages", fits=_is_condition) for each in stages]
        if len({each.name for each in found}) == len(found):
            return {each.name: each for each in found}
    msg = (
        "stages= must be a mapping from the name of each stage to a mask, an expression, a CallFilter, a "
        "metric or a function of the frame; or a list of metrics, each once"
    )
    raise ValueError(msg)


def _is_condition(metric: Metric) -> bool:
    """Tell whether each call meets the numerator of a metric or does not."""
    counted = metric.numerator
    return not isinstance(counted, Tallied) or (
        counted.unit == "calls" and counted.sum in SUMS and not counted.sum.endswith("_s")
    )


def stage_mask(name: str, stage: Any, df: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which calls meet a stage; a null is not met.

    Raises
    ------
    KeyError, TypeError, ValueError
        A column is missing, or it is no condition. The message names the stage.
    """
    usual = _USUAL.get(name)
    if usual is not None and stage is usual:
        return usual(df)
    if isinstance(stage, str) and stage not in df.columns and (stage in METRICS or stage in OWN):
        stage = find_metric(stage)
    if isinstance(stage, Metric):
        stage = stage.numerator
    about = f"stage {name!r}"
    if isinstance(stage, Tallied):
        adds = SUMS[stage.sum](Facts(df, Split())) if stage.sum in SUMS and stage.unit == "calls" else None
        if adds is None or adds.dtype != np.bool_:
            msg = f"{about} counts {stage.words}, which is not a condition, or its column is missing"
            raise ValueError(msg)
        return np.asarray(adds, dtype=bool)
    checked_term(about, stage)
    adds = term_values(about, stage, df).adds
    if adds.dtype != np.bool_ and not np.isin(adds, (0, 1)).all():
        msg = f'{about} gives numbers, and a stage is a condition, such as "talkTime >= 30"'
        raise ValueError(msg)
    return adds.astype(np.bool_)

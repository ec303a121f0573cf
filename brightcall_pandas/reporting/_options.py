"""What a caller may say of a report, with what holds where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from brightcall_pandas.analysis import Metric
from brightcall_pandas.frame import Names
from brightcall_pandas.reporting._section import Section

__all__ = ["Options"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `brightcall_pandas.report`, which tells what each means."""

    title: str | None = None
    sections: Sequence[str | Section] | None = None
    names: Names = None
    metrics: Sequence[str | Metric] | None = None
    lead: Sequence[str] | None = None
    agent: str | None = None
    costs: Mapping[str, Any] | None = None
    before: pd.DataFrame | None = None
    stats: pd.DataFrame | None = None
    settle_days: int | None = None
    today: str | date | None = None
    pseudonyms: str | bytes | None = None
    confidence: float = 0.95
    pictures: bool = True

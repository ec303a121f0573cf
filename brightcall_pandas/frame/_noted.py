"""What a frame was told about its calls, such as which field tells the agents, kept in its attributes."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["noted"]


def noted(df: pd.DataFrame, **words: Any) -> pd.DataFrame:
    """Return a frame whose ``attrs["brightcall"]`` also has these words; the given one stays as it is."""
    said = df.attrs.get("brightcall")
    said = said if isinstance(said, dict) else {}
    copy = df.copy(deep=False)
    copy.attrs = {**df.attrs, "brightcall": type(said)({**said, **words})}
    return copy

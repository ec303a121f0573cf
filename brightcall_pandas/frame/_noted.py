"""What a frame was told about its calls, such as which field tells the agents, kept in its attributes."""

from __future__ import annotations

from copy import copy
from typing import Any

import pandas as pd

__all__ = ["noted"]


def noted(df: pd.DataFrame, **words: Any) -> pd.DataFrame:
    """Return a frame whose ``attrs["brightcall"]`` also has these words; the given one stays as it is."""
    said = df.attrs.get("brightcall")
    said = said if isinstance(said, dict) else {}
    noting = df.copy(deep=False)
    said = copy(said)
    said.update(words)
    noting.attrs = {**df.attrs, "brightcall": said}
    return noting

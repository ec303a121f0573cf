"""What the columns of a frame mean, and their units: fields of calls, or numbers of the catalogue."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from brightcall_pandas.analysis._definitions import definition_of
from brightcall_pandas.frame import EXTRAS, FIELDS

__all__ = ["BETWEEN", "Meaning", "Meanings"]

BETWEEN = " / "  # levels of a column's name
_BOUNDS = {
    "_low": "lower end of the interval of {}",
    "_high": "upper end of the interval of {}",
    "_other": "{} of the other calls",
    "_change": "{} here minus that of the other calls",
    "_per_day": "{} a day",
    "_rank": "place by {}",
}


class Meaning(NamedTuple):
    """What a column means, with its unit, or the zone of its times; of a number also its terms."""

    meaning: str = ""
    unit: str = ""
    numerator: str = ""
    denominator: str = ""
    nulls: str = ""
    source: str = ""


class Meanings:
    """What the columns of a frame mean.

    A table has a number where calls have a field of the same name, such as `transfers`; so a frame of which
    most columns are no fields is a table.

    Parameters
    ----------
    df
        A frame of calls, or a table of them.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        self.is_calls = 2 * sum(_is_field(str(name)) for name in df.columns) > len(df.columns)

    def is_field(self, name: str) -> bool:
        """Tell whether a column is a field of the calls."""
        return self.is_calls and _is_field(name)

    def of(self, name: str) -> Meaning:
        """Return what a column means; an empty meaning where nobody knows."""
        last = name.rpartition(BETWEEN)[2]
        if self.is_field(last):
            return Meaning(FIELDS[last].doc, FIELDS[last].unit or "") if last in FIELDS else Meaning()
        suffix = next((end for end in _BOUNDS if last.endswith(end)), "")
        for metric, template in ((last, "{}"), (last.removesuffix(suffix), _BOUNDS.get(suffix, "{}"))):
            if (known := definition_of(metric)) is not None:
                terms = known.numerator, known.denominator or "", known.nulls, known.source
                return Meaning(template.format(known.title), known.unit, *terms)
        return Meaning()


def _is_field(name: str) -> bool:
    return name in FIELDS or name == EXTRAS.name

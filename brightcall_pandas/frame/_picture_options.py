"""What every picture takes besides its table, and how it is documented.

It stands here since both the pictures and the accessor need it, and the accessor must not load matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from brightcall_pandas.frame._names import NAMES_DOC

__all__ = ["PICTURE_OPTIONS", "PictureColor", "Sort"]

Sort = Literal["value", "calls", "name", "table"] | None
"""Orders of rows and series."""

PictureColor = str | Mapping[str, str] | None
"""What ``color=`` takes."""

PICTURE_OPTIONS = {
    "ax": "Axes to draw on; nothing else of their figure is changed. None: the axes of a new figure.",
    "title": "Title in place of what the picture finds.",
    "subtitle": "Line below the title in place of definition, number of calls, settings and days.",
    "figsize": "Width and height of a new figure in inches; None: as large as the table needs.",
    "top": (
        "How many rows, groups or series are drawn at most. A picture that has nothing to choose from goes\n"
        "without."
    ),
    "sort": (
        'Order of rows and series: by what is drawn (``"value"``, largest first), by what it rests on\n'
        '(``"calls"``), by ``"name"``, or as in the table (``"table"``). None: what suits the picture;\n'
        "days, hours, stages and attempts keep their order."
    ),
    "names": NAMES_DOC,
    "color": (
        "A color for the data, or a mapping from the names of groups or parties to their colors; None:\n"
        "colors that can be told apart with any color vision."
    ),
}
"""The options of every picture, and their documentation."""

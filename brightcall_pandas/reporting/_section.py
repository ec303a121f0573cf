"""What a report is made of: sections, each with a title, words, a table and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Image", "Part", "Section"]


@dataclass(frozen=True)
class Section:
    """A section of your own for `bc.report`.

    Parameters
    ----------
    title
        Its heading, and the name of its sheet.
    table
        A table: any frame, such as ``df.calls.by_outcome()``; its rows are shown as ``.calls.show()`` does.
    picture
        Axes, such as ``df.calls.plot.by_outcome()`` returns them, or a figure of matplotlib.
    text
        A sentence or two below the heading.
    alt
        What the picture shows, for those who do not see it. None: what `bc.plots.describe` says of it.

    Raises
    ------
    TypeError, ValueError
        The title is empty, there is nothing to show, or a part is of the wrong kind.

    Examples
    --------
    >>> calls = pd.DataFrame({"outcomeTag": ["Sold", "No answer"]})
    >>> Section("Outcomes", calls.calls.by_outcome()).title
    'Outcomes'
    """

    title: str
    table: pd.DataFrame | None = None
    picture: Axes | Figure | None = None
    text: str = ""
    alt: str | None = None

    def __post_init__(self) -> None:
        for name in ("title", "text", "alt"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (name == "alt" and value is None):
                msg = f"{name} of a section takes text, not {value!r}"
                raise TypeError(msg)
        if not self.title.strip():
            msg = "a section needs a title that is not blank"
            raise ValueError(msg)
        if self.table is not None and not isinstance(self.table, pd.DataFrame):
            msg = f"section {self.title!r}: table takes a DataFrame, not {type(self.table).__name__}"
            raise TypeError(msg)
        if self.picture is not None and not _is_picture(self.picture):
            msg = (
                f"section {self.title!r}: picture takes matplotlib axes or a figure, not "
                f"{type(self.picture).__name__}"
            )
            raise TypeError(msg)
        if self.table is None and self.picture is None and not self.text.strip():
            msg = f"section {self.title!r} has no table, no picture and no text: there is nothing to show"
            raise ValueError(msg)


def _is_picture(value: Any) -> bool:
    from matplotlib.axes import Axes  # noqa: PLC0415
    from matplotlib.figure import FigureBase  # noqa: PLC0415

    return isinstance(value, Axes | FigureBase)


@dataclass(frozen=True)
class Image:
    """A picture as a file has it: an SVG, and what it shows."""

    svg: bytes
    alt: str


@dataclass(frozen=True)
class Part:
    """A section that is ready to be written.

    Parameters
    ----------
    key
        Its name in ``sections=`` and its anchor in the page.
    title
        Its heading.
    text
        Paragraphs below the heading.
    table
        What its sheet holds; None for none.
    shown
        The cells of its table in the page, as texts; the first column names the rows.
    caption
        Caption of the table.
    images
        Its pictures.
    defined
        Numbers whose definitions the report gives.
    """

    key: str
    title: str
    text: Sequence[str] = ()
    table: pd.DataFrame | None = None
    shown: pd.DataFrame | None = None
    caption: str = ""
    images: Sequence[Image] = ()
    defined: Sequence[str] = field(default=())

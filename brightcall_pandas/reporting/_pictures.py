"""Pictures of a report: drawn once, on white, so that they read alike by day, by night and on paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd

from brightcall_pandas.frame import Names
from brightcall_pandas.reporting._section import Image, Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["drawn", "image_of_section"]


def drawn(
    draw: Callable[..., Axes], table: pd.DataFrame, title: str, *, names: Names = None, **options: Any
) -> Image | None:
    """Return the picture of a table, with a title that claims nothing; None where there is nothing to draw.

    What a picture finds by itself holds for its own table only; a report says what holds for all of them.
    """
    if table.empty:
        return None
    from brightcall_pandas import plots  # noqa: PLC0415 - matplotlib loads when something is drawn

    with _house_style():
        axes = draw(table, title=title, names=names, **options)
        try:
            return Image(_svg(axes.figure), plots.describe(axes))
        finally:
            _close(axes.figure)


def image_of_section(section: Section) -> Image | None:
    """Return the picture of a section of the user's, with what it shows; the figure stays as it is."""
    if section.picture is None:
        return None
    from matplotlib.axes import Axes  # noqa: PLC0415

    from brightcall_pandas import plots  # noqa: PLC0415

    picture = section.picture
    figure = picture.get_figure(root=True) if isinstance(picture, Axes) else picture
    alt = section.alt
    if alt is None:
        alt = section.title
        for axes in [picture] if isinstance(picture, Axes) else figure.axes:  # type: ignore[union-attr]
            try:
                alt = plots.describe(axes)
                break
            except ValueError:  # not one of ours: its title must do
                continue
    return Image(_svg(figure), alt)


def _svg(figure: Any) -> bytes:
    from matplotlib import rc_context  # noqa: PLC0415

    target = io.BytesIO()
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "report"}):
        figure.savefig(target, format="svg", metadata={"Date": None})
    return target.getvalue()


def _close(figure: Any) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415

    plt.close(figure)


@contextmanager
def _house_style() -> Iterator[None]:
    """Draw with no screen, and in no style of the user's: a report looks the same wherever it is made."""
    import matplotlib.pyplot as plt  # noqa: PLC0415

    with plt.style.context("default"):
        yield

"""Pictures of a report: drawn once, on white, so that they read alike by day, by night and on paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from brightcall_pandas.accessors import calls as calls_of
from brightcall_pandas.analysis import rows_of_group
from brightcall_pandas.frame import Names, column, shown_names
from brightcall_pandas.reporting._section import Image, Section
from brightcall_pandas.reporting._statements import Statement
from brightcall_pandas.reporting._words import rate_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["drawn", "image_of_section", "with_pictures"]

_WITH_PICTURE = 3  # statements


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


def with_pictures(
    said: Sequence[Statement], calls: pd.DataFrame, previous: pd.DataFrame | None, names: Names
) -> list[Statement]:
    """Return the statements, the first of them with a picture; one shows all groups that stand apart."""
    shown: set[tuple[Any, ...]] = set()
    result = []
    for number, each in enumerate(said):
        row = each.row
        same = (row["kind"], row["direction"], row["metric"], row["dimension"])
        key = (*same, row["group"]) if row["kind"] == "moved" else same
        if number < _WITH_PICTURE and key not in shown:
            shown.add(key)
            result.append(replace(each, image=_picture_of(each, calls, previous, names)))
        else:
            result.append(each)
    return result


def _picture_of(
    statement: Statement, calls: pd.DataFrame, previous: pd.DataFrame | None, names: Names
) -> Image | None:
    """Return the rate of a statement's group day by day, or of all groups side by side."""
    from brightcall_pandas import plots  # noqa: PLC0415 - matplotlib loads when something is drawn

    row = statement.row
    metric = row["metric"]
    frames = [df for df in (previous, calls) if df is not None] if row["kind"] == "moved" else [calls]
    df = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    df.attrs = dict(calls.attrs)
    if row["direction"]:
        df = df[(column(df, "type") == row["direction"]).to_numpy(dtype=bool)]
    name = rate_name(metric)
    if row["kind"] == "moved":
        df = df[rows_of_group(df, row["dimension"], row["group"])]
        who = (
            shown_names([row["group"]], names)[row["group"]]
            if row["dimension"]
            else f"{row['direction']} calls"
        )
        table = _unflagged(calls_of(df).breakdown("day", [metric]))
        return drawn(
            plots.breakdown, table, f"{name[0].upper()}{name[1:]} of {who}, day by day", figsize=(8, 3.2)
        )
    options: dict[str, Any] = {"names": names}
    table = _unflagged(calls_of(df).breakdown(row["dimension"], [metric], **options))
    return drawn(
        plots.breakdown, table, f"{name[0].upper()}{name[1:]} by {row['dimension']}", figsize=(8, 3.6)
    )


def _unflagged(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that claims nothing by itself."""
    return table.drop(columns=[name for name in map(str, table) if name.endswith("beyond_chance")])

"""Every picture, with every kind of data, in every style and size: what to draw, and what to hold it to."""

from __future__ import annotations

import re
import warnings
from contextlib import ExitStack, contextmanager
from itertools import product

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from brightcall_pandas import plots
from tests.plots.datasets import KINDS, calls
from tests.plots.measured import faults

ARGUMENTS = {
    "breakdown": lambda df: {"by": "project"},
    "changes": lambda df: {"other": df.iloc[::2], "by": "project"},
    "compare": lambda df: {"other": df.iloc[::2], "by": "project"},
    "explain_change": lambda df: {"other": df.iloc[::2], "by": "project"},
    "restated": lambda df: {"by": "agent", "reported": df.iloc[: -max(len(df) // 50, 1)]},
    "reconcile": lambda df: {"stats": statistics(df)},
    "small_multiples": lambda df: {"by": "agent"},
}
GROUPED = {
    "abandonment": "project",
    "attempts": "project",
    "by_outcome": "project",
    "concurrency": "project",
    "funnel": "agent",
    "over_time": "agent",
    "service_level": "line",
    "staffing": "project",
    "summary": "agent",
    "talk_time_histogram": "agent",
}
"""Pictures that look different with ``by=``."""

PICTURES = {name: ARGUMENTS.get(name, lambda df: {}) for name in plots.__all__ if name != "describe"} | {
    f"{name} by {by}": lambda df, by=by: {"by": by} for name, by in GROUPED.items() if name in plots.__all__
}
GROUPED_KINDS = ("sixty long names", "scripts", "default")
SMALL = ("ten", "one", "none")
STYLES = {
    "as it comes": {},
    "dark": {"style": "dark_background"},
    "seaborn": {"style": "seaborn-v0_8-darkgrid"},
    "large letters": {"font.size": 16},
    "fonts of one's own": {"font.family": ["DejaVu Serif", "Noto Sans CJK JP", "Noto Sans Arabic"]},
    "subplots": {},
}
SIZES = {"notebook": None, "slide": (10, 5.6)}


def combinations():
    """Return triples of kind, style and size for each picture.

    All of them would take minutes, so each picture gets a sixth of the large kinds and a small one.
    Every style meets every kind of data and both sizes; ``benchmarks/pictures.py`` draws every combination.
    """
    styles, sizes = list(STYLES), list(SIZES)
    large = [kind for kind in KINDS if kind not in SMALL]
    chosen = {}
    for p, picture in enumerate(PICTURES):
        small = [(SMALL[p % 3], styles[p // 3 % 6], sizes[p % 2])]
        those = [
            (kind, styles[(p // 6 + d) % 6], sizes[(p // 2 + d) % 2])
            for d, kind in enumerate(large[p % 6 :: 6])
        ]
        of_groups = [(GROUPED_KINDS[p % 3], styles[p % 6], sizes[p // 6 % 2])]
        chosen[picture] = of_groups if " by " in picture else those + small
    return chosen


def every_combination():
    """Return all triples of kind, style and size; subplots have the size of their figure."""
    triples = product(KINDS, STYLES, SIZES)
    return [each for each in triples if each[1:] != ("subplots", "slide")]


def statistics(df):
    """Return what the server's statistics would say of these calls, one figure of them wrong."""
    directions = pd.Index(["all", "inbound", "outbound", "internal"], name="direction")
    counts = df["type"].value_counts()
    every = [len(df), *(int(counts.get(each, 0)) for each in directions[1:])]
    return pd.DataFrame({"all": every, "success": [each // 2 for each in every]}, index=directions)


@contextmanager
def styled(style):
    """Set matplotlib as a user may have."""
    settings = dict(STYLES[style])
    with ExitStack() as stack:
        if name := settings.pop("style", None):
            stack.enter_context(plt.style.context(name))
        stack.enter_context(mpl.rc_context(settings))
        yield


def complaints(picture, kind, style, size):
    """Return what is wrong with this picture of these calls."""
    df = calls(kind)
    draw = getattr(df.calls.plot, picture.partition(" ")[0])
    with styled(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # `test_matrix` asks for the fonts
        warnings.filterwarnings(
            "ignore", ".* clients had calls before", RuntimeWarning
        )  # days cut out of a month
        before = dict(mpl.rcParams)
        if style == "subplots":
            found = _in_subplots(draw, PICTURES[picture](df))
        else:
            ax = draw(**PICTURES[picture](df), figsize=SIZES[size])
            found = [*faults(ax.get_figure()), *_unsaid(ax, kind), *_moves(ax.get_figure())]
        if dict(mpl.rcParams) != before:
            found.append("matplotlib's settings are changed")
    plt.close("all")
    return [f"{kind}, {style}, {size}: {each}" for each in found]


def _unsaid(ax, kind):
    """Return what a picture ought to say and does not: of how many calls it is, or that there are none."""
    told = plots.describe(ax)
    if not ax.get_title(loc="left"):
        yield "it has no title"
    if kind == "none" and "no " not in told:
        yield "it does not say that there is nothing"
    if not re.search(r"n = |\d calls?\b|\bno |not known", told):
        yield "it does not say of how many calls it is"


def _in_subplots(draw, arguments):
    """Draw on one of two axes; return what is wrong with the figure, and with the other axes."""
    figure, (other, own) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    other.set(title="other", xticks=[], yticks=[])
    before = (other.get_title(), other.get_xlim(), other.get_ylim(), len(other.get_children()))
    size, engine = tuple(figure.get_size_inches()), figure.get_layout_engine()
    drawn = draw(**arguments, ax=own)
    found = [*faults(figure), *_moves(figure)]
    if drawn is not own:
        found.append("it was not drawn on the axes given")
    if before != (other.get_title(), other.get_xlim(), other.get_ylim(), len(other.get_children())):
        found.append("other axes of the figure are changed")
    if (size, engine) != (tuple(figure.get_size_inches()), figure.get_layout_engine()) or len(
        figure.axes
    ) > 4:
        found.append("the figure is changed")
    return found


def _moves(figure):
    """Return what would move if a figure that was drawn once were drawn again."""
    before = [ax.get_position(original=True).extents for ax in figure.axes]
    figure.get_layout_engine().execute(figure)
    after = [ax.get_position(original=True).extents for ax in figure.axes]
    pixels = (abs(np.subtract(before, after)) * [*figure.bbox.size, *figure.bbox.size]).max()
    return [f"drawn again, the axes move by {pixels:.0f} pixels"] if pixels > 1 else []


def in_four_subplots(picture, kind):
    """Draw a picture four times in one figure, in large letters; return what is wrong the first time."""
    df = calls(kind)
    with mpl.rc_context({"font.size": 16}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        figure, axes = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
        for ax in axes.flat:
            getattr(df.calls.plot, picture)(**PICTURES[picture](df), ax=ax)
        found = [*faults(figure), *_moves(figure)]
    plt.close("all")
    narrow = min(ax.get_position().width for ax in axes.flat)
    if narrow < 0.15:
        found.append(f"the axes are only {narrow:.2f} of the figure wide")
    return found

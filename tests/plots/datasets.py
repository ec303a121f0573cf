"""Calls of every kind that a picture may get."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import brightcall_pandas as bc
from brightcall_pandas.frame._columns import to_pandas
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains

HOSTILE = ["$5_a^b% $x$", "R&D \\alpha_{2", "Zoë 😀🎉", "مبيعات الشمال", "北方销售团队", "<b>bold</b> & co"]
"""Names that mathematics, markup, or a font may stumble over."""


@cache
def calls(kind):
    """Return calls of this kind, typed, the same each time."""
    return KINDS[kind]()


def sandbox_calls(many, days):
    """Return what the sandbox would serve, without its server."""
    rng = np.random.default_rng(0)
    drawn = draw_calls(rng, many, days)
    return to_pandas(call_table(rng, drawn, planted_chains(rng, drawn)), "Europe/Berlin")


def _first(many):
    return calls("default").iloc[:: max(len(calls("default")) // max(many, 1), 1)].iloc[:many]


def _named(names, shares=None):
    """Return calls whose agents, projects, lines, outcomes and parties have these names."""
    df = calls("default").iloc[::4].copy()
    rng = np.random.default_rng(len(names))
    of_row = np.array(names, dtype=object)[rng.choice(len(names), len(df), p=shares)]
    for column in ("agentShortNumber", "userId", "projectName", "lineNumber", "outcomeTag"):
        df[column] = pd.Series(rng.permutation(of_row) if column == "outcomeTag" else of_row, index=df.index)
    other = rng.permutation(of_row)
    texts = [f'["{one}", "{two}"]' for one, two in zip(of_row, other, strict=True)]
    df["numbersInvolvedJSON"] = [each.replace("\\", "\\\\") for each in texts]
    return bc.to_frame(df.reset_index(drop=True), timezone="Europe/Berlin")


def _nulls(*columns):
    df = calls("default").iloc[::10].copy()
    for column in columns:
        df[column] = df[column].iloc[:0].reindex(df.index)
    return df


KINDS = {
    "default": lambda: sandbox_calls(20_000, 30),
    "half a year": lambda: sandbox_calls(30_000, 180),
    "ten": lambda: _first(10),
    "one": lambda: _first(1),
    "none": lambda: _first(0),
    "one category": lambda: _named(["Only one"]),
    "sixty long names": lambda: _named(
        [f"Category {each} with a name that is longer than any label" for each in range(60)]
    ),
    "scripts": lambda: _named(HOSTILE),
    "unequal": lambda: _named(["Huge", "Large", "Small", "Tiny"], [0.985, 0.012, 0.002, 0.001]),
    "no state": lambda: _nulls("state"),
    "no labels": lambda: _nulls("outcomeTag", "outcomeType", "projectName", "agentShortNumber", "userId"),
    "no durations": lambda: _nulls("talkTime", "answerTime", "callTime", "totalTime"),
}

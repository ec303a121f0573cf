"""Which calls are a lead: those that ended well, by the outcomes that the user names, or by the API's type.

What was named stands in ``df.attrs["brightcall"]["lead"]``, as the agents' field and the region do. Without
it a lead is a call whose outcome type is positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.errors import NoMatchWarning, warn_user
from brightcall_pandas.frame._columns import column
from brightcall_pandas.frame._labels import fold
from brightcall_pandas.frame._noted import noted
from brightcall_pandas.frame._settings import nearest, type_error

__all__ = [
    "LEAD_DOC",
    "checked_lead",
    "known_lead",
    "lead_field",
    "leads_of",
    "leads_told",
    "of_one_lead",
    "warn_of_absent_leads",
    "with_lead",
]

_BY_OUTCOME, _BY_TYPE = "outcomeTag", "outcomeType"
_LISTED = 10  # outcomes in a sentence

LEAD_DOC = (
    'Outcomes that are a lead, such as ``["Meeting booked", "Qualified"]``, whatever their case and blanks:\n'
    "what is positive here. None: those in the frame's attributes, else calls whose outcome type is positive."
)
"""How ``lead=`` is documented."""


def checked_lead(lead: Any) -> list[str]:
    """Return the outcomes that a ``lead=`` names, each once.

    Raises
    ------
    TypeError
        It is neither a text nor texts.
    ValueError
        It names no outcome.
    """
    what = 'outcomes, for example ["Meeting booked", "Qualified"]'
    if isinstance(lead, str):
        lead = [lead]
    if isinstance(lead, Mapping) or not isinstance(lead, Iterable):
        raise type_error("lead", what, lead)
    outcomes = list(lead)
    for each in outcomes:
        if not isinstance(each, str):
            raise type_error("lead", what, each)
    folded = {fold(each): " ".join(each.split()) for each in reversed(outcomes) if each.strip()}
    if not folded:
        msg = f"lead={outcomes!r} names no outcome; give {what}, or None for positive outcomes"
        raise ValueError(msg)
    return list(reversed(folded.values()))


def known_lead(df: pd.DataFrame) -> list[str] | None:
    """Return the outcomes that a frame's attributes name as leads; None where they name none."""
    said = df.attrs.get("brightcall")
    lead = said.get("lead") if isinstance(said, Mapping) else None
    return list(lead) if isinstance(lead, list | tuple) and lead else None


def with_lead(df: pd.DataFrame, lead: Any) -> pd.DataFrame:
    """Return the frame with the outcomes that are leads in its attributes; itself where none are named."""
    if lead is None:
        return df
    return noted(df, lead=checked_lead(lead))


def of_one_lead(df: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two frames with one meaning of a lead: that of the first, else that of the second."""
    lead = known_lead(df) or known_lead(other)
    return with_lead(df, lead), with_lead(other, lead)


def lead_field(df: pd.DataFrame) -> str:
    """Return the field that tells the leads of a frame."""
    return _BY_TYPE if known_lead(df) is None else _BY_OUTCOME


def leads_of(df: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which calls are a lead; one without an outcome is none.

    Raises
    ------
    KeyError
        The frame lacks the field that tells its leads.

    Examples
    --------
    >>> calls = pd.DataFrame({"outcomeTag": ["Sold", "sold ", None], "outcomeType": ["neutral", None, 1]})
    >>> leads_of(with_lead(calls, ["Sold"])).tolist()
    [True, True, False]
    """
    lead = known_lead(df)
    if lead is None:
        kinds = column(df, _BY_TYPE)
        return np.asarray(kinds.cat.codes == kinds.cat.categories.get_loc("positive"))
    codes, spellings = pd.factorize(column(df, _BY_OUTCOME))
    wanted = {fold(each) for each in lead}
    found: NDArray[np.bool_] = np.array([*(fold(each) in wanted for each in spellings), False])[codes]
    return found


def leads_told(df: pd.DataFrame) -> NDArray[np.bool_]:
    """Return of which calls it is known whether they are a lead: those with an outcome, or its type."""
    return column(df, lead_field(df)).notna().to_numpy()


def warn_of_absent_leads(df: pd.DataFrame) -> None:
    """Warn of outcomes named as leads that no call has: they may be misspelt."""
    lead = known_lead(df)
    if lead is None or not len(df) or _BY_OUTCOME not in df.columns:
        return
    there = {fold(each): each for each in column(df, _BY_OUTCOME).dropna().unique()}
    for each in lead:
        if fold(each) not in there:
            hint = nearest(each, there.values()).removesuffix(".")
            shown = ", ".join(map(repr, list(there.values())[:_LISTED]))
            more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
            listed = f"outcomes here: {shown}{more}" if there else "no call has an outcome"
            warn_user(f"no call has the outcome {each!r} that lead= names{hint} ({listed}).", NoMatchWarning)

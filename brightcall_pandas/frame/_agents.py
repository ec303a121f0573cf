"""Who the agent of a call is: which of three fields tells it, decided here and nowhere else.

The vendor's article calls ``userId`` the user and ``agentShortNumber`` the agent; some accounts send a third
field that it does not list, and in some ``userId`` is one number for the whole account. So the answered calls
decide: the agent is the first of `AGENT_FIELDS` that at least half of them have. What was decided for an
account, or named by the user, stands in ``df.attrs["brightcall"]["agent"]`` and goes before; a frame without
it is decided by its own calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.frame._columns import column, to_series, typed_array
from brightcall_pandas.frame._fields import EXTRAS, FIELDS, Field
from brightcall_pandas.frame._identity import NO_ID
from brightcall_pandas.frame._noted import noted
from brightcall_pandas.frame._remembered import factorized
from brightcall_pandas.frame._settings import nearest, type_error

__all__ = [
    "AGENT_COLUMNS",
    "AGENT_FIELDS",
    "ENOUGH_ANSWERED",
    "AgentCounts",
    "agent_field",
    "agent_values",
    "agents_of",
    "checked_agent",
    "count_agents",
    "known_agent",
    "of_one_agent",
    "with_agent",
]

_INVOLVED = Field("involvedAgent1Id", "identifier", "Agent who handled the call; not in the article.")
_FIELDS = {each.name: each for each in (_INVOLVED, FIELDS["agentShortNumber"], FIELDS["userId"])}

AGENT_FIELDS = tuple(_FIELDS)
"""Fields that may tell the agent, in the order in which they are tried."""

AGENT_COLUMNS = (EXTRAS.name, "agentShortNumber", "userId")
"""Columns of the typed frame that hold them."""

ENOUGH_ANSWERED = 50
"""Answered calls from which on an account's field is settled for good."""

_NOBODY = frozenset(text.casefold() for text in NO_ID) | {"(none)", "<na>", "nat"}


class _Extras(msgspec.Struct):
    involvedAgent1Id: Any = None  # noqa: N815


# Made here: msgspec crashes where two threads are the first to decode a type.
_EXTRAS = msgspec.json.Decoder(_Extras)
_LIST_OF_EXTRAS = msgspec.json.Decoder(list[_Extras])


class AgentCounts(msgspec.Struct, frozen=True):
    """How many calls tell their agent, by field; counts of parts of the calls add up.

    Parameters
    ----------
    calls
        Number of calls.
    answered
        Those of them that were answered; all of them where no state is known.
    have, answered_have
        By field of the frame, how many of all and of the answered calls have it: neither null nor blank, nor
        a word for nothing such as ``0`` or ``null``.
    """

    calls: int = 0
    answered: int = 0
    have: dict[str, int] = {}
    answered_have: dict[str, int] = {}

    def __add__(self, other: AgentCounts) -> AgentCounts:
        """Return the counts of both parts together."""
        return AgentCounts(
            self.calls + other.calls,
            self.answered + other.answered,
            _added(self.have, other.have),
            _added(self.answered_have, other.answered_have),
        )

    @property
    def settled(self) -> str | None:
        """The field, where enough answered calls decide it for the whole account; else None."""
        if self.answered < ENOUGH_ANSWERED:
            return None
        return self._first_of_half(self.answered_have, self.answered)

    @property
    def field(self) -> str | None:
        """The field that these calls decide for; None where they have none of them.

        Without answered calls all calls decide. Where no field reaches half of them, it is the one that most
        of them have; of equals, the last.
        """
        have, of = (self.answered_have, self.answered) if self.answered else (self.have, self.calls)
        present = [name for name in AGENT_FIELDS if name in have]
        most = max(reversed(present), key=lambda name: have[name], default=None)
        return self._first_of_half(have, of) or most

    @staticmethod
    def _first_of_half(have: Mapping[str, int], of: int) -> str | None:
        return next((name for name in AGENT_FIELDS if 2 * have.get(name, 0) >= max(of, 1)), None)


def _added(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {
        name: first.get(name, 0) + second.get(name, 0) for name in AGENT_FIELDS if name in {*first, *second}
    }


def count_agents(df: pd.DataFrame) -> AgentCounts:
    """Count the calls of a frame that tell their agent, by field."""
    answered = _answered(df)
    have, answered_have = {}, {}
    for name in AGENT_FIELDS:
        known = _known(df, name)
        if known is not None:
            have[name], answered_have[name] = int(known.sum()), int((known & answered).sum())
    if not have.get(_INVOLVED.name, 1) and _INVOLVED.name not in df.columns:
        del have[_INVOLVED.name], answered_have[_INVOLVED.name]  # the extras have no such field
    return AgentCounts(len(df), int(answered.sum()), have, answered_have)


def _answered(df: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which calls were answered; all of them where no state is known."""
    if "state" not in df.columns:
        return np.ones(len(df), dtype=bool)
    return (column(df, "state") == "answered").to_numpy(dtype=bool)


def _known(df: pd.DataFrame, name: str) -> NDArray[np.bool_] | None:
    """Return which calls have a field that tells agents; None where the frame lacks it."""
    values = agent_values(df, name)
    if values is None:
        return None
    codes, texts = factorized(values)
    known: NDArray[np.bool_] = np.array([*map(_is_somebody, texts), False], dtype=bool)[codes]
    return known


def _decided(df: pd.DataFrame) -> str | None:
    """Return what `count_agents` decides; a field that the answered calls have spares the others."""
    answered = _answered(df)
    of = int(answered.sum())
    for name in AGENT_FIELDS if of else ():
        known = _known(df, name)
        if known is not None and 2 * int((known & answered).sum()) >= of:
            return name
    return count_agents(df).field


def agent_field(df: pd.DataFrame, agent: str | None = None) -> str:
    """Return the field, or the column, that tells the agents of a frame.

    Parameters
    ----------
    df
        Calls in any form.
    agent
        One of `AGENT_FIELDS`, or a column of the frame; None takes what the frame's attributes say, else what
        its calls decide.

    Raises
    ------
    ValueError
        `agent` is neither.
    KeyError
        The frame has none of the fields.

    Examples
    --------
    >>> calls = pd.DataFrame({"userId": [7, 7], "agentShortNumber": ["101", None], "state": [1, 1]})
    >>> agent_field(calls), agent_field(calls, "userId")
    ('agentShortNumber', 'userId')
    """
    if agent is not None:
        return checked_agent(agent, df.columns)
    if (known := known_agent(df)) is not None:
        return known
    if (decided := _decided(df)) is not None:
        return decided
    *others, last = AGENT_FIELDS
    msg = (
        f"the frame has no column {last!r} ({FIELDS[last].doc.rstrip('.')}), nor another that tells the "
        f"agent: {' or '.join(map(repr, others))}, or 'extras' with the former. Load one with "
        "bc.load_calls(…, columns=[…]), or name a column of your own with agent=."
    )
    raise KeyError(msg)


def agents_of(df: pd.DataFrame, agent: str | None = None) -> pd.Series:
    """Return the agent of each call.

    Parameters
    ----------
    df
        Calls in any form. It is not changed.
    agent
        As for `agent_field`.

    Returns
    -------
    pandas.Series
        Text, same index, named ``agent``. Null, blank and a word for nothing (``0``, ``null`` …) are null.

    Raises
    ------
    ValueError
        `agent` is neither one of `AGENT_FIELDS` nor a column of the frame.
    KeyError
        The frame lacks the field that tells its agents.

    Examples
    --------
    >>> agents_of(pd.DataFrame({"extras": ['{"involvedAgent1Id":9001}', None]})).tolist()
    ['9001', nan]
    """
    field = agent_field(df, agent)
    values = agent_values(df, field)
    if values is None:
        said = " and extras" if field == _INVOLVED.name else ""
        msg = (
            f"agents are told by {field!r}, which the frame lacks{said}. Keep that column, load it with "
            "bc.load_calls(…, columns=[…]), or name another one with agent=."
        )
        raise KeyError(msg)
    codes, texts = factorized(values)
    nobody = np.flatnonzero([not _is_somebody(text) for text in texts])
    return (values.mask(np.isin(codes, nobody)) if len(nobody) else values).rename("agent")


def checked_agent(agent: Any, columns: Iterable[Any] = ()) -> str:
    """Return the field that an ``agent=`` names.

    Raises
    ------
    TypeError
        It is not text.
    ValueError
        It is neither one of `AGENT_FIELDS` nor one of these columns.
    """
    if not isinstance(agent, str):
        raise type_error("agent", "the name of a field", agent)
    known = (*AGENT_FIELDS, *map(str, columns))
    if agent in known:
        return agent
    other = ", nor a column of the frame" if len(known) > len(AGENT_FIELDS) else ""
    hint = nearest(agent, known)
    msg = f"agent={agent!r} is not one of {', '.join(AGENT_FIELDS)}{other}{hint}"
    if hint == ".":
        msg += " It says which field tells the agents; agent_ids= of filter chooses some of them."
    raise ValueError(msg)


def known_agent(df: pd.DataFrame) -> str | None:
    """Return the field that a frame's attributes name; None where they name none."""
    said = df.attrs.get("brightcall")
    agent = said.get("agent") if isinstance(said, Mapping) else None
    return agent if isinstance(agent, str) and agent else None


def with_agent(df: pd.DataFrame, agent: str | None = None, *, by: str = "argument") -> pd.DataFrame:
    """Return a frame of the same data whose attributes say which field tells the agents.

    Parameters
    ----------
    df
        Calls. Neither the frame nor its attributes are changed.
    agent
        As for `agent_field`.
    by
        Who says so, where `agent` is given: ``"argument"``, ``"client"`` or ``"account"``.
    """
    if agent is None and known_agent(df) is not None:
        return df
    return _marked(df, agent_field(df, agent), "calls" if agent is None else by)


def of_one_agent(df: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two frames whose agents are told by one field: what the first says, else the second, else both.

    Raises
    ------
    KeyError
        Neither frame has a field that tells its agents.
    """
    for each in (df, other):
        if (known := known_agent(each)) is not None:
            by = str(each.attrs["brightcall"].get("agent_by", "calls"))
            return _marked(df, known, by), _marked(other, known, by)
    field = (count_agents(df) + count_agents(other)).field or agent_field(df)
    return _marked(df, field, "calls"), _marked(other, field, "calls")


def _marked(df: pd.DataFrame, field: str, by: str) -> pd.DataFrame:
    return noted(df, agent=field, agent_by=by)


def agent_values(df: pd.DataFrame, name: str) -> pd.Series | None:
    """Return a field that tells agents, or a column, as text; None where the frame lacks it."""
    if name in df.columns and name in FIELDS and FIELDS[name].kind == "identifier":
        return column(df, name)
    if name in df.columns:
        field = _FIELDS.get(name, Field(name, "identifier", ""))
        return to_series(typed_array(df[name], field)[0], field).set_axis(df.index).rename(name)
    if name != _INVOLVED.name or EXTRAS.name not in df.columns:
        return None
    extras = column(df, EXTRAS.name)
    if extras.isna().all():
        return extras.rename(name)
    codes, texts = factorized(extras)
    found = [*_involved_of(texts.tolist()), None]
    each = to_series(typed_array(found, _INVOLVED)[0], _INVOLVED)
    return each.take(codes % len(found)).set_axis(df.index)


def _involved_of(texts: list[str]) -> list[Any]:
    with suppress(msgspec.MsgspecError, RecursionError):
        found = _LIST_OF_EXTRAS.decode(f"[{','.join(texts)}]")  # at once: much faster than one by one
        if len(found) == len(texts):
            return [each.involvedAgent1Id for each in found]
    return list(map(_involved, texts))


def _involved(text: str) -> Any:
    with suppress(msgspec.MsgspecError, RecursionError):
        return _EXTRAS.decode(text).involvedAgent1Id
    return None


def _is_somebody(text: Any) -> bool:
    return str(text).strip().casefold() not in _NOBODY

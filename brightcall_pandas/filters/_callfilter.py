"""One specification of which calls are meant, in every form in which it is needed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, Self, TypeVar, Unpack

import numpy as np
import pandas as pd

from brightcall_pandas.errors import brief_errors
from brightcall_pandas.filters._predicates import AnyAgent, AnyLabel, AnyNumber, HasNumber, LabelPredicate
from brightcall_pandas.filters._rows import ROW_FILTERS
from brightcall_pandas.filters._table import FILTER_NAMES, FILTERS, PARAMETERS, Parameters
from brightcall_pandas.filters._tags import HasTag
from brightcall_pandas.frame import NONE, checked_agent, nearest, open_period, with_agent

__all__ = ["CallFilter", "lists_filters"]

_OFTEN = {
    **dict.fromkeys(("agents", "users"), ("agent_ids",)),
    **dict.fromkeys(("project", "projects"), ("text_projects", "project_ids")),
    **dict.fromkeys(("numbers", "phone", "client", "client_number", "clientnumber"), ("number",)),
    **dict.fromkeys(("min_talk_time", "talk_time_min"), ("talk_time_from",)),
    **dict.fromkeys(("max_talk_time", "talk_time_max"), ("talk_time_to",)),
    **dict.fromkeys(("direction", "directions"), ("types",)),
    **dict.fromkeys(("start", "start_date", "date_from", "begin", "since"), ("day_from",)),
    **dict.fromkeys(("end", "end_date", "date_to", "until"), ("day_to",)),
}
"""Names that people try first, and what they mean."""

_DAYS = ("day_from", "day_to")
_RANGES = (
    _DAYS,
    ("talk_time_from", "talk_time_to"),
    ("answer_time_from", "answer_time_to"),
)
P = ParamSpec("P")
R = TypeVar("R")


def lists_filters(function: Callable[P, R]) -> Callable[P, R]:
    """Show each filter and what it accepts in signature and docstring of a function that takes ``**filters``.

    A name that is neither a filter nor another argument of the function is a ``TypeError`` that names the
    nearest right one.
    """
    signature = inspect.signature(function)
    own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
    taken = {each.name for each in own}
    named = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=FILTERS[name].value.accepts
        )
        for name in FILTER_NAMES
        if name not in taken
    ]
    # Parameters that page an answer are left to the function, which can say why it does not take them.
    known = (taken | FILTERS.keys()) - {"self"}
    called = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in kwargs:
            if name in ROW_FILTERS and name not in known:
                msg = f"{called} has no argument {name!r}: the API has no such filter, rows in hand have it"
                raise TypeError(f"{msg}, as df.calls.filter({name}=…)")
            if name == "api_key":
                msg = f"{called} takes no key: bc.login(), or client=bc.Client(api_key=…)"
                raise TypeError(msg)
            if name not in known:
                meant = [repr(each) for each in _OFTEN.get(name.casefold(), ()) if each in known]
                hint = f"; did you mean {' or '.join(meant)}?" if meant else nearest(name, known)
                msg = f"{called} has no argument {name!r}{hint} See bc.describe_filters()."
                raise TypeError(msg)
        return function(*args, **kwargs)

    checked.__signature__ = signature.replace(parameters=[*own, *named])  # type: ignore[attr-defined]
    if checked.__doc__:  # none with python -OO
        checked.__doc__ = _explained(checked.__doc__, [each.name for each in named])
    return checked


def _explained(doc: str, names: Sequence[str]) -> str:
    """Return a docstring with a section of these filters."""
    told = [f"{name} : {FILTERS[name].value.accepts}\n    {FILTERS[name].doc}" for name in names]
    return "\n".join([inspect.cleandoc(doc), "", "Filters", "-------", *told, ""])


class CallFilter:
    """Which calls are meant: the API's own parameters, checked, immutable and comparable.

    Parameters
    ----------
    **filters
        Any of `bc.describe_filters()`, by their Python names. Labels and codes are both understood
        (``types="outbound"``, ``types=[1]``), 500 and "500" are the same id, and None means not given. Days
        may be those of a month, week, quarter or year: ``day_from="2026-03", day_to="2026-03"``.

    Raises
    ------
    TypeError
        A name that is not a filter (the message names the nearest one), or a value of a wrong type.
    ValueError
        A label that does not exist, a date that is not one, a range that ends before it begins.

    Examples
    --------
    >>> CallFilter(types="outbound", talk_time_from=30).to_request()
    {'types': [1], 'talkTimeFrom': 30}
    """

    __slots__ = ("_values",)
    _values: dict[str, Any]

    @brief_errors
    @lists_filters
    def __init__(self, **filters: Unpack[Parameters]) -> None:
        chosen = {name: value for name, value in filters.items() if value is not None}
        days = zip(_DAYS, open_period(chosen.get("day_from"), chosen.get("day_to")), strict=True)
        chosen |= {name: day for name, day in days if day is not None}
        given = {name: FILTERS[name].value.parse(name, value) for name, value in chosen.items()}
        for low, high in _RANGES:
            if low in given and high in given and given[low] > given[high]:
                msg = f"{low}={given[low]} is after {high}={given[high]}; swap them"
                raise ValueError(msg)
        self._values = {name: given[name] for name in FILTERS if name in given}

    @classmethod
    def from_request(
        cls, body: Mapping[str, Any], *, required: tuple[str, ...] = ("dayFrom", "dayTo")
    ) -> Self:
        """Return the filter that the body of an API request describes.

        Parameters
        ----------
        body
            API names and values. A null, an empty text and an empty list count as not given.
        required
            API names that must be given.

        Returns
        -------
        CallFilter
            As if it had been written with Python names.

        Raises
        ------
        ValueError
            A parameter is missing, unknown or wrong; the message names it as the API does.
        """
        given = {name: value for name, value in body.items() if value is not None and value not in ("", [])}
        known = {each.parameter: each.argument for each in PARAMETERS}
        for name in required:
            if name not in given:
                msg = f"{name} is required"
                raise ValueError(msg)
        for name in given:
            if name not in known:
                msg = f"{name} is not a parameter{nearest(name, known)}"
                raise ValueError(msg)
        chosen = {known[name]: value for name, value in given.items()}
        try:
            for name in set(_DAYS) & chosen.keys():
                FILTERS[name].value.parse(name, chosen[name])  # the API knows dates only
            return cls(**chosen)
        except (TypeError, ValueError) as error:
            raise ValueError(_in_api_names(str(error))) from None

    def to_request(self) -> dict[str, Any]:
        """Return the parameters as the API's body has them.

        Returns
        -------
        dict
            API name → JSON value, in the article's order; only those that were given.
        """
        return {
            FILTERS[name].parameter: FILTERS[name].value.encode(value) for name, value in self._values.items()
        }

    @brief_errors
    def mask(self, df: pd.DataFrame, *, fold_case: bool = False, agent: str | None = None) -> pd.Series:
        """Return which rows of a frame match.

        Parameters
        ----------
        df
            Typed, untyped or made by hand; it needs the columns that the filter reads.
        fold_case
            False matches the rows that the API returns: labels must be equal letter for letter. True matches
            the rows that the tables count under these labels: outcomes and tags are folded by case and
            blanks, numbers match in any spelling, `agent_ids` are the agents of ``by_agent``, and ``(none)``
            is a row without a label.
        agent
            Field or column that `agent_ids` are in. None: with `fold_case` the one that tells the frame's
            agents; without, any of ``involvedAgent1Id`` (also in ``extras``), ``agentShortNumber`` and
            ``userId``, since which of them the API means is not known.

        Returns
        -------
        pandas.Series
            bool, same index. Days begin in the filter's `timezone`, or else in the frame's own.

        Raises
        ------
        KeyError
            A column that the filter reads is missing.
        ValueError
            The filter cannot be applied to rows: `team_ids`, and `all_users=False`.
        """
        zone = self._values.get("timezone")
        mask = np.ones(len(df), dtype=bool)
        if agent is not None and "agent_ids" in self._values:
            df = with_agent(df, agent)
        for name, value in self._on_rows():
            predicate = FILTERS[name].predicate
            named = agent is not None and isinstance(predicate, AnyAgent)
            if isinstance(predicate, LabelPredicate) and (fold_case or named):
                mask &= predicate.mask_of_labels(df, value)
            elif predicate is not None:
                mask &= predicate.mask(df, value, zone)
        return pd.Series(mask, index=df.index)

    @brief_errors
    def to_sql(self, *, agent: str | None = None) -> str:
        """Return the filter as a DuckDB condition over a table with the typed columns.

        Parameters
        ----------
        agent
            Field that `agent_ids` are in; None: any of the three, as in `mask`.

        Returns
        -------
        str
            Literals are quoted; ``TRUE`` where every call matches. Days begin in the filter's
            `timezone`, or else in UTC.

        Raises
        ------
        ValueError
            The filter cannot be applied to rows: `team_ids`, and `all_users=False`.
        """
        zone = self._values.get("timezone", "UTC")
        field = None if agent is None else checked_agent(agent)
        conditions = []
        for name, value in self._on_rows():
            predicate = FILTERS[name].predicate
            if field is not None and isinstance(predicate, AnyAgent):
                conditions.append(predicate.sql_of(field, value))
            elif predicate is not None:
                conditions.append(predicate.sql(value, zone))
        return " AND ".join(conditions) or "TRUE"

    def code(self) -> str:
        """Return the line of Python that gives the same calls.

        With both days it is a load; without, it filters the rows in hand. `page`, `items_per_page`,
        `sort_by` and `sort_direction` are left out: they do not say which calls are meant.

        Returns
        -------
        str
            One expression over ``bc`` or ``df``.

        Examples
        --------
        >>> CallFilter(types="outbound", talk_time_from=30).code()
        "df.calls.filter(types=['outbound'], talk_time_from=30.0)"
        """
        values = {name: value for name, value in self._values.items() if not FILTERS[name].paging}
        arguments = []
        call = "df.calls.filter"
        if "day_from" in values and "day_to" in values:
            call = "bc.load_calls"
            arguments = [repr(values.pop("day_from")), repr(values.pop("day_to"))]
        arguments += [f"{name}={_python(value)}" for name, value in values.items()]
        if call == "df.calls.filter" and self.has_labels:
            arguments.append("fold_case=False")
        return f"{call}({', '.join(arguments)})"

    @property
    def has_labels(self) -> bool:
        """Whether `fold_case` can make a difference: agents, numbers or labels of tables choose rows."""
        predicates = ((FILTERS[name].predicate, value) for name, value in self._values.items())
        return any(
            isinstance(predicate, AnyAgent | AnyLabel | AnyNumber | HasNumber | HasTag)
            or (isinstance(predicate, LabelPredicate) and NONE in value)
            for predicate, value in predicates
        )

    def replace(self, **changes: Unpack[Parameters]) -> Self:
        """Return a filter with some parameters changed.

        Parameters
        ----------
        **changes
            As for `CallFilter`; None removes a parameter.

        Returns
        -------
        CallFilter
            A new filter, checked like any other.
        """
        return type(self)(**{**self._values, **changes})

    def without(self, *names: str) -> Self:
        """Return a filter without some parameters.

        Parameters
        ----------
        *names
            Python names; those that were not given are ignored.

        Returns
        -------
        CallFilter
            A new filter.
        """
        return self.replace(**dict.fromkeys(names))

    def to_dict(self) -> dict[str, Any]:
        """Return the canonical values.

        Returns
        -------
        dict
            Python argument → value, in the article's order; only those that were given.
        """
        return dict(self._values)

    def __getattr__(self, name: str) -> Any:
        if name in FILTERS:
            return self._values.get(name)
        msg = f"CallFilter has no attribute {name!r}{nearest(name, FILTERS)}"
        raise AttributeError(msg)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallFilter) and self._values == other._values

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __repr__(self) -> str:
        return f"CallFilter({', '.join(f'{name}={_python(value)}' for name, value in self._values.items())})"

    def _on_rows(self) -> list[tuple[str, Any]]:
        for name, value in self._values.items():
            reason = FILTERS[name].needs_server
            if reason and value is not True:
                msg = f"{name} cannot be applied to rows: {reason}. Pass it to bc.load_calls instead."
                raise ValueError(msg)
        return list(self._values.items())


if CallFilter.__doc__:
    CallFilter.__doc__ = _explained(CallFilter.__doc__, FILTER_NAMES)


def _in_api_names(message: str) -> str:
    """Return a message that names parameters as Python does, with the names that the API has for them."""
    for each in sorted(PARAMETERS, key=lambda known: -len(known.argument)):
        message = message.replace(each.argument, each.parameter)
    return message


def _python(value: Any) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)

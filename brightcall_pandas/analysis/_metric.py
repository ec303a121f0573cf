"""What a metric is: a numerator, a denominator, and what they mean.

`Metric` is public. Those of this package are in `_metrics`, those that the user made in `OWN`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, get_args

import msgspec
import pandas as pd
from numpy.typing import ArrayLike

from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import MEDIANS, SUMS, Facts, Sum
from brightcall_pandas.analysis._term_pairs import Pair, pair_of
from brightcall_pandas.analysis._terms import (
    checked_term,
    is_mask,
    is_sum,
    term_columns,
    term_words,
)
from brightcall_pandas.errors import brief_dataclass
from brightcall_pandas.frame import FIELDS

__all__ = ["OWN", "RESERVED", "Definition", "Metric", "Tallied"]


class Definition(msgspec.Struct, frozen=True):
    """What a number means.

    Parameters
    ----------
    title
        What people in the trade call it.
    unit
        ``calls``, ``clients``, ``s``, ``rate`` (0 to 1) …
    numerator, denominator
        What is divided by what; a number without denominator is a sum, a count or an extreme.
    nulls
        How missing values are treated.
    source
        Where the definition comes from.
    """

    title: str
    unit: str
    numerator: str
    denominator: str | None
    nulls: str
    source: str


class Tallied(msgspec.Struct, frozen=True):
    """A term of a metric that this package counts itself: one of `SUMS`, or of `MEDIANS`.

    Parameters
    ----------
    sum
        Its name there.
    words
        What definitions say of it.
    unit
        What is counted.
    """

    sum: str
    words: str
    unit: str = "calls"


@brief_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class Metric:
    """A number that describes any group of calls: a numerator, and what it is divided by.

    Every table that takes a metric's name takes a metric, too. A metric that was made is known by its name
    from then on, to tables and to ``definitions()``, until the process ends; a second one of the same name
    takes its place.

    Parameters
    ----------
    name
        Its name, which its columns will have.
    numerator
        What is counted or added up. Calls are counted by

        - a `CallFilter`, whose labels are those of tables (case and blanks do not matter),
        - an expression on columns, ``"talkTime >= 60 and state == 'answered'"``,
        - a function of the frame that returns a mask,
        - a mask as long as the frame: array or list, or a Series with the frame's index.

        Numbers are added up by ``("sum", column)``, by an expression or by a function that returns numbers.
    denominator
        What it is divided by, given in the same ways. None: all calls for a share, the calls whose number is
        known for a mean of seconds, and for ``"n"`` nothing: the sum itself.
    unit
        ``"share"``: between 0 and 1, calls ÷ calls or a sum ÷ a sum, the numerator a part of the denominator.
        ``"s"``: seconds, a mean. ``"n"``: a sum or a count, or any other ratio.
    doc
        What it means, in one sentence.
    source
        Where the definition comes from.
    family
        What it is a definition of, such as ``"contact_rate"``: `sensitivity` compares the metrics of a
        family.
    title
        What people in the trade call it. Default: its `doc`, or else its name.
    nulls
        How missing values are treated, where that is not as below.

    Raises
    ------
    TypeError, ValueError
        The name is taken by a number of this package, a term or the unit is none, or a share divides calls
        by a sum. The message names the metric.

    Notes
    -----
    It is ``Σ numerator ÷ Σ denominator`` over the calls of a group, null where the denominator is 0 or
    nothing is known. A null in a mask is not met; a null number adds nothing, and neither does a duration
    that no call can have. What cannot be meant is refused when it is computed: a share whose numerator has
    calls that its denominator lacks, and a denominator that no call at all has.

    Expressions may compare, calculate, combine with ``and``, ``or``, ``not`` and ``in [...]``, and use
    some methods of columns (``.isna()``, ``.between(…)``, ``.str.contains(…)``, ``.dt.hour``). They look
    at one call at a time, and so must functions on dask, which hands them the calls in parts. Columns are
    typed as in `bc.describe_fields()`; names with blanks are written in backticks.

    Examples
    --------
    >>> from brightcall_pandas import CallFilter
    >>> calls = pd.DataFrame({"userId": ["Ann", "Ann", "Bob"], "state": [1, 1, 0], "talkTime": [90, 20, 0]})
    >>> long_talks = Metric(
    ...     "long_talks",
    ...     numerator="talkTime >= 60 and state == 'answered'",
    ...     denominator=CallFilter(states="answered"),
    ...     doc="Answered calls of a minute or more.",
    ... )
    >>> calls.calls.breakdown("userId", [long_talks])["long_talks"]
    userId
    Ann    0.5
    Bob    NaN
    Name: long_talks, dtype: float64
    """

    name: str
    _: KW_ONLY
    numerator: Any
    denominator: Any = None
    unit: Literal["share", "s", "n"] = "share"
    doc: str = ""
    source: str = ""
    family: str = ""
    title: str = ""
    nulls: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip() or not self.name.isprintable():
            msg = f"the name of a metric must be text, not {self.name!r}"
            raise (ValueError if isinstance(self.name, str) else TypeError)(msg)
        for what in ("doc", "source", "family", "title", "nulls"):
            if not isinstance(getattr(self, what), str):
                msg = f"metric {self.name!r}: {what} takes text, not {getattr(self, what)!r}"
                raise TypeError(msg)
        if self.unit not in get_args(_Unit):
            units = ", ".join(map(repr, get_args(_Unit)))
            msg = f"metric {self.name!r}: unit={self.unit!r} is not one of {units}"
            raise ValueError(msg)
        if self.is_own:
            self._check_terms()
            _check_name(self.name)
            OWN[self.name] = self

    def _check_terms(self) -> None:
        checked_term(f"metric {self.name!r}: its numerator", self.numerator)
        if self.denominator is None:
            if self.unit == "share" and is_sum(self.numerator):
                msg = (
                    f"metric {self.name!r}: a share of all calls counts calls, and ('sum', "
                    f"{self.numerator[1]!r}) adds up numbers: give a denominator, or unit='s' for a mean of "
                    "seconds, or unit='n' for the sum"
                )
                raise ValueError(msg)
            return
        checked_term(f"metric {self.name!r}: its denominator", self.denominator)
        if self.unit == "share" and is_sum(self.numerator) != is_sum(self.denominator):
            msg = (
                f"metric {self.name!r}: a share is calls ÷ calls or a sum ÷ a sum; for other ratios say "
                "unit='n', for a mean of seconds unit='s'"
            )
            raise ValueError(msg)

    def __repr__(self) -> str:
        return f"Metric({self.name!r}: {self.formula}, unit={self.unit!r})"

    @property
    def is_own(self) -> bool:
        """Whether the user made it, rather than this package."""
        return not isinstance(self.numerator, Tallied)

    @property
    def formula(self) -> str:
        """What is divided by what, in words."""
        told = self.definition
        return told.numerator if told.denominator is None else f"{told.numerator} ÷ {told.denominator}"

    @property
    def definition(self) -> Definition:
        """What it means, as ``definitions()`` shows it."""
        return Definition(
            self.title or self.doc or self.name,
            _UNITS.get(self.unit) or self._tallied_unit(),
            term_words(self.numerator) if self.is_own else self.numerator.words,
            self._divided_by(),
            self.nulls or _NULLS_OF_OWN,
            self.source or "your own",
        )

    def _tallied_unit(self) -> str:
        term = self.numerator
        if isinstance(term, Tallied):
            return term.unit
        if is_sum(term) and self.denominator is None and term[1] in FIELDS and FIELDS[term[1]].unit == "s":
            return "s"
        return "n"

    def _divided_by(self) -> str | None:
        term = self.denominator
        if term is not None:
            return term.words if isinstance(term, Tallied) else term_words(term)
        return {"share": "calls", "s": "calls of which it is known"}.get(self.unit) if self.is_own else None

    @property
    def sums(self) -> tuple[str, ...]:
        """Names of the sums that it is made of; the first is the numerator, the second the denominator."""
        if isinstance(self.numerator, Tallied):
            divided = isinstance(self.denominator, Tallied)
            return (self.numerator.sum, self.denominator.sum) if divided else (self.numerator.sum,)
        above, below, known = (f"{self.name}: {what}" for what in ("numerator", "denominator", "known"))
        if self.denominator is not None:
            return above, below
        return {"share": (above, "n_calls"), "s": (above, known), "n": (above,)}[self.unit]

    def sums_needed(self) -> dict[str, Sum]:
        """Return the sums that a tally needs for it, by name; those that tell what is known among them."""
        return {"n_calls": SUMS["n_calls"], **(self._own_sums() if self.is_own else self._tallied_sums())}

    def _tallied_sums(self) -> dict[str, Sum]:
        names = [MEDIANS[name].known if name in MEDIANS else name for name in self.sums]
        known = [SUMS[name].known for name in names]
        return {name: SUMS[name] for name in (*names, *known) if name is not None}

    def _own_sums(self) -> dict[str, Sum]:
        above, known, *below = dict.fromkeys((self.sums[0], f"{self.name}: known", *self.sums[1:]))
        # A null in a mask says something of one call; a sum of nothing but nulls is unknown.
        throughout = not is_sum(self.numerator)
        sums = {
            above: Sum((), lambda facts: facts.pick(_evaluated(self, facts).above.adds), known, throughout),
            known: Sum((), lambda facts: facts.pick(_evaluated(self, facts).above.known)),
        }
        if self.denominator is not None:
            sums[below[0]] = Sum((), lambda facts: facts.pick(_evaluated(self, facts).below.adds))
        return sums

    @property
    def is_proportion(self) -> bool:
        """Whether it is calls ÷ calls, so that it has Wilson's interval."""
        if self.unit != "share":
            return False
        if self.is_own:
            return not is_sum(self.numerator)
        return not any(name.endswith("_s") for name in self.sums)

    @property
    def counts_clients(self) -> bool:
        """Whether it counts each client once, so that all calls of a client must be at hand."""
        return any("client" in name for name in self.sums) and not self.is_own

    @property
    def needs(self) -> list[str]:
        """Columns that it is known to read; of a function or a filter nobody knows before it is computed."""
        if self.is_own:
            terms = (self.numerator, self.denominator)
            return list(dict.fromkeys(name for each in terms for name in term_columns(each)))
        names = [MEDIANS[name].known if name in MEDIANS else name for name in self.sums]
        return list(dict.fromkeys(need for name in names for need in SUMS[name].needs))

    @property
    def needs_mask(self) -> bool:
        """Whether it has a mask, which belongs to one frame."""
        return self.is_own and any(
            term is not None and is_mask(term) for term in (self.numerator, self.denominator)
        )

    def value(self, sums: pd.DataFrame) -> ArrayLike:
        """Return the metric of each row of sums."""
        if len(self.sums) == 1:
            return sums[self.sums[0]].to_numpy()
        return ratio(sums[self.sums[0]], sums[self.sums[1]])


_Unit = Literal["share", "s", "n"]
_UNITS = {"share": "rate", "s": "s"}
_NULLS_OF_OWN = "a null is not met, and adds nothing; null where nothing is known"
_DERIVED = ("_low", "_high", "_adjusted", "_other", "_change", "_per_day", "_rank")

OWN: dict[str, Metric] = {}
"""Metrics that the user made, by name: what ``definitions()`` lists, and what a name means."""

RESERVED: set[str] = set()
"""Names of columns that tables have already; `_definitions` fills it."""


def _check_name(name: str) -> None:
    """Refuse the name of a number that tables have already, or a column that they derive from one."""
    base = name
    for ending in _DERIVED:
        base = base.removesuffix(ending)
    if name in RESERVED or base in RESERVED:
        taken = name if name in RESERVED else base
        msg = f"metric {name!r}: tables have a number {taken!r} already; choose another name"
        raise ValueError(msg)


def _evaluated(metric: Metric, facts: Facts) -> Pair:
    """Return what each call of a frame adds to numerator and denominator; evaluated once for all sums."""
    if metric not in facts.kept:
        facts.kept[metric] = pair_of(
            metric.name, metric.unit, metric.numerator, metric.denominator, facts.frame
        )
    found: Pair = facts.kept[metric]
    return found

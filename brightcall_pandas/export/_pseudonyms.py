"""Numbers → tokens, in every column and text of a frame: which is what `pseudonyms` makes of each of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any, Literal, get_args

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.export._column_texts import texts_of
from brightcall_pandas.frame import AGENT_FIELDS, EXTRAS, FIELDS, choice, column, nearest, region_of
from brightcall_pandas.load import Provenance
from brightcall_pandas.pseudonyms import (
    A_NUMBER,
    AROUND_CALLS_S,
    LONG_ENOUGH,
    NUMBERS,
    Change,
    Reading,
    Times,
    Tokens,
    change_of,
    value_with_tokens,
)

__all__ = ["FreeText", "Pseudonyms", "pseudonymize", "query_without_numbers"]

FreeText = Literal["drop", "scan"]

_LABEL_FILTERS = ("tags", "outcomes", "textProjects")
_PERSONAL_FILTERS = (
    "searchString", "agentIds", "uniqueIds", "number", "fromNumber", "toNumber", "toAnswer", "userId",
)  # fmt: skip
_SURELY = 7  # digits of what is taken for a number within the name of a column
_DATE = re.compile(r"(?:19|20)\d\d-\d\d(?:-\d\d)?")
_OF_LOADS = (  # what else stands in the attributes may name anybody
    "source", "timezone", "schema_version", "loaded_at", "complete", "moved", "server", "region",
)  # fmt: skip
_NO_ROW = 10**7  # no index counts so many rows


def pseudonymize(
    df: pd.DataFrame,
    key: str | bytes,
    *,
    region: str | None = None,
    keep: Sequence[str] = (),
    free_text: FreeText = "drop",
) -> pd.DataFrame:
    """Replace telephone numbers, agents and identifiers of calls by tokens.

    The same number becomes the same token in every column and every text, so tables, attempts and chains
    come out as before. This is pseudonymization, not anonymization: ``docs/files.md`` says what it does not
    protect from.

    Parameters
    ----------
    df
        Calls in any form. Not modified.
    key
        Secret, such as ``secrets.token_bytes(32)``. The same key makes the same tokens. Anyone who has it can
        find the numbers by trying them all.
    region
        Two-letter code of the country (``"DE"``) of numbers that are written without a country code; None
        takes the one that the frame was loaded with, if any.
    keep
        Columns, or levels of the index, to leave as they are. ``agentShortNumber`` keeps numbers of up to
        six digits in every column and text, ``userId`` keeps users.
    free_text
        ``"drop"`` makes labels, transcripts and summaries null, and of ``crmInfo`` and ``extras`` keeps only
        numbers, as tokens; ``"scan"`` keeps their words and replaces whatever looks like a number or an
        e-mail address in them.

    Returns
    -------
    pandas.DataFrame
        Same rows and columns, dtypes as in `bc.describe_fields()`. Columns that are not fields are scanned,
        whatever they are of; one of whole numbers with three digits or more becomes text. So are the index,
        unless it counts rows, and all names. Of the attributes only ``df.attrs["brightcall"]`` is kept,
        without examples and numbers in its query.

    Raises
    ------
    ValueError
        The key is empty, the region does not exist, `keep` has a name that is not a column, `free_text` is
        neither of the two words, or two columns have one name, or would have after it.

    Notes
    -----
    Numbers are converted to E.164 first (by the library ``phonenumbers``), so ``+49 30 901820`` and
    ``004930901820`` are one. The token is a star and 30 decimal digits of HMAC-SHA256. In the
    account's own words (campaign, project, outcome, tags) and in scanned text, anything with three digits or
    more is taken for a number, and e-mail addresses are replaced as well.

    Examples
    --------
    >>> calls = pd.DataFrame({"clientNumber": ["+49 30 901820"], "toNumber": ["004930901820"]})
    >>> tokens = calls.calls.pseudonymize("a secret")
    >>> tokens.loc[0, "clientNumber"] == tokens.loc[0, "toNumber"]
    True
    """
    names = [*df.columns, *df.index.names]
    return Pseudonyms(key, region_of(df, region), keep, free_text, columns=names).of_frame(df)


class Pseudonyms(Tokens):
    """Makes tokens of the columns and texts that need them.

    Parameters
    ----------
    key, region, keep, free_text
        As in `pseudonymize`.
    columns
        Columns that `keep` may name, besides the fields.
    """

    def __init__(
        self,
        key: str | bytes,
        region: str | None = None,
        keep: Sequence[str] = (),
        free_text: FreeText = "drop",
        *,
        columns: Collection[str] = (),
    ) -> None:
        choice("free_text", free_text, get_args(FreeText))
        self._keep = [keep] if isinstance(keep, str) else sorted(keep)
        for name in self._keep:
            if name not in FIELDS and name not in columns:
                msg = f"keep={name!r} is not a column{nearest(name, FIELDS)}"
                raise ValueError(msg)
        self._free_text = free_text
        super().__init__(key, region)

    @property
    def fingerprint(self) -> str:
        """Differs by key, region and what is kept, and reveals nothing else about the key."""
        return self.of_record(f"fingerprint\n{self._region}\n{self._keep}\n{self._free_text}")[1:17]

    def of(self, number: str) -> str:
        """Return the token of a number; short numbers stay if they are kept."""
        if "agentShortNumber" in self._keep and len(number.strip()) < 7 and number.strip().isdecimal():
            return number
        return super().of(number)

    def of_frame(self, df: pd.DataFrame) -> pd.DataFrame:
        """Return a copy of a frame with tokens, in its columns, their names, and its index.

        Raises
        ------
        ValueError
            Two columns have one name, or are named after one number.
        """
        if not df.columns.is_unique:
            twice = df.columns[df.columns.duplicated()].tolist()
            msg = f"the frame has columns of the same name: {twice}; keep one of each"
            raise ValueError(msg)
        times = _times_of_calls(df)
        columns = {}
        for name in df.columns:
            series = df[name]
            if name not in self._keep:
                known = name in FIELDS or name == EXTRAS.name
                series = column(df, name) if known else series
                series = _changed(series, change_of(str(name), self, self._free_text, times))
            columns[name] = series
        result = pd.DataFrame(columns, index=df.index, columns=df.columns)
        result.columns = self._of_names(df.columns)
        result.index = self._of_index(df.index, times)
        said = df.attrs.get("brightcall")
        # What else a person has put there may name anybody.
        result.attrs = {"brightcall": _provenance(said, self)} if isinstance(said, Mapping) else {}
        return result

    def _of_names(self, columns: pd.Index[Any]) -> pd.Index[Any]:
        """Return the names of columns with tokens in place of numbers."""
        names: list[Any] = [name if name in self._keep else self._of_name(name) for name in columns]
        if len(set(names)) < len(names):
            msg = "two columns are named after the same number, and would have the same token; rename one"
            raise ValueError(msg)
        levels = [self._of_name(each) for each in columns.names]
        if isinstance(columns, pd.MultiIndex):
            renamed: pd.Index[Any] = pd.MultiIndex.from_tuples(names, names=levels)
            return renamed
        if names == list(columns):
            return columns.rename(levels[0])
        flat: pd.Index[Any] = pd.Index(names, name=levels[0])
        return flat

    def _of_name(self, name: Any) -> Any:
        if isinstance(name, tuple):
            return tuple(map(self._of_name, name))
        if isinstance(name, bool) or not isinstance(name, str | bytes | Real):
            return name
        if isinstance(name, float | np.floating):
            return self._of_name(int(name)) if float(name).is_integer() else name
        text = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        if A_NUMBER.fullmatch(text):
            return self._replaced_text(text, LONG_ENOUGH) or name
        changed = self._in_name(text)
        return name if changed == text else changed

    def _replaced_text(self, text: str, least: int) -> str | None:
        return self.of(text) if sum(map(str.isdecimal, text)) >= least and not _DATE.fullmatch(text) else None

    def _in_name(self, name: str) -> str:
        return NUMBERS.sub(lambda found: self._replaced_text(found[0], _SURELY) or found[0], name)

    def _of_index(self, index: pd.Index[Any], times: Times) -> pd.Index[Any]:
        """Return an index with tokens; one that only counts rows stays."""
        if isinstance(index, pd.RangeIndex):
            return index.rename(self._of_name(index.name))
        if isinstance(index, pd.MultiIndex):
            levels = [self._of_index(index.get_level_values(n), times) for n in range(index.nlevels)]
            return pd.MultiIndex.from_arrays(levels, names=[self._of_name(each) for each in index.names])
        counts = index.name is None and pd.api.types.is_integer_dtype(index.dtype)
        if counts and (not len(index) or int(index.max()) < _NO_ROW):
            return index
        name = "" if index.name is None else str(index.name)
        if name in self._keep:
            return index
        values = index.to_series(index=pd.RangeIndex(len(index)))
        if name in FIELDS:
            values = column(pd.DataFrame({name: values}), name)
        changed = _changed(values, change_of(name, self, self._free_text, times))
        if changed is values:
            return index.rename(self._of_name(index.name))
        tokens: pd.Index[Any] = pd.Index(changed, name=self._of_name(index.name))
        return tokens


def _changed(series: pd.Series, change: Change) -> pd.Series:
    """Return a column with tokens; the column itself where it can have none."""
    known = series.name in FIELDS or series.name == EXTRAS.name
    texts = None if change is None else series if known else texts_of(series)
    if change is None or texts is None:
        return series
    codes, distinct = pd.factorize(texts)
    changed = pd.Series([change(str(text)) for text in distinct], dtype="str")
    values = changed.reindex(codes).set_axis(series.index)  # -1, a null, is not in the index
    return values.astype("category") if isinstance(series.dtype, pd.CategoricalDtype) else values


def _times_of_calls(df: pd.DataFrame) -> Times:
    if "timestamp" not in df.columns:
        return None
    stamps = column(df, "timestamp").dropna()
    if not len(stamps):
        return None
    return stamps.min().timestamp() - AROUND_CALLS_S, stamps.max().timestamp() + AROUND_CALLS_S


# Provenance of the calls.


def _provenance(known: Mapping[str, Any], tokens: Pseudonyms) -> Provenance:
    misfits = {
        name: {"count": lost["count"], "example": None}
        for name, lost in _mapping(known.get("misfits")).items()
        if name in FIELDS and isinstance(lost, Mapping) and "count" in lost
    }
    windows = [
        {name: value for name, value in each.items() if name not in ("misfits", "pages")}
        for each in known.get("windows") or []
        if isinstance(each, Mapping)
    ]
    kept = {name: value for name, value in known.items() if name in _OF_LOADS}
    if known.get("agent") in AGENT_FIELDS:  # a column of one's own may be named after anybody
        kept |= {name: str(known[name]) for name in ("agent", "agent_by") if name in known}
    query = query_without_numbers(known.get("query"), tokens)
    return Provenance(kept, misfits=misfits, windows=windows, query=query, pseudonymized=tokens.fingerprint)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def query_without_numbers(query: Mapping[str, Any] | None, tokens: Tokens) -> dict[str, Any] | None:
    """Return a request with tokens in place of its numbers, agents and search texts."""
    if not isinstance(query, Mapping):
        return None
    changed = {}
    for name, value in query.items():
        if name in _PERSONAL_FILTERS:
            changed[name] = tokens.of(msgspec.json.encode(value).decode())
        elif name in _LABEL_FILTERS:
            changed[name] = value_with_tokens(value, Reading(tokens, tokens.in_text))
        else:
            changed[name] = value
    return changed

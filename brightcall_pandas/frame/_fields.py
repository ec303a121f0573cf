"""The 45 fields of a call, declared once.

Names, order and descriptions follow the vendor's article. The frame, the SQL of the sandbox, the
parquet files and the documentation are all derived from `FIELDS`; to add a field, add a row.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

import msgspec
import pandas as pd
import pyarrow as pa

from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame._reference import ReferenceTable

__all__ = ["CALENDAR", "EXTRAS", "FIELDS", "FIELD_NAMES", "SCHEMA_VERSION", "Field", "describe_fields"]

SCHEMA_VERSION = 3
"""Raised whenever the same page would give other columns: typed caches of another version are rebuilt."""

CALENDAR = (date(1970, 1, 1), date(2200, 1, 1))
"""First day that a call may have, and the day after the last; some systems write 0001-01-01 for no date."""

Kind = Literal["seconds", "number", "flag", "identifier", "text", "json", "label", "time"]


class Field(msgspec.Struct, frozen=True):
    """One field of a call.

    Parameters
    ----------
    name
        The API's name, which is also the column's name.
    kind
        What the values are; it decides the dtype.
    doc
        Meaning, from the vendor's article.
    nullable
        Whether the article says that the value may be null.
    optional
        Whether the article says that the field may be absent.
    choices
        The labels of a closed set, in the order of the API's integer codes; empty for all other fields.
    coded
        Whether the API also writes a label as its position in `choices`.
    aliases
        Other words for a label.
    nested
        Whether the API sends it as a JSON value, where other ``json`` fields come as JSON text.
    dotted
        Whether a dot may be part of an identifier, so that a ``.0`` at its end belongs to it.
    on_request
        The filter that requests a field which is not sent otherwise.
    """

    name: str
    kind: Kind
    doc: str
    nullable: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    coded: bool = False
    aliases: dict[str, str] = {}
    nested: bool = False
    dotted: bool = False
    on_request: str = ""

    @property
    def unit(self) -> str | None:
        """Unit of the values: ``"s"`` for durations, else None."""
        return "s" if self.kind == "seconds" else None

    @property
    def arrow_type(self) -> pa.DataType:
        """Type of the column in Arrow and parquet. Times are kept in UTC."""
        return _ARROW_TYPES[self.kind]

    def dtype(self, timezone: str = "UTC") -> pd.api.extensions.ExtensionDtype | str:
        """Return the pandas dtype of the column; `timezone` matters for times only."""
        if self.kind == "label":
            return pd.CategoricalDtype(list(self.choices))
        if self.kind == "time":
            return pd.DatetimeTZDtype("us", timezone)
        return _DTYPES[self.kind]

    @property
    def words(self) -> dict[str, str]:
        """Label by each of its spellings in lower case: the label itself, its aliases, its code as text."""
        codes = {str(code): label for code, label in enumerate(self.choices)} if self.coded else {}
        return {label: label for label in self.choices} | self.aliases | codes


_ARROW_TYPES: dict[str, pa.DataType] = {
    "seconds": pa.float64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "identifier": pa.large_string(),
    "text": pa.large_string(),
    "json": pa.large_string(),
    "label": pa.dictionary(pa.int8(), pa.string()),
    "time": pa.timestamp("us", tz="UTC"),
}
_DTYPES: dict[str, pd.api.extensions.ExtensionDtype | str] = {
    "seconds": "float64",
    "number": "float64",
    "flag": pd.BooleanDtype(),
    "identifier": pd.StringDtype(na_value=float("nan")),
    "text": pd.StringDtype(na_value=float("nan")),
    "json": pd.StringDtype(na_value=float("nan")),
}
assert set(get_args(Kind)) == set(_ARROW_TYPES)

_CALL_TYPES = ("inbound", "outbound", "internal")
_STATES = ("unanswered", "answered", "failed")
_OUTCOME_TYPES = ("positive", "neutral", "negative", "absent")

FIELDS: dict[str, Field] = {
    each.name: each
    for each in (
        Field("answerTime", "seconds", "Time until the call was answered."),
        Field("callTime", "seconds", "Duration of the call from start to end."),
        Field("campaign", "text", "Name or identifier of the marketing campaign.", nullable=True),
        Field("projectName", "text", "Name of the project.", nullable=True),
        Field("projectId", "identifier", "Identifier of the project.", nullable=True),
        Field(
            "projectContactId",
            "identifier",
            "Identifier of the project's contact.",
            nullable=True,
            dotted=True,
        ),
        Field("crmInfo", "json", "What the CRM knows about the call; any JSON.", nullable=True, nested=True),
        Field("favorite", "flag", "Whether the call is marked as a favourite."),
        Field("firstTimeForTree", "flag", "Whether it is the first call of its call tree.", nullable=True),
        Field("firstTimeForUser", "flag", "Whether it is the user's first call.", nullable=True),
        Field("fromNumber", "identifier", "Phone number of the caller."),
        Field("id", "identifier", "Unique identifier of the call record."),
        Field("insertOrigin", "text", "How the record was inserted.", nullable=True),
        Field("isRecordBlocked", "flag", "Whether the recording is blocked."),
        Field("isRecordReady", "flag", "Whether the recording can be played."),
        Field("label", "text", "Additional label or description of the call."),
        Field("numbersInvolvedJSON", "json", "All numbers involved in the call, as JSON text."),
        Field("numbersRingedJSON", "json", "All numbers rung during the call, as JSON text."),
        Field("qualityRating", "number", "Quality rating of the call.", nullable=True),
        Field("recallDate", "time", "When a follow-up call is due.", nullable=True),
        Field("recallFirstAttemptDate", "time", "When the follow-up was first attempted.", nullable=True),
        Field("recallState", "number", "State of the follow-up, as a number.", nullable=True),
        Field("recordName", "text", "Name or identifier of the recording.", nullable=True),
        Field("tags", "json", "The project's tags on this call: a JSON array of strings.", nested=True),
        Field("outcomeTag", "text", "Outcome of the call, as the account spells it.", nullable=True),
        Field(
            "outcomeType",
            "label",
            "Type of the outcome, one of a fixed set.",
            nullable=True,
            choices=_OUTCOME_TYPES,
        ),
        Field("talkTime", "seconds", "Duration of the actual conversation."),
        Field("aiTalkTime", "seconds", "Duration of the conversation with the AI agent."),
        Field("timestamp", "time", "When the call began."),
        Field("toAnswer", "identifier", "Number or identifier expected to answer.", nullable=True),
        Field("toNumber", "identifier", "Phone number of the receiver.", nullable=True),
        Field("totalTime", "seconds", "Duration of the call, including ringing and hold."),
        Field("treeId", "identifier", "Identifier of the call tree.", dotted=True),
        Field("type", "label", "Direction of the call.", choices=_CALL_TYPES, coded=True),
        Field(
            "state",
            "label",
            "How the call ended.",
            choices=_STATES,
            coded=True,
            aliases={"completed": "answered", "missed": "unanswered"},
        ),
        Field(
            "uniqueId",
            "identifier",
            "Identifier of the call session: epoch seconds, dot, sequence.",
            dotted=True,
        ),
        Field("userId", "identifier", "Identifier of the user who made or took the call."),
        Field("agentShortNumber", "identifier", "Extension of the handling agent.", nullable=True),
        Field("lineNumber", "identifier", "Phone line used for the call."),
        Field("clientNumber", "identifier", "Phone number of the client.", nullable=True),
        Field(
            "transfers",
            "json",
            "Transfers of the call: a JSON array of objects.",
            nullable=True,
            optional=True,
            nested=True,
            on_request="show_transfers",
        ),
        Field("recordingExpired", "flag", "Whether the recording has expired.", nullable=True, optional=True),
        Field(
            "transcripts",
            "json",
            "Transcripts of the call: a JSON object.",
            nullable=True,
            optional=True,
            nested=True,
            on_request="show_ai_calls_with_log",
        ),
        Field(
            "convoloAiRecordingSummary",
            "text",
            "Summary of the recording, written by AI.",
            nullable=True,
            optional=True,
        ),
        Field(
            "convoloAiRecordingTitle",
            "text",
            "Title of that summary.",
            nullable=True,
            optional=True,
        ),
    )
}
"""Field by API name, in the article's order."""

FIELD_NAMES: tuple[str, ...] = tuple(FIELDS)

EXTRAS = Field("extras", "json", "Fields that the article does not list: a JSON object.", nullable=True)
"""The only column of a typed frame that is not a field of the API."""


@brief_errors
def describe_fields(search: str | None = None) -> pd.DataFrame:
    """Describe the 45 fields of a call.

    Parameters
    ----------
    search
        Only the fields that have these words in their name or description, such as ``"phone number"``.

    Returns
    -------
    pandas.DataFrame
        Index ``field`` (API name, in the article's order); columns ``dtype`` (pandas), ``arrow_type``,
        ``unit``, ``nullable``, ``optional`` (may be absent), ``choices``, ``description``.

    Examples
    --------
    >>> describe_fields().loc["talkTime", ["dtype", "unit"]].tolist()
    ['float64', 's']
    >>> describe_fields("rung").index.tolist()
    ['numbersRingedJSON']
    """
    table = ReferenceTable(
        {
            "dtype": [_dtype_name(each) for each in FIELDS.values()],
            "arrow_type": [str(each.arrow_type) for each in FIELDS.values()],
            "unit": [each.unit for each in FIELDS.values()],
            "nullable": [each.nullable for each in FIELDS.values()],
            "optional": [each.optional for each in FIELDS.values()],
            "choices": [", ".join(each.choices) or None for each in FIELDS.values()],
            "description": [each.doc for each in FIELDS.values()],
        },
        index=pd.Index(FIELD_NAMES, name="field"),
    )
    return table.matching(search)


def _dtype_name(each: Field) -> str:
    return "datetime64[us, <timezone>]" if each.kind == "time" else str(each.dtype())

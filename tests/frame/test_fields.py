import pandas as pd
import pyarrow as pa
import pytest

from brightcall_pandas.frame._columns import nulls, to_pandas
from brightcall_pandas.frame._fields import CALENDAR, EXTRAS, FIELD_NAMES, FIELDS, describe_fields

# Read off the vendor's article, in its order; "?" may be null, "??" may be absent.
ARTICLE = """
    answerTime callTime campaign? projectName? projectId? projectContactId? crmInfo? favorite
    firstTimeForTree? firstTimeForUser? fromNumber id insertOrigin? isRecordBlocked isRecordReady label
    numbersInvolvedJSON numbersRingedJSON qualityRating? recallDate? recallFirstAttemptDate? recallState?
    recordName? tags outcomeTag? outcomeType? talkTime aiTalkTime timestamp toAnswer? toNumber? totalTime
    treeId type state uniqueId userId agentShortNumber? lineNumber clientNumber? transfers??
    recordingExpired?? transcripts?? convoloAiRecordingSummary?? convoloAiRecordingTitle??
""".split()

FLOATS = "answerTime callTime talkTime aiTalkTime totalTime qualityRating recallState".split()
SECONDS = "answerTime callTime talkTime aiTalkTime totalTime".split()
BOOLEANS = """
    favorite firstTimeForTree firstTimeForUser isRecordBlocked isRecordReady recordingExpired
""".split()
TIMES = "timestamp recallDate recallFirstAttemptDate".split()
CATEGORIES = {
    "type": ["inbound", "outbound", "internal"],
    "state": ["unanswered", "answered", "failed"],
    "outcomeType": ["positive", "neutral", "negative", "absent"],
}


class TestFields:
    def test_45_in_the_articles_order(self):
        assert len(ARTICLE) == 45
        assert [each.rstrip("?") for each in ARTICLE] == list(FIELDS) == list(FIELD_NAMES)

    def test_keys_are_the_fields_names(self):
        assert all(name == each.name for name, each in FIELDS.items())

    def test_nullable_and_optional_as_the_article_says(self):
        assert [name for name, each in FIELDS.items() if each.nullable] == [
            each.rstrip("?") for each in ARTICLE if each.endswith("?")
        ]
        assert [name for name, each in FIELDS.items() if each.optional] == [
            each.rstrip("?") for each in ARTICLE if each.endswith("??")
        ]

    def test_each_is_described_in_a_sentence(self):
        assert all(each.doc.endswith(".") and len(each.doc) > 10 for each in FIELDS.values())

    def test_extras_is_not_among_them(self):
        assert EXTRAS.name == "extras"
        assert EXTRAS.name not in FIELDS
        assert EXTRAS.dtype() == "str"


class TestDtype:
    @pytest.mark.parametrize("name", FIELDS)
    def test_follows_the_field(self, name):
        expected = "str"
        if name in FLOATS:
            expected = "float64"
        elif name in BOOLEANS:
            expected = "boolean"
        elif name in TIMES:
            expected = "datetime64[us, Europe/Berlin]"
        elif name in CATEGORIES:
            expected = pd.CategoricalDtype(CATEGORIES[name])
        assert FIELDS[name].dtype("Europe/Berlin") == expected

    @pytest.mark.parametrize("name", FIELDS)
    def test_is_what_pandas_makes_of_the_arrow_type(self, name):
        each = FIELDS[name]
        frame = to_pandas(pa.table({name: nulls(each, 2)}), "Asia/Tokyo")
        assert frame[name].dtype == each.dtype("Asia/Tokyo")
        assert frame[name].isna().all()

    def test_labels_are_unordered_and_in_the_order_of_the_codes(self):
        for name, labels in CATEGORIES.items():
            dtype = FIELDS[name].dtype()
            assert list(dtype.categories) == labels
            assert not dtype.ordered


class TestArrowType:
    def test_nothing_nested_so_that_plain_readers_open_it(self):
        assert not any(pa.types.is_nested(each.arrow_type) for each in FIELDS.values())

    def test_times_are_microseconds_in_utc(self):
        assert {str(FIELDS[name].arrow_type) for name in TIMES} == {"timestamp[us, tz=UTC]"}


class TestUnit:
    def test_seconds_for_durations_only(self):
        assert [name for name, each in FIELDS.items() if each.unit == "s"] == SECONDS
        assert {each.unit for each in FIELDS.values()} == {"s", None}


class TestWords:
    def test_labels_codes_and_aliases(self):
        assert FIELDS["state"].words == {
            "unanswered": "unanswered",
            "answered": "answered",
            "failed": "failed",
            "completed": "answered",
            "missed": "unanswered",
            "0": "unanswered",
            "1": "answered",
            "2": "failed",
        }
        assert {FIELDS["type"].words[code] for code in "012"} == set(CATEGORIES["type"])

    def test_outcome_types_have_no_codes(self):
        assert set(FIELDS["outcomeType"].words) == set(CATEGORIES["outcomeType"])


class TestCalendar:
    def test_is_a_range(self):
        first, end = CALENDAR
        assert first < end


class TestDescribeFields:
    def test_one_row_a_field(self):
        table = describe_fields()
        assert list(table.index) == [each.rstrip("?") for each in ARTICLE]
        assert table.index.name == "field"
        assert list(table) == [
            "dtype",
            "arrow_type",
            "unit",
            "nullable",
            "optional",
            "choices",
            "description",
        ]

    def test_says_what_the_columns_will_be(self):
        table = describe_fields()
        assert table.loc["timestamp", "dtype"] == "datetime64[us, <timezone>]"
        assert table.loc["id", "dtype"] == "str"
        assert table.loc["favorite", "dtype"] == "boolean"
        assert table.loc["type", ["dtype", "choices"]].tolist() == ["category", "inbound, outbound, internal"]
        assert table.loc["transfers", ["nullable", "optional"]].tolist() == [True, True]
        assert table.loc["talkTime", "description"] == "Duration of the actual conversation."

    def test_is_a_fresh_frame_each_time(self):
        table = describe_fields()
        table.loc["id", "dtype"] = "spoilt"
        assert describe_fields().loc["id", "dtype"] == "str"

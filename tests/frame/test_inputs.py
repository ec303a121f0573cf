"""What `to_frame` takes: everything that holds calls, and an error for what does not."""

from __future__ import annotations

import gzip
import io
import json
import re
import warnings
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import duckdb
import pandas as pd
import pandas.testing as pdt
import polars as pl
import pyarrow as pa
import pytest
import requests

import brightcall_pandas as bc

ROWS = [
    {"id": 7, "state": 1, "timestamp": "2026-03-02T09:13:22Z", "tags": ["vip"], "mine": 3},
    {"id": 8, "state": 0, "timestamp": "2026-03-02T10:13:22Z", "tags": [], "mine": 4},
]
FORMS = {"object": lambda document: document, "text": json.dumps}


@pytest.fixture(params=FORMS.values(), ids=FORMS)
def form(request):
    return request.param


def misfits(frame):
    return {name: each["count"] for name, each in frame.attrs["brightcall"]["misfits"].items()}


def answered(document):
    response = requests.Response()
    response.status_code, response.raw = 200, io.BytesIO(json.dumps(document).encode())
    return response


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            {"calls": []},
            {"calls": None},
            {"calls": {}},
            {"success": True, "calls": None, "timezone": "UTC"},
            {"success": True},
            {"success": True, "page": 1, "pagesCount": 1, "totalItems": 0},
            {"success": True, "calls": None, "message": "No calls found", "totalItems": 0},
            [],
        ],
    )
    def test_without_calls(self, form, answer):
        assert len(bc.to_frame(form(answer))) == 0

    def test_lists_as_php_may_write_them(self, form):
        frame = bc.to_frame(form({"calls": {"0": ROWS[0], "1": ROWS[1]}}))
        assert frame["id"].tolist() == ["7", "8"]

    def test_lists_that_python_numbered(self):
        assert bc.to_frame({"calls": {0: ROWS[0], 1: ROWS[1]}})["id"].tolist() == ["7", "8"]

    def test_as_a_client_of_http_has_them(self):
        assert bc.to_frame(answered({"calls": ROWS}))["id"].tolist() == ["7", "8"]
        with pytest.raises(bc.InvalidResponseError, match="«too fast»"):
            bc.to_frame(answered({"success": False, "message": "too fast"}))

    def test_lists_of_which_php_took_items_out(self, form):
        frame = bc.to_frame(
            form(
                [
                    ROWS[0]
                    | {"tags": {"1": "VIP", "3": "Hot"}, "numbersInvolvedJSON": {"2": "103", "0": "101"}}
                ]
            )
        )
        assert frame.calls.filter(tags="Hot")["id"].tolist() == ["7"]
        assert frame.calls.breakdown("tag").index.tolist() == ["Hot", "VIP"]
        assert frame.calls.transfer_chains()["chain"].tolist() == [("103", "101")]

    def test_an_object_by_extension_is_no_list(self, form):
        by_extension = {"101": {"time": 1772445600}, "102": {"time": 1772445660}}
        frame = bc.to_frame(form([ROWS[0] | {"numbersInvolvedJSON": by_extension}]))
        assert frame.calls.transfer_chains()["chain"].tolist() == [("101", "102")]

    def test_several_of_which_one_has_no_calls(self, form):
        assert bc.to_frame(form([{"calls": ROWS}, {"calls": None}]))["id"].tolist() == ["7", "8"]

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ({"success": False, "message": "no report"}, "failed (success: false, «no report»)"),
            ({"success": "false", "msg": "too fast"}, 'failed (success: "false", «too fast»)'),
            ({"success": False, "errors": ["a"], "calls": [{"id": 1}]}, "«a»"),
            ([{"calls": []}, {"success": 0, "debug": "x"}], "failed (success: 0, «x»)"),
            ({}, "it has nothing"),
            ({"error": "boom"}, "failed (error, «boom»)"),
            ({"status": "error", "calls": [], "message": {"text": "no report"}}, "«no report»"),
            ({"calls": [], "errors": [{"detail": "no report"}]}, "«no report»"),
            ({"status": 500, "calls": [{"id": 1}]}, "failed (status: 500)"),
            ({"calls": None, "message": "maintenance"}, "do not say that there are none, «maintenance»"),
            ({"calls": {}, "totalItems": 30}, "do not say that there are none"),
            ({"success": True, "message": "maintenance"}, "it has only success, message, «maintenance»"),
            ({"data": [{"id": 1}]}, "it has only data. .*to_frame(answer['data'])"),
            ({"success": True, "detailedStat": {}}, "it has only success, detailedStat"),
            ({"success": True, "totalItems": 3}, "it has only success, totalItems"),
            ({"name": "Ann"}, "it has only name"),
            ([{"name": "Ann"}, {}], "it has only name"),
            ({"calls": "none"}, "the answer's calls are not a list but str: 'none'"),
            ({"id": [1, 2], "state": [1]}, "not of one length: id 2, state 1"),
            ({"columns": ["id"], "data": [[1, 2]]}, "do not all have the 1 values"),
            # Errors of web servers and frameworks, and other parts of an answer: they have names of fields.
            (
                {"type": "about:blank", "title": "Unauthorized", "detail": "bad key"},
                "«bad key; Unauthorized»",
            ),
            ({"timestamp": "2026-03-02T09:30:15Z", "status": 500, "error": "Broken"}, "«Broken»"),
            ({"success": False, "id": "req-1", "message": "bad key"}, "failed (success: false, «bad key»)"),
            ({"success": False, "type": "auth", "message": "bad key"}, "failed (success: false, «bad key»)"),
            ({"state": "error", "message": "later"}, "«later»"),
            ([{"id": "req-1", "error": "boom"}], "«boom»"),
            ([*ROWS, {"success": False, "message": "too fast"}], "failed (success: false, «too fast»)"),
            ({"tags": ["a"], "outcomes": [], "projects": []}, "it has only tags, outcomes, projects"),
            ({"success": True, "pagesCount": 12}, "it has only success, pagesCount"),
        ],
    )
    def test_of_errors_and_unknown_forms(self, form, answer, said):
        pattern = ".*".join(map(re.escape, said.split(".*")))
        with pytest.raises(bc.InvalidResponseError, match=pattern):
            bc.to_frame(form(answer))

    def test_among_calls_one_of_unknown_fields_is_a_call(self, form):
        frame = bc.to_frame(form([{"id": 1}, {"new": 2}]))
        assert frame["extras"].fillna("").tolist() == ["", '{"new":2}']


class TestJson:
    @pytest.mark.parametrize("orient", ["columns", "index", "split", "table", "records"])
    def test_of_pandas(self, orient):
        frame = bc.to_frame(pd.DataFrame(ROWS).to_json(orient=orient))
        assert frame["id"].tolist() == ["7", "8"]
        assert frame["state"].tolist() == ["answered", "unanswered"]
        assert frame["tags"].tolist() == ['["vip"]', "[]"]
        assert frame.loc[0, "timestamp"] == pd.Timestamp("2026-03-02T09:13:22Z")

    @pytest.mark.parametrize("orient", ["dict", "list", "split", "index", "records"])
    def test_of_python(self, orient):
        assert bc.to_frame(pd.DataFrame(ROWS).to_dict(orient))["id"].tolist() == ["7", "8"]

    @pytest.mark.parametrize(
        "text",
        [
            '[{"id": 7, "talkTime": NaN, "crmInfo": {"a": -Infinity}}, {"id": 8}]',
            '{"id": 7, "talkTime": NaN, "crmInfo": {"a": -Infinity}}\n{"id": 8}',
            '{"calls": [{"id": 7, "talkTime": NaN, "crmInfo": {"a": -Infinity}}, {"id": 8}]}',
        ],
    )
    def test_with_numbers_that_json_lacks(self, text, tmp_path):
        file = tmp_path / "calls.json"
        file.write_text(text)
        for given in (text, file, text.encode()):
            frame = bc.to_frame(given)
            assert frame["id"].tolist() == ["7", "8"]
            assert frame["talkTime"].isna().all()
            assert frame.loc[0, "crmInfo"] == '{"a":null}'
            assert misfits(frame) == {"talkTime": 1, "crmInfo": 1}

    def test_with_half_an_emoji(self):
        for text in ('[{"id": 7, "label": "half \\ud83d"}]', '[{"id": 7, "label": "half \ud83d"}]'):
            frame = bc.to_frame(text)
            assert frame.loc[0, "label"].startswith("half \ufffd")
            assert misfits(frame) == {"label": 1}

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_files_of_other_programs(self, encoding, tmp_path):
        file = tmp_path / "calls.json"
        file.write_text(json.dumps({"calls": [{"id": 7, "label": "März"}]}), encoding=encoding)
        for given in (file, io.BytesIO(file.read_bytes())):
            assert bc.to_frame(given).loc[0, ["id", "label"]].tolist() == ["7", "März"]

    def test_what_json_cannot_hold_is_refused_in_words(self):
        itself, deep = {}, []
        itself["again"] = itself
        for _ in range(5000):
            deep = [deep]
        for value in (itself, deep):
            for record in ({"id": 1, "crmInfo": value}, {"id": 1, "mine": value}):
                with pytest.raises(ValueError, match="nested deeper"):
                    bc.to_frame([record])
        with pytest.raises(ValueError, match="cannot be read as calls: Integer value out of range"):
            bc.to_frame(f'[{{"id": {"9" * 5000}}}]')

    def test_half_an_emoji_beside_what_is_no_number(self):
        (text,) = bc.to_frame([{"id": 1, "mine": {"a": "NaN \ud83d", "b": float("nan")}}])["extras"]
        assert json.loads(text) == {"mine": {"a": "NaN \ud83d", "b": None}}
        assert "NaN}" not in text

    def test_packed_by_gzip(self, tmp_path):
        packed = gzip.compress(json.dumps(ROWS[0]).encode() + b"\n" + json.dumps(ROWS[1]).encode())
        file = tmp_path / "calls.ndjson.gz"
        file.write_bytes(packed)
        for given in (file, str(file), packed, io.BytesIO(packed), memoryview(packed)):
            assert bc.to_frame(given)["id"].tolist() == ["7", "8"]
        file.write_bytes(packed[:-20])
        with pytest.raises(ValueError, match="packed by gzip and cannot be unpacked"):
            bc.to_frame(file)

    def test_a_text_that_is_no_json_is_not_quoted_as_a_whole(self):
        with pytest.raises(ValueError, match="neither JSON text nor a readable file") as refused:
            bc.to_frame("id,state\n" + "1,answered\n" * 1000)
        assert len(str(refused.value)) < 500

    def test_escaped_text_equals_literal_text(self):
        calls = [{"id": 1, "numbersInvolvedJSON": '["\\u0433"]', "tags": ["г"]}]
        other = [{"id": 1, "numbersInvolvedJSON": '["г"]', "tags": '["\\u0433"]'}]
        pdt.assert_frame_equal(bc.to_frame(calls), bc.to_frame(json.dumps(other)))


class TestFrames:
    """Frames of pandas, as people have made them."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda frame: frame.set_index("id"),
            lambda frame: frame.set_index(["timestamp", "id"]),
            lambda frame: frame.set_axis([1, 1]),
            lambda frame: frame.rename(columns={"mine": 5}),
            lambda frame: frame.rename(columns={"mine": "calls"}),
            dict,
        ],
    )
    def test_fields_are_found_wherever_they_are(self, make):
        found = bc.to_frame(make(pd.DataFrame(ROWS)))
        assert found["id"].tolist() == ["7", "8"]
        assert found["timestamp"].tolist() == pd.to_datetime([row["timestamp"] for row in ROWS]).tolist()
        assert [list(json.loads(text).values()) for text in found["extras"]] == [[3], [4]]

    def test_one_row_and_a_column_of_records(self):
        assert bc.to_frame(pd.DataFrame(ROWS).iloc[1])["id"].tolist() == ["8"]
        assert bc.to_frame(pd.Series(ROWS))["id"].tolist() == ["7", "8"]

    @pytest.mark.parametrize(
        "make", [lambda frame: frame, lambda frame: frame.to_dict("records"), pl.from_pandas]
    )
    def test_what_was_kept_before_stays_beside_columns_that_came_since(self, make):
        typed = bc.to_frame([{"id": 1, "involvedAgent1Id": 5}, {"id": 2}]).assign(mine=[7, 8])
        found = bc.to_frame(make(typed[["id", "extras", "mine"]]))
        assert list(map(json.loads, found["extras"])) == [{"involvedAgent1Id": 5, "mine": 7}, {"mine": 8}]

    def test_other_columns_are_kept_to_the_last_digit_whatever_they_hold(self):
        at = pd.Timestamp("2026-03-02T09:00:00.123456Z")
        row = {"a": 0.12345678901234566, "b": 2**70, "c": b"\xff", "d": pd.Period("2026-03"), "e": at}
        row |= {"f": None, "g": float("nan"), "h": ["\ud83d"]}
        kept = json.loads(bc.to_frame(pd.DataFrame([{"id": 1} | row])).loc[0, "extras"])
        assert (kept["a"], kept["b"], kept["d"]) == (0.12345678901234566, 2**70, "2026-03")
        assert pd.Timestamp(kept["e"]) == at
        assert {"c", "h"} < set(kept)
        assert {"f", "g"}.isdisjoint(kept)

    @pytest.mark.parametrize(
        ("frame", "said"),
        [
            (pd.DataFrame({"foo": [1]}), "none of the fields of a call, only foo"),
            (pa.table({"foo": [1]}), "none of the fields of a call, only foo"),
            (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "id")])), "2 levels"),
            (pd.DataFrame({"success": True, "calls": ROWS, "tags": ["a", "b"]}), "answers, not calls"),
            (pd.DataFrame([[1, 2]], columns=["id", "id"]), r"columns of the same name: \['id'\]"),
        ],
    )
    def test_that_are_not_calls_are_refused(self, frame, said):
        with pytest.raises(ValueError, match=said):
            bc.to_frame(frame)


class OnlyInterchange:
    def __init__(self, frame):
        self.frame = frame

    def __dataframe__(self, *args, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.frame.__dataframe__(*args, **options)


class OnlyStream:
    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class TestFramesOfOtherLibraries:
    @pytest.mark.parametrize(
        "make",
        [
            pl.DataFrame,
            pa.Table.from_pylist,
            lambda rows: pa.Table.from_pylist(rows).to_batches()[0],
            lambda rows: pa.Table.from_pylist(rows).to_reader(),
            lambda rows: OnlyStream(pa.Table.from_pylist(rows)),
            lambda rows: pl.DataFrame(rows).with_columns(pl.col("id").cast(pl.Int16)),
        ],
    )
    def test_arrow(self, make):
        pdt.assert_frame_equal(bc.to_frame(make(ROWS)), bc.to_frame(ROWS))

    def test_duckdb(self):
        relation = duckdb.sql(
            "SELECT 7 AS id, 1 AS state, ['vip'] AS tags, 12.5::DECIMAL(9, 2) AS \"talkTime\", "
            "TIMESTAMPTZ '2026-03-02 09:13:22+00' AS timestamp, 'x' AS mine"
        )
        row = bc.to_frame(relation).iloc[0]
        assert (row["id"], row["state"], row["tags"], row["talkTime"]) == ("7", "answered", '["vip"]', 12.5)
        assert row["timestamp"] == pd.Timestamp("2026-03-02T09:13:22Z")
        assert row["extras"] == '{"mine":"x"}'

    def test_text_in_every_form(self):
        ids, states = ["7", "8"], ["answered", "failed"]
        enum = pl.DataFrame(
            {"id": pl.Series(ids, dtype=pl.Categorical), "state": pl.Series(states, dtype=pl.Enum(states))}
        )
        view = pa.array(ids, pa.string_view())
        views = pa.table(
            {
                "id": pa.DictionaryArray.from_arrays([0, 1], view),
                "state": pa.array(states).dictionary_encode(),
            }
        )
        large = pa.table(
            {"id": pa.array(ids, pa.large_string()), "state": pa.array(states, pa.string_view())}
        )
        for table in (enum, views, large):
            found = bc.to_frame(table)
            assert (found["id"].tolist(), found["state"].tolist()) == (ids, states)

    def test_identifiers_keep_every_digit(self):
        long = "12345678901234567890"
        uuid = UUID("2f926ec8-77ec-4575-86b3-112b10b7e580")
        for value in (Decimal(long), Decimal(long + ".0"), int(long)):
            assert bc.to_frame([{"id": value}])["id"].tolist() == [long]
        decimals = pa.array([Decimal(long), Decimal("500.0"), Decimal("1.5")], pa.decimal128(38, 2))
        assert bc.to_frame(pa.table({"id": decimals}))["id"].tolist() == [long, "500", "1.5"]
        assert bc.to_frame([{"id": uuid}])["id"].tolist() == [str(uuid)]
        assert bc.to_frame(pa.table({"id": pa.array([uuid.bytes], pa.uuid())}))["id"].tolist() == [str(uuid)]

    def test_json_has_a_type_of_its_own(self):
        table = pa.table({"id": ["7"], "tags": pa.array(['["vip"]'], pa.json_())})
        assert bc.to_frame(table)["tags"].tolist() == ['["vip"]']

    @pytest.mark.parametrize("zone", [None, "UTC"])
    def test_a_time_that_cannot_be_is_not_another_one(self, zone):
        far = pa.array([2**60, 1772443815], pa.timestamp("s", zone))
        frame = bc.to_frame(pa.table({"id": ["7", "8"], "timestamp": far, "mine": far}))
        assert frame["timestamp"].isna().tolist() == [True, False]
        assert misfits(frame) == {"timestamp": 1}

    def test_the_interchange_protocol(self):
        frame = bc.to_frame(OnlyInterchange(pd.DataFrame(ROWS).drop(columns="tags")))
        assert frame["id"].tolist() == ["7", "8"]
        assert frame["state"].tolist() == ["answered", "unanswered"]

    @pytest.mark.parametrize("lazy", [pl.LazyFrame(ROWS), pl.Series([1])])
    def test_what_is_no_table_is_told(self, lazy):
        with pytest.raises(TypeError, match=f"{type(lazy).__name__}"):
            bc.to_frame(lazy)

    def test_columns_of_one_name_are_refused(self):
        table = pa.table([[1], [2]], names=["id", "id"])
        with pytest.raises(ValueError, match=r"columns of the same name: \['id'\]"):
            bc.to_frame(table)


class TestWebhooks:
    STARTED = {
        "event": "callStarted",
        "id": 5,
        "callId": "1772443815.17",
        "type": "OUTGOING",
        "clientPhone": "4930901820",
        "lineNumber": "4930555",
        "startTimestampMs": 1772443815000,
        "userId": 3,
        "agentId": 9,
        "shortNumber": "101",
        "treeId": "t1",
    }
    ENDED = STARTED | {
        "event": "callEnded",
        "id": 6,
        "answerTimestampMs": 1772443820000,
        "endTimestampMs": 1772443880000,
        "recordName": "https://records.example/1",
    }

    def test_are_calls(self, form):
        row = bc.to_frame(form(self.ENDED)).iloc[0]
        assert row[["uniqueId", "type", "state", "clientNumber", "lineNumber"]].tolist() == [
            "1772443815.17",
            "outbound",
            "answered",
            "4930901820",
            "4930555",
        ]
        assert row[["answerTime", "talkTime", "totalTime"]].tolist() == [5.0, 60.0, 65.0]
        assert row[["userId", "agentShortNumber", "treeId"]].tolist() == ["3", "101", "t1"]
        assert row["timestamp"] == pd.Timestamp("2026-03-02T09:30:15Z")
        assert pd.isna(row["id"])  # theirs is not the API's
        assert json.loads(row["extras"]) == {"event": "callEnded", "eventId": 6, "agentId": 9}

    def test_events_of_one_call_are_one_row(self, form):
        missed = {"callId": "2", "type": "INCOMING", "clientPhone": "1", "endTimestampMs": 1772443820000}
        frame = bc.to_frame(form([self.STARTED, missed, self.ENDED]))
        assert frame["uniqueId"].tolist() == ["1772443815.17", "2"]
        assert frame["state"].tolist() == ["answered", "unanswered"]
        assert frame["talkTime"].tolist() == [60.0, 0.0]
        assert frame["type"].tolist() == ["outbound", "inbound"]

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist])
    def test_as_a_table(self, make):
        frame = bc.to_frame(make([self.ENDED, self.ENDED | {"callId": "2", "answerTimestampMs": None}]))
        assert frame["uniqueId"].tolist() == ["1772443815.17", "2"]
        assert frame["state"].tolist() == ["answered", "unanswered"]
        assert frame["totalTime"].tolist() == [65.0, 65.0]

    def test_events_that_say_little_belong_to_their_call(self, form):
        brief = {"event": "webphoneSummary", "callId": "1772443815.17", "quality": 4}
        frame = bc.to_frame(form([self.STARTED, brief, self.ENDED]))
        assert frame["uniqueId"].tolist() == ["1772443815.17"]
        assert json.loads(frame.loc[0, "extras"])["quality"] == 4

    def test_events_of_unknown_calls_are_not_one_call(self, form):
        assert len(bc.to_frame(form([self.ENDED | {"callId": None}, self.ENDED | {"callId": None}]))) == 2

    def test_beside_calls(self, form):
        assert bc.to_frame(form([*ROWS, self.STARTED, self.ENDED]))["state"].tolist() == [
            "answered", "answered", "unanswered",
        ]  # fmt: skip

    def test_a_call_with_fields_of_theirs_is_a_call(self, form):
        call = {"id": 7, "uniqueId": "1.1", "callId": "x", "agentId": 9, "talkTime": 5}
        frame = bc.to_frame(form([call, call | {"id": 8, "uniqueId": "1.2"}]))
        assert frame["id"].tolist() == ["7", "8"]

    def test_of_a_call_under_way_nothing_is_made_up(self):
        row = bc.to_frame([self.STARTED]).iloc[0]
        assert row[["state", "talkTime", "totalTime", "answerTime"]].isna().all()


class TestUnreadTimes:
    def test_a_column_of_which_none_can_be_read_warns(self):
        rows = [{"id": 1, "timestamp": "02.03.2026"}, {"id": 2, "timestamp": "03.03.2026"}]
        with pytest.warns(
            RuntimeWarning, match="none of the 2 times in 'timestamp' could be read.*02.03.2026"
        ):
            frame = bc.to_frame(rows)
        assert misfits(frame) == {"timestamp": 2}

    def test_single_ones_are_only_counted(self):
        rows = [*ROWS, {"id": 9, "timestamp": "02.03.2026", "recallDate": ""}]
        assert misfits(bc.to_frame(rows)) == {"timestamp": 1}


class TestOtherSpellingsOfNames:
    RECORD: ClassVar = {
        "id": "7", "talk_time": 12, "ClientNumber": "+4930", "TIMESTAMP": "2026-03-02T09:00:00Z",
        "numbers involved json": '["101"]', "user-id": 9, "first_time_for_user": True, "_dlt_id": "x",
    }  # fmt: skip
    FORMS: ClassVar = {
        "records": lambda record: [record, record],
        "one record": lambda record: record,
        "frame": lambda record: pd.DataFrame([record]),
        "arrow": lambda record: pa.Table.from_pylist([record]),
        "text": lambda record: json.dumps([record]),
        "lines": lambda record: json.dumps(record) + "\n" + json.dumps(record),
        "index": lambda record: pd.DataFrame([record]).set_index("talk_time"),
    }

    @pytest.mark.parametrize("form", FORMS)
    def test_case_underscores_blanks_and_dashes_make_no_other_field(self, form):
        frame = bc.to_frame(self.FORMS[form](self.RECORD))
        row = frame.iloc[0]
        assert row[["id", "talkTime", "clientNumber", "userId"]].tolist() == ["7", 12, "+4930", "9"]
        assert row["timestamp"] == pd.Timestamp("2026-03-02T09:00Z")
        assert row["firstTimeForUser"]
        assert row["numbersInvolvedJSON"] == '["101"]'
        assert json.loads(row["extras"]) == {"_dlt_id": "x"}

    @pytest.mark.parametrize("form", ["records", "frame", "arrow", "text"])
    def test_two_names_of_one_field_are_refused(self, form):
        with pytest.raises(ValueError, match=r"'talk_time' and 'talkTime' both mean the field 'talkTime'"):
            bc.to_frame(self.FORMS[form]({"id": "7", "talk_time": 12, "talkTime": 13}))

    @pytest.mark.parametrize("form", ["records", "frame", "arrow", "text"])
    def test_names_that_are_close_are_told_once(self, form):
        record = {"id": "7", "talk_time_s": 12, "client_numbers": "x", "note": "y"}
        with pytest.warns(RuntimeWarning) as told:
            frame = bc.to_frame(self.FORMS[form](record))
        assert len(told) == 1
        text = str(told[0].message)
        assert "'talk_time_s' (like 'talkTime')" in text
        assert "'client_numbers' (like 'clientNumber')" in text
        assert "note" not in text
        assert frame["talkTime"].isna().all()

    def test_a_field_that_is_there_is_not_missed(self):
        frame = bc.to_frame(pd.DataFrame({"id": ["7"], "talkTime": [5], "talkTimes": [6]}))
        assert frame["talkTime"].tolist() == [5]
        assert json.loads(frame["extras"].iloc[0]) == {"talkTimes": 6}

"""What `to_frame` takes: everything that holds calls, and an error for what does not."""

from __future__ import annotations

import io
import json
import re
import warnings

import duckdb
import pandas as pd
import pandas.testing as pdt
import polars as pl
import pyarrow as pa
import pytest

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


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            {"calls": []},
            {"calls": None},
            {"calls": {}},
            {"success": True, "calls": None, "timezone": "UTC"},
            {"success": True},
            {"success": True, "calls": None, "message": "No calls found", "totalItems": 0},
            [],
        ],
    )
    def test_without_calls(self, form, answer):
        assert len(bc.to_frame(form(answer))) == 0

    def test_lists_as_php_may_write_them(self, form):
        frame = bc.to_frame(form({"calls": {"0": ROWS[0], "1": ROWS[1]}}))
        assert frame["id"].tolist() == ["7", "8"]

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

    def test_escaped_text_equals_literal_text(self):
        calls = [{"id": 1, "numbersInvolvedJSON": '["\\u0433"]', "tags": ["г"]}]
        other = [{"id": 1, "numbersInvolvedJSON": '["г"]', "tags": '["\\u0433"]'}]
        pdt.assert_frame_equal(bc.to_frame(calls), bc.to_frame(json.dumps(other)))


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

"""Tables of transfers on eight calls that were counted by hand."""

import math

import pandas as pd
import pytest

from brightcall_pandas.analysis import transfer_parties, transfer_summary, transfer_variants

NAMES = {"101": "Ann", "102": "Bo"}


def calls(rows=slice(None)):
    log = [
        ('["101", "102"]', 1, "positive", 100.0, "north"),
        ('["101", "102", "101"]', 1, "negative", 300.0, "north"),
        ("[101]", 1, "positive", 50.0, "north"),
        ('["101"]', 0, "absent", 0.0, "south"),
        ("103,103,102", 1, "positive", 200.0, "south"),
        ('["101"', 1, None, 10.0, "south"),
        ("[]", 0, None, 0.0, "south"),
        ('[{"number": "101"}, {"number": "102"}]', 1, None, 140.0, "south"),
    ][rows]
    columns = ["numbersInvolvedJSON", "state", "outcomeType", "talkTime", "projectName"]
    return pd.DataFrame(log, columns=columns).astype({"numbersInvolvedJSON": "str"})


def bare(*texts):
    return pd.DataFrame({"numbersInvolvedJSON": pd.Series(texts, dtype="str")})


class TestTransferVariants:
    def test_counts_each_way_once(self):
        table = transfer_variants(calls())
        assert table.index.name == "path"
        assert table["n_calls"].to_dict() == {
            "101": 2,
            "101 → 102": 2,
            "(none)": 1,
            "(unreadable)": 1,
            "101 → 102 → 101": 1,
            "103 → 103 → 102": 1,
        }
        assert table.index.tolist() == list(table["n_calls"].to_dict())
        assert table["hops"].tolist() == [0, 1, 0, 0, 2, 2]
        assert table["chain"].tolist()[:3] == [("101",), ("101", "102"), ()]
        assert table["share"].tolist() == [0.25, 0.25, 0.125, 0.125, 0.125, 0.125]
        assert table["cumulative_share"].tolist() == [0.25, 0.5, 0.625, 0.75, 0.875, 1.0]

    def test_says_what_came_of_them(self):
        table = transfer_variants(calls())
        assert table["answered"].tolist() == [1, 2, 0, 1, 1, 1]
        assert table["answer_rate"].tolist() == [0.5, 1, 0, 1, 1, 1]
        assert table["positive"].tolist() == [1, 1, 0, 0, 0, 1]
        assert table["positive_rate"].tolist() == [0.5, 0.5, 0, 0, 0, 1]
        # One of four calls that were not transferred had a positive outcome.
        assert table["lift"].tolist() == [2, 2, 0, 0, 0, 4]
        # Wilson's interval of 1 of 2, from the published formula with z = 1.959964.
        assert table.loc["101", "positive_rate_low"] == pytest.approx(0.094531, abs=1e-6)
        assert table.loc["101", "positive_rate_high"] == pytest.approx(0.905469, abs=1e-6)

    def test_talk_time_is_that_of_answered_calls(self):
        row = transfer_variants(calls()).loc["101 → 102"]
        assert row["talk_time_p25_s"] == pytest.approx(110)
        assert row["talk_time_median_s"] == pytest.approx(120)
        assert row["talk_time_p75_s"] == pytest.approx(130)
        assert row["talk_time_p90_s"] == pytest.approx(136)
        assert transfer_variants(calls()).loc["101", "talk_time_median_s"] == 50
        assert math.isnan(transfer_variants(calls()).loc["(none)", "talk_time_median_s"])

    def test_rows_left_out_stay_in_the_shares(self):
        assert transfer_variants(calls(), top=1)["share"].tolist() == [0.25]
        assert transfer_variants(calls(), min_calls=2).index.tolist() == ["101", "101 → 102"]
        assert transfer_variants(calls(), top=1, min_calls=2).index.tolist() == ["101"]
        assert transfer_variants(calls(), top=0).empty

    @pytest.mark.parametrize("argument", ["top", "min_calls"])
    def test_negative_limits_are_refused(self, argument):
        with pytest.raises(ValueError, match=argument):
            transfer_variants(calls(), **{argument: -1})

    def test_what_needs_a_missing_column_is_null(self):
        table = transfer_variants(bare("[1]", "[1]"))
        assert table.loc["1", "n_calls"] == 2
        assert (
            table[["answered", "answer_rate", "positive", "lift", "talk_time_median_s"]].isna().all(axis=None)
        )

    def test_an_arrow_in_a_label_is_not_a_transfer(self):
        table = transfer_variants(bare('["a → b"]', '["a", "b"]'))
        assert sorted(zip(table["chain"], table["hops"], strict=True)) == [(("a", "b"), 1), (("a → b",), 0)]

    def test_a_party_that_is_called_unreadable_is_one(self):
        table = transfer_variants(bare('["(unreadable)"]', "["))
        assert sorted(table["chain"]) == [(), ("(unreadable)",)]

    def test_names(self):
        assert "Ann → Bo → Ann" in transfer_variants(calls(), names=NAMES).index


class TestTransferParties:
    def test_counts_what_each_party_did(self):
        table = transfer_parties(calls())
        counts = [
            "n_calls",
            "started",
            "received",
            "transferred_on",
            "ended_at",
            "kept",
            "redo",
            "self_loops",
        ]
        assert table.index.tolist() == ["101", "102", "103"]
        assert table.loc["101", counts].tolist() == [5, 5, 1, 3, 3, 2, 1, 0]
        assert table.loc["102", counts].tolist() == [4, 0, 4, 1, 3, 0, 0, 0]
        assert table.loc["103", counts].tolist() == [1, 1, 1, 2, 0, 0, 0, 1]
        assert table["transferred_on_rate"].tolist() == [3 / 6, 1 / 4, 2 / 2]
        assert table["redo_share"].tolist() == [1, 0, 0]

    def test_a_call_that_comes_back_after_a_self_transfer_is_one_redo(self):
        row = transfer_parties(bare('["1", "1", "2", "1"]')).loc["1"]
        assert (row["received"], row["redo"], row["self_loops"], row["n_calls"]) == (2, 1, 1, 1)

    def test_parties_of_a_source_that_is_not_used_do_not_show(self):
        frame = bare('["8", "9"]').assign(transfers=['[{"from": "1", "to": "2"}]'])
        assert transfer_parties(frame).index.tolist() == ["1", "2"]

    def test_the_client_is_no_party(self):
        frame = bare('["5", "1"]', '["5"]').assign(clientNumber="5")
        assert transfer_parties(frame).index.tolist() == ["1"]
        assert transfer_parties(frame, include_client=True)["n_calls"].to_dict() == {"5": 2, "1": 1}

    def test_parties_of_equally_many_calls_stand_in_their_order(self):
        assert transfer_parties(bare('["10", "9", "Ann"]', '["9"]')).index.tolist() == ["9", "10", "Ann"]

    def test_names(self):
        assert transfer_parties(calls(), names=NAMES).index.tolist() == ["Ann", "Bo", "103"]


class TestTransferSummary:
    def test_sums_up_all_calls(self):
        row = transfer_summary(calls()).loc["all"]
        assert row[["n_calls", "transferred", "transfers", "hops_max"]].tolist() == [8, 4, 6, 2]
        assert row[["ping_pong", "loops", "self_loops", "unreadable"]].tolist() == [1, 2, 1, 1]
        assert row[["transfer_rate", "hops_mean", "hops_mean_transferred"]].tolist() == [0.5, 0.75, 1.5]
        assert row[["ping_pong_share", "loop_share", "self_loop_share"]].tolist() == [1 / 4, 2 / 4, 1 / 6]
        assert row["timed"] == 0
        assert row[["after_transfer_total_s", "after_transfer_mean_s"]].isna().all()

    def test_a_row_for_each_group(self):
        table = transfer_summary(calls(), by="projectName")
        assert table.index.tolist() == ["north", "south"]
        assert table["n_calls"].tolist() == [3, 5]
        assert table["transferred"].tolist() == [2, 2]
        assert table["hops_max"].tolist() == [2, 2]
        assert table["ping_pong"].tolist() == [1, 0]
        assert table["unreadable"].tolist() == [0, 1]

    @pytest.mark.parametrize(
        ("chain", "ping_pong"),
        [("1,2,1", 1), ("1,1,1", 0), ("1,2,2,1", 0), ("1,2,3,1", 0), ("3,1,2,1", 1), ("1,2,1,2,1", 1)],
    )
    def test_ping_pong_goes_straight_back_to_another_party(self, chain, ping_pong):
        # A neighbour call must not lend its parties.
        assert transfer_summary(bare(chain, "1,9")).loc["all", "ping_pong"] == ping_pong

    def test_cost_is_counted_from_the_first_transfer_to_the_end(self):
        frame = pd.DataFrame(
            {
                "timestamp": pd.to_datetime(["2026-03-02T09:00:00Z"] * 4),
                "totalTime": [100.0, math.nan, 300.0, 50.0],
                "callTime": [90.0, 80.0, 300.0, 50.0],
                "transfers": [
                    '[{"from": "1", "to": "2", "at": "2026-03-02T09:00:30Z"}, '
                    '{"from": "2", "to": "3", "at": "2026-03-02T09:01:00Z"}]',
                    '[{"from": "1", "to": "2", "at": "2026-03-02T10:00:20+01:00"}]',
                    '[{"from": "1", "to": "2"}]',
                    '[{"from": "1", "to": "2", "at": "2026-03-02T08:59:00Z"}]',
                ],
            }
        )
        row = transfer_summary(frame).loc["all"]
        # 100 − 30 and 80 − 20; the third has no time, the fourth one before the call began.
        assert row[["timed", "after_transfer_total_s", "after_transfer_mean_s"]].tolist() == [2, 130, 65]

    def test_without_calls_the_table_is_empty(self):
        empty = transfer_summary(calls(slice(0)))
        assert empty.empty
        assert empty.dtypes.to_dict() == transfer_summary(calls()).dtypes.to_dict()


class TestUnknownIsNoZero:
    def test_no_call_has_a_chain(self):
        row = transfer_summary(bare(None, None)).loc["all"]
        assert row[["n_calls", "unreadable"]].tolist() == [2, 0]
        assert row.drop(["n_calls", "unreadable"]).isna().all()

    def test_a_group_without_chains_was_not_transferred(self):
        calls = bare('["101", "102"]', None).assign(projectName=["A", "B"])
        assert transfer_summary(calls, by="project")["transferred"].tolist() == [1, 0]

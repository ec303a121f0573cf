"""Matrix, flow and graph of transfers, on eight calls that were counted by hand."""

import networkx as nx
import pandas as pd
import pytest

from brightcall_pandas.analysis import to_networkx, transfer_flow, transfer_matrix
from brightcall_pandas.analysis.transfers._log import natural_order


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


class TestTransferMatrix:
    def test_counts_transfers(self):
        table = transfer_matrix(calls())
        assert table.to_numpy().tolist() == [[0, 3, 0], [1, 0, 0], [0, 1, 1]]
        assert table.index.tolist() == table.columns.tolist() == ["101", "102", "103"]
        assert (table.index.name, table.columns.name) == ("from", "to")
        assert table.dtypes.unique().tolist() == ["int64"]

    def test_eventually_counts_all_ordered_pairs(self):
        # 101 → 102 → 101 adds 101 to 101; 103 → 103 → 102 has 102 after 103 twice.
        assert transfer_matrix(calls(), "eventually").to_numpy().tolist() == [[1, 3, 0], [1, 0, 0], [0, 2, 1]]

    def test_normalized(self):
        by_from = transfer_matrix(calls(), normalize="from")
        assert by_from.to_numpy().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0.5, 0.5]]
        by_to = transfer_matrix(calls(), normalize="to")
        assert by_to.loc["101", "102"] == 0.75
        assert transfer_matrix(calls(), normalize="all").loc["101", "102"] == 3 / 6

    def test_nothing_out_of_nothing_is_null(self):
        shares = transfer_matrix(bare('["1", "2"]'), normalize="from")
        assert shares.loc["1"].tolist() == [0, 1]
        assert shares.loc["2"].isna().all()

    def test_numbers_stand_in_their_order(self):
        assert transfer_matrix(bare('["100", "Ann"]', '["99", "100"]')).index.tolist() == ["99", "100", "Ann"]

    def test_without_transfers_the_table_is_empty(self):
        for frame in (bare(), bare("[1]", "[", None)):
            table = transfer_matrix(frame)
            assert table.shape == (0, 0)
            assert (table.index.name, table.columns.name) == ("from", "to")

    def test_unknown_words_are_refused(self):
        with pytest.raises(ValueError, match="kind='always'"):
            transfer_matrix(calls(), "always")
        with pytest.raises(ValueError, match="normalize='rows'"):
            transfer_matrix(calls(), normalize="rows")

    def test_a_matrix_beyond_memory_is_refused(self):
        with pytest.raises(ValueError, match="10,002 parties"):
            transfer_matrix(bare(*(f'["{n}", "{n}x"]' for n in range(5001))))

    def test_names_that_are_shared_are_told_apart(self):
        table = transfer_matrix(calls(), names={101: "desk", 103: "desk"})
        assert (table.loc["desk (101)", "102"], table.loc["desk (103)", "102"]) == (3, 1)


class TestTransferFlow:
    def test_counts_each_link_at_each_hop(self):
        table = transfer_flow(calls())
        assert table.index.names == ["hop", "from", "to"]
        assert table["n_calls"].to_dict() == {
            (1, "101", "102"): 3,
            (1, "103", "103"): 1,
            (2, "102", "101"): 1,
            (2, "103", "102"): 1,
        }

    def test_parties_beyond_the_first_are_other(self):
        frame = bare('["1", "2"]', '["1", "2"]', '["1", "3"]', '["4", "5"]')
        assert transfer_flow(frame, parties=2)["n_calls"].to_dict() == {
            (1, "1", "2"): 2,
            (1, "1", "(other)"): 1,
            (1, "(other)", "(other)"): 1,
        }

    def test_of_equally_busy_parties_the_first_labels_are_shown_whatever_the_order_of_the_calls(self):
        texts = ['["10", "11"]', '["9", "8"]', '["7", "6"]']
        for frame in (bare(*texts), bare(*texts[::-1])):
            assert transfer_flow(frame, parties=2).index.tolist() == [
                (1, "7", "6"),
                (1, "(other)", "(other)"),
            ]

    def test_one_party_alone_keeps_its_name(self):
        assert transfer_flow(bare('["1", "2"]', '["1", "3"]'), parties=2).index.tolist() == [
            (1, "1", "2"),
            (1, "1", "3"),
        ]

    def test_hops_beyond_the_limit_are_left_out(self):
        assert transfer_flow(calls(), hops=1).index.unique("hop").tolist() == [1]

    def test_empty(self):
        for frame in (bare(), bare("[1]")):
            assert transfer_flow(frame).empty
            assert transfer_flow(frame).index.names == ["hop", "from", "to"]

    @pytest.mark.parametrize("argument", ["parties", "hops"])
    def test_limits_below_one_are_refused(self, argument):
        with pytest.raises(ValueError, match=argument):
            transfer_flow(calls(), **{argument: 0})


class TestToNetworkx:
    def test_is_the_weighted_graph(self):
        graph = to_networkx(calls())
        assert set(graph.edges(data="weight")) == {
            ("101", "102", 3),
            ("102", "101", 1),
            ("103", "102", 1),
            ("103", "103", 1),
        }
        assert graph.nodes["101"]["kept"] == 2
        assert graph.size(weight="weight") == 6
        assert nx.pagerank(graph)["102"] > nx.pagerank(graph)["103"]

    def test_parties_without_transfers_are_nodes(self):
        assert list(to_networkx(bare("[5]")).nodes) == ["5"]

    def test_eventually(self):
        assert to_networkx(calls(), "eventually")["103"]["102"]["weight"] == 2


class TestNaturalOrder:
    def test_however_many_digits(self):
        labels = ["1" * 5000, "2", "10", "02", "a10", "a9", "", "٣"]
        assert natural_order(pd.Index(labels)).tolist() == ["", "02", "2", "٣", "10", "1" * 5000, "a9", "a10"]

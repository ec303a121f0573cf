"""Laws that hold for any log, against a plain reading of the same chains."""

import json
from collections import Counter
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

from brightcall_pandas.analysis import (
    chains_match,
    to_event_log,
    to_networkx,
    transfer_chains,
    transfer_events,
    transfer_flow,
)
from brightcall_pandas.analysis._tallies import merge
from brightcall_pandas.analysis.transfers import _matrix as matrix
from brightcall_pandas.analysis.transfers import _tables as tables

WRITERS = (
    json.dumps,
    lambda chain: json.dumps([int(party) for party in chain]),
    lambda chain: json.dumps([{"number": party, "order": i} for i, party in enumerate(chain)]),
    ",".join,
)
CLIENT = "+4930555"


def given(*drawn):
    """Try fourteen cases, however long a busy machine takes for one."""
    return lambda test: settings(max_examples=14, deadline=None)(any_of(*drawn)(test))


@st.composite
def logs(draw):
    """Draw chains and a frame that writes each of them in a shape of its own, some with the client in it."""
    chain = st.lists(st.sampled_from(["1", "2", "3", "10"]), max_size=6)
    chains = [tuple(each) for each in draw(st.lists(chain, max_size=25))]
    texts = [draw(st.sampled_from(WRITERS))(each) for each in chains]
    broken = [draw(st.booleans()) and draw(st.booleans()) for _ in chains]
    clients = [draw(st.sampled_from([None, CLIENT])) for _ in chains]
    for row, each in enumerate(chains):
        if clients[row] and draw(st.booleans()):
            place = draw(st.integers(0, len(each)))
            texts[row] = json.dumps([*each[:place], "004930555", *each[place:]])
        if broken[row]:
            texts[row], chains[row] = "[" + texts[row], ()
    seconds = st.integers(0, 500).map(float)
    frame = pd.DataFrame(
        {
            "id": [str(row) for row in range(len(chains))],
            "numbersInvolvedJSON": pd.Series(texts, dtype="str"),
            "clientNumber": pd.Series(clients, dtype="str"),
            "state": [draw(st.integers(0, 2)) for _ in chains],
            "outcomeType": [draw(st.sampled_from(["positive", "negative", None])) for _ in chains],
            "talkTime": pd.Series([draw(seconds) for _ in chains], dtype="float64"),
            "projectName": pd.Series([draw(st.sampled_from(["a", "b"])) for _ in chains], dtype="str"),
            "timestamp": pd.Timestamp("2026-03-02T09:00:00Z"),
        }
    )
    return chains, broken, frame


class TestChains:
    @given(logs())
    def test_all_shapes_give_the_planted_chains(self, log):
        chains, broken, frame = log
        table = transfer_chains(frame)
        assert table["chain"].tolist() == chains
        assert table["parse_ok"].tolist() == [not each for each in broken]
        assert table["hops"].tolist() == [max(len(chain) - 1, 0) for chain in chains]
        assert table["loops"].tolist() == [len(set(chain)) < len(chain) for chain in chains]

    @given(logs(), st.randoms())
    def test_survive_shuffling(self, log, random):
        _, _, frame = log
        order = random.sample(range(len(frame)), len(frame))
        pd.testing.assert_frame_equal(transfer_chains(frame.iloc[order]), transfer_chains(frame).iloc[order])

    @given(logs())
    def test_the_client_is_the_only_difference_when_kept(self, log):
        _, _, frame = log
        kept = transfer_chains(frame, include_client=True)["chain"]
        assert [tuple(p for p in chain if p != "004930555") for chain in kept] == transfer_chains(frame)[
            "chain"
        ].tolist()


class TestVariants:
    @given(logs())
    def test_partition_the_calls(self, log):
        chains, broken, frame = log
        table = tables.transfer_variants(frame)
        expected = Counter(" → ".join(chain) for chain in chains)
        expected["(unreadable)"] = sum(broken)
        expected["(none)"] = expected.pop("", 0) - sum(broken)
        assert table["n_calls"].to_dict() == +expected
        assert table["n_calls"].is_monotonic_decreasing
        if chains:
            assert table["share"].sum() == pytest.approx(1)
            assert table["cumulative_share"].iloc[-1] == pytest.approx(1)

    @given(logs())
    def test_quantiles_are_those_of_numpy(self, log):
        chains, broken, frame = log
        paths = [
            "(unreadable)" if bad else " → ".join(chain) or "(none)"
            for chain, bad in zip(chains, broken, strict=True)
        ]
        table = tables.transfer_variants(frame)
        for path in set(paths):
            here = np.array([each == path for each in paths]) & (frame["state"] == 1).to_numpy()
            for name, at in (
                ("talk_time_p25_s", 0.25),
                ("talk_time_median_s", 0.5),
                ("talk_time_p90_s", 0.9),
            ):
                talk = frame["talkTime"].to_numpy()[here]
                expected = np.quantile(talk, at) if len(talk) else np.nan
                assert table.loc[path, name] == pytest.approx(expected, nan_ok=True)


class TestMatrix:
    @given(logs())
    def test_is_the_count_of_pairs(self, log):
        chains, _, frame = log
        for kind, pairs in (("directly", pairwise), ("eventually", lambda chain: combinations(chain, 2))):
            table = matrix.transfer_matrix(frame, kind)
            expected = Counter(pair for chain in chains for pair in pairs(chain))
            assert +Counter(table.stack().to_dict() if len(table) else {}) == expected

    @given(logs())
    def test_sums_are_transfers_out_and_in(self, log):
        _, _, frame = log
        table, steps, each = (
            matrix.transfer_matrix(frame),
            transfer_events(frame),
            tables.transfer_parties(frame),
        )
        assert table.sum(axis=1).to_dict() == each["transferred_on"].reindex(table.index).to_dict()
        assert table.sum(axis=0).to_dict() == each["received"].reindex(table.index).to_dict()
        assert table.to_numpy().sum() == len(steps) == transfer_chains(frame)["hops"].sum()

    @given(logs())
    def test_shares_add_up(self, log):
        _, _, frame = log
        rows = matrix.transfer_matrix(frame, normalize="from").sum(axis=1, min_count=1).dropna()
        columns = matrix.transfer_matrix(frame, normalize="to").sum(axis=0, min_count=1).dropna()
        assert rows.tolist() == pytest.approx([1] * len(rows))
        assert columns.tolist() == pytest.approx([1] * len(columns))


class TestParties:
    @given(logs())
    def test_what_comes_goes(self, log):
        chains, _, frame = log
        table = tables.transfer_parties(frame)
        assert (table["started"] + table["received"] == table["transferred_on"] + table["ended_at"]).all()
        assert table["n_calls"].to_dict() == Counter(party for chain in chains for party in set(chain))
        assert table["kept"].sum() == sum(len(chain) == 1 for chain in chains)
        redo = Counter(
            chain[i]
            for chain in chains
            for i in range(1, len(chain))
            if chain[i] != chain[i - 1] and chain[i] in chain[:i]
        )
        assert table["redo"].to_dict() == {party: redo[party] for party in table.index}


class TestSummary:
    @given(logs())
    def test_groups_add_up(self, log):
        chains, _, frame = log
        each = tables.transfer_summary(frame, by="projectName")
        if not chains:
            assert each.empty
            return
        all_calls = tables.transfer_summary(frame).loc["all"]
        for name in ("n_calls", "transferred", "transfers", "ping_pong", "loops", "self_loops", "unreadable"):
            assert each[name].sum() == all_calls[name]
        assert (
            each["hops_max"].max() == all_calls["hops_max"] == max(max(len(chain) - 1, 0) for chain in chains)
        )
        ping_pong = sum(
            any(a == c != b for a, b, c in zip(chain, chain[1:], chain[2:], strict=False)) for chain in chains
        )
        assert all_calls["ping_pong"] == ping_pong


class TestTallies:
    TABLES = (
        (tables.tally_transfer_variants, tables.finish_transfer_variants),
        (matrix.tally_transfer_matrix, matrix.finish_transfer_matrix),
        (tables.tally_transfer_parties, tables.finish_transfer_parties),
        (tables.tally_transfer_summary, tables.finish_transfer_summary),
    )

    @pytest.mark.parametrize(("tally", "finish"), TABLES)
    @given(logs(), st.integers(0, 25))
    def test_of_parts_add_up_to_that_of_all(self, tally, finish, log, cut):
        _, _, frame = log
        merged = merge([tally(frame.iloc[:cut]), tally(frame.iloc[cut:])])
        pd.testing.assert_frame_equal(finish(merged), finish(tally(frame)))


class TestFlow:
    @given(logs())
    def test_counts_every_transfer(self, log):
        chains, _, frame = log
        expected = Counter((hop, *pair) for chain in chains for hop, pair in enumerate(pairwise(chain), 1))
        assert transfer_flow(frame, hops=6)["n_calls"].to_dict() == expected
        assert transfer_flow(frame, parties=1, hops=6)["n_calls"].sum() == expected.total()


PARTIES = st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, max_size=3)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "starts": PARTIES,
        "ends": PARTIES,
        "contains": PARTIES,
        "eventually": PARTIES,
        "at_least": st.integers(-1, 7),
        "loops": st.booleans(),
    },
)


def meets(chain, name, value):
    """Answer one condition of `chains_match` as one reads it, with texts and plain loops."""
    if name == "at_least":
        return max(len(chain) - 1, 0) >= value
    if name == "loops":
        return (len(set(chain)) < len(chain)) == value
    written, word = ("".join(f"<{party}>" for party in each) for each in (chain, value))
    return {
        "starts": written.startswith(word),
        "ends": written.endswith(word),
        "contains": word in written,
        "eventually": tuple(value) in set(combinations(chain, len(value))),
    }[name]


@pytest.mark.filterwarnings("ignore:.*no chain of these calls has")
class TestChainsMatchLaws:
    @given(logs(), CONDITIONS.filter(bool))
    def test_is_every_condition_read_plainly(self, log, conditions):
        chains, _, frame = log
        expected = [all(meets(chain, *each) for each in conditions.items()) for chain in chains]
        assert chains_match(frame, **conditions).tolist() == expected

    @given(logs(), CONDITIONS.filter(lambda each: len(each) > 1))
    def test_several_conditions_are_the_and_of_each(self, log, conditions):
        _, _, frame = log
        each = [chains_match(frame, **{name: value}) for name, value in conditions.items()]
        pd.testing.assert_series_equal(chains_match(frame, **conditions), pd.concat(each, axis=1).all(axis=1))

    @given(logs(), PARTIES)
    def test_the_client_is_a_party_only_when_included(self, log, wanted):
        _, _, frame = log
        for include in (False, True):
            chains = transfer_chains(frame, include_client=include)["chain"]
            mask = chains_match(frame, starts=wanted, include_client=include)
            assert mask.tolist() == [meets(chain, "starts", wanted) for chain in chains]


class TestGraph:
    @given(logs())
    def test_figures_are_those_of_networkx(self, log):
        _, _, frame = log
        graph, table = to_networkx(frame), tables.transfer_parties(frame)
        assert dict(graph.out_degree(weight="weight")) == table["transferred_on"].to_dict()
        assert dict(graph.in_degree(weight="weight")) == table["received"].to_dict()
        assert (
            sum(weight for _, _, weight in nx.selfloop_edges(graph, data="weight"))
            == table["self_loops"].sum()
        )
        order = matrix.transfer_matrix(frame)
        if len(order):
            assert nx.to_numpy_array(graph, nodelist=list(order.index)).tolist() == order.to_numpy().tolist()


class TestEventLog:
    @given(logs())
    def test_gives_the_chains_back(self, log):
        chains, _, frame = log
        events = to_event_log(frame)
        case, party = "case:concept:name", "concept:name"
        assert events.groupby(case)[party].agg(tuple).to_dict() == {
            str(i): c for i, c in enumerate(chains) if c
        }
        resorted = events.sample(frac=1, random_state=1).sort_values([case, "time:timestamp"])
        assert (
            resorted.groupby(case)[party].agg(tuple).to_dict()
            == events.groupby(case)[party].agg(tuple).to_dict()
        )

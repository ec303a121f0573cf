from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas import load_calls, start_sandbox
from brightcall_pandas.analysis import ratings, rung_parties


@pytest.fixture
def rated() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "userId": ["a", "a", "a", "a", "b", "b", None],
            "qualityRating": [5, 2, 1, None, None, None, 3],
            "projectName": ["A", "A", "B", "B", "A", "B", "A"],
        }
    )


class TestRatings:
    def test_every_number_by_agent(self, rated):
        table = ratings(rated)
        assert table.index.tolist() == ["a", "b", "(none)"]
        assert table["n_calls"].tolist() == [4, 2, 1]
        assert table["rated"].tolist() == [3, 0, 1]
        assert table["unrated"].tolist() == [1, 2, 0]
        assert table["rating_mean"].fillna(-1).tolist() == [pytest.approx(8 / 3), -1, 3]
        assert table["low"].tolist() == [2, 0, 0]
        assert table["low_share"].fillna(-1).tolist() == [pytest.approx(2 / 3), -1, 0]
        assert table.loc["a", "low_share_low"] == pytest.approx(0.20766, abs=1e-5)

    def test_by_anything_or_nothing(self, rated):
        assert ratings(rated, by="project")["rating_mean"].tolist() == [pytest.approx(10 / 3), 1]
        row = ratings(rated, by=None).loc["all"]
        assert row[["n_calls", "rated", "unrated", "rating_mean", "low"]].tolist() == [7, 4, 3, 2.75, 2]

    def test_what_low_is_can_be_told(self, rated):
        assert ratings(rated, low=1)["low"].tolist() == [1, 0, 0]
        assert ratings(rated, low=3)["low"].tolist() == [2, 0, 1]

    def test_what_is_missing_is_an_error(self, rated):
        for name in ("qualityRating", "userId"):
            with pytest.raises(KeyError, match=name):
                ratings(rated.drop(columns=name))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, rated):
        empty = ratings(rated.iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(ratings(rated).dtypes)


@pytest.fixture
def rung() -> pd.DataFrame:
    rows = [
        # direction, state, rung, chain, agent, number called
        (0, 1, '["101", "102", "101"]', '["101"]', "101", "+1"),  # a repeated number rings once
        (0, 1, "101,102", '["102", "101"]', "101", "+1"),  # 102 took it, and transferred it to 101
        (0, 1, '[{"number": "101"}, {"number": "102"}]', None, "102", "+1"),  # no chain: the agent
        (0, 1, '["101"]', None, None, "+1"),  # nothing known, but 101 alone was rung
        (0, 1, '["101", "102"]', None, None, "+1"),  # nothing known: somebody took it
        (0, 0, '["101", "102"]', None, None, "+1"),  # nobody did
        (0, 2, '{"102": {}}', None, None, "+1"),  # failed: nobody did
        (0, 1, "[broken", '["101"]', "101", "+1"),
        (0, 1, None, '["101"]', "101", "+1"),
        (1, 1, '["0049 151 1"]', '["101"]', "101", "+49 151 1"),  # the client took it
        (1, 0, '["+49 151 2"]', None, "101", "+49 151 2"),
    ]
    columns = ["type", "state", "numbersRingedJSON", "numbersInvolvedJSON", "agentShortNumber", "toNumber"]
    return pd.DataFrame(rows, columns=columns)


class TestRungParties:
    def test_every_number(self, rung):
        table = rung_parties(rung.sample(frac=1, random_state=1))
        assert table.index.tolist() == ["101", "102"]
        assert table["n_rung"].tolist() == [6, 6]
        assert table["answered"].tolist() == [2, 2]
        assert table["answer_rate"].tolist() == pytest.approx([1 / 3, 1 / 3])
        assert table["not_answered"].tolist() == [4, 4]
        assert table["taken_elsewhere"].tolist() == [3, 2]
        assert table["missed"].tolist() == [1, 2]

    def test_of_other_calls_the_number_called_is_who_takes_them(self, rung):
        table = rung_parties(rung, direction="outbound")
        assert table["answered"].to_dict() == {"+49 151 2": 0, "0049 151 1": 1}
        assert len(rung_parties(rung, direction=None)) == 4

    def test_by_groups_the_calls(self, rung):
        table = rung_parties(rung.assign(lineNumber=["x", "y"] * 5 + ["x"]), by="line")
        assert table.index.names == ["line", "party"]
        assert table["n_rung"].to_dict() == {
            ("x", "101"): 3,
            ("x", "102"): 4,
            ("y", "101"): 3,
            ("y", "102"): 2,
        }
        tagged = rung_parties(rung.assign(tags='["t", "u"]'), by="tag")
        assert tagged["n_rung"].tolist() == [6, 6, 6, 6]

    def test_what_is_missing_is_an_error(self, rung):
        for name in ("numbersRingedJSON", "state", "type"):
            with pytest.raises(KeyError, match=name):
                rung_parties(rung.drop(columns=name))

    def test_nobody_rung_gives_an_empty_table_of_the_same_kind(self, rung):
        for none in (rung.iloc[:0], rung.assign(numbersRingedJSON=None)):
            empty = rung_parties(none)
            assert len(empty) == 0
            assert empty.dtypes.equals(rung_parties(rung).dtypes)

    def test_equals_a_loop_over_the_calls(self):
        rng = np.random.default_rng(7)
        df = pd.DataFrame(
            {
                "type": rng.choice([0, 1], 400),
                "state": rng.choice([0, 1, 2], 400),
                "numbersRingedJSON": [
                    json.dumps([str(each) for each in rng.choice(6, rng.integers(0, 4))]) for _ in range(400)
                ],
                "agentShortNumber": rng.choice(["0", "1", "2", None], 400),
            }
        )
        expected: dict[str, list[int]] = {}
        for _, row in df[df["type"] == 0].iterrows():
            parties = sorted(set(json.loads(row["numbersRingedJSON"])))
            for party in parties:
                counts = expected.setdefault(party, [0, 0, 0])
                known = pd.notna(row["agentShortNumber"])
                mine = party == row["agentShortNumber"] if known else len(parties) == 1
                counts[0] += 1
                counts[1] += row["state"] == 1 and mine
                counts[2] += row["state"] == 1 and not mine
        table = rung_parties(df)
        found = table[["n_rung", "answered", "taken_elsewhere"]].T.to_dict("list")
        assert found == dict(sorted(expected.items()))


class TestTruth:
    def test_of_the_sandbox_every_rung_extension_is_one_of_a_user(self, tmp_path):
        with start_sandbox(calls=3000, days=6, seed=1) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            df = load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
            truth = sandbox.truth
        table = rung_parties(df)
        inbound = truth["by_direction"]["inbound"]
        assert set(table.index) <= {str(each["extension"]) for each in truth["users"]}
        assert table["n_rung"].sum() == 3 * inbound["calls"]  # three are rung for each caller
        assert table["missed"].sum() == 3 * (inbound["unanswered"] + inbound["failed"])
        assert 0 < table["answered"].sum() <= inbound["answered"]
        assert ratings(df, by=None).loc["all", "rated"] == df["qualityRating"].notna().sum() > 0


class TestUnknownIsNoZero:
    COUNTS = ("answered", "answer_rate", "not_answered", "taken_elsewhere")

    def test_no_state_is_known(self):
        rung = pd.DataFrame({"type": 0, "state": [None, None], "numbersRingedJSON": '["101"]'})
        row = rung_parties(rung).loc["101"]
        assert row["n_rung"] == 2
        assert row[[*self.COUNTS, "missed"]].isna().all()

    def test_nobody_says_who_took_the_calls(self):
        rung = pd.DataFrame({"type": 0, "state": [1, 1, 0], "numbersRingedJSON": '["101", "102"]'})
        table = rung_parties(rung)
        assert table[list(self.COUNTS)].isna().all(axis=None)
        assert table["missed"].tolist() == [1, 1]

    def test_a_party_without_answered_calls_took_none(self):
        rung = pd.DataFrame({"type": 0, "state": 0, "numbersRingedJSON": ['["101", "102"]']})
        assert rung_parties(rung)["answered"].tolist() == [0, 0]

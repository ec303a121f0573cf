"""What changes with the definition of a metric, on frames small enough to be counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.analysis import sensitivity

# Ann: 4 calls to 2 clients, 3 answered: 5 s, 12 s and 40 s of talk. Bob: 4 calls to 4 clients, 2 answered at
# length, one failed. Cid: 2 calls to 1 client, both answered without a word.
CALLS = pd.DataFrame(
    {
        "userId": ["Ann"] * 4 + ["Bob"] * 4 + ["Cid"] * 2,
        "clientNumber": [f"+493012340{each}" for each in (1, 1, 1, 2, 3, 4, 5, 6, 7, 7)],
        "state": [1, 1, 1, 0, 1, 1, 0, 2, 1, 1],
        "talkTime": [5, 12, 40, 0, 130, 31, 0, 0, 0, 0],
        "outcomeType": [
            "negative",
            None,
            "positive",
            None,
            "negative",
            "positive",
            None,
            None,
            None,
            "neutral",
        ],
    }
)
EXPECTED = {
    # name: all, Ann, Bob, Cid
    "contact_rate": (5 / 10, 3 / 4, 2 / 4, 0.0),
    "answer_rate": (7 / 10, 3 / 4, 2 / 4, 1.0),
    "answer_rate_delivered": (7 / 9, 3 / 4, 2 / 3, 1.0),
    "contact_rate_10s": (4 / 10, 2 / 4, 2 / 4, 0.0),
    "contact_rate_30s": (3 / 10, 1 / 4, 2 / 4, 0.0),
    "contact_rate_outcome": (5 / 10, 2 / 4, 2 / 4, 1 / 2),
    "contact_rate_clients": (4 / 7, 1 / 2, 2 / 4, 1.0),
}


class TestSensitivity:
    def test_the_answer_under_each_definition(self):
        table = sensitivity(CALLS, "contact_rate")
        assert table["value"].to_dict() == pytest.approx({name: each[0] for name, each in EXPECTED.items()})
        assert table.index[0] == "contact_rate"
        assert table.loc["answer_rate_delivered", ["counted", "counted_of"]].tolist() == [7, 9]
        assert table.loc["contact_rate_clients", "formula"] == (
            "distinct clients with an answered call ÷ distinct clients"
        )
        assert (table["value_low"] <= table["value"]).all()
        assert (table["value"] <= table["value_high"]).all()
        assert table["source"].str.len().min() > 0

    def test_the_asked_one_stands_first(self):
        assert sensitivity(CALLS, "contact_rate_30s").index[0] == "contact_rate_30s"
        assert set(sensitivity(CALLS, "answer_rate").index) == set(EXPECTED)

    def test_values_and_places_of_groups(self):
        table = sensitivity(CALLS, "contact_rate", by="userId")
        assert table.index.tolist() == ["Ann", "Bob", "Cid"]
        for name, (_, *of_users) in EXPECTED.items():
            assert table[name].tolist() == pytest.approx(of_users), name
        assert table["answer_rate_rank"].tolist() == [2, 3, 1]
        assert table["contact_rate_30s_rank"].tolist() == [2, 1, 3]
        assert table["contact_rate_outcome_rank"].tolist() == [1, 1, 1]
        assert table["place_best"].tolist() == [1, 1, 1]
        assert table["place_worst"].tolist() == [2, 3, 3]
        assert table["places_moved"].tolist() == [1, 2, 2]

    def test_conclusions_and_which_of_them_change(self):
        said = sensitivity(CALLS, "contact_rate", by="userId").attrs["conclusions"]
        assert said["best"]["contact_rate"] == ["Ann"]
        assert said["best"]["answer_rate"] == ["Cid"]
        assert said["best"]["contact_rate_10s"] == ["Ann", "Bob"]
        assert said["top_three"]["answer_rate"] == ["Cid", "Ann", "Bob"]
        # Cid is above the rest by answers and below it by talk; Ann is below it by conversations alone.
        assert said["side_of_the_rest"] == ["Ann", "Bob", "Cid"]
        assert said["changes"] == ["best", "top_three", "side_of_the_rest"]

    def test_nothing_changes_where_definitions_agree(self):
        calls = pd.DataFrame(
            {
                "userId": ["Ann"] * 4 + ["Bob"] * 4,
                "clientNumber": [f"+49301234{each:02}" for each in range(8)],
                "state": [1, 1, 1, 0, 1, 0, 0, 0],
                "talkTime": [300, 300, 300, 0, 300, 0, 0, 0],
                "outcomeType": ["positive", "neutral", "neutral", None, "negative", None, None, None],
            }
        )
        table = sensitivity(calls, by="userId")
        assert table["places_moved"].tolist() == [0, 0]
        assert not table["side_changes"].any()
        assert table.attrs["conclusions"]["changes"] == []

    def test_verdicts_are_those_beyond_chance(self):
        # Ann is answered far more often than Bob, though both have as many conversations.
        calls = pd.DataFrame(
            {
                "userId": ["Ann"] * 400 + ["Bob"] * 400,
                "state": [1] * 300 + [0] * 100 + [1] * 100 + [0] * 300,
                "talkTime": [60] * 100 + [5] * 200 + [0] * 100 + [60] * 100 + [0] * 300,
            }
        )
        table = sensitivity(calls, "contact_rate", by="userId")
        assert table["verdict_changes"].tolist() == [True, True]
        assert not table["side_changes"].any()
        assert table.attrs["conclusions"]["beyond_chance"] == ["Ann", "Bob"]
        few = sensitivity(calls.iloc[[0, 399, 400, 799]], "contact_rate", by="userId")
        assert not few["verdict_changes"].any()

    def test_a_group_without_a_label_has_no_place(self):
        table = sensitivity(CALLS.replace({"userId": {"Cid": None}}), by="userId")
        assert table.loc["(none)", ["contact_rate_rank", "answer_rate_rank", "places_moved"]].isna().all()
        assert table.loc["(none)", "answer_rate"] == 1.0
        assert table.loc["Ann", "answer_rate_rank"] == 1

    def test_a_definition_whose_column_is_missing_is_null(self):
        table = sensitivity(CALLS.drop(columns=["clientNumber", "outcomeType"]))
        assert table.index[table["value"].isna()].tolist() == ["contact_rate_outcome", "contact_rate_clients"]

    def test_a_definition_of_ones_own_takes_part(self):
        family = "reached by hand"
        strict = bc.Metric("reached_strictly", numerator="talkTime >= 30", family=family)
        loose = bc.Metric("reached_loosely", numerator="state == 'answered'", family=family)
        for asked in (strict, "reached_strictly"):
            table = CALLS.calls.sensitivity(asked)
            assert table["value"].to_dict() == {"reached_strictly": 0.3, "reached_loosely": 0.7}
            assert table.loc["reached_strictly", "formula"] == "talkTime >= 30 ÷ calls"
        table = CALLS.calls.sensitivity(family, by="userId")
        assert table["reached_loosely_rank"].to_dict() == {"Cid": 1, "Ann": 2, "Bob": 3}
        assert loose.name in table

    @pytest.mark.parametrize(
        ("metric", "error", "told"),
        [
            (
                "talk_time_mean_s",
                ValueError,
                "'talk_time_mean_s' has one definition only, since it has no family",
            ),
            ("contact_rat", ValueError, "did you mean 'contact_rate'"),
            (5, TypeError, "metric takes the name of a metric or a bc.Metric, not 5"),
        ],
    )
    def test_what_has_no_other_definition(self, metric, error, told):
        with pytest.raises(error, match=told):
            sensitivity(CALLS, metric)

    def test_no_calls(self):
        empty, full = (sensitivity(each, by="userId") for each in (CALLS.iloc[:0], CALLS))
        assert len(sensitivity(CALLS.iloc[:0])) == len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)

    @pytest.mark.parametrize("metric", ["conversation_rate", "conversion_rate"])
    def test_the_other_families(self, metric):
        values = sensitivity(CALLS, metric)["value"]
        assert (
            values.round(3).to_dict()
            == {
                "conversation_rate": {
                    "conversation_rate": 0.429,
                    "conversation_rate_120s": 0.143,
                    "conversation_rate_300s": 0.0,
                    "conversation_rate_outcome": 0.714,
                },
                "conversion_rate": {
                    "conversion_rate": 0.286,
                    "positive_rate": 0.2,
                    "conversion_rate_30s": 0.667,
                    "conversion_rate_clients": 0.286,
                },
            }[metric]
        )

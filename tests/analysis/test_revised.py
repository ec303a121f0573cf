"""What changed after it was first seen, counted; and a number then and now: by hand."""

from __future__ import annotations

import pandas as pd
import pandas.testing as pdt
import pytest

from brightcall_pandas.analysis import restated_table, revisions_table


@pytest.fixture
def calls():
    return pd.DataFrame(
        {
            "id": ["1", "2", "3", "4", "5"],
            "uniqueId": ["u1", "u2", "u3", "u4", None],
            "userId": ["Ann", "Ann", "Bob", "Bob", "Bob"],
            "outcomeTag": ["Sold", "sold ", "No", "No", None],
            "tags": ['["x", "y"]', "[]", '["x"]', "[]", "[]"],
        }
    )


@pytest.fixture
def entries():
    rows = [
        ("1", "u1", "changed", "outcomeTag", "No", "Sold"),
        ("1", "u1", "changed", "outcomeTag", None, "No"),
        ("2", "u2", "changed", "outcomeTag", "No", "sold "),
        ("2", "u2", "changed", "talkTime", "3", "4"),
        ("5", None, "gone", None, None, None),
        ("9", "u9", "changed", "talkTime", "1", "2"),  # of another frame
    ]
    return pd.DataFrame(rows, columns=["id", "uniqueId", "kind", "field", "old", "new"])


def counts(table):
    return table[["n_calls", "revised", "changes"]].apply(tuple, axis=1).to_dict()


class TestRevisions:
    def test_by_field(self, calls, entries):
        table = revisions_table(calls, entries)
        assert counts(table) == {"outcomeTag": (5, 2, 3), "talkTime": (5, 1, 1), "(gone)": (5, 1, 1)}
        assert table.index.name == "field"
        assert table.at["outcomeTag", "share"] == 0.4
        # Wilson's interval of 2 of 5
        assert table.loc["outcomeTag", ["share_low", "share_high"]].round(4).tolist() == [0.1176, 0.7693]

    def test_by_whose_calls_they_are(self, calls, entries):
        table = revisions_table(calls, entries, "userId")
        assert counts(table) == {"Ann": (2, 2, 4), "Bob": (3, 1, 1)}

    def test_groups_without_a_change_are_there(self, calls, entries):
        table = revisions_table(calls, entries[entries["kind"] == "changed"], "userId")
        assert counts(table) == {"Ann": (2, 2, 4), "Bob": (3, 0, 0)}

    def test_from_which_to_which(self, calls, entries):
        table = revisions_table(calls, entries[entries["field"] == "outcomeTag"], ["old", "new"])
        assert counts(table) == {
            ("No", "Sold"): (5, 1, 1),
            ("(none)", "No"): (5, 1, 1),
            ("No", "sold "): (5, 1, 1),
        }

    def test_both(self, calls, entries):
        table = revisions_table(calls, entries, ["userId", "kind"])
        assert counts(table) == {("Ann", "changed"): (2, 2, 4), ("Bob", "gone"): (3, 1, 1)}

    def test_spellings_of_an_outcome_are_one_group(self, calls, entries):
        table = revisions_table(calls, entries, "outcome")
        assert counts(table) == {"Sold": (2, 2, 4), "(none)": (1, 1, 1), "No": (2, 0, 0)}

    def test_a_call_with_two_tags_counts_in_both(self, calls, entries):
        table = revisions_table(calls, entries, "tag")
        assert counts(table)["x"] == (2, 1, 2)
        assert counts(table)["y"] == (1, 1, 2)

    def test_nothing_changed(self, calls, entries):
        assert revisions_table(calls, entries[:0]).empty
        pdt.assert_index_equal(
            revisions_table(calls, entries[:0]).columns, revisions_table(calls, entries).columns
        )
        assert counts(revisions_table(calls, entries[:0], "userId")) == {"Bob": (3, 0, 0), "Ann": (2, 0, 0)}

    def test_no_calls(self, calls, entries):
        assert revisions_table(calls[:0], entries).empty
        assert revisions_table(calls[:0], entries, "userId").empty

    def test_wrong_arguments(self, calls, entries):
        with pytest.raises(KeyError, match="agnet"):
            revisions_table(calls, entries, "agnet")
        with pytest.raises(ValueError, match="confidence"):
            revisions_table(calls, entries, confidence=1)


class TestRestated:
    @pytest.fixture
    def sides(self):
        now = pd.DataFrame({"userId": ["Ann", "Ann", "Bob"], "state": [1, 0, 1], "talkTime": [9.0, 0, 4]})
        then = pd.DataFrame(
            {"userId": ["Ann", "Ann", "Bob", "Cem"], "state": [1, 1, 1, 0], "talkTime": [9.0, 5, 4, 0]}
        )
        return now, then

    def test_all_calls(self, sides):
        table = restated_table(*sides, "answer_rate")
        assert table.index.tolist() == ["all"]
        assert table.iloc[0].round(4).to_dict() == {
            "n_calls_other": 4,
            "n_calls": 3,
            "answer_rate_other": 0.75,
            "answer_rate": 0.6667,
            "answer_rate_change": -0.0833,
        }

    def test_by_group_the_largest_change_first(self, sides):
        table = restated_table(*sides, "answer_rate", "userId")
        assert table.index.tolist() == ["Ann", "Bob", "Cem"]
        assert table["answer_rate_change"].tolist()[:2] == [-0.5, 0.0]
        assert table.loc["Cem", ["n_calls_other", "n_calls"]].tolist() == [1, 0]  # whose calls have gone
        assert pd.isna(table.at["Cem", "answer_rate"])

    def test_all_calls_stand_beside_the_groups(self, sides):
        for metric, of_all in (("answer_rate", [3 / 4, 2 / 3]), ("n_calls", [4, 3])):
            assert restated_table(*sides, metric, "userId").attrs["all"] == pytest.approx(of_all)

    def test_number_of_calls(self, sides):
        table = restated_table(*sides, "n_calls", "userId")
        assert table.columns.tolist() == ["n_calls_other", "n_calls", "n_calls_change"]
        assert table["n_calls_change"].to_dict() == {"Ann": 0, "Bob": 0, "Cem": -1}

    def test_an_unknown_metric(self, sides):
        with pytest.raises(ValueError, match="anser_rate"):
            restated_table(*sides, "anser_rate")

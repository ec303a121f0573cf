"""Names for ids, in tables and pictures."""

from __future__ import annotations

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.frame import named_table, names_by_id, shown_names

CALLS = pd.DataFrame(
    {
        "agentShortNumber": ["101", "101", "102", None],
        "lineNumber": ["+491", "+492", "+491", "+491"],
        "projectName": ["Solar", "Solar", "Heat", "Heat"],
        "numbersInvolvedJSON": ['["101","102"]', '["101"]', '["102","103"]', "[]"],
        "state": [1, 1, 1, 0],
        "type": 1,
        "timestamp": "2026-03-02T09:00:00Z",
        "id": ["1", "2", "3", "4"],
    }
)


class TestNamesById:
    def test_forms(self):
        expected = {"101": "Femke", "102": "Bo"}
        assert names_by_id({"101": "Femke", 102: " Bo "}) == expected
        assert names_by_id({101.0: "Femke", "102": "Bo", 103: None, 104: "  ", None: "x"}) == expected
        assert names_by_id(pd.Series(["Femke", "Bo"], index=[101, 102])) == expected
        assert names_by_id(pd.DataFrame({"ext": [101, 102], "who": ["Femke", "Bo"]})) == expected
        frame = pd.DataFrame({"team": ["N", "S"], "name": ["Femke", "Bo"], "id": ["101", "102"]})
        assert names_by_id(frame) == expected
        assert names_by_id(None) == {}

    def test_of_ids_that_share_a_name_each_is_shown(self):
        assert names_by_id({1: "Ann", 2: "Ann", 3: "Bo"}) == {"1": "Ann (1)", "2": "Ann (2)", "3": "Bo"}
        assert shown_names(["1", "Ann"], {1: "Ann"}) == {"1": "Ann (1)", "Ann": "Ann"}
        assert shown_names(["(none)"], {"(none)": "x"}) == {"(none)": "(none)"}

    def test_wrong_forms(self):
        with pytest.raises(TypeError, match="names takes a dict, a Series indexed by id, or a frame"):
            names_by_id(["Ann"])
        with pytest.raises(ValueError, match="'id' and 'name', or two columns, not one with 3: a, b, c"):
            names_by_id(pd.DataFrame({"a": [1], "b": [2], "c": [3]}))
        with pytest.raises(ValueError, match="two names for '101': 'Ann' and 'Bo'"):
            names_by_id({101: "Ann", "101": "Bo"})
        with pytest.raises(TypeError, match="names takes"):
            CALLS.calls.by_agent(names="Ann")


class TestTables:
    NAMES = {101: "Femke", "+491": "Main line", "Solar": "Solar roofs", "103": "Queue"}

    def test_agents_lines_and_projects(self):
        assert CALLS.calls.by_agent(names=self.NAMES)["n_calls"].to_dict() == {
            "Femke": 2,
            "102": 1,
            "(none)": 1,
        }
        assert set(CALLS.calls.by_line(names=self.NAMES).index) == {"Main line", "+492"}
        table = CALLS.calls.summary(by=["project", "agent"], names=self.NAMES)
        assert table.index.tolist() == [("Heat", "102"), ("Heat", "(none)"), ("Solar roofs", "Femke")]
        assert table.index.names == ["project", "agent"]
        by_column = CALLS.calls.breakdown("agentShortNumber", names=self.NAMES)
        assert set(by_column.index) == {"Femke", "102", "(none)"}
        assert CALLS.calls.breakdown("hour", names={9: "nine"}).index.tolist() == [9]

    def test_numbers_and_the_frame_stay(self):
        plain, named = CALLS.calls.by_agent(), CALLS.calls.by_agent(names=self.NAMES)
        pd.testing.assert_frame_equal(plain, named.set_axis(plain.index))
        assert CALLS["agentShortNumber"].tolist()[:3] == ["101", "101", "102"]
        assert named_table(plain, None) is plain

    def test_parties(self):
        matrix = CALLS.calls.transfer_matrix(names=self.NAMES)
        assert matrix.loc["Femke", "102"] == 1
        assert matrix.loc["102", "Queue"] == 1
        assert "Femke → 102" in CALLS.calls.transfer_variants(names=self.NAMES).index

    def test_both_sides_of_a_comparison(self):
        table = CALLS.calls.compare(CALLS, by="agent", names=self.NAMES)
        assert set(table.index) == {"Femke", "102", "(none)"}

    def test_pictures(self):
        plt = pytest.importorskip("matplotlib.pyplot")
        ax = CALLS.calls.plot.by_agent(names=self.NAMES, min_calls=1)
        assert "Femke" in {text.get_text() for text in ax.get_yticklabels()}
        ax = bc.plots.breakdown(CALLS.calls.breakdown("line"), names=self.NAMES)
        assert "Main line" in {text.get_text() for text in ax.get_yticklabels()}
        ax = CALLS.calls.plot.breakdown("agent", agent="lineNumber", names=self.NAMES)
        assert "Main line" in {text.get_text() for text in ax.get_yticklabels()}
        ax = CALLS.calls.plot.transfer_matrix(names=self.NAMES)
        assert "Femke" in {text.get_text() for text in [*ax.get_yticklabels(), *ax.get_xticklabels()]}
        ax = bc.plots.transfer_variants(CALLS.calls.transfer_variants(), names=self.NAMES)
        drawn = {text.get_text() for text in ax.figure.findobj(type(ax.title))}
        assert "Femke" in drawn
        plt.close("all")

"""Calls and tables as people read them: what the view says, and that the frame stays as it is."""

from __future__ import annotations

import re
import subprocess
import sys

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import brightcall_pandas as bc
from brightcall_pandas.errors import extra_line

pytest.importorskip("jinja2")


def show(df, **options):
    return df.calls.show(**options).to_html()


def texts(df, name, **options):
    """Return what the view shows of a column."""
    html = show(df, **options)
    number = headings(html).index(name)
    return re.findall(rf'<td[^>]* class="data row\d+ col{number}"[^>]*>(.*?)</td>', html)


def headings(html):
    return re.findall(r'<th[^>]* class="col_heading[^"]*"[^>]*>(.*?)</th>', html)


class TestNumbers:
    @pytest.mark.parametrize(
        ("name", "values", "expected"),
        [
            ("answer_rate", [0.6666, 1, None], ["66.7%", "100.0%", "–"]),
            ("answer_rate_low", [0.12345], ["12.3%"]),
            ("answer_rate_change", [0.0312, -0.2], ["+3.1 pp", "-20.0 pp"]),
            ("trend", [0.0031], ["+0.3 pp a week"]),
            ("talk_time_mean_s", [61.25, 5.0], ["61.2 s", "5.0 s"]),
            ("talk_time_total_s", [9999.0, 9999.5], ["9,999 s", "10,000 s"]),
            ("talk_time_total_s", [10000.0, 60.0, 2.0], ["166.7 min", "1.0 min", "< 0.1 min"]),  # ÷ 60
            ("talk_time_total_s", [36000.0, 0.0], ["600 min", "0 min"]),
            ("talk_time_total_s", [1234191.0, 3600.0, 30.0, None], ["342.8 h", "1.0 h", "< 0.1 h", "–"]),
            ("talk_time_total_s", [360000.0], ["100 h"]),
            ("talk_time_total_s", [3600.0, 0.0], ["3,600 s", "0 s"]),
            ("talk_time_mean_s_change", [-1.5], ["-1.5 s"]),
            ("rank", [1.0, None], ["1", "–"]),
            ("n_calls", [1234567], ["1,234,567"]),
            ("n_calls_change", [12, -3], ["+12", "-3"]),
            ("calls_per_client", [3.14159], ["3.14"]),
            ("calls_mean", [123.456], ["123.5"]),
            ("year", [2026], ["2026"]),  # nobody knows what it is
            ("detail", ["a", None], ["a", "–"]),
        ],
    )
    def test_are_written_by_their_unit(self, name, values, expected):
        assert texts(pd.DataFrame({name: values}), name) == expected

    def test_of_a_change_are_those_of_the_metric(self):
        table = pd.DataFrame({"rate": [0.5], "effect": [-0.25]})
        table.attrs["metric"] = "answer_rate"
        assert (texts(table, "rate"), texts(table, "effect")) == (["50.0%"], ["-25.0 pp"])

    def test_of_a_heatmap_are_those_of_its_value(self):
        calls = pd.DataFrame({"timestamp": pd.to_datetime(["2026-03-02 00:10"]), "state": ["answered"]})
        assert texts(calls.calls.heatmap(value="answer_rate"), "0")[0] == "100.0%"

    def test_of_calls(self):
        calls = pd.DataFrame(
            {
                "talkTime": [61.5, None],
                "qualityRating": [4.0, 5.0],
                "id": [1234567, 2],
                "favorite": [True, False],
            }
        )
        assert texts(calls, "talkTime") == ["61.5 s", "–"]
        assert texts(calls, "qualityRating") == ["4", "5"]
        assert texts(calls, "id") == ["1234567", "2"]  # an identifier is no number
        assert texts(calls, "favorite") == ["True", "False"]


class TestView:
    def typed(self, rows=1):
        return bc.to_frame([{"id": str(n), "timestamp": f"2026-03-02T10:00:{n:02}Z"} for n in range(rows)])

    def test_of_calls_starts_with_what_matters_and_their_own_columns(self):
        calls = self.typed().assign(mine=1)
        assert headings(show(calls))[:6] == ["timestamp", "type", "state", "outcomeTag", "talkTime", "mine"]
        assert "8 of 47 columns; others: df.calls.show(columns=[…]); times of UTC" in show(calls)
        assert list(calls)[:2] == ["answerTime", "callTime"]

    def test_columns_that_were_chosen_stay_in_their_order(self):
        chosen = ["talkTime", "type", "timestamp"]
        assert headings(show(self.typed()[chosen])) == chosen
        assert headings(show(self.typed(), columns=["label", "id"])) == ["label", "id"]
        assert headings(show(self.typed(), columns="label")) == ["label"]

    def test_the_frame_stays_as_it_is(self):
        for df in (self.typed(3), self.typed(3).calls.summary()):
            before = df.copy(deep=True)
            view = df.calls.show()
            view.to_html()
            assert_frame_equal(df, before)
            assert set(view.data.columns) <= {*df.columns, "agent"}

    def test_of_many_rows_is_of_the_first(self):
        calls = self.typed(60)
        assert show(calls).count("<tr>") == 61
        assert show(pd.concat([calls, calls])).count("<tr>") == 11
        assert "the first 10 of 120 calls" in show(pd.concat([calls, calls]))
        assert show(calls, rows=2).count("<tr>") == 3
        table = pd.DataFrame({"n_calls": range(101)})
        assert show(table.iloc[:100]).count("<tr>") == 101
        assert "the first 10 of 101 rows" in show(table)

    def test_of_a_million_calls_looks_at_no_more_than_it_shows(self):
        calls = pd.concat([self.typed(60)[["timestamp", "type", "talkTime"]]] * 17_000)
        view = calls.calls.show()
        assert "of 1,020,000 calls" in view.to_html()
        assert len(view.data) == 10

    def test_times_and_intervals(self):
        calls = bc.to_frame([{"timestamp": "2026-03-02T10:00:07Z", "talkTime": 5, "state": 1}] * 3)
        assert texts(calls, "timestamp")[0] == "2026-03-02 10:00:07"
        assert ">2026-03-02<" in show(calls.calls.over_time("D"))
        assert ">[0, 10)<" in show(calls.calls.talk_time_histogram(bins=[0, 10, 60]))

    def test_texts_of_calls_are_cut_and_cannot_be_code(self):
        calls = bc.to_frame([{"label": "<script>alert(1)</script>", "outcomeTag": "x" * 60}])
        html = show(calls, columns=["label", "outcomeTag"])
        assert "<script>" not in html
        assert "&lt;script&gt;" in html
        assert texts(calls, "outcomeTag", columns=["outcomeTag"]) == ["x" * 49 + "…"]
        assert "<b>" not in show(calls.calls.by_outcome().rename(index={"x" * 60: "<b>"}))

    @pytest.mark.parametrize(
        "df",
        [
            pd.DataFrame(),
            pd.DataFrame({"n_calls": []}),
            pd.DataFrame({"type": [1]}).iloc[:0],
            pd.DataFrame([[1, 2]], columns=["n_calls", "n_calls"]),
            pd.DataFrame({("answer_rate", "a"): [0.5], ("answer_rate", "b"): [0.25]}),
            pd.DataFrame({"n_calls": [1, 2]}, index=["a", "a"]),
            pd.DataFrame({"answer_rate": pd.array([None, 0.5], "Float64"), "when": pd.NaT}),
            pd.DataFrame({"x": [{"a": 1}, [1, 2]]}),
        ],
    )
    def test_any_frame_has_one(self, df):
        assert "<table" in show(df)

    def test_is_the_same_each_time(self):
        table = self.typed(3).calls.summary()
        assert show(table) == show(table.copy())

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"columns": ["talktime"]}, "no column 'talktime'; did you mean 'talkTime'"),
            ({"rows": 0}, "rows=0"),
        ],
    )
    def test_what_is_wrong_is_named(self, options, message):
        with pytest.raises(ValueError, match=message):
            self.typed().calls.show(**options)

    def test_without_jinja2_the_line_that_installs_it(self):
        code = (
            "import sys; sys.modules['jinja2'] = None\n"
            "import pandas as pd, brightcall_pandas as bc\n"
            "try: pd.DataFrame({'n_calls': [1]}).calls.show()\n"
            "except ModuleNotFoundError as error: print(error)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert extra_line("lab") in done.stdout


class TestDisplayTables:
    @pytest.fixture
    def html(self, monkeypatch):
        """Return what a notebook's cell shows of a value."""
        interactive = pytest.importorskip("IPython.core.interactiveshell")
        shell = interactive.InteractiveShell.instance()
        yield lambda value: shell.display_formatter.format(value)[0].get("text/html")
        bc.display_tables(False)
        interactive.InteractiveShell.clear_instance()

    def test_says_in_one_line_what_it_did_and_how_to_undo_it(self, html, capsys):
        bc.display_tables()
        said = capsys.readouterr().out
        assert said.count("\n") == 1
        assert "bc.display_tables(False)" in said
        bc.display_tables(False)
        assert capsys.readouterr().out == "Frames look as pandas shows them again.\n"

    def test_shows_calls_and_tables_until_it_is_switched_off(self, html):
        calls = bc.to_frame([{"id": "1", "timestamp": "2026-03-02T10:00:00Z", "talkTime": 61.25, "state": 1}])
        table = calls.calls.summary()
        plain = html(table)
        assert "100.0%" not in plain
        bc.display_tables()
        assert "100.0%" in html(table)
        assert headings(html(calls))[:2] == ["timestamp", "type"]
        bc.display_tables(False)
        assert html(table) == plain
        bc.display_tables(False)  # once more is no error

    @pytest.mark.parametrize(
        "other",
        [
            pd.DataFrame({"x": [1.5], "y": ["a"]}),
            pd.DataFrame({"share": [0.5], "price": [2.0], "name": ["a"]}),
            pd.DataFrame({"type": ["car"], "label": ["red"]}),
            pd.DataFrame(),
            pd.DataFrame({"talkTime": [60.0, 5.0], "qualityRating": [4.0, 2.0]}).describe(),
            pd.DataFrame({"talkTime": [60.0, 5.0], "qualityRating": [4.0, 2.0]}).corr(),
        ],
    )
    def test_leaves_other_frames_alone(self, html, other):
        plain = html(other)
        bc.display_tables()
        assert html(other) == plain

    def test_outside_of_a_notebook_it_does_nothing(self):
        code = "import brightcall_pandas as bc; print(bc.display_tables())"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert re.fullmatch(r"There is no notebook here.*\nNone\n", done.stdout)


class TestWidth:
    """A table takes no more room than a page has; what is left out is left out of the view only."""

    CALLS = pd.DataFrame(
        {
            "state": ["answered", "failed"] * 30,
            "agentShortNumber": ["101", "102"] * 30,
            "clientNumber": [f"+4930901{number:03}" for number in range(60)],
            "outcomeType": ["positive", None] * 30,
            "talkTime": [60.0, 0.0] * 30,
        }
    )

    def test_intervals_go_first_and_then_the_last_columns(self):
        table = self.CALLS.calls.by_agent()
        html = show(table)
        shown = headings(html)
        assert shown == [name for name in table if name in shown]  # in the table's order
        assert shown[:4] == ["rank", "answer_rate", "n_calls", "beyond_chance"]
        bounds = [name for name in shown if name.endswith(("_low", "_high"))]
        assert bounds == ["answer_rate_adjusted_low"]  # what the order goes by
        assert sum(len(name) + 2 for name in shown) <= 118
        said = f"{len(shown)} of {len(table.columns)} columns; all, with the table as t: "
        assert f"{said}t.calls.show(columns=list(t)); ranked by answer_rate_adjusted_low, the" in html

    def test_all_of_them_where_that_is_wished(self):
        table = self.CALLS.calls.by_agent()
        assert headings(show(table, columns=list(table))) == list(table)

    def test_what_has_room_is_whole(self):
        table = self.CALLS.calls.by_agent()[["rank", "answer_rate", "answer_rate_low", "answer_rate_high"]]
        assert headings(show(table)) == list(table)

    def test_columns_of_ones_own_stay(self):
        table = self.CALLS.calls.by_agent().assign(**{f"my own column {n}": n for n in range(12)})
        assert [name for name in headings(show(table)) if name.startswith("my")] == list(table)[-12:]

    def test_a_matrix_is_whole(self):
        wide = pd.DataFrame(1, index=range(2), columns=[f"{number} o'clock sharp" for number in range(24)])
        assert len(headings(show(wide))) == 24

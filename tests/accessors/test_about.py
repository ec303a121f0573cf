"""What ``df.calls`` says of itself."""

from __future__ import annotations

import pandas as pd
import pytest

import brightcall_pandas as bc

CALLS = pd.DataFrame(
    {
        "timestamp": pd.to_datetime(["2026-03-02 10:00", "2026-03-04 09:00"]).tz_localize("Europe/Berlin"),
        "state": ["answered", "failed"],
        "talkTime": [5.0, 0.0],
    }
)


def first_line(df):
    return repr(df.calls).splitlines()[0]


class TestRepr:
    def test_says_how_many_calls_of_which_days(self):
        assert first_line(CALLS) == "2 calls, 2026-03-02 to 2026-03-04 (Europe/Berlin)"
        assert first_line(CALLS.iloc[:1]) == "1 call, of 2026-03-02 (Europe/Berlin)"
        assert first_line(CALLS.iloc[:0]) == "0 calls"
        assert first_line(CALLS[["state", "talkTime"]]) == "2 calls"
        assert first_line(CALLS.astype({"timestamp": str})) == "2 calls"  # times are not read for this

    @pytest.mark.parametrize(
        ("complete", "said"),
        [(True, "proved complete when loaded"), (False, "NOT proved complete, see .quality()")],
    )
    def test_says_what_was_loaded_and_whether_it_was_complete(self, complete, said):
        loaded = CALLS.copy()
        query = {"dayFrom": "2026-03-01", "dayTo": "2026-03-31"}
        loaded.attrs["brightcall"] = {"query": query, "complete": complete}
        assert first_line(loaded) == f"2 calls, 2026-03-01 to 2026-03-31 (Europe/Berlin), {said}"

    def test_a_part_of_what_was_loaded_is_told_as_one(self):
        loaded = CALLS.copy()
        loaded.attrs["brightcall"] = {"complete": True, "windows": [{"rows": 1}, {"rows": 1}]}
        assert first_line(loaded).startswith("2 calls, ")
        assert first_line(loaded.iloc[:1]).startswith("1 of 2 calls loaded, ")

    def test_every_hint_works(self, monkeypatch, tmp_path):
        """What is there to try can be tried, on calls and on tables."""
        pytest.importorskip("xlsxwriter")
        monkeypatch.chdir(tmp_path)
        calls = bc.to_frame([{"id": "1", "timestamp": "2026-03-02T10:00:00Z", "type": 0, "state": 1}])
        for df in (calls, calls.calls.by_outcome()):
            _, *hints = repr(df.calls).splitlines()
            tried = [code for line in hints for code in line.split("  ") if code.startswith(".")]
            assert len(tried) >= 3
            for code in tried:
                assert eval(f"df.calls{code}") is not None, code

    def test_says_how_to_write_a_workbook(self):
        assert "pandas' own df.to_excel refuses times with a zone" in repr(CALLS.calls)
        with pytest.raises(ValueError, match="timezone"):
            CALLS.to_excel("calls.xlsx")

    def test_of_a_table(self):
        assert first_line(CALLS.calls.summary()).startswith("a table of 1 row and 14 columns")

    def test_in_a_notebook_it_is_a_table_of_the_same(self):
        html = CALLS.calls._repr_html_()
        assert "2 calls, 2026-03-02 to 2026-03-04 (Europe/Berlin)" in html
        assert "<code>.explore()</code>" in html
        hostile = CALLS.copy()
        hostile.attrs["brightcall"] = {"query": {"dayFrom": "<b>", "dayTo": "<b>"}}
        assert "<b><b>" not in hostile.calls._repr_html_()
        assert "&lt;b&gt;" in hostile.calls._repr_html_()

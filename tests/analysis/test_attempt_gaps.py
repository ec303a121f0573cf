"""What another dial brings, by how long after the one before: expected values are worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import attempt_gaps


def dials_of(*rows):
    """Return outbound calls from client, time, whether answered, and project."""
    table = pd.DataFrame(rows, columns=["clientNumber", "timestamp", "state", "projectName"])
    table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True)
    return table.assign(type=1)


@pytest.fixture
def dials():
    return dials_of(
        ("x", "2026-03-02 09:00", 0, "A"),
        ("x", "2026-03-02 09:59", 0, "A"),  # 59 min later
        ("x", "2026-03-02 10:59", 1, "A"),  # exactly 1 h later: reached
        ("x", "2026-03-04 10:59", 1, "B"),  # two days later, reached before
        ("y", "2026-03-02 09:00", 0, "B"),
        ("y", "2026-03-12 09:00", 1, "A"),  # ten days later: reached
        ("z", "2026-03-02 09:00", 1, "A"),
        ("z", "2026-03-02 09:10", 0, "A"),  # reached before
        (None, "2026-03-02 09:00", 1, "A"),
        (None, "2026-03-02 09:10", 1, "A"),  # nobody knows whose second dial
    )


class TestAttemptGaps:
    def test_every_attempt_by_its_gap(self, dials):
        table = attempt_gaps(dials)
        assert table["dials"].to_dict() == {
            ("2", "< 1 h"): 2,
            ("2", "≥ 7 days"): 1,
            ("3", "1–4 h"): 1,
            ("4", "1–3 days"): 1,
        }
        assert table["answered"].tolist() == [0, 1, 1, 1]
        assert table["answer_rate"].tolist() == [0, 1, 1, 1]
        assert table["unreached"].tolist() == [1, 1, 1, 0]
        assert table["reached"].tolist() == [0, 1, 1, 0]
        assert table["marginal_rate"].tolist()[:3] == [0, 1, 1]
        assert pd.isna(table["marginal_rate"].iloc[3])

    def test_attempts_after_the_fifth_are_one_row(self):
        times = pd.date_range("2026-03-02", periods=8, freq="2h")
        table = attempt_gaps(dials_of(*(("x", time, 0, "A") for time in times)))
        assert table["dials"].to_dict() == {
            **{(str(number), "1–4 h"): 1 for number in range(2, 6)},
            ("6+", "1–4 h"): 3,
        }

    def test_edges_of_ones_own(self, dials):
        table = attempt_gaps(dials, ("90min", "3D"))
        assert table["dials"].groupby(level="gap", sort=False).sum().to_dict() == {
            "< 90 min": 3,
            "≥ 3 days": 1,
            "90 min–3 days": 1,
        }

    @pytest.mark.parametrize("edges", [("1D", "1h"), ("1h", "1h"), (), ("0s", "1h"), ("soon",)])
    def test_edges_that_do_not_ascend_are_refused(self, dials, edges):
        with pytest.raises(ValueError, match=r"edges=|window=|unit"):
            attempt_gaps(dials, edges)

    def test_by_counts_attempts_and_gaps_within_each_group(self, dials):
        table = attempt_gaps(dials, by="project")
        assert table["dials"].to_dict() == {("A", "2", "< 1 h"): 2, ("A", "3", "1–4 h"): 1}

    def test_other_directions(self, dials):
        assert attempt_gaps(dials, direction="inbound").empty
        assert attempt_gaps(dials.assign(type=0), direction="inbound")["dials"].sum() == 5

    def test_what_is_not_known_is_null(self, dials):
        table = attempt_gaps(dials.assign(state=None))
        assert table["dials"].sum() == 5
        assert (
            table[["answered", "answer_rate", "unreached", "reached", "marginal_rate"]].isna().all(axis=None)
        )

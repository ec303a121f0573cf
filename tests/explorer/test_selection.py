"""Selections saved by name."""

import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import brightcall_pandas as bc
from brightcall_pandas.explorer import Explorer

CALLS = bc.to_frame(
    pd.DataFrame(
        {
            "timestamp": [
                "2026-03-02T09:00:00",
                "2026-03-05T17:30:00",
                "2026-03-06T12:00:00",
                "2026-03-11T08:00:00",
            ],
            "type": ["inbound", "outbound", "inbound", "internal"],
            "state": ["answered", "unanswered", "failed", "answered"],
            "outcomeTag": ["Sold", "No answer", "Sold", None],
        }
    ),
    timezone="Europe/Berlin",
)


@pytest.fixture
def ex(tmp_path):
    return Explorer(CALLS, presets=tmp_path / "presets.json")


class TestPresets:
    def test_presets_are_kept_in_a_private_json_file(self, ex, tmp_path):
        ex.set("outcomes", ["Sold"])
        ex.set("hours", (9, 17))
        ex.save_preset("Sold by day")
        path = tmp_path / "presets.json"
        assert json.loads(path.read_text()) == {
            "Sold by day": {"filter": {"outcomes": ["Sold"]}, "conditions": {"hours": [9, 17]}}
        }
        assert path.stat().st_mode & 0o077 == 0
        again = Explorer(CALLS, presets=path)
        assert again.presets == ["Sold by day"]
        again.load_preset("Sold by day")
        assert_frame_equal(again.frame, ex.frame)
        again.delete_preset("Sold by day")
        assert again.presets == []

    def test_a_preset_that_is_not_there_or_broken_is_named(self, ex, tmp_path):
        with pytest.raises(KeyError, match="no preset 'x'"):
            ex.load_preset("x")
        (tmp_path / "presets.json").write_text("no json")
        with pytest.raises(ValueError, match=r"presets\.json is not a file of presets"):
            ex.load_preset("x")

    def test_a_broken_file_of_presets_stops_nothing_else(self, ex, tmp_path, monkeypatch):
        (tmp_path / "presets.json").write_text("no json")
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        ex.set("types", "inbound")
        assert sent[-1]["n_calls"] == (CALLS["type"] == "inbound").sum()
        assert sent[-1]["presets"] == []
        assert "presets.json is not a file of presets" in sent[-1]["error"]

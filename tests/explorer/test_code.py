"""The code that gives the same rows without the explorer."""

import types

import pandas as pd
import pytest

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


class TestCode:
    DAYS = "'2026-03-02', '2026-03-11'"

    def test_asks_for_the_days_of_the_frame(self, ex):
        assert ex.code() == f"calls = bc.load_calls({self.DAYS})\ncalls = df"

    @pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
    def test_days_of_another_zone_reach_one_day_further(self, zone):
        # 01:00 UTC is still the day before in New York, 23:00 UTC already the day after in Tokyo.
        stamps = pd.to_datetime(["2026-03-02T01:00Z", "2026-03-02T12:00Z", "2026-03-02T23:00Z"])
        df = pd.DataFrame({"id": ["1", "2", "3"], "timestamp": stamps})
        ex = df.calls.explore()
        assert ex.code().startswith("calls = bc.load_calls('2026-03-02', '2026-03-02')\n")
        ex.filter = bc.CallFilter(timezone=zone)
        from_api, _ = ex.code().split("\n")
        assert from_api == f"calls = bc.load_calls('2026-03-01', '2026-03-03', timezone='{zone}')"
        assert (ex.request()["dayFrom"], ex.request()["dayTo"]) == ("2026-03-01", "2026-03-03")

        def load_calls(day_from, day_to, **filters):
            return df.calls.filter(day_from=day_from, day_to=day_to, **filters)

        space = {"bc": types.SimpleNamespace(load_calls=load_calls)}
        exec(from_api, space)
        assert space["calls"]["id"].tolist() == ["1", "2", "3"]

    def test_days_of_a_load_in_another_zone_stay(self):
        df = pd.DataFrame({"timestamp": pd.to_datetime(["2026-03-02T01:00Z"])})
        df.attrs["brightcall"] = {
            "query": {"dayFrom": "2026-03-02", "dayTo": "2026-03-02", "timezone": "Asia/Tokyo"}
        }
        assert (
            df.calls.explore()
            .code()
            .startswith("calls = bc.load_calls('2026-03-02', '2026-03-02', timezone='Asia/Tokyo')\n")
        )

    def test_conditions_are_filters_of_rows(self, ex):
        ex.set("types", "inbound")
        ex.set("hours", (9, 17))
        assert ex.code().split("\n")[1] == (
            "calls = df.calls.filter(types=['inbound']).calls.filter(hours=(9, 17), timezone='Europe/Berlin')"
        )

    def test_keeps_what_the_frame_was_loaded_with(self):
        df = CALLS.calls.filter(types=["inbound", "outbound"], day_to="2026-03-08")
        query = {"dayFrom": "2026-03-01", "dayTo": "2026-03-08", "types": [0, 1], "allUsers": True}
        df.attrs["brightcall"] = {"query": query | {"dateInterval": "day"}}
        ex = df.calls.explore()
        ex.filter = bc.CallFilter(day_from="2026-03-05", day_to="2026-03-20", types="inbound", states=[1])
        assert ex.code().split("\n")[0] == (
            "calls = bc.load_calls('2026-03-05', '2026-03-08', types=['inbound', 'outbound'], "
            "states=['answered']).calls.filter(types=['inbound'])"
        )
        assert ex.request() == {
            "dayFrom": "2026-03-05",
            "dayTo": "2026-03-08",
            "dateInterval": "day",
            "types": [0, 1],
            "states": [1],
            "allUsers": True,
        }

    def test_days_outside_the_load_are_asked_of_its_rows(self):
        df = CALLS.copy()
        df.attrs["brightcall"] = {"query": {"dayFrom": "2026-03-02", "dayTo": "2026-03-11"}}
        ex = df.calls.explore()
        ex.filter = bc.CallFilter(day_from="2027-01-01")
        assert ex.code().startswith(f"calls = bc.load_calls({self.DAYS}).calls.filter(day_from='2027-01-01')")

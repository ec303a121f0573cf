"""Names of timezones, as people and systems write them."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta, timezone

import dateutil.tz
import matplotlib.pyplot as plt
import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas.frame import zone_info, zone_name

FOUR = timezone(timedelta(hours=4))


class TestZoneName:
    @pytest.mark.parametrize(
        ("value", "name"),
        [
            ("Europe/Berlin", "Europe/Berlin"),
            (zoneinfo.ZoneInfo("Europe/Berlin"), "Europe/Berlin"),
            ("asia/dubai", "Asia/Dubai"),
            (" AMERICA/NEW YORK ", "America/New_York"),
            ("Etc/GMT-4", "Etc/GMT-4"),  # an IANA name, whose sign is the other way round
            ("utc", "UTC"),
            ("Z", "UTC"),
            (UTC, "UTC"),
            ("+00:00", "UTC"),
            ("+04:00", "+04:00"),
            ("+0400", "+04:00"),
            ("+4", "+04:00"),
            ("GMT+4", "+04:00"),
            ("utc -3:30", "-03:30"),
            (FOUR, "+04:00"),
            (dateutil.tz.gettz("America/New_York"), "America/New_York"),
            (dateutil.tz.tzoffset("here", 4 * 3600), "+04:00"),
            (dateutil.tz.UTC, "UTC"),
            ("Arabian Standard Time", "Asia/Dubai"),
            ("w. europe standard time", "Europe/Berlin"),
        ],
    )
    def test_zones(self, value, name):
        assert zone_name("timezone", value) == name

    @pytest.mark.parametrize(
        ("value", "near"),
        [
            ("Europe/Berln", "Europe/Berlin"),
            ("Dubai", "Asia/Dubai"),
            ("New York", "America/New_York"),
            ("Arabien Standard Time", "Asia/Dubai"),
        ],
    )
    def test_the_nearest_of_an_unknown_one(self, value, near):
        with pytest.raises(ValueError, match="is not a timezone known here") as raised:
            zone_name("timezone", value)
        assert str(raised.value) == (
            f"timezone={value!r} is not a timezone known here; did you mean {near!r}? "
            "Give an IANA name, for example 'Europe/Berlin'."
        )

    @pytest.mark.parametrize("value", ["", "../etc/passwd", "Xyzzy", "+15:00", "GMT+99", "localtime"])
    def test_none_at_all(self, value):
        with pytest.raises(ValueError, match="is not a timezone known here"):
            zone_name("timezone", value)

    def test_others(self):
        with pytest.raises(TypeError) as raised:
            zone_name("timezone", 1)
        assert (
            str(raised.value) == "timezone takes the name of a timezone, for example 'Europe/Berlin', not 1"
        )


class TestZoneInfo:
    @pytest.mark.parametrize(
        ("name", "hours"), [("+04:00", 4), ("-03:30", -3.5), ("UTC", 0), ("Asia/Dubai", 4)]
    )
    def test_knows_every_name(self, name, hours):
        assert zone_info(name).utcoffset(datetime(2026, 3, 2)) == timedelta(hours=hours)


class TestWhereAZoneIsTaken:
    TIME = "2026-03-02T22:30:00"

    @pytest.mark.parametrize("zone", ["GMT+4", "asia/dubai", "Arabian Standard Time", FOUR])
    def test_frames(self, zone):
        frame = bc.to_frame([{"id": 1, "timestamp": self.TIME}], timezone=zone)
        assert frame.loc[0, "timestamp"] == pd.Timestamp("2026-03-02T18:30:00Z")
        assert str(frame.loc[0, "timestamp"])[:19] == "2026-03-02 22:30:00"

    def test_filters_and_frames_refuse_alike(self):
        for make in (lambda zone: bc.to_frame([], timezone=zone), lambda zone: bc.CallFilter(timezone=zone)):
            with pytest.raises(ValueError, match="did you mean 'Europe/Berlin'"):
                make("Europe/Berln")

    def test_a_filter_sends_the_one_name(self):
        assert bc.CallFilter(timezone="gmt+4").to_request() == {"timezone": "+04:00"}


class TestFixedOffsets:
    """Two calls an hour apart, on both sides of midnight at +04:00."""

    @pytest.fixture
    def calls(self):
        calls = [
            {"id": n, "timestamp": f"2026-03-02T{hour}:30:00Z", "type": 0, "state": 1, "talkTime": 60}
            | {"numbersInvolvedJSON": '["101", "102"]', "outcomeTag": "Sold"}
            for n, hour in enumerate((19, 20))
        ]
        return bc.to_frame(calls, timezone="GMT+4")

    def test_tables(self, calls):
        assert calls.calls.breakdown("hour").index.tolist() == [0, 23]
        days = [pd.Timestamp("2026-03-02", tz="+04:00"), pd.Timestamp("2026-03-03", tz="+04:00")]
        assert calls.calls.breakdown("day").index.tolist() == days
        assert calls.calls.over_time("D").index.tolist() == days
        assert calls.calls.over_time("15min")["n_calls"].sum() == 2

    def test_chains(self, calls):
        assert calls.calls.transfer_summary().shape == bc.to_frame(calls).calls.transfer_summary().shape
        assert len(calls.calls.transfer_events()) == len(bc.to_frame(calls).calls.transfer_events())

    def test_filters(self, calls):
        assert calls.calls.filter(day_from="2026-03-03", day_to="2026-03-03")["id"].tolist() == ["1"]
        other = bc.CallFilter(day_from="2026-03-02", day_to="2026-03-02", timezone="+05:00").mask(calls)
        assert other.tolist() == [False, False]

    def test_files(self, calls, tmp_path):
        calls.calls.to_parquet(tmp_path / "folder")
        again = bc.read_calls(tmp_path / "folder")
        assert again["timestamp"].dt.tz == FOUR
        pdt.assert_frame_equal(again, calls)
        assert len(bc.read_calls(tmp_path / "folder", day_from="2026-03-03", day_to="2026-03-03")) == 1
        calls.to_parquet(tmp_path / "one.parquet")
        pdt.assert_frame_equal(pd.read_parquet(tmp_path / "one.parquet"), calls)
        assert "2026-03-03 00:30:00+04:00" in calls.to_csv()

    @pytest.mark.parametrize("name", ["over_time", "heatmap", "concurrency"])
    def test_pictures(self, calls, name):
        axes = getattr(calls.calls.plot, name)(*(["D"] if name == "over_time" else []))
        axes.figure.canvas.draw()
        plt.close(axes.figure)

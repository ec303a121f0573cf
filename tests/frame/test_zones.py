"""Names of timezones, as people and systems write them."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
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

    @pytest.mark.parametrize("value", ["", "../etc/passwd", "Xyzzy", "+15:00", "GMT+99"])
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

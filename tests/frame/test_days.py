"""Where days begin."""

import pandas as pd
import pytest

from brightcall_pandas.frame import midnight


class TestMidnight:
    @pytest.mark.parametrize(
        ("day", "zone", "days", "expected"),
        [
            ("2026-03-29", "Europe/Berlin", 0, "2026-03-28T23:00Z"),
            ("2026-03-29", "Europe/Berlin", 1, "2026-03-29T22:00Z"),
            ("2026-03-29", "UTC", 0, "2026-03-29T00:00Z"),
            ("2026-03-29", "UTC+05:30", 0, "2026-03-28T18:30Z"),
            # Cairo skips 00:00 to 01:00 on 2026-04-24; Havana has 00:00 to 01:00 twice on 2026-11-01.
            ("2026-04-24", "Africa/Cairo", 0, "2026-04-23T22:00Z"),
            ("2026-11-01", "America/Havana", 0, "2026-11-01T04:00Z"),
            # Apia skipped the whole of 2011-12-30.
            ("2011-12-30", "Pacific/Apia", 1, "2011-12-30T10:00Z"),
        ],
    )
    def test_first_instant_of_the_day(self, day, zone, days, expected):
        assert midnight(day, zone, days) == pd.Timestamp(expected)

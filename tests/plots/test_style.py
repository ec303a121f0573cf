from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from brightcall_pandas.plots.style import calls_of, housed, ink_on, number, percent, percent_axis, shortened


class TestHoused:
    def test_global_settings_stay_as_they_are(self):
        before = dict(mpl.rcParams)
        inside = []

        @housed
        def draw(table):
            inside.append(mpl.rcParams["axes.spines.top"])

        draw(pd.DataFrame())
        assert inside == [False]
        assert dict(mpl.rcParams) == before
        assert mpl.rcParams["axes.spines.top"]

    def test_a_backend_loaded_by_the_first_picture_goes_on_showing_pictures(self):
        mpl.interactive(False)
        housed(lambda table: mpl.interactive(True))(pd.DataFrame())
        try:
            assert mpl.is_interactive()
        finally:
            mpl.interactive(False)


class TestShortened:
    def test_keeps_both_ends(self):
        assert shortened("short") == "short"
        cut = shortened("Not interested, please call in spring", 20)
        assert len(cut) <= 20
        assert cut.startswith("Not interest")
        assert cut.endswith("spring")


class TestPercent:
    @pytest.mark.parametrize(
        ("share", "text"),
        [
            (0, "0.0 %"),
            (0.0004, "< 0.1 %"),
            (0.0123, "1.2 %"),
            (0.0994, "9.9 %"),
            (0.0996, "10 %"),
            (1, "100 %"),
        ],
    )
    def test_decimals_where_they_matter(self, share, text):
        assert percent(share) == text


class TestPercentAxis:
    @pytest.mark.parametrize("top", [0.0021, 0.03, 0.21, 0.8, 1.0])
    def test_ticks_say_where_they_are(self, top):
        ax = plt.subplots()[1]
        percent_axis(ax.yaxis)
        ax.set_ylim(0, top)
        ax.figure.canvas.draw()
        ticks = [
            (tick, label.get_text())
            for tick, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
        ]
        shown = [(tick, text) for tick, text in ticks if text and tick <= top]
        assert len(shown) > 3
        assert [float(text.removesuffix(" %")) for _, text in shown] == pytest.approx(
            [100 * t for t, _ in shown]
        )

    def test_nothing_above_all(self):
        ax = plt.subplots()[1]
        percent_axis(ax.xaxis)
        assert ax.xaxis.get_major_formatter()(1.2, 0) == ""


class TestNumbers:
    def test_separators_and_plural(self):
        assert number(20000) == "20,000"
        assert calls_of(1) == "n = 1 call"
        assert calls_of(2000.0) == "n = 2,000 calls"


class TestInkOn:
    def test_dark_on_light_and_light_on_dark(self):
        assert ink_on("#ffffff") != "white"
        assert ink_on("#0072b2") == "white"

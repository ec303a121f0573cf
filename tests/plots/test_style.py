from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from brightcall_pandas.plots._style import (
    calls_of,
    counted,
    housed,
    ink_on,
    is_rate,
    new_axes,
    number,
    percent,
    percent_axis,
    shortened,
    signed,
    titled,
    words_of,
)


class TestHoused:
    def test_global_settings_stay_as_they_are(self):
        before = dict(mpl.rcParams)
        inside = []

        @housed
        def draw(table, *, ax=None):
            inside.append(mpl.rcParams["axes.spines.top"])

        draw(pd.DataFrame())
        assert inside == [False]
        assert dict(mpl.rcParams) == before
        assert mpl.rcParams["axes.spines.top"]

    def test_a_backend_loaded_by_the_first_picture_goes_on_showing_pictures(self):
        mpl.interactive(False)
        housed(lambda table, ax: mpl.interactive(True))(pd.DataFrame())
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
        ax.set_xlim(-0.1, 1.6)
        assert list(ax.get_xticks()) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


class TestTitled:
    REMARKS = "n = 2,000 calls; whiskers: interval (Wilson); the 30 largest of 60 groups"

    def test_remarks_go_on_in_a_second_line_where_the_axes_are_narrow(self):
        for width, words in (
            (8, self.REMARKS),
            (4, self.REMARKS.replace("; the", "\nthe")),
        ):
            ax = new_axes(None, width=width)
            titled(ax, "title", self.REMARKS)
            assert ax.texts[0].get_text() == words

    def test_names_beside_the_axes_take_room_too(self):
        ax = new_axes(None, width=8)
        ax.set_yticks([0], ["x" * 40])
        titled(ax, "title", self.REMARKS)
        assert ax.texts[0].get_text().count("\n") == 1

    @pytest.mark.parametrize("width", [4, 8])
    def test_the_key_stays_on_the_picture(self, width):
        ax = new_axes(None, width=width)
        ax.set_yticks([0], ["x" * 20])
        for each in range(6):
            ax.plot([0], [each], label=f"a name of the key {each}")
        titled(ax, "title", key=True)
        ax.figure.canvas.draw()
        assert ax.get_legend().get_window_extent().x1 <= ax.figure.bbox.x1


class TestNumbers:
    def test_separators_and_plural(self):
        assert number(20000) == "20,000"
        assert calls_of(1) == "n = 1 call"
        assert calls_of(2000.0) == "n = 2,000 calls"
        assert counted(2, "answered call") == "2 answered calls"

    def test_changes_have_a_sign(self):
        assert [signed(each, 1) for each in (1234.56, -0.25, -0.04)] == ["+1,234.6", "−0.2", "+0.0"]


class TestMetrics:
    def test_names_as_words(self):
        assert words_of("talk_time_mean_s") == "talk time mean"
        assert words_of("n_calls") == "calls"
        assert [is_rate(name) for name in ("answer_rate", "ai_talk_share", "n_calls")] == [True, True, False]


class TestInkOn:
    def test_dark_on_light_and_light_on_dark(self):
        assert ink_on("#ffffff") != "white"
        assert ink_on("#0072b2") == "white"

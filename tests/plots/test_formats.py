from __future__ import annotations

from datetime import date

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from brightcall_pandas.plots._colors import (
    PALETTE,
    contrast,
    group_colors,
    hue_on,
    ink_on,
    ramp_on,
    second_hue_on,
    tones_on,
)
from brightcall_pandas.plots._formats import (
    amount,
    calls_of,
    counted,
    days_text,
    duration,
    durations,
    field_words,
    is_rate,
    number,
    percent,
    percent_axis,
    plural,
    seconds_axis,
    signed,
    words_of,
)
from brightcall_pandas.plots._labels import label_of, legible, shortened

UNKNOWN = float("nan")


class TestPercent:
    @pytest.mark.parametrize(
        ("share", "text"),
        [
            (0, "0 %"),
            (0.0004, "< 0.1 %"),
            (0.0123, "1.2 %"),
            (0.0994, "9.9 %"),
            (0.0996, "10 %"),
            (0.994, "99.4 %"),
            (0.9999, "> 99.9 %"),
            (1, "100 %"),
            (UNKNOWN, "not known"),
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


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0, "0 s"),
            (4.25, "4.2 s"),
            (53, "53 s"),
            (60, "1 min"),
            (90, "90 s"),
            (150, "2.5 min"),
            (3600, "1 h"),
            (5000, "83 min"),
            (86_400 * 3, "3 days"),
            (UNKNOWN, "not known"),
        ],
    )
    def test_in_the_unit_that_a_person_would_choose(self, seconds, text):
        assert duration(seconds) == text

    def test_a_value_is_told_as_its_metric_is(self):
        assert amount(0.416, "answer_rate") == "42 %"
        assert amount(166.15, "talk_time_mean_s") == "2.8 min"
        assert amount(911.4, "n_calls_per_day") == "911"
        assert amount(9.5, "n_calls_per_day") == "9.5"
        assert amount(UNKNOWN, "answer_rate") == "not known"


class TestDurations:
    @pytest.mark.parametrize(
        ("seconds", "texts"),
        [
            ([60, 117], ["60 s", "117 s"]),
            ([60, 130], ["1.0 min", "2.2 min"]),
            ([77, 154], ["1.3 min", "2.6 min"]),
            ([28, 77, 180], ["28 s", "77 s", "180 s"]),
            ([1200, 10_800], ["20 min", "180 min"]),
            ([0, 2.5, 117], ["0.0 s", "2.5 s", "117 s"]),
            ([UNKNOWN, 90], ["not known", "90 s"]),
            ([], []),
        ],
    )
    def test_what_is_compared_has_one_unit(self, seconds, texts):
        assert durations(seconds) == texts

    @pytest.mark.parametrize("high", [50, 100, 130, 200, 500, 4000, 9000, 200_000])
    def test_an_axis_has_one_unit(self, high):
        ax = plt.subplots()[1]
        ax.set_xlim(0, high)
        seconds_axis(ax.xaxis)
        ax.figure.canvas.draw()
        told = [each.get_text() for each in ax.get_xticklabels() if each.get_text() not in ("", "0")]
        assert len(told) > 1
        assert len({each.rpartition(" ")[2] for each in told}) == 1


class TestNumbers:
    def test_separators_and_plural(self):
        assert number(20000) == "20,000"
        assert calls_of(1) == "n = 1 call"
        assert calls_of(2000.0) == "n = 2,000 calls"
        assert counted(2, "answered call") == "2 answered calls"

    def test_changes_have_a_sign(self):
        assert [signed(each, 1) for each in (1234.56, -0.25, -0.04)] == ["+1,234.6", "−0.2", "+0.0"]


class TestDays:
    def test_no_part_is_said_twice(self):
        assert days_text(date(2026, 3, 2), date(2026, 3, 2)) == "2 March 2026"
        assert days_text(date(2026, 3, 2), date(2026, 3, 31)) == "2–31 March 2026"
        assert days_text(date(2026, 3, 28), date(2026, 4, 3)) == "28 March – 3 April 2026"
        assert days_text(date(2025, 12, 30), date(2026, 1, 2)) == "30 December 2025 – 2 January 2026"


class TestMetrics:
    def test_names_as_words(self):
        assert words_of("talk_time_mean_s") == "talk time mean"
        assert words_of("n_calls") == "calls"

    def test_fields_as_words(self):
        shown = [field_words(name) for name in ("talkTime", "numbersInvolvedJSON", "aiTalkTime", "id")]
        assert shown == ["talk time", "numbers involved JSON", "AI talk time", "id"]

    def test_several(self):
        assert [plural(each) for each in ("week", "country", "day", "projects")] == [
            "weeks",
            "countries",
            "days",
            "projects",
        ]
        assert [is_rate(name) for name in ("answer_rate", "ai_talk_share", "n_calls")] == [True, True, False]


class TestLabels:
    def test_both_ends_are_kept(self):
        assert shortened("short") == "short"
        cut = shortened("Not interested, please call in spring", 20)
        assert len(cut) <= 20
        assert cut.startswith("Not interest")
        assert cut.endswith("spring")

    def test_a_name_from_right_to_left_does_not_turn_what_follows(self):
        name = "مبيعات"
        assert label_of((name, "< 10 s")) == f"\u2068{name}\u2069 · < 10 s"

    def test_a_letter_that_no_font_has_is_a_box(self):
        assert legible("a\U0010fffdb") == "a□b"
        assert legible("$x^2_%") == "$x^2_%"


class TestInk:
    @pytest.mark.parametrize(
        "color", ["white", "black", "#0072b2", "#e69f00", "#009e73", "#d55e00", "#767676"]
    )
    def test_is_legible_on_any_color(self, color):
        assert contrast(ink_on(color), color) >= 4.5

    @pytest.mark.parametrize("paper", ["white", "black", "#eaeaf2", "#303030"])
    def test_quiet_ink_is_legible_too_and_quieter(self, paper):
        tones = tones_on(paper)
        assert 4.5 <= contrast(tones.muted, paper) < contrast(tones.ink, paper)

    @pytest.mark.parametrize("paper", ["black", "#303030"])
    def test_on_a_dark_background_all_blues_take_the_same_white_ink(self, paper):
        blues = [to_hex(ramp_on(paper)(part)) for part in (0, 0.25, 0.5, 0.75, 1.0)]
        assert {ink_on(each) for each in blues} == {"#ffffff"}
        strengths = [contrast(each, paper) for each in blues]
        assert strengths == sorted(strengths)
        assert strengths[-1] > 2 * strengths[0]

    @pytest.mark.parametrize("paper", ["white", "black", "#222222"])
    def test_two_kinds_of_data_differ_in_gray_too(self, paper):
        one, other = hue_on(paper), second_hue_on(paper)
        assert contrast(one, other) > 1.8
        assert min(contrast(one, paper), contrast(other, paper)) > 2

    def test_the_quiet_ink_stands_out_more_on_a_dark_background(self):
        assert contrast(tones_on("black").muted, "black") >= 10

    def test_black_on_white_is_21(self):
        assert contrast("black", "white") == pytest.approx(21)


class TestGroupColors:
    def test_the_busiest_have_the_palette_and_no_two_the_same(self):
        busy = {"(other)": 100, **{str(n): n for n in range(10)}}
        colors = group_colors(busy)
        assert {colors[each] for each in "987654"} == set(PALETTE)
        assert len({colors[each] for each in ["(other)", *"3210"]}) == 1

    def test_a_name_keeps_its_color_when_others_get_busier(self):
        names = ["101", "104", "109", "110", "111", "112"]
        calm = group_colors({name: place for place, name in enumerate(names)})
        alone = group_colors({"101": 1})
        assert group_colors({"101": 9, "104": 1})["101"] == alone["101"]
        assert set(calm.values()) == set(PALETTE)

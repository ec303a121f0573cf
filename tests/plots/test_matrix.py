"""Every picture can be read, whatever it is drawn of, in whichever style: measured with the renderer."""

from __future__ import annotations

import os
from itertools import product

import matplotlib.pyplot as plt
import pytest
from matplotlib import font_manager

from tests.plots.datasets import KINDS
from tests.plots.matrix import PICTURES, SIZES, STYLES, combinations, complaints, in_four_subplots
from tests.plots.measured import faults

CHOSEN = combinations()
FONTS = {
    "Noto Sans CJK JP": "fonts-noto-cjk",
    "Noto Sans Arabic": "fonts-noto-core",
}
"""Fonts that names of these tests need beyond matplotlib's own, and the packages of Debian with them."""


class TestEveryPicture:
    @pytest.mark.parametrize("picture", PICTURES)
    def test_no_word_is_cut_off_covered_or_faint_and_nothing_else_is_changed(self, picture):
        assert [each for combination in CHOSEN[picture] for each in complaints(picture, *combination)] == []


class TestDrawnAgain:
    @pytest.mark.parametrize("picture", ["compare", "service_level by line", "talk_time_survival"])
    def test_large_letters_on_a_slide_stay_in_their_place_and_apart(self, picture):
        assert complaints(picture, "sixty long names", "large letters", "slide") == []


class TestFourSubplots:
    @pytest.mark.parametrize("picture", ["by_agent", "changes"])
    def test_names_leave_room_for_the_data_and_nothing_moves_when_drawn_again(self, picture):
        assert in_four_subplots(picture, "sixty long names") == []


class TestCombinations:
    def test_every_style_meets_every_kind_of_data_and_both_sizes(self):
        chosen = {each for those in CHOSEN.values() for each in those}
        assert {(kind, style) for kind, style, _ in chosen} == set(product(KINDS, STYLES))
        assert {(style, size) for _, style, size in chosen} == set(product(STYLES, SIZES))
        assert {(kind, size) for kind, _, size in chosen} == set(product(KINDS, SIZES))


class TestFonts:
    @pytest.mark.parametrize("family", FONTS)
    def test_names_in_other_scripts_are_measured_in_letters_of_theirs(self, family):
        """Without these fonts every test above still runs, but measures boxes in place of some letters.

        CI installs them, and fails here without them; elsewhere this says that they are missing.
        """
        if family in {each.name for each in font_manager.fontManager.ttflist}:
            return
        how = f"no {family} on this machine; on Debian and Ubuntu: apt-get install {FONTS[family]}"
        if os.environ.get("CI"):
            pytest.fail(how)
        pytest.skip(f"some names are measured as boxes: {how}")


class TestMeasuring:
    """What measures must be able to find fault."""

    @pytest.fixture
    def ax(self):
        ax = plt.figure(figsize=(4, 3)).subplots()
        ax.set_axis_off()
        return ax

    def test_nothing_is_wrong_with_a_word_on_white(self, ax):
        ax.text(0.5, 0.5, "word", ha="center")
        assert faults(ax.figure) == []

    def test_a_word_beyond_the_figure_is_cut_off(self, ax):
        ax.text(1.0, 0.5, "a word that is much too long for this figure")
        assert [each.partition(":")[0] for each in faults(ax.figure)] == [
            "'a word that is much too long for this figure' is cut off"
        ]

    def test_words_that_cross_lie_on_each_other(self, ax):
        ax.text(0.5, 0.5, "one", ha="center")
        ax.text(0.52, 0.51, "other", ha="center")
        assert faults(ax.figure) == ["'one' lies on 'other'"]

    @pytest.mark.parametrize(
        ("ink", "paper"), [("#999999", "white"), ("#222222", "#303030"), ("white", "#e69f00")]
    )
    def test_a_word_that_is_hardly_seen_is_faint(self, ax, ink, paper):
        ax.figure.set_facecolor(paper)
        ax.text(0.5, 0.5, "word", ha="center", color=ink)
        assert [each.partition(":")[0] for each in faults(ax.figure)] == ["'word' is faint"]

    def test_ticks_that_are_not_drawn_do_not_count(self):
        figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
        ax.set_xticks([0, 0.5, 100], ["a", "b", "far away"])
        ax.set_xlim(0, 1)
        assert faults(figure) == []

"""What the pictures of transfers show, read from their artists."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import brightcall_pandas.accessors._frame  # noqa: F401 - registers .calls
from brightcall_pandas import analysis, plots
from brightcall_pandas.plots._colors import GRAY
from tests.plots.measured import cut_off, overlapping

PICTURES = ["transfer_flow", "transfer_matrix", "transfer_variants"]


def calls(*texts: str | None, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"numbersInvolvedJSON": pd.Series(texts, dtype="str"), **columns})


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


class TestAll:
    @pytest.mark.parametrize("name", PICTURES)
    def test_on_the_axes_given_and_without_traces(self, name):
        before = dict(mpl.rcParams)
        ax = plt.subplots()[1]
        assert getattr(calls("1,2", "1,2,3").calls.plot, name)(ax=ax) is ax
        ax.figure.canvas.draw()
        assert dict(mpl.rcParams) == before

    @pytest.mark.parametrize("name", ["transfer_flow", "transfer_matrix"])
    @pytest.mark.parametrize("frame", [calls(), calls("1", None, "[")], ids=["empty", "alone"])
    def test_without_transfers_they_say_so(self, name, frame):
        assert "no transfers" in words(getattr(frame.calls.plot, name)())

    @pytest.mark.parametrize("name", PICTURES)
    def test_hundreds_of_parties_with_long_names(self, name):
        frame = calls(*(f'["agent number {n} of the long department", "{n + 1}", "{n}"]' for n in range(300)))
        ax = getattr(frame.calls.plot, name)()
        ax.figure.canvas.draw()
        assert overlapping(ax.figure) == []
        assert cut_off(ax.figure) == []

    @pytest.mark.parametrize("name", PICTURES)
    def test_names_reach_the_picture(self, name):
        ax = getattr(calls("101,102").calls.plot, name)(names={101: "Ann"})
        shown = words(ax) + [label.get_text() for label in ax.get_yticklabels()]
        assert any("Ann" in each for each in shown)
        assert not any("101" in each for each in shown)


class TestTransferMatrix:
    def test_a_cell_for_each_pair_with_its_count(self):
        ax = plots.transfer_matrix(analysis.transfer_matrix(calls("1,2", "1,2", "2,3")))
        assert ax.images[0].get_array().filled(0).tolist() == [[0, 2, 0], [0, 0, 1], [0, 0, 0]]
        cells = {text.get_position(): text.get_text() for text in ax.texts if text.get_text().isdigit()}
        assert cells == {(1, 0): "2", (2, 1): "1"}
        assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2", "3"]
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("to", "from")
        assert any(each.startswith("n = 3 transfers") for each in words(ax))

    def test_a_first_place_that_chance_may_have_made_is_shared(self):
        # 2 − 1 is less than 1.96 · √3; 20 − 1 is more than 1.96 · √21.
        def framed(ax):
            cells = [each for each in ax.patches if each.get_width() == 1]
            return {(round(each.get_y() + 0.5), round(each.get_x() + 0.5)) for each in cells}

        near = calls("1,2", "1,2", "2,3").calls.plot.transfer_matrix()
        told = near.get_title(loc="left").replace("\n", " ")
        receivers = "100 % of the transfers go to each party's most frequent receiver"
        assert told == f"{receivers}; no pair has more than 2 (1 → 2)"
        assert framed(near) == {(0, 1), (1, 2)}
        far = calls(*["1,2"] * 20, "2,3").calls.plot.transfer_matrix()
        assert far.get_title(loc="left") == "Most frequent transfer: 1 → 2 (20), 95 % of 21"
        assert framed(far) == {(0, 1)}

    def test_what_looks_even_may_be_concentrated(self):
        pairs = ["1,2"] * 9 + ["1,3"] + ["2,3"] * 9 + ["2,1"] + ["3,1"] * 9 + ["3,2"] + ["4,1", "4,2"]
        ax = calls(*pairs).calls.plot.transfer_matrix()
        # 9 + 9 + 9 + 1 of 32; from four parties to three others, of which three are themselves.
        receivers = "88 % of the transfers go to each party's most frequent receiver"
        told = ax.get_title(loc="left").replace("\n", " ")
        assert told == f"{receivers}; no pair has more than 9 (1 → 2)"
        assert "evenly spread: about 3.6 for each of 9 pairs" in plots.describe(ax)
        cells = [each for each in ax.patches if each.get_width() == 1]
        # Of two who received as many neither is the most frequent.
        framed = {(round(each.get_y() + 0.5), round(each.get_x() + 0.5)) for each in cells}
        assert framed == {(0, 1), (1, 2), (2, 0)}

    def test_what_the_diagonal_is(self):
        assert any(
            "diagonal: to itself" in each
            for each in words(
                plots.transfer_matrix(pd.DataFrame([[1, 2], [0, 0]], index=["1", "2"], columns=["1", "2"]))
            )
        )

    @pytest.mark.parametrize(
        ("normalize", "remark"),
        [
            ("from", "share of transfers by the party of the row (n = 3)"),
            ("to", "share of transfers to the party of the column (n = 3)"),
            ("all", "share of all transfers (n = 3)"),
        ],
    )
    def test_shares_say_of_what(self, normalize, remark):
        ax = calls("1,2", "1,3", "2,3").calls.plot.transfer_matrix(normalize=normalize)
        assert any(each.startswith(remark) for each in words(ax))
        assert any(each.endswith(" %") for each in words(ax))

    def test_of_many_parties_the_busiest_are_shown(self):
        pairs = [f"{n},{n + 1}" for n in range(100, 150)]
        ax = calls(*pairs, *["140,141"] * 5).calls.plot.transfer_matrix()
        assert ax.images[0].get_array().shape == (40, 40)
        assert any("the 40 busiest of 51 parties" in each for each in words(ax))
        assert {"140", "141"} <= {label.get_text() for label in ax.get_yticklabels()}
        slide = calls(*pairs, *["140,141"] * 5).calls.plot.transfer_matrix(figsize=(10, 5.6))
        assert slide.images[0].get_array().shape == (14, 14)  # as many as can be read from afar


class TestTransferVariants:
    def test_a_row_of_chevrons_for_each_way_with_a_transfer(self):
        ax = plots.transfer_variants(
            analysis.transfer_variants(calls(*["1,2"] * 16, *["1,2,3"] * 8, "9", "["))
        )
        chevrons = [text for text in words(ax) if text in {"1", "2", "3", "9"}]
        assert chevrons == ["1", "2", "1", "2", "3"]
        assert {"67 % · 16", "33 % · 8", "of transferred calls"} <= set(words(ax))
        assert any(
            each.startswith("n = 24 transferred calls of 26; 2 ways with a transfer (24 calls)")
            for each in words(ax)
        )
        # 16 and 8 are less than 1.96 √24 = 9.6 apart, 18 and 8 more than 1.96 √26.
        title = ax.get_title(loc="left").replace("\n", " ")
        assert title == "92 % of the calls were transferred, most often 1 → 2 and 1 → 2 → 3"
        ax = calls(*["1,2"] * 18, *["1,2,3"] * 8).calls.plot.transfer_variants()
        assert ax.get_title(loc="left") == "100 % of the calls were transferred, most often 1 → 2"

    def test_ways_as_frequent_as_each_other_are_all_named(self):
        ax = calls("1,2", "3,4", "5").calls.plot.transfer_variants()
        assert ax.get_title(loc="left") == "67 % of the calls were transferred, most often 1 → 2 and 3 → 4"
        ax = calls("1,2", "3,4", "5,6").calls.plot.transfer_variants()
        title = ax.get_title(loc="left").replace("\n", " ")
        assert title == "100 % of the calls were transferred, in 3 ways, none with more than 33 % of them"

    def test_a_party_has_one_colour(self):
        ax = calls("1,2", "2,1").calls.plot.transfer_variants()
        faces = [to_hex(patch.get_facecolor()) for patch in ax.patches if not hasattr(patch, "get_width")]
        assert faces == [faces[0], faces[1], faces[1], faces[0]]
        assert faces[0] != faces[1]

    def test_a_party_has_its_color_in_every_size_and_in_the_flow(self):
        # Of the most frequent ways alone the busiest would be others.
        often = [f"{n},{n + 1}" for n in range(10, 26, 2) for _ in range(8)]
        seldom = [f"30,{n}" for n in range(31, 40) for _ in range(5)]
        frame = calls(*often, *seldom)

        def colors(ax):
            faces = [patch for patch in ax.patches if not hasattr(patch, "get_width")]
            told = [text for text in ax.texts if text.get_text().isdigit()]
            return {
                text.get_text(): to_hex(face.get_facecolor()) for text, face in zip(told, faces, strict=True)
            }

        small, large = (colors(frame.calls.plot.transfer_variants(top=top)) for top in (9, 17))
        assert small == {party: color for party, color in large.items() if party in small}
        assert large["30"] != GRAY
        ax = frame.calls.plot.transfer_flow(top=40)
        ax.figure.canvas.draw()
        bars = [patch for patch in ax.patches if hasattr(patch, "get_height") and patch.get_x() == 0]
        first = {
            text.get_text().split(" ")[0]: to_hex(bar.get_facecolor())
            for bar in bars
            for text in ax.texts
            if text.get_text()[:1].isdigit()
            and text.get_position()[0] < 0
            and bar.get_y() <= text.get_position()[1] <= bar.get_y() + bar.get_height()
        }
        assert first["30"] == large["30"]

    def test_says_which_part_of_the_transferred_calls_is_drawn(self):
        ax = calls(*["1,2"] * 30, *["2,3"] * 15, *["3,1"] * 5).calls.plot.transfer_variants(top=2)
        title = ax.get_title(loc="left").replace("\n", " ")
        assert title == "100 % of the calls were transferred, most often 1 → 2; the 2 drawn are 90 % of them"

    def test_says_if_any_way_has_other_outcomes_than_chance_explains(self):
        def told(*positive):
            ways = [f"1,{n}" for n in range(2, 5) for _ in range(100)]
            outcomes = [
                "positive" if place < hits else "negative" for hits in positive for place in range(100)
            ]
            return plots.describe(calls(*ways, outcomeType=outcomes).calls.plot.transfer_variants())

        assert "none of 3 differs by more than chance from the 30 % of all 3" in told(30, 31, 29)
        assert "2 of 3 differ by more than chance from the 40 % of all 3" in told(30 - 10, 60, 40)
        assert "chance: 5 %, corrected for 3 groups" in told(30, 31, 29)

    def test_the_most_frequent_are_shown(self):
        ax = calls(*(f"1,{n}" for n in range(2, 22))).calls.plot.transfer_variants()
        assert any(
            each.startswith("n = 20 transferred calls of 20; 15 of 20 ways with a transfer (15 calls)")
            for each in words(ax)
        )

    def test_on_a_slide_as_many_rows_as_can_be_read_from_afar(self):
        ax = calls(*(f"1,{n}" for n in range(2, 22))).calls.plot.transfer_variants(figsize=(10, 5.6))
        assert "7 of 20 ways with a transfer" in plots.describe(ax)
        ax.figure.canvas.draw()
        pitch = ax.get_window_extent().height / abs(np.diff(ax.get_ylim())[0])
        chevron = next(text for text in ax.texts if text.get_text() == "1")
        assert chevron.get_window_extent().height < 0.72 * pitch  # the height of a chevron
        three = calls(*(f"1,{n}" for n in range(2, 22))).calls.plot.transfer_variants(
            figsize=(10, 5.6), top=3
        )
        assert "3 of 20 ways" in plots.describe(three)

    def test_bars_only_where_no_rates_stand_beside_them(self):
        def bars(frame):
            ax = frame.calls.plot.transfer_variants()
            return [patch.get_width() for patch in ax.patches if hasattr(patch, "get_width")]

        alone, known = bars(calls("1,2", "1,2", "1,3")), calls("1,2", "1,3", outcomeType="positive")
        assert alone[0] == pytest.approx(2 * alone[1])
        assert bars(known) == []

    def test_long_chains_are_cut(self):
        assert "+ 4 more" in words(calls(",".join("1234567890")).calls.plot.transfer_variants())

    def test_calls_of_one_party_are_drawn_when_there_is_nothing_else(self):
        ax = calls("1", "1", None).calls.plot.transfer_variants()
        assert {"1", "(none)"} <= set(words(ax))
        assert any(each.startswith("n = 3 calls; 2 ways without one (3 calls)") for each in words(ax))

    def test_positive_rates_where_known(self):
        frame = calls("1,2", "1,2", "1", "1", outcomeType=["positive", "negative", "positive", "positive"])
        ax = frame.calls.plot.transfer_variants()
        assert {"positive outcomes", "not transferred: 100 % (dotted)"} <= set(words(ax))
        rate = ax.lines[3]
        assert len(rate.get_xdata()) == 1
        # Of four calls of one party two are answered, and one of these is positive.
        frame = calls(
            "1,2", *["1"] * 4, state=[1, 1, 1, 0, 0], outcomeType=["positive"] * 2 + ["neutral"] * 3
        )
        told = words(frame.calls.plot.transfer_variants())
        assert {"not transferred: 25 % (dotted)", "of these answered: 50 % (dashed)"} <= set(told)
        assert "positive outcomes" not in words(calls("1,2").calls.plot.transfer_variants())

    def test_no_calls(self):
        assert "no calls" in words(calls().calls.plot.transfer_variants())


class TestTransferFlow:
    def bars(self, ax):
        return [patch for patch in ax.patches if hasattr(patch, "get_height")]

    def test_bars_are_as_tall_as_their_calls(self):
        ax = plots.transfer_flow(analysis.transfer_flow(calls("1,2", "1,2,3", "1,3")))
        heights = {(round(bar.get_x(), 2), round(bar.get_y(), 6)): bar.get_height() for bar in self.bars(ax)}
        unit = heights[0, 0] / 3
        # First: 1 three times; then 2 twice and 3 once, each with a bar for what arrives and one for what
        # leaves; then 3 once.
        columns = sorted({x for x, _ in heights})
        calls_of = [
            [round(h / unit, 6) for (x, _), h in sorted(heights.items()) if x == at] for at in columns
        ]
        assert calls_of == [[3], [2, 1], [2, 1], [1]]
        # At the ends stands to whom most of the calls went, or from whom they came, and which part of them.
        named = {"1 (3) → 2: 67 %", "2 (2)", "3 (1)", "3 (1) ← 2: 100 %"}
        assert named | {"first: 3 calls", "after 1: 3 calls"} <= set(words(ax))
        assert any(each.startswith("n = 4 transfers") for each in words(ax))
        assert ax.get_title(loc="left") == "3 calls transferred, 33 % of them more than once"

    def test_bands_fill_what_leaves_and_arrives(self):
        ax = calls("1,2", "1,2,3", "1,3").calls.plot.transfer_flow()
        # In each column the most first; of the second stage there are two, of which the first counts here.
        bars = [bar for bar in self.bars(ax) if bar.get_x() < 1.1 or bar.get_x() > 2]
        bands = [patch.get_path().vertices for patch in ax.patches if not hasattr(patch, "get_height")]
        ends = np.array([[points[0, 1], points[7, 1], points[3, 1], points[4, 1]] for points in bands])
        # 1 to 2 twice, 1 to 3 once; then 2 to 3 once, from the upper half of the bar of 2.
        (first, second, third, last) = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars]
        half = (second[0] + second[1]) / 2
        assert ends == pytest.approx(
            np.array(
                [
                    [first[0], first[0] + (first[1] - first[0]) * 2 / 3, *second],
                    [first[0] + (first[1] - first[0]) * 2 / 3, first[1], *third],
                    [second[0], half, *last],
                ]
            )
        )

    def test_thin_bands_and_what_comes_after_the_third_transfer_are_counted(self):
        # 1 to 2 two hundred times, and on once to each of the others; three times to the third from 7.
        ax = calls(*["1,2"] * 200, "1,2,3,4,5,6").calls.plot.transfer_flow()
        assert len([patch for patch in ax.patches if not hasattr(patch, "get_height")]) == 1
        assert "not drawn: 4 transfers after the first" in plots.describe(ax)
        ax = calls(*["1,2"] * 200, *["7,2,3"] * 3, "1,2,4,5,6,7").calls.plot.transfer_flow()
        assert "not drawn: 3 transfers after the second" in plots.describe(ax)
        assert "faint gray: bands of fewer than 3 calls, 1 together" in plots.describe(ax)

    def test_all_but_the_six_busiest_parties_are_drawn_together_and_counted(self):
        frame = calls(*["1,2"] * 9, *["3,4"] * 9, *["5,6"] * 9, *["7,8"] * 3)
        ax = frame.calls.plot.transfer_flow()
        assert {"(2 others) (3)", "1 (9) → 2: 100 %"} <= set(words(ax))
        assert "(2 others): parties that took part in fewer transfers" in plots.describe(ax)
        every = frame.calls.plot.transfer_flow(top=8)
        assert "7 (3) → 8: 100 %" in words(every)
        assert "others" not in plots.describe(every)
        even = calls(*(f"{n},{n + 1}" for n in range(1, 20, 2))).calls
        # Of twenty parties no more than twelve have a name, and six on axes that are given.
        assert "(8 others) (4)" in words(even.plot.transfer_flow(20))
        assert "(14 others) (7)" in words(even.plot.transfer_flow(20, ax=plt.subplots()[1]))
        seven = calls(*["1,2"] * 9, *["3,4"] * 9, *["5,6"] * 9, "1,7").calls.plot.transfer_flow()
        assert "others" not in plots.describe(seven)  # one other is told by its name

    def test_names_are_cut_and_their_numbers_never(self):
        one, other = ("Anna with a name of more than two dozen letters", "Bert with a name that is as long")
        pairs = [f'["{one}", "{other}"]', f'["{other}", "{one}", "{other}"]']
        frame = pd.DataFrame({"numbersInvolvedJSON": pairs * 5, "state": 1})
        for options in ({}, {"figsize": (10, 5.6)}, {"figsize": (6, 4)}):
            ax = frame.calls.plot.transfer_flow(**options)
            ax.figure.canvas.draw()
            names = [text.get_text() for text in ax.texts if text.get_text().startswith(("Anna", "Bert"))]
            assert len(names) == 5
            assert all("(5)" in each for each in names)

    def test_how_many_went_on_is_told_of_what_is_not_drawn_too(self):
        ax = calls(*["1,2"] * 199, "1,2,3").calls.plot.transfer_flow()
        assert ax.get_title(loc="left") == "200 calls transferred, 0.5 % of them more than once"

    def test_names_lie_on_no_band(self):
        ax = calls(*["1,2"] * 9, *["3,4"] * 9, *["1,4,5"] * 6, *["3,2,6"] * 6).calls.plot.transfer_flow()
        ax.figure.canvas.draw()
        bands = [patch.get_window_extent() for patch in ax.patches if not hasattr(patch, "get_height")]
        names = [text for text in ax.texts if " (" in text.get_text()]
        assert len(names) == 6
        for name in names:
            box = name.get_window_extent()
            assert not any(box.x0 < band.x1 and band.x0 < box.x1 for band in bands), name.get_text()

    def test_the_largest_party_of_a_stage_is_on_top_and_those_together_are_last(self):
        frame = calls(*["1,6"] * 3, *["2,5"] * 2, "3,4")

        def stages(ax):
            names = sorted(
                (text.get_position()[1], text.get_text()[0]) for text in ax.texts if "(" in text.get_text()
            )
            return tuple([name for _, name in names if name in stage] for stage in ("123", "456"))

        assert stages(frame.calls.plot.transfer_flow()) == (["1", "2", "3"], ["6", "5", "4"])
        assert stages(frame.calls.plot.transfer_flow(sort="name")) == (["1", "2", "3"], ["4", "5", "6"])
        # Most of all go to those that are drawn together.
        many = calls(*(f"1,{n}" for n in range(10, 40)), *["2,1"] * 9, *["3,2"] * 8)
        ax = many.calls.plot.transfer_flow(top=3)
        last = max((text for text in ax.texts if "others" in text.get_text()), key=lambda t: t.get_position())
        lowest = max(text.get_position()[1] for text in ax.texts if text.get_position()[0] > 0.5)
        assert last.get_position()[1] == lowest

    def test_parties_are_told_apart_without_colors(self):
        ax = calls(*["1,2"] * 9, *["3,4"] * 9, *["5,6"] * 9, *["7,8"] * 9).calls.plot.transfer_flow()
        patterns = {to_hex(bar.get_facecolor()): bar.get_hatch() for bar in self.bars(ax)}
        assert patterns.pop(GRAY) is None
        assert len(set(patterns.values())) == len(patterns) == 6

    def test_bars_of_a_stage_do_not_overlap(self):
        ax = calls(*(f"{n % 11},{n % 7 + 20},{n % 13}" for n in range(500))).calls.plot.transfer_flow()
        columns = sorted({bar.get_x() for bar in self.bars(ax)})
        assert len(columns) == 4  # of the second stage there are two
        for column in columns:
            spans = sorted(
                (bar.get_y(), bar.get_y() + bar.get_height())
                for bar in self.bars(ax)
                if bar.get_x() == column
            )
            assert len(spans) > 1
            assert all(upper[1] < lower[0] for upper, lower in pairwise(spans))
            assert spans[-1][1] <= 1 + 1e-9

"""What all pictures have in common: options, the user's style, given axes, files, and the text around."""

from __future__ import annotations

import inspect
import io
import pickle

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure

from brightcall_pandas import plots
from brightcall_pandas.accessors import _frame as accessor  # noqa: F401  (registers .calls)
from tests.plots.datasets import calls
from tests.plots.measured import contrast, cut_off, faint, overlapping

CALLS = pd.DataFrame(
    {
        "timestamp": pd.date_range("2026-03-02T08:00", periods=60, freq="h", tz="Europe/Berlin"),
        "outcomeTag": ["sold", "no", "no", "later"] * 15,
        "outcomeType": ["positive", "negative", "negative", "neutral"] * 15,
        "projectName": ["Solar", "Wind", "Heat"] * 20,
        "userId": ["Ann", "Ben"] * 30,
        "state": [1, 1, 0] * 20,
        "type": [0, 1] * 30,
        "talkTime": [5, 50, 0] * 20,
        "answerTime": [5, 30, 0] * 20,
    }
)


def words(ax: plt.Axes) -> str:
    return " | ".join(text.get_text().replace("\n", "; ") for text in ax.texts)


def saved(ax: plt.Axes, form: str) -> bytes:
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format=form)
    plt.close(ax.figure)
    return buffer.getvalue()


class TestOptions:
    def test_each_picture_has_the_same(self):
        signatures = {str(inspect.signature(getattr(plots, name))) for name in plots.__all__}
        assert len(signatures) == 1
        shown = list(inspect.signature(plots.by_outcome).parameters)
        assert shown == ["table", "ax", "title", "subtitle", "figsize", "top", "sort", "names", "color"]

    def test_own_words_and_size(self):
        ax = CALLS.calls.plot.by_outcome(title="Mine", subtitle="below", figsize=(5, 3))
        assert ax.get_title(loc="left") == "Mine"
        assert "below" in words(ax)
        assert "n = " not in words(ax)
        assert ax.figure.get_size_inches().tolist() == [5, 3]

    def test_rows_in_the_order_asked_for(self):
        ax = CALLS.calls.plot.breakdown("project", top=2, sort="name")
        assert [label.get_text() for label in ax.get_yticklabels()] == ["Heat", "Solar"]
        assert "the 2 largest of 3 groups" in words(ax)

    def test_a_color_for_all_or_for_some(self):
        bars = CALLS.calls.plot.breakdown("project", color="#123456").patches
        assert {mpl.colors.to_hex(bar.get_facecolor()) for bar in bars[:3]} == {"#123456"}
        ax = CALLS.calls.plot.over_time("D", by="project", color={"Wind": "#123456"})
        colors = {patch.get_label(): mpl.colors.to_hex(patch.get_edgecolor()) for patch in ax.patches}
        assert [name for name, color in colors.items() if color == "#123456"] == ["Wind"]

    @pytest.mark.parametrize(
        ("option", "error", "match"),
        [
            ({"top": 0}, ValueError, "from 1 on"),
            ({"top": 1.5}, TypeError, "whole number"),
            ({"sort": "size"}, ValueError, "'value'"),
            ({"color": "no such color"}, ValueError, "no such color"),
            ({"color": 3}, TypeError, "mapping"),
            ({"figsize": (3,)}, TypeError, "width and height"),
            ({"figsize": (0, 3)}, ValueError, "more than 0"),
            ({"title": 3}, TypeError, "title= takes text"),
            ({"ax": 3}, TypeError, "matplotlib axes"),
        ],
    )
    def test_what_means_nothing_is_refused(self, option, error, match):
        with pytest.raises(error, match=match):
            CALLS.calls.plot.by_outcome(**option)

    def test_a_size_for_axes_that_have_a_figure_is_refused(self):
        with pytest.raises(ValueError, match="have a figure already"):
            CALLS.calls.plot.by_outcome(ax=plt.subplots()[1], figsize=(4, 3))

    @pytest.mark.parametrize("projection", ["polar", "3d"])
    def test_axes_that_are_round_or_deep_are_refused(self, projection):
        ax = plt.figure().add_subplot(projection=projection)
        with pytest.raises(
            ValueError, match=f"ax= takes axes with two straight sides, not {projection} axes"
        ):
            calls("default").calls.plot.by_outcome(ax=ax)

    def test_a_table_without_a_column_is_told_so(self):
        table = calls("default").calls.by_outcome().rename(columns={"n_calls": "Anrufe"})
        with pytest.raises(KeyError, match=r"plots.by_outcome draws .* has no column 'n_calls'; .*Anrufe"):
            plots.by_outcome(table)

    @pytest.mark.parametrize("draw", [plots.compare, plots.changes])
    def test_a_table_without_changes_is_told_so(self, draw):
        with pytest.raises(KeyError, match="has no column 'answer_rate_change'; its columns: n_calls"):
            draw(pd.DataFrame({"n_calls": [3]}, ["A"]))

    def test_variants_with_a_transfer_are_those_that_count(self):
        parties = ["1"] * 5 + ["2"] * 4 + ["1,2", "1,2", "2,1"]
        df = pd.DataFrame({"numbersInvolvedJSON": parties})
        ax = df.calls.plot.transfer_variants(top=1)
        assert "1 of 2 ways with a transfer (2 calls)" in words(ax)


class TestFacts:
    def test_settings_days_direction_and_zone_are_in_the_picture(self):
        told = words(CALLS.calls.plot.service_level(20, confidence=0.9))
        assert "90 % interval" in told
        assert "2–4 March 2026, inbound calls, Europe/Berlin" in told

    def test_and_in_the_table(self):
        said = CALLS.calls.service_level(30).attrs["brightcall"]
        assert said["settings"]["threshold_s"] == 30
        assert said["settings"]["short_abandon_s"] == 5
        assert (said["first_day"], said["last_day"]) == ("2026-03-02", "2026-03-04")
        assert (said["directions"], said["timezone"], said["n_calls"]) == (["inbound"], "Europe/Berlin", 60)
        assert said["totals"]["offered"] == 30

    def test_both_sides_of_a_comparison_say_their_days(self):
        early, late = CALLS.iloc[:16], CALLS.iloc[40:]
        told = words(late.calls.plot.compare(early))
        assert "change ± 95 % interval (calls)" in told
        assert told.endswith("| 2 March 2026 | 4 March 2026")
        assert "n = 16 calls of 2 Mar, 20 of 4 Mar" in told
        told = words(late.calls.plot.changes(early))
        assert "2 Mar → 4 Mar" in told
        assert "answered ÷ calls; 4 Mar minus 2 Mar" in told

    def test_days_of_two_years_say_their_years(self):
        before = CALLS.assign(timestamp=CALLS["timestamp"] - pd.DateOffset(years=1))
        told = words(CALLS.calls.plot.changes(before))
        assert "2–4 March 2025 → 2–4 March 2026" in told

    def test_a_table_that_is_cut_tells_of_how_many_calls_it_is(self):
        ax = plots.by_outcome(CALLS.calls.by_outcome().head(1))
        assert "n = 60 calls" in words(ax)
        assert "1 of the table's 3 rows" in words(ax)

    def test_tables_put_together_are_of_all_their_calls(self):
        table = CALLS.calls.breakdown("project")
        both = pd.concat({"a": CALLS.calls.by_agent(), "b": CALLS.calls.by_agent()}, names=["set"])
        assert "n = 120 calls" in words(plots.by_agent(both))
        assert "n = 60 calls" in words(plots.breakdown(table))


class TestStyle:
    def test_global_settings_stay_as_they_are(self):
        before = dict(mpl.rcParams)
        CALLS.calls.plot.by_outcome().figure.canvas.draw()
        assert dict(mpl.rcParams) == before

    def test_the_users_font_size_and_frame_are_kept(self):
        with plt.rc_context(
            {"font.family": ["serif"], "font.size": 16, "axes.spines.top": True, "axes.facecolor": "beige"}
        ):
            ax = CALLS.calls.plot.by_outcome()
            ax.figure.canvas.draw()
        assert ax.texts[0].get_fontfamily()[0] == "serif"
        assert ax.get_yticklabels()[0].get_fontsize() == pytest.approx(0.85 * 16)
        assert not ax.spines["top"].get_visible() or mpl.rcParamsDefault["axes.spines.top"]
        assert mpl.colors.to_hex(ax.get_facecolor()) == "#f5f5dc"

    @pytest.mark.parametrize("given", [False, True])
    @pytest.mark.parametrize("style", ["dark_background", "seaborn-v0_8"])
    def test_all_text_can_be_read_on_any_background(self, style, given):
        with plt.style.context(style):
            ax = plt.subplots(figsize=(8, 4))[1] if given else None
        if not given:
            with plt.style.context(style):
                ax = CALLS.calls.plot.by_outcome()
        else:  # the style of the axes counts, not the one of the moment
            CALLS.calls.plot.by_outcome(ax=ax)
        low = faint(ax.figure)
        written = {ax.get_title(loc="left"), *(text.get_text() for text in ax.texts)}
        assert [each for each in low if each[0] in written] == []

    def test_a_name_is_written_as_it_is(self):
        names = ["$x^2_%", "a_b$", "\\alpha {b}", "مبيعات", "<b>&amp;"]
        ax = pd.DataFrame({"projectName": names, "state": 1}).calls.plot.breakdown("project", sort="table")
        ax.figure.canvas.draw()
        shown = {label.get_text().strip("\u2068\u2069") for label in ax.get_yticklabels()}
        assert shown == set(names)


class TestAxesGiven:
    def test_nothing_else_of_their_figure_changes(self):
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
        plt.sca(right)
        before = right.get_position().bounds
        CALLS.calls.plot.over_time("D", ax=left)
        figure.canvas.draw()
        assert plt.gca() is right
        assert right.get_position().bounds == before
        assert figure.get_size_inches().tolist() == [9, 4]
        assert figure.get_layout_engine() is None
        assert len(figure.axes) == 2

    @pytest.mark.parametrize("layout", [None, "constrained"])
    def test_text_stays_in_its_place_among_others(self, layout):
        figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout=layout)
        for ax, name in zip(axes.flat, ("by_outcome", "over_time", "by_agent", "funnel"), strict=True):
            getattr(CALLS.calls.plot, name)(ax=ax)
        assert cut_off(figure) == []
        assert overlapping(figure) == []

    @pytest.mark.parametrize("later", [False, True])
    def test_a_twin_stays_in_the_same_place_and_no_title_is_cut(self, later):
        figure, ax = plt.subplots(figsize=(6, 4))
        twin = None if later else ax.twinx()
        calls("default").calls.plot.over_time("D", ax=ax)
        twin = twin or ax.twinx()
        twin.set_yticks([])
        figure.canvas.draw()
        assert cut_off(figure) == []
        assert twin.get_position().extents == pytest.approx(ax.get_position().extents)

    def test_a_second_picture_takes_the_place_of_the_first_ones_text(self):
        ax = CALLS.calls.plot.by_outcome()
        many = len(ax.texts)
        CALLS.calls.plot.by_outcome(ax=ax, title="again")
        assert ax.get_title(loc="left") == "again"
        assert len([text for text in ax.texts if "n = " in text.get_text()]) == 1
        assert len(ax.texts) < 2 * many


class TestTextLayer:
    @pytest.mark.parametrize("size", [(3.5, 2.5), (12, 3)])
    def test_is_laid_out_anew_for_any_size(self, size):
        ax = CALLS.calls.plot.by_outcome(by="project")
        ax.figure.canvas.draw()
        ax.figure.set_size_inches(*size)
        assert cut_off(ax.figure) == []
        assert overlapping(ax.figure) == []

    def test_letters_grow_with_a_figure_faster_than_its_width(self):
        """A slide of 13.3 inches is read from afar: its notes need 18 points."""
        sizes = {}
        for figsize in ((8, 4), (10, 5.6), (13.3, 7.5)):
            ax = calls("default").calls.plot.by_outcome(figsize=figsize)
            ax.figure.canvas.draw()
            sizes[figsize] = min(each.get_fontsize() for each in ax.texts if each.get_text())
        assert sizes[10, 5.6] == pytest.approx(1.25**1.5 * sizes[8, 4])
        assert sizes[13.3, 7.5] >= 16

    def test_long_names_are_cut_to_the_room_there_is(self):
        name = "A name that is much longer than any picture has room for " * 3
        df = CALLS.assign(projectName=[name + str(place % 3) for place in range(60)])
        ax = df.calls.plot.by_outcome(by="project")
        assert cut_off(ax.figure) == []
        assert ax.get_window_extent().width > 0.4 * ax.figure.bbox.width

    def test_a_number_stays_with_its_unit_and_no_word_alone_on_the_last_line_of_a_title(self):
        title = "An answer rate of 3.7 % of the calls within 24 h of one another"
        for width in (3.0, 3.4, 3.8, 4.2, 4.6, 5.0):
            ax = CALLS.calls.plot.by_outcome(title=title, figsize=(width, 4))
            ax.figure.canvas.draw()
            lines = ax.get_title(loc="left").split("\n")
            assert " ".join(lines) == title
            assert not any(line.startswith(("%", "h ")) for line in lines)
            assert len(lines[-1]) > 0.4 * len(lines[0])
            plt.close(ax.figure)

    def test_the_users_own_title_stays(self):
        ax = CALLS.calls.plot.by_outcome()
        ax.figure.canvas.draw()
        ax.set_title("Own", loc="left")
        ax.figure.canvas.draw()
        assert ax.get_title(loc="left") == "Own"


class TestFiles:
    @pytest.mark.parametrize("form", ["png", "svg"])
    def test_the_same_table_makes_the_same_file(self, form):
        first, second = (saved(CALLS.calls.plot.by_outcome(), form) for _ in range(2))
        assert first == second

    def test_a_figure_can_be_pickled(self):
        ax = CALLS.calls.plot.by_agent()
        again = pickle.loads(pickle.dumps(ax.figure)).axes[0]
        again.figure.canvas.draw()
        assert plots.describe(again) == plots.describe(ax)


class TestDescribe:
    def test_says_finding_form_number_and_days(self):
        told = plots.describe(CALLS.calls.plot.by_outcome())
        assert told.startswith("no is the most frequent outcome: 50 % of the calls. A bar for each outcome: ")
        assert "n = 60 calls" in told
        assert "2–4 March 2026" in told
        assert told.endswith("Colors: positive (+), neutral, negative (−).")

    def test_a_notebook_keeps_it_beside_the_picture(self):
        ax = CALLS.calls.plot.by_outcome()
        notebook = DisplayFormatter()
        notebook.formatters["image/png"].for_type(Figure, print_figure)  # as its backend does
        data, metadata = notebook.format(ax.figure)
        assert data["text/plain"] == metadata["image/png"]["alt"] == plots.describe(ax)
        assert data["image/png"]
        ax.clear()  # nothing of ours is left
        assert "alt" not in str(notebook.format(ax.figure)[1])

    def test_axes_without_a_picture_have_nothing_to_describe(self):
        with pytest.raises(ValueError, match="nothing to describe"):
            plots.describe(plt.subplots()[1])


class TestContrast:
    def test_measures_as_the_standard_does(self):
        assert contrast("white", "black") == pytest.approx(21)
        assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)

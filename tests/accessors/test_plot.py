from __future__ import annotations

import inspect
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from brightcall_pandas import analysis, plots
from brightcall_pandas.accessors._plot import CallsPlot
from brightcall_pandas.accessors._revised import restated


@pytest.fixture
def calls():
    mpl.use("agg")
    yield pd.DataFrame({"outcomeTag": ["a", "b", "A"], "state": [1, 0, 1], "talkTime": [5, 0, 40]})
    plt.close("all")


OTHER_SIDES = {
    "agent_funnel": ("by_agent", ["rank_by", "by"]),
    "by_country": ("breakdown", ["region", "confidence"]),
    "calendar": ("over_time", ["value", "days"]),
    "changes": ("compare", ["other", "by", "metrics", "before", "confidence"]),
    "control_chart": ("over_time", ["freq", "days"]),
    "outcome_shares": ("by_outcome", ["freq", "fold_case", "confidence"]),
    "small_multiples": ("over_time", ["freq", "by", "days"]),
    "talk_time_survival": ("talk_time_histogram", ["by"]),
}
"""Pictures that are not named after their table: the table, and which arguments they take."""

SAME = [name for name in plots.__all__ if name not in OTHER_SIDES]
OPTIONS = {
    "ax": "Axes | None",
    "title": "str | None",
    "subtitle": "str | None",
    "figsize": "tuple[float, float] | None",
    "top": "int | None",
    "sort": "Sort",
    "names": "Names",
    "color": "PictureColor",
    "agent": "str | None",
    "lead": "Sequence[str] | None",
}


def sections(doc: str) -> dict[str, str]:
    """Return the sections of a docstring by heading, the text before them under an empty one."""
    parts = re.split(r"^(\w+)\n-{3,}\n", doc, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def options_of(table: str, calls: pd.DataFrame) -> dict[str, str]:
    """Return the options of the pictures of a table: not all tables have people, or leads."""
    taken = inspect.signature(getattr(calls.calls, table)).parameters
    return {each: what for each, what in OPTIONS.items() if each in taken or each not in ("agent", "lead")}


def one_line(text: str) -> str:
    return " ".join(text.split())


class TestCallsPlot:
    def test_offers_every_picture_and_nothing_else(self):
        public = {name for name in dir(CallsPlot) if not name.startswith("_")}
        assert public == set(plots.__all__)

    @pytest.mark.parametrize("name", SAME)
    def test_shows_the_arguments_of_the_table_and_of_pictures(self, name, calls):
        shown = list(inspect.signature(getattr(calls.calls.plot, name)).parameters.values())
        table = restated if name == "restated" else getattr(analysis, name)  # that one asks the cache, too
        of_table = inspect.signature(table).parameters
        options = options_of(name, calls)
        own = [each for each in list(of_table.values())[1:] if each.name != "top"]  # that of the picture
        assert [(each.name, each.kind, each.default, each.annotation) for each in shown] == [
            *((each.name, each.kind, each.default, each.annotation) for each in own),
            *(
                (option, inspect.Parameter.KEYWORD_ONLY, None, annotation)
                for option, annotation in options.items()
                if option == "top" or option not in of_table
            ),
        ]
        assert inspect.signature(getattr(calls.calls.plot, name)).return_annotation == "Axes"
        assert f"``df.calls.{name}``" in getattr(calls.calls.plot, name).__doc__

    @pytest.mark.parametrize("name", OTHER_SIDES)
    def test_shows_the_arguments_of_a_picture_that_is_not_named_after_its_table(self, name, calls):
        table, own = OTHER_SIDES[name]
        method = getattr(calls.calls.plot, name)
        assert list(inspect.signature(method).parameters) == [*own, *options_of(table, calls)]
        assert f"``df.calls.{table}``" in method.__doc__

    @pytest.mark.parametrize("name", plots.__all__)
    def test_says_what_is_drawn_as_the_function_in_plots_does(self, name):
        ours, theirs = (sections(inspect.getdoc(getattr(each, name))) for each in (CallsPlot, plots))
        assert list(ours) == ["", "Parameters", "Returns", "Raises"]
        assert ours[""].startswith("Draw ")
        assert ours[""].partition("\n\n")[0] == theirs[""].partition("\n\n")[0]
        assert one_line(ours["Returns"]) == one_line(theirs["Returns"])

    @pytest.mark.parametrize("name", plots.__all__)
    def test_explains_every_parameter_and_no_other(self, name):
        text = sections(inspect.getdoc(getattr(CallsPlot, name)))["Parameters"]
        explained = [name for line in re.findall(r"^\S.*$", text, re.MULTILINE) for name in line.split(", ")]
        assert explained == list(inspect.signature(getattr(CallsPlot, name)).parameters)[1:]

    def test_says_which_pictures_there_are(self, calls):
        for text in (repr(calls.calls.plot), calls.calls.plot._repr_html_()):
            assert all(f".{name}" in text for name in plots.__all__)
            assert "Draw the share of each outcome" in text

    def test_draws_the_table_on_the_axes_given(self, calls):
        _, ax = plt.subplots()
        assert calls.calls.plot.by_outcome(ax=ax) is ax
        assert {text.get_text() for text in ax.get_yticklabels()} == {"A", "b"}

    def test_passes_the_arguments_of_the_table_on(self, calls):
        ax = calls.calls.plot.by_outcome(fold_case=False)
        assert [text.get_text() for text in ax.get_yticklabels()] == ["A", "a", "b"]

    @pytest.mark.parametrize("name", [name for name in dir(CallsPlot) if not name.startswith("_")])
    def test_errors_are_told_of_arguments_that_it_takes(self, name):
        method = getattr(CallsPlot, name)
        raised = inspect.cleandoc(method.__doc__).partition("\nRaises\n------\n")[2]
        assert set(re.findall(r"(?<!`)`(\w+)`", raised)) <= inspect.signature(method).parameters.keys()

    def test_a_misspelt_picture_is_told_the_nearest_one(self, calls):
        with pytest.raises(AttributeError, match=r"no picture 'by_outcomes'; did you mean 'by_outcome'\?$"):
            calls.calls.plot.by_outcomes()
        assert not hasattr(calls.calls.plot, "_repr_png_")

    def test_an_option_that_does_not_exist_is_a_type_error(self, calls):
        with pytest.raises(TypeError, match="axes"):
            calls.calls.plot.by_outcome(axes=plt.subplots()[1])

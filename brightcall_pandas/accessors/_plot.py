"""``df.calls.plot``: the tables as pictures.

Every method computes the table of the same name and has `plots` draw it. Its signature is the table's own,
and Shift-Tab shows the documentation of the table's parameters, which is written once, at the table.
"""

# ruff: noqa: PLC0415  (matplotlib is loaded by the first picture, not by the import of the package)

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, Unpack

import pandas as pd

from brightcall_pandas import analysis
from brightcall_pandas.accessors._frame import calls
from brightcall_pandas.accessors._pictures import PlotOptions, pictures_as_html, pictures_as_text
from brightcall_pandas.accessors._pictures import picture_of as _picture_of
from brightcall_pandas.accessors._plot_transfers import TransferPictures
from brightcall_pandas.accessors._plot_views import PictureViews
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame import nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from brightcall_pandas.analysis import (
        Bins,
        By,
        Closed,
        Days,
        Direction,
        Further,
        Metric,
        Rate,
        Span,
        Stages,
    )

__all__ = ["CallsPlot", "PlotOptions"]


class CallsPlot(PictureViews, TransferPictures):
    """``df.calls.plot``: the tables as pictures, under the same names and with the same parameters."""

    def __init__(self, df: pd.DataFrame) -> None:
        self._df = df

    def __repr__(self) -> str:
        return pictures_as_text(type(self))

    def _repr_html_(self) -> str:
        return pictures_as_html(type(self))

    if not TYPE_CHECKING:  # type checkers must go on reporting it

        @brief_errors
        def __call__(self, *_: object, **__: object) -> NoReturn:
            msg = "name a picture: df.calls.plot.by_outcome(), or another one that df.calls.plot lists"
            raise TypeError(msg)

        @brief_errors
        def __getattr__(self, name: str) -> NoReturn:
            message = f"df.calls.plot has no picture {name!r}"
            if not name.startswith("_"):
                message += nearest(name, (each for each in dir(type(self)) if not each.startswith("_")))
            raise AttributeError(message, name=name, obj=self)

    @_picture_of(analysis.breakdown)
    def breakdown(
        self,
        by: By,
        metrics: Sequence[str | Metric] | Metric | None = None,
        *,
        region: str | None = None,
        confidence: float = 0.95,
        days: Days = None,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw one metric of each group.

        A bar for each group, the highest first, with its interval where the table has one;
        weekdays, hours and attempts keep their order. Calls without a group have a gray bar and
        are in no comparison. Of more than 30 groups the largest are drawn. A value that is not
        known says so and has no bar.
        """
        from brightcall_pandas import plots

        table = calls(self._df).breakdown(
            by=by, metrics=metrics, region=region, confidence=confidence, days=days
        )
        return plots.breakdown(table, **options)

    @_picture_of(analysis.by_agent)
    def by_agent(
        self,
        *,
        rank_by: Rate = "answer_rate",
        min_calls: int = 20,
        by: By = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the rate by which the agents are ranked, shrunk towards the mean and as counted.

        A row for each agent, best first: a dot for the rate shrunk towards the mean, with a line down
        to its lower end, by which the agents rank; below it a hollow dot for the rate as counted on the
        line of its interval, and on the right the possible ranks and the calls. Agents without a rank
        are gray. Of more than 30 agents the first and the last 15 that are ranked are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).by_agent(rank_by=rank_by, min_calls=min_calls, by=by, confidence=confidence)
        return plots.by_agent(table, **options)

    @_picture_of(analysis.by_line)
    def by_line(
        self,
        *,
        short_s: float = 10,
        direction: Direction = "outbound",
        by: By = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the answer rate of each line, adjusted and as counted.

        A row for each line, highest adjusted rate first: a dot for the adjusted rate, a
        hollow dot for the rate as counted, a line for its interval, and on the right the
        share of short calls and the trend. Of more than 30 lines the first and the last 15
        are drawn. The title tells the line that falls most, if any falls by more than
        chance.
        """
        from brightcall_pandas import plots

        table = calls(self._df).by_line(short_s=short_s, direction=direction, by=by, confidence=confidence)
        return plots.by_line(table, **options)

    @_picture_of(analysis.by_outcome)
    def by_outcome(
        self,
        *,
        by: By = None,
        fold_case: bool = True,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the share of each outcome with its interval.

        A bar for each outcome, the most frequent first, then calls without one; whiskers show the
        interval of the share, colors and signs the outcome type. Outcomes after the first twelve
        are drawn as one bar, the last.
        """
        from brightcall_pandas import plots

        table = calls(self._df).by_outcome(by=by, fold_case=fold_case, confidence=confidence)
        return plots.by_outcome(table, **options)

    @_picture_of(analysis.funnel)
    def funnel(
        self,
        stages: Stages = None,
        *,
        by: By = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how many calls reach each stage.

        A bar for each stage: its share of the first stage, with its calls and the rate from the
        stage before. A stage counts the calls that reached all stages before it too, and the text
        says so. Of more groups than fit, the largest are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).funnel(stages=stages, by=by, confidence=confidence)
        return plots.funnel(table, **options)

    @_picture_of(analysis.talk_time_buckets)
    def talk_time_buckets(
        self,
        edges: Sequence[float] = (10, 30),
        *,
        by: By = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how answered calls divide into buckets of talk time.

        A bar for each bucket: its share of the answered calls with its interval. Of more groups
        than fit, the largest are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).talk_time_buckets(edges=edges, by=by, confidence=confidence)
        return plots.talk_time_buckets(table, **options)

    @_picture_of(analysis.talk_time_histogram)
    def talk_time_histogram(
        self,
        bins: Bins = None,
        *,
        by: By = None,
        answered_only: bool = True,
        closed: Closed = "left",
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how long calls talk: the share that talk at least so long.

        A falling curve, and not the bars of a histogram, unless all bins have one width: at
        each edge of a bin the share of the calls that talk at least so long, over time on a
        logarithmic axis. The table counts the calls within each bin. Large dots mark where
        three quarters, half and a quarter of the calls still talk: the quartiles that the
        table tells, else read off within bins. With outer index levels a curve for each of the
        six largest groups.
        """
        from brightcall_pandas import plots

        table = calls(self._df).talk_time_histogram(
            bins=bins, by=by, answered_only=answered_only, closed=closed
        )
        return plots.talk_time_histogram(table, **options)

    @_picture_of(analysis.answer_time_histogram)
    def answer_time_histogram(
        self,
        bins: Bins = None,
        *,
        by: By = None,
        answered_only: bool = True,
        closed: Closed = "left",
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how long calls take to be answered: the share that take at least so long.

        A falling curve, and not the bars of a histogram, unless all bins have one width: at
        each edge of a bin the share of the calls that take at least so long, over time on a
        logarithmic axis. The table counts the calls within each bin. Large dots mark where
        three quarters, half and a quarter of the calls are not yet answered: the quartiles that
        the table tells, else read off within bins. With outer index levels a curve for each of
        the six largest groups. That calls wait is said of inbound ones only.
        """
        from brightcall_pandas import plots

        table = calls(self._df).answer_time_histogram(
            bins=bins, by=by, answered_only=answered_only, closed=closed
        )
        return plots.answer_time_histogram(table, **options)

    @_picture_of(analysis.over_time)
    def over_time(
        self,
        freq: str = "D",
        *,
        metrics: Further = None,
        by: By = None,
        confidence: float = 0.95,
        days: Days = None,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the calls of each period and how many of them were answered.

        All calls as light steps, answered calls as dark steps in front of them; with outer index
        levels a line for each of the six largest groups. Periods that the calls do not cover
        wholly are hatched, or dotted where there are lines. Too many periods are added up to
        days, weeks or months.
        """
        from brightcall_pandas import plots

        table = calls(self._df).over_time(freq=freq, metrics=metrics, by=by, confidence=confidence, days=days)
        return plots.over_time(table, **options)

    @_picture_of(analysis.heatmap)
    def heatmap(
        self,
        value: str | Metric | None = None,
        *,
        by: By = None,
        confidence: float = 0.95,
        days: Days = None,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw a value by weekday and hour of the day.

        A cell for each hour of the week; darker means more. Hours without calls at both
        ends of the day are left out. Cells that rest on fewer than ten calls, of a rate or
        a mean fewer than 30, are hatched and have no color; for a mean, the calls it is
        taken over count. Other hours of which the table tells that their rate is beyond chance
        are framed, and the title counts them and says where most of them lie; of a number it
        says if the peak may be chance. An hour stands where it begins.
        """
        from brightcall_pandas import plots

        table = calls(self._df).heatmap(
            value="n_calls_per_day" if value is None else value, by=by, confidence=confidence, days=days
        )
        return plots.heatmap(table, **options)

    @_picture_of(analysis.concurrency)
    def concurrency(self, freq: str = "1min", *, by: By = None, **options: Unpack[PlotOptions]) -> Axes:
        """Draw how many calls were in progress at once.

        Up to two weeks: the most calls at once in each period as filled steps and the mean
        as a line. Two weeks and more: a typical week, the number that was not exceeded in
        nine of ten weeks at each half hour. The title tells the peak and its time. With
        outer index levels the most calls at once of the six groups with the highest peaks,
        a line each; of two weeks and more a typical day of each group. Too many periods are
        drawn as hours or days, each with its highest maximum and its mean.
        """
        from brightcall_pandas import plots

        table = calls(self._df).concurrency(freq=freq, by=by)
        return plots.concurrency(table, **options)

    @_picture_of(analysis.staffing)
    def staffing(
        self,
        freq: str = "30min",
        *,
        target: float = 0.8,
        threshold_s: float = 20,
        patience_s: float | None = None,
        wrap_up_s: float = 0,
        max_occupancy: float = 1.0,
        shrinkage: float = 0.0,
        direction: Direction = "inbound",
        by: By = None,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how many agents each period needs and the load they would carry.

        Up to two weeks: agents as filled steps, the load in erlangs as a line. Two weeks
        and more: a typical week, the agents that suffice in nine of ten weeks at each half
        hour. With outer index levels the agents of the six groups that need most, a line
        each; of two weeks and more a typical day of each group. Too many periods are drawn
        as hours or days, each with its highest number of agents and its mean load.
        """
        from brightcall_pandas import plots

        table = calls(self._df).staffing(
            freq=freq,
            target=target,
            threshold_s=threshold_s,
            patience_s=patience_s,
            wrap_up_s=wrap_up_s,
            max_occupancy=max_occupancy,
            shrinkage=shrinkage,
            direction=direction,
            by=by,
        )
        return plots.staffing(table, **options)

    @_picture_of(analysis.service_level)
    def service_level(
        self,
        threshold_s: float = 20,
        *,
        short_abandon_s: float = 5,
        direction: Direction = "inbound",
        by: By = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the share of calls answered in time, for all three denominators.

        A row for each group with three marks, the best first; the line is the interval of
        the first, which stands at the right with its calls. Of more than 30 groups the
        largest are drawn. Groups of which no answer time is known say so.
        """
        from brightcall_pandas import plots

        table = calls(self._df).service_level(
            threshold_s=threshold_s,
            short_abandon_s=short_abandon_s,
            direction=direction,
            by=by,
            confidence=confidence,
        )
        return plots.service_level(table, **options)

    @_picture_of(analysis.abandonment)
    def abandonment(
        self,
        *,
        short_abandon_s: float = 5,
        direction: Direction = "inbound",
        by: By = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the share of calls that callers gave up.

        A bar for each group, the highest first: abandoned ÷ offered calls, with its interval, and a
        line at the share of all. Of more than 30 groups the largest are drawn. The title names a group
        only if it differs from all by more than chance.
        """
        from brightcall_pandas import plots

        table = calls(self._df).abandonment(
            short_abandon_s=short_abandon_s, direction=direction, by=by, confidence=confidence
        )
        return plots.abandonment(table, **options)

    @_picture_of(analysis.attempts)
    def attempts(
        self,
        *,
        direction: Direction = "outbound",
        metrics: Further = None,
        by: By = None,
        region: str | None = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw what each attempt adds and how many clients are reached by then.

        Bars show the share of clients not reached before whom the attempt reached, with its
        interval; below them stands of how many clients. Lines show the clients reached so
        far, and how many there would be if no client were given up and those who were could
        be reached as easily as the others, on the band of its interval. With outer index
        levels a line for each of the six largest groups. Of more than twelve attempts the
        first twelve are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).attempts(
            direction=direction, metrics=metrics, by=by, region=region, confidence=confidence
        )
        return plots.attempts(table, **options)

    @_picture_of(analysis.repeat_callers)
    def repeat_callers(
        self,
        window: Span = "24h",
        *,
        direction: Direction = "inbound",
        answered_only: bool = False,
        until: pd.Timestamp | None = None,
        by: By = None,
        region: str | None = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the share of calls that the same caller repeated within the window.

        A bar for each group, the highest first: repeated ÷ observed calls, with its interval. Of
        more than 30 groups the largest are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).repeat_callers(
            window=window,
            direction=direction,
            answered_only=answered_only,
            until=until,
            by=by,
            region=region,
            confidence=confidence,
        )
        return plots.repeat_callers(table, **options)

    @_picture_of(analysis.recalls)
    def recalls(
        self,
        *,
        tolerance: str | pd.Timedelta = "15min",
        direction: Direction = "outbound",
        until: pd.Timestamp | None = None,
        by: By = None,
        region: str | None = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how many promised calls were kept, late or missed, or are still open.

        A bar for each status: its number of promised calls, with the interval of its share
        of those that were due.
        """
        from brightcall_pandas import plots

        table = calls(self._df).recalls(
            tolerance=tolerance,
            direction=direction,
            until=until,
            by=by,
            region=region,
            confidence=confidence,
        )
        return plots.recalls(table, **options)

    @_picture_of(analysis.compare)
    def compare(
        self,
        other: pd.DataFrame,
        *,
        by: By = None,
        metrics: Sequence[str] | None = None,
        before: pd.DataFrame | None = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw one metric of each group on both sides.

        A row for each group, the largest increase first: an arrow from a hollow dot for the other
        calls to its head for these calls, and on the right the change and the calls of both sides.
        Where the table tells what is beyond chance, other arrows are gray. Of more than 30 groups the
        largest are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).compare(
            other=other, by=by, metrics=metrics, before=before, confidence=confidence
        )
        return plots.compare(table, **options)

    @_picture_of(analysis.explain_change)
    def explain_change(
        self,
        other: pd.DataFrame,
        metric: str | Metric = "answer_rate",
        *,
        by: By = None,
        before: pd.DataFrame | None = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw what explains the change of a rate: dimensions, or the groups of one.

        A row for each group, largest effect first: a bar for the change of its rate, a bar for the
        change of its share, and a mark for both together on the line of its interval. Groups after the
        first twelve are drawn as one row. Of a table of dimensions a row for each, the one that
        explains most first: what its groups' rates and shares do, and on the right how much it explains
        beyond chance.
        """
        from brightcall_pandas import plots

        table = calls(self._df).explain_change(
            other=other, metric=metric, by=by, before=before, confidence=confidence
        )
        return plots.explain_change(table, **options)

"""Pictures that show a table from another side than its own, and those of checks and key figures."""

# ruff: noqa: PLC0415  (matplotlib is loaded by the first picture, not by the import of the package)

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Unpack

import pandas as pd

from brightcall_pandas import analysis
from brightcall_pandas.accessors import _revised
from brightcall_pandas.accessors._frame import calls
from brightcall_pandas.accessors._pictures import PlotOptions
from brightcall_pandas.accessors._pictures import picture_of as _picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from brightcall_pandas.analysis import Against, By, Days, Direction, Metric, Rate, Span
    from brightcall_pandas.load import Client

__all__ = ["PictureViews"]

_FINE = (*range(121), *range(125, 600, 5), *range(600, 3600, 30), *range(3600, 7201, 60))
"""Seconds at which a curve of talk times has a point: as many as can be told apart on a logarithmic axis."""


class PictureViews:
    """Pictures of rates against chance, of days, of shares over time, of checks, and of key figures."""

    _df: pd.DataFrame

    @_picture_of(analysis.summary)
    def summary(self, *, by: By = None, region: str | None = None, **options: Unpack[PlotOptions]) -> Axes:
        """Draw the key figures as a card.

        A tile for each key figure, with what it is and what it is of. With more than one group a row
        for each, the largest twelve, and a column for each figure.
        """
        from brightcall_pandas import plots

        return plots.summary(calls(self._df).summary(by=by, region=region), **options)

    @_picture_of(analysis.over_time)
    def control_chart(self, freq: str = "W", *, days: Days = None, **options: Unpack[PlotOptions]) -> Axes:
        """Draw the answer rate of each period against control limits.

        A p-chart: the answer rate of each period, that of all whole periods as a line, and around it
        a band of three standard errors, the wider the fewer calls a period has. Periods outside it
        stand out. Those that the days do not fill are hollow; they count neither as outside nor for
        the line. Those whose outcomes have not settled are hatched, where it is known how late they
        change (`bc.lookback`).
        """
        from brightcall_pandas import plots

        return plots.control_chart(calls(self._df).over_time(freq=freq, days=days), **options)

    @_picture_of(analysis.over_time)
    def small_multiples(
        self, freq: str = "W", *, by: By = "project", days: Days = None, **options: Unpack[PlotOptions]
    ) -> Axes:
        """Draw the answer rate of each group over time, a small control chart for each.

        The axes of the whole picture, with a panel for each of the twelve largest groups, all on the
        same scale: its answer rate, its mean as a line, and a band of three standard errors. Periods
        outside it stand out; those that the days do not fill are hollow and do not count.
        """
        from brightcall_pandas import plots

        return plots.small_multiples(calls(self._df).over_time(freq=freq, by=by, days=days), **options)

    @_picture_of(analysis.watch)
    def watch(
        self,
        *,
        by: By = "line",
        metric: str | Metric = "answer_rate",
        false_alarms: float = 0.2,
        odds_ratio: float = 0.6,
        against: Against = "others",
        direction: Direction = "outbound",
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how far each unit is from an alarm, day by day, a small chart for each.

        The axes of the whole picture, with a panel for each of twelve units, those that changed first
        and then the largest: upwards how far the chart of a rise is, downwards that of a fall, with
        dashed lines where the alarm is raised. Of units that changed the line stands out from the
        change on, with a bar beside it, and a dot is the alarm. What cannot be judged is not drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).watch(
            by=by,
            metric=metric,
            false_alarms=false_alarms,
            odds_ratio=odds_ratio,
            against=against,
            direction=direction,
            confidence=confidence,
        )
        return plots.watch(table, **options)

    @_picture_of(
        analysis.over_time,
        value='Column of ``over_time("D")`` to draw: ``"answer_rate"``, ``"talk_time_mean_s"`` …',
    )
    def calendar(self, value: str = "n_calls", *, days: Days = None, **options: Unpack[PlotOptions]) -> Axes:
        """Draw a value of each day as a calendar.

        A cell for each day, with its date where there is room, a row for each weekday and a
        column for each week; darker means more, lighter on a dark background. A rate of fewer
        than 30 calls is hatched and sets no color, and so is a day of which calls are only
        loaded in part. Of the other days the title counts those whose rate differs from that
        of all by more than chance; they are framed. Of more than 53 weeks the last are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).over_time(freq="D", days=days)
        if value not in table:
            known = ", ".join(str(name) for name in table if name != "complete")
            msg = f"value={value!r} is not a column of over_time; there are: {known}"
            raise ValueError(msg)
        drawn = table[[value, *(name for name in table if name != value)]]  # the first column is drawn
        return plots.calendar(drawn, **options)

    @_picture_of(analysis.by_outcome, freq='Period: ``"D"``, ``"W"``, ``"M"`` …, as for `over_time`.')
    def outcome_shares(
        self,
        freq: str = "W",
        *,
        fold_case: bool = True,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the share of each outcome in each period.

        A line for each of the six most frequent outcomes on the band of its interval, named
        at its end, where it was in the last whole period, with its share then. Periods that
        the days do not fill are hollow. The title tells the outcome whose share of the last
        whole period differs most from those before, if any differs by more than chance;
        beside it the others are gray.
        """
        from brightcall_pandas import plots

        table = calls(self._df).by_outcome(by=freq, fold_case=fold_case, confidence=confidence)
        return plots.outcome_shares(table, **options)

    @_picture_of(analysis.talk_time_histogram)
    def talk_time_survival(self, *, by: By = "outcome", **options: Unpack[PlotOptions]) -> Axes:
        """Draw which share of the answered calls still talks after so many seconds.

        A curve for each of the six largest groups, on a logarithmic axis of time: the share
        of its answered calls that talk at least so long. Dots are medians, with their
        intervals as lines: of groups in a row each below the curves, with a sample of the
        curve behind the name. The title compares the longest and the shortest median, if
        they differ by more than chance; the other curves are thin and gray.
        """
        from brightcall_pandas import plots

        table = calls(self._df).talk_time_histogram(bins=_FINE, by=by)
        return plots.talk_time_survival(table, **options)

    @_picture_of(analysis.by_agent)
    def agent_funnel(
        self, *, rank_by: Rate = "answer_rate", by: By = None, **options: Unpack[PlotOptions]
    ) -> Axes:
        """Draw the rate of each agent against the number of calls, with the limits of chance.

        A funnel plot: a dot for each agent, their median as a line, above which half of the
        calls are, and curves between which 95 % and 99.8 % of agents lie who are all alike.
        Agents beyond the outer curves stand out and are named. Calls without an agent are
        left out.
        """
        from brightcall_pandas import plots

        return plots.agent_funnel(calls(self._df).by_agent(rank_by=rank_by, by=by), **options)

    @_picture_of(analysis.breakdown)
    def by_country(
        self, *, region: str | None = None, confidence: float = 0.95, **options: Unpack[PlotOptions]
    ) -> Axes:
        """Draw where clients are, by the countries of their numbers.

        A bar for each country, most calls first: its share of all calls, and beside it the calls and
        their answer rate with its interval. Calls whose client or country is not known are a gray bar
        at the end. Of more than twenty countries the largest are drawn, and the others as one bar. Of
        one country, and calls of none, the answer rates are drawn: there are no shares to compare.
        """
        from brightcall_pandas import plots

        table = calls(self._df).breakdown(by="country", region=region, confidence=confidence)
        return plots.by_country(table, **options)

    @_picture_of(analysis.compare)
    def changes(
        self,
        other: pd.DataFrame,
        *,
        by: By = None,
        metrics: Sequence[str] | None = None,
        before: pd.DataFrame | None = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw by how much each group changed, with the interval of the change.

        A forest plot: a row for each group, the largest gain on top, with a dot for its change on the
        line of its interval, and at the right both values. Changes beyond chance stand out. Of more
        than 30 groups the largest are drawn.
        """
        from brightcall_pandas import plots

        table = calls(self._df).compare(
            other=other, by=by, metrics=metrics, before=before, confidence=confidence
        )
        return plots.changes(table, **options)

    @_picture_of(analysis.attempt_gaps)
    def attempt_gaps(
        self,
        edges: Sequence[Span] = ("1h", "4h", "1D", "3D", "7D"),
        *,
        direction: Direction = "outbound",
        by: By = None,
        region: str | None = None,
        confidence: float = 0.95,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw what another attempt brings, by how long after the one before.

        A cell for each attempt and gap: the share of clients not reached before whom it
        reached, and of how many; darker means more. Cells of fewer than 30 clients are
        hatched and set no color. The title compares the gaps before the second attempt,
        where they differ by more than chance.
        """
        from brightcall_pandas import plots

        table = calls(self._df).attempt_gaps(
            edges, direction=direction, by=by, region=region, confidence=confidence
        )
        return plots.attempt_gaps(table, **options)

    @_picture_of(_revised.restated)
    def restated(
        self,
        metric: str | Metric = "answer_rate",
        by: By = None,
        *,
        as_of: str | date | None = None,
        reported: pd.DataFrame | None = None,
        client: Client | None = None,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw a metric of each group as it was reported, and as it is known now.

        A row for each group, the largest change on top: a dot for how much the metric changed since it
        was reported, on a line from no change, and at the right both values and the calls. Of more than 30
        groups the largest are drawn. The last row is that of all calls, where the table tells it.
        """
        from brightcall_pandas import plots

        table = calls(self._df).restated(metric, by, as_of=as_of, reported=reported, client=client)
        return plots.restated(table, **options)

    @_picture_of(analysis.quality)
    def quality(self, *, now: pd.Timestamp | str | None = None, **options: Unpack[PlotOptions]) -> Axes:
        """Draw what the checks of the rows find, and which values are missing.

        A row for each check of the rows, those that failed first, with the rows concerned, and apart
        from them a bar for each field that has nulls, with the share of rows. Fields that come only
        on request and are in no row are not missing, and named below. Of more than eighteen rows the
        first are drawn, and those that passed as one; a slide has as many as can be read from afar.
        """
        from brightcall_pandas import plots

        return plots.quality(calls(self._df).quality(now=now), **options)

    @_picture_of(analysis.reconcile)
    def reconcile(self, stats: pd.DataFrame, **options: Unpack[PlotOptions]) -> Axes:
        """Draw which figures agree with the server's statistics.

        A row for each figure that differs, with how much the rows differ in each direction, and below
        them how many figures of the direction agree and how many cannot be compared. Of more than
        twenty figures that differ the first are drawn.
        """
        from brightcall_pandas import plots

        return plots.reconcile(calls(self._df).reconcile(stats), **options)

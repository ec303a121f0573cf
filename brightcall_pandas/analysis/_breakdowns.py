"""Key figures of all calls and of any groups, calls by outcome, and how far calls get."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._covered import Covered, Days, calls_a_day, covered, days_behind
from brightcall_pandas.analysis._dimensions import By, field_key, names_of, split, split_or_all
from brightcall_pandas.analysis._groups import (
    Groups,
    Key,
    completed,
    folded_key,
    folded_keys,
    grouped,
    key_of,
    keys_of_index,
    outer_codes,
)
from brightcall_pandas.analysis._intervals import Columns, ratios_of, rest_flags, say_level, with_intervals
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import checked_metrics, medians_in, metrics_of, sums_for
from brightcall_pandas.analysis._rates import rate_columns, ratio, wilson
from brightcall_pandas.analysis._stages import Stages, checked_stages, stage_mask
from brightcall_pandas.analysis._tallies import SUMS, VALUE, additive, known_sums, tally, tally_of
from brightcall_pandas.frame import FIELDS, optional_column, with_region

__all__ = ["breakdown", "by_outcome", "funnel", "summary"]


_DURATIONS = ("answerTime", "talkTime", "aiTalkTime")

_KEY_FIGURES = (
    "n_calls",
    "answered",
    "answer_rate",
    "answer_time_mean_s",
    "answer_time_median_s",
    "talk_time_total_s",
    "talk_time_mean_s",
    "talk_time_median_s",
    "unique_clients",
    "calls_per_client",
    "first_time_share",
    "transferred_share",
    "ai_talk_share",
    "recordings_ready",
)


def tally_summary(df: pd.DataFrame, *, by: By = None, region: str | None = None) -> pd.DataFrame:
    """Return the sums behind `summary`: one row per group and talk time."""
    df = with_region(df, region)
    return tally(df, split_or_all(df, by), sums_for(_KEY_FIGURES), medians=medians_in(_KEY_FIGURES))


def finish_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `summary` from its tally."""
    *keys, _ = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    groups = grouped(keys)
    result = metrics_of(table, groups, _KEY_FIGURES)
    sums = known_sums(table, groups, sums_for(_KEY_FIGURES))
    result.attrs["first_time_known"] = sums["first_time_known"].tolist()
    return result


@additive(tally_summary, finish_summary, whole_clients=True, durations=_DURATIONS)
def summary(df: pd.DataFrame, *, by: By = None, region: str | None = None) -> pd.DataFrame:
    """Return the key figures of all calls in one row, or of each group.

    Parameters
    ----------
    df
        Calls. No column is required; a number whose column is missing is null.
    by
        Columns or dimensions (``agent``, ``hour``, ``project`` …) to make a row of each.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``n_calls``, ``answered`` (int64)
        - ``answer_rate``: answered ÷ calls
        - ``answer_time_mean_s`` (average speed of answer), ``answer_time_median_s``: over answered calls
          whose answer time is known
        - ``talk_time_total_s``: over all calls, seconds
        - ``talk_time_mean_s``, ``talk_time_median_s``: over answered calls whose talk time is known
        - ``unique_clients``: distinct clients: telephone numbers, whatever their spelling
        - ``calls_per_client``: calls with a client ÷ distinct clients
        - ``first_time_share``: calls marked as the user's first ÷ calls whose mark is known
        - ``transferred_share``: calls transferred at least once ÷ calls
        - ``ai_talk_share``: AI talk time ÷ talk time, both over all calls
        - ``recordings_ready``: calls whose recording can be played

        Without calls the table is empty. ``attrs["first_time_known"]`` holds for each row how many calls
        have a mark that is known, the denominator of ``first_time_share``.

    Raises
    ------
    KeyError
        A name in `by` is unknown.
    ValueError
        `region` is not a country.

    Notes
    -----
    `definitions` gives numerator, denominator, treatment of nulls and source of each. A client called by
    two agents counts as a client of both, so distinct clients of the groups may add up to more than all.

    Examples
    --------
    >>> calls = pd.DataFrame({"state": [1, 1, 0, 2], "talkTime": [30, 60, 0, 0]})
    >>> columns = ["n_calls", "answered", "answer_rate", "talk_time_mean_s"]
    >>> calls.calls.summary()[columns]
         n_calls  answered  answer_rate  talk_time_mean_s
    group
    all        4         2          0.5              45.0
    """
    return finish_summary(tally_summary(df, by=by, region=region))


_USUAL_METRICS = (
    "n_calls",
    "answered",
    "answer_rate",
    "talk_time_total_s",
    "talk_time_mean_s",
    "positive",
    "positive_rate",
)


def tally_breakdown(
    df: pd.DataFrame,
    by: By,
    metrics: Sequence[str | Metric] | Metric | None = None,
    *,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the sums behind `breakdown`."""
    df = with_region(df, region)
    chosen = list(checked_metrics(metrics, _USUAL_METRICS).values())
    if not names_of(by):
        msg = "by= must name at least one dimension or column, for example by='project'"
        raise ValueError(msg)
    sums = {"whole_calls": SUMS["whole_calls"], **sums_for(chosen)}
    return tally(df, split(df, by), sums, medians=medians_in(chosen), ratios=ratios_of(chosen))


def finish_breakdown(
    table: pd.DataFrame,
    metrics: Sequence[str | Metric] | Metric | None = None,
    *,
    confidence: float = 0.95,
    days: Covered,
) -> pd.DataFrame:
    """Return the table of `breakdown` from its tally, and the time that the calls cover."""
    chosen = list(checked_metrics(metrics, _USUAL_METRICS).values())
    keys = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    groups = grouped([key for key in keys if key.labels.name != VALUE])
    calls = groups.sum(table["n_calls"].to_numpy())
    values = metrics_of(table, groups, chosen)
    sums = known_sums(table, groups, sums_for(chosen))
    columns: Columns = {
        "share": ratio(calls, table["whole_calls"].sum()),
        "n_calls_per_day": calls_a_day(calls, days_behind(groups.index, days)),
    }
    columns |= with_intervals(chosen, values, sums, confidence) | rest_flags(sums, chosen, confidence)
    result = say_level(pd.DataFrame(columns, index=groups.index), confidence)
    if isinstance(result.index.dtype, pd.StringDtype):
        result = result.iloc[np.argsort(-calls, kind="stable")]
    return result


@additive(tally_breakdown, finish_breakdown, whole_clients=True, durations=_DURATIONS)
def breakdown(
    df: pd.DataFrame,
    by: By,
    metrics: Sequence[str | Metric] | Metric | None = None,
    *,
    region: str | None = None,
    confidence: float = 0.95,
    days: Days = None,
) -> pd.DataFrame:
    """Return chosen metrics of each group of calls.

    Parameters
    ----------
    df
        Calls; needs the columns of `by`. A number whose column is missing is null.
    by
        A dimension (``agent``, ``attempt``, ``campaign``, ``client``, ``direction``, ``hour``, ``line``,
        ``new_or_redial``, ``outcome``, ``outcome_type``, ``project``, ``tag``, ``weekday``, ``day``,
        ``week``, ``month``), one that the client's number tells (``country``, ``region``, ``number_type``,
        ``client_hour``, ``client_weekday``), a period as in `over_time` (``"30min"``, ``"quarter"``), a
        column of the frame, or several. ``hour`` is the hour of the day; the single hours are ``"h"``.
    metrics
        Names in `definitions` that describe a group of calls, or metrics of your own (`bc.Metric`); default:
        calls, answered, answer_rate, talk_time_total_s, talk_time_mean_s, positive and positive_rate.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.
    confidence
        Confidence of the intervals, between 0 and 1.
    days
        First and last day that the calls were loaded for. None: the days of the load, as in `over_time`.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`; missing values are a group of their own. With one name whose
        labels have no order, most calls first; otherwise in the order of the labels. Columns:

        - ``share``: calls of the group ÷ all calls
        - ``n_calls_per_day``: calls of the group ÷ days covered, those without calls included; by weekday,
          hour or a period, only the days that have it: Mondays are compared with Wednesdays by this, not by
          ``n_calls``, since there may be more of them. Null without times
        - each of `metrics`, and after each that has a denominator ``<metric>_low`` and ``<metric>_high``, its
          interval
        - ``beyond_chance`` (boolean): whether one of the rates that are calls ÷ calls differs from that of
          all other groups together by more than chance gives; null where the group or the others have calls
          of one client only. Of several rates, ``<rate>_beyond_chance`` says which

        ``attrs["brightcall"]`` names the ``confidence``, and as ``false_discovery_rate`` the level of
        ``beyond_chance``: 1 − `confidence`.

    Raises
    ------
    KeyError
        A name in `by` is neither a dimension nor a column.
    TypeError, ValueError
        `by` names nothing, `metrics` is not a list of such names, `region` is not a country, `confidence` is
        not between 0 and 1, or `days` are not two days in their order.

    Notes
    -----
    Calls of one client resemble each other, so three calls to one client tell less than one call to each of
    three. The variance of a metric is that of numerator ÷ denominator, linearized (Taylor) with the client as
    the cluster; a call without a client is one of its own. A rate gets Wilson's interval (1927) on calls ÷
    design effect (Kish 1965), that variance ÷ the one of independent calls, 1 at least; with few clients the
    quantile is that of t (Korn and Graubard 1998). With one call a client it is exactly Wilson's interval on
    the calls. A rate of 0 or 1 does not show how alike the calls of a client are: they are taken to be all
    alike. Means and other ratios get ± quantile of t × standard error; null where one client tells it.

    ``beyond_chance`` comes from the likelihood-ratio test of group against rest with Yates' correction, on
    calls ÷ design effect (Rao and Scott 1984), after Benjamini and Hochberg (1995) over all groups and rates
    of the table: of the groups that are said to differ, at most 1 − `confidence` are expected not to, and
    where nothing differs, at most that share of tables says that anything does. By ``tag``, all other groups
    are those of the other tags.

    By ``tag``, a call counts once in each of its tags, so shares may add up to more than 1.

    What a number tells comes from the library ``phonenumbers``: ``country`` (two letters of ISO 3166) from
    its country code, ``region`` (town, state, or the country of a mobile number) and ``number_type``
    (``fixed_line``, ``mobile``, ``fixed_line_or_mobile``, ``toll_free`` …) from the numbering plan,
    ``client_hour`` and ``client_weekday`` from the clock of its timezone. Where a number can be in several
    zones whose clocks differ, as mobile numbers of the US can, these two are null. ``attrs["brightcall"]``
    counts it: the `region`, and under ``clients`` the calls with ``no_client``, of clients with
    ``no_country_code``, and in ``several_timezones``. By ``attempt`` or ``new_or_redial`` it counts the
    clients who were called before these calls, of whom no dial here is the first: see `attempts`.

    Examples
    --------
    >>> calls = pd.DataFrame({"projectName": ["Solar", "Solar", None], "state": [1, 0, 1]})
    >>> table = calls.calls.breakdown("project", ["n_calls", "answer_rate"])
    >>> table[["share", "n_calls", "answer_rate"]].round(2)
             share  n_calls  answer_rate
    project
    Solar     0.67      2          0.5
    (none)    0.33      1          1.0
    """
    table = tally_breakdown(df, by, metrics, region=region)
    return finish_breakdown(table, metrics, confidence=confidence, days=covered(df, days))


_OF_OUTCOMES = (
    "n_calls",
    "answered",
    "answer_rate",
    "talk_time_total_s",
    "talk_time_mean_s",
    "talk_time_median_s",
)


def tally_by_outcome(df: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
    """Return the sums behind `by_outcome`: one row per spelling, type and talk time."""
    spelling = field_key(df, "outcomeTag", "outcome")
    kind = key_of(optional_column(df, "outcomeType"), "outcome_type")
    return tally(
        df, split(df, by).within(spelling, kind), sums_for(_OF_OUTCOMES), medians=medians_in(_OF_OUTCOMES)
    )


def finish_by_outcome(
    table: pd.DataFrame, *, fold_case: bool = True, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `by_outcome` from its tally."""
    *by, spelling, kind, _ = keys_of_index(table.index)
    calls = table["n_calls"].to_numpy()
    by = folded_keys(by, calls)
    groups = grouped([*by, folded_key(spelling, calls, fold_case=fold_case)])
    result = metrics_of(table, groups, _OF_OUTCOMES)
    outer = outer_codes(groups, by)
    of = np.bincount(outer, weights=result["n_calls"])[outer]
    low, high = wilson(result["n_calls"], of, confidence)
    result.insert(0, "outcome_type", _most_frequent(groups, kind.codes, calls))
    result.insert(2, "share", ratio(result["n_calls"], of))
    result.insert(3, "share_low", low)
    result.insert(4, "share_high", high)
    # The sort is stable: outcomes of equally many calls stay in alphabetical order.
    return result.iloc[np.lexsort((-result["n_calls"].to_numpy(), outer))]


@additive(tally_by_outcome, finish_by_outcome, durations=("talkTime",))
def by_outcome(
    df: pd.DataFrame, *, by: By = None, fold_case: bool = True, confidence: float = 0.95
) -> pd.DataFrame:
    """Count calls, answers and talk time of each outcome.

    Parameters
    ----------
    df
        Calls; needs ``outcomeTag``. ``outcomeType``, ``state`` and ``talkTime`` are used where present.
    by
        Columns or dimensions (``agent``, ``hour``, ``project`` …) that become outer index levels.
    fold_case
        Whether spellings that differ in case and blanks only are one outcome.
    confidence
        Of the interval of ``share``.

    Returns
    -------
    pandas.DataFrame
        Index ``outcome`` (below the levels of `by`), most calls first within each group:

        - ``outcome_type`` (category): the most frequent type of these calls; of equally frequent ones the
          first of positive, neutral, negative, absent; null where no call has one
        - ``n_calls`` (int64)
        - ``share``: calls ÷ calls of the group (of all calls without `by`)
        - ``share_low``, ``share_high``: Wilson's interval of ``share``
        - ``answered`` (int64): calls whose state is answered
        - ``answer_rate``: answered ÷ calls
        - ``talk_time_total_s``: over all calls of the outcome, seconds
        - ``talk_time_mean_s``, ``talk_time_median_s``: over its answered calls whose talk time is known

        A number that needs a column the frame lacks is null.

    Raises
    ------
    KeyError
        The frame has no ``outcomeTag``, or a name in `by` is unknown.
    ValueError
        `confidence` is not between 0 and 1.

    Notes
    -----
    Spellings are folded by case, outer blanks and runs of blanks, and shown in the most frequent one (of
    equally frequent ones the first in order of code points), which is the same in every group. A null or
    blank outcome is ``(none)``.

    Examples
    --------
    >>> tags = ["Sold", "no answer", "No answer", "No answer "]
    >>> calls = pd.DataFrame({"outcomeTag": tags, "state": [1, 0, 0, 1]})
    >>> calls.calls.by_outcome()[["n_calls", "share", "answer_rate"]]
             n_calls  share  answer_rate
    outcome
    No answer      3   0.75     0.333333
    Sold           1   0.25     1.000000
    """
    return finish_by_outcome(tally_by_outcome(df, by=by), fold_case=fold_case, confidence=confidence)


def _most_frequent(groups: Groups, kinds: NDArray[np.int64], calls: NDArray[np.int64]) -> pd.Series:
    """Return the type of most calls of each group; the last code stands for no type."""
    choices = FIELDS["outcomeType"].choices
    size = len(choices) + 1
    counts = np.bincount(groups.codes * size + kinds, weights=calls, minlength=len(groups) * size)
    known = counts.reshape(-1, size)[:, : len(choices)]
    codes = np.where(known.sum(axis=1) > 0, known.argmax(axis=1), -1)
    types = pd.Categorical.from_codes(codes.tolist(), dtype=pd.CategoricalDtype(list(choices)))
    return pd.Series(types, index=groups.index)


def tally_funnel(df: pd.DataFrame, stages: Stages = None, *, by: By = None) -> pd.DataFrame:
    """Return the sums behind `funnel`: how many calls get to each stage and no further."""
    masks = [stage_mask(name, stage, df) for name, stage in checked_stages(stages).items()]
    met = list(accumulate(masks, np.logical_and))
    depths = pd.RangeIndex(len(met) + 1, name="stage")
    if not names_of(by):
        # Counting masks is quicker than grouping rows.
        counts = np.array([len(df), *map(np.count_nonzero, met), 0])
        stopped = counts[:-1] - counts[1:]
        return pd.DataFrame({"n_calls": stopped[stopped > 0]}, index=depths[stopped > 0])
    parts = split(df, by).within(Key(np.sum(met, axis=0, dtype=np.int64), depths))
    return tally_of(parts.keys, {"n_calls": np.ones(len(parts.keys[0].codes), dtype=bool)})


def finish_funnel(table: pd.DataFrame, stages: Stages = None, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `funnel` from its tally."""
    names = list(checked_stages(stages))
    *by, depth = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    place = depth.labels.to_numpy(dtype=np.int64)[depth.codes]
    stage = pd.Index(names, dtype="str", name="stage")
    groups = completed(by, np.maximum(place - 1, 0), stage)
    stopped = groups.sum(table["n_calls"].to_numpy() * (place > 0)).reshape(-1, len(names))
    reached = stopped[:, ::-1].cumsum(axis=1)[:, ::-1]
    before = np.column_stack([np.full(len(reached), np.nan), reached[:, :-1]])
    return pd.DataFrame(
        {
            "n_calls": reached.ravel().astype(np.int64),
            "share": ratio(reached, reached[:, :1]).ravel(),
            **rate_columns("step_rate", reached.ravel(), before.ravel(), confidence),
            "lost": np.nan_to_num(before - reached).ravel().astype(np.int64),
        },
        index=groups.index,
    )


@additive(tally_funnel, finish_funnel, durations=("talkTime",))
def funnel(
    df: pd.DataFrame, stages: Stages = None, *, by: By = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Count the calls that get from stage to stage.

    Parameters
    ----------
    df
        Calls; the usual stages need ``state``, ``talkTime`` and ``outcomeType``.
    stages
        Maps the name of each stage, in order, to the calls that meet it: a mask, a function that makes the
        mask from the frame, an expression on columns (``"talkTime >= 30"``), a `bc.CallFilter`, or a metric,
        of which the numerator counts. Or a list of metrics. Default: all calls (every row), answered,
        conversation ≥ 30 s, positive outcome.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``stage`` in order (below the levels of `by`):

        - ``n_calls`` (int64): calls that meet this stage and all before it
        - ``share``: calls ÷ calls of the first stage
        - ``step_rate``: calls ÷ calls of the stage before, with ``step_rate_low``, ``step_rate_high``
          (Wilson); null for the first stage
        - ``lost`` (int64): calls of the stage before that do not reach this one; 0 for the first stage

        Without calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    TypeError, ValueError
        `stages` is empty, or a mask is not as long as the frame, has another index, or is none.

    Notes
    -----
    A call that misses a stage is lost for all later ones: a positive outcome after 20 s of talk counts as
    lost at the third stage. A null in a mask counts as not met. To look at outbound calls only, filter first:
    ``df.calls.filter(types="outbound").calls.funnel()``.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {"state": [1, 1, 1, 0], "talkTime": [40, 90, 5, 0], "outcomeType": ["positive", None, None, None]}
    ... )
    >>> calls.calls.funnel()[["n_calls", "share", "lost"]]
                       n_calls  share  lost
    stage
    all calls                4   1.00     0
    answered                 3   0.75     1
    conversation ≥ 30 s      2   0.50     1
    positive outcome         1   0.25     1
    """
    return finish_funnel(tally_funnel(df, stages, by=by), stages, confidence=confidence)

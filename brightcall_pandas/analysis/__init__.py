"""The catalogue: every table of calls, one pure function each.

``__all__`` is the catalogue. The accessor, the plots, the dask form and the reference are derived from it.
A table that can be counted in parts is declared with `additive`: ``tally_<name>`` returns sums that can be
added up (`merge`), ``finish_<name>`` turns them into the table, and `additive_form` returns both.

Tables about what callers feel (`service_level`, `abandonment`, `repeat_callers`, `staffing`) count inbound
calls by default, those about what our own dialing does (`attempts`, `by_line`, `recalls`, `model_frame`)
outbound calls, and all others calls of every direction.

::

    breakdowns        key figures of all calls and of any groups, outcomes, funnels
    agents_and_lines  agents and outbound lines, compared with one another
    agent_time        from when to when agents worked, and how much of it on calls
    histograms        how long calls talk and ring
    timelines         along the clock and the calendar, and how many calls at once
    staffing          how many agents that takes
    service           how soon callers are answered, and how many give up
    sequences         the calls of each client, one after the other: attempts, repeated calls
    attempt_gaps      what another dial brings, by how long after the one before
    recalls           promised calls
    ratings           how calls were rated, and who was rung and did not answer
    handover          what the AI agent hands over to people
    callbacks         callers whom nobody answered
    changes           against other calls
    findings          which of many rates differ beyond chance: what a report may say
    reconcile         against the server's statistics
    quality           how far the rows can be trusted
    modelling         features for a model
    transfers         who transferred calls to whom
    selections        a metric of one choice of rows after the other
    watch             lines, agents and projects that changed
    sensitivity       what hangs on the definition of a metric
    definitions       what every number means
    lookback          after how many days late changes have come; turnbull: the estimate behind it
    revised           what changed after it was first seen, and what that makes of a number
    meanings          what each column of a frame means

    dimensions  groups  sums  tallies  metrics  rates  split, group, add up, divide: what tables are made of
    metric  terms  expressions                     what a metric is, and what it may be made of
    periods  covered                               periods, and which of them the days fill
"""

from brightcall_pandas.analysis._agent_time import Per as Per
from brightcall_pandas.analysis._agent_time import agent_time
from brightcall_pandas.analysis._agents_and_lines import Rate as Rate
from brightcall_pandas.analysis._agents_and_lines import by_agent, by_line
from brightcall_pandas.analysis._attempt_gaps import attempt_gaps
from brightcall_pandas.analysis._breakdowns import breakdown, by_outcome, funnel, summary
from brightcall_pandas.analysis._callbacks import callbacks, missed_calls
from brightcall_pandas.analysis._changes import compare, explain_change
from brightcall_pandas.analysis._clients import add_told as add_told
from brightcall_pandas.analysis._clients import reads_clients as reads_clients
from brightcall_pandas.analysis._covered import Days as Days
from brightcall_pandas.analysis._covered import calls_a_day as calls_a_day
from brightcall_pandas.analysis._covered import covered as covered
from brightcall_pandas.analysis._covered import covered_together as covered_together
from brightcall_pandas.analysis._definitions import definitions
from brightcall_pandas.analysis._dimensions import By as By
from brightcall_pandas.analysis._dimensions import Direction as Direction
from brightcall_pandas.analysis._dimensions import follows_clients as follows_clients
from brightcall_pandas.analysis._dimensions import names_of as names_of
from brightcall_pandas.analysis._findings import FINDING_COLUMNS as FINDING_COLUMNS
from brightcall_pandas.analysis._findings import Look as Look
from brightcall_pandas.analysis._findings import findings as findings
from brightcall_pandas.analysis._findings import rows_of_group as rows_of_group
from brightcall_pandas.analysis._handover import ai_handover
from brightcall_pandas.analysis._histograms import Bins as Bins
from brightcall_pandas.analysis._histograms import Closed as Closed
from brightcall_pandas.analysis._histograms import (
    answer_time_histogram,
    talk_time_buckets,
    talk_time_histogram,
)
from brightcall_pandas.analysis._lookback import LEAST_SETTLE_DAYS as LEAST_SETTLE_DAYS
from brightcall_pandas.analysis._lookback import Lookback as Lookback
from brightcall_pandas.analysis._lookback import Seen as Seen
from brightcall_pandas.analysis._lookback import freshness as freshness
from brightcall_pandas.analysis._lookback import lookback_of as lookback_of
from brightcall_pandas.analysis._meanings import BETWEEN as BETWEEN
from brightcall_pandas.analysis._meanings import Meaning as Meaning
from brightcall_pandas.analysis._meanings import Meanings as Meanings
from brightcall_pandas.analysis._metric import Metric as Metric
from brightcall_pandas.analysis._metrics import Further as Further
from brightcall_pandas.analysis._metrics import checked_metrics as checked_metrics
from brightcall_pandas.analysis._metrics import columns_read as columns_read
from brightcall_pandas.analysis._metrics import distributed_metrics as distributed_metrics
from brightcall_pandas.analysis._metrics import find_metric as find_metric
from brightcall_pandas.analysis._metrics import known_metrics as known_metrics
from brightcall_pandas.analysis._metrics import metric_value as metric_value
from brightcall_pandas.analysis._metrics import names_taken as names_taken
from brightcall_pandas.analysis._metrics import refuse_whole_frames as refuse_whole_frames
from brightcall_pandas.analysis._modeling import model_frame as model_frame
from brightcall_pandas.analysis._quality import quality
from brightcall_pandas.analysis._rates import ratio as ratio
from brightcall_pandas.analysis._ratings import ratings, rung_parties
from brightcall_pandas.analysis._recalls import late_recalls, recalls
from brightcall_pandas.analysis._reconcile import reconcile
from brightcall_pandas.analysis._revised import restated_table as restated_table
from brightcall_pandas.analysis._revised import revisions_table as revisions_table
from brightcall_pandas.analysis._selections import MetricOfRows as MetricOfRows
from brightcall_pandas.analysis._sensitivity import sensitivity
from brightcall_pandas.analysis._sequences import Span as Span
from brightcall_pandas.analysis._sequences import attempts, repeat_callers, repeat_calls
from brightcall_pandas.analysis._service import abandonment, service_level
from brightcall_pandas.analysis._staffing import staffing
from brightcall_pandas.analysis._stages import Stages as Stages
from brightcall_pandas.analysis._tallies import AdditiveForm as AdditiveForm
from brightcall_pandas.analysis._tallies import additive_form as additive_form
from brightcall_pandas.analysis._tallies import merge as merge
from brightcall_pandas.analysis._timelines import concurrency, heatmap, over_time
from brightcall_pandas.analysis._timelines import days_of_cells as days_of_cells
from brightcall_pandas.analysis._watch import Against as Against
from brightcall_pandas.analysis._watch import watch
from brightcall_pandas.analysis.transfers._chains import chains_match, transfer_chains
from brightcall_pandas.analysis.transfers._chains import matching_chains as matching_chains
from brightcall_pandas.analysis.transfers._events import to_event_log, transfer_events
from brightcall_pandas.analysis.transfers._log import Names as Names
from brightcall_pandas.analysis.transfers._log import Source as Source
from brightcall_pandas.analysis.transfers._log import chain_log as chain_log
from brightcall_pandas.analysis.transfers._matrix import Kind as Kind
from brightcall_pandas.analysis.transfers._matrix import Normalize as Normalize
from brightcall_pandas.analysis.transfers._matrix import to_networkx, transfer_flow, transfer_matrix
from brightcall_pandas.analysis.transfers._parsing import TIME_KEYS as TIME_KEYS
from brightcall_pandas.analysis.transfers._parsing import Shape as Shape
from brightcall_pandas.analysis.transfers._parsing import parse as parse
from brightcall_pandas.analysis.transfers._parsing import plain_key as plain_key
from brightcall_pandas.analysis.transfers._parsing import sort_key as sort_key
from brightcall_pandas.analysis.transfers._tables import transfer_parties, transfer_summary, transfer_variants

__all__ = [
    "abandonment",
    "agent_time",
    "ai_handover",
    "answer_time_histogram",
    "attempt_gaps",
    "attempts",
    "breakdown",
    "by_agent",
    "by_line",
    "by_outcome",
    "callbacks",
    "chains_match",
    "compare",
    "concurrency",
    "definitions",
    "explain_change",
    "funnel",
    "heatmap",
    "late_recalls",
    "missed_calls",
    "over_time",
    "quality",
    "ratings",
    "recalls",
    "reconcile",
    "repeat_callers",
    "repeat_calls",
    "rung_parties",
    "sensitivity",
    "service_level",
    "staffing",
    "summary",
    "talk_time_buckets",
    "talk_time_histogram",
    "to_event_log",
    "to_networkx",
    "transfer_chains",
    "transfer_events",
    "transfer_flow",
    "transfer_matrix",
    "transfer_parties",
    "transfer_summary",
    "transfer_variants",
    "watch",
]

"""What Tab offers within the quotes of an argument."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import brightcall_pandas as bc
from brightcall_pandas.accessors import offer_words
from brightcall_pandas.accessors._words import words_at
from brightcall_pandas.analysis._metric_catalog import METRICS

TYPES = ["inbound", "outbound", "internal"]


class TestWordsAt:
    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ('bc.load_calls("2026-03", types="', TYPES),
            ("df.calls.filter(types='in", ["inbound", "internal"]),
            ('df.calls.filter(types=["inbound", "ou', ["outbound"]),
            ('df.calls.filter(hours=(9, 17), types=("', TYPES),
            ('client.count_calls("30d", states="', ["unanswered", "answered", "failed"]),
            ('bc.CallFilter(outcome_types="', ["positive", "neutral", "negative", "absent"]),
            ('load_calls(\n    "30d",  # it\'s "all"\n    on_incomplete="', ["raise", "warn"]),
            ('x = df.calls.talk_time_histogram(closed="', ["left", "right"]),
            ('df.calls.filter(types="inbound").calls.attempts(direction="', TYPES),
            ('bc.calls(df).service_level(direction="', TYPES),
            ('df.calls.plot.service_level(direction="i', ["inbound", "internal"]),
            ('bc.load_calls("30d", columns=["id", "talk', ["talkTime"]),
        ],
    )
    def test_the_words_of_an_argument(self, code, words):
        assert words_at(code)[1] == words

    @pytest.mark.parametrize(
        ("code", "among", "not_among"),
        [
            (
                'df.calls.by_agent(rank_by="',
                {"answer_rate", "positive_rate"},
                {"n_calls", "talk_time_mean_s"},
            ),
            ('df.calls.heatmap("', {"n_calls", "answer_rate"}, {"hour"}),
            ('df.calls.breakdown("', {"project", "agent", "hour"}, {"n_calls"}),
            ('df.calls.by_outcome(by=["project", "', {"agent"}, {"n_calls"}),
            ('bc.load_calls("30d", columns=["', {"timestamp", "talkTime"}, {"answer_rate"}),
        ],
    )
    def test_metrics_dimensions_and_fields(self, code, among, not_among):
        words = set(words_at(code)[1])
        assert among <= words
        assert not not_among & words

    def test_what_is_offered_is_taken(self):
        assert all(bc.CallFilter(types=each) for each in words_at('bc.CallFilter(types="')[1])
        calls = bc.to_frame([{"id": 1, "timestamp": "2026-03-02T10:00:00Z", "type": 1, "state": 1}])
        offered = words_at('df.calls.by_agent(rank_by="')[1]
        assert "answer_rate" in offered
        for name in METRICS.keys() & offered:  # not what other tests have defined for frames of their own
            calls.assign(agent="Ann").calls.by_agent(rank_by=name, agent="agent")

    @pytest.mark.parametrize(
        "code",
        [
            "df.calls.filter(types=",  # no quote
            'df.calls.filter(types="inbound")',  # a closed one
            'df.filter(items="',  # pandas' own
            'print("',
            'df.calls.filter(outcomes="',  # any text
            'df.calls.nothing_of_ours(by="',
            '"df.calls.filter(types=',  # within a text
            "# df.calls.filter(types='",
            '")',
            "",
        ],
    )
    def test_elsewhere_nothing(self, code):
        assert words_at(code)[1] == []


class TestOfferWords:
    def test_to_a_shell_once(self):
        completer = pytest.importorskip("IPython.core.completer")
        shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()
        for _ in range(2):  # as a package that is imported again
            offer_words(shell)
        code = 'import x\ndf.calls.filter(types="in'
        with completer.provisionalcompleter():
            shown = [
                (each.text, each.start, each.end) for each in shell.Completer.completions(code, len(code))
            ]
        assert shown == [(word, len(code) - 2, len(code)) for word in ("inbound", "internal")]

    def test_by_the_import_where_there_is_one(self):
        pytest.importorskip("IPython")
        code = """
            from IPython.core.interactiveshell import InteractiveShell
            shell = InteractiveShell.instance()
            shell.run_cell("import brightcall_pandas as bc")
            print(*shell.complete("bc.CallFilter(types='in", cursor_pos=23)[1])
        """
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["inbound", "internal"]

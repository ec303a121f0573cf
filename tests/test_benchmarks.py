"""The benchmarks of loading: all comparisons run, and unequal results would be noticed."""

import importlib
import inspect
import re
from pathlib import Path

import pandas as pd
import pytest

from brightcall_pandas import analysis

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def measure(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("measure")


@pytest.fixture
def ran(run_script):
    """How a benchmark is run to its end."""
    return lambda name, *arguments: run_script(str(BENCHMARKS / name), *arguments)


@pytest.fixture
def results(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("loads.results")


class TestLoading:
    def test_it_compares_on_a_few_calls(self, ran):
        done = ran("loading.py", "--small")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("not judged") == 7
        assert "against dlt: left out" in done.stdout
        assert "Results are equal" in done.stdout

    def test_an_unknown_name(self, ran):
        done = ran("loading.py", "parsnip")
        assert done.returncode == 2
        assert "parsnip: choose from cold, dlt, latency, bare, parsing, tier, widening, warm" in done.stderr


class TestLookback:
    def test_it_counts_a_few_worlds(self, ran):
        done = ran("lookback.py", "--small")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("not judged") == 8


class TestLedger:
    def test_it_compares_on_a_few_calls(self, ran):
        done = ran("ledger.py", "--small")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("not judged") == 3
        assert re.search(r"edited a night: [1-9]\d* entries", done.stdout)

    @pytest.mark.parametrize(("costs", "missed"), [((1.0, 1.02, 2.0), []), ((1.04, 1.05, 0.5), ["load"])])
    def test_a_load_that_costs_more_than_three_percent_is_missed(self, measure, costs, missed, capsys):
        ledger, protocol = importlib.import_module("ledger"), measure.Protocol()
        turns = [
            {ledger.HERE: measure.Run(1.0, cost, 1.0), ledger.WITHOUT: measure.Run(1.0, 1.0, 1.0)}
            for cost in costs
        ]
        ledger.judge_turns(protocol, "load", turns)
        assert protocol.missed == missed
        assert f"load: {sorted(costs)[1]:.3f} × in processor seconds" in capsys.readouterr().out


class TestExporting:
    def test_all_calls_are_in_the_files(self, ran):
        done = ran("exporting.py", "--small")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("export of 2,000 calls over") == 2
        assert done.stdout.count("not judged") == 2


class TestImporting:
    def test_both_import_the_same_libraries(self, ran):
        done = ran("importing.py", "--rounds", "0")
        assert done.returncode == 0, done.stderr
        assert "at most 1.3: not judged" in done.stdout
        assert "import brightcall_pandas" in done.stdout
        assert "import pandas, pyarrow" in done.stdout


class TestScale:
    def test_a_shuffled_table_is_equal_to_pandas(self, ran):
        done = ran("scale.py", "attempts", "--small", "--millions", "1", "--workers", "1")
        assert done.returncode == 0, done.stderr
        assert "4,000 calls in 30 files" in done.stdout
        assert "attempts                   4,000 " in done.stdout
        assert "Equal to pandas to the last digit" in done.stdout


class TestCost:
    def test_counts_what_is_asked(self, ran):
        done = ran("cost.py", "--small")
        assert done.returncode == 0, done.stderr
        assert "requests ÷ pages, stitched" in done.stdout
        assert done.stdout.count("not judged") == 6


WITHOUT_CLAIM = {"recalls"}  # its intervals are Wilson's of single shares, and it flags nothing


class TestWorlds:
    def test_claims_are_counted_and_power_grows(self, ran):
        done = ran("worlds.py", "--small")
        assert done.returncode == 0, done.stderr
        assert "2 worlds in which nothing differs, 1,500 calls each" in done.stdout
        claims = re.findall(r"^(\w+)\b.* +\d+\.\d% .* +\d+%$", done.stdout, re.MULTILINE)
        tables = {name: inspect.signature(getattr(analysis, name)).parameters for name in analysis.__all__}
        assert (
            set(claims)
            == {name for name, parameters in tables.items() if "confidence" in parameters} - WITHOUT_CLAIM
        )
        curves = re.findall(r"^(\w+)[ \w]*: .* 0\.1: (\d+)%, 0\.5: (\d+)%$", done.stdout, re.MULTILINE)
        assert [each for each in curves if each[0] != "by_agent"] == [
            ("breakdown", "0", "100"), ("breakdown", "0", "100"), ("breakdown", "0", "0"),
            ("breakdown", "0", "0"), ("attempts", "0", "100"),
        ]  # fmt: skip


class TestReport:
    def test_false_reports_and_planted_effects_are_counted(self, ran):
        done = ran("report.py", "--small")
        assert done.returncode == 0, done.stderr
        assert "2 worlds in which nothing differs: 0.0% of reports say anything" in done.stdout
        planted = re.findall(
            r"^\w.* [+-][\d.]+% in truth; said in \d+% ± \d+% of 1, then among .*inside the interval in \d+%",
            done.stdout,
            re.M,
        )
        assert len(planted) == 4
        assert re.search(r"^all of them +said in \d+% ± \d+% of 4, then", done.stdout, re.M)


class TestPictures:
    def test_draws_those_that_are_asked_for(self, ran):
        done = ran("pictures.py", "--small", "by_outcome", "control_chart")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "3,000 calls over 180 days" in done.stdout
        assert [line.split()[0] for line in done.stdout.splitlines()[2:]] == ["by_outcome", "control_chart"]


class TestCoverage:
    def test_intervals_that_know_clients_cover_the_truth(self, ran):
        done = ran("coverage.py", "--draws", "1000")
        assert done.returncode == 0, done.stderr
        rows = re.findall(r"^(\d) +(\S+)% +(\S+)% +(\S+)% +(\S+)%", done.stdout, re.MULTILINE)
        assert [row[0] for row in rows] == ["1", "3", "6"]
        assert [float(row[1]) < 90 for row in rows] == [False, True, True]
        assert all(93 <= float(share) <= 97 for row in rows for share in row[2:])


class TestSoak:
    def test_some_rounds(self, ran):
        done = ran("soak.py", "--small")
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"busy days refused: 0 of 1", done.stdout)
        assert "8 rounds, " in done.stdout
        assert "WRONG" not in done.stdout


class TestDigest:
    def frame(self, **columns):
        return pd.DataFrame({"id": ["1", "2", "3"], "talkTime": [5.0, None, 7.0]} | columns)

    def test_the_order_of_rows_does_not_matter(self, results):
        assert results.digest(self.frame()) == results.digest(self.frame().iloc[::-1])

    def test_one_value(self, results):
        assert results.digest(self.frame()) != results.digest(self.frame(talkTime=[5.0, None, 8.0]))

    def test_values_that_changed_places(self, results):
        assert results.digest(self.frame()) != results.digest(self.frame(talkTime=[7.0, None, 5.0]))

    def test_a_dtype(self, results):
        whole = self.frame(talkTime=[5, 6, 7])
        assert results.digest(whole) != results.digest(whole.astype({"talkTime": "float64"}))

    def test_two_frames_add_up(self, results):
        whole = results.digest(self.frame())
        one, other = results.digest(self.frame().iloc[:1]), results.digest(self.frame().iloc[1:])
        assert {name: (one[name] + other[name]) % 2**64 for name in one} == whole


class TestPlainFrame:
    def test_each_kind(self, results):
        row = {
            "id": 7,
            "talkTime": 12,
            "favorite": True,
            "state": 1,
            "outcomeType": "absent",
            "tags": ["é", "b"],
            "timestamp": "2026-03-31T18:37:51Z",
        }
        frame = results.plain_frame([row], "Europe/Berlin")
        assert frame.loc[0, list(row)].tolist() == [
            "7",
            12.0,
            True,
            "answered",
            "absent",
            '["é","b"]',
            pd.Timestamp("2026-03-31 20:37:51", tz="Europe/Berlin"),
        ]
        assert frame.drop(columns=list(row)).isna().all(axis=None)


class TestSameFacts:
    def test_equal_where_both_know(self, measure):
        measure.same_facts("a", {"calls": 3, "rows": "x"}, "b", {"calls": 3})

    @pytest.mark.parametrize(("others", "said"), [({"calls": 4}, "calls"), ({}, "nothing to compare")])
    def test_otherwise_it_ends(self, measure, others, said):
        with pytest.raises(SystemExit, match=f"a and b do not have the same result: {said}"):
            measure.same_facts("a", {"calls": 3}, "b", others)


class TestFingerprint:
    def test_rows_in_another_order(self, measure):
        assert measure.fingerprint([(1, "a"), (2, "b")]) == measure.fingerprint([(2, "b"), (1, "a")])

    def test_a_row_twice(self, measure):
        assert measure.fingerprint([(1, "a")]) != measure.fingerprint([(1, "a"), (1, "a")])


class TestProtocol:
    @pytest.mark.parametrize(
        ("bound", "value", "ratio", "verdict"),
        [
            ("at least", 3, "3.00", "met"),
            ("at least", 3.1, "3.00", "MISSED"),
            ("at most", 0.3, "0.33", "MISSED"),
        ],
    )
    def test_a_ratio_of_medians(self, measure, capsys, bound, value, ratio, verdict):
        here, rival = measure.Figure("here", [1.0, 2.0, 30.0]), measure.Figure("rival", [6.0])
        protocol = measure.Protocol()
        protocol.compare("a load", here, rival, measure.Target(bound, value))
        assert f"a load: {ratio} ×, {bound} {value}: {verdict}" in capsys.readouterr().out
        assert protocol.missed == ([] if verdict == "met" else ["a load"])


class TestContestant:
    def test_a_run_that_fails_ends_the_benchmark(self, measure, capfd):
        contestant = measure.Contestant("nobody", "loads.bare", "no such part", {})
        with pytest.raises(SystemExit, match="nobody: the run ended with 1"):
            contestant.run()
        assert "KeyError: 'no such part'" in capfd.readouterr().err

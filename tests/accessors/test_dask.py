"""Past one machine: on two real worker processes every table is pandas' own, to the last digit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas import analysis
from brightcall_pandas.errors import extra_line

ARGUMENTS = {
    "breakdown": [
        ("project",),
        {"metrics": ["unique_clients", "talk_time_median_s", "answer_rate", "talk_time_mean_s"]},
    ],
    "by_agent": [(), {"by": "direction"}],
    "repeat_callers": [("24h",), {"by": "project"}],
    "attempts": [(), {"by": "project"}],
    "over_time": [("W",), {}],
    "heatmap": [("answer_rate",), {}],
    "callbacks": [("6h",), {}],
    "chains_match": [(), {"eventually": ["101", "102"], "at_least": 1}],
}
REFUSED = """
    agent_time compare concurrency explain_change explore late_recalls missed_calls model_frame quality
    reconcile repeat_calls show staffing to_event_log to_csv to_excel to_networkx to_parquet transfer_events
    transfer_flow watch
""".split()
LAZY = [name for name in analysis.__all__ if name not in (*REFUSED, "definitions")]

OF_CLIENTS = [
    ("attempts", (), {}),
    ("repeat_callers", (), {}),
    ("recalls", (), {"by": "number_type"}),
    ("summary", (), {"by": "client_hour"}),
    ("breakdown", (), {"by": "client"}),
    ("by_outcome", (), {"by": "country"}),
    ("transfer_summary", (), {"by": "region"}),
]
IN_GROUPS = [
    (name, (), {"by": ["project", "outcome"]})
    for name in ("by_agent", "by_line", "heatmap", "talk_time_buckets")
]
BY_ATTEMPT = [(name, (), {"by": "attempt"}) for name in ("by_outcome", "heatmap", "over_time", "by_line")]
PLAIN = [(name, *ARGUMENTS.get(name, ((), {}))) for name in LAZY]


def each_of(cases):
    return pytest.mark.parametrize("place", range(len(cases)), ids=[name for name, _, _ in cases])


def tables_of(frame, cases):
    return [getattr(frame.calls, name)(*args, **kwargs) for name, args, kwargs in cases]


def computed(lazy, cases):
    """Return tables, the counted ones computed in one go: parts that several of them need are read once."""
    dask, delayed = pytest.importorskip("dask"), pytest.importorskip("dask.delayed").Delayed
    tables = tables_of(lazy, cases)
    counted = iter(dask.compute(*(each for each in tables if isinstance(each, delayed))))
    return [next(counted) if isinstance(each, delayed) else each.compute() for each in tables]


def lazily(frame):
    dataframe = pytest.importorskip("dask.dataframe")
    assert bc.scan_calls  # which registers ``.calls``
    return dataframe.from_pandas(frame, npartitions=2)


@pytest.fixture(scope="module")
def cluster(start_cluster):
    distributed = pytest.importorskip("distributed")
    with start_cluster() as running, distributed.Client(running, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four days; one of them empty, and one split over two files."""
    tmp = tmp_path_factory.mktemp("scale")
    with bc.start_sandbox(calls=1_600, days=4, seed=5) as sandbox:
        client = sandbox.client(cache_dir=tmp / "cache")
        out = bc.export_calls(sandbox.day_from, sandbox.day_to, tmp / "n_calls", client=client)
    empty, split = out / "day=2026-03-28" / "calls.parquet", out / "day=2026-03-30" / "calls.parquet"
    bc.read_calls(empty).iloc[:0].calls.to_parquet(empty, partition=None)
    whole = bc.read_calls(split)
    whole.iloc[::2].calls.to_parquet(split, partition=None)
    whole.iloc[1::2].calls.to_parquet(split.with_name("more.parquet"), partition=None)
    return out


@pytest.fixture(scope="module")
def calls(folder):
    return bc.read_calls(folder)


@pytest.fixture(scope="module")
def of_all(cluster, folder):
    """Return the tables of the workers by the list of cases."""
    lists = {"plain": PLAIN, "groups": IN_GROUPS, "attempt": BY_ATTEMPT}
    tables = iter(computed(bc.scan_calls(folder), [case for cases in lists.values() for case in cases]))
    return {kind: [next(tables) for _ in cases] for kind, cases in lists.items()}


@pytest.fixture(scope="module")
def spelled(cluster, calls, tmp_path_factory):
    """Return pandas' and the workers' tables of calls whose numbers are spelled in several ways."""
    forms = ("{0}", "00{1}", "0{2} {3}", "unknown")
    numbers = [
        each if pd.isna(each) else forms[row % 4].format(each, each[1:], each[3:6], each[6:])
        for row, each in enumerate(calls["clientNumber"])
    ]
    spelled, folder = calls.assign(clientNumber=numbers), tmp_path_factory.mktemp("spelled") / "calls"
    spelled.attrs["brightcall"] = {"region": "DE"}
    spelled.calls.to_parquet(folder)
    return tables_of(bc.read_calls(folder), OF_CLIENTS), computed(bc.scan_calls(folder), OF_CLIENTS)


def told(table: pd.DataFrame) -> dict[str, object]:
    """Return the attributes of a table without what only pandas frames say: settings, days and totals."""
    pandas_only = {
        "settings",
        "n_calls",
        "directions",
        "first_day",
        "last_day",
        "timezone",
        "rows",
        "totals",
        "units",
        "other",
    }
    said = table.attrs.get("brightcall") or {}
    kept = {name: value for name, value in said.items() if name not in pandas_only}
    others = {name: value for name, value in table.attrs.items() if name != "brightcall"}
    return others | ({"brightcall": kept} if kept else {})


class TestScanCalls:
    def test_the_same_rows_and_dtypes(self, cluster, folder, calls):
        lazy = bc.scan_calls(folder)
        assert lazy.npartitions == 5
        pdt.assert_series_equal(lazy.dtypes, calls.dtypes)
        pdt.assert_frame_equal(lazy.compute().reset_index(drop=True), calls)

    def test_columns_and_filters(self, cluster, folder):
        lazy = bc.scan_calls(folder, columns=["id", "state"], day_from="2026-03-31", states="answered")
        assert lazy.npartitions == 1
        expected = bc.read_calls(folder, columns=["id", "state"], day_from="2026-03-31", states="answered")
        assert len(expected) > 0
        pdt.assert_frame_equal(lazy.compute(), expected)

    def test_a_filter_that_nothing_passes(self, cluster, folder):
        lazy = bc.scan_calls(folder, day_from="2030-01-01")
        assert len(lazy.compute()) == 0
        assert lazy.calls.by_outcome().compute().empty

    @pytest.mark.parametrize("parent", ["day=1999-01-01", "month=2026-03"])
    def test_names_above_the_folder_say_nothing(self, folder, tmp_path, parent, monkeypatch):
        elsewhere = shutil.copytree(folder, tmp_path / parent / "n_calls")
        asked = {"columns": ["id"], "day_from": "2026-03-30"}
        expected = bc.read_calls(folder, **asked)
        assert len(expected)
        monkeypatch.chdir(elsewhere.parent)
        for path in (elsewhere, "n_calls"):
            found = bc.scan_calls(path, **asked).compute(scheduler="sync")
            pdt.assert_frame_equal(found.reset_index(drop=True), expected)

    def test_one_file_of_a_folder(self, cluster, folder):
        file = folder / "day=2026-03-31" / "calls.parquet"
        found = bc.scan_calls(file, columns=["id"], day_from="2026-03-31").compute()
        pdt.assert_frame_equal(found, bc.read_calls(file, columns=["id"]))
        assert len(found)

    def test_an_fsspec_address(self, cluster, folder, calls):
        assert len(bc.scan_calls(f"local://{folder}", columns=["id"]).compute()) == len(calls)

    def test_without_dask_says_what_to_install(self):
        code = "import sys; sys.modules['dask'] = None; import brightcall_pandas as bc; bc.scan_calls"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "ModuleNotFoundError: scan_calls needs dask" in done.stderr
        assert f"run: {extra_line('dask')}" in done.stderr


class TestDistributedCalls:
    @each_of(PLAIN)
    def test_is_pandas_to_the_last_digit(self, of_all, calls, place):
        (expected,), found = tables_of(calls, PLAIN[place : place + 1]), of_all["plain"][place]
        if PLAIN[place][0] in ("chains_match", "transfer_chains"):
            found = found.reset_index(drop=True)
        assert len(expected)
        check = pdt.assert_frame_equal if isinstance(expected, pd.DataFrame) else pdt.assert_series_equal
        check(found, expected, check_exact=True)

    @each_of(IN_GROUPS)
    def test_groups_are_pandas_to_the_last_digit(self, of_all, calls, place):
        (expected,), found = tables_of(calls, IN_GROUPS[place : place + 1]), of_all["groups"][place]
        pdt.assert_frame_equal(found, expected, check_exact=True)
        assert told(found) == told(expected)

    @each_of(OF_CLIENTS)
    def test_clients_are_the_same_in_whatever_part_and_spelling(self, spelled, place):
        expected, found = (tables[place] for tables in spelled)
        pdt.assert_frame_equal(found, expected, check_exact=True)
        assert told(found) == told(expected)
        assert found.attrs["brightcall"]["region"] == "DE"

    @each_of(BY_ATTEMPT)
    def test_attempts_are_counted_over_all_files(self, of_all, calls, place):
        (expected,), found = tables_of(calls, BY_ATTEMPT[place : place + 1]), of_all["attempt"][place]
        pdt.assert_frame_equal(found, expected, check_exact=True)

    def test_days_can_be_given_and_long_texts_are_kept_where_they_count(self, cluster):
        frame = bc.to_frame(
            [
                {
                    "timestamp": f"2026-03-0{day}T09:00:00Z",
                    "clientNumber": f"+49301234{day}",
                    "state": 1,
                    "transcripts": {"text": "Hello"} if day % 2 else None,
                }
                for day in range(1, 9)
            ]
        )
        asked = {"metrics": ["n_calls", "transcript_share"], "days": ("2026-03-01", "2026-03-14")}
        found = lazily(frame).calls.breakdown("weekday", **asked).compute()
        pdt.assert_frame_equal(found, frame.calls.breakdown("weekday", **asked), check_exact=True)
        # Two Sundays in 14 days, both with a call, of which the first has a transcript: 1 and 8 March.
        assert found.loc["Sunday", ["n_calls_per_day", "transcript_share"]].tolist() == [1.0, 0.5]
        assert found.loc["Monday", ["n_calls_per_day", "transcript_share"]].tolist() == [0.5, 0.0]

    def test_what_has_no_distributed_form_says_so(self, folder):
        lazy = bc.scan_calls(folder).calls
        for name in REFUSED:
            with pytest.raises(
                NotImplementedError, match=rf"^{name} has no exact distributed form.* bc\.read_calls"
            ):
                getattr(lazy, name)()

    def test_pictures_are_drawn_from_computed_tables(self, folder):
        with pytest.raises(NotImplementedError, match=r"finished tables.*\.compute\(\)"):
            bc.scan_calls(folder).calls.plot.by_outcome()

    def test_everything_that_pandas_has_is_either(self):
        assert {"summary", "by_outcome", "attempts", "repeat_callers", "recalls"} <= set(LAZY)
        assert set(analysis.__all__) <= {*LAZY, *REFUSED, "definitions"}
        public = {name for name in dir(bc.CallsAccessor) if not name.startswith("_")}
        from_the_ledger = {"restated", "revisions"}
        assert public | from_the_ledger == {
            *LAZY,
            *REFUSED,
            *from_the_ledger,
            "definitions",
            "filter",
            "plot",
            "pseudonymize",
        }

    def test_shows_the_tables_docstring_and_signature(self, folder):
        import inspect

        method = type(bc.scan_calls(folder).calls).by_outcome
        said, _, examples = inspect.getdoc(bc.CallsAccessor.by_outcome).partition("\n\nExamples\n---")
        assert examples
        assert method.__doc__.startswith(said)
        assert ">>>" not in method.__doc__  # of a pandas frame, so not to be run as they stand
        assert "fold_case" in inspect.signature(method).parameters

    def test_filters_rows(self, cluster, folder, calls):
        chosen = {"types": "inbound", "hours": (9, 17), "transferred": False}
        lazy = bc.scan_calls(folder).calls.filter(**chosen)
        expected = calls.calls.filter(**chosen).calls.summary()
        pdt.assert_frame_equal(lazy.calls.summary().compute(), expected)

    def test_pseudonyms_are_the_same_on_every_worker(self, cluster, folder, calls):
        lazy = bc.scan_calls(folder).calls.pseudonymize("a secret").compute().reset_index(drop=True)
        pdt.assert_frame_equal(lazy, calls.calls.pseudonymize("a secret"))

    @pytest.mark.parametrize(
        ("frame", "named"),
        [
            (pd.DataFrame({"cost": [12345, 5]}), "'cost' of int64"),
            (pd.DataFrame({"cost": [1.5, 5]}), "'cost' of float64"),
            (pd.DataFrame({"note": ["a", "b"]}, index=pd.Index([5, 4930901820], name="phone")), "'phone'"),
        ],
    )
    def test_pseudonymize_refuses_numbers_that_may_become_text(self, frame, named):
        lazy = lazily(frame)
        with pytest.raises(ValueError, match=rf"{named}.*drop it, make it text, or name it in keep="):
            lazy.calls.pseudonymize("a secret")
        kept = lazy.calls.pseudonymize("a secret", keep=named.split("'")[1])
        pdt.assert_frame_equal(kept.compute(scheduler="synchronous"), frame)

    def test_pseudonymize_takes_text_and_leaves_no_number_in_the_divisions(self):
        frame = pd.DataFrame({"cost": ["12345", "5"]}, index=pd.Index(["4930", "4931"], name="clientNumber"))
        lazy = lazily(frame).calls.pseudonymize("a secret")
        assert set(lazy.divisions) == {None}
        found = lazy.compute(scheduler="synchronous")
        pdt.assert_frame_equal(found, frame.calls.pseudonymize("a secret"))

    def test_a_worker_killed_in_the_middle_changes_nothing(self, cluster, folder, calls):
        """Of a table of sums, and of one for which calls are shuffled by client first."""
        cases = [("by_outcome", (), {"by": "agent"}), ("attempts", (), {"by": "project"})]
        slow = bc.scan_calls(folder).map_partitions(_slowly)
        pids = list(cluster.run(os.getpid).values())
        killer = threading.Timer(0.8, os.kill, (pids[0], signal.SIGKILL))
        killer.start()
        found = computed(slow, cases)
        killer.join()
        for ours, expected in zip(found, tables_of(calls, cases), strict=True):
            pdt.assert_frame_equal(ours, expected, check_exact=True)
        cluster.wait_for_workers(2, timeout=60)
        assert set(cluster.run(os.getpid).values()) != set(pids)


def _slowly(part):
    time.sleep(0.5)
    return part

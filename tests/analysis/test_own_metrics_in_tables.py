"""Own metrics in every table that takes metrics, on random frames, against plain pandas and through dask."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.analysis._metrics import METRICS


def random_frame(seed):
    """Return calls of two weeks, with nulls; seconds are whole, so that sums are exact in any order."""
    rng = np.random.default_rng(seed)
    many = int(rng.integers(60, 120))
    state = rng.choice(["answered", "unanswered", "failed"], many, p=[0.6, 0.3, 0.1])
    talk = np.where(state == "answered", rng.integers(1, 200, many), 0).astype(float)
    return pd.DataFrame(
        {
            "id": [str(each) for each in range(many)],
            "timestamp": pd.Timestamp("2026-03-02", tz="UTC")
            + pd.to_timedelta(np.sort(rng.choice(14 * 86_400, many, replace=False)), unit="s"),
            "state": state,
            "type": "outbound",
            "talkTime": np.where(rng.random(many) < 0.05, np.nan, talk),
            "userId": rng.choice(["7", "8", "9"], many),
            "projectName": rng.choice(["A", "B", "C"], many),
            "clientNumber": rng.choice([f"+49301234{each:03}" for each in range(40)], many),
            "outcomeTag": rng.choice(["Sold", "No interest", "Later"], many),
            "cost": rng.integers(0, 5, many).astype(float),
        }
    )


LONG = bc.Metric(
    "share of long talks",
    numerator="talkTime >= 60 and state == 'answered'",
    denominator=bc.CallFilter(states="answered"),
)
SECONDS = bc.Metric(
    "talk an answer", numerator=("sum", "talkTime"), denominator="state == 'answered'", unit="s"
)
COST = bc.Metric("cost of calls", numerator=lambda df: df["cost"], unit="n")
OWN = [LONG, SECONDS, COST]


def plain(df):
    """Return what pandas alone says of the three metrics."""
    answered = df["state"] == "answered"
    calls = answered.sum() or np.nan
    long_talks = ((df["talkTime"] >= 60) & answered).sum()
    # A sum of which nothing is known is null, not 0.
    return [long_talks / calls, df["talkTime"].sum(min_count=1) / calls, df["cost"].sum()]


def expected_of(df, keys):
    rows = {key: plain(part) for key, part in df.groupby(keys)}
    return pd.DataFrame(rows.values(), index=pd.Index(rows), columns=[each.name for each in OWN])


def same(found, expected):
    np.testing.assert_allclose(found.to_numpy(dtype=float), np.asarray(expected, dtype=float), rtol=1e-12)


@pytest.fixture(scope="module", params=range(3))
def df(request):
    return random_frame(request.param)


@pytest.fixture(scope="module")
def parts():
    """Return calls, and the same in three parts."""
    dataframe = pytest.importorskip("dask.dataframe")
    assert bc.scan_calls  # which registers ``.calls``
    calls = pd.concat([random_frame(seed) for seed in (1, 2, 3)], ignore_index=True)
    calls["id"] = [str(each) for each in range(len(calls))]
    return calls, dataframe.from_pandas(calls, npartitions=3)


class TestAgainstPlainPandas:
    @pytest.mark.parametrize("seed", range(12))
    def test_breakdown(self, seed):
        df = random_frame(seed)
        table = df.calls.breakdown("projectName", OWN).sort_index()
        expected = expected_of(df, df["projectName"])
        same(table[expected.columns], expected)

    def test_over_time(self, df):
        table = df.calls.over_time("D", metrics=OWN)
        expected = expected_of(df, df["timestamp"].dt.floor("D"))
        same(table.loc[expected.index, expected.columns], expected)
        assert {"n_calls", "answered", "answer_rate", "complete"} <= set(table.columns)

    def test_heatmap(self, df):
        cells = df.groupby([df["timestamp"].dt.day_name(), df["timestamp"].dt.hour])
        expected = {cell: plain(part) for cell, part in cells}
        for place, metric in enumerate(OWN):
            table = df.calls.heatmap(metric)
            assert table.attrs["heatmap"]["value"] == metric.name
            same(table.stack().loc[list(expected)], [each[place] for each in expected.values()])

    def test_by_agent(self, df):
        table = df.calls.by_agent(rank_by=LONG, min_calls=1, agent="userId")
        expected = expected_of(df, df["userId"])
        same(table.loc[expected.index, LONG.name], expected[LONG.name])
        assert table.attrs["rank_by"] == LONG.name
        merit = table[f"{LONG.name}_adjusted_low"]
        assert merit.is_monotonic_decreasing
        assert table["rank"].tolist() == merit.rank(ascending=False, method="min").tolist()

    def test_attempts(self, df):
        table = df.calls.attempts(metrics=OWN)
        numbers = df.groupby("clientNumber").cumcount() + 1
        expected = expected_of(df, numbers)
        same(table[expected.columns], expected)

    def test_compare(self, df):
        here, there = df.iloc[::2], df.iloc[1::2]
        table = here.calls.compare(there, metrics=OWN)
        for place, metric in enumerate(OWN):
            ours, theirs = plain(here)[place], plain(there)[place]
            names = [metric.name, f"{metric.name}_other", f"{metric.name}_change"]
            same(table[names].iloc[0], [ours, theirs, ours - theirs])

    def test_explain_change(self, df):
        here, there = df.iloc[::2], df.iloc[1::2]
        for place, metric in enumerate(OWN[:2]):
            table = here.calls.explain_change(there, metric, by="projectName")
            change = plain(here)[place] - plain(there)[place]
            assert table["effect"].sum() == pytest.approx(change)
            assert table.attrs["metric"] == metric.name

    def test_funnel(self, df):
        found = df.calls.funnel({"all": bc.CallFilter(), "long": LONG})["n_calls"].tolist()
        assert found == [len(df), int(((df["talkTime"] >= 60) & (df["state"] == "answered")).sum())]

    def test_by_name(self, df):
        pd.testing.assert_frame_equal(
            df.calls.breakdown("projectName", [LONG.name]), df.calls.breakdown("projectName", [LONG])
        )


class TestThroughDask:
    TABLES = [
        ("breakdown", ["projectName", OWN], {}),
        ("breakdown", ["projectName", [LONG.name, "contact_rate_clients"]], {}),
        ("over_time", ["D"], {"metrics": OWN}),
        ("heatmap", [LONG], {}),
        ("heatmap", ["contact_rate"], {}),
        ("by_agent", [], {"rank_by": LONG, "agent": "userId", "min_calls": 1}),
        ("attempts", [], {"metrics": OWN}),
        ("funnel", [{"all": bc.CallFilter(), "long": LONG, "cost": "cost > 1"}], {"by": "projectName"}),
        ("funnel", [[LONG.name, "positive"]], {"lead": ["Sold"]}),
        ("sensitivity", ["contact_rate"], {"by": "projectName"}),
        ("breakdown", ["projectName", ["positive_rate"]], {"lead": ["Sold"]}),
    ]

    @pytest.mark.parametrize(("name", "given", "more"), TABLES)
    def test_the_same(self, parts, name, given, more):
        df, lazy = parts
        ours = getattr(df.calls, name)(*given, **more)
        theirs = getattr(lazy.calls, name)(*given, **more).compute(scheduler="sync")
        pd.testing.assert_frame_equal(theirs, ours)
        said = theirs.attrs.pop("brightcall", {})
        known = ours.attrs.pop("brightcall")  # it also says what only pandas frames know, such as their days
        assert json.dumps(said, default=str, sort_keys=True) == json.dumps(
            {name: known[name] for name in said}, default=str, sort_keys=True
        )
        assert json.dumps(theirs.attrs, default=str) == json.dumps(ours.attrs, default=str)

    def test_long_texts_are_there_for_the_metrics_that_read_them(self, parts):
        df, _ = parts
        df = df.assign(label=np.where(df["cost"] > 2, "dear", "cheap"))
        dataframe = pytest.importorskip("dask.dataframe")
        lazy = dataframe.from_pandas(df, npartitions=2)
        terms = ("label == 'dear'", lambda calls: calls["label"] == "dear")
        for place, term in enumerate(terms):
            dear = bc.Metric(f"dear {place}", numerator=term, family="dear calls")
            expected = (df["label"] == "dear").groupby(df["projectName"]).mean()
            table = lazy.calls.breakdown("projectName", [dear]).compute(scheduler="sync")
            same(table[dear.name].sort_index(), expected)
        found = lazy.calls.sensitivity("dear calls").compute(scheduler="sync")
        assert found["value"].tolist() == [(df["label"] == "dear").mean()] * 2

    def test_a_mask_belongs_to_one_frame(self, parts):
        df, lazy = parts
        mask = bc.Metric("a mask", numerator=np.ones(len(df), dtype=bool))
        with pytest.raises(ValueError, match=r"metric 'a mask' has a mask, which belongs to one frame"):
            lazy.calls.breakdown("projectName", [mask])

    def test_a_function_that_needs_all_calls_is_refused(self, parts):
        df, lazy = parts
        above = bc.Metric(
            "above the mean", numerator=lambda calls: calls["talkTime"] > calls["talkTime"].mean()
        )
        assert df.calls.breakdown("projectName", [above])[above.name].notna().all()
        with pytest.raises(
            ValueError, match="metric 'above the mean': its numerator looks at more than one call"
        ):
            lazy.calls.breakdown("projectName", [above]).compute(scheduler="sync")
        with pytest.raises(ValueError, match="a stage looks at more than one call"):
            lazy.calls.funnel({"all": above.numerator}).compute(scheduler="sync")

    def test_a_bad_metric_is_named(self, parts):
        _, lazy = parts
        bad = bc.Metric("bad one", numerator="nothing > 3")
        with pytest.raises(KeyError, match="metric 'bad one'"):
            lazy.calls.breakdown("projectName", [bad]).compute(scheduler="sync")


class TestTwoFrames:
    def test_a_mask_belongs_to_one_of_them(self):
        df = random_frame(0)
        mask = bc.Metric("a mask", numerator=np.ones(len(df), dtype=bool))
        for compared in (
            lambda: df.calls.compare(df.copy(), metrics=[mask]),
            lambda: df.calls.explain_change(df.copy(), mask, by="projectName"),
        ):
            with pytest.raises(ValueError, match=r"metric 'a mask' has a mask, which belongs to one frame"):
                compared()

    def test_a_denominator_that_one_side_lacks_is_null_there(self):
        df = random_frame(0)
        lacks = df.assign(state="failed", talkTime=0.0)
        table = df.calls.compare(lacks, metrics=[LONG])
        assert table[f"{LONG.name}_other"].isna().all()
        with pytest.raises(ValueError, match=r"its denominator .* is 0"):
            lacks.calls.compare(lacks, metrics=[LONG])


class TestWhatATableCannotTake:
    @pytest.mark.parametrize(
        ("name", "given", "told"),
        [
            ("by_agent", {"rank_by": SECONDS}, "rank_by=.*'talk an answer'.* calls ÷ calls"),
            ("by_agent", {"rank_by": "talk_time_mean_s"}, "rank_by='talk_time_mean_s'"),
            ("by_agent", {"rank_by": "n_calls"}, "rank_by='n_calls' does not rank agents"),
            ("by_agent", {"rank_by": "nothing"}, "rank_by='nothing' is not one of"),
            ("heatmap", {"value": "nothing"}, "value='nothing' is not one of"),
            ("heatmap", {"value": "talk_time_median_s"}, "value='talk_time_median_s'"),
            ("over_time", {"metrics": ["nothing"]}, "metrics='nothing' is not one of"),
            ("over_time", {"metrics": ["talk_time_median_s"]}, "'talk_time_median_s'"),
            ("attempts", {"metrics": "answer_rate"}, "metrics="),
        ],
    )
    def test_says_so(self, name, given, told):
        with pytest.raises(ValueError, match=told):
            getattr(random_frame(0).calls, name)(**given)

    @pytest.mark.parametrize(
        "ask",
        [
            lambda calls, each: calls.by_agent(rank_by=each),
            lambda calls, each: calls.heatmap(each),
            lambda calls, each: calls.over_time("W", metrics=[each]),
            lambda calls, each: calls.watch(metric=each),
            lambda calls, each: calls.sensitivity(each),
            lambda calls, each: calls.funnel([each]),
        ],
    )
    def test_the_names_in_the_message_of_an_unknown_one_are_those_that_are_taken(self, ask):
        calls = bc.to_frame(random_frame(0)).head(0).calls
        with pytest.raises(ValueError, match="is not one of the metrics") as caught:
            ask(calls, "nonsense")
        told = str(caught.value).partition("There are: ")[2].split(", ")
        assert len(METRICS.keys() & set(told)) > 10
        for each in METRICS:  # other tests have metrics of their own
            if each in told:
                assert ask(calls, each) is not None
            else:
                with pytest.raises(ValueError, match=each):
                    ask(calls, each)

    def test_explain_change_needs_a_denominator(self):
        df = random_frame(0)
        with pytest.raises(ValueError, match=r"'cost of calls' .* no denominator"):
            df.calls.explain_change(df, COST)

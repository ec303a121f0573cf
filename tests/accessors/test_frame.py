from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas import accessors, analysis, export, to_frame
from brightcall_pandas.errors import NoMatchWarning

PACKAGE = Path(accessors.__file__).parents[1]


@pytest.fixture
def calls() -> pd.DataFrame:
    return pd.DataFrame(
        {"outcomeTag": ["a", "b", "A"], "state": [1, 0, 1], "talkTime": [5, 0, 40], "type": [1, 0, 1]},
        index=[4, 4, 4],
    )


# Methods that make no table of the catalogue.
OTHERS = {
    "restated",
    "revisions",
    "explore",
    "filter",
    "model_frame",
    "plot",
    "pseudonymize",
    "show",
    "to_csv",
    "to_excel",
    "to_parquet",
}


class TestCallsAccessor:
    def test_offers_the_whole_catalogue_and_nothing_else(self):
        public = {name for name in vars(accessors.CallsAccessor) if not name.startswith("_")}
        assert public - OTHERS == set(analysis.__all__)

    def test_tables_that_count_what_is_positive_take_lead(self):
        takes = {
            name
            for name in analysis.__all__
            if "lead" in inspect.signature(getattr(accessors.CallsAccessor, name)).parameters
        }
        assert takes == {
            "attempts",
            "breakdown",
            "by_agent",
            "compare",
            "explain_change",
            "funnel",
            "heatmap",
            "over_time",
            "recalls",
            "sensitivity",
            "talk_time_buckets",
            "transfer_variants",
            "watch",
        }

    @pytest.mark.parametrize("name", analysis.__all__)
    def test_shows_signature_and_docstring_of_the_function(self, name, calls):
        method, function = getattr(calls.calls, name), getattr(analysis, name)
        expected = [each for each in inspect.signature(function).parameters.values() if each.name != "df"]
        shown = list(inspect.signature(method).parameters.values())
        people = [each.name for each in shown[len(expected) :]]
        assert shown[: len(expected)] == expected
        assert people in ([], ["agent"], ["agent", "names"], ["agent", "names", "lead"], ["lead"])
        assert ("agent" in people) is (
            name in ("by_agent", "by_line") or "by" in [each.name for each in expected]
        )
        before, _, others = inspect.getdoc(function).partition("\n\nParameters\n----------\n")
        _, section, after = others.partition("\n\nReturns\n-------\n")
        text = inspect.getdoc(method)
        assert text.startswith(before)
        assert text.endswith(section + after)
        assert method.__name__ == name

    def test_passes_the_frame_on(self, calls):
        pd.testing.assert_frame_equal(
            calls.calls.by_outcome(confidence=0.5), analysis.by_outcome(calls, confidence=0.5)
        )

    def test_accepts_any_frame_until_a_column_is_needed(self):
        df = pd.DataFrame({"x": [1]})
        assert df.calls.summary()["n_calls"].tolist() == [1]
        with pytest.raises(KeyError, match="outcomeTag"):
            df.calls.by_outcome()


class TestImport:
    HEAVY = """
        matplotlib pyarrow.dataset pyarrow.parquet requests requests_cache urllib3 tqdm typer duckdb dask
        distributed ipywidgets anywidget networkx phonenumbers
        brightcall_pandas.api brightcall_pandas.cache brightcall_pandas.load brightcall_pandas.export
        brightcall_pandas.plots brightcall_pandas.explorer
    """.split()

    def loaded(self, code):
        """Return the modules loaded by the accessors and some code, without what the package imports."""
        package = (
            "import json, sys, types\n"
            "package = types.ModuleType('brightcall_pandas')\n"
            f"package.__path__ = [{str(PACKAGE)!r}]\n"
            "sys.modules['brightcall_pandas'] = package\n"
            "import pandas as pd, brightcall_pandas.accessors\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", f"{package}{code}\nprint(json.dumps(sorted(sys.modules)))"],
            capture_output=True,
            text=True,
            check=True,
        )
        return set(json.loads(done.stdout))

    def test_and_a_table_load_nothing_heavy(self):
        loaded = self.loaded("pd.DataFrame({'talkTime': [1]}).calls.summary()")
        assert "brightcall_pandas.analysis" in loaded
        assert loaded & set(self.HEAVY) == set()

    def test_files_and_pictures_load_what_they_need(self):
        code = "frame = pd.DataFrame({'outcomeTag': ['Sold']})\n"
        assert "matplotlib" in self.loaded(f"{code}frame.calls.plot.by_outcome()")
        loaded = self.loaded(f"{code}frame.calls.pseudonymize('a secret')")
        assert "brightcall_pandas.export" in loaded
        assert "matplotlib" not in loaded


class TestFilterWithoutMatch:
    """A value that no row has is misspelt, or of another account: it is said, at the line that filters."""

    CALLS = pd.DataFrame(
        {
            "outcomeTag": ["Interested", "interested", "No answer", None],
            "tags": ['["VIP"]', "[]", None, '["Busy", "vip"]'],
            "projectName": ["Solar", "Solar", "Heat", "Heat"],
            "projectId": ["11", "11", "12", "12"],
            "userId": ["501", "502", "501", None],
            "lineNumber": ["+4930101", "+4930102", "+4930101", "+4930101"],
            "clientNumber": ["+49301", "+49302", "+49303", "+49304"],
            "uniqueId": ["1.1", "1.2", "1.3", "1.4"],
            "talkTime": [10.0, 20.0, 30.0, 40.0],
            "type": [0, 0, 1, 1],
        }
    )

    @pytest.mark.parametrize(
        ("filters", "said"),
        [
            ({"outcomes": "Intersted"}, r"outcomes='Intersted'; did you mean 'Interested'\?"),
            ({"outcomes": "interested ", "fold_case": False}, "did you mean 'interested'"),
            ({"tags": "vipp"}, "tags='vipp'; did you mean 'VIP'.*'VIP', 'Busy'"),
            ({"text_projects": "Solr"}, "did you mean 'Solar'.*They have 'Solar', 'Heat'"),
            ({"project_ids": 13}, "project_ids='13'. They have '11', '12'"),
            ({"agent_ids": 503}, "agent_ids='503'. They have '501', '502'"),
            ({"user_id": 503}, "user_id='503'. They have '501', '502'"),
            ({"lines": "4930101"}, r"lines='4930101'. They have '\+4930101'"),
            ({"search_string": "solr"}, "search_string='solr'"),
            ({"unique_ids": ["1.1", "2.2"]}, "unique_ids='2.2'"),
            ({"outcomes": ["Interested", "Sold", "Won"]}, "outcomes='Sold' or outcomes='Won'"),
            ({"outcomes": "Sold", "tags": "none"}, "tags='none'.*outcomes='Sold'"),
            ({"outcomes": [f"o{n}" for n in range(99)]}, "or 96 more of its values"),
        ],
        ids=str,
    )
    def test_is_said_once(self, filters, said):
        columns = {"fromNumber", "toNumber", "toAnswer", "label"} if "search_string" in filters else set()
        df = self.CALLS.assign(**dict.fromkeys(columns, "x"))
        with pytest.warns(NoMatchWarning, match=f"(?s)None of these 4 calls has .*{said}") as warned:
            df.calls.filter(**filters)
        assert len(warned) == 1
        assert warned[0].filename == __file__
        assert issubclass(warned[0].category, UserWarning)

    @pytest.mark.parametrize(
        "filters",
        [
            {"outcomes": ["INTERESTED", "(none)"]},
            {"outcomes": "Interested", "talk_time_from": 1000},  # it has rows, which do not pass the rest
            {"outcomes": ["Interested", "No answer"], "talk_time_from": 1000},
            {"talk_time_from": 1000},
            {"types": "internal"},
            {"states": "failed"},
            {"agent_ids": ["501"] + [str(n) for n in range(30)]},  # such a list comes from elsewhere
            {"tags": "(none)"},
        ],
        ids=str,
    )
    def test_other_filters_say_nothing(self, filters):
        df = self.CALLS.assign(state=1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            df.calls.filter(**filters)
            df.iloc[:0].calls.filter(outcomes="Sold")

    def test_numbers_of_clients_are_not_listed(self):
        many = pd.DataFrame({"toNumber": [f"+4930{n}" for n in range(30)]})
        with pytest.warns(NoMatchWarning, match=r"^None of these 30 calls has to_number='0'\.$"):
            many.calls.filter(to_number="0")


class TestFilter:
    def test_keeps_the_rows_that_pass(self, calls):
        kept = calls.calls.filter(types="outbound", talk_time_from=10)
        pd.testing.assert_frame_equal(kept, calls.iloc[[2]])

    def test_a_wrong_name_is_a_type_error_that_names_the_nearest(self, calls):
        with pytest.raises(TypeError, match="talk_time_from"):
            calls.calls.filter(talk_time_form=10)

    OUTCOMES = ("Sold", "sold ", "SOLD", "No  answer", "no answer", "(none)", "", " ", None)
    TAGS = (
        '["VIP"]', '["vip ", "VIP"]', '"VIP"', '["Busy", "VIP"]', '[{"name": "busy"}]', "[7]", "[]", "broken",
        '["(None)"]', None,
    )  # fmt: skip
    ROWS = st.lists(st.tuples(st.sampled_from(OUTCOMES), st.sampled_from(TAGS)), min_size=1, max_size=20)

    @settings(max_examples=30)
    @given(ROWS)
    def test_labels_of_tables_are_filters(self, rows):
        df = pd.DataFrame(rows, columns=["outcomeTag", "tags"]).astype("str")
        for table, name in (
            (df.calls.by_outcome(), "outcomes"),
            (df.calls.breakdown("outcome", ["n_calls"]), "outcomes"),
            (df.calls.breakdown("tag", ["n_calls"]), "tags"),
        ):
            found = {label: len(df.calls.filter(**{name: label})) for label in table.index}
            assert found == table["n_calls"].to_dict()

    def test_one_tag_is_counted_alike_by_table_and_filter(self):
        df = pd.DataFrame({"tags": ['["VIP"]', '["VIP "]', '"VIP"', '["VIP", "vip"]', '["Busy"]', None]})
        assert df.calls.breakdown("tag", ["n_calls"])["n_calls"].to_dict() == {
            "VIP": 4,
            "Busy": 1,
            "(none)": 1,
        }
        assert len(df.calls.filter(tags="VIP")) == len(df.calls.filter(tags="vip")) == 4
        # ["VIP "] has another text for the API, and "vip" alone is nowhere but in the fourth.
        assert df.calls.filter(tags="VIP", fold_case=False).index.tolist() == [0, 2, 3]
        assert df.calls.filter(tags="vip", fold_case=False).index.tolist() == [3]

    @pytest.mark.parametrize(("by", "name"), [("project", "text_projects"), ("agent", "agent_ids")])
    def test_labels_that_are_not_folded_are_filters_too(self, by, name):
        df = pd.DataFrame({"projectName": ["A", "a", None, "A"], "userId": [7, None, None, "8"]})
        table = df.calls.breakdown(by, ["n_calls"])
        assert "(none)" in table.index
        assert {label: len(df.calls.filter(**{name: label})) for label in table.index} == table[
            "n_calls"
        ].to_dict()

    def test_by_tag_the_other_tables_fold_too(self):
        df = pd.DataFrame(
            {"tags": ['["VIP"]', '["vip"]', '["VIP"]'], "outcomeTag": "Sold", "talkTime": 5, "state": 1}
        )
        assert df.calls.by_outcome(by="tag").index.tolist() == [("VIP", "Sold")]
        assert set(df.calls.talk_time_histogram([0, 10], by="tag").index.get_level_values("tag")) == {"VIP"}

    def test_shows_every_filter_in_its_signature(self, calls):
        assert {"talk_time_from", "fold_case"} <= set(inspect.signature(calls.calls.filter).parameters)


class TestDays:
    """Days of a filter are said as those of a load, and today is that of the frame's times."""

    @pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])  # never on the same day
    def test_today_is_that_of_the_frames_zone(self, zone):
        today = pd.Timestamp.now(zone).normalize()
        noons = [today + pd.DateOffset(days=ago) + pd.Timedelta(hours=12) for ago in (-2, -1, 0)]
        df = pd.DataFrame({"timestamp": noons}, index=["before", "yesterday", "today"])
        kept = {
            days: df.calls.filter(**dict(zip(("day_from", "day_to"), days, strict=False))).index.tolist()
            for days in [("today",), ("yesterday", "yesterday"), ("2d",), ("2d", "yesterday")]
        }
        if pd.Timestamp.now(zone).normalize() != today:
            pytest.skip("midnight came")
        assert kept == {
            ("today",): ["today"],
            ("yesterday", "yesterday"): ["yesterday"],
            ("2d",): ["yesterday", "today"],
            ("2d", "yesterday"): ["before", "yesterday"],
        }

    def test_periods_of_the_calendar(self):
        stamps = pd.to_datetime(
            ["2026-02-28 23:59", "2026-03-01 00:00", "2026-03-31 23:59", "2026-04-01 00:00"]
        )
        df = pd.DataFrame({"timestamp": stamps.tz_localize("Europe/Berlin")})
        assert df.calls.filter(day_from="2026-03", day_to="2026-03").index.tolist() == [1, 2]
        assert df.calls.filter(day_to="2026-Q1").index.tolist() == [0, 1, 2]
        with pytest.raises(ValueError, match="alone has two meanings"):
            df.calls.filter(day_from="2026-03")


class TestFiles:
    @pytest.mark.parametrize("name", ["to_parquet", "pseudonymize"])
    def test_methods_take_what_the_functions_take(self, name):
        method, function = getattr(accessors.CallsAccessor, name), getattr(export, name)
        ours, theirs = (list(inspect.signature(each).parameters.values())[1:] for each in (method, function))
        assert [(each.name, each.kind, each.default) for each in ours] == [
            (each.name, each.kind, each.default) for each in theirs
        ]
        assert inspect.getdoc(method).partition(".")[0].split()[0] in ("Write", "Replace")

    def test_to_parquet_writes_what_read_calls_brings_back(self, calls, tmp_path):
        path = calls.calls.to_parquet(tmp_path / "calls.parquet", partition=None)
        assert path == tmp_path / "calls.parquet"
        assert export.read_calls(path)["talkTime"].tolist() == [5, 0, 40]

    def test_pseudonymize_passes_every_option_on(self):
        df = pd.DataFrame(
            {"clientNumber": ["030 901820"], "toNumber": ["+49 30 901820"], "label": ["a 12345 b"]}
        )
        tokens = df.calls.pseudonymize("a secret", region="DE", free_text="scan", keep=["toNumber"])
        expected = export.pseudonymize(df, "a secret", region="DE", free_text="scan", keep=["toNumber"])
        pd.testing.assert_frame_equal(tokens, expected)
        assert tokens.loc[0, "toNumber"] == "+49 30 901820"
        assert tokens.loc[0, "label"].startswith("a *")


class TestExplore:
    def test_opens_the_explorer_of_the_frame(self, calls):
        pytest.importorskip("anywidget")
        explorer = calls.calls.explore()
        explorer.set("talk_time", (10, None))
        assert explorer.frame["talkTime"].tolist() == [40]


class TestCalls:
    def test_is_the_accessor_of_the_frame(self, calls):
        found = accessors.calls(calls)
        assert type(found) is type(calls.calls)
        pd.testing.assert_frame_equal(found.by_outcome(), calls.calls.by_outcome())

    def test_what_is_no_frame_is_refused(self):
        with pytest.raises(TypeError, match=r"needs a pandas DataFrame, not list; bc\.to_frame"):
            accessors.calls([{"id": 1}])


class TestColumnsSpelledAnotherWay:
    """A database's ``talk_time`` is no column that a table reads: null is right, silence is not."""

    def test_tables_say_which_columns_they_pass_over(self):
        calls = pd.DataFrame({"state": [1, 1], "talk_time": [30, 50], "CLIENTNUMBER": ["x", "y"]})
        with pytest.warns(RuntimeWarning, match=r"'talk_time' \(talkTime\), 'CLIENTNUMBER' \(clientNumber\)"):
            row = calls.calls.summary().loc["all"]
        assert row[["talk_time_total_s", "unique_clients"]].isna().all()

    def test_nothing_is_said_of_own_columns_beside_the_field_and_of_typed_frames(self, recwarn):
        calls = pd.DataFrame({"state": [1], "talkTime": [30], "talk_time": ["long"], "team": ["A"]})
        calls.calls.summary()
        to_frame(calls[["state"]].assign(talk_time=30)).calls.summary()
        assert not recwarn.list


def documented(method):
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?:\n\n\w+\n---|\Z)", inspect.getdoc(method), re.DOTALL | re.MULTILINE
    )
    heads = re.findall(r"^(\S.*)$", section[1], re.MULTILINE) if section else []
    return {name for head in heads for name in head.split(", ")} - {"**filters"}


class TestShiftTab:
    """What a notebook shows of a method: what its caller passes, and nothing else."""

    @pytest.mark.parametrize("owner", ["calls", "plot"])
    def test_each_parameter_is_documented_and_no_other(self, calls, owner):
        accessor = calls.calls if owner == "calls" else calls.calls.plot
        names = [
            name for name in dir(accessor) if not name.startswith("_") and name not in ("plot", "filter")
        ]
        assert len(names) > 30
        for name in names:
            method = getattr(accessor, name)
            assert documented(method) == set(inspect.signature(method).parameters), name

    def test_the_function_still_documents_its_frame(self):
        assert "df" in documented(analysis.by_agent)
        assert documented(analysis.compare) > {"df", "other"}

    def test_completion_tells_that_they_are_functions(self, calls):
        jedi = pytest.importorskip("jedi")  # what JupyterLab's Tab is told by
        for code in ("calls.calls.", "calls.calls.plot."):
            found = jedi.Interpreter(code, [{"calls": calls}]).complete(1, len(code))
            kinds = {each.name: each.type for each in found if not each.name.startswith("_")}
            assert set(kinds) == {name for name in dir(eval(code[:-1])) if not name.startswith("_")}
            assert {kind for name, kind in kinds.items() if name != "plot"} == {"function"}

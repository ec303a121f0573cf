"""The code that gives the same rows without the explorer."""

import types

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.explorer import Explorer

CALLS = bc.to_frame(
    pd.DataFrame(
        {
            "timestamp": [
                "2026-03-02T09:00:00",
                "2026-03-05T17:30:00",
                "2026-03-06T12:00:00",
                "2026-03-11T08:00:00",
            ],
            "type": ["inbound", "outbound", "inbound", "internal"],
            "state": ["answered", "unanswered", "failed", "answered"],
            "outcomeTag": ["Sold", "No answer", "Sold", None],
        }
    ),
    timezone="Europe/Berlin",
)


@pytest.fixture
def ex(tmp_path):
    return Explorer(CALLS, presets=tmp_path / "presets.json")


class TestCode:
    DAYS = "'2026-03-02', '2026-03-11'"

    def test_asks_for_the_days_of_the_frame(self, ex):
        assert ex.code("api") == (
            f"calls = bc.load_calls({self.DAYS})"
            "  # the frame does not say how it was loaded: these are all calls of its days"
        )
        assert ex.code("frame") == "calls = CALLS"

    @pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
    def test_days_of_another_zone_reach_one_day_further(self, zone):
        # 01:00 UTC is still the day before in New York, 23:00 UTC already the day after in Tokyo.
        stamps = pd.to_datetime(["2026-03-02T01:00Z", "2026-03-02T12:00Z", "2026-03-02T23:00Z"])
        df = pd.DataFrame({"id": ["1", "2", "3"], "timestamp": stamps})
        ex = df.calls.explore()
        assert ex.code("api").startswith("calls = bc.load_calls('2026-03-02', '2026-03-02')  #")
        ex.filter = bc.CallFilter(timezone=zone)
        from_api = ex.code("api")
        assert from_api.startswith(f"calls = bc.load_calls('2026-03-01', '2026-03-03', timezone='{zone}')  #")
        assert (ex.request()["dayFrom"], ex.request()["dayTo"]) == ("2026-03-01", "2026-03-03")

        def load_calls(day_from, day_to, **filters):
            return df.calls.filter(day_from=day_from, day_to=day_to, **filters)

        space = {"bc": types.SimpleNamespace(load_calls=load_calls)}
        exec(from_api, space)
        assert space["calls"]["id"].tolist() == ["1", "2", "3"]

    def test_days_of_a_load_in_another_zone_stay(self):
        df = pd.DataFrame({"timestamp": pd.to_datetime(["2026-03-02T01:00Z"])})
        df.attrs["brightcall"] = {
            "query": {"dayFrom": "2026-03-02", "dayTo": "2026-03-02", "timezone": "Asia/Tokyo"}
        }
        assert df.calls.explore().code("api") == (
            "calls = bc.load_calls('2026-03-02', '2026-03-02', timezone='Asia/Tokyo')"
        )

    def test_conditions_are_filters_of_rows(self, ex):
        ex.set("types", "inbound")
        ex.set("hours", (9, 17))
        assert ex.code() == (
            "calls = CALLS.calls.filter(types=['inbound'])"
            ".calls.filter(hours=(9, 17), timezone='Europe/Berlin')"
        )

    def test_keeps_what_the_frame_was_loaded_with(self):
        df = CALLS.calls.filter(types=["inbound", "outbound"], day_to="2026-03-08")
        query = {"dayFrom": "2026-03-01", "dayTo": "2026-03-08", "types": [0, 1], "allUsers": True}
        df.attrs["brightcall"] = {"query": query | {"dateInterval": "day"}}
        ex = df.calls.explore()
        ex.filter = bc.CallFilter(day_from="2026-03-05", day_to="2026-03-20", types="inbound", states=[1])
        assert ex.code("api") == (
            "calls = bc.load_calls('2026-03-05', '2026-03-08', types=['inbound', 'outbound'], "
            "states=['answered']).calls.filter(types=['inbound'])"
        )
        assert ex.request() == {
            "dayFrom": "2026-03-05",
            "dayTo": "2026-03-08",
            "dateInterval": "day",
            "types": [0, 1],
            "states": [1],
            "allUsers": True,
        }

    def test_days_outside_the_load_are_asked_of_its_rows(self):
        df = CALLS.copy()
        df.attrs["brightcall"] = {"query": {"dayFrom": "2026-03-02", "dayTo": "2026-03-11"}}
        ex = df.calls.explore()
        ex.filter = bc.CallFilter(day_from="2027-01-01")
        assert ex.code("api") == (f"calls = bc.load_calls({self.DAYS}).calls.filter(day_from='2027-01-01')")


def in_a_notebook(source, **names):
    """Run a cell as a notebook does, and return its names."""
    space = {"__name__": "__main__", "CALLS": CALLS, **names}
    exec(source, space)
    return space


class TestNames:
    def test_are_those_that_the_frame_has_where_it_is_explored(self):
        space = in_a_notebook("march = CALLS.copy(); ex = march.calls.explore(); ex.set('types', 'inbound')")
        assert space["ex"].code() == "calls = march.calls.filter(types=['inbound'])"
        exec(space["ex"].code(), space)
        assert space["calls"]["type"].tolist() == ["inbound", "inbound"]

    def test_the_frame_is_not_overwritten(self):
        space = in_a_notebook("calls = CALLS.copy(); ex = calls.calls.explore(); ex.set('types', 'inbound')")
        exec(space["ex"].code(), space)
        assert (len(space["calls"]), len(space["chosen"])) == (4, 2)

    def test_follow_the_frame_when_it_gets_another_name(self):
        space = in_a_notebook("df = CALLS.copy(); ex = df.calls.explore(); _ = df; kept = df; df = None")
        assert space["ex"].code() == "calls = kept"

    def test_without_a_name_the_calls_are_loaded(self):
        space = in_a_notebook(
            "import brightcall_pandas as phone\nex = CALLS.copy().calls.explore(); ex.set('types', 'inbound')"
        )
        assert (
            space["ex"]
            .code()
            .startswith(
                "calls = phone.load_calls('2026-03-02', '2026-03-11', types=['inbound'])  # the frame"
            )
        )
        with pytest.raises(ValueError, match="no variable holds the frame"):
            space["ex"].code("frame")

    def test_a_part_of_a_load_says_that_it_is_one(self):
        loaded = CALLS.copy()
        query = {"dayFrom": "2026-03-02", "dayTo": "2026-03-11"}
        loaded.attrs["brightcall"] = {"query": query, "windows": [{"rows": 3}, {"rows": 1}]}
        assert "#" not in in_a_notebook("ex = loaded.calls.explore()", loaded=loaded)["ex"].code("api")
        part = in_a_notebook("ex = loaded[:2].calls.explore()", loaded=loaded)["ex"]
        assert part.code().endswith("  # the frame explored has 2 of the 4 calls loaded")

    def test_of_a_function_count_while_it_asks(self):
        source = (
            "def look():\n    rows = CALLS.copy()\n    ex = rows.calls.explore()\n    return ex, ex.code()\n"
        )
        space = in_a_notebook(f"{source}ex, inside = look()")
        assert space["inside"] == "calls = rows"
        assert "rows" not in space["ex"].code()

    def test_of_an_argument_are_not_taken_for_another_frame(self):
        source = "df, march = CALLS[:1], CALLS.copy()\ndef look(df):\n    return df.calls.explore()\n"
        source += "ex = look(march)"
        space = in_a_notebook(source)
        assert space["ex"].code() == "calls = march"
        exec(space["ex"].code(), space)
        assert len(space["calls"]) == 4

    def test_with_an_underscore_are_taken_where_there_is_no_other(self):
        space = in_a_notebook("_12 = _march = CALLS.copy(); ex = _march.calls.explore()")
        assert space["ex"].code() == "calls = _march"
        space = in_a_notebook("_march = march = CALLS.copy(); ex = _march.calls.explore()")
        assert space["ex"].code() == "calls = march"
        space = in_a_notebook("_12 = _ = __ = _cell_ab_march = CALLS.copy(); ex = _.calls.explore()")
        assert "load_calls" in space["ex"].code()

    def test_of_other_frames_are_not_given_to_the_result(self):
        space = in_a_notebook("calls = CALLS.copy(); part = calls[1:]; ex = part.calls.explore()")
        space["ex"].set("types", "inbound")
        code = space["ex"].code()
        assert code == "chosen = part.calls.filter(types=['inbound'])"
        exec(code, space)
        assert space["ex"].code() == code  # pasted again, it replaces what it gave before
        space = in_a_notebook("calls = [1]; chosen = part = CALLS.copy(); ex = part.calls.explore()")
        assert space["ex"].code() == "picked = chosen"

    def test_of_two_explorers_are_those_of_their_frames(self):
        space = in_a_notebook(
            "a, b = CALLS.copy(), CALLS.copy()\none, two = a.calls.explore(), b.calls.explore()\n"
            "three = a.calls.explore()\none.set('types', 'inbound'); three.set('states', 'answered')"
        )
        assert [space[name].code() for name in ("one", "two", "three")] == [
            "calls = a.calls.filter(types=['inbound'])",
            "calls = b",
            "calls = a.calls.filter(states=['answered'])",
        ]

    @pytest.mark.parametrize(
        ("imported", "called"),
        [
            ("from brightcall_pandas import load_calls as load", "load("),
            ("import brightcall_pandas", "brightcall_pandas.load_calls("),
            ("bc = 'before Christ'", "__import__('brightcall_pandas').load_calls("),
        ],
    )
    def test_of_the_package_are_those_that_are_there(self, imported, called):
        space = in_a_notebook(f"{imported}\nex = CALLS.copy().calls.explore()")
        code = space["ex"].code()
        assert code.startswith(f"calls = {called}'2026-03-02', '2026-03-11')")
        assert eval(called[:-1], space) is bc.load_calls

    def test_a_client_without_one_is_said(self):
        client = bc.Client("k", base_url="http://127.0.0.1:9", account="a")
        source = "import brightcall_pandas as bc\nex = Explorer(CALLS.copy(), client=clients[0])"
        space = in_a_notebook(source, Explorer=Explorer, clients=[client])
        del client
        said = "the client that loaded them has no name here: this takes the default one"
        assert space["ex"].code().endswith(said)
        space["mine"] = space["clients"][0]
        assert ", client=mine)" in space["ex"].code()
        assert said not in space["ex"].code()

    def test_a_load_with_numbers_that_are_pseudonyms_now_says_so(self):
        loaded = CALLS.copy()
        loaded.attrs["brightcall"] = {
            "query": {"dayFrom": "2026-03-02", "dayTo": "2026-03-11", "uniqueId": None, "types": ["tok"]}
        }
        code = in_a_notebook("ex = loaded[:].calls.explore()", loaded=loaded)["ex"].code("api")
        assert code.endswith(
            "  # the frame was loaded with filters that are pseudonyms now: they are left out"
        )

    def test_another_source_is_refused(self, ex):
        with pytest.raises(ValueError, match="source"):
            ex.code("server")

"""Metrics of the user's own: against plain pandas, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.analysis import definitions


@pytest.fixture
def calls():
    return pd.DataFrame(
        {
            "userId": ["Ann", "Ann", "Ann", "Bob", "Bob"],
            "state": [1, 1, 0, 1, 2],
            "type": [1, 1, 0, 1, 1],
            "talkTime": [90.0, 20.0, 0.0, 61.0, None],
            "outcomeTag": ["Sold", "No interest", None, "sold ", "No answer"],
            "cost": [1.5, 0.5, None, 2.0, 0.0],
            "my note": ["vip", "", None, "VIP", "x"],
        },
        index=[5, 6, 7, 8, 9],
    )


def by_user(calls, metric):
    return calls.calls.breakdown("userId", [metric])[metric.name].to_dict()


def own(numerator, denominator=None, unit="share", name="own", **more):
    return bc.Metric(name, numerator=numerator, denominator=denominator, unit=unit, **more)


class TestTerms:
    """Each way to say the same: answered calls of a minute or more ÷ answered calls."""

    EXPECTED = {"Ann": 0.5, "Bob": 1.0}
    LONG, ANSWERED = "talkTime >= 60 and state == 'answered'", "state == 'answered'"

    @pytest.mark.parametrize(
        "numerator",
        [
            LONG,
            "talkTime >= 60 & state == 'answered'",
            bc.CallFilter(states="answered", talk_time_from=60),
            lambda df: (df["talkTime"] >= 60) & (df["state"] == 1),
            lambda df: ((df["talkTime"] >= 60) & (df["state"] == 1)).astype(int),
            lambda df: ((df["talkTime"] >= 60) & (df["state"] == 1)).to_numpy(),
            [True, False, False, True, None],
            np.array([True, False, False, True, False]),
            pd.Series([True, False, False, True, pd.NA], index=[5, 6, 7, 8, 9], dtype="boolean"),
        ],
    )
    @pytest.mark.parametrize("denominator", [ANSWERED, bc.CallFilter(states="answered")])
    def test_are_read_alike(self, calls, numerator, denominator):
        assert by_user(calls, own(numerator, denominator)) == self.EXPECTED

    def test_without_a_denominator_a_share_is_one_of_all_calls(self, calls):
        assert by_user(calls, own(self.LONG)) == {"Ann": 1 / 3, "Bob": 0.5}

    def test_labels_of_filters_are_those_of_tables(self, calls):
        assert by_user(calls, own(bc.CallFilter(outcomes="SOLD"))) == {"Ann": 1 / 3, "Bob": 0.5}

    def test_a_sum_is_added_up_and_a_null_adds_nothing(self, calls):
        assert by_user(calls, own(("sum", "talkTime"), unit="n")) == {"Ann": 110.0, "Bob": 61.0}
        assert by_user(calls, own(["sum", "cost"], unit="n")) == {"Ann": 2.0, "Bob": 2.0}

    def test_seconds_are_a_mean_over_the_calls_whose_number_is_known(self, calls):
        assert by_user(calls, own(("sum", "talkTime"), unit="s")) == {"Ann": 110 / 3, "Bob": 61.0}
        assert by_user(calls, own(("sum", "talkTime"), self.ANSWERED, unit="s")) == {"Ann": 55.0, "Bob": 61.0}

    def test_a_count_and_any_other_ratio(self, calls):
        assert by_user(calls, own(self.ANSWERED, unit="n")) == {"Ann": 2, "Bob": 1}
        cost_of_a_sale = own(("sum", "cost"), bc.CallFilter(outcomes="sold"), unit="n")
        assert by_user(calls, cost_of_a_sale) == {"Ann": 2.0, "Bob": 2.0}

    def test_a_share_of_a_sum(self, calls):
        calls["aiTalkTime"] = [30.0, 0, 0, 61, None]
        share = own(("sum", "aiTalkTime"), ("sum", "talkTime"))
        assert by_user(calls, share) == {"Ann": 30 / 110, "Bob": 1.0}

    def test_a_sum_that_is_known_of_no_call_of_a_group_is_null(self, calls):
        calls["cost"] = [None, None, None, 2.0, 0.0]
        found = by_user(calls, own(("sum", "cost"), unit="n"))
        assert np.isnan(found["Ann"])
        assert found["Bob"] == 2.0

    def test_a_duration_that_no_call_can_have_is_left_out(self, calls):
        calls["talkTime"] = [90.0, -1_772_000_000.0, 0.0, 61.0, 1e9]
        assert by_user(calls, own(("sum", "talkTime"), unit="n")) == {"Ann": 90.0, "Bob": 61.0}
        assert by_user(calls, own("talkTime >= 60", unit="n")) == {"Ann": 1, "Bob": 1}

    def test_a_denominator_of_nobody_in_a_group_is_null(self, calls):
        found = by_user(calls, own("state == 'unanswered' and type == 'inbound'", "type == 'inbound'"))
        assert found["Ann"] == 1.0
        assert np.isnan(found["Bob"])

    def test_the_frame_is_not_changed_by_a_function_that_would(self, calls):
        def marks(df):
            df["mark"] = 1
            return df["mark"] == 1

        before = calls.copy(deep=True)
        assert by_user(calls, own(marks)) == {"Ann": 1.0, "Bob": 1.0}
        pd.testing.assert_frame_equal(calls, before)

    def test_a_metric_goes_to_another_process(self, calls):
        metric = pickle.loads(pickle.dumps(own(self.LONG, self.ANSWERED)))
        assert by_user(calls, metric) == self.EXPECTED


class TestExpressions:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("talkTime > 20", [1, 0, 0, 1, 0]),
            ("20 <= talkTime < 90", [0, 1, 0, 1, 0]),
            ("not talkTime > 20", [0, 1, 1, 0, 1]),
            ("~(talkTime > 20) & state == 'answered'", [0, 1, 0, 0, 0]),
            ("talkTime.isna()", [0, 0, 0, 0, 1]),
            ("talkTime.between(20, 61)", [0, 1, 0, 1, 0]),
            ("talkTime / 60 > 1 or cost * 2 == 1", [1, 1, 0, 1, 0]),
            ("outcomeTag in ['Sold', 'No answer']", [1, 0, 0, 0, 1]),
            ("outcomeTag.str.strip().str.lower() == 'sold'", [1, 0, 0, 1, 0]),
            ("outcomeTag.str.contains('sold', case=False)", [1, 0, 0, 1, 0]),
            ("`my note`.str.upper() == 'VIP'", [1, 0, 0, 1, 0]),
            ("`my note` == 'a & b' | cost == 2", [0, 0, 0, 1, 0]),
            ("state != 'failed'", [1, 1, 1, 1, 0]),
            ("talkTime > -1", [1, 1, 1, 1, 0]),
        ],
    )
    def test_what_may_be_written(self, calls, text, expected):
        found = calls.assign(row=range(5)).calls.breakdown("row", [own(text, unit="n")])["own"]
        assert found.sort_index().tolist() == expected

    def test_fields_are_typed_whatever_the_frame(self, calls):
        typed = bc.to_frame(calls)
        metric = own("state == 'answered' and talkTime > 20")
        assert by_user(typed, metric) == by_user(calls, metric)

    def test_hours_are_those_of_the_frames_clock(self):
        stamps = pd.to_datetime(["2026-03-02T08:30Z", "2026-03-02T09:30Z"]).tz_convert("Europe/Berlin")
        frame = pd.DataFrame({"userId": ["Ann", "Ann"], "timestamp": stamps})
        assert by_user(frame, own("timestamp.dt.hour >= 10")) == {"Ann": 0.5}

    @pytest.mark.parametrize(
        "text",
        [
            "__import__('os').system('true')",
            "@pd.io.common.os",
            "talkTime.__class__",
            "talkTime.mean() > 3",
            "talkTime.shift() > 3",
            "talkTime.values > 3",
            "outcomeTag.str.__class__('x')",
            "outcomeTag.str.cat()",
            "[x for x in talkTime]",
            "(lambda: talkTime)()",
            "f'{talkTime}' == ''",
            "talkTime if cost else cost",
            "talkTime[0] > 1",
            "print(talkTime)",
            "b'x' == outcomeTag",
        ],
    )
    def test_nothing_else_may_be_written(self, text):
        with pytest.raises(
            ValueError, match=r"^metric 'own': its numerator: .*(may not have|not an expression)"
        ):
            own(text)

    @pytest.mark.parametrize("text", ["talkTime = 3", "state='answered' and talkTime >= 3"])
    def test_one_equals_sign_is_told_to_be_two(self, text):
        with pytest.raises(ValueError, match="is not an expression: two values are compared with =="):
            own(text)

    @pytest.mark.parametrize(
        "text", ["", "talkTime >", "outcomeTag == 'a=b' +", "True", "1 > 0", "x" * 100_000 + "("]
    )
    def test_what_is_no_expression_or_reads_nothing(self, text):
        with pytest.raises(ValueError, match=r"^metric 'own': its numerator: "):
            own(text)

    @pytest.mark.parametrize(
        ("text", "error", "told"),
        [
            ("state == 'anwsered'", ValueError, "did you mean 'answered'"),
            ("state in ['answered', 'lost']", ValueError, "'lost', but it is one of"),
            ("state.isin(['lost'])", ValueError, "'lost', but it is one of"),
            ("userId == 101", TypeError, "quotes, '101'"),
            ("talkTime >= '60'", TypeError, "is a number, with the text '60'"),
            ("talktme > 3", KeyError, "no column 'talktme'; did you mean 'talkTime'"),
            ("userId > 3", TypeError, "which is text"),
        ],
    )
    def test_what_could_match_nothing_is_an_error_not_a_zero(self, calls, text, error, told):
        with pytest.raises(error, match=f"metric 'own': its numerator.*{told}"):
            by_user(calls, own(text))


class TestBadMetrics:
    """Each error names the metric and says what is wrong."""

    @pytest.mark.parametrize(
        ("given", "error", "told"),
        [
            ({"numerator": 5}, TypeError, "its numerator is a CallFilter, an expression"),
            ({"numerator": None}, TypeError, "its numerator is a CallFilter, an expression"),
            ({"numerator": pd.DataFrame()}, TypeError, "its numerator is a CallFilter, an expression"),
            ({"numerator": bc.CallFilter}, TypeError, "its numerator is a CallFilter, an expression"),
            ({"numerator": ("sum",)}, TypeError, "its numerator is a CallFilter, an expression"),
            ({"numerator": ("sum", 3)}, TypeError, "sums a column by its name"),
            ({"numerator": ("mean", "talkTime")}, TypeError, "its numerator is a CallFilter"),
            ({"numerator": "talkTime > 3", "denominator": 0}, TypeError, "its denominator is a CallFilter"),
            (
                {"numerator": "talkTime > 3", "unit": "rate"},
                ValueError,
                "'rate' is not one of 'share', 's', 'n'",
            ),
            ({"numerator": ("sum", "talkTime")}, ValueError, "a share of all calls counts calls"),
            (
                {"numerator": "talkTime > 3", "denominator": ("sum", "cost")},
                ValueError,
                "calls ÷ calls or a sum",
            ),
            ({"numerator": "talkTime > 3", "doc": 3}, TypeError, "doc takes text"),
        ],
    )
    def test_when_made(self, given, error, told):
        with pytest.raises(error, match=f"metric 'bad'.*{told}"):
            bc.Metric("bad", **given)

    @pytest.mark.parametrize("name", ["", " ", "a\nb"])
    def test_a_name_that_is_none(self, name):
        with pytest.raises(ValueError, match="the name of a metric must be text"):
            bc.Metric(name, numerator="talkTime > 3")

    @pytest.mark.parametrize(
        "name",
        ["answer_rate", "share", "answer_rate_low", "talk_time_mean_s_change", "n_calls_per_day", "rank"],
    )
    def test_a_name_that_tables_have_already(self, name):
        with pytest.raises(ValueError, match=f"metric '{name}': tables have a number .* choose another name"):
            bc.Metric(name, numerator="talkTime > 3")

    @pytest.mark.parametrize(
        ("given", "error", "told"),
        [
            ({"numerator": [True]}, ValueError, "its mask has 1 entries, but the frame has 5 calls"),
            ({"numerator": np.ones(6, dtype=bool)}, ValueError, "its mask has 6 entries"),
            ({"numerator": pd.Series([True] * 5)}, ValueError, "index of its mask is not that of the calls"),
            ({"numerator": pd.Series([True] * 5, index=[9, 8, 7, 6, 5])}, ValueError, "index of its mask"),
            ({"numerator": ["a"] * 5}, TypeError, "its mask is of text"),
            ({"numerator": np.ones((5, 2), dtype=bool)}, TypeError, "ndarray of 2 dimensions"),
            ({"numerator": ("sum", "userId"), "unit": "n"}, TypeError, "a sum of text.*'userId'"),
            ({"numerator": ("sum", "state"), "unit": "n"}, TypeError, "a sum of text.*'state'"),
            ({"numerator": ("sum", "my note"), "unit": "n"}, TypeError, "a sum of text.*'my note'"),
            ({"numerator": ("sum", "nope"), "unit": "n"}, KeyError, "no column 'nope'"),
            ({"numerator": ("sum", "answerTime"), "unit": "n"}, KeyError, "answerTime"),
            ({"numerator": bc.CallFilter(types="inbound", text_projects="A")}, KeyError, "projectName"),
            ({"numerator": bc.CallFilter(team_ids=[1])}, ValueError, "team_ids cannot be applied to rows"),
            ({"numerator": lambda df: 1 / 0}, ValueError, "raised ZeroDivisionError: division by zero"),
            ({"numerator": lambda df: df["gone"]}, KeyError, "gone"),
            ({"numerator": lambda df: None}, TypeError, "its result is None"),
            ({"numerator": lambda df: 0.5}, TypeError, "its result is 0.5"),
            ({"numerator": lambda df: "yes"}, TypeError, "its result is 'yes'"),
            ({"numerator": lambda df: df}, TypeError, "DataFrame of 2 dimensions"),
            ({"numerator": lambda df: df["userId"]}, TypeError, "its result is of text"),
            ({"numerator": lambda df: df["talkTime"].head(2)}, ValueError, "its result has 2 entries"),
            ({"numerator": lambda df: df["talkTime"].sort_values()}, ValueError, "index of its result"),
            ({"numerator": lambda df: df["talkTime"]}, ValueError, "gives numbers such as 90"),
            ({"numerator": lambda df: df["talkTime"] / 0, "unit": "n"}, ValueError, "is infinite for 3 of 5"),
            (
                {"numerator": "talkTime > 3", "unit": "s"},
                ValueError,
                "is a condition, and unit='s' is a mean",
            ),
            (
                {"numerator": "talkTime > 3", "denominator": "state == 'answered' and type == 'inbound'"},
                ValueError,
                "its denominator .* is 0",
            ),
            (
                {"numerator": ("sum", "talkTime"), "denominator": "talkTime > 1000", "unit": "s"},
                ValueError,
                "its denominator .* is 0: none of the 5 calls",
            ),
            (
                {"numerator": "state != 'failed'", "denominator": "state == 'answered'"},
                ValueError,
                r"1 of 5 calls meet its numerator .* not its denominator .*unit='n'",
            ),
            (
                {"numerator": ("sum", "talkTime"), "denominator": ("sum", "cost")},
                ValueError,
                "exceeds in 3 of 5",
            ),
        ],
    )
    def test_when_computed(self, calls, given, error, told):
        metric = bc.Metric("bad", **given)
        with pytest.raises(error, match=f"metric 'bad'.*{told}"):
            calls.calls.breakdown("userId", [metric])

    def test_no_calls_are_no_error(self, calls):
        metric = own("talkTime > 3", "state == 'answered'")
        assert len(calls.iloc[:0].calls.breakdown("userId", [metric])) == 0

    @pytest.mark.parametrize("metrics", ["answer_rate", [], ["answer_rat"], 5])
    def test_a_list_that_is_none(self, calls, metrics):
        with pytest.raises(ValueError, match="metrics="):
            calls.calls.breakdown("userId", metrics)

    def test_two_of_one_name(self, calls):
        first, second = own("talkTime > 3", name="twice"), own("talkTime > 4", name="twice")
        with pytest.raises(ValueError, match="two metrics named 'twice'"):
            calls.calls.breakdown("userId", [first, second])


class TestDefinitions:
    def test_own_metrics_stand_beside_the_built_in_ones(self):
        bc.Metric(
            "minutes per sale",
            numerator=("sum", "talkTime"),
            denominator=bc.CallFilter(outcomes="Sold"),
            unit="n",
            doc="Talk time that a sale takes.",
            source="sales handbook",
        )
        found = definitions()
        assert {"minutes per sale", "answer_rate"} <= set(found.index)
        assert found.loc[
            "minutes per sale", ["title", "unit", "numerator", "denominator", "source"]
        ].tolist() == [
            "Talk time that a sale takes.",
            "n",
            "sum of talkTime",
            "calls of CallFilter(outcomes=['Sold'])",
            "sales handbook",
        ]
        assert bc.definitions("sales handbook").index.tolist() == ["minutes per sale"]
        assert pd.DataFrame().calls.definitions("sales HANDBOOK").index.tolist() == ["minutes per sale"]

    def test_a_second_one_of_the_name_takes_its_place(self, calls):
        own("talkTime > 3", name="replaced")
        own("talkTime > 50", name="replaced")
        assert by_user(calls, bc.Metric("other", numerator="talkTime > 3")) == {"Ann": 2 / 3, "Bob": 0.5}
        assert calls.calls.breakdown("userId", ["replaced"])["replaced"].to_dict() == {
            "Ann": 1 / 3,
            "Bob": 0.5,
        }

    def test_what_is_implied_is_said(self):
        assert own("talkTime > 3").definition.denominator == "calls"
        assert own(("sum", "talkTime"), unit="s").definition.denominator == "calls of which it is known"
        assert own(("sum", "talkTime"), unit="n").definition.unit == "s"
        assert own([True, False]).definition.numerator == "a mask of 2 calls"
        assert repr(own("talkTime > 3")) == "Metric('own': talkTime > 3 ÷ calls, unit='share')"

    def test_definitions_of_the_trade_say_where_they_come_from(self):
        found = definitions("contact rate")
        assert len(found) >= 6
        assert found["source"].str.len().min() > 10

    def test_a_table_says_what_its_own_metrics_mean(self, calls, tmp_path):
        pytest.importorskip("xlsxwriter")
        openpyxl = pytest.importorskip("openpyxl")
        table = calls.calls.breakdown("userId", [own("talkTime >= 60", name="long_ones", doc="Long ones.")])
        book = openpyxl.load_workbook(table.calls.to_excel(tmp_path / "table.xlsx"))
        said = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
        assert {"Long ones.", "talkTime >= 60"} <= said
